// Swaps the panes instead of loading a page. Without it, the same links and forms load pages.

import { HAS_KEYBOARD, forgetDraft, openComposer, reportProblem } from "./composer.js";
import { bodyOf, detach, showAttached } from "./attachment.js";
import { setTitle, showChoice } from "./alerts.js";
import { merge, refreshAll, renew, showConnection } from "./live.js";
import { openThread, toEnd } from "./thread.js";
import { countDown, localTimes } from "./times.js";

const at = (selector) => document.querySelector(selector);
let shown = location.pathname + location.search;
let visits = 0;

function markRow() {
  for (const row of document.querySelectorAll("#list .row")) {
    if (row.pathname === location.pathname) row.setAttribute("aria-current", "page");
    else row.removeAttribute("aria-current");
  }
}

function swap(page, selector) {
  const fresh = page.querySelector(selector);
  localTimes(fresh);
  countDown(fresh);
  at(selector).replaceWith(fresh);
}

// Shows what was done and can be undone.
export function showDone(parts = []) {
  at("#done").replaceChildren(...parts);
}

function show(page) {
  setTitle(page.title);
  at("#main").className = page.querySelector("#main").className;
  markRow();
  showChoice();
  openComposer();
}

function focusThread(onComposer) {
  const field = onComposer && HAS_KEYBOARD.matches && at("#text");
  (field || at("#thread h1"))?.focus({ preventScroll: true });
}

export async function load(address, options = {}) {
  // The list stays, so a page with the same one need not have its rows.
  const headers = { Accept: "text/html", "X-Moca-List": at("#list").dataset.live };
  const answer = await fetch(address, { ...options, headers });
  if (answer.status === 401) location.reload();
  // The server itself refuses a body that is slow or too large, or that it cannot store.
  const isJson = answer.headers.get("Content-Type")?.includes("json");
  const because = isJson ? (await answer.json()).error?.message : "";
  const page = new DOMParser().parseFromString(isJson ? "" : await answer.text(), "text/html");
  return { isOk: answer.ok, page, because };
}

export async function visit(address, { push = true, onComposer = true } = {}) {
  const number = (visits += 1);
  const answer = await load(address).catch(() => showConnection(true));
  if (!answer || number !== visits) return;
  const { isOk, page } = answer;
  if (!isOk || !page.querySelector("#thread")) return location.assign(address);
  if (push) history.pushState(null, "", address);
  shown = location.pathname + location.search;
  if (page.querySelector("#list").dataset.live !== at("#list").dataset.live) swap(page, ".pane-list");
  swap(page, "#thread");
  swap(page, "#contact");
  show(page);
  openThread();
  focusThread(onComposer);
}

// Takes over what a form has changed, and leaves what is being written elsewhere.
function takeOver(page) {
  renew(at("#live"), page.querySelector("#live"));
  for (const part of ["#reply", "#act", "#labels", "#contact"]) {
    if (at(part) && page.querySelector(part)) merge(at(part), page.querySelector(part));
  }
  show(page);
  showAttached();
}

// Without hidden fields: the form's key is renewed when an earlier action's answer comes.
const writtenIn = (form) =>
  JSON.stringify([...form.elements].filter(({ type }) => type !== "hidden").map(({ value, checked }) => [value, checked]));

// Returns whether the form was accepted.
export async function send(form, button) {
  const address = button?.getAttribute("formaction") || form.action;
  const [body, written] = [bodyOf(form), writtenIn(form)];
  const from = shown;
  let answer;
  try {
    answer = await load(address, { method: "POST", body });
  } catch {
    showConnection(true);
    reportProblem("Connection lost. Nothing you wrote is lost: send it again. It will not be sent twice.");
    return false;
  }
  const { isOk, page, because } = answer;
  showDone(page.querySelector("#done")?.childNodes);
  // More may have been written since; it stays.
  if (isOk && writtenIn(form) === written) {
    if (form.id === "write") forgetDraft(form);
    form.reset();
    if (form.id === "write") detach();
    form.querySelector("details")?.removeAttribute("open");
  }
  // Another conversation may have been chosen in the meantime.
  if (shown !== from) return isOk;
  if (page.querySelector("#live")) takeOver(page);
  else reportProblem(because || page.querySelector("main > p:not(.notice-status)")?.textContent);
  if (isOk && form.id === "write") toEnd();
  refreshAll().catch(() => showConnection(true));
  return isOk;
}

function isPlain(event) {
  return !event.button && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest(".panes a[href]");
  if (!link || !isPlain(event) || link.target || link.hash || link.origin !== location.origin) return;
  if (!/^\/(conversations\/\d+)?$/.test(link.pathname)) return;
  event.preventDefault();
  visit(link.href);
});

// The second click of a double click meets the button that the first one's answer has put there.
document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest(".panes button[type=submit]")) event.preventDefault();
}, true);

document.addEventListener("submit", (event) => {
  if (event.target.method !== "post" || event.target.id === "bulk" || !event.target.closest(".panes")) return;
  if (event.submitter?.hasAttribute("data-leaves")) return;
  event.preventDefault();
  event.submitter?.closest("[popover]")?.hidePopover();
  send(event.target, event.submitter);
});

addEventListener("popstate", () => {
  visits += 1; // A visit on its way is no longer wanted.
  if (location.pathname + location.search !== shown) visit(location.href, { push: false });
});

document.addEventListener("moca:fresh", markRow);

openThread();
openComposer();
if (!location.hash && HAS_KEYBOARD.matches) at("#text")?.focus({ preventScroll: true });
