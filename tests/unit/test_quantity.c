/* Quantities against the definitions of their units and numbers against the C library's own reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"
#include "base/quantity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *text;
    sg_dimension dimension;
    double value;
    const char *currency;
} good[] = {
    {"4MW", SG_DIM_POWER, 4e6, ""},
    {"4 MW", SG_DIM_POWER, 4e6, ""},
    {"  4 MW ", SG_DIM_POWER, 4e6, ""},
    {"2.5kW", SG_DIM_POWER, 2500, ""},
    {"1e3 W", SG_DIM_POWER, 1000, ""},
    {"-1.5GW", SG_DIM_POWER, -1.5e9, ""},
    {"1TW", SG_DIM_POWER, 1e12, ""},
    {"100MWh", SG_DIM_ENERGY, 3.6e11, ""},
    {"1kWh", SG_DIM_ENERGY, 3.6e6, ""},
    {"1J", SG_DIM_ENERGY, 1, ""},
    {"168h", SG_DIM_TIME, 604800, ""},
    {"1 year", SG_DIM_TIME, 365 * 86400.0, ""},
    {"10ms", SG_DIM_TIME, 0.01, ""},
    {"250 \xC2\xB5s", SG_DIM_TIME, 250e-6, ""},
    {"90min", SG_DIM_TIME, 5400, ""},
    {"2 weeks", SG_DIM_TIME, 14 * 86400.0, ""},
    {"22%", SG_DIM_FRACTION, 0.22, ""},
    {"10000m2", SG_DIM_AREA, 10000, ""},
    {"3 m\xC2\xB2", SG_DIM_AREA, 3, ""},
    {"1ha", SG_DIM_AREA, 1e4, ""},
    {"95mm2", SG_DIM_SECTION, 95e-6, ""},
    {"50000m3", SG_DIM_VOLUME, 50000, ""},
    {"20l", SG_DIM_VOLUME, 0.02, ""},
    {"35m", SG_DIM_LENGTH, 35, ""},
    {"1.2km", SG_DIM_LENGTH, 1200, ""},
    {"5mm", SG_DIM_LENGTH, 0.005, ""},
    {"10kV", SG_DIM_VOLTAGE, 10000, ""},
    {"125A", SG_DIM_CURRENT, 125, ""},
    {"6.3mOhm", SG_DIM_RESISTANCE, 0.0063, ""},
    {"165F", SG_DIM_CAPACITANCE, 165, ""},
    {"-5 degC", SG_DIM_TEMPERATURE, -5, ""},
    {"25\xC2\xB0"
     "C",
     SG_DIM_TEMPERATURE, 25, ""},
    {"-0.35%/K", SG_DIM_PER_KELVIN, -0.0035, ""},
    {"1000W/m2", SG_DIM_IRRADIANCE, 1000, ""},
    {"1 kW/m2", SG_DIM_IRRADIANCE, 1000, ""},
    {"36 km/h", SG_DIM_SPEED, 10, ""},
    {"10kn", SG_DIM_SPEED, 10 * 1852.0 / 3600, ""},
    {"60rpm", SG_DIM_ROTATION, 6.283185307179586, ""},
    {"50Hz", SG_DIM_FREQUENCY, 50, ""},
    {"35psu", SG_DIM_SALINITY, 35, ""},
    {"35 g/kg", SG_DIM_SALINITY, 35, ""},
    {"180deg", SG_DIM_ANGLE, 3.141592653589793, ""},
    {"6MW/min", SG_DIM_RAMP, 1e5, ""},
    {"2%/day", SG_DIM_RATE, 0.02 / 86400, ""},
    {"3/h", SG_DIM_RATE, 3.0 / 3600, ""},
    {"2.7kWh/m3", SG_DIM_ENERGY_PER_VOLUME, 2.7 * 3.6e6, ""},
    {"100 EUR", SG_DIM_MONEY, 100, "EUR"},
    {"0.12 EUR/kWh", SG_DIM_PRICE_ENERGY, 0.12 / 3.6e6, "EUR"},
    {"-35 USD/MWh", SG_DIM_PRICE_ENERGY, -35 / 3.6e9, "USD"},
    {"12.5 EUR/kW", SG_DIM_PRICE_POWER, 0.0125, "EUR"},
    {"380g/kWh", SG_DIM_CARBON, 0.38 / 3.6e6, ""},
    {"0.38 t/MWh", SG_DIM_CARBON, 0.38 / 3.6e6, ""},
    {"5000", SG_DIM_NONE, 5000, ""},
    {"010", SG_DIM_NONE, 10, ""},
};

static void reads_every_unit_by_its_definition(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        sg_quantity q;
        const char *why = "";
        if (sg_quantity_parse(good[i].text, strlen(good[i].text), &q, &why) != SG_OK) {
            print_error("%s: %s\n", good[i].text, why);
            fail();
        }
        if (q.dimension != good[i].dimension ||
            !(fabs(q.value - good[i].value) <= 4e-16 * fabs(good[i].value))) {
            print_error("%s gives %.17g of dimension %d\n", good[i].text, q.value,
                        (int)q.dimension);
            fail();
        }
        assert_string_equal(q.currency, good[i].currency);
    }
}

static void refuses_what_is_no_quantity_and_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
        sg_status status;
    } bad[] = {
        {"", "nothing", SG_FORMAT},
        {"MW", "not a number", SG_FORMAT},
        {"nan", "not a number", SG_FORMAT},
        {"inf W", "not a number", SG_FORMAT},
        {"0x10 W", "unknown unit", SG_FORMAT},
        {".5 W", "not a number", SG_FORMAT},
        {"5. W", "not a number", SG_FORMAT},
        {"--5W", "not a number", SG_FORMAT},
        {"1,000W", "separators", SG_FORMAT},
        {"1_000W", "separators", SG_FORMAT},
        {"5 6W", "separators", SG_FORMAT},
        {"4 MW extra", "unknown unit", SG_FORMAT},
        {"4KW", "kilowatts are kW", SG_FORMAT},
        {"4mW", "megawatts are MW", SG_FORMAT},
        {"4MWH", "megawatt-hours are MWh", SG_FORMAT},
        {"25C", "degC", SG_FORMAT},
        {"300K", "degC", SG_FORMAT},
        {"5kg", "mass", SG_FORMAT},
        {"2%/month", "no fixed length", SG_FORMAT},
        {"1 EUR/USD", "unknown unit", SG_FORMAT},
        {"1 W/V", "combination", SG_FORMAT},
        {"1 W/m2/h", "unknown unit", SG_FORMAT},
        {"1 W/", "unknown unit", SG_FORMAT},
        {"1e999 W", "too large", SG_RANGE},
        {"1e308 TW", "too large", SG_RANGE},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        sg_quantity q = {.value = 77};
        const char *why = "";
        sg_status status = sg_quantity_parse(bad[i].text, strlen(bad[i].text), &q, &why);
        if (status != bad[i].status || !strstr(why, bad[i].why) || q.value != 77) {
            print_error("'%s': status %d, why '%s', value %g\n", bad[i].text, (int)status, why,
                        q.value);
            fail();
        }
    }
    sg_quantity q;
    assert_int_equal(sg_quantity_parse("5\0W", 3, &q, NULL), SG_FORMAT);
    assert_int_equal(sg_quantity_parse("x", 1, &q, NULL), SG_FORMAT);
}

static void passes_only_the_wanted_dimension(void **state)
{
    (void)state;
    sg_quantity q;
    const char *why = "";
    assert_int_equal(sg_quantity_parse_as("0.22", 4, SG_DIM_FRACTION, &q, NULL), SG_OK);
    assert_int_equal(q.dimension, SG_DIM_FRACTION);
    assert_int_equal(sg_quantity_parse_as("22%", 3, SG_DIM_FRACTION, &q, NULL), SG_OK);
    assert_true(fabs(q.value - 0.22) < 1e-15);
    for (int d = 0; d < SG_DIM_COUNT; d++) {
        assert_int_equal(sg_quantity_parse_as("0", 1, (sg_dimension)d, &q, NULL), SG_OK);
        assert_int_equal(q.dimension, d);
        const char *example = sg_dimension_example((sg_dimension)d);
        if (d != SG_DIM_FRACTION) { /* "22% or 0.22" */
            assert_int_equal(
                sg_quantity_parse_as(example, strlen(example), (sg_dimension)d, &q, NULL), SG_OK);
        }
    }
    assert_int_equal(sg_quantity_parse_as("5", 1, SG_DIM_POWER, &q, &why), SG_FORMAT);
    assert_string_equal(why, "a number without a unit");
    assert_int_equal(sg_quantity_parse_as("5kWh", 4, SG_DIM_POWER, &q, &why), SG_FORMAT);
    assert_string_equal(why, "an energy");
    assert_int_equal(sg_quantity_parse_as("5%", 2, SG_DIM_NONE, &q, &why), SG_FORMAT);
}

static void reads_units_alone_for_series_columns(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double factor;
        sg_dimension dimension;
    } units[] = {
        {"W", 1, SG_DIM_POWER},
        {"kW", 1e3, SG_DIM_POWER},
        {"EUR/MWh", 1 / 3.6e9, SG_DIM_PRICE_ENERGY},
        {"g/kWh", 1e-3 / 3.6e6, SG_DIM_CARBON},
        {"degC", 1, SG_DIM_TEMPERATURE},
        {"psu", 1, SG_DIM_SALINITY},
        {"m/s", 1, SG_DIM_SPEED},
        {"", 1, SG_DIM_NONE},
        {"%", 0.01, SG_DIM_FRACTION},
        {"W/m2", 1, SG_DIM_IRRADIANCE},
    };
    for (size_t i = 0; i < COUNT(units); i++) {
        sg_quantity q;
        assert_int_equal(sg_unit_parse(units[i].text, strlen(units[i].text), &q, NULL), SG_OK);
        assert_int_equal(q.dimension, units[i].dimension);
        assert_true(fabs(q.value / units[i].factor - 1) < 1e-15);
    }
}

static void reads_numbers_as_the_c_library_does_to_the_last_bit(void **state)
{
    (void)state;
    uint64_t n = 0;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        int digits = 1 + (int)(sg_prng_u64(1, n++) % 20), point = (int)(sg_prng_u64(1, n++) % 21);
        size_t used = 0;
        if (sg_prng_u64(1, n++) % 2) {
            text[used++] = '-';
        }
        for (int k = 0; k < digits; k++) {
            text[used++] = (char)('0' + sg_prng_u64(1, n++) % 10);
            if (k == point && k + 1 < digits) {
                text[used++] = '.';
            }
        }
        text[used] = '\0';
        if (sg_prng_u64(1, n++) % 2) {
            used += (size_t)snprintf(text + used, sizeof text - used, "e%d",
                                     (int)(sg_prng_u64(1, n++) % 80) - 40);
        }
        double got = 0, wanted = strtod(text, NULL);
        size_t read = sg_number_scan(text, used, &got);
        if (read != used || memcmp(&got, &wanted, sizeof got) != 0) {
            print_error("%s: read %zu of %zu bytes, %.17g instead of %.17g\n", text, read, used,
                        got, wanted);
            fail();
        }
    }
}

static void what_it_writes_reads_back(void **state)
{
    (void)state;
    static const sg_dimension written[] = {SG_DIM_POWER,   SG_DIM_ENERGY,    SG_DIM_TIME,
                                           SG_DIM_SECTION, SG_DIM_RATE,      SG_DIM_VOLTAGE,
                                           SG_DIM_CARBON,  SG_DIM_PER_KELVIN};
    for (size_t d = 0; d < COUNT(written); d++) {
        for (int e = -3; e < 12; e++) {
            char text[SG_QUANTITY_TEXT];
            double value = 3.25 * pow(10, e);
            sg_quantity q;
            sg_quantity_format(value, written[d], text);
            assert_int_equal(sg_quantity_parse_as(text, strlen(text), written[d], &q, NULL), SG_OK);
            assert_true(fabs(q.value / value - 1) < 1e-5);
        }
    }
    char text[SG_QUANTITY_TEXT];
    sg_quantity_format(4e6, SG_DIM_POWER, text);
    assert_string_equal(text, "4 MW");
    sg_quantity_format(0.3 / 3.6e6, SG_DIM_PRICE_ENERGY, text);
    assert_string_equal(text, "0.3 per kWh");
    sg_quantity_format(0.22, SG_DIM_FRACTION, text);
    assert_string_equal(text, "22 %");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_unit_by_its_definition),
        cmocka_unit_test(refuses_what_is_no_quantity_and_says_why),
        cmocka_unit_test(passes_only_the_wanted_dimension),
        cmocka_unit_test(reads_units_alone_for_series_columns),
        cmocka_unit_test(reads_numbers_as_the_c_library_does_to_the_last_bit),
        cmocka_unit_test(what_it_writes_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
