/* quantity.h - numbers with units: "4MW", "22%", "10000m2", "168h", "0.12 EUR/kWh", "-5 degC".
 *
 * Units    the result is SI (W, J, s, m, m2, V, A, K as degC, fraction 0..1, money per J...).
 * Grammar  number [space] unit [ "/" unit ]; SI prefixes k M G T m u where the unit takes them.
 * Time     a year is 365 d; months are refused (their length varies).
 * Memory   nothing is allocated; texts returned are static. */
#ifndef SG_BASE_QUANTITY_H
#define SG_BASE_QUANTITY_H
#include "base/status.h"

#include <stddef.h>

#define SG_DIMENSION_LIST(X)                                         \
    X(SG_DIM_NONE, "a plain number", "3")                            \
    X(SG_DIM_FRACTION, "a fraction", "22% or 0.22")                  \
    X(SG_DIM_POWER, "a power", "4MW")                                \
    X(SG_DIM_ENERGY, "an energy", "100MWh")                          \
    X(SG_DIM_TIME, "a duration", "168h")                             \
    X(SG_DIM_LENGTH, "a length", "25m")                              \
    X(SG_DIM_AREA, "an area", "10000m2")                             \
    X(SG_DIM_SECTION, "a conductor section", "240mm2")               \
    X(SG_DIM_VOLUME, "a volume", "2700m3")                           \
    X(SG_DIM_VOLTAGE, "a voltage", "400V")                           \
    X(SG_DIM_CURRENT, "a current", "125A")                           \
    X(SG_DIM_RESISTANCE, "a resistance", "3mOhm")                    \
    X(SG_DIM_CAPACITANCE, "a capacitance", "165F")                   \
    X(SG_DIM_TEMPERATURE, "a temperature", "25degC")                 \
    X(SG_DIM_PER_KELVIN, "a temperature coefficient", "-0.35%/K")    \
    X(SG_DIM_IRRADIANCE, "an irradiance", "1000W/m2")                \
    X(SG_DIM_SPEED, "a speed", "5m/s")                               \
    X(SG_DIM_ROTATION, "a rotational speed", "36000rpm")             \
    X(SG_DIM_FREQUENCY, "a frequency", "50Hz")                       \
    X(SG_DIM_SALINITY, "a salinity", "35psu")                        \
    X(SG_DIM_ANGLE, "an angle", "10deg")                             \
    X(SG_DIM_RAMP, "a power ramp", "2MW/min")                        \
    X(SG_DIM_RATE, "a fraction per time", "2%/day")                  \
    X(SG_DIM_ENERGY_PER_VOLUME, "an energy per volume", "2.7kWh/m3") \
    X(SG_DIM_MONEY, "an amount of money", "100 EUR")                 \
    X(SG_DIM_PRICE_ENERGY, "a price of energy", "0.12 EUR/kWh")      \
    X(SG_DIM_PRICE_POWER, "a price of power", "12.5 EUR/kW")         \
    X(SG_DIM_CARBON, "a carbon intensity", "380g/kWh")

typedef enum sg_dimension {
#define X(code, text, example) code,
    SG_DIMENSION_LIST(X)
#undef X
        SG_DIM_COUNT
} sg_dimension;

typedef struct sg_quantity {
    double value;           /* SI; money in whole currency units */
    sg_dimension dimension; /* SG_DIM_NONE for a bare number     */
    char currency[4];       /* ISO 4217 code or ""               */
} sg_quantity;

/* Parse the whole text (no rest allowed). SG_FORMAT: not a quantity or unknown unit; SG_RANGE: not
 * finite. *ret_what, where given, receives a static text of what was wrong; *ret is written only on SG_OK.
 * @effects alloc=no block=no */
SG_MUST_CHECK sg_status sg_quantity_parse(const char *text, size_t length, sg_quantity *ret,
                                          const char **ret_what);

/* Parse text as the wanted dimension. A bare number passes for SG_DIM_NONE and SG_DIM_FRACTION, and "0" for all;
 * "22%" passes for a fraction. Otherwise SG_FORMAT, and *ret_what says what came instead.
 * @effects alloc=no block=no */
SG_MUST_CHECK sg_status sg_quantity_parse_as(const char *text, size_t length, sg_dimension want,
                                             sg_quantity *ret, const char **ret_what);

/* The SI factor of a unit alone ("kW" -> 1000), for series columns. */
SG_MUST_CHECK sg_status sg_unit_parse(const char *text, size_t length, sg_quantity *ret,
                                      const char **ret_what);

/* The decimal number at the start of text: [+-] digits [. digits] [e [+-] digits]. Returns the bytes used, 0 when there is
 * none (also for "nan", "inf", hexadecimals, "1." and ".5", and beyond 127 characters). Correctly rounded; *ret may be
 * infinite. @effects alloc=no block=no */
size_t sg_number_scan(const char *text, size_t length, double *ret);

enum { SG_QUANTITY_TEXT = 48 };
/* For people: "4 MW", "100 MWh", "22 %", "0.3 per kWh"; six digits. @effects alloc=no block=no fails=never */
void sg_quantity_format(double value, sg_dimension dimension, char ret[SG_QUANTITY_TEXT]);

const char *sg_dimension_text(sg_dimension dimension);    /* "a power"          */
const char *sg_dimension_example(sg_dimension dimension); /* "4MW"              */
const char *sg_dimension_unit(sg_dimension dimension);    /* SI unit, e.g. "W"  */
#endif
