/* Device models against published figures: tests/golden/models/README.md names the sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "model/kind.h"
#include "rig.h"

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/kinds.csv");
}

/* The kind's presets, then what the case says. */
static const sg_kind *preset(const char *kind_name, double p[SG_PARAM_MAX])
{
    const sg_kind *kind = sg_kind_find(kind_name);
    assert_non_null(kind);
    for (int i = 0; i < kind->param_count; i++) {
        p[i] = kind->params[i].preset;
    }
    return kind;
}

static void set(const sg_kind *kind, double p[SG_PARAM_MAX], const char *name, double value)
{
    for (int i = 0; i < kind->param_count; i++) {
        if (strcmp(kind->params[i].name, name) == 0) {
            p[i] = value;
            return;
        }
    }
    fail_msg("%s has no %s", kind->name, name);
}

/* Fill an empty store with energy from the bus and take all of it out again. */
static double round_trip(const sg_reservoir *r)
{
    sg_reservoir still = *r;
    still.standing_loss_per_h = 0;
    double in_j = 0, out_j = 0, held_j = 0;
    for (int i = 0; i < 1000; i++) {
        double w = sg_reservoir_charge_w(&still, held_j, 1, 60);
        in_j += w * 60;
        held_j = sg_reservoir_step(&still, held_j, -w, 1, 60);
    }
    for (int i = 0; i < 100000 && held_j > 1e-9 * r->capacity_j; i++) {
        double w = sg_reservoir_discharge_w(&still, held_j, 0, 1, 60);
        out_j += w * 60;
        held_j = sg_reservoir_step(&still, held_j, w, 1, 60);
    }
    return out_j / in_j;
}

static void supercapacitors(void **state)
{
    (void)state;
    static const double farads[] = {165, 83, 130}, volts[] = {48, 48, 56};
    for (int i = 0; i < 3; i++) {
        double p[SG_PARAM_MAX];
        const sg_kind *kind = preset("supercapacitor", p);
        set(kind, p, "capacitance", farads[i]);
        set(kind, p, "voltage_max", volts[i]);
        set(kind, p, "voltage_min", 0);
        sg_reservoir whole, half;
        kind->reservoir(p, &whole);
        char name[64];
        snprintf(name, sizeof name, "supercap_%g_%g", farads[i], volts[i]);
        expect(name, whole.capacity_j / 3600);
        set(kind, p, "voltage_min", volts[i] / 2);
        kind->reservoir(p, &half);
        expect("supercap_window", 100 * half.capacity_j / whole.capacity_j);
    }
    /* the preset is the 165 F module between 48 V and 24 V: 142,560 J */
    double p[SG_PARAM_MAX];
    sg_reservoir r;
    preset("supercapacitor", p)->reservoir(p, &r);
    assert_true(fabs(r.capacity_j - 142560) < 1e-6);
}

/* The cell's temperature is read back from what it costs in power. */
static void cell_temperature(void **state)
{
    (void)state;
    static const double cases[][3] = {{900, 20, 5}, {500, 10, 5}};
    double p[SG_PARAM_MAX];
    const sg_kind *kind = preset("solar", p);
    set(kind, p, "capacity", 1e9);
    set(kind, p, "coverage_area", 1000);
    set(kind, p, "efficiency", 0.2);
    set(kind, p, "temperature_coefficient", -0.01);
    set(kind, p, "soiling_rate", 0);
    set(kind, p, "system_efficiency", 1);
    for (int i = 0; i < 2; i++) {
        const double *c = cases[i];
        double in[] = {c[0], c[1], c[2], 0, 8};
        double share = kind->available_w(p, in) / (c[0] * 1000 * 0.2);
        char name[64];
        snprintf(name, sizeof name, "faiman_%g_%g_%g", c[0], c[1], c[2]);
        expect(name, 25 + (1 - share) / 0.01);
    }
    /* in the dark there is no power to read it from: a ray of light stands for none */
    static const double dark[][2] = {{0, 10}, {5, 0}};
    for (int i = 0; i < 2; i++) {
        double in[] = {1e-6, dark[i][0], dark[i][1], 0, 8};
        double share = kind->available_w(p, in) / (1e-6 * 1000 * 0.2);
        char name[64];
        snprintf(name, sizeof name, "faiman_0_%g_%g", dark[i][0], dark[i][1]);
        expect(name, 25 + (1 - share) / 0.01);
    }
}

static void area_times_efficiency(void **state)
{
    (void)state;
    double p[SG_PARAM_MAX];
    const sg_kind *kind = preset("solar", p);
    set(kind, p, "capacity", 4e6);
    set(kind, p, "coverage_area", 10000);
    set(kind, p, "efficiency", 0.22);
    set(kind, p, "temperature_coefficient", 0);
    set(kind, p, "soiling_rate", 0);
    set(kind, p, "system_efficiency", 1);
    double in[] = {1000, 25, 1, 0, 8};
    expect("pv_area", kind->available_w(p, in) * 1e-3);
    char text[SG_WARNING_TEXT];
    assert_true(kind->warning(p, 0, text)); /* "4 MW" contradicts it, and is told */
    assert_false(kind->warning(p, 1, text));
}

static double cable_loss_w(const char *phases, double volts, double metres, double mm2,
                           double power_w)
{
    char text[512];
    int length =
        snprintf(text, sizeof text,
                 "nodes:\n  a: {}\n  b: {parent: a, voltage: %gV, phases: %s, cable_length: %gm, "
                 "cable_section: %gmm2}\nloads: {l: {node: b, rating: 1kW, demand: 1kW}}\n",
                 volts, phases, metres, mm2);
    sg_site site;
    rig_parse("cable.yaml", text, (size_t)length, &site);
    double loss_w = site.nodes[1].loss_ohm * (power_w / volts) * (power_w / volts);
    sg_site_free(&site);
    return loss_w / 1.1965; /* the reader's cables are 70 degC warm */
}

static void cables(void **state)
{
    (void)state;
    double amps_100_w = sqrt(3.0) * 400 * 100;
    expect("cable_3_400_50_25_69282", cable_loss_w("3", 400, 50, 25, amps_100_w));
    expect("cable_dc_800_50_35_100000", cable_loss_w("dc", 800, 50, 35, 100e3));
    expect("cable_dc_54_5_240_10000", cable_loss_w("dc", 54, 5, 240, 10e3));
    /* the same power on one phase of the same voltage costs twice as much as on three */
    assert_true(fabs(cable_loss_w("1", 400, 50, 25, 10e3) / cable_loss_w("3", 400, 50, 25, 10e3) -
                     2) < 1e-12);
}

static void round_trips(void **state)
{
    (void)state;
    double p[SG_PARAM_MAX];
    sg_reservoir r;
    preset("flywheel", p)->reservoir(p, &r);
    expect("flywheel_trip", 100 * round_trip(&r));
    assert_true(r.capacity_j == 25 * 3.6e6 && r.discharge_w_max == 100e3);
    static const double trips[] = {0.5, 0.8, 0.88, 0.95, 1};
    for (int i = 0; i < 5; i++) {
        const sg_kind *kind = preset("lithium_ion", p);
        set(kind, p, "capacity", 10 * 3.6e6);
        set(kind, p, "discharge_rate", 5e3);
        set(kind, p, "round_trip_efficiency", trips[i]);
        kind->reservoir(p, &r);
        assert_true(fabs(round_trip(&r) - trips[i]) < 1e-9);
        assert_true(r.charge_w_max == 5e3); /* as discharge_rate, where not given */
    }
}

/* No store of any kind gives back more than it took, whatever its parameters. */
static void nothing_is_won_in_a_store(void **state)
{
    (void)state;
    for (int k = 0; k < sg_kind_count; k++) {
        double p[SG_PARAM_MAX];
        const sg_kind *kind = sg_kinds[k];
        if (!kind->reservoir) {
            continue;
        }
        for (int which = 0; which < 2; which++) {
            preset(kind->name, p);
            for (int i = 0; i < kind->param_count; i++) {
                double low = fmax(kind->params[i].min, 1e-3), high = kind->params[i].max;
                p[i] = isnan(p[i]) ? 1e5 : p[i];
                p[i] = kind->params[i].dimension == SG_DIM_FRACTION ? (which ? high : low) : p[i];
            }
            sg_reservoir r;
            kind->reservoir(p, &r);
            assert_true(r.capacity_j > 0 && r.charge_eff > 0 && r.charge_eff <= 1);
            assert_true(r.discharge_eff > 0 && r.discharge_eff <= 1);
            assert_true(r.charge_w_max >= 0 && r.discharge_w_max >= 0);
            assert_true(!kind->hypothetical || (r.charge_w_max == 0 && r.discharge_w_max == 0));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(supercapacitors),       cmocka_unit_test(cell_temperature),
        cmocka_unit_test(area_times_efficiency), cmocka_unit_test(cables),
        cmocka_unit_test(round_trips),           cmocka_unit_test(nothing_is_won_in_a_store),
        cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
