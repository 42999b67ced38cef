/* model_rows.h - CSV rows into a model and out of it. Private to the command line. */
#ifndef SG_CLI_MODEL_ROWS_H
#define SG_CLI_MODEL_ROWS_H
#include "base/text.h"
#include "model/model.h"

/* Which columns of the file the model takes, and how its times are to be read. */
typedef struct sg_rows_options {
    const char *columns; /* "ghi=ghi_wm2,time=time_est": only these; NULL: the header's own names */
    int32_t zone_offset_s; /* of times that name no zone themselves */
} sg_rows_options;

/* A table: inputs and, once run, outputs, one array per column. Missing values are NAN. */
typedef struct sg_rows {
    int64_t count;
    double *in[SG_MODEL_INPUT_MAX];
    double *out[SG_MODEL_OUTPUT_MAX];
    double *dt_s;
    int64_t *time_us; /* start of the row's step; NULL without a time column */
    double *memory;
    int64_t *times;
} sg_rows;

/* Parse `text` (changed in place). SG_EXIT_DONE, or SG_EXIT_USAGE after one line `name:line: ...` on stderr. */
int sg_rows_read(const sg_model *model, const sg_rows_options *options, const char *name,
                 char *text, sg_rows *ret);
/* 97 rows of the model's example. SG_EXIT_USAGE where it has none. */
int sg_rows_example(const sg_model *model, sg_rows *ret);
/* Run every row in order. A row with a missing value has no result and changes no state. */
int sg_rows_run(const sg_model *model, const double *p, const char *name, sg_rows *rows);
void sg_rows_write_inputs(const sg_model *model, const sg_rows *rows, sg_out *out);
void sg_rows_write_outputs(const sg_model *model, const sg_rows *rows, sg_out *out);
void sg_rows_free(sg_rows *self);

/* Outputs that share the first one's unit against the input that the example sweeps, as a file of SVG. */
void sg_rows_plot(const sg_model *model, const sg_rows *rows, sg_out *out);
#endif
