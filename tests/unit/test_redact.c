/* What may be shown to strangers: planted secrets are gone, ordinary reports stay as they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"
#include "cli/redact.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void takes_secrets_out(void **state)
{
    (void)state;
    static const struct {
        const char *text, *after;
    } cases[] = {
        {"token: hunter2", "token: [removed]"},
        {"SYMGRID_TOKEN=hunter2 next", "SYMGRID_TOKEN=[removed] next"},
        {"Authorization: Bearer hunter2", "Authorization: Bearer [removed]"},
        {"authorization: hunter2", "authorization: [removed]"},
        {"password = \"hunter2\", user: ann", "password = \"[removed]\", user: ann"},
        {"{\"webhook_secret\":\"hunter2\"}", "{\"webhook_secret\":\"[removed]\"}"},
        {"postgres://ann:hunter2@db/site", "postgres://[removed]@db/site"},
        {"mqtt://hunter2@broker", "mqtt://[removed]@broker"},
        {"https://example.org/?api_key=hunter2&x=1", "https://example.org/?api_key=[removed]&x=1"},
        {"key: hunter2", "key: [removed]"},
        {"it is sk_live_51H8hunter2abcdefXYZ09 here", "it is [removed] here"},
        {"9f86d081884c7d659a2feaa0c55ad015", "[removed]"},
        {"/home/ann/sites/hall.maml.md: ok", "~/sites/hall.maml.md: ok"},
        {"/home/annabel/x", "/home/annabel/x"}};
    char after[256];
    for (size_t i = 0; i < COUNT(cases); i++) {
        sg_redact(cases[i].text, "/home/ann", after, sizeof after);
        assert_string_equal(after, cases[i].after);
    }
}

static void leaves_reports_alone(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "sites/hall.maml.md:25:3: series 'gpt3': 184 of 109248 values were missing",
        "segments 1 to 12; 72017 whole records in the last, 0 damaged",
        "the clock says 2026-11-26T07:41:51Z",
        "the key 'limt' is not known; did you mean 'limit'",
        "others on the network reach it: only behind tokens and TLS",
        "journal-00000001.sgj, offset 38341905: a record's checksum is wrong",
        "http://127.0.0.1:8048/energy/telemetry",
        "battery: expected an energy such as 100MWh, got '100kW'"};
    char after[256];
    for (size_t i = 0; i < COUNT(texts); i++) {
        sg_redact(texts[i], NULL, after, sizeof after);
        assert_string_equal(after, texts[i]);
    }
}

/* Wherever and however it stands: a password behind its word never comes through. */
static void no_planted_secret_comes_through(void **state)
{
    (void)state;
    static const char *const words[] = {"token", "Password", "client_secret", "API-KEY", "Bearer"};
    static const char *const marks[] = {": ", "=", "=\"", ": '", " = ", ":"};
    char text[256], after[256], noise[40];
    for (uint64_t n = 0; n < 2000; n++) {
        int length = (int)(sg_prng_u64(1, n) % 30);
        for (int i = 0; i < length; i++) {
            noise[i] = (char)(' ' + (int)(sg_prng_u64(2, n * 40 + (uint64_t)i) % 94));
            noise[i] = noise[i] == ':' || noise[i] == '=' ? '.' : noise[i];
        }
        noise[length] = '\0';
        snprintf(text, sizeof text, "%s %s%sxq7Zz!planted %s", noise,
                 words[sg_prng_u64(3, n) % COUNT(words)], marks[sg_prng_u64(4, n) % COUNT(marks)],
                 noise);
        sg_redact(text, NULL, after, sizeof after);
        if (strstr(after, "planted")) {
            print_error("%s\n%s\n", text, after);
            fail();
        }
    }
}

static void never_writes_behind_the_end(void **state)
{
    (void)state;
    char after[16];
    for (size_t size = 1; size <= sizeof after; size++) {
        memset(after, 'X', sizeof after);
        sg_redact("token: a password: b and on it goes", NULL, after, size);
        assert_true(strlen(after) < size);
        for (size_t i = size; i < sizeof after; i++) {
            assert_int_equal(after[i], 'X');
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(takes_secrets_out),
                                       cmocka_unit_test(leaves_reports_alone),
                                       cmocka_unit_test(no_planted_secret_comes_through),
                                       cmocka_unit_test(never_writes_behind_the_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
