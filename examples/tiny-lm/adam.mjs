// Adam (Kingma & Ba 2015, arXiv 1412.6980, algorithm 1) with its usual constants.
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
const WARM_UP_STEPS = 20; // the second moments know something by then

/** Returns the optimiser's state for so many parameters. */
export const createAdam = (count) => ({ m: new Float64Array(count), v: new Float64Array(count) });

/** Updates `params` and `state` in place; `step` counts from 1. The rate does not depend on where the run will end. */
export const applyAdam = (params, gradient, state, step, rate) => {
  const { m, v } = state;
  const fix2 = Math.sqrt(1 - BETA2 ** step);
  const scaled = (rate * Math.min(1, step / WARM_UP_STEPS) * fix2) / (1 - BETA1 ** step);
  for (let i = 0; i < params.length; i += 1) {
    const g = gradient[i];
    m[i] = BETA1 * m[i] + (1 - BETA1) * g;
    v[i] = BETA2 * v[i] + (1 - BETA2) * g * g;
    params[i] -= (scaled * m[i]) / (Math.sqrt(v[i]) + EPSILON * fix2);
  }
};
