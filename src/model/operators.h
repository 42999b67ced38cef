/* operators.h - the energy operators of the Pi0-QTEN study, number for number, and the gate behind them.
 *
 * The study states them as formulas (sections 1.1-1.3, 2.2, 2.3) and as program text (7.1, 7.2). They are kept as they are,
 * also where they claim more energy than went in: what they claim is reported, and sg_operator_allowed() says whether it
 * may be counted. Nothing that is not allowed may be dispatched.
 *
 * Units    energies in one unit of the caller's (J here); times of the transfer operator as plain numbers, since its
 *          logarithm has no unit; s and J in the bound. Memory: plain values; pure. */
#ifndef SG_MODEL_OPERATORS_H
#define SG_MODEL_OPERATORS_H
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* An efficiency that a device may have: 0 to 1. NaN and infinities are refused. @effects alloc=no block=no fails=never */
bool sg_operator_allowed(double efficiency);

/* 7.1: base e^(-decay |dt|), with quantum enhancement times 1 + 0.1 ln(1 + |dt|): above 1 for some times.
 * @effects alloc=no block=no fails=never */
double sg_operator_transfer_efficiency(double source_time, double target_time, double base_frac,
                                       double decay, bool quantum);

/* 1.3: energy eta e^(-decay |t2 - t1|) f_quantum. @effects alloc=no block=no fails=never */
double sg_operator_shifted_j(double energy_j, double eta, double decay, double dt, double quantum);

/* 2.2: the product of its five factors. @effects alloc=no block=no fails=never */
double sg_operator_conduit_efficiency(double base, double quantum, double temporal, double distance,
                                      double load);

/* 1.2: sum of w C eta f over count dimensions. @effects alloc=no block=no fails=never */
double sg_operator_capacity_j(const double *weight, const double *capacity_j, const double *eta,
                              const double *coupling, int count);

/* 2.3: hbar / (2 E). @effects alloc=no block=no fails=never */
double sg_operator_sync_bound_s(double energy_min_j);

/* 1.1: the integral of density times state times efficiency over space and time. Fields are rows of `cells` values, one row
 * per instant; time_s rises. Trapezoids in time, one value a cell in space. 0 for fewer than two instants.
 * @effects alloc=no block=no fails=never */
typedef struct sg_operator_field {
    size_t instants, cells;
    const double *time_s;       /* instants */
    const double *volume_m3;    /* cells */
    const double *density_j_m3; /* instants x cells, like the next two */
    const double *state, *efficiency;
} sg_operator_field;
double sg_operator_energy_potential_j(const sg_operator_field *field);

/* 7.2: a ledger of seven stores. */
enum { SG_OPERATOR_DIMENSIONS = 7 };
typedef struct sg_operator_store {
    double capacity_j, efficiency, level_j;
} sg_operator_store;

typedef struct sg_operator_moved {
    double moved_j; /* stored, or retrieved: after its efficiency */
    double rest_j;  /* excess that did not fit, or shortfall      */
} sg_operator_moved;

/* @effects alloc=no block=no fails=never */
sg_operator_moved sg_operator_put(sg_operator_store *self, double amount_j);
sg_operator_moved sg_operator_take(sg_operator_store *self, double amount_j);

/* Sum of w C eta f, with one f for all: the mean of the coupling matrix, 1 on its diagonal and `coupling` beside it.
 * @effects alloc=no block=no fails=never */
double sg_operator_total_capacity_j(const sg_operator_store *stores, const double *weight,
                                    double coupling);
#endif
