#include "base/clock.h"
#include "serve/http.h"

#include <stdio.h>
#include <string.h>

static const sg_task *task_named(const sg_view *view, const char *task_id)
{
    for (int i = 0; view && i < view->task_count && i < SG_TASK_MAX; i++) {
        if (strncmp(view->task[i].request.task_id, task_id, SG_ID_MAX) == 0) {
            return &view->task[i];
        }
    }
    return NULL;
}

/* Give the request to the loop and set the connection aside until the loop has answered. */
static enum MHD_Result submit(sg_http_request *request, const sg_request *wanted)
{
    sg_serve *self = request->serve;
    const sg_view *view = sg_http_view(self);
    int slot = 0;
    if (!view || atomic_load(&self->stop)) {
        return sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "not-ready", "Not ready",
                               view ? "the program is stopping" : "the first step is not done",
                               NULL, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    }
    if (view->journal_degraded) {
        return sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "journal",
                               "Nothing can be acknowledged", "the journal cannot be written", NULL,
                               MHD_HTTP_HEADER_RETRY_AFTER, "10");
    }
    while (slot < SG_HTTP_PENDING && self->pending[slot]) {
        slot++;
    }
    request->ticket = ++self->next_ticket;
    if (slot == SG_HTTP_PENDING ||
        !self->config.submit(self->config.host, wanted, request->ticket)) {
        return sg_http_problem(
            request, MHD_HTTP_SERVICE_UNAVAILABLE, "queue", "Too many requests under way",
            "the queue to the control loop is full", NULL, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    }
    const sg_task *known = task_named(view, wanted->task_id);
    if (known) {
        sg_document_task(known, NULL, &request->before);
    }
    self->pending[slot] = request;
    request->phase = SG_HTTP_WAITING;
    request->deadline_ms = sg_clock_ms() + SG_HTTP_ANSWER_MS;
    MHD_suspend_connection(request->connection);
    return MHD_YES;
}

enum MHD_Result sg_http_allocate(sg_http_request *request)
{
    sg_request wanted;
    sg_body_error error;
    if (sg_body_allocate(request->body ? request->body : "", request->length, &wanted, &error) !=
        SG_OK) {
        return sg_http_problem(request, MHD_HTTP_BAD_REQUEST, error.slug,
                               "The body is not a request for power", NULL, &error, NULL, NULL);
    }
    return submit(request, &wanted);
}

enum MHD_Result sg_http_withdraw(sg_http_request *request)
{
    sg_request wanted = {.kind = SG_REQUEST_WITHDRAW};
    sg_text_copy(wanted.task_id, sizeof wanted.task_id, request->item);
    return submit(request, &wanted);
}

static enum MHD_Result unknown_task(sg_http_request *request)
{
    return sg_http_problem(request, MHD_HTTP_NOT_FOUND, "unknown-task", "There is no such task",
                           "no task of that task_id is remembered", NULL, NULL, NULL);
}

enum MHD_Result sg_http_allocate_finish(sg_http_request *request)
{
    sg_out out = {0};
    if (request->phase == SG_HTTP_LATE) {
        return sg_http_problem(request, MHD_HTTP_GATEWAY_TIMEOUT, "no-answer",
                               "The control loop did not answer",
                               "no answer within 5 s; the request may still take effect, ask again "
                               "with the same task_id",
                               NULL, NULL, NULL);
    }
    if (!request->durable) {
        return sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "journal",
                               "Nothing can be acknowledged",
                               "the journal could not be written; ask again with the same task_id",
                               NULL, MHD_HTTP_HEADER_RETRY_AFTER, "10");
    }
    if (request->reply.conflict == 1) {
        return sg_http_problem(request, MHD_HTTP_CONFLICT, "task-conflict", "The task_id is taken",
                               "/task_id: a task of that task_id is known with other content", NULL,
                               NULL, NULL);
    }
    if (request->reply.conflict == 2) {
        return sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "task-table",
                               "Too many tasks",
                               "the table of tasks is full of tasks that have not ended", NULL,
                               MHD_HTTP_HEADER_RETRY_AFTER, "60");
    }
    if (request->reply.task < 0) {
        return unknown_task(request);
    }
    bool queued =
        request->task.state == SG_TASK_QUEUED && strcmp(request->method, MHD_HTTP_METHOD_POST) == 0;
    sg_document_task(&request->task, NULL, &out);
    return sg_http_reply(request, queued ? MHD_HTTP_ACCEPTED : MHD_HTTP_OK, "application/json",
                         &out, NULL, NULL);
}

enum MHD_Result sg_http_task_list(sg_http_request *request)
{
    const sg_view *view = sg_http_view(request->serve);
    sg_http_page page;
    enum MHD_Result result;
    if (!sg_http_page_read(request, SG_TASK_MAX, &page, &result)) {
        return result;
    }
    const sg_task *last = page.after[0] ? task_named(view, page.after) : NULL;
    if (page.after[0] && !last) {
        return sg_http_problem(request, MHD_HTTP_BAD_REQUEST, "parameter",
                               "The query is not understood",
                               "after: no task of that task_id is remembered", NULL, NULL, NULL);
    }
    sg_out out = {0};
    double granted_w = 0; /* promised, which is more than is drawn while supply is short */
    int count = view ? view->task_count : 0, listed = 0;
    count = count < SG_TASK_MAX ? count : SG_TASK_MAX;
    for (int i = 0; i < count; i++) {
        bool granted = view->task[i].state == SG_TASK_GRANTED;
        granted_w += granted ? view->task[i].request.power_w : 0;
    }
    sg_json_begin(&out, NULL, '{');
    sg_json_fixed(&out, "granted_kw", granted_w / 1e3, 4);
    sg_json_begin(&out, "tasks", '[');
    const char *next = NULL, *shown = NULL;
    for (int i = last ? (int)(last - view->task) + 1 : 0; i < count && !next; i++) {
        const sg_task *task = &view->task[i];
        if (task->received_us < page.from_us || task->received_us >= page.to_us) {
            continue;
        }
        if (listed++ == page.limit) {
            next = shown;
            break;
        }
        shown = task->request.task_id;
        sg_document_task(task, NULL, &out);
    }
    sg_json_end(&out, ']');
    sg_json_text(&out, "next", next);
    sg_json_end(&out, '}');
    return sg_http_reply(request, MHD_HTTP_OK, "application/json", &out, NULL, NULL);
}

enum MHD_Result sg_http_task(sg_http_request *request)
{
    const sg_task *task = task_named(sg_http_view(request->serve), request->item);
    sg_out out = {0};
    if (!task) {
        return unknown_task(request);
    }
    sg_document_task(task, NULL, &out);
    return sg_http_reply(request, MHD_HTTP_OK, "application/json", &out, NULL, NULL);
}

static void settle(sg_serve *self, int slot, sg_http_phase phase)
{
    sg_http_request *request = self->pending[slot];
    self->pending[slot] = NULL;
    request->phase = phase;
    MHD_resume_connection(request->connection);
}

void sg_http_allocate_poll(sg_serve *self, int64_t now_ms)
{
    sg_http_answer answer;
    while (sg_ring_pop(&self->answers, &answer)) {
        for (int slot = 0; slot < SG_HTTP_PENDING; slot++) {
            sg_http_request *request = self->pending[slot];
            if (request && request->ticket == answer.ticket) {
                request->reply = answer.reply;
                request->task = answer.task;
                request->durable = answer.durable;
                settle(self, slot, SG_HTTP_ANSWERED);
                break;
            }
        }
    }
    bool stop = atomic_load(&self->stop);
    for (int slot = 0; slot < SG_HTTP_PENDING; slot++) {
        if (self->pending[slot] && (stop || now_ms >= self->pending[slot]->deadline_ms)) {
            settle(self, slot, SG_HTTP_LATE);
        }
    }
}

void sg_http_allocate_forget(sg_http_request *request)
{
    for (int slot = 0; slot < SG_HTTP_PENDING; slot++) {
        if (request->serve->pending[slot] == request) {
            request->serve->pending[slot] = NULL;
        }
    }
}
