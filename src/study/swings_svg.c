/* swings_svg.c - what was drawn before and after, and the swings by period, as one SVG picture that stands alone. */
#include "study/plot.h"
#include "study/swings.h"

#include <math.h>

enum { WIDTH = 900, LEFT = 64, RIGHT = 20, TOP = 44, CURVES = 280, GAP = 74, BARS = 150 };
static const int height = TOP + CURVES + GAP + BARS + 36;
static const char *const colour[SG_SWINGS_ROW_MAX] = {"#c0322b", "#b97f00", "#0d8a74"};

typedef struct axis {
    double low, high; /* kW */
    int top, height;  /* px */
} axis;

static double y_of(const axis *a, double kw)
{
    return a->top + a->height * (1 - (kw - a->low) / (a->high - a->low));
}

static void grid_lines(const axis *a, sg_out *out)
{
    double step = sg_plot_step(a->high - a->low, 6);
    for (double kw = ceil(a->low / step) * step; kw <= a->high + 1e-9; kw += step) {
        sg_out_format(out,
                      "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#dfe5e2\"/>"
                      "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
                      LEFT, WIDTH - RIGHT, y_of(a, kw), y_of(a, kw), LEFT - 8, y_of(a, kw) + 4, kw);
    }
}

static void curve(const sg_swings_report *report, int r, const axis *a, sg_out *out)
{
    sg_out_format(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" points=\"",
                  colour[r], r == report->row_count - 1 ? "1.8" : "0.9");
    double per = (double)(WIDTH - LEFT - RIGHT) / (report->trace_count - 1);
    for (int i = 0; i < report->trace_count; i++) {
        sg_out_format(out, "%.1f,%.1f ", LEFT + i * per, y_of(a, report->row[r].trace_w[i] * 1e-3));
    }
    sg_out_text(out, "\"/>\n");
}

static void curves(const sg_swings_report *report, sg_out *out)
{
    axis a = {INFINITY, -INFINITY, TOP, CURVES};
    for (int r = 0; r < report->row_count; r++) {
        for (int i = 0; i < report->trace_count; i++) {
            a.low = fmin(a.low, report->row[r].trace_w[i] * 1e-3);
            a.high = fmax(a.high, report->row[r].trace_w[i] * 1e-3);
        }
    }
    a.high = a.high > a.low ? a.high : a.low + 1;
    grid_lines(&a, out);
    for (int r = 0; r < report->row_count; r++) {
        curve(report, r, &a, out);
    }
    double span_min = report->trace_count * report->trace_s / 60;
    double step = sg_plot_step(span_min, 10);
    for (double t = 0; t <= span_min + 1e-9; t += step) {
        sg_out_format(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g min</text>\n",
                      LEFT + t / span_min * (WIDTH - LEFT - RIGHT), TOP + CURVES + 18, t);
    }
}

static void bars(const sg_swings_report *report, sg_out *out)
{
    axis a = {0, 1e-3, TOP + CURVES + GAP, BARS};
    for (int r = 0; r < report->row_count; r++) {
        for (int i = 0; i < SG_SWINGS_RANGES; i++) {
            a.high = fmax(a.high, report->row[r].rms_w[i] * 1e-3);
        }
    }
    grid_lines(&a, out);
    double slot = (double)(WIDTH - LEFT - RIGHT) / SG_SWINGS_RANGES, bar = slot / 5;
    for (int i = 0; i < SG_SWINGS_RANGES; i++) {
        for (int r = 0; r < report->row_count; r++) {
            double y = y_of(&a, report->row[r].rms_w[i] * 1e-3);
            sg_out_format(out,
                          "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                          "fill=\"%s\"/>\n",
                          LEFT + i * slot + (r + 1) * bar, y, bar * 0.9, a.top + a.height - y,
                          colour[r]);
        }
        sg_out_format(out,
                      "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.0f to %.0f s</text>\n",
                      LEFT + (i + 0.5) * slot, a.top + a.height + 18, sg_swings_period_s[i],
                      sg_swings_period_s[i + 1]);
    }
    sg_out_format(out, "<text x=\"%d\" y=\"%d\">swings by period, root mean square, kW</text>\n",
                  LEFT, a.top - 12);
}

void sg_swings_svg(const sg_swings_report *report, sg_out *out)
{
    sg_out_format(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                  "font-family=\"sans-serif\" font-size=\"12\" fill=\"#56646e\">\n"
                  "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n"
                  "<text x=\"%d\" y=\"22\">drawn from the grid, kW</text>\n",
                  WIDTH, height, WIDTH, height, LEFT);
    for (int r = 0; r < report->row_count; r++) {
        sg_out_format(out,
                      "<rect x=\"%d\" y=\"12\" width=\"14\" height=\"10\" fill=\"%s\"/><text "
                      "x=\"%d\" y=\"22\">",
                      LEFT + 220 + r * 150, colour[r], LEFT + 240 + r * 150);
        sg_out_html(out, report->row[r].name);
        sg_out_text(out, "</text>\n");
    }
    if (report->trace_count > 1) {
        curves(report, out);
        bars(report, out);
    }
    sg_out_text(out, "</svg>\n");
}
