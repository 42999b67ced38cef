/* The rack hall with ties across its aisles, through ten minutes of the measured training run: what the ties are worth, that nobody
 * who lends is worse off, that no breaker passes 80 % of its trip heat, and that the plant's books close. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

#include <math.h>

enum { STEPS = 6000 };
static const double STEP_S = 0.1;
static const char SITE[] = "sites/hall-ties.maml.md";

typedef struct outcome {
    double lost_j, lender_lost_j; /* of all loads; of those at the nodes that lend */
    double lent_j, tie_loss_j, heat_worst, balance_error_j, import_j;
    double taker_rating_w; /* of the breakers that ties lead to */
    int64_t trips;
    int told; /* decisions about ties */
} outcome;

static void count(const rig *r, outcome *ret)
{
    const sg_site *site = &r->site;
    for (int l = 0; l < site->device_count[SG_LOAD]; l++) {
        double missing_w =
            rig_value(r, SG_POINT_LOAD_DEMAND, l) - rig_value(r, SG_POINT_LOAD_POWER, l);
        int node = site->devices[SG_LOAD][l].node;
        bool lends = strcmp(site->node_groups[site->nodes[node].group].id, "inference-rack") == 0;
        ret->lost_j += missing_w * STEP_S;
        ret->lender_lost_j += lends ? missing_w * STEP_S : 0;
    }
    for (int t = 0; t < site->tie_count; t++) {
        double w = rig_value(r, SG_POINT_TIE_POWER, t);
        double amps = w / site->ties[t].voltage_v;
        assert_true(fabs(w) <= site->ties[t].limit_w * (1 + 1e-9));
        ret->lent_j += fabs(w) * STEP_S;
        ret->tie_loss_j += site->ties[t].loss_ohm * amps * amps * STEP_S;
    }
}

static outcome run(bool ties)
{
    rig r = {0};
    outcome ret = {0};
    static sg_view view;
    int64_t last_us = 0;
    rig_load(SITE, "", &r.site);
    r.site.tie_count = ties ? r.site.tie_count : 0;
    rig_start(&r, SG_POLICY_RULES, rig_time("2023-07-03T11:24:18Z"));
    for (int t = 0; t < r.site.tie_count; t++) {
        ret.taker_rating_w += r.site.nodes[r.site.ties[t].to].breaker_w;
    }
    for (int step = 0; step < STEPS; step++) {
        rig_step(&r, STEP_S);
        count(&r, &ret);
        sg_engine_view(r.engine, &view);
        for (int i = 0; i < view.decision_count && view.decision[i].time_us > last_us; i++) {
            const sg_decision *d = &view.decision[i];
            ret.told += d->role == SG_DECISION_TIE;
        }
        last_us = r.readings.time_us;
    }
    const sg_world_books *books = sg_world_books_of(r.world);
    ret.heat_worst = books->heat_worst;
    ret.trips = books->trips;
    ret.import_j = books->import_j;
    ret.balance_error_j = sg_world_balance_error_j(r.world);
    rig_free(&r);
    return ret;
}

static void ties_serve_what_narrow_feeders_could_not(void **state)
{
    (void)state;
    outcome with = run(true), without = run(false);
    print_message(
        "lost %.3f kWh without, %.3f kWh with ties; lent %.3f kWh, %.4f kWh of it lost on the "
        "way; lenders lost %.4f and %.4f kWh; hottest breaker %.4f; told %d times\n",
        without.lost_j / 3.6e6, with.lost_j / 3.6e6, with.lent_j / 3.6e6, with.tie_loss_j / 3.6e6,
        without.lender_lost_j / 3.6e6, with.lender_lost_j / 3.6e6, with.heat_worst, with.told);
    assert_true(without.lost_j > 1e6 && with.lost_j < 0.95 * without.lost_j);
    /* what arrived was made use of, but for what a breaker that is kept at 75 % of its trip in place of 80 % gives up for ever, which
     * is 1 - sqrt(0.75 / 0.8) of its rating; little more was won, by stores that a cooler breaker may rely on */
    double won_j = without.lost_j - with.lost_j, arrived_j = with.lent_j - with.tie_loss_j;
    double given_up_j = (1 - sqrt(0.75 / 0.8)) * with.taker_rating_w * STEPS * STEP_S;
    assert_true(won_j > arrived_j - 1.1 * given_up_j && won_j < 1.25 * arrived_j);
    assert_true(with.lender_lost_j < without.lender_lost_j + 0.01 * won_j);
    assert_true(with.heat_worst <= 0.8 && with.trips == 0 && without.trips == 0);
    assert_true(with.balance_error_j < 1e-9 * with.import_j);
    assert_true(with.told > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ties_serve_what_narrow_feeders_could_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
