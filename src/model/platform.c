#include "model/platform.h"

#include "base/check.h"
#include "model/model.h"
#include "model/waves.h"

#include <math.h>
#include <string.h>

/* Nodes for integrals of a spectrum over frequency: u over the peak's frequency; the weight, which holds the
 * Pierson-Moskowitz energy of the node and sums to 1; the same over u; the exponent of gamma, 0 below 1e-9. ln u = 0.12
 * sinh t with t in even steps, so that nodes crowd at the peak; trapezoidal rule, ln u from -0.6 to 3.2. */
typedef struct node {
    double u, energy, energy_by_u, peak;
} node;

static const node nodes[] = {
    {0.5488116360940265, 2.8204933752939151e-06, 5.1392740054999253e-06, 0},
    {0.60126761228506986, 0.00022640629577213596, 0.00037654829754041932, 9.0021615636052449e-08},
    {0.65006108353096259, 0.0018410468422407683, 0.0028321136103713223, 3.7429470656031359e-06},
    {0.69496920146785424, 0.0062350774936561285, 0.0089717321004829185, 7.5282407163923632e-05},
    {0.73596660255491586, 0.012769687373857324, 0.017350906045909175, 0.0008139299753256563},
    {0.77317995341043133, 0.019383723229856292, 0.025070131661272813, 0.0052489463816763286},
    {0.80684725684325709, 0.024498922795903742, 0.03036376784839593, 0.022216123763881178},
    {0.83728396828354601, 0.027638542986440449, 0.033009760169062097, 0.067092408033673376},
    {0.86485651641905248, 0.029067232316947762, 0.033609311793476385, 0.15510560098121068},
    {0.88996294582714475, 0.029318664196505674, 0.032943690896317566, 0.29068186826718118},
    {0.91301995797662405, 0.028919925964905911, 0.031675020586621555, 0.46209137618400375},
    {0.93445548293227898, 0.02829026231566676, 0.030274596096213378, 0.64508325722011217},
    {0.9547059583751899, 0.027730444596988882, 0.029046057955041164, 0.81111790123803629},
    {0.9742176485346048, 0.027445023648329282, 0.028171347223704516, 0.93441972640432447},
    {0.99345155608051516, 0.027569691414475676, 0.027751420032242888, 0.99563383323922405},
    {1.0128917419066166, 0.028193378572295414, 0.027834542830041848, 0.98979337015457769},
    {1.0330571676217535, 0.029372399741622347, 0.028432501764875072, 0.93476947669146515},
    {1.0545175271443374, 0.031136560293573329, 0.029526830509770657, 0.83237958190805938},
    {1.0779139681955927, 0.033487600061409203, 0.031067043427841279, 0.68747655074959324},
    {1.1039861744478789, 0.036390204057084138, 0.032962554150900901, 0.51300134113066875},
    {1.1336080683960112, 0.039755912877472488, 0.035070245163061307, 0.33223233949472381},
    {1.1678355362259485, 0.043421268978896366, 0.037180979369080769, 0.17572890369456196},
    {1.2079712817643702, 0.047124055622453989, 0.039010907240794923, 0.069260544460182927},
    {1.2556545353175215, 0.050485889278094477, 0.040206830667264659, 0.017694152241470865},
    {1.3129874577454246, 0.053015115053186013, 0.040377472564909395, 0.0023649828987870559},
    {1.3827166880187545, 0.054148209137001496, 0.039160740306525513, 0.00011839484348012516},
    {1.468499331000698, 0.053345081361747752, 0.036326255133801215, 1.305576794877269e-06},
    {1.5753009071639295, 0.050236856477345403, 0.031890324095469866, 1.3403743447759838e-09},
    {1.7100041637217835, 0.044791921809802952, 0.026194042540992647, 0},
    {1.8823631184463896, 0.037429670488755562, 0.01988440493864339, 0},
    {2.106537632062496, 0.029000788023545249, 0.013767040086129761, 0},
    {2.4036332647646814, 0.020596487630370666, 0.0085688977317374109, 0},
    {2.8060392187778849, 0.01323982348075978, 0.0047183315871565492, 0},
    {3.3650995000756447, 0.0075931838727027988, 0.0022564515172677985, 0},
    {4.1652128645707913, 0.0038198178477336082, 0.00091707626283038122, 0},
    {5.3508904841599305, 0.0016514089669812412, 0.00030862320428157782, 0},
    {7.1812467959456239, 0.00059855157921736473, 8.3349256225993227e-05, 0},
    {10.145856882135984, 0.00017653264638620877, 1.7399481230317115e-05, 0},
    {15.226653304938548, 4.0884604901443039e-05, 2.6850683523596547e-06, 0},
    {24.532530197109374, 3.5642282769698288e-06, 1.4528580005130477e-07, 0},
};

double sg_platform_period_ratio(double gamma)
{
    double ln_gamma = log(gamma), before = 0, all = 0;
    for (int i = 0; i < SG_COUNT(nodes); i++) {
        double raised = exp(ln_gamma * nodes[i].peak);
        all += nodes[i].energy * raised;
        before += nodes[i].energy_by_u * raised;
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
        double slope = energy[i] * u4, held = 1 + cut4 * u4; /* k^2 S over peak_k^2 */
        double x2 = length2 * u4, z2 = beam2 * u4;
        double pitch = slope / (held * (1 + x2 * (0.2 + x2 * (4.0 / 175 + x2 * 0.005))));
        double roll = slope / (held * (1 + z2 * (0.2 + z2 * (4.0 / 175 + z2 * 0.005))));
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
            double exponent = ln_gamma * nodes[i].peak;
            double raised = exponent > 0 ? exp(exponent) : 1;
            energy[i] = nodes[i].energy * raised;
            d.all += energy[i];
            d.before += nodes[i].energy_by_u * raised;
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
    [STABILIZATION] = {"stabilization", SG_DIM_NONE, 1, 0, 1, "none|gimbal", "of the panels", ""},
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
