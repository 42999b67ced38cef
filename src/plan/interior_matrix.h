/* interior_matrix.h - the program's matrix, block by block. Part of interior_lanes.h. */

static ALWAYS_INLINE TARGET void NAMED(add)(double *restrict to, const double *restrict from,
                                            double factor)
{
    for (EACH_STEP) {
        ADD(to, factor * LOAD(from));
    }
}

/* The series moved by one step: ret[t] = series[t - 1], beginning with what was before. */
static ALWAYS_INLINE TARGET void NAMED(behind)(const double *restrict series, double before,
                                               double *restrict ret)
{
    for (size_t t = 1; t < SG_INTERIOR_BLOCK; t++) {
        ret[t] = series[t - 1];
    }
    ret[0] = before;
}

/* ret[t] = series[t + 1], ending with what comes after. */
static ALWAYS_INLINE TARGET void NAMED(ahead)(const double *restrict series, double after,
                                              double *restrict ret)
{
    for (size_t t = 0; t + 1 < SG_INTERIOR_BLOCK; t++) {
        ret[t] = series[t + 1];
    }
    ret[SG_INTERIOR_BLOCK - 1] = after;
}

/* The last entry of a column's series in the block before this one. */
static ALWAYS_INLINE TARGET double NAMED(before)(const sg_interior *self, int b,
                                                 const double *column)
{
    return b > 0 ? *(column - self->slab_size + SG_INTERIOR_BLOCK - 1) : 0;
}

/* The first entry of a row's price in the block after this one. */
static ALWAYS_INLINE TARGET double NAMED(after)(const sg_interior *self, int b, const double *row)
{
    return b + 1 < self->blocks ? row[self->slab_size] : 0;
}

/* Which steps of a block lie in a window, or in the horizon. */
static ALWAYS_INLINE TARGET size_t NAMED(from)(const sg_interior_window *window, int b)
{
    int from = window->from - b * SG_INTERIOR_BLOCK;
    return from > 0 ? (size_t)from : 0;
}

static ALWAYS_INLINE TARGET size_t NAMED(until)(int to, int b)
{
    int left = to - b * SG_INTERIOR_BLOCK;
    return left < SG_INTERIOR_BLOCK ? (size_t)left : SG_INTERIOR_BLOCK;
}

/* --- miss = right - A z --- */

static TARGET void NAMED(multiply_grid)(const sg_interior *self, int b,
                                        const sg_interior_block *block)
{
    const double *import = block->z + self->import, *export = block->z + self->export;
    double *zone = block->miss + self->balance + (size_t)self->grid_zone * SG_INTERIOR_BLOCK;
    double net[SG_INTERIOR_BLOCK], last[SG_INTERIOR_BLOCK];
    for (EACH_STEP) {
        STORE(net, LOAD(import) - LOAD(export));
        STORE(zone, LOAD(zone) - LOAD(net));
    }
    if (self->ramp) {
        const double *slack = block->z + self->ramp_slack;
        double *row = block->miss + self->ramp_row;
        size_t end = NAMED(until)(self->steps, b);
        NAMED(behind)(net, NAMED(before)(self, b, import) - NAMED(before)(self, b, export), last);
        for (size_t t = b == 0 ? (size_t)self->ramp_from : 0; t < end; t++) {
            row[t] += slack[t] - (net[t] - last[t]);
        }
    }
}

static TARGET void NAMED(multiply_store)(const sg_interior *self, const sg_interior_store *store,
                                         int b, const sg_interior_block *block)
{
    const double *c = block->z + store->charge, *d = block->z + store->discharge,
                 *x = block->z + store->energy;
    double *miss = block->miss, *row = miss + store->row,
           *zone = miss + self->balance + (size_t)store->zone * SG_INTERIOR_BLOCK;
    double last[SG_INTERIOR_BLOCK];
    NAMED(behind)(x, NAMED(before)(self, b, x), last);
    for (EACH_STEP) {
        ADD(zone, LOAD(c) - LOAD(d));
        ADD(row, store->charge_eff * LOAD(c) - store->discharge_inv * LOAD(d) +
                     store->keep * LOAD(last) - LOAD(x));
    }
    for (size_t t = NAMED(until)(self->steps, b); t < SG_INTERIOR_BLOCK; t++) {
        row[t] = 0;
    }
    if (self->up) {
        const double *share = block->z + store->share_up;
        double *need = miss + self->need_up, *power = miss + store->power_up,
               *energy = miss + store->energy_up;
        for (EACH_STEP) {
            ADD(need, -LOAD(share));
            ADD(power, LOAD(share) + LOAD(d) - LOAD(c));
            ADD(energy, store->backing_up * LOAD(share) - LOAD(x));
        }
    }
    if (self->down) {
        const double *share = block->z + store->share_down;
        double *need = miss + self->need_down, *power = miss + store->power_down,
               *energy = miss + store->energy_down;
        for (EACH_STEP) {
            ADD(need, -LOAD(share));
            ADD(power, LOAD(share) + LOAD(c) - LOAD(d));
            ADD(energy, LOAD(x) + store->backing_down * LOAD(share));
        }
    }
}

/* What a window's own unknown adds; the blocks add theirs. */
static TARGET void NAMED(multiply_windows)(sg_interior *self)
{
    for (int w = 0; w < self->window_count; w++) {
        sg_interior_window *window = &self->window[w];
        window->miss[0] = window->shiftable ? window->right - window->z : 0;
        window->miss[1] = 0;
    }
}

static TARGET void NAMED(multiply_touching)(sg_interior *self, int h, int b,
                                            const sg_interior_block *block)
{
    for (int k = self->touch[b]; k < self->touch[b + 1]; k++) {
        sg_interior_window *window = &self->window[self->touching[k]];
        size_t from = NAMED(from)(window, b), to = NAMED(until)(window->to, b);
        if (window->shiftable) {
            const double *power = block->z + window->series;
            double *zone = block->miss + self->balance + (size_t)window->zone * SG_INTERIOR_BLOCK;
            double miss = window->miss[h];
            for (size_t t = from; t < to; t++) {
                zone[t] += power[t];
                miss -= power[t];
            }
            window->miss[h] = miss;
        } else {
            const double *import = block->z + self->import;
            double *row = block->miss + window->series;
            for (size_t t = from; t < to; t++) {
                row[t] += import[t] - window->z;
            }
        }
    }
}

/* In half h. */
static TARGET void NAMED(multiply)(sg_interior *self, int h, int b)
{
    const sg_interior_block block = sg_interior_block_at(self, b);
    const double *z = block.z;
    double *miss = block.miss, *balance = miss + self->balance;
    for (size_t t = 0; t < self->slacks; t += LANES) {
        STORE(miss, LOAD(block.right) + LOAD(z));
    }
    for (size_t t = self->slacks; t < self->row_width; t += LANES) {
        STORE(miss, LOAD(block.right));
    }
    for (int j = 0; j < self->source_count; j++) {
        NAMED(add)
        (balance + (size_t)self->source_zone[j] * SG_INTERIOR_BLOCK,
         z + self->source + (size_t)j * SG_INTERIOR_BLOCK, -1);
    }
    for (int j = 0; j < self->shed_count; j++) {
        NAMED(add)
        (balance + (size_t)self->shed_zone[j] * SG_INTERIOR_BLOCK,
         z + self->shed + (size_t)j * SG_INTERIOR_BLOCK, -1);
    }
    for (int j = 0; j < self->link_count; j++) {
        const double *there = z + self->link + (size_t)(2 * j) * SG_INTERIOR_BLOCK,
                     *back = there + SG_INTERIOR_BLOCK;
        double *from = balance + (size_t)self->link_from[j] * SG_INTERIOR_BLOCK,
               *to = balance + (size_t)self->link_to[j] * SG_INTERIOR_BLOCK;
        double arrives = self->link_arrives[j];
        for (EACH_STEP) {
            ADD(from, LOAD(there) - arrives * LOAD(back));
            ADD(to, LOAD(back) - arrives * LOAD(there));
        }
    }
    if (self->grid) {
        NAMED(multiply_grid)(self, b, &block);
    }
    for (int s = 0; s < self->store_count; s++) {
        NAMED(multiply_store)(self, &self->store[s], b, &block);
    }
    NAMED(multiply_touching)(self, h, b, &block);
}

/* --- reduced = cost - A'y --- */

static TARGET void NAMED(price_grid)(const sg_interior *self, int b, const sg_interior_block *block)
{
    const double *zone = block->y + self->balance + (size_t)self->grid_zone * SG_INTERIOR_BLOCK;
    double *import = block->reduced + self->import, *export = block->reduced + self->export;
    double pull[SG_INTERIOR_BLOCK];
    memcpy(pull, zone, sizeof pull);
    if (self->ramp) {
        const double *ramp = block->y + self->ramp_row;
        double next[SG_INTERIOR_BLOCK];
        NAMED(ahead)(ramp, NAMED(after)(self, b, ramp), next);
        for (EACH_STEP) {
            ADD(pull, LOAD(ramp) - LOAD(next));
        }
        memcpy(block->reduced + self->ramp_slack, ramp, sizeof pull);
    }
    for (EACH_STEP) {
        ADD(import, -LOAD(pull));
        ADD(export, LOAD(pull));
    }
}

static TARGET void NAMED(price_store)(const sg_interior *self, const sg_interior_store *store,
                                      int b, const sg_interior_block *block)
{
    const double *zone = block->y + self->balance + (size_t)store->zone * SG_INTERIOR_BLOCK,
                 *row = block->y + store->row, *price = block->price_low;
    double *ret = block->reduced, *c = ret + store->charge, *d = ret + store->discharge,
           *x = ret + store->energy;
    double next[SG_INTERIOR_BLOCK];
    NAMED(ahead)(row, NAMED(after)(self, b, row), next);
    for (EACH_STEP) {
        ADD(c, LOAD(zone) + store->charge_eff * LOAD(row));
        ADD(d, -(LOAD(zone) + store->discharge_inv * LOAD(row)));
        ADD(x, store->keep * LOAD(next) - LOAD(row));
    }
    if (self->up) {
        const double *need = price + self->need_up, *power = price + store->power_up,
                     *energy = price + store->energy_up;
        double *share = ret + store->share_up;
        for (EACH_STEP) {
            ADD(c, -LOAD(power));
            ADD(d, LOAD(power));
            ADD(x, -LOAD(energy));
            STORE(share, LOAD(power) + store->backing_up * LOAD(energy) - LOAD(need));
        }
    }
    if (self->down) {
        const double *need = price + self->need_down, *power = price + store->power_down,
                     *energy = price + store->energy_down;
        double *share = ret + store->share_down;
        for (EACH_STEP) {
            ADD(c, LOAD(power));
            ADD(d, -LOAD(power));
            ADD(x, LOAD(energy));
            STORE(share, LOAD(power) + store->backing_down * LOAD(energy) - LOAD(need));
        }
    }
}

static TARGET void NAMED(price_windows)(sg_interior *self)
{
    for (int w = 0; w < self->window_count; w++) {
        sg_interior_window *window = &self->window[w];
        window->reduced[0] = window->cost - (window->shiftable ? window->y : 0);
        window->reduced[1] = 0;
    }
}

static TARGET void NAMED(price_touching)(sg_interior *self, int h, int b,
                                         const sg_interior_block *block)
{
    for (int k = self->touch[b]; k < self->touch[b + 1]; k++) {
        sg_interior_window *window = &self->window[self->touching[k]];
        size_t from = NAMED(from)(window, b), to = NAMED(until)(window->to, b);
        if (window->shiftable) {
            const double *zone =
                block->y + self->balance + (size_t)window->zone * SG_INTERIOR_BLOCK;
            double *power = block->reduced + window->series;
            for (size_t t = from; t < to; t++) {
                power[t] += zone[t] - window->y;
            }
        } else {
            const double *row = block->price_low + window->series;
            double *import = block->reduced + self->import, reduced = window->reduced[h];
            for (size_t t = from; t < to; t++) {
                import[t] += row[t];
                reduced -= row[t];
            }
            window->reduced[h] = reduced;
        }
    }
}

/* In half h. */
static TARGET void NAMED(price)(sg_interior *self, int h, int b)
{
    const sg_interior_block block = sg_interior_block_at(self, b);
    const double *balance = block.y + self->balance;
    double *ret = block.reduced;
    for (size_t t = self->single; t < self->column_width; t += LANES) {
        STORE(ret, LOAD(block.cost));
    }
    for (int j = 0; j < self->source_count; j++) {
        NAMED(add)
        (ret + self->source + (size_t)j * SG_INTERIOR_BLOCK,
         balance + (size_t)self->source_zone[j] * SG_INTERIOR_BLOCK, -1);
    }
    for (int j = 0; j < self->shed_count; j++) {
        NAMED(add)
        (ret + self->shed + (size_t)j * SG_INTERIOR_BLOCK,
         balance + (size_t)self->shed_zone[j] * SG_INTERIOR_BLOCK, -1);
    }
    for (int j = 0; j < self->link_count; j++) {
        double *there = ret + self->link + (size_t)(2 * j) * SG_INTERIOR_BLOCK,
               *back = there + SG_INTERIOR_BLOCK;
        const double *from = balance + (size_t)self->link_from[j] * SG_INTERIOR_BLOCK,
                     *to = balance + (size_t)self->link_to[j] * SG_INTERIOR_BLOCK;
        double arrives = self->link_arrives[j];
        for (EACH_STEP) {
            ADD(there, LOAD(from) - arrives * LOAD(to));
            ADD(back, LOAD(to) - arrives * LOAD(from));
        }
    }
    if (self->grid) {
        NAMED(price_grid)(self, b, &block);
    }
    for (int s = 0; s < self->store_count; s++) {
        NAMED(price_store)(self, &self->store[s], b, &block);
    }
    NAMED(price_touching)(self, h, b, &block);
}
