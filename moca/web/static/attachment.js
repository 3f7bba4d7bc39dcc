// The file of a reply: chosen, pasted or dropped, or that of a saved reply.

const at = (selector) => document.querySelector(selector);
const field = () => at("#attach input");

function report(message) {
  const problem = at("#problem");
  problem.hidden = !message;
  problem.textContent = message;
}

function faultIn({ size, type }) {
  const { maxBytes, maxImageBytes } = field().dataset;
  const most = Number(type.startsWith("image/") ? maxImageBytes : maxBytes);
  return size > most ? `The file is too large: Instagram accepts up to ${most / 1e6} MB.` : "";
}

// The field shows the name of its own file.
function show(isAttached, { name = "", savedReply = "" } = {}) {
  at("#attached").hidden = !isAttached;
  at("#attached-name").textContent = name;
  at("#file-of").value = savedReply;
  at("#attach").hidden = Boolean(savedReply);
}

function check() {
  const file = field().files[0];
  const fault = file ? faultIn(file) : "";
  report(fault);
  if (fault) field().value = "";
  show(Boolean(file && !fault));
}

export function attachFileOf(savedReply, name) {
  if (!field()) return;
  field().value = "";
  show(true, { name, savedReply });
}

// After a refusal the file is still there, but the page does not know of it.
export function showAttached() {
  if (field() && !at("#file-of").value) show(field().files.length > 0);
}

export function detach() {
  if (!field()) return;
  field().value = "";
  show(false);
}

// Without a file, a form is short and needs no upload.
export function bodyOf(form) {
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value instanceof File && !value.name) data.delete(name);
  const hasFile = [...data.values()].some((value) => value instanceof File);
  return hasFile ? data : new URLSearchParams(data);
}

function take(event, { files }) {
  if (!files?.length || !field()) return;
  event.preventDefault();
  const chosen = new DataTransfer();
  chosen.items.add(files[0]);
  field().files = chosen.files;
  check();
}

document.addEventListener("change", ({ target }) => target === field() && check());
document.addEventListener("click", ({ target }) => target.id === "detach" && detach());
document.addEventListener("paste", (event) => {
  // What office programs copy has a picture of the text beside it.
  if (event.target.id === "text" && !event.clipboardData.getData("text")) take(event, event.clipboardData);
});
document.addEventListener("dragover", (event) => {
  if (event.target.closest?.("#write") && event.dataTransfer.types.includes("Files")) event.preventDefault();
});
document.addEventListener("drop", (event) => event.target.closest?.("#write") && take(event, event.dataTransfer));
