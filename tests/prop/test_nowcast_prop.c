/* Whatever many series do - spikes of 1e9, infinities, gaps, jumps, ramps, values of 1e30 - the next minute of each is
 * finite and lies inside its intervals, the wider one around the narrower; and none costs another its forecast. 40,000 series; 25 times
 * as many with SYMGRID_PROP_FULL=1. ctest: timeout=1200 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "forecast/nowcast.h"
#include "forecast/rls.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { SERIES = 2000, TICKS = 300, STEPS = SG_NOWCAST_STEP_MAX };

static const double odd[] = {0,   -0.0,     1e9,       -1e9, 1e30,    -1e30,  1e29,
                             NAN, INFINITY, -INFINITY, 1e31, DBL_MAX, 1e-310, DBL_MIN};

static double unit(uint64_t lot, int s, int t, int draw)
{
    return sg_prng_unit(lot * 4 + (uint64_t)draw, (uint64_t)s * TICKS + (uint64_t)t);
}

static double next(uint64_t lot, int s, int t, double before)
{
    double scale = pow(10, floor(30 * unit(lot, s, 0, 0)) - 15), about = unit(lot, s, t, 1) - 0.5;
    double odd_part = s % 3 == 0 ? 0 : s % 3 == 1 ? 0.02 : 0.5;
    if (unit(lot, s, t, 2) < odd_part) {
        return odd[(int)(unit(lot, s, t, 3) * (double)(sizeof odd / sizeof *odd))];
    }
    switch (s % 6) {
    case 0:
        return scale;
    case 1:
        return scale * about;
    case 2:
        return (isfinite(before) ? before : 0) + scale * about;
    case 3:
        return scale * sin(t * 0.5);
    case 4:
        return t * 3 > TICKS ? 1e6 * scale : scale;
    default:
        return scale * pow(1.3, t);
    }
}

static void check_tick(const sg_nowcast *m, const double *said)
{
    for (int s = 0; s < SERIES; s++) {
        for (int h = 1; h <= STEPS; h++) {
            assert_true(isfinite(said[s * STEPS + h - 1]));
        }
        for (int h = 1; h <= STEPS; h += 7) {
            double low, high, wide_low, wide_high, at = said[s * STEPS + h - 1];
            sg_nowcast_interval(m, s, h, SG_NOWCAST_80, &low, &high);
            sg_nowcast_interval(m, s, h, SG_NOWCAST_95, &wide_low, &wide_high);
            assert_true(isfinite(wide_low) && isfinite(wide_high));
            assert_true(wide_low <= low && low <= at && at <= high && high <= wide_high);
        }
    }
}

static void everything_said_is_finite(void **state)
{
    (void)state;
    static double value[SERIES], said[SERIES * STEPS];
    static uint8_t quality[SERIES];
    int lots = getenv("SYMGRID_PROP_FULL") ? 500 : 20;
    sg_nowcast *m = aligned_alloc(64, sg_nowcast_size(SERIES));
    assert_non_null(m);
    for (int lot = 0; lot < lots; lot++) {
        sg_nowcast_create(m, SERIES);
        for (int t = 0; t < TICKS; t++) {
            for (int s = 0; s < SERIES; s++) {
                value[s] = next((uint64_t)lot, s, t, value[s]);
                quality[s] = (uint8_t)((s * 7 + t) % 11 == 0 ? SG_NO_DATA : SG_GOOD);
            }
            sg_nowcast_update(m, NULL, value, lot % 2 ? quality : NULL);
            if (t < 3 || t % 59 == 0) {
                sg_nowcast_predict(m, NULL, STEPS, said);
                check_tick(m, said);
            }
        }
    }
    free(m);
}

static void autoregressions_say_nothing_that_is_not_finite(void **state)
{
    (void)state;
    static double value[SERIES], said[SERIES * STEPS];
    int lots = getenv("SYMGRID_PROP_FULL") ? 500 : 4;
    sg_rls *m = aligned_alloc(64, sg_rls_size(SERIES));
    assert_non_null(m);
    for (int lot = 0; lot < lots; lot++) {
        sg_rls_create(m, SERIES);
        for (int t = 0; t < TICKS; t++) {
            for (int s = 0; s < SERIES; s++) {
                value[s] = next((uint64_t)lot + 1000, s, t, value[s]);
            }
            sg_rls_tick(m, NULL, value, NULL);
            if (t < 3 || t % 59 == 0) {
                sg_rls_predict(m, NULL, (sg_span){0, SERIES}, STEPS, said);
                for (int i = 0; i < SERIES * STEPS; i++) {
                    assert_true(isfinite(said[i]));
                }
            }
        }
    }
    free(m);
}

static void a_series_is_told_alike_beside_any_other(void **state)
{
    (void)state;
    static double value[SERIES], said[SERIES * STEPS];
    sg_nowcast *all = aligned_alloc(64, sg_nowcast_size(SERIES));
    sg_nowcast *alone = aligned_alloc(64, sg_nowcast_size(1));
    assert_true(all && alone);
    sg_nowcast_create(all, SERIES);
    sg_nowcast_create(alone, 1);
    for (int t = 0; t < TICKS; t++) {
        for (int s = 0; s < SERIES; s++) {
            value[s] = next(7, s, t, value[s]);
        }
        sg_nowcast_update(all, NULL, value, NULL);
        sg_nowcast_update(alone, NULL, &value[1234], NULL);
        for (int h = 1; h <= STEPS; h += 10) {
            assert_true(sg_nowcast_at(all, 1234, h) == sg_nowcast_at(alone, 0, h));
        }
    }
    sg_nowcast_predict(all, NULL, STEPS, said);
    assert_true(said[1234 * STEPS + 59] == sg_nowcast_at(alone, 0, 60));
    free(all);
    free(alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_said_is_finite),
        cmocka_unit_test(autoregressions_say_nothing_that_is_not_finite),
        cmocka_unit_test(a_series_is_told_alike_beside_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
