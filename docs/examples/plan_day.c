/* plan_day.c - a day planned from memory: a battery, a tariff, some sun.
 *
 *     cc $(pkg-config --cflags symgrid) plan_day.c $(pkg-config --libs symgrid) -o plan_day && ./plan_day */
#include <symgrid/base.h>
#include <symgrid/plan.h>

#include <math.h>
#include <stdio.h>

enum { STEPS = 24 };

int main(void)
{
    double load_kw[STEPS], sun_kw[STEPS], buy[STEPS], sell[STEPS];
    for (int t = 0; t < STEPS; t++) {
        load_kw[t] = 80;
        sun_kw[t] = fmax(150 * sin((t - 6) / 12.0 * 3.14159265), 0);
        buy[t] = t >= 17 && t < 21 ? 0.40 : 0.15;
        sell[t] = 0.05;
    }
    sg_dispatch_source pv = {.id = "pv", .available_kw = sun_kw};
    sg_dispatch_store battery = {.id = "battery",
                                 .energy_kwh_max = 200,
                                 .charge_kw_max = 50,
                                 .discharge_kw_max = 50,
                                 .charge_eff = 0.95,
                                 .discharge_eff = 0.95,
                                 .initial_kwh = 40,
                                 .final_kwh_min = 40,
                                 .wear_cost_per_kwh = 0.01};
    sg_dispatch day = {.step_s = 3600,
                       .steps = STEPS,
                       .load_kw = load_kw,
                       .grid = {.present = true,
                                .import_kw_max = 150,
                                .export_kw_max = 100,
                                .import_price_per_kwh = buy,
                                .export_price_per_kwh = sell,
                                .ramp_kw_per_step = INFINITY},
                       .sources = &pv,
                       .source_count = 1,
                       .stores = &battery,
                       .store_count = 1};
    sg_arena arena = {0};
    sg_schedule plan;
    sg_status status = sg_dispatch_solve(&day, 1.0, &arena, &plan);
    if (status != SG_OK || plan.outcome != SG_SOLVED) {
        fprintf(stderr, "no plan: %s\n",
                status != SG_OK ? sg_status_text(status) : sg_outcome_text(plan.outcome));
        sg_arena_free(&arena);
        return 1;
    }
    printf("costs %.2f, and no schedule costs less than %.2f\n", plan.objective, plan.bound);
    for (int t = 0; t < STEPS; t++) {
        printf("%02d:00 battery %+6.1f kW, %5.1f kWh; one more kWh of load would cost %.3f\n", t,
               plan.discharge_kw[0][t] - plan.charge_kw[0][t], plan.energy_kwh[0][t + 1],
               plan.marginal_price_per_kwh[t]);
    }
    sg_arena_free(&arena);
    return 0;
}
