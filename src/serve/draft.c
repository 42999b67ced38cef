/* The guided form's answers in, a site file out: POST /energy/site-draft. Nothing is kept and nothing changes. */
#include "serve/draft.h"
#include "serve/http.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* The first line of the price file, from which columns and unit are guessed. */
static const char head_key[] = "price_head";

/* name NULL: the body as a whole. The texts are ours or were looked at: no half characters, no control bytes. */
static sg_status wrong(sg_body_error *error, const char *slug, const char *name, const char *detail)
{
    *error = (sg_body_error){.slug = slug, .byte = -1};
    if (name) {
        snprintf(error->pointer, sizeof error->pointer, "/%.60s", name);
    }
    snprintf(error->detail, sizeof error->detail, "%.300s", detail);
    return SG_FORMAT;
}

static sg_status unknown_key(sg_body_error *error, const char *key)
{
    const char *names[SG_DRAFT_COUNT + 1];
    char detail[200];
    for (int i = 0; i < SG_DRAFT_COUNT; i++) {
        names[i] = sg_draft_questions[i].key;
    }
    names[SG_DRAFT_COUNT] = head_key;
    const char *near = sg_text_nearest(key, names, SG_DRAFT_COUNT + 1);
    snprintf(detail, sizeof detail, "this key is not known; %s%s%s",
             near ? "did you mean \"" : "see ", near ? near : "/openapi.json for those that are",
             near ? "\"?" : "");
    return wrong(error, "unknown-key", NULL, detail);
}

static sg_status read_member(const char *key, const json_t *value, sg_draft *draft,
                             const char **ret_head, sg_body_error *error)
{
    char number[32], detail[SG_DRAFT_ERROR];
    const char *text = json_string_value(value);
    int found = sg_draft_find(key);
    if (strcmp(key, head_key) == 0) {
        *ret_head = text; /* the document's, for as long as it is there */
        return text ? SG_OK : wrong(error, "type", key, "expected the first line as a text");
    }
    if (found < 0) {
        return unknown_key(error, key);
    }
    if (json_is_integer(value)) {
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        text = number;
    }
    if (!text) {
        return wrong(error, "type", key, "expected a text with its unit, or a whole number");
    }
    return sg_draft_answer(draft, (sg_draft_key)found, text, detail) == SG_OK
               ? SG_OK
               : wrong(error, "answer", key, detail);
}

sg_status sg_body_draft(const char *body, size_t length, sg_draft *ret, sg_body_error *error)
{
    json_error_t place;
    sg_draft draft;
    char detail[SG_DRAFT_ERROR];
    const char *head = NULL, *key;
    json_t *value;
    sg_draft_start(&draft);
    json_t *root =
        length <= SG_BODY_MAX ? json_loadb(body, length, JSON_REJECT_DUPLICATES, &place) : NULL;
    if (!root) {
        wrong(error, "json", NULL, "expected one JSON object of at most 16384 bytes");
        error->byte = length <= SG_BODY_MAX ? place.position : -1;
        return SG_FORMAT;
    }
    sg_status status =
        json_is_object(root) ? SG_OK : wrong(error, "type", NULL, "expected an object of answers");
    json_object_foreach(root, key, value)
    {
        status = read_member(key, value, &draft, &head, error);
        if (status != SG_OK) {
            break;
        }
    }
    if (status == SG_OK && head && sg_draft_from_file(&draft)) {
        sg_draft_guess(&draft, head);
    }
    sg_draft_key at;
    if (status == SG_OK && sg_draft_check(&draft, &at, detail) != SG_OK) {
        status = wrong(error, "answer", sg_draft_questions[at].key, detail);
    }
    json_decref(root);
    if (status == SG_OK) {
        *ret = draft;
    }
    return status;
}

enum MHD_Result sg_http_draft(sg_http_request *request)
{
    sg_draft draft;
    sg_body_error error;
    unsigned char random[16];
    char id[40], day[16] = "";
    struct tm civil;
    time_t now = time(NULL);
    request->changes = false; /* nothing is kept: nothing for the audit log */
    if (sg_body_draft(request->body ? request->body : "", request->length, &draft, &error) !=
        SG_OK) {
        return sg_http_problem(request, MHD_HTTP_BAD_REQUEST, error.slug,
                               "An answer cannot be used", NULL, &error, NULL, NULL);
    }
    if (getrandom(random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random ||
        !gmtime_r(&now, &civil) || !strftime(day, sizeof day, "%Y-%m-%d", &civil)) {
        return sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "not-ready", "Not ready",
                               "the system gives no random numbers yet", NULL,
                               MHD_HTTP_HEADER_RETRY_AFTER, "1");
    }
    sg_out out = {0};
    sg_draft_uuid(random, id);
    sg_draft_write(&draft, id, day, &out);
    return sg_http_reply(request, MHD_HTTP_OK, "text/markdown; charset=utf-8", &out,
                         "Content-Disposition", "attachment; filename=\"site.maml.md\"");
}
