// Beginning with a picture, as diffusers' image-to-image and inpainting do it: the encoder's latent, noised as far as the
// schedule's step says; where there is a mask, the rest of the picture is put back after each step.

import { normal } from "./noise.js";
import { step } from "./schedule.js";

/** {clean, noise}: a draw from the encoder's answer {mean, spread}, and the noise to put on it; one seed, drawn in this order. */
export function begin({ mean, spread }, seed) {
  const size = mean.length, drawn = normal(seed, 2 * size);
  return { clean: mean.map((value, i) => value + spread[i] * drawn[i]), noise: drawn.subarray(size) };
}

/** The latent with noise at one level of the schedule (`level` = alpha bar: 1 is clean, 0 is noise alone). */
export const noised = ({ clean, noise }, level) => (level === 1 ? clean : step(clean, noise, level));

/** What is masked comes from `sample`, the rest from the picture at this level. mask: Uint8Array [cells], or null for all. */
export function blend(sample, start, level, mask) {
  if (!mask) return sample;
  const cells = mask.length;
  return noised(start, level).map((value, i) => (mask[i % cells] ? sample[i] : value));
}

/** The `strength` that makes diffusers begin at step `from` of `steps`: it takes int(steps * strength) of them. */
export function strength(steps, from) {
  const left = steps - from, share = left / steps;
  return Math.trunc(steps * share) === left ? share : (left + 0.5) / steps;
}

/** A mask as text and back: one digit of sixteen for four cells. Nothing masked is the empty text. */
export function maskText(mask) {
  if (!mask?.some(Boolean)) return "";
  return Array.from({ length: mask.length / 4 }, (_, i) => (
    (8 * mask[4 * i] + 4 * mask[4 * i + 1] + 2 * mask[4 * i + 2] + mask[4 * i + 3]).toString(16))).join("");
}

export function maskFrom(text, cells) {
  if (text.length !== cells / 4 || !/^[0-9a-f]+$/.test(text)) return null;
  return Uint8Array.from({ length: cells }, (_, i) => (parseInt(text[i >> 2], 16) >> (3 - (i & 3))) & 1);
}
