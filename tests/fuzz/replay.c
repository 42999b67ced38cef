/* replay.c - runs a fuzz target without libFuzzer: every corpus file as it is, cut short and with
 * bytes changed. The changes come from a fixed seed, so a failure repeats.
 *
 * usage: fuzz_NAME [FILE or FOLDER]...     a missing folder leaves only the built-in inputs */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { INPUT_MAX = 1 << 20, VARIANTS = 64, FILES_MAX = 4096, PATH_SIZE = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t random_state = 0x9E3779B97F4A7C15u;
static long inputs_run;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* The target gets a block of exactly `size` bytes, so that a sanitizer sees one byte too many. */
static void run_one(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) {
        fprintf(stderr, "out of memory\n");
        exit(3);
    }
    if (size) {
        memcpy(copy, data, size);
    }
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    inputs_run++;
}

static void run_variants(uint8_t *data, size_t size)
{
    run_one(data, size);
    for (int i = 0; size > 0 && i < VARIANTS; i++) {
        size_t place = (size_t)(random_next() % size);
        uint8_t kept = data[place];
        data[place] = (uint8_t)random_next();
        run_one(data, size);
        data[place] = kept;
        run_one(data, place);
    }
}

static void run_file(const char *path)
{
    static uint8_t data[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(3);
    }
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    run_variants(data, size);
}

static void run_folder(const char *path)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char name[PATH_SIZE];
        int length = snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        struct stat info;
        if (i < FILES_MAX && length > 0 && length < PATH_SIZE && stat(name, &info) == 0 &&
            S_ISREG(info.st_mode)) {
            run_file(name);
        }
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    static uint8_t noise[512];
    run_one(noise, 0);
    for (int round = 0; round < VARIANTS; round++) {
        for (size_t i = 0; i < sizeof noise; i++) {
            noise[i] = (uint8_t)random_next();
        }
        run_one(noise, (size_t)(random_next() % sizeof noise));
    }
    for (int i = 1; i < argc; i++) {
        struct stat info;
        if (stat(argv[i], &info) != 0) {
            printf("%s: no corpus\n", argv[i]);
        } else if (S_ISDIR(info.st_mode)) {
            run_folder(argv[i]);
        } else {
            run_file(argv[i]);
        }
    }
    printf("%ld inputs\n", inputs_run);
    return 0;
}
