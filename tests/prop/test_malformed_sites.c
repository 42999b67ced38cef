/* Malformed site files: each of tests/malformed/sites is refused on the line and for the reason that expected.tsv states
 * (written down by hand beside each file), and no cut, flip or swap of good and bad files gets past the diagnostics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"
#include "site/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define FOLDER "tests/malformed/sites/"

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static char *read_file(const char *path, size_t *ret_length)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        print_error("cannot read %s\n", path);
        fail();
    }
    char *text = calloc(1, 1 << 20);
    *ret_length = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

/* What holds for every diagnostic of every input. */
static void expect_tidy(const sg_diagnostics *said, sg_status status, const char *what)
{
    bool tidy = (status == SG_OK) == (said->errors == 0) && said->count <= SG_DIAGNOSTIC_MAX;
    for (int i = 0; i < said->count && tidy; i++) {
        const sg_diagnostic *d = &said->items[i];
        tidy = d->message[0] && d->line >= 0 && d->column >= 0 && d->file[0];
        for (const char *at = d->message; *at && tidy; at++) {
            tidy = (unsigned char)*at >= 0x20;
        }
    }
    if (!tidy) {
        print_error("%s: status %d, %d errors, %d diagnostics\n", what, (int)status, said->errors,
                    said->count);
        fail();
    }
}

static sg_status parse(const char *name, const char *text, size_t length)
{
    sg_site site;
    sg_diagnostics said;
    sg_status status = sg_site_parse(name, text, length, false, &site, &said);
    expect_tidy(&said, status, name);
    sg_site_free(&site);
    sg_diagnostics_free(&said);
    return status;
}

static int check_case(const char *name, int line, const char *part)
{
    char path[768];
    snprintf(path, sizeof path, FOLDER "%s", name);
    sg_site site;
    sg_diagnostics said;
    sg_status status = sg_site_load(path, &site, &said);
    expect_tidy(&said, status, path);
    const sg_diagnostic *first = NULL;
    for (int i = 0; i < said.count && !first; i++) {
        first = said.items[i].severity == SG_ERROR ? &said.items[i] : NULL;
    }
    bool good = status == SG_FORMAT && first && first->line == line &&
                (strstr(first->message, part) || strstr(first->hint, part));
    if (!good) {
        print_error("%s: expected line %d, '%s'; got status %d, line %d, '%s; %s'\n", path, line,
                    part, (int)status, first ? first->line : 0, first ? first->message : "",
                    first ? first->hint : "");
    }
    sg_site_free(&site);
    sg_diagnostics_free(&said);
    return !good;
}

static void each_is_refused_on_its_line_for_its_reason(void **state)
{
    (void)state;
    FILE *list = fopen(FOLDER "expected.tsv", "r");
    assert_non_null(list);
    char row[512];
    int count = 0, wrong = 0;
    assert_non_null(fgets(row, sizeof row, list)); /* header */
    while (fgets(row, sizeof row, list)) {
        row[strcspn(row, "\n")] = '\0';
        char *line = strchr(row, '\t'), *part = line ? strchr(line + 1, '\t') : NULL;
        assert_non_null(part);
        *line++ = '\0';
        *part++ = '\0';
        wrong += check_case(row, atoi(line), part);
        count++;
    }
    fclose(list);
    assert_true(count >= 100);
    assert_int_equal(wrong, 0);
}

static const char *const good_sites[] = {"sites/hall.maml.md",
                                         "tests/golden/source/floating-data-centre-energy.md"};

static void no_cut_of_a_good_file_gets_past_the_diagnostics(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good_sites / sizeof good_sites[0]; i++) {
        size_t length;
        char *text = read_file(good_sites[i], &length);
        for (size_t cut = 0; cut <= length; cut += 1 + cut % 3) {
            parse(good_sites[i], text, cut);
            parse("cut.yaml", text + cut, length - cut);
        }
        free(text);
    }
}

static void no_change_of_bytes_gets_past_the_diagnostics(void **state)
{
    (void)state;
    static const char bytes[] = "{}[]:,-#&*!|>'\"%@`~\n \t0123456789.ekMWhA\xff\xc3\x01";
    for (size_t i = 0; i < sizeof good_sites / sizeof good_sites[0]; i++) {
        size_t length;
        char *text = read_file(good_sites[i], &length), *copy = malloc(length);
        int refused = 0;
        for (uint64_t round = 0; round < 4000; round++) {
            memcpy(copy, text, length);
            for (uint64_t k = 0; k < 1 + round % 4; k++) {
                copy[sg_prng_u64(i, 8 * round + 2 * k) % length] =
                    bytes[sg_prng_u64(i, 8 * round + 2 * k + 1) % (sizeof bytes - 1)];
            }
            refused += parse(good_sites[i], copy, length) != SG_OK;
        }
        assert_true(refused > 400); /* most of the text is prose and may change */
        free(copy);
        free(text);
    }
}

static void no_missing_or_doubled_line_gets_past_the_diagnostics(void **state)
{
    (void)state;
    size_t length;
    char *text = read_file(good_sites[0], &length), *copy = malloc(2 * length);
    for (size_t from = 0; from < length;) {
        const char *end = memchr(text + from, '\n', length - from);
        size_t to = end ? (size_t)(end - text) + 1 : length;
        memcpy(copy, text, from);
        memcpy(copy + from, text + to, length - to);
        parse(good_sites[0], copy, length - (to - from));
        memcpy(copy, text, to);
        memcpy(copy + to, text + from, length - from);
        parse(good_sites[0], copy, length + (to - from));
        from = to;
    }
    free(copy);
    free(text);
}

static void noise_is_refused(void **state)
{
    (void)state;
    enum { SIZE = 20000 };
    char *text = malloc(SIZE);
    for (uint64_t round = 0; round < 50; round++) {
        for (uint64_t i = 0; i < SIZE; i++) {
            text[i] = (char)sg_prng_u64(round, i);
        }
        assert_int_equal(parse("noise.maml.md", text, SIZE), SG_FORMAT);
        assert_int_equal(parse("noise.yaml", text, SIZE), SG_FORMAT);
        for (uint64_t i = 0; i < SIZE; i++) { /* printable: gets past UTF-8 */
            text[i] =
                (char)(sg_prng_u64(round, i) % 12 == 0 ? '\n' : ' ' + sg_prng_u64(round, i) % 95);
        }
        assert_int_equal(parse("noise.maml.md", text, SIZE), SG_FORMAT);
        assert_int_equal(parse("noise.yaml", text, SIZE), SG_FORMAT);
    }
    free(text);
}

/* Inputs that make a careless reader slow: each is as large as the limit nearly allows. */
static void repeat_into(char *text, size_t size, const char *piece)
{
    size_t length = strlen(piece);
    for (size_t i = 0; i < size; i++) {
        text[i] = piece[i % length];
    }
}

static void nothing_takes_long(void **state)
{
    (void)state;
    static const struct {
        const char *head, *piece;
        bool bare;
    } hard[] = {
        {"", "[", true},
        {"", "{", true},
        {"", "- ", true},
        {"", "? ", true},
        {"", "a: ", true},
        {"title: ", "x", true},
        {"title: \"", "\\x41", true},
        {"title: |\n", "  x\n", true},
        {"loads: {it: {demand: [", "1kW, ", true},
        {"series: {a: {daily: [", "{from: \"00:00\", value: 1kW}, ", true},
        {"", "# comment\n", true},
        {"", "\n", true},
        {"", "```yaml\n", false},
        {"", "```markdown\n", false},
        {"", "## A_Schema\n```yaml\na: 1\n```\n", false},
        {"", "<!--\n-->\n", false},
        {"---\n", "a: 1\n", false},
        {"## A_Schema\n```yaml\n", "                                x\n", false},
    };
    size_t size = 4 << 20;
    char *text = malloc(size + 64);
    for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++) {
        size_t head = strlen(hard[i].head);
        memcpy(text, hard[i].head, head);
        repeat_into(text + head, size, hard[i].piece);
        double began = cpu_s();
        parse(hard[i].bare ? "hard.yaml" : "hard.md", text, head + size);
        double spent = cpu_s() - began;
        if (spent > 20) {
            print_error("'%s' took %.1f s\n", hard[i].piece, spent);
            fail();
        }
    }
    free(text);
}

static void many_distinct_keys_take_no_quadratic_time(void **state)
{
    (void)state;
    static const char *const heads[] = {"", "nodes:\n", "loads:\n", "series:\n", "templates:\n"};
    size_t size = 4 << 20;
    char *text = malloc(size + 64);
    for (size_t h = 0; h < sizeof heads / sizeof heads[0]; h++) {
        size_t used = (size_t)snprintf(text, 64, "%s", heads[h]);
        for (int i = 0; used + 32 < size; i++) {
            used += (size_t)snprintf(text + used, 32, " k%d: {}\n", i);
        }
        double began = cpu_s();
        parse("keys.yaml", text, used);
        double spent = cpu_s() - began;
        if (spent > 20) {
            print_error("'%s' took %.1f s\n", heads[h], spent);
            fail();
        }
    }
    free(text);
}

static void a_file_of_100_megabytes_is_refused_without_reading_it(void **state)
{
    (void)state;
    char path[] = "/tmp/symgrid-large-XXXXXX.yaml";
    int fd = mkstemps(path, 5);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 100 << 20), 0);
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    double began = cpu_s();
    sg_site site;
    sg_diagnostics said;
    assert_int_equal(sg_site_load(path, &site, &said), SG_FORMAT);
    getrusage(RUSAGE_SELF, &after);
    assert_true(cpu_s() - began < 0.05);
    assert_true(after.ru_maxrss - before.ru_maxrss < 16 * 1024);
    assert_int_equal(said.errors, 1);
    assert_non_null(strstr(said.items[0].message, "16 MB"));
    sg_site_free(&site);
    sg_diagnostics_free(&said);
    close(fd);
    unlink(path);
}

static void a_text_over_the_limit_is_refused_from_memory_too(void **state)
{
    (void)state;
    size_t size = ((size_t)16 << 20) + 1;
    char *text = malloc(size);
    memset(text, ' ', size);
    sg_site site;
    sg_diagnostics said;
    assert_int_equal(sg_site_parse("large.yaml", text, size, false, &site, &said), SG_FORMAT);
    assert_non_null(strstr(said.items[0].message, "16 MB"));
    sg_diagnostics_free(&said);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_refused_on_its_line_for_its_reason),
        cmocka_unit_test(no_cut_of_a_good_file_gets_past_the_diagnostics),
        cmocka_unit_test(no_change_of_bytes_gets_past_the_diagnostics),
        cmocka_unit_test(no_missing_or_doubled_line_gets_past_the_diagnostics),
        cmocka_unit_test(noise_is_refused),
        cmocka_unit_test(nothing_takes_long),
        cmocka_unit_test(many_distinct_keys_take_no_quadratic_time),
        cmocka_unit_test(a_file_of_100_megabytes_is_refused_without_reading_it),
        cmocka_unit_test(a_text_over_the_limit_is_refused_from_memory_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
