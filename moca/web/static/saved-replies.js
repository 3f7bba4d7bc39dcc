// Finds a saved reply by its shortcut or name, and inserts it in the composer.

const at = (selector) => document.querySelector(selector);
let found = [];
let chosen = 0;

function point(index) {
  chosen = Math.max(0, Math.min(index, found.length - 1));
  [...at("#finder-list").children].forEach((item, place) => item.setAttribute("aria-selected", place === chosen));
  at("#finder-list").children[chosen]?.scrollIntoView({ block: "nearest" });
  at("#finder-words").setAttribute("aria-activedescendant", found.length ? `finder-${chosen}` : "");
}

function itemOf({ text, dataset }, index) {
  const item = Object.assign(document.createElement("li"), { id: `finder-${index}` });
  item.setAttribute("role", "option");
  const part = (tag, content) => item.append(Object.assign(document.createElement(tag), { textContent: content, dir: "auto" }), " ");
  part("strong", text);
  if (dataset.shortcut) part("kbd", `/${dataset.shortcut}`);
  part("span", dataset.text);
  return item;
}

// Shortcuts that begin with the words come first, then names that contain them.
function find() {
  const words = at("#finder-words").value.trim().toLowerCase();
  const rank = ({ text, dataset }) =>
    words && dataset.shortcut.startsWith(words) ? 0 : text.toLowerCase().includes(words) ? 1 : 2;
  found = [...at("#answer").options].filter((option) => option.value && rank(option) < 2);
  found.sort((one, other) => rank(one) - rank(other));
  at("#finder-list").replaceChildren(...found.map(itemOf));
  at("#finder-none").hidden = found.length > 0;
  point(0);
}

function insert(option) {
  at("#finder").hidePopover();
  if (!option) return;
  at("#answer").value = option.value;
  at("#answer").dispatchEvent(new Event("change", { bubbles: true }));
}

export function openFinder() {
  if (!at("#answer")) return;
  at("#finder-words").value = "";
  at("#finder").showPopover();
  find();
}

const KEYS = {
  ArrowDown: () => point(chosen + 1),
  ArrowUp: () => point(chosen - 1),
  Enter: () => insert(found[chosen]),
};

document.addEventListener("input", ({ target }) => target.id === "finder-words" && find());

document.addEventListener("keydown", (event) => {
  if (event.target.id !== "finder-words" || event.isComposing || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

document.addEventListener("click", ({ target }) => {
  const item = target.closest("#finder-list [role=option]");
  if (item) insert(found[Number(item.id.slice("finder-".length))]);
});
