// The guided form: its answers go to the server, which writes the site file with the code of `symgrid init`.
const form = document.getElementById("setup");
const answer = document.getElementById("answer");
const text = document.getElementById("text");
const save = document.getElementById("save");
const file = document.getElementById("file");
let head = "";

function show(message, bad) {
  answer.textContent = message;
  answer.className = bad ? "bad" : "good";
}

function fromFile() {
  const is = /\.csv$/i.test(form.elements.price.value.trim());
  for (const label of document.querySelectorAll(".of-file")) label.hidden = !is;
  return is;
}

// Only the first line is read, and it stays between this page and its server.
async function takeFile() {
  const chosen = file.files[0];
  if (!chosen) return;
  head = (await chosen.slice(0, 4096).text()).split(/\r?\n/)[0].replace(/^\ufeff/, "");
  form.elements.price.value = /\.csv$/i.test(chosen.name) ? chosen.name : chosen.name + ".csv";
  const columns = head.split(",").map((name) => name.trim().replace(/^"|"$/g, ""));
  document.getElementById("columns").replaceChildren(...columns.map((name) => new Option(name)));
  for (const name of ["price_time", "price_column", "price_unit"]) form.elements[name].value = "";
  fromFile();
  show(`Columns: ${columns.join(", ")}. Leave the next three empty to have them guessed.`, false);
}

function answers() {
  const all = {};
  for (const [name, value] of new FormData(form)) {
    const asked = !name.startsWith("price_") || (fromFile() && value.trim());
    if (asked && typeof value === "string") all[name] = value;
  }
  if (fromFile() && head) all.price_head = head;
  return all;
}

function point(problem) {
  const name = (problem.pointer || "").slice(1);
  const field = form.elements[name];
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  if (field) {
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }
  show(problem.detail || problem.title, true);
}

async function send(event) {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const reply = await fetch("/energy/site-draft", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(answers()),
    });
    if (!reply.ok) return point(await reply.json());
    const draft = await reply.text();
    for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    text.textContent = draft;
    URL.revokeObjectURL(save.href);
    save.href = URL.createObjectURL(new Blob([draft], { type: "text/markdown" }));
    save.hidden = false;
    show("Written. Look it over, download it, check it.", false);
  } catch {
    show("The server does not answer; symgrid init --ask asks the same in a terminal.", true);
  } finally {
    button.disabled = false;
  }
}

file.addEventListener("change", takeFile);
form.elements.price.addEventListener("input", fromFile);
form.addEventListener("submit", send);
