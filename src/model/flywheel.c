/* flywheel - kinetic energy of a rotor between two speeds.
 *
 * Lumped   one efficiency each way, and `drag` as a share of the energy held.
 * Model    E = 1/2 I (w^2 - w_min^2). The drag is viscous, its power grows with w^2: the whole kinetic energy, with what
 *          lies below the lowest speed, decays as e^(-k t), solved exactly over the step; k is such that a wheel that is
 *          half full loses the share `drag` of its usable energy, as the lumped view has it. Below base_speed the torque
 *          limits the power.
 * Source   defaults after a published 100 kW / 25 kWh unit at 8,000 to 16,000 rpm. */
#include "model/flywheel.h"

#include "base/check.h"
#include "model/decay.h"
#include "model/lanes.h"
#include "model/model.h"

#include <math.h>

enum {
    CAPACITY,
    POWER,
    EFFICIENCY,
    STANDING,
    SPEED_MAX,
    SPEED_MIN,
    BASE_SPEED,
    STANDBY,
    PARAM_COUNT
};

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_ENERGY, 25 * 3.6e6, 1, 1e13, NULL,
                  "usable energy between its speeds", "Beacon Smart Energy 25"},
    [POWER] = {"power", SG_DIM_POWER, 100e3, 0, 1e10, NULL, "of the motor-generator, both ways",
               "Beacon Smart Energy 25"},
    [EFFICIENCY] = {"round_trip_efficiency", SG_DIM_FRACTION, 0.85, 0.05, 1, NULL,
                    "electrical, without drag", "Beacon Smart Energy 25"},
    [STANDING] = {"drag", SG_DIM_RATE, 0.02 / 3600, 0, 1e-4, NULL,
                  "share of the energy lost to drag, half full", "engineering estimate"},
    [SPEED_MAX] = {"speed_max", SG_DIM_ROTATION, 1675.5160819145563, 1, 1e5, NULL,
                   "full: 16,000 rpm", "Beacon BP-400"},
    [SPEED_MIN] = {"speed_min", SG_DIM_FRACTION, 0.5, 0, 0.95, NULL,
                   "empty, as a share of speed_max", "Beacon BP-400: 8,000 rpm"},
    [BASE_SPEED] = {"base_speed", SG_DIM_FRACTION, 0.5, 0, 1, NULL,
                    "share of speed_max below which torque, not power, is the limit", ""},
    [STANDBY] = {"standby", SG_DIM_POWER, 0, 0, 1e9, NULL,
                 "taken from the rotor by bearings, pumps and electronics while it turns", ""},
};

static void reservoir(const double *p, sg_reservoir *ret)
{
    *ret = (sg_reservoir){
        .capacity_j = p[CAPACITY],
        .charge_w_max = p[POWER],
        .discharge_w_max = p[POWER],
        .charge_eff = sqrt(p[EFFICIENCY]),
        .discharge_eff = sqrt(p[EFFICIENCY]),
        .standing_loss_per_h = p[STANDING] * 3600,
    };
}

/* --- the rotor --- */

double sg_flywheel_inertia_kg_m2(double usable_j, double speed_max_rad_s, double speed_min_frac)
{
    return 2 * usable_j /
           (speed_max_rad_s * speed_max_rad_s * (1 - speed_min_frac * speed_min_frac));
}

double sg_flywheel_below_j(double usable_j, double speed_min_frac)
{
    double squared = speed_min_frac * speed_min_frac;
    return usable_j * squared / (1 - squared);
}

double sg_flywheel_speed_rad_s(double usable_j, double speed_max_rad_s, double speed_min_frac,
                               double energy_j)
{
    double inertia = sg_flywheel_inertia_kg_m2(usable_j, speed_max_rad_s, speed_min_frac);
    return sqrt(2 * (energy_j + sg_flywheel_below_j(usable_j, speed_min_frac)) / inertia);
}

/* --- a step --- */

static const sg_input inputs[] = {
    {"power_w", SG_DIM_POWER, 0, "asked for at the bus; > 0: discharge"}};

enum { OUT_POWER, OUT_ENERGY, OUT_LOSS, OUT_SPEED, OUT_COUNT };
static const sg_output outputs[OUT_COUNT] = {
    [OUT_POWER] = {"power_w", "W", "that flows at the bus"},
    [OUT_ENERGY] = {"energy_j", "J", "held above the lowest speed"},
    [OUT_LOSS] = {"loss_j", "J", "lost in the step to drag, standby and conversion"},
    [OUT_SPEED] = {"speed_rad_s", "rad/s", "of the rotor, at the end of the step"},
};

/* What the parameters and the length of the step make, once per call. */
typedef struct wheel {
    double capacity_j, below_j, power_w, dt_s;
    double keep, span_s, drain_j;   /* of drag and standby: see decay.h; drain over the step */
    double per_out, per_in;         /* energy moved per energy at the bus */
    double spare_per_s, room_per_s; /* power at the bus per energy, over the step */
    double per_base_j;              /* 1 / energy at base speed; 0: no limit by torque */
    double squared_per_j;           /* 2 / I */
} wheel;

static wheel wheel_of(const double *p, double dt_s)
{
    double below_j = sg_flywheel_below_j(p[CAPACITY], p[SPEED_MIN]);
    double half_j = p[CAPACITY] / 2;
    double rate_per_s = sg_decay_rate_per_s(p[STANDING] * 3600) * half_j / (half_j + below_j);
    double one_way = sqrt(p[EFFICIENCY]), span_s = sg_decay_span_s(rate_per_s, dt_s);
    double full_j = p[CAPACITY] + below_j;
    return (wheel){
        .capacity_j = p[CAPACITY],
        .below_j = below_j,
        .power_w = p[POWER],
        .dt_s = dt_s,
        .keep = sg_decay_keep_frac(rate_per_s, dt_s),
        .span_s = span_s,
        .drain_j = (rate_per_s * below_j + p[STANDBY]) * span_s,
        .per_out = 1 / one_way,
        .per_in = one_way,
        .spare_per_s = one_way / span_s,
        .room_per_s = 1 / (one_way * span_s),
        .per_base_j =
            p[BASE_SPEED] > p[SPEED_MIN] ? 1 / (full_j * p[BASE_SPEED] * p[BASE_SPEED]) : 0,
        .squared_per_j = 2 / sg_flywheel_inertia_kg_m2(p[CAPACITY], p[SPEED_MAX], p[SPEED_MIN]),
    };
}

#define SG_LANES 2
#include "model/flywheel_rows.h"
#undef SG_LANES
#if SG_LANES_X86
#define SG_LANES 4
#include "model/flywheel_rows.h"
#undef SG_LANES
#endif

static void start(const sg_model *self, const double *p, double *state)
{
    (void)self;
    state[0] = p[CAPACITY] / 2;
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    wheel c = wheel_of(p, now->dt_s);
    sg_lanes2 ret[OUT_COUNT];
    turn2(&c, SG_LANES_OF2(in[0]), SG_LANES_OF2(state[0]), ret);
    for (int i = 0; i < OUT_COUNT; i++) {
        out[i] = ret[i][0];
    }
    state[0] = out[OUT_ENERGY];
    return SG_OK;
}

#if SG_LANES_X86
static __attribute__((target("avx2"))) int64_t
many_wide(const wheel *c, int64_t count, const double *asked_w, double *held_j, double *const *out)
{
    return many4(c, count, asked_w, held_j, out);
}
#else
static int64_t many_wide(const wheel *c, int64_t count, const double *asked_w, double *held_j,
                         double *const *out)
{
    return many2(c, count, asked_w, held_j, out);
}
#endif

static void batch(const double *p, const int64_t *time_us, double dt_s, int64_t count,
                  const double *const *in, double *const *state, double *const *out)
{
    (void)time_us;
    const wheel c = wheel_of(p, dt_s);
    const double *asked_w = in[0];
    double *held_j = state[0];
    int64_t k = SG_LANES_WIDE() ? many_wide(&c, count, asked_w, held_j, out)
                                : many2(&c, count, asked_w, held_j, out);
    for (; k < count; k++) {
        sg_lanes2 ret[OUT_COUNT];
        turn2(&c, SG_LANES_OF2(asked_w[k]), SG_LANES_OF2(held_j[k]), ret);
        held_j[k] = ret[OUT_ENERGY][0];
        for (int i = 0; i < OUT_COUNT; i++) {
            out[i][k] = ret[i][0];
        }
    }
}

const sg_model sg_model_flywheel = {
    .name = "flywheel",
    .title = "flywheel",
    .source = "E = I w^2 / 2: G. Genta, Kinetic Energy Storage, Butterworths 1985; figures of "
              "Beacon Power BP-400 / Smart Energy 25",
    .limits = "one drag law (power with the square of the speed); the torque limit is taken at "
              "the speed at the start of the step; energy below the lowest speed is not counted: "
              "an empty wheel stays at that speed",
    .example = "dt_s=60 power_w=-100000..100000",
    .needs = SG_NEEDS_DT,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = SG_COUNT(inputs),
    .outputs = outputs,
    .output_count = OUT_COUNT,
    .state_count = 1,
    .start = start,
    .step = step,
    .batch = batch,
};

const sg_kind sg_kind_flywheel = {
    .name = "flywheel",
    .title = "flywheel",
    .role = SG_STORE,
    .params = params,
    .param_count = PARAM_COUNT,
    .reservoir = reservoir,
    .model = &sg_model_flywheel,
};
