/* Cables, networks, converters and frequency against published figures and other solvers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "model/cable.h"
#include "model/converter.h"
#include "model/frequency.h"
#include "model/model.h"
#include "model/powerflow.h"

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/network.csv");
}

static void resistances(void **state)
{
    (void)state;
    static const double mm2[] = {1.5, 2.5, 4,   6,   10,  16,  25,  35,  50, 70,
                                 95,  120, 150, 185, 240, 300, 400, 500, 630};
    char name[64];
    for (int i = 0; i < 19; i++) {
        snprintf(name, sizeof name, "r20_cu_%g", mm2[i]);
        expect(name, 1e3 * sg_cable_table_ohm_per_m(SG_CABLE_COPPER, mm2[i] * 1e-6));
        double aluminium = 1e3 * sg_cable_table_ohm_per_m(SG_CABLE_ALUMINIUM, mm2[i] * 1e-6);
        snprintf(name, sizeof name, "r20_al_%g", mm2[i]);
        if (mm2[i] < 10) {
            assert_true(isnan(aluminium));
        } else {
            expect(name, aluminium);
        }
    }
    assert_true(isnan(sg_cable_table_ohm_per_m(SG_CABLE_COPPER, 20e-6)));
    expect("warmth_cu_70", sg_cable_warmth(SG_CABLE_COPPER, 70));
    expect("rho_cu_1mm2", 1e3 * sg_cable_ideal_ohm_per_m(SG_CABLE_COPPER, 1e-6));
}

static sg_cable cold_cable(sg_cable_system system, double volts, double metres, double mm2)
{
    return (sg_cable){.system = system,
                      .voltage_v = volts,
                      .length_m = metres,
                      .r_ohm_per_m = sg_cable_table_ohm_per_m(SG_CABLE_COPPER, mm2 * 1e-6)};
}

static void drops(void **state)
{
    (void)state;
    sg_cable c = cold_cable(SG_CABLE_THREE_PHASE, 400, 50, 25);
    expect("drop_3ph_400_100a_50m_25", sg_cable_drop_v(&c, 100, 1));
    expect("drop_3ph_400_100a_50m_25_share", sg_cable_drop_v(&c, 100, 1) / 4);
    c = cold_cable(SG_CABLE_DC, 800, 50, 35);
    double amps = sg_cable_current_a(&c, 100e3, 1);
    expect("drop_dc_800_100kw_50m_35", sg_cable_drop_v(&c, amps, 1));
    expect("drop_dc_800_100kw_50m_35_share", sg_cable_drop_v(&c, amps, 1) / 8);
    expect("loss_dc_800_100kw_50m_35", sg_cable_loss_w(&c, amps));
    c = cold_cable(SG_CABLE_DC, 54, 5, 240);
    amps = sg_cable_current_a(&c, 10e3, 1);
    expect("drop_dc_54_10kw_5m_240", sg_cable_drop_v(&c, amps, 1));
    expect("loss_dc_54_10kw_5m_240", sg_cable_loss_w(&c, amps));
}

/* --- networks --- */

enum { NODES_MAX = 80 };

typedef struct table {
    int32_t parent[NODES_MAX];
    double r[NODES_MAX], x[NODES_MAX], ratio[NODES_MAX], g[NODES_MAX], b[NODES_MAX];
    double share_i[NODES_MAX], share_z[NODES_MAX], p[NODES_MAX], q[NODES_MAX];
    double nominal[NODES_MAX], re[NODES_MAX], im[NODES_MAX];
    int32_t count;
} table;

/* The rows of one feeder: bus numbers from 1, kW. */
static void read_feeder(const char *feeder, table *t)
{
    FILE *file = fopen("tests/golden/models/network_feeders.csv", "r");
    char line[512], name[32];
    int bus, parent;
    assert_non_null(file);
    for (t->count = 0; fgets(line, sizeof line, file);) {
        int32_t i = t->count;
        if (sscanf(line, "%31[^,],%d,%d,%lf,%lf,%lf,%lf", name, &bus, &parent, &t->r[i], &t->x[i],
                   &t->p[i], &t->q[i]) == 7 &&
            strcmp(name, feeder) == 0) {
            assert_int_equal(bus, i + 1);
            t->parent[i] = parent - 1;
            t->p[i] *= 1e3;
            t->q[i] *= 1e3;
            t->count++;
        }
    }
    fclose(file);
}

static void read_random(const char *network, table *t)
{
    FILE *file = fopen("tests/golden/models/network_random.csv", "r");
    char line[512], name[32];
    assert_non_null(file);
    for (t->count = 0; fgets(line, sizeof line, file);) {
        int32_t i = t->count;
        if (sscanf(line, "%31[^,],%d,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf", name,
                   &t->parent[i], &t->r[i], &t->x[i], &t->ratio[i], &t->g[i], &t->b[i],
                   &t->share_i[i], &t->share_z[i], &t->p[i], &t->q[i], &t->nominal[i], &t->re[i],
                   &t->im[i]) == 14 &&
            strcmp(name, network) == 0) {
            t->count++;
        }
    }
    fclose(file);
    assert_int_equal(t->count, 40);
}

static sg_powerflow solve(const sg_network *net, const table *t, double *re, double *im)
{
    static double memory[NODES_MAX * 5];
    static const sg_powerflow_limits limits = {1e-11, 1000};
    sg_powerflow flow;
    assert_true(sg_powerflow_size(net->node_count) <= sizeof memory);
    assert_int_equal(sg_network_check(net), SG_OK);
    sg_powerflow_solve(net, &limits, &(sg_powerflow_cases){1, t->p, t->q, re, im, &flow}, memory);
    assert_int_equal(flow.outcome, SG_SOLVED);
    return flow;
}

static void expect_of(const char *network, const char *what, double got)
{
    char name[64];
    snprintf(name, sizeof name, "%s_%s", network, what);
    expect(name, got);
}

static void published_feeders(void **state)
{
    (void)state;
    static const char *const feeders[] = {"case33bw", "case69"};
    static table t;
    double re[NODES_MAX], im[NODES_MAX];
    for (int k = 0; k < 2; k++) {
        read_feeder(feeders[k], &t);
        assert_int_equal(t.count, k == 0 ? 33 : 69);
        sg_network net = {.node_count = t.count,
                          .parent = t.parent,
                          .r_ohm = t.r,
                          .x_ohm = t.x,
                          .source_v = 12660};
        sg_powerflow flow = solve(&net, &t, re, im);
        expect_of(feeders[k], "loss", flow.loss_w * 1e-3);
        expect_of(feeders[k], "lowest", flow.lowest_pu);
        expect_of(feeders[k], "lowest_bus", flow.lowest_node + 1);
        expect_of(feeders[k], "source", flow.source_w * 1e-3);
        expect_of(feeders[k], "source_var", flow.source_var * 1e-3);
    }
}

static void networks_at_random(void **state)
{
    (void)state;
    static const char *const names[] = {"power", "heavy", "zip", "shunts", "ratios", "direct"};
    static table t;
    double re[NODES_MAX], im[NODES_MAX];
    for (int k = 0; k < 6; k++) {
        read_random(names[k], &t);
        sg_network net = {.node_count = t.count,
                          .parent = t.parent,
                          .r_ohm = t.r,
                          .x_ohm = k == 5 ? NULL : t.x,
                          .ratio = t.ratio,
                          .shunt_g_s = t.g,
                          .shunt_b_s = t.b,
                          .current_share = t.share_i,
                          .impedance_share = t.share_z,
                          .nominal_v = t.nominal,
                          .source_v = t.re[0] * t.nominal[0]};
        sg_powerflow flow = solve(&net, &t, re, im);
        double worst = 0;
        for (int32_t i = 0; i < t.count; i++) {
            double off = hypot(re[i] / t.nominal[i] - t.re[i], im[i] / t.nominal[i] - t.im[i]);
            worst = off > worst ? off : worst;
        }
        char name[64];
        snprintf(name, sizeof name, "random_%s_worst", names[k]);
        expect(name, worst);
        snprintf(name, sizeof name, "random_%s_loss", names[k]);
        expect(name, flow.loss_w);
        snprintf(name, sizeof name, "random_%s_source", names[k]);
        expect(name, flow.source_w);
    }
}

/* --- converters --- */

static double efficiency(const sg_converter *c, double load)
{
    return 100 * load / (load + sg_converter_loss_w(c, load * c->rated_w) / c->rated_w);
}

static void power_supplies(void **state)
{
    (void)state;
    static const int loads[] = {10, 20, 50, 100};
    const char *at = SG_CONVERTER_CURVES;
    for (int curve = 0; curve <= SG_CONVERTER_80PLUS_LAST; curve++) {
        char name[64], curve_name[32];
        sg_converter c;
        snprintf(curve_name, sizeof curve_name, "%.*s", (int)strcspn(at, "|"), at);
        at += strlen(curve_name) + 1;
        sg_converter_preset(&c, (sg_converter_curve)curve, 2400);
        for (int i = c.point_count == 4 ? 0 : 1; i < 4; i++) {
            snprintf(name, sizeof name, "%s_%d", curve_name, loads[i]);
            expect(name, efficiency(&c, loads[i] / 100.0));
        }
        if (strcmp(curve_name, "titanium_230v") == 0) {
            expect("titanium_230v_15", efficiency(&c, 0.15));
            expect("titanium_230v_30", efficiency(&c, 0.30));
            expect("titanium_230v_30_loss", sg_converter_loss_w(&c, 720) / 24);
        }
    }
}

/* --- frequency --- */

static void answers_to_frequency(void **state)
{
    (void)state;
    static const double away_hz[] = {0.015, 0.1, 0.2, 0.35, 0.5};
    expect("droop_1547_59.5", sg_droop_1547_frac(59.5, 60, 0.036, 0.05));
    expect("droop_1547_60.5", sg_droop_1547_frac(60.5, 60, 0.036, 0.05));
    expect("swing_5mw", sg_swing_hz_per_s(60, -5e6, 5, 100e6));
    for (int i = 0; i < 5; i++) {
        char name[64];
        snprintf(name, sizeof name, "containment_%g", away_hz[i]);
        expect(name, 100 * sg_neso_containment_frac(-away_hz[i]));
        expect(name, -100 * sg_neso_containment_frac(away_hz[i]));
    }
    /* the model begins with the same slope */
    double p[SG_PARAM_MAX], s[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
    const sg_model *model = sg_model_find("frequency", NULL);
    const sg_now now = {.dt_s = 0.1};
    const double in[] = {-5e6, 0, 0};
    sg_model_presets(model, p);
    sg_model_start(model, p, s);
    assert_int_equal(sg_model_step(model, p, &now, in, s, out), SG_OK);
    expect("swing_5mw", out[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resistances),        cmocka_unit_test(drops),
        cmocka_unit_test(published_feeders),  cmocka_unit_test(networks_at_random),
        cmocka_unit_test(power_supplies),     cmocka_unit_test(answers_to_frequency),
        cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
