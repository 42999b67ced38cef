/* time.h - calendar arithmetic without the C library's time zones or clocks.
 *
 * Instants are signed microseconds since 1970-01-01T00:00:00Z; leap seconds do not exist.
 * Source: civil-from-days after H. Hinnant, "chrono-compatible low-level date algorithms". */
#ifndef SG_BASE_TIME_H
#define SG_BASE_TIME_H
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

#define SG_US_PER_S   INT64_C(1000000)
#define SG_US_PER_DAY (INT64_C(86400) * SG_US_PER_S)
#define SG_TIME_US_MAX \
    INT64_C(           \
        253402300800000000) /* the end of year 9999: no instant lies beyond, nor as far before 1970 */

typedef struct sg_civil {
    int year, month, day, hour, minute;
    double second;
} sg_civil;

/* Days since 1970-01-01 of a proleptic Gregorian date. */
int64_t sg_days_from_civil(int year, int month, int day);
void sg_civil_from_time(int64_t time_us, sg_civil *ret);
int64_t sg_time_from_civil(const sg_civil *civil);
/* Calendar months since the year 0 by a clock that is offset_us east of UTC: year * 12 + month. */
int64_t sg_month_of(int64_t time_us, int64_t offset_us);

/* "2023-01-01", "2023-01-01 00:15", "2023-01-01T00:15:30.5Z", "...+02:00". Without a zone the text is read as UTC.
 * Whole text or SG_FORMAT. @effects alloc=no block=no */
SG_MUST_CHECK sg_status sg_time_parse(const char *text, size_t length, int64_t *ret_us);

/* "UTC", "Z", "UTC-5", "+05:30" -> seconds east of UTC. SG_FORMAT else.
 * Limits: fixed offsets only; daylight saving is the caller's business. */
SG_MUST_CHECK sg_status sg_zone_parse(const char *text, size_t length, int32_t *ret_offset_s);

enum { SG_TIME_TEXT = 32 };
/* "2023-01-01T00:15:00Z", with milliseconds when there are any. */
void sg_time_format(int64_t time_us, char ret[SG_TIME_TEXT]);

/* The same month, day and time of day in another year (29 February becomes the 28th). */
int64_t sg_time_in_year(int64_t time_us, int year);
#endif
