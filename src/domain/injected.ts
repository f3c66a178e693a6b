/** Observations that are put into a running sweep: what they must be, since no decision could be made with a wrong one. */
import { PUBLISHED } from './limits.js';
import { knownWords } from './nearest-word.js';
import { neededMetrics } from './objective.js';
import type { Imported } from './record-event.js';
import type { Sweep } from './sweep.js';

const OWN_TRIAL = /^t\d{4,}$/; // how the sweep names its own trials

type Run = Omit<Imported, 'type' | 'by' | 'reason'>;

/** What a completed run lacks at its end. Trackers write a last row without evaluations: then where it had told all is said too. */
const lackProblem = (sweep: Sweep, { steps, metrics, curve }: Run): string | undefined => {
  const needed = neededMetrics(sweep);
  const missing = needed.filter((metric) => metrics[metric] === undefined);
  if (missing.length === 0) return undefined;
  const told = curve.findLast((point) => needed.every((metric) => point.metrics[metric] !== undefined));
  const lacks = `it completed and lacks ${missing.join(', ')}`;
  return told === undefined
    ? lacks
    : `${lacks} at its last row, of ${steps} steps; without its rows beyond ${told.steps} steps it counts as a run to there`;
};

/** Says what is wrong with an observation from elsewhere; undefined when it can be learnt from. */
export const observationProblem = (sweep: Sweep, run: Run): string | undefined => {
  const { trial, mixture, scale, status } = run;
  const scales = sweep.scales.map(({ name }) => name);
  const domains = Object.keys(sweep.domains);
  if (OWN_TRIAL.test(trial)) return 'names like this are those of the sweep’s own trials';
  if (!scales.includes(scale)) return `${scale} is no scale of the sweep: ${knownWords(scale, scales)}`;
  const unknown = Object.keys(mixture).find((name) => !domains.includes(name));
  if (unknown !== undefined) return `${unknown} is no domain of the sweep: ${knownWords(unknown, domains)}`;
  const sum = Object.values(mixture).reduce((total, share) => total + share, 0);
  const isWhole = Math.abs(sum - 1) <= PUBLISHED; // false of NaN too
  if (!isWhole) return `shares must sum to 1; found ${sum}`;
  return status === 'completed' ? lackProblem(sweep, run) : undefined;
};
