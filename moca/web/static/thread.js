// Keeps the reader's place in the thread, follows it at its end, and counts what arrives below.

const END_PX = 40;

let isFollowing = true;
let newestSeen = 0;
let anchors = [];

const thread = () => document.querySelector("#bubbles");
const bubbles = () => [...thread().querySelectorAll(".bubble")];
const number = (bubble) => Number(bubble.id.slice(1));

const topOf = (id) => document.getElementById(id).getBoundingClientRect().top;

export function toEnd() {
  thread().scrollTop = thread().scrollHeight;
}

function showPill() {
  const pill = document.querySelector("#new-messages");
  const count = bubbles().filter((bubble) => number(bubble) > newestSeen).length;
  pill.hidden = isFollowing || count === 0;
  pill.textContent = `${count} new ↓`;
}

function look() {
  const { scrollTop, clientHeight, scrollHeight } = thread();
  isFollowing = scrollHeight - scrollTop - clientHeight < END_PX;
  if (isFollowing) newestSeen = Math.max(newestSeen, ...bubbles().map(number));
  showPill();
}

const resized = new ResizeObserver(() => thread() && isFollowing && toEnd());

// Opens a thread at its end, or at the message that the address names.
export function openThread() {
  if (!thread()) return;
  // They may have failed before this script loaded.
  [...thread().querySelectorAll(PLAYERS)].filter(({ error }) => error).forEach(showName);
  newestSeen = Math.max(0, ...bubbles().map(number));
  if (!location.hash.startsWith("#m")) toEnd();
  look();
  resized.disconnect();
  resized.observe(thread());
  resized.observe(thread().firstElementChild);
}

document.addEventListener("scroll", (event) => event.target === thread() && look(), true);

document.addEventListener("click", (event) => event.target.closest("#new-messages") && toEnd());

// An address of Instagram that has expired leaves nothing to play: its name is shown instead.
function showName(player) {
  player.hidden = true;
  player.nextElementSibling.hidden = false;
}

const PLAYERS = ".link :is(video, audio)";

document.addEventListener("error", ({ target }) => target.matches?.(PLAYERS) && showName(target), true);

document.addEventListener("moca:stale", () => {
  if (!thread()) return;
  const { top } = thread().getBoundingClientRect();
  const below = bubbles().filter((bubble) => bubble.getBoundingClientRect().bottom > top);
  anchors = below.map(({ id }) => ({ id, top: topOf(id) }));
});

document.addEventListener("moca:fresh", () => {
  if (!thread()) return;
  const kept = anchors.find(({ id }) => document.getElementById(id));
  if (isFollowing) toEnd();
  else if (kept) thread().scrollTop += topOf(kept.id) - kept.top;
  look();
});
