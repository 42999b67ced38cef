#include "measure/trust.h"

#include "base/sweep.h"

#include <math.h>
#include <string.h>

static const double ACCURACY = 0.01; /* of the readings' root sum of squares            */
static const double SKEW = 0.25;     /* of one step's change may belong to another step */
static const double FLOOR_W = 1.0;   /* of any tolerance                                */
static const double DOUBT_RINGS = 5.0, DOUBT_MAX = 20.0;
static const double SIZE_MIN =
    4.0; /* tolerances that a reading must have for its sign or unit to tell */
static const double UNIT = 1000.0, READING_MAX = 1e15;
static const double VALUE_MAX = 1e18; /* nothing larger is believed of any reading (measure.c) */
enum { STILL_MIN = 10, OVER_MIN = 10, COUNT_MAX = 250, WAITS = -1 };

static const double RECKON_S =
    600.0; /* the reckoning follows a believed reading with this time constant */
static const double ENERGY_MISS =
    0.02; /* of the capacity: a reading may leave the reckoning by it         */
static const double ENERGY_LOST =
    0.05; /* of what is moved, unknown while the reading is not believed      */
static const double ENERGY_FADES =
    0.02; /* of the capacity an hour, beside that                             */
static const double DEMAND_GROWS =
    0.1; /* what a load whose reading lies is given beyond what it draws     */

void sg_trust_start(const sg_trust *self, const sg_plant *plant)
{
    for (int n = 0; n < plant->node_count; n++) {
        self->node_liar[n] = self->node_jumped[n] = self->node_found[n] = -1;
    }
    for (int s = 0; s < plant->store_count; s++) {
        self->store_reckoned_j[s] = -1;
    }
}

/* One frame under judgement. */
typedef struct hearing {
    const sg_trust *self;
    const sg_measure *measure;
    const sg_plant *plant;
    const sg_news *news;
    const double *value;
    const uint8_t *quality;
    double dt_s;
    uint8_t open[SG_NEWS_PART_MAX]; /* [part] a verdict is open somewhere */
} hearing;

/* A reading as it came, NAN where it says of itself that it is none, or is no power or energy of any site. */
static double raw(const hearing *h, int point)
{
    bool read = h->quality[point] <= SG_SUSPECT && fabs(h->value[point]) <= READING_MAX;
    return read ? h->value[point] : (double)NAN;
}

/* ---- balances --------------------------------------------------------------------------------- */

static void account(const hearing *h, int node, double power_w)
{
    h->self->node_below_w[node] += power_w;
    h->self->node_square[node] += power_w * power_w;
}

/* What flows in above a cable and a converter for what flows out below them. */
static double with_losses_w(const sg_plant *plant, int n, double out_w)
{
    double eff = plant->node_converter_eff[n];
    return out_w + plant->node_loss_per_w[n] * out_w * out_w +
           (out_w > 0 ? out_w * (1 / eff - 1) : -out_w * (1 - eff));
}

typedef struct sum {
    double w, square;
} sum;

/* What a row of loads reads; NAN where one of them is silent or says what cannot be, which its square would show. */
static sum read_row(const hearing *h, int first, int count)
{
    sum all;
    all.square = sg_lanes_squares(h->value + first, count, &all.w);
    if (sg_bytes_any(h->quality + first, count) == SG_GOOD &&
        all.square <= READING_MAX * READING_MAX) {
        return all;
    }
    bool read = true;
    for (int point = first; point < first + count; point++) {
        read = read && !isnan(raw(h, point));
    }
    return read ? all : (sum){(double)NAN, (double)NAN};
}

/* What the loads of nodes with news read. */
static void read_part(void *context, int part)
{
    const hearing *h = context;
    const sg_news *news = h->news;
    int power = h->plant->points.first[SG_POINT_LOAD_POWER];
    for (int32_t n = news->part[part]; n < news->part[part + 1]; n++) {
        sum all = {0, 0};
        for (int32_t i = news->first[n], end = news->first[n + 1]; news->readings[n] && i < end;) {
            sg_row row = sg_news_row(news, i, end);
            sum own = read_row(h, power + row.from, row.to - row.from);
            all.w += own.w;
            all.square += own.square;
            i += row.to - row.from;
        }
        if (news->readings[n]) {
            news->read_w[n] = all.w;
            news->read_square[n] = all.square;
        }
    }
}

static void sum_members(const hearing *h)
{
    const sg_plant *plant = h->plant;
    const int32_t *first = plant->points.first;
    for (int n = 0; n < plant->node_count; n++) {
        h->self->node_below_w[n] = h->news->read_w[n];
        h->self->node_square[n] = h->news->read_square[n];
    }
    for (int s = 0; s < plant->store_count; s++) {
        account(h, plant->store_node[s], -raw(h, first[SG_POINT_STORE_POWER] + s));
    }
    for (int s = 0; s < plant->source_count; s++) {
        account(h, plant->source_node[s], -raw(h, first[SG_POINT_SOURCE_POWER] + s));
    }
    for (int t = 0; t < plant->tie_count; t++) {
        double power_w = raw(h, first[SG_POINT_TIE_POWER] + t);
        double loss_w = plant->tie_loss_per_w[t] * power_w * power_w;
        account(h, plant->tie_from[t], power_w + (power_w < 0 ? loss_w : 0));
        account(h, plant->tie_to[t], (power_w > 0 ? loss_w : 0) - power_w);
    }
    account(h, 0, raw(h, first[SG_POINT_SITE] + SG_SITE_TASK_W));
    for (int n = 1; n < plant->node_count; n++) {
        account(h, plant->node_parent[n], raw(h, first[SG_POINT_NODE_POWER] + n));
    }
}

/* What one step's change may be out of step: as much as both sides of the balance moved. */
static double skew_w(const hearing *h, int n, double meter_w, double account_w)
{
    int point = h->plant->points.first[SG_POINT_NODE_POWER] + n;
    double before_w = h->measure->value[point];
    return h->measure->age_s[point] >= 0
               ? SKEW * fmin(fabs(meter_w - before_w), fabs(account_w - before_w))
               : 0;
}

static double tolerance_w(const hearing *h, int n)
{
    double meter_w = raw(h, h->plant->points.first[SG_POINT_NODE_POWER] + n),
           account_w = with_losses_w(h->plant, n, h->self->node_below_w[n]);
    return ACCURACY * sqrt(h->self->node_square[n] + meter_w * meter_w) +
           skew_w(h, n, meter_w, account_w) + FLOOR_W;
}

static bool rings(const sg_trust *self, int n)
{
    return self->node_doubt[n] >= DOUBT_RINGS;
}

/* ---- verdicts --------------------------------------------------------------------------------- */

/* A member of the balance of a doubtful node; side: +1 where it is accounted for below, -1 for what flows in or is given. */
typedef struct witness {
    int node, point;
    double side, least_w, most_w;
    uint8_t *still; /* NULL: not watched */
} witness;

/* What the reading would be guilty of, were it the one that lies, by itself. One a thousand times too large is told by being more
 * than its device can do: within that, it may as well be another's. */
static sg_verdict suspicion(const witness *w, double says_w, double truth_w, double tolerance)
{
    double near = 2 * tolerance, large = SIZE_MIN * tolerance;
    if (fabs(says_w) > large && fabs(truth_w + says_w) <= near) {
        return SG_VERDICT_SIGN;
    }
    bool beyond = says_w > 1.05 * w->most_w + tolerance || says_w < w->least_w - tolerance;
    bool less =
        fabs(truth_w) > large && fabs(truth_w - says_w * UNIT) <= near + 0.02 * fabs(truth_w);
    if (less || (beyond && fabs(truth_w - says_w / UNIT) <= near)) {
        return SG_VERDICT_UNIT;
    }
    return w->still && *w->still >= STILL_MIN ? SG_VERDICT_FROZEN : SG_VERDICT_NONE;
}

static void examine(const hearing *h, const witness *w)
{
    const sg_trust *self = h->self;
    double jump_w = self->node_jump_w[w->node];
    bool appeared = jump_w != 0;
    double says_w = raw(h, w->point), before_w = h->measure->value[w->point],
           tolerance = tolerance_w(h, w->node);
    double truth_w = says_w + w->side * self->node_miss_w[w->node];
    if (w->still) {
        bool same = says_w == before_w && !appeared;
        *w->still = (uint8_t)(same ? *w->still + (*w->still < COUNT_MAX) : 0);
    }
    if (!(truth_w >= w->least_w - tolerance && truth_w <= w->most_w * 1.05 + tolerance)) {
        return; /* it cannot have been that */
    }
    double alone_w = says_w - before_w + w->side * jump_w;
    if (appeared && fabs(jump_w) > 1.2 * tolerance &&
        fabs(alone_w) <= tolerance + 0.05 * fabs(jump_w)) {
        /* twice: -2 */
        self->node_jumped[w->node] = self->node_jumped[w->node] == -1 ? w->point : -2;
    }
    sg_verdict verdict = suspicion(w, says_w, truth_w, tolerance);
    if (verdict != SG_VERDICT_NONE) {
        self->node_found[w->node] = w->point;
        self->node_verdict[w->node] = (uint8_t)verdict;
        self->node_count[w->node]++;
    }
}

static bool on_trial(const sg_trust *self, int n)
{
    return self->node_doubt[n] > 0 && self->node_liar[n] < 0;
}

static void examine_members(const hearing *h)
{
    const sg_plant *plant = h->plant;
    const sg_trust *self = h->self;
    const int32_t *first = plant->points.first;
    for (int n = 0; n < plant->node_count; n++) {
        for (int32_t i = h->news->first[n]; on_trial(self, n) && i < h->news->first[n + 1]; i++) {
            int32_t l = h->news->load[i];
            examine(h, &(witness){.node = n,
                                  .point = first[SG_POINT_LOAD_POWER] + l,
                                  .side = 1,
                                  .most_w = plant->load_rating_w[l],
                                  .still = &self->load_still[l]});
        }
    }
    for (int s = 0; s < plant->store_count; s++) {
        const sg_reservoir *r = &plant->store_reservoir[s];
        witness w = {.node = plant->store_node[s],
                     .point = first[SG_POINT_STORE_POWER] + s,
                     .side = -1,
                     .least_w = -r->charge_w_max * 1.05,
                     .most_w = r->discharge_w_max};
        if (on_trial(self, w.node)) {
            examine(h, &w);
        }
    }
    for (int s = 0; s < plant->source_count; s++) {
        witness w = {.node = plant->source_node[s],
                     .point = first[SG_POINT_SOURCE_POWER] + s,
                     .side = -1,
                     .most_w = INFINITY};
        if (on_trial(self, w.node)) {
            examine(h, &w);
        }
    }
}

/* A node's own meter has no second balance where nothing above it is measured: then it is one of the witnesses. */
static void examine_meters(const hearing *h)
{
    const sg_plant *plant = h->plant;
    int meters = plant->points.first[SG_POINT_NODE_POWER];
    for (int n = 0; n < plant->node_count; n++) {
        bool alone = n == 0 || !isfinite(raw(h, meters + plant->node_parent[n]));
        witness w = {
            .node = n, .point = meters + n, .side = -1, .least_w = -INFINITY, .most_w = INFINITY};
        if (alone && on_trial(h->self, n)) {
            examine(h, &w);
        }
    }
}

static void convict(const sg_trust *self, int n, int point, sg_verdict verdict)
{
    self->node_liar[n] = point;
    self->node_verdict[n] = (uint8_t)verdict;
}

/* Would the parent's balance close if node n's meter showed what its own balance asks for? */
static bool explains(const hearing *h, int n, int parent)
{
    const sg_trust *self = h->self;
    int meters = h->plant->points.first[SG_POINT_NODE_POWER];
    double says_w = raw(h, meters + n), own_w = says_w - self->node_miss_w[n],
           above_w = raw(h, meters + parent);
    double account_w = with_losses_w(h->plant, parent, self->node_below_w[parent] - says_w + own_w);
    double square = self->node_square[parent] - says_w * says_w + own_w * own_w;
    double tolerance = ACCURACY * sqrt(fmax(square, 0) + above_w * above_w) +
                       skew_w(h, parent, above_w, account_w) + tolerance_w(h, n) + FLOOR_W;
    return fabs(above_w - account_w) <= tolerance;
}

/* A meter that its own balance and its parent's both contradict, by the same amount, is outvoted. As long as that may
 * come out, nobody else is judged in the two. */
static void outvote(const hearing *h)
{
    const sg_trust *self = h->self;
    int meters = h->plant->points.first[SG_POINT_NODE_POWER];
    for (int n = h->plant->node_count - 1; n > 0; n--) {
        int parent = h->plant->node_parent[n];
        if (!on_trial(self, n) || !on_trial(self, parent) || !explains(h, n, parent)) {
            continue;
        }
        self->node_count[n] = self->node_count[parent] = WAITS;
        if (rings(self, n) && rings(self, parent)) {
            convict(self, n, meters + n, SG_VERDICT_OUTVOTED);
            convict(self, parent, meters + n, SG_VERDICT_OUTVOTED);
        }
    }
}

static bool closes(const hearing *h, int n)
{
    return fabs(h->self->node_miss_w[n]) <= tolerance_w(h, n);
}

/* An outvoted meter stands accused by two balances. Where the doubt of one has run down to its end and the other misses something all
 * the same, it is not that meter's lie, which both would show: the accusation is dropped there as well, and the cause looked for anew.
 * Until it is found the larger view counts, never less than the accusation made of it. A balance with a silent member says nothing:
 * there is no square. */
static void acquit(const hearing *h)
{
    const sg_trust *self = h->self;
    const int meters = h->plant->points.first[SG_POINT_NODE_POWER];
    for (int n = 0; n < h->plant->node_count; n++) {
        const int accused = self->node_liar[n] - meters;
        if (accused <= 0 || accused >= h->plant->node_count ||
            self->node_verdict[n] != SG_VERDICT_OUTVOTED) {
            continue;
        }
        const int other = accused == n ? h->plant->node_parent[n] : accused;
        if (self->node_liar[other] != meters + accused && self->node_square[other] > 0 &&
            closes(h, other) && self->node_square[n] > 0 && !closes(h, n)) {
            self->node_liar[n] = -1;
            self->node_jumped[n] = -1; /* was of another miss */
        }
    }
}

static void decide(const hearing *h, int n)
{
    const sg_trust *self = h->self;
    if (rings(self, n) && self->node_liar[n] < 0) {
        int jumped = self->node_jumped[n], found = self->node_found[n];
        if (self->node_count[n] == 1 && (jumped < 0 || jumped == found)) {
            convict(self, n, found, (sg_verdict)self->node_verdict[n]);
        } else if (self->node_count[n] != WAITS && jumped >= 0) {
            convict(self, n, jumped, SG_VERDICT_JUMP);
        }
    } else if (self->node_doubt[n] <= 0) {
        self->node_liar[n] = -1;
    }
}

/* Which side of node n's balance a point stands on. */
static double side_of(const sg_plant *plant, int n, int point)
{
    const int32_t *first = plant->points.first;
    if (point == first[SG_POINT_NODE_POWER] + n) {
        return -1;
    }
    return point >= first[SG_POINT_LOAD_DEMAND] ? 1 : -1;
}

/* The doubt of a node's balance; true where a verdict is open. */
static bool weigh(const hearing *h, int n)
{
    const sg_trust *self = h->self;
    double meter_w = raw(h, h->plant->points.first[SG_POINT_NODE_POWER] + n);
    double before_w = self->node_miss_w[n], tolerance = tolerance_w(h, n);
    double miss_w = meter_w - with_losses_w(h->plant, n, self->node_below_w[n]);
    self->node_jump_w[n] = 0;
    self->node_count[n] = 0;
    if (!(fabs(miss_w) <= READING_MAX * READING_MAX)) {
        self->node_below_w[n] = self->node_square[n] =
            0; /* a member is silent: nothing to be said */
        return false;
    }
    if (fabs(miss_w) > tolerance && fabs(before_w) <= tolerance) {
        self->node_jump_w[n] = miss_w - before_w;
        self->node_jumped[n] = -1;
    }
    self->node_miss_w[n] = miss_w;
    double doubt = self->node_doubt[n] + fabs(miss_w) / tolerance - 1;
    self->node_doubt[n] = doubt < 0 ? 0 : doubt < DOUBT_MAX ? doubt : DOUBT_MAX;
    return on_trial(self, n);
}

static void weigh_part(void *context, int part)
{
    hearing *h = context;
    bool open = false;
    for (int32_t n = h->news->part[part]; n < h->news->part[part + 1]; n++) {
        open |= weigh(h, n);
    }
    h->open[part] = open;
}

static void find_truth(const hearing *h, int n)
{
    const sg_trust *self = h->self;
    int liar = self->node_liar[n];
    double truth_w =
        liar < 0 ? 0 : raw(h, liar) + side_of(h->plant, n, liar) * self->node_miss_w[n];
    self->node_truth_w[n] = isfinite(truth_w) ? truth_w : self->node_truth_w[n];
}

static void decide_part(void *context, int part)
{
    const hearing *h = context;
    for (int32_t n = h->news->part[part]; n < h->news->part[part + 1]; n++) {
        decide(h, n);
        if (h->dt_s <= SG_LONG_STEP_S) {
            find_truth(h, n);
        }
    }
}

/* ---- stores ----------------------------------------------------------------------------------- */

/* Carry a store's energy forward by its power as read: whichever of the two lies, they part. */
static void reckon(const hearing *h, int s)
{
    const sg_trust *self = h->self;
    const sg_reservoir *r = &h->plant->store_reservoir[s];
    const int32_t *first = h->plant->points.first;
    double says_j = raw(h, first[SG_POINT_STORE_ENERGY] + s);
    double power_w = raw(h, first[SG_POINT_STORE_POWER] + s),
           most_w = fmax(r->charge_w_max, r->discharge_w_max);
    double *reckoned_j = &self->store_reckoned_j[s], *doubt = &self->store_doubt[s];
    bool known = fabs(power_w) <= 1.05 * most_w + FLOOR_W; /* false for NAN */
    bool sane = says_j >= 0 && says_j <= r->capacity_j * 1.05 + 1;
    if (*reckoned_j < 0 || h->dt_s > SG_LONG_STEP_S) {
        *reckoned_j = sane ? says_j : *reckoned_j;
        self->store_margin_j[s] = self->store_missed_j[s] = self->store_steady_j[s] = *doubt = 0;
        return;
    }
    double moved_j = known ? fabs(power_w) * h->dt_s : 0;
    if (known) {
        *reckoned_j =
            sg_reservoir_step(r, *reckoned_j, power_w, h->plant->store_keep_frac[s], h->dt_s);
    }
    const int n = h->plant->store_node[s];
    /* the power may be off by what the balance misses, whoever is accused; a doubt that there is waits for the end of that one */
    const bool open = rings(self, n);
    double unknown_j = known ? ENERGY_LOST * moved_j : most_w * h->dt_s;
    double missed_j =
        open ? fmin(fabs(self->node_miss_w[n]), most_w) / r->discharge_eff * h->dt_s : 0;
    double miss_j = says_j - *reckoned_j;
    const bool doubted = *doubt > 0;
    double allowed_j = ENERGY_MISS * r->capacity_j + 2 * most_w * h->dt_s +
                       (doubted ? self->store_margin_j[s] : 0);
    if (sane && fabs(miss_j) <= allowed_j) {
        *doubt = doubted && open ? DOUBT_MAX : fmax(*doubt - 1, 0);
    } else if (!isnan(says_j)) {
        *doubt = DOUBT_MAX;
    }
    if (*doubt <= 0 && sane) {
        /* what strays far within a wide margin may agree by chance: the margin is kept for the next doubt, and fades */
        double follow = fmin(h->dt_s / RECKON_S + 5 * moved_j / r->capacity_j, 1);
        self->store_steady_j[s] = 0;
        self->store_margin_j[s] *= 1 - follow;
        self->store_missed_j[s] *= 1 - follow;
        *reckoned_j += doubted ? miss_j : miss_j * follow;
        return;
    }
    double margin_j =
        self->store_margin_j[s] + unknown_j + ENERGY_FADES * r->capacity_j * h->dt_s / 3600;
    self->store_margin_j[s] = fmin(margin_j, r->capacity_j);
    self->store_missed_j[s] = fmin(self->store_missed_j[s] + missed_j, r->capacity_j);
    /* a reading that goes on to follow the power, only from another level, is believed after half a capacity, unless both may lie */
    bool steady =
        sane && !open && fabs(miss_j - self->store_apart_j[s]) <= ENERGY_MISS * r->capacity_j;
    self->store_steady_j[s] = steady ? self->store_steady_j[s] + moved_j : 0;
    self->store_apart_j[s] = steady ? self->store_apart_j[s] : sane ? miss_j : 0;
    if (self->store_steady_j[s] > 0.5 * r->capacity_j) {
        *reckoned_j = says_j;
        self->store_margin_j[s] = self->store_missed_j[s] = *doubt = 0;
    }
}

/* ---- the two halves of a step ----------------------------------------------------------------- */

void sg_trust_judge(const sg_trust *self, const sg_measure *measure, const sg_plant *plant,
                    const sg_news *news, const sg_readings_in *in)
{
    const int parts = news->head->part_count;
    hearing h = {.self = self,
                 .measure = measure,
                 .plant = plant,
                 .news = news,
                 .value = in->value,
                 .quality = in->quality,
                 .dt_s = in->dt_s};
    sg_plant_step_length(plant, in->dt_s);
    if (in->dt_s <= SG_LONG_STEP_S) {
        sg_pool_run(in->pool, read_part, &h, parts);
        sum_members(&h);
        sg_pool_run(in->pool, weigh_part, &h, parts);
        if (sg_bytes_any(h.open, parts)) {
            examine_members(&h);
            examine_meters(&h);
            outvote(&h);
        }
        acquit(&h);
    } else {
        memset(self->node_doubt, 0, (size_t)plant->node_count * sizeof(double));
    }
    sg_pool_run(in->pool, decide_part, &h, parts);
    for (int s = 0; s < plant->store_count; s++) {
        reckon(&h, s);
    }
}

static double within(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* age_s: of the readings that the value comes from. What is reckoned stays within what could be read: the losses of a cable grow with
 * the square of what garbled members say. */
static void replace(const sg_measure *measure, int point, double value, double age_s)
{
    measure->value[point] = within(value, -VALUE_MAX, VALUE_MAX);
    measure->age_s[point] = age_s;
    measure->quality[point] = SG_SUSPECT;
}

static void correct_liar(const sg_trust *self, const sg_measure *measure, const sg_plant *plant,
                         const sg_news *news, int n)
{
    const int32_t *first = plant->points.first;
    int point = self->node_liar[n], load = point - first[SG_POINT_LOAD_POWER],
        store = point - first[SG_POINT_STORE_POWER];
    int meter = first[SG_POINT_NODE_POWER] + n;
    double truth_w = self->node_truth_w[n];
    double age_s = point == meter ? 0 : measure->age_s[meter];
    if (load >= 0 && load < plant->load_count) {
        int demand = first[SG_POINT_LOAD_DEMAND] + load;
        double rating_w = plant->load_rating_w[load];
        news->readings[n] = news->restless[n] = 1; /* to be taken again in the next step */
        truth_w = within(truth_w, 0, rating_w);
        double want_w = within(truth_w * (1 + DEMAND_GROWS) + ACCURACY * rating_w, 0, rating_w);
        /* the two that rest on circumstances may be wrong: nobody is given less than it asks for by them */
        bool proved =
            self->node_verdict[n] != SG_VERDICT_FROZEN && self->node_verdict[n] != SG_VERDICT_JUMP;
        double least_w = proved ? 0 : within(measure->value[demand], 0, rating_w);
        replace(measure, demand, fmax(want_w, least_w), age_s);
    } else if (store >= 0 && store < plant->store_count) {
        const sg_reservoir *r = &plant->store_reservoir[store];
        truth_w = within(truth_w, -r->charge_w_max, r->discharge_w_max);
    }
    replace(measure, point, truth_w, age_s);
}

static int correct_nodes(const sg_trust *self, const sg_measure *measure, const sg_plant *plant,
                         const sg_news *news)
{
    int count = 0;
    for (int n = 0; n < plant->node_count; n++) {
        int meter = plant->points.first[SG_POINT_NODE_POWER] + n;
        if (!sg_measure_fresh(measure, meter) && self->node_liar[n] != meter) {
            continue; /* in silence nobody knows better: what was reckoned before grows old like all else */
        }
        if (self->node_liar[n] >= 0) {
            /* an outvoted meter is convicted in two balances, and corrected by its own */
            bool other = n != 0 && self->node_verdict[n] == SG_VERDICT_OUTVOTED;
            bool own = self->node_liar[n] == meter;
            if (own || !other) {
                correct_liar(self, measure, plant, news, n);
                count++;
            }
        } else if (rings(self, n)) {
            replace(measure, meter,
                    fmax(measure->value[meter], with_losses_w(plant, n, self->node_below_w[n])),
                    measure->age_s[meter]);
            count++;
        }
    }
    return count;
}

/* A frame on its way in. */
typedef struct taking {
    const sg_trust *self;
    const sg_measure *measure;
    const sg_plant *plant;
    const sg_news *news;
    const sg_readings_in *in;
} taking;

/* What it draws may be more than it says it wants by this much of both. */
static const double OVER_WANTS = 1 + 2 * 0.01, OVER_RATING = 0.01;

/* Does none draw more than that, and did none? */
static bool all_within(const taking *j, const double *wants_w, const double *draws_w, sg_row row,
                       bool none_was)
{
    int count = row.to - row.from;
    return (none_was || sg_bytes_any(j->self->load_over + row.from, count) == 0) &&
           sg_lanes_below(draws_w, wants_w, OVER_WANTS, j->plant->load_rating_w + row.from,
                          OVER_RATING, count);
}

/* Does it draw more than it says it wants, for some steps now? Then it wants what it draws. Returns whether that is so. */
static bool correct_load(const taking *j, int l, int demand, int power)
{
    const sg_measure *m = j->measure;
    bool known = m->quality[demand] == SG_GOOD && m->quality[power] == SG_GOOD;
    double most_w = m->value[demand] * OVER_WANTS + j->plant->load_rating_w[l] * OVER_RATING;
    bool over = known && m->value[power] > most_w;
    uint8_t *count = &j->self->load_over[l];
    *count = (uint8_t)(over ? *count + (*count < COUNT_MAX) : 0);
    if (*count >= OVER_MIN) {
        replace(m, demand, m->value[power], 0);
    }
    return *count >= OVER_MIN;
}

/* none_was: none of its loads was over when they were last looked at. */
static void correct_loads(const taking *j, int32_t n, bool none_was)
{
    const sg_news *news = j->news;
    int demand = j->plant->points.first[SG_POINT_LOAD_DEMAND],
        power = j->plant->points.first[SG_POINT_LOAD_POWER];
    int32_t disbelieved = 0;
    double demand_w = 0, power_w = 0;
    bool judged = j->in->dt_s <= SG_LONG_STEP_S;
    for (int32_t i = news->first[n], end = news->first[n + 1]; i < end;) {
        sg_row row = sg_news_row(news, i, end);
        const double *wants_w = j->measure->value + demand + row.from,
                     *draws_w = j->measure->value + power + row.from;
        if (!all_within(j, wants_w, draws_w, row, none_was)) {
            news->restless[n] = 1;
            for (int32_t l = row.from; judged && l < row.to; l++) {
                disbelieved += correct_load(j, l, demand + l, power + l);
            }
        }
        demand_w += sg_lanes_sum(wants_w, row.to - row.from);
        power_w += sg_lanes_sum(draws_w, row.to - row.from);
        i += row.to - row.from;
    }
    news->disbelieved[n] = disbelieved;
    news->demand_w[n] = demand_w;
    news->power_w[n] = power_w;
}

/* A node with a liar waits until that one is corrected. */
static void loads_part(void *context, int part)
{
    const taking *j = context;
    for (int32_t n = j->news->part[part]; n < j->news->part[part + 1]; n++) {
        if (j->news->readings[n]) {
            bool was_quiet = !j->news->restless[n];
            sg_measure_loads(j->measure, j->plant, j->news, j->in, n);
            if (j->self->node_liar[n] < 0) {
                correct_loads(j, n, was_quiet);
            }
        }
    }
}

static int correct_stores(const taking *j)
{
    const sg_trust *self = j->self;
    const sg_plant *plant = j->plant;
    int count = 0;
    for (int s = 0; s < plant->store_count; s++) {
        int energy = plant->points.first[SG_POINT_STORE_ENERGY] + s;
        double says_j = j->measure->value[energy];
        double reckoned_j = self->store_reckoned_j[s],
               margin_j = self->store_margin_j[s] + self->store_missed_j[s];
        bool believed = self->store_doubt[s] <= 0 && j->measure->quality[energy] == SG_GOOD;
        bool doubted = !believed && margin_j > 0 && reckoned_j >= 0;
        j->measure->low_j[s] = doubted ? fmax(fmin(says_j, reckoned_j) - margin_j, 0) : says_j;
        j->measure->high_j[s] = doubted ? fmin(fmax(says_j, reckoned_j) + margin_j,
                                               plant->store_reservoir[s].capacity_j)
                                        : says_j;
        count += self->store_doubt[s] > 0;
    }
    return count;
}

int sg_trust_take(const sg_trust *self, const sg_measure *measure, const sg_plant *plant,
                  const sg_news *news, const sg_readings_in *in, int64_t ret_counts[4])
{
    taking j = {self, measure, plant, news, in};
    sg_measure_step(measure, plant, in);
    sg_pool_run(in->pool, loads_part, &j, news->head->part_count);
    sg_measure_count(measure, plant, news, ret_counts);
    int count = in->dt_s <= SG_LONG_STEP_S ? correct_nodes(self, measure, plant, news) : 0;
    for (int n = 0; n < plant->node_count; n++) {
        if (self->node_liar[n] >= 0 && news->readings[n]) {
            correct_loads(&j, n, false);
        }
        count += news->disbelieved[n];
    }
    return count + correct_stores(&j);
}

int sg_trust_list(const sg_trust *self, const sg_plant *plant, int most, sg_disbelief *ret)
{
    const int32_t *first = plant->points.first;
    int count = 0;
    for (int n = 0; n < plant->node_count && count < most; n++) {
        int meter = first[SG_POINT_NODE_POWER] + n, liar = self->node_liar[n];
        bool childs = liar > meter && liar < first[SG_POINT_NODE_POWER] + plant->node_count;
        if (liar >= 0 && !childs) { /* that one comes with its own node */
            ret[count++] = (sg_disbelief){liar, self->node_verdict[n]};
        } else if (liar < 0 && rings(self, n)) {
            ret[count++] = (sg_disbelief){meter, SG_VERDICT_OPEN};
        }
    }
    for (int s = 0; s < plant->store_count && count < most; s++) {
        if (self->store_doubt[s] > 0) {
            ret[count++] = (sg_disbelief){first[SG_POINT_STORE_ENERGY] + s, SG_VERDICT_ENERGY};
        }
    }
    for (int l = 0; l < plant->load_count && count < most; l++) {
        if (self->load_over[l] >= OVER_MIN) {
            ret[count++] = (sg_disbelief){first[SG_POINT_LOAD_DEMAND] + l, SG_VERDICT_LOW};
        }
    }
    return count;
}
