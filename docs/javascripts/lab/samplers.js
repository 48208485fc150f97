// From one latent to the next: what a sampler makes of the bet x0 and the noise eps that the network sees in it. Each is tested
// against the scheduler of diffusers that it names. The latents of all of them keep the variance that the network knows, so that
// one can take over from another in the middle of a run. `at` and `to` are levels (alpha bar) before and after the step.

import { step } from "./schedule.js";

// At pure noise nothing of the picture is left, and all but DDIM would divide by that nothing. Diffusers leaves this much of it.
const LEAST = 2 ** -24;

const sigma = (level) => Math.sqrt((1 - level) / level); // noise in a latent whose clean part has its full size
const lambda = (level) => -Math.log(sigma(level)); // how clear the picture is: half the logarithm of signal to noise

/** Along the slope from where the latent is, as far as the noise falls; in the clean part's full size (Karras et al. 2022, alg. 1). */
function euler({ xt, x0, at, to }) {
  const [scale, from, fall] = [Math.sqrt(at), sigma(at), sigma(to) - sigma(at)];
  return xt.map((value, i) => Math.sqrt(to) * (value / scale + (fall * (value / scale - x0[i])) / from));
}

/** As Euler, but further down than `to`, and with fresh noise back up again: `noise` holds as many numbers as the latent. */
function ancestral({ xt, x0, at, to, noise }) {
  const down = sigma(to) ** 2 / sigma(at), up = Math.sqrt(sigma(to) ** 2 - down ** 2);
  return euler({ xt, x0, at, to: 1 / (1 + down ** 2) }).map((value, i) => Math.sqrt(to) * (value * Math.sqrt(1 + down ** 2) + up * noise[i]));
}

/** DPM-Solver++ 2M (Lu et al. 2022): where the bet is moving to, told from the one before. past: the steps so far, {x0, level} each. */
function solver({ xt, x0, at, to, past }) {
  if (to === 1) return x0;
  const h = lambda(to) - lambda(at), last = past.at(-1), ahead = last ? h / (2 * (lambda(at) - lambda(last.level))) : 0;
  const [keep, take] = [Math.sqrt((1 - to) / (1 - at)), -Math.sqrt(to) * Math.expm1(-h)];
  return xt.map((value, i) => keep * value + take * (x0[i] + (last ? ahead * (x0[i] - last.x0[i]) : 0)));
}

/** UniPC (Zhao et al. 2023, B2, order 2): the solver's step, and, once the next bet is known, the latent where that step should have
 *  led to, from which the next one sets out. past: as above, with the latent `xt` that each set out from. */
function corrected({ xt, x0, at, past }) {
  const [before, last] = past.length > 1 ? past.slice(-2) : [null, past[0]];
  if (!last?.xt) return xt;
  const h = lambda(at) - lambda(last.level), phi = Math.expm1(-h), one = -1 / h - 1 / phi, two = (2 * (-1 / h) * (-phi / h - 1) - 1) / phi;
  const ratio = before ? (lambda(before.level) - lambda(last.level)) / h : 1, old = before ? (one - two) / (1 - ratio) : 0, fresh = before ? one - old : 0.5;
  const [keep, take] = [Math.sqrt((1 - at) / (1 - last.level)), -Math.sqrt(at) * phi];
  return xt.map((_, i) => keep * last.xt[i]
    + take * (last.x0[i] + fresh * (x0[i] - last.x0[i]) + (before ? (old * (before.x0[i] - last.x0[i])) / ratio : 0)));
}

export const SAMPLERS = {
  ddim: { title: "DDIM", scheduler: "DDIMScheduler", least: 0, next: ({ x0, eps, to }) => step(x0, eps, to),
    says: "Puts a little less of the same noise back on each bet." },
  euler: { title: "Euler", scheduler: "EulerDiscreteScheduler", least: LEAST, next: euler,
    says: "Follows the slope downhill. Its way is that of DDIM, worked out in other numbers." },
  "euler-a": { title: "Euler ancestral", scheduler: "EulerAncestralDiscreteScheduler", least: LEAST, next: ancestral, noisy: true,
    says: "Goes further down each time and puts fresh noise back, from the same seed. Other steps, another picture." },
  "dpm-2m": { title: "DPM-Solver++ 2M", scheduler: "DPMSolverMultistepScheduler", least: LEAST, next: solver,
    says: "Looks at the bet before as well, to tell where the next one will be. Made for few steps." },
  unipc: { title: "UniPC", scheduler: "UniPCMultistepScheduler", least: LEAST, next: solver, correct: corrected,
    says: "As DPM-Solver++, and mends each step once the next bet is known. Made for very few steps." },
};
