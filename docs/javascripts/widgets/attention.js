// Which token is looked at where: hover or focus a word, choose a step, a layer and a head.
//
// Data: { prompt, picture, tokens: [{ word, without }], moved: [share], steps: [...], of, t: [...],
// layers: [{ name, side, heads }], scale, maps }. `maps` is base64 of bytes [steps][layers][tokens][heads][cells], each
// the root of a weight times `scale`. Beside it lies `<data-base>.sheet.webp`: a row of pictures, the model's bet at each
// step, the finished picture, then that of the prompt without each word. Words are buttons that the pointer, the focus or
// a press chooses; everything else is a native control.

import { element, load, onColours } from "../parts.js";

const MEAN = "mean";
let count = 0; // widgets on a page so far, so that ids stay apart

function offsets(data) {
  const sizes = data.layers.map((l) => data.tokens.length * l.heads * l.side * l.side);
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
  return { starts, step: sizes.reduce((a, b) => a + b, 0) };
}

export default async function mount(host, { src }) {
  const [data, sheet] = await load(src, host.dataset.base);
  const bytes = Uint8Array.from(atob(data.maps), (c) => c.charCodeAt(0));
  const { starts, step: stride } = offsets(data);
  const id = `dn-attend-${++count}`;
  const finest = Math.max(...data.layers.map((l) => l.side));
  const state = { token: Math.max(1, data.tokens.findIndex((t) => t.word === "sunglasses")), step: Math.floor(data.steps.length / 2),
    layer: MEAN, head: MEAN };

  /** Weights of one token in one layer, a head or their mean: Float64Array of side x side. */
  function weights(layer, token, head) {
    const { side, heads } = data.layers[layer];
    const cells = side * side, found = new Float64Array(cells);
    const which = head === MEAN ? [...Array(heads).keys()] : [Number(head)];
    for (const h of which) {
      const from = state.step * stride + starts[layer] + (token * heads + h) * cells;
      for (let c = 0; c < cells; c++) found[c] += (bytes[from + c] / data.scale) ** 2 / which.length;
    }
    return found;
  }

  function map(token) {
    if (state.layer !== MEAN) return [weights(Number(state.layer), token, state.head), data.layers[state.layer].side];
    const fine = data.layers.flatMap((l, i) => (l.side === finest ? [i] : []));
    const sum = new Float64Array(finest * finest);
    for (const layer of fine) weights(layer, token, MEAN).forEach((w, c) => { sum[c] += w / fine.length; });
    return [sum, finest];
  }

  const size = 2 * data.picture;
  const canvas = element("canvas", { width: size, height: size, role: "img" });
  const other = element("canvas", { width: size, height: size, role: "img" });
  const [paper, second] = [canvas.getContext("2d"), other.getContext("2d")];
  const told = element("p", { class: "dn-attend__told", role: "status" });
  const under = element("figcaption");
  const buttons = data.tokens.map((token, i) => {
    const button = element("button", { type: "button", "aria-pressed": "false" }, token.word);
    for (const event of ["pointerenter", "focus", "click"]) button.addEventListener(event, () => { state.token = i; draw(); });
    return button;
  });
  const words = element("div", { class: "dn-attend__words", role: "group", "aria-label": "Tokens of the prompt" }, ...buttons);

  const slider = element("input", { type: "range", min: 0, max: data.steps.length - 1, step: 1, value: state.step, id: `${id}-step` });
  slider.addEventListener("input", () => { state.step = Number(slider.value); draw(); });
  const layer = element("select", { id: `${id}-layer` }, element("option", { value: MEAN }, `mean of all with ${finest} × ${finest} cells`),
    ...data.layers.map((l, i) => element("option", { value: i }, `${l.name} (${l.side} × ${l.side})`)));
  const head = element("select", { id: `${id}-head` });
  function offerHeads() {
    const many = state.layer === MEAN ? 0 : data.layers[state.layer].heads;
    head.replaceChildren(element("option", { value: MEAN }, "mean of all"),
      ...Array.from({ length: many }, (_, h) => element("option", { value: h }, `head ${h + 1}`)));
    head.disabled = many === 0;
    state.head = MEAN;
  }
  layer.addEventListener("change", () => { state.layer = layer.value; offerHeads(); draw(); });
  head.addEventListener("change", () => { state.head = head.value; draw(); });
  const stepLabel = element("label", { for: `${id}-step` });

  function tile(context, index) {
    context.imageSmoothingEnabled = true;
    context.globalAlpha = 1;
    context.drawImage(sheet, index * data.picture, 0, data.picture, data.picture, 0, 0, size, size);
  }

  function draw() {
    const token = data.tokens[state.token], [found, side] = map(state.token);
    const [low, high] = [Math.min(...found), Math.max(...found)], cell = size / side;
    const colours = getComputedStyle(host);
    tile(paper, state.step);
    paper.fillStyle = colours.getPropertyValue("--dn-paper").trim() || "#FBF8F2";
    paper.globalAlpha = 0.55;
    paper.fillRect(0, 0, size, size);
    paper.fillStyle = colours.getPropertyValue("--dn-attention").trim() || "#B77900";
    found.forEach((w, c) => {
      paper.globalAlpha = (0.9 * (w - low)) / (high - low || 1);
      paper.fillRect((c % side) * cell, Math.floor(c / side) * cell, cell, cell);
    });
    paper.globalAlpha = 1;
    const best = found.indexOf(high), place = `row ${Math.floor(best / side) + 1}, column ${(best % side) + 1} of ${side}`;
    const share = found.reduce((a, b) => a + b, 0) / found.length;
    told.textContent = `“${token.word}” gets ${(100 * share).toFixed(1)} % of all attention here, ${(100 * low).toFixed(1)} to `
      + `${(100 * high).toFixed(1)} % of a cell's; most in ${place}.`;
    canvas.setAttribute("aria-label", `The model's bet at step ${data.steps[state.step]} under a map of ${side} × ${side} cells for “${token.word}”, brightest in ${place}`);
    tile(second, data.steps.length + (token.without == null ? 0 : 1 + token.without));
    const gone = token.without == null ? "The finished picture. No picture was made without this token."
      : `The finished picture without “${token.word}”: its pixels moved by ${Math.round(100 * data.moved[token.without])} %.`;
    under.textContent = gone;
    other.setAttribute("aria-label", gone);
    stepLabel.textContent = `Step ${data.steps[state.step]} of ${data.of}, t = ${data.t[state.step]}`;
    slider.setAttribute("aria-valuetext", stepLabel.textContent);
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === state.token)));
  }

  offerHeads();
  draw();
  host.replaceChildren(element("div", { class: "dn-attend" }, words,
    element("div", { class: "dn-attend__stage" },
      element("figure", {}, canvas, told), element("figure", {}, other, under)),
    element("div", { class: "dn-attend__controls" },
      element("div", {}, stepLabel, slider),
      element("div", {}, element("label", { for: `${id}-layer` }, "Layer"), layer),
      element("div", {}, element("label", { for: `${id}-head` }, "Head"), head))));

  // The map is drawn in the page's colours, so it follows the switch between light and dark.
  return onColours(draw);
}
