/* usual.h - what is usual for each server and rack at each hour of the week, and how far off a reading is.
 *
 * Cells    168 hours x N series: the middle, the mean size of what lies off it, and how many weeks have told. The series of one hour
 *          lie together, so a reading of all series touches one row of the cells: 9 bytes a series.
 * Learning while an hour lasts its readings are summed up; when it is over they move its cell by one part in the weeks that have
 *          told, at least one in eight. A reading beyond four spreads counts as if it stood there (Huber 1964): what happens once
 *          moves little, what goes on becomes usual within weeks.
 * Spread   of a cell half its own and half its series' while it has four weeks, more of its own with each one that follows; not
 *          below a 200th of the middle, the error of a meter.
 * Unusual  |reading - middle| / spread beyond the series' limit, once three weeks have told of the hour. The limit follows so
 *          that in the long run the share `alarm_rate` of readings lies beyond, whatever their distribution (quantile tracking,
 *          Angelopoulos et al. 2023): after T readings it is alarm_rate + log(limit / first limit) / (T / 5) exactly, but for
 *          the readings at which it stands on its floor of 3, which make it less.
 * Calls    one take() for all series at a time: every minute, or every hour, of means over that time. The alarm rate is the share
 *          of such calls.
 * Units    of the readings, any; NAN or beyond 1e30: not there, judged and learnt nowhere.
 * Memory   one block of size() bytes without pointers, the caller's, aligned to 8. Copying it is keeping it.
 * @effects of every function: alloc=no block=no fails=never. About a kB and a half a series.
 * Source   Huber, Robust Estimation of a Location Parameter, Annals of Mathematical Statistics 35, 1964; Angelopoulos, Candes and
 *          Tibshirani, Conformal PID Control for Time Series Prediction, NeurIPS 2023. */
#ifndef SG_FORECAST_USUAL_H
#define SG_FORECAST_USUAL_H
#include <stddef.h>
#include <stdint.h>

enum { SG_USUAL_HOURS = 168, SG_USUAL_WEEKS = 3 /* until an hour is judged */ };

typedef struct sg_usual sg_usual;

size_t sg_usual_size(int32_t series_count);
/* alarm_rate: the share of readings that shall be called unusual, 0 < rate < 1; a thousandth is a good one. */
sg_usual *sg_usual_create(void *memory, int32_t series_count, double alarm_rate);

/* Hour of the week, 0 = Monday 00:00-01:00; local_us: microseconds since 1970 on the clock that people live by. */
int32_t sg_usual_hour(int64_t local_us);

/* One reading of each series. ret[series]: how unusual, |reading - middle| / (limit spread): above 1 is unusual, 0 where there is
 * no reading or it is too early to tell; at most 1e6. */
void sg_usual_take(sg_usual *self, int32_t hour, const double *value, float *ret);

typedef struct sg_usual_cell {
    double middle, spread, limit; /* usual: middle +- limit spread */
    int32_t weeks; /* that have told, up to 255; below SG_USUAL_WEEKS nothing is judged */
} sg_usual_cell;

/* What is usual of one series at one hour. */
sg_usual_cell sg_usual_at(const sg_usual *self, int32_t series, int32_t hour);
#endif
