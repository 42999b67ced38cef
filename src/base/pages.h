/* pages.h - large pages for large memory: sweeps over hundreds of megabytes look up fewer addresses. */
#ifndef SG_BASE_PAGES_H
#define SG_BASE_PAGES_H
#include <stddef.h>

/* Ask for them before the memory is first written to; nothing comes of it where the system has none.
 * @effects alloc=no block=no fails=never */
void sg_pages_large(void *memory, size_t size);
#endif
