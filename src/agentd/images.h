/* images.h - the two slots of the agent's image in one file, 4096 bytes apart, so that a torn write harms one of them.
 *
 * A thread of its own writes and syncs: a disk that hangs must not hold up the loop whose watchdog it is. */
#ifndef SG_AGENTD_IMAGES_H
#define SG_AGENTD_IMAGES_H
#include "agent/agent.h"

typedef struct sg_agentd_images sg_agentd_images;

/* Write the image of a device that was never used; refuses where the file exists. False after one line on stderr. */
bool sg_agentd_images_commission(const char *path, uint64_t device);

/* Read both slots (short ones end in zeros) and start the thread. NULL after one line on stderr.
 * @effects alloc=yes block=yes */
sg_agentd_images *sg_agentd_images_open(const char *path,
                                        uint8_t ret_slots[2][SG_AGENT_IMAGE_SIZE]);
/* Hand over an image; while the last one is being written nothing is taken. @effects alloc=no block=no */
void sg_agentd_images_write(sg_agentd_images *self, uint32_t generation,
                            const uint8_t image[SG_AGENT_IMAGE_SIZE]);
/* The newest generation that is safely on the disk; 0: none yet. @effects alloc=no block=no */
uint32_t sg_agentd_images_saved(const sg_agentd_images *self);
/* Waits for a write under way, and ends the thread. */
void sg_agentd_images_close(sg_agentd_images *self);
#endif
