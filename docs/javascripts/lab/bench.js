// Where a run is opened: its latent as numbers, brushes that change it, another run to take cells from, and going on from there.

import { el } from "./dom.js";
import { preview } from "./paint.js";
import { NETS } from "./state.js";
import { Tensors } from "./tensors.js";

export class Bench {
  /** `of`: {latent: its shape, preview}; `on`: {able, goOn(), net() -> which network draws}. */
  constructor(of, on) {
    Object.assign(this, { of, on, run: null, i: 0, other: null, busy: false });
    this.tensors = new Tensors(of.latent, { edited: () => this.dress(), other: () => this.theirs });
    this.onward = el("button", { type: "button", className: "dn-lab__onward", onclick: () => on.goOn() });
    this.undo = el("button", { type: "button", text: "Undo", onclick: () => this.tensors.undo() });
    this.keep = el("button", { type: "button", text: "Keep this run to take from", onclick: () => { this.other = this.run; this.dress(); } });
    this.small = el("canvas", { className: "dn-pixels", width: of.latent[1], height: of.latent[2], role: "img", "aria-label": "The kept run's latent at this noise" });
    this.held = el("p", { "aria-live": "polite" });
    this.hint = el("p", { className: "dn-lab__hint" });
    this.node = el("details", { className: "dn-lab__bench" }, el("summary", { text: "Open the latent, change it, go on from here" }),
      this.tensors.node, this.shelf = el("div", { className: "dn-lab__kept" }, this.small, el("div", {}, this.held, this.keep)),
      el("div", { className: "dn-lab__take" }, this.onward, this.undo), this.hint);
    this.node.addEventListener("toggle", () => this.tensors.show());
  }

  /** The kept run's latent under as much noise as the one on show, or null: at each t all samplers have the same. */
  get theirs() {
    const at = this.other && this.other !== this.run && this.i < this.run.steps ? this.other.t.indexOf(this.run.t[this.i]) : -1;
    return at < 0 ? null : this.other.xt[at];
  }

  /** Whose cells there are in the latent, for the record: {prompt, seed}, or null. */
  get from() {
    return this.tensors.taken && { prompt: this.other.settings.prompt, seed: this.other.settings.seed };
  }

  /** Step i of a run is on show. */
  open(run, i) {
    Object.assign(this, { run, i });
    this.tensors.open(run, i);
    this.dress();
  }

  dress(busy = this.busy) {
    const { run, i, other, tensors } = this, open = run.finished && i < run.steps, latent = this.theirs;
    this.busy = busy;
    this.onward.disabled = !open || busy || !this.on.able;
    this.onward.textContent = `Go on from step ${Math.min(i + 1, run.steps)} with the words above`;
    this.undo.hidden = !tensors.cells;
    this.hint.textContent = !this.on.able ? "" : !open ? "Move the slider to a step before the end."
      : tensors.cells ? `${tensors.cells} cells of this latent are changed.` : "Change cells with a tool, or type other words, and go on from this step.";
    const { steps: taught } = NETS[this.on.net()];
    if (open && this.on.able && taught && taught !== run.steps) this.hint.textContent += ` The network under “Drawn by” was taught ${taught} steps; from one of ${run.steps} it goes on as well as it can.`;
    this.keep.textContent = other && other !== run ? "Keep this run instead" : "Keep this run to take from";
    this.keep.disabled = busy || !run.finished || run === other;
    this.small.hidden = !latent;
    tensors.offer("swap", Boolean(latent));
    if (latent) preview(this.small, latent, this.of.preview);
    const name = other && `“${other.settings.prompt}”, seed ${other.settings.seed}`;
    this.held.textContent = !other ? "Parts of another run can be put in: keep one, then draw or choose the run that gets them."
      : other === run ? `Kept: ${name}. Now draw or choose another run, and paint parts of this one into it.`
        : latent ? `Kept: ${name}, here under the same noise. The tool “From the kept run” paints its cells.`
          : i === run.steps ? `Kept: ${name}. Move the slider to a step before the end.` : `Kept: ${name}; it has no latent at t = ${run.t[i]}. Runs of the same number of steps have.`;
  }
}
