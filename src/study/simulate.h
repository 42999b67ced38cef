/* simulate.h - a site over days to years: the same engine, a simulated field, one report.
 *
 * Baseline every run is compared with `static` on the same series. `perfect` solves the whole period at once on what the
 *          static run saw (loads, losses, sun, prices): the bound that no policy beats.
 * Cost     energy bought + demand charge + fuel + wear + energy not served - energy sold - change of stored energy at the
 *          period's mean import price. Definitions: docs/metrics.md. */
#ifndef SG_STUDY_SIMULATE_H
#define SG_STUDY_SIMULATE_H
#include "study/report.h"

typedef struct sg_simulation {
    const sg_site *site;
    int64_t from_us;
    double duration_s, step_s; /* duration is rounded down to whole steps */
    sg_policy policy;
    double plan_period_s;  /* mpc: a new plan every so often; 0 = 1 h */
    bool baseline;         /* run `static` beside it                   */
    int32_t forecast_only; /* mpc: as in sg_engine_config             */
    bool
        simple; /* mpc: the engine's own forecasts alone, without the mixture of models (engine/foresight.h) */
    double
        warm_s; /* before from_us, for the forecasts to learn from: the site's series play, stores stand still */
    /* May be NULL: called now and then with the share done, 0..1. */
    void (*progress)(void *self, double done_frac);
    void *progress_self;
} sg_simulation;

/* @effects alloc=yes block=for the run fails=SG_NOMEM, SG_RANGE (no step fits), SG_UNAVAILABLE (the bound could not be solved) */
SG_MUST_CHECK sg_status sg_simulate(const sg_simulation *simulation, sg_report *ret);
#endif
