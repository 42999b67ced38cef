#include "cli/redact.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const char removed[] = "[removed]";

enum { SECRET_RUN = 24 }; /* letters and digits mixed: as long as this, it is no word of ours */

typedef struct output {
    char *text;
    size_t used, size;
} output;

static void put(output *out, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length && out->used + 1 < out->size; i++) {
        out->text[out->used++] = bytes[i];
    }
    out->text[out->used] = '\0';
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Does the word of that length name a secret? */
static bool names_secret(const char *word, size_t length)
{
    static const char *const names[] = {"token",  "secret",    "passw",     "pwd",
                                        "apikey", "api_key",   "api-key",   "private",
                                        "bearer", "signature", "credential"};
    char copy[64];
    size_t kept = length < sizeof copy - 1 ? length : sizeof copy - 1;
    memcpy(copy, word, kept);
    copy[kept] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasestr(copy, names[i])) {
            return true;
        }
    }
    return strcasecmp(copy, "key") == 0 || strcasecmp(copy, "authorization") == 0;
}

/* The value behind a word that names a secret: "token: abc", "PASSWORD=abc", "Bearer abc". 0: there is none. */
static size_t secret_value(const char *at, size_t *ret_lead)
{
    size_t lead = strspn(at, "\"'` ");
    bool marked = at[lead] == ':' || at[lead] == '=';
    lead += marked ? 1 + strspn(at + lead + 1, "\"'` ") : 0;
    size_t length = strcspn(at + lead, " \t\r\n\"'`,;&)}]");
    *ret_lead = lead;
    /* without : or = only a mixed word is a value: "Bearer x7" is, "the token file" is not */
    bool digits = strcspn(at + lead, "0123456789") < length;
    return lead > 0 && (marked || digits) ? length : 0;
}

static bool is_mixed_run(const char *word, size_t length)
{
    size_t digits = 0, letters = 0;
    for (size_t i = 0; i < length; i++) {
        digits += isdigit((unsigned char)word[i]) != 0;
        letters += isalpha((unsigned char)word[i]) != 0;
    }
    return length >= SECRET_RUN && digits >= 3 && letters >= 3;
}

/* "user:password@" behind "://"; 0: there is none. */
static size_t user_info(const char *at)
{
    size_t length = strcspn(at, " \t\r\n/@\"'");
    return at[length] == '@' ? length : 0;
}

/* A word, and what must not be shown behind it. Returns the bytes that were dealt with. */
static size_t put_word(output *out, const char *at, size_t length)
{
    if (is_mixed_run(at, length)) {
        put(out, removed, strlen(removed));
        return length;
    }
    size_t lead = 0, value = names_secret(at, length) ? secret_value(at + length, &lead) : 0;
    put(out, at, length);
    if (value == 0) {
        return length;
    }
    put(out, at + length, lead);
    if (names_secret(at + length + lead, value)) { /* "Authorization: Bearer abc" */
        return length + lead;
    }
    put(out, removed, strlen(removed));
    return length + lead + value;
}

void sg_redact(const char *text, const char *home, char *ret, size_t size)
{
    output out = {ret, 0, size};
    size_t home_length = home && strlen(home) > 1 ? strlen(home) : 0;
    ret[0] = '\0';
    for (const char *at = text; *at;) {
        size_t length = 0, user = strncmp(at, "://", 3) == 0 ? user_info(at + 3) : 0;
        while (is_word(at[length])) {
            length++;
        }
        if (home_length && strncmp(at, home, home_length) == 0 && !is_word(at[home_length])) {
            put(&out, "~", 1);
            at += home_length;
        } else if (user > 0) {
            put(&out, at, 3);
            put(&out, removed, strlen(removed));
            at += 3 + user;
        } else if (length > 0) {
            at += put_word(&out, at, length);
        } else {
            put(&out, at++, 1);
        }
    }
}
