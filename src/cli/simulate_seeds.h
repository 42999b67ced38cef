/* simulate_seeds.h - `symgrid simulate --seeds A..B [--faults]`: a process for each seed, as many at once as there are cores. */
#ifndef SG_CLI_SIMULATE_SEEDS_H
#define SG_CLI_SIMULATE_SEEDS_H
#include "site/site.h"

#include <stdbool.h>

typedef struct sg_seeds {
    const char *seeds;     /* "A..B" or "A" */
    const char *site_path; /* NULL: random sites */
    const sg_site *site;   /* loaded from there; or NULL */
    const char *duration;  /* as given, or NULL: 20h */
    const char *jobs;      /* as given, or NULL: one a core */
    bool faults, json;
} sg_seeds;

/* The exit status: 1 when an invariant was violated. @effects alloc=yes block=for the run; forks */
int sg_cli_seeds(const sg_seeds *options);
#endif
