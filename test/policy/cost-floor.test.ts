import { describe, expect, it } from 'vitest';
import { costOf } from '../../src/domain/cost.js';
import type { Proposal } from '../../src/domain/decision.js';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { massMoved, mixtureOf, type Mixture } from '../../src/domain/mixture.js';
import type { Observation } from '../../src/domain/observation.js';
import { createRng } from '../../src/domain/rng.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { historyOf } from '../../src/policy/history.js';
import { propose } from '../../src/policy/propose.js';
import { recommend } from '../../src/policy/recommend.js';
import { lossOf, makeSweep, runOf } from './sweeps.js';

const sweep = makeSweep({ budget: 1200 });
const TARGET = costOf(sweep, sweep.target);
const CAP = TARGET / 2;

type Loss = (mixture: Mixture, scale: string, steps: number) => number;

/** Small scales rank mixtures as the target does, only further down. */
const guiding: Loss = (mixture, scale, steps) =>
  lossOf(mixture, 'L', steps) + { S: 0.6, M: 0.3, L: 0 }[scale]! + 0.02 * mixture['code']! * (scale === 'S' ? 1 : 0);

/** Some scales want the contrary of what the target does. */
const misleadingAt =
  (...scales: readonly string[]): Loss =>
  (mixture, scale, steps) => {
    const bowl = lossOf(mixture, 'L', 1000) - lossOf({ web: 0.5, code: 0.3, books: 0.2 }, 'L', 1000);
    return 1 + 3 * steps ** -0.3 + (scales.includes(scale) ? -bowl : bowl);
  };

interface Step {
  readonly proposal: Proposal;
  readonly before: readonly Observation[];
}

/** Runs a proposal in a world. */
const runIn = (loss: Loss, world: Sweep, proposal: Parameters<typeof runOf>[1], trial: string): Observation => {
  const run = runOf(world, proposal, trial);
  const curve = run.curve!.map(({ steps }) => ({ steps, metrics: { loss: loss(run.mixture, run.scale, steps) } }));
  return { ...run, curve, metrics: curve.at(-1)!.metrics };
};

/** Runs a sweep to its end; what was proposed, each with what had been observed by then. */
const sweepIn = (loss: Loss, world = sweep): Step[] => {
  const steps: Step[] = [];
  const observations: Observation[] = [];
  while (observations.length < 150) {
    const proposal = propose(world, observations, { seed: 1 });
    if (proposal === null) break;
    steps.push({ proposal, before: [...observations] });
    observations.push(runIn(loss, world, proposal, `t${observations.length}`));
  }
  return steps;
};

const EXCEPTION =
  /It may cost less than the [\d.]+ that other runs should by now, as ([SM]) ranks mixtures like the target/;

const isException = ({ proposal }: Step): boolean => EXCEPTION.test(proposal.explanation.reason);
const fullCost = ({ proposal }: Step): number => costOf(sweep, proposal);

/** What a run of the search should cost by then, were there no guides. */
const floorAt = ({ before }: Step): number => Math.min(historyOf(sweep, before, []).spent, CAP);

describe('the floor on costs', () => {
  const guided = sweepIn(guiding);
  const searches = guided.filter(({ proposal }) => proposal.explanation.phase !== 'opening');

  it('is left out at a scale that was run and ranks mixtures as the target does, and the decision says so', () => {
    const exceptions = searches.filter(isException);
    expect(exceptions.length).toBeGreaterThan(3);
    for (const step of exceptions) {
      const { proposal } = step;
      expect(fullCost(step)).toBeLessThan(floorAt(step));
      const trust = proposal.explanation.trust.find(({ scale }) => scale === proposal.scale)!;
      expect(trust.interval![0]).toBeGreaterThanOrEqual(0.8);
      expect(trust.runs).toBeGreaterThanOrEqual(4);
      expect(EXCEPTION.exec(proposal.explanation.reason)![1]).toBe(proposal.scale);
    }
  });

  it('opens runs of all lengths where it is left out, and the two longest elsewhere', () => {
    const short = searches.flatMap(({ proposal }) =>
      proposal.explanation.considered
        .filter(({ steps }) => steps === 100)
        .map(({ scale }) => ({ scale, trust: proposal.explanation.trust.find((trust) => trust.scale === scale)! })),
    );
    expect(short.length).toBeGreaterThan(3);
    for (const { scale, trust } of short) {
      expect(scale).not.toBe('L');
      expect(trust.interval![0]).toBeGreaterThanOrEqual(0.8);
      expect(trust.runs).toBeGreaterThanOrEqual(4);
    }
    const bought = searches.filter(({ proposal }) => proposal.steps === 100);
    expect(bought.length).toBeGreaterThan(0);
    expect(bought.filter((step) => !isException(step))).toEqual([]);
  });

  it('counts what starting a job costs: where that is more than a short run saves, longer ones are bought', () => {
    const short = searches.filter(({ proposal }) => proposal.scale === 'S' && proposal.steps === 100);
    expect(short.length).toBeGreaterThan(3);
    const perJob = 20; // a run of 100 steps costs 0.2 at S, one of 1000 steps 2
    const dear = { ...sweep, cost: { ...sweep.cost, perJob }, budget: 2 * sweep.budget };
    const decided = short.map(({ before }) => propose(dear, before, { seed: 1 })!);
    for (const { explanation } of decided)
      for (const run of explanation.considered) expect(run.cost).toBeGreaterThan(perJob);
    expect(decided.filter(({ steps }) => steps === 100).length).toBeLessThanOrEqual(short.length / 4);
  });

  it('holds once runs below half a target run took a target run, and as much again as the larger ones', () => {
    const feasible = feasibleSet(sweep);
    const rng = createRng(7);
    const made = (scale: string, count: number, first = 0, steps = 1000): Observation[] =>
      Array.from({ length: count }, (_, i) => {
        const proposal = { mixture: mixtureOf(feasible.sample(rng, 0.7), feasible.domains), scale, steps };
        const trial = `${scale}${steps}-${first + i}`;
        return runIn(guiding, sweep, { ...proposal, cost: costOf(sweep, proposal) }, trial);
      });
    const excluded = (observations: readonly Observation[]): string[] =>
      propose(sweep, observations, { seed: 1 })!.explanation.excluded.map(({ scale, steps }) => `${scale}${steps}`);
    const little = [...made('S', 9), ...made('M', 6)]; // 18 + 72
    expect(excluded(little)).not.toContain('M1000');
    const enough = [...little, ...made('M', 1, 6)]; // and 12: more than 100
    expect(excluded(enough)).toContain('M1000');
    const larger = [...enough, ...made('L', 3)]; // 102 against 100 + 300
    expect(excluded(larger)).not.toContain('M1000');
  });

  describe('below a gap of the ladder', () => {
    const GAP = /as the next larger ones cost ([\d.]+), and runs below 50 have taken/;
    const sparse = makeSweep({
      budget: 2400,
      scales: sweep.scales.map((scale) => ({ ...scale, steps: [1000] })),
      cost: { kind: 'table', unit: 'units', perStep: { S: 0.001, M: 0.01, L: 0.1 } },
    });
    /** What runs that cost less than half a target run take, of what is spent with this one. */
    const smallPart = ({ before, proposal }: Step): number => {
      const costs = [...before.map(({ cost }) => cost!), proposal.cost];
      const small = costs.filter((cost) => cost < CAP);
      return small.reduce((sum, cost) => sum + cost, 0) / costs.reduce((sum, cost) => sum + cost, 0);
    };
    it.each([
      ['all', misleadingAt('S', 'M')],
      ['the smallest', misleadingAt('S')],
    ])(
      'gives the runs there half of the money at most, and says why, where %s of the small scales mislead',
      (_, loss) => {
        const exceptions = sweepIn(loss, sparse).filter(({ proposal }) => GAP.test(proposal.explanation.reason));
        expect(exceptions.length).toBeGreaterThan(1);
        for (const step of exceptions) {
          expect(fullCost(step)).toBeLessThan(floorAt(step));
          const next = GAP.exec(step.proposal.explanation.reason)?.[1];
          expect(Number(next)).toBe(step.proposal.scale === 'S' ? 10 : 100);
          expect(smallPart(step)).toBeLessThanOrEqual(0.5 + 1e-9);
        }
      },
    );

    it('tests nothing at the target before smaller runs have taken a tenth of its price', () => {
      const steep = { ...sparse, cost: { ...sparse.cost, perStep: { S: 0.0001, M: 0.0006, L: 0.1 } } };
      const first = sweepIn(guiding, steep).find(({ proposal }) => proposal.scale === 'L')!;
      expect(first.proposal.explanation.reason).toContain('Tests the mixture that would be recommended');
      expect(first.before.reduce((sum, { cost }) => sum + cost!, 0)).toBeGreaterThanOrEqual(0.1 * TARGET);
    });

    it('makes no exception on a ladder without one', () => {
      const even = { ...sparse, cost: { ...sparse.cost, perStep: { S: 0.002, M: 0.014, L: 0.1 } } };
      const steps = sweepIn(misleadingAt('S', 'M'), even);
      expect(steps.length).toBeGreaterThan(15);
      expect(steps.filter((step) => GAP.test(step.proposal.explanation.reason))).toEqual([]);
    });
  });

  it('holds at a scale that ranks mixtures the other way round', () => {
    const misled = sweepIn(misleadingAt('S'));
    expect(misled.filter(({ proposal }) => proposal.explanation.phase !== 'opening').length).toBeGreaterThan(3);
    expect(misled.filter(isException).filter(({ proposal }) => proposal.scale === 'S')).toEqual([]);
  });

  it('does not keep the target from being asked: its second run lies far from the first, and what contradicts is found', () => {
    const misled = sweepIn(misleadingAt('S', 'M'));
    const atTarget = misled.filter(({ proposal }) => proposal.scale === 'L');
    const [first, second] = atTarget.map(({ proposal }) => proposal);
    expect(massMoved(first!.mixture, second!.mixture)).toBeGreaterThanOrEqual(0.3);
    expect(second!.explanation.reason).toContain(
      'this one, far from them, shows whether it ranks mixtures as smaller scales do',
    );
    expect(atTarget.slice(2).filter(({ proposal }) => /far from them/.test(proposal.explanation.reason))).toEqual([]);
    const last = misled.at(-1)!;
    expect(last.proposal.explanation.trust.find(({ scale }) => scale === 'M')!.interval![1]).toBeLessThan(0);
    const { mixture } = recommend(sweep, last.before, { seed: 1 });
    expect(massMoved(mixture, { web: 0.5, code: 0.3, books: 0.2 })).toBeLessThan(0.1);
  });
});

describe('late in a sweep', () => {
  const wealthy = makeSweep({ budget: 40 * TARGET });
  const steps = sweepIn(guiding, wealthy);
  const spent = steps.reduce((sum, { proposal }) => sum + proposal.cost, 0);
  const LATE = 2.5 * TARGET;
  const RANGE = 0.5; // losses of mixtures differ by 0.98

  it('no run is searched for that promises next to nothing for its price, and money is left', () => {
    const searched = steps.filter(
      ({ proposal, before }) =>
        proposal.explanation.phase === 'search' && historyOf(wealthy, before, []).spent > LATE && proposal.cost > CAP,
    );
    for (const { proposal } of searched) {
      const { considered } = proposal.explanation;
      const promise = considered.find(
        ({ scale, steps: count }) => scale === proposal.scale && count === proposal.steps,
      )!;
      expect(promise.value).toBeGreaterThan(3e-4 * RANGE * (proposal.cost / TARGET));
    }
    expect(steps.length).toBeLessThan(150);
    expect(spent).toBeGreaterThan(LATE);
    expect(spent).toBeLessThan(0.5 * wealthy.budget);
    const runs = steps.map(({ proposal }, i) => runIn(guiding, wealthy, proposal, `t${i}`));
    const { mixture } = recommend(wealthy, runs, { seed: 1 });
    expect(massMoved(mixture, { web: 0.5, code: 0.3, books: 0.2 })).toBeLessThan(0.02);
  });
});

describe('what was committed to small runs', () => {
  it('counts runs that were made and are under way, and no continuation as a whole run', () => {
    const [mixture, other] = [
      { web: 1, code: 0, books: 0 },
      { web: 0, code: 1, books: 0 },
    ];
    const run = { status: 'completed' as const, metrics: {}, mixture, scale: 'L' };
    const history = historyOf(
      sweep,
      [
        { ...run, trial: 'a', steps: 300 },
        { ...run, trial: 'b', steps: 1000, continues: 'a' },
        { ...run, trial: 'c', scale: 'S', steps: 1000 },
      ],
      [{ trial: 'd', mixture: other, scale: 'M', steps: 1000 }],
    );
    expect(history.committedBelow(50)).toBeCloseTo(30 + 2 + 12, 9);
    expect(history.committedBelow(71)).toBeCloseTo(30 + 70 + 2 + 12, 9);
    expect(history.committedBelow(2)).toBe(0);
  });
});
