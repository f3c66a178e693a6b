import type { Metrics } from '../domain/observation.js';
import { objectiveValue } from '../domain/objective.js';
import type { Objective } from '../domain/sweep.js';
import { plainText } from './plain-text.js';

/** Returns the objective in the team's direction; undefined when a metric is missing. */
export const objectiveOf = (objective: Objective, metrics: Metrics | undefined): number | undefined => {
  const value = metrics === undefined ? Number.NaN : objectiveValue(objective, metrics);
  return Number.isFinite(value) ? value : undefined;
};

const weightsOf = ({ weights }: Objective): readonly [string, number][] => Object.entries(weights);

/** Names the objective on an axis: the metric itself when it is one of weight 1, else `objective`. */
export const objectiveName = (objective: Objective): string => {
  const [first, ...others] = weightsOf(objective);
  return first !== undefined && others.length === 0 && first[1] === 1 ? plainText(first[0], 40) : 'objective';
};

/** Says what is optimised: `minimize 0.5 book_ce + 0.5 arxiv_ce`. */
export const objectiveSentence = (objective: Objective): string => {
  const terms = weightsOf(objective).map(([metric, weight]) =>
    weight === 1 ? plainText(metric, 80) : `${Number(weight.toPrecision(3))} ${plainText(metric, 80)}`,
  );
  return `${objective.direction} ${terms.join(' + ')}`;
};
