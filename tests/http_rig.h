/* http_rig.h - the real HTTP server on a free loopback port, a host that grants everything, and a plain client. */
#ifndef HTTP_RIG_H
#define HTTP_RIG_H
#include "serve/serve.h"

#include <arpa/inet.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { RIG_QUEUE = 64, RIG_TASKS = 40 };

static const sg_kind rig_rack = {.name = "load", .title = "test racks", .role = SG_LOAD};
static sg_device rig_loads[1];
static sg_node rig_nodes[1] = {{.parent = -1, .limit_w = INFINITY}};
static sg_node_group rig_node_groups[1] = {{"main", 0, 1, 1}};
static sg_group rig_groups[1] = {
    {.id = "racks", .kind = &rig_rack, .role = SG_LOAD, .first = 0, .count = 1}};
static sg_site rig_site = {.id = "urn:uuid:rig",
                           .title = "rig",
                           .path = "",
                           .currency = "EUR",
                           .mode = SG_CONTROL,
                           .nodes = rig_nodes,
                           .node_count = 1,
                           .node_groups = rig_node_groups,
                           .node_group_count = 1,
                           .devices = {NULL, NULL, rig_loads, NULL},
                           .device_count = {0, 0, 1, 0},
                           .groups = rig_groups,
                           .group_count = 1};

static struct rig {
    pthread_t loop;
    pthread_mutex_t mutex;
    sg_view live, shown;
    atomic_bool stop;
    sg_request queue[RIG_QUEUE];
    uint64_t tickets[RIG_QUEUE];
    int queued;
    char log[4096]; /* every line */
    sg_serve *server;
    char dir[64], tokens[96];
} rig;

static const sg_view *rig_view(void *self)
{
    (void)self;
    pthread_mutex_lock(&rig.mutex);
    rig.shown = rig.live;
    pthread_mutex_unlock(&rig.mutex);
    return &rig.shown;
}

static bool rig_submit(void *self, const sg_request *request, uint64_t ticket)
{
    (void)self;
    pthread_mutex_lock(&rig.mutex);
    bool room = rig.queued < RIG_QUEUE;
    if (room) {
        rig.queue[rig.queued] = *request;
        rig.tickets[rig.queued++] = ticket;
    }
    pthread_mutex_unlock(&rig.mutex);
    return room;
}

static void rig_log(void *self, const char *line)
{
    (void)self;
    size_t used = strlen(rig.log);
    snprintf(rig.log + used, sizeof rig.log - used, "%s\n", line);
}

/* Newest first, as the engine's view has them; the oldest is forgotten. */
static sg_reply rig_decide(const sg_request *request)
{
    for (int i = 0; i < rig.live.task_count; i++) {
        sg_task *task = &rig.live.task[i];
        if (strcmp(task->request.task_id, request->task_id) != 0) {
            continue;
        }
        if (request->kind == SG_REQUEST_WITHDRAW) {
            task->state = SG_TASK_WITHDRAWN;
            return (sg_reply){.task = i};
        }
        bool same = task->request.power_w == request->power_w;
        return (sg_reply){.task = same ? i : -1, .conflict = !same};
    }
    if (request->kind == SG_REQUEST_WITHDRAW) {
        return (sg_reply){.task = -1};
    }
    int count = rig.live.task_count < RIG_TASKS ? rig.live.task_count : RIG_TASKS - 1;
    memmove(&rig.live.task[1], &rig.live.task[0], (size_t)count * sizeof rig.live.task[0]);
    rig.live.task[0] = (sg_task){.request = *request,
                                 .state = SG_TASK_GRANTED,
                                 .reason = SG_REASON_FITS,
                                 .received_us = rig.live.time_us,
                                 .granted_us = rig.live.time_us};
    rig.live.task_count = count + 1;
    return (sg_reply){.task = 0};
}

static void *rig_loop(void *argument)
{
    (void)argument;
    while (!atomic_load(&rig.stop)) {
        struct {
            uint64_t ticket;
            sg_reply reply;
            sg_task task;
        } answers[RIG_QUEUE];
        int count = 0;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        pthread_mutex_lock(&rig.mutex);
        rig.live.tick++;
        rig.live.time_us += 1000;
        for (; count < rig.queued; count++) {
            answers[count].ticket = rig.tickets[count];
            answers[count].reply = rig_decide(&rig.queue[count]);
            if (answers[count].reply.task >= 0) {
                answers[count].task = rig.live.task[answers[count].reply.task];
            }
        }
        rig.queued = 0;
        pthread_mutex_unlock(&rig.mutex);
        for (int i = 0; i < count; i++) {
            sg_serve_answer(rig.server, answers[i].ticket, &answers[i].reply,
                            answers[i].reply.task >= 0 ? &answers[i].task : NULL, true);
        }
        sg_serve_tick(rig.server);
    }
    return NULL;
}

static sg_serve_config rig_config(void)
{
    return (sg_serve_config){.listen = "127.0.0.1:0",
                             .data_dir = rig.dir,
                             .tokens = rig.tokens,
                             .version = "9.9",
                             .site = &rig_site,
                             .view = rig_view,
                             .submit = rig_submit,
                             .log = rig_log};
}

static void rig_folder(void)
{
    memset(&rig, 0, sizeof rig);
    pthread_mutex_init(&rig.mutex, NULL);
    rig.live = (sg_view){.time_us = INT64_C(1688169600000000),
                         .tick = 1,
                         .group_count = 1,
                         .node_count = 1,
                         .node_count_all = 1,
                         .plan_outcome = -1,
                         .speed = 1};
    rig.live.group[0].role = SG_LOAD;
    snprintf(rig.dir, sizeof rig.dir, "/tmp/sg-http-XXXXXX");
    if (!mkdtemp(rig.dir)) {
        abort();
    }
    snprintf(rig.tokens, sizeof rig.tokens, "%s/tokens", rig.dir);
}

/* False: the server did not start; error says why. */
static bool rig_start(const sg_serve_config *config, char error[SG_SERVE_TEXT])
{
    atomic_store(&rig.stop, false);
    if (sg_serve_start(config, &rig.server, error) != SG_OK) {
        return false;
    }
    if (pthread_create(&rig.loop, NULL, rig_loop, NULL) != 0) {
        return false;
    }
    uint64_t tick = 1;
    while (tick < 3) { /* ends: the loop steps */
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        pthread_mutex_lock(&rig.mutex);
        tick = rig.live.tick;
        pthread_mutex_unlock(&rig.mutex);
    }
    return true;
}

static void rig_stop(void)
{
    atomic_store(&rig.stop, true);
    pthread_join(rig.loop, NULL);
    sg_serve_stop(rig.server);
    rig.server = NULL;
}

static void rig_clean(void)
{
    static const char *const files[] = {"tokens", "audit.jsonl", "telemetry.db", "cert.pem",
                                        "key.pem"};
    char path[160];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", rig.dir, files[i]);
        unlink(path);
    }
    rmdir(rig.dir);
}

static int rig_dial(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((in_port_t)sg_serve_port(rig.server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = 12};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0 ? fd : -1;
}

enum { RIG_ANSWER = 1 << 20 };

typedef struct rig_answer {
    int status; /* 0: the connection closed without one */
    size_t length;
    char *body;            /* inside text */
    char text[RIG_ANSWER]; /* head and body */
} rig_answer;

/* One request that asks for the closing of the connection. The answer is valid until the next call. */
static const rig_answer *rig_send(const char *request, size_t length)
{
    static rig_answer got;
    got.status = 0;
    got.length = 0;
    int fd = rig_dial();
    if (fd >= 0 && send(fd, request, length, MSG_NOSIGNAL) == (ssize_t)length) {
        ssize_t part;
        while (got.length < RIG_ANSWER - 1 &&
               (part = recv(fd, got.text + got.length, RIG_ANSWER - 1 - got.length, 0)) > 0) {
            got.length += (size_t)part;
        }
    }
    close(fd);
    got.text[got.length] = '\0';
    char *end = strstr(got.text, "\r\n\r\n");
    got.status = end ? atoi(got.text + 9) : 0;
    got.body = end ? end + 4 : got.text + got.length;
    return &got;
}

/* `headers` are whole lines with their ends; body NULL: none. */
static const rig_answer *rig_ask(const char *method, const char *target, const char *headers,
                                 const char *body)
{
    static char request[65536];
    int length = snprintf(request, sizeof request,
                          "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s", method,
                          target, headers);
    if (body) {
        length += snprintf(request + length, sizeof request - (size_t)length,
                           "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                           strlen(body), body);
    } else {
        length += snprintf(request + length, sizeof request - (size_t)length, "\r\n");
    }
    return rig_send(request, (size_t)length);
}
#endif
