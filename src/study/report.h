/* report.h - what a simulated period came to: symgrid.report/1, as JSON and as one HTML page.
 *
 * Units    SI inside (J, W, money, kg, s); the writers speak kWh, kW and money.
 * Memory   trace arrays belong to the report; sg_report_free releases them. */
#ifndef SG_STUDY_REPORT_H
#define SG_STUDY_REPORT_H
#include "base/text.h"
#include "engine/view.h"
#include "settle/regulation.h"
#include "site/site.h"

enum { SG_TRACE_MAX = 1200 }; /* points of a trace: longer runs are averaged into this many bins */

typedef struct sg_report_store {
    double energy_in_j, energy_out_j; /* at the bus */
    double cycles;                    /* energy out / capacity (equivalent full cycles) */
    double energy_first_j, energy_last_j, capacity_j;
    double soh_frac; /* NAN: no ageing model for this kind */
} sg_report_store;

enum { SG_MONTH_MAX = 60 };

/* What a month came to, for one of the two runs. NAN throughout where it was not run. */
typedef struct sg_report_money {
    double import_cost, export_revenue, demand_charge_cost, fuel_cost, wear_cost, unserved_cost;
    double inventory_credit;
    double curtailed_j;
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

typedef struct sg_report {
    const sg_site *site;
    sg_policy policy;
    int64_t from_us, to_us;
    double step_s;
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
    double peak_w;           /* highest quarter hour of import */
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
    int note_count; /* what the site can really do, in sentences */
    char note[16][256];
} sg_report;

/* The beginning of a page in the reports' style, up to the body. @effects alloc=yes (the buffer) block=no */
void sg_report_page(sg_out *out, const char *title);

/* symgrid.report/1. @effects alloc=yes (the buffer) block=no */
void sg_report_json(const sg_report *report, sg_out *out);
/* For a terminal: a readable table. */
void sg_report_table(const sg_report *report, sg_out *out);
/* One self-contained page: figures, notes, plots as inline SVG, no script needed, light and dark. */
void sg_report_html(const sg_report *report, sg_out *out);
#endif
