/* Who may do what over HTTP: every route against every role; sessions, tokens at rest, the audit log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_rig.h"
#include "serve/http.h"

#include <jansson.h>
#include <sys/stat.h>

enum { CALLERS = 5 };

/* Who asks, beyond loopback (as a proxy says that passes it on) or on it. */
static const char *const caller_names[CALLERS] = {"local", "stranger", "viewer", "operator",
                                                  "admin"};
static const sg_access caller_access[CALLERS] = {SG_VIEWER, SG_NOBODY, SG_VIEWER, SG_OPERATOR,
                                                 SG_ADMIN};
static char secrets[CALLERS][SG_TOKEN_TEXT];
static char code[SG_TOKEN_TEXT];

static void make_tokens(void)
{
    static sg_tokens tokens;
    char error[SG_TOKENS_ERROR];
    memset(&tokens, 0, sizeof tokens);
    for (int i = 2; i < CALLERS; i++) {
        assert_int_equal(sg_tokens_add(&tokens, caller_names[i], caller_access[i], 0, secrets[i]),
                         SG_OK);
    }
    assert_int_equal(sg_tokens_write(rig.tokens, &tokens, error), SG_OK);
}

static int start(void **state)
{
    char error[SG_SERVE_TEXT];
    (void)state;
    rig_folder();
    make_tokens();
    rig_site.mode = SG_CONTROL;
    sg_serve_config config = rig_config();
    config.code = code;
    assert_true(rig_start(&config, error));
    return 0;
}

static int finish(void **state)
{
    (void)state;
    rig_stop();
    rig_clean();
    return 0;
}

static const char *headers_of(int caller)
{
    static char text[256];
    text[0] = '\0';
    if (caller >= 2) {
        snprintf(text, sizeof text, "Authorization: Bearer %s\r\nX-Forwarded-For: 192.0.2.7\r\n",
                 secrets[caller]);
    } else if (caller == 1) {
        snprintf(text, sizeof text, "X-Forwarded-For: 192.0.2.7\r\n");
    }
    return text;
}

static const char task[] = "{\"task_id\":\"a\",\"power\":\"1kW\"}";

/* What is promised, written down a second time: a route that is not here fails the test. */
static const struct {
    const char *path;
    sg_access get, post, withdraw; /* SG_ADMIN + 1: there is no such method */
} promised[] = {
    {"/healthz", SG_NOBODY, 9, 9},
    {"/readyz", SG_VIEWER, 9, 9},
    {"/metrics", SG_VIEWER, 9, 9},
    {"/energy/telemetry", SG_VIEWER, 9, 9},
    {"/energy/plan", SG_VIEWER, 9, 9},
    {"/energy/allocate", SG_VIEWER, SG_OPERATOR, 9},
    {"/energy/allocate/", SG_VIEWER, 9, SG_OPERATOR},
    {"/energy/racks", SG_VIEWER, 9, 9},
    {"/energy/alarms", SG_VIEWER, 9, 9},
    {"/energy/alarms/", SG_VIEWER, SG_OPERATOR, 9},
    {"/energy/query", SG_VIEWER, 9, 9},
    {"/energy/explain", SG_VIEWER, 9, 9},
    {"/energy/site-draft", 9, SG_VIEWER, 9},
    {"/energy/rehearsal", SG_VIEWER, SG_OPERATOR, SG_OPERATOR},
    {"/energy/audit", SG_ADMIN, 9, 9},
    {"/energy/session", SG_NOBODY, SG_NOBODY, SG_NOBODY},
};

static void try_method(const char *path, const char *method, sg_access least)
{
    for (int caller = 0; caller < CALLERS; caller++) {
        char target[80];
        bool posts = strcmp(method, "POST") == 0;
        snprintf(target, sizeof target, "%s%s", path, path[strlen(path) - 1] == '/' ? "a" : "");
        const rig_answer *got = rig_ask(method, target, headers_of(caller), posts ? task : NULL);
        int status = got->status;
        bool refused = status == 401 || status == 403;
        if (least > SG_ADMIN) {
            assert_int_equal(status, 405);
        } else if (caller_access[caller] < least) {
            int want = caller >= 2 ? 403 : 401;
            if (status != want || !strstr(got->text, "WWW-Authenticate: Bearer")) {
                fail_msg("%s %s by %s: %s", method, target, caller_names[caller], got->text);
            }
        } else if (refused &&
                   strcmp(path, "/energy/session") != 0) { /* where the body is no login */
            fail_msg("%s %s by %s: %s", method, target, caller_names[caller], got->text);
        }
    }
}

static void every_route_asks_for_its_role(void **state)
{
    (void)state;
    size_t count, known = sizeof promised / sizeof promised[0];
    const sg_http_route *routes = sg_http_routes(&count);
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < known && strcmp(promised[at].path, routes[i].path) != 0) {
            at++;
        }
        if (at == known) {
            fail_msg("%s: add what is promised of it", routes[i].path);
        }
        try_method(routes[i].path, "GET", promised[at].get);
        try_method(routes[i].path, "HEAD", promised[at].get);
        try_method(routes[i].path, "POST", promised[at].post);
        try_method(routes[i].path, "DELETE", promised[at].withdraw);
        try_method(routes[i].path, "PUT", SG_ADMIN + 1);
    }
    assert_int_equal(count, known);
    static const char *const files[] = {"/", "/app.js", "/login.js", "/style.css", "/openapi.json"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) { /* hold nothing of the site */
        assert_int_equal(rig_ask("GET", files[i], headers_of(1), NULL)->status, 200);
    }
}

static void a_token_that_is_none_opens_nothing(void **state)
{
    (void)state;
    static const char *const wrong[] = {"Authorization: Bearer sgt_nothing\r\n",
                                        "Authorization: Bearer \r\n",
                                        "Authorization: Basic YTpi\r\n", "Authorization:\r\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0];
         i++) { /* not even what is open without */
        assert_int_equal(rig_ask("GET", "/energy/telemetry", wrong[i], NULL)->status, 401);
        assert_int_equal(rig_ask("POST", "/energy/allocate", wrong[i], task)->status, 401);
    }
    char both[256], target[128];
    snprintf(both, sizeof both, "Authorization: Bearer %s\r\nAuthorization: Bearer %s\r\n",
             secrets[4], secrets[4]);
    assert_int_equal(rig_ask("GET", "/energy/telemetry", both, NULL)->status, 400);
    /* A secret in a URL is never one: URLs end in logs. */
    snprintf(target, sizeof target, "/energy/telemetry?token=%s", secrets[4]);
    const rig_answer *got = rig_ask("GET", target, headers_of(1), NULL);
    assert_int_equal(got->status, 401);
    snprintf(target, sizeof target, "/energy/allocate?access_token=%s", secrets[4]);
    got = rig_ask("GET", target, "", NULL);
    assert_int_equal(got->status, 400);
    assert_null(strstr(got->text, secrets[4]));
    /* A hash is not a token. */
    static sg_tokens tokens;
    char error[SG_TOKENS_ERROR], hash[160];
    assert_int_equal(sg_tokens_read(rig.tokens, &tokens, error), SG_OK);
    int length = snprintf(hash, sizeof hash, "Authorization: Bearer ");
    for (int i = 0; i < SG_TOKEN_HASH; i++) {
        length +=
            snprintf(hash + length, sizeof hash - (size_t)length, "%02x", tokens.token[2].hash[i]);
    }
    snprintf(hash + length, sizeof hash - (size_t)length, "\r\n");
    assert_int_equal(rig_ask("GET", "/energy/audit", hash, NULL)->status, 401);
}

static void in_observe_loopback_needs_no_login_and_a_proxy_does(void **state)
{
    (void)state;
    assert_int_equal(rig_ask("POST", "/energy/allocate", "", task)->status, 401);
    rig_site.mode = SG_OBSERVE;
    assert_int_equal(rig_ask("POST", "/energy/allocate", "", task)->status, 200);
    static const char *const passed[] = {"X-Forwarded-For: 1.2.3.4\r\n", "Via: 1.1 proxy\r\n",
                                         "Forwarded: for=1.2.3.4\r\n"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rig_ask("POST", "/energy/allocate", passed[i], task)->status, 401);
        assert_int_equal(rig_ask("GET", "/energy/telemetry", passed[i], NULL)->status, 401);
    }
    rig_site.mode = SG_ADVISE;
    assert_int_equal(rig_ask("POST", "/energy/allocate", "", task)->status, 401);
}

/* The cookie of an answer as a header line to send back. */
static void cookie_of(const rig_answer *got, char *ret, size_t size)
{
    const char *at = strstr(got->text, "Set-Cookie: ");
    assert_non_null(at);
    snprintf(ret, size, "Cookie: %.*s\r\n", (int)strcspn(at + 12, ";"), at + 12);
}

static void a_browser_signs_in_with_a_token_or_the_code(void **state)
{
    (void)state;
    char body[128], cookie[160], own[256];
    snprintf(body, sizeof body, "{\"code\":\"%s\"}", code);
    const rig_answer *got = rig_ask("POST", "/energy/session", "", body);
    assert_int_equal(got->status, 200);
    assert_non_null(strstr(got->text, "; HttpOnly; SameSite=Strict"));
    assert_non_null(strstr(got->body, "\"role\":\"operator\""));
    cookie_of(got, cookie, sizeof cookie);
    assert_int_equal(rig_ask("POST", "/energy/allocate", cookie, task)->status, 200);
    assert_int_equal(rig_ask("GET", "/energy/audit", cookie, NULL)->status, 403);
    /* What another page has the browser send carries the cookie, and is refused. */
    snprintf(own, sizeof own, "%sOrigin: http://evil.example\r\n", cookie);
    assert_int_equal(rig_ask("POST", "/energy/allocate", own, task)->status, 403);
    assert_int_equal(rig_ask("POST", "/energy/session", "", body)->status, 401); /* good once */
    assert_int_equal(rig_ask("DELETE", "/energy/session", cookie, NULL)->status, 204);
    assert_int_equal(rig_ask("POST", "/energy/allocate", cookie, task)->status, 401);

    snprintf(body, sizeof body, "{\"token\":\"%s\"}", secrets[4]);
    got = rig_ask("POST", "/energy/session", "X-Forwarded-For: 1.2.3.4\r\n", body);
    cookie_of(got, cookie, sizeof cookie);
    assert_null(strstr(got->text, secrets[4]));
    assert_int_equal(rig_ask("GET", "/energy/audit", cookie, NULL)->status, 200);
    static const char *const wrong[] = {"{\"token\":\"sgt_x\"}", "{\"code\":\"\"}",
                                        "{\"code\":\"sgt_x\"}"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rig_ask("POST", "/energy/session", "", wrong[i])->status, 401);
    }
    static const char *const bad[] = {"{}", "[]", "{\"token\":7}",
                                      "{\"token\":\"a\",\"code\":\"b\"}", "nothing"};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(rig_ask("POST", "/energy/session", "", bad[i])->status, 400);
    }
}

static void a_token_that_is_taken_away_ends_its_sessions(void **state)
{
    (void)state;
    static sg_tokens tokens;
    char body[128], cookie[160], error[SG_TOKENS_ERROR], fresh[SG_TOKEN_TEXT], line[128];
    snprintf(body, sizeof body, "{\"token\":\"%s\"}", secrets[3]);
    cookie_of(rig_ask("POST", "/energy/session", "", body), cookie, sizeof cookie);
    assert_int_equal(rig_ask("POST", "/energy/allocate", cookie, task)->status, 200);
    assert_int_equal(sg_tokens_read(rig.tokens, &tokens, error), SG_OK);
    assert_true(sg_tokens_remove(&tokens, "operator"));
    assert_false(sg_tokens_remove(&tokens, "operator"));
    assert_int_equal(sg_tokens_add(&tokens, "new", SG_OPERATOR, 0, fresh), SG_OK);
    assert_int_equal(sg_tokens_add(&tokens, "new", SG_VIEWER, 0, line), SG_RANGE);
    assert_int_equal(sg_tokens_write(rig.tokens, &tokens, error), SG_OK);
    snprintf(line, sizeof line, "Authorization: Bearer %s\r\n", fresh);
    assert_int_equal(rig_ask("POST", "/energy/allocate", line, task)->status, 200); /* at once */
    assert_int_equal(rig_ask("POST", "/energy/allocate", headers_of(3), task)->status, 401);
    assert_int_equal(rig_ask("POST", "/energy/allocate", cookie, task)->status, 401);
}

static void a_faulty_tokens_file_changes_nothing_and_is_said(void **state)
{
    (void)state;
    assert_int_equal(rig_ask("POST", "/energy/allocate", headers_of(3), task)->status, 200);
    FILE *file = fopen(rig.tokens, "w");
    fputs("symgrid.tokens/1\nlaptop king 2026-01-01T00:00:00Z 00\n", file);
    fclose(file);
    assert_int_equal(rig_ask("GET", "/energy/plan", "Authorization: Bearer x\r\n", NULL)->status,
                     401);
    assert_non_null(strstr(rig.log, "tokens:2: expected viewer, operator or admin"));
    assert_int_equal(rig_ask("POST", "/energy/allocate", headers_of(3), task)->status, 200);
}

static void the_file_holds_hashes_and_reads_back(void **state)
{
    static const char *const lines[][2] = {
        {"nonsense\n", ":1: expected symgrid.tokens/1"},
        {"symgrid.tokens/1\na viewer 2026-01-01T00:00:00Z\n", ":2: expected NAME ROLE MADE SHA256"},
        {"symgrid.tokens/1\n\n# c\na viewer never 00\n", ":4: expected the time"},
        {"symgrid.tokens/1\na viewer 2026-01-01T00:00:00Z 0g\n", ":2: expected 64 hexadecimal"},
        {"symgrid.tokens/1\n/ viewer 2026-01-01T00:00:00Z 00\n", ":2: expected a name"}};
    static sg_tokens tokens;
    char error[SG_TOKENS_ERROR] = "", text[4096];
    struct stat info;
    (void)state;
    rig_folder();
    assert_int_equal(sg_tokens_read(rig.tokens, &tokens, error), SG_OK); /* not there: none */
    assert_int_equal(tokens.count, 0);
    make_tokens();
    assert_int_equal(stat(rig.tokens, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    FILE *file = fopen(rig.tokens, "r");
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(text, "\nviewer viewer 1970-01-01T00:00:00Z "));
    for (int i = 2; i < CALLERS; i++) {
        assert_int_equal(strlen(secrets[i]), SG_TOKEN_TEXT - 1);
        assert_null(strstr(text, secrets[i]));
        assert_null(strstr(text, secrets[i] + 4));
    }
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        file = fopen(rig.tokens, "w");
        fputs(lines[i][0], file);
        fclose(file);
        assert_int_equal(sg_tokens_read(rig.tokens, &tokens, error), SG_FORMAT);
        assert_non_null(strstr(error, lines[i][1]));
    }
    /* FIPS 180-4's example of SHA-256. */
    static const unsigned char abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea};
    unsigned char hash[SG_TOKEN_HASH];
    sg_token_hash("abc", hash);
    assert_memory_equal(hash, abc, sizeof abc);
    rig_clean();
}

static json_t *audit(const char *query)
{
    char target[128];
    snprintf(target, sizeof target, "/energy/audit%s", query);
    const rig_answer *got = rig_ask("GET", target, headers_of(4), NULL);
    if (got->status != 200) {
        fail_msg("%s: %s", target, got->text);
    }
    json_t *root = json_loads(got->body, 0, NULL);
    assert_non_null(root);
    return root;
}

static const char *at(json_t *entry, const char *key, const char *inner)
{
    json_t *value = json_object_get(entry, key);
    const char *text = json_string_value(inner ? json_object_get(value, inner) : value);
    return text ? text : "(none)";
}

static void what_changes_something_is_written_down(void **state)
{
    (void)state;
    char body[128], path[96], text[16384];
    assert_int_equal(rig_ask("POST", "/energy/allocate", headers_of(3), task)->status, 200);
    assert_int_equal(rig_ask("DELETE", "/energy/allocate/a", headers_of(3), NULL)->status, 200);
    assert_int_equal(rig_ask("POST", "/energy/allocate", headers_of(2), task)->status, 403);
    snprintf(body, sizeof body, "{\"token\":\"%s\"}", secrets[2]);
    assert_int_equal(rig_ask("POST", "/energy/session", "", body)->status, 200);
    /* Neither reading nor what changed nothing. */
    assert_int_equal(rig_ask("GET", "/energy/plan", "", NULL)->status, 200);
    assert_int_equal(rig_ask("POST", "/energy/allocate", headers_of(3), "{}")->status, 400);
    assert_int_equal(rig_ask("POST", "/energy/allocate", "", task)->status, 401);
    json_t *root = audit("");
    json_t *entries = json_object_get(root, "entries");
    assert_int_equal(json_array_size(entries), 4);
    json_t *login = json_array_get(entries, 0), *denied = json_array_get(entries, 1);
    json_t *withdrawn = json_array_get(entries, 2), *granted = json_array_get(entries, 3);
    assert_string_equal(at(login, "path", NULL), "/energy/session");
    assert_string_equal(at(login, "who", NULL), "viewer");
    assert_true(json_is_null(json_object_get(login, "asked")));
    assert_int_equal(json_integer_value(json_object_get(denied, "status")), 403);
    assert_string_equal(at(denied, "role", NULL), "viewer");
    assert_string_equal(at(withdrawn, "who", NULL), "operator");
    assert_string_equal(at(withdrawn, "from", NULL), "127.0.0.1");
    assert_string_equal(at(withdrawn, "method", NULL), "DELETE");
    assert_string_equal(at(withdrawn, "before", "state"), "granted");
    assert_string_equal(at(withdrawn, "after", "state"), "withdrawn");
    assert_string_equal(at(granted, "asked", "power"), "1kW");
    assert_true(json_is_null(json_object_get(granted, "before")));
    assert_string_equal(at(granted, "after", "state"), "granted");
    json_decref(root);
    snprintf(path, sizeof path, "%s/audit.jsonl", rig.dir);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    for (int i = 2; i < CALLERS; i++) {
        assert_null(strstr(text, secrets[i]));
        assert_null(strstr(rig.log, secrets[i]));
    }
}

static void lists_come_in_pages(void **state)
{
    (void)state;
    char body[96], query[96], next[64] = "", seen[64] = "";
    for (int i = 0; i < 25; i++) {
        snprintf(body, sizeof body, "{\"task_id\":\"t%02d\",\"power\":\"1kW\"}", i);
        assert_int_equal(rig_ask("POST", "/energy/allocate", headers_of(3), body)->status, 200);
    }
    int pages = 0, tasks = 0;
    do {
        snprintf(query, sizeof query, "/energy/allocate?limit=7%s%s", next[0] ? "&after=" : "",
                 next);
        json_t *root = json_loads(rig_ask("GET", query, "", NULL)->body, 0, NULL);
        json_t *list = json_object_get(root, "tasks"), *entry;
        size_t i;
        json_array_foreach(list, i, entry)
        { /* newest first, none twice, none left out */
            snprintf(body, sizeof body, "t%02d", 24 - tasks);
            assert_string_equal(at(entry, "task_id", NULL), body);
            tasks++;
        }
        snprintf(next, sizeof next, "%s", at(root, "next", NULL));
        pages++;
        json_decref(root);
    } while (strcmp(next, "(none)") != 0 && pages < 10);
    assert_int_equal(tasks, 25);
    assert_int_equal(pages, 4);
    next[0] = '\0';
    for (pages = tasks = 0; pages < 10 && strcmp(next, "(none)") != 0; pages++) {
        snprintf(query, sizeof query, "?limit=10%s%s", next[0] ? "&after=" : "", next);
        json_t *root = audit(query);
        json_t *list = json_object_get(root, "entries"), *entry;
        size_t i;
        json_array_foreach(list, i, entry)
        {
            assert_string_not_equal(at(entry, "asked", "task_id"), seen);
            snprintf(seen, sizeof seen, "%s", at(entry, "asked", "task_id"));
            snprintf(body, sizeof body, "t%02d", 24 - tasks++);
            assert_string_equal(seen, body);
        }
        snprintf(next, sizeof next, "%s", at(root, "next", NULL));
        json_decref(root);
    }
    assert_int_equal(tasks, 25);
    json_t *root = audit("?to=2001-01-01T00:00:00Z");
    assert_int_equal(json_array_size(json_object_get(root, "entries")), 0);
    json_decref(root);
    root = audit("?from=2001-01-01T00:00:00Z&limit=1");
    assert_int_equal(json_array_size(json_object_get(root, "entries")), 1);
    json_decref(root);
    root = json_loads(rig_ask("GET", "/energy/allocate?to=2001-01-01T00:00:00Z", "", NULL)->body, 0,
                      NULL);
    assert_int_equal(json_array_size(json_object_get(root, "tasks")), 0);
    json_decref(root);
    static const char *const bad[] = {
        "limit=0", "limit=1e3",    "limit=99999999",  "limit=-1", "limit=",   "from=yesterday",
        "to=%zz",  "after=nobody", "limit=1&limit=2", "sort=up",  "after=%00"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(query, sizeof query, "/energy/allocate?%s", bad[i]);
        assert_int_equal(rig_ask("GET", query, "", NULL)->status, 400);
        snprintf(query, sizeof query, "/energy/audit?%s", bad[i]);
        assert_int_equal(rig_ask("GET", query, headers_of(4), NULL)->status, 400);
    }
}

/* Ticks of `count` events of a stream. */
static void read_events(const char *headers, int count, long *ret)
{
    char request[256];
    static char text[1 << 20];
    size_t length = 0;
    int fd = rig_dial(), found = 0;
    int size = snprintf(request, sizeof request,
                        "GET /energy/telemetry HTTP/1.1\r\nHost: localhost\r\nAccept: "
                        "text/event-stream\r\n%s\r\n",
                        headers);
    assert_int_equal(send(fd, request, (size_t)size, 0), size);
    while (found < count) {
        ssize_t part = recv(fd, text + length, sizeof text - 1 - length, 0);
        assert_true(part > 0);
        length += (size_t)part;
        text[length] = '\0';
        found = 0;
        for (char *at_ = text; (at_ = strstr(at_, "\nid: ")) && found < count; at_ += 5) {
            ret[found++] = atol(at_ + 5);
        }
    }
    close(fd);
}

static void a_stream_goes_on_where_its_reader_was(void **state)
{
    (void)state;
    long all[12], again[12];
    char line[64];
    read_events("", 12, all);
    snprintf(line, sizeof line, "Last-Event-ID: %ld\r\n", all[4]);
    read_events(line, 7, again); /* what was sent meanwhile comes in order, none left out */
    for (int i = 0; i < 7; i++) {
        assert_int_equal(again[i], all[5 + i]);
    }
    /* An id that is not ours, or of another run: the present. */
    static const char *const others[] = {"Last-Event-ID: x\r\n", "Last-Event-ID: 999999999\r\n",
                                         "Last-Event-ID:\r\n"};
    for (int i = 0; i < 3; i++) {
        read_events(others[i], 1, again);
        assert_true(again[0] >= all[11]);
    }
}

static void beyond_loopback_nothing_starts_in_the_clear_unsaid(void **state)
{
    (void)state;
    char error[SG_SERVE_TEXT];
    sg_serve *other = NULL;
    sg_serve_config config = rig_config();
    config.listen = "0.0.0.0:0";
    assert_int_equal(sg_serve_start(&config, &other, error), SG_FORMAT);
    assert_non_null(strstr(error, "--insecure-http"));
    config.listen = "127.0.0.1:0";
    config.tls_cert = rig.tokens; /* there, but no certificate */
    assert_int_equal(sg_serve_start(&config, &other, error), SG_FORMAT);
    config.tls_key = rig.tokens;
    assert_int_equal(sg_serve_start(&config, &other, error), SG_FORMAT);
    assert_non_null(strstr(error, "PEM"));
    config.tls_key = "/nowhere/key.pem";
    assert_int_equal(sg_serve_start(&config, &other, error), SG_FORMAT);
    assert_non_null(strstr(error, "--tls-key: cannot read /nowhere/key.pem"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_route_asks_for_its_role),
        CASE(a_token_that_is_none_opens_nothing),
        CASE(in_observe_loopback_needs_no_login_and_a_proxy_does),
        CASE(a_browser_signs_in_with_a_token_or_the_code),
        CASE(a_token_that_is_taken_away_ends_its_sessions),
        CASE(a_faulty_tokens_file_changes_nothing_and_is_said),
        cmocka_unit_test(the_file_holds_hashes_and_reads_back),
        CASE(what_changes_something_is_written_down),
        CASE(lists_come_in_pages),
        CASE(a_stream_goes_on_where_its_reader_was),
        CASE(beyond_loopback_nothing_starts_in_the_clear_unsaid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
