/* The document scanner: which blocks it finds, with which lines, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "site/maml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct scan {
    sg_maml maml;
    sg_arena arena;
    sg_diagnostics diagnostics;
} scan;

static void scan_text(scan *s, const char *text)
{
    memset(s, 0, sizeof *s);
    assert_true(sg_maml_scan(text, strlen(text), "doc.md", &s->arena, &s->diagnostics, &s->maml));
}

static void scan_free(scan *s)
{
    sg_arena_free(&s->arena);
    sg_diagnostics_free(&s->diagnostics);
}

static int blocks(const scan *s)
{
    int count = 0;
    for (const sg_maml_block *b = s->maml.blocks; b; b = b->next) {
        count++;
    }
    return count;
}

static void expect_block(const sg_maml_block *b, sg_maml_part part, int line, const char *text)
{
    assert_non_null(b);
    assert_int_equal(b->part, part);
    assert_int_equal(b->fragment.line, line);
    assert_int_equal(b->fragment.length, strlen(text));
    assert_memory_equal(b->fragment.text, text, strlen(text));
}

static void finds_front_matter_and_schema_blocks_only(void **state)
{
    (void)state;
    scan s;
    scan_text(
        &s,
        "---\ntitle: x\n---\n# The *Hall*\n```yaml\nno: 1\n```\n## A_Schema\ntext\n```yaml\nyes: "
        "1\n```\n"
        "```python\nx = 1\n```\n### deeper\n```yml\nyes: 2\n```\n## Other\n```yaml\nno: 2\n```\n");
    assert_int_equal(s.diagnostics.errors, 0);
    assert_int_equal(s.diagnostics.count, 2); /* two notes about blocks that are not read */
    assert_int_equal(blocks(&s), 3);
    assert_string_equal(s.maml.title, "The Hall");
    expect_block(s.maml.blocks, SG_MAML_FRONT, 2, "title: x\n");
    expect_block(s.maml.blocks->next, SG_MAML_SCHEMA, 11, "yes: 1\n");
    expect_block(s.maml.blocks->next->next, SG_MAML_SCHEMA, 18, "yes: 2\n");
    scan_free(&s);
}

static void follows_fences_nested_in_markdown_fences(void **state)
{
    (void)state;
    scan s;
    scan_text(&s,
              "- item:\n  ```markdown\n  ## A_Schema\n  ```yaml\n  a:\n    b: 1\n  ```\n  ```\n\n"
              "## B_Schema\n```yaml\nc: 1\n```\n");
    assert_int_equal(s.diagnostics.errors, 0);
    assert_int_equal(s.diagnostics.count, 1); /* the note that says so */
    assert_int_equal(s.diagnostics.items[0].severity, SG_NOTE);
    assert_int_equal(s.diagnostics.items[0].line, 4);
    expect_block(s.maml.blocks, SG_MAML_SCHEMA, 5, "a:\n  b: 1\n");
    expect_block(s.maml.blocks->next, SG_MAML_SCHEMA, 12, "c: 1\n");
    assert_int_equal(s.maml.blocks->fragment.removed[1], 2);
    scan_free(&s);
}

static void needs_no_note_where_the_outer_fence_is_longer(void **state)
{
    (void)state;
    scan s;
    scan_text(&s, "````markdown\n## A_Schema\n```yaml\na: 1\n```\n````\n~~~markdown\n## "
                  "B_Schema\n```yaml\nb: 1\n```\n~~~\n");
    assert_int_equal(s.diagnostics.count, 0);
    expect_block(s.maml.blocks, SG_MAML_SCHEMA, 4, "a: 1\n");
    expect_block(s.maml.blocks->next, SG_MAML_SCHEMA, 10, "b: 1\n");
    scan_free(&s);
}

static void a_section_ends_with_its_markdown_fence(void **state)
{
    (void)state;
    scan s;
    scan_text(&s, "````markdown\n## A_Schema\n````\n```yaml\na: 1\n```\n");
    assert_int_equal(blocks(&s), 0);
    scan_free(&s);
    scan_text(&s, "## A_Schema\n````markdown\nno heading here\n```yaml\na: "
                  "1\n```\n````\n```yaml\nb: 1\n```\n");
    assert_int_equal(blocks(&s), 1);
    expect_block(s.maml.blocks, SG_MAML_SCHEMA, 9, "b: 1\n");
    scan_free(&s);
}

static void takes_a_workflow_out_of_a_markdown_fence(void **state)
{
    (void)state;
    scan s;
    scan_text(&s, "  ```markdown\n\n  ---\n  task_id: t\n  ---\n  ## Code_Blocks\n  ```python\n  x "
                  "= 1 # ``` no fence\n  ```\n  ```\n");
    assert_int_equal(s.diagnostics.errors, 0);
    assert_int_equal(blocks(&s), 1);
    expect_block(s.maml.blocks, SG_MAML_NESTED_FRONT, 4, "task_id: t\n");
    scan_free(&s);
    scan_text(&s,
              "```markdown\ntext first\n---\ntask_id: t\n---\n```\n"); /* rules, not front matter */
    assert_int_equal(blocks(&s), 0);
    scan_free(&s);
}

static void inner_text_of_other_fences_is_left_alone(void **state)
{
    (void)state;
    scan s;
    scan_text(&s, "## A_Schema\n````text\n```yaml\nno: 1\n```\n````\n~~~\n## B\n```yaml\nno: "
                  "2\n```\n~~~\n```yaml\nyes: 1\n```\n");
    assert_int_equal(s.diagnostics.errors, 0);
    assert_int_equal(blocks(&s), 1);
    expect_block(s.maml.blocks, SG_MAML_SCHEMA, 14, "yes: 1\n");
    scan_free(&s);
}

static void a_fence_in_an_open_fence_is_an_error_with_both_lines(void **state)
{
    (void)state;
    scan s;
    scan_text(&s, "## A_Schema\n```yaml\na: 1\n\n```yaml\nb: 1\n```\n");
    assert_int_equal(s.diagnostics.errors, 1);
    assert_int_equal(s.diagnostics.items[0].line, 5);
    assert_non_null(strstr(s.diagnostics.items[0].message, "line 2"));
    scan_free(&s);
}

static void what_is_not_closed_is_an_error(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int line;
    } open[] = {{"---\ntitle: x\n", 1},
                {"# a_Schema\n\n```yaml\nb: 1\n", 3},
                {"a\n<!-- b\n```yaml\n", 2},
                {"```markdown\n---\na: 1\n```\n", 2}};
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        scan s;
        scan_text(&s, open[i].text);
        assert_int_equal(s.diagnostics.errors, 1);
        assert_int_equal(s.diagnostics.items[0].line, open[i].line);
        assert_non_null(strstr(s.diagnostics.items[0].message, "not closed"));
        scan_free(&s);
    }
}

static void comments_hide_what_they_hold(void **state)
{
    (void)state;
    scan s;
    scan_text(&s, "## A_Schema\n<!--\n```yaml\nno: 1\n```\n-->\n<!-- one line -->\n```yaml\nyes: 1 "
                  "# <!--\n```\n");
    assert_int_equal(s.diagnostics.count, 0);
    assert_int_equal(blocks(&s), 1);
    expect_block(s.maml.blocks, SG_MAML_SCHEMA, 9, "yes: 1 # <!--\n");
    scan_free(&s);
}

static void line_ends_of_windows_change_nothing(void **state)
{
    (void)state;
    scan s;
    scan_text(&s, "---\r\ntitle: x\r\n---\r\n## A_Schema\r\n```yaml\r\na: 1\r\n```\r\n");
    assert_int_equal(s.diagnostics.count, 0);
    expect_block(s.maml.blocks, SG_MAML_FRONT, 2, "title: x\r\n");
    expect_block(s.maml.blocks->next, SG_MAML_SCHEMA, 6, "a: 1\r\n");
    scan_free(&s);
}

static void the_source_document_gives_its_three_blocks_and_its_workflow(void **state)
{
    (void)state;
    FILE *file = fopen("tests/golden/source/floating-data-centre-energy.md", "rb");
    assert_non_null(file);
    char *text = calloc(1, 65536);
    assert_true(fread(text, 1, 65535, file) > 9000);
    fclose(file);
    scan s;
    scan_text(&s, text);
    assert_int_equal(s.diagnostics.errors, 0);
    assert_int_equal(blocks(&s), 4);
    /* The lines were counted in the document with grep -n. */
    static const int lines[] = {40, 70, 99, 131};
    static const char *const first[] = {"solar:\n", "osmotic:\n", "storage:\n", "task_id:"};
    int i = 0;
    for (const sg_maml_block *b = s.maml.blocks; b; b = b->next, i++) {
        assert_int_equal(b->part, i == 3 ? SG_MAML_NESTED_FRONT : SG_MAML_SCHEMA);
        assert_int_equal(b->fragment.line, lines[i]);
        assert_memory_equal(b->fragment.text, first[i], strlen(first[i]));
    }
    scan_free(&s);
    free(text);
}

static const sg_yaml *tree_of(scan *s, const char *text)
{
    memset(s, 0, sizeof *s);
    sg_fragment whole = {.text = text, .length = strlen(text), .line = 10};
    return sg_yaml_parse(&whole, "doc.md", &s->arena, &s->diagnostics);
}

static void trees_keep_texts_and_places(void **state)
{
    (void)state;
    scan s;
    const sg_yaml *tree =
        tree_of(&s, "a: no\nb: [010, 12:30, \"q\"]\nc:\n  d: |\n    two\n    lines\n  e:\n");
    assert_non_null(tree);
    assert_int_equal(tree->count, 3);
    assert_string_equal(sg_yaml_get(tree, "a")->text, "no");
    const sg_yaml *list = sg_yaml_get(tree, "b");
    assert_int_equal(list->kind, SG_YAML_LIST);
    assert_string_equal(list->first->text, "010");
    assert_string_equal(list->first->next->text, "12:30");
    assert_int_equal(list->first->next->line, 11);
    assert_int_equal(list->first->next->column, 10);
    const sg_yaml *c = sg_yaml_get(tree, "c");
    assert_string_equal(sg_yaml_get(c, "d")->text, "two\nlines\n");
    assert_int_equal(sg_yaml_get(c, "e")->length, 0);
    assert_null(sg_yaml_get(c, "f"));
    assert_null(sg_yaml_get(list, "a"));
    scan_free(&s);
}

static void duplicate_keys_are_found_in_large_maps_too(void **state)
{
    (void)state;
    enum { KEYS = 20000 };
    char *text = calloc(KEYS + 2, 16);
    size_t used = 0;
    for (int i = 0; i < KEYS; i++) {
        used += (size_t)snprintf(text + used, 16, "key%d: 1\n", i);
    }
    snprintf(text + used, 16, "key777: 1\n");
    scan s;
    const sg_yaml *tree = tree_of(&s, text);
    assert_non_null(tree);
    assert_int_equal(s.diagnostics.errors, 1);
    assert_int_equal(s.diagnostics.items[0].line, 10 + KEYS);
    assert_non_null(strstr(s.diagnostics.items[0].message, "line 787"));
    scan_free(&s);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_front_matter_and_schema_blocks_only),
        cmocka_unit_test(follows_fences_nested_in_markdown_fences),
        cmocka_unit_test(needs_no_note_where_the_outer_fence_is_longer),
        cmocka_unit_test(a_section_ends_with_its_markdown_fence),
        cmocka_unit_test(takes_a_workflow_out_of_a_markdown_fence),
        cmocka_unit_test(inner_text_of_other_fences_is_left_alone),
        cmocka_unit_test(a_fence_in_an_open_fence_is_an_error_with_both_lines),
        cmocka_unit_test(what_is_not_closed_is_an_error),
        cmocka_unit_test(comments_hide_what_they_hold),
        cmocka_unit_test(line_ends_of_windows_change_nothing),
        cmocka_unit_test(the_source_document_gives_its_three_blocks_and_its_workflow),
        cmocka_unit_test(trees_keep_texts_and_places),
        cmocka_unit_test(duplicate_keys_are_found_in_large_maps_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
