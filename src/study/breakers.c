#include "study/breakers.h"

#include "base/time.h"
#include "engine/engine.h"
#include "study/plot.h"
#include "world/world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double warm = 0.8; /* of the trip */
static const double continuous_frac = 0.8;

enum { NO_CONTROL, EQUAL_CAPS, FIXED_LIMITS, HEAT_LIMITS, TIES };
static const char *const row_names[] = {"no control", "equal caps", "fixed limits", "heat limits",
                                        "heat and ties"};

typedef struct run {
    const sg_simulation *sim;
    sg_breakers *study;
    sg_breakers_row *row;
    int kind;
    sg_world *world;
    sg_engine *engine; /* NULL where none controls */
    sg_plant plant;
    sg_readings readings;
    double *cap_w, *store_w, *source_w; /* commands of the first two */
    uint8_t *reason;
    double *flow_w; /* [node] */
} run;

/* --- the two without engine --- */

static double limit_w(const sg_plant *plant, int n)
{
    double rated_w = continuous_frac * plant->node_breaker_w[n];
    return plant->node_curve[n] > 0 ? fmin(rated_w, plant->node_hard_w[n]) : plant->node_limit_w[n];
}

/* The largest share of what all loads wanted with which every breaker keeps its limit. */
static double equal_share(const run *r)
{
    const sg_plant *plant = &r->plant;
    memset(r->flow_w, 0, sizeof(double) * (size_t)plant->node_count);
    for (int l = 0; l < plant->load_count; l++) {
        double want_w = r->readings.value[plant->points.first[SG_POINT_LOAD_DEMAND] + l];
        r->flow_w[plant->load_node[l]] += want_w;
    }
    double share = INFINITY;
    for (int n = plant->node_count - 1; n >= 0; n--) {
        double gain = plant->node_gain[n] * plant->node_gain_below[n];
        share = fmin(share, limit_w(plant, n) / gain / r->flow_w[n]); /* infinite where none is */
        if (n > 0) {
            r->flow_w[plant->node_parent[n]] += r->flow_w[n];
        }
    }
    return share;
}

static void command_plainly(const run *r, bool first)
{
    const sg_plant *plant = &r->plant;
    double share = r->kind == EQUAL_CAPS && !first ? equal_share(r) : (double)INFINITY;
    for (int l = 0; l < plant->load_count; l++) {
        double want_w = first ? plant->load_rating_w[l]
                              : r->readings.value[plant->points.first[SG_POINT_LOAD_DEMAND] + l];
        r->cap_w[l] = r->kind == EQUAL_CAPS && !first
                          ? fmin(share * want_w, plant->load_rating_w[l])
                          : plant->load_rating_w[l];
    }
    sg_command command = {.time_us = sg_world_time(r->world),
                          .source_limit_w = r->source_w,
                          .store_w = r->store_w,
                          .load_cap_w = r->cap_w,
                          .source_reason = r->reason,
                          .store_reason = r->reason,
                          .load_reason = r->reason};
    sg_world_write(r->world, &command);
}

static void command_now(const run *r, bool first)
{
    if (!r->engine) {
        command_plainly(r, first);
        return;
    }
    if (!first) {
        sg_frame frame = {.time_us = r->readings.time_us,
                          .dt_s = r->readings.dt_s,
                          .value = r->readings.value,
                          .quality = r->readings.quality};
        sg_engine_step(r->engine, &frame, NULL);
    }
    sg_command command = sg_engine_command(r->engine);
    command.tie_w = r->kind == TIES ? command.tie_w : NULL;
    sg_world_write(r->world, &command);
}

/* --- figures --- */

static void count_group(const run *r, int i, double *load_w)
{
    sg_breakers_row *row = r->row;
    const sg_group *group = &r->sim->site->groups[r->study->group[i]];
    const int32_t *first = r->plant.points.first;
    double least = 1;
    for (int l = group->first; l < group->first + group->count; l++) {
        double want_w = r->readings.value[first[SG_POINT_LOAD_DEMAND] + l],
               got_w = r->readings.value[first[SG_POINT_LOAD_POWER] + l];
        least = want_w > 0 ? fmin(least, got_w / want_w) : least;
        row->group_wanted_j[i] += want_w * r->readings.dt_s;
        row->group_lost_j[i] += (want_w - got_w) * r->readings.dt_s;
        *load_w += got_w;
    }
    row->group_slowest[i] += least / (double)r->study->steps;
}

static void count_step(const run *r, int64_t step)
{
    sg_breakers *study = r->study;
    sg_breakers_row *row = r->row;
    int bin = (int)(step * study->bin_count / study->steps);
    double share = (double)study->bin_count / (double)study->steps, load_w = 0, hottest = 0;
    double wanted_j = row->wanted_j;
    const sg_world_books *books = sg_world_books_of(r->world);
    for (int i = 0; i < study->group_count; i++) {
        count_group(r, i, &load_w);
    }
    for (int n = 0; n < r->plant.node_count; n++) {
        hottest = fmax(hottest, sg_world_heat_frac(r->world, n));
    }
    row->heat[bin] = fmax(row->heat[bin], hottest);
    row->load_w[bin] += load_w * share;
    row->warm_s += hottest > warm ? study->step_s : 0;
    if (books->trips > 0 && isnan(row->first_trip_s)) {
        row->first_trip_s = (double)(step + 1) * study->step_s;
    }
    row->wanted_j = books->demand_j;
    if (r->kind == NO_CONTROL) {
        study->wanted_w[bin] += (row->wanted_j - wanted_j) / study->step_s * share;
    }
}

/* --- the runs --- */

static sg_status prepare(run *r, const sg_site *site, void *engine_memory)
{
    const sg_simulation *sim = r->sim;
    r->world = sg_world_create(sim->site, sim->from_us);
    if (!r->world) {
        return SG_NOMEM;
    }
    if (r->kind >= FIXED_LIMITS) {
        sg_engine_config config = {
            .policy = sim->policy, .mode = SG_CONTROL, .start_us = sim->from_us};
        r->engine = sg_engine_create(engine_memory, site, &config);
    }
    for (int i = 0; i < r->plant.source_count; i++) {
        r->source_w[i] = INFINITY;
    }
    return SG_OK;
}

static void run_one(run *r)
{
    sg_breakers_row *row = r->row;
    row->name = row_names[r->kind];
    row->first_trip_s = NAN;
    command_now(r, true);
    for (int64_t step = 0; step < r->study->steps; step++) {
        sg_world_read(r->world, r->study->step_s, &r->readings);
        command_now(r, false);
        count_step(r, step);
        if (r->sim->progress && step % 256 == 0) {
            double done = r->kind + (double)step / (double)r->study->steps;
            r->sim->progress(r->sim->progress_self, done / r->study->row_count);
        }
    }
    const sg_world_books *books = sg_world_books_of(r->world);
    row->trips = books->trips;
    row->heat_worst = books->heat_worst;
    row->lost_j = books->unserved_j;
    row->discharge_j = books->discharge_j;
}

/* The site as it would be without trip curves: fixed limits. */
static void forget_curves(const sg_site *site, sg_node *nodes)
{
    memcpy(nodes, site->nodes, sizeof *nodes * (size_t)site->node_count);
    for (int n = 0; n < site->node_count; n++) {
        nodes[n].curve = false;
    }
}

static sg_status run_all(const sg_simulation *sim, sg_breakers *ret, double *doubles,
                         sg_node *nodes, void *plant_memory, void *engine_memory)
{
    sg_plant_create(plant_memory, sim->site);
    forget_curves(sim->site, nodes);
    sg_status status = SG_OK;
    for (int kind = 0; kind < ret->row_count && status == SG_OK; kind++) {
        run r = {.sim = sim, .study = ret, .row = &ret->row[kind], .kind = kind};
        r.plant = sg_plant_at(plant_memory);
        r.cap_w = doubles;
        r.store_w = r.cap_w + r.plant.load_count;
        r.source_w = r.store_w + r.plant.store_count;
        r.flow_w = r.source_w + r.plant.source_count;
        r.reason = (uint8_t *)(r.flow_w + r.plant.node_count); /* all zero: none */
        sg_site site = *sim->site;
        site.nodes = kind == FIXED_LIMITS ? nodes : site.nodes;
        site.tie_count = kind == TIES ? site.tie_count : 0; /* its points come last */
        status = prepare(&r, &site, engine_memory);
        if (status == SG_OK) {
            run_one(&r);
        }
        sg_world_free(r.world);
    }
    return status;
}

static sg_status begin(const sg_simulation *sim, sg_breakers *ret)
{
    const sg_site *site = sim->site;
    memset(ret, 0, sizeof *ret);
    ret->site = site;
    ret->row_count = site->tie_count > 0 ? SG_BREAKERS_ROW_MAX : SG_BREAKERS_ROW_MAX - 1;
    ret->from_us = sim->from_us;
    ret->step_s = sim->step_s;
    ret->steps = sim->step_s > 0 ? (int64_t)(sim->duration_s / sim->step_s + 1e-9) : 0;
    if (ret->steps < 1 || ret->steps > INT32_MAX) {
        return SG_RANGE;
    }
    ret->bin_count = ret->steps < SG_BREAKERS_BIN_MAX ? (int)ret->steps : SG_BREAKERS_BIN_MAX;
    for (int g = 0; g < site->group_count && ret->group_count < SG_BREAKERS_GROUP_MAX; g++) {
        if (site->groups[g].role == SG_LOAD && site->groups[g].count > 0) {
            ret->group[ret->group_count++] = g;
        }
    }
    bool curve = false;
    for (int n = 0; n < site->node_count; n++) {
        curve = curve || site->nodes[n].curve;
    }
    return curve ? SG_OK : SG_MISSING;
}

sg_status sg_breakers_study(const sg_simulation *sim, sg_breakers *ret)
{
    sg_status status = begin(sim, ret);
    if (status != SG_OK) {
        return status;
    }
    const sg_site *site = sim->site;
    size_t devices = (size_t)(site->device_count[SG_LOAD] + site->device_count[SG_STORE] +
                              site->device_count[SG_SOURCE]);
    double *doubles = calloc(2 * devices + (size_t)site->node_count + 8, sizeof *doubles);
    sg_node *nodes = malloc(sizeof *nodes * (size_t)site->node_count);
    void *plant = aligned_alloc(64, (sg_plant_size(site) + 63) & ~(size_t)63);
    void *engine = aligned_alloc(64, (sg_engine_size(site) + 63) & ~(size_t)63);
    status = doubles && nodes && plant && engine ? run_all(sim, ret, doubles, nodes, plant, engine)
                                                 : SG_NOMEM;
    free(engine);
    free(plant);
    free(nodes);
    free(doubles);
    return status;
}

/* --- what people see --- */

static const double kwh = 3.6e6;

void sg_breakers_table(const sg_breakers *study, sg_out *out)
{
    char from[SG_TIME_TEXT];
    sg_time_format(study->from_us, from);
    sg_out_format(out, "%s, from %s, %.0f s in steps of %g s\n\n", study->site->title, from,
                  (double)study->steps * study->step_s, study->step_s);
    sg_out_format(out, "%-14s %6s %11s %11s %11s %11s %8s\n", "control", "trips", "first at s",
                  "worst heat", "over 80 %", "lost kWh", "lost");
    for (int i = 0; i < study->row_count; i++) {
        const sg_breakers_row *row = &study->row[i];
        sg_out_format(out, "%-14s %6lld ", row->name, (long long)row->trips);
        sg_out_format(out, isnan(row->first_trip_s) ? "%11s " : "%.0s%11.1f ", "-",
                      row->first_trip_s);
        sg_out_format(out, "%9.2f %% %9.1f s %11.3f %6.2f %%\n", 100 * row->heat_worst, row->warm_s,
                      row->lost_j / kwh, 100 * row->lost_j / row->wanted_j);
    }
    sg_out_format(out, "\n%-14s", "lost / slowest");
    for (int g = 0; g < study->group_count; g++) {
        sg_out_format(out, " %20s", study->site->groups[study->group[g]].id);
    }
    for (int i = 0; i < study->row_count; i++) {
        const sg_breakers_row *row = &study->row[i];
        sg_out_format(out, "\n%-14s", row->name);
        for (int g = 0; g < study->group_count; g++) {
            sg_out_format(out, "  %6.2f %% / %6.2f %%",
                          100 * row->group_lost_j[g] / row->group_wanted_j[g],
                          100 * row->group_slowest[g]);
        }
    }
    sg_out_text(out, "\n");
}

static void json_row(const sg_breakers *study, const sg_breakers_row *row, sg_out *out)
{
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "control", row->name);
    sg_json_integer(out, "trips", row->trips);
    sg_json_fixed(out, "first_trip_s", row->first_trip_s, 3);
    sg_json_fixed(out, "heat_worst_frac", row->heat_worst, 6);
    sg_json_fixed(out, "over_80_s", row->warm_s, 3);
    sg_json_fixed(out, "wanted_kwh", row->wanted_j / kwh, 6);
    sg_json_fixed(out, "lost_kwh", row->lost_j / kwh, 6);
    sg_json_fixed(out, "discharge_kwh", row->discharge_j / kwh, 6);
    sg_json_begin(out, "groups", '[');
    for (int g = 0; g < study->group_count; g++) {
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "id", study->site->groups[study->group[g]].id);
        sg_json_fixed(out, "wanted_kwh", row->group_wanted_j[g] / kwh, 6);
        sg_json_fixed(out, "lost_kwh", row->group_lost_j[g] / kwh, 6);
        sg_json_fixed(out, "slowest_frac", row->group_slowest[g], 6);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
    sg_json_end(out, '}');
}

void sg_breakers_json(const sg_breakers *study, sg_out *out)
{
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "format", "symgrid.breakers/1");
    sg_json_text(out, "site", study->site->title);
    sg_json_time(out, "from", study->from_us);
    sg_json_fixed(out, "step_s", study->step_s, 3);
    sg_json_integer(out, "steps", study->steps);
    sg_json_begin(out, "rows", '[');
    for (int i = 0; i < study->row_count; i++) {
        json_row(study, &study->row[i], out);
    }
    sg_json_end(out, ']');
    sg_json_end(out, '}');
}

void sg_breakers_html(const sg_breakers *study, sg_out *out)
{
    static const char *const styles[] = {"bad", "grid", "load", "store", "solar"};
    double bound[SG_BREAKERS_BIN_MAX];
    sg_plot heat = {.title = "Hottest breaker, share of its trip",
                    .unit = "%",
                    .start_us = study->from_us,
                    .bin_us = llround((double)study->steps * study->step_s * 1e6) /
                              (study->bin_count > 0 ? study->bin_count : 1),
                    .count = study->bin_count,
                    .low = 0,
                    .high = 100,
                    .height = 230};
    sg_plot power = heat;
    power.title = "Draw of all loads";
    power.unit = "kW";
    power.high = 0;
    power.curve[power.curve_count++] = (sg_plot_curve){
        .name = "wanted", .style = "loss", .value = study->wanted_w, .factor = 1e-3, .area = true};
    for (int i = 0; i < study->row_count; i++) {
        const sg_breakers_row *row = &study->row[i];
        heat.curve[heat.curve_count++] = (sg_plot_curve){
            .name = row->name, .style = styles[i], .value = row->heat, .factor = 100};
        power.curve[power.curve_count++] = (sg_plot_curve){
            .name = row->name, .style = styles[i], .value = row->load_w, .factor = 1e-3};
    }
    for (int i = 0; i < study->bin_count; i++) {
        bound[i] = warm;
    }
    heat.curve[heat.curve_count++] =
        (sg_plot_curve){.name = "bound", .style = "loss", .value = bound, .factor = 100};
    sg_report_page(out, study->site->title);
    sg_out_text(out, "<header><h1>");
    sg_out_html(out, study->site->title);
    sg_out_text(out, ": breakers</h1></header>\n");
    sg_plot_svg(&heat, out);
    sg_plot_svg(&power, out);
    sg_out_text(out, "<div class=\"box\"><pre>");
    sg_out table = {0};
    sg_breakers_table(study, &table);
    sg_out_html(out, table.text);
    sg_out_free(&table);
    sg_out_text(out, "</pre></div>\n</body>\n</html>\n");
}
