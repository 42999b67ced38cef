/* forecast_rows.h - CSV rows of measured series, for the models that look ahead. Private to the command line.
 *
 * Columns  one may be the time: a date and time, or a number of seconds. The others are numbers; an empty cell, NaN or a word
 *          that means as much is a missing value.
 * Rows     count in the order they stand in. Steps of another length, and times that run back (clocks that are set back do
 *          that), are counted, told once and change nothing else. */
#ifndef SG_CLI_FORECAST_ROWS_H
#define SG_CLI_FORECAST_ROWS_H
#include "forecast/panel.h"
#include "model/clear_sky.h"

enum { SG_FORECAST_COLUMN_MAX = 1024, SG_FORECAST_NAME_MAX = 64 };

/* What is asked of the file. Columns are names with commas between, NULL: none. */
typedef struct sg_forecast_wish {
    const char *
        time; /* NULL: the first column named date, datetime or time with anything behind it, where there is one */
    const char *targets;     /* or "all": what is neither the time nor an input */
    const char *inputs;      /* seen up to now                                  */
    const char *known;       /* known ahead: their rows go on behind the last one with a target */
    const char *holidays;    /* one that is known ahead: not 0 on days off      */
    bool calendar;           /* inputs made from the time, in zone_s            */
    const sg_clear_sky *sun; /* NULL: no clear sky                              */
    int32_t zone_s;          /* of times that name none, seconds east of UTC    */
    int64_t ahead;           /* rows that are to be known ahead                 */
} sg_forecast_wish;

typedef struct sg_forecast_rows {
    sg_panel
        panel; /* filled; season from the step where a time column says it; with the inputs, if any */
    sg_inputs inputs; /* clear sky, calendar, holidays, known columns, inputs     */
    char (*name)[SG_FORECAST_NAME_MAX];
    int64_t last_us, step_us; /* of the time column; step 0: there is none */
    int64_t irregular;        /* steps of another length                  */
    int64_t missing;          /* cells of targets                         */
    void *memory;
} sg_forecast_rows;

/* text: changed in place; sg_forecast_rows_free() after SG_EXIT_DONE, and *ret stays where it is: its panel points into it.
 * SG_EXIT_DONE, or SG_EXIT_USAGE / _ENVIRONMENT after one line on stderr. */
int sg_forecast_rows_read(const char *file, char *text, const sg_forecast_wish *wish,
                          sg_forecast_rows *ret);
void sg_forecast_rows_free(sg_forecast_rows *self);
#endif
