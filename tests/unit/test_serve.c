/* The real HTTP server on a free loopback port, in front of a host that the test plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "serve/document.h"
#include "serve/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- a small site ---- */

static const sg_kind sun = {
    .name = "sun", .title = "test array", .role = SG_SOURCE, .hypothetical = true};
static const sg_kind cell = {.name = "cell", .title = "test battery", .role = SG_STORE};
static const sg_kind rack = {.name = "load", .title = "test racks", .role = SG_LOAD};
static sg_device sources[1], stores[2], loads[3];
static sg_node nodes[2] = {{.parent = -1, .limit_w = INFINITY},
                           {.parent = 0, .group = 1, .limit_w = 5000}};
static sg_node_group node_groups[2] = {{"main", 0, 1, 1}, {"pdu", 1, 1, 2}};
static sg_group groups[3] = {
    {.id = "pv", .kind = &sun, .role = SG_SOURCE, .first = 0, .count = 1},
    {.id = "bat", .kind = &cell, .role = SG_STORE, .first = 0, .count = 2},
    {.id = "racks", .kind = &rack, .role = SG_LOAD, .first = 0, .count = 3}};
static sg_site site = {.id = "urn:uuid:test",
                       .title = "Test \"site\"",
                       .path = "",
                       .currency = "EUR",
                       .mode = SG_ADVISE,
                       .nodes = nodes,
                       .node_count = 2,
                       .node_groups = node_groups,
                       .node_group_count = 2,
                       .devices = {sources, stores, loads, NULL},
                       .device_count = {1, 2, 3, 0},
                       .groups = groups,
                       .group_count = 3};

/* ---- a host ---- */

enum { QUEUE = 32 };

static struct host {
    pthread_t loop;
    pthread_mutex_t mutex;
    sg_view live, shown;
    bool stepping;
    atomic_bool stop, silent, refuse, volatile_disk;
    atomic_int conflict, ticks_per_s;
    sg_request queue[QUEUE];
    uint64_t tickets[QUEUE];
    int queued;
    char log[256];
    sg_serve *server;
} host;

static char data_dir[64];

static const sg_view *host_view(void *self)
{
    const sg_view *view = NULL;
    (void)self;
    pthread_mutex_lock(&host.mutex);
    if (host.stepping) {
        host.shown = host.live;
        view = &host.shown;
    }
    pthread_mutex_unlock(&host.mutex);
    return view;
}

static bool host_submit(void *self, const sg_request *request, uint64_t ticket)
{
    (void)self;
    pthread_mutex_lock(&host.mutex);
    bool room = host.queued < QUEUE && !atomic_load(&host.refuse);
    if (room) {
        host.queue[host.queued] = *request;
        host.tickets[host.queued++] = ticket;
    }
    pthread_mutex_unlock(&host.mutex);
    return room;
}

static const uint8_t cell_share[3] = {100, 210, SG_CELL_UNKNOWN},
                     cell_state[3] = {0, SG_CELL_CUT, 11};

static bool host_cells(void *self, sg_cells *ret)
{
    (void)self;
    *ret = (sg_cells){.site = &site,
                      .time_us = INT64_C(1688169600500000),
                      .tick = 77,
                      .count = 3,
                      .share = cell_share,
                      .state = cell_state};
    return host_view(NULL) != NULL;
}

static void host_log(void *self, const char *line)
{
    (void)self;
    snprintf(host.log, sizeof host.log, "%s", line);
}

static int find_task(const char *task_id)
{
    for (int i = 0; i < host.live.task_count; i++) {
        if (strcmp(host.live.task[i].request.task_id, task_id) == 0) {
            return i;
        }
    }
    return -1;
}

/* The test's own rule: above 10 MW refused, above 1 MW queued, else granted. */
static sg_reply decide(const sg_request *request)
{
    int at = find_task(request->task_id);
    if (atomic_load(&host.conflict)) {
        return (sg_reply){.task = -1, .conflict = atomic_load(&host.conflict)};
    }
    if (request->kind == SG_REQUEST_WITHDRAW) {
        if (at >= 0) {
            host.live.task[at].state = SG_TASK_WITHDRAWN;
            host.live.task[at].reason = SG_REASON_WITHDRAWN;
        }
        return (sg_reply){.task = at};
    }
    if (at >= 0) {
        bool same = host.live.task[at].request.power_w == request->power_w;
        return (sg_reply){.task = same ? at : -1, .conflict = !same};
    }
    at = host.live.task_count++;
    bool never = request->power_w > 10e6, later = request->power_w > 1e6;
    host.live.task[at] = (sg_task){.request = *request,
                                   .state = never   ? SG_TASK_REFUSED
                                            : later ? SG_TASK_QUEUED
                                                    : SG_TASK_GRANTED,
                                   .reason = never   ? SG_REASON_NEVER_FITS
                                             : later ? SG_REASON_NOT_NOW
                                                     : SG_REASON_FITS,
                                   .received_us = 1000000,
                                   .granted_us = never || later ? 0 : 2000000,
                                   .firm_w = 1.5e6};
    return (sg_reply){.task = at};
}

static void *host_loop(void *argument)
{
    (void)argument;
    while (!atomic_load(&host.stop)) {
        struct {
            uint64_t ticket;
            sg_reply reply;
            sg_task task;
        } answers[QUEUE];
        int count = 0;
        int rate = atomic_load(&host.ticks_per_s);
        nanosleep(&(struct timespec){.tv_nsec = rate ? 1000000000L / rate : 10000000L}, NULL);
        if (rate == 0) {
            continue;
        }
        pthread_mutex_lock(&host.mutex);
        host.stepping = true;
        host.live.tick++;
        host.live.time_us += 100000;
        for (; !atomic_load(&host.silent) && count < host.queued; count++) {
            answers[count].ticket = host.tickets[count];
            answers[count].reply = decide(&host.queue[count]);
            if (answers[count].reply.task >= 0) {
                answers[count].task = host.live.task[answers[count].reply.task];
            }
        }
        host.queued = atomic_load(&host.silent) ? host.queued : 0;
        pthread_mutex_unlock(&host.mutex);
        for (int i = 0; i < count; i++) {
            sg_serve_answer(host.server, answers[i].ticket, &answers[i].reply,
                            answers[i].reply.task >= 0 ? &answers[i].task : NULL,
                            !atomic_load(&host.volatile_disk));
        }
        sg_serve_tick(host.server);
    }
    return NULL;
}

static void fill_view(sg_view *view)
{
    memset(view, 0, sizeof *view);
    view->time_us = INT64_C(1688169600000000);
    view->mode = SG_ADVISE;
    view->policy = SG_POLICY_MPC;
    view->load_w = 3000;
    view->import_price = 0.12 / 3.6e6;
    view->carbon_kg_per_j = 0.38 / 3.6e6;
    view->import_w_max = INFINITY;
    view->export_w = NAN;
    view->group_count = 3;
    view->group[0] = (sg_view_group){
        .role = SG_SOURCE, .power_w = 1000, .available_w = 2000, .setpoint_w = 1500};
    view->group[1] = (sg_view_group){.role = SG_STORE,
                                     .power_w = -500.04,
                                     .energy_j = 3.6e6,
                                     .capacity_j = 14.4e6,
                                     .reason = SG_REASON_SURPLUS,
                                     .quality = SG_STALE};
    view->group[2] = (sg_view_group){
        .role = SG_LOAD, .power_w = 3000, .demand_w = 3100, .shed_count = 2, .load_class = 2};
    view->node_count = view->node_count_all = 2;
    view->node_w[1] = 2500;
    view->node_limit_w[0] = INFINITY;
    view->node_limit_w[1] = 5000;
    view->plan_outcome = -1;
    view->rung = SG_RUNG_RULES;
    view->plan_last_s_max = 5400;
    view->plans_refused = 3;
    view->settled_count = 7;
    view->total.import_j = INT64_C(7200000);
    view->total.cost_u = 240000;
    view->quality_count[SG_GOOD] = 41;
    view->speed = 1;
    stores[0].p[SG_STORE_DUTY] = SG_DUTY_BRIDGE;
    loads[0].p[SG_LOAD_CLASS] = 2;
}

static sg_serve_config config_of(void)
{
    return (sg_serve_config){.listen = "127.0.0.1:0",
                             .data_dir = data_dir,
                             .version = "9.9",
                             .site = &site,
                             .fresh_s = 1,
                             .trust_loopback = true, /* roles: test_guard.c */
                             .view = host_view,
                             .cells = host_cells,
                             .submit = host_submit,
                             .log = host_log};
}

static int start(void **state)
{
    char error[SG_SERVE_TEXT];
    (void)state;
    memset(&host, 0, sizeof host);
    pthread_mutex_init(&host.mutex, NULL);
    fill_view(&host.live);
    atomic_store(&host.ticks_per_s, 100);
    snprintf(data_dir, sizeof data_dir, "/tmp/sg-serve-XXXXXX");
    assert_non_null(mkdtemp(data_dir));
    sg_serve_config config = config_of();
    assert_int_equal(sg_serve_start(&config, &host.server, error), SG_OK);
    return 0;
}

static void run_loop(void)
{
    assert_int_equal(pthread_create(&host.loop, NULL, host_loop, NULL), 0);
    for (int i = 0; i < 500 && !host_view(NULL); i++) {
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

static int finish(void **state)
{
    (void)state;
    atomic_store(&host.stop, true);
    if (host.loop) {
        pthread_join(host.loop, NULL);
    }
    sg_serve_stop(host.server);
    char path[96];
    static const char *const files[] = {"telemetry.db", "telemetry.db-wal", "telemetry.db-shm"};
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", data_dir, files[i]);
        unlink(path);
    }
    rmdir(data_dir);
    return 0;
}

/* ---- a client ---- */

typedef struct answer {
    int status;
    char head[4096];
    char *body; /* inside text */
    char *text;
    size_t length;
} answer;

static int dial(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((in_port_t)sg_serve_port(host.server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = 12};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

/* Read to the end of the connection (every request here asks for its closing). */
static answer receive(int fd)
{
    answer got = {.text = malloc(1 << 20)};
    ssize_t part;
    while (got.length < (1 << 20) - 1 &&
           (part = recv(fd, got.text + got.length, (1 << 20) - 1 - got.length, 0)) > 0) {
        got.length += (size_t)part;
    }
    close(fd);
    got.text[got.length] = '\0';
    char *end = strstr(got.text, "\r\n\r\n");
    if (end) {
        snprintf(got.head, sizeof got.head, "%.*s", (int)(end - got.text), got.text);
        got.status = atoi(got.text + 9);
        got.body = end + 4;
    } else {
        got.body = got.text + got.length;
    }
    return got;
}

static answer exchange(const char *request, size_t length)
{
    int fd = dial();
    assert_int_equal(send(fd, request, length, MSG_NOSIGNAL), (ssize_t)length);
    return receive(fd);
}

__attribute__((format(printf, 1, 2))) static answer ask(const char *format, ...)
{
    char request[8192];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(request, sizeof request, format, args);
    va_end(args);
    assert_true(length > 0 && (size_t)length < sizeof request);
    return exchange(request, (size_t)length);
}

static answer get(const char *path)
{
    return ask("GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
}

static answer post(const char *body)
{
    return ask("POST /energy/allocate HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
               "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
               strlen(body), body);
}

/* The status, and the body as JSON (NULL where it is none). Frees the answer. */
static json_t *json_of(answer got, int want_status)
{
    if (got.status != want_status) {
        fail_msg("expected %d: %s", want_status, got.text);
    }
    json_t *root = json_loads(got.body, JSON_REJECT_DUPLICATES, NULL);
    if (want_status >= 400 && got.status == want_status && root) {
        assert_non_null(strstr(got.head, "Content-Type: application/problem+json"));
        assert_int_equal(json_integer_value(json_object_get(root, "status")), want_status);
        assert_non_null(json_string_value(json_object_get(root, "title")));
        assert_non_null(json_string_value(json_object_get(root, "detail")));
        assert_memory_equal(json_string_value(json_object_get(root, "type")),
                            "urn:symgrid:problem:", 20);
    }
    free(got.text);
    return root;
}

static const char *text_at(json_t *root, const char *key)
{
    const char *text = json_string_value(json_object_get(root, key));
    return text ? text : "(none)";
}

static double number_at(json_t *root, const char *object, const char *key)
{
    json_t *value = json_object_get(object ? json_object_get(root, object) : root, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* ---- the tests ---- */

static void health_answers_before_the_first_step_and_readiness_does_not(void **state)
{
    (void)state;
    json_t *root = json_of(get("/healthz"), 200);
    assert_string_equal(text_at(root, "status"), "ok");
    assert_string_equal(text_at(root, "version"), "9.9");
    json_decref(root);
    json_decref(json_of(get("/readyz"), 503));
    json_decref(json_of(get("/energy/telemetry"), 503));
    json_decref(json_of(post("{\"task_id\":\"a\",\"power\":\"1MW\"}"), 503));
    run_loop();
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    json_decref(json_of(get("/readyz"), 200));
    atomic_store(&host.ticks_per_s, 0); /* the loop hangs */
    nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 300000000}, NULL);
    root = json_of(get("/readyz"), 503);
    assert_non_null(strstr(text_at(root, "detail"), "ago"));
    json_decref(root);
    json_decref(json_of(get("/healthz"), 200));
}

static void telemetry_follows_the_contract_in_edge_units(void **state)
{
    (void)state;
    run_loop();
    json_t *root = json_of(get("/energy/telemetry"), 200);
    assert_string_equal(text_at(root, "format"), "symgrid.telemetry/1");
    assert_non_null(strstr(text_at(root, "time"), "2023-07-01T00:00:"));
    assert_true(number_at(root, NULL, "tick") >= 1);
    json_t *part = json_object_get(root, "site");
    assert_string_equal(text_at(part, "title"), "Test \"site\"");
    assert_string_equal(text_at(part, "mode"), "advise");
    assert_string_equal(text_at(part, "policy"), "mpc");
    assert_true(json_is_false(json_object_get(part, "safe")));
    assert_true(number_at(root, "site", "speed") == 1);
    assert_true(number_at(root, "balance", "load_kw") == 3);
    assert_true(json_is_null(json_object_get(json_object_get(root, "balance"), "export_kw")));
    assert_true(fabs(number_at(root, "price", "import_per_kwh") - 0.12) < 1e-9);
    assert_true(fabs(number_at(root, "price", "carbon_g_per_kwh") - 380) < 1e-9);
    assert_true(json_is_null(json_object_get(json_object_get(root, "grid"), "import_kw_max")));
    assert_true(json_is_false(json_object_get(json_object_get(root, "grid"), "present")));
    json_t *source = json_array_get(json_object_get(root, "sources"), 0);
    assert_string_equal(text_at(source, "id"), "pv");
    assert_true(number_at(source, NULL, "limit_kw") == 1.5);
    assert_true(json_is_true(json_object_get(source, "hypothetical")));
    json_t *store = json_array_get(json_object_get(root, "stores"), 0);
    assert_true(number_at(store, NULL, "power_kw") == -0.5);
    assert_true(number_at(store, NULL, "energy_kwh") == 1);
    assert_true(number_at(store, NULL, "soc_frac") == 0.25);
    assert_string_equal(text_at(store, "duty"), "bridge");
    assert_string_equal(text_at(store, "quality"), "stale");
    assert_string_equal(text_at(store, "reason"), "surplus");
    json_t *load = json_array_get(json_object_get(root, "loads"), 0);
    assert_true(number_at(load, NULL, "class") == 2);
    assert_true(number_at(load, NULL, "shed_count") == 2);
    assert_true(number_at(load, NULL, "count") == 3);
    json_t *node = json_array_get(json_object_get(root, "nodes"), 1);
    assert_string_equal(text_at(node, "id"), "pdu");
    assert_string_equal(text_at(node, "parent"), "main");
    assert_true(number_at(node, NULL, "limit_kw") == 5);
    node = json_array_get(json_object_get(root, "nodes"), 0);
    assert_true(json_is_null(json_object_get(node, "limit_kw")));
    assert_true(json_is_null(json_object_get(node, "parent")));
    json_t *plan = json_object_get(root, "plan");
    assert_true(json_is_null(json_object_get(plan, "outcome")));
    assert_string_equal(json_string_value(json_object_get(plan, "rung")), "rules");
    assert_int_equal(json_integer_value(json_object_get(plan, "refused")), 3);
    assert_true(json_number_value(json_object_get(plan, "last_s_max")) == 5400);
    json_t *money = json_object_get(root, "settlement");
    assert_true(number_at(money, "total", "import_kwh") == 2);
    assert_true(number_at(money, "total", "cost") == 0.24);
    assert_true(number_at(money, NULL, "intervals") == 7);
    assert_true(number_at(json_object_get(root, "health"), "quality", "good") == 41);
    json_decref(root);
}

static void the_plan_s_calendar_is_served(void **state)
{
    (void)state;
    run_loop();
    json_t *root = json_of(get("/energy/plan"), 200);
    assert_string_equal(text_at(root, "format"), "symgrid.plan/1");
    assert_string_equal(text_at(root, "rung"), "rules");
    assert_true(json_is_null(json_object_get(root, "made")));
    assert_int_equal(json_array_size(json_object_get(root, "groups")), 0);
    json_decref(root);
    static sg_view view;
    sg_out out = {0};
    fill_view(&view);
    view.rung = SG_RUNG_FRESH;
    view.plan_outcome = SG_SOLVED;
    view.plan_cause = SG_PLAN_CAUSE_GRID;
    view.slot_count = 2;
    view.slot[0] = (sg_plan_slot){1, SG_SLOT_CHARGE, 0, 900 * SG_US_PER_S, -2000, 1.8e6};
    view.slot[1] = (sg_plan_slot){1, SG_SLOT_REST, 900 * SG_US_PER_S, 3600 * SG_US_PER_S, 0, 0};
    view.task_count = 1;
    view.task[0] = (sg_task){.request = {.task_id = "t", .power_w = 500, .duration_s = 60},
                             .state = SG_TASK_GRANTED,
                             .granted_us = 3600 * SG_US_PER_S};
    sg_document_plan(&site, &view, &out);
    root = json_loadb(out.text, out.length, 0, NULL);
    assert_non_null(root);
    assert_string_equal(text_at(root, "cause"), "grid");
    json_t *group = json_array_get(json_object_get(root, "groups"), 0);
    assert_string_equal(text_at(group, "id"), "bat");
    json_t *slot = json_array_get(json_object_get(group, "slots"), 0);
    assert_string_equal(text_at(slot, "kind"), "charge");
    assert_string_equal(text_at(slot, "end"), "1970-01-01T00:15:00Z");
    assert_true(number_at(slot, NULL, "power_kw") == -2 &&
                number_at(slot, NULL, "energy_kwh") == 0.5);
    assert_int_equal(json_array_size(json_object_get(group, "slots")), 2);
    json_t *task = json_array_get(json_object_get(root, "tasks"), 0);
    assert_string_equal(text_at(task, "end"), "1970-01-01T01:01:00Z");
    json_decref(root);
    sg_out_free(&out);
}

static void the_plan_says_what_it_expects(void **state)
{
    static sg_view view;
    sg_out out = {0};
    (void)state;
    fill_view(&view);
    view.plan_outcome = SG_SOLVED;
    view.plan_step_s = 300;
    view.ahead.steps = 2;
    view.ahead.net_w[0] = 1500;
    view.ahead.net_w[1] = -250;
    view.ahead.store_w[1] = 4000;
    view.ahead.rows = 2;
    view.ahead.told_us = 900 * SG_US_PER_S;
    view.ahead.mean[SG_SERIES_LOAD][1] = 2000;
    view.ahead.low[SG_SERIES_LOAD][1] = 1900;
    view.ahead.high[SG_SERIES_LOAD][1] = 2300;
    view.ahead.mean[SG_SERIES_PRICE][0] = 0.05F; /* money per MJ */
    view.ahead.mean[SG_SERIES_CARBON][0] = 0.1F; /* kg per MJ    */
    view.ahead.mean[SG_SERIES_SUN][0] = (float)NAN;
    sg_document_plan(&site, &view, &out);
    json_t *root = json_loadb(out.text, out.length, 0, NULL);
    assert_non_null(root);
    json_t *expected = json_object_get(root, "expected"), *told = json_object_get(root, "forecast");
    json_t *grid = json_object_get(expected, "grid_kw");
    assert_int_equal(json_array_size(grid), 2);
    assert_true(json_number_value(json_array_get(grid, 0)) == 1.5);
    assert_true(json_number_value(json_array_get(grid, 1)) == -0.25);
    assert_true(json_number_value(json_array_get(json_object_get(expected, "stores_kw"), 1)) == 4);
    assert_string_equal(text_at(told, "start"), "1970-01-01T00:15:00Z");
    assert_true(number_at(told, NULL, "step_s") == 900);
    json_t *load = json_object_get(told, "load");
    assert_true(json_number_value(json_array_get(json_object_get(load, "mean_kw"), 1)) == 2);
    assert_true(json_number_value(json_array_get(json_object_get(load, "low_kw"), 1)) == 1.9);
    assert_true(json_number_value(json_array_get(json_object_get(load, "high_kw"), 1)) == 2.3);
    json_t *price = json_object_get(json_object_get(told, "price"), "mean_per_kwh");
    assert_true(fabs(json_number_value(json_array_get(price, 0)) - 0.18) <
                1e-5); /* 1 MJ = 1/3.6 kWh */
    json_t *carbon = json_object_get(json_object_get(told, "carbon"), "mean_g_per_kwh");
    assert_true(fabs(json_number_value(json_array_get(carbon, 0)) - 360) < 0.1);
    json_t *sun_kw = json_object_get(json_object_get(told, "generation"), "mean_kw");
    assert_true(json_is_null(json_array_get(sun_kw, 0)));
    json_decref(root);
    sg_out_free(&out);
}

static void what_was_saved_is_told(void **state)
{
    static sg_view view;
    sg_out out = {0};
    (void)state;
    fill_view(&view);
    view.compared.any = 1;
    view.compared.since_us = 60 * SG_US_PER_S;
    view.compared.stored_j = -7.2e6;
    view.compared.real = (sg_settlement){.import_j = 3600000,
                                         .cost_u = 5000000,
                                         .revenue_u = 1000000,
                                         .wear_u = 250000,
                                         .fuel_u = 500000,
                                         .demand_u = 2000000,
                                         .carbon_mg = 3000000,
                                         .carbon_credit_mg = 500000};
    view.group[1].floor_j = 1.44e6;
    view.group[1].charge_w_max = 700;
    view.group[1].discharge_w_max = 900;
    sg_document_telemetry(&site, &view, &out);
    json_t *root = json_loadb(out.text, out.length, 0, NULL);
    assert_non_null(root);
    json_t *compared = json_object_get(root, "baseline"), *real = json_object_get(compared, "site");
    assert_string_equal(text_at(compared, "since"), "1970-01-01T00:01:00Z");
    assert_true(number_at(compared, NULL, "stored_kwh") == -2);
    assert_true(number_at(real, NULL, "import_kwh") == 1);
    assert_true(number_at(real, NULL, "net_cost") == 6.75); /* 5 - 1 + 0.25 + 0.5 + 2 */
    assert_true(number_at(real, NULL, "carbon_kg") == 2.5);
    assert_true(number_at(compared, "at_rest", "net_cost") == 0);
    json_t *store = json_array_get(json_object_get(root, "stores"), 0);
    assert_true(number_at(store, NULL, "floor_frac") == 0.1);
    assert_true(number_at(store, NULL, "charge_kw_max") == 0.7);
    assert_true(number_at(store, NULL, "discharge_kw_max") == 0.9);
    json_decref(root);
    sg_out_clear(&out);
    view.compared.any = 0; /* an island */
    sg_document_telemetry(&site, &view, &out);
    root = json_loadb(out.text, out.length, 0, NULL);
    assert_true(json_is_null(json_object_get(root, "baseline")));
    json_decref(root);
    sg_out_free(&out);
}

static void every_server_is_told_by_its_rack(void **state)
{
    (void)state;
    answer early = get("/energy/racks");
    assert_int_equal(early.status, 503); /* before the first step */
    free(early.text);
    run_loop();
    loads[2].node = 1;
    loads[0].p[SG_LOAD_RATING] = 8000;
    site.hash = UINT64_C(0x0123456789abcdef);
    json_t *root = json_of(get("/energy/racks"), 200);
    assert_string_equal(text_at(root, "format"), "symgrid.racks/1");
    assert_string_equal(text_at(root, "time"), "2023-07-01T00:00:00.500Z");
    assert_string_equal(text_at(root, "layout"), "0123456789abcdef");
    assert_true(number_at(root, NULL, "servers") == 3 && number_at(root, NULL, "rack_count") == 2);
    json_t *rack_1 = json_array_get(json_object_get(root, "racks"), 1);
    assert_string_equal(text_at(rack_1, "id"), "pdu");
    assert_string_equal(text_at(rack_1, "parent"), "main");
    assert_true(number_at(rack_1, NULL, "limit_kw") == 5);
    json_t *group = json_array_get(json_object_get(root, "groups"), 0);
    assert_string_equal(text_at(group, "id"), "racks");
    assert_true(number_at(group, NULL, "rating_kw") == 8);
    char *runs = json_dumps(json_object_get(root, "runs"), JSON_COMPACT);
    assert_string_equal(runs, "[[0,2],[1,1]]");
    free(runs);
    json_t *share = json_object_get(root, "power_frac");
    assert_true(json_number_value(json_array_get(share, 0)) == 0.5);
    assert_true(json_number_value(json_array_get(share, 1)) == 1.05);
    assert_true(json_is_null(json_array_get(share, 2)));
    assert_int_equal(json_integer_value(json_array_get(json_object_get(root, "state"), 2)), 11);
    json_decref(root);
    loads[2].node = 0;
}

static void the_same_in_bytes(void **state)
{
    static const char wish[] = "GET /energy/racks HTTP/1.1\r\nHost: localhost\r\n"
                               "Accept: application/octet-stream\r\nConnection: close\r\n\r\n";
    static const unsigned char wanted[46] = {
        'S', 'G', 'R', 'A', 'C', 'K', 'S', '1', 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01,
        77,  0,   0,   0,   0,   0,   0,   0,   0,    0,    0,    0,    0,    0,    0,    0,
        3,   0,   0,   0,   40,  0,   0,   0,   100,  210,  255,  0,    4,    11};
    (void)state;
    run_loop();
    site.hash = UINT64_C(0x0123456789abcdef);
    answer got = exchange(wish, sizeof wish - 1);
    assert_int_equal(got.status, 200);
    assert_non_null(strcasestr(got.head, "content-type: application/octet-stream"));
    assert_int_equal(got.length - (size_t)(got.body - got.text), sizeof wanted);
    for (size_t i = 0; i < sizeof wanted; i++) {
        if (i < 24 || i >= 32) {
            assert_int_equal((unsigned char)got.body[i], wanted[i]);
        }
    }
    int64_t time_us = 0;
    for (int i = 7; i >= 0; i--) {
        time_us = time_us * 256 + (unsigned char)got.body[24 + i];
    }
    assert_int_equal(time_us, INT64_C(1688169600500000));
    free(got.text);
}

static void a_request_is_granted_queued_or_refused(void **state)
{
    (void)state;
    run_loop();
    json_t *root =
        json_of(post("{\"task_id\":\"compute_001\",\"power\":\"500kW\",\"duration\":\"1h\"}"), 200);
    assert_string_equal(text_at(root, "state"), "granted");
    assert_string_equal(text_at(root, "task_id"), "compute_001");
    assert_string_equal(text_at(root, "priority"), "normal");
    assert_string_equal(text_at(root, "reason"), "fits");
    assert_true(number_at(root, NULL, "power_kw") == 500);
    assert_true(number_at(root, NULL, "firm_kw") == 1500);
    assert_string_equal(text_at(root, "received"), "1970-01-01T00:00:01Z");
    assert_string_equal(text_at(root, "until"), "1970-01-01T01:00:02Z");
    json_decref(root);
    root = json_of(post("{\"task_id\":\"later\",\"power\":\"2MW\"}"), 202);
    assert_string_equal(text_at(root, "state"), "queued");
    assert_true(json_is_null(json_object_get(root, "until")));
    json_decref(root);
    root = json_of(post("{\"task_id\":\"never\",\"power\":\"20MW\"}"), 200);
    assert_string_equal(text_at(root, "state"), "refused");
    assert_non_null(strstr(text_at(root, "reason_text"), "more than the site"));
    json_decref(root);

    root = json_of(post("{\"task_id\":\"compute_001\",\"power\":\"0.5MW\",\"duration\":\"60min\"}"),
                   200);
    assert_string_equal(text_at(root, "state"), "granted"); /* the same again: the same answer */
    json_decref(root);
    json_decref(json_of(post("{\"task_id\":\"compute_001\",\"power\":\"600kW\"}"), 409));

    root = json_of(get("/energy/allocate"), 200);
    assert_int_equal(json_array_size(json_object_get(root, "tasks")), 3);
    json_decref(root);
    root = json_of(get("/energy/allocate/later"), 200);
    assert_string_equal(text_at(root, "state"), "queued");
    json_decref(root);
    json_decref(json_of(get("/energy/allocate/nobody"), 404));
    root = json_of(ask("DELETE /energy/allocate/later HTTP/1.1\r\nHost: localhost\r\nConnection: "
                       "close\r\n\r\n"),
                   200);
    assert_string_equal(text_at(root, "state"), "withdrawn");
    json_decref(root);
    json_decref(json_of(ask("DELETE /energy/allocate/nobody HTTP/1.1\r\nHost: "
                            "localhost\r\nConnection: close\r\n\r\n"),
                        404));
}

static void what_is_not_durable_is_not_acknowledged(void **state)
{
    (void)state;
    run_loop();
    atomic_store(&host.volatile_disk, true);
    answer got = post("{\"task_id\":\"a\",\"power\":\"1kW\"}");
    assert_non_null(strstr(got.head, "Retry-After: "));
    json_decref(json_of(got, 503));
    atomic_store(&host.volatile_disk, false);
    pthread_mutex_lock(&host.mutex);
    host.live.journal_degraded = 1;
    pthread_mutex_unlock(&host.mutex);
    json_decref(json_of(post("{\"task_id\":\"b\",\"power\":\"1kW\"}"), 503));
    assert_int_equal(find_task("b"), -1);
}

static void a_full_queue_or_table_is_said_at_once(void **state)
{
    (void)state;
    run_loop();
    atomic_store(&host.refuse, true);
    answer got = post("{\"task_id\":\"a\",\"power\":\"1kW\"}");
    assert_non_null(strstr(got.head, "Retry-After: "));
    json_decref(json_of(got, 503));
    atomic_store(&host.refuse, false);
    atomic_store(&host.conflict, 2);
    json_decref(json_of(post("{\"task_id\":\"a\",\"power\":\"1kW\"}"), 503));
}

static void a_silent_loop_is_a_gateway_timeout(void **state)
{
    (void)state;
    run_loop();
    atomic_store(&host.silent, true);
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    json_decref(json_of(post("{\"task_id\":\"a\",\"power\":\"1kW\"}"), 504));
    clock_gettime(CLOCK_MONOTONIC, &b);
    assert_in_range(b.tv_sec - a.tv_sec, 4, 11);
    /* A late answer to a ticket that nobody waits for does no harm. */
    atomic_store(&host.silent, false);
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    json_decref(json_of(get("/healthz"), 200));
}

static void stopping_ends_what_is_under_way(void **state)
{
    (void)state;
    run_loop();
    atomic_store(&host.silent, true);
    int waiting[3], stream = dial();
    for (int i = 0; i < 3; i++) {
        static const char request[] =
            "POST /energy/allocate HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
            "application/json\r\n"
            "Content-Length: 29\r\n\r\n{\"task_id\":\"a\",\"power\":\"1kW\"}";
        waiting[i] = dial();
        assert_int_equal(send(waiting[i], request, sizeof request - 1, 0), sizeof request - 1);
    }
    static const char listen[] =
        "GET /energy/telemetry HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";
    assert_int_equal(send(stream, listen, sizeof listen - 1, 0), sizeof listen - 1);
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    atomic_store(&host.stop, true);
    pthread_join(host.loop, NULL);
    host.loop = 0;
    sg_serve_stop(host.server);
    host.server = NULL;
    for (int i = 0; i < 3; i++) {
        free(receive(waiting[i]).text);
    }
    answer got = receive(stream);
    assert_int_equal(got.status, 200);
    free(got.text);
}

static void events_come_with_ids_and_at_most_ten_a_second(void **state)
{
    (void)state;
    run_loop();
    atomic_store(&host.ticks_per_s, 1000);
    static const char request[] =
        "GET /energy/telemetry HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";
    int fd = dial(), events = 0;
    assert_int_equal(send(fd, request, sizeof request - 1, 0), sizeof request - 1);
    char text[300000];
    size_t length = 0;
    time_t until = time(NULL) + 2;
    while (time(NULL) <= until && length < sizeof text - 1) {
        ssize_t part = recv(fd, text + length, sizeof text - 1 - length, MSG_DONTWAIT);
        if (part > 0) {
            length += (size_t)part;
        }
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    close(fd);
    text[length] = '\0';
    assert_non_null(strstr(text, "Content-Type: text/event-stream"));
    assert_non_null(strstr(text, "retry: "));
    long last = 0;
    for (char *at = text; (at = strstr(at, "\nid: ")); at += 5, events++) {
        long id = atol(at + 5);
        assert_true(id > last);
        last = id;
        char *data = strchr(at + 5, '\n');
        assert_memory_equal(data, "\ndata: {", 8);
    }
    assert_in_range(events, 8, 33);
}

static void metrics_are_plain_prometheus_text(void **state)
{
    (void)state;
    answer got = get("/metrics");
    assert_int_equal(got.status, 200);
    assert_non_null(strstr(got.body, "\nsymgrid_ready 0\n"));
    free(got.text);
    run_loop();
    got = get("/metrics");
    assert_non_null(strstr(got.head, "Content-Type: text/plain; version=0.0.4"));
    assert_non_null(
        strstr(got.body, "\n# TYPE symgrid_load_watts gauge\nsymgrid_load_watts 3000\n"));
    assert_non_null(strstr(got.body, "\nsymgrid_energy_joules_total{flow=\"import\"} 7200000\n"));
    assert_non_null(strstr(got.body, "\nsymgrid_store_energy_joules{id=\"bat\",role=\"store\",type="
                                     "\"cell\",hypothetical=\"no\"} 3600000\n"));
    assert_non_null(strstr(got.body, "\nsymgrid_node_limit_watts{node=\"main\"} +Inf\n"));
    assert_non_null(strstr(got.body, "\nsymgrid_export_watts NaN\n"));
    assert_non_null(strstr(got.body, "\nsymgrid_plan_rung{rung=\"rules\"} 1\n"));
    assert_non_null(strstr(got.body, "\nsymgrid_plan_rung{rung=\"fresh\"} 0\n"));
    assert_non_null(strstr(got.body, "\nsymgrid_plans_total{result=\"refused\"} 3\n"));
    free(got.text);
}

static void the_dashboard_s_files_are_those_of_the_tree(void **state)
{
    (void)state;
    static const char *const files[][3] = {
        {"/", "web/index.html", "text/html"},
        {"/app.js", "web/app.js", "text/javascript"},
        {"/base.js", "web/base.js", "text/javascript"},
        {"/charts.js", "web/charts.js", "text/javascript"},
        {"/panels.js", "web/panels.js", "text/javascript"},
        {"/line.js", "web/line.js", "text/javascript"},
        {"/racks.js", "web/racks.js", "text/javascript"},
        {"/decisions.js", "web/decisions.js", "text/javascript"},
        {"/alarms.js", "web/alarms.js", "text/javascript"},
        {"/uplot.js", "web/uplot/uplot.js", "text/javascript"},
        {"/uplot.css", "web/uplot/uplot.css", "text/css"},
        {"/login.js", "web/login.js", "text/javascript"},
        {"/style.css", "web/style.css", "text/css"},
        {"/rehearse.js", "web/rehearse.js", "text/javascript"},
        {"/rehearse.css", "web/rehearse.css", "text/css"},
        {"/favicon.svg", "web/favicon.svg", "image/svg+xml"},
        {"/setup.html", "web/setup.html", "text/html"},
        {"/setup.js", "web/setup.js", "text/javascript"},
        {"/openapi.json", "src/serve/openapi.json", "application/json"}};
    const char *root = getenv("SYMGRID_SOURCE_DIR");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[512], tag[64];
        snprintf(path, sizeof path, "%s/%s", root ? root : ".", files[i][1]);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        static char bytes[1 << 20];
        size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        answer got = get(files[i][0]);
        assert_int_equal(got.status, 200);
        assert_non_null(strstr(got.head, files[i][2]));
        assert_non_null(strstr(got.head, "Content-Security-Policy: default-src 'self'"));
        assert_non_null(strstr(got.head, "X-Content-Type-Options: nosniff"));
        assert_int_equal(got.length - (size_t)(got.body - got.text), size);
        assert_memory_equal(got.body, bytes, size);
        char *etag = strstr(got.head, "ETag: ");
        assert_non_null(etag);
        snprintf(tag, sizeof tag, "%.*s", (int)strcspn(etag + 6, "\r"), etag + 6);
        free(got.text);
        got = ask(
            "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nIf-None-Match: %s\r\n\r\n",
            files[i][0], tag);
        assert_int_equal(got.status, 304);
        assert_int_equal(got.body[0], 0);
        free(got.text);
    }
}

static void without_a_twin_nothing_can_be_rehearsed(void **state)
{
    static const char *const methods[] = {"GET", "DELETE", "POST"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        json_t *root = json_of(ask("%s /energy/rehearsal HTTP/1.1\r\nHost: localhost\r\n"
                                   "Connection: close\r\nContent-Type: application/json\r\n"
                                   "Content-Length: 0\r\n\r\n",
                                   methods[i]),
                               503);
        assert_string_equal(text_at(root, "type"), "urn:symgrid:problem:no-rehearsal");
        json_decref(root);
    }
}

static void queries_run_beside_everything_else(void **state)
{
    (void)state;
    char path[96];
    sqlite3 *db;
    json_t *missing = json_of(get("/energy/query?sql=SELECT+1"), 503);
    json_decref(missing);
    snprintf(path, sizeof path, "%s/telemetry.db", data_dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "CREATE TABLE meta(key TEXT, value TEXT); CREATE TABLE energy(timestamp REAL, "
                     "surplus REAL);"
                     "INSERT INTO energy VALUES(unixepoch() - 60, 5.5), (unixepoch() - 7200, 6.5)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    json_t *root = json_of(get("/energy/"
                               "query?sql=SELECT%20surplus%20FROM%20energy%20WHERE%20timestamp%20%"
                               "3E%20NOW()%20-%201h"),
                           200);
    assert_int_equal(json_array_size(json_object_get(root, "rows")), 1);
    assert_true(json_number_value(
                    json_array_get(json_array_get(json_object_get(root, "rows"), 0), 0)) == 5.5);
    json_decref(root);
    root = json_of(get("/energy/query?sql=SELECT+surpls+FROM+energy"), 400);
    assert_true(number_at(root, NULL, "byte") == 7);
    assert_non_null(strstr(text_at(root, "detail"), "byte 7: "));
    json_decref(root);
    json_decref(json_of(get("/energy/query?sql=DROP+TABLE+energy"), 400));
    json_decref(json_of(get("/energy/query"), 400));
    json_decref(json_of(get("/energy/query?sql=SELECT+1&x=1"), 400));
    int slow = dial();
    static const char endless[] =
        "GET /energy/query?sql=WITH+RECURSIVE+n(i)+AS+(SELECT+0+UNION+ALL+SELECT+i%2B1+FROM+n)"
        "+SELECT+count(*)+FROM+n HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_int_equal(send(slow, endless, sizeof endless - 1, 0), sizeof endless - 1);
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    json_decref(json_of(get("/healthz"), 200));
    clock_gettime(CLOCK_MONOTONIC, &b);
    assert_true((double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec) < 1.0);
    json_decref(json_of(receive(slow), 400));
}

static void methods_paths_and_parameters_are_checked(void **state)
{
    (void)state;
    run_loop();
    static const struct {
        const char *line;
        int status;
        const char *header;
    } cases[] = {{"GET /nowhere", 404, NULL},
                 {"GET /energy/allocate/", 404, NULL},
                 {"GET /energy/allocate/a%20b", 404, NULL},
                 {"POST /healthz", 405, "Allow: GET, HEAD, OPTIONS"},
                 {"DELETE /energy/allocate", 405, "Allow: GET, HEAD, POST, OPTIONS"},
                 {"PUT /energy/allocate/a", 405, "Allow: GET, HEAD, DELETE, OPTIONS"},
                 {"BREW /metrics", 405, "Allow: GET, HEAD, OPTIONS"},
                 {"GET /metrics?x=1", 400, NULL},
                 {"GET /%zz", 400, NULL},
                 {"GET /%00", 400, NULL},
                 {"OPTIONS /energy/allocate", 204, "Allow: GET, HEAD, POST, OPTIONS"},
                 {"GET /app.js?v=2", 200, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        answer got =
            ask("%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", cases[i].line);
        if (cases[i].header && !strstr(got.head, cases[i].header)) {
            fail_msg("%s: %s", cases[i].line, got.head);
        }
        json_decref(json_of(got, cases[i].status));
    }
    answer got =
        ask("HEAD /energy/telemetry HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_int_equal(got.status, 200);
    assert_non_null(strstr(got.head, "Content-Length: "));
    assert_int_equal(got.body[0], 0);
    free(got.text);
}

static void requests_that_could_be_read_two_ways_are_refused(void **state)
{
    (void)state;
    run_loop();
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"Host: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n", 400},
        {"Host: localhost\r\nContent-Length: 2\r\nContent-Length: 2\r\n", 400},
        {"Host: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n", 400},
        {"Host: localhost\r\nTransfer-Encoding: gzip, chunked\r\n", 400},
        {"Host: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
        {"Host: localhost\r\nContent-Length: +2\r\n", 400},
        {"Host: localhost\r\nContent-Length: -2\r\n", 400},
        {"Host: localhost\r\nContent-Length: 0x2\r\n", 400},
        {"Host : localhost\r\n", 400},
        {"Host: localhost\r\nHost: localhost\r\n", 400},
        {"Host: localhost\r\nX Y: 1\r\n", 400},
        {"Host: localhost\r\nX\x01: 1\r\n", 400},
        {"Host: localhost\r\nX: a\x02"
         "b\r\n",
         400},
        {"", 400},
        {"Host: evil.example\r\n", 421},
        {"Host: 127.0.0.1.evil.example\r\n", 421},
        {"Host: localhost\r\nOrigin: https://evil.example\r\n", 403},
        {"Host: localhost\r\nOrigin: null\r\n", 403},
        {"Host: localhost\r\nContent-Encoding: gzip\r\n", 415},
        {"Host: localhost\r\nContent-Length: 99999999\r\n", 413},
        {"Host: localhost\r\nContent-Length: 18446744073709551616\r\n", 413}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        answer got = ask("POST /energy/allocate HTTP/1.1\r\nConnection: close\r\n%sContent-Type: "
                         "application/json\r\n\r\n{}",
                         cases[i].headers);
        if (got.status != cases[i].status) {
            fail_msg("%s: %s", cases[i].headers, got.text);
        }
        free(got.text);
    }
    answer got = ask("POST /energy/allocate HTTP/1.1\r\nHost: localhost:80\r\nOrigin: "
                     "http://localhost:80\r\nConnection: close\r\n"
                     "Content-Type: application/json; charset=\"UTF-8\"\r\nContent-Length: "
                     "29\r\n\r\n{\"task_id\":\"o\",\"power\":\"1kW\"}");
    json_decref(json_of(got, 200));
    got = ask("POST /energy/allocate HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\nContent-Type: "
              "application/json\r\n"
              "Transfer-Encoding: "
              "chunked\r\n\r\n5\r\n{\"tas\r\n18\r\nk_id\":\"c\",\"power\":\"1kW\"}\r\n0\r\n\r\n");
    json_decref(json_of(got, 200));
}

static void bodies_of_wrong_kind_or_size_are_refused(void **state)
{
    (void)state;
    run_loop();
    json_t *root = json_of(post("{\"task_id\":\"a\",\"power\":2}"), 400);
    assert_string_equal(text_at(root, "pointer"), "/power");
    json_decref(root);
    json_decref(json_of(ask("POST /energy/allocate HTTP/1.1\r\nHost: localhost\r\nConnection: "
                            "close\r\nContent-Type: text/plain\r\n"
                            "Content-Length: 2\r\n\r\n{}"),
                        415));
    json_decref(json_of(ask("POST /energy/allocate HTTP/1.1\r\nHost: localhost\r\nConnection: "
                            "close\r\nContent-Length: 2\r\n\r\n{}"),
                        415));
    static char request[60000];
    int head = snprintf(request, sizeof request,
                        "POST /energy/allocate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                        "Content-Type: application/json\r\nContent-Length: 40000\r\n\r\n");
    memset(request + head, ' ', 40000);
    json_decref(json_of(exchange(request, (size_t)head + 40000), 413));
}

static void addresses_that_cannot_be_used_are_explained(void **state)
{
    (void)state;
    static const struct {
        const char *listen;
        sg_status status;
    } cases[] = {{"nonsense", SG_FORMAT},       {"127.0.0.1", SG_FORMAT},
                 {"127.0.0.1:", SG_FORMAT},     {"127.0.0.1:99999", SG_FORMAT},
                 {"127.0.0.1:80x", SG_FORMAT},  {"[::1:80", SG_FORMAT},
                 {"example.org:80", SG_FORMAT}, {"", SG_FORMAT},
                 {"256.0.0.1:80", SG_FORMAT},   {"192.0.2.1:8048", SG_IO}};
    char error[SG_SERVE_TEXT];
    sg_serve *other = NULL;
    sg_serve_config config = config_of();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        config.listen = cases[i].listen;
        assert_int_equal(sg_serve_start(&config, &other, error), cases[i].status);
        assert_memory_equal(error, "cannot listen on ", 17);
    }
    char taken[32];
    snprintf(taken, sizeof taken, "127.0.0.1:%d", sg_serve_port(host.server));
    config.listen = taken;
    assert_int_equal(sg_serve_start(&config, &other, error), SG_IO);
    assert_non_null(strstr(error, "the port is in use"));
    assert_string_equal(host.log, "");
    config.listen = "0.0.0.0:0"; /* nobody may be able to read what is on the way */
    assert_int_equal(sg_serve_start(&config, &other, error), SG_FORMAT);
    assert_non_null(strstr(error, "--tls-cert"));
    assert_string_equal(host.log, "");
    config.insecure_http = true; /* said: allowed, and logged */
    assert_int_equal(sg_serve_start(&config, &other, error), SG_OK);
    assert_non_null(strstr(host.log, "0.0.0.0:0"));
    assert_non_null(strstr(host.log, "WITHOUT TLS"));
    sg_serve_stop(other);
    config.listen = ":0";
    assert_int_equal(sg_serve_start(&config, &other, error), SG_OK);
    sg_serve_stop(other);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(health_answers_before_the_first_step_and_readiness_does_not),
        CASE(telemetry_follows_the_contract_in_edge_units),
        CASE(the_plan_s_calendar_is_served),
        CASE(the_plan_says_what_it_expects),
        CASE(what_was_saved_is_told),
        CASE(every_server_is_told_by_its_rack),
        CASE(the_same_in_bytes),
        CASE(a_request_is_granted_queued_or_refused),
        CASE(what_is_not_durable_is_not_acknowledged),
        CASE(a_full_queue_or_table_is_said_at_once),
        CASE(a_silent_loop_is_a_gateway_timeout),
        CASE(stopping_ends_what_is_under_way),
        CASE(events_come_with_ids_and_at_most_ten_a_second),
        CASE(metrics_are_plain_prometheus_text),
        CASE(the_dashboard_s_files_are_those_of_the_tree),
        CASE(without_a_twin_nothing_can_be_rehearsed),
        CASE(queries_run_beside_everything_else),
        CASE(methods_paths_and_parameters_are_checked),
        CASE(requests_that_could_be_read_two_ways_are_refused),
        CASE(bodies_of_wrong_kind_or_size_are_refused),
        CASE(addresses_that_cannot_be_used_are_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
