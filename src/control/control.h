/* control.h - one step of control: who may draw how much, what each store does, what each source may deliver.
 *
 * Order    0 heat of breakers; the grid: is it there, and what is kept without it (ride.h), 1 demands and flows, 2 local relief of
 *          breakers, 3 allocation on the tree, 4 local stores (smoothing, device cells, bridge), 5 stores with duty `energy` by policy,
 *          shortage, what the site does for the grid (regulate.h), without the grid all stores in hand-over order, 6 caps with the
 *          room that is left, 7 sources, 8 the envelope, last, on every command.
 * Units    W, J, money per J. Sign: store power > 0 flows into the site bus; caps and limits are magnitudes.
 * Loads    only those of nodes with news are gone over (news.h): what the others get stands, and so does why.
 * Breakers the caps below a node add up to at most its limit, losses allowed for; a store raises that limit only by what it was
 *          measured to deliver in the interval before, and no further than the breaker would bear it for some seconds, were that
 *          a lie: neither a store that fails nor one that lies takes a breaker with it (breakers.h).
 *          Where a breaker's trip curve is known, the limit follows its heat: breakers.h. Feeders help each other over ties: ties.h.
 * Memory   parallel arrays in the caller's block; nothing is allocated, every loop is bounded by the site's counts.
 * Source   progressive filling: allocate.h; device cells: hysteresis between a low and a high mark. */
#ifndef SG_CONTROL_CONTROL_H
#define SG_CONTROL_CONTROL_H
#include "base/pool.h"
#include "control/regulate.h"
#include "control/ride.h"
#include "site/command.h"
#include "site/measured.h"
#include "site/news.h"
#include "site/plan.h"
#include "site/reason.h"

#include <stdbool.h>

typedef enum sg_policy {
    SG_POLICY_STATIC, /* stores stand still: the baseline                  */
    SG_POLICY_RULES,  /* own surplus first, cheap hours, peaks             */
    SG_POLICY_MPC,    /* a plan from forecasts, made again and again       */
    SG_POLICY_PERFECT /* a plan from the true future: the bound, not a mode */
} sg_policy;

const char *sg_policy_name(sg_policy policy);
/* False when there is no such policy. */
bool sg_policy_find(const char *name, sg_policy *ret);

/* name, element type, which count it has: state that lives in the engine's block */
#define SG_CONTROL_ARRAYS(X)                                                             \
    X(source_limit_w, double, source)                                                    \
    X(store_w, double, store)                                                            \
    X(load_cap_w, double, load)                                                          \
    X(source_start, uint8_t, source) /* sg_start */                                      \
    X(source_wait_s, double, source) /* since asked, or until asked again */             \
    X(source_state_s, double, source) /* a set: since it ran or stopped; 0: never */     \
    X(source_reason, uint8_t, source)                                                    \
    X(store_reason, uint8_t, store)                                                      \
    X(load_reason, uint8_t, load)                                                        \
    X(store_cell, int32_t, store)    /* a device's: enum cell; 1: its reserve is filled */ \
    X(store_trend_w, double, store)  /* slow part of the flow at its node       */       \
    X(store_deaf_s, double, store)   /* how long it has not followed its set-point */    \
    X(store_before_w, double, store) /* set-point of the step before         */          \
    X(store_way, int32_t, store)     /* which way it last went: -1, 0 never, 1  */       \
    X(store_rest_s, double, store)   /* since then                             */        \
    X(source_before_w, double, source)                                                   \
    X(source_off_s, double, source) /* since it last ran; 0: it runs, or never did */    \
    X(store_spare_w, double, store)                                                      \
    X(store_fixed, double, store)                                                        \
    X(store_taker, int32_t, store) /* node that its relief is for, -1: none  */          \
    X(store_early, uint8_t, store) /* it is not overloaded yet */                        \
    X(store_help_w, double, store) /* relief of a breaker, part of store_w     */        \
    X(load_given_w, double, load)                                                        \
    X(load_spare_w, double, load)                                                        \
    X(node_heat, double, node)     /* of the breaker, as a share of its trip */          \
    X(node_may_w, double, node)    /* through the breaker in the interval that begins */ \
    X(node_brief_w, double, node)  /* through it until a loss is answered */             \
    X(node_bear_w, double, node)   /* through it for a while, should relief be a lie */  \
    X(node_leaf_w, double, node)   /* the same as a limit on what is drawn below */      \
    X(node_level_w, double, node)  /* what is wanted, smoothed */                        \
    X(node_slope, double, node)    /* W/s that it grows by */                            \
    X(node_expect_w, double, node) /* wanted in a moment */                              \
    X(node_pair, uint8_t, node)    /* its partner's loss limits it */                    \
    X(node_allow_w, double, node)  /* caps and charging below, relief counted */         \
    X(node_flow_w, double, node)   /* wanted below, as far as breakers below let it */   \
    X(node_used_w, double, node)   /* given below, charging included            */       \
    X(node_room_w, double, node)                                                         \
    X(node_up_w, double, node)                                                           \
    X(node_binding, uint8_t, node)                                                       \
    X(node_pu, double, node)        /* voltage of its bus by what is wanted; for ties */ \
    X(node_sag_per_w, double, node) /* that it falls by, for ties              */        \
    X(tie_w, double, tie)           /* from `from` to `to`, if > 0 */                    \
    X(tie_reason, uint8_t, tie)                                                          \
    X(tie_early, uint8_t, tie) /* its taker is not overloaded yet */                     \
    X(tie_taker, int32_t, tie) /* node that it carries for, -1: none */                  \
    X(tie_deaf_s, double, tie) /* how long it has not followed */                        \
    X(tie_can_w, double, tie)                                                            \
    X(tie_fixed, double, tie)

/* Sites up to this size spread relief by a min-cost flow, whose time grows with nodes times arcs; larger ones in order. */
enum { SG_RELIEF_NODE_MAX = SG_TIE_NODE_MAX, SG_RELIEF_STORE_MAX = 4096 };

typedef struct sg_control {
#define X(name, type, count) type *name;
    SG_CONTROL_ARRAYS(X)
#undef X
    /* prepared trees (allocate.h), sg_allocation_size() bytes each, zeros at first */
    void *caps, *spare;
    void *scratch; /* sg_control_scratch_size() bytes */
    sg_ride *ride; /* in the block's head */
} sg_control;

typedef struct sg_control_input {
    sg_policy policy;
    sg_pool *pool;       /* threads that may share the sweeps; NULL: none */
    const sg_news *news; /* which loads the step has to go over           */
    double dt_s;
    bool start;          /* no reading yet: only caps that keep the breakers */
    double task_w;       /* granted to tasks                                 */
    const sg_plan *plan; /* NULL: none that is fresh enough                  */
    int plan_step;
    double price_low, price_mid,
        price_high; /* lower quartile, mean, upper quartile of the last day, money per J */
    bool price_known;
    double
        peak_w; /* the month's highest import so far: no charging beyond it; INFINITY = no demand charge */
    double shave_w;            /* import above it is met from stores; INFINITY = no demand charge */
    sg_regulation *regulation; /* its state from step to step; NULL: the grid is not served */
} sg_control_input;

typedef struct sg_control_result {
    double task_w;      /* that may be drawn now           */
    double free_w;      /* firm supply beside all loads and granted tasks */
    double wanted_w;    /* by all loads                    */
    double ever_w;      /* the most that tasks could ever get */
    double curtailed_w; /* of what sources could deliver   */
} sg_control_result;

/* Of relief. @effects alloc=no block=no fails=never */
size_t sg_control_scratch_size(int32_t node_count, int32_t store_count, int32_t tie_count);

/* @effects alloc=no block=no fails=never */
sg_control_result sg_control_step(const sg_control *self, const sg_plant *plant,
                                  const sg_measure *measure, const sg_control_input *in);

/* The safe set, in place of a step whose inputs cannot be trusted: stores rest, sources stay as they were, caps too unless a
 * breaker needed a store to keep them, or heat of its own. in->task_w is what tasks may go on drawing.
 * @effects alloc=no block=no fails=never */
void sg_control_rest(const sg_control *self, const sg_plant *plant, const sg_measure *measure,
                     const sg_control_input *in);
#endif
