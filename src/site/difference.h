/* difference.h - what is otherwise in one site than in another, a line each, for people who read a log.
 *
 * Rule     things are the same by their ids. A line says what came, went or changed, with values where there is one: "stores
 *          battery: capacity 50 kWh -> 60 kWh". Of several members that changed the first speaks.
 * Bounds   SG_DIFFERENCE_MAX lines; what is more is counted in one more.
 * Threads  reads both sites, which never change once loaded. */
#ifndef SG_SITE_DIFFERENCE_H
#define SG_SITE_DIFFERENCE_H
#include "base/text.h"
#include "site/site.h"

enum { SG_DIFFERENCE_MAX = 40, SG_DIFFERENCE_NODE_GROUPS_MAX = 4000 };

/* Appends them as items of a JSON array of texts. Returns how many there are; 0: the sites are alike.
 * @effects alloc=yes (out) block=no fails=never */
int sg_site_difference(const sg_site *before, const sg_site *after, sg_out *out);
#endif
