#include "cli/paint.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool sg_paint_terminal(FILE *to)
{
    const char *kind = getenv("TERM");
    return isatty(fileno(to)) == 1 && (!kind || strcmp(kind, "dumb") != 0);
}

const char *sg_paint_code(FILE *to, sg_paint paint)
{
    static const char *const codes[] = {[SG_PAINT_PLAIN] = "\033[0m",
                                        [SG_PAINT_GOOD] = "\033[32m",
                                        [SG_PAINT_WARN] = "\033[33m",
                                        [SG_PAINT_BAD] = "\033[31m",
                                        [SG_PAINT_SOFT] = "\033[2m"};
    const char *no_color = getenv("NO_COLOR");
    bool plain = (no_color && no_color[0]) || !sg_paint_terminal(to);
    return plain ? "" : codes[paint];
}

void sg_progress_begin(sg_progress *self, const char *what)
{
    *self = (sg_progress){.what = what, .began_s = sg_clock_s(), .shown = sg_paint_terminal(stderr)};
}

void sg_progress_step(sg_progress *self, double done_frac)
{
    enum { WIDTH = 30 };
    char bar[WIDTH + 1];
    double now_s = self->shown ? sg_clock_s() : 0;
    if (!self->shown || now_s - self->drawn_s < 0.1 || !(done_frac > 0)) {
        return;
    }
    int full = done_frac < 1 ? (int)(done_frac * WIDTH) : WIDTH;
    memset(bar, '.', WIDTH);
    memset(bar, '#', (size_t)full);
    bar[WIDTH] = '\0';
    double left_s = (now_s - self->began_s) * (1 - done_frac) / done_frac;
    fprintf(stderr, "\r\033[K%s [%s] %3.0f %%  %.0f s left", self->what, bar, 100 * done_frac,
            left_s > 0 ? left_s : 0);
    fflush(stderr);
    self->drawn_s = now_s;
}

void sg_progress_end(sg_progress *self)
{
    if (self->drawn_s > 0) {
        fputs("\r\033[K", stderr);
    }
    self->shown = false;
}
