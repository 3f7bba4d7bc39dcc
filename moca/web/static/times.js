// Shows times in the reader's time zone, and counts down.

const TODAY = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
const THIS_YEAR = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
const OTHER_YEAR = { ...THIS_YEAR, year: "numeric" };

// Forms tell the reader's time zone where they ask for it.
document.addEventListener("formdata", ({ formData }) => {
  if (formData.has("zone")) formData.set("zone", Intl.DateTimeFormat().resolvedOptions().timeZone);
});

function inFewWords(at) {
  const now = new Date();
  if (at.toDateString() === now.toDateString()) return at.toLocaleString(undefined, TODAY);
  const isThisYear = at.getFullYear() === now.getFullYear();
  return at.toLocaleString(undefined, isThisYear ? THIS_YEAR : OTHER_YEAR);
}

export function localTimes(within) {
  for (const time of within.querySelectorAll("time[data-local]")) {
    const at = new Date(time.dateTime);
    time.title = at.toLocaleString();
    time.textContent = inFewWords(at);
  }
  for (const time of within.querySelectorAll("time[data-title]")) {
    time.title = new Date(time.dateTime).toLocaleString();
  }
}

// Shows a text, with the instants in it as `with_times` marks them up.
export function showWithTimes(element, text) {
  const parts = text.split(/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)/);
  element.replaceChildren(...parts.map((part, number) => (number % 2 ? timeAt(part) : part)));
  localTimes(element);
}

function timeAt(instant) {
  const time = Object.assign(document.createElement("time"), { dateTime: instant });
  time.dataset.local = "";
  return time;
}

function inWords(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s left`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min left`;
  if (minutes < 2880) return `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
  return `${Math.floor(minutes / 1440)} days ${Math.floor((minutes % 1440) / 60)} h left`;
}

function inOneLine(words) {
  return words.replaceAll(" ", "\u00a0");
}

export function countDown(within) {
  for (const clock of within.querySelectorAll("[data-until]")) {
    const until = new Date(clock.dataset.until);
    const left = (until - Date.now()) / 1000;
    const text = left > 0 ? `until ${inFewWords(until)}, ${inOneLine(inWords(left))}` : "";
    if (clock.textContent !== text) clock.textContent = text;
  }
}
