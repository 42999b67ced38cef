/* program_follow.c - where each column and row of a program was some steps ago. */
#include "plan/pivot.h"
#include "plan/program.h"

/* The two programs and how far apart they are. */
typedef struct follow {
    const sg_program *before, *now;
    int shift;
    int *from; /* [variable of now] that of before; -1 = there was none */
} follow;

/* The step of before at the time of step t; the last one where that ended earlier. */
static int step_before(const follow *f, int t)
{
    int steps = f->before->problem->steps;
    return t + f->shift < steps ? t + f->shift : steps - 1;
}

static int row_of(const sg_program *p, int row)
{
    return (int)p->lp.column_count + row;
}

/* Blocks of one variable a step, from `first` on in either program. */
static void follow_blocks(follow *f, int before, int now, int blocks)
{
    int steps = f->now->problem->steps;
    for (int b = 0; b < blocks; b++) {
        for (int t = 0; t < steps; t++) {
            f->from[now + b * steps + t] = before + b * steps + step_before(f, t);
        }
    }
}

/* Variables without a step. */
static void follow_each(follow *f, int before, int now, int count)
{
    for (int k = 0; k < count; k++) {
        f->from[now + k] = before + k;
    }
}

/* One variable for each step of a window [from, to) that was another one before. */
static void follow_window(follow *f, int before, int from_before, int to_before, int now, int from,
                          int to)
{
    for (int t = from; t < to; t++) {
        int at = step_before(f, t);
        at = at < from_before ? from_before : at >= to_before ? to_before - 1 : at;
        if (from_before < to_before) {
            f->from[now + t - from] = before + at - from_before;
        }
    }
}

static void follow_grid(follow *f)
{
    const sg_program *b = f->before, *n = f->now;
    const sg_dispatch_grid *gb = &b->problem->grid, *gn = &n->problem->grid;
    int steps = n->problem->steps;
    if (!gn->present) {
        return;
    }
    if (n->ramp >= 0 && b->ramp >= 0) {
        follow_window(f, row_of(b, b->ramp), b->ramp_from, steps, row_of(n, n->ramp), n->ramp_from,
                      steps);
    }
    follow_each(f, b->peak, n->peak, gn->demand_count);
    int before = b->peak_rows, now = n->peak_rows;
    for (int m = 0; m < gn->demand_count; m++) {
        const sg_dispatch_demand *db = &gb->demand[m], *dn = &gn->demand[m];
        follow_window(f, row_of(b, before), db->from, db->to, row_of(n, now), dn->from, dn->to);
        before += db->to - db->from;
        now += dn->to - dn->from;
    }
}

static void follow_work(follow *f)
{
    const sg_program *b = f->before, *n = f->now;
    int jobs = n->problem->shiftable_count;
    follow_each(f, b->unserved, n->unserved, jobs);
    follow_each(f, row_of(b, b->work), row_of(n, n->work), jobs);
    for (int k = 0; k < jobs; k++) {
        const sg_dispatch_shiftable *jb = &b->problem->shiftable[k],
                                    *jn = &n->problem->shiftable[k];
        follow_window(f, b->shift[k], jb->from, jb->to, n->shift[k], jn->from, jn->to);
    }
}

/* The row of a step's need, and behind it two for each store; the shares' columns one for each store. */
static void follow_reserve(follow *f, bool up, int *share_before, int *share_now)
{
    const sg_program *b = f->before, *n = f->now;
    const int *rows_before = up ? b->reserve_up : b->reserve_down;
    const int *rows_now = up ? n->reserve_up : n->reserve_down;
    int steps = n->problem->steps, stores = n->problem->store_count;
    for (int t = 0, at = 0; t < steps; t++) {
        int to = step_before(f, t);
        while (at < to) {
            *share_before += rows_before[at++] >= 0 ? stores : 0;
        }
        if (rows_now[t] >= 0 && rows_before[to] >= 0) {
            follow_each(f, row_of(b, rows_before[to]), row_of(n, rows_now[t]), 1 + 2 * stores);
            follow_each(f, *share_before, *share_now, stores);
        }
        *share_now += rows_now[t] >= 0 ? stores : 0;
        if (t == steps - 1) {
            for (; at < steps; at++) {
                *share_before += rows_before[at] >= 0 ? stores : 0;
            }
        }
    }
}

static bool same_parts(const sg_dispatch *a, const sg_dispatch *b)
{
    return a->steps == b->steps && a->step_s == b->step_s &&
           sg_dispatch_zone_count(a) == sg_dispatch_zone_count(b) &&
           a->link_count == b->link_count && a->source_count == b->source_count &&
           a->store_count == b->store_count && a->shed_count == b->shed_count &&
           a->shiftable_count == b->shiftable_count && a->grid.present == b->grid.present &&
           a->grid.demand_count == b->grid.demand_count;
}

bool sg_program_follow(const sg_program *before, const sg_program *now, int shift, int *ret_from)
{
    follow f = {before, now, shift, ret_from};
    const sg_dispatch *p = now->problem;
    int variables = (int)(now->lp.column_count + now->lp.row_count);
    if (!same_parts(before->problem, p)) {
        return false;
    }
    for (int j = 0; j < variables; j++) {
        ret_from[j] = -1;
    }
    follow_blocks(&f, 0, 0, now->peak / p->steps);
    follow_blocks(&f, before->charge, now->charge, 3 * p->store_count);
    follow_blocks(&f, before->shed, now->shed, p->shed_count);
    follow_blocks(&f, row_of(before, before->balance), row_of(now, now->balance),
                  sg_dispatch_zone_count(p));
    follow_blocks(&f, row_of(before, before->dynamics), row_of(now, now->dynamics), p->store_count);
    follow_grid(&f);
    follow_work(&f);
    int share_before = before->share, share_now = now->share;
    follow_reserve(&f, true, &share_before, &share_now);
    follow_reserve(&f, false, &share_before, &share_now);
    return true;
}

/* A store that ended where it has to end does so later now: what it holds until then is open again, and in the steps that
 * came it rests. */
static void end_later(const sg_program *now, int shift, int store, signed char *ret)
{
    int steps = now->problem->steps, block = store * steps, from = steps - shift;
    signed char *energy = ret + now->energy + block, last = energy[steps - 1];
    if (last == SG_BASIC || from < 1) {
        return;
    }
    for (int t = from; t < steps; t++) {
        ret[now->charge + block + t] = ret[now->discharge + block + t] = SG_AT_LOWER;
        energy[t - 1] = SG_BASIC;
    }
    energy[steps - 1] = last;
}

/* How many more could be basic. */
static int open_rows(const sg_program *now, const signed char *stand)
{
    int variables = (int)(now->lp.column_count + now->lp.row_count), open = (int)now->lp.row_count;
    for (int j = 0; j < variables; j++) {
        open -= stand[j] == SG_BASIC;
    }
    return open;
}

/* Where a store was what balances the last step, it still has to be: those that were asked to rest come back while rows are
 * open. */
static void fill_up(const sg_program *now, int shift, const int *from, const signed char *stand,
                    signed char *ret)
{
    int steps = now->problem->steps, open = open_rows(now, ret);
    for (int b = 0; b < 2 * now->problem->store_count; b++) {
        for (int t = steps - shift; t < steps && open > 0; t++) {
            int j = now->charge + b * steps + t;
            if (ret[j] != SG_BASIC && stand[from[j]] == SG_BASIC) {
                ret[j] = SG_BASIC;
                open--;
            }
        }
    }
}

void sg_program_tell(const sg_program *now, int shift, const int *from, const signed char *stand,
                     signed char *ret)
{
    int columns = (int)now->lp.column_count, variables = columns + (int)now->lp.row_count;
    for (int j = 0; j < variables; j++) {
        signed char unknown = j < columns ? SG_AT_LOWER : SG_BASIC;
        ret[j] = from[j] >= 0 ? stand[from[j]] : unknown;
    }
    for (int s = 0; s < now->problem->store_count && shift > 0; s++) {
        end_later(now, shift, s, ret);
    }
    if (shift > 0) {
        fill_up(now, shift, from, stand, ret);
    }
}
