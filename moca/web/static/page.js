// Shows times in the reader's zone, counts down, and takes in what is new while somebody looks.

const REFRESH_MS = 3000;
const TODAY = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
const EARLIER = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };

function localTimes() {
  for (const time of document.querySelectorAll("time[data-local]")) {
    const at = new Date(time.dateTime);
    const sameDay = at.toDateString() === new Date().toDateString();
    time.title = at.toLocaleString();
    time.textContent = at.toLocaleString(undefined, sameDay ? TODAY : EARLIER);
  }
}

function countDown() {
  for (const clock of document.querySelectorAll("[data-until]")) {
    const left = (new Date(clock.dataset.until) - Date.now()) / 1000;
    clock.textContent = left > 0 ? `${left.toFixed(1)} s` : "";
  }
}

async function refresh() {
  const live = document.querySelector("#live[data-live]");
  if (!live || document.hidden || live.contains(document.activeElement)) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    live.replaceWith(page.querySelector("#live"));
    localTimes();
  } catch {
    // The server is away; the next round asks again.
  }
}

localTimes();
countDown();
setInterval(countDown, 100);
setInterval(refresh, REFRESH_MS);
