/* Floating decks: the fast nodes against plain integration, and gimbals that only help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/prng.h"
#include "model/platform.h"
#include "model/waves.h"

static const double pi = 3.14159265358979323846;
static uint64_t drawn;

static double draw(double low, double high)
{
    return low + (high - low) * sg_prng_unit(11, drawn++);
}

static double normal(void)
{
    double u = draw(1e-300, 1), v = draw(0, 1);
    return sqrt(-2 * log(u)) * cos(2 * pi * v);
}

static sg_platform any_deck(void)
{
    return (sg_platform){.length_m = exp(draw(log(2), log(300))),
                         .beam_m = exp(draw(log(2), log(300))),
                         .heading_rad = draw(0, pi / 2),
                         .cutoff_s = draw(0, 1) < 0.3 ? 0 : draw(1, 12),
                         .gamma = draw(0, 1) < 0.3 ? 1 : draw(1, 7),
                         .gimbal = draw(0, 1) < 0.5,
                         .residual_frac = draw(0, 1),
                         .rate_max_rad_s = exp(draw(log(1e-3), log(1))),
                         .stroke_max_rad = draw(0, 1),
                         .idle_w = 1000,
                         .drive_w_s_per_rad = 1e5};
}

/* The same integral with ten thousand points and the spectrum of waves.h. */
static void plain(const sg_platform *p, double hs_m, double tp_s, double *ret_pitch,
                  double *ret_roll)
{
    enum { STEPS = 10000 };
    sg_sea sea = {hs_m, tp_s, p->gamma};
    double low = log(0.3), step = (3.2 - low) / STEPS, m0 = 0, pitch = 0, roll = 0;
    for (int i = 0; i <= STEPS; i++) {
        double f = exp(low + step * i) / tp_s, energy = sg_waves_spectrum(&sea, f) * f * step;
        double k = sg_waves_number(f, 0), a = cos(p->heading_rad), b = sin(p->heading_rad);
        double x = k * p->length_m * a / 2, z = k * p->beam_m * b / 2;
        double held = 1 / (1 + pow(f * p->cutoff_s, 4));
        m0 += energy;
        pitch +=
            energy * k * k * a * a * held / (1 + x * x / 5 + 4 * pow(x, 4) / 175 + pow(x, 6) / 200);
        roll +=
            energy * k * k * b * b * held / (1 + z * z / 5 + 4 * pow(z, 4) / 175 + pow(z, 6) / 200);
    }
    double scale = hs_m * hs_m / 16 / m0; /* the height counts as given */
    *ret_pitch = sqrt(pitch * scale);
    *ret_roll = sqrt(roll * scale);
}

static void nodes_agree_with_plain_integration(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        sg_platform p = any_deck();
        double hs_m = draw(0.1, 8), tp_s = draw(3, 18), pitch, roll;
        sg_motion m;
        sg_platform_motion(&p, hs_m, tp_s * sg_platform_period_ratio(p.gamma), &m);
        plain(&p, hs_m, tp_s, &pitch, &roll);
        assert_true(fabs(m.pitch_rms_rad - pitch) <= 4e-3 * pitch + 1e-9);
        assert_true(fabs(m.roll_rms_rad - roll) <= 4e-3 * roll + 1e-9);
    }
    /* Gamma(5/4) 1.25^(-1/4) for Pierson and Moskowitz */
    assert_true(fabs(sg_platform_period_ratio(1) - tgamma(1.25) / pow(1.25, 0.25)) < 1e-4);
}

static void tilt_grows_with_the_waves_and_shrinks_with_the_deck(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        sg_platform p = any_deck(), longer;
        double hs_m = draw(0.1, 8), te_s = draw(3, 16);
        sg_motion a, b, c;
        sg_platform_motion(&p, hs_m, te_s, &a);
        sg_platform_motion(&p, 2 * hs_m, te_s, &b);
        longer = p;
        longer.length_m *= 1.5;
        sg_platform_motion(&longer, hs_m, te_s, &c);
        assert_true(fabs(b.pitch_rms_rad - 2 * a.pitch_rms_rad) <= 1e-12 * b.pitch_rms_rad);
        assert_true(c.pitch_rms_rad <= a.pitch_rms_rad && c.roll_rms_rad == a.roll_rms_rad);
        assert_true(a.beam_frac > 0 && a.beam_frac <= 1);
    }
}

static void a_gimbal_never_makes_it_worse(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++) {
        sg_platform p = any_deck();
        p.gimbal = true;
        sg_motion m;
        sg_platform_motion(&p, draw(0, 8), draw(3, 16), &m);
        assert_true(m.panel_pitch_rms_rad <= m.pitch_rms_rad);
        assert_true(m.panel_roll_rms_rad <= m.roll_rms_rad && m.actuator_w >= p.idle_w);
        sg_platform better = p;
        better.rate_max_rad_s *= 2;
        better.stroke_max_rad *= 2;
        better.residual_frac /= 2;
        sg_motion n;
        drawn -= 2;
        sg_platform_motion(&better, draw(0, 8), draw(3, 16), &n);
        assert_true(n.panel_pitch_rms_rad <= m.panel_pitch_rms_rad * (1 + 1e-12));
    }
}

static void overtravel_is_that_of_a_drawn_tilt(void **state)
{
    (void)state;
    static const double strokes[] = {0, 0.5, 1, 2};
    for (int i = 0; i < 4; i++) {
        double sum = 0;
        enum { DRAWS = 400000 };
        for (int k = 0; k < DRAWS; k++) {
            double over = fabs(normal()) - strokes[i];
            sum += over > 0 ? over * over : 0;
        }
        double rms = sqrt(sum / DRAWS);
        assert_true(fabs(sg_platform_overtravel_rad(0.1, 0.1 * strokes[i]) - 0.1 * rms) < 3e-4);
    }
    assert_true(sg_platform_overtravel_rad(0, 1) == 0);
    assert_true(sg_platform_overtravel_rad(0.01, 1) < 1e-6);
}

static void storms_stow_the_panels_and_calm_is_still(void **state)
{
    (void)state;
    sg_platform p = any_deck();
    sg_motion m;
    p.storm_height_m = 5;
    p.stowed_frac = 0.1;
    sg_platform_motion(&p, 5, 9, &m);
    assert_true(m.stowed && m.beam_frac <= 0.1 && m.actuator_w == 0 && m.pitch_rms_rad > 0);
    sg_platform_motion(&p, 4.99, 9, &m);
    assert_true(!m.stowed && m.beam_frac > 0.1);
    p.gimbal = false;
    sg_platform_motion(&p, 0, 9, &m);
    assert_true(m.pitch_rms_rad == 0 && m.beam_frac == 1 && m.actuator_w == 0);
    sg_platform_motion(&p, 2, 0, &m);
    assert_true(m.pitch_rms_rad == 0 && m.beam_frac == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_agree_with_plain_integration),
        cmocka_unit_test(tilt_grows_with_the_waves_and_shrinks_with_the_deck),
        cmocka_unit_test(a_gimbal_never_makes_it_worse),
        cmocka_unit_test(overtravel_is_that_of_a_drawn_tilt),
        cmocka_unit_test(storms_stow_the_panels_and_calm_is_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
