/* foretold.h - forecasts of a site as they were told, with what they are worth: one flat value for planner, metrics and page.
 *
 * Units    W; prices in money per MJ; carbon in kg per MJ. Rows of 15 min: mean[h] is of the (h + 1)th quarter hour after `slot`.
 * Memory   no pointers. */
#ifndef SG_ENGINE_FORETOLD_H
#define SG_ENGINE_FORETOLD_H
#include "base/status.h"
#include "forecast/track.h"
#include "site/site.h"

#include <stdbool.h>
#include <stdint.h>

#define SG_SERIES_LIST(X)          \
    X(SG_SERIES_LOAD, "load")      \
    X(SG_SERIES_SUN, "generation") \
    X(SG_SERIES_PRICE, "price")    \
    X(SG_SERIES_CARBON, "carbon")

typedef enum sg_series_class {
#define X(code, name) code,
    SG_SERIES_LIST(X)
#undef X
        SG_SERIES_COUNT
} sg_series_class;

const char *sg_series_class_name(sg_series_class which);

/* Why the mixture does not speak. */
#define SG_FALL_LIST(X)                                                 \
    X(SG_FALL_NONE, "")                                                 \
    X(SG_FALL_YOUNG, "there is too little history to learn from")       \
    X(SG_FALL_HOLES, "too much of the history is missing")              \
    X(SG_FALL_UNFITTED, "the models could not be fitted")               \
    X(SG_FALL_NOT_FINITE, "a model said something that is no number")   \
    X(SG_FALL_WORSE, "the mixture of models has missed by more lately") \
    X(SG_FALL_ABSENT, "nothing but zero has been seen")                 \
    X(SG_FALL_CLOCK, "the clock was set back")                          \
    X(SG_FALL_LATE, "the models have said nothing new for two hours")   \
    X(SG_FALL_NO_MEMORY, "there was no memory for the models")

typedef enum sg_fall {
#define X(code, text) code,
    SG_FALL_LIST(X)
#undef X
        SG_FALL_COUNT
} sg_fall;

const char *sg_fall_text(sg_fall fall);

enum { SG_FORETOLD_ROWS = 192, SG_FORETOLD_AGE_MAX = 8 /* quarter hours */ };

typedef struct sg_foretold_lead {
    int32_t speaker, fall; /* sg_speaker, sg_fall */
    sg_lead_score score;
} sg_foretold_lead;

typedef struct sg_foretold_series {
    int32_t present, pad; /* 0: nothing but zero has been seen */
    int64_t rows, fits;   /* of history; of models since the start */
    sg_foretold_lead lead[SG_LEAD_COUNT];
    double mean[SG_FORETOLD_ROWS], low[SG_FORETOLD_ROWS], high[SG_FORETOLD_ROWS];
} sg_foretold_series;

typedef struct sg_foretold {
    int64_t slot;         /* the last quarter hour that was known, since 1970 */
    int32_t horizon, any; /* any 0: nothing was told yet */
    sg_foretold_series series[SG_SERIES_COUNT];
} sg_foretold;

/* Is it young enough to be told at a time when `slot` was the last quarter hour that had ended? */
bool sg_foretold_fresh(const sg_foretold *self, int64_t slot);

/* Index into mean[] for `ahead` (>= 1) quarter hours after told->slot; beyond the horizon that of a day before. */
int sg_foretold_place(const sg_foretold *self, int64_t ahead);
#endif
