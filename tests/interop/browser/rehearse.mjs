// rehearse.mjs - how soon the page shows what happens on the twin: the example site, its grid cut with one click.
//
// Of every event it is told how long after its moment on the twin it stood on the page, with its reason, by the clock on the wall. Each
// document says how long the twin has run by that clock (elapsed_s / speed_reached); the one that came soonest lays both clocks on each
// other. Between two documents the twin may have waited: the earliest moment counts, so delays are told too long rather than too short.
import assert from "node:assert/strict";

const KINDS = { begins: "the outage", ends: "its end", grid: "a state of the grid", load: "shedding or return of loads", store: "a store's part", source: "a source's part" };

// In the page: when documents came, and when their rows and bills had been drawn.
function watch() {
  window.seen = { docs: [], rows: [], bills: [] };
  window.EventSource = class extends EventSource {
    constructor(url) {
      super(url);
      if (String(url).endsWith("/energy/rehearsal")) {
        this.addEventListener("message", (e) => { const { elapsed_s, speed_reached, state } = JSON.parse(e.data); window.seen.docs.push({ now: performance.now(), at: elapsed_s, ran: (1000 * elapsed_s) / speed_reached, state }); });
      }
    }
  };
}
function note() {
  const drawn = (target, then) => new MutationObserver(() => requestAnimationFrame(() => then(performance.now()))).observe(document.querySelector(target), { childList: true });
  drawn("#rehearse-events", (now) => { while (window.seen.rows.length < document.querySelectorAll("#rehearse-events > li").length) window.seen.rows.push(now); });
  drawn("#rehearse-bill", (now) => window.seen.bills.push(now));
}

const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
function tell(speed, doc, seen) {
  const docs = seen.docs.filter(({ at }) => at > 0), start = Math.min(...docs.map(({ now, ran }) => now - ran));
  const moment = (at) => { // by the clock of the page
    const before = docs.findLast((d) => d.at <= at) ?? { ran: 0, at: 0 };
    return start + before.ran + ((at - before.at) * 1000) / speed;
  };
  const late = doc.events.map((e, i) => seen.rows[i] - moment(e.at_s));
  for (const [kind, name] of Object.entries(KINDS)) {
    const all = late.filter((_, i) => doc.events[i].kind === kind);
    if (all.length) console.log(`measured: at ${speed} times real time ${name} stands on the page after ${seconds(Math.max(...all))} at the latest (${all.length} of them)`);
  }
  const bills = docs.map(({ ran }) => Math.min(...seen.bills.filter((now) => now >= start + ran)) - start - ran).filter(Number.isFinite);
  console.log(`measured: at ${speed} times real time (reached: ${doc.speed_reached.toFixed(1)}) both bills stand on the page after ${seconds(Math.max(...bills))} at the latest`);
}

async function cut(suite, url, speed, span, sheds) {
  const page = await suite.open(url, {}, (p) => p.addInitScript(watch));
  await page.waitForSelector("#rehearse-grid:not([disabled])");
  await page.evaluate(note);
  await page.selectOption("#rehearse [name=speed]", String(speed));
  await page.selectOption("#rehearse [name=for]", span);
  const state = () => page.evaluate(() => document.getElementById("rehearse").dataset.state);
  await page.click("#rehearse-grid");
  await suite.until("a twin", async () => ["starting", "running"].includes(await state()));
  await suite.until("the end of the rehearsal", async () => !["starting", "running"].includes(await state()), 400);
  const doc = await page.evaluate(async () => (await fetch("/energy/rehearsal")).json());
  await suite.until("the last row", () => page.evaluate((n) => window.seen.rows.length >= n, doc.events.length));
  const reasons = doc.events.filter((e) => e.kind === "grid").map((e) => e.reason);
  assert.equal(doc.state, "done", doc.text);
  assert.deepEqual([reasons[0], ...reasons.slice(-2)], ["bridging", "resynchronising", "grid"], "outage, bridging, return");
  if (sheds) assert.ok(doc.events.some((e) => e.kind === "load"), "loads are held back where the outage is long");
  assert.ok(doc.series.stores_kw.some((kw, i) => kw > 100 && Math.abs(doc.series.grid_kw[i]) < 1), "the stores carry more than 100 kW without the grid");
  const rows = await page.locator("#rehearse-events > li").evaluateAll((all) => all.map((li) => [li.querySelector("time").textContent, li.querySelector(".why").textContent]));
  assert.ok(rows.length === doc.events.length && rows.every(([time, why]) => /\d/.test(time) && /\w{3}/.test(why)), "every event stands on the page with its time and its reason");
  const bill = await page.locator("#rehearse-bill td").allTextContents();
  assert.ok(bill.length >= 14 && bill.every((figure) => /\d/.test(figure)), `both bills have all their figures: ${bill}`);
  tell(speed, doc, await page.evaluate(() => window.seen));
  suite.quiet(page);
  suite.ok(`a cut of ${span} at ${speed} times real time is told from outage to return, with reasons and both bills`);
  await page.context().close();
}

// long: with an hour's cut, in which loads are held back, too (a minute more; tests/unit/test_rehearsal.c holds such events in any case).
export async function rehearse(suite, long) {
  const server = await suite.start("sites/hall.maml.md");
  await cut(suite, server.page, 1, "10s", false);
  await cut(suite, server.page, 10, "2min", false);
  if (long) await cut(suite, server.page, 60, "1h", true);
  await suite.stop(server);
}
