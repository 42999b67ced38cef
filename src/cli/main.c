/* main.c - the table of subcommands. Each verb parses its own words, so that one file holds all there is to know of it. */
#include "cli/verbs.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#ifndef SYMGRID_VERSION
#define SYMGRID_VERSION "unknown"
#endif

typedef struct verb {
    const char *name, *help;
    int (*run)(int argc, char **argv);
} verb;

static const verb verbs[] = {
#define SG_VERB(name, help) {#name, help, sg_cli_##name},
#include "cli/verbs.def"
#undef SG_VERB
};
enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

static void usage(FILE *to)
{
    fputs("symgrid - energy management for data-centre microgrids\n"
          "\n"
          "usage: symgrid VERB [WORDS] [OPTIONS]      symgrid VERB --help tells all about one\n\n",
          to);
    for (int i = 0; i < VERB_COUNT; i++) {
        fprintf(to, "  %-10s %s\n", verbs[i].name, verbs[i].help);
    }
    fputs(
        "\nStart with `symgrid init mysite` and `symgrid run mysite/site.maml.md`, or\n"
        "`symgrid simulate SITE --from 2023-01-01 --for 30d --report month.html`.\n"
        "\n"
        "exit status: 0 done, 1 the answer is no, 2 bad input or usage, 3 the environment failed\n",
        to);
}

static int unknown_verb(const char *word)
{
    const char *names[VERB_COUNT];
    for (int i = 0; i < VERB_COUNT; i++) {
        names[i] = verbs[i].name;
    }
    const char *nearest = sg_text_nearest(word, names, VERB_COUNT);
    fprintf(stderr, "symgrid: there is no verb '%s'%s%s%s; see symgrid --help\n", word,
            nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    return SG_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error code, not an end */
    if (argc < 2) {
        usage(stderr);
        return SG_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return SG_EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("symgrid " SYMGRID_VERSION);
        return SG_EXIT_DONE;
    }
    for (int i = 0; i < VERB_COUNT; i++) {
        if (strcmp(argv[1], verbs[i].name) == 0) {
            return verbs[i].run(argc - 1, argv + 1);
        }
    }
    return unknown_verb(argv[1]);
}
