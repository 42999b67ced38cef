/* SHA-256 against the examples of FIPS 180-4 (NIST's "SHA256" example file and its long message), HMAC-SHA-256 against all
 * seven cases of RFC 4231. tests/e2e/agent_hash.py holds both against another library on many lengths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/sha256.h"

#include <stdlib.h>
#include <string.h>

static unsigned nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void assert_digest(const uint8_t *got, const char *hex)
{
    for (size_t i = 0; hex[2 * i]; i++) {
        assert_int_equal(got[i], nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
    }
}

/* The message `times` over, handed in by `piece` bytes. */
static void assert_sha256(const char *message, int times, uint32_t piece, const char *hex)
{
    size_t size = strlen(message), all = size * (size_t)times;
    uint8_t *text = malloc(all + 1), digest[SG_SHA256_SIZE];
    assert_non_null(text);
    for (int i = 0; i < times; i++) {
        memcpy(text + (size_t)i * size, message, size);
    }
    sg_sha256 hash;
    sg_sha256_start(&hash);
    for (size_t done = 0; done < all; done += piece) {
        sg_sha256_add(&hash, text + done, (uint32_t)(all - done < piece ? all - done : piece));
    }
    sg_sha256_end(&hash, digest);
    free(text);
    assert_digest(digest, hex);
}

static void sha256_has_the_published_digests(void **state)
{
    (void)state;
    static const uint32_t pieces[] = {1, 7, 63, 64, 65, 4096};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        uint32_t piece = pieces[i];
        assert_sha256("abc", 1, piece,
                      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_sha256("", 1, piece,
                      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, piece,
                      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        assert_sha256("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
                      "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                      1, piece, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
        assert_sha256("a", 1000000, piece,
                      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    }
}

typedef struct hmac_case {
    uint8_t key_byte; /* repeated; 0: key_text; 1: 01 02 03 ... */
    uint32_t key_size;
    const char *key_text;
    uint8_t data_byte;
    uint32_t data_size;
    const char *data_text, *hex;
} hmac_case;

static const hmac_case CASES[] = {
    {0x0b, 20, NULL, 0, 8, "Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {0, 4, "Jefe", 0, 28, "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {0xaa, 20, NULL, 0xdd, 50, NULL,
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {1, 25, NULL, 0xcd, 50, NULL,
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    {0x0c, 20, NULL, 0, 20, "Test With Truncation", "a3b6167473100ee06e0c796c2955552b"},
    {0xaa, 131, NULL, 0, 54, "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {0xaa, 131, NULL, 0, 152,
     "This is a test using a larger than block-size key and a larger than block-size data. The key "
     "needs to be hashed before being used by the HMAC algorithm.",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

static void hmac_has_the_tags_of_rfc_4231(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const hmac_case *c = &CASES[i];
        uint8_t key[160], data[160], tag[SG_SHA256_SIZE];
        for (uint32_t k = 0; k < c->key_size; k++) {
            key[k] = c->key_text ? (uint8_t)c->key_text[k]
                                 : (uint8_t)(c->key_byte == 1 ? k + 1 : c->key_byte);
        }
        for (uint32_t k = 0; k < c->data_size; k++) {
            data[k] = c->data_text ? (uint8_t)c->data_text[k] : c->data_byte;
        }
        sg_hmac_sha256(key, c->key_size, data, c->data_size, tag);
        assert_digest(tag, c->hex);
    }
}

static void equality_sees_every_bit(void **state)
{
    (void)state;
    uint8_t a[32] = {0}, b[32] = {0};
    assert_true(sg_agent_bytes_equal(a, b, 32));
    for (unsigned bit = 0; bit < 256; bit++) {
        b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(sg_agent_bytes_equal(a, b, 32));
        b[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    b[31] = 1;
    assert_true(sg_agent_bytes_equal(a, b, 31));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_has_the_published_digests),
        cmocka_unit_test(hmac_has_the_tags_of_rfc_4231),
        cmocka_unit_test(equality_sees_every_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
