/* bench_nowcast.c - what forecasts of many series are worth on measured ones, as Markdown.
 *
 * usage: bench_nowcast [FILE WORD]...      the columns of FILE whose names contain WORD; default: racks and more from data/
 *
 * Series are learnt from their first row on; the first fifth of the rows is not counted. Columns of the table, for each block of
 * steps ahead:
 *   better   1 - mean absolute error / that of the last value, all series of the file together
 *   worst    the same of the one series that gains least
 *   inside   the share of truths inside the 80 and the 95 % interval, all steps together
 * `nowcast` has the intervals, `rls` the autoregressions of order 16, which make squares small and not sizes. */
#include "forecast/nowcast.h"
#include "forecast/rls.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 64, LINE_MAX_ = 4096, STEPS = SG_NOWCAST_STEP_MAX, BLOCKS = 4 };
static const int block_from[BLOCKS] = {1, 2, 7, 22}, block_to[BLOCKS] = {1, 6, 21, 60};

typedef struct table {
    int rows, columns;
    double *x, *last; /* [row][column]; the last value that there was */
} table;

static void *must(void *block)
{
    if (!block) {
        fputs("out of memory\n", stderr);
        exit(3);
    }
    return block;
}

static int choose(char *line, const char *word, int *ret)
{
    int count = 0, column = 0;
    for (char *at = strtok(line, ",\n"); at; at = strtok(NULL, ",\n"), column++) {
        if (strstr(at, word) && count < COLUMNS_MAX) {
            ret[count++] = column;
        }
    }
    return count;
}

static void read_row(const char *line, const int *column, int count, double *ret)
{
    const char *at = line;
    for (int c = 0, got = 0; got < count && at; c++) {
        if (c == column[got]) {
            char *end;
            ret[got] = strtod(at, &end);
            ret[got] = end == at ? (double)NAN : ret[got];
            got++;
        }
        at = strchr(at, ',');
        at = at ? at + 1 : NULL;
    }
}

static bool same(const table *t, int a, int b)
{
    for (int r = 0; r < t->rows; r++) {
        double x = t->x[r * t->columns + a], y = t->x[r * t->columns + b];
        if (!(x == y || (isnan(x) && isnan(y)))) {
            return false;
        }
    }
    return true;
}

/* Some files have one measurement in several columns. */
static void keep_distinct(table *t)
{
    int kept[COLUMNS_MAX], count = 0;
    for (int c = 0; c < t->columns; c++) {
        bool seen = false;
        for (int k = 0; k < count && !seen; k++) {
            seen = same(t, kept[k], c);
        }
        kept[count] = c;
        count += !seen;
    }
    for (int r = 0; r < t->rows; r++) {
        for (int k = 0; k < count; k++) { /* never ahead of what is read */
            t->x[r * count + k] = t->x[r * t->columns + kept[k]];
        }
    }
    t->columns = count;
}

static table read_table(const char *path, const char *word)
{
    static char line[LINE_MAX_];
    int column[COLUMNS_MAX];
    table t = {0};
    FILE *f = fopen(path, "r");
    if (!f || !fgets(line, sizeof line, f) || (t.columns = choose(line, word, column)) == 0) {
        fprintf(stderr, "bench_nowcast: %s has no column with %s\n", path, word);
        exit(3);
    }
    for (int room = 0; fgets(line, sizeof line, f); t.rows++) {
        if (t.rows == room) {
            room = 2 * room + 1024;
            t.x = must(realloc(t.x, (size_t)room * (size_t)t.columns * sizeof *t.x));
        }
        for (int c = 0; c < t.columns; c++) {
            t.x[t.rows * t.columns + c] = NAN;
        }
        read_row(line, column, t.columns, t.x + t.rows * t.columns);
    }
    fclose(f);
    keep_distinct(&t);
    t.last = must(malloc((size_t)t.rows * (size_t)t.columns * sizeof *t.last));
    for (int i = 0; i < t.rows * t.columns; i++) {
        t.last[i] = isnan(t.x[i]) && i >= t.columns ? t.last[i - t.columns] : t.x[i];
    }
    return t;
}

/* said, low and high: [row][column][step] */
static void score(const char *name, const char *path, const table *t, const double *said,
                  const float *bound)
{
    printf("| `%s` | %s | %d |", name, strrchr(path, '/') ? strrchr(path, '/') + 1 : path,
           t->columns);
    double inside[2] = {0}, count = 0;
    for (int k = 0; k < BLOCKS; k++) {
        double ours = 0, last = 0, worst = INFINITY;
        for (int c = 0; c < t->columns; c++) {
            double our = 0, its = 0;
            for (int h = block_from[k]; h <= block_to[k]; h++) {
                for (int r = t->rows / 5 > h ? t->rows / 5 : h; r < t->rows; r++) {
                    size_t then = (size_t)((r - h) * t->columns + c),
                           at = then * STEPS + (size_t)h - 1;
                    double truth = t->x[r * t->columns + c];
                    if (isnan(truth) || isnan(t->last[then])) {
                        continue;
                    }
                    double miss = truth - said[at];
                    our += fabs(miss);
                    its += fabs(truth - t->last[then]);
                    for (int i = 0; bound && i < 2; i++) {
                        const float *b = bound + 4 * at + 2 * i;
                        inside[i] += miss >= (double)b[0] && miss <= (double)b[1];
                    }
                    count++;
                }
            }
            ours += our;
            last += its;
            worst = its > 0 && 1 - our / its < worst ? 1 - our / its : worst;
        }
        printf(" %.1f | %.1f |", 100 * (1 - ours / last), 100 * worst);
    }
    if (bound) {
        printf(" %.1f | %.1f |\n", 100 * inside[0] / count, 100 * inside[1] / count);
    } else {
        printf(" | |\n");
    }
}

static void keep_bounds(const sg_nowcast *m, int columns, const double *said, float *ret)
{
    for (int i = 0; i < columns * STEPS * 2; i++) {
        double low, high, at = said[i / 2];
        sg_nowcast_interval(m, i / 2 / STEPS, i / 2 % STEPS + 1, (sg_nowcast_level)(i % 2), &low,
                            &high);
        ret[2 * i] = (float)(low - at);
        ret[2 * i + 1] = (float)(high - at);
    }
}

static void run(const char *path, const char *word)
{
    table t = read_table(path, word);
    size_t row = (size_t)t.columns * STEPS;
    double *said = must(calloc((size_t)t.rows * row, sizeof *said));
    float *bound = must(calloc((size_t)t.rows * row * 4, sizeof *bound));
    sg_nowcast *m =
        sg_nowcast_create(must(aligned_alloc(64, sg_nowcast_size(t.columns))), t.columns);
    sg_rls *a = sg_rls_create(must(aligned_alloc(64, sg_rls_size(t.columns))), t.columns);
    for (int r = 0; r < t.rows; r++) {
        double *at = said + (size_t)r * row;
        sg_nowcast_tick(m, NULL, t.x + r * t.columns, NULL, STEPS, at);
        keep_bounds(m, t.columns, at, bound + (size_t)r * row * 4);
    }
    score("nowcast", path, &t, said, bound);
    for (int r = 0; r < t.rows; r++) {
        sg_rls_tick(a, NULL, t.x + r * t.columns, NULL);
        sg_rls_predict(a, NULL, (sg_span){0, t.columns}, STEPS, said + (size_t)r * row);
    }
    score("rls", path, &t, said, NULL);
    free(m);
    free(a);
    free(said);
    free(bound);
    free(t.x);
    free(t.last);
}

int main(int argc, char **argv)
{
    static const char *const usual[][2] = {
        {"data/training_power_h100/gpt3_64node_run1.csv", "_w"},
        {"data/inference_power_a100/dgx_a100_server_runs.csv", "power_w"},
        {"data/grid_frequency/toledo_2025-04-28.csv", "freq_hz"},
        {"data/household/emhass_2024_spring.csv", "load_w"}};
    puts("| model | file | series | 1: better | worst | 2-6: better | worst | 7-21: better | worst "
         "| "
         "22-60: better | worst | inside 80 % | inside 95 % |\n"
         "|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (int i = 0; i < 4 && argc < 3; i++) {
        run(usual[i][0], usual[i][1]);
    }
    for (int i = 1; i + 1 < argc; i += 2) {
        run(argv[i], argv[i + 1]);
    }
    return 0;
}
