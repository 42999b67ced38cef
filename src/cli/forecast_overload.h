/* forecast_overload.h - symgrid forecast --overload: warnings of a limit, judged on the test rows. Private to the command line. */
#ifndef SG_CLI_FORECAST_OVERLOAD_H
#define SG_CLI_FORECAST_OVERLOAD_H
#include "cli/forecast_rows.h"
#include "cli/verbs.h"
#include "study/overload.h"

typedef struct sg_forecast_overload {
    sg_overload of;
    int32_t voice; /* whose intervals; -1: of all models mixed */
    int64_t step_us;
    double *memory;
} sg_forecast_overload;

/* text: a number in the columns' units, or pNN, the NNth percentile of each column's own values. The plan keeps what is told of its
 * windows from now on. SG_EXIT_DONE, or SG_EXIT_USAGE / _ENVIRONMENT after one line on stderr. */
int sg_forecast_overload_start(sg_forecast_overload *self, const char *text, int32_t voice,
                               const sg_forecast_rows *rows, sg_backtest_plan *plan);
/* After the test. next: the forecast after the last row, NULL: none. */
void sg_forecast_overload_json(const sg_forecast_overload *self, const sg_forecast_rows *rows,
                               const sg_backtest *next, sg_out *out);
void sg_forecast_overload_table(const sg_forecast_overload *self, const sg_forecast_rows *rows,
                                const sg_backtest *next, sg_out *out);
void sg_forecast_overload_free(sg_forecast_overload *self);
#endif
