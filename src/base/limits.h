/* limits.h - every bound that the step, the queues and the views rely on, in one place. */
#ifndef SG_BASE_LIMITS_H
#define SG_BASE_LIMITS_H

enum {
    SG_ID_MAX = 64,            /* bytes of an id with its terminator                  */
    SG_TREE_DEPTH_MAX = 16,    /* nodes from a leaf to the site                       */
    SG_PARAM_MAX = 36,         /* parameters of a device kind                         */
    SG_INPUT_MAX = 12,         /* weather or price inputs of a device kind            */
    SG_DEVICE_MAX = 2000000,   /* devices of a site                                   */
    SG_NODE_MAX = 200000,      /* nodes of a site                                     */
    SG_GROUP_MAX = 64,         /* entries (groups of like devices) of a site          */
    SG_CLASS_MAX = 8,          /* load classes, 0 served first                        */
    SG_TASK_MAX = 256,         /* allocation requests remembered at once              */
    SG_REQUEST_MAX = 64,       /* requests that one frame may carry                   */
    SG_PLAN_STEP_MAX = 576,    /* steps of a plan: two days at 5 min                  */
    SG_HISTORY_SLOT_MAX = 288, /* quarter hours of history the forecasts keep (3 days) */
    SG_DECISION_MAX = 32,      /* last decisions kept for people to read              */
    SG_FAULT_MAX = 64,         /* faults of a scenario                                */
    SG_TIE_NODE_MAX = 1000,    /* nodes of a site whose ties are used                 */
    SG_TIE_MAX = 256           /* ties between the nodes of a site                    */
};
#endif
