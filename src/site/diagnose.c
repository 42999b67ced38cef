#include "site/diagnose.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_MAX = 512, DIAGNOSTIC_BYTES_MAX = 1024 * 1024 };

/* Control characters would break the rule of one line per message (and terminals). */
static void tidy(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at; at++) {
        if (*at < 0x20 || *at == 0x7f) {
            *at = ' ';
        }
    }
}

static const char *keep(sg_diagnostics *self, const char *text)
{
    self->arena.bytes_max = DIAGNOSTIC_BYTES_MAX;
    const char *copy = sg_arena_text(&self->arena, text, strlen(text));
    return copy ? copy : "";
}

const char *sg_diagnose_file(sg_diagnostics *self, const char *path)
{
    char text[MESSAGE_MAX];
    snprintf(text, sizeof text, "%s", path);
    tidy(text);
    return keep(self, text);
}

void sg_diagnose(sg_diagnostics *self, sg_severity severity, sg_place place, const char *hint,
                 const char *format, ...)
{
    self->errors += severity == SG_ERROR;
    self->warnings += severity == SG_WARNING;
    sg_diagnostic *slot = NULL;
    if (self->count < SG_DIAGNOSTIC_MAX) {
        slot = &self->items[self->count++];
    } else if (severity == SG_ERROR) {
        for (int i = SG_DIAGNOSTIC_MAX - 1; i >= 0 && !slot; i--) {
            slot = self->items[i].severity != SG_ERROR ? &self->items[i] : NULL;
        }
    }
    if (!slot) {
        return;
    }
    char text[MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tidy(text);
    *slot = (sg_diagnostic){
        .severity = severity,
        .file = place.file ? place.file : "",
        .line = place.line,
        .column = place.column,
        .message = keep(self, text),
        .hint = "",
    };
    if (hint && *hint) {
        snprintf(text, sizeof text, "%s", hint);
        tidy(text);
        slot->hint = keep(self, text);
    }
}

const char *sg_quote(const char *text, size_t length, char ret[SG_QUOTE_MAX])
{
    enum { SHOWN = SG_QUOTE_MAX - 8 };
    bool cut = length > SHOWN;
    size_t shown = cut ? SHOWN : length;
    while (cut && shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80) {
        shown--; /* never inside a UTF-8 character */
    }
    ret[0] = '\'';
    memcpy(ret + 1, text, shown);
    for (size_t i = 1; i <= shown; i++) {
        ret[i] = ret[i] ? ret[i] : ' ';
    }
    memcpy(ret + 1 + shown, cut ? "...'" : "'", cut ? 5 : 2);
    tidy(ret);
    return ret;
}

void sg_diagnostics_free(sg_diagnostics *self)
{
    sg_arena_free(&self->arena);
    *self = (sg_diagnostics){0};
}
