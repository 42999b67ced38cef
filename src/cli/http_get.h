/* http_get.h - one GET of a running site's API, for `symgrid top` and `symgrid doctor`. Plain HTTP: beyond loopback the API speaks
 * TLS, for which curl or a browser is there. */
#ifndef SG_CLI_HTTP_GET_H
#define SG_CLI_HTTP_GET_H
#include "base/status.h"
#include "base/text.h"

enum { SG_HTTP_GET_ERROR = 256 };

/* GET base + path, base like "http://127.0.0.1:8048"; token NULL: without one. The body goes to out, the status to *ret_status.
 * SG_FORMAT: no URL of that kind; SG_UNAVAILABLE: nobody answers there; SG_IO: the answer is cut short; ret_error is one line.
 * @effects alloc=yes block=at most 5 s a read */
SG_MUST_CHECK sg_status sg_http_get(const char *base, const char *path, const char *token,
                                    sg_out *out, int *ret_status,
                                    char ret_error[SG_HTTP_GET_ERROR]);
#endif
