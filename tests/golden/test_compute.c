/* Servers, chillers and halls against published tables and curves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "model/cooling.h"
#include "model/model.h"
#include "model/server.h"

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/compute.csv");
}

static const char *const servers[SG_SERVER_TABLES] = {"ml110_g4", "ml110_g5", "x3250_x3470",
                                                      "x3550_x5670", "x3550_x5675"};

/* Through the model, so that the names of its choices are held to the tables as well. */
static double model_power_w(double form, double load)
{
    const sg_model *model = sg_model_find("server", NULL);
    double p[SG_PARAM_MAX], state[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
    double in[] = {load, 1e12, 0};
    sg_now now = {.dt_s = 1};
    sg_model_presets(model, p);
    p[0] = form;
    sg_model_start(model, p, state);
    assert_int_equal(sg_model_step(model, p, &now, in, state, out), SG_OK);
    return out[0];
}

static void tables_are_met_at_their_points(void **state)
{
    (void)state;
    const sg_model *model = sg_model_find("server", NULL);
    const char *choice = model->params[0].choices;
    for (int s = 0; s < SG_SERVER_TABLES; s++) {
        assert_memory_equal(choice, servers[s], strlen(servers[s]));
        choice += strcspn(choice, "|") + 1;
        for (int i = 0; i < SG_SERVER_POINTS; i++) {
            char name[64];
            snprintf(name, sizeof name, "server_%s_%d", servers[s], 10 * i);
            expect(name, model_power_w(s, i / 10.0));
        }
    }
}

static void overall_scores(void **state)
{
    (void)state;
    expect("server_overall_x3550_x5675",
           sg_server_overall_ops_per_w(sg_server_table_of(SG_SERVER_X3550_X5675)));
    expect("server_overall_ml110_g5",
           sg_server_overall_ops_per_w(sg_server_table_of(SG_SERVER_ML110_G5)));
    assert_null(sg_server_table_of(SG_SERVER_LINEAR));
}

static void errors_of_the_two_curves(void **state)
{
    (void)state;
    static const char *const forms[] = {"linear", "fan_barroso"};
    for (int s = 0; s < SG_SERVER_TABLES; s++) {
        const double *w = sg_server_table_of((sg_server_form)s)->power_w;
        for (int form = 0; form < 2; form++) {
            sg_server_curve curve = {.form = form ? SG_SERVER_FAN_BARROSO : SG_SERVER_LINEAR,
                                     .idle_w = w[0],
                                     .max_w = w[10],
                                     .exponent = 1.4};
            double worst_w = 0;
            for (int i = 0; i < SG_SERVER_POINTS; i++) {
                worst_w = fmax(worst_w, fabs(sg_server_power_w(&curve, i / 10.0) - w[i]));
            }
            char name[64];
            snprintf(name, sizeof name, "server_error_%s_%s", forms[form], servers[s]);
            expect(name, 100 * worst_w / w[10]);
        }
    }
}

static void chiller_curves(void **state)
{
    (void)state;
    static const double condensers[] = {24, 26, 29.4, 32, 35}, loads[] = {1, 0.75, 0.5, 0.25};
    const sg_chiller_curves *c = &sg_chiller_doe2_centrifugal;
    char name[64];
    for (int i = 0; i < 5; i++) {
        double y = condensers[i];
        snprintf(name, sizeof name, "chiller_capft_6.67_%g", y);
        expect(name, sg_chiller_biquadratic(c->capft, 6.67, y));
        snprintf(name, sizeof name, "chiller_eirft_6.67_%g", y);
        expect(name, sg_chiller_biquadratic(c->eirft, 6.67, y));
        double capacity_w = sg_chiller_capacity_w(c, 1e6, 6.67, y);
        for (int k = 0; k < 4; k++) {
            double heat_w = loads[k] * capacity_w;
            snprintf(name, sizeof name, "chiller_cop_6.67_%g_%g", y, loads[k]);
            expect(name, heat_w / sg_chiller_power_w(c, 1e6, 6.67, y, 0.1, heat_w));
        }
        if (i % 2 == 0) {
            double heat_w = sg_chiller_capacity_w(c, 1e6, 10, y);
            snprintf(name, sizeof name, "chiller_cop_10_%g_1", y);
            expect(name, heat_w / sg_chiller_power_w(c, 1e6, 10, y, 0.1, heat_w));
        }
    }
}

static void pue_is_what_its_parts_make(void **state)
{
    (void)state;
    const sg_model *model = sg_model_find("pue", NULL);
    double p[SG_PARAM_MAX], none[1] = {0}, out[SG_MODEL_OUTPUT_MAX], in[] = {1e6, 15};
    sg_now now = {.dt_s = 1};
    sg_model_presets(model, p);
    for (int i = 0; i < model->param_count; i++) {
        const char *name = model->params[i].name;
        p[i] = strcmp(name, "cooling") == 0 || strcmp(name, "fixed_power") == 0 ? 0 : p[i];
    }
    assert_int_equal(sg_model_step(model, p, &now, in, none, out), SG_OK);
    expect("pue_identity", out[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_met_at_their_points), cmocka_unit_test(overall_scores),
        cmocka_unit_test(errors_of_the_two_curves),       cmocka_unit_test(chiller_curves),
        cmocka_unit_test(pue_is_what_its_parts_make),     cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
