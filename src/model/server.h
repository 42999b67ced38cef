/* server.h - electrical power of a server from its load, and what a power cap costs.
 *
 * Units    W, s; load and utilisation are fractions 0..1 of the highest calibrated throughput.
 * Sign     power is drawn from the supply, >= 0.
 * Memory   pure functions and const tables.
 * Source   SPECpower_ssj2008 result tables (power at active idle and at 10..100 % of the calibrated load, spec.org); X. Fan,
 *          W.-D. Weber, L. Barroso, "Power provisioning for a warehouse-sized computer", ISCA 2007 (linear and 2u - u^r).
 * Limits   steady levels; nothing below the resolution of the eleven points. */
#ifndef SG_MODEL_SERVER_H
#define SG_MODEL_SERVER_H
#include <stdbool.h>

enum { SG_SERVER_POINTS = 11, SG_SERVER_TABLES = 5 };

typedef enum sg_server_form {
    SG_SERVER_ML110_G4,
    SG_SERVER_ML110_G5,
    SG_SERVER_X3250,
    SG_SERVER_X3550_X5670,
    SG_SERVER_X3550_X5675,
    SG_SERVER_LINEAR,
    SG_SERVER_FAN_BARROSO,
} sg_server_form;

typedef struct sg_server_table {
    const char *name;
    double power_w[SG_SERVER_POINTS];   /* at 0, 10, ..., 100 % load                     */
    double ops_per_s[SG_SERVER_POINTS]; /* ssj_ops; all zero where the table has none     */
} sg_server_table;

/* How power follows the load: a published table scaled from 0 to 100 %, or a curve between idle and max. */
typedef struct sg_server_curve {
    sg_server_form form;
    double idle_w, max_w; /* of the two curves; a table has its own */
    double exponent;      /* r of the Fan-Barroso curve, 1..2        */
} sg_server_curve;

/* NULL unless the form is a table. @effects alloc=no block=no fails=never */
const sg_server_table *sg_server_table_of(sg_server_form form);

/* Power at a load, clamped to 0..1. @effects alloc=no block=no fails=never */
double sg_server_power_w(const sg_server_curve *curve, double load_frac);

/* The highest load that keeps power at or below power_w; 0 below idle, 1 above the top.
 * @effects alloc=no block=no fails=never */
double sg_server_load_frac(const sg_server_curve *curve, double power_w);

/* Sum of operations over sum of power, eleven levels. 0 where the table has no operations.
 * @effects alloc=no block=no fails=never */
double sg_server_overall_ops_per_w(const sg_server_table *table);

/* --- a cap on its way to the silicon: dead time, then first-order settling --- */

typedef struct sg_cap {
    double limit_w;   /* in force now                               */
    double target_w;  /* what it settles to                         */
    double pending_w; /* the last command, not yet heard            */
    double wait_s;    /* until it is heard; 0: nothing is on its way */
} sg_cap;

typedef struct sg_cap_lag {
    double latency_s; /* >= 0, until a command is heard           */
    double settle_s;  /* >= 0, time constant then; 0: at once     */
} sg_cap_lag;

/* Command cap_w and let dt_s > 0 pass; then *ret_mean_w, where given, is the mean over the step of min(level_w, limit). A
 * command that comes while another is on its way replaces it and arrives at that one's time.
 * @effects alloc=no block=no fails=never */
void sg_cap_step(sg_cap *self, double cap_w, const sg_cap_lag *lag, double level_w, double dt_s,
                 double *ret_mean_w);
#endif
