#include "base/status.h"

const char *sg_status_text(sg_status status)
{
    switch (status) {
#define X(code, text) \
    case code:        \
        return text;
        SG_STATUS_LIST(X)
#undef X
    }
    return "unknown status";
}

const char *sg_outcome_text(sg_outcome outcome)
{
    static const char *const names[] = {"solved", "limit", "infeasible", "unbounded", "numeric"};
    return names[outcome];
}

const char *sg_quality_text(sg_quality quality)
{
    static const char *const names[] = {"good", "suspect", "stale", "missing"};
    return names[quality];
}
