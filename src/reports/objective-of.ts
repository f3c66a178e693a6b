import type { Metrics } from '../domain/observation.js';
import { objectiveValue, referenceOf } from '../domain/objective.js';
import type { Objective } from '../domain/sweep.js';
import { plainText } from './plain-text.js';

/** Returns the objective in the team's direction; undefined when a metric is missing. */
export const objectiveOf = (objective: Objective, metrics: Metrics | undefined): number | undefined => {
  const value = metrics === undefined ? Number.NaN : objectiveValue(objective, metrics);
  return Number.isFinite(value) ? value : undefined;
};

const weightsOf = ({ weights }: Objective): readonly [string, number][] => Object.entries(weights);

/** Names the objective on an axis: the metric itself when it is one of weight 1 as reported, else `objective`. */
export const objectiveName = (objective: Objective): string => {
  const [first, ...others] = weightsOf(objective);
  const isItself = first?.[1] === 1 && others.length === 0 && objective.references === undefined;
  return isItself ? plainText(first[0], 40) : 'objective';
};

const short = (value: number): string => String(Number(value.toPrecision(3)));

/** Writes a metric as it is weighed: `book_ce`, `(hellaswag - 0.25) / 0.1`. */
const measured = (objective: Objective, metric: string): string => {
  const { zero, unit } = referenceOf(objective, metric);
  const name = plainText(metric, 80);
  const from = zero === 0 ? name : `(${name} ${zero > 0 ? '-' : '+'} ${short(Math.abs(zero))})`;
  return unit === 1 ? from : `${from} / ${short(unit)}`;
};

/** Says what is optimised: `minimize 0.5 book_ce - arxiv_acc`, and whether a front is asked for. */
export const objectiveSentence = (objective: Objective): string => {
  const terms = weightsOf(objective).map(([metric, weight], i) => {
    const sign = weight < 0 ? '- ' : i === 0 ? '' : '+ ';
    const factor = Math.abs(weight) === 1 ? '' : `${short(Math.abs(weight))} `;
    return `${sign}${factor}${measured(objective, metric)}`;
  });
  const front = objective.pareto === undefined ? '' : ', and the front between them';
  return `${objective.direction} ${terms.join(' ')}${front}`;
};
