#include "plan/pivot.h"

#include "base/clock.h"
#include "plan/pivot_state.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include <time.h>

enum {
    UPDATES_MIN = 200, /* replaced columns before the basis is factored anew, and one  */
    UPDATE_ROWS = 200, /* more for so many rows                                        */
    IDLE_MAX = 16,     /* fresh starts of one solve with next to no pivots after them  */
    IDLE_PIVOTS = 4,
    CLOCK_EVERY = 16,  /* pivots                                                       */
    HUB_CELLS = 4,     /* cells of all hubs, for each variable                         */
    GAIN_PART = 10,    /* one row in so many may have the wrong price for the primal simplex */
    GAIN_PIVOTS = 100, /* that it may take, and four for each of them               */
    BUCKETS = 128      /* powers of two that rooms are told apart by                   */
};

/* What the rows may miss before the basic variables move for it. */
static const double REST_MAX = 1e-11;

/* A price that is wrong by less than this is right, where pivots only push rounding to and fro. */
static const double PRICE_MIN_IDLE = 1e-9;

/* Nearer to a bound than this is at it. */
static const double ROOM_MIN = 1e-6;

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

static void carve_spread(carver *c, sg_spread *x, size_t places)
{
    x->value = carve(c, places, sizeof *x->value);
    x->index = carve(c, places, sizeof *x->index);
}

static void lay_out(carver *c, sg_pivot *s)
{
    size_t rows = (size_t)s->rows, variables = (size_t)s->variables;
    size_t cells = (size_t)s->cells.start[s->columns], places = (size_t)s->place_size;
    s->by_row.start = carve(c, rows + 2, sizeof *s->by_row.start);
    s->by_row.live_end = carve(c, rows, sizeof *s->by_row.live_end);
    s->by_row.cells = carve(c, cells, sizeof *s->by_row.cells);
    s->hubs.size = HUB_CELLS * s->variables;
    s->hubs.cells = carve(c, (size_t)s->hubs.size, sizeof *s->hubs.cells);
    s->rest = carve(c, rows, sizeof *s->rest);
    s->head = carve(c, places, sizeof *s->head);
    double **of_places[] = {&s->place_value, &s->place_lower, &s->place_upper, &s->miss,
                            &s->weight};
    for (size_t k = 0; k < sizeof of_places / sizeof *of_places; k++) {
        *of_places[k] = carve(c, places, sizeof(double));
    }
    double **of_variables[] = {&s->lower, &s->upper,     &s->cost,    &s->reduced,
                               &s->value, &s->row_value, &s->scratch, &s->gain_weight};
    for (size_t k = 0; k < sizeof of_variables / sizeof *of_variables; k++) {
        *of_variables[k] = carve(c, variables, sizeof(double));
    }
    s->stand = carve(c, variables, sizeof *s->stand);
    s->row_index = carve(c, variables + 1, sizeof *s->row_index);
    s->live = carve(c, variables, sizeof *s->live);
    s->listed = carve(c, rows, sizeof *s->listed);
    s->in_missing = carve(c, places, sizeof *s->in_missing);
    s->missing = carve(c, places, sizeof *s->missing);
    s->ratio = carve(c, variables + 1, sizeof *s->ratio);
    s->flipped = carve(c, variables, sizeof *s->flipped);
    s->gaining = carve(c, variables, sizeof *s->gaining);
    s->in_gaining = carve(c, variables, sizeof *s->in_gaining);
    carve_spread(c, &s->rho, places);
    carve_spread(c, &s->column, places);
    carve_spread(c, &s->flips, places);
}

static int updates_max(const sg_pivot *s)
{
    return s->place_size - s->rows;
}

static sg_pivot shape_of(const sg_lp_model *m)
{
    return (sg_pivot){.model = m,
                      .rows = m->row_count,
                      .columns = m->column_count,
                      .variables = m->row_count + m->column_count,
                      .place_size = m->row_count + UPDATES_MIN + m->row_count / UPDATE_ROWS,
                      .cells = {.row_count = m->row_count,
                                .column_count = m->column_count,
                                .start = m->start,
                                .index = m->index,
                                .value = m->value}};
}

size_t sg_pivot_size(const sg_lp_model *model)
{
    sg_pivot s = shape_of(model);
    carver c = {.used = (sizeof s + 15) & ~(size_t)15};
    lay_out(&c, &s);
    return c.used + sg_factor_size(&s.cells, updates_max(&s));
}

/* The matrix by rows. */
static void turn_matrix(sg_pivot *s)
{
    sg_row_cells *r = &s->by_row;
    const sg_cells *a = &s->cells;
    memset(r->start, 0, ((size_t)s->rows + 2) * sizeof *r->start);
    for (int k = 0; k < a->start[s->columns]; k++) {
        r->start[a->index[k] + 2]++;
    }
    for (int i = 2; i < s->rows + 2; i++) {
        r->start[i] += r->start[i - 1];
    }
    for (int j = 0; j < s->columns; j++) {
        for (int k = a->start[j]; k < a->start[j + 1]; k++) {
            int at = r->start[a->index[k] + 1]++;
            r->cells[at] = (sg_row_cell){a->value[k], j};
        }
    }
    memcpy(r->live_end, r->start, (size_t)s->rows * sizeof *r->live_end);
}

sg_pivot *sg_pivot_create(const sg_lp_model *model, void *memory, size_t size)
{
    if (size < sg_pivot_size(model)) {
        return NULL;
    }
    sg_pivot *s = memory;
    *s = shape_of(model);
    carver c = {.block = memory, .used = (sizeof *s + 15) & ~(size_t)15};
    lay_out(&c, s);
    s->factor = sg_factor_create(&s->cells, updates_max(s), (char *)memory + c.used, size - c.used);
    turn_matrix(s);
    s->place_of = sg_factor_places(s->factor);
    s->row_of = sg_factor_rows(s->factor);
    memset(s->live, 0, (size_t)s->variables * sizeof *s->live);
    s->row_count = s->hubs.start[0] = 0;
    memset(s->listed, 0, (size_t)s->rows * sizeof *s->listed);
    memset(s->row_value, 0, (size_t)s->variables * sizeof *s->row_value);
    double *const numbers[] = {s->lower, s->upper, s->cost, s->reduced};
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
        memset(numbers[k], 0, (size_t)s->variables * sizeof(double));
    }
    memset(s->stand, SG_AT_LOWER, (size_t)s->variables);
    memset(s->stand + s->columns, SG_BASIC, (size_t)s->rows);
    sg_spread *const spreads[] = {&s->rho, &s->column, &s->flips};
    for (size_t k = 0; k < sizeof spreads / sizeof *spreads; k++) {
        spreads[k]->count = -1;
        sg_spread_clear(spreads[k], s->place_size);
    }
    sg_pivot_set_basis(s, s->stand);
    return s;
}

const signed char *sg_pivot_basis(const sg_pivot *self)
{
    return self->stand;
}

void sg_pivot_set_basis(sg_pivot *s, const signed char *stand)
{
    int basic = 0;
    memmove(s->stand, stand, (size_t)s->variables);
    for (int j = 0; j < s->variables; j++) {
        if (s->stand[j] == SG_BASIC) {
            if (basic < s->rows) {
                s->head[basic++] = j;
            } else {
                s->stand[j] = SG_AT_LOWER;
            }
        }
    }
    for (int i = 0; i < s->rows && basic < s->rows; i++) {
        int j = s->columns + i;
        if (s->stand[j] != SG_BASIC) {
            s->stand[j] = SG_BASIC;
            s->head[basic++] = j;
        }
    }
    for (int i = 0; i < s->rows; i++) {
        s->weight[i] = 1.0;
        s->place_value[i] = 0.0;
    }
    memset(s->value, 0, (size_t)s->variables * sizeof *s->value);
    s->places = s->rows;
    s->factored = s->priced = false;
}

/* ---- numbers computed anew -------------------------------------------------------------------- */

static double near(double bound)
{
    double above = bound < -SG_PIVOT_FAR ? -SG_PIVOT_FAR : bound;
    return above > SG_PIVOT_FAR ? SG_PIVOT_FAR : above;
}

/* Who is basic or fixed is not live. */
static void find_live(sg_pivot *s)
{
    for (int j = 0; j < s->variables; j++) {
        sg_pivot_set_live(s, j, s->stand[j] != SG_BASIC && s->lower[j] < s->upper[j]);
    }
}

/* Values of the basic variables under their own names. */
static void name_values(sg_pivot *s)
{
    for (int p = 0; p < s->places; p++) {
        if (s->head[p] >= 0) {
            s->value[s->head[p]] = s->place_value[p];
        }
    }
}

/* The live places to the front; their weights by variable. */
static void close_ranks(sg_pivot *s)
{
    int count = 0;
    for (int p = 0; p < s->places; p++) {
        int j = s->head[p];
        if (j >= 0) {
            s->scratch[j] = s->weight[p];
            s->head[count++] = j;
        }
    }
    s->places = s->rows;
}

/* The row of the tableau becomes cells of hub k: live ones first, so that who asks is mostly right to expect them, then the
 * others. False: they do not fit. */
static bool keep_hub(sg_pivot *s, int k)
{
    int end = s->hubs.start[k];
    bool fits = end + s->row_count <= s->hubs.size;
    for (int pass = 0; pass < 2 && fits; pass++) {
        for (int n = 0; n < s->row_count; n++) {
            int j = s->row_index[n];
            if (s->live[j] == (pass == 0)) {
                s->hubs.cells[end++] = (sg_row_cell){s->row_value[j], j};
            }
        }
    }
    s->hubs.start[k + 1] = end;
    return fits;
}

/* What the hubs of new factors add to rows of the tableau. */
static void make_hubs(sg_pivot *s)
{
    int hubs = sg_factor_hub_count(s->factor);
    for (int k = 0; k < hubs; k++) {
        sg_spread_clear(&s->rho, s->place_size);
        sg_factor_hub(s->factor, k, &s->rho);
        sg_spread_list(&s->rho, s->rows);
        sg_pivot_spread_row(s, false);
        if (!keep_hub(s, k)) {
            sg_factor_keep_hubs(s->factor, k);
            break;
        }
    }
}

/* Factors of the basis; weights and values follow their variables to new places. False: they do not fit. */
static bool factor(sg_pivot *s)
{
    name_values(s);
    close_ranks(s);
    int replaced = sg_factor_build(s->factor, s->head);
    if (replaced < 0) {
        return false;
    }
    for (int j = 0; replaced > 0 && j < s->variables; j++) {
        s->stand[j] = s->stand[j] == SG_BASIC ? SG_AT_LOWER : s->stand[j];
    }
    for (int i = 0; i < s->rows; i++) {
        int j = s->head[i];
        s->weight[i] = replaced > 0 ? 1.0 : s->scratch[j];
        s->stand[j] = SG_BASIC;
        s->place_value[i] = s->value[j];
    }
    find_live(s);
    make_hubs(s);
    s->factored = true;
    s->priced = false;
    return true;
}

/* Prices of the rows, reduced costs, and what the rows miss with the values that there are: all from the model's own
 * numbers, in one sweep. */
static void survey(sg_pivot *s)
{
    sg_spread *y = &s->flips;
    double *price = s->reduced + s->columns, *rest = s->rest;
    sg_spread_clear(y, s->place_size);
    for (int p = 0; p < s->places; p++) {
        y->value[p] = s->head[p] >= 0 ? s->cost[s->head[p]] : 0.0;
    }
    y->count = -1;
    sg_factor_btran(s->factor, y);
    name_values(s);
    for (int i = 0; i < s->rows; i++) {
        price[s->row_of[i]] = y->value[i];
        rest[i] = s->value[s->columns + i];
    }
    for (int j = 0; j < s->columns; j++) {
        double d = s->cost[j], v = s->value[j];
        for (int k = s->cells.start[j], end = s->cells.start[j + 1]; k < end; k++) {
            int i = s->cells.index[k];
            d -= s->cells.value[k] * price[i];
            rest[i] -= s->cells.value[k] * v;
        }
        s->reduced[j] = d;
    }
    for (int p = 0; p < s->places; p++) {
        if (s->head[p] >= 0) {
            s->reduced[s->head[p]] = 0.0;
        }
    }
    s->priced = true;
    s->shifted = false;
}

void sg_pivot_set_live(sg_pivot *s, int j, bool live)
{
    sg_row_cells *r = &s->by_row;
    if (s->live[j] == live) {
        return;
    }
    s->live[j] = live;
    if (j >= s->columns) {
        return; /* logicals have no cells in it */
    }
    for (int k = s->cells.start[j]; k < s->cells.start[j + 1]; k++) {
        int i = s->cells.index[k], at = live ? r->live_end[i] : r->start[i];
        while (r->cells[at].column != j) {
            at++;
        }
        r->live_end[i] -= !live;
        sg_row_cell moved = r->cells[at];
        r->cells[at] = r->cells[r->live_end[i]];
        r->cells[r->live_end[i]] = moved;
        r->live_end[i] += live;
    }
}

/* The most (or least) that row i can come to while its columns keep their bounds, and a little beyond, so that no point
 * that keeps them rests on it; the far bound where a column has none. */
static double reach_of(const sg_pivot *s, int i, bool most)
{
    const sg_row_cells *r = &s->by_row;
    double sum = 0.0, sign = most ? 1.0 : -1.0;
    for (int k = r->start[i]; k < r->start[i + 1]; k++) {
        int j = r->cells[k].column;
        double v = r->cells[k].value, bound = (v > 0.0) == most ? s->upper[j] : s->lower[j];
        if (fabs(bound) >= SG_PIVOT_FAR) {
            return sign * SG_PIVOT_FAR;
        }
        sum += v * bound;
    }
    sum += sign * (1.0 + 0.01 * fabs(sum));
    return fabs(sum) < SG_PIVOT_FAR ? sum : sign * SG_PIVOT_FAR;
}

/* Stand at the other bound; a row without one gets what its columns imply. */
static void cross(sg_pivot *s, int j)
{
    bool up = s->stand[j] == SG_AT_LOWER;
    double *bound = up ? &s->upper[j] : &s->lower[j];
    if (j >= s->columns && fabs(*bound) >= SG_PIVOT_FAR) {
        *bound = reach_of(s, j - s->columns, up);
    }
    s->stand[j] = up ? SG_AT_UPPER : SG_AT_LOWER;
}

/* A variable that is not basic, at the bound that its reduced cost asks for; at its own where that says nothing. */
static void stand(sg_pivot *s, int j)
{
    bool low = s->stand[j] == SG_AT_LOWER;
    double d = s->reduced[j];
    double here = low ? s->lower[j] : s->upper[j], there = low ? s->upper[j] : s->lower[j];
    bool wrong = (low ? -d : d) > s->price_min;
    if (wrong && s->gains && s->live[j]) {
        s->reduced[j] = d = 0.0;
        s->shifted = true;
        wrong = false;
    }
    bool idle = fabs(here) >= SG_PIVOT_FAR && fabs(there) < SG_PIVOT_FAR && fabs(d) <= s->price_min;
    if (wrong || idle) {
        cross(s, j);
        here = low ? s->upper[j] : s->lower[j];
    }
    if (here != s->value[j]) {
        sg_pivot_add_column(s, j, s->value[j] - here, s->rest);
        s->value[j] = here;
    }
}

/* How many variables have a price that asks for another bound. */
static int count_wrong(const sg_pivot *s)
{
    int count = 0;
    for (int j = 0; j < s->variables; j++) {
        double pull = s->stand[j] == SG_AT_LOWER ? -s->reduced[j] : s->reduced[j];
        count += s->live[j] && pull > s->price_min;
    }
    return count;
}

/* Variables [first, first + count), whose bounds in the model these are. True where a bound that the model does not have
 * holds one of them. */
static bool stand_all(sg_pivot *s, int first, int count, const double *lower, const double *upper)
{
    bool invented = false;
    for (int k = 0; k < count; k++) {
        int j = first + k;
        const double *bound = s->stand[j] == SG_AT_LOWER ? lower : upper;
        double pull = s->stand[j] == SG_AT_LOWER ? -s->reduced[j] : s->reduced[j];
        if (s->stand[j] != SG_BASIC && (pull > s->price_min || s->value[j] != bound[k])) {
            stand(s, j);
            invented = invented || s->value[j] != (s->stand[j] == SG_AT_LOWER ? lower : upper)[k];
        }
    }
    return invented;
}

/* The bounds of variables [first, first + count) as they are now; who stands on one goes with it. False where they leave
 * no room for a value. */
static bool load_bounds(sg_pivot *s, int first, int count, const double *lower, const double *upper)
{
    bool room = true;
    for (int k = 0; k < count; k++) {
        int j = first + k;
        double low = near(lower[k]), high = near(upper[k]);
        room = room && low <= high;
        if (low != s->lower[j] || high != s->upper[j]) {
            s->lower[j] = low;
            s->upper[j] = high;
            sg_pivot_set_live(s, j, s->stand[j] != SG_BASIC && low < high);
            if (s->priced && s->stand[j] != SG_BASIC) {
                stand(s, j);
            }
        }
    }
    return room;
}

/* The model's bounds and costs as they are now. */
static bool load(sg_pivot *s)
{
    const sg_lp_model *m = s->model;
    if (memcmp(s->cost, m->cost, (size_t)s->columns * sizeof *s->cost) != 0) {
        memcpy(s->cost, m->cost, (size_t)s->columns * sizeof *s->cost);
        s->priced = false;
    }
    bool room = load_bounds(s, 0, s->columns, m->lower, m->upper);
    return load_bounds(s, s->columns, s->rows, m->row_lower, m->row_upper) && room;
}

static void look_at_all(sg_pivot *s)
{
    s->missing_count = 0;
    memset(s->in_missing, 0, (size_t)s->place_size * sizeof *s->in_missing);
    for (int p = 0; p < s->places; p++) {
        int j = s->head[p];
        if (j >= 0) {
            s->place_lower[p] = s->lower[j];
            s->place_upper[p] = s->upper[j];
            sg_pivot_look_at(s, p);
        }
    }
}

/* The basic variables take up what the rows miss. True where there was something. */
static bool settle_rest(sg_pivot *s)
{
    sg_spread *x = &s->flips;
    bool missed = false;
    sg_spread_clear(x, s->place_size);
    for (int i = 0; i < s->rows; i++) {
        if (s->rest[i] != 0.0) {
            x->value[s->place_of[i]] = s->rest[i];
            x->index[x->count++] = s->place_of[i];
            missed = missed || !(fabs(s->rest[i]) <= REST_MAX);
        }
    }
    memset(s->rest, 0, (size_t)s->rows * sizeof *s->rest);
    if (missed) {
        sg_factor_ftran(s->factor, x);
        for (int p = 0; p < s->places; p++) {
            s->place_value[p] += x->value[p];
        }
    }
    return missed;
}

/* ---- a basis from a point --------------------------------------------------------------------- */

/* To the nearer bound. */
static double room_of(const sg_pivot *s, int j)
{
    return fmin(s->value[j] - s->lower[j], s->upper[j] - s->value[j]);
}

/* Rooms are told apart by their powers of two. */
static int bucket_of(double room)
{
    int exponent;
    frexp(room, &exponent);
    exponent += BUCKETS / 2;
    return exponent < 0 ? 0 : exponent >= BUCKETS ? BUCKETS - 1 : exponent;
}

/* The values of the rows, and everything inside its bounds. */
static void take_point(sg_pivot *s, const double *value)
{
    memset(s->value, 0, (size_t)s->variables * sizeof *s->value);
    for (int j = 0; j < s->columns; j++) {
        s->value[j] = value[j];
        for (int k = s->cells.start[j]; k < s->cells.start[j + 1]; k++) {
            s->value[s->columns + s->cells.index[k]] += s->cells.value[k] * value[j];
        }
    }
    for (int j = 0; j < s->variables; j++) {
        double v = fmin(fmax(s->value[j], s->lower[j]), s->upper[j]);
        bool low = v - s->lower[j] <= s->upper[j] - v;
        s->stand[j] = low ? SG_AT_LOWER : SG_AT_UPPER;
        s->value[j] = v;
        if (room_of(s, j) <= ROOM_MIN) {
            s->value[j] = low ? s->lower[j] : s->upper[j];
        }
    }
}

/* As many as there are rows become basic, those with most room first. */
static void choose_basic(sg_pivot *s)
{
    int bucket[BUCKETS] = {0}, open = s->rows, least = BUCKETS;
    for (int j = 0; j < s->variables; j++) {
        bucket[bucket_of(room_of(s, j))] += room_of(s, j) > 0.0;
    }
    while (least > 0 && bucket[least - 1] <= open) {
        open -= bucket[--least];
    }
    for (int j = 0; j < s->variables; j++) {
        double room = room_of(s, j);
        int b = bucket_of(room);
        bool last = room > 0.0 && b == least - 1 && open > 0;
        open -= last;
        if (last || (room > 0.0 && b >= least)) {
            s->stand[j] = SG_BASIC;
        }
    }
}

/* Factors and values for a basis with variables between their bounds. False: they do not fit. */
static bool anchor(sg_pivot *s)
{
    if (!factor(s)) {
        return false;
    }
    survey(s);
    settle_rest(s);
    look_at_all(s);
    s->priced = false;
    return true;
}

void sg_pivot_begin_at(sg_pivot *s, const double *value, double seconds_max)
{
    double until_s = seconds_max > 0.0 ? sg_clock_s() + seconds_max : HUGE_VAL;
    s->priced = false;
    load(s);
    take_point(s, value);
    memcpy(s->scratch, s->value, (size_t)s->variables * sizeof *s->value);
    choose_basic(s);
    sg_pivot_set_basis(s, s->stand);
    memcpy(s->value, s->scratch, (size_t)s->variables * sizeof *s->value);
    for (int p = 0; p < s->rows; p++) {
        s->place_value[p] = s->value[s->head[p]];
    }
    bool going = anchor(s);
    for (int j = 0; j < s->variables && going; j++) {
        if (s->stand[j] != SG_BASIC && room_of(s, j) > 0.0) {
            bool done = sg_pivot_push(s, j) == SG_STEP_DONE;
            s->factored = done;
            going = (done || anchor(s)) && (!isfinite(until_s) || sg_clock_s() < until_s);
        }
    }
}

void sg_pivot_let_go(sg_pivot *s, const bool *gone)
{
    int surplus = 0;
    for (int p = 0; p < s->places; p++) {
        surplus += s->head[p] >= 0 && gone[s->head[p]];
    }
    for (int i = 0; i < s->rows; i++) {
        surplus -= gone[s->columns + i];
    }
    for (int p = 0, end = s->places; p < end && surplus > 0 && s->priced; p++) {
        int j = s->head[p];
        if (j >= 0 && j < s->columns && gone[j]) {
            sg_pivot_step step = sg_pivot_let_out(s, p, gone);
            surplus -= step == SG_STEP_DONE;
            if (step == SG_STEP_REFRESH) {
                return;
            }
        }
    }
}

/* ---- the solve -------------------------------------------------------------------------------- */

typedef struct budget {
    double until_s; /* HUGE_VAL = none */
    int64_t pivots_max;
} budget;

/* Pivots of one kind until something else is to be done. */
static sg_pivot_step run(sg_pivot *s, const budget *b, sg_pivot_step (*once)(sg_pivot *))
{
    sg_pivot_step step = SG_STEP_DONE;
    while (step == SG_STEP_DONE && s->pivots < b->pivots_max) {
        step = once(s);
        if (s->pivots % CLOCK_EVERY == 0 && isfinite(b->until_s) && sg_clock_s() > b->until_s) {
            break;
        }
    }
    return step;
}

static void write_point(const sg_pivot *s, sg_lp_point *ret)
{
    memcpy(ret->row_dual, s->reduced + s->columns, (size_t)s->rows * sizeof *ret->row_dual);
    memcpy(ret->value, s->value, (size_t)s->columns * sizeof *ret->value);
    for (int p = 0; p < s->places; p++) {
        if (s->head[p] >= 0 && s->head[p] < s->columns) {
            ret->value[s->head[p]] = s->place_value[p];
        }
    }
}

/* Who is not basic has the value of its bound, where that is one. */
static void take_bounds(sg_pivot *s)
{
    for (int j = 0; j < s->variables; j++) {
        double bound = s->stand[j] == SG_AT_LOWER ? s->lower[j] : s->upper[j];
        if (s->stand[j] != SG_BASIC && fabs(bound) < SG_PIVOT_FAR) {
            s->value[j] = bound;
        }
    }
}

/* Numbers for the basis as it is: factors and prices where they are not at hand, and values. False: no factors. */
static bool prepare(sg_pivot *s, bool first)
{
    bool moved = !s->factored;
    if (moved && !factor(s)) {
        return false;
    }
    if (!s->priced) {
        take_bounds(s);
        survey(s);
    }
    if (settle_rest(s) || moved || first) {
        look_at_all(s);
    }
    return true;
}

/* Nobody has the wrong price any more: at another bound, or at another cost. */
static void put_right(sg_pivot *s)
{
    const sg_lp_model *m = s->model;
    s->invented = stand_all(s, 0, s->columns, m->lower, m->upper);
    s->invented |= stand_all(s, s->columns, s->rows, m->row_lower, m->row_upper);
    if (settle_rest(s)) {
        look_at_all(s);
    }
}

/* By the primal simplex, for as many pivots as so many wrong prices may take; then they are the dual simplex's again. */
static sg_pivot_step run_gains(sg_pivot *s, const budget *b, int wrong)
{
    int64_t most = s->pivots + GAIN_PIVOTS + 4 * (int64_t)wrong;
    budget own = {b->until_s, most < b->pivots_max ? most : b->pivots_max};
    sg_pivot_list_gaining(s);
    sg_pivot_step step = run(s, &own, sg_pivot_gain);
    bool spent = step == SG_STEP_DONE && s->pivots == most && most < b->pivots_max;
    s->gains = step != SG_STEP_BLOCKED && !spent;
    return step == SG_STEP_BLOCKED || spent ? SG_STEP_FEASIBLE : step;
}

/* Pivots of the kind that is called for. ret_proved: there was nothing to do, with numbers made anew from the model's. */
static sg_pivot_step pivot(sg_pivot *s, const budget *b, bool anew, bool *ret_proved)
{
    int wrong = anew ? count_wrong(s) : 0;
    int64_t before = s->pivots;
    s->gains = s->gains && wrong <= s->rows / GAIN_PART;
    *ret_proved = false;
    if (wrong > 0 && s->gains && s->missing_count == 0) {
        return run_gains(s, b, wrong);
    }
    if (anew) {
        put_right(s);
    }
    sg_pivot_step step = run(s, b, sg_pivot_once);
    *ret_proved = anew && s->pivots == before;
    return step;
}

static sg_outcome settle(sg_pivot *s, const budget *b)
{
    int idle = 0;
    for (bool first = true; idle < IDLE_MAX; first = false) {
        bool anew = !s->priced, proved;
        if (!prepare(s, first)) {
            return SG_NUMERIC;
        }
        bool factored = sg_factor_updates(s->factor) == 0;
        int64_t before = s->pivots;
        sg_pivot_step step = pivot(s, b, anew, &proved);
        if (step == SG_STEP_FEASIBLE && proved && !s->shifted) {
            return s->invented ? SG_NUMERIC : SG_SOLVED;
        }
        s->priced = false;
        if (step == SG_STEP_DONE) {
            return SG_LIMIT;
        }
        if (step != SG_STEP_FEASIBLE && proved && factored) {
            return step == SG_STEP_BLOCKED ? SG_INFEASIBLE : SG_NUMERIC;
        }
        idle += s->pivots - before < IDLE_PIVOTS;
        s->gains = s->gains && idle < IDLE_MAX / 4;
        s->price_min = idle < IDLE_MAX / 4 ? SG_PIVOT_DUAL : PRICE_MIN_IDLE;
        s->factored = step == SG_STEP_FEASIBLE;
    }
    return SG_NUMERIC;
}

sg_outcome sg_pivot_solve(sg_pivot *s, const sg_pivot_options *options, sg_lp_point *ret)
{
    int64_t most = options->pivots_max > 0 ? options->pivots_max : 2 * (int64_t)s->rows + 1000;
    budget b = {.until_s = options->seconds_max > 0.0 ? sg_clock_s() + options->seconds_max : HUGE_VAL,
                .pivots_max = most};
    s->pivots = 0;
    s->gains = true;
    s->price_min = SG_PIVOT_DUAL;
    ret->outcome = load(s) ? settle(s, &b) : SG_INFEASIBLE;
    if (ret->outcome == SG_SOLVED) {
        write_point(s, ret);
    }
    ret->iterations = s->pivots;
    return ret->outcome;
}
