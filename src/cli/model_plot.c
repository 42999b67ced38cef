/* The picture of a model's example: one curve for each output that shares the first one's unit. */
#include "cli/model_rows.h"
#include "study/plot.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 640, HEIGHT = 300, LEFT = 70, RIGHT = 30, TOP = 40, BOTTOM = 46, CURVES_MAX = 4 };

static const char *const colours[CURVES_MAX] = {"#1f6feb", "#d4622a", "#2b8a3e", "#8250df"};

typedef struct axis {
    double low, high;
    double from, to; /* pixels */
} axis;

static double place(const axis *a, double value)
{
    return a->from + (value - a->low) / (a->high - a->low) * (a->to - a->from);
}

static void widen(axis *a, double value)
{
    if (isfinite(value)) {
        a->low = value < a->low ? value : a->low;
        a->high = value > a->high ? value : a->high;
    }
}

/* The input that moves over the example, or -1 for time. */
static int swept(const sg_model *model, const sg_rows *rows)
{
    for (int i = 0; i < model->input_count; i++) {
        if (!rows->time_us && rows->in[i][0] != rows->in[i][rows->count - 1]) {
            return i;
        }
    }
    return -1;
}

static double elapsed_s(const sg_rows *rows, int64_t k)
{
    if (rows->time_us) {
        return (double)(rows->time_us[k] - rows->time_us[0]) / 1e6;
    }
    double sum_s = 0;
    for (int64_t j = 0; j < k; j++) {
        sum_s += rows->dt_s[j];
    }
    return sum_s;
}

static bool in_hours(const sg_rows *rows)
{
    return elapsed_s(rows, rows->count - 1) >= 3600;
}

static double abscissa(const sg_rows *rows, int column, int64_t k)
{
    if (column >= 0) {
        return rows->in[column][k];
    }
    return elapsed_s(rows, k) / (in_hours(rows) ? 3600 : 1);
}

static void ticks(const axis *x, const axis *y, sg_out *out)
{
    double step = sg_plot_step(y->high - y->low, 5);
    for (double at = ceil(y->low / step) * step; at <= y->high + step * 1e-9; at += step) {
        double where = place(y, at);
        sg_out_format(out,
                      "<path d=\"M%d %.1fH%d\" stroke=\"#d0d7de\"/><text x=\"%d\" y=\"%.1f\" "
                      "text-anchor=\"end\">%.6g</text>\n",
                      LEFT, where, WIDTH - RIGHT, LEFT - 6, where + 4,
                      fabs(at) < step * 1e-6 ? 0 : at);
    }
    step = sg_plot_step(x->high - x->low, 8);
    for (double at = ceil(x->low / step) * step; at <= x->high + step * 1e-9; at += step) {
        sg_out_format(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.6g</text>\n",
                      place(x, at), HEIGHT - BOTTOM + 18, fabs(at) < step * 1e-6 ? 0 : at);
    }
}

static void curve(const sg_rows *rows, int column, const double *value, const axis *x,
                  const axis *y, const char *colour, sg_out *out)
{
    bool pen = false;
    sg_out_format(out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\" d=\"", colour);
    for (int64_t k = 0; k < rows->count; k++) {
        if (isfinite(value[k])) {
            sg_out_format(out, "%c%.1f %.1f", pen ? 'L' : 'M', place(x, abscissa(rows, column, k)),
                          place(y, value[k]));
        }
        pen = isfinite(value[k]);
    }
    sg_out_text(out, "\"/>\n");
}

void sg_rows_plot(const sg_model *model, const sg_rows *rows, sg_out *out)
{
    int column = swept(model, rows), chosen[CURVES_MAX], count = 0;
    axis x = {abscissa(rows, column, 0), abscissa(rows, column, rows->count - 1), LEFT,
              WIDTH - RIGHT};
    axis y = {0, 0, HEIGHT - BOTTOM, TOP};
    if (x.low > x.high) {
        double swap = x.low;
        x.low = x.high;
        x.high = swap;
    }
    for (int i = 0; i < model->output_count && count < CURVES_MAX; i++) {
        if (strcmp(model->outputs[i].unit, model->outputs[0].unit) == 0) {
            chosen[count++] = i;
            for (int64_t k = 0; k < rows->count; k++) {
                widen(&y, rows->out[i][k]);
            }
        }
    }
    y.high = y.high > y.low ? y.high : y.low + 1;
    x.high = x.high > x.low ? x.high : x.low + 1;
    sg_out_format(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                  "font-family=\"sans-serif\" font-size=\"12\" fill=\"#57606a\">\n"
                  "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n",
                  WIDTH, HEIGHT, WIDTH, HEIGHT);
    ticks(&x, &y, out);
    int at = LEFT;
    for (int c = 0; c < count; c++) {
        const sg_output *output = &model->outputs[chosen[c]];
        curve(rows, column, rows->out[chosen[c]], &x, &y, colours[c], out);
        sg_out_format(out, "<text x=\"%d\" y=\"22\" fill=\"%s\">%s%s%s</text>\n", at, colours[c],
                      output->name, output->unit[0] ? ", " : "", output->unit);
        at += 34 + 7 * (int)(strlen(output->name) + strlen(output->unit));
    }
    const char *name = in_hours(rows) ? "hours" : "seconds", *unit = "";
    if (column >= 0) {
        name = model->inputs[column].name;
        unit = sg_dimension_unit(model->inputs[column].dimension);
    }
    sg_out_format(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s%s%s</text>\n</svg>\n",
                  (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, name, unit[0] ? ", " : "", unit);
}
