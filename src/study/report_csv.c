/* report_csv - a report as lines for a spreadsheet: the JSON report, one line for each of its leaves. What the JSON says, the
 * lines say, digit by digit, because they are made from its text. */
#include "study/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 8, KEY_MAX = 96 };

typedef struct walk {
    const char *at; /* in our own JSON: no blanks, always well-formed */
    sg_out *out;
    char key[DEPTH_MAX][KEY_MAX];
    char period[KEY_MAX]; /* of the month under way, or "all" */
} walk;

/* RFC 4180: a field with a comma, quote or line end is quoted, quotes doubled. */
static void field(sg_out *out, const char *text, size_t length)
{
    bool plain = true;
    for (size_t i = 0; i < length; i++) {
        plain = plain && text[i] != ',' && text[i] != '"' && text[i] != '\n' && text[i] != '\r';
    }
    if (plain) {
        sg_out_bytes(out, text, length);
        return;
    }
    sg_out_text(out, "\"");
    for (size_t i = 0; i < length; i++) {
        sg_out_bytes(out, text + i, 1);
        sg_out_bytes(out, "\"", text[i] == '"');
    }
    sg_out_text(out, "\"");
}

/* The string at the walk, without its escapes (our writer makes \" \\ and \u00XX), into an empty buffer. */
static void string(walk *w, sg_out *ret)
{
    for (w->at++; *w->at != '"'; w->at++) {
        char c = *w->at;
        if (c == '\\' && w->at[1] == 'u') {
            char code[5] = {0};
            strncpy(code, w->at + 2, 4);
            c = (char)strtoul(code, NULL, 16); /* below 0x20: the writer has no others */
            w->at += 5;
        } else if (c == '\\') {
            c = *++w->at;
        }
        sg_out_bytes(ret, &c, 1);
    }
    w->at++;
}

/* `metrics` and the number of the month go without saying: "cost", "stores.battery.cycles", "limits.0.id". */
static void line(walk *w, int depth, const char *value, size_t length)
{
    sg_out name = {0};
    int from = strcmp(w->key[0], "metrics") == 0 ? 1 : strcmp(w->key[0], "months") == 0 ? 2 : 0;
    for (int i = from; i < depth; i++) {
        sg_out_text(&name, i > from ? "." : "");
        sg_out_text(&name, w->key[i]);
    }
    field(w->out, w->period, strlen(w->period));
    sg_out_text(w->out, ",");
    field(w->out, name.text ? name.text : "", name.length);
    sg_out_text(w->out, ",");
    field(w->out, value, length);
    sg_out_text(w->out, "\r\n");
    sg_out_free(&name);
}

static void leaf(walk *w, int depth)
{
    if (*w->at == '"') {
        sg_out text = {0};
        string(w, &text);
        bool month =
            depth == 3 && strcmp(w->key[0], "months") == 0 && strcmp(w->key[2], "month") == 0;
        if (month) {
            snprintf(w->period, sizeof w->period, "%s", text.text);
        } else {
            line(w, depth, text.text ? text.text : "", text.length);
        }
        sg_out_free(&text);
        return;
    }
    size_t length = strcspn(w->at, ",]}");
    bool known = strncmp(w->at, "null", 4) != 0;
    line(w, depth, w->at, known ? length : 0); /* nothing where nothing is known */
    w->at += length;
}

/* Into the object or array at the walk. Iterative: the depth is that of our own format. */
static void walk_all(walk *w)
{
    int depth = 0, index[DEPTH_MAX] = {0};
    bool array[DEPTH_MAX] = {0};
    while (*w->at) {
        if (*w->at == ',') {
            w->at++;
            continue;
        }
        if (*w->at == '}' || *w->at == ']') {
            w->at++;
            depth--;
            if (depth == 1) { /* behind the months */
                snprintf(w->period, sizeof w->period, "all");
            }
            continue;
        }
        if (depth > 0 && array[depth - 1]) {
            snprintf(w->key[depth - 1], KEY_MAX, "%d", index[depth - 1]++);
        } else if (depth > 0) {
            sg_out key = {0};
            string(w, &key);
            snprintf(w->key[depth - 1], KEY_MAX, "%s", key.text ? key.text : "");
            sg_out_free(&key);
            w->at++; /* the colon */
        }
        if ((*w->at == '{' || *w->at == '[') && depth < DEPTH_MAX) {
            array[depth] = *w->at == '[';
            index[depth++] = 0;
            w->at++;
        } else {
            leaf(w, depth);
        }
    }
}

void sg_report_csv(const sg_report *report, sg_out *out)
{
    sg_out json = {0};
    sg_report_json(report, &json);
    sg_out_text(out, "period,figure,value\r\n");
    if (!json.failed && json.text) {
        walk w = {.at = json.text, .out = out, .period = "all"};
        walk_all(&w);
    }
    out->failed = out->failed || json.failed;
    sg_out_free(&json);
}
