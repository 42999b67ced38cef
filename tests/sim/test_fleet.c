/* 20,000 devices with the code of the device, for some seconds: their registers against the world's own books, the energy in
 * their stores against both, and all of them safe by themselves when the controller falls silent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "world/fleet.h"

#include <stdlib.h>

enum { DEVICES = 20000 };

static sg_fleet fleet;
static uint32_t now_ms;
static sg_fleet_sums books, last;

static void steps(int count, uint32_t frequency_mhz)
{
    for (int k = 0; k < count; k++) {
        now_ms += 10;
        sg_fleet_step(&fleet, 0, fleet.count, now_ms, 10, frequency_mhz, &last);
        books.load_uj += last.load_uj;
        books.charge_uj += last.charge_uj;
        books.discharge_uj += last.discharge_uj;
    }
}

static int64_t order_all(sg_agent_order order, uint32_t valid_ms)
{
    int64_t taken = 0;
    uint8_t message[1][SG_AGENT_SETPOINT_SIZE];
    for (int64_t i = 0; i < fleet.count; i++) {
        sg_fleet_seal(&fleet, i, &order, valid_ms, message[0]);
        taken += sg_fleet_receive(&fleet, i, 1, (const uint8_t(*)[SG_AGENT_SETPOINT_SIZE])message);
    }
    return taken;
}

static int64_t stored_uj(void)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < fleet.count; i++) {
        sum += fleet.device[i].stored_uj;
    }
    return sum;
}

static int open_fleet(void **state)
{
    (void)state;
    const sg_agent_limits limits = sg_fleet_limits();
    assert_int_equal(sg_agent_limits_check(&limits), SG_AGENT_SOUND);
    now_ms = UINT32_MAX - 3000; /* the clock wraps on the way */
    books = (sg_fleet_sums){0};
    assert_true(sg_fleet_open(&fleet, DEVICES, 42, &limits));
    steps(3, 50000);
    books = (sg_fleet_sums){0};
    return 0;
}

static int close_fleet(void **state)
{
    (void)state;
    sg_fleet_close(&fleet);
    return 0;
}

static void registers_and_stores_agree_with_the_books(void **state)
{
    (void)state;
    uint64_t load_uj = 0, charge_uj = 0, discharge_uj = 0;
    int64_t first_uj = stored_uj();
    for (int64_t i = 0; i < fleet.count; i++) {
        load_uj -= fleet.agent[i].load_uj;
        charge_uj -= fleet.agent[i].charge_uj;
        discharge_uj -= fleet.agent[i].discharge_uj;
    }
    for (int second = 0; second < 6; second++) {
        const sg_agent_order order = {400000 + 100000 * second, second % 2 ? 150000 : 0,
                                      second % 2 ? SG_AGENT_POWER : SG_AGENT_MARKS};
        assert_int_equal(order_all(order, 5000), DEVICES);
        steps(100, 49900 + 40 * (uint32_t)second);
        assert_int_equal(last.live, DEVICES);
        assert_true(last.load_mw - last.store_mw <= last.cap_mw); /* of the feeds together */
    }
    for (int64_t i = 0; i < fleet.count; i++) {
        load_uj += fleet.agent[i].load_uj;
        charge_uj += fleet.agent[i].charge_uj;
        discharge_uj += fleet.agent[i].discharge_uj;
        assert_true(fleet.device[i].stored_uj >= 0);
    }
    assert_true(load_uj == (uint64_t)books.load_uj);
    assert_true(charge_uj == (uint64_t)books.charge_uj && charge_uj > 0);
    assert_true(discharge_uj == (uint64_t)books.discharge_uj && discharge_uj > 0);
    assert_true(stored_uj() - first_uj == books.charge_uj - books.discharge_uj);
}

static void silence_makes_every_device_safe_within_5_s(void **state)
{
    (void)state;
    const sg_agent_order order = {1000000, 400000, SG_AGENT_POWER};
    assert_int_equal(order_all(order, 10000), DEVICES);
    steps(150, 50000);
    assert_int_equal(last.live, DEVICES);
    assert_true(last.cap_mw > INT64_C(600000) * DEVICES);
    steps(320,
          50000); /* 4.7 s: the last change of the loads is far enough for every ramp to be done */
    assert_int_equal(last.live, 0);
    assert_int_equal(last.cap_mw, INT64_C(600000) * DEVICES);
    for (int64_t i = 0; i < fleet.count;
         i++) { /* by its marks: only above the high one does it give */
        assert_true(fleet.device[i].store_mw <= 0 || fleet.agent[i].cell == SG_AGENT_GIVES);
    }
}

static void every_key_is_another_one(void **state)
{
    (void)state;
    const sg_agent_order order = {500000, 0, SG_AGENT_MARKS};
    uint8_t message[1][SG_AGENT_SETPOINT_SIZE];
    sg_fleet_seal(&fleet, 0, &order, 1000, message[0]);
    for (int64_t i = 1; i < 100; i++) {
        assert_int_equal(
            sg_fleet_receive(&fleet, i, 1, (const uint8_t(*)[SG_AGENT_SETPOINT_SIZE])message), 0);
        assert_memory_not_equal(fleet.agent[0].key, fleet.agent[i].key, SG_AGENT_KEY_SIZE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(registers_and_stores_agree_with_the_books, open_fleet,
                                        close_fleet),
        cmocka_unit_test_setup_teardown(silence_makes_every_device_safe_within_5_s, open_fleet,
                                        close_fleet),
        cmocka_unit_test_setup_teardown(every_key_is_another_one, open_fleet, close_fleet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
