#include "agent/agent.h"

#include "agent/bounds.h"

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Milliseconds since the last step. The watchdog lives on it, so it is never 0 once started: a clock that stands or
 * jumps back cannot hold the device in an old set-point. */
static uint32_t advance(sg_agent *self, uint32_t now_ms)
{
    uint32_t dt_ms = now_ms - self->clock_ms;
    self->clock_ms = now_ms;
    if (!self->started) {
        self->started = true;
        return 0;
    }
    if (dt_ms == 0 || dt_ms > INT32_MAX) {
        sg_agent_count(&self->clock_faults);
        dt_ms = SG_AGENT_STEP_MS;
    } else if (dt_ms >= SG_AGENT_LATE_MS) {
        sg_agent_count(&self->late_steps);
    }
    self->time_ms += dt_ms;
    return dt_ms;
}

static void age(uint32_t *age_ms, uint32_t dt_ms)
{
    *age_ms = *age_ms > UINT32_MAX - dt_ms ? UINT32_MAX : *age_ms + dt_ms;
}

/* Samples that cannot be are as good as none. */
static uint8_t sample_flags(const sg_agent_limits *limits, const sg_agent_inputs *in)
{
    bool load = in->load_good && in->load_mw >= 0 && in->load_mw <= limits->load_mw_max;
    /* a converter may overshoot its rating, not double it */
    bool store = in->store_good && in->store_mw / 2 >= -limits->charge_mw_max &&
                 in->store_mw / 2 <= limits->discharge_mw_max;
    return (uint8_t)((load ? 0 : SG_AGENT_NO_LOAD) | (store ? 0 : SG_AGENT_NO_STORE));
}

static void meter(sg_agent *self, const sg_agent_inputs *in, uint8_t flags, uint32_t dt_ms)
{
    if (dt_ms > SG_AGENT_GAP_MS || flags) {
        sg_agent_count(&self->gaps);
    }
    if (dt_ms > SG_AGENT_GAP_MS) {
        return; /* what flowed meanwhile nobody knows */
    }
    if (!(flags & SG_AGENT_NO_LOAD)) {
        self->load_uj += sg_agent_product((uint32_t)in->load_mw, dt_ms);
    }
    if (!(flags & SG_AGENT_NO_STORE) && in->store_mw >= 0) {
        self->discharge_uj += sg_agent_product((uint32_t)in->store_mw, dt_ms);
    } else if (!(flags & SG_AGENT_NO_STORE)) {
        self->charge_uj += sg_agent_product((uint32_t)-in->store_mw, dt_ms);
    }
}

/* One image is on its way to the store at a time: a newer one would go to the slot of the last good one. */
static void keep_image(const sg_agent_limits *limits, sg_agent *self, const sg_agent_inputs *in)
{
    if (self->image_due && in->saved_generation == self->generation) {
        self->image_due = false;
        self->fence_saving = false;
    }
    bool aged = limits->image_ms && self->unsaved_ms >= limits->image_ms;
    if (!self->locked && !self->image_due && (self->fence_raised || aged)) {
        self->generation++;
        self->unsaved_ms = 0;
        self->image_due = true;
        self->fence_saving = self->fence_raised;
        self->fence_raised = false;
    }
}

/* The set-point's end, by its own expiry or by the controller's silence. */
static void watch(const sg_agent_limits *limits, sg_agent *self, uint32_t dt_ms)
{
    age(&self->silent_ms, dt_ms);
    age(&self->unsaved_ms, dt_ms);
    self->left_ms = self->left_ms > dt_ms ? self->left_ms - dt_ms : 0;
    if (self->silent_ms >= limits->silence_ms) {
        self->left_ms = 0;
    }
}

/* Below the low mark the store asks until half way to the high one; above that it gives while its load is idle. */
static void mark(const sg_agent_limits *limits, sg_agent *self, const sg_agent_inputs *in,
                 uint8_t flags)
{
    uint32_t band_j = limits->high_j - limits->low_j;
    bool known = !(flags & SG_AGENT_NO_STORE);
    bool idle = !(flags & SG_AGENT_NO_LOAD) && in->load_mw <= limits->idle_mw;
    bool filled = self->cell == SG_AGENT_ASKS && in->stored_j >= limits->low_j + band_j / 2;
    bool given =
        self->cell == SG_AGENT_GIVES && (!idle || in->stored_j <= limits->high_j - band_j / 16);
    if (known && in->stored_j < limits->low_j) {
        self->cell = SG_AGENT_ASKS;
    } else if (known && in->stored_j > limits->high_j && idle) {
        self->cell = SG_AGENT_GIVES;
    } else if (!known || filled || given) {
        self->cell = 0;
    }
}

/* What the frequency wants from the store; > 0 to discharge. */
static int32_t droop_mw(const sg_agent_limits *limits, uint32_t frequency_mhz)
{
    uint32_t low = limits->nominal_mhz - limits->deadband_mhz,
             high = limits->nominal_mhz + limits->deadband_mhz;
    if (limits->droop_mw_per_mhz == 0 || frequency_mhz < limits->nominal_mhz / 2 ||
        frequency_mhz > limits->nominal_mhz + limits->nominal_mhz / 2) {
        return 0; /* not known, or not a frequency */
    }
    if (frequency_mhz < low) {
        return sg_agent_product_capped(low - frequency_mhz, limits->droop_mw_per_mhz,
                                       limits->discharge_mw_max);
    }
    if (frequency_mhz > high) {
        return -sg_agent_product_capped(frequency_mhz - high, limits->droop_mw_per_mhz,
                                        limits->charge_mw_max);
    }
    return 0;
}

/* The most that may flow each way now; what is not known counts as nothing to take and nothing to give. */
typedef struct span {
    int32_t charge_mw, discharge_mw;
} span;

static span store_span(const sg_agent_limits *limits, const sg_agent *self,
                       const sg_agent_inputs *in, uint8_t flags)
{
    span may = {0, 0};
    if (flags & SG_AGENT_NO_STORE || in->stop) {
        return may;
    }
    bool load_known = !(flags & SG_AGENT_NO_LOAD);
    int32_t room_mw = load_known && in->load_mw < self->cap_mw ? self->cap_mw - in->load_mw : 0;
    int32_t taken_mw = (load_known ? in->load_mw : 0) + limits->export_mw_max;
    may.charge_mw = in->stored_j < limits->full_j ? smaller(limits->charge_mw_max, room_mw) : 0;
    may.discharge_mw =
        in->stored_j > limits->floor_j ? smaller(limits->discharge_mw_max, taken_mw) : 0;
    return may;
}

static int32_t wanted_mw(const sg_agent_limits *limits, const sg_agent *self,
                         const sg_agent_order *order, span may)
{
    if (order->mode == SG_AGENT_POWER) {
        return order->store_mw;
    }
    return self->cell == SG_AGENT_ASKS    ? -limits->charge_mw_max
           : self->cell == SG_AGENT_GIVES ? may.discharge_mw
                                          : 0;
}

void sg_agent_step(const sg_agent_limits *limits, sg_agent *self, const sg_agent_inputs *in,
                   sg_agent_outputs *ret)
{
    if (!self->started) {
        self->cap_mw = limits->safe.cap_mw; /* the load may be running: it keeps the safe cap */
    }
    uint32_t dt_ms = advance(self, in->now_ms);
    uint8_t flags = sample_flags(limits, in);
    meter(self, in, flags, dt_ms);
    watch(limits, self, dt_ms);
    ret->verdict = SG_AGENT_NOTHING;
    if (in->message) {
        ret->verdict = (uint8_t)sg_agent_receive(limits, self, in->message, in->message_size);
    }
    keep_image(limits, self, in);
    mark(limits, self, in, flags);

    bool live = self->left_ms > 0;
    const sg_agent_order *order = live ? &self->order : &limits->safe;
    /* a long pause must not become a leap */
    uint32_t ramp_ms = dt_ms < SG_AGENT_GAP_MS ? dt_ms : SG_AGENT_STEP_MS;
    int32_t cap_mw = in->stop ? limits->cap_mw_min : order->cap_mw;
    int32_t rise_mw =
        sg_agent_product_capped(limits->cap_ramp_mw_per_ms, ramp_ms, SG_AGENT_POWER_MW_MAX);
    self->cap_mw = smaller(cap_mw, self->cap_mw + rise_mw);

    span may = store_span(limits, self, in, flags);
    int32_t droop = droop_mw(limits, in->frequency_mhz);
    int32_t target_mw = wanted_mw(limits, self, order, may) + droop;
    int32_t change_mw =
        sg_agent_product_capped(limits->store_ramp_mw_per_ms, ramp_ms, 2 * SG_AGENT_POWER_MW_MAX);
    target_mw = sg_agent_clamped(target_mw, -may.charge_mw, may.discharge_mw);
    /* the limits come last: where one narrows, the store follows it at once, whatever its ramp */
    self->store_mw = sg_agent_clamped(sg_agent_ramped(self->store_mw, target_mw, change_mw),
                                      -may.charge_mw, may.discharge_mw);

    ret->cap_mw = self->cap_mw;
    ret->store_mw = self->store_mw;
    ret->request_mw = self->cell == SG_AGENT_ASKS ? limits->charge_mw_max : 0;
    ret->offer_mw = self->cell == SG_AGENT_GIVES ? may.discharge_mw : 0;
    ret->image_due = self->image_due;
    ret->flags = (uint8_t)(flags | self->cell | (live ? SG_AGENT_LIVE : 0) |
                           (self->locked ? SG_AGENT_IS_LOCKED : 0) |
                           (in->stop ? SG_AGENT_STOPPED : 0) | (droop ? SG_AGENT_DROOPING : 0));
}

static bool is_power(int32_t power_mw)
{
    return power_mw >= 0 && power_mw <= SG_AGENT_POWER_MW_MAX;
}

static bool is_inside(const sg_agent_limits *limits, const sg_agent_order *order)
{
    bool store = order->mode == SG_AGENT_POWER ? order->store_mw >= -limits->charge_mw_max &&
                                                     order->store_mw <= limits->discharge_mw_max
                                               : order->mode == SG_AGENT_MARKS && !order->store_mw;
    return store && order->cap_mw >= limits->cap_mw_min && order->cap_mw <= limits->cap_mw_max;
}

/* Two steps may pass until the silence is noticed and acted on; the rest is the ramp's. */
static bool falls_back_in_time(const sg_agent_limits *limits)
{
    if (limits->silence_ms == 0 || limits->silence_ms > SG_AGENT_FALLBACK_MS - SG_AGENT_LATE_MS) {
        return false;
    }
    uint32_t ramp_ms = SG_AGENT_FALLBACK_MS - SG_AGENT_LATE_MS - limits->silence_ms;
    return sg_agent_product(limits->store_ramp_mw_per_ms, ramp_ms) >=
           (uint32_t)(limits->charge_mw_max + limits->discharge_mw_max);
}

sg_agent_fault sg_agent_limits_check(const sg_agent_limits *limits)
{
    if (!is_power(limits->cap_mw_min) || !is_power(limits->cap_mw_max) ||
        !is_power(limits->charge_mw_max) || !is_power(limits->discharge_mw_max) ||
        !is_power(limits->export_mw_max) || !is_power(limits->load_mw_max) ||
        !is_power(limits->idle_mw)) {
        return SG_AGENT_BAD_POWER;
    }
    if (limits->cap_mw_min > limits->cap_mw_max) {
        return SG_AGENT_BAD_CAP;
    }
    if (limits->floor_j > limits->low_j || limits->low_j > limits->high_j ||
        limits->high_j > limits->full_j) {
        return SG_AGENT_BAD_MARKS;
    }
    if (!is_inside(limits, &limits->safe)) {
        return SG_AGENT_BAD_SAFE;
    }
    if (!falls_back_in_time(limits)) {
        return SG_AGENT_BAD_SILENCE;
    }
    if (limits->valid_ms_max < SG_AGENT_STEP_MS || limits->valid_ms_max > 3600000) {
        return SG_AGENT_BAD_VALIDITY;
    }
    if (limits->nominal_mhz < 40000 || limits->nominal_mhz > 70000 || limits->deadband_mhz > 5000) {
        return SG_AGENT_BAD_FREQUENCY;
    }
    return SG_AGENT_SOUND;
}
