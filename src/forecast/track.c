#include "forecast/track.h"

#include <math.h>
#include <string.h>

const int32_t sg_lead_rows[SG_LEAD_COUNT] = {1, 4, 16, SG_LEAD_ROWS_MAX};
const char *const sg_lead_names[SG_LEAD_COUNT] = {"15min", "1h", "4h", "24h"};
static const int32_t ring_first[SG_LEAD_COUNT] = {0, 1, 5, 21};
static const double fade = 1 - 1.0 / 1000;
static const double both_least =
    175; /* of the fading count: two days of rows before two speakers are compared */
static const double worse_least = 1.1; /* of the other's misses: less is chance */

const char *sg_speaker_name(sg_speaker speaker)
{
    static const char *const names[] = {
#define X(code, name, text) name,
        SG_SPEAKER_LIST(X)
#undef X
    };
    return names[speaker];
}

const char *sg_speaker_text(sg_speaker speaker)
{
    static const char *const texts[] = {
#define X(code, name, text) text,
        SG_SPEAKER_LIST(X)
#undef X
    };
    return texts[speaker];
}

int sg_lead_of(int32_t ahead)
{
    int lead = 0;
    while (lead + 1 < SG_LEAD_COUNT && ahead > sg_lead_rows[lead]) {
        lead++;
    }
    return lead;
}

void sg_track_init(sg_track *self)
{
    memset(self, 0, sizeof *self);
    for (int i = 0; i < SG_TRACK_ROOM; i++) {
        self->said[i].row = -1;
    }
}

static sg_said *place(sg_track *self, int lead, int64_t row)
{
    return &self->said[ring_first[lead] + row % sg_lead_rows[lead]];
}

void sg_track_say(sg_track *self, int lead, const sg_said *said)
{
    *place(self, lead, said->row) = *said;
}

static void score(sg_lead_score *s, const sg_said *said, double truth)
{
    double told = fabs(truth - said->mean[said->speaker]),
           last = fabs(truth - said->mean[SG_SPEAKER_LAST]),
           mixture = fabs(truth - said->mean[SG_SPEAKER_MIXTURE]),
           online = fabs(truth - said->mean[SG_SPEAKER_ONLINE]);
    if (!isfinite(told) || !isfinite(last)) {
        return;
    }
    s->count++;
    s->weight = fade * s->weight + 1;
    s->told = fade * s->told + told;
    s->last = fade * s->last + last;
    s->told_ever += told;
    s->last_ever += last;
    if (isfinite(mixture) && isfinite(online)) {
        s->both = fade * s->both + 1;
        s->mixture = fade * s->mixture + mixture;
        s->online = fade * s->online + online;
        s->worse = s->mixture > (s->worse ? 1 : worse_least) * s->online && s->both >= both_least;
    }
    if (isfinite(said->low) && isfinite(said->high)) {
        s->bounded++;
        s->inside_weight = fade * s->inside_weight + 1;
        s->inside = fade * s->inside + (said->low <= truth && truth <= said->high);
    }
}

void sg_track_truth(sg_track *self, int64_t row, double truth)
{
    for (int lead = 0; lead < SG_LEAD_COUNT && row >= 0; lead++) {
        sg_said *said = place(self, lead, row);
        if (said->row == row && isfinite(truth)) {
            score(&self->lead[lead], said, truth);
        }
        said->row = said->row == row ? -1 : said->row;
    }
}

double sg_track_mae(const sg_lead_score *score)
{
    return score->weight > 0 ? score->told / score->weight : (double)NAN;
}

double sg_track_skill(const sg_lead_score *score)
{
    return score->last > 0 ? 1 - score->told / score->last : (double)NAN;
}

double sg_track_inside(const sg_lead_score *score)
{
    return score->inside_weight > 0 ? score->inside / score->inside_weight : (double)NAN;
}

/* --- from a file --- */

static bool sum_sane(double value)
{
    return isfinite(value) && value >= 0;
}

bool sg_track_sane(const sg_track *self)
{
    for (int i = 0; i < SG_TRACK_ROOM; i++) {
        const sg_said *said = &self->said[i];
        if (said->row < -1 || said->speaker < 0 || said->speaker >= SG_SPEAKER_COUNT) {
            return false;
        }
    }
    for (int i = 0; i < SG_LEAD_COUNT; i++) {
        const sg_lead_score *s = &self->lead[i];
        if (s->count < 0 || s->worse < 0 || s->worse > 1 || s->bounded < 0 ||
            !sum_sane(s->weight) || !sum_sane(s->told) || !sum_sane(s->last) ||
            !sum_sane(s->told_ever) || !sum_sane(s->last_ever) || !sum_sane(s->mixture) ||
            !sum_sane(s->online) || !sum_sane(s->both) || !sum_sane(s->inside) ||
            !sum_sane(s->inside_weight)) {
            return false;
        }
    }
    return true;
}
