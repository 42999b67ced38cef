// app.js - the dashboard: one event stream in, one page out. No build step; charts are drawn by uPlot, all else by hand.
import { $, clock, put, still } from "./base.js";
import { drawAlarms, offer as offerAlarms } from "./alarms.js";
import { drawPlan, drawPower, recall, remember, restyle as restyleCharts, takePlan } from "./charts.js";
import { drawDecisions, offer as offerExplain } from "./decisions.js";
import { drawDiagram, drawFeeders } from "./line.js";
import { drawPanels, drawTop } from "./panels.js";
import { drawRacks, restyle as restyleRacks } from "./racks.js";

// ---- drawing ------------------------------------------------------------------------------------------------------
const LISTS_MS = 450, PLAN_MS = 5000, RECALLED_S = 12 * 3600;
let listsDue = null;
let latest = null, asked = false, listsAt = 0, heardAt = 0, source = null, retryMs = 1000, plansTaken = null, planAt = -Infinity;

function draw() {
  asked = false;
  if (!latest) return;
  drawTop(latest);
  drawDiagram(latest);
  drawRacks();
  if (performance.now() - listsAt < LISTS_MS) {
    listsDue ??= setTimeout(schedule, listsAt + LISTS_MS + 5 - performance.now()); // for the last event before a silence
    return;
  }
  clearTimeout(listsDue);
  listsDue = null;
  listsAt = performance.now();
  drawPower();
  drawPlan();
  drawFeeders(latest);
  drawDecisions(latest);
  drawPanels(latest);
  drawAlarms(latest);
  askPlan();
}
function schedule() {
  if (!asked) {
    asked = true;
    requestAnimationFrame(draw);
  }
}

// The plan is read again when another one was taken, and now and then for the forecasts.
async function askPlan() {
  const due = performance.now() - planAt > (latest.plan?.taken === plansTaken ? PLAN_MS : LISTS_MS);
  if (!due) return;
  planAt = performance.now();
  plansTaken = latest.plan?.taken;
  try {
    const reply = await fetch("/energy/plan");
    if (reply.ok) takePlan(await reply.json());
  } catch {
    // the stream says that the connection is lost
  }
}

// Once: what this server can do, and what its store remembers of the hours before.
async function askAround() {
  try {
    const paths = (await (await fetch("/openapi.json")).json()).paths ?? {};
    offerAlarms(paths);
    offerExplain(paths);
    if (!(latest?.health?.journal_mb > 0)) return; // nothing is kept
    const sql = "SELECT CAST(timestamp / 60 AS INTEGER) * 60, avg(load), avg(generation), avg(import) - avg(export), avg(discharge) - avg(charge), avg(import_price), avg(carbon)"
      + ` FROM energy WHERE timestamp > ${Math.round(Date.parse(latest.time) / 1000) - RECALLED_S} GROUP BY 1 ORDER BY 1`;
    const reply = await fetch(`/energy/query?sql=${encodeURIComponent(sql)}`);
    if (reply.ok) recall((await reply.json()).rows ?? []);
  } catch {
    // the page works without
  }
}

// ---- the stream ---------------------------------------------------------------------------------------------------
let greeted = false;
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
  if (!greeted) {
    greeted = true;
    listsAt = performance.now() - LISTS_MS + 100; // figures and diagram come first
    setTimeout(askAround, 100);
  }
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


// ---- controls -----------------------------------------------------------------------------------------------------
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

// Light and dark follow the system until one of them is chosen.
const THEMES = { auto: "Auto", light: "Light", dark: "Dark" };
function dress(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  $("theme").textContent = THEMES[theme];
  $("theme").setAttribute("aria-label", `Colours: ${THEMES[theme]}`);
  $("theme").dataset.now = theme;
  restyleCharts();
  restyleRacks();
}
function stored(value) {
  try {
    if (value) localStorage.setItem("theme", value);
    return localStorage.getItem("theme");
  } catch {
    return null; // a browser that keeps nothing
  }
}
$("theme").addEventListener("click", () => {
  const names = Object.keys(THEMES), next = names[(names.indexOf($("theme").dataset.now) + 1) % names.length];
  stored(next);
  dress(next);
});
dress(THEMES[stored()] ? stored() : "auto");
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { restyleCharts(); restyleRacks(); });
still.addEventListener("change", schedule);
new ResizeObserver(() => { if (listsAt) listsAt = 0; schedule(); }).observe($("main"));
connect();
