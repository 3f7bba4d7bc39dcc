// Shows a thread as a phone does, with the contact's actions for each message.

const HEART = "❤️";

const excerpt = (text) => (text.length > 40 ? `${text.slice(0, 39)}…` : text);
const shown = (message) => message.text || `(${message.attachments.join(", ") || "empty message"})`;

function button(title, about, does) {
  const made = document.createElement("button");
  const unseen = document.createElement("span");
  unseen.className = "unseen";
  unseen.textContent = ` ${about}`;
  made.type = "button";
  made.append(title, unseen);
  made.addEventListener("click", does);
  return made;
}

function actionsOn(message, actions) {
  const about = `“${excerpt(shown(message))}”`;
  const act = (does) => () => actions.act({ does, mid: message.mid });
  const begin = (does) => () => actions.begin(does, message);
  if (message.sender === "account") {
    const heart = button(HEART, `on ${about}`, act(message.sign ? "unreact" : "react"));
    heart.setAttribute("aria-pressed", String(Boolean(message.sign)));
    return [heart, button("Reply", about, begin("answer"))];
  }
  const unsend = button("Unsend", about, act("unsend"));
  return message.text ? [button("Edit", about, begin("edit")), unsend] : [unsend];
}

function taps(message, actions) {
  const row = document.createElement("span");
  row.className = "taps";
  row.append(...message.taps.map((tap) => {
    const made = document.createElement("button");
    made.type = "button";
    made.dataset.does = tap.does;
    made.textContent = tap.title;
    made.addEventListener("click", () => actions.act({ does: tap.does, text: tap.title, payload: tap.payload }));
    return made;
  }));
  return row;
}

function bubble(message, actions) {
  const mine = message.sender === "contact";
  const text = document.createElement(mine ? "button" : "span");
  text.className = "bubble";
  text.textContent = shown(message);
  if (mine) {
    text.type = "button";
    text.title = "Show this message's journey";
    text.addEventListener("click", () => actions.pick(message.mid));
  }
  if (!message.sign) return text;
  const sign = document.createElement("span");
  sign.className = "sign";
  sign.textContent = message.sign;
  text.append(sign);
  return text;
}

function said(message, turns, isNew, actions) {
  const item = document.createElement("li");
  item.className = isNew ? "said new-here" : "said";
  item.dataset.sender = message.sender;
  item.dataset.mid = message.mid;
  if (turns) item.dataset.turn = "";
  const time = document.createElement("time");
  time.dateTime = message.at;
  time.textContent = new Date(message.at).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const under = document.createElement("span");
  under.className = "under-said";
  under.append(message.edits ? "edited " : "", time, ...actionsOn(message, actions));
  item.append(bubble(message, actions));
  if (message.taps.length) item.append(taps(message, actions));
  item.append(under);
  return item;
}

// Instagram removes quick replies after the next message; buttons stay.
const tappable = (message, isLast) => ({ ...message, taps: message.taps.filter((tap) => isLast || tap.does === "tap") });

export function showThread(list, thread, actions) {
  const byMid = new Map(thread.map((message) => [message.mid, message]));
  for (const item of Array.from(list.children)) {
    if (!byMid.has(item.dataset.mid)) item.remove();
  }
  const isFirst = list.children.length === 0;
  let hasGrown = false;
  thread.forEach((each, place) => {
    const message = tappable(each, place === thread.length - 1);
    const before = list.children[place];
    const turns = place > 0 && thread[place - 1].sender !== message.sender;
    const key = JSON.stringify([message, turns]);
    if (before?.dataset.key === key) return;
    const item = said(message, turns, !before && !isFirst, actions);
    item.dataset.key = key;
    if (!before) {
      list.append(item);
      hasGrown = true;
      return;
    }
    const focused = Array.from(before.querySelectorAll("button")).indexOf(document.activeElement);
    before.replaceWith(item);
    if (focused >= 0) (item.querySelectorAll("button")[focused] ?? item.querySelector("button"))?.focus();
  });
  if (hasGrown) list.scrollTop = list.scrollHeight;
}
