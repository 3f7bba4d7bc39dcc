// Lists more conversations as the end of the list comes near. Without it, a link leads to them.

import { refresh, showConnection } from "./live.js";

const AHEAD_PX = 600;

const list = () => document.querySelector("#list");
const link = () => document.querySelector("#list .more a");

let growing;

async function grow() {
  const region = list();
  const { rows, maxRows, step } = region.dataset;
  if (!link() || Number(rows) >= Number(maxRows)) return;
  region.dataset.rows = Math.min(Number(rows) + Number(step), Number(maxRows));
  region.dataset.version = "";
  try {
    await refresh(region);
  } catch {
    region.dataset.rows = rows;
    showConnection(true);
  }
}

// Returns once more rows are listed, if there are any and the list may become longer.
export function listMore() {
  growing ??= grow().finally(() => (growing = undefined));
  return growing;
}

// Returns the link to what a list at its full length leaves out.
export const furtherLink = link;

function isEndNear() {
  const end = link()?.getBoundingClientRect();
  return end?.height > 0 && end.top < innerHeight + AHEAD_PX;
}

const keepFilled = () => isEndNear() && listMore();

document.addEventListener("scroll", ({ target }) => target.contains(list()) && keepFilled(), true);
document.addEventListener("moca:fresh", keepFilled);
