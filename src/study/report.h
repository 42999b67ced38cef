/* report.h - what a simulated period came to: symgrid.report/1, as JSON and as one HTML page.
 *
 * Units    SI inside (J, W, money, kg, s); the writers speak kWh, kW and money.
 * Time     UTC microseconds; days, hours and months are those of the site's zone.
 * Memory   one flat value, which the caller owns: it points to the site, and to the texts of `origin`. */
#ifndef SG_STUDY_REPORT_H
#define SG_STUDY_REPORT_H
#include "base/text.h"
#include "engine/view.h"
#include "settle/regulation.h"
#include "site/site.h"

enum { SG_TRACE_MAX = 1200 }; /* points of a trace: longer runs are averaged into this many bins */

enum { SG_LEVEL_COUNT = 10 }; /* tenths of a store's capacity */

typedef struct sg_report_store {
    double energy_in_j, energy_out_j; /* at the bus */
    double cycles;                    /* energy out / capacity (equivalent full cycles) */
    double energy_first_j, energy_last_j, capacity_j;
    double soh_frac; /* NAN: no ageing model for this kind */
    double wear_cost;
    double energy_least_j, energy_most_j, energy_mean_j;
    double level_s[SG_LEVEL_COUNT]; /* time spent in each tenth of the capacity */
} sg_report_store;

enum { SG_MONTH_MAX = 60 };

/* What a month came to, for one of the two runs. NAN throughout where it was not run. */
typedef struct sg_report_money {
    double import_cost, export_revenue, demand_charge_cost, fuel_cost, wear_cost, unserved_cost;
    double inventory_credit;
    double curtailed_j;
    double carbon_kg, carbon_credit_kg; /* of imports; of exports */
} sg_report_money;

typedef struct sg_report_month {
    int64_t start_us; /* of the calendar month */
    double load_j, unserved_j, import_j, export_j, losses_j, store_loss_j;
    double out_j[SG_GROUP_MAX], in_j[SG_GROUP_MAX]; /* by group: sources and stores, at the bus */
    sg_report_money money, baseline;                /* of the policy, of `static`               */
    double price_sum;                               /* of the import price, per J, by step      */
    int64_t price_steps;
} sg_report_month;

/* Averages per bin, for pictures. */
typedef struct sg_trace {
    int count;
    int64_t start_us, bin_us;
    double load_w[SG_TRACE_MAX], generation_w[SG_TRACE_MAX], import_w[SG_TRACE_MAX],
        export_w[SG_TRACE_MAX], store_w[SG_TRACE_MAX], curtailed_w[SG_TRACE_MAX],
        unserved_w[SG_TRACE_MAX], import_price[SG_TRACE_MAX] /* money per J */,
        carbon[SG_TRACE_MAX] /* kg per J */;
    double energy_j[SG_PLAN_STORE_MAX]
                   [SG_TRACE_MAX]; /* the first store groups, at the end of each bin */
    int store_group[SG_PLAN_STORE_MAX];
    int store_count;
} sg_trace;

/* The whole period under `static`: what the policy is held against. NAN throughout where it was not run. */
typedef struct sg_report_baseline {
    sg_report_money money; /* over the whole period */
    double import_j, export_j, load_j, unserved_j, losses_j, store_loss_j;
    double peak_w, downtime_s, overload_s;
} sg_report_baseline;

/* How near the run came to one limit: the worst of the group's members, by the plant's own truth (study/limits.h). */
typedef enum sg_limit_kind {
    SG_LIMIT_IMPORT,
    SG_LIMIT_EXPORT,
    SG_LIMIT_NODE,   /* index: of the node group; the member that came nearest */
    SG_LIMIT_RESERVE /* index: of the store group; the sum of its members      */
} sg_limit_kind;

typedef struct sg_report_limit {
    sg_limit_kind kind;
    int32_t index;
    double limit, worst; /* W; of a reserve J, where the least is the worst    */
    double beyond_s;     /* time in which any member was beyond it             */
    int64_t worst_us;    /* end of the step in which it came nearest           */
} sg_report_limit;

enum { SG_LIMIT_MAX = 2 + 2 * SG_GROUP_MAX };

/* One day of the period in detail (study/days.h). Bins are equal parts of the day. */
enum { SG_DAY_BIN_MAX = 96, SG_DAY_SHOWN_MAX = 2 };

typedef struct sg_report_day {
    int64_t start_us; /* midnight of the site's zone */
    int32_t bins;
    double seconds[SG_DAY_BIN_MAX]; /* that went into each bin; the rest are means over them */
    double load_w[SG_DAY_BIN_MAX], generation_w[SG_DAY_BIN_MAX], net_w[SG_DAY_BIN_MAX],
        store_w[SG_DAY_BIN_MAX], import_price[SG_DAY_BIN_MAX];
    double load_j, generation_j, import_j, export_j, store_in_j, store_out_j;
    double energy_cost; /* bought less sold */
    double peak_w;      /* highest bin of import */
} sg_report_day;

/* Sums by hour of the day, and by hour and day: net import, > 0 bought. */
enum { SG_CARPET_MAX = 400 }; /* columns: longer periods put several days into one */

typedef struct sg_report_hours {
    double seconds[24], load_j[24], generation_j[24], net_j[24], store_j[24], price_s[24];
    int64_t first_day; /* since 1970, of the site's zone */
    int32_t days_each, columns;
    double carpet_j[SG_CARPET_MAX][24], carpet_s[SG_CARPET_MAX][24];
} sg_report_hours;

/* How the report came about; texts may be NULL. */
typedef struct sg_report_origin {
    const char *command, *version;
} sg_report_origin;

typedef struct sg_report {
    const sg_site *site;
    sg_report_origin origin;
    sg_policy policy;
    int64_t from_us, to_us;
    double step_s;
    double plan_period_s; /* mpc: between plans, 0 = not known */
    uint64_t steps;
    double wall_s;
    double source_j[SG_GROUP_MAX];    /* per group: delivered by sources          */
    double available_j[SG_GROUP_MAX]; /* per group: what the sources could have delivered */
    double demand_j, load_j, unserved_j, curtailed_j, import_j, export_j, losses_j, store_loss_j;
    double throughput_j;    /* all energy that entered the bus      */
    double balance_error_j; /* |in - out - change of what is stored| */
    double cost, import_cost, export_revenue, wear_cost, demand_charge_cost, fuel_cost,
        unserved_cost;
    double inventory_credit; /* value of the change of stored energy, at the mean import price */
    double baseline_cost;    /* the same period under `static`, NAN when not run */
    sg_report_baseline baseline;
    double peak_w;                                  /* highest quarter hour of import */
    double carbon_kg, carbon_credit_kg;             /* imports; exports           */
    double downtime_s;                              /* time with any load below its minimum */
    double overload_s;                              /* time with any node above its limit   */
    sg_report_store store[SG_GROUP_MAX];            /* by group, stores only */
    double forecast_mae_w[2], persistence_mae_w[2]; /* load, generation; one hour ahead */
    int64_t plans;                                  /* that were followed */
    sg_score regulation; /* how the signal was followed; windows 0: it was not */
    double regulation_up_j, regulation_down_j; /* delivered for it */
    uint64_t command_hash;
    sg_report_month month[SG_MONTH_MAX];
    int month_count;
    sg_trace trace;
    sg_report_limit limit[SG_LIMIT_MAX];
    int limit_count;
    double heat_worst; /* of any breaker with a trip curve, as a share of its trip */
    int64_t trips;     /* of breakers */
    sg_report_hours hours;
    sg_report_day
        day[SG_DAY_SHOWN_MAX]; /* of most import, of most work of the stores; bins 0: none */
    int note_count;            /* what the site can really do, in sentences */
    char note[16][256];
} sg_report;

/* All of these: @effects alloc=yes (the buffer) block=no */

/* The beginning of a page in the reports' style, up to the body. */
void sg_report_page(sg_out *out, const char *title);
/* What the period came to, in one sentence of plain text. */
void sg_report_sentence(const sg_report *report, sg_out *out);

/* symgrid.report/1. */
void sg_report_json(const sg_report *report, sg_out *out);
/* The same numbers and texts as lines `period,figure,value` (RFC 4180, one header line): period `all` or a month, figures
 * named as in docs/metrics.md. */
void sg_report_csv(const sg_report *report, sg_out *out);
/* For a terminal: a readable table. */
void sg_report_table(const sg_report *report, sg_out *out);
/* One self-contained page: figures, notes, plots as inline SVG, no script needed, light and dark. It is well-formed XML, and
 * each figure of symgrid.report/1 on it carries the figure's JSON pointer (RFC 6901) and full value: report_parts.h. */
void sg_report_html(const sg_report *report, sg_out *out);
#endif
