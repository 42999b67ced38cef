#include "agentd/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool open_one(const char *path, int flags, int *ret_fd)
{
    *ret_fd = -1;
    if (!*path) {
        return true;
    }
    *ret_fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
    if (*ret_fd < 0) {
        fprintf(stderr, "%s: cannot be opened: %s\n", path, strerror(errno));
    }
    return *ret_fd >= 0;
}

bool sg_agentd_device_open(sg_agentd_device *self, const sg_agentd_config *c)
{
    memset(self, 0, sizeof *self);
    self->config = c;
    self->simulated_uj = (int64_t)c->simulated_store_j * 1000000;
    bool good = open_one(c->load_file, O_RDONLY, &self->load_fd);
    good &= open_one(c->store_file, O_RDONLY, &self->store_fd);
    good &= open_one(c->stored_file, O_RDONLY, &self->stored_fd);
    good &= open_one(c->frequency_file, O_RDONLY, &self->frequency_fd);
    good &= open_one(c->stop_file, O_RDONLY, &self->stop_fd);
    good &= open_one(c->cap_to, O_WRONLY, &self->cap_fd);
    good &= open_one(c->store_to, O_WRONLY, &self->store_to_fd);
    return good;
}

void sg_agentd_device_close(sg_agentd_device *self)
{
    int fds[] = {self->load_fd, self->store_fd, self->stored_fd,  self->frequency_fd,
                 self->stop_fd, self->cap_fd,   self->store_to_fd};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

/* A whole number and nothing else on the first line. */
static bool read_number(int fd, int64_t *ret)
{
    char text[32], *end;
    ssize_t size = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
    if (size <= 0) {
        return false;
    }
    text[size] = '\0';
    errno = 0;
    long long value = strtoll(text, &end, 10);
    *ret = value;
    return end != text && errno == 0 && (*end == '\n' || *end == '\0');
}

static bool read_power(int fd, int32_t *ret_mw)
{
    int64_t uw;
    if (!read_number(fd, &uw) || uw / 1000 < INT32_MIN || uw / 1000 > INT32_MAX) {
        return false;
    }
    *ret_mw = (int32_t)(uw / 1000);
    return true;
}

static void simulate(sg_agentd_device *self, uint32_t dt_ms, sg_agent_inputs *ret)
{
    const sg_agentd_config *c = self->config;
    int64_t full_uj = (int64_t)c->limits.full_j * 1000000;
    self->simulated_uj -= (int64_t)self->store_mw * dt_ms;
    self->simulated_uj = self->simulated_uj < 0         ? 0
                         : self->simulated_uj > full_uj ? full_uj
                                                        : self->simulated_uj;
    bool capped = self->told && c->simulated_load_mw > self->cap_mw;
    ret->load_mw = capped ? self->cap_mw : c->simulated_load_mw;
    ret->store_mw = self->store_mw;
    ret->stored_j = (uint32_t)(self->simulated_uj / 1000000);
    ret->load_good = ret->store_good = true;
    ret->frequency_mhz = c->limits.nominal_mhz;
}

void sg_agentd_device_read(sg_agentd_device *self, uint32_t dt_ms, sg_agent_inputs *ret)
{
    int64_t number;
    if (strcmp(self->config->meter, "simulated") == 0) {
        simulate(self, dt_ms, ret);
    } else {
        ret->load_good = read_power(self->load_fd, &ret->load_mw);
        /* without a meter of its own the store is taken to do as it is told */
        ret->store_mw = self->store_mw;
        ret->store_good = self->store_fd < 0 || read_power(self->store_fd, &ret->store_mw);
        /* 3600 J are 10^6 uWh */
        bool stored = read_number(self->stored_fd, &number) && number >= 0 &&
                      number < (int64_t)UINT32_MAX * 250;
        ret->stored_j = stored ? (uint32_t)(number * 9 / 2500) : 0;
        ret->store_good &= stored || self->stored_fd < 0;
        ret->frequency_mhz = 0;
    }
    if (read_number(self->frequency_fd, &number)) {
        ret->frequency_mhz = number > 0 && number < UINT32_MAX ? (uint32_t)number : 0;
    }
    /* a stop that cannot be read is pressed */
    ret->stop = self->stop_fd >= 0 && !(read_number(self->stop_fd, &number) && number == 0);
}

static bool write_power(int fd, int32_t power_mw)
{
    char text[32];
    int size = snprintf(text, sizeof text, "%lld\n", (long long)power_mw * 1000);
    struct stat info;
    bool good = pwrite(fd, text, (size_t)size, 0) == size;
    if (good && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > size) {
        (void)!ftruncate(fd,
                         size); /* attributes of the kernel have their own size and take no other */
    }
    return good;
}

void sg_agentd_device_write(sg_agentd_device *self, const sg_agent_outputs *out)
{
    bool good = true;
    if (self->cap_fd >= 0 && (!self->told || out->cap_mw != self->cap_mw)) {
        good &= write_power(self->cap_fd, out->cap_mw);
    }
    if (self->store_to_fd >= 0 && (!self->told || out->store_mw != self->store_mw)) {
        good &= write_power(self->store_to_fd, out->store_mw);
    }
    self->write_faults += !good;
    self->cap_mw = out->cap_mw;
    self->store_mw = out->store_mw;
    self->told = good; /* what did not get through is told again */
}
