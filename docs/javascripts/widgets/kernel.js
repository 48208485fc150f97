// A kernel of nine numbers that the reader picks or types, and the map that it makes of an icon or of a picture of theirs.
//
// Data: { size, pictures: [label], luma: [r, g, b], kernels: { name: [nine numbers, row by row] }, fixtures }. Beside it lies
// `<data-base>.sheet.webp`, the pictures in one row. Nothing leaves the page: an uploaded picture is read by the browser,
// made as small as the icons, and forgotten with the page. All controls are native ones.

import { element, load, loadImage, onColours } from "../parts.js";

const BROWN = { light: "#8A4B14", dark: "#E3A46B" }; // the arm for negative answers, as in the still pictures
const LIMIT = 99; // of a kernel's numbers
let count = 0;

/** How many places a kernel of three has along a side. */
export function sizeOut(n, stride, padding, dilation) {
  return Math.floor((n + 2 * padding - 2 * dilation - 1) / stride) + 1;
}

/** values: numbers of a square picture, row by row; kernel: nine numbers. Returns { side, values }; outside is zero. */
export function convolve(values, n, kernel, stride = 1, padding = 0, dilation = 1) {
  const side = Math.max(0, sizeOut(n, stride, padding, dilation));
  const answer = new Float64Array(side * side);
  for (let r = 0; r < side; r++) {
    for (let c = 0; c < side; c++) {
      let total = 0;
      for (let i = 0; i < 3; i++) {
        const y = r * stride - padding + i * dilation;
        if (y < 0 || y >= n) continue;
        for (let j = 0; j < 3; j++) {
          const x = c * stride - padding + j * dilation;
          if (x >= 0 && x < n) total += kernel[3 * i + j] * values[y * n + x];
        }
      }
      answer[r * side + c] = total;
    }
  }
  return { side, values: answer };
}

const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

export default async function mount(host, { src }) {
  const [{ size, pictures, luma, kernels }, sheet] = await load(src, host.dataset.base);
  const name = `dn-kernel-${++count}`;
  const small = element("canvas", { width: size, height: size, role: "img", "aria-label": "the picture" });
  const map = element("canvas", { width: size, height: size, role: "img" });
  const pen = small.getContext("2d", { willReadFrequently: true });
  let own = null;

  function labelled(words, id, control) {
    control.id = `${name}-${id}`;
    return element("div", { class: "dn-kernel__field" }, element("label", { for: control.id }, words), control);
  }
  function select(options, chosen) {
    return element("select", {}, ...options.map(([value, words]) => element("option", { value, selected: value === chosen }, words)));
  }

  const picture = select(pictures.map((words, i) => [i, words]), 0);
  const preset = select([...Object.keys(kernels).map((k) => [k, k]), ["own", "my own"]], Object.keys(kernels)[0]);
  const stride = select([1, 2, 3, 4].map((v) => [v, v]), 1);
  const padding = select([0, 1, 2, 3].map((v) => [v, v]), 0);
  const dilation = select([1, 2, 3, 4].map((v) => [v, v]), 1);
  const file = element("input", { type: "file", accept: "image/*" });
  const cells = Array.from({ length: 9 }, (_, i) => element("input", { type: "number", step: "any", min: -LIMIT, max: LIMIT,
    inputmode: "text", "aria-label": `row ${Math.floor(i / 3) + 1}, column ${(i % 3) + 1}` }));
  const told = element("p", { class: "dn-kernel__told", role: "status" });

  const kernel = () => cells.map((cell) => Math.max(-LIMIT, Math.min(LIMIT, Number(cell.value) || 0)));

  function draw() {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, size, size);
    if (own) {
      const scale = Math.min(size / own.width, size / own.height);
      const [w, h] = [own.width * scale, own.height * scale];
      pen.imageSmoothingQuality = "high";
      pen.drawImage(own, (size - w) / 2, (size - h) / 2, w, h);
    } else pen.drawImage(sheet, Number(picture.value) * size, 0, size, size, 0, 0, size, size);
    const pixels = pen.getImageData(0, 0, size, size).data;
    const grey = new Float64Array(size * size);
    for (let i = 0; i < grey.length; i++) {
      grey[i] = (luma[0] * pixels[4 * i] + luma[1] * pixels[4 * i + 1] + luma[2] * pixels[4 * i + 2]) / 255;
    }
    const numbers = [stride, padding, dilation].map((s) => Number(s.value));
    const made = convolve(grey, size, kernel(), ...numbers);
    let [low, high] = [Infinity, -Infinity];
    for (const v of made.values) { low = Math.min(low, v); high = Math.max(high, v); }
    const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
    const style = getComputedStyle(host);
    const zero = rgb(style.getPropertyValue("--dn-paper").trim() || "#FBF8F2");
    const plus = rgb(style.getPropertyValue("--dn-latent").trim() || "#0072B2");
    const minus = rgb(BROWN[document.body.dataset.mdColorScheme === "slate" ? "dark" : "light"]);
    map.width = made.side;
    map.height = made.side;
    const brush = map.getContext("2d");
    const out = brush.createImageData(made.side, made.side);
    made.values.forEach((v, i) => {
      const share = Math.min(1, Math.abs(v) / most), to = v < 0 ? minus : plus;
      for (let c = 0; c < 3; c++) out.data[4 * i + c] = zero[c] + (to[c] - zero[c]) * share;
      out.data[4 * i + 3] = 255;
    });
    brush.putImageData(out, 0, 0);
    map.setAttribute("aria-label", `feature map of ${made.side} by ${made.side} places, answers from ${low.toFixed(1)} to ${high.toFixed(1)}`);
    const [s, p, d] = numbers;
    told.textContent = `${size} × ${size} pixels become ${made.side} × ${made.side} places: `
      + `(${size} + 2·${p} − ${d}·2 − 1) / ${s} + 1, rounded down. Answers from ${low.toFixed(2)} (brown) to ${high.toFixed(2)} (blue).`
        .replaceAll("-", "−");
  }

  function fill() {
    if (preset.value !== "own") kernels[preset.value].forEach((v, i) => { cells[i].value = v; });
    draw();
  }
  preset.addEventListener("change", fill);
  for (const cell of cells) cell.addEventListener("input", () => { preset.value = "own"; draw(); });
  for (const control of [stride, padding, dilation]) control.addEventListener("change", draw);
  picture.addEventListener("change", () => { own = null; file.value = ""; draw(); });
  file.addEventListener("change", async () => {
    if (!file.files.length) return;
    const url = URL.createObjectURL(file.files[0]);
    try {
      own = await loadImage(url);
      draw();
    } catch {
      told.textContent = "This file is no picture that the browser can read.";
    } finally {
      URL.revokeObjectURL(url);
    }
  });

  host.replaceChildren(element("div", { class: "dn-kernel" },
    element("div", { class: "dn-kernel__pictures" },
      element("figure", {}, small, element("figcaption", {}, "picture, as the kernel sees it in grey")),
      element("figure", {}, map, element("figcaption", {}, "feature map"))),
    element("div", { class: "dn-kernel__controls" },
      labelled("Picture", "picture", picture), labelled("or one of yours (it stays here)", "file", file),
      labelled("Kernel", "preset", preset),
      element("fieldset", { class: "dn-kernel__cells" }, element("legend", {}, "Its nine numbers"), ...cells),
      element("div", { class: "dn-kernel__row" }, labelled("Stride", "stride", stride), labelled("Padding", "padding", padding),
        labelled("Dilation", "dilation", dilation))),
    told));
  fill();

  return onColours(draw); // the map is drawn in the page's colours
}
