#include "base/clock.h"
#include "base/text.h"
#include "cli/problem_json.h"
#include "cli/verbs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char HELP[] =
    "symgrid control - who gets how much when the tree of limits is too small for all\n"
    "\n"
    "usage: symgrid control --problem FILE|- [--json]\n"
    "\n"
    "  --problem FILE  a symgrid.allocation/1 document; '-' reads standard input\n"
    "  --json          write symgrid.setpoints/1 instead of a table\n"
    "\n"
    "Every class first gets its minimums, class 0 before class 1 and so on, then the rest up to "
    "the\n"
    "demands in the same order. Inside a class the shares per weight rise together until a leaf "
    "has\n"
    "what it asks for or a limit on its path is full (weighted max-min fairness). `binding` names\n"
    "the nodes whose limit stopped somebody, `shed` the leaves that got less than their minimum.\n"
    "\n"
    "Exit status: 0 done, 2 bad input or usage, 3 the file cannot be read or\n"
    "memory is exhausted.\n"
    "\n"
    "Example: 10 kW for two leaves that want 8 kW each, one with three times the weight\n"
    "  echo '{\"format\":\"symgrid.allocation/1\",\"nodes\":[{\"id\":\"site\",\"limit_kw\":10}],\n"
    "   \"leaves\":[{\"id\":\"a\",\"parent\":\"site\",\"demand_kw\":8,\"weight\":3},\n"
    "   {\"id\":\"b\",\"parent\":\"site\",\"demand_kw\":8}]}' | symgrid control --problem -\n";

/* Less than the minimum by more than rounding. */
static const double SHED_TOLERANCE = 1e-9;

static bool is_shed(const sg_allocation *a, const double *given_kw, int leaf)
{
    double low = fmin(a->leaf_min_w[leaf], a->leaf_demand_w[leaf]);
    return given_kw[leaf] < low * (1.0 - SHED_TOLERANCE);
}

static void write_json(sg_out *out, const sg_allocation_document *d, const double *given_kw,
                       const uint8_t *binding, double solve_s)
{
    const sg_allocation *a = &d->allocation;
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "format", "symgrid.setpoints/1");
    sg_json_begin(out, "leaves", '{');
    for (int k = 0; k < a->leaf_count; k++) {
        sg_json_number(out, d->leaf_id[k], given_kw[k]);
    }
    sg_json_end(out, '}');
    sg_json_begin(out, "binding", '[');
    for (int n = 0; n < a->node_count; n++) {
        if (binding[n]) {
            sg_json_text(out, NULL, d->node_id[n]);
        }
    }
    sg_json_end(out, ']');
    sg_json_begin(out, "shed", '[');
    for (int k = 0; k < a->leaf_count; k++) {
        if (is_shed(a, given_kw, k)) {
            sg_json_text(out, NULL, d->leaf_id[k]);
        }
    }
    sg_json_end(out, ']');
    sg_json_fixed(out, "solve_s", solve_s, 9);
    sg_json_end(out, '}');
    sg_out_text(out, "\n");
}

static void write_table(sg_out *out, const sg_allocation_document *d, const double *given_kw,
                        const uint8_t *binding, double solve_s)
{
    const sg_allocation *a = &d->allocation;
    double demand_kw = 0.0, total_kw = 0.0;
    int shed = 0;
    for (int k = 0; k < a->leaf_count; k++) {
        demand_kw += a->leaf_demand_w[k];
        total_kw += given_kw[k];
        shed += is_shed(a, given_kw, k);
    }
    sg_out_format(out, "%.3f kW of %.3f kW for %d leaves, %d below their minimum (%.1f us)\n",
                  total_kw, demand_kw, a->leaf_count, shed, solve_s * 1e6);
    for (int n = 0; n < a->node_count; n++) {
        if (binding[n]) {
            sg_out_format(out, "full  %-40s %12.3f kW\n", d->node_id[n], a->node_limit_w[n]);
        }
    }
    sg_out_format(out, "\n%-40s %5s %12s %12s %12s\n", "leaf", "class", "min kW", "demand kW",
                  "given kW");
    for (int k = 0; k < a->leaf_count; k++) {
        const char *note = is_shed(a, given_kw, k) ? "  below minimum"
                           : given_kw[k] < a->leaf_demand_w[k] * (1.0 - SHED_TOLERANCE)
                               ? "  limited"
                               : "";
        sg_out_format(out, "%-40s %5d %12.3f %12.3f %12.3f%s\n", d->leaf_id[k], a->leaf_class[k],
                      a->leaf_min_w[k], a->leaf_demand_w[k], given_kw[k], note);
    }
}

/* Allocate and print. */
static int answer(const sg_allocation_document *document, bool json, sg_arena *arena)
{
    const sg_allocation *a = &document->allocation;
    void *scratch = sg_arena_alloc(arena, sg_allocation_size(a->node_count, a->leaf_count));
    double *given_kw = sg_arena_array(arena, (size_t)a->leaf_count + 1, sizeof *given_kw);
    uint8_t *binding = sg_arena_array(arena, (size_t)a->node_count + 1, sizeof *binding);
    if (!scratch || !given_kw || !binding) {
        fputs("symgrid control: memory is exhausted\n", stderr);
        return SG_EXIT_ENVIRONMENT;
    }
    double began_s = sg_clock_s();
    sg_allocate(a, scratch, given_kw, binding);
    double solve_s = sg_clock_s() - began_s;
    sg_out out = {0};
    if (json) {
        write_json(&out, document, given_kw, binding, solve_s);
    } else {
        write_table(&out, document, given_kw, binding, solve_s);
    }
    bool written =
        !out.failed && fwrite(out.text, 1, out.length, stdout) == out.length && fflush(stdout) == 0;
    sg_out_free(&out);
    if (!written) {
        fputs("symgrid control: expected to be able to write the answer\n", stderr);
    }
    return written ? SG_EXIT_DONE : SG_EXIT_ENVIRONMENT;
}

int sg_cli_control(int argc, char **argv)
{
    const char *file = NULL;
    bool json = false, help = false;
    const sg_option options[] = {
        {"--problem", &file, NULL}, {"--json", NULL, &json}, {"--help", NULL, &help}};
    if (sg_options_parse(argc, argv, options, 3, 0) < 0) {
        return SG_EXIT_USAGE;
    }
    if (help) {
        fputs(HELP, stdout);
        return SG_EXIT_DONE;
    }
    if (!file) {
        fputs("symgrid control: expected --problem FILE; see symgrid control --help\n", stderr);
        return SG_EXIT_USAGE;
    }
    sg_arena arena = {0};
    sg_json_in in;
    sg_allocation_document document;
    bool read = sg_json_in_open(&in, file, SG_ALLOCATION_FORMAT) &&
                sg_allocation_from_json(&in, &arena, &document);
    sg_json_in_close(&in);
    int status = in.environment ? SG_EXIT_ENVIRONMENT : SG_EXIT_USAGE;
    if (read) {
        status = answer(&document, json, &arena);
    } else {
        fprintf(stderr, "%s\n", in.message);
    }
    sg_arena_free(&arena);
    return status;
}
