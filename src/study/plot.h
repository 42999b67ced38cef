/* plot.h - charts as inline SVG, for pages without scripts: curves over time, and where energy came
 * from and went.
 *
 * Units    the caller's, after `factor`; the title names them.
 * Time     UTC microseconds; curve value i holds for the bin that starts at start_us + i*bin_us.
 * Bounds   at most SG_PLOT_CURVE_MAX curves. Values that are not finite leave a gap.
 * Style    the page gives colours by class: .load .source .grid .store .bad .k1 .k2 ... */
#ifndef SG_STUDY_PLOT_H
#define SG_STUDY_PLOT_H
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum { SG_PLOT_CURVE_MAX = 8 };

typedef struct sg_plot_curve {
    const char *name;  /* escaped by the plot */
    const char *style; /* class of the curve  */
    const double *value;
    const double *minus; /* NULL, or taken off value point by point */
    double factor;       /* from the array's unit to the axis' unit */
    bool area;           /* filled down to zero                     */
} sg_plot_curve;

typedef struct sg_plot {
    const char *title, *unit;
    int64_t start_us, bin_us;
    int count; /* points; nothing is drawn for fewer than 2 */
    int curve_count;
    sg_plot_curve curve[SG_PLOT_CURVE_MAX];
    double low, high; /* fixed axis where low < high, else fitted to the curves and zero */
    int height;       /* of the plotting area, px */
} sg_plot;

/* One <figure> with legend and chart. @effects alloc=yes (the buffer) block=no */
void sg_plot_svg(const sg_plot *plot, sg_out *out);

/* One stream of energy into or out of the site's bus. */
typedef struct sg_plot_band {
    const char *name, *note; /* escaped by the plot; note may be ""      */
    const char *style;
    double energy_j; /* >= 0; bands that are zero or not finite are left out */
} sg_plot_band;

/* A <figure> of bands that run from the left into the bus and out of it to the right; each side
 * shows at most SG_PLOT_BAND_MAX, the smallest joined. The bands are sorted in place.
 * @effects alloc=yes (the buffer) block=no */
enum { SG_PLOT_BAND_MAX = 10 };
void sg_plot_bands(sg_plot_band *in, int in_count, sg_plot_band *out_bands, int out_count,
                   sg_out *out);

/* A step of 1, 2, 2.5 or 5 times a power of ten, at most `parts` of them in the range, range > 0.
 * @effects alloc=no block=no fails=never */
double sg_plot_step(double range, int parts);
#endif
