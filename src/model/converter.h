/* converter.h - losses of power supplies, uninterruptible supplies and DC-DC converters.
 *
 * Method   the loss, not the efficiency, is interpolated over the load: an efficiency curve through published points says
 *          little about light load, and a parabola through three of them can make the loss fall with load. Below the first and
 *          above the last point the loss goes on along the nearest segment, and never below zero. Or loss = a + b x + c x^2.
 * Units    W; loads and losses as fractions of the rated output. x is the load at the output.
 * Sign     power > 0 leaves side B (the load's), < 0 enters it. In both directions: power at A = power at B + loss.
 * Source   80 PLUS programme tables; Liebert APM manual for overload.
 * Limits   stationary; no temperature, input voltage or fan steps; a table is the floor of a certificate, not a device. */
#ifndef SG_MODEL_CONVERTER_H
#define SG_MODEL_CONVERTER_H
#include <stdbool.h>

enum { SG_CONVERTER_POINTS_MAX = 8 };

typedef struct sg_converter {
    double rated_w;                                      /* > 0 */
    int point_count;                                     /* >= 2, or 0: the parabola */
    double load_frac[SG_CONVERTER_POINTS_MAX];           /* rising */
    double loss_frac[SG_CONVERTER_POINTS_MAX];           /* not falling */
    double no_load_frac, proportional_frac, square_frac; /* of the parabola, >= 0 */
} sg_converter;

/* The curves by index of the names; "parabola_*" and "table" have figures of the caller. */
#define SG_CONVERTER_CURVES                                                                  \
    "bronze_230v|silver_230v|gold_230v|platinum_230v|titanium_230v|base_115v|bronze_115v|"   \
    "silver_115v|gold_115v|platinum_115v|titanium_115v|base_eu|bronze_eu|silver_eu|gold_eu|" \
    "platinum_eu|titanium_eu|ups_double_conversion|ups_eco|parabola|table"
typedef enum sg_converter_curve {
    SG_CONVERTER_80PLUS_FIRST = 0,
    SG_CONVERTER_80PLUS_LAST = 16,
    SG_CONVERTER_UPS_DOUBLE,
    SG_CONVERTER_UPS_ECO,
    SG_CONVERTER_PARABOLA,
    SG_CONVERTER_TABLE
} sg_converter_curve;

/* One of the 80 PLUS tables or UPS curves; the other two are filled in by hand.
 * @effects alloc=no block=no fails=never */
void sg_converter_preset(sg_converter *ret, sg_converter_curve curve, double rated_w);

/* A table from efficiencies, 0 < efficiency <= 1, at rising loads > 0. @effects alloc=no block=no fails=never */
void sg_converter_from_efficiency(sg_converter *ret, double rated_w, int count,
                                  const double *load_frac, const double *efficiency);

/* At an output of >= 0. @effects alloc=no block=no fails=never */
double sg_converter_loss_w(const sg_converter *self, double output_w);

/* The output that an input of >= 0 gives: output + loss = input; < 0 where the input is less than the loss without load: the
 * output's side then feeds a part of it. @effects alloc=no block=no fails=never */
double sg_converter_output_w(const sg_converter *self, double input_w);

/* Power at side A for one at side B. @effects alloc=no block=no fails=never */
double sg_converter_other_side_w(const sg_converter *self, double power_w);

/* How long a UPS carries a load before it goes to bypass: without end (INFINITY) up to its rating, 60 min up to 110 %, 10 min
 * up to 125 %, 1 min up to 150 %, 0.2 s above. @effects alloc=no block=no fails=never */
double sg_ups_overload_s(double load_frac);
#endif
