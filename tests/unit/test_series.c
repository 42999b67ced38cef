/* Series: read from files written here, averaged and compared with sums over single seconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"
#include "base/text.h"
#include "base/time.h"
#include "site/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define S    SG_US_PER_S
#define HOUR (INT64_C(3600) * SG_US_PER_S)

static sg_site site;
static sg_diagnostics said;
static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/symgrid-series-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char path[96];
    snprintf(path, sizeof path, "%s/d.csv", folder);
    unlink(path);
    return rmdir(folder);
}

/* Write d.csv, declare the one series `a` over it and read the site. */
static sg_status read_csv(const char *csv, const char *keys)
{
    char path[96], text[1024];
    snprintf(path, sizeof path, "%s/d.csv", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(csv, file);
    fclose(file);
    snprintf(path, sizeof path, "%s/site.yaml", folder);
    snprintf(text, sizeof text,
             "series: {a: {file: d.csv, %s}}\nloads: {it: {rating: 1MW, demand: 1W}}\n", keys);
    return sg_site_parse(path, text, strlen(text), true, &site, &said);
}

static const sg_series *good_csv(const char *csv, const char *keys)
{
    if (read_csv(csv, keys) != SG_OK) {
        print_error("%s:%d: %s\n", said.items[0].file, said.items[0].line, said.items[0].message);
        fail();
    }
    return &site.series[0];
}

static const sg_series *good_text(const char *text)
{
    if (sg_site_parse("s.yaml", text, strlen(text), true, &site, &said) != SG_OK) {
        print_error("%d: %s\n", said.items[0].line, said.items[0].message);
        fail();
    }
    return &site.series[0];
}

static void done(void)
{
    sg_site_free(&site);
    sg_diagnostics_free(&said);
}

static void near(double value, double wanted)
{
    if (!(fabs(value - wanted) <= 1e-9 * (1 + fabs(wanted)))) {
        print_error("%.17g instead of %.17g\n", value, wanted);
        fail();
    }
}

static double mean(const sg_series *s, int64_t from_us, int64_t to_us)
{
    sg_quality quality;
    return sg_series_mean(s, from_us, to_us, &quality);
}

static int64_t at(const char *stamp)
{
    int64_t us = 0;
    assert_int_equal(sg_time_parse(stamp, strlen(stamp), &us), SG_OK);
    return us;
}

/* The series' value at one instant, from its definition. */
static double value_at(const sg_series *s, int64_t us)
{
    int64_t span = s->count * s->step_us, rel = us - s->start_us;
    if (s->repeat) {
        rel = (rel % span + span) % span;
    }
    if (rel < 0) {
        return s->value[0];
    }
    if (rel >= span) {
        return s->value[s->count - 1];
    }
    int64_t i = rel / s->step_us;
    if (!s->linear) {
        return s->value[i];
    }
    double next = i + 1 < s->count ? s->value[i + 1] : s->repeat ? s->value[0] : s->value[i];
    return s->value[i] + (next - s->value[i]) * (double)(rel - i * s->step_us) / (double)s->step_us;
}

/* Midpoints of one-second pieces integrate steps and straight lines exactly where the kinks fall on whole seconds. */
static double slow_mean(const sg_series *s, int64_t from_us, int64_t to_us)
{
    double sum = 0;
    int64_t count = 0;
    for (int64_t us = from_us; us < to_us; us += S, count++) {
        sum += value_at(s, us + S / 2);
    }
    return sum / (double)count;
}

static void means_agree_with_sums_over_single_seconds(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    double value[COUNT], sums[COUNT + 1];
    uint8_t quality[COUNT] = {0};
    for (int kind = 0; kind < 4; kind++) {
        sg_series s = {.id = "a",
                       .start_us = 1000 * S,
                       .step_us = 7 * S,
                       .count = COUNT,
                       .value = value,
                       .cumulative = sums,
                       .quality = quality,
                       .linear = kind & 1,
                       .repeat = kind & 2};
        sums[0] = 0;
        for (int i = 0; i < COUNT; i++) {
            value[i] = 100 * sg_prng_unit(7, (uint64_t)(kind * 100 + i)) - 20;
        }
        for (int i = 0; i < COUNT; i++) {
            sums[i + 1] = sums[i] + 7 * slow_mean(&s, s.start_us + i * s.step_us,
                                                  s.start_us + (i + 1) * s.step_us);
        }
        for (uint64_t i = 0; i < 3000; i++) {
            int64_t from = (int64_t)(sg_prng_u64(8, 2 * i) % 2400) * S,
                    width = (int64_t)(1 + sg_prng_u64(8, 2 * i + 1) % 900) * S;
            near(mean(&s, from, from + width), slow_mean(&s, from, from + width));
        }
    }
}

static void outside_its_span_a_dated_series_holds_and_says_no_data(void **state)
{
    (void)state;
    const sg_series *s =
        good_csv("t,x\n2023-01-01T00:00Z,5\n2023-01-01T01:00Z,7\n2023-01-01T02:00Z,9\n",
                 "time: t, column: x, unit: kW");
    sg_quality quality;
    int64_t start = at("2023-01-01");
    assert_true(s->start_us == start && s->step_us == HOUR && s->count == 3);
    near(sg_series_mean(s, start, start + 3 * HOUR, &quality), 7000);
    assert_int_equal(quality, SG_GOOD);
    near(sg_series_mean(s, start - HOUR, start + HOUR, &quality), 5000);
    assert_int_equal(quality, SG_NO_DATA);
    near(sg_series_mean(s, start + 2 * HOUR, start + 6 * HOUR, &quality), 9000);
    assert_int_equal(quality, SG_NO_DATA);
    near(sg_series_mean(s, start + 90 * HOUR, start + 91 * HOUR, &quality), 9000);
    near(sg_series_mean(s, start - 90 * HOUR, start - 89 * HOUR, &quality), 5000);
    int64_t from_us, to_us;
    assert_int_equal(sg_site_span(&site, &from_us, &to_us), SG_OK);
    assert_true(from_us == start && to_us == start + 3 * HOUR);
    done();
}

static void seconds_make_a_series_that_repeats_from_1970(void **state)
{
    (void)state;
    const sg_series *s = good_csv("t,x\n100,1\n102,2\n104,6\n", "time: t, column: x, repeat: true");
    assert_true(s->start_us == 0 && s->step_us == 2 * S && s->repeat);
    near(mean(s, 0, 6 * S), 3);
    near(mean(s, 6000000 * S + 2 * S, 6000000 * S + 4 * S), 2);
    near(mean(s, -2 * S, 0), 6);
    near(mean(s, 5 * S, 7 * S), 3.5);
    int64_t ignored;
    assert_int_equal(sg_site_span(&site, &ignored, &ignored), SG_MISSING);
    done();
    s = good_csv("h,x\n0,1\n1,2\n2,6\n", "time: h, time_unit: 1h, column: x");
    assert_true(s->step_us == HOUR);
    done();
}

static void local_stamps_count_by_the_offset_given(void **state)
{
    (void)state;
    static const char csv[] = "t,x\n2023-01-01 00:00,1\n2023-01-01 01:00,2\n";
    const sg_series *s = good_csv(csv, "time: t, column: x, timezone: UTC-5");
    assert_true(s->start_us == at("2023-01-01T05:00Z"));
    done();
    s = good_csv(
        csv,
        "time: t, column: x, timezone: UTC-5, stamp: end"); /* stamps at the end of their hour */
    assert_true(s->start_us == at("2023-01-01T04:00Z"));
    done();
    s = good_csv("t,x\n2023-01-01T00:00Z,1\n2023-01-01T01:00Z,2\n",
                 "time: t, column: x, timezone: UTC-5");
    assert_true(s->start_us == at("2023-01-01T00:00Z")); /* a zone in the stamp wins */
    done();
}

static void the_front_matters_zone_is_the_default(void **state)
{
    (void)state;
    const sg_series *s = good_text("timezone: UTC+2\nseries: {a: {daily: [{from: \"00:00\", value: "
                                   "1kW}, {from: \"12:00\", value: 3kW}]}}\n");
    near(mean(s, at("2023-06-01T09:59Z"), at("2023-06-01T10:00Z")), 1000); /* 12:00 local */
    near(mean(s, at("2023-06-01T10:00Z"), at("2023-06-01T10:01Z")), 3000);
    done();
}

static void a_daily_schedule_wraps_around_midnight(void **state)
{
    (void)state;
    const sg_series *s = good_text("series: {a: {daily: [{from: \"07:00\", value: 0.30 EUR/kWh}, "
                                   "{from: \"22:30\", value: 0.10 EUR/kWh}]}}\n");
    assert_int_equal(s->count, 96);
    near(mean(s, at("2023-06-01T00:00Z"), at("2023-06-01T07:00Z")) * 3.6e6, 0.10);
    near(mean(s, at("2023-06-01T07:00Z"), at("2023-06-01T22:30Z")) * 3.6e6, 0.30);
    near(mean(s, at("2023-06-01T22:30Z"), at("2023-06-02T07:00Z")) * 3.6e6, 0.10);
    near(mean(s, at("2023-06-01T00:00Z"), at("2023-06-08T00:00Z")) * 3.6e6,
         (15.5 * 0.30 + 8.5 * 0.10) / 24);
    assert_string_equal(site.currency, "EUR");
    done();
    s = good_text("series: {a: {unit: kW, daily: [{from: \"00:00\", value: 1}, {from: \"07:01\", "
                  "value: 2}]}}\n");
    assert_int_equal(s->count, 1440);
    near(mean(s, at("2023-06-01T07:00Z"), at("2023-06-01T07:02Z")), 1500);
    done();
}

static void a_calendar_series_plays_in_every_year(void **state)
{
    (void)state;
    sg_out csv = {0};
    sg_out_text(&csv, "t,x\n");
    for (int day = 0; day < 365;
         day++) { /* the day's number from 1, local midnight to midnight at UTC-5 */
        char stamp[SG_TIME_TEXT];
        sg_time_format(at("2022-01-01") + day * SG_US_PER_DAY, stamp);
        stamp[10] = '\0';
        sg_out_format(&csv, "%s,%d\n", stamp, day + 1);
    }
    const sg_series *s = good_csv(csv.text, "time: t, column: x, align: calendar, timezone: UTC-5");
    assert_int_equal(s->calendar_year, 2022);
    sg_quality quality;
    near(sg_series_mean(s, at("2031-01-01T05:00Z"), at("2031-01-02T05:00Z"), &quality), 1);
    assert_int_equal(quality, SG_GOOD);
    near(mean(s, at("2031-12-31T05:00Z"), at("2031-12-31T06:00Z")), 365);
    near(mean(s, at("2031-01-01T00:00Z"), at("2031-01-01T05:00Z")), 365); /* New Year's Eve local */
    near(mean(s, at("2024-02-29T12:00Z"), at("2024-02-29T13:00Z")),
         59); /* plays 28 February again */
    near(mean(s, at("2024-03-01T12:00Z"), at("2024-03-01T13:00Z")), 60);
    near(mean(s, at("2031-12-31T05:00Z"), at("2032-01-02T05:00Z")), 183);
    done();
    sg_out_free(&csv);
}

static void calendar_data_of_one_winter_run_over_new_year(void **state)
{
    (void)state;
    sg_out csv = {0};
    sg_out_text(&csv, "t,x\n");
    for (int day = 0; day < 90; day++) { /* 1 December 2022 is 1 */
        char stamp[SG_TIME_TEXT];
        sg_time_format(at("2022-12-01") + day * SG_US_PER_DAY, stamp);
        sg_out_format(&csv, "%s,%d\n", stamp, day + 1);
    }
    const sg_series *s = good_csv(csv.text, "time: t, column: x, align: calendar");
    sg_quality quality;
    near(sg_series_mean(s, at("2030-12-31"), at("2030-12-31T12:00Z"), &quality), 31);
    assert_int_equal(quality, SG_GOOD);
    near(sg_series_mean(s, at("2031-02-01"), at("2031-02-02"), &quality), 63);
    assert_int_equal(quality, SG_GOOD);
    sg_series_mean(s, at("2031-07-01"), at("2031-07-02"), &quality);
    assert_int_equal(quality, SG_NO_DATA);
    done();
    sg_out_free(&csv);
}

static void a_typical_year_has_month_day_and_hour(void **state)
{
    (void)state;
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    sg_out csv = {0};
    sg_out_text(&csv, "month,day,hour,x\n");
    for (int m = 0; m < 12; m++) {
        for (int d = 1; d <= days[m]; d++) {
            for (int h = 1; h <= 24; h++) { /* hour ending */
                sg_out_format(&csv, "%d,%d,%d,%d\n", m + 1, d, h, (m + 1) * 10000 + d * 100 + h);
            }
        }
    }
    const sg_series *s = good_csv(csv.text, "time: [month, day, hour], column: x, timezone: UTC-8");
    assert_int_equal(s->count, 8760);
    near(mean(s, at("2029-03-04T12:00-08:00"), at("2029-03-04T13:00-08:00")), 30413);
    near(mean(s, at("2029-12-31T23:00-08:00"), at("2030-01-01T00:00-08:00")), 123124);
    near(mean(s, at("2029-01-01T00:00-08:00"), at("2029-01-01T01:00-08:00")), 10101);
    done();
    sg_out_free(&csv);
}

static const char GAPPY[] =
    "t,x\n2023-01-01T00:00Z,10\n2023-01-01T01:00Z,\n2023-01-01T02:00Z,nan\n"
    "2023-01-01T04:00Z,50\n2023-01-01T05:00Z,60\n2023-01-01T06:00Z,\n2023-01-01T07:00Z,80\n"
    "2023-01-01T08:00Z,80\n2023-01-01T09:00Z,80\n";

static void gaps_are_filled_by_the_rule_and_marked(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        double value[10];
    } rules[] = {
        {"time: t, column: x", {10, 10, 10, 10, 50, 60, 60, 80, 80, 80}},
        {"time: t, column: x, gaps: hold", {10, 10, 10, 10, 50, 60, 60, 80, 80, 80}},
        {"time: t, column: x, gaps: linear", {10, 20, 30, 40, 50, 60, 70, 80, 80, 80}},
        {"time: t, column: x, gaps: zero", {10, 0, 0, 0, 50, 60, 0, 80, 80, 80}},
    };
    for (size_t r = 0; r < sizeof rules / sizeof rules[0]; r++) {
        const sg_series *s = good_csv(GAPPY, rules[r].keys);
        assert_int_equal(s->count, 10);
        for (int i = 0; i < 10; i++) {
            near(s->value[i], rules[r].value[i]);
            bool filled = (i >= 1 && i <= 3) || i == 6;
            assert_int_equal(s->quality[i], filled ? SG_SUSPECT : SG_GOOD);
        }
        assert_int_equal(said.warnings, 1);
        assert_non_null(strstr(said.items[0].message, "4 of 10 values"));
        assert_non_null(strstr(said.items[0].message, "longest gap 3 h"));
        sg_quality quality;
        int64_t start = s->start_us;
        sg_series_mean(s, start + HOUR, start + 2 * HOUR, &quality);
        assert_int_equal(quality, SG_SUSPECT);
        sg_series_mean(s, start + 4 * HOUR, start + 6 * HOUR, &quality);
        assert_int_equal(quality, SG_GOOD);
        done();
    }
}

static void gaps_too_long_or_forbidden_are_errors_with_their_line(void **state)
{
    (void)state;
    assert_int_equal(read_csv(GAPPY, "time: t, column: x, gaps: error"), SG_FORMAT);
    assert_int_equal(said.items[0].line, 3);
    done();
    assert_int_equal(read_csv(GAPPY, "time: t, column: x, max_gap: 2h"), SG_FORMAT);
    assert_int_equal(said.items[0].line, 3);
    assert_non_null(strstr(said.items[0].message, "a gap of 3 h"));
    done();
    good_csv(GAPPY, "time: t, column: x, max_gap: 3h");
    done();
}

static void units_scale_and_offset_lead_to_si(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        double value; /* of a raw 10 */
    } units[] = {
        {"unit: kW", 1e4},
        {"unit: EUR/MWh", 10 / 3.6e9},
        {"unit: g/kWh", 0.01 / 3.6e6},
        {"unit: degC", 10},
        {"unit: psu", 10},
        {"unit: \"%\"", 0.1},
        {"unit: km/h", 10 / 3.6},
        {"unit: W/m2", 10},
        {"unit: kW, scale: 4", 4e4},
        {"unit: kW, offset: -3", 7e3},
        {"unit: degC, scale: 0.1, offset: 5", 6},
        {"scale: 0.01", 0.1},
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        char keys[128];
        snprintf(keys, sizeof keys, "time: t, column: x, %s", units[i].keys);
        const sg_series *s = good_csv("t,x\n0,10\n1,10\n2,10\n", keys);
        assert_true(fabs(s->value[1] / units[i].value - 1) < 1e-14);
        done();
    }
}

static void one_entry_makes_many_series(void **state)
{
    (void)state;
    const sg_series *s = good_csv(
        "run,t,n_01_w,n_02_w\r\n1,0,1,2\r\n1,2,3,4\r\n2,0,5,6\r\n2,2,7,8\r\n2,4,\"9\",10\r\n",
        "time: t, column: \"n_{n:02}_w\", count: 2, unit: W, where: {run: 2}, between: linear");
    assert_int_equal(site.series_count, 2);
    assert_string_equal(s[0].id, "a-1");
    assert_string_equal(s[1].id, "a-2");
    assert_int_equal(s[0].count, 3);
    near(s[0].value[2], 9);
    near(s[1].value[0], 6);
    near(mean(&s[0], 0, 4 * S), 7);
    near(mean(&s[0], 4 * S, 6 * S), 7); /* back from 9 to 5 */
    done();
}

static void rows_near_the_grid_are_moved_to_it(void **state)
{
    (void)state;
    const sg_series *s =
        good_csv("t,x\n0,1\n60,2\n121,3\n180,4\n240,5\n300,6\n", "time: t, column: x");
    assert_int_equal(s->count, 6);
    near(s->value[2], 3);
    assert_non_null(strstr(said.items[0].message, "1 of 6 rows"));
    done();
}

static void every_faulty_row_is_named_with_its_line(void **state)
{
    (void)state;
    assert_int_equal(
        read_csv("t,x\n0,1\n1,two\n2,3\n3\n4,1e\n5,1\n6,x\n7,x\n", "time: t, column: x"),
        SG_FORMAT);
    static const int lines[] = {3, 5, 6, 0};
    assert_int_equal(said.count, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(said.items[i].line, lines[i]);
    }
    assert_non_null(strstr(said.items[3].message, "2 more"));
    done();
}

/* A plain second reading of a real file: the mean of its second column. */
static void a_year_of_prices_has_the_mean_of_its_file(void **state)
{
    (void)state;
    static const char name[] = "data/prices/DE-LU_2023.csv";
    FILE *file = fopen(name, "r");
    if (!file) {
        skip();
    }
    char line[256];
    double sum = 0, price;
    int rows = 0;
    while (fgets(line, sizeof line, file)) {
        const char *comma = strchr(line, ',');
        if (comma && sscanf(comma + 1, "%lf", &price) == 1) {
            sum += price;
            rows++;
        }
    }
    fclose(file);
    char text[256];
    snprintf(text, sizeof text,
             "series: {a: {file: %s, time: time_utc, column: price_eur_mwh, unit: EUR/MWh}}\n",
             name);
    const sg_series *s = good_text(text);
    assert_int_equal(rows, 8760);
    near(mean(s, at("2023-01-01"), at("2024-01-01")) * 3.6e9, sum / rows);
    done();
}

static void a_file_of_35_thousand_rows_loads_quickly(void **state)
{
    (void)state;
    sg_out csv = {0};
    sg_out_text(&csv, "time,x,y\n");
    for (int i = 0; i < 35040; i++) {
        char stamp[SG_TIME_TEXT];
        sg_time_format(at("2023-01-01") + i * 900 * S, stamp);
        sg_out_format(&csv, "%s,%.3f,17\n", stamp, 100 + 50 * sin(i * 0.01));
    }
    struct timespec began, ended;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &began);
    const sg_series *s = good_csv(csv.text, "time: time, column: x, unit: kW");
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
    double spent_s =
        (double)(ended.tv_sec - began.tv_sec) + 1e-9 * (double)(ended.tv_nsec - began.tv_nsec);
    assert_int_equal(s->count, 35040);
    print_message("35040 rows in %.1f ms\n", spent_s * 1e3);
    assert_true(spent_s < 1); /* about 5 ms in a release build; a quadratic reader takes minutes */
    done();
    sg_out_free(&csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_agree_with_sums_over_single_seconds),
        cmocka_unit_test(outside_its_span_a_dated_series_holds_and_says_no_data),
        cmocka_unit_test(seconds_make_a_series_that_repeats_from_1970),
        cmocka_unit_test(local_stamps_count_by_the_offset_given),
        cmocka_unit_test(the_front_matters_zone_is_the_default),
        cmocka_unit_test(a_daily_schedule_wraps_around_midnight),
        cmocka_unit_test(a_calendar_series_plays_in_every_year),
        cmocka_unit_test(calendar_data_of_one_winter_run_over_new_year),
        cmocka_unit_test(a_typical_year_has_month_day_and_hour),
        cmocka_unit_test(gaps_are_filled_by_the_rule_and_marked),
        cmocka_unit_test(gaps_too_long_or_forbidden_are_errors_with_their_line),
        cmocka_unit_test(units_scale_and_offset_lead_to_si),
        cmocka_unit_test(one_entry_makes_many_series),
        cmocka_unit_test(rows_near_the_grid_are_moved_to_it),
        cmocka_unit_test(every_faulty_row_is_named_with_its_line),
        cmocka_unit_test(a_year_of_prices_has_the_mean_of_its_file),
        cmocka_unit_test(a_file_of_35_thousand_rows_loads_quickly),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
