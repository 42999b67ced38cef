#include "base/time.h"
#include "cli/check_explain.h"
#include "cli/paint.h"
#include "cli/verb_site.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char HELP[] =
    "symgrid check - read a site file and say what is wrong with it, or what it describes\n"
    "\n"
    "usage: symgrid check SITE [--json] [--notes] [--explain]\n"
    "\n"
    "  SITE       a site file: a .maml.md document or a bare .yaml\n"
    "  --json     write the diagnostics and a summary as one JSON object\n"
    "  --notes    show notes too, not only errors and warnings\n"
    "  --explain  show the line of each, and say what the site's figures mean\n"
    "\n"
    "The series that the file names are read as well. Every diagnostic is one line on standard\n"
    "error: file:line:column: what is wrong; what to do.\n"
    "\n"
    "Exit status: 0 no errors (warnings may stand), 2 errors or wrong usage, 3 the file cannot be\n"
    "read.\n"
    "\n"
    "Example: symgrid init && symgrid check site.maml.md\n";

static const char *severity_text(sg_severity severity)
{
    return severity == SG_ERROR ? "error" : severity == SG_WARNING ? "warning" : "note";
}

static const sg_paint severity_paints[] = {
    [SG_ERROR] = SG_PAINT_BAD, [SG_WARNING] = SG_PAINT_WARN, [SG_NOTE] = SG_PAINT_SOFT};

static void print_diagnostics(const sg_diagnostics *diagnostics, bool notes, bool places)
{
    int errors = 0;
    for (int i = 0; i < diagnostics->count; i++) {
        const sg_diagnostic *d = &diagnostics->items[i];
        errors += d->severity == SG_ERROR;
        if (d->severity == SG_NOTE && !notes) {
            continue;
        }
        char place[48] = "";
        if (d->line > 0) {
            snprintf(place, sizeof place, d->column > 0 ? ":%d:%d" : ":%d", d->line, d->column);
        }
        fprintf(stderr, "%s%s: %s%s%s: %s%s%s\n", d->file, place,
                sg_paint_code(stderr, severity_paints[d->severity]), severity_text(d->severity),
                sg_paint_code(stderr, SG_PAINT_PLAIN), d->message, d->hint[0] ? "; " : "", d->hint);
        if (places) {
            sg_check_show_place(d);
        }
    }
    if (diagnostics->errors > errors) {
        fprintf(stderr, "and %d more errors\n", diagnostics->errors - errors);
    }
}

void sg_cli_diagnostics(const sg_diagnostics *diagnostics, bool notes)
{
    print_diagnostics(diagnostics, notes, false);
}

void sg_cli_diagnostics_json(sg_out *out, const sg_diagnostics *diagnostics)
{
    sg_json_begin(out, "diagnostics", '[');
    for (int i = 0; i < diagnostics->count; i++) {
        const sg_diagnostic *d = &diagnostics->items[i];
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "severity", severity_text(d->severity));
        sg_json_text(out, "file", d->file);
        sg_json_integer(out, "line", d->line);
        sg_json_integer(out, "column", d->column);
        sg_json_text(out, "message", d->message);
        sg_json_text(out, "hint", d->hint);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

/* ---- summary ---- */

/* The most that a group's member gives (takes, where charge), W. Sources are rated by the kind's first power. */
static double rated_w(const sg_group *group, const double *p, bool charge)
{
    if (group->role == SG_STORE) {
        sg_reservoir r;
        group->kind->reservoir(p, &r);
        return charge ? r.charge_w_max : r.discharge_w_max;
    }
    for (int i = 0; i < group->kind->param_count; i++) {
        if (group->kind->params[i].dimension == SG_DIM_POWER && !group->kind->params[i].choices) {
            return p[i];
        }
    }
    return 0;
}

typedef struct totals {
    double power_w, energy_j;
} totals;

static totals group_totals(const sg_site *site, const sg_group *group)
{
    totals ret = {0};
    for (int32_t i = 0; i < group->count; i++) {
        const double *p = site->devices[group->role][group->first + i].p;
        ret.power_w += rated_w(group, p, false);
        if (group->role == SG_STORE) {
            sg_reservoir r;
            group->kind->reservoir(p, &r);
            ret.energy_j += r.capacity_j;
        }
    }
    return ret;
}

static const char *const role_names[SG_ROLE_COUNT] = {
    [SG_SOURCE] = "sources", [SG_STORE] = "stores", [SG_LOAD] = "loads", [SG_GRID] = "grid"};

static void summary_groups_json(sg_out *out, const sg_site *site)
{
    for (int role = 0; role < SG_ROLE_COUNT; role++) {
        sg_json_begin(out, role_names[role], '[');
        for (int32_t g = 0; g < site->group_count; g++) {
            const sg_group *group = &site->groups[g];
            if ((int)group->role != role) {
                continue;
            }
            totals t = group_totals(site, group);
            sg_json_begin(out, NULL, '{');
            sg_json_text(out, "id", group->id);
            sg_json_text(out, "type", group->kind->name);
            sg_json_integer(out, "count", group->count);
            sg_json_number(out, "power_kw", t.power_w / 1e3);
            if (role == SG_STORE) {
                sg_json_number(out, "energy_kwh", t.energy_j / 3.6e6);
            }
            if (group->kind->hypothetical) {
                sg_json_bool(out, "hypothetical", true);
            }
            sg_json_end(out, '}');
        }
        sg_json_end(out, ']');
    }
}

/* Those that are not raised as they come. */
static void summary_alarms_json(sg_out *out, const sg_site *site)
{
    sg_json_begin(out, "alarms", '[');
    for (int i = 0; site->alarms && i < SG_ALARM_KIND_COUNT; i++) {
        const sg_alarm_rule preset = sg_alarm_rule_of(NULL, i), *rule = &site->alarms[i];
        const sg_alarm_limit *limit = sg_alarm_kind_limit(i);
        if (sg_alarm_rule_same(rule, &preset)) {
            continue;
        }
        bool fraction = limit && limit->dimension == SG_DIM_FRACTION;
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "kind", sg_alarm_kind_name(i));
        sg_json_text(out, "priority", sg_priority_name(rule->priority));
        sg_json_number(out, "on_delay_s", rule->on_s);
        sg_json_number(out, "off_delay_s", rule->off_s);
        if (limit) {
            sg_json_number(out, fraction ? "setpoint_frac" : "setpoint_s", rule->setpoint);
            sg_json_number(out, fraction ? "deadband_frac" : "deadband_s", rule->deadband);
        }
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

static void summary_json(sg_out *out, const sg_site *site)
{
    static const char *const modes[] = {"observe", "advise", "control"};
    static const char *const priorities[] = {"critical", "high", "normal", "low"};
    int64_t from_us, to_us;
    char hash[20];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)site->hash);
    sg_json_begin(out, "summary", '{');
    sg_json_text(out, "title", site->title);
    sg_json_text(out, "id", site->id);
    sg_json_text(out, "mode", modes[site->mode]);
    sg_json_text(out, "currency", site->currency);
    sg_json_text(out, "hash", hash);
    sg_json_integer(out, "nodes", site->node_count);
    sg_json_integer(out, "ties", site->tie_count);
    sg_json_integer(out, "schedules", site->schedule_count);
    summary_groups_json(out, site);
    sg_json_integer(out, "series", site->series_count);
    if (sg_site_span(site, &from_us, &to_us) == SG_OK) {
        sg_json_time(out, "from", from_us);
        sg_json_time(out, "to", to_us);
    }
    sg_json_begin(out, "workflows", '[');
    for (int32_t i = 0; i < site->workflow_count; i++) {
        const sg_workflow *w = &site->workflows[i];
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "task_id", w->task_id);
        sg_json_text(out, "priority", priorities[w->priority]);
        sg_json_number(out, "power_kw", w->power_w / 1e3);
        sg_json_number(out, "duration_s", w->duration_s);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
    sg_json_integer(out, "faults", site->fault_count);
    summary_alarms_json(out, site);
    sg_json_end(out, '}');
}

static void summary_group(const sg_site *site, const sg_group *group)
{
    totals t = group_totals(site, group);
    char power[SG_QUANTITY_TEXT], energy[SG_QUANTITY_TEXT] = "", count[24] = "";
    sg_quantity_format(t.power_w, SG_DIM_POWER, power);
    if (group->role == SG_STORE) {
        sg_quantity_format(t.energy_j, SG_DIM_ENERGY, energy);
    }
    if (group->count > 1) {
        snprintf(count, sizeof count, "%d x ", (int)group->count);
    }
    printf("  %-20s %8s%-26s %12s %14s%s\n", group->id, count, group->kind->title, power, energy,
           group->kind->hypothetical ? "  hypothetical" : "");
}

static void summary_text(const sg_site *site, const sg_diagnostics *diagnostics)
{
    int64_t from_us, to_us;
    printf("%s\n", site->title);
    printf("  %-20s %8d in %d groups, %s at the root\n", "nodes", (int)site->node_count,
           (int)site->node_group_count, isinf(site->nodes[0].limit_w) ? "no limit" : "limited");
    if (site->tie_count > 0) {
        printf("  %-20s %8d\n", "ties", (int)site->tie_count);
    }
    if (site->schedule_count > 0) {
        printf("  %-20s %8d for %d loads\n", "schedules", (int)site->schedule_count,
               (int)site->scheduled_count);
    }
    for (int role = 0; role < SG_ROLE_COUNT; role++) {
        if (site->device_count[role] > 0) {
            printf("%s\n", role_names[role]);
        }
        for (int32_t g = 0; g < site->group_count; g++) {
            if ((int)site->groups[g].role == role) {
                summary_group(site, &site->groups[g]);
            }
        }
    }
    for (int32_t i = 0; i < site->workflow_count; i++) {
        char power[SG_QUANTITY_TEXT];
        sg_quantity_format(site->workflows[i].power_w, SG_DIM_POWER, power);
        printf("workflow %s asks for %s\n", site->workflows[i].task_id, power);
    }
    if (sg_site_span(site, &from_us, &to_us) == SG_OK) {
        char from[SG_TIME_TEXT], to[SG_TIME_TEXT];
        sg_time_format(from_us, from);
        sg_time_format(to_us, to);
        printf("%d series, all cover %s to %s\n", (int)site->series_count, from, to);
    } else if (site->series_count > 0) {
        printf("%d series, no dated span in common\n", (int)site->series_count);
    }
    printf("no errors, %d warning%s\n", diagnostics->warnings,
           diagnostics->warnings == 1 ? "" : "s");
}

/* ---- the verb ---- */

static bool write_json(const sg_site *site, const sg_diagnostics *diagnostics, sg_status status)
{
    sg_out out = {0};
    sg_json_begin(&out, NULL, '{');
    sg_json_bool(&out, "ok", status == SG_OK);
    sg_json_integer(&out, "errors", diagnostics->errors);
    sg_json_integer(&out, "warnings", diagnostics->warnings);
    sg_cli_diagnostics_json(&out, diagnostics);
    if (status == SG_OK) {
        summary_json(&out, site);
    }
    sg_json_end(&out, '}');
    sg_out_text(&out, "\n");
    bool written = !out.failed && fwrite(out.text, 1, out.length, stdout) == out.length;
    sg_out_free(&out);
    return written;
}

static void print_explanation(const sg_site *site)
{
    sg_out out = {0};
    sg_check_explain(site, &out);
    fputs(out.text && !out.failed ? out.text : "", stdout);
    sg_out_free(&out);
}

static int check(const char *path, bool json, bool notes, bool explain)
{
    sg_site site;
    sg_diagnostics diagnostics;
    sg_status status = sg_site_load(path, &site, &diagnostics);
    bool written = true;
    if (json) {
        written = write_json(&site, &diagnostics, status);
    } else {
        print_diagnostics(&diagnostics, notes, explain);
        if (status == SG_OK) {
            summary_text(&site, &diagnostics);
        }
        if (status == SG_OK && explain) {
            print_explanation(&site);
        }
    }
    written = fflush(stdout) == 0 && written;
    if (!written) {
        fputs("symgrid check: expected to be able to write the answer\n", stderr);
    }
    if (status == SG_NOMEM) {
        fputs("symgrid check: memory is exhausted\n", stderr);
    }
    sg_site_free(&site);
    sg_diagnostics_free(&diagnostics);
    return !written || status == SG_IO || status == SG_NOMEM ? 3 : status == SG_OK ? 0 : 2;
}

int sg_cli_check(int argc, char **argv)
{
    const char *path = NULL;
    bool json = false, notes = false, explain = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(HELP, stdout);
            return 0;
        }
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--notes") == 0) {
            notes = true;
        } else if (strcmp(argv[i], "--explain") == 0) {
            explain = true;
        } else if (argv[i][0] == '-' && argv[i][1]) {
            fprintf(stderr, "symgrid check: unknown option '%s'; see symgrid check --help\n",
                    argv[i]);
            return 2;
        } else if (path) {
            fprintf(stderr, "symgrid check: expected one site file, got '%s' as well\n", argv[i]);
            return 2;
        } else {
            path = argv[i];
        }
    }
    if (!path) {
        fputs("symgrid check: expected a site file; see symgrid check --help\n", stderr);
        return 2;
    }
    return check(path, json, notes, explain);
}
