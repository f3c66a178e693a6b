// The training loop: batches by mixture, Adam, held-out losses. No files, no clock: the same run from the same state.
import { applyAdam, createAdam } from './adam.mjs';
import { createChance } from './chance.mjs';
import { DOMAIN_NAMES } from './corpus.mjs';
import { computeGradient, countParameters, evaluateLoss, initialise } from './model.mjs';

const RATE = 0.004; // the best of a few at the sizes here; constant, so that a run can be continued
const HELD_OUT_SYMBOLS = 4096; // per domain, evenly spread: the same ones for every run
const EVALUATION_BATCH = 512; // examples at once; larger is no faster
const LONGEST_LOOK_BACK = 8; // symbols before a target, at the largest context

/** Returns the state of a run that has not begun. */
export const startRun = (shape, seed) => {
  const chance = createChance(seed);
  const params = initialise(shape, chance);
  const domainTokens = Object.fromEntries(DOMAIN_NAMES.map((domain) => [domain, 0]));
  return { step: 0, chance: chance.state(), params, ...createAdam(countParameters(shape)), domainTokens };
};

/**
 * Draws a batch. Domains are drawn by systematic sampling (one uniform number, evenly spaced marks), so that the realised
 * shares of a run are within one token per step of the mixture.
 */
const drawBatch = (corpus, mixture, size, chance, domainTokens) => {
  const symbols = [];
  const positions = new Int32Array(size);
  const offset = chance.uniform();
  let domain = 0;
  let reached = mixture[DOMAIN_NAMES[0]] ?? 0;
  for (let e = 0; e < size; e += 1) {
    while ((e + offset) / size >= reached && domain < DOMAIN_NAMES.length - 1)
      reached += mixture[DOMAIN_NAMES[(domain += 1)]] ?? 0;
    const text = corpus[DOMAIN_NAMES[domain]].train;
    symbols.push(text);
    positions[e] = LONGEST_LOOK_BACK + Math.floor(chance.uniform() * (text.length - LONGEST_LOOK_BACK));
    domainTokens[DOMAIN_NAMES[domain]] += 1;
  }
  return { symbols, positions };
};

/** Trains one step in place; returns the batch's loss (nats per byte). */
export const trainStep = (state, { shape, corpus, mixture, tokensPerStep }) => {
  const chance = createChance(state.chance);
  const batch = drawBatch(corpus, mixture, tokensPerStep, chance, state.domainTokens);
  const { loss, gradient } = computeGradient(shape, state.params, batch);
  state.step += 1;
  state.chance = chance.state();
  applyAdam(state.params, gradient, state, state.step, RATE);
  return loss;
};

const evaluateDomain = (shape, params, text) => {
  const count = Math.min(HELD_OUT_SYMBOLS, text.length - LONGEST_LOOK_BACK);
  const stride = (text.length - LONGEST_LOOK_BACK) / count;
  let total = 0;
  for (let from = 0; from < count; from += EVALUATION_BATCH) {
    const size = Math.min(EVALUATION_BATCH, count - from);
    const positions = Int32Array.from({ length: size }, (_, i) => LONGEST_LOOK_BACK + Math.floor((from + i) * stride));
    total +=
      size * evaluateLoss(shape, params, { symbols: positions.length === 0 ? [] : Array(size).fill(text), positions });
  }
  return total / count;
};

/** Returns `<domain>_ce` for each domain and `mean_ce`, on held-out text (nats per byte). */
export const evaluateHeldOut = (shape, params, corpus) => {
  const losses = DOMAIN_NAMES.map((domain) => evaluateDomain(shape, params, corpus[domain].heldOut));
  const metrics = Object.fromEntries(DOMAIN_NAMES.map((domain, i) => [`${domain}_ce`, losses[i]]));
  return { ...metrics, mean_ce: losses.reduce((sum, loss) => sum + loss, 0) / losses.length };
};
