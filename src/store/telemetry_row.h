/* telemetry_row.h - what of a view goes into the database: a compact value for the queue. */
#ifndef SG_STORE_TELEMETRY_ROW_H
#define SG_STORE_TELEMETRY_ROW_H
#include "store/telemetry.h"

enum { SG_ROW_VALUE_COUNT = 16 };

typedef struct sg_telemetry_row {
    const sg_site *site; /* that it is about */
    int64_t time_us;
    double value[SG_ROW_VALUE_COUNT]; /* columns load ... carbon of table `energy`, in edge units */
    int32_t grid_up;
    int32_t group_count, decision_count;
    struct sg_row_group {
        double power_w, setpoint_w, energy_j, capacity_j;
        uint8_t role, quality, reason;
    } group[SG_GROUP_MAX];
    struct sg_row_decision {
        int64_t time_us;
        double from_w, to_w;
        int32_t reason, state;
        char device[SG_ID_MAX];
    } decision[SG_DECISION_MAX];
} sg_telemetry_row;

/* Decisions later than since_us are taken along. @effects alloc=no block=no fails=never */
void sg_telemetry_row_make(const sg_site *site, const sg_view *view, int64_t since_us,
                           sg_telemetry_row *ret);
SG_MUST_CHECK sg_status sg_telemetry_row_write(sg_telemetry *self, const sg_telemetry_row *row);
const sg_site *sg_telemetry_site(const sg_telemetry *self);
#endif
