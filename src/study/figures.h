/* figures.h - what a report says between its lines: the fractions that follow from its sums, worked
 * out in one place for JSON, terminal and page alike. Definitions: docs/metrics.md.
 *
 * Units    J, s, money of the site's currency; fractions 0..1 unless said otherwise.
 * Unknown  NAN where a figure has no meaning (no load, no baseline); never an infinity. */
#ifndef SG_STUDY_FIGURES_H
#define SG_STUDY_FIGURES_H
#include "study/report.h"

typedef struct sg_figures {
    double duration_s;
    double generation_j;          /* delivered by all local sources                              */
    double available_j;           /* what they could have delivered                              */
    double surplus_frac;          /* generation / load - 1, >= -1                                */
    double self_sufficiency_frac; /* 1 - import / load, cut to 0..1                              */
    double uptime_frac;           /* 1 - downtime / duration, cut to 0..1                        */
    double saving;                /* baseline cost - cost, money                                 */
    double saving_frac;           /* of the baseline; NAN unless the baseline cost is > 0        */
    double carbon_saving_kg;      /* of imports: the baseline's - the run's                      */
    double carbon_saving_frac;    /* of the baseline's                                           */
    double skill_frac[2];         /* load, generation: 1 - mae / persistence's mae; <= 1         */
} sg_figures;

/* @effects alloc=no block=no fails=never */
sg_figures sg_figures_of(const sg_report *report);

/* a / b, NAN unless b > 0 and the quotient is finite. @effects alloc=no block=no fails=never */
double sg_figures_ratio(double a, double b);

/* Everything that a month cost, by its books; of the baseline too. @effects alloc=no block=no fails=never */
double sg_figures_cost(const sg_report_money *money);

/* The groups of the report's site, 0 when it has none. @effects alloc=no block=no fails=never */
int sg_figures_group_count(const sg_report *report);

/* Amounts as people read them, three digits and a fitting unit; a dash for what is not finite.
 * @effects alloc=no block=no fails=never */
enum { SG_FIGURES_TEXT = 64 };
void sg_figures_energy(double energy_j, char ret[SG_FIGURES_TEXT]);     /* "12.3 MWh"     */
void sg_figures_power(double power_w, char ret[SG_FIGURES_TEXT]);       /* "845 kW"       */
void sg_figures_mass(double mass_kg, char ret[SG_FIGURES_TEXT]);        /* "3.20 t"       */
void sg_figures_duration(double duration_s, char ret[SG_FIGURES_TEXT]); /* "2.5 h"        */
void sg_figures_money(double money, char ret[SG_FIGURES_TEXT]);         /* "12 345.60"    */
void sg_figures_price(double price_per_j, char ret[SG_FIGURES_TEXT]);   /* "0.1234", per kWh */
void sg_figures_percent(double fraction, int decimals, char ret[SG_FIGURES_TEXT]); /* "27.1 %" */
#endif
