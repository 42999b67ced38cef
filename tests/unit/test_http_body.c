/* What clients send, read strictly: every refusal names its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"
#include "serve/body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sg_status read_body(const char *body, sg_request *request, sg_body_error *error)
{
    return sg_body_allocate(body, strlen(body), request, error);
}

static void the_source_s_call_is_understood(void **state)
{
    (void)state;
    sg_request request;
    sg_body_error error;
    assert_int_equal(
        read_body("{\"task_id\": \"compute_001\", \"power\": \"2MW\"}", &request, &error), SG_OK);
    assert_string_equal(request.task_id, "compute_001");
    assert_int_equal(request.kind, SG_REQUEST_ALLOCATE);
    assert_int_equal(request.priority, 2);
    assert_true(request.power_w == 2e6);
    assert_true(request.duration_s == 0);
    assert_int_equal(request.deadline_us, 0);
}

static void every_member_is_read_in_its_unit(void **state)
{
    (void)state;
    sg_request request;
    sg_body_error error;
    assert_int_equal(read_body("{\"deadline\":\"1970-01-02T00:00:00+01:00\",\"duration\":\"2h\","
                               "\"priority\":\"critical\","
                               "\"power\":\"750 W\",\"task_id\":\"a.b:c-d_9\"}",
                               &request, &error),
                     SG_OK);
    assert_true(request.power_w == 750);
    assert_true(request.duration_s == 7200);
    assert_int_equal(request.priority, 0);
    assert_true(request.deadline_us == INT64_C(82800000000));
    static const char *const names[] = {"critical", "high", "normal", "low"};
    for (int i = 0; i < 4; i++) {
        char body[96];
        snprintf(body, sizeof body, "{\"task_id\":\"a\",\"power\":\"1kW\",\"priority\":\"%s\"}",
                 names[i]);
        assert_int_equal(read_body(body, &request, &error), SG_OK);
        assert_int_equal(request.priority, i);
        snprintf(body, sizeof body, "{\"task_id\":\"a\",\"power\":\"1kW\",\"priority\":%d}", i);
        assert_int_equal(read_body(body, &request, &error), SG_OK);
        assert_int_equal(request.priority, i);
    }
}

static const struct {
    const char *body, *slug, *pointer, *part; /* pointer NULL: a byte instead */
} refused[] = {
    {"", "json", NULL, "byte 0"},
    {"{", "json", NULL, "byte 1"},
    {"{\"task_id\":\"a\",\"power\":\"1MW\"", "json", NULL, "byte 28"},
    {"{\"task_id\":\"a\",\"power\":\"1MW\"} x", "json", NULL, "end of file"},
    {"{\"task_id\":\"a\",\"power\":\"1MW\"}{}", "json", NULL, "end of file"},
    {"{'task_id':'a'}", "json", NULL, "byte 2"},
    {"{\"power\":\"1MW\",\"power\":\"2MW\",\"task_id\":\"a\"}", "json", NULL, "duplicate"},
    {"{\"task_id\":\"a\",\"power\":NaN}", "json", NULL, "byte"},
    {"{\"task_id\":\"a\",\"power\":1e999}", "json", NULL, "overflow"},
    {"{\"task_id\":\"a\xff\",\"power\":\"1MW\"}", "json", NULL, "0xff"},
    {"{\"task_id\":\"a\\u0000b\",\"power\":\"1MW\"}", "json", NULL, "byte"},
    {"{\"task_id\":\"a\\ud800\",\"power\":\"1MW\"}", "json", NULL, "byte"},
    {"{\"task_id\":\"a\",}", "json", NULL, "byte"},
    {"// x\n{}", "json", NULL, "byte"},
    {"[]", "type", "", "an array"},
    {"{}", "missing-key", "/task_id", "required"},
    {"{\"task_id\":\"a\"}", "missing-key", "/power", "\"2MW\""},
    {"{\"power\":\"1MW\"}", "missing-key", "/task_id", "required"},
    {"{\"task_id\":1,\"power\":\"1MW\"}", "type", "/task_id", "a number"},
    {"{\"task_id\":\"\",\"power\":\"1MW\"}", "id", "/task_id", "1 to 63"},
    {"{\"task_id\":\"a b\",\"power\":\"1MW\"}", "id", "/task_id", "a b"},
    {"{\"task_id\":\"../a\",\"power\":\"1MW\"}", "id", "/task_id", "beginning"},
    {"{\"task_id\":\"a123456789a123456789a123456789a123456789a123456789a123456789abcd\",\"power\":"
     "\"1MW\"}",
     "id", "/task_id", "63"},
    {"{\"task_id\":\"a\",\"power\":2000000}", "type", "/power", "as a text with its unit"},
    {"{\"task_id\":\"a\",\"power\":\"2\"}", "quantity", "/power", "found \"2\""},
    {"{\"task_id\":\"a\",\"power\":\"2 MWh\"}", "quantity", "/power", "2 MWh"},
    {"{\"task_id\":\"a\",\"power\":\"2 MX\"}", "quantity", "/power", "2 MX"},
    {"{\"task_id\":\"a\",\"power\":\"\"}", "quantity", "/power", "\"\""},
    {"{\"task_id\":\"a\",\"power\":null}", "type", "/power", "null"},
    {"{\"task_id\":\"a\",\"power\":[\"2MW\"]}", "type", "/power", "an array"},
    {"{\"task_id\":\"a\",\"power\":\"-2MW\"}", "range", "/power", "more than 0"},
    {"{\"task_id\":\"a\",\"power\":\"0W\"}", "range", "/power", "more than 0"},
    {"{\"task_id\":\"a\",\"power\":\"0\"}", "range", "/power", "more than 0"},
    {"{\"task_id\":\"a\",\"power\":\"200GW\"}", "range", "/power", "200GW"},
    {"{\"task_id\":\"a\",\"power\":\"1MW\",\"priority\":4}", "range", "/priority", "0 to 3"},
    {"{\"task_id\":\"a\",\"power\":\"1MW\",\"priority\":-1}", "range", "/priority", "0 to 3"},
    {"{\"task_id\":\"a\",\"power\":\"1MW\",\"priority\":1.0}", "type", "/priority", "0 to 3"},
    {"{\"task_id\":\"a\",\"power\":\"1MW\",\"priority\":\"hihg\"}", "range", "/priority",
     "did you mean \"high\""},
    {"{\"task_id\":\"a\",\"power\":\"1MW\",\"priority\":true}", "type", "/priority", "0 to 3"},
    {"{\"task_id\":\"a\",\"power\":\"1MW\",\"duration\":3600}", "type", "/duration", "168h"},
    {"{\"task_id\":\"a\",\"power\":\"1MW\",\"duration\":\"0s\"}", "range", "/duration",
     "more than 0"},
    {"{\"task_id\":\"a\",\"power\":\"1MW\",\"duration\":\"900000h\"}", "range", "/duration",
     "at most"},
    {"{\"task_id\":\"a\",\"power\":\"1MW\",\"duration\":\"2kW\"}", "quantity", "/duration", "2kW"},
    {"{\"task_id\":\"a\",\"power\":\"1MW\",\"deadline\":\"tomorrow\"}", "time", "/deadline",
     "2030"},
    {"{\"task_id\":\"a\",\"power\":\"1MW\",\"deadline\":17}", "type", "/deadline", "2030"},
    {"{\"task_id\":\"a\",\"power\":\"1MW\",\"deadline\":\"2023-02-30\"}", "time", "/deadline",
     "2030"},
    {"{\"task_id\":\"a\",\"powr\":\"1MW\"}", "unknown-key", "/powr", "did you mean \"power\""},
    {"{\"task_id\":\"a\",\"power\":\"1MW\",\"x/y~z\":1}", "unknown-key", "/x~1y~0z", "known are"},
    {"{\"task_id\":\"a\",\"power\":\"1MW\",\"\":1}", "unknown-key", "/", "known are"}};

static void every_refusal_names_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        sg_request request, before;
        sg_body_error error;
        memset(&request, 0x5a, sizeof request);
        before = request;
        if (read_body(refused[i].body, &request, &error) != SG_FORMAT) {
            fail_msg("taken: %s", refused[i].body);
        }
        assert_memory_equal(&request, &before, sizeof request);
        bool same =
            strcmp(error.slug, refused[i].slug) == 0 && strstr(error.detail, refused[i].part) &&
            (refused[i].pointer ? strcmp(error.pointer, refused[i].pointer) == 0 && error.byte < 0
                                : error.byte >= 0);
        if (!same) {
            fail_msg("%s: %s, pointer %s, byte %ld, %s", refused[i].body, error.slug, error.pointer,
                     error.byte, error.detail);
        }
        assert_null(strchr(error.detail, '\n'));
        assert_true(sg_text_is_utf8(error.detail, strlen(error.detail)));
    }
}

static void size_and_depth_are_bounded(void **state)
{
    (void)state;
    sg_request request;
    sg_body_error error;
    static char body[SG_BODY_MAX + 2];
    memset(body, ' ', sizeof body);
    memcpy(body, "{\"task_id\":\"a\",\"power\":\"1MW\"}", 29);
    assert_int_equal(sg_body_allocate(body, SG_BODY_MAX, &request, &error), SG_OK);
    assert_int_equal(sg_body_allocate(body, SG_BODY_MAX + 1, &request, &error), SG_FORMAT);
    assert_string_equal(error.slug, "too-large");
    memset(body, '[', sizeof body);
    assert_int_equal(sg_body_allocate(body, SG_BODY_MAX, &request, &error), SG_FORMAT);
    assert_string_equal(error.slug, "json");
    assert_int_equal(sg_body_allocate("{\0}", 3, &request, &error), SG_FORMAT);
}

static void long_and_foreign_names_do_not_break_the_message(void **state)
{
    (void)state;
    sg_request request;
    sg_body_error error;
    char body[400] = "{\"";
    for (int i = 0; i < 100; i++) {
        strcat(body, "\xc3\xa9");
    }
    strcat(body, "\":1}");
    assert_int_equal(read_body(body, &request, &error), SG_FORMAT);
    assert_string_equal(error.slug, "unknown-key");
    assert_int_equal(strlen(error.pointer), 1 + 36);
}

static void targets_are_decoded_once_and_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *path, *query; /* path NULL: refused */
    } cases[] = {{"/", "/", ""},
                 {"/energy/query?sql=1", "/energy/query", "sql=1"},
                 {"/a%2Fb%20c?x?y", "/a/b c", "x?y"},
                 {"/%41%42", "/AB", ""},
                 {"/caf%C3%A9", "/caf\xc3\xa9", ""},
                 {"/%2541", "/%41", ""},
                 {"", NULL, ""},
                 {"x", NULL, ""},
                 {"http://h/", NULL, ""},
                 {"*", NULL, ""},
                 {"/a b", NULL, ""},
                 {"/a\tb", NULL, ""},
                 {"/a%", NULL, ""},
                 {"/a%4", NULL, ""},
                 {"/a%zz", NULL, ""},
                 {"/a%00b", NULL, ""},
                 {"/a%0Ab", NULL, ""},
                 {"/a%FF", NULL, ""},
                 {"/a%C0%80", NULL, ""},
                 {"/a\xff", NULL, ""},
                 {"/a#b", NULL, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[64];
        const char *query = NULL;
        sg_status status = sg_uri_split(cases[i].raw, path, sizeof path, &query);
        if (!cases[i].path) {
            assert_int_equal(status, SG_FORMAT);
            continue;
        }
        assert_int_equal(status, SG_OK);
        assert_string_equal(path, cases[i].path);
        assert_string_equal(query, cases[i].query);
    }
    char path[8];
    const char *query;
    assert_int_equal(sg_uri_split("/1234567", path, sizeof path, &query), SG_FULL);
    assert_int_equal(sg_uri_split("/123456", path, sizeof path, &query), SG_OK);
}

static void the_one_parameter_is_found_or_the_fault_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *query, *value, *part;
        sg_status status;
    } cases[] = {{"sql=SELECT+1%2B1", "SELECT 1+1", "", SG_OK},
                 {"&&sql=a=b&", "a=b", "", SG_OK},
                 {"sql", "", "", SG_OK},
                 {"%73ql=x", "x", "", SG_OK},
                 {"", NULL, "required", SG_MISSING},
                 {"sqll=1", NULL, "found sqll", SG_FORMAT},
                 {"sql=1&x=2", NULL, "found x", SG_FORMAT},
                 {"sql=1&sql=2", NULL, "twice", SG_FORMAT},
                 {"sql=%zz", NULL, "percent-encoded", SG_FORMAT},
                 {"sql=%00", NULL, "percent-encoded", SG_FORMAT},
                 {"sql=%ff", NULL, "percent-encoded", SG_FORMAT},
                 {"sql=1234567890123456", NULL, "too long", SG_FULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char value[16];
        size_t length = 99;
        sg_body_error error;
        assert_int_equal(sg_uri_value(cases[i].query, "sql", value, sizeof value, &length, &error),
                         cases[i].status);
        if (cases[i].value) {
            assert_string_equal(value, cases[i].value);
            assert_int_equal(length, strlen(cases[i].value));
        } else {
            assert_non_null(strstr(error.detail, cases[i].part));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_source_s_call_is_understood),
        cmocka_unit_test(every_member_is_read_in_its_unit),
        cmocka_unit_test(every_refusal_names_its_place),
        cmocka_unit_test(size_and_depth_are_bounded),
        cmocka_unit_test(long_and_foreign_names_do_not_break_the_message),
        cmocka_unit_test(targets_are_decoded_once_and_strictly),
        cmocka_unit_test(the_one_parameter_is_found_or_the_fault_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
