/* energy.c - stores with duty `energy` by policy, then shortage and surplus, then what sources may deliver. */
#include "control/flows.h"

#include <math.h>

/* Charging stays this far below the month's peak, so that small errors of the expected import do not creep it upwards. */
static const double peak_margin = 0.995;

/* Of the value of stored energy: less than this is a tie. */
static const double value_margin = 0.01;

typedef struct wish {
    double power_w; /* > 0 discharge */
    sg_reason reason;
} wish;

/* What the policy would do with the power missing (net_w > 0) or left over, before limits. */
static wish wish_static(const sg_flows *f, double net_w)
{
    (void)f;
    (void)net_w;
    return (wish){0, SG_REASON_STATIC};
}

static double round_trip(const sg_plant *plant, int g)
{
    const sg_reservoir *r = &plant->store_reservoir[plant->group_first[g]];
    return r->charge_eff * r->discharge_eff;
}

/* Does energy bought or kept at `price` pay when it comes back at `later`, losses and wear counted? */
static bool worth_the_trip(const sg_flows *f, int g, double price, double later)
{
    double trip = round_trip(f->plant, g), wear = f->plant->store_wear[f->plant->group_first[g]];
    return price + wear * (1 + trip) < later * trip;
}

static wish wish_rules(const sg_flows *f, int g, double net_w)
{
    const sg_control_input *in = f->in;
    if (net_w <= 0) {
        bool keep = !in->price_known || f->export_w_max <= 0 ||
                    worth_the_trip(f, g, fmax(f->export_price, 0), in->price_mid);
        return (wish){keep ? net_w : 0, SG_REASON_SURPLUS};
    }
    if (net_w > in->shave_w) {
        return (wish){net_w - in->shave_w, SG_REASON_PEAK};
    }
    bool worth = in->price_known && worth_the_trip(f, g, in->price_low, in->price_high);
    if (worth && f->import_price >= in->price_high) {
        return (wish){net_w, SG_REASON_DEAR};
    }
    if (worth && f->import_price <= in->price_low) {
        double room_w = fmin(f->import_w_max, peak_margin * in->peak_w) - net_w;
        return (wish){-fmax(room_w, 0), SG_REASON_CHEAP};
    }
    if (f->plant->source_count > 0 && in->price_known &&
        f->import_price > in->price_mid * (1 + 1e-6)) { /* not while the price is flat */
        return (wish){net_w, SG_REASON_DEFICIT};
    }
    return (wish){0, SG_REASON_NONE};
}

/* What reality changed is put right at the cheap end: a planned discharge does not spill over into exports that were not
 * planned, charging from own surplus does not become charging from the grid, and a load above its forecast does not lift the
 * month's peak while a store is charging. */
static double corrected(const sg_flows *f, double power_w, double planned_net_w, double net_w)
{
    if (power_w > 0 && planned_net_w >= 0 && net_w - power_w < 0) {
        power_w = fmax(net_w, 0);
    } else if (power_w < 0 && planned_net_w <= 0 && net_w - power_w > 0) {
        power_w = fmin(net_w, 0);
    }
    bool raise = planned_net_w > 1.01 * f->in->peak_w; /* the plan found it worth a higher peak */
    double import_w_max = raise ? planned_net_w : peak_margin * f->in->peak_w;
    if (power_w < 0 && net_w - power_w > import_w_max) {
        power_w = fmin(net_w - import_w_max, 0);
    }
    return fmax(power_w, net_w - fmax(f->in->shave_w, planned_net_w));
}

/* What the plan did not expect is met by the value of the energy in store: load above it is covered where buying costs more than
 * that energy is worth later, surplus beyond it is kept where selling brings less. The margin keeps ties, which the plan has
 * settled, as the plan has them. */
static double revalued(const sg_flows *f, int g, double value, double power_w, double planned_net_w,
                       double net_w)
{
    const sg_reservoir *r = &f->plant->store_reservoir[f->plant->group_first[g]];
    double wear = f->plant->store_wear[f->plant->group_first[g]];
    double more_w = net_w - power_w - fmax(planned_net_w, 0);
    double less_w = fmin(planned_net_w, 0) - (net_w - power_w);
    double worth_out = (value / r->discharge_eff + wear) * (1 + value_margin);
    double worth_in = (value * r->charge_eff - wear) * (1 - value_margin);
    if (more_w > 0 && f->import_price > worth_out) {
        return power_w + more_w;
    }
    return less_w > 0 && f->export_price < worth_in ? power_w - less_w : power_w;
}

/* Planned for the stores that come after this one. */
static double planned_after_w(const sg_flows *f, int g)
{
    const sg_plan *plan = f->in->plan;
    double sum_w = 0;
    for (int i = 0; i < plan->store_count; i++) {
        bool waits =
            plan->store_group[i] != g &&
            f->self->store_reason[f->plant->group_first[plan->store_group[i]]] == SG_REASON_NONE;
        sum_w += waits ? plan->store_w[i][f->in->plan_step] : 0;
    }
    return sum_w;
}

static wish wish_plan(const sg_flows *f, int g, double net_w)
{
    const sg_plan *plan = f->in->plan;
    if (!plan) {
        wish rules = wish_rules(f, g, net_w);
        return (wish){rules.power_w, rules.power_w == 0 ? SG_REASON_PLAN_OLD : rules.reason};
    }
    for (int i = 0; i < plan->store_count; i++) {
        if (plan->store_group[i] != g) {
            continue;
        }
        double power_w = plan->store_w[i][f->in->plan_step];
        if (f->in->policy == SG_POLICY_MPC) {
            double planned_net_w = plan->net_w[f->in->plan_step];
            double rest_w = net_w - planned_after_w(f, g);
            power_w = corrected(f, power_w, planned_net_w, rest_w);
            power_w = revalued(f, g, plan->energy_value[i][f->in->plan_step], power_w,
                               planned_net_w, rest_w);
        }
        return (wish){power_w, SG_REASON_PLAN};
    }
    return (wish){0, SG_REASON_NONE};
}

static wish wish_of(const sg_flows *f, int g, double net_w)
{
    switch (f->in->policy) {
    case SG_POLICY_RULES:
        return wish_rules(f, g, net_w);
    case SG_POLICY_MPC:
    case SG_POLICY_PERFECT:
        return wish_plan(f, g, net_w);
    case SG_POLICY_STATIC:
        break;
    }
    return wish_static(f, net_w);
}

/* Share a group's power among its members in proportion to what each can do. Returns what they do together. */
static double share(sg_flows *f, int g, double power_w, sg_reason reason)
{
    const sg_plant *plant = f->plant;
    const sg_control *self = f->self;
    int first = plant->group_first[g], count = plant->group_size[g];
    double can_w = 0;
    for (int s = first; s < first + count; s++) {
        can_w += power_w > 0 ? sg_store_can_give_w(f, s) : sg_store_can_take_w(f, s);
    }
    double part = can_w > 0 ? fmin(fabs(power_w) / can_w, 1) : 0;
    double done_w = 0;
    for (int s = first; s < first + count; s++) {
        if (self->store_reason[s] != SG_REASON_NONE) {
            bool relief = self->store_reason[s] == SG_REASON_NODE_RELIEF ||
                          self->store_reason[s] == SG_REASON_MOVED;
            done_w += relief ? 0 : self->store_w[s];
            continue; /* relief, stale and hypothetical stand */
        }
        double member_w =
            part * (power_w > 0 ? sg_store_can_give_w(f, s) : -sg_store_can_take_w(f, s));
        if (member_w < 0) {
            member_w = -fmin(-member_w, sg_path_room_w(f, plant->store_node[s]));
            sg_path_use(f, plant->store_node[s], -member_w);
        }
        bool cut = fabs(power_w) > can_w * (1 + 1e-12) && can_w == 0;
        self->store_w[s] = member_w;
        self->store_reason[s] = (uint8_t)(!cut          ? reason
                                          : power_w > 0 ? SG_REASON_EMPTY
                                                        : SG_REASON_FULL);
        done_w += member_w;
    }
    return done_w;
}

/* More is needed than the grid may bring: any store that still can gives the rest. */
static double cover(sg_flows *f, double short_w)
{
    const sg_plant *plant = f->plant;
    double covered_w = 0;
    for (int s = 0; s < plant->store_count && covered_w < short_w; s++) {
        int duty = plant->store_duty[s];
        if (duty == SG_DUTY_DEVICE || (f->grid_up && duty != SG_DUTY_ENERGY)) {
            continue;
        }
        double now_w = f->self->store_w[s];
        double more_w = fmin(sg_store_can_give_w(f, s) - now_w, short_w - covered_w);
        if (more_w > 0) {
            f->self->store_w[s] = now_w + more_w;
            f->self->store_reason[s] = f->grid_up ? SG_REASON_PEAK : SG_REASON_BRIDGE;
            covered_w += more_w;
        }
    }
    return covered_w;
}

/* ---- the reserve ---- */

static const double reserve_short_frac = 1e-3; /* of the reserve: what is less is not missing yet */
static const double reserve_fill_s = 3600, reserve_fill_frac_min = 0.01; /* of the rating */

/* What brings a store's reserve back, most of it within an hour. It is missing only where the reading in doubt leaves no other way. */
static double reserve_wants_w(const sg_flows *f, int s)
{
    const sg_reservoir *r = &f->plant->store_reservoir[s];
    int32_t *filling = &f->self->store_cell[s];
    double reserve_j = f->plant->store_reserve_j[s], missing_j = reserve_j - f->measure->high_j[s];
    *filling = missing_j > (*filling ? 0 : reserve_short_frac * reserve_j);
    if (!*filling) {
        return 0;
    }
    double want_w = missing_j / r->charge_eff / reserve_fill_s;
    want_w = fmax(want_w, reserve_fill_frac_min * r->charge_w_max);
    want_w = fmin(want_w, missing_j / r->charge_eff / f->in->dt_s);
    return fmin(want_w, sg_store_can_take_w(f, s));
}

/* Does a store with duty `energy` or `bridge` give, relief apart? What charges another meanwhile would come out of it. */
static bool any_gives(const sg_flows *f)
{
    double give_w = 0;
    for (int s = 0; s < f->plant->store_count; s++) {
        int duty = f->plant->store_duty[s];
        bool counts = duty == SG_DUTY_ENERGY || duty == SG_DUTY_BRIDGE;
        give_w += counts ? fmax(f->self->store_w[s] - f->self->store_help_w[s], 0) : 0;
    }
    return give_w > 1e-6;
}

/* Stores below their reserve take what is left over or what the grid brings beside all else, below the month's peak. */
static void fill_reserves(sg_flows *f, double net_w)
{
    const sg_plant *plant = f->plant;
    bool may = f->grid_up && !f->bridging && !f->in->start && f->in->policy != SG_POLICY_STATIC;
    if (!may || any_gives(f)) {
        return;
    }
    double room_w = fmin(f->import_w_max, peak_margin * f->in->shave_w) - net_w;
    for (int s = 0; s < plant->store_count && room_w > 0; s++) {
        if (plant->store_duty[s] != SG_DUTY_ENERGY || plant->store_reserve_j[s] <= 0 ||
            f->self->store_w[s] > 0) {
            continue;
        }
        double more_w = reserve_wants_w(f, s) + f->self->store_w[s];
        more_w = fmin(fmin(more_w, room_w), sg_path_room_w(f, plant->store_node[s]));
        if (more_w > 0) {
            sg_path_use(f, plant->store_node[s], more_w);
            f->self->store_w[s] -= more_w;
            f->self->store_reason[s] = SG_REASON_RESERVE;
            f->local_w -= more_w;
            room_w -= more_w;
        }
    }
}

/* The groups with duty `energy`, best round trip first: what loses least is used first. */
static int energy_groups(const sg_plant *plant, int ret[SG_GROUP_MAX])
{
    int count = 0;
    for (int g = 0; g < plant->group_count; g++) {
        if (plant->group_role[g] != SG_STORE || plant->group_size[g] == 0 ||
            plant->store_duty[plant->group_first[g]] != SG_DUTY_ENERGY) {
            continue;
        }
        int at = count++;
        for (; at > 0 && round_trip(plant, ret[at - 1]) < round_trip(plant, g); at--) {
            ret[at] = ret[at - 1];
        }
        ret[at] = g;
    }
    return count;
}

void sg_energy_stores(sg_flows *f)
{
    int groups[SG_GROUP_MAX];
    int count = energy_groups(f->plant, groups);
    double net_w = f->served_w + f->losses_w + f->task_w - f->available_w - f->local_w;
    if (f->bridging && !f->in->start) {
        sg_island_stores(f, net_w);
        return;
    }
    for (int i = 0; i < count; i++) {
        wish w = {0, SG_REASON_NONE};
        if (f->in->start) {
            /* nothing is known yet */
        } else if (f->grid_up) {
            w = wish_of(f, groups[i], net_w);
        } else { /* an island has nowhere else to put it or to take it from */
            w = (wish){net_w, net_w < 0 ? SG_REASON_SURPLUS : SG_REASON_BRIDGE};
        }
        double charge_w_max =
            fmax(f->import_w_max - net_w, 0); /* what the grid can bring beside the rest */
        double discharge_w_max =
            fmax(net_w + f->export_w_max, 0); /* what the load and the grid can take     */
        double power_w = fmin(fmax(w.power_w, -charge_w_max), discharge_w_max);
        double done_w = share(f, groups[i], power_w, w.reason);
        net_w -= done_w;
        f->local_w += done_w;
    }
    double short_w = net_w - f->import_w_max;
    if (short_w > 0 && !f->in->start) {
        f->local_w += cover(f, short_w);
    }
    fill_reserves(f, net_w);
}

/* Sources without fuel cost deliver what they can unless it has nowhere to go; fuelled ones fill what is missing, or what
 * is cheaper than the grid. */
double sg_sources(sg_flows *f)
{
    const sg_plant *plant = f->plant;
    const sg_control *self = f->self;
    int first = plant->points.first[SG_POINT_SOURCE_AVAILABLE];
    double need_w = f->served_w + f->losses_w + f->task_w - f->local_w;
    bool pays = f->export_price >= 0 || f->in->policy == SG_POLICY_STATIC;
    double outlet_w = pays ? f->export_w_max : 0;
    /* room for loads that rise within the step: an island follows its sources, a grid absorbs */
    double useful_w = fmax(need_w + outlet_w, 0);
    double keep = f->available_w > useful_w && f->available_w > 0 ? useful_w / f->available_w : 1;
    double missing_w = need_w - f->available_w - f->import_w_max;
    /* sets that run share what the others leave to them */
    double part = f->started_w > 0 ? fmin(fmax(missing_w, 0) / f->started_w, 1) : 0;
    need_w -= part * f->started_w;
    missing_w -= part * f->started_w;
    for (int s = 0; s < plant->source_count; s++) {
        double available_w =
            sg_measure_fresh(f->measure, first + s) ? f->measure->value[first + s] : 0;
        if (plant->source_start_s[s] >= 0) {
            int start = self->source_start[s];
            self->source_limit_w[s] = sg_start_wanted(start) ? part * sg_set_reach_w(f, s) : 0;
            bool kept = f->grid_up && !f->bridging; /* nobody needs it */
            self->source_reason[s] = (uint8_t)(start == SG_START_ASKED     ? SG_REASON_STARTING
                                               : start == SG_START_RESTING ? SG_REASON_START_FAILED
                                               : start != SG_START_RUNNING ? SG_REASON_NONE
                                               : kept                      ? SG_REASON_LEAST_RUN
                                                                           : SG_REASON_DEMAND);
        } else if (plant->source_cost[s] > 0) {
            bool cheaper = f->grid_up && plant->source_cost[s] < f->import_price;
            double ask_w = cheaper ? fmax(need_w - f->available_w, 0) : fmax(missing_w, 0);
            self->source_limit_w[s] = fmin(ask_w, available_w);
            self->source_reason[s] = SG_REASON_DEMAND;
            need_w -= self->source_limit_w[s];
            missing_w -= self->source_limit_w[s];
        } else {
            /* an uncurtailed source is not limited to the last reading: the sun may come out */
            self->source_limit_w[s] = keep < 1 ? available_w * keep : (double)INFINITY;
            self->source_reason[s] = (uint8_t)(keep >= 1     ? SG_REASON_DEMAND
                                               : !f->grid_up ? SG_REASON_GRID_DOWN
                                               : pays        ? SG_REASON_EXPORT_LIMIT
                                                             : SG_REASON_NEGATIVE_PRICE);
        }
    }
    return f->available_w * (1 - keep);
}
