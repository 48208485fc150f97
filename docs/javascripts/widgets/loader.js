// Brings widgets to life, one page at a time and only when they come near the screen.
//
// A widget on a page is
//   <div class="dn-widget" data-widget="NAME" data-src="DATA.json"> ...fallback... </div>
// and its code is the ES module NAME.js beside this file, with
//   export default async function mount(host, { src, reducedMotion }) { ...; return unmount; }
// `host` is the div, `src` the absolute URL of its data (or null), `reducedMotion` a boolean;
// `unmount` (optional) is called when the reader leaves the page, to stop timers and listeners.
//
// What the div contains before that is the fallback: precomputed frames that make sense alone.
// mount() replaces it only once it has everything it needs. If loading or mounting fails, the
// fallback is put back and the error goes to the console, where the site's tests look for it.

const NEAR = "600px 0px"; // start fetching a little before the widget scrolls into view

const mounted = new Map(); // host -> unmount, or null while it is still mounting

async function bring(host) {
  if (mounted.has(host)) return;
  mounted.set(host, null);
  const fallback = [...host.childNodes];
  const name = host.dataset.widget;
  const src = host.dataset.src ? new URL(host.dataset.src, document.baseURI).href : null;
  const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
  host.dataset.state = "loading";
  try {
    if (!/^[a-z0-9_-]+$/.test(name || "")) throw new Error(`not a widget name: "${name}"`);
    const module = await import(new URL(`${name}.js`, import.meta.url).href);
    const unmount = await module.default(host, { src, reducedMotion });
    host.dataset.state = "ready";
    if (host.isConnected) mounted.set(host, typeof unmount === "function" ? unmount : null);
    else if (typeof unmount === "function") unmount();
  } catch (error) {
    host.replaceChildren(...fallback);
    host.dataset.state = "failed";
    console.error(`The widget "${name}" could not start; its still pictures stay.`, error);
  }
}

function leave() {
  for (const [host, unmount] of mounted) {
    if (host.isConnected) continue; // the page was not replaced: keep it
    if (unmount) unmount();
    mounted.delete(host);
  }
}

let watcher = null;

/** Call after every page change; safe to call twice for one page. */
export function mountWidgets(root = document) {
  leave();
  watcher?.disconnect();
  watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      watcher.unobserve(entry.target);
      bring(entry.target);
    }
  }, { rootMargin: NEAR });
  for (const host of root.querySelectorAll(".dn-widget[data-widget]")) {
    if (!mounted.has(host)) watcher.observe(host);
  }
}
