#include "agent/sha256.h"

/* The first 32 bits of the fractions of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
static const uint32_t ROUND[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotated(uint32_t x, unsigned bits)
{
    return x >> bits | x << (32 - bits);
}

/* The message schedule: sixteen words of the block and what follows from them. */
static void schedule(const uint8_t block[SG_SHA256_BLOCK], uint32_t w[64])
{
    for (unsigned t = 0; t < 16; t++, block += 4) {
        w[t] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 |
               block[3];
    }
    for (unsigned t = 16; t < 64; t++) {
        uint32_t a = w[t - 15], b = w[t - 2];
        w[t] = w[t - 16] + (rotated(a, 7) ^ rotated(a, 18) ^ a >> 3) + w[t - 7] +
               (rotated(b, 17) ^ rotated(b, 19) ^ b >> 10);
    }
}

static void mix(sg_sha256 *self)
{
    uint32_t *v = self->hash, w[64];
    schedule(self->block, w);
    uint32_t a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5], g = v[6], h = v[7];
    for (unsigned t = 0; t < 64; t++) {
        uint32_t t1 = h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + (g ^ (e & (f ^ g))) +
                      ROUND[t] + w[t];
        uint32_t t2 = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) | (c & (a | b)));
        h = g, g = f, f = e, e = d + t1;
        d = c, c = b, b = a, a = t1 + t2;
    }
    v[0] += a, v[1] += b, v[2] += c, v[3] += d;
    v[4] += e, v[5] += f, v[6] += g, v[7] += h;
}

void sg_sha256_start(sg_sha256 *self)
{
    /* of the square roots of the first eight primes (5.3.3) */
    static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    for (unsigned i = 0; i < 8; i++) {
        self->hash[i] = first[i];
    }
    self->length = 0;
}

void sg_sha256_add(sg_sha256 *self, const uint8_t *bytes, uint32_t size)
{
    uint32_t at = self->length % SG_SHA256_BLOCK;
    self->length += size;
    for (uint32_t i = 0; i < size; i++) {
        self->block[at++] = bytes[i];
        if (at == SG_SHA256_BLOCK) {
            mix(self);
            at = 0;
        }
    }
}

void sg_sha256_end(sg_sha256 *self, uint8_t ret[SG_SHA256_SIZE])
{
    static const uint8_t mark = 0x80, zero = 0;
    uint32_t bits_low = self->length << 3, bits_high = self->length >> 29;
    uint8_t tail[8];
    for (unsigned i = 0; i < 4; i++) {
        tail[i] = (uint8_t)(bits_high >> (24 - 8 * i));
        tail[4 + i] = (uint8_t)(bits_low >> (24 - 8 * i));
    }
    sg_sha256_add(self, &mark, 1);
    while (self->length % SG_SHA256_BLOCK != SG_SHA256_BLOCK - 8) {
        sg_sha256_add(self, &zero, 1);
    }
    sg_sha256_add(self, tail, 8);
    for (unsigned i = 0; i < SG_SHA256_SIZE; i++) {
        ret[i] = (uint8_t)(self->hash[i / 4] >> (24 - 8 * (i % 4)));
    }
}

/* A hash that begins with the key's block, masked. */
static void start_keyed(sg_sha256 *self, const uint8_t *key, uint32_t key_size, uint8_t mask)
{
    sg_sha256_start(self);
    for (uint32_t i = 0; i < SG_SHA256_BLOCK; i++) {
        self->block[i] = (uint8_t)((i < key_size ? key[i] : 0) ^ mask);
    }
    self->length = SG_SHA256_BLOCK;
    mix(self);
}

void sg_hmac_sha256(const uint8_t *key, uint32_t key_size, const uint8_t *bytes, uint32_t size,
                    uint8_t ret[SG_SHA256_SIZE])
{
    sg_sha256 hash;
    uint8_t short_key[SG_SHA256_SIZE];
    if (key_size > SG_SHA256_BLOCK) {
        sg_sha256_start(&hash);
        sg_sha256_add(&hash, key, key_size);
        sg_sha256_end(&hash, short_key);
        key = short_key;
        key_size = SG_SHA256_SIZE;
    }
    start_keyed(&hash, key, key_size, 0x36);
    sg_sha256_add(&hash, bytes, size);
    sg_sha256_end(&hash, ret);
    start_keyed(&hash, key, key_size, 0x5c);
    sg_sha256_add(&hash, ret, SG_SHA256_SIZE);
    sg_sha256_end(&hash, ret);
}

bool sg_agent_bytes_equal(const uint8_t *a, const uint8_t *b, uint32_t size)
{
    uint8_t differ = 0;
    for (uint32_t i = 0; i < size; i++) {
        differ |= (uint8_t)(a[i] ^ b[i]);
    }
    return differ == 0;
}
