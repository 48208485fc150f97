// Beginning with a picture: one that the site ships or one of the reader's; its latent, what a decoder paints of it, how much
// noise it gets, and where it is drawn anew. What the site ships was encoded when it was built, so it is shown at once.

import { copy, el, save, told } from "./dom.js";
import { megabytes } from "./form.js";
import { Mask } from "./mask.js";
import { preview, put } from "./paint.js";
import { pythonOfAutoencoder } from "./python.js";
import { raw, sprite } from "./run.js";
import { begin, blend, maskFrom, maskText, noised } from "./start.js";
import { pixelsOf } from "./upload.js";

const mean = (a, b) => a.reduce((sum, value, i) => sum + (i % 4 < 3 ? Math.abs(value - b[i]) : 0), 0) / (0.75 * a.length);

export class Picture {
  /** `of`: data.json of lab/pictures and `base`, its address; `look`: {preview, latent, pixels}; `levels(step, steps)`: what is left
   *  of the picture there, and `time(step, steps)`, its t; `on`: {changed(), cost(upload) -> bytes, encode(pixels) -> Promise of
   *  {mean, spread}, decode(latent) -> Promise of pixels, able}. */
  constructor(of, base, look, on) {
    Object.assign(this, { of, base, look, on, chosen: null, steps: 20, seed: 1, decoder: "base", share: 0.6 });
    const canvas = (side, label) => el("canvas", { width: side, height: side, role: "img", "aria-label": label });
    const panel = (node, colour, title, text) => el("div", { className: `dn-lab__panel dn-lab__panel--${colour}` }, node, el("p", {}, el("strong", { text: title }), " ", text));
    this.choices = el("div", { className: "dn-lab__starts", role: "group", "aria-label": "Pictures to begin with" });
    this.file = el("input", { type: "file", accept: "image/*", id: "dn-lab-file" });
    this.trouble = el("p", { className: "dn-lab__refusal", role: "alert" });
    this.shown = canvas(look.pixels, "The picture");
    this.coded = canvas(16, "Its latent");
    this.again = canvas(look.pixels, "Painted from its latent");
    this.encoded = el("span", { text: "as coloured squares" });
    this.quality = el("span");
    this.ask = el("button", { type: "button" });
    this.noise = el("input", { type: "range", min: 1, step: 1, id: "dn-lab-noise" });
    this.reading = el("output", { className: "dn-readout", htmlFor: "dn-lab-noise" });
    this.mask = new Mask(look.latent[1], look.preview, () => { this.dress(); on.changed(); });
    this.code = el("code", { tabIndex: 0, role: "group", "aria-label": "Encoding and painting in Python" });
    this.keepPicture = el("button", { type: "button", text: "Save it as start.png", onclick: () => this.png() });
    this.open = el("div", { className: "dn-lab__opened", hidden: true },
      el("div", { className: "dn-lab__panels dn-lab__panels--three" }, panel(this.shown, "image", "The picture", "its middle square"),
        panel(this.coded, "latent", "Its latent", this.encoded), panel(this.again, "image", "Painted from it", this.quality)),
      this.ask,
      this.further = el("div", { className: "dn-lab__opened" },
        el("div", { className: "dn-lab__field" }, el("span", { className: "dn-lab__pair dn-lab__pair--apart" }, el("label", { htmlFor: "dn-lab-noise", text: "Noise on it" }), this.reading), this.noise),
        el("div", { className: "dn-lab__inpaint" }, this.mask.grid, el("div", {}, el("p", { className: "dn-lab__ask", text: "What should be drawn anew?" }), this.mask.said, this.mask.tools))),
      el("details", {}, el("summary", { text: "Encode and paint it in Python" }), el("pre", {}, this.code),
        el("div", { className: "dn-lab__take" }, el("button", { type: "button", text: "Copy the code", onclick: (event) => told(event.currentTarget, copy(this.code.textContent), "Copied") }), this.keepPicture)));
    this.node = el("details", { className: "dn-lab__source" }, el("summary", { text: "Begin with a picture" }),
      el("div", { className: "dn-lab__opened" }, this.choices,
        el("div", { className: "dn-lab__field" }, el("label", { htmlFor: "dn-lab-file", text: "Or one of your own; it stays on this device" }), this.file),
        this.trouble, this.open));

    this.node.addEventListener("toggle", () => { if (this.node.open) this.offer(); });
    this.file.addEventListener("change", () => { if (this.file.files[0]) this.upload(this.file.files[0]); });
    this.ask.addEventListener("click", () => this.encode());
    this.noise.addEventListener("input", () => { this.share = this.noise.value / this.steps; this.dress(); on.changed(); });
  }

  /** What of it belongs into the page's address; a picture of the reader's own does not. */
  get state() {
    const name = this.chosen?.name ?? "";
    return { picture: name, noise: Number(this.noise.value), mask: name ? maskText(this.mask.mask) : "" };
  }

  async restore({ picture, noise, mask, steps }) {
    this.share = noise / steps;
    this.mask.set(picture ? maskFrom(mask, this.mask.cells.length) : null);
    this.node.open = this.node.open || Boolean(picture);
    await this.choose(picture ? this.of.pictures.findIndex(({ name }) => name === picture) : -1);
  }

  /** The step at which a run begins. */
  get from() {
    return this.steps - Number(this.noise.value);
  }

  /** What a run's settings say of it, and what the engine needs. */
  get settings() {
    const { name, specimen, photo } = this.chosen;
    return { name, specimen, photo, from: this.from, mask: maskText(this.mask.mask) };
  }

  /** The same for a run of other steps, with about as much noise. */
  settingsAt(steps) {
    return { ...this.settings, from: steps - Math.max(1, Math.round(this.share * steps)) };
  }

  get start() {
    return { ...this.chosen.latent, mask: this.mask.mask };
  }

  /** The form has other settings. */
  follow({ steps, seed, decoder }) {
    const painter = decoder !== this.decoder;
    Object.assign(this, { steps, seed: /^\d{1,10}$/.test(seed) ? Number(seed) : 0, decoder });
    Object.assign(this.noise, { max: steps, value: Math.max(1, Math.round(this.share * steps)) });
    this.dress();
    if (painter) this.paint();
  }

  /** Fetches what the site ships, once, and lays it out. */
  async offer() {
    this.shelf ??= this.fetch().catch(() => { this.shelf = null; });
    const shelf = await this.shelf;
    if (!shelf) this.trouble.textContent = "The site's pictures could not be loaded. Open this part again to try once more, or take one of your own.";
    else if (!this.choices.children.length) {
      const button = (i, text, node) => el("button", { type: "button", "aria-pressed": String(i < 0 ? !this.chosen : this.chosen?.name === text), onclick: () => this.choose(i) }, ...(node ? [node] : []), el("span", { text }));
      this.choices.append(button(-1, "none"), ...this.of.pictures.map(({ name }, i) => {
        const small = el("canvas", { "aria-hidden": "true" });
        put(small, shelf.starts[i], this.look.pixels);
        return button(i, name, small);
      }));
    }
    return shelf;
  }

  async fetch() {
    const count = this.of.pictures.length, sheet = (name) => sprite(`${this.base}.${name}.webp`, count, count, this.of.pixels);
    const [starts, bytes, ...painted] = await Promise.all([sheet("starts"), raw(`${this.base}.latents.f32`), ...this.of.painters.map(sheet)]);
    const values = new Float32Array(bytes), size = this.of.latent.reduce((a, b) => a * b);
    const latents = starts.map((_, i) => ({ mean: values.slice(2 * i * size, (2 * i + 1) * size), spread: values.slice((2 * i + 1) * size, (2 * i + 2) * size) }));
    return { starts, latents, painted: Object.fromEntries(this.of.painters.map((name, k) => [name, painted[k]])) };
  }

  /** One of the site's pictures, by its place; -1 for none. */
  async choose(i) {
    this.trouble.textContent = "";
    const shelf = i < 0 ? null : await this.offer();
    if (i >= 0 && !shelf) return;
    this.file.value = "";
    const painted = shelf && Object.fromEntries(Object.entries(shelf.painted).map(([name, pictures]) => [name, pictures[i]]));
    this.take(i < 0 ? null : { ...this.of.pictures[i], pixels: shelf.starts[i], latent: shelf.latents[i], painted });
  }

  async upload(file) {
    this.trouble.textContent = "";
    try {
      this.take({ name: "", specimen: null, photo: null, pixels: await pixelsOf(file, this.look.pixels), latent: null, painted: {} });
      if (this.on.cost(true) === 0) await this.encode();
    } catch (error) {
      this.file.value = "";
      this.trouble.textContent = error.message;
    }
  }

  take(chosen) {
    this.chosen = chosen;
    this.drawn = null;
    for (const [k, button] of [...this.choices.children].entries()) button.setAttribute("aria-pressed", String(chosen ? chosen.name !== "" && this.of.pictures[k - 1]?.name === chosen.name : k === 0));
    this.open.hidden = !chosen;
    if (chosen) put(this.shown, chosen.pixels, this.look.pixels);
    this.paint();
    this.dress();
    this.on.changed();
  }

  /** Encodes an upload, after loading what that takes. Throws what `on.encode` throws. */
  async need() {
    const { chosen } = this;
    chosen.latent ??= await this.on.encode(chosen.pixels);
    if (chosen === this.chosen) this.dress();
  }

  async encode() {
    this.trouble.textContent = "";
    this.ask.disabled = true;
    try {
      await this.need();
      await this.paint();
    } catch (error) {
      this.trouble.textContent = error.message;
    } finally {
      this.ask.disabled = false;
      this.dress();
      this.on.changed();
    }
  }

  /** What the decoder in charge makes of the latent's mean: recorded, done before, or done now if it is loaded. */
  async paint() {
    const { chosen, decoder } = this;
    if (!chosen) return;
    if (!chosen.painted[decoder] && chosen.latent && this.painting !== decoder) {
      this.painting = decoder;
      const made = await this.on.decode(chosen.latent.mean).catch(() => null);
      this.painting = null;
      if (made) chosen.painted[decoder] = made;
    }
    if (chosen === this.chosen && decoder === this.decoder) this.dress();
  }

  dress() {
    const { chosen } = this;
    if (!chosen) return;
    const latent = chosen.latent, painted = chosen.painted[this.decoder], bytes = this.on.cost(true);
    this.ask.hidden = Boolean(latent) || !this.on.able;
    this.ask.textContent = bytes === 0 ? "Encode it" : `Load ${bytes ? `${megabytes(bytes)} ` : ""}and encode it`;
    this.further.hidden = !latent;
    const blank = (canvas) => canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    if (latent) preview(this.coded, latent.mean, this.look.preview);
    else blank(this.coded);
    this.encoded.textContent = latent ? "as coloured squares" : "not encoded yet";
    if (painted) put(this.again, painted, this.look.pixels);
    else blank(this.again);
    this.quality.textContent = painted ? `by the decoder, off by ${mean(painted, chosen.pixels).toFixed(1)} of 255 levels on average` : latent ? "this decoder is not loaded yet" : "not encoded yet";
    this.code.textContent = pythonOfAutoencoder(chosen, this.decoder);
    if (!latent) return;
    this.drawn = this.drawn?.seed === this.seed ? this.drawn : { seed: this.seed, ...begin(latent, this.seed) };
    const level = this.on.level(this.from, this.steps), place = `step ${this.from + 1} of ${this.steps}`;
    this.reading.textContent = `begins at ${place}, t = ${this.on.time(this.from, this.steps)}, ${(100 * (1 - level)).toFixed(level > 0.9 ? 1 : 0)} % noise`;
    this.noise.setAttribute("aria-valuetext", this.reading.textContent);
    this.mask.show(blend(noised(this.drawn, level), this.drawn, 1, this.mask.mask));
  }

  png() {
    const canvas = el("canvas", { width: this.look.pixels, height: this.look.pixels });
    put(canvas, this.chosen.pixels, this.look.pixels);
    canvas.toBlob((blob) => save(blob, "start.png"));
  }
}
