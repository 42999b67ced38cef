#include "site/schedules.h"

#include "base/time.h"

static uint64_t held_at(const sg_plant *plant, int64_t time_us)
{
    uint64_t mask = 0;
    for (int i = 0; i < plant->schedule_count; i++) {
        mask |= sg_schedule_holds(&plant->schedule[i], time_us) ? UINT64_C(1) << i : 0;
    }
    return mask;
}

static void change(const sg_plant *plant, const sg_load_rule *rule)
{
    for (int l = rule->load_first; l < rule->load_first + rule->load_count; l++) {
        plant->load_class[l] =
            rule->load_class >= 0 ? (uint8_t)rule->load_class : plant->load_class[l];
        plant->load_weight[l] = rule->weight > 0 ? rule->weight : plant->load_weight[l];
        plant->load_minimum_w[l] =
            rule->minimum_w >= 0 ? rule->minimum_w : plant->load_minimum_w[l];
    }
}

bool sg_schedules_apply(const sg_plant *plant, int64_t time_us)
{
    sg_plant_head *head = plant->head;
    int64_t minute_us = 60 * SG_US_PER_S;
    int64_t minute = time_us / minute_us - (time_us % minute_us < 0);
    if (plant->schedule_count == 0 || minute == head->schedule_minute) {
        return false;
    }
    uint64_t mask = held_at(plant, time_us);
    bool news = mask != head->schedule_mask;
    head->schedule_minute = minute;
    head->schedule_mask = mask;
    if (!news) {
        return false;
    }
    for (int i = 0; i < plant->scheduled_count; i++) {
        int l = plant->scheduled_load[i];
        plant->load_class[l] = (uint8_t)plant->scheduled_class[i];
        plant->load_weight[l] = plant->scheduled_weight[i];
        plant->load_minimum_w[l] = plant->scheduled_minimum_w[i];
    }
    for (int i = 0; i < plant->schedule_count; i++) {
        if (mask >> i & 1) {
            change(plant, &plant->schedule[i]);
        }
    }
    return true;
}
