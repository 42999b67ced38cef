/* bench_serve.c - what the HTTP door of a running site costs: `symgrid run sites/hall.maml.md` in a process of its own.
 *
 * usage: bench_serve [STREAMS [SECONDS]]     default: 2000 streams for 10 s; the program is $SYMGRID or build/release/symgrid
 *
 * rate     GET /energy/telemetry over 16 kept connections, beside a bare libmicrohttpd program that answers as many bytes
 *          from memory in the same way (epoll, one thread); turns of 1 s each, one after the other; median of 5
 * streams  so many event streams at 10 Hz; time of the server's thread, of the whole program; events that came; late steps;
 *          beside a bare program that does nothing but send() as many bytes to as many connections
 *
 * Both ends share this machine, so on few cores the client is part of what is measured: read the ratio, not the rate. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KEPT = 16, TURNS = 5, LATENCIES = 1 << 20 };
extern char **environ;

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "bench_serve: %s: %s\n", what, strerror(errno));
    exit(3);
}

static int dial(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((in_port_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        fail("cannot connect");
    }
    return fd;
}

/* ---- the two servers ---- */

static pid_t start_program(int *ret_port, const char *folder)
{
    const char *program = getenv("SYMGRID") ? getenv("SYMGRID") : "build/release/symgrid";
    int said[2];
    posix_spawn_file_actions_t actions;
    if (pipe(said) != 0) {
        fail("pipe");
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, said[1], 2);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclose(&actions, said[0]);
    char words[][64] = {"symgrid",  "run",         "sites/hall.maml.md",
                        "--listen", "127.0.0.1:0", "--data"};
    char *argv[] = {words[0], words[1], words[2],       words[3],
                    words[4], words[5], strdup(folder), NULL};
    pid_t child;
    int why = posix_spawn(&child, program, &actions, NULL, argv, environ);
    if (why != 0) {
        errno = why;
        fail(program);
    }
    close(said[1]);
    FILE *lines = fdopen(said[0], "r");
    char line[1024];
    *ret_port = 0;
    while (*ret_port == 0 && fgets(line, sizeof line, lines)) {
        const char *at = strstr(line, "(port ");
        *ret_port = at ? atoi(at + 6) : 0;
    }
    if (*ret_port == 0) {
        fail("the program did not say its port");
    }
    return child; /* `lines` stays open: the program may write on */
}

static struct MHD_Response *ready_made;

static enum MHD_Result reply(void *context, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload,
                             size_t *upload_size, void **seen)
{
    (void)context, (void)url, (void)method, (void)version, (void)upload, (void)upload_size;
    if (!*seen) {
        *seen = connection;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, ready_made);
}

static pid_t start_bare(int *ret_port, size_t size)
{
    int said[2];
    if (pipe(said) != 0) {
        fail("pipe");
    }
    pid_t child = fork();
    if (child == 0) {
        char *text = malloc(size);
        memset(text, 'x', size);
        ready_made = MHD_create_response_from_buffer(size, text, MHD_RESPMEM_PERSISTENT);
        struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL,
                                                     reply, NULL, MHD_OPTION_END);
        int port = daemon ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port : 0;
        if (write(said[1], &port, sizeof port) != (ssize_t)sizeof port) {
            _exit(3);
        }
        pause();
        _exit(0);
    }
    if (child < 0 || read(said[0], ret_port, sizeof *ret_port) != (ssize_t)sizeof *ret_port ||
        *ret_port == 0) {
        fail("the bare server did not start");
    }
    return child;
}

/* ---- rate ---- */

typedef struct link_state {
    int fd;
    size_t got, want; /* of the answer under way; want 0: its head is not whole yet */
    double sent_s;
    char text[65536];
} link_state;

static const char request[] = "GET /energy/telemetry HTTP/1.1\r\nHost: localhost\r\n\r\n";

static void send_request(link_state *link)
{
    link->got = link->want = 0;
    link->sent_s = now_s();
    if (send(link->fd, request, sizeof request - 1, MSG_NOSIGNAL) != (ssize_t)sizeof request - 1) {
        fail("send");
    }
}

/* True when an answer is whole. */
static bool take(link_state *link)
{
    ssize_t part = recv(link->fd, link->text + link->got, sizeof link->text - 1 - link->got, 0);
    if (part <= 0) {
        fail("an answer broke off");
    }
    link->got += (size_t)part;
    link->text[link->got] = '\0';
    if (link->want == 0) {
        const char *end = strstr(link->text, "\r\n\r\n"),
                   *size = strcasestr(link->text, "Content-Length: ");
        if (end && size) {
            link->want = (size_t)(end + 4 - link->text) + (size_t)atol(size + 16);
        }
    }
    return link->want && link->got >= link->want;
}

static double latency_s[LATENCIES];

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Answers per second during one second; *ret_p99_ms of the time between request and answer. */
static double rate(int port, double *ret_p99_ms, size_t *ret_size)
{
    static link_state links[KEPT];
    struct epoll_event events[KEPT];
    int all = epoll_create1(EPOLL_CLOEXEC), count = 0;
    for (int i = 0; i < KEPT; i++) {
        links[i].fd = dial(port);
        epoll_ctl(all, EPOLL_CTL_ADD, links[i].fd,
                  &(struct epoll_event){.events = EPOLLIN, .data.ptr = &links[i]});
        send_request(&links[i]);
    }
    double start_s = now_s(), end_s = start_s;
    while (end_s - start_s < 1) {
        int woken = epoll_wait(all, events, KEPT, 1000);
        end_s = now_s();
        for (int i = 0; i < woken; i++) {
            link_state *link = events[i].data.ptr;
            if (take(link)) {
                latency_s[count++ % LATENCIES] = end_s - link->sent_s;
                *ret_size = link->want - (size_t)(strstr(link->text, "\r\n\r\n") + 4 - link->text);
                send_request(link);
            }
        }
    }
    for (int i = 0; i < KEPT; i++) {
        close(links[i].fd);
    }
    close(all);
    int kept = count < LATENCIES ? count : LATENCIES;
    qsort(latency_s, (size_t)kept, sizeof latency_s[0], by_size);
    *ret_p99_ms = kept ? latency_s[kept - 1 - kept / 100] * 1e3 : 0;
    return count / (end_s - start_s);
}

/* Processor time of a thread of that name, or of all (NULL), s. */
static double used_s(pid_t child, const char *name)
{
    char path[512], text[1024];
    double sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", child);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        snprintf(path, sizeof path, "/proc/%d/task/%.32s/stat", child, entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
        size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
        text[length] = '\0';
        if (file) {
            fclose(file);
        }
        const char *open = strchr(text, '('), *end = strrchr(text, ')');
        unsigned long user, system;
        if (open && end && (!name || (size_t)(end - open - 1) == strlen(name)) &&
            (!name || strncmp(open + 1, name, strlen(name)) == 0) &&
            sscanf(end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                   &system) == 2) {
            sum += (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
        }
    }
    if (folder) {
        closedir(folder);
    }
    return sum;
}

/* Turns of both, one after the other, and how many bytes an answer has; what a server's process spends on an answer does not depend on
 * how much of the machine the client took. */
static size_t race(int port, pid_t program)
{
    double ours[TURNS], bare[TURNS], ratio[TURNS], p99_ms[TURNS], other_ms, ours_s = 0, bare_s = 0;
    double ours_count = 0, bare_count = 0;
    size_t size, bare_size;
    int bare_port;
    rate(port, &p99_ms[0], &size); /* warms up, and says how large an answer is */
    pid_t child = start_bare(&bare_port, size);
    rate(bare_port, &other_ms, &bare_size);
    for (int i = 0; i < TURNS; i++) {
        double before_s = used_s(program, NULL);
        ours[i] = rate(port, &p99_ms[i], &size);
        ours_s += used_s(program, NULL) - before_s;
        before_s = used_s(child, NULL);
        bare[i] = rate(bare_port, &other_ms, &bare_size);
        bare_s += used_s(child, NULL) - before_s;
        ratio[i] = ours[i] / bare[i];
        ours_count += ours[i];
        bare_count += bare[i];
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    qsort(ours, TURNS, sizeof ours[0], by_size);
    qsort(bare, TURNS, sizeof bare[0], by_size);
    qsort(ratio, TURNS, sizeof ratio[0], by_size);
    qsort(p99_ms, TURNS, sizeof p99_ms[0], by_size);
    printf("rate: %.0f/s of %zu bytes, bare libmicrohttpd %.0f/s: %.0f %% (%.0f to %.0f %%); p99 "
           "%.2f ms\n",
           ours[TURNS / 2], size, bare[TURNS / 2], 100 * ratio[TURNS / 2], 100 * ratio[0],
           100 * ratio[TURNS - 1], p99_ms[TURNS / 2]);
    printf("processor per answer: %.1f us, bare %.1f us\n", 1e6 * ours_s / ours_count,
           1e6 * bare_s / bare_count);
    return size;
}

/* ---- streams ---- */

static double metric(int port, const char *name)
{
    static char text[1 << 20];
    char wanted[128];
    size_t length = 0;
    ssize_t part;
    int fd = dial(port);
    dprintf(fd, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    while ((part = recv(fd, text + length, sizeof text - 1 - length, 0)) > 0) {
        length += (size_t)part;
    }
    close(fd);
    text[length] = '\0';
    snprintf(wanted, sizeof wanted, "\n%s ", name);
    const char *at = strstr(text, wanted);
    return at ? atof(at + strlen(wanted)) : -1;
}

/* Read what comes, count what begins an event. */
static long drain(int all, double seconds)
{
    static char text[1 << 20];
    struct epoll_event events[256];
    long events_seen = 0;
    double end_s = now_s() + seconds;
    while (now_s() < end_s) {
        int woken = epoll_wait(all, events, 256, 100);
        for (int i = 0; i < woken; i++) {
            ssize_t part = recv(events[i].data.fd, text, sizeof text - 1, MSG_DONTWAIT);
            if (part == 0) {
                fprintf(stderr, "bench_serve: a stream ended\n");
                exit(1);
            }
            text[part > 0 ? part : 0] = '\0';
            for (char *at = text; (at = memmem(at, (size_t)(part - (at - text)), "\nid: ", 5));
                 at += 5) {
                events_seen++;
                if (at - text + 5 >= part) {
                    break;
                }
            }
        }
    }
    return events_seen;
}

/* So many connections to a server of streams; their descriptors and one to wait for all of them. */
typedef struct readers {
    int count, all, *fds;
} readers;

static readers open_readers(int port, int count)
{
    readers them = {count, epoll_create1(EPOLL_CLOEXEC), calloc((size_t)count, sizeof(int))};
    static const char open[] =
        "GET /energy/telemetry HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";
    for (int i = 0; i < count; i++) {
        them.fds[i] = dial(port);
        if (send(them.fds[i], open, sizeof open - 1, 0) != (ssize_t)sizeof open - 1) {
            fail("send");
        }
        epoll_ctl(them.all, EPOLL_CTL_ADD, them.fds[i],
                  &(struct epoll_event){.events = EPOLLIN, .data.fd = them.fds[i]});
    }
    drain(them.all, 2);
    return them;
}

static void close_readers(readers *them)
{
    for (int i = 0; i < them->count; i++) {
        close(them->fds[i]);
    }
    free(them->fds);
    close(them->all);
}

/* What no server of these events can do without: one send() a stream, ten times a second, and nothing else. */
static void serve_bare_streams(int listener, int streams, size_t size)
{
    int *fds = calloc((size_t)streams, sizeof *fds);
    char *text = malloc(size);
    memset(text, 'x', size);
    memcpy(text, "\nid: ", 5);
    for (int i = 0; i < streams; i++) {
        fds[i] = accept(listener, NULL, NULL);
    }
    for (;;) {
        double start_s = now_s();
        for (int i = 0; i < streams; i++) {
            send(fds[i], text, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        }
        double rest_s = start_s + 0.1 - now_s();
        if (rest_s > 0) {
            nanosleep(&(struct timespec){.tv_nsec = (long)(rest_s * 1e9)}, NULL);
        }
    }
}

static void bare_streams(int streams, size_t size, double seconds)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(listener, SOMAXCONN) != 0 ||
        getsockname(listener, (struct sockaddr *)&at, &length) != 0) {
        fail("the bare server of streams did not start");
    }
    pid_t child = fork();
    if (child == 0) {
        serve_bare_streams(listener, streams, size);
    }
    close(listener);
    readers them = open_readers(ntohs(at.sin_port), streams);
    double before_s = used_s(child, NULL), start_s = now_s();
    long events = drain(them.all, seconds);
    double wall_s = now_s() - start_s;
    printf("bare send(): %.1f events of %zu bytes a second each; %.1f %% of a core\n",
           (double)events / wall_s / streams, size,
           100 * (used_s(child, NULL) - before_s) / wall_s);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close_readers(&them);
}

static void stream(int port, pid_t child, int streams, double seconds)
{
    readers them = open_readers(port, streams);
    double late = metric(port, "symgrid_late_steps_total"), before_s = used_s(child, "sg-http");
    double all_before_s = used_s(child, NULL), start_s = now_s();
    long events = drain(them.all, seconds);
    double wall_s = now_s() - start_s, http_s = used_s(child, "sg-http") - before_s;
    printf(
        "streams: %d for %.0f s: %.1f events a second each; the server's thread %.1f %% of a core, "
        "the whole program %.1f %%; late steps %.0f\n",
        streams, wall_s, (double)events / wall_s / streams, 100 * http_s / wall_s,
        100 * (used_s(child, NULL) - all_before_s) / wall_s,
        metric(port, "symgrid_late_steps_total") - late);
    close_readers(&them);
}

int main(int argc, char **argv)
{
    int streams = argc > 1 ? atoi(argv[1]) : 2000, port;
    double seconds = argc > 2 ? atof(argv[2]) : 10;
    char folder[] = "/tmp/bench-serve-XXXXXX", command[128];
    struct rlimit files;
    if (streams < 0 || !(seconds > 0) || !mkdtemp(folder)) {
        fprintf(stderr, "usage: bench_serve [STREAMS [SECONDS]]\n");
        return 2;
    }
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    pid_t child = start_program(&port, folder);
    while (metric(port, "symgrid_ready") < 1) {
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    size_t size = race(port, child);
    for (int turn = 0; streams > 0 && turn < 3; turn++) {
        stream(port, child, streams, seconds);
        bare_streams(streams, size, seconds);
    }
    kill(child, SIGTERM);
    waitpid(child, NULL, 0);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? 0 : 3;
}
