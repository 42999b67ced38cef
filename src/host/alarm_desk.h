/* alarm_desk.h - the alarms of a running site: looked at by the loop, handled by people, logged, kept and sent on beside it.
 *
 * Kept     DIR/alarms.json: those that stand and the last past ones, written whole at most once a second when something changed, and
 *          at the end. A file that cannot be used is told of in one line and replaced.
 * Threads  create, look and destroy are the loop's. One thread of its own logs, keeps and hands messages to the webhook. look only
 *          tries its lock: where somebody holds it, the step is not held up and the next look counts.
 * Source   site/alarm.h. */
#ifndef SG_HOST_ALARM_DESK_H
#define SG_HOST_ALARM_DESK_H
#include "host/alarm_signs.h"
#include "host/webhook.h"
#include "port/alarms.h"

#define SG_ALARM_FILE "alarms.json"

typedef struct sg_alarm_desk sg_alarm_desk;

typedef struct sg_alarm_desk_config {
    const char *dir;     /* NULL = nothing is kept */
    double step_s;       /* of the loop's steps, in site time */
    sg_webhook *webhook; /* NULL = none; the caller's, and outlives the desk */
    const char *site_id, *site_title;
    void (*log)(const char *line); /* one line for the operator, from either thread */
} sg_alarm_desk_config;

/* The texts must outlive it. NULL when there is no memory or thread. @effects alloc=yes block=disk */
sg_alarm_desk *sg_alarm_desk_create(const sg_alarm_desk_config *config);
/* Logs, keeps and sends on what there is. Accepts NULL. @effects block=disk */
void sg_alarm_desk_destroy(sg_alarm_desk *self);

/* A new view: how the alarms stand goes into it. Accepts NULL. @effects alloc=no block=no fails=never */
void sg_alarm_desk_look(sg_alarm_desk *self, const sg_site *site, sg_view *view);

sg_alarms_port sg_alarm_desk_port(sg_alarm_desk *self);

/* alarm_file.c: what a file holds into `ret`, before its first look. SG_OK also where there is no file. SG_CORRUPT: it cannot be
 * used, and ret is as it was. @effects alloc=yes block=disk */
SG_MUST_CHECK sg_status sg_alarms_recall(const char *path, sg_alarms *ret);
/* False: the disk does not take it. @effects alloc=yes block=disk */
bool sg_alarms_keep(const char *path, const sg_alarm *alarm, int count);
#endif
