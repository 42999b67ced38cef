// decisions.js - what was decided last and why, each with the numbers that it stood on.
import { $, NONE, clock, energy, fill, fixed, isNumber, list, make, percent, power } from "./base.js";
import { drawPlan, drawPower, markAt, nearest } from "./charts.js";

const open = new Set(); // keys of those that are unfolded
const numbers = new Map(); // key -> rows, as they were when the decision came in
const explained = new Map(); // key -> what the journal says
const REMEMBERED = 200;
let canExplain = false, number = 0;

export function offer(paths) {
  canExplain = Boolean(paths["/energy/explain"]);
}

const keyOf = (d) => `${d.time} ${d.device} ${d.reason}`;
const isGroup = (device, id) => device === id || device?.startsWith(`${id}-`);

// The device and its feeder as this document has them, and the site as it was then.
function numbersOf(d, doc) {
  const at = nearest(Date.parse(d.time) / 1000)?.y ?? [], find = (key) => list(doc[key]).find((g) => isGroup(d.device, g.id));
  const store = find("stores"), source = find("sources"), load = find("loads"), node = list(doc.nodes).find((n) => n.id === d.for), tie = list(doc.ties).find((t) => t.id === d.device);
  const rows = [["Set-point", `${power(d.from_kw)} → ${power(d.to_kw)}`], ["Reason", d.reason ?? NONE]];
  if (store) rows.push(["Store", `${power(store.power_kw)}, told ${power(store.setpoint_kw)}`], ["Charge", `${percent(store.soc_frac, 1)}, ${energy(store.energy_kwh)} of ${energy(store.capacity_kwh)}`], ["Reserve", percent(store.floor_frac)], ["Reading", store.quality ?? NONE]);
  if (source) rows.push(["Source", `${power(source.power_kw)} of ${power(source.available_kw)} available`], ["Limit", source.limit_kw === null ? "none" : power(source.limit_kw)], ["Reading", source.quality ?? NONE]);
  if (load) rows.push(["Load", `${power(load.power_kw)}, wants ${power(load.demand_kw)}, may draw ${power(load.cap_kw)}`], ["Class", String(load.class ?? NONE)], ["Shed", String(load.shed_count ?? 0)], ["Reading", load.quality ?? NONE]);
  if (tie) rows.push(["Tie", `${power(tie.power_kw)}, told ${power(tie.setpoint_kw)}, at most ${power(tie.limit_kw)}`]);
  if (node) rows.push([`Feeder ${node.id}`, `${power(node.power_kw)} of ${power(node.limit_kw)}`]);
  if (isNumber(at[0])) rows.push(["Site then", `load ${power(at[0])}, generation ${power(at[1])}, grid ${power(at[2])}, stores ${power(at[3])}`]);
  if (isNumber(at[4])) rows.push(["Price then", `${fixed(at[4], 4)} ${doc.site?.currency ?? ""}/kWh`]);
  if (isNumber(at[5])) rows.push(["Carbon then", `${fixed(at[5], 0)} g/kWh`]);
  if (isNumber(d.hold_up_s)) rows.push(["Stores hold for", `${Math.round(d.hold_up_s)} s`]);
  return rows;
}

async function explain(d, key, place) {
  place.textContent = "reading the journal";
  try {
    const reply = await fetch(`/energy/explain?at=${encodeURIComponent(d.time)}&device=${encodeURIComponent(d.device ?? "")}`);
    const doc = await reply.json();
    const parts = Object.entries(doc).filter(([, v]) => Array.isArray(v) && v.length);
    explained.set(key, reply.ok ? parts.map(([name, items]) => [name, items.map((i) => i.text ?? `${i.name ?? ""} ${i.value ?? ""}`)]) : [["answer", [doc.detail ?? doc.title ?? `the server answered ${reply.status}`]]]);
  } catch {
    explained.set(key, [["answer", ["The server cannot be reached."]]]);
  }
  showExplained(key, place);
}
function showExplained(key, place) {
  place.replaceChildren(...(explained.get(key) ?? []).flatMap(([name, lines]) => [make("h3", null, name.replaceAll("_", " ")), make("ul", null, ...lines.map((l) => make("li", null, l)))]));
}

function details(d, key) {
  const box = make("div", { class: "numbers" }), said = make("div", { class: "explained" });
  const link = make("button", { type: "button" }, "Show in the charts");
  link.addEventListener("click", () => {
    markAt(Date.parse(d.time) / 1000);
    drawPower();
    drawPlan();
    $("chart").scrollIntoView({ block: "center" });
    $("chart").focus({ preventScroll: true });
  });
  const why = canExplain ? make("button", { type: "button" }, "Explain from the journal") : null;
  why?.addEventListener("click", () => explain(d, key, said));
  box.append(make("dl", null, ...(numbers.get(key) ?? []).flatMap(([term, text]) => [make("dt", null, term), make("dd", null, text)])), make("p", { class: "do" }, link, why), said);
  showExplained(key, said);
  return box;
}

function row(d) {
  const key = keyOf(d), id = `decision-${number++}`, unfolded = open.has(key);
  const button = make("button", { type: "button", class: "dev", "aria-expanded": String(unfolded), "aria-controls": id }, d.device || NONE);
  const item = make("li", null, make("time", { datetime: d.time }, clock(d.time)), button,
    make("span", { class: "step" }, `${power(d.from_kw)} → `, make("b", null, power(d.to_kw))), make("span", { class: "why" }, d.text ?? d.reason ?? ""));
  const place = make("div", { id, class: "more" });
  place.hidden = !unfolded;
  if (unfolded) place.append(details(d, key));
  item.append(place);
  button.addEventListener("click", () => {
    const now = !open.delete(key);
    if (now) open.add(key);
    button.setAttribute("aria-expanded", String(now));
    place.hidden = !now;
    place.replaceChildren(...(now ? [details(d, key)] : []));
  });
  return item;
}

export function drawDecisions(doc) {
  const all = list(doc.decisions);
  for (const d of all) if (!numbers.has(keyOf(d))) numbers.set(keyOf(d), numbersOf(d, doc));
  for (const key of [...numbers.keys()].slice(0, Math.max(0, numbers.size - REMEMBERED))) {
    numbers.delete(key);
    open.delete(key);
    explained.delete(key);
  }
  fill("decisions", all, row, "No set-point has changed yet.");
}
