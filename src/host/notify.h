/* notify.h - tell a service manager that we are ready, alive, ending (the sd_notify protocol: one datagram per message).
 * Without NOTIFY_SOCKET in the environment nothing happens. */
#ifndef SG_HOST_NOTIFY_H
#define SG_HOST_NOTIFY_H

void sg_notify(const char *state); /* "READY=1", "WATCHDOG=1", "STOPPING=1" */
/* How often the manager wants to hear WATCHDOG=1, half of its limit, in s; 0 = not at all. */
double sg_notify_period_s(void);
#endif
