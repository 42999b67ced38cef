#include "base/quantity.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Dimensions that only occur inside quotients. */
enum { DIM_MASS = SG_DIM_COUNT, DIM_KELVIN };

typedef struct unit {
    const char *symbol;
    const char *prefixes; /* SI prefixes that it takes; "" = none */
    int dimension;
    double factor;
} unit;

#define PI 3.14159265358979323846

/* Milliwatts and megaseconds are left out on purpose: in a site file they are slips of the shift key. */
static const unit units[] = {
    {"W", "kMGT", SG_DIM_POWER, 1},
    {"Wh", "kMGT", SG_DIM_ENERGY, 3600},
    {"J", "kMGT", SG_DIM_ENERGY, 1},
    {"s", "mu", SG_DIM_TIME, 1},
    {"sec", "", SG_DIM_TIME, 1},
    {"min", "", SG_DIM_TIME, 60},
    {"h", "", SG_DIM_TIME, 3600},
    {"hour", "", SG_DIM_TIME, 3600},
    {"d", "", SG_DIM_TIME, 86400},
    {"day", "", SG_DIM_TIME, 86400},
    {"week", "", SG_DIM_TIME, 604800},
    {"year", "", SG_DIM_TIME, 31536000},
    {"yr", "", SG_DIM_TIME, 31536000},
    {"m", "km", SG_DIM_LENGTH, 1},
    {"cm", "", SG_DIM_LENGTH, 0.01},
    {"m2", "", SG_DIM_AREA, 1},
    {"ha", "", SG_DIM_AREA, 1e4},
    {"km2", "", SG_DIM_AREA, 1e6},
    {"mm2", "", SG_DIM_SECTION, 1e-6},
    {"m3", "", SG_DIM_VOLUME, 1},
    {"l", "", SG_DIM_VOLUME, 1e-3},
    {"L", "", SG_DIM_VOLUME, 1e-3},
    {"V", "mk", SG_DIM_VOLTAGE, 1},
    {"A", "mk", SG_DIM_CURRENT, 1},
    {"Ohm", "mukM", SG_DIM_RESISTANCE, 1},
    {"ohm", "mukM", SG_DIM_RESISTANCE, 1},
    {"F", "muk", SG_DIM_CAPACITANCE, 1},
    {"degC", "", SG_DIM_TEMPERATURE, 1},
    {"K", "m", DIM_KELVIN, 1},
    {"rpm", "", SG_DIM_ROTATION, 2 * PI / 60},
    {"kn", "", SG_DIM_SPEED, 1852.0 / 3600},
    {"Hz", "mkMG", SG_DIM_FREQUENCY, 1},
    {"psu", "", SG_DIM_SALINITY, 1},
    {"deg", "", SG_DIM_ANGLE, PI / 180},
    {"rad", "m", SG_DIM_ANGLE, 1},
    {"%", "", SG_DIM_FRACTION, 0.01},
    {"1", "", SG_DIM_NONE, 1},
    {"g", "k", DIM_MASS, 1e-3},
    {"t", "", DIM_MASS, 1e3},
};

static const struct quotient {
    int over, under, result;
    double factor;
} quotients[] = {
    {SG_DIM_POWER, SG_DIM_AREA, SG_DIM_IRRADIANCE, 1},
    {SG_DIM_POWER, SG_DIM_TIME, SG_DIM_RAMP, 1},
    {SG_DIM_LENGTH, SG_DIM_TIME, SG_DIM_SPEED, 1},
    {SG_DIM_ANGLE, SG_DIM_TIME, SG_DIM_ROTATION, 1},
    {SG_DIM_FRACTION, SG_DIM_TIME, SG_DIM_RATE, 1},
    {SG_DIM_NONE, SG_DIM_TIME, SG_DIM_RATE, 1},
    {SG_DIM_FRACTION, DIM_KELVIN, SG_DIM_PER_KELVIN, 1},
    {SG_DIM_NONE, DIM_KELVIN, SG_DIM_PER_KELVIN, 1},
    {SG_DIM_FRACTION, SG_DIM_TEMPERATURE, SG_DIM_PER_KELVIN, 1},
    {SG_DIM_ENERGY, SG_DIM_VOLUME, SG_DIM_ENERGY_PER_VOLUME, 1},
    {SG_DIM_MONEY, SG_DIM_ENERGY, SG_DIM_PRICE_ENERGY, 1},
    {SG_DIM_MONEY, SG_DIM_POWER, SG_DIM_PRICE_POWER, 1},
    {DIM_MASS, SG_DIM_ENERGY, SG_DIM_CARBON, 1},
    {DIM_MASS, DIM_MASS, SG_DIM_SALINITY, 1000}, /* g/kg: 0.001 kg/kg is 1 psu */
};

static const char *const dimension_texts[] = {
#define X(code, text, example) text,
    SG_DIMENSION_LIST(X)
#undef X
};
static const char *const dimension_examples[] = {
#define X(code, text, example) example,
    SG_DIMENSION_LIST(X)
#undef X
};

/* What people write with a keyboard that has the signs. */
static const struct alias {
    const char *text, *symbol;
} aliases[] = {
    {"m\xC2\xB2", "m2"},
    {"m\xC2\xB3", "m3"},
    {"mm\xC2\xB2", "mm2"},
    {"\xC2\xB0"
     "C",
     "degC"},
    {"\xC2\xB0", "deg"},
    {"\xCE\xA9", "Ohm"},
    {"m\xCE\xA9", "mOhm"},
    {"\xE2\x84\xA6", "Ohm"},
    {"m\xE2\x84\xA6", "mOhm"},
    {"\xC2\xB5s", "us"},
    {"\xCE\xBCs", "us"},
    {"\xC2\xB5"
     "F",
     "uF"},
    {"\xCE\xBC"
     "F",
     "uF"},
    {"days", "day"},
    {"hours", "hour"},
    {"weeks", "week"},
    {"years", "year"},
    {"wk", "week"},
    {"y", "year"},
    {"ppt", "psu"},
    {"minute", "min"},
    {"minutes", "min"},
    {"second", "s"},
    {"seconds", "s"},
};

const char *sg_dimension_text(sg_dimension dimension)
{
    return dimension_texts[dimension];
}

const char *sg_dimension_example(sg_dimension dimension)
{
    return dimension_examples[dimension];
}

const char *sg_dimension_unit(sg_dimension dimension)
{
    static const char *const names[SG_DIM_COUNT] = {
        [SG_DIM_NONE] = "",
        [SG_DIM_FRACTION] = "",
        [SG_DIM_POWER] = "W",
        [SG_DIM_ENERGY] = "J",
        [SG_DIM_TIME] = "s",
        [SG_DIM_LENGTH] = "m",
        [SG_DIM_AREA] = "m2",
        [SG_DIM_SECTION] = "m2",
        [SG_DIM_VOLUME] = "m3",
        [SG_DIM_VOLTAGE] = "V",
        [SG_DIM_CURRENT] = "A",
        [SG_DIM_RESISTANCE] = "Ohm",
        [SG_DIM_CAPACITANCE] = "F",
        [SG_DIM_TEMPERATURE] = "degC",
        [SG_DIM_PER_KELVIN] = "1/K",
        [SG_DIM_IRRADIANCE] = "W/m2",
        [SG_DIM_SPEED] = "m/s",
        [SG_DIM_ROTATION] = "rad/s",
        [SG_DIM_FREQUENCY] = "Hz",
        [SG_DIM_SALINITY] = "psu",
        [SG_DIM_ANGLE] = "rad",
        [SG_DIM_RAMP] = "W/s",
        [SG_DIM_RATE] = "1/s",
        [SG_DIM_ENERGY_PER_VOLUME] = "J/m3",
        [SG_DIM_MONEY] = "money",
        [SG_DIM_PRICE_ENERGY] = "money/J",
        [SG_DIM_PRICE_POWER] = "money/W",
        [SG_DIM_CARBON] = "kg/J",
    };
    return names[dimension];
}

/* ---- numbers ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The general case: correctly rounded by the C library, which always runs in the "C" locale here. */
static bool number_slow(const char *text, size_t length, double *ret)
{
    char copy[128];
    if (length >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    *ret = strtod(copy, NULL);
    return true;
}

size_t sg_number_scan(const char *text, size_t length, double *ret)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    size_t i = 0;
    bool negative = i < length && text[i] == '-';
    i += i < length && (text[i] == '-' || text[i] == '+');
    uint64_t mantissa = 0;
    int exponent = 0;
    size_t first = i, digits = 0;
    bool exact = true;
    for (bool fraction = false; i < length; i++) {
        if (text[i] == '.' && !fraction) {
            fraction = true;
            continue;
        }
        if (!is_digit(text[i])) {
            break;
        }
        digits++;
        exact = exact && mantissa < (UINT64_C(1) << 53) / 10;
        mantissa = exact ? mantissa * 10 + (uint64_t)(text[i] - '0') : mantissa;
        exponent -= fraction;
    }
    if (digits == 0 || text[first] == '.' || text[i - 1] == '.') {
        return 0;
    }
    size_t e = i;
    if (e + 1 < length && (text[e] == 'e' || text[e] == 'E')) {
        e++;
        bool minus = text[e] == '-';
        e += text[e] == '-' || text[e] == '+';
        int written = 0;
        size_t start = e;
        for (; e < length && is_digit(text[e]); e++) {
            written = written < 100000 ? written * 10 + (text[e] - '0') : written;
        }
        if (e > start) {
            exponent += minus ? -written : written;
            i = e;
        }
    }
    if (exact && exponent >= -22 && exponent <= 22) {
        double value = (double)mantissa;
        value = exponent < 0 ? value / tens[-exponent] : value * tens[exponent];
        *ret = negative ? -value : value;
        return i;
    }
    return number_slow(text, i, ret) ? i : 0;
}

/* ---- units ---- */

static double prefix_factor(char prefix)
{
    switch (prefix) {
    case 'u':
        return 1e-6;
    case 'm':
        return 1e-3;
    case 'k':
        return 1e3;
    case 'M':
        return 1e6;
    case 'G':
        return 1e9;
    default:
        return 1e12;
    }
}

static bool equals(const char *text, size_t length, const char *symbol)
{
    return strlen(symbol) == length && memcmp(text, symbol, length) == 0;
}

typedef struct scale {
    int dimension;
    double factor;
    char currency[4];
} scale;

static bool single_unit(const char *text, size_t length, scale *ret)
{
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        if (equals(text, length, aliases[i].text)) {
            text = aliases[i].symbol;
            length = strlen(text);
            break;
        }
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        const unit *u = &units[i];
        if (equals(text, length, u->symbol)) {
            *ret = (scale){u->dimension, u->factor, ""};
            return true;
        }
        if (length > 1 && text[0] && strchr(u->prefixes, text[0]) &&
            equals(text + 1, length - 1, u->symbol)) {
            *ret = (scale){u->dimension, u->factor * prefix_factor(text[0]), ""};
            return true;
        }
    }
    if (length == 3 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z' &&
        text[2] >= 'A' && text[2] <= 'Z') {
        *ret = (scale){SG_DIM_MONEY, 1, {text[0], text[1], text[2], '\0'}};
        return true;
    }
    return false;
}

static const char *unknown_unit(const char *text, size_t length)
{
    if (equals(text, length, "month") || equals(text, length, "months") ||
        equals(text, length, "mo")) {
        return "a month has no fixed length; write days";
    }
    if (length > 0 && (text[0] == ',' || text[0] == '_' || is_digit(text[0]))) {
        return "digits are written without separators";
    }
    static const char *const confused[][2] = {
        {"KW", "unknown unit; kilowatts are kW"},
        {"kw", "unknown unit; kilowatts are kW"},
        {"Kw", "unknown unit; kilowatts are kW"},
        {"mW", "unknown unit; megawatts are MW"},
        {"mw", "unknown unit; megawatts are MW"},
        {"Mw", "unknown unit; megawatts are MW"},
        {"KWh", "unknown unit; kilowatt-hours are kWh"},
        {"kwh", "unknown unit; kilowatt-hours are kWh"},
        {"kWH", "unknown unit; kilowatt-hours are kWh"},
        {"KWH", "unknown unit; kilowatt-hours are kWh"},
        {"Mwh", "unknown unit; megawatt-hours are MWh"},
        {"mWh", "unknown unit; megawatt-hours are MWh"},
        {"MWH", "unknown unit; megawatt-hours are MWh"},
        {"H", "unknown unit; hours are h"},
        {"C", "unknown unit; degrees Celsius are degC"},
        {"kVA", "unknown unit; write active power in kW"},
    };
    for (size_t i = 0; i < sizeof confused / sizeof confused[0]; i++) {
        if (equals(text, length, confused[i][0])) {
            return confused[i][1];
        }
    }
    return "unknown unit";
}

/* KWH and MWH would otherwise read as currencies. */
static bool is_confused_currency(const char *text, size_t length)
{
    return equals(text, length, "KWH") || equals(text, length, "MWH") ||
           equals(text, length, "GWH");
}

static sg_status whole_unit(const char *text, size_t length, scale *ret, const char **ret_what)
{
    const char *slash = memchr(text, '/', length);
    size_t over_length = slash ? (size_t)(slash - text) : length;
    while (over_length > 0 && text[over_length - 1] == ' ') {
        over_length--;
    }
    scale over, under;
    if (slash && over_length == 0) {
        over = (scale){SG_DIM_NONE, 1, ""}; /* "3/h" */
    } else if (is_confused_currency(text, over_length) || !single_unit(text, over_length, &over)) {
        *ret_what = unknown_unit(text, over_length);
        return SG_FORMAT;
    }
    if (!slash) {
        if (over.dimension >= SG_DIM_COUNT) {
            *ret_what = over.dimension == DIM_KELVIN ? "temperatures are written in degC"
                                                     : "a mass is not expected anywhere";
            return SG_FORMAT;
        }
        *ret = over;
        return SG_OK;
    }
    const char *rest = slash + 1;
    size_t rest_length = length - (size_t)(rest - text);
    while (rest_length > 0 && *rest == ' ') {
        rest++;
        rest_length--;
    }
    if (!single_unit(rest, rest_length, &under) || under.currency[0]) {
        *ret_what = unknown_unit(rest, rest_length);
        return SG_FORMAT;
    }
    for (size_t i = 0; i < sizeof quotients / sizeof quotients[0]; i++) {
        const struct quotient *q = &quotients[i];
        if (q->over == over.dimension && q->under == under.dimension) {
            *ret = over;
            ret->dimension = q->result;
            ret->factor = over.factor / under.factor * q->factor;
            return SG_OK;
        }
    }
    *ret_what = "unknown combination of units";
    return SG_FORMAT;
}

/* ---- quantities ---- */

static void trim(const char **text, size_t *length)
{
    while (*length > 0 && (**text == ' ' || **text == '\t')) {
        ++*text;
        --*length;
    }
    while (*length > 0 && ((*text)[*length - 1] == ' ' || (*text)[*length - 1] == '\t')) {
        --*length;
    }
}

sg_status sg_unit_parse(const char *text, size_t length, sg_quantity *ret, const char **ret_what)
{
    const char *ignored;
    ret_what = ret_what ? ret_what : &ignored;
    trim(&text, &length);
    scale s = {SG_DIM_NONE, 1, ""};
    if (length > 0) {
        sg_status status = whole_unit(text, length, &s, ret_what);
        if (status != SG_OK) {
            return status;
        }
    }
    *ret = (sg_quantity){.value = s.factor, .dimension = (sg_dimension)s.dimension};
    memcpy(ret->currency, s.currency, sizeof s.currency);
    return SG_OK;
}

sg_status sg_quantity_parse(const char *text, size_t length, sg_quantity *ret,
                            const char **ret_what)
{
    const char *ignored;
    ret_what = ret_what ? ret_what : &ignored;
    trim(&text, &length);
    double number;
    size_t used = sg_number_scan(text, length, &number);
    if (used == 0) {
        *ret_what = length == 0 ? "nothing" : "not a number with a unit";
        return SG_FORMAT;
    }
    const char *rest = text + used;
    size_t rest_length = length - used;
    trim(&rest, &rest_length);
    sg_quantity unit_part;
    sg_status status = sg_unit_parse(rest, rest_length, &unit_part, ret_what);
    if (status != SG_OK) {
        return status;
    }
    unit_part.value *= number;
    if (!isfinite(unit_part.value)) {
        *ret_what = "too large a number";
        return SG_RANGE;
    }
    *ret = unit_part;
    return SG_OK;
}

sg_status sg_quantity_parse_as(const char *text, size_t length, sg_dimension want, sg_quantity *ret,
                               const char **ret_what)
{
    const char *ignored;
    ret_what = ret_what ? ret_what : &ignored;
    sg_quantity got;
    sg_status status = sg_quantity_parse(text, length, &got, ret_what);
    if (status != SG_OK) {
        return status;
    }
    bool bare = got.dimension == SG_DIM_NONE;
    if (got.dimension != want && !(bare && (want == SG_DIM_FRACTION || got.value == 0.0))) {
        *ret_what = bare ? "a number without a unit" : sg_dimension_text(got.dimension);
        return SG_FORMAT;
    }
    got.dimension = want;
    *ret = got;
    return SG_OK;
}

/* ---- writing ---- */

typedef struct step {
    double factor;
    const char *unit;
} step;

static const char *scaled(double value, const step *steps, double *ret)
{
    const step *best = steps;
    for (const step *s = steps; s->unit; s++) {
        if (fabs(value) >= s->factor * 0.9999999) {
            best = s;
        }
    }
    *ret = value / best->factor;
    return best->unit;
}

void sg_quantity_format(double value, sg_dimension dimension, char ret[SG_QUANTITY_TEXT])
{
    static const step power[] = {{1, "W"}, {1e3, "kW"}, {1e6, "MW"}, {1e9, "GW"}, {0, NULL}};
    static const step energy[] = {
        {3600, "Wh"}, {3.6e6, "kWh"}, {3.6e9, "MWh"}, {3.6e12, "GWh"}, {0, NULL}};
    static const step time[] = {{1, "s"}, {60, "min"}, {3600, "h"}, {172800.0 / 2, "d"}, {0, NULL}};
    static const step volt[] = {{1, "V"}, {1e3, "kV"}, {0, NULL}};
    static const step ohm[] = {{1e-6, "uOhm"}, {1e-3, "mOhm"}, {1, "Ohm"}, {0, NULL}};
    static const step section[] = {{1e-6, "mm2"}, {0, NULL}};
    static const step percent[] = {{0.01, "%"}, {0, NULL}};
    static const step percent_kelvin[] = {{0.01, "%/K"}, {0, NULL}};
    static const step ramp[] = {{1000.0 / 60, "kW/min"}, {1e6 / 60, "MW/min"}, {0, NULL}};
    static const step rate[] = {{0.01 / 86400, "%/day"}, {0, NULL}};
    static const step rotation[] = {{2 * PI / 60, "rpm"}, {0, NULL}};
    static const step angle[] = {{PI / 180, "deg"}, {0, NULL}};
    static const step density[] = {{3.6e6, "kWh/m3"}, {0, NULL}};
    static const step price[] = {{1 / 3.6e6, "per kWh"}, {0, NULL}};
    static const step price_power[] = {{1e-3, "per kW"}, {0, NULL}};
    static const step carbon[] = {{1e-3 / 3.6e6, "g/kWh"}, {0, NULL}};
    static const step *const scales[SG_DIM_COUNT] = {
        [SG_DIM_FRACTION] = percent,
        [SG_DIM_POWER] = power,
        [SG_DIM_ENERGY] = energy,
        [SG_DIM_TIME] = time,
        [SG_DIM_VOLTAGE] = volt,
        [SG_DIM_RESISTANCE] = ohm,
        [SG_DIM_SECTION] = section,
        [SG_DIM_PER_KELVIN] = percent_kelvin,
        [SG_DIM_RAMP] = ramp,
        [SG_DIM_RATE] = rate,
        [SG_DIM_ROTATION] = rotation,
        [SG_DIM_ANGLE] = angle,
        [SG_DIM_ENERGY_PER_VOLUME] = density,
        [SG_DIM_PRICE_ENERGY] = price,
        [SG_DIM_PRICE_POWER] = price_power,
        [SG_DIM_CARBON] = carbon,
    };
    const char *name = sg_dimension_unit(dimension);
    double shown = value;
    if (scales[dimension] && isfinite(value)) {
        name = scaled(value, scales[dimension], &shown);
    }
    snprintf(ret, SG_QUANTITY_TEXT, *name ? "%.6g %s" : "%.6g%s", shown, name);
}
