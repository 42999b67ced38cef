/* The osmotic plant: a source on a river, a poor store on its own desalination, and the loop of tanks behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/prng.h"
#include "model/model.h"
#include "model/seawater.h"

static uint64_t drawn;

static double draw(double low, double high)
{
    return low + (high - low) * sg_prng_unit(16180, drawn++);
}

static int at(const sg_param *params, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(params[i].name, name) == 0) {
            return i;
        }
    }
    fail_msg("there is no %s", name);
    return -1;
}

/* Any value of the range, by its logarithm where it spans decades; now and then an end of it. */
static double any(const sg_param *p)
{
    double which = draw(0, 1);
    if (p->choices) {
        return floor(draw(p->min, p->max + 0.999));
    }
    if (which < 0.1 || which > 0.9) {
        return which < 0.1 ? p->min : p->max;
    }
    return p->min > 0 && p->max / p->min > 100 ? exp(draw(log(p->min), log(p->max)))
                                               : draw(p->min, p->max);
}

static const sg_kind *osmotic(double p[SG_PARAM_MAX])
{
    const sg_kind *kind = sg_kind_find("osmotic");
    for (int i = 0; i < kind->param_count; i++) {
        p[i] = kind->params[i].preset;
    }
    p[0] = 1e6;
    return kind;
}

static void set(const sg_kind *kind, double *p, const char *name, double value)
{
    p[at(kind->params, kind->param_count, name)] = value;
}

static void a_clean_plant_in_rated_waters_gives_its_capacity(void **state)
{
    (void)state;
    double p[SG_PARAM_MAX];
    const sg_kind *kind = osmotic(p);
    double rated[] = {35, 0.3, 25};
    assert_false(kind->is_store(p));
    double fouled = kind->available_w(p, rated);
    assert_true(fouled < 0.7e6 && fouled > 0.6e6); /* half a year between cleanings */
    set(kind, p, "fouling_worst", 0);
    assert_true(fabs(kind->available_w(p, rated) - 1e6) < 1e-3);
}

static void no_gradient_is_no_power(void **state)
{
    (void)state;
    double p[SG_PARAM_MAX];
    const sg_kind *kind = osmotic(p);
    static const double waters[][3] = {{0.3, 0.3, 25}, {0.2, 5, 25}, {35, 0, 25}, {0, 0, 25}};
    for (int i = 0; i < 4; i++) {
        assert_true(kind->available_w(p, waters[i]) == 0);
    }
    double last = 0;
    for (double sea = 5; sea < 40; sea += 1) { /* more salt in the sea, more power */
        double in[] = {sea, 0.3, 15}, now = kind->available_w(p, in);
        assert_true(now > last);
        last = now;
    }
}

/* Fill an empty store from the bus and empty it again. */
static double trip(const sg_reservoir *r)
{
    return r->charge_eff * r->discharge_eff;
}

static void stated_energies_count_and_others_follow_from_physics(void **state)
{
    (void)state;
    double p[SG_PARAM_MAX];
    sg_reservoir r;
    const sg_kind *kind = osmotic(p);
    set(kind, p, "desalination_source", 3);
    assert_true(kind->is_store(p));
    kind->reservoir(p, &r);
    assert_true(fabs(trip(&r) - 0.136) < 0.001);
    set(kind, p, "specific_energy", 2.727 * 3.6e6);
    set(kind, p, "mixing_energy", 1.064 * 3.6e6);
    kind->reservoir(p, &r);
    assert_true(fabs(trip(&r) - 1.064 * 0.35 / 2.727) < 1e-12);
    assert_true(fabs(r.capacity_j - 50000 * 1.064 * 3.6e6 * 0.35) < 1);
    set(kind, p, "mixing_energy", 3 * 3.6e6); /* more than was put in: told, and not believed */
    kind->reservoir(p, &r);
    assert_true(trip(&r) == 0.35);
    char text[SG_WARNING_TEXT];
    assert_true(kind->warning(p, 0, text) && strstr(text, "round trip of 35.0 %"));
    assert_true(kind->warning(p, 1, text) && strstr(text, "the smaller figure counts"));
    assert_false(kind->warning(p, 2, text));
    set(kind, p, "mixing_energy", 0);
    kind->reservoir(p, &r);
    assert_true(r.capacity_j == 0);
}

static void no_osmotic_store_gives_back_more_than_half(void **state)
{
    (void)state;
    double p[SG_PARAM_MAX];
    const sg_kind *kind = osmotic(p);
    for (int i = 0; i < 20000; i++) {
        for (int k = 0; k < kind->param_count; k++) {
            p[k] = any(&kind->params[k]);
        }
        set(kind, p, "desalination_source", 2);
        if (i % 2) {
            set(kind, p, "specific_energy", -1);
            set(kind, p, "mixing_energy", -1);
        }
        sg_reservoir r;
        kind->reservoir(p, &r);
        assert_true(isfinite(r.capacity_j) && r.capacity_j >= 0);
        assert_true(trip(&r) >= 0 && trip(&r) <= 0.5);
    }
}

/* --- the loop --- */

enum { W, ENERGY, LOSS, FRESH, BRINE, FRESH_PSU, BRINE_PSU };

static const sg_model *any_loop(double *p, double *store)
{
    sg_model room;
    const sg_model *loop = sg_model_find("osmotic_loop", &room);
    for (int k = 0; k < loop->param_count; k++) {
        p[k] = any(&loop->params[k]);
    }
    /* sizes that a few hours can fill and empty */
    p[at(loop->params, loop->param_count, "desalination_power")] = draw(1e5, 1e7);
    p[at(loop->params, loop->param_count, "capacity")] = draw(1e5, 1e7);
    p[at(loop->params, loop->param_count, "tank")] = draw(100, 5000);
    p[at(loop->params, loop->param_count, "brine_tank")] = draw(0, 1) < 0.2 ? 0 : draw(0, 9000);
    sg_model_start(loop, p, store);
    return loop;
}

static void run(const sg_model *loop, const double *p, double *store, double w, double dt_s,
                double *out)
{
    sg_now now = {0, dt_s};
    assert_int_equal(sg_model_step(loop, p, &now, &w, store, out), SG_OK);
}

static void every_joule_is_accounted_for_and_none_is_won(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        double p[SG_PARAM_MAX], store[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
        const sg_model *loop = any_loop(p, store);
        for (int k = 0; k < 20; k++) {
            double before_j = store[0], ask_w = draw(-1e7, 1e7), dt_s = draw(60, 7200);
            double fresh_kg = store[1], brine_kg = store[3];
            run(loop, p, store, ask_w, dt_s, out);
            double scale_j = before_j + store[0] + fabs(out[W]) * dt_s + 1;
            assert_true(fabs(out[W]) <= fabs(ask_w) && out[W] * ask_w >= 0);
            assert_true(fabs(before_j - store[0] - out[W] * dt_s - out[LOSS]) < 1e-9 * scale_j);
            assert_true(out[LOSS] >= -1e-9 * scale_j);
            assert_true(store[0] == out[ENERGY] && store[0] >= 0);
            if (ask_w >= 0) { /* reverse osmosis off: the tanks only fall */
                assert_true(store[1] <= fresh_kg && store[3] <= brine_kg);
            }
            double tank_m3 = p[at(loop->params, loop->param_count, "tank")];
            double brine_m3 = p[at(loop->params, loop->param_count, "brine_tank")];
            assert_true(out[FRESH] <= tank_m3 * (1 + 1e-9));
            assert_true(out[BRINE] <= brine_m3 * (1 + 1e-3) + 1e-9);
        }
    }
}

static void no_more_than_half_of_what_goes_in_comes_back(void **state)
{
    (void)state;
    double best = 0;
    for (int i = 0; i < 3000; i++) {
        double p[SG_PARAM_MAX], store[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
        const sg_model *loop = any_loop(p, store);
        p[at(loop->params, loop->param_count, "initial")] = 0;
        if (i % 2) { /* the best that can be bought */
            p[at(loop->params, loop->param_count, "permselectivity")] = 1;
            p[at(loop->params, loop->param_count, "membranes_ohm_m2")] = 0;
            p[at(loop->params, loop->param_count, "natural_water_factor")] = 1;
            p[at(loop->params, loop->param_count, "pump_efficiency")] = 0.95;
            p[at(loop->params, loop->param_count, "recovery_efficiency")] = 0.99;
            p[at(loop->params, loop->param_count, "energy_recovery")] = 0;
            p[at(loop->params, loop->param_count, "fouling_worst")] = 0;
            p[at(loop->params, loop->param_count, "channel_drop_pa")] = 0;
            p[at(loop->params, loop->param_count, "fresh_speed")] = exp(draw(log(1e-4), log(1e-2)));
            p[at(loop->params, loop->param_count, "load_share")] = draw(0.4, 0.8);
        }
        sg_model_start(loop, p, store);
        double in_j = 0, out_j = 0;
        for (int k = 0; k < 40; k++) {
            double dt_s = draw(60, 7200);
            run(loop, p, store, k < 12 ? -1e9 : k < 25 ? draw(-1e7, 1e7) : 1e9, dt_s, out);
            *(out[W] < 0 ? &in_j : &out_j) += fabs(out[W]) * dt_s;
            assert_true(out_j <= 0.5 * in_j * (1 + 1e-9));
        }
        best = in_j > 0 ? fmax(best, out_j / in_j) : best;
    }
    print_message("best round trip: %.3f\n", best);
    assert_true(best > 0.1);
}

static void a_started_tank_is_half_full_and_runs_dry_with_its_brine(void **state)
{
    (void)state;
    sg_model room;
    const sg_model *loop = sg_model_find("osmotic_loop", &room);
    double p[SG_PARAM_MAX], store[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
    sg_model_presets(loop, p);
    sg_model_start(loop, p, store);
    run(loop, p, store, 0, 1, out);
    assert_true(fabs(out[FRESH] - 2500) < 1e-6 && out[BRINE] > 2500);
    assert_true(fabs(out[FRESH_PSU] - 0.29) < 0.01 && fabs(out[BRINE_PSU] - 67.4) < 0.1);
    for (int k = 0; k < 200; k++) {
        run(loop, p, store, 1e9, 3600, out);
    }
    assert_true(out[ENERGY] == 0 && out[FRESH] == 0 && out[BRINE] == 0 && out[W] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_plant_in_rated_waters_gives_its_capacity),
        cmocka_unit_test(no_gradient_is_no_power),
        cmocka_unit_test(stated_energies_count_and_others_follow_from_physics),
        cmocka_unit_test(no_osmotic_store_gives_back_more_than_half),
        cmocka_unit_test(every_joule_is_accounted_for_and_none_is_won),
        cmocka_unit_test(no_more_than_half_of_what_goes_in_comes_back),
        cmocka_unit_test(a_started_tank_is_half_full_and_runs_dry_with_its_brine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
