// What is seen of a run: the noisy latent and the picture that the model bets on, at any step, and where a word was read.

import { el } from "./dom.js";
import { preview, put, veil } from "./paint.js";
import { SAMPLERS } from "./samplers.js";
import { NETS } from "./state.js";

const BEAT = 160; // milliseconds a step while it plays
const CALM = 500; // how long the slider rests before its place is said aloud

export class Stage {
  /** `of`: {preview, pixels}; `on`: {moved(i), pages: reducedMotion} */
  constructor(of, { moved, reducedMotion }) {
    Object.assign(this, { of, moved, reducedMotion, run: null, word: null, timer: 0 });
    this.about = el("p", { className: "dn-lab__about" });
    this.has = el("canvas", { width: 16, height: 16, className: "dn-pixels", role: "img", "aria-label": "Noisy latent" });
    this.bets = el("canvas", { width: of.pixels, height: of.pixels, role: "img", "aria-label": "The model's bet" });
    const panel = (canvas, colour, title, text) => el("div", { className: `dn-lab__panel dn-lab__panel--${colour}` }, canvas,
      el("p", {}, el("strong", { text: title }), " ", text));
    this.caption = el("span", { text: "the picture it would give if it had to stop now" });
    this.slider = el("input", { type: "range", min: 0, step: 1, value: 0, id: "dn-lab-step" });
    this.play = el("button", { type: "button", className: "dn-lab__play", text: "Play" });
    this.reading = el("p", { className: "dn-readout dn-lab__reading" });
    this.words = el("div", { className: "dn-lab__words", role: "group", "aria-label": "Show where a word was read" });
    this.share = el("p", { className: "dn-lab__share", "aria-live": "polite" });
    this.said = el("p", { className: "dn-sr", "aria-live": "polite" });
    this.node = el("section", { className: "dn-lab__stage", "aria-label": "The run" }, this.about,
      this.panels = el("div", { className: "dn-lab__panels" },
        panel(this.has, "latent", "What it has", this.holds = el("span")),
        panel(this.bets, "prediction", "What it bets on", this.caption)),
      this.below = el("div"),
      el("div", { className: "dn-lab__time" }, this.play, el("label", { className: "dn-sr", htmlFor: "dn-lab-step", text: "Step" }), this.slider),
      this.reading,
      el("p", { className: "dn-lab__ask", text: "Where was each word read?" }), this.words, this.share, this.said);

    this.slider.addEventListener("input", () => { this.pause(); this.follow = false; this.show(); });
    this.play.addEventListener("click", () => this.press());
    this.leaving = new IntersectionObserver(([entry]) => { if (!entry.isIntersecting) this.pause(); });
    this.leaving.observe(this.node);
  }

  get at() {
    return Number(this.slider.value);
  }

  /** Shows another run, from step `at` (by default its last). `live`: more steps will come, and the slider goes with them. */
  open(run, { live = false, at = run.reached } = {}) {
    this.pause();
    this.run = run;
    this.follow = live;
    Object.assign(this.slider, { min: run.first, max: run.steps });
    this.slider.value = Math.max(run.first, at);
    const { prompt, second, mix, seed, steps, net, sampler, guidance, negative, picture } = run.settings;
    const by = run.recorded ? "Recorded when this site was built" : `${run.quick ? "A quick sketch while you typed" : "Drawn in this browser"}${picture ? `, from ${picture.name ? `the ${picture.name}` : "your picture"} under noise${picture.mask ? ", in part" : ""}` : ""}`;
    this.about.replaceChildren(el("strong", { text: second ? `“${prompt}”, ${Math.round(100 * mix)} % of the way to “${second}”` : prompt ? `“${prompt}”` : "No words" }), el("span", {
      text: `${by}. Seed ${seed}, ${steps} ${steps === 1 ? "step" : "steps"} of ${SAMPLERS[sampler].title}${net ? ` ${NETS[net].by}` : ""}, guidance ${guidance}${negative ? `, away from “${negative}”` : ""}.` }));
    const before = this.word?.text;
    this.word = run.words.find((word) => word.text === before) || null;
    this.words.replaceChildren(...run.words.map((word) => el("button", {
      type: "button", text: word.text, className: word.mark ? "dn-lab__mark" : "", "aria-pressed": String(word === this.word),
      onclick: (event) => this.choose(word, event.currentTarget) })));
    this.show(false);
  }

  /** Brings the pictures onto the screen, by the shortest way, where there is no room for form and pictures at once. */
  reveal() {
    const { top, bottom } = this.panels.getBoundingClientRect();
    if (top >= 0 && bottom <= innerHeight) return;
    this.panels.scrollIntoView({ block: "center", behavior: this.reducedMotion ? "auto" : "smooth" });
  }

  /** A live run has come further. */
  grown() {
    if (this.follow) this.slider.value = Math.max(this.run.first, this.run.reached);
    this.show(this.run.finished);
  }

  choose(word, button) {
    this.word = this.word === word ? null : word;
    for (const other of this.words.children) other.setAttribute("aria-pressed", String(other === button && this.word === word));
    this.show(false);
  }

  show(aloud = true) {
    const { run } = this;
    if (!run) return;
    const i = Math.min(this.at, Math.max(run.first, run.reached));
    if (i !== this.at) this.slider.value = i;
    const end = i === run.steps;
    if (run.xt[i]) preview(this.has, run.xt[i], this.of.preview);
    const rough = !run.pictures[i];
    if (!rough) put(this.bets, run.pictures[i], this.of.pixels);
    else if (run.x0[i]) preview(this.bets, run.x0[i], this.of.preview);
    this.attend(i, rough);
    this.holds.textContent = `${end ? "the finished latent" : "a noisy latent"}, as coloured squares`;
    this.caption.textContent = end ? (rough ? "the finished latent, not painted yet" : "the finished picture") : rough && run.x0[i] ? "the clean latent it would answer, not painted yet"
      : "the picture it would give if it had to stop now";
    const place = end ? "finished" : `step ${i + 1} of ${run.steps}`;
    const noise = end ? "" : `, t = ${run.t[i]}, ${(100 * (1 - run.levels[i])).toFixed(run.levels[i] > 0.9 ? 1 : 0)} % noise`;
    this.reading.textContent = `${place}${noise}`;
    this.slider.setAttribute("aria-valuetext", `${place}${noise}`);
    this.has.setAttribute("aria-label", end ? "The finished latent" : `Noisy latent, ${place}`);
    this.bets.setAttribute("aria-label", `${end ? "The finished picture" : "The model's bet"} for “${run.settings.prompt}”${end ? "" : `, ${place}`}`);
    this.label();
    clearTimeout(this.calm);
    if (aloud) this.calm = setTimeout(() => { this.said.textContent = `${place}${noise}`; }, CALM);
    this.moved(i);
  }

  /** The chosen word's map over the bet. */
  attend(i, rough) {
    const found = this.word && this.run.read(i, this.word);
    this.share.textContent = "";
    if (!found) {
      if (this.word) this.share.textContent = "This step was taken before these words came in.";
      return;
    }
    if (!found.shares.some(Boolean)) { // beyond what a network reads of a long prompt
      this.share.textContent = `“${this.word.text}” is not among the words that this network is given.`;
      return;
    }
    if (rough) { // enlarge the squares first, so that the map's own cells fit on them
      const small = document.createElement("canvas");
      Object.assign(small, { width: this.bets.width, height: this.bets.height });
      small.getContext("2d").drawImage(this.bets, 0, 0);
      Object.assign(this.bets, { width: this.of.pixels, height: this.of.pixels });
      const context = this.bets.getContext("2d");
      context.imageSmoothingEnabled = false;
      context.drawImage(small, 0, 0, this.of.pixels, this.of.pixels);
    }
    veil(this.bets, found.shares);
    const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
    this.share.textContent = `Bright cells read “${this.word.text}” most: ${percent(Math.max(...found.shares))} of their attention to the prompt, `
      + `the darkest ${percent(Math.min(...found.shares))}; ${found.side} × ${found.side} cells, mean of the heads.`;
  }

  label() {
    const end = this.at >= this.run.reached;
    const name = this.reducedMotion ? (end ? "Start again" : "Next step") : this.timer ? "Pause" : "Play";
    if (this.play.textContent !== name) this.play.textContent = name;
  }

  pause() {
    clearInterval(this.timer);
    this.timer = 0;
    if (this.run) this.label();
  }

  press() {
    if (this.timer) return this.pause();
    this.follow = false;
    const end = this.at >= this.run.reached;
    if (this.reducedMotion) {
      this.slider.value = end ? this.run.first : this.at + 1;
      return this.show();
    }
    if (end) this.slider.value = this.run.first;
    this.timer = setInterval(() => {
      this.slider.value = this.at + 1;
      const done = this.at >= this.run.reached;
      if (done) this.pause();
      this.show(done);
    }, BEAT);
    return this.show(false);
  }

  close() {
    this.pause();
    clearTimeout(this.calm);
    this.leaving.disconnect();
  }
}
