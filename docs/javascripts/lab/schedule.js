// The noise schedule and the sampler: what denoised.diffusion.schedules and samplers.ddim do, on arrays of numbers.

/** Share of the clean sample's variance left at each t, Float64Array [T]; `of` as in the figure's data.json. */
export function alphaBar(of) {
  if (of.betas !== "scaled_linear") throw new Error(`The schedule ${of.betas} is not known here.`);
  const table = new Float64Array(of.T);
  const low = Math.sqrt(of.start), high = Math.sqrt(of.end);
  let product = 1;
  for (let t = 0; t < of.T; t++) {
    product *= 1 - (low + ((high - low) * t) / (of.T - 1)) ** 2;
    table[t] = product;
  }
  if (!of.zero_terminal) return table;
  const first = Math.sqrt(table[0]), last = Math.sqrt(table[of.T - 1]); // Lin et al. 2024, algorithm 1
  return table.map((share) => (((Math.sqrt(share) - last) * first) / (first - last)) ** 2);
}

/** The t that the sampler visits, falling from T - 1 (trailing spacing, Lin et al. 2024, table 2). `steps` divides T:
 *  only then does the stock scheduler, which strides by a whole number, go to the very same t. */
export function timesteps(T, steps) {
  if (!(steps >= 1 && T % steps === 0)) throw new RangeError(`The number of steps must divide ${T}, not be ${steps}.`);
  return Array.from({ length: steps }, (_, i) => Math.round(T - (i * T) / steps) - 1);
}

/** [x0, eps] from the network's v at one noise level (Salimans & Ho 2022): the rotation turned back. */
export function split(v, xt, level) {
  const a = Math.sqrt(level), b = Math.sqrt(1 - level);
  return [xt.map((x, i) => a * x - b * v[i]), xt.map((x, i) => b * x + a * v[i])];
}

/** eps_u + s (eps_c - eps_u), on v as well. */
export function guide(without, withWords, s) {
  return without.map((u, i) => u + s * (withWords[i] - u));
}

/** The sample at the next, lower noise level: less of the same noise on the guess (DDIM, eta 0). */
export function step(x0, eps, next) {
  const a = Math.sqrt(next), b = Math.sqrt(1 - next);
  return x0.map((x, i) => a * x + b * eps[i]);
}
