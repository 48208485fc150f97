// The open box: a typed prompt, the whole of Stable Diffusion in a worker of this page, and every tensor to look at.
// Before anything large is loaded it shows runs that were recorded when the site was built. Data:
//   <base>.data.json of lab/runs (recorded runs) and, beside it, graphs.data.json of lab/graphs (what the model is made of) and
//   pictures.data.json of lab/pictures (what one may begin with)

import { Bench } from "../lab/bench.js";
import { breathe, el, painted } from "../lab/dom.js";
import { bytesOf } from "../lab/files.js";
import { Form } from "../lab/form.js";
import { graphicsCard, Model } from "../lab/model.js";
import { Painter } from "../lab/painter.js";
import { Picture } from "../lab/picture.js";
import { Report } from "../lab/report.js";
import { live, recorded } from "../lab/run.js";
import { alphaBar, timesteps } from "../lab/schedule.js";
import { quick, Sketch } from "../lab/sketch.js";
import { Stage } from "../lab/stage.js";
import { asked, FIRST, fromAddress, problem, sameWords, says, toAddress } from "../lab/state.js";
import { Tour } from "../lab/tour.js";
import { Tokenizer } from "../lab/tokenizer.js";
import { Vectors } from "../lab/vectors.js";
import { onColours } from "../parts.js";

const SITE = new URL("../../", import.meta.url); // the site's root
const NAMES = { compact: "rounded weights", exact: "exact weights", gpu: "rounded, on the graphics card" };
const WATCH = 4; // while it runs, every so many bets are decoded

const json = async (url) => {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status} ${url}`);
  return answer.json();
};

export default async function mount(host, { src, reducedMotion }) {
  const base = src.replace(/\.data\.json$/, "");
  const beside = (name) => new URL(name, src).href;
  const [records, of, starts] = await Promise.all([json(src), json(beside("graphs.data.json")), json(beside("pictures.data.json"))]);
  const levels = [...alphaBar(of.schedule)];
  const known = { styles: of.styles, decoders: of.decoders.map(({ name }) => name), pictures: starts.pictures.map(({ name }) => name), cells: of.latent[1] * of.latent[2] };
  const able = typeof WebAssembly === "object" && typeof Worker === "function";
  const model = new Model(of, (name) => beside(`graphs.${name}`), SITE);
  let run = null; // what is on show
  let task = 0; // the newest draw or decode; older ones give way
  let kinds = null; // of weights that are on offer, once their sizes are known
  let ready = false; // is everything there that is to be on the page?

  // ---- parts
  const pick = el("select", { id: "dn-lab-record" }, el("option", { value: "", text: "choose one", disabled: true }), ...records.runs.map(({ prompt }, i) => el("option", { value: i, text: prompt })));
  const shelf = el("div", { className: "dn-lab__shelf" }, el("label", { htmlFor: "dn-lab-record", text: "Recorded runs" }), pick);
  const begun = fromAddress(says(location.search) ? location.search : FIRST, known);
  const parts = () => [...model.drawing(painter.name, form.state.net), ...(picture.chosen && !picture.chosen.latent ? ["encoder"] : [])];
  const form = new Form(of.styles, begun, {
    draw: () => draw(),
    stop: () => (model.loading ? model.end("The download was stopped. Whole files that have arrived are kept.") : model.call("stop")),
    words: async () => new Tokenizer(JSON.parse(new TextDecoder().decode(await bytesOf(model.url("tokenizer"))))),
    cost: () => (ready ? model.bytes(parts(), form.state.weights) : null),
    verb: () => (ready && picture.chosen ? "Draw from the picture" : "Draw"),
    changed: () => { if (ready) { choices(); picture.follow({ ...form.state, decoder: painter.name }); vectors.follow(); sketch.changed(); } },
  });
  const loading = { progress: (...bytes) => form.progress(...bytes), say: (text) => form.say(text, true) };
  const painter = new Painter(of.decoders, {
    chosen: () => { repaint(); dress(); },
    load: () => alone(() => model.need([painter.name], form.state.weights, loading)).then(repaint),
    cost: () => model.bytes([painter.name], form.state.weights),
  });
  await breathe();
  const picture = new Picture(starts, beside("pictures"), { ...of, preview: records.preview }, {
    able,
    level: (step, steps) => levels[timesteps(of.schedule.T, steps)[step]],
    time: (step, steps) => timesteps(of.schedule.T, steps)[step],
    changed: () => { if (ready) { form.dress(); sketch.changed(); } },
    cost: () => model.bytes(["encoder", painter.name], form.state.weights),
    encode: (pixels) => alone(async () => {
      await model.need(["encoder", painter.name], form.state.weights, loading);
      return model.ask("encode", { pixels });
    }, true),
    decode: async (latent) => (model.has.has(painter.name) ? (await model.ask("decode", { latent, decoder: painter.name })).picture : null),
  });
  const vectors = new Vectors({
    able,
    cost: () => model.bytes(["tokenizer", "text"], form.state.weights),
    load: () => alone(() => model.need(["tokenizer", "text"], form.state.weights, loading)),
    words: () => { const { prompt, second, mix, net } = asked(whole()); return { prompt, second, mix, net }; },
    read: (settings) => model.ask("read", { settings }),
  });
  const sketch = new Sketch({ ...of, preview: records.preview }, {
    loaded: () => model.has.size > 0 && !model.missing(parts(), form.state.weights).length,
    free: () => !form.busy && !problem(form.state),
    atWork: () => bench.node.open && run.finished && stage.at < run.steps, // words typed now may be meant for going on
    net: () => form.state.net,
    draw: quickly,
    stop: () => model.call("stop"),
  });
  await breathe();
  const stage = new Stage(records, { moved: (i) => moved(i), reducedMotion });
  const bench = new Bench({ ...of, preview: records.preview }, { able, goOn: () => draw(stage.at), net: () => form.state.net });
  const report = new Report({
    of: records, model,
    link: () => new URL(toAddress(whole()), location.href.split(/[?#]/)[0]).href,
    difference: `Run it in a clone of the repository. Its weights are exact, those here are rounded: the pictures differ by ${host.dataset.levels} of 255 levels on average, measured on recorded prompts.`,
    little: "Run it in a clone of the repository. This network is the same there, the text encoder here is rounded: the pictures differ a little.",
  });

  // ---- what is on show
  const whole = () => ({ ...form.state, decoder: painter.name, typing: sketch.typing, ...picture.state });

  function dress() {
    choices();
    form.dress();
    picture.follow({ ...form.state, decoder: painter.name });
    painter.dress(able && !form.busy && !run.pictures[Math.max(run.first, run.reached)] && run.finished && !model.has.has(run.painter), form.busy || !able, run.painter !== painter.name);
    vectors.follow();
    bench.dress(form.busy);
    sketch.dress();
    if (!form.busy) picture.paint(); // its decoder may have come in the meantime
  }

  /** What there is to choose among, with what it weighs for the network and the decoder of the form. */
  function choices() {
    const parts = model.drawing(painter.name, form.state.net);
    if (kinds) form.offer(kinds.map((value) => ({ value, text: NAMES[value], bytes: model.bytes(parts, value, { missing: false }) })));
  }

  /** Something that loads, with the form's button to stop it and its line for what goes wrong; `pass` hands that on as well. */
  async function alone(work, pass = false) {
    if (form.busy) return work();
    form.busy = true;
    form.trouble.textContent = "";
    dress();
    try {
      return await work();
    } catch (error) {
      if (pass) throw error;
      form.trouble.textContent = error.message;
      return null;
    } finally {
      form.say("");
      form.busy = false;
      dress();
    }
  }

  /** The run on show by the decoder that was chosen: what it has painted, else the latents until it has. */
  function repaint() {
    if (run.painter !== painter.of(run, model.has)) {
      task += 1;
      run.paint(painter.of(run, model.has));
    }
    stage.show(false);
    report.show(run);
    if (!form.busy) decodeRest(stage.at);
  }

  const open = (next, options) => {
    run = next;
    pick.value = run.recorded ? records.runs.findIndex(({ prompt }) => prompt === run.settings.prompt) : "";
    if (run.finished && run.painter !== painter.of(run, model.has)) run.paint(painter.of(run, model.has));
    stage.open(run, options);
    report.show(run);
    if (ready) dress();
  };

  function moved(i) {
    bench.open(run, i);
    sketch.dress();
    if (run.finished && !form.busy) decodeRest(i);
  }

  /** Bets that were not decoded while it ran, the nearest first, one at a time so that a new draw need not wait. */
  async function decodeRest(i) {
    const [mine, own, decoder] = [++task, run, run.painter], pictures = own.pictures;
    if (!model.has.has(decoder) || (own.quick && i === own.steps && pictures[i])) return; // the next sketch need not wait for the rest
    const left = pictures.map((_, k) => k).filter((k) => !pictures[k] && own.x0[k]).sort((a, b) => Math.abs(a - i) - Math.abs(b - i));
    for (const k of left) {
      try {
        pictures[k] = (await model.ask("decode", { latent: own.x0[k], decoder })).picture;
      } catch { return; }
      if (mine !== task) return;
      if (own === run && stage.at === k) {
        host.dataset.painted = decoder;
        report.show(run);
        painter.dress(false, form.busy);
        stage.show(false);
        return; // which starts anew from where the slider is
      }
    }
  }

  // ---- loading and drawing
  /** A whole run; or, with `from`, the rest of the one on show from that step, with what the form says now. */
  async function draw(from = null) {
    const [state, before, draft, cells, other] = [whole(), run, bench.tensors.draft, bench.tensors.cells, bench.from];
    const settings = asked(state);
    if (from !== null) Object.assign(settings, { steps: before.steps, seed: before.settings.seed, picture: before.settings.picture });
    task += 1; // what is being decoded for the run on show gives way
    sketch.end();
    form.busy = true;
    dress();
    pick.disabled = true;
    form.trouble.textContent = "";
    let start = from === null ? null : before.start;
    try {
      await model.need(from === null ? parts() : model.drawing(painter.name, state.net), state.weights, loading);
      host.dataset.model = state.weights;
      if (from === null && picture.chosen) {
        await picture.need();
        [start, settings.picture] = [picture.start, picture.settings];
      }
      form.say("Reading the words …");
      const past = from !== null && !cells && sameWords(settings, before.settings) ? before.behind(from) : []; // a bet on something else tells nothing
      await follow(settings, from === null ? { from: settings.picture?.from ?? 0, start } : { from, before, start, xt: draft || before.xt[from], past, cells, other });
      if (from === null) history.replaceState(history.state, "", toAddress(state));
    } catch (error) {
      form.say("");
      form.trouble.textContent = error.message;
      if (run !== before && !run.finished) open(before);
    } finally {
      form.busy = pick.disabled = false;
      dress();
    }
    if (run.finished) decodeRest(stage.at);
  }

  /** A sketch of what the form says; `show(run)` at each step. */
  async function quickly(show) {
    const state = whole(), settings = { ...asked(state), ...quick(state.net) };
    task += 1;
    if (picture.chosen) settings.picture = picture.settingsAt(settings.steps);
    await follow(settings, { from: settings.picture?.from ?? 0, start: picture.chosen && picture.start, quick: true }, show);
    history.replaceState(history.state, "", toAddress(state));
  }

  async function follow(settings, given, show = () => {}) {
    const clock = performance.now();
    await live(model, settings, { ...given, levels, watch: given.quick ? 0 : WATCH, weights: form.state.weights }, (kind, next) => {
      if (kind === "step" && !given.quick) form.say(`Step ${next.reached + 1} of ${settings.steps}`, true);
      if (kind === "step" && run !== next) {
        open(next, { live: true });
        if (!given.quick) stage.reveal();
      } else if (kind !== "stopped") stage.grown();
      const count = given.quick ? "sketched" : "drawn";
      if (kind !== "stopped") show(next);
      if (kind === "end") {
        host.dataset[count] = String(Number(host.dataset[count] || 0) + 1);
        form.say(given.quick ? "" : `Drawn in ${((performance.now() - clock) / 1000).toFixed(1)} seconds.`);
      } else if (kind === "stopped") form.say(given.quick ? "" : "Stopped.");
      if ((kind === "end" || kind === "stopped") && run === next) report.show(next);
    });
  }

  // ---- listeners
  async function choose(i) {
    try {
      const next = await recorded(records, base, i);
      if (Number(pick.value) === i && !form.busy) open(next);
    } catch {
      form.trouble.textContent = "This recorded run could not be loaded. Choose another one, or this one again.";
    }
  }
  pick.addEventListener("change", () => choose(Number(pick.value)));
  const sameColours = onColours(() => { bench.tensors.show(); vectors.show(); });
  const set = (state) => {
    form.state = state;
    painter.name = state.decoder;
    sketch.typing = state.typing;
    repaint();
    return picture.restore(state).then(() => { host.dataset.picture = state.picture; dress(); });
  };
  const tour = new Tour({ go: (search) => set({ ...fromAddress(search, known), weights: form.state.weights }) });
  const leap = (event) => { // links of this page to itself with other settings set the form
    const link = event.target.closest?.("a[href]");
    if (!link?.search || link.hash || link.origin + link.pathname !== location.origin + location.pathname) return;
    event.preventDefault();
    event.stopPropagation();
    tour.follow(link);
    set({ ...fromAddress(link.search, known), weights: form.state.weights });
    host.scrollIntoView({ block: "start", behavior: reducedMotion ? "auto" : "smooth" });
    (tour.node.hidden || tour.next.disabled ? form.go : tour.next).focus({ preventScroll: true });
  };
  const article = host.closest("article") || host.parentNode;
  article.addEventListener("click", leap, true);

  // ---- begin
  form.under.append(sketch.node, vectors.node);
  form.more.append(picture.node);
  stage.below.append(painter.node);
  open(await recorded(records, base, 0)); // the still picture stays until there is something better to show
  await breathe();
  const box = el("div", { className: "dn-lab" }, tour.node, form.node);
  host.replaceChildren(box);
  host.setAttribute("role", "group");
  host.setAttribute("aria-label", "The open box");
  ready = true;
  set(begun);
  for (const parts of [[shelf, stage.node], [bench.node, report.node]]) { // laid out one after the other
    await painted();
    box.append(...parts);
  }
  if (!able) {
    form.trouble.textContent = "This browser cannot run WebAssembly, so it cannot draw. The recorded runs below work all the same.";
  } else {
    const offer = (some) => model.weigh(some).then(() => { kinds = some; dress(); });
    offer(["compact", "exact"]).then(graphicsCard).then((card) => card && offer(Object.keys(NAMES))); // a browser may think about cards for long
  }

  return () => {
    model.end();
    stage.close();
    sameColours();
    article.removeEventListener("click", leap, true);
  };
}
