#include "serve/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What the header lines of a request say together. */
typedef struct lines {
    int lengths, encodings, hosts, logins;
    bool chunked, bad_name, bad_value, bad_length, coded;
} lines;

static bool is_token(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static enum MHD_Result look(void *into, enum MHD_ValueKind kind, const char *key, size_t key_size,
                            const char *value, size_t value_size)
{
    lines *all = into;
    (void)kind;
    all->bad_name = all->bad_name || key_size == 0;
    for (size_t i = 0; i < key_size; i++) {
        all->bad_name = all->bad_name || !is_token((unsigned char)key[i]);
    }
    for (size_t i = 0; i < value_size; i++) {
        unsigned char c = (unsigned char)value[i];
        all->bad_value = all->bad_value || (c < 0x20 && c != '\t') || c == 0x7F;
    }
    if (strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
        all->lengths++;
        all->bad_length = value_size == 0 || strspn(value, "0123456789") != value_size;
    } else if (strcasecmp(key, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
        all->encodings++;
        all->chunked = strcasecmp(value, "chunked") == 0;
    } else if (strcasecmp(key, MHD_HTTP_HEADER_HOST) == 0) {
        all->hosts++;
    } else if (strcasecmp(key, MHD_HTTP_HEADER_AUTHORIZATION) == 0) {
        all->logins++;
    } else if (strcasecmp(key, MHD_HTTP_HEADER_CONTENT_ENCODING) == 0) {
        all->coded = strcasecmp(value, "identity") != 0;
    }
    return MHD_YES;
}

/* True for a page of ours: "http://HOST" or, behind a proxy that speaks TLS, "https://HOST". */
static bool is_own_origin(const char *origin, const char *host)
{
    size_t skip = strncasecmp(origin, "http://", 7) == 0    ? 7
                  : strncasecmp(origin, "https://", 8) == 0 ? 8
                                                            : 0;
    return skip && host && strcasecmp(origin + skip, host) == 0;
}

static const char *framing_fault(const lines *all, const char *version)
{
    return all->bad_name    ? "a header name holds a character that is not allowed there"
           : all->bad_value ? "a header value holds a control character"
           : all->lengths && all->encodings  ? "Content-Length and Transfer-Encoding together"
           : all->lengths > 1                ? "Content-Length is there twice"
           : all->lengths && all->bad_length ? "Content-Length is not a number"
           : all->encodings > 1 || (all->encodings && !all->chunked)
               ? "Transfer-Encoding other than chunked"
           : all->logins > 1                                     ? "Authorization is there twice"
           : all->hosts > 1                                      ? "Host is there twice"
           : all->hosts == 0 && strcmp(version, "HTTP/1.1") == 0 ? "Host is missing"
           : all->encodings && strcmp(version, "HTTP/1.1") != 0  ? "Transfer-Encoding in HTTP/1.0"
                                                                 : NULL;
}

bool sg_http_guard(sg_http_request *request, const char *version, enum MHD_Result *ret)
{
    lines all = {0};
    struct MHD_Connection *connection = request->connection;
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, look, &all);
    const char *fault = framing_fault(&all, version);
    if (fault) {
        *ret = sg_http_problem(request, MHD_HTTP_BAD_REQUEST, "framing",
                               "The request is not well formed", fault, NULL,
                               MHD_HTTP_HEADER_CONNECTION, "close");
        return false;
    }
    if (!request->uri ||
        sg_uri_split(request->uri, request->path, sizeof request->path, &request->query) != SG_OK) {
        request->path[0] = '\0';
        *ret = sg_http_problem(
            request, MHD_HTTP_BAD_REQUEST, "target", "The request is not well formed",
            "the request target is not a percent-encoded path of at most 255 bytes", NULL,
            MHD_HTTP_HEADER_CONNECTION, "close");
        return false;
    }
    request->host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    /* A page of another site may have its own name point here (DNS rebinding): names we do not know
     * are refused. */
    if (request->host && !sg_http_host_allowed(request->host, request->serve->config.host_name)) {
        *ret = sg_http_problem(
            request, MHD_HTTP_MISDIRECTED_REQUEST, "host", "Not a name of this server",
            "the Host header must be localhost, an address, or the configured name", NULL,
            MHD_HTTP_HEADER_CONNECTION, "close");
        return false;
    }
    const char *origin =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN);
    bool reads = strcmp(request->method, MHD_HTTP_METHOD_GET) == 0 ||
                 strcmp(request->method, MHD_HTTP_METHOD_HEAD) == 0 ||
                 strcmp(request->method, MHD_HTTP_METHOD_OPTIONS) == 0;
    if (!reads && origin && !is_own_origin(origin, request->host)) {
        *ret = sg_http_problem(request, MHD_HTTP_FORBIDDEN, "origin",
                               "Refused from another site's page",
                               "the Origin header names another host than the Host header", NULL,
                               MHD_HTTP_HEADER_CONNECTION, "close");
        return false;
    }
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length && (strlen(length) > 7 || atol(length) > SG_HTTP_DRAIN)) {
        *ret = sg_http_problem(request, MHD_HTTP_CONTENT_TOO_LARGE, "too-large",
                               "The body is too large",
                               "Content-Length is above the 16384 bytes that a body may have", NULL,
                               MHD_HTTP_HEADER_CONNECTION, "close");
        return false;
    }
    if (all.coded) {
        *ret = sg_http_problem(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "media-type",
                               "The body is not JSON", "Content-Encoding is not supported", NULL,
                               MHD_HTTP_HEADER_CONNECTION, "close");
        return false;
    }
    return true;
}
