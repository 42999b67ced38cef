/* counted_alloc.h - what a test's calls allocate: set `counting`, look at `allocations` where INTERPOSED. Include once per program. */
#ifndef TESTS_COUNTED_ALLOC_H
#define TESTS_COUNTED_ALLOC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* The C library's allocator, counted; sanitizers bring one of their own, and there nothing is counted. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define INTERPOSED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define INTERPOSED 0
#else
#define INTERPOSED 1
#endif
#else
#define INTERPOSED 1
#endif

static volatile bool counting;
static volatile long allocations;

#if INTERPOSED
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
    allocations += counting;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations += counting;
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    allocations += counting;
    return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    allocations += counting;
    return __libc_memalign(alignment, size);
}
#endif
#endif
