// alarms.js - alarms as ISA-18.2 has them: newest first, to be acknowledged, or shelved for a while.
import { $, clock, fill, list, make, put } from "./base.js";

const SHELVE_MIN = [[15, "15 min"], [60, "1 h"], [480, "8 h"]];
let absent = true, asking = false, told = "", askedAt = -Infinity, state = "standing", alarms = [];

// Known from the description of the API, so that a program without alarms is never asked for them.
export function offer(paths) {
  absent = !paths["/energy/alarms"];
  $("alarms").hidden = absent;
}

async function ask() {
  asking = true;
  askedAt = performance.now();
  try {
    const reply = await fetch(`/energy/alarms?limit=100${state === "standing" ? "" : `&state=${state}`}`);
    if (reply.status === 404) offer({});
    if (reply.ok) {
      const doc = await reply.json();
      alarms = list(doc.alarms ?? doc);
      show();
    }
  } catch {
    // the stream says that the connection is lost
  }
  asking = false;
}

// With each event of the stream; the list is read again when its summary changed, and every ten seconds.
export function drawAlarms(doc) {
  if (absent) return;
  const summary = doc.alarms ?? {}, key = JSON.stringify(summary), open = summary.unacknowledged ?? 0;
  const counts = ["critical", "high", "medium", "low"].filter((p) => summary[p] > 0).map((p) => `${summary[p]} ${p}`);
  put("alarm-sum", [counts.join(" · ") || "none stands", open ? `${open} to acknowledge` : "", summary.shelved ? `${summary.shelved} shelved` : "", summary.flood ? "flood: lower priorities are held back" : ""].filter(Boolean).join(" · "),
    summary.critical || summary.high ? "bad" : open ? "warn" : "");
  const due = performance.now() - askedAt > (key !== told ? 400 : 10000);
  if (!asking && due) {
    told = key;
    ask();
  }
}

async function act(alarm, action, minutes, buttons) {
  buttons.forEach((b) => { b.disabled = true; });
  try {
    const reply = await fetch(`/energy/alarms/${encodeURIComponent(alarm.id)}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(minutes ? { action, minutes } : { action }),
    });
    const answer = await reply.json().catch(() => ({}));
    put("alarm-answer", reply.ok ? `${alarm.text ?? alarm.id}: ${answer.state ?? "done"}` : answer.detail || answer.title || `the server answered ${reply.status}`, reply.ok ? "" : "bad");
  } catch {
    put("alarm-answer", "The server cannot be reached.", "bad");
  }
  await ask();
  buttons.forEach((b) => { b.disabled = false; });
  (document.querySelector(`[data-alarm="${CSS.escape(String(alarm.id))}"] button`) ?? $("alarm-list")).focus();
}

function row(alarm) {
  const buttons = [], button = (name, what, minutes) => {
    const b = make("button", { type: "button", "aria-label": `${name}: ${alarm.text ?? alarm.id}` }, name);
    b.addEventListener("click", () => act(alarm, what, minutes?.() ?? 0, buttons));
    buttons.push(b);
    return b;
  };
  const shelved = alarm.state === "shelved", open = alarm.state === "unacknowledged" || alarm.state === "returned";
  const choice = make("select", { "aria-label": `Shelve for: ${alarm.text ?? alarm.id}` }, ...SHELVE_MIN.map(([m, name]) => make("option", { value: m }, name)));
  const done = alarm.state === "cleared" || alarm.state === "suppressed";
  const times = [`raised ${clock(alarm.raised)}`, alarm.cleared ? `back to normal ${clock(alarm.cleared)}` : "", shelved ? `until ${clock(alarm.shelved_until)}` : "", alarm.count > 1 ? `${alarm.count} times` : "", alarm.note ? `“${alarm.note}”` : ""];
  return make("li", { class: `alarm ${/^[a-z]+$/.test(alarm.priority) ? alarm.priority : ""} ${shelved ? "quiet" : ""}`, "data-alarm": alarm.id },
    make("span", { class: "priority" }, alarm.priority ?? ""),
    make("div", { class: "what" }, make("b", null, alarm.text ?? alarm.kind ?? String(alarm.id)), make("span", { class: "sub" }, `${alarm.state ?? ""} · ${times.filter(Boolean).join(" · ")}`), alarm.advice ? make("span", { class: "advice" }, alarm.advice) : null),
    make("div", { class: "do" }, open ? button("Acknowledge", "acknowledge") : null,
      shelved ? button("Unshelve", "unshelve") : done ? null : choice, shelved || done ? null : button("Shelve", "shelve", () => Number(choice.value))));
}
function show() {
  fill("alarm-list", alarms, row, state === "standing" ? "No alarm stands." : "None of that kind.");
}
$("alarm-state").addEventListener("change", (e) => {
  state = e.target.value;
  ask();
});
