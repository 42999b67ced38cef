/* platform.h - how far a floating deck leans in a sea, and what that does to panels on it.
 *
 * The deck follows the slope of the water averaged over its length (pitch) and beam (roll): a wave much longer than the deck
 * tilts it by its own slope, a shorter one ever less. With x = k L / 2 the slope of the straight line through a cosine is
 * 3 (sin x - x cos x) / x^3 of the wave's; its square is taken as
 *     RAO^2 = 1 / (1 + x^2 / 5 + 4 x^4 / 175 + x^6 / 200)
 * which agrees up to x^4. The tilt that comes out is within 1 % for decks up to 0.6 of the peak's wavelength, 6 % up to
 * one, and too large beyond. Inertia cuts off what is quicker than the cut-off period.
 *
 * Units    SI, rad; tilts are root mean squares of a Gaussian process.
 * Memory   plain values; nothing is allocated. Pure; 40 fixed nodes.
 * Source   slope spectrum k^2 S of the sea (waves.h); mean of the sun's beam on an array with independent Gaussian roll and pitch
 *          exp(-(roll^2 + pitch^2) / 2) by integration. Gimbal: statistical linearisation of a rate limit, exact mean of what a
 *          stroke limit leaves over.
 * Limits   no resonance (tank tests see one where the wave is about twice as long as the floater), no mooring, deep water,
 *          one wave system that comes from one side. */
#ifndef SG_MODEL_PLATFORM_H
#define SG_MODEL_PLATFORM_H
#include <stdbool.h>

typedef struct sg_platform {
    double length_m, beam_m;  /* > 0                                                            */
    double heading_rad;       /* waves from the bow: 0; from the side: pi/2                     */
    double cutoff_s;          /* period below which inertia holds the deck; 0: none             */
    double gamma;             /* peak enhancement of the sea, >= 1                              */
    bool gimbal;              /* panels on gimbals; else the rest below counts for nothing      */
    double residual_frac;     /* of the tilt that a gimbal within its limits lets through       */
    double rate_max_rad_s;    /* of each gimbal axis, >= 0                                      */
    double stroke_max_rad;    /* either side, >= 0                                              */
    double idle_w;            /* of all gimbals                                                 */
    double drive_w_s_per_rad; /* power per mean rate, both axes added, W per rad/s              */
    double storm_height_m;    /* at and above it the panels are stowed; 0: never                */
    double stowed_frac;       /* of the output left while they are, 0 to 1                      */
} sg_platform;

typedef struct sg_motion {
    double roll_rms_rad, pitch_rms_rad;             /* of the deck                              */
    double roll_rate_rad_s, pitch_rate_rad_s;       /* rms                                      */
    double panel_roll_rms_rad, panel_pitch_rms_rad; /* behind the gimbal                        */
    double beam_frac;                               /* mean of the beam on panels; stowed: less */
    double actuator_w;
    bool stowed;
} sg_motion;

/* For a significant wave height and an energy period; calm where either is not above zero. Seas too quick for their height
 * are taken as they are. @effects alloc=no block=no fails=never */
void sg_platform_motion(const sg_platform *self, double hs_m, double te_s, sg_motion *ret);

/* Energy period over peak period of a sea of that peak enhancement. @effects alloc=no block=no fails=never */
double sg_platform_period_ratio(double gamma);

/* What a Gaussian tilt leaves behind an actuator with a stroke of +-stroke: rms of max(|x| - stroke, 0).
 * @effects alloc=no block=no fails=never */
double sg_platform_overtravel_rad(double rms_rad, double stroke_rad);
#endif
