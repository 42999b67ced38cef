/* plant.h - the site as parallel arrays in one block of memory: what the step sweeps.
 *
 * Units    SI. Shape: [node], [source], [store], [load] as in the site.
 * Memory   the caller gives sg_plant_size() bytes; the block holds no pointers, so it may be copied and moved.
 *          sg_plant_at() resolves it to a struct of pointers, cheap enough for every step.
 * Time     keep_frac depends on the step length and is refreshed by sg_plant_step_length(). */
#ifndef SG_SITE_PLANT_H
#define SG_SITE_PLANT_H
#include "site/points.h"

/* name of the array, element type, which count it has */
#define SG_PLANT_ARRAYS(X)                                                                     \
    X(node_parent, int32_t, node)                                                              \
    X(node_limit_w, double, node)                                                              \
    X(node_leaf_limit_w, double, node) /* limit on what is drawn below, losses allowed for */  \
    X(node_loss_per_w, double, node)   /* ohm / V^2: loss_w = this * power_w^2 */              \
    X(node_converter_eff, double, node)                                                        \
    X(node_rating_w, double, node)   /* most that can flow out below, limits apart */          \
    X(node_gain, double, node)       /* flow in / flow out at full load, >= 1 */               \
    X(node_gain_below, double, node) /* worst product of gains on a path below it */           \
    X(node_up_limit_w, double, node) /* most that may flow upwards through it */               \
    X(node_up_frac, double, node)    /* least share of a flow upwards that arrives above */    \
    X(node_hard_w, double, node)     /* `limit` alone */                                       \
    X(node_breaker_w, double, node)  /* breaker's rating at its lowest voltage, 0: no curve */ \
    X(node_curve, int32_t, node)     /* 0: not known, else 1 + sg_breaker_curve */             \
    X(node_dial, double, node)                                                                 \
    X(node_tau_s, double, node)                                                                \
    X(node_instantaneous, double, node)                                                        \
    X(source_node, int32_t, source)                                                            \
    X(source_group, int32_t, source)                                                           \
    X(source_cost, double, source)                                                             \
    X(source_start_s, double, source)  /* start to full power; < 0: ready whenever asked */    \
    X(source_rating_w, double, source) /* of those that start, else 0 */                       \
    X(source_ramp_s, double, source)   /* of those, from no load to full load */               \
    X(source_run_s, double, source)    /* of those, the least time that one runs */            \
    X(store_node, int32_t, store)                                                              \
    X(store_group, int32_t, store)                                                             \
    X(store_beside, int32_t, store)                                                            \
    X(store_duty, int32_t, store)                                                              \
    X(store_real, int32_t, store) /* 0: hypothetical */                                        \
    X(store_reservoir, sg_reservoir, store)                                                    \
    X(store_keep_frac, double, store)                                                          \
    X(store_initial_j, double, store)                                                          \
    X(store_reserve_j, double, store)                                                          \
    X(store_low_j, double, store)                                                              \
    X(store_high_j, double, store)                                                             \
    X(store_ramp, double, store) /* W/s */                                                     \
    X(store_dwell_s, double, store)                                                            \
    X(store_forming, int32_t, store) /* gives by itself what an island misses */               \
    X(source_ramp, double, source)   /* W/s */                                                 \
    X(source_dwell_s, double, source)                                                          \
    X(node_partner, int32_t, node)  /* that takes its load over, -1: none */                   \
    X(node_drop_frac, double, node) /* lowest voltage that ties may leave, below nominal */    \
    X(tie_from, int32_t, tie)                                                                  \
    X(tie_to, int32_t, tie)                                                                    \
    X(tie_top, int32_t, tie)       /* the node where the ways up from both ends meet */        \
    X(tie_limit_w, double, tie)    /* either way, at the end that gives */                     \
    X(tie_loss_per_w, double, tie) /* loss_w = this * power_w^2 */                             \
    X(schedule, sg_load_rule, schedule)                                                         \
    X(scheduled_load, int32_t, scheduled) /* loads with rules, and what they have without */   \
    X(scheduled_class, int32_t, scheduled)                                                     \
    X(scheduled_weight, double, scheduled)                                                     \
    X(scheduled_minimum_w, double, scheduled)                                                  \
    X(store_wear, double, store)                                                               \
    X(load_node, int32_t, load)                                                                \
    X(load_class, uint8_t, load)                                                               \
    X(load_weight, double, load)                                                               \
    X(load_rating_w, double, load)                                                             \
    X(load_minimum_w, double, load)                                                            \
    X(load_idle_w, double, load)                                                               \
    X(load_value, double, load)                                                                \
    X(group_role, int32_t, group)                                                              \
    X(group_first, int32_t, group)                                                             \
    X(group_size, int32_t, group)                                                              \
    X(group_hand, int32_t, group) /* stores' groups as they take over: hours first, -1 ends */

typedef struct sg_plant_head {
    int32_t node_count, source_count, store_count, load_count, group_count, point_count;
    int32_t grid_present, day_ahead;
    int32_t curve_count, partner_count;  /* nodes with a known trip curve, with a partner */
    int32_t paced_stores, paced_sources; /* with a ramp or a dwell */
    int32_t start_count;                 /* sources that must be started */
    int32_t tie_count;
    int32_t schedule_count, scheduled_count;
    int64_t schedule_minute; /* since 1970, that was last looked at */
    uint64_t schedule_mask;  /* rules that held then */
    double import_w_max, export_w_max; /* 0 without a grid; export 0 where it is forbidden */
    double demand_charge;              /* money per W */
    double step_s;                     /* the step length that keep_frac is for */
    double bridge_s, return_delay_s;   /* of the grid connection (model/kind.h) */
    double return_ramp_w_per_s;
    double class_closing_s[SG_CLASS_MAX];     /* the longest shutdown_time of its loads */
    double plan_fresh_s_max, plan_last_s_max; /* ages of the fall-back ladder */
    sg_services services;                     /* all off without a grid */
    int64_t size;                             /* of the whole block */
} sg_plant_head;

typedef struct sg_plant {
    sg_plant_head *head;
    int32_t node_count, source_count, store_count, load_count, group_count, tie_count;
    int32_t schedule_count, scheduled_count;
    sg_points points;
#define X(name, type, count) type *name;
    SG_PLANT_ARRAYS(X)
#undef X
} sg_plant;

/* @effects alloc=no block=no fails=never */
size_t sg_plant_size(const sg_site *site);
void sg_plant_create(void *memory, const sg_site *site);
sg_plant sg_plant_at(void *memory);
size_t
sg_plant_block_size(const sg_plant_head *head); /* from the counts alone, to check a snapshot */
void sg_plant_step_length(const sg_plant *self, double step_s);

/* No command plans for more than this multiple of a breaker's rating, whatever its curve allows: the cables behind it are of its
 * size. */
static const double sg_plant_multiple_max = 2;

static inline sg_breaker sg_plant_breaker(const sg_plant *self, int node)
{
    return (sg_breaker){.curve = (sg_breaker_curve)(self->node_curve[node] - 1),
                        .dial = self->node_dial[node],
                        .tau_s = self->node_tau_s[node],
                        .instantaneous = self->node_instantaneous[node]};
}
#endif
