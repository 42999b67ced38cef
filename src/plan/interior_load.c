/* interior_load.c - from a problem to the numbers of its columns and rows, and back to a schedule. */
#include "plan/interior_kernels.h"
#include "plan/interior_layout.h"

#include <math.h>
#include <string.h>

static double at(const double *series, int step)
{
    return series ? series[step] : 0.0;
}

/* --- scale --- */

static double power_of_two(double size)
{
    int exponent;
    frexp(size, &exponent);
    return size > 0 && isfinite(size) ? ldexp(1.0, exponent) : 1.0;
}

static double mean_abs(const double *series, int count)
{
    double sum = 0;
    for (int t = 0; series && t < count; t++) {
        sum += fabs(series[t]);
    }
    return count > 0 ? sum / count : 0;
}

/* The size of the site's powers: its load, else what its devices could do. */
static double typical_kw(const sg_dispatch *p)
{
    double load = 0, other = 0;
    for (int z = 0; z < sg_dispatch_zone_count(p); z++) {
        load += mean_abs(sg_dispatch_load_kw(p, z), p->steps);
    }
    for (int i = 0; i < p->source_count; i++) {
        other = fmax(other, mean_abs(p->sources[i].available_kw, p->steps));
    }
    for (int s = 0; s < p->store_count; s++) {
        other = fmax(other, fmax(p->stores[s].charge_kw_max, p->stores[s].discharge_kw_max));
    }
    return power_of_two(load > 0 ? load : other);
}

static double typical_price(const sg_dispatch *p)
{
    double price = 0;
    if (p->grid.present) {
        price = fmax(mean_abs(p->grid.import_price_per_kwh, p->steps),
                     mean_abs(p->grid.export_price_per_kwh, p->steps));
    }
    for (int i = 0; price == 0 && i < p->source_count; i++) {
        price = mean_abs(p->sources[i].cost_per_kwh, p->steps);
    }
    for (int s = 0; price == 0 && s < p->shed_count; s++) {
        price = fabs(p->shed[s].cost_per_kwh);
    }
    for (int s = 0; price == 0 && s < p->store_count; s++) {
        price =
            fmax(fabs(p->stores[s].wear_cost_per_kwh), fabs(p->stores[s].terminal_value_per_kwh));
    }
    return power_of_two(price);
}

/* --- columns --- */

/* More than mankind has: no limit, and as numbers only in the way. */
static const double UNLIMITED_KW = 1e12;

/* Bounds in the scale of the block; false where they cross. Until the first point is placed between them, they stand in
 * below and above; both are infinite for a column that cannot move. */
static bool set(sg_interior *self, size_t column, double cost, double low, double high)
{
    bool moves = low < high;
    self->cost[column] = cost;
    self->below[column] = moves ? low : -HUGE_VAL;
    self->above[column] = moves ? high : HUGE_VAL;
    self->z[column] = low;
    return low <= high;
}

/* A column along time, empty after the last step. */
static bool set_series(sg_interior *self, size_t column, const double *cost, double factor,
                       double flat, const double *high_kw, double high_flat)
{
    bool good = true;
    for (int t = 0; t < self->steps; t++) {
        double high = high_kw ? high_kw[t] : high_flat;
        good &= set(self, column + (size_t)t, (factor * at(cost, t) + flat) / self->price, 0,
                    high < UNLIMITED_KW ? high / self->unit : HUGE_VAL);
    }
    return good;
}

static bool load_store(sg_interior *self, const sg_dispatch *p, int s)
{
    const sg_dispatch_store *from = &p->stores[s];
    sg_interior_store *store = &self->store[s];
    double energy = 1 / (self->unit * self->hours),
           lasts = p->reserve_duration_s / 3600 / self->hours;
    store->charge_eff = from->charge_eff;
    store->discharge_inv = 1 / from->discharge_eff;
    store->keep = pow(1 - from->standing_loss_per_h, self->hours);
    store->backing_up = lasts / from->discharge_eff;
    store->backing_down = lasts * from->charge_eff;
    bool good = set_series(self, store->charge, NULL, 0, from->wear_cost_per_kwh, NULL,
                           from->charge_kw_max);
    good &= set_series(self, store->discharge, NULL, 0, from->wear_cost_per_kwh, NULL,
                       from->discharge_kw_max);
    double low = from->energy_kwh_min * energy, high = from->energy_kwh_max * energy;
    double power = (from->charge_kw_max + from->discharge_kw_max) / self->unit;
    double share_up = power > 0 && (low < high || store->backing_up == 0) ? HUGE_VAL : 0;
    double share_down = power > 0 && (low < high || store->backing_down == 0) ? HUGE_VAL : 0;
    for (int t = 0; t < self->steps; t++) {
        size_t i = (size_t)t;
        bool last = t == self->steps - 1;
        good &= set(self, store->energy + i, last ? -from->terminal_value_per_kwh / self->price : 0,
                    last ? fmax(low, from->final_kwh_min * energy) : low, high);
        if (self->up) {
            set(self, store->share_up + i, 0, 0, share_up);
            set(self, store->power_up + i, 0, -HUGE_VAL, from->discharge_kw_max / self->unit);
            set(self, store->energy_up + i, 0, low, HUGE_VAL);
        }
        if (self->down) {
            set(self, store->share_down + i, 0, 0, share_down);
            set(self, store->power_down + i, 0, -HUGE_VAL, from->charge_kw_max / self->unit);
            set(self, store->energy_down + i, 0, -HUGE_VAL, high);
        }
    }
    self->right[store->row] = store->keep * from->initial_kwh * energy;
    return good;
}

static bool load_grid(sg_interior *self, const sg_dispatch *p)
{
    const sg_dispatch_grid *g = &p->grid;
    bool good =
        set_series(self, self->import, g->import_price_per_kwh, 1, 0, NULL, g->import_kw_max);
    good &= set_series(self, self->export, g->export_price_per_kwh, -1, 0, NULL, g->export_kw_max);
    double ramp = g->ramp_kw_per_step / self->unit;
    for (int t = self->ramp_from; self->ramp && t < self->steps; t++) {
        set(self, self->ramp_row + (size_t)t, 0, -ramp, ramp);
    }
    if (self->ramp && self->ramp_from == 0) {
        self->right[self->ramp_row] = g->initial_net_kw / self->unit;
    }
    return good;
}

static void load_windows(sg_interior *self, const sg_dispatch *p)
{
    for (int w = 0; w < self->window_count; w++) {
        const sg_interior_window *window = &self->window[w];
        size_t length = (size_t)(window->to - window->from);
        if (window->shiftable) {
            const sg_dispatch_shiftable *job = &p->shiftable[window->item];
            double total = job->energy_kwh / (self->unit * self->hours);
            for (size_t t = 0; t < length; t++) {
                set(self, window->series + t, 0, 0, total > 0 ? job->power_kw_max / self->unit : 0);
            }
            set(self, window->column, job->unserved_cost_per_kwh / self->price, 0,
                total > 0 ? HUGE_VAL : 0);
            self->right[window->row] = total;
        } else {
            const sg_dispatch_demand *period = &p->grid.demand[window->item];
            for (size_t t = 0; t < length; t++) {
                set(self, window->series + t, 0, 0, HUGE_VAL);
            }
            set(self, window->column, period->charge_per_kw / (self->hours * self->price),
                period->peak_so_far_kw / self->unit, HUGE_VAL);
        }
    }
}

bool sg_interior_load(sg_interior *self, const sg_dispatch *p)
{
    double unit = typical_kw(p), price = typical_price(p), hours = p->step_s / 3600;
    self->solved =
        self->solved && unit == self->unit && price == self->price && hours == self->hours;
    self->unit = unit;
    self->price = price;
    self->hours = hours;
    memcpy(self->force, self->z, self->column_count * sizeof *self->force);
    memset(self->right, 0, self->row_count * sizeof *self->right);
    for (size_t i = 0; i < self->column_count; i++) {
        set(self, i, 0, 0, 0);
    }
    bool good = true;
    for (int j = 0; j < self->source_count; j++) {
        good &= set_series(self, self->source + (size_t)j * self->stride,
                           p->sources[j].cost_per_kwh, 1, 0, p->sources[j].available_kw, 0);
    }
    for (int j = 0; j < self->shed_count; j++) {
        good &= set_series(self, self->shed + (size_t)j * self->stride, NULL, 0,
                           p->shed[j].cost_per_kwh, p->shed[j].max_kw, 0);
    }
    for (int j = 0; j < self->link_count; j++) {
        size_t column = self->link + (size_t)(2 * j) * self->stride;
        good &= set_series(self, column, NULL, 0, 0, NULL, p->links[j].forward_kw_max);
        good &= set_series(self, column + self->stride, NULL, 0, 0, NULL, p->links[j].back_kw_max);
        self->link_arrives[j] = 1 - p->links[j].loss_frac;
    }
    for (int z = 0; z < self->zones; z++) {
        const double *load_kw = sg_dispatch_load_kw(p, z);
        for (int t = 0; t < self->steps; t++) {
            self->right[self->balance + (size_t)z * self->stride + (size_t)t] =
                load_kw[t] / self->unit;
        }
    }
    if (self->grid) {
        good &= load_grid(self, p);
    }
    for (int s = 0; s < self->store_count; s++) {
        good &= load_store(self, p, s);
    }
    for (int t = 0; t < self->steps; t++) {
        if (self->up) {
            set(self, self->need_up + (size_t)t, 0, fmax(p->reserve_up_kw[t], 0) / self->unit,
                HUGE_VAL);
        }
        if (self->down) {
            set(self, self->need_down + (size_t)t, 0, fmax(p->reserve_down_kw[t], 0) / self->unit,
                HUGE_VAL);
        }
    }
    load_windows(self, p);
    return good;
}

/* --- the first point --- */

/* A place between the bounds near `wish`, at least `margin` of the room or of the scale away from them. */
static void place(sg_interior *self, size_t i, double wish, double margin)
{
    double low = self->below[i], high = self->above[i];
    self->price_low[i] = isinf(low) ? 0 : 1; /* for now: which bounds there are */
    self->price_high[i] = isinf(high) ? 0 : 1;
    if (isinf(low) && isinf(high)) {
        self->below[i] = self->above[i] = 1;
        return;
    }
    double away = margin * fmin(high - low, 2.0);
    double z = fmin(fmax(wish, low + away), high - away);
    self->z[i] = z;
    self->below[i] = isinf(low) ? 1 : z - low;
    self->above[i] = isinf(high) ? 1 : high - z;
}

/* Prices of the bounds that add up to the reduced cost, with products near `product`. */
static void price_bounds(sg_interior *self, size_t i, double product)
{
    double d = self->reduced[i], s = fmin(self->below[i], self->above[i]);
    double root = sqrt(d * d + 4 * (product / s) * (product / s));
    self->price_low[i] *= 0.5 * (root + d);
    self->price_high[i] *= 0.5 * (root - d);
}

/* Begin near the columns in `force` and at the prices in y. */
static void begin(sg_interior *self, double margin, double product)
{
    const double *wish = self->force;
    for (size_t i = self->slack_count; i < self->column_count; i++) {
        place(self, i, wish[i], margin);
    }
    memset(self->z, 0, self->slack_count * sizeof *self->z);
    self->kernels->multiply(self, self->z, self->miss);
    for (size_t i = 0; i < self->slack_count; i++) {
        place(self, i, -self->miss[i], margin);
    }
    self->kernels->price(self, self->y, self->reduced);
    for (size_t i = 0; i < self->column_count; i++) {
        price_bounds(self, i, product);
    }
}

void sg_interior_start(sg_interior *self)
{
    double *wish = self->force;
    for (size_t i = self->slack_count; i < self->column_count; i++) {
        double low = self->below[i], high = self->above[i];
        wish[i] = isinf(low) ? self->z[i] : low + fmin(0.5 * (high - low), 1);
    }
    memset(self->y, 0, self->row_count * sizeof *self->y);
    double mean = 0;
    for (int t = 0; self->grid && t < self->steps; t++) {
        double price = self->cost[self->import + (size_t)t];
        self->y[self->balance + (size_t)self->grid_zone * self->stride + (size_t)t] = price;
        mean += price / self->steps;
    }
    for (int s = 0; s < self->store_count; s++) {
        const sg_interior_store *store = &self->store[s];
        for (int t = 0; t < self->steps; t++) {
            wish[store->energy + (size_t)t] = self->right[store->row] / store->keep;
            self->y[store->row + (size_t)t] = -mean;
        }
    }
    begin(self, 0.1, 0.1);
}

void sg_interior_restart(sg_interior *self)
{
    begin(self, 1e-2, 1e-4); /* measured: the fewest iterations after loads that moved by 1 % */
}

/* --- the solution --- */

static void read_series(const sg_interior *self, size_t column, const double *high_kw,
                        double high_flat, double *ret)
{
    for (int t = 0; t < self->steps; t++) {
        double high = high_kw ? high_kw[t] : high_flat;
        ret[t] = fmin(fmax(self->z[column + (size_t)t] * self->unit, 0), high);
    }
}

static void read_prices(const sg_interior *self, size_t row, double factor, double *ret)
{
    for (int t = 0; t < self->steps; t++) {
        ret[t] = factor * self->y[row + (size_t)t] + 0.0;
    }
}

static void read_store(const sg_interior *self, const sg_dispatch *p, int s, sg_schedule *ret)
{
    const sg_dispatch_store *from = &p->stores[s];
    const sg_interior_store *store = &self->store[s];
    read_series(self, store->charge, NULL, from->charge_kw_max, ret->charge_kw[s]);
    read_series(self, store->discharge, NULL, from->discharge_kw_max, ret->discharge_kw[s]);
    ret->energy_kwh[s][0] = from->initial_kwh;
    for (int t = 0; t < self->steps; t++) {
        double low = t == self->steps - 1 ? fmax(from->energy_kwh_min, from->final_kwh_min)
                                          : from->energy_kwh_min;
        double energy = self->z[store->energy + (size_t)t] * self->unit * self->hours;
        ret->energy_kwh[s][t + 1] = fmin(fmax(energy, low), from->energy_kwh_max);
    }
    read_prices(self, store->row, -self->price, ret->energy_value_per_kwh[s]);
}

static void read_peaks(const sg_interior *self, sg_schedule *ret)
{
    for (int w = 0; w < self->demand_count; w++) {
        const sg_interior_window *window = &self->window[w];
        for (int i = 0; i < window->to - window->from; i++) {
            ret->peak_price_per_kw[window->item][i] =
                self->y[window->series + (size_t)i] * self->price * self->hours;
        }
    }
}

static void read_jobs(const sg_interior *self, const sg_dispatch *p, sg_schedule *ret)
{
    for (int k = 0; k < p->shiftable_count; k++) {
        memset(ret->shift_kw[k], 0, (size_t)p->steps * sizeof **ret->shift_kw);
        ret->unserved_kwh[k] = p->shiftable[k].energy_kwh; /* where no step could serve it */
        ret->shift_price_per_kwh[k] = p->shiftable[k].unserved_cost_per_kwh;
    }
    for (int w = self->demand_count; w < self->window_count; w++) {
        const sg_interior_window *window = &self->window[w];
        const sg_dispatch_shiftable *job = &p->shiftable[window->item];
        for (int t = window->from; t < window->to; t++) {
            double power = self->z[window->series + (size_t)(t - window->from)] * self->unit;
            ret->shift_kw[window->item][t] = fmin(fmax(power, 0), job->power_kw_max);
        }
        double unserved = self->z[window->column] * self->unit * self->hours;
        ret->unserved_kwh[window->item] = fmin(fmax(unserved, 0), job->energy_kwh);
        ret->shift_price_per_kwh[window->item] = self->y[window->row] * self->price;
    }
}

void sg_interior_read(const sg_interior *self, const sg_dispatch *p, sg_schedule *ret)
{
    for (int j = 0; j < self->source_count; j++) {
        read_series(self, self->source + (size_t)j * self->stride, p->sources[j].available_kw, 0,
                    ret->source_kw[j]);
    }
    for (int j = 0; j < self->shed_count; j++) {
        read_series(self, self->shed + (size_t)j * self->stride, p->shed[j].max_kw, 0,
                    ret->shed_kw[j]);
    }
    for (int j = 0; j < self->link_count; j++) {
        size_t column = self->link + (size_t)(2 * j) * self->stride;
        read_series(self, column, NULL, p->links[j].forward_kw_max, ret->link_forward_kw[j]);
        read_series(self, column + self->stride, NULL, p->links[j].back_kw_max,
                    ret->link_back_kw[j]);
    }
    if (self->grid) {
        read_series(self, self->import, NULL, p->grid.import_kw_max, ret->import_kw);
        read_series(self, self->export, NULL, p->grid.export_kw_max, ret->export_kw);
    }
    for (int s = 0; s < self->store_count; s++) {
        read_store(self, p, s, ret);
    }
    for (int z = 0; z < self->zones; z++) {
        read_prices(self, self->balance + (size_t)z * self->stride, self->price,
                    ret->zone_price_per_kwh[z]);
    }
    double per_kw = self->price * self->hours;
    memset(ret->reserve_up_price_per_kw, 0, (size_t)p->steps * sizeof(double));
    memset(ret->reserve_down_price_per_kw, 0, (size_t)p->steps * sizeof(double));
    memset(ret->ramp_price_per_kw, 0, (size_t)p->steps * sizeof(double));
    if (self->up) {
        read_prices(self, self->need_up, per_kw, ret->reserve_up_price_per_kw);
    }
    if (self->down) {
        read_prices(self, self->need_down, per_kw, ret->reserve_down_price_per_kw);
    }
    if (self->ramp) {
        read_prices(self, self->ramp_row, per_kw, ret->ramp_price_per_kw);
    }
    read_peaks(self, ret);
    read_jobs(self, p, ret);
}
