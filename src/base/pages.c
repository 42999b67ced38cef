#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>

void sg_pages_large(void *memory, size_t size)
{
#ifdef MADV_HUGEPAGE
    const uintptr_t page = (uintptr_t)2 << 20;
    uintptr_t from = ((uintptr_t)memory + page - 1) & ~(page - 1),
              to = ((uintptr_t)memory + size) & ~(page - 1);
    if (memory && to > from) {
        (void)madvise((void *)from, to - from, MADV_HUGEPAGE);
    }
#else
    (void)memory;
    (void)size;
#endif
}
