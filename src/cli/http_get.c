#include "cli/http_get.h"

#include "cli/http_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ANSWER_MAX = 64 << 20 };

typedef struct place {
    char host[256], port[8];
    bool tls;
} place;

static bool read_url(const char *base, place *ret)
{
    ret->tls = strncmp(base, "https://", 8) == 0;
    if (!ret->tls && strncmp(base, "http://", 7) != 0) {
        return false;
    }
    const char *host = base + (ret->tls ? 8 : 7);
    bool bracket = *host == '[';
    size_t length = bracket ? strcspn(++host, "]") : strcspn(host, ":/");
    if (length == 0 || length >= sizeof ret->host) {
        return false;
    }
    memcpy(ret->host, host, length);
    ret->host[length] = '\0';
    host += length + bracket;
    size_t digits = *host == ':' ? strspn(host + 1, "0123456789") : 0;
    if (digits >= sizeof ret->port) {
        return false;
    }
    snprintf(ret->port, sizeof ret->port, "%.*s", digits ? (int)digits : 3,
             digits     ? host + 1
             : ret->tls ? "443"
                        : "80");
    host += digits ? 1 + digits : 0;
    return *host == '\0' || strcmp(host, "/") == 0;
}

/* Status and body of a whole answer, whose end is the end of the connection; where that was abrupt, the length that it tells. */
static sg_status split(const sg_out *answer, bool abrupt, sg_out *out, int *ret_status)
{
    const char *text = answer->text ? answer->text : "";
    const char *body = strstr(text, "\r\n\r\n");
    if (!body || strncmp(text, "HTTP/1.", 7) != 0 || answer->length < 12) {
        return SG_IO;
    }
    *ret_status = (int)strtol(text + 9, NULL, 10);
    size_t got = answer->length - (size_t)(body + 4 - text);
    for (const char *line = text; line && line < body;) {
        if (strncasecmp(line, "content-length:", 15) == 0) {
            if (strtoull(line + 15, NULL, 10) != got) {
                return SG_IO;
            }
            abrupt = false;
        }
        line = strstr(line, "\r\n");
        line = line ? line + 2 : NULL;
    }
    if (abrupt) {
        return SG_IO;
    }
    sg_out_bytes(out, body + 4, got);
    return out->failed ? SG_NOMEM : SG_OK;
}

static sg_status exchange(sg_http_wire *wire, const sg_out *question, sg_out *out, int *ret_status)
{
    char block[16384];
    ptrdiff_t got = -1;
    sg_out answer = {0};
    bool sent = sg_http_wire_send(wire, question->text, question->length);
    while (sent && (got = sg_http_wire_receive(wire, block, sizeof block)) > 0 &&
           answer.length < ANSWER_MAX) {
        sg_out_bytes(&answer, block, (size_t)got);
    }
    sg_status status =
        got == 0 && !answer.failed ? split(&answer, wire->abrupt, out, ret_status) : SG_IO;
    sg_out_free(&answer);
    return status;
}

static void put_question(const sg_http_question *question, const place *to, sg_out *ret)
{
    bool six = strchr(to->host, ':') != NULL;
    sg_out_format(ret,
                  "GET %s HTTP/1.1\r\nHost: %s%s%s:%s\r\nAccept: application/json\r\n"
                  "Connection: close\r\n",
                  question->path, six ? "[" : "", to->host, six ? "]" : "", to->port);
    if (question->token) {
        sg_out_format(ret, "Authorization: Bearer %s\r\n", question->token);
    }
    sg_out_text(ret, "\r\n");
}

sg_status sg_http_get(const sg_http_question *question, sg_out *out, int *ret_status,
                      char ret_error[SG_HTTP_GET_ERROR])
{
    place to;
    sg_http_wire wire;
    sg_out text = {0};
    char why[SG_HTTP_WIRE_ERROR];
    const char *base = question->base;
    if (!read_url(base, &to)) {
        snprintf(ret_error, SG_HTTP_GET_ERROR,
                 "expected a URL such as http://127.0.0.1:8048 or https://ems.example:8048, got "
                 "'%.100s'",
                 base);
        return SG_FORMAT;
    }
    if (question->ca && !to.tls) {
        snprintf(ret_error, SG_HTTP_GET_ERROR,
                 "--ca: expected a URL that begins with https://, got '%.100s'", base);
        return SG_FORMAT;
    }
    sg_status status = sg_http_wire_open(&wire, to.host, to.port, to.tls, question->ca, why);
    if (status == SG_FORMAT || status == SG_IO) {
        snprintf(ret_error, SG_HTTP_GET_ERROR, "%s", why);
    } else if (status != SG_OK) {
        snprintf(ret_error, SG_HTTP_GET_ERROR, "nobody%s answers at %.80s: %.120s",
                 wire.fd >= 0 && to.tls ? " who can be trusted" : "", base, why);
    } else {
        put_question(question, &to, &text);
        status = text.failed ? SG_NOMEM : exchange(&wire, &text, out, ret_status);
        if (status != SG_OK) {
            snprintf(ret_error, SG_HTTP_GET_ERROR, "the answer of %.120s is cut short", base);
        }
    }
    sg_http_wire_close(&wire);
    sg_out_free(&text);
    return status;
}
