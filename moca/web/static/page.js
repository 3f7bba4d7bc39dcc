// Shows times in the reader's zone, counts down, and takes in what is new while somebody looks.

const REFRESH_MS = 2000;
const LONGEST_PAUSE_MS = 30000;
const TODAY = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
const EARLIER = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };

function localTimes(within) {
  for (const time of within.querySelectorAll("time[data-local]")) {
    const at = new Date(time.dateTime);
    const sameDay = at.toDateString() === new Date().toDateString();
    time.title = at.toLocaleString();
    time.textContent = at.toLocaleString(undefined, sameDay ? TODAY : EARLIER);
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

function countDown() {
  for (const clock of document.querySelectorAll("[data-until]")) {
    const until = new Date(clock.dataset.until);
    const left = (until - Date.now()) / 1000;
    const day = until.toDateString() === new Date().toDateString() ? TODAY : EARLIER;
    const text = left > 0 ? `until ${until.toLocaleString(undefined, day)}, ${inOneLine(inWords(left))}` : "";
    if (clock.textContent !== text) clock.textContent = text;
  }
}

// What somebody is in the midst of survives the exchange: focus, choices, what is unfolded.
function keep(live) {
  const focused = live.contains(document.activeElement) ? document.activeElement : null;
  const chosen = [...live.querySelectorAll("select[id], input[id]")].map((each) => [each.id, each.value]);
  const unfolded = [...live.querySelectorAll("details[id][open]")].map((each) => each.id);
  return { id: focused?.id, href: focused?.getAttribute("href"), chosen, unfolded };
}

function restore(live, kept) {
  for (const [id, value] of kept.chosen) {
    const field = live.querySelector(`#${CSS.escape(id)}`);
    if (field) field.value = value;
  }
  for (const id of kept.unfolded) live.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  const same = kept.id ? `#${CSS.escape(kept.id)}` : kept.href ? `a[href="${CSS.escape(kept.href)}"]` : null;
  if (same) live.querySelector(same)?.focus({ preventScroll: true });
}

function isSelecting(live) {
  const selection = document.getSelection();
  return selection && !selection.isCollapsed && live.contains(selection.anchorNode);
}

async function refresh() {
  const live = document.querySelector("#live[data-live]");
  if (!live || document.hidden || isSelecting(live)) return;
  const headers = { "X-Moca-Live": "1", "If-None-Match": `"${live.dataset.version}"` };
  const answer = await fetch(location.pathname + location.search, { headers, cache: "no-store" });
  if (answer.status === 401) location.reload();
  if (answer.status !== 200) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("#live");
  if (!fresh) return;
  const kept = keep(live);
  localTimes(fresh);
  live.replaceWith(fresh);
  restore(fresh, kept);
  countDown();
  document.dispatchEvent(new CustomEvent("moca:fresh"));
}

let pause = REFRESH_MS;

async function keepFresh() {
  try {
    await refresh();
    pause = REFRESH_MS;
  } catch {
    // The server is away: asked again, less and less often.
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
  setTimeout(keepFresh, pause);
}

for (const field of document.querySelectorAll("[data-submits]")) {
  field.addEventListener("change", () => field.form.requestSubmit());
}

// On a phone the pages do not all fit beside one another.
const nav = document.querySelector(".bar nav");
const here = nav?.querySelector("[aria-current]");
if (here) nav.scrollLeft = here.offsetLeft - nav.offsetLeft - nav.clientWidth / 2 + here.offsetWidth / 2;

localTimes(document);
countDown();
setInterval(countDown, 100);
if (document.querySelector("#live[data-live]")) setTimeout(keepFresh, REFRESH_MS);
