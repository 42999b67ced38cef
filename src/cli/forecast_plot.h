/* forecast_plot.h - a forecast as one picture: what was, what is said, and between what bounds. Private to the command line. */
#ifndef SG_CLI_FORECAST_PLOT_H
#define SG_CLI_FORECAST_PLOT_H
#include "base/text.h"
#include "cli/forecast_rows.h"
#include "study/backtest.h"

/* The first four series of voice `voice`, one panel each, into the caller's buffer. */
void sg_forecast_plot(const sg_forecast_rows *rows, const sg_backtest *it, int32_t voice,
                      sg_out *out);
#endif
