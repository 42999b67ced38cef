/* alarm.h - what may ask for a person's attention: kinds, priorities, states, and one alarm as everybody sees it.
 *
 * Rule     an alarm is raised only for what a person can do something about; each kind says what is the matter and what to do.
 * Time     of the site (view.time_us), microseconds since 1970; 0 = not.
 * Memory   plain values without pointers.
 * Source   ANSI/ISA-18.2-2016 and IEC 62682:2022 (states, shelving, suppression by design, on- and off-delay, deadband);
 *          EEMUA 191, 3rd ed. (rates, floods, shares of the priorities). */
#ifndef SG_SITE_ALARM_H
#define SG_SITE_ALARM_H
#include "base/limits.h"
#include "base/quantity.h"
#include "base/text.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#define SG_PRIORITY_LIST(X)                                                                        \
    X(SG_PRIORITY_CRITICAL, "critical") /* load is lost or will be: within minutes */              \
    X(SG_PRIORITY_HIGH, "high")         /* the site is no longer safe against the next fault */    \
    X(SG_PRIORITY_MEDIUM, "medium")     /* something works less well than it should: this shift */ \
    X(SG_PRIORITY_LOW, "low")           /* to be mended when there is time */

typedef enum sg_priority {
#define X(code, name) code,
    SG_PRIORITY_LIST(X)
#undef X
        SG_PRIORITY_COUNT
} sg_priority;

/* code, name, priority, on-delay s, off-delay s, unit of value and limit ("" = none), what is the matter, what to do */
#define SG_ALARM_LIST(X)                                                                           \
    X(SG_ALARM_GRID_LOST, "grid_lost", SG_PRIORITY_CRITICAL, 0, 10, "",                            \
      "the grid connection is gone",                                                               \
      "Ask the grid operator for the expected time; watch the hold-up time; start what has to be " \
      "started by hand.")                                                                          \
    X(SG_ALARM_SHUTTING_DOWN, "shutting_down", SG_PRIORITY_CRITICAL, 0, 10, "s",                   \
      "the stores run out: loads shut down, lowest class first",                                   \
      "Bring generation up or take off by hand what can wait; let the ordered shutdown finish.")   \
    X(SG_ALARM_SITE_DARK, "site_dark", SG_PRIORITY_CRITICAL, 0, 10, "",                            \
      "nothing is left to carry the loads",                                                        \
      "Restore the grid or a source; loads return by themselves, class by class.")                 \
    X(SG_ALARM_BREAKER_HOT, "breaker_hot", SG_PRIORITY_HIGH, 1, 30, "%",                           \
      "its breaker is near its trip",                                                              \
      "Take load off this feeder now: the breaker opens at 100 %.")                                \
    X(SG_ALARM_FEEDER_OVER, "feeder_over", SG_PRIORITY_HIGH, 5, 10, "kW",                          \
      "it carries more than it may",                                                               \
      "Take load off this feeder; look for loads that do not follow their caps.")                  \
    X(SG_ALARM_STORE_RESERVE, "store_reserve", SG_PRIORITY_HIGH, 60, 60, "kWh",                    \
      "it holds less than its reserve: the loss of the grid would not be bridged as planned",      \
      "Find out what drew it down; let it charge; shed early should the grid fail.")               \
    X(SG_ALARM_LOAD_SHED, "load_shed", SG_PRIORITY_HIGH, 2, 10, "loads",                           \
      "loads are switched off so that loads of higher class keep running",                         \
      "See the reason in the decisions; move or stop work; bring supply up.")                      \
    X(SG_ALARM_SAFE_SET, "safe_set", SG_PRIORITY_HIGH, 1, 10, "",                                  \
      "the readings cannot be trusted: stores rest, loads keep safe caps",                         \
      "Look at the field network and the meters that are missing; run the site by hand if "        \
      "needed.")                                                                                   \
    X(SG_ALARM_JOURNAL_DEGRADED, "journal_degraded", SG_PRIORITY_HIGH, 0, 5, "",                   \
      "the journal cannot be written: nothing is acknowledged, this time cannot be replayed",      \
      "Free space on the disk of the data folder, or mend it; writing resumes by itself.")         \
    X(SG_ALARM_START_FAILED, "start_failed", SG_PRIORITY_HIGH, 0, 60, "members",                   \
      "it did not start, or stopped",                                                              \
      "Check fuel, batteries and the generator's own panel; it is asked again after a rest.")      \
    X(SG_ALARM_STORE_DEAF, "store_deaf", SG_PRIORITY_MEDIUM, 10, 30, "members",                    \
      "some of it does not deliver what it is told",                                               \
      "Check the converter and its network; it is not counted on until it follows.")               \
    X(SG_ALARM_READINGS_STALE, "readings_stale", SG_PRIORITY_MEDIUM, 5, 10, "",                    \
      "readings are stale or missing: safe values are kept",                                       \
      "Check the meter, the device and the network between.")                                      \
    X(SG_ALARM_DISBELIEVED, "reading_disbelieved", SG_PRIORITY_MEDIUM, 1, 30, "",                  \
      "a reading contradicts the meters around it and is not used",                                \
      "Check the meter's wiring, scaling and sign; compare it with a clamp meter.")                \
    X(SG_ALARM_CLOCK_JUMP, "clock_jump", SG_PRIORITY_MEDIUM, 0, 60, "s",                           \
      "the site's clock jumped",                                                                   \
      "Check the time service; intervals settled meanwhile have another length.")                  \
    X(SG_ALARM_LATE_STEPS, "late_steps", SG_PRIORITY_MEDIUM, 10, 60, "%",                          \
      "control steps begin late",                                                                  \
      "Look for other work on this machine; give the program its own processors.")                 \
    X(SG_ALARM_PLAN_MISSING, "plan_missing", SG_PRIORITY_MEDIUM, 60, 10, "",                       \
      "there is no plan that may be followed: the rules decide",                                   \
      "See why plans are refused or late in the plan's outcome; costs rise, safety does not.")     \
    X(SG_ALARM_FLOOD, "alarm_flood", SG_PRIORITY_MEDIUM, 0, 0, "",                                 \
      "alarms come faster than a person can read: those of medium and low priority are held back", \
      "Work through the critical and high ones first; the others appear when it is calm.")         \
    X(SG_ALARM_ROWS_DROPPED, "rows_dropped", SG_PRIORITY_LOW, 0, 600, "",                          \
      "rows of telemetry were not stored",                                                         \
      "Look for a slow or full disk; control is not affected.")                                    \
    X(SG_ALARM_WEBHOOK_FAILING, "webhook_failing", SG_PRIORITY_LOW, 30, 10, "",                    \
      "alarms do not reach the webhook",                                                           \
      "Check the receiver and the way to it; the log says what it answered.")

typedef enum sg_alarm_kind {
#define X(code, ...) code,
    SG_ALARM_LIST(X)
#undef X
        SG_ALARM_KIND_COUNT
} sg_alarm_kind;

/* Kinds with a limit of their own: code, dimension, setpoint with its least and most, deadband with its most (NAN: it has none),
 * below: the deadband must end above 0, and what the setpoint is. It is raised above the setpoint, and returns below the setpoint
 * less the deadband. A breaker's heat begins at 0.80, as what was before the start is not known, and control may use it up to there. */
#define SG_ALARM_LIMIT_LIST(X)                                                         \
    X(SG_ALARM_BREAKER_HOT, SG_DIM_FRACTION, 0.80, 0.80, 0.99, 0.05, 0.5, true,        \
      "heat of the breaker, of what trips it")                                         \
    X(SG_ALARM_FEEDER_OVER, SG_DIM_FRACTION, 0.01, 0, 1, 0.02, 0.5, false,             \
      "power above the feeder's limit, of that limit")                                 \
    X(SG_ALARM_STORE_RESERVE, SG_DIM_FRACTION, 0.01, 0, 0.5, 0.01, 0.5, false,         \
      "energy below the store's reserve, of its capacity")                             \
    X(SG_ALARM_CLOCK_JUMP, SG_DIM_TIME, 1, 0.2, 3600, (double)NAN, (double)NAN, false, \
      "by which the clock and the steps part")                                         \
    X(SG_ALARM_LATE_STEPS, SG_DIM_FRACTION, 0.01, 0.0001, 1, 0.005, 1, true,           \
      "late steps, of those of about the last minute")

typedef struct sg_alarm_limit {
    sg_dimension dimension;
    double setpoint, setpoint_min, setpoint_max;
    double deadband, deadband_max;
    bool below; /* the deadband must be less than the setpoint */
    const char *text;
} sg_alarm_limit;

/* How alarms of a kind are raised: what the section `alarms` of a site file may set. */
typedef struct sg_alarm_rule {
    int32_t priority; /* sg_priority */
    double on_s,
        off_s; /* it must be so for so long before it is raised; no longer so, before it has returned */
    double setpoint, deadband; /* of kinds with a limit, in its dimension; else NAN */
} sg_alarm_rule;

/* As ISA-18.2 has them; cleared: back to normal and acknowledged, only in the record of past ones. */
#define SG_ALARM_STATE_LIST(X)                   \
    X(SG_ALARM_UNACKNOWLEDGED, "unacknowledged") \
    X(SG_ALARM_ACKNOWLEDGED, "acknowledged")     \
    X(SG_ALARM_RETURNED, "returned")             \
    X(SG_ALARM_SHELVED, "shelved")               \
    X(SG_ALARM_SUPPRESSED, "suppressed")         \
    X(SG_ALARM_CLEARED, "cleared")

typedef enum sg_alarm_state {
#define X(code, name) code,
    SG_ALARM_STATE_LIST(X)
#undef X
        SG_ALARM_STATE_COUNT
} sg_alarm_state;

enum { SG_ALARM_NOTE = 160 }; /* bytes of a note with its terminator */

typedef struct sg_alarm {
    uint64_t id;            /* 1, 2, ... in the order they were first raised */
    int32_t kind;           /* sg_alarm_kind   */
    int32_t priority;       /* sg_priority, by the rule of its kind */
    int32_t state;          /* sg_alarm_state  */
    int32_t active;         /* what it tells of is still so */
    int32_t count;          /* how often it was raised before it was done with */
    char source[SG_ID_MAX]; /* feeder, group, reading; "" = the site */
    double value, limit;    /* in the kind's unit; NAN = none */
    int64_t first_us;       /* raised first */
    int64_t raised_us;      /* raised last */
    int64_t cleared_us;     /* returned to normal; 0 while active */
    int64_t acknowledged_us;
    int64_t shelved_until_us;
    char note[SG_ALARM_NOTE]; /* of whoever acknowledged or shelved it */
} sg_alarm;

/* How it stands, in numbers. */
typedef struct sg_alarm_summary {
    int32_t active[SG_ALARM_KIND_COUNT]; /* not shelved, not suppressed */
    int32_t priority[SG_PRIORITY_COUNT]; /* the same */
    int32_t unacknowledged;              /* active or returned */
    int32_t shelved, suppressed, flood;
    int32_t webhook, webhook_queued;   /* 1: there is one; messages that wait for it */
    int64_t raised[SG_PRIORITY_COUNT]; /* since the program started */
    int64_t lost;                      /* that found no room in the table */
    int64_t webhook_sent, webhook_failed, webhook_dropped;
} sg_alarm_summary;

typedef enum sg_alarm_action {
    SG_ALARM_ACKNOWLEDGE,
    SG_ALARM_SHELVE,
    SG_ALARM_UNSHELVE,
    SG_ALARM_ACTION_COUNT
} sg_alarm_action;

/* What somebody wants done with an alarm. */
typedef struct sg_alarm_order {
    uint64_t id;
    sg_alarm_action action;
    double shelve_s; /* > 0, at most SG_SHELVE_S_MAX */
    char note[SG_ALARM_NOTE];
} sg_alarm_order;

#define SG_SHELVE_S_MAX 86400.0 /* nothing is put out of sight for longer than a day */

/* Static texts; a number without a name gives "unknown". @effects of all: alloc=no block=no fails=never */
const char *sg_priority_name(int priority);
const char *sg_alarm_kind_name(int kind);
const char *sg_alarm_kind_text(int kind);   /* what is the matter */
const char *sg_alarm_kind_advice(int kind); /* what to do */
const char *sg_alarm_kind_unit(int kind);
/* NULL: it has no limit that can be set. */
const sg_alarm_limit *sg_alarm_kind_limit(int kind);
/* That of a kind: from rules[SG_ALARM_KIND_COUNT], or where that is NULL as the lists above have it. */
sg_alarm_rule sg_alarm_rule_of(const sg_alarm_rule *rules, int kind);
const char *sg_alarm_state_name(int state);
const char *sg_alarm_action_name(int action);
/* The number that a name stands for, -1: none. */
int sg_alarm_kind_find(const char *name);
int sg_priority_find(const char *name);
int sg_alarm_state_find(const char *name);
int sg_alarm_action_find(const char *name);

bool sg_alarm_rule_same(const sg_alarm_rule *a, const sg_alarm_rule *b);
/* "high; raised above 5 % after 2 s, returns below 3 % after 10 s" */
void sg_alarm_rule_sentence(const sg_alarm_rule *rule, int kind, char *ret, size_t size);

/* "pdu-3: its breaker is near its trip (83 %, limit 80 %)" */
void sg_alarm_sentence(const sg_alarm *alarm, char *ret, size_t size);
/* A JSON object, as the API, the webhook and the kept file have it. @effects alloc=yes (out) */
void sg_alarm_json(const sg_alarm *alarm, const char *key, sg_out *out);
#endif
