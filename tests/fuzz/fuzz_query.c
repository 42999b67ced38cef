/* Questions from strangers. Always: the rewriting of times. When the first byte is 'r' the question
 * is also asked of a real, empty telemetry store. Beyond the sanitizers: rewriting twice changes
 * nothing, errors have a place, answers are JSON. */
#include "base/check.h"
#include "store/query.h"
#include "store/telemetry.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/sg-fuzz-query-XXXXXX";

static void remove_store(void)
{
    static const char *const parts[] = {"", "-wal", "-shm"};
    char path[96];
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/" SG_TELEMETRY_FILE "%s", dir, parts[i]);
        unlink(path);
    }
    rmdir(dir);
}

static void make_store(void)
{
    static bool made;
    char line[SG_TELEMETRY_TEXT];
    sg_telemetry *store = NULL;
    static sg_site site = {.id = "", .title = "", .currency = ""};
    if (made) {
        return;
    }
    made = true;
    SG_CHECK(mkdtemp(dir) && sg_telemetry_open(dir, &site, true, &store, line) == SG_OK);
    sg_settlement interval = {.start_us = 1, .end_us = 2};
    SG_CHECK(sg_telemetry_settlement(store, &interval) == SG_OK);
    sg_telemetry_close(store);
    atexit(remove_store);
}

static void ask_store(const char *sql, size_t size)
{
    static const sg_query_bounds bounds = {.seconds = 0.05, .rows = 50, .bytes = 4096};
    sg_out out = {0};
    sg_query_answer answer;
    sg_query_error error;
    make_store();
    sg_status status = sg_query_run(dir, sql, size, SG_QUERY_JSON, &bounds, &out, &answer, &error);
    SG_CHECK(status == SG_OK || status == SG_FORMAT || status == SG_FULL || status == SG_RANGE);
    if (status == SG_OK) {
        json_t *root = json_loadb(out.text, out.length, JSON_REJECT_DUPLICATES, NULL);
        SG_CHECK(root && answer.rows <= bounds.rows);
        SG_CHECK((int64_t)json_array_size(json_object_get(root, "rows")) == answer.rows);
        json_decref(root);
    } else {
        SG_CHECK(error.text[0] && error.position >= -1 && error.position <= (int)size);
    }
    sg_out_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const char *sql = (const char *)data + 1;
    size--;
    sg_out once = {0}, twice = {0};
    sg_query_edits edits, none;
    sg_query_error error;
    sg_status status = sg_query_rewrite(sql, size, 1688169600.5, &once, &edits, &error);
    if (status == SG_OK) {
        for (int i = 0; i < edits.count; i++) {
            SG_CHECK(edits.at[i].before > (i ? edits.at[i - 1].before : 0));
            SG_CHECK(edits.at[i].after > (i ? edits.at[i - 1].after : 0));
        }
        if (once.length <= SG_QUERY_SQL_MAX) {
            const char *text = once.text ? once.text : "";
            SG_CHECK(sg_query_rewrite(text, once.length, 7, &twice, &none, &error) == SG_OK);
            SG_CHECK(none.count == 0 && twice.length == once.length);
            SG_CHECK(once.length == 0 || memcmp(once.text, twice.text, once.length) == 0);
        }
    } else {
        SG_CHECK(error.text[0] && error.position >= 0 && (size_t)error.position <= size);
    }
    sg_out_free(&once);
    sg_out_free(&twice);
    if (data[0] == 'r') {
        ask_store(sql, size);
    }
    return 0;
}
