// Renews the page, and adds what a keyboard can do. Everything is there without it.
import { morph } from "./morph.js";
import { keys } from "./keys.js";
import { copies } from "./copy.js";

const root = document.documentElement;
const every = Number(root.dataset.refresh);
const notice = document.querySelector("[data-notice]");
const retryButton = document.querySelector("[data-retry]");
const pauseButton = document.querySelector("[data-pause]");
let paused = false;
let failures = 0;
let timer = 0;
let request = null;

// load fetches a page as a document: no text is ever turned into markup here.
function load(url) {
  request?.abort();
  return new Promise((resolve, reject) => {
    const r = new XMLHttpRequest();
    request = r;
    r.open("GET", url);
    r.responseType = "document";
    r.timeout = 10000;
    r.onload = () => (r.status === 200 && r.response ? resolve(r.response) : reject(new Error(String(r.status))));
    r.onerror = r.ontimeout = () => reject(new Error("no answer"));
    r.onabort = () => reject(null);
    r.send();
  });
}

function show(fresh) {
  if (fresh.documentElement.dataset.instance !== root.dataset.instance) {
    root.dataset.instance = fresh.documentElement.dataset.instance;
    tell(notice.dataset.restarted, false);
    setTimeout(() => { notice.hidden = true; }, 15000);
  } else if (failures > 0) {
    notice.hidden = true;
  }
  failures = 0;
  root.dataset.stamp = fresh.documentElement.dataset.stamp;
  for (const part of [".identity", "#main", "footer", "[data-clock]", ".languages"]) {
    const from = document.querySelector(part), to = fresh.querySelector(part);
    if (from && to) morph(from, to);
  }
  root.classList.add("is-live");
  root.classList.remove("is-stale");
  document.dispatchEvent(new CustomEvent("renewed"));
}

function tell(text, again) {
  notice.querySelector("span").textContent = text;
  retryButton.hidden = !again;
  notice.hidden = false;
}

function age() {
  return Math.max(0, Math.round((Date.now() - Number(root.dataset.stamp)) / 1000));
}

async function renew() {
  clearTimeout(timer);
  try {
    const fresh = await load(location.href);
    // What somebody is drawing a box on must not move away.
    if (!("busy" in root.dataset)) show(fresh);
  } catch (error) {
    if (error === null) return; // Another request has taken its place.
    failures++;
    root.classList.remove("is-live");
    root.classList.add("is-stale");
    tell(notice.dataset.stale.replace("%d", age()), true);
  }
  plan();
}

function plan() {
  clearTimeout(timer);
  if (!every || paused || document.hidden) return;
  timer = setTimeout(renew, Math.min(every * 2 ** failures, 30000));
}

// go shows another state of the same page.
async function go(url) {
  history.pushState(null, "", url);
  await renew();
}

export function pause() {
  paused = !paused;
  root.classList.toggle("is-paused", paused);
  root.classList.toggle("is-live", !paused);
  const label = pauseButton.textContent;
  pauseButton.textContent = pauseButton.dataset.resume;
  pauseButton.dataset.resume = label;
  pauseButton.setAttribute("aria-pressed", String(paused));
  if (paused) {
    clearTimeout(timer);
    request?.abort();
  } else {
    renew();
  }
}

for (const e of document.querySelectorAll(".state .script")) e.hidden = !every && e === pauseButton;
pauseButton.addEventListener("click", pause);
retryButton.addEventListener("click", renew);
addEventListener("popstate", renew);
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : !paused && every && renew()));

document.addEventListener("click", (event) => {
  const link = event.target.closest("th a, .windows a");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  go(link.href);
});

const filter = document.querySelector(".filter");
if (filter) {
  let typed = 0;
  const apply = () => {
    const url = new URL(location.href);
    const text = filter.elements.q.value.trim();
    if (text) url.searchParams.set("q", text);
    else url.searchParams.delete("q");
    history.replaceState(null, "", url);
    renew();
  };
  filter.addEventListener("input", () => { clearTimeout(typed); typed = setTimeout(apply, 200); });
  filter.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
}

// On a narrow screen the bars of links are longer than it: what is chosen is brought into sight.
for (const chosen of document.querySelectorAll(".tabs [aria-current], .windows [aria-current]")) {
  const bar = chosen.parentElement, [inner, outer] = [chosen.getBoundingClientRect(), bar.getBoundingClientRect()];
  bar.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
}

copies();
keys({ pause });
if (every) root.classList.add("is-live");
plan();
for (const module of ["live"]) if (root.dataset.page === module) import("./" + module + ".js");
