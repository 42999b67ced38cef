/* Salt water: inverse functions, and the thermodynamics that everything else stands on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/prng.h"
#include "model/seawater.h"

static uint64_t drawn;

static double draw(double low, double high)
{
    return low + (high - low) * sg_prng_unit(20481, drawn++);
}

static void salinity_and_molality_are_inverse(void **state)
{
    (void)state;
    for (double psu = 0; psu < 260; psu += 0.7) {
        assert_true(fabs(sg_seawater_salinity_psu(sg_seawater_molality(psu)) - psu) < 1e-11);
    }
}

/* The chemical potentials are the slopes of the Gibbs energy: activity and osmotic coefficient belong together. */
static void activities_are_slopes_of_the_gibbs_energy(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        double m = exp(draw(log(1e-3), log(6))), t = draw(0, 50), w = draw(0.1, 10);
        double rt2 = 2 * SG_GAS_J_PER_MOL_K * (t + 273.15), n = m * w, h = 1e-4;
        double salt = (sg_brine_gibbs_j((sg_brine){w, n * (1 + h)}, t) -
                       sg_brine_gibbs_j((sg_brine){w, n * (1 - h)}, t)) /
                      (2 * h * n);
        double water = (sg_brine_gibbs_j((sg_brine){w * (1 + h), n}, t) -
                        sg_brine_gibbs_j((sg_brine){w * (1 - h), n}, t)) /
                       (2 * h * w);
        assert_true(fabs(salt - rt2 * (log(m) + sg_nacl_ln_gamma(m, t))) < 1e-5 * rt2);
        assert_true(fabs(water + rt2 * m * sg_nacl_osmotic_coefficient(m, t)) < 1e-5 * rt2 * m);
    }
}

static void mixing_frees_energy_and_exergy_bounds_it(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        double t = draw(0, 50), sea = exp(draw(log(0.01), log(5)));
        sg_brine a = {draw(0.01, 5), 0}, b = {draw(0.01, 5), 0};
        a.salt_mol = a.water_kg * exp(draw(log(1e-4), log(6)));
        b.salt_mol = b.water_kg * exp(draw(log(1e-4), log(6)));
        sg_brine both = {a.water_kg + b.water_kg, a.salt_mol + b.salt_mol};
        double ea = sg_brine_exergy_j(a, sea, t), eb = sg_brine_exergy_j(b, sea, t);
        double rest = sg_brine_exergy_j(both, sea, t), mixing = sg_brine_mixing_j(a, b, t);
        assert_true(ea >= 0 && eb >= 0 && mixing >= 0);
        assert_true(fabs(ea + eb - rest - mixing) < 1e-6 * (ea + eb) + 1e-6);
        /* a machine that uses the sea as well gets no less */
        assert_true(mixing <= (ea + eb) * (1 + 1e-9) + 1e-6);
    }
}

static void equal_waters_free_nothing(void **state)
{
    (void)state;
    sg_brine a = {1, 0.6}, b = {3, 1.8};
    assert_true(sg_brine_mixing_j(a, b, 25) < 1e-9);
    assert_true(sg_brine_exergy_j(a, 0.6, 25) < 1e-9);
    assert_true(sg_brine_gibbs_j((sg_brine){1, 0}, 25) == 0);
}

static void conductivity_rises_with_salt_and_warmth(void **state)
{
    (void)state;
    for (double t = 0; t <= 40; t += 5) {
        for (double psu = 0.1; psu < 80; psu += 0.1) {
            double now = sg_seawater_conductivity_s_m(psu, t);
            assert_true(sg_seawater_conductivity_s_m(psu + 0.1, t) > now);
            assert_true(sg_seawater_conductivity_s_m(psu, t + 1) > now);
            double m = sg_seawater_molality(psu);
            assert_true(sg_nacl_conductivity_s_m(m * 1.01, t) > sg_nacl_conductivity_s_m(m, t));
        }
    }
    assert_true(sg_seawater_conductivity_s_m(0, 10) == 0);
    assert_true(
        fabs(sg_seawater_conductivity_s_m(42.0001, 20) / sg_seawater_conductivity_s_m(41.9999, 20) -
             1) < 1e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(salinity_and_molality_are_inverse),
        cmocka_unit_test(activities_are_slopes_of_the_gibbs_energy),
        cmocka_unit_test(mixing_frees_energy_and_exergy_bounds_it),
        cmocka_unit_test(equal_waters_free_nothing),
        cmocka_unit_test(conductivity_rises_with_salt_and_warmth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
