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

/* All cells of one shade as one path: columns are one unit wide, hours one unit high, runs of hours one line. */
static void shade_path(const sg_plot_carpet *plot, int wanted, double most, sg_out *out)
{
    bool any = false;
    for (int c = 0; c < plot->columns; c++) {
        for (int h = 0; h < 24;) {
            int from = h;
            while (h < 24 && shade(plot->at(plot->self, c, h), most) == wanted) {
                h++;
            }
            if (h > from) {
                if (!any) {
                    sg_out_format(out, "<path class=\"%s s%d\" d=\"", wanted > 0 ? "buy" : "sell",
                                  wanted > 0 ? wanted : -wanted);
                    any = true;
                }
                sg_out_format(out, "M%d.5 %dv%d", c, from, h - from);
            }
            h += h == from;
        }
    }
    sg_out_text(out, any ? "\"/>" : "");
}

/* The shades of one side from the palest to the darkest, with the values that they end at; the x behind it. */
static double legend(const sg_plot_carpet *plot, const char *name, const char *style, double most,
                     double x, double y, sg_out *out)
{
    sg_out_format(out, "<text x=\"%.0f\" y=\"%.1f\">", x, y + 9.0);
    sg_out_html(out, name);
    sg_out_text(out, "</text>");
    x += 46;
    for (int i = 1; i <= SHADES; i++) {
        double end = most * plot->factor * shade_end(i);
        sg_out_format(out,
                      "<g class=\"%s\"><rect class=\"bar s%d\" x=\"%.0f\" y=\"%.1f\" width=\"16\" "
                      "height=\"9\"/></g><text x=\"%.0f\" y=\"%.1f\">%.*f</text>",
                      style, i, x, y, x + 20, y + 9.0,
                      end >= 99.5   ? 0
                      : end >= 9.95 ? 1
                                    : 2,
                      end);
        x += 62;
    }
    return x + 16;
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
    double y = axes.bottom + 30.0;
    double x = legend(plot, plot->above, "buy", most, LEFT, y, out);
    x = legend(plot, plot->below, "sell", most, x, y, out);
    sg_out_format(out, "<text x=\"%.0f\" y=\"%.1f\">", x, y + 9.0);
    sg_out_html(out, plot->unit);
    sg_out_text(out, ", to where a shade ends</text>");
    sg_plot_end(out);
}
