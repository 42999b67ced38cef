#include "cli/check_explain.h"

#include "base/quantity.h"
#include "cli/paint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sg_check_show_place(const sg_diagnostic *d)
{
    enum { SHOWN = 160 };
    char line[4096];
    FILE *file = d->line > 0 ? fopen(d->file, "r") : NULL;
    bool found = file != NULL;
    for (int i = 0; found && i < d->line; i++) {
        do { /* a longer line comes in parts */
            found = fgets(line, sizeof line, file) != NULL;
        } while (found && i + 1 < d->line && !strchr(line, '\n'));
    }
    if (file) {
        fclose(file);
    }
    if (!found) {
        return;
    }
    line[strcspn(line, "\r\n")] = '\0';
    for (char *at = line; *at; at++) {
        *at = (unsigned char)*at < ' ' ? ' ' : *at;
    }
    fprintf(stderr, "  %.*s%s\n", SHOWN, line, strlen(line) > SHOWN ? " ..." : "");
    if (d->column > 0 && d->column <= SHOWN) {
        fprintf(stderr, "  %*s%s^%s\n", d->column - 1, "", sg_paint_code(stderr, SG_PAINT_WARN),
                sg_paint_code(stderr, SG_PAINT_PLAIN));
    }
}

/* ---- what the figures mean ---- */

typedef struct figures {
    double load_w, least_w;  /* ratings and minimums of all loads */
    double source_w;         /* first power of each kind */
    double store_w, store_j; /* real ones that are not inside a device */
    double import_w;
    double *node_w; /* [node] ratings of the loads below it */
    int classes, class_count[SG_CLASS_MAX];
} figures;

static double first_power(const sg_kind *kind, const double *p)
{
    for (int i = 0; i < kind->param_count; i++) {
        if (kind->params[i].dimension == SG_DIM_POWER && !kind->params[i].choices) {
            return p[i];
        }
    }
    return 0;
}

static void add_loads(const sg_site *site, figures *f)
{
    for (int32_t i = 0; i < site->device_count[SG_LOAD]; i++) {
        const sg_device *load = &site->devices[SG_LOAD][i];
        int class = (int)load->p[SG_LOAD_CLASS];
        f->load_w += load->p[SG_LOAD_RATING];
        f->least_w += load->p[SG_LOAD_MINIMUM];
        f->classes = class + 1 > f->classes ? class + 1 : f->classes;
        f->class_count[class]++;
        for (int32_t n = load->node; f->node_w && n >= 0; n = site->nodes[n].parent) {
            f->node_w[n] += load->p[SG_LOAD_RATING];
        }
    }
}

static figures figures_of(const sg_site *site)
{
    figures f = {.node_w = calloc((size_t)site->node_count, sizeof *f.node_w)};
    add_loads(site, &f);
    for (int32_t i = 0; i < site->device_count[SG_SOURCE]; i++) {
        const sg_device *source = &site->devices[SG_SOURCE][i];
        const sg_kind *kind = sg_device_kind(site, source);
        f.source_w += kind->hypothetical ? 0 : first_power(kind, source->p);
    }
    for (int32_t i = 0; i < site->device_count[SG_STORE]; i++) {
        const sg_device *store = &site->devices[SG_STORE][i];
        const sg_kind *kind = sg_device_kind(site, store);
        sg_reservoir r;
        kind->reservoir(store->p, &r);
        bool counts = !kind->hypothetical && store->beside < 0;
        f.store_w += counts ? r.discharge_w_max : 0;
        f.store_j += counts ? r.capacity_j : 0;
    }
    f.import_w =
        site->device_count[SG_GRID] > 0 ? site->devices[SG_GRID][0].p[SG_GRID_IMPORT_MAX] : 0;
    return f;
}

static void say_supply(const figures *f, sg_out *out)
{
    char load[SG_QUANTITY_TEXT], least[SG_QUANTITY_TEXT], grid[SG_QUANTITY_TEXT],
        source[SG_QUANTITY_TEXT];
    sg_quantity_format(f->load_w, SG_DIM_POWER, load);
    sg_quantity_format(f->least_w, SG_DIM_POWER, least);
    sg_quantity_format(f->import_w, SG_DIM_POWER, grid);
    sg_quantity_format(f->source_w, SG_DIM_POWER, source);
    sg_out_format(
        out,
        "The loads draw at most %s together and need %s at least; the grid gives up to %s, "
        "sources up to %s.\n",
        load, least, grid, source);
    if (f->least_w > f->import_w + f->source_w) {
        sg_out_text(out, "Even the minimums are more than grid and sources give: some loads are "
                         "always off, those of the highest class first.\n");
    } else if (f->load_w > f->import_w) {
        sg_out_text(out, "When all want everything the grid alone does not do: stores and sources "
                         "help, then loads are capped, those of the highest class first.\n");
    }
}

static void say_stores(const figures *f, sg_out *out)
{
    char energy[SG_QUANTITY_TEXT], power[SG_QUANTITY_TEXT];
    if (!(f->store_j > 0)) {
        sg_out_text(out, "There is no store: without the grid the loads are off.\n");
        return;
    }
    sg_quantity_format(f->store_j, SG_DIM_ENERGY, energy);
    sg_quantity_format(f->store_w, SG_DIM_POWER, power);
    sg_out_format(out, "The stores hold %s when full and give up to %s.", energy, power);
    if (f->least_w > 0 && f->store_w >= f->least_w) {
        sg_out_format(out,
                      " Without the grid they carry the minimums for %.0f min, full as they "
                      "were.\n",
                      f->store_j / f->least_w / 60);
    } else {
        sg_out_text(out, f->least_w > 0
                             ? " That is less than the minimums: without the grid some loads are "
                               "off at once.\n"
                             : "\n");
    }
}

/* The node of each group whose loads exceed its limit most. */
static void say_feeders(const sg_site *site, const figures *f, sg_out *out)
{
    for (int32_t g = 0; f->node_w && g < site->node_group_count; g++) {
        const sg_node_group *group = &site->node_groups[g];
        int32_t worst = -1;
        double most = 1.0001;
        for (int32_t n = group->first; n < group->first + group->count; n++) {
            double share = f->node_w[n] / site->nodes[n].limit_w;
            if (share > most) {
                most = share;
                worst = n;
            }
        }
        if (worst >= 0) {
            char name[SG_ID_MAX], limit[SG_QUANTITY_TEXT], below[SG_QUANTITY_TEXT];
            sg_site_node_name(site, worst, name);
            sg_quantity_format(site->nodes[worst].limit_w, SG_DIM_POWER, limit);
            sg_quantity_format(f->node_w[worst], SG_DIM_POWER, below);
            sg_out_format(
                out,
                "%s may carry %s, its loads could draw %s: what is more is shared by class "
                "and weight.\n",
                name, limit, below);
        }
    }
}

static void say_classes(const figures *f, sg_out *out)
{
    const char *lead = "When there is too little, loads give way in this order:";
    for (int class = f->classes - 1; class >= 0; class --) {
        if (f->class_count[class] > 0) {
            sg_out_format(out, "%s class %d (%d loads)", lead, class, f->class_count[class]);
            lead = ", then";
        }
    }
    sg_out_text(out, f->classes > 0 ? ".\n" : "There are no loads.\n");
}

static void say_prices(const sg_site *site, sg_out *out)
{
    if (site->device_count[SG_GRID] == 0) {
        sg_out_text(out, "There is no grid connection: the site is an island.\n");
        return;
    }
    const sg_device *grid = &site->devices[SG_GRID][0];
    int32_t series = grid->input_series[SG_GRID_IMPORT_PRICE];
    if (series >= 0) {
        sg_out_format(out,
                      "The price of import follows the series '%s': stores with duty `energy` buy "
                      "when it is low.\n",
                      site->series[series].id);
    } else {
        sg_out_format(out,
                      "A kWh of import costs %.4g %s at any time: with one price there is nothing "
                      "to gain by waiting.\n",
                      grid->input_value[SG_GRID_IMPORT_PRICE] * 3.6e6, site->currency);
    }
    double charge = grid->p[SG_GRID_DEMAND_CHARGE];
    if (charge > 0) {
        sg_out_format(out,
                      "The month's highest quarter hour costs %.4g %s a kW: stores keep it "
                      "low.\n",
                      charge * 1e3, site->currency);
    }
}

static void say_alarms(const sg_site *site, sg_out *out)
{
    int32_t set = 0;
    for (int i = 0; site->alarms && i < SG_ALARM_KIND_COUNT; i++) {
        sg_alarm_rule preset = sg_alarm_rule_of(NULL, i);
        if (!sg_alarm_rule_same(&site->alarms[i], &preset)) {
            char own[200], usual[200];
            sg_alarm_rule_sentence(&site->alarms[i], i, own, sizeof own);
            sg_alarm_rule_sentence(&preset, i, usual, sizeof usual);
            sg_out_format(out, "Alarm %s: %s (as it comes: %s).\n", sg_alarm_kind_name(i), own,
                          usual);
            set++;
        }
    }
    sg_out_text(out, set == 0 ? "All alarms are raised as they come.\n" : "");
}

void sg_check_explain(const sg_site *site, sg_out *out)
{
    static const char *const modes[] = {
        [SG_OBSERVE] = "Mode observe: commands are computed and shown, none is sent.\n",
        [SG_ADVISE] = "Mode advise: commands are computed and shown for people, none is sent.\n",
        [SG_CONTROL] = "Mode control: commands are sent.\n"};
    figures f = figures_of(site);
    say_supply(&f, out);
    say_feeders(site, &f, out);
    say_stores(&f, out);
    say_classes(&f, out);
    say_prices(site, out);
    say_alarms(site, out);
    sg_out_text(out, modes[site->mode]);
    free(f.node_w);
}
