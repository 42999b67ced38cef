/* CSV files of series: whatever the bytes, reading ends in rising rows on a grid or in diagnostics. The first byte chooses
 * between one time column, a typical year's three, and a condition on the rows. */
#include "base/check.h"
#include "site/csv.h"
#include "site/grid.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_grid(const sg_csv *csv)
{
    sg_grid grid;
    if (!sg_grid_fit(csv, &grid) && grid.count < 100000) {
        double *value = calloc((size_t)grid.count, sizeof *value),
               *sums = calloc((size_t)grid.count + 1, sizeof *sums);
        uint8_t *quality = calloc((size_t)grid.count, 1);
        for (int32_t i = 0; value && i < grid.count; i++) {
            value[i] = (double)NAN;
        }
        for (int32_t row = 0; value && row < csv->rows; row++) {
            SG_CHECK(grid.slot[row] >= 0 && grid.slot[row] < grid.count);
            SG_CHECK(row == 0 || grid.slot[row] >= grid.slot[row - 1]);
            value[grid.slot[row]] = csv->value[row];
        }
        sg_gaps gaps;
        if (value && sums && quality &&
            sg_grid_fill(value, quality, grid.count, SG_GAP_LINEAR, &gaps)) {
            sg_grid_integrate(value, grid.count, grid.step_us, true, true, sums);
            for (int32_t i = 0; i < grid.count; i++) {
                SG_CHECK(!isnan(value[i]));
            }
        }
        free(value);
        free(sums);
        free(quality);
    }
    sg_grid_free(&grid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    static const char *const columns[] = {"x"};
    sg_csv_query query = {.time = {"t"}, .time_unit_s = 1, .columns = columns, .column_count = 1};
    if (data[0] % 4 == 1) {
        query.time[0] = "m";
        query.time[1] = "d";
        query.time[2] = "h";
    } else if (data[0] % 4 == 2) {
        query.where[0].column = "run";
        query.where[0].text = "1";
        query.where_count = 1;
    }
    sg_csv csv;
    sg_diagnostics said = {0};
    bool good = sg_csv_parse((const char *)data + 1, size - 1, "fuzz.csv",
                             (sg_place){"site.yaml", 1, 1}, &query, &said, &csv);
    SG_CHECK(good == (said.errors == 0));
    if (good) {
        SG_CHECK(csv.rows >= 2);
        for (int32_t i = 1; i < csv.rows; i++) {
            SG_CHECK(csv.time_us[i] > csv.time_us[i - 1] && csv.line[i] > csv.line[i - 1]);
        }
        check_grid(&csv);
    }
    sg_csv_free(&csv);
    sg_diagnostics_free(&said);
    return 0;
}
