/* wire.h - datagrams: set-points in, reports out. UDP over IPv4 or IPv6 by number, or Unix sockets by path.
 *
 * Nothing here blocks after opening; what the network does not take at once is lost, as any datagram may be. */
#ifndef SG_AGENTD_WIRE_H
#define SG_AGENTD_WIRE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct sg_agentd_wire {
    int fd;
    struct sockaddr_storage to; /* of reports */
    socklen_t to_size;          /* 0: none    */
    char path[108];             /* of the Unix socket, removed at the end */
} sg_agentd_wire;

/* False after one line on stderr. ret_name: where it listens, with the port that was taken. */
bool sg_agentd_wire_open(sg_agentd_wire *self, const char *listen, const char *report_to,
                         char *ret_name, size_t size);
void sg_agentd_wire_close(sg_agentd_wire *self);
/* One datagram: its size, cut to `size`; -1 when there is none. */
int sg_agentd_wire_receive(sg_agentd_wire *self, uint8_t *ret, size_t size);
void sg_agentd_wire_send(sg_agentd_wire *self, const uint8_t *bytes, size_t size);
#endif
