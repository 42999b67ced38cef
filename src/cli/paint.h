/* paint.h - colours and progress, on terminals only: nothing of it where output goes to a file or pipe, where NO_COLOR is set to
 * anything (no-color.org), or where TERM is dumb. @effects alloc=no block=no */
#ifndef SG_CLI_PAINT_H
#define SG_CLI_PAINT_H
#include <stdbool.h>
#include <stdio.h>

typedef enum sg_paint {
    SG_PAINT_PLAIN,
    SG_PAINT_GOOD,
    SG_PAINT_WARN,
    SG_PAINT_BAD,
    SG_PAINT_SOFT
} sg_paint;

/* Does the stream end at a terminal that moves its cursor? */
bool sg_paint_terminal(FILE *to);
/* The escape sequence that begins the colour, or SG_PAINT_PLAIN's that ends it; "" where there are no colours. Static text. */
const char *sg_paint_code(FILE *to, sg_paint paint);

/* A bar on stderr: "what  [#####.....]  42 %  3 s left". Drawn at most ten times a second, and only on a terminal. */
typedef struct sg_progress {
    const char *what;
    double began_s, drawn_s;
    bool shown;
} sg_progress;
void sg_progress_begin(sg_progress *self, const char *what);
void sg_progress_step(sg_progress *self, double done_frac);
void sg_progress_end(sg_progress *self); /* wipes it */
#endif
