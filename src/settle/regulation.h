/* regulation.h - how well a site followed a regulation signal: the market's score, and what it moved for it.
 *
 * Score    the mean of three parts, each 0..1 and each the mean over windows of five minutes, from samples every 10 s:
 *          correlation  the greatest Pearson correlation of the signal with the response shifted by 0, 10, .. 300 s
 *          delay        |shift - 300 s| / 300 s at that greatest correlation (the first one, where several are equal)
 *          precision    1 - mean |response - signal| / mean |signal|, not below 0, without any shift
 *          A window is known once the five minutes after it are: a day of 8640 samples has 287. Where the signal hardly moves
 *          (deviation below 0.01), correlation is 1 - |its slope - the response's slope|, per window, at no shift. A response
 *          that correlates nowhere has the greatest shift, so its delay scores 0. Without any signal (mean 0) precision is 1 for
 *          no response and 0 for any other.
 * Units    signal -1..1; response in the same unit: power delivered / capability offered, > 0 into the site bus; W, J, s.
 * Source   PJM Manual 12 section 4.5.6 (performance score: correlation, delay, precision in equal parts, as it was in force until
 *          2025), windows and shifts as in the public scoring code of the Grid Modernization Laboratory Consortium.
 * Memory   flat values without pointers or padding: they live in the engine's block.
 * @effects of every function: alloc=no block=no fails=never */
#ifndef SG_SETTLE_REGULATION_H
#define SG_SETTLE_REGULATION_H
#include <stdbool.h>
#include <stdint.h>

enum {
    SG_SCORE_WINDOW = 30, /* samples of a window, and the greatest shift */
    SG_SCORE_SPAN = 2 * SG_SCORE_WINDOW
};
#define SG_SCORE_SAMPLE_S 10.0

/* Parts 0..1: of one window (windows = 1) or means over several. NAN throughout for none. */
typedef struct sg_score {
    double correlation, delay, precision;
    double total; /* the mean of the three */
    int64_t windows;
} sg_score;

/* One window: its signal, and the response from its beginning to five minutes after its end. */
sg_score sg_score_window(const double signal[SG_SCORE_WINDOW],
                         const double response[SG_SCORE_SPAN]);

/* All whole windows of `samples` samples. */
sg_score sg_score_of(const double *signal, const double *response, int64_t samples);

/* Sums over windows, from which means follow. */
typedef struct sg_score_sum {
    double correlation, delay, precision;
    int64_t windows;
} sg_score_sum;

sg_score sg_score_mean(const sg_score_sum *sum);

/* One step of the site, as metered. */
typedef struct sg_regulated {
    double signal;       /* that was in force, -1..1                       */
    double response_w;   /* beyond what would have been delivered without it */
    double capability_w; /* > 0                                            */
} sg_regulated;

typedef struct sg_regulation_meter {
    double signal[SG_SCORE_SPAN], response[SG_SCORE_SPAN]; /* of samples not yet scored */
    int64_t filled;
    int64_t last_us;          /* when the last sample was taken, 0 = none         */
    sg_score_sum hour, total; /* the running hour; since the start                */
    int64_t hour_index;       /* of the running hour, since 1970                  */
    sg_score_sum closed;      /* the last whole hour                              */
    double worst;             /* the least score of any whole hour, INFINITY = none yet */
    double last_signal;
    double mileage;      /* sum of |change of the signal|                    */
    double up_j, down_j; /* delivered for it: into the bus, out of it        */
    double missed_j;     /* |response - signal| over time                    */
    double regulated_s;  /* time that was metered                            */
} sg_regulation_meter;

void sg_regulation_meter_init(sg_regulation_meter *self);

/* Account one step that ended at time_us. A sample is taken whenever ten seconds are full; after a silence of more than one sample
 * the windows begin anew. True when an hour was closed: self->closed is it (a window counts to the hour in which it became
 * known). */
bool sg_regulation_meter_step(sg_regulation_meter *self, int64_t time_us, double dt_s,
                              const sg_regulated *step);
#endif
