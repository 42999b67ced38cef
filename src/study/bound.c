#include "study/bound.h"

#include "base/time.h"

#include <math.h>

static const double kwh = 3.6e6;

/* Demand periods of the site's calendar months that steps 1.. of the run touch; step 0 has already set a peak. */
static int months(const sg_simulation *sim, int64_t steps, const sg_truth *seen,
                  double charge_per_kw, sg_dispatch_demand *ret, int max)
{
    int count = 0;
    int64_t step_us = llround(sim->step_s * 1e6), month = -1;
    for (int64_t i = 1; i < steps; i++) {
        int64_t now =
            sg_month_of(sim->from_us + i * step_us, sim->site->zone_offset_s * SG_US_PER_S);
        if (now != month && count < max) {
            ret[count++] = (sg_dispatch_demand){.from = (int)i - 1, .charge_per_kw = charge_per_kw};
            month = now;
        }
        ret[count - 1].to = (int)i;
    }
    if (count > 0) {
        ret[0].peak_so_far_kw = fmax(seen->load_kw[0] - seen->available_kw[0], 0);
    }
    return count;
}

sg_status sg_bound_solve(const sg_simulation *sim, int64_t steps, const sg_truth *seen,
                         const sg_outlook *stores, sg_arena *arena, sg_schedule *ret)
{
    enum { MONTHS = 120 };
    sg_dispatch_demand demand[MONTHS];
    sg_dispatch_store store[SG_PLAN_STORE_MAX];
    for (int s = 0; s < stores->store_count; s++) {
        const struct sg_outlook_store *from = &stores->store[s];
        store[s] = (sg_dispatch_store){
            .id = "store",
            .energy_kwh_min = fmin(from->floor_j, from->energy_j * 0.98) / kwh,
            .energy_kwh_max = from->capacity_j / kwh,
            .charge_kw_max = from->charge_w_max * 1e-3,
            .discharge_kw_max = from->discharge_w_max * 1e-3,
            .charge_eff = from->charge_eff,
            .discharge_eff = from->discharge_eff,
            .standing_loss_per_h = from->standing_loss_per_h,
            .initial_kwh = from->energy_j / kwh,
            .final_kwh_min = -INFINITY,
            .wear_cost_per_kwh = from->wear_per_j * kwh,
            .terminal_value_per_kwh = seen->mean_import_price * from->discharge_eff * kwh};
    }
    sg_dispatch_source source = {.id = "local", .available_kw = seen->available_kw + 1};
    sg_dispatch problem = {
        .start_us = sim->from_us,
        .step_s = sim->step_s,
        .steps = (int)steps - 1,
        .load_kw = seen->load_kw + 1,
        .grid = {.present = true,
                 .import_kw_max = stores->import_w_max * 1e-3,
                 .export_kw_max = stores->export_w_max * 1e-3,
                 .import_price_per_kwh = seen->import_price + 1,
                 .export_price_per_kwh = seen->export_price + 1,
                 .ramp_kw_per_step = INFINITY,
                 .demand = demand,
                 .demand_count =
                     stores->demand_charge > 0
                         ? months(sim, steps, seen, stores->demand_charge * 1e3, demand, MONTHS)
                         : 0},
        .sources = &source,
        .source_count = 1,
        .stores = store,
        .store_count = stores->store_count};
    sg_status status = sg_dispatch_solve(&problem, 0, arena, ret);
    return status == SG_OK && ret->outcome != SG_SOLVED ? SG_UNAVAILABLE : status;
}
