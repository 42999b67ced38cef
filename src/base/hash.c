#include "base/hash.h"

#include <string.h>

/* Slicing by four: one table lookup per byte, four independent chains. */
static uint32_t table[4][256];

static void table_make(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (crc & 1 ? 0x82F63B78u : 0);
        }
        table[0][i] = crc;
    }
    for (uint32_t i = 0; i < 256; i++) {
        for (int t = 1; t < 4; t++) {
            table[t][i] = (table[t - 1][i] >> 8) ^ table[0][table[t - 1][i] & 0xff];
        }
    }
}

__attribute__((constructor)) static void table_ready(void)
{
    table_make();
}

uint32_t sg_crc32c(uint32_t crc, const void *data, size_t size)
{
    const unsigned char *at = data;
    crc = ~crc;
    for (; size >= 4; size -= 4, at += 4) {
        uint32_t word;
        memcpy(&word, at, 4);
        crc ^= word;
        crc = table[3][crc & 0xff] ^ table[2][(crc >> 8) & 0xff] ^ table[1][(crc >> 16) & 0xff] ^
              table[0][crc >> 24];
    }
    while (size--) {
        crc = (crc >> 8) ^ table[0][(crc ^ *at++) & 0xff];
    }
    return ~crc;
}

uint64_t sg_hash(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *at = data;
    for (; size >= 8; size -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 29;
    }
    while (size--) {
        hash = (hash ^ *at++) * UINT64_C(0x100000001b3);
    }
    return hash;
}

uint64_t sg_hash_text(const char *text)
{
    return sg_hash(SG_HASH_START, text, strlen(text));
}
