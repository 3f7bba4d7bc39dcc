// Undoes what was just done to conversations, without a page load.

import { refreshAll, showConnection } from "./live.js";
import { load, showDone, visit } from "./panes.js";

const LIST = ["list", "account", "label"];
let isBusy = false;

function tell(problem) {
  showDone(!problem ? [] : [Object.assign(document.createElement("p"), { className: "problem", textContent: problem.trim() })]);
}

// Returns the address of a conversation beside the list that is shown.
function addressOf(id) {
  const [shown, address] = [new URL(location), new URL(`/conversations/${id}`, location)];
  for (const name of LIST) if (shown.searchParams.has(name)) address.searchParams.set(name, shown.searchParams.get(name));
  return address;
}

async function undo(form) {
  const body = new URLSearchParams(new FormData(form));
  const ids = body.getAll("conversation");
  const { isOk, page, because } = await load(form.action, { method: "POST", body });
  if (because) return tell(because);
  tell(isOk ? "" : (page.querySelector("#bulk-problem") ?? page.querySelector("main > p"))?.textContent);
  const isShown = ids.some((id) => location.pathname === `/conversations/${id}`);
  if (isShown) await visit(location.href, { push: false, onComposer: false });
  else if (isOk && ids.length === 1) await visit(addressOf(ids[0]), { onComposer: false });
  await refreshAll();
}

document.addEventListener("submit", async (event) => {
  if (event.target.id !== "undo") return;
  event.preventDefault();
  if (isBusy) return;
  isBusy = true;
  try {
    await undo(event.target);
  } catch {
    showConnection(true);
  }
  isBusy = false;
});

document.addEventListener("click", ({ target }) => target.id === "done-dismiss" && showDone());
