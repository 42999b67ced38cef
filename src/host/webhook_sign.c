/* webhook_sign.c - the key, the signature and the address of a webhook: all that needs no network. */
#include "agent/sha256.h"
#include "host/webhook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char prefix[] = "whsec_";

/* ret holds (size + 2) / 3 * 4 + 1 bytes. */
static void base64_write(const uint8_t *bytes, size_t size, char *ret)
{
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t word = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                        (left > 2 ? bytes[i + 2] : 0);
        *ret++ = digits[word >> 18 & 63];
        *ret++ = digits[word >> 12 & 63];
        *ret++ = left > 1 ? digits[word >> 6 & 63] : '=';
        *ret++ = left > 2 ? digits[word & 63] : '=';
    }
    *ret = '\0';
}

/* Padding may be left out. False: another character, or more than `most` bytes. */
static bool base64_read(const char *text, size_t length, uint8_t *ret, size_t most,
                        size_t *ret_size)
{
    uint32_t word = 0;
    int bits = 0;
    size_t size = 0;
    while (length > 0 && text[length - 1] == '=') {
        length--;
    }
    for (size_t i = 0; i < length; i++) {
        const char *at = text[i] ? strchr(digits, text[i]) : NULL;
        if (!at) {
            return false;
        }
        word = word << 6 | (uint32_t)(at - digits);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            if (size == most) {
                return false;
            }
            ret[size++] = (uint8_t)(word >> bits & 0xFF);
        }
    }
    *ret_size = size;
    return true;
}

sg_status sg_webhook_secret(const char *text, size_t length, uint8_t ret[SG_WEBHOOK_SECRET_MAX],
                            size_t *ret_size)
{
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r')) {
        length--;
    }
    if (length >= sizeof prefix - 1 && memcmp(text, prefix, sizeof prefix - 1) == 0) {
        if (!base64_read(text + sizeof prefix - 1, length - (sizeof prefix - 1), ret,
                         SG_WEBHOOK_SECRET_MAX, ret_size)) {
            return SG_FORMAT;
        }
    } else if (length <= SG_WEBHOOK_SECRET_MAX) {
        memcpy(ret, text, length);
        *ret_size = length;
    } else {
        return SG_FORMAT;
    }
    return *ret_size >= SG_WEBHOOK_SECRET_MIN ? SG_OK : SG_FORMAT;
}

sg_status sg_webhook_sign(const uint8_t *key, size_t key_size, const char *id, int64_t timestamp_s,
                          const char *body, size_t size, char ret[SG_WEBHOOK_SIGNATURE])
{
    uint8_t mac[SG_SHA256_SIZE];
    size_t room = strlen(id) + 24 + size;
    char *text = malloc(room);
    if (!text) {
        return SG_NOMEM;
    }
    int lead = snprintf(text, room, "%s.%lld.", id, (long long)timestamp_s);
    memcpy(text + lead, body, size);
    sg_hmac_sha256(key, (uint32_t)key_size, (const uint8_t *)text, (uint32_t)((size_t)lead + size),
                   mac);
    free(text);
    memcpy(ret, "v1,", 3);
    base64_write(mac, sizeof mac, ret + 3);
    return SG_OK;
}

static bool is_this_machine(const char *host, size_t length)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == length && strncasecmp(host, names[i], length) == 0) {
            return true;
        }
    }
    return false;
}

bool sg_webhook_url_fits(const char *url)
{
    bool secure = strncmp(url, "https://", 8) == 0, plain = strncmp(url, "http://", 7) == 0;
    if (!secure && !plain) {
        return false;
    }
    for (const char *at = url; *at; at++) {
        if ((unsigned char)*at <= 0x20 || (unsigned char)*at >= 0x7F) {
            return false;
        }
    }
    const char *host = url + (secure ? 8 : 7);
    size_t all = strcspn(host, "/?#"), name = host[0] == '[' ? strcspn(host, "]") + 1 : 0;
    if (memchr(host, '@', all) || memchr(host, '\\', all) || name > all) {
        return false;
    }
    if (name && host[name] && !strchr(":/?#", host[name])) {
        return false;
    }
    name = name ? name : strcspn(host, ":/?#");
    return name > 0 && (secure || is_this_machine(host, name));
}

double sg_webhook_wait_s(int failures)
{
    double wait_s = 1;
    for (int i = 1; i < failures && wait_s < 300; i++) {
        wait_s *= 2;
    }
    return wait_s < 300 ? wait_s : 300;
}
