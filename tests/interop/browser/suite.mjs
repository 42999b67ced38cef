// suite.mjs - the dashboard as people use it: every view and control, with mouse and keyboard, on a desk and on a phone.
//
//     SYMGRID=build/release/symgrid tests/interop/browser.sh
//
// Chromium is the system's, playwright-core drives it, axe-core looks for what would shut people out. Screenshots go to $SHOTS.
// Times are told, never judged: what is judged is what a person would see.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rehearse } from "./rehearse.mjs";

const require = createRequire(`${process.env.MODULES}/`);
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const HERE = dirname(fileURLToPath(import.meta.url)), ROOT = join(HERE, "../../.."), SHOTS = process.env.SHOTS;
const ONLY = process.argv.slice(2); // parts to run; none: all of them
const EVENTS = Number(process.env.SYMGRID_STREAM_EVENTS ?? 36000); // 288000: eight hours at ten a second
const DESK = { width: 1360, height: 900 }, PHONE = { width: 390, height: 844 };
const work = mkdtempSync(join(tmpdir(), "symgrid-browser-"));
const running = [];

function ok(sentence) {
  console.log(`ok: ${sentence}`);
}
async function until(what, test, seconds = 30) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    const value = await test();
    if (value) return value;
    await new Promise((wake) => setTimeout(wake, 50));
  }
  throw new Error(`waited ${seconds} s for ${what}`);
}

// ---- the program --------------------------------------------------------------------------------------------------
const OPEN = execFileSync(process.env.SYMGRID, ["run", "--help"], { encoding: "utf8" }).includes("--trust-loopback") ? ["--trust-loopback"] : []; // roles have tests of their own
async function start(site, ...more) {
  const data = more.includes("--data") ? [] : ["--data", mkdtempSync(join(work, "data-"))];
  const port = more.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
  const child = spawn(process.env.SYMGRID, ["run", join(ROOT, site), ...port, ...data, ...OPEN, ...more], { stdio: ["ignore", "ignore", "pipe"] });
  running.push(child);
  let said = "";
  child.stderr.on("data", (bytes) => { said += bytes; });
  child.url = await until(`a page of ${site}`, () => (child.exitCode === null ? said.match(/http:\/\/127\.0\.0\.1:\d+\/\S*/)?.[0] : Promise.reject(new Error(said))));
  if (child.url.endsWith(":0/")) child.url = `http://127.0.0.1:${said.match(/\(port (\d+)\)/)[1]}/`;
  child.page = `${new URL(child.url).origin}/`; // without the code that signs the first visitor in
  child.origin = new URL(child.url).origin;
  return child;
}
async function stop(child) {
  if (child.exitCode !== null) return;
  const ended = new Promise((wake) => child.once("exit", wake));
  child.kill("SIGTERM");
  await ended;
}

// ---- the page -----------------------------------------------------------------------------------------------------
let browser;
async function open(url, options = {}, before = async () => {}) {
  const context = await browser.newContext({ viewport: DESK, ...options }), page = await context.newPage();
  page.setDefaultTimeout(120000); // nothing is timed here, and other programs may want the machine
  page.troubles = [];
  page.on("console", (m) => m.type() === "error" && page.troubles.push(`${m.text()} ${m.location().url}`));
  page.on("pageerror", (e) => page.troubles.push(e.stack));
  await before(page);
  await page.goto(url);
  await page.waitForSelector("body.live");
  await until("a load", async () => !["–", ""].includes(await page.textContent("#f-load")));
  return page;
}
const quiet = (page) => assert.deepEqual(page.troubles, [], "the browser's log has no errors");
const text = (page, selector) => page.textContent(selector);
const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
async function accessible(page, name) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const bad = found.violations.filter((v) => v.impact === "serious" || v.impact === "critical");
  assert.deepEqual(bad.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.html.slice(0, 120)} (${n.failureSummary?.split("\n").at(-1)?.trim()})`).join(" | ")}`), [], `axe finds nothing serious (${name})`);
  ok(`axe finds nothing serious in ${found.passes?.length ?? "all"} rules (${name})`);
}

// Every view has something to say.
async function views(page, name) {
  await until("decisions", () => page.locator("#decisions button").count());
  await until("charge levels", () => page.locator("#stores .bar").count());
  await until("the map", async () => { await page.locator("#racks").scrollIntoViewIfNeeded(); return (await page.locator("#map").getAttribute("width")) !== "0" && (await text(page, "#map-time")) !== "–"; });
  await until("a plan", async () => /\d/.test(await page.locator("#plan").getAttribute("aria-label")));
  for (const id of ["f-generation", "f-grid", "f-store", "f-price", "f-carbon", "stores", "money", "money-said", "map-size", "map-racks", "decisions", "nodes", "tasks", "ahead", "skill", "bill", "health"]) {
    assert.match(await text(page, `#${id}`), /\w/, `${id} shows something`);
  }
  for (const id of ["chart", "plan"]) assert.ok(await page.locator(`#${id} canvas`).count(), `${id} is drawn`);
  const body = await page.evaluate(() => document.body.innerText);
  for (const word of ["NaN", "undefined", "Infinity", "[object"]) assert.ok(!body.includes(word), `no figure reads ${word}`);
  assert.ok(await fits(page), `nothing is wider than the window (${name})`);
  ok(`every view has something to say, and nothing is too wide (${name})`);
}

// Every button does what it says.
async function controls(page, name) {
  for (const group of ["legend", "plan-what", "plan-span"]) {
    for (const button of await page.locator(`#${group} button`).all()) {
      const before = await button.getAttribute("aria-pressed");
      await button.click();
      const after = await button.getAttribute("aria-pressed");
      assert.equal(after, group === "legend" ? String(before !== "true") : "true", `${group}: ${await button.textContent()}`);
      if (group === "legend") await button.click();
      else assert.equal(await page.locator(`#${group} button[aria-pressed=true]`).count(), 1, "one of them is chosen");
    }
  }
  for (const want of ["Light", "Dark", "Auto"]) {
    await page.click("#theme");
    assert.equal(await text(page, "#theme"), want);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).reduce((a, c) => a + +c, 0));
    if (want !== "Auto") assert.equal(ground > 380, want === "Light", `${want} is what it says`);
  }
  await page.locator("#decisions button.dev").first().click();
  await page.waitForSelector("#decisions .numbers dd");
  assert.equal(await page.locator("#decisions button.dev[aria-expanded=true]").count(), 1, "one decision is unfolded");
  await page.locator("#decisions .numbers button", { hasText: "Show in the charts" }).first().click();
  assert.equal(await page.evaluate(() => document.activeElement.id), "chart", "a decision leads to its place in the chart");
  if (await page.locator("#decisions .numbers button", { hasText: "Explain" }).count()) {
    await page.locator("#decisions .numbers button", { hasText: "Explain" }).first().click();
    await until("an explanation", async () => /\w{3}/.test(await text(page, "#decisions .explained li")));
  }
  ok(`curves, series, spans, colours and decisions answer (${name})`);
}

async function keyboard(page) {
  await page.reload();
  await page.waitForSelector("body.live");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip", "the first stop leads past the header");
  await until("the plan and the map", async () => (await page.locator("#plan canvas").count()) && (await page.locator("#racks").isVisible()));
  for (const id of ["chart", "plan"]) {
    const note = id === "chart" ? "#probe" : "#plan-note";
    await page.focus(`#${id}`);
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    await until(`${id} to be read`, async () => /^\d\d:\d\d:\d\d/.test(await text(page, note)));
  }
  await page.focus("#map");
  await until("the map", async () => (await text(page, "#map-time")) !== "–");
  await page.keyboard.press("ArrowRight");
  const first = await text(page, "#map-note");
  assert.match(first, / in .*: .*(%|no reading)/);
  await page.keyboard.press("ArrowRight");
  assert.notEqual((await text(page, "#map-note")).split(" in ")[0], first.split(" in ")[0], "arrow keys go from server to server");
  ok("charts and map can be read with the keyboard");
}

async function request(page) {
  await page.fill("#ask [name=task_id]", `browser-${Date.now()}`);
  await page.fill("#ask [name=power]", "1kW");
  await page.fill("#ask [name=duration]", "1h");
  await page.selectOption("#ask [name=priority]", "high");
  await page.click("#ask button");
  await until("the answer", async () => /granted|queued/.test(await text(page, "#answer")));
  await until("the task", async () => /browser-\d+/.test(await text(page, "#tasks")));
  quiet(page);
  await page.fill("#ask [name=power]", "two megawatts");
  await page.click("#ask button");
  await until("the refusal", async () => (await page.getAttribute("#answer", "class"))?.includes("bad"));
  page.troubles = page.troubles.filter((t) => !t.includes("/energy/allocate")); // the browser logs every answer of 400
  ok("a request for power is granted and listed, a bad one is refused in words");
}

// ---- one document, so that every figure can be worked out here ----------------------------------------------------
const ALARMS = [
  { id: "3", kind: "breaker_hot", source: "rack-2", priority: "high", state: "unacknowledged", active: true, text: "rack-2: its breaker is near its trip", advice: "Take load off.", count: 2, raised: "2026-01-01T00:10:00Z", cleared: null, shelved_until: null, note: null },
  { id: "2", kind: "store_reserve", source: "battery", priority: "medium", state: "shelved", active: true, text: "battery: below its reserve", count: 1, raised: "2026-01-01T00:05:00Z", shelved_until: "2026-01-01T01:05:00Z" },
  { id: "1", kind: "late_steps", source: null, priority: "low", state: "acknowledged", active: true, text: "<img src=x onerror=alert(1)>", count: 1, raised: "2026-01-01T00:00:00Z" },
];
async function frozen(server) {
  const doc = await (await fetch(`${server.origin}/energy/telemetry`)).json(), orders = [];
  doc.balance = { ...doc.balance, load_kw: 1234.5, import_kw: 400, export_kw: 0 };
  doc.site.title = "<b>Frozen</b> & still";
  doc.stores = [{ id: "cap", type: "supercapacitor", count: 1, power_kw: 5, setpoint_kw: 5, energy_kwh: 0.5, capacity_kwh: 1, soc_frac: 0.5, floor_frac: 0.1, discharge_kw_max: 120, duty: "power", quality: "good" },
    { id: "tank", type: "hydrogen", count: 2, power_kw: 0, setpoint_kw: 0, energy_kwh: 900, capacity_kwh: 1000, soc_frac: 0.9, floor_frac: 0, discharge_kw_max: 10, duty: "energy", quality: "stale" }];
  doc.baseline = { text: "every store at rest", since: doc.time, left_out_s: 0, stored_kwh: -3, site: { cost: 10, revenue: 1, wear_cost: 0.5, fuel_cost: 0, demand_cost: 2, net_cost: 11.5, import_kwh: 100, export_kwh: 4, carbon_kg: 40 },
    at_rest: { cost: 14, revenue: 0, wear_cost: 0, fuel_cost: 0, demand_cost: 3, net_cost: 17, import_kwh: 130, export_kwh: 0, carbon_kg: 52 } };
  doc.alarms = { critical: 0, high: 1, medium: 0, low: 1, unacknowledged: 1, shelved: 1, suppressed: 0, flood: false };
  const api = await (await fetch(`${server.origin}/openapi.json`)).json();
  api.paths["/energy/alarms"] ??= { get: {} };
  const page = await open(server.page, {}, async (p) => {
    await p.addInitScript((data) => {
      window.EventSource = class extends EventTarget {
        constructor() {
          super();
          setInterval(() => this.dispatchEvent(new MessageEvent("telemetry", { data })), 500);
        }
        close() {}
      };
    }, JSON.stringify(doc));
    await p.route("**/openapi.json", (r) => r.fulfill({ json: api }));
    await p.route("**/energy/alarms**", async (r) => {
      if (r.request().method() === "GET") return r.fulfill({ json: { format: "symgrid.alarms/1", alarms: ALARMS } });
      const id = r.request().url().split("/").at(-1), order = r.request().postDataJSON(), alarm = ALARMS.find((a) => a.id === id);
      orders.push([id, order]);
      alarm.state = { acknowledge: "acknowledged", shelve: "shelved", unshelve: "unacknowledged" }[order.action];
      return r.fulfill({ json: alarm });
    });
  });
  await until("the money", async () => (await text(page, "#money-said")) !== "");
  assert.equal(await text(page, "#f-load"), "1.23 MW");
  assert.equal(await text(page, "#title"), "<b>Frozen</b> & still", "texts are shown as text");
  assert.match(await text(page, "#money-said"), /saved 5\.50 .* avoided 12\.0 kg/);
  const total = await page.locator("#money tr.total td").allTextContents();
  assert.deepEqual(total, ["11.50", "17.00", "\u22125.50"]);
  assert.deepEqual(await page.locator("#stores .scale").allTextContents(), ["Seconds", "Days and longer"], "stores are sorted by how long they last");
  ok("load, money, difference and time scales are what the document says");

  await until("the alarms", async () => (await page.locator("#alarm-list .alarm").count()) === 3);
  assert.match(await text(page, "#alarm-sum"), /1 high · 1 low · 1 to acknowledge · 1 shelved/);
  await accessible(page, "alarms");
  await page.locator('[data-alarm="3"] button', { hasText: "Acknowledge" }).click();
  await until("the acknowledgement", async () => (await page.locator('[data-alarm="3"] button', { hasText: "Acknowledge" }).count()) === 0);
  await page.locator('[data-alarm="3"] select').selectOption("60");
  await page.locator('[data-alarm="3"] button', { hasText: /^Shelve$/ }).click();
  await until("the shelving", async () => (await page.locator('[data-alarm="3"] button', { hasText: "Unshelve" }).count()) === 1);
  await page.locator('[data-alarm="2"] button', { hasText: "Unshelve" }).click();
  await until("all three orders", () => orders.length === 3);
  assert.deepEqual(orders, [["3", { action: "acknowledge" }], ["3", { action: "shelve", minutes: 60 }], ["2", { action: "unshelve" }]]);
  for (const state of ["unacknowledged", "shelved", "cleared", "standing"]) {
    const asked = page.waitForRequest((r) => r.url().includes("/energy/alarms?") && r.url().includes(state === "standing" ? "limit" : `state=${state}`));
    await page.selectOption("#alarm-state", state);
    await asked;
  }
  ok("alarms are acknowledged, shelved for an hour and unshelved, and can be sorted out by state");
  await page.screenshot({ path: join(SHOTS, "alarms.png") });
  await page.context().close();
}

// ---- twenty thousand servers --------------------------------------------------------------------------------------
async function map(server) {
  const page = await open(server.page, {}), cdp = await page.context().newCDPSession(page), whole = await browser.newBrowserCDPSession();
  await cdp.send("Performance.enable");
  await page.locator("#racks").evaluate((e) => e.scrollIntoView());
  await until("twenty thousand servers", async () => (await text(page, "#map-size")).startsWith("20,000 servers in 500 racks"));
  await until("the map's time", async () => (await text(page, "#map-time")) !== "–");
  // The image against the bytes that the server sends: the site's demands repeat every seven servers.
  const seen = await page.evaluate(async () => {
    const bytes = new Uint8Array(await (await fetch("/energy/racks", { headers: { Accept: "application/octet-stream" } })).arrayBuffer()), canvas = document.querySelector("#map");
    const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer), colors = {};
    for (const p of pixels) colors[p] = (colors[p] ?? 0) + 1;
    const shares = {};
    for (const s of bytes.subarray(40, 20040)) shares[s] = (shares[s] ?? 0) + 1;
    delete colors[0]; // the gaps between racks
    return { length: bytes.length, magic: String.fromCharCode(...bytes.subarray(0, 8)), colors: Object.values(colors).sort(), shares: Object.values(shares).sort() };
  });
  assert.equal(seen.length, 40 + 2 * 20000);
  assert.equal(seen.magic, "SGRACKS1");
  assert.deepEqual(seen.colors, seen.shares, "as many cells of a colour as servers of a share");
  ok(`the map shows ${seen.colors.reduce((a, c) => a + c)} servers in ${seen.colors.length} colours, one for each power drawn`);
  const read = async () => ({ cpu: (await whole.send("SystemInfo.getProcessInfo")).processInfo.reduce((t, p) => t + p.cpuTime, 0), tick: +(await text(page, "#tick")) });
  const before = await read(), wall = Date.now();
  await new Promise((wake) => setTimeout(wake, 8000));
  const after = await read(), s = (Date.now() - wall) / 1000;
  console.log(`measured: ${((after.tick - before.tick) / s).toFixed(1)} updates/s of 20,000 servers cost ${(((after.cpu - before.cpu) / s) * 100).toFixed(0)} % of one core, all processes of the browser together`);
  quiet(page);
  await page.screenshot({ path: join(SHOTS, "map.png") });
  await page.context().close();
}

// ---- silence and return -------------------------------------------------------------------------------------------
async function silence(server, site, ...more) {
  const page = await open(server.page);
  await stop(server);
  await page.waitForSelector("body.lost");
  assert.match(await text(page, "#link-text"), /connection lost; values of \d\d:\d\d:\d\d; retrying/);
  await accessible(page, "connection lost");
  const again = await start(site, "--listen", new URL(server.url).host, ...more);
  await page.waitForSelector("body.live", { timeout: 40000 });
  ok("a lost stream is said, and found again by itself");
  page.troubles = [];
  await page.context().close();
  return again;
}

// ---- weight, paint, memory ----------------------------------------------------------------------------------------
async function weight(server) {
  const first = [], moved = [];
  let bytes = 0, files = 0;
  for (let i = 0; i < 7; i++) {
    const context = await browser.newContext({ viewport: DESK }), page = await context.newPage();
    const own = [];
    page.on("response", (r) => !new URL(r.url()).pathname.startsWith("/energy/") && own.push(r.body().catch(() => "")));
    await page.addInitScript(() => document.addEventListener("DOMContentLoaded", () => { // when the counter of steps changed
      window.steps = [];
      new MutationObserver(() => window.steps.push(performance.now())).observe(document.querySelector("#tick"), { childList: true, characterData: true, subtree: true });
    }, true));
    await page.goto(server.page);
    const times = await until("a second step", () => page.evaluate(() => window.steps?.length > 1
      && [performance.getEntriesByName("first-contentful-paint")[0]?.startTime, window.steps[1]]));
    await until("the description of the API", () => own.length >= 12);
    const all = await Promise.all(own);
    [bytes, files] = [all.reduce((t, b) => t + b.length, 0), all.length];
    first.push(times[0]);
    moved.push(times[1]);
    await context.close();
  }
  const median = (list) => list.sort((a, c) => a - c)[Math.floor(list.length / 2)].toFixed(0);
  console.log(`measured: page weight ${(bytes / 1000).toFixed(0)} kB in ${files} files; first paint ${median(first)} ms, moving data ${median(moved)} ms, medians of ${first.length} first visits`);
  assert.ok(bytes < 400_000, `the page weighs less than 400 kB: ${bytes}`);
  ok("the page weighs less than 400 kB, uncompressed, with the description of the API");
}

// The guided form: answers in, a site file out that `symgrid check` takes.
async function setup(server) {
  for (const [name, options] of [["setup", { colorScheme: "light" }], ["setup-phone", { viewport: PHONE, hasTouch: true, isMobile: true, colorScheme: "dark" }]]) {
    const context = await browser.newContext({ viewport: DESK, acceptDownloads: true, ...options }), page = await context.newPage();
    page.troubles = [];
    page.on("console", (m) => m.type() === "error" && page.troubles.push(m.text()));
    page.on("pageerror", (e) => page.troubles.push(e.stack));
    await page.goto(`${server.page}setup.html`);
    await page.fill("[name=racks]", "4");
    await page.setInputFiles("#file", { name: "spot.csv", mimeType: "text/csv", buffer: Buffer.from("time_utc,price_eur_mwh\n2026-01-01T00:00Z,50\n2026-01-01T01:00Z,60\n") });
    await until("the columns", async () => (await text(page, "#answer")).includes("price_eur_mwh"));
    await page.click("#setup button");
    await until("the file", async () => (await text(page, "#text")).includes("spot.csv"));
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
    const folder = mkdtempSync(join(work, "setup-")), file = join(folder, download.suggestedFilename());
    await download.saveAs(file);
    writeFileSync(join(folder, "spot.csv"), "time_utc,price_eur_mwh\n2026-01-01T00:00Z,50\n2026-01-01T01:00Z,60\n");
    const found = JSON.parse(execFileSync(process.env.SYMGRID, ["check", file, "--json"], { encoding: "utf8" }));
    assert.deepEqual([found.ok, found.warnings, found.summary.loads[0].count], [true, 0, 4], "the site file is good");
    assert.ok(await fits(page), `nothing is wider than the window (${name})`);
    await accessible(page, name);
    await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
    quiet(page);
    await page.fill("[name=battery]", "much");
    await page.click("#setup button");
    await until("the refusal", async () => (await text(page, "#answer")).includes("an energy such as"));
    assert.equal(await page.evaluate(() => document.activeElement.name), "battery", "the answer to change has the focus");
    await context.close();
    ok(`the guided form writes a site file that symgrid check takes, and points at a bad answer (${name})`);
  }
}

// The pages that `symgrid simulate --report FILE.html` writes, read from the disk as whoever was sent one reads it.
async function report() {
  const pages = [["report", ["sites/floating.maml.md", "--from", "2023-03-20", "--for", "40d"]],
                 ["report-regulation", ["sites/regulation.maml.md", "--step", "1s", "--for", "2h"]],
                 ["report-breakers", ["sites/hall-narrow.maml.md", "--study", "breakers", "--for", "10min"]]];
  for (const [name, words] of pages) {
    const file = join(work, `${name}.html`);
    execFileSync(process.env.SYMGRID, ["simulate", join(ROOT, words[0]), ...words.slice(1), "--report", file], { stdio: ["ignore", "ignore", "pipe"] });
    for (const [look, options] of [["light", { colorScheme: "light" }], ["dark", { colorScheme: "dark" }], ["phone", { viewport: PHONE, hasTouch: true, isMobile: true }]]) {
      const context = await browser.newContext({ viewport: DESK, offline: true, ...options }), page = await context.newPage(), asked = [];
      page.troubles = [];
      page.on("console", (m) => m.type() === "error" && page.troubles.push(m.text()));
      page.on("pageerror", (e) => page.troubles.push(e.stack));
      page.on("request", (r) => asked.push(r.url()));
      await page.goto(`file://${file}`);
      assert.ok(await page.locator("svg").count(), "there are pictures");
      assert.match(await text(page, "h1"), /\w/, "and a sentence about them");
      assert.ok(await fits(page), `nothing is wider than the window (${name}, ${look})`);
      await accessible(page, `${name}, ${look}`);
      assert.deepEqual(asked, [`file://${file}`], "the page is all there is");
      await page.screenshot({ path: join(SHOTS, `${name}-${look}.png`), fullPage: true });
      quiet(page);
      await context.close();
    }
  }
}

// A stream faster than life: the same code hears hours of events, with a clock that goes on by 0.1 s each.
async function memory(server) {
  const doc = await (await fetch(`${server.origin}/energy/telemetry`)).json();
  const page = await open(server.page, {}, (p) => p.addInitScript((text) => {
    window.EventSource = class extends EventTarget {
      constructor() {
        super();
        window.heard = 0;
        window.goal = 1;
        const doc = JSON.parse(text), start = Date.parse(doc.time), { port1, port2 } = new MessageChannel();
        const turn = () => {
          for (let i = 0; i < 25 && window.heard < window.goal; i++) {
            doc.time = new Date(start + window.heard++ * 100).toISOString();
            doc.tick++;
            doc.balance.load_kw += Math.sin(window.heard);
            doc.decisions.forEach((d, k) => { d.time = new Date(start + window.heard * 100 - k * 5000 - (window.heard * 100) % 5000).toISOString(); });
            this.dispatchEvent(new MessageEvent("telemetry", { data: JSON.stringify(doc) }));
          }
          if (window.heard < window.goal) port2.postMessage(0);
          else setTimeout(turn, 20);
        };
        port1.onmessage = turn;
        setTimeout(turn, 0);
      }
      close() {}
    };
  }, JSON.stringify(doc)));
  const cdp = await page.context().newCDPSession(page), heap = async (events) => {
    await page.evaluate((n) => { window.goal = n; }, events);
    await until(`${events} events`, () => page.evaluate((n) => window.heard >= n, events), 900);
    await page.waitForTimeout(700);
    for (let i = 0; i < 3; i++) await cdp.send("HeapProfiler.collectGarbage");
    const nodes = (await cdp.send("Memory.getDOMCounters")).nodes;
    return [(await cdp.send("Runtime.getHeapUsage")).usedSize / 1e6, nodes];
  };
  const [early, nodes] = await heap(Math.round(EVENTS / 4)), [late, more] = await heap(EVENTS);
  console.log(`measured: after ${(EVENTS / 144000).toFixed(2)} h of stream ${early.toFixed(2)} MB of heap and ${nodes} nodes, after ${(EVENTS / 36000).toFixed(2)} h ${late.toFixed(2)} MB and ${more}`);
  assert.ok(late - early < 2, `the heap does not grow: ${early.toFixed(2)} to ${late.toFixed(2)} MB`);
  assert.ok(more < nodes + 400, `the page does not grow: ${nodes} to ${more} nodes`);
  quiet(page);
  ok("hours of stream leave heap and page as large as they were");
  await page.context().close();
}

// ---- all of it ----------------------------------------------------------------------------------------------------
async function main() {
  mkdirSync(SHOTS, { recursive: true });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage", "--no-proxy-server"] });
  const hall = ["--policy", "mpc", "--speed", "60"];
  let server = await start("sites/floating.maml.md", ...hall);
  const part = async (name, run) => { if (!ONLY.length || ONLY.includes(name)) await run(); };
  await part("looks", async () => { for (const [name, options] of [["desktop", { colorScheme: "light" }], ["desktop-dark", { colorScheme: "dark" }], ["phone", { viewport: PHONE, hasTouch: true, isMobile: true, deviceScaleFactor: 2 }], ["phone-dark", { viewport: PHONE, colorScheme: "dark", reducedMotion: "reduce" }]]) {
    const page = await open(name === "desktop" ? server.url : server.page, options);
    await views(page, name);
    await controls(page, name);
    if (name === "desktop") {
      await keyboard(page);
      await request(page);
    }
    await accessible(page, name);
    await page.evaluate(() => scrollTo(0, 0));
    await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
    quiet(page);
    await page.context().close();
  } });
  await part("frozen", () => frozen(server));
  await part("setup", () => setup(server));
  await part("weight", () => weight(server));
  await part("memory", () => memory(server));
  await part("silence", async () => { server = await silence(server, "sites/floating.maml.md", ...hall); });
  await stop(server);
  await part("report", report);
  await part("rehearse", () => rehearse({ open, start, stop, until, ok, quiet }, ONLY.includes("rehearse")));
  await part("map", async () => map(await start("tests/interop/browser/map.maml.md", "--data", "none")));
}
let status = 0;
try {
  await main();
  console.log("all of it works");
} catch (failure) {
  console.error(`FAILED: ${failure.stack}`);
  status = 1;
}
await browser?.close();
await Promise.all(running.map(stop));
rmSync(work, { recursive: true, force: true });
process.exit(status);
