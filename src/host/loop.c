#include "host/loop.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/pages.h"
#include "base/ring.h"
#include "base/time.h"
#include "engine/replan.h"
#include "host/alarm_desk.h"
#include "host/baseline.h"
#include "host/changes.h"
#include "host/heat.h"
#include "host/journal_file.h"
#include "host/lookout.h"
#include "host/nowcaster.h"
#include "host/mailbox.h"
#include "host/moment.h"
#include "host/notify.h"
#include "host/planner.h"
#include "host/reload.h"
#include "host/status_line.h"
#include "host/twin.h"
#include "plan/rolling.h"
#include "serve/serve.h"
#include "store/telemetry.h"
#include "world/world.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { RELOAD_MAX = 1000 };   /* in the life of a process */
enum { REQUESTS_ROOM = 256 }; /* requests between two steps; a power of two */
enum {
    TIMING_FINE = 1024,
    TIMING_PER_DOUBLING = 128,
    TIMING_BUCKETS = TIMING_FINE + 14 * TIMING_PER_DOUBLING
};
static const double sync_period_s =
    0.09; /* of wall time: in real time every step is synced before its command leaves */
static const double publish_period_s =
    0.05; /* of wall time, when steps come faster than anybody looks */

/* A request on its way from the server's thread to the loop. */
typedef struct waiting {
    sg_request request;
    uint64_t ticket; /* 0: nobody waits for the answer */
} waiting;

typedef struct host {
    const sg_host_config *config;
    const sg_site *site; /* the config's, until a reload */
    sg_reload *reload;
    sg_site *reloaded[RELOAD_MAX]; /* all of them: published views may still name them */
    int reload_count;
    bool reload_due;
    bool plan_outdated; /* the planner is at work on a question about the site before */
    int64_t start_us;
    sg_engine *engine;
    sg_world *world;
    sg_field_port field;
    sg_changes *changes; /* NULL: a small site */
    sg_journal_file *journal;
    sg_telemetry *telemetry;
    sg_telemetry_queue *telemetry_queue;
    sg_webhook *webhook;
    sg_alarm_desk *alarms; /* NULL: there was no memory for it */
    sg_alarms_port alarms_port;
    sg_serve *serve;
    sg_planner *planner;
    sg_again *again;     /* of the plans that are made on the spot */
    sg_lookout *lookout; /* NULL: there was no memory for it */
    sg_nowcaster *nowcaster; /* NULL: as above */
    sg_twin *twin;       /* for rehearsals; NULL: nobody can ask for one */
    sg_foretold told;
    sg_mailbox to_serve;
    sg_heat *_Atomic heat; /* the loop writes it, the server's thread reads it */
    sg_baseline baseline;
    sg_ring from_serve; /* of waiting */
    sg_view view;       /* for telemetry and the status line */
    sg_plan plan;
    sg_replan replan;
    int64_t row_due_us;
    double sync_due_s, publish_due_s, notify_due_s, line_due_s;
    uint64_t steps, late_steps;
    uint32_t timing[TIMING_BUCKETS];
    bool was_degraded;
    sg_host_summary *summary;
} host;

static volatile sig_atomic_t stop_signal, reload_signal, reload_pid, reload_uid;

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (number == SIGHUP) {
        reload_signal = 1;
        reload_pid = info->si_code <= 0 ? info->si_pid : 0; /* else the system's: a terminal went */
        reload_uid = info->si_code <= 0 ? (int)info->si_uid : 0;
    } else {
        stop_signal = number;
    }
}

static void say(const char *line)
{
    fprintf(stderr, "symgrid: %s\n", line);
}

static void log_line(void *self, const char *line)
{
    (void)self;
    say(line);
}

/* --- what the server calls, in its thread --- */

static const sg_view *newest_view(void *self)
{
    return sg_mailbox_read(&((host *)self)->to_serve);
}

static bool newest_cells(void *self, sg_cells *ret)
{
    return sg_heat_read(atomic_load(&((host *)self)->heat), ret);
}

static bool submit(void *self, const sg_request *request, uint64_t ticket)
{
    waiting item = {.request = *request, .ticket = ticket};
    return sg_ring_push(&((host *)self)->from_serve, &item);
}

static sg_status rehearse(void *self, const sg_rehearsal_order *order)
{
    return sg_twin_order(((host *)self)->twin, order);
}

static void rehearse_stop(void *self)
{
    sg_twin_stop(((host *)self)->twin);
}

static uint64_t rehearsal(void *self, uint64_t seen, sg_rehearsal *ret)
{
    return sg_twin_look(((host *)self)->twin, seen, ret);
}

/* --- an invariant broke: the plant goes to rest before the process ends --- */

static host *running;

static void rest(const char *condition, const char *file, int line)
{
    (void)condition;
    (void)file;
    (void)line;
    if (!running || !running->engine || !running->world) {
        return;
    }
    sg_command command = sg_engine_command(running->engine);
    size_t stores = (size_t)running->site->device_count[SG_STORE];
    double *zero = calloc(stores + 1, sizeof *zero);
    if (zero) {
        command.store_w = zero;
        command.safe = true;
        running->field.write(running->field.self, &command);
        free(zero);
    }
}

/* --- start --- */

static void settled_in_journal(void *self, const sg_settlement *interval)
{
    host *h = self;
    if (h->telemetry && sg_telemetry_settlement(h->telemetry, interval) != SG_OK) {
        say(sg_telemetry_error(h->telemetry));
    }
}

static sg_engine *engine_new(const host *h, int64_t start_us)
{
    void *memory = aligned_alloc(64, (sg_engine_size(h->site) + 63) & ~(size_t)63);
    sg_pages_large(memory, sg_engine_size(h->site));
    sg_engine_config config = {
        .policy = h->config->policy, .mode = h->site->mode, .start_us = start_us};
    return memory ? sg_engine_create(memory, h->site, &config) : NULL;
}

static sg_status start_journal(host *h, int lock, const sg_journal_recovery *recovery)
{
    char error[600];
    sg_status status = sg_journal_open(h->config->data_dir, lock, h->engine,
                                       recovery->unrecorded_any ? &recovery->unrecorded : NULL,
                                       &h->journal, error);
    if (status != SG_OK) {
        say(error);
    }
    return status;
}

/* The engine that the journal left, or a new one; after a change of the site file or the policy a new one that takes over what
 * was promised and metered. */
static sg_status start_engine(host *h, sg_journal_recovery *recovered)
{
    const sg_site *site = h->site;
    sg_journal_recovery recovery = {0};
    if (h->config->data_dir) {
        sg_status status =
            sg_journal_recover(h->config->data_dir, settled_in_journal, h, &recovery);
        if (recovery.line[0]) {
            say(recovery.line);
        }
        if (h->telemetry && sg_telemetry_commit(h->telemetry, false) != SG_OK) {
            say(sg_telemetry_error(h->telemetry));
        }
        if (status != SG_OK) {
            fprintf(stderr,
                    "symgrid: the journal in %s cannot be used (%s); move it away or choose "
                    "another --data\n",
                    h->config->data_dir, sg_status_text(status));
            return status;
        }
    }
    *recovered = recovery;
    if (!recovery.engine) {
        h->engine = engine_new(h, h->config->from_us);
        return h->engine ? SG_OK : SG_NOMEM;
    }
    h->summary->recovered = true;
    h->summary->recovered_frames = recovery.frames;
    bool same = sg_engine_site_hash(recovery.engine) == site->hash &&
                sg_engine_policy(recovery.engine) == (int32_t)h->config->policy &&
                sg_engine_mode(recovery.engine) == (int32_t)site->mode;
    if (h->config->from_given && sg_engine_time(recovery.engine) != h->config->from_us) {
        char text[SG_TIME_TEXT];
        sg_time_format(sg_engine_time(recovery.engine), text);
        fprintf(stderr, "symgrid: the journal in %s goes on from %s; --from is not used\n",
                h->config->data_dir, text);
    }
    if (same) {
        h->engine = recovery.engine;
        return SG_OK;
    }
    say("the site file or the policy changed: a new engine takes over tasks, meter and time");
    h->engine = engine_new(h, sg_engine_time(recovery.engine));
    if (h->engine) {
        sg_engine_inherit(h->engine, recovery.engine);
    }
    free(recovery.engine);
    return h->engine ? SG_OK : SG_NOMEM;
}

static sg_status start_world(host *h)
{
    int64_t now_us = sg_engine_time(h->engine);
    h->world = sg_world_create(h->site, now_us); /* faults count from this start */
    if (!h->world) {
        return SG_NOMEM;
    }
    sg_world_resume(h->world, now_us,
                    h->summary->recovered && sg_engine_site_hash(h->engine) == h->site->hash &&
                            sg_engine_tick(h->engine) > 0
                        ? sg_engine_values(h->engine)
                        : NULL);
    h->field = sg_world_field(h->world);
    h->changes = sg_changes_create(sg_engine_point_count(h->engine));
    sg_command command = sg_engine_command(h->engine);
    h->field.write(h->field.self, &command);
    return SG_OK;
}

/* Nothing in the folder is touched before it is ours. */
static sg_status start_data(host *h)
{
    char line[SG_TELEMETRY_TEXT] = "", error[600];
    int lock;
    sg_status status = sg_journal_lock(h->config->data_dir, &lock, error);
    if (status != SG_OK) {
        say(error);
        return status;
    }
    sg_journal_recovery recovery = {0};
    status = sg_telemetry_open(h->config->data_dir, h->site, true, &h->telemetry, line);
    if (line[0]) {
        say(line);
    }
    status = status == SG_OK ? start_engine(h, &recovery) : status;
    if (status != SG_OK) {
        close(lock);
        return status;
    }
    return start_journal(h, lock, &recovery);
}

/* Where the page is, and how whoever started this gets in. The code goes behind a '#', which browsers keep to themselves. */
static void announce(host *h, const char *code)
{
    const char *listen = h->config->listen ? h->config->listen : SG_SERVE_LISTEN_DEFAULT;
    const char *colon = strrchr(listen, ':'), *scheme = h->config->tls_cert ? "https" : "http";
    int length = colon ? (int)(colon - listen) : (int)strlen(listen),
        port = sg_serve_port(h->serve);
    const char *address = length > 0 ? listen : "127.0.0.1";
    length = length > 0 ? length : 9;
    fprintf(stderr, "symgrid: live page on %s://%.*s:%d/ (port %d)\n", scheme, length, address,
            port, port);
    if (code[0]) {
        fprintf(stderr, "symgrid: to operate it, open this once: %s://%.*s:%d/#code=%s\n", scheme,
                length, address, port, code);
    } else if (h->site->mode != SG_OBSERVE && !h->config->trust_loopback && h->config->tokens) {
        fprintf(stderr,
                "symgrid: to operate it: symgrid token add NAME --role operator --tokens %s\n",
                h->config->tokens);
    }
}

/* For the server's query thread: of the host it reads what never changes. */
static sg_status explain_for(void *self, const sg_site *site, const char *device, int64_t at_us,
                             const atomic_bool *stop, sg_out *out, char ret_error[SG_SERVE_TEXT])
{
    const host *h = self;
    char error[SG_MOMENT_ERROR] = "memory is exhausted";
    sg_moment_question question = {
        .dir = h->config->data_dir, .site = site, .at_us = at_us, .device = device, .stop = stop};
    sg_moment *explanation = malloc(sizeof *explanation);
    sg_status status = explanation ? sg_moment_explain(&question, explanation, error) : SG_NOMEM;
    if (status == SG_OK) {
        sg_moment_json(explanation, out);
    }
    snprintf(ret_error, SG_SERVE_TEXT, "%.*s", SG_SERVE_TEXT - 1, status == SG_OK ? "" : error);
    free(explanation);
    return status;
}

static sg_status start_server(host *h)
{
    char error[SG_SERVE_TEXT] = "", code[SG_TOKEN_TEXT] = "";
    bool wanted =
        h->config->login_code && !h->config->trust_loopback && h->site->mode != SG_OBSERVE;
    sg_serve_config config = {.listen = h->config->listen,
                              .data_dir = h->config->data_dir,
                              .tokens = h->config->tokens,
                              .tls_cert = h->config->tls_cert,
                              .tls_key = h->config->tls_key,
                              .host_name = h->config->host_name,
                              .insecure_http = h->config->insecure_http,
                              .trust_loopback = h->config->trust_loopback,
                              .code = wanted ? code : NULL,
                              .version = h->config->version,
                              .site = h->site,
                              .host = h,
                              .view = newest_view,
                              .cells = newest_cells,
                              .submit = submit,
                              .alarms = h->alarms ? &h->alarms_port : NULL,
                              .explain = explain_for,
                              .log = log_line};
    if (h->config->listen && h->config->listen[0] == '\0') {
        return SG_OK;
    }
    h->twin = sg_twin_create(h->config->step_s);
    if (h->twin) {
        config.rehearse = rehearse;
        config.rehearse_stop = rehearse_stop;
        config.rehearsal = rehearsal;
    }
    sg_status status = sg_serve_start(&config, &h->serve, error);
    if (status != SG_OK) {
        say(error);
        return status;
    }
    announce(h, code);
    explicit_bzero(code, sizeof code);
    return SG_OK;
}

static sg_status start_alarms(host *h)
{
    char error[SG_WEBHOOK_TEXT], agent[64];
    snprintf(agent, sizeof agent, "symgrid/%.40s", h->config->version);
    const sg_webhook_config to = {.url = h->config->webhook,
                                  .secret_path = h->config->webhook_secret,
                                  .ca_path = h->config->webhook_ca,
                                  .agent = agent,
                                  .log = say};
    sg_status status = to.url ? sg_webhook_create(&to, &h->webhook, error) : SG_OK;
    if (status != SG_OK) {
        say(error);
        return status;
    }
    const sg_alarm_desk_config config = {.dir = h->config->data_dir,
                                         .step_s = h->config->step_s,
                                         .webhook = h->webhook,
                                         .site_id = h->site->id,
                                         .site_title = h->site->title,
                                         .log = say};
    h->alarms = sg_alarm_desk_create(&config);
    h->alarms_port = sg_alarm_desk_port(h->alarms);
    if (!h->alarms) {
        say("no memory for alarms: the site goes on without them");
    }
    return SG_OK;
}

/* The workflows of the site file are requests like any other, made at the first start. A start that was cut short before all
 * of them were taken in makes them again: the same request twice is one. */
static void submit_workflows(host *h)
{
    const sg_site *site = h->site;
    if (sg_engine_tick(h->engine) > 1 + (uint64_t)site->workflow_count / SG_REQUEST_MAX) {
        return;
    }
    for (int i = 0; i < site->workflow_count; i++) {
        sg_request request = {.kind = SG_REQUEST_ALLOCATE,
                              .priority = site->workflows[i].priority,
                              .power_w = site->workflows[i].power_w,
                              .duration_s = site->workflows[i].duration_s};
        snprintf(request.task_id, sizeof request.task_id, "%s", site->workflows[i].task_id);
        (void)submit(h, &request, 0);
    }
}

/* --- the loop --- */

static void look_out(host *h, sg_plan_cause cause)
{
    sg_outlook *outlook = &h->replan.outlook;
    sg_replan_ask(&h->replan, cause, h->engine, &h->site->planning, 0,
                  h->lookout ? &h->told : NULL);
    sg_world_prices(h->world, outlook->start_us, outlook->step_us, outlook->steps,
                    outlook->import_price, outlook->export_price);
    sg_outlook_terminal_values(outlook);
}

/* The plan that this step brings in, if any. Without a clock it is made on the spot, so that equal inputs give equal journals;
 * with one a question waits while the one before is being solved. */
static bool plan_for(host *h)
{
    if (h->config->policy != SG_POLICY_MPC) {
        return false;
    }
    sg_plan_cause cause = sg_replan_due(&h->replan, h->engine, &h->site->planning);
    bool due = cause != SG_PLAN_CAUSE_NONE && !sg_world_plan_missing(h->world);
    if (isinf(h->config->speed)) {
        if (due) {
            look_out(h, cause);
        }
        return due && sg_planner_make(&h->replan.outlook, h->again, &h->plan);
    }
    bool taken = sg_planner_take(h->planner, &h->plan) &&
                 !h->plan_outdated; /* before a new question makes it old */
    if (due && sg_planner_free(h->planner)) {
        h->plan_outdated = false;
        look_out(h, cause);
        (void)sg_planner_ask(h->planner, &h->replan.outlook);
    }
    return taken;
}

static void answer(host *h, const sg_request *requests, const uint64_t *tickets,
                   const sg_reply *replies, int count, bool durable)
{
    for (int i = 0; i < count; i++) {
        if (h->serve && tickets[i] != 0) {
            const sg_task *task =
                replies[i].task >= 0 ? sg_engine_task(h->engine, requests[i].task_id) : NULL;
            sg_serve_answer(h->serve, tickets[i], &replies[i], task, durable);
        }
    }
}

static void fill_host_fields(host *h, sg_view *view);

/* Views go out before answers, so that a client reads what it has just written. */
static void publish(host *h, bool now)
{
    double wall = sg_clock_s();
    bool row_due = sg_engine_time(h->engine) >= h->row_due_us;
    if (!now && !row_due && wall < h->publish_due_s) {
        return;
    }
    h->publish_due_s = wall + publish_period_s;
    sg_engine_view(h->engine, &h->view);
    if (h->site->alarms) {
        sg_engine_strains(h->engine, h->site->alarms, &h->view);
    }
    fill_host_fields(h, &h->view);
    sg_alarm_desk_look(h->alarms, h->site, &h->view);
    if (h->serve) {
        *sg_mailbox_slot(&h->to_serve) = h->view;
        sg_mailbox_post(&h->to_serve);
        sg_heat_post(h->heat, h->engine);
        sg_serve_tick(h->serve);
    }
    sg_settlement interval;
    if (h->telemetry_queue && (row_due || sg_engine_settled(h->engine, &interval))) {
        sg_telemetry_queue_offer(h->telemetry_queue, &h->view, isinf(h->config->speed));
        h->row_due_us = sg_engine_time(h->engine) + SG_US_PER_S;
    }
}

/* Step times in buckets of 1 us up to 1 ms, then 128 to each doubling; the last one holds all beyond 16 s. */
static int timing_bucket(double us)
{
    double at = us < TIMING_FINE ? us : TIMING_FINE + TIMING_PER_DOUBLING * log2(us / TIMING_FINE);
    return at < TIMING_BUCKETS - 1 ? (int)at : TIMING_BUCKETS - 1;
}

static double timing_us(int bucket)
{
    return bucket <= TIMING_FINE
               ? bucket
               : TIMING_FINE * exp2((double)(bucket - TIMING_FINE) / TIMING_PER_DOUBLING);
}

static double percentile_us(const host *h, double share)
{
    uint64_t total = 0, seen = 0;
    for (int i = 0; i < TIMING_BUCKETS; i++) {
        total += h->timing[i];
    }
    for (int i = 0; i < TIMING_BUCKETS; i++) {
        seen += h->timing[i];
        if ((double)seen >= share * (double)total && total > 0) {
            return timing_us(i + 1);
        }
    }
    return 0;
}

static void fill_host_fields(host *h, sg_view *view)
{
    sg_view_tell(view, h->lookout ? &h->told : NULL, sg_engine_slot(h->engine));
    if (h->lookout) {
        const sg_unusual_list *odd = sg_lookout_unusual(h->lookout);
        view->usual_judged = odd->judged;
        view->unusual_count = odd->count;
        memcpy(view->unusual, odd->most, sizeof view->unusual);
    }
    sg_nowcaster_view(h->nowcaster, view);
    sg_baseline_view(&h->baseline, h->site, h->engine, view);
    view->site = h->site;
    view->late_steps = h->late_steps;
    view->speed = h->config->speed;
    view->step_us_p50 = percentile_us(h, 0.5);
    view->step_us_p99 = percentile_us(h, 0.99);
    view->journal_bytes = h->journal ? sg_journal_bytes(h->journal) : 0;
    view->journal_degraded = h->journal ? sg_journal_degraded(h->journal) : 0;
    view->dropped_rows = h->telemetry_queue ? sg_telemetry_queue_dropped(h->telemetry_queue) : 0;
}

static bool commit(host *h, bool must_sync)
{
    if (!h->journal) {
        return true; /* nothing is kept, and nobody was promised otherwise */
    }
    double wall = sg_clock_s();
    bool sync = must_sync || wall >= h->sync_due_s;
    bool durable = sg_journal_commit(h->journal, h->engine, sync);
    if (sync) {
        h->sync_due_s = wall + sync_period_s;
    }
    bool degraded = sg_journal_degraded(h->journal);
    if (degraded != h->was_degraded) {
        fprintf(stderr, "symgrid: %s%s\n",
                degraded ? "journal degraded, control goes on, nothing is acknowledged: "
                         : "journal works again",
                degraded ? sg_journal_error(h->journal) : "");
        h->was_degraded = degraded;
    }
    return durable;
}

/* All of it between two steps: the state goes over, the plant with it, and the journal begins a segment with the new engine. */
static void swap_site(host *h, sg_replacement *new)
{
    sg_engine_transfer(new->engine, h->engine, &new->map);
    sg_world_resume(new->world, sg_engine_time(new->engine), sg_engine_values(new->engine));
    bool kept = !h->journal || sg_journal_change(h->journal, new->engine);
    free(h->engine);
    sg_world_free(h->world);
    h->engine = new->engine;
    h->world = new->world;
    h->site = h->reloaded[h->reload_count++] = new->site;
    h->field = sg_world_field(h->world);
    sg_changes_free(h->changes);
    h->changes = sg_changes_create(sg_engine_point_count(h->engine));
    sg_heat *heat = sg_heat_create(h->site, h->heat);
    if (heat) { /* else the map shows the site before */
        atomic_store(&h->heat, heat);
    }
    sg_baseline_init(&h->baseline); /* another site: another comparison */
    sg_nowcaster_destroy(h->nowcaster);
    h->nowcaster = sg_nowcaster_create(h->site, h->config->step_s, h->config->data_dir, say);
    sg_command command = sg_engine_command(h->engine);
    h->field.write(h->field.self, &command);
    h->replan = (sg_replan){0};
    h->plan_outdated = h->planner && !sg_planner_free(h->planner);
    fprintf(stderr, "symgrid: %s was read again: %d devices and nodes added, %d removed%s\n",
            new->site->path, new->map.added, new->map.removed,
            kept ? "" : "; the journal could not go on");
    sg_transfer_free(&new->map);
}

static void take_changes(host *h)
{
    sg_replacement new;
    if (reload_signal) {
        reload_signal = 0;
        h->reload_due = true;
        sg_serve_renew(h->serve, reload_pid, (uid_t)reload_uid);
    }
    if (h->reload_due) {
        h->reload_due = false;
        sg_reload_plan plan = {.path = h->config->site->path,
                               .policy = h->config->policy,
                               .plan_every_s = h->config->plan_every_s,
                               .start_us = h->start_us,
                               .dir = h->config->data_dir,
                               .pid = reload_pid,
                               .uid = (uid_t)reload_uid,
                               .now_us = sg_engine_time(h->engine)};
        if (h->reload_count == RELOAD_MAX) {
            say("the site file was read again too often; start anew to change it");
        } else if (!sg_reload_begin(h->reload, &plan, h->site)) {
            h->reload_due = true; /* once more when the one under way is in */
        }
    }
    if (sg_reload_take(h->reload, &new)) {
        swap_site(h, &new);
    }
}

static void step(host *h)
{
    sg_request requests[SG_REQUEST_MAX];
    uint64_t tickets[SG_REQUEST_MAX];
    sg_reply replies[SG_REQUEST_MAX];
    sg_readings readings;
    h->field.read(h->field.self, h->config->step_s, &readings);
    sg_frame frame = {.time_us = readings.time_us,
                      .dt_s = readings.dt_s,
                      .value = readings.value,
                      .quality = readings.quality,
                      .requests = requests,
                      .changed = readings.changed,
                      .changed_count = readings.changed_count};
    for (waiting item;
         frame.request_count < SG_REQUEST_MAX && sg_ring_pop(&h->from_serve, &item);) {
        requests[frame.request_count] = item.request;
        tickets[frame.request_count++] = item.ticket;
    }
    frame.plan = plan_for(h) ? &h->plan : NULL;
    sg_changes_mark(h->changes, &frame);
    if (h->journal) {
        if (frame.plan) {
            sg_journal_plan(h->journal, frame.plan);
        }
        sg_journal_frame(h->journal, &frame);
    }
    double began_s = sg_clock_s();
    sg_engine_step(h->engine, &frame, replies);
    double took_us = (sg_clock_s() - began_s) * 1e6;
    (void)sg_lookout_step(h->lookout, h->engine, &h->told);
    sg_baseline_step(&h->baseline, h->site, h->engine, frame.dt_s);
    h->timing[timing_bucket(took_us)]++;
    if (h->journal) {
        sg_journal_command(h->journal, h->engine, frame.pool);
    }
    sg_changes_rest(h->changes);
    bool durable = commit(h, frame.request_count > 0);
    sg_command command = sg_engine_command(h->engine);
    h->field.write(h->field.self, &command);
    h->steps++;
    sg_nowcaster_step(h->nowcaster, h->engine);
    sg_settlement interval;
    publish(h, frame.request_count > 0 || sg_engine_settled(h->engine, &interval));
    answer(h, requests, tickets, replies, frame.request_count, durable);
}

static void housekeeping(host *h, double notify_period_s)
{
    double now_s = sg_clock_s();
    if (notify_period_s > 0 && now_s >= h->notify_due_s) {
        sg_notify("WATCHDOG=1");
        h->notify_due_s = now_s + notify_period_s;
    }
    if (h->config->status_line && now_s >= h->line_due_s) {
        sg_status_line(&h->view);
        h->line_due_s = now_s + 0.5;
    }
}

/* Wait until the step is due, awake often enough for whoever watches. */
static void pace(host *h, double start_s, double notify_period_s)
{
    if (isinf(h->config->speed)) {
        return;
    }
    double period_s = h->config->step_s / h->config->speed;
    double due_s = start_s + period_s * (double)h->steps;
    double now_s = sg_clock_s();
    if (now_s > due_s + period_s) {
        h->late_steps++;
    }
    while (now_s < due_s && !stop_signal) {
        double until_s = fmin(due_s, now_s + 0.1);
        struct timespec until = {.tv_sec = (time_t)until_s,
                                 .tv_nsec = (long)(fmod(until_s, 1.0) * 1e9)};
        (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        now_s = sg_clock_s();
        if (now_s < due_s && h->steps > 0) {
            housekeeping(h, notify_period_s);
        }
    }
}

static void loop(host *h)
{
    double start_s = sg_clock_s(), notify_period_s = sg_notify_period_s();
    int64_t start_us = sg_engine_time(h->engine);
    while (!stop_signal &&
           (double)(sg_engine_time(h->engine) - start_us) * 1e-6 < h->config->duration_s - 1e-9) {
        pace(h, start_s, notify_period_s);
        if (stop_signal) {
            break;
        }
        take_changes(h);
        step(h);
        sg_twin_door(h->twin, h->site, h->engine, h->world, &h->told);
        if (h->steps == 1) {
            sg_notify("READY=1");
        }
        housekeeping(h, notify_period_s);
    }
    sg_notify("STOPPING=1");
    if (h->config->status_line) {
        sg_status_line_end();
    }
}

/* --- end --- */

/* Everything metered since the journal began, the interval under way included. */
static sg_settlement metered(host *h)
{
    sg_engine_view(h->engine, &h->view);
    sg_settlement sum = h->view.total;
    sg_settlement_add(&sum, &h->view.running);
    return sum;
}

/* What the summary shows of this run alone. */
static void settlement_subtract(sg_settlement *total, const sg_settlement *before)
{
    total->load_j -= before->load_j;
    total->generation_j -= before->generation_j;
    total->import_j -= before->import_j;
    total->export_j -= before->export_j;
    total->charge_j -= before->charge_j;
    total->discharge_j -= before->discharge_j;
    total->losses_j -= before->losses_j;
    total->unserved_j -= before->unserved_j;
    total->curtailed_j -= before->curtailed_j;
    total->cost_u -= before->cost_u;
    total->revenue_u -= before->revenue_u;
    total->wear_u -= before->wear_u;
    total->fuel_u -= before->fuel_u;
    total->demand_u -= before->demand_u;
    total->carbon_mg -= before->carbon_mg;
    total->carbon_credit_mg -= before->carbon_credit_mg;
    total->suspect_steps -= before->suspect_steps;
    total->steps -= before->steps;
    total->start_us = before->steps > 0 ? before->end_us : total->start_us;
}

static void summarise(host *h, int64_t start_us, const sg_settlement *before)
{
    sg_host_summary *s = h->summary;
    s->steps = h->steps;
    s->late_steps = h->late_steps;
    s->from_us = start_us;
    s->to_us = sg_engine_time(h->engine);
    s->total = metered(h);
    settlement_subtract(&s->total, before);
    s->step_us_p50 = percentile_us(h, 0.5);
    s->step_us_p99 = percentile_us(h, 0.99);
    s->state_hash = sg_engine_hash(h->engine);
    s->stopped_by_signal = stop_signal != 0;
    s->journal_degraded = h->journal && sg_journal_degraded(h->journal);
}

static sg_status start(host *h)
{
    sg_journal_recovery none;
    h->site = h->config->site;
    h->reload = sg_reload_create(h->site->path);
    if (!h->reload) {
        return SG_NOMEM;
    }
    sg_status status = h->config->data_dir ? start_data(h) : start_engine(h, &none);
    status = status == SG_OK ? start_world(h) : status;
    if (status == SG_OK && h->telemetry) {
        status = sg_telemetry_queue_start(h->telemetry, log_line, h, &h->telemetry_queue);
    }
    bool beside = h->config->policy == SG_POLICY_MPC && !isinf(h->config->speed);
    if (status == SG_OK && beside && !(h->planner = sg_planner_create())) {
        status = SG_NOMEM;
    }
    if (h->config->policy == SG_POLICY_MPC && !beside) {
        h->again = sg_again_create();
    }
    if (status == SG_OK) {
        h->lookout = sg_lookout_create(h->site, h->config->data_dir, !isinf(h->config->speed), say);
        if (!h->lookout) {
            say("no memory for the models that look ahead: the simple forecasts go on");
        }
    }
    if (status == SG_OK) {
        h->nowcaster = sg_nowcaster_create(h->site, h->config->step_s, h->config->data_dir, say);
        h->heat = sg_heat_create(h->site, NULL);
        sg_baseline_init(&h->baseline);
    }
    status = status == SG_OK ? start_alarms(h) : status;
    status = status == SG_OK ? start_server(h) : status;
    if (status == SG_OK) {
        submit_workflows(h);
    }
    return status;
}

sg_status sg_host_run(const sg_host_config *config, sg_host_summary *ret)
{
    *ret = (sg_host_summary){0};
    host *h = aligned_alloc(_Alignof(host), sizeof *h);
    if (!h) {
        return SG_NOMEM;
    }
    memset(h, 0, sizeof *h);
    h->config = config;
    h->summary = ret;
    sg_mailbox_init(&h->to_serve);
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a full disk, not an end */
    sg_status status = sg_ring_init(&h->from_serve, REQUESTS_ROOM, sizeof(waiting));
    status = status == SG_OK ? start(h) : status;
    if (status == SG_OK) {
        running = h;
        sg_check_on_failure(rest);
        int64_t start_us = h->start_us = sg_engine_time(h->engine);
        const sg_settlement before = metered(h);
        loop(h);
        sg_check_on_failure(NULL);
        running = NULL;
        summarise(h, start_us, &before);
    }
    sg_serve_stop(h->serve);
    sg_alarm_desk_destroy(h->alarms);
    sg_webhook_destroy(h->webhook);
    sg_twin_destroy(h->twin);
    sg_planner_destroy(h->planner);
    sg_lookout_destroy(h->lookout);
    sg_nowcaster_destroy(h->nowcaster);
    sg_again_free(h->again);
    sg_telemetry_queue_stop(h->telemetry_queue);
    sg_telemetry_close(h->telemetry);
    sg_journal_close(h->journal);
    sg_world_free(h->world);
    sg_changes_free(h->changes);
    sg_ring_free(&h->from_serve);
    sg_reload_destroy(h->reload);
    sg_heat_free(h->heat);
    for (int i = 0; i < h->reload_count; i++) {
        sg_site_free(h->reloaded[i]);
        free(h->reloaded[i]);
    }
    free(h->engine);
    free(h);
    return status;
}
