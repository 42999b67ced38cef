/* foresight.h - what the planner is told of load, sun, price and carbon: the mixture of models over the site's own history, scored
 * as it goes, with simpler forecasts behind it. It stands beside the engine and is no part of its state: what comes of it is a
 * plan, which is an input.
 *
 *     every step:          sg_watch_step()       the loop      has a quarter hour ended? what was seen, copied
 *     every quarter hour:  sg_foresight_look()   a worker      takes the rows in, scores what was said, fits when due, speaks
 *     every plan:          sg_engine_outlook()   the loop      takes what was said into the outlook, while it is young enough
 *
 * Rows     quarter hours of site time, as the engine means them (online.h). Those that the clock skipped are missing.
 * Ladder   mixture -> the best of three simple models (online.h) -> the last value; by series and by lead, each fall with its
 *          reason. The mixture falls when it cannot speak, or when it missed by more than the simple models lately.
 * Sun      where a source says where it stands, the mixture is of the clear-sky index: power / irradiance of a clear sky
 *          (Ineichen and Perez 2002, Linke turbidity 3), which leaves the day's and the year's course to astronomy.
 * Price    the mixture's quarter hours count days and weeks; what the market has published goes before it.
 * Units    W; prices in money per MJ; carbon in kg per MJ.
 * Kept     history and records, as one block of bytes for a file; models are fitted anew from them.
 * Source   live.h, track.h. */
#ifndef SG_ENGINE_FORESIGHT_H
#define SG_ENGINE_FORESIGHT_H
#include "engine/foretold.h"
#include "forecast/online.h"

#include <stddef.h>

typedef struct sg_engine sg_engine;

typedef struct sg_seen {
    sg_forecast series[SG_SERIES_COUNT];
} sg_seen;

/* What the loop keeps between two quarter hours. */
typedef struct sg_watch {
    sg_forecast carbon; /* which the engine does not forecast */
    int64_t slot_count;
} sg_watch;

void sg_watch_init(sg_watch *self);
/* After each step. True: a quarter hour has ended, and *ret is what was seen until then. @effects alloc=no block=no fails=never */
bool sg_watch_step(sg_watch *self, const sg_engine *engine, sg_seen *ret);

typedef struct sg_foresight sg_foresight;

typedef struct sg_foresight_config {
    double
        horizon_s; /* of the plans; 24 to 48 h are foretold, beyond that a day is the one before */
    const char *models; /* as in sg_ensemble_create(); NULL: those of the running site */
} sg_foresight_config;

/* All memory of history, models and records, some 3 to 9 MB. NULL when there is none, or a model of that name is not.
 * @effects alloc=yes block=no */
sg_foresight *sg_foresight_create(const sg_site *site, const sg_foresight_config *config);
void sg_foresight_free(sg_foresight *self); /* accepts NULL */

/* @effects alloc=during a fit block=for a fit, up to seconds fails=never: *ret says what is told instead, and why */
void sg_foresight_look(sg_foresight *self, const sg_seen *seen, sg_foretold *ret);

/* ret: of saved_size_max() bytes, aligned for doubles; returns how many of them are used. @effects alloc=no block=no */
size_t sg_foresight_saved_size_max(const sg_foresight *self);
size_t sg_foresight_save(const sg_foresight *self, void *ret);
/* SG_FORMAT: not such bytes, or of another version; SG_RANGE: of another site; SG_CORRUPT: the checksum or a number is wrong.
 * saved: aligned for doubles. Untouched unless SG_OK; models are fitted with the next look. @effects alloc=no block=no */
SG_MUST_CHECK sg_status sg_foresight_load(sg_foresight *self, const void *saved, size_t size);
#endif
