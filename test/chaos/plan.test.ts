import { describe, expect, it } from 'vitest';
import { createLocalPlace } from './local-place.js';
import { planRun, shareOut, type PlanRequest } from './plan.js';
import { OWN_STRIKES } from './strike.js';

const kinds = [...OWN_STRIKES, ...createLocalPlace().strikes];
const request: PlanRequest = { kills: 200, seed: 1, kinds, lanes: 6, smallDisk: true };

describe('the plan of a run', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planRun(request)).toEqual(planRun(request));
    expect(planRun({ ...request, seed: 2 })).not.toEqual(planRun(request));
  });

  it('has as many strikes as asked for, each in one lane, and every kind among 200', () => {
    const strikes = planRun(request).flatMap((lane) => lane.strikes);
    expect(strikes.map(({ number }) => number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, i) => i + 1),
    );
    const names = new Set(strikes.map(({ victim, act, point }) => `${victim} ${act} ${point}`));
    expect(names.size).toBe(kinds.length);
  });

  it('keeps what may end a job away from lanes whose decisions are compared', () => {
    for (const { isSequential, strikes } of planRun(request))
      expect(strikes.some(({ hurtsJobs }) => hurtsJobs) && isSequential).toBe(false);
  });

  it('has sweeps of one sort in a world of one sort, with every strike that these can take', () => {
    const alone = planRun({ ...request, world: 'one-by-one' });
    expect(alone.every(({ isSequential }) => isSequential)).toBe(true);
    expect(alone.flatMap((lane) => lane.strikes)).toHaveLength(200);
    expect(alone.some(({ fills }) => fills > 0)).toBe(true);
    const several = planRun({ ...request, world: 'several' });
    expect(several.every(({ isSequential }) => !isSequential)).toBe(true);
    expect(several.flatMap((lane) => lane.strikes).some(({ hurtsJobs }) => hurtsJobs)).toBe(true);
  });

  it('shares out exactly what is asked for, by weight', () => {
    const shared = shareOut(kinds, 1000);
    expect(shared).toHaveLength(1000);
    const total = kinds.reduce((sum, { weight }) => sum + weight, 0);
    for (const kind of kinds) {
      const count = shared.filter((one) => one === kind).length;
      expect(Math.abs(count - (1000 * kind.weight) / total)).toBeLessThan(1);
    }
  });
});
