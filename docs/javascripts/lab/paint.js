// Tensors as pixels on a canvas. A latent is a Float32Array [C side side], a picture Uint8ClampedArray [pixels pixels 4].

/** A latent through the linear preview `matrix` [C + 1][3] (denoised.probes.latents.fit_preview): its colours, cell by cell. */
export function preview(canvas, latent, matrix) {
  const channels = matrix.length - 1, area = latent.length / channels, side = Math.sqrt(area);
  const pixels = new Uint8ClampedArray(4 * area).fill(255);
  for (let i = 0; i < area; i++) {
    for (let k = 0; k < 3; k++) {
      let value = matrix[channels][k];
      for (let c = 0; c < channels; c++) value += latent[c * area + i] * matrix[c][k];
      pixels[4 * i + k] = value;
    }
  }
  put(canvas, pixels, side);
}

/** Pixels [side side 4] at their own size. */
export function put(canvas, pixels, side) {
  if (canvas.width !== side) canvas.width = canvas.height = side;
  canvas.getContext("2d").putImageData(new ImageData(pixels, side, side), 0, 0);
  canvas.classList.toggle("dn-pixels", side < 64);
}

const hex = (text) => [1, 3, 5].map((at) => parseInt(text.trim().slice(at, at + 2), 16));

/** The page's colours for numbers below, at and above zero. */
export function diverging() {
  const style = getComputedStyle(document.body);
  const dark = document.body.dataset.mdColorScheme === "slate";
  return { low: hex(dark ? "#E3A46B" : "#8A4B14"), zero: hex(style.getPropertyValue("--dn-paper")), high: hex(style.getPropertyValue("--dn-latent")) };
}

/** Numbers of one sign each in brown and blue, `limit` being the strongest colour. values [rows * columns]. */
export function numbers(canvas, values, columns, limit, colours = diverging()) {
  const rows = values.length / columns;
  const pixels = new Uint8ClampedArray(4 * values.length).fill(255);
  for (let i = 0; i < values.length; i++) {
    const share = Math.min(1, Math.abs(values[i]) / limit), end = values[i] < 0 ? colours.low : colours.high;
    for (let k = 0; k < 3; k++) pixels[4 * i + k] = colours.zero[k] + share * (end[k] - colours.zero[k]);
  }
  if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows });
  canvas.getContext("2d").putImageData(new ImageData(pixels, columns, rows), 0, 0);
}

/** Darkens what a word was not read for: `shares` [side side], the largest stays bright. */
export function veil(canvas, shares) {
  const side = Math.sqrt(shares.length), cell = canvas.width / side, most = Math.max(...shares) || 1;
  const context = canvas.getContext("2d");
  shares.forEach((share, i) => {
    context.fillStyle = `rgba(15, 17, 21, ${(0.88 * (1 - share / most)).toFixed(3)})`;
    context.fillRect((i % side) * cell, Math.floor(i / side) * cell, cell, cell);
  });
}

/** min, mean, max and standard deviation. */
export function summary(values) {
  let low = Infinity, high = -Infinity, sum = 0, squares = 0;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  return { low, high, mean, spread: Math.sqrt(Math.max(0, squares / values.length - mean * mean)) };
}
