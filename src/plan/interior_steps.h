/* interior_steps.h - the fronts: from step to step with what is left of each. Part of interior_lanes.h. */

/* --- assembly of a step's front: `t` the step, `at` its place in the block --- */

/* What the grid connection and the windows that are open at a step put into the front. */
static TARGET void NAMED(join_grid)(const sg_interior *self, const sg_interior_pattern *now, int t,
                                    double *restrict front, size_t lead)
{
    size_t zone = (size_t)self->grid_zone, own = (size_t)now->ramp, next = (size_t)now->next_ramp,
           at = (size_t)(t % SG_INTERIOR_BLOCK);
    const double *weight = self->weight + at;
    double in = self->import_inv[at], both = in + self->export_inv[at];
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
        front[own * lead + next] -= both;
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
            front[own * lead + place] += w * in;
        }
        if (ramps) {
            front[place < next ? place * lead + next : next * lead + place] -= w * in;
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
        bool closes = now->place[i] < now->out; /* then its own weight joins */
        front[place * lead + place] -= w * rest * in + (closes ? window->weight : 0);
    }
}

static TARGET void NAMED(join)(const sg_interior *self, const sg_interior_pattern *now, int t,
                               double *restrict front, size_t lead)
{
    size_t zones = (size_t)self->zones, up = zones, down = zones + (self->up ? 1 : 0),
           at = (size_t)(t % SG_INTERIOR_BLOCK);
    for (size_t z = 0; z < zones; z++) {
        front[z * lead + z] += self->diagonal[z * SG_INTERIOR_BLOCK + at];
    }
    for (int j = 0; j < self->link_count; j++) {
        size_t from = (size_t)self->link_from[j], to = (size_t)self->link_to[j];
        const double *weight = self->weight + self->link + (size_t)(2 * j) * SG_INTERIOR_BLOCK + at;
        double there = 1 / weight[0], back = 1 / weight[SG_INTERIOR_BLOCK],
               arrives = self->link_arrives[j];
        front[from * lead + from] += there + arrives * arrives * back;
        front[to * lead + to] += back + arrives * arrives * there;
        front[(from < to ? from : to) * lead + (from < to ? to : from)] -= arrives * (there + back);
    }
    if (self->up) {
        front[up * lead + up] += 1 / self->weight[self->need_up + at];
    }
    if (self->down) {
        front[down * lead + down] += 1 / self->weight[self->need_down + at];
    }
    if (self->grid) {
        NAMED(join_grid)(self, now, t, front, lead);
    }
    for (int i = 0; i < now->open_count; i++) {
        const sg_interior_window *window = &self->window[now->open[i]];
        if (window->shiftable) {
            size_t place = (size_t)now->place[i], zone = (size_t)window->zone;
            double inv = 1 / self->weight[window->series + at];
            bool closes = now->place[i] < now->out;
            front[zone * lead + zone] += inv;
            front[zone * lead + place] -= inv;
            front[place * lead + place] += inv + (closes ? 1 / window->weight : 0);
        }
    }
}

static TARGET void NAMED(join_stores)(const sg_interior *self, const sg_interior_pattern *now,
                                      size_t in_block, double *restrict front, size_t lead)
{
    size_t up = (size_t)self->zones, down = up + (self->up ? 1 : 0);
    for (int s = 0; s < self->store_count; s++) {
        const double *part =
            self->part + (size_t)s * SG_INTERIOR_PARTS * SG_INTERIOR_BLOCK + in_block;
        size_t zone = (size_t)self->store[s].zone, own = (size_t)(now->energy + s),
               next = (size_t)(now->next_energy + s);
        front[own * lead + own] += part[SG_PART_OWN];
        front[zone * lead + own] += part[SG_PART_OWN_BALANCE];
        front[zone * lead + zone] += part[SG_PART_BALANCE];
        front[own * lead + next] += part[SG_PART_OWN_NEXT];
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

/* --- elimination --- */

/* A pivot inverted. A row that the others already say adds nothing, and its price stays as it is; nor does one whose sign
 * is lost in rounding: prices have positive pivots, peaks (from `peaks` on, where marked) negative ones. */
static TARGET double NAMED(invert)(double pivot, double before, bool peak)
{
    double d = peak ? -pivot : pivot;
    return (peak ? -1 : 1) / (fmax(d, 0) + 3e-16 * fabs(before) + 1e-200);
}

/* row -= factor * other, from column `from` on, and a little before it where nothing is read */
static TARGET void NAMED(subtract)(double *restrict row, const double *restrict other,
                                   double factor, size_t from, size_t lead)
{
    for (size_t j = from & ~(size_t)(LANES - 1); j < lead; j += LANES) {
        lanes a, b;
        memcpy(&a, row + j, sizeof a);
        memcpy(&b, other + j, sizeof b);
        a -= factor * b;
        memcpy(row + j, &a, sizeof a);
    }
}

/* Eliminate the first `out` unknowns of the front, whose upper half is filled, four at a time. `rows` takes the rows divided
 * by their pivot. */
static TARGET void NAMED(eliminate)(double *restrict front, const sg_interior_pattern *now,
                                    size_t lead, double *restrict rows, double *restrict pivot)
{
    int out = now->out, all = now->all;
    double before[SG_INTERIOR_FRONT_MAX];
    for (int k = 0; k < out; k++) {
        before[k] = front[(size_t)k * lead + (size_t)k];
    }
    for (int first = 0; first < out; first += 4) {
        int end = first + 4 < out ? first + 4 : out;
        for (int k = first; k < end; k++) {
            double *row = front + (size_t)k * lead, *to = rows + (size_t)k * lead;
            for (int i = first; i < k; i++) {
                NAMED(subtract)
                (row, front + (size_t)i * lead, rows[(size_t)i * lead + (size_t)k], (size_t)k,
                 lead);
            }
            double inv = NAMED(invert)(row[k], before[k], now->peak[k]);
            pivot[k] = inv;
            for (size_t j = (size_t)k & ~(size_t)(LANES - 1); j < lead; j += LANES) {
                lanes a = NAMED(load)(row + j) * inv;
                memcpy(to + j, &a, sizeof a);
            }
        }
        const double *r = front + (size_t)first * lead, *f = rows + (size_t)first * lead;
        size_t second = end - first > 1 ? lead : 0, third = end - first > 2 ? 2 * lead : 0,
               fourth = end - first > 3 ? 3 * lead : 0;
        for (int i = end; i < all; i++) {
            double fa = f[i], fb = second ? f[second + (size_t)i] : 0,
                   fc = third ? f[third + (size_t)i] : 0, fd = fourth ? f[fourth + (size_t)i] : 0;
            double *other = front + (size_t)i * lead;
            for (size_t j = (size_t)i & ~(size_t)(LANES - 1); j < lead; j += LANES) {
                lanes a = NAMED(load)(other + j), b = NAMED(load)(r + j),
                      c = NAMED(load)(r + second + j);
                lanes d = NAMED(load)(r + third + j), e = NAMED(load)(r + fourth + j);
                a -= (fa * b + fb * c) + (fc * d + fd * e);
                memcpy(other + j, &a, sizeof a);
            }
        }
    }
}

/* Keep the rows so that a substitution is products of matrices and vectors only: the inverse of the triangle of what was
 * eliminated, then what ties it to the rest. */
static TARGET void NAMED(keep)(const double *restrict rows, const sg_interior_pattern *now,
                               size_t lead, double *restrict factor)
{
    size_t out = (size_t)now->out, own = sg_interior_lead(now->out),
           rest = sg_interior_lead(now->all - now->out);
    double *restrict tie = factor + out * own;
    memset(factor, 0, out * own * sizeof *factor);
    for (size_t k = out; k-- > 0;) {
        const double *row = rows + k * lead;
        double *to = factor + k * own;
        for (size_t i = k + 1; i < out; i++) {
            NAMED(subtract)(to, factor + i * own, row[i], i, own);
        }
        to[k] = 1;
        for (size_t j = 0; j < rest; j++) {
            tie[k * rest + j] = out + j < (size_t)now->all ? row[out + j] : 0;
        }
    }
}

/* Bring over what the step before left: ramp and energies stand together there and here, then the open windows. */
static TARGET void NAMED(carry)(const sg_interior *self, const sg_interior_pattern *now,
                                const double *last, int last_out, size_t last_lead,
                                double *restrict front, size_t lead)
{
    int core = (self->ramp ? 1 : 0) + self->store_count;
    for (int i = 0; i < core; i++) {
        const double *from = last + (size_t)(last_out + i) * last_lead + (size_t)last_out;
        double *to = front + (size_t)(now->ramp + i) * lead;
        for (int j = i; j < core; j++) {
            to[now->ramp + j] = from[j];
        }
        for (int j = 0; j < now->carry_count; j++) {
            to[now->carry[j]] = from[core + j];
        }
    }
    for (int i = 0; i < now->carry_count; i++) {
        for (int j = i; j < now->carry_count; j++) {
            size_t a = (size_t)now->carry[i], b = (size_t)now->carry[j];
            front[a < b ? a * lead + b : b * lead + a] =
                last[(size_t)(last_out + core + i) * last_lead + (size_t)(last_out + core + j)];
        }
    }
}

/* Factorise a step. */
static TARGET void NAMED(factorise)(sg_interior *self, sg_interior_walk *walk, int t)
{
    const sg_interior_pattern *now = walk->now;
    size_t lead = sg_interior_lead(now->all);
    double *front = walk->front;
    for (size_t i = 0; i < (size_t)now->all; i++) { /* the upper half is all that is read */
        for (size_t j = i & ~(size_t)(LANES - 1); j < lead; j += LANES) {
            NAMED(store)(front + i * lead + j, (lanes){0});
        }
    }
    if (t > 0) {
        NAMED(carry)(self, now, walk->last_front, walk->last_out, walk->last_lead, front, lead);
    }
    NAMED(join)(self, now, t, front, lead);
    NAMED(join_stores)(self, now, (size_t)(t % SG_INTERIOR_BLOCK), front, lead);
    NAMED(eliminate)(front, now, lead, self->rows, walk->pivot);
    NAMED(keep)(self->rows, now, lead, walk->factor);
    walk->front = walk->last_front;
    walk->last_front = front;
    walk->last_lead = lead;
    walk->last_out = now->out;
}

/* --- substitution --- */

/* The right-hand sides of a step's unknowns. What an energy or the net import leaves to the next step's row goes there. */
static TARGET void NAMED(gather)(const sg_interior *self, const sg_interior_pattern *now, int t,
                                 double *restrict front)
{
    size_t at = (size_t)(t % SG_INTERIOR_BLOCK);
    const double *row = self->row + at, *out = self->out + at;
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
        front[now->next_ramp] -= t + 1 < self->steps ? out[self->import] : 0;
    }
    for (int s = 0; s < self->store_count; s++) {
        const sg_interior_store *store = &self->store[s];
        front[now->energy + s] += row[store->row];
        front[now->next_energy + s] -= store->keep * out[store->energy];
    }
    for (int k = 0; k < now->open_count; k++) {
        const sg_interior_window *window = &self->window[now->open[k]];
        bool closes = now->place[k] < now->out;
        double own =
            window->shiftable ? window->miss + window->force / window->weight : window->force;
        front[now->place[k]] +=
            (window->shiftable ? out : row)[window->series] + (closes ? own : 0);
    }
}

static TARGET void NAMED(scatter)(const sg_interior *self, const sg_interior_pattern *now, int t,
                                  const double *front)
{
    double *row = self->row + (size_t)(t % SG_INTERIOR_BLOCK);
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
        row[self->ramp_row] = t >= self->ramp_from ? front[now->ramp] : 0;
    }
    for (int s = 0; s < self->store_count; s++) {
        row[self->store[s].row] = front[now->energy + s];
    }
    for (int k = 0; k < now->open_count; k++) {
        sg_interior_window *window = &self->window[now->open[k]];
        if (now->place[k] < now->out) {
            double value = front[now->place[k]];
            window->dy = window->shiftable ? value : 0;
            window->dz = window->shiftable ? (value - window->force) / window->weight : value;
        }
    }
}

/* ret = sum over rows of factor[i] * matrix[i], `width` wide, from two sums so that they need not wait for one another */
static ALWAYS_INLINE TARGET void NAMED(combine)(const double *restrict matrix,
                                                const double *restrict factor, size_t count,
                                                size_t width, double *restrict ret)
{
    for (size_t j = 0; j < width; j += LANES) {
        lanes a = {0}, b = {0};
        size_t i = 0;
        for (; i + 1 < count; i += 2) {
            a += factor[i] * NAMED(load)(matrix + i * width + j);
            b += factor[i + 1] * NAMED(load)(matrix + (i + 1) * width + j);
        }
        if (i < count) {
            a += factor[i] * NAMED(load)(matrix + i * width + j);
        }
        a += b;
        memcpy(ret + j, &a, sizeof a);
    }
}

/* row . vector, in four parts whatever the width */
static ALWAYS_INLINE TARGET double NAMED(dot)(const double *restrict row,
                                              const double *restrict vector, size_t width)
{
    lanes sum[4 / LANES] = {0};
    for (size_t j = 0; j < width; j += 4) {
        for (size_t l = 0; l < 4 / LANES; l++) {
            sum[l] += NAMED(load)(row + j + l * LANES) * NAMED(load)(vector + j + l * LANES);
        }
    }
    double p[4];
    memcpy(p, sum, sizeof p);
    return (p[0] + p[2]) + (p[1] + p[3]);
}

/* Forward through a block, with the right-hand sides in `row` and `out`; factorise each step first if told to. */
static TARGET void NAMED(forward)(sg_interior *self, sg_interior_walk *walk, int b, bool factorise)
{
    double front[SG_INTERIOR_FRONT_MAX], sum[SG_INTERIOR_FRONT_MAX], *last = walk->last;
    size_t core = (self->ramp ? 1 : 0) + (size_t)self->store_count;
    int end = b * SG_INTERIOR_BLOCK + (int)NAMED(until)(self->steps, b);
    for (int t = b * SG_INTERIOR_BLOCK; t < end; t++) {
        walk->now += walk->now + 1 < walk->end && walk->now[1].first == t;
        const sg_interior_pattern *now = walk->now;
        if (factorise) {
            NAMED(factorise)(self, walk, t);
        }
        size_t out = (size_t)now->out, own = sg_interior_lead(now->out),
               rest = sg_interior_lead(now->all - now->out);
        for (size_t j = 0; j < (size_t)now->all; j++) {
            front[j] = 0;
        }
        for (size_t j = 0; t > 0 && j < core; j++) {
            front[(size_t)now->ramp + j] = last[j];
        }
        for (int i = 0; i < now->carry_count; i++) {
            front[now->carry[i]] = last[core + (size_t)i];
        }
        NAMED(gather)(self, now, t, front);
        NAMED(combine)(walk->factor, front, out, own, sum);
        for (size_t k = 0; k < out; k++) {
            walk->kept[k] = sum[k] * walk->pivot[k];
        }
        NAMED(combine)(walk->factor + out * own, sum, out, rest, last);
        for (size_t j = 0; j < (size_t)now->all - out; j++) {
            last[j] = front[out + j] - last[j];
        }
        walk->factor += sg_interior_kept(now);
        walk->pivot += out;
        walk->kept += out;
    }
}

/* Back through a block: the changes of the prices into `row`, of the windows' unknowns into the windows. */
static TARGET void NAMED(backward)(sg_interior *self, sg_interior_walk *walk, int b)
{
    double sum[SG_INTERIOR_FRONT_MAX], *front = walk->last, last[SG_INTERIOR_FRONT_MAX] = {0};
    size_t core = (self->ramp ? 1 : 0) + (size_t)self->store_count;
    int begin = b * SG_INTERIOR_BLOCK;
    for (int t = begin + (int)NAMED(until)(self->steps, b) - 1; t >= begin; t--) {
        const sg_interior_pattern *now = walk->now, *next = now;
        size_t out = (size_t)now->out, own = sg_interior_lead(now->out),
               rest = sg_interior_lead(now->all - now->out);
        if (t + 1 < self->steps) { /* what the next step solved is known here */
            next += next + 1 < walk->end && next[1].first == t + 1;
            for (size_t j = 0; j < core; j++) {
                last[j] = front[(size_t)next->ramp + j];
            }
            for (int i = 0; i < next->carry_count; i++) {
                last[core + (size_t)i] = front[next->carry[i]];
            }
        }
        for (size_t j = (size_t)now->all - out; j < rest; j++) {
            last[j] = 0;
        }
        walk->factor -= sg_interior_kept(now);
        walk->kept -= out;
        const double *tie = walk->factor + out * own;
        for (size_t k = 0; k < out; k++) {
            sum[k] = walk->kept[k] - NAMED(dot)(tie + k * rest, last, rest);
        }
        for (size_t k = out; k < own; k++) {
            sum[k] = 0;
        }
        for (size_t k = 0; k < out; k++) {
            front[k] = NAMED(dot)(walk->factor + k * own, sum, own);
        }
        for (size_t j = 0; j < (size_t)now->all - out; j++) {
            front[out + j] = last[j];
        }
        NAMED(scatter)(self, now, t, front);
        walk->now -= t == now->first && t > 0;
    }
}
