/* trace.h - what is written down of a rehearsal: what happened and why, curves, and the bill beside that of the untouched twin.
 *
 * Events   the grid's states at once. A group's reason when it is not an everyday one: one that the untouched twin's group has
 *          had since the copy, or its own before the first incident, or that local stores have all day; and when it is back. Also when a load gets less than
 *          its twin, by more than a fiftieth of what it wants, or stores give other power, by more than a twentieth of their rating.
 * Seldom   at most once a second and load; once in ten and store or source, there each reason once in ten minutes and not where
 *          next to nothing flows. The last quarter of the list is kept for grid and loads.
 * Curves   means over equal spans of site time; when there are as many as there is room for, two become one.
 * Units    and signs as in serve/rehearsal.h. @effects of every function: alloc=no block=no fails=never */
#ifndef SG_HOST_TRACE_H
#define SG_HOST_TRACE_H
#include "host/shadow.h"

typedef struct sg_trace_group {
    int32_t reason; /* told last */
    int32_t seen;   /* of the last step, and since when */
    double seen_s, told_s;
    double power_w;  /* before it was seen */
    double apart_w;  /* held back beyond the twin's, or given otherwise; smoothed */
    double rating_w; /* of stores */
    bool local;      /* stores that smooth, or stand in a server */
    bool marked;     /* what was told last is no everyday reason, or it is apart from its twin */
    bool everyday[SG_REASON_COUNT];
    double reason_told_s[SG_REASON_COUNT];
} sg_trace_group;

typedef struct sg_trace {
    sg_rehearsal *into;
    sg_settlement with0, without0; /* metered until the copy */
    double with0_value, without0_value;
    sg_view view,
        other; /* of the last step: of the twin that is played on, and the untouched one */
    int32_t ride_first, ride, shed_first;
    double import_w; /* allowed in that state */
    sg_trace_group group[SG_GROUP_MAX];
    sg_rehearsal_sample sum; /* times s, of the span under way */
    double summed_s, quiet_s;
} sg_trace;

/* Both stand where the live site stood. into: the orders, speed and texts are the caller's to fill. */
void sg_trace_start(sg_trace *self, const sg_shadow *with, const sg_shadow *without,
                    sg_rehearsal *into);
/* Order i begins or ends (SG_REHEARSAL_BEGINS, _ENDS). */
void sg_trace_order(sg_trace *self, int i, int32_t what);
/* After each step of both. */
void sg_trace_step(sg_trace *self, const sg_shadow *with, const sg_shadow *without, double dt_s);

/* For so long the site has been in the state that it was copied in, nothing held back. */
double sg_trace_quiet_s(const sg_trace *self);
#endif
