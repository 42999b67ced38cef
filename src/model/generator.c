/* generator - an engine that runs on fuel: available whenever asked, at a cost.
 * Limits   planning and control see it as ready at once; start, minimum load and fuel are those of the model `genset`. */
#include "model/kind.h"

#include <math.h>

enum { CAPACITY, PARAM_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_POWER, NAN, 0, 1e11, NULL, "continuous rating", ""},
};

static double available_w(const double *p, const double *in)
{
    (void)in;
    return p[CAPACITY];
}

const sg_kind sg_kind_generator = {
    .name = "generator",
    .title = "generator set",
    .role = SG_SOURCE,
    .params = params,
    .param_count = PARAM_COUNT,
    .available_w = available_w,
};
