/* explain_text.c - reasons in words. The numbers are those of the row; nothing is decided here. */
#include "base/time.h"
#include "plan/explain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *sg_why_reason_id(sg_why_reason reason)
{
    static const char *const ID[] = {
#define X(code, id, list) id,
        SG_WHY_LIST(X)
#undef X
    };
    return ID[reason];
}

const char *sg_why_limit_id(sg_why_limit limit)
{
    static const char *const ID[] = {
#define X(code, id) id,
        SG_WHY_LIMIT_LIST(X)
#undef X
    };
    return ID[limit];
}

const char *sg_why_then_id(sg_why_then then)
{
    static const char *const ID[] = {
#define X(code, id) id,
        SG_WHY_THEN_LIST(X)
#undef X
    };
    return ID[then];
}

sg_why_list sg_why_list_of(sg_why_reason reason)
{
    static const sg_why_list LIST[] = {
#define X(code, id, list) list,
        SG_WHY_LIST(X)
#undef X
    };
    return LIST[reason];
}

const char *sg_why_device_id(const sg_dispatch *p, const sg_why *why)
{
    switch (sg_why_list_of(why->reason)) {
    case SG_WHY_STORE:
        return p->stores[why->device].id;
    case SG_WHY_SOURCE:
        return p->sources[why->device].id;
    case SG_WHY_SHEDDABLE:
        return p->shed[why->device].id;
    case SG_WHY_SHIFTABLE:
        return p->shiftable[why->device].id;
    case SG_WHY_LINK:
        return p->links[why->device].id;
    case SG_WHY_GRID:
    case SG_WHY_DEMAND:
    case SG_WHY_SITE:
    default:
        return NULL;
    }
}

/* ---- numbers ----------------------------------------------------------------------------------- */

/* Three digits that count: 0.0812, 0.21, 12.5, 1234. */
static int decimals_of(double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.2e", value); /* rounded first: 0.09999 is 0.100, not 0.1000 */
    long exponent = strtol(strchr(text, 'e') + 1, NULL, 10);
    return fabs(value) < 5e-7 || exponent > 2 ? 0 : exponent < -4 ? 6 : (int)(2 - exponent);
}

/* Money: three digits always. */
static void put_number(sg_out *out, double value)
{
    sg_out_format(out, "%.*f", decimals_of(value), fabs(value) < 5e-7 ? 0.0 : value);
}

/* "0.1 to 0.12", or one number where they would read alike. */
static void put_span(sg_out *out, sg_why_span span)
{
    put_number(out, span.low);
    if (fabs(span.high - span.low) > 5e-3 * fmax(fabs(span.low), fabs(span.high))) {
        sg_out_text(out, " to ");
        put_number(out, span.high);
    }
}

/* kW and kWh: magnitudes, without the zeros at the end. */
static void put_amount(sg_out *out, double value)
{
    char text[64];
    int length = snprintf(text, sizeof text, "%.*f", decimals_of(value), fabs(value));
    while (length > 1 && text[length - 1] == '0' && strchr(text, '.')) {
        text[--length] = '\0';
    }
    sg_out_bytes(out, text, (size_t)length - (text[length - 1] == '.'));
}

static void put_size(sg_out *out, sg_why_span span)
{
    double low = fmin(fabs(span.low), fabs(span.high)),
           high = fmax(fabs(span.low), fabs(span.high));
    put_amount(out, low);
    if (high - low > 5e-3 * high) {
        sg_out_text(out, " to ");
        put_amount(out, high);
    }
}

/* Time of day, with the date where it is another day than that of step `from`. */
static void put_time(const sg_dispatch *p, int from, int step, sg_out *out)
{
    char text[SG_TIME_TEXT], first[SG_TIME_TEXT];
    sg_time_format(p->start_us + (int64_t)((double)step * p->step_s * 1e6), text);
    sg_time_format(p->start_us + (int64_t)((double)from * p->step_s * 1e6), first);
    bool same_day = true;
    for (int i = 0; i < 10; i++) {
        same_day = same_day && text[i] == first[i];
    }
    if (!same_day) {
        sg_out_format(out, "%.10s ", text);
    }
    sg_out_format(out, "%.5s", text + 11);
}

static void put_power(const sg_why *why, sg_out *out)
{
    put_size(out, why->amount_kw);
    sg_out_text(out, " kW");
}

/* ---- stores ------------------------------------------------------------------------------------ */

static void put_limit(const sg_dispatch *p, const sg_why *why, sg_out *out)
{
    const sg_dispatch_store *s = &p->stores[why->device];
    if (why->limit == SG_BY_POWER) {
        sg_out_text(out, ", its limit");
    } else if (why->limit == SG_BY_FULL) {
        sg_out_text(out, ", until it is full at ");
        put_amount(out, s->energy_kwh_max);
        sg_out_text(out, " kWh");
    } else if (why->limit == SG_BY_EMPTY) {
        sg_out_text(out, ", down to its floor of ");
        put_amount(out, s->energy_kwh_min);
        sg_out_text(out, " kWh");
    } else if (why->limit == SG_BY_FINAL) {
        sg_out_text(out, ", down to the ");
        put_amount(out, s->final_kwh_min);
        sg_out_text(out, " kWh wanted at the end");
    } else if (why->limit == SG_BY_RESERVE) {
        sg_out_text(out, ", as far as the reserve allows");
    }
}

static void charge_text(const sg_dispatch *p, const sg_why *why, sg_out *out)
{
    sg_out_text(out, " charges ");
    put_power(why, out);
    put_limit(p, why, out);
    sg_out_text(out, ": a kWh costs ");
    put_span(out, why->price_per_kwh);
    if (why->then == SG_THEN_USE || why->then == SG_THEN_END_VALUE) {
        sg_out_text(out, " and will be worth ");
        put_span(out, why->worth_per_kwh);
    }
    if (why->then == SG_THEN_USE) {
        sg_out_text(out, ": ");
        put_number(out, why->then_price_per_kwh.low);
        sg_out_text(out, " at ");
        put_time(p, why->from, why->then_step, out);
        sg_out_text(out, ", less losses and wear");
    } else if (why->then == SG_THEN_END_VALUE) {
        sg_out_text(out, " at the end");
    } else if (why->then == SG_THEN_END_NEED) {
        sg_out_text(out, "; ");
        put_amount(out, p->stores[why->device].final_kwh_min);
        sg_out_text(out, " kWh must be in store at the end, and no other step is cheaper");
    } else if (why->then == SG_THEN_FLOOR || why->then == SG_THEN_RESERVE) {
        sg_out_text(out, why->then == SG_THEN_RESERVE ? "; the reserve needs it"
                         : why->then_step < 0         ? "; it stands at its floor and loses some"
                                                      : "; it must not fall below its floor");
        if (why->then_step >= 0) {
            sg_out_text(out, " at ");
            put_time(p, why->from, why->then_step, out);
        }
    }
}

static void discharge_text(const sg_dispatch *p, const sg_why *why, sg_out *out)
{
    sg_out_text(out, " discharges ");
    put_power(why, out);
    put_limit(p, why, out);
    sg_out_text(out, ": a kWh saves ");
    put_span(out, why->price_per_kwh);
    sg_out_text(out, why->then == SG_THEN_PAID ? " and cost " : " and would be worth ");
    put_span(out, why->worth_per_kwh);
    if (why->then == SG_THEN_NOTHING || why->then == SG_THEN_END_VALUE) {
        sg_out_text(out, why->then == SG_THEN_NOTHING ? " if kept" : " at the end");
        return;
    }
    if (why->then != SG_THEN_USE) {
        sg_out_text(out, why->then == SG_THEN_REFILL ? " if kept, to be bought back for " : ": ");
        put_number(out, why->then_price_per_kwh.low);
    }
    sg_out_text(out, " at ");
    put_time(p, why->from, why->then_step, out);
    sg_out_text(out, why->then == SG_THEN_USE ? "" : ", with losses and wear");
}

static void idle_text(const sg_dispatch *p, const sg_why *why, sg_out *out)
{
    if (why->reason == SG_WHY_IDLE) {
        sg_out_text(out, why->limit == SG_BY_POWER ? " is idle, it has no power: a kWh costs "
                                                   : " is idle: a kWh costs ");
        put_span(out, why->price_per_kwh);
        sg_out_text(out, ", would be worth ");
        put_number(out, why->worth_per_kwh.low);
        sg_out_text(out, " once stored and ");
        put_number(out, why->worth_per_kwh.high);
        sg_out_text(out, " if kept in store: no spread pays for losses and wear");
        return;
    }
    bool full = why->reason == SG_WHY_FULL;
    const sg_dispatch_store *s = &p->stores[why->device];
    if (why->limit == SG_BY_RESERVE) {
        sg_out_text(out,
                    full ? " keeps its room for the reserve" : " keeps its energy for the reserve");
    } else {
        sg_out_text(out, full                        ? " is full at "
                         : why->limit == SG_BY_FINAL ? " holds no more than is wanted at the end, "
                                                     : " is at its floor of ");
        put_amount(out, full                        ? s->energy_kwh_max
                        : why->limit == SG_BY_FINAL ? s->final_kwh_min
                                                    : s->energy_kwh_min);
        sg_out_text(out, " kWh");
    }
    sg_out_text(out, full ? ": a kWh costs " : ": a kWh would save ");
    put_span(out, why->price_per_kwh);
    sg_out_text(out, full ? " and would be worth " : ", more than the ");
    put_span(out, why->worth_per_kwh);
    sg_out_text(out, full ? " later" : " that it is worth later");
}

static void hold_text(const sg_why *why, sg_out *out)
{
    double net_kw = why->amount_kw.low + why->amount_kw.high;
    sg_out_text(out, net_kw < 0.0 ? " charges " : net_kw > 0.0 ? " discharges " : " stands by");
    if (net_kw < 0.0 || net_kw > 0.0) {
        put_power(why, out);
    }
    sg_out_text(out, " to hold the reserve: a kWh here is worth ");
    put_span(out, why->price_per_kwh);
    sg_out_text(out, ", in store ");
    put_span(out, why->worth_per_kwh);
    sg_out_text(out, ", and the reserve pays ");
    put_span(out, why->limit_per_kw);
    sg_out_text(out, " for what it holds");
}

static void store_text(const sg_dispatch *p, const sg_why *why, sg_out *out)
{
    sg_out_text(out, p->stores[why->device].id);
    if (why->reason == SG_WHY_CHARGE) {
        charge_text(p, why, out);
    } else if (why->reason == SG_WHY_DISCHARGE) {
        discharge_text(p, why, out);
    } else if (why->reason == SG_WHY_HOLD) {
        hold_text(why, out);
    } else if (why->reason == SG_WHY_CIRCULATE) {
        sg_out_text(out, " takes and gives ");
        put_power(why, out);
        sg_out_text(out, " at once, for its losses cost nothing: a kWh in store is worth ");
        put_span(out, why->worth_per_kwh);
    } else {
        idle_text(p, why, out);
    }
}

/* ---- the grid ---------------------------------------------------------------------------------- */

static void import_text(const sg_dispatch *p, const sg_why *why, sg_out *out)
{
    sg_out_text(out, "imports ");
    put_power(why, out);
    if (why->limit == SG_BY_POWER) {
        sg_out_text(out, ", its limit: one kW more would save ");
        put_span(out, why->limit_per_kw);
        sg_out_text(out, " a step");
    } else if (why->reason == SG_WHY_PEAK) {
        const sg_dispatch_demand *d = &p->grid.demand[why->device];
        sg_out_text(out, ", the peak: one kW more would cost ");
        put_number(out, d->charge_per_kw);
        sg_out_text(out, " and save ");
        put_span(out, why->limit_per_kw);
        sg_out_text(out, " a step");
    } else if (why->limit == SG_BY_RAMP) {
        sg_out_text(out, " at ");
        put_span(out, why->worth_per_kwh);
        sg_out_text(out, ", as the limit on its change demands");
    } else {
        sg_out_text(out, ": the next kWh comes from the grid for ");
        put_span(out, why->worth_per_kwh);
    }
}

static void export_text(const sg_why *why, sg_out *out)
{
    sg_out_text(out, "exports ");
    put_power(why, out);
    if (why->limit == SG_BY_POWER) {
        sg_out_text(out, ", its limit: one kW more would bring ");
        put_span(out, why->limit_per_kw);
        sg_out_text(out, " a step");
    } else if (why->limit == SG_BY_RAMP) {
        sg_out_text(out, " at ");
        put_span(out, why->worth_per_kwh);
        sg_out_text(out, ", as the limit on its change demands");
    } else {
        sg_out_text(out, ": no use here pays more than the grid's ");
        put_span(out, why->worth_per_kwh);
    }
}

static void ramp_text(const sg_dispatch *p, const sg_why *why, sg_out *out)
{
    sg_out_format(out, "import less export %s by ", why->amount_kw.low < 0.0 ? "falls" : "rises");
    put_amount(out, p->grid.ramp_kw_per_step);
    sg_out_text(out, " kW, all it may: one kW more of change would save ");
    put_span(out, why->limit_per_kw);
}

/* ---- the rest ---------------------------------------------------------------------------------- */

static void source_text(const sg_dispatch *p, const sg_why *why, sg_out *out)
{
    sg_out_text(out, p->sources[why->device].id);
    if (why->reason == SG_WHY_CURTAIL) {
        sg_out_text(out, " is curtailed by ");
        put_power(why, out);
        sg_out_text(out, why->limit == SG_BY_EXPORT && p->grid.export_kw_max > 0.0
                             ? ", export is at its limit"
                         : why->limit == SG_BY_EXPORT ? ", nothing may be exported"
                         : why->limit == SG_BY_RAMP   ? ", export may not change faster"
                         : why->limit == SG_BY_LINK   ? ", the link is full"
                                                      : ", nobody pays for it");
        sg_out_text(out, ": a kWh more is worth ");
    } else if (why->reason == SG_WHY_OFF) {
        sg_out_text(out, " stands still: its kWh costs ");
        put_span(out, why->worth_per_kwh);
        sg_out_text(out, " and is worth ");
    } else {
        sg_out_text(out, " gives ");
        put_power(why, out);
        sg_out_text(out, why->limit == SG_BY_POWER ? ", all it has: its kWh costs "
                                                   : ": its kWh costs ");
        put_span(out, why->worth_per_kwh);
        sg_out_text(out, " and is worth ");
    }
    put_span(out, why->price_per_kwh);
}

static void shiftable_text(const sg_dispatch *p, const sg_why *why, sg_out *out)
{
    sg_out_text(out, p->shiftable[why->device].id);
    if (why->reason == SG_WHY_UNDONE) {
        sg_out_text(out, " leaves ");
        put_size(out, why->amount_kw);
        sg_out_text(out, " kWh undone: that costs ");
        put_span(out, why->price_per_kwh);
        sg_out_text(out, " a kWh, doing it at least as much");
        return;
    }
    if (why->reason == SG_WHY_WORK) {
        sg_out_text(out, " works at ");
        put_power(why, out);
        sg_out_text(out, why->limit == SG_BY_POWER ? ", its limit" : "");
    } else {
        sg_out_text(out, " waits");
    }
    sg_out_text(out, ": a kWh costs ");
    put_span(out, why->price_per_kwh);
    sg_out_text(out, why->reason == SG_WHY_WORK ? " now, one more elsewhere " : " now, elsewhere ");
    put_span(out, why->worth_per_kwh);
}

static void link_text(const sg_dispatch *p, const sg_why *why, sg_out *out)
{
    sg_out_format(out, "%s carries ", p->links[why->device].id);
    put_power(why, out);
    sg_out_text(out, why->reason == SG_WHY_LINK_BACK ? " back, its limit: a kWh is worth "
                                                     : ", its limit: a kWh is worth ");
    put_span(out, why->price_per_kwh);
    sg_out_text(out, " at this end and ");
    put_span(out, why->worth_per_kwh);
    sg_out_text(out, " at the other");
}

static void reserve_text(const sg_why *why, sg_out *out)
{
    sg_out_text(out, "the stores hold ");
    put_power(why, out);
    sg_out_text(out, why->reason == SG_WHY_RESERVE_UP
                         ? " of up reserve: one kW more would cost "
                         : " of down reserve: one kW more would cost ");
    put_span(out, why->limit_per_kw);
    sg_out_text(out, " a step");
}

static void shed_text(const sg_dispatch *p, const sg_why *why, sg_out *out)
{
    sg_out_format(out, "%s sheds ", p->shed[why->device].id);
    put_power(why, out);
    sg_out_text(out, why->limit == SG_BY_POWER ? ", all it may: a kWh of it costs "
                                               : ": a kWh of it costs ");
    put_span(out, why->worth_per_kwh);
    sg_out_text(out, " and saves ");
    put_span(out, why->price_per_kwh);
}

void sg_why_text(const sg_dispatch *p, const sg_why *why, sg_out *out)
{
    switch (sg_why_list_of(why->reason)) {
    case SG_WHY_STORE:
        store_text(p, why, out);
        break;
    case SG_WHY_SOURCE:
        source_text(p, why, out);
        break;
    case SG_WHY_SHEDDABLE:
        shed_text(p, why, out);
        break;
    case SG_WHY_SHIFTABLE:
        shiftable_text(p, why, out);
        break;
    case SG_WHY_LINK:
        link_text(p, why, out);
        break;
    case SG_WHY_SITE:
        reserve_text(why, out);
        break;
    case SG_WHY_GRID:
    case SG_WHY_DEMAND:
    default:
        if (why->reason == SG_WHY_RAMP) {
            ramp_text(p, why, out);
        } else if (why->reason == SG_WHY_EXPORT) {
            export_text(why, out);
        } else {
            import_text(p, why, out);
        }
        break;
    }
}
