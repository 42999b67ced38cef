/* Measured rows come from any logger: whatever the bytes, they end in a panel of finite numbers or in one line of refusal. The first byte
 * chooses what is asked for. */
#include "base/check.h"
#include "cli/forecast_rows.h"
#include "cli/verbs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const targets[] = {"all", "a", "a,b", "b,,a"};
    if (size < 2 || memchr(data + 1, '\0', size - 1)) {
        return 0; /* the verb refuses NUL bytes before they come here */
    }
    char *text = malloc(size);
    SG_CHECK(text);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    sg_forecast_rows rows;
    sg_clear_sky sun = sg_clear_sky_of(0.5, -1.4, 0, 0);
    sg_forecast_wish wish = {.time = data[0] & 4 ? "t" : NULL,
                             .targets = targets[data[0] % 4],
                             .inputs = data[0] & 8 ? "u" : NULL,
                             .known = data[0] & 16 ? "k,w" : NULL,
                             .holidays = data[0] & 32 ? "h" : NULL,
                             .calendar = data[0] & 64,
                             .sun = data[0] & 128 ? &sun : NULL,
                             .ahead = data[0] & 2 ? 3 : 0};
    int status = sg_forecast_rows_read("fuzz", text, &wish, &rows);
    SG_CHECK(status == SG_EXIT_DONE || status == SG_EXIT_USAGE);
    if (status == SG_EXIT_DONE) {
        SG_CHECK(rows.panel.row_count > 0 && rows.panel.series_count > 0);
        SG_CHECK(rows.step_us >= 0 && rows.panel.season >= 0);
        int64_t missing = 0;
        for (int32_t s = 0; s < rows.panel.series_count; s++) {
            SG_CHECK(memchr(rows.name[s], '\0', SG_FORECAST_NAME_MAX));
            for (int64_t i = 0; i < rows.panel.row_count; i++) {
                SG_CHECK(isfinite(sg_panel_series(&rows.panel, s)[i]));
                missing += rows.panel.missing[s * rows.panel.stride + i];
            }
        }
        SG_CHECK(missing >= rows.missing);
        for (int64_t i = 0; i < rows.inputs.row_count * rows.inputs.count; i++) {
            SG_CHECK(isfinite(sg_input_at(&rows.inputs, (int32_t)(i % rows.inputs.count),
                                          i / rows.inputs.count)));
        }
        SG_CHECK(rows.inputs.row_count == rows.panel.row_count + wish.ahead);
        sg_forecast_rows_free(&rows);
    }
    free(text);
    return 0;
}
