/* points.h - the dense order of a site's readings: a frame is one array of doubles in this order. */
#ifndef SG_SITE_POINTS_H
#define SG_SITE_POINTS_H
#include "site/site.h"

/* Readings are means over the interval that ended. At steps longer than this, as in studies, demands, availabilities and prices are
 * those of the interval that begins: what the control steps inside it would see. */
#define SG_LONG_STEP_S 5.0

typedef enum sg_point_kind {
    SG_POINT_SOURCE_AVAILABLE, /* W that the source could deliver now            */
    SG_POINT_SOURCE_POWER,     /* W, mean of the interval                        */
    SG_POINT_STORE_ENERGY,     /* J at the end of the interval                   */
    SG_POINT_STORE_POWER,      /* W, mean, > 0 discharge                         */
    SG_POINT_LOAD_DEMAND,      /* W wanted, mean                                 */
    SG_POINT_LOAD_POWER,       /* W drawn, mean                                  */
    SG_POINT_NODE_POWER,       /* W through the node's breaker from above, mean  */
    SG_POINT_SITE,             /* enum sg_site_point                             */
    SG_POINT_TIE_POWER,        /* W that the giving end puts in, mean, > 0 from `from` to `to` */
    SG_POINT_KIND_COUNT
} sg_point_kind;

typedef enum sg_site_point {
    SG_SITE_IMPORT_J,     /* cumulative register of the grid meter           */
    SG_SITE_EXPORT_J,     /* cumulative register                             */
    SG_SITE_GRID_UP,      /* 1 connected, 0 not                              */
    SG_SITE_IMPORT_PRICE, /* money per J, fees included                      */
    SG_SITE_EXPORT_PRICE, /* money per J, fees taken off                     */
    SG_SITE_CARBON,       /* kg per J                                        */
    SG_SITE_LOSS_W,       /* cables and converters, mean                     */
    SG_SITE_TASK_W,       /* drawn by granted tasks, mean                    */
    SG_SITE_UNSERVED_W,   /* wanted within the caps but not delivered, mean  */
    SG_SITE_REGULATION,   /* signal of the grid operator, -1..1, 0 without one    */
    SG_SITE_FREQUENCY,    /* Hz, nominal where it is not measured            */
    SG_SITE_POINT_COUNT
} sg_site_point;

typedef struct sg_points {
    int32_t first[SG_POINT_KIND_COUNT]; /* index of the kind's first point */
    int32_t count;
} sg_points;

/* @effects alloc=no block=no fails=never */
sg_points sg_points_of(const sg_site *site);
/* The same from the counts alone. */
sg_points sg_points_from(int32_t sources, int32_t stores, int32_t loads, int32_t nodes,
                         int32_t ties);
#endif
