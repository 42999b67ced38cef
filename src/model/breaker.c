#include "model/breaker.h"

#include "base/check.h"
#include "model/model.h"

#include <math.h>

/* dial (a / (m^p - 1) + b) */
static const struct {
    double a, b, p;
} inverse[] = {
    [SG_BREAKER_IEC_SI] = {0.14, 0, 0.02},    [SG_BREAKER_IEC_VI] = {13.5, 0, 1},
    [SG_BREAKER_IEC_EI] = {80, 0, 2},         [SG_BREAKER_IEEE_MI] = {0.0515, 0.114, 0.02},
    [SG_BREAKER_IEEE_VI] = {19.61, 0.491, 2}, [SG_BREAKER_IEEE_EI] = {28.2, 0.1217, 2},
};

double sg_breaker_tau_s(double trip_200_s)
{
    return trip_200_s / 0.287682072451780927; /* ln(4/3) */
}

double sg_breaker_left_s(const sg_breaker *self, double heat_frac, double multiple)
{
    double m = fabs(multiple);
    if (heat_frac >= 1 || (self->instantaneous > 0 && m >= self->instantaneous)) {
        return 0;
    }
    if (!(m > 1)) {
        return INFINITY;
    }
    if (self->curve == SG_BREAKER_UL489) {
        /* ln((m2 - h) / (m2 - 1)) */
        return self->tau_s * log1p((1 - heat_frac) / (m * m - 1));
    }
    double over = expm1(inverse[self->curve].p * log(m)); /* m^p - 1 */
    return (1 - heat_frac) * self->dial * (inverse[self->curve].a / over + inverse[self->curve].b);
}

double sg_breaker_trip_s(const sg_breaker *self, double multiple)
{
    return sg_breaker_left_s(self, 0, multiple);
}

double sg_breaker_heat(const sg_breaker *self, double heat_frac, double multiple, double dt_s)
{
    double m = fabs(multiple);
    if (sg_breaker_left_s(self, heat_frac, m) <= dt_s) {
        return 1;
    }
    double next = 0, below_one = 1 - 0x1p-53; /* not yet tripped, whatever rounding says */
    if (self->curve == SG_BREAKER_UL489) {
        next = heat_frac - (m * m - heat_frac) * expm1(-dt_s / self->tau_s);
    } else if (m > 1) {
        next = heat_frac + dt_s / sg_breaker_trip_s(self, m);
    } else {
        next = heat_frac * exp(-dt_s / self->tau_s);
    }
    return next < below_one ? next : below_one;
}

static const double multiple_max =
    1000; /* where a relay's curve would allow any current for so long */

double sg_breaker_multiple_below(const sg_breaker *self, double heat_frac, double bound_frac,
                                 double dt_s)
{
    double left_frac = bound_frac - heat_frac;
    double held = self->curve == SG_BREAKER_UL489 ? sqrt(bound_frac) : 1, multiple = held;
    if (left_frac > 0 && self->curve == SG_BREAKER_UL489) {
        /* bound = m2 - (m2 - h) exp(-dt / tau) */
        double over = left_frac / expm1(dt_s / self->tau_s);
        multiple = sqrt(bound_frac + over);
    } else if (left_frac > 0) {
        /* dt = left dial (a / (m^p - 1) + b) */
        double spare_s = dt_s / (left_frac * self->dial) - inverse[self->curve].b;
        double over = spare_s > 0 ? inverse[self->curve].a / spare_s : (double)INFINITY;
        multiple = exp(log1p(over) / inverse[self->curve].p);
    }
    double most = self->instantaneous > 0 ? self->instantaneous : multiple_max;
    multiple *= 1 - 1e-12; /* rounding stays on the side that lasts */
    multiple = multiple < held ? held : multiple;
    return multiple < most ? multiple : most * (1 - 1e-9);
}

double sg_breaker_multiple(const sg_breaker *self, double heat_frac, double dt_s)
{
    return sg_breaker_multiple_below(self, heat_frac, 1, dt_s);
}

double sg_breaker_ul489_max_s(double rating_a, double multiple)
{
    static const double upto_a[] = {30, 50, 100, 150, 225, 400, 600, 800, 1000, 1200, 1600, 2000};
    static const double minutes[] = {2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26};
    if (multiple < 1.35) {
        return INFINITY;
    }
    if (multiple < 2) {
        return rating_a <= 50 ? 3600 : 7200;
    }
    int i = 0;
    while (i < SG_COUNT(upto_a) && rating_a > upto_a[i]) {
        i++;
    }
    return minutes[i] * 60;
}

/* --- the model --- */

enum { CURVE, RATING, TRIP_200, DIAL, RESET_TIME, INSTANTANEOUS, CONTINUOUS, PARAM_COUNT };
enum { CURRENT, RESET, INPUT_COUNT };
enum { HEAT, TRIPPED, LEFT, CARRIED, CONTINUOUS_FRAC, OUTPUT_COUNT };
enum { STATE_HEAT, STATE_TRIPPED, STATE_COUNT };
#define FOREVER_S 1e9

static const sg_param params[PARAM_COUNT] = {
    [CURVE] = {"curve", SG_DIM_NONE, 0, 0, 6, SG_BREAKER_CURVES, "of the trip",
               "UL 489; IEC 60255-151; IEEE C37.112"},
    [RATING] = {"rating", SG_DIM_CURRENT, 30, 1e-3, 1e6, NULL, "rated current, or a relay's pickup",
                ""},
    [TRIP_200] = {"trip_at_200", SG_DIM_TIME, 60, 0.1, 3600, NULL,
                  "curve ul489: trip from cold at twice the rating",
                  "assumption; UL 489 allows 2 min up to 30 A"},
    [DIAL] = {"dial", SG_DIM_NONE, 1, 0.01, 100, NULL, "relays: time multiplier", ""},
    [RESET_TIME] = {"reset_time", SG_DIM_TIME, 30, 0.1, 1e5, NULL,
                    "relays: time constant of the heat below pickup", "assumption"},
    [INSTANTANEOUS] = {"instantaneous", SG_DIM_NONE, 0, 0, 1000, NULL,
                       "multiple of the rating that trips at once; 0: none", ""},
    [CONTINUOUS] = {"continuous", SG_DIM_FRACTION, 0.8, 0.1, 1, NULL,
                    "of the rating, for loads of three hours and more; 100 % where so listed",
                    "UL 489 and NEC 210.20"},
};

static const sg_input inputs[INPUT_COUNT] = {
    [CURRENT] = {"current", SG_DIM_CURRENT, NAN, "that the circuit asks for"},
    [RESET] = {"reset", SG_DIM_NONE, 0, "above 0.5: a tripped breaker closes before the step"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [HEAT] = {"heat_frac", "", "at the end of the step; 1: trips"},
    [TRIPPED] = {"tripped", "", "1: open"},
    [LEFT] = {"time_left_s", "s", "to the trip at this current; 1e9: none; 0: open"},
    [CARRIED] = {"carried_frac", "1", "part of the step that the breaker was closed"},
    [CONTINUOUS_FRAC] = {"continuous_frac", "1",
                         "current per continuous rating; above 1: less than three hours only"},
};

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    sg_breaker b = {.curve = (sg_breaker_curve)(int)p[CURVE],
                    .dial = p[DIAL],
                    .instantaneous = p[INSTANTANEOUS]};
    b.tau_s = b.curve == SG_BREAKER_UL489 ? sg_breaker_tau_s(p[TRIP_200]) : p[RESET_TIME];
    double heat = state[STATE_HEAT], dt_s = now->dt_s, carried_s = 0;
    double multiple = fabs(in[CURRENT]) / p[RATING];
    bool tripped = state[STATE_TRIPPED] > 0.5 && !(in[RESET] > 0.5);
    (void)self;
    if (!tripped) {
        double left_s = sg_breaker_left_s(&b, heat, multiple);
        tripped = left_s <= dt_s;
        carried_s = tripped ? left_s : dt_s;
        bool at_once = b.instantaneous > 0 && multiple >= b.instantaneous;
        heat = at_once ? heat : sg_breaker_heat(&b, heat, multiple, dt_s);
    }
    if (tripped && carried_s < dt_s) {
        heat = sg_breaker_heat(&b, heat < 1 ? heat : 1 - 0x1p-53, 0, dt_s - carried_s);
    }
    double left_s = tripped ? 0 : sg_breaker_left_s(&b, heat, multiple);
    out[HEAT] = heat;
    out[TRIPPED] = tripped;
    out[LEFT] = left_s < FOREVER_S ? left_s : FOREVER_S;
    out[CARRIED] = carried_s / dt_s;
    out[CONTINUOUS_FRAC] = multiple / p[CONTINUOUS];
    state[STATE_HEAT] = heat;
    state[STATE_TRIPPED] = tripped;
    return SG_OK;
}

const sg_model sg_model_breaker = {
    .name = "breaker",
    .title = "heat and trip of a circuit breaker or overcurrent relay",
    .source = "UL 489; IEC 60255-151; IEEE C37.112",
    .limits = "one pole and ambient; the standards' tolerance bands are not drawn; a relay forgets "
              "load below pickup; UL 489 bounds the time to trip only from above: set trip_at_200 "
              "from the maker's curve",
    .example = "current=25..75 dt_s=2",
    .needs = SG_NEEDS_DT,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .state_count = STATE_COUNT,
    .step = step,
};
