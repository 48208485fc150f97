// The open box: a typed prompt, the whole of Stable Diffusion in a worker of this page, and every tensor to look at.
// Before anything large is loaded it shows runs that were recorded when the site was built. Data:
//   <base>.data.json of lab/runs (recorded runs) and, beside it, graphs.data.json of lab/graphs (what the model is made of)

import { Client } from "../lab/client.js";
import { el } from "../lab/dom.js";
import { bytesOf, sizes } from "../lab/files.js";
import { Form } from "../lab/form.js";
import { Report } from "../lab/report.js";
import { Run, recorded } from "../lab/run.js";
import { alphaBar } from "../lab/schedule.js";
import { Stage } from "../lab/stage.js";
import { asked, fromAddress, toAddress } from "../lab/state.js";
import { Tensors } from "../lab/tensors.js";
import { Tokenizer } from "../lab/tokenizer.js";

const SITE = new URL("../../", import.meta.url); // the site's root
const RUNTIME = {
  script: new URL("assets/vendor/onnxruntime/ort.wasm.bundle.min.mjs", SITE).href,
  wasm: new URL("assets/vendor/onnxruntime/ort-wasm-simd-threaded.wasm", SITE).href,
};
const NAMES = { compact: "rounded weights", exact: "exact weights" };
const PARTS = { runtime: "the runtime", text: "the text encoder", unet: "the U-Net", decoder: "the decoder" };
const WATCH = 4; // while it runs, every so many bets are decoded

const json = async (url) => {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status} ${url}`);
  return answer.json();
};

/** Asks the service worker, if there is one, to keep what was loaded; it may not have been in charge yet. */
function keep(urls) {
  navigator.serviceWorker?.controller?.postMessage({ keep: urls });
}

export default async function mount(host, { src, reducedMotion }) {
  const base = src.replace(/\.data\.json$/, "");
  const graphs = (name) => new URL(`graphs.${name}`, src).href;
  const [records, model] = await Promise.all([json(src), json(graphs("data.json"))]);
  const levels = [...alphaBar(model.schedule)];
  const able = typeof WebAssembly === "object" && typeof Worker === "function";
  const client = new Client();
  let run = null; // what is on show
  let task = 0; // the newest draw or decode; older ones give way
  let loading = false;

  // ---- parts
  const pick = el("select", { id: "dn-lab-record" }, el("option", { value: "", text: "choose one", disabled: true }), ...records.runs.map(({ prompt }, i) => el("option", { value: i, text: prompt })));
  const shelf = el("div", { className: "dn-lab__shelf" }, el("label", { htmlFor: "dn-lab-record", text: "Recorded runs" }), pick);
  const form = new Form(model.styles, {
    draw: () => draw(),
    stop: () => (loading ? client.end("The download was stopped. Whole files that have arrived are kept.") : client.call("stop")),
    words: async () => new Tokenizer(JSON.parse(new TextDecoder().decode(await bytesOf(graphs(model.tokenizer))))),
  });
  const stage = new Stage(records, { moved: (i) => moved(i), reducedMotion });
  const tensors = new Tensors(model.latent, { edited: () => offerToGoOn() });
  const report = new Report({
    of: records,
    link: () => new URL(toAddress(form.state), location.href.split(/[?#]/)[0]).href,
    difference: `Run it in a clone of the repository. Its weights are exact, those here are rounded: the pictures differ by ${host.dataset.levels} of 255 levels on average, measured on the recorded prompts.`,
  });
  const onward = el("button", { type: "button", className: "dn-lab__onward" });
  const undo = el("button", { type: "button", text: "Undo" });
  const hint = el("p", { className: "dn-lab__hint" });
  const bench = el("details", { className: "dn-lab__bench" }, el("summary", { text: "Open the latent, change it, go on from here" }),
    tensors.node, el("div", { className: "dn-lab__take" }, onward, undo), hint);

  // ---- what is on show
  const open = (next, options) => {
    run = next;
    pick.value = run.recorded ? records.runs.findIndex(({ prompt }) => prompt === run.settings.prompt) : "";
    stage.open(run, options);
    report.show(run);
  };

  function moved(i) {
    tensors.open(run, i);
    offerToGoOn();
    if (run.finished && !form.busy) decodeRest(i);
  }

  function offerToGoOn() {
    const i = stage.at, open = run.finished && i < run.steps;
    onward.disabled = !open || form.busy || !able;
    onward.textContent = `Go on from step ${Math.min(i + 1, run.steps)} with the words above`;
    undo.hidden = !tensors.cells;
    hint.textContent = !able ? "" : !open ? "Move the slider to a step before the end."
      : tensors.cells ? `${tensors.cells} cells of this latent are changed.` : "Change cells with a tool, or type other words, and go on from this step.";
  }

  /** Bets that were not decoded while it ran, the nearest first, one at a time so that a new draw need not wait. */
  async function decodeRest(i) {
    if (run.recorded || !client.loaded) return;
    const [mine, own] = [++task, run];
    const left = own.pictures.map((_, k) => k).filter((k) => !own.pictures[k] && own.x0[k]).sort((a, b) => Math.abs(a - i) - Math.abs(b - i));
    for (const k of left) {
      try {
        await client.call("decode", { latent: own.x0[k] }, (_, { picture }) => { own.pictures[k] = picture; });
      } catch { return; }
      if (mine !== task) return;
      if (own === run && stage.at === k) {
        stage.show(false);
        return; // which starts anew from where the slider is
      }
    }
  }

  // ---- loading and drawing
  const listed = (weights) => ({ ...Object.fromEntries(Object.entries(model.graphs[weights]).map(([part, name]) => [part, graphs(name)])), tokenizer: graphs(model.tokenizer) });
  let total = {};

  async function load(weights) {
    const files = listed(weights);
    let came = 0;
    form.progress(0, total[weights]);
    loading = true;
    client.loaded = form.ready = null;
    try {
      await client.call("load", { of: model, files, runtime: RUNTIME }, (kind, what) => {
        if (kind === "bytes") form.progress(came += what.bytes, total[weights]);
        else form.say(`Starting ${PARTS[what.part]} …`, true);
      });
    } finally {
      loading = false;
      form.progress(null);
    }
    client.loaded = form.ready = weights;
    host.dataset.model = weights;
    keep([...Object.values(files), RUNTIME.script, RUNTIME.wasm]);
  }

  /** A whole run; or, with `from`, the rest of the one on show from that step, with what the form says now. */
  async function draw(from = null) {
    const [state, before, draft, cells] = [form.state, run, tensors.draft, tensors.cells];
    const settings = asked(state);
    if (from !== null) settings.steps = before.steps;
    task += 1; // what is being decoded for the run on show gives way
    form.busy = true;
    form.dress();
    onward.disabled = pick.disabled = true;
    form.trouble.textContent = "";
    try {
      if (client.loaded !== state.weights) await load(state.weights);
      form.say("Reading the words …");
      await follow(settings, from === null ? {} : { from, before, xt: draft || before.xt[from], cells });
      if (from === null) history.replaceState(history.state, "", toAddress(state));
    } catch (error) {
      form.say("");
      form.trouble.textContent = error.message;
      if (error.fatal) client.end(); // what it held in memory goes with it
      if (!client.loaded) form.ready = null;
      if (run !== before && !run.finished) open(before);
    } finally {
      form.busy = pick.disabled = false;
      form.dress();
      offerToGoOn();
    }
    if (run.finished) decodeRest(stage.at);
  }

  async function follow(settings, { from = 0, before = null, xt = null, cells = 0 }) {
    let next = null;
    const start = performance.now();
    await client.call("run", { settings, from, xt, watch: WATCH }, (kind, what) => {
      const times = next?.times;
      if (kind === "text") {
        next = new Run(settings, [...what.timesteps.map((t) => levels[t]), 1], what.timesteps, what.tokens);
        next.weights = client.loaded;
        next.times.text = what.milliseconds;
        if (before) {
          next.changed = { step: from, cells };
          for (let i = 0; i < from; i++) [next.xt[i], next.x0[i], next.pictures[i]] = [before.xt[i], before.x0[i], before.pictures[i]];
        }
      } else if (kind === "step") {
        Object.assign(next, { reached: what.i });
        [next.xt[what.i], next.x0[what.i], next.attention[what.i]] = [what.xt, what.x0, what.attention];
        times.unet += what.milliseconds;
        times.calls += settings.guidance === 1 ? 1 : 2;
        form.say(`Step ${what.i + 1} of ${settings.steps}`, true);
        if (run !== next) {
          open(next, { live: true });
          stage.reveal();
        } else stage.grown();
      } else if (kind === "picture") {
        next.pictures[what.i] = what.picture;
        times.decoder += what.milliseconds;
        times.decodes += 1;
        stage.grown();
      } else if (kind === "end") {
        next.xt[next.steps] = next.x0[next.steps] = what.xt;
        next.pictures[next.steps] = what.picture;
        times.decoder += what.milliseconds;
        times.decodes += 1;
        next.reached = next.steps;
        stage.grown();
        report.show(next);
        host.dataset.drawn = String(Number(host.dataset.drawn || 0) + 1);
        form.say(`Drawn in ${((performance.now() - start) / 1000).toFixed(1)} seconds.`);
      } else if (kind === "stopped") {
        form.say("Stopped.");
        if (next && run === next) report.show(next);
      }
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
  onward.addEventListener("click", () => draw(stage.at));
  undo.addEventListener("click", () => tensors.undo());
  const colours = new MutationObserver(() => tensors.show());
  colours.observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
  const leap = (event) => { // links of this page to itself with other settings set the form
    const link = event.target.closest?.("a[href]");
    if (!link?.search || link.hash || link.origin + link.pathname !== location.origin + location.pathname) return;
    event.preventDefault();
    event.stopPropagation();
    form.state = { ...fromAddress(link.search, model.styles), weights: form.state.weights };
    host.scrollIntoView({ block: "start", behavior: reducedMotion ? "auto" : "smooth" });
    form.go.focus({ preventScroll: true });
  };
  const article = host.closest("article") || host.parentNode;
  article.addEventListener("click", leap, true);

  // ---- begin
  open(await recorded(records, base, 0)); // the still picture stays until there is something better to show
  host.replaceChildren(el("div", { className: "dn-lab" }, form.node, shelf, stage.node, bench, report.node));
  host.setAttribute("role", "group");
  host.setAttribute("aria-label", "The open box");
  if (!able) {
    form.go.disabled = true;
    form.trouble.textContent = "This browser cannot run WebAssembly, so it cannot draw. The recorded runs below work all the same.";
  } else {
    sizes([...new Set(Object.keys(NAMES).flatMap((kind) => Object.values(listed(kind)))), RUNTIME.script, RUNTIME.wasm], SITE).then((found) => {
      const sum = (kind) => [...Object.values(listed(kind)), RUNTIME.wasm].reduce((all, url) => all + (found.get(url) ?? NaN), 0);
      total = Object.fromEntries(Object.keys(NAMES).map((kind) => [kind, sum(kind) || null]));
      form.offer(Object.entries(NAMES).map(([value, text]) => ({ value, text, bytes: total[value] })));
    });
  }

  return () => {
    client.end();
    stage.close();
    colours.disconnect();
    article.removeEventListener("click", leap, true);
  };
}
