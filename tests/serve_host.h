/* serve_host.h - the real HTTP server on a free loopback port, in front of a host that the test plays, and a plain client. */
#ifndef SERVE_HOST_H
#define SERVE_HOST_H
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

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, finish)
#endif
