// A file of the reader's as pixels for the encoder: its middle square on white. Nothing leaves the page.

import { Trouble } from "./files.js";

const MOST_BYTES = 40e6, MOST_PIXELS = 40e6; // beyond which a phone runs out of memory

/** Uint8ClampedArray [side side 4] of a picture file. Throws Trouble with one sentence. */
export async function pixelsOf(file, side) {
  if (file.size > MOST_BYTES) {
    throw new Trouble(`This file has ${Math.round(file.size / 1e6).toLocaleString("en")} MB. Please take a picture of at most ${MOST_BYTES / 1e6} MB.`);
  }
  const image = new Image(), url = URL.createObjectURL(file);
  try {
    await new Promise((resolve, reject) => { Object.assign(image, { onload: resolve, onerror: reject, src: url }); });
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    if (width * height > MOST_PIXELS) { // known from the file's head: nothing has been unpacked yet
      throw new Trouble(`This picture has ${width.toLocaleString("en")} × ${height.toLocaleString("en")} pixels, too many to unpack here. Please take one of at most ${MOST_PIXELS / 1e6} million.`);
    }
    const whole = file.type === "image/svg+xml" ? image : await createImageBitmap(file); // which an <img> need not be: it shows half a file
    try {
      return square(whole, width, height, side);
    } finally {
      whole.close?.();
    }
  } catch (error) {
    if (error instanceof Trouble) throw error;
    if (error instanceof RangeError) throw new Trouble("This device has not enough free memory for the picture. Please take a smaller one.");
    throw new Trouble("This file cannot be read as a picture: it is damaged, or of a kind that this browser does not know.");
  } finally {
    URL.revokeObjectURL(url);
    image.src = "";
  }
}

function square(image, width, height, side) {
  const canvas = document.createElement("canvas"), least = Math.min(width, height);
  if (!least) throw new Error("no size");
  Object.assign(canvas, { width: side, height: side });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, side, side);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, (width - least) / 2, (height - least) / 2, least, least, 0, 0, side, side);
  return context.getImageData(0, 0, side, side).data;
}
