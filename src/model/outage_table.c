/* outage_table - what the capacity of unlike units that fail means for a load.
 *
 * P'(x) = (1 - q) P(x) + q P(x - C), a unit of capacity C with forced outage rate q at a time; a load loses with P(outage >
 * installed - load). Presets are the Roy Billinton test system. Physics and limits: reliability.h. */
#include "base/check.h"
#include "model/model.h"
#include "model/reliability.h"

#include <math.h>
#include <stdbool.h>

enum { GROUP_COUNT = 10, PER_GROUP = 3, STEP = GROUP_COUNT * PER_GROUP, PARAM_COUNT };
enum { UNITS, CAPACITY, OUTAGE }; /* of a group */
enum { LOAD, INPUT_COUNT };
enum { LOLP, UNSERVED, RESERVE, OUTPUT_COUNT };
enum { TABLE_STEPS = 4096, AUTOMATIC_STEPS = 4000, UNIT_MAX = 1000 };

#define RBTS "R. Billinton et al., IEEE Trans. Power Systems 4 (1989) 1238, table 1"
#define GROUP(i, units, capacity_w, outage, text)                                             \
    [PER_GROUP * ((i)-1) +                                                                    \
        UNITS] = {"units_" #i, SG_DIM_NONE, units, 0, UNIT_MAX, NULL, "of this group", text}, \
        [PER_GROUP * ((i)-1) + CAPACITY] = {"capacity_" #i, SG_DIM_POWER, capacity_w, 0,      \
                                            1e11,           NULL,         "of each",  text},  \
        [PER_GROUP * ((i)-1) + OUTAGE] = {"forced_outage_rate_" #i,                           \
                                          SG_DIM_FRACTION,                                    \
                                          outage,                                             \
                                          0,                                                  \
                                          1,                                                  \
                                          NULL,                                               \
                                          "share of time that each is out of order",          \
                                          text}

static const sg_param params[PARAM_COUNT] = {
    GROUP(1, 2, 40e6, 0.03, RBTS),
    GROUP(2, 1, 20e6, 0.025, RBTS),
    GROUP(3, 1, 10e6, 0.02, RBTS),
    GROUP(4, 1, 40e6, 0.02, RBTS),
    GROUP(5, 4, 20e6, 0.015, RBTS),
    GROUP(6, 2, 5e6, 0.01, RBTS),
    GROUP(7, 0, 0, 0, ""),
    GROUP(8, 0, 0, 0, ""),
    GROUP(9, 0, 0, 0, ""),
    GROUP(10, 0, 0, 0, ""),
    [STEP] = {"step", SG_DIM_POWER, 0, 0, 1e11, NULL,
              "of the table; 0: the largest that divides all capacities, or a 4000th of the whole",
              ""},
};

static const sg_input inputs[INPUT_COUNT] = {
    [LOAD] = {"load", SG_DIM_POWER, NAN, "that the units together are to carry"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [LOLP] = {"lolp", "", "probability that the load finds too little"},
    [UNSERVED] = {"expected_unserved_w", "W", "mean power not served, over all time"},
    [RESERVE] = {"reserve_w", "W", "installed capacity over the load"},
};

static int units_of(const double *p, int group)
{
    return (int)floor(p[PER_GROUP * group + UNITS]);
}

/* The step that makes the table exact where one of whole watts does, else one that fits. */
static double table_step_w(const double *p)
{
    double installed_w = 0, common_w = 0;
    if (p[STEP] > 0) {
        return p[STEP];
    }
    for (int g = 0; g < GROUP_COUNT; g++) {
        double rest_w = units_of(p, g) > 0 ? floor(p[PER_GROUP * g + CAPACITY] + 0.5) : 0;
        installed_w += units_of(p, g) * p[PER_GROUP * g + CAPACITY];
        while (rest_w > 0) { /* Euclid: at most five rounds a decimal digit */
            double left_w = fmod(common_w, rest_w);
            common_w = rest_w;
            rest_w = left_w;
        }
    }
    if (common_w > 0 && installed_w / common_w < AUTOMATIC_STEPS) {
        return common_w;
    }
    return installed_w > 0 ? installed_w / (AUTOMATIC_STEPS - GROUP_COUNT) : 1;
}

static bool make_table(const double *p, double *memory, sg_outage_table *ret)
{
    bool good = sg_outage_table_init(ret, table_step_w(p), TABLE_STEPS, memory) == SG_OK;
    for (int g = 0; good && g < GROUP_COUNT; g++) {
        const double *group = p + PER_GROUP * g;
        for (int u = 0; good && u < units_of(p, g); u++) {
            good = sg_outage_table_add(ret, group[CAPACITY], group[OUTAGE]) == SG_OK;
        }
    }
    if (good) {
        sg_outage_table_close(ret);
    }
    return good;
}

static void look_up(const sg_outage_table *table, double load_w, double *lolp, double *unserved_w,
                    double *reserve_w)
{
    *lolp = sg_outage_table_lolp(table, load_w);
    *unserved_w = sg_outage_table_unserved_w(table, load_w);
    *reserve_w = table->installed_w - load_w;
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    (void)now;
    (void)state;
    double memory[3 * TABLE_STEPS];
    sg_outage_table table;
    if (in[LOAD] < 0 || !make_table(p, memory, &table)) {
        return SG_RANGE;
    }
    look_up(&table, in[LOAD], &out[LOLP], &out[UNSERVED], &out[RESERVE]);
    return SG_OK;
}

/* The table is made once; what step would refuse becomes NAN. */
static void batch(const double *p, const int64_t *time_us, double dt_s, int64_t count,
                  const double *const *in, double *const *state, double *const *out)
{
    (void)time_us;
    (void)dt_s;
    (void)state;
    double memory[3 * TABLE_STEPS];
    sg_outage_table table;
    bool made = make_table(p, memory, &table);
    for (int64_t k = 0; k < count; k++) {
        if (made && in[LOAD][k] >= 0) {
            look_up(&table, in[LOAD][k], &out[LOLP][k], &out[UNSERVED][k], &out[RESERVE][k]);
        } else {
            out[LOLP][k] = out[UNSERVED][k] = out[RESERVE][k] = NAN;
        }
    }
}

const sg_model sg_model_outage_table = {
    .name = "outage_table",
    .title = "capacity outage table: loss of load and energy not served",
    .source = "R. Billinton, R. N. Allan, Reliability Evaluation of Power Systems, 2nd ed., Plenum "
              "1996, chapters 2 and 3; presets: the Roy Billinton test system, " RBTS,
    .limits = "units in two states that fail independently of each other; no network between them "
              "and the load, no maintenance, no fuel or energy limit; a row made anew for each "
              "load, so a table of thousands of steps takes its tens of microseconds a row",
    .example = "load=100000000..240000000",
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .step = step,
    .batch = batch,
};
