#include "serve/document.h"

#include <math.h>
#include <string.h>

static void family(sg_out *out, const char *name, const char *type, const char *help)
{
    sg_out_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void label(sg_out *out, const char *key, const char *value, bool first)
{
    sg_out_format(out, "%s%s=\"", first ? "{" : ",", key);
    for (; *value; value++) {
        if (*value == '\\' || *value == '"') {
            sg_out_bytes(out, "\\", 1);
        }
        sg_out_bytes(out, *value == '\n' ? "\\n" : value, *value == '\n' ? 2 : 1);
    }
    sg_out_text(out, "\"");
}

static void value(sg_out *out, double number)
{
    if (isnan(number)) {
        sg_out_text(out, " NaN\n");
    } else if (isinf(number)) {
        sg_out_text(out, number > 0 ? " +Inf\n" : " -Inf\n");
    } else {
        sg_out_format(out, " %.12g\n", number);
    }
}

/* A family with one sample. */
static void single(sg_out *out, const char *name, const char *type, const char *help, double number)
{
    family(out, name, type, help);
    sg_out_text(out, name);
    value(out, number);
}

/* A sample with one label. */
static void sample(sg_out *out, const char *name, const char *key, const char *text, double number)
{
    sg_out_text(out, name);
    label(out, key, text, true);
    sg_out_text(out, "}");
    value(out, number);
}

static void put_balance(const sg_view *view, sg_out *out)
{
    const struct {
        const char *name, *help;
        double power_w;
    } rows[] = {
        {"symgrid_load_watts", "Power that the loads draw.", view->load_w},
        {"symgrid_demand_watts", "Power that the loads ask for.", view->demand_w},
        {"symgrid_generation_watts", "Power that local sources deliver.", view->generation_w},
        {"symgrid_available_watts", "Power that local sources could deliver.", view->available_w},
        {"symgrid_import_watts", "Power bought from the grid.", view->import_w},
        {"symgrid_export_watts", "Power sold to the grid.", view->export_w},
        {"symgrid_charge_watts", "Power into stores.", view->charge_w},
        {"symgrid_discharge_watts", "Power out of stores.", view->discharge_w},
        {"symgrid_losses_watts", "Power lost in cables and converters.", view->losses_w},
        {"symgrid_surplus_watts", "Local generation beyond the load.", view->surplus_w},
        {"symgrid_unserved_watts", "Power asked for and not given.", view->unserved_w},
        {"symgrid_curtailed_watts", "Power held back at local sources.", view->curtailed_w},
        {"symgrid_task_watts", "Power granted to tasks.", view->task_w},
        {"symgrid_peak_watts", "Highest quarter hour of import this month.", view->peak_w},
        {"symgrid_import_limit_watts", "What the grid connection may import now.",
         view->import_w_max},
        {"symgrid_export_limit_watts", "What the grid connection may export now.",
         view->export_w_max}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        single(out, rows[i].name, "gauge", rows[i].help, rows[i].power_w);
    }
    single(out, "symgrid_grid_up", "gauge", "1 while the grid connection carries power.",
           view->grid_up != 0);
    single(out, "symgrid_grid_state", "gauge",
           "0 grid, 1 bridging, 2 islanded, 3 shutting down, 4 dark, 5 black start, 6 "
           "resynchronising.",
           view->ride);
    single(out, "symgrid_hold_up_seconds", "gauge",
           "How long the stores hold the present load without the grid.", view->hold_s);
    family(out, "symgrid_price_per_joule", "gauge",
           "Price of energy at the meter, currency units per joule.");
    sample(out, "symgrid_price_per_joule", "direction", "import", view->import_price);
    sample(out, "symgrid_price_per_joule", "direction", "export", view->export_price);
    single(out, "symgrid_carbon_grams_per_joule", "gauge", "Carbon intensity of imported energy.",
           view->carbon_kg_per_j * 1e3);
}

static double group_value(const sg_view_group *group, int which)
{
    const double values[] = {group->power_w,           group->setpoint_w, group->available_w,
                             group->demand_w,          group->energy_j,   group->capacity_j,
                             (double)group->shed_count};
    return values[which];
}

static void put_groups(const sg_site *site, const sg_view *view, sg_out *out)
{
    static const struct {
        const char *name, *help;
        int which, roles; /* bit set of sg_role */
    } rows[] = {
        {"symgrid_device_power_watts", "Measured power of a group of devices.", 0, 15},
        {"symgrid_device_setpoint_watts", "Commanded power, limit or cap of a group.", 1, 7},
        {"symgrid_source_available_watts", "What a group of sources could deliver.", 2,
         1 << SG_SOURCE},
        {"symgrid_load_demand_watts", "What a group of loads asks for.", 3, 1 << SG_LOAD},
        {"symgrid_store_energy_joules", "Energy in a group of stores.", 4, 1 << SG_STORE},
        {"symgrid_store_capacity_joules", "Capacity of a group of stores.", 5, 1 << SG_STORE},
        {"symgrid_load_shed_devices", "Loads below their minimum.", 6, 1 << SG_LOAD}};
    static const char *const roles[] = {"source", "store", "load", "grid"};
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        family(out, rows[row].name, "gauge", rows[row].help);
        for (int i = 0; i < site->group_count && i < view->group_count; i++) {
            const sg_group *group = &site->groups[i];
            if (!(rows[row].roles >> group->role & 1)) {
                continue;
            }
            sg_out_text(out, rows[row].name);
            label(out, "id", group->id, true);
            label(out, "role", roles[group->role], false);
            label(out, "type", group->kind->name, false);
            label(out, "hypothetical", group->kind->hypothetical ? "yes" : "no", false);
            sg_out_text(out, "}");
            value(out, group_value(&view->group[i], rows[row].which));
        }
    }
}

static void put_nodes(const sg_site *site, const sg_view *view, sg_out *out)
{
    char name[SG_ID_MAX];
    for (int limits = 0; limits < 2; limits++) {
        const char *metric = limits ? "symgrid_node_limit_watts" : "symgrid_node_power_watts";
        family(out, metric, "gauge",
               limits ? "What a node of the power tree may carry."
                      : "Measured power through a node.");
        for (int i = 0; i < view->node_count && i < SG_VIEW_NODE_MAX && i < site->node_count; i++) {
            sg_site_node_name(site, i, name);
            sample(out, metric, "node", name, limits ? view->node_limit_w[i] : view->node_w[i]);
        }
    }
}

/* What nodes draw seconds ahead, and the warnings made of it. */
static void put_nowcast(const sg_view_nowcast *nowcast, sg_out *out)
{
    if (!(nowcast->ahead_s > 0)) {
        return;
    }
    single(out, "symgrid_nodes_may_pass", "gauge",
           "Nodes that may pass their limit within seconds.", nowcast->warned_now);
    single(out, "symgrid_node_forecast_skill", "gauge",
           "1 - mean miss / mean miss of the last value, of node powers seconds ahead, of hours past.",
           nowcast->skill_frac);
    single(out, "symgrid_node_forecast_inside_ratio", "gauge",
           "Share of node powers that fell inside the 80 % interval told seconds before.",
           nowcast->inside_frac);
    single(out, "symgrid_node_warnings_precision", "gauge",
           "Share of warnings after which the node passed its limit, of hours past.",
           nowcast->warned > 0 ? nowcast->came / nowcast->warned : (double)NAN);
    single(out, "symgrid_node_warnings_recall", "gauge",
           "Share of limits passed that were warned of, of hours past.",
           nowcast->passed > 0 ? nowcast->came / nowcast->passed : (double)NAN);
}

static void put_totals(const sg_site *site, const sg_view *view, sg_out *out)
{
    const sg_settlement *total = &view->total, *running = &view->running;
    const struct {
        const char *flow;
        int64_t energy_j;
    } flows[] = {{"import", total->import_j + running->import_j},
                 {"export", total->export_j + running->export_j},
                 {"load", total->load_j + running->load_j},
                 {"generation", total->generation_j + running->generation_j},
                 {"charge", total->charge_j + running->charge_j},
                 {"discharge", total->discharge_j + running->discharge_j},
                 {"losses", total->losses_j + running->losses_j},
                 {"unserved", total->unserved_j + running->unserved_j},
                 {"curtailed", total->curtailed_j + running->curtailed_j}};
    family(out, "symgrid_energy_joules_total", "counter",
           "Metered energy since the journal began.");
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++) {
        sample(out, "symgrid_energy_joules_total", "flow", flows[i].flow,
               (double)flows[i].energy_j);
    }
    family(out, "symgrid_settled_money", "gauge",
           "Settled money since the journal began, in the site's currency; gauges, as prices may "
           "be negative.");
    const struct {
        const char *kind;
        int64_t micro;
    } money[] = {{"cost", total->cost_u},
                 {"revenue", total->revenue_u},
                 {"wear", total->wear_u},
                 {"fuel", total->fuel_u},
                 {"demand", total->demand_u}};
    for (size_t i = 0; i < sizeof money / sizeof money[0]; i++) {
        sg_out_text(out, "symgrid_settled_money");
        label(out, "kind", money[i].kind, true);
        label(out, "currency", site->currency, false);
        sg_out_text(out, "}");
        value(out, (double)money[i].micro / 1e6);
    }
    single(out, "symgrid_carbon_grams_total", "counter", "Carbon of settled imports.",
           (double)total->carbon_mg / 1e3);
    single(out, "symgrid_carbon_credit_grams_total", "counter",
           "Carbon credited to settled exports.", (double)total->carbon_credit_mg / 1e3);
    single(out, "symgrid_settled_intervals_total", "counter",
           "Intervals settled since the journal began.", (double)view->settled_count);
}

static void put_health(const sg_view *view, sg_out *out)
{
    static const char *const states[] = {
#define X(code, name) name,
        SG_TASK_STATE_LIST(X)
#undef X
    };
    enum { STATES = sizeof states / sizeof states[0] };
    int count[STATES] = {0};
    for (int i = 0; i < view->task_count && i < SG_TASK_MAX; i++) {
        int state = view->task[i].state;
        count[state > 0 && state < STATES ? state : 0]++;
    }
    family(out, "symgrid_tasks", "gauge", "Remembered requests for power by state.");
    for (int i = 1; i < STATES; i++) {
        sample(out, "symgrid_tasks", "state", states[i], count[i]);
    }
    family(out, "symgrid_readings", "gauge", "Readings of the last step by quality.");
    for (int i = SG_GOOD; i <= SG_NO_DATA; i++) {
        sample(out, "symgrid_readings", "quality", sg_quality_text((sg_quality)i),
               (double)view->quality_count[i]);
    }
    single(out, "symgrid_readings_disbelieved", "gauge",
           "Readings of the last step that contradict the meters around them.",
           (double)view->disbelieved);
    single(out, "symgrid_readings_unusual", "gauge",
           "Powers of nodes and loads that were not as usual for the hour of the week in the last "
           "quarter hour.",
           (double)view->unusual_count);
    put_nowcast(&view->nowcast, out);
    single(out, "symgrid_steps_total", "counter", "Steps of the engine.", (double)view->tick);
    single(out, "symgrid_late_steps_total", "counter", "Steps that began after their time.",
           (double)view->late_steps);
    family(out, "symgrid_step_duration_seconds", "gauge",
           "Time a step takes, by share of steps that take no longer.");
    sample(out, "symgrid_step_duration_seconds", "share", "0.5", view->step_us_p50 * 1e-6);
    sample(out, "symgrid_step_duration_seconds", "share", "0.99", view->step_us_p99 * 1e-6);
    single(out, "symgrid_telemetry_dropped_rows_total", "counter",
           "Telemetry rows that were not stored.", (double)view->dropped_rows);
    single(out, "symgrid_journal_bytes", "gauge", "Bytes of journal on disk.",
           (double)view->journal_bytes);
    single(out, "symgrid_journal_degraded", "gauge", "1 while the journal cannot be written.",
           view->journal_degraded != 0);
    single(out, "symgrid_safe_mode", "gauge", "1 while the safe set is commanded.",
           view->safe != 0);
    single(out, "symgrid_plan_age_seconds", "gauge",
           "Age of the plan that is followed, NaN without one.",
           view->plan_outcome >= 0 ? view->plan_age_s : (double)NAN);
    family(out, "symgrid_plan_rung", "gauge",
           "1 for the rung of the fall-back ladder that the step stands on.");
    for (int i = 0; i < SG_RUNG_COUNT; i++) {
        sample(out, "symgrid_plan_rung", "rung", sg_rung_name((sg_rung)i), view->rung == i);
    }
    family(out, "symgrid_plans_total", "counter", "Plans that came in, by what became of them.");
    sample(out, "symgrid_plans_total", "result", "taken", (double)view->plans_taken);
    sample(out, "symgrid_plans_total", "result", "refused", (double)view->plans_refused);
    single(out, "symgrid_site_time_seconds", "gauge", "The site's clock, seconds since 1970.",
           (double)view->time_us / 1e6);
}

static void put_webhook(const sg_alarm_summary *alarms, sg_out *out)
{
    single(out, "symgrid_webhook_queued", "gauge", "Messages that wait for the webhook.",
           alarms->webhook_queued);
    single(out, "symgrid_webhook_sent_total", "counter", "Messages that the webhook took.",
           (double)alarms->webhook_sent);
    single(out, "symgrid_webhook_failed_total", "counter", "Attempts that it did not take.",
           (double)alarms->webhook_failed);
    single(out, "symgrid_webhook_dropped_total", "counter",
           "Messages that it refused or that found no room in the queue.",
           (double)alarms->webhook_dropped);
}

static void put_alarms(const sg_view *view, sg_out *out)
{
    const sg_alarm_summary *alarms = &view->alarms;
    const sg_alarm_rule *rules = view->site ? view->site->alarms : NULL;
    family(out, "symgrid_alarm_active", "gauge",
           "Alarms of a kind that are active, neither shelved nor suppressed.");
    for (int i = 0; i < SG_ALARM_KIND_COUNT; i++) {
        sg_out_text(out, "symgrid_alarm_active");
        label(out, "kind", sg_alarm_kind_name(i), true);
        label(out, "priority", sg_priority_name(sg_alarm_rule_of(rules, i).priority), false);
        sg_out_text(out, "}");
        value(out, alarms->active[i]);
    }
    single(out, "symgrid_alarms_unacknowledged", "gauge",
           "Alarms that nobody has acknowledged, active or returned.", alarms->unacknowledged);
    single(out, "symgrid_alarms_shelved", "gauge", "Alarms out of sight for a time.",
           alarms->shelved);
    single(out, "symgrid_alarms_suppressed", "gauge",
           "Alarms held back in a flood, or because another one says it already.",
           alarms->suppressed);
    single(out, "symgrid_alarm_flood", "gauge", "1 while alarms come faster than can be read.",
           alarms->flood);
    family(out, "symgrid_alarms_raised_total", "counter",
           "Alarms raised since the program started.");
    for (int i = 0; i < SG_PRIORITY_COUNT; i++) {
        sample(out, "symgrid_alarms_raised_total", "priority", sg_priority_name(i),
               (double)alarms->raised[i]);
    }
    single(out, "symgrid_alarms_lost_total", "counter", "Alarms that found no room in the table.",
           (double)alarms->lost);
    if (alarms->webhook) {
        put_webhook(alarms, out);
    }
}

/* One figure of every series and lead: `which` of those that follow. */
static double told_value(const sg_foretold_lead *lead, int which)
{
    const double values[] = {sg_track_skill(&lead->score), sg_track_inside(&lead->score),
                             (double)lead->score.count, sg_track_mae(&lead->score)};
    return values[which];
}

static void put_told(const sg_view *view, sg_out *out)
{
    static const struct {
        const char *name, *type, *help;
        int which, series_end;
    } rows[] = {{"symgrid_forecast_skill", "gauge",
                 "1 - error / error of the last value, of what was told so long before; over some "
                 "ten days.",
                 0, SG_SERIES_COUNT},
                {"symgrid_forecast_inside_share", "gauge",
                 "Share of truths inside the interval that was told for 80 %.", 1, SG_SERIES_COUNT},
                {"symgrid_forecast_scored_total", "counter",
                 "Forecasts whose truth has become known.", 2, SG_SERIES_COUNT},
                {"symgrid_forecast_error_watts", "gauge", "Mean absolute error of what was told.",
                 3, SG_SERIES_PRICE}};
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        family(out, rows[row].name, rows[row].type, rows[row].help);
        for (int i = 0; i < rows[row].series_end * SG_LEAD_COUNT; i++) {
            const sg_view_told *told = &view->told[i / SG_LEAD_COUNT];
            if (told->present) {
                sg_out_text(out, rows[row].name);
                label(out, "series", sg_series_class_name((sg_series_class)(i / SG_LEAD_COUNT)),
                      true);
                label(out, "lead", sg_lead_names[i % SG_LEAD_COUNT], false);
                sg_out_text(out, "}");
                value(out, told_value(&told->lead[i % SG_LEAD_COUNT], rows[row].which));
            }
        }
    }
}

static void put_speakers(const sg_view *view, sg_out *out)
{
    family(out, "symgrid_forecast_speaker", "gauge",
           "1 for who speaks of a series so long ahead: mixture, online (simple models), "
           "persistence (the last value).");
    for (int i = 0; i < SG_SERIES_COUNT * SG_LEAD_COUNT; i++) {
        const sg_view_told *told = &view->told[i / SG_LEAD_COUNT];
        for (int who = 0; who < SG_SPEAKER_COUNT && told->present; who++) {
            sg_out_text(out, "symgrid_forecast_speaker");
            label(out, "series", sg_series_class_name((sg_series_class)(i / SG_LEAD_COUNT)), true);
            label(out, "lead", sg_lead_names[i % SG_LEAD_COUNT], false);
            label(out, "speaker", sg_speaker_name((sg_speaker)who), false);
            sg_out_text(out, "}");
            value(out, told->lead[i % SG_LEAD_COUNT].speaker == who);
        }
    }
    family(out, "symgrid_forecast_history_seconds", "gauge",
           "History that the mixture of models has to learn from.");
    for (int c = 0; c < SG_SERIES_COUNT; c++) {
        sample(out, "symgrid_forecast_history_seconds", "series",
               sg_series_class_name((sg_series_class)c), 900.0 * (double)view->told[c].rows);
    }
    family(out, "symgrid_forecast_fits_total", "counter", "Fits of the models since the start.");
    for (int c = 0; c < SG_SERIES_COUNT; c++) {
        sample(out, "symgrid_forecast_fits_total", "series",
               sg_series_class_name((sg_series_class)c), (double)view->told[c].fits);
    }
}

void sg_document_metrics(const sg_site *site, const sg_view *view,
                         const sg_serve_counters *counters, sg_out *out)
{
    static const char *const classes[] = {"", "1xx", "2xx", "3xx", "4xx", "5xx"};
    family(out, "symgrid_build_info", "gauge", "Version of the program.");
    sample(out, "symgrid_build_info", "version", counters->version, 1);
    single(out, "symgrid_start_time_seconds", "gauge",
           "When the program started, seconds since 1970.", (double)counters->start_s);
    single(out, "symgrid_ready", "gauge", "1 after the first step.", view != NULL);
    family(out, "symgrid_http_requests_total", "counter", "Answered requests by class of status.");
    for (int i = 2; i <= 5; i++) {
        sample(out, "symgrid_http_requests_total", "code", classes[i],
               (double)counters->requests[i]);
    }
    single(out, "symgrid_http_connections", "gauge", "Open connections.",
           (double)counters->connections);
    single(out, "symgrid_http_streams", "gauge", "Open event streams.", (double)counters->streams);
    single(out, "symgrid_http_stream_events_total", "counter", "Events handed to streams.",
           (double)counters->events);
    if (view) {
        put_balance(view, out);
        put_groups(site, view, out);
        put_nodes(site, view, out);
        put_totals(site, view, out);
        put_health(view, out);
        put_alarms(view, out);
        put_told(view, out);
        put_speakers(view, out);
    }
}
