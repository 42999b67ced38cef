#include "study/trace_svg.h"

#include "base/check.h"
#include "study/plot.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 760, LEFT = 64, RIGHT = 20, CURVE_MAX = SG_PLAN_STORE_MAX, TEXT_W = 7 };

typedef struct curve {
    const char *name, *colour;
    double *value; /* in the axis' unit */
} curve;

typedef struct panel {
    const char *unit;
    int top, bottom; /* px */
    double low, high;
    curve curve[CURVE_MAX];
    int count;
} panel;

static const char *const colours[] = {"#1f6feb", "#d4622a", "#2b8a3e",
                                      "#8250df", "#bf8700", "#57606a"};

/* What is nothing all the time is left out. */
static void add(panel *p, const char *name, double *value, int count)
{
    bool any = false;
    for (int i = 0; i < count; i++) {
        any = any || fabs(value[i]) > 1e-9;
    }
    if (any && p->count < CURVE_MAX) {
        const char *colour = colours[p->count % SG_COUNT(colours)];
        p->curve[p->count++] = (curve){name, colour, value};
    }
}

static double across(int i, int count)
{
    return LEFT + (WIDTH - RIGHT - LEFT) * (i + 0.5) / count;
}

static double up(const panel *p, double value)
{
    return p->bottom - (value - p->low) / (p->high - p->low) * (p->bottom - p->top);
}

static void fit(panel *p, int count)
{
    for (int c = 0; c < p->count; c++) {
        for (int i = 0; i < count; i++) {
            p->low = fmin(p->low, p->curve[c].value[i]);
            p->high = fmax(p->high, p->curve[c].value[i]);
        }
    }
    p->high = p->high > p->low ? p->high : p->low + 1;
}

static void draw(panel *p, int count, sg_out *out)
{
    fit(p, count);
    double step = sg_plot_step(p->high - p->low, 4);
    for (double at = ceil(p->low / step) * step; at <= p->high + step * 1e-9; at += step) {
        sg_out_format(out,
                      "<path d=\"M%d %.1fH%d\" stroke=\"#d0d7de\"/><text x=\"%d\" y=\"%.1f\" "
                      "text-anchor=\"end\">%.6g</text>\n",
                      LEFT, up(p, at), WIDTH - RIGHT, LEFT - 6, up(p, at) + 4,
                      fabs(at) < step * 1e-6 ? 0 : at);
    }
    sg_out_format(out, "<text x=\"8\" y=\"%d\">%s</text>\n", p->top - 10, p->unit);
    int x = LEFT;
    for (int c = 0; c < p->count; c++) {
        const curve *k = &p->curve[c];
        sg_out_format(out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\" d=\"",
                      k->colour);
        for (int i = 0; i < count; i++) {
            sg_out_format(out, "%c%.1f %.1f", i ? 'L' : 'M', across(i, count), up(p, k->value[i]));
        }
        sg_out_format(out, "\"/>\n<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>\n", x, p->top - 10,
                      k->colour, k->name); /* ids and our own words: nothing to escape */
        x += 24 + TEXT_W * (int)strlen(k->name);
    }
}

static void time_axis(const sg_trace *trace, int bottom, sg_out *out)
{
    double length_s = (double)trace->bin_us * 1e-6 * trace->count;
    double unit_s = length_s > 3 * 3600 ? 3600 : 60;
    double step = sg_plot_step(length_s / unit_s, 8);
    for (double at = 0; at <= length_s / unit_s * (1 + 1e-9); at += step) {
        sg_out_format(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.6g</text>\n",
                      LEFT + (WIDTH - RIGHT - LEFT) * at * unit_s / length_s, bottom + 18, at);
    }
    sg_out_format(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n</svg>\n",
                  (LEFT + WIDTH - RIGHT) / 2, bottom + 36, unit_s > 60 ? "hours" : "minutes");
}

static void scale(double *value, int count, double factor)
{
    for (int i = 0; i < count; i++) {
        value[i] *= factor;
    }
}

void sg_trace_svg(const sg_report *report, sg_out *out)
{
    sg_trace trace = report->trace; /* a copy, to bring it to the axes' units */
    int count = trace.count;
    panel power = {.unit = "kW", .top = 34, .bottom = 250};
    panel energy = {.unit = "kWh", .top = 300, .bottom = 440};
    if (count < 2) {
        return;
    }
    double *watts[] = {trace.load_w, trace.import_w, trace.store_w, trace.generation_w};
    static const char *const names[] = {"load", "from the grid", "from stores", "generation"};
    for (int c = 0; c < SG_COUNT(watts); c++) {
        scale(watts[c], count, 1e-3);
        add(&power, names[c], watts[c], count);
    }
    for (int s = 0; s < trace.store_count; s++) {
        scale(trace.energy_j[s], count, 1 / 3.6e6);
        add(&energy, report->site->groups[trace.store_group[s]].id, trace.energy_j[s], count);
    }
    sg_out_format(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d 486\" "
                  "font-family=\"sans-serif\" font-size=\"12\" fill=\"#57606a\">\n"
                  "<rect width=\"%d\" height=\"486\" fill=\"#ffffff\"/>\n",
                  WIDTH, WIDTH);
    draw(&power, count, out);
    draw(&energy, count, out);
    time_axis(&trace, energy.bottom, out);
}
