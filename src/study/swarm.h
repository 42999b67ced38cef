/* swarm.h - one seed: a random site, random faults, the real engine, every invariant at every tick.
 *
 * A seed gives a small site (or random faults on a given one), a schedule of device faults (site/fault.h), of faults of what lies
 * between plant and engine (below), requests, and a policy. The engine is stepped as `run` steps it, ten times a second; the
 * checker of world/checker.h looks at every tick.
 * Chance   everything is a function of the seed: the same build gives the same run, to the byte.
 * Journal  every frame, plan and command is journaled in memory behind a snapshot; a restart rebuilds the engine from them, and so
 *          does the end of each run, and must come to the same bytes.
 * Units    s, W, J. Memory: allocated before the first tick; plans are solved between ticks, as by a worker. */
#ifndef SG_STUDY_SWARM_H
#define SG_STUDY_SWARM_H
#include "base/text.h"
#include "engine/engine.h"
#include "world/checker.h"

/* code, name, what happens */
#define SG_PORT_FAULT_LIST(X)                                                                     \
    X(SG_PORT_FRAME_LOST, "frame_lost", "nothing of a frame arrives")                             \
    X(SG_PORT_FRAME_TWICE, "frame_twice", "a frame is delivered again in place of the next")      \
    X(SG_PORT_FRAME_SWAPPED, "frame_swapped", "two frames arrive in each other's place")          \
    X(SG_PORT_FRAME_LATE, "frame_late", "frames arrive up to a second late, unmarked")            \
    X(SG_PORT_COMMAND_LOST, "command_lost", "a command does not reach the devices")               \
    X(SG_PORT_COMMAND_TWICE, "command_twice", "a command arrives again, after the one behind it") \
    X(SG_PORT_COMMAND_LATE, "command_late", "commands arrive up to a second late")                \
    X(SG_PORT_CLOCK_JUMP, "clock_jump", "the clock jumps by 1 s to 10 years, either way")         \
    X(SG_PORT_STALL, "stall", "the loop stands still for up to two seconds")                      \
    X(SG_PORT_RESTART, "restart", "the engine dies and is rebuilt from snapshot and journal")     \
    X(SG_PORT_PLAN_NONE, "plan_none", "the planner fails")                                        \
    X(SG_PORT_PLAN_LATE, "plan_late", "a plan arrives up to five hours late")                     \
    X(SG_PORT_PLAN_BROKEN, "plan_broken", "a plan is not finite, not solved or for another site") \
    X(SG_PORT_PLAN_ASTRAY, "plan_astray", "a plan is for another time, or the first one once more")

typedef enum sg_port_fault {
#define X(code, name, text) code,
    SG_PORT_FAULT_LIST(X)
#undef X
        SG_PORT_FAULT_COUNT
} sg_port_fault;
const char *sg_port_fault_name(int fault);
const char *sg_port_fault_text(int fault);

typedef struct sg_swarm {
    uint64_t seed;
    double duration_s;
    const sg_site
        *site;   /* NULL: a random one. Its series are drawn anew and its own faults left out */
    bool faults; /* false: nothing fails */
} sg_swarm;

/* A flat value: it may be handed from process to process. */
typedef struct sg_swarm_result {
    uint64_t seed, ticks, steps; /* steps: ticks in which the loop stood still not counted */
    double simulated_s;
    int32_t policy, mode, nodes, sources, stores, loads;
    uint64_t fired[SG_FAULT_KIND_COUNT], port_fired[SG_PORT_FAULT_COUNT];
    uint64_t rungs[SG_RUNG_COUNT], plans, requests;
    uint64_t looks[SG_INVARIANT_COUNT];
    sg_violation violation[SG_INVARIANT_COUNT];
    uint64_t violations; /* ticks with any */
    uint64_t digest;     /* of all commands */
    char error[160];     /* what kept the run from starting */
} sg_swarm_result;

/* @effects alloc=yes block=for the run fails=SG_NOMEM, SG_FORMAT (result->error says why) */
SG_MUST_CHECK sg_status sg_swarm_run(const sg_swarm *swarm, sg_swarm_result *ret);

/* The text of the random site of a seed. */
void sg_swarm_site(uint64_t seed, sg_out *ret);
#endif
