#include "model/reliability.h"

#include "base/check.h"
#include "base/prng.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* --- redundancy --- */

double sg_unavailability(double mtbf_s, double mttr_s)
{
    return mttr_s / (mtbf_s + mttr_s);
}

/* C(n, j) x^j y^(n-j): factors above and below one take turns, so that nothing overflows or vanishes on the way. */
static double binomial_term(int n, int j, double x, double y)
{
    double term = 1;
    int rest = n - j;
    for (int i = 1; i <= j; i++) {
        term *= (double)(n - j + i) / i * x;
        while (term > 1 && rest > 0) {
            term *= y;
            rest--;
        }
    }
    for (; rest > 0; rest--) {
        term *= y;
    }
    return term;
}

/* P(X >= j) of a binomial variable with j above its mean: terms fall from the first on. */
static double binomial_tail(int n, int j, double x, double y)
{
    double term = binomial_term(n, j, x, y), sum = 0;
    for (int i = j; i <= n && term > 0; i++) {
        sum += term;
        term *= (double)(n - i) / (i + 1) * (x / y);
    }
    return sum;
}

double sg_unavailability_k_of_n(int k, int n, double unit_frac)
{
    SG_CHECK(n >= 0 && n <= SG_REDUNDANT_UNIT_MAX && unit_frac >= 0 && unit_frac <= 1);
    int failing = n - k + 1; /* so many units out, and the system is */
    if (k <= 0 || k > n) {
        return k > n;
    }
    double works_frac = 1 - unit_frac;
    if (unit_frac == 0 || works_frac == 0) {
        return unit_frac > 0;
    }
    if (failing > n * unit_frac) {
        return binomial_tail(n, failing, unit_frac, works_frac);
    }
    return 1 - binomial_tail(n, k, works_frac, unit_frac);
}

double sg_availability_series(const double *unit_frac, int count)
{
    double all = 1;
    for (int i = 0; i < count; i++) {
        all *= unit_frac[i];
    }
    return all;
}

double sg_availability_parallel(const double *unit_frac, int count)
{
    double none = 1;
    for (int i = 0; i < count; i++) {
        none *= 1 - unit_frac[i];
    }
    return 1 - none;
}

sg_status sg_redundancy_unavailability(const sg_redundancy *self, double *ret)
{
    bool cycle = self->maintenance_cycle_s > 0;
    double busy_s = self->n * self->maintenance_s;
    if (self->k < 1 || self->n < self->k || self->n > SG_REDUNDANT_UNIT_MAX ||
        !(self->unit_unavailable >= 0 && self->unit_unavailable <= 1) ||
        !(self->maintenance_cycle_s >= 0 && self->maintenance_s >= 0) ||
        (cycle && !(busy_s <= self->maintenance_cycle_s))) {
        return SG_RANGE;
    }
    double all = sg_unavailability_k_of_n(self->k, self->n, self->unit_unavailable);
    double one_out = sg_unavailability_k_of_n(self->k, self->n - 1, self->unit_unavailable);
    double out_frac = cycle ? busy_s / self->maintenance_cycle_s : 0;
    *ret = (1 - out_frac) * all + out_frac * one_out;
    return SG_OK;
}

double sg_downtime_s_per_year(double unavailability_frac)
{
    return unavailability_frac * (365 * 86400.0);
}

/* --- the outage table --- */

sg_status sg_outage_table_init(sg_outage_table *self, double step_w, int32_t size, double *memory)
{
    if (!(step_w > 0) || !isfinite(step_w) || size < 1) {
        return SG_RANGE;
    }
    *self = (sg_outage_table){.step_w = step_w,
                              .size = size,
                              .probability = memory,
                              .at_least = memory + size,
                              .excess_w = memory + 2 * (int64_t)size};
    memset(memory, 0, 3 * (size_t)size * sizeof *memory);
    self->probability[0] = 1;
    return SG_OK;
}

sg_status sg_outage_table_add(sg_outage_table *self, double capacity_w, double outage_frac)
{
    double steps = capacity_w / self->step_w, whole = floor(steps), share = steps - whole;
    if (!(capacity_w >= 0) || !(outage_frac >= 0 && outage_frac <= 1) ||
        !(whole + (share > 0) < self->size - self->top)) {
        return SG_RANGE;
    }
    int32_t low = (int32_t)whole, high = low + (share > 0);
    double stays = 1 - outage_frac, to_low = outage_frac * (1 - share),
           to_high = outage_frac * share, *p = self->probability;
    for (int32_t i = self->top + high; i >= 0; i--) { /* from above: what it reads is still old */
        double sum = i <= self->top ? stays * p[i] : 0;
        sum += i >= low && i - low <= self->top ? to_low * p[i - low] : 0;
        sum += high > low && i >= high ? to_high * p[i - high] : 0;
        p[i] = sum;
    }
    self->top += high;
    self->installed_w += capacity_w;
    return SG_OK;
}

void sg_outage_table_close(sg_outage_table *self)
{
    double at_least = 0, above = 0; /* small ones first: they keep their digits */
    for (int32_t i = self->top; i >= 0; i--) {
        self->excess_w[i] = above * self->step_w;
        at_least += self->probability[i];
        self->at_least[i] = at_least;
        above += at_least;
    }
}

/* The smallest outage that leaves less than the load; top + 1: none does. */
static int32_t first_loss(const sg_outage_table *self, double reserve_w)
{
    double steps = floor(reserve_w / self->step_w) + 1;
    return steps > self->top ? self->top + 1 : steps < 0 ? 0 : (int32_t)steps;
}

double sg_outage_table_lolp(const sg_outage_table *self, double load_w)
{
    int32_t i = first_loss(self, self->installed_w - load_w);
    return i > self->top ? 0 : self->at_least[i];
}

double sg_outage_table_unserved_w(const sg_outage_table *self, double load_w)
{
    double reserve_w = self->installed_w - load_w;
    int32_t i = first_loss(self, reserve_w);
    return i > self->top ? 0
                         : self->excess_w[i] + (i * self->step_w - reserve_w) * self->at_least[i];
}

void sg_outage_table_adequacy(const sg_outage_table *self, const sg_load_profile *load,
                              sg_adequacy *ret)
{
    double lolp_sum = 0, unserved_sum_w = 0, day_sum = 0, peak = 0;
    for (int64_t k = 0; k < load->rows; k++) {
        double lolp = sg_outage_table_lolp(self, load->load_w[k]);
        lolp_sum += lolp;
        unserved_sum_w += sg_outage_table_unserved_w(self, load->load_w[k]);
        peak = lolp > peak ? lolp : peak; /* the peak's, for it rises with the load */
        if ((k + 1) % load->rows_per_day == 0 || k + 1 == load->rows) {
            day_sum += peak;
            peak = 0;
        }
    }
    *ret = (sg_adequacy){.lole_h = lolp_sum * load->dt_s / 3600,
                         .lole_days = day_sum,
                         .eens_j = unserved_sum_w * load->dt_s};
}

/* --- simulation --- */

typedef struct fleet {
    const sg_unit *units;
    int count;
    uint64_t stream[SG_ADEQUACY_UNIT_MAX], drawn[SG_ADEQUACY_UNIT_MAX];
    double change_s[SG_ADEQUACY_UNIT_MAX]; /* when the unit changes next, in the year */
    bool up[SG_ADEQUACY_UNIT_MAX];
    double available_w;
    int next; /* the unit that changes first */
} fleet;

static double draw(fleet *self, int unit)
{
    return sg_prng_unit(self->stream[unit], self->drawn[unit]++);
}

static double draw_time_s(fleet *self, int unit, double mean_s)
{
    return -mean_s * log1p(-draw(self, unit));
}

/* Capacity is summed anew, for sums of differences drift. */
static void take_stock(fleet *self)
{
    self->available_w = 0;
    self->next = 0;
    for (int u = 0; u < self->count; u++) {
        self->available_w += self->up[u] ? self->units[u].capacity_w : 0;
        self->next = self->change_s[u] < self->change_s[self->next] ? u : self->next;
    }
}

static void fleet_start(fleet *self, uint64_t seed)
{
    for (int u = 0; u < self->count; u++) {
        const sg_unit *unit = &self->units[u];
        self->stream[u] = sg_prng_u64(seed, (uint64_t)u);
        self->drawn[u] = 0;
        self->up[u] = draw(self, u) >= sg_unavailability(unit->up_s, unit->down_s);
        self->change_s[u] = draw_time_s(self, u, self->up[u] ? unit->up_s : unit->down_s);
    }
    take_stock(self);
}

static void fleet_change(fleet *self)
{
    int u = self->next;
    self->up[u] = !self->up[u];
    self->change_s[u] +=
        draw_time_s(self, u, self->up[u] ? self->units[u].up_s : self->units[u].down_s);
    take_stock(self);
}

typedef struct year {
    double lost_s, unserved_j;
    int64_t times;
} year;

/* One year of rows; *lost says whether load is lost at its end, as it said at its start. */
static year fleet_year(fleet *self, const sg_load_profile *load, bool *lost)
{
    year sum = {0};
    for (int64_t k = 0; k < load->rows; k++) {
        double at_s = (double)k * load->dt_s, end_s = (double)(k + 1) * load->dt_s;
        while (at_s < end_s) {
            bool changes = self->change_s[self->next] < end_s;
            double to_s = changes ? self->change_s[self->next] : end_s;
            double short_w = load->load_w[k] - self->available_w;
            bool now = short_w > 0;
            if (now && to_s > at_s) {
                sum.lost_s += to_s - at_s;
                sum.unserved_j += short_w * (to_s - at_s);
                sum.times += !*lost;
            }
            *lost = to_s > at_s ? now : *lost;
            at_s = to_s;
            if (changes) {
                fleet_change(self);
            }
        }
    }
    for (int u = 0; u < self->count; u++) {
        self->change_s[u] -= (double)load->rows * load->dt_s;
    }
    return sum;
}

/* Mean and spread as the years come in (Welford). */
typedef struct tally {
    double mean, squares;
} tally;

static void tally_add(tally *self, double value, int n)
{
    double off = value - self->mean;
    self->mean += off / n;
    self->squares += off * (value - self->mean);
}

static sg_estimate tally_estimate(const tally *self, int n)
{
    return (sg_estimate){self->mean, 1.959963984540054 * sqrt(self->squares / (n - 1) / n)};
}

enum { CYCLES_MAX = 1000000 }; /* of a unit in a year, so that a year ends */

static bool simulation_runs(const sg_unit *units, int unit_count, const sg_load_profile *load,
                            int years)
{
    bool good = unit_count >= 1 && unit_count <= SG_ADEQUACY_UNIT_MAX && years >= 2 &&
                load->rows >= 1 && load->dt_s > 0;
    for (int u = 0; good && u < unit_count; u++) {
        double cycle_s = units[u].up_s + units[u].down_s;
        good = units[u].up_s > 0 && units[u].down_s > 0 && units[u].capacity_w >= 0 &&
               cycle_s * CYCLES_MAX >= (double)load->rows * load->dt_s;
    }
    return good;
}

sg_status sg_adequacy_simulate(const sg_unit *units, int unit_count, const sg_load_profile *load,
                               int years, uint64_t seed, sg_simulated_adequacy *ret)
{
    fleet all = {.units = units, .count = unit_count};
    tally hours = {0}, energy = {0}, times = {0};
    if (!simulation_runs(units, unit_count, load, years)) {
        return SG_RANGE;
    }
    fleet_start(&all, seed);
    bool lost = load->load_w[0] > all.available_w;
    for (int n = 1; n <= years; n++) {
        year sum = fleet_year(&all, load, &lost);
        tally_add(&hours, sum.lost_s / 3600, n);
        tally_add(&energy, sum.unserved_j, n);
        tally_add(&times, (double)sum.times, n);
    }
    *ret = (sg_simulated_adequacy){tally_estimate(&hours, years), tally_estimate(&energy, years),
                                   tally_estimate(&times, years)};
    return SG_OK;
}
