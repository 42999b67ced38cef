/* interior_columns.h - what is done with each column alone. Part of interior_lanes.h.
 *
 * All of it is said for one bound: its distance, its price, and the change `step` of the distance; the upper bound of a
 * column sees the column's change with the other sign. A bound that is absent has price 0 for ever, one that is present
 * never has. */

/* Sums and maxima run in eight parts, PARTS vectors, whatever the width. */
#define PARTS (8 / LANES)

typedef struct NAMED(sums) {
    lanes miss[PARTS], dual[PARTS], product[PARTS], cost[PARTS], turnover[PARTS];
    lanes primal[PARTS], first[PARTS], second[PARTS];
    lanes fall[PARTS], fall_of[PARTS]; /* see reach_bound */
} NAMED(sums);

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

static TARGET sg_interior_measure NAMED(measured)(const NAMED(sums) * sums)
{
    return (sg_interior_measure){
        .miss = NAMED(most_of)(sums->miss),
        .dual = NAMED(most_of)(sums->dual),
        .products = NAMED(sum_of)(sums->product),
        .cost = NAMED(sum_of)(sums->cost),
        .turnover = NAMED(sum_of)(sums->turnover),
    };
}

static TARGET sg_interior_reach NAMED(reached)(const NAMED(sums) * sums)
{
    return (sg_interior_reach){
        .primal = NAMED(most_of)(sums->primal),
        .dual = NAMED(most_of)(sums->dual),
        .first = NAMED(sum_of)(sums->first),
        .second = NAMED(sum_of)(sums->second),
    };
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

/* x where the bound is, else 0 */
static ALWAYS_INLINE TARGET lanes NAMED(where)(lanes price, lanes x)
{
    return (lanes)((price > 0) & (mask)x);
}

/* 1 / distance of a bound, 0 of one that is absent. */
static ALWAYS_INLINE TARGET lanes NAMED(inverse)(lanes distance, lanes price)
{
    return NAMED(where)(price, 1 / distance);
}

/* What the product's target asks of the price, less what the first step's changes multiply to. */
static ALWAYS_INLINE TARGET lanes NAMED(pull)(lanes inv, lanes price, lanes first, double target)
{
    return (target + first * price * (1 + first * inv)) * inv;
}

/* The change of a bound's price in the second step. */
static ALWAYS_INLINE TARGET lanes NAMED(change)(lanes inv, lanes price, lanes first, lanes step,
                                                double target)
{
    return NAMED(pull)(inv, price, first, target) - price - price * step * inv;
}

/* --- go the last step --- */

static ALWAYS_INLINE TARGET lanes NAMED(move)(double *distance, double *price, lanes first,
                                              lanes step, const sg_interior_move *last)
{
    lanes d = NAMED(load)(distance), p = NAMED(load)(price);
    lanes change = NAMED(change)(NAMED(inverse)(d, p), p, first, step, last->target);
    d += NAMED(where)(p, last->primal * step);
    p += last->dual * change;
    NAMED(store)(distance, d);
    NAMED(store)(price, p);
    return p * NAMED(where)(p, d);
}

static TARGET void NAMED(move_columns)(const sg_interior *self, int b, const sg_interior_move *last,
                                       NAMED(sums) * sums)
{
    const sg_interior_block at = sg_interior_block_at(self, b), *block = &at;
    for (size_t i = 0; i < self->column_width; i += 8) {
        for (size_t l = 0; l < PARTS; l++) {
            size_t t = i + l * LANES;
            sums->product[l] += NAMED(move)(block->z + t, block->price_low + t,
                                            LOAD_SINGLE(block->dz_affine), LOAD(block->dz), last);
        }
    }
    for (size_t i = self->single; i < self->column_width; i += 8) {
        for (size_t l = 0; l < PARTS; l++) {
            size_t t = i + l * LANES;
            lanes money = LOAD(block->cost) * LOAD(block->z);
            sums->product[l] += NAMED(move)(block->above + t, block->price_high + t,
                                            -LOAD_SINGLE(block->dz_affine), -LOAD(block->dz), last);
            sums->cost[l] += money;
            sums->turnover[l] += NAMED(size)(money);
        }
    }
}

static TARGET void NAMED(move_prices)(const sg_interior *self, int b, double dual)
{
    const sg_interior_block block = sg_interior_block_at(self, b);
    for (size_t t = self->slacks; t < self->row_width; t += LANES) {
        ADD(block.y, dual * LOAD(block.dy));
    }
}

static TARGET void NAMED(measure_residuals)(const sg_interior *self, const sg_interior_block *block,
                                            NAMED(sums) * sums)
{
    for (size_t i = 0; i < self->row_width; i += 8) {
        for (size_t l = 0; l < PARTS; l++) {
            size_t t = i + l * LANES;
            sums->miss[l] = NAMED(most)(NAMED(size)(LOAD(block->miss)), sums->miss[l]);
        }
    }
    for (size_t i = self->slacks; i < self->column_width; i += 8) {
        for (size_t l = 0; l < PARTS; l++) {
            size_t t = i + l * LANES;
            lanes low = LOAD(block->price_low),
                  rest = LOAD(block->reduced) - low +
                         (i < self->single ? (lanes){0} : LOAD(block->price_high));
            sums->dual[l] = NAMED(most)(NAMED(where)(low, NAMED(size)(rest)), sums->dual[l]);
        }
    }
}

/* --- weights and forces --- */

/* How stiffly a column's bounds hold it; one that cannot move at all is held by SG_INTERIOR_PIN, beside which its share of
 * everything else vanishes. */
static ALWAYS_INLINE TARGET lanes NAMED(hold)(lanes price, lanes weight)
{
    mask free = price > 0;
    weight += SG_INTERIOR_LEAST;
    return (lanes)((free & (mask)weight) | (~free & (mask)((lanes){0} + SG_INTERIOR_PIN)));
}

/* Weights of a block's columns, and the right-hand side of the first step or, aimed at a target, of the second. */
static ALWAYS_INLINE TARGET void NAMED(weigh)(const sg_interior *self, sg_interior_half *half,
                                              const sg_interior_block *block, bool aimed,
                                              double target)
{
    size_t single = self->single, slacks = self->slacks;
    for (size_t t = 0; t < single; t += LANES) {
        lanes p = LOAD(block->price_low), inv = NAMED(inverse)(LOAD(block->z), p);
        lanes force = t < slacks ? p : LOAD(block->reduced); /* a slack's row has its price */
        if (aimed) {
            force -= NAMED(pull)(inv, p, LOAD_SINGLE(block->dz_affine), target);
        }
        STORE(half->inv, inv);
        STORE(half->weight, NAMED(hold)(p, p * inv));
        STORE(half->force, force);
    }
    for (size_t t = single; t < self->column_width; t += LANES) {
        lanes low = LOAD(block->price_low), high = LOAD(block->price_high);
        lanes inv = NAMED(inverse)(LOAD(block->z), low),
              above_inv = NAMED(inverse)(LOAD(block->above), high);
        lanes force = LOAD(block->reduced);
        if (aimed) {
            lanes first = LOAD_SINGLE(block->dz_affine);
            force +=
                NAMED(pull)(above_inv, high, -first, target) - NAMED(pull)(inv, low, first, target);
        }
        STORE(half->inv, inv);
        STORE(half->above_inv - self->single, above_inv);
        STORE(half->weight, NAMED(hold)(low, low * inv + high * above_inv));
        STORE(half->force, force);
    }
}

/* --- how far a step could go --- */

/* Of the first step: the parts that lead to the bound and to a price of zero, and its sums. */
static ALWAYS_INLINE TARGET void NAMED(probe_bound)(lanes price, lanes inv, lanes step, size_t l,
                                                    NAMED(sums) * sums)
{
    lanes ratio = step * inv;
    sums->primal[l] = NAMED(most)(-ratio, sums->primal[l]);
    sums->dual[l] =
        NAMED(most)(1 + ratio, sums->dual[l]); /* it changes by -(1 + ratio) of itself */
    sums->first[l] += price * step;
    sums->second[l] -= price * (1 + ratio) * step;
}

/* The first step is kept in single precision: only what it multiplies to is asked for again. */
static TARGET void NAMED(probe)(const sg_interior *self, const sg_interior_half *half,
                                const sg_interior_block *block, NAMED(sums) * sums)
{
    for (size_t i = 0; i < self->column_width; i += 8) {
        for (size_t l = 0; l < PARTS; l++) {
            size_t t = i + l * LANES;
            lanes step = LOAD(half->out);
            NAMED(store_single)(block->dz_affine + t, step);
            NAMED(probe_bound)(LOAD(block->price_low), LOAD(half->inv), step, l, sums);
        }
    }
    for (size_t i = self->single; i < self->column_width; i += 8) {
        for (size_t l = 0; l < PARTS; l++) {
            size_t t = i + l * LANES;
            NAMED(probe_bound)
            (LOAD(block->price_high), LOAD(half->above_inv - self->single), -LOAD(half->out), l,
             sums);
        }
    }
}

/* The price's part is a quotient whose largest is looked for; it is compared by products. */
static ALWAYS_INLINE TARGET void NAMED(reach_bound)(lanes price, lanes inv, lanes first, lanes step,
                                                    double target, size_t l, NAMED(sums) * sums)
{
    lanes fall = -NAMED(change)(inv, price, first, step, target);
    sums->primal[l] = NAMED(most)(-step * inv, sums->primal[l]);
    mask more = fall * sums->fall_of[l] > sums->fall[l] * price;
    sums->fall[l] = (lanes)((more & (mask)fall) | (~more & (mask)sums->fall[l]));
    sums->fall_of[l] = (lanes)((more & (mask)price) | (~more & (mask)sums->fall_of[l]));
}

static TARGET void NAMED(reach)(const sg_interior *self, const sg_interior_half *half,
                                const sg_interior_block *block, double target, NAMED(sums) * sums)
{
    for (size_t i = 0; i < self->column_width; i += 8) {
        for (size_t l = 0; l < PARTS; l++) {
            size_t t = i + l * LANES;
            NAMED(reach_bound)
            (LOAD(block->price_low), LOAD(half->inv), LOAD_SINGLE(block->dz_affine),
             LOAD(block->dz), target, l, sums);
        }
    }
    for (size_t i = self->single; i < self->column_width; i += 8) {
        for (size_t l = 0; l < PARTS; l++) {
            size_t t = i + l * LANES;
            NAMED(reach_bound)
            (LOAD(block->price_high), LOAD(half->above_inv - self->single),
             -LOAD_SINGLE(block->dz_affine), -LOAD(block->dz), target, l, sums);
        }
    }
    for (size_t l = 0; l < PARTS; l++) {
        sums->dual[l] = NAMED(most)(sums->fall[l] / sums->fall_of[l], sums->dual[l]);
    }
}
