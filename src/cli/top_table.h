/* top_table.h - a telemetry document (symgrid.telemetry/1) as a table for people. Private to the command line. */
#ifndef SG_CLI_TOP_TABLE_H
#define SG_CLI_TOP_TABLE_H
#include "base/text.h"

#include <stdio.h>

/* The table of a document; colours as `to` takes them (paint.h); at most rows_max lines, 0 = all of them. False: the bytes are no
 * such document. @effects alloc=yes block=no */
bool sg_top_table(const char *json, size_t length, FILE *to, int rows_max, sg_out *out);
#endif
