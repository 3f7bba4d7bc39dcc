// Opens the conversation that a notification names, in a window of Moca that is open already if there is one.

async function open(address) {
  const [window] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (!window) return self.clients.openWindow(address);
  await window.focus();
  window.postMessage(address);
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data));
});
