// What every page does: local times, live parts, forms that submit themselves.

import "./alerts.js";
import "./live.js";
import { countDown, localTimes } from "./times.js";

document.addEventListener("change", ({ target }) => target.matches("[data-submits]") && target.form.requestSubmit());

// On a phone the navigation does not fit in one row.
const nav = document.querySelector(".bar nav");
const here = nav?.querySelector("[aria-current]");
if (here) nav.scrollLeft = here.offsetLeft - nav.offsetLeft - nav.clientWidth / 2 + here.offsetWidth / 2;

localTimes(document);
countDown(document);
setInterval(() => countDown(document), 100);
