#include "study/simulate.h"

#include "base/clock.h"
#include "base/time.h"
#include "engine/foresight.h"
#include "engine/replan.h"
#include "plan/dispatch.h"
#include "plan/rolling.h"
#include "study/bound.h"
#include "study/days.h"
#include "study/limits.h"
#include "study/months.h"
#include "study/notes.h"
#include "world/world.h"

#include "base/check.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const double kwh = 3.6e6;
static const sg_report_money UNKNOWN = {.import_cost = (double)NAN,
                                        .export_revenue = (double)NAN,
                                        .demand_charge_cost = (double)NAN,
                                        .fuel_cost = (double)NAN,
                                        .wear_cost = (double)NAN,
                                        .unserved_cost = (double)NAN,
                                        .inventory_credit = (double)NAN,
                                        .curtailed_j = (double)NAN,
                                        .carbon_kg = (double)NAN,
                                        .carbon_credit_kg = (double)NAN};
static const sg_report_baseline NOT_RUN = {.import_j = (double)NAN,
                                           .export_j = (double)NAN,
                                           .load_j = (double)NAN,
                                           .unserved_j = (double)NAN,
                                           .losses_j = (double)NAN,
                                           .store_loss_j = (double)NAN,
                                           .peak_w = (double)NAN,
                                           .downtime_s = (double)NAN,
                                           .overload_s = (double)NAN};

typedef struct run {
    const sg_simulation *sim;
    sg_policy policy;
    int64_t steps;
    sg_world *world;
    sg_engine *engine;
    sg_points points;
    sg_report *report;
    sg_truth *record;         /* where not NULL: filled in */
    const sg_schedule *bound; /* of `perfect` */
    const sg_outlook *bound_stores;
    double sum_price_j, sum_load_j;
    double source_peak_w[SG_GROUP_MAX];
    sg_plan plan;
    sg_replan replan;
    sg_again *again;
    sg_foresight *foresight; /* NULL: the engine's own simple forecasts */
    sg_watch watch;
    sg_seen seen;
    sg_foretold told;
    sg_view *view;
    sg_report_money booked; /* from the start to the end of the last booked month */
    sg_days days;
    double done_from, done_to; /* progress of this run within the whole */
} run;

/* --- plans --- */

static bool plan_from_forecasts(run *r, sg_plan_cause cause)
{
    sg_outlook *outlook = &r->replan.outlook;
    sg_replan_ask(&r->replan, cause, r->engine, &r->sim->site->planning, r->sim->step_s,
                  r->foresight ? &r->told : NULL);
    sg_world_prices(r->world, outlook->start_us, outlook->step_us, outlook->steps,
                    outlook->import_price, outlook->export_price);
    sg_outlook_terminal_values(outlook);
    return sg_plan_make(outlook, 10, r->again, &r->plan) == SG_OK;
}

/* A slice of the bound's schedule, from step `at` on. The bound begins with the run's second step: the first one passes under
 * the safe start, before anything was read, in every policy. */
static bool plan_from_bound(run *r, int64_t at)
{
    sg_plan *plan = &r->plan;
    int64_t left = r->steps - at;
    memset(plan, 0, sizeof *plan);
    plan->made_us = plan->start_us = sg_engine_time(r->engine);
    plan->step_us = llround(r->sim->step_s * 1e6);
    plan->steps = (int32_t)(left < SG_PLAN_STEP_MAX ? left : SG_PLAN_STEP_MAX);
    plan->store_count = r->bound_stores->store_count;
    plan->outcome = SG_SOLVED;
    for (int s = 0; s < plan->store_count; s++) {
        plan->store_group[s] = r->bound_stores->store[s].group;
        for (int64_t t = at > 0 ? 0 : 1; t < plan->steps; t++) {
            plan->store_w[s][t] =
                (r->bound->discharge_kw[s][at + t - 1] - r->bound->charge_kw[s][at + t - 1]) * 1e3;
        }
    }
    for (int64_t t = at > 0 ? 0 : 1; t < plan->steps; t++) {
        plan->net_w[t] = (r->bound->import_kw[at + t - 1] - r->bound->export_kw[at + t - 1]) * 1e3;
    }
    return true;
}

/* After a step of the run's engine, or of the one that warms up for it. */
static void look_ahead(run *r, const sg_engine *engine)
{
    if (r->foresight && sg_watch_step(&r->watch, engine, &r->seen)) {
        sg_foresight_look(r->foresight, &r->seen, &r->told);
    }
}

static const sg_plan *plan_due(run *r, int64_t step)
{
    if (sg_world_plan_missing(r->world)) {
        return NULL;
    }
    if (r->policy == SG_POLICY_MPC) {
        sg_plan_cause cause = sg_replan_due(&r->replan, r->engine, &r->sim->site->planning);
        return cause != SG_PLAN_CAUSE_NONE && plan_from_forecasts(r, cause) ? &r->plan : NULL;
    }
    int64_t every = llround(r->sim->site->planning.period_s / r->sim->step_s);
    bool due = step % (every < 1 ? 1 : every) == 0;
    return r->policy == SG_POLICY_PERFECT && due && plan_from_bound(r, step) ? &r->plan : NULL;
}

/* --- accounting --- */

static int trace_bin(const run *r, int64_t step)
{
    return (int)(step * r->report->trace.count / r->steps);
}

/* Drawn by loads and granted tasks. */
static double loads_w(const run *r, const double *value)
{
    double sum_w = value[r->points.first[SG_POINT_SITE] + SG_SITE_TASK_W];
    for (int l = 0; l < r->sim->site->device_count[SG_LOAD]; l++) {
        sum_w += value[r->points.first[SG_POINT_LOAD_POWER] + l];
    }
    return sum_w;
}

static void trace_add(run *r, int64_t step, const sg_readings *readings, double could_w,
                      double generation_w, double store_w, double net_w)
{
    sg_trace *trace = &r->report->trace;
    int bin = trace_bin(r, step);
    double share =
        (double)trace->count / (double)r->steps; /* of the bin that one step is, on average */
    const double *value = readings->value;
    const double *site = value + r->points.first[SG_POINT_SITE];
    trace->load_w[bin] += loads_w(r, value) * share;
    trace->generation_w[bin] += generation_w * share;
    trace->store_w[bin] += store_w * share;
    trace->import_w[bin] += (net_w > 0 ? net_w : 0) * share;
    trace->export_w[bin] += (net_w < 0 ? -net_w : 0) * share;
    trace->curtailed_w[bin] += fmax(could_w - generation_w, 0) * share;
    trace->unserved_w[bin] += site[SG_SITE_UNSERVED_W] * share;
    trace->import_price[bin] += site[SG_SITE_IMPORT_PRICE] * share;
    trace->carbon[bin] += site[SG_SITE_CARBON] * share;
    for (int i = 0; i < trace->store_count; i++) {
        const sg_group *group = &r->sim->site->groups[trace->store_group[i]];
        double energy_j = 0;
        for (int s = group->first; s < group->first + group->count; s++) {
            energy_j += value[r->points.first[SG_POINT_STORE_ENERGY] + s];
        }
        trace->energy_j[i][bin] = energy_j;
    }
}

static void account(run *r, int64_t step, const sg_readings *readings, double could_w,
                    double import_price, double export_price)
{
    sg_report *report = r->report;
    const sg_site *site = r->sim->site;
    const double *value = readings->value;
    double dt_s = readings->dt_s, generation_w = 0, stores_w = 0;
    for (int g = 0; g < site->group_count; g++) {
        const sg_group *group = &site->groups[g];
        double sum_w = 0;
        for (int i = group->first; i < group->first + group->count; i++) {
            if (group->role == SG_SOURCE) {
                sum_w += value[r->points.first[SG_POINT_SOURCE_POWER] + i];
            } else if (group->role == SG_STORE) {
                double w = value[r->points.first[SG_POINT_STORE_POWER] + i];
                stores_w += w;
                *(w > 0 ? &report->store[g].energy_out_j : &report->store[g].energy_in_j) +=
                    fabs(w) * dt_s;
            }
        }
        if (group->role == SG_SOURCE) {
            generation_w += sum_w;
            report->source_j[g] += sum_w * dt_s;
            r->source_peak_w[g] = fmax(r->source_peak_w[g], sum_w);
        }
    }
    double net_w = value[r->points.first[SG_POINT_NODE_POWER]];
    trace_add(r, step, readings, could_w, generation_w, stores_w, net_w);
    const sg_days_step of = {.end_us = readings->time_us,
                             .dt_s = dt_s,
                             .load_w = loads_w(r, value),
                             .generation_w = generation_w,
                             .net_w = net_w,
                             .store_w = stores_w,
                             .import_price = import_price,
                             .export_price = export_price};
    sg_days_add(&r->days, report, &of);
}

/* The truth of one step, after it happened: what was drawn and lost, what the sources could have given. */
static void record(run *r, int64_t step, const sg_readings *readings, double could_kw,
                   double import_price, double export_price)
{
    const double *value = readings->value;
    const double *site = value + r->points.first[SG_POINT_SITE];
    double load_w = site[SG_SITE_LOSS_W] + loads_w(r, value);
    for (int s = 0; s < r->sim->site->device_count[SG_STORE]; s++) {
        /* stores that are not planned (smoothing, cells, bridge) are load to the planner */
        const sg_device *device = &r->sim->site->devices[SG_STORE][s];
        const sg_kind *kind = sg_device_kind(r->sim->site, device);
        bool planned = kind->role != SG_STORE ||
                       device->p[kind->param_count + SG_STORE_DUTY] == SG_DUTY_ENERGY;
        load_w -= planned ? 0 : value[r->points.first[SG_POINT_STORE_POWER] + s];
    }
    r->record->load_kw[step] = fmax(load_w, 0) * 1e-3;
    r->record->available_kw[step] = could_kw;
    r->record->import_price[step] = import_price * kwh;
    r->record->export_price[step] = export_price * kwh;
}

static double free_available_w(const run *r, const double *value)
{
    double sum_w = 0;
    for (int s = 0; s < r->sim->site->device_count[SG_SOURCE]; s++) {
        const sg_device *device = &r->sim->site->devices[SG_SOURCE][s];
        bool fuelled = sg_device_role_param(r->sim->site, device, SG_SOURCE_COST) > 0;
        sum_w += fuelled ? 0 : value[r->points.first[SG_POINT_SOURCE_AVAILABLE] + s];
    }
    return sum_w;
}

static void add_available(run *r, const double *value, double dt_s)
{
    for (int g = 0; g < r->sim->site->group_count; g++) {
        const sg_group *group = &r->sim->site->groups[g];
        for (int i = group->first; group->role == SG_SOURCE && i < group->first + group->count;
             i++) {
            r->report->available_j[g] +=
                value[r->points.first[SG_POINT_SOURCE_AVAILABLE] + i] * dt_s;
        }
    }
}

/* --- money by month --- */

/* Energy in the stores at what comes out of it. energy_j: of each store. */
static double stored_out_j(const sg_site *site, const double *energy_j)
{
    double sum_j = 0;
    for (int g = 0; g < site->group_count; g++) {
        const sg_group *group = &site->groups[g];
        if (group->role == SG_STORE && group->count > 0 && !group->kind->hypothetical) {
            sg_reservoir reservoir;
            group->kind->reservoir(site->devices[SG_STORE][group->first].p, &reservoir);
            for (int s = group->first; s < group->first + group->count; s++) {
                sum_j += energy_j[s] * reservoir.discharge_eff;
            }
        }
    }
    return sum_j;
}

/* All since the start, by the engine's books; what is stored as energy until its price is known. */
static void money_now(run *r, double unserved_value, sg_report_money *ret)
{
    sg_engine_view(r->engine, r->view);
    const sg_settlement *a = &r->view->total, *b = &r->view->running;
    const double *energy_j = sg_engine_values(r->engine) + r->points.first[SG_POINT_STORE_ENERGY];
    *ret = (sg_report_money){.import_cost = (double)(a->cost_u + b->cost_u) * 1e-6,
                             .export_revenue = (double)(a->revenue_u + b->revenue_u) * 1e-6,
                             .wear_cost = (double)(a->wear_u + b->wear_u) * 1e-6,
                             .fuel_cost = (double)(a->fuel_u + b->fuel_u) * 1e-6,
                             .demand_charge_cost = (double)(a->demand_u + b->demand_u) * 1e-6,
                             .unserved_cost = unserved_value,
                             .inventory_credit = stored_out_j(r->sim->site, energy_j),
                             .curtailed_j = (double)(a->curtailed_j + b->curtailed_j),
                             .carbon_kg = (double)(a->carbon_mg + b->carbon_mg) * 1e-6,
                             .carbon_credit_kg =
                                 (double)(a->carbon_credit_mg + b->carbon_credit_mg) * 1e-6};
}

/* The month ends with the frame that the engine read last. */
static void book_month(run *r, sg_report_month *month, double unserved_value)
{
    sg_report_money now, *was = &r->booked;
    money_now(r, unserved_value, &now);
    month->money =
        (sg_report_money){.import_cost = now.import_cost - was->import_cost,
                          .export_revenue = now.export_revenue - was->export_revenue,
                          .wear_cost = now.wear_cost - was->wear_cost,
                          .fuel_cost = now.fuel_cost - was->fuel_cost,
                          .demand_charge_cost = now.demand_charge_cost - was->demand_charge_cost,
                          .unserved_cost = now.unserved_cost - was->unserved_cost,
                          .inventory_credit = now.inventory_credit - was->inventory_credit,
                          .curtailed_j = now.curtailed_j - was->curtailed_j,
                          .carbon_kg = now.carbon_kg - was->carbon_kg,
                          .carbon_credit_kg = now.carbon_credit_kg - was->carbon_credit_kg};
    *was = now;
}

/* --- one run --- */

static void play(run *r)
{
    double dt_s = r->sim->step_s;
    double could_kw = 0, import_price = 0, export_price = 0; /* as read when the step began */
    for (int64_t step = 0; step < r->steps; step++) {
        const sg_plan *plan = plan_due(r, step);
        sg_readings readings;
        const sg_world_books before = *sg_world_books_of(r->world);
        sg_world_read(r->world, dt_s, &readings);
        int months = r->report->month_count;
        sg_months_add(r->report, &r->points, &readings, &before, sg_world_books_of(r->world));
        if (months > 0 && r->report->month_count > months) {
            book_month(r, &r->report->month[months - 1], before.unserved_value);
        }
        const double *site = readings.value + r->points.first[SG_POINT_SITE];
        if (step ==
            0) { /* nothing was read before the first step: what came right after stands for it */
            could_kw = free_available_w(r, readings.value) * 1e-3;
            import_price = site[SG_SITE_IMPORT_PRICE];
            export_price = site[SG_SITE_EXPORT_PRICE];
        }
        account(r, step, &readings, could_kw * 1e3, import_price, export_price);
        const sg_world_now now = sg_world_look(r->world);
        sg_limits_add(r->report, &now, readings.time_us, dt_s);
        if (r->record) {
            record(r, step, &readings, could_kw, import_price, export_price);
        }
        r->sum_price_j += import_price;
        sg_report_month *month = &r->report->month[r->report->month_count - 1];
        month->price_sum += import_price;
        month->price_steps++;
        could_kw = free_available_w(r, readings.value) * 1e-3;
        import_price = site[SG_SITE_IMPORT_PRICE];
        export_price = site[SG_SITE_EXPORT_PRICE];
        add_available(r, readings.value, dt_s);
        sg_frame frame = {.time_us = readings.time_us,
                          .dt_s = dt_s,
                          .value = readings.value,
                          .quality = readings.quality,
                          .plan = plan};
        sg_engine_step(r->engine, &frame, NULL);
        look_ahead(r, r->engine);
        sg_command command = sg_engine_command(r->engine);
        command.advisory = false; /* the plant is simulated: every mode may act on it */
        sg_world_write(r->world, &command);
        if (r->sim->progress && step % 1024 == 0) {
            double done = (double)step / (double)r->steps;
            r->sim->progress(r->sim->progress_self,
                             r->done_from + (r->done_to - r->done_from) * done);
        }
    }
}

static void finish_stores(run *r, const double *first_value)
{
    const sg_site *site = r->sim->site;
    const double *last_value = sg_engine_values(r->engine);
    int energy = r->points.first[SG_POINT_STORE_ENERGY];
    for (int g = 0; g < site->group_count; g++) {
        const sg_group *group = &site->groups[g];
        sg_report_store *store = &r->report->store[g];
        double soh = 0; /* the members' mean */
        if (group->role != SG_STORE) {
            continue;
        }
        for (int s = group->first; s < group->first + group->count; s++) {
            store->energy_first_j += first_value[s];
            store->energy_last_j += last_value[energy + s];
            soh += sg_world_soh_frac(r->world, s) / group->count;
        }
        store->cycles = store->capacity_j > 0 ? store->energy_out_j / store->capacity_j : 0;
        store->soh_frac = group->count > 0 ? soh : (double)NAN;
    }
    sg_limits_finish(r->report);
}

/* One hour ahead: what the planner was told; where nobody plans, the engine's own. */
static void forecast_errors(run *r, sg_series_class which, const sg_view_forecast *own)
{
    const sg_lead_score *told = &r->told.series[which].lead[SG_LEAD_1H].score;
    bool any = r->foresight && told->count > 0;
    double count = any ? (double)told->count : 1;
    r->report->forecast_mae_w[which] = any ? told->told_ever / count : own->mae_w;
    r->report->persistence_mae_w[which] = any ? told->last_ever / count : own->persistence_mae_w;
}

/* Stored energy that was won or used up is worth the run's mean import price, at the way out of the store. */
static void finish_costs(run *r, double mean_price)
{
    sg_report *report = r->report;
    const sg_view *view = r->view;
    book_month(r, &report->month[report->month_count - 1],
               sg_world_books_of(r->world)->unserved_value);
    for (int k = 0; k < report->month_count; k++) {
        report->month[k].money.inventory_credit *= mean_price;
        report->inventory_credit += report->month[k].money.inventory_credit;
    }
    report->import_cost = r->booked.import_cost;
    report->export_revenue = r->booked.export_revenue;
    report->wear_cost = r->booked.wear_cost;
    report->fuel_cost = r->booked.fuel_cost;
    report->demand_charge_cost = r->booked.demand_charge_cost;
    report->unserved_cost = r->booked.unserved_cost;
    report->curtailed_j = r->booked.curtailed_j;
    report->carbon_kg = r->booked.carbon_kg;
    report->carbon_credit_kg = r->booked.carbon_credit_kg;
    report->cost = report->import_cost + report->demand_charge_cost + report->fuel_cost +
                   report->wear_cost + report->unserved_cost - report->export_revenue -
                   report->inventory_credit;
    report->peak_w = view->peak_all_w;
    report->plans = view->plans_taken;
    forecast_errors(r, SG_SERIES_LOAD, &view->load_forecast);
    forecast_errors(r, SG_SERIES_SUN, &view->generation_forecast);
}

static void finish_books(run *r)
{
    sg_report *report = r->report;
    const sg_world_books *books = sg_world_books_of(r->world);
    report->demand_j = books->demand_j + books->tasks_j;
    report->load_j = books->loads_j + books->tasks_j;
    report->unserved_j = books->unserved_j;
    report->import_j = books->import_j;
    report->export_j = books->export_j;
    report->losses_j = books->losses_j;
    report->store_loss_j = books->store_losses_j;
    report->throughput_j = books->sources_j + books->import_j + books->discharge_j;
    report->balance_error_j = sg_world_balance_error_j(r->world);
    report->downtime_s = books->short_s;
    report->overload_s = books->overload_s;
    report->heat_worst = books->heat_worst;
    report->trips = books->trips;
    report->command_hash = sg_engine_command_hash(r->engine);
    const sg_regulation_meter *regulated = sg_engine_regulated(r->engine);
    report->regulation = sg_score_mean(&regulated->total);
    report->regulation_up_j = regulated->up_j;
    report->regulation_down_j = regulated->down_j;
}

/* Bins of the trace: as many as there may be; over several days a whole number of them to a day, so that none is half night. */
static int trace_count(int64_t steps, double duration_s)
{
    static const int each[] = {96, 48, 24, 12, 8, 6, 4, 3, 2, 1};
    double days = duration_s / 86400;
    int most = (int)(steps < SG_TRACE_MAX ? steps : SG_TRACE_MAX);
    for (int i = 0; days >= 2 && i < SG_COUNT(each); i++) {
        double count = days * each[i];
        if (count <= most && count == floor(count)) {
            return (int)count;
        }
    }
    return most;
}

static void start_report(run *r)
{
    const sg_simulation *sim = r->sim;
    sg_report *report = r->report;
    memset(report, 0, sizeof *report);
    report->site = sim->site;
    report->policy = r->policy;
    report->from_us = sim->from_us;
    report->steps = (uint64_t)r->steps;
    report->step_s = sim->step_s;
    report->to_us = sim->from_us + r->steps * llround(sim->step_s * 1e6);
    report->baseline_cost = NAN;
    sg_trace *trace = &report->trace;
    trace->count = trace_count(r->steps, (double)(report->to_us - report->from_us) * 1e-6);
    trace->start_us = sim->from_us;
    trace->bin_us = (report->to_us - sim->from_us) / trace->count;
    for (int g = 0; g < sim->site->group_count && trace->store_count < SG_PLAN_STORE_MAX; g++) {
        if (sim->site->groups[g].role == SG_STORE) {
            trace->store_group[trace->store_count++] = g;
        }
    }
    sg_limits_start(report);
    sg_days_start(&r->days, report);
}

/* An engine that lives through the days before and hands on what it has learnt. */
static sg_status warm_up(run *r)
{
    const sg_simulation *sim = r->sim;
    int64_t steps = (int64_t)(sim->warm_s / sim->step_s);
    int64_t start_us = sim->from_us - steps * llround(sim->step_s * 1e6);
    void *memory = aligned_alloc(64, (sg_engine_size(sim->site) + 63) & ~(size_t)63);
    sg_world *world = sg_world_create(sim->site, start_us);
    sg_status status = memory && world ? SG_OK : SG_NOMEM;
    if (status == SG_OK) {
        sg_engine_config config = {
            .policy = SG_POLICY_STATIC, .mode = SG_CONTROL, .start_us = start_us};
        sg_engine *engine = sg_engine_create(memory, sim->site, &config);
        for (int64_t i = 0; i < steps; i++) {
            sg_readings readings;
            sg_world_read(world, sim->step_s, &readings);
            sg_frame frame = {.time_us = readings.time_us,
                              .dt_s = sim->step_s,
                              .value = readings.value,
                              .quality = readings.quality};
            sg_engine_step(engine, &frame, NULL);
            look_ahead(r, engine);
            sg_command command = sg_engine_command(engine);
            command.advisory = false;
            sg_world_write(world, &command);
        }
        sg_engine_learn(r->engine, engine);
    }
    sg_world_free(world);
    free(memory);
    return status;
}

/* One policy from start to end into `report`. */
static sg_status run_once(run *r)
{
    const sg_site *site = r->sim->site;
    void *memory = aligned_alloc(64, (sg_engine_size(site) + 63) & ~(size_t)63);
    double *first_value = calloc((size_t)site->device_count[SG_STORE] + 1, sizeof *first_value);
    r->view = calloc(1, sizeof *r->view);
    r->world = sg_world_create(site, r->sim->from_us);
    r->again = sg_again_create(); /* without it each plan is made from nothing */
    sg_status status = memory && first_value && r->view && r->world ? SG_OK : SG_NOMEM;
    if (status == SG_OK) {
        sg_engine_config config = {.policy = r->policy,
                                   .mode = SG_CONTROL,
                                   .start_us = r->sim->from_us,
                                   .forecast_only =
                                       r->policy == SG_POLICY_MPC ? r->sim->forecast_only : 0};
        r->engine = sg_engine_create(memory, site, &config);
        if (r->policy == SG_POLICY_MPC && r->sim->forecast_only == 0 && !r->sim->simple) {
            const sg_foresight_config of = {.horizon_s = site->planning.horizon_s};
            r->foresight = sg_foresight_create(site, &of);
            sg_watch_init(&r->watch);
            status = r->foresight ? SG_OK : SG_NOMEM;
        }
        status = status == SG_OK && r->sim->warm_s > 0 ? warm_up(r) : status;
    }
    if (status == SG_OK) {
        r->points = sg_points_of(site);
        sg_command command = sg_engine_command(r->engine);
        sg_world_write(r->world, &command);
        sg_world_stored(r->world, first_value);
        r->booked = (sg_report_money){.inventory_credit = stored_out_j(site, first_value)};
        start_report(r);
        play(r);
        double mean_price = r->sum_price_j / (double)r->steps;
        finish_books(r);
        sg_days_finish(&r->days, r->report);
        finish_stores(r, first_value);
        finish_costs(r, mean_price);
        if (r->record) {
            r->record->mean_import_price = mean_price;
        }
    }
    sg_world_free(r->world);
    sg_again_free(r->again);
    sg_foresight_free(r->foresight);
    r->again = NULL;
    r->foresight = NULL;
    free(first_value);
    free(r->view);
    free(memory);
    r->world = NULL;
    r->view = NULL;
    r->engine = NULL;
    return status;
}

/* What the stores are at the start: an engine that has read its first frame knows. */
static sg_status stores_at_start(const run *r, sg_outlook *ret)
{
    const sg_site *site = r->sim->site;
    void *memory = aligned_alloc(64, (sg_engine_size(site) + 63) & ~(size_t)63);
    sg_world *world = sg_world_create(site, r->sim->from_us);
    sg_status status = memory && world ? SG_OK : SG_NOMEM;
    if (status == SG_OK) {
        sg_engine_config config = {
            .policy = SG_POLICY_STATIC, .mode = SG_CONTROL, .start_us = r->sim->from_us};
        sg_engine *engine = sg_engine_create(memory, site, &config);
        sg_readings readings;
        sg_world_read(world, r->sim->step_s, &readings);
        sg_frame frame = {.time_us = readings.time_us,
                          .dt_s = readings.dt_s,
                          .value = readings.value,
                          .quality = readings.quality};
        sg_engine_step(engine, &frame, NULL);
        sg_engine_outlook(engine, 900 * SG_US_PER_S, 1, NULL, ret);
        ret->peak_so_far_w = 0;
    }
    sg_world_free(world);
    free(memory);
    return status;
}

/* --- all of it --- */

static sg_status truth_alloc(sg_truth *ret, int64_t steps)
{
    double *block = calloc((size_t)steps * 4, sizeof *block);
    *ret = (sg_truth){.load_kw = block,
                      .available_kw = block + steps,
                      .import_price = block + 2 * steps,
                      .export_price = block + 3 * steps};
    return block ? SG_OK : SG_NOMEM;
}

static sg_status simulate_perfect(run *r, sg_report *static_report)
{
    sg_truth seen;
    sg_arena arena = {0};
    sg_schedule bound = {0};
    sg_outlook *stores = calloc(1, sizeof *stores);
    sg_status status = stores ? truth_alloc(&seen, r->steps) : SG_NOMEM;
    if (status != SG_OK) {
        free(stores);
        return status;
    }
    run base = *r;
    base.policy = SG_POLICY_STATIC;
    base.report = static_report;
    base.record = &seen;
    base.done_to = 0.3;
    status = run_once(&base);
    if (status == SG_OK) {
        status = stores_at_start(r, stores);
    }
    if (status == SG_OK) {
        status = r->steps > 1 ? sg_bound_solve(r->sim, r->steps, &seen, stores, &arena, &bound)
                              : SG_RANGE;
    }
    if (status == SG_OK) {
        r->bound = &bound;
        r->bound_stores = stores;
        r->done_from = 0.7;
        status = run_once(r);
    }
    sg_arena_free(&arena);
    free(seen.load_kw);
    free(stores);
    return status;
}

typedef struct beside {
    run base;
    sg_status status;
} beside;

static void *run_beside(void *argument)
{
    beside *self = argument;
    self->status = run_once(&self->base);
    return NULL;
}

/* The run, and its `static` baseline in a thread of its own: they share nothing but the site, which nobody changes. */
static sg_status simulate_beside(run *r, sg_report *base_report)
{
    beside *other = calloc(1, sizeof *other);
    pthread_t thread;
    if (!other) {
        return SG_NOMEM;
    }
    sg_simulation quiet = *r->sim;
    quiet.progress = NULL; /* which is the run's */
    other->base =
        (run){.sim = &quiet, .policy = SG_POLICY_STATIC, .steps = r->steps, .report = base_report};
    bool threaded = pthread_create(&thread, NULL, run_beside, other) == 0;
    sg_status status = run_once(r);
    if (threaded) {
        pthread_join(thread, NULL);
    } else {
        run_beside(other);
    }
    status = status == SG_OK ? other->status : status;
    free(other);
    return status;
}

static sg_report_baseline baseline_of(const sg_report *report)
{
    return (sg_report_baseline){.money = {.import_cost = report->import_cost,
                                          .export_revenue = report->export_revenue,
                                          .demand_charge_cost = report->demand_charge_cost,
                                          .fuel_cost = report->fuel_cost,
                                          .wear_cost = report->wear_cost,
                                          .unserved_cost = report->unserved_cost,
                                          .inventory_credit = report->inventory_credit,
                                          .curtailed_j = report->curtailed_j,
                                          .carbon_kg = report->carbon_kg,
                                          .carbon_credit_kg = report->carbon_credit_kg},
                                .import_j = report->import_j,
                                .export_j = report->export_j,
                                .load_j = report->load_j,
                                .unserved_j = report->unserved_j,
                                .losses_j = report->losses_j,
                                .store_loss_j = report->store_loss_j,
                                .peak_w = report->peak_w,
                                .downtime_s = report->downtime_s,
                                .overload_s = report->overload_s};
}

/* Everything behind this door plans every sim->plan_period_s. */
static sg_status simulate(const sg_simulation *sim, sg_report *ret)
{
    double started_s = sg_clock_s();
    int64_t steps = (int64_t)(sim->duration_s / sim->step_s + 1e-9);
    if (!(sim->step_s > 0) || steps < 1 || steps > INT32_MAX) {
        return SG_RANGE;
    }
    run *r = calloc(1, sizeof *r);
    sg_report *base_report = malloc(sizeof *base_report);
    sg_status status = r && base_report ? SG_OK : SG_NOMEM;
    if (status == SG_OK) {
        *r = (run){.sim = sim, .policy = sim->policy, .steps = steps, .report = ret, .done_to = 1};
        if (sim->policy == SG_POLICY_PERFECT) {
            status = simulate_perfect(r, base_report);
        } else if (sim->policy == SG_POLICY_STATIC || !sim->baseline) {
            status = run_once(r);
            *base_report = *ret;
        } else {
            status = simulate_beside(r, base_report);
        }
    }
    if (status == SG_OK) {
        bool compared = sim->baseline || sim->policy == SG_POLICY_STATIC;
        ret->baseline_cost = compared ? base_report->cost : (double)NAN;
        ret->baseline = compared ? baseline_of(base_report) : NOT_RUN;
        ret->baseline.money = compared ? ret->baseline.money : UNKNOWN;
        for (int k = 0; k < ret->month_count; k++) {
            ret->month[k].baseline = compared ? base_report->month[k].money : UNKNOWN;
        }
        sg_notes_write(ret, r->source_peak_w);
        ret->wall_s = sg_clock_s() - started_s;
    }
    free(base_report);
    free(r);
    return status;
}

sg_status sg_simulate(const sg_simulation *sim, sg_report *ret)
{
    sg_site site = *sim->site; /* its own name for the same arrays: only `planning` differs */
    sg_simulation own = *sim;
    own.site = &site;
    sg_site_plan_every(&site, sim->plan_period_s > 0 ? sim->plan_period_s : 3600);
    sg_status status = simulate(&own, ret);
    ret->site = sim->site;
    ret->plan_period_s = site.planning.period_s;
    return status;
}
