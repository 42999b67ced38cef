/* lithium_ion - battery: an energy reservoir with losses, packs, temperature and age.
 *
 * Planning and control see the reservoir: capacity, powers, one-way efficiencies, standing loss. The model below is the truth
 * that the simulated plant runs; with the presets it moves energy bit for bit as the reservoir does.
 *
 *   x' = x keep - aux dt - flow dt     flow = w / eff_d (discharge), w eff_c (charge), or OCV I behind a resistance
 *
 * Energy   counts from the floor of the charge window, so 0 is empty and soc = soc_min + x / capacity.
 * Packs    are alike and share the power. A pack that fails takes its share of the energy with it; when it returns, the packs
 *          in service are level again, without loss.
 * Heat     is what conversion loses. Auxiliaries are fed from the battery's own energy while it has any.
 * Source   round trip 88 % AC to AC at the default, the middle of what utility systems report; OCV curve K. Smith et al., ACC
 *          2017; thermal lump and ageing as battery_thermal.h and ageing.h say.
 * Limits   limits, voltage and derating are those of the beginning of the step: keep dt well below an hour where they matter. */
#include "model/lithium_ion.h"

#include "base/check.h"
#include "model/battery_thermal.h"
#include "model/battery_voltage.h"
#include "model/model.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum {
    CAPACITY,
    DISCHARGE,
    CHARGE,
    EFFICIENCY,
    COOLING,
    CYCLE_LIFE,
    STANDING,
    SOC_MIN,
    SOC_MAX,
    TAPER_EMPTY,
    TAPER_FULL,
    AUXILIARY,
    VOLTAGE,
    RESISTANCE,
    MASS,
    SPECIFIC_HEAT,
    SURFACE,
    HEAT_TRANSFER,
    DERATING,
    COLD_STOP,
    COLD_FULL,
    HOT_FULL,
    HOT_STOP,
    PACKS,
    AGEING,
    FADE,
    PARAM_COUNT
};
enum { POWER, COOLANT, AVAILABLE, INPUT_COUNT };
enum {
    OUT_POWER,
    OUT_ENERGY,
    OUT_LOSS,
    OUT_DISCHARGE_MAX,
    OUT_CHARGE_MAX,
    OUT_TEMPERATURE,
    OUT_SOC,
    OUT_HEALTH,
    OUT_LOCKED,
    OUT_CYCLES,
    OUTPUT_COUNT
};

extern const sg_model sg_model_lithium_ion;

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_ENERGY, NAN, 1, 1e15, NULL,
                  "energy from empty to full; usable within the charge window", ""},
    [DISCHARGE] = {"discharge_rate", SG_DIM_POWER, NAN, 0, 1e11, NULL, "most it gives", ""},
    [CHARGE] = {"charge_rate", SG_DIM_POWER, -1, 0, 1e11, NULL,
                "most it takes; as discharge_rate if not given", ""},
    [EFFICIENCY] = {"round_trip_efficiency", SG_DIM_FRACTION, 0.88, 0.05, 1, NULL, "AC to AC", ""},
    [COOLING] = {"cooling", SG_DIM_NONE, 0, 0, 0, "", "label", ""},
    [CYCLE_LIFE] = {"cycle_life", SG_DIM_NONE, 5000, 1, 1e7, NULL,
                    "full cycles to the end of its life", ""},
    [STANDING] = {"standing_loss", SG_DIM_RATE, 0.02 / (30 * 86400.0), 0, 1e-5, NULL,
                  "share of the energy lost while it stands", "about 2 % a month"},
    [SOC_MIN] = {"soc_min", SG_DIM_FRACTION, 0, 0, 0.45, NULL,
                 "floor of the charge window, of the capacity", ""},
    [SOC_MAX] = {"soc_max", SG_DIM_FRACTION, 1, 0.55, 1, NULL,
                 "top of the charge window, of the capacity", ""},
    [TAPER_EMPTY] = {"taper_empty", SG_DIM_FRACTION, 0, 0, 1, NULL,
                     "share of the window, from its floor, in which discharge power falls to 0",
                     ""},
    [TAPER_FULL] = {"taper_full", SG_DIM_FRACTION, 0, 0, 1, NULL,
                    "share of the window, from its top, in which charge power falls to 0", ""},
    [AUXILIARY] = {"auxiliary_power", SG_DIM_POWER, 0, 0, 1e9, NULL,
                   "of controls, pumps and fans, fed from its own energy", ""},
    [VOLTAGE] = {"nominal_voltage", SG_DIM_VOLTAGE, 800, 1, 1e5, NULL,
                 "open circuit, half full; used with resistance", ""},
    [RESISTANCE] = {"resistance", SG_DIM_RESISTANCE, 0, 0, 1e3, NULL,
                    "of all packs together; above 0 it takes the place of round_trip_efficiency",
                    ""},
    [MASS] = {"thermal_mass_kg", SG_DIM_NONE, 0, 0, 1e9, NULL,
              "that warms with its losses, kg; 0: always as warm as the coolant", ""},
    [SPECIFIC_HEAT] = {"specific_heat_j_per_kg_k", SG_DIM_NONE, 1004, 100, 1e4, NULL,
                       "of that mass", "NREL SAM"},
    [SURFACE] = {"cooled_area", SG_DIM_AREA, 1, 0, 1e7, NULL, "that the coolant reaches", ""},
    [HEAT_TRANSFER] = {"heat_transfer_w_per_m2_k", SG_DIM_NONE, 20, 0, 1e5, NULL,
                       "from cells to coolant", "NREL SAM: air 5 to 20"},
    [DERATING] = {"derating", SG_DIM_NONE, 0, 0, 1, "none|temperature",
                  "power falls, linear in temperature, outside cold_full .. hot_full", ""},
    [COLD_STOP] = {"cold_stop", SG_DIM_TEMPERATURE, -20, -80, -5, NULL, "no power below", ""},
    [COLD_FULL] = {"cold_full", SG_DIM_TEMPERATURE, 0, -4, 20, NULL, "full power above", ""},
    [HOT_FULL] = {"hot_full", SG_DIM_TEMPERATURE, 45, 21, 55, NULL, "full power below", ""},
    [HOT_STOP] = {"hot_stop", SG_DIM_TEMPERATURE, 60, 56, 120, NULL, "no power above", ""},
    [PACKS] = {"packs", SG_DIM_NONE, 1, 1, 64, NULL, "that fail one by one; 4: quad redundant", ""},
    [AGEING] = {"ageing", SG_DIM_NONE, SG_AGEING_LFP, 0, SG_AGEING_NONE, "lfp|nmc|cycle_life|none",
                "law of capacity fade; cycle_life: 20 % in that many full cycles",
                "NREL BLAST-Lite"},
    [FADE] = {"fade", SG_DIM_NONE, 0, 0, 1, "reported|applied",
              "applied: capacity shrinks with soh_frac", ""},
};

static const sg_input inputs[INPUT_COUNT] = {
    [POWER] = {"power_w", SG_DIM_POWER, 0, "asked for at the bus; > 0: discharge"},
    [COOLANT] = {"coolant_temperature", SG_DIM_TEMPERATURE, 25, "of what cools it"},
    [AVAILABLE] = {"packs_available", SG_DIM_NONE, -1, "packs in service, 0 to packs; -1: all"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [OUT_POWER] = {"power_w", "W", "that flows at the bus"},
    [OUT_ENERGY] = {"energy_j", "J", "held above the floor of the window, locked packs included"},
    [OUT_LOSS] = {"loss_j", "J", "lost in the step"},
    [OUT_DISCHARGE_MAX] = {"discharge_max_w", "W", "most that it could have given in the step"},
    [OUT_CHARGE_MAX] = {"charge_max_w", "W", "most that it could have taken in the step"},
    [OUT_TEMPERATURE] = {"temperature_degc", "degC", "of the cells at the end of the step"},
    [OUT_SOC] = {"soc_frac", "", "state of charge of the packs in service"},
    [OUT_HEALTH] = {"soh_frac", "", "capacity left, of the capacity when new"},
    [OUT_LOCKED] = {"locked_j", "J", "of energy_j in packs out of service"},
    [OUT_CYCLES] = {"full_cycles", "1", "equivalent full cycles closed"},
};

static void reservoir(const double *p, sg_reservoir *ret)
{
    *ret = (sg_reservoir){
        .capacity_j = p[CAPACITY] * (p[SOC_MAX] - p[SOC_MIN]),
        .charge_w_max = p[CHARGE] >= 0 ? p[CHARGE] : p[DISCHARGE],
        .discharge_w_max = p[DISCHARGE],
        .charge_eff = sqrt(p[EFFICIENCY]),
        .discharge_eff = sqrt(p[EFFICIENCY]),
        .standing_loss_per_h = p[STANDING] * 3600,
    };
}

/* --- what a step of one length needs, made once for many batteries --- */

typedef struct lump {
    const double *p;
    sg_reservoir r;
    double dt_s, keep_frac, aux_j;
    sg_battery_thermal thermal;
    sg_ageing ageing;
    double volt_scale; /* of the cell's curve to the battery's */
    bool warms, ages, fades, resists, derates;
} lump;

static lump lump_of(const double *p, double dt_s)
{
    lump c = {.p = p,
              .dt_s = dt_s,
              .aux_j = p[AUXILIARY] * dt_s,
              .ageing = {.law = (sg_ageing_law)p[AGEING],
                         .cycle_life = p[CYCLE_LIFE],
                         .of_present = p[FADE] > 0},
              .volt_scale = p[VOLTAGE] / sg_nmc_ocv_v(0.5),
              .warms = p[MASS] > 0,
              .ages = p[AGEING] != SG_AGEING_NONE,
              .fades = p[FADE] > 0 && p[AGEING] != SG_AGEING_NONE,
              .resists = p[RESISTANCE] > 0,
              .derates = p[DERATING] > 0};
    reservoir(p, &c.r);
    c.keep_frac = sg_reservoir_keep_frac(&c.r, dt_s);
    if (c.warms) {
        c.thermal =
            sg_battery_thermal_of(p[MASS] * p[SPECIFIC_HEAT], p[SURFACE] * p[HEAT_TRANSFER], dt_s);
    }
    return c;
}

/* --- one step --- */

/* What a step knows of one battery. */
typedef struct moment {
    double share;     /* of the packs, in service                   */
    double health;    /* of the capacity, where fade is applied     */
    double top_j;     /* usable energy when full, in those packs    */
    double held_j;    /* in those packs, after standing             */
    double ceiling_d; /* W, by rating, packs, taper and temperature */
    double ceiling_c;
    double give_w, take_w; /* ceilings, and what energy and room permit */
    double ocv_v, ohm;
} moment;

/* Packs come and go: energy in service and locked energy change, their sum does not. */
static void seat_packs(double packs, double available, double *s)
{
    double out = available < 0 ? 0 : packs - available, was = s[SG_LITHIUM_OUT];
    if (s[SG_LITHIUM_LOCKED] > s[SG_LITHIUM_ENERGY]) { /* the energy was set from outside */
        s[SG_LITHIUM_LOCKED] = s[SG_LITHIUM_ENERGY];
    }
    if (out == was) {
        return;
    }
    double usable_j = s[SG_LITHIUM_ENERGY] - s[SG_LITHIUM_LOCKED];
    if (out > was) {
        s[SG_LITHIUM_LOCKED] += usable_j * ((out - was) / (packs - was));
    } else {
        s[SG_LITHIUM_LOCKED] *= out / was;
    }
    s[SG_LITHIUM_OUT] = out;
}

static double ramp(double at, double zero, double full)
{
    double share = (at - zero) / (full - zero);
    return share > 0 ? (share < 1 ? share : 1) : 0;
}

static void set_ceilings(const lump *c, const double *s, moment *m)
{
    double d = c->r.discharge_w_max * m->share, ch = c->r.charge_w_max * m->share;
    if (c->derates) {
        double degc = s[SG_LITHIUM_TEMPERATURE];
        double share = ramp(degc, c->p[COLD_STOP], c->p[COLD_FULL]) *
                       ramp(degc, c->p[HOT_STOP], c->p[HOT_FULL]);
        d *= share;
        ch *= share;
    }
    double level = m->top_j > 0 ? m->held_j / m->top_j : 0;
    m->ceiling_d = level < c->p[TAPER_EMPTY] ? d * (level / c->p[TAPER_EMPTY]) : d;
    m->ceiling_c = 1 - level < c->p[TAPER_FULL] ? ch * ((1 - level) / c->p[TAPER_FULL]) : ch;
}

/* Energy that leaves the cells per second at w; < 0 where it enters. */
static double cell_flow_w(const lump *c, const moment *m, double w)
{
    if (c->resists) {
        return w != 0 ? m->ocv_v * sg_battery_current_a(m->ocv_v, m->ohm, w) : 0;
    }
    return w > 0 ? w / c->r.discharge_eff : w * c->r.charge_eff;
}

/* What energy and room permit, at the bus. */
static void set_limits(const lump *c, double soc, moment *m)
{
    if (!c->resists) {
        double spare_w = m->held_j * c->r.discharge_eff / c->dt_s;
        double room_w = (m->top_j - m->held_j) / (c->r.charge_eff * c->dt_s);
        m->give_w = spare_w < m->ceiling_d ? spare_w : m->ceiling_d;
        m->take_w = room_w < m->ceiling_c ? (room_w > 0 ? room_w : 0) : m->ceiling_c;
        return;
    }
    m->give_w = m->take_w = 0;
    if (!(m->share > 0)) {
        return;
    }
    m->ocv_v = c->volt_scale * sg_nmc_ocv_v(soc);
    m->ohm = c->p[RESISTANCE] / m->share;
    double drain_a = m->held_j / c->dt_s / m->ocv_v, peak_a = m->ocv_v / (2 * m->ohm);
    double give_a = drain_a < peak_a ? drain_a : peak_a;
    double fill_a = (m->top_j - m->held_j) / c->dt_s / m->ocv_v;
    double spare_w = (m->ocv_v - give_a * m->ohm) * give_a;
    double room_w = (m->ocv_v + fill_a * m->ohm) * fill_a;
    m->give_w = spare_w < m->ceiling_d ? spare_w : m->ceiling_d;
    m->take_w = room_w < m->ceiling_c ? (room_w > 0 ? room_w : 0) : m->ceiling_c;
}

/* With no pack in service: what the locked ones hold. */
static double soc_of(const lump *c, const moment *m, double held_j, double locked_j)
{
    double all = m->share > 0 ? m->share : 1, full_j = c->p[CAPACITY] * m->health * all;
    double soc = c->p[SOC_MIN] + (full_j > 0 ? (m->share > 0 ? held_j : locked_j) / full_j : 0);
    return soc < c->p[SOC_MAX] ? soc : c->p[SOC_MAX];
}

/* The cells' temperature and age at the end of the step. */
static void grow_old(const lump *c, double heat_w, double coolant_degc, double soc_before,
                     double soc_after, double *s)
{
    if (c->warms) {
        s[SG_LITHIUM_TEMPERATURE] = sg_battery_thermal_step(&c->thermal, s[SG_LITHIUM_TEMPERATURE],
                                                            heat_w, coolant_degc, NULL);
    } else {
        s[SG_LITHIUM_TEMPERATURE] = coolant_degc;
    }
    if (c->ages) {
        double *age = s + SG_LITHIUM_AGE;
        if (age[SG_AGE_RAINFLOW] < 1) {
            sg_ageing_begin(soc_before, age);
        }
        sg_ageing_step(&c->ageing, soc_after, s[SG_LITHIUM_TEMPERATURE], c->dt_s, age);
    }
}

static void move(const lump *c, const double *in, double *s, double *out)
{
    moment m = {0};
    seat_packs(c->p[PACKS], in[AVAILABLE], s);
    m.share = (c->p[PACKS] - s[SG_LITHIUM_OUT]) / c->p[PACKS];
    m.health = c->fades ? sg_ageing_health_frac(&c->ageing, s + SG_LITHIUM_AGE) : 1;
    m.top_j = c->r.capacity_j * m.health * m.share;
    double usable_j = s[SG_LITHIUM_ENERGY] - s[SG_LITHIUM_LOCKED];
    m.held_j = usable_j * c->keep_frac - c->aux_j * m.share;
    m.held_j = m.held_j > 0 ? (m.held_j < m.top_j ? m.held_j : m.top_j) : 0;
    double soc_before = soc_of(c, &m, m.held_j, s[SG_LITHIUM_LOCKED]);
    set_ceilings(c, s, &m);
    set_limits(c, soc_before, &m);
    double w = in[POWER] > m.give_w ? m.give_w : in[POWER] < -m.take_w ? -m.take_w : in[POWER];
    double flow_w = cell_flow_w(c, &m, w);
    double next_j = m.held_j - flow_w * c->dt_s;
    next_j = next_j > 0 ? (next_j < m.top_j ? next_j : m.top_j) : 0;
    double loss_j = usable_j - next_j - w * c->dt_s;
    double soc_after = soc_of(c, &m, next_j, s[SG_LITHIUM_LOCKED]);
    grow_old(c, flow_w - w, in[COOLANT], soc_before, soc_after, s);
    s[SG_LITHIUM_ENERGY] = next_j + s[SG_LITHIUM_LOCKED];
    out[OUT_POWER] = w;
    out[OUT_ENERGY] = s[SG_LITHIUM_ENERGY];
    out[OUT_LOSS] = loss_j > 0 ? loss_j : 0;
    out[OUT_DISCHARGE_MAX] = m.give_w;
    out[OUT_CHARGE_MAX] = m.take_w;
    out[OUT_TEMPERATURE] = s[SG_LITHIUM_TEMPERATURE];
    out[OUT_SOC] = soc_after;
    out[OUT_HEALTH] = c->ages ? sg_ageing_health_frac(&c->ageing, s + SG_LITHIUM_AGE) : 1;
    out[OUT_LOCKED] = s[SG_LITHIUM_LOCKED];
    out[OUT_CYCLES] = s[SG_LITHIUM_AGE + SG_AGE_FULL_CYCLES];
}

static void start(const sg_model *self, const double *p, double *state)
{
    sg_reservoir r;
    (void)self;
    reservoir(p, &r);
    state[SG_LITHIUM_ENERGY] = r.capacity_j / 2;
    state[SG_LITHIUM_TEMPERATURE] = 25;
}

/* Slots of turning points that are closed hold 0, so that equal lives leave equal bits. A step adds two points at most, at its start and its end. */
enum { FIXED = SG_LITHIUM_AGE + SG_AGE_RAINFLOW + 1 };

static int points_of(const double *s)
{
    return (int)s[FIXED - 1];
}

static int end_of(int points)
{
    return FIXED + points + 2 < SG_LITHIUM_STATE ? FIXED + points + 2 : SG_LITHIUM_STATE;
}

static void forget_closed(double *s, int points_before)
{
    for (int i = FIXED + points_of(s); i < end_of(points_before); i++) {
        s[i] = 0;
    }
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    double packs = in[AVAILABLE];
    (void)self;
    if (packs > p[PACKS] || (packs < 0 && packs != -1) || packs != floor(packs) ||
        in[COOLANT] < -100 || in[COOLANT] > 200) {
        return SG_RANGE;
    }
    lump c = lump_of(p, now->dt_s);
    int points = points_of(state);
    move(&c, in, state, out);
    forget_closed(state, points);
    return SG_OK;
}

/* --- many at once --- */

/* Two batteries side by side: compilers leave the comparisons below as branches, and what a battery is asked is not foreseen. */
typedef double lanes __attribute__((vector_size(16)));
typedef int64_t masks __attribute__((vector_size(16)));
enum { LANES = 2 };

static inline lanes load(const double *from)
{
    lanes ret;
    memcpy(&ret, from, sizeof ret);
    return ret;
}

static inline void store(double *to, lanes value)
{
    memcpy(to, &value, sizeof value);
}

static inline lanes pick(masks which, lanes yes, lanes no)
{
    return (lanes)((which & (masks)yes) | (~which & (masks)no));
}

static inline lanes lower(lanes a, lanes b)
{
    return pick(a < b, a, b);
}

typedef struct pair {
    lanes energy_j, power_w, loss_j, give_w, take_w;
} pair;

/* move() for energy alone: one pack, no taper, no resistance, no temperature, no age. */
static inline void move_pair(const lump *c, lanes asked_w, pair *b)
{
    const lanes none = {0, 0}, top_j = none + c->r.capacity_j, dt_s = none + c->dt_s;
    const lanes eff_d = none + c->r.discharge_eff, eff_c = none + c->r.charge_eff;
    lanes held_j = b->energy_j * c->keep_frac - c->aux_j;
    held_j = lower(pick(held_j > none, held_j, none), top_j);
    b->give_w = lower(held_j * eff_d / dt_s, none + c->r.discharge_w_max);
    b->take_w = lower((top_j - held_j) / (eff_c * dt_s), none + c->r.charge_w_max);
    lanes w = pick(asked_w > b->give_w, b->give_w, asked_w);
    w = pick(w < -b->take_w, -b->take_w, w);
    lanes next_j = held_j - pick(w > none, w / eff_d, w * eff_c) * dt_s;
    next_j = lower(pick(next_j > none, next_j, none), top_j);
    lanes loss_j = b->energy_j - next_j - w * dt_s;
    b->loss_j = pick(loss_j > none, loss_j, none);
    b->energy_j = next_j;
    b->power_w = w;
}

void sg_lithium_ion_energy_batch(const double *p, double dt_s, int64_t count,
                                 const sg_lithium_ion_columns *columns)
{
    const lump c = lump_of(p, dt_s);
    const sg_lithium_ion_columns at = *columns;
    for (int64_t k = 0; k + LANES <= count; k += LANES) {
        pair b = {.energy_j = load(at.energy_j + k)};
        move_pair(&c, load(at.asked_w + k), &b);
        store(at.energy_j + k, b.energy_j);
        store(at.power_w + k, b.power_w);
        store(at.loss_j + k, b.loss_j);
    }
    if (count % LANES) {
        int64_t k = count - 1;
        pair b = {.energy_j = {at.energy_j[k], 0}};
        move_pair(&c, (lanes){at.asked_w[k], 0}, &b);
        at.energy_j[k] = b.energy_j[0];
        at.power_w[k] = b.power_w[0];
        at.loss_j[k] = b.loss_j[0];
    }
}

/* The model's columns where energy is all that moves. */
static void batch_energy(const lump *c, int64_t count, const double *const *in,
                         double *const *state, double *const *out)
{
    double *energy_j = state[SG_LITHIUM_ENERGY];
    const double soc_max = c->p[SOC_MAX], soc_min = c->p[SOC_MIN], full_j = c->p[CAPACITY];
    for (int64_t k = 0; k < count; k += LANES) {
        int64_t at = k + LANES <= count ? k : count - 1;
        bool both = k + LANES <= count;
        double rest[2] = {energy_j[at], 0}, ask[2] = {in[POWER][at], 0};
        pair b = {.energy_j = load(both ? energy_j + k : rest)};
        move_pair(c, load(both ? in[POWER] + k : ask), &b);
        for (int lane = 0; lane < (both ? LANES : 1); lane++) {
            double soc = soc_min + b.energy_j[lane] / full_j;
            energy_j[k + lane] = out[OUT_ENERGY][k + lane] = b.energy_j[lane];
            out[OUT_POWER][k + lane] = b.power_w[lane];
            out[OUT_LOSS][k + lane] = b.loss_j[lane];
            out[OUT_DISCHARGE_MAX][k + lane] = b.give_w[lane];
            out[OUT_CHARGE_MAX][k + lane] = b.take_w[lane];
            out[OUT_SOC][k + lane] = soc < soc_max ? soc : soc_max;
        }
    }
    size_t size = sizeof(double) * (size_t)count;
    memcpy(state[SG_LITHIUM_TEMPERATURE], in[COOLANT], size);
    memcpy(out[OUT_TEMPERATURE], in[COOLANT], size);
    memcpy(out[OUT_CYCLES], state[SG_LITHIUM_AGE + SG_AGE_FULL_CYCLES], size);
    memset(out[OUT_LOCKED], 0, size);
    for (int64_t k = 0; k < count; k++) {
        out[OUT_HEALTH][k] = 1;
    }
}

/* Only the turning points in use travel; the rest of the state's columns is not touched. */
/* Is one of them without packs, was it so, or will it be? */
static bool any_out(int64_t count, const double *available, const double *out, const double *locked)
{
    bool any = false;
    for (int64_t k = 0; k < count; k++) {
        any |= (available[k] >= 0 && available[k] < 1) || out[k] != 0 || locked[k] != 0;
    }
    return any;
}

static void batch(const double *p, const int64_t *time_us, double dt_s, int64_t count,
                  const double *const *in, double *const *state, double *const *out)
{
    lump c = lump_of(p, dt_s);
    (void)time_us;
    if (!c.ages && !c.warms && !c.resists && !c.derates && p[PACKS] <= 1 && !(p[TAPER_EMPTY] > 0) &&
        !(p[TAPER_FULL] > 0) &&
        !any_out(count, in[AVAILABLE], state[SG_LITHIUM_OUT], state[SG_LITHIUM_LOCKED])) {
        batch_energy(&c, count, in, state, out);
        return;
    }
    double s[SG_LITHIUM_STATE] = {0};
    for (int64_t k = 0; k < count; k++) {
        const double row[INPUT_COUNT] = {in[POWER][k], in[COOLANT][k], in[AVAILABLE][k]};
        double result[OUTPUT_COUNT];
        for (int i = 0; i < FIXED; i++) {
            s[i] = state[i][k];
        }
        int points = points_of(s);
        for (int i = FIXED; i < FIXED + points; i++) {
            s[i] = state[i][k];
        }
        move(&c, row, s, result);
        forget_closed(s, points);
        for (int i = 0; i < end_of(points); i++) {
            state[i][k] = s[i];
        }
        for (int i = 0; i < OUTPUT_COUNT; i++) {
            out[i][k] = result[i];
        }
    }
}

/* --- tables --- */

static bool warning(const double *p, int i, char ret[SG_WARNING_TEXT])
{
    double cell_w = p[VOLTAGE] * p[VOLTAGE] / (4 * p[RESISTANCE]);
    if (i == 0 && p[RESISTANCE] > 0 && cell_w < p[DISCHARGE]) {
        snprintf(
            ret, SG_WARNING_TEXT,
            "%g V behind %g ohm gives at most %.4g kW, less than the discharge rate of %.4g kW: "
            "the smaller figure counts",
            p[VOLTAGE], p[RESISTANCE], cell_w * 1e-3, p[DISCHARGE] * 1e-3);
        return true;
    }
    return false;
}

/* Temperature moves nothing by itself, and age only where it shrinks the capacity. */
static bool is_lumped(const double *p, const double *s)
{
    bool fades = p[FADE] > 0 && p[AGEING] != SG_AGEING_NONE;
    return !fades && !(p[RESISTANCE] > 0) && !(p[DERATING] > 0) && !(p[TAPER_EMPTY] > 0) &&
           !(p[TAPER_FULL] > 0) && !(p[AUXILIARY] > 0) && s[SG_LITHIUM_OUT] == 0 &&
           s[SG_LITHIUM_LOCKED] == 0;
}

const sg_kind sg_kind_lithium_ion = {
    .name = "lithium_ion",
    .title = "lithium-ion battery",
    .role = SG_STORE,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs + COOLANT,
    .input_count = INPUT_COUNT - COOLANT,
    .reservoir = reservoir,
    .warning = warning,
    .model = &sg_model_lithium_ion,
    .is_lumped = is_lumped,
};

const sg_model sg_model_lithium_ion = {
    .name = "lithium_ion",
    .title = "lithium-ion battery",
    .source =
        "energy reservoir with one-way efficiencies (as HOMER, PyPSA, NREL SAM); OCV of an NMC "
        "cell: Smith et al., ACC 2017; fade: NREL BLAST-Lite; cycles: ASTM E1049-85",
    .limits =
        "packs are alike and level; limits, voltage and derating are those of the beginning of "
        "the step; no diffusion; one temperature for all cells",
    .example = "power_w=-60000..100000 dt_s=600",
    .needs = SG_NEEDS_DT,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .state_count = SG_LITHIUM_STATE,
    .start = start,
    .step = step,
    .batch = batch,
    .kind = &sg_kind_lithium_ion,
};

_Static_assert((int)SG_LITHIUM_STATE <= (int)SG_MODEL_STATE_MAX, "the state fits");
_Static_assert((int)PARAM_COUNT + (int)SG_STORE_PARAM_COUNT <= (int)SG_PARAM_MAX, "the table fits");
