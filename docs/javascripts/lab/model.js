// Which parts of the model are loaded, what the missing ones weigh, and loading them. A part is "tokenizer", "text", "unet", "fast" (the
// U-Net with its adapter), "dit" and "small" (transformers), "encoder", or a decoder by its name ("base", "noto", ...); text encoder and denoisers come in two kinds of weights, "compact" and "exact".
// A third kind, "gpu", are the compact ones in a runtime that computes on the graphics card.

import { Client } from "./client.js";
import { sizes } from "./files.js";

const NAMES = { runtime: "the runtime", tokenizer: "the words", text: "the text encoder", unet: "the U-Net", fast: "the U-Net with its adapter", dit: "the transformer", small: "the small transformer", encoder: "the encoder" };

const RUNTIMES = { gpu: ["ort.webgpu.bundle.min.mjs", "ort-wasm-simd-threaded.asyncify.wasm", "webgpu"], cpu: ["ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm", "wasm"] };
/** What runs a kind of weights: {script, wasm, provider}, the files' addresses below the site's `root`. */
export function runtime(root, weights) {
  const [script, wasm, provider] = RUNTIMES[weights === "gpu" ? "gpu" : "cpu"];
  const url = (name) => new URL(`assets/vendor/onnxruntime/${name}`, root).href;
  return { script: url(script), wasm: url(wasm), provider };
}

/** In which of its kinds of files the model comes for a choice of weights. */
const kindOf = (weights) => (weights === "gpu" ? "compact" : weights);

/** Is there a graphics card that a page may compute on? One that a processor imitates would be slower than the processor. */
export async function graphicsCard() {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  return Boolean(adapter && !(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter));
}

/** How many threads may compute: half of what the device has, as the runtime does by itself; more than one only where the page is
 *  isolated from other origins, which our service worker sees to (plain hosting does not send the headers). */
export function threads({ crossOriginIsolated, navigator } = globalThis) {
  return crossOriginIsolated ? Math.max(1, Math.min(4, Math.floor(navigator.hardwareConcurrency / 2))) : 1;
}

/** Asks the service worker, if there is one, to keep what was loaded; it may not have been in charge yet. */
function keep(urls) {
  navigator.serviceWorker?.controller?.postMessage({ keep: urls });
}

export class Model {
  /** `of`: data.json of lab/graphs; `address(name)`: the URL of one of its files; `root`: the site's. */
  constructor(of, address, root) {
    Object.assign(this, { of, address, root, runtime: runtime(root), client: new Client(), threads: threads(), has: new Map(), came: new Set(), sizes: new Map(), loading: false });
  }

  /** Parts that drawing takes, with one of the decoders and one of the networks. */
  drawing(decoder, net = "") {
    return ["tokenizer", "text", net || "unet", decoder];
  }

  /** Addresses of a part's files. */
  urls(part, weights) {
    return part === "fast" ? [this.url("unet", weights), this.url(part, weights)] : [this.url(part, weights)];
  }

  url(part, weights) {
    const { of } = this, painter = of.decoders.find(({ name }) => name === part), kind = kindOf(weights);
    return this.address(painter ? painter.file : { tokenizer: of.tokenizer, encoder: of.encoder, fast: of.adapter[kind]?.file }[part] ?? of.graphs[kind][part]);
  }

  /** Finds out what every file weighs. */
  async weigh(kinds) {
    const parts = ["tokenizer", "text", "unet", "fast", "dit", "small", "encoder", ...this.of.decoders.map(({ name }) => name)];
    const urls = kinds.flatMap((kind) => parts.map((part) => this.url(part, kind)));
    const engines = kinds.map((kind) => runtime(this.root, kind)).flatMap(({ wasm, script }) => [wasm, script]);
    this.sizes = await sizes([...new Set([...urls, ...engines])], this.root);
  }

  /** Is what is loaded in another runtime than these weights take? */
  elsewhere(weights) {
    return runtime(this.root, weights).wasm !== this.runtime.wasm;
  }

  /** What has been loaded and is sure to be in the browser's store, which our service worker keeps. */
  get stored() {
    return navigator.serviceWorker?.controller ? this.came : new Set();
  }

  missing(parts, weights) {
    return this.elsewhere(weights) ? parts : parts.filter((part) => this.has.get(part) !== this.url(part, weights));
  }

  /** Bytes of these parts, or of those of them that are missing, with the runtime; null if somebody did not say. `line`: as they
   *  come over the line, not as they arrive. */
  bytes(parts, weights, { missing = true, line = true } = {}) {
    const wanted = (missing ? this.missing(parts, weights) : parts).flatMap((part) => this.urls(part, weights));
    const urls = [...new Set(wanted)].filter((url) => !missing || this.elsewhere(weights) || !this.stored.has(url));
    if (!missing || (urls.length && (!this.has.size || this.elsewhere(weights)))) urls.push(runtime(this.root, weights).wasm);
    return urls.reduce((sum, url) => sum + (this.sizes.get(url)?.[line ? "line" : "bytes"] ?? NaN), 0) || (urls.length ? null : 0);
  }

  /** Loads what is missing of these parts. `on`: {progress(came, all, line: all as it came over the line) with null at the end, say(text)}. Rejects with a sentence. */
  async need(parts, weights, on) {
    const wanted = this.missing(parts, weights);
    if (!wanted.length) return;
    const files = Object.fromEntries(wanted.map((part) => [part, this.url(part, weights)])), all = this.bytes(parts, weights, { line: false }), line = this.bytes(parts, weights);
    if (files.fast) files.fast = { graph: this.url("unet", weights), adapter: files.fast, at: this.of.adapter[kindOf(weights)].at };
    if (this.elsewhere(weights)) {
      this.end("The model moves to another part of this device."); // one runtime at a time
      this.runtime = runtime(this.root, weights);
    }
    let came = 0;
    on.progress(0, all, line);
    this.loading = true;
    for (const part of wanted) this.has.delete(part);
    try {
      await this.client.call("load", { of: this.of, files, had: [...this.stored], runtime: this.runtime, threads: this.threads }, (kind, what) => {
        if (kind === "bytes") on.progress(came += what.bytes, all, line);
        else on.say(`Starting ${NAMES[what.part] ?? "the decoder"} …`);
      });
    } catch (error) {
      this.failed(error);
    } finally {
      this.loading = false;
      on.progress(null);
    }
    const urls = wanted.flatMap((part) => this.urls(part, weights));
    for (const part of wanted) this.has.set(part, this.url(part, weights));
    for (const url of urls) this.came.add(url);
    keep([...urls, this.runtime.script, this.runtime.wasm]);
  }

  /** One call of the worker. Where it fails for good, everything that was loaded is given back. */
  async call(name, what, on) {
    try {
      await this.client.call(name, what, on);
    } catch (error) {
      this.failed(error);
    }
  }

  /** Rejects with what the worker said; where it failed for good, what it held in memory goes with it. */
  failed(error) {
    if (error.fatal) this.end();
    if (error.fatal && this.runtime.provider === "webgpu") error.message += " What else there is under Download runs without a graphics card.";
    throw error;
  }

  /** A call that has one answer. */
  async ask(name, what) {
    let found = null;
    await this.call(name, what, (_, answer) => { found = answer; });
    return found;
  }

  /** Close the worker; with it goes whatever it has loaded. */
  end(said) {
    this.has.clear();
    this.came.clear();
    this.client.end(said);
  }
}
