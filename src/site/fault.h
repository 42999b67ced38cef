/* fault.h - the catalogue of what can go wrong in a simulated plant, as data of the site file.
 *
 * A fault acts once, from `at` for `duration`, or again and again: `every` is then the mean time between failures of each
 * member by itself and `duration` the mean time to repair, both drawn from exponential distributions.
 * Chance   every draw is a function of (site's seed, fault, member, number of the draw): the same run has the same faults. */
#ifndef SG_SITE_FAULT_H
#define SG_SITE_FAULT_H
#include <stdint.h>

/* what `severity` means: nothing, or it must be given */
typedef enum sg_fault_severity { SG_FAULT_PLAIN, SG_FAULT_GRADED } sg_fault_severity;

/* code, name, severity, the greatest severity, what happens while it lasts */
#define SG_FAULT_LIST(X)                                                                         \
    X(SG_FAULT_SENSOR_MISSING, "sensor_missing", SG_FAULT_PLAIN, 1, "no reading arrives")        \
    X(SG_FAULT_SENSOR_STUCK, "sensor_stuck", SG_FAULT_PLAIN, 1, "the last value is repeated")    \
    X(SG_FAULT_SENSOR_NAN, "sensor_nan", SG_FAULT_PLAIN, 1, "not-a-number arrives as good")      \
    X(SG_FAULT_SENSOR_SCALE, "sensor_scale", SG_FAULT_GRADED, 1000, "readings times `severity`") \
    X(SG_FAULT_SENSOR_SIGN, "sensor_sign", SG_FAULT_PLAIN, 1, "readings with the wrong sign")    \
    X(SG_FAULT_SENSOR_DRIFT, "sensor_drift", SG_FAULT_GRADED, 1000,                              \
      "readings grow by `severity` of themselves an hour")                                       \
    X(SG_FAULT_SENSOR_NOISE, "sensor_noise", SG_FAULT_GRADED, 10,                                \
      "readings scatter by `severity` of themselves (std)")                                      \
    X(SG_FAULT_LINK_DROP, "link_drop", SG_FAULT_GRADED, 1,                                       \
      "each reading is lost with probability `severity`")                                        \
    X(SG_FAULT_LINK_SLOW, "link_slow", SG_FAULT_GRADED, 1e6,                                     \
      "readings are renewed every `severity` seconds only")                                      \
    X(SG_FAULT_LINK_GARBLE, "link_garble", SG_FAULT_GRADED, 1,                                   \
      "a reading is random bits with probability `severity`")                                    \
    X(SG_FAULT_GRID_LOSS, "grid_loss", SG_FAULT_PLAIN, 1, "the grid connection is gone")         \
    X(SG_FAULT_PRICE_SCALE, "price_scale", SG_FAULT_GRADED, 1000,                                \
      "import and export prices times `severity`")                                               \
    X(SG_FAULT_PRICE_MISSING, "price_missing", SG_FAULT_PLAIN, 1, "no price arrives")            \
    X(SG_FAULT_PLAN_MISSING, "plan_missing", SG_FAULT_PLAIN, 1, "the planner finds no plan")     \
    X(SG_FAULT_TRIP, "trip", SG_FAULT_PLAIN, 1, "the source or store delivers nothing")          \
    X(SG_FAULT_START_FAILS, "start_fails", SG_FAULT_PLAIN, 1, "the generator does not start")    \
    X(SG_FAULT_DERATE, "derate", SG_FAULT_GRADED, 1,                                             \
      "the source or store delivers at most `severity` of its power")                            \
    X(SG_FAULT_PACKS_LOST, "packs_lost", SG_FAULT_GRADED, 1000,                                  \
      "`severity` of a battery's packs are out, with their energy")                              \
    X(SG_FAULT_IGNORES, "ignores", SG_FAULT_PLAIN, 1, "the device keeps its last set-point")     \
    X(SG_FAULT_PARTIAL, "partial", SG_FAULT_GRADED, 1,                                           \
      "the device follows `severity` of each change of its set-point")                           \
    X(SG_FAULT_COMMAND_DROP, "command_drop", SG_FAULT_GRADED, 1,                                 \
      "each set-point is lost with probability `severity`")                                      \
    X(SG_FAULT_COMMAND_SLOW, "command_slow", SG_FAULT_GRADED, 1e6,                               \
      "set-points are taken every `severity` seconds only")                                      \
    X(SG_FAULT_LOAD_STEP, "load_step", SG_FAULT_GRADED, 1000, "the load's demand times `severity`")

typedef enum sg_fault_kind {
#define X(code, name, severity, most, text) code,
    SG_FAULT_LIST(X)
#undef X
        SG_FAULT_KIND_COUNT
} sg_fault_kind;

typedef struct sg_fault {
    sg_fault_kind kind;
    double at_s;       /* after the start of the run; a recurring one cannot happen before       */
    double duration_s; /* INFINITY = for good; the mean where every_s > 0                        */
    double every_s;    /* mean time between failures of one member; 0 = once, at at_s            */
    double severity;
    int32_t group;  /* index into groups; -1 for those of the site as a whole (sg_fault_of_site) */
    int32_t member; /* index within the group, -1 = all of them                                  */
} sg_fault;

static inline int sg_fault_of_site(sg_fault_kind kind)
{
    return kind == SG_FAULT_GRID_LOSS || kind == SG_FAULT_PRICE_SCALE ||
           kind == SG_FAULT_PRICE_MISSING || kind == SG_FAULT_PLAN_MISSING;
}
#endif
