/* tls.c - the certificate: read at the start, and again when somebody says that it was renewed.
 *
 * Each connection is given, as it begins, what is the newest then, and keeps it: a renewal ends none. */
#include "base/time.h"
#include "serve/audit_log.h"
#include "serve/http.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PEM_MAX = 1 << 20 };

/* The whole file, terminated; NULL after saying why in ret_error. */
static char *slurp(const char *option, const char *path, char ret_error[SG_SERVE_TEXT])
{
    FILE *file = fopen(path, "re");
    char *text = file ? malloc(PEM_MAX) : NULL;
    size_t length = text ? fread(text, 1, PEM_MAX - 1, file) : 0;
    if (!text || ferror(file) || length == 0) {
        snprintf(ret_error, SG_SERVE_TEXT, "%s: cannot read %.150s: %s", option, path,
                 file ? "it is empty" : strerror(errno));
        free(text);
        text = NULL;
    } else {
        text[length] = '\0';
    }
    if (file) {
        fclose(file);
    }
    return text;
}

/* A certificate (chain) and its key. */
struct sg_http_pair {
    gnutls_certificate_credentials_t credentials;
    char *cert, *key;      /* PEM texts */
    int holders;           /* connections, and one while it is the newest; the HTTP thread's */
    char name[100];        /* of the first certificate, as its distinguished name has it */
    char print[65];        /* SHA-256 of it */
    unsigned char sum[32]; /* of the whole chain, which may change behind it */
    int64_t until_us;
};

static void pair_free(sg_http_pair *self)
{
    if (!self) {
        return;
    }
    if (self->key) {
        explicit_bzero(self->key, strlen(self->key));
    }
    if (self->credentials) {
        gnutls_certificate_free_credentials(self->credentials);
    }
    free(self->key);
    free(self->cert);
    free(self);
}

static void pair_drop(sg_http_pair *self)
{
    if (self && --self->holders == 0) {
        pair_free(self);
    }
}

static gnutls_datum_t datum(const char *text)
{
    union {
        const char *from;
        void *to;
    } t = {.from = text};
    return (gnutls_datum_t){.data = t.to, .size = (unsigned)strlen(text)};
}

/* Whose it is, until when, and its fingerprint as other programs show it. */
static void describe(sg_http_pair *self)
{
    gnutls_x509_crt_t cert;
    gnutls_datum_t text = datum(self->cert);
    unsigned char print[32];
    size_t size = sizeof self->name, print_size = sizeof print;
    if (gnutls_x509_crt_init(&cert) < 0) {
        return;
    }
    if (gnutls_x509_crt_import(cert, &text, GNUTLS_X509_FMT_PEM) >= 0) {
        if (gnutls_x509_crt_get_dn(cert, self->name, &size) < 0) {
            self->name[0] = '\0';
        }
        self->until_us = (int64_t)gnutls_x509_crt_get_expiration_time(cert) * SG_US_PER_S;
        if (gnutls_x509_crt_get_fingerprint(cert, GNUTLS_DIG_SHA256, print, &print_size) >= 0) {
            for (size_t i = 0; i < print_size; i++) {
                snprintf(self->print + 2 * i, 3, "%02x", print[i]);
            }
        }
    }
    gnutls_x509_crt_deinit(cert);
    for (char *at = self->name; *at; at++) { /* it goes into a log */
        *at = (unsigned char)*at < ' ' || *at == 127 ? '?' : *at;
    }
}

/* What the files hold now; NULL after saying why in ret_error. */
static sg_http_pair *pair_read(const sg_serve_config *config, char ret_error[SG_SERVE_TEXT])
{
    sg_http_pair *self = calloc(1, sizeof *self);
    if (!self) {
        snprintf(ret_error, SG_SERVE_TEXT, "%s", sg_status_text(SG_NOMEM));
        return NULL;
    }
    self->cert = slurp("--tls-cert", config->tls_cert, ret_error);
    self->key = self->cert ? slurp("--tls-key", config->tls_key, ret_error) : NULL;
    if (!self->key) {
        pair_free(self);
        return NULL;
    }
    gnutls_datum_t cert = datum(self->cert), key = datum(self->key);
    int why = gnutls_certificate_allocate_credentials(&self->credentials);
    if (why >= 0) {
        why = gnutls_certificate_set_x509_key_mem(self->credentials, &cert, &key,
                                                  GNUTLS_X509_FMT_PEM);
    }
    if (why < 0) {
        snprintf(ret_error, SG_SERVE_TEXT,
                 "expected a certificate (chain) and its key as PEM in %.50s and %.50s: %.90s",
                 config->tls_cert, config->tls_key, gnutls_strerror(why));
        pair_free(self);
        return NULL;
    }
    describe(self);
    (void)gnutls_hash_fast(GNUTLS_DIG_SHA256, self->cert, strlen(self->cert), self->sum);
    self->holders = 1;
    return self;
}

static void remember(sg_serve *self, const sg_http_pair *pair)
{
    memcpy(self->pair_print, pair->print, sizeof self->pair_print);
    memcpy(self->pair_sum, pair->sum, sizeof self->pair_sum);
    self->pair_until_us = pair->until_us;
}

sg_status sg_http_tls_read(sg_serve *self, char ret_error[SG_SERVE_TEXT])
{
    const char *cert = self->config.tls_cert, *key = self->config.tls_key;
    if (!cert && !key) {
        if (!self->loopback && !self->config.insecure_http) {
            snprintf(
                ret_error, SG_SERVE_TEXT,
                "cannot listen on %.80s: beyond loopback expected --tls-cert and --tls-key, or "
                "--insecure-http where something else protects the way",
                self->config.listen);
            return SG_FORMAT;
        }
        return SG_OK;
    }
    if (!cert || !key) {
        snprintf(ret_error, SG_SERVE_TEXT, "expected --tls-cert and --tls-key together");
        return SG_FORMAT;
    }
    self->pair = pair_read(&self->config, ret_error);
    if (!self->pair) {
        return SG_FORMAT;
    }
    remember(self, self->pair);
    return SG_OK;
}

void sg_http_tls_texts(const sg_serve *self, char **ret_cert, char **ret_key)
{
    *ret_cert = self->pair ? self->pair->cert : NULL;
    *ret_key = self->pair ? self->pair->key : NULL;
}

void sg_http_tls_begin(sg_serve *self, struct MHD_Connection *connection,
                       sg_http_connection *record)
{
    const union MHD_ConnectionInfo *info =
        self->pair ? MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION) : NULL;
    if (info && info->tls_session &&
        gnutls_credentials_set(info->tls_session, GNUTLS_CRD_CERTIFICATE,
                               self->pair->credentials) >= 0) {
        record->pair = self->pair;
        record->pair->holders++;
    }
}

void sg_http_tls_end(sg_http_connection *record)
{
    pair_drop(record->pair);
    record->pair = NULL;
}

static void put_pair(sg_out *out, const char *print, int64_t until_us)
{
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "sha256", print);
    sg_json_time(out, "until", until_us);
    sg_json_end(out, '}');
}

/* next: what takes over, NULL: nothing does, and why says why. */
static void note(sg_serve *self, const sg_http_pair *next, const char *why)
{
    sg_out asked = {0}, before = {0}, after = {0};
    sg_json_begin(&asked, NULL, '{');
    sg_json_text(&asked, "signal", "SIGHUP");
    sg_json_text(&asked, "refused", next ? NULL : why);
    sg_json_end(&asked, '}');
    put_pair(&before, self->pair_print, self->pair_until_us);
    if (next) {
        put_pair(&after, next->print, next->until_us);
    }
    const sg_audit_signal entry = {.pid = atomic_load(&self->pair_pid),
                                   .uid = atomic_load(&self->pair_uid),
                                   .path = self->config.tls_cert,
                                   .taken = next != NULL,
                                   .asked = asked.text,
                                   .before = before.text,
                                   .after = after.text};
    if (self->config.data_dir && (asked.failed || before.failed || after.failed ||
                                  sg_audit_note_signal(self->config.data_dir, &entry) != SG_OK)) {
        sg_http_say(self, "the audit log cannot be written: an entry is lost");
    }
    sg_out_free(&asked);
    sg_out_free(&before);
    sg_out_free(&after);
}

/* By what the worker read last: the pair itself may be taken and gone. */
static bool is_news(const sg_serve *self, const sg_http_pair *next)
{
    return memcmp(self->pair_sum, next->sum, sizeof self->pair_sum) != 0;
}

void sg_http_tls_work(sg_serve *self)
{
    char error[SG_SERVE_TEXT] = "", until[SG_TIME_TEXT], line[SG_SERVE_TEXT + 64];
    sg_http_pair *next = pair_read(&self->config, error);
    if (!next) {
        snprintf(line, sizeof line, "the certificate from before is served on: %s", error);
        sg_http_say(self, line);
        note(self, NULL, error);
        return;
    }
    if (!is_news(self, next)) {
        pair_free(next);
        return;
    }
    sg_time_format(next->until_us, until);
    snprintf(line, sizeof line, "%.90s was read again: %.99s, valid until %s",
             self->config.tls_cert, next->name, until);
    sg_http_say(self, line);
    note(self, next, NULL);
    remember(self, next);
    sg_worker_lock(&self->worker);
    sg_http_pair *skipped = self->pair_next;
    self->pair_next = next;
    sg_worker_unlock(&self->worker);
    pair_free(skipped);
    sg_http_wake(self);
}

void sg_http_tls_poll(sg_serve *self)
{
    if (!self->pair) {
        return;
    }
    bool asked = atomic_exchange(&self->pair_asked, false);
    sg_worker_lock(&self->worker);
    sg_http_pair *next = self->pair_next;
    self->pair_next = NULL;
    if (asked) {
        self->pair_due = true;
        sg_worker_wake(&self->worker);
    }
    sg_worker_unlock(&self->worker);
    if (next) {
        pair_drop(self->pair);
        self->pair = next;
    }
}

void sg_serve_renew(sg_serve *self, int64_t pid, int64_t uid)
{
    if (self) {
        atomic_store(&self->pair_pid, pid);
        atomic_store(&self->pair_uid, uid);
        atomic_store(&self->pair_asked, true);
        sg_http_wake(self);
    }
}

void sg_http_tls_free(sg_serve *self)
{
    pair_free(self->pair_next);
    pair_drop(self->pair);
}
