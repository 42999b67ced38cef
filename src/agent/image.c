/* image.c - what survives a restart: 52 bytes and the beginning of their SHA-256, in two slots written in turn. */
#include "agent/agent.h"

#include "agent/bytes.h"
#include "agent/sha256.h"

static const uint8_t IMAGE[4] = {'S', 'G', 'I', '1'};

enum { BODY = 52, SUM = SG_AGENT_IMAGE_SIZE - BODY };

static void sum_of(const uint8_t *image, uint8_t ret[SG_SHA256_SIZE])
{
    sg_sha256 hash;
    sg_sha256_start(&hash);
    sg_sha256_add(&hash, image, BODY);
    sg_sha256_end(&hash, ret);
}

void sg_agent_image(const sg_agent *self, uint8_t ret[SG_AGENT_IMAGE_SIZE])
{
    uint8_t sum[SG_SHA256_SIZE];
    for (unsigned i = 0; i < 4; i++) {
        ret[i] = IMAGE[i];
    }
    sg_agent_put_u32(ret + 4, self->generation);
    sg_agent_put_u64(ret + 8, self->device);
    sg_agent_put_u64(ret + 16, self->epoch);
    sg_agent_put_u32(ret + 24, self->boot);
    sg_agent_put_u64(ret + 28, self->load_uj);
    sg_agent_put_u64(ret + 36, self->charge_uj);
    sg_agent_put_u64(ret + 44, self->discharge_uj);
    sum_of(ret, sum);
    for (unsigned i = 0; i < SUM; i++) {
        ret[BODY + i] = sum[i];
    }
}

static void clear(sg_agent *self)
{
    uint8_t *bytes = (uint8_t *)self;
    for (uint32_t i = 0; i < sizeof *self; i++) {
        bytes[i] = 0;
    }
}

void sg_agent_image_first(uint64_t device, uint8_t ret[SG_AGENT_IMAGE_SIZE])
{
    sg_agent self;
    clear(&self);
    self.device = device;
    self.generation = 1;
    sg_agent_image(&self, ret);
}

static bool is_valid(const uint8_t *image, uint64_t device)
{
    uint8_t sum[SG_SHA256_SIZE];
    sum_of(image, sum);
    return sg_agent_bytes_equal(image, IMAGE, 4) && sg_agent_bytes_equal(image + BODY, sum, SUM) &&
           sg_agent_u64(image + 8) == device;
}

bool sg_agent_start(sg_agent *self, uint64_t device, uint16_t key_number,
                    const uint8_t key[SG_AGENT_KEY_SIZE], const uint8_t slot0[SG_AGENT_IMAGE_SIZE],
                    const uint8_t slot1[SG_AGENT_IMAGE_SIZE])
{
    const uint8_t *slots[2] = {slot0, slot1};
    const uint8_t *best = 0;
    for (unsigned i = 0; i < 2; i++) {
        if (is_valid(slots[i], device) &&
            (!best || sg_agent_u32(slots[i] + 4) > sg_agent_u32(best + 4))) {
            best = slots[i];
        }
    }
    clear(self);
    self->device = device;
    self->key_number = key_number;
    for (unsigned i = 0; i < SG_AGENT_KEY_SIZE; i++) {
        self->key[i] = key[i];
    }
    /* the last boot or generation that a number can tell is as good as a lost image: nothing may repeat */
    self->locked =
        !best || sg_agent_u32(best + 4) == UINT32_MAX || sg_agent_u32(best + 24) == UINT32_MAX;
    if (!self->locked) {
        self->generation = sg_agent_u32(best + 4);
        self->epoch = sg_agent_u64(best + 16);
        self->boot = sg_agent_u32(best + 24) + 1;
        self->load_uj = sg_agent_u64(best + 28);
        self->charge_uj = sg_agent_u64(best + 36);
        self->discharge_uj = sg_agent_u64(best + 44);
        self->fence_raised = true; /* this boot counts once its number is saved */
    }
    return !self->locked;
}
