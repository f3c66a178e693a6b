/** Says in plain words why a job was bought: from the record alone, nothing is computed anew. */
import { costOf } from '../domain/cost.js';
import type { Candidate, Explanation, FidelityTrust, FitQuality, Prediction } from '../domain/decision.js';
import { InputError } from '../domain/errors.js';
import { isSameFidelity, type Fidelity } from '../domain/fidelity.js';
import { isSameMixture } from '../domain/mixture.js';
import {
  formatCost,
  formatCount,
  formatFidelity,
  formatFixed,
  formatInterval,
  formatMixture,
  formatPrediction,
  formatRatio,
  formatShare,
  formatSignificant,
  formatTime,
  formatValue,
  intervalOf,
  plural,
} from './format.js';
import { outcomeLines } from './explain-outcome.js';
import { guardSentence } from './guard-text.js';
import { axisOf, barText, stripText, type Strip } from './interval-strip.js';
import { objectiveName } from './objective-of.js';
import { plainText } from './plain-text.js';
import type { DecisionView, SweepView } from './sweep-view.js';
import { textTable } from './text-table.js';
import { formatTrustInterval, saysErrors, trustVerdict } from './trust-text.js';

const PHASES = {
  opening: 'It belongs to the opening, which is planned before anything is believed',
  search: 'It belongs to the search',
  'test-recommendation': 'It is a test of the mixture that would be recommended',
} as const;

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];

const rankOf = (view: SweepView, scale: string): number => view.sweep.scales.findIndex(({ name }) => name === scale);

const isTarget = (view: SweepView, fidelity: Fidelity): boolean => isSameFidelity(fidelity, view.sweep.target);

/** The run that a person approved in the place of the one that is explained. */
const approvedLines = (view: SweepView, made: DecisionView): string[] =>
  made.decided === undefined
    ? []
    : [
        `A person approved another run in its place: ${formatFidelity(made)} for up to ${formatCost(made.cost, view.unit)},`,
        `of ${formatMixture(made.mixture)}. What follows is about the run that was decided.`,
      ];

const head = (view: SweepView, decision: DecisionView, made: DecisionView): string[] => {
  const { cost, explanation, continues } = decision;
  const share = cost / decision.budget;
  const budgetShare = share < 0.0005 ? 'under 0.1 %' : formatShare(share); // what would be written as 0.0 %
  return [
    `Decision ${decision.decision} of ${plainText(view.sweepId)}: trial ${plainText(decision.trial)}, ${formatTime(decision.at)}`,
    `Train ${formatFidelity(decision)} for ${formatCost(cost, view.unit)} (${budgetShare} of the budget).`,
    `Mixture: ${formatMixture(decision.mixture)}.`,
    ...(continues === undefined
      ? []
      : [`It goes on from the last checkpoint of ${plainText(continues)}; only the rest is paid.`]),
    ...approvedLines(view, made),
    '',
    `Why: ${plainText(explanation.reason)}.`.replace(/\.\.$/, '.'),
    decision.purpose === 'confirm'
      ? 'It confirms the recommendation by a run at the target; it is not part of the search.'
      : `${PHASES[explanation.phase]} (policy ${plainText(explanation.policy)}).`,
  ];
};

/** What would have been recommended at a decision: its own incumbent, else what was recommended last before it. */
const incumbentOf = (view: SweepView, decision: DecisionView): Explanation['incumbent'] =>
  decision.explanation.incumbent ?? view.recommendations.filter(({ at }) => at <= decision.at).at(-1)?.recommendation;

const incumbentLines = (view: SweepView, decision: DecisionView): string[] => {
  const incumbent = incumbentOf(view, decision);
  if (incumbent === undefined && decision.origin === 'person') return ['No policy was asked what it believed.'];
  if (incumbent === undefined) return ['No prediction for the target was made yet.'];
  const metric = objectiveName(view.sweep.objective);
  return [
    `Best mixture so far: ${formatMixture(incumbent.mixture)};`,
    `its ${metric} at ${formatFidelity(view.sweep.target)} was put at ${formatPrediction(incumbent)} (95 %: ${formatInterval(incumbent)}).`,
  ];
};

/** How many of the runs that a decision saw were made before the sweep, or elsewhere, and how many counted no more. */
const oddRunsText = ({ observations, imports }: SweepView, { at }: DecisionView): string => {
  const imported = imports.filter((run) => run.at <= at).length;
  const retracted = [...observations, ...imports].filter(
    ({ retraction }) => retraction !== undefined && retraction.at <= at,
  ).length;
  const parts = [
    ...(imported === 0 ? [] : [`${formatCount(imported)} of them imported`]),
    ...(retracted === 0 ? [] : [`${formatCount(retracted)} of them retracted`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
};

/** Results that a decision counted and that were taken back since: what it was made from was wrong. */
const retractedLines = ({ observations, imports }: SweepView, { at }: DecisionView): string[] =>
  [...observations, ...imports].flatMap(({ trial, at: seenAt, retraction }) =>
    retraction === undefined || seenAt >= at || retraction.at <= at // what is written with a decision was not seen by it
      ? []
      : [
          `It counted the result of ${plainText(trial)}, which ${plainText(retraction.by, 60)} took back later: ${plainText(retraction.reason, 300)}.`,
        ],
  );

const belief = (view: SweepView, decision: DecisionView): string[] => {
  const { explanation, sawObservations, sawPending } = decision;
  const { fit, expected } = explanation;
  const metric = objectiveName(view.sweep.objective);
  const pending = sawPending.length === 0 ? 'none' : sawPending.map((trial) => plainText(trial)).join(', ');
  return [
    `${plural(sawObservations, 'run')} had been observed${oddRunsText(view, decision)}; in flight: ${pending}.`,
    ...retractedLines(view, decision),
    `${formatCost(explanation.committed, view.unit)} of ${formatCost(decision.budget, view.unit)} was spent or committed.`,
    ...incumbentLines(view, decision),
    ...(expected === undefined
      ? []
      : [`This run itself was expected to report ${metric} ${formatPrediction(expected)}.`]),
    ...(fit === undefined ? [] : [fitText(fit)]),
  ];
};

const fitText = (fit: FitQuality): string => {
  const fitted = `The model fitted ${plural(fit.rows, 'checkpoint')}`;
  if (!saysErrors(fit)) return `${fitted}: too few to judge it by.`;
  const { standardizedError } = fit;
  return `${fitted}; leave-one-out errors are ${formatRatio(standardizedError)} what it claims (${fitVerdict(standardizedError)}).`;
};

const fitVerdict = (standardizedError: number): string => {
  if (!Number.isFinite(standardizedError)) return 'not known';
  if (standardizedError > 1.5) return 'its intervals are too narrow';
  return standardizedError < 0.67 ? 'its intervals are wider than they need be' : 'honest is 1x';
};

const guards = ({ explanation }: DecisionView): string[] => (explanation.guards ?? []).map(guardSentence);

const hyperparameters = ({ explanation }: DecisionView): string[] => {
  const entries = Object.entries(explanation.hyperparameters);
  return entries.length === 0
    ? []
    : [entries.map(([name, value]) => `${plainText(name)} ${formatSignificant(value, 3)}`).join(', ')];
};

/** The best candidate at the fidelity that was bought; its mixture may be another than the one bought. */
const chosenOf = (decision: DecisionView): Candidate | undefined =>
  decision.explanation.considered.find((candidate) => isSameFidelity(candidate, decision));

/** Compares another candidate to the chosen one, in words. */
const compare = (view: SweepView, chosen: Candidate, other: Candidate): string => {
  const worth = other.value / chosen.value;
  const price = other.cost / chosen.cost;
  const perCost = other.valuePerCost / chosen.valuePerCost;
  const what = formatFidelity(other);
  const cost = formatCost(other.cost, view.unit);
  const ratios = `it is worth ${formatRatio(worth)} as much and costs ${formatRatio(price)} (${cost})`;
  return `${what}: ${ratios}, so ${formatRatio(perCost)} per ${plainText(view.unit)}.`;
};

const excludedReason = (view: SweepView, { explanation }: DecisionView): string | undefined => {
  const entry =
    explanation.excluded.find((item) => isTarget(view, item)) ??
    explanation.excluded.find(({ scale }) => scale === view.sweep.target.scale);
  return entry === undefined ? undefined : plainText(entry.reason);
};

/** Why not the target-scale run; falls back on what the record does know. */
const whyNotTarget = (view: SweepView, decision: DecisionView, chosen: Candidate | undefined): string => {
  const { explanation } = decision;
  const target = view.sweep.target;
  const candidate =
    explanation.considered.find((item) => isTarget(view, item)) ??
    explanation.considered.find(({ scale }) => scale === target.scale);
  if (candidate !== undefined && chosen !== undefined) return compare(view, chosen, candidate);
  const excluded = excludedReason(view, decision);
  if (excluded !== undefined) return `${formatFidelity(target)} was left out: ${excluded}.`;
  const full = costOf(view.sweep, target);
  const price = `${formatFidelity(target)} costs ${formatCost(full, view.unit)}, ${formatRatio(full / decision.cost)} this run`;
  if (explanation.phase === 'opening') return `The opening compares no values. ${price}.`;
  return `${price}; the policy did not weigh it here.`;
};

/** Says so when the mixture that was bought is not the best candidate at its own fidelity. */
const mixtureRule = ({ mixture, explanation }: DecisionView, best: Candidate): string => {
  if (isSameMixture(best.mixture, mixture)) return '';
  const why =
    explanation.phase === 'test-recommendation' ? 'to test what would be recommended' : 'by a rule of the policy';
  return ` At this fidelity the comparison is of its best candidate (value ${formatSignificant(best.value, 3)}); another mixture was run there, ${why}.`;
};

/** Says how the choice stands by value per cost; a policy's rules may buy another run than the best by that measure. */
const standing = (view: SweepView, decision: DecisionView, chosen: Candidate | undefined): string => {
  if (chosen === undefined) return 'The policy gave no values to compare at this decision.';
  const others = decision.explanation.considered.filter((candidate) => !isSameFidelity(candidate, chosen));
  const best = others.sort((a, b) => b.valuePerCost - a.valuePerCost)[0];
  if (best === undefined) return `No other fidelity was open.${mixtureRule(decision, chosen)}`;
  if (best.valuePerCost <= chosen.valuePerCost) {
    return `No other fidelity considered was worth more per ${plainText(view.unit)}.${mixtureRule(decision, chosen)}`;
  }
  const ratio = formatRatio(best.valuePerCost / chosen.valuePerCost);
  return `By value per cost alone ${formatFidelity(best)} came first (${ratio}); a rule of the policy bought this run (see Why).${mixtureRule(decision, chosen)}`;
};

const cheaperAndCostlier = (view: SweepView, decision: DecisionView, chosen: Candidate | undefined): string[] => {
  if (chosen === undefined) return [];
  const { runnerUpCheaper, runnerUpCostlier } = decision.explanation;
  return [
    ...(runnerUpCostlier === undefined || isTarget(view, runnerUpCostlier)
      ? []
      : [`Runner-up at a costlier scale, ${compare(view, chosen, runnerUpCostlier)}`]),
    ...(runnerUpCheaper === undefined
      ? []
      : [`Runner-up at a cheaper scale, ${compare(view, chosen, runnerUpCheaper)}`]),
  ];
};

const scaleReason = (view: SweepView, decision: DecisionView): { title: string; lines: string[] } => {
  const chosen = chosenOf(decision);
  const target = plainText(view.sweep.target.scale);
  if (decision.purpose === 'confirm') {
    return {
      title: `Why at ${target}`,
      lines: ['The sweep asks for the recommendation to be run at the target itself.'],
    };
  }
  const runnersUp = cheaperAndCostlier(view, decision, chosen);
  if (rankOf(view, decision.scale) >= rankOf(view, view.sweep.target.scale)) {
    return { title: `Why ${target}, and why now`, lines: [standing(view, decision, chosen), ...runnersUp] };
  }
  const rank = chosen === undefined ? [] : [standing(view, decision, chosen)];
  const lines = [whyNotTarget(view, decision, chosen), ...rank, ...runnersUp];
  return { title: `Why ${plainText(decision.scale)}, and not ${target}`, lines };
};

const consideredTable = (view: SweepView, decision: DecisionView): string[] => {
  const { considered, excluded } = decision.explanation;
  if (considered.length === 0) return [];
  const most = Math.max(...considered.map(({ valuePerCost }) => valuePerCost));
  const mark = (candidate: Candidate): string => {
    if (isSameFidelity(candidate, decision)) return isSameMixture(candidate.mixture, decision.mixture) ? '>' : '~';
    return excluded.some((item) => isSameFidelity(item, candidate)) ? 'x' : '';
  };
  const rows = considered.map((candidate) => [
    mark(candidate),
    plainText(candidate.scale),
    formatCount(candidate.steps),
    formatCost(candidate.cost),
    formatSignificant(candidate.value, 3),
    formatSignificant(candidate.valuePerCost, 3),
    barText(candidate.valuePerCost / most),
    formatMixture(candidate.mixture, 3),
  ]);
  const unit = plainText(view.unit);
  return textTable(
    ['', 'scale', 'steps', `cost (${unit})`, 'value', `value per ${unit}`, '', 'mixture'],
    rows,
    [2, 3, 4, 5],
  );
};

const PREDICTIONS = 8; // of decisions up to this one: how the belief came to where it stood

const stripOf = (prediction: Prediction): Strip => {
  const [low, high] = intervalOf(prediction);
  return { low, mid: prediction.mean, high };
};

/** How the prediction for the best mixture at the target moved up to this decision. */
const predictionPlot = (view: SweepView, { decision }: DecisionView): string[] => {
  const known = view.decisions.flatMap(({ decision: number, explanation: { incumbent } }) =>
    number > decision || incumbent === undefined ? [] : [{ number, incumbent }],
  );
  const shown = known.slice(-PREDICTIONS);
  const axis = axisOf(shown.slice(-PREDICTIONS / 2).map(({ incumbent }) => stripOf(incumbent)));
  if (axis === null) return [];
  const rows = shown.map(({ number, incumbent }) => [
    `decision ${number}`,
    stripText(stripOf(incumbent), axis),
    formatPrediction(incumbent),
  ]);
  const [low, high] = axis.map(formatValue);
  const ends = `${low ?? ''}${(high ?? '').padStart(32 - (low ?? '').length)}`; // under the ends of the strips
  return textTable(['', objectiveName(view.sweep.objective), 'mean ± 95 %'], [...rows, ['', ends, '']]);
};

const CORRELATIONS = [-1, 1] as const;

const trustStrip = ({ correlation, interval }: FidelityTrust): string => {
  const [low, high] = interval ?? [correlation, correlation];
  return stripText({ low, mid: correlation, high }, CORRELATIONS, 21); // a character for each tenth
};

const trustTable = (view: SweepView, { explanation: { trust } }: DecisionView): string[] => {
  if (trust.length === 0) return [];
  const hasInterval = trust.some(({ interval }) => interval !== undefined); // records of earlier versions have none
  const rows = trust.map((item) => [
    plainText(item.scale),
    formatFixed(item.correlation, 2),
    ...(hasInterval ? [formatTrustInterval(item)] : []),
    formatCount(item.runs),
    ...(hasInterval ? [trustStrip(item)] : []),
    item.scale === view.sweep.target.scale ? 'is the target' : trustVerdict(item),
  ]);
  return hasInterval
    ? textTable(
        ['scale', 'correlation with the target', '90 % interval', 'runs', '-1        0         1', ''],
        rows,
        [1, 2, 3],
      )
    : textTable(['scale', 'correlation with the target', 'runs', ''], rows, [1, 2]);
};

/**
 * Explains decision `n` in plain words: what was bought and why, why at this scale, what was believed, what else was
 * considered, and what came of it.
 * @throws InputError when there is no such decision.
 */
export const explainDecision = (view: SweepView, n: number): string => {
  const made = view.decisions.find((candidate) => candidate.decision === n);
  if (made === undefined) {
    const known = view.decisions.length === 0 ? 'no decision yet' : `decisions 1 to ${view.decisions.length}`;
    throw new InputError(`${plainText(view.sweepId)} has no decision ${n}`, [
      { path: 'N', expected: known, found: String(n) },
    ]);
  }
  const decision: DecisionView = { ...made, ...made.decided };
  const scale = scaleReason(view, decision);
  return [
    ...head(view, decision, made),
    ...section(scale.title, scale.lines),
    ...section('What was believed', belief(view, decision)),
    ...section('How the prediction for the best mixture at the target came there', predictionPlot(view, decision)),
    ...section('What its mixture was expected to do to the guarded metrics at the target', guards(decision)),
    ...section(
      'What was considered: the best at each fidelity, its value being what it should improve the recommendation by (> bought; ~ bought with another mixture; x not open, for the reason given below)',
      consideredTable(view, decision),
    ),
    ...section(
      'What was not open, and why',
      decision.explanation.excluded.map((item) => `${formatFidelity(item)}: ${plainText(item.reason)}.`),
    ),
    ...section('How far each scale is trusted', trustTable(view, decision)),
    ...section('Hyper-parameters of the belief', hyperparameters(decision)),
    ...section('What came of it', outcomeLines(view, decision)),
    '',
  ].join('\n');
};
