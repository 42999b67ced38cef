#include "plan/interior_layout.h"

#include "base/pages.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- the block --- */

/* Hands out the caller's memory, emptied; without any it only counts. */
typedef struct cursor {
    char *base;
    size_t used;
} cursor;

static void *take_raw(cursor *self, size_t count, size_t size)
{
    size_t at = (self->used + 63) & ~(size_t)63;
    self->used = at + count * size;
    return self->base ? self->base + at : NULL;
}

static void *take(cursor *self, size_t count, size_t size)
{
    void *ret = take_raw(self, count, size);
    return ret && count ? memset(ret, 0, count * size) : ret;
}

static double *take_doubles(cursor *self, size_t count)
{
    return take(self, count, sizeof(double));
}

/* `count` series of a block; returns where the first begins. */
static size_t reserve(size_t *width, int count)
{
    size_t first = *width;
    *width += (size_t)count * SG_INTERIOR_BLOCK;
    return first;
}

/* How many series the windows of a kind need. */
static int count_tracks(const sg_interior *self, bool shiftable)
{
    int count = 0;
    for (int w = 0; w < self->window_count; w++) {
        const sg_interior_window *window = &self->window[w];
        if (window->shiftable == shiftable && window->track >= count) {
            count = window->track + 1;
        }
    }
    return count;
}

static void place_tracks(sg_interior *self, bool shiftable, size_t first)
{
    for (int w = 0; w < self->window_count; w++) {
        if (self->window[w].shiftable == shiftable) {
            self->window[w].series = first + (size_t)self->window[w].track * SG_INTERIOR_BLOCK;
        }
    }
}

/* Inequalities: rows, and columns of the same place. */
static void lay_out_slacks(sg_interior *self, size_t *width)
{
    self->need_up = reserve(width, self->up);
    self->need_down = reserve(width, self->down);
    for (int s = 0; s < self->store_count; s++) {
        sg_interior_store *store = &self->store[s];
        store->power_up = reserve(width, self->up);
        store->energy_up = reserve(width, self->up);
        store->power_down = reserve(width, self->down);
        store->energy_down = reserve(width, self->down);
    }
    place_tracks(self, false, reserve(width, count_tracks(self, false)));
}

static void lay_out_columns(sg_interior *self)
{
    size_t *width = &self->column_width;
    *width = self->slacks;
    for (int s = 0; s < self->store_count; s++) {
        self->store[s].share_up = reserve(width, self->up);
        self->store[s].share_down = reserve(width, self->down);
    }
    self->single = *width;
    self->ramp_slack = reserve(width, self->ramp);
    self->source = reserve(width, self->source_count);
    self->shed = reserve(width, self->shed_count);
    self->link = reserve(width, 2 * self->link_count);
    self->import = reserve(width, self->grid);
    self->export = reserve(width, self->grid);
    for (int s = 0; s < self->store_count; s++) {
        sg_interior_store *store = &self->store[s];
        store->charge = reserve(width, 1);
        store->discharge = reserve(width, 1);
        store->energy = reserve(width, 1);
    }
    place_tracks(self, true, reserve(width, count_tracks(self, true)));
}

static void lay_out_rows(sg_interior *self)
{
    size_t *width = &self->row_width;
    *width = self->slacks;
    self->ramp_row = reserve(width, self->ramp);
    self->balance = reserve(width, self->zones);
    for (int s = 0; s < self->store_count; s++) {
        self->store[s].row = reserve(width, 1);
    }
}

/* Windows that join no step are left out: their unknown is known. */
static int list_windows(const sg_dispatch *shape, sg_interior_window *ret, int *ret_demand)
{
    int count = 0;
    for (int m = 0; shape->grid.present && m < shape->grid.demand_count; m++) {
        const sg_dispatch_demand *d = &shape->grid.demand[m];
        if (d->from < d->to) {
            ret[count++] = (sg_interior_window){.from = d->from, .to = d->to, .item = m};
        }
    }
    *ret_demand = count;
    for (int k = 0; k < shape->shiftable_count; k++) {
        const sg_dispatch_shiftable *j = &shape->shiftable[k];
        if (j->from < j->to) {
            ret[count++] = (sg_interior_window){
                .from = j->from, .to = j->to, .item = k, .zone = j->zone, .shiftable = true};
        }
    }
    return count;
}

/* Give each window the first track of its kind that is free all along it. False: more are open at once than a front holds. */
static bool assign_tracks(sg_interior_window *window, int count)
{
    for (int w = 0; w < count; w++) {
        bool taken[SG_INTERIOR_FRONT_MAX + 1] = {false};
        for (int v = 0; v < w; v++) {
            if (window[v].shiftable == window[w].shiftable && window[v].from < window[w].to &&
                window[w].from < window[v].to) {
                taken[window[v].track] = true;
            }
        }
        while (taken[window[w].track]) {
            window[w].track++;
        }
        if (window[w].track >= SG_INTERIOR_FRONT_MAX) {
            return false;
        }
    }
    return true;
}

/* Which windows each block touches; only counts where there is no room yet. */
static size_t list_touching(sg_interior *self)
{
    size_t count = 0;
    for (int b = 0; b < self->blocks; b++) {
        int from = b * SG_INTERIOR_BLOCK, to = from + SG_INTERIOR_BLOCK;
        if (self->touch) {
            self->touch[b] = (int)count;
        }
        for (int w = 0; w < self->window_count; w++) {
            if (self->window[w].from < to && from < self->window[w].to) {
                if (self->touching) {
                    self->touching[count] = w;
                }
                count++;
            }
        }
    }
    if (self->touch) {
        self->touch[self->blocks] = (int)count;
    }
    return count;
}

/* --- fronts --- */

/* A window goes with the last of its steps that elimination comes to. */
static bool goes(const sg_interior_window *window, int t, bool back)
{
    return back ? window->from == t : window->to == t + 1;
}

/* The step in the order of elimination; before: the pattern of the one before it, NULL where there is none. False where
 * it has more unknowns than a front holds. */
static bool make_pattern(const sg_interior *self, int t, bool back,
                         const sg_interior_pattern *before, sg_interior_pattern *ret)
{
    *ret = (sg_interior_pattern){.first = t};
    for (int w = 0; w < self->window_count; w++) {
        if (t >= self->window[w].from && t < self->window[w].to) {
            if (ret->open_count == SG_INTERIOR_FRONT_MAX) {
                return false;
            }
            ret->open[ret->open_count++] = (int16_t)w;
        }
    }
    int at = self->zones + self->up + self->down, core = self->ramp + self->store_count;
    ret->carried = at;
    at += core;
    for (int i = 0; i < ret->open_count; i++) {
        if (goes(&self->window[ret->open[i]], t, back)) {
            ret->place[i] = (int16_t)at++;
        }
    }
    ret->out = at;
    at = (int)sg_interior_lead(at);
    ret->ramp = back ? at : ret->carried;
    ret->next_ramp = back ? ret->carried : at;
    ret->energy = ret->ramp + self->ramp;
    ret->next_energy = ret->next_ramp + self->ramp;
    at += core;
    for (int i = 0; i < ret->open_count; i++) {
        if (!goes(&self->window[ret->open[i]], t, back)) {
            ret->place[i] = (int16_t)at++;
        }
    }
    ret->all = at;
    for (int i = 0; i < ret->open_count && at <= SG_INTERIOR_FRONT_MAX; i++) {
        ret->peak[ret->place[i]] = !self->window[ret->open[i]].shiftable;
    }
    for (int i = 0; before && i < before->open_count; i++) { /* in their order there */
        for (int j = 0; j < ret->open_count && before->place[i] >= before->out; j++) {
            if (ret->open[j] == before->open[i]) {
                ret->carry[ret->carry_count++] = ret->place[j];
            }
        }
    }
    return ret->all <= SG_INTERIOR_FRONT_MAX;
}

/* The next step after t, in the order of elimination, from which the set of windows, or what they do, may differ; what follows
 * the last of the half where none does. */
static int next_change(const sg_interior *self, const sg_interior_half *half, int t)
{
    int way = half->back ? -1 : 1, end = half->stop + way;
    int next = t == half->start && t != half->stop ? t + way : end;
    for (int w = 0; w < self->window_count; w++) {
        const sg_interior_window *window = &self->window[w];
        int begins = half->back ? window->to - 1 : window->from,
            ends = half->back ? window->from : window->to - 1;
        const int at[] = {begins, begins + way, ends, ends + way};
        for (int i = 0; i < 4; i++) {
            next = (at[i] - t) * way > 0 && (next - at[i]) * way > 0 ? at[i] : next;
        }
    }
    return next;
}

/* Count the sizes of a half's fronts; keep the patterns where there is room. False: a front would be too large. */
static bool lay_out_half(sg_interior *self, sg_interior_half *half, sg_interior_pattern *ret_last)
{
    sg_interior_pattern before, now;
    int way = half->back ? -1 : 1, end = half->stop + way;
    half->pattern_count = 0;
    half->factor_count = half->pivot_count = 0;
    for (int t = half->start, next = t; t != end; t = next) {
        next = next_change(self, half, t);
        if (!make_pattern(self, t, half->back, t == half->start ? NULL : &before, &now)) {
            return false;
        }
        if (half->pattern) {
            half->pattern[half->pattern_count] = now;
        }
        half->pattern_count++;
        before = now;
        size_t lead = sg_interior_lead(now.all), size = lead * lead, steps = (size_t)abs(next - t);
        half->factor_count += steps * sg_interior_kept(&now);
        half->pivot_count += steps * sg_interior_lead(now.out);
        self->front_count = size > self->front_count ? size : self->front_count;
        self->lead_count = lead > self->lead_count ? lead : self->lead_count;
    }
    *ret_last = before;
    return true;
}

/* What the halves leave at the middle: ramp, energies, and the windows that go on, in the order of the last step. */
static void lay_out_middle(sg_interior *self, const sg_interior_pattern *last)
{
    int at = self->ramp + self->store_count;
    self->middle = (sg_interior_pattern){0};
    for (int i = 0; i < last->open_count; i++) {
        if (last->place[i] >= last->out) {
            int k = self->middle.open_count++;
            self->middle.open[k] = last->open[i];
            self->middle.place[k] = (int16_t)at;
            self->middle.peak[at++] = !self->window[last->open[i]].shiftable;
        }
    }
    self->middle.out = self->middle.all = at;
}

/* Cut the horizon; however many threads there are, it is cut in the same place. */
static void cut(sg_interior *self)
{
    self->half_count = self->blocks >= SG_INTERIOR_CUT ? 2 : 1;
    int middle = self->blocks / self->half_count, step = middle * SG_INTERIOR_BLOCK;
    self->half[0] =
        (sg_interior_half){.end = middle, .stop = (step < self->steps ? step : self->steps) - 1};
    self->half[1] = (sg_interior_half){
        .back = true, .first = middle, .end = self->blocks, .start = self->steps - 1, .stop = step};
}

static bool lay_out_fronts(sg_interior *self)
{
    sg_interior_pattern last = {0};
    for (int h = 0; h < self->half_count; h++) {
        if (!lay_out_half(self, &self->half[h], &last)) {
            return false;
        }
    }
    lay_out_middle(self, &last);
    return true;
}

/* --- size and creation --- */

static bool series_needed(const double *need_kw, int steps)
{
    for (int t = 0; need_kw && t < steps; t++) {
        if (need_kw[t] > 0) {
            return true;
        }
    }
    return false;
}

static void take_shape(sg_interior *self, const sg_dispatch *shape)
{
    *self = (sg_interior){
        .steps = shape->steps,
        .zones = sg_dispatch_zone_count(shape),
        .store_count = shape->store_count,
        .source_count = shape->source_count,
        .shed_count = shape->shed_count,
        .link_count = shape->link_count,
        .grid = shape->grid.present,
        .grid_zone = shape->grid.zone,
        .ramp = shape->grid.present && isfinite(shape->grid.ramp_kw_per_step),
        .ramp_from = shape->grid.initial_net_given ? 0 : 1,
        .up = shape->store_count && series_needed(shape->reserve_up_kw, shape->steps),
        .down = shape->store_count && series_needed(shape->reserve_down_kw, shape->steps),
        .blocks = (shape->steps + SG_INTERIOR_BLOCK - 1) / SG_INTERIOR_BLOCK,
    };
}

static void take_lists(sg_interior *self, const sg_dispatch *shape, cursor *memory)
{
    size_t windows = (size_t)shape->shiftable_count +
                     (size_t)(shape->grid.present ? shape->grid.demand_count : 0);
    self->source_zone = take(memory, (size_t)shape->source_count, sizeof(int));
    self->shed_zone = take(memory, (size_t)shape->shed_count, sizeof(int));
    self->link_from = take(memory, (size_t)shape->link_count, sizeof(int));
    self->link_to = take(memory, (size_t)shape->link_count, sizeof(int));
    self->link_arrives = take_doubles(memory, (size_t)shape->link_count);
    self->store = take(memory, (size_t)shape->store_count, sizeof *self->store);
    self->window = take(memory, windows, sizeof *self->window);
}

static void fill_lists(sg_interior *self, const sg_dispatch *shape)
{
    for (int i = 0; i < shape->source_count; i++) {
        self->source_zone[i] = shape->sources[i].zone;
    }
    for (int i = 0; i < shape->shed_count; i++) {
        self->shed_zone[i] = shape->shed[i].zone;
    }
    for (int i = 0; i < shape->link_count; i++) {
        self->link_from[i] = shape->links[i].from;
        self->link_to[i] = shape->links[i].to;
    }
    for (int s = 0; s < shape->store_count; s++) {
        self->store[s] = (sg_interior_store){.zone = shape->stores[s].zone};
    }
    self->window_count = list_windows(shape, self->window, &self->demand_count);
}

/* The doubles of a half. What is kept of the fronts is written before it is read, by the half's thread. */
static void take_half(const sg_interior *self, sg_interior_half *half, cursor *memory)
{
    size_t columns = self->column_width, stores = (size_t)self->store_count,
           block = SG_INTERIOR_BLOCK;
    half->factor = take_raw(memory, half->factor_count, sizeof *half->factor);
    half->pivot = take_raw(memory, half->pivot_count, sizeof *half->pivot);
    half->kept = take_raw(memory, half->pivot_count, sizeof *half->kept);
    half->weight = take_doubles(memory, columns);
    half->force = take_doubles(memory, columns);
    half->inv = take_doubles(memory, columns);
    half->above_inv = take_doubles(memory, columns - self->single);
    half->out = take_doubles(memory, columns);
    half->row = take_doubles(memory, self->row_width);
    half->part = take_doubles(memory, stores * SG_INTERIOR_PARTS * block);
    half->diagonal = take_doubles(memory, (size_t)self->zones * block);
    half->import_inv = take_doubles(memory, block);
    half->export_inv = take_doubles(memory, block);
    half->spare = take_doubles(memory, 2 * block);
    half->ahead = take_doubles(memory, stores);
    half->front = take_doubles(memory, 2 * self->front_count);
    half->last = take_doubles(memory, self->lead_count);
}

static void take_numbers(sg_interior *self, cursor *memory)
{
    size_t middle = sg_interior_lead(self->middle.all);
    self->touch = take(memory, (size_t)self->blocks + 1, sizeof *self->touch);
    self->touching = take(memory, list_touching(self), sizeof *self->touching);
    self->slab = take_doubles(memory, (size_t)self->blocks * self->slab_size);
    for (int h = 0; h < self->half_count; h++) {
        take_half(self, &self->half[h], memory);
    }
    self->middle_factor = take_doubles(memory, middle * middle);
    self->middle_pivot = take_doubles(memory, middle);
    self->none = take_doubles(memory, SG_INTERIOR_BLOCK);
    self->one = take_doubles(memory, SG_INTERIOR_BLOCK);
}

/* Where everything stands: from the lists, which are there already. */
static bool lay_out(sg_interior *self, const sg_dispatch *shape, cursor *memory)
{
    fill_lists(self, shape);
    if (!assign_tracks(self->window, self->window_count)) {
        return false;
    }
    self->slacks = 0;
    lay_out_slacks(self, &self->slacks);
    lay_out_columns(self);
    lay_out_rows(self);
    self->slab_size = sg_interior_slab_size(self);
    self->touch = self->touching = NULL;
    self->front_count = self->lead_count = 0;
    cut(self);
    if (!lay_out_fronts(self)) {
        return false;
    }
    for (int h = 0; h < self->half_count; h++) {
        sg_interior_half *half = &self->half[h];
        half->pattern = take(memory, (size_t)half->pattern_count, sizeof *half->pattern);
    }
    take_numbers(self, memory);
    if (memory->base) {
        list_touching(self);
    }
    return !memory->base || lay_out_fronts(self);
}

size_t sg_interior_size(const sg_dispatch *shape)
{
    sg_interior self;
    cursor memory = {.used = sizeof self}, scratch = {0};
    take_shape(&self, shape);
    take_lists(&self, shape, &memory);
    take_lists(&self, shape, &scratch);
    scratch = (cursor){.base = aligned_alloc(64, (scratch.used + 127) & ~(size_t)63)};
    if (!scratch.base) {
        return 0;
    }
    take_lists(&self, shape, &scratch);
    bool done = lay_out(&self, shape, &memory);
    free(scratch.base);
    return done ? memory.used + 64 : 0;
}

sg_interior *sg_interior_create(const sg_dispatch *shape, void *block, size_t size)
{
    sg_interior *self = block;
    cursor memory = {.base = block, .used = sizeof *self};
    if ((uintptr_t)block % 64 != 0 || size < sizeof *self) {
        return NULL;
    }
    /* lists and their lay-out come first, so that a block that is too small is seen before it is written to */
    size_t needed = sg_interior_size(shape);
    if (!needed || size < needed) {
        return NULL;
    }
    sg_pages_large(block, needed);
    take_shape(self, shape);
    take_lists(self, shape, &memory);
    if (!lay_out(self, shape, &memory)) {
        return NULL;
    }
    for (size_t t = 0; t < SG_INTERIOR_BLOCK; t++) {
        self->one[t] = 1;
    }
    self->kernels = sg_interior_kernels_of(4);
    return self;
}

static bool same_windows(const sg_interior *self, const sg_dispatch *p)
{
    int at = 0;
    for (int m = 0; p->grid.present && m < p->grid.demand_count; m++) {
        const sg_dispatch_demand *d = &p->grid.demand[m];
        if (d->from < d->to) {
            const sg_interior_window *w = &self->window[at];
            if (at++ >= self->demand_count || w->from != d->from || w->to != d->to ||
                w->item != m) {
                return false;
            }
        }
    }
    if (at != self->demand_count) {
        return false;
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        const sg_dispatch_shiftable *j = &p->shiftable[k];
        if (j->from < j->to) {
            const sg_interior_window *w = &self->window[at];
            if (at++ >= self->window_count || w->from != j->from || w->to != j->to ||
                w->item != k || w->zone != j->zone) {
                return false;
            }
        }
    }
    return at == self->window_count;
}

bool sg_interior_fits(const sg_interior *self, const sg_dispatch *p)
{
    sg_interior wanted;
    take_shape(&wanted, p);
    bool fits = wanted.steps == self->steps && wanted.zones == self->zones &&
                wanted.store_count == self->store_count &&
                wanted.source_count == self->source_count &&
                wanted.shed_count == self->shed_count && wanted.link_count == self->link_count &&
                wanted.grid == self->grid && wanted.ramp == self->ramp && wanted.up == self->up &&
                wanted.down == self->down && (!self->grid || wanted.grid_zone == self->grid_zone) &&
                (!self->ramp || wanted.ramp_from == self->ramp_from);
    for (int i = 0; fits && i < p->source_count; i++) {
        fits = self->source_zone[i] == p->sources[i].zone;
    }
    for (int i = 0; fits && i < p->shed_count; i++) {
        fits = self->shed_zone[i] == p->shed[i].zone;
    }
    for (int i = 0; fits && i < p->link_count; i++) {
        fits = self->link_from[i] == p->links[i].from && self->link_to[i] == p->links[i].to;
    }
    for (int i = 0; fits && i < p->store_count; i++) {
        fits = self->store[i].zone == p->stores[i].zone;
    }
    return fits && same_windows(self, p);
}
