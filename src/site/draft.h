/* draft.h - a first site file from a dozen answers: what `symgrid init` asks and what the page /setup.html asks.
 *
 * The questions are one table; options, dialogue, form and request body all take their names and limits from it. The text that comes
 * out is a commented .maml.md that loads without an error.
 *
 * Units    answers are texts with their unit ("20kW", "100kWh", "0.30 EUR/kWh"), as in a site file.
 * Memory   a draft is one value without pointers; sg_draft_write puts the text into the caller's buffer.
 * Errors   one sentence: what was expected, what came. */
#ifndef SG_SITE_DRAFT_H
#define SG_SITE_DRAFT_H
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>

/* code, key, kind, default, lowest, highest (SI; counts as they are), question, what to know */
#define SG_DRAFT_LIST(X)                                                                          \
    X(SG_DRAFT_TITLE, "title", SG_ANSWER_TEXT, "My site", 0, 0, "What is the site called?", "")   \
    X(SG_DRAFT_TIMEZONE, "timezone", SG_ANSWER_ZONE, "UTC", 0, 0, "In which time zone is it?",    \
      "a fixed offset without summer time, such as UTC+1")                                        \
    X(SG_DRAFT_RACKS, "racks", SG_ANSWER_COUNT, "2", 1, 20000, "How many racks?", "")             \
    X(SG_DRAFT_RACK_POWER, "rack_power", SG_ANSWER_POWER, "20kW", 100, 1e6,                       \
      "How much may one rack draw at most?", "")                                                  \
    X(SG_DRAFT_FEEDERS, "feeders", SG_ANSWER_COUNT, "1", 1, 20000,                                \
      "On how many feeders (PDUs) do they hang?", "as many racks on each")                        \
    X(SG_DRAFT_GRID, "grid", SG_ANSWER_POWER, "100kW", 1e3, 1e9,                                  \
      "How much may be drawn from the grid?", "")                                                 \
    X(SG_DRAFT_EXPORT, "export", SG_ANSWER_POWER, "0kW", 0, 1e9, "How much may be fed in?",       \
      "0kW where nothing may")                                                                    \
    X(SG_DRAFT_BATTERY, "battery", SG_ANSWER_ENERGY, "100kWh", 0, 3.6e12,                         \
      "How large is the battery?", "0kWh for none")                                               \
    X(SG_DRAFT_BATTERY_POWER, "battery_power", SG_ANSWER_POWER, "50kW", 0, 1e9,                   \
      "How fast may it charge and discharge?", "")                                                \
    X(SG_DRAFT_SOLAR, "solar", SG_ANSWER_POWER, "0kW", 0, 1e9,                                    \
      "How much do the solar panels give at most?", "0kW for none")                               \
    X(SG_DRAFT_PRICE, "price", SG_ANSWER_PRICE, "0.30 EUR/kWh", 0, 0,                             \
      "What does energy from the grid cost?", "a price, or a CSV file with one price a row")      \
    X(SG_DRAFT_PRICE_TIME, "price_time", SG_ANSWER_COLUMN, "", 0, 0,                              \
      "Which column of it holds the times?", "of a CSV file; guessed from its first line")        \
    X(SG_DRAFT_PRICE_COLUMN, "price_column", SG_ANSWER_COLUMN, "", 0, 0,                          \
      "Which column of it holds the prices?", "of a CSV file; guessed from its first line")       \
    X(SG_DRAFT_PRICE_UNIT, "price_unit", SG_ANSWER_UNIT, "", 0, 0, "In which unit are they?",     \
      "of a CSV file, such as EUR/MWh; guessed from the column's name")                           \
    X(SG_DRAFT_FEED_IN, "feed_in", SG_ANSWER_TARIFF, "0", 0, 0, "What does energy fed in bring?", \
      "such as 0.08 EUR/kWh")                                                                     \
    X(SG_DRAFT_DEMAND_CHARGE, "demand_charge", SG_ANSWER_DEMAND, "0", 0, 0,                       \
      "What does the month's highest quarter hour cost?", "such as 10 EUR/kW; 0 for nothing")

typedef enum sg_draft_key {
#define X(code, key, kind, standard, lowest, highest, question, hint) code,
    SG_DRAFT_LIST(X)
#undef X
        SG_DRAFT_COUNT
} sg_draft_key;

typedef enum sg_answer_kind {
    SG_ANSWER_TEXT,
    SG_ANSWER_ZONE,
    SG_ANSWER_COUNT,
    SG_ANSWER_POWER,
    SG_ANSWER_ENERGY,
    SG_ANSWER_PRICE,  /* of energy, or the name of a CSV file */
    SG_ANSWER_COLUMN, /* of that file */
    SG_ANSWER_UNIT,
    SG_ANSWER_TARIFF, /* a price of energy  */
    SG_ANSWER_DEMAND  /* a price of power   */
} sg_answer_kind;

typedef struct sg_draft_question {
    const char *key, *standard, *question, *hint;
    sg_answer_kind kind;
    double lowest, highest;
} sg_draft_question;

extern const sg_draft_question sg_draft_questions[SG_DRAFT_COUNT];

enum { SG_DRAFT_TEXT = 256, SG_DRAFT_ERROR = 256 };

typedef struct sg_draft {
    char answer[SG_DRAFT_COUNT][SG_DRAFT_TEXT];
    bool given[SG_DRAFT_COUNT]; /* answered, not left at its default */
} sg_draft;

/* Every answer at its default. @effects alloc=no block=no fails=never */
void sg_draft_start(sg_draft *self);

/* The key of that name, -1: there is none. Dashes count as underscores. @effects alloc=no block=no */
int sg_draft_find(const char *name);

/* Take one answer. SG_FORMAT with one sentence in ret_error, and *self as it was. @effects alloc=no block=no */
SG_MUST_CHECK sg_status sg_draft_answer(sg_draft *self, sg_draft_key key, const char *text,
                                        char ret_error[SG_DRAFT_ERROR]);

/* Does the price come from a CSV file? */
bool sg_draft_from_file(const sg_draft *self);

/* Guess the columns and the unit that were not given from the first line of the price file; what cannot be guessed stays empty.
 * @effects alloc=no block=no fails=never */
void sg_draft_guess(sg_draft *self, const char *head);

/* Do the answers go together? SG_FORMAT: *ret_key is the one to change. @effects alloc=no block=no */
SG_MUST_CHECK sg_status sg_draft_check(const sg_draft *self, sg_draft_key *ret_key,
                                       char ret_error[SG_DRAFT_ERROR]);

/* The site file of a draft that sg_draft_check accepts; id: a UUID, day: 2026-01-31. out->failed tells that memory is exhausted.
 * @effects alloc=yes (out) block=no */
void sg_draft_write(const sg_draft *self, const char *id, const char *day, sg_out *out);

/* A random (version 4) UUID, RFC 9562, from 16 random bytes. @effects alloc=no block=no fails=never */
void sg_draft_uuid(const unsigned char random[16], char ret[40]);
#endif
