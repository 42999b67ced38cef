/* checker_electrical.c - E1 to E10: of what really flowed, and of what was told. */
#include "site/reason.h"
#include "world/checker_state.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double heat_max = 0.8;
static const double unresolved_w = 1e-3; /* by the plant */
static const double late_heat = 0.002;   /* of a second whose frame came late: read twice, or not */

static void nothing_below(sg_checker *self)
{
    memset(self->below_w, 0, sizeof(double) * (size_t)self->nodes);
}

/* Where the trip curve is known, what may flow follows the heat, which is judged by itself. */
static double limit_of(const sg_checker *self, int node)
{
    const sg_node *n = &self->site->nodes[node];
    return n->curve ? n->hard_limit_w : n->limit_w;
}

static int node_of(const sg_checker *self, sg_role role, int index)
{
    return self->site->devices[role][index].node;
}

/* A tie with given_w put in at one end, of which arriving_w counts as coming out at the other. */
static void account_tie(sg_checker *self, int t, double given_w, double arriving_w)
{
    const sg_tie *tie = &self->site->ties[t];
    self->below_w[given_w < 0 ? tie->to : tie->from] += fabs(given_w);
    self->below_w[given_w < 0 ? tie->from : tie->to] -= arriving_w;
}

static double arrives(const sg_checker *self, int t, double given_w)
{
    const sg_tie *tie = &self->site->ties[t];
    double amps = tie->loss_ohm > 0 ? given_w / tie->voltage_v : 0;
    return fabs(given_w) - tie->loss_ohm * amps * amps;
}

/* --- the truth of the interval that ended --- */

/* What stores hold is rounded once a step and more, however little flows. */
static void books_close(sg_checker *self)
{
    double stored_j = 0, error_j = self->tick->balance_error_j, in_j = self->tick->in_j;
    for (int s = 0; s < self->stores; s++) {
        stored_j += self->tick->now.store_j[s];
    }
    double rounding_j = DBL_EPSILON * stored_j * (double)(self->tick->number + 2);
    if (!(error_j <= 1e-6 * (in_j + 1) + rounding_j)) {
        checker_broken(self, SG_INVARIANT_BALANCE, "the books miss %.6g J of %.6g J", error_j,
                       in_j);
    }
}

/* At every node what flows in is what is drawn, pushed and lost below, and the books close. */
static void balance(sg_checker *self)
{
    const sg_world_now *now = &self->tick->now;
    double most_w = 1;
    self->looks[SG_INVARIANT_BALANCE]++;
    nothing_below(self);
    for (int l = 0; l < self->loads; l++) {
        self->below_w[node_of(self, SG_LOAD, l)] += now->load_w[l];
        most_w += now->load_w[l];
    }
    for (int s = 0; s < self->stores; s++) {
        self->below_w[self->store[s].node] -= now->store_w[s];
        most_w += fabs(now->store_w[s]);
    }
    for (int s = 0; s < self->sources; s++) {
        self->below_w[node_of(self, SG_SOURCE, s)] -= now->source_w[s];
        most_w += fabs(now->source_w[s]);
    }
    for (int t = 0; t < self->site->tie_count; t++) {
        account_tie(self, t, now->tie_w[t], arrives(self, t, now->tie_w[t]));
        most_w += fabs(now->tie_w[t]);
    }
    self->below_w[0] += now->task_w;
    most_w += now->task_w;
    checker_flows(self);
    for (int n = 0; n < self->nodes; n++) {
        if (!(fabs(self->flow_w[n] - now->node_in_w[n]) <= 1e-6 * most_w)) {
            checker_broken(self, SG_INVARIANT_BALANCE, "node %d: %.6g W flow, %.6g W are there", n,
                           now->node_in_w[n], self->flow_w[n]);
        }
    }
    books_close(self);
    if (!now->grid_up) {
        self->looks[SG_INVARIANT_ISLAND]++;
        if (!(fabs(now->net_w) <= 1e-6 * most_w + unresolved_w)) {
            checker_broken(self, SG_INVARIANT_ISLAND, "%.6g W through a connection that is down",
                           now->net_w);
        }
    }
}

/* A store that takes what it was not told to take, or gives more than told, does so by itself. */
static double by_command_w(const sg_checker *self, int s)
{
    double w = self->tick->now.store_w[s], told_w = self->store_w[s];
    return w < 0 ? fmax(w, fmin(told_w, 0)) : fmin(w, fmax(told_w, 0));
}

/* What would have flowed had every device kept to what it was told; left in flow_w. */
static void flows_by_command(sg_checker *self)
{
    const sg_world_now *now = &self->tick->now;
    nothing_below(self);
    for (int l = 0; l < self->loads; l++) {
        self->below_w[node_of(self, SG_LOAD, l)] += fmin(now->load_w[l], self->cap_w[l]);
    }
    for (int s = 0; s < self->stores; s++) {
        self->below_w[self->store[s].node] -= by_command_w(self, s);
    }
    for (int s = 0; s < self->sources; s++) {
        self->below_w[node_of(self, SG_SOURCE, s)] -= fmin(now->source_w[s], self->limit_w[s]);
    }
    for (int t = 0; t < self->site->tie_count; t++) {
        account_tie(self, t, now->tie_w[t], arrives(self, t, now->tie_w[t]));
    }
    self->below_w[0] += fmin(now->task_w, self->task_w);
    checker_flows(self);
}

static bool below(const sg_checker *self, int node, int above)
{
    while (node > above) {
        node = self->site->nodes[node].parent;
    }
    return node == above;
}

/* Is a store below the node lied about, or was it in the last half minute? */
static bool liar_below(const sg_checker *self, int node)
{
    for (int s = 0; s < self->stores; s++) {
        if (self->lie_s[s] < 30 && below(self, self->store[s].node, node)) {
            return true;
        }
    }
    return false;
}

/* By its own curve, or as a body that trips in 10 s at twice its rating, that being limit / 0.8. */
static double heated(const sg_checker *self, int node, double flow_w)
{
    const sg_node *n = &self->site->nodes[node];
    if (n->curve) {
        return sg_breaker_heat(&n->trip, self->heat[node], flow_w / n->breaker_w, self->dt_s);
    }
    double multiple = heat_max * flow_w / n->limit_w;
    return self->heat[node] + (multiple * multiple - self->heat[node]) * self->heat_part;
}

/* While the loop stands still nobody reads the meter; a running site makes up for such steps one by one. */
static void heat(sg_checker *self)
{
    if (!self->tick->frame) {
        return;
    }
    flows_by_command(self);
    for (int n = 0; n < self->nodes; n++) {
        if (!isfinite(self->site->nodes[n].limit_w)) {
            continue;
        }
        double flow_w = fmin(fabs(self->flow_w[n]), fabs(self->tick->now.node_in_w[n]));
        self->heat[n] = heated(self, n, flow_w);
        sg_invariant which = SG_INVARIANT_HEAT;
        if (self->heat[n] > 0.7) {
            which = liar_below(self, n) ? SG_INVARIANT_LIAR : SG_INVARIANT_HEAT;
        }
        self->looks[which]++;
        if (!(self->heat[n] <= heat_max + late_heat)) {
            checker_broken(self, which, "node %d: heat %.4f, %.6g W of %.6g W", n, self->heat[n],
                           flow_w, self->site->nodes[n].limit_w);
            self->heat[n] = 0; /* once for each time */
        }
    }
}

static void reserves_in_truth(sg_checker *self)
{
    const sg_world_now *now = &self->tick->now;
    for (int s = 0; s < self->stores; s++) {
        const checker_store *store = &self->store[s];
        const sg_reservoir *r = &store->reservoir;
        bool kept = self->told_on_grid || !self->has_grid;
        double trifle_w = 1e-6 * r->discharge_w_max; /* less is rounding */
        if (!kept || !(self->store_w[s] > trifle_w) || !(now->store_w[s] > trifle_w)) {
            continue;
        }
        bool lied = self->lie_s[s] < 2;
        double slack_j = 1.3 * r->discharge_w_max / r->discharge_eff + 0.002 * r->capacity_j;
        slack_j += lied ? 0.05 * r->capacity_j : 0;
        sg_invariant which = lied ? SG_INVARIANT_LIAR : SG_INVARIANT_RESERVE_TRUE;
        self->looks[which]++;
        if (!(now->store_j[s] >= store->reserve_j - slack_j)) {
            checker_broken(self, which,
                           "store %d: %.6g J of a reserve of %.6g J while giving %.6g W", s,
                           now->store_j[s], store->reserve_j, now->store_w[s]);
        }
    }
}

/* Voltages of what really flowed, by V_r = V_s - R P_s / V_s. A tie that gives may not keep a bus behind the feeders it draws from
 * below its limit: what was expected when it was told counts, so a demand that has just risen is given a second. */
static void voltages(sg_checker *self)
{
    const sg_world_now *now = &self->tick->now;
    for (int n = 0; n < self->nodes; n++) {
        double supply_pu = n > 0 ? self->pu[self->site->nodes[n].parent] : 1;
        self->pu[n] = fmax(supply_pu - self->loss_per_w[n] * now->node_in_w[n] / supply_pu, 0.1);
    }
}

static bool gives_above(const sg_checker *self, int t, int node)
{
    const sg_tie *tie = &self->site->ties[t];
    double w = self->tick->now.tie_w[t];
    int from = w < 0 ? tie->to : tie->from, to = w < 0 ? tie->from : tie->to;
    for (int n = from; w != 0 && n >= 0; n = self->site->nodes[n].parent) {
        if (below(self, to, n)) { /* above both: their sum does not change */
            return false;
        }
        if (below(self, node, n)) {
            return true;
        }
    }
    return false;
}

static void sag(sg_checker *self)
{
    voltages(self);
    for (int n = 1; n < self->nodes; n++) {
        double least_pu = 1 - self->site->nodes[n].drop_frac;
        bool given = false;
        for (int t = 0; t < self->site->tie_count && !given; t++) {
            given = gives_above(self, t, n);
        }
        self->looks[SG_INVARIANT_SAG] += given;
        bool low = given && self->pu[n] < least_pu - 1e-6;
        self->low_s[n] = low ? self->low_s[n] + self->dt_s : 0;
        if (self->low_s[n] > 1 + 1.5 * self->dt_s) {
            checker_broken(self, SG_INVARIANT_SAG, "node %d: %.5f of nominal for %.3g s", n,
                           self->pu[n], self->low_s[n]);
        }
    }
}

void checker_truth(sg_checker *self)
{
    balance(self);
    if (self->site->mode == SG_CONTROL) {
        if (self->site->tie_count > 0) {
            sag(self);
        }
        heat(self);
        reserves_in_truth(self);
    }
}

/* --- what was told --- */

static void ratings(sg_checker *self)
{
    const sg_command *c = self->tick->command;
    self->looks[SG_INVARIANT_RATING]++;
    for (int l = 0; l < self->loads; l++) {
        double rating_w = self->site->devices[SG_LOAD][l].p[SG_LOAD_RATING];
        if (!(c->load_cap_w[l] >= 0 && c->load_cap_w[l] <= rating_w * (1 + 1e-9))) {
            checker_broken(self, SG_INVARIANT_RATING, "load %d: cap %.6g W of %.6g W", l,
                           c->load_cap_w[l], rating_w);
        }
    }
    for (int s = 0; s < self->stores; s++) {
        const sg_reservoir *r = &self->store[s].reservoir;
        double w = c->store_w[s];
        if (!(w <= r->discharge_w_max * (1 + 1e-9) && w >= -r->charge_w_max * (1 + 1e-9))) {
            checker_broken(self, SG_INVARIANT_RATING, "store %d: %.6g W of +%.6g -%.6g W", s, w,
                           r->discharge_w_max, r->charge_w_max);
        }
    }
    for (int s = 0; s < self->sources; s++) {
        if (!(c->source_limit_w[s] >= 0)) {
            checker_broken(self, SG_INVARIANT_RATING, "source %d: limit %.6g W", s,
                           c->source_limit_w[s]);
        }
    }
    for (int t = 0; t < self->site->tie_count; t++) {
        int point = checker_point(self, SG_POINT_TIE_POWER, t);
        bool fresh = checker_fresh(self, point, 1);
        self->looks[SG_INVARIANT_TIES] += c->tie_w[t] != 0;
        if (!(fabs(c->tie_w[t]) <= self->site->ties[t].limit_w * (1 + 1e-9)) ||
            (c->tie_w[t] != 0 && !fresh)) {
            checker_broken(self, SG_INVARIANT_TIES, "tie %d: %.6g W of %.6g W, read %.3g s ago", t,
                           c->tie_w[t], self->site->ties[t].limit_w, self->age_s[point]);
        }
    }
    if (!(c->task_w >= 0 && c->task_w < 1e15)) {
        checker_broken(self, SG_INVARIANT_RATING, "tasks: %.6g W", c->task_w);
    }
}

void checker_flows_at_caps(sg_checker *self, int lost_store, int lost_tie)
{
    const sg_command *c = self->tick->command;
    nothing_below(self);
    for (int l = 0; l < self->loads; l++) {
        self->below_w[node_of(self, SG_LOAD, l)] += c->load_cap_w[l];
    }
    for (int s = 0; s < self->stores; s++) {
        double w = c->store_w[s];
        int power = checker_point(self, SG_POINT_STORE_POWER, s);
        bool read = self->age_s[power] == 0;
        double counts_w = w < 0 ? w : read ? fmax(fmin(w, self->trusted[power]), 0) : 0;
        self->below_w[self->store[s].node] -= s == lost_store ? 0 : counts_w;
    }
    for (int t = 0; t < self->site->tie_count; t++) {
        double w = c->tie_w[t];
        int point = checker_point(self, SG_POINT_TIE_POWER, t);
        double shown_w = self->age_s[point] == 0 ? self->trusted[point] : 0;
        double there_w = w < 0 ? fmax(fmin(-w, -shown_w), 0) : fmax(fmin(w, shown_w), 0);
        if (t != lost_tie) {
            account_tie(self, t, w, arrives(self, t, there_w));
        }
    }
    self->below_w[0] += c->task_w;
    checker_flows(self);
}

static void caps(sg_checker *self)
{
    for (int n = 0; n < self->nodes; n++) {
        double limit_w = limit_of(self, n);
        self->looks[SG_INVARIANT_CAPS] += isfinite(limit_w) ? 1 : 0;
        if (!(self->flow_w[n] <= limit_w * (1 + 1e-9))) {
            checker_broken(self, SG_INVARIANT_CAPS, "node %d: %.9g W at the caps, limit %.9g W", n,
                           self->flow_w[n], limit_w);
        }
    }
}

/* What the caps and charging stores alone make of each node: what stores give may be there for other reasons than room. */
static void flows_without_stores(sg_checker *self)
{
    const sg_command *c = self->tick->command;
    nothing_below(self);
    for (int l = 0; l < self->loads; l++) {
        self->below_w[node_of(self, SG_LOAD, l)] += c->load_cap_w[l];
    }
    for (int s = 0; s < self->stores; s++) {
        self->below_w[self->store[s].node] += fmax(-c->store_w[s], 0);
    }
    self->below_w[0] += c->task_w;
    checker_flows(self);
}

static bool tight(const sg_checker *self, int node)
{
    return self->flow_w[node] > 0.6 * self->site->nodes[node].limit_w;
}

/* Could power that k has go to l? Not where a node above l and not above k has little room. */
static bool could_go(const sg_checker *self, int from_node, int to_node)
{
    for (int n = to_node; n >= 0 && !below(self, from_node, n); n = self->site->nodes[n].parent) {
        if (tight(self, n)) {
            return false;
        }
    }
    return true;
}

/* The least of a load, never more than it wants, by what is known of that. */
static double least_of(const sg_checker *self, int l,
                       double (*known)(const sg_checker *, int point, double truth))
{
    int demand = checker_point(self, SG_POINT_LOAD_DEMAND, l);
    double want_w = known(self, demand, self->tick->now.load_want_w[l]);
    return fmin(self->least_w[l], want_w);
}

/* Without the grid and on the way back a class waits until those above it have all that they want. */
static bool waits(const sg_checker *self, int l)
{
    int reason = self->tick->command->load_reason[l];
    return self->apart_s <= self->back_s &&
           (reason == SG_REASON_SHED || reason == SG_REASON_SHUT_DOWN ||
            reason == SG_REASON_RETURNING);
}

/* Classes in order, and tasks after every minimum. */
static void order(sg_checker *self)
{
    bool swept = false;
    const sg_command *c = self->tick->command;
    const sg_device *load = self->site->devices[SG_LOAD];
    bool sure = !c->safe && checker_all_honest(self);
    for (int l = 0; l < self->loads && sure; l++) {
        double lacks_w = least_of(self, l, checker_known_least) - c->load_cap_w[l],
               slack_w = 1e-6 * load[l].p[SG_LOAD_RATING];
        if (!(lacks_w > slack_w)) {
            continue;
        }
        if (!swept) {
            flows_without_stores(self);
            swept = true;
        }
        self->looks[SG_INVARIANT_ORDER]++;
        self->looks[SG_INVARIANT_TASKS] += c->task_w > 0;
        for (int k = 0; k < self->loads; k++) {
            bool lower = self->class_now[k] > self->class_now[l];
            double least_k_w = lower ? 0 : least_of(self, k, checker_known_most);
            bool judged = k != l && (lower || !waits(self, l));
            if (judged && c->load_cap_w[k] > least_k_w + 1e-6 * load[k].p[SG_LOAD_RATING] &&
                could_go(self, load[k].node, load[l].node)) {
                checker_broken(self, SG_INVARIANT_ORDER,
                               "load %d lacks %.6g W of its minimum, load %d has %.6g W", l,
                               lacks_w, k, c->load_cap_w[k]);
            }
        }
        if (c->task_w > 1e-6 && could_go(self, 0, load[l].node)) {
            checker_broken(self, SG_INVARIANT_TASKS, "load %d lacks %.6g W, tasks have %.6g W", l,
                           lacks_w, c->task_w);
        }
    }
}

/* One that gives unbidden does so because nothing else does: a root that has tripped looks like that, and so do stores that are late. */
static bool stores_obey(const sg_checker *self)
{
    double told_w = 0, astray_w = 0;
    for (int s = 0; s < self->stores; s++) {
        told_w += fabs(self->store_w[s]);
        astray_w += fabs(self->tick->now.store_w[s] - self->store_w[s]);
    }
    return astray_w <= 0.01 * told_w;
}

/* Loads that draw less than they want and may, because a cap reaches them late, look like loads that nobody feeds. */
static bool loads_obey(const sg_checker *self)
{
    double told_w = 0, lacks_w = 0;
    for (int l = 0; l < self->loads; l++) {
        double may_w = fmin(self->tick->now.load_want_w[l], self->cap_w[l]);
        told_w += may_w;
        lacks_w += fmax(may_w - self->tick->now.load_w[l], 0);
    }
    return lacks_w <= 0.01 * told_w;
}

static void stays_connected(sg_checker *self)
{
    int up = checker_point(self, SG_POINT_SITE, SG_SITE_GRID_UP);
    bool there = self->tick->now.grid_up && checker_believes_grid(self) &&
                 self->tick->frame->quality[up] == SG_GOOD;
    if (!there || self->told_island || self->tick->command->advisory || !checker_all_honest(self) ||
        !stores_obey(self) || !loads_obey(self)) {
        return;
    }
    self->looks[SG_INVARIANT_SWITCH]++;
    if (self->tick->command->island) {
        checker_broken(self, SG_INVARIANT_SWITCH, "%.6g W come in, and the switch is opened",
                       self->tick->now.net_w);
    }
}

static void upward(sg_checker *self)
{
    const sg_command *c = self->tick->command;
    if (c->safe || self->stores + self->sources == 0) {
        return;
    }
    self->looks[SG_INVARIANT_UPWARD]++;
    nothing_below(self);
    for (int s = 0; s < self->stores; s++) {
        self->below_w[self->store[s].node] += fmax(c->store_w[s], 0);
    }
    for (int s = 0; s < self->sources; s++) {
        int available = checker_point(self, SG_POINT_SOURCE_AVAILABLE, s);
        double could_w = checker_known_least(self, available, self->tick->now.source_could_w[s]);
        self->below_w[node_of(self, SG_SOURCE, s)] += fmin(c->source_limit_w[s], could_w);
    }
    for (int t = 0; t < self->site->tie_count; t++) {
        const sg_tie *tie = &self->site->ties[t]; /* at the end that draws nothing of it counts */
        double w = c->tie_w[t];
        int top = tie->from;
        while (!below(self, tie->to, top)) {
            top = self->site->nodes[top].parent;
        }
        self->below_w[w < 0 ? tie->from : tie->to] += fabs(w);
        self->below_w[top] -= fabs(w); /* what goes up to there goes down again */
    }
    for (int n = self->nodes - 1; n > 0; n--) {
        double limit_w = limit_of(self, n);
        if (!(self->below_w[n] <= limit_w * (1 + 1e-9))) {
            checker_broken(self, SG_INVARIANT_UPWARD, "node %d: %.9g W upwards, limit %.9g W", n,
                           self->below_w[n], limit_w);
        }
        self->below_w[self->site->nodes[n].parent] += self->below_w[n];
    }
}

/* Floor and ceiling of each store at the end of the step, from the charge as it may be believed. */
static void stores_within(sg_checker *self)
{
    const sg_command *c = self->tick->command;
    bool kept = checker_on_grid(self) || !self->has_grid;
    for (int s = 0; s < self->stores; s++) {
        const sg_reservoir *r = &self->store[s].reservoir;
        double w = c->store_w[s], slack_j = 1e-9 * r->capacity_j;
        int energy = checker_point(self, SG_POINT_STORE_ENERGY, s);
        if (w == 0 || !checker_fresh(self, energy, 1)) {
            continue;
        }
        double keep = pow(1 - r->standing_loss_per_h, self->tick->dt_s / 3600);
        double truth_j = self->tick->now.store_j[s];
        double held_j = keep * (w > 0 ? checker_known_most(self, energy, truth_j)
                                      : checker_known_least(self, energy, truth_j));
        double moved_j = (w > 0 ? w / r->discharge_eff : w * r->charge_eff) * self->tick->dt_s;
        double then_j = held_j - moved_j;
        self->looks[SG_INVARIANT_BOUNDS]++;
        if (w > 0 ? !(then_j >= -slack_j) : !(then_j <= r->capacity_j + slack_j)) {
            checker_broken(self, SG_INVARIANT_BOUNDS, "store %d: %.6g J of %.6g J after %.6g W", s,
                           then_j, r->capacity_j, w);
        }
        self->looks[SG_INVARIANT_RESERVE] += kept && w > 0;
        if (kept && w > 0 && !(then_j >= self->store[s].reserve_j - slack_j)) {
            checker_broken(self, SG_INVARIANT_RESERVE,
                           "store %d: %.6g J of a reserve of %.6g J after %.6g W", s, then_j,
                           self->store[s].reserve_j, w);
        }
    }
}

static bool relief(int reason)
{
    return reason == SG_REASON_NODE_RELIEF || reason == SG_REASON_MOVED;
}

static void circulation(sg_checker *self)
{
    const sg_command *c = self->tick->command;
    int gives = -1, takes = -1;
    for (int s = 0; s < self->stores; s++) {
        if (self->store[s].duty != SG_DUTY_ENERGY && self->store[s].duty != SG_DUTY_BRIDGE) {
            continue;
        }
        gives = c->store_w[s] > 1e-5 && !relief(c->store_reason[s]) ? s : gives;
        takes = c->store_w[s] < -1e-5 ? s : takes;
    }
    self->looks[SG_INVARIANT_CIRCULATION] += gives >= 0 || takes >= 0;
    if (gives >= 0 && takes >= 0) {
        checker_broken(self, SG_INVARIANT_CIRCULATION,
                       "store %d gives %.6g W (%s), store %d takes %.6g W (%s)", gives,
                       c->store_w[gives], sg_reason_name((sg_reason)c->store_reason[gives]), takes,
                       -c->store_w[takes], sg_reason_name((sg_reason)c->store_reason[takes]));
    }
}

/* A store that was told to give and showed less than half of it in this frame does not follow. */
static double counted_w(const sg_checker *self, int s)
{
    int power = checker_point(self, SG_POINT_STORE_POWER, s);
    double told_w = self->store_w[s], w = self->tick->command->store_w[s];
    bool told = told_w >= 0.02 * self->store[s].reservoir.discharge_w_max;
    bool deaf = told && self->age_s[power] == 0 && self->trusted[power] < told_w / 2;
    return deaf ? fmin(w, fmax(self->trusted[power], 0)) : w;
}

static void export_kept(sg_checker *self)
{
    const sg_command *c = self->tick->command;
    if (c->safe || !checker_all_honest(self)) {
        return;
    }
    double allowed_w = checker_believes_grid(self) ? self->export_w_max : 0, in_w = 0;
    int losses = checker_point(self, SG_POINT_SITE, SG_SITE_LOSS_W);
    double out_w = c->task_w + checker_known_most(self, losses, self->tick->now.losses_w);
    for (int s = 0; s < self->sources; s++) {
        int available = checker_point(self, SG_POINT_SOURCE_AVAILABLE, s);
        in_w += fmin(checker_known_least(self, available, self->tick->now.source_could_w[s]),
                     c->source_limit_w[s]);
    }
    double relief_w = 0;
    for (int s = 0; s < self->stores; s++) {
        double w = counted_w(self, s);
        *(w > 0 ? &in_w : &out_w) += fabs(w);
        relief_w += relief(c->store_reason[s]) ? fmax(w, 0) : 0;
    }
    for (int l = 0; l < self->loads; l++) {
        int demand = checker_point(self, SG_POINT_LOAD_DEMAND, l);
        double want_w = checker_known_most(self, demand, self->tick->now.load_want_w[l]);
        out_w += fmin(want_w, c->load_cap_w[l]);
    }
    self->looks[SG_INVARIANT_EXPORT] += in_w > 0;
    double excess_w = in_w - out_w - allowed_w - 1e-6 * in_w - unresolved_w;
    /* relief answers what flowed in the step before, and caps may have fallen since */
    bool answers = excess_w <= relief_w && !self->relief_left;
    if (!(excess_w <= 0) && !answers) {
        checker_broken(self, SG_INVARIANT_EXPORT, "%.6g W in, %.6g W used, %.6g W may leave", in_w,
                       out_w, allowed_w);
    }
    self->relief_left = excess_w > 0;
}

void checker_command(sg_checker *self)
{
    ratings(self);
    checker_flows_at_caps(self, -1, -1);
    caps(self);
    order(self);
    stays_connected(self);
    upward(self);
    stores_within(self);
    circulation(self);
    export_kept(self);
}
