#include "store/telemetry.h"

#include "base/clock.h"
#include "site/reason.h"
#include "store/telemetry_row.h"
#include "store/telemetry_sql.h"

#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RAW_DAYS = 7,
    MINUTE_DAYS = 366,
    CHECK_SECONDS = 5,
    WAL_PAGES_IDLE = 1000,
    WAL_PAGES_BUSY = 8192
};

static const double minute_s = 60, quarter_s = 900;

struct sg_telemetry {
    sqlite3 *db;
    sqlite3_stmt *statement[SG_STATEMENT_COUNT];
    const sg_site *site;
    bool in_transaction;
    int64_t rows_since_commit;
    int64_t decided_us; /* newest decision time that was written by sg_telemetry_append */
    double newest_s;    /* time of the last row, NAN = none */
    double minute_end_s, quarter_end_s; /* of the open rollup buckets */
    int wal_pages;
    char error[SG_TELEMETRY_TEXT];
};

static sg_status failure(sg_telemetry *self, const char *doing)
{
    int code = sqlite3_errcode(self->db);
    snprintf(self->error, sizeof self->error, "telemetry.db: %s: %s", doing,
             sqlite3_errmsg(self->db));
    return code == SQLITE_FULL                               ? SG_FULL
           : code == SQLITE_NOMEM                            ? SG_NOMEM
           : code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? SG_CORRUPT
                                                             : SG_IO;
}

static int run(sg_telemetry *self, int which)
{
    sqlite3_stmt *statement = self->statement[which];
    int code;
    do {
        code = sqlite3_step(statement);
    } while (code == SQLITE_ROW);
    sqlite3_reset(statement);
    return code;
}

static sg_status set_meta(sg_telemetry *self, const char *key, const char *value)
{
    sqlite3_stmt *statement = self->statement[SG_STATEMENT_META];
    sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, value, -1, SQLITE_TRANSIENT);
    return run(self, SG_STATEMENT_META) == SQLITE_DONE ? SG_OK : failure(self, "writing meta");
}

/* One value of one row as text; "" when there is none. */
static void ask(sqlite3 *db, const char *sql, char *ret, size_t size)
{
    sqlite3_stmt *statement = NULL;
    ret[0] = '\0';
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL) {
        snprintf(ret, size, "%s", (const char *)sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
}

static double ask_number(sqlite3 *db, const char *sql)
{
    char text[64];
    ask(db, sql, text, sizeof text);
    return text[0] ? strtod(text, NULL) : (double)NAN;
}

static int time_is_up(void *deadline_ms)
{
    return sg_clock_ms() > *(int64_t *)deadline_ms;
}

/* False where SQLite finds damage. A check that takes too long counts as passed: a start must stay
 * bounded. */
static bool is_sound(sqlite3 *db, char *ret_why, size_t size)
{
    sqlite3_stmt *statement = NULL;
    int64_t deadline_ms = sg_clock_ms() + CHECK_SECONDS * 1000;
    bool sound = true;
    sqlite3_progress_handler(db, 10000, time_is_up, &deadline_ms);
    int code = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
    }
    if (code == SQLITE_ROW) {
        const char *answer = (const char *)sqlite3_column_text(statement, 0);
        sound = answer && strcmp(answer, "ok") == 0;
        snprintf(ret_why, size, "%.200s", answer ? answer : "no answer");
        for (char *at = ret_why; *at; at++) {
            *at = *at == '\n' ? ' ' : *at;
        }
    } else if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
        sound = false;
        snprintf(ret_why, size, "%s", sqlite3_errmsg(db));
    }
    sqlite3_finalize(statement);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    return sound;
}

/* Put a damaged database out of the way, with its log; nothing is deleted. */
static bool set_aside(const char *path, char *ret_name, size_t size)
{
    static const char *const parts[] = {"", "-wal", "-shm"};
    char from[600], to[640];
    for (int n = 1; n <= 999; n++) {
        snprintf(ret_name, size, "%s.corrupt-%d", SG_TELEMETRY_FILE, n);
        snprintf(to, sizeof to, "%s.corrupt-%d", path, n);
        if (access(to, F_OK) == 0) {
            continue;
        }
        for (int i = 0; i < 3; i++) {
            snprintf(from, sizeof from, "%s%s", path, parts[i]);
            snprintf(to, sizeof to, "%s.corrupt-%d%s", path, n, parts[i]);
            if (rename(from, to) != 0 && i == 0) {
                return false;
            }
        }
        return true;
    }
    return false;
}

static sg_status open_file(sg_telemetry *self, const char *path)
{
    if (sqlite3_open_v2(path, &self->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK) {
        return failure(self, "opening");
    }
    sqlite3_extended_result_codes(self->db, 0);
    sqlite3_busy_timeout(self->db, 2000);
    return SG_OK;
}

static int on_wal(void *self, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    ((sg_telemetry *)self)->wal_pages = pages;
    return SQLITE_OK;
}

static sg_status check_identity(sg_telemetry *self)
{
    char version[64], owner[128];
    ask(self->db, "SELECT value FROM meta WHERE key='schema'", version, sizeof version);
    ask(self->db, "SELECT value FROM meta WHERE key='site'", owner, sizeof owner);
    if (version[0] && strcmp(version, SG_SCHEMA_VERSION) != 0) {
        snprintf(self->error, sizeof self->error,
                 "telemetry.db: schema version %s, this program reads and writes %s", version,
                 SG_SCHEMA_VERSION);
        return SG_FORMAT;
    }
    if (owner[0] && self->site->id[0] && strcmp(owner, self->site->id) != 0) {
        snprintf(self->error, sizeof self->error,
                 "telemetry.db: belongs to site %.100s, not to %.100s; give another data directory",
                 owner, self->site->id);
        return SG_FORMAT;
    }
    return SG_OK;
}

static double bucket_end(double time_s, double length_s)
{
    return ceil(time_s / length_s) * length_s;
}

static sg_status roll_up(sg_telemetry *self, int which, double end_s, double length_s)
{
    sqlite3_stmt *statement = self->statement[which];
    sqlite3_bind_double(statement, 1, end_s - length_s);
    sqlite3_bind_double(statement, 2, end_s);
    return run(self, which) == SQLITE_DONE ? SG_OK : failure(self, "averaging");
}

/* Buckets that a crash left without their averages, over the last day at most. */
static sg_status catch_up(sg_telemetry *self, int which, const char *last_sql, double length_s)
{
    double last_s = ask_number(self->db, last_sql), end_s = bucket_end(self->newest_s, length_s);
    double from_s = isfinite(last_s) && last_s > end_s - 86400 ? last_s : end_s - 86400;
    sg_status status = SG_OK;
    for (double at = from_s; at <= end_s && status == SG_OK; at += length_s) {
        status = roll_up(self, which, at, length_s);
    }
    return status;
}

static sg_status prepare(sg_telemetry *self, bool simulated)
{
    static const char settings[] =
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=67108864;";
    if (sqlite3_exec(self->db, settings, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(self->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
        return failure(self, "opening");
    }
    sqlite3_wal_hook(self->db, on_wal, self);
    sg_status status = SG_OK;
    if (sqlite3_exec(self->db, sg_telemetry_schema, NULL, NULL, NULL) != SQLITE_OK) {
        return failure(self, "making tables");
    }
    for (int i = 0; i < SG_STATEMENT_COUNT; i++) {
        if (sqlite3_prepare_v3(self->db, sg_telemetry_statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &self->statement[i], NULL) != SQLITE_OK) {
            return failure(self, "preparing");
        }
    }
    status = check_identity(self);
    const char *const meta[][2] = {{"schema", SG_SCHEMA_VERSION},
                                   {"site", self->site->id},
                                   {"title", self->site->title},
                                   {"currency", self->site->currency},
                                   {"clock", simulated ? "simulated" : "wall"}};
    for (int i = 0; i < (int)(sizeof meta / sizeof meta[0]) && status == SG_OK; i++) {
        status = set_meta(self, meta[i][0], meta[i][1] ? meta[i][1] : "");
    }
    self->newest_s = ask_number(self->db, "SELECT max(timestamp) FROM energy");
    if (status == SG_OK && isfinite(self->newest_s)) {
        status =
            catch_up(self, SG_STATEMENT_MINUTE, "SELECT max(timestamp) FROM energy_1min", minute_s);
        if (status == SG_OK) {
            status = catch_up(self, SG_STATEMENT_QUARTER, "SELECT max(timestamp) FROM energy_15min",
                              quarter_s);
        }
        self->minute_end_s = bucket_end(self->newest_s, minute_s);
        self->quarter_end_s = bucket_end(self->newest_s, quarter_s);
    }
    if (status == SG_OK && run(self, SG_STATEMENT_COMMIT) != SQLITE_DONE) {
        status = failure(self, "opening");
    }
    return status;
}

static void release(sg_telemetry *self)
{
    for (int i = 0; i < SG_STATEMENT_COUNT; i++) {
        sqlite3_finalize(self->statement[i]);
        self->statement[i] = NULL;
    }
    sqlite3_close(self->db);
    self->db = NULL;
}

sg_status sg_telemetry_open(const char *dir, const sg_site *site, bool simulated,
                            sg_telemetry **ret, char ret_line[SG_TELEMETRY_TEXT])
{
    char path[512], why[256] = "", name[64];
    ret_line[0] = '\0';
    sg_telemetry *self = calloc(1, sizeof *self);
    if (!self || (size_t)snprintf(path, sizeof path, "%s/" SG_TELEMETRY_FILE, dir) >= sizeof path) {
        snprintf(ret_line, SG_TELEMETRY_TEXT, "telemetry: %s",
                 self ? "the directory's path is too long" : sg_status_text(SG_NOMEM));
        free(self);
        return SG_NOMEM;
    }
    self->site = site;
    self->newest_s = (double)NAN;
    self->decided_us = INT64_MIN;
    sg_status status = SG_OK;
    if (mkdir(dir, 0755) != 0 && errno != EEXIST) {
        snprintf(self->error, sizeof self->error, "%.300s: %s", dir, strerror(errno));
        status = SG_IO;
    }
    if (status == SG_OK) {
        status = open_file(self, path);
    }
    if (status == SG_OK && !is_sound(self->db, why, sizeof why)) {
        release(self);
        if (set_aside(path, name, sizeof name)) {
            snprintf(ret_line, SG_TELEMETRY_TEXT,
                     "%.200s: damaged (%.150s); kept as %s, a new one is begun", path, why, name);
            status = open_file(self, path);
        } else {
            snprintf(self->error, sizeof self->error,
                     "%.200s: damaged (%.150s) and cannot be renamed: %s", path, why,
                     strerror(errno));
            status = SG_CORRUPT;
        }
    }
    if (status == SG_OK) {
        status = prepare(self, simulated);
    }
    if (status != SG_OK) {
        snprintf(ret_line, SG_TELEMETRY_TEXT, "%s", self->error);
        release(self);
        free(self);
        return status;
    }
    *ret = self;
    return SG_OK;
}

static sg_status ensure_transaction(sg_telemetry *self)
{
    if (!self->in_transaction) {
        if (run(self, SG_STATEMENT_BEGIN) != SQLITE_DONE) {
            return failure(self, "beginning to write");
        }
        self->in_transaction = true;
    }
    return SG_OK;
}

/* NaN becomes NULL in SQLite; infinities are no measurement either. Rounded to a milliwatt or its
 * like. */
static void bind(sqlite3_stmt *statement, int column, double value)
{
    if (isfinite(value)) {
        sqlite3_bind_double(statement, column,
                            fabs(value) < 1e9 ? round(value * 1e6) / 1e6 : value);
    } else {
        sqlite3_bind_null(statement, column);
    }
}

static void bind_time(sqlite3_stmt *statement, int column, int64_t time_us)
{
    sqlite3_bind_double(statement, column, (double)time_us / 1e6);
}

static void bind_text(sqlite3_stmt *statement, int column, const char *text)
{
    sqlite3_bind_text(statement, column, text, -1, SQLITE_TRANSIENT);
}

void sg_telemetry_row_make(const sg_site *site, const sg_view *view, int64_t since_us,
                           sg_telemetry_row *ret)
{
    const double kw[] = {view->load_w,   view->demand_w,  view->generation_w, view->available_w,
                         view->import_w, view->export_w,  view->charge_w,     view->discharge_w,
                         view->losses_w, view->surplus_w, view->unserved_w,   view->curtailed_w,
                         view->task_w};
    for (int i = 0; i < 13; i++) {
        ret->value[i] = kw[i] / 1e3;
    }
    ret->value[13] = view->import_price * 3.6e6;
    ret->value[14] = view->export_price * 3.6e6;
    ret->value[15] = view->carbon_kg_per_j * 3.6e9;
    ret->site = site;
    ret->time_us = view->time_us;
    ret->grid_up = view->grid_up;
    ret->group_count = 0;
    for (int i = 0; i < view->group_count && i < SG_GROUP_MAX && i < site->group_count; i++) {
        const sg_view_group *group = &view->group[i];
        ret->group[i] = (struct sg_row_group){
            group->power_w,       group->setpoint_w,       group->energy_j,       group->capacity_j,
            (uint8_t)group->role, (uint8_t)group->quality, (uint8_t)group->reason};
        ret->group_count = i + 1;
    }
    ret->decision_count = 0;
    for (int i = 0; i < view->decision_count && i < SG_DECISION_MAX; i++) {
        const sg_decision *from = &view->decision[i];
        struct sg_row_decision *to = &ret->decision[ret->decision_count];
        if (from->time_us <= since_us) {
            continue;
        }
        *to = (struct sg_row_decision){from->time_us,
                                       from->from_w,
                                       from->to_w,
                                       from->reason,
                                       from->role == SG_ROLE_COUNT ? from->state : -1,
                                       ""};
        if (from->role == SG_DECISION_TIE) {
            sg_site_tie_name(site, from->index, to->device);
        } else if (from->role >= 0 && from->role < SG_ROLE_COUNT) {
            sg_site_device_name(site, (sg_role)from->role, from->index, to->device);
        } else {
            memcpy(to->device, from->task_id, SG_ID_MAX);
        }
        ret->decision_count++;
    }
}

static sg_status write_groups(sg_telemetry *self, const sg_telemetry_row *row)
{
    static const char *const roles[] = {"source", "store", "load", "grid"};
    sqlite3_stmt *statement = self->statement[SG_STATEMENT_DEVICE];
    for (int i = 0; i < row->group_count; i++) {
        const struct sg_row_group *group = &row->group[i];
        bool stores = group->role == SG_STORE;
        bind_time(statement, 1, row->time_us);
        bind_text(statement, 2, row->site->groups[i].id);
        bind_text(statement, 3, group->role < SG_ROLE_COUNT ? roles[group->role] : "");
        bind(statement, 4, group->power_w / 1e3);
        bind(statement, 5, group->setpoint_w / 1e3);
        bind(statement, 6, stores ? group->energy_j / 3.6e6 : (double)NAN);
        bind(statement, 7,
             stores && group->capacity_j > 0 ? group->energy_j / group->capacity_j : (double)NAN);
        bind_text(statement, 8,
                  group->reason < SG_REASON_COUNT ? sg_reason_name((sg_reason)group->reason) : "");
        bind_text(statement, 9,
                  group->quality <= SG_NO_DATA ? sg_quality_text((sg_quality)group->quality) : "");
        if (run(self, SG_STATEMENT_DEVICE) != SQLITE_DONE) {
            return failure(self, "writing devices");
        }
    }
    return SG_OK;
}

static sg_status write_decisions(sg_telemetry *self, const sg_telemetry_row *row)
{
    static const char *const states[] = {
#define X(code, name) name,
        SG_TASK_STATE_LIST(X)
#undef X
    };
    sqlite3_stmt *statement = self->statement[SG_STATEMENT_DECISION];
    for (int i = 0; i < row->decision_count; i++) {
        const struct sg_row_decision *decision = &row->decision[i];
        bool known = decision->reason >= 0 && decision->reason < SG_REASON_COUNT;
        bool task = decision->state >= 0 && decision->state < (int)(sizeof states / sizeof *states);
        bind_time(statement, 1, decision->time_us);
        bind_text(statement, 2, decision->device);
        bind_text(statement, 3, known ? sg_reason_name((sg_reason)decision->reason) : "");
        bind_text(statement, 4, known ? sg_reason_text((sg_reason)decision->reason) : "");
        sqlite3_bind_text(statement, 5, task ? states[decision->state] : NULL, -1, SQLITE_STATIC);
        bind(statement, 6, decision->from_w / 1e3);
        bind(statement, 7, decision->to_w / 1e3);
        if (run(self, SG_STATEMENT_DECISION) != SQLITE_DONE) {
            return failure(self, "writing decisions");
        }
    }
    return SG_OK;
}

/* Close the rollup buckets that this row is no longer part of. */
static sg_status advance_buckets(sg_telemetry *self, double time_s)
{
    double minute = bucket_end(time_s, minute_s), quarter = bucket_end(time_s, quarter_s);
    sg_status status = SG_OK;
    if (isfinite(self->newest_s) && minute != self->minute_end_s) {
        status = roll_up(self, SG_STATEMENT_MINUTE, self->minute_end_s, minute_s);
    }
    if (status == SG_OK && isfinite(self->newest_s) && quarter != self->quarter_end_s) {
        status = roll_up(self, SG_STATEMENT_QUARTER, self->quarter_end_s, quarter_s);
    }
    self->minute_end_s = minute;
    self->quarter_end_s = quarter;
    self->newest_s = time_s;
    return status;
}

sg_status sg_telemetry_row_write(sg_telemetry *self, const sg_telemetry_row *row)
{
    sg_status status = ensure_transaction(self);
    if (status == SG_OK) {
        status = advance_buckets(self, (double)row->time_us / 1e6);
    }
    if (status != SG_OK) {
        return status;
    }
    sqlite3_stmt *statement = self->statement[SG_STATEMENT_ENERGY];
    bind_time(statement, 1, row->time_us);
    for (int i = 0; i < SG_ROW_VALUE_COUNT; i++) {
        bind(statement, 2 + i, row->value[i]);
    }
    sqlite3_bind_int(statement, 2 + SG_ROW_VALUE_COUNT, row->grid_up != 0);
    if (run(self, SG_STATEMENT_ENERGY) != SQLITE_DONE) {
        return failure(self, "writing energy");
    }
    status = write_groups(self, row);
    if (status == SG_OK) {
        status = write_decisions(self, row);
    }
    self->rows_since_commit++;
    return status;
}

sg_status sg_telemetry_append(sg_telemetry *self, const sg_view *view)
{
    sg_telemetry_row row;
    sg_telemetry_row_make(view->site ? view->site : self->site, view, self->decided_us, &row);
    if (view->decision_count > 0) {
        self->decided_us = view->decision[0].time_us;
    }
    sg_status status = sg_telemetry_row_write(self, &row);
    if (status == SG_OK && view->settled_count > 0) {
        status = sg_telemetry_settlement(self, &view->settled);
    }
    return status;
}

sg_status sg_telemetry_settlement(sg_telemetry *self, const sg_settlement *interval)
{
    sg_status status = ensure_transaction(self);
    if (status != SG_OK) {
        return status;
    }
    const int64_t energy_j[] = {
        interval->import_j,     interval->export_j,   interval->load_j,
        interval->generation_j, interval->charge_j,   interval->discharge_j,
        interval->losses_j,     interval->unserved_j, interval->curtailed_j};
    const int64_t micro[] = {interval->cost_u,          interval->revenue_u, interval->wear_u,
                             interval->fuel_u,          interval->demand_u,  interval->carbon_mg,
                             interval->carbon_credit_mg};
    sqlite3_stmt *statement = self->statement[SG_STATEMENT_SETTLEMENT];
    bind_time(statement, 1, interval->start_us);
    bind_time(statement, 2, interval->end_us);
    for (int i = 0; i < 9; i++) {
        sqlite3_bind_double(statement, 3 + i, (double)energy_j[i] / 3.6e6);
    }
    for (int i = 0; i < 7; i++) { /* micro-units of money, milligrams of carbon */
        sqlite3_bind_double(statement, 12 + i, (double)micro[i] / 1e6);
    }
    sqlite3_bind_int(statement, 19, interval->suspect_steps);
    sqlite3_bind_int(statement, 20, interval->steps);
    return run(self, SG_STATEMENT_SETTLEMENT) == SQLITE_DONE
               ? SG_OK
               : failure(self, "writing a settlement");
}

/* A bounded bite of what is too old; repeated commits eat it all. */
static sg_status forget(sg_telemetry *self, int64_t rows)
{
    static const struct {
        int which, days, per_row;
    } tables[] = {{SG_STATEMENT_OLD_ENERGY, RAW_DAYS, 1},
                  {SG_STATEMENT_OLD_DEVICE, RAW_DAYS, SG_GROUP_MAX},
                  {SG_STATEMENT_OLD_MINUTE, MINUTE_DAYS, 1}};
    for (int i = 0; i < 3; i++) {
        sqlite3_stmt *statement = self->statement[tables[i].which];
        sqlite3_bind_double(statement, 1, self->newest_s - 86400.0 * tables[i].days);
        sqlite3_bind_int64(statement, 2, (4 * rows + 100) * tables[i].per_row);
        if (run(self, tables[i].which) != SQLITE_DONE) {
            return failure(self, "removing old rows");
        }
    }
    return SG_OK;
}

sg_status sg_telemetry_commit(sg_telemetry *self, bool idle)
{
    sg_status status = SG_OK;
    if (self->in_transaction) {
        char now[40];
        snprintf(now, sizeof now, "%.6f", self->newest_s);
        if (isfinite(self->newest_s)) {
            status = set_meta(self, "now", now);
        }
        if (status == SG_OK && isfinite(self->newest_s)) {
            status = forget(self, self->rows_since_commit);
        }
        if (status == SG_OK && run(self, SG_STATEMENT_COMMIT) != SQLITE_DONE) {
            status = failure(self, "committing");
        }
        if (status != SG_OK && !sqlite3_get_autocommit(self->db)) {
            sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
        }
        self->in_transaction = false;
        self->rows_since_commit = 0;
    }
    if (self->wal_pages > (idle ? WAL_PAGES_IDLE : WAL_PAGES_BUSY)) {
        /* A reader may stand in the way; the next one tries again. */
        sqlite3_wal_checkpoint_v2(self->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        self->wal_pages = 0;
    }
    return status;
}

const char *sg_telemetry_error(const sg_telemetry *self)
{
    return self->error;
}

const sg_site *sg_telemetry_site(const sg_telemetry *self)
{
    return self->site;
}

void sg_telemetry_close(sg_telemetry *self)
{
    if (!self) {
        return;
    }
    sg_status status = SG_OK; /* nobody is left to tell */
    if (isfinite(self->newest_s) && ensure_transaction(self) == SG_OK) {
        /* The open buckets as far as they go; they are averaged again when they are full. */
        status = roll_up(self, SG_STATEMENT_MINUTE, self->minute_end_s, minute_s);
        if (status == SG_OK) {
            status = roll_up(self, SG_STATEMENT_QUARTER, self->quarter_end_s, quarter_s);
        }
    }
    sg_status last = sg_telemetry_commit(self, true);
    (void)status, (void)last;
    release(self);
    free(self);
}

static sg_status port_append(void *self, const sg_view *view)
{
    return sg_telemetry_append(self, view);
}

static void port_close(void *self)
{
    sg_telemetry_close(self);
}

sg_store_port sg_telemetry_port(sg_telemetry *self)
{
    return (sg_store_port){.self = self, .append = port_append, .close = port_close};
}
