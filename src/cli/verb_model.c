/* symgrid model - the models: what they are called, what they take, what they give for rows of CSV. */
#include "base/check.h"
#include "base/quantity.h"
#include "base/time.h"
#include "cli/model_rows.h"
#include "cli/slurp.h"
#include "cli/verbs.h"
#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: symgrid model --list\n"
    "       symgrid model NAME --help\n"
    "       symgrid model NAME [FILE] [--set KEY=VALUE]... [--columns NAME=COLUMN,...] [--zone "
    "ZONE]\n"
    "       symgrid model NAME --example | --plot | --markdown\n"
    "\n"
    "Runs one model on rows of CSV, from FILE or standard input: a header with the input columns, "
    "one\n"
    "row a step, SI units without unit signs. An empty cell is a missing value: that row has no "
    "result.\n"
    "A column `time` says when each step begins; its length is a column `dt_s`, or the time to the "
    "next row.\n"
    "\n"
    "  --list               the models, a line each\n"
    "  --set KEY=VALUE      a parameter, with its unit\n"
    "  --columns N=C,...    take input N from the file's column C, and leave all other columns "
    "alone\n"
    "  --zone ZONE          of times that name none, such as UTC-5\n"
    "  --example            rows to try it with\n"
    "  --plot               what it makes of them, as SVG\n"
    "  --markdown           its parameters, inputs and outputs as tables\n"
    "\n"
    "example: printf 'irradiance,air_temperature\\n800,20\\n' | symgrid model solar "
    "--set capacity=4MW --set coverage_area=10000m2\n";

static const char *const roles[] = {"source", "store", "load", "grid"};

static const sg_kind *kind_of(const sg_model *model)
{
    return model->kind ? model->kind : sg_kind_find(model->name);
}

static void list(void)
{
    sg_model room;
    for (int i = 0; i < sg_kind_count; i++) {
        printf("%-18s %-7s %s\n", sg_kinds[i]->name, roles[sg_kinds[i]->role], sg_kinds[i]->title);
    }
    for (int i = 0; i < sg_model_count; i++) {
        if (!sg_kind_find(sg_models[i]->name) && sg_model_find(sg_models[i]->name, &room)) {
            printf("%-18s %-7s %s%s\n", sg_models[i]->name, "model", sg_models[i]->title,
                   sg_models[i]->hypothetical ? " (hypothetical)" : "");
        }
    }
}

/* --- what a model takes and gives --- */

static void preset_text(const sg_param *p, char ret[64])
{
    if (p->choices && p->choices[0]) {
        int index = isnan(p->preset) ? 0 : (int)p->preset;
        const char *at = p->choices;
        for (; index > 0; index--) {
            at += strcspn(at, "|") + 1;
        }
        snprintf(ret, 64, "%.*s", (int)strcspn(at, "|"), at);
    } else if (p->choices) {
        snprintf(ret, 64, "a label");
    } else if (isnan(p->preset)) {
        snprintf(ret, 64, "required");
    } else {
        snprintf(ret, 64, "%.6g %s", p->preset, sg_dimension_unit(p->dimension));
    }
}

static void describe_param(const sg_param *p)
{
    char preset[64];
    preset_text(p, preset);
    printf("  %-26s %-18s %s%s%s%s%s\n", p->name, preset, p->help,
           p->choices && p->choices[0] ? ": " : "", p->choices ? p->choices : "",
           p->source && p->source[0] ? "; " : "", p->source ? p->source : "");
}

static void describe(const sg_model *model)
{
    const sg_kind *kind = kind_of(model);
    int common = 0;
    const sg_param *role = kind ? sg_role_params(kind->role, &common) : NULL;
    printf("%s - %s%s\n\nparameters%s\n", model->name, model->title,
           model->hypothetical ? ", hypothetical: commands nothing" : "",
           kind ? " (site-file keys)" : "");
    for (int i = 0; i < model->param_count; i++) {
        describe_param(&model->params[i]);
    }
    for (int i = 0; i < common; i++) {
        describe_param(&role[i]);
    }
    puts(kind && kind->role != SG_STORE ? "\ninputs (columns, or series in a site file)"
                                        : "\ninputs (columns)");
    if (model->needs & SG_NEEDS_TIME) {
        printf("  %-26s %-18s %s\n", "time", "required", "when the step begins");
    }
    if (model->needs & SG_NEEDS_DT) {
        printf("  %-26s %-18s %s\n", "dt_s", "time to next, or 1", "length of the step, s");
    }
    for (int i = 0; i < model->input_count; i++) {
        const sg_input *in = &model->inputs[i];
        char preset[40] = "required";
        if (!isnan(in->preset)) {
            snprintf(preset, sizeof preset, "%.6g %s", in->preset,
                     sg_dimension_unit(in->dimension));
        }
        printf("  %-26s %-18s %s\n", in->name, preset, in->help);
    }
    puts("\noutputs (columns)");
    for (int i = 0; i < model->output_count; i++) {
        printf("  %-26s %-18s %s\n", model->outputs[i].name, model->outputs[i].unit,
               model->outputs[i].help);
    }
    if (model->source[0]) {
        printf("\nsource  %s\n", model->source);
    }
    if (model->limits[0]) {
        printf("limits  %s\n", model->limits);
    }
}

static void markdown(const sg_model *model)
{
    puts("| parameter | preset | range | |\n|---|---|---|---|");
    for (int i = 0; i < model->param_count; i++) {
        const sg_param *p = &model->params[i];
        char preset[64], range[96] = "";
        preset_text(p, preset);
        if (!p->choices) {
            snprintf(range, sizeof range, "%.4g to %.4g %s", p->min, p->max,
                     sg_dimension_unit(p->dimension));
        }
        printf("| `%s` | %s | ", p->name, preset);
        for (const char *at = p->choices && p->choices[0] ? p->choices : range; *at; at++) {
            printf("%s%c", *at == '|' ? "\\" : "", *at);
        }
        printf(" | %s%s%s |\n", p->help, p->source && p->source[0] ? "; " : "",
               p->source ? p->source : "");
    }
    puts("\n| input | preset | |\n|---|---|---|");
    if (model->needs & SG_NEEDS_TIME) {
        puts("| `time` | required | when the step begins |");
    }
    if (model->needs & SG_NEEDS_DT) {
        puts("| `dt_s` | time to the next row, or 1 s | length of the step |");
    }
    for (int i = 0; i < model->input_count; i++) {
        const sg_input *in = &model->inputs[i];
        char preset[40] = "required";
        if (!isnan(in->preset)) {
            snprintf(preset, sizeof preset, "%.6g %s", in->preset,
                     sg_dimension_unit(in->dimension));
        }
        printf("| `%s` | %s | %s |\n", in->name, preset, in->help);
    }
    puts("\n| output | unit | |\n|---|---|---|");
    for (int i = 0; i < model->output_count; i++) {
        printf("| `%s` | %s | %s |\n", model->outputs[i].name, model->outputs[i].unit,
               model->outputs[i].help);
    }
}

/* --- parameters --- */

static bool choose(const char *choices, const char *text, double *ret)
{
    int index = 0;
    for (const char *at = choices; *at; index++) {
        size_t length = strcspn(at, "|");
        if (length == strlen(text) && strncmp(at, text, length) == 0) {
            *ret = index;
            return true;
        }
        at += length + (at[length] == '|');
    }
    return choices[0] == '\0'; /* a label says nothing to the physics */
}

static int set_param(const sg_model *model, double *p, const char *text)
{
    const char *equals = strchr(text, '=');
    for (int i = 0; equals && i < model->param_count; i++) {
        const sg_param *param = &model->params[i];
        if (strlen(param->name) != (size_t)(equals - text) ||
            strncmp(param->name, text, (size_t)(equals - text)) != 0) {
            continue;
        }
        sg_quantity quantity;
        const char *what = "out of range";
        if (param->choices) {
            what = param->choices;
            if (choose(param->choices, equals + 1, &p[i])) {
                return SG_EXIT_DONE;
            }
        } else if (sg_quantity_parse_as(equals + 1, strlen(equals + 1), param->dimension, &quantity,
                                        &what) == SG_OK) {
            if (quantity.value >= param->min && quantity.value <= param->max) {
                p[i] = quantity.value;
                return SG_EXIT_DONE;
            }
            fprintf(stderr, "symgrid model: --set %s: expected %.6g to %.6g %s, got '%s'\n",
                    param->name, param->min, param->max, sg_dimension_unit(param->dimension),
                    equals + 1);
            return SG_EXIT_USAGE;
        }
        fprintf(stderr, "symgrid model: --set %s: expected %s such as %s, got '%s' (%s)\n",
                param->name,
                param->choices ? "one of the choices" : sg_dimension_text(param->dimension),
                param->choices ? param->choices : sg_dimension_example(param->dimension),
                equals + 1, what);
        return SG_EXIT_USAGE;
    }
    fprintf(stderr, "symgrid model: --set: expected KEY=VALUE with a parameter of %s, got '%s'\n",
            model->name, text);
    return SG_EXIT_USAGE;
}

static int check_params(const sg_model *model, const double *p)
{
    for (int i = 0; i < model->param_count; i++) {
        if (isnan(p[i])) {
            fprintf(stderr, "symgrid model: %s needs --set %s=... (%s)\n", model->name,
                    model->params[i].name, sg_dimension_example(model->params[i].dimension));
            return SG_EXIT_USAGE;
        }
    }
    return SG_EXIT_DONE;
}

/* --- the words --- */

typedef enum task { RUN, HELP, EXAMPLE, PLOT, MARKDOWN } task;

typedef struct words {
    task task;
    const char *file; /* NULL: standard input */
    sg_rows_options options;
    double p[SG_PARAM_MAX];
} words;

static int read_words(int argc, char **argv, const sg_model *model, words *ret)
{
    static const char *const tasks[] = {"", "--help", "--example", "--plot", "--markdown"};
    *ret = (words){0};
    sg_model_presets(model, ret->p);
    for (int i = 2; i < argc; i++) {
        int which = MARKDOWN;
        while (which > RUN && strcmp(argv[i], tasks[which]) != 0) {
            which--;
        }
        bool valued = i + 1 < argc;
        if (which > RUN) {
            ret->task = (task)which;
        } else if (strcmp(argv[i], "--set") == 0 && valued) {
            int status = set_param(model, ret->p, argv[++i]);
            if (status != SG_EXIT_DONE) {
                return status;
            }
        } else if (strcmp(argv[i], "--columns") == 0 && valued) {
            ret->options.columns = argv[++i];
        } else if (strcmp(argv[i], "--zone") == 0 && valued) {
            i++;
            if (sg_zone_parse(argv[i], strlen(argv[i]), &ret->options.zone_offset_s) != SG_OK) {
                fprintf(stderr,
                        "symgrid model: --zone: expected a fixed offset such as UTC-5, got '%s'\n",
                        argv[i]);
                return SG_EXIT_USAGE;
            }
        } else if ((argv[i][0] != '-' || argv[i][1] == '\0') && !ret->file) {
            ret->file = argv[i];
        } else {
            fprintf(stderr, "symgrid model: unexpected '%s'; see symgrid model --help\n", argv[i]);
            return SG_EXIT_USAGE;
        }
    }
    return SG_EXIT_DONE;
}

static int write_out(sg_out *out)
{
    bool bad = out->failed ||
               fwrite(out->text ? out->text : "", 1, out->length, stdout) != out->length ||
               fflush(stdout) != 0;
    if (bad) {
        fputs("symgrid model: the result cannot be written\n", stderr);
    }
    sg_out_free(out);
    return bad ? SG_EXIT_ENVIRONMENT : SG_EXIT_DONE;
}

static int run_rows(const sg_model *model, const words *w)
{
    const char *name = w->file && strcmp(w->file, "-") != 0 ? w->file : "-";
    int status;
    char *text = sg_slurp("model", w->file, &status);
    if (!text) {
        return status;
    }
    sg_rows rows;
    sg_out out = {0};
    status = sg_rows_read(model, &w->options, name, text, &rows);
    if (status == SG_EXIT_DONE) {
        status = sg_rows_run(model, w->p, name, &rows);
        if (status == SG_EXIT_DONE) {
            sg_rows_write_outputs(model, &rows, &out);
            status = write_out(&out);
        }
        sg_rows_free(&rows);
    }
    free(text);
    return status;
}

static int run_example(const sg_model *model, const words *w)
{
    sg_rows rows;
    sg_out out = {0};
    int status = sg_rows_example(model, &rows);
    if (status == SG_EXIT_DONE && w->task == EXAMPLE) {
        sg_rows_write_inputs(model, &rows, &out);
    } else if (status == SG_EXIT_DONE) {
        status = sg_rows_run(model, w->p, "example", &rows);
        if (status == SG_EXIT_DONE) {
            sg_rows_plot(model, &rows, &out);
        }
    }
    sg_rows_free(&rows);
    return status == SG_EXIT_DONE ? write_out(&out) : status;
}

static int unknown(const char *name)
{
    const char *names[256];
    int count = 0;
    for (int i = 0; i < sg_kind_count && count < SG_COUNT(names); i++) {
        names[count++] = sg_kinds[i]->name;
    }
    for (int i = 0; i < sg_model_count && count < SG_COUNT(names); i++) {
        names[count++] = sg_models[i]->name;
    }
    const char *nearest = sg_text_nearest(name, names, count);
    fprintf(stderr,
            "symgrid model: there is no model '%s'%s%s%s; symgrid model --list names them\n", name,
            nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    return SG_EXIT_USAGE;
}

int sg_cli_model(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {
        list();
        return SG_EXIT_DONE;
    }
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        fputs(help, argc < 2 ? stderr : stdout);
        return argc < 2 ? SG_EXIT_USAGE : SG_EXIT_DONE;
    }
    sg_model room;
    words w;
    const sg_model *model = sg_model_find(argv[1], &room);
    if (!model) {
        return unknown(argv[1]);
    }
    int status = read_words(argc, argv, model, &w);
    if (status != SG_EXIT_DONE) {
        return status;
    }
    if (w.task == HELP) {
        describe(model);
        return SG_EXIT_DONE;
    }
    if (w.task == MARKDOWN) {
        markdown(model);
        return SG_EXIT_DONE;
    }
    if (w.task != EXAMPLE && (status = check_params(model, w.p)) != SG_EXIT_DONE) {
        return status;
    }
    return w.task == RUN ? run_rows(model, &w) : run_example(model, &w);
}
