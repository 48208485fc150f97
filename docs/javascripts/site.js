// Everything that a page needs beyond HTML and CSS. Each part leaves a readable page if it fails or never runs.
import { watchFilms } from "./films.js";
import { mountWidgets } from "./widgets/loader.js";
import { keepOffline } from "./offline.js";
import { awake, eachPage } from "./theme.js";

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
let all = false; // has the reader given a sign?
function drawMath() {
  near.disconnect();
  if (all) setFormulas(formulas());
  else formulas().forEach((element) => near.observe(element));
}
awake.then(() => { all = true; drawMath(); takeBets(); });

async function drawDiagrams() {
  if (document.querySelector("pre.dn-diagram")) (await import("./diagrams.js")).watch();
}

// Bets turn into cards when one is near the screen, or with the reader's first sign.
const betNear = new IntersectionObserver((entries) => {
  if (entries.some((entry) => entry.isIntersecting)) dressBets();
}, { rootMargin: "600px 0px" });
async function dressBets() {
  betNear.disconnect();
  (await import("./bets.js")).dressBets();
}
function takeBets() {
  betNear.disconnect();
  const folds = [...document.querySelectorAll("details.predict > .dn-bet[data-bet]")].map((bet) => bet.parentElement);
  if ((all || location.hash) && folds.length) dressBets(); // to grow above a place that was jumped to would move it
  else folds.forEach((fold) => betNear.observe(fold));
}

async function searchLedger() {
  if (document.querySelector("form[data-ledger-filter]")) (await import("./ledger.js")).start();
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
  searchLedger();
  holdFocusable();
  nameLandmarks();
  const content = document.querySelector(".md-content");
  if (content) landmarks.observe(content, { childList: true, subtree: true });
  watchFilms();
});

keepOffline();
