/* One sensor lies, in every way and place: it is found, and what must not be broken is not. The plant's own books judge, not
 * the readings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "engine/layout.h"
#include "rig.h"

#include <math.h>

static const char text[] =
    "nodes:\n"
    "  site: {limit: 150kW, voltage: 415V}\n"
    "  pdu: {parent: site, count: 2, breaker: 125A, voltage: 415V, cable_length: 40m, "
    "cable_section: 50mm2, efficiency: 99%}\n"
    "  rack: {parent: pdu, count: 3, breaker: 40A, voltage: 415V, cable_length: 8m, cable_section: "
    "16mm2}\n"
    "series:\n"
    "  work: {unit: kW, count: 36, random: {mean: 2.5kW, deviation: 1.2kW, correlation: 8s, "
    "lowest: 0.5kW, "
    "highest: 8kW, step: 1s, "
    "length: 2h}}\n"
    "loads: {server: {node: rack, count: 6, rating: 8kW, minimum: 0.5kW, class: 1, demand: "
    "work}}\n"
    "sources: {roof: {type: generator, capacity: 30kW, cost: 0.01 EUR/kWh, node: pdu}}\n"
    "stores:\n"
    "  battery: {type: lithium_ion, node: pdu, capacity: 4kWh, discharge_rate: 20kW, charge_rate: "
    "20kW, initial: 60%, "
    "reserve: 25%}\n"
    "  wheel: {type: flywheel, duty: power, node: pdu, capacity: 0.5kWh, power: 20kW, "
    "initial: 50%}\n"
    "grid: {import_max: 110kW, import_price: 0.2 EUR/kWh}\n";

typedef enum lie { STUCK, JUMP, SMALL, UNIT_LESS, UNIT_MORE, SIGN, LIE_COUNT } lie;
static const char *const LIES[] = {"stuck", "jump", "8 %", "/ 1000", "x 1000", "sign"};

typedef enum place_kind {
    RACK_METER,
    PDU_METER,
    LOAD,
    STORE_POWER,
    STORE_ENERGY,
    PLACE_COUNT
} place_kind;
static const char *const PLACES[] = {"rack meter", "pdu meter", "load", "store power",
                                     "store energy"};

static rig r;
static uint64_t drawn;

static int below(int n)
{
    return (int)(sg_prng_unit(4711, drawn++) * n);
}

static double told(lie kind, double truth, double stuck)
{
    switch (kind) {
    case STUCK:
        return stuck;
    case JUMP:
        return truth * 1.5;
    case SMALL:
        return truth * 1.08;
    case UNIT_LESS:
        return truth / 1000;
    case UNIT_MORE:
        return truth * 1000;
    default:
        return -truth;
    }
}

static int point_of(place_kind where, int member)
{
    const int32_t *first = r.points.first;
    switch (where) {
    case RACK_METER:
        return first[SG_POINT_NODE_POWER] + 3 + member % 6;
    case PDU_METER:
        return first[SG_POINT_NODE_POWER] + 1 + member % 2;
    case LOAD:
        return first[SG_POINT_LOAD_POWER] + member % 36;
    case STORE_POWER:
        return first[SG_POINT_STORE_POWER] + member % 4;
    default:
        return first[SG_POINT_STORE_ENERGY] + member % 4;
    }
}

static bool convicted(int point)
{
    sg_rooms rooms = sg_rooms_at(r.engine);
    int energy = r.points.first[SG_POINT_STORE_ENERGY];
    if (point >= energy && point < energy + rooms.plant.store_count) {
        return rooms.trust.store_doubt[point - energy] > 0;
    }
    for (int n = 0; n < rooms.plant.node_count; n++) {
        if (rooms.trust.node_liar[n] == point) {
            return true;
        }
    }
    return false;
}

static bool noticed(void)
{
    sg_rooms rooms = sg_rooms_at(r.engine);
    return rooms.head->disbelieved > 0;
}

/* One step with a point that lies; a load's instrument gives its demand as well. */
static void lying_step(int point, lie kind, double stuck, double stuck_want)
{
    sg_world_read(r.world, 0.1, &r.readings);
    sg_frame frame = rig_frame(&r);
    static double value[512];
    assert_true(r.points.count <= 512);
    memcpy(value, frame.value, sizeof(double) * (size_t)r.points.count);
    if (point >= 0) {
        value[point] = told(kind, value[point], stuck);
        int load = point - r.points.first[SG_POINT_LOAD_POWER];
        if (load >= 0 && load < 36) {
            int demand = r.points.first[SG_POINT_LOAD_DEMAND] + load;
            value[demand] = told(kind, value[demand], stuck_want);
        }
        frame.value = value;
    }
    sg_engine_step(r.engine, &frame, NULL);
    sg_command command = sg_engine_command(r.engine);
    sg_world_write(r.world, &command);
}

static void begin(void)
{
    rig_parse("liars.yaml", text, sizeof text - 1, &r.site);
    rig_start(&r, SG_POLICY_RULES, rig_time("2023-07-01T00:00:00Z"));
    for (int t = 0; t < 100; t++) {
        lying_step(-1, STUCK, 0, 0);
    }
}

enum { EPISODES = 6, HONEST_STEPS = 600, LYING_STEPS = 300, SOON = 30 };

/* The batteries' true energy less the quarter that is their reserve, as a share of what they hold. */
static double reserve_left(void)
{
    double stored_j[4], least = INFINITY;
    sg_world_stored(r.world, stored_j);
    for (int s = 0; s < 2; s++) {
        least = fmin(least, stored_j[s] / (4 * 3.6e6) - 0.25);
    }
    return least;
}

typedef struct tally {
    int told, seen, found; /* episodes; seen within 3 s */
    int lost;              /* convictions that ended while the lie went on */
} tally;

/* A sensor that shows next to nothing cannot be told from one that lies about it. */
static int pick(place_kind where)
{
    int point = point_of(where, below(36));
    for (int k = 0; k < 100 && fabs(r.readings.value[point]) < 1500; k++) {
        point = point_of(where, below(36));
    }
    return point;
}

static void lie_and_calm(place_kind where, lie kind, tally *ret)
{
    for (int t = below(9) + 1; t > 0; t--) {
        lying_step(-1, STUCK, 0,
                   0); /* the loads' series has a new value each second, all at once */
    }
    int point = pick(where), load = point - r.points.first[SG_POINT_LOAD_POWER];
    const double *value = r.readings.value;
    double stuck = value[point],
           want = where == LOAD ? value[r.points.first[SG_POINT_LOAD_DEMAND] + load] : 0;
    bool seen = false, found = false, was = false;
    if (fabs(stuck) < 1500 || noticed()) {
        return;
    }
    for (int t = 0; t < LYING_STEPS; t++) {
        lying_step(point, kind, stuck, want);
        seen = seen || (noticed() && t < SOON);
        bool now = convicted(point);
        found = found || now;
        ret->lost += was && !now;
        was = now;
    }
    ret->told++;
    ret->seen += seen;
    ret->found += found;
    for (int t = 0; t < HONEST_STEPS && (noticed() || t < 50); t++) {
        lying_step(-1, STUCK, 0, 0);
    }
}

static void a_liar_is_found_and_breaks_nothing(void **state)
{
    (void)state;
    int told_count = 0;
    for (int where = 0; where < PLACE_COUNT; where++) {
        for (int kind = 0; kind < LIE_COUNT; kind++) {
            tally t = {0};
            begin();
            for (int episode = 0; episode < EPISODES; episode++) {
                lie_and_calm((place_kind)where, (lie)kind, &t);
                assert_true(reserve_left() > -0.02); /* the tolerance of an energy reading */
            }
            const sg_world_books *books = sg_world_books_of(r.world);
            assert_true(books->overload_s == 0);
            rig_free(&r);
            print_message("%-12s %-7s of %d lies %d seen in 3 s, %d found, %d times lost\n",
                          PLACES[where], LIES[kind], t.told, t.seen, t.found, t.lost);
            told_count += t.told;
            bool gross = kind != STUCK && kind != SMALL;
            bool meter = where == RACK_METER || where == PDU_METER;
            if (where != STORE_POWER && (gross || (meter && kind == SMALL))) {
                assert_int_equal(t.seen, t.told);
                assert_int_equal(t.found, t.told);
                assert_true(t.lost == 0 || !meter);
            }
        }
    }
    assert_true(told_count > PLACE_COUNT * LIE_COUNT * EPISODES / 2);
}

/* One step in which the meter of rack 3, or a member of its balance or of its feeder's, lies. Returns what the rack and its feeder really
 * draw less what the engine takes them to draw. */
typedef struct missed {
    double rack_w, feeder_w;
} missed;

static missed step_with(int point, double lie_w)
{
    const int meters = r.points.first[SG_POINT_NODE_POWER];
    sg_world_read(r.world, 0.1, &r.readings);
    sg_frame frame = rig_frame(&r);
    static double value[512];
    memcpy(value, frame.value, sizeof(double) * (size_t)r.points.count);
    const double rack_w = value[meters + 3], feeder_w = value[meters + 1];
    value[point] += lie_w;
    frame.value = value;
    sg_engine_step(r.engine, &frame, NULL);
    sg_command command = sg_engine_command(r.engine);
    sg_world_write(r.world, &command);
    const double *taken = sg_engine_values(r.engine);
    return (missed){rack_w - taken[meters + 3], feeder_w - taken[meters + 1]};
}

/* A meter lies and is outvoted; at the moment at which it comes right, a load of its rack or the feeder's own meter begins to lie, so that
 * the doubt there goes on. */
static void a_meter_is_believed_again_when_the_lie_is_anothers(void **state)
{
    (void)state;
    for (int at_feeder = 0; at_feeder < 2; at_feeder++) {
        begin();
        const int32_t *first = r.points.first;
        const int meter = first[SG_POINT_NODE_POWER] + 3,
                  other = at_feeder ? first[SG_POINT_NODE_POWER] + 1 : first[SG_POINT_LOAD_POWER];
        assert_int_equal(r.site.devices[SG_LOAD][0].node, 3);
        for (int t = 0; t < 100; t++) {
            step_with(meter, 6e3);
        }
        assert_true(convicted(meter));
        int accused = 0;
        double worst_w = 0; /* that somebody is taken for less than he is */
        for (int t = 0; t < 600; t++) {
            const missed m = step_with(other, at_feeder ? -5e3 : -450); /* less than there is */
            accused += t >= 50 && convicted(meter);
            worst_w = t >= 50 ? fmax(worst_w, fmax(m.rack_w, m.feeder_w)) : worst_w;
        }
        print_message("%s: after 5 s the meter is accused in %d steps, %.0f W are overlooked\n",
                      at_feeder ? "meter of the feeder" : "load of the rack", accused, worst_w);
        assert_int_equal(accused, 0);
        assert_true(worst_w < 100);
        rig_free(&r);
    }
}

/* The clock goes to and fro by years; nothing that is commanded differs. */
static void jumps_of_the_clock_change_nothing(void **state)
{
    (void)state;
    uint64_t hash[2][200];
    for (int jumping = 0; jumping < 2; jumping++) {
        begin();
        for (int t = 0; t < 200; t++) {
            sg_world_read(r.world, 0.1, &r.readings);
            sg_frame frame = rig_frame(&r);
            int64_t years = jumping ? (t / 20 % 3 - 1) * 10 : 0;
            frame.time_us += years * 365 * 86400 * SG_US_PER_S;
            sg_engine_step(r.engine, &frame, NULL);
            sg_command command = sg_engine_command(r.engine);
            sg_world_write(r.world, &command);
            hash[jumping][t] = sg_engine_command_hash(r.engine);
        }
        rig_free(&r);
    }
    assert_memory_equal(hash[0], hash[1], sizeof hash[0]);
}

/* A day of prices is known when the clock jumps by hours, either way: the rules go on to buy and sell as they would have, for what
 * they know was seen, not guessed. */
static void a_jump_by_hours_does_not_teach_prices(void **state)
{
    (void)state;
    static const char priced[] =
        "nodes: {site: {limit: 50kW, voltage: 415V}}\n"
        "series:\n"
        "  work: {unit: kW, random: {mean: 12kW, deviation: 3kW, correlation: 10min, lowest: 2kW, "
        "highest: 20kW, step: 10s, length: 12h}}\n"
        "  price: {unit: EUR/kWh, random: {mean: 0.15 EUR/kWh, deviation: 0.1 EUR/kWh, "
        "correlation: 3h, step: 15min, length: 4d}}\n"
        "loads: {server: {node: site, rating: 20kW, demand: work}}\n"
        "stores: {battery: {type: lithium_ion, node: site, capacity: 40kWh, discharge_rate: 10kW, "
        "charge_rate: 10kW, initial: 50%}}\n"
        "grid: {import_max: 45kW, import_price: price, import_fee: 0.02 EUR/kWh}\n";
    enum { STEPS_A_DAY = 17280, AFTER = 17280, JUMPS = 4 };
    static const int64_t jumps_min[JUMPS] = {0, 435, -435,
                                             3 * 365 * 1440}; /* whole quarter hours */
    static uint64_t hash[JUMPS][AFTER];
    for (int j = 0; j < JUMPS; j++) {
        int by_price = 0;
        rig_parse("priced.yaml", priced, sizeof priced - 1, &r.site);
        rig_start(&r, SG_POLICY_RULES, rig_time("2023-07-01T00:00:00Z"));
        for (int t = 0; t < STEPS_A_DAY + AFTER; t++) {
            sg_world_read(r.world, 5, &r.readings);
            sg_frame frame = rig_frame(&r);
            frame.time_us += t >= STEPS_A_DAY + 77 ? jumps_min[j] * 60 * SG_US_PER_S : 0;
            sg_engine_step(r.engine, &frame, NULL);
            sg_command command = sg_engine_command(r.engine);
            sg_world_write(r.world, &command);
            if (t >= STEPS_A_DAY) {
                hash[j][t - STEPS_A_DAY] = sg_engine_command_hash(r.engine);
                by_price += command.store_reason[0] == SG_REASON_CHEAP ||
                            command.store_reason[0] == SG_REASON_DEAR;
            }
        }
        rig_free(&r);
        assert_true(by_price > 1000);
        assert_memory_equal(hash[0], hash[j], sizeof hash[0]);
    }
}

/* One step in which a store's instrument gives both of its readings wrong in the same way. */
static void step_of_lying_store(int s, lie kind, const double stuck[2])
{
    static double value[512];
    sg_world_read(r.world, 0.1, &r.readings);
    sg_frame frame = rig_frame(&r);
    assert_true(r.points.count <= 512);
    memcpy(value, frame.value, sizeof(double) * (size_t)r.points.count);
    int energy = r.points.first[SG_POINT_STORE_ENERGY] + s,
        power = r.points.first[SG_POINT_STORE_POWER] + s;
    value[energy] = told(kind, value[energy], stuck[0]);
    value[power] = told(kind, value[power], stuck[1]);
    frame.value = value;
    sg_engine_step(r.engine, &frame, NULL);
    sg_command command = sg_engine_command(r.engine);
    sg_world_write(r.world, &command);
}

/* Charge and power that lie alike agree with each other, and only the meter above tells: no more is counted on than there is. */
static void two_readings_that_lie_alike_are_not_believed(void **state)
{
    (void)state;
    static const lie kinds[] = {STUCK, JUMP};
    for (int k = 0; k < 2; k++) {
        begin();
        const int s = 2; /* the first flywheel, which moves all the time */
        const double capacity_j = 0.5 * 3.6e6;
        double stuck[2] = {r.readings.value[r.points.first[SG_POINT_STORE_ENERGY] + s],
                           r.readings.value[r.points.first[SG_POINT_STORE_POWER] + s]};
        double stored_j[4], most_j = -INFINITY, moved_j = 0, before_j = NAN;
        for (int t = 0; t < 36000; t++) {
            step_of_lying_store(s, kinds[k], stuck);
            sg_world_stored(r.world, stored_j);
            moved_j += t > 0 ? fabs(stored_j[s] - before_j) : 0;
            before_j = stored_j[s];
            double believed_j = sg_rooms_at(r.engine).measure.low_j[s];
            most_j = t > SOON ? fmax(most_j, believed_j - stored_j[s]) : most_j;
        }
        print_message("%s: at most %.1f %% of the capacity too much, %.1f capacities moved\n",
                      LIES[kinds[k]], 100 * most_j / capacity_j, moved_j / capacity_j);
        assert_true(most_j < 0.05 * capacity_j);
        assert_true(moved_j > 0.2 * capacity_j);
        rig_free(&r);
    }
}

static void nobody_is_accused_on_an_honest_site(void **state)
{
    (void)state;
    begin();
    int accused = 0;
    for (int t = 0; t < 36000; t++) {
        lying_step(-1, STUCK, 0, 0);
        accused += noticed();
    }
    assert_int_equal(accused, 0);
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_liar_is_found_and_breaks_nothing),
        cmocka_unit_test(two_readings_that_lie_alike_are_not_believed),
        cmocka_unit_test(nobody_is_accused_on_an_honest_site),
        cmocka_unit_test(a_meter_is_believed_again_when_the_lie_is_anothers),
        cmocka_unit_test(jumps_of_the_clock_change_nothing),
        cmocka_unit_test(a_jump_by_hours_does_not_teach_prices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
