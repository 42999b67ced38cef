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
    int each;         /* > 1: the mean of so many points is drawn as one */
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

/* Bars side by side per label, or on top of each other; values that are not finite are left out, stacks take what is above zero. */
enum { SG_PLOT_BAR_MAX = 64, SG_PLOT_PART_MAX = SG_PLOT_BAND_MAX };

typedef struct sg_plot_part {
    const char *name;  /* escaped by the plot */
    const char *style; /* class of the bars   */
    const double *value;
} sg_plot_part;

typedef struct sg_plot_bars {
    const char *title, *unit;
    int count;        /* labels; nothing is drawn for fewer than 2 */
    char (*label)[8]; /* not written to */
    double factor;    /* from the arrays' unit to the axis' */
    int part_count;
    sg_plot_part part[SG_PLOT_PART_MAX];
    bool stacked;
    const sg_plot_part *mark; /* NULL, or a line across each stack */
    int height;
} sg_plot_bars;

/* @effects alloc=yes (the buffer) block=no */
void sg_plot_bars_svg(const sg_plot_bars *plot, sg_out *out);

/* A field of days by hours: each cell in a shade by its value, from -most to most. Cells that are not finite stay empty. */
typedef struct sg_plot_carpet {
    const char *title;
    const char *above, *below; /* what values over and under zero are called */
    const char *unit;
    double factor;               /* to the unit */
    int64_t start_us, column_us; /* local midnight of the first column; days of one column */
    int columns;                 /* nothing is drawn for fewer than 2 */
    double (*at)(const void *self, int column, int hour);
    const void *self;
} sg_plot_carpet;

/* @effects alloc=yes (the buffer) block=no */
void sg_plot_carpet_svg(const sg_plot_carpet *plot, sg_out *out);

/* The frame of a chart of `count` steps of time from start_us: rules and labels of the time axis; those of the value axis.
 * Private to the plots. */
typedef struct sg_plot_axes {
    double low, high, step;   /* of the value axis    */
    int64_t start_us, end_us; /* of the time axis     */
    double bottom;            /* px of the time axis  */
} sg_plot_axes;
enum { SG_PLOT_WIDTH = 1000, SG_PLOT_LEFT = 58, SG_PLOT_RIGHT = 988, SG_PLOT_TOP = 10 };
void sg_plot_time_axis(const sg_plot_axes *axes, sg_out *out);
void sg_plot_value_axis(const sg_plot_axes *axes, const char *unit, sg_out *out);
/* Round ends and a step for values from low to high, zero among them. @effects alloc=no */
void sg_plot_round(sg_plot_axes *axes, double low, double high);
/* <figure>, its title and the keys so far; then <svg>. */
void sg_plot_open(sg_out *out, const char *title);
void sg_plot_key(sg_out *out, const char *style, const char *name);
void sg_plot_begin(sg_out *out, const char *title, double height);
void sg_plot_end(sg_out *out);

/* A step of 1, 2, 2.5 or 5 times a power of ten, at most `parts` of them in the range, range > 0.
 * @effects alloc=no block=no fails=never */
double sg_plot_step(double range, int parts);
#endif
