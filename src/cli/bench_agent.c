#include "cli/bench_agent.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/bench.h"
#include "cli/verbs.h"
#include "world/fleet.h"

#include <math.h>
#include <stdio.h>

enum { BLOCK = 1000, ROUNDS_MAX = 1000 };

typedef struct figures {
    int64_t devices;
    int rounds;
    double step_s, receive_s; /* a device: medians over rounds, over blocks     */
    double worst_s;           /* a device: the slowest round                    */
    double books_error;       /* registers against the world's books, of 1      */
} figures;

/* Set-points for a block, sealed before the clock runs; what is timed is what a device does with them. */
static bool receive(sg_fleet *fleet, double seconds, double *ret_s)
{
    static uint8_t messages[BLOCK][SG_AGENT_SETPOINT_SIZE];
    static double took_s[ROUNDS_MAX];
    const sg_agent_order order = {700000, 0, SG_AGENT_MARKS};
    int rounds = 0;
    double until_s = sg_clock_s() + seconds;
    for (int64_t first = 0; rounds < ROUNDS_MAX && (rounds < 3 || sg_clock_s() < until_s);
         first = first + 2 * BLOCK <= fleet->count ? first + BLOCK : 0) {
        int64_t count = fleet->count < BLOCK ? fleet->count : BLOCK;
        for (int64_t i = 0; i < count; i++) {
            sg_fleet_seal(fleet, first + i, &order, 10000, messages[i]);
        }
        double began_s = sg_clock_s();
        if (sg_fleet_receive(fleet, first, count,
                             (const uint8_t(*)[SG_AGENT_SETPOINT_SIZE])messages) != count) {
            return false;
        }
        took_s[rounds++] = (sg_clock_s() - began_s) / (double)count;
    }
    *ret_s = sg_bench_median(took_s, rounds);
    return true;
}

/* A round is one step of every device. */
static void rounds_of(sg_fleet *fleet, double seconds, figures *ret)
{
    static double took_s[ROUNDS_MAX];
    sg_fleet_sums sums;
    uint32_t now_ms = 0;
    double until_s = sg_clock_s() + seconds;
    int64_t books_uj = 0, registers_uj = 0;
    for (int k = 0; k < 3; k++) { /* clocks begin, images are saved */
        sg_fleet_step(fleet, 0, fleet->count, now_ms += 10, 10, 50000, &sums);
    }
    for (int64_t i = 0; i < fleet->count; i++) {
        registers_uj -= (int64_t)fleet->agent[i].load_uj;
    }
    while (ret->rounds < ROUNDS_MAX && (ret->rounds < 3 || sg_clock_s() < until_s)) {
        double began_s = sg_clock_s();
        sg_fleet_step(fleet, 0, fleet->count, now_ms += 10, 10, 50000, &sums);
        took_s[ret->rounds] = (sg_clock_s() - began_s) / (double)fleet->count;
        ret->worst_s = fmax(ret->worst_s, took_s[ret->rounds++]);
        books_uj += sums.load_uj;
    }
    for (int64_t i = 0; i < fleet->count; i++) {
        registers_uj += (int64_t)fleet->agent[i].load_uj;
    }
    ret->step_s = sg_bench_median(took_s, ret->rounds);
    ret->books_error = fabs((double)(registers_uj - books_uj)) / (double)books_uj;
}

static int measure(int64_t devices, double seconds, figures *ret)
{
    sg_fleet fleet;
    const sg_agent_limits limits = sg_fleet_limits();
    *ret = (figures){.devices = devices};
    if (!sg_fleet_open(&fleet, devices, 1, &limits)) {
        fputs("symgrid bench: memory is exhausted\n", stderr);
        return SG_EXIT_ENVIRONMENT;
    }
    rounds_of(&fleet, seconds, ret);
    bool taken = receive(&fleet, seconds, &ret->receive_s);
    sg_fleet_close(&fleet);
    if (!taken) {
        fputs("symgrid bench: a device refused its set-point\n", stderr);
    }
    return taken ? SG_EXIT_DONE : SG_EXIT_ENVIRONMENT;
}

static void write_json(const figures *f, sg_out *out)
{
    sg_json_begin(out, NULL, '{');
    sg_json_integer(out, "devices", f->devices);
    sg_json_integer(out, "rounds", f->rounds);
    sg_json_fixed(out, "step_ns", f->step_s * 1e9, 3);
    sg_json_fixed(out, "step_worst_ns", f->worst_s * 1e9, 3);
    sg_json_fixed(out, "million_steps_per_s", 1e-6 / f->step_s, 3);
    sg_json_fixed(out, "setpoint_ns", f->receive_s * 1e9, 3);
    sg_json_fixed(out, "million_setpoints_per_s", 1e-6 / f->receive_s, 3);
    sg_json_integer(out, "agent_bytes", (int64_t)sizeof(sg_agent));
    sg_json_integer(out, "device_bytes", (int64_t)sg_fleet_bytes());
    sg_json_number(out, "books_error_frac", f->books_error);
    sg_json_end(out, '}');
}

static void write_row(const figures *f)
{
    printf("%9lld %7d %9.1f %9.1f %12.2f %12.0f %12.3f %7zu %7zu\n", (long long)f->devices,
           f->rounds, f->step_s * 1e9, f->worst_s * 1e9, 1e-6 / f->step_s, f->receive_s * 1e9,
           1e-6 / f->receive_s, sizeof(sg_agent), sg_fleet_bytes());
    fflush(stdout);
}

int sg_bench_agent(const int64_t *devices, int count, double seconds, bool json)
{
    sg_out out = {0};
    int status = SG_EXIT_DONE;
    sg_json_begin(&out, NULL, '{');
    sg_json_text(&out, "format", "symgrid.bench/1");
    sg_json_begin(&out, "agent", '[');
    if (!json) {
        printf("one core; a step is 10 ms of one device, its simulated load and store included\n\n"
               "%9s %7s %9s %9s %12s %12s %12s %7s %7s\n",
               "devices", "rounds", "ns/step", "worst", "M steps/s", "ns/set-point", "M/s",
               "B/agent", "B/dev");
    }
    for (int i = 0; i < count && status == SG_EXIT_DONE; i++) {
        figures f;
        status = measure(devices[i], seconds, &f);
        if (status == SG_EXIT_DONE && json) {
            write_json(&f, &out);
        } else if (status == SG_EXIT_DONE) {
            write_row(&f);
        }
    }
    sg_json_end(&out, ']');
    sg_json_end(&out, '}');
    sg_out_text(&out, "\n");
    bool written = !out.failed && (!json || status != SG_EXIT_DONE ||
                                   fwrite(out.text, 1, out.length, stdout) == out.length);
    sg_out_free(&out);
    if (!written || fflush(stdout) != 0) {
        fputs("symgrid bench: the result cannot be written\n", stderr);
        return SG_EXIT_ENVIRONMENT;
    }
    return status;
}
