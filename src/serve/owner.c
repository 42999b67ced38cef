#include "serve/owner.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void sg_owner_follow(int fd, const char *path)
{
    char folder[4096];
    struct stat info;
    const char *slash = strrchr(path, '/');
    int length = snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1,
                          slash ? path : ".");
    const char *name = length == 0 ? "/" : folder;
    if (geteuid() == 0 && length < (int)sizeof folder && stat(name, &info) == 0 &&
        fchown(fd, info.st_uid, info.st_gid) != 0) {
        return;
    }
}
