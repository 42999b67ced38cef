#include "study/plot.h"

#include <math.h>
#include <stdio.h>

enum { LEFT = SG_PLOT_LEFT, RIGHT = SG_PLOT_RIGHT, TOP = SG_PLOT_TOP };

static double value_at(const sg_plot_bars *plot, const sg_plot_part *part, int i)
{
    double value = part->value[i] * plot->factor;
    return isfinite(value) ? (plot->stacked && value < 0.0 ? 0.0 : value) : 0.0;
}

static sg_plot_axes axes_of(const sg_plot_bars *plot)
{
    double low = 0.0, high = 0.0;
    for (int i = 0; i < plot->count; i++) {
        double stack = 0.0;
        for (int p = 0; p < plot->part_count; p++) {
            double value = value_at(plot, &plot->part[p], i);
            stack = plot->stacked ? stack + value : value;
            low = stack < low ? stack : low;
            high = stack > high ? stack : high;
        }
        if (plot->mark) {
            double value = value_at(plot, plot->mark, i);
            high = value > high ? value : high;
        }
    }
    sg_plot_axes axes = {.bottom = TOP + plot->height};
    sg_plot_round(&axes, low, high);
    return axes;
}

static double y_of(const sg_plot_axes *axes, double value)
{
    return TOP + (axes->high - value) / (axes->high - axes->low) * (axes->bottom - TOP);
}

/* Where a bar stands across. */
typedef struct place {
    double x, width;
} place;

static void bar(sg_out *out, const sg_plot_axes *axes, const char *style, place at, double from,
                double to)
{
    double top = y_of(axes, from > to ? from : to), bottom = y_of(axes, from > to ? to : from);
    if (bottom - top >= 0.05) {
        sg_out_format(out,
                      "<g class=\"%s\"><rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                      "height=\"%.1f\"/></g>",
                      style, at.x, top, at.width, bottom - top);
    }
}

static void one_label(const sg_plot_bars *plot, const sg_plot_axes *axes, int i, sg_out *out)
{
    double slot = (double)(RIGHT - LEFT) / plot->count, x = LEFT + slot * (i + 0.14);
    double width = slot * 0.72, sum = 0.0;
    for (int p = 0; p < plot->part_count; p++) {
        double value = value_at(plot, &plot->part[p], i);
        if (plot->stacked) {
            bar(out, axes, plot->part[p].style, (place){x, width}, sum, sum + value);
            sum += value;
        } else {
            double thin = width / plot->part_count;
            bar(out, axes, plot->part[p].style, (place){x + p * thin, thin * 0.94}, 0.0, value);
        }
    }
    if (plot->mark) {
        double y = y_of(axes, value_at(plot, plot->mark, i));
        sg_out_format(out, "<line class=\"mark\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                      x - slot * 0.06, x + width + slot * 0.06, y, y);
    }
    if (plot->count <= 26 || i % 3 == 0) {
        sg_out_format(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">", x + width / 2.0,
                      axes->bottom + 18.0);
        sg_out_html(out, plot->label[i]);
        sg_out_text(out, "</text>");
    }
}

void sg_plot_bars_svg(const sg_plot_bars *plot, sg_out *out)
{
    if (plot->count < 2 || plot->part_count < 1) {
        return;
    }
    sg_plot_axes axes = axes_of(plot);
    sg_plot_open(out, plot->title);
    for (int p = 0; p < plot->part_count; p++) {
        sg_plot_key(out, plot->part[p].style, plot->part[p].name);
    }
    if (plot->mark) {
        sg_plot_key(out, plot->mark->style, plot->mark->name);
    }
    sg_plot_begin(out, plot->title, axes.bottom + 26.0);
    sg_plot_value_axis(&axes, plot->unit, out);
    for (int i = 0; i < plot->count; i++) {
        one_label(plot, &axes, i, out);
    }
    sg_plot_end(out);
}
