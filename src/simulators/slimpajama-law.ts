import type { World } from '../domain/ports.js';
import { createLawWorld } from './law-world.js';
import { SLIMPAJAMA_LAWS } from './slimpajama-coefficients.js';

/** Domains of the built-in world, in the order of its laws' columns. */
export const SLIMPAJAMA_DOMAINS = ['wikipedia', 'stackexchange', 'github', 'arxiv', 'book'] as const;

const DEFAULT_NOISE = 0.01; // visible, and far below what separates good mixtures from bad ones
const SIZES = { min: 20e6, max: 1e9 } as const; // what the laws were fitted to (parameters)
const STEPS = { min: 1_000, max: 40_000 } as const; // fitted to 2000 to 19 600; a factor of two beyond is extrapolated

/**
 * Creates the built-in world: mixing laws of ours for five SlimPajama domains, 20M to 1B parameters, fitted to the
 * emulator released with arXiv 2503.21023 (errors beside the coefficients). `noise` is the standard deviation as a
 * share of each metric's spread over Dirichlet(1) mixtures at the target, 0.01 by default.
 */
export const createSlimpajamaWorld = (options: { readonly noise?: number } = {}): World =>
  createLawWorld({
    name: 'slimpajama',
    domains: SLIMPAJAMA_DOMAINS,
    laws: SLIMPAJAMA_LAWS,
    sizes: SIZES,
    steps: STEPS,
    noise: options.noise ?? DEFAULT_NOISE,
  });
