// Where to draw anew: a latent as coloured squares, and a brush that marks cells of it.

import { frame, steered, under } from "./cursor.js";
import { el } from "./dom.js";
import { preview } from "./paint.js";

const CELL = 16; // pixels of a cell on the canvas

export class Mask {
  /** `side`: cells of a latent; `matrix`: its linear preview; `changed()`: the mask is another. */
  constructor(side, matrix, changed) {
    Object.assign(this, { side, matrix, changed, x: 0, y: 0, down: false, latent: null });
    this.cells = new Uint8Array(side * side);
    this.small = document.createElement("canvas");
    this.canvas = el("canvas", { width: side * CELL, height: side * CELL, "aria-hidden": "true" });
    this.cursor = el("span", { className: "dn-lab__cursor" });
    this.grid = el("div", { className: "dn-lab__masking", tabIndex: 0, role: "application",
      "aria-label": "The latent to begin with. Arrow keys move from cell to cell, Space marks what is drawn anew." }, this.canvas, this.cursor);
    this.erase = el("input", { type: "checkbox", id: "dn-lab-erase" });
    this.clear = el("button", { type: "button", text: "Whole picture anew" });
    this.said = el("p", { className: "dn-lab__marks", "aria-live": "polite" });
    this.tools = el("div", { className: "dn-lab__take" },
      el("span", { className: "dn-lab__check" }, this.erase, el("label", { htmlFor: "dn-lab-erase", text: "Brush takes marks away" })), this.clear);

    this.grid.addEventListener("keydown", (event) => this.key(event));
    this.grid.addEventListener("pointerdown", (event) => {
      this.down = true;
      event.target.setPointerCapture?.(event.pointerId);
      event.preventDefault();
      this.grid.focus({ preventScroll: true });
      this.place(event);
      this.apply();
    });
    this.grid.addEventListener("pointermove", (event) => { if (this.down) { this.place(event); this.apply(); } });
    for (const name of ["pointerup", "pointercancel"]) this.grid.addEventListener(name, () => { this.down = false; });
    this.clear.addEventListener("click", () => this.set(null));
  }

  /** Uint8Array of marked cells, or null where nothing is marked and all is drawn anew. */
  get mask() {
    return this.cells.some(Boolean) ? this.cells.slice() : null;
  }

  set(mask) {
    this.cells = mask ? mask.slice() : new Uint8Array(this.side ** 2);
    this.show(this.latent);
    this.changed();
  }

  place(event) {
    Object.assign(this, under(event, this.canvas, this.side));
  }

  key(event) {
    if (steered(event, this, this.side)) this.point();
    else if (event.key === " ") {
      event.preventDefault();
      this.apply();
    }
  }

  /** The brush on the cell under the cursor and the eight around it. */
  apply() {
    for (let y = Math.max(0, this.y - 1); y <= Math.min(this.side - 1, this.y + 1); y++) {
      for (let x = Math.max(0, this.x - 1); x <= Math.min(this.side - 1, this.x + 1); x++) this.cells[y * this.side + x] = this.erase.checked ? 0 : 1;
    }
    this.show(this.latent);
    this.changed();
  }

  point() {
    frame(this.cursor, this, this.side);
  }

  /** A latent, with a frame around what is marked. */
  show(latent) {
    this.latent = latent;
    this.point();
    const count = this.cells.reduce((sum, cell) => sum + cell, 0);
    this.clear.disabled = !count;
    this.said.textContent = count ? `${count} of ${this.cells.length} cells are marked: they are drawn anew, the rest stays.`
      : "Nothing is marked: the whole picture is drawn anew. Paint on it, and the rest stays.";
    if (!latent) return;
    preview(this.small, latent, this.matrix);
    const context = this.canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(this.small, 0, 0, this.canvas.width, this.canvas.height);
    const marked = (x, y) => x >= 0 && y >= 0 && x < this.side && y < this.side && this.cells[y * this.side + x];
    for (const [colour, width] of [["#fff", 4], ["#111", 2]]) { // an edge that is seen on any colour
      context.strokeStyle = context.fillStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      for (let y = 0; y < this.side; y++) {
        for (let x = 0; x < this.side; x++) {
          if (!marked(x, y)) continue;
          const [l, t, r, b] = [x, y, x + 1, y + 1].map((value) => value * CELL);
          if (!marked(x, y - 1)) { context.moveTo(l, t); context.lineTo(r, t); }
          if (!marked(x, y + 1)) { context.moveTo(l, b); context.lineTo(r, b); }
          if (!marked(x - 1, y)) { context.moveTo(l, t); context.lineTo(l, b); }
          if (!marked(x + 1, y)) { context.moveTo(r, t); context.lineTo(r, b); }
          context.moveTo(l + 5, b - 5);
          context.lineTo(r - 5, t + 5);
        }
      }
      context.stroke();
    }
  }
}
