/* alarm_file.c - alarms over a restart: the same JSON as the API's list. */
#include "base/time.h"
#include "host/alarm_desk.h"
#include "host/whole_file.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char format[] = "symgrid.alarms/1";

bool sg_alarms_keep(const char *path, const sg_alarm *alarm, int count)
{
    sg_out out = {0};
    sg_json_begin(&out, NULL, '{');
    sg_json_text(&out, "format", format);
    sg_json_begin(&out, "alarms", '[');
    for (int i = 0; i < count; i++) {
        sg_alarm_json(&alarm[i], NULL, &out);
    }
    sg_json_end(&out, ']');
    sg_json_end(&out, '}');
    sg_out_text(&out, "\n");
    bool good = !out.failed && sg_write_whole(path, out.text, out.length);
    sg_out_free(&out);
    return good;
}

static bool read_time(const json_t *object, const char *key, int64_t *ret)
{
    const json_t *value = json_object_get(object, key);
    *ret = 0;
    return json_is_null(value) ||
           (json_is_string(value) &&
            sg_time_parse(json_string_value(value), json_string_length(value), ret) == SG_OK);
}

/* Null is "". False: not text, or too long. */
static bool read_text(const json_t *object, const char *key, char *ret, size_t size)
{
    const json_t *value = json_object_get(object, key);
    ret[0] = '\0';
    if (json_is_null(value)) {
        return true;
    }
    if (!json_is_string(value) || json_string_length(value) >= size) {
        return false;
    }
    sg_text_copy(ret, size, json_string_value(value));
    return true;
}

static double read_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* Cleared and returned ones are over, shelved ones may be either, all others are not. */
static bool state_fits(const sg_alarm *alarm)
{
    bool over = alarm->state == SG_ALARM_RETURNED || alarm->state == SG_ALARM_CLEARED;
    return alarm->state >= 0 && (alarm->state == SG_ALARM_SHELVED || (alarm->active != 0) == !over);
}

static bool read_alarm(const json_t *object, sg_alarm *ret)
{
    char id[24], kind[64], priority[32], state[32];
    *ret = (sg_alarm){.active = json_is_true(json_object_get(object, "active")),
                      .count = (int32_t)json_integer_value(json_object_get(object, "count")),
                      .value = read_number(object, "value"),
                      .limit = read_number(object, "limit")};
    bool good = read_text(object, "id", id, sizeof id) &&
                read_text(object, "kind", kind, sizeof kind) &&
                read_text(object, "priority", priority, sizeof priority) &&
                read_text(object, "state", state, sizeof state) &&
                read_text(object, "source", ret->source, sizeof ret->source) &&
                read_text(object, "note", ret->note, sizeof ret->note) &&
                read_time(object, "first", &ret->first_us) &&
                read_time(object, "raised", &ret->raised_us) &&
                read_time(object, "cleared", &ret->cleared_us) &&
                read_time(object, "acknowledged", &ret->acknowledged_us) &&
                read_time(object, "shelved_until", &ret->shelved_until_us);
    if (!good) {
        return false;
    }
    char *end;
    ret->id = strtoull(id, &end, 10);
    ret->kind = sg_alarm_kind_find(kind);
    ret->priority = (int32_t)sg_priority_find(priority);
    ret->state = sg_alarm_state_find(state);
    return *end == '\0' && ret->id > 0 && ret->id < UINT64_MAX / 2 && ret->priority >= 0 &&
           state_fits(ret);
}

static sg_status take(const json_t *list, sg_alarms *ret)
{
    sg_alarm alarm;
    for (int go = 0; go < 2; go++) { /* all of them are read before the first one counts */
        for (size_t i = json_array_size(list); i-- > 0;) { /* the list begins with the newest */
            if (!read_alarm(json_array_get(list, i), &alarm)) {
                return SG_CORRUPT;
            }
            if (go && alarm.kind >= 0) { /* a kind of another version is left out */
                sg_alarms_restore(ret, &alarm);
            }
        }
    }
    return SG_OK;
}

sg_status sg_alarms_recall(const char *path, sg_alarms *ret)
{
    json_error_t error;
    FILE *file = fopen(path, "rb");
    if (!file) {
        return errno == ENOENT ? SG_OK : SG_CORRUPT;
    }
    json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    fclose(file);
    const char *is = json_string_value(json_object_get(root, "format"));
    const json_t *list = json_object_get(root, "alarms");
    bool ours = is && strcmp(is, format) == 0 && json_is_array(list) &&
                json_array_size(list) <= SG_ALARMS_LIST_MAX;
    sg_status status = ours ? take(list, ret) : SG_CORRUPT;
    json_decref(root);
    return status;
}
