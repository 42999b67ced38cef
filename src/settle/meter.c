#include "settle/meter.h"

#include "base/time.h"

#include <math.h>
#include <string.h>

enum sum { IMPORT, EXPORT, LOAD, GENERATION, CHARGE, DISCHARGE, LOSSES, UNSERVED, CURTAILED, COST, REVENUE, WEAR, FUEL,
           CARBON, CREDIT };

void sg_meter_init(sg_meter *self, double interval_s, double demand_charge)
{
    memset(self, 0, sizeof *self);
    self->import_register_j = self->export_register_j = -1;
    self->interval_us = (int64_t)(interval_s * 1e6);
    self->demand_charge = demand_charge;
    self->month = -1;
}

/* Energy since the last reading. A register that ran backwards was replaced: it starts anew. */
static double advance(double *register_j, double reading_j)
{
    double delta_j = *register_j >= 0 && reading_j >= *register_j ? reading_j - *register_j : 0;
    *register_j = reading_j;
    return delta_j;
}

void sg_settlement_add(sg_settlement *total, const sg_settlement *one)
{
    if (one->steps == 0) {
        return;
    }
    if (total->steps == 0) {
        total->start_us = one->start_us;
    }
    total->end_us = one->end_us;
    total->import_j += one->import_j;
    total->export_j += one->export_j;
    total->load_j += one->load_j;
    total->generation_j += one->generation_j;
    total->charge_j += one->charge_j;
    total->discharge_j += one->discharge_j;
    total->losses_j += one->losses_j;
    total->unserved_j += one->unserved_j;
    total->curtailed_j += one->curtailed_j;
    total->cost_u += one->cost_u;
    total->revenue_u += one->revenue_u;
    total->wear_u += one->wear_u;
    total->fuel_u += one->fuel_u;
    total->demand_u += one->demand_u;
    total->carbon_mg += one->carbon_mg;
    total->carbon_credit_mg += one->carbon_credit_mg;
    total->suspect_steps += one->suspect_steps;
    total->steps += one->steps;
}

/* The running interval in whole units, as of now. */
static void running_round(sg_meter *self)
{
    sg_settlement *r = &self->running;
    const double *sum = self->sum;
    r->import_j = llround(sum[IMPORT]);
    r->export_j = llround(sum[EXPORT]);
    r->load_j = llround(sum[LOAD]);
    r->generation_j = llround(sum[GENERATION]);
    r->charge_j = llround(sum[CHARGE]);
    r->discharge_j = llround(sum[DISCHARGE]);
    r->losses_j = llround(sum[LOSSES]);
    r->unserved_j = llround(sum[UNSERVED]);
    r->curtailed_j = llround(sum[CURTAILED]);
    r->cost_u = llround(sum[COST] * 1e6);
    r->revenue_u = llround(sum[REVENUE] * 1e6);
    r->wear_u = llround(sum[WEAR] * 1e6);
    r->fuel_u = llround(sum[FUEL] * 1e6);
    r->carbon_mg = llround(sum[CARBON] * 1e6);
    r->carbon_credit_mg = llround(sum[CREDIT] * 1e6);
}

/* The month's charge grows by what this interval lifts its peak. */
static void demand_account(sg_meter *self)
{
    sg_settlement *r = &self->running;
    sg_civil civil;
    sg_civil_from_time(r->start_us, &civil);
    int64_t month = (int64_t)civil.year * 12 + civil.month;
    if (month != self->month) {
        self->month = month;
        self->peak_w = 0;
    }
    double mean_w = (double)r->import_j / ((double)(r->end_us - r->start_us) * 1e-6);
    if (mean_w > self->peak_w) {
        r->demand_u = llround((mean_w - self->peak_w) * self->demand_charge * 1e6);
        self->peak_w = mean_w;
    }
    self->peak_all_w = mean_w > self->peak_all_w ? mean_w : self->peak_all_w;
}

bool sg_meter_step(sg_meter *self, int64_t time_us, double dt_s, const sg_metered *step)
{
    sg_settlement *r = &self->running;
    int64_t step_us = (int64_t)(dt_s * 1e6);
    int64_t length_us = self->interval_us > step_us ? self->interval_us : step_us;
    if (r->steps == 0) {
        int64_t begin_us = time_us - step_us;
        r->start_us = begin_us - begin_us % length_us;
        r->end_us = r->start_us + length_us;
    }
    if (step->registers_good) {
        double import_j = advance(&self->import_register_j, step->import_register_j);
        double export_j = advance(&self->export_register_j, step->export_register_j);
        self->sum[IMPORT] += import_j;
        self->sum[EXPORT] += export_j;
        self->sum[COST] += import_j * step->import_price;
        self->sum[REVENUE] += export_j * step->export_price;
        self->sum[CARBON] += import_j * step->carbon_kg_per_j;
        self->sum[CREDIT] += export_j * step->carbon_kg_per_j;
    } else {
        r->suspect_steps++;
    }
    self->sum[LOAD] += step->load_w * dt_s;
    self->sum[GENERATION] += step->generation_w * dt_s;
    self->sum[CHARGE] += step->charge_w * dt_s;
    self->sum[DISCHARGE] += step->discharge_w * dt_s;
    self->sum[LOSSES] += step->losses_w * dt_s;
    self->sum[UNSERVED] += step->unserved_w * dt_s;
    self->sum[CURTAILED] += step->curtailed_w * dt_s;
    self->sum[WEAR] += step->wear_per_s * dt_s;
    self->sum[FUEL] += step->fuel_per_s * dt_s;
    r->steps++;
    running_round(self);
    if (time_us < r->end_us) {
        return false;
    }
    demand_account(self);
    sg_settlement_add(&self->total, r);
    self->last = *r;
    self->settled_count++;
    memset(r, 0, sizeof *r);
    memset(self->sum, 0, sizeof self->sum);
    return true;
}
