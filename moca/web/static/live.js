// Refreshes what is live on a page while it can be seen; what needs a reply, also while it cannot.

import { takePresence, writingHeader } from "./presence.js";
import { countDown, localTimes } from "./times.js";

const REFRESH_MS = 2000;
const HIDDEN_REFRESH_MS = 20000;
const LONGEST_PAUSE_MS = 30000;

// What the user has chosen, typed or expanded is theirs: a refresh leaves it.
const KEPT = {
  beforeNodeMorphed: (old) =>
    !(old instanceof Element && old.matches("select:not(#answer, #assignee), textarea, input:not([type=hidden])")),
  beforeAttributeUpdated: (name, node) =>
    !(name === "open" && node.matches("details")) && !(name === "hidden" && node.matches(".link > *")) && !(name === "aria-current" && node.matches(".row")),
};

// Takes over what is new in a part of the page, and leaves the rest of it as it is.
export function merge(old, fresh) {
  localTimes(fresh);
  countDown(fresh);
  Idiomorph.morph(old, [...fresh.childNodes], { morphStyle: "innerHTML", callbacks: KEPT });
}

export function renew(region, fresh) {
  document.dispatchEvent(new CustomEvent("moca:stale"));
  merge(region, fresh);
  region.dataset.version = fresh.dataset.version;
  document.dispatchEvent(new CustomEvent("moca:fresh"));
}

function isSelecting(region) {
  const selection = document.getSelection();
  return selection && !selection.isCollapsed && region.contains(selection.anchorNode);
}

// A list that has become longer is refreshed as a whole.
function addressOf({ dataset: { live, rows, step } }) {
  const address = new URL(live || location.pathname + location.search, location);
  if (rows !== step) address.searchParams.set("rows", rows);
  return address.href;
}

// What is asked while logging out would be answered without the login, and reload this page.
const leaving = new AbortController();

export async function refresh(region) {
  if (isSelecting(region) || leaving.signal.aborted) return;
  const { version } = region.dataset;
  const headers = { "X-Moca-Live": "1", "If-None-Match": `"${version}"`, ...writingHeader(region) };
  const address = addressOf(region);
  const answer = await fetch(address, { headers, cache: "no-store", signal: leaving.signal });
  // An action may have renewed the region since.
  if (address !== addressOf(region) || version !== region.dataset.version) return;
  if (answer.status === 401) location.reload();
  takePresence(region, answer);
  if (answer.status !== 200) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(region.id);
  if (fresh && region.isConnected) renew(region, fresh);
}

export async function refreshAll(isDue = () => true) {
  for (const region of document.querySelectorAll("[data-live]")) {
    const isSeen = region.id === "waiting" || (!document.hidden && region.parentElement.checkVisibility());
    if (isSeen && isDue(region)) await refresh(region);
  }
}

export function showConnection(isLost) {
  document.querySelector("#offline").hidden = !isLost;
}

let pause = REFRESH_MS;
let round = 0;
let timer;

// What lies beside a thread is less urgent than the thread.
function isDue({ id }) {
  if (id === "waiting") return document.hidden || round % 3 === 0;
  if (id === "contact-live") return round % 3 === 1;
  return id === "live" || round % 2 === 0 || !document.querySelector("#live");
}

async function keepFresh() {
  clearTimeout(timer);
  round += 1;
  try {
    await refreshAll(isDue);
    pause = REFRESH_MS;
    showConnection(false);
  } catch {
    if (leaving.signal.aborted) return;
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    showConnection(true);
  }
  clearTimeout(timer);
  timer = setTimeout(keepFresh, document.hidden ? Math.max(pause, HIDDEN_REFRESH_MS) : pause);
}

document.addEventListener("submit", ({ target }) => {
  if (new URL(target.action).pathname === "/logout") leaving.abort();
});

if (document.querySelector("[data-live]")) {
  timer = setTimeout(keepFresh, REFRESH_MS);
  refreshAll(({ id }) => id === "waiting").catch(() => showConnection(true));
  document.addEventListener("visibilitychange", () => document.hidden || keepFresh());
}
