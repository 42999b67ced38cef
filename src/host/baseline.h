/* baseline.h - what the site would have paid with every store at rest, metered beside the engine as the site runs.
 *
 * Baseline what the `static` policy does: loads and sources as they were, stores at rest. Its exchange with the grid is the real one
 *          plus what the stores gave, minus what they took; more than may be exported is thrown away. Losses are those that were.
 * Billing  by the same meter (settle/meter.h), demand charge included, from this start of the process on.
 * Left out steps without a grid connection: without stores there would have been no power to bill.
 * Units    as in settle/meter.h.
 * Memory   one flat value; nothing is allocated. */
#ifndef SG_HOST_BASELINE_H
#define SG_HOST_BASELINE_H
#include "engine/engine.h"

typedef struct sg_baseline {
    sg_meter meter;            /* of the site with its stores at rest */
    double import_j, export_j; /* its registers */
    sg_settlement start, last; /* of the real site: not in the comparison; at the last step */
    int64_t since_us;          /* < 0: no step was compared yet; when it began, else */
    double held_j, left_out_s; /* in stores when it began */
    double import_price, export_price, carbon_kg_per_j; /* in force when the step began */
} sg_baseline;

void sg_baseline_init(sg_baseline *self);

/* After a step of dt_s. @effects alloc=no block=no fails=never */
void sg_baseline_step(sg_baseline *self, const sg_site *site, const sg_engine *engine, double dt_s);

/* Fill the view's `compared`. */
void sg_baseline_view(const sg_baseline *self, const sg_site *site, const sg_engine *engine,
                      sg_view *ret);
#endif
