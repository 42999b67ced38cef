/* ride.h - what the site does without its grid: a table of states, who is kept, for how long.
 *
 * States   and the moves between them are the two lists below and nothing else: a step looks at what is so (events) and takes the
 *          first row of its state whose event is among them.
 * Keeping  classes give way in the order of the allocation: first each is held at its minimum, the lowest class first; then each
 *          is told to shut down and switched off after its `shutdown_time`, the lowest first. None comes back before those above
 *          it are served.
 * Time     the site can hold a load for as long as its stores, taken in hand-over order, give it. Class k is told to shut down
 *          when what is kept could be held for no longer than classes 0..k need to shut down one after the other: while k does,
 *          what is left lasts at least as long for the others, who draw less.
 * Units    W, J, s. Loads are magnitudes; `free_w` is what sources deliver beside the stores.
 * Memory   one plain struct without pointers and padding, in the engine's block.
 * @effects of every function: alloc=no block=no fails=never; loops bounded by SG_CLASS_MAX and SG_GROUP_MAX. */
#ifndef SG_CONTROL_RIDE_H
#define SG_CONTROL_RIDE_H
#include "base/limits.h"
#include "site/plant.h"
#include "site/reason.h"

#include <stdbool.h>
#include <stdint.h>

/* In the order of their reasons, which name and describe them (site/reason.h, from SG_REASON_RIDE_GRID on). */
typedef enum sg_ride_state {
    SG_RIDE_GRID,
    SG_RIDE_BRIDGING,
    SG_RIDE_ISLANDED,
    SG_RIDE_SHUTDOWN,
    SG_RIDE_DARK,
    SG_RIDE_BLACK_START,
    SG_RIDE_RESYNC,
    SG_RIDE_STATE_COUNT
} sg_ride_state;

/* code, when it is so */
#define SG_RIDE_EVENT_LIST(X)                                                          \
    X(SG_RIDE_LOST, "no voltage, or nothing shows that there is any")                  \
    X(SG_RIDE_STEADY, "voltage has been there for `return_delay`")                     \
    X(SG_RIDE_EMPTY, "stores and generation give nothing, or every class is off")      \
    X(SG_RIDE_CARRIED, "generation covers all that is kept")                           \
    X(SG_RIDE_DRAINING, "generation covers less than nine tenths of it")               \
    X(SG_RIDE_RUNNING_OUT, "the time has come to shut a class down")                   \
    X(SG_RIDE_SOURCE, "the first class can be held for five minutes and its shutdown") \
    X(SG_RIDE_UP, "no further class can be brought back here")                         \
    X(SG_RIDE_DONE, "the ramp has passed the connection's limit and every class is back")

typedef enum sg_ride_event {
#define X(code, text) code,
    SG_RIDE_EVENT_LIST(X)
#undef X
        SG_RIDE_EVENT_COUNT
} sg_ride_event;

/* from, event, to; of one state, the first row whose event is so */
#define SG_RIDE_MOVE_LIST(X)                                   \
    X(SG_RIDE_GRID, SG_RIDE_LOST, SG_RIDE_BRIDGING)            \
    X(SG_RIDE_BRIDGING, SG_RIDE_STEADY, SG_RIDE_RESYNC)        \
    X(SG_RIDE_BRIDGING, SG_RIDE_EMPTY, SG_RIDE_DARK)           \
    X(SG_RIDE_BRIDGING, SG_RIDE_CARRIED, SG_RIDE_ISLANDED)     \
    X(SG_RIDE_BRIDGING, SG_RIDE_RUNNING_OUT, SG_RIDE_SHUTDOWN) \
    X(SG_RIDE_ISLANDED, SG_RIDE_STEADY, SG_RIDE_RESYNC)        \
    X(SG_RIDE_ISLANDED, SG_RIDE_EMPTY, SG_RIDE_DARK)           \
    X(SG_RIDE_ISLANDED, SG_RIDE_DRAINING, SG_RIDE_BRIDGING)    \
    X(SG_RIDE_SHUTDOWN, SG_RIDE_STEADY, SG_RIDE_RESYNC)        \
    X(SG_RIDE_SHUTDOWN, SG_RIDE_EMPTY, SG_RIDE_DARK)           \
    X(SG_RIDE_SHUTDOWN, SG_RIDE_CARRIED, SG_RIDE_ISLANDED)     \
    X(SG_RIDE_DARK, SG_RIDE_STEADY, SG_RIDE_RESYNC)            \
    X(SG_RIDE_DARK, SG_RIDE_SOURCE, SG_RIDE_BLACK_START)       \
    X(SG_RIDE_BLACK_START, SG_RIDE_STEADY, SG_RIDE_RESYNC)     \
    X(SG_RIDE_BLACK_START, SG_RIDE_EMPTY, SG_RIDE_DARK)        \
    X(SG_RIDE_BLACK_START, SG_RIDE_UP, SG_RIDE_ISLANDED)       \
    X(SG_RIDE_RESYNC, SG_RIDE_LOST, SG_RIDE_BRIDGING)          \
    X(SG_RIDE_RESYNC, SG_RIDE_DONE, SG_RIDE_GRID)

/* How much of a class is kept. */
typedef enum sg_level {
    SG_LEVEL_FULL,      /* all that it wants                                     */
    SG_LEVEL_RETURNING, /* all that it wants, as far as import has grown         */
    SG_LEVEL_MINIMUM,   /* its minimum                                           */
    SG_LEVEL_CLOSING,   /* its minimum, while it shuts down                      */
    SG_LEVEL_OFF
} sg_level;

typedef struct sg_ride {
    int32_t state;               /* sg_ride_state                                         */
    int32_t served;              /* 1: the last step gave what the levels let be wanted   */
    int32_t level[SG_CLASS_MAX]; /* sg_level                                              */
    double told_s[SG_CLASS_MAX]; /* since the class was told to shut down                 */
    double state_s;              /* in this state                                         */
    double lost_s;               /* since the grid was lost                               */
    double steady_s;             /* of voltage, without a break                           */
    double line_w;               /* import allowed while resynchronising                  */
    double hold_s;               /* the stores hold the present load for; INFINITY: for good */
    double served_w;             /* by the last step, losses and tasks included           */
    double register_j;           /* of the grid's meter, when it was read last; < 0 never */
    double looked_s;             /* since the stores were looked at, on the grid          */
    double missing_s;            /* since meters show nothing of an import that is due    */
} sg_ride;

/* What a step is decided on. Powers are seen from the root. */
typedef struct sg_ride_input {
    const sg_plant_head
        *site; /* bridge_s, return_delay_s, return_ramp, closing times, import limit */
    double dt_s;
    bool voltage; /* sg_ride_voltage()      */
    double class_want_w[SG_CLASS_MAX];
    double class_min_w[SG_CLASS_MAX]; /* of that, each load's minimum           */
    double fixed_w;                   /* losses                                 */
    double free_w;                    /* deliverable now, without the stores    */
    double soon_w, soon_s;            /* of generators that are starting, and when */
    int group_count;                  /* of stores, in hand-over order          */
    double give_w[SG_GROUP_MAX];
    double energy_j[SG_GROUP_MAX]; /* above its floor, as it reaches the bus */
} sg_ride_input;

/* What can be seen of the grid. */
typedef struct sg_ride_sight {
    bool connected;    /* the site's switch was closed in the interval */
    int quality;       /* sg_quality of the voltage's reading          */
    double up;         /* > 0.5: voltage                               */
    double seen_w;     /* import or export by the meters that were read, magnitude; < 0: none was */
    double expected_w; /* by what loads, stores and sources do         */
    double least_w;    /* below it nothing follows from a flow         */
    bool carries;      /* stores and sources could carry the site      */
    double missing_s;  /* for so long sg_ride_missing() has been true  */
} sg_ride_sight;

void sg_ride_init(sg_ride *self);

/* Meters show nothing of what should flow through them. */
bool sg_ride_missing(const sg_ride_sight *sight);

/* Is there a grid? A reading that is held counts for as long as it may be, and one that says that there is voltage is disbelieved
 * once an import that is due has been missing for longer than frames and commands can be late. After that the meters decide
 * alone: current flows or it does not. Without either, the safe side: none, when the site can carry itself; else things stay as they
 * are: a switch opened on a guess would turn off what nothing else carries. */
bool sg_ride_voltage(const sg_ride_sight *sight);

/* What stores go on giving while import grows: all that the classes draw which were never held back, the minimum of the others. */
double sg_ride_protected_w(const sg_ride *self, const sg_ride_input *in);

/* For how long power_w could be drawn from the stores. */
double sg_ride_hold_s(const sg_ride_input *in, double power_w);

/* The row of the table; the same state when no row fits. events: bit (1 << sg_ride_event). */
sg_ride_state sg_ride_next(sg_ride_state state, unsigned events);

void sg_ride_step(sg_ride *self, const sg_ride_input *in);

static inline bool sg_ride_connected(const sg_ride *self)
{
    return self->state == SG_RIDE_GRID || self->state == SG_RIDE_RESYNC;
}

/* No class is held back. */
static inline bool sg_ride_all_full(const sg_ride *self)
{
    bool full = true;
    for (int k = 0; k < SG_CLASS_MAX; k++) {
        full = full && self->level[k] == SG_LEVEL_FULL;
    }
    return full;
}

static inline sg_reason sg_ride_reason(int state)
{
    return (sg_reason)((int)SG_REASON_RIDE_GRID + state);
}
#endif
