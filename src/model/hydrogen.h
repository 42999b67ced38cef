/* hydrogen.h - electrolysis and fuel cells: what a kilogram takes, and what part load costs.
 *
 * Units    V, J/kg, Ah/kg; loads and efficiencies are fractions.
 * Source   Faraday's law with CODATA 2018; part load after the default fuel cell of NREL's System Advisor Model. */
#ifndef SG_MODEL_HYDROGEN_H
#define SG_MODEL_HYDROGEN_H

#define SG_HYDROGEN_LHV_J_PER_KG 119.988e6 /* 33.33 kWh/kg */

/* 2 F / M. @effects alloc=no block=no fails=never */
double sg_hydrogen_charge_ah_per_kg(void);

/* What a cell of that voltage takes for a kilogram. @effects alloc=no block=no fails=never */
double sg_hydrogen_electrolysis_j_per_kg(double cell_volt);

/* Electric, and recovered heat, per fuel (lower heating value) at a share of the rating, 0..1: linear between the points
 * of the table. @effects alloc=no block=no fails=never */
double sg_hydrogen_part_load_frac(double load_frac);
double sg_hydrogen_part_load_heat_frac(double load_frac);
#endif
