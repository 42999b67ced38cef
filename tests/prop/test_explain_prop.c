/* Every reason is a claim about numbers: each is worked out again from the problem, the flows and the prices, step by step,
 * on the problems of tests/golden/plan and on random ones. ctest: timeout=300 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/problem_json.h"
#include "plan/explain.h"
#include "unit/dispatch_site.h"

#include <stdio.h>
#include <string.h>

/* A corner of the program is exact to the digits that the library keeps; an interior point leaves a little of everything. */
typedef struct precision {
    sg_dispatch_solver solver;
    double kw, money_per_kwh;
} precision;

static const precision CORNER = {SG_SOLVER_CLP, 1e-3, 2e-5};
static double KW, MONEY_PER_KWH;

static sg_arena arena;
static int seen[SG_WHY_COUNT];
static int limits[SG_BY_LINK + 1], thens[SG_THEN_RESERVE + 1];

static int free_arena(void **state)
{
    (void)state;
    sg_arena_free(&arena);
    return 0;
}

typedef struct claim {
    const sg_dispatch *p;
    const sg_schedule *r;
    const sg_why *why;
    int t;
    double hours, price; /* price of the device's zone at t */
} claim;

static double at(const double *series, int t)
{
    return series ? series[t] : 0.0;
}

static void refuse(const claim *c, const char *what, double found, double wanted)
{
    sg_out text = {0};
    sg_why_text(c->p, c->why, &text);
    print_error("step %d of %d..%d, %s by %s then %s: %s: %.9g, claimed %.9g\n  %s\n", c->t,
                c->why->from, c->why->to, sg_why_reason_id(c->why->reason),
                sg_why_limit_id(c->why->limit), sg_why_then_id(c->why->then), what, found, wanted,
                text.text);
    sg_out_free(&text);
    fail();
}

static void expect_same(const claim *c, const char *what, double found, double wanted, double slop)
{
    if (!(fabs(found - wanted) <= slop)) {
        refuse(c, what, found, wanted);
    }
}

static void expect_at_most(const claim *c, const char *what, double low, double high, double slop)
{
    if (!(low <= high + slop)) {
        refuse(c, what, low, high);
    }
}

static void expect_inside(const claim *c, const char *what, double value, sg_why_span span,
                          double slop)
{
    expect_at_most(c, what, span.low, value, slop);
    expect_at_most(c, what, value, span.high, slop);
}

/* ---- stores ------------------------------------------------------------------------------------ */

static double keep_over(const claim *c, const sg_dispatch_store *s, int steps)
{
    return pow(1.0 - s->standing_loss_per_h, c->hours * steps);
}

static double price_then(const claim *c, const sg_dispatch_store *s)
{
    assert_in_range(c->why->then_step, 0, c->p->steps - 1);
    double price = c->r->zone_price_per_kwh[s->zone][c->why->then_step];
    expect_same(c, "price then", price, c->why->then_price_per_kwh.low, MONEY_PER_KWH);
    return price;
}

/* The stores can offer no more reserve than is asked for: what they could is their power or their energy. */
static void check_reserve_is_tight(const claim *c)
{
    double up = 0.0, down = 0.0, lasts_h = c->p->reserve_duration_s / 3600.0;
    for (int s = 0; s < c->p->store_count; s++) {
        const sg_dispatch_store *d = &c->p->stores[s];
        double net = c->r->discharge_kw[s][c->t] - c->r->charge_kw[s][c->t];
        double energy = c->r->energy_kwh[s][c->t + 1];
        up += fmin(d->discharge_kw_max - net,
                   (energy - d->energy_kwh_min) * d->discharge_eff / lasts_h);
        down +=
            fmin(d->charge_kw_max + net, (d->energy_kwh_max - energy) / d->charge_eff / lasts_h);
    }
    double spare_up = c->p->reserve_up_kw ? up - c->p->reserve_up_kw[c->t] : HUGE_VAL;
    double spare_down = c->p->reserve_down_kw ? down - c->p->reserve_down_kw[c->t] : HUGE_VAL;
    expect_at_most(c, "reserve to spare", fmin(spare_up, spare_down), 0.0, KW);
}

static void check_store_limit(const claim *c, double kw, double kw_max)
{
    const sg_dispatch_store *s = &c->p->stores[c->why->device];
    double energy = c->r->energy_kwh[c->why->device][c->t + 1];
    if (c->why->limit == SG_BY_POWER) {
        expect_same(c, "power at its limit", kw, kw_max, KW);
    } else if (c->why->limit == SG_BY_FULL) {
        expect_same(c, "energy at its most", energy, s->energy_kwh_max, KW);
    } else if (c->why->limit == SG_BY_EMPTY) {
        expect_same(c, "energy at its least", energy, s->energy_kwh_min, KW);
    } else if (c->why->limit == SG_BY_FINAL) {
        assert_int_equal(c->t, c->p->steps - 1);
        expect_same(c, "energy wanted at the end", energy, s->final_kwh_min, KW);
    } else if (c->why->limit == SG_BY_RESERVE) {
        check_reserve_is_tight(c);
    }
}

/* Energy can be carried from the end of step `from` to step `to` without the floor having a say in between. */
static void check_carried(const claim *c, const sg_dispatch_store *s, int from, int to)
{
    const double *value = c->r->energy_value_per_kwh[c->why->device];
    const double *energy = c->r->energy_kwh[c->why->device];
    for (int t = from; t < to; t++) {
        bool at_floor = energy[t + 1] <= s->energy_kwh_min + KW;
        expect_at_most(c, "carried past its floor", at_floor ? value[t] : 0.0,
                       at_floor ? keep_over(c, s, 1) * value[t + 1] : 0.0, MONEY_PER_KWH);
    }
}

/* Of the uses up to the one that is named none is worth less: a kWh more would go there. */
static void check_is_marginal(const claim *c, const sg_dispatch_store *s)
{
    const double *price = c->r->zone_price_per_kwh[s->zone];
    int named = c->why->then_step;
    double worth = keep_over(c, s, named - c->t) * (price[named] - s->wear_cost_per_kwh);
    for (int t = c->t + 1; t < named && !c->p->reserve_up_kw && !c->p->reserve_down_kw; t++) {
        double other = keep_over(c, s, t - c->t) * (price[t] - s->wear_cost_per_kwh);
        if (c->r->discharge_kw[c->why->device][t] > KW &&
            c->r->charge_kw[c->why->device][t] <= KW) {
            expect_at_most(c, "another use is worth less", worth, other, 0.006 * fabs(worth));
        }
    }
}

static void check_charge(const claim *c)
{
    const sg_why *why = c->why;
    const sg_dispatch_store *s = &c->p->stores[why->device];
    double kw = c->r->charge_kw[why->device][c->t], wear = s->wear_cost_per_kwh;
    double worth = (double)NAN;
    assert_true(kw > 0.0 && c->r->discharge_kw[why->device][c->t] <= KW);
    check_store_limit(c, kw, s->charge_kw_max);
    if (why->then == SG_THEN_USE) {
        assert_true(why->then_step > c->t);
        assert_true(c->r->discharge_kw[why->device][why->then_step] > 0.0);
        check_carried(c, s, c->t, why->then_step);
        check_is_marginal(c, s);
        worth = s->charge_eff * s->discharge_eff * keep_over(c, s, why->then_step - c->t) *
                    (price_then(c, s) - wear) -
                wear;
    } else if (why->then == SG_THEN_END_VALUE) {
        worth =
            s->charge_eff * keep_over(c, s, c->p->steps - 1 - c->t) * s->terminal_value_per_kwh -
            wear;
    } else if (why->then == SG_THEN_NOTHING) {
        worth = s->charge_eff * c->r->energy_value_per_kwh[why->device][c->t] - wear;
    } else if (why->then == SG_THEN_END_NEED) {
        expect_same(c, "energy at the end", c->r->energy_kwh[why->device][c->p->steps],
                    s->final_kwh_min, KW);
        return;
    } else {
        int when = why->then_step < 0 ? c->t : why->then_step;
        claim then = *c;
        then.t = when;
        assert_true(when >= c->t);
        if (why->then == SG_THEN_RESERVE) {
            check_reserve_is_tight(&then);
        } else {
            assert_int_equal(why->then, SG_THEN_FLOOR);
            expect_same(c, "at its floor", c->r->energy_kwh[why->device][when + 1],
                        s->energy_kwh_min, KW);
        }
        return;
    }
    expect_at_most(c, "costs at most its worth", c->price, worth, MONEY_PER_KWH);
    expect_inside(c, "worth", worth, why->worth_per_kwh, MONEY_PER_KWH);
}

static void check_discharge(const claim *c)
{
    const sg_why *why = c->why;
    const sg_dispatch_store *s = &c->p->stores[why->device];
    double kw = c->r->discharge_kw[why->device][c->t], wear = s->wear_cost_per_kwh;
    double worth = (double)NAN, through = s->charge_eff * s->discharge_eff;
    assert_true(kw > 0.0 && c->r->charge_kw[why->device][c->t] <= KW);
    check_store_limit(c, kw, s->discharge_kw_max);
    if (why->then == SG_THEN_USE) {
        assert_true(why->then_step > c->t);
        assert_true(c->r->discharge_kw[why->device][why->then_step] < s->discharge_kw_max);
        worth = keep_over(c, s, why->then_step - c->t) * (price_then(c, s) - wear) + wear;
    } else if (why->then == SG_THEN_REFILL || why->then == SG_THEN_PAID) {
        assert_true((why->then_step > c->t) == (why->then == SG_THEN_REFILL));
        assert_true(c->r->charge_kw[why->device][why->then_step] > 0.0);
        if (why->then == SG_THEN_PAID) {
            check_carried(c, s, why->then_step, c->t);
        }
        worth = keep_over(c, s, why->then_step - c->t) * (price_then(c, s) + wear) / through + wear;
    } else if (why->then == SG_THEN_END_VALUE) {
        worth =
            keep_over(c, s, c->p->steps - 1 - c->t) * s->terminal_value_per_kwh / s->discharge_eff +
            wear;
    } else {
        assert_int_equal(why->then, SG_THEN_NOTHING);
        worth = c->r->energy_value_per_kwh[why->device][c->t] / s->discharge_eff + wear;
    }
    expect_at_most(c, "saves at least its worth", worth, c->price, MONEY_PER_KWH);
    expect_inside(c, "worth", worth, why->worth_per_kwh, MONEY_PER_KWH);
}

static void check_resting_store(const claim *c)
{
    const sg_why *why = c->why;
    const sg_dispatch_store *s = &c->p->stores[why->device];
    double value = c->r->energy_value_per_kwh[why->device][c->t];
    if (why->reason == SG_WHY_HOLD) {
        expect_at_most(c, "the reserve pays", 1e-9, why->limit_per_kw.low, 0.0);
        check_reserve_is_tight(c);
        return;
    }
    expect_same(c, "no charge", c->r->charge_kw[why->device][c->t], 0.0,
                KW + 1e-5 * s->charge_kw_max);
    expect_same(c, "no discharge", c->r->discharge_kw[why->device][c->t], 0.0,
                KW + 1e-5 * s->discharge_kw_max);
    if (why->reason == SG_WHY_EMPTY) {
        assert_true(why->limit == SG_BY_EMPTY || why->limit == SG_BY_FINAL ||
                    why->limit == SG_BY_RESERVE);
        check_store_limit(c, 0.0, 0.0);
        expect_at_most(c, "would save more", why->worth_per_kwh.low, c->price, 0.0);
    } else if (why->reason == SG_WHY_FULL) {
        assert_true(why->limit == SG_BY_FULL || why->limit == SG_BY_RESERVE);
        check_store_limit(c, 0.0, 0.0);
        expect_at_most(c, "would be worth more", c->price, why->worth_per_kwh.high, 0.0);
    } else {
        /* a side on which it has no power claims nothing */
        double most =
            why->limit == SG_BY_POWER && s->charge_kw_max <= KW ? HUGE_VAL : MONEY_PER_KWH;
        double least =
            why->limit == SG_BY_POWER && s->discharge_kw_max <= KW ? HUGE_VAL : MONEY_PER_KWH;
        expect_at_most(c, "too dear to store", s->charge_eff * value - s->wear_cost_per_kwh,
                       c->price, most);
        expect_at_most(c, "too cheap to give", c->price,
                       value / s->discharge_eff + s->wear_cost_per_kwh, least);
    }
}

/* ---- grid and the rest ------------------------------------------------------------------------- */

static double net_before(const claim *c, int t)
{
    return t ? c->r->import_kw[t - 1] - c->r->export_kw[t - 1] : c->p->grid.initial_net_kw;
}

static bool changes_by_its_limit(const claim *c, int t)
{
    bool has_row = t < c->p->steps && (t > 0 || c->p->grid.initial_net_given);
    return has_row && fabs(fabs(c->r->import_kw[t] - c->r->export_kw[t] - net_before(c, t)) -
                           c->p->grid.ramp_kw_per_step) <= KW;
}

static void check_grid(const claim *c)
{
    const sg_dispatch_grid *g = &c->p->grid;
    const sg_why *why = c->why;
    double buy = at(g->import_price_per_kwh, c->t), sell = at(g->export_price_per_kwh, c->t);
    bool free = !changes_by_its_limit(c, c->t) && !changes_by_its_limit(c, c->t + 1);
    double slop =
        free ? MONEY_PER_KWH : HUGE_VAL; /* a change at its limit has a price of its own */
    if (why->reason == SG_WHY_RAMP) {
        assert_true(changes_by_its_limit(c, c->t));
    } else if (why->limit == SG_BY_RAMP) {
        assert_true(!free);
    } else if (why->reason == SG_WHY_PEAK) {
        const sg_dispatch_demand *d = &g->demand[why->device];
        assert_in_range(c->t, d->from, d->to - 1);
        expect_same(c, "at the peak", c->r->import_kw[c->t], c->r->peak_kw[why->device],
                    KW + 1e-5 * c->r->peak_kw[why->device]);
        expect_at_most(c, "bought below its price", buy, c->price, slop);
        expect_at_most(c, "saves less than the charge", why->limit_per_kw.high, d->charge_per_kw,
                       1e-6);
    } else if (why->reason == SG_WHY_IMPORT) {
        expect_at_most(c, "bought at most at the price", buy, c->price, slop);
        if (why->limit == SG_BY_POWER) {
            expect_same(c, "import at its limit", c->r->import_kw[c->t], g->import_kw_max, KW);
        } else {
            expect_same(c, "the grid sets the price", buy, c->price, MONEY_PER_KWH);
        }
    } else {
        expect_at_most(c, "sold at least at the price", c->price, sell, slop);
        if (why->limit == SG_BY_POWER) {
            expect_same(c, "export at its limit", c->r->export_kw[c->t], g->export_kw_max, KW);
        } else {
            expect_same(c, "the grid sets the price", sell, c->price, MONEY_PER_KWH);
        }
    }
}

static bool a_link_is_full_from(const claim *c, int zone)
{
    bool full = false;
    for (int l = 0; l < c->p->link_count; l++) {
        const sg_dispatch_link *k = &c->p->links[l];
        full |= k->from == zone && c->r->link_forward_kw[l][c->t] >= k->forward_kw_max - KW;
        full |= k->to == zone && c->r->link_back_kw[l][c->t] >= k->back_kw_max - KW;
    }
    return full;
}

static void check_source(const claim *c)
{
    const sg_why *why = c->why;
    const sg_dispatch_source *d = &c->p->sources[why->device];
    double kw = c->r->source_kw[why->device][c->t], most = d->available_kw[c->t];
    double cost = at(d->cost_per_kwh, c->t);
    if (why->reason == SG_WHY_RUN) {
        expect_at_most(c, "worth its cost", cost, c->price, MONEY_PER_KWH);
        expect_same(c, "all or in the middle", why->limit == SG_BY_POWER ? kw : cost,
                    why->limit == SG_BY_POWER ? most : c->price,
                    why->limit == SG_BY_POWER ? KW : MONEY_PER_KWH);
    } else {
        expect_at_most(c, "not worth its cost", c->price, cost, MONEY_PER_KWH);
        expect_at_most(c, "not all of it", kw, most, 0.0);
    }
    if (why->limit == SG_BY_EXPORT) {
        expect_same(c, "export at its limit", c->r->export_kw[c->t], c->p->grid.export_kw_max, KW);
    } else if (why->limit == SG_BY_RAMP) {
        assert_true(changes_by_its_limit(c, c->t) || changes_by_its_limit(c, c->t + 1));
    } else if (why->limit == SG_BY_LINK) {
        assert_true(a_link_is_full_from(c, d->zone));
    }
}

static void check_load(const claim *c)
{
    const sg_why *why = c->why;
    if (why->reason == SG_WHY_SHED) {
        const sg_dispatch_shed *d = &c->p->shed[why->device];
        double kw = c->r->shed_kw[why->device][c->t];
        expect_at_most(c, "saves its cost", d->cost_per_kwh, c->price, MONEY_PER_KWH);
        expect_same(c, "all it may, or the price is its cost",
                    why->limit == SG_BY_POWER ? kw : d->cost_per_kwh,
                    why->limit == SG_BY_POWER ? d->max_kw[c->t] : c->price,
                    why->limit == SG_BY_POWER ? KW : MONEY_PER_KWH);
        return;
    }
    const sg_dispatch_shiftable *d = &c->p->shiftable[why->device];
    const double *work = c->r->shift_kw[why->device];
    double kw = work[c->t];
    if (why->reason == SG_WHY_UNDONE) {
        assert_true(c->r->unserved_kwh[why->device] > 0.0);
        expect_at_most(c, "leaving it costs no more", d->unserved_cost_per_kwh,
                       why->worth_per_kwh.low, MONEY_PER_KWH);
        return;
    }
    /* no step that works below its limit is dearer than one that waits, none at work than one with room */
    for (int t = d->from; t < d->to; t++) {
        double there = c->r->zone_price_per_kwh[d->zone][t];
        if (why->reason == SG_WHY_WORK && kw > KW && work[t] < d->power_kw_max - KW) {
            expect_at_most(c, "works where it is cheap", c->price, there, MONEY_PER_KWH);
        } else if (why->reason == SG_WHY_WAIT && work[t] > KW) {
            expect_at_most(c, "waits where it is dear", there, c->price, MONEY_PER_KWH);
        }
    }
    assert_true((kw > 0.0) == (why->reason == SG_WHY_WORK) || kw <= KW);
    if (why->limit == SG_BY_POWER) {
        expect_same(c, "power at its limit", kw, d->power_kw_max, KW);
    }
}

static void check_link(const claim *c)
{
    const sg_dispatch_link *k = &c->p->links[c->why->device];
    bool forward = c->why->reason == SG_WHY_LINK_FORWARD;
    double there = c->r->zone_price_per_kwh[forward ? k->to : k->from][c->t];
    double kw = forward ? c->r->link_forward_kw[c->why->device][c->t]
                        : c->r->link_back_kw[c->why->device][c->t];
    expect_same(c, "link at its limit", kw, forward ? k->forward_kw_max : k->back_kw_max, KW);
    expect_inside(c, "worth there", (1.0 - k->loss_frac) * there, c->why->worth_per_kwh,
                  MONEY_PER_KWH);
    expect_at_most(c, "worth more there", c->price, (1.0 - k->loss_frac) * there, 0.0);
}

static int zone_of(const sg_dispatch *p, const sg_why *why)
{
    switch (sg_why_list_of(why->reason)) {
    case SG_WHY_STORE:
        return p->stores[why->device].zone;
    case SG_WHY_SOURCE:
        return p->sources[why->device].zone;
    case SG_WHY_SHEDDABLE:
        return p->shed[why->device].zone;
    case SG_WHY_SHIFTABLE:
        return p->shiftable[why->device].zone;
    case SG_WHY_LINK:
        return why->reason == SG_WHY_LINK_FORWARD ? p->links[why->device].from
                                                  : p->links[why->device].to;
    case SG_WHY_GRID:
    case SG_WHY_DEMAND:
    case SG_WHY_SITE:
    default:
        return p->grid.zone;
    }
}

static void check_step(claim *c)
{
    const sg_why *why = c->why;
    c->price = c->r->zone_price_per_kwh[zone_of(c->p, why)][c->t];
    if (why->reason != SG_WHY_UNDONE && !isnan(why->price_per_kwh.low)) {
        expect_inside(c, "price", c->price, why->price_per_kwh, 1e-12);
    }
    switch (why->reason) {
    case SG_WHY_CHARGE:
        check_charge(c);
        break;
    case SG_WHY_DISCHARGE:
        check_discharge(c);
        break;
    case SG_WHY_IDLE:
    case SG_WHY_EMPTY:
    case SG_WHY_FULL:
    case SG_WHY_HOLD:
        check_resting_store(c);
        break;
    case SG_WHY_CIRCULATE:
        expect_at_most(c, "worthless in store", why->worth_per_kwh.high, 0.0, MONEY_PER_KWH);
        break;
    case SG_WHY_CURTAIL:
    case SG_WHY_RUN:
    case SG_WHY_OFF:
        check_source(c);
        break;
    case SG_WHY_SHED:
    case SG_WHY_WORK:
    case SG_WHY_WAIT:
    case SG_WHY_UNDONE:
        check_load(c);
        break;
    case SG_WHY_RESERVE_UP:
    case SG_WHY_RESERVE_DOWN:
        check_reserve_is_tight(c);
        break;
    case SG_WHY_IMPORT:
    case SG_WHY_PEAK:
    case SG_WHY_EXPORT:
    case SG_WHY_RAMP:
        check_grid(c);
        break;
    case SG_WHY_LINK_FORWARD:
    case SG_WHY_LINK_BACK:
        check_link(c);
        break;
    case SG_WHY_COUNT:
    default:
        fail_msg("no such reason");
    }
}

/* ---- whole explanations ------------------------------------------------------------------------ */

static void check_text(const sg_dispatch *p, const sg_why *why)
{
    sg_out text = {0};
    sg_why_text(p, why, &text);
    const char *id = sg_why_device_id(p, why);
    assert_true(!text.failed && text.length > 10 && text.length < 300);
    assert_true(!id || strncmp(text.text, id, strlen(id)) == 0);
    assert_null(strstr(text.text, "nan"));
    assert_null(strstr(text.text, "inf"));
    assert_null(strchr(text.text, '\n'));
    assert_true(text.text[text.length - 1] != '.' && text.text[text.length - 1] != ' ');
    sg_out_free(&text);
}

/* Every store has one reason in every step, and whatever flows, is curtailed or is shed has one too. */
static void check_all_is_explained(const sg_dispatch *p, const sg_schedule *r,
                                   const sg_explanation *e)
{
    for (int t = 0; t < p->steps; t++) {
        int stores = 0, grid = 0, sources = 0, shed = 0, wanted = 0, wanted_shed = 0;
        for (int i = 0; i < e->count; i++) {
            const sg_why *why = &e->item[i];
            bool here = t >= why->from && t < why->to;
            sg_why_list list = sg_why_list_of(why->reason);
            stores += here && list == SG_WHY_STORE;
            grid += here && (list == SG_WHY_GRID || list == SG_WHY_DEMAND) &&
                    why->reason != SG_WHY_RAMP;
            sources += here && list == SG_WHY_SOURCE;
            shed += here && list == SG_WHY_SHEDDABLE;
        }
        for (int s = 0; s < p->source_count; s++) {
            double left = p->sources[s].available_kw[t] - r->source_kw[s][t];
            wanted +=
                left > KW || (at(p->sources[s].cost_per_kwh, t) > 0.0 && r->source_kw[s][t] > KW);
        }
        for (int s = 0; s < p->shed_count; s++) {
            wanted_shed += r->shed_kw[s][t] > KW;
        }
        assert_int_equal(stores, p->store_count);
        assert_true(grid == 1 || (grid == 0 && r->import_kw[t] <= KW && r->export_kw[t] <= KW));
        assert_true(sources >= wanted && shed >= wanted_shed);
    }
}

static void check_explanation(const sg_dispatch *p, const precision *how)
{
    sg_schedule r;
    sg_explanation e;
    sg_dispatch_options options = {.solver = how->solver};
    KW = how->kw;
    MONEY_PER_KWH = how->money_per_kwh;
    assert_int_equal(sg_dispatch_solve_with(p, &options, &arena, &r), SG_OK);
    if (r.outcome != SG_SOLVED) {
        assert_int_equal(sg_explain(p, &r, &arena, &e), SG_UNAVAILABLE);
        return;
    }
    assert_int_equal(sg_explain(p, &r, &arena, &e), SG_OK);
    for (int i = 0; i < e.count; i++) {
        const sg_why *why = &e.item[i];
        claim c = {.p = p, .r = &r, .why = why, .hours = p->step_s / 3600.0};
        assert_true(why->from < why->to && why->to <= p->steps);
        assert_true(i == 0 || e.item[i - 1].from <= why->from);
        for (c.t = why->from; c.t < why->to; c.t++) {
            check_step(&c);
        }
        check_text(p, why);
        seen[why->reason]++;
        limits[why->limit]++;
        thens[why->then]++;
    }
    check_all_is_explained(p, &r, &e);
}

static void every_reason_holds_on_measured_days(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"day288-1",   "day288-4",  "day288-8",       "day96-1",
                                        "day96-4",    "day96-8",   "infeasible96-1", "month2976-2",
                                        "two-days-2", "week672-4", "zones96-2",      "zones96-3",
                                        "zones96-4"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        char path[96];
        sg_json_in in;
        sg_dispatch problem;
        snprintf(path, sizeof path, "tests/golden/plan/%s.json", NAMES[i]);
        assert_true(sg_json_in_open(&in, path, SG_DISPATCH_FORMAT));
        assert_true(sg_dispatch_from_json(&in, &arena, &problem));
        sg_json_in_close(&in);
        check_explanation(&problem, &CORNER);
        sg_arena_free(&arena);
    }
}

static void every_reason_holds_on_random_sites(void **state)
{
    (void)state;
    dice d = {.seed = 7};
    for (int n = 0; n < 400; n++) {
        site self;
        draw_site(&d, n % 16, &self);
        if (n % 3 == 0) {
            scale(self.sun_kw, 3.0); /* more than all can take */
        }
        if (n % 5 == 0) {
            shift(self.buy, -0.12); /* now and then paid for taking */
            shift(self.sell, -0.12);
        }
        if (n % 13 == 0) {
            shift(self.buy, -0.5); /* energy is in everybody's way: losses pay */
            shift(self.sell, -0.6);
        }
        if (n % 7 == 0) {
            self.job.unserved_cost_per_kwh = 0.2;
        }
        if (n % 11 == 0) {
            self.store[0].final_kwh_min = -HUGE_VAL;
            self.store[0].terminal_value_per_kwh = 0.3;
        }
        check_explanation(&self.problem, &CORNER);
        sg_arena_free(&arena);
    }
    for (int i = 0; i < SG_WHY_COUNT; i++) {
        print_message("%-14s %5d\n", sg_why_reason_id((sg_why_reason)i), seen[i]);
        assert_true(seen[i] > 0);
    }
    for (int i = 0; i <= SG_BY_LINK; i++) {
        print_message("by %-18s %5d\n", sg_why_limit_id((sg_why_limit)i), limits[i]);
        assert_true(limits[i] > 0);
    }
    for (int i = 0; i <= SG_THEN_RESERVE; i++) {
        print_message("then %-22s %5d\n", sg_why_then_id((sg_why_then)i), thens[i]);
        assert_true(thens[i] > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_reason_holds_on_measured_days, free_arena),
        cmocka_unit_test_teardown(every_reason_holds_on_random_sites, free_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
