/**
 * BiMix (arXiv 2405.14908): each domain's loss as a power of its own share times a law of tokens, fitted at one cheap scale, and
 * the mixture of least summed loss. The law knows no model size: the scale's ranking is taken for the target's.
 *
 * Differs from the paper: laws are fitted to logarithms of losses; mixtures are Dirichlet draws (theirs are a handful of
 * published and entropy-based ones).
 */
import { z } from 'zod';
import { limitsOf, targetTokens } from '../../domain/limits.js';
import type { Sweep } from '../../domain/sweep.js';
import { fitBimixLaw, bimixTerm, type BimixRow } from './bimix-law.js';
import { minimizeTerms, NO_TERM, type Term } from './convex-solve.js';
import { DomainMetrics, domainLosses, requireLosses } from './domain-metrics.js';
import { fidelityText, figure } from '../explain.js';
import { drawMixtures, rowsAt, type Design } from './law-design.js';
import { cheapFidelities, lawPolicy, type Solution } from './law-policy.js';
import { parseOptions } from '../policy-options.js';
import type { Policy, Situation } from '../policy.js';

const Options = z.strictObject({
  /** Where the law is fitted: the cheapest scale, and its longest run that can be paid for, when absent. */
  scale: z.string().optional(),
  steps: z.number().int().positive().optional(),
  /** Mixtures. */
  runs: z.number().int().positive().default(8),
  /** Of the Dirichlet draws. */
  concentration: z.number().positive().default(1),
  /** Domain to the metric, or metrics, of the objective that is its loss. */
  metrics: DomainMetrics.optional(),
});

/** Mixtures that are enough for a law: each domain has four unknowns, and every run has several checkpoints. */
const ENOUGH = 4;

const solve = (situation: Situation, design: Design, chosen: DomainMetrics | undefined): Solution | undefined => {
  const { sweep, feasible } = situation;
  const fidelity = design.fidelities[0]!;
  const { tokensPerStep, steps } = sweep.scales.find(({ name }) => name === fidelity.scale)!;
  const counts = steps.filter((count) => count <= fidelity.steps);
  const rows = counts.flatMap((count) =>
    rowsAt(situation, design, { ...fidelity, steps: count }).map((row) => ({
      ...row,
      volume: (count * tokensPerStep) / targetTokens(sweep),
    })),
  );
  const runs = rowsAt(situation, design, fidelity).length;
  if (runs < Math.min(ENOUGH, design.runs) || runs < 2) return undefined; // one share tells no slope
  const terms = domainLosses(sweep, chosen).map((loss, i): Term | undefined => {
    if (loss === undefined) return NO_TERM;
    const own = rows.map(({ shares, metrics, volume }): BimixRow => ({
      share: shares[i]!,
      volume,
      loss: loss(metrics),
    }));
    const law = fitBimixLaw(own);
    return law === undefined ? undefined : bimixTerm(law);
  });
  const known = terms.map((term, i) => term ?? (isFixed(sweep, i) ? NO_TERM : undefined));
  if (known.includes(undefined)) return undefined;
  const { shares, value, gap } = minimizeTerms(
    known.filter((term) => term !== undefined),
    feasible,
    limitsOf(sweep),
  );
  const words = `the best mixture under the law of ${runs} runs at ${fidelityText(fidelity)}, whose losses sum to ${figure(value)}, to ${figure(gap)}`;
  return { shares, words };
};

/** A share that cannot change tells no law and needs none. */
const isFixed = (sweep: Sweep, domain: number): boolean => {
  const { min, max } = limitsOf(sweep);
  return max[domain]! <= min[domain]!;
};

/** Bivariate laws of each domain's loss, and the mixture of least summed loss. */
export const createBimix = (sweep: Sweep): Policy => {
  const options = parseOptions(sweep, Options);
  requireLosses(sweep);
  domainLosses(sweep, options.metrics);
  const fidelities = cheapFidelities(sweep, options).map((fidelity) => [fidelity]);
  return lawPolicy({
    policy: 'bimix',
    wish: (_, feasible) => ({
      mixtures: drawMixtures(sweep, feasible, options.runs, options.concentration),
      runs: options.runs,
      enough: Math.min(options.runs, ENOUGH),
      fidelities,
      drawn: true,
    }),
    solve: (situation, design) => solve(situation, design, options.metrics),
  });
};
