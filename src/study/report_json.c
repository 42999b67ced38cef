#include "base/time.h"
#include "control/control.h"
#include "study/assumptions.h"
#include "study/days.h"
#include "study/figures.h"
#include "study/funding.h"
#include "study/limits.h"
#include "study/months.h"
#include "study/report.h"

#include <math.h>
#include <stdio.h>

static const double J_PER_KWH = 3.6e6;

static void json_kwh(sg_out *out, const char *key, double energy_j)
{
    sg_json_number(out, key, energy_j / J_PER_KWH);
}

static void json_kw(sg_out *out, const char *key, double power_w)
{
    sg_json_number(out, key, power_w / 1e3);
}

static void json_site(const sg_report *report, sg_out *out)
{
    const sg_site *site = report->site;
    sg_json_begin(out, "site", '{');
    sg_json_text(out, "id", site ? site->id : NULL);
    sg_json_text(out, "title", site ? site->title : NULL);
    sg_json_text(out, "currency", site ? site->currency : NULL);
    sg_json_begin(out, "hypothetical", '[');
    for (int g = 0; g < sg_figures_group_count(report); g++) {
        if (site->groups[g].kind && site->groups[g].kind->hypothetical) {
            sg_json_text(out, NULL, site->groups[g].id);
        }
    }
    sg_json_end(out, ']');
    sg_json_end(out, '}');
}

static void json_sources(const sg_report *report, sg_out *out, const char *key,
                         const double *energy_j)
{
    sg_json_begin(out, key, '{');
    for (int g = 0; g < sg_figures_group_count(report); g++) {
        if (report->site->groups[g].role == SG_SOURCE) {
            json_kwh(out, report->site->groups[g].id, energy_j[g]);
        }
    }
    sg_json_end(out, '}');
}

static void json_stores(const sg_report *report, sg_out *out)
{
    double duration_s = (double)(report->to_us - report->from_us) * 1e-6;
    sg_json_begin(out, "stores", '{');
    for (int g = 0; g < sg_figures_group_count(report); g++) {
        if (report->site->groups[g].role != SG_STORE) {
            continue;
        }
        const sg_report_store *store = &report->store[g];
        sg_json_begin(out, report->site->groups[g].id, '{');
        sg_json_number(out, "cycles", store->cycles);
        json_kwh(out, "energy_in_kwh", store->energy_in_j);
        json_kwh(out, "energy_out_kwh", store->energy_out_j);
        json_kwh(out, "energy_first_kwh", store->energy_first_j);
        json_kwh(out, "energy_last_kwh", store->energy_last_j);
        json_kwh(out, "capacity_kwh", store->capacity_j);
        sg_json_number(out, "soh_frac", store->soh_frac);
        sg_json_number(out, "wear_cost", store->wear_cost);
        json_kwh(out, "energy_least_kwh", store->energy_least_j);
        json_kwh(out, "energy_most_kwh", store->energy_most_j);
        json_kwh(out, "energy_mean_kwh", store->energy_mean_j);
        sg_json_begin(out, "level_time_frac", '[');
        for (int i = 0; i < SG_LEVEL_COUNT; i++) {
            sg_json_number(out, NULL, sg_figures_ratio(store->level_s[i], duration_s));
        }
        sg_json_end(out, ']');
        sg_json_end(out, '}');
    }
    sg_json_end(out, '}');
}

static void json_energy(const sg_report *report, sg_out *out)
{
    json_sources(report, out, "energy_kwh", report->source_j);
    json_sources(report, out, "available_kwh", report->available_j);
    json_kwh(out, "demand_kwh", report->demand_j);
    json_kwh(out, "load_kwh", report->load_j);
    json_kwh(out, "unserved_kwh", report->unserved_j);
    json_kwh(out, "curtailed_kwh", report->curtailed_j);
    json_kwh(out, "import_kwh", report->import_j);
    json_kwh(out, "export_kwh", report->export_j);
    json_kwh(out, "losses_kwh", report->losses_j);
    json_kwh(out, "store_loss_kwh", report->store_loss_j);
    json_kwh(out, "throughput_kwh", report->throughput_j);
    json_kwh(out, "balance_error_kwh", report->balance_error_j);
}

static void json_money(const sg_report *report, const sg_figures *figures, sg_out *out)
{
    sg_json_number(out, "cost", report->cost);
    sg_json_number(out, "import_cost", report->import_cost);
    sg_json_number(out, "demand_charge_cost", report->demand_charge_cost);
    sg_json_number(out, "fuel_cost", report->fuel_cost);
    sg_json_number(out, "wear_cost", report->wear_cost);
    sg_json_number(out, "unserved_cost", report->unserved_cost);
    sg_json_number(out, "inventory_credit", report->inventory_credit);
    sg_json_number(out, "baseline_cost", report->baseline_cost);
    sg_json_number(out, "saving", figures->saving);
    sg_json_number(out, "saving_frac", figures->saving_frac);
    sg_json_begin(out, "revenue", '{');
    sg_json_number(out, "export", report->export_revenue);
    sg_json_end(out, '}');
    sg_funding funding = sg_funding_of(report);
    sg_funding_json(&funding, out);
}

/* Named as the run's own. */
static void json_baseline(const sg_report *report, sg_out *out)
{
    const sg_report_baseline *b = &report->baseline;
    const sg_report_money *m = &b->money;
    sg_json_begin(out, "baseline", '{');
    json_kwh(out, "load_kwh", b->load_j);
    json_kwh(out, "unserved_kwh", b->unserved_j);
    json_kwh(out, "curtailed_kwh", m->curtailed_j);
    json_kwh(out, "import_kwh", b->import_j);
    json_kwh(out, "export_kwh", b->export_j);
    json_kwh(out, "losses_kwh", b->losses_j);
    json_kwh(out, "store_loss_kwh", b->store_loss_j);
    json_kw(out, "peak_kw", b->peak_w);
    sg_json_number(out, "import_cost", m->import_cost);
    sg_json_number(out, "demand_charge_cost", m->demand_charge_cost);
    sg_json_number(out, "fuel_cost", m->fuel_cost);
    sg_json_number(out, "wear_cost", m->wear_cost);
    sg_json_number(out, "unserved_cost", m->unserved_cost);
    sg_json_number(out, "export_revenue", m->export_revenue);
    sg_json_number(out, "inventory_credit", m->inventory_credit);
    sg_json_number(out, "carbon_kg", m->carbon_kg);
    sg_json_number(out, "carbon_credit_kg", m->carbon_credit_kg);
    sg_json_number(out, "downtime_s", b->downtime_s);
    sg_json_number(out, "overload_s", b->overload_s);
    sg_json_end(out, '}');
}

static void json_forecast(const sg_report *report, const sg_figures *figures, sg_out *out)
{
    static const char *const names[2] = {"load", "generation"};
    sg_json_begin(out, "forecast", '{');
    for (int i = 0; i < 2; i++) {
        sg_json_begin(out, names[i], '{');
        json_kw(out, "mae_kw", report->forecast_mae_w[i]);
        json_kw(out, "persistence_mae_kw", report->persistence_mae_w[i]);
        sg_json_number(out, "skill_vs_persistence", figures->skill_frac[i]);
        sg_json_end(out, '}');
    }
    sg_json_end(out, '}');
}

static void json_metrics(const sg_report *report, sg_out *out)
{
    sg_figures figures = sg_figures_of(report);
    sg_json_begin(out, "metrics", '{');
    json_energy(report, out);
    json_money(report, &figures, out);
    json_kw(out, "peak_kw", report->peak_w);
    sg_json_number(out, "surplus_frac", figures.surplus_frac);
    sg_json_number(out, "self_sufficiency_frac", figures.self_sufficiency_frac);
    sg_json_number(out, "carbon_kg", report->carbon_kg);
    sg_json_number(out, "carbon_credit_kg", report->carbon_credit_kg);
    sg_json_number(out, "carbon_saving_kg", figures.carbon_saving_kg);
    sg_json_number(out, "carbon_saving_frac", figures.carbon_saving_frac);
    sg_json_number(out, "uptime_frac", figures.uptime_frac);
    sg_json_number(out, "downtime_s", report->downtime_s);
    sg_json_number(out, "overload_s", report->overload_s);
    sg_json_number(out, "heat_worst_frac", report->heat_worst);
    sg_json_integer(out, "breaker_trips", report->trips);
    json_stores(report, out);
    json_baseline(report, out);
    json_forecast(report, &figures, out);
    sg_json_integer(out, "steps", (int64_t)report->steps);
    sg_json_number(out, "wall_s", report->wall_s);
    /* As text: a JSON number loses the low bits of 64. */
    char hash[24];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)report->command_hash);
    sg_json_text(out, "command_hash", hash);
    sg_json_end(out, '}');
}

/* Nothing where no signal was followed. */
static void json_regulation(const sg_report *report, sg_out *out)
{
    const sg_score *s = &report->regulation;
    if (s->windows <= 0) {
        return;
    }
    sg_json_begin(out, "regulation", '{');
    sg_json_number(out, "score", s->total);
    sg_json_number(out, "correlation", s->correlation);
    sg_json_number(out, "delay", s->delay);
    sg_json_number(out, "precision", s->precision);
    sg_json_integer(out, "windows", s->windows);
    json_kwh(out, "up_kwh", report->regulation_up_j);
    json_kwh(out, "down_kwh", report->regulation_down_j);
    sg_json_end(out, '}');
}

static void json_limits(const sg_report *report, sg_out *out)
{
    sg_json_begin(out, "limits", '[');
    for (int k = 0; k < report->limit_count; k++) {
        const sg_report_limit *limit = &report->limit[k];
        bool energy = limit->kind == SG_LIMIT_RESERVE;
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "kind", sg_limits_kind_name(limit->kind));
        sg_json_text(out, "id", sg_limits_name(report, limit));
        (energy ? json_kwh : json_kw)(out, energy ? "reserve_kwh" : "limit_kw", limit->limit);
        (energy ? json_kwh : json_kw)(out, energy ? "least_kwh" : "most_kw", limit->worst);
        sg_json_number(out, "used_frac", sg_limits_share(limit));
        sg_json_number(out, "beyond_s", limit->beyond_s);
        sg_json_time(out, "at", limit->worst_us);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

static void json_days(const sg_report *report, sg_out *out)
{
    sg_json_begin(out, "days", '[');
    for (int k = 0; k < SG_DAY_SHOWN_MAX; k++) {
        const sg_report_day *day = &report->day[k];
        const char *why = sg_days_why(report, k);
        char name[SG_DAYS_NAME];
        if (!why) {
            continue;
        }
        sg_days_name(report, day->start_us, name);
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "day", name);
        sg_json_text(out, "why", why);
        json_kwh(out, "load_kwh", day->load_j);
        json_kwh(out, "generation_kwh", day->generation_j);
        json_kwh(out, "import_kwh", day->import_j);
        json_kwh(out, "export_kwh", day->export_j);
        json_kwh(out, "store_in_kwh", day->store_in_j);
        json_kwh(out, "store_out_kwh", day->store_out_j);
        json_kw(out, "peak_kw", day->peak_w);
        sg_json_number(out, "energy_cost", day->energy_cost);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

static void json_reproduce(const sg_report *report, sg_out *out)
{
    char hash[24];
    sg_json_begin(out, "reproduce", '{');
    sg_json_text(out, "command", report->origin.command);
    sg_json_text(out, "version", report->origin.version);
    snprintf(hash, sizeof hash, "%016llx",
             (unsigned long long)(report->site ? report->site->hash : 0));
    sg_json_text(out, "site_hash", report->site ? hash : NULL);
    sg_json_integer(out, "seed", report->site ? (int64_t)report->site->seed : 0);
    sg_json_end(out, '}');
}

static void json_sentence(const sg_report *report, sg_out *out)
{
    sg_out sentence = {0};
    sg_report_sentence(report, &sentence);
    sg_json_text(out, "result", sentence.text ? sentence.text : "");
    sg_out_free(&sentence);
}

void sg_report_json(const sg_report *report, sg_out *out)
{
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "format", "symgrid.report/1");
    json_site(report, out);
    json_sentence(report, out);
    sg_json_text(out, "policy", sg_policy_name(report->policy));
    sg_json_time(out, "from", report->from_us);
    sg_json_time(out, "to", report->to_us);
    sg_json_number(out, "step_s", report->step_s);
    json_metrics(report, out);
    sg_months_json(report, out);
    json_regulation(report, out);
    json_limits(report, out);
    json_days(report, out);
    sg_json_begin(out, "notes", '[');
    for (int i = 0; i < report->note_count; i++) {
        sg_json_text(out, NULL, report->note[i]);
    }
    sg_json_end(out, ']');
    sg_assumptions_json(report, out);
    json_reproduce(report, out);
    sg_json_end(out, '}');
}

/* ---- the terminal's table ---- */

/* Text of a site file may hold control bytes that a terminal would obey. */
static void plain_text(sg_out *out, const char *text)
{
    for (; text && *text; text++) {
        char c = (unsigned char)*text < 0x20 || *text == 0x7F ? ' ' : *text;
        sg_out_bytes(out, &c, 1);
    }
}

static void row(sg_out *out, const char *name, double value, int decimals, const char *unit)
{
    if (isfinite(value)) {
        sg_out_format(out, "  %-34s %16.*f %s\n", name, decimals, value + 0.0, unit);
    } else {
        sg_out_format(out, "  %-34s %16s\n", name, "-");
    }
}

static void energy_row(sg_out *out, const char *name, double energy_j)
{
    row(out, name, energy_j / J_PER_KWH, 1, "kWh");
}

/* Share of the load beside the energy, because that is what one compares. */
static void share_row(sg_out *out, const char *name, double energy_j, double load_j)
{
    if (load_j > 0.0 && isfinite(energy_j)) {
        sg_out_format(out, "  %-34s %16.1f kWh %7.1f %% of load\n", name, energy_j / J_PER_KWH,
                      100.0 * energy_j / load_j);
    } else {
        energy_row(out, name, energy_j);
    }
}

static void table_energy(const sg_report *report, const sg_figures *figures, sg_out *out)
{
    sg_out_text(out, "\nEnergy\n");
    for (int g = 0; g < sg_figures_group_count(report); g++) {
        const sg_group *group = &report->site->groups[g];
        if (group->role == SG_SOURCE) {
            char name[SG_ID_MAX + 32];
            bool hypothetical = group->kind && group->kind->hypothetical;
            snprintf(name, sizeof name, "from %s%s", group->id,
                     hypothetical ? " (hypothetical)" : "");
            share_row(out, name, report->source_j[g], report->load_j);
        }
    }
    share_row(out, "import", report->import_j, report->load_j);
    share_row(out, "export", report->export_j, report->load_j);
    energy_row(out, "load served", report->load_j);
    energy_row(out, "unserved", report->unserved_j);
    energy_row(out, "curtailed", report->curtailed_j);
    energy_row(out, "losses in cables and converters", report->losses_j);
    energy_row(out, "losses in stores", report->store_loss_j);
    energy_row(out, "balance error", report->balance_error_j);
    row(out, "surplus", 100.0 * figures->surplus_frac, 2, "% of load");
    row(out, "self-sufficiency", 100.0 * figures->self_sufficiency_frac, 2, "%");
    row(out, "highest quarter hour of import", report->peak_w / 1e3, 1, "kW");
}

static void table_money(const sg_report *report, const sg_figures *figures, sg_out *out)
{
    const char *currency = report->site && report->site->currency ? report->site->currency : "";
    sg_out_text(out, "\nMoney\n");
    row(out, "import", report->import_cost, 2, currency);
    row(out, "demand charge", report->demand_charge_cost, 2, currency);
    row(out, "fuel", report->fuel_cost, 2, currency);
    row(out, "wear of stores", report->wear_cost, 2, currency);
    row(out, "energy not served", report->unserved_cost, 2, currency);
    row(out, "export revenue", report->export_revenue, 2, currency);
    row(out, "value of the change in store", report->inventory_credit, 2, currency);
    row(out, "cost", report->cost, 2, currency);
    row(out, "cost of the static baseline", report->baseline_cost, 2, currency);
    row(out, "saving", figures->saving, 2, currency);
    row(out, "saving", 100.0 * figures->saving_frac, 2, "% of the baseline");
    sg_out_text(out, "\nCarbon\n");
    row(out, "of imports", report->carbon_kg, 1, "kg CO2");
    row(out, "credit for exports", report->carbon_credit_kg, 1, "kg CO2");
}

static void column(sg_out *out, double value, int width, int decimals)
{
    if (isfinite(value)) {
        sg_out_format(out, " %*.*f", width, decimals, value);
    } else {
        sg_out_format(out, " %*s", width, "-");
    }
}

static void table_stores(const sg_report *report, sg_out *out)
{
    bool heading = false;
    for (int g = 0; g < sg_figures_group_count(report); g++) {
        const sg_group *group = &report->site->groups[g];
        const sg_report_store *store = &report->store[g];
        if (group->role != SG_STORE) {
            continue;
        }
        if (!heading) {
            sg_out_format(out, "\n%-26s %13s %13s %10s %9s %9s %9s\n", "Stores", "in kWh",
                          "out kWh", "cycles", "first %", "last %", "health %");
            heading = true;
        }
        sg_out_format(out, "  %-24s", group->id);
        column(out, store->energy_in_j / J_PER_KWH, 13, 1);
        column(out, store->energy_out_j / J_PER_KWH, 13, 1);
        column(out, store->cycles, 10, 2);
        column(out, 100.0 * sg_figures_ratio(store->energy_first_j, store->capacity_j), 9, 1);
        column(out, 100.0 * sg_figures_ratio(store->energy_last_j, store->capacity_j), 9, 1);
        column(out, 100.0 * store->soh_frac, 9, 2);
        sg_out_text(out, "\n");
    }
}

static void table_service(const sg_report *report, const sg_figures *figures, sg_out *out)
{
    static const char *const names[2] = {"load forecast, mean error at 1 h",
                                         "generation forecast, mean error"};
    sg_out_text(out, "\nService\n");
    row(out, "uptime", 100.0 * figures->uptime_frac, 4, "%");
    row(out, "time with a load below its minimum", report->downtime_s, 0, "s");
    row(out, "time with a node above its limit", report->overload_s, 0, "s");
    for (int i = 0; i < 2; i++) {
        row(out, names[i], report->forecast_mae_w[i] / 1e3, 2, "kW");
        row(out, "  better than persistence by", 100.0 * figures->skill_frac[i], 1, "%");
    }
    sg_out_format(out, "  %-34s %16llu\n", "steps", (unsigned long long)report->steps);
    row(out, "wall time", report->wall_s, 2, "s");
}

void sg_report_table(const sg_report *report, sg_out *out)
{
    char from[SG_TIME_TEXT], to[SG_TIME_TEXT];
    sg_figures figures = sg_figures_of(report);
    sg_time_format(report->from_us, from);
    sg_time_format(report->to_us, to);
    sg_out sentence = {0};
    sg_report_sentence(report, &sentence);
    plain_text(out, sentence.text);
    sg_out_free(&sentence);
    sg_out_text(out, "\n\n");
    plain_text(out, report->site && report->site->title ? report->site->title : "site");
    sg_out_format(out, "\n%s to %s, policy %s, step %g s\n", from, to,
                  sg_policy_name(report->policy), isfinite(report->step_s) ? report->step_s : 0.0);
    table_energy(report, &figures, out);
    table_money(report, &figures, out);
    table_stores(report, out);
    table_service(report, &figures, out);
    if (report->note_count > 0) {
        sg_out_text(out, "\nNotes\n");
    }
    for (int i = 0; i < report->note_count; i++) {
        sg_out_text(out, "  - ");
        plain_text(out, report->note[i]);
        sg_out_text(out, "\n");
    }
}
