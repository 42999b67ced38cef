#include "host/whole_file.h"

#include <stdio.h>

bool sg_write_whole(const char *path, const void *bytes, size_t size)
{
    char fresh[SG_WHOLE_PATH_MAX + 8];
    int length = snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *file = length < (int)sizeof fresh ? fopen(fresh, "wb") : NULL;
    bool good = file && fwrite(bytes, 1, size, file) == size;
    good = file && fclose(file) == 0 && good;
    return good && rename(fresh, path) == 0;
}
