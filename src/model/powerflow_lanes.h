/* powerflow_lanes.h - the batch of powerflow_batch.c for one vector width, included there once for each: LANES is how many
 * doubles a vector holds, TARGET the attribute of the width, NAMED(name) the name with its suffix. A template because
 * compilers split vectors for the function they stand in, before it is inlined. */
#define lanes NAMED(lanes)
#define mask  NAMED(mask)
#define group NAMED(group)
typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));
typedef int64_t mask __attribute__((vector_size(LANES * sizeof(int64_t))));

typedef struct group {
    const sg_network *net;
    const sg_powerflow_limits *limits;
    const sg_powerflow_cases *cases;
    const double *inverse; /* of the nominal voltage */
    lanes *v, *i, *s;      /* real, imaginary for each node: voltage, current, power */
    int64_t first;         /* case in lane 0 */
    int32_t used;          /* lanes; the rest repeats the first case */
} group;

/* --- the sweeps --- */

/* Current of load and shunt at a node. */
ALWAYS_INLINE void NAMED(draw)(const group *self, int32_t i, bool dc, bool plain)
{
    const sg_network *net = self->net;
    lanes a = self->v[2 * i], b = self->v[2 * i + 1];
    lanes p = self->s[2 * i], q = self->s[2 * i + 1];
    lanes square = dc ? a * a : a * a + b * b, weight = 1 / square;
    if (!plain && (net->current_share || net->impedance_share)) {
        double share_i = net->current_share ? net->current_share[i] : 0;
        double share_z = net->impedance_share ? net->impedance_share[i] : 0;
        lanes root;
        for (int k = 0; k < LANES; k++) {
            root[k] = sqrt(square[k]);
        }
        weight = (1 - share_i - share_z) * weight + share_i * (self->inverse[i] / root) +
                 share_z * (self->inverse[i] * self->inverse[i]);
    }
    lanes re = (dc ? p * a : p * a + q * b) * weight, im = (p * b - q * a) * weight;
    if (!plain && (net->shunt_g_s || net->shunt_b_s)) {
        double g_s = net->shunt_g_s ? net->shunt_g_s[i] : 0;
        double b_s = net->shunt_b_s && net->x_ohm ? net->shunt_b_s[i] : 0;
        re += g_s * a - b_s * b;
        im += g_s * b + b_s * a;
    }
    self->i[2 * i] = re;
    if (!dc) {
        self->i[2 * i + 1] = im;
    }
}

ALWAYS_INLINE void NAMED(sweep_up)(const group *self, bool dc, bool plain)
{
    const sg_network *net = self->net;
    for (int32_t i = net->node_count - 1; i > 0; i--) {
        int32_t parent = net->parent[i];
        double ratio = !plain && net->ratio ? net->ratio[i] : 1;
        self->i[2 * parent] += ratio * self->i[2 * i];
        if (!dc) {
            self->i[2 * parent + 1] += ratio * self->i[2 * i + 1];
        }
    }
}

ALWAYS_INLINE void NAMED(sweep_down)(const group *self, bool dc, bool plain, lanes *ret_worst)
{
    const sg_network *net = self->net;
    lanes worst = {0};
    NAMED(draw)(self, 0, dc, plain);
    for (int32_t i = 1; i < net->node_count; i++) {
        int32_t parent = net->parent[i];
        double ratio = !plain && net->ratio ? net->ratio[i] : 1, r = net->r_ohm[i];
        double square = self->inverse[i] * self->inverse[i];
        lanes i_re = self->i[2 * i], change;
        if (dc) {
            lanes re = ratio * self->v[2 * parent] - r * i_re, d_re = re - self->v[2 * i];
            change = d_re * d_re * square;
            self->v[2 * i] = re;
        } else {
            double x = net->x_ohm ? net->x_ohm[i] : 0;
            lanes i_im = self->i[2 * i + 1];
            lanes re = ratio * self->v[2 * parent] - (r * i_re - x * i_im);
            lanes im = ratio * self->v[2 * parent + 1] - (r * i_im + x * i_re);
            lanes d_re = re - self->v[2 * i], d_im = im - self->v[2 * i + 1];
            change = (d_re * d_re + d_im * d_im) * square;
            self->v[2 * i] = re;
            self->v[2 * i + 1] = im;
        }
        mask more = change > worst;
        worst = (lanes)(((mask)change & more) | ((mask)worst & ~more));
        NAMED(draw)(self, i, dc, plain);
    }
    *ret_worst = worst;
}

/* --- into lanes and out of them --- */

TARGET static void NAMED(load)(const group *self)
{
    const sg_network *net = self->net;
    const sg_powerflow_cases *cases = self->cases;
    size_t count = (size_t)net->node_count;
    const double *q_var = net->x_ohm ? cases->q_var : NULL;
    size_t from[LANES];
    lanes zero = {0};
    for (int32_t k = 0; k < LANES; k++) {
        from[k] = (size_t)(self->first + (k < self->used ? k : 0)) * count;
    }
    for (size_t i = 0; i < count; i++) {
        for (int32_t k = 0; k < LANES; k++) {
            self->s[2 * i][k] = cases->p_w[from[k] + i];
            self->s[2 * i + 1][k] = q_var ? q_var[from[k] + i] : 0;
        }
    }
    for (int32_t i = 0; i < net->node_count; i++) {
        double ratio = i > 0 && net->ratio ? net->ratio[i] : 1;
        self->v[2 * i] = i > 0 ? ratio * self->v[2 * net->parent[i]] : zero + net->source_v;
        self->v[2 * i + 1] = zero;
        self->i[2 * i + 1] = zero;
    }
}

/* From the currents of the branches at the last voltages, all lanes in one pass. */
TARGET static void NAMED(sum_up)(const group *self, sg_powerflow ret[LANES])
{
    const sg_network *net = self->net;
    lanes loss_w = {0}, lowest = loss_w + INFINITY;
    mask lowest_node = {0};
    for (int32_t i = 0; i < net->node_count; i++) {
        lanes i_re = self->i[2 * i], i_im = self->i[2 * i + 1];
        lanes a = self->v[2 * i] * self->inverse[i], b = self->v[2 * i + 1] * self->inverse[i];
        lanes square = a * a + b * b;
        double r = i > 0 ? net->r_ohm[i] : 0;
        loss_w += r * (i_re * i_re + i_im * i_im);
        mask less = square < lowest;
        lowest = (lanes)(((mask)square & less) | ((mask)lowest & ~less));
        lowest_node = (less & i) | (lowest_node & ~less);
    }
    for (int32_t k = 0; k < LANES; k++) {
        ret[k] = (sg_powerflow){.loss_w = loss_w[k],
                                .lowest_pu = sqrt(lowest[k]),
                                .lowest_node = (int32_t)lowest_node[k],
                                .source_w = net->source_v * self->i[0][k],
                                .source_var = -(net->source_v * self->i[1][k])};
    }
}

TARGET static void NAMED(store)(const group *self, int32_t k)
{
    const sg_powerflow_cases *cases = self->cases;
    size_t count = (size_t)self->net->node_count, to = (size_t)(self->first + k) * count;
    const double *v = (const double *)self->v + k;
    for (size_t i = 0; cases->ret_v_re && i < count; i++) {
        cases->ret_v_re[to + i] = v[2 * i * LANES];
    }
    for (size_t i = 0; cases->ret_v_im && i < count; i++) {
        cases->ret_v_im[to + i] = v[(2 * i + 1) * LANES];
    }
}

/* After a sweep: a lane that is done is stored as it stands, and goes on for nothing. Returns how many still have to. */
TARGET static int32_t NAMED(judge)(const group *self, const lanes *worst, int32_t sweeps)
{
    double tolerance = self->limits->tolerance_pu, target = tolerance * tolerance;
    sg_powerflow sums[LANES];
    int32_t going_on = 0, summed = 0;
    for (int32_t k = 0; k < self->used; k++) {
        sg_powerflow *ret = &self->cases->ret[self->first + k];
        if (ret->sweeps > 0) {
            continue; /* done before */
        }
        bool finite = isfinite(self->i[0][k]) && isfinite(self->i[1][k]);
        bool solved = (*worst)[k] <= target;
        if (finite && !solved && sweeps < self->limits->sweep_max) {
            going_on++;
            continue;
        }
        if (finite && !summed++) {
            NAMED(sum_up)(self, sums);
        }
        if (finite) {
            *ret = sums[k];
            ret->mismatch_pu = sqrt((*worst)[k]);
        }
        ret->outcome = !finite ? SG_NUMERIC : solved ? SG_SOLVED : SG_LIMIT;
        ret->sweeps = sweeps;
        NAMED(store)(self, k);
    }
    return going_on;
}

ALWAYS_INLINE void NAMED(solve)(const group *self, bool dc, bool plain)
{
    int32_t going_on = 1;
    NAMED(load)(self);
    for (int32_t i = 0; i < self->net->node_count; i++) {
        NAMED(draw)(self, i, dc, plain);
    }
    NAMED(sweep_up)(self, dc, plain);
    for (int32_t sweep = 1; sweep <= self->limits->sweep_max && going_on > 0; sweep++) {
        lanes worst;
        NAMED(sweep_down)(self, dc, plain, &worst);
        NAMED(sweep_up)(self, dc, plain);
        going_on = NAMED(judge)(self, &worst, sweep);
    }
}

TARGET static void NAMED(batch)(const sg_network *net, const sg_powerflow_limits *limits,
                                const sg_powerflow_cases *cases, void *memory)
{
    size_t count = (size_t)net->node_count;
    size_t ahead = (sizeof(lanes) - (uintptr_t)memory % sizeof(lanes)) % sizeof(lanes);
    group g = {.net = net, .limits = limits, .cases = cases};
    /* Plain networks, which have neither shares nor shunts nor ratios, have a loop without questions. */
    bool plain = !net->ratio && !net->shunt_g_s && !net->shunt_b_s && !net->current_share &&
                 !net->impedance_share;
    g.v = (void *)((char *)memory + ahead);
    g.i = g.v + 2 * count;
    g.s = g.i + 2 * count;
    double *inverse = (double *)(g.s + 2 * count);
    sg_powerflow_invert_nominal(net, inverse);
    g.inverse = inverse;
    for (g.first = 0; g.first < cases->count; g.first += LANES) {
        int64_t left = cases->count - g.first;
        g.used = left < LANES ? (int32_t)left : LANES;
        memset(cases->ret + g.first, 0, sizeof *cases->ret * (size_t)g.used);
        if (!plain) {
            NAMED(solve)(&g, false, false);
        } else if (net->x_ohm) {
            NAMED(solve)(&g, false, true);
        } else {
            NAMED(solve)(&g, true, true);
        }
    }
}

#undef lanes
#undef mask
#undef group
#undef LANES
#undef TARGET
#undef NAMED
