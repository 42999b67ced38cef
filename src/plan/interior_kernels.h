/* interior_kernels.h - the sweeps of the interior point over the horizon, one set for each width of vectors. Private to
 * src/plan/interior*.c. */
#ifndef SG_PLAN_INTERIOR_KERNELS_H
#define SG_PLAN_INTERIOR_KERNELS_H
#include "plan/interior_layout.h"

/* How far the point is from a solution. */
typedef struct sg_interior_measure {
    double miss, dual;     /* the largest residual of a row, of a reduced cost */
    double products;       /* of distances and prices, sum                     */
    double cost, turnover; /* above the lower bounds; without signs            */
} sg_interior_measure;

/* What a step would do. */
typedef struct sg_interior_reach {
    double primal,
        dual; /* 1 / the part of it that leads to the nearest bound, to the nearest price of zero */
    double first,
        second; /* the products after parts p, d of the first step are products (1 - d) + (p - d) first
                             + p d second */
} sg_interior_reach;

struct sg_interior_kernels {
    /* miss = right - A z and reduced = cost - A'y, for a first point */
    void (*multiply)(sg_interior *self);
    void (*price)(sg_interior *self);
    /* Before both halves measure: what they add to must be begun, and moved where they touch. */
    void (*set_out)(sg_interior *self, const sg_interior_move *last, sg_interior_measure *ret);
    /* Half h to the middle: go the last move, measure the point, factorise, and begin the first step. */
    void (*measure)(sg_interior *self, int h, const sg_interior_move *last,
                    sg_interior_measure *ret);
    /* Between the way to the middle and the way back. */
    void (*meet)(sg_interior *self, bool factorise);
    /* From the middle: the first step, straight at the solution, into dz_affine. */
    void (*predict)(sg_interior *self, int h, sg_interior_reach *ret);
    /* To the middle: begin the second step, towards products of `target`. */
    void (*aim)(sg_interior *self, int h, double target);
    /* From the middle: the second step, into dz and dy. */
    void (*correct)(sg_interior *self, int h, double target, sg_interior_reach *ret);
};
#endif
