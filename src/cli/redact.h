/* redact.h - a text that may be shown to strangers: what looks like a secret is taken out.
 *
 * Removed  what follows words such as token, password, secret, key or Bearer; names and passwords in URLs; long runs of letters and
 *          digits mixed, as keys and tokens are; the home folder becomes ~. Rather too much than too little.
 * Memory   the caller's; @effects alloc=no block=no fails=never */
#ifndef SG_CLI_REDACT_H
#define SG_CLI_REDACT_H
#include <stddef.h>

/* home may be NULL. The result is cut off at size - 1 bytes. */
void sg_redact(const char *text, const char *home, char *ret, size_t size);
#endif
