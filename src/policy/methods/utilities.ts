/**
 * What a unit of each domain is worth for each task, from runs of a few mixtures: least squares of y = X u, task by task, with a
 * touch of ridge towards the mean utility for domains that no run tells apart.
 *
 * | name | meaning | shape |
 * |---|---|---|
 * | X | shares of the runs | runs × D |
 * | y | how well each run did, 0 for the worst and 1 for the best | runs |
 * | u | utility of the domains | D |
 */
import { cholesky, solveLower, solveUpper } from '../../surrogate/linear-algebra.js';

/** A run with how well it did at each task `(T)`, more being better; 'worst' for one that blew up. */
export interface ScoredRun {
  readonly shares: ArrayLike<number>;
  readonly scores: Float64Array | 'worst';
}

const RIDGE = 1e-8; // against entries of X'X near 1: changes a measured utility by as much, and keeps the system definite

/** Scales one task's scores to [0, 1]; where all are alike, all are as good as it gets. */
const scaledScores = (runs: readonly ScoredRun[], task: number): Float64Array => {
  const finite = runs.flatMap(({ scores }) => (scores === 'worst' ? [] : [scores[task]!]));
  const [least, most] = [Math.min(...finite), Math.max(...finite)];
  const scaled = (score: number): number => (most > least ? (score - least) / (most - least) : 1);
  return Float64Array.from(runs, ({ scores }) => (scores === 'worst' ? 0 : scaled(scores[task]!)));
};

/** Returns X'X `(D × D)`, the ridge on its diagonal. */
export const normalMatrix = (runs: readonly Pick<ScoredRun, 'shares'>[], count: number): Float64Array => {
  const matrix = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      matrix[i * count + j] = runs.reduce((sum, { shares }) => sum + shares[i]! * shares[j]!, i === j ? RIDGE : 0);
    }
  }
  return matrix;
};

/** Estimates the utilities, a row of tasks `(T)` for each domain; undefined while no run has told anything. */
export const estimateUtilities = (runs: readonly ScoredRun[]): Float64Array[] | undefined => {
  const told = runs.map(({ scores }) => scores).find((scores) => scores !== 'worst');
  if (told === undefined) return undefined;
  const count = runs[0]!.shares.length;
  const factor = cholesky(normalMatrix(runs, count), count);
  const utilities = Array.from({ length: count }, () => new Float64Array(told.length));
  for (let task = 0; task < told.length; task++) {
    const y = scaledScores(runs, task);
    const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
    const right = Float64Array.from({ length: count }, (_, i) =>
      runs.reduce((sum, { shares }, r) => sum + shares[i]! * y[r]!, RIDGE * mean),
    );
    solveLower(factor, count, right);
    solveUpper(factor, count, right);
    right.forEach((utility, i) => (utilities[i]![task] = utility));
  }
  return utilities;
};
