// Shows which colleagues have a conversation open and who is writing, and tells them of oneself, by the refreshes.

const LATELY_MS = 4000;

const at = (selector) => document.querySelector(selector);
let written = { at: -Infinity };
let present = {};

const isWriting = () =>
  written.field === at("#text") && written.field.value.trim() && performance.now() - written.at < LATELY_MS;

export const writingHeader = ({ id }) => (id === "live" && isWriting() ? { "X-Moca-Writing": "1" } : {});

function markRow(row) {
  const text = present[row.id.slice("conversation-".length)];
  const mark = row.querySelector(".row-presence");
  if (!text) mark?.remove();
  else if (!mark) {
    const made = Object.assign(document.createElement("span"), { className: "row-presence", dir: "auto", textContent: text });
    row.querySelector(".row-chips").append(made);
  } else if (mark.textContent !== text) mark.textContent = text;
}

function markRows() {
  for (const row of document.querySelectorAll("#list .row")) markRow(row);
}

// What comes with the list may leave out the conversation that is open.
export function takePresence({ id, isConnected }, answer) {
  const header = answer.headers.get("X-Moca-Presence");
  if (header === null || !isConnected) return;
  present = JSON.parse(header);
  markRows();
  const line = at("#presence");
  const text = present[line?.dataset.conversation] ?? "";
  if (id === "live" && line && line.textContent !== text) line.textContent = text;
}

document.addEventListener("input", ({ target }) => {
  if (target.id === "text") written = { field: target, at: performance.now() };
});
document.addEventListener("moca:fresh", markRows);
