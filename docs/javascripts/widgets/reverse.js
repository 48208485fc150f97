// The reverse process with a hand on the slider: for each recorded step the noisy latent that the model has and the
// picture that it bets on. Data and sprites are those of a figure such as canvas/reverse_frames:
//   <base>.data.json      columns, latent, picture, t[], sigma[], snr_db[], prompts[{text, runs[{seed, name, settled[]}]}]
//                         and, if there is a choice of samplers and steps, way (the name of the above) and
//                         ways[{name, t[], sigma[], snr_db[], runs[prompt][run]}]
//   <base>.<name>_has.webp and <base>.<name>_bets.webp      all frames of a run in reading order, loaded when chosen
// Nothing moves unless the reader presses play; with reduced motion the same button goes one step at a time.

import { el } from "../lab/dom.js";

const BEAT = 170; // milliseconds a step while playing
const CALM = 500; // how long the slider rests before its position is said aloud

function picture(url) {
  const image = new Image();
  image.decoding = "async";
  image.src = url;
  return image.decode().then(() => image);
}

const signed = (value, digits) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;

export default async function mount(host, { src, reducedMotion }) {
  const answer = await fetch(src);
  if (!answer.ok) throw new Error(`${answer.status} ${src}`);
  const data = await answer.json();
  const base = new URL(host.dataset.base, document.baseURI).href;
  const ways = [
    { name: data.way, t: data.t, sigma: data.sigma, snr_db: data.snr_db, runs: data.prompts.map(({ runs }) => runs) },
    ...(data.ways || []),
  ];
  let way = ways[0]; // sampler and number of steps
  let steps = way.t.length;
  const sprites = new Map(); // run's name -> promise of [latents, pictures]

  const sheets = (name) => {
    if (!sprites.has(name)) {
      const both = Promise.all(["has", "bets"].map((kind) => picture(`${base}.${name}_${kind}.webp`)));
      both.catch(() => sprites.delete(name)); // so that choosing it again tries again
      sprites.set(name, both);
    }
    return sprites.get(name);
  };

  // ---- what is shown
  const has = el("canvas", { width: data.latent, height: data.latent, className: "dn-pixels", role: "img" });
  const bets = el("canvas", { width: data.picture, height: data.picture, role: "img" });
  const panel = (canvas, colour, title, about) =>
    el("div", { className: `dn-reverse__panel dn-reverse__panel--${colour}` }, canvas,
      el("p", {}, el("strong", { text: title }), ` ${about}`));
  const stage = el("div", { className: "dn-reverse__stage" },
    panel(has, "latent", "What it has", "a noisy latent, as coloured squares"),
    panel(bets, "prediction", "What it bets on", "the clean latent it would answer now, decoded"));

  // ---- what is chosen
  const prompt = el("select", { id: "dn-reverse-prompt" });
  data.prompts.forEach(({ text }, i) => prompt.append(el("option", { value: i, text })));
  const how = el("select", { id: "dn-reverse-way" });
  ways.forEach(({ name }, i) => how.append(el("option", { value: i, text: name })));
  const seeds = el("div", { className: "dn-reverse__seeds", role: "group", "aria-label": "Seed" });
  const choices = el("div", { className: "dn-reverse__choices" },
    el("div", { className: "dn-reverse__pick" }, el("label", { htmlFor: "dn-reverse-prompt", text: "Prompt" }), prompt),
    ...(ways.length > 1
      ? [el("div", { className: "dn-reverse__pick dn-reverse__pick--way" },
          el("label", { htmlFor: "dn-reverse-way", text: "Sampler" }), how)]
      : []),
    el("div", { className: "dn-reverse__seed" },
      el("span", { className: "dn-reverse__word", text: "Seed", "aria-hidden": "true" }), seeds));

  // ---- time
  const slider = el("input", { type: "range", id: "dn-reverse-step", min: 0, max: steps, step: 1, value: 0 });
  const play = el("button", { type: "button", className: "dn-reverse__play" });
  const curve = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  curve.setAttribute("viewBox", "0 0 100 100");
  curve.setAttribute("preserveAspectRatio", "none");
  curve.setAttribute("aria-hidden", "true");
  curve.innerHTML = '<path class="dn-reverse__area"/><path class="dn-reverse__line"/><line class="dn-reverse__now" y1="0" y2="100"/>';
  const [area, line, now] = curve.children;
  const track = el("div", { className: "dn-reverse__track" },
    el("p", { className: "dn-reverse__caption", text: "How much of the finished latent is in the bet", "aria-hidden": "true" }),
    curve, el("label", { className: "dn-sr", htmlFor: "dn-reverse-step", text: "Step" }), slider);
  const time = el("div", { className: "dn-reverse__time" }, play, track);

  const readings = {};
  const readout = el("dl", { className: "dn-reverse__readout" });
  for (const [key, word] of [["step", "step"], ["t", "t"], ["sigma", "σ"], ["snr", "signal/noise"], ["settled", "settled"]]) {
    readings[key] = el("dd", { className: "dn-readout" });
    readout.append(el("div", {}, el("dt", { text: word }), readings[key]));
  }
  const said = el("p", { className: "dn-sr", "aria-live": "polite" });
  const trouble = el("p", { className: "dn-reverse__trouble", role: "alert" });

  // ---- state
  let run = null; // the record that is chosen
  let shown = null; // its sprites, once they are here
  let timer = 0;
  let calm = 0;

  function words(i) {
    if (i === steps) return { step: "finished", t: "0", sigma: "0", snr: "all signal" };
    return {
      step: `${i + 1} of ${steps}`,
      t: String(way.t[i]),
      sigma: way.sigma[i] === null ? "∞" : way.sigma[i].toFixed(way.sigma[i] < 10 ? 2 : 1),
      snr: way.snr_db[i] === null ? "no signal" : `${signed(way.snr_db[i], 1)} dB`,
    };
  }

  function paint(canvas, sheet, i) {
    const side = canvas.width;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, side, side);
    const x = (i % data.columns) * side, y = Math.floor(i / data.columns) * side;
    context.drawImage(sheet, x, y, side, side, 0, 0, side, side);
  }

  function show(aloud = true) {
    const i = Number(slider.value);
    const at = words(i);
    const settled = `${Math.round(100 * run.settled[i])} %`;
    for (const [key, text] of Object.entries({ ...at, settled })) readings[key].textContent = text;
    const long = i === steps ? "finished picture" : `step ${at.step}, t ${at.t}, sigma ${at.sigma === "∞" ? "infinite" : at.sigma}`;
    slider.setAttribute("aria-valuetext", long);
    has.setAttribute("aria-label", `Noisy latent, ${long}`);
    bets.setAttribute("aria-label", `The model's bet, ${settled} settled, ${long}`);
    now.setAttribute("x1", (100 * i) / steps);
    now.setAttribute("x2", (100 * i) / steps);
    if (shown) {
      paint(has, shown[0], i);
      paint(bets, shown[1], i);
    }
    label();
    clearTimeout(calm);
    if (aloud) calm = setTimeout(() => { said.textContent = `${prompt.selectedOptions[0].text}: ${long}, ${settled} settled.`; }, CALM);
  }

  function label() {
    const end = Number(slider.value) === steps;
    const name = reducedMotion ? (end ? "Start again" : "Next step") : timer ? "Pause" : end ? "Play again" : "Play";
    if (play.textContent !== name) play.textContent = name;
  }

  function pause() {
    clearInterval(timer);
    timer = 0;
    label();
  }

  function press() {
    const end = Number(slider.value) === steps;
    if (timer) return pause();
    if (reducedMotion) {
      slider.value = end ? 0 : Number(slider.value) + 1;
      return show();
    }
    if (end) slider.value = 0;
    timer = setInterval(() => {
      slider.value = Number(slider.value) + 1;
      const done = Number(slider.value) === steps;
      if (done) pause();
      show(done); // while it plays nothing is said, at the end once
    }, BEAT);
    show(false);
  }

  async function choose(aloud = true) {
    const runs = way.runs[prompt.value];
    const wanted = runs.find(({ seed }) => run && seed === run.seed) || runs[0];
    run = wanted;
    seeds.replaceChildren(...runs.map((one) => el("button", {
      type: "button", text: String(one.seed), "aria-label": `Seed ${one.seed}`, "aria-pressed": String(one === run),
      onclick: () => { run = one; again(one); choose(); },
    })));
    const points = run.settled.map((share, i) => `${(100 * i) / steps},${100 - 96 * share}`);
    line.setAttribute("d", `M${points.join("L")}`);
    area.setAttribute("d", `M0,100L${points.join("L")}L100,100Z`);
    host.setAttribute("aria-busy", "true");
    trouble.textContent = "";
    try {
      const sheet = await sheets(run.name);
      if (run === wanted) shown = sheet; // the reader may have chosen another meanwhile
    } catch {
      if (run === wanted) trouble.textContent = "These pictures could not be loaded. Choose another prompt, or this one again.";
    }
    if (run === wanted) {
      host.removeAttribute("aria-busy");
      show(aloud);
    }
  }

  /** The button that was pressed is made anew: keep the keyboard where it was. */
  function again(one) {
    requestAnimationFrame(() => [...seeds.children].find((b) => b.textContent === String(one.seed))?.focus());
  }

  /** Another sampler or number of steps: the slider stays at the same part of the way. */
  function other() {
    pause();
    const part = Number(slider.value) / steps;
    way = ways[how.value];
    steps = way.t.length;
    slider.max = steps;
    slider.value = Math.round(part * steps);
    shown = null; // its pictures are on another sheet
    choose();
  }

  how.addEventListener("change", other);
  slider.addEventListener("input", () => { pause(); show(); });
  prompt.addEventListener("change", () => choose());
  play.addEventListener("click", press);
  const unseen = new IntersectionObserver(([entry]) => { if (!entry.isIntersecting) pause(); });
  const hidden = () => { if (document.hidden) pause(); };
  document.addEventListener("visibilitychange", hidden);

  run = data.prompts[0].runs[0];
  await sheets(run.name); // the still picture stays until there is something better to show
  host.setAttribute("role", "group");
  host.setAttribute("aria-label", "The reverse process, step by step");
  await choose(false);
  host.replaceChildren(choices, stage, time, readout, said, trouble);
  unseen.observe(host);

  return () => {
    pause();
    clearTimeout(calm);
    unseen.disconnect();
    document.removeEventListener("visibilitychange", hidden);
  };
}
