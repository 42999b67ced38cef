/* envelope.c - last on every command, whatever produced it. It only ever narrows. */
#include "control/flows.h"

#include "base/check.h"

#include <math.h>

/* A store does not charge another: while stores with duty `energy` or `bridge` give and take at once, the smaller side is
 * withdrawn. Smoothing and device cells work on seconds and are left alone. */
static void no_circulation(const sg_flows *f)
{
    const sg_plant *plant = f->plant;
    double give_w = 0, take_w = 0;
    for (int s = 0; s < plant->store_count; s++) {
        int duty = plant->store_duty[s];
        if (duty == SG_DUTY_ENERGY || duty == SG_DUTY_BRIDGE) {
            double w = f->self->store_w[s];
            give_w += w > 0 && f->self->store_reason[s] != SG_REASON_NODE_RELIEF ? w : 0;
            take_w += w < 0 ? -w : 0;
        }
    }
    if (!(give_w > 1e-6) || !(take_w > 1e-6)) {
        return;
    }
    bool drop_take = give_w >= take_w;
    for (int s = 0; s < plant->store_count; s++) {
        int duty = plant->store_duty[s];
        double w = f->self->store_w[s];
        bool ours = duty == SG_DUTY_ENERGY || duty == SG_DUTY_BRIDGE;
        if (ours && ((drop_take && w < 0) ||
                     (!drop_take && w > 0 && f->self->store_reason[s] != SG_REASON_NODE_RELIEF))) {
            f->self->store_w[s] = 0;
            f->self->store_reason[s] = SG_REASON_CIRCULATION;
        }
    }
}

static void store_limits(const sg_flows *f, int s)
{
    double *w = &f->self->store_w[s];
    double give_w = sg_store_can_give_w(f, s), take_w = sg_store_can_take_w(f, s);
    const sg_reservoir *r = &f->plant->store_reservoir[s];
    uint8_t *reason = &f->self->store_reason[s];
    if (*w > give_w) {
        *reason = (uint8_t)(give_w < r->discharge_w_max ? SG_REASON_EMPTY : SG_REASON_RATING);
        *w = give_w;
    } else if (*w < -take_w) {
        *reason = (uint8_t)(take_w < r->charge_w_max ? SG_REASON_FULL : SG_REASON_RATING);
        *w = -take_w;
    }
}

void sg_envelope(const sg_flows *f)
{
    const sg_plant *plant = f->plant;
    no_circulation(f);
    for (int s = 0; s < plant->store_count; s++) {
        store_limits(f, s);
        SG_CHECK(isfinite(f->self->store_w[s]));
        SG_CHECK(plant->store_real[s] || f->self->store_w[s] == 0);
    }
    for (int l = 0; l < plant->load_count; l++) {
        double cap_w = f->self->load_cap_w[l];
        SG_CHECK(cap_w >= 0 && cap_w <= plant->load_rating_w[l] * (1 + 1e-9));
    }
    for (int s = 0; s < plant->source_count; s++) {
        SG_CHECK(f->self->source_limit_w[s] >= 0);
    }
}
