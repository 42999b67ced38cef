/* verb_site.h - the verbs about site files: `symgrid check` and `symgrid init`.
 *
 * argv[0] is the verb's name. The result is the exit status: 0 done, 2 bad input or usage, 3 the environment failed.
 * Answers go to standard output, diagnostics to standard error. @effects alloc=yes block=for files */
#ifndef SG_CLI_VERB_SITE_H
#define SG_CLI_VERB_SITE_H
#include "base/text.h"
#include "site/reader.h"

int sg_cli_check(int argc, char **argv);
int sg_cli_init(int argc, char **argv);

/* One line each to standard error: `file:line:col: error: message; hint`. Notes only where asked for. */
void sg_cli_diagnostics(const sg_diagnostics *diagnostics, bool notes);
/* The same as the JSON array `diagnostics`. */
void sg_cli_diagnostics_json(sg_out *out, const sg_diagnostics *diagnostics);
#endif
