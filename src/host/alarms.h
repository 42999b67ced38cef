/* alarms.h - the life of each alarm: raised, acknowledged, returned, shelved, held back in a flood. A pure state machine.
 *
 * Rules    priorities and delays are those of sg_alarms_rules, from the start as they come (site/alarm.h).
 * Point    a kind and a source make a point; it has at most one alarm that stands. A sign that lasts for the kind's on-delay raises
 *          it, the sign's absence for the off-delay returns it; a warm sign (inside the deadband) keeps it up and raises nothing.
 * States   unacknowledged -> acknowledged -> cleared, or unacknowledged -> returned -> cleared; cleared ones leave the table for a
 *          record of past ones. Shelved ones stay silent until their time is over; what is still so then is unacknowledged again.
 * Floods   FLOOD_BEGINS raised within ten minutes are a flood: until fewer than FLOOD_ENDS are, new alarms of medium and low
 *          priority are suppressed. By design suppressed are those that only follow from another that is active (alarms.c).
 * Time     of the site, from the caller; delays count its differences, at most DT_S_MAX each, so a clock that jumps ends none.
 * Bounds   SG_ALARMS_STANDING_MAX stand at once: then the oldest that has returned makes room, else what is new is counted as lost.
 * Memory   one value without pointers. @effects of all: alloc=no block=no fails=never
 * Source   as site/alarm.h. */
#ifndef SG_HOST_ALARMS_H
#define SG_HOST_ALARMS_H
#include "base/status.h"
#include "site/alarm.h"

enum {
    SG_ALARMS_STANDING_MAX = 256,
    SG_ALARMS_PAST_MAX = 744,
    SG_ALARMS_SIGN_MAX = 256,
    SG_ALARMS_EVENT_MAX = 256,
    SG_ALARMS_FLOOD_BEGINS = 10,
    SG_ALARMS_FLOOD_ENDS = 5
};

/* Something that is so at the moment. */
typedef struct sg_alarm_sign {
    int32_t kind;
    bool warm;
    char source[SG_ID_MAX];
    double value, limit; /* in the kind's unit; NAN = none */
} sg_alarm_sign;

typedef enum sg_alarm_news {
    SG_ALARM_WAS_RAISED,
    SG_ALARM_WAS_CLEARED,
    SG_ALARM_WAS_ACKNOWLEDGED,
    SG_ALARM_WAS_SHELVED,
    SG_ALARM_WAS_UNSHELVED
} sg_alarm_news;

typedef struct sg_alarm_event {
    int32_t what; /* sg_alarm_news */
    int64_t time_us;
    sg_alarm alarm; /* as it stood then */
} sg_alarm_event;

typedef struct sg_alarm_point {
    sg_alarm alarm; /* kind -1: free; id 0: not raised yet */
    bool seen, warm;
    double sign_s; /* so for so long                            */
    double gone_s; /* no longer so for so long; < 0: it is so */
} sg_alarm_point;

typedef struct sg_alarms {
    sg_alarm_point point[SG_ALARMS_STANDING_MAX];
    int32_t point_end;                 /* all behind it are free */
    int32_t found;                     /* the point that was looked for last */
    sg_alarm past[SG_ALARMS_PAST_MAX]; /* a ring */
    int32_t past_count, past_next;
    sg_alarm_event event[SG_ALARMS_EVENT_MAX]; /* a ring; the oldest is overwritten */
    uint32_t event_begin, event_end;
    sg_alarm_rule rule[SG_ALARM_KIND_COUNT];
    uint64_t next_id;
    int64_t time_us;                           /* of the last look, 0: none yet */
    int64_t raised_us[SG_ALARMS_FLOOD_BEGINS]; /* a ring of the last ones */
    uint32_t raised_count;
    bool flood, changed; /* changed: since the caller last set it to false */
    sg_alarm_summary summary;
} sg_alarms;

void sg_alarms_init(sg_alarms *self);
/* One that was kept, in any order, before the first look. */
void sg_alarms_restore(sg_alarms *self, const sg_alarm *alarm);

/* Other rules from now on, NULL: as they come. What stands takes its new priority. */
void sg_alarms_rules(sg_alarms *self, const sg_alarm_rule *rules);

/* What is so at a time; count <= SG_ALARMS_SIGN_MAX. */
void sg_alarms_look(sg_alarms *self, int64_t time_us, const sg_alarm_sign *sign, int count);

/* As port/alarms.h. */
SG_MUST_CHECK sg_status sg_alarms_act(sg_alarms *self, const sg_alarm_order *order, sg_alarm *ret);
int sg_alarms_list(const sg_alarms *self, int which, int most, sg_alarm *ret);

/* The oldest event that nobody has taken. False when there is none. */
bool sg_alarms_take(sg_alarms *self, sg_alarm_event *ret);
const char *sg_alarm_news_name(int what); /* "raised" ... */
#endif
