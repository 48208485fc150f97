// Stable Diffusion's loop on ONNX graphs: text encoder, U-Net (with its attention in the open), decoders; and the encoder.
// Runs inside lab/worker.js; nothing here knows of a page. One picture at a time.

import { breathe } from "./dom.js"; // lets messages such as "stop" in
import { SAMPLERS } from "./samplers.js";
import { alphaBar, guide, split, timesteps } from "./schedule.js";
import { begin, blend, noised } from "./start.js";
import { NETS } from "./state.js";
import { Tokenizer } from "./tokenizer.js";
import { normal } from "./noise.js";

export class Engine {
  /** `ort`: ONNX Runtime Web, ready. `of`: data.json of the figure lab/graphs. `provider`: "wasm", or "webgpu" for the graphics card. */
  constructor(ort, of, provider = "wasm") {
    Object.assign(this, { ort, of, provider, levels: alphaBar(of.schedule), sessions: {} });
    if (of.schedule.prediction !== "v_prediction") throw new Error(`A model that predicts ${of.schedule.prediction} is not known here.`);
  }

  /** Takes in one part, as the bytes of its file: "tokenizer", "text", "unet" or another network of state.js, "encoder" or a decoder by its name. */
  async take(name, bytes) {
    if (name === "tokenizer") {
      this.tokenizer = new Tokenizer(JSON.parse(new TextDecoder().decode(bytes)));
      return;
    }
    await this.sessions[name]?.release(); // two of one kind at once are too many
    delete this.sessions[name];
    await breathe();
    this.sessions[name] = await this.ort.InferenceSession.create(bytes, { executionProviders: [this.provider], graphOptimizationLevel: "all", logSeverityLevel: 3 });
  }

  tensor(values, dims, type = "float32") {
    return new this.ort.Tensor(type, values, dims);
  }

  /** A prompt as the network reads it: {...tokens, states Float32Array [L D], end: the state at its end [D]}. */
  async read(prompt) {
    const tokens = this.tokenizer.encode(prompt);
    const { states } = await this.sessions.text.run({ ids: this.tensor(tokens.ids, [1, tokens.ids.length], "int32") });
    const width = states.dims[2], at = tokens.last * width;
    return { ...tokens, states: states.data, end: states.data.slice(at, at + width), width };
  }

  /** What the network is told: the prompt's states; with a `second` prompt, `mix` of the way from those to its own. */
  async told({ prompt, second, mix }) {
    const first = await this.read(prompt);
    if (!second) return first;
    const { states, end, tokens, used } = await this.read(second), between = (a, b) => a.map((value, i) => value + mix * (b[i] - value));
    return { ...first, states: between(first.states, states), end: between(first.end, end), second: tokens, used: Math.max(first.used, used) };
  }

  /** The denoiser's answer to one sample, by the session `net` ("unet", or one of state.js, some of which are told the prompt's end
   *  once more): {output, attention: {side: Float32Array [side side L]}}. */
  async denoise(net, xt, t, text) {
    const told = NETS[net]?.ends ? Float32Array.from([...text.states, ...text.end]) : text.states;
    const found = await this.sessions[net].run({
      xt: this.tensor(xt, [1, ...this.of.latent]),
      t: this.tensor(Float32Array.of(t), [1]),
      context: this.tensor(told, [1, told.length / text.width, text.width]),
    });
    const sides = this.of.attention.filter((side) => found[`attention_${side}`]);
    const attention = Object.fromEntries(sides.map((side) => [side, found[`attention_${side}`].data]));
    return { output: found.output.data, attention };
  }

  /** Pixels [side side 4] as what the encoder answers: {mean, spread}, latents each. */
  async encode(pixels) {
    const area = this.of.pixels ** 2, values = Float32Array.from({ length: 3 * area }, (_, i) => pixels[4 * (i % area) + Math.floor(i / area)] / 255);
    const { mean, spread } = await this.sessions.encoder.run({ picture: this.tensor(values, [1, 3, this.of.pixels, this.of.pixels]) });
    return { mean: mean.data, spread: spread.data };
  }

  /** A latent as pixels, Uint8ClampedArray [side side 4], by one of the decoders. */
  async decode(latent, decoder = "base") {
    const { picture } = await this.sessions[decoder].run({ latent: this.tensor(latent, [1, ...this.of.latent]) });
    const [values, area] = [picture.data, this.of.pixels ** 2];
    const pixels = new Uint8ClampedArray(4 * area).fill(255); // which rounds, and cuts off at 0 and 255
    for (let i = 0; i < area; i++) for (let c = 0; c < 3; c++) pixels[4 * i + c] = 255 * values[c * area + i];
    return pixels;
  }

  noise(seed) {
    return normal(seed, this.of.latent.reduce((a, b) => a * b));
  }

  /** The noise that a run's steps put back in: i => numbers of step i. It is what the seed gives after all that the pipeline has drawn
   *  from it: the first noise, or the draw from the encoder's answer and the noise, and with a mask one from that of what is kept. */
  fresh({ seed, steps, picture }) {
    const size = this.of.latent.reduce((a, b) => a * b), begun = picture ? (picture.mask ? 3 : 2) - picture.from : 1;
    const drawn = normal(seed, (begun + steps) * size);
    return (i) => drawn.subarray((begun + i) * size, (begun + i + 1) * size);
  }

  /**
   * One run, or the rest of one from step `from` with the latent `xt` in its place; with a `picture` {mean, spread, mask or
   * null}, one that begins there with that picture under noise.
   * settings: {prompt, second, mix, negative, seed, steps, guidance, net, sampler, decoder, picture} as the model reads them. `on(kind, what)` is told of "text", of
   * each "step" {i, t, xt, x0, attention, milliseconds}, of a "picture" {i, picture, milliseconds} of every `watch`-th bet, and of
   * the "end" {xt, picture, milliseconds}. `past`: up to two steps
   * before `from`, {i, x0, base} each, for a sampler that looks back; base: the latent that it set out from, where that is not xt. `stopped()` ends it between two steps.
   */
  async run(settings, on, { from = 0, xt = null, past = [], picture = null, watch = 0, stopped = () => false } = {}) {
    const sampler = SAMPLERS[settings.sampler], visited = timesteps(this.of.schedule.T, settings.steps);
    const level = (i) => (i < visited.length ? Math.max(sampler.least, this.levels[visited[i]]) : 1);
    const fresh = sampler.noisy && this.fresh(settings);
    const behind = past.map(({ i, x0, base }) => ({ x0, xt: base, level: level(i) }));
    const net = settings.net || "unet", guided = settings.guidance !== 1, first = picture && begin(picture, settings.seed);
    let start = performance.now();
    const text = await this.told(settings);
    const empty = guided ? await this.read(settings.negative) : null;
    on("text", { ...text, timesteps: visited, milliseconds: performance.now() - start });
    let sample = Float32Array.from(xt ?? (first ? noised(first, level(from)) : this.noise(settings.seed)));
    for (let i = from; i < visited.length; i++) {
      await breathe();
      if (stopped()) return on("stopped", { i });
      start = performance.now();
      const t = visited[i], words = await this.denoise(net, sample, t, text);
      const answer = guided ? guide((await this.denoise(net, sample, t, empty)).output, words.output, settings.guidance) : words.output;
      const [x0, eps] = split(answer, sample, level(i));
      const base = sampler.correct ? sampler.correct({ xt: sample, x0, at: level(i), past: behind }) : sample;
      on("step", { i, t, xt: sample, base, x0, attention: words.attention, milliseconds: performance.now() - start });
      sample = sampler.next({ xt: base, x0, eps, at: level(i), to: level(i + 1), past: behind, noise: fresh && fresh(i) });
      behind.push({ x0, xt: base, level: level(i) });
      if (first) sample = blend(sample, first, level(i + 1), picture.mask);
      if (watch && (i - from) % watch === 0 && i + 1 < visited.length) {
        start = performance.now();
        on("picture", { i, picture: await this.decode(x0, settings.decoder), milliseconds: performance.now() - start });
      }
    }
    start = performance.now();
    const made = await this.decode(sample, settings.decoder);
    return on("end", { xt: sample, picture: made, milliseconds: performance.now() - start });
  }
}
