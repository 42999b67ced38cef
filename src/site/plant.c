#include "site/plant.h"

#include "base/check.h"

#include <math.h>
#include <string.h>

/* 64-byte lines, so that each array starts a vector and a cache line. */
static size_t align_up(size_t size)
{
    return (size + 63) & ~(size_t)63;
}

size_t sg_plant_block_size(const sg_plant_head *head)
{
    size_t size = align_up(sizeof *head);
#define X(name, type, count) size += align_up(sizeof(type) * (size_t)head->count##_count);
    SG_PLANT_ARRAYS(X)
#undef X
    return size;
}

static sg_plant_head head_of(const sg_site *site)
{
    sg_plant_head head = {
        .node_count = site->node_count,
        .source_count = site->device_count[SG_SOURCE],
        .store_count = site->device_count[SG_STORE],
        .load_count = site->device_count[SG_LOAD],
        .group_count = site->group_count,
        .tie_count = site->tie_count,
        .schedule_count = site->schedule_count,
        .scheduled_count = site->scheduled_count,
        .schedule_minute = INT64_MIN,
        .point_count = sg_points_of(site).count,
    };
    head.size = (int64_t)sg_plant_block_size(&head);
    return head;
}

size_t sg_plant_size(const sg_site *site)
{
    return (size_t)head_of(site).size;
}

sg_plant sg_plant_at(void *memory)
{
    sg_plant plant = {.head = memory};
    plant.node_count = plant.head->node_count;
    plant.source_count = plant.head->source_count;
    plant.store_count = plant.head->store_count;
    plant.load_count = plant.head->load_count;
    plant.group_count = plant.head->group_count;
    plant.tie_count = plant.head->tie_count;
    plant.schedule_count = plant.head->schedule_count;
    plant.scheduled_count = plant.head->scheduled_count;
    plant.points = sg_points_from(plant.source_count, plant.store_count, plant.load_count,
                                  plant.node_count, plant.tie_count);
    unsigned char *at = (unsigned char *)memory + align_up(sizeof *plant.head);
#define X(name, type, count)         \
    plant.name = (type *)(void *)at; \
    at += align_up(sizeof(type) * (size_t)plant.count##_count);
    SG_PLANT_ARRAYS(X)
#undef X
    return plant;
}

/* The most that a command ever plans for a node. */
static double most_w(const sg_plant *plant, int n)
{
    return plant->node_curve[n] > 0
               ? fmin(plant->node_hard_w[n], sg_plant_multiple_max * plant->node_breaker_w[n])
               : plant->node_limit_w[n];
}

/* The gain of each node (flow in / flow out) at the most that can flow: everything below at its rating, or the breaker's own
 * limit. Children come first, so what they draw at most is known. */
static void gains(const sg_plant *plant)
{
    for (int l = 0; l < plant->load_count; l++) {
        plant->node_rating_w[plant->load_node[l]] += plant->load_rating_w[l];
    }
    for (int s = 0; s < plant->store_count; s++) {
        plant->node_rating_w[plant->store_node[s]] += plant->store_reservoir[s].charge_w_max;
    }
    for (int t = 0; t < plant->tie_count; t++) {
        plant->node_rating_w[plant->tie_from[t]] += plant->tie_limit_w[t];
        plant->node_rating_w[plant->tie_to[t]] += plant->tie_limit_w[t];
    }
    for (int n = plant->node_count - 1; n >= 0; n--) {
        double limit_w = most_w(plant, n);
        bool tasks = n == 0 && isfinite(limit_w); /* tasks draw at the root, as much as fits */
        double full_w = tasks ? limit_w : fmin(limit_w, plant->node_rating_w[n]);
        plant->node_gain[n] = 1 / plant->node_converter_eff[n] + plant->node_loss_per_w[n] * full_w;
        if (n > 0) {
            plant->node_rating_w[plant->node_parent[n]] +=
                fmin(full_w * plant->node_gain[n], limit_w);
        }
    }
}

/* What stores below a node, and ties, push up through it at most, and what of that arrives. The breaker's limit holds upwards too, and no
 * more is pushed into a cable than the power at which half is lost: beyond it less would arrive. */
static void gains_upwards(const sg_plant *plant)
{
    double *up_w = plant->node_up_frac; /* borrowed for the sum of ratings */
    for (int s = 0; s < plant->store_count; s++) {
        up_w[plant->store_node[s]] += plant->store_reservoir[s].discharge_w_max;
    }
    for (int t = 0; t < plant->tie_count; t++) {
        up_w[plant->tie_from[t]] += plant->tie_limit_w[t];
        up_w[plant->tie_to[t]] += plant->tie_limit_w[t];
    }
    for (int n = plant->node_count - 1; n >= 0; n--) {
        double eff = plant->node_converter_eff[n], loss_per_w = plant->node_loss_per_w[n];
        double sense_w = loss_per_w > 0 ? eff / (2 * loss_per_w) : (double)INFINITY;
        plant->node_up_limit_w[n] = fmin(plant->node_limit_w[n], sense_w);
        double full_w = fmin(up_w[n], plant->node_up_limit_w[n]);
        if (n > 0) {
            up_w[plant->node_parent[n]] += full_w;
        }
        plant->node_up_frac[n] = eff - loss_per_w * full_w;
    }
}

/* The lowest voltage at each breaker, with all its node's path at the most that can flow: V_r = V_s - R P_s / V_s, per unit.
 * Converters are taken not to lift it. A breaker carries less power there. */
static void lowest_voltages(const sg_plant *plant)
{
    double *bus_pu = plant->node_up_limit_w; /* borrowed */
    for (int n = 0; n < plant->node_count; n++) {
        double supply_pu = n > 0 ? bus_pu[plant->node_parent[n]] : 1;
        double full_w = fmin(plant->node_rating_w[n], most_w(plant, n)) * plant->node_gain[n];
        double drop_pu = isfinite(full_w) ? plant->node_loss_per_w[n] * full_w / supply_pu : 0;
        bus_pu[n] = fmax(supply_pu - drop_pu, 0.5);
        plant->node_breaker_w[n] *= supply_pu;
    }
}

/* Breakers see the loads and charging stores below them and the losses on the way. The limit on what is drawn alone is the
 * breaker's divided by the worst gain along any path below it: conservative by the few percent that the losses are. */
static void leaf_limits(const sg_plant *plant)
{
    gains(plant);
    lowest_voltages(plant);
    gains_upwards(plant);
    for (int n = 0; n < plant->node_count; n++) {
        plant->node_gain_below[n] = 1;
    }
    for (int n = plant->node_count - 1; n > 0; n--) {
        double *above = &plant->node_gain_below[plant->node_parent[n]];
        *above = fmax(*above, plant->node_gain[n] * plant->node_gain_below[n]);
    }
    for (int n = 0; n < plant->node_count; n++) {
        plant->node_leaf_limit_w[n] =
            plant->node_limit_w[n] / (plant->node_gain[n] * plant->node_gain_below[n]);
    }
}

static void fill_nodes(const sg_plant *plant, const sg_site *site)
{
    for (int n = 0; n < plant->node_count; n++) {
        const sg_node *node = &site->nodes[n];
        plant->node_parent[n] = node->parent;
        plant->node_limit_w[n] = node->limit_w;
        plant->node_loss_per_w[n] =
            node->voltage_v > 0 ? node->loss_ohm / (node->voltage_v * node->voltage_v) : 0;
        plant->node_converter_eff[n] = node->converter_eff > 0 ? node->converter_eff : 1;
        plant->node_hard_w[n] = node->hard_limit_w;
        plant->node_drop_frac[n] = node->drop_frac;
        plant->node_partner[n] = node->partner > 0 ? node->partner : -1;
        plant->head->partner_count += node->partner > 0;
        if (node->curve) {
            plant->node_curve[n] = 1 + (int32_t)node->trip.curve;
            plant->node_breaker_w[n] = node->breaker_w;
            plant->node_dial[n] = node->trip.dial;
            plant->node_tau_s[n] = node->trip.tau_s;
            plant->node_instantaneous[n] = node->trip.instantaneous;
            plant->head->curve_count++;
        }
    }
}

/* Parents come before children, so the later one of two different nodes is never above the other. */
static int32_t meeting(const sg_plant *plant, int32_t a, int32_t b)
{
    while (a != b) {
        *(a > b ? &a : &b) = plant->node_parent[a > b ? a : b];
    }
    return a;
}

static void fill_tie(const sg_plant *plant, const sg_site *site, int t)
{
    const sg_tie *tie = &site->ties[t];
    plant->tie_from[t] = tie->from;
    plant->tie_to[t] = tie->to;
    plant->tie_top[t] = meeting(plant, tie->from, tie->to);
    plant->tie_limit_w[t] = tie->limit_w;
    plant->tie_loss_per_w[t] =
        tie->loss_ohm > 0 ? tie->loss_ohm / (tie->voltage_v * tie->voltage_v) : 0;
}

static void fill_store(const sg_plant *plant, const sg_site *site, int s)
{
    const sg_device *device = &site->devices[SG_STORE][s];
    const sg_kind *kind = sg_device_kind(site, device);
    double common[SG_STORE_PARAM_COUNT];
    for (int i = 0; i < SG_STORE_PARAM_COUNT; i++) {
        /* a source that turned out to be a store carries no store parameters: the presets hold */
        int count;
        common[i] = kind->role == SG_STORE ? device->p[kind->param_count + i]
                                           : sg_role_params(SG_STORE, &count)[i].preset;
    }
    sg_reservoir *reservoir = &plant->store_reservoir[s];
    kind->reservoir(device->p, reservoir);
    plant->store_node[s] = device->node;
    plant->store_group[s] = device->group;
    plant->store_beside[s] = device->beside;
    plant->store_duty[s] = (int32_t)common[SG_STORE_DUTY];
    plant->store_real[s] = !kind->hypothetical;
    plant->store_initial_j[s] = common[SG_STORE_INITIAL] * reservoir->capacity_j;
    plant->store_reserve_j[s] = common[SG_STORE_RESERVE] * reservoir->capacity_j;
    plant->store_low_j[s] = common[SG_STORE_LOW_MARK] * reservoir->capacity_j;
    plant->store_high_j[s] = common[SG_STORE_HIGH_MARK] * reservoir->capacity_j;
    plant->store_wear[s] = common[SG_STORE_WEAR];
    plant->store_ramp[s] = common[SG_STORE_RAMP];
    plant->store_dwell_s[s] = common[SG_STORE_DWELL];
    plant->head->paced_stores += isfinite(plant->store_ramp[s]) || plant->store_dwell_s[s] > 0;
    plant->store_forming[s] = common[SG_STORE_FORMING] > 0.5;
}

static void fill_source(const sg_plant *plant, const sg_site *site, int s)
{
    const sg_device *device = &site->devices[SG_SOURCE][s];
    const sg_kind *kind = sg_device_kind(site, device);
    plant->source_node[s] = device->node;
    plant->source_group[s] = device->group;
    plant->source_cost[s] = sg_device_role_param(site, device, SG_SOURCE_COST);
    plant->source_ramp[s] = sg_device_role_param(site, device, SG_SOURCE_RAMP);
    plant->source_dwell_s[s] = sg_device_role_param(site, device, SG_SOURCE_DWELL);
    plant->head->paced_sources += isfinite(plant->source_ramp[s]) || plant->source_dwell_s[s] > 0;
    plant->source_start_s[s] = -1;
    if (kind->starting) {
        sg_starting starting;
        kind->starting(device->p, &starting);
        plant->source_start_s[s] = starting.start_s;
        plant->source_rating_w[s] = starting.rating_w;
        plant->source_ramp_s[s] = starting.ramp_s;
        plant->source_run_s[s] = starting.run_s;
        plant->head->start_count++;
    }
}

/* Seconds at full power, as the first member of the group has them. */
static double time_scale_s(const sg_plant *plant, int g)
{
    const sg_reservoir *r = &plant->store_reservoir[plant->group_first[g]];
    return r->discharge_w_max > 0 ? r->capacity_j * r->discharge_eff / r->discharge_w_max
                                  : (double)INFINITY;
}

/* The order in which stores take over a load: those that last longest first, and of two alike the slower one. Cells of devices
 * are left out. */
static void hand_over_order(const sg_plant *plant)
{
    int count = 0;
    for (int g = 0; g < plant->group_count; g++) {
        plant->group_hand[g] = -1;
    }
    for (int g = 0; g < plant->group_count; g++) {
        int first = plant->group_first[g];
        if (plant->group_role[g] != SG_STORE || plant->group_size[g] == 0 ||
            plant->store_duty[first] == SG_DUTY_DEVICE || !plant->store_real[first]) {
            continue;
        }
        int at = count++;
        for (; at > 0; at--) {
            int other = plant->group_hand[at - 1];
            double mine_s = time_scale_s(plant, g), its_s = time_scale_s(plant, other);
            bool later = mine_s < its_s ||
                         (mine_s == its_s &&
                          plant->store_ramp[first] >= plant->store_ramp[plant->group_first[other]]);
            if (later) {
                break;
            }
            plant->group_hand[at] = other;
        }
        plant->group_hand[at] = g;
    }
}

static void fill_load(const sg_plant *plant, const sg_site *site, int l)
{
    const sg_device *device = &site->devices[SG_LOAD][l];
    plant->load_node[l] = device->node;
    plant->load_class[l] = (uint8_t)device->p[SG_LOAD_CLASS];
    plant->load_weight[l] = device->p[SG_LOAD_WEIGHT];
    plant->load_rating_w[l] = device->p[SG_LOAD_RATING];
    plant->load_minimum_w[l] = device->p[SG_LOAD_MINIMUM];
    plant->load_idle_w[l] = device->p[SG_LOAD_IDLE];
    plant->load_value[l] = device->p[SG_LOAD_VALUE];
    double *closing_s = &plant->head->class_closing_s[plant->load_class[l]];
    *closing_s = fmax(*closing_s, device->p[SG_LOAD_CLOSING]);
}

static bool has_rule(const sg_plant *plant, int l)
{
    for (int i = 0; i < plant->schedule_count; i++) {
        const sg_load_rule *rule = &plant->schedule[i];
        if (l >= rule->load_first && l < rule->load_first + rule->load_count) {
            return true;
        }
    }
    return false;
}

/* A class takes its longest shutdown_time along wherever a rule may bring it. */
static void fill_schedules(const sg_plant *plant, const sg_site *site)
{
    int count = 0;
    for (int i = 0; i < plant->schedule_count; i++) {
        memcpy(&plant->schedule[i], &site->schedules[i], sizeof plant->schedule[i]);
        const sg_load_rule *rule = &plant->schedule[i];
        for (int l = rule->load_first; l < rule->load_first + rule->load_count; l++) {
            int class = rule->load_class >= 0 ? rule->load_class : plant->load_class[l];
            double *closing_s = &plant->head->class_closing_s[class];
            *closing_s = fmax(*closing_s, site->devices[SG_LOAD][l].p[SG_LOAD_CLOSING]);
        }
    }
    for (int l = 0; plant->schedule_count > 0 && l < plant->load_count; l++) {
        if (has_rule(plant, l)) {
            plant->scheduled_load[count] = l;
            plant->scheduled_class[count] = plant->load_class[l];
            plant->scheduled_weight[count] = plant->load_weight[l];
            plant->scheduled_minimum_w[count++] = plant->load_minimum_w[l];
        }
    }
}

void sg_plant_create(void *memory, const sg_site *site)
{
    sg_plant_head head = head_of(site);
    memset(memory, 0, (size_t)head.size);
    memcpy(memory, &head, sizeof head);
    sg_plant plant = sg_plant_at(memory);
    fill_nodes(&plant, site);
    for (int t = 0; t < plant.tie_count; t++) {
        fill_tie(&plant, site, t);
    }
    for (int s = 0; s < plant.source_count; s++) {
        fill_source(&plant, site, s);
    }
    for (int s = 0; s < plant.store_count; s++) {
        fill_store(&plant, site, s);
    }
    for (int l = 0; l < plant.load_count; l++) {
        fill_load(&plant, site, l);
    }
    fill_schedules(&plant, site);
    for (int g = 0; g < plant.group_count; g++) {
        plant.group_role[g] = (int32_t)site->groups[g].role;
        plant.group_first[g] = site->groups[g].first;
        plant.group_size[g] = site->groups[g].count;
    }
    hand_over_order(&plant);
    plant.head->plan_fresh_s_max = site->planning.fresh_s_max;
    plant.head->plan_last_s_max = site->planning.last_s_max;
    plant.head->services = site->services;
    if (site->device_count[SG_GRID] > 0) {
        const double *p = site->devices[SG_GRID][0].p;
        plant.head->grid_present = 1;
        plant.head->day_ahead = p[SG_GRID_DAY_AHEAD] < 0.5;
        plant.head->import_w_max = p[SG_GRID_IMPORT_MAX];
        /* the breaker at the root carries no more outwards than inwards */
        plant.head->export_w_max =
            p[SG_GRID_EXPORT_RULE] < 0.5 ? fmin(p[SG_GRID_EXPORT_MAX], site->nodes[0].limit_w) : 0;
        plant.head->demand_charge = p[SG_GRID_DEMAND_CHARGE];
        plant.head->bridge_s = p[SG_GRID_BRIDGE_TIME];
        plant.head->return_delay_s = p[SG_GRID_RETURN_DELAY];
        plant.head->return_ramp_w_per_s = p[SG_GRID_RETURN_RAMP];
    }
    leaf_limits(&plant);
}

void sg_plant_step_length(const sg_plant *self, double step_s)
{
    if (self->head->step_s == step_s) { /* the same step again, as nearly always */
        return;
    }
    for (int s = 0; s < self->store_count; s++) {
        self->store_keep_frac[s] = sg_reservoir_keep_frac(&self->store_reservoir[s], step_s);
    }
    self->head->step_s = step_s;
}
