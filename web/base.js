// base.js - elements, numbers as people read them, and lists that are rebuilt only when they changed.
// Every value may be null or missing; every text from outside goes through textContent.
export const $ = (id) => document.getElementById(id);
export const still = matchMedia("(prefers-reduced-motion: reduce)");
export const isNumber = (v) => typeof v === "number" && Number.isFinite(v);
export const list = (v) => (Array.isArray(v) ? v : []);

export function make(tag, attributes, ...children) {
  const node = SVG_TAGS.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}
export const SVG_TAGS = new Set(["g", "rect", "path", "text", "circle", "title", "line"]);

export const MINUS = "\u2212", NONE = "\u2013";
export function scaled(value, units) {
  if (!isNumber(value)) return NONE;
  const size = Math.abs(value);
  const [factor, unit] = units.find(([f]) => size >= f * 0.9995) ?? units.at(-1);
  const x = size / factor;
  const digits = x === 0 || x >= 99.95 ? 0 : x >= 9.995 ? 1 : 2;
  return `${value < 0 && x.toFixed(digits) * 1 !== 0 ? MINUS : ""}${x.toFixed(digits)} ${unit}`;
}
export const power = (kw) => (isNumber(kw) && Math.abs(kw) < 5e-4 ? "0 kW" : scaled(kw, [[1e6, "GW"], [1e3, "MW"], [1, "kW"], [1e-3, "W"]]));
export const energy = (kwh) => (kwh === 0 ? "0 kWh" : scaled(kwh, [[1e6, "GWh"], [1e3, "MWh"], [1, "kWh"], [1e-3, "Wh"]]));
export const percent = (f, digits = 0) => (isNumber(f) ? `${(f * 100).toFixed(digits)} %` : NONE);
export const fixed = (v, digits) => (isNumber(v) ? v.toFixed(digits).replace(/^-(?=[0.]+$)/, "").replace("-", MINUS) : NONE);
export const money = (v) => (isNumber(v) ? v.toLocaleString("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 }).replace("-", MINUS) : NONE);
export const clock = (text, date = false) => {
  const at = new Date(text ?? NaN);
  if (Number.isNaN(at.getTime())) return NONE;
  const iso = at.toISOString();
  return date ? `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC` : iso.slice(11, 19);
};
export function span(s) {
  if (!isNumber(s)) return NONE;
  if (s < 120) return `${Math.round(s)} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  return s < 172800 ? `${+(s / 3600).toFixed(1)} h` : `${+(s / 86400).toFixed(1)} days`;
}
export const many = (title, count) => (count > 1 ? `${title} × ${count.toLocaleString("en-GB")}` : title);
export const sum = (items, key) => items.reduce((t, x) => t + (isNumber(x[key]) ? x[key] : 0), 0);

export function put(id, text, tone) {
  const node = $(id);
  if (node.textContent !== text) node.textContent = text;
  node.classList.toggle("bad", tone === "bad");
  node.classList.toggle("warn", tone === "warn");
}

// Lists are rebuilt only when what they show has changed, so that selection and scroll survive.
export const shown = new Map();
export function fill(id, rows, row, nothing) {
  const key = JSON.stringify(rows);
  if (shown.get(id) === key) return;
  shown.set(id, key);
  const target = $(id);
  const wrap = target.tagName === "TBODY" ? (n) => make("tr", null, make("td", { colspan: 5, class: "empty" }, n)) : (n) => make("li", { class: "empty" }, n);
  target.replaceChildren(...(rows.length ? rows.map(row) : nothing ? [wrap(nothing)] : []));
}
export function facts(id, rows) {
  rows = rows.filter(Boolean);
  const key = JSON.stringify(rows);
  if (shown.get(id) === key) return;
  shown.set(id, key);
  $(id).replaceChildren(...rows.flatMap(([term, text, tone]) => [make("dt", null, term), make("dd", { class: tone }, text)]));
}

