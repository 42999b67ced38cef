#include "control/control.h"

#include "control/allocate.h"
#include "control/breakers.h"
#include "control/flows.h"
#include "control/ties.h"

#include <math.h>
#include <string.h>

static const char *const policy_names[] = {"static", "rules", "mpc", "perfect"};

const char *sg_policy_name(sg_policy policy)
{
    return policy_names[policy];
}

bool sg_policy_find(const char *name, sg_policy *ret)
{
    for (int i = 0; i < 4; i++) {
        if (strcmp(policy_names[i], name) == 0) {
            *ret = (sg_policy)i;
            return true;
        }
    }
    return false;
}

size_t sg_control_scratch_size(int32_t node_count, int32_t store_count, int32_t tie_count)
{
    return sg_relief_size(node_count, store_count, tie_count);
}

static double reading(const sg_flows *f, int point, double fallback)
{
    return sg_measure_fresh(f->measure, point) ? f->measure->value[point] : fallback;
}

static void read_site(sg_flows *f)
{
    const sg_plant *plant = f->plant;
    int site = plant->points.first[SG_POINT_SITE];
    f->import_price =
        reading(f, site + SG_SITE_IMPORT_PRICE, NAN); /* no comparison with it holds */
    f->export_price = reading(f, site + SG_SITE_EXPORT_PRICE, 0);
    f->losses_w = reading(f, site + SG_SITE_LOSS_W, 0);
    int first = plant->points.first[SG_POINT_SOURCE_AVAILABLE];
    for (int s = 0; s < plant->source_count; s++) {
        double available_w =
            reading(f, first + s, 0); /* a source without a reading promises nothing */
        if (plant->source_start_s[s] >= 0) {
            bool runs = sg_start_wanted(f->self->source_start[s]);
            f->started_w += runs ? sg_set_reach_w(f, s) : 0;
            f->able_w += runs ? available_w : 0;
        } else {
            *(plant->source_cost[s] > 0 ? &f->fuelled_w : &f->available_w) += available_w;
        }
    }
}

/* Tasks give way before loads do when supply falls under what was promised. */
static double task_power(const sg_flows *f, double firm_w)
{
    if (f->bridging && !f->grid_up && !sg_ride_all_full(f->self->ride)) {
        return 0; /* before any class is held back */
    }
    double left_w = firm_w - f->minimums_w;
    return left_w < f->in->task_w ? fmax(left_w, 0) : f->in->task_w;
}

static double storage_firm_w(const sg_flows *f)
{
    double firm_w = 0;
    for (int s = 0; s < f->plant->store_count; s++) {
        int duty = f->plant->store_duty[s];
        bool bridge = duty == SG_DUTY_BRIDGE || (duty == SG_DUTY_POWER && f->bridging);
        if (duty == SG_DUTY_ENERGY || (bridge && (f->bridging || !f->grid_up))) {
            firm_w += sg_store_can_give_w(f, s);
        }
    }
    return firm_w;
}

sg_control_result sg_control_step(const sg_control *self, const sg_plant *plant,
                                  const sg_measure *measure, const sg_control_input *in)
{
    sg_flows f = {.self = self, .plant = plant, .measure = measure, .in = in};
    sg_plant_step_length(plant, in->dt_s);
    read_site(&f);
    sg_breakers_step(&f, in->dt_s, in->task_w);
    sg_stores_listen(&f);
    sg_ties_begin(&f);
    sg_island_look(&f);
    if (f.bridging) { /* what classes may want moves */
        sg_news_all(in->news);
        sg_news_forget(in->news);
    }
    sg_flows_demands(&f);
    if (sg_breakers_pairs(&f)) {
        sg_flows_sum(&f);
    }
    double storage_w = storage_firm_w(&f);
    double supply_w = f.import_w_max + f.available_w + f.fuelled_w + f.started_w;
    double firm_w = sg_island_firm_w(&f, supply_w, storage_w) - f.losses_w;
    double root_limit_w = self->node_leaf_w[0];
    if (in->start) {
        firm_w = root_limit_w; /* nothing is known of the supply yet: the breakers are */
    }
    f.task_w = task_power(&f, fmin(firm_w, root_limit_w));
    self->node_room_w[0] = fmax(fmin(firm_w, root_limit_w) - f.task_w, 0);
    sg_flows_relief(&f);
    sg_flows_caps(&f);
    sg_local_stores(&f);
    sg_energy_stores(&f);
    sg_regulate(&f);
    sg_flows_headroom(&f);
    sg_control_result result = {.task_w = f.task_w};
    result.curtailed_w = sg_sources(&f);
    sg_envelope(&f);
    sg_island_done(&f);
    double wanted_w = self->node_flow_w[0];
    /* stores empty, so what they give is not promised to tasks; the sun of this moment is not either */
    double promise_w = fmin(f.import_w_max + f.fuelled_w + f.started_w, root_limit_w);
    double lasting_w = f.import_w_max > 0 ? promise_w : fmin(firm_w, root_limit_w);
    result.wanted_w = wanted_w;
    result.free_w = lasting_w - wanted_w - f.losses_w - in->task_w;
    result.ever_w =
        fmin(plant->head->import_w_max + f.fuelled_w + f.started_w + f.available_w + storage_w,
             root_limit_w);
    return result;
}

void sg_control_rest(const sg_control *self, const sg_plant *plant, const sg_measure *measure,
                     const sg_control_input *in)
{
    sg_flows f = {.self = self, .plant = plant, .measure = measure, .in = in, .task_w = in->task_w};
    sg_breakers_step(&f, in->dt_s, in->task_w);
    for (int s = 0; s < plant->store_count; s++) {
        self->store_w[s] = 0;
        self->store_reason[s] = SG_REASON_SAFE;
    }
    sg_envelope_rest(&f, in->dt_s);
    sg_ties_rest(&f, SG_REASON_SAFE);
    sg_flows_rest(&f);
}
