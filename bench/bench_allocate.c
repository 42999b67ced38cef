/* bench_allocate.c - time of one allocation over a tree of racks, medians.
 *
 * usage: bench_allocate [LEAVES]...        default 128 1000 10000 20000 100000 1000000
 *
 * The site has 40 leaves to a rack, 25 racks to a feeder, 10 feeders to a zone; classes 0..3,
 * weights 1..4. Columns:
 *   slack   every demand fits: one pass
 *   site    only the site's limit binds
 *   racks   every third rack and every second feeder are short
 *   short   all levels are short
 *   again   short, the tree prepared: all demands differ from the last step; in one thread and in two
 *   some    one in ten does, in one thread; still: none does */
#include "base/prng.h"
#include "control/allocate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RACK = 40, FEEDER = 25, ZONE = 10, ROUND_MAX = 401 };

typedef enum scene { SLACK, SITE, RACKS, SHORT, SCENE_COUNT } scene;

typedef struct tree {
    sg_allocation allocation;
    int32_t *parent, *node;
    double *limit, *weight, *min, *demand;
    uint8_t *class;
} tree;

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

static void *must(void *block)
{
    if (!block) {
        fputs("out of memory\n", stderr);
        exit(3);
    }
    return block;
}

static void add_nodes(tree *self, int *at, int count, int per_parent, int first_parent)
{
    for (int i = 0; i < count; i++) {
        self->parent[(*at)++] = first_parent + i / per_parent;
    }
}

static void tree_create(tree *self, int leaves)
{
    int racks = divide_up(leaves, RACK), feeders = divide_up(racks, FEEDER);
    int zones = divide_up(feeders, ZONE), nodes = 1 + zones + feeders + racks;
    self->parent = must(malloc((size_t)nodes * sizeof *self->parent));
    self->limit = must(malloc((size_t)nodes * sizeof *self->limit));
    self->node = must(malloc((size_t)leaves * sizeof *self->node));
    self->class = must(malloc((size_t)leaves));
    self->weight = must(malloc((size_t)leaves * sizeof *self->weight));
    self->min = must(malloc((size_t)leaves * sizeof *self->min));
    self->demand = must(malloc((size_t)leaves * sizeof *self->demand));
    self->parent[0] = -1;
    int at = 1;
    add_nodes(self, &at, zones, zones, 0);
    add_nodes(self, &at, feeders, ZONE, 1);
    add_nodes(self, &at, racks, FEEDER, 1 + zones);
    for (int k = 0; k < leaves; k++) {
        uint64_t n = (uint64_t)k * 4;
        self->node[k] = 1 + zones + feeders + k / RACK;
        self->class[k] = (uint8_t)(sg_prng_u64(1, n) % 4);
        self->weight[k] = 1.0 + (double)(sg_prng_u64(1, n + 1) % 4);
        self->demand[k] = 100.0 + 900.0 * sg_prng_unit(1, n + 2);
        self->min[k] = self->demand[k] * 0.5 * sg_prng_unit(1, n + 3);
    }
    self->allocation = (sg_allocation){.node_count = nodes,
                                       .node_parent = self->parent,
                                       .node_limit_w = self->limit,
                                       .leaf_count = leaves,
                                       .leaf_node = self->node,
                                       .leaf_class = self->class,
                                       .leaf_weight = self->weight,
                                       .leaf_min_w = self->min,
                                       .leaf_demand_w = self->demand};
}

/* Limits as shares of the demand below each node. */
static void set_limits(tree *self, scene which)
{
    const sg_allocation *a = &self->allocation;
    double *below = must(calloc((size_t)a->node_count, sizeof *below));
    for (int k = 0; k < a->leaf_count; k++) {
        below[a->leaf_node[k]] += a->leaf_demand_w[k];
    }
    for (int n = a->node_count - 1; n > 0; n--) {
        below[a->node_parent[n]] += below[n];
    }
    for (int n = 0; n < a->node_count; n++) {
        double share = 1.5;
        if (which == SITE && n == 0) {
            share = 0.6;
        } else if (which == RACKS && n > 0) {
            share = n % 3 == 0 ? 0.6 : n % 2 == 0 ? 0.8 : 1.5;
        } else if (which == SHORT) {
            share = n == 0 ? 0.5 : 0.55 + 0.3 * sg_prng_unit(2, (uint64_t)n);
        }
        self->limit[n] = share * below[n];
    }
    free(below);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_us(const tree *self, void *scratch, double *given, uint8_t *binding)
{
    static double took[ROUND_MAX];
    int rounds = self->allocation.leaf_count > 200000 ? 7 : ROUND_MAX;
    double began_all = now_s();
    int done = 0;
    while (done < rounds && (done < 5 || now_s() - began_all < 1.0)) {
        double began = now_s();
        sg_allocate(&self->allocation, scratch, given, binding);
        took[done++] = 1e6 * (now_s() - began);
    }
    qsort(took, (size_t)done, sizeof *took, compare);
    return took[done / 2];
}

typedef enum change { ALL, SOME, STILL } change;

/* Steps of a prepared tree between two sets of demands. */
static double again_us(tree *self, void *scratch, double *given, change what, sg_pool *pool)
{
    static double took[ROUND_MAX];
    sg_allocation p = self->allocation;
    sg_allocation_step how = {SG_NEWS_DEMAND, NULL, pool, NULL};
    sg_allocator *allocator = sg_allocator_create(scratch, &p);
    int rounds = p.leaf_count > 200000 ? 15 : ROUND_MAX;
    for (int done = -1; done < rounds; done++) {
        for (int k = 0; k < p.leaf_count && what != STILL; k++) {
            uint64_t draw = sg_prng_u64(3, (uint64_t)(done + 1) * 4000037 + (uint64_t)k);
            if (what == ALL || draw % 10 == 0) {
                self->demand[k] = 100.0 + 900.0 * (double)(draw >> 11) * 0x1p-53;
            }
        }
        double began = now_s();
        sg_allocator_step(allocator, &p, &how, given, NULL);
        if (done >= 0) {
            took[done] = 1e6 * (now_s() - began);
        }
    }
    qsort(took, (size_t)rounds, sizeof *took, compare);
    return took[rounds / 2];
}

static void run(int leaves)
{
    tree t;
    tree_create(&t, leaves);
    void *scratch = must(malloc(sg_allocation_size(t.allocation.node_count, leaves)));
    double *given = must(malloc((size_t)leaves * sizeof *given));
    uint8_t *binding = must(malloc((size_t)t.allocation.node_count));
    printf("%10d", leaves);
    for (int which = 0; which < SCENE_COUNT; which++) {
        set_limits(&t, (scene)which);
        printf(" %12.1f", median_us(&t, scratch, given, binding));
    }
    sg_pool *pool = sg_pool_create(2);
    sg_pool_wake(pool);
    printf(" %10.1f", again_us(&t, scratch, given, ALL, NULL));
    printf(" %10.1f", again_us(&t, scratch, given, ALL, pool));
    printf(" %10.1f", again_us(&t, scratch, given, SOME, NULL));
    printf(" %10.1f\n", again_us(&t, scratch, given, STILL, NULL));
    sg_pool_free(pool);
    free(t.parent);
    free(t.limit);
    free(t.node);
    free(t.class);
    free(t.weight);
    free(t.min);
    free(t.demand);
    free(scratch);
    free(given);
    free(binding);
}

int main(int argc, char **argv)
{
    static const int DEFAULTS[] = {128, 1000, 10000, 20000, 100000, 1000000};
    int count = argc > 1 ? argc - 1 : (int)(sizeof DEFAULTS / sizeof *DEFAULTS);
    printf("%10s %12s %12s %12s %12s %10s %10s %10s %10s   (us, median)\n", "leaves", "slack",
           "site", "racks", "short", "again", "two", "some", "still");
    for (int i = 0; i < count; i++) {
        int leaves = argc > 1 ? atoi(argv[i + 1]) : DEFAULTS[i];
        if (leaves < 1 || leaves > 50000000) {
            fprintf(stderr, "bench_allocate: expected a number of leaves, found %s\n", argv[i + 1]);
            return 2;
        }
        run(leaves);
    }
    return 0;
}
