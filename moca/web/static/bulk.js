// Selects conversations of the list, and acts on all of them with one request.

import { runNext } from "./action-queue.js";
import { merge, refreshAll, renew, showConnection } from "./live.js";
import { load, showDone, visit } from "./panes.js";

const KEY = "form_key";
const at = (selector) => document.querySelector(selector);
const boxes = () => [...document.querySelectorAll("#list .pick input")];
const selected = () => boxes().filter(({ checked }) => checked);
let last;

function count() {
  if (!at("#bulk-count")) return;
  const number = selected().length;
  at("#bulk-count").textContent = `${number} selected`;
  at("#bulk-close-title").textContent = number === 1 ? "Close the conversation?" : `Close ${number} conversations?`;
}

function select(some, isOn) {
  for (const box of some) box.checked = isOn;
  count();
}

const mark = (ids, isOn) => select(boxes().filter(({ value }) => ids.includes(value)), isOn);

// With Shift, everything between the box before and this one becomes as this one is.
function extend(box) {
  const all = boxes();
  const [from, to] = [all.findIndex(({ id }) => id === last), all.indexOf(box)];
  if (from >= 0) select(all.slice(Math.min(from, to), Math.max(from, to) + 1), box.checked);
}

export function toggleCurrent() {
  const row = document.activeElement.closest("#list .row") ?? at("#list .row[aria-current]");
  row?.parentElement.querySelector(".pick input")?.click();
}

function tell(problem) {
  at("#bulk-problem").replaceChildren(
    ...(problem ? [Object.assign(document.createElement("p"), { className: "problem", textContent: problem })] : []),
  );
}

// Takes over the list, what could not be done, and the form's next key.
function takeOver(page) {
  at("#bulk-problem").replaceChildren(...page.querySelector("#bulk-problem").childNodes);
  merge(at("#bulk"), page.querySelector("#bulk"));
  const [list, fresh] = [at("#list"), page.querySelector("#list")];
  // What was scrolled to is not in the answer: the next refresh brings the whole list.
  if (list.dataset.rows !== list.dataset.step) list.dataset.version = "";
  else if (fresh.dataset.live === list.dataset.live) renew(list, fresh);
}

// Whoever has gone on meanwhile, as to the composer, keeps the focus.
const isElsewhere = () => document.activeElement !== document.body && !document.activeElement.closest("#list, #bulk");

async function act(address, body) {
  const ids = body.getAll("conversation");
  body.set(KEY, at("#bulk").elements[KEY].value);
  const { isOk, page, because } = await load(address, { method: "POST", body });
  if (!page.querySelector("#bulk")) {
    mark(ids, true);
    return tell(because || page.querySelector("main > p:not(.notice-status)")?.textContent);
  }
  takeOver(page);
  const isUndoable = page.querySelector("#undo");
  showDone(page.querySelector("#done").childNodes);
  at("#bulk-done").textContent = isOk && !isUndoable ? `Done: ${ids.length} ${ids.length === 1 ? "conversation" : "conversations"}.` : "";
  const isOpen = ids.some((id) => location.pathname === `/conversations/${id}`);
  if (isOpen) visit(location.href, { push: false, onComposer: false });
  else if (!isElsewhere()) at("#list .row")?.focus({ preventScroll: true });
  refreshAll().catch(() => showConnection(true));
}

// What is being stored is no longer selected: the next can be selected, and waits for it.
document.addEventListener("submit", (event) => {
  const { target: form, submitter: button } = event;
  if (form.id !== "bulk" || button?.formMethod === "dialog") return;
  event.preventDefault();
  button?.closest("[popover]")?.hidePopover();
  const address = button?.getAttribute("formaction") || form.action;
  const body = new URLSearchParams(new FormData(form));
  const ids = body.getAll("conversation");
  if (!ids.length) return;
  mark(ids, false);
  runNext(() => act(address, body), () => {
    mark(ids, true);
    showConnection(true);
    tell("Connection lost. Try again: nothing is done twice.");
  });
});

document.addEventListener("click", ({ target, shiftKey }) => {
  if (target.id === "bulk-all") select(boxes().slice(0, Number(at("#bulk").dataset.maxSelected)), true);
  if (!target.matches("#list .pick input")) return;
  if (shiftKey) extend(target);
  last = target.id;
});

document.addEventListener("change", ({ target }) => target.matches("#list .pick input") && count());
document.addEventListener("reset", ({ target }) => target.id === "bulk" && setTimeout(count));
document.addEventListener("moca:fresh", count);
count();
