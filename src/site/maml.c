#include "site/maml.h"

#include <string.h>

typedef struct section {
    bool schema;
    int level; /* of its heading */
} section;

typedef struct fence {
    char mark;
    size_t length, indent;
    int line, column;
    bool markdown, taken, started; /* started: something stood in it already */
    size_t from;                   /* offset of its content */
    section outer;
} fence;

typedef struct line {
    const char *text; /* without indentation and line end */
    size_t length, indent;
    size_t from, to; /* offsets in the document, `to` beyond the line end */
    int number;
} line;

typedef struct scanner {
    const char *text;
    size_t length;
    const char *file;
    sg_arena *arena;
    sg_diagnostics *diagnostics;
    sg_maml *ret;
    sg_maml_block *last;
    fence fences[SG_MAML_FENCE_MAX];
    int depth;
    section now;
    int front_line;    /* > 0: inside front matter that began there */
    size_t front_from; /* its content */
    int comment_line;  /* > 0: inside <!-- --> */
    bool nested_noted, failed;
} scanner;

static sg_place place_of(const scanner *s, int number, size_t column)
{
    return (sg_place){s->file, number, (int)(column < 1000000 ? column : 1000000) + 1};
}

/* ---- fragments ---- */

static void fragment_copy(scanner *s, sg_fragment *ret, size_t from, size_t to, size_t indent)
{
    int lines = 1;
    for (size_t i = from; i < to; i++) {
        lines += s->text[i] == '\n';
    }
    char *copy = sg_arena_alloc(s->arena, to - from + 1);
    uint8_t *removed = sg_arena_alloc(s->arena, (size_t)lines);
    if (!copy || !removed) {
        s->failed = true;
        return;
    }
    size_t used = 0;
    int number = 0;
    for (size_t at = from; at < to; number++) {
        size_t skip = 0;
        while (skip < indent && at < to && (s->text[at] == ' ' || s->text[at] == '\t')) {
            skip++;
            at++;
        }
        removed[number] = (uint8_t)(skip < 255 ? skip : 255);
        const char *end = memchr(s->text + at, '\n', to - at);
        size_t size = end ? (size_t)(end - (s->text + at)) + 1 : to - at;
        memcpy(copy + used, s->text + at, size);
        used += size;
        at += size;
    }
    ret->text = copy;
    ret->length = used;
    ret->removed = removed;
    ret->removed_count = number;
}

static void block_add(scanner *s, sg_maml_part part, size_t from, size_t to, int first_line,
                      size_t indent)
{
    sg_maml_block *block = sg_arena_alloc(s->arena, sizeof *block);
    if (!block) {
        s->failed = true;
        return;
    }
    block->part = part;
    block->fragment =
        (sg_fragment){.text = s->text + from, .length = to - from, .line = first_line};
    if (indent > 0) {
        fragment_copy(s, &block->fragment, from, to, indent);
    }
    if (s->last) {
        s->last->next = block;
    } else {
        s->ret->blocks = block;
    }
    s->last = block;
}

/* ---- lines ---- */

static bool next_line(const scanner *s, size_t *at, line *ret)
{
    if (*at >= s->length) {
        return false;
    }
    const char *start = s->text + *at;
    const char *end = memchr(start, '\n', s->length - *at);
    size_t size = end ? (size_t)(end - start) : s->length - *at;
    ret->from = *at;
    ret->to = *at + size + (end != NULL);
    ret->number++;
    while (size > 0 &&
           (start[size - 1] == '\r' || start[size - 1] == ' ' || start[size - 1] == '\t')) {
        size--;
    }
    ret->indent = 0;
    while (ret->indent < size && (start[ret->indent] == ' ' || start[ret->indent] == '\t')) {
        ret->indent++;
    }
    ret->text = start + ret->indent;
    ret->length = size - ret->indent;
    *at = ret->to;
    return true;
}

static bool is_rule(const line *l)
{
    return l->length == 3 && memcmp(l->text, "---", 3) == 0;
}

/* A fence line: its mark, its length and the rest of the line. */
static bool is_fence(const line *l, size_t *ret_length, const char **ret_info,
                     size_t *ret_info_length)
{
    if (l->length < 3 || (l->text[0] != '`' && l->text[0] != '~')) {
        return false;
    }
    size_t length = 0;
    while (length < l->length && l->text[length] == l->text[0]) {
        length++;
    }
    size_t info = length;
    while (info < l->length && (l->text[info] == ' ' || l->text[info] == '\t')) {
        info++;
    }
    *ret_length = length;
    *ret_info = l->text + info;
    *ret_info_length = l->length - info;
    return length >= 3 && !(l->text[0] == '`' && memchr(*ret_info, '`', *ret_info_length));
}

/* The first word of an info string, without regard to case. */
static bool info_is(const char *info, size_t length, const char *word)
{
    size_t size = strlen(word);
    if (length < size || (length > size && !strchr(" \t{,", info[size]))) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if ((info[i] | 0x20) != word[i]) {
            return false;
        }
    }
    return true;
}

/* ---- fences ---- */

static void fence_open(scanner *s, const line *l, size_t length, const char *info,
                       size_t info_length)
{
    if (s->depth == SG_MAML_FENCE_MAX) {
        sg_diagnose(s->diagnostics, SG_ERROR, place_of(s, l->number, l->indent), NULL,
                    "fences nested deeper than %d", SG_MAML_FENCE_MAX);
        return;
    }
    bool yaml = info_is(info, info_length, "yaml") || info_is(info, info_length, "yml");
    fence *f = &s->fences[s->depth++];
    *f = (fence){
        .mark = l->text[0],
        .length = length,
        .indent = l->indent,
        .line = l->number,
        .markdown = info_is(info, info_length, "markdown") || info_is(info, info_length, "md"),
        .taken = yaml && s->now.schema,
        .from = l->to,
        .outer = s->now,
    };
    if (f->markdown) {
        s->now = (section){false, 0};
    }
    if (yaml && !f->taken) {
        sg_diagnose(s->diagnostics, SG_NOTE, place_of(s, l->number, l->indent),
                    "put it below a heading such as '## Site_Schema'",
                    "this yaml block is not below a heading that ends in _Schema and is not read");
    }
}

static void fence_close(scanner *s, const line *l)
{
    const fence *f = &s->fences[--s->depth];
    if (s->front_line > 0) {
        sg_diagnose(s->diagnostics, SG_ERROR, place_of(s, s->front_line, f->indent), NULL,
                    "front matter is not closed: expected a line '---' before line %d", l->number);
        s->front_line = 0;
    }
    s->now = f->outer;
    if (f->taken) {
        block_add(s, SG_MAML_SCHEMA, f->from, l->from, f->line + 1, f->indent);
    }
}

/* A line that is a fence. Returns false when it is only text. */
static bool take_fence(scanner *s, const line *l)
{
    size_t length, info_length;
    const char *info;
    if (!is_fence(l, &length, &info, &info_length)) {
        return false;
    }
    if (s->depth == 0) {
        fence_open(s, l, length, info, info_length);
        return true;
    }
    const fence *top = &s->fences[s->depth - 1];
    bool same = l->text[0] == top->mark && length >= top->length;
    if (same && info_length == 0) {
        fence_close(s, l);
        return true;
    }
    if (top->markdown) {
        if (same && !s->nested_noted) {
            s->nested_noted = true;
            sg_diagnose(
                s->diagnostics, SG_NOTE, place_of(s, l->number, l->indent),
                "four backticks around the outer block make every reader agree",
                "read as nested in the markdown fence of line %d; other readers end that one here",
                top->line);
        }
        fence_open(s, l, length, info, info_length);
        return true;
    }
    if (same) {
        sg_diagnose(s->diagnostics, SG_ERROR, place_of(s, l->number, l->indent),
                    "close the first fence, or open it with more backticks",
                    "a fence opens here while the one of line %d is still open", top->line);
        s->now = top->outer;
        s->depth--;
        fence_open(s, l, length, info, info_length);
        return true;
    }
    return false;
}

/* ---- headings, front matter, comments ---- */

/* The heading without its emphasis. */
static void keep_title(scanner *s, const char *text, size_t length)
{
    char *title = sg_arena_text(s->arena, text, length);
    if (!title) {
        return;
    }
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        title[used] = text[i];
        used += text[i] != '*' && text[i] != '`';
    }
    title[used] = '\0';
    s->ret->title = title;
}

static void take_heading(scanner *s, const line *l)
{
    int level = 0;
    while ((size_t)level < l->length && l->text[level] == '#') {
        level++;
    }
    if (level == 0 || level > 6 || (size_t)level >= l->length || l->text[level] != ' ') {
        return;
    }
    const char *text = l->text + level;
    size_t length = l->length - (size_t)level;
    while (length > 0 && strchr(" *#", text[length - 1])) {
        length--;
    }
    while (length > 0 && strchr(" *", *text)) {
        text++;
        length--;
    }
    if (!s->ret->title[0] && length > 0 && length < 200) {
        keep_title(s, text, length);
    }
    static const char suffix[] = "_schema";
    size_t size = sizeof suffix - 1;
    bool schema = length > size;
    for (size_t i = 0; schema && i < size; i++) {
        char c = text[length - size + i];
        schema = c == suffix[i] || (c >= 'A' && c <= 'Z' && (c | 0x20) == suffix[i]);
    }
    if (schema || level <= s->now.level || !s->now.schema) {
        s->now = (section){schema, level};
    }
}

/* Front matter opens on the first line of the document or of a markdown fence. */
static bool take_front(scanner *s, const line *l)
{
    if (s->front_line > 0) {
        if (is_rule(l) || (l->length == 3 && memcmp(l->text, "...", 3) == 0)) {
            size_t indent = s->depth > 0 ? s->fences[s->depth - 1].indent : 0;
            block_add(s, s->depth > 0 ? SG_MAML_NESTED_FRONT : SG_MAML_FRONT, s->front_from,
                      l->from, s->front_line + 1, indent);
            s->front_line = 0;
            return true;
        }
        return s->depth == 0 || !is_fence(l, &(size_t){0}, &(const char *){NULL}, &(size_t){0});
    }
    bool first = s->depth == 0 ? l->number == 1 : false;
    if (s->depth > 0 && s->fences[s->depth - 1].markdown && !s->fences[s->depth - 1].started) {
        s->fences[s->depth - 1].started = l->length > 0;
        first = true;
    }
    if (first && is_rule(l)) {
        s->front_line = l->number;
        s->front_from = l->to;
        return true;
    }
    return false;
}

static bool holds(const line *l, const char *word)
{
    size_t size = strlen(word);
    for (size_t i = 0; i + size <= l->length; i++) {
        if (memcmp(l->text + i, word, size) == 0) {
            return true;
        }
    }
    return false;
}

static bool take_comment(scanner *s, const line *l)
{
    bool opens = s->comment_line == 0 && l->length >= 4 && memcmp(l->text, "<!--", 4) == 0;
    if (!opens && s->comment_line == 0) {
        return false;
    }
    if (opens) {
        s->comment_line = l->number;
    }
    if (holds(l, "-->")) {
        s->comment_line = 0;
    }
    return true;
}

static void take_line(scanner *s, const line *l)
{
    if (s->comment_line == 0 && take_front(s, l)) {
        return;
    }
    bool prose = s->depth == 0 || s->fences[s->depth - 1].markdown;
    if (prose && take_comment(s, l)) {
        return;
    }
    if (!take_fence(s, l) && prose) {
        take_heading(s, l);
    }
}

bool sg_maml_scan(const char *text, size_t length, const char *file, sg_arena *arena,
                  sg_diagnostics *diagnostics, sg_maml *ret)
{
    *ret = (sg_maml){.title = ""};
    scanner s = {.text = text,
                 .length = length,
                 .file = file,
                 .arena = arena,
                 .diagnostics = diagnostics,
                 .ret = ret};
    line l = {0};
    for (size_t at = 0; !s.failed && next_line(&s, &at, &l);) {
        take_line(&s, &l);
    }
    if (s.comment_line > 0) {
        sg_diagnose(diagnostics, SG_ERROR, place_of(&s, s.comment_line, 0), NULL,
                    "this comment is not closed: expected '-->'");
    }
    if (s.front_line > 0 && s.depth == 0) {
        sg_diagnose(diagnostics, SG_ERROR, place_of(&s, s.front_line, 0), NULL,
                    "front matter is not closed: expected a line '---'");
    }
    for (int i = 0; i < s.depth; i++) {
        sg_diagnose(diagnostics, SG_ERROR, place_of(&s, s.fences[i].line, s.fences[i].indent), NULL,
                    "this fence is not closed: expected a line '%.*s'",
                    s.fences[i].length < 8 ? (int)s.fences[i].length : 8,
                    s.fences[i].mark == '`' ? "````````" : "~~~~~~~~");
    }
    return !s.failed;
}
