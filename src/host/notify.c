#include "host/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void sg_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = path ? strlen(path) : 0;
    if (length < 2 || length >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) {
        return;
    }
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') {
        address.sun_path[0] = '\0'; /* the abstract name space */
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    /* a manager that does not listen must not hold up the control loop */
    (void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
                  (struct sockaddr *)&address, size);
    close(fd);
}

double sg_notify_period_s(void)
{
    const char *limit = getenv("WATCHDOG_USEC"), *whom = getenv("WATCHDOG_PID");
    if (whom && strtol(whom, NULL, 10) != (long)getpid()) {
        return 0; /* meant for the process that started this one */
    }
    double us = limit ? strtod(limit, NULL) : 0;
    return us > 0 ? us * 0.5e-6 : 0;
}
