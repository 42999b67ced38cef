#include "base/quantity.h"
#include "base/time.h"
#include "cli/verb_site.h"
#include "cli/verbs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const sg_option *find(const sg_option *options, int count, const char *word, size_t length)
{
    for (int i = 0; i < count; i++) {
        if (strlen(options[i].name) == length && strncmp(options[i].name, word, length) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

static int unknown(const char *verb, const sg_option *options, int count, const char *word)
{
    const char *names[32];
    int kept = count < 32 ? count : 32;
    for (int i = 0; i < kept; i++) {
        names[i] = options[i].name;
    }
    const char *nearest = sg_text_nearest(word, names, kept);
    fprintf(stderr, "symgrid %s: unknown option '%s'%s%s%s\n", verb, word,
            nearest ? ", did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
    return -1;
}

int sg_options_parse(int argc, char **argv, const sg_option *options, int option_count,
                     int words_max)
{
    int words = 0;
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        if (word[0] != '-' || word[1] == '\0') {
            if (words == words_max) {
                fprintf(stderr, "symgrid %s: unexpected word '%s'; see symgrid %s --help\n",
                        argv[0], word, argv[0]);
                return -1;
            }
            argv[++words] = word;
            continue;
        }
        char *equals = strchr(word, '=');
        const sg_option *option =
            find(options, option_count, word, equals ? (size_t)(equals - word) : strlen(word));
        if (!option) {
            return unknown(argv[0], options, option_count, word);
        }
        if (option->flag) {
            *option->flag = true;
        } else if (equals) {
            *option->text = equals + 1;
        } else if (i + 1 < argc) {
            *option->text = argv[++i];
        } else {
            fprintf(stderr, "symgrid %s: option %s needs a value\n", argv[0], word);
            return -1;
        }
    }
    return words;
}

int sg_option_time(const char *name, const char *text, int64_t *ret_us)
{
    if (text && sg_time_parse(text, strlen(text), ret_us) != SG_OK) {
        fprintf(stderr,
                "symgrid: %s: expected a time such as 2023-01-01 or 2023-01-01T06:00Z, got '%s'\n",
                name, text);
        return SG_EXIT_USAGE;
    }
    return SG_EXIT_DONE;
}

int sg_option_duration(const char *name, const char *text, double *ret_s)
{
    sg_quantity quantity;
    const char *what = "";
    if (!text) {
        return SG_EXIT_DONE;
    }
    if (sg_quantity_parse_as(text, strlen(text), SG_DIM_TIME, &quantity, &what) != SG_OK ||
        !(quantity.value > 0)) {
        fprintf(stderr, "symgrid: %s: expected a duration such as 30s, 15min or 365d, got '%s'\n",
                name, text);
        return SG_EXIT_USAGE;
    }
    *ret_s = quantity.value;
    return SG_EXIT_DONE;
}

void sg_cli_data_dir(const char *site_path, char *ret, size_t size)
{
    const char *name = strrchr(site_path, '/');
    name = name ? name + 1 : site_path;
    int stem = (int)strcspn(name, ".");
    snprintf(ret, size, "symgrid-data/%.*s", stem > 0 ? stem : 4, stem > 0 ? name : "site");
}

int sg_cli_load_site(const char *path, sg_site *ret)
{
    static sg_diagnostics diagnostics; /* too large for the stack */
    sg_status status = sg_site_load(path, ret, &diagnostics);
    sg_cli_diagnostics(&diagnostics, false);
    sg_diagnostics_free(&diagnostics);
    return status == SG_OK                         ? SG_EXIT_DONE
           : status == SG_IO || status == SG_NOMEM ? SG_EXIT_ENVIRONMENT
                                                   : SG_EXIT_USAGE;
}

int sg_cli_check_span(const sg_site *site, int64_t from_us, double duration_s)
{
    int64_t first_us, last_us;
    if (sg_site_span(site, &first_us, &last_us) != SG_OK) {
        return SG_EXIT_DONE; /* nothing but repeating series: any time will do */
    }
    /* an endless run may begin inside the span and runs on with missing readings marked as such */
    double room_s = (double)(last_us - from_us) * 1e-6;
    if (from_us >= first_us && room_s > 0 && (isinf(duration_s) || duration_s <= room_s + 1e-6)) {
        return SG_EXIT_DONE;
    }
    char first[SG_TIME_TEXT], last[SG_TIME_TEXT], from[SG_TIME_TEXT];
    sg_time_format(first_us, first);
    sg_time_format(last_us, last);
    sg_time_format(from_us, from);
    fprintf(stderr,
            "symgrid: the site's series cover %s to %s; expected a run inside that, got --from %s "
            "--for %gs\n",
            first, last, from, duration_s);
    return SG_EXIT_USAGE;
}
