/* Grid failures of every length at 100 ms steps, watched from what the plant did: loads, stores, meters. Not a figure of the
 * control's own enters a check, but for the words (reasons) with which loads are told to shut down.
 * ctest: slow timeout=600 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

#include <math.h>

enum { CLASSES = 2 };
static const double STEP_S = 0.1;

/* One step as the plant had it. */
typedef struct look {
    double time_s; /* since the start, at the step's end */
    double import_w;
    double want_w[CLASSES], minimum_w[CLASSES], load_w[CLASSES];
    bool below[CLASSES]; /* some load of the class below its need: the lesser of minimum and want */
    bool above[CLASSES]; /* some load above its minimum                                        */
    bool told[CLASSES];  /* to shut down                                                       */
    double stored_j, give_w;
} look;

static look look_at(const rig *r, double time_s)
{
    look k = {.time_s = time_s, .import_w = rig_value(r, SG_POINT_NODE_POWER, 0)};
    sg_command command = sg_engine_command(r->engine);
    for (int l = 0; l < r->site.device_count[SG_LOAD]; l++) {
        const double *p = r->site.devices[SG_LOAD][l].p;
        int c = (int)p[SG_LOAD_CLASS];
        double want_w = rig_value(r, SG_POINT_LOAD_DEMAND, l);
        double load_w = rig_value(r, SG_POINT_LOAD_POWER, l);
        double need_w = fmin(p[SG_LOAD_MINIMUM], want_w);
        k.want_w[c] += want_w;
        k.load_w[c] += load_w;
        k.minimum_w[c] += need_w;
        k.below[c] = k.below[c] || load_w < need_w * (1 - 1e-6);
        k.above[c] = k.above[c] || load_w > need_w * (1 + 1e-6);
        k.told[c] = k.told[c] || command.load_reason[l] == SG_REASON_SHUT_DOWN;
    }
    for (int s = 0; s < r->site.device_count[SG_STORE]; s++) {
        k.stored_j += rig_value(r, SG_POINT_STORE_ENERGY, s);
        k.give_w += rig_value(r, SG_POINT_STORE_POWER, s);
    }
    return k;
}

/* What a whole run came to. */
typedef struct story {
    double below_s[CLASSES];       /* time with a load of the class below its need            */
    double first_below_s[CLASSES]; /* when first; INFINITY: never                             */
    double told_s[CLASSES];        /* when first told to shut down                            */
    double missing_j[CLASSES];     /* of what was wanted                                      */
    double last_missing_w[CLASSES];
    double
        out_of_order_s; /* class 0 below its need while a load of class 1 had more than its minimum */
    double over_line_w, over_max_w; /* import above the ramp, above the connection's limit    */
    double import_while_gone_w;
    double stored_first_j, stored_j;
    double back_s[CLASSES]; /* after last_lost_s: when all of the class was served again */
} story;

typedef struct plot {
    double lost_s, back_s; /* of the grid; the ramp counts from back_s + return_delay */
    double end_s;
} plot;

static story new_story(void)
{
    story t = {0};
    for (int c = 0; c < CLASSES; c++) {
        t.first_below_s[c] = t.told_s[c] = t.back_s[c] = INFINITY;
    }
    return t;
}

static const double delay_s = 10, ramp_w_per_s = 500e3 / 60, import_max_w = 650e3; /* sites/hall */

static void tell(story *t, const plot *p, const look *k)
{
    for (int c = 0; c < CLASSES; c++) {
        bool before = isinf(t->first_below_s[c]);
        t->below_s[c] += k->below[c] ? STEP_S : 0;
        t->first_below_s[c] = before && k->below[c] ? k->time_s : t->first_below_s[c];
        t->told_s[c] = isinf(t->told_s[c]) && k->told[c] ? k->time_s : t->told_s[c];
        t->last_missing_w[c] = k->want_w[c] - k->load_w[c];
        t->missing_j[c] += t->last_missing_w[c] * STEP_S;
        bool served = k->load_w[c] > 0.95 * k->want_w[c];
        t->back_s[c] =
            k->time_s > p->back_s && served && isinf(t->back_s[c]) ? k->time_s : t->back_s[c];
    }
    t->out_of_order_s += k->below[0] && k->above[1] ? STEP_S : 0;
    double closed_s = p->back_s + delay_s;
    if (k->time_s > p->lost_s && k->time_s < closed_s) {
        t->import_while_gone_w = fmax(t->import_while_gone_w, fabs(k->import_w));
    }
    if (k->time_s >= closed_s) {
        double line_w = fmin(ramp_w_per_s * (k->time_s - closed_s), import_max_w);
        t->over_line_w = fmax(t->over_line_w, k->import_w - line_w);
    }
    t->over_max_w = fmax(t->over_max_w, k->import_w - import_max_w);
    t->stored_first_j = t->stored_first_j > 0 ? t->stored_first_j : k->stored_j;
    t->stored_j = k->stored_j;
}

static void print_story(const char *name, const story *t)
{
    for (int c = 0; c < CLASSES; c++) {
        print_message("%s class %d: below %.1f s from %.1f, told %.1f, missing %.3f kWh (last %.1f "
                      "W), back %.1f\n",
                      name, c, t->below_s[c], t->first_below_s[c], t->told_s[c],
                      t->missing_j[c] / 3.6e6, t->last_missing_w[c], t->back_s[c]);
    }
    print_message("%s: over the ramp %.1f W, over the limit %.1f W, through the open switch %.3g "
                  "W, out of order %.1f s, stored %.1f -> %.1f kWh\n",
                  name, t->over_line_w, t->over_max_w, t->import_while_gone_w, t->out_of_order_s,
                  t->stored_first_j / 3.6e6, t->stored_j / 3.6e6);
}

static void start(rig *r, const char *more)
{
    *r = (rig){0};
    rig_load("sites/hall.maml.md", more, &r->site);
    rig_start(r, SG_POLICY_RULES, rig_time("2023-06-10"));
}

static story run(rig *r, const plot *p)
{
    story t = new_story();
    for (long i = 0; (double)i * STEP_S < p->end_s; i++) {
        rig_step(r, STEP_S);
        look k = look_at(r, (double)(i + 1) * STEP_S);
        tell(&t, p, &k);
    }
    return t;
}

static story run_hall(const char *name, const char *more, const plot *p)
{
    rig r;
    start(&r, more);
    story t = run(&r, p);
    print_message("overload %g s, worst %g\n", sg_world_books_of(r.world)->overload_s,
                  sg_world_books_of(r.world)->overload_worst);
    /* stores give to a thousandth what they are told, and the last of a rack's limit may rest on them */
    assert_true(sg_world_books_of(r.world)->overload_worst < 1 + 1e-5);
    rig_free(&r);
    print_story(name, &t);
    return t;
}

/* What holds in every story that the grid's return ends. */
static void the_return_is_smooth(const story *t, double over_line_w_max)
{
    assert_true(t->import_while_gone_w < 1);
    assert_true(t->over_line_w <= over_line_w_max);
    assert_true(t->over_max_w <= 1e-6 * import_max_w);
    assert_true(t->out_of_order_s == 0);
}

#define FAULTS(list) "## Faults_Schema\n```yaml\nfaults: [" list "]\n```\n"
#define SETS                                                                              \
    "## Sources_Schema\n```yaml\nsources:\n  set: {type: genset, count: 3, capacity: "    \
    "400kW, start_time: 12s, warm_up: 3s, ramp_time: 10s, cooling_time: 1min, cost: 0.4 " \
    "USD/kWh}\n```\n"

/* 0.3 s and 20 s: nothing is held back; what is missing at all is what is missing without the cut too, where a rack is at its
 * breaker. */
static void short_cuts_are_not_felt(void **state)
{
    (void)state;
    plot p = {.lost_s = INFINITY, .back_s = INFINITY, .end_s = 180};
    story calm = run_hall("no cut", "", &p);
    assert_true(calm.below_s[0] == 0 && calm.below_s[1] == 0);
    static const double lengths_s[] = {0.3, 20};
    for (int i = 0; i < 2; i++) {
        char faults[200];
        snprintf(faults, sizeof faults, FAULTS("{at: 20s, kind: grid_loss, duration: %gs}"),
                 lengths_s[i]);
        p = (plot){.lost_s = 20, .back_s = 20 + lengths_s[i], .end_s = 180};
        story t = run_hall(i == 0 ? "0.3 s" : "20 s", faults, &p);
        assert_true(t.below_s[0] == 0 && t.below_s[1] == 0);
        assert_true(isinf(t.told_s[0]) && isinf(t.told_s[1]));
        double more_j = t.missing_j[0] + t.missing_j[1] - calm.missing_j[0] - calm.missing_j[1];
        assert_true(fabs(more_j) < 0.002 * 590e3 * p.end_s);
        the_return_is_smooth(&t, 1);
    }
}

/* As long as the bridge is declared for, at full load. */
static void the_bridge_time_is_kept_at_full_load(void **state)
{
    (void)state;
    plot p = {.lost_s = 20, .back_s = 620, .end_s = 900};
    story t = run_hall("10 min", FAULTS("{at: 20s, kind: grid_loss, duration: 10min}"), &p);
    assert_true(t.below_s[0] == 0 && t.below_s[1] == 0);
    assert_true(isinf(t.told_s[0]) && isinf(t.told_s[1]));
    assert_true(t.stored_j < t.stored_first_j - 600e3 * 500); /* the stores did carry it */
    assert_true(t.back_s[0] < 640 && t.back_s[1] < 640);      /* and nobody waited for the ramp */
    the_return_is_smooth(&t, 1);
}

/* Longer than the stores last: class 1 is told first and has its 5 min, class 0 its 2, and both are off before the stores are
 * empty. On the return class 0 comes first. */
static void longer_than_the_stores_the_hall_shuts_down_in_order(void **state)
{
    (void)state;
    plot p = {.lost_s = 20, .back_s = 7220, .end_s = 7500};
    story t = run_hall("2 h", FAULTS("{at: 20s, kind: grid_loss, duration: 2h}"), &p);
    assert_true(t.first_below_s[0] > p.lost_s + 600);
    assert_true(t.told_s[1] + 300 <= t.first_below_s[1]);
    assert_true(t.told_s[0] + 120 <= t.first_below_s[0]);
    assert_true(t.first_below_s[1] < t.told_s[0]);
    assert_true(t.first_below_s[0] < p.back_s);
    /* how good the estimate was: nothing useful is left, nothing was missing either */
    assert_true(t.stored_j > 0);
    assert_true(t.back_s[0] < t.back_s[1] &&
                t.back_s[1] < p.back_s + delay_s + 2 * import_max_w / ramp_w_per_s);
    the_return_is_smooth(&t, 1);
}

/* One set of three does not start, another trips for a minute: the hall never notices, for longer than its stores would last. */
static void generators_carry_the_hall_and_replace_each_other(void **state)
{
    (void)state;
    plot p = {.lost_s = 20, .back_s = 3620, .end_s = 3900};
    story t =
        run_hall("sets",
                 SETS FAULTS("{at: 20s, kind: grid_loss, duration: 1h}, "
                             "{at: 0s, kind: start_fails, target: set, member: 1}, "
                             "{at: 10min, kind: trip, target: set, member: 2, duration: 1min}"),
                 &p);
    assert_true(t.below_s[0] == 0 && t.below_s[1] == 0);
    assert_true(isinf(t.told_s[0]) && isinf(t.told_s[1]));
    assert_true(t.missing_j[0] < 1e-3 * 150e3 * p.end_s);
    assert_true(t.missing_j[1] < 0.01 * 450e3 * p.end_s);
    the_return_is_smooth(&t, 1);
}

/* None starts until long after the lights went out: then the site comes up from black, without the grid, class 0 first. */
static void a_late_generator_starts_the_hall_from_black(void **state)
{
    (void)state;
    rig r;
    start(&r, SETS FAULTS("{at: 20s, kind: grid_loss, duration: 4h}, "
                          "{at: 0s, kind: start_fails, target: set, duration: 2h}"));
    plot p = {.lost_s = 20, .back_s = INFINITY, .end_s = 7150};
    story t = run(&r, &p);
    print_story("dark", &t);
    assert_true(t.last_missing_w[0] > 100e3 && t.last_missing_w[1] > 380e3); /* dark it is */
    assert_true(t.told_s[1] + 300 <= t.first_below_s[1] && t.told_s[0] + 120 <= t.first_below_s[0]);
    double up_s[CLASSES] = {INFINITY, INFINITY};
    for (long i = 0; i < 6000; i++) {
        rig_step(&r, STEP_S);
        look k = look_at(&r, 7150 + (double)(i + 1) * STEP_S);
        assert_true(fabs(k.import_w) < 1);
        assert_false(k.below[0] && k.above[1]);
        for (int c = 0; c < CLASSES; c++) {
            up_s[c] = isinf(up_s[c]) && k.load_w[c] > 0.95 * k.want_w[c] ? k.time_s : up_s[c];
        }
    }
    print_message("up again: %.1f s, %.1f s\n", up_s[0], up_s[1]);
    assert_true(up_s[0] < up_s[1] && up_s[1] < 7150 + 600);
    rig_free(&r);
}

/* The grid goes again while the stores are being filled. */
static void a_second_cut_finds_the_bridge(void **state)
{
    (void)state;
    plot p = {.lost_s = 800, .back_s = 1100, .end_s = 1300};
    story t = run_hall("again",
                       FAULTS("{at: 20s, kind: grid_loss, duration: 5min}, "
                              "{at: 800s, kind: grid_loss, duration: 5min}"),
                       &p);
    assert_true(t.below_s[0] == 0 && t.below_s[1] == 0);
    the_return_is_smooth(&t, 1);
}

/* It comes back while class 1 is shutting down: nobody is switched off, and all are served again. */
static void a_return_during_the_shutdown_ends_it(void **state)
{
    (void)state;
    rig r;
    start(&r, FAULTS("{at: 20s, kind: grid_loss}, {at: 0s, kind: trip, target: battery}"));
    plot p = {.lost_s = 20, .back_s = INFINITY, .end_s = 0};
    story t = new_story();
    for (long i = 0; (double)i * STEP_S < p.back_s + 300 && i < 60000; i++) {
        rig_step(&r, STEP_S);
        look k = look_at(&r, (double)(i + 1) * STEP_S);
        tell(&t, &p, &k);
        if (isinf(p.back_s) && k.time_s > t.told_s[1] + 60) {
            p.back_s = k.time_s;
            r.site.faults[0].duration_s = p.back_s - 20; /* the plant looks at the same list */
        }
    }
    print_story("return", &t);
    rig_free(&r);
    assert_true(isfinite(t.told_s[1]) && isinf(t.told_s[0]));
    assert_true(t.below_s[0] == 0 && t.below_s[1] == 0);
    assert_true(isfinite(t.back_s[1]) && t.last_missing_w[1] < 0.15 * 450e3);
    the_return_is_smooth(
        &t, 0.01 * 200e3); /* what the dead battery is asked for, to see whether it follows */
}

/* Up and down every two seconds for a minute: the site stays an island until the grid has been steady. */
static void a_chattering_grid_is_kept_away(void **state)
{
    (void)state;
    char faults[2000] = "## Faults_Schema\n```yaml\nfaults:\n";
    for (int i = 0; i < 15; i++) {
        size_t length = strlen(faults);
        snprintf(faults + length, sizeof faults - length,
                 "  - {at: %ds, kind: grid_loss, duration: 2s}\n", 20 + 4 * i);
    }
    strcat(faults, "```\n");
    plot p = {.lost_s = 20, .back_s = 20 + 14 * 4 + 2, .end_s = 240};
    story t = run_hall("chatter", faults, &p);
    assert_true(t.below_s[0] == 0 && t.below_s[1] == 0);
    the_return_is_smooth(&t, 1); /* its import_while_gone_w is the point: the switch stays open */
}

/* How the loss looks when the sensor of the voltage fails at the same moment. */
typedef enum lie { LIE_SILENT, LIE_ALL_SILENT, LIE_STUCK } lie;

static void step_with(rig *r, lie kind, bool from_now)
{
    sg_world_read(r->world, STEP_S, &r->readings);
    int site = r->points.first[SG_POINT_SITE], root = r->points.first[SG_POINT_NODE_POWER];
    double *value = malloc(sizeof *value * (size_t)r->points.count);
    uint8_t *quality = malloc((size_t)r->points.count);
    assert_true(value && quality);
    memcpy(value, r->readings.value, sizeof *value * (size_t)r->points.count);
    memcpy(quality, r->readings.quality, (size_t)r->points.count);
    if (from_now && kind == LIE_STUCK) {
        value[site + SG_SITE_GRID_UP] = 1;
    } else if (from_now) {
        quality[site + SG_SITE_GRID_UP] = SG_NO_DATA;
    }
    if (from_now && kind == LIE_ALL_SILENT) {
        quality[site + SG_SITE_IMPORT_J] = quality[site + SG_SITE_EXPORT_J] = SG_NO_DATA;
        quality[root] = SG_NO_DATA;
    }
    sg_frame frame = {
        .time_us = r->readings.time_us, .dt_s = STEP_S, .value = value, .quality = quality};
    sg_engine_step(r->engine, &frame, NULL);
    sg_command command = sg_engine_command(r->engine);
    sg_world_write(r->world, &command);
    free(value);
    free(quality);
}

static void a_lost_reading_leads_to_the_safe_side(void **state)
{
    (void)state;
    for (int kind = LIE_SILENT; kind <= LIE_STUCK; kind++) {
        for (int cut = 0; cut < 2;
             cut++) { /* without a cut: does the sensor alone make an island? */
            rig r;
            start(&r, cut ? FAULTS("{at: 20s, kind: grid_loss}") : "");
            double island_s = INFINITY;
            for (int i = 0; i < 600; i++) {
                step_with(&r, (lie)kind, i >= 200);
                look k = look_at(&r, (double)(i + 1) * STEP_S);
                bool island = sg_engine_command(r.engine).island;
                island_s = island && isinf(island_s) ? k.time_s : island_s;
                assert_false(k.below[0]);
                assert_false(k.below[1]);
            }
            print_message("sensor %d, %s: island from %.1f s\n", kind, cut ? "cut" : "no cut",
                          island_s);
            /* an import that is seen is believed; without any meter the last reading for a second; and a sensor that goes on saying
             * that there is voltage is disbelieved after two and a half */
            bool wanted = cut || kind == LIE_ALL_SILENT;
            double told_s = kind == LIE_STUCK ? 22.5 : 21.1;
            assert_true(wanted ? fabs(island_s - told_s) < 0.01 : isinf(island_s));
            rig_free(&r);
        }
    }
}

/* Three stores of three time scales, all at the root: each carries what the slower ones do not reach yet. */
static const char three_stores[] =
    "nodes: {site: {limit: 200kW}}\n"
    "grid: {import_max: 200kW, import_price: 0.1 USD/kWh, return_delay: 5s, return_ramp: "
    "600kW/min}\n"
    "loads:\n  hall: {rating: 100kW, minimum: 50kW, class: 0, demand: 100kW}\n"
    "stores:\n"
    "  quick: {type: supercapacitor, modules: 60, power: 2kW, duty: power, forming: yes, "
    "initial: 90%}\n"
    "  wheel: {type: flywheel, capacity: 5kWh, power: 120kW, duty: power, ramp: 120kW/s, initial: "
    "90%}\n"
    "  slow:  {type: lithium_ion, capacity: 400kWh, discharge_rate: 120kW, ramp: 12kW/s, "
    "initial: 80%}\n"
    "faults: [{at: 10s, kind: grid_loss, duration: 60s}]\n";

static void the_slower_store_relieves_the_faster(void **state)
{
    (void)state;
    rig r = {0};
    rig_parse("three.yaml", three_stores, strlen(three_stores), &r.site);
    rig_start(&r, SG_POLICY_RULES, rig_time("2023-06-10"));
    double peak_s[3] = {0}, peak_w[3] = {0}, last_slow_w = 0;
    for (int i = 0; i < 600; i++) {
        rig_step(&r, STEP_S);
        double time_s = (i + 1) * STEP_S, w[3], sum_w = 0;
        for (int s = 0; s < 3; s++) {
            w[s] = rig_value(&r, SG_POINT_STORE_POWER, s);
            sum_w += w[s];
            peak_s[s] = w[s] > peak_w[s] ? time_s : peak_s[s];
            peak_w[s] = fmax(peak_w[s], w[s]);
            assert_true(w[s] <= 120e3 * (1 + 1e-9)); /* no rating is passed */
        }
        if (time_s > 10.05) {
            assert_true(fabs(sum_w - 100e3) < 100); /* the load is carried in every step */
            assert_true(w[2] >= last_slow_w - 1 &&
                        w[2] <= last_slow_w + 1.2e3 + 1); /* 120 kW in 10 s */
            last_slow_w = w[2];
        }
    }
    print_message(
        "peaks: quick %.0f W at %.1f s, wheel %.0f W at %.1f s, slow %.0f W from %.1f s\n",
        peak_w[0], peak_s[0], peak_w[1], peak_s[1], peak_w[2], peak_s[2]);
    assert_true(peak_w[0] > 90e3 && peak_s[0] < 10.15);                  /* at once      */
    assert_true(peak_w[1] > 80e3 && peak_s[1] > 10.5 && peak_s[1] < 12); /* in a second  */
    assert_true(peak_w[2] > 99e3 && peak_s[2] > 18);                     /* in ten       */
    assert_true(rig_value(&r, SG_POINT_STORE_POWER, 0) < 100 &&
                rig_value(&r, SG_POINT_STORE_POWER, 1) < 100);
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_cuts_are_not_felt),
        cmocka_unit_test(the_bridge_time_is_kept_at_full_load),
        cmocka_unit_test(longer_than_the_stores_the_hall_shuts_down_in_order),
        cmocka_unit_test(generators_carry_the_hall_and_replace_each_other),
        cmocka_unit_test(a_late_generator_starts_the_hall_from_black),
        cmocka_unit_test(a_second_cut_finds_the_bridge),
        cmocka_unit_test(a_return_during_the_shutdown_ends_it),
        cmocka_unit_test(a_chattering_grid_is_kept_away),
        cmocka_unit_test(a_lost_reading_leads_to_the_safe_side),
        cmocka_unit_test(the_slower_store_relieves_the_faster),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
