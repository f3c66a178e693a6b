import { formatCost, formatCount, formatFixed, formatKnown, formatValue, plural } from './format.js';
import { objectiveName } from './objective-of.js';
import { plainText } from './plain-text.js';
import type { DecisionView, SweepView } from './sweep-view.js';

const MOST_WARNINGS = 5; // of a generation: the report has them all

/** What was odd about the files of a job, each in a line. */
const warningLines = (warnings: readonly string[]): string[] => [
  ...warnings.slice(0, MOST_WARNINGS).map((warning) => `  Odd about its files: ${plainText(warning, 300)}.`),
  ...(warnings.length > MOST_WARNINGS
    ? [`  And ${plural(warnings.length - MOST_WARNINGS, 'more oddity', 'more oddities')}.`]
    : []),
];

/** What became of the earlier generations of a trial, each in a line, with the decision that followed. */
const generationLines = (view: SweepView, trial: string): string[] =>
  view.attempts
    .filter((attempt) => attempt.trial === trial)
    .flatMap(({ generation, ending, stepsReached, cost, detail, warnings }) => {
      const words = detail === undefined ? '' : ` (${plainText(detail, 200)})`;
      const reached = `at step ${formatCount(stepsReached)}`;
      const parking = view.parkings.find((one) => one.trial === trial && one.generation === generation + 1);
      const rerun = view.reruns.find((one) => one.trial === trial && one.generation === generation + 1);
      return [
        `Run ${generation}: ${ending} ${reached}${words}, charged ${formatCost(cost, view.unit)}.`,
        ...warningLines(warnings),
        ...(parking === undefined ? [] : [`  Parked for a person: ${plainText(parking.reason, 300)}.`]),
        ...(rerun === undefined ? [] : [`  Run again: ${plainText(rerun.reason, 300)}.`]),
      ];
    });

const openLine = ({ awaiting }: SweepView, trial: string): string =>
  awaiting.has(trial) ? 'It waits for approval.' : 'It has not ended yet.';

/** What came of a decision, by the generations of its trial, and how far that was from what was expected. */
export const outcomeLines = (view: SweepView, decision: DecisionView): string[] => {
  const seen = view.observations.filter(({ trial }) => trial === decision.trial).at(-1);
  const story = generationLines(view, decision.trial);
  if (seen === undefined) return [...story, openLine(view, decision.trial)];
  const metric = objectiveName(view.sweep.objective);
  const value = seen.value === undefined ? `no ${metric}` : `${metric} ${formatValue(seen.value)}`;
  const detail = seen.detail === undefined ? '' : ` (${plainText(seen.detail, 200)})`;
  return [
    ...story,
    `${seen.status}${detail}: ${value}, charged ${formatCost(seen.cost, view.unit)}.${surprise(decision, seen.value)}`,
    ...warningLines(seen.warnings),
  ];
};

const surprise = ({ explanation: { expected }, decided }: DecisionView, value: number | undefined): string => {
  if (decided !== undefined || expected === undefined || value === undefined || !(expected.sd > 0)) return '';
  const off = (value - expected.mean) / expected.sd;
  return ` That is ${formatFixed(Math.abs(off), 1)} standard deviations ${off < 0 ? 'below' : 'above'} the expected ${formatKnown(expected.mean, expected.sd)}.`;
};
