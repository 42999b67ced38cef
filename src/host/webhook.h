/* webhook.h - messages to one receiver over HTTP, signed, in order, sent again until they are taken.
 *
 * Message  POST, application/json; headers webhook-id, webhook-timestamp (seconds since 1970, of this attempt) and
 *          webhook-signature: "v1," and the base64 of HMAC-SHA-256 over "id.timestamp.body". The same id comes again with each attempt,
 *          so a receiver can tell a message that it has already.
 * Taken    any 2xx. Refused for good, and dropped: other 4xx than 408, 425 and 429. All else, and no answer in 10 s, is tried again
 *          after 1 s, 2 s, ... 5 min, give or take a fifth, or when Retry-After says. Redirects are not followed.
 * Bounds   SG_WEBHOOK_QUEUE messages wait; beyond them the oldest is dropped and counted.
 * Safety   https, or http to this machine. Neither the secret nor the path or query of the URL is ever logged.
 * Threads  one of its own; push and the counts may be called from any. libcurl is loaded when the first one is made.
 * Source   Standard Webhooks 1.0 (standardwebhooks.com); RFC 2104, RFC 4648 section 4. */
#ifndef SG_HOST_WEBHOOK_H
#define SG_HOST_WEBHOOK_H
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SG_WEBHOOK_QUEUE = 256,
    SG_WEBHOOK_SECRET_MIN = 24, /* bytes */
    SG_WEBHOOK_SECRET_MAX = 64,
    SG_WEBHOOK_SIGNATURE = 48, /* bytes of "v1,..." with its terminator */
    SG_WEBHOOK_ID = 64,
    SG_WEBHOOK_TEXT = 256
};

typedef struct sg_webhook sg_webhook;

typedef struct sg_webhook_config {
    const char *url;
    const char *secret_path; /* a file: "whsec_" and base64, or any text of 24 to 64 bytes */
    const char *ca_path; /* PEM file of who is trusted to sign for its name; NULL: the system's */
    const char *agent;   /* name of the program and its version */
    void (*log)(const char *line); /* one line for the operator, from its thread */
} sg_webhook_config;

typedef struct sg_webhook_counts {
    int64_t sent, failed, dropped; /* failed: attempts */
    int32_t queued;
    bool failing; /* three attempts in a row failed */
} sg_webhook_counts;

/* On failure ret_error is one line: SG_FORMAT (URL, secret), SG_IO (the secret cannot be read), SG_UNAVAILABLE (no libcurl),
 * SG_NOMEM. The config's texts are copied. @effects alloc=yes block=disk */
SG_MUST_CHECK sg_status sg_webhook_create(const sg_webhook_config *config, sg_webhook **ret,
                                          char ret_error[SG_WEBHOOK_TEXT]);
/* What still waits is tried for three seconds more. Accepts NULL. @effects block=up to 3 s */
void sg_webhook_destroy(sg_webhook *self);

/* A message (copied). Memory exhausted counts as dropped. @effects alloc=yes block=a lock held for moments */
void sg_webhook_push(sg_webhook *self, const char *id, const char *body, size_t size);
/* Accepts NULL: all 0. @effects block=a lock held for moments */
sg_webhook_counts sg_webhook_count(sg_webhook *self);

/* The parts that need no network. Text with a line end at most behind it -> key; SG_FORMAT. @effects alloc=no block=no */
SG_MUST_CHECK sg_status sg_webhook_secret(const char *text, size_t length,
                                          uint8_t ret[SG_WEBHOOK_SECRET_MAX], size_t *ret_size);
SG_MUST_CHECK sg_status sg_webhook_sign(const uint8_t *key, size_t key_size, const char *id,
                                        int64_t timestamp_s, const char *body, size_t size,
                                        char ret[SG_WEBHOOK_SIGNATURE]);
/* True for https://..., and for http:// to this machine, with a host, without user, password or control bytes. */
bool sg_webhook_url_fits(const char *url);
/* Seconds until the attempt after `failures` of them (>= 1), before chance and Retry-After: 1, 2, 4 ... 300. */
double sg_webhook_wait_s(int failures);
#endif
