/* Waves, floating decks and sea water against published figures and independent tools; sea_osmotic_reference.py made the rows
 * that name a package. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "model/platform.h"
#include "model/seawater.h"
#include "model/waves.h"

static const double pi = 3.14159265358979323846;

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/sea.csv");
}

__attribute__((format(printf, 1, 2))) static const char *label(const char *format, ...)
{
    static char text[80];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return text;
}

static void spectra_have_the_standard_form(void **state)
{
    (void)state;
    static const double at[] = {0.1, 0.125, 0.2};
    sg_sea pm = {2.5, 8, 1}, jonswap = {2.5, 8, 3.3};
    for (int i = 0; i < 3; i++) {
        expect(label("pm_%g", at[i]), sg_waves_spectrum(&pm, at[i]));
        expect(label("jonswap_%g", at[i]), sg_waves_spectrum(&jonswap, at[i]));
    }
    double best = 0, peak_hz = 0;
    for (double f = 0.05; f < 0.5; f += 1e-4) {
        double s = sg_waves_spectrum(&jonswap, f);
        peak_hz = s > best ? f : peak_hz;
        best = s > best ? s : best;
    }
    expect("mhkit_tp", 1 / peak_hz);
}

static void periods_follow_from_moments(void **state)
{
    (void)state;
    static const double gammas[] = {1, 3.3};
    for (int i = 0; i < 2; i++) {
        sg_sea sea = {2.5, 8, gammas[i]};
        sg_wave_moments m;
        sg_waves_moments(&sea, 10, 0, &m);
        expect(label("te_%g", gammas[i]), sg_waves_te_s(&m));
        expect(label("t1_%g", gammas[i]), sg_waves_t1_s(&m));
        expect(label("tz_%g", gammas[i]), sg_waves_tz_s(&m));
        expect(label("hm0_%g", gammas[i]), sg_waves_hm0_m(&m));
        expect("mhkit_hm0", sg_waves_hm0_m(&m));
        expect(label("slope_%g", gammas[i]), sqrt(m.slope) * 180 / pi);
        if (i == 0) {
            expect("slope_closed", sqrt(m.slope) * 180 / pi);
        } else {
            sg_waves_moments(&sea, 40, 0, &m);
            expect("hm0_gamma_3.3", sg_waves_hm0_m(&m));
        }
    }
}

static void the_worked_example_of_a_class_society(void **state)
{
    (void)state;
    sg_sea sea = {12, sg_waves_peak_period_s(10), 1};
    double f = 0.5 / (2 * pi), w4 = pow(2 * pi, 4);
    sg_wave_moments m;
    sg_waves_moments(&sea, 40, 0, &m);
    /* S = alpha g^2 (2 pi)^-4 f^-5 exp(...) */
    double b = 1.25 / pow(sea.tp_s, 4);
    expect("dnv_alpha", b * 36 * w4 / (9.81 * 9.81)); /* the example's g */
    expect("dnv_peak_hz", 1 / sea.tp_s);
    expect("dnv_peak_s", sea.tp_s);
    expect("dnv_peak_rad_s", 2 * pi / sea.tp_s);
    expect("dnv_m0", m.m0);
    expect("dnv_s_f", sg_waves_spectrum(&sea, f));
    expect("dnv_s_omega", sg_waves_spectrum(&sea, f) / (2 * pi));
    expect("dnv_number", sg_waves_number(0.1, 0));
    expect("dnv_length", 2 * pi / sg_waves_number(0.1, 0));
}

static void wind_raises_a_sea(void **state)
{
    (void)state;
    static const double winds[] = {10, 15, 20};
    for (int i = 0; i < 3; i++) {
        sg_sea sea = sg_waves_by_wind(winds[i]);
        expect(label("wind_%g", winds[i]), sea.hs_m);
    }
}

static void waves_feel_the_ground(void **state)
{
    (void)state;
    expect("number_0.1_10", sg_waves_number(0.1, 10));
    expect("number_0.1_50", sg_waves_number(0.1, 50));
    expect("number_0.05_20", sg_waves_number(0.05, 20));
    expect("number_0.2_4", sg_waves_number(0.2, 4));
}

static void decks_average_the_slope(void **state)
{
    (void)state;
    static const double cases[][3] = {{20, 8, 1}, {20, 8, 3.3}, {60, 10, 1}, {120, 12, 1}};
    for (int i = 0; i < 4; i++) {
        const double *c = cases[i];
        sg_platform deck = {.length_m = c[0], .beam_m = 10, .gamma = c[2]};
        sg_motion m;
        sg_platform_motion(&deck, 2.5, c[1] * sg_platform_period_ratio(c[2]), &m);
        expect(label("deck_%g_%g_%g", c[0], c[1], c[2]), m.pitch_rms_rad);
        expect(label("line_%g_%g_%g", c[0], c[1], c[2]), m.pitch_rms_rad);
        assert_true(m.roll_rms_rad == 0); /* waves from the bow */
    }
}

/* The deck that rolls and pitches by so many degrees each is found by its wave height. */
static void the_mean_beam(void **state)
{
    (void)state;
    static const double degrees[] = {2, 5, 10, 15};
    sg_platform deck = {.length_m = 1, .beam_m = 1, .heading_rad = pi / 4, .gamma = 1};
    sg_motion m;
    sg_platform_motion(&deck, 1, 8, &m);
    assert_true(fabs(m.roll_rms_rad - m.pitch_rms_rad) < 1e-15);
    double per_metre = m.roll_rms_rad;
    for (int i = 0; i < 4; i++) {
        sg_platform_motion(&deck, degrees[i] * pi / 180 / per_metre, 8, &m);
        expect(label("beam_%g", degrees[i]), m.beam_frac);
    }
}

static void sea_water(void **state)
{
    (void)state;
    static const double dense[][2] = {{35, 25}, {0, 5}, {35, 5}, {10, 20}, {40, 30}};
    static const double conducts[][2] = {{35, 15}, {35, 25}, {10, 5},   {20, 20},
                                         {40, 30}, {5, 25},  {0.3, 25}, {1, 10}};
    static const double sounds[][3] = {{35, 25, 1000}, {30, 5, 0}, {38, 15, 4000}};
    for (int i = 0; i < 5; i++) {
        expect(label("density_%g_%g", dense[i][0], dense[i][1]),
               sg_seawater_density_kg_m3(dense[i][0], dense[i][1]));
    }
    for (int i = 0; i < 8; i++) {
        expect(label("conductivity_%g_%g", conducts[i][0], conducts[i][1]),
               sg_seawater_conductivity_s_m(conducts[i][0], conducts[i][1]));
    }
    for (int i = 0; i < 3; i++) {
        const double *c = sounds[i];
        expect(label("sound_teos_%g_%g_%g", c[0], c[1], c[2]),
               sg_seawater_sound_ms(c[0], c[1], c[2]));
    }
    expect("sound_mackenzie", sg_seawater_sound_ms(35, 25, 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spectra_have_the_standard_form),
        cmocka_unit_test(periods_follow_from_moments),
        cmocka_unit_test(the_worked_example_of_a_class_society),
        cmocka_unit_test(wind_raises_a_sea),
        cmocka_unit_test(waves_feel_the_ground),
        cmocka_unit_test(decks_average_the_slope),
        cmocka_unit_test(the_mean_beam),
        cmocka_unit_test(sea_water),
        cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
