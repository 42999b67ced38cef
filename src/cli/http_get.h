/* http_get.h - one GET of a running site's API, for `symgrid top` and `symgrid doctor`, plain or over TLS (http_wire.h). */
#ifndef SG_CLI_HTTP_GET_H
#define SG_CLI_HTTP_GET_H
#include "base/status.h"
#include "base/text.h"

enum { SG_HTTP_GET_ERROR = 256 };

typedef struct sg_http_question {
    const char *base;  /* "http://127.0.0.1:8048", "https://ems.example:8048" */
    const char *path;  /* "/energy/telemetry" */
    const char *token; /* NULL: none */
    const char *ca; /* PEM file of who may vouch for the server, https only; NULL: the system's */
} sg_http_question;

/* The body goes to out, the status to *ret_status. SG_FORMAT: no URL of that kind, or ca is no such file; SG_UNAVAILABLE: nobody, or
 * nobody who can be trusted, answers there; SG_IO: ca cannot be read, or the answer is cut short; ret_error is one line.
 * @effects alloc=yes block=at most 5 s a read */
SG_MUST_CHECK sg_status sg_http_get(const sg_http_question *question, sg_out *out, int *ret_status,
                                    char ret_error[SG_HTTP_GET_ERROR]);
#endif
