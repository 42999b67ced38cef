/* model.h - a model that can be run by itself: columns in, columns out, and what it remembers between two rows.
 *
 * One model stands in one file, src/model/<name>.c, which defines one `const sg_model sg_model_<name>`; src/model/models.def
 * lists them. The table serves `symgrid model`, the docs, the benchmark and the property tests; where a kind of device
 * (kind.h) points at its model, the simulated plant runs it as the truth.
 *
 * Units    SI doubles. Inputs and outputs carry their unit in the name (`dc_w`) unless a dimension says it.
 * Stores   in[0] is the power asked for at the bus, W, > 0: into the bus (discharge); out[0] the power that flows, |out[0]| <=
 *          |in[0]|, out[1] the energy held that can come out again (0: empty), J, out[2] what was lost in the step, J; state[0]
 *          is that energy. Conservation: energy before - energy after = out[0] dt + out[2].
 * Sources  out[0] is the power that could be delivered, W.
 * Memory   tables are static; functions allocate nothing, read no clock and keep nothing outside state. */
#ifndef SG_MODEL_MODEL_H
#define SG_MODEL_MODEL_H
#include "model/kind.h"

#include <stdint.h>

enum { SG_MODEL_INPUT_MAX = 16, SG_MODEL_OUTPUT_MAX = 16, SG_MODEL_STATE_MAX = 64 };

typedef struct sg_output {
    const char *name;
    const char *unit; /* SI, "" for a plain number or fraction */
    const char *help;
} sg_output;

/* When a row is, and how long it lasts. */
typedef struct sg_now {
    int64_t time_us; /* the middle of the step, UTC; 0 where the model does not need it */
    double dt_s;     /* > 0 */
} sg_now;

enum sg_model_needs { SG_NEEDS_TIME = 1, SG_NEEDS_DT = 2 };

typedef struct sg_model sg_model;
struct sg_model {
    const char *name, *title;
    const char *source;  /* papers, standards, tables that the equations come from          */
    const char *limits;  /* what it does not do, or where it is not valid                   */
    const char *example; /* inputs for --example: "ghi=0..1000 air_temperature=20 dt_s=60"  */
    bool hypothetical;   /* no such device exists: marked in every output, commands nothing */
    unsigned needs;      /* of sg_model_needs; a model with state needs SG_NEEDS_DT          */
    const sg_param *params;
    int param_count; /* <= SG_PARAM_MAX */
    const sg_input *inputs;
    int input_count;
    const sg_output *outputs;
    int output_count;
    int state_count; /* doubles that a row leaves to the next */
    /* May be NULL: the state starts as zeros. */
    void (*start)(const sg_model *self, const double *p, double *state);
    /* One row. Arguments are finite, dt_s > 0. SG_RANGE: an input that the model cannot take; nothing is changed then. */
    sg_status (*step)(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out);
    /* May be NULL. `count` rows (or devices of the same parameters) at once, arrays per column: in[i][k], state[i][k],
     * out[i][k]; time_us[k] where the model needs time, else NULL. Gives what step gives, to the bit. Nothing is refused: without
     * state, out[0][k] is NAN in a row that step would not take. */
    void (*batch)(const double *p, const int64_t *time_us, double dt_s, int64_t count,
                  const double *const *in, double *const *state, double *const *out);
    const sg_kind *kind; /* set where a kind's lumped equation is run as a model */
};

extern const sg_model *const sg_models[];
extern const int sg_model_count;

/* A model of that name, or a kind of device by its lumped equation written to *room. NULL when there is neither.
 * @effects alloc=no block=no */
const sg_model *sg_model_find(const char *name, sg_model *room);

/* The presets; NAN where there is none. */
void sg_model_presets(const sg_model *self, double p[SG_PARAM_MAX]);
void sg_model_start(const sg_model *self, const double *p, double *state);

/* The checked door: SG_RANGE, with nothing written, for inputs or times that are not finite and for dt_s that is not above
 * zero, and SG_RANGE where the model has no finite answer. A model without
 * state may be given NULL for it. @effects alloc=no block=no fails=SG_RANGE */
SG_MUST_CHECK sg_status sg_model_step(const sg_model *self, const double *p, const sg_now *now,
                                      const double *in, double *state, double *out);
#endif
