/* The table by month adds up to the totals, which the world's books keep by themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"
#include "study/funding.h"
#include "study/simulate.h"

#include <math.h>

static bool close_to(double a, double b)
{
    return fabs(a - b) <= 1e-9 * (fabs(a) + fabs(b)) + 1;
}

static void months_add_up(void **state)
{
    (void)state;
    sg_site site;
    rig_load("sites/floating.maml.md", "", &site); /* its zone is UTC+1 */
    sg_report *report = calloc(1, sizeof *report);
    assert_non_null(report);
    sg_civil from = {2023, 1, 15, 0, 0, 0};
    sg_simulation sim = {.site = &site,
                         .from_us = sg_time_from_civil(&from),
                         .duration_s = 60 * 86400.0,
                         .step_s = 900,
                         .policy = SG_POLICY_RULES};
    assert_int_equal(sg_simulate(&sim, report), SG_OK);
    assert_int_equal(report->month_count, 3);
    sg_report_month sum = {0};
    for (int k = 0; k < report->month_count; k++) {
        const sg_report_month *m = &report->month[k];
        sg_civil local;
        sg_civil_from_time(m->start_us + 3600 * SG_US_PER_S, &local);
        assert_int_equal(local.month, k + 1);
        assert_true(local.day == 1 && local.hour == 0);
        sum.load_j += m->load_j;
        sum.import_j += m->import_j;
        sum.export_j += m->export_j;
        sum.losses_j += m->losses_j;
        sum.store_loss_j += m->store_loss_j;
        for (int g = 0; g < site.group_count; g++) {
            sum.out_j[g] += m->out_j[g];
            sum.in_j[g] += m->in_j[g];
        }
    }
    assert_true(close_to(sum.load_j, report->load_j) && report->load_j > 1e12);
    assert_true(close_to(sum.import_j, report->import_j));
    assert_true(close_to(sum.export_j, report->export_j));
    assert_true(close_to(sum.losses_j, report->losses_j));
    assert_true(close_to(sum.store_loss_j, report->store_loss_j));
    for (int g = 0; g < site.group_count; g++) {
        if (site.groups[g].role == SG_SOURCE) {
            assert_true(close_to(sum.out_j[g], report->source_j[g]));
        } else if (site.groups[g].role == SG_STORE) {
            assert_true(close_to(sum.out_j[g], report->store[g].energy_out_j));
            assert_true(close_to(sum.in_j[g], report->store[g].energy_in_j));
        }
    }
    free(report);
    sg_site_free(&site);
}

/* The hours of the day, the cells of the carpet, and the energies that the world's books keep: one and the same. */
static void hours_and_cells_add_up(void **state)
{
    (void)state;
    sg_site site;
    rig_load("sites/floating.maml.md", "", &site);
    sg_report *report = calloc(1, sizeof *report);
    assert_non_null(report);
    sg_civil from = {2023, 6, 1, 5, 0, 0};
    sg_simulation sim = {.site = &site,
                         .from_us = sg_time_from_civil(&from),
                         .duration_s = 12.25 * 86400,
                         .step_s = 900,
                         .policy = SG_POLICY_RULES};
    assert_int_equal(sg_simulate(&sim, report), SG_OK);
    const sg_report_hours *h = &report->hours;
    double load_j = 0, net_j = 0, generation_j = 0, store_j = 0, seconds = 0, cells_j = 0,
           cells_s = 0;
    for (int hour = 0; hour < 24; hour++) {
        load_j += h->load_j[hour];
        net_j += h->net_j[hour];
        generation_j += h->generation_j[hour];
        store_j += h->store_j[hour];
        seconds += h->seconds[hour];
        for (int c = 0; c < h->columns; c++) {
            cells_j += h->carpet_j[c][hour];
            cells_s += h->carpet_s[c][hour];
        }
    }
    double sources_j = 0, given_j = 0, worst_w = 0;
    for (int g = 0; g < site.group_count; g++) {
        sources_j += site.groups[g].role == SG_SOURCE ? report->source_j[g] : 0;
        given_j += report->store[g].energy_out_j - report->store[g].energy_in_j;
    }
    assert_true(close_to(load_j, report->load_j) && close_to(generation_j, sources_j));
    assert_true(close_to(net_j, report->import_j - report->export_j) && close_to(cells_j, net_j));
    assert_true(fabs(store_j - given_j) < 1e-9 * report->load_j);
    assert_true(close_to(seconds, sim.duration_s) && close_to(cells_s, sim.duration_s));
    assert_int_equal(h->columns, 13);
    for (int k = 0; k < report->limit_count; k++) {
        worst_w = report->limit[k].kind == SG_LIMIT_IMPORT ? report->limit[k].worst : worst_w;
    }
    assert_true(
        close_to(worst_w, report->peak_w)); /* a step is a quarter hour: the meter saw the same */
    free(report);
    sg_site_free(&site);
}

/* 3.4 of the study: its lines, month by month, are the difference of money between policy and baseline. */
static void self_funding_adds_up_to_the_saving(void **state)
{
    (void)state;
    sg_site site;
    rig_load("sites/floating.maml.md", "", &site);
    sg_report *report = calloc(1, sizeof *report), *alone = calloc(1, sizeof *alone);
    assert_true(report && alone);
    sg_civil from = {2023, 5, 20, 0, 0, 0};
    sg_simulation sim = {.site = &site,
                         .from_us = sg_time_from_civil(&from),
                         .duration_s = 30 * 86400.0,
                         .step_s = 900,
                         .policy = SG_POLICY_RULES,
                         .baseline = true};
    assert_int_equal(sg_simulate(&sim, report), SG_OK);
    sim.policy = SG_POLICY_STATIC;
    assert_int_equal(sg_simulate(&sim, alone), SG_OK);
    assert_int_equal(report->month_count, 2);
    double lines = 0.0, curtailed_j = 0.0, import_cost = 0.0;
    for (int k = 0; k < report->month_count; k++) {
        sg_funding f = sg_funding_of_month(&report->month[k]);
        lines += f.arbitrage + f.services + f.tokens + f.efficiency - f.operation - f.maintenance;
        curtailed_j += report->month[k].baseline.curtailed_j;
        import_cost += report->month[k].baseline.import_cost;
        assert_true(f.services == 0.0 && f.tokens == 0.0 && f.maintenance == 0.0);
    }
    double saving = alone->cost - report->cost; /* two runs of their own */
    assert_true(fabs(lines - saving) <= 1e-9 * fabs(alone->cost));
    assert_true(fabs(sg_funding_of(report).system - saving) <= 1e-9 * fabs(alone->cost));
    assert_true(fabs(saving) > 1.0);
    /* the baseline's books, from its own run */
    assert_true(close_to(curtailed_j, alone->curtailed_j));
    assert_true(fabs(import_cost - alone->import_cost) <= 1e-9 * fabs(import_cost));
    /* against itself nothing is earned; without a baseline nothing is known */
    assert_true(fabs(sg_funding_of(alone).system) <= 1e-9 * fabs(alone->cost));
    sim.policy = SG_POLICY_RULES;
    sim.baseline = false;
    sim.duration_s = 86400.0;
    assert_int_equal(sg_simulate(&sim, report), SG_OK);
    assert_true(isnan(sg_funding_of(report).system));
    free(report);
    free(alone);
    sg_site_free(&site);
}

/* Two days on either side of the hall's midnight of 31 May, which is 05:00 UTC on 1 June: the charge from the grid meter's register as
 * the plant shows it, cut at that instant. Engine, report and the register have nothing else in common. */
static void each_month_pays_for_its_own_peak(void **state)
{
    (void)state;
    rig r = {0};
    rig_load("sites/hall.maml.md", "", &r.site); /* 12 USD a kW */
    const int64_t from_us = rig_time("2023-05-30T05:00:00Z"),
                  turn_us = rig_time("2023-06-01T05:00:00Z");
    rig_start(&r, SG_POLICY_STATIC, from_us);
    double peak_w[2] = {0, 0}, before_j = -1;
    for (int quarter = 0; quarter < 4 * 96; quarter++) {
        rig_step(&r, 900);
        double register_j = r.readings.value[r.points.first[SG_POINT_SITE] + SG_SITE_IMPORT_J];
        double w = before_j >= 0 ? (register_j - before_j) / 900 : 0;
        int month = r.readings.time_us > turn_us;
        peak_w[month] = fmax(peak_w[month], w);
        before_j = register_j;
    }
    double may = peak_w[0] * 12e-3, june = peak_w[1] * 12e-3;
    assert_true(may > 5000 && june > 5000 && fabs(may - june) > 1);
    assert_true(fabs((double)sg_engine_meter(r.engine)->total.demand_u * 1e-6 - may - june) < 0.01);

    sg_report *report = calloc(1, sizeof *report);
    assert_non_null(report);
    sg_simulation sim = {.site = &r.site,
                         .from_us = from_us,
                         .duration_s = 4 * 86400.0,
                         .step_s = 900,
                         .policy = SG_POLICY_STATIC};
    assert_int_equal(sg_simulate(&sim, report), SG_OK);
    assert_int_equal(report->month_count, 2);
    assert_true(fabs(report->month[0].money.demand_charge_cost - may) < 0.01);
    assert_true(fabs(report->month[1].money.demand_charge_cost - june) < 0.01);
    free(report);
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(months_add_up),
                                       cmocka_unit_test(each_month_pays_for_its_own_peak),
                                       cmocka_unit_test(hours_and_cells_add_up),
                                       cmocka_unit_test(self_funding_adds_up_to_the_saving)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
