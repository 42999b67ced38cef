/* rainflow.h - counts the cycles hidden in a load history: three-point rainflow of ASTM E1049-85, clause 5.4.4.
 *
 * Units    those of the values counted; a cycle's count is 1, or 0.5 for a half cycle.
 * Memory   the streaming counter lives in SG_RAINFLOW_STATE doubles of the caller, zeros at the start; the array function
 *          uses the caller's buffers. Nothing is allocated.
 * Source   ASTM E1049-85 (2017); M. Matsuishi, T. Endo, JSME 1968. Reversals still open are half cycles (residue).
 * Limits   the streaming counter remembers SG_RAINFLOW_POINTS turning points. Open ranges shrink from each to the next, so
 *          that many nest one in the other before the oldest, the widest, is counted as the half cycle that the end of the
 *          history would have made of it. */
#ifndef SG_MODEL_RAINFLOW_H
#define SG_MODEL_RAINFLOW_H
#include <stdint.h>

enum { SG_RAINFLOW_POINTS = 32, SG_RAINFLOW_STATE = SG_RAINFLOW_POINTS + 1 };

typedef struct sg_rainflow_cycle {
    double range, mean;
    double count; /* 1, or 0.5 */
} sg_rainflow_cycle;

/* One more value of the history, any finite one: what is no turning point passes. Writes the cycles that it closes to ret and
 * returns how many (0 to SG_RAINFLOW_POINTS, most often 0 or 1). state[0] is the number of open points, state[1..] are they; the
 * last is the value farthest along the present direction. @effects alloc=no block=no fails=never */
int sg_rainflow_push(double *state, double value, sg_rainflow_cycle *ret);

/* The residue: the ranges still open, as half cycles; state stays as it is. @effects alloc=no block=no fails=never */
int sg_rainflow_residue(const double *state, sg_rainflow_cycle *ret);

/* The variant of NREL's SAM: turning points only, each range that a later one covers is a whole cycle even where it holds the
 * start, ranges within slack of each other count as equal, and there is no residue. @effects alloc=no block=no fails=never */
int sg_rainflow_push_whole(double *state, double turning_point, double slack,
                           sg_rainflow_cycle *ret);

/* All cycles of a whole history, the residue with them, exactly (no bound on nesting). work and ret hold count entries each.
 * Returns the number of cycles, less than count. @effects alloc=no block=no fails=never */
int64_t sg_rainflow_array(const double *value, int64_t count, double *work, sg_rainflow_cycle *ret);
#endif
