/* symgrid-agent - the device loop on Linux: a timer of 10 ms, datagrams for set-points and reports, files or a simulated device
 * as meter, an image that survives kill -9. What decides is src/agent; this only brings it its inputs. */
#include "agentd/device.h"
#include "agentd/images.h"
#include "agentd/wire.h"
#include "base/quantity.h"
#include "host/notify.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { DONE = 0, USAGE = 2, ENVIRONMENT = 3 };
enum { DATAGRAMS_MAX = 32, LINES_MAX = 10 };

static const char HELP[] =
    "symgrid-agent - keep one device to its limits, with or without a controller\n"
    "\n"
    "usage: symgrid-agent FILE [--for DURATION]\n"
    "       symgrid-agent FILE --check\n"
    "       symgrid-agent FILE --commission\n"
    "\n"
    "  --check       read FILE and the key, say what is wrong, do nothing\n"
    "  --commission  write the state of a device that was never used, once, before its first "
    "start\n"
    "  --for 10s     end after a while; without it, at SIGINT or SIGTERM\n"
    "\n"
    "A hundred times a second it reads the meter, takes sealed set-points, moves the store by its\n"
    "marks, the frequency and the order in force, and keeps all of it inside the limits of FILE.\n"
    "Without a set-point for `silence` it keeps the safe behaviour by itself. Messages and the\n"
    "reasons for refusing them: docs/agent.md.\n"
    "\n"
    "FILE has one `key: value` a line; `#` begins a comment. Keys, with what holds without them:\n";

static volatile sig_atomic_t ending;

static void end(int number)
{
    (void)number;
    ending = 1;
}

typedef struct program {
    sg_agentd_config config;
    sg_agent agent;
    sg_agent_inputs in;
    sg_agent_outputs out;
    sg_agentd_device device;
    sg_agentd_wire wire;
    sg_agentd_images *images;
    uint64_t steps, missed; /* timer ticks: done; passed while a step was late */
    uint64_t reported_ms, said_ms;
    uint64_t watch_ms, watched_ms; /* the service manager's, 0: none */
    int lines;                     /* that may be said now */
    uint8_t said_flags;
} program;

/* A line about a change, unless there were many or nobody reads them: the loop waits for no log. */
static void say_changes(program *p)
{
    const uint8_t watched = SG_AGENT_LIVE | SG_AGENT_STOPPED | SG_AGENT_NO_LOAD | SG_AGENT_NO_STORE;
    if (p->agent.time_ms - p->said_ms >= 1000) {
        p->lines += p->lines < LINES_MAX;
        p->said_ms = p->agent.time_ms;
    }
    struct pollfd log = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (((p->out.flags ^ p->said_flags) & watched) == 0 || p->lines == 0 || poll(&log, 1, 0) <= 0) {
        return;
    }
    p->lines--;
    p->said_flags = p->out.flags;
    uint8_t flags = p->out.flags;
    fprintf(stderr, "symgrid-agent: %s%s%s%s, cap %.3f W, store %.3f W\n",
            flags & SG_AGENT_LIVE ? "a set-point is in force" : "safe behaviour",
            flags & SG_AGENT_STOPPED ? ", stopped" : "",
            flags & SG_AGENT_NO_LOAD ? ", no load meter" : "",
            flags & SG_AGENT_NO_STORE ? ", no store meter" : "", p->out.cap_mw * 1e-3,
            p->out.store_mw * 1e-3);
}

static uint32_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now); /* goes on while the machine sleeps: so does the silence */
    return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

static void report(program *p)
{
    uint8_t bytes[SG_AGENT_REPORT_SIZE];
    if (p->agent.time_ms - p->reported_ms >= p->config.report_ms) {
        p->reported_ms = p->agent.time_ms;
        sg_agent_report(&p->agent, &p->in, &p->out, bytes);
        sg_agentd_wire_send(&p->wire, bytes, sizeof bytes);
    }
    if (p->watch_ms && p->agent.time_ms - p->watched_ms >= p->watch_ms) {
        p->watched_ms = p->agent.time_ms;
        sg_notify("WATCHDOG=1");
    }
}

static void save(program *p)
{
    uint8_t image[SG_AGENT_IMAGE_SIZE];
    if (p->out.image_due) {
        sg_agent_image(&p->agent, image);
        sg_agentd_images_write(p->images, p->agent.generation, image);
    }
}

static void step(program *p, const sg_agent_limits *limits)
{
    uint8_t message[SG_AGENT_SETPOINT_SIZE + 1]; /* one more, so that a longer one is seen to be */
    uint32_t now_ms = clock_ms();
    if (p->steps && now_ms == p->in.now_ms) {
        return; /* right behind a late one: to the agent a clock that stands is a fault */
    }
    for (int i = 0; i < DATAGRAMS_MAX; i++) {
        int size = sg_agentd_wire_receive(&p->wire, message, sizeof message);
        if (size < 0) {
            break;
        }
        sg_agent_receive(limits, &p->agent, message, (uint32_t)size);
    }
    sg_agentd_device_read(&p->device, p->steps ? now_ms - p->in.now_ms : 0, &p->in);
    p->in.now_ms = now_ms;
    p->in.saved_generation = sg_agentd_images_saved(p->images);
    sg_agent_step(limits, &p->agent, &p->in, &p->out);
    sg_agentd_device_write(&p->device, &p->out);
    save(p);
    p->steps++;
}

/* At the end the device gets the safe behaviour, and the registers are saved whatever their age. */
static void leave(program *p)
{
    sg_agent_limits limits = p->config.limits;
    limits.image_ms = 1;
    p->agent.left_ms = 0;
    usleep(2000); /* into another millisecond than the last step's */
    step(p, &limits);
    p->out.cap_mw = limits.safe.cap_mw < p->out.cap_mw ? limits.safe.cap_mw : p->out.cap_mw;
    p->out.store_mw = 0; /* nobody will watch it any more */
    sg_agentd_device_write(&p->device, &p->out);
}

static int loop(program *p, double duration_s)
{
    int timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
    const struct timespec period = {.tv_nsec = SG_AGENT_STEP_MS * 1000000L};
    const struct itimerspec setting = {period, period};
    if (timer < 0 || timerfd_settime(timer, 0, &setting, NULL) != 0) {
        fprintf(stderr, "symgrid-agent: no timer: %s\n", strerror(errno));
        return ENVIRONMENT;
    }
    sg_notify("READY=1");
    while (!ending && !((double)p->agent.time_ms >= duration_s * 1e3)) {
        uint64_t ticks = 0;
        if (read(timer, &ticks, sizeof ticks) != sizeof ticks) {
            continue; /* a signal came */
        }
        p->missed += ticks - 1;
        step(p, &p->config.limits);
        report(p);
        say_changes(p);
    }
    sg_notify("STOPPING=1");
    leave(p);
    close(timer);
    return DONE;
}

static void say_end(const program *p)
{
    static const char *const verdicts[] = {
#define X(code, text) text,
        SG_AGENT_VERDICT_LIST(X)
#undef X
    };
    printf("%llu steps, %llu ticks missed, %u late, %u clock faults, %u gaps, %u failed writes\n",
           (unsigned long long)p->steps, (unsigned long long)p->missed, p->agent.late_steps,
           p->agent.clock_faults, p->agent.gaps, p->device.write_faults);
    for (int i = 1; i < SG_AGENT_VERDICTS; i++) {
        if (p->agent.count[i]) {
            printf("%10u %s\n", p->agent.count[i], verdicts[i]);
        }
    }
}

static int run(program *p, double duration_s)
{
    uint8_t slots[2][SG_AGENT_IMAGE_SIZE];
    char name[SG_AGENTD_PATH];
    const sg_agentd_config *c = &p->config;
    p->images = sg_agentd_images_open(c->state, slots);
    if (!p->images) {
        return ENVIRONMENT;
    }
    int status = ENVIRONMENT;
    bool device = sg_agentd_device_open(&p->device, c);
    if (device && sg_agentd_wire_open(&p->wire, c->listen, c->report_to, name, sizeof name)) {
        bool whole = sg_agent_start(&p->agent, c->device, (uint16_t)c->key_number, c->key, slots[0],
                                    slots[1]);
        fprintf(stderr, "symgrid-agent: device %llu, start %u, epoch %llu, listening on %s%s\n",
                (unsigned long long)c->device, p->agent.boot, (unsigned long long)p->agent.epoch,
                name, whole ? "" : "; its state is lost: safe behaviour only");
        struct sigaction action = {.sa_handler = end};
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        p->watch_ms = (uint64_t)(sg_notify_period_s() * 1e3);
        p->lines = LINES_MAX;
        p->said_flags = 0;
        status = loop(p, duration_s);
        say_end(p);
        sg_agentd_wire_close(&p->wire);
    }
    sg_agentd_device_close(&p->device);
    sg_agentd_images_close(p->images);
    return status;
}

static int refuse(const char *what, const char *word)
{
    fprintf(stderr, "symgrid-agent: %s%s; see symgrid-agent --help\n", what, word);
    return USAGE;
}

static bool parse_duration(const char *text, double *ret_s)
{
    sg_quantity quantity;
    const char *what;
    if (sg_quantity_parse_as(text, strlen(text), SG_DIM_TIME, &quantity, &what) != SG_OK ||
        !(quantity.value > 0)) {
        return false;
    }
    *ret_s = quantity.value;
    return true;
}

int main(int argc, char **argv)
{
    static program p; /* the key stays out of the stack */
    const char *file = NULL;
    bool check = false, commission = false, environment = false;
    double duration_s = (double)INFINITY;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(HELP, stdout);
            sg_agentd_config_help(stdout);
            return DONE;
        }
        if (strcmp(argv[i], "--version") == 0) {
            puts("symgrid-agent " SYMGRID_VERSION);
            return DONE;
        }
        if (strcmp(argv[i], "--check") == 0) {
            check = true;
        } else if (strcmp(argv[i], "--commission") == 0) {
            commission = true;
        } else if (strcmp(argv[i], "--for") == 0) {
            if (++i == argc || !parse_duration(argv[i], &duration_s)) {
                return refuse("--for: expected a duration such as 10s", "");
            }
        } else if (argv[i][0] == '-') {
            return refuse("unknown option ", argv[i]);
        } else if (file) {
            return refuse("unexpected word ", argv[i]);
        } else {
            file = argv[i];
        }
    }
    if (!file) {
        return refuse("expected the file that describes the device", "");
    }
    if (!sg_agentd_config_read(file, &p.config, &environment)) {
        return environment ? ENVIRONMENT : USAGE;
    }
    if (commission) {
        return sg_agentd_images_commission(p.config.state, p.config.device) ? DONE : ENVIRONMENT;
    }
    return check ? DONE : run(&p, duration_s);
}
