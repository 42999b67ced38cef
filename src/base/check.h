/* check.h - invariants that stay on in release.
 *
 * A failed SG_CHECK is a bug of ours. The handler that the host installs puts the outputs into the
 * safe set and ends the process; without one the process prints the place and aborts. */
#ifndef SG_BASE_CHECK_H
#define SG_BASE_CHECK_H

typedef void sg_check_handler(const char *condition, const char *file, int line);

/* Install the handler called before the process aborts; NULL restores none. Not thread safe. */
void sg_check_on_failure(sg_check_handler *handler);

/* For the calling thread alone, before that one: a worker beside the control (a rehearsal) ends itself and not the process. The
 * handler must not return; NULL: none. */
void sg_check_on_thread_failure(sg_check_handler *handler);

__attribute__((noreturn, cold)) void sg_check_failed(const char *condition, const char *file,
                                                     int line);

#define SG_CHECK(condition)                                  \
    do {                                                     \
        if (!(condition)) {                                  \
            sg_check_failed(#condition, __FILE__, __LINE__); \
        }                                                    \
    } while (0)

#define SG_COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#endif
