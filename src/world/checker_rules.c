/* checker_rules.c - what is not electrical: readings and time, authority, the ladder, the books. */
#include "world/checker_state.h"

#include "site/reason.h"

#include <math.h>

static const double electrical_s_max = 1, price_s_max = 7200;

static void stale(sg_checker *self)
{
    const sg_command *c = self->tick->command;
    for (int s = 0; s < self->stores; s++) {
        int energy = checker_point(self, SG_POINT_STORE_ENERGY, s);
        if (!checker_fresh(self, energy, electrical_s_max)) {
            self->looks[SG_INVARIANT_STALE]++;
            if (c->store_w[s] != 0) {
                checker_broken(self, SG_INVARIANT_STALE,
                               "store %d: %.6g W on a charge that is %.3g s old", s, c->store_w[s],
                               self->age_s[energy]);
            }
        }
        int price = checker_point(self, SG_POINT_SITE, SG_SITE_IMPORT_PRICE);
        int reason = c->store_reason[s];
        bool by_price =
            reason == SG_REASON_CHEAP || reason == SG_REASON_DEAR || reason == SG_REASON_DEFICIT;
        if (by_price && self->has_grid) {
            self->looks[SG_INVARIANT_STALE]++;
            if (!checker_fresh(self, price, price_s_max)) {
                checker_broken(self, SG_INVARIANT_STALE,
                               "store %d: '%s' on a price that is %.6g s old", s,
                               sg_reason_name((sg_reason)reason), self->age_s[price]);
            }
        }
    }
    for (int s = 0; s < self->sources && !c->safe; s++) {
        int available = checker_point(self, SG_POINT_SOURCE_AVAILABLE, s);
        bool fuelled = sg_device_role_param(self->site, &self->site->devices[SG_SOURCE][s],
                                            SG_SOURCE_COST) > 0;
        if (fuelled && !checker_fresh(self, available, electrical_s_max)) {
            self->looks[SG_INVARIANT_STALE]++;
            if (c->source_limit_w[s] > 0) {
                checker_broken(self, SG_INVARIANT_STALE,
                               "source %d: %.6g W on a reading that is %.3g s old", s,
                               c->source_limit_w[s], self->age_s[available]);
            }
        }
    }
}

/* More than half of the demands cannot be read; `dark`: nor any meter, from which they could be reckoned. */
static bool silent(const sg_checker *self, bool dark)
{
    int unread = 0;
    bool metered = false;
    for (int l = 0; l < self->loads; l++) {
        int demand = checker_point(self, SG_POINT_LOAD_DEMAND, l);
        unread += !checker_fresh(self, demand, electrical_s_max);
    }
    for (int n = 0; n < self->nodes; n++) {
        int meter = checker_point(self, SG_POINT_NODE_POWER, n);
        metered = metered || checker_fresh(self, meter, electrical_s_max);
    }
    return 2 * unread > self->loads && !(dark && metered);
}

static void silence(sg_checker *self)
{
    const sg_command *c = self->tick->command;
    if (!silent(self, true)) {
        return;
    }
    self->looks[SG_INVARIANT_SILENCE]++;
    if (!c->safe) {
        checker_broken(self, SG_INVARIANT_SILENCE,
                       "most demands are unread and the step is not safe");
    }
    for (int s = 0; s < self->stores; s++) {
        if (c->store_w[s] != 0) {
            checker_broken(self, SG_INVARIANT_SILENCE, "store %d: %.6g W in silence", s,
                           c->store_w[s]);
        }
    }
    for (int l = 0; l < self->loads; l++) {
        if (!(c->load_cap_w[l] <= self->cap_w[l] * (1 + 1e-9))) {
            checker_broken(self, SG_INVARIANT_SILENCE, "load %d: cap rises from %.6g to %.6g W", l,
                           self->cap_w[l], c->load_cap_w[l]);
        }
    }
}

static void tasks(sg_checker *self)
{
    const sg_command *c = self->tick->command;
    self->looks[SG_INVARIANT_TASKS] += c->task_w > 0;
    if (!(c->task_w <= self->tick->granted_w * (1 + 1e-9)) && !c->safe) {
        checker_broken(self, SG_INVARIANT_TASKS, "tasks have %.6g W of %.6g W granted", c->task_w,
                       self->tick->granted_w);
    }
}

/* The set-points in force move only where they may. */
static void mode(sg_checker *self)
{
    const sg_world_now *now = &self->tick->now;
    bool control = self->site->mode == SG_CONTROL;
    self->looks[SG_INVARIANT_MODE]++;
    if (self->tick->command->advisory == control) {
        checker_broken(self, SG_INVARIANT_MODE, "a command of mode %d is %s", (int)self->site->mode,
                       control ? "advisory" : "not advisory");
    }
    bool written = false;
    for (int s = 0; s < self->stores; s++) {
        written = written || now->store_command_w[s] != 0;
    }
    for (int l = 0; l < self->loads; l++) {
        written = written || isfinite(now->load_cap_w[l]);
    }
    if (written && !control) {
        checker_broken(self, SG_INVARIANT_MODE, "a set-point was written");
    }
}

static void hypothetical(sg_checker *self)
{
    const sg_command *c = self->tick->command;
    for (int s = 0; s < self->stores; s++) {
        self->looks[SG_INVARIANT_HYPOTHETICAL] += self->store[s].hypothetical;
        if (self->store[s].hypothetical && c->store_w[s] != 0) {
            checker_broken(self, SG_INVARIANT_HYPOTHETICAL, "store %d: %.6g W", s, c->store_w[s]);
        }
    }
}

static void reasons(sg_checker *self)
{
    const sg_command *c = self->tick->command;
    self->looks[SG_INVARIANT_REASON]++;
    for (int s = 0; s < self->stores; s++) {
        int reason = c->store_reason[s];
        if (reason >= SG_REASON_COUNT || (reason == SG_REASON_NONE && fabs(c->store_w[s]) > 1e-6)) {
            checker_broken(self, SG_INVARIANT_REASON, "store %d: %.6g W for reason %d", s,
                           c->store_w[s], reason);
        }
    }
    for (int l = 0; l < self->loads; l++) {
        int reason = c->load_reason[l];
        bool cut =
            c->load_cap_w[l] < self->site->devices[SG_LOAD][l].p[SG_LOAD_RATING] * (1 - 1e-9);
        if (reason >= SG_REASON_COUNT || (reason == SG_REASON_NONE && cut)) {
            checker_broken(self, SG_INVARIANT_REASON, "load %d: cap %.6g W for reason %d", l,
                           c->load_cap_w[l], reason);
        }
    }
    for (int s = 0; s < self->sources; s++) {
        if (c->source_reason[s] >= SG_REASON_COUNT) {
            checker_broken(self, SG_INVARIANT_REASON, "source %d: reason %d", s,
                           c->source_reason[s]);
        }
    }
}

/* --- the ladder --- */

/* A plan comes in when it is sound, says it was made by now and not before the one that is there, and covers the moment. */
static void take_plan(sg_checker *self, int64_t now_us)
{
    const sg_tick_plan *p = &self->tick->plan;
    bool have = self->plan_present && self->made_us <= now_us;
    if (p->came && p->sound && p->made_us <= now_us && p->start_us <= now_us &&
        now_us < p->end_us && !(have && p->made_us < self->made_us)) {
        self->plan_present = true;
        self->made_us = p->made_us;
        self->start_us = p->start_us;
        self->end_us = p->end_us;
    }
}

static void ladder(sg_checker *self)
{
    int64_t now_us = self->tick->frame->time_us;
    const sg_planning *planning = &self->site->planning;
    take_plan(self, now_us);
    double age_s = (double)(now_us - self->made_us) * 1e-6;
    bool covers = self->tick->plans && self->plan_present && age_s >= 0 &&
                  now_us >= self->start_us && now_us < self->end_us &&
                  age_s <= planning->last_s_max;
    bool may_be_safe = silent(self, false) && self->tick->rung == SG_RUNG_SAFE;
    int rung = silent(self, true) || may_be_safe ? SG_RUNG_SAFE
               : !covers                         ? SG_RUNG_RULES
               : age_s <= planning->fresh_s_max  ? SG_RUNG_FRESH
                                                 : SG_RUNG_LAST;
    self->looks[SG_INVARIANT_LADDER]++;
    if (self->tick->rung != rung) {
        checker_broken(self, SG_INVARIANT_LADDER, "on rung %s, must be on %s, plan %.6g s old",
                       sg_rung_name((sg_rung)self->tick->rung), sg_rung_name((sg_rung)rung), age_s);
    }
    for (int s = 0; s < self->stores; s++) {
        if (self->tick->command->store_reason[s] == SG_REASON_PLAN && rung > SG_RUNG_LAST) {
            checker_broken(self, SG_INVARIANT_LADDER, "store %d follows a plan on rung %s", s,
                           sg_rung_name((sg_rung)rung));
        }
    }
}

/* --- the books --- */

static void monotone(sg_checker *self)
{
    const sg_tick_books *now = &self->tick->books, *was = &self->books;
    double slack_j = 1 + (double)now->settled;
    self->looks[SG_INVARIANT_MONOTONE]++;
    if (now->import_j < was->import_j - 1 || now->export_j < was->export_j - 1) {
        checker_broken(self, SG_INVARIANT_MONOTONE, "import %lld to %lld J, export %lld to %lld J",
                       (long long)was->import_j, (long long)now->import_j, (long long)was->export_j,
                       (long long)now->export_j);
    }
    if (!((double)now->import_j <= self->tick->now.import_j + slack_j) ||
        !((double)now->export_j <= self->tick->now.export_j + slack_j)) {
        checker_broken(self, SG_INVARIANT_MONOTONE, "import %lld J of %.1f, export %lld J of %.1f",
                       (long long)now->import_j, self->tick->now.import_j, (long long)now->export_j,
                       self->tick->now.export_j);
    }
}

/* Energy that was read in this tick is billed at the price that was in force before it, in the first tick at its own. Books are
 * rounded to 1 J, which matters where the price has changed since. */
static void money(sg_checker *self)
{
    const sg_tick_books *now = &self->tick->books;
    int point = checker_point(self, SG_POINT_SITE, SG_SITE_IMPORT_PRICE);
    double price = self->age_s[point] >= 0 ? self->trusted[point] : 0;
    double before = self->priced ? self->price : price;
    self->expected_cost += (double)(now->import_j - self->books.import_j) * before;
    self->cost_slack += price != before ? fabs(price) + fabs(before) : 0;
    self->price = price;
    self->priced = true;
    double cost = (double)now->cost_u * 1e-6;
    double slack =
        self->cost_slack + (1 + (double)now->settled) * (fabs(before) + 1e-6) + 1e-9 * fabs(cost);
    self->looks[SG_INVARIANT_MONEY] += now->import_j > 0;
    if (!(fabs(cost - self->expected_cost) <= slack)) {
        checker_broken(self, SG_INVARIANT_MONEY, "%.6f for %lld J, must be %.6f", cost,
                       (long long)now->import_j, self->expected_cost);
    }
    self->books = *now;
}

static void twins(sg_checker *self)
{
    self->looks[SG_INVARIANT_REPLAY] += self->tick->replay != SG_TWIN_NONE;
    self->looks[SG_INVARIANT_CLOCK] += self->tick->clock != SG_TWIN_NONE;
    if (self->tick->replay == SG_TWIN_DIFFERS) {
        checker_broken(self, SG_INVARIANT_REPLAY, "the engine rebuilt from its journal is another");
    }
    /* where loads have hours, what is told is a matter of the clock */
    if (self->tick->clock == SG_TWIN_DIFFERS && self->site->schedule_count == 0) {
        checker_broken(self, SG_INVARIANT_CLOCK, "a set-point differs after a jump of the clock");
    }
}

void checker_rules(sg_checker *self)
{
    stale(self);
    silence(self);
    tasks(self);
    mode(self);
    hypothetical(self);
    reasons(self);
    ladder(self);
    monotone(self);
    money(self);
    twins(self);
}
