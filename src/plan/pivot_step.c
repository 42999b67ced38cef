/* pivot_step.c - one pivot of the dual simplex: who leaves, the row, who enters, the update. */
#include "plan/pivot_state.h"

#include <math.h>
#include <string.h>

static const double ALPHA_MIN = 1e-9;   /* a cell of the row below it is rounding       */
static const double ENTER_MIN = 1e-7;   /* nor does a column enter on less              */
static const double LET_OUT_MIN = 1e-5; /* nor does one for a variable that need not move  */
static const double AGREE = 1e-6;       /* of row and column about their common cell    */
static const double SHARE_MIN = 1e-14;  /* of a hub                               */
static const double TRACE = 1e-100;     /* of a cell that came to zero */

/* The place that misses its bounds by most, in the measure of the weights; -1 = none does. */
static int choose_leaving(sg_pivot *s)
{
    double best = 0.0;
    int place = -1, kept = 0;
    for (int k = 0; k < s->missing_count; k++) {
        int i = s->missing[k];
        double miss = s->miss[i];
        if (miss == 0.0) {
            s->in_missing[i] = false;
            continue;
        }
        s->missing[kept++] = i;
        if (miss * miss > best * s->weight[i]) {
            best = miss * miss / s->weight[i];
            place = i;
        }
    }
    s->missing_count = kept;
    return place;
}

static void clear_row(sg_pivot *s)
{
    for (int k = 0; k < s->row_count; k++) {
        s->row_value[s->row_index[k]] = 0.0;
    }
    s->row_count = 0;
}

/* A sum that comes back to zero stays listed, by a trace that no other sum feels. */
void sg_pivot_spread_row(sg_pivot *s, bool live_only)
{
    const sg_row_cells *r = &s->by_row;
    double *value = s->row_value;
    clear_row(s);
    int *index = s->row_index, count = 0, logicals = s->columns;
    for (int k = 0; k < s->rho.count; k++) {
        int i = s->row_of[s->rho.index[k]];
        double v = s->rho.value[s->rho.index[k]];
        if (v == 0.0) {
            continue;
        }
        index[count] = logicals + i;
        if (!live_only || s->live[logicals + i]) {
            value[logicals + i] = -v;
            count++;
        }
        for (int c = r->start[i], end = live_only ? r->live_end[i] : r->start[i + 1]; c < end;
             c++) {
            int j = r->cells[c].column;
            double before = value[j];
            index[count] = j;
            count += before == 0.0;
            value[j] = before + v * r->cells[c].value + TRACE;
        }
    }
    s->row_count = count;
}

/* The share of a hub, onto the row. */
static void add_hub(sg_pivot *s, int hub, double share)
{
    const sg_row_cell *cell = s->hubs.cells + s->hubs.start[hub],
                      *end = s->hubs.cells + s->hubs.start[hub + 1];
    double *value = s->row_value;
    int *index = s->row_index, count = s->row_count;
    for (; cell < end; cell++) {
        int j = cell->column;
        if (s->live[j]) {
            double before = value[j];
            index[count] = j;
            count += before == 0.0;
            value[j] = before + share * cell->value + TRACE;
        }
    }
    s->row_count = count;
}

/* The live part of row `place` of the tableau: what its row of the inverse has for itself, and shares of the hubs. */
static void make_row(sg_pivot *s, int place)
{
    double share[SG_FACTOR_HUBS_MAX];
    sg_spread_clear(&s->rho, s->place_size);
    sg_factor_leave(s->factor, place, &s->rho, share);
    sg_spread_list(&s->rho, s->rows);
    sg_pivot_spread_row(s, true);
    for (int k = 0; k < sg_factor_hub_count(s->factor); k++) {
        if (fabs(share[k]) > SHARE_MIN) {
            add_hub(s, k, share[k]);
        }
    }
}

/* ---- who enters ------------------------------------------------------------------------------- */

/* Those whose reduced costs a growing step brings to zero. sign = 1: the leaving one falls to its upper bound. */
static int collect_ratios(sg_pivot *s, double sign)
{
    const double side[2] = {sign, -sign};
    const signed char *stand = s->stand;
    const double *value = s->row_value, *reduced = s->reduced;
    sg_ratio *to = s->ratio;
    for (const int *at = s->row_index, *end = at + s->row_count; at < end; at++) {
        double size = side[stand[*at]] * value[*at];
        to->size = size;
        to->reduced = fabs(reduced[*at]);
        to->variable = *at;
        to += size > ALPHA_MIN;
    }
    return (int)(to - s->ratio);
}

/* The longest step that keeps every reduced cost within the tolerance. */
static double harris_step(const sg_ratio *ratio, int count)
{
    double num = 1.0, den = 0.0; /* infinite */
    for (int k = 0; k < count; k++) {
        double reach = ratio[k].reduced + SG_PIVOT_DUAL;
        if (reach * den < num * ratio[k].size) {
            num = reach;
            den = ratio[k].size;
        }
    }
    return den > 0.0 ? num / den : HUGE_VAL;
}

/* The entering variable, or -1. Boxed ones that the step may pass are put on the flip list as long as the leaving one
 * stays outside its bound; of those that end it, the one with the largest cell enters. */
static int choose_entering(sg_pivot *s, double sign, double miss)
{
    int count = collect_ratios(s, sign);
    double slope = miss;
    s->flip_count = 0;
    while (count > 0) {
        double most = harris_step(s->ratio, count), size = 0.0, gain = 0.0;
        int best = -1;
        for (int k = 0; k < count; k++) {
            const sg_ratio *r = &s->ratio[k];
            if (r->reduced <= most * r->size) {
                gain += r->size * (s->upper[r->variable] - s->lower[r->variable]);
                best = r->size > size ? r->variable : best;
                size = r->size > size ? r->size : size;
            }
        }
        slope -= gain;
        if (!(slope > 0.0)) {
            return size < ENTER_MIN ? -1 : best;
        }
        for (int k = 0; k < count;) {
            if (s->ratio[k].reduced <= most * s->ratio[k].size) {
                s->flipped[s->flip_count++] = s->ratio[k].variable;
                s->ratio[k] = s->ratio[--count];
            } else {
                k++;
            }
        }
    }
    return -1;
}

/* ---- the update ------------------------------------------------------------------------------- */

static void add_cell(sg_pivot *s, sg_spread *x, int row, double value)
{
    int i = s->place_of[row];
    if (!s->listed[i]) {
        s->listed[i] = true;
        x->index[x->count++] = i;
    }
    x->value[i] += value;
}

static void spread_column(sg_pivot *s, sg_spread *x, int j, double factor)
{
    if (j >= s->columns) {
        add_cell(s, x, j - s->columns, -factor);
        return;
    }
    for (int k = s->cells.start[j]; k < s->cells.start[j + 1]; k++) {
        add_cell(s, x, s->cells.index[k], factor * s->cells.value[k]);
    }
}

/* What was spread is complete. */
static void end_spread(sg_pivot *s, const sg_spread *x)
{
    for (int k = 0; k < x->count; k++) {
        s->listed[x->index[k]] = false;
    }
}

/* The column of the tableau. */
static void make_column(sg_pivot *s, int entering)
{
    sg_spread_clear(&s->column, s->place_size);
    spread_column(s, &s->column, entering, 1.0);
    end_spread(s, &s->column);
    sg_factor_enter(s->factor, &s->column);
    sg_spread_list(&s->column, s->places);
}

/* Move the flipped ones to their other bounds and the basic ones with them. */
static void flip(sg_pivot *s)
{
    if (!s->flip_count) {
        return;
    }
    sg_spread_clear(&s->flips, s->place_size);
    for (int k = 0; k < s->flip_count; k++) {
        int j = s->flipped[k];
        bool up = s->stand[j] == SG_AT_LOWER;
        double to = up ? s->upper[j] : s->lower[j];
        spread_column(s, &s->flips, j, to - s->value[j]);
        s->value[j] = to;
        s->stand[j] = up ? SG_AT_UPPER : SG_AT_LOWER;
    }
    end_spread(s, &s->flips);
    sg_factor_ftran(s->factor, &s->flips);
    sg_spread_list(&s->flips, s->places);
    for (int k = 0; k < s->flips.count; k++) {
        int i = s->flips.index[k];
        s->place_value[i] -= s->flips.value[i];
        sg_pivot_look_at(s, i);
    }
}

static void update_weights(sg_pivot *s, int place, double alpha)
{
    double own = s->weight[place];
    for (int k = 0; k < s->column.count; k++) {
        int i = s->column.index[k];
        double r = s->column.value[i] / alpha;
        double w = r * r * own;
        s->weight[i] = w > s->weight[i] ? w : s->weight[i];
    }
    s->weight[place] = fmax(own / (alpha * alpha), 1.0);
}

static void move_reduced(sg_pivot *s, int entering, int leaving, double step)
{
    for (int k = 0; k < s->row_count && step != 0.0; k++) {
        int j = s->row_index[k];
        s->reduced[j] -= step * s->row_value[j];
    }
    s->reduced[entering] = 0.0;
    s->reduced[leaving] = -step;
}

/* Reduced costs along the row; one that has the wrong sign by rounding enters at a cost shifted to make it zero. */
static void update_reduced(sg_pivot *s, int entering, int leaving, double sign)
{
    double step = s->reduced[entering] / s->row_value[entering]; /* of the leaving one's price */
    if (step * sign < 0.0) {
        s->shifted = true;
        step = 0.0;
    }
    move_reduced(s, entering, leaving, step);
}

/* Row and column about the cell that they share. */
static bool agree(const sg_pivot *s, int place, int entering)
{
    double alpha = s->column.value[place], row_alpha = s->row_value[entering];
    return fabs(alpha - row_alpha) <= AGREE * (1e-3 + fabs(alpha));
}

/* The entering one takes the place, or the one that follows it. False where the factors have no room for that. */
static bool take_place(sg_pivot *s, int place, int entering, double value)
{
    int to = sg_factor_replace(s->factor, place, s->column.value[place]);
    bool moves = to >= 0;
    if (moves) {
        s->weight[to] = s->weight[place];
        s->head[place] = -1;
        s->place_value[place] = s->miss[place] = 0.0;
        s->place_lower[place] = -HUGE_VAL;
        s->place_upper[place] = HUGE_VAL;
        s->places = to + 1;
    }
    to = moves ? to : place;
    s->head[to] = entering;
    s->place_value[to] = value;
    s->place_lower[to] = s->lower[entering];
    s->place_upper[to] = s->upper[entering];
    sg_pivot_look_at(s, to);
    return moves;
}

static bool exchange(sg_pivot *s, int place, int entering, bool above)
{
    int leaving = s->head[place];
    double bound = above ? s->place_upper[place] : s->place_lower[place];
    double step = (s->place_value[place] - bound) / s->column.value[place];
    for (int k = 0; k < s->column.count; k++) {
        int i = s->column.index[k];
        s->place_value[i] -= step * s->column.value[i];
        sg_pivot_look_at(s, i);
    }
    s->stand[leaving] = above ? SG_AT_UPPER : SG_AT_LOWER;
    s->value[leaving] = bound;
    s->stand[entering] = SG_BASIC;
    sg_pivot_set_live(s, leaving, s->lower[leaving] < s->upper[leaving]);
    sg_pivot_set_live(s, entering, false);
    return take_place(s, place, entering, s->value[entering] + step);
}

/* ---- a variable between its bounds ------------------------------------------------------------ */

/* How far place i may move with a cell of this size and direction, in steps of the column. */
static double reach_of(const sg_pivot *s, int i, double move)
{
    double v = s->place_value[i];
    double room = move > 0.0 ? s->place_upper[i] - v : v - s->place_lower[i];
    return fmax(room, 0.0) / fabs(move);
}

/* The basic variable that comes to a bound while another goes this way, by the largest cell of those that do within the
 * tolerance; -1 = none does. */
static int find_stop(const sg_pivot *s, double way)
{
    double most = 1.0, size = 0.0;
    int place = -1;
    for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k < s->column.count; k++) {
            int i = s->column.index[k];
            double cell = s->column.value[i], move = -way * cell;
            if (fabs(cell) <= ENTER_MIN || move == 0.0) {
                continue;
            }
            double reach = reach_of(s, i, move);
            if (pass == 0) {
                most = fmin(most, reach + SG_PIVOT_FEASIBLE / fabs(move));
            } else if (reach <= most && fabs(cell) > size) {
                size = fabs(cell);
                place = i;
            }
        }
        if (most >= 1.0) {
            return -1;
        }
    }
    return place;
}

/* All the way, nothing being in it. */
static void go_through(sg_pivot *s, int j, double way)
{
    for (int k = 0; k < s->column.count; k++) {
        int i = s->column.index[k];
        s->place_value[i] -= way * s->column.value[i];
        sg_pivot_look_at(s, i);
    }
    s->stand[j] = way > 0.0 ? SG_AT_UPPER : SG_AT_LOWER;
    s->value[j] = way > 0.0 ? s->upper[j] : s->lower[j];
}

sg_pivot_step sg_pivot_push(sg_pivot *s, int j)
{
    double below = s->value[j] - s->lower[j], above = s->upper[j] - s->value[j];
    double way = above < below ? above : -below, share[SG_FACTOR_HUBS_MAX];
    make_column(s, j);
    int place = find_stop(s, way);
    if (place < 0) {
        go_through(s, j, way);
        return SG_STEP_DONE;
    }
    sg_spread_clear(&s->rho, s->place_size);
    sg_factor_leave(s->factor, place, &s->rho, share);
    bool rises = -way * s->column.value[place] > 0.0;
    return exchange(s, place, j, rises) ? SG_STEP_DONE : SG_STEP_REFRESH;
}

/* ---- the primal simplex ----------------------------------------------------------------------- */

static double gain_of(const sg_pivot *s, int j)
{
    return s->stand[j] == SG_AT_LOWER ? -s->reduced[j] : s->reduced[j];
}

static void list_gaining(sg_pivot *s, int j)
{
    if (!s->in_gaining[j] && s->live[j] && gain_of(s, j) > s->price_min) {
        s->in_gaining[j] = true;
        s->gaining[s->gaining_count++] = j;
    }
}

int sg_pivot_list_gaining(sg_pivot *s)
{
    s->gaining_count = 0;
    for (int j = 0; j < s->variables; j++) {
        s->gain_weight[j] = 1.0;
        s->in_gaining[j] = false;
        list_gaining(s, j);
    }
    return s->gaining_count;
}

/* The one that gains most by leaving its bound, in the measure of the weights; -1 = none gains. */
static int choose_gaining(sg_pivot *s)
{
    double most = 0.0;
    int best = -1, kept = 0;
    for (int k = 0; k < s->gaining_count; k++) {
        int j = s->gaining[k];
        double gain = gain_of(s, j);
        if (!s->live[j] || gain <= s->price_min) {
            s->in_gaining[j] = false;
            continue;
        }
        s->gaining[kept++] = j;
        if (gain * gain > most * s->gain_weight[j]) {
            most = gain * gain / s->gain_weight[j];
            best = j;
        }
    }
    s->gaining_count = kept;
    return best;
}

static void update_gain_weights(sg_pivot *s, int entering, int leaving)
{
    double alpha = s->row_value[entering], own = s->gain_weight[entering] / (alpha * alpha);
    for (int k = 0; k < s->row_count; k++) {
        int j = s->row_index[k];
        double w = s->row_value[j] * s->row_value[j] * own;
        s->gain_weight[j] = w > s->gain_weight[j] ? w : s->gain_weight[j];
    }
    s->gain_weight[leaving] = fmax(own, 1.0);
}

sg_pivot_step sg_pivot_gain(sg_pivot *s)
{
    int j = choose_gaining(s);
    if (j < 0) {
        return SG_STEP_FEASIBLE;
    }
    double range = s->upper[j] - s->lower[j], way = s->stand[j] == SG_AT_LOWER ? range : -range;
    make_column(s, j);
    int place = find_stop(s, way);
    if (place < 0) {
        if (range >= SG_PIVOT_FAR) {
            return SG_STEP_BLOCKED;
        }
        go_through(s, j, way);
        s->pivots++;
        return SG_STEP_DONE;
    }
    make_row(s, place);
    if (!agree(s, place, j)) {
        return SG_STEP_REFRESH;
    }
    update_gain_weights(s, j, s->head[place]);
    move_reduced(s, j, s->head[place], s->reduced[j] / s->row_value[j]);
    for (int k = 0; k < s->row_count; k++) {
        list_gaining(s, s->row_index[k]);
    }
    s->pivots++;
    bool rises = -way * s->column.value[place] > 0.0;
    return exchange(s, place, j, rises) ? SG_STEP_DONE : SG_STEP_REFRESH;
}

/* ---- out of the basis on the spot ------------------------------------------------------------- */

sg_pivot_step sg_pivot_let_out(sg_pivot *s, int place, const bool *gone)
{
    double least = HUGE_VAL;
    int entering = -1;
    make_row(s, place);
    for (int k = 0; k < s->row_count; k++) {
        int j = s->row_index[k];
        double size = fabs(s->row_value[j]);
        if (!gone[j] && size > LET_OUT_MIN && fabs(s->reduced[j]) < least * size) {
            least = fabs(s->reduced[j]) / size;
            entering = j;
        }
    }
    if (entering < 0) {
        return SG_STEP_BLOCKED;
    }
    make_column(s, entering);
    if (!agree(s, place, entering)) {
        return SG_STEP_REFRESH;
    }
    s->place_lower[place] = s->place_upper[place] = s->place_value[place];
    move_reduced(s, entering, s->head[place], s->reduced[entering] / s->row_value[entering]);
    return exchange(s, place, entering, false) ? SG_STEP_DONE : SG_STEP_REFRESH;
}

/* ---- the dual simplex ------------------------------------------------------------------------- */

sg_pivot_step sg_pivot_once(sg_pivot *s)
{
    int place = choose_leaving(s);
    if (place < 0) {
        return SG_STEP_FEASIBLE;
    }
    int leaving = s->head[place];
    bool above = s->place_value[place] > s->place_upper[place];
    double sign = above ? 1.0 : -1.0;
    make_row(s, place);
    int entering = choose_entering(s, sign, s->miss[place]);
    if (entering < 0) {
        return SG_STEP_BLOCKED;
    }
    make_column(s, entering);
    if (!agree(s, place, entering)) {
        return SG_STEP_REFRESH;
    }
    flip(s);
    update_weights(s, place, s->column.value[place]);
    update_reduced(s, entering, leaving, sign);
    s->pivots++;
    return exchange(s, place, entering, above) ? SG_STEP_DONE : SG_STEP_REFRESH;
}
