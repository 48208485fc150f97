// The latent itself: four channels of numbers, one cell under the cursor, and a brush that changes them.

import { frame, steered, under } from "./cursor.js";
import { el, signed } from "./dom.js";
import { diverging, numbers, summary } from "./paint.js";
import { normal } from "./noise.js";

const TOOLS = [["look", "Look"], ["zero", "Set to zero"], ["noise", "Fresh noise"], ["flip", "Flip the sign"], ["swap", "From the kept run"]];

export class Tensors {
  /** `on`: {edited(latent or null): the latent at the step on show was changed by hand, or is itself again; other() -> a latent
   *  to take cells from, or null}. */
  constructor(shape, { edited, other }) {
    [this.channels, this.side] = shape;
    Object.assign(this, { edited, other, taken: false }); // taken: are there cells of the other latent in this one?
    Object.assign(this, { run: null, i: 0, x: 0, y: 0, draft: null, touched: new Set(), draws: 0, down: false });
    this.which = el("select", { id: "dn-lab-tensor" },
      el("option", { value: "xt", text: "what it has (xt)" }), el("option", { value: "x0", text: "what it bets on (x0)" }));
    this.tools = el("div", { className: "dn-lab__tools", role: "radiogroup", "aria-label": "What a touch does" },
      ...TOOLS.map(([value, text]) => el("label", {},
        el("input", { type: "radio", name: "dn-lab-tool", value, checked: value === "look", disabled: value === "swap" }), el("span", { text }))));
    this.canvases = Array.from({ length: this.channels }, () => el("canvas", { className: "dn-pixels", width: this.side, height: this.side, "aria-hidden": "true" }));
    this.ranges = this.canvases.map(() => el("p", { className: "dn-readout" }));
    this.grid = el("div", { className: "dn-lab__channels", tabIndex: 0, role: "application",
      "aria-label": "The latent's channels. Arrow keys move from cell to cell, Space applies the chosen tool." },
    ...this.canvases.map((canvas, c) => el("div", {}, el("div", { className: "dn-lab__cell" }, canvas, el("span", { className: "dn-lab__cursor" })),
      el("p", { className: "dn-lab__channel", text: `channel ${c + 1}` }), this.ranges[c])));
    this.cell = el("p", { className: "dn-readout dn-lab__numbers", "aria-live": "polite" });
    this.node = el("div", { className: "dn-lab__tensors" },
      el("div", { className: "dn-lab__row" },
        el("div", { className: "dn-lab__field" }, el("label", { htmlFor: "dn-lab-tensor", text: "Tensor" }), this.which), this.tools),
      this.grid, this.cell);

    this.which.addEventListener("change", () => this.show());
    this.grid.addEventListener("keydown", (event) => this.key(event));
    this.grid.addEventListener("pointerdown", (event) => {
      this.down = this.place(event);
      if (!this.down) return;
      if (this.tool !== "look") { event.target.setPointerCapture?.(event.pointerId); event.preventDefault(); }
      this.apply();
    });
    this.grid.addEventListener("pointermove", (event) => { if (this.place(event) && this.down) this.apply(); });
    for (const name of ["pointerup", "pointercancel"]) this.grid.addEventListener(name, () => { this.down = false; });
    this.tools.addEventListener("change", () => { this.grid.classList.toggle("dn-lab__channels--brush", this.tool !== "look"); });
  }

  get tool() {
    return this.tools.querySelector("input:checked").value;
  }

  choose(tool) {
    const radio = this.tools.querySelector(`[value=${tool}]`);
    if (radio.disabled) return;
    radio.checked = true;
    this.tools.dispatchEvent(new Event("change"));
  }

  /** Is this tool to be had now? */
  offer(tool, there) {
    const radio = this.tools.querySelector(`[value=${tool}]`);
    radio.disabled = !there;
    if (!there && radio.checked) this.choose("look");
  }

  get cells() {
    return this.touched.size;
  }

  /** Step i of a run is on show; what was edited elsewhere is forgotten. */
  open(run, i) {
    if (run === this.run && i === this.i && this.draft) return;
    const had = this.draft;
    Object.assign(this, { run, i, draft: null, taken: false });
    this.touched.clear();
    if (had) this.edited(null);
    this.show();
  }

  get latent() {
    if (this.which.value === "xt") return this.draft || this.run?.xt[this.i];
    return this.run?.x0[this.i];
  }

  show() {
    const latent = this.latent;
    if (!latent || this.node.closest("details:not([open])")) return; // folded away: shown when it is unfolded
    const area = this.side ** 2, colours = diverging();
    let limit = 0.1;
    for (const value of latent) limit = Math.max(limit, Math.abs(value));
    this.canvases.forEach((canvas, c) => {
      const values = latent.subarray(c * area, (c + 1) * area), { low, high } = summary(values);
      numbers(canvas, values, this.side, limit, colours);
      this.ranges[c].textContent = `${signed(low, 1)} … ${signed(high, 1)}`;
    });
    this.point();
  }

  point() {
    const area = this.side ** 2, at = this.y * this.side + this.x, latent = this.latent;
    for (const mark of this.grid.querySelectorAll(".dn-lab__cursor")) frame(mark, this, this.side);
    const values = Array.from({ length: this.channels }, (_, c) => signed(latent[c * area + at]));
    this.cell.textContent = `Row ${this.y + 1}, column ${this.x + 1}: ${values.join("   ")}`;
  }

  /** Moves the cursor to where a pointer is; false if that is no channel. */
  place(event) {
    const canvas = this.canvases.find((one) => {
      const box = one.getBoundingClientRect();
      return event.clientX >= box.left && event.clientX < box.right && event.clientY >= box.top && event.clientY < box.bottom;
    });
    if (!canvas || !this.latent) return false;
    Object.assign(this, under(event, canvas, this.side));
    this.point();
    return true;
  }

  key(event) {
    if (this.latent && steered(event, this, this.side)) this.point();
    else if (event.key === " ") {
      event.preventDefault();
      this.apply();
    }
  }

  /** The tool on the cell under the cursor and the eight around it, in all channels. */
  apply() {
    if (this.tool === "look" || (this.tool === "swap" && !this.other()) || !this.run?.xt[this.i] || this.i === this.run.steps) return;
    this.which.value = "xt";
    this.draft ??= Float32Array.from(this.run.xt[this.i]);
    const area = this.side ** 2, other = this.other(), fresh = this.tool === "noise" ? normal(1000003 + this.draws++, 16 * Math.ceil((9 * this.channels) / 16)) : null;
    let drawn = 0;
    for (let y = Math.max(0, this.y - 1); y <= Math.min(this.side - 1, this.y + 1); y++) {
      for (let x = Math.max(0, this.x - 1); x <= Math.min(this.side - 1, this.x + 1); x++) {
        const at = y * this.side + x, before = this.touched.has(at);
        if (before && this.tool === "flip") continue;
        this.touched.add(at);
        for (let c = 0; c < this.channels; c++) {
          const now = this.draft[c * area + at];
          this.draft[c * area + at] = { zero: 0, noise: fresh?.[drawn++], flip: -now, swap: other?.[c * area + at] }[this.tool];
        }
      }
    }
    if (this.tool === "swap") this.taken = true;
    this.show();
    this.edited(this.draft);
  }

  undo() {
    Object.assign(this, { draft: null, taken: false });
    this.touched.clear();
    this.show();
    this.edited(null);
  }
}
