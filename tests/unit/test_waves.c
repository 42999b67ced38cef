/* Waves: records that have the spectrum's energy, and a dispersion relation that is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "model/waves.h"

enum { COUNT = 20000 };
static double elevation_m[COUNT], slope_rad[COUNT];

static double mean_square(const double *value)
{
    double sum = 0;
    for (int i = 0; i < COUNT; i++) {
        sum += value[i] * value[i];
    }
    return sum / COUNT;
}

/* Over one repetition of the record the cosines are orthogonal, so both variances are sums of squares. */
static void a_record_has_the_energy_of_its_spectrum(void **state)
{
    (void)state;
    sg_sea sea = {2.5, 8, 3.3};
    sg_wave_record how = {.from_hz = 0.03, .to_hz = 1.25, .waves = 600, .seed = 7};
    double period_s = how.waves / (how.to_hz - how.from_hz), m0 = 0, slope = 0;
    /* twice: the middles of the bins repeat with the opposite sign */
    how.dt_s = 2 * period_s / COUNT;
    sg_waves_record(&sea, &how, COUNT, elevation_m, slope_rad);
    double df = (how.to_hz - how.from_hz) / how.waves;
    for (int i = 0; i < how.waves; i++) {
        double f = how.from_hz + (i + 0.5) * df, k = sg_waves_number(f, 0);
        m0 += sg_waves_spectrum(&sea, f) * df;
        slope += k * k * sg_waves_spectrum(&sea, f) * df;
    }
    /* the band starts at 0.03 Hz = 18.3 bins: orthogonal up to what that leaves */
    assert_true(fabs(mean_square(elevation_m) / m0 - 1) < 0.02);
    assert_true(fabs(mean_square(slope_rad) / slope - 1) < 0.02);
    sg_wave_moments m;
    sg_waves_moments(&sea, 10, 0, &m);
    assert_true(fabs(m0 / m.m0 - 1) < 1e-3 && fabs(slope / m.slope - 1) < 1e-3);
}

/* The slope is what the elevation does along the wave: one cosine at two places is one at two times. */
static void slope_and_elevation_belong_together(void **state)
{
    (void)state;
    sg_sea sea = {2.5, 8, 1};
    sg_wave_record how = {
        .from_hz = 0.12, .to_hz = 0.13, .waves = 1, .seed = 3, .dt_s = 0.01, .depth_m = 15};
    double k = sg_waves_number(0.125, 15), omega = 2 * 3.14159265358979323846 * 0.125;
    sg_waves_record(&sea, &how, COUNT, elevation_m, slope_rad);
    for (int i = 1; i + 1 < COUNT; i++) {
        /* eta(x, t) = eta(0, t - k x / omega): d/dx = -k / omega d/dt */
        double rise = (elevation_m[i + 1] - elevation_m[i - 1]) / 0.02;
        assert_true(fabs(slope_rad[i] + k / omega * rise) < 1e-5);
    }
}

static void a_seed_is_a_record(void **state)
{
    (void)state;
    sg_sea sea = {2, 7, 2};
    sg_wave_record how = {.from_hz = 0.05, .to_hz = 0.5, .waves = 64, .seed = 1, .dt_s = 1};
    double again[16], other[16], late[16];
    sg_waves_record(&sea, &how, 16, elevation_m, NULL);
    sg_waves_record(&sea, &how, 16, again, slope_rad);
    assert_memory_equal(elevation_m, again, sizeof again);
    how.start_s = 4;
    sg_waves_record(&sea, &how, 12, late, NULL);
    assert_memory_equal(elevation_m + 4, late, 12 * sizeof(double));
    how.seed = 2;
    sg_waves_record(&sea, &how, 16, other, NULL);
    assert_memory_not_equal(late, other, sizeof other);
}

static void wave_numbers_solve_their_equation(void **state)
{
    (void)state;
    for (double f = 0.005; f < 2; f *= 1.1) {
        for (double depth = 0.1; depth < 10000; depth *= 1.5) {
            double k = sg_waves_number(f, depth), omega = 2 * 3.14159265358979323846 * f;
            double error = SG_GRAVITY_MS2 * k * tanh(k * depth) / (omega * omega) - 1;
            assert_true(fabs(error) < 1e-12);
            assert_true(k >= sg_waves_number(f, 0) * (1 - 1e-12));
        }
    }
    assert_true(sg_waves_number(0, 10) == 0);
}

static void peaks_are_enhanced_by_steepness(void **state)
{
    (void)state;
    assert_true(sg_waves_gamma(4, 7) == 5 && sg_waves_gamma(1, 5.01) == 1);
    assert_true(fabs(sg_waves_gamma(4, 7.2 + 1e-9) - 5) < 0.03); /* exp(5.75 - 4.14) = 5.003 */
    double last = 6;
    for (double tp = 7.21; tp < 10; tp += 0.01) {
        double now = sg_waves_gamma(4, tp);
        assert_true(now < last && now >= 1);
        last = now;
    }
}

static void no_waves_are_no_waves(void **state)
{
    (void)state;
    sg_sea calm = {0, 8, 3.3};
    sg_wave_moments m;
    sg_waves_moments(&calm, 10, 0, &m);
    assert_true(sg_waves_hm0_m(&m) == 0 && sg_waves_te_s(&m) == 0 && sg_waves_tz_s(&m) == 0);
    assert_true(sg_waves_spectrum(&calm, 0) == 0 && sg_waves_spectrum(&calm, -1) == 0);
    assert_true(sg_waves_by_wind(0).hs_m == 0 && sg_waves_by_wind(0).tp_s > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_has_the_energy_of_its_spectrum),
        cmocka_unit_test(slope_and_elevation_belong_together),
        cmocka_unit_test(a_seed_is_a_record),
        cmocka_unit_test(wave_numbers_solve_their_equation),
        cmocka_unit_test(peaks_are_enhanced_by_steepness),
        cmocka_unit_test(no_waves_are_no_waves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
