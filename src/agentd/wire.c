#include "agentd/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool unix_address(const char *path, struct sockaddr_storage *ret, socklen_t *ret_size)
{
    struct sockaddr_un *un = (struct sockaddr_un *)ret;
    if (!*path || strlen(path) >= sizeof un->sun_path) {
        return false;
    }
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, strlen(path) + 1);
    *ret_size = (socklen_t)sizeof *un;
    return true;
}

/* "127.0.0.1:8049", "[::1]:8049" or "unix:PATH" */
static bool parse(const char *text, struct sockaddr_storage *ret, socklen_t *ret_size)
{
    char host[64];
    const char *colon = strrchr(text, ':');
    memset(ret, 0, sizeof *ret);
    if (strncmp(text, "unix:", 5) == 0) {
        return unix_address(text + 5, ret, ret_size);
    }
    bool six = text[0] == '[' && colon && colon > text && colon[-1] == ']';
    size_t length = colon ? (size_t)(colon - text) - (six ? 2 : 0) : 0;
    if (length == 0 || length >= sizeof host) {
        return false;
    }
    memcpy(host, text + (six ? 1 : 0), length);
    host[length] = '\0';
    const struct addrinfo hints = {.ai_family = six ? AF_INET6 : AF_INET,
                                   .ai_socktype = SOCK_DGRAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found;
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0) {
        return false;
    }
    memcpy(ret, found->ai_addr, found->ai_addrlen);
    *ret_size = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static bool refuse(const char *key, const char *text)
{
    fprintf(stderr, "symgrid-agent: %s: expected ADDRESS:PORT or unix:PATH, got '%.100s'\n", key,
            text);
    return false;
}

static void name_of(const sg_agentd_wire *self, const char *listen, char *ret, size_t size)
{
    struct sockaddr_storage at = {0};
    socklen_t at_size = sizeof at;
    char host[64], port[16];
    if (*self->path || getsockname(self->fd, (struct sockaddr *)&at, &at_size) != 0 ||
        getnameinfo((struct sockaddr *)&at, at_size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        snprintf(ret, size, "%s", listen);
    } else {
        snprintf(ret, size, at.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    }
}

/* A socket that a dead process left is in the way; anything else of that name is not ours. */
static void make_room(const char *path)
{
    struct stat info;
    if (lstat(path, &info) == 0 && S_ISSOCK(info.st_mode)) {
        unlink(path);
    }
}

bool sg_agentd_wire_open(sg_agentd_wire *self, const char *listen, const char *report_to,
                         char *ret_name, size_t size)
{
    struct sockaddr_storage at;
    socklen_t at_size;
    memset(self, 0, sizeof *self);
    self->fd = -1;
    if (!parse(listen, &at, &at_size)) {
        return refuse("listen", listen);
    }
    if (*report_to && !parse(report_to, &self->to, &self->to_size)) {
        return refuse("report_to", report_to);
    }
    if (self->to_size && self->to.ss_family != at.ss_family) {
        fputs("symgrid-agent: listen and report_to are of one kind: IPv4, IPv6 or unix\n", stderr);
        return false;
    }
    self->fd = socket(at.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (at.ss_family == AF_UNIX) {
        make_room(listen + 5);
    }
    if (self->fd < 0 || bind(self->fd, (struct sockaddr *)&at, at_size) != 0) {
        fprintf(stderr, "symgrid-agent: cannot listen on %.100s: %s\n", listen, strerror(errno));
        sg_agentd_wire_close(self);
        return false;
    }
    if (at.ss_family == AF_UNIX) {
        memcpy(self->path, listen + 5, strlen(listen + 5) + 1);
        chmod(self->path, 0660);
    }
    name_of(self, listen, ret_name, size);
    return true;
}

void sg_agentd_wire_close(sg_agentd_wire *self)
{
    if (self->fd >= 0) {
        close(self->fd);
    }
    if (*self->path) {
        unlink(self->path);
    }
}

int sg_agentd_wire_receive(sg_agentd_wire *self, uint8_t *ret, size_t size)
{
    ssize_t got = recv(self->fd, ret, size, MSG_DONTWAIT);
    return got < 0 ? -1 : (int)got;
}

void sg_agentd_wire_send(sg_agentd_wire *self, const uint8_t *bytes, size_t size)
{
    if (self->to_size) {
        (void)!sendto(self->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL,
                      (struct sockaddr *)&self->to, self->to_size);
    }
}
