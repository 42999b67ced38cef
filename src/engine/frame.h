/* frame.h - what enters and what leaves one step of the engine.
 *
 * A frame is everything the step may know: readings of the interval that just ended, requests from people and programs,
 * and at most one new plan. Readings are a flat array in the order of sg_points; bad data is a value with a quality.
 *
 * Units    W, J, fractions, money per J; prices and carbon as bought at the meter, fees included.
 * Sign     source, store and grid power > 0 flows into the site bus; a load's power is a magnitude.
 * Time     time_us is the end of the interval; dt_s its length. No clock is read anywhere below.
 * Memory   the frame points at the caller's arrays for the length of the call. */
#ifndef SG_ENGINE_FRAME_H
#define SG_ENGINE_FRAME_H
#include "base/limits.h"
#include "base/pool.h"
#include "base/status.h"
#include "control/control.h"
#include "site/command.h"
#include "site/plan.h"
#include "site/points.h"
#include "site/request.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct sg_frame {
    int64_t time_us;
    double dt_s;
    const double *value;    /* [points.count] */
    const uint8_t *quality; /* [points.count] sg_quality as the field marked it */
    const sg_request *requests;
    int32_t request_count; /* <= SG_REQUEST_MAX */
    const sg_plan *plan;   /* NULL = none new */
    /* How to go about it; what comes out is the same to the last bit. */
    const int32_t *changed; /* points that may differ from the frame before, ascending; NULL: any */
    int32_t changed_count;
    sg_pool *pool; /* threads that may share the sweeps; NULL: none */
} sg_frame;
#endif
