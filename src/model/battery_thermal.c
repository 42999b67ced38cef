#include "model/battery_thermal.h"

#include <math.h>
#include <stddef.h>

sg_battery_thermal sg_battery_thermal_of(double capacity_j_per_k, double conductance_w_per_k,
                                         double dt_s)
{
    double x = conductance_w_per_k * dt_s / capacity_j_per_k, whole = dt_s / capacity_j_per_k;
    double end = x > 0 ? -expm1(-x) / x : 1;
    /* the series where 1 - end would cancel */
    double mean =
        x > 1e-2 ? (1 - end) / x : 0.5 - x * (1.0 / 6 - x * (1.0 / 24 - x * (1.0 / 120 - x / 720)));
    return (sg_battery_thermal){.conductance_w_per_k = conductance_w_per_k,
                                .end_k_per_w = whole * end,
                                .mean_k_per_w = whole * mean};
}

double sg_battery_thermal_step(const sg_battery_thermal *self, double temperature_degc,
                               double heat_w, double coolant_degc, double *ret_mean_degc)
{
    double net_w = heat_w - self->conductance_w_per_k * (temperature_degc - coolant_degc);
    if (ret_mean_degc) {
        *ret_mean_degc = temperature_degc + net_w * self->mean_k_per_w;
    }
    return temperature_degc + net_w * self->end_k_per_w;
}
