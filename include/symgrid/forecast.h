/* symgrid/forecast.h - forecasts that learn as the readings come, and models with a mixture and intervals for any measured series. */
#ifndef SYMGRID_FORECAST_H
#define SYMGRID_FORECAST_H
#ifdef __cplusplus
extern "C" {
#endif

#include "forecast/bands.h"
#include "forecast/boosting.h"
#include "forecast/calendar.h"
#include "forecast/ensemble.h"
#include "forecast/forecaster.h"
#include "forecast/live.h"
#include "forecast/nowcast.h"
#include "forecast/online.h"
#include "forecast/panel.h"
#include "forecast/track.h"
#include "forecast/rls.h"
#include "forecast/stagger.h"
#include "forecast/usual.h"

#ifdef __cplusplus
}
#endif
#endif
