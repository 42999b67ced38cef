/* Rows of CSV into a model and out of it: what is read, what is refused and where, and how numbers are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/prng.h"
#include "cli/model_rows.h"
#include "cli/verbs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Shows what reached it: a, b, the middle of the step in seconds, and its length. Refuses a below 0. */
static sg_status echo(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    (void)p;
    state[0] += 1;
    out[0] = in[0];
    out[1] = in[1];
    out[2] = (double)now->time_us * 1e-6;
    out[3] = now->dt_s;
    out[4] = state[0];
    return in[0] < 0 ? SG_RANGE : SG_OK;
}

static const sg_input inputs[] = {{"a", SG_DIM_POWER, NAN, "needed"},
                                  {"b", SG_DIM_NONE, 7, "preset"}};
static const sg_output outputs[] = {
    {"a", "W", ""}, {"b", "", ""}, {"time_s", "s", ""}, {"dt_s", "s", ""}, {"count", "", ""}};
static const sg_model model = {.name = "echo",
                               .needs = SG_NEEDS_TIME | SG_NEEDS_DT,
                               .inputs = inputs,
                               .input_count = 2,
                               .outputs = outputs,
                               .output_count = 5,
                               .state_count = 1,
                               .step = echo};

static sg_rows_options plain;

/* Runs the text; the exit status, and where it is not 0 what was said on standard error. */
static int run(const sg_rows_options *options, const char *text, sg_rows *rows, char said[512])
{
    char *copy = strdup(text), path[] = "/tmp/symgrid-rows-XXXXXX";
    int file = mkstemp(path), kept = dup(STDERR_FILENO);
    assert_true(file >= 0 && kept >= 0);
    fflush(stderr);
    dup2(file, STDERR_FILENO);
    int status = sg_rows_read(&model, options, "rows.csv", copy, rows);
    if (status == SG_EXIT_DONE) {
        status = sg_rows_run(&model, NULL, "rows.csv", rows);
    }
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    ssize_t length = pread(file, said, 511, 0);
    said[length > 0 ? length : 0] = '\0';
    close(file);
    unlink(path);
    free(copy);
    return status;
}

static void columns_find_their_inputs_in_any_order(void **state)
{
    (void)state;
    sg_rows rows;
    char said[512];
    assert_int_equal(
        run(&plain, "b,time,a\n1,2023-01-01T00:00Z,2\r\n3,2023-01-01T00:15Z,4\n", &rows, said), 0);
    assert_int_equal(rows.count, 2);
    assert_true(rows.out[0][0] == 2 && rows.out[1][0] == 1 && rows.out[0][1] == 4);
    /* a stamp begins its step, which lasts to the next row; the model sees the middle */
    assert_true(rows.out[3][0] == 900 && rows.out[3][1] == 900);
    assert_true(rows.out[2][0] == 1672531200 + 450 && rows.out[2][1] == 1672531200 + 1350);
    sg_rows_free(&rows);
    assert_int_equal(run(&plain, "time,a\n2023-01-01,2\n", &rows, said), 0);
    assert_true(rows.out[1][0] == 7 &&
                rows.out[3][0] == 1); /* the preset; a single row lasts 1 s */
    sg_rows_free(&rows);
}

static void other_files_are_taken_as_they_are(void **state)
{
    (void)state;
    sg_rows rows;
    char said[512];
    sg_rows_options options = {.columns = "time=stamp,a=ghi", .zone_offset_s = -5 * 3600};
    assert_int_equal(run(&options,
                         "stamp,b,ghi,note\n2023-01-01 00:00,9,5,x\n2023-01-01 "
                         "01:00,9,,\n2023-01-01T07:00Z,9,6,\n",
                         &rows, said),
                     0);
    assert_true(rows.out[2][0] == 1672531200 + 5 * 3600 + 1800); /* the zone of the file */
    assert_true(rows.out[1][0] == 7);                            /* b was not asked for */
    assert_true(isnan(rows.out[0][1]) && isnan(rows.out[3][1])); /* a missing value has no result */
    assert_true(rows.out[4][2] == 2);                            /* and leaves no trace */
    assert_true(rows.time_us[2] == INT64_C(1672556400000000));   /* this stamp has its own */
    sg_rows_free(&rows);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"", "rows.csv:1: expected a header"},
        {"time,c\n", "rows.csv:1: expected an input column of the model"},
        {"time,a,a\n", "rows.csv:1: expected each column once"},
        {"a\n1\n", "rows.csv:1: expected a column 'time'"},
        {"time,b\n", "rows.csv:1: expected a column 'a'"},
        {"time,a\n2023-01-01,1\n2023-01-02,x\n", "rows.csv:3: expected a finite number"},
        {"time,a\n2023-01-01,nan\n", "rows.csv:2: expected a finite number"},
        {"time,a\n2023-01-01,1e999\n", "rows.csv:2: expected a finite number"},
        {"time,a\n2023-01-01\n", "rows.csv:2: expected as many cells"},
        {"time,a\n2023-01-01,1,2\n", "rows.csv:2: expected as many cells"},
        {"time,a\nyesterday,1\n", "rows.csv:2: expected a time"},
        {"time,a\n2023-01-02,1\n2023-01-01,1\n", "rows.csv:2: expected times that rise"},
        {"time,dt_s,a\n2023-01-02,-1,1\n", "rows.csv:2: expected dt_s above zero"},
        {"time,a\n2023-01-01,1\n2023-01-02,-1\n",
         "rows.csv:3: expected values that the model can take"},
    };
    for (int i = 0; i < SG_COUNT(cases); i++) {
        sg_rows rows;
        char said[512];
        assert_int_equal(run(&plain, cases[i].text, &rows, said), SG_EXIT_USAGE);
        if (strncmp(said, cases[i].said, strlen(cases[i].said)) != 0 ||
            strchr(said, '\n') != said + strlen(said) - 1) {
            fail_msg("'%s' said '%s'", cases[i].text, said);
        }
        sg_rows_free(&rows);
    }
}

/* Ten digits, as printf writes them; one in the last digit apart at most. */
static void numbers_are_those_of_printf(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    double *column = calloc(COUNT, sizeof *column), *rest = calloc(COUNT, sizeof *rest);
    sg_rows rows = {.count = COUNT, .out = {column, rest, rest, rest, rest}};
    for (int k = 0; k < COUNT; k++) {
        double size = pow(10, 40 * sg_prng_unit(1, 2 * (uint64_t)k) - 20);
        column[k] = (k % 2 ? -size : size) * (1 + sg_prng_unit(1, 2 * (uint64_t)k + 1));
    }
    static const double special[] = {0,
                                     1,
                                     10,
                                     0.1,
                                     0.001,
                                     999999999.95,
                                     9999999999,
                                     1e9,
                                     0.00999999999999,
                                     123456789.123,
                                     99999999.999999,
                                     -0.5,
                                     1e-3,
                                     0.0010000000001,
                                     1e22,
                                     1e-7};
    memcpy(column, special, sizeof special);
    sg_out out = {0};
    sg_rows_write_outputs(&model, &rows, &out);
    const char *at = strchr(out.text, '\n') + 1;
    for (int k = 0; k < COUNT; k++) {
        char *end, want[40];
        double got = strtod(at, &end);
        snprintf(want, sizeof want, "%.10g", column[k]);
        if (*end != ',' || !(fabs(got - strtod(want, NULL)) <= 1.01e-9 * fabs(column[k])) ||
            (size_t)(end - at) > strlen(want) + 2) {
            fail_msg("%.17g: %.*s instead of %s", column[k], (int)(end - at), at, want);
        }
        at = strchr(end, '\n') + 1;
    }
    sg_out_free(&out);
    free(column);
    free(rest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_find_their_inputs_in_any_order),
        cmocka_unit_test(other_files_are_taken_as_they_are),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(numbers_are_those_of_printf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
