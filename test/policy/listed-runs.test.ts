import { describe, expect, it } from 'vitest';
import { costOf } from '../../src/domain/cost.js';
import type { Explanation } from '../../src/domain/decision.js';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { massMoved, type Mixture } from '../../src/domain/mixture.js';
import type { Observation } from '../../src/domain/observation.js';
import { createRng } from '../../src/domain/rng.js';
import type { PossibleRun, Sweep } from '../../src/domain/sweep.js';
import { propose } from '../../src/policy/propose.js';
import { recommend } from '../../src/policy/recommend.js';
import { recommendable } from '../../src/policy/recommendable.js';
import { lossOf, makeSweep, runOf } from './sweeps.js';

const STEPS = 1000;
const rng = createRng(9);
const drawn = Array.from({ length: 160 }, (): Mixture => {
  const [web, code, books] = feasibleSet(makeSweep()).sample(rng, 1);
  return { web: web!, code: code!, books: books! };
});

/** Mixtures with a run at the target: every one worse than all others. */
const ranked = drawn.toSorted((a, b) => lossOf(a) - lossOf(b));
const AT_TARGET = ranked.slice(-6);

/** A table of past runs as RegMix published it: many mixtures at the small scales, few others at the target's. */
const makeTable = (changes: Partial<Sweep> = {}): Sweep => {
  const scales = makeSweep().scales.map((scale) => ({ ...scale, steps: [STEPS] }));
  const runs = ranked.flatMap((mixture, i): PossibleRun[] => {
    if (AT_TARGET.includes(mixture)) return [{ mixture: i, scale: 'L', steps: STEPS }];
    const small: PossibleRun = { mixture: i, scale: 'S', steps: STEPS };
    return i % 3 === 0 ? [small, { ...small, scale: 'M' }] : [small];
  });
  return makeSweep({ scales, target: { scale: 'L', steps: STEPS }, mixtures: ranked, runs, ...changes });
};

const isAmong = (list: readonly Mixture[], mixture: Mixture): boolean =>
  list.some((member) => massMoved(member, mixture) < 1e-9);

const play = (sweep: Sweep, limit: number): { runs: Observation[]; ended: boolean } => {
  const runs: Observation[] = [];
  while (runs.length < limit) {
    const proposal = propose(sweep, runs, { seed: 1 });
    if (proposal === null) return { runs, ended: true };
    runs.push(runOf(sweep, proposal, `t${runs.length}`));
  }
  return { runs, ended: false };
};

describe('a sweep of listed runs', () => {
  const { runs } = play(makeTable({ budget: 350 }), 40);

  it('may recommend what has a run at the target, and everything allowed where nothing has', () => {
    const listed = (sweep: Sweep): number => recommendable(sweep, feasibleSet(sweep)).list!.length;
    expect(listed(makeTable())).toBe(AT_TARGET.length);
    expect(listed(makeTable({ runs: [{ mixture: 0, scale: 'S', steps: STEPS }] }))).toBe(ranked.length);
    expect(recommendable(makeSweep(), feasibleSet(makeSweep())).list).toBeUndefined();
  });

  it('searches on after its opening, at the target too, though the best mixtures have no run there', () => {
    const atTarget = runs.filter(({ scale }) => scale === 'L');
    expect(atTarget.length).toBeGreaterThanOrEqual(2);
    for (const { mixture } of atTarget) expect(isAmong(AT_TARGET, mixture)).toBe(true);
  });

  it('makes only runs that are listed, each once', () => {
    const table = makeTable();
    const made = runs.map(({ mixture, scale }) => {
      const index = table.mixtures!.findIndex((member) => massMoved(member, mixture) < 1e-9);
      expect(table.runs).toContainEqual({ mixture: index, scale, steps: STEPS });
      return `${index}|${scale}`;
    });
    expect(new Set(made).size).toBe(made.length);
  });

  it('tests, shows and recommends mixtures that have a run at the target', () => {
    for (let seen = 0; seen <= runs.length; seen += 4) {
      const sweep = makeTable({ budget: 350 });
      expect(isAmong(AT_TARGET, recommend(sweep, runs.slice(0, seen), { seed: 1 }).mixture)).toBe(true);
      const explanation = propose(sweep, runs.slice(0, seen), { seed: 1 })?.explanation;
      if (explanation?.incumbent !== undefined) expect(isAmong(AT_TARGET, explanation.incumbent.mixture)).toBe(true);
    }
  });

  it('finds the best that can be recommended once enough is spent', () => {
    const found = recommend(makeTable({ budget: 350 }), runs, { seed: 1 }).mixture;
    expect(lossOf(found)).toBeLessThanOrEqual(lossOf(AT_TARGET[1]!));
  });
});

describe('the least cost of a run', () => {
  /** The best mixture with a run at the target has no luck there: what it is worth remains to be learnt from small runs. */
  const failing = (sweep: Sweep): { runs: Observation[]; decisions: Explanation[] } => {
    const atM = sweep.runs!.filter(({ scale }) => scale === 'M').slice(0, 6);
    const runs = atM.map(({ mixture, scale, steps }, i) =>
      runOf(
        sweep,
        { mixture: sweep.mixtures![mixture]!, scale, steps, cost: costOf(sweep, { scale, steps }) },
        `m${i}`,
      ),
    );
    const decisions: Explanation[] = [];
    for (let i = 0; i < 24; i++) {
      const proposal = propose(sweep, runs, { seed: 1 });
      if (proposal === null) break;
      const run = runOf(sweep, proposal, `t${i}`);
      const fails = proposal.scale === 'L' && massMoved(proposal.mixture, AT_TARGET[0]!) < 1e-9;
      runs.push(fails ? { ...run, status: 'failed', metrics: {}, curve: [] } : run);
      decisions.push(proposal.explanation);
    }
    return { runs, decisions };
  };

  it('comes down once nothing so costly is left, and stays up before', () => {
    const noGap = { kind: 'table', unit: 'units', perStep: { S: 0.002, M: 0.0125, L: 0.1 } } as const;
    const { runs, decisions } = failing(makeTable({ budget: 5000, cost: noGap }));
    const costly = runs.filter(({ scale }) => scale === 'L').length;
    expect(costly).toBe(AT_TARGET.length);
    const order = runs.map(({ scale }) => scale).join('');
    expect(order).toMatch(/^[SM]+L+[SM]+$/);
    const after = decisions.slice(order.lastIndexOf('L') + 1 - (runs.length - decisions.length));
    expect(after.length).toBeGreaterThan(1);
    for (const { excluded } of after) expect(excluded.map(({ scale }) => scale)).not.toContain('M'); // the costliest that is left first
    const last = after.at(-1);
    expect(last!.considered[0]!.value).toBeGreaterThan(0);
    expect(last!.excluded.find(({ scale }) => scale === 'L')!.reason).toBe('every candidate there was run');
  });
});
