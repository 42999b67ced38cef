#include "control/breakers.h"

#include <math.h>
#include <string.h>

static const double heat_max = 0.8; /* of the trip: E1 */
static const double brief_heat_max =
    0.9; /* until a loss is answered; between the bound and the trip */
static const double continuous_frac = 0.8; /* of the rating */
static const double hold_s = 10;           /* what is allowed now could last so long */
/* The same, should relief be a lie: e times what frames and commands are late together at worst, so that what is learnt from the
 * meter comes in time, and a little below the bound. */
static const double relief_hold_s = 6, relief_heat_max = 0.78;
static const double cool_heat_max = 0.75;  /* of a breaker that others help */
static const double plain_trip_200_s = 10; /* of a node whose curve is not known */
static const double lost_frac = 0.01; /* of what is drawn below: a feeder that shows less is lost */
static const double answer_s = 2;     /* from a loss to the caps that answer it */

static double fresh_w(const sg_flows *f, int point)
{
    return sg_measure_fresh(f->measure, point) ? f->measure->value[point] : 0;
}

/* The most that could have flowed into each node under the command in force: every load at its cap, every store that was to
 * charge charging, none giving; whoever showed more than he was told counts with that. In node_used_w. */
static void worst_flows(const sg_flows *f, double task_w)
{
    const sg_plant *plant = f->plant;
    const int32_t *first = plant->points.first;
    double *worst_w = f->self->node_used_w;
    memset(worst_w, 0, (size_t)plant->node_count * sizeof(double));
    for (int l = 0; l < plant->load_count; l++) {
        double shown_w = fresh_w(f, first[SG_POINT_LOAD_POWER] + l);
        worst_w[plant->load_node[l]] += fmax(f->self->load_cap_w[l], shown_w);
    }
    for (int s = 0; s < plant->store_count; s++) {
        double shown_w = fresh_w(f, first[SG_POINT_STORE_POWER] + s);
        worst_w[plant->store_node[s]] += fmax(fmax(-f->self->store_w[s], -shown_w), 0);
    }
    for (int t = 0; t < plant->tie_count; t++) { /* the end that gives, either when not known */
        double shown_w = fresh_w(f, first[SG_POINT_TIE_POWER] + t), told_w = f->self->tie_w[t];
        worst_w[plant->tie_from[t]] += fmax(fmax(told_w, shown_w), 0);
        worst_w[plant->tie_to[t]] += fmax(fmax(-told_w, -shown_w), 0);
    }
    worst_w[0] += task_w;
    for (int n = plant->node_count - 1; n >= 0; n--) {
        double out_w = worst_w[n];
        worst_w[n] =
            out_w / plant->node_converter_eff[n] + plant->node_loss_per_w[n] * out_w * out_w;
        if (n > 0) {
            worst_w[plant->node_parent[n]] += worst_w[n];
        }
    }
}

/* A node whose curve is not known counts as a body that trips in 10 s at twice its rating, of which its limit is 80 %. */
static sg_breaker plain(void)
{
    return (sg_breaker){.curve = SG_BREAKER_UL489, .tau_s = sg_breaker_tau_s(plain_trip_200_s)};
}

/* The most that may flow through it, as a multiple of its rating, because stores give as they say. */
static double plain_bears(double heat)
{
    sg_breaker body = plain();
    double multiple = sg_breaker_multiple_below(&body, heat, relief_heat_max, relief_hold_s);
    return fmin(multiple, sg_plant_multiple_max);
}

/* Its heat is needed where a store could let loads draw more than the limit. A meter that is not read counts as the most that
 * relief could have let through. */
static void heat_plain(const sg_flows *f, double dt_s)
{
    const sg_plant *plant = f->plant;
    int first = plant->points.first[SG_POINT_NODE_POWER];
    sg_breaker body = plain();
    double part = -expm1(-dt_s / body.tau_s);
    for (int n = 1; n < plant->node_count; n++) {
        if (plant->node_curve[n] > 0 || !isfinite(plant->node_limit_w[n])) {
            continue;
        }
        double *heat = &f->self->node_heat[n];
        bool good = f->measure->quality[first + n] == SG_GOOD;
        double shown_w = good ? fabs(f->measure->value[first + n]) : fresh_w(f, first + n);
        double multiple = continuous_frac * shown_w / plant->node_limit_w[n];
        multiple = good ? multiple : fmax(multiple, plain_bears(*heat));
        double next = *heat + (multiple * multiple - *heat) * part;
        *heat = next < 1 ? next : 1;
    }
}

static bool all_read(const sg_flows *f)
{
    const uint8_t *quality = f->measure->quality + f->plant->points.first[SG_POINT_NODE_POWER];
    bool good = true;
    for (int n = 0; n < f->plant->node_count; n++) {
        good = good && (f->plant->node_curve[n] == 0 || quality[n] == SG_GOOD);
    }
    return good;
}

static void heat_up(const sg_flows *f, double dt_s, double task_w)
{
    const sg_plant *plant = f->plant;
    int first = plant->points.first[SG_POINT_NODE_POWER];
    if (!all_read(f)) {
        worst_flows(f, task_w);
    }
    for (int n = 0; n < plant->node_count; n++) {
        if (plant->node_curve[n] == 0) {
            continue;
        }
        bool good = f->measure->quality[first + n] == SG_GOOD;
        double shown_w = fabs(f->measure->value[first + n]);
        int partner = plant->node_partner[n]; /* whose load may be on this breaker */
        double worst_w =
            f->self->node_used_w[n] + (partner >= 0 ? f->self->node_used_w[partner] : 0);
        double flow_w = good ? shown_w : fmax(fresh_w(f, first + n), worst_w);
        sg_breaker breaker = sg_plant_breaker(plant, n);
        f->self->node_heat[n] = sg_breaker_heat(&breaker, f->self->node_heat[n],
                                                flow_w / plant->node_breaker_w[n], dt_s);
    }
}

/* What the breaker of a node may carry so that its heat stays below the bound for that long. */
static double bounded_w(const sg_plant *plant, int n, double heat, double bound, double last_s)
{
    sg_breaker breaker = sg_plant_breaker(plant, n);
    double most = sg_plant_multiple_max;
    if (breaker.instantaneous > 0) {
        most = fmin(most, continuous_frac * breaker.instantaneous);
    }
    double multiple = sg_breaker_multiple_below(&breaker, heat, bound, last_s);
    return fmin(plant->node_hard_w[n], fmin(multiple, most) * plant->node_breaker_w[n]);
}

static void limit_of(const sg_flows *f, int n, double dt_s)
{
    const sg_plant *plant = f->plant;
    const sg_control *self = f->self;
    double heat = self->node_heat[n];
    double may_w = fmin(plant->node_limit_w[n], continuous_frac * plant->node_breaker_w[n]);
    if (heat < heat_max) {
        may_w = bounded_w(plant, n, heat, heat_max, fmax(hold_s, 2 * dt_s));
    }
    double brief_w = bounded_w(plant, n, heat, brief_heat_max, fmax(answer_s, 2 * dt_s));
    double gain = plant->node_gain[n] * plant->node_gain_below[n];
    self->node_may_w[n] = may_w;
    self->node_leaf_w[n] = may_w / gain;
    self->node_brief_w[n] = fmax(may_w, brief_w) / gain;
}

void sg_breakers_step(const sg_flows *f, double dt_s, double task_w)
{
    const sg_plant *plant = f->plant;
    const sg_control *self = f->self;
    size_t bytes = (size_t)plant->node_count * sizeof(double);
    memcpy(self->node_may_w, plant->node_limit_w, bytes);
    memcpy(self->node_leaf_w, plant->node_leaf_limit_w, bytes);
    bool start = f->in && f->in->start;
    for (int n = 0; n < plant->node_count; n++) {
        self->node_brief_w[n] = INFINITY;
        if (start) {
            self->node_heat[n] = heat_max;
        }
    }
    if (!start && plant->store_count + plant->tie_count > 0 && dt_s <= SG_LONG_STEP_S) {
        heat_plain(f, dt_s);
    }
    if (plant->head->curve_count == 0) {
        return;
    }
    if (!start) {
        heat_up(f, dt_s, task_w);
    }
    for (int n = 0; n < plant->node_count; n++) {
        if (plant->node_curve[n] > 0) {
            limit_of(f, n, dt_s);
        }
    }
}

double sg_breakers_bear_w(const sg_flows *f, int n)
{
    const sg_plant *plant = f->plant;
    double heat = f->self->node_heat[n];
    double gain = plant->node_gain[n] * plant->node_gain_below[n];
    bool plain_node = plant->node_curve[n] == 0;
    if (plain_node && (f->in->dt_s > SG_LONG_STEP_S || !isfinite(plant->node_limit_w[n]))) {
        return INFINITY;
    }
    if (f->measure->quality[plant->points.first[SG_POINT_NODE_POWER] + n] != SG_GOOD) {
        return 0; /* nothing but the stores' word */
    }
    if (plain_node) {
        return plain_bears(heat) / continuous_frac * plant->node_limit_w[n] / gain;
    }
    double last_s = fmax(relief_hold_s, 2 * f->in->dt_s);
    return bounded_w(plant, n, heat, relief_heat_max, last_s) / gain;
}

double sg_breakers_cool_w(const sg_flows *f, int n)
{
    const sg_plant *plant = f->plant;
    if (plant->node_curve[n] == 0) {
        return f->self->node_leaf_w[n];
    }
    double last_s = fmax(hold_s, 2 * f->in->dt_s);
    double gain = plant->node_gain[n] * plant->node_gain_below[n];
    double cool_w = bounded_w(plant, n, f->self->node_heat[n], cool_heat_max, last_s) / gain;
    return fmin(cool_w, f->self->node_leaf_w[n]);
}

/* --- pairs of feeders --- */

/* What was measured to be drawn below each node, and how much of it its own breaker showed: next to nothing while its partner
 * feeds it. In node_used_w. */
static void drawn_below(const sg_flows *f)
{
    const sg_plant *plant = f->plant;
    const int32_t *first = plant->points.first;
    double *drawn_w = f->self->node_used_w;
    memset(drawn_w, 0, (size_t)plant->node_count * sizeof(double));
    for (int l = 0; l < plant->load_count; l++) {
        drawn_w[plant->load_node[l]] += fresh_w(f, first[SG_POINT_LOAD_POWER] + l);
    }
    for (int s = 0; s < plant->store_count; s++) {
        drawn_w[plant->store_node[s]] -= fresh_w(f, first[SG_POINT_STORE_POWER] + s);
    }
    for (int s = 0; s < plant->source_count; s++) {
        drawn_w[plant->source_node[s]] -= fresh_w(f, first[SG_POINT_SOURCE_POWER] + s);
    }
    for (int t = 0; t < plant->tie_count; t++) {
        double shown_w = fresh_w(f, first[SG_POINT_TIE_POWER] + t);
        drawn_w[plant->tie_from[t]] += shown_w;
        drawn_w[plant->tie_to[t]] -= shown_w;
    }
    for (int n = plant->node_count - 1; n > 0; n--) {
        drawn_w[plant->node_parent[n]] += drawn_w[n];
    }
}

static bool feeder_lost(const sg_flows *f, int n)
{
    int point = f->plant->points.first[SG_POINT_NODE_POWER] + n;
    double drawn_w = fabs(f->self->node_used_w[n]);
    return sg_measure_fresh(f->measure, point) && drawn_w > 1 &&
           fabs(f->measure->value[point]) < lost_frac * drawn_w;
}

static double brief_w(const sg_flows *f, int n)
{
    return f->plant->node_curve[n] > 0 ? f->self->node_brief_w[n] : f->self->node_leaf_w[n];
}

/* Both together stay within what either may carry until a loss is answered; after a loss, within what the one that is left
 * may carry. What is spare is shared alike. */
static void pair_limits(const sg_flows *f, int a, int b)
{
    const sg_control *self = f->self;
    bool lost_a = feeder_lost(f, a), lost_b = feeder_lost(f, b);
    double both_w =
        fmin(fmin(brief_w(f, a), brief_w(f, b)), self->node_leaf_w[a] + self->node_leaf_w[b]);
    if (lost_a || lost_b) {
        both_w = lost_a && lost_b ? 0 : self->node_leaf_w[lost_a ? b : a];
    }
    const uint8_t *quality = f->measure->quality + f->plant->points.first[SG_POINT_NODE_POWER];
    if (quality[a] != SG_GOOD || quality[b] != SG_GOOD) { /* either may have been lost */
        both_w = fmin(both_w, fmin(self->node_leaf_w[a], self->node_leaf_w[b]));
    }
    if (!isfinite(both_w)) {
        return;
    }
    double want_a = self->node_flow_w[a], want_b = self->node_flow_w[b];
    double spare_w = both_w - want_a - want_b;
    double most_a = spare_w >= 0 ? want_a + spare_w / 2 : both_w * want_a / (want_a + want_b);
    double limit_a = fmin(most_a, lost_a ? both_w : self->node_leaf_w[a]);
    double limit_b = fmin(both_w - limit_a, lost_b ? both_w : self->node_leaf_w[b]);
    self->node_pair[a] = limit_a < self->node_leaf_w[a];
    self->node_pair[b] = limit_b < self->node_leaf_w[b];
    self->node_leaf_w[a] = limit_a;
    self->node_leaf_w[b] = limit_b;
}

bool sg_breakers_pairs(const sg_flows *f)
{
    const sg_plant *plant = f->plant;
    if (plant->head->partner_count == 0) {
        return false;
    }
    drawn_below(f);
    for (int n = 0; n < plant->node_count; n++) {
        if (plant->node_partner[n] > n) {
            pair_limits(f, n, plant->node_partner[n]);
        }
    }
    return true;
}
