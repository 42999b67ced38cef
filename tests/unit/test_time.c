/* Calendar arithmetic against the C library's gmtime and timegm, stamps against a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"
#include "base/time.h"

#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Years 0000 to 9999. */
static const int64_t FIRST_S = -62167219200, LAST_S = 253402300799;

static void agrees_with_gmtime_over_ten_thousand_years(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 300000; i++) {
        int64_t at_s = FIRST_S + (int64_t)(sg_prng_u64(2, i) % (uint64_t)(LAST_S - FIRST_S));
        time_t clock = (time_t)at_s;
        struct tm wanted;
        assert_non_null(gmtime_r(&clock, &wanted));
        sg_civil got;
        sg_civil_from_time(at_s * SG_US_PER_S, &got);
        assert_int_equal(got.year, wanted.tm_year + 1900);
        assert_int_equal(got.month, wanted.tm_mon + 1);
        assert_int_equal(got.day, wanted.tm_mday);
        assert_int_equal(got.hour, wanted.tm_hour);
        assert_int_equal(got.minute, wanted.tm_min);
        assert_int_equal((int)got.second, wanted.tm_sec);
        assert_true(sg_time_from_civil(&got) == at_s * SG_US_PER_S);
        assert_true(sg_days_from_civil(got.year, got.month, got.day) * 86400 ==
                    at_s - ((at_s % 86400) + 86400) % 86400);
    }
}

static void reads_stamps_with_and_without_zones(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds, us;
    } good[] = {
        {"1970-01-01", 0, 0},
        {"1970-01-01T00:00:00Z", 0, 0},
        {"2023-01-01 00:15", 1672532100, 0},
        {"2023-01-01T00:15Z", 1672532100, 0},
        {"2023-01-01T02:15+02:00", 1672532100, 0},
        {"2022-12-31T19:15-05:00", 1672532100, 0},
        {"2022-12-31T19:15UTC-5", 1672532100, 0},
        {"2024-02-29T12:00:00.5Z", 1709208000, 500000},
        {"2023-12-31T24:00", 1704067200, 0},
        {"1969-12-31T23:59:59.999999Z", -1, 999999},
        {"2000-02-29", 951782400, 0},
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        int64_t us = 0;
        if (sg_time_parse(good[i].text, strlen(good[i].text), &us) != SG_OK ||
            us != good[i].seconds * SG_US_PER_S + good[i].us) {
            print_error("%s gives %lld\n", good[i].text, (long long)us);
            fail();
        }
    }
}

static void refuses_stamps_that_no_calendar_has(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2023",
        "2023-1-1",
        "2023-13-01",
        "2023-00-10",
        "2023-02-29",
        "1900-02-29",
        "2023-04-31",
        "2023-01-32",
        "2023-01-00",
        "2023-01-01T",
        "2023-01-01T1:00",
        "2023-01-01T25:00",
        "2023-01-01T24:01",
        "2023-01-01T10:60",
        "2023-01-01T10:00:60",
        "2023-01-01T10:00:00.",
        "2023-01-01X10:00",
        "2023-01-01T10:00 Europe/Berlin",
        "2023-01-01T10:00+15:00",
        "2023-01-01T10:00Zx",
        " 2023-01-01",
        "2023-01-01T10:00:00,5",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t us = 77;
        if (sg_time_parse(bad[i], strlen(bad[i]), &us) != SG_FORMAT || us != 77) {
            print_error("'%s' was taken as %lld\n", bad[i], (long long)us);
            fail();
        }
    }
}

static void reads_fixed_offsets_only(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t seconds;
    } good[] = {{"UTC", 0},        {"Z", 0},          {"UTC+1", 3600},
                {"UTC-5", -18000}, {"+05:30", 19800}, {"-0330", -12600},
                {"UTC+14", 50400}, {"+0", 0},         {"UTC+05:45", 20700}};
    static const char *const bad[] = {"",    "CET", "Europe/Berlin", "UTC+", "UTC+15",
                                      "+5:", "5",   "UTC+1:60",      "utc",  "ZZ"};
    for (size_t i = 0; i < COUNT(good); i++) {
        int32_t offset = 77;
        if (sg_zone_parse(good[i].text, strlen(good[i].text), &offset) != SG_OK ||
            offset != good[i].seconds) {
            print_error("%s gives %d\n", good[i].text, (int)offset);
            fail();
        }
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        int32_t offset;
        if (sg_zone_parse(bad[i], strlen(bad[i]), &offset) != SG_FORMAT) {
            print_error("'%s' was taken\n", bad[i]);
            fail();
        }
    }
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        int64_t ms =
            FIRST_S * 1000 + (int64_t)(sg_prng_u64(3, i) % (uint64_t)((LAST_S - FIRST_S) * 1000));
        ms = i % 2 ? ms : ms / 1000 * 1000;
        char text[SG_TIME_TEXT];
        int64_t back;
        sg_time_format(ms * 1000, text);
        assert_int_equal(sg_time_parse(text, strlen(text), &back), SG_OK);
        assert_true(back == ms * 1000);
    }
    char text[SG_TIME_TEXT];
    sg_time_format(INT64_C(1672532100) * SG_US_PER_S, text);
    assert_string_equal(text, "2023-01-01T00:15:00Z");
}

static void moves_a_day_to_another_year(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"2024-02-29T13:30:00Z", "2023-02-28T13:30:00Z"},
        {"2024-02-29T13:30:00Z", "2028-02-29T13:30:00Z"},
        {"2025-12-31T23:59:59Z", "1996-12-31T23:59:59Z"},
        {"1960-06-01T00:00:00Z", "2023-06-01T00:00:00Z"},
    };
    for (size_t i = 0; i < COUNT(pairs); i++) {
        int64_t from, wanted;
        sg_civil civil;
        assert_int_equal(sg_time_parse(pairs[i][0], 20, &from), SG_OK);
        assert_int_equal(sg_time_parse(pairs[i][1], 20, &wanted), SG_OK);
        sg_civil_from_time(wanted, &civil);
        assert_true(sg_time_in_year(from, civil.year) == wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_gmtime_over_ten_thousand_years),
        cmocka_unit_test(reads_stamps_with_and_without_zones),
        cmocka_unit_test(refuses_stamps_that_no_calendar_has),
        cmocka_unit_test(reads_fixed_offsets_only),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(moves_a_day_to_another_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
