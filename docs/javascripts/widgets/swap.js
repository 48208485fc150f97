// One latent, painted by two decoders of the reader's choice, with a movable border between them.
//
// Data: { size, decoders: [{ id, label }], pictures: [{ label, decoders: { id: { psnr, outline, saturation, detail } },
// between: { "a b": dB } }] }. Beside it lies `<data-base>.sheet.webp`: a row a picture, its original, then one column a
// decoder. Everything is a native control: radio buttons choose, a slider moves the border.

import { element, load, onColours } from "../parts.js";

const DIFFERENCE_GAIN = 4; // a difference of 64 of 255 is shown at full strength, as in the still picture

const MEASURES = [
  ["psnr", "likeness to the original", (v) => `${v.toFixed(1)} dB`],
  ["outline", "edges that touch black", (v) => `${Math.round(100 * v)} %`],
  ["saturation", "mean saturation", (v) => `${Math.round(100 * v)} %`],
  ["detail", "fine detail, of the original's", (v) => `${Math.round(100 * v)} %`],
];

let count = 0; // widgets on a page so far, so that names of radio groups stay apart

function choice(legend, name, options, checked, onChange) {
  const group = element("fieldset", { class: "dn-swap__choice" }, element("legend", {}, legend));
  for (const [value, label] of options) {
    const input = element("input", { type: "radio", name, value, checked: value === checked });
    input.addEventListener("change", () => onChange(value));
    group.append(element("label", {}, input, element("span", {}, label)));
  }
  return group;
}

export default async function mount(host, { src }) {
  const [data, sheet] = await load(src, host.dataset.base);
  const { size, decoders, pictures } = data;
  const name = `dn-swap-${++count}`;
  const column = (id) => (id === "original" ? 0 : 1 + decoders.findIndex((d) => d.id === id));
  const label = (id) => (id === "original" ? "original" : decoders.find((d) => d.id === id).label);
  const state = { picture: 0, left: "openmoji", right: "noto", border: 50, view: "border" };

  const canvas = element("canvas", { width: 2 * size, height: 2 * size, role: "img" });
  const paper = canvas.getContext("2d", { willReadFrequently: true });
  const border = element("input", { type: "range", min: 0, max: 100, step: 1, value: state.border, id: `${name}-border` });
  const borderLabel = element("label", { for: `${name}-border` }, "Border between the two");
  const told = element("p", { class: "dn-swap__told", role: "status" });
  const body = element("tbody");
  const head = element("tr");
  const table = element("table", { class: "dn-swap__table" },
    element("caption", { class: "dn-sr" }, "Measurements of this picture"), element("thead", {}, head), body);

  function tile(id) {
    return [column(id) * size, state.picture * size, size, size];
  }

  function drawDifference() {
    const pixels = [state.left, state.right].map((id) => {
      paper.drawImage(sheet, ...tile(id), 0, 0, size, size);
      return paper.getImageData(0, 0, size, size);
    });
    const [a, b] = pixels;
    const dark = getComputedStyle(host).getPropertyValue("--dn-paper").trim() || "#FBF8F2";
    const ink = getComputedStyle(host).getPropertyValue("--dn-prediction").trim() || "#D55E00";
    const [low, high] = [dark, ink].map((c) => [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16)));
    for (let i = 0; i < a.data.length; i += 4) {
      let gap = 0;
      for (let c = 0; c < 3; c++) gap = Math.max(gap, Math.abs(a.data[i + c] - b.data[i + c]));
      const share = Math.min(1, (gap * DIFFERENCE_GAIN) / 255);
      for (let c = 0; c < 3; c++) a.data[i + c] = low[c] + (high[c] - low[c]) * share;
    }
    const small = element("canvas", { width: size, height: size });
    small.getContext("2d").putImageData(a, 0, 0);
    paper.drawImage(small, 0, 0, 2 * size, 2 * size);
  }

  function between() {
    if (state.left === state.right) return null;
    const { between: values } = pictures[state.picture];
    return values[`${state.left} ${state.right}`] ?? values[`${state.right} ${state.left}`] ?? null;
  }

  function draw() {
    const side = 2 * size;
    paper.imageSmoothingEnabled = true;
    paper.imageSmoothingQuality = "high";
    paper.clearRect(0, 0, side, side);
    if (state.view === "difference") drawDifference();
    else if (state.view === "original") paper.drawImage(sheet, ...tile("original"), 0, 0, side, side);
    else {
      const at = Math.round((state.border / 100) * side);
      paper.drawImage(sheet, ...tile(state.right), 0, 0, side, side);
      paper.save();
      paper.beginPath();
      paper.rect(0, 0, at, side);
      paper.clip();
      paper.drawImage(sheet, ...tile(state.left), 0, 0, side, side);
      paper.restore();
      if (at > 0 && at < side) {
        paper.fillStyle = "#fff";
        paper.fillRect(at - 2, 0, 4, side);
        paper.fillStyle = "#000";
        paper.fillRect(at - 1, 0, 2, side);
      }
    }
    const picture = pictures[state.picture];
    const seen = { border: `${label(state.left)} decoder to the left of the border, ${label(state.right)} decoder to its right`,
      difference: `where the ${label(state.left)} and ${label(state.right)} decoders differ`, original: "the original" }[state.view];
    canvas.setAttribute("aria-label", `${picture.label}: ${seen}`);
    border.disabled = state.view !== "border";
    border.setAttribute("aria-valuetext", `${state.border} % ${label(state.left)}, ${100 - state.border} % ${label(state.right)}`);
    const agree = between();
    told.textContent = agree === null ? "Both sides show the same decoder."
      : `${label(state.left)} (left) and ${label(state.right)} (right) agree to ${agree.toFixed(1)} dB.`;
    head.replaceChildren(element("td"), ...[state.left, state.right].map((id) => element("th", { scope: "col" }, label(id))));
    body.replaceChildren(...MEASURES.map(([key, words, show]) => element("tr", {}, element("th", { scope: "row" }, words),
      ...[state.left, state.right].map((id) => element("td", {}, show(picture.decoders[id][key]))))));
  }

  const set = (key) => (value) => { state[key] = value; draw(); };
  const names = decoders.map((d) => [d.id, d.label]);
  const select = element("select", { id: `${name}-picture` },
    ...pictures.map((p, i) => element("option", { value: i }, p.label)));
  select.addEventListener("change", () => set("picture")(Number(select.value)));
  border.addEventListener("input", () => set("border")(Number(border.value)));

  const root = element("div", { class: "dn-swap" },
    element("div", { class: "dn-swap__stage" }, canvas, element("div", { class: "dn-swap__border" }, borderLabel, border), told),
    element("div", { class: "dn-swap__controls" },
      element("div", { class: "dn-swap__pick" }, element("label", { for: `${name}-picture` }, "The latent of"), select),
      choice("Left decoder", `${name}-left`, names, state.left, set("left")),
      choice("Right decoder", `${name}-right`, names, state.right, set("right")),
      choice("Show", `${name}-view`, [["border", "both"], ["difference", "difference"], ["original", "original"]], state.view, set("view")),
      table));

  draw();
  host.replaceChildren(root);

  // The difference is drawn in the page's colours, so it follows the switch between light and dark.
  return onColours(draw);
}
