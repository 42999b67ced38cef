/* symgrid top - a running site as a live table, from its API. */
#include "cli/http_get.h"
#include "cli/paint.h"
#include "cli/slurp.h"
#include "cli/top_table.h"
#include "cli/verbs.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
    "symgrid top - a running site as a live table\n"
    "\n"
    "usage: symgrid top [URL] [--every DURATION] [--count N] [--token-file FILE] [--ca FILE] "
    "[--json]\n"
    "\n"
    "  URL                where the site is served, http or https (default "
    "http://127.0.0.1:8048)\n"
    "  --every DURATION   time between two looks, 100ms to 1h (default 1s)\n"
    "  --count N          end after so many (default: until Ctrl-C; 1 where the output is no "
    "terminal)\n"
    "  --token-file FILE  a file with the token that the API asks for, on its first line\n"
    "  --ca FILE          https: who may vouch for the server, PEM (default: the system's)\n"
    "  --json             the telemetry documents themselves, one a line\n"
    "\n"
    "On a terminal the table is drawn over the last one, with colours; elsewhere it is plain text. "
    "NO_COLOR takes the\n"
    "colours away. The site is only read.\n"
    "\n"
    "Exit status: 0 done, 1 the site does not let you look, 2 wrong usage, 3 nobody answers, or\n"
    "the output cannot be written.\n"
    "\n"
    "Example: symgrid top --every 500ms\n";

typedef struct look {
    const char *base, *ca; /* ca NULL: the system's */
    char *token;           /* NULL: none */
    bool json, screen;
    double every_s;
    long count;
} look;

static volatile sig_atomic_t stopped;

static void on_stop(int number)
{
    (void)number;
    stopped = 1;
}

static int screen_rows(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 10 ? size.ws_row : 24;
}

/* One look. SG_EXIT_DONE, or after one line on stderr. */
static int show(const look *l)
{
    sg_out answer = {0}, table = {0};
    char error[SG_HTTP_GET_ERROR];
    int status = 0, result = SG_EXIT_DONE;
    const sg_http_question question = {
        .base = l->base, .path = "/energy/telemetry", .token = l->token, .ca = l->ca};
    sg_status got = sg_http_get(&question, &answer, &status, error);
    if (got != SG_OK) {
        fprintf(stderr, "symgrid top: %s\n", error);
        result = got == SG_FORMAT ? SG_EXIT_USAGE : SG_EXIT_ENVIRONMENT;
    } else if (status != 200) {
        fprintf(stderr, "symgrid top: %s answers %d%s\n", l->base, status,
                status == 401 || status == 403 ? "; a token is needed, see --token-file"
                : status == 503                ? "; its first step is not done"
                                               : "");
        result = SG_EXIT_NO;
    } else if (l->json) {
        sg_out_bytes(&table, answer.text, answer.length);
        sg_out_text(&table, "\n");
    } else if (!sg_top_table(answer.text, answer.length, stdout, l->screen ? screen_rows() - 1 : 0,
                             &table)) {
        fprintf(stderr, "symgrid top: %s answers with something else than telemetry\n", l->base);
        result = SG_EXIT_NO;
    }
    if (result == SG_EXIT_DONE) {
        bool good = fputs(l->screen ? "\033[H\033[J" : "", stdout) >= 0 && !table.failed &&
                    fwrite(table.text, 1, table.length, stdout) == table.length &&
                    fflush(stdout) == 0;
        result = good ? SG_EXIT_DONE : SG_EXIT_ENVIRONMENT;
    }
    sg_out_free(&answer);
    sg_out_free(&table);
    return result;
}

static int watch(const look *l)
{
    int result = SG_EXIT_DONE;
    struct sigaction action = {.sa_handler = on_stop};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    for (long i = 0; result == SG_EXIT_DONE && !stopped && (l->count == 0 || i < l->count); i++) {
        struct timespec wait = {.tv_sec = (time_t)l->every_s,
                                .tv_nsec = (long)(fmod(l->every_s, 1.0) * 1e9)};
        if (i > 0) {
            (void)nanosleep(&wait, NULL);
        }
        if (!stopped) {
            if (i > 0 && !l->screen && !l->json) {
                putchar('\n');
            }
            result = show(l);
        }
    }
    return result;
}

static int read_options(const char *count, const char *every, const char *token_file, look *ret)
{
    char *end;
    int status = sg_option_duration("--every", every, &ret->every_s);
    if (status) {
        return status;
    }
    if (ret->every_s < 0.1 || ret->every_s > 3600) {
        fprintf(stderr, "symgrid top: --every: expected 100ms to 1h, got '%s'\n", every);
        return SG_EXIT_USAGE;
    }
    if (count) {
        ret->count = strtol(count, &end, 10);
        if (*end || end == count || ret->count < 1) {
            fprintf(stderr, "symgrid top: --count: expected a whole number from 1 on, got '%s'\n",
                    count);
            return SG_EXIT_USAGE;
        }
    }
    if (token_file) {
        ret->token = sg_slurp("top", token_file, &status);
        if (!ret->token) {
            return status;
        }
        ret->token[strcspn(ret->token, " \t\r\n")] = '\0';
    }
    return SG_EXIT_DONE;
}

int sg_cli_top(int argc, char **argv)
{
    const char *every = NULL, *count = NULL, *token_file = NULL;
    bool wants_help = false;
    look l = {.base = "http://127.0.0.1:8048", .every_s = 1};
    const sg_option options[] = {
        {"--every", &every, NULL}, {"--count", &count, NULL}, {"--token-file", &token_file, NULL},
        {"--ca", &l.ca, NULL},     {"--json", NULL, &l.json}, {"--help", NULL, &wants_help}};
    int words = sg_options_parse(argc, argv, options, 6, 1);
    if (wants_help) {
        fputs(help, stdout);
        return SG_EXIT_DONE;
    }
    if (words < 0) {
        return SG_EXIT_USAGE;
    }
    l.base = words > 0 ? argv[1] : l.base;
    l.screen = !l.json && sg_paint_terminal(stdout);
    l.count = sg_paint_terminal(stdout) ? 0 : 1;
    int status = read_options(count, every, token_file, &l);
    status = status ? status : watch(&l);
    free(l.token);
    return status;
}
