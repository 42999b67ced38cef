/* powerflow.h - voltages, currents and losses of a radial network, alternating or direct current.
 *
 * Method   backward-forward sweep: load currents from voltages, summed towards the source; voltage drops from currents,
 *          added away from it; until no voltage moves by more than the tolerance.
 * Units    V, ohm, S, W, var; three-phase networks: line-to-line volts and three-phase watts (the equations are the same),
 *          per-phase ohms. Voltages are complex, as two arrays; the source has angle zero. Per unit works as well.
 * Sign     powers are those of loads, > 0: drawn from the network; a generator is a negative load. Reactive power > 0:
 *          inductive. A capacitor is a shunt with b > 0.
 * Memory   the caller owns everything; nothing is allocated. Networks are parallel arrays, a node's parent before it.
 * Time     one call at a time per memory block; any number of blocks at once.
 * Source   D. Shirmohammadi, H. W. Hong, A. Semlyen, G. X. Luo, IEEE Trans. Power Systems 3 (1988) 753.
 * Limits   balanced phases; no loops; no controlled taps. It converges to the upper of two operating points, at a rate of
 *          about the deepest relative voltage drop; a load beyond what the network can carry ends in SG_LIMIT or SG_NUMERIC. */
#ifndef SG_MODEL_POWERFLOW_H
#define SG_MODEL_POWERFLOW_H
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Node 0 is the source; what is said of a node's branch is of the one from its parent, and ignored for node 0. */
typedef struct sg_network {
    int32_t node_count;    /* >= 1 */
    const int32_t *parent; /* parent[0] = -1, else 0 <= parent[i] < i */
    const double *r_ohm,
        *x_ohm;              /* of the branch, seen from the node's side; x NULL: direct current */
    const double *ratio;     /* NULL: 1. Volts at the node per volt at its parent without current */
    const double *shunt_g_s; /* NULL: none. Conductance at the node */
    const double *shunt_b_s; /* NULL: none. Susceptance at the node; unused with direct current */
    const double *current_share; /* NULL: 0. Share of the load that follows the voltage */
    const double
        *impedance_share; /* NULL: 0. Share that follows its square; the rest is constant power */
    const double *
        nominal_v; /* NULL: source_v and the ratios. Where loads have their nominal power; base of pu */
    double source_v; /* > 0 */
} sg_network;

typedef struct sg_powerflow_limits {
    double tolerance_pu; /* largest change of a voltage in the last sweep, of its nominal */
    int32_t sweep_max;   /* >= 1 */
} sg_powerflow_limits;

static const sg_powerflow_limits sg_powerflow_usual = {1e-8, 200};

typedef struct sg_powerflow {
    sg_outcome
        outcome; /* SG_SOLVED, SG_LIMIT: the figures are those of the last sweep, SG_NUMERIC: they are zero */
    int32_t sweeps;      /* done */
    int32_t lowest_node; /* with the lowest voltage per nominal voltage, the first of equals */
    double lowest_pu;    /* its voltage */
    double mismatch_pu;  /* change of the last sweep */
    double loss_w;       /* in the branches: source_w = loads + conductances + loss_w */
    double source_w, source_var; /* into the network at node 0, its own load included */
} sg_powerflow;

/* Is it a network: counts, order, finite impedances and ratios above zero, shares that sum to 0..1?
 * @effects alloc=no block=no fails=SG_RANGE */
SG_MUST_CHECK sg_status sg_network_check(const sg_network *self);

/* Bytes of memory for sg_powerflow_solve, for sg_powerflow_batch. @effects alloc=no block=no fails=never */
size_t sg_powerflow_size(int32_t node_count);
size_t sg_powerflow_batch_size(int32_t node_count);

/* Loads and results: case k of a network has p_w[k * node_count + i], and its voltages stand in the same places. */
typedef struct sg_powerflow_cases {
    int64_t count;
    const double *p_w, *q_var;   /* q_var may be NULL: zero */
    double *ret_v_re, *ret_v_im; /* may be NULL */
    sg_powerflow *ret;           /* [count] */
} sg_powerflow_cases;

/* Solves a checked network for one case after the other. Memory is aligned to 8 bytes.
 * @effects alloc=no block=no fails=never */
void sg_powerflow_solve(const sg_network *self, const sg_powerflow_limits *limits,
                        const sg_powerflow_cases *cases, void *memory);

/* The same bits faster: as many cases as a vector holds are solved side by side.
 * @effects alloc=no block=no fails=never */
void sg_powerflow_batch(const sg_network *self, const sg_powerflow_limits *limits,
                        const sg_powerflow_cases *cases, void *memory);

/* 1 / nominal voltage of every node; shared by the two solvers. @effects alloc=no block=no fails=never */
void sg_powerflow_invert_nominal(const sg_network *self, double *ret);

/* The voltage magnitude behind one branch with a constant-power load, in closed form: the upper root of
 * v^4 + v^2 (2 (r p + x q) - e^2) + (r^2 + x^2) (p^2 + q^2) = 0. Zero when there is none: the load is more than the branch
 * can carry. @effects alloc=no block=no fails=never */
double sg_branch_voltage_v(double source_v, double r_ohm, double x_ohm, double p_w, double q_var);
#endif
