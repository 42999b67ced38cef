/* symgrid audit - who changed what, when. */
#include "cli/verbs.h"
#include "serve/audit_log.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] = "usage: symgrid audit --data DIR [OPTIONS]\n"
                           "\n"
                           "Who changed what, when: the audit log of a site, newest first. Every "
                           "change that came in over HTTP, every token\n"
                           "that was made or removed and every site file or certificate that was "
                           "read again has an entry.\n"
                           "\n"
                           "  --data DIR   the data folder of the site\n"
                           "  --from TIME  entries since then\n"
                           "  --to TIME    and before then\n"
                           "  --limit N    at most so many (default 100)\n"
                           "  --json       whole entries, with what was asked, before and after\n"
                           "\n"
                           "example: symgrid audit --data symgrid-data/hall --limit 20\n";

static const char *text_of(json_t *entry, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(entry, key));
    return text ? text : otherwise;
}

/* What a file that was read again changed, or why it was refused. */
static void print_reload(json_t *entry)
{
    const char *refused =
        json_string_value(json_object_get(json_object_get(entry, "asked"), "refused"));
    json_t *changed = json_object_get(json_object_get(entry, "after"), "changed"), *line;
    size_t i;
    if (refused) {
        printf("  %s", refused);
    }
    json_array_foreach(changed, i, line)
    {
        printf("%s%s", i == 0 ? "  " : "; ",
               json_string_value(line) ? json_string_value(line) : "");
    }
}

static void print_rows(json_t *entries)
{
    size_t i;
    json_t *entry;
    json_array_foreach(entries, i, entry)
    {
        json_t *before = json_object_get(entry, "before"), *after = json_object_get(entry, "after");
        const char *was = text_of(before, "state", json_string_value(before));
        const char *is = text_of(after, "state", json_string_value(after));
        printf("%-24s %-20s %-8s %-6s %s %lld%s%s%s%s", text_of(entry, "time", "?"),
               text_of(entry, "who", "(nobody signed in)"), text_of(entry, "role", "?"),
               text_of(entry, "method", "?"), text_of(entry, "path", "?"),
               (long long)json_integer_value(json_object_get(entry, "status")),
               was || is ? "  " : "", was ? was : "", was && is ? " -> " : "", is ? is : "");
        print_reload(entry);
        putchar('\n');
    }
}

static int print(const char *dir, const sg_audit_range *wanted, bool json)
{
    sg_audit_range range = *wanted;
    sg_out out = {0};
    int64_t next = -1;
    json_t *all = json_array();
    sg_status status = SG_OK;
    do { /* ends: each call goes back by what it looked through */
        sg_out_clear(&out);
        sg_json_begin(&out, NULL, '[');
        status = sg_audit_read(dir, &range, &out, &next);
        sg_json_end(&out, ']');
        json_t *some = out.failed ? NULL : json_loadb(out.text, out.length, 0, NULL);
        json_array_extend(all, some);
        json_decref(some);
        range.end = next;
        range.limit = wanted->limit - (int)json_array_size(all);
    } while (status == SG_OK && next >= 0 && range.limit > 0);
    sg_out_free(&out);
    if (status != SG_OK) {
        fprintf(stderr, "symgrid audit: %s/audit.jsonl: %s\n", dir, sg_status_text(status));
    } else if (json) {
        json_dumpf(all, stdout, JSON_INDENT(1));
        putchar('\n');
    } else {
        print_rows(all);
    }
    json_decref(all);
    return status == SG_OK ? SG_EXIT_DONE : SG_EXIT_ENVIRONMENT;
}

int sg_cli_audit(int argc, char **argv)
{
    const char *data = NULL, *from = NULL, *to = NULL, *limit = NULL;
    bool json = false, wants_help = false;
    const sg_option options[] = {{"--data", &data, NULL}, {"--from", &from, NULL},
                                 {"--to", &to, NULL},     {"--limit", &limit, NULL},
                                 {"--json", NULL, &json}, {"--help", NULL, &wants_help}};
    sg_audit_range range = {.limit = 100, .end = -1, .from_us = INT64_MIN, .to_us = INT64_MAX};
    int count = sg_options_parse(argc, argv, options, 6, 0);
    if (wants_help) {
        fputs(help, stdout);
        return SG_EXIT_DONE;
    }
    if (count < 0) {
        return SG_EXIT_USAGE;
    }
    int status = sg_option_time("--from", from, &range.from_us);
    status = status ? status : sg_option_time("--to", to, &range.to_us);
    char *end = NULL;
    long most = limit ? strtol(limit, &end, 10) : 100;
    if (!status && (!data || most < 1 || most > 1000000 || (end && *end))) {
        fprintf(stderr, "symgrid audit: expected %s\n",
                data ? "--limit 1 to 1000000" : "--data DIR, the data folder of the site");
        status = SG_EXIT_USAGE;
    }
    range.limit = (int)most;
    if (!status && access(data, R_OK | X_OK) != 0) {
        fprintf(stderr, "symgrid audit: --data: cannot read the folder %s: %s\n", data,
                strerror(errno));
        status = SG_EXIT_ENVIRONMENT;
    }
    return status ? status : print(data, &range, json);
}
