#include "host/alarm_desk.h"

#include "base/clock.h"
#include "base/time.h"
#include "base/worker.h"
#include "host/whole_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double keep_period_s = 1; /* of wall time */

struct sg_alarm_desk {
    sg_alarm_desk_config config;
    char path[SG_WHOLE_PATH_MAX]; /* "": nothing is kept */
    /* the loop's */
    const sg_site *site; /* whose rules count */
    sg_alarm_watch watch;
    sg_alarm_sign sign[SG_ALARMS_SIGN_MAX];
    sg_alarm_summary shown;
    /* under the worker's lock */
    sg_worker worker;
    sg_alarms alarms;
    sg_webhook_counts sent;
    /* its thread's */
    sg_alarm_event event;
    sg_alarm kept[SG_ALARMS_LIST_MAX];
    double keep_due_s;
    bool keep_failed;
};

/* --- its thread: log, webhook, file --- */

static void log_event(const sg_alarm_desk *self, const sg_alarm_event *event)
{
    char sentence[320], line[420];
    sg_alarm_sentence(&event->alarm, sentence, sizeof sentence);
    snprintf(line, sizeof line, "alarm %llu %s: %s %s, %s", (unsigned long long)event->alarm.id,
             sg_alarm_news_name(event->what), sg_priority_name(event->alarm.priority),
             sg_alarm_kind_name(event->alarm.kind), sentence);
    self->config.log(line);
}

static void send_event(const sg_alarm_desk *self, const sg_alarm_event *event)
{
    char id[SG_WEBHOOK_ID], type[32];
    const char *what = sg_alarm_news_name(event->what);
    sg_out out = {0};
    snprintf(id, sizeof id, "alarm-%llu-%s-%lld", (unsigned long long)event->alarm.id, what,
             (long long)event->time_us);
    snprintf(type, sizeof type, "alarm.%s", what);
    sg_json_begin(&out, NULL, '{');
    sg_json_text(&out, "type", type);
    sg_json_time(&out, "timestamp", event->time_us);
    sg_json_begin(&out, "data", '{');
    sg_json_begin(&out, "site", '{');
    sg_json_text(&out, "id", self->config.site_id);
    sg_json_text(&out, "title", self->config.site_title);
    sg_json_end(&out, '}');
    sg_alarm_json(&event->alarm, "alarm", &out);
    sg_json_end(&out, '}');
    sg_json_end(&out, '}');
    if (!out.failed) {
        sg_webhook_push(self->config.webhook, id, out.text, out.length);
    }
    sg_out_free(&out);
}

static void tell(sg_alarm_desk *self)
{
    for (;;) { /* ends: the ring of events is bounded, and filled by changes alone */
        sg_worker_lock(&self->worker);
        bool any = sg_alarms_take(&self->alarms, &self->event);
        sg_worker_unlock(&self->worker);
        if (!any) {
            return;
        }
        log_event(self, &self->event);
        if (self->config.webhook) {
            send_event(self, &self->event);
        }
    }
}

static void keep(sg_alarm_desk *self)
{
    sg_worker_lock(&self->worker);
    bool changed = self->alarms.changed && self->path[0];
    int count =
        changed ? sg_alarms_list(&self->alarms, SG_ALARMS_ALL, SG_ALARMS_LIST_MAX, self->kept) : 0;
    self->alarms.changed = false;
    sg_worker_unlock(&self->worker);
    if (!changed) {
        return;
    }
    bool good = sg_alarms_keep(self->path, self->kept, count);
    if (!good) {
        sg_worker_lock(&self->worker);
        self->alarms.changed = true; /* once more, a second later */
        sg_worker_unlock(&self->worker);
    }
    if (!good && !self->keep_failed) {
        self->config.log("alarms cannot be kept on disk; they go on, and begin anew after a "
                         "restart");
    }
    self->keep_failed = !good;
}

/* Under the lock. */
static bool any_news(const sg_alarm_desk *self)
{
    return self->alarms.event_begin != self->alarms.event_end;
}

static void *work(void *argument)
{
    sg_alarm_desk *self = argument;
    for (bool ending = false; !ending;) {
        sg_worker_lock(&self->worker);
        if (!self->worker.ending && !any_news(self)) {
            sg_worker_wait(&self->worker, sg_clock_s() + 1);
        }
        ending = self->worker.ending;
        sg_worker_unlock(&self->worker);
        tell(self);
        sg_webhook_counts sent = sg_webhook_count(self->config.webhook);
        sg_worker_lock(&self->worker);
        self->sent = sent;
        sg_worker_unlock(&self->worker);
        if (ending || sg_clock_s() >= self->keep_due_s) {
            keep(self);
            self->keep_due_s = sg_clock_s() + keep_period_s;
        }
    }
    return NULL;
}

/* --- the loop's --- */

void sg_alarm_desk_look(sg_alarm_desk *self, const sg_site *site, sg_view *view)
{
    if (!self) {
        return;
    }
    if (sg_worker_try(&self->worker)) {
        if (site != self->site) {
            sg_alarms_rules(&self->alarms, site->alarms);
            self->site = site;
        }
        int count = sg_alarm_signs(&self->watch, site, view, self->config.step_s,
                                   self->sent.failing, self->sign);
        sg_alarms_look(&self->alarms, view->time_us, self->sign, count);
        self->shown = self->alarms.summary;
        self->shown.webhook = self->config.webhook != NULL;
        self->shown.webhook_queued = self->sent.queued;
        self->shown.webhook_sent = self->sent.sent;
        self->shown.webhook_failed = self->sent.failed;
        self->shown.webhook_dropped = self->sent.dropped;
        if (any_news(self)) {
            sg_worker_wake(&self->worker);
        }
        sg_worker_unlock(&self->worker);
    }
    view->alarms = self->shown;
}

/* --- the server's --- */

static int list(void *desk, int which, int most, sg_alarm *ret)
{
    sg_alarm_desk *self = desk;
    sg_worker_lock(&self->worker);
    int count = sg_alarms_list(&self->alarms, which, most, ret);
    sg_worker_unlock(&self->worker);
    return count;
}

static sg_status act(void *desk, const sg_alarm_order *order, sg_alarm *ret)
{
    sg_alarm_desk *self = desk;
    sg_worker_lock(&self->worker);
    sg_status status = sg_alarms_act(&self->alarms, order, ret);
    sg_worker_wake(&self->worker);
    sg_worker_unlock(&self->worker);
    return status;
}

sg_alarms_port sg_alarm_desk_port(sg_alarm_desk *self)
{
    return (sg_alarms_port){.self = self, .list = list, .act = act};
}

/* --- life --- */

static void recall(sg_alarm_desk *self)
{
    const char *dir = self->config.dir;
    if (!dir || strlen(dir) + sizeof SG_ALARM_FILE + 1 >= sizeof self->path) {
        return;
    }
    snprintf(self->path, sizeof self->path, "%s/%s", dir, SG_ALARM_FILE);
    if (sg_alarms_recall(self->path, &self->alarms) != SG_OK) {
        char line[SG_WHOLE_PATH_MAX + 80];
        snprintf(line, sizeof line, "%s cannot be used: alarms begin without their past",
                 self->path);
        self->config.log(line);
    }
}

sg_alarm_desk *sg_alarm_desk_create(const sg_alarm_desk_config *config)
{
    sg_alarm_desk *self = calloc(1, sizeof *self);
    if (!self) {
        return NULL;
    }
    self->config = *config;
    sg_alarms_init(&self->alarms);
    recall(self);
    if (!sg_worker_start(&self->worker, "sg-alarms", work, self)) {
        free(self);
        return NULL;
    }
    return self;
}

void sg_alarm_desk_destroy(sg_alarm_desk *self)
{
    if (!self) {
        return;
    }
    sg_worker_end(&self->worker);
    free(self);
}
