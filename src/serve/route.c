#include "base/clock.h"
#include "serve/assets.h"
#include "serve/http.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static sg_http_handler health, ready, metrics, plan, telemetry;

/* Who may do what: the least role of each resource, for those who read and those who change.
 * login.c says who has which; tests/unit/test_guard.c holds every row against every role. */
static const sg_http_route routes[] = {
    /* path                read         change       parameters get  post  delete */
    {"/healthz", SG_NOBODY, SG_ADMIN, "", health, NULL, NULL, false},
    {"/readyz", SG_VIEWER, SG_ADMIN, "", ready, NULL, NULL, false},
    {"/metrics", SG_VIEWER, SG_ADMIN, "", metrics, NULL, NULL, false},
    {"/energy/telemetry", SG_VIEWER, SG_ADMIN, "", telemetry, NULL, NULL, false},
    {"/energy/plan", SG_VIEWER, SG_ADMIN, "", plan, NULL, NULL, false},
    {"/energy/allocate", SG_VIEWER, SG_OPERATOR, "limit after from to", sg_http_task_list,
     sg_http_allocate, NULL, false},
    {"/energy/allocate/", SG_VIEWER, SG_OPERATOR, "", sg_http_task, NULL, sg_http_withdraw, false},
    {"/energy/racks", SG_VIEWER, SG_ADMIN, "", sg_http_racks, NULL, NULL, false},
    {"/energy/alarms", SG_VIEWER, SG_ADMIN, "state limit", sg_http_alarm_list, NULL, NULL, false},
    {"/energy/alarms/", SG_VIEWER, SG_OPERATOR, "", sg_http_alarm, sg_http_alarm_act, NULL, false},
    {"/energy/query", SG_VIEWER, SG_ADMIN, "*", sg_http_ask, NULL, NULL, false},
    {"/energy/explain", SG_VIEWER, SG_ADMIN, "*", sg_http_explain, NULL, NULL, false},
    {"/energy/site-draft", SG_VIEWER, SG_VIEWER, "", NULL, sg_http_draft, NULL, false},
    {"/energy/rehearsal", SG_VIEWER, SG_OPERATOR, "", sg_http_rehearsal, sg_http_rehearse,
     sg_http_rehearsal_stop, false},
    {"/energy/audit", SG_ADMIN, SG_ADMIN, "limit after from to", sg_http_audit_list, NULL, NULL,
     false},
    {"/energy/session", SG_NOBODY, SG_NOBODY, "", sg_http_session_show, sg_http_session_open,
     sg_http_session_close, true},
};

static const sg_asset assets[] = {
    {"/", "text/html; charset=utf-8", sg_asset_index_html, sg_asset_index_html_end},
    {"/index.html", "text/html; charset=utf-8", sg_asset_index_html, sg_asset_index_html_end},
    {"/app.js", "text/javascript; charset=utf-8", sg_asset_app_js, sg_asset_app_js_end},
    {"/uplot.js", "text/javascript; charset=utf-8", sg_asset_uplot_js, sg_asset_uplot_js_end},
    {"/uplot.css", "text/css; charset=utf-8", sg_asset_uplot_css, sg_asset_uplot_css_end},
    {"/base.js", "text/javascript; charset=utf-8", sg_asset_base_js, sg_asset_base_js_end},
    {"/charts.js", "text/javascript; charset=utf-8", sg_asset_charts_js, sg_asset_charts_js_end},
    {"/panels.js", "text/javascript; charset=utf-8", sg_asset_panels_js, sg_asset_panels_js_end},
    {"/line.js", "text/javascript; charset=utf-8", sg_asset_line_js, sg_asset_line_js_end},
    {"/racks.js", "text/javascript; charset=utf-8", sg_asset_racks_js, sg_asset_racks_js_end},
    {"/decisions.js", "text/javascript; charset=utf-8", sg_asset_decisions_js,
     sg_asset_decisions_js_end},
    {"/alarms.js", "text/javascript; charset=utf-8", sg_asset_alarms_js, sg_asset_alarms_js_end},
    {"/login.js", "text/javascript; charset=utf-8", sg_asset_login_js, sg_asset_login_js_end},
    {"/style.css", "text/css; charset=utf-8", sg_asset_style_css, sg_asset_style_css_end},
    {"/rehearse.js", "text/javascript; charset=utf-8", sg_asset_rehearse_js,
     sg_asset_rehearse_js_end},
    {"/rehearse.css", "text/css; charset=utf-8", sg_asset_rehearse_css, sg_asset_rehearse_css_end},
    {"/setup.html", "text/html; charset=utf-8", sg_asset_setup_html, sg_asset_setup_html_end},
    {"/setup.js", "text/javascript; charset=utf-8", sg_asset_setup_js, sg_asset_setup_js_end},
    {"/favicon.svg", "image/svg+xml", sg_asset_favicon_svg, sg_asset_favicon_svg_end},
    {"/openapi.json", "application/json", sg_asset_openapi_json, sg_asset_openapi_json_end}};

const sg_http_route *sg_http_routes(size_t *ret_count)
{
    *ret_count = sizeof routes / sizeof routes[0];
    return routes;
}

const sg_http_route *sg_http_route_of(sg_http_request *request)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        size_t length = strlen(routes[i].path);
        bool prefix = routes[i].path[length - 1] == '/';
        if (prefix ? strncmp(request->path, routes[i].path, length) == 0 &&
                         sg_text_is_id(request->path + length)
                   : strcmp(request->path, routes[i].path) == 0) {
            request->item = request->path + length;
            return &routes[i];
        }
    }
    return NULL;
}

static const sg_asset *asset_of(const char *path)
{
    for (size_t i = 0; i < sizeof assets / sizeof assets[0]; i++) {
        if (strcmp(path, assets[i].path) == 0) {
            return &assets[i];
        }
    }
    return NULL;
}

static enum MHD_Result health(sg_http_request *request)
{
    sg_serve *self = request->serve;
    sg_out out = {0};
    sg_json_begin(&out, NULL, '{');
    sg_json_text(&out, "status", "ok");
    sg_json_text(&out, "version", self->counters.version);
    sg_json_fixed(&out, "uptime_s", (double)(sg_clock_ms() - self->started_ms) / 1e3, 3);
    sg_json_end(&out, '}');
    return sg_http_reply(request, MHD_HTTP_OK, "application/json", &out, NULL, NULL);
}

static enum MHD_Result ready(sg_http_request *request)
{
    sg_serve *self = request->serve;
    const sg_view *view = sg_http_view(self);
    int64_t ticked_ms = atomic_load(&self->ticked_ms);
    double fresh_s = self->config.fresh_s > 0 ? self->config.fresh_s : 2.0;
    double age_s = (double)(sg_clock_ms() - ticked_ms) / 1e3;
    char detail[96];
    if (!view || ticked_ms == 0) {
        return sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "not-ready", "Not ready",
                               "the first step is not done", NULL, MHD_HTTP_HEADER_RETRY_AFTER,
                               "1");
    }
    if (age_s > fresh_s) {
        snprintf(detail, sizeof detail, "the last step was %.1f s ago, more than %g s", age_s,
                 fresh_s);
        return sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "not-ready", "Not ready",
                               detail, NULL, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    }
    sg_out out = {0};
    sg_json_begin(&out, NULL, '{');
    sg_json_text(&out, "status", "ready");
    sg_json_integer(&out, "tick", (int64_t)view->tick);
    sg_json_fixed(&out, "age_s", age_s, 3);
    sg_json_text(&out, "journal", view->journal_degraded ? "degraded" : "ok");
    sg_json_bool(&out, "safe", view->safe != 0);
    sg_json_end(&out, '}');
    return sg_http_reply(request, MHD_HTTP_OK, "application/json", &out, NULL, NULL);
}

static enum MHD_Result metrics(sg_http_request *request)
{
    sg_serve *self = request->serve;
    sg_out out = {0};
    const sg_view *view = sg_http_view(self);
    sg_document_metrics(sg_http_site(self, view), view, &self->counters, &out);
    return sg_http_reply(request, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", &out,
                         NULL, NULL);
}

static enum MHD_Result not_ready(sg_http_request *request)
{
    return sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "not-ready", "Not ready",
                           "the first step is not done", NULL, MHD_HTTP_HEADER_RETRY_AFTER, "1");
}

static enum MHD_Result plan(sg_http_request *request)
{
    const sg_view *view = sg_http_view(request->serve);
    sg_out out = {0};
    if (!view) {
        return not_ready(request);
    }
    sg_document_plan(sg_http_site(request->serve, view), view, &out);
    return sg_http_reply(request, MHD_HTTP_OK, "application/json", &out, NULL, NULL);
}

static enum MHD_Result telemetry(sg_http_request *request)
{
    const char *accept =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    const sg_view *view = sg_http_view(request->serve);
    if (accept && strcasestr(accept, "text/event-stream") &&
        strcmp(request->method, MHD_HTTP_METHOD_GET) == 0) {
        return sg_http_stream_open(request);
    }
    if (!view) {
        return not_ready(request);
    }
    return sg_http_reply_telemetry(request, view);
}

static enum MHD_Result send_asset(sg_http_request *request, const sg_asset *asset)
{
    char tag[32];
    size_t length = (size_t)(asset->end - asset->begin);
    snprintf(tag, sizeof tag, "\"%016llx\"",
             (unsigned long long)sg_hash(SG_HASH_START, asset->begin, length));
    const char *known = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                    MHD_HTTP_HEADER_IF_NONE_MATCH);
    bool same = known && (strstr(known, tag) || strcmp(known, "*") == 0);
    union {
        const unsigned char *from;
        void *to;
    } bytes = {.from = asset->begin}; /* never written: PERSISTENT */
    struct MHD_Response *response =
        MHD_create_response_from_buffer(same ? 0 : length, bytes.to, MHD_RESPMEM_PERSISTENT);
    if (!response) {
        return MHD_NO;
    }
    sg_http_common_headers(response);
    MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, tag);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    if (!same) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, asset->type);
    }
    enum MHD_Result result = MHD_queue_response(
        request->connection, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    request->replied = true;
    request->serve->counters.requests[same ? 3 : 2]++;
    return result;
}

bool sg_http_method_is(const sg_http_request *request, const char *method)
{
    return strcmp(request->method, method) == 0;
}

/* What answers a method, NULL = not allowed here. */
static sg_http_handler *handler_of(const sg_http_request *request)
{
    const sg_http_route *route = request->route;
    return sg_http_method_is(request, MHD_HTTP_METHOD_GET) ||
                   sg_http_method_is(request, MHD_HTTP_METHOD_HEAD)
               ? route->get
           : sg_http_method_is(request, MHD_HTTP_METHOD_POST)   ? route->post
           : sg_http_method_is(request, MHD_HTTP_METHOD_DELETE) ? route->withdraw
                                                                : NULL;
}

bool sg_http_answers(const sg_http_request *request)
{
    return handler_of(request) != NULL;
}

/* The Allow header of a route; NULL: a file of the page. */
static const char *allow_of(const sg_http_route *route)
{
    static const char *const texts[2][2][2] = {
        {{"OPTIONS", "DELETE, OPTIONS"}, {"POST, OPTIONS", "POST, DELETE, OPTIONS"}},
        {{"GET, HEAD, OPTIONS", "GET, HEAD, DELETE, OPTIONS"},
         {"GET, HEAD, POST, OPTIONS", "GET, HEAD, POST, DELETE, OPTIONS"}}};
    return route ? texts[route->get != NULL][route->post != NULL][route->withdraw != NULL]
                 : texts[1][0][0];
}

static enum MHD_Result no_parameters(sg_http_request *request)
{
    return sg_http_problem(request, MHD_HTTP_BAD_REQUEST, "unknown-parameter",
                           "The query is not understood", "this resource takes no query parameters",
                           NULL, NULL, NULL);
}

/* False after it has answered: a POST whose body is no JSON, or too much of it. */
static bool body_fits(sg_http_request *request, enum MHD_Result *ret)
{
    const char *type = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                   MHD_HTTP_HEADER_CONTENT_TYPE);
    size_t length = type ? strcspn(type, "; \t") : 0;
    const char *charset = type ? strcasestr(type + length, "charset=") : NULL;
    if (length != 16 || strncasecmp(type, "application/json", 16) != 0 ||
        (charset && strncasecmp(charset + 8 + (charset[8] == '"'), "utf-8", 5) != 0)) {
        *ret = sg_http_problem(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "media-type",
                               "The body is not JSON", "expected Content-Type: application/json",
                               NULL, "Accept", "application/json");
        return false;
    }
    if (request->received > SG_BODY_MAX) {
        *ret = sg_http_problem(request, MHD_HTTP_CONTENT_TOO_LARGE, "too-large",
                               "The body is too large", "the body has more than 16384 bytes", NULL,
                               MHD_HTTP_HEADER_CONNECTION, "close");
        return false;
    }
    return true;
}

/* False after it has answered: query parameters that the resource does not know. */
static bool parameters_fit(sg_http_request *request, sg_http_handler *handler, enum MHD_Result *ret)
{
    sg_body_error error;
    const char *known = handler == request->route->get ? request->route->parameters : "";
    if (!request->query[0] || strcmp(known, "*") == 0) {
        return true;
    }
    if (!known[0]) {
        *ret = no_parameters(request);
        return false;
    }
    if (sg_uri_only(request->query, known, &error) != SG_OK) {
        *ret = sg_http_problem(request, MHD_HTTP_BAD_REQUEST, error.slug,
                               "The query is not understood", NULL, &error, NULL, NULL);
        return false;
    }
    return true;
}

/* The whole request is here: answer it, or set it aside until somebody else has done their part. */
static enum MHD_Result dispatch(sg_http_request *request)
{
    enum MHD_Result result;
    if (request->refusal != SG_HTTP_WELCOME) {
        return sg_http_refuse(request);
    }
    const sg_asset *asset = request->route ? NULL : asset_of(request->path);
    if (!request->route && !asset) {
        return sg_http_problem(request, MHD_HTTP_NOT_FOUND, "not-found",
                               "There is no such resource", "see /openapi.json for what there is",
                               NULL, NULL, NULL);
    }
    const char *allow = allow_of(request->route);
    if (sg_http_method_is(request, MHD_HTTP_METHOD_OPTIONS)) {
        return sg_http_reply(request, MHD_HTTP_NO_CONTENT, NULL, NULL, MHD_HTTP_HEADER_ALLOW,
                             allow);
    }
    bool reads = sg_http_method_is(request, MHD_HTTP_METHOD_GET) ||
                 sg_http_method_is(request, MHD_HTTP_METHOD_HEAD);
    if (asset && reads) {
        return send_asset(request, asset);
    }
    sg_http_handler *handler = asset ? NULL : handler_of(request);
    if (!handler) {
        return sg_http_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, "method",
                               "The method is not allowed here", allow, NULL, MHD_HTTP_HEADER_ALLOW,
                               allow);
    }
    if (!parameters_fit(request, handler, &result)) {
        return result;
    }
    if (handler == request->route->post && !body_fits(request, &result)) {
        return result;
    }
    if (handler == request->route->withdraw && request->received > 0) {
        return sg_http_problem(request, MHD_HTTP_BAD_REQUEST, "body", "A body is not expected here",
                               "DELETE takes no body", NULL, NULL, NULL);
    }
    return handler(request);
}

void *sg_http_request_begin(void *serve, const char *uri, struct MHD_Connection *connection)
{
    sg_http_request *request = calloc(1, sizeof *request);
    if (request) {
        request->serve = serve;
        request->connection = connection;
        request->uri = strdup(uri);
    }
    return request;
}

static sg_http_connection *record_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static bool take_upload(sg_http_request *request, const char *upload, size_t size)
{
    request->received += size;
    if (request->received > SG_HTTP_DRAIN) {
        return false;
    }
    if (request->received > SG_BODY_MAX || request->refusal != SG_HTTP_WELCOME) {
        return true; /* read and thrown away, so that the refusal can be sent */
    }
    char *more = realloc(request->body, request->received);
    if (!more) {
        return false;
    }
    memcpy(more + request->length, upload, size);
    request->body = more;
    request->length += size;
    return true;
}

/* Whether the request can be read at all, and who sends it; an answer waits for the body. */
static enum MHD_Result headers_are_here(sg_http_request *request, const char *method,
                                        const char *version)
{
    enum MHD_Result result;
    request->seen = true;
    request->method = method;
    request->version = version;
    if (!sg_http_guard(request, version, &result)) {
        return result;
    }
    sg_http_admit(request);
    return MHD_YES;
}

enum MHD_Result sg_http_handle(void *serve, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_size, void **context)
{
    sg_http_request *request = *context;
    (void)serve;
    (void)url; /* decoded by the library with less care than sg_uri_split */
    if (!request) {
        return MHD_NO;
    }
    if (!request->seen) {
        return headers_are_here(request, method, version);
    }
    if (request->replied) {
        *upload_size = 0;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        bool taken = take_upload(request, upload, *upload_size);
        *upload_size = 0;
        return taken ? MHD_YES : MHD_NO;
    }
    sg_http_connection *record = record_of(connection);
    if (record && !record->whole) {
        record->whole = true;
        record->since_ms = sg_clock_ms();
    }
    if (request->phase == SG_HTTP_READING) {
        return dispatch(request);
    }
    if (request->phase == SG_HTTP_WAITING) {
        return MHD_YES; /* woken for nothing */
    }
    return request->job ? sg_http_ask_finish(request) : sg_http_allocate_finish(request);
}

void sg_http_request_end(void *serve, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode why)
{
    sg_http_request *request = *context;
    sg_http_connection *record = record_of(connection);
    (void)serve;
    (void)why;
    if (record) {
        record->whole = record->stream = false;
        record->since_ms = sg_clock_ms();
    }
    if (request) {
        sg_http_allocate_forget(request);
        sg_http_ask_forget(request);
        sg_out_free(&request->before);
        free(request->uri);
        if (request->body) {
            explicit_bzero(request->body, request->length); /* it may have held a token */
        }
        free(request->body);
        free(request);
    }
    *context = NULL;
}
