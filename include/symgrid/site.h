/* symgrid/site.h - a site read from its file; its devices, series, points, commands and plans. */
#ifndef SYMGRID_SITE_H
#define SYMGRID_SITE_H
#ifdef __cplusplus
extern "C" {
#endif

#include "site/alarm.h"
#include "site/command.h"
#include "site/measured.h"
#include "site/news.h"
#include "site/plan.h"
#include "site/plant.h"
#include "site/points.h"
#include "site/reader.h"
#include "site/reason.h"
#include "site/request.h"
#include "site/schedule.h"
#include "site/schedules.h"
#include "site/series.h"
#include "site/site.h"

#ifdef __cplusplus
}
#endif
#endif
