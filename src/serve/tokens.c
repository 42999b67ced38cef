#include "serve/tokens.h"

#include "base/text.h"
#include "base/time.h"
#include "serve/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char head[] = "symgrid.tokens/1";
static const char *const roles[] = {"nobody", "viewer", "operator", "admin"};

const char *sg_access_text(sg_access role)
{
    return roles[role];
}

bool sg_access_find(const char *text, sg_access *ret)
{
    for (int i = SG_VIEWER; i <= SG_ADMIN; i++) {
        if (strcmp(text, roles[i]) == 0) {
            *ret = (sg_access)i;
            return true;
        }
    }
    return false;
}

void sg_token_hash(const char *text, unsigned char ret[SG_TOKEN_HASH])
{
    memset(ret, 0, SG_TOKEN_HASH);
    (void)gnutls_hash_fast(GNUTLS_DIG_SHA256, text, strlen(text), ret);
}

sg_status sg_token_make(char ret[SG_TOKEN_TEXT])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char chance[SG_TOKEN_HASH + 1];
    if (getrandom(chance, sizeof chance, 0) != (ssize_t)sizeof chance) {
        return SG_UNAVAILABLE;
    }
    memcpy(ret, "sgt_", 4);
    for (int i = 0; i < 43; i++) { /* six bits each */
        int bit = i * 6, byte = bit / 8;
        unsigned two = (unsigned)chance[byte] << 8 | chance[byte + 1];
        ret[4 + i] = digits[two >> (10 - bit % 8) & 63];
    }
    ret[4 + 43] = '\0';
    gnutls_memset(chance, 0, sizeof chance);
    return SG_OK;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* NULL, or what was expected. */
static const char *read_line(const char *line, sg_tokens *into)
{
    char name[SG_TOKEN_NAME], role[16], made[SG_TIME_TEXT], hash[2 * SG_TOKEN_HASH + 1], rest[2];
    if (into->count == SG_TOKENS_MAX) {
        return "at most 256 tokens";
    }
    sg_token *token = &into->token[into->count];
    if (sscanf(line, "%63s %15s %31s %64s %1s", name, role, made, hash, rest) != 4) {
        return "NAME ROLE MADE SHA256";
    }
    if (!sg_text_is_id(name)) {
        return "a name of 1 to 63 letters, digits, _ - . :";
    }
    if (sg_tokens_named(into, name)) {
        return "each name once";
    }
    if (!sg_access_find(role, &token->access)) {
        return "viewer, operator or admin";
    }
    if (sg_time_parse(made, strlen(made), &token->made_us) != SG_OK) {
        return "the time when it was made, such as 2026-01-01T00:00:00Z";
    }
    for (int i = 0; i < SG_TOKEN_HASH; i++) {
        int high = hex_digit(hash[2 * i]), low = high < 0 ? -1 : hex_digit(hash[2 * i + 1]);
        if (low < 0) {
            return "64 hexadecimal digits";
        }
        token->hash[i] = (unsigned char)(high * 16 + low);
    }
    sg_text_copy(token->name, sizeof token->name, name);
    into->count++;
    return NULL;
}

sg_status sg_tokens_read(const char *path, sg_tokens *ret, char error[SG_TOKENS_ERROR])
{
    char line[256];
    const char *wanted = NULL;
    int number = 0;
    memset(ret, 0, sizeof *ret);
    FILE *file = fopen(path, "re");
    if (!file && errno == ENOENT) {
        return SG_OK;
    }
    if (!file) {
        snprintf(error, SG_TOKENS_ERROR, "cannot read %.180s: %s", path, strerror(errno));
        return SG_IO;
    }
    while (!wanted && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (++number == 1) {
            wanted = strcmp(line, head) == 0 ? NULL : head;
        } else if (line[0] && line[0] != '#') {
            wanted = read_line(line, ret);
        }
    }
    bool failed = ferror(file) != 0;
    fclose(file);
    if (wanted || failed) {
        snprintf(error, SG_TOKENS_ERROR, "%.150s:%d: expected %s", path, number,
                 wanted ? wanted : "a file that can be read");
        memset(ret, 0, sizeof *ret);
        return failed ? SG_IO : SG_FORMAT;
    }
    return SG_OK;
}

static bool write_all(FILE *file, const sg_tokens *self)
{
    fprintf(file, "%s\n", head);
    for (int i = 0; i < self->count; i++) {
        char made[SG_TIME_TEXT];
        sg_time_format(self->token[i].made_us, made);
        fprintf(file, "%s %s %s ", self->token[i].name, sg_access_text(self->token[i].access),
                made);
        for (int k = 0; k < SG_TOKEN_HASH; k++) {
            fprintf(file, "%02x", self->token[i].hash[k]);
        }
        fputc('\n', file);
    }
    return fflush(file) == 0 && !ferror(file) && fsync(fileno(file)) == 0;
}

sg_status sg_tokens_write(const char *path, const sg_tokens *self, char error[SG_TOKENS_ERROR])
{
    char beside[4096];
    int length = snprintf(beside, sizeof beside, "%s.new", path);
    if (length >= (int)sizeof beside) {
        snprintf(error, SG_TOKENS_ERROR, "cannot write %.180s: the name is too long", path);
        return SG_IO;
    }
    (void)unlink(beside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (fd >= 0) {
        sg_owner_follow(fd, path);
    }
    bool written = file && write_all(file, self);
    int why = errno;
    if (file) {
        written = fclose(file) == 0 && written;
    } else if (fd >= 0) {
        close(fd);
    }
    if (!written || rename(beside, path) != 0) {
        snprintf(error, SG_TOKENS_ERROR, "cannot write %.180s: %s", path,
                 strerror(written ? errno : why));
        (void)unlink(beside);
        return SG_IO;
    }
    return SG_OK;
}

const sg_token *sg_tokens_find(const sg_tokens *self, const unsigned char hash[SG_TOKEN_HASH])
{
    const sg_token *found = NULL;
    for (int i = 0; i < self->count; i++) {
        if (gnutls_memcmp(self->token[i].hash, hash, SG_TOKEN_HASH) == 0) {
            found = &self->token[i];
        }
    }
    return found;
}

const sg_token *sg_tokens_named(const sg_tokens *self, const char *name)
{
    for (int i = 0; i < self->count; i++) {
        if (strcmp(self->token[i].name, name) == 0) {
            return &self->token[i];
        }
    }
    return NULL;
}

sg_status sg_tokens_add(sg_tokens *self, const char *name, sg_access access, int64_t made_us,
                        char ret_secret[SG_TOKEN_TEXT])
{
    if (sg_tokens_named(self, name)) {
        return SG_RANGE;
    }
    if (self->count == SG_TOKENS_MAX) {
        return SG_FULL;
    }
    sg_status status = sg_token_make(ret_secret);
    if (status == SG_OK) {
        sg_token *token = &self->token[self->count++];
        *token = (sg_token){.access = access, .made_us = made_us};
        sg_text_copy(token->name, sizeof token->name, name);
        sg_token_hash(ret_secret, token->hash);
    }
    return status;
}

bool sg_tokens_remove(sg_tokens *self, const char *name)
{
    const sg_token *token = sg_tokens_named(self, name);
    if (!token) {
        return false;
    }
    int at = (int)(token - self->token);
    memmove(&self->token[at], &self->token[at + 1],
            (size_t)(--self->count - at) * sizeof self->token[0]);
    return true;
}
