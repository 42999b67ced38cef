/* Laws of ageing that hold whatever the numbers: no healing, heat hurts, the step's length does not matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/prng.h"
#include "model/ageing.h"

#include <math.h>

static const sg_cycle_point table[] = {
    {0.2, 0, 1}, {0.2, 5000, 0.8}, {0.8, 0, 1}, {0.8, 1000, 0.8}, {0.8, 2000, 0.7}};

static sg_ageing ageing_of(sg_ageing_law law)
{
    return (sg_ageing){
        .law = law, .cycle_life = 5000, .table = table, .table_count = SG_COUNT(table)};
}

static void health_never_rises_and_stays_a_share(void **state)
{
    (void)state;
    for (int law = SG_AGEING_LFP; law <= SG_AGEING_TABLE; law++) {
        sg_ageing ageing = ageing_of((sg_ageing_law)law);
        double age[SG_AGEING_STATE] = {0}, last = 1;
        for (uint64_t i = 0; i < 200000; i++) {
            double soc = sg_prng_unit(5, 3 * i), degc = -20 + 80 * sg_prng_unit(5, 3 * i + 1);
            double dt_s = 10 + 20000 * sg_prng_unit(5, 3 * i + 2);
            sg_ageing_step(&ageing, soc, degc, dt_s, age);
            double health = sg_ageing_health_frac(&ageing, age);
            assert_true(health <= last && health >= 0);
            last = health;
        }
        assert_true(law == SG_AGEING_NONE ? last == 1 : last < 0.9);
    }
}

static double standing(sg_ageing_law law, double degc, double soc, double dt_s, int steps)
{
    sg_ageing ageing = ageing_of(law);
    double age[SG_AGEING_STATE] = {0};
    for (int i = 0; i < steps; i++) {
        sg_ageing_step(&ageing, soc, degc, dt_s, age);
    }
    return age[SG_AGE_CALENDAR];
}

static void a_year_in_one_step_is_a_year_in_hours(void **state)
{
    (void)state;
    static const sg_ageing_law laws[] = {SG_AGEING_LFP, SG_AGEING_NMC, SG_AGEING_TABLE};
    for (int l = 0; l < 3; l++) {
        double year = standing(laws[l], 25, 0.5, 365 * 86400.0, 1);
        double hours = standing(laws[l], 25, 0.5, 3600, 8760);
        double odd = standing(laws[l], 25, 0.5, 86400.0 / 7, 7 * 365);
        assert_true(year > 0 && fabs(hours / year - 1) < 1e-9 && fabs(odd / year - 1) < 1e-9);
    }
}

static void heat_and_charge_hurt(void **state)
{
    (void)state;
    static const sg_ageing_law laws[] = {SG_AGEING_LFP, SG_AGEING_NMC, SG_AGEING_TABLE};
    for (int l = 0; l < 3; l++) {
        for (double degc = 5; degc < 55; degc += 5) {
            assert_true(standing(laws[l], degc + 5, 0.5, 86400, 100) >
                        standing(laws[l], degc, 0.5, 86400, 100));
        }
        for (double soc = 0.05; soc < 0.9; soc += 0.05) {
            assert_true(standing(laws[l], 25, soc + 0.05, 86400, 100) >
                        standing(laws[l], 25, soc, 86400, 100));
        }
    }
}

static double cycling(sg_ageing_law law, double depth, int cycles, double *ret_full)
{
    sg_ageing ageing = ageing_of(law);
    double age[SG_AGEING_STATE] = {0};
    for (int i = 0; i <= 2 * cycles; i++) {
        sg_ageing_step(&ageing, i % 2 ? 0.5 + depth / 2 : 0.5 - depth / 2, 25, 6 * 3600.0, age);
    }
    sg_ageing_finish(&ageing, age);
    *ret_full = age[SG_AGE_FULL_CYCLES];
    return age[SG_AGE_CYCLE];
}

static void the_end_of_a_history_counts_what_is_open(void **state)
{
    (void)state;
    double full, last = 0;
    for (int cycles = 1; cycles < 50; cycles++) {
        double loss = cycling(SG_AGEING_CYCLE_LIFE, 0.6, cycles, &full);
        assert_true(fabs(full - 0.6 * cycles) < 1e-9);
        assert_true(fabs(loss - 0.2 * full / 5000) < 1e-12);
    }
    for (double depth = 0.1; depth <= 1;
         depth += 0.1) { /* and deep cycles cost more than shallow */
        double loss = cycling(SG_AGEING_NMC, depth, 100, &full);
        assert_true(loss > last);
        last = loss;
    }
}

/* A thousand ripples of 1 % on the way up and down of one deep cycle: it is still one deep cycle, and the ripples beside it. */
static void ripples_do_not_hide_the_deep_cycle(void **state)
{
    (void)state;
    sg_ageing ageing = ageing_of(SG_AGEING_CYCLE_LIFE);
    double age[SG_AGEING_STATE] = {0};
    for (int i = 0; i <= 1000; i++) {
        double level = 0.9 - 0.8 * fabs(1 - i / 500.0);
        sg_ageing_step(&ageing, level, 25, 10, age);
        sg_ageing_step(&ageing, level + 0.01, 25, 10, age);
    }
    sg_ageing_finish(&ageing, age);
    double path = 0, last = 0.1;
    for (int i = 0; i <= 1000; i++) {
        double level = 0.9 - 0.8 * fabs(1 - i / 500.0);
        path += fabs(level - last) + 0.01;
        last = level + 0.01;
    }
    assert_true(fabs(age[SG_AGE_FULL_CYCLES] - path / 2) < 1e-9);
}

static void the_table_is_met_at_its_points_and_straight_between(void **state)
{
    (void)state;
    for (int i = 0; i < SG_COUNT(table); i++) {
        assert_true(
            fabs(sg_cycle_table_frac(table, SG_COUNT(table), table[i].depth_frac, table[i].cycles) -
                 table[i].capacity_frac) < 1e-12);
    }
    assert_true(fabs(sg_cycle_table_frac(table, SG_COUNT(table), 0.5, 1000) - 0.88) < 1e-12);
    assert_true(fabs(sg_cycle_table_frac(table, SG_COUNT(table), 0.1, 5000) - 0.9) < 1e-12);
    assert_true(sg_cycle_table_frac(table, SG_COUNT(table), 0, 1e9) == 1);
    assert_true(fabs(sg_cycle_table_frac(table, SG_COUNT(table), 1, 1500) - 0.75) < 1e-12);
    assert_true(fabs(sg_cycle_table_frac(table, SG_COUNT(table), 0.8, 3000) - 0.6) < 1e-12);
    assert_true(sg_cycle_table_frac(table, SG_COUNT(table), 0.8, 1e9) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(health_never_rises_and_stays_a_share),
        cmocka_unit_test(a_year_in_one_step_is_a_year_in_hours),
        cmocka_unit_test(heat_and_charge_hurt),
        cmocka_unit_test(the_end_of_a_history_counts_what_is_open),
        cmocka_unit_test(ripples_do_not_hide_the_deep_cycle),
        cmocka_unit_test(the_table_is_met_at_its_points_and_straight_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
