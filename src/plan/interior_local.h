/* interior_local.h - what is eliminated inside a step: every column but the stores' energies' and balances' prices and the
 * windows' unknowns, which join steps or stores. Part of interior_lanes.h.
 *
 * reduce makes of the weights what the rows that are left see of a step (`part`, `diagonal`), fold makes their right-hand
 * sides of the columns' forces and the rows' misses, unfold goes back to the columns. All that stands between them is
 * made again where it is needed, from the weights: that takes less time than to fetch it. */

/* --- a store without shares of a reserve: charge and discharge, then the energy --- */

static TARGET void NAMED(reduce_plain)(const sg_interior_half *half, const sg_interior_store *store,
                                       double *part)
{
    const double *wc = half->weight + store->charge, *wd = half->weight + store->discharge,
                 *wx = half->weight + store->energy;
    double p = store->charge_eff, q = store->discharge_inv, k = store->keep;
    for (EACH_STEP) {
        lanes ci = 1 / LOAD(wc), di = 1 / LOAD(wd), xi = 1 / LOAD(wx);
        STORE(part + SG_PART_OWN, p * p * ci + q * q * di + xi);
        STORE(part + SG_PART_OWN_BALANCE, p * ci + q * di);
        STORE(part + SG_PART_BALANCE, ci + di);
        STORE(part + SG_PART_OWN_NEXT, -k * xi);
        STORE(part + SG_PART_NEXT, k * k * xi);
    }
}

static TARGET void NAMED(fold_plain)(const sg_interior *self, const sg_interior_half *half,
                                     const sg_interior_store *store)
{
    const double *w = half->weight, *f = half->force;
    double *own = half->row + store->row,
           *zone = half->row + self->balance + (size_t)store->zone * SG_INTERIOR_BLOCK;
    double p = store->charge_eff, q = store->discharge_inv;
    for (EACH_STEP) {
        lanes c = LOAD(f + store->charge) / LOAD(w + store->charge),
              d = LOAD(f + store->discharge) / LOAD(w + store->discharge),
              x = LOAD(f + store->energy) / LOAD(w + store->energy);
        ADD(own, q * d - p * c + x);
        ADD(zone, d - c);
        STORE(half->out + store->energy, x);
    }
}

static TARGET void NAMED(unfold_plain)(const sg_interior *self, const sg_interior_half *half,
                                       const sg_interior_store *store, double ahead, double *dz)
{
    const double *w = half->weight, *f = half->force, *own = half->row + store->row,
                 *zone = half->row + self->balance + (size_t)store->zone * SG_INTERIOR_BLOCK;
    double p = store->charge_eff, q = store->discharge_inv, next[SG_INTERIOR_BLOCK];
    NAMED(ahead)(own, ahead, next);
    for (EACH_STEP) {
        lanes y = LOAD(own), l = LOAD(zone);
        lanes c = -(p * y + l) - LOAD(f + store->charge),
              d = q * y + l - LOAD(f + store->discharge),
              x = y - store->keep * LOAD(next) - LOAD(f + store->energy);
        STORE(dz + store->charge, c / LOAD(w + store->charge));
        STORE(dz + store->discharge, d / LOAD(w + store->discharge));
        STORE(dz + store->energy, x / LOAD(w + store->energy));
    }
}

/* --- a store that gives reserve --- */

/* The shares first, then charge and discharge together, then the energy. Differences of large numbers are written out as
 * sums of squares (docs/planning.md). A direction of the reserve that there is not has no weights. */
typedef struct NAMED(local) {
    lanes w1, w2, w4, w5;             /* weights of the limits: power and energy up, down */
    lanes wc, wd;                     /* of charge and discharge                          */
    lanes iu, ku, mu, id, kd, md;     /* shares                                           */
    lanes iv, idet, yv, yy, hvv, hvx; /* charge and discharge                             */
    lanes ix, gy, gl, gu, gd;         /* energy, and what of the prices reaches it        */
} NAMED(local);

static ALWAYS_INLINE TARGET NAMED(local)
    NAMED(local_of)(const sg_interior *self, const sg_interior_half *half,
                    const sg_interior_store *store, size_t t)
{
    const double *w = half->weight, *none = self->none;
    NAMED(local) e;
    double a = store->backing_up, b = store->backing_down, p = store->charge_eff,
           q = store->discharge_inv;
    lanes au = LOAD(self->up ? w + store->share_up : self->one),
          ad = LOAD(self->down ? w + store->share_down : self->one);
    e.w1 = LOAD(self->up ? w + store->power_up : none);
    e.w2 = LOAD(self->up ? w + store->energy_up : none);
    e.w4 = LOAD(self->down ? w + store->power_down : none);
    e.w5 = LOAD(self->down ? w + store->energy_down : none);
    e.iu = 1 / (au + e.w1 + a * a * e.w2);
    e.id = 1 / (ad + e.w4 + b * b * e.w5);
    e.ku = e.w1 * e.iu;
    e.mu = a * e.w2 * e.iu;
    e.kd = e.w4 * e.id;
    e.md = b * e.w5 * e.id;
    /* what is left of the shares' limits: squares of v = discharge - charge, of the energy x, of x + a v, of x + b v */
    lanes sv = e.ku * au + e.kd * ad, sx = e.w2 * e.iu * au + e.w5 * e.id * ad, su = e.ku * e.w2,
          sd = e.kd * e.w5;
    lanes hxx = sx + su + sd;
    e.hvv = sv + a * a * su + b * b * sd;
    e.hvx = a * su + b * sd;
    lanes deter =
        sv * sx + sv * (su + sd) + sx * (a * a * su + b * b * sd) + su * sd * ((a - b) * (a - b));
    e.wc = LOAD(w + store->charge);
    e.wd = LOAD(w + store->discharge);
    lanes both = 1 / (e.wc + e.wd), series = e.wc * e.wd * both;
    e.iv = 1 / (series + e.hvv);
    e.idet = e.iv * both;
    e.ix = 1 / (LOAD(w + store->energy) + (hxx * series + deter) * e.iv);
    e.yv = (p * e.wd + q * e.wc) * e.idet;
    e.yy = (p * p * e.wd + q * q * e.wc + e.hvv * ((q - p) * (q - p))) * e.idet;
    e.gy = 1 - e.hvx * e.yv;
    e.gl = -e.hvx * e.iv;
    e.gu = e.mu + e.hvx * e.iv * e.ku;
    e.gd = -e.md - e.hvx * e.iv * e.kd;
    return e;
}

static ALWAYS_INLINE TARGET void NAMED(reduce_full)(const sg_interior *self,
                                                    const sg_interior_store *store,
                                                    const NAMED(local) * local, size_t t,
                                                    double *part)
{
    double up = self->up ? 1 : 0, down = self->down ? 1 : 0, k = store->keep;
    const NAMED(local) e = *local;
    STORE(part + SG_PART_OWN, e.yy + e.gy * e.gy * e.ix);
    STORE(part + SG_PART_OWN_BALANCE, e.yv + e.gy * e.gl * e.ix);
    STORE(part + SG_PART_BALANCE, e.iv + e.gl * e.gl * e.ix);
    STORE(part + SG_PART_OWN_NEXT, -k * e.gy * e.ix);
    STORE(part + SG_PART_NEXT, k * k * e.ix);
    STORE(part + SG_PART_BALANCE_NEXT, -k * e.gl * e.ix);
    STORE(part + SG_PART_OWN_UP, e.gy * e.gu * e.ix - e.yv * e.ku);
    STORE(part + SG_PART_BALANCE_UP, e.gl * e.gu * e.ix - e.iv * e.ku);
    STORE(part + SG_PART_UP, up * e.iu + e.iv * e.ku * e.ku + e.gu * e.gu * e.ix);
    STORE(part + SG_PART_UP_NEXT, -k * e.gu * e.ix);
    STORE(part + SG_PART_OWN_DOWN, e.gy * e.gd * e.ix + e.yv * e.kd);
    STORE(part + SG_PART_BALANCE_DOWN, e.gl * e.gd * e.ix + e.iv * e.kd);
    STORE(part + SG_PART_DOWN, down * e.id + e.iv * e.kd * e.kd + e.gd * e.gd * e.ix);
    STORE(part + SG_PART_DOWN_NEXT, -k * e.gd * e.ix);
    STORE(part + SG_PART_UP_DOWN, e.gu * e.gd * e.ix - e.iv * e.ku * e.kd);
}

/* What the columns of a store make of their forces alone, each before those that are eliminated after it. */
typedef struct NAMED(alone) {
    lanes up, down, charge, discharge, energy;
} NAMED(alone);

static ALWAYS_INLINE TARGET NAMED(alone)
    NAMED(alone_of)(const sg_interior *self, const sg_interior_half *half,
                    const sg_interior_store *store, const NAMED(local) * e, const double *miss,
                    size_t t)
{
    const double *f = half->force, *m = miss, *none = self->none;
    double a = store->backing_up, b = store->backing_down;
    lanes g1 = LOAD(self->up ? f + store->power_up : none) -
               e->w1 * LOAD(self->up ? m + store->power_up : none);
    lanes g2 = e->w2 * LOAD(self->up ? m + store->energy_up : none) -
               LOAD(self->up ? f + store->energy_up : none);
    lanes g4 = LOAD(self->down ? f + store->power_down : none) -
               e->w4 * LOAD(self->down ? m + store->power_down : none);
    lanes g5 = LOAD(self->down ? f + store->energy_down : none) -
               e->w5 * LOAD(self->down ? m + store->energy_down : none);
    lanes ru = LOAD(self->up ? f + store->share_up : none) - (g1 - a * g2),
          rd = LOAD(self->down ? f + store->share_down : none) - (g4 + b * g5);
    lanes v = g4 - g1 - e->ku * ru + e->kd * rd; /* on discharge; the opposite on charge */
    lanes c = LOAD(f + store->charge) - v, d = LOAD(f + store->discharge) + v;
    NAMED(alone) ret;
    ret.up = e->iu * ru;
    ret.down = e->id * rd;
    ret.charge = e->idet * ((e->wd + e->hvv) * c + e->hvv * d);
    ret.discharge = e->idet * (e->hvv * c + (e->wc + e->hvv) * d);
    ret.energy = e->ix * (LOAD(f + store->energy) - g2 - g5 + e->mu * ru - e->md * rd -
                          e->hvx * (ret.discharge - ret.charge));
    return ret;
}

/* part: NULL = what the rows see of the store is known. */
static TARGET void NAMED(fold_full)(const sg_interior *self, const sg_interior_half *half,
                                    const sg_interior_store *store, const double *miss,
                                    double *part)
{
    double *row = half->row, *own = row + store->row,
           *zone = row + self->balance + (size_t)store->zone * SG_INTERIOR_BLOCK;
    double *up = self->up ? row + self->need_up : half->spare,
           *down = self->down ? row + self->need_down : half->spare + SG_INTERIOR_BLOCK;
    double p = store->charge_eff, q = store->discharge_inv;
    for (EACH_STEP) {
        const NAMED(local) e = NAMED(local_of)(self, half, store, t);
        const NAMED(alone) o = NAMED(alone_of)(self, half, store, &e, miss, t);
        lanes v = o.discharge - o.charge;
        ADD(own, q * o.discharge - p * o.charge + e.gy * o.energy);
        ADD(zone, v + e.gl * o.energy);
        ADD(up, o.up - e.ku * v + e.gu * o.energy);
        ADD(down, o.down + e.kd * v + e.gd * o.energy);
        STORE(half->out + store->energy, o.energy);
        if (part) {
            NAMED(reduce_full)(self, store, &e, t, part);
        }
    }
}

static TARGET void NAMED(unfold_full)(const sg_interior *self, const sg_interior_half *half,
                                      const sg_interior_store *store, double ahead,
                                      const double *miss, double *dz)
{
    const double *row = half->row, *own = row + store->row,
                 *zone = row + self->balance + (size_t)store->zone * SG_INTERIOR_BLOCK;
    const double *up = self->up ? row + self->need_up : self->none,
                 *down = self->down ? row + self->need_down : self->none;
    double p = store->charge_eff, q = store->discharge_inv, a = store->backing_up,
           b = store->backing_down, next[SG_INTERIOR_BLOCK];
    NAMED(ahead)(own, ahead, next);
    for (EACH_STEP) {
        const NAMED(local) e = NAMED(local_of)(self, half, store, t);
        const NAMED(alone) o = NAMED(alone_of)(self, half, store, &e, miss, t);
        lanes y = LOAD(own), l = LOAD(zone), u = LOAD(up), r = LOAD(down);
        lanes x = e.ix * (e.gy * y + e.gl * l + e.gu * u + e.gd * r - store->keep * LOAD(next)) -
                  o.energy;
        lanes v = l - e.ku * u + e.kd * r - e.hvx * x;
        lanes c = -e.idet * (y * (p * (e.wd + e.hvv) - q * e.hvv) + v * e.wd) - o.charge;
        lanes d = e.idet * (y * (q * (e.wc + e.hvv) - p * e.hvv) + v * e.wc) - o.discharge;
        lanes net = d - c;
        STORE(dz + store->energy, x);
        STORE(dz + store->charge, c);
        STORE(dz + store->discharge, d);
        if (self->up) {
            lanes share = e.iu * u - e.ku * net + e.mu * x - o.up;
            STORE(dz + store->share_up, share);
            STORE(dz + store->power_up, -(share + net) - LOAD(miss + store->power_up));
            STORE(dz + store->energy_up, x - a * share - LOAD(miss + store->energy_up));
        }
        if (self->down) {
            lanes share = e.id * r + e.kd * net - e.md * x - o.down;
            STORE(dz + store->share_down, share);
            STORE(dz + store->power_down, net - share - LOAD(miss + store->power_down));
            STORE(dz + store->energy_down, -(x + b * share) - LOAD(miss + store->energy_down));
        }
    }
}

/* --- columns of one balance, links, import and export --- */

static TARGET void NAMED(reduce_column)(const sg_interior_half *half, size_t column, int zone)
{
    const double *weight = half->weight + column;
    double *diagonal = half->diagonal + (size_t)zone * SG_INTERIOR_BLOCK;
    for (EACH_STEP) {
        ADD(diagonal, 1 / LOAD(weight));
    }
}

static TARGET void NAMED(fold_column)(const sg_interior *self, const sg_interior_half *half,
                                      size_t column, int zone)
{
    const double *weight = half->weight + column, *force = half->force + column;
    double *row = half->row + self->balance + (size_t)zone * SG_INTERIOR_BLOCK;
    for (EACH_STEP) {
        ADD(row, LOAD(force) / LOAD(weight));
    }
}

static TARGET void NAMED(unfold_column)(const sg_interior *self, const sg_interior_half *half,
                                        size_t column, int zone, double *dz)
{
    const double *weight = half->weight + column, *force = half->force + column;
    const double *row = half->row + self->balance + (size_t)zone * SG_INTERIOR_BLOCK;
    for (EACH_STEP) {
        STORE(dz + column, (LOAD(row) - LOAD(force)) / LOAD(weight));
    }
}

static TARGET void NAMED(fold_link)(const sg_interior *self, const sg_interior_half *half, int j)
{
    size_t there = self->link + (size_t)(2 * j) * SG_INTERIOR_BLOCK,
           back = there + SG_INTERIOR_BLOCK;
    double *balance = half->row + self->balance,
           *from = balance + (size_t)self->link_from[j] * SG_INTERIOR_BLOCK,
           *to = balance + (size_t)self->link_to[j] * SG_INTERIOR_BLOCK;
    double arrives = self->link_arrives[j];
    for (EACH_STEP) {
        lanes u = LOAD(half->force + there) / LOAD(half->weight + there),
              v = LOAD(half->force + back) / LOAD(half->weight + back);
        ADD(from, arrives * v - u);
        ADD(to, arrives * u - v);
    }
}

static TARGET void NAMED(unfold_link)(const sg_interior *self, const sg_interior_half *half, int j,
                                      double *dz)
{
    size_t there = self->link + (size_t)(2 * j) * SG_INTERIOR_BLOCK,
           back = there + SG_INTERIOR_BLOCK;
    const double *balance = half->row + self->balance,
                 *from = balance + (size_t)self->link_from[j] * SG_INTERIOR_BLOCK,
                 *to = balance + (size_t)self->link_to[j] * SG_INTERIOR_BLOCK;
    double arrives = self->link_arrives[j];
    for (EACH_STEP) {
        STORE(dz + there, (arrives * LOAD(to) - LOAD(from) - LOAD(half->force + there)) /
                              LOAD(half->weight + there));
        STORE(dz + back, (arrives * LOAD(from) - LOAD(to) - LOAD(half->force + back)) /
                             LOAD(half->weight + back));
    }
}

/* The import is held by its own bounds and by the slacks of the peaks that are open: their inverse weights, and the force
 * on it once those slacks are gone. */
static TARGET void NAMED(join_peaks)(const sg_interior *self, const sg_interior_half *half, int b,
                                     const double *miss, double *force)
{
    double *in = half->import_inv, *ex = half->export_inv;
    memcpy(in, half->weight + self->import, SG_INTERIOR_BLOCK * sizeof *in);
    memcpy(force, half->force + self->import, SG_INTERIOR_BLOCK * sizeof *force);
    for (int k = self->touch[b]; k < self->touch[b + 1]; k++) {
        const sg_interior_window *window = &self->window[self->touching[k]];
        size_t to = NAMED(until)(window->to, b), i = window->series;
        for (size_t t = NAMED(from)(window, b); !window->shiftable && t < to; t++) {
            in[t] += half->weight[i + t];
            force[t] += half->weight[i + t] * miss[i + t] - half->force[i + t];
        }
    }
    for (EACH_STEP) {
        STORE(in, 1 / LOAD(in));
        STORE(ex, 1 / LOAD(half->weight + self->export));
    }
}

/* `out` of the import is the net import, which the ramp's two steps see; the peaks' right-hand sides stand in their rows. */
static TARGET void NAMED(fold_grid)(const sg_interior *self, const sg_interior_half *half, int b,
                                    const double *miss)
{
    double force[SG_INTERIOR_BLOCK], import[SG_INTERIOR_BLOCK];
    double *zone = half->row + self->balance + (size_t)self->grid_zone * SG_INTERIOR_BLOCK,
           *net = half->out + self->import;
    NAMED(join_peaks)(self, half, b, miss, force);
    for (EACH_STEP) {
        STORE(import, LOAD(force) * LOAD(half->import_inv));
        STORE(net, LOAD(import) - LOAD(half->export_inv) * LOAD(half->force + self->export));
        ADD(zone, LOAD(net));
    }
    if (self->ramp) {
        const double *f = half->force + self->ramp_slack, *w = half->weight + self->ramp_slack;
        double *row = half->row + self->ramp_row;
        for (EACH_STEP) {
            ADD(row, LOAD(net) - LOAD(f) / LOAD(w));
        }
    }
    for (int k = self->touch[b]; k < self->touch[b + 1]; k++) {
        const sg_interior_window *window = &self->window[self->touching[k]];
        size_t to = NAMED(until)(window->to, b), i = window->series;
        for (size_t t = NAMED(from)(window, b); !window->shiftable && t < to; t++) {
            half->row[i + t] = half->weight[i + t] * (import[t] - miss[i + t]) + half->force[i + t];
        }
    }
}

static TARGET void NAMED(unfold_grid)(const sg_interior *self, sg_interior_half *half, int b,
                                      const double *miss, double *dz)
{
    double force[SG_INTERIOR_BLOCK], pull[SG_INTERIOR_BLOCK], next[SG_INTERIOR_BLOCK];
    const double *ramp = self->ramp ? half->row + self->ramp_row : self->none;
    const double *zone = half->row + self->balance + (size_t)self->grid_zone * SG_INTERIOR_BLOCK;
    double *import = dz + self->import, *export = dz + self->export;
    NAMED(join_peaks)(self, half, b, miss, force);
    NAMED(ahead)(ramp, half->ramp_ahead, next);
    for (EACH_STEP) {
        lanes both = LOAD(zone) + LOAD(ramp) - LOAD(next);
        STORE(pull, both);
        STORE(export, -LOAD(half->export_inv) * (both + LOAD(half->force + self->export)));
    }
    for (int k = self->touch[b]; k < self->touch[b + 1]; k++) {
        const sg_interior_window *window = &self->window[self->touching[k]];
        size_t to = NAMED(until)(window->to, b), i = window->series;
        for (size_t t = NAMED(from)(window, b); !window->shiftable && t < to; t++) {
            pull[t] += half->weight[i + t] * window->dz;
        }
    }
    for (EACH_STEP) {
        STORE(import, LOAD(half->import_inv) * (LOAD(pull) - LOAD(force)));
    }
    for (int k = self->touch[b]; k < self->touch[b + 1]; k++) {
        const sg_interior_window *window = &self->window[self->touching[k]];
        size_t to = NAMED(until)(window->to, b), i = window->series;
        for (size_t t = NAMED(from)(window, b); !window->shiftable && t < to; t++) {
            dz[i + t] = window->dz - import[t] - miss[i + t];
        }
    }
    if (self->ramp) {
        const double *f = half->force + self->ramp_slack, *w = half->weight + self->ramp_slack;
        for (EACH_STEP) {
            STORE(dz + self->ramp_slack, -(LOAD(ramp) + LOAD(f)) / LOAD(w));
        }
        half->ramp_ahead = half->back ? half->ramp_ahead : ramp[0];
    }
}

/* --- shifted powers --- */

static TARGET void NAMED(fold_jobs)(const sg_interior *self, const sg_interior_half *half, int b)
{
    for (int k = self->touch[b]; k < self->touch[b + 1]; k++) {
        const sg_interior_window *window = &self->window[self->touching[k]];
        double *zone = half->row + self->balance + (size_t)window->zone * SG_INTERIOR_BLOCK;
        size_t to = NAMED(until)(window->to, b), i = window->series;
        for (size_t t = NAMED(from)(window, b); window->shiftable && t < to; t++) {
            half->out[i + t] = half->force[i + t] / half->weight[i + t];
            zone[t] -= half->out[i + t];
        }
    }
}

static TARGET void NAMED(unfold_jobs)(const sg_interior *self, const sg_interior_half *half, int b,
                                      double *dz)
{
    for (int k = self->touch[b]; k < self->touch[b + 1]; k++) {
        const sg_interior_window *window = &self->window[self->touching[k]];
        const double *zone = half->row + self->balance + (size_t)window->zone * SG_INTERIOR_BLOCK;
        size_t to = NAMED(until)(window->to, b), i = window->series;
        for (size_t t = NAMED(from)(window, b); window->shiftable && t < to; t++) {
            dz[i + t] = (window->dy - zone[t] - half->force[i + t]) / half->weight[i + t];
        }
    }
}

/* --- all of a block --- */

/* What one balance alone sees. */
static TARGET void NAMED(reduce)(const sg_interior *self, const sg_interior_half *half)
{
    memset(half->diagonal, 0, (size_t)self->zones * SG_INTERIOR_BLOCK * sizeof *half->diagonal);
    for (int j = 0; j < self->source_count; j++) {
        NAMED(reduce_column)
        (half, self->source + (size_t)j * SG_INTERIOR_BLOCK, self->source_zone[j]);
    }
    for (int j = 0; j < self->shed_count; j++) {
        NAMED(reduce_column)
        (half, self->shed + (size_t)j * SG_INTERIOR_BLOCK, self->shed_zone[j]);
    }
}

/* The right-hand sides of the rows that are left, in `row`; before the first of them, what they see of the columns. */
static TARGET void NAMED(fold)(const sg_interior *self, const sg_interior_half *half, int b,
                               const sg_interior_block *block, bool first)
{
    if (first) {
        NAMED(reduce)(self, half);
    }
    memcpy(half->row, block->miss, self->row_width * sizeof *half->row);
    for (int j = 0; j < self->source_count; j++) {
        NAMED(fold_column)
        (self, half, self->source + (size_t)j * SG_INTERIOR_BLOCK, self->source_zone[j]);
    }
    for (int j = 0; j < self->shed_count; j++) {
        NAMED(fold_column)
        (self, half, self->shed + (size_t)j * SG_INTERIOR_BLOCK, self->shed_zone[j]);
    }
    for (int j = 0; j < self->link_count; j++) {
        NAMED(fold_link)(self, half, j);
    }
    if (self->grid) {
        NAMED(fold_grid)(self, half, b, block->miss);
    }
    NAMED(fold_jobs)(self, half, b);
    for (int i = 0; i < 2; i++) {
        double *row = half->row + (i ? self->need_down : self->need_up);
        const double *f = half->force + (i ? self->need_down : self->need_up),
                     *w = half->weight + (i ? self->need_down : self->need_up);
        for (size_t t = 0; (i ? self->down : self->up) && t < SG_INTERIOR_BLOCK; t += LANES) {
            ADD(row, -LOAD(f) / LOAD(w));
        }
    }
    for (int s = 0; s < self->store_count; s++) {
        double *part = half->part + (size_t)s * SG_INTERIOR_PARTS * SG_INTERIOR_BLOCK;
        if (self->up || self->down) {
            NAMED(fold_full)(self, half, &self->store[s], block->miss, first ? part : NULL);
            continue;
        }
        if (first) {
            NAMED(reduce_plain)(half, &self->store[s], part);
        }
        NAMED(fold_plain)(self, half, &self->store[s]);
    }
}

/* The changes of all columns, from those of the prices in `row` and of the windows' unknowns. */
static TARGET void NAMED(unfold)(const sg_interior *self, sg_interior_half *half, int b,
                                 const sg_interior_block *block, double *dz)
{
    for (int j = 0; j < self->source_count; j++) {
        NAMED(unfold_column)
        (self, half, self->source + (size_t)j * SG_INTERIOR_BLOCK, self->source_zone[j], dz);
    }
    for (int j = 0; j < self->shed_count; j++) {
        NAMED(unfold_column)
        (self, half, self->shed + (size_t)j * SG_INTERIOR_BLOCK, self->shed_zone[j], dz);
    }
    for (int j = 0; j < self->link_count; j++) {
        NAMED(unfold_link)(self, half, j, dz);
    }
    if (self->grid) {
        NAMED(unfold_grid)(self, half, b, block->miss, dz);
    }
    NAMED(unfold_jobs)(self, half, b, dz);
    for (int i = 0; i < 2; i++) {
        size_t need = i ? self->need_down : self->need_up;
        for (size_t t = need; (i ? self->down : self->up) && t < need + SG_INTERIOR_BLOCK;
             t += LANES) {
            STORE(dz, -(LOAD(half->row) + LOAD(half->force)) / LOAD(half->weight));
        }
    }
    for (int s = 0; s < self->store_count; s++) {
        const sg_interior_store *store = &self->store[s];
        if (self->up || self->down) {
            NAMED(unfold_full)(self, half, store, half->ahead[s], block->miss, dz);
        } else {
            NAMED(unfold_plain)(self, half, store, half->ahead[s], dz);
        }
        if (!half->back) {
            half->ahead[s] = half->row[store->row];
        }
    }
}
