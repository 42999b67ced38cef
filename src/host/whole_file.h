/* whole_file.h - a small file that is there as it was or as it is now, never half of it. */
#ifndef SG_HOST_WHOLE_FILE_H
#define SG_HOST_WHOLE_FILE_H
#include <stdbool.h>
#include <stddef.h>

enum { SG_WHOLE_PATH_MAX = 512 };

/* Written as PATH.new, then renamed. path: shorter than SG_WHOLE_PATH_MAX. @effects alloc=no block=disk */
bool sg_write_whole(const char *path, const void *bytes, size_t size);
#endif
