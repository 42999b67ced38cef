#include "agentd/images.h"

#include "base/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { APART = 4096 };

struct sg_agentd_images {
    int fd;
    pthread_t thread;
    sem_t wake;
    _Atomic bool busy, ending; /* image and generation are the thread's while busy */
    _Atomic uint32_t saved;
    uint32_t generation;
    uint8_t image[SG_AGENT_IMAGE_SIZE];
};

static bool put(int fd, uint32_t generation, const uint8_t image[SG_AGENT_IMAGE_SIZE])
{
    return pwrite(fd, image, SG_AGENT_IMAGE_SIZE, (generation & 1) * APART) ==
               SG_AGENT_IMAGE_SIZE &&
           fdatasync(fd) == 0;
}

bool sg_agentd_images_commission(const char *path, uint64_t device)
{
    uint8_t image[SG_AGENT_IMAGE_SIZE];
    sg_agent_image_first(device, image);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && put(fd, 1, image);
    if (!good) {
        fprintf(stderr, "%s: the device cannot be commissioned: %s\n", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

/* A write that fails is tried again once a second: another one would go over the last good image. */
static void *work(void *argument)
{
    sg_agentd_images *self = argument;
    for (;;) {
        while (sem_wait(&self->wake) != 0) {
        }
        if (!atomic_load(&self->busy)) {
            return NULL; /* woken to end */
        }
        while (!put(self->fd, self->generation, self->image)) {
            if (atomic_load(&self->ending)) {
                return NULL;
            }
            sleep(1);
        }
        atomic_store(&self->saved, self->generation);
        atomic_store(&self->busy, false);
    }
}

sg_agentd_images *sg_agentd_images_open(const char *path, uint8_t ret_slots[2][SG_AGENT_IMAGE_SIZE])
{
    sg_agentd_images *self = calloc(1, sizeof *self);
    if (!self) {
        fputs("symgrid-agent: memory is exhausted\n", stderr);
        return NULL;
    }
    memset(ret_slots, 0, 2 * SG_AGENT_IMAGE_SIZE);
    self->fd = open(path, O_RDWR | O_CLOEXEC);
    bool good = self->fd >= 0;
    if (good && flock(self->fd, LOCK_EX | LOCK_NB) != 0) {
        fprintf(stderr, "%s: another process runs this device\n", path);
        close(self->fd);
        free(self);
        return NULL;
    }
    for (int i = 0; good && i < 2; i++) {
        good = pread(self->fd, ret_slots[i], SG_AGENT_IMAGE_SIZE, (off_t)i * APART) >= 0;
    }
    if (!good) {
        fprintf(stderr, "%s: the device's state cannot be read: %s%s\n", path, strerror(errno),
                errno == ENOENT ? "; symgrid-agent --commission writes it once" : "");
    } else {
        sem_init(&self->wake, 0, 0);
        good = sg_thread_start(&self->thread, "sg-images", work, self);
    }
    if (!good) {
        if (self->fd >= 0) {
            close(self->fd);
        }
        free(self);
        return NULL;
    }
    return self;
}

void sg_agentd_images_write(sg_agentd_images *self, uint32_t generation,
                            const uint8_t image[SG_AGENT_IMAGE_SIZE])
{
    if (atomic_load(&self->busy) || atomic_load(&self->saved) == generation) {
        return;
    }
    self->generation = generation;
    memcpy(self->image, image, SG_AGENT_IMAGE_SIZE);
    atomic_store(&self->busy, true);
    sem_post(&self->wake);
}

uint32_t sg_agentd_images_saved(const sg_agentd_images *self)
{
    return atomic_load(&self->saved);
}

void sg_agentd_images_close(sg_agentd_images *self)
{
    atomic_store(&self->ending, true);
    sem_post(&self->wake);
    pthread_join(self->thread, NULL);
    sem_destroy(&self->wake);
    close(self->fd);
    free(self);
}
