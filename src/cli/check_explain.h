/* check_explain.h - what `symgrid check --explain` adds: the place of each finding in its file, and what the site's figures mean.
 * Private to the command line. */
#ifndef SG_CLI_CHECK_EXPLAIN_H
#define SG_CLI_CHECK_EXPLAIN_H
#include "base/text.h"
#include "site/reader.h"

/* The line of the file with a mark below the column, on stderr; nothing where there is no such line. @effects alloc=no block=disk */
void sg_check_show_place(const sg_diagnostic *diagnostic);

/* Sentences about what the site can do, one a line: supply and demand, tight feeders, hold-up without the grid, who is shed first,
 * prices, mode. @effects alloc=yes (out) block=no */
void sg_check_explain(const sg_site *site, sg_out *out);
#endif
