/* interior_lanes.h - the loops of the interior point for one vector width, included by interior.c once for each: LANES
 * doubles in a vector, TARGET the attribute of the width, NAMED(name) the name with its suffix.
 *
 * Loops over a block along time stand for themselves: every step is the same arithmetic, so any width gives the same bits.
 * Sums over many entries go into eight partial sums, whatever the width. */
#define lanes NAMED(lanes)
#define mask  NAMED(mask)
typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));
typedef int64_t mask __attribute__((vector_size(LANES * sizeof(int64_t))));

static ALWAYS_INLINE TARGET lanes NAMED(load)(const double *from)
{
    lanes ret;
    memcpy(&ret, from, sizeof ret);
    return ret;
}

static ALWAYS_INLINE TARGET void NAMED(store)(double *to, lanes value)
{
    memcpy(to, &value, sizeof value);
}

/* At step t of a series. */
#define LOAD(series)         NAMED(load)((series) + t)
#define STORE(series, value) NAMED(store)((series) + t, value)

/* --- the program's matrix --- */

static TARGET void NAMED(add)(double *restrict to, const double *restrict from, size_t count,
                              double factor)
{
    for (size_t t = 0; t < count; t++) {
        to[t] += factor * from[t];
    }
}

/* miss = right - A z */
static TARGET void NAMED(multiply)(const sg_interior *self, const double *z, double *restrict miss)
{
    size_t stride = self->stride;
    memcpy(miss, self->right, self->row_count * sizeof *miss);
    for (size_t i = 0; i < self->slack_count; i++) {
        miss[i] += z[i];
    }
    double *balance = miss + self->balance;
    for (int j = 0; j < self->source_count; j++) {
        NAMED(add)
        (balance + (size_t)self->source_zone[j] * stride, z + self->source + (size_t)j * stride,
         stride, -1);
    }
    for (int j = 0; j < self->shed_count; j++) {
        NAMED(add)
        (balance + (size_t)self->shed_zone[j] * stride, z + self->shed + (size_t)j * stride, stride,
         -1);
    }
    for (int j = 0; j < self->link_count; j++) {
        const double *there = z + self->link + (size_t)(2 * j) * stride, *back = there + stride;
        double *from = balance + (size_t)self->link_from[j] * stride,
               *to = balance + (size_t)self->link_to[j] * stride;
        double arrives = self->link_arrives[j];
        for (size_t t = 0; t < stride; t++) {
            from[t] += there[t] - arrives * back[t];
            to[t] += back[t] - arrives * there[t];
        }
    }
    if (self->grid) {
        double *zone = balance + (size_t)self->grid_zone * stride;
        const double *import = z + self->import, *export = z + self->export;
        for (size_t t = 0; t < stride; t++) {
            zone[t] -= import[t] - export[t];
        }
        if (self->ramp) {
            double *ramp = miss + self->ramp_row;
            for (int t = self->ramp_from; t < self->steps; t++) {
                ramp[t] -= (import[t] - export[t]) - (import[t - 1] - export[t - 1]);
            }
        }
    }
    for (int s = 0; s < self->store_count; s++) {
        const sg_interior_store *store = &self->store[s];
        const double *c = z + store->charge, *d = z + store->discharge, *x = z + store->energy;
        double *zone = balance + (size_t)store->zone * stride, *row = miss + store->row;
        for (size_t t = 0; t < stride; t++) {
            zone[t] -= d[t] - c[t];
        }
        for (int t = 0; t < self->steps; t++) {
            row[t] -= x[t] - store->keep * x[t - 1] - store->charge_eff * c[t] +
                      store->discharge_inv * d[t];
        }
        if (self->up) {
            const double *share = z + store->share_up;
            double *need = miss + self->need_up, *power = miss + store->power_up,
                   *energy = miss + store->energy_up;
            for (size_t t = 0; t < stride; t++) {
                need[t] -= share[t];
                power[t] -= share[t] + d[t] - c[t];
                energy[t] -= x[t] - store->backing_up * share[t];
            }
        }
        if (self->down) {
            const double *share = z + store->share_down;
            double *need = miss + self->need_down, *power = miss + store->power_down,
                   *energy = miss + store->energy_down;
            for (size_t t = 0; t < stride; t++) {
                need[t] -= share[t];
                power[t] -= share[t] + c[t] - d[t];
                energy[t] -= x[t] + store->backing_down * share[t];
            }
        }
    }
    for (int w = 0; w < self->window_count; w++) {
        const sg_interior_window *window = &self->window[w];
        size_t length = (size_t)(window->to - window->from), from = (size_t)window->from;
        if (window->shiftable) {
            const double *power = z + window->series;
            double *zone = balance + (size_t)window->zone * stride + from;
            double sum = z[window->column];
            for (size_t t = 0; t < length; t++) {
                zone[t] += power[t];
                sum += power[t];
            }
            miss[window->row] -= sum;
        } else {
            const double *import = z + self->import + from;
            double *row = miss + window->series, peak = z[window->column];
            for (size_t t = 0; t < length; t++) {
                row[t] -= peak - import[t];
            }
        }
    }
}

/* ret = cost - A'y */
static TARGET void NAMED(price)(const sg_interior *self, const double *y, double *restrict ret)
{
    size_t stride = self->stride;
    memcpy(ret, self->cost, self->column_count * sizeof *ret);
    for (size_t i = 0; i < self->slack_count; i++) {
        ret[i] += y[i];
    }
    const double *balance = y + self->balance;
    for (int j = 0; j < self->source_count; j++) {
        NAMED(add)
        (ret + self->source + (size_t)j * stride, balance + (size_t)self->source_zone[j] * stride,
         stride, -1);
    }
    for (int j = 0; j < self->shed_count; j++) {
        NAMED(add)
        (ret + self->shed + (size_t)j * stride, balance + (size_t)self->shed_zone[j] * stride,
         stride, -1);
    }
    for (int j = 0; j < self->link_count; j++) {
        double *there = ret + self->link + (size_t)(2 * j) * stride, *back = there + stride;
        const double *from = balance + (size_t)self->link_from[j] * stride,
                     *to = balance + (size_t)self->link_to[j] * stride;
        double arrives = self->link_arrives[j];
        for (size_t t = 0; t < stride; t++) {
            there[t] += from[t] - arrives * to[t];
            back[t] += to[t] - arrives * from[t];
        }
    }
    if (self->grid) {
        const double *zone = balance + (size_t)self->grid_zone * stride;
        double *import = ret + self->import, *export = ret + self->export;
        for (size_t t = 0; t < stride; t++) {
            import[t] -= zone[t];
            export[t] += zone[t];
        }
        if (self->ramp) {
            const double *ramp = y + self->ramp_row;
            for (int t = 0; t < self->steps; t++) {
                double change = ramp[t] - ramp[t + 1];
                import[t] -= change;
                export[t] += change;
            }
        }
    }
    for (int s = 0; s < self->store_count; s++) {
        const sg_interior_store *store = &self->store[s];
        const double *zone = balance + (size_t)store->zone * stride, *row = y + store->row;
        double *c = ret + store->charge, *d = ret + store->discharge, *x = ret + store->energy;
        for (int t = 0; t < self->steps; t++) {
            c[t] += zone[t] + store->charge_eff * row[t];
            d[t] -= zone[t] + store->discharge_inv * row[t];
            x[t] -= row[t] - store->keep * row[t + 1];
        }
        if (self->up) {
            const double *need = y + self->need_up, *power = y + store->power_up,
                         *energy = y + store->energy_up;
            double *share = ret + store->share_up;
            for (size_t t = 0; t < stride; t++) {
                c[t] += power[t];
                d[t] -= power[t];
                x[t] -= energy[t];
                share[t] -= need[t] + power[t] - store->backing_up * energy[t];
            }
        }
        if (self->down) {
            const double *need = y + self->need_down, *power = y + store->power_down,
                         *energy = y + store->energy_down;
            double *share = ret + store->share_down;
            for (size_t t = 0; t < stride; t++) {
                c[t] -= power[t];
                d[t] += power[t];
                x[t] -= energy[t];
                share[t] -= need[t] + power[t] + store->backing_down * energy[t];
            }
        }
    }
    for (int w = 0; w < self->window_count; w++) {
        const sg_interior_window *window = &self->window[w];
        size_t length = (size_t)(window->to - window->from), from = (size_t)window->from;
        if (window->shiftable) {
            const double *zone = balance + (size_t)window->zone * stride + from;
            double *power = ret + window->series, total = y[window->row];
            for (size_t t = 0; t < length; t++) {
                power[t] += zone[t] - total;
            }
            ret[window->column] -= total;
        } else {
            const double *row = y + window->series;
            double *import = ret + self->import + from, sum = 0;
            for (size_t t = 0; t < length; t++) {
                import[t] += row[t];
                sum += row[t];
            }
            ret[window->column] -= sum;
        }
    }
}

/* --- elimination: everything of one step, then the steps in turn --- */

/* A store without shares of a reserve: charge and discharge, then the energy. */
static TARGET void NAMED(reduce_plain)(sg_interior *self, const sg_interior_store *store,
                                       size_t first, size_t count, double *part)
{
    const double *wc = self->weight + store->charge + first,
                 *wd = self->weight + store->discharge + first;
    const double *wx = self->weight + store->energy + first;
    double *coef = self->coef + store->coef + first;
    double p = store->charge_eff, q = store->discharge_inv, k = store->keep;
    for (size_t t = 0; t < count; t += LANES) {
        lanes ci = 1 / LOAD(wc), di = 1 / LOAD(wd), xi = 1 / LOAD(wx);
        STORE(coef, ci);
        STORE(coef + self->stride, di);
        STORE(coef + 2 * self->stride, xi);
        STORE(part + SG_PART_OWN, p * p * ci + q * q * di + xi);
        STORE(part + SG_PART_OWN_BALANCE, p * ci + q * di);
        STORE(part + SG_PART_BALANCE, ci + di);
        STORE(part + SG_PART_OWN_NEXT, -k * xi);
        STORE(part + SG_PART_NEXT, k * k * xi);
    }
}

/* Weights of a store's columns and of the limits of its shares; a direction that there is not has neither. */
typedef struct NAMED(shares) {
    const double *up, *power_up, *energy_up, *down, *power_down, *energy_down;
} NAMED(shares);

static ALWAYS_INLINE TARGET NAMED(shares)
    NAMED(shares_of)(const sg_interior *self, const sg_interior_store *store, const double *column,
                     const double *no_share)
{
    const double *none = self->none;
    return (NAMED(shares)){
        .up = self->up ? column + store->share_up : no_share,
        .power_up = self->up ? column + store->power_up : none,
        .energy_up = self->up ? column + store->energy_up : none,
        .down = self->down ? column + store->share_down : no_share,
        .power_down = self->down ? column + store->power_down : none,
        .energy_down = self->down ? column + store->energy_down : none,
    };
}

/* A store that gives reserve: its shares first, then charge and discharge together, then the energy. Differences of large
 * numbers are written out as sums of squares (docs/planning.md). */
static TARGET void NAMED(reduce_full)(sg_interior *self, const sg_interior_store *store,
                                      size_t first, size_t count, double *part)
{
    const NAMED(shares) w = NAMED(shares_of)(self, store, self->weight, self->one);
    const double *wc = self->weight + store->charge + first,
                 *wd = self->weight + store->discharge + first;
    const double *wx = self->weight + store->energy + first;
    size_t stride = self->stride;
    double *coef = self->coef + store->coef + first;
    double a = store->backing_up, b = store->backing_down, p = store->charge_eff,
           q = store->discharge_inv, k = store->keep;
    double up = self->up ? 1 : 0, down = self->down ? 1 : 0;
    for (size_t t = 0; t < count; t += LANES) {
        lanes au = LOAD(w.up + first), w1 = LOAD(w.power_up + first),
              w2 = LOAD(w.energy_up + first);
        lanes ad = LOAD(w.down + first), w4 = LOAD(w.power_down + first),
              w5 = LOAD(w.energy_down + first);
        lanes iu = 1 / (au + w1 + a * a * w2), id = 1 / (ad + w4 + b * b * w5);
        lanes ku = w1 * iu, mu = a * w2 * iu, kd = w4 * id, md = b * w5 * id;
        /* what is left of the shares' limits: squares of v = discharge - charge, of the energy x, of x + a v, of x + b v */
        lanes sv = ku * au + kd * ad, sx = w2 * iu * au + w5 * id * ad, su = ku * w2, sd = kd * w5;
        lanes hvv = sv + a * a * su + b * b * sd, hvx = a * su + b * sd, hxx = sx + su + sd;
        lanes deter = sv * sx + sv * (su + sd) + sx * (a * a * su + b * b * sd) +
                      su * sd * ((a - b) * (a - b));
        lanes c = LOAD(wc), d = LOAD(wd), both = 1 / (c + d), series = c * d * both;
        lanes iv = 1 / (series + hvv), idet = iv * both;
        lanes ix = 1 / (LOAD(wx) + (hxx * series + deter) * iv);
        lanes yv = (p * d + q * c) * idet,
              yy = (p * p * d + q * q * c + hvv * ((q - p) * (q - p))) * idet;
        lanes gy = 1 - hvx * yv, gl = -hvx * iv, gu = mu + hvx * iv * ku, gd = -md - hvx * iv * kd;
        const lanes keep[SG_INTERIOR_COEF] = {iu,  ku,  mu, id, kd, md, idet,
                                              hvv, hvx, ix, gy, gl, gu, gd};
        for (size_t i = 0; i < SG_INTERIOR_COEF; i++) {
            STORE(coef + i * stride, keep[i]);
        }
        STORE(part + SG_PART_OWN, yy + gy * gy * ix);
        STORE(part + SG_PART_OWN_BALANCE, yv + gy * gl * ix);
        STORE(part + SG_PART_BALANCE, iv + gl * gl * ix);
        STORE(part + SG_PART_OWN_NEXT, -k * gy * ix);
        STORE(part + SG_PART_NEXT, k * k * ix);
        STORE(part + SG_PART_BALANCE_NEXT, -k * gl * ix);
        STORE(part + SG_PART_OWN_UP, gy * gu * ix - yv * ku);
        STORE(part + SG_PART_BALANCE_UP, gl * gu * ix - iv * ku);
        STORE(part + SG_PART_UP, up * iu + iv * ku * ku + gu * gu * ix);
        STORE(part + SG_PART_UP_NEXT, -k * gu * ix);
        STORE(part + SG_PART_OWN_DOWN, gy * gd * ix + yv * kd);
        STORE(part + SG_PART_BALANCE_DOWN, gl * gd * ix + iv * kd);
        STORE(part + SG_PART_DOWN, down * id + iv * kd * kd + gd * gd * ix);
        STORE(part + SG_PART_DOWN_NEXT, -k * gd * ix);
        STORE(part + SG_PART_UP_DOWN, gu * gd * ix - iv * ku * kd);
    }
}

/* Columns of one balance alone, and the import with its peaks: all steps at once. */
static TARGET void NAMED(reduce_rest)(sg_interior *self)
{
    size_t stride = self->stride;
    memset(self->diagonal, 0, (size_t)self->zones * stride * sizeof *self->diagonal);
    for (int j = 0; j < self->source_count + self->shed_count; j++) {
        bool source = j < self->source_count;
        int zone = source ? self->source_zone[j] : self->shed_zone[j - self->source_count];
        const double *weight =
            self->weight + (source ? self->source + (size_t)j * stride
                                   : self->shed + (size_t)(j - self->source_count) * stride);
        double *diagonal = self->diagonal + (size_t)zone * stride;
        for (size_t t = 0; t < stride; t++) {
            diagonal[t] += 1 / weight[t];
        }
    }
    if (!self->grid) {
        return;
    }
    double *import = self->import_inv, *export = self->export_inv;
    memcpy(import, self->weight + self->import, stride * sizeof *import);
    for (int w = 0; w < self->window_count; w++) {
        const sg_interior_window *window = &self->window[w];
        if (!window->shiftable) {
            NAMED(add)
            (import + window->from, self->weight + window->series,
             (size_t)(window->to - window->from), 1);
        }
    }
    for (size_t t = 0; t < stride; t++) {
        import[t] = 1 / import[t];
        export[t] = 1 / self->weight[self->export + t];
    }
}

/* Add what the windows that are open at a step and the grid connection put into the front. */
static TARGET void NAMED(join_grid)(const sg_interior *self, const sg_interior_pattern *now, int t,
                                    double *restrict front, size_t lead)
{
    size_t zone = (size_t)self->grid_zone, own = (size_t)now->ramp, next = (size_t)now->next_ramp;
    double in = self->import_inv[t], both = in + self->export_inv[t];
    bool last = t + 1 >= self->steps;
    bool ramped = self->ramp && t >= self->ramp_from, ramps = self->ramp && !last;
    front[zone * lead + zone] += both;
    if (self->ramp) {
        front[own * lead + own] += ramped ? both + 1 / self->weight[self->ramp_row + (size_t)t] : 1;
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
        size_t at = (size_t)now->place[i];
        double w = self->weight[window->series + (size_t)(t - window->from)],
               rest = self->weight[self->import + (size_t)t];
        front[zone * lead + at] += w * in;
        if (ramped) {
            front[own * lead + at] += w * in;
        }
        if (ramps) {
            front[at < next ? at * lead + next : next * lead + at] -= w * in;
        }
        for (int j = 0; j < now->open_count; j++) {
            const sg_interior_window *other = &self->window[now->open[j]];
            if (j != i && !other->shiftable) {
                double v = self->weight[other->series + (size_t)(t - other->from)];
                size_t there = (size_t)now->place[j];
                rest += v;
                if (there > at) {
                    front[at * lead + there] += v * w * in;
                }
            }
        }
        front[at * lead + at] -= w * rest * in + (now->opens[i] ? self->weight[window->column] : 0);
    }
}

static TARGET void NAMED(join)(const sg_interior *self, const sg_interior_pattern *now, int t,
                               double *restrict front, size_t lead)
{
    size_t zones = (size_t)self->zones, up = zones, down = zones + (self->up ? 1 : 0);
    for (size_t z = 0; z < zones; z++) {
        front[z * lead + z] += self->diagonal[z * self->stride + (size_t)t];
    }
    for (int j = 0; j < self->link_count; j++) {
        size_t from = (size_t)self->link_from[j], to = (size_t)self->link_to[j];
        const double *weight =
            self->weight + self->link + (size_t)(2 * j) * self->stride + (size_t)t;
        double there = 1 / weight[0], back = 1 / weight[self->stride],
               arrives = self->link_arrives[j];
        front[from * lead + from] += there + arrives * arrives * back;
        front[to * lead + to] += back + arrives * arrives * there;
        front[(from < to ? from : to) * lead + (from < to ? to : from)] -= arrives * (there + back);
    }
    if (self->up) {
        front[up * lead + up] += 1 / self->weight[self->need_up + (size_t)t];
    }
    if (self->down) {
        front[down * lead + down] += 1 / self->weight[self->need_down + (size_t)t];
    }
    if (self->grid) {
        NAMED(join_grid)(self, now, t, front, lead);
    }
    for (int i = 0; i < now->open_count; i++) {
        const sg_interior_window *window = &self->window[now->open[i]];
        if (window->shiftable) {
            size_t at = (size_t)now->place[i], zone = (size_t)window->zone;
            double inv = 1 / self->weight[window->series + (size_t)(t - window->from)];
            front[zone * lead + zone] += inv;
            front[zone * lead + at] -= inv;
            front[at * lead + at] += inv + (now->opens[i] ? 1 / self->weight[window->column] : 0);
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

static TARGET void NAMED(factorise)(sg_interior *self)
{
    bool plain = !self->up && !self->down;
    NAMED(reduce_rest)(self);
    double *front = self->front, *last = self->front + self->front_count;
    double *factor = self->factor, *pivot = self->pivot;
    const sg_interior_pattern *now = self->pattern, *end = self->pattern + self->pattern_count;
    size_t last_lead = 0;
    int last_out = 0;
    for (int t = 0; t < self->steps; t++) {
        size_t in_block = (size_t)t % SG_INTERIOR_BLOCK;
        if (in_block == 0) {
            size_t count = self->stride - (size_t)t < SG_INTERIOR_BLOCK ? self->stride - (size_t)t
                                                                        : SG_INTERIOR_BLOCK;
            for (int s = 0; s < self->store_count; s++) {
                double *part = self->part + (size_t)s * SG_INTERIOR_PARTS * SG_INTERIOR_BLOCK;
                if (plain) {
                    NAMED(reduce_plain)(self, &self->store[s], (size_t)t, count, part);
                } else {
                    NAMED(reduce_full)(self, &self->store[s], (size_t)t, count, part);
                }
            }
        }
        now += now + 1 < end && now[1].first == t;
        size_t lead = sg_interior_lead(now->all);
        for (size_t i = 0; i < (size_t)now->all; i++) { /* the upper half is all that is read */
            for (size_t j = i & ~(size_t)(LANES - 1); j < lead; j += LANES) {
                NAMED(store)(front + i * lead + j, (lanes){0});
            }
        }
        if (t > 0) {
            NAMED(carry)(self, now, last, last_out, last_lead, front, lead);
        }
        NAMED(join)(self, now, t, front, lead);
        NAMED(join_stores)(self, now, in_block, front, lead);
        NAMED(eliminate)(front, now, lead, self->rows, pivot);
        NAMED(keep)(self->rows, now, lead, factor);
        factor += sg_interior_kept(now);
        pivot += now->out;
        double *spare = last;
        last = front;
        front = spare;
        last_lead = lead;
        last_out = now->out;
    }
}

/* Forward and back substitution over the steps: `row` holds the right-hand sides of the rows that are left and of the peaks
 * (`peak`, one for each window), then their solution. */
static TARGET void NAMED(gather)(const sg_interior *self, const sg_interior_pattern *now, int t,
                                 const double *row, const double *window, double *restrict front)
{
    size_t at = (size_t)t;
    int i = 0;
    for (int z = 0; z < self->zones; z++) {
        front[i++] += row[self->balance + (size_t)z * self->stride + at];
    }
    if (self->up) {
        front[i++] += row[self->need_up + at];
    }
    if (self->down) {
        front[i++] += row[self->need_down + at];
    }
    if (self->ramp) {
        front[now->ramp] += t >= self->ramp_from ? row[self->ramp_row + at] : 0;
    }
    for (int s = 0; s < self->store_count; s++) {
        front[now->energy + s] += row[self->store[s].row + at];
    }
    for (int k = 0; k < now->open_count; k++) {
        front[now->place[k]] += now->opens[k] ? window[now->open[k]] : 0;
    }
}

static TARGET void NAMED(scatter)(const sg_interior *self, const sg_interior_pattern *now, int t,
                                  const double *front, double *row, double *window)
{
    size_t at = (size_t)t;
    int i = 0;
    for (int z = 0; z < self->zones; z++) {
        row[self->balance + (size_t)z * self->stride + at] = front[i++];
    }
    if (self->up) {
        row[self->need_up + at] = front[i++];
    }
    if (self->down) {
        row[self->need_down + at] = front[i++];
    }
    if (self->ramp) {
        row[self->ramp_row + at] = t >= self->ramp_from ? front[now->ramp] : 0;
    }
    for (int s = 0; s < self->store_count; s++) {
        row[self->store[s].row + at] = front[now->energy + s];
    }
    for (int k = 0; k < now->open_count; k++) {
        if (now->place[k] < now->out) {
            window[now->open[k]] = front[now->place[k]];
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

static TARGET void NAMED(substitute)(sg_interior *self, double *row, double *window)
{
    double front[SG_INTERIOR_FRONT_MAX] = {0}, last[SG_INTERIOR_FRONT_MAX] = {0},
           sum[SG_INTERIOR_FRONT_MAX];
    const double *factor = self->factor, *pivot = self->pivot;
    double *kept = self->kept;
    size_t core = (self->ramp ? 1 : 0) + (size_t)self->store_count;
    const sg_interior_pattern *now = self->pattern, *end = self->pattern + self->pattern_count;
    for (int t = 0; t < self->steps; t++) {
        now += now + 1 < end && now[1].first == t;
        size_t out = (size_t)now->out, own = sg_interior_lead(now->out),
               rest = sg_interior_lead(now->all - now->out);
        for (size_t j = 0; j < (size_t)now->all; j++) {
            front[j] = 0;
        }
        if (t > 0) {
            for (size_t j = 0; j < core; j++) {
                front[(size_t)now->ramp + j] = last[j];
            }
            for (int i = 0; i < now->carry_count; i++) {
                front[now->carry[i]] = last[core + (size_t)i];
            }
        }
        NAMED(gather)(self, now, t, row, window, front);
        NAMED(combine)(factor, front, out, own, sum);
        for (size_t k = 0; k < out; k++) {
            kept[k] = sum[k] * pivot[k];
        }
        NAMED(combine)(factor + out * own, sum, out, rest, last);
        for (size_t j = 0; j < (size_t)now->all - out; j++) {
            last[j] = front[out + j] - last[j];
        }
        factor += sg_interior_kept(now);
        pivot += out;
        kept += out;
    }
    memset(last, 0, sizeof last);
    memset(sum, 0, sizeof sum);
    for (int t = self->steps - 1; t >= 0; t--) {
        size_t out = (size_t)now->out, own = sg_interior_lead(now->out),
               rest = sg_interior_lead(now->all - now->out);
        if (t + 1 < self->steps) { /* what the next step solved is known here */
            const sg_interior_pattern *next = now;
            next += next + 1 < end && next[1].first == t + 1;
            for (size_t j = 0; j < core; j++) {
                last[j] = front[(size_t)next->ramp + j];
            }
            for (int i = 0; i < next->carry_count; i++) {
                last[core + (size_t)i] = front[next->carry[i]];
            }
        }
        factor -= sg_interior_kept(now);
        kept -= out;
        const double *tie = factor + out * own;
        for (size_t k = 0; k < out; k++) {
            sum[k] = kept[k] - NAMED(dot)(tie + k * rest, last, rest);
        }
        for (size_t k = out; k < own; k++) {
            sum[k] = 0;
        }
        for (size_t k = 0; k < out; k++) {
            front[k] = NAMED(dot)(factor + k * own, sum, own);
        }
        for (size_t j = 0; j < (size_t)now->all - out; j++) {
            front[out + j] = last[j];
        }
        NAMED(scatter)(self, now, t, front, row, window);
        now -= t == now->first && t > 0;
    }
}

/* The right-hand side of a store's rows that are left, from those of its columns and limits; what the way back needs of it
 * stays in dz. */
static TARGET void NAMED(fold_plain)(sg_interior *self, const sg_interior_store *store,
                                     const double *force, double *dz, double *row)
{
    const double *coef = self->coef + store->coef;
    const double *fc = force + store->charge, *fd = force + store->discharge,
                 *fx = force + store->energy;
    double *own = row + store->row,
           *zone = row + self->balance + (size_t)store->zone * self->stride;
    double p = store->charge_eff, q = store->discharge_inv;
    for (size_t t = 0; t < self->stride; t += LANES) {
        lanes c = LOAD(coef) * LOAD(fc), d = LOAD(coef + self->stride) * LOAD(fd),
              x = LOAD(coef + 2 * self->stride) * LOAD(fx);
        STORE(dz + store->charge, c);
        STORE(dz + store->discharge, d);
        STORE(dz + store->energy, x);
        STORE(own, LOAD(own) + q * d - p * c + x);
        STORE(zone, LOAD(zone) + d - c);
    }
}

static TARGET void NAMED(fold_full)(sg_interior *self, const sg_interior_store *store,
                                    const double *force, const double *miss, double *dz,
                                    double *row)
{
    size_t stride = self->stride;
    const NAMED(shares) w = NAMED(shares_of)(self, store, self->weight, self->none);
    const NAMED(shares) f = NAMED(shares_of)(self, store, force, self->none);
    const NAMED(shares) m = NAMED(shares_of)(self, store, miss, self->none);
    const double *coef = self->coef + store->coef, *wc = self->weight + store->charge,
                 *wd = self->weight + store->discharge;
    const double *fc = force + store->charge, *fd = force + store->discharge,
                 *fx = force + store->energy;
    double *eu = self->up ? dz + store->share_up : self->spare,
           *ed = self->down ? dz + store->share_down : self->spare + stride;
    double *up = self->up ? row + self->need_up : self->spare + 2 * stride,
           *down = self->down ? row + self->need_down : self->spare + 3 * stride;
    double *own = row + store->row, *zone = row + self->balance + (size_t)store->zone * stride;
    double a = store->backing_up, b = store->backing_down, p = store->charge_eff,
           q = store->discharge_inv;
    for (size_t t = 0; t < stride; t += LANES) {
        lanes ku = LOAD(coef + stride), kd = LOAD(coef + 4 * stride),
              idet = LOAD(coef + 6 * stride), hvv = LOAD(coef + 7 * stride);
        lanes g1 = LOAD(w.power_up) * LOAD(m.power_up) - LOAD(f.power_up),
              g2 = LOAD(w.energy_up) * LOAD(m.energy_up) - LOAD(f.energy_up);
        lanes g4 = LOAD(w.power_down) * LOAD(m.power_down) - LOAD(f.power_down),
              g5 = LOAD(w.energy_down) * LOAD(m.energy_down) - LOAD(f.energy_down);
        lanes ru = LOAD(f.up) - (g1 - a * g2), rd = LOAD(f.down) - (g4 + b * g5);
        lanes v = g4 - g1 - ku * ru + kd * rd; /* on discharge; the opposite on charge */
        lanes c = LOAD(fc) - v, d = LOAD(fd) + v;
        lanes c_out = idet * ((LOAD(wd) + hvv) * c + hvv * d),
              d_out = idet * (hvv * c + (LOAD(wc) + hvv) * d), v_out = d_out - c_out;
        lanes x_out = LOAD(coef + 9 * stride) *
                      (LOAD(fx) - g2 - g5 + LOAD(coef + 2 * stride) * ru -
                       LOAD(coef + 5 * stride) * rd - LOAD(coef + 8 * stride) * v_out);
        lanes u_out = LOAD(coef) * ru, r_out = LOAD(coef + 3 * stride) * rd;
        STORE(eu, u_out);
        STORE(ed, r_out);
        STORE(dz + store->charge, c_out);
        STORE(dz + store->discharge, d_out);
        STORE(dz + store->energy, x_out);
        STORE(own, LOAD(own) + q * d_out - p * c_out + LOAD(coef + 10 * stride) * x_out);
        STORE(zone, LOAD(zone) + v_out + LOAD(coef + 11 * stride) * x_out);
        STORE(up, LOAD(up) + u_out - ku * v_out + LOAD(coef + 12 * stride) * x_out);
        STORE(down, LOAD(down) + r_out + kd * v_out + LOAD(coef + 13 * stride) * x_out);
    }
}

static TARGET void NAMED(fold_store)(sg_interior *self, const sg_interior_store *store,
                                     const double *force, const double *miss, double *dz,
                                     double *row)
{
    if (self->up || self->down) {
        NAMED(fold_full)(self, store, force, miss, dz, row);
    } else {
        NAMED(fold_plain)(self, store, force, dz, row);
    }
    double *own = row + store->row;
    const double *x = dz + store->energy;
    for (int t = 1; t < self->steps; t++) {
        own[t] -= store->keep * x[t - 1];
    }
}

static TARGET void NAMED(unfold_plain)(sg_interior *self, const sg_interior_store *store,
                                       double *dz, const double *dy)
{
    const double *coef = self->coef + store->coef;
    const double *own = dy + store->row,
                 *zone = dy + self->balance + (size_t)store->zone * self->stride;
    double *c = dz + store->charge, *d = dz + store->discharge, *x = dz + store->energy;
    double p = store->charge_eff, q = store->discharge_inv, k = store->keep;
    for (size_t t = 0; t < self->stride; t += LANES) {
        lanes y = LOAD(own), l = LOAD(zone);
        STORE(c, -LOAD(coef) * (p * y + l) - LOAD(c));
        STORE(d, LOAD(coef + self->stride) * (q * y + l) - LOAD(d));
        STORE(x, LOAD(coef + 2 * self->stride) * (y - k * LOAD(own + 1)) - LOAD(x));
    }
}

/* Slack and price of a limit of a share whose value moved by `change`; nothing after the last step. */
static ALWAYS_INLINE TARGET void NAMED(unfold_limit)(const sg_interior *self, size_t limit,
                                                     size_t t, lanes change, const double *force,
                                                     const double *miss, double *dz, double *dy)
{
    lanes moved = change - LOAD(miss + limit);
    STORE(dz + limit, moved);
    STORE(dy + limit, -(LOAD(self->weight + limit) * moved + LOAD(force + limit)));
}

static TARGET void NAMED(clear_end)(const sg_interior *self, size_t series, double *value)
{
    for (size_t t = (size_t)self->steps; t < self->stride; t++) {
        value[series + t] = 0;
    }
}

static TARGET void NAMED(unfold_full)(sg_interior *self, const sg_interior_store *store,
                                      const double *force, const double *miss, double *dz,
                                      double *dy)
{
    size_t stride = self->stride;
    const double *coef = self->coef + store->coef, *wc = self->weight + store->charge,
                 *wd = self->weight + store->discharge;
    const double *own = dy + store->row, *zone = dy + self->balance + (size_t)store->zone * stride;
    const double *up = self->up ? dy + self->need_up : self->none,
                 *down = self->down ? dy + self->need_down : self->none;
    double *c = dz + store->charge, *d = dz + store->discharge, *x = dz + store->energy;
    double *eu = self->up ? dz + store->share_up : self->spare,
           *ed = self->down ? dz + store->share_down : self->spare + stride;
    double p = store->charge_eff, q = store->discharge_inv, k = store->keep, a = store->backing_up,
           b = store->backing_down;
    for (size_t t = 0; t < stride; t += LANES) {
        lanes y = LOAD(own), l = LOAD(zone), u = LOAD(up), r = LOAD(down);
        lanes ku = LOAD(coef + stride), kd = LOAD(coef + 4 * stride),
              idet = LOAD(coef + 6 * stride), hvv = LOAD(coef + 7 * stride);
        lanes dx =
            LOAD(coef + 9 * stride) *
                (LOAD(coef + 10 * stride) * y + LOAD(coef + 11 * stride) * l +
                 LOAD(coef + 12 * stride) * u + LOAD(coef + 13 * stride) * r - k * LOAD(own + 1)) -
            LOAD(x);
        lanes v = l - ku * u + kd * r - LOAD(coef + 8 * stride) * dx, wcl = LOAD(wc),
              wdl = LOAD(wd);
        lanes dc = -idet * (y * (p * (wdl + hvv) - q * hvv) + v * wdl) - LOAD(c);
        lanes dd = idet * (y * (q * (wcl + hvv) - p * hvv) + v * wcl) - LOAD(d);
        lanes net = dd - dc;
        lanes share_up = LOAD(coef) * u - ku * net + LOAD(coef + 2 * stride) * dx - LOAD(eu);
        lanes share_down =
            LOAD(coef + 3 * stride) * r + kd * net - LOAD(coef + 5 * stride) * dx - LOAD(ed);
        STORE(x, dx);
        STORE(c, dc);
        STORE(d, dd);
        if (self->up) {
            STORE(eu, share_up);
            NAMED(unfold_limit)(self, store->power_up, t, share_up + net, force, miss, dz, dy);
            NAMED(unfold_limit)(self, store->energy_up, t, dx - a * share_up, force, miss, dz, dy);
        }
        if (self->down) {
            STORE(ed, share_down);
            NAMED(unfold_limit)(self, store->power_down, t, share_down - net, force, miss, dz, dy);
            NAMED(unfold_limit)
            (self, store->energy_down, t, dx + b * share_down, force, miss, dz, dy);
        }
    }
    const size_t limits[] = {store->power_up, store->energy_up, store->power_down,
                             store->energy_down};
    for (int i = self->up ? 0 : 2; i < (self->down ? 4 : 2); i++) {
        NAMED(clear_end)(self, limits[i], dz);
        NAMED(clear_end)(self, limits[i], dy);
    }
}

static TARGET void NAMED(unfold_store)(sg_interior *self, const sg_interior_store *store,
                                       const double *force, const double *miss, double *dz,
                                       double *dy)
{
    if (self->up || self->down) {
        NAMED(unfold_full)(self, store, force, miss, dz, dy);
    } else {
        NAMED(unfold_plain)(self, store, dz, dy);
    }
}

/* A column of one balance: sign +1 gives power there. */
static TARGET void NAMED(fold_column)(const sg_interior *self, size_t column, const double *force,
                                      size_t count, double sign, double *restrict dz,
                                      double *restrict row)
{
    for (size_t t = 0; t < count; t++) {
        double u = force[column + t] / self->weight[column + t];
        dz[column + t] = u;
        row[t] += sign * u;
    }
}

static TARGET void NAMED(unfold_column)(const sg_interior *self, size_t column, const double *row,
                                        size_t count, double sign, double *restrict dz)
{
    for (size_t t = 0; t < count; t++) {
        dz[column + t] = sign * row[t] / self->weight[column + t] - dz[column + t];
    }
}

static TARGET void NAMED(fold_grid)(sg_interior *self, const double *force, const double *miss,
                                    double *restrict dz, double *restrict row, double *window_right)
{
    double *restrict import = dz + self->import, *restrict export = dz + self->export;
    memcpy(import, force + self->import, self->stride * sizeof *import);
    for (int w = 0; w < self->window_count; w++) {
        const sg_interior_window *window = &self->window[w];
        if (!window->shiftable) {
            double sum = 0;
            for (int t = window->from; t < window->to; t++) {
                size_t i = window->series + (size_t)(t - window->from);
                double g = self->weight[i] * miss[i] - force[i];
                import[t] += g;
                sum += g;
            }
            window_right[w] = force[window->column] - sum;
        }
    }
    double *restrict zone = row + self->balance + (size_t)self->grid_zone * self->stride;
    for (int t = 0; t < self->steps; t++) {
        import[t] *= self->import_inv[t];
        export[t] = self->export_inv[t] * force[self->export + (size_t)t];
        zone[t] += import[t] - export[t];
    }
    if (self->ramp) {
        double *restrict ramp = row + self->ramp_row;
        for (int t = self->ramp_from; t < self->steps; t++) {
            ramp[t] += (import[t] - export[t]) - (import[t - 1] - export[t - 1]) -
                       force[self->ramp_row + (size_t)t] / self->weight[self->ramp_row + (size_t)t];
        }
    }
    for (int w = 0; w < self->window_count; w++) {
        const sg_interior_window *window = &self->window[w];
        for (int t = window->from; !window->shiftable && t < window->to; t++) {
            window_right[w] +=
                self->weight[window->series + (size_t)(t - window->from)] * import[t];
        }
    }
}

static TARGET void NAMED(unfold_grid)(sg_interior *self, const double *force, const double *miss,
                                      const double *window_value, double *restrict dz,
                                      double *restrict dy)
{
    double *restrict import = dz + self->import, *restrict export = dz + self->export,
                     *restrict pull = self->spare;
    const double *zone = dy + self->balance + (size_t)self->grid_zone * self->stride,
                 *ramp = self->ramp ? dy + self->ramp_row : self->none;
    for (int t = 0; t < self->steps; t++) {
        pull[t] = zone[t] + ramp[t] - ramp[t + 1];
        export[t] = -self->export_inv[t] * pull[t] - export[t];
    }
    for (int w = 0; w < self->window_count; w++) {
        const sg_interior_window *window = &self->window[w];
        for (int t = window->from; !window->shiftable && t < window->to; t++) {
            pull[t] += self->weight[window->series + (size_t)(t - window->from)] * window_value[w];
        }
    }
    for (int t = 0; t < self->steps; t++) {
        import[t] = self->import_inv[t] * pull[t] - import[t];
    }
    for (int w = 0; w < self->window_count; w++) {
        const sg_interior_window *window = &self->window[w];
        if (!window->shiftable) {
            dz[window->column] = window_value[w];
            for (int t = window->from; t < window->to; t++) {
                size_t i = window->series + (size_t)(t - window->from);
                dz[i] = window_value[w] - import[t] - miss[i];
                dy[i] = -(self->weight[i] * dz[i] + force[i]);
            }
        }
    }
    for (int t = self->ramp ? self->ramp_from : self->steps; t < self->steps; t++) {
        size_t i = self->ramp_row + (size_t)t;
        dz[i] = -(dy[i] + force[i]) / self->weight[i];
    }
}

/* Solve -weight dz + A'dy = force, A dz = miss. */
static TARGET void NAMED(solve)(sg_interior *self, const double *force, const double *miss,
                                double *dz, double *dy)
{
    size_t stride = self->stride;
    memcpy(dy, miss, self->row_count * sizeof *dy);
    double *balance = dy + self->balance, *right = self->window_right;
    for (int j = 0; j < self->source_count; j++) {
        NAMED(fold_column)
        (self, self->source + (size_t)j * stride, force, stride, 1, dz,
         balance + (size_t)self->source_zone[j] * stride);
    }
    for (int j = 0; j < self->shed_count; j++) {
        NAMED(fold_column)
        (self, self->shed + (size_t)j * stride, force, stride, 1, dz,
         balance + (size_t)self->shed_zone[j] * stride);
    }
    for (int j = 0; j < self->link_count; j++) {
        size_t there = self->link + (size_t)(2 * j) * stride, back = there + stride;
        double *from = balance + (size_t)self->link_from[j] * stride,
               *to = balance + (size_t)self->link_to[j] * stride;
        NAMED(fold_column)(self, there, force, stride, -1, dz, from);
        NAMED(fold_column)(self, back, force, stride, -1, dz, to);
        NAMED(add)(to, dz + there, stride, self->link_arrives[j]);
        NAMED(add)(from, dz + back, stride, self->link_arrives[j]);
    }
    for (int w = 0; w < self->window_count; w++) {
        const sg_interior_window *window = &self->window[w];
        if (window->shiftable) {
            NAMED(fold_column)
            (self, window->series, force, (size_t)(window->to - window->from), -1, dz,
             balance + (size_t)window->zone * stride + (size_t)window->from);
            right[w] = dy[window->row] + force[window->column] / self->weight[window->column];
            for (int t = window->from; t < window->to; t++) {
                right[w] += dz[window->series + (size_t)(t - window->from)];
            }
        }
    }
    if (self->grid) {
        NAMED(fold_grid)(self, force, miss, dz, dy, right);
    }
    for (int i = 0; i < 2; i++) {
        bool given = i ? self->down : self->up;
        size_t need = i ? self->need_down : self->need_up;
        for (size_t t = need; given && t < need + (size_t)self->steps; t++) {
            dy[t] -= force[t] / self->weight[t];
        }
    }
    for (int s = 0; s < self->store_count; s++) {
        NAMED(fold_store)(self, &self->store[s], force, miss, dz, dy);
    }
    NAMED(substitute)(self, dy, right);
    for (int s = 0; s < self->store_count; s++) {
        NAMED(unfold_store)(self, &self->store[s], force, miss, dz, dy);
    }
    for (int i = 0; i < 2; i++) {
        bool given = i ? self->down : self->up;
        size_t need = i ? self->need_down : self->need_up;
        for (size_t t = need; given && t < need + (size_t)self->steps; t++) {
            dz[t] = -(dy[t] + force[t]) / self->weight[t];
        }
    }
    if (self->grid) {
        NAMED(unfold_grid)(self, force, miss, right, dz, dy);
    }
    for (int w = 0; w < self->window_count; w++) {
        const sg_interior_window *window = &self->window[w];
        if (window->shiftable) {
            const double *zone = balance + (size_t)window->zone * stride + (size_t)window->from;
            for (int t = 0; t < window->to - window->from; t++) {
                size_t i = window->series + (size_t)t;
                dz[i] = (right[w] - zone[t]) / self->weight[i] - dz[i];
            }
            dz[window->column] = (right[w] - force[window->column]) / self->weight[window->column];
            dy[window->row] = right[w];
        }
    }
    for (int j = 0; j < self->source_count; j++) {
        NAMED(unfold_column)
        (self, self->source + (size_t)j * stride, balance + (size_t)self->source_zone[j] * stride,
         stride, 1, dz);
    }
    for (int j = 0; j < self->shed_count; j++) {
        NAMED(unfold_column)
        (self, self->shed + (size_t)j * stride, balance + (size_t)self->shed_zone[j] * stride,
         stride, 1, dz);
    }
    for (int j = 0; j < self->link_count; j++) {
        const double *from = balance + (size_t)self->link_from[j] * stride,
                     *to = balance + (size_t)self->link_to[j] * stride;
        double *there = dz + self->link + (size_t)(2 * j) * stride, *back = there + stride;
        const double *weight = self->weight + self->link + (size_t)(2 * j) * stride;
        double arrives = self->link_arrives[j];
        for (size_t t = 0; t < stride; t++) {
            there[t] = (arrives * to[t] - from[t]) / weight[t] - there[t];
            back[t] = (arrives * from[t] - to[t]) / weight[stride + t] - back[t];
        }
    }
}

/* --- columns one by one --- */

/* A bound that is absent has price 0 for ever, one that is present never has. */
static ALWAYS_INLINE TARGET lanes NAMED(present)(lanes price)
{
    return (lanes)((price > 0) & (mask)((lanes){0} + 1.0));
}

static ALWAYS_INLINE TARGET lanes NAMED(most)(lanes a, lanes b)
{
    mask more = a > b;
    return (lanes)((more & (mask)a) | (~more & (mask)b));
}

static ALWAYS_INLINE TARGET lanes NAMED(size)(lanes x)
{
    return (lanes)((mask)x & INT64_C(0x7fffffffffffffff));
}

/* Sums and maxima run in eight parts, PARTS vectors, whatever the width. */
#define PARTS (8 / LANES)

static TARGET double NAMED(sum_of)(const lanes part[PARTS])
{
    double p[8];
    memcpy(p, part, sizeof p);
    return ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]));
}

static TARGET double NAMED(most_of)(const lanes part[PARTS])
{
    double p[8], most = 0;
    memcpy(p, part, sizeof p);
    for (int l = 0; l < 8; l++) {
        most = p[l] > most ? p[l] : most;
    }
    return most;
}

/* How far the point is from a solution; inverses and weights for the next step come with it. A weight says how stiffly a
 * column's bounds hold it; one that cannot move at all is held by SG_INTERIOR_PIN, beside which its share of everything
 * else vanishes. */
static TARGET void NAMED(judge)(sg_interior *self, double ret[5])
{
    lanes miss[PARTS] = {0}, dual[PARTS] = {0}, product[PARTS] = {0}, cost[PARTS] = {0},
          turnover[PARTS] = {0};
    for (size_t i = 0; i < self->row_count; i += 8) {
        for (size_t l = 0; l < PARTS; l++) {
            miss[l] = NAMED(most)(NAMED(size)(NAMED(load)(self->miss + i + l * LANES)), miss[l]);
        }
    }
    for (size_t i = 0; i < self->column_count; i += 8) {
        for (size_t l = 0; l < PARTS; l++) {
            size_t j = i + l * LANES;
            lanes pl = NAMED(load)(self->price_low + j), ph = NAMED(load)(self->price_high + j);
            lanes below = NAMED(load)(self->below + j), above = NAMED(load)(self->above + j);
            lanes below_inv = 1 / below, above_inv = 1 / above,
                  weight = pl * below_inv + ph * above_inv + 1e-10;
            dual[l] = NAMED(most)(NAMED(present)(pl + ph) *
                                      NAMED(size)(NAMED(load)(self->reduced + j) - pl + ph),
                                  dual[l]);
            product[l] += pl * below + ph * above;
            lanes money = NAMED(load)(self->cost + j) * NAMED(load)(self->z + j);
            cost[l] += money;
            turnover[l] += NAMED(size)(money);
            mask free = pl + ph > 0;
            weight =
                (lanes)((free & (mask)weight) | (~free & (mask)((lanes){0} + SG_INTERIOR_PIN)));
            memcpy(self->below_inv + j, &below_inv, sizeof below_inv);
            memcpy(self->above_inv + j, &above_inv, sizeof above_inv);
            memcpy(self->weight + j, &weight, sizeof weight);
        }
    }
    ret[0] = NAMED(most_of)(miss);
    ret[1] = NAMED(most_of)(dual);
    ret[2] = NAMED(sum_of)(product);
    ret[3] = NAMED(sum_of)(cost);
    ret[4] = NAMED(sum_of)(turnover);
}

/* What the first step, straight at the solution, would do: the inverse of its length to the nearest bound and to the
 * nearest price of zero, and two sums that give the products after any part of it. */
static TARGET void NAMED(probe)(const sg_interior *self, double ret[4])
{
    lanes primal[PARTS] = {0}, dual[PARTS] = {0}, first[PARTS] = {0}, second[PARTS] = {0};
    for (size_t i = 0; i < self->column_count; i += 8) {
        for (size_t l = 0; l < PARTS; l++) {
            size_t j = i + l * LANES;
            lanes pl = NAMED(load)(self->price_low + j), ph = NAMED(load)(self->price_high + j),
                  step = NAMED(load)(self->dz + j);
            lanes down = NAMED(present)(pl) * step * NAMED(load)(self->below_inv + j),
                  up = NAMED(present)(ph) * step * NAMED(load)(self->above_inv + j);
            primal[l] = NAMED(most)(NAMED(most)(-down, up), primal[l]);
            dual[l] =
                NAMED(most)(NAMED(most)(down, -up) + 1,
                            dual[l]); /* prices change by -(1 + down), -(1 - up) of themselves */
            first[l] += (pl - ph) * step;
            second[l] -= (pl * (1 + down) - ph * (1 - up)) * step;
        }
    }
    ret[0] = NAMED(most_of)(primal);
    ret[1] = NAMED(most_of)(dual);
    ret[2] = NAMED(sum_of)(first);
    ret[3] = NAMED(sum_of)(second);
}

/* Right-hand side of the second step: towards products of `target`, less what the first step's changes multiply to. */
static TARGET void NAMED(aim)(sg_interior *self, double target)
{
    for (size_t t = 0; t < self->column_count; t += LANES) {
        lanes pl = LOAD(self->price_low), ph = LOAD(self->price_high), step = LOAD(self->dz_other);
        lanes below = LOAD(self->below_inv), above = LOAD(self->above_inv);
        lanes left = (NAMED(present)(pl) * target + step * pl * (1 + step * below)) * below;
        lanes right = (NAMED(present)(ph) * target - step * ph * (1 - step * above)) * above;
        STORE(self->force, LOAD(self->reduced) - left + right);
    }
}

/* The second step's changes of the prices, and the inverse lengths as in probe. */
static TARGET void NAMED(reach)(sg_interior *self, double target, double ret[2])
{
    lanes primal[PARTS] = {0}, dual[PARTS] = {0};
    for (size_t i = 0; i < self->column_count; i += 8) {
        for (size_t l = 0; l < PARTS; l++) {
            size_t j = i + l * LANES;
            lanes pl = NAMED(load)(self->price_low + j), ph = NAMED(load)(self->price_high + j);
            lanes first = NAMED(load)(self->dz_other + j), step = NAMED(load)(self->dz + j);
            lanes below = NAMED(load)(self->below_inv + j),
                  above = NAMED(load)(self->above_inv + j);
            lanes low = NAMED(present)(pl), high = NAMED(present)(ph);
            lanes left =
                (low * target + first * pl * (1 + first * below)) * below - pl - pl * step * below;
            lanes right =
                (high * target - first * ph * (1 - first * above)) * above - ph + ph * step * above;
            primal[l] =
                NAMED(most)(NAMED(most)(-low * step * below, high * step * above), primal[l]);
            dual[l] =
                NAMED(most)(NAMED(most)(-left / (pl + 1e-300), -right / (ph + 1e-300)), dual[l]);
            memcpy(self->change_low + j, &left, sizeof left);
            memcpy(self->change_high + j, &right, sizeof right);
        }
    }
    ret[0] = NAMED(most_of)(primal);
    ret[1] = NAMED(most_of)(dual);
}

/* What a product of distance and price lacks to be near the target, or has too much, where a step ends. */
static ALWAYS_INLINE TARGET lanes NAMED(lacks)(lanes product, double target, lanes present)
{
    lanes aim = NAMED(most)(product, (lanes){0} + 0.1 * target);
    mask more = aim > 10 * target;
    aim = (lanes)((more & (mask)((lanes){0} + 10 * target)) | (~more & (mask)aim));
    return present * NAMED(most)(aim - product, (lanes){0} - 10 * target);
}

/* Right-hand side of a further step that pulls in the products which the last one leaves too small or too large (Gondzio
 * 1996); added to the last one's. */
static TARGET void NAMED(centre)(sg_interior *self, double target, double primal, double dual)
{
    for (size_t j = 0; j < self->column_count; j += LANES) {
        lanes pl = NAMED(load)(self->price_low + j), ph = NAMED(load)(self->price_high + j),
              step = primal * NAMED(load)(self->dz + j);
        lanes low =
            (NAMED(load)(self->below + j) + step) * (pl + dual * NAMED(load)(self->change_low + j));
        lanes high = (NAMED(load)(self->above + j) - step) *
                     (ph + dual * NAMED(load)(self->change_high + j));
        lanes force = NAMED(load)(self->force + j);
        force += NAMED(lacks)(high, target, NAMED(present)(ph)) * NAMED(load)(self->above_inv + j) -
                 NAMED(lacks)(low, target, NAMED(present)(pl)) * NAMED(load)(self->below_inv + j);
        memcpy(self->force + j, &force, sizeof force);
    }
}

/* The same as reach after such a step; dz_other is the step before it. Keeps the changes of the prices if told to. */
static TARGET void NAMED(reach_centred)(sg_interior *self, double target, double primal_before,
                                        double dual_before, bool keep, double ret[2])
{
    lanes primal[PARTS] = {0}, dual[PARTS] = {0};
    for (size_t i = 0; i < self->column_count; i += 8) {
        for (size_t l = 0; l < PARTS; l++) {
            size_t j = i + l * LANES;
            lanes pl = NAMED(load)(self->price_low + j), ph = NAMED(load)(self->price_high + j);
            lanes last = NAMED(load)(self->dz_other + j), step = NAMED(load)(self->dz + j),
                  more = step - last;
            lanes below = NAMED(load)(self->below_inv + j),
                  above = NAMED(load)(self->above_inv + j);
            lanes low = NAMED(present)(pl), high = NAMED(present)(ph);
            lanes left = NAMED(load)(self->change_low + j),
                  right = NAMED(load)(self->change_high + j);
            lanes product_low =
                (NAMED(load)(self->below + j) + primal_before * last) * (pl + dual_before * left);
            lanes product_high =
                (NAMED(load)(self->above + j) - primal_before * last) * (ph + dual_before * right);
            left += (NAMED(lacks)(product_low, target, low) - pl * more) * below;
            right += (NAMED(lacks)(product_high, target, high) + ph * more) * above;
            primal[l] =
                NAMED(most)(NAMED(most)(-low * step * below, high * step * above), primal[l]);
            dual[l] =
                NAMED(most)(NAMED(most)(-left / (pl + 1e-300), -right / (ph + 1e-300)), dual[l]);
            if (keep) {
                memcpy(self->change_low + j, &left, sizeof left);
                memcpy(self->change_high + j, &right, sizeof right);
            }
        }
    }
    ret[0] = NAMED(most_of)(primal);
    ret[1] = NAMED(most_of)(dual);
}

static TARGET void NAMED(advance)(sg_interior *self, double primal, double dual)
{
    for (size_t t = 0; t < self->column_count; t += LANES) {
        lanes pl = LOAD(self->price_low), ph = LOAD(self->price_high),
              step = primal * LOAD(self->dz);
        STORE(self->z, LOAD(self->z) + step);
        STORE(self->below, LOAD(self->below) + NAMED(present)(pl) * step);
        STORE(self->above, LOAD(self->above) - NAMED(present)(ph) * step);
        STORE(self->price_low, pl + dual * LOAD(self->change_low));
        STORE(self->price_high, ph + dual * LOAD(self->change_high));
    }
    for (size_t t = 0; t < self->row_count; t += LANES) {
        STORE(self->y, LOAD(self->y) + dual * LOAD(self->dy));
    }
}

static const sg_interior_kernels NAMED(kernels) = {
    NAMED(multiply), NAMED(price),         NAMED(factorise), NAMED(solve),
    NAMED(judge),    NAMED(probe),         NAMED(aim),       NAMED(reach),
    NAMED(centre),   NAMED(reach_centred), NAMED(advance)};
#undef lanes
#undef mask
#undef LOAD
#undef STORE
#undef PARTS
