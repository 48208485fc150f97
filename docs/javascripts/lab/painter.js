// Which decoder paints the latents on show, and a button with its size where it has not been loaded.

import { el } from "./dom.js";
import { megabytes } from "./form.js";

export class Painter {
  /** `decoders`: [{name, title}] of data.json; `on`: {chosen(), load(), cost() -> bytes that the chosen one has to load, or null}. */
  constructor(decoders, on) {
    this.on = on;
    this.select = el("select", { id: "dn-lab-decoder" }, ...decoders.map(({ name, title }) => el("option", { value: name, text: title })));
    this.ask = el("button", { type: "button", hidden: true });
    this.node = el("div", { className: "dn-lab__painter" }, el("label", { htmlFor: "dn-lab-decoder", text: "Painted by" }), this.select, this.ask);
    this.select.addEventListener("change", () => on.chosen());
    this.ask.addEventListener("click", () => on.load());
  }

  get name() {
    return this.select.value;
  }

  set name(value) {
    this.select.value = value;
  }

  /** `idle`: the run on show waits for a decoder that is not here. */
  dress(idle, busy) {
    const bytes = this.on.cost();
    this.select.disabled = busy;
    this.ask.disabled = busy;
    this.ask.hidden = !idle;
    this.ask.textContent = bytes === 0 ? "Paint it" : `Load ${bytes ? `${megabytes(bytes)} ` : ""}and paint`;
  }
}
