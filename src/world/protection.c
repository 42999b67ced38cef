#include "world/protection.h"

#include <math.h>

/* Is the breaker itself closed? */
static bool closed(const sg_protection *self, int n)
{
    return self->state[n] == SG_BREAKER_CLOSED || self->state[n] == SG_BREAKER_DARK;
}

/* Open breakers hand over to their partners as long as those are closed; what is below a dark node is dark. Parents come first. */
static void settle(sg_protection *self)
{
    for (int n = 0; n < self->plant->node_count; n++) {
        int parent = self->plant->node_parent[n], partner = self->plant->node_partner[n];
        if (!closed(self, n)) {
            bool moved = partner >= 0 && closed(self, partner);
            self->state[n] = moved ? SG_BREAKER_MOVED : SG_BREAKER_OPEN;
        } else if (n > 0) {
            self->state[n] = self->state[parent] > 0 ? SG_BREAKER_DARK : SG_BREAKER_CLOSED;
        }
    }
}

void sg_protection_open(sg_protection *self, int n)
{
    self->state[n] = SG_BREAKER_OPEN;
    settle(self);
}

/* V_r = V_s - R P_s / V_s along each cable, per unit; exact for a power factor of one. */
static void voltages(sg_protection *self, const double *in_w)
{
    for (int n = 0; n < self->plant->node_count; n++) {
        const sg_node *node = &self->site->nodes[n];
        double supply_pu = n > 0 ? self->pu[node->parent] : 1;
        double ohm_per_v2 =
            node->voltage_v > 0 ? node->loss_ohm / (node->voltage_v * node->voltage_v) : 0;
        self->pu[n] = fmax(supply_pu - ohm_per_v2 * in_w[n] / supply_pu, 0.1);
    }
}

void sg_protection_step(sg_protection *self, const double *in_w, double dt_s)
{
    voltages(self, in_w);
    bool opened = false;
    for (int n = 0; n < self->plant->node_count; n++) {
        int partner = self->plant->node_partner[n];
        bool both = partner >= 0 && self->state[partner] == SG_BREAKER_MOVED;
        self->carried_w[n] = !closed(self, n) ? 0 : in_w[n] + (both ? in_w[partner] : 0);
    }
    for (int n = 0; n < self->plant->node_count; n++) {
        const sg_node *node = &self->site->nodes[n];
        if (!node->curve) {
            continue;
        }
        double supply_pu = n > 0 ? self->pu[node->parent] : 1;
        double multiple = fabs(self->carried_w[n]) / (node->breaker_w * supply_pu);
        self->heat[n] = sg_breaker_heat(&node->trip, self->heat[n], multiple, dt_s);
        self->heat_worst = fmax(self->heat_worst, self->heat[n]);
        if (self->heat[n] >= 1 && closed(self, n)) {
            self->state[n] = SG_BREAKER_OPEN;
            self->trips++;
            opened = true;
        }
        self->heat[n] = self->heat[n] < 1 ? self->heat[n] : 1 - 0x1p-53; /* it cools once open */
    }
    if (opened) {
        settle(self);
    }
}
