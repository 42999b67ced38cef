#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

static sg_check_handler *on_failure;
static _Thread_local sg_check_handler *on_thread_failure;

void sg_check_on_failure(sg_check_handler *handler)
{
    on_failure = handler;
}

void sg_check_on_thread_failure(sg_check_handler *handler)
{
    on_thread_failure = handler;
}

void sg_check_failed(const char *condition, const char *file, int line)
{
    if (on_thread_failure) {
        on_thread_failure(condition, file, line);
        abort();
    }
    fprintf(stderr, "symgrid: internal check failed: %s (%s:%d); going to the safe set\n",
            condition, file, line);
    if (on_failure) {
        sg_check_handler *handler = on_failure;
        on_failure = NULL; /* a second failure inside the handler must not loop */
        handler(condition, file, line);
    }
    abort();
}
