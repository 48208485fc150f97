// Everything that a page needs beyond HTML and CSS. Each part leaves a readable page if it fails or never runs.
import { watchFilms } from "./films.js";
import { mountWidgets } from "./widgets/loader.js";
import { keepOffline } from "./offline.js";

/** Run on every page, the first and those that instant navigation brings. */
function eachPage(run) {
  if (window.document$) window.document$.subscribe(() => run());
  else run();
}

// Formulas near the screen are set at once. All others, most of which lie folded away, and with them KaTeX, can wait until the
// reader does anything at all.
const formulas = () => [...document.querySelectorAll(".arithmatex:not([data-drawn])")];
async function setFormulas(found) {
  if (found.length) (await import("./math.js")).draw(found);
}
const near = new IntersectionObserver((entries) => {
  const seen = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
  seen.forEach((element) => near.unobserve(element));
  setFormulas(seen);
}, { rootMargin: "600px 0px" });
let awake = false;
function drawMath() {
  near.disconnect();
  if (awake) setFormulas(formulas());
  else formulas().forEach((element) => near.observe(element));
}
function wake() {
  if (awake) return;
  awake = true;
  drawMath();
}
const signs = ["scroll", "pointermove", "pointerdown", "touchstart", "keydown", "focusin", "beforeprint"];
for (const sign of signs) addEventListener(sign, wake, { once: true, passive: true });
addEventListener("load", () => setTimeout(wake, 8000)); // whoever only prints

async function drawDiagrams() {
  if (document.querySelector("pre.dn-diagram")) (await import("./diagrams.js")).watch();
}

async function takeBets() {
  if (document.querySelector("details.predict > .dn-bet")) (await import("./bets.js")).dressBets();
}

// Code that scrolls must be reachable with the keyboard on every device; Material takes the tabindex away on phones.
const code = new MutationObserver((changes) => {
  for (const { target } of changes) if (!target.hasAttribute("tabindex")) target.tabIndex = 0;
});
function holdFocusable() {
  code.disconnect();
  for (const block of document.querySelectorAll("pre > code[role=group]")) {
    block.tabIndex = 0;
    code.observe(block, { attributes: true, attributeFilter: ["tabindex"] });
  }
}

// Material gives every code block a nameless <nav> for its copy button; a landmark needs a name of its own.
const landmarks = new MutationObserver(nameLandmarks);
function nameLandmarks() {
  document.querySelectorAll("nav.md-code__nav:not([role])").forEach((nav) => nav.setAttribute("role", "none"));
}

// A link to a place inside a fold unfolds it (browsers do so on a load; instant navigation is none).
function unfold() {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const folds = [];
  for (let fold = place?.closest("details:not([open])"); fold; fold = fold.parentElement.closest("details:not([open])")) folds.push(fold);
  folds.forEach((fold) => { fold.open = true; });
  if (folds.length) place.scrollIntoView({ block: "center" });
}
addEventListener("hashchange", unfold);

eachPage(() => {
  unfold();
  mountWidgets();
  drawMath();
  drawDiagrams();
  takeBets();
  holdFocusable();
  nameLandmarks();
  const content = document.querySelector(".md-content");
  if (content) landmarks.observe(content, { childList: true, subtree: true });
  watchFilms();
});

keepOffline();
