/* symgrid run - a site, live. */
#include "base/time.h"
#include "cli/verbs.h"
#include "host/loop.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifndef SYMGRID_VERSION
#define SYMGRID_VERSION "unknown"
#endif

static const char help[] =
    "usage: symgrid run SITE [OPTIONS]\n"
    "\n"
    "Runs the site live: ten control steps a second, a journal of every input, telemetry in "
    "SQLite, a page, an API.\n"
    "The field is simulated from the site's series. SIGINT or SIGTERM ends it cleanly; started "
    "again it goes on where\n"
    "its journal stands. SIGHUP has the site file read again, which takes over between two steps, "
    "and the certificate.\n"
    "\n"
    "  --listen ADDR:PORT  where to serve (default 127.0.0.1:8048; port 0: any free one)\n"
    "  --no-serve          no page and no API\n"
    "  --tls-cert FILE     certificate (chain) and key as PEM: HTTPS, TLS 1.3 only\n"
    "  --tls-key FILE      the key\n"
    "  --host-name NAME    a name by which this server is reached, for the Host header\n"
    "  --tokens FILE       who may sign in (default DIR/tokens; symgrid token makes them)\n"
    "  --insecure-http     beyond loopback without TLS: tokens can be read on the way\n"
    "  --trust-loopback    who can connect to loopback may operate without a token\n"
    "  --data DIR          journal and telemetry (default symgrid-data/<name of the site file>); "
    "`none` keeps nothing\n"
    "  --for DURATION      stop after so much site time, e.g. 30s (default: run until stopped)\n"
    "  --speed N           times real time, or `max` for as fast as it goes (default 1)\n"
    "  --from TIME         site time to start at (default: now, in the year of the site's series)\n"
    "  --step DURATION     control step (default 100ms)\n"
    "  --policy NAME       static, rules (default) or mpc\n"
    "  --plan-every D      mpc: a new plan every so often (default: the site file's, 5min)\n"
    "  --webhook URL       send alarms there as they are raised and cleared, signed\n"
    "  --webhook-secret FILE  the key that signs them\n"
    "  --webhook-ca FILE      who may vouch for the receiver, PEM (default: the system's)\n"
    "\n"
    "On loopback everybody reads; what changes something needs a token, except in mode observe. "
    "Started in a terminal it\n"
    "prints a link that signs the page in. Beyond loopback everything needs a token.\n"
    "The page is at http://127.0.0.1:8048/, figures for Prometheus at /metrics, the API at "
    "/openapi.json.\n"
    "example: symgrid run sites/hall.maml.md --speed 10\n";

typedef struct words {
    const char *listen, *data, *duration, *speed, *from, *step, *policy, *plan_every;
    const char *webhook, *webhook_secret, *webhook_ca;
    const char *tls_cert, *tls_key, *host_name, *tokens;
    bool help, no_serve, insecure_http, trust_loopback;
} words;

static int bad(const char *option, const char *wanted, const char *got)
{
    fprintf(stderr, "symgrid run: %s: expected %s, got '%s'\n", option, wanted, got);
    return SG_EXIT_USAGE;
}

/* This moment, in the year of the site's series. */
static int64_t default_start(const sg_site *site)
{
    int64_t from_us, to_us, now_us = (int64_t)time(NULL) * SG_US_PER_S;
    if (sg_site_span(site, &from_us, &to_us) != SG_OK || (now_us >= from_us && now_us < to_us)) {
        return now_us;
    }
    sg_civil first;
    sg_civil_from_time(from_us, &first);
    int64_t start_us = sg_time_in_year(now_us, first.year);
    return start_us >= from_us && start_us < to_us ? start_us : from_us;
}

static int read_speed(const char *text, double *ret)
{
    char *end;
    if (!text) {
        return SG_EXIT_DONE;
    }
    if (strcmp(text, "max") == 0) {
        *ret = INFINITY;
        return SG_EXIT_DONE;
    }
    double value = strtod(text, &end);
    if (*end || end == text || !(value > 0) || value > 1e6) {
        return bad("--speed", "a positive number or max", text);
    }
    *ret = value;
    return SG_EXIT_DONE;
}

static int read_options(const words *w, sg_site *site, sg_host_config *ret)
{
    ret->policy = SG_POLICY_RULES;
    ret->duration_s = INFINITY;
    ret->step_s = 0.1;
    ret->speed = 1;
    ret->from_us = default_start(site);
    ret->from_given = w->from != NULL;
    ret->listen = w->no_serve ? "" : w->listen;
    ret->webhook = w->webhook;
    ret->webhook_secret = w->webhook_secret;
    ret->webhook_ca = w->webhook_ca;
    int status = sg_option_time("--from", w->from, &ret->from_us);
    status = status ? status : sg_option_duration("--for", w->duration, &ret->duration_s);
    status = status ? status : sg_option_duration("--step", w->step, &ret->step_s);
    double period_s = 0;
    status = status ? status : sg_option_duration("--plan-every", w->plan_every, &period_s);
    ret->plan_every_s = period_s;
    if (!status && period_s > 0) {
        sg_site_plan_every(site, period_s);
    }
    status = status ? status : read_speed(w->speed, &ret->speed);
    if (!status && (ret->step_s < 0.01 || ret->step_s > 3600)) {
        status = bad("--step", "10ms to 1h", w->step);
    }
    if (!status && w->policy &&
        (!sg_policy_find(w->policy, &ret->policy) || ret->policy == SG_POLICY_PERFECT)) {
        status = bad("--policy", "static, rules or mpc", w->policy);
    }
    return status ? status : sg_cli_check_span(site, ret->from_us, INFINITY);
}

static void print_summary(const sg_site *site, const sg_host_summary *s, const char *data_dir)
{
    char from[SG_TIME_TEXT], to[SG_TIME_TEXT];
    sg_time_format(s->from_us, from);
    sg_time_format(s->to_us, to);
    printf("%s, %s to %s: %llu steps, %llu late, step p50 %.0f us, p99 %.0f us\n", site->title,
           from, to, (unsigned long long)s->steps, (unsigned long long)s->late_steps,
           s->step_us_p50, s->step_us_p99);
    printf("load %.2f kWh, local generation %.2f kWh, import %.2f kWh, export %.2f kWh, losses "
           "%.2f kWh\n",
           (double)s->total.load_j / 3.6e6, (double)s->total.generation_j / 3.6e6,
           (double)s->total.import_j / 3.6e6, (double)s->total.export_j / 3.6e6,
           (double)s->total.losses_j / 3.6e6);
    printf("energy bought %.2f, sold %.2f, wear %.2f %s; carbon %.2f kg\n",
           (double)s->total.cost_u * 1e-6, (double)s->total.revenue_u * 1e-6,
           (double)s->total.wear_u * 1e-6, site->currency, (double)s->total.carbon_mg * 1e-6);
    if (data_dir) {
        printf("journal in %s, state %016llx; symgrid replay %s runs it again\n", data_dir,
               (unsigned long long)s->state_hash, data_dir);
    }
}

static int run_site(sg_site *site, const words *w, const char *site_path)
{
    char data_dir[512], tokens[640];
    bool terminal = isatty(STDERR_FILENO) == 1;
    sg_host_config config = {.site = site,
                             .version = SYMGRID_VERSION,
                             .status_line = terminal,
                             .login_code = terminal, /* never into a log */
                             .tls_cert = w->tls_cert,
                             .tls_key = w->tls_key,
                             .host_name = w->host_name,
                             .insecure_http = w->insecure_http,
                             .trust_loopback = w->trust_loopback};
    int status = read_options(w, site, &config);
    if (status) {
        return status;
    }
    if (!w->data) {
        sg_cli_data_dir(site_path, data_dir, sizeof data_dir);
        (void)mkdir("symgrid-data", 0777);
        config.data_dir = data_dir;
    } else if (strcmp(w->data, "none") != 0) {
        config.data_dir = w->data;
        if (mkdir(w->data, 0777) != 0 && errno != EEXIST) {
            fprintf(stderr, "symgrid run: cannot make %s: %s\n", w->data, strerror(errno));
            return SG_EXIT_ENVIRONMENT;
        }
    }
    if (w->tokens) {
        config.tokens = w->tokens;
    } else if (config.data_dir) {
        snprintf(tokens, sizeof tokens, "%s/tokens", config.data_dir);
        config.tokens = tokens;
    }
    sg_host_summary summary;
    sg_status ran = sg_host_run(&config, &summary);
    if (ran != SG_OK) { /* one line was written already */
        return ran == SG_FORMAT ? SG_EXIT_USAGE : SG_EXIT_ENVIRONMENT;
    }
    print_summary(site, &summary, config.data_dir);
    return summary.journal_degraded ? SG_EXIT_ENVIRONMENT : SG_EXIT_DONE;
}

int sg_cli_run(int argc, char **argv)
{
    words w = {0};
    const sg_option options[] = {{"--listen", &w.listen, NULL},
                                 {"--data", &w.data, NULL},
                                 {"--for", &w.duration, NULL},
                                 {"--speed", &w.speed, NULL},
                                 {"--from", &w.from, NULL},
                                 {"--step", &w.step, NULL},
                                 {"--policy", &w.policy, NULL},
                                 {"--plan-every", &w.plan_every, NULL},
                                 {"--tls-cert", &w.tls_cert, NULL},
                                 {"--tls-key", &w.tls_key, NULL},
                                 {"--host-name", &w.host_name, NULL},
                                 {"--tokens", &w.tokens, NULL},
                                 {"--insecure-http", NULL, &w.insecure_http},
                                 {"--trust-loopback", NULL, &w.trust_loopback},
                                 {"--webhook", &w.webhook, NULL},
                                 {"--webhook-secret", &w.webhook_secret, NULL},
                                 {"--webhook-ca", &w.webhook_ca, NULL},
                                 {"--help", NULL, &w.help},
                                 {"--no-serve", NULL, &w.no_serve}};
    int count = sg_options_parse(argc, argv, options, sizeof options / sizeof options[0], 1);
    if (w.help) {
        fputs(help, stdout);
        return SG_EXIT_DONE;
    }
    if (count != 1) {
        if (count == 0) {
            fputs("symgrid run: which site? see symgrid run --help\n", stderr);
        }
        return SG_EXIT_USAGE;
    }
    sg_site site = {0};
    int status = sg_cli_load_site(argv[1], &site);
    status = status ? status : run_site(&site, &w, argv[1]);
    sg_site_free(&site);
    return status;
}
