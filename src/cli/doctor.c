/* The machine: program, clock, disk, port. */
#include "cli/doctor.h"

#include "base/clock.h"
#include "cli/http_get.h"
#include "cli/redact.h"
#include "serve/http.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#ifndef SYMGRID_VERSION
#define SYMGRID_VERSION "unknown"
#endif

static const double gib = 1024.0 * 1024 * 1024;
static const double room_warn_gib = 4;   /* journal and telemetry together may take about that */
static const double room_bad_gib = 0.25; /* minutes of a large site */
static const double sync_warn_ms = 50, sleep_warn_ms = 10;

enum { FILES_WANTED = 4096, YEAR_LEAST = 2024 };

void sg_find(sg_checkup *self, const char *area, sg_health health, const char *advice,
             const char *format, ...)
{
    char text[SG_FINDING_TEXT];
    if (self->count == SG_FINDING_MAX) {
        return;
    }
    sg_finding *finding = &self->finding[self->count++];
    *finding = (sg_finding){.area = area, .health = health};
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (char *at = text; *at; at++) {
        *at = (unsigned char)*at < ' ' ? ' ' : *at;
    }
    sg_redact(text, getenv("HOME"), finding->text, sizeof finding->text);
    sg_redact(advice, getenv("HOME"), finding->advice, sizeof finding->advice);
}

void sg_doctor_program(sg_checkup *self)
{
    struct utsname os = {0};
    struct rlimit files = {0};
    (void)uname(&os);
    long cores = sysconf(_SC_NPROCESSORS_ONLN), pages = sysconf(_SC_PHYS_PAGES);
    double memory_gib = (double)pages * (double)sysconf(_SC_PAGESIZE) / gib;
    sg_find(self, "program", SG_HEALTH_OK, "", "symgrid " SYMGRID_VERSION ", %s %s on %s",
            os.sysname, os.release, os.machine);
    sg_find(self, "machine", memory_gib < 1 ? SG_HEALTH_WARN : SG_HEALTH_OK,
            memory_gib < 1 ? "a large site with its series may need more" : "",
            "%ld cores, %.1f GiB of memory", cores, memory_gib);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        bool few = files.rlim_cur < FILES_WANTED;
        sg_find(self, "limits", few ? SG_HEALTH_WARN : SG_HEALTH_OK,
                few ? "for many open pages raise it: ulimit -n 4096, or LimitNOFILE= in the unit"
                    : "",
                "%llu open files allowed", (unsigned long long)files.rlim_cur);
    }
}

/* ---- clock ---- */

/* How late the worst of twenty sleeps of 5 ms ends. */
static double worst_sleep_ms(void)
{
    double worst_ms = 0;
    for (int i = 0; i < 20; i++) {
        struct timespec nap = {.tv_nsec = 5000000};
        double began_ms = 1e3 * sg_clock_s();
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
        double late_ms = 1e3 * sg_clock_s() - began_ms - 5;
        worst_ms = late_ms > worst_ms ? late_ms : worst_ms;
    }
    return worst_ms;
}

void sg_doctor_clock(sg_checkup *self)
{
    struct timex state = {0};
    struct tm civil = {0};
    time_t now = time(NULL);
    char text[32] = "?";
    int kernel = adjtimex(&state);
    bool known = gmtime_r(&now, &civil) != NULL;
    if (known) {
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &civil);
    }
    bool absurd = !known || civil.tm_year + 1900 < YEAR_LEAST;
    sg_find(self, "clock", absurd ? SG_HEALTH_BAD : SG_HEALTH_OK,
            absurd ? "set the clock: prices and schedules go by it" : "", "the clock says %s",
            text);
    bool loose = kernel == TIME_ERROR || kernel < 0 || (state.status & STA_UNSYNC) != 0;
    sg_find(self, "clock", loose ? SG_HEALTH_WARN : SG_HEALTH_OK,
            loose ? "run chrony or systemd-timesyncd; in a container the host's counts" : "",
            loose ? "it is not synchronised with any server"
                  : "it is synchronised, error at most %.0f ms",
            (double)state.maxerror / 1e3);
    double late_ms = worst_sleep_ms();
    bool late = late_ms > sleep_warn_ms;
    sg_find(self, "clock", late ? SG_HEALTH_WARN : SG_HEALTH_OK,
            late
                ? "the machine is busy: steps of 100 ms may be late; give symgrid a core of its own"
                : "",
            "the worst of 20 sleeps ended %.2f ms late", late_ms);
}

/* ---- disk ---- */

/* The folder itself, or the nearest one above it that there is. */
static void existing_folder(const char *dir, char *ret, size_t size)
{
    snprintf(ret, size, "%s", dir);
    while (access(ret, F_OK) != 0) {
        char *slash = strrchr(ret, '/');
        if (!slash) {
            snprintf(ret, size, ".");
            return;
        }
        *(slash == ret ? slash + 1 : slash) = '\0';
    }
}

/* The worst of eight writes of 4 KiB until they are on the disk; < 0: it cannot be tried. */
static double worst_sync_ms(const char *folder)
{
    char path[1024], block[4096] = {0};
    double worst_ms = -1;
    snprintf(path, sizeof path, "%s/.symgrid-doctor-XXXXXX", folder);
    int fd = mkstemp(path);
    if (fd < 0) {
        return -1;
    }
    (void)unlink(path);
    for (int i = 0; i < 8; i++) {
        double began_ms = 1e3 * sg_clock_s();
        if (write(fd, block, sizeof block) != (ssize_t)sizeof block || fdatasync(fd) != 0) {
            worst_ms = -1;
            break;
        }
        double took_ms = 1e3 * sg_clock_s() - began_ms;
        worst_ms = took_ms > worst_ms ? took_ms : worst_ms;
    }
    close(fd);
    return worst_ms;
}

void sg_doctor_disk(sg_checkup *self)
{
    char folder[512];
    struct statvfs fs;
    existing_folder(self->dir, folder, sizeof folder);
    if (statvfs(folder, &fs) != 0) {
        sg_find(self, "disk", SG_HEALTH_BAD, "name another folder with --data", "%s: %s", folder,
                strerror(errno));
        return;
    }
    double room = (double)fs.f_bavail * (double)fs.f_frsize / gib;
    sg_health health = room < room_bad_gib    ? SG_HEALTH_BAD
                       : room < room_warn_gib ? SG_HEALTH_WARN
                                              : SG_HEALTH_OK;
    sg_find(self, "disk", health,
            health == SG_HEALTH_OK ? ""
                                   : "make room: journal and telemetry together may take 4 GiB; on "
                                     "a full disk control goes on and nothing is acknowledged",
            "%.1f GiB are free in %s", room, folder);
    double sync_ms = worst_sync_ms(folder);
    bool slow = sync_ms > sync_warn_ms;
    if (sync_ms < 0) {
        sg_find(self, "disk", SG_HEALTH_BAD, "let the user that runs symgrid write there",
                "nothing can be written in %s", folder);
    } else {
        sg_find(self, "disk", slow ? SG_HEALTH_WARN : SG_HEALTH_OK,
                slow ? "the journal waits for the disk: use a local one" : "",
                "the worst of 8 writes was on the disk after %.1f ms", sync_ms);
    }
}

/* ---- port ---- */

static void who_is_there(sg_checkup *self, const char *why)
{
    char base[160], error[SG_HTTP_GET_ERROR];
    int status = 0;
    sg_out out = {0};
    const char *colon = strrchr(self->listen, ':');
    bool bare = self->listen == colon;
    snprintf(base, sizeof base, "http://%s%.120s", bare ? "127.0.0.1" : "", self->listen);
    sg_status got =
        sg_http_get(&(sg_http_question){.base = base, .path = "/healthz"}, &out, &status, error);
    bool ours = got == SG_OK && out.text && strstr(out.text, "\"uptime_s\"");
    if (ours) {
        sg_find(self, "port", SG_HEALTH_OK, "", "a symgrid runs at %s", self->listen);
    } else {
        sg_find(self, "port", SG_HEALTH_BAD, "stop what uses it, or name another with --listen",
                "%s", why);
    }
    sg_out_free(&out);
}

void sg_doctor_port(sg_checkup *self)
{
    char error[SG_SERVE_TEXT] = "";
    int fd = -1, port = 0;
    bool loopback = true;
    sg_status status = sg_http_listen(self->listen, &fd, &port, &loopback, error);
    if (status != SG_OK) {
        who_is_there(self, error);
        return;
    }
    close(fd);
    sg_find(self, "port", loopback ? SG_HEALTH_OK : SG_HEALTH_WARN,
            loopback ? "" : "others on the network reach it: only behind tokens and TLS",
            "%s is free", self->listen);
}
