/* fuzz_problem_json.c - the readers of symgrid.dispatch/1, symgrid.arbitrage/1 and symgrid.allocation/1 on any bytes.
 *
 * Whatever comes in, a reader says yes or leaves one line of text. What it accepts must keep the
 * promises that the solvers rely on: an accepted tree is solved when it is small. */
#include "base/check.h"
#include "cli/plan_arbitrage.h"
#include "cli/problem_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SOLVED_LEAVES_MAX = 200 };

static void check_message(const sg_json_in *in, bool accepted)
{
    SG_CHECK(accepted == !in->failed);
    SG_CHECK(accepted || (in->message[0] && !strchr(in->message, '\n')));
}

static void try_plan(const char *text, size_t size)
{
    sg_arena arena = {.bytes_max = (size_t)64 << 20};
    sg_json_in in;
    sg_dispatch p;
    bool accepted = sg_json_in_load(&in, "input", text, size, SG_DISPATCH_FORMAT) &&
                    sg_dispatch_from_json(&in, &arena, &p);
    check_message(&in, accepted);
    if (accepted) {
        SG_CHECK(p.steps > 0 && p.step_s > 0.0);
        int zones = sg_dispatch_zone_count(&p);
        for (int k = 0; k < zones * p.steps; k++) {
            SG_CHECK(isfinite(sg_dispatch_load_kw(&p, k / p.steps)[k % p.steps]));
        }
        for (int l = 0; l < p.link_count; l++) {
            const sg_dispatch_link *d = &p.links[l];
            SG_CHECK(d->from >= 0 && d->from < zones && d->to >= 0 && d->to < zones);
        }
        for (int s = 0; s < p.store_count; s++) {
            SG_CHECK(p.stores[s].id[0] && p.stores[s].charge_eff > 0.0);
        }
    }
    sg_json_in_close(&in);
    sg_arena_free(&arena);
}

static void try_transfer(const char *text, size_t size)
{
    sg_arena arena = {.bytes_max = (size_t)64 << 20};
    sg_json_in in;
    sg_transfer trade;
    bool accepted = sg_json_in_load(&in, "input", text, size, SG_ARBITRAGE_FORMAT) &&
                    sg_transfer_from_json(&in, &arena, &trade);
    check_message(&in, accepted);
    for (int i = 0; accepted && i < trade.periods * trade.periods; i++) {
        SG_CHECK(isfinite(trade.cost[i]) && trade.efficiency[i] >= 0.0);
    }
    sg_json_in_close(&in);
    sg_arena_free(&arena);
}

static void try_tree(const char *text, size_t size)
{
    sg_arena arena = {.bytes_max = (size_t)64 << 20};
    sg_json_in in;
    sg_allocation_document d;
    bool accepted = sg_json_in_load(&in, "input", text, size, SG_ALLOCATION_FORMAT) &&
                    sg_allocation_from_json(&in, &arena, &d);
    check_message(&in, accepted);
    const sg_allocation *a = &d.allocation;
    if (accepted && a->leaf_count <= SOLVED_LEAVES_MAX && a->node_count <= SOLVED_LEAVES_MAX) {
        void *scratch = malloc(sg_allocation_size(a->node_count, a->leaf_count));
        double given_kw[SOLVED_LEAVES_MAX];
        uint8_t binding[SOLVED_LEAVES_MAX];
        SG_CHECK(scratch);
        sg_allocate(a, scratch, given_kw, binding);
        for (int k = 0; k < a->leaf_count; k++) {
            SG_CHECK(given_kw[k] >= 0.0 && given_kw[k] <= a->leaf_demand_w[k]);
        }
        free(scratch);
    }
    sg_json_in_close(&in);
    sg_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_plan((const char *)data, size);
    try_transfer((const char *)data, size);
    try_tree((const char *)data, size);
    return 0;
}
