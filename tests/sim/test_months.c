/* The table by month adds up to the totals, which the world's books keep by themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(months_add_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
