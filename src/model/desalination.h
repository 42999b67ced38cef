/* desalination.h - reverse osmosis of sea water: the energy that a cubic metre of fresh water takes.
 *
 * The feed is pressed to the operating pressure; water passes the membrane until the brine's osmotic pressure stands against
 * it. What pressure is left in the brine goes to a pressure exchanger (with a booster pump behind it), to a turbine on
 * the pump's shaft, or to waste.
 *
 * Law      The work is never less than the Gibbs energy that separation stores: the pressure is at least the osmotic pressure
 *          of the brine that leaves, which is at least that anywhere before, and no device gives back more than it is given.
 * Units    SI; pressures over that of the surroundings; volumes are of fresh water made (permeate).
 * Memory   plain values; nothing is allocated. Pure.
 * Source   the flowsheet of WaterTAP's RO with energy recovery; osmotic pressure after Pitzer (seawater.h).
 * Limits   NaCl of the same mass; the membrane's area, its flux and concentration polarisation stand behind the pressure
 *          that is asked for; no pretreatment and no intake pumps. */
#ifndef SG_MODEL_DESALINATION_H
#define SG_MODEL_DESALINATION_H
#include "model/seawater.h"

typedef enum sg_ro_device { SG_RO_EXCHANGER, SG_RO_TURBINE, SG_RO_WASTE } sg_ro_device;

typedef struct sg_ro {
    double pressure_pa;   /* of the feed, > 0                                              */
    double drop_pa;       /* along the feed channel, 0 <= x < pressure                     */
    double recovery_frac; /* of the feed's water, 0 < x < 1; less where pressure forbids   */
    double passage_frac;  /* salt of the feed per mass that comes through with the water   */
    double pump_eff;      /* of both pumps, 0 < x <= 1                                     */
    double device_eff;    /* of exchanger or turbine, 0 <= x <= 1                          */
    sg_ro_device device;
} sg_ro;

typedef struct sg_ro_result {
    double recovery_frac;     /* of water, 0: the pressure does not reach                       */
    double specific_j_per_m3; /* electrical, 0 where no water is made                           */
    double minimum_j_per_m3;  /* Gibbs energy stored in permeate and brine                      */
    double brine_pa;          /* osmotic pressure of the brine over that of the permeate        */
    sg_brine permeate, brine; /* of 1 kg of the feed's water                                    */
    double permeate_m3;       /* of 1 kg of the feed's water                                    */
} sg_ro_result;

/* Electrical work per m3 of permeate at that volumetric recovery, by flows alone. 0 < recovery < 1.
 * @effects alloc=no block=no fails=never */
double sg_ro_specific_j_per_m3(const sg_ro *self, double recovery_volume_frac);

/* The whole plant on a feed of that salinity, psu > 0. @effects alloc=no block=no fails=never */
void sg_ro_run(const sg_ro *self, double salinity_psu, double temp_degc, sg_ro_result *ret);

/* Reversible work to take that share of the water out of the feed, per m3 of pure water. 0 <= recovery < 1.
 * @effects alloc=no block=no fails=never */
double sg_ro_minimum_j_per_m3(double salinity_psu, double temp_degc, double recovery_frac);
#endif
