/* What site files mean: counted and computed by hand here, read by the reader there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"
#include "site/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOAD "loads: {it: {rating: 5kW, demand: 3kW}}\n"

static sg_site site;
static sg_diagnostics said;

static sg_status read_as(const char *path, const char *text)
{
    return sg_site_parse(path, text, strlen(text), false, &site, &said);
}

static void read_good(const char *text)
{
    if (read_as("dir/site.yaml", text) != SG_OK) {
        print_error("%d:%d: %s; %s\n", said.items[0].line, said.items[0].column,
                    said.items[0].message, said.items[0].hint);
        fail();
    }
}

static void done(void)
{
    sg_site_free(&site);
    sg_diagnostics_free(&said);
}

static bool warned(const char *part)
{
    for (int i = 0; i < said.count; i++) {
        if (said.items[i].severity == SG_WARNING && strstr(said.items[i].message, part)) {
            return true;
        }
    }
    return false;
}

static const sg_group *group_of(const char *id)
{
    for (int32_t i = 0; i < site.group_count; i++) {
        if (strcmp(site.groups[i].id, id) == 0) {
            return &site.groups[i];
        }
    }
    print_error("there is no group %s\n", id);
    fail();
    return NULL;
}

static const sg_device *device(const char *id, int member)
{
    const sg_group *group = group_of(id);
    assert_in_range(member, 0, group->count - 1);
    return &site.devices[group->role][group->first + member];
}

static double param(const char *id, int member, const char *name)
{
    const sg_kind *kind = group_of(id)->kind;
    for (int i = 0; i < kind->param_count; i++) {
        if (strcmp(kind->params[i].name, name) == 0) {
            return device(id, member)->p[i];
        }
    }
    fail();
    return 0;
}

static void near(double value, double wanted)
{
    if (!(fabs(value - wanted) <= 1e-12 * fabs(wanted))) {
        print_error("%.17g instead of %.17g\n", value, wanted);
        fail();
    }
}

static void the_source_document_loads_as_it_stands(void **state)
{
    (void)state;
    assert_int_equal(
        sg_site_load("tests/golden/source/floating-data-centre-energy.md", &site, &said), SG_OK);
    near(param("solar", 0, "capacity"), 4e6);
    near(param("solar", 0, "efficiency"), 0.22);
    near(param("solar", 0, "coverage_area"), 10000);
    near(param("solar", 0, "maintenance_cycle"), 604800);
    near(param("osmotic", 0, "capacity"), 2e6);
    near(param("osmotic", 0, "membrane_count"), 1000);
    near(param("storage", 0, "capacity"), 3.6e11);
    near(param("storage", 0, "discharge_rate"), 1e7);
    near(param("storage", 0, "cycle_life"), 5000);
    assert_int_equal(site.node_count, 1);
    assert_true(isinf(site.nodes[0].limit_w));
    assert_int_equal(site.device_count[SG_LOAD], 0);
    assert_int_equal(site.workflow_count, 1);
    assert_string_equal(site.workflows[0].task_id, "energy_allocation_001");
    assert_int_equal(site.workflows[0].priority, 0);
    near(site.workflows[0].power_w, 6e6);
    assert_true(site.workflows[0].duration_s == 0);
    assert_true(site.mode == SG_OBSERVE);
    done();
}

static void it_says_what_the_source_gets_wrong(void **state)
{
    (void)state;
    assert_int_equal(
        sg_site_load("tests/golden/source/floating-data-centre-energy.md", &site, &said), SG_OK);
    assert_true(warned("10000 m2 x 22 % gives 2.2 MW at 1 kW/m2, less than the capacity of 4 MW"));
    assert_true(warned("it is a store"));
    assert_int_equal(group_of("osmotic")->kind->role, SG_SOURCE);
    assert_int_equal(group_of("osmotic")->role, SG_STORE);
    assert_int_equal(site.device_count[SG_STORE], 2);
    assert_int_equal(site.device_count[SG_SOURCE], 1);
    /* Its store parameters stand after its own. */
    near(sg_device_role_param(&site, device("osmotic", 0), SG_STORE_INITIAL), 0.5);
    done();
}

static void an_osmotic_plant_on_a_river_stays_a_source(void **state)
{
    (void)state;
    read_good("osmotic: {capacity: 2MW, desalination_source: river, cost: 0.01 EUR/kWh}\n" LOAD);
    assert_int_equal(group_of("osmotic")->role, SG_SOURCE);
    near(sg_device_role_param(&site, device("osmotic", 0), SG_SOURCE_COST), 0.01 / 3.6e6);
    done();
}

static void a_workflow_document_stands_by_itself(void **state)
{
    (void)state;
    assert_int_equal(
        read_as("w.maml.md",
                "---\nmaml_version: \"1.0\"\ntype: workflow\ntask_id: charge-7\npriority: low\n"
                "energy_budget: 6MWh\nduration: 3h\n---\n# Charge\n## Context\ntext\n"),
        SG_OK);
    assert_int_equal(site.workflow_count, 1);
    near(site.workflows[0].power_w, 2e6);
    near(site.workflows[0].duration_s, 10800);
    assert_int_equal(site.workflows[0].priority, 3);
    assert_string_equal(site.title, "Charge");
    done();
    read_good("workflows: [{task_id: a, power: 1MW, energy_budget: 500kWh}]\n" LOAD);
    near(site.workflows[0].duration_s, 1800);
    assert_int_equal(site.workflows[0].priority, 2);
    done();
}

static void counts_multiply_down_the_tree_in_order(void **state)
{
    (void)state;
    read_good(
        "nodes:\n  rack: {parent: pdu, count: 4}\n  pdu: {parent: feeder, count: 4, limit: [150kW, "
        "90kW]}\n"
        "  feeder: {parent: site}\n  site: {limit: 4MW}\n"
        "loads:\n  server: {node: rack, count: 8, rating: 5kW, demand: [1kW, 2kW, 3kW]}\n"
        "  one: {node: pdu-3, rating: 5kW, demand: 1kW}\n  top: {rating: 5kW, demand: 1kW}\n");
    assert_int_equal(site.node_count, 1 + 1 + 4 + 16);
    for (int32_t i = 0; i < site.node_count; i++) {
        assert_true(site.nodes[i].parent < i); /* parents first */
    }
    char name[SG_ID_MAX];
    for (int i = 0; i < 16; i++) {
        sg_site_node_name(&site, 6 + i, name);
        char wanted[SG_ID_MAX];
        snprintf(wanted, sizeof wanted, "rack-%d", i + 1);
        assert_string_equal(name, wanted);
        assert_int_equal(site.nodes[6 + i].parent, 2 + i / 4);
    }
    near(site.nodes[2].limit_w, 150e3);
    near(site.nodes[3].limit_w, 90e3);
    near(site.nodes[4].limit_w, 150e3);
    assert_int_equal(group_of("server")->count, 128);
    for (int i = 0; i < 128; i++) {
        assert_int_equal(device("server", i)->node, 6 + i / 8);
        near(device("server", i)->input_value[SG_LOAD_DEMAND], 1000.0 * (1 + i % 3));
    }
    sg_site_device_name(&site, SG_LOAD, group_of("server")->first + 127, name);
    assert_string_equal(name, "server-128");
    sg_site_device_name(&site, SG_LOAD, group_of("one")->first, name);
    assert_string_equal(name, "one");
    assert_int_equal(device("one", 0)->node, 4);
    assert_int_equal(device("top", 0)->node, 0);
    done();
}

static void cables_lose_what_their_resistance_says(void **state)
{
    (void)state;
    read_good(
        "nodes:\n  site: {}\n"
        "  three: {parent: site, voltage: 400V, cable_length: 50m, cable_section: 95mm2}\n"
        "  one: {parent: site, voltage: 230V, cable_length: 20m, cable_section: 16mm2, phases: 1}\n"
        "  dc: {parent: site, voltage: 380V, cable_length: 10m, cable_section: 50mm2, phases: dc, "
        "conductor: aluminium}\n" LOAD);
    /* 17.241 and 28.264 ohm mm2/km at 20 degC, 50 K warmer. */
    double copper = 17.241 * 1.1965, aluminium = 28.264 * 1.1965;
    near(site.nodes[1].loss_ohm, copper * 0.050 / 95);
    near(site.nodes[2].loss_ohm, 2 * copper * 0.020 / 16);
    near(site.nodes[3].loss_ohm, 2 * aluminium * 0.010 / 50);
    /* 100 kW at 400 V: 144.34 A in each of three conductors of 10.86 mOhm. */
    double ampere = 100e3 / (sqrt(3) * 400), loss_w = 3 * ampere * ampere * copper * 0.050 / 95;
    double ours_w = site.nodes[1].loss_ohm * (100e3 / 400) * (100e3 / 400);
    assert_true(fabs(ours_w / loss_w - 1) < 1e-12 && ours_w > 670 && ours_w < 685);
    near(site.nodes[1].cable_mm2, 95);
    near(site.nodes[1].cable_m, 50);
    assert_true(site.nodes[0].loss_ohm == 0);
    done();
}

static void breakers_carry_eighty_per_cent(void **state)
{
    (void)state;
    read_good("nodes:\n  site: {limit: 1MW}\n  a: {parent: site, breaker: 250A, voltage: 400V}\n"
              "  b: {parent: site, breaker: 250A, voltage: 400V, limit: 100kW, efficiency: 98%}\n"
              "  c: {parent: site, breaker: 16A, voltage: 230V, phases: 1}\n  d: {parent: site, "
              "breaker: 100A, voltage: 415V}\n" LOAD);
    near(site.nodes[1].limit_w, 0.8 * sqrt(3) * 400 * 250);
    near(site.nodes[2].limit_w, 100e3);
    near(site.nodes[2].converter_eff, 0.98);
    near(site.nodes[3].limit_w, 0.8 * 230 * 16);
    assert_true(fabs(site.nodes[4].limit_w - 57.5e3) < 50); /* 71.9 kW x 0.8 */
    near(site.nodes[4].breaker_a, 100);
    done();
}

static void cells_stand_beside_their_servers(void **state)
{
    (void)state;
    read_good("nodes: {site: {}, rack: {parent: site, count: 3}}\n"
              "stores:\n  cell: {type: lithium_ion, beside: server, capacity: 50Wh, "
              "discharge_rate: 1kW, duty: device, initial: [10%, 90%]}\n"
              "  pair: {type: lithium_ion, beside: server-5, count: 2, capacity: 50Wh, "
              "discharge_rate: 1kW}\n"
              "loads:\n  pump: {rating: 5kW, demand: 3kW}\n  server: {node: rack, count: 2, "
              "rating: 5kW, demand: 3kW}\n");
    const sg_group *servers = group_of("server");
    assert_int_equal(group_of("cell")->count, 6);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(device("cell", i)->beside, servers->first + i);
        assert_int_equal(device("cell", i)->node, device("server", i)->node);
        near(sg_device_role_param(&site, device("cell", i), SG_STORE_INITIAL), i % 2 ? 0.9 : 0.1);
        assert_true(sg_device_role_param(&site, device("cell", i), SG_STORE_DUTY) ==
                    SG_DUTY_DEVICE);
    }
    assert_int_equal(group_of("pair")->count, 2);
    assert_int_equal(device("pair", 1)->beside, servers->first + 4);
    assert_int_equal(device("pair", 1)->node, 3);
    assert_int_equal(device("server", 0)->beside, -1);
    done();
}

static void an_entry_wins_over_its_template(void **state)
{
    (void)state;
    read_good("templates:\n  server: {rating: 6kW, minimum: 1kW, count: 4}\n"
              "loads:\n  a: {template: server, demand: 2kW}\n  b: {template: server, demand: 2kW, "
              "rating: 9kW, count: 2}\n");
    assert_int_equal(group_of("a")->count, 4);
    assert_int_equal(group_of("b")->count, 2);
    near(param("a", 3, "rating"), 6e3);
    near(param("b", 1, "rating"), 9e3);
    near(param("b", 1, "minimum"), 1e3);
    done();
}

static void inputs_are_constants_series_or_both_dealt_out(void **state)
{
    (void)state;
    read_good(
        "series:\n  day: {daily: [{from: \"00:00\", value: 1kW}, {from: \"12:00\", value: 3kW}]}\n"
        "  many: {file: x.csv, time: t, column: \"c{n:03}\", count: 3, unit: W}\n"
        "loads:\n  it: {count: 6, rating: 5kW, demand: [2kW, day, many, many-2]}\n");
    static const int wanted[] = {-1, 0, 1, 2, 3, 2};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(device("it", i)->input_series[SG_LOAD_DEMAND], wanted[i]);
    }
    assert_string_equal(site.series[3].id, "many-3");
    sg_quality quality;
    near(sg_site_input(&site, device("it", 0), SG_LOAD_DEMAND, 0, 1, &quality), 2000);
    assert_int_equal(quality, SG_GOOD);
    near(sg_site_input(&site, device("it", 1), SG_LOAD_DEMAND, 0, SG_INPUT_MAX, &quality), 1000);
    done();
}

static void front_matter_sets_the_site(void **state)
{
    (void)state;
    assert_int_equal(read_as("a/b.maml.md",
                             "---\nmaml_version: [\"1.0.0\", \"2.0.0\"]\nid: "
                             "urn:uuid:0c6a3d1e-8c1b-4b7e-9b0b-5f9d6a1f2048\n"
                             "type: site\norigin: agent://x\nrequires: {libs: [a], apis: "
                             "[]}\npermissions: {read: [\"agent://*\"]}\n"
                             "created_at: 2025-03-26T10:00:00Z\ntitle: My site\ntimezone: "
                             "UTC-5\nmode: control\ncurrency: USD\n---\n"
                             "# Other\n## A_Schema\n```yaml\n" LOAD "```\n"),
                     SG_OK);
    assert_string_equal(site.id, "urn:uuid:0c6a3d1e-8c1b-4b7e-9b0b-5f9d6a1f2048");
    assert_string_equal(site.title, "My site");
    assert_string_equal(site.currency, "USD");
    assert_string_equal(site.path, "a/b.maml.md");
    assert_int_equal(site.zone_offset_s, -18000);
    assert_int_equal(site.mode, SG_CONTROL);
    assert_int_equal(said.count, 0);
    done();
    read_good("mode: advise\ngrid: {import_max: 1MW, import_price: 0.30 CHF/kWh}\n" LOAD);
    assert_int_equal(site.mode, SG_ADVISE);
    assert_string_equal(site.currency, "CHF"); /* the first price names it */
    done();
}

static void faults_name_their_targets(void **state)
{
    (void)state;
    read_good("nodes: {site: {}, rack: {parent: site, count: 2}}\nloads:\n  it: {node: rack, "
              "count: 2, rating: 5kW, demand: 3kW}\n"
              "faults:\n  - {at: 30s, kind: grid_loss, duration: 10s}\n  - {at: 1h, kind: "
              "load_step, target: it-3, severity: 1.5}\n"
              "  - {at: 1h, kind: trip, target: it, member: 4}\n  - {at: 2h, kind: sensor_nan, "
              "target: it}\n");
    assert_int_equal(site.fault_count, 4);
    assert_int_equal(site.faults[0].kind, SG_FAULT_GRID_LOSS);
    assert_int_equal(site.faults[0].group, -1);
    near(site.faults[0].at_s, 30);
    near(site.faults[0].duration_s, 10);
    assert_int_equal(site.faults[1].member, 2);
    near(site.faults[1].severity, 1.5);
    assert_true(isinf(site.faults[1].duration_s));
    assert_int_equal(site.faults[2].member, 3);
    assert_int_equal(site.faults[3].member, -1);
    assert_string_equal(site.groups[site.faults[3].group].id, "it");
    done();
}

static uint64_t hash_of(const char *text)
{
    read_good(text);
    uint64_t hash = site.hash;
    done();
    return hash;
}

static void the_hash_follows_the_meaning_not_the_text(void **state)
{
    (void)state;
    uint64_t hash = hash_of("nodes: {site: {limit: 4MW}}\n" LOAD);
    assert_true(hash == hash_of("nodes: {site: {limit: 4MW}}\n" LOAD));
    assert_true(hash == hash_of("# a comment\n" LOAD "nodes:\n  site:\n    limit: 4000 kW\n"));
    static const char *const others[] = {
        "nodes: {site: {limit: 5MW}}\n" LOAD,
        "nodes: {hall: {limit: 4MW}}\n" LOAD,
        "mode: control\nnodes: {site: {limit: 4MW}}\n" LOAD,
        "nodes: {site: {limit: 4MW}}\nloads: {it: {rating: 5kW, demand: 3.1kW}}\n",
        "nodes: {site: {limit: 4MW}}\nloads: {it: {rating: 5kW, demand: 3kW, class: 2}}\n",
        "nodes: {site: {limit: 4MW}}\nloads: {it: {rating: 5kW, demand: 3kW, count: 2}}\n",
        "nodes: {site: {limit: 4MW}}\nworkflows: [{task_id: a, power: 1W}]\n" LOAD,
        "nodes: {site: {limit: 4MW}}\nplanning: {last: 1h}\n" LOAD,
        "nodes: {site: {limit: 4MW}}\nfaults: [{at: 1s, kind: grid_loss}]\n" LOAD,
        "nodes: {site: {limit: 4MW}}\nseries: {a: {daily: [{from: \"00:00\", value: 1kW}]}}\n" LOAD,
    };
    uint64_t seen[16];
    size_t count = 0;
    seen[count++] = hash;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        uint64_t other = hash_of(others[i]);
        for (size_t k = 0; k < count; k++) {
            assert_true(other != seen[k]);
        }
        seen[count++] = other;
    }
    assert_true(hash_of("nodes: {r: {}, a: {parent: r}, b: {parent: a}, c: {parent: a}}\n" LOAD) !=
                hash_of("nodes: {r: {}, a: {parent: r}, b: {parent: a}, c: {parent: b}}\n" LOAD));
    assert_true(hash_of("series: {a: {daily: [{from: \"00:00\", value: 1kW}]}}\n" LOAD) !=
                hash_of("series: {a: {daily: [{from: \"00:00\", value: 2kW}]}}\n" LOAD));
}

static void planning_has_defaults_that_fit_together(void **state)
{
    (void)state;
    read_good(LOAD);
    near(site.planning.horizon_s, 86400);
    near(site.planning.step_s, 900);
    near(site.planning.period_s, 300);
    near(site.planning.fresh_s_max, 900);
    near(site.planning.last_s_max, 10800);
    done();
    read_good("planning: {horizon: 48h, step: 5min, period: 1min}\n" LOAD);
    near(site.planning.horizon_s / site.planning.step_s, SG_PLAN_STEP_MAX);
    near(site.planning.fresh_s_max, 900);
    done();
    read_good("planning: {period: 6h}\n" LOAD); /* a plan lasts until the next one */
    near(site.planning.fresh_s_max, 9 * 3600);
    near(site.planning.last_s_max, 9 * 3600);
    done();
    read_good("planning: {last: 10min}\n" LOAD);
    near(site.planning.fresh_s_max, 600);
    near(site.planning.last_s_max, 600);
    done();
    read_good("planning: {period: 2h, fresh: 5min, last: 1h}\n" LOAD);
    near(site.planning.fresh_s_max, 300);
    near(site.planning.last_s_max, 3600);
    assert_true(warned("between two plans"));
    uint64_t hash = site.hash;
    sg_site_plan_every(&site, 300);
    near(site.planning.period_s, 300);
    assert_true(site.hash != hash); /* a journal of the other one is not gone on with */
    done();
}

static void alarms_are_raised_as_the_file_says(void **state)
{
    (void)state;
    read_good(LOAD);
    uint64_t hash = site.hash;
    assert_null(site.alarms);
    done();
    read_good("alarms:\n"
              "  feeder_over: {priority: critical, on_delay: 1min, setpoint: 5%, deadband: 0.03}\n"
              "  clock_jump: {setpoint: 1500ms, off_delay: 0s}\n"
              "  grid_lost: {priority: low}\n" LOAD);
    assert_non_null(site.alarms);
    assert_true(site.hash == hash); /* a journal goes on */
    const sg_alarm_rule *over = &site.alarms[SG_ALARM_FEEDER_OVER];
    assert_int_equal(over->priority, SG_PRIORITY_CRITICAL);
    near(over->on_s, 60);
    near(over->off_s, 10); /* as it comes */
    near(over->setpoint, 0.05);
    near(over->deadband, 0.03);
    near(site.alarms[SG_ALARM_CLOCK_JUMP].setpoint, 1.5);
    near(site.alarms[SG_ALARM_CLOCK_JUMP].off_s, 0);
    assert_int_equal(site.alarms[SG_ALARM_GRID_LOST].priority, SG_PRIORITY_LOW);
    assert_true(isnan(site.alarms[SG_ALARM_GRID_LOST].setpoint));
    for (int i = 0; i < SG_ALARM_KIND_COUNT; i++) {
        sg_alarm_rule preset = sg_alarm_rule_of(NULL, i);
        bool set = i == SG_ALARM_FEEDER_OVER || i == SG_ALARM_CLOCK_JUMP || i == SG_ALARM_GRID_LOST;
        assert_int_equal(sg_alarm_rule_same(&site.alarms[i], &preset), !set);
    }
    done();
}

static void a_site_without_loads_is_legal(void **state)
{
    (void)state;
    read_good("sources: {g: {type: generator, capacity: 1MW}}\n");
    assert_true(warned("no loads"));
    done();
}

static void hypothetical_kinds_are_marked(void **state)
{
    (void)state;
    read_good("stores: {q: {type: quantum, capacity: 1MWh, power: 1MW}}\n" LOAD);
    assert_true(group_of("q")->kind->hypothetical);
    assert_true(warned("hypothetical"));
    done();
}

static void twenty_thousand_racks_from_one_entry_load_at_once(void **state)
{
    (void)state;
    struct timespec began, ended;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &began);
    read_good(
        "templates: {gpu_rack: {rating: 60kW, minimum: 5kW, demand: [30kW, 40kW, 50kW]}}\n"
        "nodes: {site: {}, row: {parent: site, count: 100}, rack: {parent: row, count: 200}}\n"
        "loads: {gpu: {template: gpu_rack, node: rack}}\n"
        "stores: {cell: {type: lithium_ion, beside: gpu, capacity: 1kWh, discharge_rate: 60kW}}\n");
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
    assert_int_equal(site.device_count[SG_LOAD], 20000);
    assert_int_equal(site.device_count[SG_STORE], 20000);
    assert_int_equal(device("cell", 19999)->beside, 19999);
    double spent_s =
        (double)(ended.tv_sec - began.tv_sec) + 1e-9 * (double)(ended.tv_nsec - began.tv_nsec);
    assert_true(spent_s < 5); /* milliseconds; a quadratic reader would take minutes */
    done();
}

static void a_failed_site_is_empty_and_all_mistakes_are_told(void **state)
{
    (void)state;
    assert_int_equal(
        read_as("s.yaml",
                "nodes: {site: {limit: 4 apples}}\nloads:\n  a: {rating: -1kW, demand: 3kW}\n"
                "  b: {ratting: 1kW, rating: 1kW, demand: 1kWh}\nmoed: observe\n"),
        SG_FORMAT);
    assert_int_equal(said.errors, 5);
    assert_null(site.nodes);
    assert_int_equal(site.group_count, 0);
    for (int i = 0; i < said.count; i++) {
        assert_true(said.items[i].line > 0 && said.items[i].column > 0);
        assert_string_equal(said.items[i].file, "s.yaml");
    }
    done();
}

static void more_errors_than_fit_are_counted(void **state)
{
    (void)state;
    sg_out out = {0};
    sg_out_text(&out, LOAD);
    for (int i = 0; i < 500; i++) {
        sg_out_format(&out, "unknown%d: 1\n", i);
    }
    assert_int_equal(sg_site_parse("s.yaml", out.text, out.length, false, &site, &said), SG_FORMAT);
    assert_int_equal(said.errors, 500);
    assert_int_equal(said.count, SG_DIAGNOSTIC_MAX);
    sg_out_free(&out);
    done();
}

static void a_missing_file_is_an_io_error(void **state)
{
    (void)state;
    assert_int_equal(sg_site_load("tests/no/such/file.yaml", &site, &said), SG_IO);
    assert_int_equal(said.errors, 1);
    done();
    assert_int_equal(sg_site_load("tests", &site, &said), SG_IO);
    done();
}

static void the_examples_load(void **state)
{
    (void)state;
    static const char *const paths[] = {"sites/hall.maml.md", "sites/floating.maml.md"};
    for (int i = 0; i < 2; i++) {
        sg_status status = sg_site_load(paths[i], &site, &said);
        if (status != SG_OK) {
            print_error("%s:%d: %s\n", said.items[0].file, said.items[0].line,
                        said.items[0].message);
        }
        assert_int_equal(status, SG_OK);
        int64_t from_us, to_us;
        assert_int_equal(sg_site_span(&site, &from_us, &to_us), SG_OK);
        assert_true(to_us - from_us >= 360 * INT64_C(86400000000));
        done();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_source_document_loads_as_it_stands),
        cmocka_unit_test(it_says_what_the_source_gets_wrong),
        cmocka_unit_test(an_osmotic_plant_on_a_river_stays_a_source),
        cmocka_unit_test(a_workflow_document_stands_by_itself),
        cmocka_unit_test(counts_multiply_down_the_tree_in_order),
        cmocka_unit_test(cables_lose_what_their_resistance_says),
        cmocka_unit_test(breakers_carry_eighty_per_cent),
        cmocka_unit_test(cells_stand_beside_their_servers),
        cmocka_unit_test(an_entry_wins_over_its_template),
        cmocka_unit_test(inputs_are_constants_series_or_both_dealt_out),
        cmocka_unit_test(front_matter_sets_the_site),
        cmocka_unit_test(faults_name_their_targets),
        cmocka_unit_test(the_hash_follows_the_meaning_not_the_text),
        cmocka_unit_test(planning_has_defaults_that_fit_together),
        cmocka_unit_test(alarms_are_raised_as_the_file_says),
        cmocka_unit_test(a_site_without_loads_is_legal),
        cmocka_unit_test(hypothetical_kinds_are_marked),
        cmocka_unit_test(twenty_thousand_racks_from_one_entry_load_at_once),
        cmocka_unit_test(a_failed_site_is_empty_and_all_mistakes_are_told),
        cmocka_unit_test(more_errors_than_fit_are_counted),
        cmocka_unit_test(a_missing_file_is_an_io_error),
        cmocka_unit_test(the_examples_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
