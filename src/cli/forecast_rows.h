/* forecast_rows.h - CSV rows of measured series, for the models that look ahead. Private to the command line.
 *
 * Columns  one may be the time: a date and time, or a number of seconds. The others are numbers; an empty cell, NaN or a word
 *          that means as much is a missing value.
 * Rows     count in the order they stand in. Steps of another length, and times that run back (clocks that are set back do
 *          that), are counted, told once and change nothing else. */
#ifndef SG_CLI_FORECAST_ROWS_H
#define SG_CLI_FORECAST_ROWS_H
#include "forecast/panel.h"

enum { SG_FORECAST_COLUMN_MAX = 1024, SG_FORECAST_NAME_MAX = 64 };

typedef struct sg_forecast_rows {
    sg_panel panel; /* filled; season from the step where a time column says it */
    char (*name)[SG_FORECAST_NAME_MAX];
    int64_t last_us, step_us; /* of the time column; step 0: there is none */
    int64_t irregular;        /* steps of another length                  */
    int64_t missing;          /* cells                                    */
    void *memory;
} sg_forecast_rows;

/* text: changed in place. time: NULL, the first column named date, datetime or time with anything behind
 * it, where there is one. targets: names with commas
 * between, or "all". SG_EXIT_DONE, or SG_EXIT_USAGE / _ENVIRONMENT after one line on stderr. */
int sg_forecast_rows_read(const char *file, char *text, const char *time, const char *targets,
                          sg_forecast_rows *ret);
void sg_forecast_rows_free(sg_forecast_rows *self);
#endif
