/* verbs.h - what the subcommands share: exit statuses, options, durations. Private to the command line. */
#ifndef SG_CLI_VERBS_H
#define SG_CLI_VERBS_H
#include "base/text.h"
#include "site/reader.h"

enum { SG_EXIT_DONE = 0, SG_EXIT_NO = 1, SG_EXIT_USAGE = 2, SG_EXIT_ENVIRONMENT = 3 };

#define SG_VERB(name, help) int sg_cli_##name(int argc, char **argv);
#include "cli/verbs.def"
#undef SG_VERB

/* One option of a verb: "--name VALUE" into *text, or "--name" into *flag. Options may stand anywhere. */
typedef struct sg_option {
    const char *name; /* "--for" */
    const char **text;
    bool *flag;
} sg_option;

/* Sort argv into options and words. Returns the number of words (in argv[1..]), or -1 after one line on stderr. */
int sg_options_parse(int argc, char **argv, const sg_option *options, int option_count,
                     int words_max);

/* Texts of options: SG_EXIT_DONE, or SG_EXIT_USAGE after one line on stderr. NULL leaves *ret as it is. */
int sg_option_time(const char *name, const char *text, int64_t *ret_us);
int sg_option_duration(const char *name, const char *text, double *ret_s);

/* SG_EXIT_DONE when the site's series cover the whole run, else SG_EXIT_USAGE after one line that says what they cover. */
int sg_cli_check_span(const sg_site *site, int64_t from_us, double duration_s);

/* Where `run` keeps a site's data unless told otherwise: sites/hall.maml.md -> symgrid-data/hall. */
void sg_cli_data_dir(const char *site_path, char *ret, size_t size);

/* Load a site and print its diagnostics on stderr. SG_EXIT_DONE, _USAGE (errors in it) or _ENVIRONMENT (cannot be read). */
int sg_cli_load_site(const char *path, sg_site *ret);
#endif
