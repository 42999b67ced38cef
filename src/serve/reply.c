#include "serve/http.h"

#include <stdio.h>

void sg_http_common_headers(struct MHD_Response *response)
{
    static const char *const headers[][2] = {
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Content-Security-Policy",
         "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"}};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        MHD_add_response_header(response, headers[i][0], headers[i][1]);
    }
}

enum MHD_Result sg_http_reply(sg_http_request *request, unsigned status, const char *type,
                              sg_out *body, const char *header, const char *value)
{
    bool failed = body && body->failed;
    size_t length = body && body->text && !failed ? body->length : 0;
    struct MHD_Response *response;
    sg_http_audit(request, status, body);
    if (length) {
        response = MHD_create_response_from_buffer(length, body->text, MHD_RESPMEM_MUST_FREE);
        if (response) {
            *body = (sg_out){0};
        }
    } else {
        response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    }
    if (body) {
        sg_out_free(body);
    }
    if (!response) {
        return MHD_NO;
    }
    status = failed ? MHD_HTTP_INTERNAL_SERVER_ERROR : status;
    sg_http_common_headers(response);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (type && length) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    }
    if (header) {
        MHD_add_response_header(response, header, value);
    }
    enum MHD_Result result = MHD_queue_response(request->connection, status, response);
    MHD_destroy_response(response);
    request->replied = true;
    if (status / 100 < 6) {
        request->serve->counters.requests[status / 100]++;
    }
    return result;
}

enum MHD_Result sg_http_reply_telemetry(sg_http_request *request, const sg_view *view)
{
    sg_serve *self = request->serve;
    if (!self->answer || self->answer_tick != view->tick) {
        union {
            const char *from;
            void *to;
        } text = {.to = NULL};
        size_t length;
        text.from = sg_http_document(self, view, &length);
        struct MHD_Response *made =
            MHD_create_response_from_buffer(length, text.to, MHD_RESPMEM_MUST_COPY);
        if (!made || length == 0) {
            if (made) {
                MHD_destroy_response(made);
            }
            return MHD_NO;
        }
        if (self->answer) {
            MHD_destroy_response(self->answer); /* lives on while somebody is being sent it */
        }
        self->answer = made;
        self->answer_tick = view->tick;
        sg_http_common_headers(made);
        MHD_add_response_header(made, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
        MHD_add_response_header(made, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    }
    request->replied = true;
    self->counters.requests[2]++;
    return MHD_queue_response(request->connection, MHD_HTTP_OK, self->answer);
}

enum MHD_Result sg_http_problem(sg_http_request *request, unsigned status, const char *slug,
                                const char *title, const char *detail, const sg_body_error *error,
                                const char *header, const char *value)
{
    sg_out out = {0};
    sg_json_begin(&out, NULL, '{');
    char type[80];
    snprintf(type, sizeof type, "urn:symgrid:problem:%s", slug);
    sg_json_text(&out, "type", type);
    sg_json_text(&out, "title", title);
    sg_json_integer(&out, "status", status);
    sg_json_text(&out, "detail", error && error->detail[0] ? error->detail : detail);
    sg_json_text(&out, "instance", request->path[0] ? request->path : NULL);
    if (error && error->byte >= 0) {
        sg_json_integer(&out, "byte", error->byte);
    } else if (error && error->pointer[0]) {
        sg_json_text(&out, "pointer", error->pointer);
    }
    sg_json_end(&out, '}');
    return sg_http_reply(request, status, "application/problem+json", &out, header, value);
}

enum MHD_Result sg_http_reply_events(sg_http_request *request, struct MHD_Response *response)
{
    sg_http_common_headers(response);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Accel-Buffering", "no");
    enum MHD_Result result = MHD_queue_response(request->connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    request->replied = true;
    request->serve->counters.requests[2]++;
    return result;
}
