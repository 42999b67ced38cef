/* sha256.h - SHA-256 and HMAC-SHA-256 for a device without a libc.
 *
 * Time     depends on the lengths alone, never on the bytes.
 * Memory   the caller's; less than 600 bytes of stack. No division, no 64-bit multiplication: runs as it is on a Cortex-M0.
 * Source   FIPS 180-4, section 6.2; RFC 2104. Held against their vectors and RFC 4231 in tests/unit/test_agent_hash.c. */
#ifndef SG_AGENT_SHA256_H
#define SG_AGENT_SHA256_H
#include <stdbool.h>
#include <stdint.h>

enum { SG_SHA256_SIZE = 32, SG_SHA256_BLOCK = 64 };

typedef struct sg_sha256 {
    uint32_t hash[8];
    uint32_t length; /* bytes so far, below 4 GiB in all */
    uint8_t block[SG_SHA256_BLOCK];
} sg_sha256;

/* @effects alloc=no block=no fails=never */
void sg_sha256_start(sg_sha256 *self);
void sg_sha256_add(sg_sha256 *self, const uint8_t *bytes, uint32_t size);
void sg_sha256_end(sg_sha256 *self, uint8_t ret[SG_SHA256_SIZE]);

/* A key of any length. @effects alloc=no block=no fails=never */
void sg_hmac_sha256(const uint8_t *key, uint32_t key_size, const uint8_t *bytes, uint32_t size,
                    uint8_t ret[SG_SHA256_SIZE]);

/* In a time that does not tell where they differ. @effects alloc=no block=no fails=never */
bool sg_agent_bytes_equal(const uint8_t *a, const uint8_t *b, uint32_t size);
#endif
