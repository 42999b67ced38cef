#include "engine/foretold.h"

#include "engine/view.h"
#include "forecast/online.h"

#include <math.h>
#include <string.h>

static const int64_t quarter_us = INT64_C(900000000);

const char *sg_series_class_name(sg_series_class which)
{
    static const char *const names[] = {
#define X(code, name) name,
        SG_SERIES_LIST(X)
#undef X
    };
    return names[which];
}

const char *sg_fall_text(sg_fall fall)
{
    static const char *const texts[] = {
#define X(code, text) text,
        SG_FALL_LIST(X)
#undef X
    };
    return texts[fall];
}

bool sg_foretold_fresh(const sg_foretold *self, int64_t slot)
{
    return self && self->any && slot >= self->slot && slot - self->slot <= SG_FORETOLD_AGE_MAX;
}

int sg_foretold_place(const sg_foretold *self, int64_t ahead)
{
    int64_t last = self->horizon;
    if (ahead > last) { /* whole days back */
        int64_t days = (ahead - last + SG_FORECAST_DAY_SLOTS - 1) / SG_FORECAST_DAY_SLOTS;
        ahead -= days * SG_FORECAST_DAY_SLOTS;
    }
    return (int)(ahead > 1 ? ahead - 1 : 0);
}

/* --- the outside's view of it --- */

static void tell_series(const sg_foretold_series *from, sg_view_told *ret)
{
    *ret = (sg_view_told){.present = from->present, .rows = from->rows, .fits = from->fits};
    for (int i = 0; i < SG_LEAD_COUNT; i++) {
        int h = sg_lead_rows[i] - 1;
        ret->lead[i] = from->lead[i];
        ret->mean[i] = from->mean[h];
        ret->low[i] = from->low[h];
        ret->high[i] = from->high[h];
    }
}

/* The engine's own are told: they are the simple ones, whatever the lead. */
static void fall(sg_view_told *self, sg_fall why)
{
    for (int i = 0; i < SG_LEAD_COUNT; i++) {
        self->lead[i].speaker = SG_SPEAKER_ONLINE;
        self->lead[i].fall = (int32_t)why;
    }
}

static void follow(const sg_view_told *told, sg_view_forecast *ret)
{
    const sg_lead_score *hour = &told->lead[SG_LEAD_1H].score;
    ret->now_w = told->mean[SG_LEAD_15MIN];
    ret->in_1h_w = told->mean[SG_LEAD_1H];
    ret->in_24h_w = told->mean[SG_LEAD_24H];
    if (hour->count > 0) {
        ret->mae_w = hour->told_ever / (double)hour->count;
        ret->persistence_mae_w = hour->last_ever / (double)hour->count;
    }
}

static void tell_ahead(const sg_foretold *told, sg_view_ahead *ret)
{
    ret->rows = 0;
    if (!told || !told->any || told->horizon < 1 || told->horizon > SG_FORETOLD_ROWS) {
        return;
    }
    ret->told_us = (told->slot + 1) * quarter_us;
    ret->rows = told->horizon;
    for (int c = 0; c < SG_SERIES_COUNT; c++) {
        const sg_foretold_series *from = &told->series[c];
        for (int h = 0; h < ret->rows; h++) {
            ret->mean[c][h] = from->present ? (float)from->mean[h] : NAN;
            ret->low[c][h] = from->present ? (float)from->low[h] : NAN;
            ret->high[c][h] = from->present ? (float)from->high[h] : NAN;
        }
    }
}

void sg_view_tell(sg_view *self, const sg_foretold *told, int64_t slot)
{
    tell_ahead(told, &self->ahead);
    self->told_any = told == NULL || told->any;
    for (int c = 0; c < SG_SERIES_COUNT; c++) {
        memset(&self->told[c], 0, sizeof self->told[c]);
        if (!told) {
            fall(&self->told[c], SG_FALL_NO_MEMORY);
        } else if (told->any) {
            tell_series(&told->series[c], &self->told[c]);
        }
    }
    if (told && told->any && !sg_foretold_fresh(told, slot)) {
        for (int c = 0; c < SG_SERIES_COUNT; c++) {
            fall(&self->told[c], SG_FALL_LATE);
        }
    } else if (told && told->any) {
        follow(&self->told[SG_SERIES_LOAD], &self->load_forecast);
        follow(&self->told[SG_SERIES_SUN], &self->generation_forecast);
    }
}
