/* GET /energy/explain?at=TIME&device=ID: one moment of the past, from the journal, on the query thread. */
#include "base/time.h"
#include "serve/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sg_status wrong(sg_body_error *error, const char *slug, const char *detail)
{
    *error = (sg_body_error){.slug = slug, .byte = -1};
    snprintf(error->detail, sizeof error->detail, "%.300s", detail);
    return SG_FORMAT;
}

/* One `name=value` of the query. */
static sg_status read_pair(const char *pair, char at[64], char device[SG_ID_MAX],
                           sg_body_error *error)
{
    size_t length;
    bool is_at = strncmp(pair, "at=", 3) == 0, is_device = strncmp(pair, "device=", 7) == 0;
    char *into = is_at ? at : device;
    if (!is_at && !is_device) {
        return wrong(error, "unknown-parameter", "the query parameters here are at and device");
    }
    if (into[0]) {
        return wrong(error, "parameter",
                     is_at ? "the query parameter at is there twice"
                           : "the query parameter device is there twice");
    }
    return sg_uri_value(pair, is_at ? "at" : "device", into, is_at ? 64 : SG_ID_MAX, &length,
                        error);
}

static sg_status read_query(const char *query, sg_http_job *job, sg_body_error *error)
{
    char pair[512], at[64] = "";
    sg_status status = SG_OK;
    while (*query && status == SG_OK) {
        size_t length = strcspn(query, "&");
        if (length >= sizeof pair) {
            return wrong(error, "parameter", "a query parameter is too long");
        }
        memcpy(pair, query, length);
        pair[length] = '\0';
        status = length > 0 ? read_pair(pair, at, job->device, error) : SG_OK;
        query += length + (query[length] == '&');
    }
    job->at_us = INT64_MAX;
    if (status == SG_OK && at[0] && sg_time_parse(at, strlen(at), &job->at_us) != SG_OK) {
        status = wrong(error, "parameter",
                       "at: expected a time such as 2026-01-31T12:00:00Z (a + is written %2B)");
    }
    return status;
}

enum MHD_Result sg_http_explain(sg_http_request *request)
{
    sg_serve *self = request->serve;
    const sg_view *view = sg_http_view(self);
    sg_body_error error;
    if (!self->config.explain || !self->config.data_dir) {
        return sg_http_problem(
            request, MHD_HTTP_SERVICE_UNAVAILABLE, "no-store", "There is no journal",
            "the program was started without a data directory", NULL, NULL, NULL);
    }
    sg_http_job *job = calloc(1, sizeof *job);
    if (!job) {
        return MHD_NO;
    }
    if (read_query(request->query, job, &error) != SG_OK) {
        free(job);
        return sg_http_problem(request, MHD_HTTP_BAD_REQUEST, error.slug,
                               "The query is not understood", NULL, &error, NULL, NULL);
    }
    job->site = sg_http_site(self, view);
    return sg_http_ask_queue(request, job);
}

void sg_http_explain_work(sg_serve *self, sg_http_job *job)
{
    char text[SG_SERVE_TEXT] = "";
    job->status = self->config.explain(self->config.host, job->site, job->device, job->at_us,
                                       &self->stop, &job->out, text);
    snprintf(job->error.text, sizeof job->error.text, "%s", text);
}

enum MHD_Result sg_http_explain_finish(sg_http_request *request, sg_http_job *job)
{
    bool theirs = job->status == SG_FORMAT, gone = job->status == SG_MISSING;
    if (job->status == SG_OK) {
        return sg_http_reply(request, MHD_HTTP_OK, "application/json", &job->out, NULL, NULL);
    }
    return sg_http_problem(request,
                           theirs ? MHD_HTTP_BAD_REQUEST
                           : gone ? MHD_HTTP_NOT_FOUND
                                  : MHD_HTTP_SERVICE_UNAVAILABLE,
                           theirs ? "parameter"
                           : gone ? "no-moment"
                                  : "no-store",
                           theirs ? "The query is not understood"
                           : gone ? "The journal does not know this moment"
                                  : "The journal cannot be read",
                           job->error.text, NULL, NULL, NULL);
}
