// The engine in a thread of its own, so that the page never freezes. Messages in: {id, call, ...}; messages out:
// {id, kind, ...}, the last one of a call being of kind "done" or "failed".

import { Engine } from "./engine.js";
import { bytesOf, sentence, Trouble } from "./files.js";
import { splice } from "./splice.js";

let engine = null;
let current = 0; // the run that may go on; any other stops, even one that has not begun

async function start({ runtime, of, threads }, wasm) {
  const ort = await import(runtime.script);
  ort.env.wasm.numThreads = self.crossOriginIsolated ? threads : 1; // more need memory that threads share
  ort.env.wasm.wasmBinary = wasm.buffer;
  ort.env.logLevel = "error";
  return new Engine(ort, of, runtime.provider);
}

const calls = {
  /** Fetches the parts' files {part: url}, and the runtime if it is not there yet; for the U-Net with its adapter {graph, adapter, at}.
   *  Files that it `had` before come from the browser's store and are not counted. */
  async load(message, on) {
    const files = { ...message.files, ...(engine ? {} : { runtime: message.runtime.wasm }) };
    const coming = new Map(), once = (url) => coming.get(url) ?? coming.set(url, bytesOf(url, message.had.includes(url) ? undefined : (bytes) => on("bytes", { bytes }))).get(url);
    const whole = async ({ graph, adapter, at }) => splice(...await Promise.all([once(graph), once(adapter)]), at);
    const { runtime, ...parts } = Object.fromEntries(await Promise.all(Object.entries(files).map(
      async ([part, file]) => [part, await (typeof file === "string" ? once(file) : whole(file))],
    )));
    if (runtime) {
      on("starting", { part: "runtime" });
      engine = await start(message, runtime);
    }
    for (const [part, bytes] of Object.entries(parts)) {
      on("starting", { part });
      await engine.take(part, bytes);
    }
  },
  async run({ mine, settings, from, xt, past, picture, watch }, on) {
    await engine.run(settings, on, { from, xt, past, picture, watch, stopped: () => mine !== current });
  },
  async encode(message, on) {
    on("latent", await engine.encode(message.pixels));
  },
  async read({ settings }, on) {
    on("text", await engine.told(settings));
  },
  async decode(message, on) {
    on("picture", { picture: await engine.decode(message.latent, message.decoder) });
  },
  async stop() {
    current += 1;
  },
};

let queue = Promise.resolve(); // the runtime does one thing at a time; "stop" does not wait
self.onmessage = ({ data }) => {
  const { id, call } = data;
  const on = (kind, what = {}) => self.postMessage({ id, kind, ...what });
  const work = async () => {
    try {
      await calls[call](data, on);
      on("done");
    } catch (error) {
      on("failed", { sentence: sentence(error), fatal: !(error instanceof Trouble) }); // fatal: start afresh
    }
  };
  if (call === "run") data.mine = ++current;
  if (call === "stop") work();
  else queue = queue.then(work);
};
