/* The plant's arrays: limits on what may be drawn below a breaker, from the breaker's own and the losses on
 * the way. Random trees are filled to those limits in many ways and their true flows worked out from ohms
 * and efficiencies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "rig.h"
#include "site/plant.h"

#include <math.h>

enum { TEXT_MAX = 8192, NODES_MAX = 400, CASES = 400, FILLINGS = 30 };

static uint64_t draws;

static double unit(void)
{
    return sg_prng_unit(77, draws++);
}

static int below(int n)
{
    return (int)(unit() * n);
}

static void random_site(sg_site *ret)
{
    static char text[TEXT_MAX];
    int n = 0, groups = 2 + below(5);
    n += snprintf(text + n, TEXT_MAX - 1, "nodes:\n  n0: {limit: %.1fkW, voltage: 400V}\n",
                  50 + 500 * unit());
    for (int g = 1; g < groups; g++) {
        n += snprintf(text + n, (size_t)(TEXT_MAX - n),
                      "  n%d: {parent: n%d, count: %d, voltage: %dV", g, below(g), 1 + below(3),
                      below(2) ? 400 : 230);
        if (below(3) > 0) {
            n += snprintf(text + n, (size_t)(TEXT_MAX - n), ", limit: %.2fkW", 2 + 120 * unit());
        }
        if (below(3) > 0) {
            n += snprintf(text + n, (size_t)(TEXT_MAX - n),
                          ", cable_length: %.1fm, cable_section: %dmm2", 1 + 100 * unit(),
                          6 << below(5));
        }
        n += snprintf(text + n, (size_t)(TEXT_MAX - n), ", efficiency: %.2f%%}\n",
                      below(2) ? 100.0 : 80 + 20 * unit());
    }
    n += snprintf(text + n, (size_t)(TEXT_MAX - n), "loads:\n");
    for (int g = 0; g < groups; g++) {
        n += snprintf(text + n, (size_t)(TEXT_MAX - n),
                      "  l%d: {node: n%d, rating: %.2fkW, demand: 1kW}\n", g, g, 1 + 60 * unit());
    }
    n += snprintf(text + n, (size_t)(TEXT_MAX - n), "stores:\n");
    for (int g = 1; g < groups; g++) {
        n += snprintf(
            text + n, (size_t)(TEXT_MAX - n),
            "  s%d: {type: lithium_ion, node: n%d, capacity: 9kWh, discharge_rate: %.2fkW}\n", g, g,
            1 + 50 * unit());
    }
    rig_parse("tree.yaml", text, (size_t)n, ret);
}

/* What flows into node n when out_w flows out of it; out_w < 0 flows up. */
static double inflow(const sg_node *node, double out_w)
{
    double amps = out_w / node->voltage_v;
    return (out_w > 0 ? out_w / node->converter_eff : out_w * node->converter_eff) +
           node->loss_ohm * amps * amps;
}

/* Draws at the nodes, each at most what its loads and stores can draw, shrunk until no sum passes the
 * plant's limit on draws; some at one end of the tree only, some everywhere. */
static void fill(const sg_plant *p, double *draw_w)
{
    double sum_w[NODES_MAX];
    int only = below(3) == 0 ? below(p->node_count) : -1;
    for (int n = 0; n < p->node_count; n++) {
        draw_w[n] = only >= 0 && only != n ? 0 : below(4) == 0 ? 0 : 1;
    }
    for (int l = 0; l < p->load_count; l++) {
        sum_w[p->load_node[l]] = 0;
    }
    double most_w[NODES_MAX] = {0};
    for (int l = 0; l < p->load_count; l++) {
        most_w[p->load_node[l]] += p->load_rating_w[l];
    }
    for (int s = 0; s < p->store_count; s++) {
        most_w[p->store_node[s]] += p->store_reservoir[s].charge_w_max;
    }
    double share = below(2) ? 1 : unit();
    for (int n = 0; n < p->node_count; n++) {
        draw_w[n] *= most_w[n] * (below(2) ? 1 : share);
    }
    for (int round = 0; round < 60; round++) { /* shrink whole subtrees from the leaves up */
        memcpy(sum_w, draw_w, sizeof(double) * (size_t)p->node_count);
        for (int n = p->node_count - 1; n > 0; n--) {
            sum_w[p->node_parent[n]] += sum_w[n];
        }
        double factor[NODES_MAX];
        bool fits = true;
        for (int n = 0; n < p->node_count; n++) {
            double own =
                sum_w[n] > p->node_leaf_limit_w[n] ? p->node_leaf_limit_w[n] / sum_w[n] : 1;
            fits = fits && own == 1;
            factor[n] = n > 0 ? fmin(own, factor[p->node_parent[n]]) : own;
        }
        for (int n = 0; n < p->node_count; n++) {
            draw_w[n] *= factor[n];
        }
        if (fits) {
            return;
        }
    }
}

static void draws_within_the_limits_never_overload_a_breaker(void **state)
{
    (void)state;
    long full = 0, tight = 0;
    for (int i = 0; i < CASES; i++) {
        sg_site site;
        random_site(&site);
        void *memory = rig_block(sg_plant_size(&site));
        sg_plant_create(memory, &site);
        sg_plant p = sg_plant_at(memory);
        assert_true(p.node_count <= NODES_MAX);
        for (int k = 0; k < FILLINGS; k++) {
            double flow_w[NODES_MAX], sum_w[NODES_MAX];
            fill(&p, flow_w);
            memcpy(sum_w, flow_w, sizeof sum_w);
            for (int n = p.node_count - 1; n >= 0; n--) {
                double in_w = inflow(&site.nodes[n], flow_w[n]);
                if (in_w > site.nodes[n].limit_w * (1 + 1e-9)) {
                    fail_msg("case %d: node %d draws %.9g of %.9g W", i, n, in_w,
                             site.nodes[n].limit_w);
                }
                full += in_w > 0.9 * site.nodes[n].limit_w;
                tight += in_w > 0.999 * site.nodes[n].limit_w;
                if (n > 0) {
                    flow_w[p.node_parent[n]] += in_w;
                    sum_w[p.node_parent[n]] += sum_w[n];
                }
            }
        }
        free(memory);
        sg_site_free(&site);
    }
    print_message("%ld nodes above 90 %% of their limit, %ld above 99.9 %%\n", full, tight);
    assert_true(full > 3000 && tight > 300); /* the limits are not just far away */
}

/* Of what stores push up through a node at least the stated share arrives above. */
static void flows_upwards_arrive_as_promised(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        sg_site site;
        random_site(&site);
        void *memory = rig_block(sg_plant_size(&site));
        sg_plant_create(memory, &site);
        sg_plant p = sg_plant_at(memory);
        double most_w[NODES_MAX] = {0};
        for (int s = 0; s < p.store_count; s++) {
            most_w[p.store_node[s]] += p.store_reservoir[s].discharge_w_max;
        }
        for (int n = p.node_count - 1; n > 0; n--) {
            assert_true(p.node_up_limit_w[n] <= site.nodes[n].limit_w);
            most_w[n] = fmin(most_w[n], p.node_up_limit_w[n]);
            for (double share = 0.05; share <= 1; share += 0.05) {
                double up_w = most_w[n] * share, arrives_w = -inflow(&site.nodes[n], -up_w);
                assert_true(arrives_w >= p.node_up_frac[n] * up_w * (1 - 1e-12));
                assert_true(arrives_w <= up_w * (1 + 1e-12));
            }
            assert_true(p.node_up_frac[n] >= 0 && p.node_up_frac[n] <= 1);
            most_w[p.node_parent[n]] += most_w[n];
        }
        free(memory);
        sg_site_free(&site);
    }
}

static void without_losses_the_limit_is_the_breakers(void **state)
{
    (void)state;
    const char text[] =
        "nodes:\n  a: {limit: 30kW}\n  b: {parent: a, limit: 20kW, count: 2}\n  c: {parent: b}\n"
        "loads: {l: {node: c, rating: 50kW, demand: 1kW}}\n";
    sg_site site;
    rig_parse("plain.yaml", text, sizeof text - 1, &site);
    void *memory = rig_block(sg_plant_size(&site));
    sg_plant_create(memory, &site);
    sg_plant p = sg_plant_at(memory);
    for (int n = 0; n < p.node_count; n++) {
        assert_true(p.node_leaf_limit_w[n] == site.nodes[n].limit_w);
        assert_true(p.node_gain[n] == 1 && p.node_gain_below[n] == 1 && p.node_up_frac[n] == 1);
    }
    assert_true(isinf(p.node_leaf_limit_w[3]));
    free(memory);
    sg_site_free(&site);
}

/* One cable by hand: 400 V, 30 m of 16 mm2, 20 kW: r = 17.241 * 1.1965 * 30 / 16 / 1000 ohm. */
static void one_cable_by_hand(void **state)
{
    (void)state;
    const char text[] =
        "nodes:\n  a: {}\n"
        "  b: {parent: a, limit: 20kW, voltage: 400V, cable_length: 30m, cable_section: 16mm2}\n"
        "loads: {l: {node: b, rating: 50kW, demand: 1kW}}\n";
    sg_site site;
    rig_parse("cable.yaml", text, sizeof text - 1, &site);
    void *memory = rig_block(sg_plant_size(&site));
    sg_plant_create(memory, &site);
    sg_plant p = sg_plant_at(memory);
    double r = 17.241 * 1.1965 * 30 / 16 * 1e-3, gain = 1 + r / (400.0 * 400.0) * 20e3;
    assert_true(fabs(p.node_gain[1] / gain - 1) < 1e-12);
    assert_true(fabs(p.node_leaf_limit_w[1] - 20e3 / gain) < 1e-6);
    free(memory);
    sg_site_free(&site);
}

/* No pointers in the block: a copy elsewhere is the same plant. */
static void a_copied_block_is_the_same_plant(void **state)
{
    (void)state;
    sg_site site;
    rig_load("sites/hall.maml.md", "", &site);
    size_t size = sg_plant_size(&site);
    void *memory = rig_block(size), *copy = rig_block(size);
    sg_plant_create(memory, &site);
    memcpy(copy, memory, size);
    memset(memory, 0xA5, size);
    sg_plant p = sg_plant_at(copy);
    assert_int_equal(p.load_count, 97);
    assert_int_equal(p.store_count, 8 + 4 + 64 + 1 + 1);
    assert_int_equal(sg_plant_block_size(p.head), size);
    assert_true(p.head->import_w_max == 650e3 && p.head->export_w_max == 0);
    double initial_j = 0;
    for (int s = 0; s < p.store_count; s++) {
        assert_true(p.store_node[s] >= 0 && p.store_node[s] < p.node_count);
        initial_j += p.store_initial_j[s];
    }
    assert_true(initial_j > 150 * 3.6e6 + 250 * 3.6e6 && initial_j < 420 * 3.6e6);
    sg_plant_step_length(&p, 3600);
    int flywheel = site.groups[rig_group(&site, "flywheel")].first;
    assert_true(fabs(p.store_keep_frac[flywheel] - 0.98) < 1e-12); /* 2 % drag in an hour */
    sg_plant_step_length(&p, 1800);
    assert_true(fabs(p.store_keep_frac[flywheel] - sqrt(0.98)) < 1e-12);
    free(memory);
    free(copy);
    sg_site_free(&site);
}

static void no_more_goes_out_than_the_root_carries(void **state)
{
    (void)state;
    const char text[] = "nodes: {n0: {limit: 20kW}}\n"
                        "loads: {l: {rating: 1kW, demand: 1kW}}\n"
                        "grid: {import_max: 90kW, export_max: 50kW, import_price: 0.1 EUR/kWh}\n";
    sg_site site = {0};
    rig_parse("out.yaml", text, sizeof text - 1, &site);
    void *memory = rig_block(sg_plant_size(&site));
    sg_plant_create(memory, &site);
    assert_true(sg_plant_at(memory).head->export_w_max == 20e3);
    site.nodes[0].limit_w = 60e3;
    sg_plant_create(memory, &site);
    assert_true(sg_plant_at(memory).head->export_w_max == 50e3);
    free(memory);
    sg_site_free(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_within_the_limits_never_overload_a_breaker),
        cmocka_unit_test(flows_upwards_arrive_as_promised),
        cmocka_unit_test(without_losses_the_limit_is_the_breakers),
        cmocka_unit_test(one_cable_by_hand),
        cmocka_unit_test(no_more_goes_out_than_the_root_carries),
        cmocka_unit_test(a_copied_block_is_the_same_plant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
