/* flows.h - what the parts of a control step share: the running picture of one step. Private to the control room. */
#ifndef SG_CONTROL_FLOWS_H
#define SG_CONTROL_FLOWS_H
#include "control/control.h"

typedef struct sg_flows {
    const sg_control *self;
    const sg_plant *plant;
    const sg_measure *measure;
    const sg_control_input *in;
    bool grid_up;  /* connected to it          */
    bool bridging; /* the bridge's energy is open: gone, or not fully back     */
    double import_w_max, export_w_max; /* 0 while the grid is down; on the ramp after its return */
    double import_price, export_price;
    double available_w; /* of sources without fuel cost       */
    double fuelled_w;   /* of sources that cost something     */
    double started_w;   /* of those that had to be started: what they reach in this step */
    double able_w;      /* of the same, once their load has grown */
    double protected_w; /* that stores go on giving while import grows   */
    double form_w;      /* stores would give more by themselves, without a command */
    double losses_w;
    double task_w;
    double wanted_w;   /* by all loads, as far as they are kept and breakers let them */
    double served_w;   /* expected draw of all loads         */
    double minimums_w; /* of all loads, as far as they want them */
    double local_w;    /* of stores other than duty `energy` */
} sg_flows;

/* The most store s may give or take in this step, from its reading, reserve, rating and quality. */
double sg_store_can_give_w(const sg_flows *f, int s);
double sg_store_can_take_w(const sg_flows *f, int s);

/* Which stores do what they were told? One that was to give and has shown less than half of it for a second does not follow:
 * until it does, it counts for no more than it shows, and is asked for little more, so that others take over and it can come
 * back. Looks at the last command, so it comes first in the step. */
void sg_stores_listen(const sg_flows *f);

/* Power may flow down to node n in addition to what is already used on its path: least room on the way. */
double sg_path_room_w(const sg_flows *f, int n);
void sg_path_use(const sg_flows *f, int n, double power_w);

/* Is the grid there, who is kept without it (ride.h), which generators run. */
void sg_island_look(sg_flows *f);
/* While f->bridging: what a load may want at most, and why. */
double sg_island_want_w(const sg_flows *f, int load, double want_w);
sg_reason sg_island_reason(const sg_flows *f, int load);
/* What may be given to loads, of what supply and stores can give. */
double sg_island_firm_w(const sg_flows *f, double supply_w, double storage_w);
/* What a generator that runs delivers in this step at most. */
double sg_set_reach_w(const sg_flows *f, int source);
/* While f->bridging: the stores in hand-over order, each gives what those before it cannot, or not yet. net_w: to be covered by
 * them, the sets and the grid; < 0: too much. */
void sg_island_stores(sg_flows *f, double net_w);
/* Last: what the next step has to know of this one. */
void sg_island_done(const sg_flows *f);

/* Demands, flows and the caps that keep every breaker (allocation.c side of the step). */
void sg_flows_demands(sg_flows *f);
void sg_flows_sum(sg_flows *f);    /* the flows of these demands, once more for other limits */
void sg_flows_relief(sg_flows *f); /* relief.c */
size_t sg_relief_size(int32_t node_count, int32_t store_count, int32_t tie_count);
sg_reason sg_relief_reason(const sg_flows *f, int s);
/* Of the relief that store s is told to give, what was measured: so much may be drawn beyond the breakers' limits. */
double sg_relief_counted_w(const sg_flows *f, int s);
void sg_flows_caps(sg_flows *f);
void sg_flows_headroom(sg_flows *f);
void sg_flows_rest(sg_flows *f); /* instead of all these: the last caps, without relief */
/* Last for a node whose caps or reasons were written: what they add up to, and that they are such as may be told. */
void sg_flows_told(const sg_flows *f, int32_t node);

/* Stores that look after their own node: smoothing, device cells, bridge. */
void sg_local_stores(sg_flows *f);

/* Is the grid served in this step? Then stores with duty `power` do not smooth their node but wait for it. */
bool sg_regulates(const sg_flows *f);
/* After all stores have been set: contract, regulation signal and droop on top (regulate.h). */
void sg_regulate(sg_flows *f);

/* Stores with duty `energy` by policy, then shortage, surplus and sources. */
void sg_energy_stores(sg_flows *f);
double sg_sources(sg_flows *f); /* returns what is curtailed, W */

/* Last: nothing passes that a rating, a reserve, a reading or the law of no circulation forbids. */
void sg_envelope(const sg_flows *f);
/* The most that the envelope will let store s give in this step, by its ramp and rest. */
double sg_store_pace_w(const sg_flows *f, int s);
/* In its place, in the safe set: stores have been sent to rest. */
void sg_envelope_rest(const sg_flows *f, double dt_s);
#endif
