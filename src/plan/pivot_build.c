/* pivot_build.c - a basis taken apart into two triangles. */
#include "plan/pivot_factor_state.h"

#include <math.h>
#include <string.h>

static const double PIVOT_MIN = 1e-9;  /* a column without more than this depends on the others */
static const double PIVOT_SHARE = 0.1; /* of the largest that a sparser row may pivot on        */
static const double HUB_REACH = 128.0; /* places beyond which it pays to keep what one reaches  */

/* The cells of a basic column: of the matrix, or minus one in the row of a logical. */
typedef struct column_cells {
    const int *index;
    const double *value;
    int count;
} column_cells;

static const double MINUS_ONE = -1.0;

static column_cells column_of(const sg_factor *f, const int *column, int *logical_row)
{
    const sg_cells *a = f->cells;
    if (*column >= a->column_count) {
        *logical_row = *column - a->column_count;
        return (column_cells){logical_row, &MINUS_ONE, 1};
    }
    int begin = a->start[*column];
    return (column_cells){a->index + begin, a->value + begin, a->start[*column + 1] - begin};
}

/* What each column and row still has, and the places of each row. False where it does not fit. */
static bool count_cells(sg_factor *f, const int *head)
{
    int cells = 0, row, *start = f->basis_start;
    memset(f->open_in_row, 0, (size_t)f->rows * sizeof *f->open_in_row);
    for (int p = 0; p < f->rows; p++) {
        column_cells c = column_of(f, &head[p], &row);
        f->open_in_column[p] = c.count;
        cells += c.count;
        for (int k = 0; k < c.count; k++) {
            f->open_in_row[c.index[k]]++;
        }
    }
    if (cells > f->size) {
        return false;
    }
    start[0] = 0;
    for (int i = 0; i < f->rows; i++) {
        f->queue[i] = start[i];
        start[i + 1] = start[i] + f->open_in_row[i];
    }
    for (int p = 0; p < f->rows; p++) {
        column_cells c = column_of(f, &head[p], &row);
        for (int k = 0; k < c.count; k++) {
            f->basis_index[f->queue[c.index[k]]++] = p;
        }
    }
    return true;
}

static void add_cell(sg_triangle *t, int *used, int index, double value)
{
    t->cells[(*used)++] = (sg_factor_cell){value, index};
}

/* Row i pivots on the column of place p in the old head: its cells in open rows go below (named by row until all
 * places are known), the others above. False: full. */
static bool pivot_on(sg_factor *f, int p, int i, double pivot, const column_cells *c)
{
    int k = f->factored, lower = f->lower.start[k], upper = f->upper.start[k];
    if (lower + c->count > f->size || upper + c->count > f->size) {
        return false;
    }
    f->factored++;
    f->pivot[k] = pivot;
    f->row[k] = i;
    f->place[i] = k;
    f->taken[p] = true;
    f->column[k] = p;
    for (int n = 0; n < c->count; n++) {
        int r = c->index[n];
        if (r != i && c->value[n] != 0.0) {
            if (f->place[r] >= 0) {
                add_cell(&f->upper, &upper, f->place[r], c->value[n]);
            } else {
                add_cell(&f->lower, &lower, r, c->value[n] / pivot);
            }
        }
    }
    f->lower.start[k + 1] = lower;
    f->upper.start[k + 1] = upper;
    return true;
}

/* Columns with one open row, as they fall out. */
static bool take_column_singletons(sg_factor *f, const int *head)
{
    int queued = 0, row;
    for (int p = 0; p < f->rows; p++) {
        if (f->open_in_column[p] == 1) {
            f->queue[queued++] = p;
        }
    }
    for (int at = 0; at < queued; at++) {
        int p = f->queue[at], open = -1;
        column_cells c = column_of(f, &head[p], &row);
        for (int k = 0; k < c.count; k++) {
            open = f->place[c.index[k]] >= 0 ? open : k;
        }
        if (open < 0 || fabs(c.value[open]) < PIVOT_MIN) {
            continue;
        }
        int i = c.index[open];
        if (!pivot_on(f, p, i, c.value[open], &c)) {
            return false;
        }
        for (int k = 0; k < c.count; k++) {
            f->open_in_row[c.index[k]]--;
        }
        for (int k = f->basis_start[i]; k < f->basis_start[i + 1]; k++) {
            int other = f->basis_index[k];
            if (!f->taken[other] && --f->open_in_column[other] == 1) {
                f->queue[queued++] = other;
            }
        }
    }
    return true;
}

/* The one column that row i has left; -1 = none. */
static int column_left(const sg_factor *f, int i)
{
    for (int k = f->basis_start[i]; k < f->basis_start[i + 1]; k++) {
        if (!f->taken[f->basis_index[k]]) {
            return f->basis_index[k];
        }
    }
    return -1;
}

/* Rows with one column left, as they fall out. */
static bool take_row_singletons(sg_factor *f, const int *head)
{
    int queued = 0, row;
    for (int i = 0; i < f->rows; i++) {
        if (f->place[i] < 0 && f->open_in_row[i] == 1) {
            f->queue[queued++] = i;
        }
    }
    for (int at = 0; at < queued; at++) {
        int i = f->queue[at], p = column_left(f, i);
        if (p < 0) {
            continue;
        }
        column_cells c = column_of(f, &head[p], &row);
        double pivot = 0.0;
        for (int k = 0; k < c.count; k++) {
            pivot = c.index[k] == i ? c.value[k] : pivot;
        }
        if (fabs(pivot) < PIVOT_MIN) {
            continue;
        }
        if (!pivot_on(f, p, i, pivot, &c)) {
            return false;
        }
        for (int k = 0; k < c.count; k++) {
            int r = c.index[k];
            if (--f->open_in_row[r] == 1 && f->place[r] < 0) {
                f->queue[queued++] = r;
            }
        }
    }
    return true;
}

/* The columns that are left, those of few cells first, into f->queue; how many. */
static int sort_kernel(sg_factor *f)
{
    int count = 0, *bucket = f->bucket;
    memset(bucket, 0, ((size_t)f->rows + 1) * sizeof *bucket);
    for (int p = 0; p < f->rows; p++) {
        if (!f->taken[p]) {
            bucket[f->open_in_column[p]]++;
            count++;
        }
    }
    for (int n = 0, at = 0; n <= f->rows && at < count; n++) {
        int here = bucket[n];
        bucket[n] = at;
        at += here;
    }
    for (int p = 0; p < f->rows; p++) {
        if (!f->taken[p]) {
            f->queue[bucket[f->open_in_column[p]]++] = p;
        }
    }
    return count;
}

/* x = a column, over rows, solved with the lower triangle as far as it stands; what singletons put there never meets a
 * column that is left. */
static void spread_solved(sg_factor *f, const column_cells *c, sg_spread *x)
{
    int words = f->factored / 64 + 1;
    for (int k = 0; k < c->count; k++) {
        int i = c->index[k];
        x->value[i] = c->value[k];
        x->index[k] = i;
        f->listed[i] = true;
        if (f->place[i] >= f->kernel) {
            sg_set_bit(f->bits, f->place[i]);
        }
    }
    x->count = c->count;
    for (int w = f->kernel / 64; w < words; w++) {
        while (f->bits[w]) {
            int k = sg_take_bit(f->bits, w, true);
            double v = x->value[f->row[k]];
            for (int n = f->lower.start[k]; v != 0.0 && n < f->lower.start[k + 1]; n++) {
                int i = f->lower.cells[n].index;
                x->value[i] -= f->lower.cells[n].value * v;
                if (!f->listed[i]) {
                    f->listed[i] = true;
                    x->index[x->count++] = i;
                }
                if (f->place[i] >= 0) {
                    sg_set_bit(f->bits, f->place[i]);
                }
            }
        }
    }
    for (int k = 0; k < x->count; k++) {
        f->listed[x->index[k]] = false;
    }
}

/* The open row to pivot on: the one with the fewest cells among those that are large enough; -1 = none. */
static int choose_row(const sg_factor *f, const sg_spread *x)
{
    double largest = PIVOT_MIN;
    int best = -1;
    for (int k = 0; k < x->count; k++) {
        int i = x->index[k];
        if (f->place[i] < 0) {
            largest = fmax(largest, fabs(x->value[i]));
        }
    }
    for (int k = 0; k < x->count; k++) {
        int i = x->index[k];
        double size = fabs(x->value[i]);
        if (f->place[i] < 0 && size >= PIVOT_SHARE * largest && size > PIVOT_MIN &&
            (best < 0 || f->open_in_row[i] < f->open_in_row[best])) {
            best = i;
        }
    }
    return best;
}

/* What no singleton leads to. */
static bool take_kernel(sg_factor *f, const int *head)
{
    int count = sort_kernel(f), row;
    sg_spread *x = &f->work;
    bool fits = true;
    f->kernel = f->factored;
    for (int n = 0; n < count && fits; n++) {
        int p = f->queue[n];
        column_cells c = column_of(f, &head[p], &row);
        spread_solved(f, &c, x);
        int i = choose_row(f, x);
        if (i >= 0) {
            for (int k = 0; k < x->count; k++) {
                double v = x->value[x->index[k]];
                f->packed[k] = fabs(v) > SG_FACTOR_NOTHING ? v : 0.0;
            }
            column_cells filled = {x->index, f->packed, x->count};
            fits = pivot_on(f, p, i, x->value[i], &filled);
        }
        sg_spread_clear(x, f->rows);
    }
    return fits;
}

/* Rows that no column pivots on get their logicals; how many. The head in the order of the pivots. */
static int fill_with_logicals(sg_factor *f, int *head)
{
    int replaced = 0;
    for (int k = 0; k < f->factored; k++) {
        f->queue[k] = head[f->column[k]];
    }
    for (int i = 0; i < f->rows; i++) {
        if (f->place[i] < 0) {
            int k = f->factored++;
            f->queue[k] = f->cells->column_count + i;
            f->place[i] = k;
            f->row[k] = i;
            f->pivot[k] = MINUS_ONE;
            f->lower.start[k + 1] = f->lower.start[k];
            f->upper.start[k + 1] = f->upper.start[k];
            replaced++;
        }
    }
    memcpy(head, f->queue, (size_t)f->rows * sizeof *head);
    return replaced;
}

/* The same cells by rows. */
static void turn(const sg_factor *f, const sg_triangle *by_column, sg_triangle *ret)
{
    int *start = ret->start, *at = f->bucket;
    memset(start, 0, ((size_t)f->rows + 1) * sizeof *start);
    for (int k = 0; k < by_column->start[f->rows]; k++) {
        start[by_column->cells[k].index + 1]++;
    }
    for (int i = 0; i < f->rows; i++) {
        at[i] = start[i];
        start[i + 1] += start[i];
    }
    for (int i = 0; i < f->rows; i++) {
        for (int k = by_column->start[i]; k < by_column->start[i + 1]; k++) {
            int to = at[by_column->cells[k].index]++;
            ret->cells[to] = (sg_factor_cell){by_column->cells[k].value, i};
        }
    }
}

/* Places from which a solve by rows with the lower triangle would go on to more than `most` others, not counting beyond
 * another hub: how many, the first of them in f->hubs. */
static int find_hubs(sg_factor *f, double most)
{
    double *reach = f->packed;
    int count = 0;
    const sg_triangle *t = &f->lower_row;
    for (int k = 0; k < f->rows; k++) {
        double sum = 1.0;
        for (int n = t->start[k]; n < t->end[k]; n++) {
            sum += reach[t->cells[n].index];
        }
        reach[k] = sum;
        if (sum > most) {
            f->hubs[count < SG_FACTOR_HUBS_MAX ? count : 0] = k;
            count++;
            reach[k] = 1.0;
        }
    }
    return count;
}

/* The hubs, and the lower triangle by rows without theirs. */
static void cut_hubs(sg_factor *f)
{
    double most = HUB_REACH;
    int count = find_hubs(f, most);
    while (count > SG_FACTOR_HUBS_MAX) {
        most *= 2.0;
        count = find_hubs(f, most);
    }
    f->hub_count = count;
    memcpy(f->lower_near.end, f->lower_row.end, (size_t)f->rows * sizeof *f->lower_near.end);
    for (int k = 0; k < count; k++) {
        f->lower_near.end[f->hubs[k]] = f->lower_near.start[f->hubs[k]];
    }
}

/* Both triangles by rows too, and room behind for the columns that come later. */
static void finish(sg_factor *f)
{
    for (int k = 0; k < f->lower.start[f->rows]; k++) {
        f->lower.cells[k].index = f->place[f->lower.cells[k].index];
    }
    turn(f, &f->lower, &f->lower_row);
    turn(f, &f->upper, &f->upper_row);
    cut_hubs(f);
    memcpy(f->upper.end, f->upper.start + 1, (size_t)f->rows * sizeof *f->upper.end);
    memcpy(f->upper_row.end, f->upper_row.start + 1, (size_t)f->rows * sizeof *f->upper_row.end);
    f->upper_count = f->upper.start[f->rows];
    for (int k = 0; k < f->rows; k++) {
        f->upper.inverse[k] = 1.0 / f->pivot[k];
        f->upper_row.late[k] = f->etas.late[k] = -1;
    }
}

int sg_factor_build(sg_factor *f, int *head)
{
    f->factored = f->updates = f->late_count = f->etas.start[0] = 0;
    f->eta_ready = f->spike_ready = -1;
    f->lower.start[0] = f->upper.start[0] = 0;
    memset(f->taken, 0, (size_t)f->rows * sizeof *f->taken);
    for (int i = 0; i < f->rows; i++) {
        f->place[i] = -1;
    }
    if (!count_cells(f, head) || !take_column_singletons(f, head) ||
        !take_row_singletons(f, head) || !take_kernel(f, head)) {
        return -1;
    }
    int replaced = fill_with_logicals(f, head);
    finish(f);
    return replaced;
}
