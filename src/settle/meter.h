/* meter.h - what each interval came to: metered energy, cost, revenue, carbon.
 *
 * Units    J, micro-units of the site's currency, mg; prices money per J.
 * Time     intervals are aligned to multiples of interval_s since 1970 and close with the first frame at or past their end.
 *          A frame never straddles two: its energy belongs to the interval its end lies in. A demand charge is for calendar months
 *          by the site's clock; an interval belongs to the month in which it begins.
 * Metering energy bought and sold comes from the grid meter's registers, so a silence is billed when it ends, once. Readings that
 *          the connection could not have carried are not billed.
 * Memory   one flat value. @effects of every function: alloc=no block=no fails=never */
#ifndef SG_SETTLE_METER_H
#define SG_SETTLE_METER_H
#include <stdbool.h>
#include <stdint.h>

/* One settled interval. Money in micro-units so that sums are exact. */
typedef struct sg_settlement {
    int64_t start_us, end_us;
    int64_t import_j, export_j; /* from the meter's registers */
    int64_t load_j, generation_j, charge_j, discharge_j, losses_j, unserved_j, curtailed_j;
    int64_t cost_u, revenue_u; /* energy bought and sold */
    int64_t wear_u, fuel_u;    /* of stores; of sources that cost something             */
    int64_t demand_u;          /* what this interval added to the month's demand charge */
    int64_t carbon_mg, carbon_credit_mg;
    int32_t suspect_steps; /* steps with a meter reading that was not good */
    int32_t steps;
} sg_settlement;

typedef struct sg_meter {
    double import_register_j, export_register_j; /* last reading, < 0: none yet     */
    double sum[16];       /* running sums of enum sum, exact enough for one interval */
    double peak_w;        /* highest interval of import this month */
    double peak_all_w;    /* highest of all                  */
    double demand_charge; /* money per W                     */
    int64_t month;        /* of peak_w, as sg_month_of; -1: no interval yet */
    int64_t zone_us;      /* of the site's clock, east of UTC               */
    int64_t interval_us;
    int64_t read_us;         /* when the registers were last read        */
    int64_t covered_from_us; /* and before the running interval          */
    uint64_t settled_count;
    sg_settlement running, last, total;
} sg_meter;

/* What one step delivered, means over dt_s. */
typedef struct sg_metered {
    double import_register_j, export_register_j;
    bool registers_good;
    double import_w_max, export_w_max; /* that the connection carries */
    double load_w, generation_w, charge_w, discharge_w, losses_w, unserved_w, curtailed_w;
    double wear_per_s, fuel_per_s; /* money per s */
    double import_price, export_price, carbon_kg_per_j;
} sg_metered;

void sg_meter_init(sg_meter *self, double interval_s, double demand_charge, int32_t zone_offset_s);

/* Account one step that ended at time_us. True when an interval was closed: self->last is it. */
bool sg_meter_step(sg_meter *self, int64_t time_us, double dt_s, const sg_metered *step);

/* The highest interval of import, W, so far in the month that the instant lies in; 0 in a month of which none was closed yet. */
double sg_meter_peak_w(const sg_meter *self, int64_t time_us);

/* Add one interval to a sum of intervals that ends where it begins. */
void sg_settlement_add(sg_settlement *total, const sg_settlement *one);
#endif
