/* clock.h - a clock that drifts, and the filter that knows how far to trust it.
 *
 * State    offset from the reference, s, and drift, s/s. Between measurements (holdover)
 *              offset += drift dt;  P00 += 2 dt P01 + dt^2 P11 + q1 dt + q2 dt^3/3;  P01 += dt P11 + q2 dt^2/2;  P11 += q2 dt
 *          a measured offset of deviation r corrects both.
 * Units    s; drift in s/s; q1 in s (white frequency noise: (Allan deviation at 1 s)^2), q2 in 1/s (random walk of the drift).
 * Sign     offset > 0: the clock is ahead of the reference.
 * Memory   the state is the caller's; nothing else is kept.
 * Source   C. Zucca, P. Tavella, IEEE Trans. UFFC 52 (2005) 289 (two-state clock); R. E. Kalman, J. Basic Eng. 82 (1960) 35.
 * Limits   no flicker noise; leap seconds are not the clock's matter. */
#ifndef SG_MODEL_CLOCK_H
#define SG_MODEL_CLOCK_H

typedef struct sg_clock_noise {
    double q1_s, q2_per_s;
} sg_clock_noise;

/* Only doubles: part of a model's state. */
typedef struct sg_clock {
    double offset_s, drift, p00, p01, p11;
} sg_clock;

/* Unknown by these deviations. @effects alloc=no block=no fails=never */
void sg_clock_start(sg_clock *self, double offset_std_s, double drift_std);

/* dt_s >= 0 without a measurement. @effects alloc=no block=no fails=never */
void sg_clock_predict(sg_clock *self, const sg_clock_noise *noise, double dt_s);

/* A measured offset of deviation std_s > 0. Returns the squared innovation over its variance, chi-square of one degree.
 * @effects alloc=no block=no fails=never */
double sg_clock_correct(sg_clock *self, double measured_s, double std_s);

/* Deviation of the offset after dt_s >= 0 more of holdover. @effects alloc=no block=no fails=never */
double sg_clock_holdover_std_s(const sg_clock *self, const sg_clock_noise *noise, double dt_s);
#endif
