/* track.h - every forecast that was told, kept until its truth is known, and what became of it by how far ahead it spoke.
 *
 * Leads    1, 4, 16 and 96 rows ahead: with quarter hours 15 min, 1 h, 4 h and 24 h.
 * Speakers who can say something: the mixture (live.h), the simple models that learn as readings come (online.h), the last value.
 *          What was told is what one of them said; the others' word is kept beside it, so that they can be compared later.
 * Score    sums that fade by one part in a thousand with each truth (ten days of quarter hours); counts do not fade.
 * Skill    1 - size of misses of what was told / of the last value, on the same rows. inside: share of truths in the interval
 *          that was told for eight in ten.
 * Memory   one flat value. @effects of every function: alloc=no block=no fails=never */
#ifndef SG_FORECAST_TRACK_H
#define SG_FORECAST_TRACK_H
#include <stdbool.h>
#include <stdint.h>

#define SG_SPEAKER_LIST(X)                                            \
    X(SG_SPEAKER_MIXTURE, "mixture", "the mixture of models")         \
    X(SG_SPEAKER_ONLINE, "online", "the best of three simple models") \
    X(SG_SPEAKER_LAST, "persistence", "the last value again")

typedef enum sg_speaker {
#define X(code, name, text) code,
    SG_SPEAKER_LIST(X)
#undef X
        SG_SPEAKER_COUNT
} sg_speaker;

const char *sg_speaker_name(sg_speaker speaker); /* "mixture"                */
const char *sg_speaker_text(sg_speaker speaker); /* "the mixture of models" */

enum { SG_LEAD_15MIN, SG_LEAD_1H, SG_LEAD_4H, SG_LEAD_24H, SG_LEAD_COUNT };
enum { SG_LEAD_ROWS_MAX = 96, SG_TRACK_ROOM = 1 + 4 + 16 + 96 };
extern const int32_t sg_lead_rows[SG_LEAD_COUNT];
extern const char
    *const sg_lead_names[SG_LEAD_COUNT]; /* of quarter hours: "15min", "1h", "4h", "24h" */

/* The lead that a forecast `ahead` rows ahead (>= 1) is judged by: the nearest one not below, the last beyond. */
int sg_lead_of(int32_t ahead);

typedef struct sg_said {
    int64_t row;                   /* that it is about; -1: none */
    int32_t speaker, pad;          /* whose word was told */
    double mean[SG_SPEAKER_COUNT]; /* NAN: it did not speak */
    double low, high;              /* as told; NAN: no interval was */
} sg_said;

typedef struct sg_lead_score {
    int64_t count, bounded;      /* truths; those with an interval, all time */
    double weight;               /* the fading count of truths               */
    double told, last;           /* fading sums of |miss|                    */
    double told_ever, last_ever; /* and of all                          */
    double mixture, online;      /* of the rows where both spoke             */
    double both;                 /* their fading count                       */
    double inside, inside_weight;
    int64_t
        worse; /* 1: the mixture has missed by a tenth more than the simple models on at least two days of rows where both
                      spoke, and not by less since */
} sg_lead_score;

typedef struct sg_track {
    sg_said said[SG_TRACK_ROOM]; /* rings of sg_lead_rows[] one after the other, at row % rows */
    sg_lead_score lead[SG_LEAD_COUNT];
} sg_track;

void sg_track_init(sg_track *self);

/* `said->row` will be so, was said sg_lead_rows[lead] rows before. Whatever stood in its place goes. */
void sg_track_say(sg_track *self, int lead, const sg_said *said);

/* The truth of a row; NAN: it was not seen, what was said of it counts nowhere. */
void sg_track_truth(sg_track *self, int64_t row, double truth);

/* NAN while nothing, or only zeros, could be compared. */
double sg_track_mae(const sg_lead_score *score);
double sg_track_skill(const sg_lead_score *score);
double sg_track_inside(const sg_lead_score *score);

/* Are all numbers such that it can go on? For what was read from a file. */
bool sg_track_sane(const sg_track *self);
#endif
