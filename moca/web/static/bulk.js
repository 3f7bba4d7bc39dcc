// Selects conversations of the list, and acts on all of them with one request.

import { merge, refreshAll, renew, showConnection } from "./live.js";
import { load, showDone, visit } from "./panes.js";

const at = (selector) => document.querySelector(selector);
const boxes = () => [...document.querySelectorAll("#list .pick input")];
const selected = () => boxes().filter(({ checked }) => checked);
let last;
let isBusy = false;

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

async function act(form, button) {
  const body = new URLSearchParams(new FormData(form));
  const ids = body.getAll("conversation");
  const { isOk, page, because } = await load(button?.getAttribute("formaction") || form.action, { method: "POST", body });
  if (!page.querySelector("#bulk")) return tell(because || page.querySelector("main > p:not(.notice-status)")?.textContent);
  select(boxes().filter(({ value }) => ids.includes(value)), false);
  takeOver(page);
  const isUndoable = page.querySelector("#undo");
  showDone(page.querySelector("#done").childNodes);
  at("#bulk-done").textContent = isOk && !isUndoable ? `Done: ${ids.length} ${ids.length === 1 ? "conversation" : "conversations"}.` : "";
  const isOpen = ids.some((id) => location.pathname === `/conversations/${id}`);
  if (isOpen) visit(location.href, { push: false, onComposer: false });
  else if (!isElsewhere()) at("#list .row")?.focus({ preventScroll: true });
  refreshAll().catch(() => showConnection(true));
}

document.addEventListener("submit", async (event) => {
  if (event.target.id !== "bulk" || event.submitter?.formMethod === "dialog") return;
  event.preventDefault();
  if (isBusy) return;
  isBusy = true;
  event.submitter?.closest("[popover]")?.hidePopover();
  try {
    await act(event.target, event.submitter);
  } catch {
    showConnection(true);
    tell("Connection lost. Try again: nothing is done twice.");
  }
  isBusy = false;
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
