// Subscribes this browser to push messages, which arrive while no page of Moca is open.

const ADDRESS = "/api/me/push";
const SUBSCRIBED = "moca.push";
const WORKER = new URL("alerts-worker.js", import.meta.url);

const isPossible = (login) => login && "PushManager" in window && Notification.permission === "granted";

async function activeRegistration() {
  const registration = await navigator.serviceWorker.register(WORKER);
  const worker = registration.installing ?? registration.waiting;
  if (worker && !registration.active) {
    await new Promise((resolve) => {
      worker.addEventListener("statechange", () => worker.state === "activated" && resolve());
    });
  }
  return registration;
}

async function ask(method, body) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(ADDRESS, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${ADDRESS}: ${answer.status}`);
  return answer.json();
}

const keyOf = (subscription) =>
  btoa(String.fromCharCode(...new Uint8Array(subscription.options.applicationServerKey)))
    .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

// Without push messages, notifications still come while a page of Moca is open.
export async function subscribePush(login) {
  if (!isPossible(login)) return;
  try {
    const { key } = await ask("GET");
    const { pushManager } = await activeRegistration();
    let subscription = await pushManager.getSubscription();
    if (subscription && keyOf(subscription) !== key) {
      await subscription.unsubscribe();
      subscription = null;
    }
    subscription ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const { endpoint, keys } = subscription.toJSON();
    await ask("PUT", { endpoint, ...keys });
    sessionStorage.setItem(SUBSCRIBED, login);
  } catch (error) {
    console.info("No push messages:", error.message);
  }
}

export async function unsubscribePush(login) {
  sessionStorage.removeItem(SUBSCRIBED);
  if (!login) return;
  try {
    const registration = await navigator.serviceWorker.getRegistration(WORKER);
    const subscription = await registration?.pushManager?.getSubscription();
    await subscription?.unsubscribe();
    await ask("DELETE");
  } catch (error) {
    console.info("Push messages:", error.message);
  }
}

// The server forgets a browser with its session: after a new login it is told again.
export function followPush(login) {
  if (isPossible(login) && sessionStorage.getItem(SUBSCRIBED) !== login) subscribePush(login);
}
