#include "study/plot.h"

#include "base/time.h"

#include <math.h>
#include <stdio.h>

enum { LEFT = SG_PLOT_LEFT, RIGHT = SG_PLOT_RIGHT, TOP = SG_PLOT_TOP, TICK_MAX = 400 };

typedef sg_plot_axes axes;

double sg_plot_step(double range, int parts)
{
    static const double nice[] = {1.0, 2.0, 2.5, 5.0, 10.0};
    double raw = range / parts, ten = pow(10.0, floor(log10(raw)));
    for (int i = 0; i < 5; i++) {
        if (nice[i] * ten >= raw * (1.0 - 1e-9)) {
            return nice[i] * ten;
        }
    }
    return 10.0 * ten;
}

static int each_of(const sg_plot *plot)
{
    return plot->each > 1 ? plot->each : 1;
}

/* Drawn points. */
static int points_of(const sg_plot *plot)
{
    return (plot->count + each_of(plot) - 1) / each_of(plot);
}

/* The mean over a drawn point, NAN as soon as one of its values is. */
static double curve_at(const sg_plot *plot, const sg_plot_curve *curve, int point)
{
    int first = point * each_of(plot), last = first + each_of(plot);
    double sum = 0.0;
    last = last < plot->count ? last : plot->count;
    for (int i = first; i < last; i++) {
        sum += curve->value[i] - (curve->minus ? curve->minus[i] : 0.0);
    }
    return sum / (last - first) * curve->factor;
}

static double y_of(const axes *f, double value)
{
    return TOP + (f->high - value) / (f->high - f->low) * (f->bottom - TOP);
}

static double x_of(const axes *f, int64_t time_us)
{
    return LEFT +
           (double)(time_us - f->start_us) / (double)(f->end_us - f->start_us) * (RIGHT - LEFT);
}

void sg_plot_round(sg_plot_axes *f, double low, double high)
{
    double range = high - low;
    f->step = sg_plot_step(range > 1e-9 && isfinite(range) ? range : 1.0, 5);
    f->low = floor(low / f->step + 1e-9) * f->step;
    f->high = ceil(high / f->step - 1e-9) * f->step;
    if (!(f->low < f->high)) {
        f->high = f->low + f->step;
    }
}

static axes axes_of(const sg_plot *plot)
{
    axes f = {.low = 0.0, .high = 0.0, .bottom = TOP + plot->height, .start_us = plot->start_us};
    double low = 0.0, high = 0.0;
    f.end_us = plot->start_us + plot->count * plot->bin_us;
    if (plot->low < plot->high) {
        f.low = plot->low;
        f.high = plot->high;
        f.step = sg_plot_step(f.high - f.low, 4);
        return f;
    }
    for (int c = 0; c < plot->curve_count; c++) {
        for (int i = 0; i < points_of(plot); i++) {
            double value = curve_at(plot, &plot->curve[c], i);
            if (isfinite(value)) {
                low = value < low ? value : low;
                high = value > high ? value : high;
            }
        }
    }
    sg_plot_round(&f, low, high);
    return f;
}

void sg_plot_value_axis(const sg_plot_axes *f, const char *unit, sg_out *out)
{
    int decimals = f->step >= 1.0 ? (f->step == 2.5 ? 1 : 0) : (int)ceil(-log10(f->step) + 0.3);
    int ticks = (int)lround((f->high - f->low) / f->step);
    for (int i = 0; i <= ticks && i <= TICK_MAX; i++) {
        double value = f->low + i * f->step, y = y_of(f, value);
        bool zero = fabs(value) < f->step / 2.0;
        sg_out_format(out, "<line class=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
                      zero ? "zero" : "rule", LEFT, RIGHT, y, y);
        sg_out_format(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s%.*f</text>", LEFT - 7,
                      y + 4.0, value < 0.0 && !zero ? "\xE2\x88\x92" : "", decimals,
                      zero ? 0.0 : fabs(value));
    }
    sg_out_format(out, "<text class=\"unit\" x=\"2\" y=\"%.1f\">", f->bottom + 18.0);
    sg_out_html(out, unit);
    sg_out_text(out, "</text>");
}

static void time_tick(const axes *f, int64_t at_us, const char *label, sg_out *out)
{
    double x = x_of(f, at_us);
    sg_out_format(out, "<line class=\"rule\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%.1f\"/>", x, x,
                  TOP, f->bottom);
    if (x > LEFT + 12 && x < RIGHT - 14) {
        sg_out_format(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>", x,
                      f->bottom + 18.0, label);
    }
}

static const char *const months[12] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* First days of months, every `each` months, counted from January. */
static void month_ticks(const axes *f, int each, sg_out *out)
{
    sg_civil civil;
    sg_civil_from_time(f->start_us, &civil);
    int month = (civil.month - 1) / each * each;
    for (int i = 0; i < TICK_MAX; i++, month += each) {
        int year = civil.year + month / 12;
        int64_t at_us = sg_days_from_civil(year, month % 12 + 1, 1) * SG_US_PER_DAY;
        if (at_us >= f->end_us) {
            return;
        }
        if (at_us >= f->start_us) {
            char label[32];
            snprintf(label, sizeof label, "%s %d", months[month % 12], year);
            time_tick(f, at_us, label, out);
        }
    }
}

void sg_plot_time_axis(const sg_plot_axes *f, sg_out *out)
{
    static const int32_t steps_s[] = {60,    120,   300,   600,   900,    1800,   3600,  7200,
                                      10800, 21600, 43200, 86400, 172800, 432000, 864000};
    double span_s = (double)(f->end_us - f->start_us) / 1e6;
    if (span_s > 75.0 * 86400.0) {
        int wanted = (int)ceil(span_s / 86400.0 / 30.4 / 13.0);
        month_ticks(f,
                    wanted <= 1   ? 1
                    : wanted <= 3 ? 3
                    : wanted <= 6 ? 6
                                  : 12 * ((wanted + 11) / 12),
                    out);
        return;
    }
    int last = (int)(sizeof steps_s / sizeof steps_s[0]) - 1, pick = 0;
    while (pick < last && span_s / steps_s[pick] > 9.0) {
        pick++;
    }
    int64_t step_us = steps_s[pick] * SG_US_PER_S, at_us = f->start_us / step_us * step_us;
    for (int i = 0; i < TICK_MAX && at_us < f->end_us; i++, at_us += step_us) {
        if (at_us < f->start_us) {
            continue;
        }
        sg_civil civil;
        char label[48];
        sg_civil_from_time(at_us, &civil);
        if (civil.hour == 0 && civil.minute == 0) {
            snprintf(label, sizeof label, "%d %s", civil.day, months[civil.month - 1]);
        } else {
            snprintf(label, sizeof label, "%02d:%02d", civil.hour, civil.minute);
        }
        time_tick(f, at_us, label, out);
    }
}

static void curve_path(const sg_plot *plot, const sg_plot_curve *curve, const axes *f, sg_out *out)
{
    double zero = y_of(f, f->low > 0.0 ? f->low : f->high < 0.0 ? f->high : 0.0);
    bool open = false;
    double x = 0.0;
    sg_out_format(out, "<path class=\"%s %s\" d=\"", curve->area ? "area" : "curve", curve->style);
    int64_t wide_us = plot->bin_us * each_of(plot);
    for (int i = 0; i < points_of(plot); i++) {
        double value = curve_at(plot, curve, i);
        if (!isfinite(value)) {
            if (open && curve->area) {
                sg_out_format(out, "L%.1f %.1fZ", x, zero);
            }
            open = false;
            continue;
        }
        x = x_of(f, plot->start_us + i * wide_us + wide_us / 2);
        x = x < RIGHT ? x : RIGHT; /* the last one may stand for less */
        if (!open && curve->area) {
            sg_out_format(out, "M%.1f %.1fL", x, zero);
        } else {
            sg_out_text(out, open ? "L" : "M");
        }
        sg_out_format(out, "%.1f %.1f", x, y_of(f, value));
        open = true;
    }
    if (open && curve->area) {
        sg_out_format(out, "L%.1f %.1fZ", x, zero);
    }
    sg_out_text(out, "\"/>");
}

void sg_plot_open(sg_out *out, const char *title)
{
    sg_out_text(out, "<figure tabindex=\"0\"><figcaption><b>");
    sg_out_html(out, title);
    sg_out_text(out, "</b>");
}

void sg_plot_key(sg_out *out, const char *style, const char *name)
{
    sg_out_format(out, "<span class=\"key %s\">", style);
    sg_out_html(out, name);
    sg_out_text(out, "</span>");
}

void sg_plot_begin(sg_out *out, const char *title, double height)
{
    sg_out_format(out, "</figcaption><svg viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"",
                  SG_PLOT_WIDTH, height);
    sg_out_html(out, title);
    sg_out_text(out, "\">");
}

void sg_plot_end(sg_out *out)
{
    sg_out_text(out, "</svg></figure>\n");
}

void sg_plot_svg(const sg_plot *plot, sg_out *out)
{
    if (plot->count < 2 || plot->bin_us <= 0 || plot->curve_count < 1) {
        return;
    }
    axes f = axes_of(plot);
    sg_plot_open(out, plot->title);
    for (int c = 0; c < plot->curve_count; c++) {
        sg_plot_key(out, plot->curve[c].style, plot->curve[c].name);
    }
    sg_plot_begin(out, plot->title, f.bottom + 26.0);
    sg_plot_value_axis(&f, plot->unit, out);
    sg_plot_time_axis(&f, out);
    for (int c = 0; c < plot->curve_count; c++) {
        curve_path(plot, &plot->curve[c], &f, out);
    }
    sg_plot_end(out);
}
