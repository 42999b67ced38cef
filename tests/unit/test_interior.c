/* The own solver's block: its size, its shape, its memory, its time, its bits. That its schedules are right is the
 * business of tests/prop/test_dispatch_prop.c and of the golden problems. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "counted_alloc.h"
#include "plan/interior_layout.h"
#include "plan/program.h"
#include "plan/schedule.h"
#include "random_dispatch.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 48 };

/* A day with everything that the format knows in it. */
typedef struct day {
    double load[STEPS], sun[STEPS], buy[STEPS], sell[STEPS], shed_max[STEPS], up[STEPS],
        down[STEPS];
    sg_dispatch_source sun_source;
    sg_dispatch_store stores[3];
    sg_dispatch_shed shed;
    sg_dispatch_shiftable jobs[2];
    sg_dispatch_demand demand[2];
    sg_dispatch problem;
} day;

static void fill_day(day *self)
{
    for (int t = 0; t < STEPS; t++) {
        uint64_t n = (uint64_t)t;
        self->load[t] = 900 + 300 * sg_prng_unit(1, n);
        self->sun[t] = t > 12 && t < 36 ? 1200 * sg_prng_unit(2, n) : 0;
        self->buy[t] = 0.05 + 0.3 * sg_prng_unit(3, n);
        self->sell[t] = self->buy[t] - 0.02;
        self->shed_max[t] = 0.1 * self->load[t];
        self->up[t] = 60;
        self->down[t] = 40;
    }
    for (int s = 0; s < 3; s++) {
        double size = 800.0 / (1 + s);
        self->stores[s] = (sg_dispatch_store){.id = "store",
                                              .energy_kwh_min = 0.1 * size,
                                              .energy_kwh_max = size,
                                              .charge_kw_max = 0.4 * size,
                                              .discharge_kw_max = 0.5 * size,
                                              .charge_eff = 0.95,
                                              .discharge_eff = 0.93,
                                              .standing_loss_per_h = 1e-3 * s,
                                              .initial_kwh = 0.5 * size,
                                              .final_kwh_min = 0.4 * size,
                                              .wear_cost_per_kwh = 0.005};
    }
    self->sun_source = (sg_dispatch_source){.id = "pv", .available_kw = self->sun};
    self->shed = (sg_dispatch_shed){.id = "batch", .max_kw = self->shed_max, .cost_per_kwh = 0.6};
    self->jobs[0] = (sg_dispatch_shiftable){.id = "a",
                                            .from = 3,
                                            .to = 20,
                                            .energy_kwh = 400,
                                            .power_kw_max = 200,
                                            .unserved_cost_per_kwh = 2};
    self->jobs[1] = (sg_dispatch_shiftable){.id = "b",
                                            .from = 15,
                                            .to = STEPS,
                                            .energy_kwh = 300,
                                            .power_kw_max = 90,
                                            .unserved_cost_per_kwh = 2};
    self->demand[0] =
        (sg_dispatch_demand){.from = 0, .to = 30, .charge_per_kw = 4, .peak_so_far_kw = 700};
    self->demand[1] =
        (sg_dispatch_demand){.from = 20, .to = STEPS, .charge_per_kw = 5, .peak_so_far_kw = 500};
    self->problem = (sg_dispatch){.step_s = 1800,
                                  .steps = STEPS,
                                  .load_kw = self->load,
                                  .grid = {.present = true,
                                           .import_kw_max = 3000,
                                           .export_kw_max = 1000,
                                           .import_price_per_kwh = self->buy,
                                           .export_price_per_kwh = self->sell,
                                           .ramp_kw_per_step = 700,
                                           .initial_net_given = true,
                                           .initial_net_kw = 800,
                                           .demand = self->demand,
                                           .demand_count = 2},
                                  .sources = &self->sun_source,
                                  .source_count = 1,
                                  .stores = self->stores,
                                  .store_count = 3,
                                  .shed = &self->shed,
                                  .shed_count = 1,
                                  .shiftable = self->jobs,
                                  .shiftable_count = 2,
                                  .reserve_up_kw = self->up,
                                  .reserve_down_kw = self->down,
                                  .reserve_duration_s = 900};
}

static day today;
static sg_arena arena;
static sg_schedule schedule;
static const sg_interior_options PLAIN = {0};

static size_t block_size(size_t needed)
{
    return (needed + 63) & ~(size_t)63;
}

static sg_interior *block_for(const sg_dispatch *problem)
{
    size_t size = block_size(sg_interior_size(problem));
    void *block = aligned_alloc(64, size);
    sg_interior *self = sg_interior_create(problem, block, size);
    assert_non_null(self);
    assert_int_equal(sg_schedule_create(problem, &arena, &schedule), SG_OK);
    return self;
}

static int begin(void **state)
{
    (void)state;
    fill_day(&today);
    return 0;
}

static int end(void **state)
{
    (void)state;
    sg_arena_free(&arena);
    return 0;
}

static void a_block_too_small_or_askew_is_refused(void **state)
{
    (void)state;
    size_t size = sg_interior_size(&today.problem);
    char *block = aligned_alloc(64, block_size(size) + 64);
    assert_null(sg_interior_create(&today.problem, block, size - 1));
    assert_null(sg_interior_create(&today.problem, block, 0));
    assert_null(sg_interior_create(&today.problem, block + 8, size));
    assert_ptr_equal(sg_interior_create(&today.problem, block, size), block);
    free(block);
}

/* The bytes beyond what was asked for stay as they were. */
static void a_solve_stays_inside_its_block(void **state)
{
    (void)state;
    size_t size = sg_interior_size(&today.problem);
    unsigned char *block = aligned_alloc(64, block_size(size) + 4096);
    memset(block, 0xa5, block_size(size) + 4096);
    sg_interior *self = sg_interior_create(&today.problem, block, size);
    assert_int_equal(sg_schedule_create(&today.problem, &arena, &schedule), SG_OK);
    assert_int_equal(sg_interior_solve(self, &today.problem, &PLAIN, &schedule), SG_SOLVED);
    for (size_t i = size; i < block_size(size) + 4096; i++) {
        assert_int_equal(block[i], 0xa5);
    }
    free(block);
}

static void a_block_fits_its_own_shape_only(void **state)
{
    (void)state;
    sg_interior *self = block_for(&today.problem);
    assert_true(sg_interior_fits(self, &today.problem));
    today.load[5] = 1; /* numbers are no shape */
    today.jobs[0].energy_kwh = 7;
    assert_true(sg_interior_fits(self, &today.problem));
    sg_dispatch other = today.problem;
    other.steps--;
    assert_false(sg_interior_fits(self, &other));
    other = today.problem;
    other.store_count = 2;
    assert_false(sg_interior_fits(self, &other));
    other = today.problem;
    other.grid.ramp_kw_per_step = HUGE_VAL;
    assert_false(sg_interior_fits(self, &other));
    other = today.problem;
    other.reserve_up_kw = NULL;
    assert_false(sg_interior_fits(self, &other));
    other = today.problem;
    today.jobs[1].to--;
    assert_false(sg_interior_fits(self, &other));
    free(self);
}

static void a_solve_asks_for_no_memory(void **state)
{
    (void)state;
    if (!INTERPOSED) {
        skip();
    }
    sg_interior *self = block_for(&today.problem);
    allocations = 0;
    counting = true;
    void *volatile one = malloc(1); /* the count itself works */
    free(one);
    sg_outcome outcome = sg_interior_solve(self, &today.problem, &PLAIN, &schedule);
    counting = false;
    assert_int_equal(outcome, SG_SOLVED);
    assert_int_equal(allocations, 1);
    free(self);
}

static void a_moment_is_not_enough_and_said_so(void **state)
{
    (void)state;
    sg_interior *self = block_for(&today.problem);
    sg_interior_options hasty = {.seconds_max = 1e-9}, few = {.iterations_max = 3};
    assert_int_equal(sg_interior_solve(self, &today.problem, &hasty, &schedule), SG_LIMIT);
    assert_true(isnan(schedule.objective));
    assert_int_equal(sg_interior_solve(self, &today.problem, &few, &schedule), SG_NUMERIC);
    assert_int_equal(schedule.iterations, 3);
    assert_int_equal(sg_interior_solve(self, &today.problem, &PLAIN, &schedule), SG_SOLVED);
    free(self);
}

/* From the last solution the same optimum is reached, in fewer iterations. */
static void what_was_solved_before_helps(void **state)
{
    (void)state;
    sg_interior *self = block_for(&today.problem);
    sg_interior_options warm = {.warm = true};
    assert_int_equal(sg_interior_solve(self, &today.problem, &PLAIN, &schedule), SG_SOLVED);
    for (uint64_t round = 0; round < 5; round++) {
        for (int t = 0; t < STEPS; t++) {
            today.load[t] *= 1 + 0.02 * (sg_prng_unit(10 + round, (uint64_t)t) - 0.5);
        }
        assert_int_equal(sg_interior_solve(self, &today.problem, &warm, &schedule), SG_SOLVED);
        sg_schedule_finish(&today.problem, &schedule);
        double cost = schedule.objective;
        int64_t iterations = schedule.iterations;
        sg_interior *fresh = block_for(&today.problem);
        assert_int_equal(sg_interior_solve(fresh, &today.problem, &PLAIN, &schedule), SG_SOLVED);
        sg_schedule_finish(&today.problem, &schedule);
        assert_true(fabs(schedule.objective - cost) <= 1e-8 * fabs(cost));
        assert_true(iterations < schedule.iterations);
        free(fresh);
    }
    free(self);
}

static void assert_same_bits(const sg_schedule *a, const sg_schedule *b, const sg_dispatch *p)
{
    size_t series = (size_t)p->steps * sizeof(double);
    assert_int_equal(a->iterations, b->iterations);
    for (int s = 0; s < p->store_count; s++) {
        assert_memory_equal(a->energy_kwh[s] + 1, b->energy_kwh[s] + 1, series);
        assert_memory_equal(a->energy_value_per_kwh[s], b->energy_value_per_kwh[s], series);
    }
    assert_memory_equal(a->import_kw, b->import_kw, series);
    assert_memory_equal(a->marginal_price_per_kwh, b->marginal_price_per_kwh, series);
}

static void any_width_of_vectors_gives_the_same_bits(void **state)
{
    (void)state;
    if (sg_interior_kernels_of(4) == sg_interior_kernels_of(2)) {
        skip();
    }
    for (uint64_t seed = 0; seed < 60; seed++) {
        static random_dispatch drawn;
        random_dispatch_seed(&drawn, seed);
        size_t size = sg_interior_size(&drawn.problem);
        if (size == 0 || !sg_dispatch_is_valid(&drawn.problem)) {
            continue;
        }
        sg_schedule narrow;
        sg_interior *self = block_for(&drawn.problem);
        sg_outcome outcome = sg_interior_solve(self, &drawn.problem, &PLAIN, &schedule);
        assert_int_equal(sg_schedule_create(&drawn.problem, &arena, &narrow), SG_OK);
        self->kernels = sg_interior_kernels_of(2);
        assert_int_equal(sg_interior_solve(self, &drawn.problem, &PLAIN, &narrow), outcome);
        assert_same_bits(&narrow, &schedule, &drawn.problem);
        free(self);
    }
}

/* Some weeks: the day over and over, with other numbers each time. */
enum { LONG = 1100, BUSY = 4 };

typedef struct weeks {
    double load[LONG], sun[LONG], buy[LONG], sell[LONG], shed_max[LONG], up[LONG], down[LONG];
    sg_dispatch_source sun_source;
    sg_dispatch_shed shed;
    sg_dispatch_shiftable jobs[BUSY];
    sg_dispatch_demand demand[3];
} weeks;

/* Windows begin and end everywhere, on the borders of blocks and across the middle, several at once. */
static void make_long(weeks *self)
{
    for (int t = 0; t < LONG; t++) {
        uint64_t n = (uint64_t)t;
        self->load[t] = 900 + 300 * sg_prng_unit(1, n);
        self->sun[t] = t % STEPS > 12 && t % STEPS < 36 ? 1200 * sg_prng_unit(2, n) : 0;
        self->buy[t] = 0.05 + 0.3 * sg_prng_unit(3, n);
        self->sell[t] = self->buy[t] - 0.02;
        self->shed_max[t] = 0.1 * self->load[t];
        self->up[t] = 60;
        self->down[t] = 40;
    }
    static const int from[BUSY] = {3, 500, 543, 544}, to[BUSY] = {700, 545, 544, LONG};
    for (int k = 0; k < BUSY; k++) {
        self->jobs[k] = (sg_dispatch_shiftable){.id = "job",
                                                .from = from[k],
                                                .to = to[k],
                                                .energy_kwh = 90,
                                                .power_kw_max = 200,
                                                .unserved_cost_per_kwh = 2};
    }
    self->demand[0] = (sg_dispatch_demand){0, 544, 4, 700};
    self->demand[1] = (sg_dispatch_demand){200, 1000, 5, 500};
    self->demand[2] = (sg_dispatch_demand){544, LONG, 3, 0};
    self->sun_source = (sg_dispatch_source){.id = "pv", .available_kw = self->sun};
    self->shed = (sg_dispatch_shed){.id = "batch", .max_kw = self->shed_max, .cost_per_kwh = 0.6};
    sg_dispatch *p = &today.problem;
    p->steps = LONG;
    p->load_kw = self->load;
    p->sources = &self->sun_source;
    p->shed = &self->shed;
    p->shiftable = self->jobs;
    p->shiftable_count = BUSY;
    p->grid.import_price_per_kwh = self->buy;
    p->grid.export_price_per_kwh = self->sell;
    p->grid.demand = self->demand;
    p->grid.demand_count = 3;
    p->reserve_up_kw = self->up;
    p->reserve_down_kw = self->down;
}

/* The halves of a long horizon give one optimum, proved by its prices, whoever sweeps them and in whatever vectors. */
static void threads_and_vectors_leave_a_long_horizon_as_it_is(void **state)
{
    (void)state;
    static weeks many;
    make_long(&many);
    sg_interior *self = block_for(&today.problem);
    assert_int_equal(self->half_count, 2);
    assert_true(self->blocks >= SG_INTERIOR_SHARED && self->middle.open_count >= 2);
    assert_int_equal(sg_interior_solve(self, &today.problem, &PLAIN, &schedule), SG_SOLVED);
    for (int threads = 2; threads <= 3; threads++) {
        sg_schedule other;
        sg_interior_options shared = {.pool = sg_pool_create(threads)};
        assert_int_equal(sg_schedule_create(&today.problem, &arena, &other), SG_OK);
        self->kernels = sg_interior_kernels_of(threads == 2 ? 4 : 2);
        assert_int_equal(sg_interior_solve(self, &today.problem, &shared, &other), SG_SOLVED);
        sg_pool_free(shared.pool);
        assert_same_bits(&schedule, &other, &today.problem);
    }
    sg_schedule_finish(&today.problem, &schedule);
    assert_true(schedule.residual_kw <= 1e-6);
    assert_true(schedule.objective - schedule.bound <= 1e-8 * fabs(schedule.objective));
    free(self);
}

/* 96 windows open at once are more than a front holds: that is said by the size, before anything is written. */
static void too_many_open_windows_have_no_size(void **state)
{
    (void)state;
    static sg_dispatch_shiftable jobs[100];
    for (int k = 0; k < 100; k++) {
        jobs[k] = (sg_dispatch_shiftable){.id = "job",
                                          .from = k / 10,
                                          .to = STEPS,
                                          .energy_kwh = 1,
                                          .power_kw_max = 1,
                                          .unserved_cost_per_kwh = 1};
    }
    today.problem.shiftable = jobs;
    today.problem.shiftable_count = 100;
    assert_int_equal(sg_interior_size(&today.problem), 0);
    today.problem.shiftable_count = 40;
    assert_true(sg_interior_size(&today.problem) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_block_too_small_or_askew_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_solve_stays_inside_its_block, begin, end),
        cmocka_unit_test_setup_teardown(a_block_fits_its_own_shape_only, begin, end),
        cmocka_unit_test_setup_teardown(a_solve_asks_for_no_memory, begin, end),
        cmocka_unit_test_setup_teardown(a_moment_is_not_enough_and_said_so, begin, end),
        cmocka_unit_test_setup_teardown(what_was_solved_before_helps, begin, end),
        cmocka_unit_test_setup_teardown(any_width_of_vectors_gives_the_same_bits, begin, end),
        cmocka_unit_test_setup_teardown(threads_and_vectors_leave_a_long_horizon_as_it_is, begin,
                                        end),
        cmocka_unit_test_setup_teardown(too_many_open_windows_have_no_size, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
