/* fusion.h - one height from two rangers that may be noisy, missing, dead, stuck or lying.
 *
 * A Kalman filter (random walk, or constant velocity with white acceleration) takes both readings one after the other; each
 * is held against the prediction first (chi-square gate of one degree). Beside it runs the health of each sensor.
 *
 *   missing, frozen   is not used. Frozen: the very same reading stuck_steps times in a row.
 *   gated             the running share of rejected readings; above OUT (1/2) the sensor is left out, below BACK (1/5) it is
 *                     taken in again: it is watched all the time.
 *   relock            two healthy sensors that are rejected twice but agree, or one that says the same relock_steps times:
 *                     the prediction is what is wrong, and the height starts anew. A gate without that loses a single
 *                     sensor for good about once in ten thousand steps.
 *   bias              the running mean of the difference of the two. When it leaves what noise explains (bias_sigma) by more
 *                     than bias_allow_m, one of them lies. Two sensors cannot tell which: the one whose own running mean is
 *                     less likely about rest_m (deviation rest_std_m) is left out; where that is not known or not clear, both
 *                     stay in and the deviation reported is widened by half of the difference.
 *
 * Units    m, s. Sensor 0 is the lidar, 1 the sonar.
 * Memory   the state is 21 doubles of the caller's, whatever comes. Nothing else is kept.
 * Source   R. E. Kalman, J. Basic Eng. 82 (1960) 35; Y. Bar-Shalom, X. Li, T. Kirubarajan, "Estimation with Applications to
 *          Tracking and Navigation" (2001), ch. 5: models, sequential updates, NIS.
 * Limits   Gaussian noise between the outliers; known standard deviations. */
#ifndef SG_MODEL_FUSION_H
#define SG_MODEL_FUSION_H
#include <stdbool.h>

enum { SG_FUSION_SENSORS = 2 };

typedef struct sg_fusion_config {
    bool velocity;  /* false: random walk                                             */
    double process; /* random walk: m2/s; constant velocity: m2/s3                    */
    double std_m[SG_FUSION_SENSORS];
    double gate;         /* reject innovations with y^2/S above it                         */
    double health_steps; /* time constant of the share of rejected readings, steps >= 1    */
    double stuck_steps;  /* 0: never frozen                                                */
    double relock_steps; /* all readings rejected so many times, and steady: start anew    */
    double speed_ms;     /* standard deviation of the velocity when (re)started              */
    double coast_s;      /* without a reading so long the velocity is forgotten            */
    double bias_s;       /* time constant of the means                                     */
    double bias_sigma, bias_allow_m;
    double rest_m, rest_std_m; /* rest_std_m 0: not known                                  */
} sg_fusion_config;

/* Only doubles: a model's state. All zero before the first step. */
typedef struct sg_fusion {
    double x_m, v_ms, p00, p01, p11, started;
    double fail[SG_FUSION_SENSORS];   /* running share of bad readings */
    double out[SG_FUSION_SENSORS];    /* 1: left out until it is well  */
    double last_m[SG_FUSION_SENSORS]; /* last reading                  */
    double same[SG_FUSION_SENSORS];   /* times it came again           */
    double mean_m[SG_FUSION_SENSORS]; /* running means of the readings */
    double gap_m, gap_count;          /* running mean of the difference */
    double blame;                     /* sg_fusion_blame                */
    double lost;                      /* steps with readings, none accepted */
    double idle_s;                    /* since the last accepted reading    */
} sg_fusion;

typedef enum sg_fusion_blame {
    SG_FUSION_AGREE,
    SG_FUSION_LIDAR_LIES,
    SG_FUSION_SONAR_LIES,
    SG_FUSION_ONE_LIES,
} sg_fusion_blame;

typedef struct sg_fusion_result {
    double estimate_m, std_m;
    double
        nis; /* of the readings of healthy sensors, before the gate; chi-square of nis_count degrees */
    int nis_count;
    double health[SG_FUSION_SENSORS]; /* 1: all readings good of late, 0: none */
    bool used[SG_FUSION_SENSORS];
    double gap_m;
    sg_fusion_blame blame;
} sg_fusion_result;

/* One step of dt_s > 0. A reading that is not finite counts as missing. Before the first reading estimate 0, std 1e6 m.
 * @effects alloc=no block=no fails=never */
void sg_fusion_step(sg_fusion *self, const sg_fusion_config *config,
                    const double reading_m[SG_FUSION_SENSORS], const bool valid[SG_FUSION_SENSORS],
                    double dt_s, sg_fusion_result *ret);
#endif
