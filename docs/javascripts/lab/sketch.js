// Redrawing while the reader types: at each pause a quick sketch of what the form says, shown beside the words as well, since on a
// phone the run itself is out of sight. Whoever types on ends it between two steps, and the next pause draws the next one.

import { el } from "./dom.js";
import { preview, put } from "./paint.js";
import { SAMPLERS } from "./samplers.js";
import { fitting, NETS } from "./state.js";

const QUICK = { steps: 4, sampler: "unipc" }; // few steps, by the sampler that comes nearest to many
/** What a sketch by the network `net` changes of the settings. */
export const quick = (net) => (NETS[net].steps ? fitting(net) : QUICK);
const PAUSE = 250; // milliseconds without a change

export class Sketch {
  /** `look`: {preview, pixels}; `on`: {loaded() -> is all there that a sketch takes?, free() -> may one be drawn now?,
   *  atWork() -> is the reader changing a latent?, net() -> which network draws, draw(show) -> Promise, with `show(run)` at each step, stop()}. */
  constructor(look, on) {
    Object.assign(this, { look, on, count: 0, running: null, took: 0 }); // took: milliseconds of the sketch on show
    this.box = el("input", { type: "checkbox", id: "dn-lab-typing", "aria-describedby": "dn-lab-typing-says" });
    this.says = el("p", { className: "dn-lab__says", id: "dn-lab-typing-says" });
    this.canvas = el("canvas", { width: look.pixels, height: look.pixels, hidden: true, role: "img", "aria-label": "The sketch" });
    this.node = el("div", { className: "dn-lab__sketch" }, this.canvas, el("div", {},
      el("span", { className: "dn-lab__check" }, this.box, el("label", { htmlFor: this.box.id, text: "Redraw as I type" })), this.says));
    this.box.addEventListener("change", () => {
      if (this.box.checked) return; // the form's own event has begun a sketch
      this.end();
      this.canvas.hidden = true;
    });
  }

  get typing() {
    return this.box.checked ? "1" : "";
  }

  set typing(value) {
    this.box.checked = Boolean(value);
    if (!value) this.canvas.hidden = true;
  }

  dress() {
    const { steps, sampler } = quick(this.on.net()), what = `${steps} steps of ${SAMPLERS[sampler].title}${this.on.net() && ` ${NETS[this.on.net()].by}`}`;
    this.says.textContent = !this.typing ? "" : !this.on.loaded() ? "Begins when the model is loaded: press the button once."
      : this.on.atWork() ? "Waits while you are at a step of the latent below." : this.took ? `${what}, in ${(this.took / 1000).toFixed(1)} seconds. The button draws with your own settings.` : `At each pause a sketch: ${what}.`;
  }

  /** The form says something else. */
  changed() {
    this.end();
    this.took = 0;
    this.dress();
    if (this.typing) this.wait = setTimeout(() => this.draw(), PAUSE);
  }

  /** What is being sketched is out of date, or in somebody's way. */
  end() {
    clearTimeout(this.wait);
    this.count += 1;
    if (this.running) this.on.stop();
  }

  async draw() {
    const mine = this.count;
    await this.running; // which ends after its step
    if (mine !== this.count || !this.typing || !this.on.loaded() || this.on.atWork() || !this.on.free()) return;
    const clock = performance.now();
    this.running = this.on.draw((run) => { if (mine === this.count) this.show(run); }).catch(() => {});
    await this.running;
    this.running = null;
    if (mine !== this.count) return;
    this.took = performance.now() - clock;
    this.dress();
  }

  show(run) {
    const i = run.reached, picture = run.pictures[i];
    if (picture) put(this.canvas, picture, this.look.pixels);
    else preview(this.canvas, run.x0[i], this.look.preview);
    this.canvas.setAttribute("aria-label", `Sketch of “${run.settings.prompt}”`);
    this.canvas.hidden = false;
  }
}
