// Counts bytes while somebody writes, takes in saved answers, and keeps the latest message in sight.

const text = document.querySelector("#text");
const bytes = document.querySelector("#bytes");
const answer = document.querySelector("#answer");
const offset = document.querySelector("#offset");
const sending = `${location.pathname} sending`;

function count() {
  const length = new TextEncoder().encode(text.value.trim()).length;
  const part = Number(text.dataset.partBytes);
  const most = Number(text.dataset.mostBytes);
  const parts = Math.ceil(length / part);
  bytes.dataset.state = length > most ? "failed" : length > part ? "waiting" : "";
  bytes.textContent = length > part ? `${length} bytes: ${parts} messages or more` : `${length} of ${part} bytes`;
}

function showZone() {
  const label = document.querySelector("[data-zone]");
  if (label) label.textContent = "Send at";
}

// A reply that was sent leads here anew; after an error one comes back to it.
function forgetWhatWasSent() {
  const [navigation] = performance.getEntriesByType("navigation");
  const wasSent = sessionStorage.getItem(sending) && navigation.type !== "back_forward";
  if (wasSent) sessionStorage.removeItem(location.pathname);
  sessionStorage.removeItem(sending);
}

if (text) {
  text.addEventListener("input", count);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) text.form.requestSubmit();
  });
  text.form.addEventListener("submit", () => {
    const at = document.querySelector("#at").value;
    offset.value = at ? String(new Date(at).getTimezoneOffset()) : "0";
    sessionStorage.setItem(sending, "1");
  });
  text.addEventListener("input", () => sessionStorage.setItem(location.pathname, text.value));
  forgetWhatWasSent();
  text.value = text.value || sessionStorage.getItem(location.pathname) || "";
  count();
  showZone();
}

function takeAnswer() {
  const chosen = answer.selectedOptions[0];
  if (!chosen?.dataset.text) return;
  text.value = text.value ? `${text.value}\n${chosen.dataset.text}` : chosen.dataset.text;
  answer.value = "";
  count();
  text.focus();
}

answer?.addEventListener("change", takeAnswer);
// It may have been chosen before this was there.
if (answer) takeAnswer();

const bubbles = () => document.querySelector("#bubbles");
const stick = () => bubbles() && (bubbles().scrollTop = bubbles().scrollHeight);
let last = bubbles()?.lastElementChild?.id;

document.addEventListener("moca:fresh", () => {
  const newest = bubbles()?.lastElementChild?.id;
  if (newest !== last) stick();
  last = newest;
});

if (!location.hash.startsWith("#m")) stick();
