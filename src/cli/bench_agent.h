/* bench_agent.h - how many devices one core steps with the device's own code. Private to the command line. */
#ifndef SG_CLI_BENCH_AGENT_H
#define SG_CLI_BENCH_AGENT_H
#include <stdbool.h>
#include <stdint.h>

enum { SG_BENCH_AGENT_SIZES = 8, SG_BENCH_AGENT_MAX = 4000000 };

/* Fleets of these sizes, each for about `seconds` and once around at least. SG_EXIT_DONE, or another status after one line on
 * stderr. */
int sg_bench_agent(const int64_t *devices, int count, double seconds, bool json);
#endif
