#include "study/figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

double sg_figures_ratio(double a, double b)
{
    double quotient = b > 0.0 ? a / b : (double)NAN;
    return isfinite(quotient) ? quotient : (double)NAN;
}

/* fmin and fmax would turn an unknown into a bound. */
static double unit_interval(double x)
{
    return x < 0.0 ? 0.0 : x > 1.0 ? 1.0 : x;
}

double sg_figures_cost(const sg_report_money *money)
{
    return money->import_cost + money->demand_charge_cost + money->fuel_cost + money->wear_cost +
           money->unserved_cost - money->export_revenue - money->inventory_credit;
}

int sg_figures_group_count(const sg_report *report)
{
    return report->site ? report->site->group_count : 0;
}

sg_figures sg_figures_of(const sg_report *report)
{
    sg_figures figures = {.duration_s = (double)(report->to_us - report->from_us) / 1e6};
    for (int g = 0; g < sg_figures_group_count(report); g++) {
        if (report->site->groups[g].role == SG_SOURCE) {
            figures.generation_j += report->source_j[g];
            figures.available_j += report->available_j[g];
        }
    }
    figures.surplus_frac = sg_figures_ratio(figures.generation_j, report->load_j) - 1.0;
    figures.self_sufficiency_frac =
        unit_interval(1.0 - sg_figures_ratio(report->import_j, report->load_j));
    figures.uptime_frac =
        unit_interval(1.0 - sg_figures_ratio(report->downtime_s, figures.duration_s));
    figures.saving = report->baseline_cost - report->cost;
    figures.saving_frac = sg_figures_ratio(figures.saving, report->baseline_cost);
    figures.carbon_saving_kg = report->baseline.money.carbon_kg - report->carbon_kg;
    figures.carbon_saving_frac =
        sg_figures_ratio(figures.carbon_saving_kg, report->baseline.money.carbon_kg);
    for (int i = 0; i < 2; i++) {
        figures.skill_frac[i] =
            1.0 - sg_figures_ratio(report->forecast_mae_w[i], report->persistence_mae_w[i]);
    }
    return figures;
}

static const char *const dash = "\xE2\x80\x93", *const minus_sign = "\xE2\x88\x92";

typedef struct unit {
    double size;
    const char *name;
} unit;

/* The largest unit that leaves at least one whole; the last one for everything smaller. */
static void scaled(double value, const unit *units, int count, char ret[SG_FIGURES_TEXT])
{
    if (!isfinite(value)) {
        sg_text_copy(ret, SG_FIGURES_TEXT, dash);
        return;
    }
    double size = fabs(value);
    int u = 0;
    while (u < count - 1 && size < units[u].size * 0.9995) {
        u++;
    }
    double shown = size / units[u].size;
    int decimals = shown >= 99.95 ? 0 : shown >= 9.995 ? 1 : 2;
    if (shown < 0.005) { /* what would read 0.00 */
        shown = 0.0;
        decimals = 0;
    }
    snprintf(ret, SG_FIGURES_TEXT, "%s%.*f %s", value < 0.0 && shown > 0.0 ? minus_sign : "",
             decimals, shown, units[u].name);
}

void sg_figures_energy(double energy_j, char ret[SG_FIGURES_TEXT])
{
    static const unit units[] = {{3.6e15, "TWh"}, {3.6e12, "GWh"}, {3.6e9, "MWh"}, {3.6e6, "kWh"}};
    scaled(energy_j, units, 4, ret);
}

void sg_figures_power(double power_w, char ret[SG_FIGURES_TEXT])
{
    static const unit units[] = {{1e9, "GW"}, {1e6, "MW"}, {1e3, "kW"}};
    scaled(power_w, units, 3, ret);
}

void sg_figures_mass(double mass_kg, char ret[SG_FIGURES_TEXT])
{
    static const unit units[] = {{1e3, "t"}, {1.0, "kg"}};
    scaled(mass_kg, units, 2, ret);
}

void sg_figures_duration(double duration_s, char ret[SG_FIGURES_TEXT])
{
    static const unit units[] = {{86400.0, "days"}, {3600.0, "h"}, {60.0, "min"}, {1.0, "s"}};
    scaled(duration_s, units, 4, ret);
}

void sg_figures_money(double money, char ret[SG_FIGURES_TEXT])
{
    char digits[340];
    if (!isfinite(money) || fabs(money) >= 1e18) {
        sg_text_copy(ret, SG_FIGURES_TEXT, dash);
        return;
    }
    int length = snprintf(digits, sizeof digits, "%.2f", fabs(money)), whole = length - 3;
    size_t at = 0;
    if (money <= -0.005) {
        sg_text_copy(ret, SG_FIGURES_TEXT, minus_sign);
        at = strlen(minus_sign);
    }
    for (int i = 0; i < length; i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0) {
            memcpy(ret + at, "\xE2\x80\xAF", 3); /* narrow no-break space */
            at += 3;
        }
        ret[at++] = digits[i];
    }
    ret[at] = '\0';
}

void sg_figures_price(double price_per_j, char ret[SG_FIGURES_TEXT])
{
    double per_kwh = price_per_j * 3.6e6;
    if (!isfinite(per_kwh) || fabs(per_kwh) >= 1e15) {
        sg_text_copy(ret, SG_FIGURES_TEXT, dash);
        return;
    }
    snprintf(ret, SG_FIGURES_TEXT, "%s%.4f", per_kwh <= -0.00005 ? minus_sign : "", fabs(per_kwh));
}

void sg_figures_percent(double fraction, int decimals, char ret[SG_FIGURES_TEXT])
{
    double percent = 100.0 * fraction;
    if (!isfinite(percent) || fabs(percent) >= 1e15) {
        sg_text_copy(ret, SG_FIGURES_TEXT, dash);
        return;
    }
    bool negative = percent <= -0.5 * pow(10.0, -decimals);
    snprintf(ret, SG_FIGURES_TEXT, "%s%.*f %%", negative ? minus_sign : "", decimals,
             fabs(percent));
}
