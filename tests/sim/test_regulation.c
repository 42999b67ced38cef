/* The real days: PJM's RegD with a battery and a flywheel, the measured training run under its contract, and the Iberian grid's
 * frequency until it collapsed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"
#include "study/regulation.h"
#include "study/swings.h"

#include <math.h>

enum { DAY_S = 86400, SAMPLES = DAY_S / 10, MIX = 0, NO_RECENTRING = 1, BATTERY_ALONE = 2 };

/* The score of a day from what the plant's own meters say: stores' powers, and the plan's nothing (no prices move here). */
static sg_score score_of_day(const char *from, double *ret_low, double *ret_high)
{
    static double signal[SAMPLES], response[SAMPLES];
    rig r = {0};
    rig_load("sites/regulation.maml.md", "", &r.site);
    r.site.services.ramp_w_per_s = r.site.services.band_w = 0; /* only what the signal moves */
    rig_start(&r, SG_POLICY_RULES, rig_time(from));
    int battery = r.site.groups[rig_group(&r.site, "battery")].first;
    int wheel = r.site.groups[rig_group(&r.site, "flywheel")].first;
    *ret_low = INFINITY;
    *ret_high = 0;
    for (int second = 0; second < DAY_S; second++) {
        rig_step(&r, 1);
        double energy_j = rig_value(&r, SG_POINT_STORE_ENERGY, battery);
        *ret_low = fmin(*ret_low, energy_j / (1.6 * 3.6e9));
        *ret_high = fmax(*ret_high, energy_j / (1.6 * 3.6e9));
        if (second % 10 == 9) {
            signal[second / 10] = rig_value(&r, SG_POINT_SITE, SG_SITE_REGULATION);
            response[second / 10] = (rig_value(&r, SG_POINT_STORE_POWER, battery) +
                                     rig_value(&r, SG_POINT_STORE_POWER, wheel)) /
                                    500e3;
        }
    }
    sg_score score = sg_score_of(signal, response, SAMPLES);
    sg_score metered = sg_score_mean(&sg_engine_regulated(r.engine)->total);
    assert_true(fabs(score.total - metered.total) < 2e-3); /* the engine's own meter agrees */
    rig_free(&r);
    return score;
}

static void both_days_score_above_095_within_the_energy(void **state)
{
    (void)state;
    static const char *const days[] = {"2020-07-17T00:00:00Z", "2020-07-22T00:00:00Z"};
    for (int d = 0; d < 2; d++) {
        double low, high;
        sg_score s = score_of_day(days[d], &low, &high);
        print_message("%.10s: %.4f = %.4f, %.4f, %.4f; battery %.0f to %.0f %%\n", days[d], s.total,
                      s.correlation, s.delay, s.precision, 100 * low, 100 * high);
        assert_true(s.total >= 0.95);
        assert_true(s.correlation > 0.95 && s.delay > 0.95 && s.precision > 0.9);
        assert_true(low > 0.05 && high <= 1 + 1e-9);
    }
}

/* With the contract beside it, and against the alternatives; the flywheel and the recentring are worth something. */
static void the_mix_beats_the_battery_alone(void **state)
{
    (void)state;
    sg_site site;
    static sg_regulation_report report;
    rig_load("sites/regulation.maml.md", "", &site);
    const sg_simulation sim = {.site = &site,
                               .from_us = rig_time("2020-07-17T00:00:00Z"),
                               .duration_s = DAY_S,
                               .step_s = 1};
    assert_int_equal(sg_regulation_study(&sim, &report), SG_OK);
    const sg_regulation_row *row = report.row;
    assert_true(row[MIX].score.total >= 0.95);
    assert_true(row[BATTERY_ALONE].score.total < row[MIX].score.total - 0.03);
    assert_true(row[BATTERY_ALONE].slow_turns > 2 * row[MIX].slow_turns);
    assert_true(row[NO_RECENTRING].worst_hour < row[MIX].worst_hour - 0.03);
    assert_true(row[NO_RECENTRING].slow_high_frac > 0.999); /* it ends full */
    assert_true(fabs(report.signal_mean + 0.1494) < 1e-3);  /* as the data's own notes say */
    assert_true(fabs(report.mileage - 23.6) < 0.1);
    sg_site_free(&site);
}

static void the_training_run_stays_within_its_contract(void **state)
{
    (void)state;
    sg_site site;
    static sg_swings_report report;
    rig_load("sites/regulation.maml.md", "", &site);
    const sg_simulation sim = {.site = &site,
                               .from_us = rig_time("2020-07-17T00:00:00Z"),
                               .duration_s = 3600,
                               .step_s = 0.1};
    assert_int_equal(sg_swings_study(&sim, &report), SG_OK);
    const sg_swings_row *before = &report.row[0], *after = &report.row[2];
    assert_true(before->ramp_worst_w_per_s > 40e3); /* measured steps of up to 98 kW in 2 s */
    assert_true(before->outside_s > 600);
    assert_true(after->ramp_worst_w_per_s <= 4e3);
    assert_true(after->band_worst_w <= 20e3);
    assert_true(after->outside_s == 0);
    for (int i = 2; i < SG_SWINGS_RANGES; i++) { /* periods below 40 s */
        assert_true(after->rms_w[i] < before->rms_w[i] / 2);
    }
    sg_site_free(&site);
}

/* A sine of known amplitude has amplitude / sqrt 2 in the range of its period and nothing elsewhere. */
static void the_spectrum_finds_a_sine(void **state)
{
    (void)state;
    static double power_w[3600];
    double rms_w[SG_SWINGS_RANGES];
    for (int i = 0; i < 3600; i++) {
        power_w[i] = 5e5 + 1e4 * sin(2 * 3.14159265358979323846 * i / 8);
    }
    assert_true(sg_swings_spectrum(power_w, 3600, rms_w));
    assert_true(fabs(rms_w[3] - 1e4 / sqrt(2)) < 1);
    assert_true(rms_w[0] < 1 && rms_w[1] < 1 && rms_w[2] < 1 && rms_w[4] < 1);
    assert_false(sg_swings_spectrum(power_w, 511, rms_w));
}

static const char iberia[] =
    "title: Toledo\ncurrency: EUR\nmode: control\nnodes: {site: {limit: 2MW}}\n"
    "series:\n  frequency: {file: data/grid_frequency/toledo_2025-04-28.csv, time: t_s, column: "
    "freq_hz, unit: Hz, gaps: hold, repeat: true}\n"
    "loads: {hall: {rating: 700kW, minimum: 100kW, demand: 600kW}}\n"
    "grid: {import_max: 2MW, import_price: 0.1 EUR/kWh, "
    "droop: {frequency: frequency, power: 400kW, nominal: 50Hz, dead_band: 20mHz, slope: 4%}}\n"
    "stores:\n"
    "  battery: {type: lithium_ion, capacity: 1MWh, discharge_rate: 400kW, charge_rate: 400kW, "
    "initial: 50%}\n"
    "  wheel: {type: flywheel, capacity: 20kWh, power: 200kW, duty: power, initial: 50%}\n";

/* The relation of power to frequency is fitted from what the plant did: its sign and slope are the droop's. */
static void droop_through_the_iberian_morning(void **state)
{
    (void)state;
    rig r = {0};
    rig_parse("iberia.yaml", iberia, strlen(iberia), &r.site);
    int64_t period_us = 5604 * SG_US_PER_S, from_us = rig_time("2025-04-28T09:00:00Z");
    rig_start(&r, SG_POLICY_RULES, from_us / period_us * period_us);
    double sum_ff = 0, sum_fp = 0, was_hz = 50, last_w = 0, quiet_w = 0;
    int answered = 0, wrong = 0;
    for (int i = 0; i < 56030; i++) {
        rig_step(&r, 0.1);
        double hz = rig_value(&r, SG_POINT_SITE, SG_SITE_FREQUENCY);
        double given_w =
            rig_value(&r, SG_POINT_STORE_POWER, 0) + rig_value(&r, SG_POINT_STORE_POWER, 1);
        last_w = given_w;
        double off_hz = was_hz < 49.98   ? 49.98 - was_hz
                        : was_hz > 50.02 ? 50.02 - was_hz
                                         : 0; /* what it was told knew the frequency before */
        if (off_hz != 0 && off_hz < 2 && hz == was_hz) {
            sum_ff += off_hz * off_hz;
            sum_fp += off_hz * given_w;
            answered++;
            wrong += given_w * off_hz <= 0;
        } else if (off_hz == 0 && hz == was_hz) {
            quiet_w = fmax(quiet_w, fabs(given_w));
        }
        was_hz = hz;
    }
    assert_true(answered > 1000 && wrong == 0);
    assert_true(fabs(sum_fp / sum_ff / (400e3 / 2.0) - 1) < 0.01); /* 400 kW at 4 % of 50 Hz */
    assert_true(quiet_w < 1);
    assert_true(last_w > 390e3); /* 47.48 Hz: all that was offered */
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_days_score_above_095_within_the_energy),
        cmocka_unit_test(the_mix_beats_the_battery_alone),
        cmocka_unit_test(the_training_run_stays_within_its_contract),
        cmocka_unit_test(the_spectrum_finds_a_sine),
        cmocka_unit_test(droop_through_the_iberian_morning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
