#include "cli/forecast_plot.h"

#include "study/plot.h"

#include <math.h>
#include <stdbool.h>

enum { WIDTH = 760, LEFT = 72, RIGHT = 20, PANEL = 210, TOP = 34, SERIES_MAX = 4, PAST_MAX = 400 };

typedef struct frame {
    const double *past, *mean; /* past: `before` rows up to the last one */
    const sg_bands *bands;
    int32_t series, before, ahead;
    int top, bottom;
    double least, most;
} frame;

static double across(const frame *f, double row)
{
    return LEFT + (WIDTH - RIGHT - LEFT) * row / fmax(f->before + f->ahead - 1, 1);
}

static double up(const frame *f, double value)
{
    return f->bottom - (value - f->least) / (f->most - f->least) * (f->bottom - f->top);
}

/* The first interval's end; the mean where there is no interval. */
static double bound(const frame *f, int32_t h, bool high)
{
    double ends[2] = {0};
    if (f->bands->level_count > 0) {
        sg_bands_bounds(f->bands, 0, f->series, h, &ends[0], &ends[1]);
    }
    return f->mean[h] + ends[high];
}

static void grow(frame *f, double value)
{
    f->least = fmin(f->least, value);
    f->most = fmax(f->most, value);
}

static void fit(frame *f)
{
    f->least = INFINITY;
    f->most = -INFINITY;
    for (int32_t i = 0; i < f->before; i++) {
        grow(f, f->past[i]);
    }
    for (int32_t h = 0; h < f->ahead; h++) {
        grow(f, f->mean[h]);
        grow(f, bound(f, h, false));
        grow(f, bound(f, h, true));
    }
    f->most = f->most > f->least ? f->most : f->least + 1;
}

static void axis(const frame *f, const char *name, sg_out *out)
{
    double step = sg_plot_step(f->most - f->least, 4);
    double first = ceil(f->least / step);
    int count = (int)fmin(floor(f->most / step + 1e-9) - first + 1, 100);
    for (int i = 0; i < count; i++) {
        double at = (first + i) * step;
        sg_out_format(out,
                      "<path d=\"M%d %.1fH%d\" stroke=\"#d0d7de\"/><text x=\"%d\" y=\"%.1f\" "
                      "text-anchor=\"end\">%.6g</text>\n",
                      LEFT, up(f, at), WIDTH - RIGHT, LEFT - 6, up(f, at) + 4,
                      fabs(at) < step * 1e-6 ? 0 : at);
    }
    sg_out_format(out, "<text x=\"%d\" y=\"%d\">", LEFT, f->top - 10);
    sg_out_html(out, name);
    sg_out_text(out, "</text>\n");
}

static void band(const frame *f, sg_out *out)
{
    sg_out_text(out, "<path fill=\"#1f6feb\" fill-opacity=\"0.2\" d=\"");
    for (int32_t h = 0; h < f->ahead; h++) {
        sg_out_format(out, "%c%.1f %.1f", h ? 'L' : 'M', across(f, f->before + h),
                      up(f, bound(f, h, false)));
    }
    for (int32_t h = f->ahead - 1; h >= 0; h--) {
        sg_out_format(out, "L%.1f %.1f", across(f, f->before + h), up(f, bound(f, h, true)));
    }
    sg_out_text(out, "Z\"/>\n");
}

static void line(const frame *f, const double *value, int32_t count, int32_t first,
                 const char *colour, sg_out *out)
{
    sg_out_format(out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\" d=\"", colour);
    for (int32_t i = 0; i < count; i++) {
        sg_out_format(out, "%c%.1f %.1f", i ? 'L' : 'M', across(f, first + i), up(f, value[i]));
    }
    sg_out_text(out, "\"/>\n");
}

void sg_forecast_plot(const sg_forecast_rows *rows, const sg_backtest *it, int32_t voice,
                      sg_out *out)
{
    const sg_bands *bands = &it->bands[voice];
    int32_t horizon = it->ensemble.shape.horizon, count = rows->panel.series_count;
    count = count < SERIES_MAX ? count : SERIES_MAX;
    int height = count * PANEL + 30;
    int64_t before = 3 * (int64_t)horizon < PAST_MAX ? 3 * (int64_t)horizon : PAST_MAX;
    before = before < rows->panel.row_count ? before : rows->panel.row_count;
    sg_out_format(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                  "font-family=\"sans-serif\" font-size=\"12\" fill=\"#57606a\">\n"
                  "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n",
                  WIDTH, height, WIDTH, height);
    for (int32_t s = 0; s < count; s++) {
        frame f = {.past = sg_panel_series(&rows->panel, s) + rows->panel.row_count - before,
                   .mean = it->ensemble.guess +
                           ((int64_t)voice * it->ensemble.shape.series_count + s) * horizon,
                   .bands = bands,
                   .series = s,
                   .before = (int32_t)before,
                   .ahead = horizon,
                   .top = s * PANEL + TOP,
                   .bottom = (s + 1) * PANEL - 10};
        fit(&f);
        axis(&f, rows->name[s], out);
        if (bands->level_count > 0) {
            band(&f, out);
        }
        line(&f, f.past, f.before, 0, "#57606a", out);
        line(&f, f.mean, f.ahead, f.before, "#1f6feb", out);
    }
    sg_out_format(out,
                  "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">grey: measured; blue: forecast%s"
                  "</text>\n</svg>\n",
                  WIDTH / 2, height - 8, bands->level_count > 0 ? " and its first interval" : "");
}
