/* cooling.h - heat out of a hall: a water chiller by curves, sea water where it is cold enough, pumps and fans.
 *
 * Units    W, degC, fractions. Heat and power are magnitudes >= 0.
 * Memory   pure functions and const tables.
 * Source   DOE-2 electric chiller: P = Q_ref CAPFT EIRFT EIRFPLR / COP_ref, PLR = Q / (Q_ref CAPFT); CAPFT and EIRFT biquadratic
 *          in leaving chilled and entering condenser water, EIRFPLR quadratic (DOE-2 Engineers Manual; EnergyPlus Engineering
 *          Reference, Chiller:Electric:EIR; coefficients of its data set Chillers.idf, "DOE-2 centrifugal, COP 5.5").
 * Limits   steady state. Curves are not extrapolated by the models: the caller of the functions sees to the range. */
#ifndef SG_MODEL_COOLING_H
#define SG_MODEL_COOLING_H
#include <stdbool.h>

typedef struct sg_chiller_curves {
    double capft
        [6]; /* 1, x, x2, y, y2, xy: x leaving chilled water, y entering condenser water, degC */
    double eirft[6];
    double eirfplr[3]; /* 1, PLR, PLR2 */
    double cop_ref;
} sg_chiller_curves;

extern const sg_chiller_curves sg_chiller_doe2_centrifugal;

/* CAPFT or EIRFT. @effects alloc=no block=no fails=never */
double sg_chiller_biquadratic(const double c[6], double leaving_degc, double entering_degc);

/* Most heat that it takes, W. @effects alloc=no block=no fails=never */
double sg_chiller_capacity_w(const sg_chiller_curves *curves, double rated_w, double leaving_degc,
                             double entering_degc);

/* Electrical power for heat_w, which the capacity limits. Below plr_min the compressor cycles: power in proportion to heat.
 * @effects alloc=no block=no fails=never */
double sg_chiller_power_w(const sg_chiller_curves *curves, double rated_w, double leaving_degc,
                          double entering_degc, double plr_min, double heat_w);

/* A pump or fan behind a variable-speed drive: cube of the flow, not below flow_min_frac; 0 at no flow.
 * @effects alloc=no block=no fails=never */
double sg_pump_power_w(double rated_w, double flow_min_frac, double flow_frac);

enum sg_cooling_mode { SG_COOLING_OFF, SG_COOLING_SEA, SG_COOLING_MIXED, SG_COOLING_CHILLER };

typedef struct sg_sea_cooling {
    double rated_w;     /* heat that heat exchanger, pumps and chiller are made for       */
    double supply_degc; /* of the water that goes to the hall                              */
    double rise_k;      /* of that water in the hall, at any load                          */
    double approach_k;  /* of the heat exchanger (and of the condenser) to the sea         */
    double pump_frac;   /* power of all pumps and fans at full flow, of rated_w            */
    double flow_min_frac;
    double plr_min;
    double condenser_min_degc, leaving_max_degc; /* ends of the curves: held there          */
    bool mixed; /* sea water takes what it can before the chiller takes the rest            */
} sg_sea_cooling;

typedef struct sg_cooling_result {
    double chiller_w, pump_w, unmet_w; /* unmet: heat beyond what the chiller takes */
    double cop;                        /* heat removed over all power; 0 when off   */
    enum sg_cooling_mode mode;
} sg_cooling_result;

/* @effects alloc=no block=no fails=never */
void sg_sea_cooling_run(const sg_sea_cooling *self, const sg_chiller_curves *curves, double heat_w,
                        double sea_degc, sg_cooling_result *ret);
#endif
