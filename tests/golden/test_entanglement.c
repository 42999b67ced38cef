/* Werner pairs: swapping, purification, keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "golden/golden.h"
#include "model/entanglement.h"

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/entanglement.csv");
}

static void expect_of(const char *what, double argument, double got)
{
    char name[64];
    snprintf(name, sizeof name, "%s_%.2f", what, argument);
    expect(name, got);
}

static void werner_pairs(void **state)
{
    (void)state;
    static const double fidelities[] = {.60, .70, .75, .80, .90, .95, .98, .99};
    for (int i = 0; i < SG_COUNT(fidelities); i++) {
        double f = fidelities[i], purified, pair[SG_BELL_STATES];
        expect_of("bbpssw_success", f, sg_purify_bbpssw(f, f, &purified));
        expect_of("bbpssw", f, purified);
        expect_of("swap", f, sg_swap_fidelity(f, f));
        sg_werner_pair(f, pair);
        sg_swap(pair, pair, pair);
        expect_of("swap", f, pair[0]);
        double w = sg_werner_of_fidelity(f);
        expect_of("swap", f, sg_fidelity_of_werner(w * w));
    }
}

static sg_repeater_result rounds_to(double target, bool twirl)
{
    sg_repeater_chain chain = {.links = 1,
                               .link_fidelity = 0.9,
                               .pair_rate = 1,
                               .swap_success = 1,
                               .coherence_s = INFINITY,
                               .target = target,
                               .twirl = twirl};
    sg_repeater_result result;
    assert_int_equal(sg_repeater_run(&chain, &result), SG_OK);
    assert_true(result.reached);
    return result;
}

static void seven_rounds_of_bbpssw(void **state)
{
    (void)state;
    sg_repeater_result result = rounds_to(0.99, true);
    expect("bbpssw_rounds_0.90_to_0.99", result.rounds);
    expect("bbpssw_7_rounds_0.90", result.pair[0]);
}

static void four_rounds_of_dejmps(void **state)
{
    (void)state;
    double pair[SG_BELL_STATES], success = 1;
    sg_werner_pair(0.9, pair);
    for (int i = 1; i <= 4; i++) {
        char name[64];
        double agree = sg_purify_dejmps(pair, pair, pair);
        snprintf(name, sizeof name, "dejmps_success_%d", i);
        expect(name, agree);
        snprintf(name, sizeof name, "dejmps_round_%d", i);
        expect(name, pair[0]);
        success *= agree / 2;
        if (i == 3) { /* the round that passes 0.99: eight pairs and more for one */
            sg_repeater_result result = rounds_to(0.99, false);
            assert_int_equal(result.rounds, 3);
            expect(name, result.pair[0]);
            assert_true(fabs(result.pair_rate - success) < 1e-15);
        }
    }
}

static void links_of_a_chain(void **state)
{
    (void)state;
    static const int links[] = {2, 3, 4, 8};
    for (int i = 0; i < SG_COUNT(links); i++) {
        char name[64];
        snprintf(name, sizeof name, "link_for_0.99_%d", links[i]);
        expect(name, sg_link_fidelity(0.99, links[i]));
    }
}

static void secret_bits(void **state)
{
    (void)state;
    static const double errors[] = {.01, .02, .03, .05, .08, .11}, coded[] = {.01, .05, .08},
                        fidelities[] = {.99, .95, .90};
    for (int i = 0; i < SG_COUNT(errors); i++) {
        expect_of("bb84", errors[i], sg_bb84_secret_frac(errors[i], errors[i], 1));
    }
    for (int i = 0; i < SG_COUNT(coded); i++) {
        expect_of("bb84_f1.16", coded[i], sg_bb84_secret_frac(coded[i], coded[i], 1.16));
    }
    for (int i = 0; i < SG_COUNT(fidelities); i++) {
        double q = sg_werner_error_frac(fidelities[i]);
        expect_of("bb84_werner", fidelities[i], sg_bb84_secret_frac(q, q, 1));
    }
    double low = 0.05, high = 0.2;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        *(sg_bb84_secret_frac(middle, middle, 1) > 0 ? &low : &high) = middle;
    }
    expect("bb84_threshold", low);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(werner_pairs),          cmocka_unit_test(seven_rounds_of_bbpssw),
        cmocka_unit_test(four_rounds_of_dejmps), cmocka_unit_test(links_of_a_chain),
        cmocka_unit_test(secret_bits),           cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
