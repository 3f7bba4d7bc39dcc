// Keyboard shortcuts of the review page. Single keys rest while something is being typed.

const at = (selector) => document.querySelector(selector);

const KEYS = {
  a: () => at("#approve")?.click(),
  e: () => at("#draft textarea")?.focus(),
  d: () => at("#discard")?.click(),
};

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (event.altKey || event.isComposing || event.repeat) return;
  if (target.matches("textarea")) {
    if (key === "Escape") target.blur();
    if (key === "Enter" && (event.ctrlKey || event.metaKey)) at("#approve").click();
    return;
  }
  if (!KEYS[key] || event.ctrlKey || event.metaKey || target.closest("input, select")) return;
  if (localStorage.getItem("moca.keys") === "off") return;
  event.preventDefault();
  KEYS[key]();
});
