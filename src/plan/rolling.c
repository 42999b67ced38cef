/* rolling.c - from an outlook to a plan: one dispatch program over the horizon, solved again and again. */
#include "plan/rolling.h"

#include "base/check.h"
#include "plan/apart.h"
#include "plan/dispatch.h"

#include <math.h>
#include <string.h>

static const double kwh = 3.6e6;            /* J */
static const double power_kw_min = 1e-6;    /* below a milliwatt there is no power */
static const double energy_frac_min = 1e-9; /* of the capacity */

typedef struct series {
    double load_kw[SG_PLAN_STEP_MAX], available_kw[SG_PLAN_STEP_MAX],
        import_price[SG_PLAN_STEP_MAX], export_price[SG_PLAN_STEP_MAX], shed_kw[SG_PLAN_STEP_MAX];
} series;

/* What is left of a decay (1e-170 J in a store, the sun at dusk) is nothing: such numbers make a solver call a sound program
 * unbounded. */
static double nothing_below(double value, double least)
{
    return value > least ? value : 0;
}

static void fill_series(const sg_outlook *outlook, series *ret)
{
    for (int t = 0; t < outlook->steps; t++) {
        ret->load_kw[t] = nothing_below(outlook->load_w[t] * 1e-3, power_kw_min);
        ret->available_kw[t] = nothing_below(outlook->available_w[t] * 1e-3, power_kw_min);
        ret->import_price[t] = outlook->import_price[t] * kwh;
        ret->export_price[t] = outlook->export_price[t] * kwh;
        ret->shed_kw[t] = ret->load_kw[t];
    }
}

/* What the net load takes in reserve_s beyond its forecast, in one case of ten: energy that the plan leaves in store for it. */
static double reserve_j(const sg_outlook *outlook)
{
    double step_s = (double)outlook->step_us * 1e-6, energy_j = 0;
    for (int t = 0; t < outlook->steps; t++) {
        double part_s = fmin(fmax(outlook->reserve_s - step_s * t, 0), step_s);
        energy_j += outlook->miss_w[t] * part_s;
    }
    return energy_j;
}

/* The store's part of the reserve, by its share of the room above all floors; never more than half of its own. */
static double reserve_part_j(const sg_outlook *outlook, const struct sg_outlook_store *store)
{
    double room_j = 0;
    for (int s = 0; s < outlook->store_count; s++) {
        room_j += outlook->store[s].capacity_j - outlook->store[s].floor_j;
    }
    double own_j = store->capacity_j - store->floor_j;
    double part_j = room_j > 0 ? reserve_j(outlook) * own_j / room_j / store->discharge_eff : 0;
    return fmin(part_j, own_j / 2);
}

static void fill_store(const sg_outlook *outlook, const struct sg_outlook_store *store,
                       sg_dispatch_store *ret)
{
    double energy_j = nothing_below(store->energy_j, energy_frac_min * store->capacity_j);
    energy_j = fmin(energy_j, store->capacity_j);
    *ret = (sg_dispatch_store){
        .id = "store",
        /* one that stands below its floor now may stay there, and is of use again once it was charged */
        .energy_kwh_min =
            fmin(store->floor_j + reserve_part_j(outlook, store), energy_j * 0.98) / kwh,
        .energy_kwh_max = store->capacity_j / kwh,
        .charge_kw_max = store->charge_w_max * 1e-3,
        .discharge_kw_max = store->discharge_w_max * 1e-3,
        .charge_eff = store->charge_eff,
        .discharge_eff = store->discharge_eff,
        .standing_loss_per_h = store->standing_loss_per_h,
        .initial_kwh = energy_j / kwh,
        .final_kwh_min = -INFINITY,
        .wear_cost_per_kwh = store->wear_per_j * kwh,
        .terminal_value_per_kwh = store->terminal_value_per_j * kwh,
    };
}

/* The mean net load: no store holds a peak below it for a month. */
static double mean_net_kw(const sg_outlook *outlook)
{
    double sum_w = 0;
    for (int t = 0; t < outlook->steps; t++) {
        sum_w += outlook->load_w[t] - outlook->available_w[t];
    }
    return fmax(sum_w, 0) / outlook->steps * 1e-3;
}

/* One period for each month that the horizon touches. Of the month to come few hours may be seen, and its peak will be set by others:
 * only what is above the mean counts there, or all stores would be kept full for its first quarter hour. */
static int fill_demand(const sg_outlook *outlook, sg_dispatch_demand ret[2])
{
    if (outlook->demand_charge <= 0) {
        return 0;
    }
    double charge_per_kw = outlook->demand_charge * 1e3;
    ret[0] = (sg_dispatch_demand){.from = 0,
                                  .to = outlook->month_steps,
                                  .charge_per_kw = charge_per_kw,
                                  .peak_so_far_kw = outlook->peak_so_far_w * 1e-3};
    ret[1] = (sg_dispatch_demand){.from = outlook->month_steps,
                                  .to = outlook->steps,
                                  .charge_per_kw = charge_per_kw,
                                  .peak_so_far_kw = mean_net_kw(outlook)};
    return outlook->month_steps < outlook->steps ? 2 : 1;
}

static void read_schedule(const sg_outlook *outlook, const sg_schedule *schedule, sg_plan *ret)
{
    for (int t = 0; t < outlook->steps; t++) {
        double delivered_kw = schedule->source_kw[0][t];
        ret->net_w[t] = (schedule->import_kw[t] - schedule->export_kw[t]) * 1e3;
        ret->curtail_w[t] = fmax(outlook->available_w[t] - delivered_kw * 1e3, 0);
        ret->price[t] = schedule->marginal_price_per_kwh[t] / kwh;
        for (int s = 0; s < outlook->store_count; s++) {
            ret->store_w[s][t] = (schedule->discharge_kw[s][t] - schedule->charge_kw[s][t]) * 1e3;
            ret->energy_value[s][t] = schedule->energy_value_per_kwh[s][t] / kwh;
        }
    }
    ret->objective = schedule->objective;
    ret->outcome = (int32_t)schedule->outcome;
    ret->softened = schedule->softened_count;
}

void sg_outlook_terminal_values(sg_outlook *outlook)
{
    double sum = 0;
    for (int t = 0; t < outlook->steps; t++) {
        sum += outlook->import_price[t];
    }
    for (int s = 0; s < outlook->store_count; s++) {
        struct sg_outlook_store *store = &outlook->store[s];
        double value = sum / outlook->steps * store->discharge_eff - store->wear_per_j;
        store->terminal_value_per_j = value > 0 ? value : 0;
    }
}

sg_status sg_plan_make(const sg_outlook *outlook, double seconds_max, sg_again *again,
                       sg_plan *ret)
{
    SG_CHECK(outlook->steps > 0 && outlook->steps <= SG_PLAN_STEP_MAX);
    SG_CHECK(outlook->month_steps > 0 && outlook->month_steps <= outlook->steps);
    series s;
    fill_series(outlook, &s);
    sg_dispatch_store stores[SG_PLAN_STORE_MAX];
    for (int i = 0; i < outlook->store_count; i++) {
        fill_store(outlook, &outlook->store[i], &stores[i]);
    }
    sg_dispatch_source source = {.id = "local", .available_kw = s.available_kw};
    sg_dispatch_demand demand[2];
    /* shedding at a price far above any market keeps the program feasible when the site is short */
    sg_dispatch_shed shed = {.id = "load", .max_kw = s.shed_kw, .cost_per_kwh = 20};
    sg_dispatch problem = {
        .start_us = outlook->start_us,
        .step_s = (double)outlook->step_us * 1e-6,
        .steps = outlook->steps,
        .load_kw = s.load_kw,
        .grid = {.present = true,
                 .import_kw_max = outlook->import_w_max * 1e-3,
                 .export_kw_max = outlook->export_w_max * 1e-3,
                 .import_price_per_kwh = s.import_price,
                 .export_price_per_kwh = s.export_price,
                 .ramp_kw_per_step = INFINITY,
                 .demand = demand,
                 .demand_count = fill_demand(outlook, demand)},
        .sources = &source,
        .source_count = 1,
        .stores = stores,
        .store_count = outlook->store_count,
        .shed = &shed,
        .shed_count = 1,
    };
    sg_arena arena = {0};
    sg_schedule schedule = {0};
    sg_dispatch_options options = {.seconds_max = seconds_max, .again = again};
    sg_status status = sg_dispatch_solve_with(&problem, &options, &arena, &schedule);
    /* what gave way is named; what was not finished is worse than the last plan, and than the rules */
    bool usable = schedule.outcome == SG_SOLVED ||
                  (schedule.outcome == SG_INFEASIBLE && schedule.softened_count > 0);
    if (status == SG_OK && !(usable && isfinite(schedule.objective))) {
        status = SG_UNAVAILABLE;
    }
    if (status == SG_OK) {
        memset(ret, 0, sizeof *ret);
        ret->made_us = outlook->made_us;
        ret->start_us = outlook->start_us;
        ret->step_us = outlook->step_us;
        ret->steps = outlook->steps;
        ret->cause = outlook->cause;
        ret->store_count = outlook->store_count;
        for (int i = 0; i < outlook->store_count; i++) {
            ret->store_group[i] = outlook->store[i].group;
        }
        read_schedule(outlook, &schedule, ret);
        sg_plan_keep_apart(outlook, ret);
    }
    sg_arena_free(&arena);
    return status;
}
