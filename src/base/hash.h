/* hash.h - checksums and a 64-bit state hash. Deterministic, endian-fixed to little endian.
 * Source: CRC-32C polynomial 0x1EDC6F41 (RFC 3720 B.4); FNV-1a 64 (draft-eastlake-fnv). */
#ifndef SG_BASE_HASH_H
#define SG_BASE_HASH_H
#include <stddef.h>
#include <stdint.h>

/* CRC-32C of data, continuing from crc (0 to start). @effects alloc=no block=no fails=never */
uint32_t sg_crc32c(uint32_t crc, const void *data, size_t size);

#define SG_HASH_START UINT64_C(0xcbf29ce484222325)

/* Mix data into hash, eight bytes at a time; not cryptographic.
 * @effects alloc=no block=no fails=never */
uint64_t sg_hash(uint64_t hash, const void *data, size_t size);
uint64_t sg_hash_text(const char *text);
#endif
