/* The energy operators against the study's own program text, run: tests/golden/models/operators.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "model/model.h"
#include "model/operators.h"
#include "plan/transfer.h"

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/operators.csv");
}

static void transfer_as_the_program_text_has_it(void **state)
{
    (void)state;
    static const double differences[] = {0, 0.5, 1, 5, 24, 150};
    sg_model room;
    const sg_model *model = sg_model_find("transfer_operator", &room);
    assert_non_null(model);
    assert_true(model->hypothetical);
    for (int i = 0; i < 6; i++) {
        for (int quantum = 0; quantum < 2; quantum++) {
            double p[SG_PARAM_MAX], in[] = {3, 3 + differences[i], 1000}, out[4], nothing[1];
            sg_now now = {.dt_s = 1};
            sg_model_presets(model, p);
            p[2] = quantum;
            assert_int_equal(sg_model_step(model, p, &now, in, nothing, out), SG_OK);
            char name[64];
            const char *word = quantum ? "on" : "off";
            snprintf(name, sizeof name, "transfer_%g_%s_efficiency", differences[i], word);
            expect(name, out[0]);
            snprintf(name, sizeof name, "transfer_%g_%s_energy", differences[i], word);
            expect(name, out[1]);
            /* what creates energy is told and not counted */
            assert_true(out[3] == (out[0] > 1));
            assert_true(out[2] == (out[0] > 1 ? 0 : out[1]));
            assert_true(quantum || out[3] == 0);
        }
    }
    /* with the quantum factor the study claims more than was committed: at these times */
    assert_true(sg_operator_transfer_efficiency(0, 1, 0.95, 0.01, true) > 1);
    assert_false(sg_operator_allowed(sg_operator_transfer_efficiency(0, 5, 0.95, 0.01, true)));
}

static void ledger_as_the_program_text_has_it(void **state)
{
    (void)state;
    static const double amounts[] = {300.5, 1e4, 123.25, 1e4};
    sg_model room;
    const sg_model *model = sg_model_find("storage_operator", &room);
    assert_non_null(model);
    double p[SG_PARAM_MAX], held[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
    sg_now now = {.dt_s = 1};
    sg_model_presets(model, p);
    sg_model_start(model, p, held);
    for (int i = 0; i < 7; i++) {
        for (int j = 0; j < 4; j++) {
            bool stored = j < 2;
            double in[] = {i, stored ? amounts[j] : 0, stored ? 0 : amounts[j]};
            assert_int_equal(sg_model_step(model, p, &now, in, held, out), SG_OK);
            char name[64];
            snprintf(name, sizeof name, "ledger_%d_%d_moved", i, j);
            expect(name, out[stored ? 0 : 2]);
            snprintf(name, sizeof name, "ledger_%d_%d_rest", i, j);
            expect(name, out[stored ? 1 : 3]);
            snprintf(name, sizeof name, "ledger_%d_%d_level", i, j);
            expect(name, out[4]);
        }
    }
    expect("total", out[5]);
    for (int i = 0; i < 7; i++) {
        p[15 + i] = 0.25 * (i + 1);
    }
    double none[] = {0, 0, 0};
    assert_int_equal(sg_model_step(model, p, &now, none, held, out), SG_OK);
    expect("total_weighted", out[5]);
}

static void formulas(void **state)
{
    (void)state;
    expect("shift_0_1", sg_operator_shifted_j(500, 0.95, 0.01, 0, 1));
    expect("shift_7_1", sg_operator_shifted_j(500, 0.95, 0.01, 7, 1));
    expect("shift_-12_0.8", sg_operator_shifted_j(500, 0.95, 0.01, -12, 0.8));
    expect("shift_3_1.2", sg_operator_shifted_j(500, 0.95, 0.01, 3, 1.2));
    expect("conduit_plain", sg_operator_conduit_efficiency(0.97, 1, 0.98, 0.9, 0.95));
    expect("conduit_quantum", sg_operator_conduit_efficiency(0.99, 1.1, 1, 0.98, 1));
    static const double capacity[] = {1000, 2000, 1500, 3000, 500, 2000, 1000};
    static const double eta[] = {0.92, 0.85, 0.88, 0.75, 0.99, 0.95, 0.97};
    static const double weight[] = {1, 0.5, 1, 0.25, 0, 2, 1};
    static const double coupling[] = {1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4};
    expect("capacity", sg_operator_capacity_j(weight, capacity, eta, coupling, 7));
    expect("sync_1_joule", sg_operator_sync_bound_s(1));
    expect("sync_1_ev", sg_operator_sync_bound_s(1.602176634e-19));
}

static void energy_potential_over_space_and_time(void **state)
{
    (void)state;
    enum { INSTANTS = 41, CELLS = 25 };
    static double time_s[INSTANTS], volume[CELLS];
    static double density[INSTANTS * CELLS], wave[INSTANTS * CELLS], efficiency[INSTANTS * CELLS];
    for (int t = 0; t < INSTANTS; t++) {
        time_s[t] = pow(10.0 * t / (INSTANTS - 1), 1.5);
        for (int c = 0; c < CELLS; c++) {
            double x = (c + 0.5) / CELLS;
            volume[c] = 0.5 + x;
            density[t * CELLS + c] = 1000 * (1 + x) * exp(-time_s[t] / 20);
            wave[t * CELLS + c] = cos(x) * cos(x);
            efficiency[t * CELLS + c] = 0.9 - 0.01 * time_s[t] * x;
        }
    }
    sg_operator_field field = {INSTANTS, CELLS, time_s, volume, density, wave, efficiency};
    expect("potential", sg_operator_energy_potential_j(&field));
    field.instants = 1; /* no time passes */
    assert_true(sg_operator_energy_potential_j(&field) == 0);
    field.instants = 0;
    assert_true(sg_operator_energy_potential_j(&field) == 0);
}

/* The data of operators.py: plain arithmetic, so that both programs begin with the same doubles. */
typedef struct trades {
    const char *name;
    int periods;
    double most, available;
    double (*price)(int i);
    double (*cost)(int i, int j);
    double (*efficiency)(int i, int j);
} trades;

static double day_price(int i)
{
    return 0.1 + 0.05 * ((i * 7) % 5);
}

static double day_cost(int i, int j)
{
    return 0.01 * abs(i - j);
}

static double day_efficiency(int i, int j)
{
    return 0.95 - 0.02 * abs(i - j);
}

static double ties_price(int i)
{
    return 0.25 * (i % 2);
}

static double ties_cost(int i, int j)
{
    (void)i;
    (void)j;
    return 0.0;
}

static double ties_efficiency(int i, int j)
{
    (void)i;
    (void)j;
    return 0.75;
}

static double plenty_price(int i)
{
    return (i * i) % 7 - 1.0;
}

static double plenty_cost(int i, int j)
{
    (void)i;
    return 0.125 * j;
}

static double plenty_efficiency(int i, int j)
{
    return 0.5 + 0.25 * ((i + j) % 4);
}

static void arbitrage_as_the_program_text_has_it(void **state)
{
    (void)state;
    enum { MOST = 6 };
    static const trades cases[] = {
        {"day", 6, 10, 2.5, day_price, day_cost, day_efficiency},
        {"ties", 4, 4, 1.25, ties_price, ties_cost, ties_efficiency},
        {"plenty", 5, 3, 100, plenty_price, plenty_cost, plenty_efficiency},
    };
    for (int k = 0; k < 3; k++) {
        const trades *c = &cases[k];
        int n = c->periods;
        double price[MOST], cost[MOST * MOST], efficiency[MOST * MOST];
        double matrix[MOST * MOST], energy[MOST * MOST];
        char name[64];
        for (int i = 0; i < n; i++) {
            price[i] = c->price(i);
            for (int j = 0; j < n; j++) {
                cost[i * n + j] = c->cost(i, j);
                efficiency[i * n + j] = c->efficiency(i, j);
            }
        }
        sg_transfer trade = {n, price, cost, efficiency, c->most, c->available};
        sg_transfer_plan greedy = {.energy = energy};
        sg_transfer_matrix(&trade, matrix);
        assert_int_equal(sg_transfer_greedy(&trade, matrix, &greedy), SG_OK);
        for (int i = 0; i < n * n; i++) {
            snprintf(name, sizeof name, "arbitrage_%s_%d_%d", c->name, i / n, i % n);
            expect(name, matrix[i]);
            snprintf(name, sizeof name, "arbitrage_%s_%d_%d_energy", c->name, i / n, i % n);
            expect(name, energy[i]);
        }
        snprintf(name, sizeof name, "arbitrage_%s_profit", c->name);
        expect(name, greedy.printed_profit);
        snprintf(name, sizeof name, "arbitrage_%s_remaining", c->name);
        expect(name, greedy.remaining);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transfer_as_the_program_text_has_it),
        cmocka_unit_test(ledger_as_the_program_text_has_it),
        cmocka_unit_test(formulas),
        cmocka_unit_test(energy_potential_over_space_and_time),
        cmocka_unit_test(arbitrage_as_the_program_text_has_it),
        cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
