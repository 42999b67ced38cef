// login.js - who is at the page: signs in with the one-time link of `symgrid run` or with a token, shows the role.
// The secret stays in a cookie that scripts cannot read; this file keeps none.
const session = "/energy/session";
const place = document.createElement("p");
place.className = "login";
Object.assign(place.style, { margin: "0", fontSize: "13px" });
const who = document.createElement("span");
const button = document.createElement("button");
button.type = "button";
place.append(who, " ", button);
document.querySelector("header")?.append(place);

const dialog = document.createElement("dialog");
dialog.setAttribute("aria-labelledby", "login-title");
dialog.innerHTML = `<form method="dialog"><h2 id="login-title">Sign in</h2>
<p>Reading needs the role viewer, asking for power the role operator.
Make a token with <code>symgrid token add NAME --role operator --data FOLDER</code>.</p>
<p><label for="login-token">Token</label>
<input id="login-token" type="password" autocomplete="off" spellcheck="false" required></p>
<p role="alert" id="login-answer"></p>
<p><button type="submit">Sign in</button> <button type="button" id="login-cancel">Cancel</button></p></form>`;
document.body.append(dialog);
const field = dialog.querySelector("#login-token"), answer = dialog.querySelector("#login-answer");
let now = null;

function show(state) {
  now = state;
  who.textContent = state.signed_in ? `${state.name}: ${state.role}` : state.role === "nobody" ? "not signed in" : state.role === "viewer" ? "looking only" : state.role;
  button.textContent = state.signed_in ? "Sign out" : "Sign in";
  button.hidden = !state.signed_in && state.role === "admin"; // nothing to gain
  document.documentElement.dataset.role = state.role;
  document.dispatchEvent(new CustomEvent("role", { detail: state }));
}
async function send(method, body) {
  const reply = await fetch(session, { method, headers: body ? { "Content-Type": "application/json" } : {}, body: body ? JSON.stringify(body) : undefined });
  const doc = reply.status === 204 ? {} : await reply.json();
  if (!reply.ok) throw new Error(doc.detail || doc.title || `the server answered ${reply.status}`);
  return doc;
}
const look = async () => show(await send("GET"));
function ask() {
  answer.textContent = "";
  field.value = "";
  dialog.showModal();
}

button.addEventListener("click", async () => {
  if (!now?.signed_in) return ask();
  await send("DELETE").catch(() => {});
  location.reload();
});
dialog.querySelector("#login-cancel").addEventListener("click", () => dialog.close());
dialog.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const before = now?.role;
    show(await send("POST", { token: field.value.trim() }));
    dialog.close();
    if (before === "nobody") location.reload(); // everything that was refused is asked for again
  } catch (error) {
    answer.textContent = error.message;
  }
  field.value = "";
});

async function start() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code) {
    history.replaceState(null, "", location.pathname); // used or not, it leaves the address bar
    try {
      return show(await send("POST", { code }));
    } catch (error) {
      await look();
      if (!now.signed_in) { ask(); answer.textContent = error.message; }
      return;
    }
  }
  await look();
  if (now.role === "nobody") ask();
}
const begin = () => start().catch(() => { who.textContent = ""; button.hidden = true; });
addEventListener("hashchange", () => { if (location.hash.includes("code=")) begin(); }); // the link, opened where the page is already
begin();
