#include "serve/rehearsal.h"

#include "base/quantity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const event_names[] = {
#define X(code, name, text, after) name,
    SG_REHEARSED_LIST(X)
#undef X
};
static const char *const event_texts[] = {
#define X(code, name, text, after) text,
    SG_REHEARSED_LIST(X)
#undef X
};
static const char *const event_afters[] = {
#define X(code, name, text, after) after,
    SG_REHEARSED_LIST(X)
#undef X
};
static const char *const state_names[] = {
#define X(code, name, text) name,
    SG_REHEARSAL_STATE_LIST(X)
#undef X
};
static const char *const state_texts[] = {
#define X(code, name, text) text,
    SG_REHEARSAL_STATE_LIST(X)
#undef X
};

/* --- which devices are meant --- */

/* What each event happens to, in words. */
static const char *const objects[SG_REHEARSED_COUNT] = {[SG_REHEARSED_GRID] = "grid connection",
                                                        [SG_REHEARSED_PACK] = "store",
                                                        [SG_REHEARSED_CLOUD] = "solar source",
                                                        [SG_REHEARSED_SPIKE] = "load",
                                                        [SG_REHEARSED_PDU] = "node below the site"};
static const sg_role roles[SG_REHEARSED_COUNT] = {[SG_REHEARSED_PACK] = SG_STORE,
                                                  [SG_REHEARSED_CLOUD] = SG_SOURCE,
                                                  [SG_REHEARSED_SPIKE] = SG_LOAD};

static bool fits(const sg_site *site, int event, int g)
{
    const sg_group *group = &site->groups[g];
    return group->role == roles[event] && group->count > 0 &&
           (event != SG_REHEARSED_CLOUD || strcmp(group->kind->name, "solar") == 0);
}

static double energy_j(const sg_site *site, int g)
{
    sg_reservoir reservoir;
    const sg_group *group = &site->groups[g];
    group->kind->reservoir(site->devices[SG_STORE][group->first].p, &reservoir);
    return reservoir.capacity_j;
}

/* The number behind the last dash of "pdu-3" where it is one of `count`, else 0. */
static int member_of(const char *name, const char *id, int count)
{
    size_t length = strlen(id);
    if (strncmp(name, id, length) != 0 || name[length] != '-') {
        return 0;
    }
    char *end;
    long member = strtol(name + length + 1, &end, 10);
    return *end == '\0' && name[length + 1] >= '1' && name[length + 1] <= '9' && member <= count
               ? (int)member
               : 0;
}

static sg_status unknown(const char *name, const char *object, const char *example,
                         sg_body_error *error)
{
    *error = (sg_body_error){.slug = "device", .byte = -1, .pointer = "/device"};
    if (example) {
        snprintf(error->detail, sizeof error->detail,
                 "/device: expected a %s of this site, such as \"%s\", found \"%s\"", object,
                 example, name);
    } else {
        snprintf(error->detail, sizeof error->detail,
                 "/event: this site has no %s that it could happen to", object);
        snprintf(error->pointer, sizeof error->pointer, "/event");
    }
    return SG_FORMAT;
}

/* Without a name: the largest store; all solar sources; all loads. */
static sg_status find_device(const sg_site *site, sg_rehearsal_order *order, sg_body_error *error)
{
    int best = -1;
    for (int g = 0; g < site->group_count; g++) {
        const sg_group *group = &site->groups[g];
        if (!fits(site, order->event, g)) {
            continue;
        }
        int member = member_of(order->device, group->id, group->count);
        if (member > 0 || (order->device[0] && strcmp(order->device, group->id) == 0)) {
            order->group = g;
            order->member = member - 1; /* -1: all of them */
            return SG_OK;
        }
        bool more = best >= 0 && order->event == SG_REHEARSED_PACK && group->kind->reservoir &&
                    energy_j(site, g) > energy_j(site, best);
        best = best < 0 || more ? g : best;
    }
    if (best < 0 || order->device[0]) {
        return unknown(order->device, objects[order->event],
                       best < 0 ? NULL : site->groups[best].id, error);
    }
    order->group = order->member = -1;
    if (order->event == SG_REHEARSED_PACK) {
        order->group = best;
        order->member = 0;
        sg_site_device_name(site, SG_STORE, site->groups[best].first, order->device);
    }
    return SG_OK;
}

/* Without a name, or with that of a whole group: the first one. */
static sg_status find_node(const sg_site *site, sg_rehearsal_order *order, sg_body_error *error)
{
    char example[SG_ID_MAX];
    int any = -1;
    for (int i = 0; i < site->node_group_count; i++) {
        const sg_node_group *group = &site->node_groups[i];
        if (group->first == 0 || group->count < 1) {
            continue; /* the site itself */
        }
        any = any < 0 ? i : any;
        int member = member_of(order->device, group->id, group->count);
        if (member > 0 || !order->device[0] || strcmp(order->device, group->id) == 0) {
            order->node = group->first + (member > 0 ? member - 1 : 0);
            sg_site_node_name(site, order->node, order->device);
            return SG_OK;
        }
    }
    if (any >= 0) {
        sg_site_node_name(site, site->node_groups[any].first, example);
    }
    return unknown(order->device, objects[SG_REHEARSED_PDU], any >= 0 ? example : NULL, error);
}

sg_status sg_rehearsal_find(const sg_site *site, sg_rehearsal_order *order, sg_body_error *error)
{
    order->site = site;
    order->group = order->member = order->node = -1;
    if (order->event == SG_REHEARSED_GRID) {
        bool named = order->device[0] && strcmp(order->device, "grid") != 0;
        if (site->device_count[SG_GRID] == 0 || named) {
            return unknown(order->device, objects[SG_REHEARSED_GRID],
                           site->device_count[SG_GRID] ? "grid" : NULL, error);
        }
        return SG_OK;
    }
    return order->event == SG_REHEARSED_PDU ? find_node(site, order, error)
                                            : find_device(site, order, error);
}

/* --- the document --- */

static void put_kw(sg_out *out, const char *key, double power_w)
{
    sg_json_fixed(out, key, power_w / 1e3, 3);
}

static void put_kwh(sg_out *out, const char *key, double of_j)
{
    sg_json_fixed(out, key, of_j / 3.6e6, 4);
}

/* "battery-2: a pack fails, for 2 min"; without a device in front where all are meant, or the grid. */
static void order_text(const sg_rehearsal_order *order, int32_t what, char *ret, size_t size)
{
    char span[SG_QUANTITY_TEXT];
    sg_quantity_format(order->for_s, SG_DIM_TIME, span);
    const char *name = order->event == SG_REHEARSED_GRID ? "" : order->device;
    bool begins = what == SG_REHEARSAL_BEGINS;
    snprintf(ret, size, "%s%s%s%s%s", name, name[0] ? ": " : "",
             (begins ? event_texts : event_afters)[order->event], begins ? ", for " : "",
             begins ? span : "");
}

/* The device that an incident is shown at. */
static const char *order_device(const sg_rehearsal_order *order)
{
    static const char *const all[SG_REHEARSED_COUNT] = {[SG_REHEARSED_GRID] = "grid",
                                                        [SG_REHEARSED_PACK] = "stores",
                                                        [SG_REHEARSED_CLOUD] = "solar sources",
                                                        [SG_REHEARSED_SPIKE] = "loads",
                                                        [SG_REHEARSED_PDU] = "nodes"};
    return order->device[0] ? order->device : all[order->event];
}

static void put_orders(const sg_rehearsal *r, sg_out *out)
{
    char text[2 * SG_ID_MAX + 160];
    sg_json_begin(out, "incidents", '[');
    for (int i = 0; i < r->order_count; i++) {
        const sg_rehearsal_played *one = &r->order[i];
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "event", event_names[one->order.event]);
        sg_json_text(out, "device", order_device(&one->order));
        sg_json_fixed(out, "at_s", one->at_s, 3);
        sg_json_fixed(out, "for_s", one->order.for_s, 3);
        sg_json_text(out, "state", one->over ? "over" : one->begun ? "on" : "coming");
        order_text(&one->order, SG_REHEARSAL_BEGINS, text, sizeof text);
        sg_json_text(out, "text", text);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

/* What the grid's state means, and for how long the stores last where that counts. */
static void ride_text(const sg_rehearsal_event *event, char *ret, size_t size)
{
    bool counts = event->reason == SG_REASON_BRIDGING || event->reason == SG_REASON_SHUTTING_DOWN ||
                  event->reason == SG_REASON_BLACK_START;
    if (counts && event->hold_s < 86400) {
        int seconds = (int)event->hold_s;
        snprintf(ret, size, "%s; %d min %d s left at this load",
                 sg_reason_text((sg_reason)event->reason), seconds / 60, seconds % 60);
    } else {
        snprintf(ret, size, "%s", sg_reason_text((sg_reason)event->reason));
    }
}

/* A store that comes to rest does so because nothing asks for it. */
static bool at_rest(const sg_rehearsal_event *event)
{
    return event->what == SG_STORE && event->reason == SG_REASON_NONE && fabs(event->to_w) < 1;
}

static void put_event(const sg_rehearsal *r, const sg_rehearsal_event *event, sg_out *out)
{
    char text[2 * SG_ID_MAX + 160];
    bool incident = event->what < 0;
    sg_json_begin(out, NULL, '{');
    sg_json_fixed(out, "at_s", event->at_s, 3);
    sg_json_time(out, "time", r->from_us + (int64_t)llround(event->at_s * 1e6));
    if (incident) {
        const sg_rehearsal_order *order = &r->order[event->index].order;
        order_text(order, event->what, text, sizeof text);
        sg_json_text(out, "device", order_device(order));
    } else {
        sg_json_text(out, "device",
                     event->what == SG_GRID ? "grid" : r->site->groups[event->index].id);
        ride_text(event, text, sizeof text);
        if (at_rest(event)) {
            snprintf(text, sizeof text, "not needed any more: the store rests");
        }
    }
    sg_json_text(out, "kind",
                 incident                 ? (event->what == SG_REHEARSAL_BEGINS ? "begins" : "ends")
                 : event->what == SG_GRID ? "grid"
                 : event->what == SG_LOAD ? "load"
                 : event->what == SG_STORE ? "store"
                                           : "source");
    sg_json_text(out, "reason",
                 incident ? event_names[r->order[event->index].order.event]
                          : sg_reason_name((sg_reason)event->reason));
    sg_json_text(out, "text", text);
    put_kw(out, "from_kw", incident ? (double)NAN : event->from_w);
    put_kw(out, "to_kw", incident ? (double)NAN : event->to_w);
    sg_json_end(out, '}');
}

/* One curve as an array; at: its place in a sample. */
static void put_curve(const sg_rehearsal *r, const char *key, size_t at, double unit, sg_out *out)
{
    sg_json_begin(out, key, '[');
    for (int i = 0; i < r->sample_count; i++) {
        double value;
        memcpy(&value, (const char *)&r->sample[i] + at, sizeof value);
        sg_json_fixed(out, NULL, value / unit, 3);
    }
    sg_json_end(out, ']');
}

static void put_series(const sg_rehearsal *r, sg_out *out)
{
#define CURVE(key, member, unit) put_curve(r, key, offsetof(sg_rehearsal_sample, member), unit, out)
    sg_json_begin(out, "series", '{');
    sg_json_fixed(out, "step_s", r->sample_s, 3);
    CURVE("at_s", at_s, 1.0);
    CURVE("grid_kw", grid_w, 1e3);
    CURVE("stores_kw", store_w, 1e3);
    CURVE("generation_kw", generation_w, 1e3);
    CURVE("load_kw", load_w, 1e3);
    CURVE("wanted_kw", wanted_w, 1e3);
    CURVE("stored_kwh", stored_j, 3.6e6);
#undef CURVE
    sg_json_begin(out, "shed_kw", '[');
    for (int k = 0; k < r->class_count; k++) {
        sg_json_begin(out, NULL, '{');
        sg_json_integer(out, "class", k);
        put_curve(r, "kw", offsetof(sg_rehearsal_sample, held_w) + sizeof(double) * (size_t)k, 1e3,
                  out);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
    sg_json_end(out, '}');
}

static double held_j(const sg_rehearsal_bill *bill)
{
    double sum_j = 0;
    for (int k = 0; k < SG_CLASS_MAX; k++) {
        sum_j += bill->held_j[k];
    }
    return sum_j;
}

/* What is to be paid for energy, wear and fuel. The demand charge stands beside it: an outage that kept the month's peak down
 * has saved nothing when another hour sets it. */
static double paid(const sg_rehearsal_bill *bill)
{
    const sg_settlement *m = &bill->metered;
    return (double)(m->cost_u + m->wear_u + m->fuel_u - m->revenue_u) * 1e-6;
}

/* What filling the stores up to those of the untouched twin costs, at the price of the end. */
static double refill(const sg_rehearsal *r)
{
    return (r->without.stored_j - r->with.stored_j) * r->import_price;
}

/* All of it: what is paid more, what it takes to be as full again, what was not served. */
static double more(const sg_rehearsal *r)
{
    return paid(&r->with) - paid(&r->without) + refill(r) + r->with.unserved_value -
           r->without.unserved_value;
}

static void put_bill(const sg_rehearsal_bill *bill, const char *key, sg_out *out)
{
    const sg_settlement *m = &bill->metered;
    sg_json_begin(out, key, '{');
    put_kwh(out, "import_kwh", (double)m->import_j);
    put_kwh(out, "export_kwh", (double)m->export_j);
    put_kwh(out, "generation_kwh", (double)m->generation_j);
    put_kwh(out, "load_kwh", (double)m->load_j);
    put_kwh(out, "shed_kwh", held_j(bill));
    put_kwh(out, "stored_kwh", bill->stored_j);
    put_kw(out, "peak_kw", bill->peak_w);
    sg_json_fixed(out, "energy_cost", (double)(m->cost_u - m->revenue_u) * 1e-6, 6);
    sg_json_fixed(out, "wear_cost", (double)m->wear_u * 1e-6, 6);
    sg_json_fixed(out, "fuel_cost", (double)m->fuel_u * 1e-6, 6);
    sg_json_fixed(out, "cost", paid(bill), 6);
    sg_json_fixed(out, "unserved_cost", bill->unserved_value, 6);
    sg_json_fixed(out, "demand_cost", (double)m->demand_u * 1e-6, 6);
    sg_json_fixed(out, "carbon_kg", (double)m->carbon_mg * 1e-6, 6);
    sg_json_end(out, '}');
}

static void put_bills(const sg_rehearsal *r, sg_out *out)
{
    sg_json_begin(out, "bill", '{');
    sg_json_text(out, "currency", r->site->currency);
    put_bill(&r->without, "before", out);
    put_bill(&r->with, "after", out);
    sg_json_begin(out, "more", '{');
    sg_json_fixed(out, "cost", paid(&r->with) - paid(&r->without), 6);
    sg_json_fixed(out, "refill_cost", refill(r), 6);
    sg_json_fixed(out, "unserved_cost", r->with.unserved_value - r->without.unserved_value, 6);
    sg_json_fixed(out, "total", more(r), 6);
    put_kwh(out, "shed_kwh", held_j(&r->with) - held_j(&r->without));
    sg_json_begin(out, "shed_by_class_kwh", '[');
    for (int k = 0; k < r->class_count; k++) {
        put_kwh(out, NULL, r->with.held_j[k] - r->without.held_j[k]);
    }
    sg_json_end(out, ']');
    sg_json_end(out, '}');
    sg_json_end(out, '}');
}

/* What came of it, in one sentence. */
static void put_result(const sg_rehearsal *r, sg_out *out)
{
    char text[320];
    double shed_kwh = (held_j(&r->with) - held_j(&r->without)) / 3.6e6;
    int used = snprintf(text, sizeof text, "%s", r->text[0] ? r->text : state_texts[r->state]);
    if (r->order_count > 0 && r->elapsed_s > 0 && used > 0 && !r->text[0]) {
        if (shed_kwh > 5e-4) {
            used += snprintf(text + used, sizeof text - (size_t)used,
                             " %.3g kWh of demand were not served for it", shed_kwh);
        } else {
            used += snprintf(text + used, sizeof text - (size_t)used,
                             " No demand went unserved for it");
        }
        snprintf(text + used, sizeof text - (size_t)used,
                 ", and the bill is %.2f %s %s, filling the stores again%s included.",
                 fabs(more(r)), r->site->currency, more(r) >= 0 ? "higher" : "lower",
                 shed_kwh > 5e-4 ? " and what was not served" : "");
    }
    sg_json_text(out, "text", text);
}

void sg_document_rehearsal(const sg_rehearsal *r, sg_out *out)
{
    static const char *const modes[] = {"observe", "advise", "control"};
    bool ran = r->order_count > 0 && r->site;
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "format", "symgrid.rehearsal/1");
    sg_json_text(out, "state", state_names[r->state]);
    put_result(r, out);
    if (ran) {
        sg_json_text(out, "live_mode", modes[r->mode]);
        sg_json_time(out, "from", r->from_us);
        sg_json_fixed(out, "elapsed_s", r->elapsed_s, 3);
        sg_json_fixed(out, "speed", r->speed, 3);
        sg_json_fixed(out, "speed_reached", r->ran_speed, 5);
        put_orders(r, out);
        sg_json_begin(out, "events", '[');
        for (int i = 0; i < r->event_count; i++) {
            put_event(r, &r->event[i], out);
        }
        sg_json_end(out, ']');
        sg_json_integer(out, "events_left_out", r->events_left_out);
        put_series(r, out);
        put_bills(r, out);
    }
    sg_json_end(out, '}');
}
