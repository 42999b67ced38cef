/* The regulation score and droop against published figures, and against a second implementation on PJM's measured days
 * (models/regulation_twin.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "control/regulate.h"
#include "golden/golden.h"
#include "settle/regulation.h"

enum { HOUR = 390, DAY = 8640 }; /* samples; the hour with the five minutes behind it */
static const double pi = 3.14159265358979323846;

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/regulation.csv");
}

/* Parts that the table has. */
static void compare(const char *name, const sg_score *s)
{
    const char *const parts[] = {"correlation", "delay", "precision", "score"};
    const double ours[] = {s->correlation, s->delay, s->precision, s->total};
    for (int i = 0; i < 4; i++) {
        char row[96];
        snprintf(row, sizeof row, "%s_%s", name, parts[i]);
        for (int k = 0; k < golden_count; k++) {
            if (strcmp(golden_rows[k].name, row) == 0) {
                expect(row, ours[i]);
            }
        }
    }
}

static void sine(double period_s, double late_s, double gain, double ret[HOUR])
{
    for (int i = 0; i < HOUR; i++) {
        ret[i] = gain * sin(2 * pi * (10 * i - late_s) / period_s);
    }
}

static void lagged(const double *x, int count, double tau_s, double *ret)
{
    double y = 0;
    for (int i = 0; i < count; i++) {
        y += (x[i] - y) * (1 - exp(-10 / tau_s));
        ret[i] = y;
    }
}

static void published_figures(void **state)
{
    (void)state;
    static double x[HOUR], y[HOUR];
    static const int lates[] = {10, 20, 30, 60}, periods[] = {600, 900};
    char name[64];
    for (int p = 0; p < 2; p++) {
        sine(periods[p], 0, 1, x);
        for (int i = 0; i < 4; i++) {
            sine(periods[p], lates[i], 1, y);
            sg_score s = sg_score_of(x, y, HOUR);
            assert_int_equal(s.windows, 12);
            assert_true(fabs(s.correlation - 1) < 1e-9);
            snprintf(name, sizeof name, "sine%d_late%d", periods[p], lates[i]);
            compare(name, &s);
        }
    }
    sine(600, 0, 1, x);
    for (int i = 8; i <= 9; i++) {
        sine(600, 0, i / 10.0, y);
        sg_score s = sg_score_of(x, y, HOUR);
        snprintf(name, sizeof name, "gain0.%d", i);
        compare(name, &s);
    }
    for (int tau = 10; tau <= 30; tau += 20) {
        lagged(x, HOUR, tau, y);
        sg_score s = sg_score_of(x, y, HOUR);
        snprintf(name, sizeof name, "lag%d", tau);
        compare(name, &s);
    }
}

static void droop(void **state)
{
    (void)state;
    const sg_services s = {
        .droop_w = 1, .nominal_hz = 60, .dead_band_hz = 0.036, .slope_frac = 0.05};
    expect("droop_59.5hz", sg_droop_w(&s, 59.5));
    expect("droop_60.5hz", sg_droop_w(&s, 60.5));
    assert_true(sg_droop_w(&s, 60.036) == 0 && sg_droop_w(&s, 59.964) == 0);
    assert_true(sg_droop_w(&s, 50) == 1 && sg_droop_w(&s, 70) == -1);
}

static void read_day(int day, double ret[DAY])
{
    FILE *file = fopen("data/pjm_regulation/regd_2020-07-17_and_22.csv", "r");
    char line[64];
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    for (long row = 0; row < 43200L * (day + 1); row++) {
        double t_s, value;
        assert_non_null(fgets(line, sizeof line, file));
        assert_int_equal(sscanf(line, "%lf,%lf", &t_s, &value), 2);
        assert_true(t_s == 2.0 * (double)row);
        if (row >= 43200L * day && row % 5 == 0) {
            ret[(row - 43200L * day) / 5] = value;
        }
    }
    fclose(file);
}

static void respond(const char *how, const double *x, double *ret)
{
    if (strcmp(how, "lag_30s") == 0) {
        lagged(x, DAY, 30, ret);
        return;
    }
    for (int i = 0; i < DAY; i++) {
        ret[i] = strcmp(how, "as_asked") == 0           ? x[i]
                 : strcmp(how, "ten_seconds_late") == 0 ? x[i > 0 ? i - 1 : 0]
                 : strcmp(how, "four_fifths") == 0      ? 0.8 * x[i]
                 : strcmp(how, "half_power") == 0       ? fmax(-0.5, fmin(0.5, x[i]))
                 : strcmp(how, "offset") == 0           ? x[i] - 0.1
                                                        : -x[i];
    }
}

/* The same sample by sample, as the engine meters it: the same figures. */
static sg_score metered(const double *x, const double *y)
{
    static sg_regulation_meter meter;
    int hours = 0;
    sg_regulation_meter_init(&meter);
    for (int i = 0; i < DAY; i++) {
        for (int k = 0; k < 5; k++) { /* steps of 2 s; only every fifth is sampled */
            const sg_regulated step = {.signal = k == 0 ? x[i] : 0,
                                       .response_w = k == 0 ? 2e3 * y[i] : 0,
                                       .capability_w = 2e3};
            hours +=
                sg_regulation_meter_step(&meter, (10 * i + 2 * k + 10) * SG_US_PER_S, 2, &step);
        }
    }
    assert_in_range(hours, 23, 24);
    return sg_score_mean(&meter.total);
}

static void measured_days(void **state)
{
    (void)state;
    static double x[DAY], y[DAY];
    static const char *const days[] = {"july17", "july22"};
    static const char *const hows[] = {"as_asked",   "ten_seconds_late", "lag_30s", "four_fifths",
                                       "half_power", "offset",           "against"};
    for (int d = 0; d < 2; d++) {
        read_day(d, x);
        for (int h = 0; h < 7; h++) {
            char name[64];
            respond(hows[h], x, y);
            snprintf(name, sizeof name, "%s_%s", days[d], hows[h]);
            sg_score whole = sg_score_of(x, y, DAY), live = metered(x, y);
            assert_int_equal(whole.windows, 287);
            assert_int_equal(live.windows, 287);
            compare(name, &whole);
            compare(name, &live);
        }
    }
}

static void what_does_not_follow_scores_nothing(void **state)
{
    (void)state;
    static double x[HOUR], y[HOUR];
    sine(600, 0, 1, x);
    sg_score none = sg_score_of(x, y, HOUR); /* y: zero */
    assert_true(none.total == 0 && none.windows == 12);
    for (int i = 0; i < HOUR; i++) {
        y[i] = 0.5;
    }
    sg_score constant = sg_score_of(x, y, HOUR);
    assert_true(constant.correlation == 0 && constant.delay == 0);
    sine(600, 300, 1,
         y); /* five minutes late: the delay is worth nothing, and nothing fits at once */
    sg_score late = sg_score_of(x, y, HOUR);
    assert_true(late.delay < 1e-12 && late.precision == 0 && late.correlation > 1 - 1e-9);
    memset(x, 0, sizeof x); /* no signal: rest is right, anything else is not */
    memset(y, 0, sizeof y);
    assert_true(sg_score_of(x, y, HOUR).total == 1);
    for (int i = 0; i < HOUR; i++) {
        y[i] = i % 2 ? 0.3 : -0.3;
    }
    assert_true(sg_score_of(x, y, HOUR).precision == 0);
    assert_true(isnan(sg_score_of(x, y, SG_SCORE_SPAN - 1).total));
}

/* After a silence the windows begin anew: no window is made of samples from before and after it. */
static void a_silence_is_not_scored(void **state)
{
    (void)state;
    static sg_regulation_meter meter;
    sg_regulation_meter_init(&meter);
    int64_t time_us = 0;
    for (int i = 0; i < 59; i++) {
        time_us += 10 * SG_US_PER_S;
        sg_regulation_meter_step(&meter, time_us, 2, &(sg_regulated){0.5, 500, 1000});
    }
    time_us += 60 * SG_US_PER_S;
    for (int i = 0; i < 59; i++) {
        time_us += 10 * SG_US_PER_S;
        sg_regulation_meter_step(&meter, time_us, 2, &(sg_regulated){0.5, 500, 1000});
    }
    assert_int_equal(meter.total.windows, 0);
    time_us += 10 * SG_US_PER_S;
    sg_regulation_meter_step(&meter, time_us, 2, &(sg_regulated){0.5, 500, 1000});
    assert_int_equal(meter.total.windows, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_figures),
        cmocka_unit_test(droop),
        cmocka_unit_test(measured_days),
        cmocka_unit_test(what_does_not_follow_scores_nothing),
        cmocka_unit_test(a_silence_is_not_scored),
        cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
