// panels.js - header, figures and lists: each draws its part of the page from one telemetry document.
import { $, NONE, clock, energy, facts, fill, fixed, isNumber, list, make, many, money, percent, power, put, scaled, shown, span, sum } from "./base.js";

const MODES = { observe: "observe: reads, writes nothing", advise: "advise: recommends, writes nothing", control: "control" };

function drawHeader(doc) {
  const site = doc.site ?? {};
  put("title", site.title || site.id || "Symgrid");
  document.title = `${site.title || "Site"} · Symgrid`;
  put("time", clock(doc.time, true));
  put("tick", isNumber(doc.tick) ? String(doc.tick) : NONE);
  const pace = site.speed === null ? "as fast as it goes" : isNumber(site.speed) && site.speed !== 1 ? `${site.speed} × real time` : "real time";
  const key = JSON.stringify(site);
  if (shown.get("chips") !== key) {
    shown.set("chips", key);
    $("chips").replaceChildren("mode ", make("b", null, MODES[site.mode] ?? site.mode ?? NONE), " · policy ", make("b", null, site.policy ?? NONE), " · ", pace,
      ...(site.safe ? [" · ", make("b", { class: "bad" }, "SAFE SET")] : []));
  }
  const troubles = [
    site.safe && "Safe set active: the inputs cannot be trusted, so every device holds its safe value.",
    doc.grid?.present && doc.grid.up === false && "The grid connection is gone.",
    doc.health?.journal === "degraded" && "The journal is degraded: control goes on, but new requests are not acknowledged.",
  ].filter(Boolean);
  const text = troubles.join(" ");
  if ($("banner").textContent !== text) $("banner").textContent = text;
  $("banner").hidden = !text;
}

function drawFigures(doc) {
  const b = doc.balance ?? {}, p = doc.price ?? {}, grid = doc.grid ?? {};
  const stores = list(doc.stores), net = (b.import_kw ?? 0) - (b.export_kw ?? 0), flow = (b.discharge_kw ?? 0) - (b.charge_kw ?? 0);
  put("f-load", power(b.load_kw));
  if (b.unserved_kw > 0.05) put("s-load", `${power(b.unserved_kw)} not served`, "bad");
  else put("s-load", !isNumber(b.demand_kw) ? "" : Math.abs(b.demand_kw - b.load_kw) > 0.005 * b.load_kw ? `wants ${power(b.demand_kw)}` : "all demand served");
  put("f-generation", power(b.generation_kw));
  if (b.curtailed_kw > 0.05) put("s-generation", `${power(b.curtailed_kw)} held back`, "warn");
  else put("s-generation", isNumber(b.available_kw) ? `of ${power(b.available_kw)} available` : "");
  const down = grid.present !== false && grid.up === false;
  put("h-grid", down ? "Grid" : net < -5e-4 ? "Grid export" : net > 5e-4 ? "Grid import" : "Grid");
  put("f-grid", grid.present === false ? "island" : down ? "lost" : isNumber(b.import_kw) ? power(Math.abs(net)) : NONE, down ? "bad" : "");
  put("s-grid", grid.present === false ? "no connection" : isNumber(grid.peak_kw) ? `month's peak ${power(grid.peak_kw)}` : "");
  put("h-store", flow > 5e-4 ? "Stores discharge" : flow < -5e-4 ? "Stores charge" : "Stores");
  put("f-store", !isNumber(b.charge_kw) ? NONE : stores.length ? power(Math.abs(flow)) : "none");
  const full = sum(stores, "capacity_kwh"), held = sum(stores, "energy_kwh");
  put("s-store", full > 0 ? `${energy(held)}, ${percent(held / full)}` : "");
  const unit = `${doc.site?.currency || ""}/kWh`;
  put("f-price", fixed(p.import_per_kwh, 3));
  put("s-price", isNumber(p.export_per_kwh) ? `${unit} · export ${fixed(p.export_per_kwh, 3)}` : unit);
  put("f-carbon", fixed(p.carbon_g_per_kwh, 0));
  put("s-carbon", "g CO\u2082 per kWh");
}

function bar(title, right, share, sub, cls, mark) {
  const fillBar = make("div", { class: "fill" });
  fillBar.style.width = `${Math.min(100, Math.max(0, (share ?? 0) * 100))}%`;
  const track = make("div", { class: "bar" }, fillBar);
  if (isNumber(mark)) {
    const line = make("div", { class: "mark" });
    line.style.left = `${Math.min(99, mark * 100)}%`;
    track.append(line);
  }
  return make("li", { class: cls }, make("div", { class: "row" }, make("span", null, title), make("span", null, right)), track, sub ? make("div", { class: "sub" }, sub) : null);
}

// How long a store lasts at full power is the time scale that it works on.
const SCALES = [[60, "Seconds"], [3600, "Minutes"], [86400, "Hours"], [Infinity, "Days and longer"]];
function scaleOf(store) {
  const s = store.discharge_kw_max > 0 ? (store.capacity_kwh / store.discharge_kw_max) * 3600 : NaN;
  return Number.isNaN(s) ? ["Power not known", NaN] : [SCALES.find(([most]) => s < most)?.[1] ?? SCALES.at(-1)[1], s];
}
function drawStores(doc) {
  const rows = [];
  for (const name of [...SCALES.map(([, n]) => n), "Power not known"]) {
    const stores = list(doc.stores).filter((s) => scaleOf(s)[0] === name);
    if (stores.length) rows.push([name]);
    for (const s of stores) {
      const lasts = scaleOf(s)[1];
      rows.push([name, many(s.id, s.count), percent(s.soc_frac), s.soc_frac ?? null,
        [`${energy(s.energy_kwh)} of ${energy(s.capacity_kwh)}`, lasts > 0 ? `full power for ${span(lasts)}` : "", s.floor_frac > 0 ? `reserve ${percent(s.floor_frac)}` : "", `set ${power(s.setpoint_kw)}`, s.duty ?? "", s.hypothetical ? "hypothetical" : ""].filter(Boolean).join(" · "), s.floor_frac || null]);
    }
  }
  fill("stores", rows, ([scale, title, ...rest]) => (title ? bar(title, rest[0], rest[1], rest[2], "store", rest[3]) : make("li", { class: "scale" }, scale)), "This site has no stores.");
}

function drawNodes(doc) {
  const told = doc.forecast?.nodes ?? {}, soon = (n) => (isNumber(n.expected_kw) ? `in ${span(told.ahead_s)} ${power(n.expected_kw)}, nine in ten below ${power(n.expected_high_kw)}` : "");
  const limited = list(doc.nodes).filter((n) => n.limit_kw > 0 && isNumber(n.power_kw)).map((n) => [n.id, n.power_kw, n.limit_kw, Math.abs(n.power_kw) / n.limit_kw, soon(n), n.may_pass === true]);
  const fullest = limited.sort((a, b) => b[5] - a[5] || b[3] - a[3]).slice(0, 8);
  fill("nodes", fullest, ([id, kw, limit, share, sub, may]) => bar(id, `${power(kw)} / ${power(limit)}`, share, may ? `may pass its limit: ${sub}` : sub, share > 1.0005 ? "over" : may || share > 0.9 ? "hot" : ""), "No feeder of this site has a limit.");
  const skill = told.skill_vs_persistence, words = Math.abs(skill) < 0.05 ? "as good as" : `${percent(Math.abs(skill))} ${skill > 0 ? "better" : "worse"} than`;
  const warned = told.silent ? " Warnings that a limit may be passed are silent: hardly any came true, as where the limits are kept by control." : told.warned >= 1 ? ` Of its warnings ${percent(told.came / told.warned)} came true${told.passed >= 1 ? `; of the limits passed ${percent(told.came / told.passed)} were warned of` : ""}.` : "";
  put("nodes-note", isNumber(skill) ? `${span(told.ahead_s)} ahead this is ${words} the last value, and ${percent(told.inside_80_frac)} lay inside the 80 % interval.${warned}` : "");
}

function drawTasks(doc) {
  fill("tasks", list(doc.tasks).slice(0, 40), (t) => make("tr", null, make("td", null, t.task_id ?? NONE),
    make("td", null, make("span", { class: `state ${/^[a-z]+$/.test(t.state) ? t.state : ""}` }, t.state ?? NONE)), make("td", { class: "n" }, power(t.power_kw)),
    make("td", null, t.until ? clock(t.until) : NONE), make("td", null, t.reason_text ?? t.reason ?? "")), "Nobody has asked for power.");
}

// What it all came to, beside the same loads and sources with every store at rest.
function drawMoney(doc) {
  const b = doc.baseline, paid = (v) => money(v), kg = (v) => scaled(v, [[1e3, "t"], [1, "kg"]]);
  if (!b) return fill("money", [], null, "Without a grid there is nothing to compare with.");
  const rows = [["Energy bought", "cost", paid], ["Energy sold", "revenue", paid], ["Demand charge", "demand_cost", paid], ["Wear of stores", "wear_cost", paid], ["Fuel", "fuel_cost", paid],
    ["Cost in all", "net_cost", paid], ["Import", "import_kwh", energy], ["Export", "export_kwh", energy], ["Carbon, net", "carbon_kg", kg]]
    .filter(([, key]) => key === "net_cost" || key === "carbon_kg" || b.site?.[key] || b.at_rest?.[key]);
  const signed = (v, show) => (isNumber(v) && v > 0 ? `+${show(v)}` : show(v));
  fill("money", rows.map(([name, key, show]) => [name, show(b.site?.[key]), show(b.at_rest?.[key]), signed(b.site?.[key] - b.at_rest?.[key], show), key]),
    ([name, real, rest, gap, key]) => make("tr", { class: key === "net_cost" ? "total" : null }, make("th", { scope: "row" }, name), ...[real, rest, gap].map((c) => make("td", { class: "n" }, c))));
  put("money-since", `${doc.site?.currency ?? ""} · since ${clock(b.since, true)}`);
  const saved = b.at_rest?.net_cost - b.site?.net_cost, less = b.at_rest?.carbon_kg - b.site?.carbon_kg;
  put("money-said", isNumber(saved) ? `The stores ${saved >= 0 ? "saved" : "cost"} ${money(Math.abs(saved))} ${doc.site?.currency ?? ""} and ${less >= 0 ? "avoided" : "added"} ${kg(Math.abs(less))} CO\u2082.` : "");
  put("money-note", `Baseline: ${b.text}. Stores hold ${energy(Math.abs(b.stored_kwh))} ${b.stored_kwh < 0 ? "less" : "more"} than then.${b.left_out_s > 0 ? ` ${span(b.left_out_s)} without a grid left out.` : ""}`);
}

function drawAhead(doc) {
  const plan = doc.plan ?? {}, f = doc.forecast ?? {};
  const outlook = (x) => (x ? `${power(x.now_kw)} \u2192 ${power(x.in_1h_kw)} in 1 h, ${power(x.in_24h_kw)} in 24 h` : NONE);
  const skill = (x) => (isNumber(x?.skill_vs_persistence) ? percent(x.skill_vs_persistence) : "not known yet");
  facts("ahead", [
    ["Plan", plan.outcome ? `${plan.outcome}, ${span(plan.age_s)} old` : "none: the rules decide", plan.outcome && plan.outcome !== "solved" ? "warn" : ""],
    plan.outcome ? ["Plan steps", `${plan.steps ?? NONE}${plan.softened > 0 ? `, ${plan.softened} limits softened` : ""}`, plan.softened > 0 ? "warn" : ""] : null,
    ["Load", outlook(f.load)], ["Better than persistence", skill(f.load)],
    ["Generation", outlook(f.generation)], ["Better than persistence", skill(f.generation)],
  ]);
}

// "43 % better, 79 % inside": a skill of less than a twentieth either way is no difference.
function worth(lead) {
  const skill = lead?.skill_vs_persistence, inside = lead?.inside_80_frac;
  if (!isNumber(skill)) return "not known yet";
  const words = Math.abs(skill) < 0.05 ? "as good" : `${percent(Math.abs(skill))} ${skill > 0 ? "better" : "worse"}`;
  return isNumber(inside) ? `${words}, ${percent(inside)} inside` : words;
}

function drawSkill(doc) {
  const names = [["Load", "load"], ["Generation", "generation"], ["Price", "price"], ["Carbon", "carbon"]];
  const rows = names.map(([name, key]) => [name, doc.forecast?.[key]]).filter(([, f]) => list(f?.leads).length > 0);
  fill("skill", rows.map(([name, f]) => [name, ...list(f.leads).map(worth)]),
    ([name, ...cells]) => make("tr", null, make("th", { scope: "row" }, name), ...cells.map((c) => make("td", { class: "n" }, c))), "Nothing has been foretold yet.");
  const fallen = rows.filter(([, f]) => list(f.leads).some((l) => l.why)).map(([name, f]) => {
    const lead = list(f.leads).find((l) => l.why);
    return `${name}, ${lead.lead} ahead: ${lead.from === "persistence" ? "the last value again" : "the simple models"}, because ${lead.why}.`;
  });
  put("skill-note", fallen.length ? fallen.join(" ") : rows.length ? "The mixture of models speaks of all of them." : "");
}

function drawBill(doc) {
  const s = doc.settlement ?? {}, columns = [s.running ?? {}, s.last ?? {}, s.total ?? {}];
  const rows = [["Import", "import_kwh", energy], ["Export", "export_kwh", energy], ["Load", "load_kwh", energy], ["Generation", "generation_kwh", energy],
    ["Cost", "cost", money], ["Revenue", "revenue", money], ["Carbon", "carbon_kg", (v) => scaled(v, [[1e3, "t"], [1, "kg"]])]];
  put("bill-note", `${doc.site?.currency ?? ""}${isNumber(s.intervals) ? ` · ${s.intervals} intervals` : ""}`);
  fill("bill", rows.map(([name, key, show]) => [name, ...columns.map((c) => show(c[key]))]),
    ([name, ...cells]) => make("tr", null, make("th", { scope: "row" }, name), ...cells.map((c) => make("td", { class: "n" }, c))));
}

function drawHealth(doc) {
  const h = doc.health ?? {}, q = h.quality ?? {};
  const step = (us) => (isNumber(us) ? (us < 1000 ? `${us.toFixed(0)} µs` : `${(us / 1000).toFixed(1)} ms`) : NONE);
  const count = (n) => (isNumber(n) ? n.toLocaleString("en-GB") : NONE);
  const poor = (q.suspect ?? 0) + (q.stale ?? 0) + (q.missing ?? 0);
  facts("health", [
    ["Readings good", count(q.good)],
    ["Suspect, stale, missing", [q.suspect, q.stale, q.missing].map(count).join(", "), poor > 0 ? "warn" : ""],
    ["Not believed", h.disbelieved > 0 ? `${count(h.disbelieved)}: ${(h.doubts ?? []).map((d) => `${d.id} ${d.reading} ${d.text}`).join("; ")}` : count(h.disbelieved), h.disbelieved > 0 ? "warn" : ""],
    h.usual_judged > 0 ? ["Not usual for the hour", h.unusual_count > 0 ? `${count(h.unusual_count)}: ${list(h.unusual).slice(0, 3).map((u) => `${u.id} ${u.reading} ${power(u.power_kw)}, usually ${power(u.usual_kw)}`).join("; ")}` : "none", h.unusual_count > 0 ? "warn" : ""] : null,
    ["Step, median and 99 %", `${step(h.step_us_p50)}, ${step(h.step_us_p99)}`],
    ["Late steps", count(h.late_steps), h.late_steps > 0 ? "warn" : ""],
    ["Journal", `${h.journal ?? NONE}${isNumber(h.journal_mb) ? `, ${h.journal_mb.toFixed(1)} MB` : ""}`, h.journal === "degraded" ? "bad" : ""],
    ["Rows dropped", count(h.dropped_rows), h.dropped_rows > 0 ? "warn" : ""],
  ]);
}


export function drawTop(doc) {
  drawHeader(doc);
  drawFigures(doc);
}
export function drawPanels(doc) {
  drawStores(doc);
  drawNodes(doc);
  drawTasks(doc);
  drawMoney(doc);
  drawAhead(doc);
  drawSkill(doc);
  drawBill(doc);
  drawHealth(doc);
}
