#include "study/figures.h"
#include "study/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Pixels: labels, the bar of a band, its curved part, the bus in the middle; then mirrored. */
enum {
    WIDTH = 1000,
    BAR_X = 232,
    BAR = 9,
    BUS_X = 488,
    BUS = 24,
    FLOW_HEIGHT = 250,
    SLOT_MIN = 32,
    SLOT_GAP = 8
};

static int larger_first(const void *a, const void *b)
{
    double x = ((const sg_plot_band *)a)->energy_j, y = ((const sg_plot_band *)b)->energy_j;
    return (x < y) - (x > y);
}

/* Drop the empty ones, sort, join the tail; the new count. */
static int tidy(sg_plot_band *bands, int count)
{
    int kept = 0;
    for (int i = 0; i < count; i++) {
        if (isfinite(bands[i].energy_j) && bands[i].energy_j > 0.0) {
            bands[kept++] = bands[i];
        }
    }
    if (kept > 1) {
        qsort(bands, (size_t)kept, sizeof *bands, larger_first);
    }
    if (kept > SG_PLOT_BAND_MAX) {
        sg_plot_band *rest = &bands[SG_PLOT_BAND_MAX - 1];
        for (int i = SG_PLOT_BAND_MAX; i < kept; i++) {
            rest->energy_j += bands[i].energy_j;
        }
        rest->name = "all others";
        rest->note = "";
        kept = SG_PLOT_BAND_MAX;
    }
    return kept;
}

static double total_of(const sg_plot_band *bands, int count)
{
    double total = 0.0;
    for (int i = 0; i < count; i++) {
        total += bands[i].energy_j;
    }
    return total;
}

static double slot_of(const sg_plot_band *band, double scale)
{
    double height = band->energy_j * scale;
    return (height > SLOT_MIN ? height : SLOT_MIN) + SLOT_GAP;
}

static double column_height(const sg_plot_band *bands, int count, double scale)
{
    double height = 0.0;
    for (int i = 0; i < count; i++) {
        height += slot_of(&bands[i], scale);
    }
    return height;
}

/* x of the left half, mirrored for the right one. */
static double side_x(bool right, double x)
{
    return right ? WIDTH - x : x;
}

static void band_label(const sg_plot_band *band, double share, double x, double y, bool right,
                       sg_out *out)
{
    char energy[SG_FIGURES_TEXT], percent[SG_FIGURES_TEXT];
    sg_figures_energy(band->energy_j, energy);
    sg_figures_percent(share, share < 0.1 ? 1 : 0, percent);
    const char *anchor = right ? "start" : "end";
    sg_out_format(out, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y - 2.0,
                  anchor);
    sg_out_html(out, band->name);
    if (band->note[0]) {
        sg_out_text(out, " ");
        sg_out_html(out, band->note);
    }
    sg_out_format(out,
                  "</text><text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s \xC2\xB7 %s</text>", x,
                  y + 13.0, anchor, energy, percent);
}

static void column(const sg_plot_band *bands, int count, double scale, double height, bool right,
                   sg_out *out)
{
    double total = total_of(bands, count);
    double y = (height - column_height(bands, count, scale)) / 2.0,
           bus_y = (height - total * scale) / 2.0;
    double x0 = side_x(right, BAR_X + BAR), x1 = side_x(right, BUS_X), xm = (x0 + x1) / 2.0;
    for (int i = 0; i < count; i++) {
        double thick = bands[i].energy_j * scale, slot = slot_of(&bands[i], scale);
        double top = y + (slot - thick) / 2.0, bottom = top + thick, bus_bottom = bus_y + thick;
        sg_out_format(out,
                      "<g class=\"%s\"><path class=\"band\" d=\"M%.1f %.2fC%.1f %.2f %.1f %.2f "
                      "%.1f %.2fL%.1f %.2f"
                      "C%.1f %.2f %.1f %.2f %.1f %.2fZ\"/>",
                      bands[i].style, x0, top, xm, top, xm, bus_y, x1, bus_y, x1, bus_bottom, xm,
                      bus_bottom, xm, bottom, x0, bottom);
        sg_out_format(out,
                      "<rect class=\"bar\" x=\"%.1f\" y=\"%.2f\" width=\"%d\" height=\"%.2f\"/>",
                      right ? x0 : x0 - BAR, top, BAR, thick > 1.0 ? thick : 1.0);
        band_label(&bands[i], bands[i].energy_j / total, side_x(right, BAR_X - 10), y + slot / 2.0,
                   right, out);
        sg_out_text(out, "</g>");
        bus_y += thick;
        y += slot;
    }
}

void sg_plot_bands(sg_plot_band *in, int in_count, sg_plot_band *out_bands, int out_count,
                   sg_out *out)
{
    in_count = tidy(in, in_count);
    out_count = tidy(out_bands, out_count);
    double in_j = total_of(in, in_count), out_j = total_of(out_bands, out_count),
           most_j = in_j > out_j ? in_j : out_j;
    if (!(most_j > 0.0) || !isfinite(most_j)) {
        return;
    }
    double scale = FLOW_HEIGHT / most_j;
    double left = column_height(in, in_count, scale),
           right = column_height(out_bands, out_count, scale);
    double height = left > right ? left : right;
    char total[SG_FIGURES_TEXT];
    sg_figures_energy(in_j, total);
    sg_out_format(out,
                  "<figure tabindex=\"0\"><figcaption><b>Where energy came from and went</b> "
                  "<span>%s through the "
                  "site\xE2\x80\x99s bus"
                  "</span></figcaption><svg viewBox=\"0 0 %d %.0f\" role=\"img\" "
                  "aria-label=\"Where energy came from and went\">",
                  total, WIDTH, height + 4.0);
    column(in, in_count, scale, height, false, out);
    column(out_bands, out_count, scale, height, true, out);
    sg_out_format(out,
                  "<rect class=\"bus\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%d\" "
                  "rx=\"3\"/></svg></figure>\n",
                  BUS_X, (height - FLOW_HEIGHT) / 2.0, BUS, FLOW_HEIGHT);
}
