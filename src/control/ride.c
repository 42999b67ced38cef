#include "control/ride.h"

#include "base/status.h"

#include <math.h>
#include <string.h>

enum { MOVES_AT_ONCE = 2 }; /* lost and dark, back and done: a long step may hold both */

static const double doubt_s = 2.5; /* frames and commands, each a second late */
static const double grace_s = 10; /* most failures are over by then: nothing is held back so long */
static const double margin_s = 5, margin = 1.05; /* of times, for what estimates miss */
static const double start_margin_s = 10;         /* a generator may be late by it */
static const double black_start_s =
    300; /* least time for which a class is brought back from stores */
static const double rounding_s = 1e-6;                           /* of steps summed up */
static const double carried = 1.0, draining = 0.9, spare = 0.95; /* of what is kept */

static const struct move {
    sg_ride_state from;
    sg_ride_event event;
    sg_ride_state to;
} moves[] = {
#define X(from, event, to) {from, event, to},
    SG_RIDE_MOVE_LIST(X)
#undef X
};

void sg_ride_init(sg_ride *self)
{
    *self = (sg_ride){.state = SG_RIDE_GRID, .register_j = -1, .looked_s = INFINITY};
}

bool sg_ride_missing(const sg_ride_sight *s)
{
    return s->connected && s->seen_w >= 0 && s->seen_w <= s->least_w &&
           s->expected_w > s->least_w && s->seen_w < 0.1 * s->expected_w;
}

bool sg_ride_voltage(const sg_ride_sight *s)
{
    bool flows = s->seen_w > s->least_w, held = s->quality == SG_SUSPECT;
    if (s->quality == SG_GOOD || (held && !flows)) {
        return s->up > 0.5 && s->missing_s < doubt_s;
    }
    return flows || (!s->carries && s->connected);
}

sg_ride_state sg_ride_next(sg_ride_state state, unsigned events)
{
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        if (moves[i].from == state && (events >> moves[i].event & 1U)) {
            return moves[i].to;
        }
    }
    return state;
}

/* --- for how long --- */

/* One hand-over after the other: each store in order gives what it can, until one of them is empty. */
double sg_ride_hold_s(const sg_ride_input *in, double power_w)
{
    double left_j[SG_GROUP_MAX], given_w[SG_GROUP_MAX], time_s = 0;
    memcpy(left_j, in->energy_j, sizeof left_j);
    if (!(power_w > 0)) {
        return INFINITY;
    }
    for (int round = 0; round < in->group_count; round++) {
        double rest_w = power_w, next_s = INFINITY;
        for (int i = 0; i < in->group_count; i++) {
            given_w[i] = left_j[i] > 0 ? fmin(in->give_w[i], rest_w) : 0;
            rest_w -= given_w[i];
            next_s = given_w[i] > 0 ? fmin(next_s, left_j[i] / given_w[i]) : next_s;
        }
        if (rest_w > 1e-9 * power_w) {
            break;
        }
        for (int i = 0; i < in->group_count; i++) {
            double j = left_j[i] - given_w[i] * next_s;
            left_j[i] = j > 1e-9 * in->energy_j[i] ? j : 0; /* the emptied one, rounding or not */
        }
        time_s += next_s;
    }
    return time_s;
}

static double level_w(const sg_ride_input *in, int k, int level)
{
    return level <= SG_LEVEL_RETURNING ? in->class_want_w[k]
           : level == SG_LEVEL_OFF     ? 0
                                       : in->class_min_w[k];
}

double sg_ride_protected_w(const sg_ride *self, const sg_ride_input *in)
{
    double sum_w = in->fixed_w;
    for (int k = 0; k < SG_CLASS_MAX; k++) {
        int level = self->level[k] == SG_LEVEL_RETURNING ? SG_LEVEL_MINIMUM : self->level[k];
        sum_w += level_w(in, k, level);
    }
    return sum_w;
}

static double kept_w(const sg_ride *self, const sg_ride_input *in)
{
    double sum_w = in->fixed_w;
    for (int k = 0; k < SG_CLASS_MAX; k++) {
        sum_w += level_w(in, k, self->level[k]);
    }
    return sum_w;
}

/* The least that keeps classes 0..last going, beside those that are still shutting down. */
static double least_w(const sg_ride *self, const sg_ride_input *in, int last)
{
    double sum_w = in->fixed_w;
    for (int k = 0; k < SG_CLASS_MAX; k++) {
        bool drawn =
            k <= last ? self->level[k] != SG_LEVEL_OFF : self->level[k] == SG_LEVEL_CLOSING;
        sum_w += drawn ? in->class_min_w[k] : 0;
    }
    return sum_w;
}

static bool present(const sg_ride_input *in, int k)
{
    return in->class_want_w[k] > 0;
}

/* What classes 0..last need to shut down one after the other; 0: nobody asked for time. */
static double closing_s(const sg_ride *self, const sg_ride_input *in, int last)
{
    double sum_s = 0;
    for (int k = 0; k <= last; k++) {
        bool open = self->level[k] != SG_LEVEL_OFF && present(in, k);
        sum_s += open ? in->site->class_closing_s[k] : 0;
    }
    return sum_s > 0 ? margin * sum_s + margin_s + 2 * in->dt_s : 0;
}

/* How long the stores still have to last: until generators carry, else for the rest of the bridge. */
static double needed_s(const sg_ride *self, const sg_ride_input *in)
{
    bool coming = in->soon_w > 0 && in->free_w + in->soon_w >= least_w(self, in, SG_CLASS_MAX - 1);
    return coming ? in->soon_s + start_margin_s : fmax(in->site->bridge_s - self->lost_s, 0);
}

/* --- who is kept --- */

/* Classes are held at their minimum, lowest first, until the stores last. */
static void throttle(sg_ride *self, const sg_ride_input *in)
{
    double need_s = fmax(needed_s(self, in), closing_s(self, in, SG_CLASS_MAX - 1));
    double best_s = sg_ride_hold_s(in, least_w(self, in, SG_CLASS_MAX - 1) - in->free_w);
    if (self->lost_s < grace_s && best_s >= need_s + grace_s) {
        return;
    }
    for (int k = SG_CLASS_MAX - 1; k >= 0; k--) {
        if (sg_ride_hold_s(in, kept_w(self, in) - in->free_w) >= need_s) {
            return;
        }
        self->level[k] = self->level[k] < SG_LEVEL_MINIMUM ? SG_LEVEL_MINIMUM : self->level[k];
    }
}

/* The highest class whose time to shut down has come, all below it included; SG_CLASS_MAX: none. */
static int due_class(const sg_ride *self, const sg_ride_input *in)
{
    double bridge_s = needed_s(self, in);
    for (int k = 0; k < SG_CLASS_MAX; k++) {
        if (self->level[k] >= SG_LEVEL_CLOSING || !present(in, k)) {
            continue;
        }
        double hold_s = sg_ride_hold_s(in, least_w(self, in, k) - in->free_w);
        bool own = in->site->class_closing_s[k] > 0 && hold_s <= closing_s(self, in, k);
        bool for_others = k > 0 && self->lost_s >= grace_s && hold_s < bridge_s;
        if (own || for_others) {
            return k;
        }
    }
    return SG_CLASS_MAX;
}

static void set_level(sg_ride *self, int k, sg_level level)
{
    self->level[k] = (int32_t)level;
    self->told_s[k] = 0;
}

/* Tells whoever is due to shut down, and switches off who has had the time for it. */
static void close_down(sg_ride *self, const sg_ride_input *in)
{
    for (int k = due_class(self, in); k < SG_CLASS_MAX; k++) {
        if (self->level[k] < SG_LEVEL_CLOSING) {
            set_level(self, k, SG_LEVEL_CLOSING);
        }
    }
    bool below_off = true;
    for (int k = SG_CLASS_MAX - 1; k >= 0; k--) {
        if (self->level[k] == SG_LEVEL_CLOSING) {
            bool over =
                !present(in, k) || self->told_s[k] >= in->site->class_closing_s[k] - rounding_s;
            self->told_s[k] += in->dt_s;
            self->level[k] = over && below_off ? SG_LEVEL_OFF : SG_LEVEL_CLOSING;
        }
        below_off = below_off && self->level[k] == SG_LEVEL_OFF;
    }
}

/* --- and who comes back --- */

static int first_waiting(const sg_ride *self, const sg_ride_input *in)
{
    for (int k = 0; k < SG_CLASS_MAX; k++) {
        if (self->level[k] > SG_LEVEL_RETURNING && present(in, k)) {
            return k;
        }
    }
    return SG_CLASS_MAX;
}

/* Who wants nothing comes back with the class above it. */
static void lift_absent(sg_ride *self, const sg_ride_input *in)
{
    int end = first_waiting(self, in);
    for (int k = 0; k < end; k++) {
        if (self->level[k] > SG_LEVEL_RETURNING) {
            set_level(self, k, SG_LEVEL_FULL);
        }
    }
}

/* The level that class k may rise to now; its own when there is no room. */
static int level_for(const sg_ride *self, const sg_ride_input *in, int k)
{
    double others_w = kept_w(self, in) - level_w(in, k, self->level[k]);
    double full_w = others_w + in->class_want_w[k], least = others_w + in->class_min_w[k];
    if (self->state == SG_RIDE_RESYNC) {
        return self->line_w + in->free_w >= least ? SG_LEVEL_RETURNING : self->level[k];
    }
    if (full_w <= spare * in->free_w) {
        return SG_LEVEL_FULL;
    }
    bool stores = self->state != SG_RIDE_ISLANDED && self->level[k] == SG_LEVEL_OFF;
    double time_s = black_start_s + in->site->class_closing_s[k];
    return stores && sg_ride_hold_s(in, least - in->free_w) >= time_s ? SG_LEVEL_MINIMUM
                                                                      : self->level[k];
}

static bool can_rise(const sg_ride *self, const sg_ride_input *in)
{
    int k = first_waiting(self, in);
    return k < SG_CLASS_MAX && level_for(self, in, k) != self->level[k];
}

/* The next class, once those above it are served; long steps hold many such stages. */
static void bring_back(sg_ride *self, const sg_ride_input *in)
{
    bool many = in->dt_s > SG_LONG_STEP_S;
    for (int round = 0; round < (many ? 2 * SG_CLASS_MAX : 1); round++) {
        lift_absent(self, in);
        if ((!self->served && !many) || !can_rise(self, in)) {
            return;
        }
        int k = first_waiting(self, in);
        set_level(self, k, (sg_level)level_for(self, in, k));
    }
}

static void all_to(sg_ride *self, sg_level level)
{
    for (int k = 0; k < SG_CLASS_MAX; k++) {
        set_level(self, k, level);
    }
}

/* --- the table at work --- */

static double give_w(const sg_ride_input *in)
{
    double sum_w = 0;
    for (int i = 0; i < in->group_count; i++) {
        sum_w += in->give_w[i];
    }
    return sum_w;
}

static bool all_off(const sg_ride *self, const sg_ride_input *in)
{
    bool any = false, off = true;
    for (int k = 0; k < SG_CLASS_MAX; k++) {
        any = any || present(in, k);
        off = off && (self->level[k] == SG_LEVEL_OFF || !present(in, k));
    }
    return any && off;
}

static bool all_full(const sg_ride *self, const sg_ride_input *in)
{
    return first_waiting(self, in) == SG_CLASS_MAX;
}

static unsigned events_now(const sg_ride *self, const sg_ride_input *in)
{
    double kept = kept_w(self, in), supply_w = in->free_w + give_w(in);
    bool lit = !all_off(self, in);
    bool due = due_class(self, in) < SG_CLASS_MAX, rises = can_rise(self, in);
    bool covered = lit && in->free_w >= carried * kept && in->free_w > 0;
    bool falling = !(in->free_w >= draining * kept), supplied = supply_w > 0 && rises;
    bool so[SG_RIDE_EVENT_COUNT] = {
        [SG_RIDE_LOST] = !in->voltage,
        [SG_RIDE_STEADY] = in->voltage && self->steady_s >= in->site->return_delay_s - rounding_s,
        [SG_RIDE_EMPTY] = supply_w <= 1e-6 * (1 + kept) || !lit,
        [SG_RIDE_CARRIED] = covered,
        [SG_RIDE_DRAINING] = falling,
        [SG_RIDE_RUNNING_OUT] = due,
        [SG_RIDE_SOURCE] = supplied,
        [SG_RIDE_UP] = self->served && !rises,
        [SG_RIDE_DONE] = self->line_w >= in->site->import_w_max && all_full(self, in),
    };
    unsigned events = 0;
    for (int i = 0; i < SG_RIDE_EVENT_COUNT; i++) {
        events |= (unsigned)so[i] << i;
    }
    return events;
}

static void enter(sg_ride *self, const sg_ride_input *in, sg_ride_state next)
{
    if (next == SG_RIDE_BRIDGING && sg_ride_connected(self)) {
        self->lost_s = 0;
        for (int k = 0; k < SG_CLASS_MAX; k++) { /* what was to come back waits once more */
            bool returning = self->level[k] == SG_LEVEL_RETURNING;
            self->level[k] = returning ? SG_LEVEL_MINIMUM : self->level[k];
        }
    }
    self->state = (int32_t)next;
    self->state_s = 0;
    if (next == SG_RIDE_DARK) {
        all_to(self, SG_LEVEL_OFF);
    }
    if (next == SG_RIDE_RESYNC) {
        self->line_w = in->site->return_ramp_w_per_s * in->dt_s;
    }
    if (next == SG_RIDE_BLACK_START) {
        lift_absent(self, in);
        int k = first_waiting(self, in);
        set_level(self, k, (sg_level)level_for(self, in, k));
    }
    bool at_once = next == SG_RIDE_RESYNC && self->line_w >= in->site->import_w_max;
    if (next == SG_RIDE_GRID || at_once) {
        all_to(self, SG_LEVEL_FULL);
    }
}

static void act(sg_ride *self, const sg_ride_input *in)
{
    int state = self->state;
    if (state == SG_RIDE_BRIDGING || state == SG_RIDE_SHUTDOWN) {
        throttle(self, in);
    }
    if (state == SG_RIDE_SHUTDOWN) {
        close_down(self, in);
    }
    if (state == SG_RIDE_ISLANDED || state == SG_RIDE_BLACK_START || state == SG_RIDE_RESYNC) {
        bring_back(self, in);
    }
}

void sg_ride_step(sg_ride *self, const sg_ride_input *in)
{
    self->state_s += in->dt_s;
    self->lost_s += sg_ride_connected(self) ? 0 : in->dt_s;
    self->steady_s = in->voltage ? self->steady_s + in->dt_s : 0;
    if (self->state == SG_RIDE_RESYNC) {
        self->line_w += in->site->return_ramp_w_per_s * in->dt_s;
    }
    for (int i = 0; i < MOVES_AT_ONCE; i++) {
        sg_ride_state next = sg_ride_next((sg_ride_state)self->state, events_now(self, in));
        if ((int32_t)next == self->state) {
            break;
        }
        enter(self, in, next);
    }
    act(self, in);
    self->hold_s = sg_ride_hold_s(in, kept_w(self, in) - in->free_w);
}
