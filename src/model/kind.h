/* kind.h - what a kind of device is: one table of parameters and the physics behind it.
 *
 * One file per kind (src/model/<name>.c) defines one `const sg_kind`; src/model/kinds.def lists them. The same table
 * serves the site file's keys and diagnostics, `symgrid model --help`, the docs and the property tests.
 *
 * Units    parameters and inputs are SI doubles in table order; choices are their index; labels are not kept.
 * Sign     every power here is a magnitude >= 0 at the bus.
 * Memory   tables are static; functions are pure, allocate nothing and read no clock. */
#ifndef SG_MODEL_KIND_H
#define SG_MODEL_KIND_H
#include "base/limits.h"
#include "base/quantity.h"
#include "model/reservoir.h"

#include <stdbool.h>

typedef enum sg_role { SG_SOURCE, SG_STORE, SG_LOAD, SG_GRID, SG_ROLE_COUNT } sg_role;

typedef struct sg_param {
    const char *name;
    sg_dimension dimension;
    double preset;       /* NAN: the site file must give it                                  */
    double min, max;     /* inclusive, SI                                                    */
    const char *choices; /* NULL: a quantity; "": a free label; "a|b": one of these, by index */
    const char *help;
    const char *source; /* where the preset or the equation comes from, or ""              */
} sg_param;

/* A value that changes with time: bound in the site file to a series or to a constant. */
typedef struct sg_input {
    const char *name;
    sg_dimension dimension;
    double preset; /* NAN: must be bound */
    const char *help;
} sg_input;

enum { SG_WARNING_TEXT = 240 };

/* A source that must be started. */
typedef struct sg_starting {
    double start_s;  /* from the command to full power    */
    double rating_w; /* what it then delivers             */
    double ramp_s;   /* from no load to full load         */
    double run_s;    /* it runs at least so long          */
} sg_starting;

typedef struct sg_kind {
    const char *name;  /* the site file's `type`          */
    const char *title; /* "reverse electrodialysis plant" */
    sg_role role;
    bool hypothetical; /* marked in every output, never dispatched */
    const sg_param *params;
    int param_count;
    const sg_input *inputs;
    int input_count;
    /* Sources without a model: power that could be delivered now, W. */
    double (*available_w)(const double *p, const double *in);
    /* Stores (and sources that turn out to be stores): the reservoir that these parameters make. */
    void (*reservoir)(const double *p, sg_reservoir *ret);
    /* May be NULL. Contradictions between parameters, one at a time: writes the i-th warning and returns true, or returns
     * false when there is none left. */
    bool (*warning)(const double *p, int i, char ret[SG_WARNING_TEXT]);
    /* May be NULL. A source whose parameters make it a store (osmotic power from own desalination). */
    bool (*is_store)(const double *p);
    /* May be NULL: the source is ready whenever it is asked. Else it must be started. */
    void (*starting)(const double *p, sg_starting *ret);
    /* May be NULL: the lumped equation above is the truth as well. Else what the simulated plant runs, with the same
     * parameter table; its inputs are those of the kind, for stores behind the power asked for. Planning and control go on
     * to see the lumped equation. */
    const struct sg_model *model;
    /* May be NULL: never. Does the reservoir move the energy of a store with this state of the model as the model would, to the
     * bit, while all its packs are in service? What is left out is its age, say. */
    bool (*is_lumped)(const double *p, const double *state);
} sg_kind;

/* Parameters that every device of a role has, after the kind's own in p[]. */
const sg_param *sg_role_params(sg_role role, int *ret_count);

enum sg_store_param {                     /* offsets from kind->param_count */
                      SG_STORE_INITIAL,   /* charge at the start, fraction of capacity     */
                      SG_STORE_RESERVE,   /* kept for the bridge, fraction of capacity     */
                      SG_STORE_LOW_MARK,  /* asks for energy below it (S2)                 */
                      SG_STORE_HIGH_MARK, /* may give above it when its host is idle (S2)  */
                      SG_STORE_DUTY,      /* enum sg_duty                                  */
                      SG_STORE_WEAR,      /* money per J through the bus, each way         */
                      SG_STORE_RAMP,      /* W/s that its power may grow by; INFINITY: any */
                      SG_STORE_DWELL,     /* s at rest before it turns round               */
                      SG_STORE_FORMING,   /* choice: no|yes, holds an island's voltage     */
                      SG_STORE_PARAM_COUNT
};
/* energy: planned over hours; power: smooths seconds; bridge: held for ride-through only; device: a server's own cell */
typedef enum sg_duty { SG_DUTY_ENERGY, SG_DUTY_POWER, SG_DUTY_BRIDGE, SG_DUTY_DEVICE } sg_duty;

enum sg_source_param {
    SG_SOURCE_COST,  /* money per J */
    SG_SOURCE_RAMP,  /* W/s that its limit may grow by; INFINITY: any */
    SG_SOURCE_DWELL, /* s off before it starts again                  */
    SG_SOURCE_PARAM_COUNT
};

/* The load kind's own table (role SG_LOAD has one kind, "load"). */
enum sg_load_param {
    SG_LOAD_RATING,  /* W, the most it can draw                         */
    SG_LOAD_MINIMUM, /* W, below which it is shed rather than throttled */
    SG_LOAD_CLASS,   /* 0 served first                                  */
    SG_LOAD_WEIGHT,  /* share inside the class                          */
    SG_LOAD_IDLE,    /* W, at or below which the device counts as idle  */
    SG_LOAD_VALUE,   /* money per J not served                          */
    SG_LOAD_CLOSING, /* s that it needs to shut down in order; 0 = none */
    SG_LOAD_PARAM_COUNT
};
enum sg_load_input { SG_LOAD_DEMAND, SG_LOAD_INPUT_COUNT };

/* The grid kind's own table. */
enum sg_grid_param {
    SG_GRID_IMPORT_MAX,    /* W */
    SG_GRID_EXPORT_MAX,    /* W */
    SG_GRID_EXPORT_RULE,   /* choice: permitted|forbidden */
    SG_GRID_IMPORT_FEE,    /* money per J on top of the import price   */
    SG_GRID_EXPORT_FEE,    /* money per J taken off the export price   */
    SG_GRID_DEMAND_CHARGE, /* money per W of a month's highest quarter hour of import */
    SG_GRID_DAY_AHEAD,     /* choice: yes|no, are prices known a day ahead */
    SG_GRID_BRIDGE_TIME,   /* s that class 0 is to be carried without the grid   */
    SG_GRID_RETURN_DELAY,  /* s of steady voltage before the site connects again */
    SG_GRID_RETURN_RAMP,   /* W/s of import after the return                     */
    SG_GRID_PARAM_COUNT
};
enum sg_grid_input {
    SG_GRID_IMPORT_PRICE,
    SG_GRID_EXPORT_PRICE,
    SG_GRID_CARBON,
    SG_GRID_INPUT_COUNT
};

/* All kinds; NULL when there is none of that name. */
extern const sg_kind *const sg_kinds[];
extern const int sg_kind_count;
const sg_kind *sg_kind_find(const char *name);
#endif
