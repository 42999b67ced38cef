/* The simulated plant under commands that make sense and commands that do not: its books close, the
 * connection carries no more than it can, and faults do what the site file says, no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "rig.h"

#include <math.h>

typedef struct orders {
    sg_command command;
    double *source_w, *store_w, *cap_w;
} orders;

static uint64_t draws;

static double unit(void)
{
    return sg_prng_unit(99, draws++);
}

static int below(int n)
{
    return (int)(unit() * n);
}

static orders orders_new(const sg_site *site)
{
    orders o = {.source_w = calloc((size_t)site->device_count[SG_SOURCE] + 1, sizeof(double)),
                .store_w = calloc((size_t)site->device_count[SG_STORE] + 1, sizeof(double)),
                .cap_w = calloc((size_t)site->device_count[SG_LOAD] + 1, sizeof(double))};
    assert_true(o.source_w && o.store_w && o.cap_w);
    for (int i = 0; i < site->device_count[SG_SOURCE]; i++) {
        o.source_w[i] = INFINITY;
    }
    for (int i = 0; i < site->device_count[SG_LOAD]; i++) {
        o.cap_w[i] = INFINITY;
    }
    o.command =
        (sg_command){.source_limit_w = o.source_w, .store_w = o.store_w, .load_cap_w = o.cap_w};
    return o;
}

static void orders_free(orders *o)
{
    free(o->source_w);
    free(o->store_w);
    free(o->cap_w);
}

static void orders_random(orders *o, const sg_site *site)
{
    for (int i = 0; i < site->device_count[SG_SOURCE]; i++) {
        o->source_w[i] = below(3) ? (double)INFINITY : 3e6 * unit();
    }
    for (int i = 0; i < site->device_count[SG_STORE]; i++) {
        o->store_w[i] = below(3) ? 0 : (unit() - 0.5) * (below(2) ? 3e7 : 3e4);
    }
    for (int i = 0; i < site->device_count[SG_LOAD]; i++) {
        o->cap_w[i] = below(4) == 0 ? 1e4 * unit() : below(10) == 0 ? 0 : (double)INFINITY;
    }
    o->command.task_w = below(3) ? 0 : 2e6 * unit();
}

static const char faults[] =
    "## Faults_Schema\n"
    "```yaml\n"
    "faults:\n"
    "  - {at: 2h, kind: grid_loss, duration: 4h}\n"
    "  - {at: 3h, kind: trip, target: %s, duration: 6h}\n"
    "  - {at: 5h, kind: load_step, target: trainer, severity: 1.5, duration: 6h}\n"
    "  - {at: 7h, kind: sensor_nan, target: trainer, duration: 6h}\n"
    "  - {at: 8h, kind: sensor_scale, target: %s, severity: 0.5, duration: 6h}\n"
    "  - {at: 9h, kind: ignores, target: %s, duration: 6h}\n"
    "```\n";

/* Energy in = energy out, from the world's books and from the readings, whatever is commanded. */
static void books_close_under_any_command(void **state)
{
    (void)state;
    static const char *const sites[] = {"sites/hall.maml.md", "sites/floating.maml.md"};
    static const char *const stores[] = {"battery", "storage"};
    static const double dts[] = {0.1, 5, 60, 900};
    for (int k = 0; k < 8; k++) {
        rig r = {0};
        char more[1024];
        snprintf(more, sizeof more, faults, stores[k % 2], stores[k % 2], stores[k % 2]);
        rig_load(sites[k % 2], more, &r.site);
        r.points = sg_points_of(&r.site);
        int64_t start = rig_time("2023-06-10");
        r.world = sg_world_create(&r.site, start);
        assert_non_null(r.world);
        const double *grid = r.site.devices[SG_GRID][0].p;
        double import_w_max = grid[SG_GRID_IMPORT_MAX];
        double export_w_max = grid[SG_GRID_EXPORT_RULE] < 0.5 ? grid[SG_GRID_EXPORT_MAX] : 0;
        orders o = orders_new(&r.site);
        double dt_s = dts[k / 2], through_j = 0, import_j = 0, export_j = 0;
        int islanded = 0, unserved = 0, at_limit = 0;
        for (int step = 0; step < 600; step++) {
            if (step % 3 == 0) {
                orders_random(&o, &r.site);
            }
            sg_world_write(r.world, &o.command);
            sg_world_read(r.world, dt_s, &r.readings);
            double net_w = rig_value(&r, SG_POINT_NODE_POWER, 0);
            bool up = rig_value(&r, SG_POINT_SITE, SG_SITE_GRID_UP) > 0.5;
            assert_true(net_w <= (up ? import_w_max : 0) * (1 + 1e-6) + 0.1);
            assert_true(net_w >= -(up ? export_w_max : 0) * (1 + 1e-6) - 0.1);
            islanded += !up;
            at_limit += net_w > 0.999 * import_w_max;
            unserved += rig_value(&r, SG_POINT_SITE, SG_SITE_UNSERVED_W) > 1;
            import_j += fmax(net_w, 0) * dt_s;
            export_j += fmax(-net_w, 0) * dt_s;
            assert_true(fabs(rig_value(&r, SG_POINT_SITE, SG_SITE_IMPORT_J) - import_j) <=
                        1e-9 * import_j + 1e-6);
            assert_true(fabs(rig_value(&r, SG_POINT_SITE, SG_SITE_EXPORT_J) - export_j) <=
                        1e-9 * export_j + 1e-6);
            const sg_world_books *b = sg_world_books_of(r.world);
            through_j = b->sources_j + b->import_j + b->discharge_j;
            assert_true(sg_world_balance_error_j(r.world) <= 1e-9 * through_j + 1e-6);
            assert_true(fabs(through_j - b->loads_j - b->tasks_j - b->export_j - b->charge_j -
                             b->losses_j) <= 1e-9 * through_j + 1e-6);
        }
        assert_true(through_j > 0 && (dt_s < 60 || (islanded > 15 && unserved > 10)));
        assert_true(dt_s < 900 || at_limit > 5);
        orders_free(&o);
        rig_free(&r);
    }
}

static void stores_stay_within_themselves(void **state)
{
    (void)state;
    rig r = {0};
    rig_load("sites/hall.maml.md", "", &r.site);
    r.points = sg_points_of(&r.site);
    r.world = sg_world_create(&r.site, rig_time("2023-06-10"));
    orders o = orders_new(&r.site);
    for (int s = 0; s < r.site.device_count[SG_STORE]; s++) {
        o.store_w[s] = s % 2 ? 1e9 : -1e9;
    }
    sg_world_write(r.world, &o.command);
    for (int step = 0; step < 200; step++) {
        double before_j[256];
        sg_world_stored(r.world, before_j);
        sg_world_read(r.world, 60, &r.readings);
        for (int s = 0; s < r.site.device_count[SG_STORE]; s++) {
            sg_reservoir q;
            const sg_device *d = &r.site.devices[SG_STORE][s];
            sg_device_kind(&r.site, d)->reservoir(d->p, &q);
            double w = rig_value(&r, SG_POINT_STORE_POWER, s),
                   e = rig_value(&r, SG_POINT_STORE_ENERGY, s);
            assert_true(w <= q.discharge_w_max && w >= -q.charge_w_max);
            assert_true(e >= 0 && e <= q.capacity_j);
            /* nothing is won: what is held afterwards is at most what was held less what came out */
            assert_true(e <= before_j[s] - w * 60 + 1e-9 * q.capacity_j);
            if (!sg_device_kind(&r.site, d)->model) {
                double keep = pow(1 - q.standing_loss_per_h, 60.0 / 3600);
                double want_j =
                    before_j[s] * keep - (w > 0 ? w / q.discharge_eff : w * q.charge_eff) * 60;
                assert_true(fabs(e - want_j) <= 1e-9 * q.capacity_j);
            }
            if (step == 199) { /* filled or emptied long ago, up to what standing takes in a step */
                assert_true(s % 2 ? e < 0.001 * q.capacity_j : e > 0.99 * q.capacity_j);
            }
        }
    }
    orders_free(&o);
    rig_free(&r);
}

/* An island lives on its stores and sources; without them nothing is served, and the one that would form its voltage is out for
 * five minutes; nothing crosses the meter. */
static void an_island_has_only_what_it_has(void **state)
{
    (void)state;
    rig r = {0};
    rig_load("sites/hall.maml.md",
             "## Faults_Schema\n```yaml\nfaults:\n  - {at: 1min, kind: grid_loss, duration: "
             "10min}\n  - {at: 1min, kind: trip, target: bridge, duration: 5min}\n```\n",
             &r.site);
    r.points = sg_points_of(&r.site);
    r.world = sg_world_create(&r.site, rig_time("2023-06-10"));
    orders o = orders_new(&r.site);
    int bridge = r.site.groups[rig_group(&r.site, "bridge")].first;
    for (int step = 0; step < 15 * 60; step++) {
        o.store_w[bridge] = step >= 6 * 60 ? 600e3 : 0;
        sg_world_write(r.world, &o.command);
        sg_world_read(r.world, 1, &r.readings);
        double net_w = rig_value(&r, SG_POINT_NODE_POWER, 0), load_w = 0, demand_w = 0;
        for (int l = 0; l < r.site.device_count[SG_LOAD]; l++) {
            load_w += rig_value(&r, SG_POINT_LOAD_POWER, l);
            demand_w += rig_value(&r, SG_POINT_LOAD_DEMAND, l);
        }
        bool island = step >= 60 && step < 660;
        assert_true(island == (rig_value(&r, SG_POINT_SITE, SG_SITE_GRID_UP) < 0.5));
        if (island) {
            assert_true(fabs(net_w) < 1);
            double most_w = 600e3 - rig_value(&r, SG_POINT_SITE, SG_SITE_LOSS_W);
            double served_w = step < 6 * 60 ? 0 : fmin(demand_w, most_w);
            if (!(fabs(load_w - served_w) < 2e-3 * demand_w)) { /* losses shrink with the loads */
                fail_msg("second %d: %g of %g W", step, load_w, served_w);
            }
        } else {
            assert_true(fabs(load_w - demand_w) < 1e-6 * demand_w);
        }
    }
    orders_free(&o);
    rig_free(&r);
}

static void a_trip_a_deaf_device_and_a_spoilt_sensor(void **state)
{
    (void)state;
    rig r = {0};
    rig_load("sites/hall.maml.md",
             "## Faults_Schema\n```yaml\nfaults:\n"
             "  - {at: 10s, kind: trip, target: battery, duration: 10s}\n"
             "  - {at: 30s, kind: ignores, target: battery, duration: 10s}\n"
             "  - {at: 50s, kind: sensor_scale, target: battery, severity: 0.5, duration: 10s}\n"
             "  - {at: 70s, kind: sensor_missing, target: trainer, member: 3, duration: 10s}\n"
             "  - {at: 90s, kind: sensor_stuck, target: battery, duration: 10s}\n"
             "  - {at: 110s, kind: sensor_nan, target: trainer, member: 5, duration: 10s}\n```\n",
             &r.site);
    r.points = sg_points_of(&r.site);
    r.world = sg_world_create(&r.site, rig_time("2023-06-10"));
    orders o = orders_new(&r.site);
    int battery = r.site.groups[rig_group(&r.site, "battery")].first;
    int trainer = r.site.groups[rig_group(&r.site, "trainer")].first;
    double true_j[256], stuck_w = 0;
    for (int second = 0; second < 130; second++) {
        o.store_w[battery] = 1000 + second;
        sg_world_write(r.world, &o.command);
        sg_world_read(r.world, 1, &r.readings);
        sg_world_stored(r.world, true_j);
        double w = rig_value(&r, SG_POINT_STORE_POWER, battery),
               e = rig_value(&r, SG_POINT_STORE_ENERGY, battery);
        int phase = second / 10;
        if (phase == 1) {
            assert_true(w == 0);
        } else if (phase == 3 ||
                   second == 40) { /* the order given before the fault began stands to its end */
            assert_true(w == 1030);
        } else if (phase == 5) {
            assert_true(fabs(w - (1000 + second) / 2.0) < 1e-9 &&
                        fabs(e - true_j[battery] / 2) < 1e-3);
        } else if (phase == 9) {
            assert_true(w == stuck_w);
        } else {
            assert_true(w == 1000 + second && e == true_j[battery]);
        }
        stuck_w = w;
        for (int l = 0; l < 64; l++) {
            int point = r.points.first[SG_POINT_LOAD_DEMAND] + trainer + l;
            assert_int_equal(r.readings.quality[point],
                             phase == 7 && l == 2 ? SG_NO_DATA : SG_GOOD);
            assert_true(isnan(r.readings.value[point]) == (phase == 11 && l == 4));
        }
    }
    orders_free(&o);
    rig_free(&r);
}

/* The same site, start and orders give the same readings to the bit; a resumed world goes on from them. */
static void the_world_repeats_itself(void **state)
{
    (void)state;
    rig a = {0}, b = {0};
    rig_load("sites/floating.maml.md", "", &a.site);
    rig_load("sites/floating.maml.md", "", &b.site);
    rig_start(&a, SG_POLICY_RULES, rig_time("2023-06-10"));
    rig_start(&b, SG_POLICY_RULES, rig_time("2023-06-10"));
    for (int step = 0; step < 500; step++) {
        rig_step(&a, 900);
        rig_step(&b, 900);
        assert_memory_equal(a.readings.value, b.readings.value,
                            sizeof(double) * (size_t)a.points.count);
        assert_true(sg_engine_hash(a.engine) == sg_engine_hash(b.engine));
    }
    /* a new world at the last one's readings: stores and registers go on where they stood; what else a device remembers
     * (dirt on the panels) begins anew, and shows in the sources' power */
    sg_world *fresh = sg_world_create(&a.site, rig_time("2023-06-10"));
    sg_world_resume(fresh, sg_engine_time(a.engine), sg_engine_values(a.engine));
    sg_command command = sg_engine_command(a.engine);
    sg_world_write(fresh, &command);
    sg_readings of_old, of_fresh;
    sg_world_read(a.world, 900, &of_old);
    sg_world_read(fresh, 900, &of_fresh);
    assert_int_equal(of_old.time_us, of_fresh.time_us);
    for (int p = 0; p < a.points.count; p++) {
        bool own = (p >= a.points.first[SG_POINT_STORE_ENERGY] &&
                    p < a.points.first[SG_POINT_STORE_ENERGY] + a.site.device_count[SG_STORE]) ||
                   (p >= a.points.first[SG_POINT_LOAD_POWER] &&
                    p < a.points.first[SG_POINT_LOAD_POWER] + a.site.device_count[SG_LOAD]);
        double off = fabs(of_old.value[p] - of_fresh.value[p]);
        double dirt_w = 0.011 * 2.2e6; /* of a week, in full sun */
        bool energy = p >= a.points.first[SG_POINT_SITE] && fabs(of_old.value[p]) > 1e8;
        assert_true(off <= (own ? 1e-9 * fabs(of_old.value[p]) : energy ? 900 * dirt_w : dirt_w));
    }
    sg_world_free(fresh);
    rig_free(&a);
    rig_free(&b);
}

/* Every point that differs from the read before is on the list, and no list is given for frames that faults have been at. */
static void test_what_differs_from_the_read_before_is_listed(void **state)
{
    enum { STEPS = 1500 };
    rig r = {0};
    (void)state;
    rig_load("sites/hall.maml.md",
             "## Faults_Schema\n```yaml\nfaults:\n"
             "  - {kind: sensor_stuck, target: trainer, at: 40s, duration: 10s}\n"
             "  - {kind: grid_loss, at: 60s, duration: 10s}\n"
             "  - {kind: link_drop, target: battery, severity: 50%, at: 80s, duration: 5s}\n```\n",
             &r.site);
    rig_start(&r, SG_POLICY_RULES, INT64_C(1688385600000000));
    size_t points = (size_t)r.points.count, listed = 0, whole = 0;
    double *value = calloc(points, sizeof *value);
    uint8_t *quality = calloc(points, 1), *on_list = calloc(points, 1);
    assert_true(value && quality && on_list);
    for (int i = 0; i < STEPS; i++) {
        rig_step(&r, 0.1);
        const sg_readings *now = &r.readings;
        memset(on_list, now->changed == NULL, points);
        whole += now->changed == NULL;
        for (int k = 0; k < now->changed_count; k++) {
            assert_true(now->changed[k] < r.points.count);
            assert_true(k == 0 || now->changed[k] > now->changed[k - 1]);
            on_list[now->changed[k]] = 1;
            listed++;
        }
        for (size_t p = 0; p < points; p++) {
            bool same = memcmp(&value[p], &now->value[p], sizeof value[p]) == 0 &&
                        quality[p] == now->quality[p];
            if (!same && !on_list[p]) {
                fail_msg("point %zu is another one in step %d and not listed", p, i);
            }
        }
        memcpy(value, now->value, points * sizeof *value);
        memcpy(quality, now->quality, points);
    }
    assert_int_equal(
        whole, 1 + 101 + 51); /* the first read, both faults of readings, and the read after each */
    assert_true(listed < points * STEPS / 2);
    free(value);
    free(quality);
    free(on_list);
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(books_close_under_any_command),
        cmocka_unit_test(stores_stay_within_themselves),
        cmocka_unit_test(an_island_has_only_what_it_has),
        cmocka_unit_test(a_trip_a_deaf_device_and_a_spoilt_sensor),
        cmocka_unit_test(the_world_repeats_itself),
        cmocka_unit_test(test_what_differs_from_the_read_before_is_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
