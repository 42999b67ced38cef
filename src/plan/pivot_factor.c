#include "plan/pivot_factor.h"

#include "plan/pivot_factor_state.h"

#include <math.h>
#include <string.h>

static const double REPLACE_MIN = 1e-9; /* a new pivot, of the largest of its column */

enum {
    CELLS_FACTOR = 4, /* cells of the triangles over those of the matrix */
    LATE_CELLS = 256, /* of a replaced column, and of its eta, on average */
    LISTED_PART = 4   /* a vector with more than one place in so many is swept in full */
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

static void carve_triangle(carver *c, sg_triangle *t, size_t places, size_t size)
{
    t->start = carve(c, places + 1, sizeof *t->start);
    t->end = t->start + 1;
    t->cells = carve(c, size, sizeof *t->cells);
}

static void carve_etas(carver *c, sg_etas *t, size_t places, size_t updates, size_t size)
{
    t->start = carve(c, updates + 1, sizeof *t->start);
    t->gone = carve(c, updates, sizeof *t->gone);
    t->late = carve(c, places, sizeof *t->late);
    t->sum = carve(c, updates, sizeof *t->sum);
    t->cells = carve(c, size, sizeof *t->cells);
    t->update = carve(c, size, sizeof *t->update);
}

static void lay_out(carver *c, sg_factor *f)
{
    size_t rows = (size_t)f->rows, size = (size_t)f->size, updates = (size_t)f->updates_max;
    size_t places = rows + updates, late = (size_t)f->late_size;
    carve_triangle(c, &f->lower, rows, size);
    carve_triangle(c, &f->lower_row, rows, size);
    carve_triangle(c, &f->upper, places, size + late);
    carve_triangle(c, &f->upper_row, places, size);
    f->lower_near = f->lower_row;
    f->lower_near.end = carve(c, rows, sizeof(int));
    f->upper.end = carve(c, places, sizeof(int));
    f->upper_row.end = carve(c, places, sizeof(int));
    f->upper_row.late = carve(c, places, sizeof(int));
    f->upper.inverse = f->upper_row.inverse = carve(c, places, sizeof(double));
    f->late = carve(c, late, sizeof *f->late);
    carve_etas(c, &f->etas, places, updates, late);
    int **ints[] = {&f->row,         &f->place, &f->column, &f->open_in_column,
                    &f->open_in_row, &f->queue, &f->bucket, &f->basis_start};
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
    f->bits = carve(c, places / 64 + 1, sizeof(uint64_t));
}

static sg_factor shape_of(const sg_cells *cells, int updates_max)
{
    int average = cells->row_count < LATE_CELLS ? cells->row_count : LATE_CELLS;
    return (sg_factor){.cells = cells,
                       .rows = cells->row_count,
                       .size = CELLS_FACTOR *
                               (cells->start[cells->column_count] + 4 * cells->row_count + 64),
                       .updates_max = updates_max,
                       .late_size = updates_max * average + 2 * (cells->row_count + updates_max)};
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
    size_t rows = (size_t)self->rows, updates = (size_t)updates_max;
    memset(self->bits, 0, ((rows + updates) / 64 + 1) * sizeof *self->bits);
    memset(self->listed, 0, rows * sizeof *self->listed);
    memset(self->etas.sum, 0, updates * sizeof *self->etas.sum);
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

int sg_factor_updates(const sg_factor *self)
{
    return self->updates;
}

int sg_factor_place_count(const sg_factor *self)
{
    return self->rows + self->updates;
}

int sg_factor_cells(const sg_factor *f)
{
    return f->lower.start[f->rows] + f->upper_count + f->etas.start[f->updates];
}

/* ---- vectors ---------------------------------------------------------------------------------- */

void sg_spread_list(sg_spread *self, int places)
{
    if (self->count >= 0) {
        return;
    }
    self->count = 0;
    for (int i = 0; i < places; i++) {
        if (fabs(self->value[i]) > SG_FACTOR_NOTHING) {
            self->index[self->count++] = i;
        } else {
            self->value[i] = 0.0;
        }
    }
}

void sg_spread_clear(sg_spread *self, int places)
{
    if (self->count < 0) {
        memset(self->value, 0, (size_t)places * sizeof *self->value);
    } else {
        for (int k = 0; k < self->count; k++) {
            self->value[self->index[k]] = 0.0;
        }
    }
    self->count = 0;
}

/* ---- triangles -------------------------------------------------------------------------------- */

/* Places are in the order of the pivots, so that a solve may take them in it: a set of bits says which hold
 * something, and the lowest (or highest) bit left is always the next that nothing can change any more. */

/* Place i is known: take it out of those that it reaches. */
static inline double settle(const sg_factor *f, const sg_triangle *t, double *value, int i)
{
    double v = value[i];
    if (t->inverse) {
        v *= t->inverse[i];
        value[i] = v;
    }
    for (int k = t->start[i]; k < t->end[i]; k++) {
        value[t->cells[k].index] -= t->cells[k].value * v;
    }
    for (int k = t->late ? t->late[i] : -1; k >= 0; k = f->late[k].before) {
        value[f->late[k].index] -= f->late[k].value * v;
    }
    return v;
}

static void sweep_all(const sg_factor *f, const sg_triangle *t, int places, bool forward,
                      double *value)
{
    for (int k = 0; k < places; k++) {
        int i = forward ? k : places - 1 - k;
        if (value[i] != 0.0) {
            settle(f, t, value, i);
        }
    }
}

static void sweep_listed(const sg_factor *f, const sg_triangle *t, int places, bool forward,
                         sg_spread *x)
{
    uint64_t *bits = f->bits;
    double *value = x->value;
    const int *start = t->start, *end = t->end;
    const sg_factor_cell *cells = t->cells;
    int words = places / 64 + 1, count = 0, *index = x->index;
    for (int k = 0; k < x->count; k++) {
        sg_set_bit(bits, index[k]);
    }
    for (int n = 0; n < words; n++) {
        int w = forward ? n : words - 1 - n;
        while (bits[w]) {
            int i = sg_take_bit(bits, w, forward);
            double v = value[i];
            if (fabs(v) <= SG_FACTOR_NOTHING) {
                value[i] = 0.0;
                continue;
            }
            index[count++] = i;
            if (t->inverse) {
                v *= t->inverse[i];
                value[i] = v;
            }
            for (int k = start[i], last = end[i]; k < last; k++) {
                int to = cells[k].index;
                value[to] -= cells[k].value * v;
                sg_set_bit(bits, to);
            }
            for (int k = t->late ? t->late[i] : -1; k >= 0; k = f->late[k].before) {
                int to = f->late[k].index;
                value[to] -= f->late[k].value * v;
                sg_set_bit(bits, to);
            }
        }
    }
    x->count = count;
}

static void sweep(const sg_factor *f, const sg_triangle *t, int places, bool forward, sg_spread *x)
{
    if (x->count < 0 || x->count > f->rows / LISTED_PART) {
        x->count = -1;
        sweep_all(f, t, places, forward, x->value);
    } else if (forward) {
        sweep_listed(f, t, places, true, x);
    } else {
        sweep_listed(f, t, places, false, x);
    }
}

/* The places of the set that are there since the build, into the index of x; the set is empty then. */
static void list_bits(const sg_factor *f, sg_spread *x)
{
    int count = 0, words = (f->rows + f->updates) / 64 + 1;
    for (int w = 0; w < words; w++) {
        while (f->bits[w]) {
            int i = sg_take_bit(f->bits, w, true);
            x->index[count] = i;
            count += i < f->rows;
        }
    }
    x->count = count;
}

/* ---- replaced columns ------------------------------------------------------------------------- */

/* What x has in this place, carried to the sums of the updates that have a cell there. */
static inline void carry(const sg_etas *t, int place, double v)
{
    for (int k = t->late[place]; k >= 0; k = t->cells[k].before) {
        t->sum[t->update[k]] += t->cells[k].value * v;
    }
}

static double eta_times(const sg_etas *t, int e, const double *value)
{
    double sum = 0.0;
    for (int k = t->start[e]; k < t->start[e + 1]; k++) {
        sum += t->cells[k].value * value[t->cells[k].index];
    }
    return sum;
}

/* What stands in a place that is no more moves to the one that follows it, less its eta. A sparse x meets few of their
 * cells, which are found by place. */
static void apply_etas(const sg_factor *f, sg_spread *x)
{
    const sg_etas *t = &f->etas;
    double *value = x->value;
    bool listed = x->count >= 0;
    for (int k = 0; k < x->count; k++) {
        carry(t, x->index[k], value[x->index[k]]);
    }
    for (int e = 0; e < f->updates; e++) {
        int from = t->gone[e], to = f->rows + e;
        double v = value[from] - (listed ? t->sum[e] : eta_times(t, e, value));
        t->sum[e] = value[from] = 0.0;
        value[to] = v;
        if (listed && v != 0.0) {
            carry(t, to, v);
            x->index[x->count++] = to;
        }
    }
}

/* The other way round, for rows. What is listed are places of the build again. */
static void undo_etas(const sg_factor *f, sg_spread *x)
{
    const sg_etas *t = &f->etas;
    double *value = x->value;
    bool listed = x->count >= 0;
    for (int k = 0; k < x->count; k++) {
        sg_set_bit(f->bits, x->index[k]);
    }
    for (int e = f->updates - 1; e >= 0; e--) {
        int to = t->gone[e], from = f->rows + e;
        double v = value[from];
        value[from] = 0.0;
        value[to] = v;
        for (int k = t->start[e]; k < t->start[e + 1] && v != 0.0; k++) {
            value[t->cells[k].index] -= t->cells[k].value * v;
            if (listed) {
                sg_set_bit(f->bits, t->cells[k].index);
            }
        }
        if (listed) {
            sg_set_bit(f->bits, to);
        }
    }
    if (listed) {
        list_bits(f, x);
    }
}

/* The column in the making, as far as the lower triangle and the etas go, behind the others of the upper one. */
static void keep_spike(sg_factor *f, const sg_spread *x)
{
    int at = f->upper_count, room = f->size + f->late_size;
    f->spike_ready = -1;
    if (at + x->count > room) {
        return;
    }
    for (int k = 0; k < x->count; k++) {
        int i = x->index[k];
        if (x->value[i] != 0.0) {
            f->upper.cells[at++] = (sg_factor_cell){x->value[i], i};
        }
    }
    f->spike_ready = at - f->upper_count;
}

/* The eta that the row of this place would leave behind, from its row of the inverse of the upper triangle. */
static void keep_eta(sg_factor *f, const sg_spread *x, int place)
{
    int at = f->etas.start[f->updates];
    f->eta_ready = -1;
    if (at + x->count > f->late_size) {
        return;
    }
    double scale = -1.0 / f->upper.inverse[place];
    for (int k = 0; k < x->count; k++) {
        int i = x->index[k];
        if (i != place && x->value[i] != 0.0) {
            f->etas.cells[at++] = (sg_late_cell){scale * x->value[i], i, -1};
        }
    }
    f->eta_ready = at - f->etas.start[f->updates];
}

void sg_factor_ftran(sg_factor *f, sg_spread *x)
{
    sweep(f, &f->lower, f->rows, true, x);
    apply_etas(f, x);
    sweep(f, &f->upper, f->rows + f->updates, false, x);
}

void sg_factor_enter(sg_factor *f, sg_spread *x)
{
    sweep(f, &f->lower, f->rows, true, x);
    apply_etas(f, x);
    sg_spread_list(x, f->rows + f->updates);
    keep_spike(f, x);
    sweep(f, &f->upper, f->rows + f->updates, false, x);
}

void sg_factor_btran(sg_factor *f, sg_spread *x)
{
    sweep(f, &f->upper_row, f->rows + f->updates, true, x);
    undo_etas(f, x);
    sweep(f, &f->lower_row, f->rows, false, x);
}

int sg_factor_hub_count(const sg_factor *f)
{
    return f->hub_count;
}

void sg_factor_keep_hubs(sg_factor *f, int count)
{
    for (int k = count; k < f->hub_count; k++) {
        f->lower_near.end[f->hubs[k]] = f->lower_row.end[f->hubs[k]];
    }
    f->hub_count = count;
}

void sg_factor_hub(sg_factor *f, int k, sg_spread *x)
{
    x->value[f->hubs[k]] = 1.0;
    x->index[0] = f->hubs[k];
    x->count = 1;
    sweep(f, &f->lower_row, f->rows, false, x);
    x->value[f->hubs[k]] = 0.0; /* its own place is not left to it */
}

void sg_factor_leave(sg_factor *f, int place, sg_spread *x, double share[SG_FACTOR_HUBS_MAX])
{
    x->value[place] = 1.0;
    x->index[0] = place;
    x->count = 1;
    sweep(f, &f->upper_row, f->rows + f->updates, true, x);
    sg_spread_list(x, f->rows + f->updates);
    keep_eta(f, x, place);
    undo_etas(f, x);
    sweep(f, &f->lower_near, f->rows, false, x);
    for (int k = 0; k < f->hub_count; k++) {
        share[k] = x->value[f->hubs[k]];
    }
}

/* The eta that was kept, as that of the next update. */
static void commit_eta(sg_factor *f, int place)
{
    sg_etas *t = &f->etas;
    int begin = t->start[f->updates];
    for (int k = begin; k < begin + f->eta_ready; k++) {
        t->cells[k].before = t->late[t->cells[k].index];
        t->late[t->cells[k].index] = k;
        t->update[k] = f->updates;
    }
    t->start[f->updates + 1] = begin + f->eta_ready;
    t->gone[f->updates] = place;
    t->late[f->rows + f->updates] = -1;
}

/* The column that was kept, as that of the last place, without its cell in the place that ended. */
static void commit_spike(sg_factor *f, int place)
{
    int to = f->rows + f->updates, count = 0;
    sg_factor_cell *cells = f->upper.cells + f->upper_count;
    for (int k = 0; k < f->spike_ready; k++) {
        if (cells[k].index != place) {
            int i = cells[k].index;
            f->late[f->late_count] = (sg_late_cell){cells[k].value, to, f->upper_row.late[i]};
            f->upper_row.late[i] = f->late_count++;
            cells[count++] = cells[k];
        }
    }
    f->upper.start[to] = f->upper_count;
    f->upper.end[to] = f->upper_count += count;
    f->upper_row.start[to] = f->upper_row.end[to] = 0;
    f->upper_row.late[to] = -1;
}

/* Cells of its row and column are still met; what they bring comes to nothing there. */
static void end_place(sg_factor *f, int place)
{
    f->upper.end[place] = f->upper.start[place];
    f->upper_row.end[place] = f->upper_row.start[place];
    f->upper_row.late[place] = -1;
    f->upper.inverse[place] = 0.0;
}

int sg_factor_replace(sg_factor *f, int place, double pivot)
{
    double largest = 0.0, inverse = f->upper.inverse[place] / pivot;
    if (f->updates == f->updates_max || f->eta_ready < 0 || f->spike_ready < 0 ||
        f->late_count + f->spike_ready > f->late_size) {
        return -1;
    }
    for (int k = 0; k < f->spike_ready; k++) {
        largest = fmax(largest, fabs(f->upper.cells[f->upper_count + k].value));
    }
    if (!(fabs(inverse) * REPLACE_MIN * largest < 1.0)) {
        return -1;
    }
    commit_eta(f, place);
    commit_spike(f, place);
    end_place(f, place);
    f->upper.inverse[f->rows + f->updates] = inverse;
    f->eta_ready = f->spike_ready = -1;
    return f->rows + f->updates++;
}
