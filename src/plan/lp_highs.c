/* lp_highs.c - HiGHS, where this machine has it: the shared library is looked for when first asked
 * for, under its usual names or where SYMGRID_HIGHS_LIB says. Nothing is needed to build.
 *
 * Source   the C interface of HiGHS 1.5 and later (highs_c_api.h), declared here as far as used. */
#include "plan/lp_backend.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Constants of the C interface. */
enum { STATUS_ERROR = -1, COLUMNWISE = 1, MINIMISE = 1 };
enum { OPTIMAL = 7, INFEASIBLE = 8, UNBOUNDED = 10, TIME_LIMIT = 13 };

static struct {
    void *(*create)(void);
    void (*destroy)(void *);
    const char *(*version)(void);
    int (*set_bool)(void *, const char *, int);
    int (*set_int)(void *, const char *, int);
    int (*set_double)(void *, const char *, double);
    int (*set_text)(void *, const char *, const char *);
    int (*pass)(void *, int columns, int rows, int cells, int format, int sense, double offset,
                const double *cost, const double *lower, const double *upper,
                const double *row_lower, const double *row_upper, const int *start,
                const int *index, const double *value);
    int (*run)(void *);
    int (*model_status)(const void *);
    int (*int_info)(const void *, const char *, int *);
    int (*solution)(const void *, double *value, double *reduced, double *row, double *row_dual);
    int (*int_size)(const void *);
} highs;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool found;

/* The address of a function; ISO C has no cast for it. */
static bool find(void *library, const char *name, void *ret)
{
    void *symbol = dlsym(library, name);
    memcpy(ret, &symbol, sizeof symbol);
    return symbol != NULL;
}

static bool find_all(void *library)
{
    return find(library, "Highs_create", &highs.create) &&
           find(library, "Highs_destroy", &highs.destroy) &&
           find(library, "Highs_version", &highs.version) &&
           find(library, "Highs_setBoolOptionValue", &highs.set_bool) &&
           find(library, "Highs_setIntOptionValue", &highs.set_int) &&
           find(library, "Highs_setDoubleOptionValue", &highs.set_double) &&
           find(library, "Highs_setStringOptionValue", &highs.set_text) &&
           find(library, "Highs_passLp", &highs.pass) && find(library, "Highs_run", &highs.run) &&
           find(library, "Highs_getModelStatus", &highs.model_status) &&
           find(library, "Highs_getIntInfoValue", &highs.int_info) &&
           find(library, "Highs_getSolution", &highs.solution) &&
           find(library, "Highs_getSizeofHighsInt", &highs.int_size);
}

/* The library stays loaded: it starts threads of its own. */
static void load(void)
{
    const char *path = getenv("SYMGRID_HIGHS_LIB");
    void *library = NULL;
    if (path && *path) {
        library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    } else {
        library = dlopen("libhighs.so.1", RTLD_NOW | RTLD_LOCAL);
        library = library ? library : dlopen("libhighs.so", RTLD_NOW | RTLD_LOCAL);
    }
    found = library && find_all(library);
}

static bool is_available(void)
{
    return pthread_once(&once, load) == 0 && found;
}

typedef struct session {
    void *solver;
    const sg_lp_model *model;
} session;

static void close_session(void *handle)
{
    session *self = handle;
    if (self->solver) {
        highs.destroy(self->solver);
    }
    free(self);
}

static bool configure(void *solver, double seconds_max)
{
    return highs.set_bool(solver, "output_flag", 0) != STATUS_ERROR &&
           highs.set_text(solver, "solver", "simplex") != STATUS_ERROR &&
           highs.set_text(solver, "parallel", "off") != STATUS_ERROR &&
           highs.set_int(solver, "threads", 1) != STATUS_ERROR &&
           (seconds_max <= 0.0 ||
            highs.set_double(solver, "time_limit", seconds_max) != STATUS_ERROR);
}

static sg_status open_session(const sg_lp_model *m, double seconds_max, void **ret)
{
    if (!is_available()) {
        return SG_UNAVAILABLE;
    }
    session *self = calloc(1, sizeof *self);
    if (!self) {
        return SG_NOMEM;
    }
    *self = (session){.solver = highs.create(), .model = m};
    sg_status status = self->solver ? SG_OK : SG_NOMEM;
    /* builds with 64-bit indices have another interface */
    if (status == SG_OK && (highs.int_size(self->solver) != (int)sizeof(int) ||
                            !configure(self->solver, seconds_max))) {
        status = SG_UNAVAILABLE;
    }
    if (status == SG_OK &&
        highs.pass(self->solver, m->column_count, m->row_count, m->start[m->column_count],
                   COLUMNWISE, MINIMISE, 0.0, m->cost, m->lower, m->upper, m->row_lower,
                   m->row_upper, m->start, m->index, m->value) == STATUS_ERROR) {
        status = SG_NOMEM;
    }
    if (status != SG_OK) {
        close_session(self);
        return status;
    }
    *ret = self;
    return SG_OK;
}

/* "Unbounded or infeasible" is no answer: the run without a presolve decides. */
static sg_outcome outcome_of(int status)
{
    switch (status) {
    case OPTIMAL:
        return SG_SOLVED;
    case INFEASIBLE:
        return SG_INFEASIBLE;
    case UNBOUNDED:
        return SG_UNBOUNDED;
    case TIME_LIMIT:
        return SG_LIMIT;
    default:
        return SG_NUMERIC;
    }
}

static void run(void *handle, bool again, sg_lp_point *ret)
{
    session *self = handle;
    int iterations = 0;
    if (again) {
        highs.set_text(self->solver, "presolve", "off");
    }
    ret->outcome = highs.run(self->solver) == STATUS_ERROR
                       ? SG_NUMERIC
                       : outcome_of(highs.model_status(self->solver));
    highs.int_info(self->solver, "simplex_iteration_count", &iterations);
    ret->iterations = iterations > 0 ? iterations : 0;
    highs.solution(self->solver, ret->value, NULL, NULL, ret->row_dual);
}

static const char *version(void)
{
    return is_available() ? highs.version() : NULL;
}

const sg_lp_backend SG_LP_BACKEND_HIGHS = {open_session, run, close_session, version};
