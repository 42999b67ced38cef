/* flywheel_rows.h - the step of flywheel.c on some rows at once; included there once for each width (lanes.h). */

/* Some rows: what is asked for and held, to the four outputs. */
LANES_CODE void LANES_NAME(turn)(const wheel *c, LANES asked_w, LANES held_j, LANES ret[OUT_COUNT])
{
    const LANES zero = LANES_OF(0);
    LANES kept_j = held_j * c->keep - c->drain_j; /* if nothing flows; below zero: it stops */
    LANES spare_w = LANES_DO(_max)(kept_j, zero) * c->spare_per_s;
    LANES room_w = (c->capacity_j - kept_j) * c->room_per_s;
    LANES limit_w = LANES_OF(c->power_w);
    if (c->per_base_j > 0) {
        LANES speed = LANES_DO(_sqrt)((held_j + c->below_j) * c->per_base_j);
        limit_w = limit_w * LANES_DO(_min)(speed, LANES_OF(1));
    }
    LANES power_w = LANES_DO(_clamp)(asked_w, -LANES_DO(_min)(room_w, limit_w),
                                     LANES_DO(_min)(spare_w, limit_w));
    LANES per_w = LANES_DO(_pick)(power_w > zero, LANES_OF(c->per_out), LANES_OF(c->per_in));
    LANES next_j =
        LANES_DO(_clamp)(kept_j - power_w * per_w * c->span_s, zero, LANES_OF(c->capacity_j));
    ret[OUT_POWER] = power_w;
    ret[OUT_ENERGY] = next_j;
    ret[OUT_LOSS] = held_j - next_j - power_w * c->dt_s;
    ret[OUT_SPEED] = LANES_DO(_sqrt)((next_j + c->below_j) * c->squared_per_j);
}

/* All whole groups of rows; returns how many rows that is. */
LANES_CODE int64_t LANES_NAME(many)(const wheel *c, int64_t count, const double *asked_w,
                                    double *held_j, double *const *out)
{
    double *to[OUT_COUNT]; /* apart: what is written through `out` could be `out` itself */
    LANES ret[OUT_COUNT];
    memcpy(to, out, sizeof to);
    int64_t k = 0;
    for (; k + SG_LANES <= count; k += SG_LANES) {
        LANES_NAME(turn)(c, LANES_DO(_load)(asked_w + k), LANES_DO(_load)(held_j + k), ret);
        LANES_DO(_store)(held_j + k, ret[OUT_ENERGY]);
        for (int i = 0; i < OUT_COUNT; i++) {
            LANES_DO(_store)(to[i] + k, ret[i]);
        }
    }
    return k;
}
