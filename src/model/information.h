/* information.h - what work computed ahead gives back.
 * Source   J. Switzer and B. Raghavan, Information Batteries, ACM Energy Informatics Review 1(1), 2021; the energy balance is
 *          this program's. */
#ifndef SG_MODEL_INFORMATION_H
#define SG_MODEL_INFORMATION_H

/* Energy spared over energy spent: hit exec / (ahead + cache + lookup). Energies are >= 0, of one piece of work: to execute
 * it on demand, to compute it ahead, to keep it, to look for it. 0 where nothing was spent.
 * @effects alloc=no block=no fails=never */
double sg_information_efficiency(double hit_frac, double exec_j, double ahead_j, double cache_j,
                                 double lookup_j);
#endif
