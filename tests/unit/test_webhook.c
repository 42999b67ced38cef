/* What a webhook does without a network: keys, signatures, addresses, waits. The rest: tests/e2e/alarms.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/webhook.h"

#include <stdio.h>
#include <string.h>

static void signatures_are_those_of_the_standard(void **state)
{
    (void)state;
    /* the reference vector that Standard Webhooks publishes with its libraries */
    static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
                      body[] = "{\"test\": 2432232314}";
    uint8_t key[SG_WEBHOOK_SECRET_MAX];
    size_t size;
    char signature[SG_WEBHOOK_SIGNATURE];
    assert_int_equal(sg_webhook_secret(secret, strlen(secret), key, &size), SG_OK);
    assert_int_equal(size, 24);
    assert_int_equal(sg_webhook_sign(key, size, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body,
                                     strlen(body), signature),
                     SG_OK);
    assert_string_equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void secrets_that_are_too_short_or_broken_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "short",
        "whsec_MfKQ9r8G",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa!w",
        "12345678901234567890123",
        "12345678901234567890123456789012345678901234567890123456789012345"};
    uint8_t key[SG_WEBHOOK_SECRET_MAX];
    size_t size;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(sg_webhook_secret(texts[i], strlen(texts[i]), key, &size), SG_FORMAT);
    }
    assert_int_equal(sg_webhook_secret("123456789012345678901234\r\n", 26, key, &size), SG_OK);
    assert_int_equal(size, 24);
}

static void only_safe_addresses_are_taken(void **state)
{
    (void)state;
    static const char *const good[] = {"https://example.org",  "https://example.org:8443/a?b=c",
                                       "http://127.0.0.1:9/x", "http://localhost/",
                                       "http://[::1]:8080/x",  "https://[2001:db8::1]/"};
    static const char *const bad[] = {"",
                                      "example.org",
                                      "ftp://example.org",
                                      "http://example.org/",
                                      "https://",
                                      "https:///x",
                                      "https://user:word@example.org/",
                                      "http://localhost.example.org/",
                                      "http://127.0.0.1@example.org/",
                                      "https://example.org/ x",
                                      "https://example.org/\n",
                                      "http://localhost\\@example.org/",
                                      "HTTP://example.org",
                                      "http://[::1].example.org/"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(sg_webhook_url_fits(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(sg_webhook_url_fits(bad[i]));
    }
}

static void waits_double_up_to_five_minutes(void **state)
{
    (void)state;
    static const double expected[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
    for (int i = 0; i < 11; i++) {
        assert_true(sg_webhook_wait_s(i + 1) == expected[i]);
    }
    assert_true(sg_webhook_wait_s(1000000) == 300);
}

static void what_cannot_be_is_explained_in_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *url, *secret;
        sg_status status;
        const char *words;
    } cases[] = {{"http://example.org/", NULL, SG_FORMAT, "https://"},
                 {"https://example.org/", NULL, SG_FORMAT, "--webhook-secret"},
                 {"https://example.org/", "/nowhere/secret", SG_IO, "cannot be read"},
                 {"https://example.org/", "/dev/null", SG_FORMAT, "24 to 64"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const sg_webhook_config config = {
            .url = cases[i].url, .secret_path = cases[i].secret, .agent = "test"};
        char error[SG_WEBHOOK_TEXT] = "";
        sg_webhook *made = NULL;
        assert_int_equal(sg_webhook_create(&config, &made, error), cases[i].status);
        assert_null(made);
        assert_non_null(strstr(error, cases[i].words));
        assert_null(strchr(error, '\n'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_are_those_of_the_standard),
        cmocka_unit_test(secrets_that_are_too_short_or_broken_are_refused),
        cmocka_unit_test(only_safe_addresses_are_taken),
        cmocka_unit_test(waits_double_up_to_five_minutes),
        cmocka_unit_test(what_cannot_be_is_explained_in_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
