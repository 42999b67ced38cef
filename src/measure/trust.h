/* trust.h - which reading lies? Balances across the tree, energies against powers, and what to use instead.
 *
 * Balances What flows into a node (its meter) is what its loads draw, its stores take less give, its sources give and its
 *          children's meters show, losses of its cable and converter added. Each meter stands in two balances, its own and its
 *          parent's, so there are three views of one flow, and one that disagrees with the other two is outvoted.
 * Doubt    per node and store a cumulative sum (CUSUM, Page 1954) of |miss| / tolerance - 1: it rings at DOUBT_RINGS, after one
 *          step for a gross error, after some for one near the tolerance, and is over when it has run down to 0. The tolerance
 *          is 1 % of the readings' root sum of squares (independent meters of class 0.5 or better), plus what one step's change
 *          may be out of step.
 * Verdict  of the readings in a balance that rings, the one is convicted whose own behaviour explains the miss: it jumped when
 *          the miss appeared, has stood still since while the miss wandered, has the wrong sign, or is 1,000 times too large or
 *          small. If none or several do, nobody is: the node then counts with the largest of its views. It ends with the
 *          balance's doubt; for an outvoted meter, with that of either balance, where the other then misses something else.
 * Use      a convicted power is replaced by what the balance asks for, marked SG_SUSPECT, and its load's demand by that with
 *          room to grow. A load drawing more than it says it wants wants what it draws. A store's energy is carried forward by
 *          its power as read; where the two part by more than they may, low_j and high_j keep to the safe side of both, and widen
 *          with time; a reading that then follows the power from its new level is believed again after half a capacity has
 *          moved.
 * Clock    nothing here reads one; ages and sums count frames and dt_s, so a jump of the clock changes nothing.
 * Limits   one liar to a node at a time; errors below the tolerance pass; a drift slower than the reckoning forgets
 *          (RECKON_S) passes; steps longer than SG_LONG_STEP_S are not judged, for means then hide what happened.
 * Memory   parallel arrays in the engine's block. @effects of all: alloc=no block=no fails=never */
#ifndef SG_MEASURE_TRUST_H
#define SG_MEASURE_TRUST_H
#include "measure/measure.h"
#include "site/reason.h"

/* name, element type, which count it has: state that lives in the engine's block */
#define SG_TRUST_ARRAYS(X)                                                                         \
    X(node_doubt, double, node)        /* of its balance                              */           \
    X(node_miss_w, double, node)       /* flows in less accounted for, last step      */           \
    X(node_below_w, double, node)      /* what its members account for               */            \
    X(node_square, double, node)       /* of the members' readings, W^2               */           \
    X(node_jump_w, double, node)       /* how the miss appeared in this step; 0: did not */        \
    X(node_truth_w, double, node)      /* what the liar should say                    */           \
    X(node_liar, int32_t, node)        /* point that is convicted; -1: none           */           \
    X(node_jumped, int32_t, node)      /* point that jumped when the miss appeared    */           \
    X(node_found, int32_t, node)       /* point that explains the miss in this step   */           \
    X(node_count, int32_t, node)       /* how many do                                 */           \
    X(node_verdict, uint8_t, node)     /* of the liar                                 */           \
    X(load_still, uint8_t, load)       /* steps without any change, in doubtful nodes */           \
    X(load_over, uint8_t, load)        /* steps in which it drew more than it wanted  */           \
    X(store_reckoned_j, double, store) /* energy carried forward; < 0: never read */               \
    X(store_margin_j, double, store)   /* how far the truth may be from it        */               \
    X(store_apart_j, double, store)    /* of reading and reckoning, when they parted  */           \
    X(store_missed_j, double, store)   /* beside that: what its node's balance missed meanwhile */ \
    X(store_steady_j, double, store)   /* moved since then while that stayed the same */           \
    X(store_doubt, double, store)

typedef struct sg_trust {
#define X(name, type, count) type *name;
    SG_TRUST_ARRAYS(X)
#undef X
} sg_trust;

/* Before the first step. */
void sg_trust_start(const sg_trust *self, const sg_plant *plant);

/* Judge a frame before it is taken: measure still holds the last step's values. */
void sg_trust_judge(const sg_trust *self, const sg_measure *measure, const sg_plant *plant,
                    const sg_news *news, const sg_readings_in *in);

/* Take it (measure.h), correct it by what was judged, and add up what loads want and draw. Returns how many readings are not
 * believed. ret_counts: points per quality, as they were taken. */
int sg_trust_take(const sg_trust *self, const sg_measure *measure, const sg_plant *plant,
                  const sg_news *news, const sg_readings_in *in, int64_t ret_counts[4]);

/* A reading that is not believed; of a node whose liar is not known, its meter. */
typedef struct sg_disbelief {
    int32_t point, verdict; /* sg_verdict */
} sg_disbelief;

/* The first `most` of them. Returns how many were written. */
int sg_trust_list(const sg_trust *self, const sg_plant *plant, int most, sg_disbelief *ret);
#endif
