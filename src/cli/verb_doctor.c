/* symgrid doctor - is this machine fit to run the site, and is what it has run sound? */
#include "cli/doctor.h"
#include "cli/paint.h"
#include "cli/verbs.h"
#include "serve/serve.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "symgrid doctor - test data, clock, disk, port and permissions, and report\n"
    "\n"
    "usage: symgrid doctor [SITE] [--data DIR] [--listen ADDR:PORT] [--json]\n"
    "\n"
    "  SITE                a site file: it is read with its series as well\n"
    "  --data DIR          the data folder of `symgrid run` (default symgrid-data/<name of the "
    "site file>)\n"
    "  --listen ADDR:PORT  where the site is to be served (default 127.0.0.1:8048)\n"
    "  --json              symgrid.doctor/1 on standard output instead of lines\n"
    "\n"
    "One line for each finding, ok, warn or bad, with what to do. Nothing is changed: a small file "
    "is written to the\n"
    "data folder's disk and removed. The report may be shown to others: what looks like a secret "
    "is taken out of it.\n"
    "\n"
    "Exit status: 0 nothing is bad, 1 something is, 2 wrong usage, 3 the report cannot be "
    "written.\n"
    "\n"
    "Example: symgrid doctor sites/hall.maml.md\n";

static const char *const health_names[SG_HEALTH_COUNT] = {"ok", "warn", "bad"};

static int count_of(const sg_checkup *checkup, sg_health health)
{
    int count = 0;
    for (int i = 0; i < checkup->count; i++) {
        count += checkup->finding[i].health == health;
    }
    return count;
}

static void write_json(const sg_checkup *checkup, sg_out *out)
{
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "format", "symgrid.doctor/1");
    for (int h = 0; h < SG_HEALTH_COUNT; h++) {
        sg_json_integer(out, health_names[h], count_of(checkup, (sg_health)h));
    }
    sg_json_begin(out, "findings", '[');
    for (int i = 0; i < checkup->count; i++) {
        const sg_finding *finding = &checkup->finding[i];
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "area", finding->area);
        sg_json_text(out, "health", health_names[finding->health]);
        sg_json_text(out, "text", finding->text);
        sg_json_text(out, "advice", finding->advice);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
    sg_json_end(out, '}');
    sg_out_text(out, "\n");
}

static void write_text(const sg_checkup *checkup, sg_out *out)
{
    static const sg_paint paints[SG_HEALTH_COUNT] = {SG_PAINT_GOOD, SG_PAINT_WARN, SG_PAINT_BAD};
    for (int i = 0; i < checkup->count; i++) {
        const sg_finding *finding = &checkup->finding[i];
        sg_out_format(out, "%s%-4s%s  %-11s  %s%s%s\n",
                      sg_paint_code(stdout, paints[finding->health]), health_names[finding->health],
                      sg_paint_code(stdout, SG_PAINT_PLAIN), finding->area, finding->text,
                      finding->advice[0] ? "; " : "", finding->advice);
    }
    sg_out_format(out, "%d ok, %d to look at, %d bad\n", count_of(checkup, SG_HEALTH_OK),
                  count_of(checkup, SG_HEALTH_WARN), count_of(checkup, SG_HEALTH_BAD));
}

static int report(sg_checkup *checkup, bool json)
{
    sg_out out = {0};
    sg_doctor_program(checkup);
    sg_doctor_site(checkup);
    sg_doctor_data(checkup);
    sg_doctor_clock(checkup);
    sg_doctor_disk(checkup);
    sg_doctor_port(checkup);
    sg_doctor_permissions(checkup);
    (json ? write_json : write_text)(checkup, &out);
    bool good =
        !out.failed && fwrite(out.text, 1, out.length, stdout) == out.length && fflush(stdout) == 0;
    sg_out_free(&out);
    if (!good) {
        fputs("symgrid doctor: expected to be able to write the report\n", stderr);
        return SG_EXIT_ENVIRONMENT;
    }
    return count_of(checkup, SG_HEALTH_BAD) > 0 ? SG_EXIT_NO : SG_EXIT_DONE;
}

int sg_cli_doctor(int argc, char **argv)
{
    static sg_checkup checkup; /* too large for the stack */
    const char *data = NULL, *listen = SG_SERVE_LISTEN_DEFAULT;
    bool json = false, wants_help = false;
    char dir[512];
    const sg_option options[] = {{"--data", &data, NULL},
                                 {"--listen", &listen, NULL},
                                 {"--json", NULL, &json},
                                 {"--help", NULL, &wants_help}};
    int count = sg_options_parse(argc, argv, options, 4, 1);
    if (wants_help) {
        fputs(help, stdout);
        return SG_EXIT_DONE;
    }
    if (count < 0) {
        return SG_EXIT_USAGE;
    }
    if (count > 0) {
        sg_cli_data_dir(argv[1], dir, sizeof dir);
    } else {
        snprintf(dir, sizeof dir, "symgrid-data");
    }
    checkup = (sg_checkup){
        .site_path = count > 0 ? argv[1] : NULL, .dir = data ? data : dir, .listen = listen};
    return report(&checkup, json);
}
