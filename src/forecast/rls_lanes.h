/* rls_lanes.h - what rls.c does with a group's covariances and windows, for one vector width; included there once for each: LANES is how
 * many doubles a vector holds, TARGET the attribute of the width, NAMED(name) the name with its suffix. Each lane is a series by
 * itself, and no width contracts or reorders, so the bits are the same. */
#include "base/lanes.h"

#define window    NAMED(window)
#define product   NAMED(product)
#define deflate   NAMED(deflate)
#define row       NAMED(row)
#define learn_few NAMED(learn_few)
#define tell_few  NAMED(tell_few)

/* Some of the past in deviations, oldest first: `count` ticks up to `tick`; 0 where the scale is not known. */
INLINE void window(const group *g, int l, int64_t tick, int count, lanes *ret)
{
    lanes mean = load(g->mean + l), deviation = load(g->deviation + l);
    mask known = deviation > 0;
    deviation = where(known, deviation, all(1));
    for (int i = 0; i < count; i++) {
        int64_t at = tick - (count - 1) + i;
        lanes z = (load(g->recent[(at + PAST) % PAST] + l) - mean) / deviation;
        ret[i] = where(known, most(least(z, all(far)), all(-far)), all(0));
    }
}

/* pu = P u. Rows of the lower triangle four at a time: an element is read once and counts for its row and for its column. */
INLINE void product(const group *g, int l, const lanes u[N], lanes pu[N])
{
    for (int i = 0; i < LAGS; i += 4) {
        const line *p0 = g->covariance + i * (i + 1) / 2, *p1 = p0 + i + 1, *p2 = p1 + i + 2,
                   *p3 = p2 + i + 3;
        lanes s0 = all(0), s1 = s0, s2 = s0, s3 = s0;
        lanes u0 = u[i], u1 = u[i + 1], u2 = u[i + 2], u3 = u[i + 3];
        for (int k = 0; k < i; k++) {
            lanes a = load(p0[k] + l), b = load(p1[k] + l), c = load(p2[k] + l),
                  d = load(p3[k] + l);
            s0 += a * u[k];
            s1 += b * u[k];
            s2 += c * u[k];
            s3 += d * u[k];
            pu[k] += (a * u0 + b * u1) + (c * u2 + d * u3);
        }
        lanes ba = load(p1[i] + l), ca = load(p2[i] + l), da = load(p3[i] + l);
        lanes cb = load(p2[i + 1] + l), db = load(p3[i + 1] + l), dc = load(p3[i + 2] + l);
        pu[i] = s0 + ((load(p0[i] + l) * u0 + ba * u1) + (ca * u2 + da * u3));
        pu[i + 1] = s1 + ((ba * u0 + load(p1[i + 1] + l) * u1) + (cb * u2 + db * u3));
        pu[i + 2] = s2 + ((ca * u0 + cb * u1) + (load(p2[i + 2] + l) * u2 + dc * u3));
        pu[i + 3] = s3 + ((da * u0 + db * u1) + (dc * u2 + load(p3[i + 3] + l) * u3));
    }
    const line *last = g->covariance + LAGS * N / 2;
    lanes sum = load(last[LAGS] + l); /* the last of u is one */
    for (int k = 0; k < LAGS; k++) {
        lanes a = load(last[k] + l);
        sum += a * u[k];
        pu[k] += a;
    }
    pu[LAGS] = sum;
}

/* P = (P - gain pu') / keep. Returns the trace. */
INLINE lanes deflate(group *g, int l, const lanes gain[N], const lanes pu[N], lanes grow)
{
    lanes trace = all(0);
    line *at = g->covariance;
    for (int i = 0; i < N; i++) {
        lanes by = gain[i];
        for (int k = 0; k <= i; k++) {
            store(at[k] + l, (load(at[k] + l) - by * pu[k]) * grow);
        }
        trace += load(at[i] + l);
        at += i + 1;
    }
    return trace;
}

/* One value learnt where `ok`; elsewhere nothing changes. past: the values before it, oldest first, then it. */
INLINE void row(group *g, int l, const lanes *past, mask ok)
{
    lanes u[N], pu[N], gain[N], z = past[LAGS];
    lanes upu = all(keep), error = z;
    for (int i = 0; i < LAGS; i++) {
        u[i] = past[LAGS - 1 - i];
    }
    u[LAGS] = all(1);
    product(g, l, u, pu);
    for (int i = 0; i < N; i++) {
        upu += pu[i] * u[i];
        error -= load(g->weight[i] + l) * u[i];
    }
    mask positive =
        upu > 0; /* or rounding has made it useless: nothing is learnt, it starts anew */
    ok &= positive;
    lanes part = where(ok, 1 / upu, all(0));
    for (int i = 0; i < N; i++) {
        gain[i] = pu[i] * part;
        store(g->weight[i] + l, load(g->weight[i] + l) + where(ok, gain[i] * error, all(0)));
    }
    lanes trace = deflate(g, l, gain, pu, where(ok, all(1 / keep), all(1)));
    mask sound = (trace > 0) & (trace < grown) & positive;
    for (int i = 0; i < LANES; i++) {
        if (!sound[i]) {
            restart(g, l + i);
        }
    }
    store(g->low + l, where(ok, least(load(g->low + l), z), load(g->low + l)));
    store(g->high + l, where(ok, most(load(g->high + l), z), load(g->high + l)));
}

INLINE void learn_few(group *g, int l, int64_t tick)
{
    lanes past[PAST];
    window(g, l, tick, PAST, past);
    mask known = load(g->deviation + l) > 0;
    for (int r = 0; r < PERIOD; r++) {
        int slot = (int)((tick - (PERIOD - 1) + r + PAST) % PAST);
        mask ok;
        for (int i = 0; i < LANES; i++) {
            ok[i] = (g->came[l + i] >> slot & 1) != 0 ? known[i] : 0;
        }
        row(g, l, past + r, ok);
    }
}

static TARGET void NAMED(learn)(group *g, int64_t tick)
{
    for (int l = 0; l < GROUP; l += LANES) {
        learn_few(g, l, tick);
    }
}

/* ret[l] NULL: nobody asked for it. tick: the one after the newest value. */
INLINE void tell_few(const group *g, int l, int64_t tick, int32_t steps, double *const ret[GROUP])
{
    lanes z[LAGS + CHUNK];
    lanes mean = load(g->mean + l), deviation = load(g->deviation + l);
    lanes last = load(g->recent[(tick + PAST - 1) % PAST] + l);
    lanes margin = (load(g->high + l) - load(g->low + l)) / 2;
    lanes highest = load(g->high + l) + margin, lowest = load(g->low + l) - margin;
    window(g, l, tick - 1, LAGS, z);
    for (int32_t from = 0; from < steps; from += CHUNK) {
        int32_t count = steps - from < CHUNK ? steps - from : CHUNK;
        for (int32_t h = 0; h < count; h++) {
            lanes sum = load(g->weight[LAGS] + l);
            for (int i = 0; i < LAGS; i++) {
                sum += load(g->weight[i] + l) * z[LAGS + h - 1 - i];
            }
            z[LAGS + h] = most(least(sum, highest), lowest);
            lanes said = where(deviation > 0, mean + deviation * z[LAGS + h], last);
            for (int i = 0; i < LANES; i++) {
                if (ret[l + i]) {
                    ret[l + i][from + h] = said[i];
                }
            }
        }
        memmove(z, z + count, LAGS * sizeof *z);
    }
}

static TARGET void NAMED(tell)(const group *g, int64_t tick, int32_t steps,
                               double *const ret[GROUP])
{
    for (int l = 0; l < GROUP; l += LANES) {
        tell_few(g, l, tick, steps, ret);
    }
}

#undef window
#undef product
#undef deflate
#undef row
#undef learn_few
#undef tell_few
#include "base/lanes_end.h"
