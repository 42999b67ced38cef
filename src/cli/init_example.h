/* init_example.h - the example site of `symgrid init --example`. id: a UUID; day: 2026-01-31. @effects alloc=yes (out) block=no */
#ifndef SG_CLI_INIT_EXAMPLE_H
#define SG_CLI_INIT_EXAMPLE_H
#include "base/text.h"

void sg_init_example(const char *id, const char *day, sg_out *out);
#endif
