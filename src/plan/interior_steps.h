/* interior_steps.h - the fronts: from step to step with what is left of each, until both halves meet. Part of
 * interior_lanes.h. */

/* --- assembly of a step's front: `t` the step, `at` its place in the block --- */

/* Only the upper half of a front is filled: where the product of two unknowns stands. */
static ALWAYS_INLINE size_t NAMED(cross)(size_t a, size_t b, size_t lead)
{
    return a < b ? a * lead + b : b * lead + a;
}

/* What the grid connection and the windows that are open at a step put into the front. */
static TARGET void NAMED(join_grid)(const sg_interior *self, const sg_interior_half *half,
                                    const sg_interior_pattern *now, int t, double *restrict front,
                                    size_t lead)
{
    size_t zone = (size_t)self->grid_zone, own = (size_t)now->ramp, next = (size_t)now->next_ramp,
           at = (size_t)(t % SG_INTERIOR_BLOCK);
    const double *weight = half->weight + at;
    double in = half->import_inv[at], both = in + half->export_inv[at];
    bool last = t + 1 >= self->steps;
    bool ramped = self->ramp && t >= self->ramp_from, ramps = self->ramp && !last;
    front[zone * lead + zone] += both;
    if (self->ramp) {
        front[own * lead + own] += ramped ? both + 1 / weight[self->ramp_slack] : 1;
    }
    if (ramped) {
        front[zone * lead + own] += both;
    }
    if (ramps) {
        front[zone * lead + next] -= both;
        front[next * lead + next] += both;
    }
    if (ramped && ramps) {
        front[NAMED(cross)(own, next, lead)] -= both;
    }
    for (int i = 0; i < now->open_count; i++) {
        const sg_interior_window *window = &self->window[now->open[i]];
        if (window->shiftable) {
            continue;
        }
        size_t place = (size_t)now->place[i];
        double w = weight[window->series], rest = weight[self->import];
        front[zone * lead + place] += w * in;
        if (ramped) {
            front[NAMED(cross)(own, place, lead)] += w * in;
        }
        if (ramps) {
            front[NAMED(cross)(next, place, lead)] -= w * in;
        }
        for (int j = 0; j < now->open_count; j++) {
            const sg_interior_window *other = &self->window[now->open[j]];
            if (j != i && !other->shiftable) {
                double v = weight[other->series];
                size_t there = (size_t)now->place[j];
                rest += v;
                if (there > place) {
                    front[place * lead + there] += v * w * in;
                }
            }
        }
        bool goes = now->place[i] < now->out; /* then its own weight joins */
        front[place * lead + place] -= w * rest * in + (goes ? window->weight : 0);
    }
}

static TARGET void NAMED(join)(const sg_interior *self, const sg_interior_half *half,
                               const sg_interior_pattern *now, int t, double *restrict front,
                               size_t lead)
{
    size_t zones = (size_t)self->zones, up = zones, down = zones + (self->up ? 1 : 0),
           at = (size_t)(t % SG_INTERIOR_BLOCK);
    for (size_t z = 0; z < zones; z++) {
        front[z * lead + z] += half->diagonal[z * SG_INTERIOR_BLOCK + at];
    }
    for (int j = 0; j < self->link_count; j++) {
        size_t from = (size_t)self->link_from[j], to = (size_t)self->link_to[j];
        const double *weight = half->weight + self->link + (size_t)(2 * j) * SG_INTERIOR_BLOCK + at;
        double there = 1 / weight[0], back = 1 / weight[SG_INTERIOR_BLOCK],
               arrives = self->link_arrives[j];
        front[from * lead + from] += there + arrives * arrives * back;
        front[to * lead + to] += back + arrives * arrives * there;
        front[NAMED(cross)(from, to, lead)] -= arrives * (there + back);
    }
    if (self->up) {
        front[up * lead + up] += 1 / half->weight[self->need_up + at];
    }
    if (self->down) {
        front[down * lead + down] += 1 / half->weight[self->need_down + at];
    }
    if (self->grid) {
        NAMED(join_grid)(self, half, now, t, front, lead);
    }
    for (int i = 0; i < now->open_count; i++) {
        const sg_interior_window *window = &self->window[now->open[i]];
        if (window->shiftable) {
            size_t place = (size_t)now->place[i], zone = (size_t)window->zone;
            double inv = 1 / half->weight[window->series + at];
            bool goes = now->place[i] < now->out;
            front[zone * lead + zone] += inv;
            front[zone * lead + place] -= inv;
            front[place * lead + place] += inv + (goes ? 1 / window->weight : 0);
        }
    }
}

static TARGET void NAMED(join_stores)(const sg_interior *self, const sg_interior_half *half,
                                      const sg_interior_pattern *now, size_t in_block,
                                      double *restrict front, size_t lead)
{
    size_t up = (size_t)self->zones, down = up + (self->up ? 1 : 0);
    for (int s = 0; s < self->store_count; s++) {
        const double *part =
            half->part + (size_t)s * SG_INTERIOR_PARTS * SG_INTERIOR_BLOCK + in_block;
        size_t zone = (size_t)self->store[s].zone, own = (size_t)(now->energy + s),
               next = (size_t)(now->next_energy + s);
        front[own * lead + own] += part[SG_PART_OWN];
        front[zone * lead + own] += part[SG_PART_OWN_BALANCE];
        front[zone * lead + zone] += part[SG_PART_BALANCE];
        front[NAMED(cross)(own, next, lead)] += part[SG_PART_OWN_NEXT];
        front[next * lead + next] += part[SG_PART_NEXT];
        if (self->up || self->down) {
            front[zone * lead + next] += part[SG_PART_BALANCE_NEXT];
        }
        if (self->up) {
            front[up * lead + own] += part[SG_PART_OWN_UP];
            front[zone * lead + up] += part[SG_PART_BALANCE_UP];
            front[up * lead + up] += part[SG_PART_UP];
            front[up * lead + next] += part[SG_PART_UP_NEXT];
        }
        if (self->down) {
            front[down * lead + own] += part[SG_PART_OWN_DOWN];
            front[zone * lead + down] += part[SG_PART_BALANCE_DOWN];
            front[down * lead + down] += part[SG_PART_DOWN];
            front[down * lead + next] += part[SG_PART_DOWN_NEXT];
        }
        if (self->up && self->down) {
            front[up * lead + down] += part[SG_PART_UP_DOWN];
        }
    }
}

/* After the last step there is none: its unknowns are tied to nothing. */
static TARGET void NAMED(cut_off)(const sg_interior *self, const sg_interior_pattern *now,
                                  double *restrict front, size_t lead)
{
    size_t next = (size_t)now->next_ramp,
           end = next + (self->ramp ? 1 : 0) + (size_t)self->store_count;
    for (size_t i = next; i < end; i++) {
        for (size_t j = 0; j < lead; j++) {
            front[NAMED(cross)(i, j, lead)] = i == j ? 1 : 0;
        }
    }
}

/* --- elimination --- */

/* A pivot inverted. A row that the others already say adds nothing, and its price stays as it is; nor does one whose sign
 * is lost in rounding: prices have positive pivots, peaks (from `peaks` on, where marked) negative ones. */
static TARGET double NAMED(invert)(double pivot, double before, bool peak)
{
    double d = peak ? -pivot : pivot;
    return (peak ? -1 : 1) / ((d > 0 ? d : 0) + 3e-16 * fabs(before) + 1e-200);
}

/* The next four pivots, inverted, and the parts of the rows above them that come off the rows below. */
typedef struct NAMED(corner) {
    double inv[4], f01, f02, f03, f12, f13, f23;
} NAMED(corner);

static ALWAYS_INLINE TARGET NAMED(corner)
    NAMED(corner_of)(const double *at, size_t lead, const double *before, const bool *peak)
{
    NAMED(corner) c;
    double a01 = at[1], a02 = at[2], a03 = at[3], a11 = at[lead + 1], a12 = at[lead + 2],
           a13 = at[lead + 3], a22 = at[2 * lead + 2], a23 = at[2 * lead + 3],
           a33 = at[3 * lead + 3];
    c.inv[0] = NAMED(invert)(at[0], before[0], peak[0]);
    c.f01 = a01 * c.inv[0];
    c.f02 = a02 * c.inv[0];
    c.f03 = a03 * c.inv[0];
    c.inv[1] = NAMED(invert)(a11 - c.f01 * a01, before[1], peak[1]);
    a12 -= c.f01 * a02;
    a13 -= c.f01 * a03;
    c.f12 = a12 * c.inv[1];
    c.f13 = a13 * c.inv[1];
    c.inv[2] = NAMED(invert)(a22 - c.f02 * a02 - c.f12 * a12, before[2], peak[2]);
    a23 -= c.f02 * a03 + c.f12 * a13;
    c.f23 = a23 * c.inv[2];
    c.inv[3] = NAMED(invert)(a33 - c.f03 * a03 - c.f13 * a13 - c.f23 * a23, before[3], peak[3]);
    return c;
}

/* Eliminate the unknowns of the front that are to go, four at a time; its upper half is filled. `factor` takes their rows
 * divided by their pivots. The last four may be fewer: the rows that fill up are empty. */
static TARGET void NAMED(eliminate)(double *restrict front, const sg_interior_pattern *now,
                                    size_t lead, double *restrict factor, double *restrict pivot)
{
    size_t own = sg_interior_lead(now->out);
    double before[SG_INTERIOR_FRONT_MAX];
    for (size_t k = 0; k < own; k++) {
        before[k] = front[k * lead + k];
    }
    for (size_t k = 0; k < own; k += 4) {
        double *r0 = front + k * lead, *r1 = r0 + lead, *r2 = r1 + lead, *r3 = r2 + lead;
        double *f0 = factor + sg_interior_four(k, lead), *f1 = f0 + lead - k, *f2 = f1 + lead - k,
               *f3 = f2 + lead - k;
        const NAMED(corner) c = NAMED(corner_of)(r0 + k, lead, before + k, now->peak + k);
        memcpy(pivot + k, c.inv, sizeof c.inv);
        for (size_t t = k; t < lead; t += LANES) {
            lanes a = LOAD(r0), b = LOAD(r1) - c.f01 * a, d = LOAD(r2) - c.f02 * a - c.f12 * b,
                  e = LOAD(r3) - c.f03 * a - c.f13 * b - c.f23 * d;
            STORE(r1, b);
            STORE(r2, d);
            STORE(r3, e);
            STORE(f0, a * c.inv[0]);
            STORE(f1, b * c.inv[1]);
            STORE(f2, d * c.inv[2]);
            STORE(f3, e * c.inv[3]);
        }
        for (size_t i = k + 4; i < lead; i += 2) {
            double *one = front + i * lead, *two = one + lead;
            for (size_t t = i & ~(size_t)3; t < lead; t += LANES) {
                lanes a = LOAD(r0), b = LOAD(r1), d = LOAD(r2), e = LOAD(r3);
                STORE(one, LOAD(one) - ((f0[i] * a + f1[i] * b) + (f2[i] * d + f3[i] * e)));
                STORE(two, LOAD(two) -
                               ((f0[i + 1] * a + f1[i + 1] * b) + (f2[i + 1] * d + f3[i + 1] * e)));
            }
        }
    }
}

/* Put the inverse of the triangle of what was eliminated in its place, from the last four rows up, so that a substitution is
 * products of matrices and vectors only; what ties it to the rest stays behind it in the rows. */
static TARGET void NAMED(keep)(size_t own, size_t lead, double *factor)
{
    for (size_t k = own; k > 0;) {
        k -= 4;
        double *f0 = factor + sg_interior_four(k, lead), *f1 = f0 + lead - k, *f2 = f1 + lead - k,
               *f3 = f2 + lead - k;
        double a01 = f0[k + 1], a02 = f0[k + 2], a03 = f0[k + 3], a12 = f1[k + 2], a13 = f1[k + 3],
               a23 = f2[k + 3];
        for (size_t g = own - 4; g > k; g -= 4) { /* what is left of g is still the triangle */
            lanes x[4][4 / LANES] = {0};
            for (size_t h = k + 4; h <= g; h += 4) {
                const double *row = factor + sg_interior_four(h, lead) + g;
                for (size_t i = h; i < h + 4; i++, row += lead - h) {
                    for (size_t l = 0; l < 4 / LANES; l++) {
                        lanes v = NAMED(load)(row + l * LANES);
                        x[0][l] -= f0[i] * v;
                        x[1][l] -= f1[i] * v;
                        x[2][l] -= f2[i] * v;
                        x[3][l] -= f3[i] * v;
                    }
                }
            }
            for (size_t l = 0; l < 4 / LANES; l++) {
                size_t t = g + l * LANES;
                x[2][l] -= a23 * x[3][l];
                x[1][l] -= a12 * x[2][l] + a13 * x[3][l];
                x[0][l] -= a01 * x[1][l] + a02 * x[2][l] + a03 * x[3][l];
                STORE(f0, x[0][l]);
                STORE(f1, x[1][l]);
                STORE(f2, x[2][l]);
                STORE(f3, x[3][l]);
            }
        }
        double b13 = a12 * a23 - a13, b02 = a01 * a12 - a02, b03 = -a03 - a01 * b13 + a02 * a23;
        const double corner[4][4] = {
            {1, -a01, b02, b03}, {0, 1, -a12, b13}, {0, 0, 1, -a23}, {0, 0, 0, 1}};
        for (size_t i = 0; i < 4; i++) {
            memcpy(f0 + i * (lead - k) + k, corner[i], sizeof corner[i]);
        }
    }
}

/* Bring over what the step before left: ramp and energies stand together there and here, then the open windows. */
static TARGET void NAMED(carry)(const sg_interior *self, const sg_interior_pattern *now,
                                const double *last, size_t last_own, size_t last_lead,
                                double *restrict front, size_t lead)
{
    int core = (self->ramp ? 1 : 0) + self->store_count;
    for (int i = 0; i < core; i++) {
        const double *from = last + (last_own + (size_t)i) * last_lead + last_own;
        size_t to = (size_t)(now->carried + i);
        for (int j = i; j < core; j++) {
            front[to * lead + (size_t)(now->carried + j)] = from[j];
        }
        for (int j = 0; j < now->carry_count; j++) {
            front[NAMED(cross)(to, (size_t)now->carry[j], lead)] = from[core + j];
        }
    }
    for (int i = 0; i < now->carry_count; i++) {
        for (int j = i; j < now->carry_count; j++) {
            front[NAMED(cross)((size_t)now->carry[i], (size_t)now->carry[j], lead)] =
                last[(last_own + (size_t)(core + i)) * last_lead + last_own + (size_t)(core + j)];
        }
    }
}

/* Factorise a step. */
static TARGET void NAMED(factorise)(const sg_interior *self, sg_interior_half *half, int t)
{
    sg_interior_walk *walk = &half->walk;
    const sg_interior_pattern *now = walk->now;
    size_t lead = sg_interior_lead(now->all);
    double *front = walk->front;
    for (size_t i = 0; i < lead; i++) { /* the upper half is all that is read */
        for (size_t j = i & ~(size_t)3; j < lead; j += LANES) {
            NAMED(store)(front + i * lead + j, (lanes){0});
        }
    }
    if (t != half->start) {
        NAMED(carry)(self, now, walk->last_front, walk->last_own, walk->last_lead, front, lead);
    }
    NAMED(join)(self, half, now, t, front, lead);
    NAMED(join_stores)(self, half, now, (size_t)(t % SG_INTERIOR_BLOCK), front, lead);
    if (t + 1 == self->steps) {
        NAMED(cut_off)(self, now, front, lead);
    }
    NAMED(eliminate)(front, now, lead, walk->factor, walk->pivot);
    NAMED(keep)(sg_interior_lead(now->out), lead, walk->factor);
    walk->front = walk->last_front;
    walk->last_front = front;
    walk->last_lead = lead;
    walk->last_own = sg_interior_lead(now->out);
}

/* --- substitution --- */

/* What a window's own unknown adds to its right-hand side. */
static ALWAYS_INLINE TARGET double NAMED(window_right)(const sg_interior_window *window)
{
    double force = sg_interior_window_force(window);
    return window->shiftable ? sg_interior_window_miss(window) + force / window->weight : force;
}

/* A window's unknown, solved: the price of a shiftable's total, or a peak. */
static ALWAYS_INLINE TARGET void NAMED(close)(sg_interior_window *window, double value)
{
    window->dy = window->shiftable ? value : 0;
    window->dz =
        window->shiftable ? (value - sg_interior_window_force(window)) / window->weight : value;
}

/* The right-hand sides of a step's unknowns. What an energy or the net import leaves to the next step's row goes there. */
static TARGET void NAMED(gather)(const sg_interior *self, const sg_interior_half *half,
                                 const sg_interior_pattern *now, int t, double *restrict front)
{
    size_t at = (size_t)(t % SG_INTERIOR_BLOCK);
    const double *row = half->row + at, *out = half->out + at;
    bool goes_on = t + 1 < self->steps;
    int i = 0;
    for (int z = 0; z < self->zones; z++) {
        front[i++] += row[self->balance + (size_t)z * SG_INTERIOR_BLOCK];
    }
    if (self->up) {
        front[i++] += row[self->need_up];
    }
    if (self->down) {
        front[i++] += row[self->need_down];
    }
    if (self->ramp) {
        front[now->ramp] += t >= self->ramp_from ? row[self->ramp_row] : 0;
        front[now->next_ramp] -= goes_on ? out[self->import] : 0;
    }
    for (int s = 0; s < self->store_count; s++) {
        const sg_interior_store *store = &self->store[s];
        front[now->energy + s] += row[store->row];
        front[now->next_energy + s] -= goes_on ? store->keep * out[store->energy] : 0;
    }
    for (int k = 0; k < now->open_count; k++) {
        const sg_interior_window *window = &self->window[now->open[k]];
        front[now->place[k]] += (window->shiftable ? out : row)[window->series];
        if (now->place[k] < now->out) {
            front[now->place[k]] += NAMED(window_right)(window);
        }
    }
}

/* The changes of a step's prices into `row`. Against time those of the ramp and the energies are the next step's, which may
 * stand in the block after. */
static TARGET void NAMED(scatter)(sg_interior *self, sg_interior_half *half,
                                  const sg_interior_pattern *now, int t, const double *front)
{
    size_t at = (size_t)(t % SG_INTERIOR_BLOCK), ahead = at + (half->back ? 1 : 0);
    double *row = half->row + at;
    bool after = ahead == SG_INTERIOR_BLOCK;
    int i = 0;
    for (int z = 0; z < self->zones; z++) {
        row[self->balance + (size_t)z * SG_INTERIOR_BLOCK] = front[i++];
    }
    if (self->up) {
        row[self->need_up] = front[i++];
    }
    if (self->down) {
        row[self->need_down] = front[i++];
    }
    if (self->ramp) {
        double *to = after ? &half->ramp_ahead : half->row + self->ramp_row + ahead;
        *to = t >= self->ramp_from ? front[i] : 0;
        i++;
    }
    for (int s = 0; s < self->store_count; s++) {
        *(after ? &half->ahead[s] : half->row + self->store[s].row + ahead) = front[i++];
    }
    for (int k = 0; k < now->open_count; k++) {
        if (now->place[k] < now->out) {
            NAMED(close)(&self->window[now->open[k]], front[now->place[k]]);
        }
    }
}

/* ret = sum over kept rows of weight[i] * row i, in columns from `from` on, from two sums so that they need not wait for one
 * another. A column has rows down to its own four. */
static ALWAYS_INLINE TARGET void NAMED(combine)(const double *restrict factor, size_t lead,
                                                const double *restrict weight, size_t count,
                                                size_t from, size_t to, double *restrict ret)
{
    for (size_t t = from; t < to; t += LANES) {
        size_t reach = (t & ~(size_t)3) + 4, end = reach < count ? reach : count;
        lanes a = {0}, b = {0};
        const double *row = factor + t;
        for (size_t k = 0; k < end; k += 4) {
            size_t next = lead - k;
            a += weight[k] * NAMED(load)(row);
            b += weight[k + 1] * NAMED(load)(row + next);
            a += weight[k + 2] * NAMED(load)(row + 2 * next);
            b += weight[k + 3] * NAMED(load)(row + 3 * next);
            row += 4 * next - 4;
        }
        NAMED(store)(ret + t - from, a + b);
    }
}

/* ret = four rows . vector, from column `from` on. */
static ALWAYS_INLINE TARGET void NAMED(dot_four)(const double *restrict rows, size_t lead,
                                                 const double *restrict vector, size_t from,
                                                 size_t width, double *restrict ret)
{
    lanes sum[4][4 / LANES] = {0};
    for (size_t j = from; j < width; j += 4) {
        for (size_t l = 0; l < 4 / LANES; l++) {
            size_t t = j + l * LANES;
            lanes v = LOAD(vector);
            for (size_t r = 0; r < 4; r++) {
                sum[r][l] += LOAD(rows + r * lead) * v;
            }
        }
    }
    /* of each row (p0 + p2) + (p1 + p3) */
#if LANES == 4
    lanes a = __builtin_shufflevector(sum[0][0], sum[2][0], 0, 1, 4, 5) +
              __builtin_shufflevector(sum[0][0], sum[2][0], 2, 3, 6, 7);
    lanes b = __builtin_shufflevector(sum[1][0], sum[3][0], 0, 1, 4, 5) +
              __builtin_shufflevector(sum[1][0], sum[3][0], 2, 3, 6, 7);
    NAMED(store)
    (ret, __builtin_shufflevector(a, b, 0, 4, 2, 6) + __builtin_shufflevector(a, b, 1, 5, 3, 7));
#else
    for (size_t r = 0; r < 4; r += 2) {
        lanes a = sum[r][0] + sum[r][1], b = sum[r + 1][0] + sum[r + 1][1];
        NAMED(store)
        (ret + r, __builtin_shufflevector(a, b, 0, 2) + __builtin_shufflevector(a, b, 1, 3));
    }
#endif
}

/* Solve with a step's rows that were kept, of which `own` are eliminated: first with what comes from the steps before (front),
 * later with what the steps after solved (last). */
static ALWAYS_INLINE TARGET void NAMED(towards)(const double *factor, const double *pivot,
                                                size_t own, size_t lead, double *restrict front,
                                                double *restrict last, double *restrict kept)
{
    double sum[SG_INTERIOR_FRONT_MAX];
    NAMED(combine)(factor, lead, front, own, 0, own, sum);
    for (size_t k = 0; k < own; k += LANES) {
        NAMED(store)(kept + k, NAMED(load)(sum + k) * NAMED(load)(pivot + k));
    }
    NAMED(combine)(factor, lead, sum, own, own, lead, last);
    for (size_t j = 0; j < lead - own; j += LANES) {
        NAMED(store)(last + j, NAMED(load)(front + own + j) - NAMED(load)(last + j));
    }
}
/* Back with what the steps after solved (last); kept: what the way there left. */
static ALWAYS_INLINE TARGET void NAMED(outwards)(const double *factor, const double *kept,
                                                 size_t own, size_t lead,
                                                 const double *restrict last,
                                                 double *restrict front)
{
    double sum[SG_INTERIOR_FRONT_MAX];
    for (size_t k = 0; k < own; k += 4) {
        double tied[4];
        NAMED(dot_four)
        (factor + sg_interior_four(k, lead) + own, lead - k, last, 0, lead - own, tied);
        for (size_t l = 0; l < 4; l += LANES) {
            NAMED(store)(sum + k + l, NAMED(load)(kept + k + l) - NAMED(load)(tied + l));
        }
    }
    for (size_t k = 0; k < own; k += 4) {
        NAMED(dot_four)(factor + sg_interior_four(k, lead), lead - k, sum, k, own, front + k);
    }
    for (size_t j = 0; j < lead - own; j += LANES) {
        NAMED(store)(front + own + j, NAMED(load)(last + j));
    }
}

/* Through a block towards the middle, with the right-hand sides in `row` and `out`; factorise each step first if told to. */
static TARGET void NAMED(inward)(const sg_interior *self, sg_interior_half *half, int b,
                                 bool factorise)
{
    sg_interior_walk *walk = &half->walk;
    double front[SG_INTERIOR_FRONT_MAX], *last = walk->last;
    size_t core = (self->ramp ? 1 : 0) + (size_t)self->store_count;
    int count = (int)NAMED(until)(self->steps, b), first = b * SG_INTERIOR_BLOCK;
    for (int k = 0; k < count; k++) {
        int t = first + (half->back ? count - 1 - k : k);
        walk->now += walk->now + 1 < walk->end && walk->now[1].first == t;
        const sg_interior_pattern *now = walk->now;
        if (factorise) {
            NAMED(factorise)(self, half, t);
        }
        size_t own = sg_interior_lead(now->out), lead = sg_interior_lead(now->all);
        for (size_t j = 0; j < lead; j += LANES) {
            NAMED(store)(front + j, (lanes){0});
        }
        for (size_t j = 0; t != half->start && j < core; j++) {
            front[(size_t)now->carried + j] = last[j];
        }
        for (int i = 0; i < now->carry_count; i++) {
            front[now->carry[i]] = last[core + (size_t)i];
        }
        NAMED(gather)(self, half, now, t, front);
        NAMED(towards)(walk->factor, walk->pivot, own, lead, front, last, walk->kept);
        walk->factor += sg_interior_kept(now);
        walk->pivot += own;
        walk->kept += own;
    }
}

/* What is known of a block's prices before a sweep from the middle comes to it: those of its first step, against time, and that
 * there is nothing after the horizon. */
static TARGET void NAMED(enter)(const sg_interior *self, sg_interior_half *half, int b)
{
    for (size_t t = NAMED(until)(self->steps, b); t < SG_INTERIOR_BLOCK; t++) {
        for (size_t i = 0; i < self->row_width; i += SG_INTERIOR_BLOCK) {
            half->row[i + t] = 0;
        }
    }
    if (half->back && self->ramp) {
        half->row[self->ramp_row] = half->ramp_ahead;
    }
    for (int s = 0; half->back && s < self->store_count; s++) {
        half->row[self->store[s].row] = half->ahead[s];
    }
}

/* Through a block from the middle: the changes of the prices into `row`, of the windows' unknowns into the windows. */
static TARGET void NAMED(outward)(sg_interior *self, sg_interior_half *half, int b)
{
    sg_interior_walk *walk = &half->walk;
    double *front = walk->last, last[SG_INTERIOR_FRONT_MAX] = {0};
    size_t core = (self->ramp ? 1 : 0) + (size_t)self->store_count;
    int count = (int)NAMED(until)(self->steps, b), first = b * SG_INTERIOR_BLOCK;
    NAMED(enter)(self, half, b);
    for (int k = count - 1; k >= 0; k--) {
        int t = first + (half->back ? count - 1 - k : k), solved = t + (half->back ? -1 : 1);
        const sg_interior_pattern *now = walk->now, *next = now;
        size_t own = sg_interior_lead(now->out), lead = sg_interior_lead(now->all);
        if (t != half->stop) {
            next += next + 1 < walk->end && next[1].first == solved;
            for (size_t j = 0; j < core; j++) {
                last[j] = front[(size_t)next->carried + j];
            }
            for (int i = 0; i < next->carry_count; i++) {
                last[core + (size_t)i] = front[next->carry[i]];
            }
        } else {
            memcpy(last, self->met, ((size_t)now->all - own) * sizeof *last);
        }
        for (size_t j = (size_t)now->all - own; j < lead - own; j++) {
            last[j] = 0;
        }
        walk->factor -= sg_interior_kept(now);
        walk->kept -= own;
        size_t kept = sg_interior_kept(now);
        for (size_t i = 0; i < kept; i += 8) { /* no prefetcher expects a way back */
            __builtin_prefetch(walk->factor - SG_INTERIOR_FETCH * kept + i);
        }
        NAMED(outwards)(walk->factor, walk->kept, own, lead, last, front);
        NAMED(scatter)(self, half, now, t, front);
        walk->now -= t == now->first && t != half->start;
    }
}

/* --- where the halves meet --- */

/* Factorise what both left, and the windows that no half closed. */
static TARGET void NAMED(join_halves)(sg_interior *self)
{
    const sg_interior_pattern *middle = &self->middle;
    size_t all = (size_t)middle->all, lead = sg_interior_lead(middle->all);
    double *front = self->half[0].walk.front; /* it is done with */
    memset(front, 0, lead * lead * sizeof *front);
    for (int h = 0; h < self->half_count; h++) {
        const sg_interior_walk *walk = &self->half[h].walk;
        for (size_t i = 0; i < all; i++) {
            const double *from = walk->last_front + (walk->last_own + i) * walk->last_lead;
            for (size_t j = i; j < all; j++) {
                front[i * lead + j] += from[walk->last_own + j];
            }
        }
    }
    for (int k = 0; k < middle->open_count; k++) {
        const sg_interior_window *window = &self->window[middle->open[k]];
        size_t place = (size_t)middle->place[k];
        front[place * lead + place] += window->shiftable ? 1 / window->weight : -window->weight;
    }
    NAMED(eliminate)(front, middle, lead, self->middle_factor, self->middle_pivot);
    NAMED(keep)(lead, lead, self->middle_factor);
}

/* Solve for it, once both halves are in the middle. */
static TARGET void NAMED(meet)(sg_interior *self, bool factorise)
{
    const sg_interior_pattern *middle = &self->middle;
    size_t lead = sg_interior_lead(middle->all);
    double front[SG_INTERIOR_FRONT_MAX] = {0}, kept[SG_INTERIOR_FRONT_MAX];
    if (self->half_count < 2) {
        return;
    }
    if (factorise) {
        NAMED(join_halves)(self);
    }
    for (int j = 0; j < middle->all; j++) {
        front[j] = self->half[0].walk.last[j] + self->half[1].walk.last[j];
    }
    for (int k = 0; k < middle->open_count; k++) {
        front[middle->place[k]] += NAMED(window_right)(&self->window[middle->open[k]]);
    }
    NAMED(towards)(self->middle_factor, self->middle_pivot, lead, lead, front, NULL, kept);
    NAMED(outwards)(self->middle_factor, kept, lead, lead, NULL, self->met);
    for (int k = 0; k < middle->open_count; k++) {
        NAMED(close)(&self->window[middle->open[k]], self->met[middle->place[k]]);
    }
}
