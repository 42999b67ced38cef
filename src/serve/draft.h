/* draft.h - the body of POST /energy/site-draft: answers as texts, by the keys of site/draft.h, and `price_head`, the first line
 * of the price file. A pure function of bytes, made to be fuzzed. */
#ifndef SG_SERVE_DRAFT_H
#define SG_SERVE_DRAFT_H
#include "serve/body.h"
#include "site/draft.h"

/* SG_FORMAT with *error filled in; *ret is written only on SG_OK, and can then be written down. @effects alloc=yes (jansson) block=no */
SG_MUST_CHECK sg_status sg_body_draft(const char *body, size_t length, sg_draft *ret,
                                      sg_body_error *error);
#endif
