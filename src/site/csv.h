/* csv.h - columns of numbers out of a CSV file; private to src/site.
 *
 * Form     UTF-8, one header row, comma, decimal point; LF or CRLF; cells may be quoted; empty, NaN, NA and null are
 *          missing values. Lines must have as many cells as the header.
 * Time     one column of ISO 8601 stamps, or of numbers (then relative to the first row), or three columns month, day,
 *          hour of a typical year.
 * Memory   heap arrays, released by sg_csv_free. */
#ifndef SG_SITE_CSV_H
#define SG_SITE_CSV_H
#include "site/diagnose.h"

#include <stdbool.h>
#include <stdint.h>

enum { SG_CSV_WHERE_MAX = 4, SG_CSV_TYPICAL_YEAR = 2023 };

typedef struct sg_csv_query {
    const char *time[3];   /* column names: [0] alone, or month, day, hour */
    double time_unit_s;    /* of a numeric time column                     */
    int32_t zone_offset_s; /* of stamps without a zone                   */
    const char *const *columns;
    int column_count;
    struct {
        const char *column, *text;
    } where[SG_CSV_WHERE_MAX];
    int where_count;
} sg_csv_query;

typedef struct sg_csv {
    int64_t *time_us; /* [rows] strictly rising                    */
    double *value;    /* [rows][columns], NAN = missing            */
    int32_t *line;    /* [rows] in the file                        */
    int32_t rows;
    int32_t last_line;
    bool relative; /* the time column held numbers              */
} sg_csv;

/* False after a diagnostic. `file` names it in diagnostics, `asked` is where the site file asked for it.
 * @effects alloc=yes block=no */
bool sg_csv_parse(const char *text, size_t length, const char *file, sg_place asked,
                  const sg_csv_query *query, sg_diagnostics *diagnostics, sg_csv *ret);
void sg_csv_free(sg_csv *self);

/* Read a regular file of at most size_max bytes into a heap block. Returns NULL and a static reason on failure.
 * @effects alloc=yes block=yes */
char *sg_file_read(const char *path, size_t size_max, size_t *ret_length, const char **ret_why);
#endif
