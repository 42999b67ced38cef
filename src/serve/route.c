#include "serve/assets.h"
#include "serve/http.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef enum route {
    ROUTE_NONE,
    ROUTE_HEALTH,
    ROUTE_READY,
    ROUTE_METRICS,
    ROUTE_TELEMETRY,
    ROUTE_PLAN,
    ROUTE_RACKS,
    ROUTE_ALLOCATE,
    ROUTE_TASK,
    ROUTE_ALARMS,
    ROUTE_ALARM,
    ROUTE_QUERY,
    ROUTE_DRAFT,
    ROUTE_EXPLAIN,
    ROUTE_ASSET
} route;

static const struct {
    const char *path;
    route route;
    const char *allow;
} routes[] = {{"/healthz", ROUTE_HEALTH, "GET, HEAD, OPTIONS"},
              {"/readyz", ROUTE_READY, "GET, HEAD, OPTIONS"},
              {"/metrics", ROUTE_METRICS, "GET, HEAD, OPTIONS"},
              {"/energy/telemetry", ROUTE_TELEMETRY, "GET, HEAD, OPTIONS"},
              {"/energy/plan", ROUTE_PLAN, "GET, HEAD, OPTIONS"},
              {"/energy/racks", ROUTE_RACKS, "GET, HEAD, OPTIONS"},
              {"/energy/allocate", ROUTE_ALLOCATE, "GET, HEAD, POST, OPTIONS"},
              {"/energy/alarms", ROUTE_ALARMS, "GET, HEAD, OPTIONS"},
              {"/energy/query", ROUTE_QUERY, "GET, HEAD, OPTIONS"},
              {"/energy/explain", ROUTE_EXPLAIN, "GET, HEAD, OPTIONS"},
              {"/energy/site-draft", ROUTE_DRAFT, "POST, OPTIONS"}};

static const char task_prefix[] = "/energy/allocate/";
static const char alarm_prefix[] = "/energy/alarms/";

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
    {"/style.css", "text/css; charset=utf-8", sg_asset_style_css, sg_asset_style_css_end},
    {"/setup.html", "text/html; charset=utf-8", sg_asset_setup_html, sg_asset_setup_html_end},
    {"/setup.js", "text/javascript; charset=utf-8", sg_asset_setup_js, sg_asset_setup_js_end},
    {"/favicon.svg", "image/svg+xml", sg_asset_favicon_svg, sg_asset_favicon_svg_end},
    {"/openapi.json", "application/json", sg_asset_openapi_json, sg_asset_openapi_json_end}};

static route route_of(const char *path, const char **ret_allow, const sg_asset **ret_asset)
{
    *ret_allow = "GET, HEAD, OPTIONS";
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strcmp(path, routes[i].path) == 0) {
            *ret_allow = routes[i].allow;
            return routes[i].route;
        }
    }
    for (size_t i = 0; i < sizeof assets / sizeof assets[0]; i++) {
        if (strcmp(path, assets[i].path) == 0) {
            *ret_asset = &assets[i];
            return ROUTE_ASSET;
        }
    }
    if (strncmp(path, task_prefix, sizeof task_prefix - 1) == 0 &&
        sg_text_is_id(path + sizeof task_prefix - 1)) {
        *ret_allow = "GET, HEAD, DELETE, OPTIONS";
        return ROUTE_TASK;
    }
    if (strncmp(path, alarm_prefix, sizeof alarm_prefix - 1) == 0 &&
        sg_http_alarm_id(path + sizeof alarm_prefix - 1)) {
        *ret_allow = "GET, HEAD, POST, OPTIONS";
        return ROUTE_ALARM;
    }
    return ROUTE_NONE;
}

static enum MHD_Result health(sg_http_request *request)
{
    sg_serve *self = request->serve;
    sg_out out = {0};
    sg_json_begin(&out, NULL, '{');
    sg_json_text(&out, "status", "ok");
    sg_json_text(&out, "version", self->counters.version);
    sg_json_fixed(&out, "uptime_s", (double)(sg_http_clock_ms() - self->started_ms) / 1e3, 3);
    sg_json_end(&out, '}');
    return sg_http_reply(request, MHD_HTTP_OK, "application/json", &out, NULL, NULL);
}

static enum MHD_Result ready(sg_http_request *request)
{
    sg_serve *self = request->serve;
    const sg_view *view = sg_http_view(self);
    int64_t ticked_ms = atomic_load(&self->ticked_ms);
    double fresh_s = self->config.fresh_s > 0 ? self->config.fresh_s : 2.0;
    double age_s = (double)(sg_http_clock_ms() - ticked_ms) / 1e3;
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
    size_t length;
    if (accept && strcasestr(accept, "text/event-stream") &&
        strcmp(request->method, MHD_HTTP_METHOD_GET) == 0) {
        return sg_http_stream_open(request);
    }
    if (!view) {
        return not_ready(request);
    }
    sg_out out = {0};
    const char *text = sg_http_document(request->serve, view, &length);
    sg_out_bytes(&out, text, length);
    return sg_http_reply(request, MHD_HTTP_OK, "application/json", &out, NULL, NULL);
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

static bool allows(const char *allow, const char *method)
{
    size_t length = strlen(method);
    for (const char *at = allow; (at = strstr(at, method)); at += length) {
        if ((at == allow || at[-1] == ' ') && (at[length] == ',' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static enum MHD_Result no_parameters(sg_http_request *request)
{
    return sg_http_problem(request, MHD_HTTP_BAD_REQUEST, "unknown-parameter",
                           "The query is not understood", "this resource takes no query parameters",
                           NULL, NULL, NULL);
}

/* A body of JSON, and what is to be done with it. */
static enum MHD_Result post(sg_http_request *request, enum MHD_Result (*take)(sg_http_request *))
{
    const char *type = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                   MHD_HTTP_HEADER_CONTENT_TYPE);
    size_t length = type ? strcspn(type, "; \t") : 0;
    const char *charset = type ? strcasestr(type + length, "charset=") : NULL;
    if (length != 16 || strncasecmp(type, "application/json", 16) != 0 ||
        (charset && strncasecmp(charset + 8 + (charset[8] == '"'), "utf-8", 5) != 0)) {
        return sg_http_problem(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "media-type",
                               "The body is not JSON", "expected Content-Type: application/json",
                               NULL, "Accept", "application/json");
    }
    if (request->received > SG_BODY_MAX) {
        return sg_http_problem(request, MHD_HTTP_CONTENT_TOO_LARGE, "too-large",
                               "The body is too large", "the body has more than 16384 bytes", NULL,
                               MHD_HTTP_HEADER_CONNECTION, "close");
    }
    return take(request);
}

/* The whole request is here: answer it, or set it aside until somebody else has done their part. */
static enum MHD_Result dispatch(sg_http_request *request)
{
    const char *allow;
    const sg_asset *asset = NULL;
    route found = route_of(request->path, &allow, &asset);
    if (found == ROUTE_NONE) {
        return sg_http_problem(request, MHD_HTTP_NOT_FOUND, "not-found",
                               "There is no such resource", "see /openapi.json for what there is",
                               NULL, NULL, NULL);
    }
    if (!allows(allow, request->method)) {
        return sg_http_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, "method",
                               "The method is not allowed here", allow, NULL, MHD_HTTP_HEADER_ALLOW,
                               allow);
    }
    if (strcmp(request->method, MHD_HTTP_METHOD_OPTIONS) == 0) {
        return sg_http_reply(request, MHD_HTTP_NO_CONTENT, NULL, NULL, MHD_HTTP_HEADER_ALLOW,
                             allow);
    }
    if (found != ROUTE_QUERY && found != ROUTE_EXPLAIN && found != ROUTE_ALARMS && found != ROUTE_ASSET &&
        request->query[0]) {
        return no_parameters(request);
    }
    bool posts = strcmp(request->method, MHD_HTTP_METHOD_POST) == 0;
    bool deletes = strcmp(request->method, MHD_HTTP_METHOD_DELETE) == 0;
    switch (found) {
    case ROUTE_HEALTH:
        return health(request);
    case ROUTE_READY:
        return ready(request);
    case ROUTE_METRICS:
        return metrics(request);
    case ROUTE_TELEMETRY:
        return telemetry(request);
    case ROUTE_PLAN:
        return plan(request);
    case ROUTE_RACKS:
        return sg_http_racks(request);
    case ROUTE_ALLOCATE:
        return posts ? post(request, sg_http_allocate) : sg_http_task_list(request);
    case ROUTE_TASK:
        return deletes ? sg_http_withdraw(request, request->path + sizeof task_prefix - 1)
                       : sg_http_task(request, request->path + sizeof task_prefix - 1);
    case ROUTE_ALARMS:
        return sg_http_alarm_list(request);
    case ROUTE_ALARM:
        return posts ? post(request, sg_http_alarm_act)
                     : sg_http_alarm(request, request->path + sizeof alarm_prefix - 1);
    case ROUTE_QUERY:
        return sg_http_ask(request);
    case ROUTE_EXPLAIN:
        return sg_http_explain(request);
    case ROUTE_DRAFT:
        return post(request, sg_http_draft);
    default:
        return send_asset(request, asset);
    }
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
    if (request->received > SG_BODY_MAX) {
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
        enum MHD_Result result;
        request->seen = true;
        request->method = method;
        return sg_http_guard(request, version, &result) ? MHD_YES : result;
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
        record->since_ms = sg_http_clock_ms();
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
        record->since_ms = sg_http_clock_ms();
    }
    if (request) {
        sg_http_allocate_forget(request);
        sg_http_ask_forget(request);
        free(request->uri);
        free(request->body);
        free(request);
    }
    *context = NULL;
}
