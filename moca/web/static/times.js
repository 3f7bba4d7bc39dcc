// Shows times in the reader's time zone, and counts down.

const TODAY = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
const EARLIER = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };

// Forms tell the reader's time zone where they ask for it.
document.addEventListener("formdata", ({ formData }) => {
  if (formData.has("zone")) formData.set("zone", Intl.DateTimeFormat().resolvedOptions().timeZone);
});

export function localTimes(within) {
  for (const time of within.querySelectorAll("time[data-local]")) {
    const at = new Date(time.dateTime);
    const sameDay = at.toDateString() === new Date().toDateString();
    time.title = at.toLocaleString();
    time.textContent = at.toLocaleString(undefined, sameDay ? TODAY : EARLIER);
  }
  for (const time of within.querySelectorAll("time[data-title]")) {
    time.title = new Date(time.dateTime).toLocaleString();
  }
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
    const day = until.toDateString() === new Date().toDateString() ? TODAY : EARLIER;
    const text = left > 0 ? `until ${until.toLocaleString(undefined, day)}, ${inOneLine(inWords(left))}` : "";
    if (clock.textContent !== text) clock.textContent = text;
  }
}
