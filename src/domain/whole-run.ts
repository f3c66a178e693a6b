/** One trial over all its generations: what it cost and the checkpoints that it reached. */
import type { CurvePoint } from './observation.js';
import type { RecordEvent } from './record-event.js';

type Part = Pick<Extract<RecordEvent, { type: 'attempted' | 'observed' }>, 'curve' | 'cost'>;

/** Joins generations, the earliest first: costs add up, and of two reports of a checkpoint the later one counts. */
export const wholeRun = (parts: readonly Part[]): { readonly curve: readonly CurvePoint[]; readonly cost: number } => {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return { curve: only.curve, cost: only.cost };
  const points = new Map(parts.flatMap(({ curve }) => curve.map((point) => [point.steps, point] as const)));
  return {
    curve: [...points.values()].sort((a, b) => a.steps - b.steps),
    cost: parts.reduce((sum, { cost }) => sum + cost, 0),
  };
};
