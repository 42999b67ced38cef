/* pool.h - a few threads that share the parts of one sweep.
 *
 * Rule     sg_pool_run() calls part(context, i) once for every i in [0, count), in any order and on any thread, and
 *          returns when all are done. The caller works too and takes whatever no other thread has taken, so a thread
 *          that sleeps or is late holds up no more than the part it has in hand. Parts write to places of their own;
 *          sums over parts are made by the caller in the order of i, so results do not depend on the number of threads.
 * Threads  one owner calls all of this. Parked threads cost nothing; sg_pool_wake() has them look for work, which they
 *          do without sleeping for a few milliseconds after the last part.
 * Memory   sg_pool_create() allocates, nothing else does. NULL is a pool too: all parts run in the caller. */
#ifndef SG_BASE_POOL_H
#define SG_BASE_POOL_H

typedef struct sg_pool sg_pool;
typedef void sg_pool_part(void *context, int part);

enum { SG_POOL_PART_MAX = 1 << 20 };

/* threads counts the caller. NULL when it is 1, or when threads cannot be had. @effects alloc=yes */
sg_pool *sg_pool_create(int threads);
void sg_pool_free(sg_pool *self);
int sg_pool_threads(const sg_pool *self);

/* Before a burst of runs, and after it. @effects alloc=no block=a lock held for moments fails=never */
void sg_pool_wake(sg_pool *self);
void sg_pool_park(sg_pool *self);

/* count <= SG_POOL_PART_MAX. @effects alloc=no block=while others have parts in hand fails=never */
void sg_pool_run(sg_pool *self, sg_pool_part *part, void *context, int count);
#endif
