#include "serve/audit_log.h"
#include "serve/http.h"

#include "base/time.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SG_US_PER_S + now.tv_nsec / 1000;
}

static void peer_of(const sg_http_request *request, char *ret, size_t size)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    union {
        const struct sockaddr *any;
        const struct sockaddr_in *four;
        const struct sockaddr_in6 *six;
    } at = {.any = info ? info->client_addr : NULL};
    ret[0] = '\0';
    if (at.any && at.any->sa_family == AF_INET) {
        (void)inet_ntop(AF_INET, &at.four->sin_addr, ret, (socklen_t)size);
    } else if (at.any && at.any->sa_family == AF_INET6) {
        (void)inet_ntop(AF_INET6, &at.six->sin6_addr, ret, (socklen_t)size);
    }
}

/* Text that may not be JSON, as JSON on one line, or null. */
static void write_json(sg_out *out, const char *key, const char *text, size_t length)
{
    json_t *root =
        text ? json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL) : NULL;
    char *line = root ? json_dumps(root, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    sg_json_raw(out, key, line ? line : "null");
    free(line);
    json_decref(root);
}

/* What changed something, what may still (504), and what somebody known tried without the role. */
static bool counts(const sg_http_request *request, unsigned status)
{
    return request->changes && request->serve->config.data_dir &&
           (status / 100 == 2 || status == MHD_HTTP_GATEWAY_TIMEOUT ||
            (status == MHD_HTTP_FORBIDDEN && request->who[0]));
}

void sg_http_audit(sg_http_request *request, unsigned status, const sg_out *body)
{
    sg_serve *self = request->serve;
    if (!counts(request, status)) {
        return;
    }
    const sg_view *view = sg_http_view(self);
    bool quoted = !request->route->secret;
    char peer[INET6_ADDRSTRLEN];
    sg_out out = {0};
    peer_of(request, peer, sizeof peer);
    sg_json_begin(&out, NULL, '{');
    sg_json_time(&out, "time", wall_us());
    if (view) {
        sg_json_time(&out, "site_time", view->time_us);
    } else {
        sg_json_null(&out, "site_time");
    }
    sg_json_text(&out, "who", request->who[0] ? request->who : NULL);
    sg_json_text(&out, "role", sg_access_text(request->access));
    sg_json_text(&out, "from", peer[0] ? peer : NULL);
    sg_json_text(&out, "method", request->method);
    sg_json_text(&out, "path", request->path);
    sg_json_integer(&out, "status", status);
    write_json(&out, "asked", quoted ? request->body : NULL, request->length);
    write_json(&out, "before", request->before.text, request->before.length);
    bool done = status / 100 == 2;
    write_json(&out, "after", quoted && done && body ? body->text : NULL, body ? body->length : 0);
    sg_json_end(&out, '}');
    if (out.failed || sg_audit_append(self->config.data_dir, out.text) != SG_OK) {
        sg_http_say(self, "the audit log cannot be written: an entry is lost");
    }
    sg_out_free(&out);
    sg_worker_lock(&self->worker);
    self->audit_due = true; /* the worker brings it to the disk */
    sg_worker_wake(&self->worker);
    sg_worker_unlock(&self->worker);
}

enum MHD_Result sg_http_audit_list(sg_http_request *request)
{
    sg_http_page page;
    enum MHD_Result result;
    if (!sg_http_page_read(request, SG_HTTP_PAGE, &page, &result)) {
        return result;
    }
    const char *dir = request->serve->config.data_dir;
    size_t digits = strspn(page.after, "0123456789");
    sg_audit_range range = {.limit = page.limit,
                            .end = page.after[0] ? strtoll(page.after, NULL, 10) : -1,
                            .from_us = page.from_us,
                            .to_us = page.to_us};
    if (!dir) {
        return sg_http_problem(
            request, MHD_HTTP_SERVICE_UNAVAILABLE, "no-store", "There is no audit log",
            "the program was started without a data directory", NULL, NULL, NULL);
    }
    sg_out out = {0};
    int64_t next = -1;
    sg_json_begin(&out, NULL, '{');
    sg_json_begin(&out, "entries", '[');
    sg_status status =
        page.after[digits] || digits > 18 ? SG_RANGE : sg_audit_read(dir, &range, &out, &next);
    if (status != SG_OK) {
        bool theirs = status == SG_RANGE;
        sg_out_free(&out);
        return sg_http_problem(
            request, theirs ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_SERVICE_UNAVAILABLE,
            theirs ? "parameter" : "no-store",
            theirs ? "The query is not understood" : "The audit log cannot be read",
            theirs ? "after: expected the `next` of an answer before" : sg_status_text(status),
            NULL, NULL, NULL);
    }
    sg_json_end(&out, ']');
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)next);
    sg_json_text(&out, "next", next >= 0 ? text : NULL);
    sg_json_end(&out, '}');
    return sg_http_reply(request, MHD_HTTP_OK, "application/json", &out, NULL, NULL);
}
