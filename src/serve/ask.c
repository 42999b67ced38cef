#include "serve/audit_log.h"
#include "serve/http.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void job_free(sg_http_job *job)
{
    sg_out_free(&job->out);
    free(job->sql);
    free(job);
}

static void *work(void *argument)
{
    sg_serve *self = argument;
    sg_worker_lock(&self->worker);
    for (;;) { /* ends: when told to */
        while (!self->jobs_waiting && !self->worker.ending && !self->audit_due && !self->pair_due) {
            sg_worker_wait(&self->worker, INFINITY);
        }
        if (self->audit_due) {
            self->audit_due = false;
            sg_worker_unlock(&self->worker);
            sg_audit_sync(self->config.data_dir);
            sg_worker_lock(&self->worker);
            continue;
        }
        if (self->worker.ending) {
            break;
        }
        if (self->pair_due) {
            self->pair_due = false;
            sg_worker_unlock(&self->worker);
            sg_http_tls_work(self);
            sg_worker_lock(&self->worker);
            continue;
        }
        sg_http_job *job = self->jobs_waiting;
        self->jobs_waiting = job->next;
        sg_worker_unlock(&self->worker);
        if (job->sql) {
            sg_query_answer answer;
            job->status = sg_query_run(self->config.data_dir, job->sql, job->length, SG_QUERY_JSON,
                                       NULL, &job->out, &answer, &job->error);
        } else {
            sg_http_explain_work(self, job);
        }
        sg_worker_lock(&self->worker);
        job->next = self->jobs_done;
        self->jobs_done = job;
        sg_http_wake(self);
    }
    sg_worker_unlock(&self->worker);
    return NULL;
}

sg_status sg_http_ask_start(sg_serve *self)
{
    self->working = sg_worker_start(&self->worker, "sg-query", work, self);
    return self->working ? SG_OK : SG_NOMEM;
}

enum MHD_Result sg_http_ask(sg_http_request *request)
{
    sg_serve *self = request->serve;
    sg_body_error error;
    size_t length;
    if (!self->config.data_dir) {
        return sg_http_problem(
            request, MHD_HTTP_SERVICE_UNAVAILABLE, "no-store", "There is no telemetry store",
            "the program was started without a data directory", NULL, NULL, NULL);
    }
    sg_http_job *job = calloc(1, sizeof *job);
    char *sql = malloc(SG_HTTP_MEMORY);
    if (!job || !sql) {
        free(job);
        free(sql);
        return MHD_NO;
    }
    job->sql = sql;
    if (sg_uri_value(request->query, "sql", sql, SG_HTTP_MEMORY, &length, &error) != SG_OK) {
        job_free(job);
        return sg_http_problem(request, MHD_HTTP_BAD_REQUEST, error.slug,
                               "The query is not understood", NULL, &error, NULL, NULL);
    }
    job->length = length;
    return sg_http_ask_queue(request, job);
}

enum MHD_Result sg_http_ask_queue(sg_http_request *request, sg_http_job *job)
{
    sg_serve *self = request->serve;
    if (self->job_count >= SG_HTTP_JOBS || atomic_load(&self->stop)) {
        job_free(job);
        return sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "queue",
                               "Too many queries under way", "eight queries are waiting already",
                               NULL, MHD_HTTP_HEADER_RETRY_AFTER, "2");
    }
    job->request = request;
    request->job = job;
    request->phase = SG_HTTP_WAITING;
    self->job_count++;
    sg_worker_lock(&self->worker);
    sg_http_job **last = &self->jobs_waiting;
    while (*last) {
        last = &(*last)->next;
    }
    *last = job;
    sg_worker_wake(&self->worker);
    MHD_suspend_connection(request->connection);
    sg_worker_unlock(&self->worker);
    return MHD_YES;
}

enum MHD_Result sg_http_ask_finish(sg_http_request *request)
{
    sg_http_job *job = request->job;
    enum MHD_Result result;
    request->job = NULL;
    if (request->phase == SG_HTTP_LATE) {
        result =
            sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "stopping",
                            "The program is stopping", "the query was not run", NULL, NULL, NULL);
    } else if (!job->sql) {
        result = sg_http_explain_finish(request, job);
    } else if (job->status == SG_OK) {
        result = sg_http_reply(request, MHD_HTTP_OK, "application/json", &job->out, NULL, NULL);
    } else {
        bool theirs = job->status == SG_FORMAT || job->status == SG_FULL || job->status == SG_RANGE;
        sg_body_error error = {.byte = job->error.position};
        int lead = job->error.position >= 0 ? snprintf(error.detail, sizeof error.detail,
                                                       "byte %d: ", job->error.position)
                                            : 0;
        snprintf(error.detail + lead, sizeof error.detail - (size_t)lead, "%.280s",
                 job->error.text);
        result = sg_http_problem(
            request, theirs ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_SERVICE_UNAVAILABLE,
            theirs ? "sql" : "no-store",
            theirs ? "The question is not understood" : "The telemetry cannot be read", NULL,
            &error, NULL, NULL);
    }
    job_free(job);
    return result;
}

static void hand_back(sg_serve *self, sg_http_job *job, sg_http_phase phase)
{
    self->job_count--;
    if (!job->request) { /* the client has gone */
        job_free(job);
        return;
    }
    job->request->phase = phase;
    MHD_resume_connection(job->request->connection);
}

static void hand_back_all(sg_serve *self, sg_http_job *first, sg_http_phase phase)
{
    for (sg_http_job *next; first; first = next) {
        next = first->next;
        hand_back(self, first, phase);
    }
}

void sg_http_ask_poll(sg_serve *self)
{
    sg_worker_lock(&self->worker);
    sg_http_job *done = self->jobs_done;
    self->jobs_done = NULL;
    sg_worker_unlock(&self->worker);
    hand_back_all(self, done, SG_HTTP_ANSWERED);
}

void sg_http_ask_forget(sg_http_request *request)
{
    sg_http_job *job = request->job;
    if (!job) {
        return;
    }
    request->job = NULL;
    if (request->phase == SG_HTTP_WAITING) {
        job->request = NULL; /* the worker still has it; hand_back releases it */
    } else {
        job_free(job);
    }
}

void sg_http_ask_stop(sg_serve *self)
{
    if (!self->working) {
        return;
    }
    sg_worker_end(&self->worker);
    self->working = false;
    hand_back_all(self, self->jobs_done, SG_HTTP_ANSWERED);
    hand_back_all(self, self->jobs_waiting, SG_HTTP_LATE);
    self->jobs_done = self->jobs_waiting = NULL;
}
