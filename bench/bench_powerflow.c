/* bench_powerflow.c - power flows of a radial network a second, one core, medians.
 *
 * usage: bench_powerflow [NODES]...        default 33 1000 2605 10000 100000
 *
 * Networks are drawn at random: a node's parent is one of the 64 before it, loads are
 * scaled so that the deepest voltage drop is about 6 %. Columns, each in solutions a second and in ns for a node and sweep:
 *   one     sg_powerflow_solve, alternating current, constant power, 1e-8
 *   batch   sg_powerflow_batch, 64 cases with loads of their own
 *   zip     the same with constant-current and constant-impedance shares
 *   dc      the same with direct current */
#include "base/prng.h"
#include "model/powerflow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CASES = 64, ROUND_MAX = 101 };

typedef struct feeder {
    sg_network net;
    int32_t *parent;
    double *r, *x, *share, *p, *q;
    void *memory;
} feeder;

static void *must(void *block)
{
    if (!block) {
        fputs("out of memory\n", stderr);
        exit(3);
    }
    return block;
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

static void scale_loads(feeder *self, int32_t nodes, double factor)
{
    for (size_t i = 0; i < (size_t)nodes * CASES; i++) {
        self->p[i] *= factor;
        self->q[i] *= factor;
    }
}

static void run_one(const feeder *self, sg_powerflow *ret)
{
    sg_powerflow_cases cases = {1, self->p, self->q, NULL, NULL, ret};
    sg_powerflow_solve(&self->net, &sg_powerflow_usual, &cases, self->memory);
}

static void feeder_create(feeder *self, int32_t nodes)
{
    size_t count = (size_t)nodes;
    self->parent = must(malloc(count * sizeof *self->parent));
    self->r = must(malloc(count * sizeof(double)));
    self->x = must(malloc(count * sizeof(double)));
    self->share = must(malloc(count * sizeof(double)));
    self->p = must(malloc(count * CASES * sizeof(double)));
    self->q = must(malloc(count * CASES * sizeof(double)));
    self->memory = must(malloc(sg_powerflow_batch_size(nodes)));
    self->parent[0] = -1;
    for (int32_t i = 0; i < nodes; i++) {
        uint64_t n = (uint64_t)i * 4;
        int32_t back = 1 + (int32_t)(sg_prng_u64(1, n) % 64);
        self->parent[i] = i == 0 ? -1 : i - (back < i ? back : i);
        self->r[i] = 0.05 + 0.2 * sg_prng_unit(1, n + 2);
        self->x[i] = 0.8 * self->r[i];
        self->share[i] = 0.3;
    }
    for (size_t i = 0; i < count * CASES; i++) {
        self->p[i] = 1e3 * sg_prng_unit(2, i);
        self->q[i] = 0.4 * self->p[i];
    }
    self->net = (sg_network){.node_count = nodes,
                             .parent = self->parent,
                             .r_ohm = self->r,
                             .x_ohm = self->x,
                             .source_v = 12660};
    sg_powerflow result = {.lowest_pu = 1};
    scale_loads(self, nodes, 1e-6);
    for (int i = 0; i < 60; i++) {
        run_one(self, &result);
        double wanted = 0.06 / (1 - result.lowest_pu);
        scale_loads(self, nodes, wanted > 100 ? 100 : wanted);
    }
}

static void feeder_free(feeder *self)
{
    free(self->parent);
    free(self->r);
    free(self->x);
    free(self->share);
    free(self->p);
    free(self->q);
    free(self->memory);
}

static void run_batch(const feeder *self, sg_powerflow *ret)
{
    sg_powerflow_cases cases = {.count = CASES, .p_w = self->p, .q_var = self->q, .ret = ret};
    sg_powerflow_batch(&self->net, &sg_powerflow_usual, &cases, self->memory);
}

static void measure(const feeder *self, bool batch)
{
    static double took[ROUND_MAX];
    static sg_powerflow result[CASES];
    int done = 0, solved = 0, count = batch ? CASES : 1;
    double sweeps = 0;
    double began_all = now_s();
    while (done < ROUND_MAX && (done < 5 || now_s() - began_all < 1.0)) {
        double began = now_s();
        for (int repeat = 0; repeat < (batch ? 1 : 8); repeat++) {
            (batch ? run_batch : run_one)(self, result);
        }
        took[done++] = (now_s() - began) / (batch ? 1 : 8);
    }
    for (int k = 0; k < count; k++) {
        sweeps += (double)result[k].sweeps / count;
        solved += result[k].outcome == SG_SOLVED;
    }
    qsort(took, (size_t)done, sizeof *took, compare);
    double each_s = took[done / 2] / count;
    printf(" %9.0f/s %6.2f ns%s", 1 / each_s, 1e9 * each_s / self->net.node_count / sweeps,
           solved == count ? "" : "!");
}

static void run(int32_t nodes)
{
    feeder f;
    feeder_create(&f, nodes);
    printf("%8d", nodes);
    measure(&f, false);
    measure(&f, true);
    f.net.current_share = f.share;
    f.net.impedance_share = f.share;
    measure(&f, true);
    f.net.current_share = NULL;
    f.net.impedance_share = NULL;
    f.net.x_ohm = NULL;
    measure(&f, true);
    printf("\n");
    feeder_free(&f);
}

int main(int argc, char **argv)
{
    static const int32_t usual[] = {33, 1000, 2605, 10000, 100000};
    printf("%8s %21s %21s %21s %21s\n", "nodes", "one", "batch", "zip", "dc");
    for (int i = 0; i < (argc > 1 ? argc - 1 : (int)(sizeof usual / sizeof *usual)); i++) {
        run(argc > 1 ? (int32_t)strtol(argv[i + 1], NULL, 10) : usual[i]);
    }
    return 0;
}
