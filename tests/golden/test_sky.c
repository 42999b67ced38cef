/* Light on tilted planes against published figures; the tables name the sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "model/model.h"
#include "model/sky.h"
#include "model/sun.h"

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/sky.csv");
}

static void expect_of(const char *group, const char *what, double got)
{
    char name[80];
    snprintf(name, sizeof name, "%s_%s", group, what);
    expect(name, got);
}

/* One row of the model, tilt and azimuth in degrees. */
static void transpose(double tilt_deg, double azimuth_deg, double albedo, const double *in,
                      double *out)
{
    sg_model room;
    const sg_model *model = sg_model_find("transposition", &room);
    assert_non_null(model);
    double p[] = {tilt_deg * SG_DEGREE, azimuth_deg * SG_DEGREE, albedo};
    assert_int_equal(sg_model_step(model, p, &(sg_now){.dt_s = 1}, in, (double[1]){0}, out), SG_OK);
}

enum { ISOTROPIC, HAY_DAVIES, PEREZ, BEAM, GROUND, SKY_ISOTROPIC, SKY_HAY_DAVIES, SKY_PEREZ, AOI };

/* ghi, dni, dhi, zenith, azimuth, extraterrestrial, air mass */
static const double times[4][7] = {{0, 0, 0, 124.0390863, 352.69550699, 1321.1655834833093, 0},
                                   {79.73860422, 316.1949056, 40.46149818, 82.85457044, 66.71410338,
                                    1321.1655834833093, 7.58831596},
                                   {1042.48031487, 939.95469881, 118.45831879, 10.56413562,
                                    144.76567754, 1321.1655834833093, 1.01688136},
                                   {257.20751138, 646.22886049, 62.03376265, 72.41687122,
                                    287.04104128, 1321.1655834833093, 3.27930443}};

static void four_times(void **state)
{
    (void)state;
    static const char *const names[] = {"t1", "t2", "t3", "t4"};
    double sand = 48.778813 / (1042.48031487 * (1 - cos(40 * SG_DEGREE)) / 2); /* 0.40, by t3 */
    assert_true(fabs(sand - 0.40) < 1e-6);
    for (int i = 0; i < 4; i++) {
        double out[SG_MODEL_OUTPUT_MAX];
        transpose(40, 180, 0.40, times[i], out);
        expect_of(names[i], "isotropic", out[SKY_ISOTROPIC]);
        expect_of(names[i], "hay_davies", out[SKY_HAY_DAVIES]);
        expect_of(names[i], "perez", out[SKY_PEREZ]);
        expect_of(names[i], "ground", out[GROUND]);
        expect_of(names[i], "beam", out[BEAM]);
    }
    /* the published global irradiance took the sky of Perez and the ground's 0.40 */
    for (int i = 0; i < 4; i++) {
        double out[SG_MODEL_OUTPUT_MAX];
        transpose(40, 180, 0.40, times[i], out);
        expect_of(names[i], "poa_perez", out[PEREZ]);
    }
}

static void tilts(void **state)
{
    (void)state;
    static const int tilt_deg[] = {0, 5, 10, 20, 30, 40};
    for (int t = 2; t < 4; t++) {
        for (int i = 0; i < 6; i++) {
            double out[SG_MODEL_OUTPUT_MAX];
            char name[32];
            transpose(tilt_deg[i], 180, 0.25, times[t], out);
            snprintf(name, sizeof name, "sweep_t%d_%d", t + 1, tilt_deg[i]);
            expect(name, out[HAY_DAVIES]);
        }
    }
}

static void single_figures(void **state)
{
    (void)state;
    double out[SG_MODEL_OUTPUT_MAX];
    transpose(40, 180, 0.25, (double[]){900, 0, 0, 45, 180, 1366, 1.4}, out);
    expect("ground_40_900_0.25", out[GROUND]);
    transpose(40, 180, 0.25, (double[]){0, 0, 100, 45, 180, 1366, 1.4}, out);
    expect("isotropic_40_100", out[SKY_ISOTROPIC]);
    static const int angles[][4] = {
        {30, 180, 30, 180}, {30, 180, 150, 0}, {90, 0, 30, 60}, {90, 0, 30, 170}};
    for (int i = 0; i < 4; i++) {
        char name[32];
        const int *a = angles[i];
        transpose(a[0], a[1], 0, (double[]){0, 0, 0, a[2], a[3], 1366, 1}, out);
        snprintf(name, sizeof name, "aoi_%d_%d_%d_%d", a[0], a[1], a[2], a[3]);
        expect(name, out[AOI]);
    }
    expect("air_mass_80", sg_sky_air_mass(80 * SG_DEGREE));
    expect("air_mass_89.9", sg_sky_air_mass(89.9 * SG_DEGREE));
    expect("pressure_1000", sg_sky_pressure_pa(1000));
    assert_true(fabs(sg_sky_pressure_pa(0) - 101325) < 0.5);
}

/* J. W. Spencer's distance of a day of the year, with which these cases were published */
static double extraterrestrial(int day)
{
    double b = 2 * SG_PI * (day - 1) / 365;
    return 1366.1 * (1.00011 + 0.034221 * cos(b) + 0.00128 * sin(b) + 0.000719 * cos(2 * b) +
                     7.7e-5 * sin(2 * b));
}

static void direct_and_diffuse(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int day;
        double ghi_w_m2, zenith_deg;
    } cases[] = {{"erbs_jan_50", 1, 50, 85},
                 {"erbs_jan_1000", 1, 1000, 10},
                 {"erbs_jun_1000", 171, 1000, 10}};
    for (int i = 0; i < 3; i++) {
        double dni, dhi, c = cos(cases[i].zenith_deg * SG_DEGREE),
                         e = extraterrestrial(cases[i].day);
        sg_sky_erbs(cases[i].ghi_w_m2, c, e, &dni, &dhi);
        expect_of(cases[i].name, "dni", dni);
        expect_of(cases[i].name, "dhi", dhi);
        expect_of(cases[i].name, "kt", cases[i].ghi_w_m2 / (e * c));
    }
}

static void clear_sky(void **state)
{
    (void)state;
    sg_sky_clear clear = sg_sky_clear_of(10 * SG_DEGREE, 1, 3, 0, 1364);
    expect("clear_ghi", clear.ghi_w_m2);
    expect("clear_dni", clear.dni_w_m2);
    expect("clear_dhi", clear.dhi_w_m2);
}

static void reflection(void **state)
{
    (void)state;
    sg_model room;
    const sg_model *model = sg_model_find("incidence", &room);
    static const double angles[] = {22.5, 45, 67.5, 0, 90, 135};
    static const char *const names[] = {"22.5", "45", "67.5"};
    double p[SG_PARAM_MAX], out[SG_MODEL_OUTPUT_MAX];
    sg_model_presets(model, p);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(
            sg_model_step(model, p, &(sg_now){.dt_s = 1}, &angles[i], (double[1]){0}, out), SG_OK);
        if (i < 3) {
            expect_of("iam_physical", names[i], out[0]);
            expect_of("iam_ashrae", names[i], out[2]);
        }
        if (i == 1) {
            expect("iam_martin_ruiz_45", out[1]);
        }
        for (int m = 0; m < 3; m++) {
            assert_true(i < 3 || fabs(out[m] - (i == 3)) < 1e-12);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_times),         cmocka_unit_test(tilts),
        cmocka_unit_test(single_figures),     cmocka_unit_test(direct_and_diffuse),
        cmocka_unit_test(clear_sky),          cmocka_unit_test(reflection),
        cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
