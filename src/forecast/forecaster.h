/* forecaster.h - models that look ahead, behind one interface.
 *
 * Life     size -> the caller's memory -> create -> fit on rows [from, to) -> for each row that comes: update, predict.
 *          A forecast from `origin` knows the rows before it and speaks of rows origin .. origin + horizon - 1.
 * State    one flat block without pointers: copying it is keeping it, and sg_forecaster_save() writes it with its name and shape.
 * Shapes   predict: ret[series][horizon], in the series' own units.
 * Always   every number that comes out is finite, whatever went in (sg_panel_fill() first); where a model has learnt nothing, it
 *          says the last value.
 * @effects of the models' functions: alloc=no, but for fit, which may; block=no
 * Families grow by one file and one line of forecasters.def. */
#ifndef SG_FORECAST_FORECASTER_H
#define SG_FORECAST_FORECASTER_H
#include "base/status.h"
#include "forecast/panel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sg_forecast_shape { /* no byte without a name: it is kept with the state */
    int32_t series_count, horizon;
    int32_t season;                   /* rows of a day; below 2: there is none */
    int32_t input_count, known_count; /* of the panel's inputs; 0: there are none */
    bool sky;
    uint8_t pad[3];
    int64_t fit_rows; /* rows that fit will see at most        */
} sg_forecast_shape;

/* When the mixture of all models takes one in: always, where there are inputs, where one is the clear sky, or only where it is named. */
typedef enum sg_forecaster_use {
    SG_USE_ALWAYS,
    SG_USE_INPUTS,
    SG_USE_SKY,
    SG_USE_NAMED
} sg_forecaster_use;

enum { SG_FORECASTER_MAX = 32, SG_FORECAST_HORIZON_MAX = 4096 };

/* Steps ahead fall into blocks that are looked at together: 1, 2-6, 7-24, 25-96, 97-336, 337-1024, 1025-2048, 2049-4096. `ahead` counts
 * from 0; the end is the first step beyond. */
int32_t sg_horizon_block(int32_t ahead);
int32_t sg_horizon_block_end(int32_t block);

typedef struct sg_forecaster {
    const char *name, *title, *source;
    int32_t variant; /* of a family that shares its functions */
    sg_forecaster_use use;
    /* What to install for it to learn, in one line; NULL, and a function that says NULL: nothing. */
    const char *(*lacks)(void);
    size_t (*size)(const sg_forecast_shape *, int32_t variant);
    void (*create)(void *self, const sg_forecast_shape *, int32_t variant);
    /* NULL: there is nothing to learn. Leaves the state as it is after row to - 1. */
    sg_status (*fit)(void *self, const sg_panel *, int64_t from, int64_t to);
    /* NULL: it looks at the panel alone. The row stands in the panel. */
    void (*update)(void *self, const sg_panel *, int64_t row);
    void (*predict)(const void *self, const sg_panel *, int64_t origin, double *ret);
} sg_forecaster;

extern const sg_forecaster *const sg_forecasters[];
extern const int sg_forecaster_count;

/* NULL: there is none of that name. */
const sg_forecaster *sg_forecaster_find(const char *name);
/* Does the mixture of all models take it in? */
bool sg_forecaster_suits(const sg_forecaster *self, const sg_forecast_shape *shape);

/* What a model has learnt, to go on from after a restart: its state behind a head with version, name, shape and checksum, for a machine
 * of the same byte order. @effects alloc=no block=no */
size_t sg_forecaster_saved_size(const sg_forecaster *self, const sg_forecast_shape *shape);
void sg_forecaster_save(const sg_forecaster *self, const sg_forecast_shape *shape,
                        const void *state, void *ret);
/* state: of size() bytes; untouched unless SG_OK. SG_FORMAT: not such bytes, or of another model or version; SG_RANGE: of another
 * shape; SG_CORRUPT: the checksum differs. */
SG_MUST_CHECK sg_status sg_forecaster_load(const sg_forecaster *self,
                                           const sg_forecast_shape *shape, const void *saved,
                                           size_t size, void *state);
#endif
