#include "engine/foresight.h"

#include "base/hash.h"
#include "engine/layout.h"
#include "forecast/live.h"
#include "model/sky.h"
#include "model/sun.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DAY = SG_FORECAST_DAY_SLOTS, HISTORY_DAYS = 56, ANEW_DAYS = 7 };

static const char models_of_a_site[] =
    "persistence,seasonal_naive,profile_week,profile_month,smoothing,autoregression,ridge_short";
static const double turbidity = 3;
static const double seen_least = 0.5, seen_least_sky = 0.1; /* of the rows */
static const double clear_least = 50;                       /* W/m2: below, the index is noise */

typedef struct part {
    sg_live live;
    sg_track track;
    int64_t last; /* quarter hour, -1: none */
    bool present; /* something else than zero was seen */
    double mean[SG_FORETOLD_ROWS], low[SG_FORETOLD_ROWS], high[SG_FORETOLD_ROWS];
} part;

struct sg_foresight {
    int32_t horizon;
    uint64_t site; /* hash of its id */
    bool placed;   /* it is known where the sun is */
    sg_sun_site sun;
    part part[SG_SERIES_COUNT];
};

/* --- the loop's --- */

void sg_watch_init(sg_watch *self)
{
    *self = (sg_watch){.slot_count = -1};
    sg_forecast_init(&self->carbon, 0);
}

bool sg_watch_step(sg_watch *self, const sg_engine *engine, sg_seen *ret)
{
    union { /* reading through the resolver, which hands out writable pointers */
        const sg_engine *read;
        sg_engine *write;
    } view = {.read = engine};
    sg_rooms rooms = sg_rooms_at(view.write);
    int point = rooms.plant.points.first[SG_POINT_SITE] + SG_SITE_CARBON;
    double carbon = rooms.measure.value[point] * 1e6;
    int64_t end_us = engine->load.end_us;
    sg_forecast_step(&self->carbon, end_us, engine->dt_s, isfinite(carbon) ? carbon : 0);
    if (engine->load.slot_count == self->slot_count) {
        return false;
    }
    self->slot_count = engine->load.slot_count;
    ret->series[SG_SERIES_LOAD] = engine->load;
    ret->series[SG_SERIES_SUN] = engine->generation;
    ret->series[SG_SERIES_PRICE] = engine->price;
    ret->series[SG_SERIES_CARBON] = self->carbon;
    return true;
}

/* --- life --- */

static double param_of(const sg_kind *kind, const double *p, const char *name)
{
    for (int i = 0; i < kind->param_count; i++) {
        if (strcmp(kind->params[i].name, name) == 0) {
            return p[i];
        }
    }
    return 0;
}

/* The first source that says where it stands. */
static void find_place(sg_foresight *self, const sg_site *site)
{
    for (int i = 0; i < site->device_count[SG_SOURCE] && !self->placed; i++) {
        const sg_device *device = &site->devices[SG_SOURCE][i];
        const sg_kind *kind = sg_device_kind(site, device);
        double latitude = param_of(kind, device->p, "latitude"),
               longitude = param_of(kind, device->p, "longitude");
        self->placed = latitude != 0 && longitude != 0;
        if (self->placed) {
            self->sun = sg_sun_site_of(latitude, longitude, sg_sky_pressure_pa(0), 12);
        }
    }
}

sg_foresight *sg_foresight_create(const sg_site *site, const sg_foresight_config *config)
{
    sg_foresight *self = calloc(1, sizeof *self);
    if (!self) {
        return NULL;
    }
    double rows = ceil(config->horizon_s / SG_FORECAST_SLOT_S) + 1;
    self->horizon = rows < DAY ? DAY : rows > SG_FORETOLD_ROWS ? SG_FORETOLD_ROWS : (int32_t)rows;
    self->site = sg_hash(SG_HASH_START, site->id, strlen(site->id));
    find_place(self, site);
    sg_live_shape shape = {.horizon = self->horizon,
                           .season = DAY,
                           .rows_least = 2 * (int64_t)self->horizon + DAY,
                           .rows_most = (HISTORY_DAYS - ANEW_DAYS) * DAY,
                           .rows_anew = ANEW_DAYS * DAY,
                           .models = config->models ? config->models : models_of_a_site};
    for (int c = 0; c < SG_SERIES_COUNT; c++) {
        sg_track_init(&self->part[c].track);
        self->part[c].last = -1;
        bool by_sky = c == SG_SERIES_SUN && self->placed; /* at night it has no index */
        shape.seen_least = by_sky ? seen_least_sky : seen_least;
        if (sg_live_create(&self->part[c].live, &shape) != SG_OK) {
            sg_foresight_free(self);
            return NULL;
        }
    }
    return self;
}

void sg_foresight_free(sg_foresight *self)
{
    for (int c = 0; self && c < SG_SERIES_COUNT; c++) {
        if (self->part[c].live.memory) {
            sg_live_free(&self->part[c].live);
        }
    }
    free(self);
}

/* --- the sun --- */

/* W/m2 on the ground in the middle of a quarter hour, if the sky is clear; 1 where the mixture is of the power itself. */
static double clear_of(const sg_foresight *self, int c, int64_t slot)
{
    if (c != SG_SERIES_SUN || !self->placed) {
        return 1;
    }
    sg_sun_position sun;
    int64_t middle_us = (2 * slot + 1) * SG_FORECAST_SLOT_S * SG_US_PER_S / 2;
    sg_sun_position_at(&self->sun, middle_us, &sun);
    if (sun.apparent_zenith_rad >= SG_PI / 2) {
        return 0;
    }
    return sg_sky_clear_of(sun.apparent_zenith_rad, sg_sky_air_mass(sun.apparent_zenith_rad),
                           turbidity, 0, sun.extraterrestrial_w_m2)
        .ghi_w_m2;
}

/* What the mixture learns from. */
static double index_of(const sg_foresight *self, int c, int64_t slot, double value)
{
    double clear = clear_of(self, c, slot);
    bool by_sky = c == SG_SERIES_SUN && self->placed;
    return !by_sky ? value : clear >= clear_least ? value / clear : (double)NAN;
}

/* --- rows --- */

static void take_row(sg_foresight *self, int c, int64_t slot, double value)
{
    part *p = &self->part[c];
    p->present = p->present || (isfinite(value) && value != 0);
    sg_track_truth(&p->track, slot, value);
    sg_live_take(&p->live, index_of(self, c, slot, value));
    p->last = slot;
}

/* Newest quarter hours of the ring whose times ascend, without a gap beyond all history. */
static int64_t run_of(const sg_forecast *f, int64_t gap_max)
{
    int64_t kept = f->slot_count < SG_HISTORY_SLOT_MAX ? f->slot_count : SG_HISTORY_SLOT_MAX;
    for (int64_t run = 1; run < kept; run++) {
        int64_t gap = f->which[(f->slot_count - run) % SG_HISTORY_SLOT_MAX] -
                      f->which[(f->slot_count - 1 - run) % SG_HISTORY_SLOT_MAX];
        if (gap <= 0 || gap > gap_max) {
            return run;
        }
    }
    return kept;
}

/* A clock that was set back by more than a day, or forward beyond all history, begins a history anew. */
static void take_rows(sg_foresight *self, int c, const sg_forecast *f)
{
    part *p = &self->part[c];
    int64_t newest = f->slot_count > 0 ? f->which[(f->slot_count - 1) % SG_HISTORY_SLOT_MAX] : -1;
    if (p->last >= 0 && newest >= 0 &&
        (newest < p->last - DAY || newest > p->last + p->live.shape.rows_most)) {
        sg_live_forget(&p->live);
        p->last = -1;
    }
    for (int64_t back = run_of(f, p->live.shape.rows_most) - 1; back >= 0; back--) {
        int64_t at = (f->slot_count - 1 - back) % SG_HISTORY_SLOT_MAX;
        while (p->last >= 0 && p->last + 1 < f->which[at]) {
            take_row(self, c, p->last + 1, (double)NAN);
        }
        if (f->which[at] > p->last) {
            take_row(self, c, f->which[at], f->mean[at]);
        }
    }
    while (p->last >= 0 && p->last < f->last && f->last - p->last <= p->live.shape.rows_most) {
        take_row(self, c, p->last + 1, (double)NAN);
    }
}

/* --- speaking --- */

static sg_fall fall_of(const part *p, const sg_forecast *f)
{
    if (!p->present) {
        return SG_FALL_ABSENT;
    }
    if (p->last != f->last && p->last >= 0) {
        return SG_FALL_CLOCK;
    }
    switch ((sg_live_state)p->live.state) {
    case SG_LIVE_YOUNG:
        return SG_FALL_YOUNG;
    case SG_LIVE_HOLES:
        return SG_FALL_HOLES;
    case SG_LIVE_UNFITTED:
        return SG_FALL_UNFITTED;
    case SG_LIVE_NOT_FINITE:
        return SG_FALL_NOT_FINITE;
    default:
        return SG_FALL_NONE;
    }
}

static bool mixture_of(sg_foresight *self, int c, const sg_forecast *f)
{
    part *p = &self->part[c];
    if (!p->present || p->last != f->last || !sg_live_predict(&p->live, p->mean, p->low, p->high)) {
        return false;
    }
    bool signed_ = c == SG_SERIES_PRICE;
    for (int h = 0; h < self->horizon; h++) {
        double clear = clear_of(self, c, p->last + 1 + h), floor = signed_ ? (double)-INFINITY : 0;
        p->mean[h] = fmax(p->mean[h] * clear, floor);
        p->low[h] = fmax(p->low[h] * clear, floor);
        p->high[h] = fmax(p->high[h] * clear, floor);
    }
    return true;
}

static sg_speaker simple_of(const sg_forecast *f, int ahead)
{
    return sg_forecast_choice(f, ahead) == SG_FORECAST_PERSISTENCE ? SG_SPEAKER_LAST
                                                                   : SG_SPEAKER_ONLINE;
}

static void choose(const sg_foresight *self, int c, const sg_forecast *f, bool mixture,
                   sg_foretold_series *ret)
{
    const part *p = &self->part[c];
    for (int i = 0; i < SG_LEAD_COUNT; i++) {
        const sg_lead_score *score = &p->track.lead[i];
        bool worse = mixture && score->worse;
        sg_speaker simple = simple_of(f, sg_lead_rows[i]);
        ret->lead[i] = (sg_foretold_lead){
            .speaker = (int32_t)(mixture && !worse ? SG_SPEAKER_MIXTURE : simple),
            .fall = (int32_t)(worse     ? SG_FALL_WORSE
                              : mixture ? SG_FALL_NONE
                                        : fall_of(p, f)),
            .score = *score};
    }
}

/* Nine in ten truths are not above, nine in ten not below: eight in ten between. */
static void tell_simple(const sg_forecast *f, int h, sg_foretold_series *ret)
{
    double above, below;
    sg_forecast_miss(f, h + 1, &above, &below);
    ret->mean[h] = sg_forecast_at(f, h + 1);
    ret->low[h] = ret->mean[h] - below;
    ret->high[h] = ret->mean[h] + above;
}

static void keep(sg_foresight *self, int c, const sg_forecast *f, bool mixture,
                 const sg_foretold_series *told)
{
    part *p = &self->part[c];
    for (int i = 0; i < SG_LEAD_COUNT && f->slot_count > 0; i++) {
        int h = sg_lead_rows[i] - 1;
        bool bounded = told->low[h] < told->high[h];
        sg_said said = {.row = p->last + 1 + h,
                        .speaker = told->lead[i].speaker,
                        .low = bounded ? told->low[h] : (double)NAN,
                        .high = bounded ? told->high[h] : (double)NAN};
        said.mean[SG_SPEAKER_MIXTURE] = mixture ? p->mean[h] : (double)NAN;
        said.mean[SG_SPEAKER_ONLINE] = sg_forecast_at(f, h + 1);
        said.mean[SG_SPEAKER_LAST] = f->mean[(f->slot_count - 1) % SG_HISTORY_SLOT_MAX];
        sg_track_say(&p->track, i, &said);
    }
}

static void look_at(sg_foresight *self, int c, const sg_forecast *f, sg_foretold_series *ret)
{
    part *p = &self->part[c];
    take_rows(self, c, f);
    sg_live_fit_when_due(&p->live);
    bool mixture = mixture_of(self, c, f);
    *ret = (sg_foretold_series){
        .present = p->present, .rows = p->live.panel.row_count, .fits = p->live.fit_count};
    choose(self, c, f, mixture, ret);
    for (int h = 0; h < self->horizon; h++) {
        if (ret->lead[sg_lead_of(h + 1)].speaker == SG_SPEAKER_MIXTURE) {
            ret->mean[h] = p->mean[h];
            ret->low[h] = p->low[h];
            ret->high[h] = p->high[h];
        } else {
            tell_simple(f, h, ret);
        }
    }
    if (p->present && p->last == f->last) {
        keep(self, c, f, mixture, ret);
    }
}

void sg_foresight_look(sg_foresight *self, const sg_seen *seen, sg_foretold *ret)
{
    ret->slot = seen->series[SG_SERIES_LOAD].last;
    ret->horizon = self->horizon;
    for (int c = 0; c < SG_SERIES_COUNT; c++) {
        look_at(self, c, &seen->series[c], &ret->series[c]);
    }
    ret->any = seen->series[SG_SERIES_LOAD].slot_count > 0;
}

/* --- kept --- */

static const char magic[8] = "SGSIGHT";
enum { VERSION = 1 };

typedef struct saved_head {
    char magic[8];
    uint32_t version, checksum; /* of all that follows, and of the head without it */
    uint64_t site, size;
} saved_head;

typedef struct saved_part {
    int64_t last, rows; /* rows: doubles that follow, NAN where not seen */
    int64_t present;
    sg_track track;
} saved_part;

size_t sg_foresight_saved_size_max(const sg_foresight *self)
{
    size_t rows = (size_t)self->part[0].live.panel.stride;
    return sizeof(saved_head) + SG_SERIES_COUNT * (sizeof(saved_part) + rows * sizeof(double));
}

static uint32_t checksum(saved_head head, const void *rest)
{
    head.checksum = 0;
    return sg_crc32c(sg_crc32c(0, &head, sizeof head), rest, (size_t)head.size - sizeof head);
}

static char *save_part(const part *p, char *at)
{
    const sg_panel *panel = &p->live.panel;
    const saved_part own = {
        .last = p->last, .rows = panel->row_count, .present = p->present, .track = p->track};
    memcpy(at, &own, sizeof own);
    at += sizeof own;
    for (int64_t i = 0; i < panel->row_count; i++, at += sizeof(double)) {
        double value = panel->missing[i] ? (double)NAN : panel->value[i];
        memcpy(at, &value, sizeof value);
    }
    return at;
}

size_t sg_foresight_save(const sg_foresight *self, void *ret)
{
    saved_head head = {.version = VERSION, .site = self->site};
    memcpy(head.magic, magic, sizeof magic);
    char *at = (char *)ret + sizeof head;
    for (int c = 0; c < SG_SERIES_COUNT; c++) {
        at = save_part(&self->part[c], at);
    }
    head.size = (uint64_t)(at - (char *)ret);
    head.checksum = checksum(head, (char *)ret + sizeof head);
    memcpy(ret, &head, sizeof head);
    return (size_t)head.size;
}

/* Walks over the parts; restoring them where `self` is to be changed. */
static sg_status walk(sg_foresight *self, const char *at, const char *end, bool restore)
{
    for (int c = 0; c < SG_SERIES_COUNT; c++) {
        saved_part own;
        if ((size_t)(end - at) < sizeof own) {
            return SG_CORRUPT;
        }
        memcpy(&own, at, sizeof own);
        at += sizeof own;
        if (own.rows < 0 || own.rows > (end - at) / (int64_t)sizeof(double) || own.last < -1 ||
            !sg_track_sane(&own.track)) {
            return SG_CORRUPT;
        }
        if (restore) {
            part *p = &self->part[c];
            sg_live_restore(&p->live, (const double *)(const void *)at, own.rows);
            p->track = own.track;
            p->last = own.last;
            p->present = own.present != 0;
        }
        at += (size_t)own.rows * sizeof(double);
    }
    return at == end ? SG_OK : SG_CORRUPT;
}

sg_status sg_foresight_load(sg_foresight *self, const void *saved, size_t size)
{
    saved_head head;
    if (size < sizeof head) {
        return SG_FORMAT;
    }
    memcpy(&head, saved, sizeof head);
    if (memcmp(head.magic, magic, sizeof magic) != 0 || head.version != VERSION) {
        return SG_FORMAT;
    }
    if (head.site != self->site) {
        return SG_RANGE;
    }
    const char *rest = (const char *)saved + sizeof head, *end = (const char *)saved + size;
    if (head.size != size || checksum(head, rest) != head.checksum) {
        return SG_CORRUPT;
    }
    sg_status status = walk(self, rest, end, false);
    return status == SG_OK ? walk(self, rest, end, true) : status;
}
