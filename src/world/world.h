/* world.h - the simulated plant: real series in, physics and faults on top, readings out.
 *
 * Every flow is computed from the leaves up, losses included, so the books close by construction; `sg_world_books` keeps
 * them separately from the engine's own accounting.
 *
 * Units    SI. Sign: power > 0 flows into the site bus, loads are magnitudes.
 * Memory   one allocation at creation, none in the step. One thread. */
#ifndef SG_WORLD_WORLD_H
#define SG_WORLD_WORLD_H
#include "port/field.h"
#include "site/plant.h"

typedef struct sg_world sg_world;

/* Energies since the start, J, summed by the world itself; store losses from the stores' own equations. */
typedef struct sg_world_books {
    double sources_j, import_j, discharge_j;               /* into the bus  */
    double loads_j, tasks_j, export_j, charge_j, losses_j; /* out of it     */
    double demand_j, unserved_j, unserved_value;           /* value: money  */
    double store_losses_j, stored_first_j, stored_j;
    double
        overload_s; /* time with any node above its limit, or a breaker with a curve above `limit` */
    double overload_worst; /* greatest power / limit seen at any node        */
    double short_s;        /* time with any load below its minimum           */
    double heat_worst;     /* of any breaker, as a share of its trip         */
    int64_t trips;         /* of breakers                                    */
} sg_world_books;

/* Until a command comes the plant runs as it would without us: no caps, stores at rest. NULL when memory is exhausted. faults are counted from start_us. @effects alloc=yes */
sg_world *sg_world_create(const sg_site *site, int64_t start_us);
void sg_world_free(sg_world *self);

/* Continue at time_us where an engine's last trusted readings stand (after a restart); value as in sg_points, or NULL:
 * stores as the site file has them, registers at zero. */
void sg_world_resume(sg_world *self, int64_t time_us, const double *value);

/* Be where another world of the same site stands, to the last bit: the same commands then have the same effects. The site of this
 * one may have more faults that act once. @effects alloc=no block=no fails=never */
void sg_world_copy(sg_world *self, const sg_world *from);

/* Step stores by their lumped equations from now on, wherever these move energy to the same bits (world/truth.h): they do not age, and
 * what they lose is the same to rounding. */
void sg_world_lump(sg_world *self);

/* Advance by dt_s under the last written command and read. Meters (powers, registers) cover the interval that ended; prices and
 * carbon are those in force from now on; demand and availability are measured over the interval that ended, or, at steps over
 * 5 s, those of the interval that begins, as the control steps inside it would see them. @effects alloc=no block=no */
void sg_world_read(sg_world *self, double dt_s, sg_readings *ret);
void sg_world_write(sg_world *self, const sg_command *command);

const sg_world_books *sg_world_books_of(const sg_world *self);
int64_t sg_world_time(const sg_world *self);
void sg_world_stored(const sg_world *self, double *ret_j); /* [store] energy now */
/* State of health of a store after the last step; NAN where its kind does not age. */
double sg_world_soh_frac(const sg_world *self, int store);
/* Heat of a node's breaker as a share of its trip, and is the node without supply? Nodes without a trip curve have no heat. */
double sg_world_heat_frac(const sg_world *self, int node);
bool sg_world_dark(const sg_world *self, int node);
/* The breaker of a node opens now, as by a fault behind it. */
void sg_world_open(sg_world *self, int node);
/* A tie is lost (it carries nothing whatever it is told), or is there again. */
void sg_world_tie(sg_world *self, int tie, bool lost);
/* True while a fault keeps the planner from finding a plan. */
bool sg_world_plan_missing(const sg_world *self);

/* How often each kind of fault (sg_fault_kind) has happened: activations that changed something. */
const uint64_t *sg_world_faults_fired(const sg_world *self);

/* What really is, whatever is read: means over the interval that ended, energies at its end, and the set-points in force as the
 * devices have taken them. Arrays are the world's, valid until it moves. */
typedef struct sg_world_now {
    bool grid_up;
    double net_w; /* through the connection, > 0 import */
    double losses_w, task_w, unserved_w;
    double import_j, export_j; /* registers */
    const double *source_could_w, *source_w, *store_j, *store_w, *load_want_w, *load_w, *node_in_w;
    const double *source_limit_w, *store_command_w, *load_cap_w;
    const double *tie_w; /* from `from` to `to`, at the end that gives */
    double task_command_w;
} sg_world_now;
sg_world_now sg_world_look(const sg_world *self);

/* |in - out - change of what is stored|, J. */
double sg_world_balance_error_j(const sg_world *self);

/* What the market publishes ahead: import and export prices (fees included), money per J, means over steps from from_us.
 * Returns the number of steps that are public at from_us: 24 h ahead in a day-ahead market, none otherwise. */
int sg_world_prices(const sg_world *self, int64_t from_us, int64_t step_us, int steps,
                    double *ret_import, double *ret_export);

/* The world as the port that real drivers implement too. */
sg_field_port sg_world_field(sg_world *self);
#endif
