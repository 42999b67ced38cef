/* breaker.h - how hot a breaker or relay is, and when it trips, under a current that changes.
 *
 * Curves   IEC 60255-151 standard, very and extremely inverse: t = dial k / (m^a - 1); IEEE C37.112 moderately, very and
 *          extremely inverse: t = dial (A / (m^p - 1) + B); m = current / pickup.
 *          Thermal-magnetic (UL 489): a body with one time constant, dh/dt = (m^2 - h) / tau, trips at h = 1: held for ever at
 *          100 %, and t = tau ln(m^2 / (m^2 - 1)) from cold.
 * Heat     h as a fraction of the trip. Relays: dh/dt = 1 / t(m) above pickup (IEEE C37.112 section 4), h falls with a time
 *          constant below it. Exact for a constant current, whatever the step.
 * Units    A as multiples of pickup or rating, s. The sign of a current does not matter.
 * Limits   one pole, one ambient; a relay forgets load below pickup; the standards' tolerance bands are not drawn. */
#ifndef SG_MODEL_BREAKER_H
#define SG_MODEL_BREAKER_H
#include <stdbool.h>

#define SG_BREAKER_CURVES "ul489|iec_si|iec_vi|iec_ei|ieee_mi|ieee_vi|ieee_ei"
typedef enum sg_breaker_curve {
    SG_BREAKER_UL489,
    SG_BREAKER_IEC_SI,
    SG_BREAKER_IEC_VI,
    SG_BREAKER_IEC_EI,
    SG_BREAKER_IEEE_MI,
    SG_BREAKER_IEEE_VI,
    SG_BREAKER_IEEE_EI
} sg_breaker_curve;

typedef struct sg_breaker {
    sg_breaker_curve curve;
    double dial;  /* time multiplier of a relay, > 0; unused for UL489 */
    double tau_s; /* time constant: of heating and cooling for UL489, of reset for relays; > 0 */
    double instantaneous; /* multiple that trips at once; 0: none */
} sg_breaker;

/* Time constant of a thermal-magnetic breaker that trips from cold at twice its rating in that time.
 * @effects alloc=no block=no fails=never */
double sg_breaker_tau_s(double trip_200_s);

/* Seconds to trip from cold at a constant multiple; INFINITY at or below 1, 0 at the instantaneous trip.
 * @effects alloc=no block=no fails=never */
double sg_breaker_trip_s(const sg_breaker *self, double multiple);

/* Seconds left from a heat below 1. @effects alloc=no block=no fails=never */
double sg_breaker_left_s(const sg_breaker *self, double heat_frac, double multiple);

/* Heat after dt_s at a constant multiple; 1 when it trips within. @effects alloc=no block=no fails=never */
double sg_breaker_heat(const sg_breaker *self, double heat_frac, double multiple, double dt_s);

/* The multiple that may last for dt_s before the heat reaches bound_frac of the trip, 0 < bound_frac <= 1: the inverse of the
 * curve, in closed form. At least the multiple that is held for ever below the bound (ul489: sqrt(bound); relays: 1), also
 * from a heat above it; less than `instantaneous`. @effects alloc=no block=no fails=never */
double sg_breaker_multiple_below(const sg_breaker *self, double heat_frac, double bound_frac,
                                 double dt_s);

/* The same up to the trip: what an overloaded feeder can still carry, at least 1. @effects alloc=no block=no fails=never */
double sg_breaker_multiple(const sg_breaker *self, double heat_frac, double dt_s);

/* UL 489: the longest time to trip from cold at 135 % and 200 % of the rating; the limits above 50 A (135 %) and 30 A (200 %)
 * are recalled. INFINITY below 135 %. @effects alloc=no block=no fails=never */
double sg_breaker_ul489_max_s(double rating_a, double multiple);
#endif
