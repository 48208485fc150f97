// A run as a film, made by the browser's own recorder: what the model has on the left, what it bets on on the right.

import { preview, put } from "./paint.js";

const SIDE = 256, BEAT = 160, REST = 1200; // pixels; milliseconds a step, and on the finished picture
const TYPES = ["video/webm;codecs=vp9", "video/webm", "video/mp4"];

/** The kind of film that this browser can record, or undefined. */
export const filmType = () => globalThis.MediaRecorder && HTMLCanvasElement.prototype.captureStream && TYPES.find((type) => MediaRecorder.isTypeSupported(type));

/** Records a finished run in real time: a Blob. `of`: {preview, pixels} of data.json. */
export async function film(run, of) {
  const canvas = document.createElement("canvas"), small = document.createElement("canvas"), context = canvas.getContext("2d");
  Object.assign(canvas, { width: 2 * SIDE, height: SIDE });
  const frame = (i) => {
    preview(small, run.xt[i], of.preview);
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, SIDE, SIDE);
    if (run.pictures[i]) put(small, run.pictures[i], of.pixels);
    else preview(small, run.x0[i], of.preview);
    context.imageSmoothingEnabled = Boolean(run.pictures[i]);
    context.drawImage(small, SIDE, 0, SIDE, SIDE);
  };
  const wait = (time) => new Promise((resolve) => { setTimeout(resolve, time); });
  frame(run.first);
  const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: filmType(), videoBitsPerSecond: 2_500_000 });
  const parts = [], ended = new Promise((resolve, reject) => { Object.assign(recorder, { onstop: resolve, onerror: reject }); });
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.start();
  for (let i = run.first; i <= run.steps; i++) {
    frame(i);
    await wait(BEAT);
  }
  for (let rest = 0; rest < REST; rest += BEAT) { // a still canvas gives the recorder nothing new: paint it again
    frame(run.steps);
    await wait(BEAT);
  }
  recorder.stop();
  await ended;
  return new Blob(parts, { type: recorder.mimeType });
}
