/* Cells, DC, AC and whole hours of a plant against published figures and pvlib: tests/golden/models/README.md names them. */
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
        assert_int_equal(sg_model_step(model, p, &(sg_now){.dt_s = 1}, in, NULL, out), SG_OK);
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
//HOURS
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells),
        cmocka_unit_test(the_model_of_cells),
        cmocka_unit_test(power),
        cmocka_unit_test(rolling_platforms),
        //HOURSTEST
        cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
