/* quantum.h - the orders of magnitude of a Dicke battery, for people to read. No device stores usable energy so. */
#ifndef SG_MODEL_QUANTUM_H
#define SG_MODEL_QUANTUM_H

/* @effects alloc=no block=no fails=never */
double sg_quantum_energy_j(double electronvolt);

/* Superabsorption: N cells together charge in 1 / sqrt(N) of the time of one. @effects alloc=no block=no fails=never */
double sg_quantum_charge_time_s(double of_one_s, double cells);
#endif
