// Diagrams: ```mermaid fences become pre.dn-diagram; the source stays until the drawing is there. Mermaid is large,
// so it is fetched only when a diagram comes near the screen, and drawn in the colours of the page.
import { onColours } from "./parts.js";

const home = new URL("../assets/vendor/mermaid/", import.meta.url);
const drawn = new Map(); // div -> source
let count = 0;

function colours() {
  const style = getComputedStyle(document.body);
  const get = (name) => style.getPropertyValue(`--dn-${name}`).trim();
  return {
    darkMode: document.body.dataset.mdColorScheme === "slate", fontFamily: "Inter, sans-serif", fontSize: "14px",
    background: get("paper"), primaryColor: get("panel"), primaryTextColor: get("ink"), primaryBorderColor: get("muted"),
    secondaryColor: get("panel"), tertiaryColor: get("paper"), lineColor: get("muted"), textColor: get("ink"),
    mainBkg: get("panel"), nodeBorder: get("muted"), clusterBkg: get("paper"), clusterBorder: get("grid"),
    edgeLabelBackground: get("paper"), titleColor: get("ink"),
  };
}

async function draw(place, source) {
  const mermaid = (await import(new URL("mermaid.esm.min.mjs", home).href)).default;
  mermaid.initialize({ startOnLoad: false, securityLevel: "strict", theme: "base", themeVariables: colours(), htmlLabels: false,
    flowchart: { useMaxWidth: false }, sequence: { useMaxWidth: false } });
  const { svg } = await mermaid.render(`dn-diagram-${count += 1}`, source);
  place.innerHTML = svg;
  place.removeAttribute("tabindex");
  if (place.scrollWidth > place.clientWidth + 1) place.tabIndex = 0; // it scrolls: let the keyboard reach it
}

const near = new IntersectionObserver(async (entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    const source = target.textContent;
    const place = document.createElement("div");
    place.className = "dn-diagram--drawn";
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", source.match(/accTitle:\s*(.+)/)?.[1] || "Diagram");
    try {
      target.before(place); // in the page, so that it can be measured
      await draw(place, source);
      target.remove();
      drawn.set(place, source);
    } catch (error) {
      place.remove();
      console.error("A diagram could not be drawn; its source stays.", error);
    }
  }
}, { rootMargin: "400px 0px" });

onColours(() => {
  for (const [place, source] of drawn) place.isConnected ? draw(place, source) : drawn.delete(place);
});

/** Watch this page's diagrams. */
export function watch() {
  for (const diagram of document.querySelectorAll("pre.dn-diagram")) near.observe(diagram);
}
