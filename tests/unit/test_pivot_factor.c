/* The factors of a sparse basis: what they solve is put back into the matrix, and the rank of what they refuse is counted by
 * dense elimination. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "plan/pivot_factor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 60, COLUMNS_MAX = 120, CELLS_MAX = 1200, UPDATES = 20, MATRICES = 400 };

enum { PLACES_MAX = ROWS_MAX + UPDATES };

static const double MISS_MAX = 2e-8; /* of what is summed up: the bases are drawn, some are bent */

typedef struct bench {
    uint64_t seed, draws;
    int start[COLUMNS_MAX + 1], index[CELLS_MAX];
    double value[CELLS_MAX];
    sg_cells cells;
    int head[PLACES_MAX]; /* -1 = the place is no more */
    sg_factor *factor;
    void *block;
    double x_value[PLACES_MAX];
    int x_index[PLACES_MAX];
    sg_spread x;
} bench;

static double draw(bench *b)
{
    return sg_prng_unit(b->seed, b->draws++);
}

static int draw_below(bench *b, int n)
{
    return (int)(draw(b) * n);
}

/* A matrix with 1 to `most` cells a column, values of 0.1 to 10 either way, and columns that are copies now and then. */
static void draw_matrix(bench *b, int rows, int columns, int most, double copies)
{
    int used = 0;
    for (int j = 0; j < columns; j++) {
        b->start[j] = used;
        if (j > 0 && draw(b) < copies) {
            for (int k = b->start[j - 1], end = b->start[j]; k < end; k++) {
                b->index[used] = b->index[k];
                b->value[used++] = -2.0 * b->value[k];
            }
            continue;
        }
        int count = 1 + draw_below(b, most < rows ? most : rows);
        for (int k = 0; k < count; k++) {
            int row = draw_below(b, rows);
            for (int n = b->start[j]; n < used; n++) {
                row = b->index[n] == row ? -1 : row;
            }
            if (row >= 0) {
                b->index[used] = row;
                b->value[used++] = (draw(b) < 0.5 ? -1.0 : 1.0) * pow(10.0, 2.0 * draw(b) - 1.0);
            }
        }
    }
    b->start[columns] = used;
    b->cells = (sg_cells){rows, columns, b->start, b->index, b->value};
}

static void create(bench *b)
{
    size_t size = sg_factor_size(&b->cells, UPDATES);
    b->block = malloc(size);
    assert_non_null(b->block);
    assert_null(sg_factor_create(&b->cells, UPDATES, b->block, size - 1));
    b->factor = sg_factor_create(&b->cells, UPDATES, b->block, size);
    assert_non_null(b->factor);
    b->x = (sg_spread){b->x_value, b->x_index, -1};
    sg_spread_clear(&b->x, PLACES_MAX);
}

/* Different columns of [A, -I]. */
static void draw_head(bench *b)
{
    int all = b->cells.column_count + b->cells.row_count;
    bool used[COLUMNS_MAX + ROWS_MAX] = {false};
    for (int p = 0; p < b->cells.row_count;) {
        int j = draw_below(b, draw(b) < 0.3 ? all : b->cells.column_count);
        if (!used[j]) {
            used[j] = true;
            b->head[p++] = j;
        }
    }
}

/* Column j of [A, -I]. */
static void column(const bench *b, int j, double ret[ROWS_MAX])
{
    memset(ret, 0, ROWS_MAX * sizeof *ret);
    if (j >= b->cells.column_count) {
        ret[j - b->cells.column_count] = -1.0;
        return;
    }
    for (int k = b->start[j]; k < b->start[j + 1]; k++) {
        ret[b->index[k]] = b->value[k];
    }
}

/* How many of the columns are independent, by elimination with complete pivoting. */
static int rank_of(const bench *b, const int *columns)
{
    static double a[ROWS_MAX][ROWS_MAX];
    int rows = b->cells.row_count, rank = 0;
    for (int p = 0; p < rows; p++) {
        column(b, columns[p], a[p]);
    }
    for (; rank < rows; rank++) {
        int best_p = rank, best_i = rank;
        for (int p = rank; p < rows; p++) {
            for (int i = rank; i < rows; i++) {
                if (fabs(a[p][i]) > fabs(a[best_p][best_i])) {
                    best_p = p;
                    best_i = i;
                }
            }
        }
        if (fabs(a[best_p][best_i]) < 1e-8) {
            return rank;
        }
        for (int i = 0; i < rows; i++) {
            double v = a[rank][i];
            a[rank][i] = a[best_p][i];
            a[best_p][i] = v;
        }
        for (int p = 0; p < rows; p++) {
            double v = a[p][rank];
            a[p][rank] = a[p][best_i];
            a[p][best_i] = v;
        }
        for (int p = rank + 1; p < rows; p++) {
            double share = a[p][rank] / a[rank][rank];
            for (int i = rank; i < rows; i++) {
                a[p][i] -= share * a[rank][i];
            }
        }
    }
    return rank;
}

/* A right-hand side with this many of its places filled, listed or not, and a copy of it. */
static void draw_side(bench *b, int places, int filled, bool listed, double ret[PLACES_MAX])
{
    sg_spread_clear(&b->x, PLACES_MAX);
    for (int n = 0; n < filled; n++) {
        int p = draw_below(b, places);
        if (b->x.value[p] == 0.0 && (places == b->cells.row_count || b->head[p] >= 0)) {
            b->x.value[p] = 2.0 * draw(b) - 1.0;
            b->x.index[b->x.count++] = p;
        }
    }
    memcpy(ret, b->x.value, PLACES_MAX * sizeof *ret);
    b->x.count = listed ? b->x.count : -1;
}

/* A listed vector names every place that is not zero, once. */
static void check_list(const bench *b)
{
    bool named[PLACES_MAX] = {false};
    for (int k = 0; k < b->x.count; k++) {
        assert_false(named[b->x.index[k]]);
        named[b->x.index[k]] = true;
    }
    for (int p = 0; b->x.count >= 0 && p < PLACES_MAX; p++) {
        assert_true(named[p] || b->x.value[p] == 0.0);
    }
}

/* B x = b, put back. */
static void check_ftran(bench *b, int filled, bool listed)
{
    int rows = b->cells.row_count;
    const int *place = sg_factor_places(b->factor);
    double side[PLACES_MAX], sum[ROWS_MAX] = {0}, size[ROWS_MAX] = {0}, a[ROWS_MAX];
    draw_side(b, rows, filled, listed, side);
    sg_factor_ftran(b->factor, &b->x);
    check_list(b);
    for (int p = 0; p < sg_factor_place_count(b->factor); p++) {
        if (b->head[p] < 0) {
            assert_true(b->x.value[p] == 0.0);
            continue;
        }
        column(b, b->head[p], a);
        for (int i = 0; i < rows; i++) {
            sum[i] += a[i] * b->x.value[p];
            size[i] += fabs(a[i] * b->x.value[p]);
        }
    }
    for (int i = 0; i < rows; i++) {
        double miss = fabs(sum[i] - side[place[i]]);
        assert_true(miss <= MISS_MAX * (1.0 + size[i]));
    }
}

/* B' y = c, put back. */
static void check_btran(bench *b, int filled, bool listed)
{
    int rows = b->cells.row_count;
    const int *row = sg_factor_rows(b->factor);
    double side[PLACES_MAX], a[ROWS_MAX];
    int places = sg_factor_place_count(b->factor);
    draw_side(b, places, filled, listed, side);
    sg_factor_btran(b->factor, &b->x);
    check_list(b);
    for (int p = 0; p < places; p++) {
        if (b->head[p] < 0) {
            continue;
        }
        double sum = 0.0, size = 1.0;
        column(b, b->head[p], a);
        for (int q = 0; q < rows; q++) {
            sum += a[row[q]] * b->x.value[q];
            size += fabs(a[row[q]] * b->x.value[q]);
        }
        assert_true(fabs(sum - side[p]) <= MISS_MAX * size);
    }
}

static void check_solves(bench *b)
{
    int rows = b->cells.row_count;
    check_ftran(b, 1, true);
    check_ftran(b, 1 + rows / 5, true);
    check_ftran(b, rows, false);
    check_btran(b, 1, true);
    check_btran(b, 1 + rows / 5, true);
    check_btran(b, rows, false);
}

static void check_places(const bench *b)
{
    const int *place = sg_factor_places(b->factor), *row = sg_factor_rows(b->factor);
    for (int i = 0; i < b->cells.row_count; i++) {
        assert_int_equal(row[place[i]], i);
    }
}

static void test_factors_solve_and_say_what_depends(void **state)
{
    (void)state;
    static bench b;
    int dependent = 0;
    for (int n = 0; n < MATRICES; n++) {
        b.seed = (uint64_t)n;
        b.draws = 0;
        int rows = 1 + draw_below(&b, ROWS_MAX), most = 1 + draw_below(&b, 6);
        draw_matrix(&b, rows, 2 * rows, most, n % 2 ? 0.2 : 0.0);
        create(&b);
        draw_head(&b);
        int before[ROWS_MAX];
        memcpy(before, b.head, sizeof before);
        int replaced = sg_factor_build(b.factor, b.head);
        assert_int_equal(replaced, rows - rank_of(&b, before));
        assert_int_equal(rank_of(&b, b.head), rows);
        dependent += replaced > 0;
        check_places(&b);
        check_solves(&b);
        free(b.block);
    }
    assert_in_range(dependent, MATRICES / 10, MATRICES - 1);
}

/* x = B^-1 of column j of [A, -I], which may enter. */
static void solve_column(bench *b, int j)
{
    const int *place = sg_factor_places(b->factor);
    double a[ROWS_MAX];
    column(b, j, a);
    sg_spread_clear(&b->x, PLACES_MAX);
    for (int i = 0; i < b->cells.row_count; i++) {
        if (a[i] != 0.0) {
            b->x.value[place[i]] = a[i];
            b->x.index[b->x.count++] = place[i];
        }
    }
    sg_factor_enter(b->factor, &b->x);
    sg_spread_list(&b->x, sg_factor_place_count(b->factor));
}

/* Column j for that of `place`, and the new place; -1 = refused. */
static int exchange(bench *b, int j, int place)
{
    solve_column(b, j);
    double pivot = b->x.value[place];
    sg_spread_clear(&b->x, PLACES_MAX);
    double share[SG_FACTOR_HUBS_MAX];
    sg_factor_leave(b->factor, place, &b->x, share);
    int to = sg_factor_replace(b->factor, place, pivot);
    if (to >= 0) {
        b->head[place] = -1;
        b->head[to] = j;
    }
    return to;
}

static bool is_basic(const bench *b, int j)
{
    for (int p = 0; p < sg_factor_place_count(b->factor); p++) {
        if (b->head[p] == j) {
            return true;
        }
    }
    return false;
}

static void test_replaced_columns_solve_as_well(void **state)
{
    (void)state;
    static bench b;
    int replaced = 0;
    for (int n = 0; n < MATRICES / 4; n++) {
        b.seed = 1000 + (uint64_t)n;
        b.draws = 0;
        int rows = 5 + draw_below(&b, ROWS_MAX - 5);
        draw_matrix(&b, rows, 2 * rows, 4, 0.0);
        create(&b);
        draw_head(&b);
        assert_true(sg_factor_build(b.factor, b.head) >= 0);
        for (int u = 0; u < 2 * UPDATES; u++) {
            int j = draw_below(&b, 3 * rows), place = -1;
            if (is_basic(&b, j)) {
                continue;
            }
            solve_column(&b, j);
            for (int p = 0; p < sg_factor_place_count(b.factor); p++) {
                bool larger = place < 0 || fabs(b.x.value[p]) > fabs(b.x.value[place]);
                place = fabs(b.x.value[p]) > 0.1 && (larger || draw(&b) < 0.3) ? p : place;
            }
            if (place >= 0 && exchange(&b, j, place) >= 0) {
                replaced++;
                check_solves(&b);
            }
        }
        assert_true(sg_factor_updates(b.factor) <= UPDATES);
        free(b.block);
    }
    assert_true(replaced > MATRICES);
}

static void test_next_to_nothing_replaces_no_column(void **state)
{
    (void)state;
    static bench b;
    b.seed = 5;
    b.draws = 0;
    draw_matrix(&b, 10, 20, 3, 0.0);
    create(&b);
    for (int i = 0; i < 10; i++) {
        b.head[i] = 20 + i;
    }
    assert_int_equal(sg_factor_build(b.factor, b.head), 0);
    int j = 0; /* a column that has a cell in row 3 */
    for (bool found = false; !found; j += !found) {
        for (int k = b.start[j]; k < b.start[j + 1]; k++) {
            found = found || b.index[k] == 3;
        }
    }
    int place = sg_factor_places(b.factor)[3];
    solve_column(&b, j);
    double pivot = b.x.value[place];
    sg_spread_clear(&b.x, PLACES_MAX);
    double share[SG_FACTOR_HUBS_MAX];
    sg_factor_leave(b.factor, place, &b.x, share);
    assert_int_equal(sg_factor_replace(b.factor, place, 0.0), -1);
    assert_int_equal(sg_factor_replace(b.factor, place, 1e-12 * pivot), -1);
    assert_int_equal(sg_factor_updates(b.factor), 0);
    assert_int_equal(sg_factor_replace(b.factor, place, pivot), 10);
    assert_int_equal(sg_factor_updates(b.factor), 1);
    assert_int_equal(sg_factor_replace(b.factor, 10, 1.0), -1); /* nobody left or entered since */
    free(b.block);
}

enum { ARROW = 300 };

/* Two cells in each column but the last, which has one in each row, as a peak has: most rows of the inverse are long. */
static void arrow(int *start, int *index, double *value)
{
    int used = 0;
    for (int j = 0; j <= ARROW; j++) {
        start[j] = used;
        for (int i = j < ARROW - 1 ? j : 0; i < ARROW && j < ARROW;
             i += j < ARROW - 1 ? ARROW - 1 - j : 1) {
            index[used] = i;
            value[used++] = i == j ? 2.0 + 0.01 * j : i == ARROW - 1 ? 1.0 : -0.5;
        }
    }
}

/* The row of the inverse, of itself and its shares of hubs, times the matrix is the unit vector. */
static void test_what_many_rows_share_is_told_once(void **state)
{
    (void)state;
    static int start[ARROW + 1], index[3 * ARROW], head[ARROW], list[ARROW];
    static double value[3 * ARROW], x[ARROW], row[ARROW];
    double share[SG_FACTOR_HUBS_MAX];
    sg_spread spread = {x, list, 0};
    arrow(start, index, value);
    sg_cells cells = {ARROW, ARROW, start, index, value};
    size_t size = sg_factor_size(&cells, 0);
    void *block = malloc(size);
    sg_factor *factor = sg_factor_create(&cells, 0, block, size);
    for (int j = 0; j < ARROW; j++) {
        head[j] = j;
    }
    assert_int_equal(sg_factor_build(factor, head), 0);
    assert_in_range(sg_factor_hub_count(factor), 1, SG_FACTOR_HUBS_MAX);
    for (int place = 0; place < ARROW; place += 23) {
        sg_factor_leave(factor, place, &spread, share);
        sg_spread_list(&spread, ARROW);
        assert_in_range(spread.count, 1, 10); /* of itself it is short */
        memcpy(row, x, sizeof row);
        sg_spread_clear(&spread, ARROW);
        for (int k = 0; k < sg_factor_hub_count(factor); k++) {
            sg_factor_hub(factor, k, &spread);
            for (int i = 0; i < ARROW; i++) {
                row[i] += share[k] * x[i];
            }
            sg_spread_clear(&spread, ARROW);
        }
        for (int p = 0; p < ARROW; p++) {
            double sum = 0.0;
            for (int k = start[head[p]]; k < start[head[p] + 1]; k++) {
                sum += value[k] * row[sg_factor_places(factor)[index[k]]];
            }
            assert_true(fabs(sum - (p == place ? 1.0 : 0.0)) < 1e-10);
        }
    }
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_factors_solve_and_say_what_depends),
        cmocka_unit_test(test_replaced_columns_solve_as_well),
        cmocka_unit_test(test_next_to_nothing_replaces_no_column),
        cmocka_unit_test(test_what_many_rows_share_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
