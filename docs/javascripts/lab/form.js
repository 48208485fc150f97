// The reader's side: words, settings, the button that loads and draws, and what there is to say about the words.

import { el } from "./dom.js";
import { SAMPLERS } from "./samplers.js";
import { DEFAULT, fitting, NETS, STEPS, problem, warnings, wording } from "./state.js";
import { readable } from "./tokenizer.js";

export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

export class Form {
  /** `on`: {draw(), stop(), words() -> Promise of a Tokenizer, cost() -> bytes that drawing has to load first or null, verb() ->
   *  what it is to draw, changed()}; `styles` as the captions have them; `state`: what to begin with. */
  constructor(styles, state, on) {
    this.on = on;
    this.styles = styles;
    this.tokenizer = null;
    const id = (name) => `dn-lab-${name}`;
    const f = this.fields = {
      prompt: el("textarea", { id: id("prompt"), rows: 2, spellcheck: false, autocomplete: "off", "aria-describedby": id("advice") }),
      style: el("select", { id: id("style") }, ...styles.map((name) => el("option", { value: name, text: name })), el("option", { value: "", text: "as I wrote it" })),
      seed: el("input", { id: id("seed"), type: "text", inputMode: "numeric", autocomplete: "off" }),
      steps: el("select", { id: id("steps") }, ...STEPS.map((n) => el("option", { value: n, text: String(n) }))),
      guidance: el("input", { id: id("guidance"), type: "range", min: 0, max: 12, step: 0.5 }),
      net: el("select", { id: id("net"), "aria-describedby": id("net-says") }, ...Object.entries(NETS).map(([value, { title }]) => el("option", { value, text: title }))),
      sampler: el("select", { id: id("sampler"), "aria-describedby": id("sampler-says") }, ...Object.entries(SAMPLERS).map(([value, { title }]) => el("option", { value, text: title }))),
      negative: el("textarea", { id: id("negative"), rows: 1, spellcheck: false, autocomplete: "off" }),
      second: el("textarea", { id: id("second"), rows: 1, spellcheck: false, autocomplete: "off" }),
      mix: el("input", { id: id("mix"), type: "range", min: 0, max: 1, step: 0.05 }),
      weights: el("select", { id: id("weights") }),
    };
    const label = (name, text) => el("label", { htmlFor: id(name), text });
    this.strength = el("output", { htmlFor: id("guidance") });
    this.way = el("output", { htmlFor: id("mix") });
    this.another = el("button", { type: "button", text: "Another", title: "Another seed", "aria-label": "Another seed" });
    this.go = el("button", { type: "submit", className: "dn-lab__go" });
    this.bar = el("progress", { max: 1, value: 0, hidden: true, "aria-label": "Progress of the download" });
    this.told = el("p", { className: "dn-lab__told" });
    this.heard = el("p", { className: "dn-sr", role: "status" }); // only what is worth interrupting for
    this.trouble = el("p", { className: "dn-lab__trouble", role: "alert" });
    this.read = el("ol", { className: "dn-lab__read", "aria-label": "Tokens of the prompt" });
    this.advice = el("div", { className: "dn-lab__advice", id: id("advice"), "aria-live": "polite" });
    this.weightsRow = el("div", { className: "dn-lab__field dn-lab__field--weights" }, label("weights", "Download"), f.weights);
    this.node = el("form", { className: "dn-lab__form", noValidate: true },
      el("div", { className: "dn-lab__field dn-lab__field--prompt" }, label("prompt", "What would you like to see?"), f.prompt),
      this.read, this.advice,
      this.under = el("div"),
      el("div", { className: "dn-lab__field dn-lab__field--short" }, label("net", "Drawn by"), f.net, this.drawn = el("p", { id: id("net-says"), className: "dn-lab__says" })),
      el("div", { className: "dn-lab__row" },
        el("div", { className: "dn-lab__field" }, label("style", "Style"), f.style),
        el("div", { className: "dn-lab__field" }, label("steps", "Steps"), f.steps),
        el("div", { className: "dn-lab__field" }, label("seed", "Seed"), el("span", { className: "dn-lab__pair" }, f.seed, this.another)),
        el("div", { className: "dn-lab__field dn-lab__field--guidance" },
          el("span", { className: "dn-lab__pair" }, label("guidance", "Guidance"), this.strength), f.guidance)),
      el("details", { className: "dn-lab__more" }, el("summary", { text: "Sampler, negative and second prompt" }), el("div", { className: "dn-lab__opened" },
        el("div", { className: "dn-lab__field dn-lab__field--short" }, label("sampler", "Sampler"), f.sampler, this.about = el("p", { id: id("sampler-says"), className: "dn-lab__says" })),
        el("div", { className: "dn-lab__field" }, label("negative", "What it should keep away from (negative prompt)"), f.negative, this.unheard = el("p", { className: "dn-lab__says" })),
        el("div", { className: "dn-lab__field" }, label("second", "Second prompt, mixed with the first"), f.second),
        this.mixing = el("div", { className: "dn-lab__field" }, el("span", { className: "dn-lab__pair dn-lab__pair--apart" }, label("mix", "Mix"), this.way), f.mix))),
      this.more = el("div", { className: "dn-lab__from" }),
      el("div", { className: "dn-lab__start" }, this.go, this.weightsRow), this.bar, this.told, this.heard, this.trouble);

    this.node.addEventListener("submit", (event) => { event.preventDefault(); this.busy ? on.stop() : this.submit(); });
    for (const field of [f.prompt, f.negative, f.second]) {
      field.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        if (!this.busy) this.submit();
      });
    }
    this.another.addEventListener("click", () => { f.seed.value = (Number(f.seed.value) + 1) % 2 ** 32 || 0; this.say(""); this.changed(); });
    f.net.addEventListener("input", () => { // a network that learned to draw in its own way brings it along, and takes it away with it
      if (NETS[this.net].steps || NETS[f.net.value].steps) for (const [name, value] of Object.entries(fitting(f.net.value))) f[name].value = value;
      this.net = f.net.value;
    });
    this.node.addEventListener("input", () => this.changed());
    f.prompt.addEventListener("focus", () => this.learn(), { once: true });
    this.state = state;
  }

  get state() {
    const f = this.fields;
    return { prompt: f.prompt.value, style: f.style.value, negative: f.negative.value, second: f.second.value, mix: Number(f.mix.value), seed: f.seed.value.trim(),
      steps: Number(f.steps.value), guidance: Number(f.guidance.value), net: f.net.value, sampler: f.sampler.value, weights: f.weights.value || this.weights };
  }

  set state(values) {
    for (const [name, field] of Object.entries(this.fields)) field.value = values[name];
    this.net = values.net;
    this.weights = values.weights; // until the sizes are known, and with them what there is to choose
    if (values.negative || values.second || values.sampler !== DEFAULT.sampler) this.node.querySelector(".dn-lab__more").open = true;
    this.changed();
  }

  /** `choices`: [{value, text, bytes}] of what can be loaded. */
  offer(choices) {
    const chosen = this.fields.weights.value || this.weights, texts = choices.map(({ text, bytes }) => `${text}${bytes ? `, ${megabytes(bytes)}` : ""}`);
    this.choices = choices;
    if ([...this.fields.weights.options].map(({ text }) => text).join() !== texts.join()) {
      this.fields.weights.replaceChildren(...choices.map(({ value }, i) => el("option", { value, text: texts[i] })));
      this.fields.weights.value = chosen;
    }
    this.dress();
  }

  /** The button says what a press does, and what it costs. */
  dress() {
    const [bytes, verb] = [this.on.cost(), this.on.verb()];
    const what = bytes && bytes < 8e6 ? `Load ${megabytes(bytes)} more` : `Load the model${bytes ? ` (${megabytes(bytes)})` : ""}`;
    const name = this.busy ? "Stop" : bytes === 0 ? verb : `${what} and ${verb[0].toLowerCase()}${verb.slice(1)}`;
    if (this.go.textContent !== name) this.go.textContent = name;
    this.go.disabled = !this.choices;
  }

  changed() {
    const f = this.fields;
    this.strength.textContent = `${this.state.guidance}${{ 0: " (ignores the words)", 1: " (off)" }[this.state.guidance] || ""}`;
    const { mix, second } = this.state;
    this.mixing.hidden = !second.trim();
    this.way.textContent = mix === 0 ? "the first alone" : mix === 1 ? "the second alone" : `${Math.round(100 * mix)} % of the way to the second`;
    f.mix.setAttribute("aria-valuetext", this.way.textContent);
    this.unheard.textContent = this.state.guidance === 1 && this.state.negative.trim() ? "Guidance is off, and without it the network is never asked about these words. Turn it up, and they count." : "";
    this.about.textContent = SAMPLERS[this.state.sampler].says;
    this.drawn.textContent = NETS[this.state.net].says;
    this.trouble.textContent = "";
    for (const field of Object.values(this.fields)) field.removeAttribute("aria-invalid");
    this.dress();
    this.on.changed();
    clearTimeout(this.wait);
    this.wait = setTimeout(() => this.explain(), 250);
  }

  /** Fetches the tokenizer's small file, so that words can be shown as tokens before there is a model. */
  async learn() {
    this.tokenizer ??= await this.on.words().catch(() => null);
    this.explain();
  }

  explain() {
    const words = wording(this.state), long = [...words].length > 4000;
    const tokens = this.tokenizer && !long ? this.tokenizer.encode(words) : null;
    const pieces = tokens ? this.tokenizer.words(words).flatMap((word) => word.tokens) : [];
    const room = tokens ? Math.min(this.tokenizer.of.length - 1, NETS[this.state.net].reads ?? Infinity) - 1 : 0; // behind the start mark
    this.read.replaceChildren(...pieces.slice(0, room + 8).map((token, i) => el("li", {
      text: readable(token), className: [i >= room ? "dn-lab__lost" : "", token.endsWith("</w>") ? "" : "dn-lab__open"].join(" ").trim() })));
    if (pieces.length > room + 8) this.read.append(el("li", { text: `and ${pieces.length - room - 8} more`, className: "dn-lab__lost" }));
    this.advice.replaceChildren(...warnings(`${this.state.prompt} ${this.state.second}`.slice(0, 4000), tokens).map((sentence) => el("p", { text: sentence })));
  }

  submit() {
    const found = problem(this.state);
    if (found) {
      this.trouble.textContent = found.sentence;
      this.fields[found.field].setAttribute("aria-invalid", "true");
      this.fields[found.field].focus();
      return;
    }
    this.trouble.textContent = "";
    this.on.draw();
  }

  say(text, quietly = false) {
    this.told.textContent = text;
    if (!quietly) this.heard.textContent = text;
  }

  /** Download's progress: bytes that came, of how many, and how many those are over the line, which is what the button said;
   *  null ends it. */
  progress(came, all, line) {
    this.bar.hidden = came === null;
    if (came === null) return;
    if (all) this.bar.value = Math.min(1, came / all);
    else this.bar.removeAttribute("value");
    this.say(all ? `${(Math.min(1, came / all) * line / 1e6).toFixed(1)} of ${(line / 1e6).toFixed(1)} MB` : `${(came / 1e6).toFixed(1)} MB`, came > 0);
  }
}
