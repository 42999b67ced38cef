// charts.js - power as it was, and what was expected beside what came. Drawn by uPlot (web/uplot), which index.html loads first.
import { $, MINUS, NONE, clock, fixed, isNumber, list, make, power, put, span } from "./base.js";

const minus = (a, c) => (isNumber(a) && isNumber(c) ? a - c : null);
const orNull = (v) => (isNumber(v) ? v : null);
const kw = (v) => power(v);
// What is remembered of each moment. `foretold`: its name in the plan document's forecast, `planned`: in its `expected`.
export const SERIES = [
  { key: "load", name: "Load", unit: "kW", show: kw, get: (d) => orNull(d.balance.load_kw), foretold: "load", suffix: "kw" },
  { key: "source", name: "Generation", unit: "kW", show: kw, get: (d) => orNull(d.balance.generation_kw), foretold: "generation", suffix: "kw" },
  { key: "grid", name: "Grid", unit: "kW", show: kw, get: (d) => minus(d.balance.import_kw, d.balance.export_kw), planned: "grid_kw" },
  { key: "store", name: "Stores", unit: "kW", show: kw, get: (d) => minus(d.balance.discharge_kw, d.balance.charge_kw), planned: "stores_kw" },
  { key: "price", name: "Price", unit: "/kWh", show: (v) => fixed(v, 4), get: (d) => orNull(d.price?.import_per_kwh), foretold: "price", suffix: "per_kwh" },
  { key: "carbon", name: "Carbon", unit: "g/kWh", show: (v) => fixed(v, 0), get: (d) => orNull(d.price?.carbon_g_per_kwh), foretold: "carbon", suffix: "g_per_kwh" },
];
const DRAWN = 4; // of them in the power chart
const SPANS = [120, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 259200, 604800, 2592000];
const POINTS = 6400, MINUTES = 3600, SLOTS = 600; // what is kept; older ones go
const MINUTE_S = 60, SLOT_S = 900;

let points = []; // { at (s), y[series] }, as they come
let minutes = []; // means of site minutes, for the long view
let foreseen = new Map(); // slot begin (s) -> { series key: [mean, low, high] }, as last said before it began
let mark = null; // a moment that a decision points at, s

export function remember(doc) {
  const at = Date.parse(doc.time) / 1000;
  if (Number.isNaN(at) || !doc.balance) return;
  if (points.length && at <= points.at(-1).at) {
    if (at === points.at(-1).at) return;
    points = []; // the clock was set back: another run
    minutes = [];
    foreseen = new Map();
  }
  const y = SERIES.map((s) => s.get(doc));
  points.push({ at, y });
  if (points.length > POINTS) points.splice(0, 400);
  const begin = Math.floor(at / MINUTE_S) * MINUTE_S;
  let last = minutes.at(-1);
  if (!last || last.at !== begin) {
    minutes.push((last = { at: begin, n: y.map(() => 0), y: y.map(() => null) }));
    if (minutes.length > MINUTES) minutes.splice(0, 200);
  }
  y.forEach((v, i) => {
    if (v === null) return;
    last.n[i]++;
    last.y[i] = (last.y[i] ?? 0) + (v - (last.y[i] ?? 0)) / last.n[i];
  });
}
// What the store of telemetry knows of the hours before this page was opened: [begin (s), load, generation, grid, stores, price, carbon].
export function recall(rows) {
  const first = minutes[0]?.at ?? Infinity;
  const before = rows.filter((r) => isNumber(r[0]) && r[0] < first).map((r) => ({ at: r[0], n: r.slice(1).map(() => 1), y: r.slice(1).map(orNull) }));
  minutes = [...before, ...minutes].slice(-MINUTES);
}
export const lastAt = () => points.at(-1)?.at ?? null;
export function nearest(at) {
  const from = points.length && at >= points[0].at ? points : minutes;
  return from.reduce((best, p) => (!best || Math.abs(p.at - at) < Math.abs(best.at - at) ? p : best), null);
}
export function markAt(at) {
  mark = at;
}

// ---- what is expected ---------------------------------------------------------------------------------------------
let planned = false;
export function takePlan(doc) {
  const now = Date.parse(doc.time) / 1000, ahead = new Map();
  const slot = (t) => {
    if (!ahead.has(t)) ahead.set(t, {});
    return ahead.get(t);
  };
  const f = doc.forecast, start = Date.parse(f?.start) / 1000;
  for (const s of SERIES.filter((x) => x.foretold && f?.[x.foretold] && isNumber(start))) {
    const told = f[s.foretold];
    list(told[`mean_${s.suffix}`]).forEach((mean, i) => {
      if (isNumber(mean)) slot(start + i * SLOT_S)[s.key] = [mean, told[`low_${s.suffix}`]?.[i] ?? mean, told[`high_${s.suffix}`]?.[i] ?? mean];
    });
  }
  const begin = Date.parse(doc.start) / 1000, step = doc.step_s;
  planned = Boolean(doc.expected) && isNumber(begin) && step > 0;
  for (const s of SERIES.filter((x) => x.planned && planned)) {
    const values = list(doc.expected[s.planned]), end = begin + values.length * step;
    for (let t = Math.ceil(begin / SLOT_S) * SLOT_S; t < end; t += SLOT_S) {
      const from = Math.floor((t - begin) / step), to = Math.max(from + 1, Math.floor((t + SLOT_S - begin) / step));
      const part = values.slice(from, to).filter(isNumber);
      if (part.length) slot(t)[s.key] = [part.reduce((a, c) => a + c, 0) / part.length, null, null];
    }
  }
  for (const t of foreseen.keys()) if (t + SLOT_S > now && !ahead.has(t)) foreseen.delete(t);
  for (const [t, said] of ahead) if (t + SLOT_S > now) foreseen.set(t, said);
  for (const t of [...foreseen.keys()].sort((a, c) => a - c).slice(0, Math.max(0, foreseen.size - SLOTS))) foreseen.delete(t);
}

// ---- drawing ------------------------------------------------------------------------------------------------------
const style = getComputedStyle(document.documentElement);
const ink = (name) => style.getPropertyValue(`--${name}`).trim();
function moment(at, step) {
  const iso = new Date(at * 1000).toISOString();
  return step >= 86400 ? iso.slice(5, 10) : iso.slice(11, step >= 60 ? 16 : 19);
}
function plot(id, series, draw, told) {
  const host = $(id);
  const axis = (more) => ({ stroke: () => ink("soft"), grid: { stroke: () => ink("rule"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif", ...more });
  const chart = new uPlot({
    width: 600, height: 250, padding: [8, 8, 0, 0], legend: { show: false }, pxAlign: 1,
    cursor: { drag: { x: false, y: false }, points: { size: 7 }, y: false },
    scales: { x: { time: true }, y: { range: (u, low, high) => uPlot.rangeNum(Math.min(0, low ?? 0), Math.max(0, high ?? 0) || 1, 0.08, true) } },
    axes: [
      axis({ space: 64, size: 28, values: (u, splits, ax, space, step) => splits.map((s) => moment(s, step)) }),
      axis({ size: 54, values: (u, splits) => splits.map((v) => `${+v.toPrecision(6)}`.replace("-", MINUS)) }),
    ],
    series: [{}, ...series.lines], bands: series.bands, hooks: { draw: [draw], setCursor: [(u) => told(u.cursor.idx)] },
  }, [[], ...series.lines.map(() => [])], host);
  host.addEventListener("keydown", (e) => {
    const way = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20, Home: -1e9, End: 1e9 }[e.key], xs = chart.data[0];
    if (e.key === "Escape") chart.setCursor({ left: -10, top: -10 });
    if (!way || !xs.length) return;
    e.preventDefault();
    const low = xs.findIndex((x) => x >= chart.scales.x.min), at = Math.min(xs.length - 1, Math.max(low, (chart.cursor.idx ?? xs.length - 1) + way));
    chart.setCursor({ left: chart.valToPos(xs[at], "x"), top: 20 });
  });
  host.addEventListener("blur", () => chart.setCursor({ left: -10, top: -10 }));
  return chart;
}
function upright(u, at, color, dash) {
  if (at === null || !(at >= u.scales.x.min && at <= u.scales.x.max)) return;
  const x = Math.round(u.valToPos(at, "x", true)), c = u.ctx;
  c.save();
  c.strokeStyle = color;
  c.setLineDash(dash);
  c.beginPath();
  c.moveTo(x, u.bbox.top);
  c.lineTo(x, u.bbox.top + u.bbox.height);
  c.stroke();
  c.restore();
}
function fit(u) {
  const box = u.root.parentElement, width = Math.round(box.clientWidth), height = width < 500 ? 200 : 250;
  if (width && (u.width !== width || u.height !== height)) u.setSize({ width, height });
  return width > 0;
}

let powerChart, planChart;
const hidden = new Set();

// Ten minutes of site time, less until there is that much; a clock that outruns the wall gets a longer window.
function powerSpan() {
  const recent = points.slice(-20);
  const step = recent.length > 1 ? (recent.at(-1).at - recent[0].at) / (recent.length - 1) : 1;
  return [SPANS.find((s) => s >= Math.min(Math.max(600, 120 * step), points.at(-1).at - points[0].at)) ?? SPANS.at(-1), step];
}
const NOTE = "Load counts as a magnitude. Grid: import above zero, export below. Stores: discharge above zero, charge below.";
const told = (p) => `${clock(new Date(p.at * 1000).toISOString())}  ${SERIES.slice(0, DRAWN).map((s, i) => `${s.name} ${power(p.y[i])}`).join(" · ")}`;

export function drawPower() {
  if (!points.length) return;
  powerChart ??= plot("chart", { lines: SERIES.slice(0, DRAWN).map((s) => ({ stroke: () => ink(s.key), width: 1.8, points: { show: false } })) },
    (u) => upright(u, mark, ink("ink"), [3, 3]), (i) => put("probe", isNumber(i) && seen[i] ? told(seen[i]) : NOTE));
  if (!fit(powerChart)) return;
  const [seconds, step] = powerSpan(), end = points.at(-1).at, rows = [];
  let before = null;
  for (const p of points) {
    if (p.at < end - seconds - 2 * step) continue;
    if (before && p.at - before.at > Math.max(6 * step, 5)) rows.push({ at: (before.at + p.at) / 2, y: p.y.map(() => null) }); // a silence
    rows.push((before = p));
  }
  seen = rows;
  SERIES.slice(0, DRAWN).forEach((s, i) => powerChart.series[i + 1].show !== !hidden.has(s.key) && powerChart.setSeries(i + 1, { show: !hidden.has(s.key) }));
  powerChart.batch(() => {
    powerChart.setData([rows.map((p) => p.at), ...SERIES.slice(0, DRAWN).map((s, i) => rows.map((p) => p.y[i]))], false);
    powerChart.setScale("x", { min: end - seconds, max: end });
  });
  put("chart-span", `kW, last ${seconds < 3600 ? `${seconds / 60} minutes` : span(seconds)} of site time`);
  $("chart").setAttribute("aria-label", `Power now: ${SERIES.slice(0, DRAWN).map((s, i) => `${s.name} ${power(points.at(-1).y[i])}`).join(", ")}. Arrow keys read earlier values.`);
}
let seen = [];

let chosen = SERIES[0], ahead_s = 86400, rows = [];
export function drawPlan() {
  if (!points.length) return;
  planChart ??= plot("plan", {
    lines: [{ stroke: () => ink(chosen.key === "price" || chosen.key === "carbon" ? "ink" : chosen.key), width: 1.8, points: { show: false }, spanGaps: true },
      { stroke: () => ink("ink"), width: 1.3, dash: [5, 4], points: { show: false } },
      { stroke: "transparent", points: { show: false } }, { stroke: "transparent", points: { show: false } }],
    bands: [{ series: [4, 3], fill: () => ink("band") }],
  }, (u) => { upright(u, lastAt(), ink("soft"), []); upright(u, mark, ink("ink"), [3, 3]); }, (i) => sayExpected(isNumber(i) ? rows[i] : null));
  if (!fit(planChart)) return;
  const now = points.at(-1).at, from = now - Math.max(10800, ahead_s / 2), i = SERIES.indexOf(chosen);
  const said = (t) => foreseen.get(Math.floor(t / SLOT_S) * SLOT_S)?.[chosen.key] ?? [null, null, null];
  rows = minutes.filter((m) => m.at >= from && m.at <= now).map((m) => [m.at, m.y[i], ...said(m.at)]);
  for (let t = Math.ceil(now / SLOT_S) * SLOT_S; t <= now + ahead_s; t += SLOT_S) if (said(t)[0] !== null) rows.push([t, null, ...said(t)]);
  planChart.batch(() => {
    planChart.setData([0, 1, 2, 3, 4].map((c) => rows.map((r) => r[c])), false);
    planChart.setScale("x", { min: from, max: now + ahead_s });
  });
  const ahead = rows.filter((r) => r[0] > now && r[2] !== null);
  put("plan-unit", chosen.unit);
  $("plan").setAttribute("aria-label", `${chosen.name}: ${chosen.show(points.at(-1).y[i])} now${ahead.length ? `, expected ${chosen.show(ahead[0][2])} next and ${chosen.show(ahead.at(-1)[2])} at the end` : ", nothing is expected yet"}. Arrow keys read values.`);
  if (!isNumber(planChart.cursor.idx)) sayExpected(null);
}
function sayExpected(row) {
  const [at, came, mean, low, high] = row ?? [];
  if (row) {
    const interval = isNumber(low) && isNumber(high) && high > low ? `, 80 % between ${chosen.show(low)} and ${chosen.show(high)}` : "";
    return put("plan-note", `${clock(new Date(at * 1000).toISOString())}  ${came === null ? "" : `came ${chosen.show(came)} · `}${mean === null ? "nothing was expected" : `expected ${chosen.show(mean)}${interval}`}`);
  }
  put("plan-note", chosen.planned && !planned ? `No plan is followed now: ${chosen.name.toLowerCase()} follow${chosen.key === "grid" ? "s" : ""} the rules.`
    : "Line: what came. Dashes: what was expected just before. Band: the interval that is to hold four truths of five.");
}

function buttons(id, choices, isOn, choose) {
  const all = choices.map(([value, name, cls]) => {
    const button = make("button", { type: "button", class: cls, "aria-pressed": String(isOn(value)) }, name);
    button.addEventListener("click", () => {
      choose(value);
      all.forEach((b, i) => b.setAttribute("aria-pressed", String(isOn(choices[i][0]))));
    });
    return button;
  });
  $(id).append(...all);
}
buttons("legend", SERIES.slice(0, DRAWN).map((s) => [s.key, s.name, s.key]), (key) => !hidden.has(key), (key) => {
  if (!hidden.delete(key)) hidden.add(key);
  drawPower();
});
buttons("plan-what", SERIES.map((s) => [s, s.name, s.key]), (s) => s === chosen, (s) => { chosen = s; drawPlan(); });
buttons("plan-span", [[21600, "6 h"], [86400, "24 h"], [172800, "48 h"]], (s) => s === ahead_s, (s) => { ahead_s = s; drawPlan(); });
export function restyle() {
  powerChart?.redraw();
  planChart?.redraw();
}
