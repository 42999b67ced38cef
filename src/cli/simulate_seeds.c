#include "cli/simulate_seeds.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/quantity.h"
#include "cli/verbs.h"
#include "study/swarm.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOBS_MAX = 256, FAILED_SHOWN = 20 };

typedef struct job {
    pid_t pid; /* 0: none */
    int from;  /* the pipe that its result comes through */
    uint64_t seed;
    size_t got;
    sg_swarm_result result;
} job;

typedef struct seeds {
    const sg_seeds *options;
    sg_swarm swarm;
    uint64_t first, last, next, done, failed, crashed;
    int jobs;
    job job[JOBS_MAX];
    sg_swarm_result sum;
    uint64_t modes[3], policies[4];
    double wall_from_s, told_s;
    sg_out failures; /* JSON, one object each */
} seeds;

/* --- options --- */

static bool read_number(const char *text, size_t length, double low, double high, double *ret)
{
    return length > 0 && sg_number_scan(text, length, ret) == length && *ret >= low &&
           *ret <= high && *ret == floor(*ret);
}

static bool read_range(const char *text, uint64_t *ret_first, uint64_t *ret_last)
{
    const char *dots = strstr(text, "..");
    size_t length = dots ? (size_t)(dots - text) : strlen(text);
    double first, last;
    if (!read_number(text, length, 0, 1e15, &first)) {
        return false;
    }
    last = first;
    if (dots && !read_number(dots + 2, strlen(dots + 2), first, 1e15, &last)) {
        return false;
    }
    *ret_first = (uint64_t)first;
    *ret_last = (uint64_t)last;
    return true;
}

static int read_options(seeds *self, const sg_seeds *options)
{
    double jobs = (double)sysconf(_SC_NPROCESSORS_ONLN);
    self->options = options;
    self->swarm =
        (sg_swarm){.duration_s = 20 * 3600, .site = options->site, .faults = options->faults};
    if (!read_range(options->seeds, &self->first, &self->last)) {
        fprintf(stderr, "symgrid simulate: --seeds: expected A..B with whole numbers, got '%s'\n",
                options->seeds);
        return SG_EXIT_USAGE;
    }
    if (options->jobs && !read_number(options->jobs, strlen(options->jobs), 1, JOBS_MAX, &jobs)) {
        fprintf(stderr, "symgrid simulate: --jobs: expected 1 to %d, got '%s'\n", (int)JOBS_MAX,
                options->jobs);
        return SG_EXIT_USAGE;
    }
    self->jobs = jobs < 1 ? 1 : jobs > JOBS_MAX ? JOBS_MAX : (int)jobs;
    int status = sg_option_duration("--for", options->duration, &self->swarm.duration_s);
    if (!status && (self->swarm.duration_s < 10 || self->swarm.duration_s > 400 * 86400.0)) {
        fprintf(stderr, "symgrid simulate: --for: expected 10s to 400d with --seeds\n");
        status = SG_EXIT_USAGE;
    }
    self->next = self->first;
    return status;
}

/* --- processes --- */

/* A child runs one seed and writes its result; a failed check of the engine's own ends it, and is told by its absence. */
static void child(const seeds *self, uint64_t seed, int to)
{
    sg_swarm swarm = self->swarm;
    swarm.seed = seed;
    sg_swarm_result *result = malloc(sizeof *result);
    if (!result) {
        _exit(SG_EXIT_ENVIRONMENT);
    }
    sg_status status = sg_swarm_run(&swarm, result);
    if (status != SG_OK && result->error[0] == '\0') {
        snprintf(result->error, sizeof result->error, "%s", sg_status_text(status));
    }
    const char *at = (const char *)result;
    for (size_t left = sizeof *result; left > 0;) {
        ssize_t written = write(to, at, left);
        if (written <= 0) {
            _exit(SG_EXIT_ENVIRONMENT);
        }
        at += written;
        left -= (size_t)written;
    }
    _exit(SG_EXIT_DONE);
}

static bool start(seeds *self, job *j)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return false;
    }
    fflush(stdout);
    fflush(stderr);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        child(self, self->next, ends[1]);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return false;
    }
    *j = (job){.pid = pid, .from = ends[0], .seed = self->next++};
    return true;
}

/* --- what came of it --- */

static void command_of(const seeds *self, uint64_t seed, char *ret, size_t size)
{
    const sg_seeds *o = self->options;
    snprintf(ret, size, "symgrid simulate%s%s --seeds %llu%s%s%s", o->site_path ? " " : "",
             o->site_path ? o->site_path : "", (unsigned long long)seed,
             o->faults ? " --faults" : "", o->duration ? " --for " : "",
             o->duration ? o->duration : "");
}

static void tell_violations(seeds *self, const sg_swarm_result *r, const char *command)
{
    bool shown = self->failed <= FAILED_SHOWN;
    sg_out_text(&self->failures, self->failed > 1 ? "," : "");
    sg_json_begin(&self->failures, NULL, '{');
    sg_json_integer(&self->failures, "seed", (int64_t)r->seed);
    sg_json_text(&self->failures, "command", command);
    if (r->error[0]) {
        sg_json_text(&self->failures, "error", r->error);
        fprintf(stderr, "seed %llu: %s\n", (unsigned long long)r->seed, r->error);
    }
    sg_json_begin(&self->failures, "violations", '[');
    for (int i = 0; i < SG_INVARIANT_COUNT; i++) {
        const sg_violation *v = &r->violation[i];
        if (v->count == 0) {
            continue;
        }
        if (shown) {
            fprintf(stderr, "seed %llu: %s/%s at tick %llu (%.1f s): %s; %llu times in all\n",
                    (unsigned long long)r->seed, sg_invariants[i].id, sg_invariants[i].name,
                    (unsigned long long)v->tick, (double)(v->tick + 1) * 0.1, v->text,
                    (unsigned long long)v->count);
        }
        sg_json_begin(&self->failures, NULL, '{');
        sg_json_text(&self->failures, "id", sg_invariants[i].id);
        sg_json_text(&self->failures, "name", sg_invariants[i].name);
        sg_json_integer(&self->failures, "tick", (int64_t)v->tick);
        sg_json_integer(&self->failures, "count", (int64_t)v->count);
        sg_json_text(&self->failures, "numbers", v->text);
        sg_json_end(&self->failures, '}');
    }
    sg_json_end(&self->failures, ']');
    if (!self->options->site_path) {
        sg_out site = {0};
        sg_swarm_site(r->seed, &site);
        sg_json_text(&self->failures, "site", site.text);
        sg_out_free(&site);
    }
    sg_json_end(&self->failures, '}');
    if (shown) {
        fprintf(stderr, "  again with: %s\n", command);
    }
}

static void add(uint64_t *to, const uint64_t *from, int count)
{
    for (int i = 0; i < count; i++) {
        to[i] += from[i];
    }
}

static void take_result(seeds *self, const sg_swarm_result *r)
{
    sg_swarm_result *sum = &self->sum;
    bool failed = r->violations > 0 || r->error[0];
    sum->simulated_s += r->simulated_s;
    sum->ticks += r->ticks;
    sum->steps += r->steps;
    sum->plans += r->plans;
    sum->requests += r->requests;
    sum->violations += r->violations;
    sum->digest ^= r->digest * 2 + 1; /* of all seeds, in whatever order they end */
    add(sum->fired, r->fired, SG_FAULT_KIND_COUNT);
    add(sum->port_fired, r->port_fired, SG_PORT_FAULT_COUNT);
    add(sum->rungs, r->rungs, SG_RUNG_COUNT);
    add(sum->looks, r->looks, SG_INVARIANT_COUNT);
    for (int i = 0; i < SG_INVARIANT_COUNT; i++) {
        sum->violation[i].count += r->violation[i].count;
    }
    if (!r->error[0]) {
        self->modes[r->mode]++;
        self->policies[r->policy]++;
    }
    if (failed) {
        char command[512];
        self->failed++;
        command_of(self, r->seed, command, sizeof command);
        tell_violations(self, r, command);
    }
}

/* The child is gone: its result is whole, or it died of a check. */
static void end_job(seeds *self, job *j)
{
    int status = 0;
    close(j->from);
    while (waitpid(j->pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (j->got < sizeof j->result) {
        memset(&j->result, 0, sizeof j->result);
        j->result.seed = j->seed;
        snprintf(j->result.error, sizeof j->result.error,
                 WIFSIGNALED(status) ? "ended by signal %d: a check of the engine's own failed"
                                     : "ended with status %d",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        self->crashed++;
    }
    take_result(self, &j->result);
    self->done++;
    j->pid = 0;
}

static void progress(seeds *self, bool last)
{
    double now_s = sg_clock_s(), every_s = isatty(STDERR_FILENO) == 1 ? 1 : 30;
    if (!last && now_s < self->told_s + every_s) {
        return;
    }
    self->told_s = now_s;
    uint64_t faults = 0;
    for (int k = 0; k < SG_FAULT_KIND_COUNT; k++) {
        faults += self->sum.fired[k];
    }
    for (int k = 0; k < SG_PORT_FAULT_COUNT; k++) {
        faults += self->sum.port_fired[k];
    }
    double spent_s = now_s - self->wall_from_s;
    fprintf(stderr,
            "%llu of %llu seeds, %.1f simulated hours, %.0f times real time, %llu faults, %llu "
            "failed\n",
            (unsigned long long)self->done, (unsigned long long)(self->last - self->first + 1),
            self->sum.simulated_s / 3600, self->sum.simulated_s / fmax(spent_s, 1e-3),
            (unsigned long long)faults, (unsigned long long)self->failed);
}

/* Read what the children have written; returns false when poll fails. */
static bool read_some(seeds *self)
{
    struct pollfd polled[JOBS_MAX];
    job *of[JOBS_MAX];
    nfds_t count = 0;
    for (int i = 0; i < self->jobs; i++) {
        if (self->job[i].pid > 0) {
            polled[count] = (struct pollfd){.fd = self->job[i].from, .events = POLLIN};
            of[count++] = &self->job[i];
        }
    }
    if (poll(polled, count, 1000) < 0) {
        return errno == EINTR;
    }
    for (nfds_t i = 0; i < count; i++) {
        job *j = of[i];
        if (!(polled[i].revents & (POLLIN | POLLHUP | POLLERR))) {
            continue;
        }
        char *to = (char *)&j->result + j->got;
        ssize_t got = read(j->from, to, sizeof j->result - j->got);
        if (got > 0) {
            j->got += (size_t)got;
        }
        if (got <= 0 || j->got == sizeof j->result) {
            end_job(self, j);
        }
    }
    return true;
}

static bool run_all(seeds *self)
{
    uint64_t all = self->last - self->first + 1;
    while (self->done < all) {
        for (int i = 0; i < self->jobs && self->next <= self->last; i++) {
            if (self->job[i].pid == 0 && !start(self, &self->job[i])) {
                return false;
            }
        }
        if (!read_some(self)) {
            return false;
        }
        progress(self, false);
    }
    return true;
}

/* --- the report --- */

static void counts_json(sg_out *out, const char *key, const uint64_t *count, int n,
                        const char *(*name)(int))
{
    sg_json_begin(out, key, '{');
    for (int i = 0; i < n; i++) {
        sg_json_integer(out, name(i), (int64_t)count[i]);
    }
    sg_json_end(out, '}');
}

static const char *fault_name(int i)
{
    static const char *const names[] = {
#define X(code, name, severity, most, text) name,
        SG_FAULT_LIST(X)
#undef X
    };
    return names[i];
}

static const char *rung_name(int i)
{
    return sg_rung_name((sg_rung)i);
}

static void print_json(const seeds *self, double spent_s)
{
    sg_out out = {0};
    const sg_swarm_result *sum = &self->sum;
    sg_json_begin(&out, NULL, '{');
    sg_json_text(&out, "schema", "symgrid.seeds/1");
    sg_json_integer(&out, "first", (int64_t)self->first);
    sg_json_integer(&out, "last", (int64_t)self->last);
    sg_json_bool(&out, "faults", self->options->faults);
    sg_json_number(&out, "simulated_h", sum->simulated_s / 3600);
    sg_json_fixed(&out, "wall_s", spent_s, 1);
    sg_json_integer(&out, "ticks", (int64_t)sum->ticks);
    sg_json_integer(&out, "failed", (int64_t)self->failed);
    char digest[24];
    snprintf(digest, sizeof digest, "%016llx", (unsigned long long)sum->digest);
    sg_json_text(&out, "digest", digest);
    counts_json(&out, "device_faults", sum->fired, SG_FAULT_KIND_COUNT, fault_name);
    counts_json(&out, "port_faults", sum->port_fired, SG_PORT_FAULT_COUNT, sg_port_fault_name);
    counts_json(&out, "rungs", sum->rungs, SG_RUNG_COUNT, rung_name);
    sg_json_begin(&out, "invariants", '[');
    for (int i = 0; i < SG_INVARIANT_COUNT; i++) {
        sg_json_begin(&out, NULL, '{');
        sg_json_text(&out, "id", sg_invariants[i].id);
        sg_json_text(&out, "name", sg_invariants[i].name);
        sg_json_text(&out, "text", sg_invariants[i].text);
        sg_json_integer(&out, "looks", (int64_t)sum->looks[i]);
        sg_json_integer(&out, "violations", (int64_t)sum->violation[i].count);
        sg_json_end(&out, '}');
    }
    sg_json_end(&out, ']');
    sg_out list = {0};
    sg_out_text(&list, "[");
    sg_out_text(&list, self->failures.text ? self->failures.text : "");
    sg_out_text(&list, "]");
    sg_json_raw(&out, "failures", list.text);
    sg_json_end(&out, '}');
    printf("%s\n", out.text);
    sg_out_free(&list);
    sg_out_free(&out);
}

static void print_counts(const char *title, const uint64_t *count, int n, const char *(*name)(int))
{
    printf("%s\n", title);
    for (int i = 0; i < n; i++) {
        printf("  %-16s %10llu%s", name(i), (unsigned long long)count[i], i % 3 == 2 ? "\n" : "");
    }
    printf(n % 3 ? "\n" : "");
}

static void print_table(const seeds *self, double spent_s)
{
    const sg_swarm_result *sum = &self->sum;
    printf("%llu seeds, %.1f simulated hours in %.1f s (%.0f times real time), digest %016llx\n",
           (unsigned long long)self->done, sum->simulated_s / 3600, spent_s,
           sum->simulated_s / fmax(spent_s, 1e-3), (unsigned long long)sum->digest);
    printf("%llu steps, %llu plans, %llu requests; mode control %llu, advise %llu, observe %llu\n",
           (unsigned long long)sum->steps, (unsigned long long)sum->plans,
           (unsigned long long)sum->requests, (unsigned long long)self->modes[SG_CONTROL],
           (unsigned long long)self->modes[SG_ADVISE], (unsigned long long)self->modes[SG_OBSERVE]);
    print_counts("Faults of devices that happened", sum->fired, SG_FAULT_KIND_COUNT, fault_name);
    print_counts("Faults between plant and engine", sum->port_fired, SG_PORT_FAULT_COUNT,
                 sg_port_fault_name);
    print_counts("Steps on each rung", sum->rungs, SG_RUNG_COUNT, rung_name);
    printf("Invariants                  looks   violations\n");
    for (int i = 0; i < SG_INVARIANT_COUNT; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s %s", sg_invariants[i].id, sg_invariants[i].name);
        printf("  %-18s %12llu %12llu\n", name, (unsigned long long)sum->looks[i],
               (unsigned long long)sum->violation[i].count);
    }
    printf("%llu of %llu seeds failed\n", (unsigned long long)self->failed,
           (unsigned long long)self->done);
}

int sg_cli_seeds(const sg_seeds *options)
{
    seeds *self = calloc(1, sizeof *self);
    if (!self) {
        return SG_EXIT_ENVIRONMENT;
    }
    int status = read_options(self, options);
    self->wall_from_s = self->told_s = sg_clock_s();
    if (!status && !run_all(self)) {
        fprintf(stderr, "symgrid simulate: cannot run a seed: %s\n", strerror(errno));
        status = SG_EXIT_ENVIRONMENT;
    }
    if (!status) {
        double spent_s = sg_clock_s() - self->wall_from_s;
        progress(self, true);
        if (options->json) {
            print_json(self, spent_s);
        } else {
            print_table(self, spent_s);
        }
        status = self->failed > 0 ? SG_EXIT_NO : SG_EXIT_DONE;
    }
    sg_out_free(&self->failures);
    free(self);
    return status;
}
