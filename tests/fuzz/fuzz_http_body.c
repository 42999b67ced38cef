/* What strangers send over HTTP: bodies, targets and query strings. The first byte chooses which
 * reader gets the rest. Beyond the sanitizers it checks what the readers promise. */
#include "base/check.h"
#include "base/text.h"
#include "serve/body.h"
#include "serve/rehearsal.h"
#include "serve/draft.h"
#include "site/reader.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const sg_body_error *error)
{
    size_t length = strlen(error->detail);
    SG_CHECK(error->slug && error->slug[0] && length > 0);
    SG_CHECK(sg_text_is_utf8(error->detail, length));
    SG_CHECK(sg_text_is_utf8(error->pointer, strlen(error->pointer)));
    SG_CHECK(error->pointer[0] == '\0' || error->pointer[0] == '/');
    for (size_t i = 0; i < length; i++) {
        SG_CHECK((unsigned char)error->detail[i] >= 0x20);
    }
}

static void read_body(const char *body, size_t size)
{
    sg_request request, before;
    sg_body_error error;
    memset(&request, 0xa5, sizeof request);
    before = request;
    sg_status status = sg_body_allocate(body, size, &request, &error);
    if (status != SG_OK) {
        SG_CHECK(status == SG_FORMAT && memcmp(&request, &before, sizeof request) == 0);
        SG_CHECK(error.byte >= -1 && error.byte <= (long)size);
        check_error(&error);
        return;
    }
    SG_CHECK(size <= SG_BODY_MAX && sg_text_is_id(request.task_id));
    SG_CHECK(request.kind == SG_REQUEST_ALLOCATE && request.priority >= 0 && request.priority <= 3);
    SG_CHECK(request.power_w > 0 && request.power_w <= 100e9);
    SG_CHECK(request.duration_s >= 0 && request.duration_s <= 3650 * 86400.0);
    SG_CHECK(request.deadline_us >= 0);
}

static void read_incident(const char *body, size_t size)
{
    sg_rehearsal_order order, before;
    sg_body_error error;
    memset(&order, 0xa5, sizeof order);
    before = order;
    if (sg_body_rehearsal(body, size, &order, &error) != SG_OK) {
        SG_CHECK(memcmp(&order, &before, sizeof order) == 0);
        SG_CHECK(error.byte >= -1 && error.byte <= (long)size);
        check_error(&error);
        return;
    }
    SG_CHECK(order.event >= 0 && order.event < SG_REHEARSED_COUNT);
    SG_CHECK(order.for_s > 0 && order.for_s <= SG_REHEARSAL_FOR_S_MAX);
    SG_CHECK(order.speed == 0 || (order.speed >= 1 && order.speed <= SG_REHEARSAL_SPEED_MAX));
    SG_CHECK(order.device[0] == '\0' || sg_text_is_id(order.device));
}

/* What is taken can be written down, and the site's reader takes it. */
static void read_draft(const char *body, size_t size)
{
    static sg_diagnostics said;
    sg_draft draft;
    sg_body_error error;
    sg_site site;
    sg_out out = {0};
    sg_status status = sg_body_draft(body, size, &draft, &error);
    if (status != SG_OK) {
        SG_CHECK(status == SG_FORMAT);
        check_error(&error);
        return;
    }
    sg_draft_write(&draft, "6f1f0d53-3c0e-4b59-9f6a-1a3b1f8f2c11", "2026-01-31", &out);
    status = sg_site_parse("site.maml.md", out.text, out.length, false, &site, &said);
    SG_CHECK(status == SG_OK || status == SG_NOMEM);
    sg_site_free(&site);
    sg_diagnostics_free(&said);
    sg_out_free(&out);
}

static void read_target(const char *raw)
{
    char path[64];
    const char *query = NULL;
    if (sg_uri_split(raw, path, sizeof path, &query) == SG_OK) {
        SG_CHECK(path[0] == '/' && strlen(path) <= strlen(raw));
        SG_CHECK(sg_text_is_utf8(path, strlen(path)));
        SG_CHECK(query >= raw && query <= raw + strlen(raw) &&
                 (query == raw + strlen(raw) || query[-1] == '?'));
    }
}

static void read_query(const char *query)
{
    char value[64];
    size_t length = SIZE_MAX;
    sg_body_error error;
    sg_status status = sg_uri_value(query, "sql", value, sizeof value, &length, &error);
    if (status == SG_OK) {
        SG_CHECK(length < sizeof value && strlen(value) == length &&
                 sg_text_is_utf8(value, length));
    } else {
        check_error(&error);
    }
    /* The two readers agree on a query that has this parameter and no other. */
    char other[64];
    sg_status only = sg_uri_only(query, "sql limit", &error);
    if (only != SG_OK) {
        check_error(&error);
    }
    sg_status got = sg_uri_get(query, "sql", other, sizeof other, &error);
    if (status == SG_OK) {
        SG_CHECK(only == SG_OK && got == SG_OK && strcmp(other, value) == 0);
    } else if (got == SG_FORMAT || got == SG_FULL) {
        check_error(&error);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    char *text = malloc(size); /* the rest and a NUL: exactly as much as there is */
    if (!text) {
        return 0;
    }
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (data[0] == 'u') {
        read_target(text);
    } else if (data[0] == 'q') {
        read_query(text);
    } else {
        char *exact = malloc(size > 1 ? size - 1 : 1); /* bodies have no NUL behind them */
        if (exact) {
            memcpy(exact, text, size - 1);
            (data[0] == 'd' ? read_draft : read_body)(exact, size - 1);
            read_incident(exact, size - 1);
        }
        free(exact);
    }
    free(text);
    return 0;
}
