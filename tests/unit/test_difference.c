/* What changed between two sites, told in lines that were written down by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"
#include "site/difference.h"

#include <jansson.h>

static const char base[] =
    "nodes:\n"
    "  site: {limit: 60kW, voltage: 400V}\n"
    "  rack: {parent: site, count: 2, limit: 20kW}\n"
    "loads:\n"
    "  server: {node: rack, count: 3, rating: 8kW, minimum: 1kW, class: 1, demand: 5kW}\n"
    "  lamp: {node: site, rating: 1kW, demand: 500W}\n"
    "stores:\n"
    "  battery: {type: lithium_ion, capacity: 50kWh, discharge_rate: 20kW, reserve: 10%}\n"
    "series:\n"
    "  price: {daily: [{from: \"00:00\", value: 0.10 EUR/kWh}, {from: \"07:00\", value: 0.30 "
    "EUR/kWh}]}\n"
    "grid: {import_max: 50kW, import_price: price}\n"
    "mode: control\n";

/* The text with `what` made `instead`. */
static char *with(const char *text, const char *what, const char *instead)
{
    const char *at = strstr(text, what);
    assert_non_null(at);
    size_t size = strlen(text) + strlen(instead) + 1;
    char *ret = malloc(size);
    assert_non_null(ret);
    snprintf(ret, size, "%.*s%s%s", (int)(at - text), text, instead, at + strlen(what));
    return ret;
}

/* The lines from one text's site to another's. */
static json_t *lines(const char *before, const char *after, int *ret_count)
{
    sg_site a, b;
    sg_out out = {0};
    rig_parse("a.yaml", before, strlen(before), &a);
    rig_parse("b.yaml", after, strlen(after), &b);
    b.title = a.title; /* else the name of the file */
    sg_json_begin(&out, NULL, '[');
    *ret_count = sg_site_difference(&a, &b, &out);
    sg_json_end(&out, ']');
    json_t *list = json_loads(out.text, 0, NULL);
    assert_non_null(list);
    sg_out_free(&out);
    sg_site_free(&a);
    sg_site_free(&b);
    return list;
}

/* One change makes exactly this line. */
static void one(const char *what, const char *instead, const char *line)
{
    int count;
    char *after = with(base, what, instead);
    json_t *list = lines(base, after, &count);
    if (count != 1 || strcmp(json_string_value(json_array_get(list, 0)), line) != 0) {
        char *said = json_dumps(list, 0);
        print_error("%s -> %s: expected [%s], got %s\n", what, instead, line, said);
        free(said);
        fail();
    }
    json_decref(list);
    free(after);
}

static void a_site_is_like_itself(void **state)
{
    (void)state;
    int count;
    json_t *list = lines(base, base, &count);
    assert_int_equal(count, 0);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
}

static void each_change_is_one_line(void **state)
{
    (void)state;
    one("limit: 20kW", "limit: 15kW", "nodes rack: limit 20 kW -> 15 kW");
    one("limit: 20kW", "voltage: 400V, limit: 20kW",
        "nodes rack: breaker, cable, converter or place");
    one("rating: 8kW", "rating: 9kW", "loads server: rating 8 kW -> 9 kW");
    one("class: 1", "class: 2", "loads server: class 1 -> 2");
    one("demand: 5kW", "demand: 4kW", "loads server: demand");
    one("{node: site, rating: 1kW", "{node: rack-1, rating: 1kW", "loads lamp: node");
    one("capacity: 50kWh", "capacity: 60kWh", "stores battery: capacity 50 kWh -> 60 kWh");
    one("reserve: 10%", "reserve: 20%", "stores battery: reserve 10 % -> 20 %");
    one("reserve: 10%", "reserve: 10%, duty: bridge", "stores battery: duty energy -> bridge");
    one("import_max: 50kW", "import_max: 40kW", "grid grid: import_max 50 kW -> 40 kW");
    one("value: 0.30 EUR/kWh", "value: 0.40 EUR/kWh", "series price: other values");
    one("mode: control", "mode: observe", "mode: control -> observe");
    one("mode: control", "mode: control\nplanning: {period: 1min}", "planning");
    one("mode: control", "mode: control\nfaults: [{kind: grid_loss, at: 5s}]", "faults");
    one("mode: control", "mode: control\nworkflows: [{task_id: a, power: 1kW}]", "workflows");
    one("mode: control", "mode: control\nschedules: {n: {loads: lamp, from: \"22:00\", class: 3}}",
        "schedules");
    one("mode: control", "mode: control\nties: {t: {from: rack-1, to: rack-2, limit: 5kW}}",
        "ties");
    one("mode: control", "mode: control\nalarms: {feeder_over: {priority: low, setpoint: 5%}}",
        "alarms feeder_over: low; raised above 5 % after 5 s, returns below 3 % after 10 s");
}

static bool told(const json_t *list, const char *line)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (strcmp(json_string_value(json_array_get(list, i)), line) == 0) {
            return true;
        }
    }
    return false;
}

static void what_comes_and_goes_is_told_both_ways(void **state)
{
    (void)state;
    int count;
    char *more = with(base, "count: 2", "count: 3");
    char *most = with(more, "stores:\n",
                      "sources:\n  diesel: {type: generator, capacity: 30kW, cost: 0.5 EUR/kWh}\n"
                      "stores:\n  wheel: {type: flywheel, capacity: 5kWh, power: 20kW}\n");
    json_t *list = lines(base, most, &count);
    assert_int_equal(count, 4);
    assert_true(told(list, "nodes rack: 2 -> 3"));
    assert_true(told(list, "loads server: 6 -> 9"));
    assert_true(told(list, "sources diesel: added (1)"));
    assert_true(told(list, "stores wheel: added (1)"));
    json_decref(list);
    list = lines(most, base, &count);
    assert_int_equal(count, 4);
    assert_true(told(list, "nodes rack: 3 -> 2"));
    assert_true(told(list, "stores wheel: removed"));
    json_decref(list);
    char *other = with(base, "  rack: {parent: site, count: 2, limit: 20kW}",
                       "  aisle: {parent: site, count: 2, limit: 20kW}\n"
                       "  rack: {parent: aisle, limit: 20kW}");
    list = lines(base, other, &count); /* what only moved along the list is the same */
    assert_true(told(list, "nodes aisle: added (2)"));
    assert_true(told(list, "nodes rack: breaker, cable, converter or place"));
    assert_false(told(list, "loads lamp: node"));
    json_decref(list);
    char *east = with(base, "mode: control", "mode: control\ntimezone: UTC+1");
    json_decref(lines(base, east, &count)); /* times of day are the site's */
    assert_int_equal(count, 2);
    free(east);
    free(more);
    free(most);
    free(other);
}

static void many_changes_are_counted(void **state)
{
    (void)state;
    enum { LAMPS = 60 };
    char text[LAMPS * 60 + 200] = "mode: control\nloads:\n";
    for (int i = 0; i < LAMPS; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "  lamp%d: {rating: 2kW, demand: 1kW}\n", i);
    }
    int count;
    json_t *list =
        lines("mode: control\nloads:\n  lamp0: {rating: 2kW, demand: 1kW}\n", text, &count);
    assert_int_equal(count, LAMPS - 1);
    assert_int_equal(json_array_size(list), SG_DIFFERENCE_MAX + 1);
    assert_string_equal(json_string_value(json_array_get(list, SG_DIFFERENCE_MAX)), "and 19 more");
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_site_is_like_itself),
        cmocka_unit_test(each_change_is_one_line),
        cmocka_unit_test(what_comes_and_goes_is_told_both_ways),
        cmocka_unit_test(many_changes_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
