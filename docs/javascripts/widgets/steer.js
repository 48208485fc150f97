// Three weights, one picture: which mixture of prompts the sliders ask for, drawn beforehand by the real pipeline.
//
// Data: { size, columns, levels[], concepts: [{ id, prompt }], seeds: [{ seed, name }], mixtures: [[weight a concept]],
// likeness: [a seed][a mixture][a concept] in 0..1, spots: [[x, y] a mixture], others: [{ name, at: [x, y] }] (both on the
// plane of the three prompts, 0..1), text: [[number...] a mixture], latent: [a seed][a mixture][number...],
// sizes: [numbers of a text, of a latent] }. Beside it lies `<data-base>.<seed's name>.webp`: the pictures of all
// mixtures in reading order. Only proportions count, so (2, 2, 0) is looked up as (1, 1, 0); all zeros is the empty prompt.

import { element } from "../parts.js";

const CALM = 400; // how long the sliders rest before the result is said aloud

let count = 0; // widgets on a page so far, so that their ids stay apart

function picture(url) {
  const image = new Image();
  image.decoding = "async";
  image.src = url;
  return image.decode().then(() => image);
}

const MAP = { width: 300, height: 190 };

/** A drawing in SVG, whose elements need a namespace of their own. */
function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const spell = (numbers) => numbers.map((v) => v.toFixed(2).replace("-", "−")).join(" ");

const gcd = (a, b) => (b ? gcd(b, a % b) : a);

/** Which of the drawn mixtures has the proportions of these weights; -1 if none has. */
export function find(mixtures, weights) {
  const unit = weights.reduce(gcd, 0) || 1;
  const wanted = weights.map((w) => w / unit).join();
  return mixtures.findIndex((one) => one.join() === wanted);
}

export default async function mount(host, { src }) {
  const answer = await fetch(src);
  if (!answer.ok) throw new Error(`${src}: ${answer.status}`);
  const data = await answer.json();
  const { size, columns, levels, concepts, seeds, mixtures, likeness, spots, others, text, latent, sizes } = data;
  const base = new URL(host.dataset.base, document.baseURI).href;
  const sheets = new Map(); // seed's name -> promise of its sheet
  const sheet = (name) => {
    if (!sheets.has(name)) {
      const coming = picture(`${base}.${name}.webp`);
      coming.catch(() => sheets.delete(name)); // so that choosing it again tries again
      sheets.set(name, coming);
    }
    return sheets.get(name);
  };
  const id = `dn-steer-${++count}`;
  const top = levels.at(-1);
  let seed = 0;
  let shown = null;
  let calm = 0;

  // ---- what is shown
  const canvas = element("canvas", { width: 2 * size, height: 2 * size, role: "img" });
  const paper = canvas.getContext("2d", { willReadFrequently: true });
  paper.imageSmoothingQuality = "high";
  const told = element("p", { class: "dn-steer__told" });

  // ---- the map: the plane through the three prompts, seen from above
  const place = ([x, y]) => [14 + x * (MAP.width - 28), MAP.height - 12 - y * (MAP.width - 28)];
  const lowest = Math.min(...spots.concat(others.map((o) => o.at)).map(([, y]) => y));
  const highest = Math.max(...spots.concat(others.map((o) => o.at)).map(([, y]) => y));
  const tall = 40 + (highest - lowest) * (MAP.width - 28);
  const ground = drawn("svg", { viewBox: `0 ${MAP.height - tall + 6} ${MAP.width} ${tall}`, role: "img", class: "dn-steer__map" });
  const corners = concepts.map((_, k) => place(spots[find(mixtures, concepts.map((__, j) => (j === k ? 1 : 0)))]));
  ground.append(drawn("polygon", { points: corners.map((c) => c.join()).join(" "), class: "dn-steer__triangle" }));
  others.forEach(({ name, at }) => {
    const [x, y] = place(at);
    ground.append(drawn("circle", { cx: x, cy: y, r: 2.4, class: "dn-steer__other" }, drawn("title", {}, name)));
  });
  concepts.forEach(({ id: name }, k) => {
    const [x, y] = corners[k];
    const middle = corners.reduce((sum, c) => sum + c[1], 0) / corners.length;
    const anchor = x < 60 ? "start" : x > MAP.width - 60 ? "end" : "middle";
    const label = drawn("text", { x, y: y + (y > middle ? 16 : -8), "text-anchor": anchor }, name);
    ground.append(drawn("circle", { cx: x, cy: y, r: 4, class: "dn-steer__corner" }), label);
  });
  const trail = drawn("polyline", { class: "dn-steer__trail", points: "" });
  const spot = drawn("circle", { r: 7, class: "dn-steer__spot" });
  ground.append(trail, spot);
  const steps = []; // where the reader has been, so that a move can be seen as one
  const numbers = element("dl", { class: "dn-steer__numbers" });
  const words = element("dd", { class: "dn-readout" });
  const result = element("dd", { class: "dn-readout" });
  numbers.append(element("dt", {}, `The mixed text, ${sizes[0].toLocaleString("en")} numbers, begins at its last word`), words,
    element("dt", {}, `The finished latent, ${sizes[1].toLocaleString("en")} numbers, begins`), result);
  const said = element("p", { class: "dn-sr", role: "status" });
  const trouble = element("p", { class: "dn-steer__trouble", role: "alert" });

  // ---- what is chosen
  const body = element("tbody");
  const rows = concepts.map((concept, k) => {
    const slider = element("input", { type: "range", min: levels[0], max: top, step: 1, value: k === 0 ? top : levels[0],
      id: `${id}-${concept.id}` });
    const asked = element("td", { class: "dn-readout" });
    const bar = element("span", { class: "dn-steer__bar", "aria-hidden": "true" }, element("span"));
    const alike = element("span", { class: "dn-readout" });
    body.append(element("tr", {}, element("th", { scope: "row" }, element("label", { for: slider.id }, concept.id)),
      element("td", { class: "dn-steer__slide" }, slider), asked, element("td", {}, bar, alike)));
    slider.addEventListener("input", () => show());
    return { slider, asked, bar: bar.firstChild, alike };
  });
  const table = element("table", { class: "dn-steer__table" },
    element("caption", { class: "dn-sr" }, "Weights and what they draw"),
    element("thead", {}, element("tr", {}, element("td"), element("th", { scope: "col" }, "weight"),
      element("th", { scope: "col" }, "asked"), element("th", { scope: "col" }, "result is like it"))), body);
  const starts = element("fieldset", { class: "dn-steer__choice" }, element("legend", {}, "Start noise"));
  seeds.forEach((one, i) => {
    const input = element("input", { type: "radio", name: `${id}-seed`, value: one.seed, checked: i === 0 });
    input.addEventListener("change", () => choose(i));
    starts.append(element("label", {}, input, element("span", {}, `seed ${one.seed}`)));
  });

  function show(aloud = true) {
    const weights = rows.map(({ slider }) => Number(slider.value));
    const total = weights.reduce((sum, w) => sum + w, 0);
    const at = find(mixtures, weights);
    const parts = [];
    rows.forEach(({ slider, asked, bar, alike }, k) => {
      const share = total ? Math.round((100 * weights[k]) / total) : 0;
      const like = Math.round(100 * likeness[seed][at][k]);
      asked.textContent = `${share} %`;
      bar.style.width = `${like}%`;
      alike.textContent = `${like} %`;
      slider.setAttribute("aria-valuetext", `${weights[k]} of ${top}: ${share} % ${concepts[k].id}`);
      if (share) parts.push(`${share} % ${concepts[k].id}`);
    });
    const mixture = parts.length ? parts.join(" and ") : "no words at all";
    told.textContent = parts.length ? `Asked for ${mixture}.` : "All weights at zero: the empty prompt. The noise decides alone.";
    const here = place(spots[at]);
    spot.setAttribute("cx", here[0]);
    spot.setAttribute("cy", here[1]);
    if (steps.at(-1)?.join() !== here.join()) steps.push(here);
    if (steps.length > 6) steps.shift();
    trail.setAttribute("points", steps.map((p) => p.join()).join(" "));
    ground.setAttribute("aria-label", `Map: the mixture lies ${parts.length > 1 ? "between the prompts" : parts.length ? "on a prompt" : "where the empty prompt casts its shadow"}, at ${spots[at].map((v) => v.toFixed(2)).join(", ")}`);
    words.textContent = `${spell(text[at])} …`;
    result.textContent = `${spell(latent[seed][at])} …`;
    canvas.setAttribute("aria-label", `Drawn from ${mixture}, seed ${seeds[seed].seed}`);
    if (shown) {
      paper.clearRect(0, 0, 2 * size, 2 * size);
      paper.drawImage(shown, (at % columns) * size, Math.floor(at / columns) * size, size, size, 0, 0, 2 * size, 2 * size);
    }
    clearTimeout(calm);
    if (aloud) calm = setTimeout(() => {
      const likes = concepts.map(({ id: name }, k) => `${name} ${Math.round(100 * likeness[seed][at][k])} %`).join(", ");
      said.textContent = `${told.textContent} The result is like: ${likes}.`;
    }, CALM);
  }

  async function choose(i, aloud = true) {
    const wanted = (seed = i);
    trouble.textContent = "";
    host.setAttribute("aria-busy", "true");
    try {
      const came = await sheet(seeds[i].name);
      if (seed === wanted) shown = came; // the reader may have chosen the other meanwhile
    } catch {
      if (seed === wanted) {
        shown = null;
        paper.clearRect(0, 0, 2 * size, 2 * size);
        trouble.textContent = "These pictures could not be loaded. Choose the other seed, or this one again.";
      }
    }
    if (seed === wanted) {
      host.removeAttribute("aria-busy");
      show(aloud);
    }
  }

  await sheet(seeds[0].name); // the still picture stays until there is something better to show
  host.setAttribute("role", "group");
  host.setAttribute("aria-label", "Steering by weights");
  await choose(0, false);
  host.replaceChildren(element("div", { class: "dn-steer" },
    element("div", { class: "dn-steer__stage" }, canvas, told),
    element("div", { class: "dn-steer__controls" }, table, starts, trouble),
    element("figure", { class: "dn-steer__where" }, ground,
      element("figcaption", {}, "The plane through the three prompts. Small dots: shadows of other prompts, which lie elsewhere.")),
    numbers), said);
  return () => clearTimeout(calm);
}
