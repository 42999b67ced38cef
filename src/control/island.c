/* island.c - the site without its grid: what ride.h decides, carried into the step's flows. */
#include "control/flows.h"

#include <math.h>

static const double look_s = 1;             /* on the grid the stores are looked at so often      */
static const double miss_frac = 0.02;       /* of what is read: an honest reading may miss by it  */
static const double least_flow_frac = 0.02; /* of the connection: below it nothing is concluded   */
static const double line_frac = 0.98, line_least_frac = 0.003; /* of the ramp, of the connection */
static const double late_frac = 1.25, late_s = 5; /* a start takes no longer than this */
static const double rest_s = 60;                  /* after a failed one */
static const double sets_on_s = 900,
                    sets_off_s = 7200; /* without any grid: what stores hold alone */
static const double held_frac =
    0.05; /* of the load, not yet reached by slower stores, is told of */
static const double served_frac = 0.98; /* of what is wanted counts as served */

static int site_point(const sg_flows *f, sg_site_point point)
{
    return f->plant->points.first[SG_POINT_SITE] + (int)point;
}

/* --- is it there? --- */

/* Power through the grid's meters in the interval, as far as they were read; < 0: none was. */
static double seen_w(const sg_flows *f)
{
    const sg_measure *m = f->measure;
    sg_ride *ride = f->self->ride;
    int in = site_point(f, SG_SITE_IMPORT_J), out = site_point(f, SG_SITE_EXPORT_J);
    int root = f->plant->points.first[SG_POINT_NODE_POWER];
    double seen = m->quality[root] == SG_GOOD ? fabs(m->value[root]) : -1;
    if (m->quality[in] == SG_GOOD && m->quality[out] == SG_GOOD) {
        double register_j = m->value[in] + m->value[out];
        if (ride->register_j >= 0) {
            seen = fmax(seen, fabs(register_j - ride->register_j) / f->in->dt_s);
        }
        ride->register_j = register_j;
    } else {
        ride->register_j = -1;
    }
    return seen;
}

/* What loads would draw now, by what they want and may: it may have fallen since the last step. */
static double drawn_w(const sg_flows *f)
{
    const double *demand_w = f->measure->value + f->plant->points.first[SG_POINT_LOAD_DEMAND];
    double sum_w = f->losses_w + f->in->task_w;
    for (int l = 0; l < f->plant->load_count; l++) {
        sum_w += fmin(demand_w[l], f->self->load_cap_w[l]);
    }
    return sum_w;
}

/* What should flow with served_w drawn, less what stores were told and sources gave, and at least, with readings that miss a little
 * and are still honest. A store that gives without having been told to does so because the grid does not. */
static double expected_w(const sg_flows *f, double served_w)
{
    const sg_plant *plant = f->plant;
    const double *value = f->measure->value;
    double sum_w = served_w, given_w = 0;
    for (int s = 0; s < plant->source_count; s++) {
        given_w += value[plant->points.first[SG_POINT_SOURCE_POWER] + s];
    }
    for (int s = 0; s < plant->store_count; s++) {
        double told_w = f->self->store_w[s];
        double shown_w = value[plant->points.first[SG_POINT_STORE_POWER] + s];
        *(told_w >= 0 ? &given_w : &sum_w) +=
            fabs(told_w >= 0 ? told_w : fmax(told_w, fmin(shown_w, 0)));
    }
    return sum_w - given_w - miss_frac * (sum_w + given_w);
}

static void look_at_stores(const sg_flows *f, sg_ride_input *in)
{
    const sg_plant *plant = f->plant;
    for (int i = 0; i < plant->group_count && plant->group_hand[i] >= 0; i++) {
        int g = plant->group_hand[i], first = plant->group_first[g];
        double give_w = 0, energy_j = 0;
        for (int s = first; s < first + plant->group_size[g]; s++) {
            double w = sg_store_can_give_w(f, s);
            double floor_j = plant->head->grid_present ? 0 : plant->store_reserve_j[s];
            double j = f->measure->low_j[s] - floor_j;
            give_w += w;
            energy_j += w > 0 ? j * plant->store_reservoir[s].discharge_eff : 0;
        }
        in->give_w[i] = give_w;
        in->energy_j[i] = energy_j;
        in->group_count = i + 1;
    }
}

static double total_w(const double *w, int count)
{
    double sum_w = 0;
    for (int i = 0; i < count; i++) {
        sum_w += w[i];
    }
    return sum_w;
}

static bool voltage_now(const sg_flows *f, const sg_ride_input *in)
{
    sg_ride *ride = f->self->ride;
    int point = site_point(f, SG_SITE_GRID_UP);
    sg_ride_sight sight = {.connected = sg_ride_connected(ride),
                           .quality = f->measure->quality[point],
                           .up = f->measure->value[point],
                           .seen_w = seen_w(f),
                           .least_w = least_flow_frac * f->plant->head->import_w_max};
    if (sight.quality <= SG_SUSPECT && sight.up > 0.5 && sight.seen_w <= sight.least_w) {
        sight.expected_w = expected_w(f, ride->served_w);
    }
    if (sight.expected_w > sight.least_w) {
        sight.expected_w = fmin(sight.expected_w, expected_w(f, drawn_w(f)));
    }
    ride->missing_s = sg_ride_missing(&sight) ? ride->missing_s + f->in->dt_s : 0;
    sight.missing_s = ride->missing_s;
    sight.carries =
        in->group_count > 0 && total_w(in->give_w, in->group_count) + in->free_w >= ride->served_w;
    return f->plant->head->grid_present && sg_ride_voltage(&sight);
}

/* --- generators --- */

/* What a running set delivers in this step at most: its load grows by a ramp. */
double sg_set_reach_w(const sg_flows *f, int s)
{
    const sg_plant *plant = f->plant;
    int available = plant->points.first[SG_POINT_SOURCE_AVAILABLE] + s;
    int power = plant->points.first[SG_POINT_SOURCE_POWER] + s;
    double able_w = sg_measure_fresh(f->measure, available) ? f->measure->value[available] : 0;
    if (!(plant->source_ramp_s[s] > f->in->dt_s)) {
        return able_w;
    }
    double step_w = plant->source_rating_w[s] * f->in->dt_s / plant->source_ramp_s[s];
    return fmin(able_w, fmax(f->measure->value[power], 0) + step_w);
}

static const double just_s = 1e-9; /* it has just begun: more than never */

/* Off for as long as its dwell asks for, or never on? */
static bool rested(const sg_flows *f, int s)
{
    double state_s = f->self->source_state_s[s];
    return state_s == 0 || state_s >= f->plant->source_dwell_s[s];
}

static void follow_start(const sg_flows *f, int s)
{
    uint8_t *start = &f->self->source_start[s];
    double *wait_s = &f->self->source_wait_s[s];
    int available = f->plant->points.first[SG_POINT_SOURCE_AVAILABLE] + s;
    bool fresh = sg_measure_fresh(f->measure, available);
    bool gives = fresh && f->measure->value[available] > 0;
    bool late = *wait_s > late_frac * f->plant->source_start_s[s] + late_s + f->in->dt_s;
    if (*start == SG_START_ASKED) {
        *wait_s += f->in->dt_s;
    } else if (*start == SG_START_RESTING) {
        *wait_s -= f->in->dt_s;
    }
    if (*start == SG_START_ASKED && gives) {
        *start = SG_START_RUNNING;
        f->self->source_state_s[s] = just_s;
    } else if ((*start == SG_START_ASKED && late) ||
               (*start == SG_START_RUNNING && fresh && !gives)) {
        *start = SG_START_RESTING;
        f->self->source_state_s[s] = just_s;
        *wait_s = rest_s;
    } else if (*start == SG_START_RESTING && *wait_s <= 0) {
        *start = SG_START_OFF;
    }
}

/* As many as the load takes are asked, in the site's order; one that fails makes room for the next. */
static void start_sets(const sg_flows *f, double load_w, sg_ride_input *in)
{
    const sg_plant *plant = f->plant;
    double sum_w = 0;
    for (int s = 0; s < plant->source_count; s++) {
        uint8_t *start = &f->self->source_start[s];
        if (plant->source_start_s[s] >= 0) {
            follow_start(f, s);
            sum_w += sg_start_wanted(*start) ? plant->source_rating_w[s] : 0;
        }
    }
    for (int s = 0; s < plant->source_count; s++) {
        uint8_t *start = &f->self->source_start[s];
        if (plant->source_start_s[s] >= 0 && *start == SG_START_OFF && sum_w < load_w &&
            rested(f, s)) {
            *start = SG_START_ASKED;
            f->self->source_wait_s[s] = 0;
            sum_w += plant->source_rating_w[s];
        }
        if (*start == SG_START_ASKED) {
            in->soon_w += plant->source_rating_w[s];
            in->soon_s = fmax(in->soon_s, plant->source_start_s[s] - f->self->source_wait_s[s]);
        }
    }
}

/* A site without a connection runs its sets only while its stores are low. */
static bool sets_wanted(const sg_flows *f, const sg_ride_input *in, double load_w)
{
    if (f->plant->head->grid_present) {
        return !in->voltage || f->self->ride->state != SG_RIDE_GRID;
    }
    bool running = false;
    for (int s = 0; s < f->plant->source_count; s++) {
        running = running || sg_start_wanted(f->self->source_start[s]);
    }
    double hold_s = sg_ride_hold_s(in, load_w - f->available_w - f->fuelled_w);
    return hold_s < (running ? sets_off_s : sets_on_s);
}

/* One that runs goes on until its least time is over. */
static void stop_sets(const sg_flows *f)
{
    for (int s = 0; s < f->plant->source_count; s++) {
        uint8_t *start = &f->self->source_start[s];
        bool runs = *start == SG_START_RUNNING;
        if (runs && f->self->source_state_s[s] < f->plant->source_run_s[s]) {
            continue;
        }
        if (sg_start_wanted(*start)) { /* one that was asked may run already */
            f->self->source_state_s[s] = just_s;
        }
        *start = SG_START_OFF;
    }
}

/* --- who is kept --- */

/* What loads want and must have, by class. */
typedef struct wants {
    double want_w[SG_CLASS_MAX], min_w[SG_CLASS_MAX];
} wants;

typedef struct look {
    const sg_flows *f;
    wants part[SG_NEWS_PART_MAX];
} look;

static inline double lesser(double a, double b)
{
    return a < b ? a : b;
}

static void look_part(void *context, int part)
{
    look *j = context;
    const sg_plant *plant = j->f->plant;
    const sg_news *news = j->f->in->news;
    const double *demand_w = j->f->measure->value + plant->points.first[SG_POINT_LOAD_DEMAND];
    wants sum = {0};
    int32_t end = news->first[news->part[part + 1]];
    for (int32_t i = news->first[news->part[part]]; i < end; i++) {
        int32_t l = news->load[i];
        double want_w = lesser(demand_w[l], plant->load_rating_w[l]);
        sum.want_w[plant->load_class[l]] += want_w;
        sum.min_w[plant->load_class[l]] += lesser(plant->load_minimum_w[l], want_w);
    }
    j->part[part] = sum;
}

static void look_at_loads(const sg_flows *f, sg_ride_input *in)
{
    look j;
    int parts = f->in->news->head->part_count;
    j.f = f;
    sg_pool_run(f->in->pool, look_part, &j, parts);
    for (int part = 0; part < parts; part++) {
        for (int class = 0; class < SG_CLASS_MAX; class ++) {
            in->class_want_w[class] += j.part[part].want_w[class];
            in->class_min_w[class] += j.part[part].min_w[class];
        }
    }
}

/* What is used of the ramp: losses move with the flow, and stores do not give to the watt what they are told. */
static double below_line_w(double line_w, double most_w)
{
    return fmax(fmin(line_frac * line_w - line_least_frac * most_w, most_w), 0);
}

static void connection(sg_flows *f)
{
    const sg_plant_head *head = f->plant->head;
    const sg_ride *ride = f->self->ride;
    bool resync = ride->state == SG_RIDE_RESYNC;
    f->grid_up = head->grid_present && sg_ride_connected(ride);
    f->bridging = ride->state != SG_RIDE_GRID;
    f->import_w_max = !f->grid_up ? 0
                      : resync    ? below_line_w(ride->line_w, head->import_w_max)
                                  : head->import_w_max;
    int up = site_point(f, SG_SITE_GRID_UP); /* out goes only what is known to be taken */
    bool known = sg_measure_fresh(f->measure, up) && f->measure->value[up] > 0.5;
    f->export_w_max = f->grid_up && known ? head->export_w_max : 0;
}

static void count_time(const sg_flows *f)
{
    for (int s = 0; s < f->plant->source_count; s++) {
        double *state_s = &f->self->source_state_s[s];
        *state_s += *state_s > 0 ? f->in->dt_s : 0;
    }
}

void sg_island_look(sg_flows *f)
{
    const sg_plant *plant = f->plant;
    sg_ride *ride = f->self->ride;
    if (f->in->start || (!plant->head->grid_present && plant->head->start_count == 0)) {
        return; /* nothing known yet; or an island for good, without anything to start */
    }
    if (plant->head->start_count > 0) {
        count_time(f);
    }
    sg_ride_input in = {.site = plant->head,
                        .dt_s = f->in->dt_s,
                        .fixed_w = f->losses_w,
                        .free_w = f->available_w + f->fuelled_w + f->able_w};
    int up = site_point(f, SG_SITE_GRID_UP);
    bool plain = ride->state == SG_RIDE_GRID && f->measure->quality[up] == SG_GOOD;
    ride->looked_s += f->in->dt_s;
    f->bridging = true; /* looked at as if it were open */
    if (!plain || ride->looked_s >= look_s) {
        look_at_stores(f, &in);
    }
    in.voltage = voltage_now(f, &in);
    if (plain && in.voltage && ride->looked_s < look_s) {
        connection(f);
        return;
    }
    if (in.group_count == 0) {
        look_at_stores(f, &in);
    }
    ride->looked_s = 0;
    look_at_loads(f, &in);
    double load_w = total_w(in.class_want_w, SG_CLASS_MAX) + in.fixed_w;
    bool sets = sets_wanted(f, &in, load_w);
    if (sets) {
        start_sets(f, load_w, &in);
    }
    sg_ride_step(ride, &in);
    if (!sets || ride->state == SG_RIDE_GRID) {
        stop_sets(f);
    }
    f->protected_w = sg_ride_protected_w(ride, &in);
    connection(f);
}

double sg_island_want_w(const sg_flows *f, int load, double want_w)
{
    int level = f->self->ride->level[f->plant->load_class[load]];
    return level <= SG_LEVEL_RETURNING ? want_w
           : level == SG_LEVEL_OFF     ? 0
                                       : fmin(want_w, f->plant->load_minimum_w[load]);
}

/* On the ramp after a return, loads rise on import alone; what they have, stores go on giving. */
double sg_island_firm_w(const sg_flows *f, double supply_w, double storage_w)
{
    if (!(f->bridging && f->grid_up)) {
        return supply_w + storage_w;
    }
    return fmax(supply_w, fmin(f->protected_w, supply_w + storage_w));
}

sg_reason sg_island_reason(const sg_flows *f, int load)
{
    switch ((sg_level)f->self->ride->level[f->plant->load_class[load]]) {
    case SG_LEVEL_MINIMUM:
        return f->grid_up ? SG_REASON_RETURNING : SG_REASON_SAVING;
    case SG_LEVEL_CLOSING:
        return SG_REASON_SHUT_DOWN;
    case SG_LEVEL_OFF:
        return f->grid_up ? SG_REASON_RETURNING : SG_REASON_SHED;
    case SG_LEVEL_FULL:
    case SG_LEVEL_RETURNING:
        break;
    }
    return SG_REASON_NONE;
}

/* --- the stores, one behind the other --- */

/* The most that store s may be told: what it can, and how far it gets in this step from where it is. */
static double reach_w(const sg_flows *f, int s)
{
    const sg_plant *plant = f->plant;
    int power = plant->points.first[SG_POINT_STORE_POWER] + s;
    double can_w = sg_store_can_give_w(f, s), step_w = plant->store_ramp[s] * f->in->dt_s;
    double now_w = f->measure->quality[power] == SG_GOOD ? f->measure->value[power] : 0;
    return fmin(can_w, fmax(now_w, 0) + step_w);
}

static void give(sg_flows *f, int s, double more_w, bool covers)
{
    if (more_w > 0) {
        f->self->store_w[s] += more_w;
        f->self->store_reason[s] = covers ? SG_REASON_HAND_OVER : SG_REASON_BRIDGE;
        f->local_w += more_w;
    }
}

/* Members of a group share what is left in proportion to what each can. Returns what they take over. *ret_held_w is what the group
 * could give and does not reach yet. */
static double hand_over(sg_flows *f, int g, double left_w, bool covers, double *ret_held_w)
{
    const sg_plant *plant = f->plant;
    int first = plant->group_first[g], end = first + plant->group_size[g];
    double room_w = 0;
    for (int s = first; s < end; s++) {
        double reach = reach_w(f, s);
        room_w += fmax(reach - f->self->store_w[s], 0);
        *ret_held_w += fmax(sg_store_can_give_w(f, s) - reach, 0);
    }
    double part = room_w > 0 ? fmin(left_w / room_w, 1) : 0;
    for (int s = first; s < end; s++) {
        give(f, s, part * fmax(reach_w(f, s) - f->self->store_w[s], 0), covers);
    }
    f->form_w += plant->store_forming[first] ? room_w * (1 - part) : 0;
    return part * room_w;
}

/* Surplus of an island: what has its room for energy takes it, in the same order. */
static double take(sg_flows *f, int g, double left_w)
{
    const sg_plant *plant = f->plant;
    double taken_w = 0;
    for (int s = plant->group_first[g]; s < plant->group_first[g] + plant->group_size[g]; s++) {
        int n = plant->store_node[s];
        double w =
            f->self->store_reason[s] == SG_REASON_NONE
                ? fmin(fmin(sg_store_can_take_w(f, s), sg_path_room_w(f, n)), left_w - taken_w)
                : 0;
        if (w > 0) {
            sg_path_use(f, n, w);
            f->self->store_w[s] = -w;
            f->self->store_reason[s] = SG_REASON_SURPLUS;
            f->local_w -= w;
            taken_w += w;
        }
    }
    return taken_w;
}

void sg_island_stores(sg_flows *f, double net_w)
{
    const sg_plant *plant = f->plant;
    double left_w = net_w - f->started_w - f->fuelled_w - f->import_w_max, held_w = 0;
    double over_w = -net_w;
    for (int i = 0; i < plant->group_count && plant->group_hand[i] >= 0; i++) {
        int g = plant->group_hand[i];
        if (over_w > 0 && plant->store_duty[plant->group_first[g]] != SG_DUTY_POWER) {
            over_w -= take(f, g, over_w);
        }
        bool covers =
            held_w > held_frac * net_w; /* for one before it that is still on its way up */
        left_w -= hand_over(f, g, fmax(left_w, 0), covers, &held_w);
    }
    if (f->grid_up) { /* loads rise within the step by what the ramp has left */
        f->form_w = fmax(-left_w, 0);
    }
}

/* For the next step: was all served that was wanted, and how much is that? */
void sg_island_done(const sg_flows *f)
{
    sg_ride *ride = f->self->ride;
    ride->served_w = f->served_w + f->losses_w + f->task_w;
    ride->served = f->served_w >= served_frac * f->wanted_w;
}
