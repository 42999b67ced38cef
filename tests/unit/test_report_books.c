/* What a report keeps step by step: limits and stores, hours and days, from flows that are made up here and summed by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "rig.h"
#include "study/days.h"
#include "study/limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double MWH = 3.6e9;

static sg_site site;
static sg_report report; /* too large for the stack */
static double *node_w, *store_j, *store_w;
static sg_world_now now;

static void set_up(const char *from, double days)
{
    memset(&report, 0, sizeof report);
    report.site = &site;
    report.step_s = 900;
    report.from_us = rig_time(from);
    report.to_us = report.from_us + llround(days * 86400e6);
}

static int load_site(void **state)
{
    (void)state;
    rig_load("sites/floating.maml.md", "", &site); /* its zone is UTC+1 */
    node_w = calloc((size_t)site.node_count, sizeof *node_w);
    store_j = calloc((size_t)site.device_count[SG_STORE], sizeof *store_j);
    store_w = calloc((size_t)site.device_count[SG_STORE], sizeof *store_w);
    assert_true(node_w && store_j && store_w);
    now = (sg_world_now){
        .grid_up = true, .node_in_w = node_w, .store_j = store_j, .store_w = store_w};
    return 0;
}

static int free_site(void **state)
{
    (void)state;
    free(node_w);
    free(store_j);
    free(store_w);
    sg_site_free(&site);
    return 0;
}

static const sg_report_limit *limit_of(sg_limit_kind kind, const char *id)
{
    for (int k = 0; k < report.limit_count; k++) {
        const sg_report_limit *limit = &report.limit[k];
        if (limit->kind == kind && strcmp(sg_limits_name(&report, limit), id) == 0) {
            return limit;
        }
    }
    fail_msg("no limit of %s", id);
    return NULL;
}

static void step(double dt_s)
{
    report.steps++;
    sg_limits_add(&report, &now, report.from_us + (int64_t)report.steps * 1000000, dt_s);
}

static void the_connection_and_the_fullest_member_count(void **state)
{
    (void)state;
    set_up("2023-06-01", 1);
    sg_limits_start(&report);
    int rack = site.node_groups[rig_node_group(&site, "rack")].first;
    memset(node_w, 0, sizeof *node_w * (size_t)site.node_count);
    now.net_w = 4e6; /* as much as is allowed */
    node_w[rack] = 30e3;
    node_w[rack + 1] = 54e3; /* of 60 kW */
    step(10);
    assert_true(sg_limits_all_met(&report));
    now.net_w = -4.2e6;
    node_w[rack + 1] = 61e3;
    node_w[rack + 2] = 62e3;  /* both over: the time counts once */
    node_w[rack + 3] = -66e3; /* feeding back heats as well */
    step(5);
    node_w[rack + 1] = node_w[rack + 2] = node_w[rack + 3] = 0;
    now.net_w = 0;
    step(100);
    const sg_report_limit *in = limit_of(SG_LIMIT_IMPORT, "grid"),
                          *out = limit_of(SG_LIMIT_EXPORT, "grid"),
                          *node = limit_of(SG_LIMIT_NODE, "rack");
    assert_true(in->worst == 4e6 && in->limit == 4e6 && in->beyond_s == 0);
    assert_true(sg_limits_share(in) == 1.0 && in->worst_us == report.from_us + 1000000);
    assert_true(out->worst == 4.2e6 && out->beyond_s == 5);
    assert_true(node->worst == 66e3 && node->limit == 60e3 && node->beyond_s == 5);
    assert_true(fabs(sg_limits_share(node) - 1.1) < 1e-12);
    assert_int_equal(node->worst_us, report.from_us + 2000000);
    assert_false(sg_limits_all_met(&report));
}

static void a_reserve_is_a_floor_for_giving(void **state)
{
    (void)state;
    set_up("2023-06-01", 1.0 / 24);
    sg_limits_start(&report);
    int group = rig_group(&site, "storage"), store = site.groups[group].first;
    memset(node_w, 0, sizeof *node_w * (size_t)site.node_count);
    now.net_w = 0;
    const sg_report_limit *limit = limit_of(SG_LIMIT_RESERVE, "storage");
    assert_true(fabs(limit->limit - 5 * MWH) < 1); /* 5 % of 100 MWh */
    store_j[store] = 60 * MWH;
    store_w[store] = 3e6;
    step(1800);
    store_j[store] = 4.9 * MWH; /* what is lost at rest */
    store_w[store] = 0;
    step(600);
    now.grid_up = false; /* what it is for */
    store_w[store] = 3e6;
    store_j[store] = 4 * MWH;
    step(600);
    assert_true(limit->beyond_s == 0 && sg_limits_all_met(&report));
    now.grid_up = true;
    step(600);
    assert_true(limit->beyond_s == 600 && limit->worst == 4 * MWH);
    assert_int_equal(limit->worst_us, report.from_us + 3000000);
    store_w[store] = 0;
    sg_report_store *use = &report.store[group];
    use->energy_in_j = 2 * MWH;
    use->energy_out_j = 1 * MWH;
    sg_limits_finish(&report);
    assert_true(use->energy_least_j == 4 * MWH && use->energy_most_j == 60 * MWH);
    double mean = (60 * 1800 + 4.9 * 600 + 4 * 1200) / 3600;
    assert_true(fabs(use->energy_mean_j / MWH - mean) < 1e-9);
    assert_true(use->level_s[6] == 1800 && use->level_s[0] == 1800);
    assert_true(fabs(use->wear_cost - 3000 * 0.02) < 1e-9); /* 0.02 EUR/kWh each way */
}

/* Quarter hours from from_us on: a day's import is its number in kW, stores give on the third day, prices are 1 and 0.5 per kWh. */
static void play(sg_days *days, int steps)
{
    sg_days_start(days, &report);
    for (int i = 0; i < steps; i++) {
        int64_t begins_us = report.from_us + i * INT64_C(900000000);
        int64_t local_us = begins_us + INT64_C(3600000000);
        int day = (int)((local_us - rig_time("2023-06-01")) / SG_US_PER_DAY);
        int hour = (int)(local_us / INT64_C(3600000000) % 24);
        const sg_days_step of = {.end_us = begins_us + INT64_C(900000000),
                                 .dt_s = 900,
                                 .load_w = hour * 1e3,
                                 .generation_w = 5e3,
                                 .net_w = hour == 12 ? -2e3 : (day + 1) * 1e3,
                                 .store_w = day == 2 ? 7e3 : 0,
                                 .import_price = 1 / 3.6e6,
                                 .export_price = 0.5 / 3.6e6};
        sg_days_add(days, &report, &of);
    }
    sg_days_finish(days, &report);
}

static void hours_and_whole_days_are_those_of_the_zone(void **state)
{
    (void)state;
    sg_days days;
    set_up("2023-05-31T23:00:00Z", 4.5); /* midnight of the site's 1 June; four days and a half */
    play(&days, 4 * 96 + 48);
    const sg_report_hours *h = &report.hours;
    assert_int_equal(h->first_day * SG_US_PER_DAY, rig_time("2023-06-01"));
    assert_int_equal(h->columns, 5);
    for (int hour = 0; hour < 24; hour++) {
        double seconds = 3600.0 * (hour < 12 ? 5 : 4);
        assert_true(h->seconds[hour] == seconds);
        assert_true(fabs(h->load_j[hour] - hour * 1e3 * seconds) < 1);
        for (int c = 0; c < 4; c++) {
            double net_w = hour == 12 ? -2e3 : (c + 1) * 1e3;
            assert_true(fabs(h->carpet_j[c][hour] - net_w * 3600) < 1);
        }
        assert_true(h->carpet_s[4][hour] == (hour < 12 ? 3600 : 0));
    }
    /* the half day had more import, but no whole day: the fourth has most, the third the stores */
    assert_string_equal(sg_days_why(&report, 0), "highest import");
    assert_string_equal(sg_days_why(&report, 1), "most work of the stores");
    char name[SG_DAYS_NAME];
    sg_days_name(&report, report.day[0].start_us, name);
    assert_string_equal(name, "2023-06-04");
    sg_days_name(&report, report.day[1].start_us, name);
    assert_string_equal(name, "2023-06-03");
    const sg_report_day *most = &report.day[0];
    assert_true(most->bins == 96 && most->peak_w == 4e3);
    assert_true(fabs(most->import_j - 23 * 4e3 * 3600) < 1 &&
                fabs(most->export_j - 2e3 * 3600) < 1);
    assert_true(fabs(most->energy_cost - (23 * 4 - 2 * 0.5)) < 1e-9);
    assert_true(fabs(report.day[1].store_out_j - 24 * 7e3 * 3600) < 1);
    assert_true(most->load_w[4 * 13 + 2] == 13e3 && most->net_w[4 * 12] == -2e3);
}

static void a_day_with_both_is_shown_once(void **state)
{
    (void)state;
    sg_days days;
    set_up("2023-05-31T23:00:00Z", 3);
    play(&days, 3 * 96);
    assert_string_equal(sg_days_why(&report, 0), "highest import and most work of the stores");
    assert_null(sg_days_why(&report, 1));
}

static void long_periods_put_days_together(void **state)
{
    (void)state;
    sg_days days;
    set_up("2023-05-31T23:00:00Z", 900);
    play(&days, 900 * 96);
    const sg_report_hours *h = &report.hours;
    assert_int_equal(h->days_each, 3);
    assert_int_equal(h->columns, 300);
    for (int c = 0; c < 300; c += 37) {
        assert_true(h->carpet_s[c][7] == 3 * 3600);
        double mean_w = h->carpet_j[c][7] / h->carpet_s[c][7];
        assert_true(fabs(mean_w - (3 * c + 2) * 1e3) < 1e-6); /* of days 3c+1, +2, +3 */
    }
}

static void less_than_a_day_shows_none(void **state)
{
    (void)state;
    sg_days days;
    set_up("2023-06-01T05:00:00Z", 0.75);
    play(&days, 72);
    assert_null(sg_days_why(&report, 0));
    assert_null(sg_days_why(&report, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_connection_and_the_fullest_member_count),
        cmocka_unit_test(a_reserve_is_a_floor_for_giving),
        cmocka_unit_test(hours_and_whole_days_are_those_of_the_zone),
        cmocka_unit_test(a_day_with_both_is_shown_once),
        cmocka_unit_test(long_periods_put_days_together),
        cmocka_unit_test(less_than_a_day_shows_none)};
    return cmocka_run_group_tests(tests, load_site, free_site);
}
