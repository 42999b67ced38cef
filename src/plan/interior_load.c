/* interior_load.c - from a problem to the numbers of its columns and rows, and back to a schedule. */
#include "plan/extremes.h"
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

/* What is less is what rounding left, such as the sun after sunset. */
static const double ROOM_LEAST = 1e-13;

/* The block of step t, and where the step stands in each of its series. */
static sg_interior_block block_of(const sg_interior *self, int t, size_t *ret_place)
{
    *ret_place = (size_t)(t % SG_INTERIOR_BLOCK);
    return sg_interior_block_at(self, t / SG_INTERIOR_BLOCK);
}

/* Until the first point is placed, the prices only say which bounds there are: 0 = none, and none at all where a column
 * cannot move; `above` is the room. z stays what it was, for a start from there. False where the bounds cross. */
static bool set_room(double room, double *price_low, double *price_high, double *above)
{
    bool moves = room > ROOM_LEAST, bound = moves && room < HUGE_VAL;
    *price_low = moves ? 1 : 0;
    *price_high = bound ? 1 : 0;
    *above = bound ? room : 1;
    return room >= 0;
}

static bool set(const sg_interior_block *block, size_t i, double cost, double room)
{
    block->cost[i] = cost;
    return set_room(room, &block->price_low[i], &block->price_high[i], &block->above[i]);
}

/* An inequality; its price stays what it was, for a start from there. */
static void set_slack(const sg_interior *self, const sg_interior_block *block, size_t i,
                      double right)
{
    block->price_low[i] = self->solved && block->price_low[i] > 0 ? block->price_low[i] : 1;
    block->right[i] = right;
}

/* Right-hand side of an equation, before what the lower bounds add to it. */
static void set_right(sg_interior *self, double *right, double value)
{
    *right = value;
    self->right_size = sg_larger(self->right_size, fabs(value));
}

/* A column along time between 0 and a limit. */
static bool set_series(sg_interior *self, size_t column, const double *cost, double factor,
                       double flat, const double *high_kw, double high_flat)
{
    bool good = true;
    for (int t = 0; t < self->steps; t++) {
        size_t i;
        const sg_interior_block block = block_of(self, t, &i);
        double high = high_kw ? high_kw[t] : high_flat;
        good &= set(&block, column + i, (factor * at(cost, t) + flat) / self->price,
                    high < UNLIMITED_KW ? high / self->unit : HUGE_VAL);
    }
    return good;
}

/* The shares of the reserve and their limits at a step; `over` = by how much the energy's lower bound is above the
 * store's least energy, `room` = from that bound to the largest. */
static void load_shares(const sg_interior *self, const sg_dispatch_store *from,
                        const sg_interior_store *store, const sg_interior_block *block, size_t i,
                        double over, double room)
{
    bool moves = from->charge_kw_max + from->discharge_kw_max > 0, holds = over + room > 0;
    if (self->up) {
        block->price_low[store->share_up + i] = moves && (holds || store->backing_up == 0) ? 1 : 0;
        set_slack(self, block, store->power_up + i, -from->discharge_kw_max / self->unit);
        set_slack(self, block, store->energy_up + i, -over);
    }
    if (self->down) {
        block->price_low[store->share_down + i] =
            moves && (holds || store->backing_down == 0) ? 1 : 0;
        set_slack(self, block, store->power_down + i, -from->charge_kw_max / self->unit);
        set_slack(self, block, store->energy_down + i, -room);
    }
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
    double least = from->energy_kwh_min * energy, high = from->energy_kwh_max * energy,
           before = from->initial_kwh * energy;
    for (int t = 0; t < self->steps; t++) {
        size_t i;
        const sg_interior_block block = block_of(self, t, &i);
        bool last = t == self->steps - 1;
        double low = last ? fmax(least, from->final_kwh_min * energy) : least,
               cost = last ? -from->terminal_value_per_kwh / self->price : 0;
        good &= set(&block, store->energy + i, cost, high - low);
        self->paid += cost * low;
        self->paid_turnover += fabs(cost * low);
        block.right[store->row + i] = store->keep * before - low;
        self->right_size = fmax(self->right_size, t == 0 ? store->keep * before : 0);
        before = low;
        load_shares(self, from, store, &block, i, low - least, high - low);
    }
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
        size_t i;
        const sg_interior_block block = block_of(self, t, &i);
        set(&block, self->ramp_slack + i, 0, 2 * ramp);
        double before = t == 0 ? g->initial_net_kw / self->unit : 0;
        set_right(self, &block.right[self->ramp_row + i], before);
        block.right[self->ramp_row + i] -= ramp;
    }
    return good;
}

static void load_job(sg_interior *self, const sg_dispatch *p, sg_interior_window *window)
{
    const sg_dispatch_shiftable *job = &p->shiftable[window->item];
    double total = job->energy_kwh / (self->unit * self->hours);
    for (int t = window->from; t < window->to; t++) {
        size_t i;
        const sg_interior_block block = block_of(self, t, &i);
        set(&block, window->series + i, 0, total > 0 ? job->power_kw_max / self->unit : 0);
    }
    window->cost = job->unserved_cost_per_kwh / self->price;
    window->price = total > 0 ? 1 : 0;
    set_right(self, &window->right, total);
}

static void load_peak(sg_interior *self, const sg_dispatch *p, sg_interior_window *window)
{
    const sg_dispatch_demand *period = &p->grid.demand[window->item];
    double so_far = period->peak_so_far_kw / self->unit;
    for (int t = window->from; t < window->to; t++) {
        size_t i;
        const sg_interior_block block = block_of(self, t, &i);
        set_slack(self, &block, window->series + i, -so_far);
    }
    window->cost = period->charge_per_kw / (self->hours * self->price);
    window->price = 1;
}

static void load_windows(sg_interior *self, const sg_dispatch *p)
{
    for (int w = 0; w < self->window_count; w++) {
        if (self->window[w].shiftable) {
            load_job(self, p, &self->window[w]);
        } else {
            load_peak(self, p, &self->window[w]);
        }
        self->cost_size = fmax(self->cost_size, fabs(self->window[w].cost));
    }
}

static void load_steps(sg_interior *self, const sg_dispatch *p)
{
    for (int t = 0; t < self->steps; t++) {
        size_t i;
        const sg_interior_block block = block_of(self, t, &i);
        for (int z = 0; z < self->zones; z++) {
            set_right(self, &block.right[self->balance + (size_t)z * SG_INTERIOR_BLOCK + i],
                      sg_dispatch_load_kw(p, z)[t] / self->unit);
        }
        if (self->up) {
            set_slack(self, &block, self->need_up + i, fmax(p->reserve_up_kw[t], 0) / self->unit);
        }
        if (self->down) {
            set_slack(self, &block, self->need_down + i,
                      fmax(p->reserve_down_kw[t], 0) / self->unit);
        }
    }
}

static void measure_cost(sg_interior *self)
{
    for (int b = 0; b < self->blocks; b++) {
        const sg_interior_block block = sg_interior_block_at(self, b);
        for (size_t i = self->single; i < self->column_width; i++) {
            self->cost_size = sg_larger(self->cost_size, fabs(block.cost[i]));
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
    self->right_size = self->cost_size = 1;
    self->paid = self->paid_turnover = 0;
    bool good = true;
    for (int j = 0; j < self->source_count; j++) {
        good &= set_series(self, self->source + (size_t)j * SG_INTERIOR_BLOCK,
                           p->sources[j].cost_per_kwh, 1, 0, p->sources[j].available_kw, 0);
    }
    for (int j = 0; j < self->shed_count; j++) {
        good &= set_series(self, self->shed + (size_t)j * SG_INTERIOR_BLOCK, NULL, 0,
                           p->shed[j].cost_per_kwh, p->shed[j].max_kw, 0);
    }
    for (int j = 0; j < self->link_count; j++) {
        size_t column = self->link + (size_t)(2 * j) * SG_INTERIOR_BLOCK;
        good &= set_series(self, column, NULL, 0, 0, NULL, p->links[j].forward_kw_max);
        good &=
            set_series(self, column + SG_INTERIOR_BLOCK, NULL, 0, 0, NULL, p->links[j].back_kw_max);
        self->link_arrives[j] = 1 - p->links[j].loss_frac;
    }
    if (self->grid) {
        good &= load_grid(self, p);
    }
    for (int s = 0; s < self->store_count; s++) {
        good &= load_store(self, p, s);
    }
    load_steps(self, p);
    load_windows(self, p);
    measure_cost(self);
    return good;
}

/* --- the first point --- */

/* A place between the bounds near `wish`, at least `margin` of the room or of the scale away from them. */
static double place(double wish, double room, double margin)
{
    double away = margin * sg_lesser(2.0, room);
    return sg_lesser(sg_larger(away, wish), room - away);
}

/* Columns that are no slacks. */
static void place_columns(sg_interior *self, double margin)
{
    size_t ramp = self->ramp_slack, ramp_end = ramp + (self->ramp ? SG_INTERIOR_BLOCK : 0);
    for (int b = 0; b < self->blocks; b++) {
        const sg_interior_block block = sg_interior_block_at(self, b);
        for (size_t i = self->slacks; i < self->column_width; i++) {
            bool pair = i >= self->single, bound = pair && block.price_high[i] > 0;
            if (i >= ramp && i < ramp_end) {
                continue;
            }
            double room = bound ? block.above[i] : HUGE_VAL;
            block.z[i] = block.price_low[i] > 0 ? place(block.z[i], room, margin) : 0;
            if (bound) {
                block.above[i] = room - block.z[i];
            }
        }
    }
    for (int w = 0; w < self->window_count; w++) {
        sg_interior_window *window = &self->window[w];
        window->z = window->price > 0 ? place(window->z, HUGE_VAL, margin) : 0;
    }
}

/* Price of a bound, at a distance, of a column of reduced cost d, with a product near `product`. */
static double price_of(double d, double distance, double product)
{
    double p = product / distance;
    return 0.5 * (sqrt(d * d + 4 * p * p) + d);
}

/* Slacks are what their rows leave, or the margin where that is less. */
static void place_slacks(sg_interior *self, double margin, double product)
{
    for (int b = 0; b < self->blocks; b++) {
        const sg_interior_block block = sg_interior_block_at(self, b);
        memset(block.z, 0, self->slacks * sizeof *block.z);
        for (size_t i = 0; self->ramp && i < SG_INTERIOR_BLOCK; i++) {
            block.z[self->ramp_slack + i] = 0;
        }
    }
    self->kernels->multiply(self);
    for (int b = 0; b < self->blocks; b++) {
        const sg_interior_block block = sg_interior_block_at(self, b);
        for (size_t i = 0; i < self->slacks; i++) {
            if (block.price_low[i] > 0) {
                block.z[i] = place(-block.miss[i], HUGE_VAL, margin);
                double last = self->solved ? block.price_low[i] : 0;
                block.price_low[i] = price_of(last, block.z[i], product);
            }
        }
        for (size_t i = 0; self->ramp && i < SG_INTERIOR_BLOCK; i++) {
            size_t j = self->ramp_slack + i;
            if (block.price_low[j] > 0) {
                double room = block.above[j];
                block.z[j] = place(-block.miss[self->ramp_row + i], room, margin);
                block.above[j] = room - block.z[j];
            }
        }
    }
}

/* Prices of the bounds that add up to the reduced cost, with products near `product`. */
static void price_bounds(sg_interior *self, double product)
{
    for (int b = 0; b < self->blocks; b++) {
        const sg_interior_block block = sg_interior_block_at(self, b);
        for (size_t i = self->slacks; i < self->column_width; i++) {
            if (block.price_low[i] == 0) {
                continue;
            }
            double d = block.reduced[i], least = block.z[i];
            if (i >= self->single && block.price_high[i] > 0) {
                least = sg_lesser(least, block.above[i]);
                block.price_high[i] = price_of(-d, least, product);
            }
            block.price_low[i] = price_of(d, least, product);
        }
    }
    for (int w = 0; w < self->window_count; w++) {
        sg_interior_window *window = &self->window[w];
        if (window->price > 0) {
            window->price = price_of(sg_interior_window_reduced(window), window->z, product);
        }
    }
}

/* Begin near the columns in z and at the prices in y. */
static void begin(sg_interior *self, double margin, double product)
{
    place_columns(self, margin);
    place_slacks(self, margin, product);
    self->kernels->price(self);
    price_bounds(self, product);
    for (int b = 0; b < self->blocks; b++) {
        const sg_interior_block block = sg_interior_block_at(self, b);
        memset(block.dz, 0, self->column_width * sizeof *block.dz);
        memset(block.dz_affine, 0, self->column_width * sizeof *block.dz_affine);
        memset(block.dy + self->slacks, 0, (self->row_width - self->slacks) * sizeof *block.dy);
    }
    for (int h = 0; h < self->half_count;
         h++) { /* no column's change writes where there is no column */
        memset(self->half[h].out, 0, self->column_width * sizeof *self->half[h].out);
    }
    for (int w = 0; w < self->window_count; w++) {
        sg_interior_window *window = &self->window[w];
        window->dz = window->dz_affine = window->dy = 0;
    }
}

/* Energies as they are, powers in the middle of their room or at the site's size, prices those of the grid. */
static void wish_steps(sg_interior *self, const sg_interior_block *block, int in_block,
                       double price_mean)
{
    for (size_t i = self->slacks; i < self->column_width; i++) {
        bool bound = i >= self->single && block->price_high[i] > 0;
        block->z[i] = bound ? sg_lesser(1, 0.5 * block->above[i]) : 1;
    }
    memset(block->y + self->slacks, 0, (self->row_width - self->slacks) * sizeof *block->y);
    for (size_t i = 0; i < (size_t)in_block; i++) {
        if (self->grid) {
            block->y[self->balance + (size_t)self->grid_zone * SG_INTERIOR_BLOCK + i] =
                block->cost[self->import + i];
        }
        for (int s = 0; s < self->store_count; s++) {
            const sg_interior_store *store = &self->store[s];
            block->y[store->row + i] = -price_mean;
        }
    }
}

static int steps_of(const sg_interior *self, int block)
{
    int left = self->steps - block * SG_INTERIOR_BLOCK;
    return left < SG_INTERIOR_BLOCK ? left : SG_INTERIOR_BLOCK;
}

void sg_interior_start(sg_interior *self)
{
    self->solved = false;
    double mean = 0;
    for (int t = 0; self->grid && t < self->steps; t++) {
        size_t i;
        const sg_interior_block block = block_of(self, t, &i);
        mean += block.cost[self->import + i] / self->steps;
    }
    for (int b = 0; b < self->blocks; b++) {
        const sg_interior_block block = sg_interior_block_at(self, b);
        wish_steps(self, &block, steps_of(self, b), mean);
    }
    for (int s = 0; s < self->store_count; s++) { /* the energy that there is stays */
        const sg_interior_store *store = &self->store[s];
        double energy = sg_interior_block_at(self, 0).right[store->row] / store->keep;
        for (int t = 0; t < self->steps; t++) {
            size_t i;
            const sg_interior_block block = block_of(self, t, &i);
            block.z[store->energy + i] = energy;
        }
    }
    for (int w = 0; w < self->window_count; w++) {
        self->window[w].z = 1;
        self->window[w].y = 0;
    }
    begin(self, 0.3, 0.1);
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
        size_t i;
        const sg_interior_block block = block_of(self, t, &i);
        double high = high_kw ? high_kw[t] : high_flat;
        ret[t] = sg_lesser(high, sg_larger(0, block.z[column + i] * self->unit));
    }
}

static void read_prices(const sg_interior *self, size_t row, double factor, double *ret)
{
    for (int t = 0; t < self->steps; t++) {
        size_t i;
        const sg_interior_block block = block_of(self, t, &i);
        ret[t] = factor * (row < self->slacks ? block.price_low : block.y)[row + i] + 0.0;
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
        size_t i;
        const sg_interior_block block = block_of(self, t, &i);
        double energy = low + block.z[store->energy + i] * self->unit * self->hours;
        ret->energy_kwh[s][t + 1] = sg_lesser(from->energy_kwh_max, sg_larger(low, energy));
    }
    read_prices(self, store->row, -self->price, ret->energy_value_per_kwh[s]);
}

static void read_peaks(const sg_interior *self, sg_schedule *ret)
{
    for (int w = 0; w < self->demand_count; w++) {
        const sg_interior_window *window = &self->window[w];
        for (int t = window->from; t < window->to; t++) {
            size_t i;
            const sg_interior_block block = block_of(self, t, &i);
            ret->peak_price_per_kw[window->item][t - window->from] =
                block.price_low[window->series + i] * self->price * self->hours;
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
            size_t i;
            const sg_interior_block block = block_of(self, t, &i);
            double power = block.z[window->series + i] * self->unit;
            ret->shift_kw[window->item][t] = fmin(fmax(power, 0), job->power_kw_max);
        }
        double unserved = window->z * self->unit * self->hours;
        ret->unserved_kwh[window->item] = fmin(fmax(unserved, 0), job->energy_kwh);
        ret->shift_price_per_kwh[window->item] = window->y * self->price;
    }
}

void sg_interior_read(const sg_interior *self, const sg_dispatch *p, sg_schedule *ret)
{
    for (int j = 0; j < self->source_count; j++) {
        read_series(self, self->source + (size_t)j * SG_INTERIOR_BLOCK, p->sources[j].available_kw,
                    0, ret->source_kw[j]);
    }
    for (int j = 0; j < self->shed_count; j++) {
        read_series(self, self->shed + (size_t)j * SG_INTERIOR_BLOCK, p->shed[j].max_kw, 0,
                    ret->shed_kw[j]);
    }
    for (int j = 0; j < self->link_count; j++) {
        size_t column = self->link + (size_t)(2 * j) * SG_INTERIOR_BLOCK;
        read_series(self, column, NULL, p->links[j].forward_kw_max, ret->link_forward_kw[j]);
        read_series(self, column + SG_INTERIOR_BLOCK, NULL, p->links[j].back_kw_max,
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
        read_prices(self, self->balance + (size_t)z * SG_INTERIOR_BLOCK, self->price,
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
