// Undoes what was just done to conversations, without a page load.

import { runNext } from "./action-queue.js";
import { refreshAll, showConnection } from "./live.js";
import { load, showDone, visit } from "./panes.js";

const LIST = ["list", "account", "label"];

function tell(problem) {
  showDone(!problem ? [] : [Object.assign(document.createElement("p"), { className: "problem", textContent: problem.trim() })]);
}

// Returns the address of a conversation beside the list that is shown.
function addressOf(id) {
  const [shown, address] = [new URL(location), new URL(`/conversations/${id}`, location)];
  for (const name of LIST) if (shown.searchParams.has(name)) address.searchParams.set(name, shown.searchParams.get(name));
  return address;
}

async function showUndone(ids, isOk) {
  const isShown = ids.some((id) => location.pathname === `/conversations/${id}`);
  if (isShown) await visit(location.href, { push: false, onComposer: false });
  else if (isOk && ids.length === 1) await visit(addressOf(ids[0]), { onComposer: false });
  await refreshAll();
}

async function undo(form, body) {
  const { isOk, page, because } = await load(form.action, { method: "POST", body });
  if (because) return tell(because);
  // The notice of what was done since stays.
  if (!isOk || form.isConnected) tell(isOk ? "" : (page.querySelector("#bulk-problem") ?? page.querySelector("main > p"))?.textContent);
  showUndone(body.getAll("conversation"), isOk).catch(() => showConnection(true));
}

document.addEventListener("submit", (event) => {
  const { target: form } = event;
  if (form.id !== "undo") return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  runNext(() => undo(form, body), () => showConnection(true));
});

document.addEventListener("click", ({ target }) => target.id === "done-dismiss" && showDone());
