#include "store/query_alarms.h"

#include "base/time.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* In this order the columns and the keys; times are numbers of seconds since 1970, shown as ISO 8601 by their type. */
static const struct column {
    const char *name, *key, *type;
} columns[] = {
    {"timestamp", "raised", "TIME"},
    {"id", "id", "INTEGER"},
    {"kind", "kind", "TEXT"},
    {"source", "source", "TEXT"},
    {"priority", "priority", "TEXT"},
    {"state", "state", "TEXT"},
    {"active", "active", "INTEGER"},
    {"count", "count", "INTEGER"},
    {"first", "first", "TIME"},
    {"cleared", "cleared", "TIME"},
    {"acknowledged", "acknowledged", "TIME"},
    {"shelved_until", "shelved_until", "TIME"},
    {"value", "value", "REAL"},
    {"limit", "limit", "REAL"},
    {"unit", "unit", "TEXT"},
    {"text", "text", "TEXT"},
    {"note", "note", "TEXT"},
};
enum { COLUMNS = sizeof columns / sizeof columns[0], ALARMS_MAX = 10000 };

bool sg_query_names_alarms(const char *sql, size_t length)
{
    static const char name[] = "alarm";
    for (size_t i = 0; i + sizeof name - 1 <= length; i++) {
        if (strncasecmp(sql + i, name, sizeof name - 1) == 0) {
            return true;
        }
    }
    return false;
}

static sg_status failed(sg_query_error *error, sg_status status, const char *path, const char *why)
{
    snprintf(error->text, sizeof error->text, "%.200s: %.150s", path, why);
    return status;
}

static bool create(sqlite3 *db)
{
    sg_out sql = {0};
    sg_out_text(&sql, "PRAGMA temp_store=MEMORY; CREATE TEMP TABLE alarm(");
    for (int i = 0; i < COLUMNS; i++) {
        sg_out_format(&sql, "%s\"%s\" %s", i ? "," : "", columns[i].name, columns[i].type);
    }
    sg_out_text(&sql, ")");
    bool good = !sql.failed && sqlite3_exec(db, sql.text, NULL, NULL, NULL) == SQLITE_OK;
    sg_out_free(&sql);
    return good;
}

static sqlite3_stmt *filler(sqlite3 *db)
{
    sqlite3_stmt *ret = NULL;
    sg_out sql = {0};
    sg_out_text(&sql, "INSERT INTO temp.alarm VALUES(");
    for (int i = 0; i < COLUMNS; i++) {
        sg_out_text(&sql, i ? ",?" : "?");
    }
    sg_out_text(&sql, ")");
    if (sql.failed || sqlite3_prepare_v2(db, sql.text, -1, &ret, NULL) != SQLITE_OK) {
        ret = NULL;
    }
    sg_out_free(&sql);
    return ret;
}

/* What is no value of the column is NULL. */
static void bind(sqlite3_stmt *statement, int column, const json_t *value)
{
    const char *text = json_string_value(value);
    int64_t time_us;
    if (strcmp(columns[column].type, "TIME") == 0) {
        if (text && sg_time_parse(text, strlen(text), &time_us) == SG_OK) {
            sqlite3_bind_double(statement, column + 1, (double)time_us * 1e-6);
        } else {
            sqlite3_bind_null(statement, column + 1);
        }
    } else if (text) { /* an id is a number as text: the column's type makes it one */
        sqlite3_bind_text(statement, column + 1, text, -1, SQLITE_STATIC);
    } else if (json_is_number(value)) {
        sqlite3_bind_double(statement, column + 1, json_number_value(value));
    } else if (json_is_boolean(value)) {
        sqlite3_bind_int(statement, column + 1, json_is_true(value));
    } else {
        sqlite3_bind_null(statement, column + 1);
    }
}

static bool fill(sqlite3 *db, const json_t *list)
{
    sqlite3_stmt *statement = filler(db);
    bool good = statement != NULL;
    for (size_t i = 0; good && i < json_array_size(list); i++) {
        const json_t *alarm = json_array_get(list, i);
        for (int c = 0; c < COLUMNS; c++) {
            bind(statement, c, json_object_get(alarm, columns[c].key));
        }
        good = sqlite3_step(statement) == SQLITE_DONE && sqlite3_reset(statement) == SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return good;
}

sg_status sg_query_add_alarms(sqlite3 *db, const char *dir, sg_query_error *error)
{
    char path[512];
    json_error_t why;
    int length = snprintf(path, sizeof path, "%s/alarms.json", dir);
    if (length < 0 || (size_t)length >= sizeof path || !create(db)) {
        return failed(error, SG_NOMEM, path, sg_status_text(SG_NOMEM));
    }
    FILE *file = fopen(path, "re");
    if (!file) {
        return errno == ENOENT ? SG_OK : failed(error, SG_IO, path, strerror(errno));
    }
    json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &why);
    fclose(file);
    const char *format = json_string_value(json_object_get(root, "format"));
    const json_t *list = json_object_get(root, "alarms");
    sg_status status = SG_OK;
    if (!format || strcmp(format, "symgrid.alarms/1") != 0 || !json_is_array(list) ||
        json_array_size(list) > ALARMS_MAX) {
        status = failed(error, SG_CORRUPT, path, "expected a document symgrid.alarms/1");
    } else if (!fill(db, list)) {
        status = failed(error, SG_NOMEM, path, sqlite3_errmsg(db));
    }
    json_decref(root);
    return status;
}
