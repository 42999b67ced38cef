/* steps.c - a hundred steps of a site, in memory: the library in forty lines.
 *
 *     cc $(pkg-config --cflags symgrid) steps.c $(pkg-config --libs symgrid) -o steps && ./steps */
#include <symgrid/base.h>
#include <symgrid/engine.h>
#include <symgrid/site.h>
#include <symgrid/world.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] =
    "title: One rack, some sun and a battery\n"
    "mode: control\n"
    "nodes: {site: {limit: 50kW}, rack: {parent: site, limit: 12kW}}\n"
    "loads: {server: {node: rack, count: 4, rating: 3kW, demand: 2.5kW}}\n"
    "sources: {roof: {type: solar, capacity: 20kW, coverage_area: 100m2, irradiance: 700W/m2}}\n"
    "stores: {battery: {type: lithium_ion, capacity: 30kWh, discharge_rate: 10kW}}\n"
    "grid: {import_max: 20kW, export_max: 5kW, import_price: 0.3 EUR/kWh}\n";

static sg_diagnostics diagnostics; /* too large for the stack */

int main(void)
{
    sg_site site;
    if (sg_site_parse("rack.yaml", text, strlen(text), false, &site, &diagnostics) != SG_OK) {
        fprintf(stderr, "line %d: %s\n", diagnostics.items[0].line, diagnostics.items[0].message);
        return 2;
    }
    const int64_t start_us = sg_days_from_civil(2023, 6, 1) * SG_US_PER_DAY;
    sg_world *world = sg_world_create(&site, start_us);
    void *memory = aligned_alloc(64, (sg_engine_size(&site) + 63) / 64 * 64);
    if (!world || !memory) {
        return 3;
    }
    const sg_engine_config config = {
        .policy = SG_POLICY_RULES, .mode = site.mode, .start_us = start_us};
    sg_engine *engine = sg_engine_create(memory, &site, &config);
    for (int step = 0; step < 100; step++) {
        sg_command command = sg_engine_command(engine);
        sg_world_write(world, &command);
        sg_readings readings;
        sg_world_read(world, 60.0, &readings);
        const sg_frame frame = {.time_us = readings.time_us,
                                .dt_s = readings.dt_s,
                                .value = readings.value,
                                .quality = readings.quality};
        sg_engine_step(engine, &frame, NULL);
    }
    sg_command command = sg_engine_command(engine);
    const sg_world_books *books = sg_world_books_of(world);
    printf("100 steps: %.3f kWh drawn, battery at %.2f kW because %s\n", books->loads_j / 3.6e6,
           command.store_w[0] / 1e3, sg_reason_text((sg_reason)command.store_reason[0]));
    printf("balance error %.3g J of %.3g J\n", sg_world_balance_error_j(world),
           books->sources_j + books->import_j + books->discharge_j);
    sg_world_free(world);
    free(memory);
    sg_site_free(&site);
    sg_diagnostics_free(&diagnostics);
    return 0;
}
