#include "store/query.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int sg_cli_query(int argc, char **argv);

static const char HELP[] =
    "symgrid query - ask the telemetry of a site\n"
    "\n"
    "usage: symgrid query SQL|- --data DIR [--json|--csv]\n"
    "\n"
    "  SQL         one SELECT; '-' reads it from standard input\n"
    "  --data DIR  the directory that `symgrid run --data DIR` writes\n"
    "  --json      {\"columns\":[...],\"rows\":[[...]],\"truncated\":false}\n"
    "  --csv       comma separated, with a head line\n"
    "\n"
    "SQLite's SELECT with three additions: NOW(), durations (90s 15min 1h 7d 2w) and quoted ISO\n"
    "times ('2023-07-01T06:00:00Z'). Tables: energy, device, decision, settlement, energy_1min,\n"
    "energy_15min, alarm, meta. Powers are kW, energies kWh. For a simulated clock NOW() is the\n"
    "time of the last row. At most 2 s and 100,000 rows.\n"
    "\n"
    "Exit status: 0 done, 2 bad question or usage, 3 no telemetry there.\n"
    "\n"
    "Example\n"
    "  symgrid query \"SELECT surplus FROM energy WHERE timestamp > NOW() - 1h\" --data run\n";

typedef struct query_options {
    const char *sql, *dir;
    sg_query_format format;
} query_options;

static int usage(const char *what, const char *found)
{
    fprintf(stderr, "symgrid query: %s%.100s (see 'symgrid query --help')\n", what, found);
    return 2;
}

/* 0 = go on, else the exit status + 1. */
static int read_options(int argc, char **argv, query_options *ret)
{
    *ret = (query_options){.format = SG_QUERY_TABLE};
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
            fputs(HELP, stdout);
            return 1;
        }
        if (strcmp(arg, "--json") == 0) {
            ret->format = SG_QUERY_JSON;
        } else if (strcmp(arg, "--csv") == 0) {
            ret->format = SG_QUERY_CSV;
        } else if (strncmp(arg, "--data=", 7) == 0) {
            ret->dir = arg + 7;
        } else if (strcmp(arg, "--data") == 0) {
            if (++i == argc) {
                return usage("expected a directory after --data", "") + 1;
            }
            ret->dir = argv[i];
        } else if (strncmp(arg, "--", 2) == 0 && arg[2] != ' ' && arg[2] != '\0') {
            return usage("expected a known option, found ", arg) + 1;
        } else if (ret->sql) {
            return usage("expected one question, found a second: ", arg) + 1;
        } else {
            ret->sql = arg;
        }
    }
    if (!ret->sql) {
        return usage("expected a question", "") + 1;
    }
    if (!ret->dir || !*ret->dir) {
        return usage("expected --data DIR", "") + 1;
    }
    return 0;
}

static bool read_input(sg_out *question)
{
    char block[4096];
    size_t got;
    while ((got = fread(block, 1, sizeof block, stdin)) > 0 &&
           question->length <= SG_QUERY_SQL_MAX) {
        sg_out_bytes(question, block, got);
    }
    return !ferror(stdin) && !question->failed;
}

/* "symgrid query: 1:12: what was wrong" */
static int complain(const char *sql, const sg_query_error *error, sg_status status)
{
    int line = 1, column = 1;
    for (int i = 0; i < error->position && sql[i]; i++) {
        if (sql[i] == '\n') {
            line++;
            column = 1;
        } else {
            column += ((unsigned char)sql[i] & 0xC0) != 0x80;
        }
    }
    if (error->position >= 0) {
        fprintf(stderr, "symgrid query: %d:%d: %s\n", line, column, error->text);
    } else {
        fprintf(stderr, "symgrid query: %s\n", error->text);
    }
    return status == SG_FORMAT || status == SG_RANGE || status == SG_FULL ? 2 : 3;
}

int sg_cli_query(int argc, char **argv)
{
    query_options options;
    sg_out out = {0}, question = {0};
    sg_query_error error;
    sg_query_answer answer;
    int stop = read_options(argc, argv, &options), result = 0;
    if (stop) {
        return stop - 1;
    }
    if (strcmp(options.sql, "-") != 0) {
        sg_out_text(&question, options.sql);
    } else if (!read_input(&question)) {
        fputs("symgrid query: standard input cannot be read\n", stderr);
        sg_out_free(&question);
        return 3;
    }
    const char *sql = question.text ? question.text : "";
    sg_status status = sg_query_run(options.dir, sql, question.length, options.format, NULL, &out,
                                    &answer, &error);
    if (status != SG_OK) {
        result = complain(sql, &error, status);
    } else {
        if (options.format == SG_QUERY_JSON) {
            sg_out_text(&out, "\n");
        }
        size_t length = out.text ? out.length : 0;
        if (fwrite(out.text ? out.text : "", 1, length, stdout) != length || fflush(stdout) != 0) {
            fputs("symgrid query: standard output cannot be written\n", stderr);
            result = 3;
        } else if (answer.truncated && options.format != SG_QUERY_JSON) {
            fprintf(stderr, "symgrid query: stopped after %lld rows, there are more\n",
                    (long long)answer.rows);
        }
    }
    sg_out_free(&out);
    sg_out_free(&question);
    return result;
}
