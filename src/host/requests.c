#include "host/requests.h"

bool sg_requests_push(sg_requests *self, const sg_request *request, uint64_t ticket)
{
    unsigned head = atomic_load_explicit(&self->head, memory_order_relaxed);
    if (head - atomic_load_explicit(&self->tail, memory_order_acquire) == SG_REQUESTS_ROOM) {
        return false;
    }
    self->item[head % SG_REQUESTS_ROOM].request = *request;
    self->item[head % SG_REQUESTS_ROOM].ticket = ticket;
    atomic_store_explicit(&self->head, head + 1, memory_order_release);
    return true;
}

int sg_requests_pop(sg_requests *self, sg_request *ret_requests, uint64_t *ret_tickets, int max)
{
    unsigned tail = atomic_load_explicit(&self->tail, memory_order_relaxed);
    unsigned head = atomic_load_explicit(&self->head, memory_order_acquire);
    int count = 0;
    for (; tail != head && count < max; tail++, count++) {
        ret_requests[count] = self->item[tail % SG_REQUESTS_ROOM].request;
        ret_tickets[count] = self->item[tail % SG_REQUESTS_ROOM].ticket;
    }
    atomic_store_explicit(&self->tail, tail, memory_order_release);
    return count;
}
