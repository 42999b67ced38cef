/* swings.h - what the contract on the site's own power comes to: the same hours without it and with it, at the grid connection.
 *
 * Ramp     of means over one second, W/s. Band: distance of such a mean from the trend, a low pass of the contract's own time
 *          constant over what the site drew.
 * Spectrum Welch's estimate: windows of 512 s (Hann, half overlapping) of means over one second; the root mean square, W, of all
 *          periods within a range, so that the squares of the ranges add up to the variance.
 *          P. D. Welch, IEEE Trans. Audio Electroacoust. 15 (1967) 70. */
#ifndef SG_STUDY_SWINGS_H
#define SG_STUDY_SWINGS_H
#include "base/text.h"
#include "study/simulate.h"

enum { SG_SWINGS_ROW_MAX = 3, SG_SWINGS_RANGES = 5, SG_SWINGS_TRACE_MAX = 4096 };

/* Longest period of each range, s; the last one ends at 2 s. */
extern const double sg_swings_period_s[SG_SWINGS_RANGES + 1];

typedef struct sg_swings_row {
    const char *name;
    double ramp_worst_w_per_s, ramp_p99_w_per_s;
    double band_worst_w;
    double outside_s;                    /* above the contract's ramp or beyond its band */
    double rms_w[SG_SWINGS_RANGES];      /* by period */
    double peak_w, out_j;                /* of what is drawn; discharged by the stores */
    double trace_w[SG_SWINGS_TRACE_MAX]; /* means over trace_s */
} sg_swings_row;

typedef struct sg_swings_report {
    const sg_site *site;
    int64_t from_us, to_us;
    double step_s, ramp_w_per_s, band_w, trend_s;
    double trace_s;
    int trace_count;
    sg_swings_row row[SG_SWINGS_ROW_MAX];
    int row_count;
} sg_swings_report;

/* Spectrum of `count` means over one second. False where there are fewer than a window. @effects alloc=no block=no */
bool sg_swings_spectrum(const double *power_w, int64_t count, double ret_rms_w[SG_SWINGS_RANGES]);

/* sim->site, from_us, duration_s and step_s (at most 1 s, which it divides) count; the policy is `rules`, all stores held for the
 * bridge in the first row.
 * @effects alloc=yes block=for three runs fails=SG_NOMEM, SG_RANGE (no step fits), SG_MISSING (no contract) */
SG_MUST_CHECK sg_status sg_swings_study(const sg_simulation *sim, sg_swings_report *ret);

/* For a terminal. @effects alloc=yes (the buffer) block=no */
void sg_swings_table(const sg_swings_report *report, sg_out *out);
/* symgrid.swings/1. */
void sg_swings_json(const sg_swings_report *report, sg_out *out);
/* One SVG picture: what was drawn before and after, the swings by period. */
void sg_swings_svg(const sg_swings_report *report, sg_out *out);
#endif
