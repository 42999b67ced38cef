/* symgrid init - a first site file: the example, or one made of answers that options or a dialogue give. */
#include "cli/init_example.h"
#include "cli/verb_site.h"
#include "cli/verbs.h"
#include "site/draft.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char HELP_HEAD[] =
    "symgrid init - write a commented site file of your own to start from\n"
    "\n"
    "usage: symgrid init [DIR] [OPTIONS]\n"
    "       symgrid init [DIR] --ask | --example\n"
    "\n"
    "  DIR                    folder for site.maml.md, made where it is missing (default: the "
    "current one)\n"
    "\n";

static const char HELP_TAIL[] =
    "  --ask                  ask each of these at the terminal; Enter takes what stands in "
    "brackets\n"
    "  --example              the example: four racks, panels, battery, a price by day and night\n"
    "\n"
    "Without options a terminal is asked, and anything else gets the example. None of them needs "
    "data files; the columns\n"
    "and the unit of a price file are guessed from its first line where they are not given. The "
    "file that is written is\n"
    "checked at once. An existing site.maml.md is never overwritten. The page /setup.html of a "
    "running site asks the same.\n"
    "\n"
    "Exit status: 0 done, 1 written but with errors, 2 wrong usage or the file exists, 3 it cannot "
    "be written.\n"
    "\n"
    "Example: symgrid init mysite --racks 2 --battery 100kWh --price '0.30 EUR/kWh'\n";

typedef struct words {
    const char *answer[SG_DRAFT_COUNT];
    bool ask, example, help;
} words;

/* "battery_power" -> "--battery-power" */
static void option_name(int key, char ret[32])
{
    snprintf(ret, 32, "--%s", sg_draft_questions[key].key);
    for (char *at = ret; *at; at++) {
        *at = *at == '_' ? '-' : *at;
    }
}

static const char *value_word(sg_answer_kind kind)
{
    switch (kind) {
    case SG_ANSWER_TEXT:
    case SG_ANSWER_COLUMN:
        return "NAME";
    case SG_ANSWER_ZONE:
        return "ZONE";
    case SG_ANSWER_COUNT:
        return "N";
    case SG_ANSWER_POWER:
        return "POWER";
    case SG_ANSWER_ENERGY:
        return "ENERGY";
    case SG_ANSWER_UNIT:
        return "UNIT";
    case SG_ANSWER_PRICE:
    case SG_ANSWER_TARIFF:
    case SG_ANSWER_DEMAND:
        break;
    }
    return "PRICE";
}

static void print_help(void)
{
    fputs(HELP_HEAD, stdout);
    for (int key = 0; key < SG_DRAFT_COUNT; key++) {
        const sg_draft_question *q = &sg_draft_questions[key];
        char name[32], left[48];
        option_name(key, name);
        snprintf(left, sizeof left, "%s %s", name, value_word(q->kind));
        printf("  %-22s %s", left, q->question);
        if (q->hint[0]) {
            printf(" %c%s", q->hint[0] >= 'a' && q->hint[0] <= 'z' ? q->hint[0] - 32 : q->hint[0],
                   q->hint + 1);
        }
        printf(q->standard[0] ? " (default %s)\n" : "%s\n", q->standard);
    }
    fputs(HELP_TAIL, stdout);
}

/* ---- answers ---- */

/* The first line of a file; "" with one line on stderr where there is none. */
static bool read_head(const char *path, char *ret, size_t size)
{
    FILE *file = fopen(path, "r");
    bool read = file && fgets(ret, (int)size, file);
    if (!read) {
        fprintf(stderr, "symgrid init: %s: %s\n", path,
                file ? "expected a first line with the names of the columns" : strerror(errno));
    }
    if (file) {
        fclose(file);
    }
    return read;
}

static bool guess_columns(sg_draft *draft)
{
    char head[4096];
    if (!sg_draft_from_file(draft)) {
        return true;
    }
    if (!read_head(draft->answer[SG_DRAFT_PRICE], head, sizeof head)) {
        return false;
    }
    sg_draft_guess(draft, head);
    return true;
}

/* Whether a question makes sense after the answers so far. */
static bool applies(const sg_draft *draft, int key)
{
    if (key == SG_DRAFT_PRICE_TIME || key == SG_DRAFT_PRICE_COLUMN || key == SG_DRAFT_PRICE_UNIT) {
        return sg_draft_from_file(draft);
    }
    return key != SG_DRAFT_BATTERY_POWER || strtod(draft->answer[SG_DRAFT_BATTERY], NULL) > 0;
}

/* One question until it is answered. False at the end of the input. */
static bool ask_one(sg_draft *draft, sg_draft_key key)
{
    const sg_draft_question *q = &sg_draft_questions[key];
    char line[512], error[SG_DRAFT_ERROR];
    for (;;) { /* ends: with an answer or the input */
        fprintf(stderr, "%s%s%s%s [%s] ", q->question, q->hint[0] ? " (" : "", q->hint,
                q->hint[0] ? ")" : "", draft->answer[key]);
        fflush(stderr);
        if (!fgets(line, sizeof line, stdin)) {
            fputs("\nsymgrid init: the answers ended before the questions; nothing is written\n",
                  stderr);
            return false;
        }
        line[strcspn(line, "\n")] = '\0';
        if (!line[0]) {
            return true;
        }
        if (sg_draft_answer(draft, key, line, error) != SG_OK) {
            fprintf(stderr, "  %s\n", error);
        } else if (key != SG_DRAFT_PRICE || guess_columns(draft)) {
            return true;
        }
    }
}

static bool ask_all(sg_draft *draft)
{
    char error[SG_DRAFT_ERROR];
    sg_draft_key key;
    for (int i = 0; i < SG_DRAFT_COUNT; i++) {
        if (applies(draft, i) && !ask_one(draft, (sg_draft_key)i)) {
            return false;
        }
    }
    while (sg_draft_check(draft, &key, error) != SG_OK) {
        fprintf(stderr, "  %s\n", error);
        if (!ask_one(draft, key)) {
            return false;
        }
    }
    return true;
}

/* The answers of the options. SG_EXIT_DONE, or after one line on stderr. */
static int take_options(const words *w, sg_draft *draft)
{
    char error[SG_DRAFT_ERROR];
    sg_draft_key key;
    for (int i = 0; i < SG_DRAFT_COUNT; i++) {
        if (w->answer[i] && sg_draft_answer(draft, (sg_draft_key)i, w->answer[i], error) != SG_OK) {
            fprintf(stderr, "symgrid init: --%s\n", error);
            return SG_EXIT_USAGE;
        }
    }
    if (!guess_columns(draft)) {
        return SG_EXIT_ENVIRONMENT;
    }
    if (!w->ask && sg_draft_check(draft, &key, error) != SG_OK) {
        fprintf(stderr, "symgrid init: --%s\n", error);
        return SG_EXIT_USAGE;
    }
    return SG_EXIT_DONE;
}

/* ---- the price file as seen from the site file ---- */

/* "/a/b", "/a/c/x.csv" -> "../c/x.csv" */
static bool relative_path(const char *folder, const char *file, char *ret, size_t size)
{
    size_t same = 0;
    for (size_t i = 0; folder[i] && folder[i] == file[i]; i++) {
        if (folder[i + 1] == '/' || (!folder[i + 1] && file[i + 1] == '/')) {
            same = i + 1;
        }
    }
    size_t used = 0;
    for (const char *at = folder + same; *at; at++) {
        if (*at == '/' && at[1]) {
            used += (size_t)snprintf(ret + used, used < size ? size - used : 0, "../");
        }
    }
    while (file[same] == '/') {
        same++;
    }
    int length = snprintf(ret + used, used < size ? size - used : 0, "%s", file + same);
    return length > 0 && used + (size_t)length < size;
}

static bool anchor_price_file(sg_draft *draft, const char *folder)
{
    char whole_folder[PATH_MAX], whole_file[PATH_MAX];
    char *answer = draft->answer[SG_DRAFT_PRICE];
    if (!sg_draft_from_file(draft) || answer[0] == '/') {
        return true;
    }
    if (!realpath(folder, whole_folder) || !realpath(answer, whole_file)) {
        fprintf(stderr, "symgrid init: %s: %s\n", answer, strerror(errno));
        return false;
    }
    char relative[SG_DRAFT_TEXT];
    bool fits = relative_path(whole_folder, whole_file, relative, sizeof relative);
    if (!fits) {
        fprintf(stderr, "symgrid init: %s: its path is too long; put it beside the site file\n",
                answer);
        return false;
    }
    memcpy(answer, relative, sizeof relative);
    return true;
}

/* ---- writing ---- */

static bool make_stamp(char id[40], char day[16])
{
    unsigned char random[16];
    time_t now = time(NULL);
    struct tm civil;
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random || !gmtime_r(&now, &civil) ||
        !strftime(day, 16, "%Y-%m-%d", &civil)) {
        fputs("symgrid init: the system gives no random numbers or no time\n", stderr);
        return false;
    }
    sg_draft_uuid(random, id);
    return true;
}

static int write_new(const char *path, const sg_out *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        bool exists = errno == EEXIST;
        fprintf(stderr, "symgrid init: %s: %s\n", path,
                exists ? "exists already and is not overwritten" : strerror(errno));
        return exists ? SG_EXIT_USAGE : SG_EXIT_ENVIRONMENT;
    }
    bool good = true;
    for (size_t done = 0; good && done < text->length;) {
        ssize_t wrote = write(fd, text->text + done, text->length - done);
        good = wrote > 0;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    good = close(fd) == 0 && good;
    if (!good) {
        fprintf(stderr, "symgrid init: cannot write %s\n", path);
        (void)unlink(path); /* half a file would stand in the way of the next try */
    }
    return good ? SG_EXIT_DONE : SG_EXIT_ENVIRONMENT;
}

/* What was written is held against the reader at once. */
static int check_written(const char *path)
{
    sg_site site = {0};
    int status = sg_cli_load_site(path, &site);
    sg_site_free(&site);
    if (status) {
        printf("wrote %s, which has errors; see symgrid check %s\n", path, path);
        return SG_EXIT_NO;
    }
    printf("wrote %s; try: symgrid check %s\n", path, path);
    return SG_EXIT_DONE;
}

static int write_site(const words *w, sg_draft *draft, bool example, const char *folder)
{
    char path[4096], id[40], day[16];
    int length =
        snprintf(path, sizeof path, "%s%ssite.maml.md", folder ? folder : "", folder ? "/" : "");
    if (length < 0 || (size_t)length >= sizeof path) {
        fputs("symgrid init: the path is too long\n", stderr);
        return SG_EXIT_USAGE;
    }
    if (!make_stamp(id, day)) {
        return SG_EXIT_ENVIRONMENT;
    }
    if (!example && w->ask && !ask_all(draft)) {
        return SG_EXIT_USAGE;
    }
    if (folder && mkdir(folder, 0755) != 0 && errno != EEXIST) {
        fprintf(stderr, "symgrid init: %s: %s\n", folder, strerror(errno));
        return SG_EXIT_ENVIRONMENT;
    }
    if (!example && !anchor_price_file(draft, folder ? folder : ".")) {
        return SG_EXIT_ENVIRONMENT;
    }
    sg_out out = {0};
    if (example) {
        sg_init_example(id, day, &out);
    } else {
        sg_draft_write(draft, id, day, &out);
    }
    int status = out.failed ? SG_EXIT_ENVIRONMENT : write_new(path, &out);
    sg_out_free(&out);
    return status ? status : check_written(path);
}

int sg_cli_init(int argc, char **argv)
{
    words w = {0};
    char names[SG_DRAFT_COUNT][32];
    sg_option options[SG_DRAFT_COUNT + 3] = {
        {"--ask", NULL, &w.ask}, {"--example", NULL, &w.example}, {"--help", NULL, &w.help}};
    for (int key = 0; key < SG_DRAFT_COUNT; key++) {
        option_name(key, names[key]);
        options[3 + key] = (sg_option){names[key], &w.answer[key], NULL};
    }
    int count = sg_options_parse(argc, argv, options, SG_DRAFT_COUNT + 3, 1);
    if (w.help) {
        print_help();
        return SG_EXIT_DONE;
    }
    if (count < 0) {
        return SG_EXIT_USAGE;
    }
    bool answers = false;
    for (int key = 0; key < SG_DRAFT_COUNT; key++) {
        answers = answers || w.answer[key];
    }
    if (w.example && (answers || w.ask)) {
        fputs("symgrid init: --example takes no answers\n", stderr);
        return SG_EXIT_USAGE;
    }
    if (!w.example && !answers && !w.ask) {
        w.ask = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
        w.example = !w.ask;
    }
    sg_draft draft;
    sg_draft_start(&draft);
    int status = w.example ? SG_EXIT_DONE : take_options(&w, &draft);
    return status ? status : write_site(&w, &draft, w.example, count > 0 ? argv[1] : NULL);
}
