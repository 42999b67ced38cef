#include "cli/slurp.h"

#include "cli/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *sg_slurp(const char *verb, const char *path, int *ret_status)
{
    *ret_status = SG_EXIT_ENVIRONMENT;
    FILE *file = path && strcmp(path, "-") != 0 ? fopen(path, "rb") : stdin;
    size_t length = 0, room = 1 << 16;
    char *text = file ? malloc(room) : NULL;
    while (text && !feof(file) && !ferror(file)) {
        length += fread(text + length, 1, room - length - 1, file);
        if (length + 1 == room) {
            char *more = realloc(text, room *= 2);
            if (!more) {
                free(text);
            }
            text = more;
        }
    }
    bool failed = !text || ferror(file);
    if (!failed && memchr(text, '\0', length)) {
        fprintf(stderr, "%s: expected rows of CSV, got a file with NUL bytes\n", path ? path : "-");
        *ret_status = SG_EXIT_USAGE;
        free(text);
        text = NULL;
    } else if (failed) {
        fprintf(stderr, "symgrid %s: %s cannot be read: %s\n", verb, path ? path : "standard input",
                errno ? strerror(errno) : "memory is exhausted");
        free(text);
    } else {
        text[length] = '\0';
    }
    if (file && file != stdin) {
        fclose(file);
    }
    return failed ? NULL : text;
}
