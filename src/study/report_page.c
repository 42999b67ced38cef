/* report_page - the style of the reports' pages, and their figures. */
#include "study/figures.h"
#include "study/report_parts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* Line by line: a single literal of this length is more than a C compiler must accept. */
static const char *const style[] = {
    ":root{color-scheme:light dark;--ground:#f3f5f3;--card:#fff;--ink:#17212a;--soft:#56646e;",
    "--rule:#dfe5e2;--good:#08634f;--load:#2f6bd0;--source:#b97f00;--grid:#7f55bd;",
    "--store:#0d8a74;--bad:#c0322b}",
    "@media (prefers-color-scheme:dark){:root{--ground:#0d1316;--card:#151d21;--ink:#e4eaec;",
    "--soft:#93a3ac;--rule:#263138;--good:#3fc0a4;--load:#6ea3f7;--source:#e3b04b;",
    "--grid:#b292ea;",
    "--store:#3fc0a4;--bad:#f2786f}}",
    "*{box-sizing:border-box}",
    "body{margin:0 auto;max-width:1080px;padding:28px 20px 40px;background:var(--ground);",
    "color:var(--ink);font:15px/1.5 system-ui,'Segoe UI',Roboto,'Helvetica Neue',sans-serif;",
    "font-variant-numeric:tabular-nums;overflow-wrap:break-word}",
    "h1{font-size:24px;line-height:1.25;letter-spacing:-.01em;margin:0}",
    "h2{font-size:16px;margin:30px 0 10px}",
    "header p,footer,.soft{color:var(--soft);font-size:13.5px;margin:4px 0 0}",
    "footer{margin-top:34px}",
    ".cards{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:12px;",
    "margin:20px 0 14px}",
    ".cards div,figure,.box{background:var(--card);border:1px solid var(--rule);",
    "border-radius:12px}",
    ".cards div{padding:11px 14px;border-top:3px solid var(--c,var(--rule))}",
    ".cards p{margin:0;font-size:12.5px;font-weight:500;color:var(--soft)}",
    ".cards strong{display:block;font-size:23px;line-height:1.3;letter-spacing:-.02em}",
    ".cards small{font-size:12.5px;color:var(--soft)}",
    ".cards small.bad{color:var(--bad)}",
    "figure{margin:0 0 12px;padding:13px 16px;overflow-x:auto}",
    "figcaption{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px;margin-bottom:8px}",
    "figcaption span{color:var(--soft)}",
    ".key::before{content:'';display:inline-block;width:14px;height:3px;border-radius:2px;",
    "background:var(--c);margin-right:6px;vertical-align:middle}",
    "svg{display:block;width:100%;min-width:600px}",
    "svg text{font-size:12px;fill:var(--soft)}",
    "svg .name{fill:var(--ink);font-weight:600;font-size:13px}",
    ".rule{stroke:var(--rule)}",
    ".zero{stroke:var(--soft)}",
    ".bus{fill:var(--ink)}",
    ".curve{fill:none;stroke:var(--c);stroke-width:1.6;stroke-linejoin:round}",
    ".area{fill:var(--c);fill-opacity:.22;stroke:var(--c);stroke-width:1}",
    ".band{fill:var(--c);fill-opacity:.3}",
    ".bar{fill:var(--c)}",
    ".load,.k0{--c:var(--load)}",
    ".source,.k2{--c:var(--source)}",
    ".grid,.k3{--c:var(--grid)}",
    ".store,.k1{--c:var(--store)}",
    ".bad,.k4{--c:var(--bad)}",
    ".loss,.k5{--c:var(--soft)}",
    ".k6{--c:#b04f7a}",
    ".k7{--c:#6c8f2e}",
    ".box{padding:6px 16px;overflow-x:auto}",
    "table{width:100%;border-collapse:collapse;font-size:14px}",
    "th,td{text-align:right;padding:6px 0 6px 11px;border-top:1px solid var(--rule);",
    "font-weight:400;white-space:nowrap}",
    "tr:first-child>*{border-top:0}",
    "tbody:not(:first-child) tr:first-child>*{border-top:1px solid var(--rule)}",
    "th:first-child,td:first-child{text-align:left;padding-left:0;white-space:normal}",
    "thead th{color:var(--soft);font-size:12.5px}",
    ".sum>*{font-weight:650}",
    "ul{margin:0;padding:8px 0 8px 20px}",
    "dl{display:grid;grid-template-columns:auto 1fr;gap:4px 18px;font-size:13.5px;",
    "margin:8px 0}",
    "dt{font-weight:600}",
    "dd{margin:0;color:var(--soft)}",
    ".box+figure,.day+.day{margin-top:12px}",
    ".day .soft{margin:0 0 14px}",
    ".result{font-size:18px;line-height:1.45;margin:16px 0 4px;max-width:60em}",
    ".words td{text-align:left;white-space:normal;color:var(--soft)}",
    ".words th{width:32%;vertical-align:top}",
    "th .soft{font-size:inherit}",
    ".good{color:var(--good)}",
    ".wrong{color:var(--bad);font-weight:600}",
    "pre{margin:6px 0;font-size:13px;white-space:pre-wrap;overflow-wrap:anywhere}",
    ".carpet path{fill:none;stroke-width:1.03;stroke:var(--c)}",
    ".buy{--c:var(--grid)}",
    ".sell{--c:var(--source)}",
    ".s1{stroke-opacity:.16;fill-opacity:.16}",
    ".s2{stroke-opacity:.34;fill-opacity:.34}",
    ".s3{stroke-opacity:.52;fill-opacity:.52}",
    ".s4{stroke-opacity:.74;fill-opacity:.74}",
    ".mark{stroke:var(--ink);stroke-width:2.2}",
    "@media (max-width:760px){.cards{grid-template-columns:repeat(2,minmax(0,1fr))}",
    "th:first-child{min-width:9em}table{font-size:13px}dl{grid-template-columns:1fr}}",
    "@media print{:root{--ground:#fff;--card:#fff;--ink:#000;--soft:#444;--rule:#ccc;",
    "--good:#08634f;--load:#2f6bd0;",
    "--source:#b97f00;--grid:#7f55bd;--store:#0d8a74;--bad:#c0322b}",
    "@page{margin:14mm}",
    "body{max-width:none;padding:0;font-size:11pt}",
    "svg{min-width:0}",
    ".box,figure{overflow:visible}",
    ".box table{font-size:8pt}",
    "th,td{padding:3px 0 3px 7px;white-space:normal}",
    "data{white-space:nowrap}",
    "figure,.cards div,tr,.day{break-inside:avoid}",
    "h2{break-after:avoid}",
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}",
};

void sg_report_page(sg_out *out, const char *title)
{
    sg_out_text(out,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta "
                "name=\"viewport\" "
                "content=\"width=device-width, initial-scale=1\"/>\n<title>");
    sg_out_html(out, title);
    sg_out_text(out, ": Symgrid report</title>\n<style>\n");
    for (size_t i = 0; i < sizeof style / sizeof style[0]; i++) {
        sg_out_text(out, style[i]);
        sg_out_text(out, "\n");
    }
    sg_out_text(out, "</style>\n</head>\n<body>\n");
}

/* ---- figures ---- */

/* In one unit down a whole column: more digits the smaller it is. */
static void in_mwh(double energy_j, char ret[SG_FIGURES_TEXT])
{
    double mwh = energy_j / 3.6e9, size = fabs(mwh);
    if (!isfinite(mwh) || size >= 1e15) {
        snprintf(ret, SG_FIGURES_TEXT, "\xE2\x80\x93");
        return;
    }
    int decimals = size >= 1000 ? 0 : size >= 10 ? 1 : size >= 0.005 ? 2 : 0;
    bool negative = size >= 0.005 && mwh < 0;
    snprintf(ret, SG_FIGURES_TEXT, "%s%.*f", negative ? "\xE2\x88\x92" : "", decimals, size);
}

static void format(sg_page_unit as, double value, char ret[SG_FIGURES_TEXT])
{
    switch (as) {
    case SG_AS_ENERGY:
        sg_figures_energy(value, ret);
        return;
    case SG_AS_MWH:
        in_mwh(value, ret);
        return;
    case SG_AS_POWER:
        sg_figures_power(value, ret);
        return;
    case SG_AS_MASS:
        sg_figures_mass(value, ret);
        return;
    case SG_AS_DURATION:
        sg_figures_duration(value, ret);
        return;
    case SG_AS_MONEY:
        sg_figures_money(value, ret);
        return;
    case SG_AS_PERCENT:
        sg_figures_percent(value, 1, ret);
        return;
    case SG_AS_PERCENT_FINE:
        sg_figures_percent(value, 3, ret);
        return;
    case SG_AS_NUMBER:
    case SG_AS_COUNT:
        snprintf(ret, SG_FIGURES_TEXT, "%.*f", as == SG_AS_COUNT ? 0 : 2,
                 isfinite(value) && fabs(value) < 1e15 ? value : 0.0);
        return;
    }
}

/* From SI to the unit of the JSON report. */
static double for_json(sg_page_unit as, double value)
{
    return as == SG_AS_ENERGY || as == SG_AS_MWH ? value / 3.6e6
           : as == SG_AS_POWER                   ? value / 1e3
                                                 : value;
}

void sg_page_value(sg_out *out, sg_page_unit as, double value, const char *pointer, ...)
{
    char text[SG_FIGURES_TEXT], at[256];
    sg_out digits = {0};
    va_list args;
    va_start(args, pointer);
    vsnprintf(at, sizeof at, pointer, args);
    va_end(args);
    format(as, value, text);
    double number = for_json(as, value);
    sg_json_number(&digits, NULL, number);
    if (isfinite(number)) {
        sg_out_format(out, "<data value=\"%s\" data-json=\"", digits.text);
    } else {
        sg_out_text(out, "<span data-json=\"");
    }
    sg_out_html(out, at);
    sg_out_text(out, as == SG_AS_MWH ? "\" data-unit=\"MWh\">" : "\">");
    sg_out_text(out, text);
    sg_out_text(out, isfinite(number) ? "</data>" : "</span>");
    sg_out_free(&digits);
}

void sg_page_name_cell(const sg_report *report, int group, sg_out *out)
{
    const sg_kind *kind = report->site->groups[group].kind;
    sg_out_text(out, "<tr><th scope=\"row\">");
    sg_out_html(out, report->site->groups[group].id);
    sg_out_text(out, kind && kind->hypothetical ? " <span class=\"soft\">hypothetical</span></th>"
                                                : "</th>");
}
