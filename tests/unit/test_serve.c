/* What the HTTP server tells of a site: documents, events, metrics, files, queries. */
#include "serve_host.h"

static void health_answers_before_the_first_step_and_readiness_does_not(void **state)
{
    (void)state;
    json_t *root = json_of(get("/healthz"), 200);
    assert_string_equal(text_at(root, "status"), "ok");
    assert_string_equal(text_at(root, "version"), "9.9");
    json_decref(root);
    json_decref(json_of(get("/readyz"), 503));
    json_decref(json_of(get("/energy/telemetry"), 503));
    json_decref(json_of(post("{\"task_id\":\"a\",\"power\":\"1MW\"}"), 503));
    run_loop();
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    json_decref(json_of(get("/readyz"), 200));
    atomic_store(&host.ticks_per_s, 0); /* the loop hangs */
    nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 300000000}, NULL);
    root = json_of(get("/readyz"), 503);
    assert_non_null(strstr(text_at(root, "detail"), "ago"));
    json_decref(root);
    json_decref(json_of(get("/healthz"), 200));
}

static void telemetry_follows_the_contract_in_edge_units(void **state)
{
    (void)state;
    run_loop();
    json_t *root = json_of(get("/energy/telemetry"), 200);
    assert_string_equal(text_at(root, "format"), "symgrid.telemetry/1");
    assert_non_null(strstr(text_at(root, "time"), "2023-07-01T00:00:"));
    assert_true(number_at(root, NULL, "tick") >= 1);
    json_t *part = json_object_get(root, "site");
    assert_string_equal(text_at(part, "title"), "Test \"site\"");
    assert_string_equal(text_at(part, "mode"), "advise");
    assert_string_equal(text_at(part, "policy"), "mpc");
    assert_true(json_is_false(json_object_get(part, "safe")));
    assert_true(number_at(root, "site", "speed") == 1);
    assert_true(number_at(root, "balance", "load_kw") == 3);
    assert_true(json_is_null(json_object_get(json_object_get(root, "balance"), "export_kw")));
    assert_true(fabs(number_at(root, "price", "import_per_kwh") - 0.12) < 1e-9);
    assert_true(fabs(number_at(root, "price", "carbon_g_per_kwh") - 380) < 1e-9);
    assert_true(json_is_null(json_object_get(json_object_get(root, "grid"), "import_kw_max")));
    assert_true(json_is_false(json_object_get(json_object_get(root, "grid"), "present")));
    json_t *source = json_array_get(json_object_get(root, "sources"), 0);
    assert_string_equal(text_at(source, "id"), "pv");
    assert_true(number_at(source, NULL, "limit_kw") == 1.5);
    assert_true(json_is_true(json_object_get(source, "hypothetical")));
    json_t *store = json_array_get(json_object_get(root, "stores"), 0);
    assert_true(number_at(store, NULL, "power_kw") == -0.5);
    assert_true(number_at(store, NULL, "energy_kwh") == 1);
    assert_true(number_at(store, NULL, "soc_frac") == 0.25);
    assert_string_equal(text_at(store, "duty"), "bridge");
    assert_string_equal(text_at(store, "quality"), "stale");
    assert_string_equal(text_at(store, "reason"), "surplus");
    json_t *load = json_array_get(json_object_get(root, "loads"), 0);
    assert_true(number_at(load, NULL, "class") == 2);
    assert_true(number_at(load, NULL, "shed_count") == 2);
    assert_true(number_at(load, NULL, "count") == 3);
    json_t *node = json_array_get(json_object_get(root, "nodes"), 1);
    assert_string_equal(text_at(node, "id"), "pdu");
    assert_string_equal(text_at(node, "parent"), "main");
    assert_true(number_at(node, NULL, "limit_kw") == 5);
    node = json_array_get(json_object_get(root, "nodes"), 0);
    assert_true(json_is_null(json_object_get(node, "limit_kw")));
    assert_true(json_is_null(json_object_get(node, "parent")));
    json_t *plan = json_object_get(root, "plan");
    assert_true(json_is_null(json_object_get(plan, "outcome")));
    assert_string_equal(json_string_value(json_object_get(plan, "rung")), "rules");
    assert_int_equal(json_integer_value(json_object_get(plan, "refused")), 3);
    assert_true(json_number_value(json_object_get(plan, "last_s_max")) == 5400);
    json_t *money = json_object_get(root, "settlement");
    assert_true(number_at(money, "total", "import_kwh") == 2);
    assert_true(number_at(money, "total", "cost") == 0.24);
    assert_true(number_at(money, NULL, "intervals") == 7);
    assert_true(number_at(json_object_get(root, "health"), "quality", "good") == 41);
    json_decref(root);
}

static void seconds_ahead_are_told_where_somebody_looks(void **state)
{
    (void)state;
    run_loop();
    json_t *root = json_of(get("/energy/telemetry"), 200);
    json_t *node = json_array_get(json_object_get(root, "nodes"), 1);
    assert_null(json_object_get(node, "expected_kw"));
    assert_null(json_object_get(json_object_get(root, "forecast"), "nodes"));
    json_decref(root);
    pthread_mutex_lock(&host.mutex);
    sg_view_nowcast *nowcast = &host.live.nowcast;
    *nowcast = (sg_view_nowcast){.ahead_s = 10,
                                 .skill_frac = 0.25,
                                 .inside_frac = NAN,
                                 .warned = 40,
                                 .came = 10,
                                 .passed = 20,
                                 .warned_now = 1};
    nowcast->told_w[1] = 4000;
    nowcast->high_w[1] = 5100;
    nowcast->may_pass[1] = 1;
    pthread_mutex_unlock(&host.mutex);
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    root = json_of(get("/energy/telemetry"), 200);
    node = json_array_get(json_object_get(root, "nodes"), 1);
    assert_true(number_at(node, NULL, "expected_kw") == 4);
    assert_true(number_at(node, NULL, "expected_high_kw") == 5.1);
    assert_true(json_is_true(json_object_get(node, "may_pass")));
    json_t *told = json_object_get(json_object_get(root, "forecast"), "nodes");
    assert_true(number_at(told, NULL, "skill_vs_persistence") == 0.25);
    assert_true(json_is_null(json_object_get(told, "inside_80_frac")));
    assert_true(number_at(told, NULL, "came") == 10);
    json_decref(root);
    answer metrics = get("/metrics");
    assert_non_null(strstr(metrics.body, "\nsymgrid_nodes_may_pass 1\n"));
    assert_non_null(strstr(metrics.body, "\nsymgrid_node_warnings_precision 0.25\n"));
    assert_non_null(strstr(metrics.body, "\nsymgrid_node_warnings_recall 0.5\n"));
    free(metrics.text);
}

static void the_plan_s_calendar_is_served(void **state)
{
    (void)state;
    run_loop();
    json_t *root = json_of(get("/energy/plan"), 200);
    assert_string_equal(text_at(root, "format"), "symgrid.plan/1");
    assert_string_equal(text_at(root, "rung"), "rules");
    assert_true(json_is_null(json_object_get(root, "made")));
    assert_int_equal(json_array_size(json_object_get(root, "groups")), 0);
    json_decref(root);
    static sg_view view;
    sg_out out = {0};
    fill_view(&view);
    view.rung = SG_RUNG_FRESH;
    view.plan_outcome = SG_SOLVED;
    view.plan_cause = SG_PLAN_CAUSE_GRID;
    view.slot_count = 2;
    view.slot[0] = (sg_plan_slot){1, SG_SLOT_CHARGE, 0, 900 * SG_US_PER_S, -2000, 1.8e6};
    view.slot[1] = (sg_plan_slot){1, SG_SLOT_REST, 900 * SG_US_PER_S, 3600 * SG_US_PER_S, 0, 0};
    view.task_count = 1;
    view.task[0] = (sg_task){.request = {.task_id = "t", .power_w = 500, .duration_s = 60},
                             .state = SG_TASK_GRANTED,
                             .granted_us = 3600 * SG_US_PER_S};
    sg_document_plan(&site, &view, &out);
    root = json_loadb(out.text, out.length, 0, NULL);
    assert_non_null(root);
    assert_string_equal(text_at(root, "cause"), "grid");
    json_t *group = json_array_get(json_object_get(root, "groups"), 0);
    assert_string_equal(text_at(group, "id"), "bat");
    json_t *slot = json_array_get(json_object_get(group, "slots"), 0);
    assert_string_equal(text_at(slot, "kind"), "charge");
    assert_string_equal(text_at(slot, "end"), "1970-01-01T00:15:00Z");
    assert_true(number_at(slot, NULL, "power_kw") == -2 &&
                number_at(slot, NULL, "energy_kwh") == 0.5);
    assert_int_equal(json_array_size(json_object_get(group, "slots")), 2);
    json_t *task = json_array_get(json_object_get(root, "tasks"), 0);
    assert_string_equal(text_at(task, "end"), "1970-01-01T01:01:00Z");
    json_decref(root);
    sg_out_free(&out);
}

static void the_plan_says_what_it_expects(void **state)
{
    static sg_view view;
    sg_out out = {0};
    (void)state;
    fill_view(&view);
    view.plan_outcome = SG_SOLVED;
    view.plan_step_s = 300;
    view.ahead.steps = 2;
    view.ahead.net_w[0] = 1500;
    view.ahead.net_w[1] = -250;
    view.ahead.store_w[1] = 4000;
    view.ahead.rows = 2;
    view.ahead.told_us = 900 * SG_US_PER_S;
    view.ahead.mean[SG_SERIES_LOAD][1] = 2000;
    view.ahead.low[SG_SERIES_LOAD][1] = 1900;
    view.ahead.high[SG_SERIES_LOAD][1] = 2300;
    view.ahead.mean[SG_SERIES_PRICE][0] = 0.05F; /* money per MJ */
    view.ahead.mean[SG_SERIES_CARBON][0] = 0.1F; /* kg per MJ    */
    view.ahead.mean[SG_SERIES_SUN][0] = (float)NAN;
    sg_document_plan(&site, &view, &out);
    json_t *root = json_loadb(out.text, out.length, 0, NULL);
    assert_non_null(root);
    json_t *expected = json_object_get(root, "expected"), *told = json_object_get(root, "forecast");
    json_t *grid = json_object_get(expected, "grid_kw");
    assert_int_equal(json_array_size(grid), 2);
    assert_true(json_number_value(json_array_get(grid, 0)) == 1.5);
    assert_true(json_number_value(json_array_get(grid, 1)) == -0.25);
    assert_true(json_number_value(json_array_get(json_object_get(expected, "stores_kw"), 1)) == 4);
    assert_string_equal(text_at(told, "start"), "1970-01-01T00:15:00Z");
    assert_true(number_at(told, NULL, "step_s") == 900);
    json_t *load = json_object_get(told, "load");
    assert_true(json_number_value(json_array_get(json_object_get(load, "mean_kw"), 1)) == 2);
    assert_true(json_number_value(json_array_get(json_object_get(load, "low_kw"), 1)) == 1.9);
    assert_true(json_number_value(json_array_get(json_object_get(load, "high_kw"), 1)) == 2.3);
    json_t *price = json_object_get(json_object_get(told, "price"), "mean_per_kwh");
    assert_true(fabs(json_number_value(json_array_get(price, 0)) - 0.18) <
                1e-5); /* 1 MJ = 1/3.6 kWh */
    json_t *carbon = json_object_get(json_object_get(told, "carbon"), "mean_g_per_kwh");
    assert_true(fabs(json_number_value(json_array_get(carbon, 0)) - 360) < 0.1);
    json_t *sun_kw = json_object_get(json_object_get(told, "generation"), "mean_kw");
    assert_true(json_is_null(json_array_get(sun_kw, 0)));
    json_decref(root);
    sg_out_free(&out);
}

static void what_was_saved_is_told(void **state)
{
    static sg_view view;
    sg_out out = {0};
    (void)state;
    fill_view(&view);
    view.compared.any = 1;
    view.compared.since_us = 60 * SG_US_PER_S;
    view.compared.stored_j = -7.2e6;
    view.compared.real = (sg_settlement){.import_j = 3600000,
                                         .cost_u = 5000000,
                                         .revenue_u = 1000000,
                                         .wear_u = 250000,
                                         .fuel_u = 500000,
                                         .demand_u = 2000000,
                                         .carbon_mg = 3000000,
                                         .carbon_credit_mg = 500000};
    view.group[1].floor_j = 1.44e6;
    view.group[1].charge_w_max = 700;
    view.group[1].discharge_w_max = 900;
    sg_document_telemetry(&site, &view, &out);
    json_t *root = json_loadb(out.text, out.length, 0, NULL);
    assert_non_null(root);
    json_t *compared = json_object_get(root, "baseline"), *real = json_object_get(compared, "site");
    assert_string_equal(text_at(compared, "since"), "1970-01-01T00:01:00Z");
    assert_true(number_at(compared, NULL, "stored_kwh") == -2);
    assert_true(number_at(real, NULL, "import_kwh") == 1);
    assert_true(number_at(real, NULL, "net_cost") == 6.75); /* 5 - 1 + 0.25 + 0.5 + 2 */
    assert_true(number_at(real, NULL, "carbon_kg") == 2.5);
    assert_true(number_at(compared, "at_rest", "net_cost") == 0);
    json_t *store = json_array_get(json_object_get(root, "stores"), 0);
    assert_true(number_at(store, NULL, "floor_frac") == 0.1);
    assert_true(number_at(store, NULL, "charge_kw_max") == 0.7);
    assert_true(number_at(store, NULL, "discharge_kw_max") == 0.9);
    json_decref(root);
    sg_out_clear(&out);
    view.compared.any = 0; /* an island */
    sg_document_telemetry(&site, &view, &out);
    root = json_loadb(out.text, out.length, 0, NULL);
    assert_true(json_is_null(json_object_get(root, "baseline")));
    json_decref(root);
    sg_out_free(&out);
}

static void every_server_is_told_by_its_rack(void **state)
{
    (void)state;
    answer early = get("/energy/racks");
    assert_int_equal(early.status, 503); /* before the first step */
    free(early.text);
    run_loop();
    loads[2].node = 1;
    loads[0].p[SG_LOAD_RATING] = 8000;
    site.hash = UINT64_C(0x0123456789abcdef);
    json_t *root = json_of(get("/energy/racks"), 200);
    assert_string_equal(text_at(root, "format"), "symgrid.racks/1");
    assert_string_equal(text_at(root, "time"), "2023-07-01T00:00:00.500Z");
    assert_string_equal(text_at(root, "layout"), "0123456789abcdef");
    assert_true(number_at(root, NULL, "servers") == 3 && number_at(root, NULL, "rack_count") == 2);
    json_t *rack_1 = json_array_get(json_object_get(root, "racks"), 1);
    assert_string_equal(text_at(rack_1, "id"), "pdu");
    assert_string_equal(text_at(rack_1, "parent"), "main");
    assert_true(number_at(rack_1, NULL, "limit_kw") == 5);
    json_t *group = json_array_get(json_object_get(root, "groups"), 0);
    assert_string_equal(text_at(group, "id"), "racks");
    assert_true(number_at(group, NULL, "rating_kw") == 8);
    char *runs = json_dumps(json_object_get(root, "runs"), JSON_COMPACT);
    assert_string_equal(runs, "[[0,2],[1,1]]");
    free(runs);
    json_t *share = json_object_get(root, "power_frac");
    assert_true(json_number_value(json_array_get(share, 0)) == 0.5);
    assert_true(json_number_value(json_array_get(share, 1)) == 1.05);
    assert_true(json_is_null(json_array_get(share, 2)));
    assert_int_equal(json_integer_value(json_array_get(json_object_get(root, "state"), 2)), 11);
    json_decref(root);
    loads[2].node = 0;
}

static void the_same_in_bytes(void **state)
{
    static const char wish[] = "GET /energy/racks HTTP/1.1\r\nHost: localhost\r\n"
                               "Accept: application/octet-stream\r\nConnection: close\r\n\r\n";
    static const unsigned char wanted[46] = {
        'S', 'G', 'R', 'A', 'C', 'K', 'S', '1', 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01,
        77,  0,   0,   0,   0,   0,   0,   0,   0,    0,    0,    0,    0,    0,    0,    0,
        3,   0,   0,   0,   40,  0,   0,   0,   100,  210,  255,  0,    4,    11};
    (void)state;
    run_loop();
    site.hash = UINT64_C(0x0123456789abcdef);
    answer got = exchange(wish, sizeof wish - 1);
    assert_int_equal(got.status, 200);
    assert_non_null(strcasestr(got.head, "content-type: application/octet-stream"));
    assert_int_equal(got.length - (size_t)(got.body - got.text), sizeof wanted);
    for (size_t i = 0; i < sizeof wanted; i++) {
        if (i < 24 || i >= 32) {
            assert_int_equal((unsigned char)got.body[i], wanted[i]);
        }
    }
    int64_t time_us = 0;
    for (int i = 7; i >= 0; i--) {
        time_us = time_us * 256 + (unsigned char)got.body[24 + i];
    }
    assert_int_equal(time_us, INT64_C(1688169600500000));
    free(got.text);
}

static void events_come_with_ids_and_at_most_ten_a_second(void **state)
{
    (void)state;
    run_loop();
    atomic_store(&host.ticks_per_s, 1000);
    static const char request[] =
        "GET /energy/telemetry HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";
    int fd = dial(), events = 0;
    assert_int_equal(send(fd, request, sizeof request - 1, 0), sizeof request - 1);
    char text[300000];
    size_t length = 0;
    time_t until = time(NULL) + 2;
    while (time(NULL) <= until && length < sizeof text - 1) {
        ssize_t part = recv(fd, text + length, sizeof text - 1 - length, MSG_DONTWAIT);
        if (part > 0) {
            length += (size_t)part;
        }
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    close(fd);
    text[length] = '\0';
    assert_non_null(strstr(text, "Content-Type: text/event-stream"));
    assert_non_null(strstr(text, "retry: "));
    long last = 0;
    for (char *at = text; (at = strstr(at, "\nid: ")); at += 5, events++) {
        long id = atol(at + 5);
        assert_true(id > last);
        last = id;
        char *data = strchr(at + 5, '\n');
        assert_memory_equal(data, "\ndata: {", 8);
    }
    assert_in_range(events, 8, 33);
}

static void metrics_are_plain_prometheus_text(void **state)
{
    (void)state;
    answer got = get("/metrics");
    assert_int_equal(got.status, 200);
    assert_non_null(strstr(got.body, "\nsymgrid_ready 0\n"));
    free(got.text);
    run_loop();
    got = get("/metrics");
    assert_non_null(strstr(got.head, "Content-Type: text/plain; version=0.0.4"));
    assert_non_null(
        strstr(got.body, "\n# TYPE symgrid_load_watts gauge\nsymgrid_load_watts 3000\n"));
    assert_non_null(strstr(got.body, "\nsymgrid_energy_joules_total{flow=\"import\"} 7200000\n"));
    assert_non_null(strstr(got.body, "\nsymgrid_store_energy_joules{id=\"bat\",role=\"store\",type="
                                     "\"cell\",hypothetical=\"no\"} 3600000\n"));
    assert_non_null(strstr(got.body, "\nsymgrid_node_limit_watts{node=\"main\"} +Inf\n"));
    assert_non_null(strstr(got.body, "\nsymgrid_export_watts NaN\n"));
    assert_non_null(strstr(got.body, "\nsymgrid_plan_rung{rung=\"rules\"} 1\n"));
    assert_non_null(strstr(got.body, "\nsymgrid_plan_rung{rung=\"fresh\"} 0\n"));
    assert_non_null(strstr(got.body, "\nsymgrid_plans_total{result=\"refused\"} 3\n"));
    free(got.text);
}

static void the_dashboard_s_files_are_those_of_the_tree(void **state)
{
    (void)state;
    static const char *const files[][3] = {
        {"/", "web/index.html", "text/html"},
        {"/app.js", "web/app.js", "text/javascript"},
        {"/base.js", "web/base.js", "text/javascript"},
        {"/charts.js", "web/charts.js", "text/javascript"},
        {"/panels.js", "web/panels.js", "text/javascript"},
        {"/line.js", "web/line.js", "text/javascript"},
        {"/racks.js", "web/racks.js", "text/javascript"},
        {"/decisions.js", "web/decisions.js", "text/javascript"},
        {"/alarms.js", "web/alarms.js", "text/javascript"},
        {"/uplot.js", "web/uplot/uplot.js", "text/javascript"},
        {"/uplot.css", "web/uplot/uplot.css", "text/css"},
        {"/login.js", "web/login.js", "text/javascript"},
        {"/style.css", "web/style.css", "text/css"},
        {"/rehearse.js", "web/rehearse.js", "text/javascript"},
        {"/rehearse.css", "web/rehearse.css", "text/css"},
        {"/favicon.svg", "web/favicon.svg", "image/svg+xml"},
        {"/setup.html", "web/setup.html", "text/html"},
        {"/setup.js", "web/setup.js", "text/javascript"},
        {"/openapi.json", "src/serve/openapi.json", "application/json"}};
    const char *root = getenv("SYMGRID_SOURCE_DIR");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[512], tag[64];
        snprintf(path, sizeof path, "%s/%s", root ? root : ".", files[i][1]);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        static char bytes[1 << 20];
        size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        answer got = get(files[i][0]);
        assert_int_equal(got.status, 200);
        assert_non_null(strstr(got.head, files[i][2]));
        assert_non_null(strstr(got.head, "Content-Security-Policy: default-src 'self'"));
        assert_non_null(strstr(got.head, "X-Content-Type-Options: nosniff"));
        assert_int_equal(got.length - (size_t)(got.body - got.text), size);
        assert_memory_equal(got.body, bytes, size);
        char *etag = strstr(got.head, "ETag: ");
        assert_non_null(etag);
        snprintf(tag, sizeof tag, "%.*s", (int)strcspn(etag + 6, "\r"), etag + 6);
        free(got.text);
        got = ask(
            "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nIf-None-Match: %s\r\n\r\n",
            files[i][0], tag);
        assert_int_equal(got.status, 304);
        assert_int_equal(got.body[0], 0);
        free(got.text);
    }
}

static void without_a_twin_nothing_can_be_rehearsed(void **state)
{
    static const char *const methods[] = {"GET", "DELETE", "POST"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        json_t *root = json_of(ask("%s /energy/rehearsal HTTP/1.1\r\nHost: localhost\r\n"
                                   "Connection: close\r\nContent-Type: application/json\r\n"
                                   "Content-Length: 0\r\n\r\n",
                                   methods[i]),
                               503);
        assert_string_equal(text_at(root, "type"), "urn:symgrid:problem:no-rehearsal");
        json_decref(root);
    }
}

static void queries_run_beside_everything_else(void **state)
{
    (void)state;
    char path[96];
    sqlite3 *db;
    json_t *missing = json_of(get("/energy/query?sql=SELECT+1"), 503);
    json_decref(missing);
    snprintf(path, sizeof path, "%s/telemetry.db", data_dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "CREATE TABLE meta(key TEXT, value TEXT); CREATE TABLE energy(timestamp REAL, "
                     "surplus REAL);"
                     "INSERT INTO energy VALUES(unixepoch() - 60, 5.5), (unixepoch() - 7200, 6.5)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    json_t *root = json_of(get("/energy/"
                               "query?sql=SELECT%20surplus%20FROM%20energy%20WHERE%20timestamp%20%"
                               "3E%20NOW()%20-%201h"),
                           200);
    assert_int_equal(json_array_size(json_object_get(root, "rows")), 1);
    assert_true(json_number_value(
                    json_array_get(json_array_get(json_object_get(root, "rows"), 0), 0)) == 5.5);
    json_decref(root);
    root = json_of(get("/energy/query?sql=SELECT+surpls+FROM+energy"), 400);
    assert_true(number_at(root, NULL, "byte") == 7);
    assert_non_null(strstr(text_at(root, "detail"), "byte 7: "));
    json_decref(root);
    json_decref(json_of(get("/energy/query?sql=DROP+TABLE+energy"), 400));
    json_decref(json_of(get("/energy/query"), 400));
    json_decref(json_of(get("/energy/query?sql=SELECT+1&x=1"), 400));
    int slow = dial();
    static const char endless[] =
        "GET /energy/query?sql=WITH+RECURSIVE+n(i)+AS+(SELECT+0+UNION+ALL+SELECT+i%2B1+FROM+n)"
        "+SELECT+count(*)+FROM+n HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_int_equal(send(slow, endless, sizeof endless - 1, 0), sizeof endless - 1);
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    json_decref(json_of(get("/healthz"), 200));
    clock_gettime(CLOCK_MONOTONIC, &b);
    assert_true((double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec) < 1.0);
    json_decref(json_of(receive(slow), 400));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(health_answers_before_the_first_step_and_readiness_does_not),
        CASE(telemetry_follows_the_contract_in_edge_units),
        CASE(seconds_ahead_are_told_where_somebody_looks),
        CASE(the_plan_s_calendar_is_served),
        CASE(the_plan_says_what_it_expects),
        CASE(what_was_saved_is_told),
        CASE(every_server_is_told_by_its_rack),
        CASE(the_same_in_bytes),
        CASE(events_come_with_ids_and_at_most_ten_a_second),
        CASE(metrics_are_plain_prometheus_text),
        CASE(the_dashboard_s_files_are_those_of_the_tree),
        CASE(without_a_twin_nothing_can_be_rehearsed),
        CASE(queries_run_beside_everything_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
