/* Cells, DC, AC and whole hours of a plant against published figures and pvlib; the table names the sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "golden/golden.h"
#include "model/model.h"
#include "model/pv.h"

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/pv.csv");
}

static void cells(void **state)
{
    (void)state;
    double module = sg_pv_sapm_module_degc(900, 20, 5, -3.47, -0.0594);
    expect("sapm_900_20_5_module", module);
    expect("sapm_900_20_5_cell", sg_pv_sapm_cell_degc(900, module, 3));
    module = sg_pv_sapm_module_degc(500, 10, 5, -3.47, -0.0594);
    expect("sapm_500_10_5_module", module);
    expect("sapm_500_10_5_cell", sg_pv_sapm_cell_degc(500, module, 3));
    expect("faiman_900_20_5", sg_pv_faiman_degc(900, 20, 5, 25, 6.84));
    expect("faiman_500_10_5", sg_pv_faiman_degc(500, 10, 5, 25, 6.84));
    expect("faiman_22_6_900_20_5", sg_pv_faiman_degc(900, 20, 5, 22, 6));
    expect("pvsyst_900_20_5", sg_pv_pvsyst_degc(900, 20, 5, 29, 0, 0.1));
    expect("noct_sam_1000_25_1_45_0.2", sg_pv_noct_sam_degc(1000, 25, 1, 45, 0.2));
    expect("ross_1000_30_0.0375", sg_pv_ross_degc(1000, 30, 0.0375));
}

/* The model chooses among the same equations. */
static void the_model_of_cells(void **state)
{
    (void)state;
    static const char *const names[] = {"faiman_900_20_5", "sapm_900_20_5_cell", "pvsyst_900_20_5"};
    sg_model room;
    const sg_model *model = sg_model_find("cell_temperature", &room);
    double p[SG_PARAM_MAX], out[SG_MODEL_OUTPUT_MAX], in[] = {900, 20, 5};
    sg_model_presets(model, p);
    for (int i = 0; i < 3; i++) {
        p[0] = i;
        assert_int_equal(sg_model_step(model, p, &(sg_now){.dt_s = 1}, in, (double[1]){0}, out),
                         SG_OK);
        expect(names[i], out[0]);
    }
}

static void power(void **state)
{
    (void)state;
    expect("dc_900_30_100_-0.003", sg_pv_dc_w(900, 30, 100, -0.003));
    expect("inverter_90", sg_pv_inverter_w(90, 100, 0.95));
    expect("inverter_50", sg_pv_inverter_w(50, 100, 0.95));
    expect("inverter_100", sg_pv_inverter_w(100, 100, 0.95));
    double losses[] = {0.02, 0.03, 0, 0.02, 0.02, 0.005, 0.015, 0.01, 0, 0.03};
    expect("losses_default", 100 * sg_pv_losses_frac(losses, 10));
    losses[8] = 0.01;
    expect("losses_age_1", 100 * sg_pv_losses_frac(losses, 10));
    static const char *const watts[] = {"-800", "436016.61", "1511820.17"};
    for (int i = 0; i < 3; i++) {
        char name[40];
        snprintf(name, sizeof name, "transformer_%s", watts[i]);
        expect(name, sg_pv_transformer_w(strtod(watts[i], NULL), 0.002, 0.007, 2.75e6));
    }
}

static void rolling_platforms(void **state)
{
    (void)state;
    static const int roll_deg[] = {2, 5, 10, 15};
    for (int i = 0; i < 4; i++) {
        char name[40];
        snprintf(name, sizeof name, "roll_%d_noon", roll_deg[i]);
        expect(name, sg_pv_rolling_cos(1, 0, roll_deg[i] * SG_DEGREE));
        if (i > 0) {
            double c = cos(80 * SG_DEGREE), s = sin(80 * SG_DEGREE);
            snprintf(name, sizeof name, "roll_%d_zenith_80", roll_deg[i]);
            expect(name, sg_pv_rolling_cos(c, s, roll_deg[i] * SG_DEGREE) / c);
        }
    }
}
/* tests/golden/models/pv_hours.py has the same hours: place is latitude, longitude, altitude, tilt, azimuth. */
static const struct {
    const char *name, *time;
    double place[5];
    int sky;
    double in[SG_PV_INPUTS];
} hours[] = {
    {"apalachicola_winter",
     "2012-01-15T17:07:30Z",
     {29.77, -84.88, 0, 20, 180},
     0,
     {560, -1, -1, 15.2, 2.1, 1, 0}},
    {"apalachicola_spring",
     "2012-04-10T15:37:30Z",
     {29.77, -84.88, 0, 20, 180},
     0,
     {780, -1, -1, 21, 3.4, 1, 0}},
    {"apalachicola_summer",
     "2012-07-03T18:22:30Z",
     {29.77, -84.88, 0, 20, 180},
     0,
     {990, -1, -1, 30.5, 2.8, 1, 0}},
    {"apalachicola_cloud",
     "2012-07-20T20:07:30Z",
     {29.77, -84.88, 0, 20, 180},
     0,
     {140, -1, -1, 27.3, 4, 1, 0}},
    {"apalachicola_evening",
     "2012-06-01T23:07:30Z",
     {29.77, -84.88, 0, 20, 180},
     1,
     {160, -1, -1, 27, 3, 1, 0}},
    {"north_sea_noon",
     "2026-06-21T12:00:00Z",
     {54.5, 3, 0, 10, 180},
     0,
     {830, 800, 130, 15, 8, 1, 0}},
    {"north_sea_perez",
     "2026-03-20T10:30:00Z",
     {54.5, 3, 0, 35, 150},
     1,
     {430, 520, 150, 8, 9, 1, 0}},
    {"north_sea_level",
     "2026-09-01T14:30:00Z",
     {54.5, 3, 0, 0, 180},
     2,
     {520, -1, -1, 17, 6, 1, 0}},
    {"reykjavik_low",
     "2026-10-10T10:00:00Z",
     {64.15, -21.94, 20, 45, 170},
     0,
     {60, 150, 45, 3, 5, 1, 0}},
    {"sydney_north",
     "2026-12-21T01:30:00Z",
     {-33.87, 151.21, 30, 25, 0},
     1,
     {1020, 900, 110, 26, 4.5, 1, 0}},
    {"singapore_west",
     "2026-06-21T08:30:00Z",
     {1.35, 103.82, 15, 15, 270},
     0,
     {510, 480, 210, 31, 1.5, 1, 0}},
};

static void expect_hour(const char *name, const char *what, double got)
{
    char row[80];
    snprintf(row, sizeof row, "hour_%s_%s", name, what);
    expect(row, got);
}

static void whole_hours(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hours / sizeof hours[0]; i++) {
        const double *place = hours[i].place;
        sg_pv_params p = {.latitude_rad = place[0] * SG_DEGREE,
                          .longitude_rad = place[1] * SG_DEGREE,
                          .altitude_m = place[2],
                          .tilt_rad = place[3] * SG_DEGREE,
                          .azimuth_rad = place[4] * SG_DEGREE,
                          .albedo_frac = 0.08,
                          .dc_rating_w = 1e6,
                          .gamma_per_k = -0.0035,
                          .inverter_w = 0.7e6,
                          .inverter_eff = 0.96,
                          .loss_frac = 0.14,
                          .u0_w_m2k = 25,
                          .u1_w_m3sk = 6.84,
                          .sky = (sg_pv_sky)hours[i].sky};
        sg_pv plant;
        int64_t time_us;
        double out[SG_PV_OUTPUTS];
        assert_int_equal(sg_time_parse(hours[i].time, strlen(hours[i].time), &time_us), SG_OK);
        sg_pv_prepare(&p, &plant);
        sg_pv_point(&plant, time_us, hours[i].in, out);
        expect_hour(hours[i].name, "poa", out[SG_PV_POA]);
        expect_hour(hours[i].name, "cell", out[SG_PV_CELL]);
        expect_hour(hours[i].name, "dc", out[SG_PV_DC] * 1e-3);
        expect_hour(hours[i].name, "ac", out[SG_PV_AC] * 1e-3);
        expect_hour(hours[i].name, "zenith", out[SG_PV_ZENITH]);
        expect_hour(hours[i].name, "aoi", out[SG_PV_AOI]);
    }
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells),       cmocka_unit_test(the_model_of_cells),
        cmocka_unit_test(power),       cmocka_unit_test(rolling_platforms),
        cmocka_unit_test(whole_hours), cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
