/* What a report says: every name of symgrid.report/1 with hand-computed numbers, read back by
 * jansson; pages whose tags balance; nothing unescaped; no nan and no inf, whatever is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/control.h"
#include "study/figures.h"
#include "study/plot.h"
#include "study/report.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const sg_kind solar = {.name = "solar", .title = "solar array", .role = SG_SOURCE};
static const sg_kind guess = {
    .name = "quantum", .title = "guess", .role = SG_SOURCE, .hypothetical = true};
static const sg_kind cell = {.name = "battery", .title = "battery", .role = SG_STORE};
static const sg_kind racks = {.name = "load", .title = "load", .role = SG_LOAD};

enum { PV, GUESS, BATTERY, WHEEL, RACKS, GROUPS };

static sg_group groups[GROUPS];
static sg_site site;
static sg_report report; /* too large for the stack */

static const double KWH = 3.6e6;

/* 200 kWh of load over ten hours: 150 from the sun, 80 bought, 20 sold. */
static int set_up(void **state)
{
    (void)state;
    static const sg_group fresh[GROUPS] = {{"pv", &solar, SG_SOURCE, 0, 1, 1},
                                           {"guess", &guess, SG_SOURCE, 1, 1, 2},
                                           {"bat", &cell, SG_STORE, 0, 1, 3},
                                           {"wheel", &cell, SG_STORE, 1, 1, 4},
                                           {"racks", &racks, SG_LOAD, 0, 64, 5}};
    memcpy(groups, fresh, sizeof groups);
    memset(&site, 0, sizeof site);
    site.id = "urn:uuid:1";
    site.title = "Hall";
    site.currency = "EUR";
    site.groups = groups;
    site.group_count = GROUPS;
    memset(&report, 0, sizeof report);
    report.site = &site;
    report.policy = SG_POLICY_MPC;
    report.from_us = INT64_C(1688169600000000); /* 2023-07-01T00:00:00Z */
    report.to_us = report.from_us + INT64_C(36000000000);
    report.step_s = 60.0;
    report.steps = 600;
    report.wall_s = 0.125;
    report.source_j[PV] = 150.0 * KWH;
    report.available_j[PV] = 160.0 * KWH;
    report.demand_j = 205.0 * KWH;
    report.load_j = 200.0 * KWH;
    report.unserved_j = 5.0 * KWH;
    report.curtailed_j = 10.0 * KWH;
    report.import_j = 80.0 * KWH;
    report.export_j = 20.0 * KWH;
    report.losses_j = 4.0 * KWH;
    report.store_loss_j = 3.0 * KWH;
    report.throughput_j = 250.0 * KWH;
    report.balance_error_j = 0.36;
    report.cost = 9.0;
    report.import_cost = 12.0;
    report.export_revenue = 2.5;
    report.wear_cost = 0.25;
    report.demand_charge_cost = 1.5;
    report.fuel_cost = 0.5;
    report.unserved_cost = 0.75;
    report.inventory_credit = 3.5;
    report.baseline_cost = 12.0;
    report.peak_w = 17500.0;
    report.carbon_kg = 30.5;
    report.carbon_credit_kg = 7.25;
    report.downtime_s = 360.0;
    report.overload_s = 12.0;
    report.store[BATTERY] = (sg_report_store){.energy_in_j = 40 * KWH,
                                              .energy_out_j = 36 * KWH,
                                              .cycles = 0.36,
                                              .energy_first_j = 50 * KWH,
                                              .energy_last_j = 51 * KWH,
                                              .capacity_j = 100 * KWH,
                                              .soh_frac = 0.9995,
                                              .wear_cost = 0.25,
                                              .energy_least_j = 20 * KWH,
                                              .energy_most_j = 56 * KWH,
                                              .energy_mean_j = 45 * KWH,
                                              .level_s = {[2] = 9000, [5] = 27000}};
    report.store[WHEEL] = (sg_report_store){.energy_in_j = 2 * KWH,
                                            .energy_out_j = 1 * KWH,
                                            .cycles = 4.0,
                                            .energy_first_j = 0.125 * KWH,
                                            .energy_last_j = 0.125 * KWH,
                                            .capacity_j = 0.25 * KWH,
                                            .soh_frac = (double)NAN};
    report.baseline = (sg_report_baseline){.money = {.import_cost = 14.0,
                                                     .export_revenue = 2.0,
                                                     .carbon_kg = 40.5,
                                                     .carbon_credit_kg = 7.5,
                                                     .curtailed_j = 12.0 * KWH},
                                           .import_j = 95.0 * KWH,
                                           .export_j = 22.0 * KWH,
                                           .peak_w = 21000.0};
    report.limit[0] = (sg_report_limit){.kind = SG_LIMIT_IMPORT,
                                        .limit = 20e3,
                                        .worst = 17e3,
                                        .worst_us = report.from_us + INT64_C(60000000)};
    report.limit[1] = (sg_report_limit){.kind = SG_LIMIT_RESERVE,
                                        .index = BATTERY,
                                        .limit = 25.0 * KWH,
                                        .worst = 20.0 * KWH,
                                        .worst_us = report.to_us,
                                        .beyond_s = 120.0};
    report.limit_count = 2;
    report.forecast_mae_w[0] = 300.0;
    report.persistence_mae_w[0] = 400.0;
    report.forecast_mae_w[1] = 900.0;
    report.persistence_mae_w[1] = 600.0;
    report.command_hash = UINT64_C(0xfedcba9876543210);
    report.note_count = 1;
    snprintf(report.note[0], sizeof report.note[0], "10000 m2 at 22 %% give 2.2 MW, not 4 MW.");
    return 0;
}

/* A trace of `count` bins with one hole, of a length that makes the axis interesting. */
static void add_trace(int count, int64_t bin_us)
{
    sg_trace *trace = &report.trace;
    trace->count = count;
    trace->start_us = report.from_us;
    trace->bin_us = bin_us;
    trace->store_count = 2;
    trace->store_group[0] = BATTERY;
    trace->store_group[1] = WHEEL;
    for (int i = 0; i < count; i++) {
        double x = i / (double)count;
        trace->load_w[i] = 20e3 + 3e3 * sin(40.0 * x);
        trace->generation_w[i] = 30e3 * x;
        trace->import_w[i] = 10e3 * (1.0 - x);
        trace->export_w[i] = 10e3 * x;
        trace->store_w[i] = 5e3 * cos(20.0 * x);
        trace->curtailed_w[i] = x > 0.5 ? 1e3 : 0.0;
        trace->unserved_w[i] = i == 3 ? 500.0 : 0.0;
        trace->import_price[i] = (0.1 + 0.05 * x) / KWH;
        trace->carbon[i] = 0.3 / KWH;
        trace->energy_j[0][i] = 50.0 * KWH * (1.0 + x);
        trace->energy_j[1][i] = 0.1 * KWH;
    }
    trace->load_w[count / 2] = (double)NAN;
}

static json_t *json_of(const sg_report *of)
{
    sg_out out = {0};
    json_error_t error;
    sg_report_json(of, &out);
    assert_false(out.failed);
    json_t *root = json_loadb(out.text, out.length, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        fail_msg("not JSON at %d: %s\n%s", error.position, error.text, out.text);
    }
    sg_out_free(&out);
    return root;
}

/* "stores.bat.cycles" from the root. */
static json_t *look_up(json_t *root, const char *path)
{
    char copy[128];
    snprintf(copy, sizeof copy, "%s", path);
    json_t *at = root;
    for (char *rest = NULL, *part = strtok_r(copy, ".", &rest); part;
         part = strtok_r(NULL, ".", &rest)) {
        at = json_object_get(at, part);
        if (!at) {
            fail_msg("no %s in the report", path);
        }
    }
    return at;
}

static void expect_number(json_t *root, const char *path, double wanted)
{
    json_t *value = look_up(root, path);
    if (!json_is_number(value) ||
        fabs(json_number_value(value) - wanted) > 1e-12 * (1.0 + fabs(wanted))) {
        fail_msg("%s is %.17g, expected %.17g", path, json_number_value(value), wanted);
    }
}

static void expect_text(json_t *root, const char *path, const char *wanted)
{
    json_t *value = look_up(root, path);
    assert_true(json_is_string(value));
    assert_string_equal(json_string_value(value), wanted);
}

static void expect_null(json_t *root, const char *path)
{
    if (!json_is_null(look_up(root, path))) {
        fail_msg("%s is not null", path);
    }
}

static void json_has_every_name_with_its_number(void **state)
{
    (void)state;
    json_t *root = json_of(&report), *m = look_up(root, "metrics");
    static const struct {
        const char *name;
        double value;
    } numbers[] = {{"energy_kwh.pv", 150},
                   {"energy_kwh.guess", 0},
                   {"available_kwh.pv", 160},
                   {"demand_kwh", 205},
                   {"load_kwh", 200},
                   {"unserved_kwh", 5},
                   {"curtailed_kwh", 10},
                   {"import_kwh", 80},
                   {"export_kwh", 20},
                   {"losses_kwh", 4},
                   {"store_loss_kwh", 3},
                   {"throughput_kwh", 250},
                   {"balance_error_kwh", 1e-7},
                   {"cost", 9},
                   {"import_cost", 12},
                   {"demand_charge_cost", 1.5},
                   {"fuel_cost", 0.5},
                   {"wear_cost", 0.25},
                   {"unserved_cost", 0.75},
                   {"inventory_credit", 3.5},
                   {"baseline_cost", 12},
                   {"saving", 3},
                   {"saving_frac", 0.25},
                   {"revenue.export", 2.5},
                   {"peak_kw", 17.5},
                   {"surplus_frac", -0.25},
                   {"self_sufficiency_frac", 0.6},
                   {"carbon_kg", 30.5},
                   {"carbon_credit_kg", 7.25},
                   {"uptime_frac", 0.99},
                   {"downtime_s", 360},
                   {"overload_s", 12},
                   {"stores.bat.cycles", 0.36},
                   {"stores.bat.energy_in_kwh", 40},
                   {"stores.bat.energy_out_kwh", 36},
                   {"stores.bat.energy_first_kwh", 50},
                   {"stores.bat.energy_last_kwh", 51},
                   {"stores.bat.capacity_kwh", 100},
                   {"stores.bat.soh_frac", 0.9995},
                   {"stores.wheel.cycles", 4},
                   {"forecast.load.mae_kw", 0.3},
                   {"forecast.load.persistence_mae_kw", 0.4},
                   {"forecast.load.skill_vs_persistence", 0.25},
                   {"forecast.generation.mae_kw", 0.9},
                   {"forecast.generation.persistence_mae_kw", 0.6},
                   {"forecast.generation.skill_vs_persistence", -0.5},
                   {"stores.bat.wear_cost", 0.25},
                   {"stores.bat.energy_least_kwh", 20},
                   {"stores.bat.energy_most_kwh", 56},
                   {"stores.bat.energy_mean_kwh", 45},
                   {"baseline.import_cost", 14},
                   {"baseline.export_revenue", 2},
                   {"baseline.import_kwh", 95},
                   {"baseline.export_kwh", 22},
                   {"baseline.curtailed_kwh", 12},
                   {"baseline.peak_kw", 21},
                   {"baseline.carbon_kg", 40.5},
                   {"baseline.carbon_credit_kg", 7.5},
                   {"carbon_saving_kg", 10},
                   {"carbon_saving_frac", 10 / 40.5},
                   {"steps", 600},
                   {"wall_s", 0.125}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        expect_number(m, numbers[i].name, numbers[i].value);
    }
    expect_null(m, "stores.wheel.soh_frac");
    expect_text(m, "command_hash", "fedcba9876543210");
    expect_text(root, "format", "symgrid.report/1");
    expect_text(root, "site.id", "urn:uuid:1");
    expect_text(root, "site.title", "Hall");
    expect_text(root, "site.currency", "EUR");
    expect_text(root, "policy", "mpc");
    expect_text(root, "from", "2023-07-01T00:00:00Z");
    expect_text(root, "to", "2023-07-01T10:00:00Z");
    expect_number(root, "step_s", 60);
    assert_int_equal(json_array_size(look_up(root, "notes")), 1);
    assert_string_equal(json_string_value(json_array_get(look_up(root, "notes"), 0)),
                        report.note[0]);
    json_decref(root);
}

static void limits_say_how_near_they_were(void **state)
{
    (void)state;
    json_t *root = json_of(&report), *limits = look_up(root, "limits");
    assert_int_equal(json_array_size(limits), 2);
    json_t *first = json_array_get(limits, 0), *second = json_array_get(limits, 1);
    expect_text(first, "kind", "import");
    expect_text(first, "id", "grid");
    expect_number(first, "limit_kw", 20);
    expect_number(first, "most_kw", 17);
    expect_number(first, "used_frac", 0.85);
    expect_number(first, "beyond_s", 0);
    expect_text(first, "at", "2023-07-01T00:01:00Z");
    expect_text(second, "kind", "reserve");
    expect_text(second, "id", "bat");
    expect_number(second, "reserve_kwh", 25);
    expect_number(second, "least_kwh", 20);
    expect_null(second, "used_frac");
    expect_number(second, "beyond_s", 120);
    json_t *levels = look_up(root, "metrics.stores.bat.level_time_frac");
    assert_true(fabs(json_number_value(json_array_get(levels, 2)) - 0.25) < 1e-12);
    assert_true(fabs(json_number_value(json_array_get(levels, 5)) - 0.75) < 1e-12);
    json_decref(root);
}

static char *sentence(void)
{
    static sg_out out;
    sg_out_clear(&out);
    sg_report_sentence(&report, &out);
    return out.text;
}

static void the_sentence_says_what_happened(void **state)
{
    (void)state;
    report.to_us = report.from_us + 2 * INT64_C(86400000000);
    assert_string_equal(sentence(),
                        "Hall: 2 days cost 9.00 EUR, 3.00 EUR (25.0 %) less than with the "
                        "stores left alone; what it bought came with 30.5 kg of "
                        "CO\xE2\x82\x82, 24.7 % less; 5.00 kWh of load was not served, and a "
                        "limit was not kept.");
    report.unserved_j = report.downtime_s = report.overload_s = report.limit[1].beyond_s = 0.0;
    report.cost = 15.0;
    report.carbon_kg = 81.0;
    assert_string_equal(sentence(),
                        "Hall: 2 days cost 15.00 EUR, 3.00 EUR (25.0 %) more than with the "
                        "stores left alone; what it bought came with 81.0 kg of "
                        "CO\xE2\x82\x82, 100.0 % more; all load was served and every limit "
                        "was kept.");
    report.carbon_kg = 0.0;
    report.cost = -5.0;
    report.baseline_cost = -4.0;
    assert_string_equal(sentence(),
                        "Hall: 2 days earned 5.00 EUR, 1.00 EUR more than with the stores left "
                        "alone; all load was served and every limit was kept.");
    report.cost = -3.0;
    assert_non_null(strstr(sentence(), "earned 3.00 EUR, 1.00 EUR less than"));
    report.trips = 1;
    assert_non_null(strstr(sentence(), "a limit was not kept"));
    report.baseline_cost = (double)NAN;
    assert_null(strstr(sentence(), "stores left alone"));
    report.policy = SG_POLICY_STATIC;
    assert_non_null(strstr(sentence(), "earned 3.00 EUR with the stores left alone;"));
}

static void loads_and_stores_are_not_counted_as_generation(void **state)
{
    (void)state;
    report.source_j[BATTERY] = report.source_j[RACKS] = 1e12;
    json_t *root = json_of(&report);
    expect_number(root, "metrics.surplus_frac", -0.25);
    assert_int_equal(json_object_size(look_up(root, "metrics.energy_kwh")), 2);
    assert_int_equal(json_object_size(look_up(root, "metrics.stores")), 2);
    json_decref(root);
}

static void hypothetical_groups_are_marked(void **state)
{
    (void)state;
    json_t *root = json_of(&report), *marked = look_up(root, "site.hypothetical");
    assert_int_equal(json_array_size(marked), 1);
    assert_string_equal(json_string_value(json_array_get(marked, 0)), "guess");
    json_decref(root);
    sg_out out = {0};
    sg_report_table(&report, &out);
    assert_non_null(strstr(out.text, "guess (hypothetical)"));
    sg_out_clear(&out);
    sg_report_html(&report, &out);
    assert_non_null(strstr(out.text, "hypothetical"));
    sg_out_free(&out);
}

static void saving_against_no_baseline_is_null(void **state)
{
    (void)state;
    report.baseline_cost = (double)NAN;
    json_t *root = json_of(&report);
    expect_null(root, "metrics.baseline_cost");
    expect_null(root, "metrics.saving");
    expect_null(root, "metrics.saving_frac");
    json_decref(root);
}

static void saving_against_a_baseline_that_earns_is_absolute_only(void **state)
{
    (void)state;
    report.baseline_cost = -4.0;
    report.cost = -6.5;
    json_t *root = json_of(&report);
    expect_number(root, "metrics.saving", 2.5);
    expect_null(root, "metrics.saving_frac");
    json_decref(root);
}

static void self_sufficiency_never_leaves_zero_to_one(void **state)
{
    (void)state;
    report.import_j = 300.0 * KWH;
    json_t *root = json_of(&report);
    expect_number(root, "metrics.self_sufficiency_frac", 0.0);
    json_decref(root);
    report.import_j = 0.0;
    root = json_of(&report);
    expect_number(root, "metrics.self_sufficiency_frac", 1.0);
    json_decref(root);
}

/* ---- pages ---- */

static bool is_void_tag(const char *name)
{
    static const char *const names[] = {"meta", "br", "hr", "img", "link", "input"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* NULL, or what is wrong: tags must nest, attributes must be quoted, `<` must not stand in text. */
static const char *page_fault(const char *at)
{
    static char stack[64][16];
    int depth = 0;
    while ((at = strchr(at, '<'))) {
        if (strncmp(at, "<!DOCTYPE html>", 15) == 0) {
            at += 15;
            continue;
        }
        bool closing = *++at == '/';
        at += closing;
        char name[16] = "";
        size_t length = 0;
        while (isalnum((unsigned char)at[length]) && length < sizeof name - 1) {
            name[length] = at[length];
            length++;
        }
        if (length == 0) {
            return "a < that starts no tag";
        }
        at += length;
        bool quoted = false, closed = false;
        for (; *at && (quoted || *at != '>'); at++) {
            quoted ^= *at == '"';
            closed = !quoted && *at == '/';
            if (*at == '<') {
                return "a < inside a tag";
            }
            if (!quoted && *at == '=' && at[1] != '"') {
                return "an attribute without quotes";
            }
        }
        if (!*at) {
            return "a tag without its end";
        }
        if (closing) {
            if (depth == 0 || strcmp(stack[--depth], name) != 0) {
                return "an end tag that closes nothing";
            }
        } else if (!closed && !is_void_tag(name)) {
            if (depth == 64) {
                return "too deep";
            }
            memcpy(stack[depth++], name, sizeof name);
        }
    }
    return depth == 0 ? NULL : "an element without its end tag";
}

/* "nan" or "inf" as a word of its own, as printf would write them. */
static bool has_not_a_number(const char *text)
{
    static const char *const words[] = {"nan", "inf", "NaN", "Infinity"};
    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
        size_t length = strlen(words[w]);
        for (const char *at = text; (at = strstr(at, words[w])); at += length) {
            if ((at == text || !isalpha((unsigned char)at[-1])) &&
                !isalpha((unsigned char)at[length])) {
                return true;
            }
        }
    }
    return false;
}

static void the_checkers_of_this_test_can_fail(void **state)
{
    (void)state;
    assert_null(
        page_fault("<!DOCTYPE html><p class=\"a\">x<br>y</p><svg><path d=\"M0 0\"/></svg>"));
    assert_non_null(page_fault("<p><b>x</p></b>"));
    assert_non_null(page_fault("<p>"));
    assert_non_null(page_fault("</p>"));
    assert_non_null(page_fault("<p>1 < 2</p>"));
    assert_non_null(page_fault("<p class=a></p>"));
    assert_non_null(page_fault("<p title=\"a<b\"></p>"));
    assert_true(has_not_a_number("x=\"-nan\""));
    assert_true(has_not_a_number("inf kWh"));
    assert_false(has_not_a_number("finance in information"));
}

static void expect_sound_page(const sg_out *out)
{
    const char *fault = page_fault(out->text);
    if (fault) {
        fail_msg("the page has %s", fault);
    }
    assert_false(has_not_a_number(out->text));
    assert_null(strstr(out->text, "<script"));
    assert_null(strstr(out->text, "http://"));
    assert_null(strstr(out->text, "https://"));
}

static int count_of(const char *text, const char *what)
{
    int count = 0;
    for (; (text = strstr(text, what)); text += strlen(what)) {
        count++;
    }
    return count;
}

static void page_is_whole_for_a_day_a_season_and_ten_years(void **state)
{
    (void)state;
    static const int64_t spans_s[] = {600, 86400, 14 * 86400, 90 * 86400, INT64_C(3650) * 86400};
    for (int i = 0; i < 5; i++) {
        add_trace(96, spans_s[i] * 1000000 / 96);
        sg_out out = {0};
        sg_report_html(&report, &out);
        assert_false(out.failed);
        expect_sound_page(&out);
        assert_int_equal(count_of(out.text, "<figure "), 6);
        sg_out_free(&out);
    }
}

/* The day with each hour as one bin; net import of each hour h is h kW. */
static void add_days(int columns)
{
    sg_report_hours *hours = &report.hours;
    hours->columns = columns;
    hours->days_each = 1;
    hours->first_day = 19539;
    for (int h = 0; h < 24; h++) {
        hours->seconds[h] = 3600.0 * columns;
        for (int c = 0; c < columns && c < SG_CARPET_MAX; c++) {
            hours->carpet_s[c][h] = 3600.0;
            hours->carpet_j[c][h] = (h - 11.5) * KWH;
        }
    }
    sg_report_day *day = &report.day[1];
    day->start_us = report.from_us;
    day->bins = 24;
    day->store_out_j = 5.0 * KWH;
    for (int h = 0; h < 24; h++) {
        day->net_w[h] = h * 1e3;
    }
}

static void days_are_drawn_in_shades(void **state)
{
    (void)state;
    add_trace(96, 1800 * INT64_C(1000000));
    add_days(2);
    sg_out out = {0};
    sg_report_html(&report, &out);
    expect_sound_page(&out);
    /* of at most 11.5 kW the shades end at 0.46, 1.84, 4.14, 7.36 and 11.5; the hours of 0.5, 1.5, .. 11.5 kW among them: */
    static const int hours[] = {0, 2, 2, 3, 5};
    for (int s = 1, from = 12; s <= 5; from += hours[s - 1], s++) {
        char path[64];
        snprintf(path, sizeof path, "<path class=\"buy s%d\" d=\"M0.5 %dv%dM1.5 %dv%d\"/>", s, from,
                 hours[s - 1], from, hours[s - 1]);
        if (hours[s - 1] > 0 ? !strstr(out.text, path) : strstr(out.text, "buy s1\" d=") != NULL) {
            fail_msg("shade %d is not %s", s, path);
        }
    }
    assert_non_null(strstr(out.text, "2023-07-01: most work of the stores"));
    sg_out_free(&out);
}

static void a_line_of_csv_is_one_field_whatever_it_says(void **state)
{
    (void)state;
    site.title = "Hall, \"north\"\n2";
    sg_out out = {0};
    sg_report_csv(&report, &out);
    assert_false(out.failed);
    assert_non_null(strstr(out.text, "all,site.title,\"Hall, \"\"north\"\"\n2\"\r\n"));
    assert_non_null(strstr(out.text, "\r\nall,cost,9\r\n"));
    assert_non_null(strstr(out.text, "\r\nall,stores.wheel.soh_frac,\r\n"));
    sg_out_free(&out);
}

static void page_of_a_year_names_its_months(void **state)
{
    (void)state;
    report.from_us = INT64_C(1672531200000000); /* 2023-01-01 */
    add_trace(365, INT64_C(86400000000));
    sg_out out = {0};
    sg_report_html(&report, &out);
    assert_non_null(strstr(out.text, ">Feb 2023</text>"));
    assert_non_null(strstr(out.text, ">Dec 2023</text>"));
    assert_null(strstr(out.text, "2024"));
    sg_out_free(&out);
}

static void a_curve_breaks_where_a_value_is_unknown(void **state)
{
    (void)state;
    double value[6] = {1, 2, (double)NAN, 4, 5, 6};
    sg_plot plot = {
        .title = "t", .unit = "kW", .bin_us = 1000000, .count = 6, .curve_count = 1, .height = 100};
    plot.curve[0] = (sg_plot_curve){"c", "load", value, NULL, 1.0, false};
    sg_out out = {0};
    sg_plot_svg(&plot, &out);
    const char *path = strstr(out.text, "<path class=\"curve load\" d=\"");
    assert_non_null(path);
    assert_int_equal(count_of(path, "M"), 2);
    assert_int_equal(count_of(path, "L"), 3);
    sg_out_free(&out);
}

static void an_all_zero_report_says_nothing_false(void **state)
{
    (void)state;
    static sg_report zero;
    memset(&zero, 0, sizeof zero);
    for (int with_site = 0; with_site < 2; with_site++) {
        zero.site = with_site ? &site : NULL;
        json_t *root = json_of(&zero);
        expect_null(root, "metrics.surplus_frac");
        expect_null(root, "metrics.self_sufficiency_frac");
        expect_null(root, "metrics.uptime_frac");
        expect_null(root, "metrics.saving_frac");
        expect_null(root, "metrics.forecast.load.skill_vs_persistence");
        expect_number(root, "metrics.saving", 0.0);
        json_decref(root);
        sg_out out = {0};
        sg_report_html(&zero, &out);
        expect_sound_page(&out);
        sg_out_clear(&out);
        sg_report_table(&zero, &out);
        assert_false(has_not_a_number(out.text));
        sg_out_free(&out);
    }
}

static void infinities_and_nans_in_the_sums_do_not_show(void **state)
{
    (void)state;
    add_trace(10, 1000000);
    report.trace.import_w[4] = (double)INFINITY;
    report.trace.generation_w[0] = -(double)INFINITY;
    report.load_j = report.cost = report.peak_w = report.store[BATTERY].cycles = (double)NAN;
    report.source_j[PV] = report.carbon_kg = report.step_s = report.baseline_cost =
        (double)INFINITY;
    json_decref(json_of(&report));
    sg_out out = {0};
    sg_report_html(&report, &out);
    expect_sound_page(&out);
    sg_out_clear(&out);
    sg_report_table(&report, &out);
    assert_false(has_not_a_number(out.text));
    sg_out_free(&out);
}

static void hostile_texts_stay_texts(void **state)
{
    (void)state;
    static const char evil[] = "</title><script>alert(1)</script>\"'&\x1b[31m\n";
    site.title = evil;
    site.id = evil;
    site.currency = "<i>";
    groups[PV].id = "\"><script>x</script>";
    groups[BATTERY].id = "<svg onload=x>";
    snprintf(report.note[0], sizeof report.note[0], "%s", evil);
    add_trace(24, INT64_C(3600000000));
    json_t *root = json_of(&report);
    expect_text(root, "site.title", evil);
    json_decref(root);
    sg_out out = {0};
    sg_report_html(&report, &out);
    expect_sound_page(&out);
    assert_non_null(strstr(out.text, "&lt;/title&gt;&lt;script&gt;alert(1)"));
    assert_null(strstr(out.text, "<svg onload"));
    assert_null(strstr(out.text, "<i>"));
    sg_out_clear(&out);
    sg_report_table(&report, &out);
    assert_null(strchr(out.text, '\x1b'));
    sg_out_free(&out);
}

static void bands_are_as_tall_as_their_energy(void **state)
{
    (void)state;
    sg_plot_band in[] = {{"a", "", "source", 30.0 * KWH},
                         {"none", "", "source", 0.0},
                         {"b", "", "grid", 70.0 * KWH}};
    sg_plot_band away[14];
    for (int i = 0; i < 14; i++) {
        away[i] = (sg_plot_band){"x", "", "load", (i < 10 ? 8.0 : 2.5) * KWH};
    }
    away[13].energy_j = (double)NAN;
    sg_out out = {0};
    sg_plot_bands(in, 3, away, 14, &out);
    double tall[32], left = 0.0, right = 0.0;
    int count = 0;
    for (const char *at = out.text; (at = strstr(at, "<rect class=\"bar\"")); at++) {
        assert_int_equal(sscanf(strstr(at, "height=\""), "height=\"%lf\"", &tall[count]), 1);
        count++;
    }
    assert_int_equal(count, 2 + SG_PLOT_BAND_MAX);
    left = tall[0] + tall[1];
    for (int i = 2; i < count; i++) {
        right += tall[i];
    }
    assert_true(fabs(left / right - 100.0 / 87.5) < 1e-3);
    assert_true(fabs(tall[0] / tall[1] - 70.0 / 30.0) < 1e-3); /* the larger first */
    assert_non_null(strstr(out.text, "all others"));
    assert_null(strstr(out.text, ">none<"));
    sg_out_free(&out);
}

static void axis_steps_are_round_and_few(void **state)
{
    (void)state;
    assert_true(fabs(sg_plot_step(1.0, 5) - 0.2) < 1e-12);
    assert_true(fabs(sg_plot_step(7.0, 5) - 2.0) < 1e-12);
    assert_true(fabs(sg_plot_step(1200.0, 5) - 250.0) < 1e-9);
    assert_true(fabs(sg_plot_step(100.0, 4) - 25.0) < 1e-9);
    for (double range = 1e-7; range < 1e9; range *= 1.7) {
        double step = sg_plot_step(range, 5);
        assert_true(range / step <= 5.0 + 1e-6);
        assert_true(range / step > 1.9);
    }
}

static void amounts_read_as_people_write_them(void **state)
{
    (void)state;
    char text[SG_FIGURES_TEXT];
    sg_figures_energy(12.34 * 3.6e9, text);
    assert_string_equal(text, "12.3 MWh");
    sg_figures_energy(999.96 * 3.6e6, text);
    assert_string_equal(text, "1.00 MWh");
    sg_figures_energy(0.0, text);
    assert_string_equal(text, "0 kWh");
    sg_figures_power(-845e3, text);
    assert_string_equal(text, "\xE2\x88\x92"
                              "845 kW");
    sg_figures_power((double)NAN, text);
    assert_string_equal(text, "\xE2\x80\x93");
    sg_figures_money(-1234567.891, text);
    assert_string_equal(text, "\xE2\x88\x92"
                              "1\xE2\x80\xAF"
                              "234\xE2\x80\xAF"
                              "567.89");
    sg_figures_money(999.5, text);
    assert_string_equal(text, "999.50");
    sg_figures_money(-0.001, text);
    assert_string_equal(text, "0.00");
    sg_figures_percent(-0.0004, 1, text);
    assert_string_equal(text, "0.0 %");
    sg_figures_percent(0.99987, 3, text);
    assert_string_equal(text, "99.987 %");
    sg_figures_duration(5400.0, text);
    assert_string_equal(text, "1.50 h");
}

static void the_table_shows_the_figures_a_planner_looks_for(void **state)
{
    (void)state;
    sg_out out = {0};
    sg_report_table(&report, &out);
    static const char *const wanted[] = {"Hall",
                                         "policy mpc",
                                         "from pv",
                                         "75.0 % of load",
                                         "200.0 kWh",
                                         "17.5 kW",
                                         "25.00 % of the baseline",
                                         "99.0000 %",
                                         "-50.0 %",
                                         "10000 m2 at 22 % give 2.2 MW, not 4 MW."};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (!strstr(out.text, wanted[i])) {
            fail_msg("no \"%s\" in\n%s", wanted[i], out.text);
        }
    }
    sg_out_free(&out);
}

/* With a file name: write the sample page there, to be looked at. */
int main(int argc, char **argv)
{
    if (argc == 2) {
        set_up(NULL);
        add_trace(480, INT64_C(3600000000));
        sg_out out = {0};
        sg_report_html(&report, &out);
        FILE *file = fopen(argv[1], "wb");
        bool done = file && fwrite(out.text, 1, out.length, file) == out.length;
        done = file && fclose(file) == 0 && done;
        sg_out_free(&out);
        return done ? 0 : 3;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(json_has_every_name_with_its_number, set_up),
        cmocka_unit_test_setup(limits_say_how_near_they_were, set_up),
        cmocka_unit_test_setup(the_sentence_says_what_happened, set_up),
        cmocka_unit_test_setup(days_are_drawn_in_shades, set_up),
        cmocka_unit_test_setup(a_line_of_csv_is_one_field_whatever_it_says, set_up),
        cmocka_unit_test_setup(loads_and_stores_are_not_counted_as_generation, set_up),
        cmocka_unit_test_setup(hypothetical_groups_are_marked, set_up),
        cmocka_unit_test_setup(saving_against_no_baseline_is_null, set_up),
        cmocka_unit_test_setup(saving_against_a_baseline_that_earns_is_absolute_only, set_up),
        cmocka_unit_test_setup(self_sufficiency_never_leaves_zero_to_one, set_up),
        cmocka_unit_test(the_checkers_of_this_test_can_fail),
        cmocka_unit_test_setup(page_is_whole_for_a_day_a_season_and_ten_years, set_up),
        cmocka_unit_test_setup(page_of_a_year_names_its_months, set_up),
        cmocka_unit_test(a_curve_breaks_where_a_value_is_unknown),
        cmocka_unit_test_setup(an_all_zero_report_says_nothing_false, set_up),
        cmocka_unit_test_setup(infinities_and_nans_in_the_sums_do_not_show, set_up),
        cmocka_unit_test_setup(hostile_texts_stay_texts, set_up),
        cmocka_unit_test(bands_are_as_tall_as_their_energy),
        cmocka_unit_test(axis_steps_are_round_and_few),
        cmocka_unit_test(amounts_read_as_people_write_them),
        cmocka_unit_test_setup(the_table_shows_the_figures_a_planner_looks_for, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
