/* symgrid model - the device models: what they are called, what they take, what they give for rows of CSV. */
#include "base/quantity.h"
#include "cli/verbs.h"
#include "model/kind.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "usage: symgrid model --list\n"
                           "       symgrid model NAME --help\n"
                           "       symgrid model NAME [--set KEY=VALUE]... < rows.csv\n"
                           "\n"
                           "Runs one device model on rows of CSV: a header with the input columns, "
                           "one row a step, SI units without unit signs.\n"
                           "Sources answer with available_w; stores take power_w and dt_s and "
                           "answer with power_w and energy_j.\n"
                           "\n"
                           "example: printf 'irradiance,air_temperature\\n800,20\\n' | symgrid "
                           "model solar --set capacity=4MW --set coverage_area=10000m2\n";

static const char *const roles[] = {"source", "store", "load", "grid"};

static void list(void)
{
    for (int i = 0; i < sg_kind_count; i++) {
        printf("%-15s %-7s %s\n", sg_kinds[i]->name, roles[sg_kinds[i]->role], sg_kinds[i]->title);
    }
}

static void describe_param(const sg_param *p)
{
    char preset[40] = "required";
    if (p->choices) {
        snprintf(preset, sizeof preset, "%s", p->choices[0] ? "a choice" : "a label");
    } else if (!isnan(p->preset)) {
        snprintf(preset, sizeof preset, "%.6g %s", p->preset, sg_dimension_unit(p->dimension));
    }
    printf("  %-24s %-18s %s%s%s%s%s\n", p->name, preset, p->help,
           p->choices && p->choices[0] ? ": " : "", p->choices ? p->choices : "",
           p->source && p->source[0] ? "; " : "", p->source ? p->source : "");
}

static void describe(const sg_kind *kind)
{
    printf("%s - %s%s\n\nparameters (site-file keys)\n", kind->name, kind->title,
           kind->hypothetical ? ", hypothetical: commands nothing" : "");
    for (int i = 0; i < kind->param_count; i++) {
        describe_param(&kind->params[i]);
    }
    int common;
    const sg_param *role = sg_role_params(kind->role, &common);
    for (int i = 0; i < common; i++) {
        describe_param(&role[i]);
    }
    if (kind->input_count > 0) {
        puts("\ninputs (columns, or series in a site file)");
    }
    for (int i = 0; i < kind->input_count; i++) {
        const sg_input *in = &kind->inputs[i];
        printf("  %-24s %-18s %s\n", in->name, sg_dimension_unit(in->dimension), in->help);
    }
    puts(kind->available_w ? "\noutput\n  available_w"
         : kind->reservoir
             ? "\ninput columns power_w (> 0: discharge), dt_s; output power_w, energy_j"
             : "");
}

static int set_param(const sg_kind *kind, double *p, const char *text)
{
    const char *equals = strchr(text, '=');
    for (int i = 0; equals && i < kind->param_count; i++) {
        const sg_param *param = &kind->params[i];
        if (strlen(param->name) != (size_t)(equals - text) ||
            strncmp(param->name, text, (size_t)(equals - text)) != 0) {
            continue;
        }
        sg_quantity quantity;
        const char *what = "";
        if (param->choices) {
            int index = 0;
            for (const char *at = param->choices; *at;
                 at += strcspn(at, "|"), at += *at == '|', index++) {
                if (strcspn(at, "|") == strlen(equals + 1) &&
                    strncmp(at, equals + 1, strlen(equals + 1)) == 0) {
                    p[i] = index;
                    return SG_EXIT_DONE;
                }
            }
            what = param->choices;
        } else if (sg_quantity_parse_as(equals + 1, strlen(equals + 1), param->dimension, &quantity,
                                        &what) == SG_OK &&
                   quantity.value >= param->min && quantity.value <= param->max) {
            p[i] = quantity.value;
            return SG_EXIT_DONE;
        }
        fprintf(stderr, "symgrid model: --set %s: expected %s such as %s, got '%s' (%s)\n",
                param->name,
                param->choices ? "one of the choices" : sg_dimension_text(param->dimension),
                param->choices ? param->choices : sg_dimension_example(param->dimension),
                equals + 1, what);
        return SG_EXIT_USAGE;
    }
    fprintf(stderr, "symgrid model: --set: expected KEY=VALUE with a parameter of %s, got '%s'\n",
            kind->name, text);
    return SG_EXIT_USAGE;
}

enum { COLUMN_MAX = 16, LINE_MAX_BYTES = 4096 };

/* Split a line at commas, in place. Returns the number of fields, at most COLUMN_MAX. */
static int split(char *line, char *fields[COLUMN_MAX])
{
    line[strcspn(line, "\r\n")] = '\0';
    int count = 0;
    for (char *at = line; at && count < COLUMN_MAX; count++) {
        fields[count] = at;
        at = strchr(at, ',');
        if (at) {
            *at++ = '\0';
        }
    }
    return count;
}

static int column_of(const sg_kind *kind, const char *name)
{
    if (kind->available_w) {
        for (int i = 0; i < kind->input_count; i++) {
            if (strcmp(kind->inputs[i].name, name) == 0) {
                return i;
            }
        }
        return -1;
    }
    return strcmp(name, "power_w") == 0 ? 0 : strcmp(name, "dt_s") == 0 ? 1 : -1;
}

static int bad_row(int line, const char *what, const char *got)
{
    fprintf(stderr, "-:%d: expected %s, got '%s'\n", line, what, got);
    return SG_EXIT_USAGE;
}

static void row(const sg_kind *kind, const double *p, const double *in, double *energy_j)
{
    if (kind->available_w) {
        printf("%.10g\n", kind->available_w(p, in));
        return;
    }
    sg_reservoir r;
    kind->reservoir(p, &r);
    double keep = sg_reservoir_keep_frac(&r, in[1]);
    double give_w = sg_reservoir_discharge_w(&r, *energy_j, 0, keep, in[1]);
    double take_w = sg_reservoir_charge_w(&r, *energy_j, keep, in[1]);
    double w = in[0] > give_w ? give_w : in[0] < -take_w ? -take_w : in[0];
    *energy_j = sg_reservoir_step(&r, *energy_j, w, keep, in[1]);
    printf("%.10g,%.10g\n", w, *energy_j);
}

static int run_rows(const sg_kind *kind, const double *p)
{
    char line[LINE_MAX_BYTES];
    char *fields[COLUMN_MAX];
    int columns[COLUMN_MAX], count = 0;
    double in[SG_INPUT_MAX > 2 ? SG_INPUT_MAX : 2] = {0};
    if (!kind->available_w && !kind->reservoir) {
        fprintf(stderr, "symgrid model: %s has no equation of its own to run\n", kind->name);
        return SG_EXIT_USAGE;
    }
    for (int i = 0; i < kind->input_count; i++) {
        in[i] = isnan(kind->inputs[i].preset) ? 0 : kind->inputs[i].preset;
    }
    if (!kind->available_w) {
        in[0] = 0;
        in[1] = 1;
    }
    sg_reservoir r = {0};
    if (kind->reservoir) {
        kind->reservoir(p, &r);
    }
    double energy_j = r.capacity_j / 2;
    for (int number = 1; fgets(line, sizeof line, stdin); number++) {
        int found = split(line, fields);
        if (number == 1) {
            count = found;
            for (int c = 0; c < count; c++) {
                columns[c] = column_of(kind, fields[c]);
                if (columns[c] < 0) {
                    return bad_row(1, "an input column of the model (see --help)", fields[c]);
                }
            }
            puts(kind->available_w ? "available_w" : "power_w,energy_j");
            continue;
        }
        if (found != count) {
            return bad_row(number, "as many fields as the header has", fields[0]);
        }
        for (int c = 0; c < count; c++) {
            char *end;
            in[columns[c]] = strtod(fields[c], &end);
            if (end == fields[c] || *end || !isfinite(in[columns[c]])) {
                return bad_row(number, "a finite number", fields[c]);
            }
        }
        if (!kind->available_w && !(in[1] > 0)) {
            return bad_row(number, "dt_s above zero", fields[0]);
        }
        row(kind, p, in, &energy_j);
    }
    return SG_EXIT_DONE;
}

int sg_cli_model(int argc, char **argv)
{
    const sg_kind *kind = argc > 1 ? sg_kind_find(argv[1]) : NULL;
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {
        list();
        return SG_EXIT_DONE;
    }
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        fputs(help, argc < 2 ? stderr : stdout);
        return argc < 2 ? SG_EXIT_USAGE : SG_EXIT_DONE;
    }
    if (!kind) {
        fprintf(stderr, "symgrid model: there is no model '%s'; symgrid model --list names them\n",
                argv[1]);
        return SG_EXIT_USAGE;
    }
    double p[SG_PARAM_MAX] = {0};
    for (int i = 0; i < kind->param_count; i++) {
        p[i] = kind->params[i].preset;
    }
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            describe(kind);
            return SG_EXIT_DONE;
        }
        if (strcmp(argv[i], "--set") != 0 || i + 1 >= argc) {
            fprintf(stderr, "symgrid model: expected --set KEY=VALUE or --help, got '%s'\n",
                    argv[i]);
            return SG_EXIT_USAGE;
        }
        int status = set_param(kind, p, argv[++i]);
        if (status) {
            return status;
        }
    }
    for (int i = 0; i < kind->param_count; i++) {
        if (isnan(p[i])) {
            fprintf(stderr, "symgrid model: %s needs --set %s=...\n", kind->name,
                    kind->params[i].name);
            return SG_EXIT_USAGE;
        }
    }
    return run_rows(kind, p);
}
