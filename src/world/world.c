#include "world/parts.h"

#include "base/check.h"
#include "base/time.h"
#include "site/schedules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A longer step holds many control steps that this plant does not resolve. Demand and availability are then read as those of
 * the interval that begins, which is what the steps inside it would see; shorter steps see the past interval, as sensors do. */
static const double inner_step_s_max = SG_LONG_STEP_S;

static void find_series_read(sg_world *self, const sg_site *site, sg_role role)
{
    for (int i = 0; i < site->device_count[role]; i++) {
        const sg_device *device = &site->devices[role][i];
        int inputs = sg_device_kind(site, device)->input_count;
        for (int k = 0; k < inputs; k++) {
            if (device->input_series[k] >= 0) {
                self->series_read[device->input_series[k]] = 1;
            }
        }
    }
}

/* What readings come from, and room for a list: of the site, so never copied. */
static bool bind_series(sg_world *self, const sg_site *site)
{
    size_t loads = (size_t)site->device_count[SG_LOAD];
    self->changed = calloc((size_t)sg_points_of(site).count + 1, sizeof *self->changed);
    self->series_read = calloc((size_t)site->series_count + 1, 1);
    if (self->series_read) {
        find_series_read(self, site, SG_SOURCE);
        find_series_read(self, site, SG_LOAD);
    }
    self->load_given_w = calloc(loads + 1, sizeof *self->load_given_w);
    self->load_series = calloc(loads + 1, sizeof *self->load_series);
    for (size_t l = 0; l < loads && self->load_given_w && self->load_series; l++) {
        const sg_device *load = &site->devices[SG_LOAD][l];
        self->load_given_w[l] = load->input_value[SG_LOAD_DEMAND];
        self->load_series[l] = load->input_series[SG_LOAD_DEMAND];
    }
    return self->load_given_w && self->load_series && self->series_read && self->changed;
}

sg_world *sg_world_create(const sg_site *site, int64_t start_us)
{
    size_t sources = (size_t)site->device_count[SG_SOURCE],
           stores = (size_t)site->device_count[SG_STORE],
           loads = (size_t)site->device_count[SG_LOAD], nodes = (size_t)site->node_count,
           ties = (size_t)site->tie_count, points = (size_t)sg_points_of(site).count;
    size_t doubles = sources * 4 + stores * 6 + loads * 3 + nodes * 6 + ties * 3 +
                     (size_t)site->series_count + points * 2;
    size_t truth_at = doubles, members_at = truth_at + sg_truth_doubles(site);
    size_t members = (size_t)sg_faults_members(site) * sizeof(sg_fault_member) / sizeof(double);
    size_t plant_at = (members_at + members + 7) & ~(size_t)7;
    size_t quality_at = plant_at + sg_plant_size(site) / sizeof(double) + 1;
    size_t marks = points + (size_t)site->series_count;
    size_t memory_size = (quality_at + marks / sizeof(double) + 1) * sizeof(double);
    sg_world *self = calloc(1, sizeof *self + memory_size);
    if (!self || !bind_series(self, site)) {
        sg_world_free(self);
        return NULL;
    }
    self->memory_size = memory_size;
    double *at = self->memory;
    double **arrays[] = {&self->source_limit_w,
                         &self->source_could_w,
                         &self->source_w,
                         &self->source_start,
                         &self->store_command_w,
                         &self->store_before_w,
                         &self->store_j,
                         &self->store_w,
                         &self->store_try_w,
                         &self->store_soh,
                         &self->load_cap_w,
                         &self->load_want_w,
                         &self->load_w,
                         &self->node_out_w,
                         &self->node_in_w,
                         &self->series_mean,
                         &self->value,
                         &self->last,
                         &self->protection.heat,
                         &self->protection.pu,
                         &self->protection.state,
                         &self->protection.carried_w,
                         &self->tie_command_w,
                         &self->tie_w,
                         &self->tie_lost};
    const size_t sizes[] = {
        sources, sources, sources, sources, stores, stores, stores, stores,
        stores,  stores,  loads,   loads,   loads,  nodes,  nodes,  (size_t)site->series_count,
        points,  points,  nodes,   nodes,   nodes,  nodes,  ties,   ties,
        ties};
    for (int i = 0; i < SG_COUNT(arrays); i++) {
        *arrays[i] = at;
        at += sizes[i];
    }
    self->quality = (uint8_t *)(self->memory + quality_at);
    self->series_quality = self->quality + points;
    sg_plant_create(self->memory + plant_at, site);
    self->plant = sg_plant_at(self->memory + plant_at);
    self->site = site;
    self->start_us = self->time_us = start_us;
    for (size_t s = 0; s < stores; s++) {
        self->store_j[s] = self->plant.store_initial_j[s];
        self->store_soh[s] = NAN;
        self->books.stored_first_j += self->store_j[s];
    }
    self->books.stored_j = self->books.stored_first_j;
    sg_truth_init(&self->truth, site, &self->plant, self->memory + truth_at, self->store_j);
    self->around.series_mean = self->series_mean;
    for (size_t s = 0; s < sources; s++) {
        self->source_limit_w[s] = INFINITY;
    }
    for (size_t l = 0; l < loads; l++) {
        self->load_cap_w[l] = INFINITY;
    }
    sg_faults_init(&self->faults, site, (void *)(self->memory + members_at), &self->tally);
    self->protection.site = site;
    self->protection.plant = &self->plant;
    return self;
}

void sg_world_free(sg_world *self)
{
    if (self) {
        free(self->load_given_w);
        free(self->load_series);
        free(self->series_read);
        free(self->changed);
        free(self);
    }
}

int64_t sg_world_time(const sg_world *self)
{
    return self->time_us;
}

void sg_world_stored(const sg_world *self, double *ret_j)
{
    memcpy(ret_j, self->store_j, sizeof(double) * (size_t)self->plant.store_count);
}

double sg_world_soh_frac(const sg_world *self, int store)
{
    return self->store_soh[store];
}

double sg_world_heat_frac(const sg_world *self, int node)
{
    return self->protection.heat[node];
}

bool sg_world_dark(const sg_world *self, int node)
{
    return sg_protection_dark(&self->protection, node);
}

void sg_world_open(sg_world *self, int node)
{
    sg_protection_open(&self->protection, node);
}

void sg_world_tie(sg_world *self, int tie, bool lost)
{
    self->tie_lost[tie] = lost;
}

const uint64_t *sg_world_faults_fired(const sg_world *self)
{
    return self->tally.fired;
}

sg_world_now sg_world_look(const sg_world *self)
{
    return (sg_world_now){.grid_up = self->grid_up,
                          .net_w = self->net_w,
                          .losses_w = self->losses_w,
                          .task_w = self->task_w,
                          .unserved_w = self->unserved_w,
                          .import_j = self->import_register_j,
                          .export_j = self->export_register_j,
                          .source_could_w = self->source_could_w,
                          .source_w = self->source_w,
                          .store_j = self->store_j,
                          .store_w = self->store_w,
                          .load_want_w = self->load_want_w,
                          .load_w = self->load_w,
                          .node_in_w = self->node_in_w,
                          .source_limit_w = self->source_limit_w,
                          .store_command_w = self->store_command_w,
                          .load_cap_w = self->load_cap_w,
                          .tie_w = self->tie_w,
                          .task_command_w = self->task_command_w};
}

bool sg_world_plan_missing(const sg_world *self)
{
    return sg_faults_site(&self->faults, SG_FAULT_PLAN_MISSING);
}

const sg_world_books *sg_world_books_of(const sg_world *self)
{
    return &self->books;
}

void sg_world_resume(sg_world *self, int64_t time_us, const double *value)
{
    const int32_t *first = self->plant.points.first;
    self->time_us = time_us;
    self->played = self->plain = false;
    if (!value) {
        return;
    }
    self->books = (sg_world_books){0};
    for (int s = 0; s < self->plant.store_count; s++) {
        double energy_j = value[first[SG_POINT_STORE_ENERGY] + s];
        double capacity_j = self->plant.store_reservoir[s].capacity_j;
        self->store_j[s] = energy_j < 0 ? 0 : energy_j > capacity_j ? capacity_j : energy_j;
        sg_truth_fill(&self->truth, s, self->store_j[s]);
        self->books.stored_first_j += self->store_j[s];
    }
    self->books.stored_j = self->books.stored_first_j;
    self->import_register_j = value[first[SG_POINT_SITE] + SG_SITE_IMPORT_J];
    self->export_register_j = value[first[SG_POINT_SITE] + SG_SITE_EXPORT_J];
}

void sg_world_lump(sg_world *self)
{
    sg_truth_lump(&self->truth);
}

/* Arrays come over as one block, which holds no pointers; those of this world point into its own. */
void sg_world_copy(sg_world *self, const sg_world *from)
{
    SG_CHECK(self->memory_size == from->memory_size && self->faults.count >= from->faults.count);
    memcpy(self->memory, from->memory, from->memory_size);
    self->start_us = from->start_us;
    self->time_us = from->time_us;
    self->books = from->books;
    self->import_register_j = from->import_register_j;
    self->export_register_j = from->export_register_j;
    self->task_command_w = from->task_command_w;
    self->island = from->island;
    memcpy(self->market_quality, from->market_quality, sizeof self->market_quality);
    memcpy(self->service_quality, from->service_quality, sizeof self->service_quality);
    self->protection.heat_worst = from->protection.heat_worst;
    self->protection.trips = from->protection.trips;
    self->grid_up = from->grid_up;
    self->played = from->played;
    self->task_w = from->task_w;
    self->unserved_w = from->unserved_w;
    self->losses_w = from->losses_w;
    self->net_w = from->net_w;
    self->dark_w = from->dark_w;
    self->import_price = from->import_price;
    self->export_price = from->export_price;
    self->carbon = from->carbon;
    self->signal = from->signal;
    self->frequency_hz = from->frequency_hz;
    self->tally = from->tally;
    self->around.now = from->around.now;
    sg_faults_copy(&self->faults, &from->faults);
    self->plain = false;
}

/* The set-points of one role into those in force. */
static void take_setpoints(sg_world *self, sg_role role, double *held_w, const double *asked_w)
{
    int32_t count = self->site->device_count[role];
    if (count > 0 && !sg_faults_any(&self->faults, SG_FAULTS_OF_COMMANDS)) {
        memcpy(held_w, asked_w, sizeof *held_w * (size_t)count);
        return;
    }
    for (int i = 0; i < count; i++) {
        held_w[i] = sg_faults_obeyed(&self->faults, role, i, held_w[i], asked_w[i]);
    }
}

void sg_world_write(sg_world *self, const sg_command *command)
{
    if (command->advisory) {
        return;
    }
    const sg_faults *faults = &self->faults;
    take_setpoints(self, SG_SOURCE, self->source_limit_w, command->source_limit_w);
    take_setpoints(self, SG_STORE, self->store_command_w, command->store_w);
    take_setpoints(self, SG_LOAD, self->load_cap_w, command->load_cap_w);
    for (int s = 0; s < self->plant.source_count; s++) {
        bool run = command->source_start ? sg_start_wanted(command->source_start[s])
                                         : command->source_limit_w[s] > 0;
        self->source_start[s] = sg_faults_obeyed(faults, SG_SOURCE, s, self->source_start[s], run);
    }
    for (int t = 0; t < self->plant.tie_count; t++) {
        self->tie_command_w[t] = command->tie_w ? command->tie_w[t] : 0;
    }
    self->task_command_w = command->task_w;
    self->island = command->island;
}

/* --- the interval's outside: weather, demand, market --- */

/* A tripped device delivers nothing, a derated one a share of what it could. */
static double capability(const sg_world *self, sg_role role, int index)
{
    if (!sg_faults_any(&self->faults,
                       SG_FAULT_BIT(SG_FAULT_TRIP) | SG_FAULT_BIT(SG_FAULT_DERATE))) {
        return 1;
    }
    return sg_faults_factor(&self->faults, SG_FAULT_TRIP, role, index) *
           sg_faults_factor(&self->faults, SG_FAULT_DERATE, role, index);
}

static void play_sources(sg_world *self)
{
    for (int s = 0; s < self->plant.source_count; s++) {
        if (self->plant.source_start_s[s] < 0) {
            double could_w = sg_truth_source_w(&self->truth, s, 0, &self->around, NULL);
            self->source_could_w[s] = could_w * capability(self, SG_SOURCE, s);
        }
    }
}

/* Generators that must be started: what they do depends on what they were told. One that trips has to start again. */
static void run_sets(sg_world *self)
{
    for (int s = 0; s < self->plant.source_count; s++) {
        if (self->plant.source_start_s[s] < 0) {
            continue;
        }
        double able = capability(self, SG_SOURCE, s);
        bool starts = self->source_could_w[s] > 0 ||
                      sg_faults_factor(&self->faults, SG_FAULT_START_FAILS, SG_SOURCE, s) > 0;
        bool runs = self->source_start[s] > 0.5 && able > 0 && starts;
        double asked_w = runs ? fmax(fmin(self->source_limit_w[s], 1e12), 1e-3) : 0;
        double power_w,
            could_w = sg_truth_source_w(&self->truth, s, asked_w, &self->around, &power_w);
        self->source_could_w[s] = able * could_w;
        self->source_w[s] = runs ? fmin(power_w, able * could_w) : 0;
    }
}

static void play_loads(sg_world *self)
{
    bool stepped = sg_faults_any(&self->faults, SG_FAULT_BIT(SG_FAULT_LOAD_STEP));
    for (int l = 0; l < self->plant.load_count; l++) {
        int32_t series = self->load_series[l];
        double want_w = series >= 0 ? self->series_mean[series] : self->load_given_w[l];
        double rating_w = self->plant.load_rating_w[l];
        if (stepped) {
            want_w *= sg_faults_factor(&self->faults, SG_FAULT_LOAD_STEP, SG_LOAD, l);
        }
        want_w = want_w > rating_w ? rating_w : want_w;
        self->load_want_w[l] = want_w > 0 ? want_w : 0; /* NAN: nothing */
    }
}

/* The prices in force in the interval that begins at from_us. */
static void play_market(sg_world *self, int64_t from_us, int64_t to_us)
{
    if (!self->plant.head->grid_present) {
        return;
    }
    const sg_device *grid = &self->site->devices[SG_GRID][0];
    bool no_price = sg_faults_site(&self->faults, SG_FAULT_PRICE_MISSING);
    double value[SG_GRID_INPUT_COUNT];
    for (int i = 0; i < SG_GRID_INPUT_COUNT; i++) {
        sg_quality quality;
        value[i] = sg_site_input(self->site, grid, i, from_us, to_us, &quality);
        bool missing = quality == SG_NO_DATA || (i != SG_GRID_CARBON && no_price);
        self->market_quality[i] = missing ? SG_NO_DATA : SG_GOOD;
    }
    double spike = sg_faults_site_factor(&self->faults, SG_FAULT_PRICE_SCALE);
    value[SG_GRID_IMPORT_PRICE] *= spike;
    value[SG_GRID_EXPORT_PRICE] *= spike;
    self->import_price = value[SG_GRID_IMPORT_PRICE] + grid->p[SG_GRID_IMPORT_FEE];
    self->export_price = value[SG_GRID_EXPORT_PRICE] - grid->p[SG_GRID_EXPORT_FEE];
    self->carbon = value[SG_GRID_CARBON];
}

/* What the grid operator asks for, and the grid's frequency. */
static void play_services(sg_world *self)
{
    const sg_services *s = &self->site->services;
    const int32_t series[] = {s->signal_series, s->frequency_series};
    double value[] = {0, s->nominal_hz};
    for (int i = 0; i < 2; i++) {
        bool given = sg_services_any(s) && series[i] >= 0;
        value[i] = given ? self->series_mean[series[i]] : value[i];
        self->service_quality[i] = given ? self->series_quality[series[i]] : SG_GOOD;
    }
    self->signal = value[0];
    self->frequency_hz = value[1];
}

/* Weather, demand and faults of one interval. */
static void play(sg_world *self, int64_t from_us, int64_t to_us)
{
    for (int i = 0; i < self->site->series_count; i++) {
        sg_quality quality;
        self->series_mean[i] = sg_series_mean(&self->site->series[i], from_us, to_us, &quality);
        self->series_quality[i] = (uint8_t)quality;
    }
    self->around.now = (sg_now){.time_us = from_us + (to_us - from_us) / 2,
                                .dt_s = (double)(to_us - from_us) * 1e-6};
    sg_faults_at(&self->faults, (double)(from_us - self->start_us) * 1e-6);
    play_sources(self);
    play_loads(self);
    play_services(self);
}

int sg_world_prices(const sg_world *self, int64_t from_us, int64_t step_us, int steps,
                    double *ret_import, double *ret_export)
{
    if (!self->plant.head->grid_present || !self->plant.head->day_ahead) {
        return 0;
    }
    const sg_device *grid = &self->site->devices[SG_GRID][0];
    int public_steps = (int)(86400 * SG_US_PER_S / step_us);
    int count = steps < public_steps ? steps : public_steps;
    for (int t = 0; t < count; t++) {
        int64_t at_us = from_us + t * step_us;
        sg_quality quality;
        ret_import[t] = sg_site_input(self->site, grid, SG_GRID_IMPORT_PRICE, at_us,
                                      at_us + step_us, &quality) +
                        grid->p[SG_GRID_IMPORT_FEE];
        ret_export[t] = sg_site_input(self->site, grid, SG_GRID_EXPORT_PRICE, at_us,
                                      at_us + step_us, &quality) -
                        grid->p[SG_GRID_EXPORT_FEE];
    }
    return count;
}

/* --- the interval's inside: stores and flows --- */

/* What flows when the store is asked for w, within what its faults leave of it. */
static void try_store(sg_world *self, int s, double w)
{
    const sg_reservoir *r = &self->plant.store_reservoir[s];
    double share = capability(self, SG_STORE, s);
    double most_w = share < 1 ? share * r->discharge_w_max : (double)INFINITY;
    double least_w = share < 1 ? -share * r->charge_w_max : (double)-INFINITY;
    double step_w = self->plant.store_ramp[s] * self->around.now.dt_s; /* INFINITY: no ramp */
    double before_w = self->store_before_w[s];
    double up_w = (before_w > 0 ? before_w : 0) + step_w;
    double down_w = (before_w < 0 ? before_w : 0) - step_w;
    most_w = up_w < most_w ? up_w : most_w;
    least_w = down_w > least_w ? down_w : least_w;
    w = w > most_w ? most_w : w < least_w ? least_w : w;
    w = sg_protection_dark(&self->protection, self->plant.store_node[s]) ? 0 : w;
    bool packs = sg_faults_any(&self->faults, SG_FAULT_BIT(SG_FAULT_PACKS_LOST));
    double lost = packs ? sg_faults_sum(&self->faults, SG_FAULT_PACKS_LOST, SG_STORE, s) : 0;
    self->store_try_w[s] = self->store_w[s] =
        sg_truth_try(&self->truth, s, self->store_j[s], w, lost, &self->around).power_w;
}

/* A tie carries what it was told, within its rating, while both its ends have a voltage. */
static void carry(sg_world *self, int t)
{
    const sg_plant *plant = &self->plant;
    double limit_w = plant->tie_limit_w[t], w = self->tie_command_w[t];
    bool dead = self->tie_lost[t] > 0 ||
                sg_protection_dark(&self->protection, plant->tie_from[t]) ||
                sg_protection_dark(&self->protection, plant->tie_to[t]);
    self->tie_w[t] = dead ? 0 : fmax(fmin(w, limit_w), -limit_w);
}

static void obey(sg_world *self)
{
    self->grid_up =
        self->plant.head->grid_present && !sg_faults_site(&self->faults, SG_FAULT_GRID_LOSS);
    memcpy(self->store_before_w, self->store_w, sizeof(double) * (size_t)self->plant.store_count);
    run_sets(self);
    for (int s = 0; s < self->plant.source_count; s++) {
        bool dark = sg_protection_dark(&self->protection, self->plant.source_node[s]);
        if (self->plant.source_start_s[s] < 0) {
            self->source_w[s] = fmin(self->source_could_w[s], self->source_limit_w[s]);
        }
        self->source_w[s] = dark ? 0 : self->source_w[s];
    }
    self->dark_w = 0;
    for (int l = 0; l < self->plant.load_count; l++) {
        double want_w = self->load_want_w[l], cap_w = self->load_cap_w[l];
        double w = cap_w < want_w ? cap_w : want_w;
        bool dark = sg_protection_dark(&self->protection, self->plant.load_node[l]);
        self->load_w[l] = dark ? 0 : w;
        self->dark_w += dark ? w : 0;
    }
    for (int t = 0; t < self->plant.tie_count; t++) {
        carry(self, t);
    }
    self->task_w = sg_protection_dark(&self->protection, 0) ? 0 : self->task_command_w;
    for (int s = 0; s < self->plant.store_count; s++) {
        try_store(self, s, self->store_command_w[s]);
    }
}

/* Powers onto their nodes, one by one: neighbours mostly share theirs, so its sum stays at hand. */
static void draw(double *out_w, const int32_t *node, const double *power_w, int32_t count,
                 double sign)
{
    for (int32_t i = 0; i < count;) {
        int32_t n = node[i];
        double sum_w = out_w[n];
        for (; i < count && node[i] == n; i++) {
            sum_w += sign * power_w[i];
        }
        out_w[n] = sum_w;
    }
}

/* Flows from the leaves up. Returns the net draw of the site from the grid, W; node_in_w and losses_w are set. */
static double sweep(sg_world *self)
{
    const sg_plant *plant = &self->plant;
    double *out_w = self->node_out_w;
    memset(out_w, 0, sizeof(double) * (size_t)plant->node_count);
    draw(out_w, plant->load_node, self->load_w, plant->load_count, 1);
    draw(out_w, plant->store_node, self->store_w, plant->store_count, -1);
    for (int s = 0; s < plant->source_count; s++) {
        out_w[plant->source_node[s]] -= self->source_w[s];
    }
    out_w[0] += self->task_w;
    self->losses_w = 0;
    for (int t = 0; t < plant->tie_count; t++) {
        double w = self->tie_w[t], loss_w = plant->tie_loss_per_w[t] * w * w;
        out_w[plant->tie_from[t]] += w > 0 ? w : w + loss_w;
        out_w[plant->tie_to[t]] -= w > 0 ? w - loss_w : w;
        self->losses_w += loss_w;
    }
    for (int n = plant->node_count - 1; n >= 0; n--) {
        double flow_w = out_w[n], eff = plant->node_converter_eff[n];
        double loss_w = plant->node_loss_per_w[n] * flow_w * flow_w;
        loss_w += flow_w > 0 ? flow_w * (1 / eff - 1) : -flow_w * (1 - eff);
        self->losses_w += loss_w;
        self->node_in_w[n] = flow_w + loss_w;
        if (n > 0) {
            out_w[plant->node_parent[n]] += self->node_in_w[n];
        }
    }
    return self->node_in_w[0];
}

static double loads_w(const sg_world *self)
{
    double sum_w = self->task_w;
    for (int l = 0; l < self->plant.load_count; l++) {
        sum_w += self->load_w[l];
    }
    return sum_w;
}

/* Of what draws, and of ties, which lose something; they carry nothing where no voltage is left. False when nothing draws. */
static bool scale_loads(sg_world *self, double factor)
{
    double ties_w = 0, drawn_w = loads_w(self);
    for (int l = 0; l < self->plant.load_count; l++) {
        self->load_w[l] *= factor;
    }
    for (int t = 0; t < self->plant.tie_count; t++) {
        ties_w += fabs(self->tie_w[t]);
        self->tie_w[t] *= factor;
    }
    self->task_w *= factor;
    return drawn_w + ties_w > 0;
}

static double kept_frac(double less_w, double of_w)
{
    return less_w < of_w ? 1 - less_w / of_w : 0;
}

static void scale_supply(sg_world *self, double factor)
{
    for (int s = 0; s < self->plant.source_count; s++) {
        self->source_w[s] *= factor;
    }
    for (int s = 0; s < self->plant.store_count; s++) {
        self->store_w[s] *= self->store_w[s] > 0 ? factor : 1;
    }
}

/* An island's surplus is not made in the first place: who holds the voltage and the sets' governors give less. Returns false where
 * that is not enough. */
static bool hold_back(sg_world *self, double long_w)
{
    const sg_plant *plant = &self->plant;
    double sum_w = 0, keep = 1;
    for (int pass = 0; pass < 2; pass++) {
        for (int s = 0; s < plant->store_count; s++) {
            bool forms = plant->store_forming[s] && self->store_w[s] > 0;
            sum_w += forms && pass == 0 ? self->store_w[s] : 0;
            self->store_w[s] *= forms ? keep : 1;
        }
        for (int s = 0; s < plant->source_count; s++) {
            bool set = plant->source_start_s[s] >= 0;
            sum_w += set && pass == 0 ? self->source_w[s] : 0;
            self->source_w[s] *= set ? keep : 1;
        }
        if (!(sum_w > long_w)) {
            return false;
        }
        keep = 1 - long_w / sum_w;
    }
    return true;
}

static double supply_w(const sg_world *self)
{
    double sum_w = 0;
    for (int s = 0; s < self->plant.source_count; s++) {
        sum_w += self->source_w[s];
    }
    for (int s = 0; s < self->plant.store_count; s++) {
        sum_w += self->store_w[s] > 0 ? self->store_w[s] : 0;
    }
    return sum_w;
}

/* Does the switch to the grid let anything through? A long step holds the return that it does not resolve. */
static bool connected(const sg_world *self)
{
    return self->grid_up && (!self->island || self->around.now.dt_s > inner_step_s_max);
}

/* Without the grid the stores that form its voltage give what is missing by themselves, as their inverters do within
 * milliseconds, up to what they can. Returns what they took over, W. */
static double form_voltage(sg_world *self, double short_w)
{
    const sg_plant *plant = &self->plant;
    double room_w = 0;
    for (int pass = 0; pass < 2; pass++) {
        double part = room_w > 0 ? fmin(short_w / room_w, 1) : 0;
        for (int s = 0; s < plant->store_count; s++) {
            double now_w = self->store_w[s];
            if (!plant->store_forming[s] || now_w < 0 || !plant->store_real[s]) {
                continue;
            }
            try_store(self, s, plant->store_reservoir[s].discharge_w_max);
            double more_w = fmax(self->store_w[s] - now_w, 0);
            self->store_try_w[s] = NAN; /* to be tried again, whatever comes of it */
            self->store_w[s] = now_w + part * more_w;
            room_w += pass == 0 ? more_w : 0;
        }
        if (pass == 1) {
            return part * room_w;
        }
    }
    return 0;
}

/* The connection carries no more than it can. What then is missing is not served (first the stores stop charging), what then
 * is too much is turned down at the inverters. A few fixed-point rounds, because losses move with the flows. */
static void close_at_the_connection(sg_world *self)
{
    double import_max_w = connected(self) ? self->plant.head->import_w_max : 0;
    double export_max_w = connected(self) ? self->plant.head->export_w_max : 0;
    double wanted_w = loads_w(self);
    bool scaled = false;
    for (int round = 0; round < 40; round++) {
        self->net_w = sweep(self);
        double short_w = self->net_w - import_max_w, long_w = -export_max_w - self->net_w;
        double close_w = 1e-9 * (1 + wanted_w);
        if (short_w > close_w) {
            double charging_w = 0;
            for (int s = 0; s < self->plant.store_count; s++) {
                charging_w += self->store_w[s] < 0 ? -self->store_w[s] : 0;
            }
            if (charging_w > 0) {
                double keep = kept_frac(short_w, charging_w);
                for (int s = 0; s < self->plant.store_count; s++) {
                    self->store_w[s] *= self->store_w[s] < 0 ? keep : 1;
                }
            } else if (!connected(self) && form_voltage(self, short_w) > close_w) {
                continue;
            } else {
                scaled = true;
                if (!scale_loads(self, kept_frac(short_w, loads_w(self)))) {
                    break;
                }
            }
        } else if (long_w > close_w && !connected(self) && hold_back(self, long_w)) {
            continue;
        } else if (long_w > close_w && supply_w(self) > 0) {
            scale_supply(self, kept_frac(long_w, supply_w(self)));
        } else {
            break;
        }
    }
    self->unserved_w = (scaled ? fmax(wanted_w - loads_w(self), 0) : 0) + self->dark_w;
}

/* Stores whose power the connection has changed are asked for the new one; not every device can do every power. */
static void meet_the_connection(sg_world *self)
{
    close_at_the_connection(self);
    for (int round = 0; round < 3; round++) {
        bool moved = false;
        for (int s = 0; s < self->plant.store_count; s++) {
            double w = self->store_w[s];
            if (w != self->store_try_w[s]) { /* true for NAN */
                try_store(self, s, w);
                moved = moved || self->store_w[s] != w;
            }
        }
        if (!moved) {
            return;
        }
        close_at_the_connection(self);
    }
    for (int s = 0; s < self->plant.store_count; s++) {
        if (self->store_w[s] != self->store_try_w[s]) {
            try_store(self, s, self->store_w[s]);
        }
    }
    self->net_w = sweep(self); /* the rest goes through the connection, and is seen there */
}

/* --- the books --- */

/* Sums stand in variables of their own, for the compiler cannot know that no array is in their place. */
static void book_loads(sg_world *self, double dt_s)
{
    const sg_plant *plant = &self->plant;
    sg_world_books b = self->books;
    bool cut = false;
    for (int l = 0; l < plant->load_count; l++) {
        double w = self->load_w[l], want_w = self->load_want_w[l], missing_w = want_w - w;
        double minimum_w = plant->load_minimum_w[l];
        double least_w = minimum_w < want_w ? minimum_w : want_w;
        b.loads_j += w * dt_s;
        b.demand_j += want_w * dt_s;
        b.unserved_j += missing_w * dt_s;
        b.unserved_value += missing_w * dt_s * plant->load_value[l];
        cut = cut || w < least_w * (1 - 1e-9);
    }
    b.short_s += cut ? dt_s : 0;
    self->books = b;
}

static void keep_books(sg_world *self, double dt_s)
{
    sg_world_books *b = &self->books;
    const sg_plant *plant = &self->plant;
    for (int s = 0; s < plant->source_count; s++) {
        b->sources_j += self->source_w[s] * dt_s;
    }
    double stored_j = 0;
    for (int s = 0; s < plant->store_count; s++) {
        const sg_store_step *step = sg_truth_commit(&self->truth, s);
        *(step->power_w > 0 ? &b->discharge_j : &b->charge_j) += fabs(step->power_w) * dt_s;
        b->store_losses_j += step->loss_j;
        self->store_j[s] = step->energy_j;
        self->store_soh[s] = step->soh_frac;
        stored_j += step->energy_j;
    }
    b->stored_j = stored_j;
    book_loads(self, dt_s);
    b->tasks_j += self->task_w * dt_s;
    b->losses_j += self->losses_w * dt_s;
    b->import_j += self->net_w > 0 ? self->net_w * dt_s : 0;
    b->export_j += self->net_w < 0 ? -self->net_w * dt_s : 0;
    bool over = false;
    for (int n = 0; n < plant->node_count; n++) {
        /* where the trip curve is known, heat is the breaker's limit */
        double limit_w = plant->node_curve[n] > 0 ? plant->node_hard_w[n] : plant->node_limit_w[n];
        double load = fabs(self->node_in_w[n]) / limit_w; /* 0 without a limit */
        over = over || load > 1 + 1e-9;
        b->overload_worst = load > b->overload_worst ? load : b->overload_worst;
    }
    b->overload_s += over ? dt_s : 0;
    sg_protection_step(&self->protection, self->node_in_w, dt_s);
    b->heat_worst = self->protection.heat_worst;
    b->trips = self->protection.trips;
}

double sg_world_balance_error_j(const sg_world *self)
{
    const sg_world_books *b = &self->books;
    double in_j = b->sources_j + b->import_j;
    double out_j = b->loads_j + b->tasks_j + b->export_j + b->losses_j + b->store_losses_j;
    return fabs(in_j - out_j - (b->stored_j - b->stored_first_j));
}

/* --- a step --- */

void sg_world_read(sg_world *self, double dt_s, sg_readings *ret)
{
    int64_t from_us = self->time_us, to_us = from_us + llround(dt_s * 1e6);
    sg_plant_step_length(&self->plant, dt_s);
    sg_schedules_apply(&self->plant, from_us);
    if (!self->played) {
        play(self, from_us, to_us);
    }
    obey(self);
    meet_the_connection(self);
    keep_books(self, dt_s);
    self->import_register_j += self->net_w > 0 ? self->net_w * dt_s : 0;
    self->export_register_j += self->net_w < 0 ? -self->net_w * dt_s : 0;
    self->time_us = to_us;
    play_market(self, to_us, 2 * to_us - from_us);
    self->played = dt_s > inner_step_s_max;
    if (self->played) {
        play(self, to_us, 2 * to_us - from_us);
    }
    sg_world_write_readings(self);
    *ret = (sg_readings){.time_us = to_us,
                         .dt_s = dt_s,
                         .value = self->value,
                         .quality = self->quality,
                         .changed = self->changed_count < 0 ? NULL : self->changed,
                         .changed_count = self->changed_count < 0 ? 0 : self->changed_count};
}

static void port_read(void *self, double dt_s, sg_readings *ret)
{
    sg_world_read(self, dt_s, ret);
}

static void port_write(void *self, const sg_command *command)
{
    sg_world_write(self, command);
}

sg_field_port sg_world_field(sg_world *self)
{
    return (sg_field_port){.self = self, .read = port_read, .write = port_write};
}
