#include "model/operators.h"

#include <math.h>

bool sg_operator_allowed(double efficiency)
{
    return efficiency >= 0 && efficiency <= 1;
}

double sg_operator_transfer_efficiency(double source_time, double target_time, double base_frac,
                                       double decay, bool quantum)
{
    double dt = fabs(target_time - source_time);
    double base = base_frac * exp(-decay * dt);
    return quantum ? base * (1.0 + 0.1 * log(1 + dt)) : base;
}

double sg_operator_shifted_j(double energy_j, double eta, double decay, double dt, double quantum)
{
    return energy_j * eta * exp(-decay * fabs(dt)) * quantum;
}

double sg_operator_conduit_efficiency(double base, double quantum, double temporal, double distance,
                                      double load)
{
    return base * quantum * temporal * distance * load;
}

double sg_operator_capacity_j(const double *weight, const double *capacity_j, const double *eta,
                              const double *coupling, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++) {
        sum += weight[i] * capacity_j[i] * eta[i] * coupling[i];
    }
    return sum;
}

double sg_operator_sync_bound_s(double energy_min_j)
{
    const double hbar_js = 1.0545718176461565e-34; /* h / 2 pi, exact h of 2019 */
    return hbar_js / (2 * energy_min_j);
}

static double potential_w(const sg_operator_field *field, size_t instant)
{
    double sum = 0;
    for (size_t c = 0, at = instant * field->cells; c < field->cells; c++, at++) {
        sum += field->density_j_m3[at] * field->state[at] * field->efficiency[at] *
               field->volume_m3[c];
    }
    return sum;
}

double sg_operator_energy_potential_j(const sg_operator_field *field)
{
    double sum = 0, before = field->instants > 0 ? potential_w(field, 0) : 0;
    for (size_t t = 1; t < field->instants; t++) {
        double now = potential_w(field, t);
        sum += (before + now) / 2 * (field->time_s[t] - field->time_s[t - 1]);
        before = now;
    }
    return sum;
}

sg_operator_moved sg_operator_put(sg_operator_store *self, double amount_j)
{
    double room_j = self->capacity_j - self->level_j;
    double storable_j = amount_j > room_j ? room_j : amount_j;
    sg_operator_moved ret = {storable_j * self->efficiency,
                             amount_j > room_j ? amount_j - room_j : 0};
    self->level_j += ret.moved_j;
    return ret;
}

sg_operator_moved sg_operator_take(sg_operator_store *self, double amount_j)
{
    double held_j = self->level_j;
    double taken_j = amount_j > held_j ? held_j : amount_j;
    sg_operator_moved ret = {taken_j * self->efficiency, amount_j > held_j ? amount_j - held_j : 0};
    self->level_j -= taken_j;
    return ret;
}

double sg_operator_total_capacity_j(const sg_operator_store *stores, const double *weight,
                                    double coupling)
{
    enum { N = SG_OPERATOR_DIMENSIONS };
    double matrix = 0, sum = 0;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            matrix += i == j ? 1.0 : coupling;
        }
    }
    double factor = matrix / (N * N);
    for (int i = 0; i < N; i++) {
        sum += weight[i] * stores[i].capacity_j * stores[i].efficiency * factor;
    }
    return sum;
}
