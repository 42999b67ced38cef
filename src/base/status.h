/* status.h - what a call says when it fails.
 *
 * Four vocabularies never mix: sg_status (a call failed), sg_outcome (what the mathematics said),
 * sg_quality (how far a value may be trusted) and SG_CHECK (our own bug, see check.h). */
#ifndef SG_BASE_STATUS_H
#define SG_BASE_STATUS_H

#define SG_STATUS_LIST(X)                                     \
    X(SG_OK, "ok")                                            \
    X(SG_RANGE, "a value is outside its range")               \
    X(SG_FORMAT, "the input does not have the expected form") \
    X(SG_MISSING, "something that was named does not exist")  \
    X(SG_FULL, "a bounded table, queue or disk is full")      \
    X(SG_NOMEM, "memory is exhausted")                        \
    X(SG_IO, "reading or writing failed")                     \
    X(SG_CORRUPT, "stored data fails its checksum")           \
    X(SG_UNAVAILABLE, "the feature or peer is not available")

typedef enum sg_status {
#define X(code, text) code,
    SG_STATUS_LIST(X)
#undef X
} sg_status;

typedef enum sg_outcome { SG_SOLVED, SG_LIMIT, SG_INFEASIBLE, SG_UNBOUNDED, SG_NUMERIC } sg_outcome;

/* Bad data is a value, not an error. Ordered: a larger mark is less trusted. */
typedef enum sg_quality { SG_GOOD, SG_SUSPECT, SG_STALE, SG_NO_DATA } sg_quality;

#define SG_MUST_CHECK __attribute__((warn_unused_result))

/* Static text, never NULL. @effects alloc=no block=no fails=never */
const char *sg_status_text(sg_status status);
const char *sg_outcome_text(sg_outcome outcome);
const char *sg_quality_text(sg_quality quality);
#endif
