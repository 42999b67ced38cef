/* validate.c - is a restored block an engine that can be stepped? Snapshots carry a checksum, so this is about files of another
 * build, forged ones, and our own mistakes: whatever the bytes, a replay ends in an answer. */
#include "engine/layout.h"

#include <math.h>
#include <string.h>

static const double large = 1e18; /* no quantity of a site is larger */

static bool all_within(const double *value, int64_t count, double low, double high)
{
    bool good = true;
    for (int64_t i = 0; i < count; i++) {
        good = good && value[i] >= low && value[i] <= high; /* false for NaN */
    }
    return good;
}

static bool ints_within(const int32_t *value, int64_t count, int32_t low, int32_t high)
{
    bool good = true;
    for (int64_t i = 0; i < count; i++) {
        good = good && value[i] >= low && value[i] <= high;
    }
    return good;
}

static bool bytes_below(const uint8_t *value, int64_t count, int end)
{
    bool good = true;
    for (int64_t i = 0; i < count; i++) {
        good = good && value[i] < end;
    }
    return good;
}

static bool time_sane(int64_t time_us)
{
    return time_us >= -SG_TIME_US_MAX && time_us <= SG_TIME_US_MAX;
}

static bool breakers_sane(const sg_plant *p)
{
    bool good = ints_within(p->node_curve, p->node_count, 0, 1 + SG_BREAKER_IEEE_EI) &&
                ints_within(p->node_partner, p->node_count, -1, p->node_count - 1) &&
                all_within(p->node_hard_w, p->node_count, 0, INFINITY);
    for (int n = 0; n < p->node_count; n++) {
        good =
            good && (p->node_curve[n] == 0 || (all_within(&p->node_breaker_w[n], 1, 1e-9, large) &&
                                               all_within(&p->node_dial[n], 1, 1e-9, 1e9) &&
                                               all_within(&p->node_tau_s[n], 1, 1e-9, large) &&
                                               all_within(&p->node_instantaneous[n], 1, 0, 1e9)));
    }
    return good;
}

static bool ties_sane(const sg_plant *p)
{
    for (int t = 0; t < p->tie_count; t++) {
        int32_t a = p->tie_from[t], b = p->tie_to[t];
        if (a < 0 || a >= p->node_count || b < 0 || b >= p->node_count || a == b) {
            return false;
        }
        while (a != b) { /* the tree is sane: parents stand before their children */
            *(a > b ? &a : &b) = p->node_parent[a > b ? a : b];
        }
        if (a != p->tie_top[t]) {
            return false;
        }
    }
    return all_within(p->tie_limit_w, p->tie_count, 0, large) &&
           all_within(p->tie_loss_per_w, p->tie_count, 0, large) &&
           all_within(p->node_drop_frac, p->node_count, 0, 0.5);
}

static bool tree_sane(const sg_plant *p)
{
    if (p->node_parent[0] != -1) {
        return false;
    }
    for (int n = 1; n < p->node_count; n++) {
        if (p->node_parent[n] < 0 || p->node_parent[n] >= n) {
            return false;
        }
    }
    return all_within(p->node_limit_w, p->node_count, 0, INFINITY) &&
           all_within(p->node_leaf_limit_w, p->node_count, 0, INFINITY) &&
           all_within(p->node_loss_per_w, p->node_count, 0, large) &&
           all_within(p->node_converter_eff, p->node_count, 1e-6, 1) &&
           all_within(p->node_gain_below, p->node_count, 1, INFINITY) &&
           all_within(p->node_up_limit_w, p->node_count, 0, INFINITY) &&
           all_within(p->node_up_frac, p->node_count, 0, 1) && breakers_sane(p);
}

/* The order in which stores take over names groups of stores only. */
static bool hand_sane(const sg_plant *p)
{
    for (int i = 0; i < p->group_count && p->group_hand[i] >= 0; i++) {
        int32_t g = p->group_hand[i];
        if (g >= p->group_count || p->group_role[g] != SG_STORE || p->group_size[g] < 1) {
            return false;
        }
    }
    return true;
}

static bool groups_sane(const sg_plant *p)
{
    const int32_t counts[SG_ROLE_COUNT] = {[SG_SOURCE] = p->source_count,
                                           [SG_STORE] = p->store_count,
                                           [SG_LOAD] = p->load_count,
                                           [SG_GRID] = 1};
    for (int g = 0; g < p->group_count; g++) {
        int32_t role = p->group_role[g], first = p->group_first[g], size = p->group_size[g];
        if (role < 0 || role >= SG_ROLE_COUNT || first < 0 || size < 0 || size > counts[role] ||
            first > counts[role] - size) {
            return false;
        }
    }
    return ints_within(p->source_group, p->source_count, 0, p->group_count - 1) &&
           ints_within(p->store_group, p->store_count, 0, p->group_count - 1) && hand_sane(p);
}

static bool stores_sane(const sg_plant *p)
{
    for (int s = 0; s < p->store_count; s++) {
        const sg_reservoir *r = &p->store_reservoir[s];
        bool good = r->capacity_j > 0 && r->capacity_j <= large && r->charge_w_max >= 0 &&
                    r->charge_w_max <= large && r->discharge_w_max >= 0 &&
                    r->discharge_w_max <= large && r->charge_eff > 1e-6 && r->charge_eff <= 1 &&
                    r->discharge_eff > 1e-6 && r->discharge_eff <= 1 &&
                    r->standing_loss_per_h >= 0 && r->standing_loss_per_h < 1;
        if (!good) {
            return false;
        }
    }
    return ints_within(p->store_node, p->store_count, 0, p->node_count - 1) &&
           ints_within(p->store_beside, p->store_count, -1, p->load_count - 1) &&
           ints_within(p->store_duty, p->store_count, SG_DUTY_ENERGY, SG_DUTY_DEVICE) &&
           ints_within(p->store_real, p->store_count, 0, 1) &&
           all_within(p->store_keep_frac, p->store_count, 0, 1) &&
           all_within(p->store_reserve_j, p->store_count, 0, large) &&
           all_within(p->store_low_j, p->store_count, 0, large) &&
           all_within(p->store_high_j, p->store_count, 0, large) &&
           all_within(p->store_ramp, p->store_count, 0, INFINITY) &&
           all_within(p->store_dwell_s, p->store_count, 0, large) &&
           all_within(p->store_wear, p->store_count, 0, 1) &&
           ints_within(p->store_forming, p->store_count, 0, 1);
}

static bool zone_sane(const sg_zone *z)
{
    const sg_zone_change *changes[] = {&z->begin, &z->end};
    bool good = ints_within(&z->standard_s, 2, -200000, 200000);
    for (int i = 0; i < 2 && z->has_summer; i++) {
        good = good && ints_within(&changes[i]->month, 1, 1, 12) &&
               ints_within(&changes[i]->week, 1, 1, 5) &&
               ints_within(&changes[i]->weekday, 1, 0, 6) &&
               ints_within(&changes[i]->time_s, 1, -700000, 700000);
    }
    return good;
}

static bool schedules_sane(const sg_plant *p)
{
    for (int i = 0; i < p->schedule_count; i++) {
        const sg_load_rule *s = &p->schedule[i];
        if (s->load_first < 0 || s->load_count < 0 || s->load_count > p->load_count ||
            s->load_first > p->load_count - s->load_count || s->load_class < -1 ||
            s->load_class >= SG_CLASS_MAX || !all_within(&s->weight, 1, 0, 1e9) ||
            !all_within(&s->minimum_w, 1, -1, large) || !ints_within(&s->from_s, 2, 0, 86400) ||
            !ints_within(&s->days, 1, 0, 127) ||
            !ints_within(&s->date_count, 2, 0, SG_SCHEDULE_DATE_MAX) || !zone_sane(&s->zone)) {
            return false;
        }
    }
    return ints_within(p->scheduled_load, p->scheduled_count, 0, p->load_count - 1) &&
           ints_within(p->scheduled_class, p->scheduled_count, 0, SG_CLASS_MAX - 1) &&
           all_within(p->scheduled_weight, p->scheduled_count, 1e-9, 1e9) &&
           all_within(p->scheduled_minimum_w, p->scheduled_count, 0, large);
}

static bool services_sane(const sg_services *s)
{
    return all_within(&s->capability_w, 1, 0, large) && all_within(&s->recentre_frac, 1, 0, 1) &&
           all_within(&s->droop_w, 1, 0, large) &&
           (s->droop_w == 0 ||
            (all_within(&s->nominal_hz, 1, 1, 1e3) && all_within(&s->dead_band_hz, 1, 0, 1e3) &&
             all_within(&s->slope_frac, 1, 1e-6, 1))) &&
           all_within(&s->ramp_w_per_s, 1, 0, large) && all_within(&s->band_w, 1, 0, large) &&
           all_within(&s->trend_s, 1, 0, 1e6);
}

static bool plant_sane(const sg_plant *p)
{
    const sg_plant_head *h = p->head;
    return tree_sane(p) && ties_sane(p) && groups_sane(p) && stores_sane(p) &&
           ints_within(p->source_node, p->source_count, 0, p->node_count - 1) &&
           all_within(p->source_cost, p->source_count, 0, 1) &&
           all_within(p->source_ramp, p->source_count, 0, INFINITY) &&
           all_within(p->source_dwell_s, p->source_count, 0, large) &&
           all_within(p->source_start_s, p->source_count, -1, 1e9) &&
           all_within(p->source_rating_w, p->source_count, 0, large) &&
           all_within(p->source_ramp_s, p->source_count, 0, 1e9) &&
           all_within(p->source_run_s, p->source_count, 0, 1e9) &&
           all_within(&h->bridge_s, 1, 0, 1e9) && all_within(&h->return_delay_s, 1, 0, 1e9) &&
           all_within(&h->return_ramp_w_per_s, 1, 0, large) &&
           all_within(h->class_closing_s, SG_CLASS_MAX, 0, 1e9) &&
           ints_within(p->load_node, p->load_count, 0, p->node_count - 1) &&
           bytes_below(p->load_class, p->load_count, SG_CLASS_MAX) &&
           all_within(p->load_weight, p->load_count, 1e-9, 1e9) &&
           all_within(p->load_rating_w, p->load_count, 0, large) &&
           all_within(p->load_minimum_w, p->load_count, 0, large) &&
           all_within(p->load_idle_w, p->load_count, 0, large) && h->grid_present >= 0 &&
           h->grid_present <= 1 && all_within(&h->plan_fresh_s_max, 1, 0, 1e9) &&
           all_within(&h->plan_last_s_max, 1, 0, 1e9) &&
           all_within(&h->import_w_max, 1, 0, large) && all_within(&h->export_w_max, 1, 0, large) &&
           all_within(&h->demand_charge, 1, 0, 1e6) && all_within(&h->step_s, 1, 0, large) &&
           services_sane(&h->services) && schedules_sane(p);
}

static bool forecast_sane(const sg_forecast *f)
{
    const int64_t slots_max = SG_TIME_US_MAX / ((int64_t)SG_FORECAST_SLOT_S * SG_US_PER_S) + 2;
    for (int i = 0; i < SG_HISTORY_SLOT_MAX; i++) {
        if (f->which[i] < -slots_max || f->which[i] > slots_max) {
            return false;
        }
    }
    return f->slot >= -slots_max && f->slot <= slots_max && f->last >= -slots_max &&
           f->last <= slots_max && f->end_us >= -2 * SG_TIME_US_MAX &&
           f->end_us <= 2 * SG_TIME_US_MAX && f->slot_count >= 0 && f->slot_count < INT64_MAX / 2 &&
           f->only >= 0 && f->only <= SG_FORECAST_MODEL_COUNT && f->error_count >= 0 &&
           f->error_count < INT64_MAX / 2 && all_within(&f->sum_ws, 1, -1e40, 1e40) &&
           all_within(&f->sum_s, 1, 0, 1e12) && all_within(&f->level, 1, -1e30, 1e30) &&
           all_within(f->mean, SG_HISTORY_SLOT_MAX, -1e30, 1e30) &&
           all_within(f->smooth, SG_HISTORY_SLOT_MAX, -1e30, 1e30) &&
           all_within(f->mae[0], sizeof f->mae / 8, -1, 1e30) &&
           all_within(f->above, SG_FORECAST_RANGE_COUNT, 0, 1e32) &&
           all_within(f->below, SG_FORECAST_RANGE_COUNT, 0, 1e32) &&
           all_within(f->said_1h, SG_FORECAST_HOUR_SLOTS, -1e30, 1e30) &&
           all_within(&f->error_sum_w, 1, 0, 1e200) &&
           all_within(&f->persistence_error_sum_w, 1, 0, 1e200);
}

static bool meter_sane(const sg_meter *m)
{
    const sg_settlement *three[] = {&m->running, &m->last, &m->total};
    for (int i = 0; i < 3; i++) {
        if (!time_sane(three[i]->start_us) || !time_sane(three[i]->end_us) || three[i]->steps < 0 ||
            three[i]->suspect_steps < 0 || three[i]->end_us < three[i]->start_us) {
            return false;
        }
    }
    /* counters of steps are 32 bits wide and only ever grow: a forged one would overflow */
    bool room = m->total.steps < INT32_MAX / 2 && m->total.suspect_steps < INT32_MAX / 2 &&
                m->running.steps < INT32_MAX / 2;
    return room && m->interval_us > 0 && m->interval_us <= SG_TIME_US_MAX &&
           time_sane(m->read_us) && time_sane(m->covered_from_us) && m->zone_us >= -SG_US_PER_DAY &&
           m->zone_us <= SG_US_PER_DAY && all_within(&m->import_register_j, 1, -1, large) &&
           all_within(&m->export_register_j, 1, -1, large) &&
           all_within(m->sum, sizeof m->sum / 8, -1e40, 1e40) &&
           all_within(&m->peak_w, 1, 0, large) && all_within(&m->peak_all_w, 1, 0, large) &&
           all_within(&m->demand_charge, 1, 0, 1e6) &&
           (m->running.steps == 0 || m->running.end_us > m->running.start_us);
}

static bool regulation_sane(const sg_regulation *r, const sg_regulation_meter *m)
{
    const int64_t windows[] = {m->hour.windows, m->total.windows, m->closed.windows};
    bool good = m->filled >= 0 && m->filled < SG_SCORE_SPAN && time_sane(m->last_us) &&
                m->hour_index >= -SG_TIME_US_MAX && m->hour_index <= SG_TIME_US_MAX;
    for (int i = 0; i < 3; i++) {
        good = good && windows[i] >= 0 && windows[i] < INT64_MAX / 2;
    }
    return good && all_within(&r->target_w, 10, -1e30, 1e30) && /* all its numbers */
           all_within(m->signal, SG_SCORE_SPAN, -1, 1) &&
           all_within(m->response, SG_SCORE_SPAN, -1e30, 1e30);
}

static bool tasks_sane(const sg_tasks *tasks)
{
    if (tasks->count < 0 || tasks->count > SG_TASK_MAX) {
        return false;
    }
    for (int i = 0; i < tasks->count; i++) {
        const sg_task *t = &tasks->task[i];
        if (!sg_request_sane(&t->request) || t->state < SG_TASK_FREE ||
            t->state > SG_TASK_EXPIRED || t->reason < 0 || t->reason >= SG_REASON_COUNT ||
            !time_sane(t->received_us) || !time_sane(t->granted_us) || !time_sane(t->ended_us) ||
            !all_within(&t->firm_w, 1, 0, 1e30)) {
            return false;
        }
    }
    return true;
}

static bool decisions_sane(const sg_engine *self, const sg_plant *plant)
{
    const int32_t ends[] = {plant->source_count, plant->store_count, plant->load_count, 1,
                            SG_TASK_MAX,         plant->tie_count};
    if (self->decision_count < 0 || self->decision_count > SG_DECISION_MAX) {
        return false;
    }
    for (int i = 0; i < self->decision_count; i++) {
        const sg_decision *d = &self->decision[i];
        if (d->role < 0 || d->role > SG_DECISION_TIE || d->index < -1 ||
            d->index >= ends[d->role] || d->node < -1 || d->node >= plant->node_count ||
            d->reason < 0 || d->reason >= SG_REASON_COUNT ||
            !memchr(d->task_id, 0, sizeof d->task_id) || d->state < SG_TASK_FREE ||
            d->state > SG_TASK_EXPIRED) {
            return false;
        }
    }
    bool good = true;
    for (int g = 0; g < SG_GROUP_MAX; g++) {
        good = good && time_sane(self->group_told_us[g]);
    }
    good = good && self->ride_told >= 0 && self->ride_told < SG_RIDE_STATE_COUNT &&
           all_within(&self->ride_import_w, 1, 0, large);
    good = good && ints_within(self->tie_told, SG_TIE_MAX, 0, SG_REASON_COUNT) &&
           all_within(self->tie_told_w, SG_TIE_MAX, -large, large);
    for (int t = 0; t < SG_TIE_MAX; t++) {
        good = good && time_sane(self->tie_told_us[t]);
    }
    return good && ints_within(self->group_reason, SG_GROUP_MAX, -1, SG_REASON_COUNT - 1);
}

static bool head_numbers_sane(const sg_engine *self)
{
    return time_sane(self->time_us) && self->policy >= SG_POLICY_STATIC &&
           self->policy <= SG_POLICY_PERFECT && self->mode >= SG_OBSERVE &&
           self->mode <= SG_CONTROL && self->plan_present >= 0 && self->plan_present <= 1 &&
           self->rung >= SG_RUNG_FRESH && self->rung < SG_RUNG_COUNT && self->plans_taken >= 0 &&
           self->plans_taken < INT64_MAX && self->plans_refused >= 0 &&
           self->plans_refused < INT64_MAX && self->tick < INT64_MAX &&
           all_within(&self->task_w, 1, 0, large) && all_within(&self->wanted_high_w, 1, 0, 1e30) &&
           all_within(&self->free_w, 1, -1e30, 1e30) &&
           all_within(&self->ever_w, 1, -1e30, INFINITY) &&
           all_within(&self->import_price, 1, -1, 1) && all_within(&self->export_price, 1, -1, 1) &&
           all_within(&self->carbon_kg_per_j, 1, -1, 1) && all_within(&self->could_w, 1, 0, 1e30) &&
           all_within(&self->price_low, 1, -1, 1) && all_within(&self->price_mid, 1, -1, 1) &&
           all_within(&self->price_high, 1, -1, 1);
}

static bool ride_sane(const sg_ride *r)
{
    return r->state >= SG_RIDE_GRID && r->state < SG_RIDE_STATE_COUNT && r->served >= 0 &&
           r->served <= 1 && ints_within(r->level, SG_CLASS_MAX, SG_LEVEL_FULL, SG_LEVEL_OFF) &&
           all_within(r->told_s, SG_CLASS_MAX, 0, large) && all_within(&r->state_s, 1, 0, large) &&
           all_within(&r->lost_s, 1, 0, large) && all_within(&r->steady_s, 1, 0, large) &&
           all_within(&r->line_w, 1, 0, 1e30) && all_within(&r->hold_s, 1, 0, INFINITY) &&
           all_within(&r->served_w, 1, -large, large) &&
           all_within(&r->register_j, 1, -1, 2 * large) &&
           all_within(&r->looked_s, 1, 0, INFINITY) && all_within(&r->missing_s, 1, 0, INFINITY);
}

static bool control_sane(const sg_control *c, const sg_plant *p)
{
    return all_within(c->source_limit_w, p->source_count, 0, INFINITY) &&
           all_within(c->store_w, p->store_count, -large, large) &&
           all_within(c->load_cap_w, p->load_count, 0, large) &&
           all_within(c->store_trend_w, p->store_count, -large, large) &&
           ints_within(c->store_cell, p->store_count, 0, 2) &&
           all_within(c->node_heat, p->node_count, 0, 1) &&
           all_within(c->node_level_w, p->node_count, 0, large) &&
           all_within(c->node_slope, p->node_count, -large, large) &&
           all_within(c->store_before_w, p->store_count, -large, large) &&
           ints_within(c->store_way, p->store_count, -1, 1) &&
           all_within(c->store_rest_s, p->store_count, 0, INFINITY) &&
           all_within(c->source_before_w, p->source_count, 0, INFINITY) &&
           all_within(c->source_off_s, p->source_count, 0, INFINITY) &&
           all_within(c->source_state_s, p->source_count, 0, INFINITY) &&
           bytes_below(c->source_reason, p->source_count, SG_REASON_COUNT) &&
           bytes_below(c->source_start, p->source_count, SG_START_RESTING + 1) &&
           all_within(c->source_wait_s, p->source_count, -large, large) && ride_sane(c->ride) &&
           bytes_below(c->store_reason, p->store_count, SG_REASON_COUNT) &&
           bytes_below(c->load_reason, p->load_count, SG_REASON_COUNT) &&
           bytes_below(c->tie_reason, p->tie_count, SG_REASON_COUNT) &&
           all_within(c->tie_w, p->tie_count, -large, large) &&
           ints_within(c->tie_taker, p->tie_count, -1, p->node_count - 1) &&
           all_within(c->tie_deaf_s, p->tie_count, 0, INFINITY);
}

/* The ranges in which measure believes a reading. */
static bool values_sane(const double *value, const sg_points *points, const sg_plant *p)
{
    const int32_t *first = points->first;
    const double *site = value + first[SG_POINT_SITE];
    bool good = all_within(value, points->count, -large, large) &&
                all_within(value + first[SG_POINT_SOURCE_AVAILABLE], p->source_count, 0, large) &&
                all_within(value + first[SG_POINT_STORE_ENERGY], p->store_count, 0, large) &&
                all_within(value + first[SG_POINT_LOAD_DEMAND], p->load_count, 0, large) &&
                all_within(value + first[SG_POINT_LOAD_POWER], p->load_count, 0, large);
    for (int i = 0; i < SG_SITE_POINT_COUNT; i++) {
        bool market = i == SG_SITE_IMPORT_PRICE || i == SG_SITE_EXPORT_PRICE || i == SG_SITE_CARBON;
        bool unit = market || i == SG_SITE_REGULATION;
        good = good && all_within(&site[i], 1, unit ? -1 : 0, unit ? 1 : large);
    }
    return good;
}

static bool trust_sane(const sg_trust *t, const sg_plant *p)
{
    int32_t nodes = p->node_count, last = p->points.count - 1;
    return all_within(t->node_doubt, nodes, 0, 1e3) &&
           all_within(t->node_miss_w, nodes, -1e30, 1e30) &&
           all_within(t->node_truth_w, nodes, -1e30, 1e30) &&
           ints_within(t->node_liar, nodes, -1, last) &&
           ints_within(t->node_jumped, nodes, -2, last) &&
           ints_within(t->node_found, nodes, -1, last) &&
           bytes_below(t->node_verdict, nodes, SG_VERDICT_COUNT) &&
           all_within(t->store_reckoned_j, p->store_count, -1, large) &&
           all_within(t->store_margin_j, p->store_count, 0, large) &&
           all_within(t->store_apart_j, p->store_count, -large, large) &&
           all_within(t->store_missed_j, p->store_count, 0, large) &&
           all_within(t->store_steady_j, p->store_count, 0, large) &&
           all_within(t->store_doubt, p->store_count, 0, 1e3);
}

bool sg_rooms_sane(const sg_rooms *rooms)
{
    const sg_engine *self = rooms->head;
    const sg_plant *plant = &rooms->plant;
    const sg_measure *m = &rooms->measure;
    return head_numbers_sane(self) && plant_sane(plant) &&
           values_sane(m->value, &plant->points, plant) &&
           all_within(m->age_s, plant->points.count, -1, INFINITY) &&
           bytes_below(m->quality, plant->points.count, SG_NO_DATA + 1) &&
           all_within(m->low_j, plant->store_count, 0, large) &&
           all_within(m->high_j, plant->store_count, 0, large) &&
           trust_sane(&rooms->trust, plant) && control_sane(&rooms->control, plant) &&
           forecast_sane(&self->load) && forecast_sane(&self->generation) &&
           forecast_sane(&self->price) && meter_sane(&self->meter) &&
           regulation_sane(&self->regulation, &self->regulated) && tasks_sane(&self->tasks) &&
           decisions_sane(self, plant) &&
           (!self->plan_present || sg_plan_valid(&self->plan, plant));
}
