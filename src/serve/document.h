/* document.h - a view as people and programs read it: symgrid.telemetry/1, tasks, Prometheus text.
 * Pure functions.
 *
 * Units    kW, kWh, money per kWh, g/kWh in JSON; base units (watts, joules, seconds) in metrics.
 *          Non-finite becomes null. */
#ifndef SG_SERVE_DOCUMENT_H
#define SG_SERVE_DOCUMENT_H
#include "base/text.h"
#include "engine/view.h"
#include "site/site.h"

/* @effects alloc=yes (out) block=no */
void sg_document_telemetry(const sg_site *site, const sg_view *view, sg_out *out);
/* symgrid.plan/1: the calendar of each group of stores, and the tasks that are granted. */
void sg_document_plan(const sg_site *site, const sg_view *view, sg_out *out);
/* The member `forecast` of telemetry: what is told of each series, by whom, and what it was worth. */
void sg_document_forecast(const sg_view *view, sg_out *out);
/* alarms.c: how the alarms stand. */
void sg_document_alarm_summary(const sg_alarm_summary *summary, const char *key, sg_out *out);
void sg_document_task(const sg_task *task, const char *key, sg_out *out);
void sg_document_settlement(const sg_settlement *interval, const char *key, sg_out *out);

/* What the server knows about itself, for /metrics. */
typedef struct sg_serve_counters {
    const char *version;
    int64_t start_s;     /* of the server, seconds since 1970 */
    int64_t requests[6]; /* by first digit of the status, 1..5 */
    int64_t streams, connections;
    int64_t events; /* sent to streams */
} sg_serve_counters;

/* Prometheus text format 0.0.4; view may be NULL. @effects alloc=yes (out) block=no */
void sg_document_metrics(const sg_site *site, const sg_view *view,
                         const sg_serve_counters *counters, sg_out *out);
#endif
