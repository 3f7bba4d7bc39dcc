// Keyboard shortcuts of the review page. Single keys rest while something is being typed.

const at = (selector) => document.querySelector(selector);

const KEYS = {
  a: () => at("#approve")?.click(),
  e: () => at("#draft textarea")?.focus(),
  d: () => at("#discard")?.click(),
};

// What refreshes is the draft that is shown, whichever would come first by now.
function keepDraft() {
  const draft = at("#draft");
  at("#live").dataset.live = draft ? `/review?item=${draft.dataset.item}` : "/review";
}

keepDraft();
document.addEventListener("moca:fresh", keepDraft);

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
