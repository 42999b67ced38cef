/* Plans from random outlooks, held against the physics that they are about: the balance of each step, the energy of each store followed
 * by a sum of its own, and no store that charges another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "base/status.h"
#include "plan/rolling.h"

#include <math.h>
#include <string.h>

enum { OUTLOOKS = 2000 };

static uint64_t seed = 4711, drawn;

static double between(double low, double high)
{
    return low + (high - low) * sg_prng_unit(seed, drawn++);
}

static int below(int n)
{
    return (int)between(0, n);
}

static void draw_prices(sg_outlook *o)
{
    static const double per_kwh = 1 / 3.6e6;
    int kind = below(5); /* usual, negative, flat, none, spikes */
    for (int t = 0; t < o->steps; t++) {
        double price = kind == 0   ? between(0.05, 0.4)
                       : kind == 1 ? between(-0.5, 0.3)
                       : kind == 2 ? 0.2
                       : kind == 3 ? 0
                                   : (below(10) ? 0.1 : 10);
        o->import_price[t] = price * per_kwh;
        o->export_price[t] =
            (price - between(0, 0.1)) * per_kwh; /* never above: no money from a wire */
    }
}

static void draw_store(struct sg_outlook_store *store, int group)
{
    double capacity_j = 3.6e6 * pow(10, between(-1, 3));
    *store = (struct sg_outlook_store){.group = group,
                                       .capacity_j = capacity_j,
                                       .floor_j = below(2) ? 0 : between(0, 0.3) * capacity_j,
                                       .energy_j = below(4)   ? between(0, 1) * capacity_j
                                                   : below(2) ? capacity_j
                                                              : 0,
                                       .charge_w_max = capacity_j / 3600 * between(0.1, 2),
                                       .discharge_w_max = capacity_j / 3600 * between(0.1, 2),
                                       .charge_eff = between(0.6, 1),
                                       .discharge_eff = between(0.6, 1),
                                       .standing_loss_per_h = below(2) ? 0 : between(0, 0.02),
                                       .wear_per_j = below(2) ? 0 : between(0, 0.05) / 3.6e6};
}

static void draw_outlook(sg_outlook *o)
{
    memset(o, 0, sizeof *o);
    o->steps = 1 + below(40);
    o->step_us = (below(2) ? 900 : 300) * INT64_C(1000000);
    for (int t = 0; t < o->steps; t++) {
        o->load_w[t] = below(10) ? between(0, 1e5) : 0;
        o->available_w[t] = below(3) ? between(0, 2e5) : 0;
    }
    draw_prices(o);
    o->import_w_max = below(5) ? between(5e4, 3e5) : 0;
    o->export_w_max = below(2) ? between(0, 2e5) : 0;
    if (o->import_w_max == 0) {
        o->export_w_max = 0;
    }
    o->demand_charge = below(3) ? 0 : 0.01;
    o->peak_so_far_w = below(2) ? 0 : between(0, 1e5);
    o->month_steps = below(2) ? o->steps : 1 + below(o->steps);
    o->store_count = 1 + below(SG_PLAN_STORE_MAX);
    for (int s = 0; s < o->store_count; s++) {
        draw_store(&o->store[s], s);
    }
    sg_outlook_terminal_values(o);
    o->reserve_s = below(3) ? 0 : between(0, 7200);
    for (int t = 0; t < o->steps; t++) {
        o->miss_w[t] = between(0, 1e4);
    }
}

/* The reserve as the site file describes it, worked out once more: J above the floor of the only store. */
static double reserve_of(const sg_outlook *o)
{
    double taken_j = 0, left_s = o->reserve_s, step_s = (double)o->step_us * 1e-6;
    for (int t = 0; t < o->steps && left_s > 0; t++, left_s -= step_s) {
        taken_j += o->miss_w[t] * fmin(left_s, step_s);
    }
    const struct sg_outlook_store *store = &o->store[0];
    return fmin(taken_j / store->discharge_eff, 0.5 * (store->capacity_j - store->floor_j));
}

/* load - shed = sources - curtailed + stores + net, with as much shed as there may be, 0 <= shed <= load. */
static void check_balance(const sg_outlook *o, const sg_plan *p, int t)
{
    double scale_w = 1 + o->load_w[t] + o->available_w[t], supply_w = p->net_w[t];
    assert_true(p->curtail_w[t] >= 0 && p->curtail_w[t] <= o->available_w[t] + 1e-3);
    supply_w += o->available_w[t] - p->curtail_w[t];
    for (int s = 0; s < p->store_count; s++) {
        supply_w += p->store_w[s][t];
        scale_w += fabs(p->store_w[s][t]);
    }
    double shed_w = o->load_w[t] - supply_w;
    if (shed_w < -1e-5 * scale_w || shed_w > o->load_w[t] + 1e-5 * scale_w) {
        fail_msg("step %d: %g W are missing of a load of %g W", t, shed_w, o->load_w[t]);
    }
}

static void check_sides(const sg_plan *p, int t)
{
    double give_w = 0, take_w = 0;
    for (int s = 0; s < p->store_count; s++) {
        *(p->store_w[s][t] > 0 ? &give_w : &take_w) += fabs(p->store_w[s][t]);
    }
    if (give_w > 1e-3 && take_w > 1e-3) {
        fail_msg("step %d: stores give %g W and take %g W", t, give_w, take_w);
    }
}

static void check_store(const sg_outlook *o, const sg_plan *p, int s)
{
    const struct sg_outlook_store *store = &o->store[s];
    double step_s = (double)o->step_us * 1e-6, energy_j = store->energy_j;
    double slack_j = 1e-6 * store->capacity_j + 1;
    /* several stores stand in for each other: then only the floors are promised */
    double keep_j = o->store_count == 1 ? reserve_of(o) : 0;
    double least_j = fmin(store->floor_j + keep_j, energy_j * 0.98);
    for (int t = 0; t < p->steps; t++) {
        double w = p->store_w[s][t];
        assert_true(w <= store->discharge_w_max * (1 + 1e-6) + 1e-3 &&
                    -w <= store->charge_w_max * (1 + 1e-6) + 1e-3);
        energy_j *= exp(step_s / 3600 * log1p(-store->standing_loss_per_h));
        energy_j -= w > 0 ? w * step_s / store->discharge_eff : w * step_s * store->charge_eff;
        least_j = fmin(least_j, energy_j + (w > 0 ? w * step_s / store->discharge_eff : 0));
        if (energy_j < least_j - slack_j || energy_j > store->capacity_j + slack_j) {
            fail_msg("step %d, store %d: %g J of %g J, floor %g J", t, s, energy_j,
                     store->capacity_j, least_j);
        }
    }
}

static void plans_keep_the_balance_the_stores_and_the_sides_apart(void **state)
{
    (void)state;
    static sg_outlook o;
    static sg_plan p;
    int made = 0;
    for (int i = 0; i < OUTLOOKS; i++) {
        draw_outlook(&o);
        if (sg_plan_make(&o, 10, NULL, &p) != SG_OK) {
            print_message("outlook %d: no plan\n", i);
            continue;
        }
        made++;
        for (int t = 0; t < p.steps; t++) {
            check_balance(&o, &p, t);
            check_sides(&p, t);
        }
        for (int s = 0; s < p.store_count; s++) {
            check_store(&o, &p, s);
        }
    }
    assert_int_equal(made, OUTLOOKS); /* with shedding allowed there is always a plan */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_keep_the_balance_the_stores_and_the_sides_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
