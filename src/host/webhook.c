#define CURL_DISABLE_TYPECHECK
#include "host/webhook.h"

#include "base/clock.h"
#include "base/prng.h"
#include "base/worker.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const double last_words_s = 3; /* for what waits when the program ends */
static const int failing_attempts = 3;

/* What is used of libcurl. It brings a score of libraries along, so it is loaded when it is needed. */
#define CURL_LIST(X)      \
    X(curl_global_init)   \
    X(curl_easy_init)     \
    X(curl_easy_setopt)   \
    X(curl_easy_perform)  \
    X(curl_easy_getinfo)  \
    X(curl_easy_strerror) \
    X(curl_easy_cleanup)  \
    X(curl_slist_append)  \
    X(curl_slist_free_all)

static struct curl {
#define X(name) __typeof__(&name) name;
    CURL_LIST(X)
#undef X
} curl;

typedef struct message {
    struct message *next;
    char id[SG_WEBHOOK_ID];
    size_t size;
    char body[];
} message;

struct sg_webhook {
    char *url, *agent;
    char place[80]; /* scheme and host alone, for the log */
    bool here;      /* on this machine */
    uint8_t key[SG_WEBHOOK_SECRET_MAX];
    size_t key_size;
    void (*log)(const char *line);
    CURL *easy;
    sg_worker worker;
    /* under its lock */
    message *first, *last;
    sg_webhook_counts counts;
    int failures; /* in a row */
    double end_s;
};

/* --- libcurl --- */

static bool load_symbol(void *library, const char *name, void *ret)
{
    void *symbol = dlsym(library, name);
    memcpy(ret, &symbol, sizeof symbol); /* of data to code, which no cast may do */
    return symbol != NULL;
}

static bool load_curl(void)
{
    static const char *const names[] = {"libcurl-gnutls.so.4", "libcurl.so.4"};
    void *library = NULL;
    if (curl.curl_easy_init) {
        return true;
    }
    for (size_t i = 0; !library && i < sizeof names / sizeof names[0]; i++) {
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    }
    bool good = library != NULL;
#define X(name) good = good && load_symbol(library, #name, &curl.name);
    CURL_LIST(X)
#undef X
    return good && curl.curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

static size_t swallow(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    (void)context;
    return size * count;
}

/* Not 0 ends the transfer: the program cannot wait any longer. */
static int watch(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    sg_webhook *self = context;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    sg_worker_lock(&self->worker);
    bool over = self->worker.ending && sg_clock_s() >= self->end_s;
    sg_worker_unlock(&self->worker);
    return over;
}

static bool prepare(sg_webhook *self, const char *ca_path)
{
    self->easy = curl.curl_easy_init();
    if (!self->easy) {
        return false;
    }
    CURL *easy = self->easy;
    curl.curl_easy_setopt(easy, CURLOPT_URL, self->url);
    curl.curl_easy_setopt(easy, CURLOPT_USERAGENT, self->agent);
    curl.curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl.curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl.curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl.curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    curl.curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 10000L);
    curl.curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
    curl.curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl.curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, watch);
    curl.curl_easy_setopt(easy, CURLOPT_XFERINFODATA, self);
    if (ca_path) {
        curl.curl_easy_setopt(easy, CURLOPT_CAINFO, ca_path);
    }
    if (self->here) {
        curl.curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    }
    return true;
}

/* The status that came, 0 when none did; *ret_why then says why not. */
static long post(sg_webhook *self, const message *sent, struct curl_slist *headers,
                 const char **ret_why)
{
    long status = 0;
    curl.curl_easy_setopt(self->easy, CURLOPT_HTTPHEADER, headers);
    curl.curl_easy_setopt(self->easy, CURLOPT_POSTFIELDSIZE, (long)sent->size);
    curl.curl_easy_setopt(self->easy, CURLOPT_POSTFIELDS, sent->body);
    CURLcode code = curl.curl_easy_perform(self->easy);
    *ret_why = code == CURLE_OK ? "" : curl.curl_easy_strerror(code);
    if (code == CURLE_OK) {
        curl.curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &status);
    }
    return status;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
    char line[SG_WEBHOOK_ID + 64];
    snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *longer = list ? curl.curl_slist_append(list, line) : NULL;
    if (!longer && list) {
        curl.curl_slist_free_all(list);
    }
    return longer;
}

static long attempt(sg_webhook *self, const message *sent, const char **ret_why)
{
    char signature[SG_WEBHOOK_SIGNATURE], seconds[24];
    int64_t now_s = (int64_t)time(NULL);
    *ret_why = sg_status_text(SG_NOMEM);
    if (sg_webhook_sign(self->key, self->key_size, sent->id, now_s, sent->body, sent->size,
                        signature) != SG_OK) {
        return 0;
    }
    snprintf(seconds, sizeof seconds, "%lld", (long long)now_s);
    struct curl_slist *headers = curl.curl_slist_append(NULL, "Content-Type: application/json");
    headers = add_header(headers, "webhook-id", sent->id);
    headers = add_header(headers, "webhook-timestamp", seconds);
    headers = add_header(headers, "webhook-signature", signature);
    long status = headers ? post(self, sent, headers, ret_why) : 0;
    curl.curl_slist_free_all(headers);
    return status;
}

/* --- the queue --- */

/* Take the first message out; under the lock. */
static message *shift(sg_webhook *self)
{
    message *first = self->first;
    if (first) {
        self->first = first->next;
        self->last = self->first ? self->last : NULL;
        self->counts.queued--;
    }
    return first;
}

/* Not heard: back to the head of the queue, where it still has its room; under the lock. */
static void put_back(sg_webhook *self, message *again)
{
    if (self->counts.queued == SG_WEBHOOK_QUEUE) {
        self->counts.dropped++;
        free(again);
        return;
    }
    again->next = self->first;
    self->first = again;
    self->last = self->last ? self->last : again;
    self->counts.queued++;
}

void sg_webhook_push(sg_webhook *self, const char *id, const char *body, size_t size)
{
    message *fresh = malloc(sizeof *fresh + size);
    if (fresh) {
        fresh->next = NULL;
        fresh->size = size;
        snprintf(fresh->id, sizeof fresh->id, "%s", id);
        memcpy(fresh->body, body, size);
    }
    sg_worker_lock(&self->worker);
    message *oldest = fresh && self->counts.queued == SG_WEBHOOK_QUEUE ? shift(self) : NULL;
    self->counts.dropped += oldest || !fresh;
    if (fresh) {
        *(self->last ? &self->last->next : &self->first) = fresh;
        self->last = fresh;
        self->counts.queued++;
    }
    sg_worker_wake(&self->worker);
    sg_worker_unlock(&self->worker);
    free(oldest);
}

sg_webhook_counts sg_webhook_count(sg_webhook *self)
{
    sg_webhook_counts counts = {0};
    if (self) {
        sg_worker_lock(&self->worker);
        counts = self->counts;
        sg_worker_unlock(&self->worker);
    }
    return counts;
}

/* --- its thread --- */

static bool is_refused(long status)
{
    return status / 100 == 4 && status != 408 && status != 425 && status != 429;
}

/* what: a sentence's end about it; why: NULL or the transfer's failure, where no status came. */
static void say(const sg_webhook *self, const char *what, const char *why, long status)
{
    char line[SG_WEBHOOK_TEXT], reason[96] = "";
    if (status) {
        snprintf(reason, sizeof reason, ": it answered %ld", status);
    } else if (why) {
        snprintf(reason, sizeof reason, ": %.90s", why);
    }
    snprintf(line, sizeof line, "webhook at %s %s%s", self->place, what, reason);
    self->log(line);
}

/* One attempt's end; under the lock. Returns how long to wait. */
static double settle(sg_webhook *self, message *sent, long status, const char *why)
{
    if (status / 100 == 2) {
        if (self->counts.failing) {
            say(self, "works again", NULL, 0);
        }
        self->counts.sent++;
        self->counts.failing = false;
        self->failures = 0;
        free(sent);
        return 0;
    }
    self->counts.failed++;
    if (is_refused(status)) {
        say(self, "refuses a message, which is dropped", why, status);
        self->counts.dropped++;
        free(sent);
        return 0;
    }
    self->failures++;
    if (self->failures == 1) {
        say(self, "does not take messages, they are sent again", why, status);
    }
    self->counts.failing = self->failures >= failing_attempts;
    put_back(self, sent);
    curl_off_t asked_s = 0;
    double wait_s = sg_webhook_wait_s(self->failures);
    wait_s *= 0.8 + 0.4 * sg_prng_unit((uint64_t)time(NULL), (uint64_t)self->counts.failed);
    if (status) {
        curl.curl_easy_getinfo(self->easy, CURLINFO_RETRY_AFTER, &asked_s);
    }
    return fmax(wait_s, fmin((double)asked_s, 300));
}

static void *work(void *argument)
{
    sg_webhook *self = argument;
    double due_s = 0;
    sg_worker_lock(&self->worker);
    for (;;) { /* ends: told to, with nothing left or no time for it */
        double now_s = sg_clock_s();
        if (self->worker.ending && (!self->first || now_s >= self->end_s)) {
            break;
        }
        if (!self->first) {
            sg_worker_wait(&self->worker, INFINITY);
        } else if (now_s < due_s) {
            sg_worker_wait(&self->worker, self->worker.ending && self->end_s < due_s ? self->end_s : due_s);
        } else {
            const char *why;
            message *sent = shift(self);
            sg_worker_unlock(&self->worker);
            long status = attempt(self, sent, &why);
            sg_worker_lock(&self->worker);
            due_s = sg_clock_s() + settle(self, sent, status, why);
        }
    }
    sg_worker_unlock(&self->worker);
    return NULL;
}

/* --- life --- */

static sg_status read_secret(sg_webhook *self, const char *path, char ret_error[SG_WEBHOOK_TEXT])
{
    char text[256];
    if (!path) {
        snprintf(ret_error, SG_WEBHOOK_TEXT,
                 "webhook: --webhook-secret FILE is needed: it signs what is sent");
        return SG_FORMAT;
    }
    FILE *file = fopen(path, "rb");
    if (!file) {
        snprintf(ret_error, SG_WEBHOOK_TEXT, "webhook: the secret in %.120s cannot be read: %s",
                 path, strerror(errno));
        return SG_IO;
    }
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    sg_status status = sg_webhook_secret(text, size, self->key, &self->key_size);
    explicit_bzero(text, sizeof text);
    if (status != SG_OK) {
        snprintf(ret_error, SG_WEBHOOK_TEXT,
                 "webhook: %.120s: expected whsec_ and the base64 of 24 to 64 bytes, or 24 to 64 "
                 "characters",
                 path);
    }
    return status;
}

static sg_status fill(sg_webhook *self, const sg_webhook_config *config,
                      char ret_error[SG_WEBHOOK_TEXT])
{
    if (!sg_webhook_url_fits(config->url)) {
        snprintf(ret_error, SG_WEBHOOK_TEXT,
                 "webhook: expected https://HOST/PATH, or http:// to this machine, without a user "
                 "name");
        return SG_FORMAT;
    }
    self->log = config->log;
    self->url = strdup(config->url);
    self->agent = strdup(config->agent);
    if (!self->url || !self->agent) {
        snprintf(ret_error, SG_WEBHOOK_TEXT, "webhook: %s", sg_status_text(SG_NOMEM));
        return SG_NOMEM;
    }
    const char *host = strstr(config->url, "//") + 2;
    self->here = config->url[4] == ':';
    snprintf(self->place, sizeof self->place, "%.*s",
             (int)(host - config->url + (long)strcspn(host, "/?#")), config->url);
    if (config->ca_path && access(config->ca_path, R_OK) != 0) {
        snprintf(ret_error, SG_WEBHOOK_TEXT, "webhook: %.120s cannot be read: %s", config->ca_path,
                 strerror(errno));
        return SG_IO;
    }
    return read_secret(self, config->secret_path, ret_error);
}

static void release(sg_webhook *self)
{
    for (message *next; self->first; self->first = next) {
        next = self->first->next;
        free(self->first);
    }
    if (self->easy) {
        curl.curl_easy_cleanup(self->easy);
    }
    explicit_bzero(self->key, sizeof self->key);
    free(self->url);
    free(self->agent);
    free(self);
}

sg_status sg_webhook_create(const sg_webhook_config *config, sg_webhook **ret,
                            char ret_error[SG_WEBHOOK_TEXT])
{
    sg_webhook *self = calloc(1, sizeof *self);
    if (!self) {
        snprintf(ret_error, SG_WEBHOOK_TEXT, "webhook: %s", sg_status_text(SG_NOMEM));
        return SG_NOMEM;
    }
    sg_status status = fill(self, config, ret_error);
    if (status == SG_OK && !load_curl()) {
        status = SG_UNAVAILABLE;
        snprintf(ret_error, SG_WEBHOOK_TEXT,
                 "webhook: libcurl is not installed; on Debian: apt install libcurl3-gnutls");
    }
    if (status == SG_OK && (!prepare(self, config->ca_path) || !sg_worker_start(&self->worker, "sg-webhook", work, self))) {
        status = SG_NOMEM;
        snprintf(ret_error, SG_WEBHOOK_TEXT, "webhook: %s", sg_status_text(SG_NOMEM));
    }
    if (status != SG_OK) {
        release(self);
        return status;
    }
    *ret = self;
    return SG_OK;
}

void sg_webhook_destroy(sg_webhook *self)
{
    if (!self) {
        return;
    }
    sg_worker_lock(&self->worker);
    self->end_s = sg_clock_s() + last_words_s;
    sg_worker_unlock(&self->worker);
    sg_worker_end(&self->worker);
    if (self->counts.queued > 0) {
        char what[64];
        snprintf(what, sizeof what, "did not get the last %d messages", self->counts.queued);
        say(self, what, NULL, 0);
    }
    release(self);
}
