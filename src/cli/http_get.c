#include "cli/http_get.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ANSWER_MAX = 64 << 20, WAIT_S = 5 };

typedef struct place {
    char host[256], port[8];
} place;

static bool read_url(const char *base, place *ret)
{
    if (strncmp(base, "http://", 7) != 0) {
        return false;
    }
    const char *host = base + 7;
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
    snprintf(ret->port, sizeof ret->port, "%.*s", digits ? (int)digits : 2,
             digits ? host + 1 : "80");
    host += digits ? 1 + digits : 0;
    return *host == '\0' || strcmp(host, "/") == 0;
}

static int dial(const place *to)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    struct timeval wait = {.tv_sec = WAIT_S};
    int fd = -1;
    if (getaddrinfo(to->host, to->port, &hints, &found) != 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    for (const struct addrinfo *at = found; at && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0) {
            (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
            (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        }
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            int why = errno;
            close(fd);
            errno = why;
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

static bool send_all(int fd, const sg_out *text)
{
    for (size_t done = 0; done < text->length;) {
        ssize_t sent = send(fd, text->text + done, text->length - done, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        done += (size_t)sent;
    }
    return true;
}

/* Status and body of a whole answer, whose end is the end of the connection. */
static sg_status split(const sg_out *answer, sg_out *out, int *ret_status)
{
    const char *text = answer->text ? answer->text : "";
    const char *body = strstr(text, "\r\n\r\n");
    if (!body || strncmp(text, "HTTP/1.", 7) != 0 || answer->length < 12) {
        return SG_IO;
    }
    *ret_status = (int)strtol(text + 9, NULL, 10);
    size_t got = answer->length - (size_t)(body + 4 - text);
    for (const char *line = text; line && line < body;) {
        if (strncasecmp(line, "content-length:", 15) == 0 && strtoull(line + 15, NULL, 10) != got) {
            return SG_IO;
        }
        line = strstr(line, "\r\n");
        line = line ? line + 2 : NULL;
    }
    sg_out_bytes(out, body + 4, got);
    return out->failed ? SG_NOMEM : SG_OK;
}

static sg_status exchange(int fd, const sg_out *question, sg_out *out, int *ret_status)
{
    char block[16384];
    ssize_t got = -1;
    sg_out answer = {0};
    bool sent = send_all(fd, question);
    while (sent && (got = recv(fd, block, sizeof block, 0)) > 0 && answer.length < ANSWER_MAX) {
        sg_out_bytes(&answer, block, (size_t)got);
    }
    sg_status status = got == 0 && !answer.failed ? split(&answer, out, ret_status) : SG_IO;
    sg_out_free(&answer);
    return status;
}

sg_status sg_http_get(const char *base, const char *path, const char *token, sg_out *out,
                      int *ret_status, char ret_error[SG_HTTP_GET_ERROR])
{
    place to;
    if (!read_url(base, &to)) {
        snprintf(ret_error, SG_HTTP_GET_ERROR,
                 "expected a URL such as http://127.0.0.1:8048, got '%.100s'", base);
        return SG_FORMAT;
    }
    int fd = dial(&to);
    if (fd < 0) {
        snprintf(ret_error, SG_HTTP_GET_ERROR, "nobody answers at %.120s: %s", base,
                 strerror(errno));
        return SG_UNAVAILABLE;
    }
    sg_out question = {0};
    bool six = strchr(to.host, ':') != NULL;
    sg_out_format(&question,
                  "GET %s HTTP/1.1\r\nHost: %s%s%s:%s\r\nAccept: application/json\r\n"
                  "Connection: close\r\n",
                  path, six ? "[" : "", to.host, six ? "]" : "", to.port);
    if (token) {
        sg_out_format(&question, "Authorization: Bearer %s\r\n", token);
    }
    sg_out_text(&question, "\r\n");
    sg_status status = question.failed ? SG_NOMEM : exchange(fd, &question, out, ret_status);
    close(fd);
    sg_out_free(&question);
    if (status != SG_OK) {
        snprintf(ret_error, SG_HTTP_GET_ERROR, "the answer of %.120s is cut short", base);
    }
    return status;
}
