// rehearse.js - incidents played on a twin of the site: buttons in, the trace with its reasons and both bills out.
// Builds its own panel inside <section id="rehearse">. Every value may be null; every text from outside goes through textContent.
const section = document.getElementById("rehearse");
const URL_ = "/energy/rehearsal", NONE = "\u2013", MINUS = "\u2212";
const isNumber = (v) => typeof v === "number" && Number.isFinite(v);
const list = (v) => (Array.isArray(v) ? v : []);
const SVG_TAGS = new Set(["svg", "g", "rect", "path", "text", "line", "desc"]);
function make(tag, attributes, ...children) {
  const node = SVG_TAGS.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) if (value !== null && value !== undefined) node.setAttribute(name, value);
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}
const number = (v, digits) => v.toFixed(digits).replace(/^-(?=[0.]+$)/, "").replace("-", MINUS); // no minus before a zero
const power = (kw) => (!isNumber(kw) ? NONE : Math.abs(kw) < 0.05 ? "0 kW" : Math.abs(kw) >= 1000 ? `${number(kw / 1000, 2)} MW` : `${number(kw, Math.abs(kw) < 10 ? 1 : 0)} kW`);
const energy = (kwh) => (!isNumber(kwh) ? NONE : Math.abs(kwh) >= 1000 ? `${number(kwh / 1000, 2)} MWh` : `${number(kwh, 2)} kWh`);
const money = (v) => (isNumber(v) ? number(v, 2) : NONE);
function since(s) { // 4.1 s, 2 min 5.0 s, 1 h 3 min
  if (s < 60) return `${s.toFixed(1)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${Math.floor(s % 60)} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

// ---- the panel ----------------------------------------------------------------------------------------------------
const EVENTS = [["grid", "Cut the grid"], ["pack", "Fail a pack"], ["cloud", "Cloud the sun"], ["spike", "Spike the load"], ["pdu", "Silence a PDU"]];
const choices = (pairs, chosen) => pairs.map(([value, text]) => {
  const option = make("option", { value }, text);
  option.selected = value === chosen;
  return option;
});
const device = make("select", { name: "device" }, make("option", { value: "" }, "chosen by itself"));
const span = make("select", { name: "for" }, ...choices([["10s", "10 s"], ["1min", "1 min"], ["2min", "2 min"], ["10min", "10 min"], ["1h", "1 h"], ["2h", "2 h"]], "2min"));
const speed = make("select", { name: "speed" }, ...choices([["1", "real time"], ["5", "5 times"], ["10", "10 times"], ["20", "20 times"], ["60", "60 times"]], "20"));
const buttons = new Map(EVENTS.map(([event, name]) => [event, make("button", { type: "submit", value: event, id: `rehearse-${event}` }, name)]));
const stop = make("button", { type: "button", class: "stop", id: "rehearse-stop" }, "Stop");
const said = make("output", { id: "rehearse-said", role: "status", "aria-live": "polite" }, "Nothing of this reaches a device: a copy of the site is made and played on.");
const form = make("form", { autocomplete: "off" },
  make("label", null, "Device ", device), make("label", null, "For ", span), make("label", null, "Twin runs at ", speed),
  make("fieldset", null, make("legend", null, "What happens"), ...buttons.values(), stop));
const words = make("desc", { id: "rehearse-words" }, "No data yet.");
const chart = make("svg", { role: "img", "aria-labelledby": "rehearse-chart rehearse-words" }, words);
const events = make("ol", { class: "decisions", id: "rehearse-events" });
const bill = make("tbody", { id: "rehearse-bill" });
const keys = new Map([["load", "load"], ["grid", "grid"], ["store", "stores"], ["source", "generation"], ["less", "wanted, not served"]].map(([hue, text]) => [hue, make("span", { class: hue }, text)]));
const found = make("div", { class: "found", hidden: "" },
  make("div", null, make("h3", { id: "rehearse-chart" }, "Power on the twin"), chart, make("p", { class: "keys" }, ...keys.values())),
  make("div", { class: "told" }, make("h3", { id: "rehearse-why" }, "What happened, and why"),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "rehearse-why" }, events)),
  make("div", null, make("h3", { id: "rehearse-bill-title" }, "The same time without it and with it"),
    make("table", { class: "figs", "aria-labelledby": "rehearse-bill-title" },
      make("thead", null, make("tr", null, make("td"), ...["Without", "With"].map((text) => make("th", { scope: "col", class: "n" }, text)))), bill)));

// ---- what came of it ----------------------------------------------------------------------------------------------
const H = 240, LEFT = 58, RIGHT = 10, TOP = 10, BOTTOM = 24;
const SPANS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400]; // s that an axis may be marked in
function ticks(low, high, count, steps) {
  const raw = (high - low) / count, size = 10 ** Math.floor(Math.log10(raw));
  const step = (steps ?? [1, 2, 5, 10].map((m) => m * size)).find((s) => s >= raw) ?? raw;
  const marks = [];
  for (let v = Math.ceil(low / step) * step; v <= high + 1e-9 * step; v += step) marks.push(v);
  return marks;
}
function drawChart(doc) {
  const s = doc.series ?? {}, at = list(s.at_s);
  if (at.length < 2) return;
  const curves = [["load wanted", s.wanted_kw], ["load", s.load_kw], ["source", s.generation_kw], ["store", s.stores_kw], ["grid", s.grid_kw]].map(([c, v]) => [c, list(v)]);
  const all = curves.flatMap(([, v]) => v).filter(isNumber), low = Math.min(0, ...all), high = Math.max(1, ...all), end = at.at(-1);
  const W = Math.max(300, chart.clientWidth || 820);
  const x = (t) => LEFT + (t / end) * (W - LEFT - RIGHT), y = (kw) => TOP + ((high - kw) / (high - low)) * (H - TOP - BOTTOM);
  const line = (v) => v.map((kw, i) => `${i ? "L" : "M"}${x(at[i]).toFixed(1)} ${y(kw ?? 0).toFixed(1)}`).join("");
  const pieces = list(doc.incidents).map((one) => {
    const from = x(Math.min(one.at_s, end)), to = x(Math.min(one.at_s + one.for_s, end));
    return make("rect", { class: "incident", x: from, y: TOP, width: Math.max(to - from, 0), height: H - TOP - BOTTOM });
  });
  for (const kw of ticks(low, high, 4)) {
    pieces.push(make("line", { class: kw === 0 ? "zero" : "rule", x1: LEFT, x2: W - RIGHT, y1: y(kw), y2: y(kw) }), make("text", { x: LEFT - 6, y: y(kw) + 4, "text-anchor": "end" }, power(kw)));
  }
  for (const t of ticks(0, end, W / 90, SPANS)) pieces.push(make("text", { x: x(t), y: H - 6, "text-anchor": t === 0 ? "start" : "middle" }, since(t).replace(/\.0 s$/, " s").replace(/ 0 s$| 0 min$/, "")));
  const [[, wanted], [, load]] = curves;
  pieces.push(make("path", { class: "held", d: `${line(wanted)}${load.map((kw, i) => `L${x(at[load.length - 1 - i]).toFixed(1)} ${y(load[load.length - 1 - i] ?? 0).toFixed(1)}`).join("")}Z` }));
  for (const [name, values] of curves) if (values.some((v) => v)) pieces.push(make("path", { class: `curve ${name}`, d: line(values) }));
  keys.get("source").hidden = !list(s.generation_kw).some((kw) => kw);
  keys.get("less").hidden = !list(s.wanted_kw).some((kw, i) => kw - (s.load_kw[i] ?? 0) > 0.05);
  chart.setAttribute("viewBox", `0 0 ${W} ${H}`);
  const now = (v) => power(list(v).at(-1));
  words.textContent = `After ${since(end)} on the twin: load ${now(s.load_kw)} of ${now(s.wanted_kw)} wanted, grid ${now(s.grid_kw)}, stores ${now(s.stores_kw)}, generation ${now(s.generation_kw)}.`;
  chart.replaceChildren(words, ...pieces);
}

let shownEvents = "";
// Powers before and after; of the grid's states, what may be imported.
function stepOf(e) {
  const from = power(e.from_kw), to = power(e.to_kw);
  return isNumber(e.to_kw) && (e.from_kw || e.to_kw) && from !== to ? make("span", { class: "step" }, `${e.kind === "grid" ? "import allowed: " : ""}${from} \u2192 ${to}`) : null;
}
function drawEvents(doc) {
  const rows = list(doc.events), key = `${doc.from} ${rows.length}`;
  if (key === shownEvents) return;
  shownEvents = key;
  const scroll = events.parentElement, atEnd = scroll.scrollTop + scroll.clientHeight > scroll.scrollHeight - 30;
  events.replaceChildren(...rows.map((e) => make("li", { class: e.kind },
    make("time", null, since(e.at_s ?? 0)), make("span", { class: "dev" }, e.device ?? NONE),
    make("span", { class: e.kind === "begins" || e.kind === "ends" || e.kind === "grid" ? "why what" : "why" }, e.text ?? e.reason ?? "", stepOf(e)))));
  if (atEnd) scroll.scrollTop = scroll.scrollHeight;
}

function drawBill(doc) {
  const b = doc.bill ?? {}, unit = b.currency || "", columns = [b.before ?? {}, b.after ?? {}];
  const rows = [["Bought and sold", "energy_cost", money], ["Wear and fuel", null, (c) => money((c.wear_cost ?? 0) + (c.fuel_cost ?? 0))], ["Import", "import_kwh", energy], ["Held in stores at the end", "stored_kwh", energy],
    ["Wanted, not served", "shed_kwh", energy], ["Carbon", "carbon_kg", (v) => (isNumber(v) ? `${number(v, 1)} kg` : NONE)]];
  const cells = rows.map(([name, key, show]) => [key && show !== money ? name : `${name}, ${unit}`, ...columns.map((c) => show(key ? c[key] : c))]);
  if (b.before?.unserved_cost || b.after?.unserved_cost) cells.push([`Not served, at its value, ${unit}`, ...columns.map((c) => money(c.unserved_cost))]);
  cells.push([`With the stores filled again, ${unit}`, money((b.before?.cost ?? 0) + (b.before?.unserved_cost ?? 0)), money(isNumber(b.more?.total) ? (b.before?.cost ?? 0) + (b.before?.unserved_cost ?? 0) + b.more.total : null)]);
  bill.replaceChildren(...cells.map(([name, ...values]) => make("tr", null, make("th", { scope: "row" }, name), ...values.map((v) => make("td", { class: "n" }, v)))));
}

let state = "none";
function show(doc) {
  state = doc.state;
  stop.disabled = state !== "running" && state !== "starting";
  section.dataset.state = state;
  if (state === "none") return;
  const pace = state === "running" && isNumber(doc.elapsed_s) ? `${since(doc.elapsed_s)} on the twin, ${number(doc.speed_reached ?? 0, 0)} times real time. ` : "";
  const text = pace + (doc.text ?? "");
  if (said.textContent !== text) said.textContent = text;
  said.classList.toggle("bad", state === "failed");
  said.setAttribute("aria-live", state === "running" ? "off" : "polite"); // a clock is not read out
  found.hidden = !doc.series;
  if (!doc.series) return;
  drawChart(doc);
  drawEvents(doc);
  drawBill(doc);
}

// ---- the wire -----------------------------------------------------------------------------------------------------
let source = null, newest = "";
function draw() {
  const doc = JSON.parse(newest);
  newest = "";
  show(doc);
  if (doc.state !== "running" && doc.state !== "starting") source.close(); // its last word
}
function follow() {
  if (source && source.readyState !== EventSource.CLOSED) return;
  source = new EventSource(URL_);
  source.onmessage = (event) => { // a page that is behind leaves out what is no longer so
    if (!newest) (document.hidden ? setTimeout : requestAnimationFrame)(draw);
    newest = event.data;
  };
  source.onerror = () => { if (source.readyState === EventSource.CLOSED && (state === "running" || state === "starting")) setTimeout(follow, 2000); };
}

async function call(method, body) {
  try {
    const reply = await fetch(URL_, { method, headers: body ? { "Content-Type": "application/json" } : {}, body: body && JSON.stringify(body) });
    const answer = await reply.json();
    if (reply.ok) return answer;
    said.textContent = answer.detail || answer.title || `The server answered ${reply.status}.`;
  } catch {
    said.textContent = "The server cannot be reached.";
  }
  said.classList.add("bad");
  return null;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const what = event.submitter?.value ?? "grid", role = event.submitter ? device.selectedOptions[0]?.dataset.for : null;
  const body = { event: what, for: span.value, speed: Number(speed.value) };
  if (device.value && role === what) body.device = device.value;
  said.classList.remove("bad");
  const doc = await call("POST", body);
  if (!doc) return;
  show(doc);
  follow();
});
stop.addEventListener("click", async () => {
  const doc = await call("DELETE");
  if (doc) show(doc);
});

// Which devices there are, and which buttons make sense here.
function offer(doc) {
  const groups = { pack: list(doc.stores), cloud: list(doc.sources).filter((s) => s.type === "solar"), spike: list(doc.loads), pdu: list(doc.nodes).filter((n) => n.parent) };
  const titles = { pack: "Stores", cloud: "Sun", spike: "Loads", pdu: "Feeders" };
  for (const [event, items] of Object.entries(groups)) {
    buttons.get(event).disabled = items.length === 0;
    buttons.get(event).title = items.length === 0 ? "This site has nothing that it could happen to." : "";
    if (items.length) device.append(make("optgroup", { label: titles[event] }, ...items.slice(0, 200).map((d) => make("option", { value: d.id, "data-for": event }, d.id))));
  }
  buttons.get("grid").disabled = doc.grid?.present === false;
}

async function begin() {
  document.head.append(make("link", { rel: "stylesheet", href: "rehearse.css" }));
  section.append(form, said, found);
  stop.disabled = true;
  try {
    const [now, telemetry] = await Promise.all([URL_, "/energy/telemetry"].map((url) => fetch(url)));
    if (telemetry.ok) offer(await telemetry.json());
    if (now.ok) {
      const doc = await now.json();
      show(doc);
      if (doc.state === "running" || doc.state === "starting") follow();
    }
  } catch {
    said.textContent = "The server cannot be reached.";
  }
}
if (section) begin();
