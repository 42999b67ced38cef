/* rolling.h - what planning again is worth: the same days without a store's help, planned once a day, every half hour, every
 * five minutes, and with the future known; for each way of forecasting.
 *
 * Regret   cost above that of perfect knowledge on the same days; money.
 * Warm     the forecasts have seen ten days before the first. */
#ifndef SG_STUDY_ROLLING_H
#define SG_STUDY_ROLLING_H
#include "study/simulate.h"

enum { SG_ROLLING_ROW_MAX = 20 };

typedef struct sg_rolling_row {
    const char *policy;     /* "no store", "rules", "plan once a day", ... */
    const char *forecaster; /* "" where nothing is forecast */
    double period_s;        /* between plans, 0 = no plans */
    double cost, regret;
    int64_t plans; /* that were followed, those on events included */
    double load_mae_w,
        generation_mae_w; /* one hour ahead, as the forecaster did; NAN without one */
} sg_rolling_row;

typedef struct sg_rolling {
    const sg_site *site;
    int64_t from_us, to_us;
    double step_s;
    sg_rolling_row row[SG_ROLLING_ROW_MAX];
    int row_count;
} sg_rolling;

/* sim->policy, plan_period_s, forecast_only, simple, baseline and warm_s are the study's own.
 * @effects alloc=yes block=for nineteen runs fails=as sg_simulate */
SG_MUST_CHECK sg_status sg_rolling_study(const sg_simulation *sim, sg_rolling *ret);

/* For a terminal. @effects alloc=yes (the buffer) block=no */
void sg_rolling_table(const sg_rolling *study, sg_out *out);
/* symgrid.rolling/1. */
void sg_rolling_json(const sg_rolling *study, sg_out *out);
#endif
