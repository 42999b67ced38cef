/* plan_arbitrage.h - `symgrid plan --arbitrage FILE`: symgrid.arbitrage/1 in, symgrid.arbitrage-plan/1 or a table out.
 *
 * Memory   what is read lives in the arena. Errors: as in json_in.h. */
#ifndef SG_CLI_PLAN_ARBITRAGE_H
#define SG_CLI_PLAN_ARBITRAGE_H
#include "base/arena.h"
#include "cli/json_in.h"
#include "plan/transfer.h"

#include <stdbool.h>

#define SG_ARBITRAGE_FORMAT "symgrid.arbitrage/1"

/* @effects alloc=yes block=no */
SG_MUST_CHECK bool sg_transfer_from_json(sg_json_in *in, sg_arena *arena, sg_transfer *ret);

/* Read, solve, print; the exit status. @effects alloc=yes block=for the file and the solve */
int sg_cli_plan_arbitrage(const char *file, bool json);
#endif
