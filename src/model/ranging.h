/* ranging.h - what a lidar and a sonar say of a distance, with the errors such sensors have.
 *
 * Units    m, m/s, degC, psu.
 * Memory   pure functions; the last reading is the caller's.
 * Source   lidar: one bin of the clock is c t / 2. Sound in sea water: K. Mackenzie, J. Acoust. Soc. Am. 70 (1981) 807,
 *          nine terms, 2..30 degC, 25..40 psu, 0..8000 m, standard error 0.07 m/s.
 * Limits   one echo; no angle, no beam width, no fog; the two sensors are taken to look at the same distance. */
#ifndef SG_MODEL_RANGING_H
#define SG_MODEL_RANGING_H
#include <stdbool.h>

/* Length of one bin of a lidar's clock: c t / 2. @effects alloc=no block=no fails=never */
double sg_lidar_resolution_m(double clock_s);

/* @effects alloc=no block=no fails=never */
double sg_sound_speed_ms(double water_degc, double salinity_psu, double depth_m);

typedef struct sg_ranger {
    double std_m, std_frac; /* noise: sqrt(std_m^2 + (std_frac distance)^2)    */
    double scale;           /* reading over distance, without noise: 1 is right */
    double bias_m;
    double resolution_m; /* readings are whole multiples; 0: none            */
    double min_m, max_m; /* true distances that give an echo                 */
    double silent_frac;  /* share of echoes that are lost                     */
} sg_ranger;

typedef enum sg_ranger_fault { SG_RANGER_SOUND, SG_RANGER_SILENT, SG_RANGER_STUCK } sg_ranger_fault;

/* What chance has in store for one reading. */
typedef struct sg_ranger_draw {
    double normal; /* of mean 0 and deviation 1 */
    double unit;   /* uniform in [0, 1)         */
} sg_ranger_draw;

/* One reading. *last_m is the last reading there was: what is
 * given again when the sensor is stuck (valid) or silent (not valid). @effects alloc=no block=no fails=never */
double sg_ranger_read_m(const sg_ranger *self, double distance_m, sg_ranger_fault fault,
                        const sg_ranger_draw *draw, double *last_m, bool *ret_valid);
#endif
