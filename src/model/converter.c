#include "model/converter.h"

#include "base/check.h"
#include "model/model.h"

#include <math.h>

/* 80 PLUS: percent at 10, 20, 50 and 100 % of rated output; 0: not part of the certificate */
static const double plus80[SG_CONVERTER_80PLUS_LAST + 1][4] = {
    /* 230 V internal redundant: bronze, silver, gold, platinum, titanium */
    {0, 81, 85, 81},
    {0, 85, 89, 85},
    {0, 88, 92, 88},
    {0, 90, 94, 91},
    {90, 94, 96, 91},
    /* 115 V internal: base to titanium */
    {0, 80, 80, 80},
    {0, 82, 85, 82},
    {0, 85, 88, 85},
    {0, 87, 90, 87},
    {0, 90, 92, 89},
    {90, 92, 94, 90},
    /* 230 V EU internal: base to titanium */
    {0, 82, 85, 82},
    {0, 85, 88, 85},
    {0, 87, 90, 87},
    {0, 90, 92, 89},
    {0, 92, 94, 90},
    {90, 94, 96, 94},
};

void sg_converter_from_efficiency(sg_converter *ret, double rated_w, int count,
                                  const double *load_frac, const double *efficiency)
{
    *ret = (sg_converter){.rated_w = rated_w, .point_count = count};
    for (int i = 0; i < count; i++) {
        double loss = load_frac[i] * (1 / efficiency[i] - 1);
        bool falls = i > 0 && loss < ret->loss_frac[i - 1];
        ret->load_frac[i] = load_frac[i];
        ret->loss_frac[i] = falls ? ret->loss_frac[i - 1] : loss;
    }
}

void sg_converter_preset(sg_converter *ret, sg_converter_curve curve, double rated_w)
{
    static const double loads[] = {0.1, 0.2, 0.5, 1};
    if (curve <= SG_CONVERTER_80PLUS_LAST) {
        double load[4], efficiency[4];
        int count = 0;
        for (int i = 0; i < 4; i++) {
            if (plus80[curve][i] > 0) {
                load[count] = loads[i];
                efficiency[count++] = plus80[curve][i] / 100;
            }
        }
        sg_converter_from_efficiency(ret, rated_w, count, load, efficiency);
        return;
    }
    *ret = (sg_converter){.rated_w = rated_w};
    bool eco = curve == SG_CONVERTER_UPS_ECO;
    ret->no_load_frac = eco ? 0.005 : 0.012;
    ret->proportional_frac = eco ? 0.004 : 0.016;
    ret->square_frac = eco ? 0.003 : 0.012;
}

/* The segment whose line holds at a load: the nearest one outside the table. */
static void segment(const sg_converter *self, double load, bool with_loss, double *ret_slope,
                    double *ret_at_zero)
{
    int i = 1;
    while (i < self->point_count - 1 &&
           self->load_frac[i] + (with_loss ? self->loss_frac[i] : 0) < load) {
        i++;
    }
    *ret_slope = (self->loss_frac[i] - self->loss_frac[i - 1]) /
                 (self->load_frac[i] - self->load_frac[i - 1]);
    *ret_at_zero = self->loss_frac[i] - *ret_slope * self->load_frac[i];
}

double sg_converter_loss_w(const sg_converter *self, double output_w)
{
    double load = output_w / self->rated_w, loss;
    if (self->point_count == 0) {
        loss = self->no_load_frac + load * (self->proportional_frac + load * self->square_frac);
    } else {
        double slope, at_zero;
        segment(self, load, false, &slope, &at_zero);
        loss = at_zero + slope * load;
    }
    return loss > 0 ? loss * self->rated_w : 0;
}

double sg_converter_output_w(const sg_converter *self, double input_w)
{
    double load = input_w / self->rated_w, none = sg_converter_loss_w(self, 0);
    if (input_w <= none) {
        return input_w - none;
    }
    if (self->point_count > 0) {
        double slope, at_zero;
        segment(self, load, true, &slope, &at_zero);
        double output = (load - at_zero) / (1 + slope);
        return (output < load ? output : load) * self->rated_w; /* no loss below zero */
    }
    double half = (1 + self->proportional_frac) / 2, missing = load - self->no_load_frac;
    /* the root of square y^2 + 2 half y - missing that does not cancel */
    return missing / (half + sqrt(half * half + self->square_frac * missing)) * self->rated_w;
}

double sg_converter_other_side_w(const sg_converter *self, double power_w)
{
    return power_w >= 0 ? power_w + sg_converter_loss_w(self, power_w)
                        : -sg_converter_output_w(self, -power_w);
}

double sg_ups_overload_s(double load_frac)
{
    static const double upto[] = {1, 1.1, 1.25, 1.5}, time_s[] = {INFINITY, 3600, 600, 60};
    for (int i = 0; i < SG_COUNT(upto); i++) {
        if (load_frac <= upto[i]) {
            return time_s[i];
        }
    }
    return 0.2;
}

/* --- the model --- */

enum {
    CURVE,
    RATING,
    NO_LOAD,
    PROPORTIONAL,
    SQUARE,
    EFFICIENCY_10,
    EFFICIENCY_20,
    EFFICIENCY_50,
    EFFICIENCY_100,
    PARAM_COUNT
};
enum { POWER, INPUT_COUNT };
enum { EFFICIENCY, LOAD_FRAC, LOSS, OTHER_SIDE, OVERLOAD, OUTPUT_COUNT };
#define FOREVER_S 1e9

static const sg_param params[PARAM_COUNT] = {
    [CURVE] = {"curve", SG_DIM_NONE, 4, 0, 20, SG_CONVERTER_CURVES,
               "80 PLUS certificate at 230 V redundant, 115 V or 230 V EU, or UPS mode",
               "80 PLUS programme"},
    [RATING] = {"rating", SG_DIM_POWER, 3000, 1, 1e9, NULL, "output", ""},
    [NO_LOAD] = {"no_load_loss", SG_DIM_FRACTION, 0.012, 0, 0.5, NULL,
                 "curve parabola: of the rating, without load", "assumption"},
    [PROPORTIONAL] = {"proportional_loss", SG_DIM_FRACTION, 0.016, 0, 0.5, NULL,
                      "curve parabola: grows with the load", "assumption"},
    [SQUARE] = {"square_loss", SG_DIM_FRACTION, 0.012, 0, 0.5, NULL,
                "curve parabola: grows with its square", "assumption"},
    [EFFICIENCY_10] = {"efficiency_10", SG_DIM_FRACTION, 0.955, 0.01, 1, NULL,
                       "curve table: at 10 % load", "GaN or SiC DC-DC, assumption"},
    [EFFICIENCY_20] = {"efficiency_20", SG_DIM_FRACTION, 0.972, 0.01, 1, NULL,
                       "curve table: at 20 % load", "GaN or SiC DC-DC, assumption"},
    [EFFICIENCY_50] = {"efficiency_50", SG_DIM_FRACTION, 0.982, 0.01, 1, NULL,
                       "curve table: at 50 % load", "GaN or SiC DC-DC, assumption"},
    [EFFICIENCY_100] = {"efficiency_100", SG_DIM_FRACTION, 0.978, 0.01, 1, NULL,
                        "curve table: at full load", "GaN or SiC DC-DC, assumption"},
};

static const sg_input inputs[INPUT_COUNT] = {
    [POWER] = {"power", SG_DIM_POWER, NAN, "out of the load's side; < 0: into it"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [EFFICIENCY] = {"efficiency", "", "power out per power in; 0 when nothing comes out"},
    [LOAD_FRAC] = {"load_frac", "1", "output, of the rating"},
    [LOSS] = {"loss_w", "W", "heat"},
    [OTHER_SIDE] = {"other_side_w", "W", "into the other side: power + loss; < 0: out of it"},
    [OVERLOAD] = {"overload_s", "s", "a UPS carries this load so long; 1e9: without end"},
};

static void converter_of(const double *p, sg_converter *ret)
{
    static const double loads[] = {0.1, 0.2, 0.5, 1};
    sg_converter_curve curve = (sg_converter_curve)(int)p[CURVE];
    if (curve == SG_CONVERTER_TABLE) {
        sg_converter_from_efficiency(ret, p[RATING], 4, loads, &p[EFFICIENCY_10]);
    } else if (curve == SG_CONVERTER_PARABOLA) {
        *ret = (sg_converter){.rated_w = p[RATING],
                              .no_load_frac = p[NO_LOAD],
                              .proportional_frac = p[PROPORTIONAL],
                              .square_frac = p[SQUARE]};
    } else {
        sg_converter_preset(ret, curve, p[RATING]);
    }
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    sg_converter c;
    (void)self;
    (void)now;
    (void)state;
    converter_of(p, &c);
    double power_w = in[POWER], other_w = sg_converter_other_side_w(&c, power_w);
    double output_w = power_w > 0 ? power_w : other_w < 0 ? -other_w : 0;
    double overload_s = sg_ups_overload_s(output_w / c.rated_w);
    out[LOSS] = other_w - power_w;
    out[OTHER_SIDE] = other_w;
    out[LOAD_FRAC] = output_w / c.rated_w;
    out[EFFICIENCY] = output_w > 0 ? output_w / (power_w > 0 ? other_w : -power_w) : 0;
    out[OVERLOAD] = overload_s < FOREVER_S ? overload_s : FOREVER_S;
    return SG_OK;
}

const sg_model sg_model_converter = {
    .name = "converter",
    .title = "losses of a power supply, UPS or DC-DC converter",
    .source = "80 PLUS programme tables; overload times: Liebert APM manual, inverter output",
    .limits = "stationary; no temperature or input voltage; the loss below the first point of a "
              "table is extrapolated; overload times are those of one UPS, whatever the curve",
    .example = "power=0..3000",
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .step = step,
};
