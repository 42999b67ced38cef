/* requests.h - requests for power on their way from the server's thread to the loop: one producer, one consumer, bounded.
 * When it is full the producer is told so and tells the client. */
#ifndef SG_HOST_REQUESTS_H
#define SG_HOST_REQUESTS_H
#include "site/request.h"

#include <stdatomic.h>
#include <stdbool.h>

enum { SG_REQUESTS_ROOM = 256 }; /* a power of two */

typedef struct sg_requests {
    struct {
        sg_request request;
        uint64_t ticket;
    } item[SG_REQUESTS_ROOM];
    _Atomic unsigned head, tail;
} sg_requests;

/* False when there is no room. Producer only. */
bool sg_requests_push(sg_requests *self, const sg_request *request, uint64_t ticket);
/* Up to max of them, oldest first; returns how many. Consumer only. */
int sg_requests_pop(sg_requests *self, sg_request *ret_requests, uint64_t *ret_tickets, int max);
#endif
