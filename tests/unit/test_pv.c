/* The photovoltaic chain, its sky and its dirt by their laws, and rows in blocks against rows one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "model/model.h"
#include "model/pv.h"
#include "model/soiling.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS = 3001 }; /* no multiple of a block */

static int64_t times_us[ROWS];
static double in_rows[SG_PV_INPUTS][ROWS], out_rows[SG_PV_OUTPUTS][ROWS];
static const double *const in[SG_PV_INPUTS] = {in_rows[0], in_rows[1], in_rows[2], in_rows[3],
                                               in_rows[4], in_rows[5], in_rows[6]};
static double *const out[SG_PV_OUTPUTS] = {out_rows[0], out_rows[1], out_rows[2], out_rows[3],
                                           out_rows[4], out_rows[5], out_rows[6]};

static double drawn(uint64_t seed, int k, double low, double high)
{
    return low + (high - low) * sg_prng_unit(seed, (uint64_t)k);
}

static const sg_pv_params plant_params = {.latitude_rad = 0.95,
                                          .longitude_rad = 0.05,
                                          .tilt_rad = 0.5,
                                          .azimuth_rad = 3,
                                          .albedo_frac = 0.1,
                                          .dc_rating_w = 1e6,
                                          .gamma_per_k = -0.0035,
                                          .inverter_w = 0.7e6,
                                          .inverter_eff = 0.96,
                                          .loss_frac = 0.1,
                                          .u0_w_m2k = 25,
                                          .u1_w_m3sk = 6.84};

/* Rows all over the year: some with direct and diffuse light given, some with a rolling platform. */
static void draw_rows(void)
{
    for (int k = 0; k < ROWS; k++) {
        times_us[k] = INT64_C(1767225600000000) + (int64_t)drawn(1, k, 0, 31536000e6);
        in_rows[SG_PV_GHI][k] = drawn(2, k, -20, 1100);
        in_rows[SG_PV_DNI][k] = k % 3 == 1 ? drawn(3, k, 0, 1000) : -1;
        in_rows[SG_PV_DHI][k] = k % 5 < 2 ? drawn(4, k, 0, 400) : -1;
        in_rows[SG_PV_AIR][k] = drawn(5, k, -20, 45);
        in_rows[SG_PV_WIND][k] = drawn(6, k, -0.2, 25);
        in_rows[SG_PV_SOILING][k] = k % 4 ? 1 : drawn(7, k, 0, 1);
        in_rows[SG_PV_ROLL][k] = k / 200 % 3 ? 0 : drawn(8, k, 0, 0.4) * (k % 7 != 0);
    }
}

static void a_block_gives_the_bits_of_single_rows(void **state)
{
    (void)state;
    sg_model room;
    const sg_model *model = sg_model_find("pv", &room);
    draw_rows();
    for (int mode = 0; mode < 6; mode++) {
        double p[SG_PARAM_MAX];
        sg_model_presets(model, p);
        for (int i = 0; i < model->param_count; i++) {
            if (strcmp(model->params[i].name, "sky") == 0) {
                p[i] = mode % 3;
            } else if (strncmp(model->params[i].name, "transformer", 11) == 0) {
                p[i] = mode < 3 ? 0 : 0.004;
            }
        }
        model->batch(p, times_us, 900, ROWS, in, NULL, out);
        for (int k = 0; k < ROWS; k++) {
            double one_in[SG_PV_INPUTS], one_out[SG_PV_OUTPUTS];
            for (int i = 0; i < SG_PV_INPUTS; i++) {
                one_in[i] = in_rows[i][k];
            }
            sg_now now = {.time_us = times_us[k], .dt_s = 900};
            assert_int_equal(sg_model_step(model, p, &now, one_in, (double[1]){0}, one_out), SG_OK);
            for (int i = 0; i < SG_PV_OUTPUTS; i++) {
                assert_memory_equal(&one_out[i], &out_rows[i][k], sizeof(double));
            }
        }
    }
}

/* Each figure against the scalar functions that the golden tests hold to published ones. */
static void the_chain_is_its_parts(void **state)
{
    (void)state;
    sg_pv plant;
    draw_rows();
    sg_pv_prepare(&plant_params, &plant);
    for (int k = 0; k < ROWS; k++) {
        double row[SG_PV_INPUTS] = {in_rows[0][k], -1, -1, in_rows[3][k], 3, 0.9, 0};
        double got[SG_PV_OUTPUTS], dni, dhi;
        sg_sun_position sun;
        sg_pv_point(&plant, times_us[k], row, got);
        sg_sun_position_at(&plant.site, times_us[k], &sun);
        double z = sun.apparent_zenith_rad, c = cos(z), ghi = row[0] > 0 && c > 0 ? row[0] : 0;
        double cos_aoi =
            plant.plane.normal_up * c + sin(z) * (plant.plane.normal_north * cos(sun.azimuth_rad) +
                                                  plant.plane.normal_east * sin(sun.azimuth_rad));
        assert_true(fabs(got[SG_PV_ZENITH] - z / SG_DEGREE) < 1e-9);
        assert_true(fabs(cos(got[SG_PV_AOI] * SG_DEGREE) - cos_aoi) < 1e-12);
        if (fabs(c - 0.052335956242943835) < 1e-9 || fabs(c) < 1e-9) {
            continue; /* rounding decides on which side it is */
        }
        sg_sky_erbs(ghi, c, sun.extraterrestrial_w_m2, &dni, &dhi);
        sg_sky_scene s = {dni, dhi, sun.extraterrestrial_w_m2, z, c, cos_aoi, 1};
        double beam = dni * fmax(0, cos_aoi);
        double diffuse = sg_sky_hay_davies(&s, &plant.plane) + ghi * 0.1 * (1 - cos(0.5)) / 2;
        diffuse = c > 0 ? diffuse : 0;
        double passed = beam * sg_sky_iam_physical(&plant.glass, cos_aoi);
        double cell = sg_pv_faiman_degc(beam + diffuse, row[3], 3, 25, 6.84);
        double dc = sg_pv_dc_w((passed + diffuse) * 0.9, cell, 0.9e6, -0.0035);
        assert_true(fabs(got[SG_PV_POA] - beam - diffuse) < 1e-7);
        assert_true(fabs(got[SG_PV_CELL] - cell) < 1e-8);
        assert_true(fabs(got[SG_PV_DC] - dc) < 1e-3);
        assert_true(fabs(got[SG_PV_AC] - sg_pv_inverter_w(dc, 0.7e6 / 0.96, 0.96)) < 1e-3);
    }
}

static void power_stays_within_its_bounds(void **state)
{
    (void)state;
    sg_pv plant;
    draw_rows();
    sg_pv_prepare(&plant_params, &plant);
    sg_pv_rows(&plant, ROWS, times_us, in, out);
    int clipped = 0, dark = 0;
    for (int k = 0; k < ROWS; k++) {
        double ac_w = out_rows[SG_PV_AC][k], dc_w = out_rows[SG_PV_DC][k];
        assert_true(ac_w >= 0 && ac_w <= 0.7e6 && ac_w <= dc_w);
        assert_true(out_rows[SG_PV_EFFECTIVE][k] >= 0);
        assert_true(out_rows[SG_PV_EFFECTIVE][k] <= out_rows[SG_PV_POA][k] * (1 + 1e-12));
        clipped += ac_w == 0.7e6;
        if (out_rows[SG_PV_ZENITH][k] >= 90) {
            dark++;
            assert_true(ac_w == 0 && dc_w == 0 && out_rows[SG_PV_POA][k] == 0);
            assert_true(out_rows[SG_PV_CELL][k] == in_rows[SG_PV_AIR][k]);
        }
    }
    assert_true(clipped > 20 && dark > 500);
}

static void missing_columns_are_presets_and_missing_values_stay_missing(void **state)
{
    (void)state;
    sg_pv plant;
    draw_rows();
    sg_pv_prepare(&plant_params, &plant);
    const double *few[SG_PV_INPUTS] = {in_rows[SG_PV_GHI]};
    double *ac_alone[SG_PV_OUTPUTS] = {out_rows[SG_PV_AC]};
    in_rows[SG_PV_GHI][100] = NAN;
    times_us[100] = INT64_C(1782043200000000);
    sg_pv_rows(&plant, ROWS, times_us, few, ac_alone);
    assert_true(isnan(out_rows[SG_PV_AC][100]));
    for (int k = 0; k < ROWS; k++) {
        double row[SG_PV_INPUTS] = {in_rows[SG_PV_GHI][k], -1, -1, 20, 1, 1, 0};
        double got[SG_PV_OUTPUTS];
        sg_pv_point(&plant, times_us[k], row, got);
        assert_true(k == 100 || got[SG_PV_AC] == out_rows[SG_PV_AC][k]);
    }
    for (int i = 0; i < SG_PV_INPUTS; i++) {
        double row[SG_PV_INPUTS] = {500, 300, 200, 20, 1, 1, 0.1}, got[SG_PV_OUTPUTS];
        row[i] = NAN;
        sg_pv_point(&plant, INT64_C(1782043200000000), row, got); /* 2026-06-21 12:00 */
        assert_true(isnan(got[SG_PV_AC]));
    }
}

static void dirt_heat_and_reflection_only_take_away(void **state)
{
    (void)state;
    sg_pv plant;
    sg_pv_prepare(&plant_params, &plant);
    double last_w = 1e9;
    for (int i = 0; i <= 20; i++) { /* more dirt */
        double row[SG_PV_INPUTS] = {500, 300, 200, 20, 1, 1 - i * 0.05, 0}, got[SG_PV_OUTPUTS];
        sg_pv_point(&plant, INT64_C(1782043200000000), row, got);
        assert_true(got[SG_PV_AC] < last_w || got[SG_PV_AC] == 0);
        last_w = got[SG_PV_AC];
    }
    assert_true(last_w == 0); /* all dirt: no light, no power */
    last_w = 1e9;
    for (int degc = -20; degc <= 60; degc += 5) {
        double row[SG_PV_INPUTS] = {500, 300, 200, degc, 1, 1, 0}, got[SG_PV_OUTPUTS];
        sg_pv_point(&plant, INT64_C(1782043200000000), row, got);
        assert_true(got[SG_PV_AC] < last_w);
        last_w = got[SG_PV_AC];
    }
    double last = 2;
    for (int deg = 0; deg <= 90; deg++) {
        double share = sg_sky_iam_physical(&plant.glass, cos(deg * SG_DEGREE));
        assert_true(share <= last && share >= 0 && share <= 1 + 1e-15);
        last = share;
    }
}

static void direct_and_diffuse_light_add_up_to_the_global(void **state)
{
    (void)state;
    for (int k = 0; k < 20000; k++) {
        double ghi = drawn(9, k, 0, 1400), c = drawn(10, k, 0.001, 1), dni, dhi;
        sg_sky_erbs(ghi, c, 1366, &dni, &dhi);
        assert_true(dni >= 0 && dni <= 1366 && dhi >= 0);
        assert_true(fabs(dni * c + dhi - ghi) < 1e-9);
    }
    /* a level plane gets what the level gets, whatever the sky */
    sg_pv_params p = plant_params;
    p.tilt_rad = 0;
    for (int sky = 0; sky < 3; sky++) {
        sg_pv plant;
        p.sky = (sg_pv_sky)sky;
        sg_pv_prepare(&p, &plant);
        double row[SG_PV_INPUTS] = {450, -1, -1, 20, 1, 1, 0}, got[SG_PV_OUTPUTS];
        sg_pv_point(&plant, INT64_C(1782043200000000), row, got);
        assert_true(fabs(got[SG_PV_POA] - 450) < 1e-9);
    }
}

/* Two of global, direct and diffuse say the third. */
static void what_is_not_measured_follows_from_the_rest(void **state)
{
    (void)state;
    sg_pv plant;
    sg_pv_prepare(&plant_params, &plant);
    double c, all[SG_PV_OUTPUTS], no_dhi[SG_PV_OUTPUTS], no_dni[SG_PV_OUTPUTS];
    double row[SG_PV_INPUTS] = {0, 500, 150, 20, 1, 1, 0};
    sg_pv_point(&plant, INT64_C(1782043200000000), row, all);
    c = cos(all[SG_PV_ZENITH] * SG_DEGREE);
    row[SG_PV_GHI] = 150 + 500 * c;
    sg_pv_point(&plant, INT64_C(1782043200000000), row, all);
    row[SG_PV_DHI] = -1;
    sg_pv_point(&plant, INT64_C(1782043200000000), row, no_dhi);
    row[SG_PV_DHI] = 150;
    row[SG_PV_DNI] = -0.3; /* the offset of a pyrheliometer */
    sg_pv_point(&plant, INT64_C(1782043200000000), row, no_dni);
    assert_true(fabs(all[SG_PV_POA] - no_dhi[SG_PV_POA]) < 1e-9);
    assert_true(fabs(all[SG_PV_POA] - no_dni[SG_PV_POA]) < 1e-9);
}

/* Brute force: 200,000 planes, spread evenly over roll, pitch and the way the sun stands. */
static void a_rolling_plane_gets_what_many_draws_of_it_get(void **state)
{
    (void)state;
    static const double zenith_deg[] = {0, 30, 60, 80, 88}, roll_deg[] = {2, 5, 10, 15};
    enum { DRAWS = 200000 };
    for (int z = 0; z < 5; z++) {
        double c = cos(zenith_deg[z] * SG_DEGREE), s = sin(zenith_deg[z] * SG_DEGREE);
        for (int r = 0; r < 4; r++) {
            double sum = 0;
            for (int k = 0; k < DRAWS; k++) {
                double far = roll_deg[r] * SG_DEGREE * sqrt(-2 * log((k + 0.5) / DRAWS));
                double turn = k * 3.883222077450933,
                       way = k * 2.3999632297286531; /* golden angles */
                double roll = far * cos(turn), pitch = far * sin(turn);
                double up = cos(roll) * cos(pitch), x = sin(pitch), y = -sin(roll) * cos(pitch);
                sum += fmax(0, up * c + s * (x * cos(way) + y * sin(way)));
            }
            double got = sg_pv_rolling_cos(c, s, roll_deg[r] * SG_DEGREE);
            assert_true(fabs(got - sum / DRAWS) < 0.01 * got + 0.0003);
        }
    }
    /* at rest the plane is a plane; and a little roll changes little */
    for (int k = 0; k < 1000; k++) {
        double c = drawn(14, k, -1, 1), s = sqrt(1 - c * c);
        assert_true(sg_pv_rolling_cos(c, s, 0) == fmax(0, c));
        assert_true(fabs(sg_pv_rolling_cos(c, s, 1e-6) - fmax(0, c)) < 1e-6);
    }
}

static void a_transformer_loses_what_it_says(void **state)
{
    (void)state;
    for (int k = 0; k < 1000; k++) {
        double in_w = drawn(15, k, 0, 1e6);
        double out_w = sg_pv_transformer_w(in_w, 0.002, 0.007, 1e6);
        assert_true(fabs(in_w - out_w - 0.002 * 1e6 - 0.007 * out_w * out_w / 1e6) < 1e-6);
    }
}

static void senseless_inputs_are_refused(void **state)
{
    (void)state;
    sg_model room;
    const sg_model *model = sg_model_find("pv", &room);
    double p[SG_PARAM_MAX], got[SG_PV_OUTPUTS];
    sg_model_presets(model, p);
    static const double bad[][2] = {{SG_PV_AIR, -300},
                                    {SG_PV_SOILING, 1.01},
                                    {SG_PV_SOILING, -0.1},
                                    {SG_PV_ROLL, -0.1},
                                    {SG_PV_GHI, NAN}};
    for (int i = 0; i < 5; i++) {
        double row[SG_PV_INPUTS] = {500, -1, -1, 20, 1, 1, 0};
        row[(int)bad[i][0]] = bad[i][1];
        sg_now now = {.time_us = INT64_C(1782043200000000), .dt_s = 900};
        assert_int_equal(sg_model_step(model, p, &now, row, (double[1]){0}, got), SG_RANGE);
    }
}

/* --- dirt --- */

static void cleaning_and_rain_take_dirt_off_and_nothing_else_does(void **state)
{
    (void)state;
    sg_soiling plant = {.cos_tilt = 1,
                        .settle_fine_ms = 0.0009,
                        .settle_coarse_ms = 0.004,
                        .rain_threshold_mm = 2,
                        .rain_window_s = 7200,
                        .loss_rate_per_s = 0.002 / 86400,
                        .loss_max_frac = 0.3,
                        .maintenance_s = 10 * 86400};
    double memory[SG_SOILING_STATE] = {0}, last = 1;
    int cleaned = 0;
    for (int hour = 1; hour <= 720; hour++) {
        sg_soiling_day day = {3600, 0, 2e-5, 6e-5, hour == 300};
        if (hour == 100 || hour == 101 || hour == 500 || hour == 502) {
            day.rain_mm = 1.2; /* two hours in a row clean, two with one between do not */
        }
        double ratio = sg_soiling_step(&plant, &day, memory);
        bool expected = hour == 240 || hour == 101 || hour == 300 || hour == 540;
        if (ratio == 1) {
            cleaned++;
            assert_true(expected);
        } else {
            assert_true(ratio < last && !expected);
        }
        last = ratio;
    }
    assert_int_equal(cleaned, 4);
}

static void the_length_of_the_steps_does_not_matter(void **state)
{
    (void)state;
    sg_soiling plant = {.cos_tilt = 0.9,
                        .settle_fine_ms = 0.0009,
                        .settle_coarse_ms = 0.004,
                        .rain_threshold_mm = 5,
                        .rain_window_s = 86400,
                        .loss_rate_per_s = 0.0015 / 86400,
                        .loss_max_frac = 0.3,
                        .grace_s = 5 * 86400};
    static const double steps_s[] = {60, 900, 3600, 21600, 86400};
    for (int i = 0; i < 5; i++) {
        double memory[SG_SOILING_STATE] = {0}, ratio = 1;
        int count = (int)(20 * 86400 / steps_s[i]), wet = (int)(3 * 86400 / steps_s[i]);
        for (int k = 0; k < count; k++) {
            sg_soiling_day day = {steps_s[i], k == wet ? 6 : 0, 1e-5, 3e-5, false};
            ratio = sg_soiling_step(&plant, &day, memory);
        }
        /* 17 days of dust, 12 of the constant rate; a wet step is clean to its end */
        double dust = 17 * 86400 * 0.9 * (0.0009 * 1e-5 + 0.004 * 2e-5);
        double want = sg_soiling_dust_ratio(dust) * (1 - 12 * 0.0015);
        assert_true(fabs(ratio - want) < 0.0012 * (steps_s[i] / 86400) + 0.0008);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_gives_the_bits_of_single_rows),
        cmocka_unit_test(the_chain_is_its_parts),
        cmocka_unit_test(power_stays_within_its_bounds),
        cmocka_unit_test(missing_columns_are_presets_and_missing_values_stay_missing),
        cmocka_unit_test(dirt_heat_and_reflection_only_take_away),
        cmocka_unit_test(direct_and_diffuse_light_add_up_to_the_global),
        cmocka_unit_test(what_is_not_measured_follows_from_the_rest),
        cmocka_unit_test(a_rolling_plane_gets_what_many_draws_of_it_get),
        cmocka_unit_test(a_transformer_loses_what_it_says),
        cmocka_unit_test(senseless_inputs_are_refused),
        cmocka_unit_test(cleaning_and_rain_take_dirt_off_and_nothing_else_does),
        cmocka_unit_test(the_length_of_the_steps_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
