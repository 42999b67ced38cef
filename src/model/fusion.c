#include "model/fusion.h"

#include "model/model.h"

#include <math.h>
#include <string.h>

#define SG_FUSION_FAR 1e12 /* variance of what is not known, m2 */
static const double out_share = 0.5, back_share = 0.2;
static const double odds_enough = 2; /* natural logarithm */

_Static_assert(sizeof(sg_fusion) == 21 * sizeof(double), "the state is doubles without padding");

static double variance(const sg_fusion_config *config, int i)
{
    return config->std_m[i] * config->std_m[i];
}

static void predict(sg_fusion *self, const sg_fusion_config *config, double dt_s)
{
    self->idle_s += dt_s;
    if (!config->velocity) {
        self->p00 += config->process * dt_s;
    } else {
        double q = config->process, dt2 = dt_s * dt_s;
        if (self->idle_s > config->coast_s && self->v_ms != 0) {
            self->v_ms = 0; /* where it moves now nobody knows */
            self->p01 = 0;
            self->p11 = config->speed_ms * config->speed_ms;
        }
        self->x_m += self->v_ms * dt_s;
        self->p00 += 2 * dt_s * self->p01 + dt2 * self->p11 + q * dt2 * dt_s / 3;
        self->p01 += dt_s * self->p11 + q * dt2 / 2;
        self->p11 += q * dt_s;
    }
    if (self->p00 > SG_FUSION_FAR || self->p11 > SG_FUSION_FAR) {
        self->p00 = SG_FUSION_FAR;
        self->p01 = 0;
        self->p11 = config->speed_ms * config->speed_ms;
    }
}

/* Joseph's form is not needed: one scalar reading at a time keeps p00 p11 > p01^2 in exact arithmetic, and p00 > 0 always. */
static double correct(sg_fusion *self, double reading_m, double r)
{
    double s = self->p00 + r, y = reading_m - self->x_m;
    double k0 = self->p00 / s, k1 = self->p01 / s;
    self->x_m += k0 * y;
    self->v_ms += k1 * y;
    self->p11 -= k1 * self->p01;
    self->p01 *= r / s;
    self->p00 *= r / s;
    return y * y / s;
}

static void begin_at(sg_fusion *self, const sg_fusion_config *config, int i, double reading_m)
{
    self->x_m = reading_m;
    self->p00 = variance(config, i);
    self->p01 = 0;
    self->p11 = config->velocity ? config->speed_ms * config->speed_ms : 0;
    self->started = 1;
    self->lost = 0;
    self->idle_s = 0;
    self->out[i] = 0;
}

/* Readings that are there and not frozen. */
static void fresh_readings(sg_fusion *self, const sg_fusion_config *config, const double *reading_m,
                           const bool *valid, bool ret_fresh[SG_FUSION_SENSORS])
{
    for (int i = 0; i < SG_FUSION_SENSORS; i++) {
        ret_fresh[i] = valid[i] && isfinite(reading_m[i]);
        if (!ret_fresh[i]) {
            continue;
        }
        bool again = self->started > 0 && reading_m[i] == self->last_m[i];
        self->same[i] = again ? self->same[i] + (self->same[i] < 1e9) : 0;
        self->last_m[i] = reading_m[i];
        ret_fresh[i] = !(config->stuck_steps > 0 && self->same[i] >= config->stuck_steps);
    }
}

/* Which of the two lies, given that one does: what their means say about the known rest. */
static sg_fusion_blame who_lies(const sg_fusion *self, const sg_fusion_config *config)
{
    if (!(config->rest_std_m > 0)) {
        return SG_FUSION_ONE_LIES;
    }
    double a = (self->mean_m[0] - config->rest_m) / config->rest_std_m;
    double b = (self->mean_m[1] - config->rest_m) / config->rest_std_m;
    double odds = (a * a - b * b) / 2;
    bool named = self->blame == SG_FUSION_LIDAR_LIES || self->blame == SG_FUSION_SONAR_LIES;
    return odds > odds_enough    ? SG_FUSION_LIDAR_LIES
           : odds < -odds_enough ? SG_FUSION_SONAR_LIES
           : named               ? (sg_fusion_blame)(int)self->blame
                                 : SG_FUSION_ONE_LIES;
}

static void compare(sg_fusion *self, const sg_fusion_config *config, const double *reading_m,
                    double dt_s)
{
    double noise_m = sqrt(variance(config, 0) + variance(config, 1));
    double most_m = 3 * noise_m + config->bias_allow_m; /* an outlier counts as this much */
    double gap_m = reading_m[0] - reading_m[1];
    gap_m = gap_m > most_m ? most_m : gap_m < -most_m ? -most_m : gap_m;
    double share = dt_s < config->bias_s ? dt_s / config->bias_s : 1;
    double early = 1 / (self->gap_count + 1);
    double weight = early > share ? early : share;
    self->gap_count += self->gap_count < 1e9;
    self->gap_m += weight * (gap_m - self->gap_m);
    for (int i = 0; i < SG_FUSION_SENSORS; i++) {
        double off_m = reading_m[i] - self->mean_m[i];
        double far_m = most_m + 6 * config->rest_std_m + fabs(self->mean_m[i]);
        off_m = off_m > far_m ? far_m : off_m < -far_m ? -far_m : off_m;
        self->mean_m[i] += weight * (self->gap_count > 1 ? off_m : reading_m[i] - self->mean_m[i]);
    }
    double explained_m = config->bias_sigma * noise_m * sqrt(share / (2 - share));
    double beyond_m = fabs(self->gap_m) - config->bias_allow_m;
    bool full = self->gap_count * share >= 1;
    bool was = self->blame > 0;
    if (full && beyond_m > (was ? explained_m / 2 : explained_m)) {
        self->blame = who_lies(self, config);
    } else {
        self->blame = SG_FUSION_AGREE;
    }
}

static bool begin(sg_fusion *self, const sg_fusion_config *config, const double *reading_m,
                  const bool *fresh, sg_fusion_result *ret)
{
    for (int i = 0; i < SG_FUSION_SENSORS; i++) {
        if (!fresh[i]) {
            continue;
        }
        if (!(self->started > 0)) {
            begin_at(self, config, i, reading_m[i]);
        } else {
            correct(self, reading_m[i], variance(config, i));
        }
        ret->used[i] = true;
    }
    return self->started > 0;
}

static bool is_liar(const sg_fusion *self, int i)
{
    return self->blame == (i == 0 ? SG_FUSION_LIDAR_LIES : SG_FUSION_SONAR_LIES);
}

/* Gate both against the prediction, then take what passed. Returns whether a reading was accepted. */
static bool take(sg_fusion *self, const sg_fusion_config *config, const double *reading_m,
                 const bool *fresh, sg_fusion_result *ret)
{
    bool passed[SG_FUSION_SENSORS], any = false;
    for (int i = 0; i < SG_FUSION_SENSORS; i++) {
        double y = reading_m[i] - self->x_m, s = self->p00 + variance(config, i);
        bool liar = is_liar(self, i);
        passed[i] = fresh[i] && !liar && y * y <= config->gate * s;
        ret->used[i] = passed[i] && !(self->out[i] > 0);
        if (fresh[i] && !passed[i] && !liar && !(self->out[i] > 0)) {
            ret->nis += y * y / s;
            ret->nis_count++;
        }
        self->fail[i] += ((passed[i] ? 0 : 1) - self->fail[i]) / config->health_steps;
        self->out[i] = self->fail[i] > out_share    ? 1
                       : self->fail[i] < back_share ? 0
                                                    : self->out[i];
    }
    for (int i = 0; i < SG_FUSION_SENSORS; i++) {
        if (ret->used[i]) {
            ret->nis += correct(self, reading_m[i], variance(config, i));
            ret->nis_count++;
            any = true;
        }
    }
    return any;
}

/* Does it say the same as in the step before, as far as noise and motion allow? */
static bool is_steady(const sg_fusion *self, const sg_fusion_config *config, int i, double change_m,
                      double dt_s)
{
    double off_m = change_m - self->v_ms * dt_s, step_m = config->speed_ms * dt_s;
    return off_m * off_m <= config->gate * (2 * variance(config, i) + step_m * step_m);
}

/* The prediction is what is wrong when two healthy sensors that it rejects agree with each other, or when one says the same
 * again and again: then the height starts anew from there, at the velocity it had. Scattered readings start nothing. */
static void relock(sg_fusion *self, const sg_fusion_config *config, const double *reading_m,
                   const bool *fresh, const bool *steady, sg_fusion_result *ret)
{
    int best = -1;
    bool healthy = true;
    for (int i = 0; i < SG_FUSION_SENSORS; i++) {
        bool honest = fresh[i] && !is_liar(self, i);
        healthy = healthy && honest && !(self->out[i] > 0);
        if (honest && steady[i] && (best < 0 || self->fail[i] < self->fail[best])) {
            best = i;
        }
    }
    double gap_m = reading_m[0] - reading_m[1];
    bool agree = healthy && self->lost >= 2 &&
                 gap_m * gap_m <= config->gate * (variance(config, 0) + variance(config, 1));
    if (!agree && (best < 0 || self->lost < config->relock_steps)) {
        return;
    }
    int first = agree ? 0 : best;
    begin_at(self, config, first, reading_m[first]);
    self->fail[first] = self->fail[first] < back_share ? self->fail[first] : back_share;
    ret->used[first] = true;
    if (agree) {
        correct(self, reading_m[1], variance(config, 1));
        ret->used[1] = true;
    }
}

void sg_fusion_step(sg_fusion *self, const sg_fusion_config *config,
                    const double reading_m[SG_FUSION_SENSORS], const bool valid[SG_FUSION_SENSORS],
                    double dt_s, sg_fusion_result *ret)
{
    bool fresh[SG_FUSION_SENSORS];
    const double before_m[] = {self->last_m[0], self->last_m[1]};
    *ret = (sg_fusion_result){0};
    fresh_readings(self, config, reading_m, valid, fresh);
    if (fresh[0] && fresh[1]) {
        compare(self, config, reading_m, dt_s);
    }
    if (!(self->started > 0)) {
        begin(self, config, reading_m, fresh, ret);
    } else {
        predict(self, config, dt_s);
        if (take(self, config, reading_m, fresh, ret)) {
            self->idle_s = 0;
            self->lost = 0;
        } else if (fresh[0] || fresh[1]) {
            self->lost += 1;
            bool steady[SG_FUSION_SENSORS];
            for (int i = 0; i < SG_FUSION_SENSORS; i++) {
                steady[i] = is_steady(self, config, i, reading_m[i] - before_m[i], dt_s);
            }
            relock(self, config, reading_m, fresh, steady, ret);
        }
    }
    double widened = self->blame == SG_FUSION_ONE_LIES ? self->gap_m * self->gap_m / 4 : 0;
    ret->estimate_m = self->x_m;
    ret->std_m = sqrt((self->started > 0 ? self->p00 : SG_FUSION_FAR) + widened);
    ret->gap_m = self->gap_m;
    ret->blame = (sg_fusion_blame)(int)self->blame;
    for (int i = 0; i < SG_FUSION_SENSORS; i++) {
        ret->health[i] = 1 - self->fail[i];
    }
}

/* --- the model --- */

enum {
    MOTION,
    PROCESS,
    LIDAR_STD,
    SONAR_STD,
    GATE,
    HEALTH_STEPS,
    STUCK_STEPS,
    RELOCK_STEPS,
    SPEED,
    COAST,
    BIAS_TIME,
    BIAS_SIGMA,
    BIAS_ALLOW,
    REST,
    REST_STD,
    PARAM_COUNT
};
enum { LIDAR, SONAR, LIDAR_VALID, SONAR_VALID, INPUT_COUNT };
enum {
    ESTIMATE,
    STD,
    GAP,
    LIDAR_HEALTH,
    SONAR_HEALTH,
    LIDAR_USED,
    SONAR_USED,
    NIS,
    NIS_COUNT,
    BLAME,
    OUTPUT_COUNT
};
enum { STATE_COUNT = 21 };

static const sg_param params[PARAM_COUNT] = {
    [MOTION] = {"motion", SG_DIM_NONE, 1, 0, 1, "random_walk|constant_velocity",
                "how the height moves between readings", ""},
    [PROCESS] = {"process_noise", SG_DIM_NONE, 1, 1e-12, 1e6, NULL,
                 "random walk: m2/s; constant velocity: m2/s3", "engineering estimate: 1 m waves"},
    [LIDAR_STD] = {"lidar_std", SG_DIM_LENGTH, 0.03, 1e-6, 1e3, NULL, "of one reading",
                   "engineering estimate: automotive class"},
    [SONAR_STD] = {"sonar_std", SG_DIM_LENGTH, 0.1, 1e-6, 1e3, NULL, "of one reading",
                   "engineering estimate: 1 % of 10 m"},
    [GATE] = {"gate", SG_DIM_NONE, 9, 1, 1e9, NULL, "reject where y^2/S is above it",
              "chi-square, one degree: 0.27 % of good readings"},
    [HEALTH_STEPS] = {"health_steps", SG_DIM_NONE, 50, 1, 1e6, NULL,
                      "time constant of the share of rejected readings", "engineering estimate"},
    [STUCK_STEPS] = {"stuck_steps", SG_DIM_NONE, 10, 0, 1e6, NULL,
                     "the same reading so often is a frozen sensor; 0: never",
                     "engineering estimate"},
    [RELOCK_STEPS] = {"relock_steps", SG_DIM_NONE, 5, 1, 1e6, NULL,
                      "all rejected so often, and steady: start anew", "engineering estimate"},
    [SPEED] = {"speed_std", SG_DIM_SPEED, 3, 1e-6, 1e4, NULL,
               "of the velocity at a start, for constant velocity", "engineering estimate"},
    [COAST] = {"coast", SG_DIM_TIME, 2, 0, 1e6, NULL,
               "without a reading so long the velocity is forgotten", "engineering estimate"},
    [BIAS_TIME] = {"bias_time", SG_DIM_TIME, 60, 1e-3, 1e6, NULL,
                   "time constant of the running means", "engineering estimate"},
    [BIAS_SIGMA] = {"bias_sigma", SG_DIM_NONE, 5, 1, 100, NULL,
                    "of the mean difference: what noise explains", "engineering estimate"},
    [BIAS_ALLOW] = {"bias_allowed", SG_DIM_LENGTH, 0.02, 0, 1e3, NULL,
                    "difference that is left alone", "engineering estimate"},
    [REST] = {"rest", SG_DIM_LENGTH, 0, -1e5, 1e5, NULL, "known mean of the height", ""},
    [REST_STD] = {"rest_std", SG_DIM_LENGTH, 0, 0, 1e5, NULL,
                  "of the height's mean over bias_time about it; 0: not known", ""},
};

static const sg_input inputs[INPUT_COUNT] = {
    [LIDAR] = {"lidar_m", SG_DIM_LENGTH, 0, "reading"},
    [SONAR] = {"sonar_m", SG_DIM_LENGTH, 0, "reading"},
    [LIDAR_VALID] = {"lidar_valid", SG_DIM_NONE, 1, "0: there is none"},
    [SONAR_VALID] = {"sonar_valid", SG_DIM_NONE, 1, "0: there is none"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [ESTIMATE] = {"estimate_m", "m", "height"},
    [STD] = {"std_m", "m", "standard deviation of it"},
    [GAP] = {"gap_m", "m", "running mean of lidar less sonar"},
    [LIDAR_HEALTH] = {"lidar_health", "", "1: all readings good of late, 0: none"},
    [SONAR_HEALTH] = {"sonar_health", "", "1: all readings good of late, 0: none"},
    [LIDAR_USED] = {"lidar_used", "", "1: this reading moved the estimate"},
    [SONAR_USED] = {"sonar_used", "", "1: this reading moved the estimate"},
    [NIS] = {"nis", "", "normalised innovation squared, before the gate"},
    [NIS_COUNT] = {"nis_count", "", "degrees of freedom of it"},
    [BLAME] = {"blame", "", "0 they agree, 1 the lidar lies, 2 the sonar lies, 3 one of them"},
};

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    sg_fusion_config config = {
        .velocity = p[MOTION] > 0,
        .process = p[PROCESS],
        .std_m = {p[LIDAR_STD], p[SONAR_STD]},
        .gate = p[GATE],
        .health_steps = p[HEALTH_STEPS],
        .stuck_steps = p[STUCK_STEPS],
        .relock_steps = p[RELOCK_STEPS],
        .speed_ms = p[SPEED],
        .coast_s = p[COAST],
        .bias_s = p[BIAS_TIME],
        .bias_sigma = p[BIAS_SIGMA],
        .bias_allow_m = p[BIAS_ALLOW],
        .rest_m = p[REST],
        .rest_std_m = p[REST_STD],
    };
    const double reading_m[] = {in[LIDAR], in[SONAR]};
    const bool valid[] = {in[LIDAR_VALID] > 0, in[SONAR_VALID] > 0};
    sg_fusion fusion;
    sg_fusion_result result;
    memcpy(&fusion, state, sizeof fusion);
    sg_fusion_step(&fusion, &config, reading_m, valid, now->dt_s, &result);
    memcpy(state, &fusion, sizeof fusion);
    out[ESTIMATE] = result.estimate_m;
    out[STD] = result.std_m;
    out[GAP] = result.gap_m;
    out[LIDAR_HEALTH] = result.health[0];
    out[SONAR_HEALTH] = result.health[1];
    out[LIDAR_USED] = result.used[0];
    out[SONAR_USED] = result.used[1];
    out[NIS] = result.nis;
    out[NIS_COUNT] = result.nis_count;
    out[BLAME] = (double)result.blame;
    return SG_OK;
}

const sg_model sg_model_fusion = {
    .name = "fusion",
    .title = "one height from lidar and sonar",
    .source = "R. E. Kalman, J. Basic Eng. 82 (1960) 35; Bar-Shalom, Li, Kirubarajan, Estimation "
              "with Applications to Tracking and Navigation (2001)",
    .limits = "Gaussian noise of known deviation between outliers; two sensors alone cannot tell "
              "which of them lies: that takes a known mean (rest_std)",
    .example = "lidar_m=0..0.8 sonar_m=0..0.2 dt_s=1",
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
