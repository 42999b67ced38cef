/* Local time by POSIX rules, against the C library's own reading of the same text in TZ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "base/time.h"
#include "base/zone.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const rules[] = {
    "CET-1CEST,M3.5.0,M10.5.0/3",           /* central Europe */
    "EST5EDT,M3.2.0,M11.1.0",               /* New York */
    "AEST-10AEDT,M10.1.0,M4.1.0/3",         /* Sydney: summer over the new year */
    "NZST-12NZDT,M9.5.0,M4.1.0/3",          /* Auckland */
    "<-04>4<-03>,M9.1.6/24,M4.1.6/24",      /* Santiago: at the day's end */
    "IST-2IDT,M3.4.4/26,M10.5.0",           /* Jerusalem: beyond it */
    "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",      /* Nuuk: before it */
    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", /* Lord Howe: half an hour */
    "IST-5:30",
    "UTC0",
};

static int32_t library_offset_s(time_t t)
{
    struct tm local;
    localtime_r(&t, &local);
    return (int32_t)local.tm_gmtoff;
}

static void offsets_are_the_librarys(void **state)
{
    (void)state;
    long turns = 0;
    for (size_t r = 0; r < sizeof rules / sizeof rules[0]; r++) {
        sg_zone zone;
        assert_int_equal(sg_zone_rule_parse(rules[r], strlen(rules[r]), &zone), SG_OK);
        setenv("TZ", rules[r], 1);
        tzset();
        int32_t last_s = library_offset_s(0);
        for (uint64_t i = 0; i < 20000; i++) { /* 1971 to 2099 */
            time_t t = (time_t)(31536000 + sg_prng_unit(r, i) * 128.0 * 365.25 * 86400);
            assert_int_equal(sg_zone_offset_s(&zone, (int64_t)t * SG_US_PER_S),
                             library_offset_s(t));
        }
        for (time_t t = 1767225600; t < 1767225600 + 2 * 366 * 86400L; t += 900) { /* 2026, 2027 */
            int32_t want_s = library_offset_s(t);
            assert_int_equal(sg_zone_offset_s(&zone, (int64_t)t * SG_US_PER_S), want_s);
            if (want_s != last_s) { /* to the second */
                time_t at = t - 900;
                while (library_offset_s(at) == last_s) {
                    at++;
                }
                assert_int_equal(sg_zone_offset_s(&zone, (int64_t)at * SG_US_PER_S - 1), last_s);
                assert_int_equal(sg_zone_offset_s(&zone, (int64_t)at * SG_US_PER_S), want_s);
                turns++;
                last_s = want_s;
            }
        }
    }
    print_message("%ld changes found to the microsecond\n", turns);
    assert_true(turns >= 8 * 4);
}

static void fixed_offsets_are_taken_and_nonsense_is_not(void **state)
{
    (void)state;
    sg_zone zone;
    assert_int_equal(sg_zone_rule_parse("UTC-5", 5, &zone), SG_OK);
    assert_int_equal(sg_zone_offset_s(&zone, 0), -5 * 3600);
    assert_int_equal(sg_zone_rule_parse("+05:30", 6, &zone), SG_OK);
    assert_int_equal(sg_zone_offset_s(&zone, -1), 19800);
    static const char *const wrong[] = {
        "",
        "CET",
        "E5",
        "CET-1CEST",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,J60,J300",
        "CET-25",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/3 ",
        "<>5",
        "CET-1:60",
        "CET-1CEST,M3.5.0/168,M10.5.0",
        "Europe/Berlin",
        "<+1",
        "CET-1CEST,M0.5.0,M10.5.0",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(sg_zone_rule_parse(wrong[i], strlen(wrong[i]), &zone), SG_FORMAT);
    }
    /* no cut of a good rule is read beyond its end */
    for (size_t length = 0; length < strlen(rules[0]); length++) {
        char *cut = malloc(length + 1);
        assert_non_null(cut);
        memcpy(cut, rules[0], length);
        sg_status status = sg_zone_rule_parse(cut, length, &zone);
        assert_true(status == SG_OK || status == SG_FORMAT);
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_are_the_librarys),
        cmocka_unit_test(fixed_offsets_are_taken_and_nonsense_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
