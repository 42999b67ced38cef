/* reader.h - site files in, sites and diagnostics out.
 *
 * A site file is a `.maml.md` (YAML front matter, prose, `## ..._Schema` sections with fenced YAML) or a bare `.yaml`.
 * Every diagnostic has file, line and column (1-based), what was expected and a hint. Reading never stops at the first
 * error: all that can be said is said, up to SG_DIAGNOSTIC_MAX.
 *
 * Memory   the site owns an arena; diagnostics own their texts there too. */
#ifndef SG_SITE_READER_H
#define SG_SITE_READER_H
#include "site/site.h"

enum { SG_DIAGNOSTIC_MAX = 64, SG_SITE_FILE_MAX = 16 << 20 /* bytes */ };

typedef enum sg_severity { SG_ERROR, SG_WARNING, SG_NOTE } sg_severity;

typedef struct sg_diagnostic {
    sg_severity severity;
    const char *file; /* the site file or a series file */
    int line, column; /* 0 = none */
    const char *message;
    const char *hint; /* "" = none */
} sg_diagnostic;

typedef struct sg_diagnostics {
    sg_diagnostic items[SG_DIAGNOSTIC_MAX];
    int count;  /* kept */
    int errors; /* all, also those not kept */
    int warnings;
    sg_arena arena;
} sg_diagnostics;

/* Load the file with its series. SG_OK when there is no error (warnings may stand); SG_FORMAT when diagnostics hold
 * errors; SG_IO when the file cannot be read (one diagnostic says so); SG_NOMEM. On failure *ret is zeroed.
 * Series paths are relative to the site file's folder.
 * @effects alloc=yes block=yes (files) */
SG_MUST_CHECK sg_status sg_site_load(const char *path, sg_site *ret, sg_diagnostics *diagnostics);

/* The same from memory, without reading any series file when load_series is false (fuzzing, editors). `path` names the
 * text in diagnostics and anchors relative paths. */
SG_MUST_CHECK sg_status sg_site_parse(const char *path, const char *text, size_t length,
                                      bool load_series, sg_site *ret, sg_diagnostics *diagnostics);

void sg_diagnostics_free(sg_diagnostics *self);
#endif
