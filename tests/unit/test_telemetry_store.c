/* Telemetry in SQLite: what is written, averaged, kept, dropped and survived. Checked with SQLite's
 * own interface. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/query.h"
#include "store/telemetry.h"

#include <dirent.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const sg_kind sun = {.name = "sun", .title = "array", .role = SG_SOURCE};
static const sg_kind cell = {.name = "cell", .title = "battery", .role = SG_STORE};
static sg_device sources[1], stores[1] = {{.group = 1}};
static sg_group groups[2] = {{.id = "pv", .kind = &sun, .role = SG_SOURCE, .count = 1},
                             {.id = "bat", .kind = &cell, .role = SG_STORE, .count = 1}};
static sg_site site = {.id = "urn:uuid:one",
                       .title = "One",
                       .currency = "EUR",
                       .groups = groups,
                       .group_count = 2,
                       .devices = {sources, stores, NULL, NULL},
                       .device_count = {1, 1, 0, 0}};

static const int64_t noon_us = INT64_C(1688212800000000); /* 2023-07-01T12:00:00Z */
static char dir[64], path[96];
static sg_view view;

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/sg-telemetry-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/telemetry.db", dir);
    memset(&view, 0, sizeof view);
    view.time_us = noon_us;
    view.group_count = 2;
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    DIR *at = opendir(dir);
    for (struct dirent *entry; (entry = readdir(at));) {
        if (entry->d_name[0] != '.') {
            unlinkat(dirfd(at), entry->d_name, 0);
        }
    }
    closedir(at);
    return rmdir(dir);
}

static sg_telemetry *open_store(bool simulated)
{
    sg_telemetry *store = NULL;
    char line[SG_TELEMETRY_TEXT];
    if (sg_telemetry_open(dir, &site, simulated, &store, line) != SG_OK || line[0]) {
        fail_msg("%s", line);
    }
    return store;
}

static void put(sg_telemetry *store)
{
    if (sg_telemetry_append(store, &view) != SG_OK) {
        fail_msg("%s", sg_telemetry_error(store));
    }
}

/* One number straight from the file. */
static double number(const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    double value = (double)NAN;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 3000);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    }
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL) {
        value = sqlite3_column_double(statement, 0);
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

static void a_view_becomes_a_row_in_edge_units(void **state)
{
    (void)state;
    view.load_w = 1234567;
    view.surplus_w = -2500;
    view.export_w = NAN;
    view.import_price = 0.25 / 3.6e6;
    view.carbon_kg_per_j = 0.38 / 3.6e6;
    view.grid_up = 1;
    view.group[1] = (sg_view_group){.role = SG_STORE,
                                    .power_w = -500,
                                    .setpoint_w = -600,
                                    .energy_j = 1.8e9,
                                    .capacity_j = 7.2e9,
                                    .reason = SG_REASON_SURPLUS,
                                    .quality = SG_SUSPECT};
    view.decision_count = 1;
    view.decision[0] = (sg_decision){.time_us = noon_us - 100000,
                                     .role = SG_STORE,
                                     .index = 0,
                                     .reason = SG_REASON_DEAR,
                                     .from_w = 0,
                                     .to_w = 2000};
    sg_telemetry *store = open_store(false);
    put(store);
    sg_telemetry_close(store);
    assert_true(number("SELECT timestamp FROM energy") == 1688212800.0);
    assert_true(number("SELECT load FROM energy") == 1234.567);
    assert_true(number("SELECT surplus FROM energy") == -2.5);
    assert_true(isnan(number("SELECT export FROM energy")));
    assert_true(number("SELECT import_price FROM energy") == 0.25);
    assert_true(number("SELECT carbon FROM energy") == 380);
    assert_true(number("SELECT grid_up FROM energy") == 1);
    assert_true(
        number(
            "SELECT soc FROM device WHERE id='bat' AND reason='surplus' AND quality='suspect'") ==
        0.25);
    assert_true(
        number("SELECT energy FROM device WHERE id='bat' AND power=-0.5 AND setpoint=-0.6") == 500);
    assert_true(isnan(number("SELECT soc FROM device WHERE id='pv' AND role='source'")));
    assert_true(
        number(
            "SELECT to_kw FROM decision WHERE device='bat' AND reason='dear' AND state IS NULL") ==
        2);
    assert_true(
        number("SELECT count(*) FROM meta WHERE (key,value) IN "
               "(('clock','wall'),('site','urn:uuid:one'),('title','One'),('schema','1'))") == 4);
}

static void tables_refuse_values_of_the_wrong_type(void **state)
{
    (void)state;
    sg_telemetry_close(open_store(false));
    assert_true(
        number("SELECT count(*) FROM sqlite_schema WHERE type='table' AND sql LIKE '%STRICT%'") ==
        7);
}

static void averages_are_those_of_the_rows_even_across_restarts(void **state)
{
    (void)state;
    /* 40 minutes of one-second rows with a restart every 1,000 rows, in the middle of a minute. */
    sg_telemetry *store = open_store(true);
    double sum = 0, low = INFINITY, high = -INFINITY, quarter_sum = 0;
    for (int i = 1; i <= 2400; i++) {
        double kw = (i * 37 % 101) / 4.0;
        view.time_us = noon_us + i * INT64_C(1000000);
        view.load_w = kw * 1e3;
        view.surplus_w = -kw * 1e3;
        if (i > 600 && i <= 660) { /* the row stands for the interval that it ends */
            sum += kw;
            low = fmin(low, kw);
            high = fmax(high, kw);
        }
        if (i > 900 && i <= 1800) {
            quarter_sum += kw;
        }
        put(store);
        if (i % 1000 == 0) {
            sg_telemetry_close(store);
            store = open_store(true);
        }
    }
    sg_telemetry_close(store);
    char sql[200];
    const char *const wanted[] = {"load",     "load_min",     "load_max",
                                  "-surplus", "-surplus_max", "rows"};
    const double values[] = {sum / 60, low, high, sum / 60, low, 60};
    for (int i = 0; i < 6; i++) {
        snprintf(sql, sizeof sql, "SELECT %s FROM energy_1min WHERE timestamp=%.1f", wanted[i],
                 1688212800.0 + 660);
        assert_true(fabs(number(sql) - values[i]) < 1e-9);
    }
    snprintf(sql, sizeof sql, "SELECT load FROM energy_15min WHERE timestamp=%.1f",
             1688212800.0 + 1800);
    assert_true(fabs(number(sql) - quarter_sum / 900) < 1e-9);
    assert_true(number("SELECT count(*) FROM energy_1min") == 40);
    assert_true(number("SELECT count(*) FROM energy_15min") == 3);
    assert_true(number("SELECT sum(rows) FROM energy_15min") == 2400);
    assert_true(number("SELECT value FROM meta WHERE key='now'") == 1688212800.0 + 2400);
}

static void averages_lost_in_a_crash_are_made_up_for(void **state)
{
    (void)state;
    sg_telemetry *store = open_store(true);
    for (int i = 1; i <= 600; i++) {
        view.time_us = noon_us + i * INT64_C(1000000);
        view.load_w = 2000;
        put(store);
    }
    sg_telemetry_close(store);
    number("DELETE FROM energy_1min WHERE timestamp > 1688212980");
    number("DELETE FROM energy_15min");
    sg_telemetry_close(open_store(true));
    assert_true(number("SELECT count(*) FROM energy_1min WHERE load=2 AND rows=60") == 10);
    assert_true(number("SELECT rows FROM energy_15min") == 600);
}

static void an_interval_is_settled_once(void **state)
{
    (void)state;
    sg_settlement interval = {.start_us = noon_us,
                              .end_us = noon_us + INT64_C(900000000),
                              .import_j = 7200000,
                              .export_j = 3600000,
                              .cost_u = 1250000,
                              .revenue_u = -10000,
                              .carbon_mg = 2500000,
                              .suspect_steps = 3,
                              .steps = 900};
    sg_telemetry *store = open_store(true);
    assert_int_equal(sg_telemetry_settlement(store, &interval), SG_OK);
    interval.import_j = 999;
    assert_int_equal(sg_telemetry_settlement(store, &interval), SG_OK);
    sg_telemetry_close(store);
    store = open_store(true);
    assert_int_equal(sg_telemetry_settlement(store, &interval), SG_OK);
    sg_telemetry_close(store);
    assert_true(number("SELECT count(*) FROM settlement") == 1);
    assert_true(number("SELECT import_kwh FROM settlement") == 2);
    assert_true(number("SELECT export_kwh FROM settlement") == 1);
    assert_true(number("SELECT cost FROM settlement") == 1.25);
    assert_true(number("SELECT revenue FROM settlement") == -0.01);
    assert_true(number("SELECT carbon_kg FROM settlement") == 2.5);
    assert_true(number("SELECT \"end\" - start FROM settlement") == 900);
    assert_true(number("SELECT steps FROM settlement WHERE suspect_steps=3") == 900);
}

static void raw_rows_go_after_a_week_and_quarter_hours_stay(void **state)
{
    (void)state;
    sg_telemetry *store = open_store(true);
    for (int i = 1; i <= 10 * 1440; i++) { /* ten days, one row a minute, a commit an hour */
        view.time_us = noon_us + i * INT64_C(60000000);
        put(store);
        if (i % 60 == 0) {
            assert_int_equal(sg_telemetry_commit(store, i % 120 == 0), SG_OK);
        }
    }
    sg_telemetry_close(store);
    double kept = number("SELECT count(*) FROM energy");
    assert_true(kept >= 7 * 1440 && kept < 7 * 1440 + 120);
    assert_true(number("SELECT count(*) FROM device") <= 2 * kept + 4);
    assert_true(number("SELECT count(*) FROM energy_15min") == 10 * 96);
    assert_true(number("SELECT count(*) FROM energy_1min") == 10 * 1440);
}

static void damage(long at, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    fseek(file, at, SEEK_SET);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void a_damaged_database_is_set_aside_and_a_new_one_begun(void **state)
{
    (void)state;
    static char garbage[4096];
    for (size_t i = 0; i < sizeof garbage; i++) {
        garbage[i] = (char)(i * 31 + 7);
    }
    char kept[128], line[SG_TELEMETRY_TEXT];
    for (int kind = 1; kind <= 3; kind++) {
        sg_telemetry *store = open_store(false);
        for (int i = 0; i < 2000; i++) {
            view.time_us += 1000000;
            put(store);
        }
        sg_telemetry_close(store);
        if (kind == 1) {
            damage(0, garbage, 64); /* no database header any more */
        } else if (kind == 2) {
            damage(8 * 4096, garbage, sizeof garbage); /* a page in the middle */
        } else {
            assert_int_equal(truncate(path, 5 * 4096), 0);
        }
        assert_int_equal(sg_telemetry_open(dir, &site, false, &store, line), SG_OK);
        snprintf(kept, sizeof kept, "telemetry.db.corrupt-%d", kind);
        if (!strstr(line, kept) || strchr(line, '\n')) {
            fail_msg("damage %d: \"%s\"", kind, line);
        }
        put(store);
        sg_telemetry_close(store);
        assert_true(number("SELECT count(*) FROM energy") == 1);
        snprintf(kept, sizeof kept, "%s.corrupt-%d", path, kind);
        assert_int_equal(access(kept, F_OK), 0);
        unlink(path);
    }
}

static void another_site_s_or_a_later_version_s_data_are_not_touched(void **state)
{
    (void)state;
    sg_telemetry *store = NULL;
    char line[SG_TELEMETRY_TEXT];
    sg_telemetry_close(open_store(false));
    sg_site other = site;
    other.id = "urn:uuid:two";
    assert_int_equal(sg_telemetry_open(dir, &other, false, &store, line), SG_FORMAT);
    assert_non_null(strstr(line, "urn:uuid:one"));
    number("UPDATE meta SET value='2' WHERE key='schema'");
    assert_int_equal(sg_telemetry_open(dir, &site, false, &store, line), SG_FORMAT);
    assert_non_null(strstr(line, "schema version 2"));
    assert_true(number("SELECT value FROM meta WHERE key='schema'") == 2);
    assert_int_equal(sg_telemetry_open("/proc/none/here", &site, false, &store, line), SG_IO);
    assert_non_null(strstr(line, "/proc/none/here"));
}

static void the_source_s_query_reads_what_was_written(void **state)
{
    (void)state;
    static const char sql[] = "SELECT surplus FROM energy WHERE timestamp > NOW() - 1h";
    sg_telemetry *store = open_store(true);
    for (int i = 0; i <= 7200; i += 60) {
        view.time_us = noon_us + i * INT64_C(1000000);
        view.surplus_w = i * 1e3;
        put(store);
    }
    assert_int_equal(sg_telemetry_commit(store, true), SG_OK); /* and read while it is open */
    sg_out out = {0};
    sg_query_answer answer;
    sg_query_error error;
    assert_int_equal(
        sg_query_run(dir, sql, sizeof sql - 1, SG_QUERY_CSV, NULL, &out, &answer, &error), SG_OK);
    assert_int_equal(answer.rows, 60);
    assert_memory_equal(out.text, "surplus\n3660\n", 13);
    sg_out_free(&out);
    sg_telemetry_close(store);
}

static void the_port_appends_and_closes(void **state)
{
    (void)state;
    sg_store_port port = sg_telemetry_port(open_store(false));
    assert_int_equal(port.append(port.self, &view), SG_OK);
    port.close(port.self);
    assert_true(number("SELECT count(*) FROM energy") == 1);
}

/* ---- the queue ---- */

static char said[4][SG_TELEMETRY_TEXT + 64];
static int said_count;

static void hear(void *self, const char *line)
{
    (void)self;
    if (said_count < 4) {
        snprintf(said[said_count++], sizeof said[0], "%s", line);
    }
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void the_queue_keeps_one_row_a_second_and_every_settlement(void **state)
{
    (void)state;
    sg_telemetry *store = open_store(false);
    sg_telemetry_queue *queue = NULL;
    assert_int_equal(sg_telemetry_queue_start(store, hear, NULL, &queue), SG_OK);
    for (int i = 0; i < 3000; i++) { /* 300 s in steps of 100 ms, an interval every 2 s */
        view.time_us = noon_us + i * INT64_C(100000);
        view.settled_count = (uint64_t)(i / 20);
        view.settled.start_us = noon_us + (i / 20) * INT64_C(2000000);
        sg_telemetry_queue_offer(queue, &view, true);
    }
    sg_telemetry_queue_stop(queue);
    sg_telemetry_close(store);
    assert_true(number("SELECT count(*) FROM energy") == 300);
    assert_true(number("SELECT count(*) FROM settlement") == 149);
}

static void a_disk_that_hangs_costs_old_rows_and_no_time(void **state)
{
    (void)state;
    sg_telemetry *store = open_store(false);
    sg_telemetry_queue *queue = NULL;
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
                     SQLITE_OK); /* nobody else can write */
    said_count = 0;
    assert_int_equal(sg_telemetry_queue_start(store, hear, NULL, &queue), SG_OK);
    double began = seconds();
    const int offered = 5000;
    for (int i = 1; i <= offered; i++) {
        view.time_us = noon_us + i * INT64_C(1000000);
        view.settled_count = (uint64_t)(i / 100);
        view.settled.start_us = noon_us + (i / 100) * INT64_C(100000000);
        sg_telemetry_queue_offer(queue, &view, false);
    }
    assert_true(seconds() - began < 1.0); /* the disk stands still for 2 s and more */
    uint64_t dropped = sg_telemetry_queue_dropped(queue);
    assert_in_range(dropped, 4000, 5000);
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    sg_telemetry_queue_stop(queue);
    sg_telemetry_close(store);
    char sql[96];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM energy WHERE timestamp=%.1f",
             1688212800.0 + offered);
    assert_true(number(sql) == 1); /* the newest is there, the oldest went */
    assert_true(number("SELECT count(*) FROM settlement") == 50);
    assert_true(number("SELECT count(*) FROM energy") >= 400);
}

static void a_failing_disk_is_said_once_and_its_end_too(void **state)
{
    (void)state;
    sg_telemetry *store = open_store(false);
    sg_telemetry_queue *queue = NULL;
    said_count = 0;
    number("CREATE TRIGGER bad BEFORE INSERT ON energy BEGIN SELECT RAISE(ABORT, 'the disk is "
           "gone'); END");
    assert_int_equal(sg_telemetry_queue_start(store, hear, NULL, &queue), SG_OK);
    view.settled_count = 1;
    view.settled.start_us = noon_us;
    for (int i = 0; i < 20; i++) {
        view.time_us += 1000000;
        sg_telemetry_queue_offer(queue, &view, false);
    }
    for (int i = 0; i < 100 && sg_telemetry_queue_dropped(queue) < 20; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    assert_int_equal(sg_telemetry_queue_dropped(queue), 20);
    nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 300000000},
              NULL); /* the thread has committed and holds no lock */
    number("DROP TRIGGER bad");
    view.time_us += 1000000;
    sg_telemetry_queue_offer(queue, &view, false);
    sg_telemetry_queue_stop(queue);
    sg_telemetry_close(store);
    assert_int_equal(said_count, 2);
    assert_non_null(strstr(said[0], "the disk is gone"));
    assert_non_null(strstr(said[1], "works again"));
    assert_true(number("SELECT count(*) FROM energy") == 1);
    assert_true(number("SELECT count(*) FROM settlement") == 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_dir, drop_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_view_becomes_a_row_in_edge_units),
        CASE(tables_refuse_values_of_the_wrong_type),
        CASE(averages_are_those_of_the_rows_even_across_restarts),
        CASE(averages_lost_in_a_crash_are_made_up_for),
        CASE(an_interval_is_settled_once),
        CASE(raw_rows_go_after_a_week_and_quarter_hours_stay),
        CASE(a_damaged_database_is_set_aside_and_a_new_one_begun),
        CASE(another_site_s_or_a_later_version_s_data_are_not_touched),
        CASE(the_source_s_query_reads_what_was_written),
        CASE(the_port_appends_and_closes),
        CASE(the_queue_keeps_one_row_a_second_and_every_settlement),
        CASE(a_disk_that_hangs_costs_old_rows_and_no_time),
        CASE(a_failing_disk_is_said_once_and_its_end_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
