/* ETTh1 by the protocol of the published tables: 8,640 / 2,880 / 2,880 rows, each column by the train rows' mean and deviation, the
 * mean over all windows, columns and steps. */
#ifndef SG_TESTS_ETTH1_H
#define SG_TESTS_ETTH1_H
#include "cli/forecast_rows.h"
#include "study/backtest.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct etth1_row {
    int32_t horizon;
    double repeat_mse, repeat_mae; /* repeat the last value */
    double mse_max;                /* of the mixture        */
} etth1_row;

static char *etth1_text(void)
{
    enum { ROOM = 4 << 20 };
    char *text = malloc(ROOM);
    FILE *pipe = popen("gzip -dc data/ett/ETTh1.csv.gz", "r");
    assert_true(text && pipe);
    size_t length = fread(text, 1, ROOM - 1, pipe);
    text[length] = '\0';
    assert_int_equal(pclose(pipe), 0);
    return text;
}

static void etth1_holds(etth1_row expected)
{
    static sg_backtest it;
    sg_forecast_rows rows;
    char *text = etth1_text();
    const sg_backtest_plan plan = {.train = 8640,
                                   .val = 2880,
                                   .test = 2880,
                                   .horizon = expected.horizon,
                                   .stride = 1,
                                   .standardize = true,
                                   .level = {0.8, 0.95},
                                   .level_count = 2};
    const sg_forecast_wish wish = {.targets = "all"};
    assert_int_equal(sg_forecast_rows_read("ETTh1", text, &wish, &rows), 0);
    assert_int_equal(rows.panel.series_count, 7);
    assert_int_equal(rows.panel.row_count, 17420);
    assert_int_equal(rows.panel.season, 24);
    assert_int_equal(sg_backtest_run(&plan, &rows.panel, &it), SG_OK);
    const sg_voice_score *repeat = &it.score[0], *all = &it.score[sg_ensemble_whole(&it.ensemble)];
    printf("%d: repeat %.4f %.4f, mixture %.4f %.4f, inside %.3f %.3f\n", expected.horizon,
           repeat->mse, repeat->mae, all->mse, all->mae, all->coverage[0], all->coverage[1]);
    assert_int_equal(it.window_count, 2880 - expected.horizon + 1);
    assert_true(fabs(repeat->mse - expected.repeat_mse) <= 0.0005 + 1e-9);
    assert_true(fabs(repeat->mae - expected.repeat_mae) <= 0.0005 + 1e-9);
    assert_true(all->mse <= expected.mse_max);
    for (int v = 0; v < it.ensemble.model_count; v++) { /* none of them alone is much better */
        assert_true(all->mse <= 1.02 * it.score[v].mse && all->mae <= 1.02 * it.score[v].mae);
    }
    assert_true(fabs(all->coverage[0] - 0.8) <= 0.03 && fabs(all->coverage[1] - 0.95) <= 0.03);
    sg_backtest_free(&it);
    sg_forecast_rows_free(&rows);
    free(text);
}
#endif
