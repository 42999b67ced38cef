/* supercapacitor_rows.h - the step of supercapacitor.c on some rows at once; included there once for each width (lanes.h). */

/* With u the voltage squared in the middle of the step if nothing flowed, x the power inside and b the fall of u
 * per power, x - R x^2 / (u - b x) = P: the smaller root of (b + R) x^2 - (u + P b) x + P u = 0. */
LANES_CODE LANES LANES_NAME(inside_w)(const bank *c, LANES u, LANES power_w)
{
    const LANES zero = LANES_OF(0);
    LANES sum = u + power_w * c->v2_per_w, product = power_w * u;
    LANES root = LANES_DO(_sqrt)(LANES_DO(_max)(sum * sum - product * (2 * c->twice_sum), zero));
    LANES_MASK usual = sum >= zero; /* the other form where the two would cancel */
    LANES over = LANES_DO(_pick)(usual, 2 * product, sum - root);
    return over / LANES_DO(_pick)(usual, sum + root, LANES_OF(c->twice_sum));
}

LANES_CODE void LANES_NAME(flow)(const bank *c, LANES asked_w, LANES held_j, LANES ret[OUT_COUNT])
{
    const LANES zero = LANES_OF(0), rating_w = LANES_OF(c->power_w);
    const LANES least = LANES_OF(least_v2);
    LANES half_j = LANES_DO(_max)(held_j * c->half_keep - c->half_drain_j, zero);
    LANES u = LANES_DO(_max)(half_j * c->v2_per_j + c->low_v2, least);
    LANES power_w = LANES_DO(_clamp)(asked_w, -rating_w, rating_w);
    power_w = LANES_DO(_min)(power_w, u * c->most_w_per_v2);
    LANES from_w = LANES_NAME(inside_w)(c, u, power_w);

    /* not below empty, not above full: then the power inside is given, and what comes of it at the bus follows */
    LANES kept_j = held_j * c->keep - c->drain_j;
    LANES spare_w = LANES_DO(_max)(kept_j, zero) * c->per_span;
    LANES room_w = (c->capacity_j - kept_j) * c->per_span;
    LANES limited_w = LANES_DO(_clamp)(from_w, -room_w, spare_w);
    LANES volt2 = LANES_DO(_max)(u - limited_w * c->v2_per_w, least);
    LANES_MASK cut = limited_w != from_w;
    int64_t any = cut[0] | cut[1];
    for (int i = 2; i < SG_LANES; i++) {
        any |= cut[i];
    }
    if (any) {
        LANES left_w = limited_w - limited_w * limited_w * c->ohm / volt2;
        left_w =
            LANES_DO(_clamp)(left_w, LANES_DO(_min)(power_w, zero), LANES_DO(_max)(power_w, zero));
        power_w = LANES_DO(_pick)(cut, left_w, power_w);
    }
    LANES next_j = LANES_DO(_clamp)(kept_j - limited_w * c->span_s, zero, LANES_OF(c->capacity_j));
    ret[OUT_POWER] = power_w;
    ret[OUT_ENERGY] = next_j;
    ret[OUT_LOSS] = held_j - next_j - power_w * c->dt_s;
    ret[OUT_VOLTAGE] = LANES_DO(_sqrt)(next_j * c->v2_per_j + c->low_v2);
    ret[OUT_CURRENT] = limited_w / LANES_DO(_sqrt)(volt2);
}

/* All whole groups of rows; returns how many rows that is. */
LANES_CODE int64_t LANES_NAME(many)(const bank *c, int64_t count, const double *asked_w,
                                    double *held_j, double *const *out)
{
    double *to[OUT_COUNT]; /* apart: what is written through `out` could be `out` itself */
    LANES ret[OUT_COUNT];
    memcpy(to, out, sizeof to);
    int64_t k = 0;
    for (; k + SG_LANES <= count; k += SG_LANES) {
        LANES_NAME(flow)(c, LANES_DO(_load)(asked_w + k), LANES_DO(_load)(held_j + k), ret);
        LANES_DO(_store)(held_j + k, ret[OUT_ENERGY]);
        for (int i = 0; i < OUT_COUNT; i++) {
            LANES_DO(_store)(to[i] + k, ret[i]);
        }
    }
    return k;
}
