/* What is asked of the HTTP server: power for a task, and what it does not take. */
#include "serve_host.h"

static void a_request_is_granted_queued_or_refused(void **state)
{
    (void)state;
    run_loop();
    json_t *root =
        json_of(post("{\"task_id\":\"compute_001\",\"power\":\"500kW\",\"duration\":\"1h\"}"), 200);
    assert_string_equal(text_at(root, "state"), "granted");
    assert_string_equal(text_at(root, "task_id"), "compute_001");
    assert_string_equal(text_at(root, "priority"), "normal");
    assert_string_equal(text_at(root, "reason"), "fits");
    assert_true(number_at(root, NULL, "power_kw") == 500);
    assert_true(number_at(root, NULL, "firm_kw") == 1500);
    assert_string_equal(text_at(root, "received"), "1970-01-01T00:00:01Z");
    assert_string_equal(text_at(root, "until"), "1970-01-01T01:00:02Z");
    json_decref(root);
    root = json_of(post("{\"task_id\":\"later\",\"power\":\"2MW\"}"), 202);
    assert_string_equal(text_at(root, "state"), "queued");
    assert_true(json_is_null(json_object_get(root, "until")));
    json_decref(root);
    root = json_of(post("{\"task_id\":\"never\",\"power\":\"20MW\"}"), 200);
    assert_string_equal(text_at(root, "state"), "refused");
    assert_non_null(strstr(text_at(root, "reason_text"), "more than the site"));
    json_decref(root);

    root = json_of(post("{\"task_id\":\"compute_001\",\"power\":\"0.5MW\",\"duration\":\"60min\"}"),
                   200);
    assert_string_equal(text_at(root, "state"), "granted"); /* the same again: the same answer */
    json_decref(root);
    json_decref(json_of(post("{\"task_id\":\"compute_001\",\"power\":\"600kW\"}"), 409));

    root = json_of(get("/energy/allocate"), 200);
    assert_int_equal(json_array_size(json_object_get(root, "tasks")), 3);
    json_decref(root);
    root = json_of(get("/energy/allocate/later"), 200);
    assert_string_equal(text_at(root, "state"), "queued");
    json_decref(root);
    json_decref(json_of(get("/energy/allocate/nobody"), 404));
    root = json_of(ask("DELETE /energy/allocate/later HTTP/1.1\r\nHost: localhost\r\nConnection: "
                       "close\r\n\r\n"),
                   200);
    assert_string_equal(text_at(root, "state"), "withdrawn");
    json_decref(root);
    json_decref(json_of(ask("DELETE /energy/allocate/nobody HTTP/1.1\r\nHost: "
                            "localhost\r\nConnection: close\r\n\r\n"),
                        404));
}

static void what_is_not_durable_is_not_acknowledged(void **state)
{
    (void)state;
    run_loop();
    atomic_store(&host.volatile_disk, true);
    answer got = post("{\"task_id\":\"a\",\"power\":\"1kW\"}");
    assert_non_null(strstr(got.head, "Retry-After: "));
    json_decref(json_of(got, 503));
    atomic_store(&host.volatile_disk, false);
    pthread_mutex_lock(&host.mutex);
    host.live.journal_degraded = 1;
    pthread_mutex_unlock(&host.mutex);
    json_decref(json_of(post("{\"task_id\":\"b\",\"power\":\"1kW\"}"), 503));
    assert_int_equal(find_task("b"), -1);
}

static void a_full_queue_or_table_is_said_at_once(void **state)
{
    (void)state;
    run_loop();
    atomic_store(&host.refuse, true);
    answer got = post("{\"task_id\":\"a\",\"power\":\"1kW\"}");
    assert_non_null(strstr(got.head, "Retry-After: "));
    json_decref(json_of(got, 503));
    atomic_store(&host.refuse, false);
    atomic_store(&host.conflict, 2);
    json_decref(json_of(post("{\"task_id\":\"a\",\"power\":\"1kW\"}"), 503));
}

static void a_silent_loop_is_a_gateway_timeout(void **state)
{
    (void)state;
    run_loop();
    atomic_store(&host.silent, true);
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    json_decref(json_of(post("{\"task_id\":\"a\",\"power\":\"1kW\"}"), 504));
    clock_gettime(CLOCK_MONOTONIC, &b);
    assert_in_range(b.tv_sec - a.tv_sec, 4, 11);
    /* A late answer to a ticket that nobody waits for does no harm. */
    atomic_store(&host.silent, false);
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    json_decref(json_of(get("/healthz"), 200));
}

static void stopping_ends_what_is_under_way(void **state)
{
    (void)state;
    run_loop();
    atomic_store(&host.silent, true);
    int waiting[3], stream = dial();
    for (int i = 0; i < 3; i++) {
        static const char request[] =
            "POST /energy/allocate HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
            "application/json\r\n"
            "Content-Length: 29\r\n\r\n{\"task_id\":\"a\",\"power\":\"1kW\"}";
        waiting[i] = dial();
        assert_int_equal(send(waiting[i], request, sizeof request - 1, 0), sizeof request - 1);
    }
    static const char listen[] =
        "GET /energy/telemetry HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";
    assert_int_equal(send(stream, listen, sizeof listen - 1, 0), sizeof listen - 1);
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    atomic_store(&host.stop, true);
    pthread_join(host.loop, NULL);
    host.loop = 0;
    sg_serve_stop(host.server);
    host.server = NULL;
    for (int i = 0; i < 3; i++) {
        free(receive(waiting[i]).text);
    }
    answer got = receive(stream);
    assert_int_equal(got.status, 200);
    free(got.text);
}

static void methods_paths_and_parameters_are_checked(void **state)
{
    (void)state;
    run_loop();
    static const struct {
        const char *line;
        int status;
        const char *header;
    } cases[] = {{"GET /nowhere", 404, NULL},
                 {"GET /energy/allocate/", 404, NULL},
                 {"GET /energy/allocate/a%20b", 404, NULL},
                 {"POST /healthz", 405, "Allow: GET, HEAD, OPTIONS"},
                 {"DELETE /energy/allocate", 405, "Allow: GET, HEAD, POST, OPTIONS"},
                 {"PUT /energy/allocate/a", 405, "Allow: GET, HEAD, DELETE, OPTIONS"},
                 {"BREW /metrics", 405, "Allow: GET, HEAD, OPTIONS"},
                 {"GET /metrics?x=1", 400, NULL},
                 {"GET /%zz", 400, NULL},
                 {"GET /%00", 400, NULL},
                 {"OPTIONS /energy/allocate", 204, "Allow: GET, HEAD, POST, OPTIONS"},
                 {"GET /app.js?v=2", 200, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        answer got =
            ask("%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", cases[i].line);
        if (cases[i].header && !strstr(got.head, cases[i].header)) {
            fail_msg("%s: %s", cases[i].line, got.head);
        }
        json_decref(json_of(got, cases[i].status));
    }
    answer got =
        ask("HEAD /energy/telemetry HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_int_equal(got.status, 200);
    assert_non_null(strstr(got.head, "Content-Length: "));
    assert_int_equal(got.body[0], 0);
    free(got.text);
}

static void requests_that_could_be_read_two_ways_are_refused(void **state)
{
    (void)state;
    run_loop();
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"Host: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n", 400},
        {"Host: localhost\r\nContent-Length: 2\r\nContent-Length: 2\r\n", 400},
        {"Host: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n", 400},
        {"Host: localhost\r\nTransfer-Encoding: gzip, chunked\r\n", 400},
        {"Host: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
        {"Host: localhost\r\nContent-Length: +2\r\n", 400},
        {"Host: localhost\r\nContent-Length: -2\r\n", 400},
        {"Host: localhost\r\nContent-Length: 0x2\r\n", 400},
        {"Host : localhost\r\n", 400},
        {"Host: localhost\r\nHost: localhost\r\n", 400},
        {"Host: localhost\r\nX Y: 1\r\n", 400},
        {"Host: localhost\r\nX\x01: 1\r\n", 400},
        {"Host: localhost\r\nX: a\x02"
         "b\r\n",
         400},
        {"", 400},
        {"Host: evil.example\r\n", 421},
        {"Host: 127.0.0.1.evil.example\r\n", 421},
        {"Host: localhost\r\nOrigin: https://evil.example\r\n", 403},
        {"Host: localhost\r\nOrigin: null\r\n", 403},
        {"Host: localhost\r\nContent-Encoding: gzip\r\n", 415},
        {"Host: localhost\r\nContent-Length: 99999999\r\n", 413},
        {"Host: localhost\r\nContent-Length: 18446744073709551616\r\n", 413}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        answer got = ask("POST /energy/allocate HTTP/1.1\r\nConnection: close\r\n%sContent-Type: "
                         "application/json\r\n\r\n{}",
                         cases[i].headers);
        if (got.status != cases[i].status) {
            fail_msg("%s: %s", cases[i].headers, got.text);
        }
        free(got.text);
    }
    answer got = ask("POST /energy/allocate HTTP/1.1\r\nHost: localhost:80\r\nOrigin: "
                     "http://localhost:80\r\nConnection: close\r\n"
                     "Content-Type: application/json; charset=\"UTF-8\"\r\nContent-Length: "
                     "29\r\n\r\n{\"task_id\":\"o\",\"power\":\"1kW\"}");
    json_decref(json_of(got, 200));
    got = ask("POST /energy/allocate HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\nContent-Type: "
              "application/json\r\n"
              "Transfer-Encoding: "
              "chunked\r\n\r\n5\r\n{\"tas\r\n18\r\nk_id\":\"c\",\"power\":\"1kW\"}\r\n0\r\n\r\n");
    json_decref(json_of(got, 200));
}

static void bodies_of_wrong_kind_or_size_are_refused(void **state)
{
    (void)state;
    run_loop();
    json_t *root = json_of(post("{\"task_id\":\"a\",\"power\":2}"), 400);
    assert_string_equal(text_at(root, "pointer"), "/power");
    json_decref(root);
    json_decref(json_of(ask("POST /energy/allocate HTTP/1.1\r\nHost: localhost\r\nConnection: "
                            "close\r\nContent-Type: text/plain\r\n"
                            "Content-Length: 2\r\n\r\n{}"),
                        415));
    json_decref(json_of(ask("POST /energy/allocate HTTP/1.1\r\nHost: localhost\r\nConnection: "
                            "close\r\nContent-Length: 2\r\n\r\n{}"),
                        415));
    static char request[60000];
    int head = snprintf(request, sizeof request,
                        "POST /energy/allocate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                        "Content-Type: application/json\r\nContent-Length: 40000\r\n\r\n");
    memset(request + head, ' ', 40000);
    json_decref(json_of(exchange(request, (size_t)head + 40000), 413));
}

static void addresses_that_cannot_be_used_are_explained(void **state)
{
    (void)state;
    static const struct {
        const char *listen;
        sg_status status;
    } cases[] = {{"nonsense", SG_FORMAT},       {"127.0.0.1", SG_FORMAT},
                 {"127.0.0.1:", SG_FORMAT},     {"127.0.0.1:99999", SG_FORMAT},
                 {"127.0.0.1:80x", SG_FORMAT},  {"[::1:80", SG_FORMAT},
                 {"example.org:80", SG_FORMAT}, {"", SG_FORMAT},
                 {"256.0.0.1:80", SG_FORMAT},   {"192.0.2.1:8048", SG_IO}};
    char error[SG_SERVE_TEXT];
    sg_serve *other = NULL;
    sg_serve_config config = config_of();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        config.listen = cases[i].listen;
        assert_int_equal(sg_serve_start(&config, &other, error), cases[i].status);
        assert_memory_equal(error, "cannot listen on ", 17);
    }
    char taken[32];
    snprintf(taken, sizeof taken, "127.0.0.1:%d", sg_serve_port(host.server));
    config.listen = taken;
    assert_int_equal(sg_serve_start(&config, &other, error), SG_IO);
    assert_non_null(strstr(error, "the port is in use"));
    assert_string_equal(host.log, "");
    config.listen = "0.0.0.0:0"; /* nobody may be able to read what is on the way */
    assert_int_equal(sg_serve_start(&config, &other, error), SG_FORMAT);
    assert_non_null(strstr(error, "--tls-cert"));
    assert_string_equal(host.log, "");
    config.insecure_http = true; /* said: allowed, and logged */
    assert_int_equal(sg_serve_start(&config, &other, error), SG_OK);
    assert_non_null(strstr(host.log, "0.0.0.0:0"));
    assert_non_null(strstr(host.log, "WITHOUT TLS"));
    sg_serve_stop(other);
    config.listen = ":0";
    assert_int_equal(sg_serve_start(&config, &other, error), SG_OK);
    sg_serve_stop(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_request_is_granted_queued_or_refused),
        CASE(what_is_not_durable_is_not_acknowledged),
        CASE(a_full_queue_or_table_is_said_at_once),
        CASE(a_silent_loop_is_a_gateway_timeout),
        CASE(stopping_ends_what_is_under_way),
        CASE(methods_paths_and_parameters_are_checked),
        CASE(requests_that_could_be_read_two_ways_are_refused),
        CASE(bodies_of_wrong_kind_or_size_are_refused),
        CASE(addresses_that_cannot_be_used_are_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
