import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/errors.js';
import { sharesOf } from '../../../src/domain/mixture.js';
import { propose } from '../../../src/policy/propose.js';
import { recommend } from '../../../src/policy/recommend.js';
import { expectAllowed, LIMITED, runSweep, sizedSweep } from '../run-sweep.js';
import { makeSweep } from '../sweeps.js';

const policy = { name: 'proportional' };
const SIZES = [6e8, 3e8, 1e8];

describe('the policy proportional', () => {
  it('runs each domain in proportion to its tokens, once, to the target, and recommends that', () => {
    const sweep = sizedSweep(SIZES, { policy });
    const runs = runSweep(sweep);
    expect(runs.map(({ mixture, scale, steps }) => [mixture, scale, steps])).toEqual([
      [{ web: 0.6, code: 0.3, books: 0.1 }, 'L', 1000],
    ]);
    expect(recommend(sweep, runs, { seed: 1 }).mixture).toEqual({ web: 0.6, code: 0.3, books: 0.1 });
  });

  it('sees every domain for the same number of epochs', () => {
    const sweep = sizedSweep([7e8, 1.3e8, 0.4e8], { policy });
    const { mixture } = propose(sweep, [], { seed: 1 })!;
    const epochs = Object.entries(sweep.domains).map(([name, { tokens }]) => (mixture[name]! * 1e8) / tokens!);
    for (const count of epochs) expect(count).toBeCloseTo(1 / 8.7, 12);
  });

  it('takes the nearest allowed mixture where a limit forbids the natural one', () => {
    const sweep = sizedSweep(SIZES, { policy });
    const capped = { ...sweep, domains: { ...sweep.domains, web: { min: 0, max: 0.4, tokens: 6e8 } } };
    const shares = sharesOf(propose(capped, [], { seed: 1 })!.mixture, ['web', 'code', 'books']);
    [0.4, 0.4, 0.2].forEach((share, i) => expect(shares[i]).toBeCloseTo(share, 12)); // 0.2 more for two domains
  });

  it.each(LIMITED)('keeps %s', (_, limits) => {
    const sweep = makeSweep({ policy, ...limits });
    const runs = runSweep(sweep);
    expect(runs).toHaveLength(1);
    expectAllowed(sweep, runs);
  });

  it('takes the nearest member of a list that can be run at the target', () => {
    const mixtures = [
      { web: 0.6, code: 0.3, books: 0.1 },
      { web: 0.5, code: 0.5, books: 0 },
      { web: 0, code: 0, books: 1 },
    ];
    const runs = [0, 1, 2].flatMap((mixture) => [
      { mixture, scale: 'S', steps: 1000 },
      ...(mixture === 0 ? [] : [{ mixture, scale: 'L', steps: 1000 }]),
    ]);
    expect(propose(sizedSweep(SIZES, { policy, mixtures }), [], { seed: 1 })!.mixture).toEqual(mixtures[0]);
    const listed = sizedSweep(SIZES, { policy, mixtures, runs });
    const made = runSweep(listed);
    expect(made.map(({ mixture }) => mixture)).toEqual([mixtures[1]]);
    expect(recommend(listed, made, { seed: 1 }).mixture).toEqual(mixtures[1]);
    const nowhere = runs.filter(({ scale }) => scale === 'S');
    expect(propose(sizedSweep(SIZES, { policy, mixtures, runs: nowhere }), [], { seed: 1 })).toBeNull();
  });

  it('does nothing with a budget that buys nothing, and runs elsewhere when told to', () => {
    expect(propose(sizedSweep(SIZES, { policy, budget: 99 }), [], { seed: 1 })).toBeNull();
    const small = sizedSweep(SIZES, { policy: { ...policy, scale: 'S' }, budget: 99 });
    expect(propose(small, [], { seed: 1 })).toMatchObject({ scale: 'S', steps: 1000, cost: 2 });
  });

  it('does not run again what failed', () => {
    const sweep = sizedSweep(SIZES, { policy });
    const [run] = runSweep(sweep);
    const failed = { ...run!, status: 'failed' as const, metrics: {}, curve: [] };
    expect(propose(sweep, [failed], { seed: 1 })).toBeNull();
  });

  it('names every domain whose tokens are missing, whether it proposes or recommends', () => {
    const sweep = makeSweep({ policy, domains: { ...makeSweep().domains, web: { min: 0, max: 1, tokens: 1 } } });
    expect(() => propose(sweep, [], { seed: 1 })).toThrow(InputError);
    expect(() => propose(sweep, [], { seed: 1 })).toThrow(/domains.code.tokens(.|\n)*domains.books.tokens/);
    expect(() => propose(sweep, [], { seed: 1 })).not.toThrow(/domains.web.tokens/);
    expect(() => recommend(sweep, [], { seed: 1 })).toThrow(/domains.code.tokens/);
  });
});
