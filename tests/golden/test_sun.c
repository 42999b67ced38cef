/* The sun against published positions and events; the tables name the sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "golden/golden.h"
#include "model/sky.h"
#include "model/sun.h"

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/sun.csv");
}

static int64_t instant(const char *text)
{
    int64_t time_us;
    assert_int_equal(sg_time_parse(text, strlen(text), &time_us), SG_OK);
    return time_us;
}

static void expect_of(const char *place, const char *what, double got)
{
    char name[80];
    snprintf(name, sizeof name, "%s_%s", place, what);
    expect(name, got);
}

static void julian_days(void **state)
{
    (void)state;
    static const char *const days[] = {"2000-01-01T12:00", "1999-01-01", "1987-01-27",
                                       "1987-06-19T12:00", "1988-01-27", "1988-06-19T12:00",
                                       "1900-01-01",       "1600-01-01"};
    for (int i = 0; i < 8; i++) {
        expect_of("julian", days[i], sg_julian_day(instant(days[i])));
    }
}

/* 2003-10-17 12:30:30 in Golden, seven hours behind UTC */
static void golden(void **state)
{
    (void)state;
    sg_sun_site site = sg_sun_site_of(39.742476 * SG_DEGREE, -105.1786 * SG_DEGREE, 82000, 11);
    int64_t time_us = instant("2003-10-17T19:30:30Z");
    sg_sun_position at;
    sg_sun_position_at(&site, time_us, &at);
    expect("golden_julian", sg_julian_day(time_us));
    expect("golden_distance", at.distance_au);
    expect("golden_ecliptic_longitude", at.ecliptic_longitude_rad / SG_DEGREE);
    expect("golden_obliquity", at.obliquity_rad / SG_DEGREE);
    expect("golden_right_ascension", at.right_ascension_rad / SG_DEGREE);
    expect("golden_declination", at.declination_rad / SG_DEGREE);
    expect("golden_hour_angle", at.hour_angle_rad / SG_DEGREE);
    expect("golden_elevation", 90 - at.zenith_rad / SG_DEGREE);
    expect("golden_refraction", sg_sun_refraction_rad(&site, 39.872046 * SG_DEGREE) / SG_DEGREE);
    expect("golden_zenith", at.apparent_zenith_rad / SG_DEGREE);
    expect("golden_azimuth", at.azimuth_rad / SG_DEGREE);
    expect("golden_equation_of_time", at.equation_of_time_rad / SG_DEGREE * 4);
    sg_sky_plane plane = sg_sky_plane_of(30 * SG_DEGREE, 170 * SG_DEGREE);
    double flat = sin(at.apparent_zenith_rad);
    double cosine =
        plane.normal_up * cos(at.apparent_zenith_rad) +
        flat * (plane.normal_north * cos(at.azimuth_rad) + plane.normal_east * sin(at.azimuth_rad));
    expect("golden_incidence", acos(cosine) / SG_DEGREE);
}

static void rise_noon_and_set(void **state)
{
    (void)state;
    static const struct {
        const char *name, *day, *noon;
        double latitude_deg, longitude_deg;
    } cases[] = {{"golden_2003-10-17", "2003-10-17", "2003-10-17T19:00Z", 39.742476, -105.1786},
                 {"golden_2015-01-02", "2015-01-02", "2015-01-02T19:00Z", 39.742476, -105.1786},
                 {"golden_2015-08-02", "2015-08-02", "2015-08-02T19:00Z", 39.742476, -105.1786},
                 {"south_1996-07-05", "1996-07-05", "1996-07-05T12:00Z", -35, 0},
                 {"south_2004-12-04", "2004-12-04", "2004-12-04T12:00Z", -35, 0}};
    for (int i = 0; i < 5; i++) {
        int64_t day_us = instant(cases[i].day), rise_us, noon_us, set_us;
        for (int hours = -5; hours <= 5; hours += 5) { /* any hour of the day leads to its events */
            sg_sun_site site = sg_sun_site_of(cases[i].latitude_deg * SG_DEGREE,
                                              cases[i].longitude_deg * SG_DEGREE, 82000, 11);
            int64_t near_us = instant(cases[i].noon) + hours * INT64_C(3600000000);
            assert_int_equal(sg_sun_rise_and_set(&site, near_us, &rise_us, &noon_us, &set_us),
                             SG_SUN_RISES);
            expect_of(cases[i].name, "rise", (double)(rise_us - day_us) * 1e-6);
            expect_of(cases[i].name, "noon", (double)(noon_us - day_us) * 1e-6);
            if (i != 0 && i != 2) {
                expect_of(cases[i].name, "set", (double)(set_us - day_us) * 1e-6);
            }
        }
    }
    int64_t rise_us, noon_us, set_us, day_us = instant("2010-06-21T07:00Z");
    /* these sunsets are those of the UTC day, which is the evening before in Golden */
    sg_sun_site spa = sg_sun_site_of(39.742476 * SG_DEGREE, -105.1786 * SG_DEGREE, 82000, 11);
    static const char *const evenings[][3] = {
        {"golden_2003-10-16", "2003-10-16T19:00Z", "2003-10-17"},
        {"golden_2015-08-01", "2015-08-01T19:00Z", "2015-08-02"}};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            sg_sun_rise_and_set(&spa, instant(evenings[i][1]), &rise_us, &noon_us, &set_us),
            SG_SUN_RISES);
        expect_of(evenings[i][0], "set", (double)(set_us - instant(evenings[i][2])) * 1e-6);
    }
    sg_sun_site ssc = sg_sun_site_of(39.77 * SG_DEGREE, -105.22 * SG_DEGREE, 82000, 11);
    assert_int_equal(
        sg_sun_rise_and_set(&ssc, day_us + SG_SUN_DAY_US / 2, &rise_us, &noon_us, &set_us),
        SG_SUN_RISES);
    expect("ssc_golden_rise", (double)(rise_us - day_us) / 3600e6);
    expect("ssc_golden_set", (double)(set_us - day_us) / 3600e6);
}

static void polar_day_and_night(void **state)
{
    (void)state;
    sg_sun_site tromso = sg_sun_site_of(69.65 * SG_DEGREE, 18.96 * SG_DEGREE, 101325, 0);
    int64_t rise_us = 1, noon_us = 0, set_us = 2;
    assert_int_equal(
        sg_sun_rise_and_set(&tromso, instant("2026-06-21"), &rise_us, &noon_us, &set_us),
        SG_SUN_NEVER_SETS);
    assert_int_equal(
        sg_sun_rise_and_set(&tromso, instant("2026-12-21"), &rise_us, &noon_us, &set_us),
        SG_SUN_NEVER_RISES);
    assert_true(rise_us == 1 && set_us == 2 && noon_us != 0);
}

static void distances(void **state)
{
    (void)state;
    static const char *const days[] = {"2015-01-02", "2015-08-02"};
    sg_sun_site site = sg_sun_site_of(0, 0, 101325, 12);
    for (int i = 0; i < 2; i++) {
        sg_sun_position at;
        sg_sun_position_at(&site, instant(days[i]), &at);
        expect_of("distance", days[i], at.distance_au);
        assert_true(fabs(at.extraterrestrial_w_m2 * at.distance_au * at.distance_au -
                         SG_SOLAR_W_M2) < 1e-9);
    }
}

static void sites(void **state)
{
    (void)state;
    static const struct {
        const char *name, *time;
        double latitude_deg, longitude_deg;
    } cases[] = {{"reykjavik", "2026-03-20T12:00", 64.15, -21.94},
                 {"reykjavik", "2026-06-21T06:00", 64.15, -21.94},
                 {"reykjavik", "2026-12-21T12:00", 64.15, -21.94},
                 {"singapore", "2026-06-21T06:00", 1.35, 103.82},
                 {"sydney", "2026-06-21T06:00", -33.87, 151.21},
                 {"north_sea", "2026-03-20T12:00", 54.5, 3},
                 {"north_sea", "2026-06-21T06:00", 54.5, 3},
                 {"north_sea", "2026-12-21T12:00", 54.5, 3}};
    for (int i = 0; i < 8; i++) {
        sg_sun_site site = sg_sun_site_of(cases[i].latitude_deg * SG_DEGREE,
                                          cases[i].longitude_deg * SG_DEGREE, 101325, 12);
        sg_sun_position at;
        char place[48];
        sg_sun_position_at(&site, instant(cases[i].time), &at);
        snprintf(place, sizeof place, "%s_%s", cases[i].name, cases[i].time);
        expect_of(place, "apparent", at.apparent_zenith_rad / SG_DEGREE);
        expect_of(place, "zenith", at.zenith_rad / SG_DEGREE);
        expect_of(place, "azimuth", at.azimuth_rad / SG_DEGREE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(julian_days),        cmocka_unit_test(golden),
        cmocka_unit_test(rise_noon_and_set),  cmocka_unit_test(polar_day_and_night),
        cmocka_unit_test(distances),          cmocka_unit_test(sites),
        cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
