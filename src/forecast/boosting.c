#include "forecast/boosting.h"

#include "base/quantity.h"

#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    int (*matrix)(const float *data, uint64_t rows, uint64_t columns, float missing, void **ret);
    int (*matrix_info)(void *, const char *field, const float *values, uint64_t count);
    int (*matrix_free)(void *);
    int (*create)(void *const *matrices, uint64_t count, void **ret);
    int (*set)(void *, const char *name, const char *value);
    int (*update)(void *, int round, void *matrix);
    int (*dump)(void *, const char *map, int with_stats, uint64_t *ret_count, const char ***ret);
    int (*free)(void *);
} xgboost;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool found;

/* The address of a function; ISO C has no cast for it. */
static bool find(void *library, const char *name, void *ret)
{
    void *symbol = dlsym(library, name);
    memcpy(ret, &symbol, sizeof symbol);
    return symbol != NULL;
}

/* The library stays loaded: it keeps threads of its own. */
static void load(void)
{
    const char *path = getenv("SYMGRID_XGBOOST_LIB");
    void *library = dlopen(path && *path ? path : "libxgboost.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library && !(path && *path)) {
        library = dlopen("libxgboost.so", RTLD_NOW | RTLD_LOCAL);
    }
    found = library && find(library, "XGDMatrixCreateFromMat", &xgboost.matrix) &&
            find(library, "XGDMatrixSetFloatInfo", &xgboost.matrix_info) &&
            find(library, "XGDMatrixFree", &xgboost.matrix_free) &&
            find(library, "XGBoosterCreate", &xgboost.create) &&
            find(library, "XGBoosterSetParam", &xgboost.set) &&
            find(library, "XGBoosterUpdateOneIter", &xgboost.update) &&
            find(library, "XGBoosterDumpModel", &xgboost.dump) &&
            find(library, "XGBoosterFree", &xgboost.free);
}

const char *sg_boosting_lacks(void)
{
    return pthread_once(&once, load) == 0 && found
               ? NULL
               : "XGBoost is not installed here (Debian: apt-get install libxgboost0)";
}

/* --- a tree as text: "0:[f3<0.5] yes=1,no=2,missing=1" or "1:leaf=0.25", one node a line --- */

typedef struct node {
    sg_tree_node is;
    int32_t yes, no;
} node;

static bool number(const char **at, const char *before, double *ret)
{
    size_t length = strlen(before), digits;
    if (strncmp(*at, before, length) != 0) {
        return false;
    }
    digits = sg_number_scan(*at + length, strspn(*at + length, "+-.0123456789eE"), ret);
    *at += length + digits;
    return digits > 0;
}

static bool read_node(const char *at, node *nodes)
{
    double id, feature, value, yes, no;
    at += strspn(at, "\t ");
    if (!number(&at, "", &id) || !(id >= 0 && id < SG_TREE_NODES)) {
        return false;
    }
    node *to = &nodes[(int)id];
    if (number(&at, ":leaf=", &value)) {
        *to = (node){.is = {.value = (float)value, .feature = -1}};
        return isfinite(value);
    }
    if (!number(&at, ":[f", &feature) || !number(&at, "<", &value) ||
        !number(&at, "] yes=", &yes) || !number(&at, ",no=", &no)) {
        return false;
    }
    *to = (node){{(float)value, (int32_t)feature}, (int32_t)yes, (int32_t)no};
    return feature >= 0 && feature < INT32_MAX && yes >= 0 && yes < SG_TREE_NODES && no >= 0 &&
           no < SG_TREE_NODES;
}

static bool read_tree(const char *text, sg_tree_node *ret)
{
    node nodes[SG_TREE_NODES];
    int32_t which[SG_TREE_NODES] = {0}; /* the node that stands at a place; -1: none */
    for (int i = 0; i < SG_TREE_NODES; i++) {
        nodes[i] = (node){.is = {.feature = -1}};
        ret[i] = nodes[i].is;
        which[i] = i == 0 ? 0 : -1;
    }
    for (const char *at = text; at && *at; at = strchr(at, '\n'), at += at != NULL) {
        if (!read_node(at, nodes)) {
            return false;
        }
    }
    for (int i = 0; i < SG_TREE_NODES; i++) {
        if (which[i] < 0) {
            continue;
        }
        ret[i] = nodes[which[i]].is;
        if (ret[i].feature >= 0) {
            if (2 * i + 2 >= SG_TREE_NODES) {
                return false; /* deeper than was asked for */
            }
            which[2 * i + 1] = nodes[which[i]].yes;
            which[2 * i + 2] = nodes[which[i]].no;
        }
    }
    return true;
}

/* --- learning --- */

static bool set_up(void *booster, double rate)
{
    char rate_text[32], depth[16];
    snprintf(rate_text, sizeof rate_text, "%.6g", rate);
    snprintf(depth, sizeof depth, "%d", SG_TREE_DEPTH);
    const char *const parameters[][2] = {{"verbosity", "0"},   {"nthread", "1"},
                                         {"seed", "1"},        {"objective", "reg:squarederror"},
                                         {"base_score", "0"},  {"tree_method", "hist"},
                                         {"max_depth", depth}, {"eta", rate_text},
                                         {"max_bin", "64"},    {"min_child_weight", "20"}};
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof parameters / sizeof parameters[0]; i++) {
        ok = xgboost.set(booster, parameters[i][0], parameters[i][1]) == 0;
    }
    return ok;
}

static sg_status grow(void *booster, void *matrix, int32_t trees, double rate, sg_tree_node *ret)
{
    uint64_t count = 0;
    const char **text = NULL;
    bool ok = set_up(booster, rate);
    for (int32_t i = 0; ok && i < trees; i++) {
        ok = xgboost.update(booster, i, matrix) == 0;
    }
    ok = ok && xgboost.dump(booster, "", 0, &count, &text) == 0 && count == (uint64_t)trees;
    for (int32_t i = 0; ok && i < trees; i++) {
        ok = read_tree(text[i], ret + (int64_t)i * SG_TREE_NODES);
    }
    return ok ? SG_OK : SG_FORMAT;
}

sg_status sg_boosting_learn(const float *x, const float *y, int64_t rows, int32_t columns,
                            int32_t trees, double rate, sg_tree_node *ret)
{
    void *matrix = NULL, *booster = NULL;
    if (sg_boosting_lacks()) {
        return SG_UNAVAILABLE;
    }
    bool ok = xgboost.matrix(x, (uint64_t)rows, (uint64_t)columns, NAN, &matrix) == 0;
    ok = ok && xgboost.matrix_info(matrix, "label", y, (uint64_t)rows) == 0 &&
         xgboost.create(&matrix, 1, &booster) == 0;
    sg_status status = ok ? grow(booster, matrix, trees, rate, ret) : SG_NOMEM;
    if (booster) {
        xgboost.free(booster);
    }
    if (matrix) {
        xgboost.matrix_free(matrix);
    }
    return status;
}

double sg_boosting_sum(const sg_tree_node *trees, int32_t count, const float *row)
{
    double sum = 0;
    for (int32_t t = 0; t < count; t++, trees += SG_TREE_NODES) {
        int32_t i = 0;
        while (trees[i].feature >= 0) {
            i = 2 * i + (row[trees[i].feature] < trees[i].value ? 1 : 2);
        }
        sum += (double)trees[i].value;
    }
    return sum;
}
