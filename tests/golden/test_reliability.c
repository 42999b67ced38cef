/* Redundancy and capacity adequacy: the Roy Billinton test system and the IEEE Reliability Test System of 1979. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "golden/golden.h"
#include "golden/reliability_systems.h"
#include "model/model.h"
#include "model/reliability.h"

static double no_state[1]; /* these models remember nothing */

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/reliability.csv");
}

static double model_availability(double k, double n, double unit, double mtbf_s, double mttr_s,
                                 double *ret_downtime_s)
{
    sg_model room;
    const sg_model *model = sg_model_find("availability", &room);
    double p[SG_PARAM_MAX], out[SG_MODEL_OUTPUT_MAX];
    assert_non_null(model);
    sg_model_presets(model, p);
    sg_now now = {.dt_s = 1};
    double in[] = {k, n, unit, mtbf_s, mttr_s};
    assert_int_equal(sg_model_step(model, p, &now, in, no_state, out), SG_OK);
    *ret_downtime_s = out[2];
    return out[0];
}

static void k_of_n(void **state)
{
    (void)state;
    static const struct {
        int k, n;
        double unit;
    } cases[] = {{2, 3, .99}, {4, 5, .98}, {1, 2, .99}, {2, 4, .95}, {10, 12, .97}};
    for (int i = 0; i < SG_COUNT(cases); i++) {
        char name[64];
        double downtime_s;
        snprintf(name, sizeof name, "k_of_n_%d_%d_%.2f", cases[i].k, cases[i].n, cases[i].unit);
        expect(name, 1 - sg_unavailability_k_of_n(cases[i].k, cases[i].n, 1 - cases[i].unit));
        expect(name, model_availability(cases[i].k, cases[i].n, cases[i].unit, 0, 0, &downtime_s));
    }
}

static void downtime(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double availability, unit_s;
    } cases[] = {{"downtime_99.9", .999, 3600},   {"downtime_99.99", .9999, 60},
                 {"downtime_99.999", .99999, 60}, {"tier_1_99.671", .99671, 3600},
                 {"tier_3_99.982", .99982, 3600}, {"tier_4_99.995", .99995, 60}};
    for (int i = 0; i < SG_COUNT(cases); i++) {
        double downtime_s, from_times_s;
        model_availability(1, 1, cases[i].availability, 0, 0, &downtime_s);
        expect(cases[i].name, downtime_s / cases[i].unit_s);
        /* the same from the times: a unit that runs for a hundred thousand hours of a hundred thousand hours' share */
        model_availability(1, 1, 0, cases[i].availability * 1e8, (1 - cases[i].availability) * 1e8,
                           &from_times_s);
        expect(cases[i].name, from_times_s / cases[i].unit_s);
    }
    expect("lole_criterion_0.1_days", sg_downtime_s_per_year(0.1 / 365) / 3600);
}

static void adequacy(const char *system, const char *units_path, double peak_w)
{
    static double load_w[SYSTEM_HOURS], memory[3 * 4096];
    sg_unit units[64];
    double outage[64];
    int count = system_units(units_path, units, outage);
    system_load(peak_w, load_w);
    sg_outage_table table;
    assert_int_equal(sg_outage_table_init(&table, 1e6, 4096, memory), SG_OK);
    for (int u = 0; u < count; u++) {
        assert_int_equal(sg_outage_table_add(&table, units[u].capacity_w, outage[u]), SG_OK);
    }
    sg_outage_table_close(&table);
    sg_load_profile load = {load_w, SYSTEM_HOURS, 3600, 24};
    sg_adequacy a;
    sg_outage_table_adequacy(&table, &load, &a);
    const char *const what[] = {"lole_hourly", "eens", "lole_daily", "lolp_peak", "unserved_peak"};
    double got[] = {a.lole_h, a.eens_j / 3.6e9, a.lole_days, sg_outage_table_lolp(&table, peak_w),
                    sg_outage_table_unserved_w(&table, peak_w) * 1e-6};
    for (int i = 0; i < SG_COUNT(what); i++) {
        char name[64];
        snprintf(name, sizeof name, "%s_%s", system, what[i]);
        expect(name, got[i]);
    }
}

static void roy_billinton_test_system(void **state)
{
    (void)state;
    adequacy("rbts", "tests/golden/models/rbts_units.csv", 185e6);
}

static void ieee_reliability_test_system(void **state)
{
    (void)state;
    adequacy("rts79", "tests/golden/models/rts79_units.csv", 2850e6);
}

/* The model's presets are the first of the two systems. */
static void model_has_the_test_system_as_its_preset(void **state)
{
    (void)state;
    sg_model room;
    const sg_model *model = sg_model_find("outage_table", &room);
    double p[SG_PARAM_MAX], in[] = {185e6}, out[SG_MODEL_OUTPUT_MAX];
    assert_non_null(model);
    sg_model_presets(model, p);
    sg_now now = {.dt_s = 3600};
    assert_int_equal(sg_model_step(model, p, &now, in, no_state, out), SG_OK);
    expect("rbts_lolp_peak", out[0]);
    expect("rbts_unserved_peak", out[1] * 1e-6);
    assert_true(out[2] == 55e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k_of_n),
        cmocka_unit_test(downtime),
        cmocka_unit_test(roy_billinton_test_system),
        cmocka_unit_test(ieee_reliability_test_system),
        cmocka_unit_test(model_has_the_test_system_as_its_preset),
        cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
