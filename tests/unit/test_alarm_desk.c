/* The desk between its threads: a loop that looks, people who list and act, a thread that logs and keeps. Run it under TSan, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"
#include "base/time.h"
#include "host/alarm_desk.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const sg_kind rack = {.name = "load", .title = "racks", .role = SG_LOAD};
static sg_device loads[1];
static sg_node nodes[1] = {{.parent = -1}};
static sg_node_group node_groups[1] = {{"main", 0, 1, 1}};
static sg_group groups[3] = {{.id = "a", .kind = &rack, .role = SG_LOAD, .count = 1},
                             {.id = "b", .kind = &rack, .role = SG_LOAD, .count = 1},
                             {.id = "c", .kind = &rack, .role = SG_LOAD, .count = 1}};
static sg_site site = {.id = "urn:uuid:test",
                       .title = "desk",
                       .nodes = nodes,
                       .node_count = 1,
                       .node_groups = node_groups,
                       .node_group_count = 1,
                       .devices = {NULL, NULL, loads, loads},
                       .device_count = {0, 0, 3, 1},
                       .groups = groups,
                       .group_count = 3};

static atomic_int lines, raised, acted;
static atomic_bool over;
static char folder[] = "/tmp/symgrid-desk-XXXXXX";

static void count_line(const char *line)
{
    atomic_fetch_add(&lines, 1);
    atomic_fetch_add(&raised, strstr(line, " raised: ") != NULL);
}

static void *people(void *argument)
{
    sg_alarms_port *port = argument;
    sg_alarm *list = malloc(sizeof *list * SG_ALARMS_LIST_MAX), after;
    for (uint64_t n = 0; !atomic_load(&over); n++) {
        int count = port->list(port->self, SG_ALARMS_STANDING, SG_ALARMS_LIST_MAX, list);
        for (int i = 0; i < count; i++) {
            sg_alarm_order order = {.id = list[i].id,
                                    .action = (sg_alarm_action)(sg_prng_u64(7, n) % 3),
                                    .shelve_s = 60,
                                    .note = "seen"};
            atomic_fetch_add(&acted, port->act(port->self, &order, &after) == SG_OK);
        }
        usleep(500); /* people pause; a lock that is always held is never looked under */
    }
    free(list);
    return NULL;
}

static void set_view(sg_view *view, uint64_t tick)
{
    view->tick = tick;
    view->time_us = INT64_C(1700000000) * SG_US_PER_S + (int64_t)tick * SG_US_PER_S;
    view->grid_up = tick / 100 % 2 == 0;
    view->group_count = 3;
    for (int g = 0; g < 3; g++) {
        view->group[g].role = SG_LOAD;
        view->group[g].shed_count = tick / (uint64_t)(70 + 30 * g) % 2 == 1;
    }
}

static void nothing_is_lost_between_the_threads(void **state)
{
    (void)state;
    sg_view *view = calloc(1, sizeof *view);
    assert_non_null(view);
    assert_non_null(mkdtemp(folder));
    const sg_alarm_desk_config config = {.dir = folder,
                                         .step_s = 1,
                                         .site_id = site.id,
                                         .site_title = site.title,
                                         .log = count_line};
    sg_alarm_desk *desk = sg_alarm_desk_create(&config);
    assert_non_null(desk);
    sg_alarms_port port = sg_alarm_desk_port(desk);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, people, &port), 0);
    }
    for (uint64_t tick = 1; tick <= 4000; tick++) {
        set_view(view, tick);
        sg_alarm_desk_look(desk, &site, view);
        usleep(50);
    }
    atomic_store(&over, true);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    sg_alarm *kept = malloc(sizeof *kept * SG_ALARMS_LIST_MAX);
    int count = port.list(port.self, SG_ALARMS_ALL, SG_ALARMS_LIST_MAX, kept);
    sg_alarm_desk_destroy(desk);
    assert_true(count > 20);
    assert_true(atomic_load(&acted) > 20);
    assert_true(atomic_load(&raised) > 20 && atomic_load(&lines) > atomic_load(&raised));
    /* what was there at the end is in the file */
    sg_alarms *again = malloc(sizeof *again);
    char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, SG_ALARM_FILE);
    sg_alarms_init(again);
    assert_int_equal(sg_alarms_recall(path, again), SG_OK);
    sg_alarm *found = malloc(sizeof *found * SG_ALARMS_LIST_MAX);
    assert_int_equal(sg_alarms_list(again, SG_ALARMS_ALL, SG_ALARMS_LIST_MAX, found), count);
    for (int i = 0; i < count; i++) {
        assert_int_equal(found[i].id, kept[i].id);
        assert_int_equal(found[i].state, kept[i].state);
    }
    unlink(path);
    rmdir(folder);
    free(found);
    free(again);
    free(kept);
    free(view);
}

/* The site file was read again: the next look goes by its rules. */
static void another_site_brings_its_own_rules(void **state)
{
    (void)state;
    sg_alarm_rule rules[SG_ALARM_KIND_COUNT];
    sg_view *view = calloc(1, sizeof *view);
    sg_site next = site;
    sg_alarm alarm;
    assert_non_null(view);
    for (int i = 0; i < SG_ALARM_KIND_COUNT; i++) {
        rules[i] = sg_alarm_rule_of(NULL, i);
    }
    rules[SG_ALARM_GRID_LOST].priority = SG_PRIORITY_LOW;
    next.alarms = rules;
    const sg_alarm_desk_config config = {
        .step_s = 1, .site_id = "", .site_title = "", .log = count_line};
    sg_alarm_desk *desk = sg_alarm_desk_create(&config);
    sg_alarms_port port = sg_alarm_desk_port(desk);
    const sg_site *of[] = {&site, &next, &site};
    const int priority[] = {SG_PRIORITY_CRITICAL, SG_PRIORITY_LOW, SG_PRIORITY_CRITICAL};
    for (int i = 0; i < 3; i++) {
        set_view(view, 101 + (uint64_t)i); /* the grid is away */
        view->group_count = 0;
        for (int tried = 0; tried < 2;
             tried++) { /* its own thread may hold the lock for a moment */
            sg_alarm_desk_look(desk, of[i], view);
            usleep(20000);
        }
        assert_int_equal(port.list(port.self, SG_ALARMS_STANDING, 1, &alarm), 1);
        assert_int_equal(alarm.kind, SG_ALARM_GRID_LOST);
        assert_int_equal(alarm.priority, priority[i]);
    }
    sg_alarm_desk_destroy(desk);
    free(view);
}

static void without_a_folder_it_works_and_keeps_nothing(void **state)
{
    (void)state;
    sg_view *view = calloc(1, sizeof *view);
    const sg_alarm_desk_config config = {
        .step_s = 1, .site_id = "", .site_title = "", .log = count_line};
    assert_non_null(view);
    sg_alarm_desk *desk = sg_alarm_desk_create(&config);
    set_view(view, 101); /* the grid is away */
    sg_alarm_desk_look(desk, &site, view);
    assert_int_equal(view->alarms.active[SG_ALARM_GRID_LOST], 1);
    assert_int_equal(view->alarms.priority[SG_PRIORITY_CRITICAL], 1);
    assert_int_equal(view->alarms.webhook, 0);
    sg_alarm_desk_destroy(desk);
    sg_alarm_desk_look(NULL, &site, view);
    sg_alarm_desk_destroy(NULL);
    free(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_between_the_threads),
        cmocka_unit_test(another_site_brings_its_own_rules),
        cmocka_unit_test(without_a_folder_it_works_and_keeps_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
