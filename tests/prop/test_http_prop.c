/* Any request at all: the server answers what its OpenAPI document says, or refuses; never a 5xx, never nothing.
 *
 * 10,000 requests by default; SYMGRID_HTTP_REQUESTS=100000 sends more, SYMGRID_HTTP_SEED others. ctest: serial */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "http_rig.h"
#include "serve/http.h"

#include <jansson.h>
#include <sqlite3.h>

static char secrets[3][SG_TOKEN_TEXT];
static json_t *paths; /* of openapi.json */

static int start(void **state)
{
    static sg_tokens tokens;
    static const char *const names[] = {"viewer", "operator", "admin"};
    char error[SG_SERVE_TEXT], path[512];
    const char *root = getenv("SYMGRID_SOURCE_DIR");
    sqlite3 *db;
    (void)state;
    rig_folder();
    memset(&tokens, 0, sizeof tokens);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            sg_tokens_add(&tokens, names[i], (sg_access)(SG_VIEWER + i), 0, secrets[i]), SG_OK);
    }
    assert_int_equal(sg_tokens_write(rig.tokens, &tokens, error), SG_OK);
    snprintf(path, sizeof path, "%s/telemetry.db", rig.dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TABLE meta(key TEXT, value TEXT); CREATE TABLE "
                                  "energy(timestamp REAL, surplus REAL)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    sg_serve_config config = rig_config();
    assert_true(rig_start(&config, error));
    snprintf(path, sizeof path, "%s/src/serve/openapi.json", root ? root : ".");
    json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    paths = json_incref(json_object_get(document, "paths"));
    json_decref(document);
    assert_true(json_is_object(paths));
    return 0;
}

static int finish(void **state)
{
    (void)state;
    json_decref(paths);
    rig_stop();
    rig_clean();
    return 0;
}

/* ---- the document and the table, each against the other ---- */

static bool answers(const sg_http_route *route, const char *method)
{
    return strcmp(method, "get") == 0      ? route->get != NULL
           : strcmp(method, "post") == 0   ? route->post != NULL
           : strcmp(method, "delete") == 0 ? route->withdraw != NULL
                                           : false;
}

/* The role that the document gives, against the table's. */
static void check_role(json_t *item, const char *method, const sg_http_route *route)
{
    json_t *operation = json_object_get(item, method);
    sg_access least = strcmp(method, "get") == 0 ? route->read : route->change;
    const char *told = json_string_value(json_object_get(operation, "x-least-role"));
    if (operation && (!told || strcmp(told, sg_access_text(least)) != 0)) {
        fail_msg("%s %s: the document asks for the role %s, the table for %s", method, route->path,
                 told ? told : "(none)", sg_access_text(least));
    }
}

static bool is_file(const char *path)
{
    return rig_ask("GET", path, "", NULL)->status == 200 && !strchr(path + 1, '/');
}

static void the_document_names_every_route_and_nothing_else(void **state)
{
    size_t count, documented = 0;
    const sg_http_route *routes = sg_http_routes(&count);
    static const char *const methods[] = {"get", "post", "delete"};
    const char *path;
    json_t *item;
    (void)state;
    for (size_t i = 0; i < count; i++) {
        char name[128];
        bool prefix = routes[i].path[strlen(routes[i].path) - 1] == '/';
        item = NULL;
        json_object_foreach(paths, path, item)
        { /* the part before the id is what counts */
            size_t length = strlen(routes[i].path);
            snprintf(name, sizeof name, "%s", path);
            if (prefix ? strncmp(path, routes[i].path, length) == 0 && path[length] == '{'
                       : strcmp(path, routes[i].path) == 0) {
                break;
            }
            item = NULL;
        }
        if (!item) {
            fail_msg("%s is not in openapi.json", routes[i].path);
        }
        for (int k = 0; k < 3; k++) {
            bool has = json_object_get(item, methods[k]) != NULL;
            if (has != answers(&routes[i], methods[k])) {
                fail_msg("%s %s: only the %s has it", methods[k], name, has ? "document" : "table");
            }
            check_role(item, methods[k], &routes[i]);
        }
        documented++;
    }
    json_object_foreach(paths, path, item)
    {
        bool known = is_file(path);
        for (size_t i = 0; i < count && !known; i++) {
            known = strncmp(path, routes[i].path, strcspn(path, "{")) == 0;
        }
        if (!known) {
            fail_msg("openapi.json has %s, and the server does not", path);
        }
    }
    assert_int_equal(documented, count);
}

/* ---- random requests ---- */

typedef struct chance {
    uint64_t seed, at;
} chance;

static unsigned below(chance *c, unsigned n)
{
    return (unsigned)(sg_prng_unit(c->seed, c->at++) * n);
}

static bool sometimes(chance *c, double share)
{
    return sg_prng_unit(c->seed, c->at++) < share;
}

#define ONE_OF(c, list) list[below(c, sizeof list / sizeof list[0])]

typedef struct request {
    char method[16], path[512], query[512];
    char text[60000];
    size_t length;
    bool odd; /* its framing or its bytes may be refused by the library itself */
    bool streams;
} request;

static void spoil(chance *c, char *text, size_t size)
{
    size_t length = strlen(text);
    for (unsigned n = 1 + below(c, 3); n && length > 1 && length + 4 < size; n--) {
        size_t at = 1 + below(c, (unsigned)length - 1);
        static const char *const bits[] = {"%",  "%00", "%2F",          "..", "//", "{",
                                           "\"", "%C3", "%F0%9F%98%80", "&",  "=",  "+"};
        const char *bit = ONE_OF(c, bits);
        size_t more = strlen(bit);
        switch (below(c, 3)) {
        case 0:
            text[at] = (char)(0x21 + below(c, 0x5E));
            break;
        case 1:
            memmove(text + at, text + at + 1, length - at);
            length--;
            break;
        default:
            if (length + more < size - 1) {
                memmove(text + at + more, text + at, length - at + 1);
                memcpy(text + at, bit, more);
                length += more;
            }
        }
    }
}

static void make_target(chance *c, request *r)
{
    static const char *const names[] = {"/",
                                        "/app.js",
                                        "/openapi.json",
                                        "/healthz",
                                        "/readyz",
                                        "/metrics",
                                        "/energy/telemetry",
                                        "/energy/plan",
                                        "/energy/allocate",
                                        "/energy/allocate",
                                        "/energy/allocate",
                                        "/energy/allocate/t1",
                                        "/energy/allocate/t2",
                                        "/energy/allocate/nobody",
                                        "/energy/query",
                                        "/energy/audit",
                                        "/energy/session",
                                        "/energy/session",
                                        "/nowhere",
                                        "/energy/",
                                        "/energy/allocate/",
                                        "/energy/allocate/a/b"};
    static const char *const queries[] = {"limit=1",
                                          "limit=0",
                                          "limit=40",
                                          "limit=-7",
                                          "limit=1e9",
                                          "after=t1",
                                          "after=zz",
                                          "after=17",
                                          "from=2023-07-01T00:00:00Z",
                                          "to=2023-07-01",
                                          "from=x",
                                          "sql=SELECT+1",
                                          "sql=SELECT+surplus+FROM+energy",
                                          "sql=DROP+TABLE+energy",
                                          "sql=",
                                          "sql=SELECT+'%00'",
                                          "x=1",
                                          "limit",
                                          "=",
                                          "&&",
                                          "token=abc"};
    snprintf(r->path, sizeof r->path, "%s", ONE_OF(c, names));
    if (sometimes(c, 0.1)) {
        spoil(c, r->path, sizeof r->path);
    }
    r->query[0] = '\0';
    for (unsigned n = sometimes(c, 0.4) ? 1 + below(c, 3) : 0; n; n--) {
        size_t used = strlen(r->query);
        snprintf(r->query + used, sizeof r->query - used, "%s%s", used ? "&" : "?",
                 ONE_OF(c, queries));
    }
    if (r->query[0] && sometimes(c, 0.1)) {
        spoil(c, r->query, sizeof r->query);
    }
}

static void make_body(chance *c, char *ret, size_t size)
{
    static const char *const keys[] = {"task_id",  "power", "priority", "duration",
                                       "deadline", "token", "code",     "x"};
    static const char *const values[] = {"\"t1\"",
                                         "\"t2\"",
                                         "\"1kW\"",
                                         "\"2MW\"",
                                         "\"-1kW\"",
                                         "\"1e400kW\"",
                                         "7",
                                         "-0",
                                         "1e999",
                                         "null",
                                         "true",
                                         "[]",
                                         "{}",
                                         "\"high\"",
                                         "\"1h\"",
                                         "\"2030-01-01T00:00:00Z\"",
                                         "\"\\u0000\"",
                                         "\"\\ud800\"",
                                         "\"\xff\"",
                                         "\"sgt_abc\"",
                                         "99999999999999999999"};
    size_t used = 0;
    if (sometimes(c, 0.4)) { /* a good one, or nearly */
        snprintf(ret, size, "{\"task_id\":\"t%u\",\"power\":\"%ukW\"}", below(c, 60),
                 1 + below(c, 3));
        return;
    }
    if (sometimes(c, 0.03)) { /* deep */
        unsigned depth = below(c, 8000);
        memset(ret, '[', depth);
        ret[depth] = '\0';
        return;
    }
    if (sometimes(c, 0.02)) { /* too large */
        memset(ret, ' ', 20000);
        ret[20000] = '\0';
        return;
    }
    used += (size_t)snprintf(ret, size, "{");
    for (unsigned n = below(c, 6), i = 0; i < n; i++) {
        used += (size_t)snprintf(ret + used, size - used, "%s\"%s\":%s", i ? "," : "",
                                 ONE_OF(c, keys), ONE_OF(c, values));
    }
    snprintf(ret + used, size - used, "}");
    if (sometimes(c, 0.3)) {
        spoil(c, ret, size);
    }
}

static void make_headers(chance *c, request *r, char *ret, size_t size)
{
    static const char *const plain[] = {"X-Forwarded-For: 192.0.2.1\r\n",
                                        "Origin: http://localhost\r\n",
                                        "Origin: http://evil.example\r\n",
                                        "If-None-Match: *\r\n",
                                        "Last-Event-ID: 5\r\n",
                                        "Cookie: a=b; symgrid_1=x\r\n",
                                        "Accept: */*\r\n",
                                        "Range: bytes=0-1\r\n",
                                        "Expect: 100-continue\r\n"};
    static const char *const odd[] = {"X Y: 1\r\n",
                                      "Content-Length: 5\r\n",
                                      "Transfer-Encoding: cow\r\n",
                                      "Host: localhost\r\n",
                                      "Connection: upgrade\r\nUpgrade: h2c\r\n",
                                      ": x\r\n",
                                      "X: \x01\r\n",
                                      "Content-Encoding: gzip\r\n"};
    size_t used = (size_t)snprintf(ret, size, "Host: %s\r\n",
                                   sometimes(c, 0.98) ? "localhost" : "evil.example");
    unsigned who = below(c, 8);
    if (who < 5) {
        used += (size_t)snprintf(ret + used, size - used, "Authorization: Bearer %s\r\n",
                                 who < 3    ? secrets[who]
                                 : who == 3 ? secrets[2]
                                            : "sgt_x");
    }
    if (sometimes(c, 0.3)) {
        used += (size_t)snprintf(ret + used, size - used, "%s", ONE_OF(c, plain));
    }
    if (strcmp(r->path, "/energy/telemetry") == 0 && sometimes(c, 0.05)) {
        used += (size_t)snprintf(ret + used, size - used, "Accept: text/event-stream\r\n");
        r->streams = true;
    }
    if (sometimes(c, 0.03)) {
        r->odd = true;
        snprintf(ret + used, size - used, "%s", ONE_OF(c, odd));
    }
}

static void make_request(chance *c, request *r)
{
    static const char *const methods[] = {"GET",     "GET",  "GET",    "GET",    "POST",
                                          "POST",    "POST", "DELETE", "DELETE", "HEAD",
                                          "OPTIONS", "PUT",  "PATCH",  "BREW",   "TRACE"};
    static char headers[4096], body[32768];
    r->odd = r->streams = false;
    snprintf(r->method, sizeof r->method, "%s", ONE_OF(c, methods));
    make_target(c, r);
    if (sometimes(c, 0.6)) { /* one that most such paths answer */
        static const char *const likely[] = {"GET", "POST", "DELETE"};
        bool item = strncmp(r->path, "/energy/allocate/", 17) == 0;
        bool writes =
            strcmp(r->path, "/energy/allocate") == 0 || strcmp(r->path, "/energy/session") == 0;
        snprintf(r->method, sizeof r->method, "%s",
                 likely[item     ? below(c, 2) * 2
                        : writes ? below(c, 2)
                                 : 0]);
    }
    make_headers(c, r, headers, sizeof headers);
    body[0] = '\0';
    bool posts = strcmp(r->method, "POST") == 0;
    if (posts ? sometimes(c, 0.97) : sometimes(c, 0.03)) {
        make_body(c, body, sizeof body);
    }
    static const char *const types[] = {"application/json", "application/json; charset=utf-8",
                                        "text/plain", "application/json; charset=latin1"};
    const char *type = sometimes(c, 0.95) ? types[0] : ONE_OF(c, types);
    int length = snprintf(r->text, sizeof r->text, "%s %s%s HTTP/1.1\r\n%s", r->method, r->path,
                          r->query, headers);
    if (body[0] && sometimes(c, 0.1)) {
        length +=
            snprintf(r->text + length, sizeof r->text - (size_t)length,
                     "Content-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n%s\r\n0\r\n\r\n",
                     type, strlen(body), body);
    } else {
        length +=
            snprintf(r->text + length, sizeof r->text - (size_t)length,
                     "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", type, strlen(body), body);
    }
    r->length = (size_t)length;
}

typedef struct reply {
    int status;
    size_t head, length; /* of head with its empty line; of all */
    bool closes, problem;
    char text[1 << 20];
} reply;

static long header_number(const char *head, const char *name)
{
    const char *at = strcasestr(head, name);
    return at ? atol(at + strlen(name)) : -1;
}

/* One reply; interim ones (100) are passed over. False: the connection ended without one. */
static bool receive(int fd, const request *r, reply *got)
{
    size_t skip = 0;
    got->length = 0;
    for (;;) { /* ends: with the reply or the connection */
        got->text[got->length] = '\0';
        char *end = strstr(got->text + skip, "\r\n\r\n");
        if (end && atoi(got->text + skip + 9) == 100) {
            skip = (size_t)(end + 4 - got->text);
            continue;
        }
        if (end) {
            *end = '\0';
            const char *head = got->text + skip;
            got->status = atoi(head + 9);
            got->head = (size_t)(end + 4 - got->text);
            got->closes = strcasestr(head, "Connection: close") != NULL;
            got->problem = strcasestr(head, "application/problem+json") != NULL;
            long size = header_number(head, "Content-Length: ");
            bool none = strcmp(r->method, "HEAD") == 0 || got->status == 204 || got->status == 304;
            *end = '\r';
            size_t want = got->head + (none || size < 0 ? 0 : (size_t)size);
            if (r->streams && got->status == 200) {
                return true;
            }
            if (got->length >= want) {
                /* The library takes an empty header name for the end of the headers; what follows
                 * is another request to it, and a malformed one. */
                if (got->length != want && !r->odd) {
                    fail_msg("more than one answer:\n%s\n---\n%s", r->text, got->text);
                }
                return true;
            }
        }
        ssize_t part = recv(fd, got->text + got->length, sizeof got->text - 1 - got->length, 0);
        if (part <= 0) {
            return false;
        }
        got->length += (size_t)part;
    }
}

/* The responses that the document has for this path and method; NULL: it has no such operation. */
static json_t *promised(const request *r)
{
    char name[512], method[16];
    snprintf(name, sizeof name, "%s", r->path);
    static const char prefix[] = "/energy/allocate/";
    if (strncmp(name, prefix, sizeof prefix - 1) == 0 && name[sizeof prefix - 1]) {
        snprintf(name, sizeof name, "%s{task_id}", prefix);
    }
    snprintf(method, sizeof method, "%s", strcmp(r->method, "HEAD") == 0 ? "GET" : r->method);
    for (char *at = method; *at; at++) {
        *at = (char)(*at | 0x20);
    }
    return json_object_get(json_object_get(json_object_get(paths, name), method), "responses");
}

static void check_problem(const request *r, const reply *got)
{
    json_t *root =
        json_loadb(got->text + got->head, got->length - got->head, JSON_REJECT_DUPLICATES, NULL);
    const char *type = json_string_value(json_object_get(root, "type"));
    if (!type || strncmp(type, "urn:symgrid:problem:", 20) != 0 ||
        json_integer_value(json_object_get(root, "status")) != got->status ||
        !json_is_string(json_object_get(root, "title")) ||
        !json_is_string(json_object_get(root, "detail"))) {
        fail_msg("%s\n---\n%s", r->text, got->text);
    }
    json_decref(root);
}

static void check_reply(const request *r, const reply *got)
{
    if (got->status < 200 || got->status >= 500) {
        fail_msg("a %d:\n%s\n---\n%s", got->status, r->text, got->text);
    }
    bool bodiless = strcmp(r->method, "HEAD") == 0;
    if (got->status >= 400 && !r->odd && !bodiless) {
        check_problem(r, got);
    }
    for (int i = 0; i < 3; i++) {
        assert_null(strstr(got->text, secrets[i]));
    }
    json_t *responses = promised(r);
    char status[8];
    snprintf(status, sizeof status, "%d", got->status);
    if (responses && !r->odd && !json_object_get(responses, status)) {
        fail_msg("%s %s: a %d is not in openapi.json\n%s", r->method, r->path, got->status,
                 got->text);
    }
}

static void no_request_breaks_the_server(void **state)
{
    static request r;
    static reply got;
    const char *many = getenv("SYMGRID_HTTP_REQUESTS"), *seed = getenv("SYMGRID_HTTP_SEED");
    long count = many ? atol(many) : 10000;
    chance c = {.seed = seed ? strtoull(seed, NULL, 10) : 20261126};
    long statuses[600] = {0}, silent = 0;
    int fd = -1;
    (void)state;
    for (long i = 0; i < count; i++) {
        make_request(&c, &r);
        fd = fd >= 0 ? fd : rig_dial();
        assert_true(fd >= 0);
        bool sent = send(fd, r.text, r.length, MSG_NOSIGNAL) == (ssize_t)r.length;
        if (r.odd) {
            shutdown(fd, SHUT_WR); /* what waits for more of it is told that there is none */
        }
        bool answered = sent && receive(fd, &r, &got);
        if (!answered && !r.odd) {
            fail_msg("no answer (%ld):\n%s", i, r.text);
        }
        silent += !answered;
        if (answered) {
            check_reply(&r, &got);
            statuses[got.status]++;
        }
        if (!answered || got.closes || r.odd || r.streams) {
            close(fd);
            fd = -1;
        }
    }
    close(fd);
    static const int reached[] = {200, 204, 400, 401, 403, 404, 405, 409, 413, 415, 421};
    for (size_t i = 0; i < sizeof reached / sizeof reached[0]; i++) {
        if (statuses[reached[i]] == 0) {
            fail_msg("no request led to a %d: the generator is blind there", reached[i]);
        }
    }
    for (int i = 0; i < 600; i++) {
        if (statuses[i]) {
            print_message("%d: %ld  ", i, statuses[i]);
        }
    }
    print_message("closed without an answer: %ld\n", silent);
    assert_int_equal(rig_ask("GET", "/healthz", "", NULL)->status, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_document_names_every_route_and_nothing_else, start,
                                        finish),
        cmocka_unit_test_setup_teardown(no_request_breaks_the_server, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
