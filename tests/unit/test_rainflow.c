/* Rainflow counting against a slow obvious twin, and the laws that any counting obeys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/prng.h"
#include "model/model.h"
#include "model/rainflow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH = 400 };

/* The standard's words, one after the other, on a list from which points are crossed out. */
static int twin(const double *value, int count, sg_rainflow_cycle *ret)
{
    double list[LENGTH];
    int held = 0, cycles = 0;
    for (int i = 0; i < count; i++) { /* reversals only */
        bool last = i + 1 == count, start = held == 0;
        int next = i + 1;
        while (next < count && value[next] == value[i]) {
            next++;
        }
        if (!start && value[i] == list[held - 1]) {
            continue;
        }
        bool turns = start || last || next == count ||
                     (value[i] > list[held - 1]) != (value[next] > value[i]);
        if (turns) {
            list[held++] = value[i];
        }
    }
    int read = 0, open = 0; /* points read; points kept */
    double kept[LENGTH];
    while (true) {
        if (open < 3) {
            if (read == held) {
                break;
            }
            kept[open++] = list[read++];
            continue;
        }
        double x = fabs(kept[open - 1] - kept[open - 2]), y = fabs(kept[open - 2] - kept[open - 3]);
        if (x < y) {
            if (read == held) {
                break;
            }
            kept[open++] = list[read++];
            continue;
        }
        double mean = (kept[open - 2] + kept[open - 3]) / 2;
        if (open == 3) {
            ret[cycles++] = (sg_rainflow_cycle){y, mean, 0.5};
            memmove(kept, kept + 1, 2 * sizeof *kept);
            open = 2;
        } else {
            ret[cycles++] = (sg_rainflow_cycle){y, mean, 1};
            kept[open - 3] = kept[open - 1];
            open -= 2;
        }
    }
    for (int i = 0; i + 1 < open; i++) {
        ret[cycles++] =
            (sg_rainflow_cycle){fabs(kept[i] - kept[i + 1]), (kept[i] + kept[i + 1]) / 2, 0.5};
    }
    return cycles;
}

static int compare(const void *a, const void *b)
{
    const sg_rainflow_cycle *x = a, *y = b;
    if (x->range != y->range) {
        return x->range < y->range ? -1 : 1;
    }
    if (x->mean != y->mean) {
        return x->mean < y->mean ? -1 : 1;
    }
    return (x->count > y->count) - (x->count < y->count);
}

static void same_cycles(sg_rainflow_cycle *a, int a_count, sg_rainflow_cycle *b, int b_count)
{
    assert_int_equal(a_count, b_count);
    qsort(a, (size_t)a_count, sizeof *a, compare);
    qsort(b, (size_t)b_count, sizeof *b, compare);
    assert_memory_equal(a, b, (size_t)a_count * sizeof *a);
}

/* Coarse levels, so that equal values, equal ranges and plateaus are common. */
static int draw(uint64_t seed, double *value)
{
    int count = 1 + (int)(sg_prng_u64(seed, 0) % (LENGTH - 1));
    int levels = 2 + (int)(sg_prng_u64(seed, 1) % 40);
    for (int i = 0; i < count; i++) {
        value[i] = (double)(sg_prng_u64(seed, 2 + (uint64_t)i) % (uint64_t)levels) / 4 - 3;
    }
    return count;
}

static int stream(const double *value, int count, sg_rainflow_cycle *ret)
{
    double state[SG_RAINFLOW_STATE] = {0};
    int cycles = 0;
    for (int i = 0; i < count; i++) {
        cycles += sg_rainflow_push(state, value[i], ret + cycles);
    }
    return cycles + sg_rainflow_residue(state, ret + cycles);
}

static void streaming_array_and_the_standards_words_agree(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        double value[LENGTH], work[LENGTH];
        sg_rainflow_cycle a[LENGTH], b[LENGTH + SG_RAINFLOW_POINTS], c[LENGTH];
        int count = draw(seed, value), expected = twin(value, count, c);
        same_cycles(b, stream(value, count, b), c, expected);
        same_cycles(a, (int)sg_rainflow_array(value, count, work, a), c, expected);
    }
}

static void every_metre_of_the_path_is_counted_once(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        double value[LENGTH], path = 0, counted = 0;
        sg_rainflow_cycle cycle[LENGTH + SG_RAINFLOW_POINTS];
        int count = draw(seed, value);
        for (int i = 1; i < count; i++) {
            path += fabs(value[i] - value[i - 1]);
        }
        int cycles = stream(value, count, cycle);
        for (int i = 0; i < cycles; i++) {
            counted += 2 * cycle[i].count * cycle[i].range;
        }
        assert_true(fabs(path - counted) < 1e-9);
    }
}

/* Nested ever narrower, 300 deep: the widest leave as half cycles, and nothing is lost. */
static void a_nest_deeper_than_the_memory_is_counted_as_it_would_end(void **state)
{
    (void)state;
    double value[LENGTH], work[LENGTH];
    sg_rainflow_cycle a[LENGTH + SG_RAINFLOW_POINTS], b[LENGTH];
    for (int i = 0; i < 300; i++) {
        value[i] = (i % 2 ? 1 : -1) * (300 - i);
    }
    int cycles = stream(value, 300, a);
    same_cycles(a, cycles, b, (int)sg_rainflow_array(value, 300, work, b));
}

static void nothing_or_one_value_closes_nothing(void **state)
{
    (void)state;
    double value[] = {3, 3, 3}, work[3], memory[SG_RAINFLOW_STATE] = {0};
    sg_rainflow_cycle cycle[SG_RAINFLOW_POINTS];
    assert_int_equal(sg_rainflow_array(value, 0, work, cycle), 0);
    assert_int_equal(sg_rainflow_array(value, 1, work, cycle), 0);
    assert_int_equal(sg_rainflow_array(value, 3, work, cycle), 0);
    assert_int_equal(sg_rainflow_residue(memory, cycle), 0);
    assert_int_equal(sg_rainflow_push(memory, 3, cycle), 0);
    assert_int_equal(sg_rainflow_push(memory, 3, cycle), 0);
    assert_int_equal(sg_rainflow_residue(memory, cycle), 0);
}

static void the_models_rows_add_up_to_the_array(void **state)
{
    (void)state;
    const sg_model *model = sg_model_find("rainflow", NULL);
    double value[LENGTH], memory[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
    int count = draw(77, value);
    sg_rainflow_cycle cycle[LENGTH + SG_RAINFLOW_POINTS];
    double sum = 0, closed = 0, widest = 0;
    int cycles = stream(value, count, cycle);
    for (int i = 0; i < cycles; i++) {
        sum += cycle[i].count;
    }
    sg_model_start(model, NULL, memory);
    for (int i = 0; i < count; i++) {
        assert_int_equal(sg_model_step(model, NULL, &(sg_now){.dt_s = 1}, value + i, memory, out),
                         SG_OK);
        closed += out[4];
        widest = out[0] > widest ? out[0] : widest;
    }
    assert_true(out[5] == closed && closed + out[7] == sum);
    assert_true(widest > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streaming_array_and_the_standards_words_agree),
        cmocka_unit_test(every_metre_of_the_path_is_counted_once),
        cmocka_unit_test(a_nest_deeper_than_the_memory_is_counted_as_it_would_end),
        cmocka_unit_test(nothing_or_one_value_closes_nothing),
        cmocka_unit_test(the_models_rows_add_up_to_the_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
