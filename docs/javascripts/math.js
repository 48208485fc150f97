// Mathematics: pymdownx.arithmatex leaves \( \) and \[ \] in elements of class arithmatex; KaTeX sets them.
// Only pages with mathematics load this file, KaTeX and its fonts.
import { pace } from "./lab/dom.js";

const home = new URL("../assets/vendor/katex/", import.meta.url);
let ready = null;

function load() {
  ready ??= new Promise((resolve, reject) => {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = new URL("katex.min.css", home).href;
    document.body.append(style); // not in <head>: instant navigation clears that of what the next page lacks
    const script = document.createElement("script");
    script.src = new URL("katex.min.js", home).href;
    script.onload = () => resolve(window.katex);
    script.onerror = () => reject(new Error("KaTeX could not be loaded; the formulas stay as TeX source."));
    document.body.append(script);
  });
  return ready;
}

// A formula wider than the screen scrolls; then it must be reachable with the keyboard.
const wide = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const scrolls = target.scrollWidth > target.clientWidth + 1;
    if (scrolls) Object.entries({ tabindex: "0", role: "group", "aria-label": "Formula" }).forEach(([k, v]) => target.setAttribute(k, v));
    else ["tabindex", "role", "aria-label"].forEach((name) => target.removeAttribute(name));
  }
});

/** Set each element's TeX, one after the other; elements that fail keep their source. */
export async function draw(elements) {
  const katex = await load(), next = pace();
  for (const element of elements) {
    await next();
    if ("drawn" in element.dataset || !element.isConnected) continue; // somebody else asked for it meanwhile
    const source = element.textContent.trim();
    const tex = source.replace(/^\\[([]/, "").replace(/\\[)\]]$/, "");
    const displayMode = source.startsWith("\\[");
    element.dataset.drawn = "";
    try {
      katex.render(tex, element, { displayMode, throwOnError: true, strict: "ignore" });
      if (displayMode) wide.observe(element);
    } catch (error) {
      element.textContent = source;
      console.error(`This formula does not parse: ${source}`, error);
    }
  }
}
