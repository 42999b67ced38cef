// racks.js - every server of the site as one cell of a map, coloured by its share of its rating, ten times a second.
// The canvas has one pixel a server and is scaled up by its style: twenty thousand cost no more than a thumbnail.
import { $, clock, fill, isNumber, list, make, percent, power, put } from "./base.js";

const RATING = 200, UNKNOWN = 255, QUALITY = ["good", "suspect", "stale", "missing"], CUT = 4, SHED = 8;
const HEIGHT_MAX = 420, HEADER = { layout: 8, tick: 16, time: 24, count: 32, bytes: 36 };
let map = null; // racks, groups, rackOf[server], firstOf[rack], countOf[rack], layout
let image = null, place = null, frame = null, geometry = null, palette = null, picked = null;
let fresh = false, visible = false, asking = false, absent = false, failedAt = -Infinity, rankedAt = -Infinity;

function mapOf(doc) {
  const racks = list(doc.racks), rackOf = new Int32Array(doc.servers), servers = racks.map(() => []);
  let at = 0;
  for (const [rack, count] of list(doc.runs)) for (let i = 0; i < count; i++, at++) servers[(rackOf[at] = rack)].push(at);
  return { layout: doc.layout, racks, groups: list(doc.groups), rackOf, servers, count: doc.servers };
}
const groupOf = (server) => map.groups.find((g) => server >= g.first && server < g.first + g.count);
const nameOf = (server) => {
  const g = groupOf(server);
  return !g ? `server ${server + 1}` : g.count > 1 ? `${g.id}-${server - g.first + 1}` : g.id;
};

// Racks are blocks of equal shape; the cells are as large as the panel allows.
function layOut(width) {
  const most = Math.max(1, ...map.servers.map((s) => s.length)), wide = Math.max(1, Math.min(12, Math.ceil(Math.sqrt(most / 2)))), high = Math.ceil(most / wide);
  let cell = 22, across, down;
  do {
    cell--;
    across = Math.max(1, Math.floor(width / cell / (wide + 1)));
    down = Math.ceil(map.racks.length / across);
  } while (cell > 1 && down * (high + 1) * cell > HEIGHT_MAX);
  across = Math.min(across, map.racks.length);
  geometry = { cell, across, wide, high, width: across * (wide + 1) - 1, height: down * (high + 1) - 1, serverAt: null };
  place = new Uint32Array(map.count);
  geometry.serverAt = new Int32Array(geometry.width * geometry.height).fill(-1);
  map.servers.forEach((servers, rack) => servers.forEach((server, i) => {
    const x = (rack % across) * (wide + 1) + (i % wide), y = Math.floor(rack / across) * (high + 1) + Math.floor(i / wide);
    place[server] = y * geometry.width + x;
    geometry.serverAt[place[server]] = server;
  }));
  const canvas = $("map");
  canvas.width = geometry.width;
  canvas.height = geometry.height;
  canvas.style.width = `${geometry.width * cell}px`;
  image = canvas.getContext("2d").createImageData(geometry.width, geometry.height);
}

// Any CSS colour as 0xAABBGGRR, as the image wants it.
function rgb(color) {
  const c = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  c.fillStyle = color;
  c.fillRect(0, 0, 1, 1);
  return [...c.getImageData(0, 0, 1, 1).data];
}
const STOPS = [[0, "heat-0"], [0.35, "heat-1"], [0.7, "heat-2"], [1, "heat-3"]];
export function restyle() {
  const style = getComputedStyle(document.documentElement), color = (name) => rgb(style.getPropertyValue(`--${name}`).trim());
  const pack = ([r, g, b]) => (255 << 24 | b << 16 | g << 8 | r) >>> 0, stops = STOPS.map(([at, name]) => [at, color(name)]);
  palette = { heat: new Uint32Array(256), shed: pack(color("task")), poor: pack(color("rule")) };
  for (let i = 0; i < 255; i++) {
    const share = Math.min(1, i / RATING), k = Math.max(1, stops.findIndex(([at]) => at >= share)), [a, from] = stops[k - 1], [b, to] = stops[k];
    palette.heat[i] = pack(from.map((v, c) => Math.round(v + ((to[c] - v) * (share - a)) / (b - a))));
  }
  palette.heat[UNKNOWN] = palette.poor;
  if (frame && geometry) paint();
}

function paint() {
  const cells = new Uint32Array(image.data.buffer), { share, state } = frame;
  for (let i = 0; i < map.count; i++) cells[place[i]] = state[i] & SHED ? palette.shed : (state[i] & 3) > 1 ? palette.poor : palette.heat[share[i]];
  $("map").getContext("2d").putImageData(image, 0, 0);
}
// A frame around the server that is read out.
function point() {
  const frameStyle = $("map-at").style, scale = $("map").clientWidth / geometry.width;
  $("map-at").hidden = picked === null;
  if (picked === null) return;
  frameStyle.left = `${(place[picked] % geometry.width) * scale}px`;
  frameStyle.top = `${Math.floor(place[picked] / geometry.width) * scale}px`;
  frameStyle.width = frameStyle.height = `${scale}px`;
}

// In words, for everybody: the one that is pointed at, and the fullest racks.
function sayServer() {
  if (picked === null || !frame) return put("map-note", "Point at a server, or use the arrow keys, to read its figures.");
  const rack = map.racks[map.rackOf[picked]], share = frame.share[picked], state = frame.state[picked], rating = groupOf(picked)?.rating_kw;
  const said = share === UNKNOWN ? "no reading" : `${percent(share / RATING)} of its rating${isNumber(rating) ? `, ${power((share / RATING) * rating)}` : ""}`;
  put("map-note", `${nameOf(picked)} in ${rack.id}${rack.parent ? `, fed by ${rack.parent}` : ""}: ${said}${state & SHED ? ", shed" : state & CUT ? ", held below what it wants" : ""}${state & 3 ? `, reading ${QUALITY[state & 3]}` : ""}.`);
}
function rank() {
  const { share, state } = frame, heat = map.racks.map((rack, r) => {
    let kw = 0, shed = 0;
    for (const s of map.servers[r]) {
      kw += share[s] === UNKNOWN ? 0 : (share[s] / RATING) * (groupOf(s)?.rating_kw ?? 0);
      shed += state[s] & SHED ? 1 : 0;
    }
    return { id: rack.id, kw, limit: rack.limit_kw, shed, full: rack.limit_kw > 0 ? kw / rack.limit_kw : 0, servers: map.servers[r].length };
  });
  const count = (bit) => state.reduce((n, s) => n + (s & bit ? 1 : 0), 0), shed = count(SHED), cut = count(CUT), poor = state.reduce((n, s) => n + ((s & 3) > 1 ? 1 : 0), 0);
  put("map-size", `${map.count.toLocaleString("en-GB")} servers in ${map.racks.length.toLocaleString("en-GB")} racks`);
  $("map").setAttribute("aria-label", `Map of ${map.count} servers in ${map.racks.length} racks: ${shed} shed, ${cut} held below what they want, ${poor} without a good reading. Arrow keys move from server to server.`);
  put("map-sum", `${shed.toLocaleString("en-GB")} shed · ${cut.toLocaleString("en-GB")} held back · ${poor.toLocaleString("en-GB")} without a good reading`, shed || poor ? "warn" : "");
  fill("map-racks", heat.sort((a, b) => b.full - a.full).slice(0, 5).map((r) => [r.id, power(r.kw), r.limit > 0 ? percent(r.full) : "", r.shed, r.servers]),
    ([id, kw, full, gone, servers]) => make("li", null, make("b", null, id), ` ${kw}${full ? `, ${full} of its limit` : ""}, ${servers} server${servers === 1 ? "" : "s"}${gone ? `, ${gone} shed` : ""}`), "No racks.");
}

async function askLayout() {
  const reply = await fetch("/energy/racks", { headers: { Accept: "application/json" } });
  if (reply.status === 404) absent = true;
  if (!reply.ok) throw new Error(`racks: ${reply.status}`);
  const doc = await reply.json();
  if (doc.format !== "symgrid.racks/1" || !(doc.servers > 0)) absent = true;
  $("racks").hidden = absent;
  if (absent) return;
  map = mapOf(doc);
  picked = picked !== null && picked < map.count ? picked : null;
  geometry = frame = null;
  fresh = false;
}
// One small binary answer: a header (docs/formats.md), then a byte for each server's share and one for its state.
async function askFrame() {
  const reply = await fetch("/energy/racks", { headers: { Accept: "application/octet-stream" } });
  if (!reply.ok) throw new Error(`racks: ${reply.status}`);
  const bytes = await reply.arrayBuffer(), head = new DataView(bytes), count = head.getUint32(HEADER.count, true), from = head.getUint32(HEADER.bytes, true);
  if (!map || count !== map.count || head.getBigUint64(HEADER.layout, true).toString(16).padStart(16, "0") !== map.layout) return askLayout();
  frame = { time: Number(head.getBigInt64(HEADER.time, true)) / 1000, share: new Uint8Array(bytes, from, count), state: new Uint8Array(bytes, from + count, count) };
  fresh = true;
}

// Shows the newest answer and asks for the next, with each event of the stream, so that page and map change in one frame. At most
// one question is under way, and none while nobody sees the map.
export function drawRacks() {
  if (fresh) show();
  if (absent || asking || (map && !visible) || document.hidden || performance.now() - failedAt < 3000) return;
  asking = true;
  (map ? askFrame() : askLayout()).catch(() => { failedAt = performance.now(); }).then(() => { asking = false; });
}
function show() {
  const width = Math.round($("map-box").clientWidth);
  fresh = false;
  if (!width) return;
  if (!geometry || geometry.panel !== width) {
    layOut(width);
    geometry.panel = width;
    point();
  }
  if (!palette) restyle();
  else paint();
  if (performance.now() - rankedAt > 1000) {
    rankedAt = performance.now();
    rank();
    put("map-time", clock(new Date(frame.time).toISOString()));
  }
  sayServer();
}

$("map").addEventListener("pointermove", (e) => {
  if (!geometry) return;
  const box = e.target.getBoundingClientRect(), x = Math.floor(((e.clientX - box.left) / box.width) * geometry.width), y = Math.floor(((e.clientY - box.top) / box.height) * geometry.height);
  const server = geometry.serverAt[y * geometry.width + x];
  if (server < 0 || server === picked) return;
  picked = server;
  point();
  sayServer();
});
$("map").addEventListener("keydown", (e) => {
  if (!geometry) return;
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
  if (e.key === "Escape") picked = null;
  else if (!step) return;
  else if (picked === null) picked = 0;
  else {
    let x = place[picked] % geometry.width, y = Math.floor(place[picked] / geometry.width);
    for (let i = 0; i < 40; i++) { // over the gap between two racks
      x += step[0];
      y += step[1];
      if (x < 0 || y < 0 || x >= geometry.width || y >= geometry.height) break;
      const server = geometry.serverAt[y * geometry.width + x];
      if (server >= 0) {
        picked = server;
        break;
      }
    }
  }
  e.preventDefault();
  point();
  sayServer();
});
new IntersectionObserver((seen) => { visible = seen.at(-1).isIntersecting; }).observe($("racks"));
