/* Breakers, voltage tolerance and overload against the standards' figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "model/breaker.h"
#include "model/converter.h"
#include "model/itic.h"
#include "model/model.h"

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/protection.csv");
}

/* Time to the trip of the model when it is run in steps: what an integration of the heat gives. */
static double trip_by_steps_s(const sg_breaker *b, double multiple, double dt_s)
{
    double heat = 0, elapsed_s = 0;
    while (elapsed_s < 1e6 && sg_breaker_left_s(b, heat, multiple) > dt_s) {
        heat = sg_breaker_heat(b, heat, multiple, dt_s);
        elapsed_s += dt_s;
    }
    return elapsed_s + sg_breaker_left_s(b, heat, multiple);
}

static void inverse_time_curves(void **state)
{
    (void)state;
    static const char *const names[] = {"",        "iec_si",  "iec_vi", "iec_ei",
                                        "ieee_mi", "ieee_vi", "ieee_ei"};
    static const double iec[] = {1.35, 2, 3, 5, 10}, ieee[] = {1.5, 2, 5, 10};
    for (int curve = SG_BREAKER_IEC_SI; curve <= SG_BREAKER_IEEE_EI; curve++) {
        sg_breaker b = {.curve = (sg_breaker_curve)curve, .dial = 1, .tau_s = 30};
        bool is_iec = curve <= SG_BREAKER_IEC_EI;
        for (int i = 0; i < (is_iec ? 5 : 4); i++) {
            double multiple = (is_iec ? iec : ieee)[i];
            char name[64];
            snprintf(name, sizeof name, "%s_%g", names[curve], multiple);
            expect(name, sg_breaker_trip_s(&b, multiple));
            expect(name, trip_by_steps_s(&b, multiple, 0.1));
            expect(name, trip_by_steps_s(&b, multiple, 0.0173));
        }
    }
}

/* Does the model, 30 A with its presets, trip within the time? */
static double trips(double current_a, double time_s)
{
    double p[SG_PARAM_MAX], s[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
    const sg_model *model = sg_model_find("breaker", NULL);
    const double in[] = {current_a, 0};
    const sg_now now = {.dt_s = 1};
    sg_model_presets(model, p);
    sg_model_start(model, p, s);
    for (double at = 0; at < time_s; at += now.dt_s) {
        assert_int_equal(sg_model_step(model, p, &now, in, s, out), SG_OK);
    }
    return out[1];
}

static void ul_489(void **state)
{
    (void)state;
    expect("ul489_100_trips_in_a_week", trips(30, 7 * 86400.0));
    expect("ul489_135_trips_in_an_hour", trips(1.35 * 30, 3600));
    expect("ul489_200_trips_in_2_min", trips(2 * 30, 120));
    assert_true(sg_breaker_ul489_max_s(30, 1.35) == 3600 && sg_breaker_ul489_max_s(30, 2) == 120);
}

/* The function, and the model in steps of a millisecond. */
static double rides(double percent, double duration_s)
{
    double p[SG_PARAM_MAX], s[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
    const sg_model *model = sg_model_find("itic", NULL);
    const double in[] = {percent / 100};
    const sg_now now = {.dt_s = duration_s / 19};
    bool by_function = sg_itic_rides_through(percent / 100, duration_s);
    sg_model_presets(model, p);
    sg_model_start(model, p, s);
    for (int i = 0; i < 19; i++) {
        assert_int_equal(sg_model_step(model, p, &now, in, s, out), SG_OK);
    }
    assert_true(out[1] == (by_function ? 1 : 0));
    return out[1];
}

static void voltage_tolerance(void **state)
{
    (void)state;
    static const double points[][2] = {{0, 0.019}, {0, 0.021}, {69, 0.3},  {75, 0.4},   {75, 0.6},
                                       {81, 5},    {81, 11},   {91, 3600}, {109, 3600}, {115, 1}};
    for (int i = 0; i < 10; i++) {
        char name[64];
        snprintf(name, sizeof name, "itic_%g_%g", points[i][0], points[i][1]);
        expect(name, rides(points[i][0], points[i][1]));
    }
}

static void ups_overload(void **state)
{
    (void)state;
    expect("ups_overload_110", sg_ups_overload_s(1.10));
    expect("ups_overload_125", sg_ups_overload_s(1.25));
    expect("ups_overload_150", sg_ups_overload_s(1.50));
    expect("ups_overload_151", sg_ups_overload_s(1.51));
    assert_true(isinf(sg_ups_overload_s(1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inverse_time_curves), cmocka_unit_test(ul_489),
        cmocka_unit_test(voltage_tolerance),   cmocka_unit_test(ups_overload),
        cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
