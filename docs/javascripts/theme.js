// Material's script (search, colours, copy buttons, the contents' mark, instant navigation) is the longest task of a page,
// and all of it answers something that a reader does. So it comes with the reader's first sign; what was done while it was
// on its way is then told to it. A page that is only looked at gets it when all else is long done.
const LATE = 8000; // ms after loading
const SIGNS = ["scroll", "pointermove", "pointerdown", "touchstart", "click", "change", "keydown", "focusin", "beforeprint"];

/** Settles with the reader's first sign of any kind, or LATE. */
export const awake = new Promise((wake) => {
  for (const sign of SIGNS) addEventListener(sign, wake, { once: true, passive: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", wake, { once: true });
  const later = () => setTimeout(wake, LATE);
  if (document.readyState === "complete") later();
  else addEventListener("load", later);
  const asked = new URLSearchParams(location.search); // comes from a search, or with one: words to mark, or to look for
  if (asked.has("h") || asked.has("q")) wake();
});

const there = () => Boolean(window.document$); // what Material leaves when it runs

// ---- What is done before, and told to it

const early = []; // its switches that were turned, and the first of its keys
function remember(event) {
  const { type, target, key } = event;
  const its = type === "change" ? target.matches("[data-md-toggle], [data-md-component=palette] input")
    : target === document.body && /^[fs/np,.]$/.test(key) && !event.ctrlKey && !event.metaKey && !early.some((other) => other.type === type);
  if (!its) return;
  early.push(event);
  if (key === "/") event.preventDefault(); // Firefox looks for words on the page
  // A keyboard on the screen comes up only while the finger's tap lasts.
  if (target.id === "__search" && target.checked) document.querySelector("[data-md-component=search-query]").focus();
}

const themed = awake.then(async () => {
  const script = document.createElement("script");
  script.src = document.getElementById("dn-theme").href;
  leaveLinks();
  await new Promise((done, fail) => {
    script.onload = done;
    script.onerror = () => fail(new Error("The theme's script does not load: the page stays as it is."));
    document.body.append(script);
  });
  for (const kind of ["change", "keydown"]) document.removeEventListener(kind, remember);
  window.document$.next(document); // it waits for DOMContentLoaded, which is over
  // Where the address names a place it closes drawer and search as it begins, for which it clicks their switches; a reader may
  // just have opened one.
  const hold = (event) => { if (!event.isTrusted && event.target.matches?.("[data-md-toggle]:not(:checked)")) event.preventDefault(); };
  document.addEventListener("click", hold, true);
  setTimeout(() => document.removeEventListener("click", hold, true), 300); // it does so after 125
  for (const event of early) event.target.dispatchEvent(new event.constructor(event.type, event));
});
themed.catch((error) => console.error(error));
for (const kind of ["change", "keydown"]) document.addEventListener(kind, remember);

// ---- What it does later, and somebody has to do before

/** It looks links up in the sitemap, and answers a click that came before that once more when it has it. Until then links lead
 *  where they lead without any script. */
function leaveLinks() {
  const leave = (event) => { if (event.target.closest?.("a[href]")) event.stopImmediatePropagation(); };
  document.body.addEventListener("click", leave);
  const come = () => { seen.disconnect(); document.body.removeEventListener("click", leave); };
  const seen = new PerformanceObserver((list) => { if (list.getEntries().some(({ name }) => name.endsWith("/sitemap.xml"))) setTimeout(come, 50); });
  seen.observe({ type: "resource" });
  setTimeout(come, 10000);
}

// Back to a page that instant navigation had left, after this one was loaded anew: the address changes, and nobody hears.
const at = location.pathname;
addEventListener("popstate", () => { if (!there() && location.pathname !== at) location.reload(); });

document.forms.search?.addEventListener("submit", (event) => event.preventDefault());

addEventListener("beforeprint", () => {
  if (there()) return; // it unfolds everything for paper
  const folds = [...document.querySelectorAll(".md-content details:not([open])")];
  for (const fold of folds) fold.open = true;
  addEventListener("afterprint", () => folds.forEach((fold) => { fold.open = false; }), { once: true });
});

/** The switch of colours, which it keeps hidden until it runs, has its place in the header from the start. */
function showSwitch() {
  const inputs = [...document.querySelectorAll("[data-md-component=palette] input")];
  let chosen = null;
  try { chosen = window.__md_get("__palette"); } catch { /* a browser that keeps nothing */ }
  const now = chosen?.index ?? inputs.findIndex((input) => matchMedia(input.dataset.mdColorMedia).matches);
  const label = inputs[Math.max(0, now)]?.nextElementSibling;
  if (label) label.hidden = false;
}
showSwitch();

// ---- For all other scripts

/** Run on this page and on each that instant navigation brings. */
export function eachPage(run) {
  const tried = () => { try { run(); } catch (error) { reportError(error); } };
  tried();
  themed.then(() => {
    let brought = false;
    window.document$.subscribe(() => { if (brought) tried(); brought = true; }); // the first that it tells of is this page
  }, () => {});
}
