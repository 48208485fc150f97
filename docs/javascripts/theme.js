// Material's script (search, colours, copy buttons, the contents' mark, instant navigation) is the longest task of a page,
// and all of it answers something that a reader does. So it comes with the reader's first sign; what was done while it was
// on its way is then told to it. A page that is only looked at, or printed, gets it when all else is long done.
const LATE = 8000; // ms after loading
const SIGNS = ["scroll", "pointermove", "pointerdown", "touchstart", "keydown", "focusin", "beforeprint"];

/** Settles with the reader's first sign of any kind, or LATE. */
export const awake = new Promise((wake) => {
  for (const sign of SIGNS) addEventListener(sign, wake, { once: true, passive: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", wake, { once: true });
  const later = () => setTimeout(wake, LATE);
  if (document.readyState === "complete") later();
  else addEventListener("load", later);
  if (new URLSearchParams(location.search).has("h")) wake(); // comes from a search: the theme marks its words
});

const early = []; // switches of the theme's that were turned, and the first key, which may open the search
function remember(event) {
  const { type, target } = event;
  const theme = type === "change" ? target.matches("[data-md-toggle], [data-md-component=palette] input")
    : target === document.body && !early.some((other) => other.type === type);
  if (theme) early.push(event);
  // A keyboard on the screen comes up only while the finger's tap lasts.
  if (theme && target.id === "__search" && target.checked) document.querySelector("[data-md-component=search-query]").focus();
}
for (const kind of ["change", "keydown"]) document.addEventListener(kind, remember);

const themed = awake.then(async () => {
  const script = document.createElement("script");
  script.src = document.getElementById("dn-theme").href;
  await new Promise((done, fail) => {
    script.onload = done;
    script.onerror = () => fail(new Error("The theme's script does not load: the page stays as it is."));
    document.body.append(script);
  });
  for (const kind of ["change", "keydown"]) document.removeEventListener(kind, remember);
  window.document$.next(document); // it waits for DOMContentLoaded, which is over
  // As it begins it closes the drawer and the search, for which it clicks their switches; a reader may just have opened one.
  const hold = (event) => { if (!event.isTrusted && event.target.matches?.("[data-md-toggle]:not(:checked)")) event.preventDefault(); };
  document.addEventListener("click", hold, true);
  setTimeout(() => document.removeEventListener("click", hold, true), 300); // it does so after 125
  for (const event of early) event.target.dispatchEvent(new event.constructor(event.type, event));
});
themed.catch((error) => console.error(error));

/** Run on this page and on each that instant navigation brings. */
export function eachPage(run) {
  run();
  themed.then(() => {
    let brought = false;
    window.document$.subscribe(() => { if (brought) run(); brought = true; }); // the first that it tells of is this page
  }, () => {});
}

// The switch of colours, which the theme keeps hidden until it runs, has its place in the header from the start.
function showSwitch() {
  const inputs = [...document.querySelectorAll("[data-md-component=palette] input")];
  let chosen = null;
  try { chosen = window.__md_get("__palette"); } catch { /* a browser that keeps nothing */ }
  const at = chosen?.index ?? inputs.findIndex((input) => matchMedia(input.dataset.mdColorMedia).matches);
  const label = inputs[Math.max(0, at)]?.nextElementSibling;
  if (label) label.hidden = false;
}
showSwitch();
