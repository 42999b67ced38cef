/* Reverse osmosis: what separation takes is never less than what it stores. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/prng.h"
#include "model/desalination.h"

static uint64_t drawn;

static double draw(double low, double high)
{
    return low + (high - low) * sg_prng_unit(27182, drawn++);
}

static sg_ro any_plant(void)
{
    return (sg_ro){.pressure_pa = exp(draw(log(1e6), log(2e7))),
                   .drop_pa = draw(0, 1e6),
                   .recovery_frac = draw(0.01, 0.9),
                   .passage_frac = draw(0, 1) < 0.2 ? 0 : draw(0, 0.2),
                   .pump_eff = draw(0, 1) < 0.3 ? 0.95 : draw(0.05, 0.95),
                   .device_eff = draw(0, 1) < 0.3 ? 0.99 : draw(0, 0.99),
                   .device = (sg_ro_device)(int)draw(0, 2.999)};
}

static void work_is_at_least_the_energy_stored(void **state)
{
    (void)state;
    double best = 0;
    int made = 0;
    for (int i = 0; i < 50000; i++) {
        sg_ro ro = any_plant();
        sg_ro_result r;
        sg_ro_run(&ro, draw(1, 120), draw(0, 45), &r);
        if (r.permeate_m3 > 0) {
            made++;
            assert_true(r.specific_j_per_m3 >= r.minimum_j_per_m3);
            assert_true(r.brine_pa <= (ro.pressure_pa - ro.drop_pa) * (1 + 1e-9));
            best = fmax(best, r.minimum_j_per_m3 / r.specific_j_per_m3);
        } else {
            assert_true(r.specific_j_per_m3 == 0 && r.recovery_frac == 0);
        }
    }
    print_message("best share of the work stored: %.4f\n", best);
    assert_true(made > 10000 && best > 0.5);
}

static void salt_and_water_are_kept(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++) {
        sg_ro ro = any_plant();
        sg_ro_result r;
        double psu = draw(1, 120);
        sg_ro_run(&ro, psu, 25, &r);
        assert_true(fabs(r.permeate.water_kg + r.brine.water_kg - 1) < 1e-14);
        assert_true(fabs(r.permeate.salt_mol + r.brine.salt_mol - sg_seawater_molality(psu)) <
                    1e-13);
        assert_true(r.recovery_frac <= ro.recovery_frac);
    }
}

static void low_pressure_makes_less_water_and_none_below_the_sea(void **state)
{
    (void)state;
    sg_ro ro = {.recovery_frac = 0.6, .pump_eff = 0.8, .device_eff = 0.95};
    double before = 1;
    sg_ro_result r;
    for (double bar = 80; bar > 20; bar -= 1) {
        ro.pressure_pa = bar * 1e5;
        sg_ro_run(&ro, 35, 25, &r);
        assert_true(r.recovery_frac <= before);
        assert_true((r.recovery_frac > 0) == (bar > 28.4));
        before = r.recovery_frac;
    }
}

/* The integral of the osmotic pressure over the water taken out, by brute force. */
static void minimum_work_is_the_integral_of_the_osmotic_pressure(void **state)
{
    (void)state;
    double m = sg_seawater_molality(35), sum = 0;
    enum { PARTS = 20000 };
    for (int i = 0; i < PARTS; i++) {
        double taken = 0.5 * (i + 0.5) / PARTS;
        sum += sg_nacl_osmotic_pressure_pa(m / (1 - taken), 25) / PARTS;
    }
    assert_true(fabs(sg_ro_minimum_j_per_m3(35, 25, 0.5) / sum - 1) < 1e-6);
}

static void an_exchanger_beats_a_turbine_and_that_beats_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++) {
        sg_ro ro = any_plant();
        ro.device_eff =
            draw(0.5, 0.99); /* of a poor one a turbine makes more, for it has no booster */
        ro.pump_eff = draw(0.5, 0.95);
        double r = draw(0.05, 0.9), joules[3];
        for (int d = 0; d < 3; d++) {
            ro.device = (sg_ro_device)d;
            joules[d] = sg_ro_specific_j_per_m3(&ro, r);
        }
        assert_true(joules[SG_RO_EXCHANGER] <= joules[SG_RO_TURBINE]);
        assert_true(joules[SG_RO_TURBINE] <= joules[SG_RO_WASTE]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_is_at_least_the_energy_stored),
        cmocka_unit_test(salt_and_water_are_kept),
        cmocka_unit_test(low_pressure_makes_less_water_and_none_below_the_sea),
        cmocka_unit_test(minimum_work_is_the_integral_of_the_osmotic_pressure),
        cmocka_unit_test(an_exchanger_beats_a_turbine_and_that_beats_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
