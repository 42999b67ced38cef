/* Salt water, reverse electrodialysis and reverse osmosis against published figures; sea_osmotic_reference.py made the rows that
 * name PHREEQC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "model/desalination.h"
#include "model/electrodialysis.h"
#include "model/seawater.h"

static const double kwh = 3.6e6;

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/osmotic.csv");
}

__attribute__((format(printf, 1, 2))) static const char *label(const char *format, ...)
{
    static char text[80];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return text;
}

static void activities(void **state)
{
    (void)state;
    static const double molal[] = {0.1, 0.5, 1, 2, 5}, other[] = {0.1, 0.6, 1.2, 5};
    static const double degc[] = {5, 25, 40};
    for (int i = 0; i < 5; i++) {
        expect(label("gamma_%g", molal[i]), exp(sg_nacl_ln_gamma(molal[i], 25)));
    }
    for (int t = 0; t < 3; t++) {
        for (int i = 0; i < 4; i++) {
            double m = other[i];
            expect(label("gamma_phreeqc_%g_%g", m, degc[t]), exp(sg_nacl_ln_gamma(m, degc[t])));
            expect(label("volume_phreeqc_%g_%g", m, degc[t]),
                   1e3 * sg_nacl_volume_m3_per_kg(m, degc[t]));
        }
    }
    for (int i = 0; i < 4; i++) {
        expect(label("kappa_phreeqc_%g_25", other[i]), sg_nacl_conductivity_s_m(other[i], 25));
    }
    expect("osmotic_35", 1e-5 * sg_nacl_osmotic_pressure_pa(sg_seawater_molality(35), 25));
}

static void cell_pairs(void **state)
{
    (void)state;
    static const double pairs[][2] = {{0.5, 0.017}, {0.513, 0.017}, {0.6, 0.015}, {0.6, 0.010},
                                      {1.2, 0.005}, {1.2, 0.6},     {5, 0.1},     {5, 0.6}};
    for (int i = 0; i < 8; i++) {
        double c = pairs[i][0], d = pairs[i][1];
        expect(label("volt_%g_%g", c, d), sg_red_voltage_v(c, d, 25, 1, 1));
        expect(label("volt_ideal_%g_%g", c, d), sg_red_voltage_v(c, d, 25, 1, 0));
    }
    expect("matched_25", sg_red_matched_w_m2(0.15, 25e-4));
    expect("matched_10", sg_red_matched_w_m2(0.15, 10e-4));
    expect("matched_5", sg_red_load_w_m2(0.15, 5e-4, 5e-4));
    expect("slit", sg_slit_pressure_pa(1e-3, 0.75, 0.01, 200e-6));
}

static sg_brine litres(double molality)
{
    double water_kg = 1e-3 / sg_nacl_volume_m3_per_kg(molality, 25);
    return (sg_brine){water_kg, water_kg * molality};
}

static void mixing(void **state)
{
    (void)state;
    expect("mixing_sea", sg_mixing_ideal_sea_j_per_m3(600, 1.5, 25) / kwh);
    expect("mixing_sea_yip", sg_mixing_ideal_sea_j_per_m3(600, 1.5, 25) / kwh);
    expect("mixing_half", sg_mixing_ideal_j_per_m3(600, 15, 0.5, 25) / kwh);
    double best = 0, at = 0;
    for (double share = 0.3; share < 0.9; share += 1e-4) {
        double j = sg_mixing_ideal_j_per_m3(600, 15, share, 25);
        at = j > best ? share : at;
        best = j > best ? j : best;
    }
    expect("mixing_best", best / kwh);
    expect("mixing_best_share", at);
    expect("mixing_straub", best / kwh);
    expect("mixing_brine", 2 * sg_mixing_ideal_j_per_m3(5000, 100, 0.5, 25) * 1e-6);
    expect("mixing_krakhella", 2 * sg_mixing_ideal_j_per_m3(5000, 100, 0.5, 25) * 1e-6);
    expect("mixing_half_activity",
           sg_brine_mixing_j(litres(0.6), litres(0.015), 25) / (2e-3 * kwh));
}

static sg_ro plant(sg_ro_device device, double absolute_pa, double drop_pa)
{
    return (sg_ro){.pressure_pa = absolute_pa - 101325,
                   .drop_pa = drop_pa,
                   .recovery_frac = 0.5,
                   .passage_frac = 0.00772, /* 280 ppm of 35,000 by mass of solution */
                   .pump_eff = 0.8,
                   .device_eff = 0.95,
                   .device = device};
}

static double specific(sg_ro_device device, double absolute_pa, double drop_pa)
{
    sg_ro ro = plant(device, absolute_pa, drop_pa);
    return sg_ro_specific_j_per_m3(&ro, 0.4954) / kwh; /* the flowsheet's recovery by volume */
}

static void reverse_osmosis(void **state)
{
    (void)state;
    expect("minimum_0", sg_ro_minimum_j_per_m3(35, 25, 0) / kwh);
    expect("minimum_40", sg_ro_minimum_j_per_m3(35, 25, 0.4) / kwh);
    expect("minimum_50", sg_ro_minimum_j_per_m3(35, 25, 0.5) / kwh);
    sg_ro ro = plant(SG_RO_EXCHANGER, 74.93e5, 0.99e5);
    sg_ro_result r;
    sg_ro_run(&ro, 35, 25, &r);
    expect("specific_px_74.9", r.specific_j_per_m3 / kwh);
    expect("specific_px_74.9", specific(SG_RO_EXCHANGER, 74.93e5, 0.99e5));
    expect("main_pump", 1e-6 * (74.93e5 - 101325) * 0.4954 / 0.8);
    expect("retentate", 1e3 * sg_seawater_salinity_psu(r.brine.salt_mol / r.brine.water_kg));
    expect("mixing_permeate", r.minimum_j_per_m3 / kwh);
    expect("specific_px_57.1", specific(SG_RO_EXCHANGER, 57.08e5, 0.99e5 * 115 / 60.2));
    expect("specific_px_74.9_late", specific(SG_RO_EXCHANGER, 74.93e5, 2.53e5));
    expect("specific_none_74.9", specific(SG_RO_WASTE, 74.93e5, 0));
    expect("specific_none_58.5", specific(SG_RO_WASTE, 58.46e5, 0));
    double low = 0, high = 2e6;
    for (int i = 0; i < 60; i++) {
        double middle = 0.5 * (low + high);
        *(specific(SG_RO_EXCHANGER, 58.46e5, middle) < 2.250 ? &low : &high) = middle;
    }
    expect("specific_turbine_58.5", specific(SG_RO_TURBINE, 58.46e5, low));
    static const double effs[] = {0.35, 0.45, 1.0}, spent[] = {2.11, 2.43, 2.73};
    for (int e = 0; e < 3; e++) {
        for (int s = 0; s < 3; s++) {
            expect(label("trip_%.2f_%.2f", effs[e], spent[s]),
                   100 * effs[e] * r.minimum_j_per_m3 / kwh / spent[s]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activities),
        cmocka_unit_test(cell_pairs),
        cmocka_unit_test(mixing),
        cmocka_unit_test(reverse_osmosis),
        cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
