#include "site/plan.h"

const char *sg_rung_name(sg_rung rung)
{
    static const char *const names[] = {
#define X(code, name, text) name,
        SG_RUNG_LIST(X)
#undef X
    };
    return names[rung];
}

const char *sg_rung_text(sg_rung rung)
{
    static const char *const texts[] = {
#define X(code, name, text) text,
        SG_RUNG_LIST(X)
#undef X
    };
    return texts[rung];
}

const char *sg_plan_cause_name(sg_plan_cause cause)
{
    static const char *const names[] = {
#define X(code, name, text) name,
        SG_PLAN_CAUSE_LIST(X)
#undef X
    };
    return names[cause];
}

const char *sg_plan_cause_text(sg_plan_cause cause)
{
    static const char *const texts[] = {
#define X(code, name, text) text,
        SG_PLAN_CAUSE_LIST(X)
#undef X
    };
    return texts[cause];
}
