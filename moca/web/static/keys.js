// Keyboard shortcuts of the inbox. Single keys rest while something is being typed.

import { toggleCurrent } from "./bulk.js";
import { openLabels } from "./labels.js";
import "./mentions.js";
import { furtherLink, listMore } from "./list-rows.js";
import { send, visit } from "./panes.js";
import { openFinder } from "./saved-replies.js";
import "./undo.js";

const at = (selector) => document.querySelector(selector);
const STORED = "moca.keys";
let place = 0;

function rows() {
  const all = [...document.querySelectorAll("#list .row")];
  const here = all.findIndex((row) => row.hasAttribute("aria-current"));
  if (here >= 0) place = here;
  return { all, isListed: here >= 0 };
}

// Returns the row above or below; if the current one has left the list, the next is in its place.
function neighbour(step) {
  const { all, isListed } = rows();
  return all[isListed || step < 0 ? place + step : place];
}

async function go(step) {
  if (step > 0 && !neighbour(step)) await listMore();
  let row = neighbour(step);
  if (step > 0 && !row && furtherLink()) {
    await visit(furtherLink().href, { onComposer: false });
    row = rows().all[0];
  }
  if (!row) return;
  row.scrollIntoView({ block: "nearest" });
  visit(row.href, { onComposer: false });
}

async function sendAndClose(form) {
  const next = neighbour(1)?.href ?? at("#list").dataset.live;
  const here = location.href;
  if (!(await send(form)) || location.href !== here) return;
  const close = at("#do-close");
  if (close && (await send(close.form, close)) && location.href === here) visit(next);
}

const KEYS = {
  j: () => go(1),
  k: () => go(-1),
  r: () => at("#text")?.focus(),
  a: () => at("#do-assign")?.click(),
  e: () => at("#do-close")?.click(),
  s: () => at("[popovertarget=snooze]") && at("#snooze").showPopover(),
  z: () => at("#undo [type=submit]")?.click(),
  l: openLabels,
  x: toggleCurrent,
  "/": openFinder,
  "?": () => at("#keys").togglePopover(),
};

const isField = (element) => element.closest("input, textarea, select, [contenteditable]");
const isEmptyReply = ({ id, value }) => id === "text" && !value && at("#answer");

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (event.altKey || event.isComposing) return;
  if (target.id === "text" && key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (event.shiftKey) sendAndClose(target.form);
    else target.form.requestSubmit();
  } else if (target.id === "text" && key === "Escape") at("#thread h1").focus({ preventScroll: true });
  else if (KEYS[key] && !event.ctrlKey && !event.metaKey && localStorage.getItem(STORED) !== "off") {
    if (isField(target) && !(key === "/" && isEmptyReply(target))) return;
    event.preventDefault();
    KEYS[key]();
  }
});

document.addEventListener("moca:stale", rows);

at("#keys-on").checked = localStorage.getItem(STORED) !== "off";
at("#keys-on").addEventListener("change", ({ target }) => localStorage.setItem(STORED, target.checked ? "on" : "off"));
