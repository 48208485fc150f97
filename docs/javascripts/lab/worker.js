// The engine in a thread of its own, so that the page never freezes. Messages in: {id, call, ...}; messages out:
// {id, kind, ...}, the last one of a call being of kind "done" or "failed".

import { Engine } from "./engine.js";
import { bytesOf, Trouble } from "./files.js";

let engine = null;
let current = 0; // the run that may go on; any other stops

async function load(message, on) {
  const { runtime, of, files } = message;
  const got = Object.fromEntries(await Promise.all(Object.entries({ ...files, wasm: runtime.wasm }).map(
    async ([name, url]) => [name, await bytesOf(url, (bytes) => on("bytes", { bytes }))],
  )));
  on("starting", { part: "runtime" });
  const ort = await import(runtime.script);
  ort.env.wasm.numThreads = 1; // more need headers that plain hosting does not send
  ort.env.wasm.wasmBinary = got.wasm.buffer;
  ort.env.logLevel = "error";
  for (const session of Object.values(engine?.sessions || {})) await session.release(); // two models at once are too many
  engine = await Engine.create(ort, of, got, (part) => on("starting", { part }));
}

const calls = {
  load,
  async run(message, on) {
    const mine = ++current;
    await engine.run(message.settings, on, { from: message.from, xt: message.xt, watch: message.watch, stopped: () => mine !== current });
  },
  async decode(message, on) {
    on("picture", { picture: await engine.decode(message.latent) });
  },
  async stop() {
    current += 1;
  },
};

/** What went wrong, in a sentence for the reader. */
function sentence(error) {
  if (error instanceof Trouble) return error.message;
  const said = String(error?.message ?? error);
  if (/memory|alloc|RangeError/i.test(said)) return "This device has not enough free memory for the model. Close other pages and load it again.";
  return `The model could not be run here (${said.split("\n")[0].slice(0, 160)}).`;
}

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
  if (call === "stop") work();
  else queue = queue.then(work);
};
