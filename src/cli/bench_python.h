/* bench_python.h - other people's programs in a Python of this machine, as peers of a benchmark. Private to the command line. */
#ifndef SG_CLI_BENCH_PYTHON_H
#define SG_CLI_BENCH_PYTHON_H
#include "base/status.h"
#include "base/text.h"

enum { SG_BENCH_PYTHON_WORDS = 4 };

/* Runs `python3 -c SCRIPT WORD...` and takes what it writes to standard output. SG_UNAVAILABLE where there is no Python, or the script
 * says by exit status 4 that a module is not there; SG_IO where it fails. */
sg_status sg_bench_python(const char *script, const char *const *words, int word_count,
                          sg_out *ret);
#endif
