// line.js - the one-line diagram: sources and the grid above the bus bar, stores, loads and tasks below it.
import { $, NONE, isNumber, list, make, many, percent, power, put, still, sum } from "./base.js";

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

// The dashes move twenty times a second, and only while somebody can see them: the browser draws nothing in between.
const DASH = 16, FRAME_MS = 50;
let visible = true;
setInterval(() => {
  if (!visible || document.hidden || still.matches || document.body.className !== "live") return;
  for (const part of diagram.parts.values()) {
    if (!part.speed) continue;
    part.offset = ((part.offset ?? 0) + (part.speed * FRAME_MS) / 1000) % DASH;
    part.flow.style.strokeDashoffset = part.offset.toFixed(1);
  }
}, FRAME_MS);
new IntersectionObserver((seen) => { visible = seen.at(-1).isIntersecting; }).observe($("line").closest("section"));

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
  return part;
}

export function drawDiagram(doc) {
  const width = Math.round($("line").getBoundingClientRect().width);
  if (!width || (!visible && diagram.key)) return;
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
    part.speed = runs ? (into ? -1 : 1) * DASH * (0.35 + 2.2 * Math.sqrt(share)) : 0;
  }
  const b = doc.balance ?? {};
  const into = sum([b], "generation_kw") + sum([b], "import_kw") + sum([b], "discharge_kw");
  put("flow-note", isNumber(b.load_kw) ? `${power(into)} into the bus · ${power(b.losses_kw)} lost in cables and converters` : "");
  const words = all.map((n) => `${n.title} ${n.kw < -5e-4 ? "takes" : "gives"} ${power(Math.abs(n.kw))}`).join("; ");
  if ($("line-text")) $("line-text").textContent = words || "Nothing is connected.";
}


// ---- feeders and racks by heat ------------------------------------------------------------------------------------
// Below the diagram: what hangs at the bus, and what hangs at that, each as warm as it is full.
let feeders = { key: "", parts: [] };
const SHOWN = 600;
const fullness = (n) => (n.limit_kw > 0 && isNumber(n.power_kw) ? Math.min(1, Math.abs(n.power_kw) / n.limit_kw) : null);

function layFeeders(tops, below) {
  const parts = [], cell = (node, inner) => {
    const part = { id: node.id, root: make("i", null, inner), said: "" };
    parts.push(part);
    return part.root;
  };
  $("feeders").replaceChildren(...tops.map((top) => {
    const head = { id: top.id, root: make("span", { class: "top" }, make("b", null, top.id)), text: make("span", null) };
    head.root.append(head.text);
    parts.push(head);
    return make("li", null, head.root, below.get(top.id)?.length ? make("span", { class: "racks" }, ...below.get(top.id).map((n) => cell(n))) : null);
  }));
  return parts;
}
export function drawFeeders(doc) {
  if (!visible && feeders.key) return;
  const nodes = list(doc.nodes).slice(0, SHOWN), root = nodes.find((n) => n.parent === null), below = new Map(), at = new Map(nodes.map((n) => [n.id, n]));
  const tops = nodes.filter((n) => root && n.parent === root.id);
  for (const n of nodes) if (n.parent !== null && n.parent !== root?.id) below.set(n.parent, [...(below.get(n.parent) ?? []), n]);
  const key = nodes.map((n) => `${n.id} ${n.parent}`).join();
  $("feeders").hidden = !tops.length;
  if (feeders.key !== key) feeders = { key, parts: layFeeders(tops, below) };
  for (const part of feeders.parts) {
    const node = at.get(part.id), full = fullness(node), said = `${node.id}: ${power(node.power_kw)}${node.limit_kw > 0 ? ` of ${power(node.limit_kw)}` : ""}`;
    if (part.said === said) continue;
    part.said = said;
    part.root.title = said;
    part.root.classList.toggle("unknown", full === null);
    part.root.style.setProperty("--full", `${Math.round((full ?? 0) * 100)}%`);
    if (part.text) part.text.textContent = full === null ? power(node.power_kw) : percent(full);
  }
}
