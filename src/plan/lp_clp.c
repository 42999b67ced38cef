/* lp_clp.c - Clp, the library that is always there. */
#include "plan/lp_backend.h"

#include <Clp_C_Interface.h>

#include <stdlib.h>
#include <string.h>

/* Its own 1e-7 stops 4e-6 above the optimum where one price is thousands of times the others. */
static const double TOLERANCE = 1e-9;

typedef struct session {
    Clp_Simplex *solver;
    Clp_Solve *options;
    const sg_lp_model *model;
} session;

static void close_session(void *handle)
{
    session *self = handle;
    if (self->options) {
        ClpSolve_delete(self->options);
    }
    if (self->solver) {
        Clp_deleteModel(self->solver);
    }
    free(self);
}

static sg_status open_session(const sg_lp_model *m, double seconds_max, void **ret)
{
    session *self = calloc(1, sizeof *self);
    if (!self) {
        return SG_NOMEM;
    }
    *self = (session){.solver = Clp_newModel(), .options = ClpSolve_new(), .model = m};
    if (!self->solver || !self->options) {
        close_session(self);
        return SG_NOMEM;
    }
    Clp_setLogLevel(self->solver, 0);
    /* always perturb: schedules are degenerate, and this measured a quarter faster on a year than
     * on demand */
    Clp_setPerturbation(self->solver, 50);
    Clp_setDualTolerance(self->solver, TOLERANCE);
    Clp_setPrimalTolerance(self->solver, TOLERANCE);
    Clp_loadProblem(self->solver, m->column_count, m->row_count, m->start, m->index, m->value,
                    m->lower, m->upper, m->cost, m->row_lower, m->row_upper);
    if (seconds_max > 0.0) {
        Clp_setMaximumSeconds(self->solver, seconds_max);
    }
    ClpSolve_setSolveType(self->options, 0, -1);        /* dual simplex */
    /* no presolve: it is no faster on these programs, and CoinUtils 2.11 leaks in it where a program has no solution */
    ClpSolve_setPresolveType(self->options, 1, -1);
    ClpSolve_setSpecialOption(self->options, 2, 1, -1); /* no signal handlers of its own */
    *ret = self;
    return SG_OK;
}

static sg_outcome outcome_of(int status)
{
    switch (status) {
    case 0:
        return SG_SOLVED;
    case 1:
        return SG_INFEASIBLE;
    case 2:
        return SG_UNBOUNDED;
    case 3:
        return SG_LIMIT;
    default:
        return SG_NUMERIC;
    }
}

static void run(void *handle, bool again, sg_lp_point *ret)
{
    session *self = handle;
    if (again) {
        Clp_primal(self->solver, 0); /* on the whole program, from the basis found */
    } else {
        Clp_initialSolveWithOptions(self->solver, self->options);
    }
    ret->outcome = outcome_of(Clp_status(self->solver));
    ret->iterations = Clp_numberIterations(self->solver);
    memcpy(ret->value, Clp_primalColumnSolution(self->solver),
           (size_t)self->model->column_count * sizeof *ret->value);
    memcpy(ret->row_dual, Clp_dualRowSolution(self->solver),
           (size_t)self->model->row_count * sizeof *ret->row_dual);
}

static const char *version(void)
{
    return Clp_Version();
}

const sg_lp_backend SG_LP_BACKEND_CLP = {open_session, run, close_session, version};
