#include "plan/value.h"

#include "base/check.h"

#include <math.h>

/* Two rooms for reserve that differ by less are both taken to bind; a step this near the peak is one of its steps. */
static const double NEAR = 1e-5;

static double at(const double *series, int step)
{
    return series ? series[step] : 0.0;
}

static bool is_near(double a, double b)
{
    return isfinite(a) && isfinite(b) && fabs(a - b) <= NEAR * (1.0 + fmax(fabs(a), fabs(b)));
}

static double hours_of(const sg_dispatch *p)
{
    return p->step_s / 3600.0;
}

const sg_value_info *sg_value_describe(sg_value_thing thing)
{
    static const sg_value_info INFO[] = {
#define X(code, name, change, unit, text) {name, change, unit, text},
        SG_VALUE_LIST(X)
#undef X
    };
    SG_CHECK(thing < SG_VALUE_COUNT);
    return &INFO[thing];
}

/* ---- prices ------------------------------------------------------------------------------------ */

static bool all_finite(const double *prices, int count)
{
    for (int t = 0; t < count; t++) {
        if (!isfinite(prices[t])) {
            return false;
        }
    }
    return true;
}

double sg_ramp_price_at(const sg_dispatch *p, const sg_schedule *r, int step)
{
    const sg_dispatch_grid *g = &p->grid;
    bool has_row = g->present && isfinite(g->ramp_kw_per_step) && step < p->steps &&
                   (step > 0 || g->initial_net_given);
    return has_row ? r->ramp_price_per_kw[step] : 0.0;
}

static double reserve_price(const double *need_kw, const double *price_per_kw, int step)
{
    return at(need_kw, step) > 0.0 ? fmax(price_per_kw[step], 0.0) : 0.0;
}

bool sg_schedule_has_prices(const sg_dispatch *p, const sg_schedule *r)
{
    bool found = r->outcome == SG_SOLVED && isfinite(r->objective);
    for (int z = 0; found && z < sg_dispatch_zone_count(p); z++) {
        found = all_finite(r->zone_price_per_kwh[z], p->steps);
    }
    for (int s = 0; found && s < p->store_count; s++) {
        found = all_finite(r->energy_value_per_kwh[s], p->steps);
    }
    for (int t = 0; found && t < p->steps; t++) {
        found = isfinite(sg_ramp_price_at(p, r, t)) &&
                !(at(p->reserve_up_kw, t) > 0.0 && !isfinite(r->reserve_up_price_per_kw[t])) &&
                !(at(p->reserve_down_kw, t) > 0.0 && !isfinite(r->reserve_down_price_per_kw[t]));
    }
    return found && all_finite(r->shift_price_per_kwh, p->shiftable_count);
}

double sg_import_saving_per_kw(const sg_dispatch *p, const sg_schedule *r, int t)
{
    double price = r->zone_price_per_kwh[p->grid.zone][t];
    return hours_of(p) * (price - at(p->grid.import_price_per_kwh, t)) + sg_ramp_price_at(p, r, t) -
           sg_ramp_price_at(p, r, t + 1);
}

double sg_export_saving_per_kw(const sg_dispatch *p, const sg_schedule *r, int t)
{
    double price = r->zone_price_per_kwh[p->grid.zone][t];
    return hours_of(p) * (at(p->grid.export_price_per_kwh, t) - price) - sg_ramp_price_at(p, r, t) +
           sg_ramp_price_at(p, r, t + 1);
}

/* ---- a store in one step ----------------------------------------------------------------------- */

/* One direction of reserve as a store sees it. */
typedef struct reserve_side {
    double price_per_kw;                  /* of the need                                        */
    double power_room_kw, energy_room_kw; /* what the store could hold by each                  */
    double kwh_per_kw;                    /* energy that a kW of it must find                   */
    double power_excess_per_kw;   /* what a flow between its bounds leaves for power; NaN = none */
    double energy_excess_per_kwh; /* what the energy's value loses over the step                */
} reserve_side;

/* The price falls on the row that stops this store from giving more: its power or its energy. Where both do, a flow between
 * its bounds tells power's part, and else the energy tells its own. */
static void split_reserve(const reserve_side *side, double *ret_power, double *ret_energy,
                          double *ret_kw)
{
    double price = side->price_per_kw, power = price;
    if (side->kwh_per_kw > 0.0 && is_near(side->power_room_kw, side->energy_room_kw)) {
        power = isnan(side->power_excess_per_kw)
                    ? price - side->kwh_per_kw * fmax(side->energy_excess_per_kwh, 0.0)
                    : side->power_excess_per_kw;
        power = fmin(fmax(power, 0.0), price);
    } else if (side->kwh_per_kw > 0.0 && side->energy_room_kw < side->power_room_kw) {
        power = 0.0;
    }
    *ret_power = power;
    *ret_energy = power < price ? (price - power) / side->kwh_per_kw : 0.0;
    *ret_kw = price > 0.0 ? fmax(fmin(side->power_room_kw, side->energy_room_kw), 0.0) : 0.0;
}

static bool is_between(double kw, double kw_max)
{
    return kw > NEAR * kw_max && kw < (1.0 - NEAR) * kw_max;
}

void sg_store_margin_at(const sg_dispatch *p, const sg_schedule *r, int store, int t,
                        sg_store_margin *ret)
{
    const sg_dispatch_store *s = &p->stores[store];
    double hours = hours_of(p), lasts_h = p->reserve_duration_s / 3600.0;
    double keep = pow(1.0 - s->standing_loss_per_h, hours);
    double value = r->energy_value_per_kwh[store][t];
    double later =
        t + 1 < p->steps ? keep * r->energy_value_per_kwh[store][t + 1] : s->terminal_value_per_kwh;
    double price = r->zone_price_per_kwh[s->zone][t], energy = r->energy_kwh[store][t + 1];
    double charge_kw = r->charge_kw[store][t], discharge_kw = r->discharge_kw[store][t];
    double net_kw = discharge_kw - charge_kw;
    /* reduced costs before reserve; up less down reserve is what brings a flow between its bounds to 0 */
    double charge = hours * (s->wear_cost_per_kwh + price - s->charge_eff * value);
    double discharge = hours * (s->wear_cost_per_kwh - price + value / s->discharge_eff);
    double excess = is_between(discharge_kw, s->discharge_kw_max) ? -discharge
                    : is_between(charge_kw, s->charge_kw_max)     ? charge
                                                                  : (double)NAN;
    double up_kwh = lasts_h / s->discharge_eff, down_kwh = lasts_h * s->charge_eff;
    reserve_side up = {.price_per_kw =
                           reserve_price(p->reserve_up_kw, r->reserve_up_price_per_kw, t),
                       .power_room_kw = s->discharge_kw_max - net_kw,
                       .energy_room_kw = (energy - s->energy_kwh_min) / up_kwh,
                       .kwh_per_kw = up_kwh,
                       .power_excess_per_kw = excess,
                       .energy_excess_per_kwh = value - later};
    reserve_side down = {.price_per_kw =
                             reserve_price(p->reserve_down_kw, r->reserve_down_price_per_kw, t),
                         .power_room_kw = s->charge_kw_max + net_kw,
                         .energy_room_kw = (s->energy_kwh_max - energy) / down_kwh,
                         .kwh_per_kw = down_kwh,
                         .power_excess_per_kw = -excess,
                         .energy_excess_per_kwh = later - value};
    if (lasts_h <= 0.0) {
        up.energy_room_kw = down.energy_room_kw = HUGE_VAL;
    }
    split_reserve(&up, &ret->up_power_per_kw, &ret->up_energy_per_kwh, &ret->up_kw);
    split_reserve(&down, &ret->down_power_per_kw, &ret->down_energy_per_kwh, &ret->down_kw);
    double reserve = ret->up_power_per_kw - ret->down_power_per_kw;
    ret->charge_per_kw = charge - reserve;
    ret->discharge_per_kw = discharge + reserve;
    ret->energy_per_kwh = value - later - ret->up_energy_per_kwh + ret->down_energy_per_kwh;
}

/* ---- adding up --------------------------------------------------------------------------------- */

static void put(sg_values *ret, sg_value_thing thing, int device, double money)
{
    ret->item[ret->count++] = (sg_value){.thing = thing, .device = device, .money = money + 0.0};
}

/* What a limit held back by this reduced cost would be worth. */
static double held(double reduced_cost)
{
    return fmax(-reduced_cost, 0.0);
}

static void value_store(const sg_dispatch *p, const sg_schedule *r, int store, sg_values *ret)
{
    const sg_dispatch_store *s = &p->stores[store];
    double hours = hours_of(p), lasts_h = p->reserve_duration_s / 3600.0;
    double room = 0.0, lower = 0.0, charge = 0.0, discharge = 0.0, in = 0.0, out = 0.0, final = 0.0;
    double out2 = s->discharge_eff * s->discharge_eff;
    bool has_final = s->final_kwh_min > s->energy_kwh_min;
    for (int t = 0; t < p->steps; t++) {
        sg_store_margin m;
        sg_store_margin_at(p, r, store, t, &m);
        double value = r->energy_value_per_kwh[store][t];
        double *least = t + 1 == p->steps && has_final ? &final : &lower;
        room += held(m.energy_per_kwh) + m.down_energy_per_kwh;
        lower += m.up_energy_per_kwh;
        *least += held(-m.energy_per_kwh);
        charge += held(m.charge_per_kw) + m.down_power_per_kw;
        discharge += held(m.discharge_per_kw) + m.up_power_per_kw;
        in += hours * r->charge_kw[store][t] * value - m.down_energy_per_kwh * lasts_h * m.down_kw;
        out +=
            (hours * r->discharge_kw[store][t] * value + m.up_energy_per_kwh * lasts_h * m.up_kw) /
            out2;
    }
    put(ret, SG_VALUE_STORE_ENERGY_MAX, store, room);
    if (s->energy_kwh_min > 0.0) {
        put(ret, SG_VALUE_STORE_ENERGY_MIN, store, lower);
    }
    put(ret, SG_VALUE_STORE_CHARGE, store, charge);
    put(ret, SG_VALUE_STORE_DISCHARGE, store, discharge);
    put(ret, SG_VALUE_STORE_INITIAL, store,
        pow(1.0 - s->standing_loss_per_h, hours) * r->energy_value_per_kwh[store][0]);
    if (isfinite(s->final_kwh_min)) {
        put(ret, SG_VALUE_STORE_FINAL, store, final);
    }
    put(ret, SG_VALUE_STORE_CHARGE_EFF, store, 0.01 * in);
    put(ret, SG_VALUE_STORE_DISCHARGE_EFF, store, 0.01 * out);
}

static void value_sources(const sg_dispatch *p, const sg_schedule *r, sg_values *ret)
{
    for (int s = 0; s < p->source_count; s++) {
        const sg_dispatch_source *d = &p->sources[s];
        double sum = 0.0;
        for (int t = 0; t < p->steps; t++) {
            double price = r->zone_price_per_kwh[d->zone][t];
            sum += d->available_kw[t] * held(at(d->cost_per_kwh, t) - price);
        }
        put(ret, SG_VALUE_SOURCE, s, 0.01 * hours_of(p) * sum);
    }
    for (int s = 0; s < p->shed_count; s++) {
        double sum = 0.0;
        for (int t = 0; t < p->steps; t++) {
            sum += held(p->shed[s].cost_per_kwh - r->zone_price_per_kwh[p->shed[s].zone][t]);
        }
        put(ret, SG_VALUE_SHED, s, hours_of(p) * sum);
    }
}

static void value_shiftable(const sg_dispatch *p, const sg_schedule *r, sg_values *ret)
{
    double hours = hours_of(p);
    for (int k = 0; k < p->shiftable_count; k++) {
        const sg_dispatch_shiftable *j = &p->shiftable[k];
        const double *price = r->zone_price_per_kwh[j->zone];
        double worth = r->shift_price_per_kwh[k], power = 0.0;
        for (int t = j->from; t < j->to; t++) {
            power += held(price[t] - worth);
        }
        /* work may be left undone at its cost, so that a kWh of it is never worth more */
        put(ret, SG_VALUE_SHIFT_ENERGY, k, fmin(worth, j->unserved_cost_per_kwh));
        if (isfinite(j->power_kw_max)) {
            put(ret, SG_VALUE_SHIFT_POWER, k, hours * power);
        }
        if (j->from > 0) {
            put(ret, SG_VALUE_SHIFT_FROM, k, hours * held(price[j->from - 1] - worth));
        }
        if (j->to < p->steps) {
            put(ret, SG_VALUE_SHIFT_TO, k, hours * held(price[j->to] - worth));
        }
    }
}

static void value_links(const sg_dispatch *p, const sg_schedule *r, sg_values *ret)
{
    for (int l = 0; l < p->link_count; l++) {
        const sg_dispatch_link *k = &p->links[l];
        double forward = 0.0, back = 0.0, arrives = 1.0 - k->loss_frac;
        for (int t = 0; t < p->steps; t++) {
            double from = r->zone_price_per_kwh[k->from][t], to = r->zone_price_per_kwh[k->to][t];
            forward += held(from - arrives * to);
            back += held(to - arrives * from);
        }
        if (isfinite(k->forward_kw_max)) {
            put(ret, SG_VALUE_LINK_FORWARD, l, hours_of(p) * forward);
        }
        if (isfinite(k->back_kw_max)) {
            put(ret, SG_VALUE_LINK_BACK, l, hours_of(p) * back);
        }
    }
}

static void value_reserve(const sg_dispatch *p, const sg_schedule *r, sg_values *ret)
{
    double up = 0.0, down = 0.0;
    for (int t = 0; t < p->steps; t++) {
        up += reserve_price(p->reserve_up_kw, r->reserve_up_price_per_kw, t);
        down += reserve_price(p->reserve_down_kw, r->reserve_down_price_per_kw, t);
    }
    if (p->reserve_up_kw) {
        put(ret, SG_VALUE_RESERVE_UP, -1, up);
    }
    if (p->reserve_down_kw) {
        put(ret, SG_VALUE_RESERVE_DOWN, -1, down);
    }
}

/* ---- the grid and its peaks -------------------------------------------------------------------- */

static int next_longer(const sg_dispatch_grid *g, int after)
{
    int best = -1, length_after = after < 0 ? -1 : g->demand[after].to - g->demand[after].from;
    for (int m = 0; m < g->demand_count; m++) {
        int length = g->demand[m].to - g->demand[m].from;
        bool comes_after = length > length_after || (length == length_after && m > after);
        if (comes_after && (best < 0 || length < g->demand[best].to - g->demand[best].from)) {
            best = m;
        }
    }
    return best;
}

/* One period takes its charge from what import at its peak would save, in proportion; left_per_kw keeps the rest. */
static double share_peak(const sg_dispatch_demand *d, double peak_kw, const double *import_kw,
                         double *left_per_kw, double *ret_share_per_kw)
{
    double sum = 0.0;
    for (int t = d->from; t < d->to; t++) {
        sum += is_near(import_kw[t], peak_kw) ? left_per_kw[t] : 0.0;
    }
    double part = sum > d->charge_per_kw ? d->charge_per_kw / sum : 1.0;
    for (int t = d->from; t < d->to; t++) {
        ret_share_per_kw[t] = is_near(import_kw[t], peak_kw) ? part * left_per_kw[t] : 0.0;
        left_per_kw[t] -= ret_share_per_kw[t];
    }
    return part * sum;
}

static void value_grid(const sg_dispatch *p, const sg_schedule *r, sg_values *ret)
{
    const sg_dispatch_grid *g = &p->grid;
    double import = 0.0, export = 0.0, ramp = 0.0;
    for (int t = 0; t < p->steps; t++) {
        ret->import_per_kw[t] = fmax(sg_import_saving_per_kw(p, r, t), 0.0);
        export += fmax(sg_export_saving_per_kw(p, r, t), 0.0);
        ramp += fabs(sg_ramp_price_at(p, r, t));
    }
    for (int m = next_longer(g, -1); m >= 0; m = next_longer(g, m)) {
        put(ret, SG_VALUE_GRID_PEAK, m,
            share_peak(&g->demand[m], r->peak_kw[m], r->import_kw, ret->import_per_kw,
                       ret->peak_share_per_kw[m]));
    }
    for (int t = 0; t < p->steps; t++) {
        if (!is_near(r->import_kw[t], g->import_kw_max)) {
            ret->import_per_kw[t] = 0.0; /* rounding: no limit holds it */
        }
        import += ret->import_per_kw[t];
    }
    if (isfinite(g->import_kw_max)) {
        put(ret, SG_VALUE_GRID_IMPORT, -1, import);
    }
    if (isfinite(g->export_kw_max)) {
        put(ret, SG_VALUE_GRID_EXPORT, -1, export);
    }
    if (isfinite(g->ramp_kw_per_step)) {
        put(ret, SG_VALUE_GRID_RAMP, -1, ramp);
    }
}

/* ---- all of it --------------------------------------------------------------------------------- */

static sg_status make_room(const sg_dispatch *p, sg_arena *arena, sg_values *ret)
{
    int periods = p->grid.present ? p->grid.demand_count : 0;
    int most = 8 * p->store_count + p->source_count + p->shed_count + 4 * p->shiftable_count +
               2 * p->link_count + periods + 5;
    *ret = (sg_values){0};
    ret->item = sg_arena_array(arena, (size_t)most, sizeof *ret->item);
    ret->import_per_kw = sg_arena_array(arena, (size_t)p->steps, sizeof *ret->import_per_kw);
    ret->peak_share_per_kw =
        sg_arena_array(arena, (size_t)periods + 1, sizeof *ret->peak_share_per_kw);
    bool made = ret->item && ret->import_per_kw && ret->peak_share_per_kw;
    for (int m = 0; made && m < periods; m++) {
        ret->peak_share_per_kw[m] =
            sg_arena_array(arena, (size_t)p->steps, sizeof **ret->peak_share_per_kw);
        made = ret->peak_share_per_kw[m] != NULL;
    }
    return made ? SG_OK : SG_NOMEM;
}

sg_status sg_values_of(const sg_dispatch *p, const sg_schedule *r, sg_arena *arena, sg_values *ret)
{
    if (!sg_schedule_has_prices(p, r)) {
        return SG_UNAVAILABLE;
    }
    sg_status status = make_room(p, arena, ret);
    if (status != SG_OK) {
        return status;
    }
    for (int s = 0; s < p->store_count; s++) {
        value_store(p, r, s, ret);
    }
    if (p->grid.present) {
        value_grid(p, r, ret);
    }
    value_links(p, r, ret);
    value_sources(p, r, ret);
    value_shiftable(p, r, ret);
    value_reserve(p, r, ret);
    return SG_OK;
}
