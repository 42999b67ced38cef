// app.js - the dashboard: one event stream in, one page out. No framework, no build step.
// Every value may be null or missing; every text from outside goes through textContent.
const $ = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const isNumber = (v) => typeof v === "number" && Number.isFinite(v);
const list = (v) => (Array.isArray(v) ? v : []);

function make(tag, attributes, ...children) {
  const node = SVG_TAGS.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}
const SVG_TAGS = new Set(["g", "rect", "path", "text", "circle", "title", "line"]);

// ---- numbers as people read them ----------------------------------------------------------------------------------
const MINUS = "\u2212", NONE = "\u2013";
function scaled(value, units) {
  if (!isNumber(value)) return NONE;
  const size = Math.abs(value);
  const [factor, unit] = units.find(([f]) => size >= f * 0.9995) ?? units.at(-1);
  const x = size / factor;
  const digits = x === 0 || x >= 99.95 ? 0 : x >= 9.995 ? 1 : 2;
  return `${value < 0 && x.toFixed(digits) * 1 !== 0 ? MINUS : ""}${x.toFixed(digits)} ${unit}`;
}
const power = (kw) => (isNumber(kw) && Math.abs(kw) < 5e-4 ? "0 kW" : scaled(kw, [[1e6, "GW"], [1e3, "MW"], [1, "kW"], [1e-3, "W"]]));
const energy = (kwh) => (kwh === 0 ? "0 kWh" : scaled(kwh, [[1e6, "GWh"], [1e3, "MWh"], [1, "kWh"], [1e-3, "Wh"]]));
const percent = (f, digits = 0) => (isNumber(f) ? `${(f * 100).toFixed(digits)} %` : NONE);
const fixed = (v, digits) => (isNumber(v) ? v.toFixed(digits).replace("-", MINUS) : NONE);
const money = (v) => (isNumber(v) ? v.toLocaleString("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 }).replace("-", MINUS) : NONE);
const clock = (text, date = false) => {
  const at = new Date(text ?? NaN);
  if (Number.isNaN(at.getTime())) return NONE;
  const iso = at.toISOString();
  return date ? `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC` : iso.slice(11, 19);
};
function span(s) {
  if (!isNumber(s)) return NONE;
  if (s < 120) return `${Math.round(s)} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  return s < 172800 ? `${+(s / 3600).toFixed(1)} h` : `${+(s / 86400).toFixed(1)} days`;
}
const many = (title, count) => (count > 1 ? `${title} × ${count.toLocaleString("en-GB")}` : title);
const sum = (items, key) => items.reduce((t, x) => t + (isNumber(x[key]) ? x[key] : 0), 0);

function put(id, text, tone) {
  const node = $(id);
  if (node.textContent !== text) node.textContent = text;
  node.classList.toggle("bad", tone === "bad");
  node.classList.toggle("warn", tone === "warn");
}

// Lists are rebuilt only when what they show has changed, so that selection and scroll survive.
const shown = new Map();
function fill(id, rows, row, nothing) {
  const key = JSON.stringify(rows);
  if (shown.get(id) === key) return;
  shown.set(id, key);
  const target = $(id);
  const wrap = target.tagName === "TBODY" ? (n) => make("tr", null, make("td", { colspan: 5, class: "empty" }, n)) : (n) => make("li", { class: "empty" }, n);
  target.replaceChildren(...(rows.length ? rows.map(row) : nothing ? [wrap(nothing)] : []));
}
function facts(id, rows) {
  rows = rows.filter(Boolean);
  const key = JSON.stringify(rows);
  if (shown.get(id) === key) return;
  shown.set(id, key);
  $(id).replaceChildren(...rows.flatMap(([term, text, tone]) => [make("dt", null, term), make("dd", { class: tone }, text)]));
}

// ---- header and figures -------------------------------------------------------------------------------------------
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

// ---- one-line diagram ---------------------------------------------------------------------------------------------
// Symbols in a 24 x 24 box, chosen by "role type"; the first pattern that fits wins.
const SIGNS = [
  [/^source.*(solar|pv)/, "M3 19h18M5.5 19 8 8h8l2.5 11M7 13.5h10M12 8v11M12 2v2.5M6.5 4l1.4 1.8M17.5 4l-1.4 1.8"],
  [/^source.*wind/, "M12 22V11M12 11V2.5M12 11l7.5 4.5M12 11l-7.5 4.5M9 22h6"],
  [/^s.*(osmo|electrodial|hydro|tidal|wave|water)/, "M12 2.5c4 5 6 8 6 11a6 6 0 0 1-12 0c0-3 2-6 6-11zM9 14a3 3 0 0 0 3 3"],
  [/^store.*(flywheel|rotor|kinetic)/, "M12 3a9 9 0 1 0 .1 0zM12 9a3 3 0 1 0 .1 0zM12 3v6M4.2 16.5 9.4 13.5M19.8 16.5l-5.2-3"],
  [/^store.*cap/, "M12 2v7M4 9h16M4 14h16M12 14v8"],
  [/^s.*quantum/, "M12 12a2 2 0 1 0 .1 0zM12 4c5 0 10 4 10 9s-5 8-10 8S2 18 2 13s5-9 10-9z"],
  [/^store.*(thermal|heat|cold|ice)/, "M10 13V5a2 2 0 0 1 4 0v8a4.5 4.5 0 1 1-4 0zM12 9v7"],
  [/^store.*hydrogen/, "M8 3h8v2H8zM7 5h10a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zM9.5 10v6M14.5 10v6M9.5 13h5"],
  [/^store.*(temporal|information)/, "M12 3a9 9 0 1 0 .1 0zM12 7v5.2l3.6 2.2"],
  [/^source.*(generator|diesel|gas|engine|fuel|chp)/, "M12 3a9 9 0 1 0 .1 0zM15.5 9.5A4.5 4.5 0 1 0 16 13h-3.5"],
  [/^grid/, "M12 2 6 22M12 2l6 20M8.6 13h6.8M5 8h14M7.4 17.5h9.2M9.9 8.5l5.5 4.5M14.1 8.5 8.6 13"],
  [/^task/, "M5 4h14v16H5zM8.5 9h7M8.5 13h7M8.5 17h4"],
  [/^load.*(cool|chill|fan|crac)/, "M12 3v18M4.2 7.5l15.6 9M19.8 7.5l-15.6 9"],
  [/^store/, "M3 8h16v9H3zM19 11h2v3h-2M7 10.5v4M5 12.5h4M13 12.5h4"],
  [/^load/, "M5 3h14v18H5zM5 9h14M5 15h14M8 6h.1M8 12h.1M8 18h.1M12 6h4M12 12h4M12 18h4"],
  [/./, "M12 3a9 9 0 1 0 .1 0zM6.5 12c2-5 3.5-5 5.5 0s3.5 5 5.5 0"],
];
const signOf = (node) => SIGNS.find(([pattern]) => pattern.test(`${node.role} ${node.type ?? ""}`))[1];

function nodesOf(doc) {
  const b = doc.balance ?? {}, grid = doc.grid ?? {}, above = [], below = [];
  const quality = (g) => (g.quality && g.quality !== "good" ? g.quality : null), blank = (g) => !isNumber(g.power_kw);
  if (grid.present) {
    const net = (b.import_kw ?? 0) - (b.export_kw ?? 0);
    above.push({ key: "grid", role: "grid", type: "grid", title: "Grid", kw: net, down: grid.up === false,
      sub: grid.up === false ? "no connection" : net < -5e-4 ? "export" : net > 5e-4 ? "import" : "connected" });
  }
  for (const s of list(doc.sources)) {
    above.push({ key: `source ${s.id}`, role: "source", type: s.type, title: many(s.id, s.count), kw: s.power_kw ?? 0, blank: blank(s), poor: quality(s), imagined: s.hypothetical,
      sub: quality(s) ?? (isNumber(s.available_kw) ? `can give ${power(s.available_kw)}` : "") });
  }
  for (const s of list(doc.stores)) {
    const flow = s.power_kw > 5e-4 ? "discharge" : s.power_kw < -5e-4 ? "charge" : "idle";
    below.push({ key: `store ${s.id}`, role: "store", type: s.type, title: many(s.id, s.count), kw: s.power_kw ?? 0, blank: blank(s), poor: quality(s), imagined: s.hypothetical,
      sub: quality(s) ?? `${percent(s.soc_frac)} ${flow}`, soc: s.soc_frac, floor: s.floor_frac });
  }
  for (const l of list(doc.loads)) {
    const short = isNumber(l.demand_kw) && l.demand_kw - (l.power_kw ?? 0) > 0.01 * l.demand_kw;
    below.push({ key: `load ${l.id}`, role: "load", type: `${l.id} ${l.title ?? ""}`.toLowerCase(), title: many(l.id, l.count), kw: -(l.power_kw ?? 0), blank: blank(l), poor: quality(l) ?? (l.shed_count > 0 || null),
      sub: quality(l) ?? (l.shed_count > 0 ? `${l.shed_count} shed` : short ? `wants ${power(l.demand_kw)}` : `class ${l.class ?? NONE}`) });
  }
  const tasks = list(doc.tasks).filter((t) => t.state === "granted");
  if (tasks.length || b.task_kw > 0) {
    below.push({ key: "task", role: "task", type: "task", title: "Granted tasks", kw: -(b.task_kw ?? 0), sub: tasks.length === 1 ? "1 task" : `${tasks.length} tasks` });
  }
  return [above, below];
}

// Too many for the width: the smallest of the commonest role become one node that says how many it stands for.
function atMost(nodes, room) {
  if (nodes.length <= room) return nodes;
  const count = (role) => nodes.filter((n) => n.role === role).length;
  const role = nodes.map((n) => n.role).reduce((a, c) => (count(c) > count(a) ? c : a));
  const like = nodes.filter((n) => n.role === role).sort((a, c) => Math.abs(a.kw) - Math.abs(c.kw));
  const rest = new Set(like.slice(0, nodes.length - room + 1));
  const one = { key: `rest ${role}`, role, type: "", title: `${rest.size} others`, kw: sum([...rest], "kw"), sub: "the smallest", poor: like.some((n) => rest.has(n) && n.poor) };
  return [...nodes.filter((n) => n.role !== role || !rest.has(n)), one];
}

let diagram = { key: "", parts: new Map() };
function layOut(sides, width) {
  const wide = width >= 640, parts = new Map(), svg = $("line");
  const boxHeight = 74, stem = 54, gap = 14, pieces = [];
  const rows = Math.max(sides[0].length, sides[1].length, 1);
  const height = wide ? 2 * (boxHeight + stem) + 26 : rows * (boxHeight + gap) + 18;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("height", height);
  const middle = wide ? height / 2 : width / 2;
  sides.forEach((nodes, side) => {
    const boxWidth = wide ? Math.min(212, (width - gap * (nodes.length - 1)) / nodes.length) : (width - 68) / 2;
    nodes.forEach((node, i) => {
      const x = wide ? ((i + 0.5) * width) / nodes.length - boxWidth / 2 : side * (width - boxWidth);
      const y = wide ? side * (height - boxHeight) : i * (boxHeight + gap) + 9 + ((rows - nodes.length) * (boxHeight + gap)) / 2;
      const from = wide ? [x + boxWidth / 2, side ? y : y + boxHeight] : [side ? x : x + boxWidth, y + boxHeight / 2];
      const to = wide ? [from[0], middle] : [middle, from[1]];
      const part = drawNode(node, x, y, boxWidth, boxHeight, from, to);
      parts.set(node.key, part);
      pieces.push(part.root);
    });
  });
  const bus = wide ? { x: 0, y: middle - 4, width, height: 8, rx: 2 } : { x: middle - 4, y: 0, width: 8, height, rx: 2 };
  svg.replaceChildren($("line-text") ?? "", ...pieces, make("rect", { class: "bus", ...bus }), ...[...parts.values()].map((p) => p.breaker));
  diagram = { key: diagram.key, parts };
}

function drawNode(node, x, y, width, height, from, to) {
  const text = (cls, dx, dy) => make("text", { class: cls, x: x + dx, y: y + dy });
  const wire = `M${from}L${to}`, mid = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  const turn = (Math.atan2(to[1] - from[1], to[0] - from[0]) * 180) / Math.PI;
  const narrow = width < 156, inset = narrow ? 13 : 46, room = width - inset - 7;
  const part = {
    mid, turn, letters: Math.floor(room / 6.7), subLetters: Math.floor(room / 6.1), levelWidth: width - 24,
    name: text("name", inset, 21), power: text(narrow ? "power less" : "power", narrow ? 37 : inset, 42), sub: text("sub", inset, 58), tip: make("title"),
    flow: make("path", { class: "flow", d: wire }), arrow: make("path", { class: "arrow", d: "M-5-6 6 0-5 6z" }),
    breaker: make("g", { class: `node ${node.role}` }, make("rect", { class: "switch", x: to[0] - 5, y: to[1] - 5, width: 10, height: 10 })),
  };
  const store = node.role === "store" && node.soc !== undefined;
  part.level = store ? make("rect", { class: "level", x: x + 12, y: y + height - 9, height: 4, rx: 2, width: 0 }) : null;
  part.root = make("g", null, part.tip, make("path", { class: "wire", d: wire }), part.flow, part.arrow,
    make("rect", { class: "box", x: x + 0.5, y: y + 0.5, width: width - 1, height: height - 1, rx: 9 }),
    make("rect", { class: "edge", x: x + 1, y: y + 14, width: 3, height: height - 28, rx: 1.5 }),
    make("path", { class: "sign", d: signOf(node), transform: narrow ? `translate(${x + 13} ${y + 27}) scale(.8)` : `translate(${x + 14} ${y + 19})` }),
    part.name, part.power, part.sub,
    store ? make("rect", { class: "track", x: x + 12, y: y + height - 9, width: part.levelWidth, height: 4, rx: 2 }) : null, part.level,
    store && isNumber(node.floor) ? make("line", { class: "floor", x1: x + 12 + part.levelWidth * node.floor, x2: x + 12 + part.levelWidth * node.floor, y1: y + height - 12, y2: y + height - 3 }) : null);
  part.run = part.flow.animate([{ strokeDashoffset: 16 }, { strokeDashoffset: 0 }], { duration: 1000, iterations: Infinity });
  part.run.pause();
  return part;
}

function drawDiagram(doc) {
  const width = Math.round($("line").getBoundingClientRect().width);
  if (!width) return;
  const room = width >= 640 ? Math.max(3, Math.floor(width / 130)) : 12;
  const sides = nodesOf(doc).map((n) => atMost(n, room));
  const key = JSON.stringify([width, sides.map((s) => s.map((n) => [n.key, n.title, n.floor]))]);
  if (diagram.key !== key) {
    diagram.key = key;
    layOut(sides, width);
  }
  const all = sides.flat(), largest = Math.max(1e-6, ...all.map((n) => Math.abs(n.kw)));
  for (const node of all) {
    const part = diagram.parts.get(node.key), share = Math.min(1, Math.abs(node.kw) / largest), runs = Math.abs(node.kw) > 5e-4 && !node.down;
    const cut = (t, letters) => (t.length > letters ? `${t.slice(0, letters - 1)}…` : t);
    const write = (target, text) => target.textContent !== text && (target.textContent = text);
    write(part.name, cut(node.title, part.letters));
    write(part.power, node.down ? "lost" : node.blank ? NONE : power(Math.abs(node.kw)));
    write(part.sub, cut(node.imagined ? "hypothetical" : node.sub ?? "", part.subLetters));
    write(part.tip, `${node.title}: ${power(Math.abs(node.kw))} ${node.kw < 0 ? "from" : "to"} the bus. ${node.sub ?? ""}${node.imagined ? " Hypothetical: commands nothing real." : ""}`);
    const cls = `node ${node.role}${node.down ? " down" : ""}${node.poor ? " poor" : ""}${node.imagined ? " imagined" : ""}`;
    if (part.root.getAttribute("class") !== cls) {
      part.root.setAttribute("class", cls);
      part.breaker.setAttribute("class", cls);
    }
    if (part.level) part.level.setAttribute("width", part.levelWidth * Math.min(1, Math.max(0, node.soc ?? 0)));
    part.flow.style.display = part.arrow.style.display = runs ? "" : "none";
    part.flow.style.strokeWidth = 2 + 4 * Math.sqrt(share);
    const into = node.kw > 0;
    part.arrow.setAttribute("transform", `translate(${part.mid}) rotate(${part.turn + (into ? 0 : 180)})`);
    if (part.into !== into) {
      part.into = into;
      part.run.effect.updateTiming({ direction: into ? "normal" : "reverse" });
    }
    part.run.updatePlaybackRate(0.35 + 2.2 * Math.sqrt(share));
    if (runs && !still.matches && !document.body.classList.contains("lost")) {
      if (part.run.playState !== "running") part.run.play();
    } else if (part.run.playState === "running") {
      part.run.pause();
    }
  }
  const b = doc.balance ?? {};
  const into = sum([b], "generation_kw") + sum([b], "import_kw") + sum([b], "discharge_kw");
  put("flow-note", isNumber(b.load_kw) ? `${power(into)} into the bus · ${power(b.losses_kw)} lost in cables and converters` : "");
  const words = all.map((n) => `${n.title} ${n.kw < -5e-4 ? "takes" : "gives"} ${power(Math.abs(n.kw))}`).join("; ");
  if ($("line-text")) $("line-text").textContent = words || "Nothing is connected.";
}

// ---- chart --------------------------------------------------------------------------------------------------------
const minus = (a, c) => (isNumber(a) && isNumber(c) ? a - c : null);
const CURVES = [
  ["load", "Load", (b) => b.load_kw],
  ["source", "Generation", (b) => b.generation_kw],
  ["grid", "Grid", (b) => minus(b.import_kw, b.export_kw)],
  ["store", "Stores", (b) => minus(b.discharge_kw, b.charge_kw)],
];
const SPANS = [120, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 259200, 604800, 2592000];
const hidden = new Set();
let points = [], probeAt = null;

function remember(doc) {
  const at = Date.parse(doc.time);
  if (Number.isNaN(at) || !doc.balance) return;
  if (points.length && at <= points.at(-1).at) {
    if (at === points.at(-1).at) return;
    points = []; // the clock was set back: another run
  }
  points.push({ at, y: CURVES.map(([, , get]) => get(doc.balance)) });
  if (points.length > 6400) points.splice(0, 400);
}

// Ten minutes of site time, less until there is that much; a clock that outruns the wall gets a longer window.
function chartSpan() {
  const recent = points.slice(-20);
  const step = recent.length > 1 ? (recent.at(-1).at - recent[0].at) / (recent.length - 1) / 1000 : 1;
  const full = Math.max(600, 120 * step), have = (points.at(-1).at - points[0].at) / 1000;
  return [SPANS.find((s) => s >= Math.min(full, have)) ?? SPANS.at(-1), step * 1000];
}

function niceStep(range, count) {
  const raw = range / count, ten = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 2.5, 5, 10].map((m) => m * ten).find((s) => s >= raw);
}

function drawChart() {
  const svg = $("chart"), width = Math.round(svg.getBoundingClientRect().width), height = width < 500 ? 210 : 262;
  if (!width || !points.length) return;
  const [seconds, step] = chartSpan(), end = points.at(-1).at, start = end - seconds * 1000;
  const seen = points.filter((p) => p.at >= start - 2 * step);
  const values = seen.flatMap((p) => p.y.filter((v, i) => isNumber(v) && !hidden.has(CURVES[i][0])));
  const top = Math.max(0, ...values), bottom = Math.min(0, ...values), grain = niceStep(Math.max(top - bottom, 0.05), 5);
  const high = Math.ceil(top / grain + 1e-9) * grain || grain, low = Math.floor(bottom / grain - 1e-9 * (bottom < 0)) * grain;
  const scale = Math.max(high, -low) >= 1000 ? 1000 : 1, left = 50, right = width - 8, floor = height - 22;
  const X = (t) => left + ((t - start) / (end - start)) * (right - left), Y = (v) => 8 + ((high - v) / (high - low)) * (floor - 8);
  const pieces = [];
  for (let v = low; v <= high + grain / 2; v += grain) {
    const y = Math.round(Y(v)) + 0.5, zero = Math.abs(v) < grain / 2;
    pieces.push(make("line", { class: zero ? "zero" : "rule", x1: left, x2: right, y1: y, y2: y }),
      make("text", { x: left - 7, y: y + 4, "text-anchor": "end" }, `${+(v / scale).toPrecision(6)}`.replace("-", MINUS)));
  }
  pieces.push(make("text", { x: 4, y: floor + 17 }, scale === 1000 ? "MW" : "kW"));
  const beat = [15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000].find((s) => seconds / s <= (width < 500 ? 4 : 7)) * 1000;
  for (let t = Math.ceil(start / beat) * beat; t <= end; t += beat) {
    const iso = new Date(t).toISOString();
    pieces.push(make("line", { class: "rule", x1: X(t), x2: X(t), y1: 8, y2: floor }),
      X(t) < left + 14 ? "" : make("text", { x: Math.min(X(t), right - 16), y: floor + 17, "text-anchor": "middle" }, seconds > 90000 ? iso.slice(5, 10) : iso.slice(11, beat < 60000 ? 19 : 16)));
  }
  CURVES.forEach(([role], i) => {
    if (hidden.has(role)) return;
    let path = "", before = -Infinity;
    for (const p of seen) {
      if (!isNumber(p.y[i])) { before = -Infinity; continue; }
      path += `${p.at - before > Math.max(6 * step, 5000) ? "M" : "L"}${Math.max(left, X(p.at)).toFixed(1)} ${Y(p.y[i]).toFixed(1)}`;
      before = p.at;
    }
    pieces.push(make("path", { class: `curve ${role}`, d: path }));
  });
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("height", height);
  put("chart-span", `last ${seconds < 3600 ? `${seconds / 60} minutes` : span(seconds)} of site time`);
  if (probeAt !== null) {
    const t = start + ((probeAt - left) / (right - left)) * (end - start);
    const p = seen.reduce((a, c) => (Math.abs(c.at - t) < Math.abs(a.at - t) ? c : a), seen[0]);
    if (p) {
      pieces.push(make("line", { class: "hair", x1: X(p.at), x2: X(p.at), y1: 8, y2: floor }));
      put("probe", `${clock(new Date(p.at).toISOString())}  ${CURVES.map(([, name], i) => `${name} ${power(p.y[i])}`).join(" · ")}`);
    }
  }
  const last = points.at(-1);
  $("chart-text").textContent = CURVES.map(([, name], i) => `${name} ${power(last.y[i])}`).join(", ");
  svg.replaceChildren($("chart-text"), ...pieces);
}

// ---- lists --------------------------------------------------------------------------------------------------------
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

function drawLists(doc) {
  const stores = list(doc.stores).map((s) => [many(s.id, s.count), percent(s.soc_frac), s.soc_frac ?? null,
    `${energy(s.energy_kwh)} of ${energy(s.capacity_kwh)} · set ${power(s.setpoint_kw)}${isNumber(s.floor_frac) ? ` · floor ${percent(s.floor_frac)}` : ""}${s.duty ? ` · ${s.duty}` : ""}${s.hypothetical ? " · hypothetical" : ""}`, s.floor_frac ?? null]);
  fill("stores", stores, ([title, right, share, sub, mark]) => bar(title, right, share, sub, "store", mark), "This site has no stores.");

  const limited = list(doc.nodes).filter((n) => n.limit_kw > 0 && isNumber(n.power_kw)).map((n) => [n.id, n.power_kw, n.limit_kw, Math.abs(n.power_kw) / n.limit_kw, n.parent]);
  const fullest = limited.sort((a, b) => b[3] - a[3]).slice(0, 8);
  fill("nodes", fullest, ([id, kw, limit, share]) => bar(id, `${power(kw)} / ${power(limit)}`, share, null, share > 1.0005 ? "over" : share > 0.9 ? "hot" : ""), "No feeder of this site has a limit.");

  fill("decisions", list(doc.decisions), (d) => make("li", null, make("time", null, clock(d.time)), make("span", { class: "dev" }, d.device ?? NONE),
    make("span", { class: "step" }, `${power(d.from_kw)} \u2192 `, make("b", null, power(d.to_kw))), make("span", { class: "why" }, d.text ?? d.reason ?? "")), "No set-point has changed yet.");

  fill("tasks", list(doc.tasks).slice(0, 40), (t) => make("tr", null, make("td", null, t.task_id ?? NONE),
    make("td", null, make("span", { class: `state ${/^[a-z]+$/.test(t.state) ? t.state : ""}` }, t.state ?? NONE)), make("td", { class: "n" }, power(t.power_kw)),
    make("td", null, t.until ? clock(t.until) : NONE), make("td", null, t.reason_text ?? t.reason ?? "")), "Nobody has asked for power.");
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
    ["Step, median and 99 %", `${step(h.step_us_p50)}, ${step(h.step_us_p99)}`],
    ["Late steps", count(h.late_steps), h.late_steps > 0 ? "warn" : ""],
    ["Journal", `${h.journal ?? NONE}${isNumber(h.journal_mb) ? `, ${h.journal_mb.toFixed(1)} MB` : ""}`, h.journal === "degraded" ? "bad" : ""],
    ["Rows dropped", count(h.dropped_rows), h.dropped_rows > 0 ? "warn" : ""],
  ]);
}

// ---- the stream ---------------------------------------------------------------------------------------------------
let latest = null, asked = false, listsAt = 0, heardAt = 0, source = null, retryMs = 1000;

function draw() {
  asked = false;
  if (!latest) return;
  drawHeader(latest);
  drawFigures(latest);
  drawDiagram(latest);
  if (performance.now() - listsAt < 450) return setTimeout(schedule, 460);
  listsAt = performance.now();
  drawChart();
  drawLists(latest);
  drawAhead(latest);
  drawSkill(latest);
  drawBill(latest);
  drawHealth(latest);
}
function schedule() {
  if (!asked) {
    asked = true;
    requestAnimationFrame(draw);
  }
}

function link(state, text) {
  if (document.body.className !== state) document.body.className = state;
  if ($("link-text").textContent !== text) $("link-text").textContent = text;
}
function lost() {
  link("lost", latest ? `connection lost; values of ${clock(latest.time)}; retrying` : "no connection; retrying");
  schedule();
}
function hear(event) {
  let doc;
  try {
    doc = JSON.parse(event.data);
  } catch {
    return; // not ours; the watch below reports silence
  }
  if (!doc || doc.format !== "symgrid.telemetry/1") return;
  latest = doc;
  heardAt = performance.now();
  retryMs = 1000;
  link("live", "live");
  remember(doc);
  schedule();
}
function connect() {
  source?.close();
  source = new EventSource("/energy/telemetry");
  source.onmessage = hear;
  source.addEventListener("telemetry", hear);
  source.onerror = () => {
    lost();
    if (source.readyState === EventSource.CLOSED) { // refused for good by the browser: ask again ourselves
      setTimeout(connect, retryMs);
      retryMs = Math.min(retryMs * 2, 15000);
    }
  };
}
// A stream can also fall silent without an error (a stopped process, a lost route).
setInterval(() => {
  if (heardAt && performance.now() - heardAt > 6000) lost();
  if (heardAt && performance.now() - heardAt > 30000) { heardAt = performance.now(); connect(); lost(); }
}, 1000);

// ---- the form and the chart's controls ----------------------------------------------------------------------------
async function request(event) {
  event.preventDefault();
  const form = event.target, button = form.querySelector("button"), say = (text, tone) => put("answer", text, tone);
  const body = Object.fromEntries([...new FormData(form)].map(([k, v]) => [k, v.trim()]).filter(([, v]) => v));
  button.disabled = true;
  say("asking");
  try {
    const reply = await fetch("/energy/allocate", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const text = await reply.text();
    let answer = {};
    try { answer = JSON.parse(text) ?? {}; } catch { answer = { detail: text.slice(0, 200) }; }
    if (reply.ok) say([`${answer.task_id ?? body.task_id}: ${answer.state ?? answer.status ?? "taken in"}`, answer.reason_text ?? answer.reason].filter(Boolean).join(", "), answer.state === "refused" ? "bad" : "");
    else say(answer.detail || answer.title || `the server answered ${reply.status}`, "bad");
  } catch {
    say("The server cannot be reached.", "bad");
  }
  button.disabled = false;
}
$("ask").addEventListener("submit", request);

for (const [role, name] of CURVES) {
  const button = make("button", { type: "button", class: role, "aria-pressed": "true" }, name);
  button.addEventListener("click", () => {
    if (!hidden.delete(role)) hidden.add(role);
    button.setAttribute("aria-pressed", String(!hidden.has(role)));
    drawChart();
  });
  $("legend").append(button);
}
$("chart").addEventListener("pointermove", (e) => { probeAt = e.offsetX; drawChart(); });
$("chart").addEventListener("pointerleave", () => { probeAt = null; drawChart(); });
still.addEventListener("change", schedule);
new ResizeObserver(() => { listsAt = 0; schedule(); }).observe($("main"));
connect();
