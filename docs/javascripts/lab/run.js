// One picture's making, live or recorded: what the stage shows and what the tensors' panel opens.
//   settings, steps, t[S], levels[S + 1]; xt[S + 1], x0[S + 1] latents (the last x0 is the finished latent);
//   pictures[S + 1] pixels by the decoder in charge, or null where it has not decoded yet; attention[S] {side: [side side L]};
//   tokens[L]; first: the step that it begins at, which is not 0 for a run that began with a picture

import { pace } from "./dom.js";
import { places, readable } from "./tokenizer.js";

export class Run {
  constructor(settings, levels, t, tokens, first = 0) {
    const steps = t.length;
    Object.assign(this, { settings, levels, t, tokens, steps, first, painted: {} });
    this.xt = Array(steps + 1).fill(null);
    this.x0 = Array(steps + 1).fill(null);
    this.paint(settings.decoder ?? "base");
    this.second = null; // tokens of a prompt that is mixed in
    this.start = null; // {mean, spread, mask}: the picture that it began with
    this.attention = Array(steps).fill(null);
    this.base = []; // latents that the sampler set out from, where it mends them
    this.times = { text: 0, unet: 0, decoder: 0, calls: 0, decodes: 0 };
    this.recorded = false;
    this.changed = null; // {step, cells, words}: from where the reader went on by hand
    this.reached = -1; // the last index there is something to see at
  }

  /** Another decoder is in charge of the pictures; what each has painted is kept. */
  paint(decoder) {
    this.painter = decoder;
    this.painted[decoder] ??= Array(this.steps + 1).fill(null);
  }

  get pictures() {
    return this.painted[this.painter];
  }

  /** What a sampler may look back at from step `from`. */
  behind(from) {
    return [from - 2, from - 1].filter((i) => i >= this.first).map((i) => ({ i, x0: this.x0[i], base: this.base[i] }));
  }

  get finished() {
    return this.reached === this.steps;
  }

  /** The prompt's words and the marks around them: [{text, at: [positions], mark: boolean}]. */
  get words() {
    const ends = [this.tokens, this.second ?? []].map((tokens) => tokens.indexOf("<|endoftext|>", 1)), end = Math.max(...ends);
    const found = [{ text: "start mark", at: [0], mark: true }];
    let open = null;
    if (this.second) found.push(...places(this.tokens, this.second).slice(1, end).map((text, i) => ({ text, at: [i + 1], mark: false })));
    else for (let i = 1; i < end; i++) {
      const token = this.tokens[i];
      if (!open) found.push(open = { text: "", at: [], mark: false });
      open.text += readable(token);
      open.at.push(i);
      if (token.endsWith("</w>")) open = null;
    }
    found.push({ text: "end and padding", at: this.tokens.map((_, i) => i).slice(end), mark: true });
    return found;
  }

  /** How much of each cell's attention at step i went to a word: {side, shares [side side]}, or null. */
  read(i, word) {
    const maps = this.attention[Math.min(i, this.steps - 1)];
    if (!maps) return null;
    const side = Math.max(...Object.keys(maps).map(Number)), length = this.tokens.length, map = maps[side];
    const shares = Array.from({ length: side * side }, (_, cell) => word.at.reduce((sum, at) => sum + map[cell * length + at], 0));
    return { side, shares };
  }
}

/** A run by the model, which grows while it is made. given: {from, xt, past: the two steps before, for a sampler that
 *  looks back, before: the run that it goes on from at that step, cells:
 *  how many were changed by hand, other: {prompt, seed} of the run that some of them came from, start: a picture that it begins with, levels: alpha bar of each t, weights, watch, quick: is it a sketch?}. `on(kind, run)`
 *  is told of each "step", "picture", "end", "stopped". */
export async function live(model, settings, { from = 0, before = null, start = null, xt = null, past = [], cells = 0, other = null, levels, weights, watch, quick = false }, on) {
  let run = null;
  await model.call("run", { settings, from, xt, past, picture: start, watch }, (kind, what) => {
    if (kind === "text") {
      run = new Run(settings, [...what.timesteps.map((t) => levels[t]), 1], what.timesteps, what.tokens, before ? before.first : from);
      Object.assign(run, { weights, start, quick, second: what.second ?? null });
      run.times.text = what.milliseconds;
      if (!before) return;
      run.changed = { step: from, cells, ...(other && { other }) };
      for (let i = before.first; i < from; i++) [run.xt[i], run.x0[i], run.pictures[i]] = [before.xt[i], before.x0[i], before.painted[run.painter]?.[i] ?? null];
      return;
    }
    if (kind === "step") {
      run.reached = what.i;
      [run.xt[what.i], run.x0[what.i], run.base[what.i], run.attention[what.i]] = [what.xt, what.x0, what.base, what.attention];
      run.times.unet += what.milliseconds;
      run.times.calls += settings.guidance === 1 ? 1 : 2;
    } else if (kind !== "stopped") {
      const i = kind === "end" ? run.steps : what.i;
      run.pictures[i] = what.picture;
      run.times.decoder += what.milliseconds;
      run.times.decodes += 1;
      if (kind === "end") {
        run.xt[i] = run.x0[i] = what.xt;
        run.reached = i;
      }
    }
    on(kind, run);
  });
}

/** A run that the site's build recorded; `of` is data.json of the figure lab/runs, `base` its address without ending. */
export async function recorded(of, base, index) {
  const { name, prompt, seed, tokens } = of.runs[index];
  const [bytes, read, sheet] = await Promise.all([
    raw(`${base}.${name}.latents.i16`),
    raw(`${base}.${name}.attention.u8`),
    sprite(`${base}.${name}.bets.webp`, of.steps + 1, of.columns, of.pixels),
  ]);
  const run = new Run({ prompt, negative: "", seed, steps: of.steps, guidance: of.guidance, sampler: "ddim" }, [...of.alpha_bar, 1], of.t, tokens);
  const size = of.latent.reduce((a, b) => a * b), view = new DataView(bytes), next = pace();
  for (let i = 0; i <= of.steps; i++) {
    await next();
    run.xt[i] = Float32Array.from({ length: size }, (_, k) => view.getInt16(2 * (i * size + k), true) / of.fixed);
  }
  const maps = new Uint8Array(read), each = of.side ** 2 * of.length;
  for (let i = 0; i < of.steps; i++) {
    await next();
    run.attention[i] = { [of.side]: Float32Array.from(maps.subarray(i * each, (i + 1) * each), (value) => value / 255) };
    run.x0[i] = between(run.xt[i], run.xt[i + 1], run.levels[i], run.levels[i + 1]);
  }
  run.x0[of.steps] = run.xt[of.steps];
  run.painted.base = sheet;
  run.recorded = true;
  run.reached = of.steps;
  return run;
}

export async function raw(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status} ${url}`);
  return answer.arrayBuffer();
}

/** The x0 that leads from one latent of a DDIM run to the next: two equations, two unknowns. */
function between(now, next, a, b) {
  const [sa, na, sb, nb] = [a, 1 - a, b, 1 - b].map(Math.sqrt);
  const scale = 1 / (sb * na - sa * nb);
  return next.map((value, i) => (value * na - now[i] * nb) * scale);
}

/** The first `count` pictures of a sheet, [pixels pixels 4] each. */
export async function sprite(url, count, columns, pixels) {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: image.width, height: image.height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const pictures = [], next = pace();
  for (let i = 0; i < count; i++) {
    await next();
    pictures.push(context.getImageData((i % columns) * pixels, Math.floor(i / columns) * pixels, pixels, pixels).data);
  }
  return pictures;
}
