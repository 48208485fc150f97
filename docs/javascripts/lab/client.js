// The page's side of lab/worker.js: calls as promises, and a worker that can be thrown away and started afresh.

export class Client {
  constructor() {
    this.pending = new Map();
    this.count = 0;
  }

  start() {
    this.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data: { id, kind, ...what } }) => {
      const call = this.pending.get(id);
      if (!call) return;
      if (kind !== "done" && kind !== "failed") return call.on(kind, what);
      this.pending.delete(id);
      if (kind === "done") call.resolve();
      else call.reject(Object.assign(new Error(what.sentence), { fatal: what.fatal }));
    };
    this.worker.onerror = () => this.end("The program that runs the model could not be started in this browser.");
  }

  /** One call of the worker; `on(kind, what)` gets what it says on the way. Rejects with a sentence. */
  call(name, what = {}, on = () => {}) {
    if (!this.worker) this.start();
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject, on });
      this.worker.postMessage({ id, call: name, ...what });
    });
  }

  /** Stop the worker for good; what was waiting for it is told `sentence`. A later call starts a new one. */
  end(sentence = "The model was closed.") {
    this.worker?.terminate();
    this.worker = null;
    for (const { reject } of this.pending.values()) reject(new Error(sentence));
    this.pending.clear();
  }
}
