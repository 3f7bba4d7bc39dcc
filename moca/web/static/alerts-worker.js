// Shows push messages, and opens the conversation that a notification names, in a window of Moca that is open already if there is one.

async function open(address) {
  const [window] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (!window) return self.clients.openWindow(address);
  await window.focus();
  window.postMessage(address);
}

// A page that is looked at shows by itself what is new.
async function show({ title, body, tag, url }) {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (windows.some(({ focused }) => focused)) return;
  await self.registration.showNotification(title, { body, tag, icon: "/static/icon-192.png", data: url });
}

self.addEventListener("push", (event) => event.waitUntil(show(event.data.json())));

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data));
});
