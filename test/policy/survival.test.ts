import { describe, expect, it } from 'vitest';
import type { Proposal } from '../../src/domain/decision.js';
import type { Mixture } from '../../src/domain/mixture.js';
import type { Observation } from '../../src/domain/observation.js';
import type { Sweep } from '../../src/domain/sweep.js';
import { propose } from '../../src/policy/propose.js';
import { recommend } from '../../src/policy/recommend.js';
import { formSurvival } from '../../src/policy/survival.js';
import { makeSweep, runOf } from './sweeps.js';

const DOMAINS = ['web', 'code', 'books', 'wiki', 'maths'];
const sweep = makeSweep({
  domains: Object.fromEntries(DOMAINS.map((name) => [name, { min: 0, max: 1 }])),
  budget: 800,
});
const SEEDS = [100, 1100, 2100];
const HIGHEST = 0.6; // more web than this and the loss explodes
const EDGE = 0.01; // between what ended and what diverged nothing tells where the edge lies; of runs at all scales so much is known

/** Web alone would be best of all: the search is drawn to where runs diverge. */
const lossAt = (mixture: Mixture, scale: string, steps: number): number =>
  1 +
  2 * ({ S: 10, M: 50, L: 250 }[scale] ?? 250) ** -0.2 +
  3 * steps ** -0.3 +
  (1 - mixture['web']!) ** 2 +
  0.3 * (mixture['code']! - 0.1) ** 2;

const runIn = (proposal: Proposal, trial: string, divergesAt: readonly string[]): Observation => {
  const run = runOf(sweep, proposal, trial);
  if (proposal.mixture['web']! > HIGHEST + 1e-9 && divergesAt.includes(proposal.scale)) {
    return { ...run, status: 'diverged', metrics: {}, curve: [] };
  }
  const curve = run.curve!.map(({ steps }) => ({ steps, metrics: { loss: lossAt(run.mixture, run.scale, steps) } }));
  return { ...run, curve, metrics: curve.at(-1)!.metrics };
};

const sweepThrough = (
  divergesAt: readonly string[],
  seed = 100,
): { observations: Observation[]; reasons: string[] } => {
  const observations: Observation[] = [];
  const reasons: string[] = [];
  while (observations.length < 120) {
    const proposal = propose(sweep, observations, { seed: seed + observations.length });
    if (proposal === null) break;
    reasons.push(proposal.explanation.reason);
    observations.push(runIn(proposal, `t${observations.length}`, divergesAt));
  }
  return { observations, reasons };
};

const wasted = (observations: readonly Observation[]): Observation[] =>
  observations.filter(({ status }) => status === 'diverged');
const costOfRuns = (observations: readonly Observation[]): number =>
  observations.reduce((sum, { cost }) => sum + cost!, 0);

describe('where runs diverge', () => {
  it('at every scale, the search spends little there and recommends another mixture', () => {
    const sweeps = SEEDS.map((seed) => sweepThrough(['S', 'M', 'L'], seed).observations);
    const webs = sweeps.map((observations) => recommend(sweep, observations, { seed: 1 }).mixture['web']!);
    for (const observations of sweeps) {
      const lost = wasted(observations);
      expect(lost.length).toBeGreaterThan(0);
      expect(lost.length).toBeLessThanOrEqual(0.25 * observations.length); // most of them at the edge
    }
    expect(webs[0]).toBeLessThanOrEqual(HIGHEST);
    for (const web of webs) {
      expect(web).toBeLessThanOrEqual(HIGHEST + EDGE);
      expect(web).toBeGreaterThan(0.4);
    }
    // 0.09 over eighteen sweeps, 0.19 in these three.
    expect(costOfRuns(sweeps.flatMap(wasted))).toBeLessThan(0.25 * costOfRuns(sweeps.flat()));
  });

  it('at the target alone, a few runs settle it, and the rest are made elsewhere', () => {
    const webs = SEEDS.map((seed) => {
      const { observations } = sweepThrough(['L'], seed);
      const lost = wasted(observations);
      expect(lost.length).toBeGreaterThan(0);
      expect(lost.length).toBeLessThanOrEqual(3);
      const atTarget = observations.filter(({ scale }) => scale === 'L');
      expect(atTarget.length).toBeGreaterThan(lost.length);
      const { mixture, nearOptimal } = recommend(sweep, observations, { seed: 1 });
      for (const near of nearOptimal)
        expect(formSurvival(sweep, observations)!.isSound(DOMAINS.map((d) => near.mixture[d]!))).toBe(true);
      return mixture['web']!;
    });
    // The edge is known as well as runs beside it tell: 0.39 to 0.63 in eight sweeps.
    for (const web of webs) expect(web).toBeLessThanOrEqual(HIGHEST + 0.05);
    expect(webs.reduce((sum, web) => sum + web, 0) / webs.length).toBeGreaterThan(0.4);
  });

  it('explains what it left out, in the proposal and in the recommendation', () => {
    const { observations, reasons } = sweepThrough(['L']);
    const said = /was left out: runs near it diverged/;
    const first = reasons.findIndex((reason) => said.test(reason));
    expect(first).toBeGreaterThan(0);
    expect(recommend(sweep, observations.slice(0, first), { seed: 1 }).note).toMatch(said);
  });
});

const ended = (web: number, scale: string, status: Observation['status'], steps = 1000): Observation => ({
  trial: `${web}${scale}${status}`,
  mixture: Object.fromEntries(DOMAINS.map((name) => [name, name === 'web' ? web : (1 - web) / 4])),
  scale,
  steps,
  status,
  metrics: {},
});

const sharesOfWeb = (web: number): number[] => DOMAINS.map((name) => (name === 'web' ? web : (1 - web) / 4));

describe('the chance that a run ends', () => {
  const at = (scale: string, steps = 1000) => ({ scale, steps });

  it('is not formed where every run ended, whatever else is known', () => {
    expect(formSurvival(sweep, [])).toBeUndefined();
    expect(formSurvival(sweep, [ended(0.5, 'S', 'completed'), ended(0.9, 'S', 'cancelled')])).toBeUndefined();
  });

  it('falls below one half where a run diverged, less so near it, at other scales and far away', () => {
    const { chance } = formSurvival(sweep, [ended(0.9, 'L', 'diverged')])!;
    const chances = [
      chance(sharesOfWeb(0.9), at('L')),
      chance(sharesOfWeb(0.7), at('L')),
      chance(sharesOfWeb(0), at('L')),
    ];
    const common = (0.9 * 3) / (3 + 1);
    expect(chances[0]).toBeCloseTo(common / (1 + 1), 12);
    expect(chances[1]).toBeGreaterThan(chances[0]! + 0.05);
    expect(chances[2]).toBeCloseTo(common, 1);
    expect(chance(sharesOfWeb(0.9), at('M'))).toBeGreaterThan(chances[0]! + 0.05);
    const alike = Math.exp(-0.5); // of M and L, a factor of five in size apart
    expect(chance(sharesOfWeb(0.9), at('M'))).toBeCloseTo((0.9 * 3) / (3 + alike) / (1 + alike), 2);
    expect(chance(sharesOfWeb(0.9), at('M'))).toBeLessThan(chance(sharesOfWeb(0.9), at('S')));
  });

  it('learns what is common at a scale from all runs there, from divergences at others, and from no smaller run that ended', () => {
    const far = (...runs: Observation[]): number => formSurvival(sweep, runs)!.chance(sharesOfWeb(0), at('L'));
    const lost = [0.9, 0.8, 0.7].map((web) => ended(web, 'L', 'diverged'));
    expect(far(...lost)).toBeLessThan(0.46); // 0.9 x 3 / (3 + 3)
    expect(far(...lost)).toBeGreaterThan(0.4);
    const whole = [0.5, 0.55, 0.6].map((web) => ended(web, 'L', 'completed'));
    expect(far(...lost, ...whole)).toBeGreaterThan(0.6); // (2.7 + 3) / (3 + 6), and more for what lies near
    expect(far(...lost, ended(0.5, 'M', 'completed'))).toBeLessThan(far(...lost) + 0.1);
    const elsewhere = [0.9, 0.8, 0.7].map((web) => ended(web, 'M', 'diverged'));
    expect(far(...elsewhere)).toBeGreaterThan(far(...lost) + 0.05);
    expect(far(...elsewhere)).toBeLessThan(0.7);
    expect(
      far(ended(0.9, 'L', 'diverged'), ...Array.from({ length: 99 }, (_, i) => ended(i / 99, 'L', 'completed'))),
    ).toBeLessThan(0.98);
  });

  it('leaves runs of the opening out by what lies near them alone', () => {
    const lost = [0.9, 0.8, 0.7, 0.6].map((web) => ended(web, 'L', 'diverged'));
    const { isStable, stability } = formSurvival(sweep, lost)!;
    expect(stability(sharesOfWeb(0))).toBeLessThan(0.5);
    expect(isStable(sharesOfWeb(0), at('L'))).toBe(true);
  });

  it('warns the target of what diverged at a cheap scale, somewhat', () => {
    const { chance } = formSurvival(sweep, [ended(0.9, 'S', 'diverged')])!;
    expect(chance(sharesOfWeb(0.9), at('L'))).toBeLessThan(0.85);
    expect(chance(sharesOfWeb(0.9), at('L'))).toBeGreaterThan(0.5);
  });

  it('takes a divergence for one at more steps too, and an end for one at fewer', () => {
    const diverged = formSurvival(sweep, [ended(0.9, 'L', 'diverged', 100)])!;
    expect(diverged.chance(sharesOfWeb(0.9), at('L', 1000))).toBeCloseTo(0.675 / 2, 12);
    const late = formSurvival(sweep, [ended(0.9, 'L', 'diverged', 1000)])!;
    expect(late.chance(sharesOfWeb(0.9), at('L', 100))).toBeGreaterThan(0.5);
    const rescued = formSurvival(sweep, [ended(0.9, 'L', 'completed', 1000), ended(0.9, 'M', 'diverged')])!;
    expect(rescued.chance(sharesOfWeb(0.9), at('L', 100))).toBeGreaterThanOrEqual(
      rescued.chance(sharesOfWeb(0.9), at('L', 1000)),
    );
  });

  it('counts a job that failed for less, and takes no mixture for unstable by it', () => {
    const failed = formSurvival(sweep, [ended(0.9, 'L', 'failed')])!;
    expect(failed.chance(sharesOfWeb(0.9), at('L'))).toBeCloseTo(0.9 / 1.25, 12);
    const often = formSurvival(
      sweep,
      Array.from({ length: 9 }, () => ended(0.9, 'L', 'failed')),
    )!;
    expect(often.chance(sharesOfWeb(0.9), at('L'))).toBeLessThan(0.3);
    expect(often.isStable(sharesOfWeb(0.9), at('L'))).toBe(true);
  });

  it('lets many cheap runs at one place vouch for it once', () => {
    const lost = ended(0.9, 'L', 'diverged');
    const once = formSurvival(sweep, [lost, ended(0.9, 'M', 'completed')])!;
    const often = formSurvival(sweep, [lost, ...Array.from({ length: 20 }, () => ended(0.9, 'M', 'completed'))])!;
    expect(often.stability(sharesOfWeb(0.9))).toBe(once.stability(sharesOfWeb(0.9)));
    expect(often.isStable(sharesOfWeb(0.9), sweep.target)).toBe(false);
  });

  it('takes what came to its end at the target for sound, whatever diverged around it', () => {
    const around = [0.35, 0.4, 0.7, 0.75, 0.8].map((web) => ended(web, 'L', 'diverged'));
    const { stability, isSound } = formSurvival(sweep, [ended(0.55, 'L', 'completed'), ...around])!;
    expect(stability(sharesOfWeb(0.55))).toBeLessThan(0.5);
    expect([0.41, 0.52, 0.55, 0.58, 0.69].map((web) => isSound(sharesOfWeb(web)))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(formSurvival(sweep, [ended(0.55, 'M', 'completed'), ...around])!.isSound(sharesOfWeb(0.55))).toBe(false);
  });

  it('takes no run of the same model on fewer tokens for one as long', () => {
    const [, , large] = sweep.scales;
    const twin = { ...sweep, scales: [{ ...large!, name: 'M', tokensPerStep: 1e4 }, large!] };
    const runs = [ended(0.6, 'M', 'completed'), ended(0.6, 'L', 'diverged')];
    expect(formSurvival(twin, runs)!.isSound(sharesOfWeb(0.6))).toBe(false);
  });

  it('finds nothing sound right beside a run that diverged, unless one as large and as long that ended is nearer', () => {
    const crowd = [0.5, 0.54, 0.56, 0.58].map((web) => ended(web, 'L', 'completed'));
    const edge = formSurvival(sweep, [...crowd, ended(0.62, 'M', 'diverged', 300)])!;
    expect(edge.isStable(sharesOfWeb(0.61), sweep.target)).toBe(true); // outvoted by the crowd
    expect([0.59, 0.61, 0.65].map((web) => edge.isSound(sharesOfWeb(web)))).toEqual([true, false, false]);
    const small = formSurvival(sweep, [...crowd, ended(0.61, 'S', 'completed'), ended(0.62, 'M', 'diverged', 300)])!;
    expect(small.isSound(sharesOfWeb(0.61))).toBe(false);
    const short = formSurvival(sweep, [
      ...crowd,
      ended(0.61, 'M', 'completed', 100),
      ended(0.62, 'M', 'diverged', 300),
    ])!;
    expect(short.isSound(sharesOfWeb(0.61))).toBe(false);
    const moved = formSurvival(sweep, [
      ...crowd,
      ended(0.61, 'M', 'completed', 300),
      ended(0.62, 'M', 'diverged', 300),
    ])!;
    expect(moved.isSound(sharesOfWeb(0.61))).toBe(true);
    const far = formSurvival(sweep, [...crowd, ended(0.9, 'M', 'diverged', 300)])!;
    expect(far.isSound(sharesOfWeb(0.75))).toBe(true); // nearer to it than to the crowd, and not beside it
  });

  it('goes on where every mixture diverges, until the budget is spent or nothing is left', () => {
    const small: Sweep = { ...sweep, budget: 30 };
    const observations: Observation[] = [];
    for (let i = 0; i < 12; i++) {
      const proposal = propose(small, observations, { seed: i });
      if (proposal === null) break;
      observations.push({ ...runOf(small, proposal, `t${i}`), status: 'diverged', metrics: {}, curve: [] });
    }
    expect(observations.length).toBeGreaterThan(5);
    const shares = Object.values(recommend(small, observations, { seed: 1 }).mixture);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
  });
});
