/* Questions to the telemetry: rewriting, bounds, refusals, formats. The database is made with
 * SQLite alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/query.h"

#include <jansson.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char dir[64], path[96];
static const double newest_s = 1688200000.0; /* 2023-07-01T08:26:40Z */

static void execute(const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static int make_database(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/sg-query-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/telemetry.db", dir);
    /* Two hours at one row a minute; surplus is the row's number, 0 the oldest. */
    execute("PRAGMA journal_mode=WAL;"
            "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT);"
            "INSERT INTO meta VALUES('clock','simulated'),('now','1688200000.000000');"
            "CREATE TABLE energy(timestamp REAL PRIMARY KEY, surplus REAL, load REAL, note);"
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<120)"
            " INSERT INTO energy SELECT 1688200000.0-60.0*(120-i), i, 0.1, 'a,\"b' FROM n;"
            "CREATE TABLE settlement(start REAL, \"end\" REAL, cost REAL);"
            "INSERT INTO settlement VALUES(1688169600.0, 1688170500.5, NULL)");
    return 0;
}

static int drop_database(void **state)
{
    static const char *const parts[] = {"", "-wal", "-shm"};
    char name[128];
    (void)state;
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s%s", path, parts[i]);
        unlink(name);
    }
    return rmdir(dir);
}

static sg_status ask(const char *sql, sg_query_format format, const sg_query_bounds *bounds,
                     sg_out *out, sg_query_answer *answer, sg_query_error *error)
{
    return sg_query_run(dir, sql, strlen(sql), format, bounds, out, answer, error);
}

/* The JSON answer, read back by jansson; the caller gives it back. */
static json_t *ask_json(const char *sql)
{
    sg_out out = {0};
    sg_query_answer answer;
    sg_query_error error;
    if (ask(sql, SG_QUERY_JSON, NULL, &out, &answer, &error) != SG_OK) {
        fail_msg("%s: %s", sql, error.text);
    }
    json_t *root = json_loadb(out.text, out.length, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    sg_out_free(&out);
    return root;
}

static const json_t *cell(const json_t *root, size_t row, size_t column)
{
    return json_array_get(json_array_get(json_object_get(root, "rows"), row), column);
}

static void rewritten_is(const char *sql, const char *want)
{
    sg_out out = {0};
    sg_query_edits edits;
    sg_query_error error;
    if (sg_query_rewrite(sql, strlen(sql), 1000, &out, &edits, &error) != SG_OK) {
        fail_msg("%s: %s", sql, error.text);
    }
    assert_string_equal(out.text ? out.text : "", want);
    sg_out_free(&out);
}

static void times_become_numbers(void **state)
{
    (void)state;
    rewritten_is("SELECT surplus FROM energy WHERE timestamp > NOW() - 1h",
                 "SELECT surplus FROM energy WHERE timestamp >  1000.000000  -  3600.000000 ");
    rewritten_is("now ( )+90s", " 1000.000000 + 90.000000 ");
    rewritten_is("15m 15min 7d 2w 1.5h 250ms .5h",
                 " 900.000000   900.000000   604800.000000   1209600.000000 "
                 "  5400.000000   0.250000   1800.000000 ");
    rewritten_is("'1970-01-02'", " 86400.000000 ");
    rewritten_is("'1970-01-01T02:00:00+02:00'", " 0.000000 ");
    rewritten_is("NOW()FROM", " 1000.000000 FROM");
}

static void what_is_quoted_or_commented_stays(void **state)
{
    (void)state;
    static const char *const same[] = {"'NOW() - 1h'",
                                       "\"NOW()\" 'it''s 1h'",
                                       "-- NOW() 1h\n",
                                       "/* NOW() 1h '*/",
                                       "[now()] `1h`",
                                       "t.now()",
                                       "now",
                                       "NOW(1)",
                                       "known()",
                                       "1e5 0x1F 1.5e-3 .5 1. 7",
                                       "strftime('%s', '2023-07-01')",
                                       "date((('2023-07-01')))",
                                       "x'2023'",
                                       "a1h",
                                       "t1h.b_2w",
                                       "''",
                                       "'2023-07-01x'"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        rewritten_is(same[i], same[i]);
    }
    rewritten_is("date('2023-07-01') > '1970-01-01'", "date('2023-07-01') >  0.000000 ");
}

static void a_question_that_cannot_be_read_is_refused_at_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        int position;
        const char *part;
    } cases[] = {{"SELECT 1 + 'abc", 11, "never closed"},
                 {"SELECT \"abc", 7, "never closed"},
                 {"SELECT [abc", 7, "never closed"},
                 {"SELECT 1 /* x", 9, "never closed"},
                 {"SELECT 3y", 7, "\"3y\" is neither"},
                 {"SELECT NOW() - 5months", 15, "duration"},
                 {"SELECT 1H", 7, "neither"},
                 {"SELECT 1e400h", 7, "duration"},
                 {"SELECT surplus FORM energy", 20, "energy"},
                 {"SELECT surpls FROM energy", 7, "did you mean surplus"},
                 {"SELECT NOW() , surpls FROM energy", 15, "surpls"},
                 {"SELECT 1 FROM enrgy", -1, "did you mean energy"},
                 {"SELECT 1; SELECT 2", 9, "one SELECT"},
                 {"", -1, "empty"},
                 {"  -- only this", -1, "empty"},
                 {"SELECT ?", -1, "parameter"},
                 {"SELECT (1", -1, "incomplete"},
                 {"SELECT \"no_such\" FROM energy", 7, "no_such"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sg_out out = {0};
        sg_query_answer answer;
        sg_query_error error;
        assert_int_equal(ask(cases[i].sql, SG_QUERY_JSON, NULL, &out, &answer, &error), SG_FORMAT);
        if (cases[i].position >= 0 && error.position != cases[i].position) {
            fail_msg("%s: at %d (%s)", cases[i].sql, error.position, error.text);
        }
        if (!strstr(error.text, cases[i].part)) {
            fail_msg("%s: %s", cases[i].sql, error.text);
        }
        sg_out_free(&out);
    }
}

static void the_source_s_query_gives_the_last_hour(void **state)
{
    (void)state;
    json_t *root = ask_json("SELECT surplus FROM energy WHERE timestamp > NOW() - 1h");
    assert_int_equal(json_array_size(json_object_get(root, "rows")), 60);
    assert_true(json_number_value(cell(root, 0, 0)) == 61.0);
    assert_true(json_number_value(cell(root, 59, 0)) == 120.0);
    assert_true(json_is_false(json_object_get(root, "truncated")));
    json_decref(root);
}

static void now_is_the_wall_clock_where_the_site_runs_by_it(void **state)
{
    (void)state;
    execute("UPDATE meta SET value='wall' WHERE key='clock'");
    json_t *root = ask_json("SELECT NOW()");
    double now_s = json_number_value(cell(root, 0, 0));
    json_decref(root);
    assert_true(fabs(now_s - (double)time(NULL)) < 5.0);
    execute("UPDATE meta SET value='simulated' WHERE key='clock'");
    root = ask_json("SELECT NOW()");
    assert_true(json_number_value(cell(root, 0, 0)) == newest_s);
    json_decref(root);
}

static void times_are_written_as_text_and_null_as_null(void **state)
{
    (void)state;
    json_t *root = ask_json("SELECT start, end, cost, start + 0 AS s FROM settlement");
    assert_string_equal(json_string_value(cell(root, 0, 0)), "2023-07-01T00:00:00Z");
    assert_string_equal(json_string_value(cell(root, 0, 1)), "2023-07-01T00:15:00.500Z");
    assert_true(json_is_null(cell(root, 0, 2)));
    assert_true(json_number_value(cell(root, 0, 3)) == 1688169600.0);
    json_decref(root);
}

static void odd_values_still_make_whole_json(void **state)
{
    (void)state;
    json_t *root =
        ask_json("SELECT x'00ff', CAST(x'ff' AS TEXT), 9223372036854775807, 1e999, 'q\"\\\n', "
                 "1e300 AS timestamp, char(0)");
    assert_string_equal(json_string_value(cell(root, 0, 0)), "x'00ff'");
    assert_string_equal(json_string_value(cell(root, 0, 1)), "x'ff'");
    assert_true(json_integer_value(cell(root, 0, 2)) == INT64_MAX);
    assert_true(json_is_null(cell(root, 0, 3)));
    assert_string_equal(json_string_value(cell(root, 0, 4)), "q\"\\\n");
    assert_true(json_number_value(cell(root, 0, 5)) == 1e300);
    json_decref(root);
}

static void csv_and_table_say_the_same(void **state)
{
    (void)state;
    sg_out out = {0};
    sg_query_answer answer;
    sg_query_error error;
    const char *sql =
        "SELECT timestamp, surplus, note, NULL AS n FROM energy ORDER BY timestamp LIMIT 1";
    assert_int_equal(ask(sql, SG_QUERY_CSV, NULL, &out, &answer, &error), SG_OK);
    assert_string_equal(out.text,
                        "timestamp,surplus,note,n\n2023-07-01T06:26:40Z,0,\"a,\"\"b\",\n");
    sg_out_clear(&out);
    assert_int_equal(ask(sql, SG_QUERY_TABLE, NULL, &out, &answer, &error), SG_OK);
    assert_string_equal(out.text, "timestamp             surplus  note  n\n"
                                  "2023-07-01T06:26:40Z  0        a,\"b  -\n");
    assert_int_equal(answer.rows, 1);
    sg_out_free(&out);
}

static void nothing_can_be_written_attached_or_loaded(void **state)
{
    (void)state;
    static const char *const attacks[] = {"INSERT INTO energy VALUES(1,2,3,4)",
                                          "DELETE FROM energy",
                                          "UPDATE energy SET load=0",
                                          "DROP TABLE energy",
                                          "CREATE TABLE t(a)",
                                          "CREATE TEMP TABLE t(a)",
                                          "ATTACH '/tmp/x.db' AS x",
                                          "ATTACH ':memory:' AS x",
                                          "DETACH main",
                                          "PRAGMA journal_mode=DELETE",
                                          "PRAGMA query_only=0",
                                          "PRAGMA table_info(energy)",
                                          "SELECT load_extension('/tmp/x.so')",
                                          "VACUUM",
                                          "VACUUM INTO '/tmp/x.db'",
                                          "REINDEX",
                                          "ANALYZE",
                                          "BEGIN",
                                          "COMMIT",
                                          "SELECT * FROM pragma_table_info('energy')",
                                          "SELECT writefile('/tmp/x', 'y')",
                                          "SELECT readfile('/etc/passwd')",
                                          "WITH x AS (SELECT 1) DELETE FROM energy",
                                          "SELECT edit('x')",
                                          "SELECT fts3_tokenizer('x')",
                                          "REPLACE INTO energy VALUES(1,2,3,4)"};
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        sg_out out = {0};
        sg_query_answer answer;
        sg_query_error error;
        if (ask(attacks[i], SG_QUERY_JSON, NULL, &out, &answer, &error) != SG_FORMAT ||
            !error.text[0]) {
            fail_msg("%s: %s", attacks[i], out.text ? out.text : error.text);
        }
        sg_out_free(&out);
    }
    json_t *root = ask_json("SELECT count(*) FROM energy");
    assert_int_equal(json_integer_value(cell(root, 0, 0)), 121);
    json_decref(root);
    assert_int_equal(access("/tmp/x.db", F_OK), -1);
}

static void a_question_without_end_is_stopped_in_time(void **state)
{
    (void)state;
    static const char *const endless[] = {
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n) SELECT max(i) FROM n",
        ("SELECT count(*) FROM energy a, energy b, energy c, energy d, energy e WHERE "
         "a.load+b.load+c.load+d.load > 9")};
    const sg_query_bounds bounds = {.seconds = 0.3, .rows = 1000, .bytes = 1000000};
    for (size_t i = 0; i < sizeof endless / sizeof endless[0]; i++) {
        sg_out out = {0};
        sg_query_answer answer;
        sg_query_error error;
        struct timespec a, b;
        clock_gettime(CLOCK_MONOTONIC, &a);
        assert_int_equal(ask(endless[i], SG_QUERY_JSON, &bounds, &out, &answer, &error), SG_RANGE);
        clock_gettime(CLOCK_MONOTONIC, &b);
        assert_true((double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec) < 5.0);
        assert_non_null(strstr(error.text, "longer than 0.3 s"));
        sg_out_free(&out);
    }
}

static void long_answers_are_cut_and_say_so(void **state)
{
    (void)state;
    const sg_query_bounds few = {.seconds = 2, .rows = 10, .bytes = 1000000};
    const sg_query_bounds small = {.seconds = 2, .rows = 1000, .bytes = 500};
    sg_out out = {0};
    sg_query_answer answer;
    sg_query_error error;
    assert_int_equal(ask("SELECT surplus FROM energy", SG_QUERY_JSON, &few, &out, &answer, &error),
                     SG_OK);
    assert_true(answer.truncated);
    assert_int_equal(answer.rows, 10);
    assert_non_null(strstr(out.text, "\"truncated\":true"));
    sg_out_clear(&out);
    assert_int_equal(
        ask("SELECT surplus FROM energy LIMIT 10", SG_QUERY_JSON, &few, &out, &answer, &error),
        SG_OK);
    assert_false(answer.truncated);
    sg_out_clear(&out);
    assert_int_equal(ask("SELECT * FROM energy", SG_QUERY_JSON, &small, &out, &answer, &error),
                     SG_OK);
    assert_true(answer.truncated && answer.rows > 0 && out.length < 1500);
    sg_out_clear(&out);
    assert_int_equal(
        ask("SELECT length(zeroblob(900000000))", SG_QUERY_JSON, NULL, &out, &answer, &error),
        SG_FORMAT);
    sg_out_free(&out);
}

static void too_many_times_and_too_long_questions_are_refused(void **state)
{
    (void)state;
    sg_out out = {0}, sql = {0};
    sg_query_answer answer;
    sg_query_error error;
    sg_out_text(&sql, "SELECT 1h");
    for (int i = 0; i < SG_QUERY_EDIT_MAX; i++) {
        sg_out_text(&sql, "+1h");
    }
    assert_int_equal(ask(sql.text, SG_QUERY_JSON, NULL, &out, &answer, &error), SG_FULL);
    while (sql.length <= SG_QUERY_SQL_MAX) {
        sg_out_text(&sql, "          ");
    }
    assert_int_equal(ask(sql.text, SG_QUERY_JSON, NULL, &out, &answer, &error), SG_FULL);
    assert_int_equal(sg_query_run(dir, "SELECT\0 1", 9, SG_QUERY_JSON, NULL, &out, &answer, &error),
                     SG_FORMAT);
    assert_int_equal(ask("SELECT '\xff'", SG_QUERY_JSON, NULL, &out, &answer, &error), SG_FORMAT);
    sg_out_free(&out);
    sg_out_free(&sql);
}

static void no_database_is_told_from_a_bad_one(void **state)
{
    (void)state;
    sg_out out = {0};
    sg_query_answer answer;
    sg_query_error error;
    assert_int_equal(
        sg_query_run("/tmp/no-such-dir", "SELECT 1", 8, SG_QUERY_JSON, NULL, &out, &answer, &error),
        SG_MISSING);
    assert_non_null(strstr(error.text, "/tmp/no-such-dir/telemetry.db"));
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs("this is no database, although it is long enough to hold a header of one hundred "
          "bytes......",
          file);
    fputs("....................................................", file);
    fclose(file);
    assert_int_equal(ask("SELECT 1", SG_QUERY_JSON, NULL, &out, &answer, &error), SG_IO);
    sg_out_free(&out);
}

/* ---- alarms: the file beside the database, written here by hand as docs/formats.md has it ---- */

static void write_alarms(const char *text)
{
    char name[128];
    snprintf(name, sizeof name, "%s/alarms.json", dir);
    FILE *file = text ? fopen(name, "w") : NULL;
    if (file) {
        fputs(text, file);
        fclose(file);
    } else {
        unlink(name);
    }
}

static const char two_alarms[] =
    "{\"format\":\"symgrid.alarms/1\",\"alarms\":["
    "{\"id\":\"12\",\"kind\":\"feeder_over\",\"source\":\"pdu-3\",\"priority\":\"high\",\"state\":"
    "\"acknowledged\",\"active\":true,\"text\":\"pdu-3: it carries \\\"more\\\"\",\"advice\":\"x\","
    "\"value\":5.25,\"limit\":5,\"unit\":\"kW\",\"count\":2,\"first\":\"2023-07-01T06:00:00Z\","
    "\"raised\":\"2023-07-01T07:00:00.5Z\",\"cleared\":null,\"acknowledged\":"
    "\"2023-07-01T07:01:30.5Z\",\"shelved_until\":null,\"note\":\"called\"},"
    "{\"id\":\"9\",\"kind\":\"grid_lost\",\"source\":null,\"priority\":\"critical\",\"state\":"
    "\"cleared\",\"active\":false,\"text\":\"gone\",\"advice\":\"x\",\"value\":null,\"limit\":null,"
    "\"unit\":null,\"count\":1,\"first\":\"2023-07-01T05:00:00Z\",\"raised\":"
    "\"2023-07-01T05:00:00Z\",\"cleared\":\"2023-07-01T05:10:00Z\",\"acknowledged\":null,"
    "\"shelved_until\":null,\"note\":null}]}";

static void alarms_are_a_table(void **state)
{
    (void)state;
    write_alarms(two_alarms);
    json_t *root =
        ask_json("SELECT timestamp, first, cleared, acknowledged, shelved_until, id, kind, "
                 "source, priority, state, active, count, value, \"limit\", unit, text, "
                 "note FROM alarm ORDER BY id DESC");
    json_t *want = json_loads(
        "[[\"2023-07-01T07:00:00.500Z\",\"2023-07-01T06:00:00Z\",null,\"2023-07-01T07:01:30.500Z\","
        "null,12,\"feeder_over\",\"pdu-3\",\"high\",\"acknowledged\",1,2,5.25,5.0,\"kW\","
        "\"pdu-3: it carries \\\"more\\\"\",\"called\"],"
        "[\"2023-07-01T05:00:00Z\",\"2023-07-01T05:00:00Z\",\"2023-07-01T05:10:00Z\",null,null,9,"
        "\"grid_lost\",null,\"critical\",\"cleared\",0,1,null,null,null,\"gone\",null]]",
        0, NULL);
    assert_non_null(want);
    json_t *rows = json_object_get(root, "rows");
    for (size_t r = 0; r < 2; r++) {
        for (size_t c = 0; c < json_array_size(json_array_get(want, r)); c++) {
            const json_t *is = cell(root, r, c);
            const json_t *wanted = json_array_get(json_array_get(want, r), c);
            assert_true(json_is_number(wanted) ? json_number_value(is) == json_number_value(wanted)
                                               : json_equal(is, wanted));
        }
    }
    assert_int_equal(json_array_size(rows), 2);
    json_decref(want);
    json_decref(root);
    root = ask_json(
        "select acknowledged - timestamp from Alarm where timestamp > '2023-07-01T06:00Z'");
    assert_int_equal(json_array_size(json_object_get(root, "rows")), 1);
    assert_true(json_number_value(cell(root, 0, 0)) == 90);
    json_decref(root);
    root = ask_json(
        "SELECT e.surplus FROM alarm a JOIN energy e ON e.timestamp > a.timestamp "
        "WHERE a.id = 12 ORDER BY e.timestamp LIMIT 1"); /* with telemetry, in one question */
    assert_int_equal(json_array_size(json_object_get(root, "rows")), 1);
    json_decref(root);
    root = ask_json("SELECT count(*) AS cleared FROM energy"); /* a name is no time */
    assert_true(json_number_value(cell(root, 0, 0)) == 121);
    json_decref(root);
    write_alarms(NULL);
}

static void without_the_file_there_are_no_alarms_and_a_broken_one_is_said(void **state)
{
    (void)state;
    static const char *const broken[] = {"", "{", "[]",
                                         "{\"format\":\"symgrid.alarms/2\",\"alarms\":[]}",
                                         "{\"format\":\"symgrid.alarms/1\",\"alarms\":{}}"};
    sg_query_answer answer;
    sg_query_error error;
    json_t *root = ask_json("SELECT count(*) FROM alarm");
    assert_true(json_number_value(cell(root, 0, 0)) == 0);
    json_decref(root);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        sg_out out = {0};
        write_alarms(broken[i]);
        assert_int_equal(
            ask("SELECT count(*) FROM alarm", SG_QUERY_JSON, NULL, &out, &answer, &error),
            SG_CORRUPT);
        assert_non_null(strstr(error.text, "alarms.json: expected a document symgrid.alarms/1"));
        sg_out_free(&out);
        root = ask_json("SELECT count(*) FROM energy"); /* others do not look at it */
        json_decref(root);
    }
    write_alarms(NULL);
}

static void alarms_cannot_be_written_through_a_question(void **state)
{
    (void)state;
    static const char *const tries[] = {"DELETE FROM alarm", "INSERT INTO alarm(id) VALUES(1)",
                                        "DROP TABLE alarm", "UPDATE alarm SET id=1",
                                        "CREATE TEMP TABLE alarms(x)"};
    sg_query_answer answer;
    sg_query_error error;
    write_alarms(two_alarms);
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        sg_out out = {0};
        assert_int_equal(ask(tries[i], SG_QUERY_JSON, NULL, &out, &answer, &error), SG_FORMAT);
        sg_out_free(&out);
    }
    write_alarms(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_database, drop_database)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(alarms_are_a_table),
        CASE(without_the_file_there_are_no_alarms_and_a_broken_one_is_said),
        CASE(alarms_cannot_be_written_through_a_question),
        cmocka_unit_test(times_become_numbers),
        cmocka_unit_test(what_is_quoted_or_commented_stays),
        CASE(a_question_that_cannot_be_read_is_refused_at_its_place),
        CASE(the_source_s_query_gives_the_last_hour),
        CASE(now_is_the_wall_clock_where_the_site_runs_by_it),
        CASE(times_are_written_as_text_and_null_as_null),
        CASE(odd_values_still_make_whole_json),
        CASE(csv_and_table_say_the_same),
        CASE(nothing_can_be_written_attached_or_loaded),
        CASE(a_question_without_end_is_stopped_in_time),
        CASE(long_answers_are_cut_and_say_so),
        CASE(too_many_times_and_too_long_questions_are_refused),
        CASE(no_database_is_told_from_a_bad_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
