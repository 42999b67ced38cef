/* program_point.c - a schedule as the values of a program's columns, which a simplex can begin at. */
#include "plan/program.h"

#include <math.h>
#include <string.h>

static void write_block(double *value, int first, const double *series, int count)
{
    memcpy(value + first, series, (size_t)count * sizeof *value);
}

static void write_grid(const sg_program *self, const sg_schedule *schedule, double *value)
{
    const sg_dispatch_grid *g = &self->problem->grid;
    int steps = self->problem->steps;
    if (!g->present) {
        return;
    }
    write_block(value, self->import, schedule->import_kw, steps);
    write_block(value, self->export, schedule->export_kw, steps);
    for (int m = 0; m < g->demand_count; m++) {
        double peak = g->demand[m].peak_so_far_kw;
        for (int t = g->demand[m].from; t < g->demand[m].to; t++) {
            peak = fmax(peak, schedule->import_kw[t]);
        }
        value[self->peak + m] = peak;
    }
}

static void write_stores(const sg_program *self, const sg_schedule *schedule, double *value)
{
    int steps = self->problem->steps;
    for (int s = 0; s < self->problem->store_count; s++) {
        write_block(value, self->charge + s * steps, schedule->charge_kw[s], steps);
        write_block(value, self->discharge + s * steps, schedule->discharge_kw[s], steps);
        write_block(value, self->energy + s * steps, schedule->energy_kwh[s] + 1, steps);
    }
}

static void write_rest(const sg_program *self, const sg_schedule *schedule, double *value)
{
    const sg_dispatch *p = self->problem;
    int steps = p->steps;
    for (int s = 0; s < p->source_count; s++) {
        write_block(value, self->source + s * steps, schedule->source_kw[s], steps);
    }
    for (int l = 0; l < p->link_count; l++) {
        write_block(value, self->link_forward + l * steps, schedule->link_forward_kw[l], steps);
        write_block(value, self->link_back + l * steps, schedule->link_back_kw[l], steps);
    }
    for (int s = 0; s < p->shed_count; s++) {
        write_block(value, self->shed + s * steps, schedule->shed_kw[s], steps);
    }
    write_block(value, self->unserved, schedule->unserved_kwh, p->shiftable_count);
    for (int k = 0; k < p->shiftable_count; k++) {
        const sg_dispatch_shiftable *j = &p->shiftable[k];
        write_block(value, self->shift[k], schedule->shift_kw[k] + j->from, j->to - j->from);
    }
}

/* What a store can hold in reserve in step t: by its power, and by its energy for as long as the reserve has to last. */
static double share_max(const sg_dispatch *p, const sg_schedule *schedule, bool up, int store,
                        int t)
{
    const sg_dispatch_store *s = &p->stores[store];
    double lasts_h = p->reserve_duration_s / 3600.0, energy = schedule->energy_kwh[store][t + 1];
    double net = schedule->discharge_kw[store][t] - schedule->charge_kw[store][t];
    double power = up ? s->discharge_kw_max - net : s->charge_kw_max + net;
    double room = up ? (energy - s->energy_kwh_min) * s->discharge_eff
                     : (s->energy_kwh_max - energy) / s->charge_eff;
    return fmax(0.0, fmin(power, lasts_h > 0.0 ? room / lasts_h : power));
}

/* One store after the other gives what it can until there is enough; how they share is not the schedule's to say. Where more
 * reserve would be worth something, all have to be able to give: who can give nothing is left a trace. */
static void write_reserve(const sg_program *self, const sg_schedule *schedule, bool up,
                          const sg_program_trace *trace, double *value, int *column)
{
    const sg_dispatch *p = self->problem;
    const int *rows = up ? self->reserve_up : self->reserve_down;
    const double *need = up ? p->reserve_up_kw : p->reserve_down_kw;
    const double *price =
        up ? schedule->reserve_up_price_per_kw : schedule->reserve_down_price_per_kw;
    for (int t = 0; t < p->steps; t++) {
        double left = rows[t] >= 0 ? need[t] : 0.0;
        for (int s = 0; s < p->store_count && rows[t] >= 0; s++) {
            double most = share_max(p, schedule, up, s, t), share = fmin(left, most);
            bool wanted = most < trace->kw && price[t] > trace->price_per_kw;
            value[(*column)++] = wanted ? trace->kw : share;
            left -= share;
        }
    }
}

void sg_program_point(const sg_program *self, const sg_schedule *schedule,
                      const sg_program_trace *trace, double *ret)
{
    int column = self->share;
    write_rest(self, schedule, ret);
    write_grid(self, schedule, ret);
    write_stores(self, schedule, ret);
    write_reserve(self, schedule, true, trace, ret, &column);
    write_reserve(self, schedule, false, trace, ret, &column);
}
