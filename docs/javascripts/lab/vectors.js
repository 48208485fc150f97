// What the network gets of the words: each token's vector, as the text encoder writes it, in a strip of colours with every number
// on demand. Needs the text encoder and no other part of the model.

import { frame, steered, under } from "./cursor.js";
import { el, signed } from "./dom.js";
import { megabytes } from "./form.js";
import { diverging, numbers, summary } from "./paint.js";
import { NETS } from "./state.js";
import { places } from "./tokenizer.js";

const PAUSE = 300; // milliseconds without a change, after which the words are read again
const FULL = 3; // standard deviations at which a colour is strongest: a few numbers are far larger than all others

const length = (a) => Math.hypot(...a);
const alike = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0) / (length(a) * length(b));

export class Vectors {
  /** `on`: {able, cost() -> bytes that reading has to load first or null, load() -> Promise, words() -> settings: what there is to
   *  read, read(settings) -> Promise of {tokens, second, states [L D], width: D, used}}. */
  constructor(on) {
    Object.assign(this, { on, x: 0, y: 0, words: null, rows: [], asked: 0 });
    this.ask = el("button", { type: "button" });
    this.why = el("p", { className: "dn-lab__says" });
    this.grid = el("div", { className: "dn-lab__vectors", tabIndex: 0, role: "application", hidden: true,
      "aria-label": "The tokens' vectors. Up and down move from token to token, left and right from number to number." });
    this.said = el("p", { className: "dn-readout dn-lab__number", "aria-live": "polite" });
    this.like = el("p", { className: "dn-lab__says" });
    this.node = el("details", { className: "dn-lab__states" }, el("summary", { text: "The words as the network gets them" }),
      el("div", { className: "dn-lab__opened" }, this.why, this.ask, this.grid, this.place = el("div", { className: "dn-lab__place", hidden: true }, this.said, this.like)));

    this.node.addEventListener("toggle", () => this.follow());
    this.ask.addEventListener("click", () => on.load().then(() => this.follow()));
    this.grid.addEventListener("keydown", (event) => { if (steered(event, this, this.width, this.rows.length)) this.point(); });
    for (const name of ["pointerdown", "pointermove"]) this.grid.addEventListener(name, (event) => this.touch(event));
  }

  /** Other words, or the text encoder has come: reads them after a pause, if anybody looks. */
  follow() {
    if (!this.node.open) return;
    const bytes = this.on.cost(), here = bytes === 0;
    this.ask.hidden = here || !this.on.able;
    this.ask.textContent = `Load ${bytes ? `${megabytes(bytes)} ` : ""}and read the words`;
    if (!here) {
      this.words = null; // what is on show, if anything, was read with other weights
      this.why.textContent = "The text encoder turns each token into a row of numbers. It comes with the model, or alone:";
    }
    clearTimeout(this.wait);
    if (here && this.words !== JSON.stringify(this.on.words())) this.wait = setTimeout(() => this.read(), this.words === null ? 0 : PAUSE);
  }

  async read() {
    const words = this.on.words(), mine = ++this.asked;
    const found = await this.on.read(words).catch(() => null);
    if (!found || mine !== this.asked) return;
    this.words = JSON.stringify(words);
    this.take(found, NETS[words.net]);
  }

  /** One row a token; padding, which says little, as one thicker row of many lines. */
  take({ tokens, second, states, width, used }, { reads = tokens.length, pooled } = {}) {
    const ends = pooled ? ", but for the one at the prompt's end" : "";
    const vector = (i) => states.subarray(i * width, (i + 1) * width), rest = tokens.length - used, names = places(tokens, second);
    this.width = width;
    this.limit = FULL * summary(states).spread;
    this.rows = tokens.map((_, i) => ({ name: i < used ? names[i] : `padding ${i - used + 1}`, values: vector(i), strip: Math.min(i, used), at: Math.max(0, i - used) }));
    const strip = (text, i, count) => {
      const canvas = el("canvas", { width, height: count, "aria-hidden": "true" }), mark = el("span", { className: "dn-lab__cursor", hidden: true });
      return { canvas, mark, count, values: states.subarray(i * width, (i + count) * width), node: el("div", { className: "dn-lab__vector" },
        el("span", { className: `dn-lab__token${i === 0 || i >= used - 1 ? " dn-lab__token--mark" : ""}`, text }),
        el("span", { className: `dn-lab__strip${count > 1 ? " dn-lab__strip--many" : ""}` }, canvas, mark)) };
    };
    this.strips = Array.from({ length: used }, (_, i) => strip(names[i], i, 1));
    if (rest) this.strips.push(strip(`padding × ${rest}`, used, rest));
    this.grid.replaceChildren(...this.strips.map(({ node }) => node));
    this.grid.hidden = this.place.hidden = false;
    this.why.textContent = `${tokens.length} tokens, ${width} numbers each; blue above zero, brown below, strongest from ${this.limit.toFixed(1)}. `
      + (reads < tokens.length ? `This network is given the first ${reads} of them, and what stands behind those does not reach it${ends}.` : "This is all that the U-Net gets to know of your words.");
    [this.x, this.y] = [Math.min(this.x, width - 1), Math.min(this.y || 1, this.rows.length - 1)];
    this.show();
  }

  show() {
    if (!this.rows.length) return;
    const colours = diverging();
    for (const { canvas, values } of this.strips) numbers(canvas, values, this.width, this.limit, colours);
    this.point();
  }

  touch(event) {
    const strip = this.strips?.find(({ node }) => node.contains(event.target));
    if (!strip) return;
    const { x, y } = under(event, strip.canvas, this.width, strip.count);
    Object.assign(this, { x, y: this.strips.indexOf(strip) + y });
    this.point();
  }

  point() {
    const row = this.rows[this.y];
    this.strips.forEach(({ mark, count }, i) => {
      mark.hidden = i !== row.strip;
      frame(mark, { x: this.x, y: row.at }, this.width, count);
    });
    this.said.textContent = `“${row.name}”, number ${this.x + 1} of ${this.width}: ${signed(row.values[this.x])}`;
    const others = this.rows.filter((other) => other !== row && other.strip < this.strips.length - 1); // padding is like padding
    const [nearest] = others.map((other) => [alike(row.values, other.values), other.name]).sort((a, b) => b[0] - a[0]);
    this.like.textContent = `Its vector is ${length(row.values).toFixed(1)} long`
      + (nearest ? `, and most like that of “${nearest[1]}”: cosine ${signed(nearest[0])}.` : ".");
  }
}
