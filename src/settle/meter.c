#include "settle/meter.h"

#include "base/time.h"

#include <math.h>
#include <string.h>

enum sum {
    IMPORT,
    EXPORT,
    LOAD,
    GENERATION,
    CHARGE,
    DISCHARGE,
    LOSSES,
    UNSERVED,
    CURTAILED,
    COST,
    REVENUE,
    WEAR,
    FUEL,
    CARBON,
    CREDIT
};

void sg_meter_init(sg_meter *self, double interval_s, double demand_charge, int32_t zone_offset_s)
{
    memset(self, 0, sizeof *self);
    self->import_register_j = self->export_register_j = -1;
    self->interval_us = (int64_t)(interval_s * 1e6);
    self->demand_charge = demand_charge;
    self->month = -1;
    self->zone_us = zone_offset_s * SG_US_PER_S;
}

double sg_meter_peak_w(const sg_meter *self, int64_t time_us)
{
    return sg_month_of(time_us, self->zone_us) == self->month ? self->peak_w : 0;
}

/* Energy since the last reading. A reading a little behind the last one has been overtaken on its way: it tells nothing, and what
 * it lacks was counted. A register that ran back further, or on further than the connection could have carried, was replaced or
 * misread: it starts anew. */
static double advance(double *register_j, double reading_j, double most_j)
{
    double delta_j = *register_j >= 0 ? reading_j - *register_j : 0;
    if (delta_j < 0 && delta_j >= -most_j) {
        return 0;
    }
    *register_j = reading_j;
    return delta_j >= 0 && delta_j <= most_j ? delta_j : 0;
}

/* What could have passed at most since the registers were last read: overload and small clock errors allowed for. */
static double most_j(const sg_meter *self, double most_w, int64_t time_us, double dt_s)
{
    double since_s = (double)(time_us - self->read_us) * 1e-6;
    return 2 * most_w * (since_s > dt_s ? since_s : dt_s) + 3.6e6;
}

static void add(int64_t *total, int64_t more)
{
    if (__builtin_add_overflow(*total, more, total)) {
        *total = more > 0 ? INT64_MAX : INT64_MIN;
    }
}

/* Ten steps a second fill 31 bits in seven years. */
static void add_steps(int32_t *total, int32_t more)
{
    *total = more > INT32_MAX - *total ? INT32_MAX : *total + more;
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
    add(&total->import_j, one->import_j);
    add(&total->export_j, one->export_j);
    add(&total->load_j, one->load_j);
    add(&total->generation_j, one->generation_j);
    add(&total->charge_j, one->charge_j);
    add(&total->discharge_j, one->discharge_j);
    add(&total->losses_j, one->losses_j);
    add(&total->unserved_j, one->unserved_j);
    add(&total->curtailed_j, one->curtailed_j);
    add(&total->cost_u, one->cost_u);
    add(&total->revenue_u, one->revenue_u);
    add(&total->wear_u, one->wear_u);
    add(&total->fuel_u, one->fuel_u);
    add(&total->demand_u, one->demand_u);
    add(&total->carbon_mg, one->carbon_mg);
    add(&total->carbon_credit_mg, one->carbon_credit_mg);
    add_steps(&total->suspect_steps, one->suspect_steps);
    add_steps(&total->steps, one->steps);
}

/* Nonsense from the field (a gigawatt for a year) must not overflow what is summed for years. */
static int64_t whole(double value)
{
    static const double most = 1e15;
    return llround(value > most ? most : value < -most ? -most : value);
}

/* The running interval in whole units, as of now. */
static void running_round(sg_meter *self)
{
    sg_settlement *r = &self->running;
    const double *sum = self->sum;
    r->import_j = whole(sum[IMPORT]);
    r->export_j = whole(sum[EXPORT]);
    r->load_j = whole(sum[LOAD]);
    r->generation_j = whole(sum[GENERATION]);
    r->charge_j = whole(sum[CHARGE]);
    r->discharge_j = whole(sum[DISCHARGE]);
    r->losses_j = whole(sum[LOSSES]);
    r->unserved_j = whole(sum[UNSERVED]);
    r->curtailed_j = whole(sum[CURTAILED]);
    r->cost_u = whole(sum[COST] * 1e6);
    r->revenue_u = whole(sum[REVENUE] * 1e6);
    r->wear_u = whole(sum[WEAR] * 1e6);
    r->fuel_u = whole(sum[FUEL] * 1e6);
    r->carbon_mg = whole(sum[CARBON] * 1e6);
    r->carbon_credit_mg = whole(sum[CREDIT] * 1e6);
}

/* The month's charge grows by what this interval lifts its peak. After a silence the registers bring the energy of more than one
 * interval at once: its power is the mean over all the time that they cover. */
static void demand_account(sg_meter *self)
{
    sg_settlement *r = &self->running;
    int64_t month = sg_month_of(r->start_us, self->zone_us);
    if (month != self->month) {
        self->month = month;
        self->peak_w = 0;
    }
    int64_t length_us = r->end_us - r->start_us, covered_us = self->read_us - self->covered_from_us;
    double mean_w =
        (double)r->import_j / ((double)(covered_us > length_us ? covered_us : length_us) * 1e-6);
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
        self->covered_from_us = self->import_register_j >= 0 ? self->read_us : time_us;
    }
    if (step->registers_good) {
        double import_j = advance(&self->import_register_j, step->import_register_j,
                                  most_j(self, step->import_w_max, time_us, dt_s));
        double export_j = advance(&self->export_register_j, step->export_register_j,
                                  most_j(self, step->export_w_max, time_us, dt_s));
        self->read_us = time_us;
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
