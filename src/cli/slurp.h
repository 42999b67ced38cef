/* slurp.h - a file of text whole. Private to the command line. */
#ifndef SG_CLI_SLURP_H
#define SG_CLI_SLURP_H

/* The bytes of a file, or of standard input for NULL and "-", with a NUL behind them; the caller frees them. NULL after one line on
 * stderr: it cannot be read, or holds NUL bytes; *ret_status says which. @effects alloc=yes block=for the file */
char *sg_slurp(const char *verb, const char *path, int *ret_status);
#endif
