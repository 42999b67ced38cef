/* golden.h - published figures, and ours beside them. Include after cmocka.h.
 *
 * A table is a CSV file with the head `case,figure,tolerance,unit,source`; the tolerance is in the figure's unit. Each row must
 * be met by one expect() or more. With SYMGRID_VALIDATION=FILE set, rows are appended there with our figure beside the
 * published one: tools/validation.sh makes docs/validation.md of them. */
#ifndef SG_TEST_GOLDEN_H
#define SG_TEST_GOLDEN_H
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GOLDEN_ROWS_MAX = 512, GOLDEN_LINE_MAX = 512 };

static struct golden_row {
    char name[80], unit[32], source[240];
    double figure, tolerance, ours;
    bool used;
} golden_rows[GOLDEN_ROWS_MAX];
static int golden_count;
static const char *golden_table;

/* Group set-up: cmocka_run_group_tests(tests, read_table, write_table) with read_table calling this. */
static inline int golden_load(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[GOLDEN_LINE_MAX];
    golden_table = path;
    golden_count = 0;
    if (!file || !fgets(line, sizeof line, file)) {
        print_error("%s cannot be read\n", path);
        return -1;
    }
    while (fgets(line, sizeof line, file)) {
        struct golden_row *row = &golden_rows[golden_count];
        *row = (struct golden_row){0};
        if (line[0] == '#' || line[0] == '\n') {
            continue;
        }
        if (++golden_count == GOLDEN_ROWS_MAX ||
            sscanf(line, "%79[^,],%lf,%lf,%31[^,],%239[^\n]", row->name, &row->figure,
                   &row->tolerance, row->unit, row->source) != 5) {
            print_error("%s: not a row: %s", path, line);
            return -1;
        }
    }
    fclose(file);
    return 0;
}

static inline void expect(const char *name, double got)
{
    for (int i = 0; i < golden_count; i++) {
        struct golden_row *row = &golden_rows[i];
        if (strcmp(row->name, name) == 0) {
            row->ours = !row->used || fabs(got - row->figure) > fabs(row->ours - row->figure)
                            ? got
                            : row->ours; /* the worse one of several */
            row->used = true;
            if (!(fabs(got - row->figure) <= row->tolerance)) {
                fail_msg("%s: %.9g, published %.9g +- %.3g %s (%s)", name, got, row->figure,
                         row->tolerance, row->unit, row->source);
            }
            return;
        }
    }
    fail_msg("%s has no row %s", golden_table, name);
}

/* The last test of a group: a row that nothing is held against is no evidence. */
static inline void every_row_was_used(void **state)
{
    (void)state;
    for (int i = 0; i < golden_count; i++) {
        if (!golden_rows[i].used) {
            fail_msg("%s: %s is tested nowhere", golden_table, golden_rows[i].name);
        }
    }
    assert_true(golden_count > 0);
    const char *path = getenv("SYMGRID_VALIDATION");
    FILE *file = path ? fopen(path, "a") : NULL;
    for (int i = 0; file && i < golden_count; i++) {
        const struct golden_row *row = &golden_rows[i];
        fprintf(file, "%s\t%s\t%.9g\t%.9g\t%.3g\t%s\t%s\n", golden_table, row->name, row->figure,
                row->ours, row->tolerance, row->unit, row->source);
    }
    if (file) {
        fclose(file);
    }
}
#endif
