#include "model/leaky.h"

#include "model/decay.h"

double sg_leaky_step(const sg_leaky *self, double request_w, double dt_s, double *held_j,
                     double *ret_loss_j)
{
    double span_s = sg_decay_span_s(self->rate_per_s, dt_s);
    double before_j = *held_j;
    double kept_j = before_j * sg_decay_keep_frac(self->rate_per_s, dt_s) - self->drain_w * span_s;
    double power_w = 0, flow_w = 0;
    if (request_w > 0 && kept_j > 0) {
        double spare_w = kept_j / span_s * self->discharge_frac;
        power_w = request_w < self->discharge_w_max ? request_w : self->discharge_w_max;
        power_w = power_w < spare_w ? power_w : spare_w;
        flow_w = power_w / self->discharge_frac;
    } else if (request_w < 0 && kept_j < self->capacity_j) {
        double room_w = (self->capacity_j - kept_j) / span_s / self->charge_frac;
        double take_w = -request_w < self->charge_w_max ? -request_w : self->charge_w_max;
        power_w = -(take_w < room_w ? take_w : room_w);
        flow_w = power_w * self->charge_frac;
    }
    double next_j = kept_j - flow_w * span_s;
    next_j = next_j > 0 ? next_j : 0;
    next_j = next_j < self->capacity_j ? next_j : self->capacity_j;
    *held_j = next_j;
    *ret_loss_j = before_j - next_j - power_w * dt_s;
    return power_w;
}
