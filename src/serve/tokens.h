/* tokens.h - who may look, who may act: roles, and the file of tokens. Pure but for the file.
 *
 * Token    "sgt_" and 43 characters (256 random bits, base64url). Shown once, when it is made; the
 *          file keeps its SHA-256. So much chance needs no slow hash: there is nothing to guess.
 * File     one line each, `NAME ROLE MADE SHA256`, behind a line `symgrid.tokens/1`; mode 0600,
 *          the folder's owner's where root writes it; replaced as a whole (written beside, synced, renamed). A file that is not there holds none.
 * Roles    each may do all that the ones before it may. */
#ifndef SG_SERVE_TOKENS_H
#define SG_SERVE_TOKENS_H
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum sg_access { SG_NOBODY, SG_VIEWER, SG_OPERATOR, SG_ADMIN } sg_access;

enum {
    SG_TOKEN_NAME = 64, /* with the zero: a task_id's letters */
    SG_TOKEN_TEXT = 48, /* "sgt_", 43 characters and the zero */
    SG_TOKEN_HASH = 32,
    SG_TOKENS_MAX = 256,
    SG_TOKENS_ERROR = 256
};

typedef struct sg_token {
    char name[SG_TOKEN_NAME];
    sg_access access;
    int64_t made_us;
    unsigned char hash[SG_TOKEN_HASH];
} sg_token;

typedef struct sg_tokens {
    int count;
    sg_token token[SG_TOKENS_MAX];
} sg_tokens;

/* "nobody", "viewer", "operator", "admin"; static. */
const char *sg_access_text(sg_access role);
/* Of the three that a token may have. */
SG_MUST_CHECK bool sg_access_find(const char *text, sg_access *ret);

/* SHA-256 of a text. @effects alloc=no block=no */
void sg_token_hash(const char *text, unsigned char ret[SG_TOKEN_HASH]);
/* A new secret from the system's generator. SG_UNAVAILABLE: it gave nothing. @effects block=at boot */
SG_MUST_CHECK sg_status sg_token_make(char ret[SG_TOKEN_TEXT]);

/* SG_OK, SG_FORMAT or SG_FULL (error: "FILE:LINE: what was expected"), SG_IO (cannot be read). */
SG_MUST_CHECK sg_status sg_tokens_read(const char *path, sg_tokens *ret,
                                       char error[SG_TOKENS_ERROR]);
/* SG_OK or SG_IO with its reason in error. @effects block=until it is on the disk */
SG_MUST_CHECK sg_status sg_tokens_write(const char *path, const sg_tokens *self,
                                        char error[SG_TOKENS_ERROR]);

/* By secret, and by name; NULL: none. */
const sg_token *sg_tokens_find(const sg_tokens *self, const unsigned char hash[SG_TOKEN_HASH]);
const sg_token *sg_tokens_named(const sg_tokens *self, const char *name);
/* SG_RANGE: the name is taken; SG_FULL. *ret_secret is the token, to be shown once. */
SG_MUST_CHECK sg_status sg_tokens_add(sg_tokens *self, const char *name, sg_access access,
                                      int64_t made_us, char ret_secret[SG_TOKEN_TEXT]);
/* False: there is none of that name. */
bool sg_tokens_remove(sg_tokens *self, const char *name);
#endif
