#include "site/draft.h"

#include "base/quantity.h"
#include "base/time.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const sg_draft_question sg_draft_questions[SG_DRAFT_COUNT] = {
#define X(code, key, kind, standard, lowest, highest, question, hint) \
    [code] = {key, standard, question, hint, kind, lowest, highest},
    SG_DRAFT_LIST(X)
#undef X
};

/* What a rack of a draft consists of, and when it works: parts of what it may draw at most. */
static const double service_part = 0.6, batch_part = 0.4, cooling_part = 0.3;

void sg_draft_start(sg_draft *self)
{
    memset(self, 0, sizeof *self);
    for (int key = 0; key < SG_DRAFT_COUNT; key++) {
        sg_text_copy(self->answer[key], SG_DRAFT_TEXT, sg_draft_questions[key].standard);
    }
}

int sg_draft_find(const char *name)
{
    for (int key = 0; key < SG_DRAFT_COUNT; key++) {
        const char *own = sg_draft_questions[key].key, *at = name;
        while (*own && (*at == *own || (*at == '-' && *own == '_'))) {
            own++;
            at++;
        }
        if (!*own && !*at) {
            return key;
        }
    }
    return -1;
}

/* ---- one answer ---- */

static bool is_file(const char *text)
{
    size_t length = strlen(text);
    return length > 4 && strcasecmp(text + length - 4, ".csv") == 0;
}

static bool is_plain(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

static sg_status expected(const sg_draft_question *q, const char *what, const char *got,
                          char error[SG_DRAFT_ERROR])
{
    snprintf(error, SG_DRAFT_ERROR, "%s: expected %s, got '%.80s'", q->key, what, got);
    return SG_FORMAT;
}

static sg_status check_quantity(const sg_draft_question *q, sg_dimension dimension,
                                const char *text, char error[SG_DRAFT_ERROR])
{
    sg_quantity quantity;
    const char *what = "";
    char wanted[120], low[SG_QUANTITY_TEXT], high[SG_QUANTITY_TEXT];
    if (sg_quantity_parse_as(text, strlen(text), dimension, &quantity, &what) != SG_OK) {
        snprintf(wanted, sizeof wanted, "%s such as %s", sg_dimension_text(dimension),
                 sg_dimension_example(dimension));
        return expected(q, wanted, text, error);
    }
    if (q->highest > q->lowest && (quantity.value < q->lowest || quantity.value > q->highest)) {
        sg_quantity_format(q->lowest, dimension, low);
        sg_quantity_format(q->highest, dimension, high);
        snprintf(wanted, sizeof wanted, "between %s and %s", low, high);
        return expected(q, wanted, text, error);
    }
    if (dimension == SG_DIM_PRICE_POWER && quantity.value < 0) {
        return expected(q, "a price that is not negative", text, error);
    }
    return SG_OK;
}

static sg_status check_count(const sg_draft_question *q, const char *text,
                             char error[SG_DRAFT_ERROR])
{
    char *end, wanted[60];
    long count = strtol(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end || (double)count < q->lowest ||
        (double)count > q->highest) {
        snprintf(wanted, sizeof wanted, "a whole number from %.0f to %.0f", q->lowest, q->highest);
        return expected(q, wanted, text, error);
    }
    return SG_OK;
}

static sg_status check_unit(const sg_draft_question *q, const char *text,
                            char error[SG_DRAFT_ERROR])
{
    sg_quantity unit;
    const char *what = "";
    bool good = !text[0] || (sg_unit_parse(text, strlen(text), &unit, &what) == SG_OK &&
                             unit.dimension == SG_DIM_PRICE_ENERGY);
    return good ? SG_OK : expected(q, "the unit of a price of energy such as EUR/MWh", text, error);
}

static sg_status check_answer(const sg_draft_question *q, const char *text,
                              char error[SG_DRAFT_ERROR])
{
    int32_t offset_s;
    switch (q->kind) {
    case SG_ANSWER_TEXT:
        return text[0] && !strpbrk(text, "<>`") ? SG_OK
                                                : expected(q, "a name without < > `", text, error);
    case SG_ANSWER_COLUMN:
        return SG_OK;
    case SG_ANSWER_ZONE:
        return sg_zone_parse(text, strlen(text), &offset_s) == SG_OK
                   ? SG_OK
                   : expected(q, "a fixed offset such as UTC+1", text, error);
    case SG_ANSWER_COUNT:
        return check_count(q, text, error);
    case SG_ANSWER_POWER:
        return check_quantity(q, SG_DIM_POWER, text, error);
    case SG_ANSWER_ENERGY:
        return check_quantity(q, SG_DIM_ENERGY, text, error);
    case SG_ANSWER_UNIT:
        return check_unit(q, text, error);
    case SG_ANSWER_TARIFF:
        return check_quantity(q, SG_DIM_PRICE_ENERGY, text, error);
    case SG_ANSWER_DEMAND:
        return check_quantity(q, SG_DIM_PRICE_POWER, text, error);
    case SG_ANSWER_PRICE:
        break;
    }
    return is_file(text) || check_quantity(q, SG_DIM_PRICE_ENERGY, text, error) == SG_OK
               ? SG_OK
               : expected(q, "a price such as 0.30 EUR/kWh or a file that ends in .csv", text,
                          error);
}

sg_status sg_draft_answer(sg_draft *self, sg_draft_key key, const char *text,
                          char ret_error[SG_DRAFT_ERROR])
{
    const sg_draft_question *q = &sg_draft_questions[key];
    while (*text == ' ') {
        text++;
    }
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == ' ') {
        length--;
    }
    if (length >= SG_DRAFT_TEXT || !is_plain(text) || !sg_text_is_utf8(text, length)) {
        snprintf(ret_error, SG_DRAFT_ERROR, "%s: expected one line of at most %d bytes of text",
                 q->key, SG_DRAFT_TEXT - 1);
        return SG_FORMAT;
    }
    char trimmed[SG_DRAFT_TEXT];
    memcpy(trimmed, text, length);
    trimmed[length] = '\0';
    sg_status status = check_answer(q, trimmed, ret_error);
    if (status == SG_OK) {
        memcpy(self->answer[key], trimmed, length + 1);
        self->given[key] = true;
    }
    return status;
}

/* ---- the price file ---- */

bool sg_draft_from_file(const sg_draft *self)
{
    return is_file(self->answer[SG_DRAFT_PRICE]);
}

/* "price_eur_mwh" -> "EUR/MWh" */
static void guess_unit(const char *column, char ret[SG_DRAFT_TEXT])
{
    static const char *const currencies[] = {"EUR", "USD", "GBP", "CHF", "SEK", "NOK",
                                             "DKK", "JPY", "AUD", "CAD", "INR", "CNY"};
    bool mwh = strcasestr(column, "mwh") != NULL, kwh = strcasestr(column, "kwh") != NULL;
    for (size_t i = 0; (mwh || kwh) && i < sizeof currencies / sizeof currencies[0]; i++) {
        if (strcasestr(column, currencies[i])) {
            snprintf(ret, SG_DRAFT_TEXT, "%s/%s", currencies[i], mwh ? "MWh" : "kWh");
            return;
        }
    }
}

static bool looks_like_time(const char *column)
{
    static const char *const names[] = {"time", "date", "stamp", "start", "utc", "hour"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasestr(column, names[i])) {
            return true;
        }
    }
    return false;
}

/* The next cell of a head line without its quotes; NULL at the end. */
static const char *next_cell(const char *at, char ret[SG_DRAFT_TEXT])
{
    size_t used = 0;
    bool quoted = *at == '"';
    at += quoted;
    while (*at && *at != '\n' && *at != '\r' && (quoted ? *at != '"' : *at != ',')) {
        ret[used] = *at++;
        used += used < SG_DRAFT_TEXT - 1;
    }
    ret[used] = '\0';
    at += quoted && *at == '"';
    return *at == ',' ? at + 1 : NULL;
}

void sg_draft_guess(sg_draft *self, const char *head)
{
    char *time = self->answer[SG_DRAFT_PRICE_TIME], *price = self->answer[SG_DRAFT_PRICE_COLUMN];
    char cell[SG_DRAFT_TEXT], other[SG_DRAFT_TEXT] = "";
    if (strncmp(head, "\xef\xbb\xbf", 3) == 0) {
        head += 3;
    }
    for (const char *at = head; at;) {
        at = next_cell(at, cell);
        bool is_price = strcasestr(cell, "price") || strcasestr(cell, "tariff") ||
                        strcasestr(cell, "wh") || strcasestr(cell, "cost");
        if (looks_like_time(cell) && !is_price) {
            if (!time[0]) {
                memcpy(time, cell, sizeof cell);
            }
        } else if (is_price && !price[0]) {
            memcpy(price, cell, sizeof cell);
        } else if (!other[0]) {
            memcpy(other, cell, sizeof cell);
        }
    }
    if (!price[0]) {
        memcpy(price, other, sizeof other);
    }
    if (!self->answer[SG_DRAFT_PRICE_UNIT][0]) {
        guess_unit(price, self->answer[SG_DRAFT_PRICE_UNIT]);
    }
}

/* ---- all answers together ---- */

static double value_of(const sg_draft *self, sg_draft_key key)
{
    static const sg_dimension dimensions[] = {[SG_ANSWER_POWER] = SG_DIM_POWER,
                                              [SG_ANSWER_ENERGY] = SG_DIM_ENERGY,
                                              [SG_ANSWER_PRICE] = SG_DIM_PRICE_ENERGY,
                                              [SG_ANSWER_TARIFF] = SG_DIM_PRICE_ENERGY,
                                              [SG_ANSWER_DEMAND] = SG_DIM_PRICE_POWER};
    const char *text = self->answer[key], *what = "";
    sg_quantity quantity = {0};
    if (sg_draft_questions[key].kind == SG_ANSWER_COUNT) {
        return strtod(text, NULL);
    }
    sg_status status = sg_quantity_parse_as(
        text, strlen(text), dimensions[sg_draft_questions[key].kind], &quantity, &what);
    return status == SG_OK ? quantity.value : 0;
}

/* The currency that an answer counts in, "" where it names none. */
static void currency_of(const sg_draft *self, sg_draft_key key, char ret[4])
{
    const char *text = self->answer[key], *what = "";
    sg_quantity quantity = {0};
    sg_status status = sg_draft_questions[key].kind == SG_ANSWER_UNIT
                           ? sg_unit_parse(text, strlen(text), &quantity, &what)
                           : sg_quantity_parse(text, strlen(text), &quantity, &what);
    memset(ret, 0, 4);
    if (status == SG_OK) {
        memcpy(ret, quantity.currency, 3);
    }
}

static void site_currency(const sg_draft *self, char ret[4])
{
    currency_of(self, sg_draft_from_file(self) ? SG_DRAFT_PRICE_UNIT : SG_DRAFT_PRICE, ret);
}

static sg_status wrong(sg_draft_key key, const char *text, sg_draft_key *ret_key,
                       char error[SG_DRAFT_ERROR])
{
    snprintf(error, SG_DRAFT_ERROR, "%s: %s", sg_draft_questions[key].key, text);
    *ret_key = key;
    return SG_FORMAT;
}

static sg_status check_file(const sg_draft *self, sg_draft_key *ret_key, char error[SG_DRAFT_ERROR])
{
    static const struct {
        sg_draft_key key;
        const char *text;
    } needed[] = {
        {SG_DRAFT_PRICE_TIME, "expected the name of the price file's column with the times"},
        {SG_DRAFT_PRICE_COLUMN, "expected the name of the price file's column with the prices"},
        {SG_DRAFT_PRICE_UNIT, "expected the unit of the prices, such as EUR/MWh"}};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!self->answer[needed[i].key][0]) {
            return wrong(needed[i].key, needed[i].text, ret_key, error);
        }
    }
    return SG_OK;
}

sg_status sg_draft_check(const sg_draft *self, sg_draft_key *ret_key,
                         char ret_error[SG_DRAFT_ERROR])
{
    static const sg_draft_key priced[] = {SG_DRAFT_FEED_IN, SG_DRAFT_DEMAND_CHARGE};
    char text[160], main[4], other[4];
    long racks = (long)value_of(self, SG_DRAFT_RACKS),
         feeders = (long)value_of(self, SG_DRAFT_FEEDERS);
    if (racks % feeders != 0) {
        snprintf(text, sizeof text, "expected a number that deals out %ld racks evenly, got '%ld'",
                 racks, feeders);
        return wrong(SG_DRAFT_FEEDERS, text, ret_key, ret_error);
    }
    if (value_of(self, SG_DRAFT_BATTERY) > 0 && !(value_of(self, SG_DRAFT_BATTERY_POWER) > 0)) {
        return wrong(SG_DRAFT_BATTERY_POWER, "expected more than 0kW for a battery", ret_key,
                     ret_error);
    }
    if (sg_draft_from_file(self) && check_file(self, ret_key, ret_error) != SG_OK) {
        return SG_FORMAT;
    }
    site_currency(self, main);
    for (size_t i = 0; i < sizeof priced / sizeof priced[0]; i++) {
        currency_of(self, priced[i], other);
        if (other[0] && main[0] && strcmp(other, main) != 0) {
            snprintf(text, sizeof text, "expected %s like the price, got %s", main, other);
            return wrong(priced[i], text, ret_key, ret_error);
        }
    }
    return SG_OK;
}

/* ---- the text ---- */

typedef struct sizes {
    double rack_w, racks_w, grid_w, export_w, solar_w, battery_j, battery_w, board_w;
    int racks, feeders;
    char currency[4];
} sizes;

static sizes sizes_of(const sg_draft *self)
{
    sizes s = {.rack_w = value_of(self, SG_DRAFT_RACK_POWER),
               .grid_w = value_of(self, SG_DRAFT_GRID),
               .export_w = value_of(self, SG_DRAFT_EXPORT),
               .solar_w = value_of(self, SG_DRAFT_SOLAR),
               .battery_j = value_of(self, SG_DRAFT_BATTERY),
               .battery_w = value_of(self, SG_DRAFT_BATTERY_POWER),
               .racks = (int)value_of(self, SG_DRAFT_RACKS),
               .feeders = (int)value_of(self, SG_DRAFT_FEEDERS)};
    s.racks_w = s.rack_w * s.racks;
    s.board_w = s.grid_w + s.solar_w + (s.battery_j > 0 ? s.battery_w : 0);
    site_currency(self, s.currency);
    return s;
}

/* A text between double quotes, as YAML and JSON both read it. */
static void quoted(sg_out *out, const char *text)
{
    sg_out_text(out, "\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            sg_out_text(out, "\\");
        }
        sg_out_bytes(out, text, 1);
    }
    sg_out_text(out, "\"");
}

/* A line with its comment in one column with the others'. */
__attribute__((format(printf, 3, 4))) static void noted(sg_out *out, const char *comment,
                                                        const char *format, ...)
{
    char text[SG_DRAFT_TEXT + 64];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sg_out_format(out, "%-27s # %s\n", text, comment);
}

static void write_head(const sg_draft *self, const char *id, const char *day, sg_out *out)
{
    char currency[4];
    site_currency(self, currency);
    sg_out_format(out, "---\nmaml_version: \"2.0.0\"\nid: urn:uuid:%s\ntype: site\ntitle: ", id);
    quoted(out, self->answer[SG_DRAFT_TITLE]);
    sg_out_format(out,
                  "\ncreated_at: %s\n"
                  "timezone: %s   # of times and schedules without one of their own\n"
                  "mode: observe   # observe: only watch; advise: recommend; control: act\n",
                  day, self->answer[SG_DRAFT_TIMEZONE]);
    if (currency[0]) {
        sg_out_format(out, "currency: %s\n", currency);
    }
    sg_out_format(out,
                  "---\n# %s\n\n"
                  "Yours to change: words are for people, the yaml blocks below are read. Ask "
                  "`symgrid check` what is wrong with it\nand what it describes, `symgrid model "
                  "KIND --help` which keys a kind takes; docs/site-file.md has all of them.\n\n",
                  self->answer[SG_DRAFT_TITLE]);
}

static void write_nodes(const sizes *s, sg_out *out)
{
    int each = s->racks / s->feeders;
    sg_out_text(out, "## Power_Schema\n```yaml\n");
    noted(out, "the power tree: every node but the root names its parent", "nodes:");
    noted(out, "the main board: grid, panels and battery together", "  site: {limit: %.7gkW}",
          s->board_w / 1e3);
    noted(out, "feeder-1, feeder-2, ... where there are several", "  feeder:");
    sg_out_format(out, "    parent: site\n    count: %d\n", s->feeders);
    noted(out, "what its racks may draw", "    limit: %.7gkW", each * s->rack_w / 1e3);
    noted(out, "better: the breaker's rating, and its cable; the limit", "    # breaker: 250A");
    noted(out, "is then 80 % of the breaker's, and losses are known", "    # voltage: 400V");
    sg_out_text(out, "    # cable_length: 30m\n    # cable_section: 95mm2\n");
    noted(out, "so many on each feeder", "  rack: {parent: feeder, count: %d, limit: %.7gkW}", each,
          s->rack_w / 1e3);
}

static void write_grid(const sg_draft *self, const sizes *s, sg_out *out)
{
    sg_out_format(out, "grid:\n  import_max: %.7gkW\n  export_max: %.7gkW\n", s->grid_w / 1e3,
                  s->export_w / 1e3);
    if (sg_draft_from_file(self)) {
        noted(out, "the series below", "  import_price: price");
    } else {
        noted(out, "or a series: with one the battery buys when energy is cheap",
              "  import_price: %s", self->answer[SG_DRAFT_PRICE]);
    }
    if (value_of(self, SG_DRAFT_FEED_IN) != 0) {
        sg_out_format(out, "  export_price: %s\n", self->answer[SG_DRAFT_FEED_IN]);
    }
    if (value_of(self, SG_DRAFT_DEMAND_CHARGE) > 0) {
        noted(out, "of the month's highest quarter hour", "  demand_charge: %s",
              self->answer[SG_DRAFT_DEMAND_CHARGE]);
    }
    noted(out, "of imported energy, or a series", "  # carbon: 300g/kWh");
    sg_out_text(out, "```\n\n");
}

static void write_loads(const sizes *s, sg_out *out)
{
    double service_kw = service_part * s->rack_w / 1e3, batch_kw = batch_part * s->rack_w / 1e3;
    double cooling_kw = cooling_part * s->racks_w / 1e3;
    sg_out_text(out, "## Devices_Schema\n```yaml\n");
    noted(out, "class 0 is served first; the highest class is shed first", "loads:");
    sg_out_format(
        out,
        "  service: {node: rack, rating: %.7gkW, minimum: %.7gkW, class: 1, demand: office}\n"
        "  batch:   {node: rack, rating: %.7gkW, minimum: %.7gkW, class: 2, demand: night}\n"
        "  cooling: {rating: %.7gkW, minimum: %.7gkW, class: 0, demand: %.7gkW}   # at the root\n",
        service_kw, service_kw * 0.2, batch_kw, batch_kw * 0.05, cooling_kw, cooling_kw * 0.2,
        cooling_kw * 0.6);
}

static void write_supply(const sizes *s, sg_out *out)
{
    if (s->solar_w > 0) {
        /* 1 kW of standard light on 22 % of 5 m2 gives 1.1 kW: the inverter, not the area, is the limit */
        sg_out_format(out, "sources:\n  roof:\n    type: solar\n    capacity: %.7gkW\n",
                      s->solar_w / 1e3);
        noted(out, "of the panels", "    coverage_area: %.7gm2", s->solar_w / 1e3 * 5);
        sg_out_text(out, "    efficiency: 22%\n");
        noted(out, "the series below", "    irradiance: sun");
        noted(out, "or a series", "    air_temperature: 15degC");
    }
    if (s->battery_j > 0) {
        sg_out_format(out,
                      "stores:\n  battery:\n    type: lithium_ion\n    capacity: %.7gkWh\n"
                      "    discharge_rate: %.7gkW\n    charge_rate: %.7gkW\n",
                      s->battery_j / 3.6e6, s->battery_w / 1e3, s->battery_w / 1e3);
        noted(out, "kept for the loss of the grid", "    reserve: 20%%");
        noted(out, "it can carry the site alone", "    forming: yes");
    }
    if (s->battery_j > 0 && s->currency[0]) {
        noted(out, "of each kWh that goes through it: a cycle must earn more",
              "    wear: 0.02 %s/kWh", s->currency);
    }
    sg_out_text(out, "```\n\n");
}

static void write_series(const sg_draft *self, const sizes *s, sg_out *out)
{
    double service_kw = service_part * s->rack_w / 1e3, batch_kw = batch_part * s->rack_w / 1e3;
    sg_out_text(out, "## Series_Schema\n```yaml\nseries:\n");
    if (sg_draft_from_file(self)) {
        sg_out_text(out, "  price: {file: ");
        quoted(out, self->answer[SG_DRAFT_PRICE]);
        sg_out_text(out, ", time: ");
        quoted(out, self->answer[SG_DRAFT_PRICE_TIME]);
        sg_out_text(out, ", column: ");
        quoted(out, self->answer[SG_DRAFT_PRICE_COLUMN]);
        sg_out_format(out, ", unit: %s}\n", self->answer[SG_DRAFT_PRICE_UNIT]);
    }
    sg_out_format(
        out,
        "  office:                   # a guess of a day; put measurements in its place\n"
        "    daily: [{from: \"00:00\", value: %.7gkW}, {from: \"08:00\", value: %.7gkW}, {from: "
        "\"19:00\", value: %.7gkW}]\n"
        "  night:\n"
        "    daily: [{from: \"00:00\", value: %.7gkW}, {from: \"07:00\", value: %.7gkW}, {from: "
        "\"20:00\", value: %.7gkW}]\n",
        service_kw * 0.5, service_kw * 0.9, service_kw * 0.6, batch_kw * 0.9, batch_kw * 0.4,
        batch_kw * 0.9);
    if (s->solar_w > 0) {
        sg_out_text(out, "  sun:                      # a fair day of spring; better: your "
                         "weather station's CSV\n"
                         "    daily: [{from: \"00:00\", value: 0 W/m2}, {from: \"07:00\", value: "
                         "200 W/m2}, {from: \"10:00\", value: 700 W/m2},\n"
                         "            {from: \"15:00\", value: 350 W/m2}, {from: \"19:00\", "
                         "value: 0 W/m2}]\n");
    }
    sg_out_text(
        out,
        "# Measured series come from CSV files with a header row, relative to this file's folder:\n"
        "#  office: {file: racks.csv, time: time_utc, column: \"rack_{n}_kw\", count: 2, unit: "
        "kW}\n"
        "#  sun:    {file: weather.csv, time: time_utc, column: ghi_wm2, unit: W/m2}\n"
        "```\n\n"
        "## Faults_Schema\n```yaml\n"
        "# What a simulation may let happen:\nfaults: []\n"
        "#  - {at: 12h, kind: grid_loss, duration: 10min}\n"
        "```\n");
}

void sg_draft_write(const sg_draft *self, const char *id, const char *day, sg_out *out)
{
    sizes s = sizes_of(self);
    write_head(self, id, day, out);
    write_nodes(&s, out);
    write_grid(self, &s, out);
    write_loads(&s, out);
    write_supply(&s, out);
    write_series(self, &s, out);
}

void sg_draft_uuid(const unsigned char random[16], char ret[40])
{
    size_t used = 0;
    for (int i = 0; i < 16; i++) {
        unsigned byte = random[i];
        byte = i == 6 ? (byte & 0x0fu) | 0x40u : i == 8 ? (byte & 0x3fu) | 0x80u : byte;
        const char *dash = i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "";
        used += (size_t)snprintf(ret + used, 40 - used, "%s%02x", dash, byte);
    }
}
