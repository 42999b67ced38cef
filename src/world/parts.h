/* parts.h - the inside of a simulated plant, for the files that step it: world.c, readings.c. Everybody else: world/world.h. */
#ifndef SG_WORLD_PARTS_H
#define SG_WORLD_PARTS_H
#include "world/faults.h"
#include "world/protection.h"
#include "world/truth.h"
#include "world/world.h"

struct sg_world {
    const sg_site *site;
    sg_plant plant;
    int64_t start_us, time_us;
    sg_world_books books;
    double import_register_j, export_register_j;
    /* the command in force */
    double *source_limit_w, *source_start, *store_command_w, *load_cap_w;
    double task_command_w;
    bool island;
    /* the plant's truth */
    double *series_mean;     /* [series] over the interval               */
    uint8_t *series_quality; /* [series] SG_NO_DATA outside a series' span */
    uint8_t market_quality[3];
    uint8_t service_quality[2]; /* signal, frequency */
    double *source_could_w, *source_w;
    double *store_j, *store_w;
    double *store_try_w;    /* store_w as the store itself gave it */
    double *store_before_w; /* in the interval before              */
    double *store_soh;      /* NAN where the kind has none */
    double *load_want_w, *load_w;
    double *load_given_w; /* demand of those without a series     */
    int32_t *load_series; /* of the others, or -1                 */
    uint8_t *series_read; /* [series] a source or a load has it: its end is their readings' end */
    double *tie_command_w, *tie_w, *tie_lost;
    double *node_out_w, *node_in_w;
    sg_protection protection;
    bool grid_up;
    bool played; /* the outside of the interval that begins is known already */
    double task_w, unserved_w, losses_w, net_w;
    double dark_w; /* wanted behind open breakers */
    double import_price, export_price, carbon;
    double signal, frequency_hz; /* of the interval */
    /* readings handed out */
    double *value, *last;
    uint8_t *quality;
    int32_t *changed;
    int32_t changed_count;
    bool plain; /* all of the devices' readings that were handed out last were there and true */
    sg_faults faults;
    sg_fault_tally tally;
    sg_truth truth;
    sg_around around; /* of the interval under way, or of the one played ahead */
    size_t memory_size;
    double memory[]; /* everything above points in here */
};

/* What is read after a step, into value and quality; faults spoil it, and what has changed is listed. @effects alloc=no block=no */
void sg_world_write_readings(sg_world *self);
#endif
