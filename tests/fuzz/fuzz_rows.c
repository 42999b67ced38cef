/* Rows of CSV for a model are what strangers pipe in: whatever the bytes, they end in results or in one line of refusal. The
 * first byte chooses the model, so that times, steps, presets and states all take part. */
#include "base/check.h"
#include "cli/model_rows.h"
#include "cli/verbs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"pv", "soiling", "flywheel", "fusion"};
    if (size < 2 || memchr(data + 1, '\0', size - 1)) {
        return 0; /* the verb refuses NUL bytes before they come here */
    }
    sg_model room;
    const sg_model *model = sg_model_find(names[data[0] % 4], &room);
    const sg_rows_options options = {.columns = data[0] & 4 ? "time=t,ghi=a,power_w=b" : NULL,
                                     .zone_offset_s = data[0] & 8 ? -18000 : 0};
    double p[SG_PARAM_MAX];
    char *text = malloc(size);
    SG_CHECK(model && text);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    sg_model_presets(model, p);
    sg_rows rows;
    int status = sg_rows_read(model, &options, "fuzz", text, &rows);
    SG_CHECK(status == SG_EXIT_DONE || status == SG_EXIT_USAGE);
    if (status == SG_EXIT_DONE && sg_rows_run(model, p, "fuzz", &rows) == SG_EXIT_DONE) {
        sg_out out = {0};
        for (int64_t k = 0; k < rows.count; k++) {
            bool missing = false;
            for (int i = 0; i < model->input_count; i++) {
                missing = missing || isnan(rows.in[i][k]);
            }
            for (int i = 0; i < model->output_count; i++) {
                SG_CHECK(missing ? isnan(rows.out[i][k]) : isfinite(rows.out[i][k]));
            }
        }
        sg_rows_write_outputs(model, &rows, &out);
        SG_CHECK(!out.failed);
        sg_out_free(&out);
    }
    sg_rows_free(&rows);
    free(text);
    return 0;
}
