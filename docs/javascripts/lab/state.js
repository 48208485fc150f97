// What the reader asks for: its limits, its sentences, and its place in the page's address.

import { SAMPLERS } from "./samplers.js";
import { maskFrom, maskText } from "./start.js";

export const STEPS = [1, 2, 4, 5, 8, 10, 20, 25, 40, 50]; // divisors of the schedule's thousand
export const LIMIT = 1000; // characters of a prompt
export const DEFAULT = { prompt: "red apple", style: "noto", negative: "", second: "", mix: 0.5, seed: 1, steps: 20, guidance: 3, net: "", sampler: "ddim", weights: "compact",
  decoder: "base", typing: "", picture: "", noise: 12, mask: "" };
export const FIRST = "?net=small&decoder=tiny&typing=1"; // for a reader who comes without an address: what is loaded soonest, redrawn at each pause
const SEEDS = 2 ** 32;

/** Which network draws: the U-Net, the U-Net with an adapter that was taught to draw in few steps and without guidance, or a
 *  transformer in its place, a large one or a small one. `by`: how a sentence about a run names it; `ends`: is it told the
 *  prompt's end once more, and, `pooled`, does it listen? `reads`: how many of the prompt's tokens;
 *  `whole`: its weights are whole numbers everywhere. */
export const NETS = {
  "": { title: "the U-Net", says: "The network that drew nearly everything on this site." },
  fast: { title: "the U-Net with the four-step adapter", by: "by the four-step adapter", steps: 4, guidance: 1, sampler: "ddim",
    says: "Learned to draw in four steps what the U-Net draws in eight with guidance; guidance is part of what it learned, so it is off." },
  dit: { title: "a transformer, the Flux way", by: "by the transformer", reads: 24, ends: true, pooled: true, whole: true,
    says: "As large as the U-Net, and taught on the same pictures; but picture and words are one row of tokens in it, and it learned a flow." },
  small: { title: "a small transformer, in four steps", by: "by the small transformer", reads: 24, ends: true, whole: true, steps: 4, guidance: 1, sampler: "ddim",
    says: "A fifth of the U-Net's size: here soonest, and the roughest hand. The large transformer taught it to draw in four steps what it draws in eight with guidance; guidance is part of what it learned, so it is off." },
};

/** The words that the model reads: the prompt, and the style as the captions had it. */
export function wording({ prompt, style }) {
  const words = prompt.trim().replace(/\s+/g, " ");
  if (!style) return words;
  return words ? `${words}, ${style} style` : `${style} style`;
}

/** Settings that go with a network: what it learned to draw with, or what one begins with. */
export function fitting(net) {
  const { steps, guidance, sampler } = { ...DEFAULT, ...NETS[net] };
  return { net, steps, guidance, sampler };
}

/** Settings as the engine takes them; of a picture only what its own panel does not know. */
export function asked(state) {
  const second = state.second.trim() && wording({ ...state, prompt: state.second });
  return { prompt: wording(state), second, mix: second ? state.mix : 0, negative: state.negative.trim(), seed: Number(state.seed), steps: state.steps, guidance: state.guidance, net: state.net, sampler: state.sampler, decoder: state.decoder };
}

/** Do two runs' settings ask the network for the same? */
export function sameWords(a, b) {
  return ["prompt", "second", "mix", "negative", "guidance", "net"].every((name) => (a[name] || "") === (b[name] || ""));
}

/** Why the model cannot be asked this: {field, sentence}, or null. */
export function problem(state) {
  if (!state.prompt.trim() && state.guidance !== 0) {
    return { field: "prompt", sentence: "There are no words yet. Type what you would like to see, such as “red apple”; or set guidance to 0, and the model draws without listening." };
  }
  for (const field of ["prompt", "second", "negative"]) {
    const length = [...state[field]].length;
    if (length > LIMIT) {
      return { field, sentence: `These are ${length.toLocaleString("en")} characters. The model reads about twenty words, so please keep it below ${LIMIT.toLocaleString("en")}.` };
    }
  }
  if (!/^\d{1,10}$/.test(String(state.seed)) || Number(state.seed) >= SEEDS) {
    return { field: "seed", sentence: `The seed is a whole number from 0 to ${(SEEDS - 1).toLocaleString("en")}.` };
  }
  return null;
}

/** What the reader should know about words that the model will read badly; sentences, most important first. */
export function warnings(text, tokens) {
  const said = [];
  const listed = (words) => words.slice(0, 3).map((word) => `“${word}”`).join(", ");
  const unique = (found) => [...new Set(found)];
  const emoji = unique(text.match(/\p{Extended_Pictographic}/gu) || []);
  if (emoji.length) said.push(`${listed(emoji)} is no word to this model: it learned drawings by their names, so write the name instead.`);
  const foreign = unique(text.match(/(?![\p{Script=Latin}])\p{L}[\p{L}\p{M}]*/gu) || []);
  if (foreign.length) said.push(`The captions it learned from were English: ${listed(foreign)} reaches the model as meaningless bytes.`);
  const marks = unique(text.match(/[<>{}\\]/g) || []);
  if (marks.length) said.push("Markup has no meaning here: every sign of it is read as a token like any other.");
  if (tokens?.cut) said.push(`The prompt is too long: the last ${tokens.cut} tokens are cut off and never reach the model.`);
  const pieces = unique((tokens?.words || []).filter((word) => word.pieces.length > 1 && /^[\p{Script=Latin}]{3,}$/u.test(word.text)).map((word) => word.text));
  if (pieces.length) {
    const verb = pieces.length > 1 ? "were no common words in the captions: they arrive" : "was no common word in the captions: it arrives";
    said.push(`${listed(pieces)} ${verb} in pieces and may change little.`);
  }
  return said;
}

/** Does an address say anything about settings? */
export const says = (search) => [...new URLSearchParams(search).keys()].some((key) => Object.hasOwn(DEFAULT, key));

/** Settings from a page's address, laid over the default ones; what makes no sense there is left out. `noise` is how many of
 *  the steps a picture is put back. `known`: {styles, decoders, pictures} by name, and how many `cells` a latent has. */
export function fromAddress(search, { styles, decoders, pictures, cells }) {
  const asked = new URLSearchParams(search), state = { ...DEFAULT };
  if (asked.has("prompt")) state.prompt = asked.get("prompt").slice(0, LIMIT);
  if (asked.has("negative")) state.negative = asked.get("negative").slice(0, LIMIT);
  if (asked.has("second")) state.second = asked.get("second").slice(0, LIMIT);
  if (/^[01](\.\d+)?$/.test(asked.get("mix") || "") && Number(asked.get("mix")) <= 1) state.mix = Math.round(20 * Number(asked.get("mix"))) / 20;
  if (asked.get("style") === "" || styles.includes(asked.get("style"))) state.style = asked.get("style");
  if (/^\d{1,10}$/.test(asked.get("seed") || "") && Number(asked.get("seed")) < SEEDS) state.seed = Number(asked.get("seed"));
  if (asked.get("net") && Object.hasOwn(NETS, asked.get("net"))) Object.assign(state, fitting(asked.get("net")));
  if (STEPS.includes(Number(asked.get("steps")))) state.steps = Number(asked.get("steps"));
  const guidance = Number(asked.get("guidance"));
  if (asked.has("guidance") && guidance >= 0 && guidance <= 12) state.guidance = Math.round(2 * guidance) / 2;
  if (Object.hasOwn(SAMPLERS, asked.get("sampler"))) state.sampler = asked.get("sampler");
  if (asked.get("typing") === "1") state.typing = "1";
  if (asked.get("weights") === "exact") state.weights = "exact";
  if (decoders.includes(asked.get("decoder"))) state.decoder = asked.get("decoder");
  if (pictures.includes(asked.get("picture"))) {
    state.picture = asked.get("picture");
    state.mask = maskText(maskFrom(asked.get("mask") || "", cells));
  }
  state.noise = Math.min(state.steps, /^[1-9]\d?$/.test(asked.get("noise") || "") ? Number(asked.get("noise")) : Math.ceil(0.6 * state.steps));
  return state;
}

/** The part of an address after its question mark that brings these settings back. */
export function toAddress(state) {
  const usual = { ...DEFAULT, ...fitting(state.net), net: "" };
  const kept = Object.entries(state).filter(([key, value]) => key === "prompt" || (key === "noise" ? state.picture : value !== usual[key] && !(key === "weights" && value === "gpu") && (key !== "mix" || state.second)));
  return `?${new URLSearchParams(kept)}`;
}
