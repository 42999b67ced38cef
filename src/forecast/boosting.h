/* boosting.h - sums of regression trees: learnt by XGBoost where this machine has it, spoken by our own few lines everywhere.
 *
 * Learning the shared library is looked for when first asked for, under its usual name or where SYMGRID_XGBOOST_LIB says; nothing is
 *          needed to build. One thread, no drawing of rows or columns: the same rows give the same trees.
 * Trees    of a fixed depth, one behind the other; the children of node i are 2 i + 1 (value below the threshold) and 2 i + 2.
 * Memory   the caller's. @effects of learning: alloc=yes block=no; of the others: alloc=no block=no
 * Source   Chen and Guestrin, XGBoost: A Scalable Tree Boosting System, KDD 2016; its C interface of 1.7 (xgboost/c_api.h). */
#ifndef SG_FORECAST_BOOSTING_H
#define SG_FORECAST_BOOSTING_H
#include "base/status.h"

#include <stdint.h>

enum { SG_TREE_DEPTH = 5, SG_TREE_NODES = 63 };

typedef struct sg_tree_node {
    float value;     /* threshold; of a leaf what it adds */
    int32_t feature; /* of the row; below 0: a leaf       */
} sg_tree_node;

/* NULL: it is there; else what to install, in one line. */
const char *sg_boosting_lacks(void);

/* x: [row][column], finite; y: [row]. ret: [trees][SG_TREE_NODES]. rate: share of each tree that counts. SG_UNAVAILABLE: no library;
 * SG_FORMAT: it answered in a way that is not known here. */
SG_MUST_CHECK sg_status sg_boosting_learn(const float *x, const float *y, int64_t rows,
                                          int32_t columns, int32_t trees, double rate,
                                          sg_tree_node *ret);

/* Sum over trees of one row's leaves. */
double sg_boosting_sum(const sg_tree_node *trees, int32_t count, const float *row);
#endif
