#include "serve/http.h"

#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* SG_OK where it is not there: *ret stays. */
static sg_status time_of(const char *query, const char *name, int64_t *ret_us, sg_body_error *error)
{
    char text[48];
    sg_status status = sg_uri_get(query, name, text, sizeof text, error);
    if (status == SG_MISSING) {
        return SG_OK;
    }
    if (status == SG_OK && sg_time_parse(text, strlen(text), ret_us) != SG_OK) {
        *error = (sg_body_error){.slug = "parameter", .byte = -1};
        snprintf(error->detail, sizeof error->detail,
                 "%s: expected a time such as 2023-07-01T12:00:00Z", name);
        return SG_FORMAT;
    }
    return status;
}

static sg_status limit_of(const char *query, int most, int *ret, sg_body_error *error)
{
    char text[16];
    sg_status status = sg_uri_get(query, "limit", text, sizeof text, error);
    if (status != SG_OK) {
        return status == SG_MISSING ? SG_OK : status;
    }
    size_t digits = strspn(text, "0123456789");
    long value = digits && digits < 8 && !text[digits] ? strtol(text, NULL, 10) : 0;
    if (value < 1 || value > most) {
        *error = (sg_body_error){.slug = "parameter", .byte = -1};
        snprintf(error->detail, sizeof error->detail, "limit: expected 1 to %d", most);
        return SG_RANGE;
    }
    *ret = (int)value;
    return SG_OK;
}

bool sg_http_page_read(sg_http_request *request, int most, sg_http_page *ret_page,
                       enum MHD_Result *ret)
{
    sg_body_error error;
    *ret_page = (sg_http_page){.limit = most, .from_us = INT64_MIN, .to_us = INT64_MAX};
    sg_status status = limit_of(request->query, most, &ret_page->limit, &error);
    status = status == SG_OK ? time_of(request->query, "from", &ret_page->from_us, &error) : status;
    status = status == SG_OK ? time_of(request->query, "to", &ret_page->to_us, &error) : status;
    if (status == SG_OK) {
        status =
            sg_uri_get(request->query, "after", ret_page->after, sizeof ret_page->after, &error);
        status = status == SG_MISSING ? SG_OK : status;
    }
    if (status != SG_OK) {
        *ret = sg_http_problem(request, MHD_HTTP_BAD_REQUEST, error.slug,
                               "The query is not understood", NULL, &error, NULL, NULL);
        return false;
    }
    return true;
}
