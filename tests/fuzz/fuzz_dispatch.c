/* fuzz_dispatch.c - the planner on programs made of any bytes (random_dispatch.h), two bytes a draw.
 *
 * Whatever is drawn is a valid program. Every answer must keep it, and say what the library's simplex
 * says, unless one of them gives up. */
#include "../dispatch_check.h"
#include "../random_dispatch.h"
#include "base/check.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS_MAX = 48 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static random_dispatch site;
    static const uint8_t NOTHING[1];
    sg_arena arena = {.bytes_max = (size_t)64 << 20};
    sg_schedule reference, tested;
    sg_dispatch_options by_library = {.solver = SG_SOLVER_CLP}, by_choice = {0};
    random_dispatch_draw(&site, (draws){.bytes = size ? data : NOTHING, .size = size});
    if (site.problem.steps > STEPS_MAX) {
        return 0; /* nothing new for its time */
    }
    SG_CHECK(sg_dispatch_solve_with(&site.problem, &by_library, &arena, &reference) == SG_OK);
    SG_CHECK(sg_dispatch_solve_with(&site.problem, &by_choice, &arena, &tested) == SG_OK);
    char text[300] = "";
    dispatch_verdict verdict =
        dispatch_compare(&site.problem, &tested, &reference, text, sizeof text);
    if (verdict == DISPATCH_WRONG) {
        fprintf(stderr, "%s\n", text);
        dispatch_dump(&site.problem, stderr);
    }
    SG_CHECK(verdict != DISPATCH_WRONG);
    sg_arena_free(&arena);
    return 0;
}
