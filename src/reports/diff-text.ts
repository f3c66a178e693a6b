/** What differs between two decisions of a sweep, or between two sweeps; in words, from the records alone. */
import { InputError } from '../domain/errors.js';
import { isSameFidelity } from '../domain/fidelity.js';
import { isSameMixture, massMoved, type Mixture } from '../domain/mixture.js';
import type { RecordLine } from '../domain/record-event.js';
import {
  formatCost,
  formatFidelity,
  formatFixed,
  formatMixture,
  formatPrediction,
  formatShare,
  plural,
} from './format.js';
import { objectiveName } from './objective-of.js';
import { plainText } from './plain-text.js';
import { hasMeasured, type DecisionView, type SweepView } from './sweep-view.js';
import { textTable } from './text-table.js';

/** A thing that two sides say otherwise; `path` names it. */
export interface Difference {
  readonly path: string;
  readonly a: string;
  readonly b: string;
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object';

const written = (value: unknown): string => (value === undefined ? '-' : plainText(JSON.stringify(value), 60));

/** Compares plain JSON leaf by leaf; numbers are compared as they are. */
export const differencesOf = (a: unknown, b: unknown, path = ''): Difference[] => {
  if (Object.is(a, b)) return [];
  if (!isMap(a) || !isMap(b)) return [{ path: path === '' ? '(whole)' : path, a: written(a), b: written(b) }];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) => differencesOf(a[key], b[key], path === '' ? key : `${path}.${key}`));
};

const decisionOf = (view: SweepView, n: number): DecisionView => {
  const found = view.decisions.find(({ decision }) => decision === n);
  if (found !== undefined) return found;
  const known = view.decisions.length === 0 ? 'no decision yet' : `decisions 1 to ${view.decisions.length}`;
  throw new InputError(`${plainText(view.sweepId)} has no decision ${n}`, [
    { path: 'N', expected: known, found: String(n) },
  ]);
};

const runText = (decision: DecisionView, unit: string): string =>
  `${formatFidelity(decision)} for ${formatCost(decision.cost, unit)}`;

const believed = ({ explanation: { incumbent } }: DecisionView): string =>
  incumbent === undefined ? 'not yet' : formatPrediction(incumbent);

const trustIn = (decision: DecisionView, scale: string): string => {
  const found = decision.explanation.trust.find((item) => item.scale === scale);
  return found === undefined ? '-' : formatFixed(found.correlation, 2);
};

const worthOf = (decision: DecisionView, scale: string): string => {
  const best = decision.explanation.considered.find((item) => item.scale === scale);
  return best === undefined ? '-' : formatCost(best.valuePerCost);
};

/** Names what one list has and the other lacks. */
const onlyIn = (a: readonly string[], b: readonly string[]): string => {
  const only = a.filter((item) => !b.includes(item)).map((item) => plainText(item));
  return only.length > 12 ? `${only.slice(0, 12).join(', ')} and ${only.length - 12} more` : only.join(', ');
};

/** The trials whose evidence a decision saw: the first so many of the record's. */
const seenBy = (lines: readonly RecordLine[], { sawObservations }: DecisionView): string[] =>
  lines
    .flatMap(({ event }) => (event.type === 'observed' || event.type === 'imported' ? [event.trial] : []))
    .slice(0, sawObservations);

/** The results that both decisions had seen and that were taken back between them. */
const retractedBetween = (
  { observations, imports }: SweepView,
  seen: readonly string[],
  a: string,
  b: string,
): string => {
  const between = [...observations, ...imports].flatMap(({ trial, retraction: { at } = { at: '' } }) =>
    seen.includes(trial) && a < at && at <= b ? [trial] : [],
  );
  return onlyIn(between, []);
};

const movedText = (a: Mixture | undefined, b: Mixture | undefined): string =>
  a === undefined || b === undefined
    ? 'not known'
    : isSameMixture(a, b)
      ? 'the same'
      : `${formatShare(massMoved(a, b))} of it moved`;

const reasonLines = (titles: readonly [string, string], decisions: readonly [DecisionView, DecisionView]): string[] =>
  decisions.map(({ explanation }, i) => `Why ${titles[i]}: ${plainText(explanation.reason)}`);

const decisionTable = (
  view: SweepView,
  titles: readonly [string, string],
  a: DecisionView,
  b: DecisionView,
): string[] => {
  const { unit, sweep } = view;
  const both = (title: string, of: (decision: DecisionView) => string): string[] => [title, of(a), of(b)];
  return textTable(
    ['', ...titles],
    [
      both('run', (one) => runText(one, unit)),
      both('mixture', ({ mixture }) => formatMixture(mixture, 4)),
      both('phase', ({ explanation, purpose }) => (purpose === 'confirm' ? 'confirm' : explanation.phase)),
      both('committed before', ({ explanation }) => formatCost(explanation.committed, unit)),
      both('runs observed', ({ sawObservations }) => String(sawObservations)),
      both('in flight', ({ sawPending }) => (sawPending.length === 0 ? 'none' : plainText(sawPending.join(', ')))),
      both('believed best', ({ explanation: { incumbent } }) =>
        incumbent === undefined ? 'none' : formatMixture(incumbent.mixture, 4),
      ),
      both('its prediction', believed),
      ...sweep.scales.map(({ name }) => both(`trust in ${plainText(name, 20)}`, (one) => trustIn(one, name))),
      ...sweep.scales.map(({ name }) =>
        both(`best at ${plainText(name, 20)}, per ${plainText(unit, 20)}`, (one) => worthOf(one, name)),
      ),
    ],
  );
};

/**
 * Tells two decisions of a sweep apart: runs, beliefs, what was considered, and what the later one had seen beside.
 * @throws InputError when one of them is not there.
 */
export const diffDecisions = (view: SweepView, lines: readonly RecordLine[], m: number, n: number): string => {
  const [a, b] = [decisionOf(view, m), decisionOf(view, n)];
  const titles = [`decision ${m}`, `decision ${n}`] as const;
  const [seenA, seenB] = [seenBy(lines, a), seenBy(lines, b)];
  const [lost, gained] = [onlyIn(seenA, seenB), onlyIn(seenB, seenA)];
  const [early, late] = a.at <= b.at ? [a, b] : [b, a];
  const retracted = retractedBetween(view, early === a ? seenA : seenB, early.at, late.at);
  return [
    `${plainText(view.sweepId)}: decisions ${m} and ${n}`,
    '',
    ...decisionTable(view, titles, a, b),
    '',
    `Mixtures of the runs: ${movedText(a.mixture, b.mixture)}. Believed best: ${movedText(a.explanation.incumbent?.mixture, b.explanation.incumbent?.mixture)}.`,
    ...(gained === '' ? [] : [`Seen by decision ${n} only: ${gained}.`]),
    ...(lost === '' ? [] : [`Seen by decision ${m} only: ${lost}.`]),
    ...(retracted === '' ? [] : [`Retracted before decision ${late.decision}: ${retracted}.`]),
    ...reasonLines(titles, [a, b]),
  ].join('\n');
};

/** The first decision that two sweeps made otherwise, by its number; undefined when one's are the beginning of the other's. */
export const firstDifference = (a: SweepView, b: SweepView): number | undefined => {
  const other = new Map(b.decisions.map((decision) => [decision.decision, decision]));
  return a.decisions.find((decision) => {
    const twin = other.get(decision.decision);
    return twin !== undefined && !(isSameFidelity(decision, twin) && isSameMixture(decision.mixture, twin.mixture));
  })?.decision;
};

interface Side {
  readonly view: SweepView;
  readonly lines: readonly RecordLine[];
}

/** Why decision `n` differs: other evidence, or the same evidence and other settings. */
const whyDiffers = (a: Side, b: Side, n: number): string => {
  const [one, two] = [decisionOf(a.view, n), decisionOf(b.view, n)];
  if (one.origin === 'person' || two.origin === 'person')
    return `A person pinned it in ${one.origin === two.origin ? 'both' : one.origin === 'person' ? 'A' : 'B'}.`;
  if (one.sawDigest === two.sawDigest)
    return 'Both saw the very same evidence: the settings, the seed or the version of titrate make the difference.';
  const [seenA, seenB] = [one.sawObservations, two.sawObservations];
  if (seenA !== seenB) return `It had seen ${plural(seenA, 'run')} in A and ${plural(seenB, 'run')} in B.`;
  const values = ({ view }: Side): Map<string, string> =>
    new Map(
      view.observations.map(({ trial, value, status }) => [
        trial,
        value === undefined ? status : formatFixed(value, 6),
      ]),
    );
  const other = values(b);
  const first = seenBy(a.lines, one).find((trial) => values(a).get(trial) !== other.get(trial));
  if (first === undefined)
    return 'Both had seen as many runs with the same results; what was in flight or on their curves differs.';
  return `Results differ from ${plainText(first)} on: ${values(a).get(first) ?? 'not seen'} in A, ${other.get(first) ?? 'not seen'} in B.`;
};

const spentAt = ({ spentByScale, unit }: SweepView, scale: string): string => {
  const found = spentByScale.find((one) => one.scale === scale);
  return found === undefined ? 'no such scale' : `${formatCost(found.cost, unit)} in ${plural(found.runs, 'run')}`;
};

/** The scales of both, those of the first as they stand there. */
const scalesOfBoth = (a: SweepView, b: SweepView): string[] => [
  ...new Set([...a.sweep.scales, ...b.sweep.scales].map(({ name }) => name)),
];

const resultRows = (a: SweepView, b: SweepView): string[][] => {
  const both = (title: string, of: (view: SweepView) => string): string[] => [title, of(a), of(b)];
  return [
    both('status', ({ status }) => status),
    both('spent', ({ spent, sweep, unit }) => `${formatCost(spent, unit)} of ${formatCost(sweep.budget, unit)}`),
    both('decisions', ({ decisions }) => String(decisions.length)),
    both('recommended', ({ recommendation }) =>
      recommendation === null ? 'none' : formatMixture(recommendation.mixture, 5),
    ),
    both('predicted', (view) =>
      view.recommendation === null || !hasMeasured(view)
        ? ''
        : `${objectiveName(view.sweep.objective)} ${formatPrediction(view.recommendation)}`,
    ),
    ...scalesOfBoth(a, b).map((scale) => both(`spent at ${plainText(scale, 20)}`, (view) => spentAt(view, scale))),
  ];
};

const MOST_SETTINGS = 20; // lines that a person reads

const settingsLines = (a: SweepView, b: SweepView): string[] => {
  const all = [
    ...differencesOf(a.sweep, b.sweep),
    ...differencesOf({ titrate: a.version, node: a.node }, { titrate: b.version, node: b.node }),
  ];
  if (all.length === 0) return ['Settings: the same.'];
  const more = all.length > MOST_SETTINGS ? [`... and ${all.length - MOST_SETTINGS} more`] : [];
  const rows = all.slice(0, MOST_SETTINGS).map(({ path, a: left, b: right }) => [plainText(path, 60), left, right]);
  return ['Settings that differ', ...textTable(['', 'A', 'B'], rows), ...more];
};

/** What a sweep predicts: which figure, of which run. */
const predictedOf = ({ sweep: { objective, scales, target } }: SweepView): unknown => {
  const { direction, weights, references } = objective;
  const { parameters, tokensPerStep } = scales.find(({ name }) => name === target.scale) ?? {};
  return { direction, weights, references, parameters, tokensPerStep, steps: target.steps };
};

/** Warns where the two do not predict the same figure, so that the less of them is not read as the better. */
const unlikeLines = (a: SweepView, b: SweepView): string[] =>
  differencesOf(predictedOf(a), predictedOf(b)).length === 0
    ? []
    : ['Their objectives or targets differ: what one predicts cannot be compared with what the other does.'];

/** Tells two sweeps apart: settings, results, spending, and the first decision that differs, with the reason. */
export const diffSweeps = (a: Side, b: Side): string => {
  const n = firstDifference(a.view, b.view);
  const common = Math.min(a.view.decisions.length, b.view.decisions.length);
  return [
    `A: ${plainText(a.view.sweepId)}`,
    `B: ${plainText(b.view.sweepId)}`,
    '',
    ...settingsLines(a.view, b.view),
    '',
    ...textTable(['', 'A', 'B'], resultRows(a.view, b.view)),
    '',
    ...unlikeLines(a.view, b.view),
    `Recommended mixtures: ${movedText(a.view.recommendation?.mixture, b.view.recommendation?.mixture)}.`,
    ...(n === undefined
      ? [`The first ${plural(common, 'decision')}, as far as both go, bought the same runs.`]
      : [
          `The first decision that differs is number ${n}: ${runText(decisionOf(a.view, n), a.view.unit)} in A, ${runText(decisionOf(b.view, n), b.view.unit)} in B.`,
          whyDiffers(a, b, n),
          ...reasonLines(['in A', 'in B'], [decisionOf(a.view, n), decisionOf(b.view, n)]),
        ]),
  ].join('\n');
};
