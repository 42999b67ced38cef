/* symgrid token - who may sign in to a running site. */
#include "base/time.h"
#include "cli/verbs.h"
#include "serve/audit_log.h"
#include "serve/tokens.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
    "usage: symgrid token add NAME --role ROLE --data DIR\n"
    "       symgrid token list --data DIR [--json]\n"
    "       symgrid token remove NAME --data DIR\n"
    "\n"
    "Tokens with which people and programs sign in. `add` prints the token, once: the file keeps "
    "only its hash.\n"
    "A running site takes a change up within a second.\n"
    "\n"
    "  --role ROLE    viewer (reads), operator (asks for power, acknowledges, rehearses) or admin\n"
    "                 (also reads the audit log)\n"
    "  --data DIR     the data folder of the site, which holds the file `tokens`; changes are "
    "noted in its audit log\n"
    "  --tokens FILE  another tokens file, without a note\n"
    "  --json         names, roles and times as JSON\n"
    "\n"
    "Exit status: 0 done, 1 no token of that name, 2 usage or a faulty file, 3 the file cannot be "
    "written.\n"
    "example: symgrid token add laptop --role operator --data symgrid-data/hall >laptop.token\n";

typedef struct words {
    const char *role, *data, *tokens;
    bool help, json;
    const char *action, *name;
    char path[4096];
} words;

static int bad(const char *what, const char *found)
{
    fprintf(stderr, "symgrid token: expected %s%s%.100s\n", what, found ? ", found " : "",
            found ? found : "");
    return SG_EXIT_USAGE;
}

/* Who did it, and what, as the running program notes its own changes. */
static void note(const words *w, const char *method, sg_access access)
{
    struct timespec now;
    char path[128], who[80];
    const struct passwd *user = getpwuid(getuid());
    sg_out out = {0};
    if (!w->data) {
        return;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(path, sizeof path, "token/%s", w->name);
    snprintf(who, sizeof who, "%.60s (command line)", user ? user->pw_name : "unknown user");
    sg_json_begin(&out, NULL, '{');
    sg_json_time(&out, "time", (int64_t)now.tv_sec * SG_US_PER_S + now.tv_nsec / 1000);
    sg_json_null(&out, "site_time");
    sg_json_text(&out, "who", who);
    sg_json_text(&out, "role", "admin");
    sg_json_null(&out, "from");
    sg_json_text(&out, "method", method);
    sg_json_text(&out, "path", path);
    sg_json_integer(&out, "status", 200);
    sg_json_null(&out, "asked");
    bool adds = strcmp(method, "ADD") == 0;
    sg_json_text(&out, "before", adds ? NULL : sg_access_text(access));
    sg_json_text(&out, "after", adds ? sg_access_text(access) : NULL);
    sg_json_end(&out, '}');
    if (out.failed || sg_audit_append(w->data, out.text) != SG_OK) {
        fprintf(stderr, "symgrid token: the audit log in %.200s cannot be written\n", w->data);
    }
    sg_audit_sync(w->data);
    sg_out_free(&out);
}

static int add(const words *w, sg_tokens *tokens)
{
    char secret[SG_TOKEN_TEXT], error[SG_TOKENS_ERROR];
    sg_access access;
    if (!w->role || !sg_access_find(w->role, &access)) {
        return bad("--role viewer, operator or admin", w->role);
    }
    sg_status status =
        sg_tokens_add(tokens, w->name, access, (int64_t)time(NULL) * SG_US_PER_S, secret);
    if (status != SG_OK) {
        return bad(status == SG_RANGE  ? "a new name: remove the old token first"
                   : status == SG_FULL ? "at most 256 tokens"
                                       : "random numbers from the system",
                   w->name);
    }
    if (sg_tokens_write(w->path, tokens, error) != SG_OK) {
        fprintf(stderr, "symgrid token: %s\n", error);
        return SG_EXIT_ENVIRONMENT;
    }
    note(w, "ADD", access);
    printf("%s\n", secret);
    explicit_bzero(secret, sizeof secret);
    if (isatty(STDERR_FILENO) == 1) {
        fprintf(stderr, "%s: %s, shown this once. Use: curl -H \"Authorization: Bearer TOKEN\"\n",
                w->name, sg_access_text(access));
    }
    return SG_EXIT_DONE;
}

static int take_away(const words *w, sg_tokens *tokens)
{
    char error[SG_TOKENS_ERROR];
    const sg_token *token = sg_tokens_named(tokens, w->name);
    if (!token) {
        fprintf(stderr, "symgrid token: no token of the name %s\n", w->name);
        return SG_EXIT_NO;
    }
    sg_access access = token->access;
    (void)sg_tokens_remove(tokens, w->name);
    if (sg_tokens_write(w->path, tokens, error) != SG_OK) {
        fprintf(stderr, "symgrid token: %s\n", error);
        return SG_EXIT_ENVIRONMENT;
    }
    note(w, "REMOVE", access);
    return SG_EXIT_DONE;
}

static int list(const words *w, const sg_tokens *tokens)
{
    sg_out out = {0};
    if (w->json) {
        sg_json_begin(&out, NULL, '[');
    }
    for (int i = 0; i < tokens->count; i++) {
        const sg_token *token = &tokens->token[i];
        char made[SG_TIME_TEXT];
        sg_time_format(token->made_us, made);
        if (w->json) {
            sg_json_begin(&out, NULL, '{');
            sg_json_text(&out, "name", token->name);
            sg_json_text(&out, "role", sg_access_text(token->access));
            sg_json_text(&out, "made", made);
            sg_json_end(&out, '}');
        } else {
            sg_out_format(&out, "%-24s %-10s %s\n", token->name, sg_access_text(token->access),
                          made);
        }
    }
    if (w->json) {
        sg_json_end(&out, ']');
        sg_out_text(&out, "\n");
    }
    fputs(out.text ? out.text : "", stdout);
    sg_out_free(&out);
    return SG_EXIT_DONE;
}

static int read_words(words *w, int count, char **argv)
{
    w->action = count > 0 ? argv[1] : "";
    w->name = count > 1 ? argv[2] : NULL;
    bool lists = strcmp(w->action, "list") == 0;
    if (!lists && strcmp(w->action, "add") != 0 && strcmp(w->action, "remove") != 0) {
        return bad("add, list or remove", count > 0 ? w->action : NULL);
    }
    if (!lists && (!w->name || !sg_text_is_id(w->name))) {
        return bad("a name of 1 to 63 letters, digits, _ - . :", w->name);
    }
    if ((w->data != NULL) == (w->tokens != NULL)) {
        return bad("either --data DIR or --tokens FILE", NULL);
    }
    int length = w->tokens ? snprintf(w->path, sizeof w->path, "%s", w->tokens)
                           : snprintf(w->path, sizeof w->path, "%s/tokens", w->data);
    return length < (int)sizeof w->path ? SG_EXIT_DONE : bad("a shorter path", NULL);
}

int sg_cli_token(int argc, char **argv)
{
    static words w;
    static sg_tokens tokens;
    char error[SG_TOKENS_ERROR];
    const sg_option options[] = {{"--role", &w.role, NULL},
                                 {"--data", &w.data, NULL},
                                 {"--tokens", &w.tokens, NULL},
                                 {"--json", NULL, &w.json},
                                 {"--help", NULL, &w.help}};
    w = (words){0};
    int count = sg_options_parse(argc, argv, options, 5, 2);
    if (w.help) {
        fputs(help, stdout);
        return SG_EXIT_DONE;
    }
    int status = count < 0 ? SG_EXIT_USAGE : read_words(&w, count, argv);
    if (status) {
        return status;
    }
    sg_status read = sg_tokens_read(w.path, &tokens, error);
    if (read != SG_OK) {
        fprintf(stderr, "symgrid token: %s\n", error);
        return read == SG_IO ? SG_EXIT_ENVIRONMENT : SG_EXIT_USAGE;
    }
    return strcmp(w.action, "add") == 0      ? add(&w, &tokens)
           : strcmp(w.action, "remove") == 0 ? take_away(&w, &tokens)
                                             : list(&w, &tokens);
}
