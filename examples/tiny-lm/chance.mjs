// A seeded generator whose state is one number, so that a checkpoint can hold it (mulberry32, Tommy Ettinger, public domain).

/** Creates a generator from a state; `state()` gives it back. */
export const createChance = (initial) => {
  let state = initial >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296; // 2^32
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal, state: () => state };
};
