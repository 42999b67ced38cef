/* services.h - what the site does for the grid beside buying energy: the blocks `regulation`, `droop` and `contract` of `grid`.
 *
 * Units    W, Hz, W/s, fractions; money per W and hour. Zero: not agreed.
 * Sign     signal and droop > 0 ask for more power into the site bus (less import).
 * Source   docs/regulation.md; droop: IEEE 1547-2018 section 6.5.2.7 (dead band, slope as a share of the nominal frequency).
 * Memory   one flat value without padding. */
#ifndef SG_SITE_SERVICES_H
#define SG_SITE_SERVICES_H
#include <stdbool.h>
#include <stdint.h>

typedef struct sg_services {
    int32_t signal_series; /* index into the site's series, -1 = none */
    int32_t frequency_series;
    int32_t capability_price_series, performance_price_series;
    double capability_w;                        /* offered each way, 0 = no regulation */
    double recentre_frac;                       /* of it, the most that recentring moves */
    double capability_price, performance_price; /* where there is no series */
    double mileage_ratio;                       /* of this signal to the market's slow one */
    double droop_w;                             /* at full deflection, 0 = no droop */
    double nominal_hz, dead_band_hz;
    double slope_frac;   /* deviation beyond the dead band for droop_w, of nominal_hz */
    double ramp_w_per_s; /* 0 = no limit */
    double band_w;       /* either side of the trend, 0 = no limit */
    double trend_s;      /* time constant of the trend */
} sg_services;

static inline bool sg_services_any(const sg_services *s)
{
    return s->capability_w > 0 || s->droop_w > 0 || s->ramp_w_per_s > 0 || s->band_w > 0;
}
#endif
