/* moment.h - one moment of the past from the journal: what was measured, predicted, planned, limited and by which rule, decided.
 *
 * The engine is brought back to the moment by replaying the journal's segment up to it, so what is told is what the engine knew and
 * did, not what a log says. The site gives the names.
 *
 * Units    kW, kWh, prices per kWh in the items, as their names say; times in us since 1970.
 * Sign     power > 0 flows into the site bus, except loads', which are magnitudes.
 * Memory   an explanation is one value; the replay's memory is released before it is handed over. Any thread; the journal may be
 *          written meanwhile.
 * Errors   SG_MISSING: no journal there, or none of that moment; SG_FORMAT: no such device; SG_CORRUPT: the journal cannot be
 *          used there; SG_IO, SG_NOMEM. ret_error is one line that says what to do. */
#ifndef SG_HOST_MOMENT_H
#define SG_HOST_MOMENT_H
#include "base/text.h"
#include "engine/engine.h"

#include <stdatomic.h>

#define SG_MOMENT_PART_LIST(X)          \
    X(SG_MOMENT_MEASURED, "measured")   \
    X(SG_MOMENT_PREDICTED, "predicted") \
    X(SG_MOMENT_PLANNED, "planned")     \
    X(SG_MOMENT_COMMANDED, "commanded") \
    X(SG_MOMENT_LIMITED, "limited")     \
    X(SG_MOMENT_DECIDED, "decided")

typedef enum sg_moment_part {
#define X(code, name) code,
    SG_MOMENT_PART_LIST(X)
#undef X
        SG_MOMENT_PART_COUNT
} sg_moment_part;

enum { SG_MOMENT_ITEM_MAX = 128, SG_MOMENT_TEXT = 256, SG_MOMENT_ERROR = 400 };

typedef struct sg_moment_item {
    sg_moment_part part;
    char name[48];      /* "power_kw"; of a limit the place and unit, of a decision the device */
    double value;       /* in the unit of the name, NaN: none */
    const char *reason; /* sg_reason's name, static; NULL: none */
    char text[SG_MOMENT_TEXT];
} sg_moment_item;

typedef struct sg_moment {
    int64_t asked_us, time_us; /* the step that is told is the last one that had ended by then */
    uint64_t tick;
    double step_s;
    char device[SG_ID_MAX];    /* "" = the whole site */
    char note[SG_MOMENT_TEXT]; /* what to keep in mind, "" = nothing */
    int count;
    sg_moment_item item[SG_MOMENT_ITEM_MAX];
} sg_moment;

typedef struct sg_moment_question {
    const char *dir; /* the data folder */
    const sg_site *site;
    int64_t at_us;           /* INT64_MAX: the newest step there is */
    const char *device;      /* a device, group, node or "grid"; NULL or "": the whole site */
    const atomic_bool *stop; /* true: give up with SG_UNAVAILABLE; NULL: never */
} sg_moment_question;

/* @effects alloc=yes block=disk, as long as replaying at most one segment takes */
SG_MUST_CHECK sg_status sg_moment_explain(const sg_moment_question *question, sg_moment *ret,
                                          char ret_error[SG_MOMENT_ERROR]);

/* symgrid.explanation/1, and sentences for people. @effects alloc=yes (out) block=no */
void sg_moment_json(const sg_moment *self, sg_out *out);
void sg_moment_text(const sg_moment *self, sg_out *out);

/* What the parts are made of. frame: the readings as they came, NULL: none are known. @effects alloc=yes block=no */
typedef struct sg_moment_source {
    const sg_site *site;
    sg_engine *engine;
    const sg_frame *frame;
    const sg_plan *plan; /* that is followed; NULL: none */
} sg_moment_source;
SG_MUST_CHECK sg_status sg_moment_tell(const sg_moment_source *source, const char *device,
                                       sg_moment *ret, char ret_error[SG_MOMENT_ERROR]);
#endif
