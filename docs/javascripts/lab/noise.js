// torch.randn of a seed, in JavaScript: the same noise as torch.randn(n, generator=torch.Generator().manual_seed(seed))
// on a CPU, to within float32's rounding. That is a Mersenne Twister (Matsumoto & Nishimura 1998), numbers of 24 bits,
// and Box and Muller's transform on blocks of sixteen, as in torch's normal_fill.

const N = 624, M = 397;

/** () => the next whole number in [0, 2^32) of MT19937, seeded as torch does with the lower 32 bits of `seed`. */
export function twister(seed) {
  const state = new Uint32Array(N);
  state[0] = seed >>> 0;
  for (let i = 1; i < N; i++) {
    const mixed = state[i - 1] ^ (state[i - 1] >>> 30);
    state[i] = Math.imul(1812433253, mixed) + i;
  }
  let at = N;
  const next = () => {
    for (let i = 0; i < N; i++) {
      const y = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff);
      state[i] = state[(i + M) % N] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    at = 0;
  };
  return () => {
    if (at === N) next();
    let y = state[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}

/** Float32Array of `count` normal numbers, a multiple of sixteen (torch draws other counts in another way). */
export function normal(seed, count) {
  if (count % 16 || count <= 0) throw new RangeError(`The count must be a multiple of 16, not ${count}.`);
  const draw = twister(seed);
  const values = Float32Array.from({ length: count }, () => (draw() & 0xffffff) / 0x1000000);
  for (let block = 0; block < count; block += 16) {
    for (let j = block; j < block + 8; j++) {
      const radius = Math.sqrt(-2 * Math.log(1 - values[j]));
      const angle = 2 * Math.PI * values[j + 8];
      values[j] = radius * Math.cos(angle);
      values[j + 8] = radius * Math.sin(angle);
    }
  }
  return values;
}
