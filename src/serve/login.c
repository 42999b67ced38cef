#include "base/clock.h"
#include "serve/http.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static const unsigned char by_code[SG_TOKEN_HASH]; /* zero: a session opened with the run's code */
static const char code_name[] = "console";

/* A change of the file counts within a second; a faulty file changes nothing and is said once. */
static void refresh(sg_serve *self, bool at_once)
{
    int64_t now_ms = sg_clock_ms();
    struct stat info;
    if (!self->config.tokens || (!at_once && now_ms - self->tokens_ms < SG_HTTP_TOKENS_MS)) {
        return;
    }
    self->tokens_ms = now_ms;
    int64_t stamp = 0;
    if (stat(self->config.tokens, &info) == 0) {
        stamp = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec +
                (int64_t)info.st_ino + info.st_size;
    }
    if (stamp == self->tokens_stamp) {
        return;
    }
    static sg_tokens read; /* of the HTTP thread */
    char error[SG_TOKENS_ERROR];
    self->tokens_stamp = stamp;
    if (sg_tokens_read(self->config.tokens, &read, error) != SG_OK) {
        sg_http_say(self, error);
        return;
    }
    self->tokens = read;
    if (stamp && (info.st_mode & (S_IRGRP | S_IROTH | S_IWGRP | S_IWOTH))) {
        snprintf(error, sizeof error, "%.150s may be read by others: chmod 600",
                 self->config.tokens);
        sg_http_say(self, error);
    }
}

void sg_http_login_start(sg_serve *self)
{
    /* Cookies do not tell ports apart, so two sites on one machine need two names. */
    snprintf(self->cookie, sizeof self->cookie, "symgrid_%d", self->port);
    self->tokens_stamp = -1;
    self->tokens_ms = -SG_HTTP_TOKENS_MS;
    char *code = self->config.code;
    if (code && sg_token_make(code) == SG_OK) {
        sg_token_hash(code, self->code);
        self->code_open = true;
    } else if (code) {
        code[0] = '\0';
    }
    refresh(self, true); /* a faulty file is said now, not to the first who is refused for it */
}

static const char *header(const sg_http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* Straight from this machine: what a proxy passes on may come from anywhere. */
static bool is_local(const sg_http_request *request)
{
    return request->serve->loopback && !header(request, "Forwarded") && !header(request, "Via") &&
           !header(request, "X-Forwarded-For");
}

static sg_access of_nobody(const sg_http_request *request)
{
    sg_serve *self = request->serve;
    const sg_view *view = sg_http_view(self);
    sg_mode mode = sg_http_site(self, view)->mode;
    if (!is_local(request)) {
        return SG_NOBODY;
    }
    return self->config.trust_loopback || mode == SG_OBSERVE ? SG_ADMIN : SG_VIEWER;
}

static void is_token(sg_http_request *request, const sg_token *token)
{
    request->access = token->access;
    sg_text_copy(request->who, sizeof request->who, token->name);
}

/* One that is not known may have been made a moment ago. */
static const sg_token *token_of(sg_serve *self, const char *secret,
                                unsigned char ret_hash[SG_TOKEN_HASH])
{
    sg_token_hash(secret, ret_hash);
    const sg_token *token = sg_tokens_find(&self->tokens, ret_hash);
    if (!token) {
        refresh(self, true);
        token = sg_tokens_find(&self->tokens, ret_hash);
    }
    return token;
}

/* False: the session is over, for its token is gone. */
static bool is_session(sg_http_request *request, sg_http_session *session)
{
    if (memcmp(session->token, by_code, SG_TOKEN_HASH) == 0) {
        request->access = SG_OPERATOR;
        sg_text_copy(request->who, sizeof request->who, code_name);
        return true;
    }
    const sg_token *token = sg_tokens_find(&request->serve->tokens, session->token);
    if (token) {
        is_token(request, token);
    }
    session->open = token != NULL;
    return session->open;
}

static sg_http_session *session_of(sg_http_request *request)
{
    sg_serve *self = request->serve;
    unsigned char hash[SG_TOKEN_HASH];
    const char *secret =
        MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, self->cookie);
    if (!secret) {
        return NULL;
    }
    sg_token_hash(secret, hash);
    int64_t now_ms = sg_clock_ms();
    for (int i = 0; i < SG_HTTP_SESSIONS; i++) {
        sg_http_session *session = &self->sessions[i];
        session->open = session->open && now_ms - session->used_ms < SG_HTTP_SESSION_MS;
        if (session->open && gnutls_memcmp(session->hash, hash, SG_TOKEN_HASH) == 0) {
            session->used_ms = now_ms;
            return session;
        }
    }
    return NULL;
}

/* SG_HTTP_UNKNOWN: a token was shown and is none. */
static sg_http_refusal identify(sg_http_request *request)
{
    const char *shown = header(request, MHD_HTTP_HEADER_AUTHORIZATION);
    unsigned char hash[SG_TOKEN_HASH];
    request->access = SG_NOBODY;
    if (shown) {
        if (strncasecmp(shown, "Bearer ", 7) != 0) {
            return SG_HTTP_UNKNOWN;
        }
        const sg_token *token = token_of(request->serve, shown + 7 + strspn(shown + 7, " "), hash);
        if (!token) {
            return SG_HTTP_UNKNOWN;
        }
        is_token(request, token);
        return SG_HTTP_WELCOME;
    }
    sg_http_session *session = session_of(request);
    if (!session || !is_session(request, session)) {
        request->access = of_nobody(request);
    }
    return SG_HTTP_WELCOME;
}

void sg_http_admit(sg_http_request *request)
{
    request->route = sg_http_route_of(request);
    refresh(request->serve, false);
    request->refusal = identify(request);
    if (request->refusal != SG_HTTP_WELCOME || !request->route || !sg_http_answers(request)) {
        return;
    }
    bool reads = sg_http_method_is(request, MHD_HTTP_METHOD_GET) ||
                 sg_http_method_is(request, MHD_HTTP_METHOD_HEAD);
    sg_access least = reads ? request->route->read : request->route->change;
    if (request->access < least) {
        request->refusal = request->who[0] ? SG_HTTP_TOO_LOW : SG_HTTP_NO_LOGIN;
    }
    request->changes = !reads;
}

enum MHD_Result sg_http_refuse(sg_http_request *request)
{
    char detail[SG_BODY_DETAIL];
    bool reads = sg_http_method_is(request, MHD_HTTP_METHOD_GET) ||
                 sg_http_method_is(request, MHD_HTTP_METHOD_HEAD);
    sg_access least = !request->route ? SG_VIEWER
                      : reads         ? request->route->read
                                      : request->route->change;
    if (request->refusal == SG_HTTP_TOO_LOW) {
        snprintf(detail, sizeof detail, "this needs the role %s, and %s is %s",
                 sg_access_text(least), request->who, sg_access_text(request->access));
        return sg_http_problem(request, MHD_HTTP_FORBIDDEN, "role", "Not with this role", detail,
                               NULL, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                               "Bearer realm=\"symgrid\", error=\"insufficient_scope\"");
    }
    if (request->refusal == SG_HTTP_UNKNOWN) {
        return sg_http_problem(request, MHD_HTTP_UNAUTHORIZED, "token", "The token is not known",
                               "expected Authorization: Bearer with a token of this site "
                               "(symgrid token list shows their names)",
                               NULL, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                               "Bearer realm=\"symgrid\", error=\"invalid_token\"");
    }
    snprintf(detail, sizeof detail,
             "this needs the role %s: sign in on the page, or send Authorization: Bearer with a "
             "token (symgrid token add NAME --role %s)",
             sg_access_text(least), sg_access_text(least));
    return sg_http_problem(request, MHD_HTTP_UNAUTHORIZED, "login", "Sign in first", detail, NULL,
                           MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"symgrid\"");
}

/* ---- /energy/session ---- */

static void write_session(const sg_http_request *request, sg_out *out)
{
    sg_serve *self = request->serve;
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "name", request->who[0] ? request->who : NULL);
    sg_json_text(out, "role", sg_access_text(request->access));
    sg_json_bool(out, "signed_in", request->who[0] != '\0');
    sg_json_bool(out, "tls", self->pair != NULL);
    sg_json_end(out, '}');
}

enum MHD_Result sg_http_session_show(sg_http_request *request)
{
    sg_out out = {0};
    write_session(request, &out);
    return sg_http_reply(request, MHD_HTTP_OK, "application/json", &out, NULL, NULL);
}

/* A free slot, or that of the session that has not been used for longest. */
static sg_http_session *session_new(sg_serve *self)
{
    sg_http_session *oldest = &self->sessions[0];
    for (int i = 0; i < SG_HTTP_SESSIONS; i++) {
        sg_http_session *at = &self->sessions[i];
        if (!at->open) {
            return at;
        }
        oldest = at->used_ms < oldest->used_ms ? at : oldest;
    }
    return oldest;
}

/* Who shows this secret; false: nobody. A code is good once. */
static bool is_known(sg_http_request *request, const char *key, const char *secret,
                     unsigned char ret_token[SG_TOKEN_HASH])
{
    sg_serve *self = request->serve;
    if (strcmp(key, "code") == 0) {
        sg_token_hash(secret, ret_token);
        bool good = self->code_open && gnutls_memcmp(self->code, ret_token, SG_TOKEN_HASH) == 0;
        if (good) {
            self->code_open = false;
            memcpy(ret_token, by_code, SG_TOKEN_HASH);
            request->access = SG_OPERATOR;
            sg_text_copy(request->who, sizeof request->who, code_name);
        }
        return good;
    }
    const sg_token *token = token_of(self, secret, ret_token);
    if (token) {
        is_token(request, token);
    }
    return token != NULL;
}

/* {"token": "..."} or {"code": "..."}; *ret_key is static. NULL: neither. The text is root's. */
static const char *read_secret(json_t *root, const char **ret_key)
{
    static const char *const keys[] = {"token", "code"};
    for (int i = 0; i < 2; i++) {
        const char *text = json_string_value(json_object_get(root, keys[i]));
        if (text && json_object_size(root) == 1) {
            *ret_key = keys[i];
            return text;
        }
    }
    return NULL;
}

static enum MHD_Result opened(sg_http_request *request, const unsigned char token[SG_TOKEN_HASH])
{
    sg_serve *self = request->serve;
    char secret[SG_TOKEN_TEXT], cookie[160];
    if (sg_token_make(secret) != SG_OK) {
        return sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "not-ready", "Not ready",
                               "the system has no random numbers yet", NULL,
                               MHD_HTTP_HEADER_RETRY_AFTER, "1");
    }
    sg_http_session *session = session_new(self);
    session->open = true;
    session->used_ms = sg_clock_ms();
    sg_token_hash(secret, session->hash);
    memcpy(session->token, token, SG_TOKEN_HASH);
    snprintf(cookie, sizeof cookie, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s", self->cookie,
             secret, self->pair ? "; Secure" : "");
    sg_out out = {0};
    write_session(request, &out);
    return sg_http_reply(request, MHD_HTTP_OK, "application/json", &out, MHD_HTTP_HEADER_SET_COOKIE,
                         cookie);
}

enum MHD_Result sg_http_session_open(sg_http_request *request)
{
    const char *key = NULL, *secret;
    unsigned char token[SG_TOKEN_HASH];
    json_t *root = json_loadb(request->body ? request->body : "", request->length,
                              JSON_REJECT_DUPLICATES, NULL);
    secret = read_secret(root, &key);
    bool known = secret && is_known(request, key, secret, token);
    json_decref(root);
    if (!secret) {
        return sg_http_problem(request, MHD_HTTP_BAD_REQUEST, "json", "The body is not a login",
                               "expected {\"token\": \"...\"} or {\"code\": \"...\"}", NULL, NULL,
                               NULL);
    }
    if (!known) {
        return sg_http_problem(request, MHD_HTTP_UNAUTHORIZED, "token", "The token is not known",
                               strcmp(key, "code") == 0
                                   ? "the code was used, or is of another run: sign in with a token"
                                   : "expected a token of this site (symgrid token add makes one)",
                               NULL, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"symgrid\"");
    }
    return opened(request, token);
}

enum MHD_Result sg_http_session_close(sg_http_request *request)
{
    sg_http_session *session = session_of(request);
    char cookie[96];
    if (session) {
        *session = (sg_http_session){0};
    }
    snprintf(cookie, sizeof cookie, "%s=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict",
             request->serve->cookie);
    return sg_http_reply(request, MHD_HTTP_NO_CONTENT, NULL, NULL, MHD_HTTP_HEADER_SET_COOKIE,
                         cookie);
}
