/* agent.h - the loop of one device: a load with a local store behind a feed, 100 times a second, with or without a controller.
 *
 * Freestanding C11: no libc, no heap, no floating point, no division, no recursion, every loop bounded by a constant or by
 * the size of a message. A step is a pure function (limits, state, inputs) -> (state, outputs); no pointer stays in the state.
 *
 * Units    mW, J, uJ (= mW ms), ms, mHz. Sign: store power > 0 flows into the bus (discharge); loads, caps and limits are
 *          magnitudes. `cap` is what load and charging together may take from the feed.
 * Time     inputs carry a free-running 32-bit millisecond clock that may wrap. `time_ms` of the state is the device's own time:
 *          it begins at 0 at every start and never runs backwards. A clock that stands or jumps back counts as
 *          SG_AGENT_STEP_MS, so the watchdog fires whatever the clock does.
 * Safe     without an accepted set-point for `silence_ms`, or past its expiry, the device keeps limits->safe by itself;
 *          sg_agent_limits_check refuses limits with which that would be reached later than 5 s after the last set-point.
 * Fence    a set-point names device, epoch, boot and sequence under an HMAC-SHA-256. An epoch older than any that was seen
 *          under a good tag is refused for ever, a boot other than the present one too, a sequence not above the last one
 *          too. While an image with a raised fence is not yet saved, nothing is accepted. Layouts: docs/agent.md.
 * Threads  none: one caller. Functions neither allocate nor block.
 * Source   HMAC: RFC 2104. Droop: the form of IEEE 1547-2018, 5.4.3, with K = rating / (nominal frequency x droop). */
#ifndef SG_AGENT_AGENT_H
#define SG_AGENT_AGENT_H
#include <stdbool.h>
#include <stdint.h>

enum {
    SG_AGENT_STEP_MS = 10,
    SG_AGENT_LATE_MS = 20,  /* a step that comes this long after the last is counted as late   */
    SG_AGENT_GAP_MS = 1000, /* a longer one is a gap in the meter, not energy                   */
    SG_AGENT_FALLBACK_MS =
        5000, /* from the last set-point to the safe behaviour, ramp included    */
    SG_AGENT_POWER_MW_MAX = 1000000000,
    SG_AGENT_KEY_SIZE = 32,
    SG_AGENT_TAG_SIZE = 32,
    SG_AGENT_SETPOINT_SIZE = 84,
    SG_AGENT_REPORT_SIZE = 196,
    SG_AGENT_IMAGE_SIZE = 64
};

/* What became of a message. Stable numbers: they travel in reports. Append only. */
#define SG_AGENT_VERDICT_LIST(X)                                               \
    X(SG_AGENT_NOTHING, "nothing came")                                        \
    X(SG_AGENT_ACCEPTED, "accepted")                                           \
    X(SG_AGENT_CLAMPED, "accepted, narrowed to the device's own limits")       \
    X(SG_AGENT_SIZE, "refused: not the size of a set-point")                   \
    X(SG_AGENT_FORM, "refused: not a set-point of this version")               \
    X(SG_AGENT_KEY, "refused: sealed with another key number")                 \
    X(SG_AGENT_DEVICE, "refused: for another device")                          \
    X(SG_AGENT_TAG, "refused: the seal is wrong")                              \
    X(SG_AGENT_EPOCH, "refused: from a controller whose time is over")         \
    X(SG_AGENT_BOOT, "refused: meant for another start of the device")         \
    X(SG_AGENT_SEQUENCE, "refused: a replay, or overtaken by a newer one")     \
    X(SG_AGENT_FUTURE, "refused: begins in the device's future")               \
    X(SG_AGENT_EXPIRED, "refused: expired")                                    \
    X(SG_AGENT_SPAN, "refused: valid for no time, or for longer than allowed") \
    X(SG_AGENT_UNSAVED, "refused: the fence is not saved yet")                 \
    X(SG_AGENT_LOCKED, "refused: the device lost its image")

typedef enum sg_agent_verdict {
#define X(code, text) code,
    SG_AGENT_VERDICT_LIST(X)
#undef X
        SG_AGENT_VERDICTS
} sg_agent_verdict;

/* Bits of sg_agent_outputs.flags. */
enum {
    SG_AGENT_LIVE = 1,      /* a set-point is in force, not the safe behaviour     */
    SG_AGENT_IS_LOCKED = 2, /* no valid image at the start: set-points are refused */
    SG_AGENT_STOPPED = 4,   /* by the local stop                                   */
    SG_AGENT_DROOPING = 8,  /* the frequency moves the store                       */
    SG_AGENT_NO_LOAD = 16,  /* the load's sample is missing or cannot be           */
    SG_AGENT_NO_STORE = 32, /* the store's is                                      */
    SG_AGENT_ASKS = 64,     /* below the low mark, until half way to the high one  */
    SG_AGENT_GIVES = 128    /* above the high mark, while the load is idle         */
};

typedef enum sg_agent_mode {
    SG_AGENT_MARKS, /* the store follows its marks; store_mw is added to nothing and must be 0 */
    SG_AGENT_POWER  /* the store follows store_mw                                             */
} sg_agent_mode;

typedef struct sg_agent_order {
    int32_t cap_mw, store_mw;
    uint8_t mode; /* sg_agent_mode */
} sg_agent_order;

/* What a kind of device can and may do; shared by all of the kind, constant while they run. */
typedef struct sg_agent_limits {
    int32_t cap_mw_min,
        cap_mw_max; /* a cap below the first would starve the load                    */
    int32_t charge_mw_max, discharge_mw_max;
    int32_t export_mw_max; /* discharge beyond the present load                              */
    int32_t load_mw_max;   /* samples above cannot be true                                   */
    int32_t idle_mw;       /* a load up to this is idle                                      */
    uint32_t floor_j, low_j, high_j,
        full_j; /* no discharge at the first, no charge at the last     */
    uint32_t
        store_ramp_mw_per_ms; /* of every change that no limit forces                           */
    uint32_t
        cap_ramp_mw_per_ms; /* of a rising cap; it falls at once                              */
    uint32_t nominal_mhz, deadband_mhz;
    uint32_t
        droop_mw_per_mhz;  /* 0: none                                                           */
    uint32_t silence_ms;   /* without a set-point until the safe behaviour begins               */
    uint32_t valid_ms_max; /* longest validity that a set-point may claim                       */
    uint32_t image_ms;     /* between images for the registers; 0: only when the fence moves    */
    sg_agent_order safe;
} sg_agent_limits;

#define SG_AGENT_FAULT_LIST(X)                                                        \
    X(SG_AGENT_SOUND, "nothing is wrong")                                             \
    X(SG_AGENT_BAD_POWER, "powers lie between 0 and 1 MW")                            \
    X(SG_AGENT_BAD_CAP, "the least cap is not above the greatest")                    \
    X(SG_AGENT_BAD_MARKS, "energies rise: floor, low mark, high mark, full")          \
    X(SG_AGENT_BAD_SAFE, "the safe behaviour lies inside the device's limits")        \
    X(SG_AGENT_BAD_SILENCE, "silence and the store's ramp together take at most 5 s") \
    X(SG_AGENT_BAD_VALIDITY, "the longest validity lies between 10 ms and an hour")   \
    X(SG_AGENT_BAD_FREQUENCY, "the frequency is 40 to 70 Hz, its dead band 0 to 5 Hz")

typedef enum sg_agent_fault {
#define X(code, text) code,
    SG_AGENT_FAULT_LIST(X)
#undef X
} sg_agent_fault;

typedef struct sg_agent {
    uint64_t device, epoch, time_ms;
    uint64_t load_uj, charge_uj,
        discharge_uj; /* registers: never fall, survive a restart up to image_ms   */
    uint32_t boot, sequence,
        generation;              /* of the present image                                      */
    uint32_t clock_ms;           /* of the last step                                          */
    uint32_t left_ms, silent_ms; /* of the set-point in force; since it was accepted          */
    uint32_t unsaved_ms;         /* since the last image was made                             */
    int32_t cap_mw, store_mw;    /* in force                                                  */
    sg_agent_order order;        /* the last one accepted, clamped                            */
    uint32_t late_steps, clock_faults, gaps;
    uint32_t count[SG_AGENT_VERDICTS];
    uint8_t key[SG_AGENT_KEY_SIZE];
    uint16_t key_number;
    uint8_t cell;    /* 0, SG_AGENT_ASKS or SG_AGENT_GIVES */
    uint8_t verdict; /* last one given                     */
    bool started, locked;
    bool image_due;                  /* an image was made and is not known to be saved */
    bool fence_raised, fence_saving; /* since the last image; in it, not known to be saved */
} sg_agent;

typedef struct sg_agent_inputs {
    uint32_t now_ms;
    int32_t load_mw, store_mw; /* means since the last step                        */
    uint32_t stored_j;
    uint32_t frequency_mhz; /* 0: not known                                     */
    bool load_good, store_good;
    bool stop;              /* the local stop is pressed: store at rest, least cap */
    const uint8_t *message; /* one datagram, NULL: none                         */
    uint32_t message_size;
    uint32_t saved_generation; /* of the newest image that is safely stored       */
} sg_agent_inputs;

typedef struct sg_agent_outputs {
    int32_t cap_mw;     /* what the load may draw                          */
    int32_t store_mw;   /* for the converter                               */
    int32_t request_mw; /* charge that is wanted: below the low mark       */
    int32_t offer_mw;   /* discharge on offer: idle, above the high mark   */
    uint8_t flags, verdict;
    bool
        image_due; /* write sg_agent_image() to slot (generation & 1), then report saved_generation */
} sg_agent_outputs;

/* SG_AGENT_SOUND, or the first fault found. */
sg_agent_fault sg_agent_limits_check(const sg_agent_limits *limits);

/* The image of a device that was never used, for slot 1. Writing it again forgets the fence: an installer's act. */
void sg_agent_image_first(uint64_t device, uint8_t ret[SG_AGENT_IMAGE_SIZE]);

/* Begin from the newer of two slots; where neither is valid for this device, it starts locked. False when locked. */
bool sg_agent_start(sg_agent *self, uint64_t device, uint16_t key_number,
                    const uint8_t key[SG_AGENT_KEY_SIZE], const uint8_t slot0[SG_AGENT_IMAGE_SIZE],
                    const uint8_t slot1[SG_AGENT_IMAGE_SIZE]);

/* What has to survive a restart, for slot (generation & 1). Retry a failed write before anything else is written. */
void sg_agent_image(const sg_agent *self, uint8_t ret[SG_AGENT_IMAGE_SIZE]);

void sg_agent_step(const sg_agent_limits *limits, sg_agent *self, const sg_agent_inputs *in,
                   sg_agent_outputs *ret);

/* A message beside the one in a step's inputs, judged at the time of the last step. */
sg_agent_verdict sg_agent_receive(const sg_agent_limits *limits, sg_agent *self,
                                  const uint8_t *message, uint32_t size);

/* The state after a step, sealed with the device's key. */
void sg_agent_report(const sg_agent *self, const sg_agent_inputs *in, const sg_agent_outputs *out,
                     uint8_t ret[SG_AGENT_REPORT_SIZE]);

/* A set-point as the controller means it. */
typedef struct sg_agent_setpoint {
    uint64_t device, epoch;
    uint64_t from_ms; /* of the device's time */
    uint32_t boot, sequence, valid_ms;
    uint16_t key_number;
    sg_agent_order order;
} sg_agent_setpoint;

/* The controller's side: the message, sealed. */
void sg_agent_seal(const sg_agent_setpoint *setpoint, const uint8_t key[SG_AGENT_KEY_SIZE],
                   uint8_t ret[SG_AGENT_SETPOINT_SIZE]);
#endif
