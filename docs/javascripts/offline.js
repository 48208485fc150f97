// Registers the service worker and tells it what to keep.
//
//   at once             what this first page has loaded, which came before the worker could see it
//   at the first touch  (or after CALM) all pages and this page's pictures; then, unless the connection looks
//                       metered, the pictures of the other pages
//   on request          everything, films and notebooks too: the button in the footer, with its size
// Nothing of the last two happens while the page loads, so the first load stays small.
import { eachPage } from "./theme.js";

const CALM = 10000; // ms without any input after which the rest may be fetched
const KEPT = "dn-keep-all"; // localStorage: the reader asked for everything once; new versions keep it so

function metered() {
  const line = navigator.connection;
  if (line?.saveData || /2g|3g/.test(line?.effectiveType || "") || line?.type === "cellular") return true;
  return !line?.type && matchMedia("(pointer: coarse)").matches; // a phone that does not tell
}

function post(worker, keep, report = () => {}) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => { report(data); if (data.finished) resolve(data); };
    worker.postMessage({ keep }, [port2]);
  });
}

const calm = () => new Promise((resolve) => {
  const events = ["scroll", "pointerdown", "keydown"];
  const go = () => { events.forEach((name) => removeEventListener(name, go)); clearTimeout(timer); resolve(); };
  const timer = setTimeout(go, CALM);
  events.forEach((name) => addEventListener(name, go, { passive: true }));
});

/** Addresses of what this page shows: pictures (this width, both colour schemes), posters, widgets' data. */
function shown() {
  const urls = [];
  for (const image of document.querySelectorAll(".md-main img")) {
    const source = [...(image.closest("picture")?.querySelectorAll("source") || [])]
      .find((candidate) => !candidate.media || matchMedia(candidate.media).matches);
    urls.push(new URL(source?.srcset.split(/\s/)[0] || image.getAttribute("src"), document.baseURI).href);
  }
  for (const film of document.querySelectorAll("video[poster]")) urls.push(film.poster);
  for (const widget of document.querySelectorAll(".dn-widget[data-src]")) urls.push(new URL(widget.dataset.src, document.baseURI).href);
  return urls;
}

async function offer(worker) {
  const { files } = await (await fetch(new URL("offline.json", root))).json();
  const kept = files.filter(([, , , kind]) => kind !== "model"); // the open box loads its networks itself, when asked to
  const size = Math.max(1, Math.round(kept.reduce((sum, [, , bytes]) => sum + bytes, 0) / 1e6));
  const label = `Keep the whole site for offline reading (${size} MB)`;
  const dress = (button) => {
    if (!button) return;
    button.textContent = localStorage.getItem(KEPT) ? "The whole site is kept for offline reading" : label;
    button.disabled = Boolean(localStorage.getItem(KEPT));
    button.hidden = false;
    button.onclick = () => {
      button.disabled = true;
      keepAll(worker, (text) => { button.textContent = text; }).catch(() => { button.textContent = label; button.disabled = false; });
    };
  };
  if (localStorage.getItem(KEPT)) keepAll(worker, () => {});
  eachPage(() => dress(document.querySelector(".dn-keep")));
}

async function keepAll(worker, say) {
  const result = await post(worker, "heavy", ({ done, total }) => say(`Keeping ${done} of ${total} files`));
  if (result.failed) throw new Error(`${result.failed} files could not be kept`);
  localStorage.setItem(KEPT, "1");
  say("The whole site is kept for offline reading");
}

const flag = document.querySelector('meta[name="dn-offline"]');
const script = flag && new URL(flag.content, document.baseURI);
const root = script && new URL("./", script);

/** Call once. Does nothing where there is no service worker (old browsers, http without localhost, `mkdocs serve`). */
export async function keepOffline() {
  if (!flag || !("serviceWorker" in navigator)) return;
  if (document.readyState !== "complete") await new Promise((resolve) => { addEventListener("load", resolve, { once: true }); });
  try {
    await navigator.serviceWorker.register(script.href, { scope: root.href });
    const worker = (await navigator.serviceWorker.ready).active;
    const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
    await post(worker, [location.href, document.getElementById("dn-theme").href, ...loaded]);
    document.documentElement.dataset.offline = "page";
    await calm();
    await post(worker, shown());
    await post(worker, "core");
    document.documentElement.dataset.offline = "core";
    await offer(worker);
    if (!metered()) await post(worker, "picture");
    document.documentElement.dataset.offline = metered() ? "core" : "picture";
  } catch (error) {
    console.warn("The site cannot be kept for offline reading here.", error);
  }
}
