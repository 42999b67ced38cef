/* transformer.h - losses, efficiency and voltage drop of a power transformer.
 *
 * Loss     no-load loss + load loss (S / rating)^2: IEC 60076-1. Both flow from whichever side feeds.
 * Drop     e = x (er c + ex s) + x^2 (ex c - er s)^2 / 2, er = load loss / rating, er^2 + ex^2 = impedance^2: Kapp's rule.
 * Units    W, VA, fractions. Sign: power > 0 leaves the secondary side, < 0 enters it.
 * Limits   the same losses at any temperature, voltage and frequency; no tap changer, no inrush. */
#ifndef SG_MODEL_TRANSFORMER_H
#define SG_MODEL_TRANSFORMER_H

typedef struct sg_transformer {
    double rating_va;      /* > 0 */
    double no_load_w;      /* >= 0 */
    double load_w;         /* at rating, >= 0 */
    double impedance_frac; /* short-circuit voltage, >= load_w / rating_va */
} sg_transformer;

/* At an apparent power. @effects alloc=no block=no fails=never */
double sg_transformer_loss_w(const sg_transformer *self, double power_va);

/* The load with the best efficiency, sqrt(no-load / load loss), as a fraction of the rating; 1 without load loss.
 * @effects alloc=no block=no fails=never */
double sg_transformer_best_frac(const sg_transformer *self);

/* Voltage lost at the secondary side, of its no-load voltage; power_factor 0..1, < 0: leading.
 * @effects alloc=no block=no fails=never */
double sg_transformer_drop_frac(const sg_transformer *self, double power_va, double power_factor);
#endif
