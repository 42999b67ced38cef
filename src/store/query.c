#include "store/query.h"

#include "base/time.h"
#include "store/query_alarms.h"
#include "store/telemetry.h"

#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

const sg_query_bounds sg_query_bounds_default = {
    .seconds = 2, .rows = 100000, .bytes = 16u * 1024 * 1024};

enum { COLUMN_MAX = 200, VALUE_BYTES_MAX = 1024 * 1024 };

typedef struct question {
    sqlite3 *db;
    sqlite3_stmt *statement;
    const sg_query_bounds *bounds;
    double deadline_s; /* on the monotonic clock */
    bool late;
    sg_query_edits edits;
    sg_query_error *error;
} question;

static double clock_s(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int time_is_up(void *argument)
{
    question *q = argument;
    q->late = q->late || clock_s(CLOCK_MONOTONIC) > q->deadline_s;
    return q->late;
}

/* Reading and computing only. */
static int permit(void *argument, int action, const char *a, const char *b, const char *c,
                  const char *d)
{
    (void)argument;
    (void)a;
    (void)c;
    (void)d;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return b && strcasecmp(b, "load_extension") != 0 && strcasecmp(b, "fts3_tokenizer") != 0
                   ? SQLITE_OK
                   : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

/* Where in the question a place of the rewritten text is. */
static int place_of(const sg_query_edits *edits, int offset)
{
    int before = 0, after = 0;
    for (int i = 0; i < edits->count; i++) {
        if (edits->at[i].after > offset) {
            int place = before + (offset - after);
            return place < edits->at[i].before ? place : edits->at[i].before - 1;
        }
        before = edits->at[i].before;
        after = edits->at[i].after;
    }
    return before + (offset - after);
}

static const char *const known_names[] = {"energy",        "device",
                                          "decision",      "settlement",
                                          "energy_1min",   "energy_15min",
                                          "meta",          "timestamp",
                                          "load",          "demand",
                                          "generation",    "available",
                                          "import",        "export",
                                          "charge",        "discharge",
                                          "losses",        "surplus",
                                          "unserved",      "curtailed",
                                          "task",          "import_price",
                                          "export_price",  "carbon",
                                          "grid_up",       "id",
                                          "role",          "power",
                                          "setpoint",      "soc",
                                          "reason",        "quality",
                                          "text",          "state",
                                          "from_kw",       "to_kw",
                                          "start",         "end",
                                          "import_kwh",    "export_kwh",
                                          "load_kwh",      "generation_kwh",
                                          "charge_kwh",    "discharge_kwh",
                                          "losses_kwh",    "unserved_kwh",
                                          "curtailed_kwh", "cost",
                                          "revenue",       "wear_cost",
                                          "fuel_cost",     "demand_cost",
                                          "carbon_kg",     "carbon_credit_kg",
                                          "alarm",         "kind",
                                          "source",        "priority",
                                          "active",        "cleared",
                                          "acknowledged",  "shelved_until",
                                          "limit",         "note"};

static sg_status refused(question *q)
{
    const char *text = sqlite3_errmsg(q->db), *name = NULL, *near = NULL;
    int code = sqlite3_errcode(q->db), offset = sqlite3_error_offset(q->db);
    q->error->position = offset >= 0 ? place_of(&q->edits, offset) : -1;
    if (q->late) {
        snprintf(q->error->text, sizeof q->error->text,
                 "the answer took longer than %g s; ask for a shorter time or use energy_15min",
                 q->bounds->seconds);
        return SG_RANGE;
    }
    if (code == SQLITE_AUTH || strncmp(text, "not authorized", 14) == 0) {
        snprintf(q->error->text, sizeof q->error->text, "only SELECT is allowed here (%.100s)",
                 text);
        return SG_FORMAT;
    }
    if (strncmp(text, "no such ", 8) == 0 && (name = strstr(text, ": "))) {
        near =
            sg_text_nearest(name + 2, known_names, (int)(sizeof known_names / sizeof *known_names));
    }
    snprintf(q->error->text, sizeof q->error->text, near ? "%.300s; did you mean %s?" : "%.300s",
             text, near);
    return code == SQLITE_IOERR || code == SQLITE_CANTOPEN || code == SQLITE_CORRUPT ||
                   code == SQLITE_NOTADB || code == SQLITE_BUSY
               ? SG_IO
           : code == SQLITE_NOMEM ? SG_NOMEM
                                  : SG_FORMAT;
}

static sg_status open_database(question *q, const char *dir)
{
    char path[512], uri[600];
    int length = snprintf(path, sizeof path, "%s/" SG_TELEMETRY_FILE, dir);
    if (length < 0 || (size_t)length >= sizeof path || access(path, F_OK) != 0) {
        snprintf(q->error->text, sizeof q->error->text,
                 "%.200s: no telemetry there; `symgrid run SITE --data DIR` writes it", path);
        return SG_MISSING;
    }
    if (sqlite3_open_v2(path, &q->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) ==
            SQLITE_OK &&
        sqlite3_exec(q->db, "SELECT 1 FROM meta", NULL, NULL, NULL) == SQLITE_OK) {
        return SG_OK;
    }
    /* On a medium that cannot be written there is no room for the shared-memory file; then nobody
     * writes either. */
    if (sqlite3_errcode(q->db) == SQLITE_CANTOPEN && access(dir, W_OK) != 0 &&
        !strpbrk(path, "?#%")) {
        sqlite3_close(q->db);
        snprintf(uri, sizeof uri, "file:%s?immutable=1", path);
        if (sqlite3_open_v2(uri, &q->db,
                            SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI,
                            NULL) == SQLITE_OK &&
            sqlite3_exec(q->db, "SELECT 1 FROM meta", NULL, NULL, NULL) == SQLITE_OK) {
            return SG_OK;
        }
    }
    snprintf(q->error->text, sizeof q->error->text, "%.200s: %.150s", path, sqlite3_errmsg(q->db));
    return SG_IO;
}

/* What NOW() means: the wall clock's time, or the last row's for a clock that only exists in a
 * simulation. */
static double present_s(sqlite3 *db)
{
    static const char sql[] = "SELECT value FROM meta WHERE key='now' AND "
                              "(SELECT value FROM meta WHERE key='clock')='simulated'";
    sqlite3_stmt *statement = NULL;
    double now_s = clock_s(CLOCK_REALTIME);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        now_s = sqlite3_column_double(statement, 0);
    }
    sqlite3_finalize(statement);
    return now_s;
}

static void set_bounds(question *q)
{
    static const int limits[][2] = {{SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX},
                                    {SQLITE_LIMIT_SQL_LENGTH, 4 * SG_QUERY_SQL_MAX},
                                    {SQLITE_LIMIT_COLUMN, COLUMN_MAX},
                                    {SQLITE_LIMIT_EXPR_DEPTH, 100},
                                    {SQLITE_LIMIT_COMPOUND_SELECT, 50},
                                    {SQLITE_LIMIT_VDBE_OP, 100000},
                                    {SQLITE_LIMIT_ATTACHED, 0},
                                    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 500},
                                    {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
                                    {SQLITE_LIMIT_WORKER_THREADS, 0}};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        sqlite3_limit(q->db, limits[i][0], limits[i][1]);
    }
    sqlite3_db_config(q->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(q->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(q->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(q->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_busy_timeout(q->db, 500);
    sqlite3_set_authorizer(q->db, permit, NULL);
    q->deadline_s = clock_s(CLOCK_MONOTONIC) + q->bounds->seconds;
    sqlite3_progress_handler(q->db, 1000, time_is_up, q);
}

static sg_status prepare(question *q, const char *sql, size_t length)
{
    sg_out rewritten = {0};
    const char *rest = NULL;
    sg_status status =
        sg_query_rewrite(sql, length, present_s(q->db), &rewritten, &q->edits, q->error);
    if (status != SG_OK) {
        sg_out_free(&rewritten);
        return status;
    }
    set_bounds(q);
    const char *text = rewritten.text ? rewritten.text : "";
    if (sqlite3_prepare_v2(q->db, text, -1, &q->statement, &rest) != SQLITE_OK) {
        status = refused(q);
    } else if (!q->statement) {
        snprintf(q->error->text, sizeof q->error->text, "an empty question");
        status = SG_FORMAT;
    } else {
        sqlite3_stmt *second = NULL;
        const char *end = rest;
        while (*rest && sqlite3_prepare_v2(q->db, rest, -1, &second, &rest) == SQLITE_OK &&
               !second && rest != end) {
            end = rest;
        }
        sqlite3_finalize(second);
        if (second || *rest) {
            snprintf(q->error->text, sizeof q->error->text, "one SELECT only, here begins another");
            q->error->position = place_of(&q->edits, (int)(end - text));
            status = SG_FORMAT;
        } else if (!sqlite3_stmt_readonly(q->statement) ||
                   sqlite3_column_count(q->statement) == 0) {
            snprintf(q->error->text, sizeof q->error->text, "only SELECT is allowed here");
            status = SG_FORMAT;
        } else if (sqlite3_bind_parameter_count(q->statement) > 0) {
            snprintf(q->error->text, sizeof q->error->text,
                     "there is no value for the parameter %s",
                     sqlite3_bind_parameter_name(q->statement, 1)
                         ? sqlite3_bind_parameter_name(q->statement, 1)
                         : "?");
            status = SG_FORMAT;
        }
    }
    sg_out_free(&rewritten);
    return status;
}

typedef enum cell_kind { CELL_NULL, CELL_INTEGER, CELL_NUMBER, CELL_TEXT } cell_kind;

/* A cell as text (valid UTF-8 without NUL), left in `buffer`; times as ISO text. */
static cell_kind cell_text(question *q, int column, bool is_time, sg_out *buffer)
{
    sqlite3_stmt *statement = q->statement;
    int type = sqlite3_column_type(statement, column);
    sg_out_clear(buffer);
    sg_out_text(buffer, "");
    if (type == SQLITE_NULL) {
        return CELL_NULL;
    }
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
        double value = sqlite3_column_double(statement, column);
        if (is_time && fabs(value) < 253402300800.0) {
            char text[SG_TIME_TEXT];
            sg_time_format((int64_t)llround(value * 1e6), text);
            sg_out_text(buffer, text);
            return CELL_TEXT;
        }
        if (type == SQLITE_INTEGER) {
            sg_out_format(buffer, "%lld", sqlite3_column_int64(statement, column));
            return CELL_INTEGER;
        }
        sg_json_number(buffer, NULL, value);
        return isfinite(value) ? CELL_NUMBER : CELL_NULL;
    }
    const unsigned char *bytes = sqlite3_column_blob(statement, column);
    size_t size = (size_t)sqlite3_column_bytes(statement, column);
    if (type == SQLITE_TEXT && sg_text_is_utf8((const char *)bytes, size)) {
        sg_out_bytes(buffer, bytes, size);
        return CELL_TEXT;
    }
    sg_out_text(buffer, "x'");
    for (size_t i = 0; i < size; i++) {
        sg_out_format(buffer, "%02x", bytes[i]);
    }
    sg_out_text(buffer, "'");
    return CELL_TEXT;
}

static bool is_time_name(const char *name)
{
    return strcasecmp(name, "timestamp") == 0 || strcasecmp(name, "start") == 0 ||
           strcasecmp(name, "end") == 0;
}

static void csv_cell(sg_out *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        sg_out_text(out, text);
        return;
    }
    sg_out_text(out, "\"");
    for (; *text; text++) {
        sg_out_bytes(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    }
    sg_out_text(out, "\"");
}

/* JSON and CSV are written as they come; the table's cells are kept, each with its NUL, until the
 * widths are known. */
static void write_head(question *q, sg_query_format format, int columns, sg_out *out)
{
    if (format == SG_QUERY_JSON) {
        sg_json_begin(out, NULL, '{');
        sg_json_begin(out, "columns", '[');
    }
    for (int i = 0; i < columns; i++) {
        const char *name = sqlite3_column_name(q->statement, i);
        if (format == SG_QUERY_JSON) {
            sg_json_text(out, NULL, name);
        } else if (format == SG_QUERY_CSV) {
            sg_out_text(out, i ? "," : "");
            csv_cell(out, name);
        } else {
            sg_out_bytes(out, name, strlen(name) + 1);
        }
    }
    if (format == SG_QUERY_JSON) {
        sg_json_end(out, ']');
        sg_json_begin(out, "rows", '[');
    } else if (format == SG_QUERY_CSV) {
        sg_out_text(out, "\n");
    }
}

static void write_row(question *q, sg_query_format format, int columns, const bool *is_time,
                      sg_out *buffer, sg_out *out)
{
    if (format == SG_QUERY_JSON) {
        sg_json_begin(out, NULL, '[');
    }
    for (int i = 0; i < columns; i++) {
        cell_kind kind = cell_text(q, i, is_time[i], buffer);
        const char *text = buffer->text ? buffer->text : "";
        if (format == SG_QUERY_CSV) {
            sg_out_text(out, i ? "," : "");
            csv_cell(out, kind == CELL_NULL ? "" : text);
        } else if (format == SG_QUERY_TABLE) {
            sg_out_bytes(out, kind == CELL_NULL ? "-" : text,
                         kind == CELL_NULL ? 2 : strlen(text) + 1);
        } else if (kind == CELL_NULL) {
            sg_json_null(out, NULL);
        } else if (kind == CELL_TEXT) {
            sg_json_text(out, NULL, text);
        } else {
            sg_json_raw(out, NULL, text);
        }
    }
    if (format == SG_QUERY_JSON) {
        sg_json_end(out, ']');
    } else if (format == SG_QUERY_CSV) {
        sg_out_text(out, "\n");
    }
}

static int columns_wide(const char *text)
{
    int width = 0;
    for (; *text; text++) {
        width += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return width;
}

/* cells: (rows + 1) x columns texts, one after the other. */
static void lay_out(const sg_out *cells, int64_t rows, int columns, sg_out *out)
{
    int width[COLUMN_MAX] = {0};
    const char *at = cells->text;
    for (int64_t r = 0; r <= rows; r++) {
        for (int c = 0; c < columns; c++, at += strlen(at) + 1) {
            int wide = columns_wide(at);
            width[c] = wide > width[c] ? wide : width[c];
        }
    }
    at = cells->text;
    for (int64_t r = 0; r <= rows; r++) {
        for (int c = 0; c < columns; c++, at += strlen(at) + 1) {
            sg_out_text(out, at);
            int gap = c + 1 < columns ? width[c] - columns_wide(at) + 2 : 0;
            sg_out_format(out, "%*s", gap, "");
        }
        sg_out_text(out, "\n");
    }
}

static sg_status answer(question *q, sg_query_format format, sg_out *out, sg_query_answer *ret)
{
    bool is_time[COLUMN_MAX] = {false};
    int columns = sqlite3_column_count(q->statement), code;
    sg_out buffer = {0}, cells = {0}, *to = format == SG_QUERY_TABLE ? &cells : out;
    columns = columns < COLUMN_MAX ? columns : COLUMN_MAX;
    for (int i = 0; i < columns; i++) {
        const char *type = sqlite3_column_decltype(q->statement, i);
        is_time[i] = is_time_name(sqlite3_column_name(q->statement, i)) ||
                     (type && strcmp(type, "TIME") == 0);
    }
    *ret = (sg_query_answer){0};
    write_head(q, format, columns, to);
    while ((code = sqlite3_step(q->statement)) == SQLITE_ROW) {
        if (ret->rows >= q->bounds->rows || to->length > q->bounds->bytes || to->failed) {
            ret->truncated = true;
            code = SQLITE_DONE;
            break;
        }
        write_row(q, format, columns, is_time, &buffer, to);
        ret->rows++;
    }
    sg_status status = code == SQLITE_DONE ? SG_OK : refused(q);
    if (status == SG_OK && format == SG_QUERY_JSON) {
        sg_json_end(out, ']');
        sg_json_bool(out, "truncated", ret->truncated);
        sg_json_end(out, '}');
    } else if (status == SG_OK && format == SG_QUERY_TABLE && !cells.failed) {
        lay_out(&cells, ret->rows, columns, out);
    }
    if (status == SG_OK && (to->failed || out->failed)) {
        snprintf(q->error->text, sizeof q->error->text, "the answer does not fit into memory");
        status = SG_NOMEM;
    }
    sg_out_free(&buffer);
    sg_out_free(&cells);
    return status;
}

sg_status sg_query_run(const char *dir, const char *sql, size_t length, sg_query_format format,
                       const sg_query_bounds *bounds, sg_out *out, sg_query_answer *ret,
                       sg_query_error *error)
{
    *error = (sg_query_error){.position = -1};
    question *q = calloc(1, sizeof *q);
    if (!q) {
        snprintf(error->text, sizeof error->text, "%s", sg_status_text(SG_NOMEM));
        return SG_NOMEM;
    }
    q->bounds = bounds ? bounds : &sg_query_bounds_default;
    q->error = error;
    sg_status status = open_database(q, dir);
    if (status == SG_OK && sg_query_names_alarms(sql, length)) {
        status = sg_query_add_alarms(q->db, dir, error);
    }
    if (status == SG_OK) {
        status = prepare(q, sql, length);
    }
    if (status == SG_OK) {
        status = answer(q, format, out, ret);
    }
    if (error->text[0] == '\0' && status != SG_OK) {
        snprintf(error->text, sizeof error->text, "%s", sg_status_text(status));
    }
    sqlite3_finalize(q->statement);
    sqlite3_close(q->db);
    free(q);
    return status;
}
