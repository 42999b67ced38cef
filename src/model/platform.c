#include "model/platform.h"

#include "base/check.h"
#include "model/model.h"
#include "model/waves.h"

#include <math.h>
#include <string.h>

/* Nodes for integrals of a spectrum over frequency: u over the peak's frequency; the weight, which holds the
 * Pierson-Moskowitz energy of the node and sums to 1; the exponent of gamma there. ln u = 0.12 sinh t, t in even steps, so
 * that they crowd at the peak; trapezoidal rule. */
typedef struct node {
    double u, energy, peak;
} node;

static const node nodes[] = {
    {0.47236655274101474, 6.5916107420834339e-11, 4.5985612731248186e-13},
    {0.52116982517531352, 2.7255022780503257e-07, 6.9080501405119531e-11},
    {0.56786172485221975, 2.3176432755860304e-05, 5.3005351717533485e-09},
    {0.6120472702354518, 0.00033749990502449702, 2.1387163246924827e-07},
    {0.65347879791512464, 0.0017700988485154132, 4.7719795642913567e-06},
    {0.69203595646852323, 0.0050221260328445752, 6.2662961468901772e-05},
    {0.72770391531909318, 0.0097245477490676725, 0.00051784612196038816},
    {0.7605520338299756, 0.014752332878727721, 0.0028783337111423874},
    {0.79071441355299865, 0.019085329703103924, 0.011453792781058979},
    {0.81837310863155222, 0.022222244138803346, 0.03452208949877774},
    {0.84374430068809136, 0.02412534331980622, 0.082792929899501697},
    {0.86706743376733375, 0.02501247433488955, 0.16477570081348575},
    {0.8885971204175922, 0.025184416148371868, 0.28184784334963392},
    {0.90859753940133803, 0.024928821321030872, 0.42635165318368379},
    {0.92733902060395879, 0.024482337249369376, 0.58348500664285796},
    {0.94509653124396453, 0.024024653014277701, 0.73521602876307313},
    {0.96214982344263567, 0.023686109217730004, 0.86399583291349957},
    {0.9787850660818207, 0.023558940196841644, 0.9551127722940046},
    {0.99529785780365521, 0.023707677201329515, 0.99774640630315414},
    {1.0119976009581428, 0.024177093377625674, 0.99115402282617504},
    {1.0292133095380347, 0.024997325470535101, 0.94868345749159266},
    {1.0473010319954352, 0.026186234389058385, 0.87100257357583044},
    {1.0666531999836928, 0.027749126680257804, 0.76015144425679126},
    {1.0877103783220967, 0.029675905778666148, 0.62195759608599699},
    {1.1109761073510758, 0.031935709004572058, 0.46755973032567261},
    {1.1370358222095598, 0.034469234189341245, 0.31374139727955369},
    {1.1665812430323326, 0.037179387861157071, 0.18033836212561652},
    {1.2004422140591366, 0.039921705219199632, 0.083737636813048619},
    {1.2396288179781838, 0.042497239745507794, 0.028881152061670079},
    {1.2853878447892286, 0.044652135502286396, 0.0065548859226185153},
    {1.3392795748637547, 0.046089333792834065, 0.00082050181162055544},
    {1.4032837035788861, 0.046497769755358721, 4.3647392646988962e-05},
    {1.4799476815832864, 0.045601561831381004, 6.6790356302134862e-07},
    {1.5725977615039259, 0.043225034042477406, 1.6233440929343042e-09},
    {1.6856443219937145, 0.039359624224176916, 2.495740430130964e-13},
    {1.825031538011485, 0.034209572364203827, 5.6520347424099448e-19},
    {1.9989124549551602, 0.028191228692324662, 1.7781869182512471e-27},
    {2.2186836439894484, 0.021871597537352259, 1.5296202689430073e-40},
    {2.5006069554308601, 0.015854722301532079, 4.2903996600832345e-61},
    {2.8684143507607671, 0.010649711465096943, 2.5880080485339911e-94},
    {3.3576047987503288, 0.006566625433556292, 9.8041109559849581e-150},
    {4.0227424083975487, 0.0036767072986497178, 1.1306028914892621e-245},
    {4.9502560219877036, 0.0018456830241717777, 0},
    {6.2816943447236397, 0.00081830211222901235, 0},
    {8.2576579113098862, 0.00031481726623932096, 0},
    {11.304456072539908, 0.0001029511590165379, 0},
    {16.213442542554599, 2.7940563109966981e-05, 0},
    {24.532530197109395, 3.0608314312226208e-06, 0},
};

double sg_platform_period_ratio(double gamma)
{
    double ln_gamma = log(gamma), before = 0, all = 0;
    for (int i = 0; i < SG_COUNT(nodes); i++) {
        double energy = nodes[i].energy * exp(ln_gamma * nodes[i].peak);
        all += energy;
        before += energy / nodes[i].u;
    }
    return before / all;
}

typedef struct deck {
    double all, before;           /* energy, and energy over u               */
    double roll, pitch;           /* mean square slope, in units of energy   */
    double roll_rate, pitch_rate; /* of the rate                             */
} deck;

/* Mean square tilts per energy of the sea. energy[i] is shared by both axes. */
static void integrate(const sg_platform *p, const double *energy, double tp_s, deck *d)
{
    double peak_omega = 6.283185307179586 / tp_s;
    double peak_k = peak_omega * peak_omega / SG_GRAVITY_MS2;
    double along = cos(p->heading_rad), across = sin(p->heading_rad);
    double half_length = 0.5 * p->length_m * peak_k * along;
    double half_beam = 0.5 * p->beam_m * peak_k * across;
    double length2 = half_length * half_length, beam2 = half_beam * half_beam;
    double cut = p->cutoff_s / tp_s, cut4 = cut * cut * cut * cut; /* (fp / fc)^4 */
    for (int i = 0; i < SG_COUNT(nodes); i++) {
        double u2 = nodes[i].u * nodes[i].u, u4 = u2 * u2;
        double slope = energy[i] * u4 / (1 + cut4 * u4); /* k^2 S over peak_k^2 */
        double x2 = length2 * u4, z2 = beam2 * u4;
        double pitch = slope / (1 + x2 * (0.2 + x2 * (4.0 / 175 + x2 * 0.005)));
        double roll = slope / (1 + z2 * (0.2 + z2 * (4.0 / 175 + z2 * 0.005)));
        d->pitch += pitch;
        d->roll += roll;
        d->pitch_rate += pitch * u2;
        d->roll_rate += roll * u2;
    }
    double pitch_scale = peak_k * peak_k * along * along;
    double roll_scale = peak_k * peak_k * across * across;
    d->pitch *= pitch_scale;
    d->roll *= roll_scale;
    d->pitch_rate *= pitch_scale * peak_omega * peak_omega;
    d->roll_rate *= roll_scale * peak_omega * peak_omega;
}

static double normal_tail(double x)
{
    return 0.5 * erfc(x * 0.70710678118654752);
}

double sg_platform_overtravel_rad(double rms_rad, double stroke_rad)
{
    if (!(rms_rad > 0)) {
        return 0;
    }
    double at = stroke_rad / rms_rad;
    double density = 0.3989422804014327 * exp(-0.5 * at * at);
    double square = 2 * ((1 + at * at) * normal_tail(at) - at * density);
    return square > 0 ? rms_rad * sqrt(square) : 0;
}

/* One axis behind its gimbal; returns the mean rate at which the gimbal turns, rad/s. */
static double steady(const sg_platform *p, double rms_rad, double rate_rad_s, double *ret_rms_rad)
{
    *ret_rms_rad = rms_rad;
    if (!p->gimbal || !(rms_rad > 0)) {
        return 0;
    }
    /* the share of a Gaussian rate that passes a limit: its describing function */
    double followed =
        rate_rad_s > 0 ? erf(p->rate_max_rad_s / (rate_rad_s * 1.4142135623730951)) : 1;
    double through = 1 - followed * (1 - p->residual_frac);
    double over =
        followed * (1 - p->residual_frac) * sg_platform_overtravel_rad(rms_rad, p->stroke_max_rad);
    /* both are parts of the same tilt: they add up where the stroke ends */
    double left = through * rms_rad + over;
    *ret_rms_rad = left < rms_rad ? left : rms_rad;
    return rate_rad_s * followed * (1 - p->residual_frac) * 0.7978845608028654;
}

void sg_platform_motion(const sg_platform *self, double hs_m, double te_s, sg_motion *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->beam_frac = 1;
    ret->stowed = self->storm_height_m > 0 && hs_m >= self->storm_height_m;
    if (hs_m > 0 && te_s > 0) {
        double energy[SG_COUNT(nodes)];
        deck d = {0};
        double ln_gamma = self->gamma > 1 ? log(self->gamma) : 0;
        for (int i = 0; i < SG_COUNT(nodes); i++) {
            energy[i] = nodes[i].energy * (ln_gamma > 0 ? exp(ln_gamma * nodes[i].peak) : 1);
            d.all += energy[i];
            d.before += energy[i] / nodes[i].u;
        }
        integrate(self, energy, te_s * d.all / d.before, &d);
        double scale = hs_m * hs_m / (16 * d.all);
        ret->roll_rms_rad = sqrt(scale * d.roll);
        ret->pitch_rms_rad = sqrt(scale * d.pitch);
        ret->roll_rate_rad_s = sqrt(scale * d.roll_rate);
        ret->pitch_rate_rad_s = sqrt(scale * d.pitch_rate);
    }
    ret->panel_roll_rms_rad = ret->roll_rms_rad;
    ret->panel_pitch_rms_rad = ret->pitch_rms_rad;
    if (self->gimbal && !ret->stowed) {
        double roll =
            steady(self, ret->roll_rms_rad, ret->roll_rate_rad_s, &ret->panel_roll_rms_rad);
        double pitch =
            steady(self, ret->pitch_rms_rad, ret->pitch_rate_rad_s, &ret->panel_pitch_rms_rad);
        ret->actuator_w = self->idle_w + self->drive_w_s_per_rad * (roll + pitch);
    }
    double square = ret->panel_roll_rms_rad * ret->panel_roll_rms_rad +
                    ret->panel_pitch_rms_rad * ret->panel_pitch_rms_rad;
    ret->beam_frac = exp(-0.5 * square) * (ret->stowed ? self->stowed_frac : 1);
}

/* --- the model --- */

enum {
    LENGTH,
    BEAM,
    HEADING,
    CUTOFF,
    GAMMA,
    PERIOD_KIND,
    STABILIZATION,
    RESIDUAL,
    RATE,
    STROKE,
    IDLE,
    DRIVE,
    STORM,
    STOWED,
    PARAM_COUNT
};
enum { ENERGY_PERIOD, PEAK_PERIOD };

static const sg_param params[PARAM_COUNT] = {
    [LENGTH] = {"length", SG_DIM_LENGTH, 120, 0.5, 1000, NULL, "of the deck", ""},
    [BEAM] = {"beam", SG_DIM_LENGTH, 90, 0.5, 1000, NULL, "of the deck", ""},
    [HEADING] = {"heading", SG_DIM_ANGLE, 0.7853981633974483, 0, 1.5707963267948966, NULL,
                 "between the bow and where the waves come from", "quartering sea"},
    [CUTOFF] = {"cutoff_period", SG_DIM_TIME, 4, 0, 30, NULL,
                "below which inertia holds the deck; 0: none", "engineering estimate"},
    [GAMMA] = {"gamma", SG_DIM_NONE, 1, 1, 7, NULL, "peak enhancement of the sea",
               "1: Pierson-Moskowitz, the steeper of the two"},
    [PERIOD_KIND] = {"period", SG_DIM_NONE, ENERGY_PERIOD, 0, 1, "energy|peak",
                     "what wave_period is", ""},
    [STABILIZATION] = {"stabilization", SG_DIM_NONE, 0, 0, 1, "none|gimbal", "of the panels", ""},
    [RESIDUAL] = {"gimbal_residual", SG_DIM_FRACTION, 0.1, 0, 1, NULL,
                  "of the tilt that a gimbal within its limits lets through",
                  "engineering estimate"},
    [RATE] = {"gimbal_rate_rad_s", SG_DIM_NONE, 0.0873, 0, 10, NULL,
              "most that an axis turns in a second, rad", "5 degrees a second, estimate"},
    [STROKE] = {"gimbal_stroke", SG_DIM_ANGLE, 0.2618, 0, 1.5707963267948966, NULL, "either side",
                "15 degrees, estimate"},
    [IDLE] = {"gimbal_idle", SG_DIM_POWER, 2e3, 0, 1e9, NULL, "of all gimbals",
              "engineering estimate"},
    [DRIVE] = {"gimbal_drive_w_s_rad", SG_DIM_NONE, 2e5, 0, 1e12, NULL,
               "power of all gimbals per mean rate, W per rad/s", "engineering estimate"},
    [STORM] = {"storm_height", SG_DIM_LENGTH, 6, 0, 40, NULL,
               "significant wave height from which the panels are stowed; 0: never",
               "engineering choice"},
    [STOWED] = {"stowed_share", SG_DIM_FRACTION, 0, 0, 1, NULL, "of the output left while they are",
                ""},
};

enum { HEIGHT, PERIOD, INPUT_COUNT };

static const sg_input inputs[INPUT_COUNT] = {
    [HEIGHT] = {"wave_height", SG_DIM_LENGTH, 0, "significant wave height"},
    [PERIOD] = {"wave_period", SG_DIM_TIME, 8, "energy period, or peak period by the parameter"},
};

static const sg_output outputs[] = {
    {"roll_rms_rad", "rad", "of the deck"},
    {"pitch_rms_rad", "rad", "of the deck"},
    {"panel_roll_rms_rad", "rad", "behind the gimbal"},
    {"panel_pitch_rms_rad", "rad", "behind the gimbal"},
    {"beam_factor", "", "mean of the sun's beam on the panels over that on a deck at rest"},
    {"stowed", "", "1: the panels are stowed"},
    {"actuator_w", "W", "power of the gimbals"},
};

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    (void)now;
    (void)state;
    if (in[HEIGHT] < 0 || in[HEIGHT] > 40 || !(in[PERIOD] >= 0.5) || in[PERIOD] > 60) {
        return SG_RANGE;
    }
    sg_platform platform = {.length_m = p[LENGTH],
                            .beam_m = p[BEAM],
                            .heading_rad = p[HEADING],
                            .cutoff_s = p[CUTOFF],
                            .gamma = p[GAMMA],
                            .gimbal = p[STABILIZATION] > 0,
                            .residual_frac = p[RESIDUAL],
                            .rate_max_rad_s = p[RATE],
                            .stroke_max_rad = p[STROKE],
                            .idle_w = p[IDLE],
                            .drive_w_s_per_rad = p[DRIVE],
                            .storm_height_m = p[STORM],
                            .stowed_frac = p[STOWED]};
    double te_s = in[PERIOD];
    if (p[PERIOD_KIND] > ENERGY_PERIOD) {
        te_s *= sg_platform_period_ratio(p[GAMMA]);
    }
    sg_motion m;
    sg_platform_motion(&platform, in[HEIGHT], te_s, &m);
    out[0] = m.roll_rms_rad;
    out[1] = m.pitch_rms_rad;
    out[2] = m.panel_roll_rms_rad;
    out[3] = m.panel_pitch_rms_rad;
    out[4] = m.beam_frac;
    out[5] = m.stowed ? 1 : 0;
    out[6] = m.actuator_w;
    return SG_OK;
}

const sg_model sg_model_platform = {
    .name = "platform",
    .title = "floating deck: roll and pitch in a sea, gimbals, storm stow",
    .source = "slope spectrum of a Pierson-Moskowitz or JONSWAP sea (IEC TS 62600-2), averaged "
              "over the deck",
    .limits = "no resonance, no mooring, deep water, waves from one side; a gimbal's limits as "
              "Gaussian means",
    .example = "wave_height=2.5 wave_period=3..16",
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = SG_COUNT(outputs),
    .step = step,
};
