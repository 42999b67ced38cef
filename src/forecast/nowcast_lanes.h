/* nowcast_lanes.h - one tick and what is said, for one vector width; nowcast.c includes it once for each: LANES is how many floats a
 * vector holds, TARGET the attribute of the width, NAMED(name) the name with its suffix. Each lane is a series by itself, and no
 * width contracts or reorders, so the bits are the same. */
#include "base/lanes.h"

#define size_of    NAMED(size_of)
#define settled    NAMED(settled)
#define weight     NAMED(weight)
#define settle     NAMED(settle)
#define follow     NAMED(follow)
#define judge      NAMED(judge)
#define advance    NAMED(advance)
#define sweep_tile NAMED(sweep_tile)
#define sweep_part NAMED(sweep_part)
#define look_ahead NAMED(look_ahead)
#define tell_one   NAMED(tell_one)
#define tell_tile  NAMED(tell_tile)

INLINE lanes size_of(lanes x)
{
    return (lanes)((mask)x & INT32_MAX);
}

/* Zero for what is next to nothing. */
INLINE lanes settled(lanes x)
{
    return where(size_of(x) < nothing, all(0), x);
}

/* How much of its way the bettor would go: never less than none, never beyond the end. */
INLINE lanes weight(const bettor *b, int l)
{
    lanes part = load(b->sum + l) / (load(b->turnover + l) + 1);
    part = least(most(part, all(0)), all(stake_most));
    return least(part * load(b->wealth + l), all(1));
}

/* The coin: on which side of the forecast the truth was, by the length of the way. Who went all the way cannot go on. */
INLINE void settle(bettor *b, int l, mask ok, lanes side, lanes way, lanes staked, float worth)
{
    lanes longest = settled(most(load(b->longest + l) * keep, size_of(way)));
    lanes coin = side * way / where(longest > 0, longest, all(1)) * worth;
    coin = where((staked >= 1) & (coin > 0), all(0), coin);
    lanes wealth = load(b->wealth + l), sum = load(b->sum + l), turnover = load(b->turnover + l);
    lanes now = least(most(wealth + coin * staked, all(purse)), all(purse_most));
    store(b->longest + l, where(ok, longest, load(b->longest + l)));
    store(b->wealth + l, where(ok, now, wealth));
    store(b->sum + l, where(ok, settled(sum * keep + coin), sum));
    store(b->turnover + l, where(ok, settled(turnover * keep + size_of(coin)), turnover));
}

/* Bounds follow the quantiles of the misses. */
INLINE void follow(band *b, int l, mask ok, lanes miss, lanes seen)
{
    lanes mean = load(b->miss + l), gain = most(all(miss_gain), 1 / (most(seen, all(0)) + 1));
    mean = where(ok, settled(mean + gain * (size_of(miss) - mean)), mean);
    store(b->miss + l, mean);
    lanes step = mean * bound_gain;
    for (int i = 0; i < BOUNDS; i++) {
        lanes bound = load(b->bound[i] + l), in = step * tail[i], out = step * (1 - tail[i]);
        mask passed = i < BOUNDS / 2 ? miss < bound : miss > bound;
        lanes next = i < BOUNDS / 2 ? where(passed, bound - out, bound + in)
                                    : where(passed, bound + out, bound - in);
        store(b->bound[i] + l, where(ok, settled(next), bound));
    }
}

/* What would be said with the weights of now from what was known then, beside what came. */
INLINE void judge(const tick_job *j, int k, tile *t, int l, const news *n, const snapshot *then)
{
    lanes value = load(then->value + l), way[WAYS];
    way[TO_LEVEL] = load(then->level + l) - value;
    way[ALONG_TREND] = load(then->trend + l) * j->path[k];
    bettor *bet = t->bet[k];
    lanes staked[WAYS] = {weight(&bet[0], l), weight(&bet[1], l)};
    lanes miss = load(n->value + l) - (value + (way[0] * staked[0] + way[1] * staked[1]));
    lanes side = where(miss > 0, all(1), where(miss < 0, all(-1), all(0)));
    lanes seen = load(t->age + l) - (float)j->age[k];
    mask came;
    memcpy(&came, n->came + l, sizeof came);
    mask ok = came & (seen >= 0);
    settle(&bet[0], l, ok, side, way[0], staked[0], coin_worth[k]);
    settle(&bet[1], l, ok, side, way[1], staked[1], coin_worth[k]);
    follow(&t->of[k], l, ok, miss, seen);
}

INLINE void advance(tile *t, int l, const news *n)
{
    mask came;
    memcpy(&came, n->came + l, sizeof came);
    lanes age = load(t->age + l), value = load(n->value + l), last = load(n->last + l);
    lanes level = load(t->level + l), size = load(t->size + l);
    lanes smooth = load(t->smooth + l), trend = load(t->trend + l);
    mask first = came & (age == 0), again = came & (age > 0);
    lanes sized = settled(size + size_gain * (size_of(value - last) - size));
    lanes step = median_gain * (value - level), limit = median_gain * sized;
    step = least(most(step, -limit), limit);
    lanes carried = settled((float)damping * trend), expected = smooth + carried;
    lanes error = value - expected;
    store(t->size + l, where(again, sized, size));
    store(t->level + l, where(first, value, where(again, level + step, level)));
    store(t->smooth + l, where(first, value, where(again, expected + holt_gain * error, smooth)));
    store(t->trend + l, where(again, settled(carried + holt_trend_gain * error), carried));
    store(t->age + l, where(came | (age > 0), age + 1, all(0)));
}

INLINE void sweep_tile(const tick_job *j, int32_t i)
{
    tile *t = &j->self->tiles[i];
    news n;
    take_in(j, i, &n);
    for (int k = 0; k < BLOCKS; k++) {
        for (int l = 0; j->age[k] > 0 && l < TILE; l += LANES) {
            judge(j, k, t, l, &n, k < RECENT ? &t->recent[j->slot[k]] : &t->seldom[j->slot[k]]);
        }
    }
    for (int l = 0; l < TILE; l += LANES) {
        advance(t, l, &n);
    }
    remember(t, &n, &t->recent[j->recent_slot]);
    if (j->seldom_slot >= 0) {
        t->seldom[j->seldom_slot] = t->recent[j->recent_slot];
    }
}

INLINE void look_ahead(const tile *t, outlook *ret)
{
    line last;
    for (int l = 0; l < TILE; l++) {
        last[l] = (float)t->value[l];
    }
    for (int k = 0; k < BLOCKS; k++) {
        for (int l = 0; l < TILE; l += LANES) {
            const bettor *bet = t->bet[k];
            lanes to_level = load(t->level + l) - load(last + l);
            store(ret->base[k] + l, weight(&bet[TO_LEVEL], l) * to_level);
            store(ret->slope[k] + l, weight(&bet[ALONG_TREND], l) * load(t->trend + l));
        }
    }
}

/* One series: the steps of a block are its last value, and two numbers. */
INLINE void tell_one(const tell_job *j, const tile *t, const outlook *o, int l,
                     double *restrict ret)
{
    double value = t->value[l];
    for (int32_t h = 0; h < RECENT && h < j->steps; h++) { /* blocks of one step */
        ret[h] = value + ((double)o->base[h][l] + (double)o->slope[h][l] * j->path.at[h]);
    }
    for (int k = RECENT; k < BLOCKS; k++) {
        double base = (double)o->base[k][l], slope = (double)o->slope[k][l];
        int32_t to = block_to[k] < j->steps ? block_to[k] : j->steps;
        for (int32_t h = block_from[k] - 1; h < to; h++) {
            ret[h] = value + (base + slope * j->path.at[h]);
        }
    }
}

INLINE void tell_tile(const tell_job *j, int32_t i)
{
    const tile *t = &j->self->tiles[i];
    outlook o;
    look_ahead(t, &o);
    int32_t first = i * TILE, left = j->self->count - first;
    for (int32_t l = 0; l < TILE && l < left; l++) {
        tell_one(j, t, &o, l, j->ret + ((size_t)first + (size_t)l) * (size_t)j->steps);
    }
}

/* Taken in, told, or one and then the other while it is at hand. */
static TARGET void sweep_part(void *context, int part)
{
    const sweep_job *j = context;
    int32_t from = part * PART_TILES, to = from + PART_TILES;
    for (int32_t i = from; i < to && i < j->tile_count; i++) {
        if (j->tick) {
            sweep_tile(j->tick, i);
        }
        if (j->tell) {
            tell_tile(j->tell, i);
        }
    }
}

#undef size_of
#undef settled
#undef weight
#undef settle
#undef follow
#undef judge
#undef advance
#undef sweep_tile
#undef sweep_part
#undef look_ahead
#undef tell_one
#undef tell_tile
#include "base/lanes_end.h"
