/* electrodialysis.h - reverse electrodialysis: power from salt water and fresh water between ion-exchange membranes.
 *
 * The two waters flow side by side through a pair of channels (co-current). The pair is cut along the flow into well-mixed
 * segments that share one voltage, for the electrodes are equipotential. Each segment is solved for its own outlet, so that
 * the voltage it works against is that of the waters that leave it.
 *
 * Law      What reaches the electrodes is never more than half of what mixing the two waters sets free, whatever the
 *          parameters, while the dilute stream carries less salt than the concentrated one and no more water: work = V n F, n
 *          the salt moved; V is at most E(n), the reversible voltage of the outlet; E falls and is convex in n; so V n F is a
 *          rectangle under a convex curve and at most half of the area below it. Permselectivity acts on voltage and
 *          on salt moved per charge alike (Onsager), so it cannot break this; leakage of salt and losses only take away.
 * Units    SI; areas are those of one membrane of the pair: powers are W per m2 of cell pair.
 * Memory   plain values; nothing is allocated. Pure.
 * Source   Veerman et al. 2009, J. Membrane Sci. 327, 136 and 2011, Chem. Eng. J. 166, 256; Vermaas et al. 2012, Energy
 *          Environ. Sci. 5, 7015 (net power). Activities: Pitzer, see seawater.h.
 * Limits   NaCl; no water transport; counter-current flow, which can pass the half, is not covered. */
#ifndef SG_MODEL_ELECTRODIALYSIS_H
#define SG_MODEL_ELECTRODIALYSIS_H
#include "model/seawater.h"

enum { SG_RED_SEGMENTS = 8 };

/* Nernst potential of a cell pair, V; molalities > 0. With activity false the solutions are ideal.
 * @effects alloc=no block=no fails=never */
double sg_red_voltage_v(double concentrated, double dilute, double temp_degc,
                        double permselectivity, int activity);

/* W per m2 of cell pair into a load of that resistance, and at best. r > 0. @effects alloc=no block=no fails=never */
double sg_red_load_w_m2(double voltage_v, double r_ohm_m2, double load_ohm_m2);
double sg_red_matched_w_m2(double voltage_v, double r_ohm_m2);

/* Laminar flow through an open slit, Pa. @effects alloc=no block=no fails=never */
double sg_slit_pressure_pa(double viscosity_pa_s, double length_m, double speed_ms, double gap_m);

typedef struct sg_red_stack {
    double length_m;             /* of the channels, along the flow, > 0                          */
    double gap_salt_m;           /* between the membranes, > 0                                    */
    double gap_fresh_m;          /* > 0                                                           */
    double membranes_ohm_m2;     /* both membranes of a pair, >= 0                                */
    double boundary_ohm_m2;      /* boundary layers, >= 0                                         */
    double permselectivity_frac; /* mean of both membranes, 0 < x <= 1                            */
    double spacer_open_frac;     /* of the channel that conducts, 0 < x <= 1                      */
    double spacer_drag;          /* pressure drop over that of an open slit, >= 1                 */
    double leak_ms;              /* salt permeability of a pair of membranes, >= 0                */
    double pump_eff;             /* 0 < x <= 1                                                    */
    double electrode_v;          /* lost at the electrodes, per cell pair, >= 0                   */
    double health_frac;          /* of the gross power that fouling, age and foreign ions leave   */
} sg_red_stack;

/* The stack that the model's presets describe, with healthy membranes and pure NaCl (health_frac 1). */
void sg_red_preset(sg_red_stack *ret);

typedef struct sg_red_feed {
    double salt_molality, fresh_molality; /* mol/kg; salt > fresh > 0 for power to come out */
    double salt_ms, fresh_ms;             /* speed of the water in its channel, > 0         */
    double temp_degc;
} sg_red_feed;

typedef struct sg_red_result {
    double open_v;                        /* of a cell pair at the inlet                         */
    double r_ohm_m2;                      /* of a cell pair at the inlet                         */
    double load_v;                        /* of a cell pair                                      */
    double current_a_m2;                  /* mean                                                */
    double gross_w_m2;                    /* at the bus, before the pumps                        */
    double pump_w_m2;                     /* of both                                             */
    double net_w_m2;                      /* gross - pump, may be below zero                     */
    double mixing_w_m2;                   /* Gibbs energy of mixing of what flows through        */
    double released_w_m2;                 /* the part of it that was used up inside              */
    double salt_molality, fresh_molality; /* at the outlet                        */
    double fresh_m3_s_m2;                 /* fresh water that it takes                           */
} sg_red_result;

/* At a load voltage of load_frac (0 to 1) of the open-circuit voltage; 0.5 is the matched load of a stack that its own
 * current does not discharge. Waters that cannot give power (salt <= fresh, fresh <= 0) yield pump power alone.
 * @effects alloc=no block=no fails=never */
void sg_red_run(const sg_red_stack *self, const sg_red_feed *feed, double load_frac,
                sg_red_result *ret);

/* Shares of the gross power left. Fouling settles towards 1 - worst, by 63 % within settle_s; age takes a share a year.
 * @effects alloc=no block=no fails=never */
double sg_red_fouling_frac(double worst_frac, double settle_s, double since_cleaning_s);
double sg_red_fouling_mean_frac(double worst_frac, double settle_s, double cycle_s);
double sg_red_age_frac(double loss_per_s, double age_s);
#endif
