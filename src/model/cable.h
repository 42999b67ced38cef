/* cable.h - resistance of cables, and the voltage and power that are lost in them.
 *
 * Resistance  at 20 degC from IEC 60228 class 2 (stranded; the largest that the standard allows), or rho / section; with
 *             temperature R = R20 (1 + alpha (T - 20 degC)).
 * Drop        direct current 2 l I R; one phase 2 l I (R cos + X sin); three phases sqrt(3) l I (R cos + X sin), line to line:
 *             IEC 60364-5-52 annex G. Loss 2 l R I^2, three phases 3 l R I^2.
 * Units       ohm/m of one conductor, m of the way in one direction, V line to line (between the two conductors else).
 * Sign        power > 0 flows away from the source. A lagging load has a power factor above zero, a leading one below.
 * Limits      the drop is the first-order one (its error is about the square of the drop); no skin effect (2 % at 300 mm2 and
 *             50 Hz), no capacitance, no heating by the load: the conductor's temperature is given. */
#ifndef SG_MODEL_CABLE_H
#define SG_MODEL_CABLE_H
#include <stdbool.h>

typedef enum sg_cable_system {
    SG_CABLE_DC,
    SG_CABLE_ONE_PHASE,
    SG_CABLE_THREE_PHASE
} sg_cable_system;
typedef enum sg_cable_metal { SG_CABLE_COPPER, SG_CABLE_ALUMINIUM } sg_cable_metal;

/* IEC 60228 class 2 at 20 degC, plain wires; NAN where the standard has no such section.
 * @effects alloc=no block=no fails=never */
double sg_cable_table_ohm_per_m(sg_cable_metal metal, double section_m2);

/* From the resistivity at 20 degC: 1/58 and 1/35.38 ohm mm2/m. @effects alloc=no block=no fails=never */
double sg_cable_ideal_ohm_per_m(sg_cable_metal metal, double section_m2);

/* R / R20. @effects alloc=no block=no fails=never */
double sg_cable_warmth(sg_cable_metal metal, double temperature_degc);

typedef struct sg_cable {
    sg_cable_system system;
    double voltage_v;   /* nominal, > 0 */
    double length_m;    /* one way */
    double r_ohm_per_m; /* of one conductor, at its temperature */
    double x_ohm_per_m; /* unused with direct current */
} sg_cable;

/* The current of a power at nominal voltage; power_factor -1..1, not 0, unused with direct current.
 * @effects alloc=no block=no fails=never */
double sg_cable_current_a(const sg_cable *self, double power_w, double power_factor);

/* Voltage lost along the cable at a current (its sign is the power's). @effects alloc=no block=no fails=never */
double sg_cable_drop_v(const sg_cable *self, double current_a, double power_factor);

/* @effects alloc=no block=no fails=never */
double sg_cable_loss_w(const sg_cable *self, double current_a);
#endif
