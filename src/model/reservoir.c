#include "model/reservoir.h"

#include "base/check.h"

#include <math.h>

double sg_reservoir_keep_frac(const sg_reservoir *self, double dt_s)
{
    if (self->standing_loss_per_h <= 0) {
        return 1.0;
    }
    return pow(1.0 - self->standing_loss_per_h, dt_s / 3600.0);
}

double sg_reservoir_discharge_w(const sg_reservoir *self, double energy_j, double floor_j,
                                double keep_frac, double dt_s)
{
    double spare_w = (energy_j * keep_frac - floor_j) * self->discharge_eff / dt_s;
    if (!(spare_w > 0)) {
        return 0.0;
    }
    return spare_w < self->discharge_w_max ? spare_w : self->discharge_w_max;
}

double sg_reservoir_charge_w(const sg_reservoir *self, double energy_j, double keep_frac,
                             double dt_s)
{
    double room_w = (self->capacity_j - energy_j * keep_frac) / (self->charge_eff * dt_s);
    if (!(room_w > 0)) {
        return 0.0;
    }
    return room_w < self->charge_w_max ? room_w : self->charge_w_max;
}

double sg_reservoir_step(const sg_reservoir *self, double energy_j, double power_w,
                         double keep_frac, double dt_s)
{
    SG_CHECK(isfinite(power_w) && isfinite(energy_j));
    double flow_w = power_w > 0 ? -power_w / self->discharge_eff : -power_w * self->charge_eff;
    double next_j = energy_j * keep_frac + flow_w * dt_s;
    if (next_j < 0) {
        return 0.0;
    }
    return next_j > self->capacity_j ? self->capacity_j : next_j;
}
