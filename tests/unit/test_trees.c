/* The boosted trees: our own few lines against XGBoost's own answer, where XGBoost is installed. */
#include "forecast/boosting.h"
#include "forecast/forecaster.h"

#include <dlfcn.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t seed = 5;

static double uniform(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(seed >> 11) / 4503599627370496.0 - 1;
}

static bool absent(void)
{
    const char *lacks = sg_boosting_lacks();
    if (lacks) {
        print_message("SKIPPED: %s\n", lacks);
    }
    return lacks != NULL;
}

enum { ROWS = 3000, COLUMNS = 6, TREES = 40 };

static float x[ROWS * COLUMNS], y[ROWS];

static void draw(void)
{
    for (int i = 0; i < ROWS; i++) {
        for (int c = 0; c < COLUMNS; c++) {
            x[i * COLUMNS + c] = (float)(uniform() * pow(10, c - 2));
        }
        y[i] = (float)(sin(3 * (double)x[i * COLUMNS + 2]) + (x[i * COLUMNS + 4] > 3 ? 2 : 0) +
                       0.1 * uniform());
    }
}

/* The library's own forecasts of a booster with the parameters that boosting.h tells. */
static void ask_the_library(float *ret)
{
    void *booster, *data;
    const float *said;
    const char *path = getenv("SYMGRID_XGBOOST_LIB");
    void *library = dlopen(path && *path ? path : "libxgboost.so.0", RTLD_NOW | RTLD_LOCAL);
    int (*matrix)(const float *, uint64_t, uint64_t, float, void **);
    int (*info)(void *, const char *, const float *, uint64_t);
    int (*create)(void *const *, uint64_t, void **);
    int (*set)(void *, const char *, const char *);
    int (*update)(void *, int, void *);
    int (*predict)(void *, void *, int, unsigned, int, uint64_t *, const float **);
    int (*free_booster)(void *), (*free_matrix)(void *);
    assert_non_null(library);
    *(void **)&free_booster = dlsym(library, "XGBoosterFree");
    *(void **)&free_matrix = dlsym(library, "XGDMatrixFree");
    *(void **)&matrix = dlsym(library, "XGDMatrixCreateFromMat");
    *(void **)&info = dlsym(library, "XGDMatrixSetFloatInfo");
    *(void **)&create = dlsym(library, "XGBoosterCreate");
    *(void **)&set = dlsym(library, "XGBoosterSetParam");
    *(void **)&update = dlsym(library, "XGBoosterUpdateOneIter");
    *(void **)&predict = dlsym(library, "XGBoosterPredict");
    assert_int_equal(matrix(x, ROWS, COLUMNS, NAN, &data), 0);
    assert_int_equal(info(data, "label", y, ROWS), 0);
    assert_int_equal(create(&data, 1, &booster), 0);
    static const char *const parameters[][2] = {
        {"verbosity", "0"},        {"nthread", "1"}, {"objective", "reg:squarederror"},
        {"base_score", "0"},       {"seed", "1"},    {"tree_method", "hist"},
        {"max_depth", "5"},        {"eta", "0.3"},   {"max_bin", "64"},
        {"min_child_weight", "20"}};
    for (int i = 0; i < 10; i++) {
        assert_int_equal(set(booster, parameters[i][0], parameters[i][1]), 0);
    }
    for (int i = 0; i < TREES; i++) {
        assert_int_equal(update(booster, i, data), 0);
    }
    uint64_t count;
    assert_int_equal(predict(booster, data, 0, 0, 0, &count, &said), 0);
    assert_int_equal(count, ROWS);
    memcpy(ret, said, ROWS * sizeof *ret);
    assert_int_equal(free_booster(booster), 0);
    assert_int_equal(free_matrix(data), 0);
}

static void our_sum_is_the_librarys(void **state)
{
    (void)state;
    static sg_tree_node trees[TREES * SG_TREE_NODES];
    static float theirs[ROWS];
    if (absent()) {
        skip();
    }
    draw();
    assert_int_equal(sg_boosting_learn(x, y, ROWS, COLUMNS, TREES, 0.3, trees), SG_OK);
    ask_the_library(theirs);
    double most = 0, misses = 0;
    for (int i = 0; i < ROWS; i++) {
        double ours = sg_boosting_sum(trees, TREES, x + i * COLUMNS);
        most = fmax(most, fabs(ours - (double)theirs[i]));
        misses += fabs(ours - (double)y[i]) / ROWS;
    }
    print_message("at most %.1e from the library's own sum, %.3f from the truth\n", most, misses);
    assert_true(most < 2e-6 && misses < 0.1);
}

/* A tree that stands here by hand: one threshold, one leaf on its left, another threshold on its right. */
static void a_tree_is_walked_as_it_stands(void **state)
{
    (void)state;
    sg_tree_node tree[2 * SG_TREE_NODES];
    for (int i = 0; i < 2 * SG_TREE_NODES; i++) {
        tree[i] = (sg_tree_node){.feature = -1};
    }
    tree[0] = (sg_tree_node){.value = 0.5F, .feature = 1};
    tree[1].value = 10;
    tree[2] = (sg_tree_node){.value = -1, .feature = 0};
    tree[5].value = 20;
    tree[6].value = 30;
    tree[SG_TREE_NODES].value = 7;
    static const struct {
        float row[2];
        double sum;
    } rows[] = {{{0, 0.4F}, 17}, {{0, 0.5F}, 37}, {{-2, 0.6F}, 27}, {{-1, 9}, 37}};
    for (int i = 0; i < 4; i++) {
        assert_true(sg_boosting_sum(tree, 2, rows[i].row) == rows[i].sum);
    }
}

enum { DAY = 24, LENGTH = 2400, AHEAD = 30 };
static double value[2 * LENGTH], input[LENGTH + AHEAD];
static uint8_t missing[2 * LENGTH];

/* A series that jumps where an input passes a threshold is no linear function of it: trees tell it, the linear model cannot. What was
 * learnt is the same bits each time, and kept and taken back it says the same. */
static void a_threshold_is_found_and_kept(void **state)
{
    (void)state;
    if (absent()) {
        skip();
    }
    for (int i = 0; i < LENGTH + AHEAD; i++) {
        input[i] = uniform();
    }
    for (int i = 0; i < LENGTH; i++) {
        value[i] = 50 + (fabs(input[i]) > 0.5 ? 20 : 0) + uniform();
        value[LENGTH + i] = 0.01 * value[i] + (i % DAY < 8 ? 1 : 0);
    }
    sg_inputs in = {.count = 1,
                    .known = 1,
                    .row_count = LENGTH + AHEAD,
                    .stride = LENGTH + AHEAD,
                    .value = input};
    sg_panel panel = {.series_count = 2,
                      .season = DAY,
                      .row_count = LENGTH,
                      .stride = LENGTH,
                      .value = value,
                      .missing = missing,
                      .inputs = &in};
    sg_forecast_shape shape = {.series_count = 2,
                               .horizon = AHEAD,
                               .season = DAY,
                               .fit_rows = LENGTH,
                               .input_count = 1,
                               .known_count = 1};
    double miss[2] = {0};
    static const char *const names[] = {"trees", "ridge_inputs_short"};
    for (int k = 0; k < 2; k++) {
        const sg_forecaster *model = sg_forecaster_find(names[k]);
        size_t size = model->size(&shape, 0), kept = sg_forecaster_saved_size(model, &shape);
        void *memory = malloc(size), *again = malloc(size), *saved = malloc(kept);
        double said[2 * AHEAD], other[2 * AHEAD];
        model->create(memory, &shape, model->variant);
        model->create(again, &shape, model->variant);
        assert_int_equal(model->fit(memory, &panel, 0, LENGTH - 400), SG_OK);
        assert_int_equal(model->fit(again, &panel, 0, LENGTH - 400), SG_OK);
        assert_memory_equal(memory, again, size);
        sg_forecaster_save(model, &shape, memory, saved);
        memset(again, 0, size);
        assert_int_equal(sg_forecaster_load(model, &shape, saved, kept, again), SG_OK);
        for (int origin = LENGTH - 400; origin + AHEAD <= LENGTH; origin++) {
            model->predict(memory, &panel, origin, said);
            model->predict(again, &panel, origin, other);
            assert_memory_equal(said, other, sizeof said);
            for (int h = 0; h < AHEAD; h++) {
                miss[k] += fabs(said[h] - value[origin + h]) / (371 * AHEAD);
            }
        }
        free(memory);
        free(again);
        free(saved);
    }
    print_message("missed by %.2f, the linear model by %.2f, the noise is 0.50\n", miss[0],
                  miss[1]);
    assert_true(miss[0] < 1.5 && miss[1] > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_sum_is_the_librarys),
        cmocka_unit_test(a_tree_is_walked_as_it_stands),
        cmocka_unit_test(a_threshold_is_found_and_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
