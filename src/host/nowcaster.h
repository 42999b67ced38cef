/* nowcaster.h - what each node of the power tree draws ten seconds from now, and which may pass their limit until then: told, never acted
 * upon (the relief of src/control looks ahead by itself).
 *
 * Rows     one a second of site time, or one a step where steps are longer; what is told is ten rows ahead, or one where a row is longer
 *          than ten seconds. Of a site with more than 100,000 nodes the first.
 * Model    forecast/nowcast.h: never far from the last value, which it must beat to be listened to.
 * Warned   the upper end of the 80 % interval is above the node's limit, the last value is not: passing is no less likely than one in ten.
 * Silent   warnings are still made and scored, and told no longer, where fewer than one in twenty came true: where the program itself keeps the
 *          limit, none does.
 * Scored   each forecast against what came and against the last value, each row's warnings against what the rows until then brought;
 *          of some hours past (a row counts less by one part in 10,000 with each that follows).
 * Kept     DIR/nowcast.state at the end; another site's, or a broken one, is told of in one line and learnt anew: that takes minutes.
 * Threads  all of it is the loop's. About 700 bytes a node; step() takes some 0.3 us a node, once a second. */
#ifndef SG_HOST_NOWCASTER_H
#define SG_HOST_NOWCASTER_H
#include "engine/view.h"
#include "site/site.h"

typedef struct sg_engine sg_engine;
typedef struct sg_nowcaster sg_nowcaster;

#define SG_NOWCASTER_FILE "nowcast.state"

/* dir: NULL = nothing is kept. NULL when there is no memory. @effects alloc=yes block=disk */
sg_nowcaster *sg_nowcaster_create(const sg_site *site, double step_s, const char *dir,
                                  void (*log)(const char *line));
/* Keeps what was learnt. Accepts NULL. @effects block=disk */
void sg_nowcaster_destroy(sg_nowcaster *self);

/* After each step. Accepts NULL. @effects alloc=no block=no */
void sg_nowcaster_step(sg_nowcaster *self, const sg_engine *engine);
/* What is told now. NULL: nothing is. @effects alloc=no block=no */
void sg_nowcaster_view(const sg_nowcaster *self, sg_view *view);
#endif
