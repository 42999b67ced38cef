#include "model/ranging.h"

#include "model/gauss.h"
#include "model/model.h"

#include <math.h>

double sg_lidar_resolution_m(double clock_s)
{
    return 299792458.0 * clock_s / 2;
}

double sg_sound_speed_ms(double water_degc, double salinity_psu, double depth_m)
{
    double t = water_degc, s = salinity_psu - 35, d = depth_m;
    return 1448.96 + 4.591 * t - 5.304e-2 * t * t + 2.374e-4 * t * t * t + 1.340 * s +
           1.630e-2 * d + 1.675e-7 * d * d - 1.025e-2 * t * s - 7.139e-13 * t * d * d * d;
}

double sg_ranger_read_m(const sg_ranger *self, double distance_m, sg_ranger_fault fault,
                        const sg_ranger_draw *draw, double *last_m, bool *ret_valid)
{
    bool echo = distance_m >= self->min_m && distance_m <= self->max_m;
    *ret_valid = fault == SG_RANGER_STUCK ||
                 (fault == SG_RANGER_SOUND && echo && !(draw->unit < self->silent_frac));
    if (fault == SG_RANGER_STUCK || !*ret_valid) {
        return *last_m;
    }
    double relative_m = self->std_frac * distance_m;
    double noise_m = sqrt(self->std_m * self->std_m + relative_m * relative_m);
    double read_m = distance_m * self->scale + self->bias_m + noise_m * draw->normal;
    if (self->resolution_m > 0) {
        read_m = floor(read_m / self->resolution_m + 0.5) * self->resolution_m;
    }
    *last_m = read_m > 0 ? read_m : 0; /* a time of flight is not negative */
    return *last_m;
}

/* --- the model --- */

enum {
    LIDAR_STD,
    LIDAR_CLOCK,
    LIDAR_BIAS,
    LIDAR_MAX,
    LIDAR_SILENT,
    LIDAR_STUCK_RATE,
    SONAR_STD,
    SONAR_STD_FRAC,
    SONAR_RESOLUTION,
    SONAR_BIAS,
    SONAR_MIN,
    SONAR_MAX,
    SONAR_SILENT,
    SONAR_STUCK_RATE,
    SONAR_SPEED,
    STUCK_TIME,
    SEED,
    PARAM_COUNT
};
enum { DISTANCE, WATER, SALINITY, DEPTH, LIDAR_FAULT, SONAR_FAULT, INPUT_COUNT };
enum { LIDAR, SONAR, LIDAR_VALID, SONAR_VALID, SOUND_SPEED, OUTPUT_COUNT };
enum { TICK, LAST, STUCK_FOR = LAST + 2, STATE_COUNT = STUCK_FOR + 2 };

static const sg_param params[PARAM_COUNT] = {
    [LIDAR_STD] = {"lidar_std", SG_DIM_LENGTH, 0.03, 0, 100, NULL, "noise at any distance",
                   "engineering estimate: automotive class"},
    [LIDAR_CLOCK] = {"lidar_clock", SG_DIM_TIME, 1e-10, 0, 1e-6, NULL,
                     "one bin of its clock; 0: no steps", "0.1 ns: 15 mm"},
    [LIDAR_BIAS] = {"lidar_bias", SG_DIM_LENGTH, 0, -100, 100, NULL, "added to every reading", ""},
    [LIDAR_MAX] = {"lidar_range", SG_DIM_LENGTH, 200, 0.1, 1e5, NULL, "farthest echo",
                   "905 nm class"},
    [LIDAR_SILENT] = {"lidar_dropout", SG_DIM_FRACTION, 0.01, 0, 1, NULL, "echoes lost",
                      "engineering estimate"},
    [LIDAR_STUCK_RATE] = {"lidar_stuck_rate", SG_DIM_RATE, 0, 0, 1, NULL,
                          "how often it begins to repeat itself", ""},
    [SONAR_STD] = {"sonar_std", SG_DIM_LENGTH, 0.01, 0, 100, NULL, "noise at any distance",
                   "engineering estimate"},
    [SONAR_STD_FRAC] = {"sonar_std_frac", SG_DIM_FRACTION, 0.01, 0, 1, NULL,
                        "noise in proportion to the distance", "engineering estimate"},
    [SONAR_RESOLUTION] = {"sonar_resolution", SG_DIM_LENGTH, 0.001, 0, 10, NULL, "0: no steps",
                          "engineering estimate"},
    [SONAR_BIAS] = {"sonar_bias", SG_DIM_LENGTH, 0, -100, 100, NULL, "added to every reading", ""},
    [SONAR_MIN] = {"sonar_blind", SG_DIM_LENGTH, 0.3, 0, 100, NULL, "nearest echo",
                   "engineering estimate"},
    [SONAR_MAX] = {"sonar_range", SG_DIM_LENGTH, 5000, 0.1, 1e5, NULL, "farthest echo",
                   "100 kHz class, as claimed"},
    [SONAR_SILENT] = {"sonar_dropout", SG_DIM_FRACTION, 0.02, 0, 1, NULL, "echoes lost",
                      "engineering estimate"},
    [SONAR_STUCK_RATE] = {"sonar_stuck_rate", SG_DIM_RATE, 0, 0, 1, NULL,
                          "how often it begins to repeat itself", ""},
    [SONAR_SPEED] = {"sonar_sound_speed", SG_DIM_SPEED, 1500, 1300, 1700, NULL,
                     "that the sonar reckons with", "usual factory setting"},
    [STUCK_TIME] = {"stuck_time", SG_DIM_TIME, 60, 0, 1e6, NULL, "that a sensor repeats itself",
                    "engineering estimate"},
    [SEED] = {"seed", SG_DIM_NONE, 1, 0, 4e9, NULL, "of noise and faults", ""},
};

static const sg_input inputs[INPUT_COUNT] = {
    [DISTANCE] = {"distance_m", SG_DIM_LENGTH, NAN, "the truth"},
    [WATER] = {"water_temperature", SG_DIM_TEMPERATURE, 15, "on the sonar's way"},
    [SALINITY] = {"salinity", SG_DIM_SALINITY, 35, "on the sonar's way"},
    [DEPTH] = {"depth_m", SG_DIM_LENGTH, 5, "mean of the sonar's way"},
    [LIDAR_FAULT] = {"lidar_fault", SG_DIM_NONE, 0, "0 none, 1 silent, 2 stuck"},
    [SONAR_FAULT] = {"sonar_fault", SG_DIM_NONE, 0, "0 none, 1 silent, 2 stuck"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [LIDAR] = {"lidar_m", "m", "reading; the last one where there is none"},
    [SONAR] = {"sonar_m", "m", "reading; the last one where there is none"},
    [LIDAR_VALID] = {"lidar_valid", "", "1: an echo, or a stuck sensor that thinks so"},
    [SONAR_VALID] = {"sonar_valid", "", "1: an echo, or a stuck sensor that thinks so"},
    [SOUND_SPEED] = {"sound_speed_ms", "m/s", "true speed of sound in the water"},
};

static void rangers(const double *p, double sound_ms, sg_ranger ret[2])
{
    ret[0] = (sg_ranger){.std_m = p[LIDAR_STD],
                         .scale = 1,
                         .bias_m = p[LIDAR_BIAS],
                         .resolution_m = sg_lidar_resolution_m(p[LIDAR_CLOCK]),
                         .max_m = p[LIDAR_MAX],
                         .silent_frac = p[LIDAR_SILENT]};
    ret[1] = (sg_ranger){.std_m = p[SONAR_STD],
                         .std_frac = p[SONAR_STD_FRAC],
                         .scale = p[SONAR_SPEED] / sound_ms,
                         .bias_m = p[SONAR_BIAS],
                         .resolution_m = p[SONAR_RESOLUTION],
                         .min_m = p[SONAR_MIN],
                         .max_m = p[SONAR_MAX],
                         .silent_frac = p[SONAR_SILENT]};
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    double sound_ms = sg_sound_speed_ms(in[WATER], in[SALINITY], in[DEPTH]);
    if (in[DISTANCE] < 0 || in[DEPTH] < 0 || in[SALINITY] < 0 || !(sound_ms > 1000) ||
        !(sound_ms < 2000)) {
        return SG_RANGE;
    }
    sg_ranger both[2];
    rangers(p, sound_ms, both);
    uint64_t tick = (uint64_t)state[TICK];
    for (int i = 0; i < 2; i++) {
        double begins = 1 - exp(-p[i ? SONAR_STUCK_RATE : LIDAR_STUCK_RATE] * now->dt_s);
        uint64_t stream = (uint64_t)i * 3;
        double chance = sg_prng_unit(sg_gauss_stream(p[SEED], stream), tick);
        bool stuck = state[STUCK_FOR + i] > 0 || chance < begins;
        if (stuck && !(state[STUCK_FOR + i] > 0)) {
            state[STUCK_FOR + i] = p[STUCK_TIME];
        }
        state[STUCK_FOR + i] =
            state[STUCK_FOR + i] > now->dt_s ? state[STUCK_FOR + i] - now->dt_s : 0;
        double commanded = in[i ? SONAR_FAULT : LIDAR_FAULT];
        sg_ranger_fault fault = commanded >= 1.5 || (stuck && commanded < 0.5) ? SG_RANGER_STUCK
                                : commanded >= 0.5                             ? SG_RANGER_SILENT
                                                                               : SG_RANGER_SOUND;
        bool valid;
        const sg_ranger_draw draw = {sg_gauss(sg_gauss_stream(p[SEED], stream + 1), tick),
                                     sg_prng_unit(sg_gauss_stream(p[SEED], stream + 2), tick)};
        out[LIDAR + i] =
            sg_ranger_read_m(&both[i], in[DISTANCE], fault, &draw, &state[LAST + i], &valid);
        out[LIDAR_VALID + i] = valid;
    }
    out[SOUND_SPEED] = sound_ms;
    state[TICK] += 1;
    return SG_OK;
}

const sg_model sg_model_ranging = {
    .name = "ranging",
    .title = "lidar and sonar with their errors",
    .source = "K. Mackenzie, J. Acoust. Soc. Am. 70 (1981) 807 (sound in sea water); c t / 2",
    .limits = "one echo each; both sensors look at the same distance; the equation for sound holds "
              "for 2 to 30 degC and 25 to 40 psu",
    .example = "distance_m=0..300 dt_s=0.1",
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
