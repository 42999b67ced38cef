#include "control/regulate.h"

#include "control/flows.h"

#include <math.h>

static const double step_s_max = 5.0;
static const double expect_s_max = 1; /* longer steps have no slope to carry on                  */
static const double ramp_part =
    0.75; /* of the contract: the rest is for what a step cannot know yet */
static const double band_part = 0.9;
static const double size_s = 300;    /* of the mean over the signal's size                      */
static const double calm_frac = 0.1; /* as near to the middle as that, there is no drift        */
static const double far_frac = 0.5;  /* and from here on there is all of it                     */
static const double recentre_slew_s =
    600;                             /* that the drift takes at least to go from none to full   */
static const double own_frac = 0.05; /* of its rating, recentring of a mix that is only fast    */
static const double share_of_duration =
    0.15;                       /* of the next stage, that a stage's low pass has       */
static const double lean_s = 4; /* low passes that a faster stage takes back to half full */

/* Stores of one time scale. */
typedef struct stage {
    int32_t group;     /* -1: all with duty `energy`            */
    double duration_s; /* at full power                         */
    double give_w_max, capacity_j, have_j;
} stage;

typedef struct mix {
    int count; /* slowest first */
    stage stage[SG_GROUP_MAX + 1];
} mix;

double sg_droop_w(const sg_services *s, double frequency_hz)
{
    double low_hz = s->nominal_hz - s->dead_band_hz, high_hz = s->nominal_hz + s->dead_band_hz;
    double off_hz = frequency_hz < low_hz    ? low_hz - frequency_hz
                    : frequency_hz > high_hz ? high_hz - frequency_hz
                                             : 0;
    double share = off_hz / (s->nominal_hz * s->slope_frac);
    return s->droop_w * fmax(fmin(share, 1), -1);
}

bool sg_regulates(const sg_flows *f)
{
    return f->in->regulation && sg_services_any(&f->plant->head->services) && f->grid_up &&
           !f->bridging && !f->in->start && f->in->policy != SG_POLICY_STATIC &&
           f->in->dt_s <= step_s_max;
}

/* --- who takes part --- */

static bool takes_part(const sg_flows *f, int s)
{
    int duty = f->plant->store_duty[s];
    return f->plant->store_real[s] && (duty == SG_DUTY_ENERGY || duty == SG_DUTY_POWER);
}

/* One that relieves a breaker, or whose reading is stale, stays as it is. */
static bool may_move(const sg_flows *f, int s)
{
    int reason = f->self->store_reason[s];
    return takes_part(f, s) && reason != SG_REASON_NODE_RELIEF && reason != SG_REASON_STALE;
}

static bool in_stage(const sg_flows *f, const stage *st, int s)
{
    return st->group < 0 ? f->plant->store_duty[s] == SG_DUTY_ENERGY
                         : f->plant->store_group[s] == st->group;
}

static void add_store(const sg_flows *f, stage *st, int s)
{
    const sg_reservoir *r = &f->plant->store_reservoir[s];
    if (may_move(f, s)) {
        st->give_w_max += r->discharge_w_max;
        st->capacity_j += r->capacity_j;
        st->have_j += f->measure->value[f->plant->points.first[SG_POINT_STORE_ENERGY] + s];
    }
}

static void add_stage(mix *m, stage st)
{
    if (!(st.give_w_max > 0)) {
        return;
    }
    st.duration_s = st.capacity_j / st.give_w_max;
    int at = m->count++;
    for (; st.group >= 0 && at > 0 && m->stage[at - 1].group >= 0 &&
           m->stage[at - 1].duration_s < st.duration_s;
         at--) {
        m->stage[at] = m->stage[at - 1];
    }
    m->stage[at] = st;
}

static void mix_of(const sg_flows *f, mix *ret)
{
    const sg_plant *plant = f->plant;
    ret->count = 0;
    stage slow = {.group = -1};
    for (int s = 0; s < plant->store_count; s++) {
        if (plant->store_duty[s] == SG_DUTY_ENERGY) {
            add_store(f, &slow, s);
        }
    }
    add_stage(ret, slow);
    for (int g = 0; g < plant->group_count; g++) {
        int first = plant->group_first[g];
        if (plant->group_role[g] != SG_STORE || plant->group_size[g] == 0 ||
            plant->store_duty[first] != SG_DUTY_POWER) {
            continue;
        }
        stage st = {.group = g};
        for (int s = first; s < first + plant->group_size[g]; s++) {
            add_store(f, &st, s);
        }
        add_stage(ret, st);
    }
}

/* --- moving stores --- */

/* How far store s can go from where it is towards giving (sign > 0) or taking; while `back`, only as far as rest. */
static double room_w(const sg_flows *f, int s, double sign, bool back)
{
    double now_w = f->self->store_w[s] * sign; /* < 0: it does the opposite */
    if (back) {
        return fmax(-now_w, 0);
    }
    double most_w = sign > 0 ? sg_store_can_give_w(f, s) : sg_store_can_take_w(f, s);
    return fmax(most_w - fmax(now_w, 0), 0);
}

/* Move one store by up to by_w; charging needs room on its way. Returns what was done. */
static double move_store(sg_flows *f, int s, double by_w)
{
    double was_w = f->self->store_w[s], now_w = was_w + by_w;
    double more_charge_w = fmax(-now_w, 0) - fmax(-was_w, 0);
    int node = f->plant->store_node[s];
    if (more_charge_w > 0) {
        double room = sg_path_room_w(f, node);
        now_w += fmax(more_charge_w - room, 0);
        more_charge_w = fmin(more_charge_w, room);
    }
    sg_path_use(f, node, more_charge_w);
    f->self->store_w[s] = now_w;
    f->local_w += now_w - was_w;
    return now_w - was_w;
}

/* Move a stage by up to by_w, its members in proportion to what each can: first those back that do the opposite, so that none
 * charges another, then on. Returns what is left to do. */
static double move_stage(sg_flows *f, const stage *st, double by_w)
{
    double left_w = by_w;
    for (int pass = 0; pass < 2 && left_w != 0; pass++) {
        double sign = left_w > 0 ? 1 : -1, all_w = 0;
        for (int s = 0; s < f->plant->store_count; s++) {
            bool in = in_stage(f, st, s) && may_move(f, s);
            all_w += in ? room_w(f, s, sign, pass == 0) : 0;
        }
        double part = all_w > 0 ? fmin(fabs(left_w) / all_w, 1) : 0, done_w = 0;
        for (int s = 0; s < f->plant->store_count && part > 0; s++) {
            if (in_stage(f, st, s) && may_move(f, s)) {
                done_w += move_store(f, s, sign * part * room_w(f, s, sign, pass == 0));
            }
        }
        left_w = fabs(left_w - done_w) < 1e-9 * fabs(by_w) ? 0 : left_w - done_w;
    }
    return left_w;
}

/* --- what is asked --- */

static double clamp(double v, double low, double high)
{
    return fmax(fmin(v, high), low);
}

/* What the site is going to draw: readings are of the step before, so a want that goes on rising is a step ahead of them. It goes
 * on by the lesser of its last two changes, if they agree; a jump is not carried on. */
static double expected_w(const sg_flows *f, sg_regulation *r, double net_w)
{
    double change_w = r->active ? net_w - r->net_w : 0, before_w = r->change_w;
    r->net_w = net_w;
    r->change_w = change_w;
    bool agree = change_w * before_w > 0 && f->in->dt_s <= expect_s_max;
    return net_w + (!agree ? 0 : fabs(change_w) < fabs(before_w) ? change_w : before_w);
}

/* The site draws what lies nearest to its want within the band around its own trend, and gets there no faster than the ramp. */
static double contract_w(const sg_flows *f, sg_regulation *r, double net_w)
{
    const sg_services *s = &f->plant->head->services;
    if (!(s->ramp_w_per_s > 0) && !(s->band_w > 0)) {
        return 0;
    }
    if (!r->active) {
        r->target_w = r->trend_w = net_w;
    }
    net_w = expected_w(f, r, net_w);
    double band_w = band_part * s->band_w;
    double goal_w = s->band_w > 0 ? clamp(net_w, r->trend_w - band_w, r->trend_w + band_w) : net_w;
    double ramp_w =
        s->ramp_w_per_s > 0 ? ramp_part * s->ramp_w_per_s * f->in->dt_s : (double)INFINITY;
    r->target_w += clamp(goal_w - r->target_w, -ramp_w, ramp_w);
    r->trend_w += (r->target_w - r->trend_w) * f->in->dt_s / (s->trend_s + f->in->dt_s);
    return net_w - r->target_w;
}

static double site_reading(const sg_flows *f, sg_site_point point, bool *ret_fresh)
{
    int at = f->plant->points.first[SG_POINT_SITE] + (int)point;
    *ret_fresh = sg_measure_fresh(f->measure, at);
    return f->measure->value[at];
}

static double signal_w(const sg_flows *f, sg_regulation *r)
{
    const sg_services *s = &f->plant->head->services;
    bool fresh;
    double signal = clamp(site_reading(f, SG_SITE_REGULATION, &fresh), -1, 1);
    r->tracking = s->capability_w > 0 && fresh;
    if (!r->tracking) {
        return 0;
    }
    r->size_frac += (fabs(signal) - r->size_frac) * f->in->dt_s / (size_s + f->in->dt_s);
    return s->capability_w * signal;
}

static double droop_now_w(const sg_flows *f)
{
    const sg_services *s = &f->plant->head->services;
    bool fresh;
    double frequency_hz = site_reading(f, SG_SITE_FREQUENCY, &fresh);
    bool sane = fresh && fabs(frequency_hz / s->nominal_hz - 1) < 0.2;
    return s->droop_w > 0 && sane ? sg_droop_w(s, frequency_hz) : 0;
}

/* How far the mix's energy is from the middle between reserve and full, -1 at the reserve, 1 full. */
static double off_middle(const sg_flows *f)
{
    const sg_plant *plant = f->plant;
    double off_j = 0, half_j = 0;
    for (int s = 0; s < plant->store_count; s++) {
        if (takes_part(f, s)) {
            double reserve_j = plant->store_reserve_j[s];
            double half = (plant->store_reservoir[s].capacity_j - reserve_j) / 2;
            off_j += f->measure->value[plant->points.first[SG_POINT_STORE_ENERGY] + s] - reserve_j -
                     half;
            half_j += half;
        }
    }
    return half_j > 0 ? clamp(off_j / half_j, -1, 1) : 0;
}

/* -1..1: how much of the drift the mix's energy calls for. */
static double pull(const sg_flows *f)
{
    double off = off_middle(f), beyond = fmax(fabs(off) - calm_frac, 0);
    return copysign(fmin(beyond / (far_frac - calm_frac), 1), off);
}

static double recentre_w(const sg_flows *f, sg_regulation *r, const mix *m)
{
    const sg_services *s = &f->plant->head->services;
    double most_w = s->recentre_frac * s->capability_w, size = r->size_frac;
    double scale_w = most_w * size * size * size;
    bool only_fast = m->count > 0 && m->stage[0].group >= 0;
    if (!(s->capability_w > 0)) { /* a battery's energy is the plan's matter then */
        for (int k = 0; k < m->count && only_fast; k++) {
            most_w += own_frac * m->stage[k].give_w_max;
        }
        scale_w = most_w;
    }
    double want_w = scale_w * pull(f);
    double slew_w = most_w * f->in->dt_s / recentre_slew_s;
    r->recentre_w += clamp(want_w - r->recentre_w, -slew_w, slew_w);
    return r->recentre_w;
}

/* --- who does it --- */

/* The plan gives way as far as the mix could not do what is offered in either direction beside it. */
static void make_room(sg_flows *f, const mix *m)
{
    const sg_services *s = &f->plant->head->services;
    double offered_w = s->capability_w + s->droop_w;
    if (m->count == 0 || m->stage[0].group >= 0) {
        return;
    }
    for (int sign = -1; sign <= 1; sign += 2) {
        double room = 0, against_w = 0;
        for (int i = 0; i < f->plant->store_count; i++) {
            if (may_move(f, i)) {
                room += room_w(f, i, sign, false) + room_w(f, i, sign, true);
                bool energy = f->plant->store_duty[i] == SG_DUTY_ENERGY;
                against_w += energy ? fmax(f->self->store_w[i] * sign, 0) : 0;
            }
        }
        double back_w = fmin(fmax(offered_w - room, 0), against_w);
        if (back_w > 0) {
            move_stage(f, &m->stage[0], -sign * back_w);
        }
    }
}

/* The slow part stays, what is faster goes on; and the faster stages are brought back to half full by the slower one. The state
 * of a stage's low pass is kept with the first member of the next stage. */
static void split(const sg_flows *f, const mix *m, double ask_w, double *ret_part_w)
{
    double rest_w = ask_w;
    for (int k = 0; k + 1 < m->count; k++) {
        const stage *next = &m->stage[k + 1];
        double *slow_w = &f->self->store_trend_w[f->plant->group_first[next->group]];
        double time_s = share_of_duration * next->duration_s;
        *slow_w += (rest_w - *slow_w) * f->in->dt_s / (time_s + f->in->dt_s);
        double lean_w = (0.5 * next->capacity_j - next->have_j) / (lean_s * time_s);
        double most_w = 0.5 * next->give_w_max;
        ret_part_w[k] = *slow_w + clamp(lean_w, -most_w, most_w);
        rest_w -= ret_part_w[k];
    }
    ret_part_w[m->count - 1] = rest_w;
}

/* Returns what nobody could do. */
static double provide(sg_flows *f, const mix *m, double ask_w)
{
    double part_w[SG_GROUP_MAX + 1], left_w = 0;
    split(f, m, ask_w, part_w);
    for (int k = m->count - 1; k >= 0; k--) {
        left_w = move_stage(f, &m->stage[k], part_w[k] + left_w);
    }
    for (int k = 0; k < m->count && left_w != 0; k++) {
        left_w = move_stage(f, &m->stage[k], left_w);
    }
    return left_w;
}

static double mix_w(const sg_flows *f)
{
    double sum_w = 0;
    for (int s = 0; s < f->plant->store_count; s++) {
        sum_w += takes_part(f, s) ? f->self->store_w[s] : 0;
    }
    return sum_w;
}

static void give_reasons(const sg_flows *f, const sg_regulation *r)
{
    sg_reason reason = r->tracking          ? SG_REASON_REGULATION
                       : r->droop_w != 0    ? SG_REASON_DROOP
                       : r->contract_w != 0 ? SG_REASON_CONTRACT
                                            : SG_REASON_NONE;
    for (int s = 0; s < f->plant->store_count && reason != SG_REASON_NONE; s++) {
        if (may_move(f, s)) {
            f->self->store_reason[s] = (uint8_t)reason;
        }
    }
}

void sg_regulate(sg_flows *f)
{
    sg_regulation *r = f->in->regulation;
    if (!sg_regulates(f)) {
        if (r) {
            *r = (sg_regulation){0};
        }
        return;
    }
    mix m;
    mix_of(f, &m);
    make_room(f, &m);
    double net_w = f->served_w + f->losses_w + f->task_w - f->available_w - f->local_w;
    r->contract_w = contract_w(f, r, net_w);
    r->signal_w = signal_w(f, r);
    r->droop_w = droop_now_w(f);
    double drift_w = recentre_w(f, r, &m);
    r->base_w = mix_w(f) + r->contract_w + r->droop_w;
    r->active = 1;
    double ask_w = r->contract_w + r->signal_w + r->droop_w + drift_w;
    ask_w = clamp(ask_w, fmin(net_w - f->import_w_max, 0), fmax(net_w + f->export_w_max, 0));
    if (m.count > 0) {
        provide(f, &m, ask_w);
        give_reasons(f, r);
    }
}
