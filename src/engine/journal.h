/* journal.h - the payloads of journal records, and a replay that any stream of them can be fed to.
 *
 * Records  snapshot  the engine's state, first in every segment: a replay starts at any of them and needs no site file
 *          plan      a plan that the next frame brings in: its head and the steps that it has
 *          frame     time, step, readings as changes against the frame before, requests
 *          command   tick, hash of the command and, now and then, of the whole state: what the outputs were
 *          settled   the interval that the step closed
 * Bytes    little endian, as in memory on the machines this is built for; nothing of the wall clock is in them, so the same
 *          inputs give the same journal.
 * Order    the host appends a step's frame and command before it lets the command out. */
#ifndef SG_ENGINE_JOURNAL_H
#define SG_ENGINE_JOURNAL_H
#include "engine/engine.h"

typedef enum sg_record {
    SG_RECORD_SNAPSHOT = 1,
    SG_RECORD_PLAN,
    SG_RECORD_FRAME,
    SG_RECORD_COMMAND,
    SG_RECORD_SETTLED
} sg_record;

enum { SG_STATE_HASH_EVERY = 256 }; /* ticks between hashes of the whole state */

typedef struct sg_record_command {
    uint64_t tick, command_hash;
    uint64_t state_hash; /* 0 = not taken at this tick */
} sg_record_command;

/* Turns frames into bytes and back; both sides keep the frame before. */
typedef struct sg_frame_codec sg_frame_codec;

/* NULL when memory is exhausted. @effects alloc=yes */
sg_frame_codec *sg_frame_codec_create(int32_t point_count);
void sg_frame_codec_free(sg_frame_codec *self);
/* Forget the frame before: the next one is whole. Called at every snapshot. */
void sg_frame_codec_reset(sg_frame_codec *self);
/* *ret_bytes stays valid until the next call; the frame's pool may share the work. @effects alloc=no block=as the pool */
void sg_frame_encode(sg_frame_codec *self, const sg_frame *frame, const void **ret_bytes,
                     size_t *ret_size);
/* Arrays of *ret belong to the codec. SG_CORRUPT when the bytes are no frame of this many points.
 * @effects alloc=no block=no */
SG_MUST_CHECK sg_status sg_frame_decode(sg_frame_codec *self, const void *bytes, size_t size,
                                        sg_frame *ret);

/* When the frame ended, without decoding it. @effects alloc=no block=no */
SG_MUST_CHECK sg_status sg_frame_time(const void *bytes, size_t size, int64_t *ret_us);

/* A plan without the steps that it does not have. *self is the caller's; returns the bytes used of it.
 * @effects alloc=no block=no */
typedef struct sg_plan_bytes {
    unsigned char byte[sizeof(sg_plan)];
} sg_plan_bytes;
size_t sg_plan_encode(const sg_plan *plan, sg_plan_bytes *self);
/* SG_CORRUPT when the bytes are no plan; *ret is untouched then. @effects alloc=no block=no */
SG_MUST_CHECK sg_status sg_plan_decode(const void *bytes, size_t size, sg_plan *ret);

/* pool: may share the hash of the state; NULL: none. @effects alloc=no block=as the pool fails=never */
sg_record_command sg_record_command_of(const sg_engine *engine, sg_pool *pool);

/* A replay: feed it records in order. */
typedef struct sg_replay {
    sg_engine *engine; /* NULL before the first snapshot; owned */
    sg_frame_codec *codec;
    sg_plan *plan; /* waiting for the next frame */
    bool plan_waits;
    uint64_t snapshots, frames, commands, mismatches, state_hashes;
    uint64_t first_mismatch_tick;
    char text[160]; /* what is wrong, after SG_CORRUPT */
} sg_replay;

/* SG_CORRUPT: the record cannot be used (self->text says why); the replay stands where it stood. SG_NOMEM.
 * A command that comes out other than recorded is counted as a mismatch and is not an error.
 * @effects alloc=at snapshots block=no */
SG_MUST_CHECK sg_status sg_replay_feed(sg_replay *self, uint8_t type, const void *payload,
                                       size_t size);
void sg_replay_free(sg_replay *self);
#endif
