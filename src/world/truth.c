#include "world/truth.h"

#include <math.h>
#include <string.h>

static int find_input(const sg_model *model, const char *name)
{
    for (int i = 0; model && i < model->input_count; i++) {
        if (strcmp(model->inputs[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static int find_param(const sg_model *model, const char *name)
{
    for (int i = 0; model && i < model->param_count; i++) {
        if (strcmp(model->params[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static int find_output(const sg_model *model, const char *name)
{
    for (int i = 0; model && i < model->output_count; i++) {
        if (strcmp(model->outputs[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

size_t sg_truth_doubles(const sg_site *site)
{
    size_t stores = (size_t)site->device_count[SG_STORE];
    size_t sum = stores * sizeof(sg_store_step) / sizeof(double) + stores / sizeof(double) + 1;
    for (int g = 0; g < site->group_count; g++) {
        const sg_model *model = site->groups[g].kind->model;
        sum += model ? 2 * (size_t)model->state_count * (size_t)site->groups[g].count : 0;
    }
    return sum;
}

/* Where a device's numbers begin among those of its group. */
static size_t place_of(const sg_truth *self, const sg_device *device, int index)
{
    return (size_t)(index - self->site->groups[device->group].first) *
           (size_t)self->group[device->group].model->state_count;
}

static double *state_of(const sg_truth *self, const sg_device *device, int index)
{
    return self->group[device->group].state + place_of(self, device, index);
}

void sg_truth_init(sg_truth *self, const sg_site *site, const sg_plant *plant, double *memory,
                   const double *energy_j)
{
    size_t stores = (size_t)site->device_count[SG_STORE];
    *self = (sg_truth){.site = site, .plant = plant, .tried = (void *)memory};
    memory += stores * sizeof(sg_store_step) / sizeof(double);
    self->lumped = (void *)memory;
    memory += stores / sizeof(double) + 1;
    for (int g = 0; g < site->group_count; g++) {
        const sg_group *group = &site->groups[g];
        const sg_model *model = group->kind->model;
        self->group[g] = (sg_truth_group){.model = model,
                                          .state = memory,
                                          .packs_input = find_input(model, "packs_available"),
                                          .packs_param = find_param(model, "packs"),
                                          .soh_output = find_output(model, "soh_frac")};
        size_t numbers = model ? (size_t)model->state_count * (size_t)group->count : 0;
        self->group[g].tried = memory + numbers;
        for (int m = 0; model && m < group->count; m++) {
            int index = group->first + m;
            sg_model_start(model, site->devices[group->role][index].p, memory);
            if (group->role == SG_STORE) {
                memory[0] = energy_j[index];
            }
            memory += model->state_count;
        }
        memory += numbers;
    }
}

void sg_truth_fill(sg_truth *self, int store, double energy_j)
{
    const sg_device *device = &self->site->devices[SG_STORE][store];
    if (self->group[device->group].model) {
        state_of(self, device, store)[0] = energy_j;
    }
}

/* Does nothing from outside but the power asked for reach it? */
static bool is_alone(const sg_device *device, const sg_truth_group *group)
{
    for (int i = 1; i < group->model->input_count; i++) {
        if (device->input_series[i - 1] >= 0 ||
            (i == group->packs_input && device->input_value[i - 1] >= 0)) {
            return false;
        }
    }
    return true;
}

void sg_truth_lump(sg_truth *self)
{
    for (int s = 0; s < self->plant->store_count; s++) {
        const sg_device *device = &self->site->devices[SG_STORE][s];
        const sg_kind *kind = sg_device_kind(self->site, device);
        const sg_truth_group *group = &self->group[device->group];
        self->lumped[s] = group->model && kind->is_lumped && is_alone(device, group) &&
                          kind->is_lumped(device->p, state_of(self, device, s));
    }
}

double sg_truth_input(const sg_around *around, const sg_device *device, int input)
{
    int series = device->input_series[input];
    return series >= 0 ? around->series_mean[series] : device->input_value[input];
}

double sg_truth_source_w(sg_truth *self, int source, double asked_w, const sg_around *around,
                         double *ret_power_w)
{
    const sg_device *device = &self->site->devices[SG_SOURCE][source];
    const sg_kind *kind = sg_device_kind(self->site, device);
    const sg_model *model = self->group[device->group].model;
    double in[SG_MODEL_INPUT_MAX] = {asked_w}, out[SG_MODEL_OUTPUT_MAX] = {0};
    for (int i = 0; i < kind->input_count; i++) {
        in[i] = sg_truth_input(around, device, i);
    }
    if (!model) {
        return kind->available_w(device->p, in);
    }
    sg_status status =
        sg_model_step(model, device->p, &around->now, in, state_of(self, device, source), out);
    if (ret_power_w) {
        *ret_power_w = status == SG_OK ? out[1] : 0;
    }
    return status == SG_OK ? out[0] : 0; /* what a model cannot take delivers nothing */
}

static sg_store_step lumped(const sg_truth *self, int store, double energy_j, double request_w,
                            double dt_s)
{
    const sg_reservoir *r = &self->plant->store_reservoir[store];
    double keep = self->plant->store_keep_frac[store];
    double give_w = sg_reservoir_discharge_w(r, energy_j, 0, keep, dt_s);
    double take_w = sg_reservoir_charge_w(r, energy_j, keep, dt_s);
    double w = request_w > give_w ? give_w : request_w < -take_w ? -take_w : request_w;
    double standing_j = energy_j * (1 - keep);
    double converting_w = w > 0 ? w * (1 / r->discharge_eff - 1) : -w * (1 - r->charge_eff);
    return (sg_store_step){.power_w = w,
                           .energy_j = sg_reservoir_step(r, energy_j, w, keep, dt_s),
                           .loss_j = standing_j + converting_w * dt_s,
                           .soh_frac = NAN};
}

/* Whole packs, for the whole step: the mean of a series that changes within it lies between two. -1: all. */
static double packs_in_service(double given, double packs, double lost)
{
    if (given < 0 && !(lost > 0)) {
        return -1;
    }
    double left = floor((given < 0 || given > packs ? packs : given) - lost);
    return left > 0 ? left : 0;
}

static sg_store_step modelled(sg_truth *self, int store, double energy_j, double request_w,
                              double packs_lost, const sg_around *around)
{
    const sg_device *device = &self->site->devices[SG_STORE][store];
    const sg_truth_group *group = &self->group[device->group];
    const sg_model *model = group->model;
    double in[SG_MODEL_INPUT_MAX] = {request_w}, out[SG_MODEL_OUTPUT_MAX];
    double *tried = group->tried + place_of(self, device, store);
    for (int i = 1; i < model->input_count; i++) {
        in[i] = sg_truth_input(around, device, i - 1);
    }
    if (group->packs_input > 0 && group->packs_param >= 0) {
        in[group->packs_input] =
            packs_in_service(in[group->packs_input], device->p[group->packs_param], packs_lost);
    }
    memcpy(tried, state_of(self, device, store), sizeof(double) * (size_t)model->state_count);
    if (sg_model_step(model, device->p, &around->now, in, tried, out) != SG_OK) {
        return (sg_store_step){.energy_j = energy_j, .soh_frac = NAN}; /* it stands still */
    }
    return (sg_store_step){.power_w = out[0],
                           .energy_j = out[1],
                           .loss_j = out[2],
                           .soh_frac =
                               group->soh_output >= 0 ? out[group->soh_output] : (double)NAN};
}

static bool has_model(const sg_truth *self, int store)
{
    return !self->lumped[store] && self->group[self->plant->store_group[store]].model;
}

sg_store_step sg_truth_try(sg_truth *self, int store, double energy_j, double request_w,
                           double packs_lost, const sg_around *around)
{
    if (self->lumped[store] && packs_lost > 0) {
        self->lumped[store] = 0;
        sg_truth_fill(self, store, energy_j);
    }
    self->tried[store] = has_model(self, store)
                             ? modelled(self, store, energy_j, request_w, packs_lost, around)
                             : lumped(self, store, energy_j, request_w, around->now.dt_s);
    return self->tried[store];
}

const sg_store_step *sg_truth_commit(sg_truth *self, int store)
{
    if (has_model(self, store)) {
        const sg_device *device = &self->site->devices[SG_STORE][store];
        const sg_truth_group *group = &self->group[device->group];
        memcpy(state_of(self, device, store), group->tried + place_of(self, device, store),
               sizeof(double) * (size_t)group->model->state_count);
    }
    return &self->tried[store];
}
