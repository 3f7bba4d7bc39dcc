// Finds a label in the chooser of a conversation by part of its name.

const at = (selector) => document.querySelector(selector);
const items = () => [...document.querySelectorAll("#labels .chooser-item")];
const shown = () => items().filter((item) => !item.parentElement.hidden);

function find() {
  const words = at("#label-words").value.trim().toLowerCase();
  for (const item of items()) item.parentElement.hidden = !item.textContent.toLowerCase().includes(words);
  at("#label-none").hidden = shown().length > 0;
}

export function openLabels() {
  if (!at("#labels")) return;
  if (at("#label-words")) {
    at("#label-words").value = "";
    find();
  }
  at("#labels").showPopover();
}

// Arrows move among the field and the labels; Enter in the field takes the first label.
function move(target, step) {
  const stops = [at("#label-words"), ...shown()];
  stops[stops.indexOf(target) + step]?.focus();
}

document.addEventListener("input", ({ target }) => target.id === "label-words" && find());

document.addEventListener("keydown", (event) => {
  const { target, key, isComposing } = event;
  if (isComposing || !target.closest("#labels")) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  const isTaken = key === "Enter" && target.id === "label-words";
  if (!step && !isTaken) return;
  event.preventDefault();
  if (step) move(target, step);
  else if (target.value.trim()) shown()[0]?.click();
});
