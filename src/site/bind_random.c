/* Series that are drawn at random: `random: {mean: 6m/s, deviation: 2m/s, correlation: 30min}`. */
#include "site/bind.h"

#include "base/check.h"
#include "base/prng.h"
#include "model/gauss.h"
#include "site/grid.h"

#include <math.h>

bool sg_bind_random(sg_bind *b, const sg_yaml *at, sg_dimension dimension, sg_random *ret)
{
    const sg_param params[] = {
        {"mean", dimension, NAN, -HUGE_VAL, HUGE_VAL, NULL, "", ""},
        {"deviation", dimension, NAN, 0, HUGE_VAL, NULL, "", ""},
        {"lowest", dimension, -HUGE_VAL, -HUGE_VAL, HUGE_VAL, NULL, "", ""},
        {"highest", dimension, HUGE_VAL, -HUGE_VAL, HUGE_VAL, NULL, "", ""},
        {"correlation", SG_DIM_TIME, 3600, 1e-3, 1e9, NULL, "", ""},
        {"step", SG_DIM_TIME, 60, 0.01, 86400, NULL, "", ""},
        {"length", SG_DIM_TIME, 30 * 86400.0, 1, 1e9, NULL, "", ""},
    };
    double *const values[] = {&ret->mean,          &ret->deviation, &ret->lowest,  &ret->highest,
                              &ret->correlation_s, &ret->step_s,    &ret->length_s};
    const char *names[SG_COUNT(params)];
    if (!sg_bind_map(b, at, "random")) {
        return false;
    }
    bool good = true;
    for (int i = 0; i < SG_COUNT(params); i++) {
        const sg_yaml *value = sg_yaml_get(at, params[i].name);
        names[i] = params[i].name;
        *values[i] = params[i].preset;
        if (value) {
            good = sg_bind_scalar(b, value, &params[i], values[i]) && good;
        } else if (isnan(params[i].preset)) {
            sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                        "random: expected `%s`, which is missing", params[i].name);
            good = false;
        }
    }
    sg_bind_unknown(b, &(sg_entry){.own = at}, names, SG_COUNT(names), "`random`");
    if (good && (ret->lowest > ret->highest || ret->length_s < 2 * ret->step_s)) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                    ret->lowest > ret->highest ? "random: `lowest` is above `highest`"
                                               : "random: `length` holds less than two steps");
        good = false;
    }
    return good;
}

void sg_random_draw(const sg_random *self, sg_series *series, uint64_t site_seed, uint64_t stream)
{
    enum { SALT = 0x5e1e5 }; /* apart from the faults' streams */
    uint64_t seed = sg_prng_u64(site_seed ^ SALT, stream);
    double keep = exp(-self->step_s / self->correlation_s), kick = sqrt(1 - keep * keep);
    double z = sg_gauss(seed, 0);
    for (int32_t i = 0; i < series->count; i++) {
        double value = self->mean + self->deviation * z;
        value = value < self->lowest ? self->lowest : value;
        self->value[i] = value > self->highest ? self->highest : value;
        z = keep * z + kick * sg_gauss(seed, (uint64_t)i + 1);
    }
    sg_grid_integrate(self->value, series->count, series->step_us, series->linear, true,
                      self->cumulative);
}

void sg_site_reseed(sg_site *site, uint64_t seed)
{
    site->seed = seed;
    for (int32_t i = 0; i < site->random_count; i++) {
        sg_random_draw(&site->randoms[i], &site->series[site->randoms[i].series], seed,
                       (uint64_t)i);
    }
}
