/* The laws that every store's model keeps, and each solution against a slow one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "model/ageing.h"
#include "model/model.h"
#include "model/operators.h"
#include "model/supercapacitor.h"
#include "rig.h"

#include <math.h>
#include <string.h>

static const char *const names[] = {"flywheel",    "supercapacitor", "thermal", "hydrogen",
                                    "information", "temporal",       "quantum"};
enum { STORES = sizeof names / sizeof *names };

typedef struct store {
    const sg_model *model;
    const sg_kind *kind;
    double p[SG_PARAM_MAX], state[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
} store;

static void set(store *self, const char *name, double value)
{
    for (int i = 0; i < self->model->param_count; i++) {
        if (strcmp(self->model->params[i].name, name) == 0) {
            self->p[i] = value;
            return;
        }
    }
    fail_msg("%s has no %s", self->model->name, name);
}

/* With its presets; what has none: 100 kWh and 50 kW. */
static store store_of(const char *name)
{
    sg_model room;
    store ret = {.model = sg_model_find(name, &room), .kind = sg_kind_find(name)};
    assert_non_null(ret.model);
    assert_non_null(ret.kind);
    assert_ptr_equal(ret.kind->model, ret.model);
    assert_ptr_equal(ret.kind->params, ret.model->params);
    sg_model_presets(ret.model, ret.p);
    for (int i = 0; i < ret.model->param_count; i++) {
        if (isnan(ret.p[i])) {
            ret.p[i] = ret.model->params[i].dimension == SG_DIM_ENERGY ? 3.6e8 : 50e3;
        }
    }
    sg_model_start(ret.model, ret.p, ret.state);
    return ret;
}

static double capacity_j(const store *self)
{
    sg_reservoir r;
    self->kind->reservoir(self->p, &r);
    return r.capacity_j;
}

static double ask(store *self, double power_w, double dt_s)
{
    sg_now now = {.dt_s = dt_s};
    assert_int_equal(sg_model_step(self->model, self->p, &now, &power_w, self->state, self->out),
                     SG_OK);
    return self->out[0];
}

/* Its parameters somewhere in their ranges, and somewhere sensible where those span decades. */
static void shuffle(store *self, uint64_t seed)
{
    uint64_t n = 0;
    for (int i = 0; i < self->model->param_count; i++) {
        const sg_param *param = &self->model->params[i];
        double unit = sg_prng_unit(seed, n++);
        double preset = self->p[i];
        if (param->choices) {
            self->p[i] = floor(unit * 2);
        } else if (param->dimension == SG_DIM_FRACTION || param->dimension == SG_DIM_RATE) {
            self->p[i] = param->min + (param->max - param->min) * unit;
        } else if (preset > 0) {
            double value = preset * exp(4 * (unit - 0.5));
            self->p[i] = fmin(fmax(value, param->min), param->max);
        } else if (unit > 0.5 && param->dimension != SG_DIM_TEMPERATURE) {
            self->p[i] = fmin(param->max, 100 * unit); /* standby, ramps, resistances */
        }
    }
    if (strcmp(self->model->name, "supercapacitor") == 0 && seed % 5 == 0) {
        set(self, "voltage_min", 0);
    }
    sg_model_start(self->model, self->p, self->state);
}

/* A million random steps a store: energy before - energy after = power dt + loss; a loss is one; never beyond its ends,
 * never more than asked, never the other way. */
static void conserve_energy_whatever_is_asked(void **unused)
{
    (void)unused;
    enum { SETS = 200, STEPS = 5000 };
    for (int s = 0; s < STORES; s++) {
        bool moved = false;
        for (uint64_t round = 0; round < SETS; round++) {
            store self = store_of(names[s]);
            if (round > 0) {
                shuffle(&self, round);
            }
            sg_reservoir r;
            self.kind->reservoir(self.p, &r);
            assert_true(self.state[0] == r.capacity_j / 2);
            double scale_w = fmax(fmax(r.charge_w_max, r.discharge_w_max), 1);
            for (uint64_t k = 0; k < STEPS; k++) {
                double asked_w = 3 * scale_w * (sg_prng_unit(round + 1000, 3 * k) - 0.5);
                asked_w = k % 7 == 0 ? 0 : asked_w;
                /* from a thousandth of what fills it to ten times that */
                double dt_s =
                    r.capacity_j / scale_w * pow(10, 4 * sg_prng_unit(round + 1000, 3 * k + 1) - 3);
                double before_j = self.state[0], power_w = ask(&self, asked_w, dt_s);
                double after_j = self.out[1], loss_j = self.out[2];
                double size_j = fmax(r.capacity_j, fabs(power_w) * dt_s);
                assert_true(after_j == self.state[0]);
                assert_true(fabs(before_j - after_j - power_w * dt_s - loss_j) <= 1e-12 * size_j);
                assert_true(loss_j >= -1e-12 * size_j);
                assert_true(after_j >= 0 && after_j <= r.capacity_j);
                assert_true(fabs(power_w) <= fabs(asked_w) && power_w * asked_w >= 0);
                moved = moved || power_w != 0;
                assert_true(!self.kind->hypothetical || (power_w == 0 && after_j == before_j));
            }
        }
        assert_true(moved != (strcmp(names[s], "quantum") == 0));
    }
}

static void batches_give_what_steps_give_bit_for_bit(void **unused)
{
    (void)unused;
    enum { ROWS = 1027 };
    static double asked[ROWS], held[ROWS], columns[SG_MODEL_OUTPUT_MAX][ROWS];
    for (int s = 0; s < 2; s++) {
        for (uint64_t round = 0; round < 50; round++) {
            store self = store_of(names[s]);
            if (round > 0) {
                shuffle(&self, round);
            }
            double *out[SG_MODEL_OUTPUT_MAX], *state[] = {held};
            const double *in[] = {asked};
            double full_j = capacity_j(&self), dt_s = pow(10, 4 * sg_prng_unit(9, round) - 3);
            for (int i = 0; i < self.model->output_count; i++) {
                out[i] = columns[i];
            }
            for (int k = 0; k < ROWS; k++) {
                asked[k] = 3e5 * (sg_prng_unit(round, 2 * (uint64_t)k) - 0.5);
                double unit = 1.2 * sg_prng_unit(round, 2 * (uint64_t)k + 1) - 0.1;
                held[k] = full_j * (unit < 0 ? 0 : unit > 1 ? 1 : unit);
            }
            static double before[ROWS];
            memcpy(before, held, sizeof before);
            self.model->batch(self.p, NULL, dt_s, ROWS, in, state, out);
            for (int k = 0; k < ROWS; k++) {
                self.state[0] = before[k];
                ask(&self, asked[k], dt_s);
                assert_memory_equal(&self.state[0], &held[k], sizeof(double));
                for (int i = 0; i < self.model->output_count; i++) {
                    assert_memory_equal(&self.out[i], &columns[i][k], sizeof(double));
                }
            }
        }
    }
}

/* The only pack of a battery goes and comes back: many at once are then what each is alone, too. */
static void a_pack_out_of_service_gives_nothing_among_many(void **unused)
{
    (void)unused;
    enum { BATTERIES = 5, STEPS = 6 };
    static const double available[STEPS] = {-1, 0, 0, 1, -1, 0};
    store self = store_of("lithium_ion");
    set(&self, "ageing", SG_AGEING_NONE);
    sg_model_start(self.model, self.p, self.state);
    double in[3][BATTERIES], state[SG_MODEL_STATE_MAX][BATTERIES],
        out[SG_MODEL_OUTPUT_MAX][BATTERIES], *state_at[SG_MODEL_STATE_MAX],
        *out_at[SG_MODEL_OUTPUT_MAX];
    const double *in_at[] = {in[0], in[1], in[2]};
    for (int i = 0; i < SG_MODEL_STATE_MAX; i++) {
        state_at[i] = state[i];
        for (int k = 0; k < BATTERIES; k++) {
            state[i][k] = self.state[i];
        }
    }
    for (int i = 0; i < SG_MODEL_OUTPUT_MAX; i++) {
        out_at[i] = out[i];
    }
    for (int t = 0; t < STEPS; t++) {
        for (int k = 0; k < BATTERIES; k++) {
            in[0][k] = 20e3;
            in[1][k] = 25;
            in[2][k] = k == 2 ? available[t] : -1;
        }
        self.model->batch(self.p, NULL, 60, BATTERIES, in_at, state_at, out_at);
        const double alone[] = {20e3, 25, available[t]};
        assert_int_equal(sg_model_step(self.model, self.p, &(sg_now){.dt_s = 60}, alone, self.state,
                                       self.out),
                         SG_OK);
        assert_true((out[0][2] == 0) == (available[t] == 0));
        assert_true(out[0][1] == 20e3);
        assert_memory_equal(&out[0][2], &self.out[0], sizeof(double));
        assert_memory_equal(&state[0][2], &self.state[0], sizeof(double));
    }
}

/* Where no limit is met within it: energy after one step, and after two halves. */
static double halves_differ(store *self, double power_w, double dt_s)
{
    store twin = *self;
    assert_true(ask(self, power_w, dt_s) != 0);
    ask(&twin, power_w, dt_s / 2);
    ask(&twin, power_w, dt_s / 2);
    return fabs(self->state[0] - twin.state[0]) / capacity_j(self);
}

static void exact_stores_do_not_care_how_time_is_cut(void **unused)
{
    (void)unused;
    static const char *const exact[] = {"flywheel", "thermal", "information", "temporal",
                                        "hydrogen"};
    for (int s = 0; s < 5; s++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            store self = store_of(exact[s]);
            double dt_s = 0.2 * capacity_j(&self) / 20e3;
            assert_true(halves_differ(&self, sign * 20e3, dt_s) < 1e-14);
        }
    }
    /* also where the start of a machine ends within the step */
    store cell = store_of("hydrogen");
    assert_true(halves_differ(&cell, 20e3, 80) < 1e-14);
}

static double convergence(store from, double power_w, double dt_s)
{
    double error[2];
    store fine = from;
    for (int i = 0; i < 4096; i++) {
        ask(&fine, power_w, dt_s / 4096);
    }
    for (int halves = 0; halves < 2; halves++) {
        store self = from;
        int steps = 8 << halves;
        for (int i = 0; i < steps; i++) {
            ask(&self, power_w, dt_s / steps);
        }
        error[halves] = fabs(self.state[0] - fine.state[0]);
    }
    assert_true(error[1] > 1e-9 * fine.state[0]); /* else it is rounding that is compared */
    return error[0] / error[1];
}

static void a_supercapacitor_is_of_second_order(void **unused)
{
    (void)unused;
    store bank = store_of("supercapacitor");
    set(&bank, "series_resistance", 0.05);
    set(&bank, "leakage", 1e-4);
    double ratio = convergence(bank, 3e3, 12);
    assert_true(ratio > 3.6 && ratio < 4.4);
    ratio = convergence(bank, -3e3, 12);
    assert_true(ratio > 3.6 && ratio < 4.4);
}

static void a_torque_limit_is_of_first_order(void **unused)
{
    (void)unused;
    store wheel = store_of("flywheel");
    set(&wheel, "base_speed", 1);
    double ratio = convergence(wheel, 100e3, 300);
    assert_true(ratio > 1.8 && ratio < 2.2);
}

/* dE/dt by Runge and Kutta's rule in small steps: written down apart from the models. */
typedef double slope(const double *c, double energy_j, double power_w);

static double integrate(slope *f, const double *c, double energy_j, double power_w, double dt_s)
{
    enum { STEPS = 2000 };
    double h = dt_s / STEPS;
    for (int i = 0; i < STEPS; i++) {
        double a = f(c, energy_j, power_w), b = f(c, energy_j + h / 2 * a, power_w);
        double d = f(c, energy_j + h / 2 * b, power_w), e = f(c, energy_j + h * d, power_w);
        energy_j += h / 6 * (a + 2 * b + 2 * d + e);
    }
    return energy_j;
}

static double wheel_slope(const double *c, double energy_j, double power_w)
{
    double inertia = c[0], w_low = c[1], drag = c[2], one_way = c[3], standby_w = c[4];
    double w2 = 2 * energy_j / inertia + w_low * w_low;
    return -drag * w2 - standby_w - (power_w > 0 ? power_w / one_way : power_w * one_way);
}

static void a_flywheel_turns_as_its_equation_of_motion_says(void **unused)
{
    (void)unused;
    store wheel = store_of("flywheel");
    double top = 16000 * 2 * M_PI / 60, usable_j = 25 * 3.6e6;
    double inertia = usable_j / (0.5 * (top * top - top * top / 4));
    /* at half of the usable energy drag takes 2 % of that an hour */
    double w2_half = usable_j / inertia + top * top / 4;
    double drag = -log(0.98) / 3600 * usable_j / 2 / w2_half;
    for (int which = 0; which < 3; which++) {
        double asked_w = (double[]){40e3, -40e3, 0}[which];
        double standby_w = (double[]){0, 700, 300}[which];
        double c[] = {inertia, top / 2, drag, sqrt(0.85), standby_w};
        set(&wheel, "standby", standby_w);
        sg_model_start(wheel.model, wheel.p, wheel.state);
        double start_j = wheel.state[0];
        assert_true(ask(&wheel, asked_w, 600) == asked_w);
        double want_j = integrate(wheel_slope, c, start_j, asked_w, 600);
        assert_true(fabs(wheel.state[0] - want_j) < 1e-9 * usable_j);
        double speed = sqrt(2 * want_j / inertia + top * top / 4);
        assert_true(fabs(wheel.out[3] / speed - 1) < 1e-9);
    }
}

static void an_empty_flywheel_stays_at_its_lowest_speed(void **unused)
{
    (void)unused;
    store wheel = store_of("flywheel");
    for (int i = 0; i < 20; i++) {
        ask(&wheel, 0, 30 * 86400);
    }
    assert_true(wheel.state[0] == 0 && wheel.out[2] == 0);
    assert_true(fabs(wheel.out[3] / (8000 * 2 * M_PI / 60) - 1) < 1e-12);
    assert_true(ask(&wheel, 100e3, 1) == 0);
    assert_true(ask(&wheel, -100e3, 1) == -100e3 && wheel.state[0] > 0);
}

static void torque_limits_power_below_base_speed(void **unused)
{
    (void)unused;
    store wheel = store_of("flywheel");
    set(&wheel, "base_speed", 0.8);
    wheel.state[0] = 0; /* half speed: 0.5 / 0.8 of the power */
    assert_true(fabs(ask(&wheel, -1e6, 1e-3) + 62500) < 1e-6);
    wheel.state[0] = capacity_j(&wheel);
    assert_true(ask(&wheel, 1e6, 1e-3) == 100e3);
}

static double bank_slope(const double *c, double energy_j, double power_w)
{
    double farad = c[0], ohm = c[1], leak_ohm = c[2], v_low = c[3];
    double volt = sqrt(2 * energy_j / farad + v_low * v_low);
    return -volt * sg_supercapacitor_current_a(volt, ohm, power_w) - volt * volt / leak_ohm;
}

static void a_supercapacitor_discharges_as_its_circuit_says(void **unused)
{
    (void)unused;
    static const double asked[] = {4e3, -4e3, 500, 0};
    for (int which = 0; which < 4; which++) {
        store bank = store_of("supercapacitor");
        double c[] = {165, 0.02, 2000, 24};
        set(&bank, "series_resistance", c[1]);
        set(&bank, "leakage_resistance", c[2]);
        double start_j = bank.state[0];
        for (int i = 0; i < 1000; i++) {
            assert_true(ask(&bank, asked[which], 0.01) == asked[which]);
        }
        double want_j = integrate(bank_slope, c, start_j, asked[which], 10);
        assert_true(fabs(bank.state[0] - want_j) < 1e-8 * start_j);
        double volt = sqrt(2 * want_j / 165 + 24 * 24);
        assert_true(fabs(bank.out[3] / volt - 1) < 1e-8);
    }
}

static void current_through_the_resistance_is_the_loss(void **unused)
{
    (void)unused;
    store bank = store_of("supercapacitor");
    set(&bank, "modules", 3);
    set(&bank, "leakage", 0);
    for (int i = -2; i <= 2; i++) {
        bank.state[0] = capacity_j(&bank) / 2;
        ask(&bank, 6e3 * i, 0.5);
        double heat_j = bank.out[4] * bank.out[4] * 6.3e-3 / 3 * 0.5;
        assert_true(fabs(bank.out[2] - heat_j) < 1e-9 * capacity_j(&bank));
        assert_true(i == 0 ? bank.out[2] == 0 : bank.out[2] > 0);
    }
    /* what leaves the terminals at that current is what was asked for */
    double amps = sg_supercapacitor_current_a(40, 0.01, 5e3);
    assert_true(fabs((40 - amps * 0.01) * amps - 5e3) < 1e-9);
    amps = sg_supercapacitor_current_a(40, 0.01, -5e3);
    assert_true(fabs((40 - amps * 0.01) * amps + 5e3) < 1e-9 && amps < 0);
    assert_true(isinf(sg_supercapacitor_matched_w(48, 0)));
}

static void an_empty_bank_without_voltage_can_be_charged(void **unused)
{
    (void)unused;
    store bank = store_of("supercapacitor");
    set(&bank, "voltage_min", 0);
    bank.state[0] = 0;
    assert_true(ask(&bank, 5e3, 1) == 0);
    assert_true(ask(&bank, -5e3, 1) == -5e3);
    assert_true(bank.state[0] > 0 && bank.state[0] < 5e3); /* the first volts cost most */
    double volt = 0;                                       /* C dV/dt = I, with V I + I^2 R = P */
    for (int i = 0; i < 100000; i++) {
        double half = volt + 0.5e-5 / 165 * -sg_supercapacitor_current_a(volt, 6.3e-3, -5e3);
        volt += 1e-5 / 165 * -sg_supercapacitor_current_a(half, 6.3e-3, -5e3);
    }
    bank.state[0] = 0;
    for (int i = 0; i < 10000; i++) {
        ask(&bank, -5e3, 1e-4);
    }
    assert_true(fabs(bank.state[0] / (165 * volt * volt / 2) - 1) < 1e-3);
    set(&bank, "series_resistance", 0);
    bank.state[0] = 0;
    assert_true(ask(&bank, -5e3, 1) == -5e3);
    assert_true(fabs(bank.state[0] - 5e3) < 1);
}

static void weather_charges_no_tank(void **unused)
{
    (void)unused;
    store tank = store_of("thermal");
    set(&tank, "ambient", -20); /* colder than full */
    tank.state[0] = 0;
    ask(&tank, 0, 1e6);
    assert_true(tank.state[0] == 0);
    tank.state[0] = capacity_j(&tank);
    ask(&tank, 0, 1e6);
    assert_true(tank.out[3] >= 5 && tank.state[0] <= capacity_j(&tank));
    char text[SG_WARNING_TEXT];
    assert_false(tank.kind->warning(tank.p, 0, text));
    set(&tank, "temperature_full", 12);
    assert_true(tank.kind->warning(tank.p, 0, text));
}

/* The lumped view and the model lose the same while they stand half full. */
static void lumped_view_and_model_agree_at_half(void **unused)
{
    (void)unused;
    static const char *const standing[] = {"flywheel", "supercapacitor", "thermal", "information"};
    for (int s = 0; s < 4; s++) {
        for (int given = 0; given < 2; given++) {
            store self = store_of(standing[s]);
            if (given && s == 1) {
                set(&self, "leakage_resistance", 9230);
            } else if (given && s == 2) {
                set(&self, "heat_loss_w_per_k", 900);
            } else if (given && s == 3) {
                set(&self, "keeping", 1e-6);
            }
            sg_reservoir r;
            self.kind->reservoir(self.p, &r);
            ask(&self, 0, 1e-2);
            double rate = (0.5 * r.capacity_j - self.state[0]) / (0.5 * r.capacity_j) / 1e-2;
            assert_true(fabs(rate * 3600 / -log1p(-r.standing_loss_per_h) - 1) < 1e-4);
        }
    }
}

/* Filled and emptied without standing between: the lumped efficiencies, both ways. */
static void round_trips_are_those_of_the_lumped_view(void **unused)
{
    (void)unused;
    static const char *const exact[] = {"flywheel", "thermal", "information", "temporal",
                                        "hydrogen"};
    static const char *const standing[] = {"drag", "standing_loss", "expiry", NULL, NULL};
    for (int s = 0; s < 5; s++) {
        store self = store_of(exact[s]);
        if (standing[s]) {
            set(&self, standing[s], 0);
        }
        if (s == 2) {
            set(&self, "ahead_efficiency", 0.9);
            set(&self, "lookup", 0.2);
        }
        sg_reservoir r;
        self.kind->reservoir(self.p, &r);
        self.state[0] = 0;
        double in_j = 0, out_j = 0;
        for (int i = 0; i < 200; i++) {
            in_j -= ask(&self, -20e3, 100) * 100;
        }
        assert_true(fabs(self.state[0] / in_j / r.charge_eff - 1) < (s == 4 ? 1e-9 : 1e-12));
        for (int i = 0; i < 1000; i++) {
            out_j += ask(&self, 20e3, 100) * 100;
        }
        assert_true(self.state[0] < 1e-9 * in_j);
        assert_true(fabs(out_j / in_j / (r.charge_eff * r.discharge_eff) - 1) < 1e-9);
    }
}

/* --- the gate --- */

static void efficiencies_above_one_are_refused(void **unused)
{
    (void)unused;
    assert_true(sg_operator_allowed(0) && sg_operator_allowed(1) && sg_operator_allowed(0.97));
    assert_false(sg_operator_allowed(1 + 1e-15));
    assert_false(sg_operator_allowed(-1e-15));
    assert_false(sg_operator_allowed(NAN));
    assert_false(sg_operator_allowed(INFINITY));
    static const char *const efficiencies[][2] = {
        {"lithium_ion", "round_trip_efficiency"}, {"flywheel", "round_trip_efficiency"},
        {"thermal", "round_trip_efficiency"},     {"hydrogen", "electrolyser_efficiency"},
        {"hydrogen", "fuel_cell_efficiency"},     {"information", "hit_probability"},
        {"information", "ahead_efficiency"},
    };
    for (int i = 0; i < 7; i++) {
        const sg_kind *kind = sg_kind_find(efficiencies[i][0]);
        bool found = false;
        for (int k = 0; k < kind->param_count; k++) {
            if (strcmp(kind->params[k].name, efficiencies[i][1]) == 0) {
                assert_true(kind->params[k].max <= 1);
                found = true;
            }
        }
        assert_true(found);
        /* and a site file that asks for more is not read */
        static const char *const more[] = {"100%", "100.001%"};
        for (int k = 0; k < 2; k++) {
            char text[512];
            int length = snprintf(
                text, sizeof text, "nodes: {a: {}}\nstores:\n  s: {type: %s, node: a, %s: %s%s}\n",
                efficiencies[i][0], efficiencies[i][1], more[k],
                i == 0             ? ", capacity: 1kWh, discharge_rate: 1kW"
                : i == 1           ? ""
                : i == 3 || i == 4 ? ", capacity: 1kWh, electrolyser: 1kW, fuel_cell: 1kW"
                                   : ", capacity: 1kWh, power: 1kW");
            sg_site site;
            static sg_diagnostics said;
            memset(&said, 0, sizeof said);
            sg_status status = sg_site_parse("s.yaml", text, (size_t)length, true, &site, &said);
            sg_diagnostics_free(&said);
            assert_true((status == SG_OK) == (k == 0));
            if (status == SG_OK) {
                sg_site_free(&site);
            }
        }
    }
}

/* Whatever the parameters within their ranges, the reservoir of each of the seven kinds passes the gate. */
static void every_reservoir_passes_the_gate(void **unused)
{
    (void)unused;
    for (int s = 0; s < STORES; s++) {
        for (uint64_t round = 0; round < 500; round++) {
            store self = store_of(names[s]);
            shuffle(&self, round);
            sg_reservoir r;
            self.kind->reservoir(self.p, &r);
            assert_true(sg_operator_allowed(r.charge_eff) && r.charge_eff > 0);
            assert_true(sg_operator_allowed(r.discharge_eff) && r.discharge_eff > 0);
            assert_true(r.standing_loss_per_h >= 0 && r.standing_loss_per_h < 1);
            assert_true(r.capacity_j > 0);
            assert_true(!self.kind->hypothetical ||
                        (r.charge_w_max == 0 && r.discharge_w_max == 0));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conserve_energy_whatever_is_asked),
        cmocka_unit_test(batches_give_what_steps_give_bit_for_bit),
        cmocka_unit_test(a_pack_out_of_service_gives_nothing_among_many),
        cmocka_unit_test(exact_stores_do_not_care_how_time_is_cut),
        cmocka_unit_test(a_supercapacitor_is_of_second_order),
        cmocka_unit_test(a_torque_limit_is_of_first_order),
        cmocka_unit_test(a_flywheel_turns_as_its_equation_of_motion_says),
        cmocka_unit_test(an_empty_flywheel_stays_at_its_lowest_speed),
        cmocka_unit_test(torque_limits_power_below_base_speed),
        cmocka_unit_test(a_supercapacitor_discharges_as_its_circuit_says),
        cmocka_unit_test(current_through_the_resistance_is_the_loss),
        cmocka_unit_test(an_empty_bank_without_voltage_can_be_charged),
        cmocka_unit_test(weather_charges_no_tank),
        cmocka_unit_test(lumped_view_and_model_agree_at_half),
        cmocka_unit_test(round_trips_are_those_of_the_lumped_view),
        cmocka_unit_test(efficiencies_above_one_are_refused),
        cmocka_unit_test(every_reservoir_passes_the_gate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
