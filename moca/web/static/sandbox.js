// Writes and acts as an Instagram user, and refreshes the result about once a second.

import { showThread } from "./sandbox-thread.js";
import { showWithTimes } from "./times.js";

const POLL_MS = 800;
const TICK_MS = 100;
const NAMES = ["Ada", "Bo", "Chidi", "Dana", "Emre", "Frida", "Goran", "Hana", "Imani", "Jun", "Kofi", "Lena", "Mateo", "Noor", "Olga", "Priya"];

const PURPOSES = { edit: "Editing", answer: "Replying to", answer_story: "Replying to the account's story" };

const OUTCOMES = {
  answered: "Answered", duplicate: "Duplicate", suppressed: "Not answered by the bot", failed: "Failed", sent: "Sent", cancelled: "Cancelled",
};

const at = (id) => document.getElementById(id);
const view = { psid: null, name: null, picked: null, until: null, skewMs: 0, contacts: [], purpose: null };

function invent() {
  const digits = crypto.getRandomValues(new Uint32Array(2)).join("").padEnd(15, "7").slice(0, 15);
  const name = NAMES[Math.floor(Math.random() * NAMES.length)];
  become({ psid: `1${digits}`, name });
}

function become(contact) {
  Object.assign(view, { psid: contact.psid, name: contact.name, picked: null, until: null });
  localStorage.setItem("moca.contact", JSON.stringify({ psid: contact.psid, name: contact.name }));
  at("thread").replaceChildren();
  endPurpose();
  showContacts();
  showJourney(null);
  poll();
}

const toAccount = () => (at("account") ? { account_id: at("account").value } : {});

function showContacts() {
  const known = view.contacts.some((contact) => contact.psid === view.psid);
  const all = known ? view.contacts : [{ psid: view.psid, name: view.name }, ...view.contacts];
  const options = all.map((contact) => new Option(contact.name || contact.psid, contact.psid));
  const before = Array.from(at("contacts").options, (option) => option.value + option.text).join();
  if (before !== options.map((option) => option.value + option.text).join()) {
    at("contacts").replaceChildren(...options);
  }
  at("contacts").value = view.psid;
  at("face").textContent = (view.name || "?").slice(0, 1).toUpperCase();
}

const actions = {
  act: (action) => act(action).catch(() => complain("Connection to Moca lost. Trying again…")),
  begin: (does, message) => begin(does, message),
  pick: (mid) => { view.picked = mid; poll(); },
};

function show(thread) {
  at("openers").hidden = thread.length > 0;
  showThread(at("thread"), thread, actions);
}

function showJourney(journey, message) {
  for (const stage of document.querySelectorAll(".stage")) {
    const step = journey?.stages.find((each) => each.key === stage.dataset.key);
    stage.dataset.state = step?.state ?? (message && stage.dataset.key === "reception" ? "here" : "ahead");
    showWithTimes(stage.querySelector(".stage-text"), step?.text ?? "");
    const seconds = step?.after_seconds;
    stage.querySelector(".stage-after").textContent = seconds == null ? "" : `+${seconds.toFixed(2)} s`;
  }
  view.until = journey?.until ? new Date(journey.until).getTime() : null;
  at("story").dataset.outcome = journey?.outcome ?? "none";
  at("journey-of").textContent = message ? `“${message.text}”`
    : "No messages yet. Each stage lights up as your message reaches it.";
  at("journey-end").textContent = ending(journey);
  at("journey-more").hidden = !journey;
  if (journey) at("journey-more").href = `/messages/${journey.mid.split("/").map(encodeURIComponent).join("/")}`;
  for (const said of document.querySelectorAll(".said")) {
    said.toggleAttribute("aria-current", view.picked !== null && said.dataset.mid === view.picked);
  }
  tick();
}

function ending(journey) {
  if (!journey?.outcome) return "";
  const because = journey.because;
  const title = OUTCOMES[journey.outcome] ?? journey.outcome;
  return because ? `${title}: ${because}` : title;
}

function tick() {
  const clock = document.querySelector('.stage[data-state="here"] .stage-after');
  if (!clock || view.until === null) return;
  const left = (view.until - Date.now() - view.skewMs) / 1000;
  clock.textContent = left > 0 ? `${left.toFixed(1)} s` : "";
}

function complain(text) {
  at("problem").textContent = text;
  at("problem").hidden = !text;
}

async function poll() {
  if (document.hidden) return;
  const asked = view.psid;
  const query = new URLSearchParams({ psid: asked, ...toAccount() });
  if (view.picked) query.set("mid", view.picked);
  try {
    const answer = await fetch(`/sandbox/state?${query}`);
    if (answer.status === 401) return complain("Your session has ended. Log in again.");
    if (!answer.ok) return;
    const state = await answer.json();
    if (asked !== view.psid || query.get("account_id") !== (toAccount().account_id ?? null)) return;
    view.skewMs = new Date(state.now) - Date.now();
    view.contacts = state.contacts;
    showContacts();
    show(state.thread);
    const written = state.thread.filter((message) => message.sender === "contact");
    const message = written.find((each) => each.mid === view.picked) ?? written.at(-1);
    showJourney(state.journey, message);
    complain("");
  } catch {
    complain("Connection to Moca lost. Trying again…");
  }
}

async function post(path, fields) {
  view.picked = null;
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ psid: view.psid, name: view.name, ...toAccount(), ...fields }),
  });
  await poll();
  if (!answer.ok) complain((await answer.json()).error.message);
}

const write = (text) => post("/sandbox/write", { text });
const act = (action) => post("/sandbox/act", action);

function begin(does, message) {
  view.purpose = { does, mid: message?.mid ?? "" };
  at("purpose-text").textContent = message ? `${PURPOSES[does]} “${message.text}”` : PURPOSES[does];
  at("purpose").hidden = false;
  if (does === "edit") at("text").value = message.text;
  at("text").focus();
}

function endPurpose() {
  if (view.purpose?.does === "edit") at("text").value = "";
  view.purpose = null;
  at("purpose").hidden = true;
}

at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("text").value.trim();
  if (!text) return;
  const sent = view.purpose ? act({ ...view.purpose, text }) : write(text);
  endPurpose();
  at("text").value = "";
  sent.catch(() => complain("Connection to Moca lost. Trying again…"));
});
for (const opener of at("openers").querySelectorAll("button")) {
  opener.addEventListener("click", () => write(opener.textContent));
}
at("purpose-end").addEventListener("click", () => { endPurpose(); at("text").focus(); });
for (const more of at("more").querySelectorAll("button")) {
  more.addEventListener("click", () => {
    at("more").open = false;
    if (more.dataset.purpose) begin(more.dataset.purpose);
    else actions.act({ does: more.dataset.does });
    at("text").focus();
  });
}
at("more").addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  at("more").open = false;
  at("more").querySelector("summary").focus();
});
at("contacts").addEventListener("change", () =>
  become(view.contacts.find((contact) => contact.psid === at("contacts").value) ?? view));
at("invent").addEventListener("click", invent);
at("account")?.addEventListener("change", () => {
  localStorage.setItem("moca.account", at("account").value);
  become(view);
});
document.addEventListener("visibilitychange", poll);

const account = localStorage.getItem("moca.account");
if (Array.from(at("account")?.options ?? []).some((option) => option.value === account)) at("account").value = account;
const remembered = JSON.parse(localStorage.getItem("moca.contact") ?? "null");
if (remembered) become(remembered); else invent();
setInterval(poll, POLL_MS);
setInterval(tick, TICK_MS);
at("writing").disabled = false;
