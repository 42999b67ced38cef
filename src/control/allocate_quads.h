/* allocate_quads.h - sweeps over slots, four at a time (quads.h). Included by allocate_tree.c, once for each width. */

/* What four slots ask for in the phase. */
Q_CODE Q Q_NAME(ask_of)(const sg_tree *t, bool rest, int k)
{
    Q demand = Q_DO(load)(t->demand + k), low = Q_DO(min)(Q_DO(load)(t->min + k), demand);
    return rest ? Q_DO(sub)(demand, low) : low;
}

/* Is the ask close to what the level gives? Never for a slot that wants nothing. */
Q_CODE Q_MASK Q_NAME(close_to)(Q ask, Q share)
{
    return Q_DO(below)(Q_DO(abs)(Q_DO(sub)(ask, share)),
                       Q_DO(mul)(share, Q_DO(all)(SG_TAKEN_NEAR)));
}

/* A whole number of pairs; the last one by itself where it is odd. */
Q_CODE __attribute__((always_inline)) void Q_NAME(take_as)(const sg_tree *t, bool rest, bool watch,
                                                           int from, int to, double level,
                                                           sg_taken *sum)
{
    Q below = Q_DO(all)(0), slope = below, at = Q_DO(all)(level);
    Q_MASK near = Q_DO(below)(below, below);
    int k = from;
    for (; k + 4 <= to; k += 4) {
        Q ask = Q_NAME(ask_of)(t, rest, k), w = Q_DO(load)(t->weight + k), share = Q_DO(mul)(w, at);
        Q_MASK full = Q_DO(upto)(ask, share);
        below = Q_DO(add)(below, Q_DO(where)(full, ask));
        slope = Q_DO(add)(slope, Q_DO(unless)(full, w));
        if (watch) {
            near = Q_DO(either)(near, Q_NAME(close_to)(ask, share));
        }
    }
    sg_pair below_2 = Q_DO(low)(below), slope_2 = Q_DO(low)(slope);
    sum->near |= watch && Q_DO(bits)(near) != 0;
    if (k < to) {
        sg_pair demand = sg_pair_load(t->demand + k), w = sg_pair_load(t->weight + k);
        sg_pair lower = sg_pair_min(sg_pair_load(t->min + k), demand);
        sg_pair ask = rest ? demand - lower : lower, share = w * (sg_pair){level, level};
        sg_pair_mask full = ask <= share;
        below_2 += (sg_pair)(full & (sg_pair_mask)ask);
        slope_2 += (sg_pair)(~full & (sg_pair_mask)w);
        if (watch) {
            sg_pair off = ask - share, close = share * (sg_pair){SG_TAKEN_NEAR, SG_TAKEN_NEAR};
            sum->near |= fabs(off[0]) < close[0] || fabs(off[1]) < close[1];
        }
    }
    below_2 += Q_DO(high)(below);
    slope_2 += Q_DO(high)(slope);
    sum->below += below_2[0] + below_2[1];
    sum->slope += slope_2[0] + slope_2[1];
}

Q_CODE void Q_NAME(take)(const sg_tree *t, bool rest, bool watch, int from, int to, double level,
                         sg_taken *sum)
{
    if (rest && watch) {
        Q_NAME(take_as)(t, true, true, from, to, level, sum);
    } else if (rest) {
        Q_NAME(take_as)(t, true, false, from, to, level, sum);
    } else {
        Q_NAME(take_as)(t, false, watch, from, to, level, sum);
    }
}

/* What leaves in a row want, zeros without a sign, so that equal numbers are equal bits. False where one is no demand. */
Q_CODE bool Q_NAME(wants_of_row)(const sg_allocation *p, int first, int count, double *ret_w)
{
    const double *demand_w = p->leaf_demand_w + first,
                 *most_w = p->leaf_most_w ? p->leaf_most_w + first : demand_w;
    const Q zero = Q_DO(all)(0), endless = Q_DO(all)(HUGE_VAL);
    Q_MASK sane = Q_DO(upto)(zero, zero);
    int i = 0;
    for (; i + 4 <= count; i += 4) {
        Q w = Q_DO(add)(Q_DO(min)(Q_DO(load)(most_w + i), Q_DO(load)(demand_w + i)), zero);
        sane = Q_DO(both)(sane, Q_DO(both)(Q_DO(upto)(zero, w), Q_DO(below)(w, endless)));
        Q_DO(store)(ret_w + i, w);
    }
    bool all = Q_DO(bits)(sane) == 15;
    for (; i < count; i++) {
        ret_w[i] = lesser(most_w[i], demand_w[i]) + 0.0;
        all = all && ret_w[i] >= 0 && ret_w[i] < HUGE_VAL;
    }
    return all;
}

Q_CODE void Q_NAME(scatter)(const int32_t *leaf, Q w, double *given_w)
{
    sg_pair low = Q_DO(low)(w), high = Q_DO(high)(w);
    given_w[leaf[0]] = low[0];
    given_w[leaf[1]] = low[1];
    given_w[leaf[2]] = high[0];
    given_w[leaf[3]] = high[1];
}

/* In the phase of the rest, at its level. */
Q_CODE void Q_NAME(give_rest)(const sg_tree *t, sg_slots s, double level, double *given_w)
{
    const Q at = Q_DO(all)(level);
    int i = s.from;
    for (; i + 4 <= s.to; i += 4) {
        Q demand = Q_DO(load)(t->demand + i), low = Q_DO(min)(Q_DO(load)(t->min + i), demand);
        Q share = Q_DO(mul)(Q_DO(load)(t->weight + i), at);
        Q more = Q_DO(min)(Q_DO(add)(low, share), demand);
        Q_MASK full = Q_DO(upto)(Q_DO(sub)(demand, low), share);
        Q_NAME(scatter)(t->leaf + i, Q_DO(pick)(full, demand, more), given_w);
    }
    for (; i < s.to; i++) {
        double demand = t->demand[i], low = lesser(t->min[i], demand);
        double share = t->weight[i] * level, more = lesser(low + share, demand);
        given_w[t->leaf[i]] = demand - low <= share ? demand : more;
    }
}
