import type { Problem } from './errors.js';
import type { Objective, Reference } from './sweep.js';
import type { SweepFile } from './sweep-file.js';
import type { Reading } from './sweep-readers.js';
import { pathText, valueText } from './zod-problems.js';

type Written = SweepFile['objective'];
type Metrics = NonNullable<Written['metrics']>;
type WrittenReference = NonNullable<Written['references']>[string];

const problem = (path: readonly string[], expected: string, found: string): Problem => ({
  path: pathText(['objective', ...path]),
  expected,
  found,
});

const readReference = ({ zero = 0, unit }: WrittenReference): Reference => ({ zero, unit });

const readReferences = (entries: readonly (readonly [string, WrittenReference | undefined])[]) => {
  const stated = entries.flatMap(([metric, reference]) =>
    reference === undefined ? [] : [[metric, readReference(reference)] as const],
  );
  return stated.length === 0 ? {} : { references: Object.fromEntries(stated) };
};

/** Metrics of one direction keep it; where directions differ the sum is a score, and what is minimised counts against it. */
const readMetrics = (metrics: Metrics): Objective => {
  const entries = Object.entries(metrics);
  const direction = entries.every(([, metric]) => metric.direction === 'minimize') ? 'minimize' : 'maximize';
  const signed = entries.map(([name, metric]) => {
    const { weight = 1 } = metric;
    return [name, metric.direction === direction ? weight : -weight] as const;
  });
  const references = readReferences(entries.map(([name, { reference }]) => [name, reference]));
  return { direction, weights: Object.fromEntries(signed), ...references };
};

const readSum = ({ minimize, maximize, direction, weights = {}, references = {} }: Written): Objective => {
  const goal = minimize ?? maximize ?? weights;
  return {
    direction: direction ?? (minimize === undefined ? 'maximize' : 'minimize'),
    weights: typeof goal === 'string' ? { [goal]: 1 } : goal,
    ...readReferences(Object.entries(references)),
  };
};

/** The forms that an objective is written in, of which one is to be used. */
const formsOf = ({ minimize, maximize, metrics, direction, weights }: Written): unknown[] =>
  [minimize, maximize, metrics, direction ?? weights].filter((goal) => goal !== undefined);

const weightProblems = (written: Written, { weights }: Objective, isPareto: boolean): Problem[] => {
  const key = ['minimize', 'maximize', 'metrics'].find((name) => name in written) ?? 'weights';
  const found = valueText(written.minimize ?? written.maximize ?? written.metrics ?? written.weights);
  const given = Object.values(weights);
  const problems: Problem[] = [];
  if (given.every((weight) => weight === 0)) problems.push(problem([key], 'a weight other than 0', found));
  else if (isPareto && given.length < 2) problems.push(problem(['pareto'], 'two metrics or more', 'one'));
  else if (isPareto) {
    for (const [metric, weight] of Object.entries(weights)) {
      if (weight !== 0) continue;
      problems.push(problem([key, metric], 'a weight other than 0: its sign says which way a front is sought', '0'));
    }
  }
  return problems;
};

const strayReferences = ({ references = {} }: Written, { weights }: Objective): Problem[] =>
  Object.keys(references)
    .filter((metric) => !Object.hasOwn(weights, metric))
    .map((metric) => problem(['references', metric], 'a metric of weights', 'a metric without a weight'));

/** Reads the objective in any of its forms. */
export const readObjective = (written: Written): Reading<Objective> => {
  const { direction, weights, references, metrics, pareto = false } = written;
  const isHalf = (direction === undefined) !== (weights === undefined);
  if (formsOf(written).length !== 1 || isHalf || (references !== undefined && weights === undefined)) {
    const found = Object.keys(written).join(', ') || 'nothing';
    return { problems: [problem([], 'one of minimize and maximize, or metrics with a direction each', found)] };
  }
  const sum = metrics === undefined ? readSum(written) : readMetrics(metrics);
  const problems = [...weightProblems(written, sum, pareto), ...strayReferences(written, sum)];
  return problems.length > 0 ? { problems } : { value: pareto ? { ...sum, pareto } : sum, problems };
};
