#include "site/reason.h"

static const char *const names[] = {
#define X(code, name, text) name,
    SG_REASON_LIST(X)
#undef X
};

static const char *const texts[] = {
#define X(code, name, text) text,
    SG_REASON_LIST(X)
#undef X
};

const char *sg_reason_name(sg_reason reason)
{
    return (unsigned)reason < SG_REASON_COUNT ? names[reason] : "unknown";
}

const char *sg_reason_text(sg_reason reason)
{
    return (unsigned)reason < SG_REASON_COUNT ? texts[reason] : "unknown reason";
}

const char *sg_verdict_text(sg_verdict verdict)
{
    static const char *const verdicts[] = {
#define X(code, text) text,
        SG_VERDICT_LIST(X)
#undef X
    };
    return verdicts[verdict];
}
