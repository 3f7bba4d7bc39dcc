const DEBOUNCE_MS = Number(process.env.SHOP_DEBOUNCE_SECONDS) * 1000;

const debounced = () => new Promise((resolve) => setTimeout(resolve, DEBOUNCE_MS));

module.exports = async function App(context) {
  if (!context.event.isText || context.event.isEcho) return;
  if (DEBOUNCE_MS) await debounced();
  await context.sendText('This would be an AI generated message');
};
