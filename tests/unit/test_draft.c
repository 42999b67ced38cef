/* A site file made of answers: what it says is what was answered, and the reader takes it whatever the answers are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"
#include "serve/draft.h"
#include "site/draft.h"
#include "site/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static sg_draft draft;
static sg_site site;
static sg_diagnostics said;
static char error[SG_DRAFT_ERROR];

static void answer(sg_draft_key key, const char *text)
{
    if (sg_draft_answer(&draft, key, text, error) != SG_OK) {
        print_error("%s\n", error);
        fail();
    }
}

/* Write the draft and load it as `check` would, without the price file. */
static void read_it(void)
{
    sg_draft_key key;
    sg_out out = {0};
    if (sg_draft_check(&draft, &key, error) != SG_OK) {
        print_error("%s\n", error);
        fail();
    }
    sg_draft_write(&draft, "6f1f0d53-3c0e-4b59-9f6a-1a3b1f8f2c11", "2026-01-31", &out);
    assert_false(out.failed);
    sg_status status = sg_site_parse("dir/site.maml.md", out.text, out.length, false, &site, &said);
    if (status != SG_OK || said.warnings > 0) {
        print_error("%s\n%d:%d: %s; %s\n", out.text, said.items[0].line, said.items[0].column,
                    said.items[0].message, said.items[0].hint);
        fail();
    }
    sg_out_free(&out);
}

static void done(void)
{
    sg_site_free(&site);
    sg_diagnostics_free(&said);
}

static double load_sum(int param)
{
    double sum = 0;
    for (int32_t i = 0; i < site.device_count[SG_LOAD]; i++) {
        sum += site.devices[SG_LOAD][i].p[param];
    }
    return sum;
}

static void says_what_was_answered(void **state)
{
    (void)state;
    sg_reservoir r;
    sg_draft_start(&draft);
    answer(SG_DRAFT_TITLE, "Nord \"7\" \\ Halle");
    answer(SG_DRAFT_RACKS, "6");
    answer(SG_DRAFT_RACK_POWER, "12.5kW");
    answer(SG_DRAFT_FEEDERS, "3");
    answer(SG_DRAFT_GRID, "150 kW");
    answer(SG_DRAFT_EXPORT, "20kW");
    answer(SG_DRAFT_BATTERY, "0.25MWh");
    answer(SG_DRAFT_BATTERY_POWER, "60kW");
    answer(SG_DRAFT_SOLAR, "40kW");
    answer(SG_DRAFT_PRICE, "0.21 CHF/kWh");
    answer(SG_DRAFT_DEMAND_CHARGE, "9 CHF/kW");
    answer(SG_DRAFT_TIMEZONE, "UTC-5");
    read_it();
    assert_string_equal(site.title, "Nord \"7\" \\ Halle");
    assert_string_equal(site.currency, "CHF");
    assert_int_equal(site.zone_offset_s, -5 * 3600);
    assert_int_equal(site.mode, SG_OBSERVE);
    assert_int_equal(site.node_count, 1 + 3 + 6);
    assert_int_equal(site.device_count[SG_LOAD], 6 + 6 + 1);
    for (int n = 1; n <= 3; n++) {
        assert_true(fabs(site.nodes[n].limit_w - 25e3) <= 1e-6);
        assert_int_equal(site.nodes[n].parent, 0);
    }
    for (int n = 4; n < 10; n++) {
        assert_true(fabs(site.nodes[n].limit_w - 12.5e3) <= 1e-6);
    }
    assert_true(fabs(site.nodes[0].limit_w - 250e3) <= 1e-6); /* grid, battery and panels */
    assert_true(fabs(load_sum(SG_LOAD_RATING) - 6 * 12.5e3 * 1.3) <= 1e-6);
    assert_int_equal(site.device_count[SG_STORE], 1);
    const sg_device *battery = &site.devices[SG_STORE][0];
    sg_device_kind(&site, battery)->reservoir(battery->p, &r);
    assert_true(fabs(r.capacity_j - 250 * 3.6e6) <= 1);
    assert_true(fabs(r.discharge_w_max - 60e3) <= 1e-6);
    assert_true(fabs(r.charge_w_max - 60e3) <= 1e-6);
    const sg_device *grid = &site.devices[SG_GRID][0];
    assert_true(fabs(grid->p[SG_GRID_IMPORT_MAX] - 150e3) <= 1e-6);
    assert_true(fabs(grid->p[SG_GRID_EXPORT_MAX] - 20e3) <= 1e-6);
    assert_true(fabs(grid->p[SG_GRID_DEMAND_CHARGE] - 9e-3) <= 1e-12);
    assert_true(fabs(grid->input_value[SG_GRID_IMPORT_PRICE] - 0.21 / 3.6e6) <= 1e-15);
    assert_int_equal(site.device_count[SG_SOURCE], 1);
    done();
}

static void leaves_out_what_is_not_there(void **state)
{
    (void)state;
    sg_draft_start(&draft);
    answer(SG_DRAFT_BATTERY, "0kWh");
    answer(SG_DRAFT_SOLAR, "0kW");
    read_it();
    assert_int_equal(site.device_count[SG_STORE], 0);
    assert_int_equal(site.device_count[SG_SOURCE], 0);
    done();
}

static void refuses_what_it_cannot_use(void **state)
{
    (void)state;
    static const struct {
        sg_draft_key key;
        const char *text, *says;
    } bad[] = {{SG_DRAFT_RACKS, "0", "from 1 to 20000"},
               {SG_DRAFT_RACKS, "two", "whole number"},
               {SG_DRAFT_RACKS, "2.5", "whole number"},
               {SG_DRAFT_RACKS, "-3", "whole number"},
               {SG_DRAFT_RACK_POWER, "20", "a power such as"},
               {SG_DRAFT_RACK_POWER, "20kWh", "a power such as"},
               {SG_DRAFT_RACK_POWER, "5MW", "between"},
               {SG_DRAFT_BATTERY, "-1kWh", "between"},
               {SG_DRAFT_BATTERY, "100kW", "an energy such as"},
               {SG_DRAFT_PRICE, "3", "ends in .csv"},
               {SG_DRAFT_PRICE, "prices.xls", "ends in .csv"},
               {SG_DRAFT_PRICE_UNIT, "kWh", "price of energy"},
               {SG_DRAFT_DEMAND_CHARGE, "-1 EUR/kW", "not negative"},
               {SG_DRAFT_TIMEZONE, "Europe/Berlin", "fixed offset"},
               {SG_DRAFT_TITLE, "", "a name"},
               {SG_DRAFT_TITLE, "a <!-- b", "without <"},
               {SG_DRAFT_TITLE, "two\nlines", "one line"},
               {SG_DRAFT_TITLE, "\xff", "one line"}};
    sg_draft_start(&draft);
    sg_draft before = draft;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(sg_draft_answer(&draft, bad[i].key, bad[i].text, error), SG_FORMAT);
        assert_non_null(strstr(error, sg_draft_questions[bad[i].key].key));
        if (!strstr(error, bad[i].says)) {
            print_error("%s does not say '%s'\n", error, bad[i].says);
            fail();
        }
        assert_memory_equal(&draft, &before, sizeof draft);
    }
}

static void asks_for_what_goes_together(void **state)
{
    (void)state;
    sg_draft_key key;
    sg_draft_start(&draft);
    answer(SG_DRAFT_RACKS, "7");
    answer(SG_DRAFT_FEEDERS, "2");
    assert_int_equal(sg_draft_check(&draft, &key, error), SG_FORMAT);
    assert_int_equal(key, SG_DRAFT_FEEDERS);
    sg_draft_start(&draft);
    answer(SG_DRAFT_BATTERY_POWER, "0kW");
    assert_int_equal(sg_draft_check(&draft, &key, error), SG_FORMAT);
    assert_int_equal(key, SG_DRAFT_BATTERY_POWER);
    sg_draft_start(&draft);
    answer(SG_DRAFT_FEED_IN, "0.1 USD/kWh"); /* the price is in EUR */
    assert_int_equal(sg_draft_check(&draft, &key, error), SG_FORMAT);
    assert_int_equal(key, SG_DRAFT_FEED_IN);
    sg_draft_start(&draft);
    answer(SG_DRAFT_PRICE, "prices.csv");
    assert_int_equal(sg_draft_check(&draft, &key, error), SG_FORMAT);
    assert_int_equal(key, SG_DRAFT_PRICE_TIME);
}

static void guesses_columns(void **state)
{
    (void)state;
    static const struct {
        const char *head, *time, *price, *unit;
    } heads[] = {{"time_utc,price_eur_mwh\n", "time_utc", "price_eur_mwh", "EUR/MWh"},
                 {"time_utc,price_usd_mwh\r\n", "time_utc", "price_usd_mwh", "USD/MWh"},
                 {"\xef\xbb\xbf\"MTU (CET)\",\"date, start\",\"Price GBP/kWh\"", "date, start",
                  "Price GBP/kWh", "GBP/kWh"},
                 {"hour,temperature,tariff", "hour", "tariff", ""},
                 {"date,value", "date", "value", ""},
                 {"", "", "", ""}};
    for (size_t i = 0; i < COUNT(heads); i++) {
        sg_draft_start(&draft);
        answer(SG_DRAFT_PRICE, "p.csv");
        sg_draft_guess(&draft, heads[i].head);
        assert_string_equal(draft.answer[SG_DRAFT_PRICE_TIME], heads[i].time);
        assert_string_equal(draft.answer[SG_DRAFT_PRICE_COLUMN], heads[i].price);
        assert_string_equal(draft.answer[SG_DRAFT_PRICE_UNIT], heads[i].unit);
    }
    sg_draft_start(&draft); /* what was said is kept */
    answer(SG_DRAFT_PRICE, "p.csv");
    answer(SG_DRAFT_PRICE_COLUMN, "other");
    answer(SG_DRAFT_PRICE_UNIT, "EUR/kWh");
    sg_draft_guess(&draft, "time,price_usd_mwh,other");
    assert_string_equal(draft.answer[SG_DRAFT_PRICE_COLUMN], "other");
    assert_string_equal(draft.answer[SG_DRAFT_PRICE_UNIT], "EUR/kWh");
}

static uint64_t draws;

static uint64_t draw(void)
{
    return sg_prng_u64(20261126, draws++);
}

/* A text of bytes that like to break YAML and Markdown. */
static void draw_text(char ret[24])
{
    static const char bytes[] = "aZ9 \"'\\:#{}[]|>-*&!%@,?~=_.$";
    int length = 1 + (int)(draw() % 20);
    for (int i = 0; i < length; i++) {
        ret[i] = bytes[draw() % (sizeof bytes - 1)];
    }
    ret[length] = '\0';
}

static void any_answers_make_a_site_that_loads(void **state)
{
    (void)state;
    for (int round = 0; round < 400; round++) {
        char text[64], odd[24];
        int feeders = 1 + (int)(draw() % 5), racks = feeders * (1 + (int)(draw() % 6));
        bool file = draw() % 2;
        sg_draft_start(&draft);
        draw_text(odd);
        if (sg_draft_answer(&draft, SG_DRAFT_TITLE, odd, error) != SG_OK) {
            answer(SG_DRAFT_TITLE, "x");
        }
        snprintf(text, sizeof text, "%d", racks);
        answer(SG_DRAFT_RACKS, text);
        snprintf(text, sizeof text, "%d", feeders);
        answer(SG_DRAFT_FEEDERS, text);
        snprintf(text, sizeof text, "%.3fkW", 0.1 + 900 * sg_prng_unit(20261126, draws++));
        answer(SG_DRAFT_RACK_POWER, text);
        snprintf(text, sizeof text, "%.4gMWh",
                 draw() % 3 ? 100 * sg_prng_unit(20261126, draws++) : 0);
        answer(SG_DRAFT_BATTERY, text);
        snprintf(text, sizeof text, "%.4gkW",
                 draw() % 2 ? 1e4 * sg_prng_unit(20261126, draws++) : 0);
        answer(SG_DRAFT_SOLAR, text);
        if (file) {
            draw_text(odd);
            snprintf(text, sizeof text, "%s.csv", odd);
            answer(SG_DRAFT_PRICE, text);
            draw_text(odd);
            snprintf(text, sizeof text, "t%s", odd);
            answer(SG_DRAFT_PRICE_TIME, text);
            snprintf(text, sizeof text, "p%s", odd);
            answer(SG_DRAFT_PRICE_COLUMN, text);
            answer(SG_DRAFT_PRICE_UNIT, "SEK/kWh");
        }
        read_it();
        assert_int_equal(site.node_count, 1 + feeders + racks);
        done();
    }
}

static void ids_are_of_version_4(void **state)
{
    (void)state;
    unsigned char random[16];
    char id[40];
    memset(random, 0xff, sizeof random);
    sg_draft_uuid(random, id);
    assert_string_equal(id, "ffffffff-ffff-4fff-bfff-ffffffffffff"); /* RFC 9562, 5.4 */
    memset(random, 0, sizeof random);
    sg_draft_uuid(random, id);
    assert_string_equal(id, "00000000-0000-4000-8000-000000000000");
}

static void bodies_are_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *body, *slug, *pointer;
    } bad[] = {{"", "json", ""},
               {"[]", "type", ""},
               {"{\"racks\":2,\"racks\":3}", "json", ""},
               {"{\"rakcs\":2}", "unknown-key", ""},
               {"{\"racks\":true}", "type", "/racks"},
               {"{\"racks\":0}", "answer", "/racks"},
               {"{\"racks\":7,\"feeders\":\"2\"}", "answer", "/feeders"},
               {"{\"price\":\"p.csv\"}", "answer", "/price_time"},
               {"{\"price\":\"p.csv\",\"price_head\":5.5}", "type", "/price_head"},
               {"{\"price\":\"p.csv\",\"price_head\":5}", "type", "/price_head"}};
    sg_body_error why;
    for (size_t i = 0; i < COUNT(bad); i++) {
        sg_draft_start(&draft);
        sg_draft before = draft;
        assert_int_equal(sg_body_draft(bad[i].body, strlen(bad[i].body), &draft, &why), SG_FORMAT);
        assert_string_equal(why.slug, bad[i].slug);
        assert_string_equal(why.pointer, bad[i].pointer);
        assert_true(strlen(why.detail) > 10);
        assert_memory_equal(&draft, &before, sizeof draft);
    }
    static const char good[] =
        "{\"racks\":4,\"price\":\"p.csv\",\"price_head\":\"time,price_eur_mwh\"}";
    assert_int_equal(sg_body_draft(good, sizeof good - 1, &draft, &why), SG_OK);
    assert_string_equal(draft.answer[SG_DRAFT_RACKS], "4");
    assert_string_equal(draft.answer[SG_DRAFT_PRICE_UNIT], "EUR/MWh");
    read_it();
    done();
}

/* The page asks for what the program knows, and for all of it. */
static void the_page_asks_every_question(void **state)
{
    (void)state;
    static char page[32768];
    FILE *file = fopen("web/setup.html", "r");
    assert_non_null(file);
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
    int asked = 0;
    for (const char *at = page; (at = strstr(at, "name=\"")); at++) {
        char name[48];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 6, "\""), at + 6);
        if (strcmp(name, "viewport") != 0 && strcmp(name, "color-scheme") != 0) {
            int key = sg_draft_find(name);
            assert_true(key >= 0);
            char value[SG_DRAFT_TEXT + 16];
            snprintf(value, sizeof value, "value=\"%s\"", sg_draft_questions[key].standard);
            char *end = strchr(at, '>');
            assert_true(!sg_draft_questions[key].standard[0] ||
                        (strstr(at, value) && strstr(at, value) < end));
            asked++;
        }
    }
    assert_int_equal(asked, SG_DRAFT_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(says_what_was_answered),
                                       cmocka_unit_test(leaves_out_what_is_not_there),
                                       cmocka_unit_test(refuses_what_it_cannot_use),
                                       cmocka_unit_test(asks_for_what_goes_together),
                                       cmocka_unit_test(guesses_columns),
                                       cmocka_unit_test(any_answers_make_a_site_that_loads),
                                       cmocka_unit_test(ids_are_of_version_4),
                                       cmocka_unit_test(bodies_are_read_strictly),
                                       cmocka_unit_test(the_page_asks_every_question)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
