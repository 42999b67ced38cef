/* rehearsal.h - an incident played on a twin of the live site: what is asked for, what came of it, and both as documents.
 *
 * Twin     the host's (host/twin.h): the live engine's state and its plant, copied between two steps, and stepped by the live code in a
 *          thread of its own. Nothing of it reaches a device.
 * Compared a second twin is stepped through the same time without the incident: the bill before and after is of these two.
 * Units    W, J, s, money in micro-units. Sign: power > 0 flows into the site bus, loads are magnitudes.
 * Time     `*_s` of the trace count site time from the copy on.
 * Memory   flat values; the site must outlive them. */
#ifndef SG_SERVE_REHEARSAL_H
#define SG_SERVE_REHEARSAL_H
#include "base/text.h"
#include "engine/view.h"
#include "serve/body.h"
#include "site/site.h"

/* code, name, what happens while it lasts, what is so after it */
#define SG_REHEARSED_LIST(X)                                                                     \
    X(SG_REHEARSED_GRID, "grid", "the grid connection is cut", "the grid has voltage again")     \
    X(SG_REHEARSED_PACK, "pack", "a pack fails", "the pack is back in service")                  \
    X(SG_REHEARSED_CLOUD, "cloud", "a cloud leaves a fifth of the sun", "the cloud has passed")  \
    X(SG_REHEARSED_SPIKE, "spike", "demand is half as much again, up to the ratings",            \
      "demand is as it was")                                                                     \
    X(SG_REHEARSED_PDU, "pdu", "all below is silent: no readings come, no set-points are taken", \
      "all below answers again")

typedef enum sg_rehearsed {
#define X(code, name, text, after) code,
    SG_REHEARSED_LIST(X)
#undef X
        SG_REHEARSED_COUNT
} sg_rehearsed;

/* code, name, sentence */
#define SG_REHEARSAL_STATE_LIST(X)                                                              \
    X(SG_REHEARSAL_NONE, "none", "Nothing has been rehearsed.")                                 \
    X(SG_REHEARSAL_STARTING, "starting", "The twin is being made.")                             \
    X(SG_REHEARSAL_RUNNING, "running", "The twin runs.")                                        \
    X(SG_REHEARSAL_DONE, "done", "The site is back where it was.")                              \
    X(SG_REHEARSAL_ENDED, "ended", "The site was not back where it was an hour after the end.") \
    X(SG_REHEARSAL_STOPPED, "stopped", "The rehearsal was stopped.")                            \
    X(SG_REHEARSAL_FAILED, "failed", "The rehearsal failed.")

typedef enum sg_rehearsal_state {
#define X(code, name, text) code,
    SG_REHEARSAL_STATE_LIST(X)
#undef X
        SG_REHEARSAL_STATE_COUNT
} sg_rehearsal_state;

enum {
    SG_REHEARSAL_ORDER_MAX = 16,
    SG_REHEARSAL_EVENT_MAX = 256,
    SG_REHEARSAL_SAMPLE_MAX = 600,
    SG_REHEARSAL_TEXT = 160
};
static const double SG_REHEARSAL_FOR_S_MAX = 86400, SG_REHEARSAL_SPEED_MAX = 60;

/* One incident. Which devices: by event, `group` and `member` (-1: all of the group, or all groups that fit), or `node`. */
typedef struct sg_rehearsal_order {
    int32_t event; /* sg_rehearsed */
    int32_t group, member, node;
    double for_s;
    double speed; /* of the twin, times real time; INFINITY = as fast as it goes; 0 = as it is */
    const sg_site *site;    /* that the numbers above are of */
    char device[SG_ID_MAX]; /* as asked or chosen; "" = all that fit, or the grid */
} sg_rehearsal_order;

typedef struct sg_rehearsal_played {
    sg_rehearsal_order order;
    double at_s;
    bool begun, over;
} sg_rehearsal_played;

enum { SG_REHEARSAL_BEGINS = -1, SG_REHEARSAL_ENDS = -2 };

/* What happened, or what the control decided and why. */
typedef struct sg_rehearsal_event {
    double at_s;
    int32_t
        what; /* SG_REHEARSAL_BEGINS or _ENDS of order `index`; SG_GRID: a state of control/ride.h; a role: of group `index` */
    int32_t index;
    int32_t reason; /* sg_reason */
    double from_w,
        to_w;      /* the group's power before and its set-point now; import before and allowed */
    double hold_s; /* of the grid's states: how long the stores hold the load; INFINITY: for good */
} sg_rehearsal_event;

/* Means over `sample_s` that ended at at_s; what really was, whatever was read. */
typedef struct sg_rehearsal_sample {
    double at_s, grid_w, store_w, generation_w, load_w, wanted_w;
    double stored_j;             /* at its end */
    double held_w[SG_CLASS_MAX]; /* wanted and not got, by the class of the group's first load */
} sg_rehearsal_sample;

typedef struct sg_rehearsal_bill {
    sg_settlement metered; /* since the copy */
    double stored_j;       /* now */
    double held_j[SG_CLASS_MAX];
    double unserved_value; /* money: what was not served, at the loads' `value` */
    double peak_w;         /* highest quarter hour of import this month */
} sg_rehearsal_bill;

typedef struct sg_rehearsal {
    int32_t state; /* sg_rehearsal_state */
    int32_t mode, policy;
    const sg_site *site;
    int64_t from_us;                            /* of the copy */
    double elapsed_s, speed, step_s, ran_speed; /* ran_speed: site time by wall time so far */
    double import_price; /* per J, at the end: what is missing in the stores is bought at it */
    int32_t order_count, event_count, sample_count, class_count;
    int32_t events_left_out;
    double sample_s;
    sg_rehearsal_played order[SG_REHEARSAL_ORDER_MAX];
    sg_rehearsal_event event[SG_REHEARSAL_EVENT_MAX];
    sg_rehearsal_sample sample[SG_REHEARSAL_SAMPLE_MAX];
    sg_rehearsal_bill with, without;
    char text[SG_REHEARSAL_TEXT]; /* why it failed, else "" */
} sg_rehearsal;

/* The body of POST /energy/rehearsal: {"event": "grid"|"pack"|"cloud"|"spike"|"pdu", "device": name, "for": "2min",
 * "speed": 10}; only `event` is required. SG_FORMAT with *error filled in; *ret is written only on SG_OK.
 * @effects alloc=yes (jansson) block=no */
SG_MUST_CHECK sg_status sg_body_rehearsal(const char *body, size_t length, sg_rehearsal_order *ret,
                                          sg_body_error *error);

/* Find the devices of an order on this site, or choose them where none was named. SG_FORMAT: there is no such device, or none
 * that the event could happen to; the sentence says what there is. @effects alloc=no block=no */
SG_MUST_CHECK sg_status sg_rehearsal_find(const sg_site *site, sg_rehearsal_order *order,
                                          sg_body_error *error);

/* symgrid.rehearsal/1. @effects alloc=yes (out) block=no */
void sg_document_rehearsal(const sg_rehearsal *rehearsal, sg_out *out);
#endif
