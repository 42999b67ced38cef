/* What the problem documents accept, and the one line they answer to everything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/plan_arbitrage.h"
#include "cli/problem_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PLAN_HEAD                                                            \
    "{\"format\":\"symgrid.dispatch/1\",\"start\":\"2023-07-01T00:00:00Z\"," \
    "\"step_s\":900,\"steps\":2,\"load_kw\":[1,2]"
#define STORE                                                                                    \
    "\"stores\":[{\"id\":\"b\",\"energy_kwh_max\":9,\"charge_kw_max\":1,\"discharge_kw_max\":1," \
    "\"charge_eff\":0.9,\"discharge_eff\":0.9,\"initial_kwh\":3"
#define ZONES_HEAD                                                           \
    "{\"format\":\"symgrid.dispatch/1\",\"start\":\"2023-07-01T00:00:00Z\"," \
    "\"step_s\":900,\"steps\":2,\"zones\":[{\"id\":\"a\",\"load_kw\":1},"    \
    "{\"id\":\"b\",\"load_kw\":[2,3]}]"
#define TREE_HEAD                                                                  \
    "{\"format\":\"symgrid.allocation/1\",\"nodes\":[{\"id\":\"rack\",\"parent\":" \
    "\"site\",\"limit_kw\":3},{\"id\":\"site\",\"limit_kw\":9}],\"leaves\":["
#define LEAF "{\"id\":\"a\",\"parent\":\"rack\",\"demand_kw\":2"

/* Read a document; the message is left in *in. */
static bool read_plan(const char *text, sg_json_in *in, sg_arena *arena, sg_dispatch *ret)
{
    bool done = sg_json_in_load(in, "day.json", text, strlen(text), SG_DISPATCH_FORMAT) &&
                sg_dispatch_from_json(in, arena, ret);
    assert_int_equal(done, !in->failed);
    sg_json_in_close(in);
    return done;
}

static bool read_tree(const char *text, sg_json_in *in, sg_arena *arena,
                      sg_allocation_document *ret)
{
    bool done = sg_json_in_load(in, "tree.json", text, strlen(text), SG_ALLOCATION_FORMAT) &&
                sg_allocation_from_json(in, arena, ret);
    assert_int_equal(done, !in->failed);
    sg_json_in_close(in);
    return done;
}

static void expect_line(const char *message, const char *wanted)
{
    if (strncmp(message, wanted, strlen(wanted)) != 0 || strchr(message, '\n')) {
        print_error("\"%s\" does not begin with \"%s\"\n", message, wanted);
        fail();
    }
}

static void scalars_stand_for_series_and_defaults_for_what_is_absent(void **state)
{
    (void)state;
    sg_arena arena = {0};
    sg_json_in in;
    sg_dispatch p;
    static const char TEXT[] = PLAN_HEAD ",\"sources\":[{\"id\":\"pv\",\"available_kw\":7}],"
                                         "\"grid\":{\"import_kw_max\":5}," STORE "}]}";
    assert_true(read_plan(TEXT, &in, &arena, &p));
    assert_true(p.steps == 2 && p.step_s == 900.0 && p.load_kw[1] == 2.0);
    assert_true(p.start_us == INT64_C(1688169600000000));
    assert_true(p.sources[0].available_kw[0] == 7.0 && p.sources[0].available_kw[1] == 7.0);
    assert_null(p.sources[0].cost_per_kwh);
    assert_true(p.grid.present && p.grid.export_kw_max == 0.0);
    assert_true(isinf(p.grid.ramp_kw_per_step) && !p.grid.initial_net_given);
    assert_true(isinf(p.stores[0].final_kwh_min) && p.stores[0].final_kwh_min < 0.0);
    assert_string_equal(p.stores[0].id, "b");
    sg_arena_free(&arena);
}

static void things_stand_in_the_zone_they_name_or_in_the_first(void **state)
{
    (void)state;
    sg_arena arena = {0};
    sg_json_in in;
    sg_dispatch p;
    static const char TEXT[] = ZONES_HEAD
        ",\"links\":[{\"id\":\"ab\",\"from\":\"b\",\"to\":\"a\",\"back_kw_max\":4,\"loss_frac\":0."
        "1}],"
        "\"sources\":[{\"id\":\"pv\",\"available_kw\":7},"
        "{\"id\":\"gas\",\"available_kw\":7,\"zone\":\"b\"}],"
        "\"shed\":[{\"id\":\"s\",\"max_kw\":1,\"zone\":\"b\"}],"
        "\"shiftable\":[{\"id\":\"j\",\"zone\":\"b\",\"from\":0,\"to\":1,\"energy_kwh\":1,"
        "\"power_kw_max\":1}],"
        "\"grid\":{\"import_kw_max\":5,\"zone\":\"b\"}," STORE ",\"zone\":\"b\"}]}";
    assert_true(read_plan(TEXT, &in, &arena, &p));
    assert_true(!p.load_kw && p.zone_count == 2 && p.link_count == 1);
    assert_string_equal(p.zones[1].id, "b");
    assert_true(p.zones[0].load_kw[1] == 1.0 && p.zones[1].load_kw[1] == 3.0);
    assert_true(p.links[0].from == 1 && p.links[0].to == 0 && p.links[0].loss_frac == 0.1);
    assert_true(isinf(p.links[0].forward_kw_max) && p.links[0].back_kw_max == 4.0);
    assert_true(p.sources[0].zone == 0 && p.sources[1].zone == 1 && p.grid.zone == 1);
    assert_true(p.stores[0].zone == 1 && p.shed[0].zone == 1 && p.shiftable[0].zone == 1);
    sg_arena_free(&arena);
}

static void wrong_plans_are_refused_with_their_place(void **state)
{
    (void)state;
    static const char *const CASES[][2] = {
        {"", "day.json:1:1: expected JSON"},
        {"{\n \"format\": ?}", "day.json:2:12: expected JSON"},
        {"[]", "day.json: /: expected an object with \"format\""},
        {"{}", "day.json: /format: expected a text, found nothing"},
        {"{\"format\":\"symgrid.dispatch/2\"}",
         "day.json: /format: expected \"symgrid.dispatch/1\""},
        {PLAN_HEAD "} x", "day.json:1:"},
        {PLAN_HEAD ",\"steps\":2}", "day.json:1:"}, /* a key twice */
        {PLAN_HEAD ",\"a\":NaN}", "day.json:1:"},
        {PLAN_HEAD ",\"a\":1e999}", "day.json:1:"},
        {PLAN_HEAD ",\"sorces\":[]}",
         "day.json: /sorces: expected a known key; did you mean \"sources\"?"},
        {PLAN_HEAD ",\"sources\":{}}", "day.json: /sources: expected an array"},
        {PLAN_HEAD ",\"sources\":[3]}", "day.json: /sources/0: expected an object"},
        {PLAN_HEAD ",\"sources\":[{\"id\":\"pv\"}]}",
         "day.json: /sources/0/available_kw: expected a number or an array"},
        {PLAN_HEAD ",\"sources\":[{\"id\":\"pv\",\"available_kw\":[1]}]}",
         "day.json: /sources/0/available_kw: expected 2 numbers, found 1"},
        {PLAN_HEAD ",\"sources\":[{\"id\":\"pv\",\"available_kw\":[1,-1]}]}",
         "day.json: /sources/0/available_kw/1: expected a number of at least 0, found -1"},
        {PLAN_HEAD ",\"sources\":[{\"id\":\"pv\",\"available_kw\":[1,null]}]}",
         "day.json: /sources/0/available_kw/1: expected a number of at least 0"},
        {PLAN_HEAD ",\"sources\":[{\"id\":\"p v\",\"available_kw\":1}]}",
         "day.json: /sources/0/id: expected an id"},
        {PLAN_HEAD ",\"sources\":[{\"id\":\"p\",\"available_kw\":1},"
                   "{\"id\":\"p\",\"available_kw\":1}]}",
         "day.json: /sources: expected each id once, found \"p\" twice"},
        {PLAN_HEAD ",\"grid\":{\"import_kw_max\":-1}}",
         "day.json: /grid/import_kw_max: expected a number of at least 0, found -1"},
        {PLAN_HEAD ",\"grid\":{}}", "day.json: /grid/import_kw_max: expected"},
        {PLAN_HEAD ",\"grid\":{\"import_kw_max\":1,\"demand_periods\":[{\"from\":1,\"to\":3,"
                   "\"charge_per_kw\":1}]}}",
         "day.json: /grid/demand_periods/0/to: expected a whole number from 1 to 2"},
        {PLAN_HEAD "," STORE ",\"discharge_ef\":1}]}",
         "day.json: /stores/0/discharge_ef: expected a known key; did you mean \"discharge_eff\"?"},
        {PLAN_HEAD "," STORE ",\"energy_kwh_min\":10}]}",
         "day.json: /stores/0/energy_kwh_max: expected at least energy_kwh_min, 10"},
        {PLAN_HEAD "," STORE ",\"standing_loss_per_h\":1}]}",
         "day.json: /stores/0/standing_loss_per_h: expected a number of at least 0 and below 1, "
         "found 1"},
        {PLAN_HEAD ",\"reserve\":{\"up_kw\":1}}", "day.json: /reserve/duration_s: expected"},
        {PLAN_HEAD ",\"reserve\":[]}", "day.json: /reserve: expected an object"},
        {"{\"format\":\"symgrid.dispatch/1\",\"start\":\"today\"}",
         "day.json: /start: expected a time such as"},
        {"{\"format\":\"symgrid.dispatch/1\",\"start\":\"2023-01-01\",\"step_s\":0}",
         "day.json: /step_s: expected a number above 0, found 0"},
        {"{\"format\":\"symgrid.dispatch/1\",\"start\":\"2023-01-01\",\"step_s\":1,\"steps\":1.5}",
         "day.json: /steps: expected a whole number from 1"},
        {PLAN_HEAD ",\"zones\":[{\"id\":\"a\",\"load_kw\":1}]}",
         "day.json: /load_kw: expected nothing beside zones"},
        {PLAN_HEAD ",\"zones\":[]}", "day.json: /zones: expected 1 to 16 zones, found 0"},
        {PLAN_HEAD ",\"sources\":[{\"id\":\"pv\",\"available_kw\":1,\"zone\":\"a\"}]}",
         "day.json: /sources/0/zone: expected zones in the document"},
        {PLAN_HEAD ",\"links\":[{\"id\":\"l\",\"from\":\"a\",\"to\":\"b\"}]}",
         "day.json: /links/0/from: expected zones in the document"},
        {ZONES_HEAD ",\"sources\":[{\"id\":\"pv\",\"available_kw\":1,\"zone\":\"c\"}]}",
         "day.json: /sources/0/zone: expected the id of a zone, found \"c\""},
        {ZONES_HEAD ",\"grid\":{\"import_kw_max\":1,\"zone\":2}}",
         "day.json: /grid/zone: expected a text"},
        {ZONES_HEAD ",\"grid\":{\"import_kw_max\":1,\"zone\":null}}",
         "day.json: /grid/zone: expected a text"},
        {ZONES_HEAD ",\"links\":[{\"id\":\"l\",\"from\":\"a\",\"to\":\"a\"}]}",
         "day.json: /links/0/to: expected another zone than from"},
        {ZONES_HEAD ",\"links\":[{\"id\":\"l\",\"from\":\"a\"}]}",
         "day.json: /links/0/to: expected a text, found nothing"},
        {ZONES_HEAD ",\"links\":[{\"id\":\"l\",\"from\":\"a\",\"to\":\"b\",\"loss_frac\":1}]}",
         "day.json: /links/0/loss_frac: expected a number of at least 0 and below 1, found 1"},
        {ZONES_HEAD
         ",\"links\":[{\"id\":\"l\",\"from\":\"a\",\"to\":\"b\",\"forward_kw_max\":-1}]}",
         "day.json: /links/0/forward_kw_max: expected a number of at least 0, found -1"},
        {ZONES_HEAD ",\"links\":[{\"id\":\"l\",\"from\":\"a\",\"to\":\"b\"},"
                    "{\"id\":\"l\",\"from\":\"a\",\"to\":\"b\"}]}",
         "day.json: /links: expected each id once, found \"l\" twice"},
        {"{\"format\":\"symgrid.dispatch/1\",\"start\":\"2023-01-01\",\"step_s\":1,\"steps\":1,"
         "\"zones\":[{\"id\":\"a\"}]}",
         "day.json: /zones/0/load_kw: expected a number or an array"},
        {"{\"format\":\"symgrid.dispatch/1\",\"start\":\"2023-01-01\",\"step_s\":1,\"steps\":1,"
         "\"zones\":[{\"id\":\"a\",\"load_kw\":1},{\"id\":\"a\",\"load_kw\":1}]}",
         "day.json: /zones: expected each id once, found \"a\" twice"},
        {PLAN_HEAD ",\"a/b~\\n\":0}", "day.json: /a~1b~0?: expected a known key"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        sg_arena arena = {0};
        sg_json_in in;
        sg_dispatch p;
        assert_false(read_plan(CASES[i][0], &in, &arena, &p));
        expect_line(in.message, CASES[i][1]);
        assert_false(in.environment);
        sg_arena_free(&arena);
    }
}

static void trees_are_sorted_with_parents_first(void **state)
{
    (void)state;
    sg_arena arena = {0};
    sg_json_in in;
    sg_allocation_document d;
    assert_true(read_tree(TREE_HEAD LEAF ",\"class\":3}]}", &in, &arena, &d));
    assert_string_equal(d.node_id[0], "site");
    assert_string_equal(d.node_id[1], "rack");
    const sg_allocation *a = &d.allocation;
    assert_true(a->node_parent[0] == -1 && a->node_parent[1] == 0);
    assert_true(a->node_limit_w[0] == 9.0 && a->node_limit_w[1] == 3.0);
    assert_true(a->leaf_node[0] == 1 && a->leaf_class[0] == 3 && a->leaf_weight[0] == 1.0);
    assert_true(a->leaf_min_w[0] == 0.0 && a->leaf_demand_w[0] == 2.0);
    sg_arena_free(&arena);
}

static void wrong_trees_are_refused_with_their_place(void **state)
{
    (void)state;
    static const char NODES[] = "{\"format\":\"symgrid.allocation/1\",\"leaves\":[],\"nodes\":[";
    static const char *const CASES[][2] = {
        {"]}", "tree.json: /nodes: expected an array of 1 to"},
        {"{\"id\":\"a\",\"limit_kw\":-2}]}", "tree.json: /nodes/0/limit_kw: expected a number of"},
        {"{\"id\":\"a\"},{\"id\":\"a\"}]}", "tree.json: /nodes/1/id: expected each id once"},
        {"{\"id\":\"a\",\"parent\":\"b\"}]}",
         "tree.json: /nodes/0/parent: expected the id of a node, found \"b\""},
        {"{\"id\":\"a\",\"parent\":\"a\"}]}", "tree.json: /nodes/0/parent: expected a tree"},
        {"{\"id\":\"r\"},{\"id\":\"a\",\"parent\":\"b\"},{\"id\":\"b\",\"parent\":\"c\"},"
         "{\"id\":\"c\",\"parent\":\"a\"}]}",
         "tree.json: /nodes/1/parent: expected a tree, found a cycle"},
    };
    static const char *const LEAVES[][2] = {
        {LEAF ",\"class\":8}]}", "tree.json: /leaves/0/class: expected a whole number from 0 to 7"},
        {LEAF ",\"weight\":0}]}", "tree.json: /leaves/0/weight: expected a number above 0"},
        {LEAF ",\"min_kw\":-1}]}", "tree.json: /leaves/0/min_kw: expected a number of at least 0"},
        {LEAF "}," LEAF "}]}", "tree.json: /leaves/1/id: expected each id once"},
        {"{\"id\":\"a\",\"demand_kw\":2}]}", "tree.json: /leaves/0/parent: expected a text"},
        {"{\"id\":\"a\",\"parent\":\"a\",\"demand_kw\":2}]}",
         "tree.json: /leaves/0/parent: expected the id of a node"},
        {"{\"id\":\"a\",\"parent\":\"rack\"}]}", "tree.json: /leaves/0/demand_kw: expected"},
    };
    char text[1024];
    size_t node_cases = sizeof CASES / sizeof *CASES, leaf_cases = sizeof LEAVES / sizeof *LEAVES;
    for (size_t i = 0; i < node_cases + leaf_cases; i++) {
        sg_arena arena = {0};
        sg_json_in in;
        sg_allocation_document d;
        const char *const *pair = i < node_cases ? CASES[i] : LEAVES[i - node_cases];
        snprintf(text, sizeof text, "%s%s", i < node_cases ? NODES : TREE_HEAD, pair[0]);
        assert_false(read_tree(text, &in, &arena, &d));
        expect_line(in.message, pair[1]);
        sg_arena_free(&arena);
    }
}

static void a_missing_file_is_one_line_too(void **state)
{
    (void)state;
    sg_json_in in;
    assert_false(sg_json_in_open(&in, "no/such/file.json", SG_DISPATCH_FORMAT));
    expect_line(in.message, "no/such/file.json: expected a readable file: ");
    assert_true(in.environment);
    sg_json_in_close(&in);
}

#define TRADE(prices, costs, efficiencies)                                                \
    "{\"format\":\"symgrid.arbitrage/1\",\"prices\":" prices ",\"transfer_costs\":" costs \
    ",\"transfer_efficiencies\":" efficiencies                                            \
    ",\"max_energy_per_period\":1,\"available_energy\":2}"

static void matrices_of_transfers_are_square_and_of_the_prices(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line;
    } CASES[] = {
        {TRADE("[1,2]", "[[0,1],[2,0]]", "[[0,0.5],[1,0]]"), NULL},
        {TRADE("[]", "[]", "[]"), "t.json: /prices: expected an array of 1 to"},
        {TRADE("[1,2]", "[[0,1]]", "[[0,1],[1,0]]"), "t.json: /transfer_costs: expected 2 rows"},
        {TRADE("[1,2]", "[[0,1],[2]]", "[[0,1],[1,0]]"), "t.json: /transfer_costs/1: expected an"},
        {TRADE("[1,2]", "[[0,1],[2,0]]", "[[0,\"a\"],[1,0]]"),
         "t.json: /transfer_efficiencies/0/1: expected a number"},
        {TRADE("[1,2]", "[[0,1],[2,0]]", "[[0,1],[-1,0]]"),
         "t.json: /transfer_efficiencies/1/0: expected a number of at least 0, found -1"},
    };
    for (size_t k = 0; k < sizeof CASES / sizeof *CASES; k++) {
        sg_arena arena = {0};
        sg_json_in in;
        sg_transfer trade;
        const char *text = CASES[k].text;
        bool read = sg_json_in_load(&in, "t.json", text, strlen(text), SG_ARBITRAGE_FORMAT) &&
                    sg_transfer_from_json(&in, &arena, &trade);
        sg_json_in_close(&in);
        assert_int_equal(read, CASES[k].line == NULL);
        if (CASES[k].line) {
            expect_line(in.message, CASES[k].line);
        } else {
            assert_true(trade.cost[2] == 2.0 && trade.efficiency[1] == 0.5);
        }
        sg_arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_stand_for_series_and_defaults_for_what_is_absent),
        cmocka_unit_test(things_stand_in_the_zone_they_name_or_in_the_first),
        cmocka_unit_test(wrong_plans_are_refused_with_their_place),
        cmocka_unit_test(trees_are_sorted_with_parents_first),
        cmocka_unit_test(wrong_trees_are_refused_with_their_place),
        cmocka_unit_test(a_missing_file_is_one_line_too),
        cmocka_unit_test(matrices_of_transfers_are_square_and_of_the_prices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
