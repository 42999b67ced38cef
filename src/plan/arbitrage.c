#include "plan/arbitrage.h"

#include "base/clock.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* How it works. All energies are scaled: X = x * scale, with scale growing by 1 / keep each step, so that the leak needs
 * no touching of the list. Three passes:
 *   forward   cost_forward: the cost of reaching X as a list of pieces; remembers at which slope each end was cut
 *   backward  price_back: the price of stored energy is the slope at the end, held between the cut slopes on the way
 *             back; with it, what each step may do (a span where pieces cost just the price) and which energies lead on
 *   forward   schedule: walks from the initial energy inside those spans, and prices the balance of each step
 * Two passes that compare a slope with the price always compare the same two doubles, so ties are exact. */

/* The list is brought back to small numbers when a leak has scaled it beyond this; a power of two, hence exact. */
static const double SCALE_MAX = 0x1p100;
/* A store that keeps less than this over a step keeps nothing. */
static const double KEEP_MIN = 1e-30;
/* Limits that are missed by less than this share of what they were summed from are met. */
static const double ROUNDING = 1e-12;
/* Share of the store's size that sums of energies are blurred by. */
static const double BLUR = 1e-15;
static const double CIRCULATION_KW = 1e-6;

enum { WHO_IMPORT = -1, WHO_EXPORT = -2 }; /* else: a source, or sources + a shed */

/* Power that the site can add at a price; the export's is what it can withhold. */
typedef struct offer {
    double price_per_kwh, kw;
    int64_t who;
} offer;

/* A straight piece of a convex cost, of scaled energy. */
typedef struct piece {
    double slope, length;
} piece;

/* A step, as the later passes need it. One record: each pass walks over all of it. */
typedef struct step {
    double base;                  /* scaled change of energy at the low end of the step's cost */
    double scale, unscale;        /* of the energy after the step, and one over it             */
    double shrink;                /* what the scale was multiplied by before the step, else 1  */
    double low, high;             /* slopes at which the ends were cut after the step          */
    double price;                 /* of scaled energy after the step                           */
    double least, most;           /* scaled changes that are optimal at that price             */
    double reach_low, reach_high; /* scaled energies after the step that lead on        */
    double floor_kw;              /* net power into the store below which circulating pays     */
    double net_kw;                /* of the site into the store, when no offer is taken        */
    double export_kw;             /* then                                                      */
    double cost_per_h;            /* then: less what it earns                                  */
    int32_t offer_count, piece_count;
    size_t offer, piece; /* its first ones */
} step;

typedef struct work {
    const sg_dispatch *p;
    const sg_dispatch_store *s;
    double hours, keep;
    double charge_kw, discharge_kw;   /* most of either                                    */
    double per_charge, per_discharge; /* energy in store per energy at the bus, in and out */
    double at_charge, at_discharge;   /* one over them                                     */
    double pays_below;                /* price below which circulating pays                */
    double circle_slope;              /* cost of energy not burnt by it                    */
    step *steps;
    offer *offers;
    piece *pieces;
    piece *list; /* sorted by slope, list[first..last) */
    size_t first, last;
    double low, high; /* ends of the cost's range, scaled */
    double size_kwh;  /* of the energies that are summed  */
    double tiny_kw;   /* powers of the store below this are rounding */
    bool unbounded;
} work;

/* Where the walk along the offers of a step is. */
typedef struct cursor {
    const offer *next;
    int left;
    double net_kw, end_kw; /* here, and where the next offer is used up */
} cursor;

static double at(const double *series, int t)
{
    return series ? series[t] : 0.0;
}

/* Of finite numbers; fmin and fmax are calls, and this is the hot path. */
static double least_of(double a, double b)
{
    return a < b ? a : b;
}

static double most_of(double a, double b)
{
    return a > b ? a : b;
}

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

bool sg_arbitrage_fits(const sg_dispatch *p)
{
    bool fits = p->steps > 0 && p->store_count == 1 && p->shiftable_count == 0 &&
                !p->reserve_up_kw && !p->reserve_down_kw && sg_dispatch_zone_count(p) == 1 &&
                p->link_count == 0;
    if (fits && p->grid.present) {
        fits = isinf(p->grid.ramp_kw_per_step);
        for (int m = 0; fits && m < p->grid.demand_count; m++) {
            fits = p->grid.demand[m].charge_per_kw == 0.0;
        }
    }
    return fits;
}

static size_t offers_of(const sg_dispatch *p)
{
    return (size_t)p->source_count + (size_t)p->shed_count + 2;
}

/* A step's cost has a piece per offer, one of circulation, and at most three cuts where the store's regime changes. */
static size_t pieces_of(const sg_dispatch *p)
{
    return offers_of(p) + 4;
}

size_t sg_arbitrage_size(const sg_dispatch *p)
{
    size_t per_step =
        sizeof(step) + offers_of(p) * sizeof(offer) + 3 * pieces_of(p) * sizeof(piece);
    return sg_arbitrage_fits(p) ? (size_t)p->steps * per_step : 0;
}

static void work_start(work *self, const sg_dispatch *p, void *memory)
{
    const sg_dispatch_store *s = &p->stores[0];
    size_t steps = (size_t)p->steps, pieces = steps * pieces_of(p);
    double hours = p->step_s / 3600.0, round_trip = s->charge_eff * s->discharge_eff;
    *self = (work){.p = p,
                   .s = s,
                   .hours = hours,
                   .keep = pow(1.0 - s->standing_loss_per_h, hours),
                   .charge_kw = s->charge_kw_max,
                   .discharge_kw = s->discharge_kw_max,
                   .per_charge = s->charge_eff,
                   .per_discharge = 1.0 / s->discharge_eff,
                   .at_charge = 1.0 / s->charge_eff,
                   .at_discharge = s->discharge_eff};
    if (round_trip < 1.0) {
        self->pays_below = -s->wear_cost_per_kwh * (1.0 + round_trip) / (1.0 - round_trip);
        self->circle_slope = -2.0 * s->wear_cost_per_kwh * s->discharge_eff / (1.0 - round_trip);
    } else { /* nothing is burnt, only wear is paid or earned */
        self->pays_below = s->wear_cost_per_kwh < 0.0 ? HUGE_VAL : -HUGE_VAL;
    }
    self->steps = memory;
    self->offers = (offer *)(void *)(self->steps + steps);
    self->pieces = (piece *)(void *)(self->offers + steps * offers_of(p));
    self->list = self->pieces + pieces;
    self->first = self->last = pieces; /* room for all of them on either side */
    self->low = self->high = s->initial_kwh;
    self->size_kwh = s->initial_kwh + s->energy_kwh_max +
                     hours * (s->charge_kw_max + s->discharge_kw_max * self->per_discharge);
    self->tiny_kw =
        ROUNDING * (s->charge_kw_max + s->discharge_kw_max) + 4.0 * BLUR * self->size_kwh / hours;
}

/* ---- what the site can add at a step, cheapest first ---- */

static void offer_add(work *self, step *now, double price, double kw, int who)
{
    if (kw > 0.0) {
        offer *offers = self->offers + now->offer;
        int k = now->offer_count++;
        for (; k > 0 && offers[k - 1].price_per_kwh > price; k--) {
            offers[k] = offers[k - 1];
        }
        offers[k] = (offer){price, kw, who};
    }
}

/* Import and export limits that are finite and never met unless they are the grid's own. */
static void offer_grid(work *self, int t, step *now, double own_kw, double load_kw)
{
    const sg_dispatch_grid *g = &self->p->grid;
    double buy = at(g->import_price_per_kwh, t), sell = at(g->export_price_per_kwh, t);
    double import = g->import_kw_max, export = g->export_kw_max;
    double room = 1.0 + fabs(load_kw) + self->charge_kw + self->discharge_kw;
    double need = 2.0 * room, spare = own_kw + 2.0 * room;
    if (sell > buy && isinf(import) && isinf(export)) {
        self->unbounded = true;
        sell = buy;
    }
    if (sell <= buy) { /* never both at once */
        import = least_of(import, need);
        export = least_of(export, spare);
    } else if (isinf(import)) {
        import = need + export;
    } else if (isinf(export)) {
        export = spare + import;
    }
    /* the export first: at equal prices it is withheld before anything is bought */
    offer_add(self, now, sell, export, WHO_EXPORT);
    offer_add(self, now, buy, import, WHO_IMPORT);
    now->export_kw = export;
    now->cost_per_h = -sell * export;
}

static void offers_list(work *self, int t, step *now)
{
    const sg_dispatch *p = self->p;
    double own_kw = 0.0, load_kw = sg_dispatch_load_kw(p, 0)[t];
    now->offer_count = 0;
    now->export_kw = now->cost_per_h = 0.0;
    for (int j = 0; j < p->source_count; j++) {
        double kw = p->sources[j].available_kw[t];
        offer_add(self, now, at(p->sources[j].cost_per_kwh, t), kw, j);
        own_kw += kw;
    }
    for (int k = 0; k < p->shed_count; k++) {
        double kw = p->shed[k].max_kw[t];
        offer_add(self, now, p->shed[k].cost_per_kwh, kw, p->source_count + k);
        own_kw += kw;
    }
    if (p->grid.present) {
        offer_grid(self, t, now, own_kw, load_kw);
    }
    now->net_kw = -load_kw - now->export_kw;
}

/* ---- the list ---- */

/* Pieces of equal slope become one. Whichever end is nearer moves up. */
static void list_insert(work *self, piece one)
{
    piece *list = self->list, *first = list + self->first, *last = list + self->last, *k;
    if (first < last && one.slope < list[(self->first + self->last) / 2].slope) {
        for (k = first; k->slope < one.slope; k++) {
            k[-1] = k[0];
        }
        if (k->slope == one.slope) {
            k->length += one.length;
            for (; k > first; k--) {
                k[-1] = k[-2];
            }
            return;
        }
        k[-1] = one;
        self->first--;
        return;
    }
    for (k = last; k > first && k[-1].slope > one.slope; k--) {
        k[0] = k[-1];
    }
    if (k > first && k[-1].slope == one.slope) {
        k[-1].length += one.length;
        for (; k < last; k++) {
            k[0] = k[1];
        }
        return;
    }
    *k = one;
    self->last++;
}

/* Cut the list at its low end until it begins at `low`. Returns the slope there, -HUGE_VAL where nothing was cut. Pieces
 * that a leak has made shorter than the rounding of the range are no slope to go by. */
static double cut_low(work *self, double low, double tiny)
{
    double rest = low - self->low, slope = -HUGE_VAL;
    self->low = rest > 0.0 ? low : self->low;
    while (rest > tiny && self->first < self->last) {
        piece *end = &self->list[self->first];
        slope = end->length > tiny ? end->slope : slope;
        if (end->length > rest) {
            end->length -= rest;
            break;
        }
        rest -= end->length;
        self->first++;
    }
    return slope;
}

static double cut_high(work *self, double high, double tiny)
{
    double rest = self->high - high, slope = HUGE_VAL;
    self->high = rest > 0.0 ? high : self->high;
    while (rest > tiny && self->first < self->last) {
        piece *end = &self->list[self->last - 1];
        slope = end->length > tiny ? end->slope : slope;
        if (end->length > rest) {
            end->length -= rest;
            break;
        }
        rest -= end->length;
        self->last--;
    }
    return slope;
}

/* Before a step: let the leak grow the scale, and bring the list back where that went too far. */
static double scale_next(work *self, double scale, double *ret_shrink)
{
    *ret_shrink = 1.0;
    if (self->keep == 1.0) {
        return scale;
    }
    if (self->keep < KEEP_MIN) { /* nothing of what was reaches over */
        self->first = self->last;
        self->low = self->high = 0.0;
        *ret_shrink = 0.0;
        return 1.0;
    }
    if (scale > SCALE_MAX) {
        double shrink = 1.0 / SCALE_MAX;
        for (size_t k = self->first; k < self->last; k++) {
            self->list[k].length *= shrink;
            self->list[k].slope *= SCALE_MAX;
        }
        self->low *= shrink;
        self->high *= shrink;
        *ret_shrink = shrink;
        scale *= shrink;
    }
    return scale / self->keep;
}

/* ---- the cost of a step ---- */

static void piece_add(work *self, step *now, piece one)
{
    self->pieces[now->piece + (size_t)now->piece_count++] = one;
    list_insert(self, one);
}

/* Pieces from here up to a net power, in a regime of the store: charging gains what comes in less the loss, discharging
 * less gains what would have been taken for it. */
static void trace(work *self, step *now, cursor *here, double to_kw, bool charging)
{
    double wear = charging ? self->s->wear_cost_per_kwh : -self->s->wear_cost_per_kwh;
    double gain = charging ? self->per_charge : self->per_discharge;
    double length = gain * self->hours * now->scale;
    double slope = (charging ? self->at_charge : self->at_discharge) * now->unscale;
    while (here->net_kw < to_kw && here->left > 0) {
        double price = here->next->price_per_kwh;
        double to = least_of(to_kw, here->end_kw), kw = to - here->net_kw;
        here->net_kw = to;
        if (here->end_kw <= to_kw) {
            here->next++;
            here->end_kw += --here->left > 0 ? here->next->kw : 0.0;
        }
        piece_add(self, now, (piece){(price + wear) * slope, kw * length});
    }
}

/* The offers, from the net power of full discharge on. */
static cursor cursor_start(const work *self, const step *now)
{
    const offer *offers = self->offers + now->offer;
    cursor here = {offers, now->offer_count, now->net_kw, now->net_kw};
    here.end_kw += here.left > 0 ? offers->kw : 0.0;
    while (here.left > 0 && here.end_kw <= -self->discharge_kw) {
        here.next++;
        here.net_kw = here.end_kw;
        here.end_kw += --here.left > 0 ? here.next->kw : 0.0;
    }
    here.net_kw = clamp(here.net_kw, -self->discharge_kw, self->charge_kw);
    return here;
}

/* Store energy gained per hour at net power `net`, with as much circulation as there can be, and with none. */
static double gain_most_burnt(const work *self, double net)
{
    return net <= self->charge_kw - self->discharge_kw
               ? self->per_charge * (net + self->discharge_kw) -
                     self->per_discharge * self->discharge_kw
               : self->per_charge * self->charge_kw - self->per_discharge * (self->charge_kw - net);
}

static double gain_none_burnt(const work *self, double net)
{
    return net * (net > 0.0 ? self->per_charge : self->per_discharge);
}

/* The part of the cost where circulating pays: as much of it as there can be up to floor_kw, and then less and less. */
static void trace_circulating(work *self, step *now, cursor *here)
{
    trace(self, now, here, least_of(now->floor_kw, self->charge_kw - self->discharge_kw), true);
    trace(self, now, here, now->floor_kw, false);
    double less = gain_none_burnt(self, now->floor_kw) - gain_most_burnt(self, now->floor_kw);
    if (less > 0.0) {
        piece_add(self, now,
                  (piece){self->circle_slope * now->unscale, less * now->scale * self->hours});
    }
}

/* The net power below which more circulation pays, and what the balance of the step can be. */
static void step_range(const work *self, step *now, double *ret_high_kw)
{
    const offer *offers = self->offers + now->offer;
    double high = now->net_kw, floor_kw = now->net_kw;
    for (int k = 0; k < now->offer_count; k++) {
        high += offers[k].kw;
        floor_kw = offers[k].price_per_kwh < self->pays_below ? high : floor_kw;
    }
    now->floor_kw = clamp(floor_kw, -self->discharge_kw, self->charge_kw);
    *ret_high_kw = high;
}

/* The step's convex cost over its change of energy, put into the list. False: its balance cannot be met. */
static bool cost_of_step(work *self, step *now)
{
    double high, low = now->net_kw;
    step_range(self, now, &high);
    double slack = ROUNDING * (fabs(low) + fabs(high) + self->charge_kw + self->discharge_kw);
    if (low > self->charge_kw + slack || high < -self->discharge_kw - slack) {
        return false;
    }
    cursor here = cursor_start(self, now);
    double gain = -self->per_discharge * self->discharge_kw;
    now->piece_count = 0;
    if (now->floor_kw > -self->discharge_kw) {
        gain = gain_most_burnt(self, here.net_kw);
        trace_circulating(self, now, &here);
    }
    trace(self, now, &here, 0.0, false);
    trace(self, now, &here, self->charge_kw, true);
    now->base = gain * now->scale * self->hours;
    double width = 0.0;
    for (int k = 0; k < now->piece_count; k++) {
        width += self->pieces[now->piece + (size_t)k].length;
    }
    self->low += now->base;
    self->high += now->base + width;
    return true;
}

/* ---- the three passes ---- */

static double energy_min(const work *self, int t)
{
    const sg_dispatch_store *s = self->s;
    return t == self->p->steps - 1 ? most_of(s->energy_kwh_min, s->final_kwh_min)
                                   : s->energy_kwh_min;
}

static bool cost_forward(work *self)
{
    double scale = 1.0;
    size_t offers = 0, pieces = 0;
    for (int t = 0; t < self->p->steps; t++) {
        step *now = &self->steps[t];
        now->scale = scale = scale_next(self, scale, &now->shrink);
        now->unscale = 1.0 / scale;
        now->offer = offers;
        now->piece = pieces;
        offers_list(self, t, now);
        if (!cost_of_step(self, now)) {
            return false;
        }
        offers += (size_t)now->offer_count;
        pieces += (size_t)now->piece_count;
        double low = energy_min(self, t) * scale, high = self->s->energy_kwh_max * scale;
        double size = self->size_kwh * scale, slack = ROUNDING * size;
        if (self->low > high + slack || self->high < low - slack || low > high + slack) {
            return false;
        }
        now->low = cut_low(self, low, BLUR * size);
        now->high = cut_high(self, high, BLUR * size);
    }
    return true;
}

static void price_back(work *self)
{
    const sg_dispatch_store *s = self->s;
    int last = self->p->steps - 1;
    double price = s->terminal_value_per_kwh * self->steps[last].unscale;
    double reach_low = -HUGE_VAL, reach_high = HUGE_VAL;
    for (int t = last; t >= 0; t--) {
        step *now = &self->steps[t];
        double low = energy_min(self, t) * now->scale, high = s->energy_kwh_max * now->scale;
        if (price < now->low) { /* less would be kept if less could be */
            price = now->low;
            reach_low = reach_high = low;
        } else if (price > now->high) {
            price = now->high;
            reach_low = reach_high = high;
        } else {
            reach_low = clamp(reach_low, low, high);
            reach_high = clamp(reach_high, low, high);
        }
        const piece *pieces = self->pieces + now->piece;
        double least = now->base, most = now->base;
        for (int k = 0; k < now->piece_count; k++) {
            least += pieces[k].slope < price ? pieces[k].length : 0.0;
            most += pieces[k].slope <= price ? pieces[k].length : 0.0;
        }
        now->price = price;
        now->least = least;
        now->most = most;
        now->reach_low = reach_low;
        now->reach_high = reach_high;
        /* what a leak has made of an old energy drowns in rounding: then any old energy leads here */
        double blur = self->keep < 1.0 ? BLUR * self->size_kwh * now->scale : 0.0;
        reach_low -= most + blur;
        reach_high -= least - blur;
        if (now->shrink != 1.0) {
            price *= now->shrink;
            reach_low = now->shrink > 0.0 ? reach_low / now->shrink : -HUGE_VAL;
            reach_high = now->shrink > 0.0 ? reach_high / now->shrink : HUGE_VAL;
        }
    }
}

/* The store's powers for a gain of energy per hour, with the circulation that pays. */
static void split(const work *self, const step *now, double gain, double *ret_charge_kw,
                  double *ret_discharge_kw)
{
    double charge = gain > 0.0 ? gain * self->at_charge : 0.0;
    double discharge = gain > 0.0 ? 0.0 : -gain * self->at_discharge;
    bool always = self->pays_below == HUGE_VAL;
    if (charge - discharge < now->floor_kw - self->tiny_kw || always) {
        double corner = gain_most_burnt(self, self->charge_kw - self->discharge_kw);
        double most = gain <= corner /* charge with all circulation that there can be */
                          ? (gain + self->per_discharge * self->discharge_kw) * self->at_charge
                          : self->charge_kw;
        double burn = self->per_discharge - self->per_charge;
        double wanted = burn > 0.0 ? (self->per_discharge * now->floor_kw - gain) / burn
                        : always   ? most
                                   : charge;
        charge = clamp(wanted, charge, most);
        discharge = (self->per_charge * charge - gain) * self->at_discharge;
    }
    *ret_charge_kw = clamp(charge, 0.0, self->charge_kw);
    *ret_discharge_kw = clamp(discharge, 0.0, self->discharge_kw);
}

/* Take offers in order until the net power is met. Returns their cost per hour. */
static double take_offers(const work *self, int t, const step *now, double net_kw, sg_schedule *ret,
                          double *ret_missing_kw)
{
    const sg_dispatch *p = self->p;
    const offer *offers = self->offers + now->offer;
    double rest = net_kw - now->net_kw, cost = now->cost_per_h;
    double import = 0.0, export = now->export_kw;
    for (int k = 0; k < now->offer_count; k++) {
        double kw = clamp(rest, 0.0, offers[k].kw);
        int64_t who = offers[k].who;
        rest -= kw;
        cost += offers[k].price_per_kwh * kw;
        if (who == WHO_IMPORT) {
            import = kw;
        } else if (who == WHO_EXPORT) {
            export -= kw;
        } else if (who < p->source_count) {
            ret->source_kw[who][t] = kw;
        } else {
            ret->shed_kw[who - p->source_count][t] = kw;
        }
    }
    ret->import_kw[t] = import;
    ret->export_kw[t] = export;
    *ret_missing_kw = fabs(rest);
    return cost;
}

/* What one more kWh of load costs, the store's value given. All offers, those of the store to stop charging (bid) and to
 * discharge (ask) among them, are taken in order of price until they exceed all that may be wanted: the load, the export
 * and the charge in full. Where they never do, the dearest one stands. This is the dual of the balance, and does not ask
 * what the schedule does, whose powers may be zero but for rounding. */
static double balance_price(const work *self, const step *now, double bid, double ask)
{
    const offer *offers = self->offers + now->offer;
    double wanted_kw = self->charge_kw - now->net_kw, have_kw = 0.0, price = 0.0;
    double stop = self->charge_kw > 0.0 ? bid : HUGE_VAL;
    double give = self->discharge_kw > 0.0 ? ask : HUGE_VAL;
    wanted_kw += ROUNDING * fabs(wanted_kw);
    for (int k = 0; have_kw <= wanted_kw;) {
        double next = k < now->offer_count ? offers[k].price_per_kwh : HUGE_VAL;
        double least = least_of(least_of(stop, give), next);
        if (least == HUGE_VAL) {
            break;
        }
        price = least;
        if (least == next) {
            have_kw += offers[k++].kw;
        } else if (least == stop) {
            have_kw += self->charge_kw;
            stop = HUGE_VAL;
        } else {
            have_kw += self->discharge_kw;
            give = HUGE_VAL;
        }
    }
    /* bid and ask came through the losses and back: an unlimited grid proves nothing at a price beside its own */
    double near = ROUNDING * (fabs(ask) + fabs(self->s->wear_cost_per_kwh));
    for (int k = 0; k < now->offer_count; k++) {
        double own = offers[k].price_per_kwh;
        price = fabs(price - own) <= near + ROUNDING * fabs(own) ? own : price;
    }
    return price;
}

/* The least that the step's powers can cost at these prices, whatever the balances say: weak duality. */
static double bound_of_step(const work *self, const step *now, double price, double bid, double ask)
{
    const offer *offers = self->offers + now->offer;
    double bound = now->cost_per_h - price * now->net_kw +
                   least_of(price - bid, 0.0) * self->charge_kw +
                   least_of(ask - price, 0.0) * self->discharge_kw;
    for (int k = 0; k < now->offer_count; k++) {
        bound += least_of(offers[k].price_per_kwh - price, 0.0) * offers[k].kw;
    }
    return bound;
}

/* And that the stored energy can: `value` times the energy within its range. */
static double bound_of_energy(double value, double low, double high)
{
    return value * (value > 0.0 ? low : high);
}

static void schedule(work *self, sg_schedule *ret)
{
    const sg_dispatch *p = self->p;
    const sg_dispatch_store *s = self->s;
    double scaled = s->initial_kwh, energy = s->initial_kwh, value_before = 0.0;
    double cost = 0.0, bound = 0.0, residual = 0.0, per_hour = 1.0 / self->hours;
    ret->energy_kwh[0][0] = energy;
    for (int t = 0; t < p->steps; t++) {
        const step *now = &self->steps[t];
        double from = scaled * now->shrink, charge, discharge, missing;
        double to =
            clamp(from + clamp(0.0, now->least, now->most), now->reach_low, now->reach_high);
        split(self, now, (to - from) * now->unscale * per_hour, &charge, &discharge);
        scaled = to;
        double low = energy_min(self, t), after = clamp(to * now->unscale, low, s->energy_kwh_max);
        cost += self->hours * (take_offers(self, t, now, charge - discharge, ret, &missing) +
                               s->wear_cost_per_kwh * (charge + discharge));
        double gained = self->per_charge * charge - self->per_discharge * discharge;
        residual = most_of(
            residual, most_of(missing, fabs(self->keep * energy + self->hours * gained - after)));
        double value = now->price * now->scale;
        double bid = self->per_charge * value - s->wear_cost_per_kwh;
        double ask = self->per_discharge * value + s->wear_cost_per_kwh;
        double price = balance_price(self, now, bid, ask);
        bound += self->hours * bound_of_step(self, now, price, bid, ask);
        /* of the energy before the step: what the step before gives for it, less what is left of that here */
        bound += t ? bound_of_energy(value_before - self->keep * value, s->energy_kwh_min,
                                     s->energy_kwh_max)
                   : -self->keep * value * s->initial_kwh;
        value_before = value;
        energy = after;
        ret->energy_kwh[0][t + 1] = energy;
        ret->charge_kw[0][t] = charge;
        ret->discharge_kw[0][t] = discharge;
        ret->zone_price_per_kwh[0][t] = price;
        ret->energy_value_per_kwh[0][t] = value;
        ret->circulation[t] = least_of(charge, discharge) > CIRCULATION_KW ||
                              least_of(ret->import_kw[t], ret->export_kw[t]) > CIRCULATION_KW;
    }
    bound += bound_of_energy(value_before - s->terminal_value_per_kwh,
                             energy_min(self, p->steps - 1), s->energy_kwh_max);
    ret->objective = cost - s->terminal_value_per_kwh * energy;
    ret->bound = least_of(bound, ret->objective);
    ret->residual_kw = residual;
}

static void finish(const sg_dispatch *p, sg_schedule *ret)
{
    ret->relative_gap = ret->objective == ret->bound
                            ? 0.0
                            : (ret->objective - ret->bound) / fmax(fabs(ret->objective), DBL_MIN);
    ret->dual_residual_per_kwh = 0.0; /* every power has a limit, so any price is dual feasible */
    size_t series = (size_t)p->steps * sizeof(double); /* no ramp, no reserve: no price of them */
    memset(ret->ramp_price_per_kw, 0, series);
    memset(ret->reserve_up_price_per_kw, 0, series);
    memset(ret->reserve_down_price_per_kw, 0, series);
    for (int m = 0; p->grid.present && m < p->grid.demand_count; m++) {
        ret->peak_kw[m] = p->grid.demand[m].peak_so_far_kw;
        for (int t = p->grid.demand[m].from; t < p->grid.demand[m].to; t++) {
            ret->peak_price_per_kw[m][t - p->grid.demand[m].from] = 0.0;
        }
        for (int t = p->grid.demand[m].from; t < p->grid.demand[m].to; t++) {
            ret->peak_kw[m] = fmax(ret->peak_kw[m], ret->import_kw[t]);
        }
    }
    ret->outcome = isfinite(ret->objective) ? SG_SOLVED : SG_NUMERIC;
}

sg_status sg_arbitrage_solve(const sg_dispatch *p, void *memory, size_t size, sg_schedule *ret)
{
    double began_s = sg_clock_s();
    if (!sg_arbitrage_fits(p)) {
        return SG_RANGE;
    }
    if (!memory || size < sg_arbitrage_size(p)) {
        return SG_NOMEM;
    }
    work self;
    work_start(&self, p, memory);
    ret->solver = "slope-merge";
    ret->iterations = p->steps;
    if (!cost_forward(&self)) {
        ret->outcome = SG_INFEASIBLE;
    } else if (self.unbounded) {
        ret->outcome = SG_UNBOUNDED;
    } else {
        price_back(&self);
        schedule(&self, ret);
        finish(p, ret);
    }
    ret->solve_s = sg_clock_s() - began_s;
    return SG_OK;
}
