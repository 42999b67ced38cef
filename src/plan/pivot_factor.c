#include "plan/pivot_factor.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static const double NOTHING = 1e-14;   /* below it a value is rounding                          */
static const double PIVOT_MIN = 1e-9;  /* a column without more than this depends on the others */
static const double PIVOT_SHARE = 0.1; /* of the largest that a sparser row may pivot on        */
static const double REPLACE_SHARE =
    1e-9; /* of the largest of the column that replaces another    */

enum {
    CELLS_FACTOR = 4,   /* cells of the triangles over those of the matrix */
    UPDATE_CELLS = 256, /* of a replaced column, on average                */
    LISTED_PART = 4     /* a vector with more than one place in so many is swept in full */
};

/* One triangle by columns or by rows: place k has the cells [start[k], start[k + 1]). */
typedef struct cell {
    double value;
    int index;
} cell;

typedef struct triangle {
    int *start;
    cell *cells;
} triangle;

/* A cell of a replaced column, and the one before it in the same place (-1 = none). */
typedef struct update_cell {
    double value;
    int place, update, before;
} update_cell;

struct sg_factor {
    const sg_cells *cells;
    int rows, size, updates_max, update_size;
    triangle lower, upper;         /* by columns, as x = B^-1 x needs them */
    triangle lower_row, upper_row; /* the same by rows                     */
    double *pivot;                 /* [place] of upper                     */
    int *row, *place;              /* [place], [row]; place -1 = still open */
    int *update_start, *update_place, updates;
    double *update_pivot, *update_sum; /* update_sum: scratch of a btran, zero between calls */
    update_cell *update;
    int *last_update; /* [place] the last of its cells in `update`; -1 = none */
    uint64_t *bits;   /* a set of places, empty between calls */
    /* while factoring */
    int factored, kernel; /* places given; the first that no singleton led to */
    int *column, *open_in_column, *open_in_row, *queue, *bucket;
    bool *taken;                    /* [column of the old head] */
    int *basis_start, *basis_index; /* old places by rows */
    double *packed;
    bool *listed; /* [row] */
    sg_spread work;
};

/* ---- memory ----------------------------------------------------------------------------------- */

/* Hands out parts of a block, or only counts them where there is none. */
typedef struct carver {
    char *block;
    size_t used;
} carver;

static void *carve(carver *self, size_t count, size_t item_size)
{
    void *part = self->block ? self->block + self->used : NULL;
    self->used += (count * item_size + 15) & ~(size_t)15;
    return part;
}

static void carve_triangle(carver *c, triangle *t, size_t rows, size_t size)
{
    t->start = carve(c, rows + 1, sizeof *t->start);
    t->cells = carve(c, size, sizeof *t->cells);
}

static void lay_out(carver *c, sg_factor *f)
{
    size_t rows = (size_t)f->rows, size = (size_t)f->size, updates = (size_t)f->updates_max;
    carve_triangle(c, &f->lower, rows, size);
    carve_triangle(c, &f->upper, rows, size);
    carve_triangle(c, &f->lower_row, rows, size);
    carve_triangle(c, &f->upper_row, rows, size);
    int **ints[] = {&f->row,   &f->place,  &f->column,      &f->open_in_column, &f->open_in_row,
                    &f->queue, &f->bucket, &f->basis_start, &f->last_update};
    for (size_t k = 0; k < sizeof ints / sizeof *ints; k++) {
        *ints[k] = carve(c, rows + 1, sizeof(int));
    }
    f->basis_index = carve(c, size, sizeof(int));
    f->pivot = carve(c, rows, sizeof(double));
    f->taken = carve(c, rows, sizeof(bool));
    f->listed = carve(c, rows, sizeof(bool));
    f->packed = carve(c, rows, sizeof(double));
    f->work.value = carve(c, rows, sizeof(double));
    f->work.index = carve(c, rows, sizeof(int));
    f->bits = carve(c, rows / 64 + 1, sizeof(uint64_t));
    f->update_start = carve(c, updates + 1, sizeof(int));
    f->update_place = carve(c, updates, sizeof(int));
    f->update_pivot = carve(c, updates, sizeof(double));
    f->update_sum = carve(c, updates, sizeof(double));
    f->update = carve(c, (size_t)f->update_size, sizeof *f->update);
}

static sg_factor shape_of(const sg_cells *cells, int updates_max)
{
    int average = cells->row_count < UPDATE_CELLS ? cells->row_count : UPDATE_CELLS;
    return (sg_factor){.cells = cells,
                       .rows = cells->row_count,
                       .size = CELLS_FACTOR *
                               (cells->start[cells->column_count] + 4 * cells->row_count + 64),
                       .updates_max = updates_max,
                       .update_size = updates_max * average + cells->row_count};
}

size_t sg_factor_size(const sg_cells *cells, int updates_max)
{
    sg_factor f = shape_of(cells, updates_max);
    carver c = {.used = (sizeof f + 15) & ~(size_t)15};
    lay_out(&c, &f);
    return c.used;
}

sg_factor *sg_factor_create(const sg_cells *cells, int updates_max, void *memory, size_t size)
{
    if (size < sg_factor_size(cells, updates_max)) {
        return NULL;
    }
    sg_factor *self = memory;
    *self = shape_of(cells, updates_max);
    carver c = {.block = memory, .used = (sizeof *self + 15) & ~(size_t)15};
    lay_out(&c, self);
    size_t rows = (size_t)self->rows;
    memset(self->bits, 0, (rows / 64 + 1) * sizeof *self->bits);
    memset(self->listed, 0, rows * sizeof *self->listed);
    memset(self->update_sum, 0, (size_t)updates_max * sizeof *self->update_sum);
    self->work.count = -1;
    sg_spread_clear(&self->work, self->rows);
    return self;
}

const int *sg_factor_places(const sg_factor *self)
{
    return self->place;
}

const int *sg_factor_rows(const sg_factor *self)
{
    return self->row;
}

/* ---- vectors ---------------------------------------------------------------------------------- */

void sg_spread_list(sg_spread *self, int rows)
{
    if (self->count >= 0) {
        return;
    }
    self->count = 0;
    for (int i = 0; i < rows; i++) {
        if (fabs(self->value[i]) > NOTHING) {
            self->index[self->count++] = i;
        } else {
            self->value[i] = 0.0;
        }
    }
}

void sg_spread_clear(sg_spread *self, int rows)
{
    if (self->count < 0) {
        memset(self->value, 0, (size_t)rows * sizeof *self->value);
    } else {
        for (int k = 0; k < self->count; k++) {
            self->value[self->index[k]] = 0.0;
        }
    }
    self->count = 0;
}

/* ---- solves ----------------------------------------------------------------------------------- */

/* Places are in the order of the pivots, so that a solve may take them in it: a set of bits says which hold
 * something, and the lowest (or highest) bit left is always the next that nothing can change any more. */

static inline void set_bit(uint64_t *bits, int i)
{
    bits[i >> 6] |= (uint64_t)1 << (i & 63);
}

static void set_bits(uint64_t *bits, const sg_spread *x)
{
    for (int k = 0; k < x->count; k++) {
        set_bit(bits, x->index[k]);
    }
}

/* Place i is known: take it out of those that it reaches. */
static inline double settle(const triangle *t, const double *pivot, double *value, int i)
{
    double v = value[i];
    if (pivot) {
        v /= pivot[i];
        value[i] = v;
    }
    for (int k = t->start[i]; k < t->start[i + 1]; k++) {
        value[t->cells[k].index] -= t->cells[k].value * v;
    }
    return v;
}

static void sweep_all(const sg_factor *f, const triangle *t, const double *pivot, bool forward,
                      double *value)
{
    for (int k = 0; k < f->rows; k++) {
        int i = forward ? k : f->rows - 1 - k;
        if (value[i] != 0.0) {
            settle(t, pivot, value, i);
        }
    }
}

/* The next of word w, taken out of it. */
static inline int take_bit(uint64_t *bits, int w, bool forward)
{
    int b = forward ? __builtin_ctzll(bits[w]) : 63 - __builtin_clzll(bits[w]);
    bits[w] &= ~((uint64_t)1 << b);
    return 64 * w + b;
}

/* The places of the set, in either order, into the index of x; the set is empty then. */
static void list_bits(uint64_t *bits, int rows, sg_spread *x)
{
    int count = 0, words = rows / 64 + 1, *index = x->index;
    for (int w = 0; w < words; w++) {
        while (bits[w]) {
            index[count++] = take_bit(bits, w, true);
        }
    }
    x->count = count;
}

static void sweep_listed(const sg_factor *f, const triangle *t, const double *pivot, bool forward,
                         sg_spread *x)
{
    uint64_t *bits = f->bits;
    double *value = x->value;
    const int *start = t->start;
    const cell *cells = t->cells;
    int words = f->rows / 64 + 1, count = 0, *index = x->index;
    set_bits(bits, x);
    for (int n = 0; n < words; n++) {
        int w = forward ? n : words - 1 - n;
        while (bits[w]) {
            int i = take_bit(bits, w, forward);
            double v = value[i];
            if (fabs(v) <= NOTHING) {
                value[i] = 0.0;
                continue;
            }
            index[count++] = i;
            if (pivot) {
                v /= pivot[i];
                value[i] = v;
            }
            for (int k = start[i], end = start[i + 1]; k < end; k++) {
                int to = cells[k].index;
                value[to] -= cells[k].value * v;
                set_bit(bits, to);
            }
        }
    }
    x->count = count;
}

/* Solve with one triangle; pivot = NULL where its diagonal is one. */
static void sweep(const sg_factor *f, const triangle *t, const double *pivot, bool forward,
                  sg_spread *x)
{
    if (x->count < 0 || x->count > f->rows / LISTED_PART) {
        x->count = -1;
        sweep_all(f, t, pivot, forward, x->value);
    } else if (forward) {
        sweep_listed(f, t, pivot, true, x);
    } else {
        sweep_listed(f, t, pivot, false, x);
    }
}

/* The updates, first to last: each changes the places of its cells by what x has at its own. */
static void apply_updates(const sg_factor *f, sg_spread *x)
{
    double *value = x->value;
    uint64_t *bits = f->bits;
    const update_cell *cells = f->update;
    bool listed = x->count >= 0;
    if (!f->updates) {
        return;
    }
    set_bits(bits, x);
    for (int e = 0; e < f->updates; e++) {
        double v = value[f->update_place[e]];
        if (v == 0.0) {
            continue;
        }
        v /= f->update_pivot[e];
        value[f->update_place[e]] = v;
        for (int k = f->update_start[e], end = f->update_start[e + 1]; k < end; k++) {
            int i = cells[k].place;
            value[i] -= cells[k].value * v;
            if (listed) {
                set_bit(bits, i);
            }
        }
    }
    if (listed) {
        list_bits(f->bits, f->rows, x);
    }
}

void sg_factor_ftran(sg_factor *f, sg_spread *x)
{
    sweep(f, &f->lower, NULL, true, x);
    sweep(f, &f->upper, f->pivot, false, x);
    apply_updates(f, x);
}

/* A change of x at this place, carried to the sums of the updates before `until`. */
static void carry_change(sg_factor *f, int place, double change, int until)
{
    for (int k = f->last_update[place]; k >= 0; k = f->update[k].before) {
        if (f->update[k].update < until) {
            f->update_sum[f->update[k].update] += f->update[k].value * change;
        }
    }
}

/* The updates, last first: each changes x at its own place by what its other cells meet in x. A sparse x meets few, which
 * are found by place. */
static void undo_updates_listed(sg_factor *f, sg_spread *x)
{
    set_bits(f->bits, x);
    for (int k = 0; k < x->count; k++) {
        carry_change(f, x->index[k], x->value[x->index[k]], f->updates);
    }
    for (int e = f->updates - 1; e >= 0; e--) {
        int place = f->update_place[e];
        double before = x->value[place], v = (before - f->update_sum[e]) / f->update_pivot[e];
        f->update_sum[e] = 0.0;
        if (v != before) {
            x->value[place] = v;
            set_bit(f->bits, place);
            carry_change(f, place, v - before, e);
        }
    }
    list_bits(f->bits, f->rows, x);
}

static void undo_updates(const sg_factor *f, double *value)
{
    for (int e = f->updates - 1; e >= 0; e--) {
        double v = value[f->update_place[e]];
        for (int k = f->update_start[e]; k < f->update_start[e + 1]; k++) {
            v -= f->update[k].value * value[f->update[k].place];
        }
        value[f->update_place[e]] = v / f->update_pivot[e];
    }
}

void sg_factor_btran(sg_factor *f, sg_spread *x)
{
    if (x->count < 0) {
        undo_updates(f, x->value);
    } else {
        undo_updates_listed(f, x);
    }
    sweep(f, &f->upper_row, f->pivot, true, x);
    sweep(f, &f->lower_row, NULL, false, x);
}

bool sg_factor_replace(sg_factor *f, const sg_spread *column, int place)
{
    double pivot = column->value[place], largest = 0.0;
    int used = f->update_start[f->updates];
    if (f->updates == f->updates_max || used + column->count > f->update_size) {
        return false;
    }
    for (int k = 0; k < column->count; k++) {
        double v = fabs(column->value[column->index[k]]);
        largest = v > largest ? v : largest;
    }
    if (!(fabs(pivot) > REPLACE_SHARE * largest)) {
        return false;
    }
    for (int k = 0; k < column->count; k++) {
        int i = column->index[k];
        if (i != place && column->value[i] != 0.0) {
            f->update[used] = (update_cell){column->value[i], i, f->updates, f->last_update[i]};
            f->last_update[i] = used++;
        }
    }
    f->update_place[f->updates] = place;
    f->update_pivot[f->updates] = pivot;
    f->update_start[++f->updates] = used;
    return true;
}

int sg_factor_updates(const sg_factor *f)
{
    return f->updates;
}

int sg_factor_cells(const sg_factor *f)
{
    return f->lower.start[f->rows] + f->upper.start[f->rows] + f->update_start[f->updates];
}

/* ---- factoring -------------------------------------------------------------------------------- */

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

static void add_cell(triangle *t, int *used, int index, double value)
{
    t->cells[(*used)++] = (cell){value, index};
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
            set_bit(f->bits, f->place[i]);
        }
    }
    x->count = c->count;
    for (int w = f->kernel / 64; w < words; w++) {
        while (f->bits[w]) {
            int k = take_bit(f->bits, w, true);
            double v = x->value[f->row[k]];
            for (int n = f->lower.start[k]; v != 0.0 && n < f->lower.start[k + 1]; n++) {
                int i = f->lower.cells[n].index;
                x->value[i] -= f->lower.cells[n].value * v;
                if (!f->listed[i]) {
                    f->listed[i] = true;
                    x->index[x->count++] = i;
                }
                if (f->place[i] >= 0) {
                    set_bit(f->bits, f->place[i]);
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
                f->packed[k] = fabs(v) > NOTHING ? v : 0.0;
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
static void turn(const sg_factor *f, const triangle *by_column, triangle *ret)
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
            ret->cells[to] = (cell){by_column->cells[k].value, i};
        }
    }
}

int sg_factor_build(sg_factor *f, int *head)
{
    f->factored = f->updates = f->update_start[0] = 0;
    f->lower.start[0] = f->upper.start[0] = 0;
    memset(f->taken, 0, (size_t)f->rows * sizeof *f->taken);
    for (int i = 0; i < f->rows; i++) {
        f->place[i] = f->last_update[i] = -1;
    }
    if (!count_cells(f, head) || !take_column_singletons(f, head) ||
        !take_row_singletons(f, head) || !take_kernel(f, head)) {
        return -1;
    }
    int replaced = fill_with_logicals(f, head);
    for (int k = 0; k < f->lower.start[f->rows]; k++) {
        f->lower.cells[k].index = f->place[f->lower.cells[k].index];
    }
    turn(f, &f->lower, &f->lower_row);
    turn(f, &f->upper, &f->upper_row);
    return replaced;
}
