/* The mailbox between two threads: whole values, never older ones, never a wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/mailbox.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { POSTS_MIN = 20000, POSTS_MAX = 2000000, SEEN_MIN = 500 };

static sg_mailbox *box;
static _Atomic bool done, enough;
static _Atomic uint64_t posted;

static int open_box(void **state)
{
    (void)state;
    box = aligned_alloc(64, (sizeof *box + 63) & ~(size_t)63);
    assert_non_null(box);
    sg_mailbox_init(box);
    atomic_store(&done, false);
    atomic_store(&enough, false);
    return 0;
}

static int close_box(void **state)
{
    (void)state;
    free(box);
    return 0;
}

/* The same number at the front, in the middle and at the end of a large value. */
static void fill(sg_view *view, uint64_t number)
{
    view->tick = number;
    for (int n = 0; n < SG_VIEW_NODE_MAX; n += 8) {
        view->node_w[n] = (double)number;
    }
    view->task[SG_TASK_MAX - 1].firm_w = (double)number;
    view->settled_count = number;
    view->journal_bytes = number;
}

static bool whole(const sg_view *view)
{
    bool same = view->settled_count == view->tick && view->journal_bytes == view->tick &&
                view->task[SG_TASK_MAX - 1].firm_w == (double)view->tick;
    for (int n = 0; n < SG_VIEW_NODE_MAX; n += 8) {
        same = same && view->node_w[n] == (double)view->tick;
    }
    return same;
}

static void post(uint64_t number)
{
    fill(sg_mailbox_slot(box), number);
    sg_mailbox_post(box);
}

static void *write_all(void *unused)
{
    (void)unused;
    uint64_t number = 0;
    while (number < POSTS_MIN || (number < POSTS_MAX && !atomic_load(&enough))) {
        post(++number);
        if (number % 16 == 0) { /* lets the reader in where there is one core only */
            sched_yield();
        }
    }
    atomic_store(&posted, number);
    atomic_store(&done, true);
    return NULL;
}

static void a_reader_sees_whole_values_in_order(void **state)
{
    (void)state;
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, write_all, NULL), 0);
    uint64_t last = 0, different = 0;
    for (bool end = false; !end;) {
        end = atomic_load(&done);
        const sg_view *view = sg_mailbox_read(box);
        if (!view) {
            continue;
        }
        assert_true(whole(view));
        assert_true(view->tick >= last); /* never an older one again */
        different += view->tick != last;
        last = view->tick;
        atomic_store(&enough, different >= SEEN_MIN);
    }
    pthread_join(writer, NULL);
    assert_int_equal(last, atomic_load(&posted)); /* the newest arrives */
    print_message("%d posts, %d different ones seen\n", (int)last, (int)different);
    assert_true(different >= SEEN_MIN);
}

static void before_the_first_post_there_is_nothing(void **state)
{
    (void)state;
    assert_null(sg_mailbox_read(box));
    assert_null(sg_mailbox_read(box));
    fill(sg_mailbox_slot(box), 7); /* filled, not posted */
    assert_null(sg_mailbox_read(box));
    sg_mailbox_post(box);
    assert_non_null(sg_mailbox_read(box));
}

static void the_newest_wins_and_stands_still(void **state)
{
    (void)state;
    post(1);
    post(2);
    const sg_view *view = sg_mailbox_read(box);
    assert_int_equal(view->tick, 2);
    for (uint64_t number = 3; number < 20;
         number++) { /* the writer never touches what is being read */
        post(number);
        assert_true(view->tick == 2 && whole(view));
    }
    assert_int_equal(sg_mailbox_read(box)->tick, 19);
    assert_int_equal(sg_mailbox_read(box)->tick, 19);
    post(20);
    assert_int_equal(sg_mailbox_read(box)->tick, 20);
}

/* Negative control of whole(): a value that is half of one post and half of another is noticed. */
static void a_torn_value_would_be_noticed(void **state)
{
    (void)state;
    sg_view *view = sg_mailbox_slot(box);
    fill(view, 1);
    assert_true(whole(view));
    view->node_w[SG_VIEW_NODE_MAX - 8] = 2;
    assert_false(whole(view));
    fill(view, 1);
    view->journal_bytes = 2;
    assert_false(whole(view));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_reader_sees_whole_values_in_order, open_box, close_box),
        cmocka_unit_test_setup_teardown(before_the_first_post_there_is_nothing, open_box,
                                        close_box),
        cmocka_unit_test_setup_teardown(the_newest_wins_and_stands_still, open_box, close_box),
        cmocka_unit_test_setup_teardown(a_torn_value_would_be_noticed, open_box, close_box),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
