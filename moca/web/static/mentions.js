// Offers teammates' names after an @ in a note.

const MAX_SHOWN = 6;
const BEGUN = /(?<![\p{L}\p{N}_@/.])@([^@\n]{0,80})$/u;

const at = (selector) => document.querySelector(selector);
let found = [];
let chosen = 0;

// Returns what is typed of a name before the cursor; undefined where no name is begun.
const begunIn = ({ value, selectionStart }) => BEGUN.exec(value.slice(0, selectionStart))?.[1];

function point(index) {
  chosen = (index + found.length) % found.length;
  found.forEach((option, place) => option.setAttribute("aria-selected", place === chosen));
  at("#note").setAttribute("aria-activedescendant", found[chosen].id);
}

function close() {
  found = [];
  at("#mentions").hidden = true;
  at("#note").removeAttribute("aria-activedescendant");
}

function offer() {
  const begun = begunIn(at("#note"))?.toLowerCase();
  const options = [...at("#mentions").children];
  const matching = begun === undefined ? [] : options.filter(({ textContent }) => textContent.toLowerCase().startsWith(begun));
  if (!matching.length) return close();
  found = matching.slice(0, MAX_SHOWN);
  for (const option of options) option.hidden = !found.includes(option);
  at("#mentions").hidden = false;
  point(0);
}

function insert({ textContent }) {
  const field = at("#note");
  const end = field.selectionStart;
  const begun = begunIn(field);
  if (begun !== undefined) field.setRangeText(`${textContent} `, end - begun.length, end, "end");
  close();
}

const KEYS = {
  ArrowDown: () => point(chosen + 1),
  ArrowUp: () => point(chosen - 1),
  Enter: () => insert(found[chosen]),
  Tab: () => insert(found[chosen]),
  Escape: close,
};

const isNote = ({ id }) => id === "note" && at("#mentions");

document.addEventListener("input", ({ target }) => isNote(target) && offer());
document.addEventListener("focusout", ({ target }) => isNote(target) && close());

document.addEventListener("keydown", (event) => {
  if (!isNote(event.target) || !found.length || event.isComposing || event.shiftKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

// The focus stays in the note.
document.addEventListener("pointerdown", (event) => {
  const option = event.target.closest("#mentions [role=option]");
  if (!option) return;
  event.preventDefault();
  insert(option);
});
