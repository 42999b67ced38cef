/* symgrid/forecast.h - forecasts that learn as the readings come. */
#ifndef SYMGRID_FORECAST_H
#define SYMGRID_FORECAST_H
#ifdef __cplusplus
extern "C" {
#endif

#include "forecast/online.h"

#ifdef __cplusplus
}
#endif
#endif
