/* checker.h - what must hold at every tick of a run, whatever fails: one table of invariants, each with its check.
 *
 * A check is told the truth of the simulated plant, the frame as it arrived, the command that was given for it, and what it cannot
 * see for itself (rung, books, comparisons of twins). It works everything out again from the site's nouns; nothing of the control's
 * code is used, so that a mistake there is not repeated here.
 *
 * Belief   what a frame allows to be believed is counted here as well: a reading counts when it is marked good or suspect, is finite and
 *          within 5 % of what its device can do; it carries a decision for one second (prices: two hours).
 *          Where a reading lies, the truth may be known from the meters around it: of the two, that counts which is for the command.
 * Told     a device that does not do what it was told is not our doing: where flows are judged, it counts with what it was told.
 * Units    SI. Sign: store and source power > 0 flows into the bus; loads are magnitudes.
 * Memory   one allocation at creation, none in a tick. One thread. Violations are kept: the first of each invariant, and a count. */
#ifndef SG_WORLD_CHECKER_H
#define SG_WORLD_CHECKER_H
#include "port/field.h"
#include "world/world.h"

/* A plan as it came in with a frame, as far as the ladder depends on it. */
typedef struct sg_tick_plan {
    bool came, sound; /* sound: finite, solved, for stores of this site */
    int64_t made_us, start_us, end_us;
} sg_tick_plan;

/* The books of the engine since it began, the interval under way included. */
typedef struct sg_tick_books {
    int64_t import_j, export_j, cost_u, settled;
} sg_tick_books;

/* How a comparison of twins came out. */
typedef enum sg_tick_twin { SG_TWIN_NONE, SG_TWIN_SAME, SG_TWIN_DIFFERS } sg_tick_twin;

typedef struct sg_tick {
    uint64_t number;
    double dt_s;
    sg_world_now now;             /* the interval that ended                              */
    double balance_error_j, in_j; /* of the plant's books since the start; all that came in */
    const sg_readings *frame;     /* as it arrived; NULL: the loop stood still            */
    const sg_command *command;    /* given for that frame; NULL with it                   */
    bool plans;                   /* the policy follows plans                             */
    int32_t rung;                 /* sg_rung                                              */
    sg_tick_plan plan;
    sg_tick_books books;
    double granted_w; /* to tasks                                             */
    sg_tick_twin replay,
        clock; /* restarted from snapshot and journal; without the jump of the clock */
} sg_tick;

/* id, short name, what must hold, what is allowed for and why */
#define SG_INVARIANT_LIST(X)                                                                      \
    X(HEAT, "E1", "heat",                                                                         \
      "no breaker or cable gets hotter than 80 % of what trips it by what was told",              \
      "the curve of the site file, else 10 s at twice the rating, that being limit / 0.8; what "  \
      "flows by disobedience is left out, as is what flows while the loop stands still; 0.2 % "   \
      "for "                                                                                      \
      "frames that came late")                                                                    \
    X(CAPS, "E1", "caps",                                                                         \
      "with every load at its cap and every store as told, no node passes its limit",             \
      "a store counts for what it was read to give in this very frame; breakers with a known "    \
      "curve "                                                                                    \
      "go by their heat")                                                                         \
    X(UPWARD, "E1", "upward",                                                                     \
      "with no load at all, stores and sources push no more through a node than its limit",       \
      "not in the safe set, which leaves sources as they were; the root by what really flows")    \
    X(TIES, "E1", "ties",                                                                         \
      "no tie is told to carry more than its rating, nor anything while it is not read", "")      \
    X(SAG, "E6", "sag", "no tie keeps a bus behind its giving feeder below its voltage",          \
      "a second for demands that rise; true flows and radial voltages")                           \
    X(LOSS, "E2", "loss",                                                                         \
      "with every load at its cap, the loss of any one store or tie that helps trips no breaker " \
      "until it is answered",                                                                     \
      "2 s; the curve of the site file, else as for heat; not in the safe set")                   \
    X(PACE, "E5", "pace",                                                                         \
      "no set-point grows faster than its device's ramp, or turns round or starts before its "    \
      "rest "                                                                                     \
      "is over",                                                                                  \
      "1e-9 for rounding; power falls as fast as it may; what a source shows counts")             \
    X(CYCLES, "E9", "cycles",                                                                     \
      "no generator that is able is stopped before its least run, or asked before its rest is "   \
      "over",                                                                                     \
      "a step and a half; one that gives nothing may be stopped")                                 \
    X(RESERVE, "E3", "reserve",                                                                   \
      "no discharge by command below the reserve while the site is on its grid",                  \
      "1e-9 for rounding; until the ramp after a return is over the reserve is open")             \
    X(RESERVE_TRUE, "E3", "reserve_true",                                                         \
      "nor in truth, while the reading of the charge is honest",                                  \
      "what flows while a held or late reading counts: 1.3 s at full power, 0.2 % of capacity")   \
    X(CIRCULATION, "E4", "circulation",                                                           \
      "no store with duty energy or bridge charges while another gives",                          \
      "relief of a breaker stands")                                                               \
    X(RATING, "E6", "rating", "every set-point is finite and within the device's rating",         \
      "1e-9 for rounding")                                                                        \
    X(BOUNDS, "E6", "bounds", "no store is told to pass full or empty within the step",           \
      "1e-9 of its capacity")                                                                     \
    X(BALANCE, "E7", "balance",                                                                   \
      "what comes in goes out, is lost or is stored, at every node and in the books",             \
      "1e-6 of what flows; in the books 2e-16 of what is stored for each step, which is "         \
      "rounding")                                                                                 \
    X(ISLAND, "E8", "island", "nothing flows through a connection that is down",                  \
      "1e-6 of what flows, and 1 mW, which the plant does not resolve")                           \
    X(SWITCH, "E8", "switch",                                                                     \
      "the switch to a grid whose voltage is there and well read is not opened",                  \
      "not where a reading has lied or been missing within two minutes, nor where stores or "     \
      "loads miss what they were told by more than 1 %")                                          \
    X(ORDER, "E9", "order",                                                                       \
      "no load gets more than its minimum, and no lower class anything, while one lacks its "     \
      "minimum",                                                                                  \
      "where the power could have gone there (no node between is above 60 % of its limit), and "  \
      "no reading has lied or been missing for two minutes; without the grid a class waits "      \
      "until those above it are served, and no lower one has anything")                           \
    X(EXPORT, "E10", "export",                                                                    \
      "no export beyond what the connection permits, as far as could be known",                   \
      "a store that does not follow counts for what it shows; relief, for the one step in which " \
      "what it answered falls; not in the safe set, nor within two minutes of a reading that "    \
      "lied or was missing: demands are then taken to be high; 1e-6 of what flows, and 1 mW")     \
    X(STALE, "T1", "stale",                                                                       \
      "no store or fuelled source is moved, and no price acted upon, by a reading too old",       \
      "1 s, prices 2 h")                                                                          \
    X(LIAR, "T2", "liar", "a lying sensor does not break E1 or E3 in truth",                      \
      "5 % of the capacity")                                                                      \
    X(CLOCK, "T3", "clock",                                                                       \
      "a jump of the clock alters nothing that was learnt, and no set-point for two seconds",     \
      "as long as the rung, the step of the plan, tasks and the month's peak are the same under " \
      "both "                                                                                     \
      "clocks, and no quarter hour ends meanwhile under one alone; jumps above 3 s; not where "   \
      "loads have schedules")                                                                     \
    X(REPLAY, "T5", "replay", "snapshot and journal rebuild the engine byte for byte", "")        \
    X(SILENCE, "A4", "silence", "most demands unread for a second: stores rest, no cap rises",    \
      "while meters are read, demands may be reckoned from them")                                 \
    X(TASKS, "A8", "tasks",                                                                       \
      "tasks get what was granted at most, and nothing while a minimum lacks it",                 \
      "as for order; not in the safe set")                                                        \
    X(MODE, "S1", "mode", "observe and advise write nothing, control does", "")                   \
    X(HYPOTHETICAL, "H1", "hypothetical", "hypothetical kinds command nothing", "")               \
    X(REASON, "R1", "reason", "every set-point carries a reason of the list", "")                 \
    X(LADDER, "P1", "ladder", "a step stands on the rung that plan, ages and readings allow", "") \
    X(MONOTONE, "L4", "monotone",                                                                 \
      "energy in the books never runs backwards, nor past the true meter",                        \
      "1 J, and 1 J for each settled interval")                                                   \
    X(MONEY, "L4", "money", "energy bought is billed at the price in force when it was bought",   \
      "1 J for each change of the price, and a millionth of the currency for each interval")

typedef enum sg_invariant {
#define X(code, id, name, text, slack) SG_INVARIANT_##code,
    SG_INVARIANT_LIST(X)
#undef X
        SG_INVARIANT_COUNT
} sg_invariant;

typedef struct sg_invariant_row {
    const char *id, *name;
    const char *text, *slack;
} sg_invariant_row;
extern const sg_invariant_row sg_invariants[SG_INVARIANT_COUNT];

enum { SG_VIOLATION_TEXT = 160 };
typedef struct sg_violation {
    uint64_t count, tick;         /* how often; when first */
    char text[SG_VIOLATION_TEXT]; /* the numbers then      */
} sg_violation;

typedef struct sg_checker sg_checker;

/* NULL when memory is exhausted. The site must outlive it. @effects alloc=yes */
sg_checker *sg_checker_create(const sg_site *site);
void sg_checker_free(sg_checker *self);

/* The command in force before the first tick. @effects alloc=no block=no fails=never */
void sg_checker_start(sg_checker *self, const sg_command *command);
/* Look at one tick. Returns the number of violations. @effects alloc=no block=no fails=never */
int sg_checker_tick(sg_checker *self, const sg_tick *tick);

const sg_violation *sg_checker_violations(const sg_checker *self); /* [SG_INVARIANT_COUNT] */
/* How often each check had something to look at: a check that never bites is seen here. */
const uint64_t *sg_checker_looks(const sg_checker *self);
#endif
