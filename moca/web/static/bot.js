// Reorders a bot's rules by drag, and with Alt+Up and Alt+Down. Their buttons do it without a script, too.
// Enter in the message of a trial tries it, in all other fields it saves.

const list = document.querySelector("fieldset:enabled #rule-list");
const announced = document.querySelector("#rules-moved");
let dragged;

function tell(card) {
  const cards = [...list.children];
  const name = card.querySelector("h3").textContent;
  announced.textContent = `${name}: place ${cards.indexOf(card) + 1} of ${cards.length}. Save the draft to keep the order.`;
}

function move(card, step) {
  const other = step < 0 ? card.previousElementSibling : card.nextElementSibling;
  if (!other) return;
  const focused = document.activeElement;
  if (step < 0) other.before(card);
  else other.after(card);
  // Moving an element takes the focus from what is in it.
  if (card.contains(focused)) focused.focus();
  card.scrollIntoView({ block: "nearest" });
  tell(card);
}

list?.addEventListener("click", (event) => {
  const step = { up: -1, down: 1 }[event.target.closest("[name=act]")?.value.split(" ")[0]];
  if (!step) return;
  event.preventDefault();
  move(event.target.closest(".rule"), step);
});

list?.addEventListener("keydown", (event) => {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  // In a list of choices these keys open it.
  if (!step || !event.altKey || event.target.matches("select")) return;
  event.preventDefault();
  move(event.target.closest(".rule"), step);
});

list?.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.(".handle")?.closest(".rule");
  if (!dragged) return;
  dragged.dataset.dragged = "";
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setDragImage(dragged, 0, 0);
});

list?.addEventListener("dragover", (event) => {
  const over = event.target.closest(".rule");
  if (!dragged) return;
  event.preventDefault();
  if (!over || over === dragged) return;
  const { top, height } = over.getBoundingClientRect();
  if (event.clientY < top + height / 2) over.before(dragged);
  else over.after(dragged);
});

list?.addEventListener("dragend", () => {
  if (!dragged) return;
  delete dragged.dataset.dragged;
  tell(dragged);
  dragged = undefined;
});

document.querySelector("#try-text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  document.querySelector("#try-out").click();
});
