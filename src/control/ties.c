#include "control/ties.h"

#include "base/check.h"
#include "control/breakers.h"

#include <math.h>
#include <string.h>

static const double deaf_s_max = 1;
static const double asked_frac = 0.02;  /* of the limit, of a tie that does not follow */
static const double trifle_frac = 1e-6; /* of the limit: less is not worth a switch */

/* Beside its loss, each W over a tie costs this: it is used where a feeder cannot do it, as a store is. */
static const double tie_fixed = 1;

enum { PASSES = 3 };

static int reading(const sg_flows *f, int t)
{
    return f->plant->points.first[SG_POINT_TIE_POWER] + t;
}

/* What was measured, in the direction of way (1 or -1); a held reading shows nothing. */
static double shown_w(const sg_flows *f, int t, double way)
{
    int point = reading(f, t);
    return f->measure->quality[point] == SG_GOOD ? fmax(way * f->measure->value[point], 0) : 0;
}

static double arriving_w(const sg_flows *f, int t, double given_w)
{
    return given_w - f->plant->tie_loss_per_w[t] * given_w * given_w;
}

/* What must be given for that to arrive; the reader keeps ties far from where half is lost. */
static double given_for_w(const sg_flows *f, int t, double arriving)
{
    double loss_per_w = f->plant->tie_loss_per_w[t];
    double root = sqrt(fmax(1 - 4 * loss_per_w * arriving, 0));
    return 2 * arriving / (1 + root);
}

void sg_ties_rest(const sg_flows *f, sg_reason reason)
{
    for (int t = 0; t < f->plant->tie_count; t++) {
        f->self->tie_w[t] = 0;
        f->self->tie_taker[t] = -1;
        f->self->tie_early[t] = 0;
        f->self->tie_reason[t] = (uint8_t)reason;
    }
}

void sg_ties_begin(const sg_flows *f)
{
    for (int t = 0; t < f->plant->tie_count; t++) {
        double told_w = f->self->tie_w[t], limit_w = f->plant->tie_limit_w[t];
        bool asked = fabs(told_w) > asked_frac / 2 * limit_w;
        bool silent = f->measure->quality[reading(f, t)] == SG_GOOD &&
                      shown_w(f, t, copysign(1, told_w)) < fabs(told_w) / 2;
        double *deaf_s = &f->self->tie_deaf_s[t];
        *deaf_s = asked && silent ? *deaf_s + f->in->dt_s : 0;
    }
    sg_ties_rest(f, SG_REASON_NONE);
}

void sg_ties_able(const sg_flows *f)
{
    for (int t = 0; t < f->plant->tie_count; t++) {
        double limit_w = f->plant->tie_limit_w[t];
        bool read = sg_measure_fresh(f->measure, reading(f, t));
        bool deaf = f->self->tie_deaf_s[t] > deaf_s_max;
        double shown = fmax(shown_w(f, t, 1), shown_w(f, t, -1));
        double can_w = deaf ? fmin(limit_w, fmax(shown, asked_frac * limit_w)) : limit_w;
        f->self->tie_can_w[t] = read ? can_w : 0;
        f->self->tie_fixed[t] = tie_fixed;
    }
}

static const double worth_frac =
    0.1; /* of what a breaker may carry: less is not worth keeping it cool */

static void cool(const sg_flows *f, int t, int lender, int taker)
{
    const sg_control *self = f->self;
    double spare_w =
        fmin(self->node_leaf_w[lender] - self->node_expect_w[lender], f->plant->tie_limit_w[t]);
    bool read = sg_measure_fresh(f->measure, reading(f, t));
    for (int n = taker; read && n != f->plant->tie_top[t]; n = f->plant->node_parent[n]) {
        double cool_w = sg_breakers_cool_w(f, n);
        if (self->node_expect_w[n] > cool_w && spare_w > worth_frac * cool_w) {
            self->node_leaf_w[n] = cool_w;
            self->node_room_w[n] = fmin(self->node_room_w[n], cool_w);
        }
    }
}

void sg_ties_cool(const sg_flows *f)
{
    for (int t = 0; t < f->plant->tie_count; t++) {
        cool(f, t, f->plant->tie_from[t], f->plant->tie_to[t]);
        cool(f, t, f->plant->tie_to[t], f->plant->tie_from[t]);
    }
}

/* One tie at work. */
typedef struct haul {
    const sg_flows *f;
    int tie, from, to, top;
    double way;
} haul;

/* What the feeders of the giving side, and the site above both, have left beyond what is wanted there now and in a moment: who stands
 * there comes first. What stores and other ties bring there counts as far as it was measured. */
static double giving_room_w(const haul *h)
{
    const sg_control *self = h->f->self;
    double room_w = INFINITY;
    for (int n = h->from, depth = 0; n >= 0 && depth < SG_TREE_DEPTH_MAX;
         n = h->f->plant->node_parent[n], depth++) {
        room_w = fmin(room_w, self->node_room_w[n] - self->node_expect_w[n]);
    }
    return fmax(room_w, 0);
}

/* What may be put in below the feeders of the taking side, stores counted, so that nothing too much flows up through them. */
static double taking_room_w(const haul *h)
{
    const sg_control *self = h->f->self;
    double room_w = INFINITY;
    for (int n = h->to; n != h->top; n = h->f->plant->node_parent[n]) {
        double most_w = fmin(self->node_leaf_w[n], h->f->plant->node_up_limit_w[n]);
        room_w = fmin(room_w, most_w - self->node_used_w[n]);
    }
    return fmax(room_w, 0);
}

static bool on_the_way(const haul *h, int n)
{
    int at = h->from;
    while (at > n && at != h->top) {
        at = h->f->plant->node_parent[at];
    }
    return at == n && n != h->top;
}

/* The voltage of each bus by what is wanted now, and below each node more_w beside. */
static void sound_voltages(const sg_flows *f, const double *more_w, double *ret_pu)
{
    const sg_plant *plant = f->plant;
    for (int n = 0; n < plant->node_count; n++) {
        double supply_pu = n > 0 ? ret_pu[plant->node_parent[n]] : 1;
        double below_w = f->self->node_flow_w[n] + (more_w ? more_w[n] : 0);
        double in_w = below_w * plant->node_gain[n] * plant->node_gain_below[n];
        ret_pu[n] = fmax(supply_pu - plant->node_loss_per_w[n] * in_w / supply_pu, 0.1);
    }
}

/* By how much one more W of the giving side lowers each of them. */
static void sound_sags(const haul *h)
{
    const sg_plant *plant = h->f->plant;
    double *sag = h->f->self->node_sag_per_w;
    for (int n = 0; n < plant->node_count; n++) {
        int parent = plant->node_parent[n];
        double gain = plant->node_gain[n] * plant->node_gain_below[n];
        /* the drop grows twice, by the power and by the voltage above that falls with it */
        double least_pu = 1 - (n > 0 ? plant->node_drop_frac[parent] : 0);
        double own =
            on_the_way(h, n) ? plant->node_loss_per_w[n] * gain / (least_pu * least_pu) : 0;
        sag[n] = own + (n > h->top ? sag[parent] : 0);
    }
}

/* What may be drawn at the giving end until the first node behind its feeders is as low as it may be. */
static double voltage_room_w(const haul *h)
{
    const sg_plant *plant = h->f->plant;
    const sg_control *self = h->f->self;
    double room_w = INFINITY;
    sound_voltages(h->f, NULL, self->node_pu);
    sound_sags(h);
    for (int n = h->top; n < plant->node_count; n++) {
        if (self->node_sag_per_w[n] > 0) {
            double spare_pu = self->node_pu[n] - (1 - plant->node_drop_frac[n]);
            room_w = fmin(room_w, spare_pu / self->node_sag_per_w[n]);
        }
    }
    return fmax(room_w, 0);
}

/* What is wanted through the feeders changes on both sides; what flows into a node that wants more than its limit falls only once
 * the rest is within it (relief.c). */
static void change_flows(const haul *h, double given_w, double got_w)
{
    const sg_control *self = h->f->self;
    const int32_t *parent = h->f->plant->node_parent;
    double less_w = got_w, more_w = given_w;
    for (int n = h->to; n != h->top; n = parent[n]) {
        double limit_w = self->node_leaf_w[n], before_w = fmin(self->node_flow_w[n], limit_w);
        self->node_flow_w[n] -= less_w;
        less_w = before_w - fmin(self->node_flow_w[n], limit_w);
    }
    for (int n = h->from; n != h->top; n = parent[n]) {
        self->node_flow_w[n] += more_w; /* there is room for it: giving_room_w */
    }
    for (int n = h->top, depth = 0; n >= 0 && depth < SG_TREE_DEPTH_MAX; n = parent[n], depth++) {
        self->node_flow_w[n] += more_w - less_w;
        self->node_expect_w[n] += more_w - less_w;
    }
}

/* Of what is given, so much was measured to arrive. */
static double counted_w(const haul *h, double given_w)
{
    return arriving_w(h->f, h->tie, fmin(given_w, shown_w(h->f, h->tie, h->way)));
}

/* given_w becomes then_w: the giving side loses what is told, the taking side gains what is there, the site above both loses the
 * difference: what is lost, and what is not there yet. */
static void change_rooms(const haul *h, double given_w, double then_w)
{
    const sg_control *self = h->f->self;
    const sg_plant *plant = h->f->plant;
    double gained_w = counted_w(h, then_w) - counted_w(h, given_w), more_w = then_w - given_w;
    double missing_w = more_w - gained_w;
    for (int n = h->to; n != h->top; n = plant->node_parent[n]) {
        double limit_w = self->node_leaf_w[n];
        double room_w = self->node_room_w[n] + gained_w / plant->node_gain_below[n];
        self->node_room_w[n] =
            fmin(room_w, fmax(self->node_room_w[n], fmax(self->node_bear_w[n], limit_w)));
        self->node_used_w[n] += more_w;
        gained_w *= plant->node_up_frac[n];
    }
    for (int n = h->from; n != h->top; n = plant->node_parent[n]) {
        self->node_room_w[n] = fmax(self->node_room_w[n] - more_w, 0); /* rounding */
    }
    for (int n = h->top, depth = 0; n >= 0 && depth < SG_TREE_DEPTH_MAX;
         n = plant->node_parent[n], depth++) {
        self->node_room_w[n] = fmax(self->node_room_w[n] - missing_w, 0);
    }
}

/* way_w: the tie's power or what it is asked for, for its direction. */
static haul haul_of(const sg_flows *f, int t, double way_w)
{
    const sg_plant *plant = f->plant;
    bool back = way_w < 0;
    return (haul){.f = f,
                  .tie = t,
                  .from = back ? plant->tie_to[t] : plant->tie_from[t],
                  .to = back ? plant->tie_from[t] : plant->tie_to[t],
                  .top = plant->tie_top[t],
                  .way = back ? -1 : 1};
}

bool sg_ties_sag(const sg_flows *f)
{
    const sg_control *self = f->self;
    bool cut = false;
    for (int t = 0; t < f->plant->tie_count; t++) {
        int taker = self->tie_taker[t];
        self->tie_early[t] = taker >= 0 && self->node_flow_w[taker] <= self->node_leaf_w[taker];
        if (taker < 0 || self->tie_w[t] == 0) {
            continue;
        }
        haul h = haul_of(f, t, self->tie_w[t]);
        double most_w = voltage_room_w(&h);
        if (most_w < fabs(self->tie_w[t])) {
            self->tie_can_w[t] = most_w;
            self->tie_reason[t] = SG_REASON_VOLTAGE;
            cut = true;
        }
    }
    return cut;
}

static sg_reason reason_of(const sg_flows *f, int t, bool low, bool carries)
{
    return low                     ? SG_REASON_VOLTAGE
           : !carries              ? SG_REASON_NODE_LIMIT
           : f->self->tie_early[t] ? SG_REASON_MOVED
                                   : SG_REASON_NODE_RELIEF;
}

/* From what the min-cost flow wants to arrive to what is asked for at the giving end; left in tie_can_w, with its sign. */
static void ask(const sg_flows *f, int t)
{
    const sg_control *self = f->self;
    double wanted_w = self->tie_w[t], trifle_w = trifle_frac * f->plant->tie_limit_w[t];
    double asked_w = fmin(given_for_w(f, t, fabs(wanted_w)), self->tie_can_w[t]);
    bool any = asked_w > trifle_w && self->tie_taker[t] >= 0;
    self->tie_w[t] = 0;
    self->tie_can_w[t] = any ? copysign(asked_w, wanted_w) : 0;
    self->tie_taker[t] = any ? self->tie_taker[t] : -1;
}

/* As much more as there is room for. */
static void carry(const sg_flows *f, int t)
{
    const sg_control *self = f->self;
    double given_w = fabs(self->tie_w[t]), left_w = fabs(self->tie_can_w[t]) - given_w;
    double trifle_w = trifle_frac * f->plant->tie_limit_w[t];
    if (left_w <= trifle_w) {
        return;
    }
    haul h = haul_of(f, t, self->tie_can_w[t]);
    double room_w = fmin(giving_room_w(&h), taking_room_w(&h)), voltage_w = voltage_room_w(&h);
    double then_w = given_w + fmin(left_w, fmin(room_w, voltage_w));
    bool low = self->tie_reason[t] == SG_REASON_VOLTAGE || voltage_w < fmin(left_w, room_w);
    self->tie_reason[t] = (uint8_t)reason_of(f, t, low, then_w > trifle_w);
    if (then_w > given_w && then_w > trifle_w) {
        change_rooms(&h, given_w, then_w);
        change_flows(&h, then_w - given_w, arriving_w(f, t, then_w) - arriving_w(f, t, given_w));
        self->tie_w[t] = h.way * then_w;
    }
}

/* More than once over all, for what one brings may be what another takes on. */
void sg_ties_carry(const sg_flows *f)
{
    for (int t = 0; t < f->plant->tie_count; t++) {
        ask(f, t);
    }
    for (int pass = 0; pass < PASSES; pass++) {
        for (int t = 0; t < f->plant->tie_count; t++) {
            carry(f, t);
        }
    }
}

/* What stores take below each node. True when there is any. */
static bool taken_below(const sg_flows *f, double *ret_w)
{
    const sg_plant *plant = f->plant;
    memset(ret_w, 0, (size_t)plant->node_count * sizeof(double));
    for (int s = 0; s < plant->store_count; s++) {
        ret_w[plant->store_node[s]] += fmax(-f->self->store_w[s], 0);
    }
    for (int n = plant->node_count - 1; n > 0; n--) {
        ret_w[plant->node_parent[n]] += ret_w[n];
    }
    return ret_w[0] > 0;
}

/* The part of the charging that keeps the buses that this tie lowers: voltage falls faster than in proportion to power. */
static double charging_part(const haul *h, const double *charging_pu)
{
    const sg_control *self = h->f->self;
    double part = 1;
    sound_sags(h);
    for (int n = h->top; n < h->f->plant->node_count; n++) {
        double least_pu = 1 - h->f->plant->node_drop_frac[n];
        if (self->node_sag_per_w[n] > 0 && charging_pu[n] < least_pu) {
            double share = (self->node_pu[n] - least_pu) / (self->node_pu[n] - charging_pu[n]);
            part = fmin(part, fmax(share, 0));
        }
    }
    return part;
}

void sg_ties_charging(const sg_flows *f)
{
    const sg_control *self = f->self;
    double part = 1, *charging_pu = self->node_room_w;
    bool sounded = false;
    for (int t = 0; t < f->plant->tie_count; t++) {
        if (self->tie_w[t] == 0 || !(sounded || taken_below(f, self->node_used_w))) {
            continue;
        }
        if (!sounded) {
            sound_voltages(f, NULL, self->node_pu);
            sound_voltages(f, self->node_used_w, charging_pu);
            sounded = true;
        }
        haul h = haul_of(f, t, self->tie_w[t]);
        part = fmin(part, charging_part(&h, charging_pu));
    }
    for (int s = 0; part < 1 && s < f->plant->store_count; s++) {
        if (self->store_w[s] < 0) {
            self->store_w[s] *= part;
            self->store_reason[s] = SG_REASON_VOLTAGE;
        }
    }
}

void sg_ties_upwards(const sg_flows *f, double *power_w)
{
    const sg_plant *plant = f->plant;
    for (int t = 0; t < plant->tie_count; t++) {
        double w = f->self->tie_w[t];
        int to = w > 0 ? plant->tie_to[t] : plant->tie_from[t];
        for (int n = to; w != 0 && n != plant->tie_top[t]; n = plant->node_parent[n]) {
            power_w[n] += fabs(w);
        }
    }
}

void sg_ties_check(const sg_flows *f)
{
    for (int t = 0; t < f->plant->tie_count; t++) {
        double w = f->self->tie_w[t];
        SG_CHECK(fabs(w) <= f->plant->tie_limit_w[t] * (1 + 1e-9)); /* false for NaN */
        SG_CHECK(w == 0 || sg_measure_fresh(f->measure, reading(f, t)));
    }
}
