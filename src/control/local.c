/* local.c - stores that look after their own node: relief, smoothing, device cells, bridge. */
#include "control/flows.h"

#include <math.h>

/* The flow that a smoothing store leaves to the grid follows the load with this time constant. */
static const double smoothing_s = 30.0;
static const double smoothing_step_s_max = 5.0; /* longer steps see no swing to smooth */
static const double recentre_frac = 0.05;       /* of the rating, towards half full    */

enum cell { CELL_IDLE, CELL_ASKS, CELL_GIVES };

static const double last_s =
    2.0; /* at full power that a store on an island is not asked for at once */
static const double deaf_s_max = 1.0;  /* longer than converters take to follow */
static const double asked_frac = 0.01; /* of its rating, from a store that does not follow */

void sg_stores_listen(const sg_flows *f)
{
    const sg_plant *plant = f->plant;
    int power = plant->points.first[SG_POINT_STORE_POWER];
    for (int s = 0; s < plant->store_count; s++) {
        double told_w = f->self->store_w[s];
        bool asked = told_w > asked_frac / 2 * plant->store_reservoir[s].discharge_w_max;
        bool silent =
            f->measure->quality[power + s] == SG_GOOD && f->measure->value[power + s] < told_w / 2;
        f->self->store_deaf_s[s] = asked && silent ? f->self->store_deaf_s[s] + f->in->dt_s : 0;
    }
}

/* The most that is asked of a store, by what it has shown to follow. */
static double believed_w(const sg_flows *f, int s, double power_w)
{
    if (f->self->store_deaf_s[s] <= deaf_s_max) {
        return power_w;
    }
    double shown_w = f->measure->value[f->plant->points.first[SG_POINT_STORE_POWER] + s];
    double asked_w = asked_frac * f->plant->store_reservoir[s].discharge_w_max;
    return fmin(power_w, fmax(shown_w, asked_w));
}

double sg_store_can_give_w(const sg_flows *f, int s)
{
    const sg_plant *plant = f->plant;
    int energy = plant->points.first[SG_POINT_STORE_ENERGY] + s;
    if (!plant->store_real[s] || !sg_measure_fresh(f->measure, energy)) {
        return 0;
    }
    /* the reserve is for the bridge: it opens when the grid is gone */
    double floor_j = f->bridging && plant->head->grid_present ? 0 : plant->store_reserve_j[s];
    double low_j = f->measure->low_j[s];
    double most_w = sg_reservoir_discharge_w(&plant->store_reservoir[s], low_j, floor_j,
                                             plant->store_keep_frac[s], f->in->dt_s);
    if (f->bridging) { /* the last of it ever more slowly: what it really holds is not known so well */
        double left_j = (low_j - floor_j) * plant->store_reservoir[s].discharge_eff;
        most_w = fmin(most_w, fmax(left_j, 0) / fmax(last_s, f->in->dt_s));
    }
    return believed_w(f, s, most_w);
}

double sg_store_can_take_w(const sg_flows *f, int s)
{
    const sg_plant *plant = f->plant;
    int energy = plant->points.first[SG_POINT_STORE_ENERGY] + s;
    if (!plant->store_real[s] || !sg_measure_fresh(f->measure, energy)) {
        return 0;
    }
    return sg_reservoir_charge_w(&plant->store_reservoir[s], f->measure->high_j[s],
                                 plant->store_keep_frac[s], f->in->dt_s);
}

static void set(sg_flows *f, int s, double power_w, sg_reason reason)
{
    if (power_w < 0) {
        power_w = -fmin(fmin(-power_w, sg_store_can_take_w(f, s)),
                        sg_path_room_w(f, f->plant->store_node[s]));
        sg_path_use(f, f->plant->store_node[s], -power_w);
    } else {
        power_w = fmin(power_w, sg_store_can_give_w(f, s));
    }
    f->self->store_w[s] = power_w;
    f->self->store_reason[s] = (uint8_t)reason;
    f->local_w += power_w;
}

static double energy_j(const sg_flows *f, int s)
{
    return f->measure->value[f->plant->points.first[SG_POINT_STORE_ENERGY] + s];
}

static double towards_half_w(const sg_flows *f, int s)
{
    const sg_reservoir *r = &f->plant->store_reservoir[s];
    double off = energy_j(f, s) / r->capacity_j - 0.5; /* > 0: too full, give */
    double most_w = (off > 0 ? r->discharge_w_max : r->charge_w_max) * recentre_frac;
    double share = fmin(fabs(off) * 10, 1); /* fades out within a tenth of the capacity */
    double step_w = 0.5 * fabs(off) * r->capacity_j /
                    f->in->dt_s; /* and never beyond half full in one step   */
    double power_w = fmin(most_w * share, step_w);
    return off > 0 ? power_w : -power_w;
}

/* Power duty: the fast part of what the node wants, against its slow trend. */
static void smooth(sg_flows *f, int s)
{
    const sg_control *self = f->self;
    double flow_w = self->node_used_w[f->plant->store_node[s]];
    if (f->in->dt_s > smoothing_step_s_max) {
        self->store_trend_w[s] = flow_w;
        set(f, s, towards_half_w(f, s), SG_REASON_RECENTRE);
        return;
    }
    double *trend_w = &self->store_trend_w[s];
    if (*trend_w == 0) {
        *trend_w = flow_w;
    }
    *trend_w += (flow_w - *trend_w) * f->in->dt_s / (smoothing_s + f->in->dt_s);
    double swing_w = flow_w - *trend_w;
    bool quiet = fabs(swing_w) < 0.01 * f->plant->store_reservoir[s].discharge_w_max;
    set(f, s, quiet ? towards_half_w(f, s) : swing_w,
        quiet ? SG_REASON_RECENTRE : SG_REASON_SMOOTHING);
}

/* Device duty: asks below the low mark until half way to the high one; gives above the high mark while its host is idle. */
static void cell(sg_flows *f, int s)
{
    const sg_plant *plant = f->plant;
    int32_t *state = &f->self->store_cell[s];
    double have_j = energy_j(f, s), low_j = plant->store_low_j[s], high_j = plant->store_high_j[s];
    int host = plant->store_beside[s];
    double draw_w = host >= 0 ? f->self->load_given_w[host] : 0;
    bool idle = host >= 0 && draw_w <= plant->load_idle_w[host];
    if (have_j < low_j) {
        *state = CELL_ASKS;
    } else if (have_j > high_j && idle) {
        *state = CELL_GIVES;
    } else if ((*state == CELL_ASKS && have_j >= (low_j + high_j) / 2) ||
               (*state == CELL_GIVES && (!idle || have_j <= high_j - 0.05 * (high_j - low_j)))) {
        *state = CELL_IDLE;
    }
    if (*state == CELL_ASKS) {
        set(f, s, -plant->store_reservoir[s].charge_w_max, SG_REASON_LOW_MARK);
    } else if (*state == CELL_GIVES) {
        set(f, s, fmin(plant->store_reservoir[s].discharge_w_max, draw_w), SG_REASON_HIGH_MARK);
    } else {
        set(f, s, 0, SG_REASON_NONE);
    }
}

void sg_local_stores(sg_flows *f)
{
    const sg_plant *plant = f->plant;
    for (int s = 0; s < plant->store_count; s++) {
        int duty = plant->store_duty[s];
        if (!plant->store_real[s]) {
            set(f, s, 0, SG_REASON_HYPOTHETICAL);
        } else if (!sg_measure_fresh(f->measure, plant->points.first[SG_POINT_STORE_ENERGY] + s)) {
            set(f, s, 0, SG_REASON_STALE);
        } else if (f->self->store_help_w[s] > 0) {
            set(f, s, f->self->store_help_w[s], sg_relief_reason(f, s));
        } else if (f->bridging && duty != SG_DUTY_BRIDGE) {
            /* none charges on another's energy; who gives is decided in hand-over order */
            f->self->store_trend_w[s] = 0;
            set(f, s, 0, SG_REASON_NONE);
        } else if (duty == SG_DUTY_POWER && sg_regulates(f)) {
            set(f, s, 0, SG_REASON_NONE); /* follows in sg_regulate() */
        } else if (duty == SG_DUTY_POWER) {
            smooth(f, s);
        } else if (duty == SG_DUTY_DEVICE) {
            cell(f, s);
        } else if (duty == SG_DUTY_BRIDGE && f->grid_up && !f->bridging) {
            bool full = energy_j(f, s) >= 0.99 * plant->store_reservoir[s].capacity_j;
            set(f, s, full ? 0 : -plant->store_reservoir[s].charge_w_max, SG_REASON_HELD);
        } else {
            set(f, s, 0, SG_REASON_NONE); /* energy and bridge without grid: decided next */
        }
    }
}
