#include "cli/top_table.h"

#include "cli/paint.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* What is being written, and how many lines it may still take. */
typedef struct table {
    const json_t *root;
    FILE *to;
    sg_out *out;
    int left; /* lines, < 0: any number */
} table;

static bool begin_line(table *t)
{
    if (t->left == 0) {
        return false;
    }
    t->left -= t->left > 0;
    return true;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* NaN where there is none. */
static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* Titles and names come over the wire: what could move the cursor stays out. */
static void put_text(table *t, const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text >= ' ' && *text != 0x7f) {
            sg_out_bytes(t->out, text, 1);
        }
    }
}

/* Twelve columns: "1234.567 " or "-". */
static void put_kw(table *t, double kw)
{
    if (isfinite(kw)) {
        sg_out_format(t->out, " %11.*f", fabs(kw) < 100 ? 2 : 1, kw);
    } else {
        sg_out_format(t->out, " %11s", "-");
    }
}

static void put_colour(table *t, sg_paint paint)
{
    sg_out_text(t->out, sg_paint_code(t->to, paint));
}

static void put_head(table *t)
{
    const json_t *site = json_object_get(t->root, "site");
    bool safe = json_is_true(json_object_get(site, "safe"));
    if (!begin_line(t)) {
        return;
    }
    put_text(t, text_of(site, "title"));
    sg_out_format(t->out, "  %.24s  mode %s, policy %s", text_of(t->root, "time"),
                  text_of(site, "mode"), text_of(site, "policy"));
    if (safe) {
        put_colour(t, SG_PAINT_BAD);
        sg_out_text(t->out, "  SAFE SET");
        put_colour(t, SG_PAINT_PLAIN);
    }
    sg_out_text(t->out, "\n");
}

static void put_balance(table *t)
{
    const json_t *b = json_object_get(t->root, "balance"), *g = json_object_get(t->root, "grid");
    const json_t *price = json_object_get(t->root, "price");
    if (!begin_line(t)) {
        return;
    }
    bool up = json_is_true(json_object_get(g, "up"));
    sg_out_format(t->out, "load %.2f kW  generation %.2f kW  ", number_of(b, "load_kw"),
                  number_of(b, "generation_kw"));
    put_colour(t, up ? SG_PAINT_PLAIN : SG_PAINT_BAD);
    sg_out_format(t->out, "grid %s %+.2f kW", up ? "up" : "GONE",
                  number_of(b, "import_kw") - number_of(b, "export_kw"));
    put_colour(t, SG_PAINT_PLAIN);
    sg_out_format(t->out, "  stores %+.2f kW  price %.4g %s/kWh\n",
                  number_of(b, "discharge_kw") - number_of(b, "charge_kw"),
                  number_of(price, "import_per_kwh"),
                  text_of(json_object_get(t->root, "site"), "currency"));
}

static sg_paint paint_of(const json_t *group)
{
    const char *quality = text_of(group, "quality");
    return number_of(group, "shed_count") > 0                     ? SG_PAINT_BAD
           : quality[0] && strcmp(quality, "good") != 0           ? SG_PAINT_WARN
           : json_is_true(json_object_get(group, "hypothetical")) ? SG_PAINT_SOFT
                                                                  : SG_PAINT_PLAIN;
}

static void put_group(table *t, const char *role, const json_t *group)
{
    static const char *const told[] = {"setpoint_kw", "limit_kw", "cap_kw"};
    double setpoint = (double)NAN, charge = number_of(group, "soc_frac");
    for (size_t i = 0; i < sizeof told / sizeof told[0] && !isfinite(setpoint); i++) {
        setpoint = number_of(group, told[i]);
    }
    if (!begin_line(t)) {
        return;
    }
    sg_paint paint = paint_of(group);
    if (paint != SG_PAINT_PLAIN) {
        put_colour(t, paint);
    }
    sg_out_format(t->out, "%-20.20s %6.0f %-7s", text_of(group, "id"), number_of(group, "count"),
                  role);
    put_kw(t, number_of(group, "power_kw"));
    put_kw(t, setpoint);
    if (isfinite(charge)) {
        sg_out_format(t->out, " %5.1f %%", 100 * charge);
    } else {
        sg_out_format(t->out, " %7s", "");
    }
    sg_out_format(t->out, "  %-14s %s", text_of(group, "reason"), text_of(group, "quality"));
    if (paint != SG_PAINT_PLAIN) {
        put_colour(t, SG_PAINT_PLAIN);
    }
    sg_out_text(t->out, "\n");
}

static void put_groups(table *t)
{
    static const struct {
        const char *key, *role;
    } parts[] = {{"sources", "source"}, {"stores", "store"}, {"loads", "load"}};
    if (begin_line(t)) {
        put_colour(t, SG_PAINT_SOFT);
        sg_out_format(t->out, "%-20s %6s %-7s %11s %11s %7s  %-14s %s", "device", "count", "role",
                      "power kW", "set-point", "charge", "reason", "reading");
        put_colour(t, SG_PAINT_PLAIN);
        sg_out_text(t->out, "\n");
    }
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
        const json_t *list = json_object_get(t->root, parts[p].key);
        for (size_t i = 0; i < json_array_size(list); i++) {
            put_group(t, parts[p].role, json_array_get(list, i));
        }
    }
}

/* The share of its limit that a node carries; -1 without a limit. */
static double fullness(const json_t *node)
{
    double limit = number_of(node, "limit_kw"), power = number_of(node, "power_kw");
    return limit > 0 && isfinite(power) ? power / limit : -1;
}

enum { FULLEST_SHOWN = 4 };

/* Put the node among the fullest, fullest first; who falls off the end is forgotten. */
static void rank(const json_t *node, const json_t *shown[FULLEST_SHOWN])
{
    for (int at = 0; at < FULLEST_SHOWN && node && fullness(node) >= 0; at++) {
        if (!shown[at] || fullness(node) > fullness(shown[at])) {
            const json_t *pushed = shown[at];
            shown[at] = node;
            node = pushed;
        }
    }
}

static void put_fullest(table *t)
{
    const json_t *list = json_object_get(t->root, "nodes"), *shown[FULLEST_SHOWN] = {0};
    for (size_t i = 0; i < json_array_size(list); i++) {
        rank(json_array_get(list, i), shown);
    }
    if (!shown[0] || !begin_line(t)) {
        return;
    }
    sg_out_text(t->out, "fullest ");
    for (int i = 0; i < FULLEST_SHOWN && shown[i]; i++) {
        double full = fullness(shown[i]);
        put_colour(t, full > 1 ? SG_PAINT_BAD : full > 0.9 ? SG_PAINT_WARN : SG_PAINT_PLAIN);
        sg_out_format(t->out, " %.24s %.0f %%", text_of(shown[i], "id"), 100 * full);
        put_colour(t, SG_PAINT_PLAIN);
    }
    sg_out_text(t->out, "\n");
}

static void put_health(table *t)
{
    const json_t *h = json_object_get(t->root, "health"), *plan = json_object_get(t->root, "plan");
    bool degraded = strcmp(text_of(h, "journal"), "ok") != 0;
    if (!begin_line(t)) {
        return;
    }
    sg_out_format(t->out, "step p99 %.0f us, %.0f late; plan: %s; journal ",
                  number_of(h, "step_us_p99"), number_of(h, "late_steps"), text_of(plan, "rung"));
    put_colour(t, degraded ? SG_PAINT_BAD : SG_PAINT_PLAIN);
    sg_out_format(t->out, "%s", text_of(h, "journal"));
    put_colour(t, SG_PAINT_PLAIN);
    sg_out_format(t->out, "; %.0f readings not believed\n", number_of(h, "disbelieved"));
}

/* How many alarms of what kind, where the site tells of them. */
static void put_alarms(table *t)
{
    json_t *alarms = json_object_get(t->root, "alarms"), *value;
    const char *name;
    if (!json_is_object(alarms) || !begin_line(t)) {
        return;
    }
    sg_out_text(t->out, "alarms ");
    json_object_foreach(alarms, name, value)
    {
        if (json_is_integer(value)) {
            bool any = json_integer_value(value) > 0;
            put_colour(t, any ? SG_PAINT_WARN : SG_PAINT_PLAIN);
            sg_out_text(t->out, " ");
            put_text(t, name);
            sg_out_format(t->out, " %lld", (long long)json_integer_value(value));
            put_colour(t, SG_PAINT_PLAIN);
        }
    }
    sg_out_text(t->out, "\n");
}

static void put_decisions(table *t)
{
    const json_t *list = json_object_get(t->root, "decisions");
    for (size_t i = 0; i < json_array_size(list) && i < 8; i++) {
        const json_t *d = json_array_get(list, i);
        if (!begin_line(t)) {
            return;
        }
        const char *time = text_of(d, "time");
        sg_out_format(t->out, "%.8s  %.24s  %.2f to %.2f kW: ", strlen(time) > 11 ? time + 11 : "",
                      text_of(d, "device"), number_of(d, "from_kw"), number_of(d, "to_kw"));
        put_text(t, text_of(d, "text"));
        sg_out_text(t->out, "\n");
    }
}

bool sg_top_table(const char *json, size_t length, FILE *to, int rows_max, sg_out *out)
{
    json_t *root = json_loadb(json ? json : "", length, 0, NULL);
    bool good = strcmp(text_of(root, "format"), "symgrid.telemetry/1") == 0;
    table t = {.root = root, .to = to, .out = out, .left = rows_max > 0 ? rows_max : -1};
    if (good) {
        put_head(&t);
        put_balance(&t);
        put_groups(&t);
        put_fullest(&t);
        put_health(&t);
        put_alarms(&t);
        put_decisions(&t);
    }
    json_decref(root);
    return good;
}
