#include "base/time.h"
#include "study/trace_svg.h"

#include <math.h>

/* Nothing where nothing is known, else all digits that count. */
static void number(sg_out *out, double value)
{
    sg_out digits = {0};
    if (isfinite(value)) {
        sg_json_number(&digits, NULL, value + 0.0);
        sg_out_text(out, digits.text);
    }
    sg_out_free(&digits);
}

static void head(const sg_report *report, sg_out *out)
{
    sg_out_text(out, "time,load_kw,generation_kw,import_kw,export_kw,store_kw,curtailed_kw,"
                     "unserved_kw,import_price_per_kwh,carbon_g_per_kwh");
    for (int s = 0; s < report->trace.store_count; s++) {
        /* ids hold neither commas nor quotes */
        sg_out_format(out, ",%s_kwh", report->site->groups[report->trace.store_group[s]].id);
    }
    sg_out_text(out, "\r\n");
}

void sg_trace_csv(const sg_report *report, sg_out *out)
{
    const sg_trace *trace = &report->trace;
    head(report, out);
    for (int i = 0; i < trace->count; i++) {
        const double values[] = {trace->load_w[i] * 1e-3,       trace->generation_w[i] * 1e-3,
                                 trace->import_w[i] * 1e-3,     trace->export_w[i] * 1e-3,
                                 trace->store_w[i] * 1e-3,      trace->curtailed_w[i] * 1e-3,
                                 trace->unserved_w[i] * 1e-3,   trace->import_price[i] * 3.6e6,
                                 trace->carbon[i] * 3.6e6 * 1e3};
        char time[SG_TIME_TEXT];
        sg_time_format(trace->start_us + i * trace->bin_us, time);
        sg_out_text(out, time);
        for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
            sg_out_text(out, ",");
            number(out, values[k]);
        }
        for (int s = 0; s < trace->store_count; s++) {
            sg_out_text(out, ",");
            number(out, trace->energy_j[s][i] / 3.6e6);
        }
        sg_out_text(out, "\r\n");
    }
}
