/* Whatever the signal, the frequency and the loads do: ratings, energies, reserves, the connection and the contract's ramp hold on
 * random sites, and no store charges another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "services_bench.h"

#include <math.h>

enum { SITES = 60, STEPS = 3000, TEXT = 4096 };

typedef struct dice {
    uint64_t seed, n;
} dice;

static double draw(dice *d, double low, double high)
{
    return low + (high - low) * sg_prng_unit(d->seed, d->n++);
}

typedef struct drawn {
    double import_w_max, export_w_max, ramp_w_per_s, band_w;
    double battery_w, battery_j, wheel_w, wheel_j, cell_w, cell_j, reserve_frac;
} drawn;

/* A battery in two groups, a flywheel behind a breaker, loads that wander; blocks come and go with the dice. */
static void draw_site(dice *d, drawn *x, char text[TEXT])
{
    *x = (drawn){.import_w_max = draw(d, 600e3, 1200e3),
                 .export_w_max = draw(d, 0, 1) < 0.5 ? 0 : draw(d, 50e3, 400e3),
                 .ramp_w_per_s = draw(d, 0, 1) < 0.5 ? 0 : draw(d, 1e3, 50e3),
                 .band_w = draw(d, 0, 1) < 0.5 ? 0 : draw(d, 5e3, 200e3),
                 .battery_w = draw(d, 50e3, 400e3),
                 .wheel_w = draw(d, 20e3, 200e3),
                 .cell_w = draw(d, 20e3, 100e3),
                 .reserve_frac = draw(d, 0, 0.4)};
    x->battery_j = x->battery_w * draw(d, 300, 7200);
    x->wheel_j = x->wheel_w * draw(d, 20, 900);
    x->cell_j = x->cell_w * draw(d, 300, 7200);
    char regulation[128] = "", droop[128] = "", ramp[32] = "", band[32] = "", contract[128] = "";
    if (draw(d, 0, 1) < 0.8) {
        snprintf(regulation, sizeof regulation,
                 ", regulation: {signal: 0, capability: %.0fW, recentre: %.3f}",
                 draw(d, 10e3, 500e3), draw(d, 0, 0.5));
    }
    if (draw(d, 0, 1) < 0.5) {
        snprintf(droop, sizeof droop, ", droop: {frequency: 50Hz, power: %.0fW}",
                 draw(d, 10e3, 300e3));
    }
    if (x->ramp_w_per_s > 0) {
        snprintf(ramp, sizeof ramp, "ramp: %.6fW/s, ", x->ramp_w_per_s);
    }
    if (x->band_w > 0) {
        snprintf(band, sizeof band, "band: %.6fW, ", x->band_w);
    }
    if (x->ramp_w_per_s > 0 || x->band_w > 0) {
        snprintf(contract, sizeof contract, ", contract: {%s%strend: 2min}", ramp, band);
    }
    int wrote = snprintf(
        text, TEXT,
        "title: drawn\ncurrency: EUR\nmode: control\n"
        "series:\n  want: {unit: kW, random: {mean: 300kW, deviation: 120kW, correlation: 5s, "
        "lowest: 0kW, step: 1s, length: 1h}}\n"
        "nodes:\n  site: {limit: 3MW}\n  row: {parent: site, limit: 400kW}\n"
        "loads: {hall: {rating: 600kW, minimum: 0kW, demand: want}, "
        "rack: {node: row, rating: 300kW, minimum: 0kW, demand: want}}\n"
        "grid: {import_max: %.0fW, export_max: %.0fW, import_price: 0.1 EUR/kWh%s%s%s}\n"
        "stores:\n"
        "  battery: {type: lithium_ion, capacity: %.0fJ, discharge_rate: %.0fW, charge_rate: "
        "%.0fW, "
        "initial: %.3f, reserve: %.3f}\n"
        "  wheel: {type: flywheel, node: row, capacity: %.0fJ, power: %.0fW, duty: power, "
        "initial: %.3f}\n"
        "  cell: {type: lithium_ion, node: row, capacity: %.0fJ, discharge_rate: %.0fW, "
        "charge_rate: %.0fW, initial: 50%%}\n",
        x->import_w_max, x->export_w_max, regulation, droop, contract, x->battery_j, x->battery_w,
        x->battery_w, draw(d, x->reserve_frac, 1), x->reserve_frac, x->wheel_j, x->wheel_w,
        draw(d, 0, 1), x->cell_j, x->cell_w, x->cell_w);
    assert_true(wrote > 0 && wrote < TEXT);
}

/* Signals as no operator sends them: jumps, drifts, beyond the range, missing. */
static void draw_inputs(dice *d, bench *b)
{
    if (draw(d, 0, 1) < 0.05) {
        b->signal = draw(d, -1.3, 1.3);
    }
    if (draw(d, 0, 1) < 0.02) {
        b->frequency_hz = draw(d, 0, 1) < 0.1 ? draw(d, 0, 80) : draw(d, 47, 53);
    }
    b->signal_quality = draw(d, 0, 1) < 0.02 ? SG_NO_DATA : SG_GOOD;
}

static void check_store(const bench *b, int s, double power_w, double energy_j, double floor_j)
{
    double told_w = bench_told_w(b, s), have_j = rig_value(&b->r, SG_POINT_STORE_ENERGY, s);
    assert_true(isfinite(told_w) && fabs(told_w) <= power_w * (1 + 1e-9) + 1);
    assert_true(have_j >= -1e-6 && have_j <= energy_j * (1 + 1e-9) + 1);
    if (told_w > 1) { /* above the reserve, which only standing losses may touch */
        assert_true(have_j > floor_j);
    }
}

static void random_signals_break_nothing(void **state)
{
    (void)state;
    static char text[TEXT];
    int moved = 0, steps_up = 0;
    for (uint64_t seed = 1; seed <= SITES; seed++) {
        dice d = {.seed = seed};
        drawn x;
        bench b;
        draw_site(&d, &x, text);
        bench_start(&b, text, SG_POLICY_RULES);
        sg_site_reseed(&b.r.site, seed);
        double dt_s = draw(&d, 0, 1) < 0.5 ? 0.1 : 1, target_w = NAN;
        for (int i = 0; i < STEPS; i++) {
            draw_inputs(&d, &b);
            bench_step(&b, dt_s);
            check_store(&b, 0, x.battery_w, x.battery_j, x.reserve_frac * x.battery_j);
            check_store(&b, 1, x.wheel_w, x.wheel_j, 0);
            check_store(&b, 2, x.cell_w, x.cell_j, 0);
            double battery_w = bench_told_w(&b, 0), cell_w = bench_told_w(&b, 2);
            assert_true(!(battery_w * cell_w < -1e-3)); /* one would charge the other */
            double want_w = rig_value(&b.r, SG_POINT_LOAD_DEMAND, 0) +
                            fmin(rig_value(&b.r, SG_POINT_LOAD_DEMAND, 1), 400e3);
            double net_w = want_w - battery_w - cell_w - bench_told_w(&b, 1);
            assert_true(net_w >= -x.export_w_max - 1);
            assert_true(net_w <= fmax(x.import_w_max, want_w) + 1);
            const sg_regulation *r = sg_engine_regulation(b.r.engine);
            if (r->active && x.ramp_w_per_s > 0 && !isnan(target_w)) {
                assert_true(fabs(r->target_w - target_w) <= x.ramp_w_per_s * dt_s * (1 + 1e-9));
            }
            target_w = r->active ? r->target_w : (double)NAN;
            moved += r->active && fabs(battery_w) > 1;
            steps_up++;
        }
        assert_true(sg_world_books_of(b.r.world)->overload_s == 0);
        bench_stop(&b);
    }
    assert_true(moved > steps_up / 4); /* there was something to break */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_signals_break_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
