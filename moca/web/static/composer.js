// Counts bytes while typing, inserts saved replies, and keeps drafts until they are sent.

import { attachFileOf } from "./attachment.js";

// On a phone the focus would cover half of the thread with the keyboard.
export const HAS_KEYBOARD = matchMedia("(min-width: 800px) and (hover: hover)");

const at = (selector) => document.querySelector(selector);
const draftOf = (form) => `moca.draft ${new URL(form.action).pathname}`;

function count() {
  const { value, dataset } = at("#text");
  const [part, most] = [Number(dataset.partBytes), Number(dataset.mostBytes)];
  const length = new TextEncoder().encode(value.trim()).length;
  const parts = Math.ceil(length / part);
  at("#bytes").dataset.state = length > most ? "failed" : length > part ? "waiting" : "";
  at("#bytes").textContent = length > part ? `${length} bytes: will be sent as ${parts} or more messages` : `${length} of ${part} bytes`;
}

function changed() {
  const { value, form } = at("#text");
  if (value) localStorage.setItem(draftOf(form), value);
  else localStorage.removeItem(draftOf(form));
  count();
}

function takeAnswer() {
  const [text, answer] = [at("#text"), at("#answer")];
  const { text: chosen, file } = answer?.selectedOptions[0]?.dataset ?? {};
  if (!chosen) return;
  text.value = text.value ? `${text.value}\n${chosen}` : chosen;
  if (file) attachFileOf(answer.value, file);
  answer.value = "";
  changed();
  text.focus();
}

export function openComposer() {
  const text = at("#text");
  if (!text) return;
  text.value = text.value || localStorage.getItem(draftOf(text.form)) || "";
  at("[data-zone]").textContent = "Send at";
  // It may have been selected before this script loaded.
  takeAnswer();
  count();
}

export function forgetDraft(form) {
  localStorage.removeItem(draftOf(form));
}

export function reportProblem(message) {
  const problem = at("#problem");
  if (!problem) return;
  problem.hidden = false;
  problem.textContent = message;
}

document.addEventListener("input", ({ target }) => target.id === "text" && changed());
document.addEventListener("change", ({ target }) => target.id === "answer" && takeAnswer());

document.addEventListener("submit", ({ target }) => {
  if (target.id !== "write") return;
  const due = at("#at").value;
  at("#offset").value = due ? String(new Date(due).getTimezoneOffset()) : "0";
}, true);

// Another tab has sent it.
addEventListener("storage", ({ key, oldValue, newValue }) => {
  const text = at("#text");
  if (!text || key !== draftOf(text.form) || newValue || text.value !== oldValue) return;
  text.value = "";
  count();
});
