/* replan.h - when a new plan is due, and why: one rule for the live loop and for simulations.
 *
 * Rule     at once without one; when a period of the site's clock has begun; and on events: the grid is lost or back, a source
 *          or store is lost or back, a task was granted or ended, the price is not what the plan was told, the net load of this
 *          quarter hour misses what it was told by more than a share of the load. Events wait for their turn: a tenth of a
 *          period, 10 s to 1 min, after the last question.
 * State    what stood when the last plan was asked for. It is the planner's, not the engine's: the plan is an input to the step.
 * @effects of every function: alloc=no block=no fails=never */
#ifndef SG_ENGINE_REPLAN_H
#define SG_ENGINE_REPLAN_H
#include "engine/engine.h"

typedef struct sg_replan {
    int64_t asked_us;
    int32_t cause;   /* of the last question, sg_plan_cause; NONE: never asked */
    int32_t grid_up; /* what was read then */
    uint64_t devices;
    double task_w;
    sg_outlook outlook;
} sg_replan;

/* NONE: the plan that there is will do. */
sg_plan_cause sg_replan_due(const sg_replan *self, const sg_engine *engine,
                            const sg_planning *planning);

/* Take down what stands now and fill the outlook, at steps of at least step_s_min; told as in sg_engine_outlook(). The caller overwrites the prices that it
 * knows better, and sets terminal values. */
void sg_replan_ask(sg_replan *self, sg_plan_cause cause, const sg_engine *engine,
                   const sg_planning *planning, double step_s_min, const sg_foretold *told);
#endif
