#include "serve/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

typedef union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
} address;

static bool read_port(const char *text, in_port_t *ret)
{
    char *end;
    if (text[0] < '0' || text[0] > '9' || strlen(text) > 5) {
        return false;
    }
    long port = strtol(text, &end, 10);
    if (*end || port > 65535) {
        return false;
    }
    *ret = htons((in_port_t)port);
    return true;
}

/* "1.2.3.4:80", "[::1]:80", "localhost:80", ":80", "80" */
static bool read_address(const char *text, address *ret, socklen_t *ret_size, bool *ret_loopback)
{
    char host[64];
    const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
    size_t length = colon ? (size_t)(colon - text) : 0;
    memset(ret, 0, sizeof *ret);
    if (length >= sizeof host) {
        return false;
    }
    memcpy(host, text, length);
    host[length] = '\0';
    if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
        host[length - 1] = '\0';
        ret->six.sin6_family = AF_INET6;
        *ret_size = sizeof ret->six;
        *ret_loopback = strcmp(host + 1, "::1") == 0;
        return inet_pton(AF_INET6, host + 1, &ret->six.sin6_addr) == 1 &&
               read_port(port, &ret->six.sin6_port);
    }
    if (length == 0 || strcmp(host, "localhost") == 0) {
        strcpy(host, "127.0.0.1");
    }
    ret->four.sin_family = AF_INET;
    *ret_size = sizeof ret->four;
    if (inet_pton(AF_INET, host, &ret->four.sin_addr) != 1) {
        return false;
    }
    *ret_loopback = ntohl(ret->four.sin_addr.s_addr) >> 24 == 127;
    return read_port(port, &ret->four.sin_port);
}

static void explain(const char *text, int why, char ret_error[SG_SERVE_TEXT])
{
    const char *what = why == EADDRINUSE      ? "the port is in use; choose another one"
                       : why == EADDRNOTAVAIL ? "this machine has no such address"
                       : why == EACCES        ? "not permitted; ports below 1024 need a privilege"
                                              : strerror(why);
    snprintf(ret_error, SG_SERVE_TEXT, "cannot listen on %.100s: %s", text, what);
}

sg_status sg_http_listen(const char *text, int *ret_fd, int *ret_port, bool *ret_loopback,
                         char ret_error[SG_SERVE_TEXT])
{
    address at;
    socklen_t size = 0;
    if (!read_address(text, &at, &size, ret_loopback)) {
        snprintf(ret_error, SG_SERVE_TEXT,
                 "cannot listen on %.100s: expected an address and a port such as 127.0.0.1:8048 "
                 "or [::1]:8048",
                 text);
        return SG_FORMAT;
    }
    int on = 1;
    int fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        explain(text, errno, ret_error);
        return SG_IO;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (at.any.sa_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    }
    if (bind(fd, &at.any, size) != 0 || listen(fd, 1024) != 0 ||
        getsockname(fd, &at.any, &size) != 0) {
        explain(text, errno, ret_error);
        close(fd);
        return SG_IO;
    }
    *ret_fd = fd;
    *ret_port = ntohs(at.any.sa_family == AF_INET6 ? at.six.sin6_port : at.four.sin_port);
    return SG_OK;
}

bool sg_http_host_allowed(const char *host, const char *extra)
{
    char name[256];
    unsigned char binary[16];
    size_t length = strlen(host);
    const char *end = host[0] == '[' ? strchr(host, ']') : strrchr(host, ':');
    if (length >= sizeof name || length == 0) {
        return false;
    }
    memcpy(name, host, length + 1);
    if (host[0] == '[') {
        if (!end || (end[1] != '\0' && end[1] != ':')) {
            return false;
        }
        name[end - host] = '\0';
        return inet_pton(AF_INET6, name + 1, binary) == 1;
    }
    if (end) {
        name[end - host] = '\0';
    }
    return strcasecmp(name, "localhost") == 0 || inet_pton(AF_INET, name, binary) == 1 ||
           (extra && (strcasecmp(name, extra) == 0 || strcasecmp(host, extra) == 0));
}
