/* entanglement.h - entangled pairs between distant places: what is left of them after repeaters, memories and purification.
 *
 * A pair is Bell diagonal: pair[4] are the shares of Phi+, Psi-, Psi+, Phi- (in this order, sum 1); its fidelity is pair[0]. A
 * Werner pair has fidelity F and (1 - F)/3 of each other.
 *
 * Units    s, 1/s; fidelities and probabilities 0..1.
 * Memory   nothing is kept or allocated.
 * Source   Werner pairs and swapping: H.-J. Briegel, W. Duer, J. I. Cirac, P. Zoller, Phys. Rev. Lett. 81 (1998) 5932.
 *          BBPSSW: C. H. Bennett et al., Phys. Rev. Lett. 76 (1996) 722. DEJMPS: D. Deutsch et al., Phys. Rev. Lett. 77 (1996)
 *          2818. Both as in W. Duer, H.-J. Briegel, Rep. Prog. Phys. 70 (2007) 1381. BB84: P. W. Shor, J. Preskill, Phys. Rev.
 *          Lett. 85 (2000) 441.
 * Limits   gates and measurements without faults; memories depolarise; no classical delay; keys without end. */
#ifndef SG_MODEL_ENTANGLEMENT_H
#define SG_MODEL_ENTANGLEMENT_H
#include "base/status.h"

#include <stdbool.h>

enum {
    SG_BELL_STATES = 4,
    SG_LINK_MAX = 1024,            /* of a chain                            */
    SG_PURIFICATION_ROUND_MAX = 40 /* a billion billion pairs, and no more */
};

/* w = (4F - 1)/3 is the share of Phi+ beside white noise, F = (3w + 1)/4. @effects alloc=no block=no fails=never */
double sg_werner_of_fidelity(double fidelity);
double sg_fidelity_of_werner(double werner);
void sg_werner_pair(double fidelity, double ret[SG_BELL_STATES]);

/* Two links joined by a Bell measurement in their middle: Werner pairs, and any Bell diagonal ones.
 * @effects alloc=no block=no fails=never */
double sg_swap_fidelity(double one, double other);
void sg_swap(const double one[SG_BELL_STATES], const double other[SG_BELL_STATES],
             double ret[SG_BELL_STATES]);
/* The fidelity that each of `links` Werner links needs for `fidelity` from end to end. links >= 1, fidelity >= 1/4.
 * @effects alloc=no block=no fails=never */
double sg_link_fidelity(double fidelity, int links);

/* White noise takes over but for keep_frac of the pair: exp(-t/T) after t in memories of coherence time T.
 * @effects alloc=no block=no fails=never */
void sg_depolarise(double pair[SG_BELL_STATES], double keep_frac);

/* Two pairs into one, when the measured one agrees: returns with what probability. BBPSSW takes Werner pairs and gives a
 * fidelity; DEJMPS takes any. The fidelities sum to more than 0. @effects alloc=no block=no fails=never */
double sg_purify_bbpssw(double one, double other, double *ret_fidelity);
double sg_purify_dejmps(const double one[SG_BELL_STATES], const double other[SG_BELL_STATES],
                        double ret[SG_BELL_STATES]);

/* Share of secret bits among sifted ones, with that share of bit and phase errors (0..1/2); efficiency >= 1 of the error
 * correction, 1: Shannon's limit. Never below 0. @effects alloc=no block=no fails=never */
double sg_bb84_secret_frac(double bit_errors, double phase_errors, double efficiency);
/* Errors of a Werner pair, 2 (1 - F)/3. @effects alloc=no block=no fails=never */
double sg_werner_error_frac(double fidelity);

/* --- a chain of links --- */

typedef struct sg_repeater_chain {
    int links;            /* 1..SG_LINK_MAX                                                     */
    double link_fidelity; /* of the Werner pair that a link makes, 1/4..1                       */
    double pair_rate;     /* pairs a second that a link makes when it has none, > 0             */
    double swap_success;  /* of each Bell measurement, above 0..1                               */
    double coherence_s;   /* of the memories, > 0; INFINITY: they never forget                  */
    double target;        /* fidelity wanted from end to end, 1/4..1                            */
    bool twirl;           /* BBPSSW, back to a Werner pair after each round; else DEJMPS        */
    bool at_links;        /* purify on each link before swapping; else between the ends after it */
} sg_repeater_chain;

typedef struct sg_repeater_result {
    double plain_fidelity; /* from end to end without purification                            */
    double pair[SG_BELL_STATES]; /* what is had after the rounds                                  */
    int rounds;       /* until the target, or as many as help                            */
    bool reached;     /* the target is met                                               */
    double pair_rate; /* of such pairs, 1/s                                              */
} sg_repeater_result;

/* Every link makes pairs in its memories; when all have one, all are swapped at once; a swap that fails costs them all. The
 * wait of the early ones for the last is exact (exponential times). Purification takes two pairs as they come; the first waits
 * for the second. Rounds go on until the target is met or nothing more is won. SG_RANGE: outside what the fields say, or so
 * slow that no finite rate is left. @effects alloc=no block=no fails=SG_RANGE */
SG_MUST_CHECK sg_status sg_repeater_run(const sg_repeater_chain *self, sg_repeater_result *ret);
#endif
