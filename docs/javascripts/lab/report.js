// Below the stage: where the time went, the same in Python, and what can be taken along.

import { copy, el, save, told } from "./dom.js";
import { film, filmType } from "./film.js";
import { python } from "./python.js";
import { NETS } from "./state.js";

const PARTS = [["text", "text encoder", "text"], ["unet", "U-Net", "prediction"], ["decoder", "decoder", "image"]];

/** Did the run begin with a picture that only this reader has? */
const own = ({ picture }) => picture && picture.specimen === null && !picture.photo;

export class Report {
  /** {difference: sentence about what rounded weights change, little: and where the network's are the same in Python; link(): the address of what is on show; of: lab/runs' data;
   *  model: whose `threads` compute} */
  constructor({ difference, little, link, of, model }) {
    Object.assign(this, { difference, little, link, of, model, run: null });
    this.bars = el("div", { className: "dn-lab__bars", "aria-hidden": "true" });
    this.times = el("p", { className: "dn-lab__times" });
    this.code = el("code", { tabIndex: 0, role: "group", "aria-label": "The same in Python" });
    this.note = el("p");
    const button = (text, press) => el("button", { type: "button", text, onclick: (event) => press(event.currentTarget) });
    this.picture = button("Picture (PNG)", () => this.png());
    this.movie = button("Film", () => this.record());
    this.movie.hidden = !filmType();
    this.node = el("div", { className: "dn-lab__report" },
      el("div", { className: "dn-lab__take", role: "group", "aria-label": "Take along" }, this.picture, this.movie,
        button("Settings (JSON)", () => this.json()),
        button("Copy the link", (node) => told(node, copy(this.link()), "Copied"))),
      el("details", {}, el("summary", { text: "Show me the Python" }), el("pre", {}, this.code),
        button("Copy the code", (node) => told(node, copy(this.code.textContent), "Copied")), this.note),
      el("details", {}, el("summary", { text: "Where the time went" }), this.bars, this.times));
  }

  show(run) {
    this.run = run;
    this.code.textContent = python({ ...run.settings, decoder: run.painter });
    const { changed } = run, difference = NETS[run.settings.net || ""].whole ? this.little : this.difference;
    this.note.textContent = changed
      ? `This run went on by hand from step ${changed.step + 1}${changed.cells ? `, with ${changed.cells} cells changed${changed.other ? `, some of them from “${changed.other.prompt}”, seed ${changed.other.seed}` : ""}` : ""}; these lines draw it without that.`
      : own(run.settings) ? `Save the picture as start.png beside it first: the button stands where you chose it. ${run.weights === "exact" ? "" : difference}`
        : run.recorded || run.weights === "exact" ? "Run it in a clone of the repository: it draws the same picture." : difference;
    this.picture.disabled = !run.pictures[run.steps];
    this.movie.disabled = this.picture.disabled || this.recording;
    this.time(run);
  }

  time({ times, recorded, settings }) {
    const all = PARTS.reduce((sum, [part]) => sum + times[part], 0);
    this.bars.hidden = !all;
    if (!all) {
      this.times.textContent = recorded ? "A recorded run took none of your time. Draw one yourself to see how fast this device is." : "";
      return;
    }
    this.bars.replaceChildren(...PARTS.map(([part, , colour]) => el("span", {
      style: `flex-grow: ${times[part] / all}; background: var(--dn-${colour})` })));
    const seconds = (value) => `${(value / 1000).toFixed(2)} s`;
    const asked = settings.guidance === 1 ? "" : " (twice a step: with the words and without)";
    this.times.textContent = `Text encoder ${seconds(times.text)}; ${{ dit: "transformer", small: "small transformer" }[settings.net] ?? "U-Net"} ${seconds(times.unet)} for ${times.calls} calls${asked}; `
      + `decoder ${seconds(times.decoder)} for ${times.decodes} ${times.decodes === 1 ? "picture" : "pictures"}${this.model.threads > 1 ? `; on ${this.model.threads} threads` : ""}${this.run.weights === "gpu" ? "; on the graphics card" : ""}.`;
  }

  name(ending, run = this.run) {
    const words = run.settings.prompt.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 40) || "no-words";
    return `${words}-seed${run.settings.seed}.${ending}`;
  }

  png() {
    const pixels = this.run.pictures[this.run.steps], side = Math.sqrt(pixels.length / 4);
    const canvas = el("canvas", { width: side, height: side });
    canvas.getContext("2d").putImageData(new ImageData(pixels, side, side), 0, 0);
    canvas.toBlob((blob) => save(blob, this.name("png")));
  }

  async record() {
    const { run } = this, [name, ending] = [this.movie.textContent, filmType().includes("mp4") ? "mp4" : "webm"];
    this.recording = this.movie.disabled = true;
    this.movie.textContent = "Recording …";
    try {
      save(await film(run, this.of), this.name(ending, run));
    } finally {
      this.recording = false;
      this.movie.textContent = name;
      this.movie.disabled = this.picture.disabled;
    }
  }

  json() {
    const { settings, weights, recorded, changed, t, painter } = this.run;
    const whole = { model: "Emoji Diffusion", ...settings, decoder: painter, weights: recorded ? "exact" : weights, timesteps: t, changed };
    save(new Blob([JSON.stringify(whole, null, 2)], { type: "application/json" }), this.name("json"));
  }
}
