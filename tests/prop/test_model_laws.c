/* The laws of model_laws.h catch the models that break them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prop/model_laws.h"

typedef enum flaw {
    NONE,
    WINS,          /* gives 1 % more than it had, and says so        */
    WINS_SECRETLY, /* and says that it lost nothing                  */
    GENEROUS,      /* gives 1 % more than it was asked for           */
    CONTRARY,      /* takes where it is asked to give                */
    OVERFULL,      /* knows no capacity                              */
    OVERDRAWN,     /* knows no bottom                                */
    LIAR,          /* says it holds more than it does                */
    PER_STEP,      /* loses 1 % in each step, however long           */
    CREDULOUS,     /* takes what is no number                        */
    HASTY,         /* refuses, but has changed its state by then     */
    LAST_BIT,      /* at once: one unit in the last place more       */
    TWITCHY        /* refuses most                                   */
} flaw;
static flaw flawed;

static const sg_param fake_params[] = {
    {"capacity", SG_DIM_ENERGY, 1e6, 1e3, 1e9, NULL, "that it holds", ""},
    {"efficiency", SG_DIM_FRACTION, 0.9, 0.5, 1, NULL, "each way", ""}};
static const sg_input fake_inputs[] = {{"power_w", SG_DIM_POWER, 0, "asked for"}};
static const sg_output fake_outputs[] = {
    {"power_w", "W", "flows"}, {"energy_j", "J", "held"}, {"loss_j", "J", "lost"}};

static void fake_start(const sg_model *self, const double *p, double *state)
{
    (void)self;
    state[0] = p[0] / 2;
}

static sg_status fake_step(const sg_model *self, const double *p, const sg_now *now,
                           const double *in, double *state, double *out)
{
    (void)self;
    double stands_j = state[0] * (flawed == PER_STEP ? 0.99 : exp(-now->dt_s / 1e6));
    double eff = flawed == WINS || flawed == WINS_SECRETLY ? 1.01 : p[1];
    double give_w = flawed == OVERDRAWN ? 1e6 : stands_j * eff / now->dt_s;
    double take_w = flawed == OVERFULL ? 1e6 : (p[0] - stands_j) / eff / now->dt_s;
    double w = in[0] > give_w ? give_w : in[0] < -take_w ? -take_w : in[0];
    w *= flawed == GENEROUS ? 1.01 : flawed == CONTRARY ? -1e-3 : 1;
    double next_j = stands_j - (w > 0 ? w / eff : w * eff) * now->dt_s;
    next_j = next_j < 0 && flawed != OVERDRAWN ? 0 : next_j;
    next_j = next_j > p[0] && flawed != OVERFULL ? p[0] : next_j;
    out[0] = w;
    out[1] = next_j + (flawed == LIAR);
    out[2] = flawed == WINS_SECRETLY ? 0 : state[0] - next_j - w * now->dt_s;
    if (flawed == TWITCHY && in[0] > 0) {
        return SG_RANGE;
    }
    state[0] = next_j;
    return flawed == HASTY ? SG_RANGE : SG_OK;
}

static void fake_batch(const double *p, const int64_t *time_us, double dt_s, int64_t count,
                       const double *const *in, double *const *state, double *const *out)
{
    (void)time_us;
    for (int64_t k = 0; k < count; k++) {
        double request = in[0][k], held[1] = {state[0][k]}, gives[3];
        sg_now now = {0, dt_s};
        (void)!fake_step(NULL, p, &now, &request, held, gives);
        state[0][k] = held[0];
        for (int i = 0; i < 3; i++) {
            out[i][k] = gives[i];
        }
        out[2][k] = flawed == LAST_BIT && k == 36 ? nextafter(gives[2], INFINITY) : gives[2];
    }
}

static const sg_model fake = {.name = "fake",
                              .title = "a store for the laws",
                              .source = "none",
                              .limits = "none",
                              .example = "power_w=-1000..1000 dt_s=1",
                              .needs = SG_NEEDS_DT,
                              .params = fake_params,
                              .param_count = 2,
                              .inputs = fake_inputs,
                              .input_count = 1,
                              .outputs = fake_outputs,
                              .output_count = 3,
                              .state_count = 1,
                              .start = fake_start,
                              .step = fake_step,
                              .batch = fake_batch};

static bool caught(flaw which, const char *law)
{
    double worst;
    flawed = which;
    const char *bad = strcmp(law, "conserves") == 0 ? conserves(&fake, 20000, 1)
                      : strcmp(law, "splits") == 0  ? splits(&fake, 40, SPLIT_BOUND, &worst)
                      : strcmp(law, "batch") == 0   ? batch_agrees(&fake)
                      : strcmp(law, "refuses") == 0 ? refuses(&fake, sg_model_step)
                                                    : refuses(&fake, fake_step);
    flawed = NONE;
    return bad != NULL;
}

static void a_sound_store_passes(void **state)
{
    (void)state;
    assert_false(caught(NONE, "conserves"));
    assert_false(caught(NONE, "splits"));
    assert_false(caught(NONE, "batch"));
    assert_false(caught(NONE, "refuses"));
    assert_null(tables_are_whole(&fake));
    assert_null(example_runs(&fake));
}

static void flawed_stores_are_caught(void **state)
{
    (void)state;
    static const flaw unsound[] = {WINS,     WINS_SECRETLY, GENEROUS, CONTRARY,
                                   OVERFULL, OVERDRAWN,     LIAR,     TWITCHY};
    for (int i = 0; i < SG_COUNT(unsound); i++) {
        if (!caught(unsound[i], "conserves")) {
            fail_msg("flaw %d is not caught", (int)unsound[i]);
        }
    }
    assert_true(caught(PER_STEP, "splits"));
    assert_true(caught(LAST_BIT, "batch"));
    assert_true(caught(CREDULOUS, "refuses without the door"));
    assert_true(caught(HASTY, "refuses without the door"));
    assert_false(caught(HASTY, "refuses")); /* that is what the door is for */
}

static void broken_tables_are_caught(void **state)
{
    (void)state;
    static const sg_param high[] = {{"capacity", SG_DIM_ENERGY, 2, 0, 1, NULL, "high", ""}},
                          upside[] = {{"capacity", SG_DIM_ENERGY, NAN, 1, 0, NULL, "down", ""}},
                          choice[] = {{"way", SG_DIM_NONE, 2, 0, 2, "a|b", "one of two", ""}},
                          twice[] = {{"x", SG_DIM_NONE, 1, 0, 1, NULL, "one", ""},
                                     {"x", SG_DIM_NONE, 1, 0, 1, NULL, "other", ""}},
                          clash[] = {{"power_w", SG_DIM_NONE, 1, 0, 1, NULL, "an input too", ""}};
    const struct {
        const sg_param *params;
        int count;
    } bad[] = {{high, 1}, {upside, 1}, {choice, 1}, {twice, 2}, {clash, 1}};
    for (int i = 0; i < SG_COUNT(bad); i++) {
        sg_model model = fake;
        model.params = bad[i].params;
        model.param_count = bad[i].count;
        assert_non_null(tables_are_whole(&model));
    }
    sg_model bare = fake, forgetful = fake, still = fake;
    bare.source = "";
    assert_non_null(tables_are_whole(&bare));
    forgetful.needs = 0;
    assert_non_null(tables_are_whole(&forgetful));
    still.example = "power_w=0 dt_s=1e-300";
    assert_non_null(example_runs(&still));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_store_passes),
        cmocka_unit_test(flawed_stores_are_caught),
        cmocka_unit_test(broken_tables_are_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
