/* The gated recurrent unit beside an independent program: tests/golden/gru_states.csv is what tools/gru_reference.py makes of the
 * published equations (Cho et al., EMNLP 2014, 5 to 8) in double precision. */
#include "math/gru.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { INPUTS = 8, UNITS = 16, LANES = 8, STEPS = 4 };

/* As in the program; all are exact in single precision. */
static float weight(int gate, int unit, int column)
{
    return (float)((gate * 311 + unit * 97 + column * 57 + 13) * 37 % 129 - 64) / 128;
}

static float entry(int step, int column, int lane)
{
    return (float)((step * 71 + column * 29 + lane * 17 + 5) * 53 % 257 - 128) / 64;
}

static void is_what_the_equations_say(void **state)
{
    (void)state;
    enum { WIDTH = INPUTS + UNITS };
    static float weights[3 * UNITS * WIDTH], tape[(INPUTS + 5 * UNITS) * LANES];
    double got[STEPS][LANES][UNITS], most = 0;
    for (int row = 0; row < 3 * UNITS; row++) {
        for (int i = 0; i < WIDTH; i++) {
            weights[row * WIDTH + i] = weight(row / UNITS, row % UNITS, i);
        }
    }
    const sg_gru unit = {INPUTS, UNITS, weights};
    float *h = tape + INPUTS * LANES;
    for (int t = 0; t < STEPS; t++) {
        for (int i = 0; i < INPUTS * LANES; i++) {
            tape[i] = entry(t, i / LANES, i % LANES);
        }
        sg_gru_forward(&unit, tape, LANES, h);
        for (int i = 0; i < UNITS * LANES; i++) {
            got[t][i % LANES][i / LANES] = (double)h[i];
        }
    }
    FILE *file = fopen("tests/golden/gru_states.csv", "r");
    char line[1024];
    int rows = 0;
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file)); /* where it is from */
    assert_non_null(fgets(line, sizeof line, file)); /* the columns' names */
    for (; fgets(line, sizeof line, file); rows++) {
        char *at = line;
        long t = strtol(at, &at, 10), lane = strtol(at + 1, &at, 10);
        assert_true(t >= 0 && t < STEPS && lane >= 0 && lane < LANES);
        for (int j = 0; j < UNITS; j++) {
            most = fmax(most, fabs(strtod(at + 1, &at) - got[t][lane][j]));
        }
    }
    fclose(file);
    printf("%d states of %d numbers, the greatest difference %.2e\n", rows, UNITS, most);
    assert_int_equal(rows, STEPS * LANES);
    assert_true(most < 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_what_the_equations_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
