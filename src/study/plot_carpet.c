#include "study/plot.h"

#include <math.h>
#include <stdio.h>

enum { LEFT = SG_PLOT_LEFT, RIGHT = SG_PLOT_RIGHT, TOP = SG_PLOT_TOP, HEIGHT = 168, SHADES = 5 };

/* Where shade i ends, as a share of the greatest value: by squares, so that a few great hours leave the others their shades. */
static double shade_end(int i)
{
    return (double)(i * i) / (SHADES * SHADES);
}

/* 0: nothing or unknown; 1..5 above zero, -1..-5 below. */
static int shade(double value, double most)
{
    double size = fabs(value) / most;
    int level = 1;
    if (!isfinite(size) || size < 0.002) {
        return 0;
    }
    while (level < SHADES && size > shade_end(level)) {
        level++;
    }
    return value < 0.0 ? -level : level;
}

static double most_of(const sg_plot_carpet *plot)
{
    double most = 0.0;
    for (int c = 0; c < plot->columns; c++) {
        for (int h = 0; h < 24; h++) {
            double size = fabs(plot->at(plot->self, c, h));
            most = isfinite(size) && size > most ? size : most;
        }
    }
    return most;
}

static int shade_at(const sg_plot_carpet *plot, int column, int hour, double most)
{
    return shade(plot->at(plot->self, column, hour), most);
}

/* The runs of hours of one shade in a column, each one line. */
static void column_runs(const sg_plot_carpet *plot, int column, int wanted, double most,
                        sg_out *out)
{
    for (int h = 0, from = 0; h < 24; h++) {
        bool ends = h == 23 || shade_at(plot, column, h + 1, most) != wanted;
        if (shade_at(plot, column, h, most) != wanted) {
            from = h + 1;
        } else if (ends) {
            sg_out_format(out, "M%d.5 %dv%d", column, from, h + 1 - from);
        }
    }
}

/* All cells of one shade as one path: columns are one unit wide, hours one unit high. */
static void shade_path(const sg_plot_carpet *plot, int wanted, double most, sg_out *out)
{
    sg_out runs = {0};
    for (int c = 0; c < plot->columns; c++) {
        column_runs(plot, c, wanted, most, &runs);
    }
    if (runs.length > 0) {
        sg_out_format(out, "<path class=\"%s s%d\" d=\"%s\"/>", wanted > 0 ? "buy" : "sell",
                      wanted > 0 ? wanted : -wanted, runs.text);
    }
    out->failed = out->failed || runs.failed;
    sg_out_free(&runs);
}

typedef struct corner {
    double x, y;
} corner;

/* The shades of one side from the palest to the darkest, with the values that they end at; `at` moves behind it. */
static void legend(const sg_plot_carpet *plot, bool above, double most, corner *at, sg_out *out)
{
    sg_out_format(out, "<text x=\"%.0f\" y=\"%.1f\">", at->x, at->y + 9.0);
    sg_out_html(out, above ? plot->above : plot->below);
    sg_out_text(out, "</text>");
    at->x += 46;
    for (int i = 1; i <= SHADES; i++) {
        double end = most * plot->factor * shade_end(i);
        sg_out_format(out,
                      "<g class=\"%s\"><rect class=\"bar s%d\" x=\"%.0f\" y=\"%.1f\" width=\"16\" "
                      "height=\"9\"/></g><text x=\"%.0f\" y=\"%.1f\">%.*f</text>",
                      above ? "buy" : "sell", i, at->x, at->y, at->x + 20, at->y + 9.0,
                      end >= 99.5   ? 0
                      : end >= 9.95 ? 1
                                    : 2,
                      end);
        at->x += 62;
    }
    at->x += 16;
}

void sg_plot_carpet_svg(const sg_plot_carpet *plot, sg_out *out)
{
    double most = plot->columns >= 2 ? most_of(plot) : 0.0;
    if (!(most > 0.0)) {
        return;
    }
    sg_plot_axes axes = {.bottom = TOP + HEIGHT,
                         .start_us = plot->start_us,
                         .end_us = plot->start_us + plot->columns * plot->column_us};
    sg_plot_open(out, plot->title);
    sg_plot_begin(out, plot->title, axes.bottom + 46.0);
    for (int h = 0; h <= 24; h += 6) {
        sg_out_format(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%02d:00</text>", LEFT - 7,
                      TOP + HEIGHT * h / 24.0 + 4.0, h);
    }
    sg_plot_time_axis(&axes, out);
    sg_out_format(
        out,
        "<svg class=\"carpet\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" viewBox=\"0 0 "
        "%d 24\" preserveAspectRatio=\"none\" style=\"min-width:0\">",
        LEFT, TOP, RIGHT - LEFT, HEIGHT, plot->columns);
    for (int level = -SHADES; level <= SHADES; level++) {
        if (level != 0) {
            shade_path(plot, level, most, out);
        }
    }
    sg_out_text(out, "</svg>");
    corner at = {LEFT, axes.bottom + 30.0};
    legend(plot, true, most, &at, out);
    legend(plot, false, most, &at, out);
    sg_out_format(out, "<text x=\"%.0f\" y=\"%.1f\">", at.x, at.y + 9.0);
    sg_out_html(out, plot->unit);
    sg_out_text(out, ", to where a shade ends</text>");
    sg_plot_end(out);
}
