/* interior_kernels.h - the loops of the interior point, one set for each width of vectors. Private to src/plan/interior*.c. */
#ifndef SG_PLAN_INTERIOR_KERNELS_H
#define SG_PLAN_INTERIOR_KERNELS_H
#include "plan/interior_layout.h"

struct sg_interior_kernels {
    void (*multiply)(const sg_interior *self, const double *z, double *miss);
    void (*price)(const sg_interior *self, const double *y, double *reduced);
    void (*factorise)(sg_interior *self);
    void (*solve)(sg_interior *self, const double *force, const double *miss, double *dz,
                  double *dy);
    void (*judge)(sg_interior *self, double ret[5]);
    void (*probe)(const sg_interior *self, double ret[4]);
    void (*aim)(sg_interior *self, double target);
    void (*reach)(sg_interior *self, double target, double ret[2]);
    void (*centre)(sg_interior *self, double target, double primal, double dual);
    void (*reach_centred)(sg_interior *self, double target, double primal_before,
                          double dual_before, bool keep, double ret[2]);
    void (*advance)(sg_interior *self, double primal, double dual);
};
#endif
