/* diagnose.h - how the reader writes down what is wrong; private to src/site.
 *
 * Texts are cut to one line of printable characters: a site file is foreign input. */
#ifndef SG_SITE_DIAGNOSE_H
#define SG_SITE_DIAGNOSE_H
#include "site/reader.h"

#include <stddef.h>

/* Where something stands. The file's text must live as long as the diagnostics (see sg_diagnose_file). */
typedef struct sg_place {
    const char *file;
    int line, column; /* 1-based; 0 = none */
} sg_place;

/* Copy a file's name into the diagnostics' memory. Never NULL. @effects alloc=yes block=no */
const char *sg_diagnose_file(sg_diagnostics *self, const char *path);

/* Add one; hint may be NULL. When the table is full an error takes the place of the last one that is none, and the
 * rest is only counted. @effects alloc=yes block=no fails=never */
__attribute__((format(printf, 5, 6))) void sg_diagnose(sg_diagnostics *self, sg_severity severity,
                                                       sg_place place, const char *hint,
                                                       const char *format, ...);

enum { SG_QUOTE_MAX = 48 };
/* The text between quotes, shortened and without control characters. @effects alloc=no block=no */
const char *sg_quote(const char *text, size_t length, char ret[SG_QUOTE_MAX]);
#endif
