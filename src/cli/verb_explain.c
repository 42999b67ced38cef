/* symgrid explain - what was known, wanted and done at one moment, from the journal. */
#include "base/time.h"
#include "cli/verbs.h"
#include "host/moment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "symgrid explain - why a site did what it did at one moment\n"
    "\n"
    "usage: symgrid explain SITE [--at TIME] [--device ID] [--data DIR] [--json]\n"
    "\n"
    "  SITE         the site file that ran: it gives the names and the limits\n"
    "  --at TIME    the moment, e.g. 2023-06-01T06:00:05Z (default: the newest step there is)\n"
    "  --device ID  a device, group or node, e.g. battery, web-3, pdu-1, grid (default: the whole "
    "site)\n"
    "  --data DIR   the data folder of `symgrid run` (default symgrid-data/<name of the site "
    "file>)\n"
    "  --json       symgrid.explanation/1 on standard output instead of sentences\n"
    "\n"
    "The journal is replayed up to the last step that had ended by then. Told is what was "
    "measured, predicted,\n"
    "planned, commanded with its reason, what limited it, and the last decisions. The site may run "
    "meanwhile.\n"
    "\n"
    "Exit status: 0 done, 1 the journal does not know that moment, 2 wrong usage, site file or "
    "device, 3 the journal\n"
    "cannot be read.\n"
    "\n"
    "Example: symgrid explain sites/hall.maml.md --device battery\n";

static int print(const sg_moment *explanation, bool json)
{
    sg_out out = {0};
    if (json) {
        sg_moment_json(explanation, &out);
        sg_out_text(&out, "\n");
    } else {
        sg_moment_text(explanation, &out);
    }
    bool good =
        !out.failed && fwrite(out.text, 1, out.length, stdout) == out.length && fflush(stdout) == 0;
    sg_out_free(&out);
    if (!good) {
        fputs("symgrid explain: expected to be able to write the answer\n", stderr);
    }
    return good ? SG_EXIT_DONE : SG_EXIT_ENVIRONMENT;
}

static int explain(const sg_site *site, const char *dir, const char *device, int64_t at_us,
                   bool json)
{
    char error[SG_MOMENT_ERROR];
    sg_moment_question question = {.dir = dir, .site = site, .at_us = at_us, .device = device};
    sg_moment *explanation = malloc(sizeof *explanation);
    if (!explanation) {
        fputs("symgrid explain: memory is exhausted\n", stderr);
        return SG_EXIT_ENVIRONMENT;
    }
    sg_status status = sg_moment_explain(&question, explanation, error);
    int result = SG_EXIT_DONE;
    if (status == SG_OK) {
        result = print(explanation, json);
    } else {
        fprintf(stderr, "symgrid explain: %s\n", error);
        result = status == SG_MISSING  ? SG_EXIT_NO
                 : status == SG_FORMAT ? SG_EXIT_USAGE
                                       : SG_EXIT_ENVIRONMENT;
    }
    free(explanation);
    return result;
}

int sg_cli_explain(int argc, char **argv)
{
    const char *at = NULL, *device = NULL, *data = NULL;
    bool json = false, wants_help = false;
    const sg_option options[] = {{"--at", &at, NULL},
                                 {"--device", &device, NULL},
                                 {"--data", &data, NULL},
                                 {"--json", NULL, &json},
                                 {"--help", NULL, &wants_help}};
    int count = sg_options_parse(argc, argv, options, 5, 1);
    if (wants_help) {
        fputs(help, stdout);
        return SG_EXIT_DONE;
    }
    if (count != 1) {
        if (count == 0) {
            fputs("symgrid explain: which site? see symgrid explain --help\n", stderr);
        }
        return SG_EXIT_USAGE;
    }
    int64_t at_us = INT64_MAX;
    int status = sg_option_time("--at", at, &at_us);
    if (status) {
        return status;
    }
    char dir[512];
    sg_cli_data_dir(argv[1], dir, sizeof dir);
    sg_site site = {0};
    status = sg_cli_load_site(argv[1], &site);
    status = status ? status : explain(&site, data ? data : dir, device, at_us, json);
    sg_site_free(&site);
    return status;
}
