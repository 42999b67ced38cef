#include "cli/bench_python.h"

#include "base/check.h"

#include <errno.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Everything that the pipe has. */
static void read_all(int pipe_fd, sg_out *ret)
{
    char block[4096];
    ssize_t got;
    while ((got = read(pipe_fd, block, sizeof block)) > 0 || (got < 0 && errno == EINTR)) {
        if (got > 0) {
            sg_out_bytes(ret, block, (size_t)got);
        }
    }
}

static int start_python(const char *script, const char *const *words, int word_count, int out_fd,
                        pid_t *ret)
{
    const char *all[SG_BENCH_PYTHON_WORDS + 4] = {"python3", "-c", script};
    char *argv[SG_BENCH_PYTHON_WORDS + 4];
    posix_spawn_file_actions_t actions;
    memcpy(all + 3, words, (size_t)word_count * sizeof *words);
    memcpy(argv, all, sizeof argv); /* spawn does not write to them; its type is older than const */
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return ENOMEM;
    }
    posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
    int failure = posix_spawnp(ret, "python3", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

sg_status sg_bench_python(const char *script, const char *const *words, int word_count, sg_out *ret)
{
    int ends[2], status = 0;
    pid_t child;
    SG_CHECK(word_count >= 0 && word_count <= SG_BENCH_PYTHON_WORDS);
    if (pipe(ends) != 0) {
        return SG_IO;
    }
    int failure = start_python(script, words, word_count, ends[1], &child);
    close(ends[1]);
    if (failure == 0) {
        read_all(ends[0], ret);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
    }
    close(ends[0]);
    bool missing =
        failure == ENOENT || (failure == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 4);
    bool done = failure == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 && !ret->failed;
    return done ? SG_OK : missing ? SG_UNAVAILABLE : SG_IO;
}
