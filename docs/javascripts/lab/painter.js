// Which decoder paints the latents on show, and a button with its size where it has not been loaded.

import { el } from "./dom.js";
import { megabytes } from "./form.js";

const QUICK = "tiny";

export class Painter {
  /** `decoders`: [{name, title}] of data.json; `on`: {chosen(), load(), cost() -> bytes that the chosen one has to load, or null}. */
  constructor(decoders, on) {
    this.on = on;
    this.select = el("select", { id: "dn-lab-decoder" }, ...decoders.map(({ name, title }) => el("option", { value: name, text: title })));
    this.ask = el("button", { type: "button", hidden: true });
    this.node = el("div", { className: "dn-lab__painter" }, el("label", { htmlFor: "dn-lab-decoder", text: "Painted by" }), this.select, this.ask,
      this.note = el("p", { className: "dn-lab__says" }));
    this.given = QUICK; // until the reader chooses
    this.select.addEventListener("change", () => { this.given = null; on.chosen(); });
    this.ask.addEventListener("click", () => on.load());
  }

  get name() {
    return this.select.value;
  }

  set name(value) {
    this.select.value = value;
  }

  /** Who paints a run: the one that is chosen. Recorded runs come painted, and stay so until a reader who was given the quick
   *  decoder to begin with has it, or chooses. `has`: what is loaded. */
  of(run, has) {
    return run.recorded && this.given === this.name && !has.has(this.name) ? "base" : this.name;
  }

  /** `idle`: the run on show waits for a decoder that is not here; `other`: it was painted by another than is chosen. */
  dress(idle, busy, other = false) {
    this.note.textContent = other ? "This recorded run was painted by the model's own decoder; the quick one comes with the download." : "";
    const bytes = this.on.cost();
    this.select.disabled = busy;
    this.ask.disabled = busy;
    this.ask.hidden = !idle;
    this.ask.textContent = bytes === 0 ? "Paint it" : `Load ${bytes ? `${megabytes(bytes)} ` : ""}and paint`;
  }
}
