// Shows how many conversations need a reply or mention the user in the title and on the icon, and announces new ones.

import { followPush, subscribePush, unsubscribePush } from "./push.js";

const CHOICE = "moca.alerts";
const ANNOUNCED = { need: "moca.announced", mentioned: "moca.announced-mentions" };
const WORKER = new URL("alerts-worker.js", import.meta.url);
const MAX_COUNT = 99;
const NOTES_HZ = [660, 880];
const NOTE_SECONDS = 0.18;
const VOLUME = 0.08;

const at = (selector) => document.querySelector(selector);
const plainIcon = at("#icon").getAttribute("href");
let title = document.title;
let count = 0;
let audio;

export function setTitle(text) {
  title = text;
  document.title = count ? `(${count > MAX_COUNT ? `${MAX_COUNT}+` : count}) ${title}` : title;
}

function showCount() {
  setTitle(title);
  const icon = count ? `/icons/${Math.min(count, 10)}.svg` : plainIcon;
  if (at("#icon").getAttribute("href") !== icon) at("#icon").setAttribute("href", icon);
  navigator.setAppBadge?.(count).catch(() => {});
}

const isOn = () => localStorage.getItem(CHOICE) === "on";
const canNotify = () => "serviceWorker" in navigator && "Notification" in window;

function chime() {
  audio ??= new AudioContext();
  NOTES_HZ.forEach((frequency, index) => {
    const start = audio.currentTime + index * NOTE_SECONDS;
    const [tone, volume] = [new OscillatorNode(audio, { frequency }), new GainNode(audio, { gain: VOLUME })];
    volume.gain.exponentialRampToValueAtTime(0.001, start + 2 * NOTE_SECONDS);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 2 * NOTE_SECONDS);
  });
}

// Names the contact and quotes nothing: others may see the screen.
async function notify({ value, className, dataset }) {
  if (!canNotify() || Notification.permission !== "granted") return;
  const worker = await navigator.serviceWorker.getRegistration(WORKER);
  const isMention = className === "mentioned";
  const body = isMention ? `${dataset.by} mentioned you` : "Needs a reply";
  const options = { body, tag: isMention ? `${value}#notes` : value, icon: "/static/icon-192.png", data: value };
  if (worker?.active) await worker.showNotification(dataset.name, options);
}

// Another tab may have announced it; what waited when this tab was opened is not news.
function takeNews(kind) {
  const waiting = [...document.querySelectorAll(`#waiting .${kind}`)];
  const announced = ANNOUNCED[kind];
  const last = sessionStorage.getItem(announced) ? Number(localStorage.getItem(announced)) : Infinity;
  const newest = Math.max(0, ...waiting.map(({ dataset }) => Date.parse(dataset.since)));
  sessionStorage.setItem(announced, "here");
  localStorage.setItem(announced, Math.max(newest, Number(localStorage.getItem(announced))));
  return waiting.filter(({ dataset }) => Date.parse(dataset.since) > last);
}

document.addEventListener("moca:fresh", () => {
  const counted = [...document.querySelectorAll("#waiting .count")];
  if (!counted.length) return;
  count = counted.reduce((sum, { value }) => sum + Number(value), 0);
  showCount();
  const news = [...takeNews("need"), ...takeNews("mentioned")];
  if (!news.length || !isOn()) return;
  chime();
  if (!document.hasFocus()) news.forEach(notify);
});

export function showChoice() {
  const button = at("#alerts");
  if (!button) return;
  button.hidden = false;
  button.textContent = isOn() ? "Turn notifications off" : "Turn notifications on";
  const isSilent = isOn() && !(canNotify() && Notification.permission === "granted");
  at("#alerts-status").textContent = isSilent ? "Sound only: this browser blocks notifications from Moca." : "";
  at("#alerts-status").classList.toggle("unseen", !isSilent);
}

document.addEventListener("click", async ({ target }) => {
  if (target.id !== "alerts") return;
  localStorage.setItem(CHOICE, isOn() ? "off" : "on");
  if (isOn()) {
    chime();
    if (canNotify()) await Promise.all([Notification.requestPermission(), navigator.serviceWorker.register(WORKER)]);
  }
  showChoice();
  if (isOn()) subscribePush(target.dataset.push);
  else unsubscribePush(target.dataset.push);
});

navigator.serviceWorker?.addEventListener("message", ({ data }) => location.assign(data));
showChoice();
if (isOn()) followPush(at("#alerts")?.dataset.push);
