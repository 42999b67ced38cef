/* Settlement: what is bought and sold comes from the meter's registers, interval by interval, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "base/time.h"
#include "settle/meter.h"

#include <math.h>
#include <string.h>

static const double KWH = 3.6e6;

static int64_t at(const char *text)
{
    int64_t time_us = 0;
    assert_int_equal(sg_time_parse(text, strlen(text), &time_us), SG_OK);
    return time_us;
}

static sg_metered reading(double import_kwh, double export_kwh)
{
    return (sg_metered){.import_register_j = import_kwh * KWH,
                        .export_register_j = export_kwh * KWH,
                        .registers_good = true,
                        .import_w_max = 500e3,
                        .export_w_max = 500e3,
                        .import_price = 0.20 / KWH,
                        .export_price = 0.05 / KWH,
                        .carbon_kg_per_j = 0.4 / KWH};
}

static void an_interval_is_the_difference_of_two_register_readings(void **state)
{
    (void)state;
    sg_meter meter;
    sg_meter_init(&meter, 900, 0, 0);
    int64_t start = at("2023-05-01T10:00:00Z");
    sg_metered step = reading(1000, 500);
    assert_true(sg_meter_step(&meter, start, 900, &step)); /* the reading at 10:00 */
    assert_int_equal(meter.last.import_j, 0);
    for (int minute = 1; minute <= 15; minute++) {
        step = reading(1000 + minute * 2.0, 500 + minute * 0.5);
        bool closed = sg_meter_step(&meter, start + minute * 60 * SG_US_PER_S, 60, &step);
        assert_true(closed == (minute == 15));
        if (minute == 7) {
            assert_int_equal(meter.running.import_j, llround(14 * KWH));
        }
    }
    assert_int_equal(meter.last.start_us, start);
    assert_int_equal(meter.last.end_us, start + 900 * SG_US_PER_S);
    assert_int_equal(meter.last.steps, 15);
    assert_int_equal(meter.last.import_j, llround(30 * KWH));
    assert_int_equal(meter.last.export_j, llround(7.5 * KWH));
    assert_int_equal(meter.last.cost_u, 6000000);     /* 30 kWh at 20 ct  */
    assert_int_equal(meter.last.revenue_u, 375000);   /* 7.5 kWh at 5 ct  */
    assert_int_equal(meter.last.carbon_mg, 12000000); /* 30 kWh at 400 g  */
    assert_int_equal(meter.last.carbon_credit_mg, 3000000);
    assert_int_equal(meter.settled_count, 2);
    assert_int_equal(meter.running.steps, 0);
}

static void intervals_lie_on_the_clock_wherever_frames_begin(void **state)
{
    (void)state;
    sg_meter meter;
    sg_meter_init(&meter, 900, 0, 0);
    sg_metered step = reading(0, 0);
    int64_t now = at("2023-05-01T10:07:30Z");
    int closed = 0;
    for (int i = 0; i < 600; i++) { /* steps of 7 s do not divide the quarter hour */
        now += 7 * SG_US_PER_S;
        if (sg_meter_step(&meter, now, 7, &step)) {
            closed++;
            assert_int_equal(meter.last.start_us % (900 * SG_US_PER_S), 0);
            assert_int_equal(meter.last.end_us - meter.last.start_us, 900 * SG_US_PER_S);
            assert_true(now >= meter.last.end_us && now < meter.last.end_us + 7 * SG_US_PER_S);
        }
    }
    assert_int_equal(closed, 5); /* 10:15 to 11:15 lie within 70 minutes of 10:07:30 */
}

/* A step longer than the interval is an interval of its own. */
static void a_step_of_an_hour_settles_hours(void **state)
{
    (void)state;
    sg_meter meter;
    sg_meter_init(&meter, 900, 0, 0);
    int64_t start = at("2023-05-01");
    for (int hour = 1; hour <= 24; hour++) {
        sg_metered step = reading(hour * 10.0, 0);
        assert_true(sg_meter_step(&meter, start + hour * 3600 * SG_US_PER_S, 3600, &step));
        assert_int_equal(meter.last.end_us - meter.last.start_us, 3600 * SG_US_PER_S);
    }
    assert_int_equal(meter.total.import_j, llround(230 * KWH)); /* the first reading only sets it */
    assert_true(meter.peak_w == 10e3);
}

static void a_register_that_runs_backwards_starts_anew(void **state)
{
    (void)state;
    sg_meter meter;
    sg_meter_init(&meter, 900, 0, 0);
    int64_t now = at("2023-05-01");
    static const double kwh[] = {5000, 5003, 5006, 2, 4, 9}; /* replaced by one that reads 2 */
    for (int i = 0; i < 6; i++) {
        now += 900 * SG_US_PER_S;
        sg_metered step = reading(kwh[i], 0);
        sg_meter_step(&meter, now, 900, &step);
    }
    /* 3 + 3 before, nothing across the change, 2 + 5 after */
    assert_int_equal(meter.total.import_j, llround(13 * KWH));
}

/* Frames that overtake each other: what the later one had brought is not counted again. */
static void a_reading_that_was_overtaken_counts_once(void **state)
{
    (void)state;
    sg_meter meter;
    sg_meter_init(&meter, 900, 0, 0);
    int64_t now = at("2023-05-01");
    static const double kwh[] = {100, 101, 103, 102, 104, 103.5, 105};
    for (int i = 0; i < 7; i++) {
        now += 900 * SG_US_PER_S;
        sg_metered step = reading(kwh[i], 0);
        sg_meter_step(&meter, now, 900, &step);
    }
    assert_int_equal(meter.total.import_j, llround(5 * KWH));
}

/* One reading gone wrong by a bit: neither the jump nor the way back is energy. */
static void a_misread_register_is_not_billed(void **state)
{
    (void)state;
    sg_meter meter;
    sg_meter_init(&meter, 900, 12e-3, 0);
    int64_t now = at("2023-05-01");
    for (int quarter = 0; quarter < 12; quarter++) {
        now += 900 * SG_US_PER_S;
        sg_metered step = reading(quarter == 6 ? 4.5e9 : 1000 + quarter, 0);
        sg_meter_step(&meter, now, 900, &step);
        assert_true(meter.last.import_j <= llround(1 * KWH));
    }
    assert_int_equal(meter.total.import_j, llround(9 * KWH)); /* 11 less the two around the slip */
    assert_true(fabs(meter.peak_w - 4e3) < 1e-6);
    /* a jump that a long silence explains is billed: 500 kW could have flowed */
    now += 24 * 3600 * SG_US_PER_S;
    sg_metered step = reading(1011 + 11000, 0);
    sg_meter_step(&meter, now, 900, &step);
    assert_int_equal(meter.last.import_j, llround(11000 * KWH));
}

static void a_silence_is_billed_once_when_it_ends(void **state)
{
    (void)state;
    sg_meter meter;
    sg_meter_init(&meter, 900, 0, 0);
    int64_t now = at("2023-05-01");
    for (int quarter = 0; quarter < 40; quarter++) {
        now += 900 * SG_US_PER_S;
        sg_metered step = reading(100 + quarter, 0);
        if (quarter >= 8 && quarter < 20) { /* three hours without the meter */
            step.registers_good = false;
            step.import_register_j = 1e18;
        }
        assert_true(sg_meter_step(&meter, now, 900, &step));
        if (quarter >= 8 && quarter < 20) {
            assert_int_equal(meter.last.import_j, 0);
            assert_int_equal(meter.last.suspect_steps, 1);
        } else if (quarter == 20) {
            assert_int_equal(meter.last.import_j, llround(13 * KWH));
        }
    }
    assert_int_equal(meter.total.import_j, llround(39 * KWH));
    assert_int_equal(meter.total.suspect_steps, 12);
}

/* 4 kW all the time; the energy of three silent hours arrives in one quarter hour and is no peak. */
static void a_silence_makes_no_peak(void **state)
{
    (void)state;
    sg_meter meter;
    sg_meter_init(&meter, 900, 10e-3, 0);
    int64_t now = at("2023-05-01");
    for (int quarter = 0; quarter < 40; quarter++) {
        now += 900 * SG_US_PER_S;
        sg_metered step = reading(100 + quarter, 0);
        step.registers_good = quarter < 8 || quarter >= 20;
        sg_meter_step(&meter, now, 900, &step);
    }
    assert_true(fabs(meter.peak_w - 4e3) < 1e-6);
    /* nor does a field that sends nothing at all, until the frames come again */
    now += 6 * 3600 * SG_US_PER_S;
    sg_metered step = reading(100 + 39 + 24, 0);
    assert_true(sg_meter_step(&meter, now, 0.1, &step));
    assert_int_equal(meter.last.import_j, llround(24 * KWH));
    assert_true(fabs(meter.peak_w - 4e3) < 1e-6);
    assert_int_equal(meter.total.demand_u, 40000000); /* 4 kW at 10 a kW */
    /* a real peak is one */
    now += 900 * SG_US_PER_S;
    step = reading(100 + 39 + 24 + 2, 0);
    assert_true(sg_meter_step(&meter, now, 900, &step));
    assert_true(fabs(meter.peak_w - 8e3) < 1e-6);
}

/* 12 a kW and month for the month's highest quarter hour, months in UTC. */
static void the_demand_charge_is_the_months_highest_quarter_hour(void **state)
{
    (void)state;
    sg_meter meter;
    sg_meter_init(&meter, 900, 12e-3, 0);
    int64_t now = at("2023-01-31T12:00:00Z");
    double register_kwh = 0, highest_kw[13] = {0}, all_kw = 0;
    sg_metered step = reading(0, 0);
    sg_meter_step(&meter, now, 900, &step);
    for (int quarter = 0; quarter < 96 * 100; quarter++) {
        sg_civil civil;
        sg_civil_from_time(now, &civil);
        double kw = floor(400 * sg_prng_unit(7, (uint64_t)quarter));
        highest_kw[civil.month] = fmax(highest_kw[civil.month], kw);
        all_kw = fmax(all_kw, kw);
        register_kwh += kw / 4;
        now += 900 * SG_US_PER_S;
        step = reading(register_kwh, 0);
        assert_true(sg_meter_step(&meter, now, 900, &step));
    }
    double wanted = 0;
    for (int month = 1; month <= 12; month++) {
        wanted += 12 * highest_kw[month];
    }
    assert_true(highest_kw[5] > 0); /* from January into May */
    assert_true(fabs((double)meter.total.demand_u * 1e-6 - wanted) < 1e-4);
    assert_true(fabs(meter.peak_all_w - all_kw * 1e3) < 1e-3);
}

/* Quarter hours around the turn of a month by the site's clock, in kW, and what 10 a kW come to, by hand. */
static const struct turn {
    int32_t zone_offset_s;
    const char *begins; /* the first quarter hour, by the site's clock */
    double kw[8];
    int old_count; /* quarter hours that lie in the old month */
    double old_u, new_u;
} turns[] = {
    /* May's peak of 50 kW is 500, June's of 30 kW is 300. By UTC all of them were June's: 500 and no more. */
    {-5 * 3600, "2023-05-31T23:00:00-05:00", {50, 40, 20, 20, 10, 30, 30, 20}, 4, 500, 300},
    /* 1 June begins there while UTC has 31 May for five and a half hours more */
    {19800, "2023-05-31T23:15:00+05:30", {20, 20, 45, 60, 60, 5, 5, 5}, 3, 450, 600},
    /* the year turns, and with it both figures of the month; December comes a second time with the year before it */
    {13 * 3600, "2023-12-31T22:30:00+13:00", {7, 7, 7, 9, 9, 9, 8, 3}, 6, 90, 80},
    {0, "2024-02-29T23:45:00Z", {30, 12, 11, 10, 13, 12, 11, 10}, 1, 300, 130},
};

static void months_are_those_of_the_sites_clock(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof turns / sizeof turns[0]; k++) {
        const struct turn *turn = &turns[k];
        sg_meter meter;
        sg_meter_init(&meter, 900, 10e-3, turn->zone_offset_s);
        int64_t now = at(turn->begins);
        double register_kwh = 400, highest_kw = 0;
        sg_metered step = reading(register_kwh, 0);
        sg_meter_step(&meter, now, 900, &step);
        for (int quarter = 0; quarter < 8; quarter++) {
            bool turns_now = quarter == turn->old_count;
            if (turns_now) { /* the last moment of the old month still has its peak, the first of the new one has none */
                assert_int_equal(meter.total.demand_u, llround(turn->old_u * 1e6));
                assert_true(fabs(sg_meter_peak_w(&meter, now - 1) - highest_kw * 1e3) < 1e-6);
                assert_true(sg_meter_peak_w(&meter, now) == 0);
            }
            highest_kw = fmax(turns_now ? 0 : highest_kw, turn->kw[quarter]);
            register_kwh += turn->kw[quarter] / 4;
            now += 900 * SG_US_PER_S;
            step = reading(register_kwh, 0);
            assert_true(sg_meter_step(&meter, now, 900, &step));
            assert_true(fabs(sg_meter_peak_w(&meter, now - 1) - highest_kw * 1e3) < 1e-6);
        }
        assert_int_equal(meter.total.demand_u, llround((turn->old_u + turn->new_u) * 1e6));
    }
}

/* Whole units: the total is the sum of the intervals to the last joule and millionth. */
static void totals_are_the_sums_of_the_intervals(void **state)
{
    (void)state;
    sg_meter meter;
    sg_meter_init(&meter, 300, 5e-3, 0);
    sg_settlement sum = {0};
    int64_t now = at("2023-05-01"), *out = &sum.import_j;
    double import_kwh = 0, export_kwh = 0;
    for (uint64_t i = 0; i < 20000; i++) {
        now += 60 * SG_US_PER_S;
        import_kwh += sg_prng_unit(1, i);
        export_kwh += sg_prng_unit(2, i);
        sg_metered step = reading(import_kwh, export_kwh);
        step.registers_good = sg_prng_unit(3, i) < 0.9;
        step.load_w = 1e5 * sg_prng_unit(4, i);
        step.generation_w = 1e5 * sg_prng_unit(5, i);
        step.charge_w = 1e4 * sg_prng_unit(6, i);
        step.wear_per_s = 1e-3 * sg_prng_unit(7, i);
        step.import_price = (0.3 * sg_prng_unit(8, i) - 0.05) / KWH;
        if (sg_meter_step(&meter, now, 60, &step)) {
            const int64_t *in = &meter.last.import_j;
            for (size_t k = 0; k < offsetof(sg_settlement, suspect_steps) / 8 - 2; k++) {
                out[k] += in[k];
            }
            sum.steps += meter.last.steps;
            sum.suspect_steps += meter.last.suspect_steps;
        }
    }
    sum.start_us = meter.total.start_us;
    sum.end_us = meter.total.end_us;
    assert_memory_equal(&sum, &meter.total, sizeof sum);
    assert_true(meter.settled_count == 4000 && meter.total.suspect_steps > 1000);
    assert_true(meter.total.end_us - meter.total.start_us == 4000LL * 300 * SG_US_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interval_is_the_difference_of_two_register_readings),
        cmocka_unit_test(intervals_lie_on_the_clock_wherever_frames_begin),
        cmocka_unit_test(a_step_of_an_hour_settles_hours),
        cmocka_unit_test(a_register_that_runs_backwards_starts_anew),
        cmocka_unit_test(a_reading_that_was_overtaken_counts_once),
        cmocka_unit_test(a_misread_register_is_not_billed),
        cmocka_unit_test(a_silence_is_billed_once_when_it_ends),
        cmocka_unit_test(a_silence_makes_no_peak),
        cmocka_unit_test(the_demand_charge_is_the_months_highest_quarter_hour),
        cmocka_unit_test(months_are_those_of_the_sites_clock),
        cmocka_unit_test(totals_are_the_sums_of_the_intervals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
