/* envelope.c - last on every command, whatever produced it. It only ever narrows. */
#include "control/flows.h"
#include "control/ties.h"

#include "base/check.h"

#include <math.h>
#include <string.h>

/* What a store gives beside the relief of a breaker, which caps may count on. */
static double spare_give_w(const sg_flows *f, int s)
{
    double w = f->self->store_w[s] - f->self->store_help_w[s];
    return f->self->store_w[s] > 0 && w > 0 ? w : 0;
}

static void withdraw(const sg_flows *f, int s, double power_w, sg_reason reason)
{
    f->self->store_w[s] -= power_w;
    f->self->store_reason[s] =
        (uint8_t)(f->self->store_help_w[s] > 0 ? sg_relief_reason(f, s) : reason);
}

/* Power grows no faster than the store's ramp; it may always fall back, which is the safe way. */
static void store_ramp(const sg_flows *f, int s)
{
    double *w = &f->self->store_w[s], before_w = f->self->store_before_w[s];
    double same_w = *w * before_w > 0 ? fabs(before_w) : 0;
    double most_w = same_w + f->plant->store_ramp[s] * f->in->dt_s;
    if (fabs(*w) > most_w) {
        *w = copysign(most_w, *w);
        f->self->store_reason[s] = SG_REASON_RAMP;
    }
}

/* A store that turns round rests first. */
static void store_dwell(const sg_flows *f, int s)
{
    double *w = &f->self->store_w[s];
    int32_t *way = &f->self->store_way[s];
    bool turns = *w * *way < 0;
    if (turns && f->self->store_rest_s[s] < f->plant->store_dwell_s[s]) {
        *w = 0;
        f->self->store_reason[s] = SG_REASON_DWELL;
    }
}

double sg_store_pace_w(const sg_flows *f, int s)
{
    const sg_control *self = f->self;
    if (f->plant->head->paced_stores == 0) {
        return INFINITY;
    }
    bool turns = self->store_way[s] < 0 && self->store_rest_s[s] < f->plant->store_dwell_s[s];
    double most_w = fmax(self->store_before_w[s], 0) + f->plant->store_ramp[s] * f->in->dt_s;
    return turns ? 0 : most_w;
}

static void remember_store(const sg_flows *f, int s, double dt_s)
{
    double w = f->self->store_w[s];
    double *rest_s = &f->self->store_rest_s[s];
    f->self->store_before_w[s] = w;
    *rest_s = w == 0 ? *rest_s + dt_s : 0;
    f->self->store_way[s] = w == 0 ? f->self->store_way[s] : w > 0 ? 1 : -1;
}

/* What the source delivers now. A reading that is held may be from before it was told less. */
static double source_now_w(const sg_flows *f, int s)
{
    const sg_measure *measure = f->measure;
    int power = f->plant->points.first[SG_POINT_SOURCE_POWER] + s;
    double told_w = f->self->source_before_w[s];
    if (isfinite(told_w) && measure->quality[power] != SG_GOOD) {
        return told_w;
    }
    double shown_w = sg_measure_fresh(measure, power) ? measure->value[power] : 0;
    return fmax(shown_w, isfinite(told_w) ? told_w : 0);
}

/* The same for a source: its limit rises by its ramp at most, from what it delivers, and it stays off for a while. */
static void source_change(const sg_flows *f, int s)
{
    const sg_plant *plant = f->plant;
    double *limit_w = &f->self->source_limit_w[s], *off_s = &f->self->source_off_s[s];
    double most_w = source_now_w(f, s) + plant->source_ramp[s] * f->in->dt_s;
    /* one that is started rests before it is asked again (island.c), not each time that it idles */
    bool was_off = plant->source_start_s[s] < 0 && *off_s > 0 && *off_s < plant->source_dwell_s[s];
    if (was_off && *limit_w > 0) {
        *limit_w = 0;
        f->self->source_reason[s] = SG_REASON_DWELL;
    } else if (*limit_w > most_w) {
        *limit_w = most_w;
        f->self->source_reason[s] = SG_REASON_RAMP;
    }
}

static void remember_source(const sg_flows *f, int s)
{
    double *off_s = &f->self->source_off_s[s];
    bool ran = f->self->source_before_w[s] > 0 || *off_s > 0;
    f->self->source_before_w[s] = f->self->source_limit_w[s];
    *off_s = f->self->source_limit_w[s] > 0 ? 0 : ran ? *off_s + f->in->dt_s : 0;
}

/* A store does not charge another: while stores with duty `energy` or `bridge` give and take at once, the smaller side is
 * withdrawn. Smoothing and device cells work on seconds and are left alone, and so is relief. */
static void no_circulation(const sg_flows *f)
{
    const sg_plant *plant = f->plant;
    double give_w = 0, take_w = 0;
    for (int s = 0; s < plant->store_count; s++) {
        int duty = plant->store_duty[s];
        if (duty == SG_DUTY_ENERGY || duty == SG_DUTY_BRIDGE) {
            give_w += spare_give_w(f, s);
            take_w += fmax(-f->self->store_w[s], 0);
        }
    }
    if (!(give_w > 1e-6) || !(take_w > 1e-6)) {
        return;
    }
    bool drop_take = give_w >= take_w;
    for (int s = 0; s < plant->store_count; s++) {
        int duty = plant->store_duty[s];
        double w = drop_take ? fmin(f->self->store_w[s], 0) : spare_give_w(f, s);
        if ((duty == SG_DUTY_ENERGY || duty == SG_DUTY_BRIDGE) && w != 0) {
            withdraw(f, s, w, SG_REASON_CIRCULATION);
        }
    }
}

/* What the source is going to deliver, as far as it was read. */
static double source_w(const sg_flows *f, int s)
{
    int available = f->plant->points.first[SG_POINT_SOURCE_AVAILABLE] + s;
    bool known = sg_measure_fresh(f->measure, available);
    return known ? fmin(f->measure->value[available], f->self->source_limit_w[s]) : 0;
}

static const double share_max = 1e9; /* far from binding, and still a limit */

/* What may flow up through the breaker of each node, as a share of what would: relief first, then the rest alike. The loads
 * below are left out of it, for they may fall away. Left in node_room_w. */
static void shares_upwards(const sg_flows *f)
{
    const sg_plant *plant = f->plant;
    double *relief_w = f->self->node_used_w, *store_w = f->self->node_room_w,
           *source_sum_w = f->self->node_up_w;
    size_t bytes = (size_t)plant->node_count * sizeof(double);
    memset(relief_w, 0, bytes);
    memset(store_w, 0, bytes);
    memset(source_sum_w, 0, bytes);
    for (int s = 0; s < plant->store_count; s++) {
        store_w[plant->store_node[s]] += spare_give_w(f, s);
        relief_w[plant->store_node[s]] += f->self->store_help_w[s];
    }
    for (int s = 0; s < plant->source_count; s++) {
        source_sum_w[plant->source_node[s]] += source_w(f, s);
    }
    for (int n = plant->node_count - 1; n > 0; n--) {
        int parent = plant->node_parent[n];
        relief_w[parent] += relief_w[n];
        store_w[parent] += store_w[n];
        source_sum_w[parent] += source_sum_w[n];
    }
    sg_ties_upwards(f, relief_w);
    double *share = f->self->node_room_w;
    share[0] = INFINITY; /* what the connection lets out is another matter */
    for (int n = 1; n < plant->node_count; n++) {
        double left_w = fmax(plant->node_up_limit_w[n] - relief_w[n], 0),
               all_w = store_w[n] + source_sum_w[n];
        double own = left_w < all_w ? left_w / all_w
                                    : fmin((left_w - store_w[n]) / source_sum_w[n], share_max);
        share[n] = isfinite(plant->node_up_limit_w[n]) ? fmin(own, share_max) : (double)INFINITY;
        share[n] = fmin(share[n], share[plant->node_parent[n]]);
    }
}

/* No breaker is overloaded from below. Sources behind one get a limit even where they fit: the sun may come out. */
static void no_overload_upwards(const sg_flows *f)
{
    const sg_plant *plant = f->plant;
    if (plant->store_count == 0 && plant->source_count == 0) {
        return;
    }
    shares_upwards(f);
    for (int s = 0; s < plant->store_count; s++) {
        double share = f->self->node_room_w[plant->store_node[s]], w = spare_give_w(f, s);
        if (share < 1 && w > 0) {
            withdraw(f, s, w * (1 - share), SG_REASON_NODE_LIMIT);
        }
    }
    for (int s = 0; s < plant->source_count; s++) {
        double share = f->self->node_room_w[plant->source_node[s]];
        if (isfinite(share)) {
            f->self->source_limit_w[s] = fmin(f->self->source_limit_w[s], source_w(f, s) * share);
            if (share < 1) {
                f->self->source_reason[s] = SG_REASON_NODE_LIMIT;
            }
        }
    }
}

static double sources_w(const sg_flows *f)
{
    double sum_w = 0;
    for (int s = 0; s < f->plant->source_count; s++) {
        sum_w += source_w(f, s);
    }
    return sum_w;
}

/* Sources deliver so much less, all alike, as far as they were read. Returns what is left of the excess. */
static double hold_back(const sg_flows *f, double excess_w, sg_reason reason)
{
    double made_w = sources_w(f), part = made_w > 0 ? fmin(excess_w / made_w, 1) : 0;
    for (int s = 0; s < f->plant->source_count; s++) {
        double w = source_w(f, s);
        if (w > 0) {
            f->self->source_limit_w[s] = w * (1 - part);
            f->self->source_reason[s] = (uint8_t)reason;
        }
    }
    return excess_w - part * made_w;
}

/* Relief that the store does not show yet: no cap rests on it. */
static double early_help_w(const sg_flows *f, int s)
{
    return fmax(f->self->store_w[s] - sg_relief_counted_w(f, s), 0);
}

/* Stores give so much less, of that part of what they give, all alike. Returns what is left of the excess. */
static double take_back(const sg_flows *f, double excess_w, double (*part_w)(const sg_flows *, int),
                        sg_reason reason)
{
    double sum_w = 0;
    for (int s = 0; s < f->plant->store_count; s++) {
        sum_w += part_w(f, s);
    }
    double share = sum_w > 0 ? fmin(excess_w / sum_w, 1) : 0;
    for (int s = 0; s < f->plant->store_count; s++) {
        double w = part_w(f, s);
        if (w > 0) {
            withdraw(f, s, w * share, reason);
        }
    }
    return excess_w - share * sum_w;
}

/* No more is given than the site draws and the connection lets out, whatever moved the stores (a swing, a full cell). Too much is what
 * stores give beside relief; then what sources make, for a store that was to take it may not be able to, or not yet; then relief that
 * begins: it may be meant for a tie that does not carry it. The rest of relief stands: it is part of what is drawn. */
static void no_export_beyond_permission(const sg_flows *f)
{
    double moved_w = sources_w(f), net_w = moved_w;
    for (int s = 0; s < f->plant->store_count; s++) {
        net_w += f->self->store_w[s];
        moved_w += fabs(f->self->store_w[s]);
    }
    double used_w = f->served_w + f->losses_w + f->task_w;
    double excess_w = net_w - used_w - f->export_w_max, trifle_w = 1e-9 * (1 + used_w + moved_w);
    sg_reason reason = f->grid_up ? SG_REASON_EXPORT_LIMIT : SG_REASON_GRID_DOWN;
    if (excess_w > trifle_w) {
        excess_w = take_back(f, excess_w, spare_give_w, reason);
    }
    if (excess_w > trifle_w) {
        excess_w = hold_back(f, excess_w, reason);
    }
    if (excess_w > trifle_w) {
        take_back(f, excess_w, early_help_w, reason);
    }
}

/* What caps and charging below each node add up to. In node_used_w. */
static void sums_downwards(const sg_flows *f)
{
    const sg_plant *plant = f->plant;
    double *used_w = f->self->node_used_w;
    for (int n = 0; n < plant->node_count; n++) {
        used_w[n] = f->in->news->cap_w[n];
    }
    for (int s = 0; s < plant->store_count; s++) {
        used_w[plant->store_node[s]] += fmax(-f->self->store_w[s], 0);
    }
    for (int n = plant->node_count - 1; n > 0; n--) {
        used_w[plant->node_parent[n]] += used_w[n];
    }
}

/* The node whose limit is the share of node n: there is one on its way up wherever the share is below one. */
static int binding_above(const sg_flows *f, int n)
{
    while (!f->self->node_binding[n]) {
        n = f->plant->node_parent[n];
    }
    return n;
}

/* What may be drawn below a node: what its feeder and those that help may carry, and of that no more than the breaker bears until the
 * loss of one that helps, or of all, is answered (N-1). */
static double most_below_w(const sg_flows *f, int n)
{
    const sg_control *self = f->self;
    return fmin(self->node_allow_w[n], fmax(self->node_bear_w[n], self->node_leaf_w[n]));
}

static sg_reason reason_of(const sg_flows *f, int n)
{
    return most_below_w(f, n) < f->self->node_allow_w[n] ? SG_REASON_LOSS
           : f->plant->node_curve[n] > 0                 ? SG_REASON_BREAKER_HEAT
                                                         : SG_REASON_NODE_LIMIT;
}

static void cut_caps(const sg_flows *f)
{
    const sg_control *self = f->self;
    const sg_news *news = f->in->news;
    for (int n = 0; n < f->plant->node_count; n++) {
        double share = self->node_room_w[n];
        if (share < 1) {
            uint8_t reason = (uint8_t)reason_of(f, binding_above(f, n));
            for (int32_t i = news->first[n]; i < news->first[n + 1]; i++) {
                self->load_cap_w[news->load[i]] *= share;
                self->load_reason[news->load[i]] = reason;
            }
            sg_flows_told(f, n);
        }
    }
    sg_news_forget(news); /* not what the allocation gave */
}

/* No breaker is overloaded from above: what may be drawn below a node fits in what it may carry now, whoever gave the caps out.
 * Allocation and charging keep to it, so that usually nothing is left to do. */
static void no_overload_downwards(const sg_flows *f)
{
    const sg_plant *plant = f->plant;
    const sg_control *self = f->self;
    double *share = self->node_room_w;
    sums_downwards(f);
    bool over = false;
    for (int n = 0; n < plant->node_count; n++) {
        double most_w = most_below_w(f, n);
        bool here = self->node_used_w[n] > most_w * (1 + 1e-9) + 1e-6;
        share[n] = here ? most_w / self->node_used_w[n] : 1;
        self->node_binding[n] = here; /* whose share it is, for the reason */
        if (n > 0 && share[plant->node_parent[n]] < share[n]) {
            share[n] = share[plant->node_parent[n]];
            self->node_binding[n] = 0;
        }
        over = over || here;
    }
    if (over) {
        cut_caps(f);
    }
    for (int s = 0; over && s < plant->store_count; s++) {
        int n = plant->store_node[s];
        if (share[n] < 1 && self->store_w[s] < 0) {
            self->store_w[s] *= share[n];
            self->store_reason[s] = (uint8_t)reason_of(f, binding_above(f, n));
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

/* Stores: what they can, then how fast; after that only what they give is still cut. */
static void stores_alone(const sg_flows *f)
{
    bool paced = f->plant->head->paced_stores > 0;
    for (int s = 0; s < f->plant->store_count; s++) {
        store_limits(f, s);
        if (paced) {
            store_dwell(f, s);
            store_ramp(f, s);
        }
    }
}

static void check_stores(const sg_flows *f)
{
    const sg_plant *plant = f->plant;
    for (int s = 0; s < plant->store_count; s++) {
        double w = f->self->store_w[s];
        SG_CHECK(plant->store_real[s] || w == 0);
        SG_CHECK(isfinite(w));
        if (f->self->store_help_w[s] > 0 && w > 0 && spare_give_w(f, s) <= 1e-9 * w) {
            /* whatever else it was asked for came to nothing */
            f->self->store_reason[s] = (uint8_t)sg_relief_reason(f, s);
        }
        if (plant->head->paced_stores > 0) {
            remember_store(f, s, f->in->dt_s);
        }
    }
}

static void check_sources(const sg_flows *f)
{
    for (int s = 0; s < f->plant->source_count; s++) {
        SG_CHECK(f->self->source_limit_w[s] >= 0);
        if (f->plant->head->paced_sources > 0) {
            remember_source(f, s);
        }
    }
}

/* In the safe set stores rest and sources stay as they were; what paces them goes on from there. */
void sg_envelope_rest(const sg_flows *f, double dt_s)
{
    for (int s = 0; f->plant->head->paced_stores > 0 && s < f->plant->store_count; s++) {
        remember_store(f, s, dt_s);
    }
}

/* In this order no later part can undo an earlier one: charging is cut first, for less of it means that more goes out; what
 * stores give beside relief is cut last, and no limit counts on it. */
void sg_envelope(const sg_flows *f)
{
    stores_alone(f);
    sg_ties_charging(f);
    for (int s = 0; f->plant->head->paced_sources > 0 && s < f->plant->source_count; s++) {
        source_change(f, s);
    }
    no_circulation(f);
    no_overload_downwards(f);
    no_overload_upwards(f);
    no_export_beyond_permission(f);
    check_stores(f);
    sg_ties_check(f);
    check_sources(f);
}
