/* The JSON writer against jansson, UTF-8 against iconv, edit distances against published ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"
#include "base/text.h"

#include <iconv.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void json_reads_back_with_another_reader(void **state)
{
    (void)state;
    sg_out out = {0};
    sg_json_begin(&out, NULL, '{');
    sg_json_text(&out, "text", "a \"quote\", a \\, a\nline, a\ttab, \x01 and \xC3\xA9");
    sg_json_text(&out, "none", NULL);
    sg_json_bool(&out, "yes", true);
    sg_json_integer(&out, "whole", INT64_MIN);
    sg_json_number(&out, "nan", (double)NAN);
    sg_json_begin(&out, "list", '[');
    sg_json_begin(&out, NULL, '{');
    sg_json_end(&out, '}');
    sg_json_begin(&out, NULL, '[');
    sg_json_end(&out, ']');
    sg_json_fixed(&out, NULL, 1.50, 3);
    sg_json_fixed(&out, NULL, -0.0001, 2);
    sg_json_raw(&out, NULL, "[1,2]");
    sg_json_end(&out, ']');
    sg_json_time(&out, "time", INT64_C(1672532100000000));
    sg_json_end(&out, '}');
    assert_false(out.failed);
    json_error_t error;
    json_t *root = json_loads(out.text, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        print_error("%s\n%s\n", error.text, out.text);
        fail();
    }
    assert_string_equal(json_string_value(json_object_get(root, "text")),
                        "a \"quote\", a \\, a\nline, a\ttab, \x01 and \xC3\xA9");
    assert_true(json_is_null(json_object_get(root, "none")) &&
                json_is_null(json_object_get(root, "nan")));
    assert_true(json_integer_value(json_object_get(root, "whole")) == INT64_MIN);
    json_t *list = json_object_get(root, "list");
    assert_int_equal(json_array_size(list), 5);
    assert_true(json_real_value(json_array_get(list, 2)) == 1.5);
    assert_true(json_number_value(json_array_get(list, 3)) == 0.0);
    assert_string_equal(json_string_value(json_object_get(root, "time")), "2023-01-01T00:15:00Z");
    json_decref(root);
    sg_out_free(&out);
}

static void json_numbers_keep_every_bit(void **state)
{
    (void)state;
    sg_out out = {0};
    for (uint64_t i = 0; i < 100000; i++) {
        uint64_t bits = sg_prng_u64(4, i);
        double value, back;
        memcpy(&value, &bits, sizeof value);
        value = i % 3 == 0 ? (double)(int64_t)(bits % 2000001) / 1000 : value;
        if (!isfinite(value)) {
            continue;
        }
        sg_out_clear(&out);
        sg_json_begin(&out, NULL, '[');
        sg_json_number(&out, NULL, value);
        sg_json_end(&out, ']');
        json_t *root = json_loads(out.text, 0, NULL);
        if (!root) { /* jansson refuses what underflows or overflows in its own reader */
            assert_true(fabs(value) < 2.3e-308);
            continue;
        }
        back = json_number_value(json_array_get(root, 0));
        json_decref(root);
        if (back != value) {
            print_error("%.17g was written as %s\n", value, out.text);
            fail();
        }
    }
    sg_out_free(&out);
}

static void a_growing_text_keeps_its_bytes(void **state)
{
    (void)state;
    sg_out out = {0};
    for (int i = 0; i < 20000; i++) {
        sg_out_format(&out, "%05d", i);
    }
    assert_int_equal(out.length, 100000);
    assert_int_equal(strlen(out.text), 100000);
    assert_memory_equal(out.text + 5 * 12345, "12345", 5);
    sg_out_clear(&out);
    sg_out_html(&out, "<a href=\"x\">R&D's</a>");
    assert_string_equal(out.text, "&lt;a href=&quot;x&quot;&gt;R&amp;D&#39;s&lt;/a&gt;");
    sg_out_free(&out);
    assert_null(out.text);
}

static void distances_are_levenshteins(void **state)
{
    (void)state;
    assert_int_equal(sg_text_distance("kitten", "sitting", 9), 3);
    assert_int_equal(sg_text_distance("saturday", "sunday", 9), 3);
    assert_int_equal(sg_text_distance("flaw", "lawn", 9), 2);
    assert_int_equal(sg_text_distance("", "abc", 9), 3);
    assert_int_equal(sg_text_distance("same", "same", 9), 0);
    assert_int_equal(sg_text_distance("kitten", "sitting", 2), 3);
    static const char *const keys[] = {"capacity", "discharge_rate", "cooling"};
    assert_string_equal(sg_text_nearest("capcity", keys, 3), "capacity");
    assert_null(sg_text_nearest("zebra", keys, 3));
}

static bool iconv_takes(iconv_t converter, const char *text, size_t length)
{
    char in[64], out[512], *from = in, *to = out;
    size_t left = length, room = sizeof out;
    memcpy(in, text, length);
    iconv(converter, NULL, NULL, NULL, NULL);
    return iconv(converter, &from, &left, &to, &room) != (size_t)-1 && left == 0;
}

static void utf8_is_what_iconv_takes(void **state)
{
    (void)state;
    iconv_t converter = iconv_open("UTF-32LE", "UTF-8");
    assert_true(converter != (iconv_t)-1);
    int taken = 0;
    for (uint64_t i = 0; i < 400000; i++) {
        char text[8];
        size_t length = 1 + sg_prng_u64(5, i * 9) % 5;
        for (size_t k = 0; k < length; k++) {
            uint64_t r = sg_prng_u64(5, i * 9 + 1 + k);
            /* mostly bytes of multi-byte characters, or nearly all would be refused at once */
            text[k] = (char)(r % 8 == 0             ? 1 + (r >> 8) % 127
                             : k == 0 || r % 3 == 0 ? 0xC0 + (r >> 8) % 64
                                                    : 0x80 + (r >> 8) % 64);
        }
        bool wanted = iconv_takes(converter, text, length);
        taken += wanted;
        if (sg_text_is_utf8(text, length) != wanted) {
            print_error("%02x %02x %02x %02x (%zu)\n", (unsigned char)text[0],
                        (unsigned char)text[1], (unsigned char)text[2], (unsigned char)text[3],
                        length);
            fail();
        }
    }
    assert_true(taken > 5000);
    assert_false(sg_text_is_utf8("a\0b", 3));
    iconv_close(converter);
}

static void ids_are_short_and_plain(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "rack-1", "pdu_2.b:c", "9lives"};
    static const char *const bad[] = {
        "",
        "-a",
        "a b",
        "a/b",
        "\xC3\xA9",
        "_x",
        "0123456789012345678901234567890123456789012345678901234567890123"};
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(sg_text_is_id(good[i]));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(sg_text_is_id(bad[i]));
    }
    char copy[4];
    sg_text_copy(copy, sizeof copy, "abcdef");
    assert_string_equal(copy, "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_reads_back_with_another_reader),
        cmocka_unit_test(json_numbers_keep_every_bit),
        cmocka_unit_test(a_growing_text_keeps_its_bytes),
        cmocka_unit_test(distances_are_levenshteins),
        cmocka_unit_test(utf8_is_what_iconv_takes),
        cmocka_unit_test(ids_are_short_and_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
