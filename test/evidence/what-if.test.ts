import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/domain/errors.js';
import type { RecordEvent, RecordLine } from '../../src/domain/record-event.js';
import { play, type Decider } from '../../src/evidence/backtest.js';
import { importsOf } from '../../src/evidence/imports.js';
import { readPastTable } from '../../src/evidence/past-table.js';
import { createReplay } from '../../src/evidence/replay.js';
import { situationAt, situationNow } from '../../src/evidence/situation.js';
import { alter, outcomeOf, whatIf, whatIfText } from '../../src/evidence/what-if.js';
import { linkLine } from '../../src/ledger/chain.js';
import { propose } from '../../src/policy/propose.js';
import { recommend } from '../../src/policy/recommend.js';
import { lawSweep, pastOfLaw } from './table-of-law.js';

const here: Decider = {
  propose: ({ sweep, observations, pending, seed }) => Promise.resolve(propose(sweep, observations, { seed, pending })),
  recommend: ({ sweep, observations, seed }) => Promise.resolve(recommend(sweep, observations, { seed })),
};
const { lines } = await play(createReplay(lawSweep(), pastOfLaw()), 'titrate', 3, here);
const decisions = lines.flatMap(({ event }) => (event.type === 'decided' ? [event] : []));

/** The record as it was when it ended with this event. */
const upTo = (isLast: (event: RecordEvent) => boolean): RecordLine[] =>
  lines.slice(0, lines.findIndex(({ event }) => isLast(event)) + 1);

describe('the situation of a decision', () => {
  it('leads to the very decision that the record holds, for each of them', () => {
    for (const recorded of decisions) {
      const { proposal } = outcomeOf(situationAt(lines, recorded.decision));
      expect(proposal?.explanation).toEqual(recorded.explanation);
      expect(proposal).toMatchObject({ mixture: recorded.mixture, scale: recorded.scale, steps: recorded.steps });
    }
  });

  it('of the next decision is what its worker will be asked from', () => {
    const cut = upTo((event) => event.type === 'observed' && event.trial === 't0004');
    const next = situationNow(cut);
    const recorded = decisions.find(({ decision }) => decision === next.decision)!;
    expect(next.observations).toHaveLength(recorded.sawObservations);
    expect(next.seed).toBe(recorded.seed);
    expect(outcomeOf(next).proposal).toMatchObject({ mixture: recorded.mixture, scale: recorded.scale });
  });

  it('is refused for a decision that is not there, and for one that asked no policy', () => {
    expect(() => situationAt(lines, 999)).toThrow(/expected a decision from 1 to/);
    const last = lines.at(-1)!;
    const confirm = { ...decisions.at(-1)!, decision: decisions.length + 1, purpose: 'confirm' as const };
    const more = [...lines, linkLine(last, { key: 'c', at: last.at, event: confirm })];
    expect(() => situationAt(more, confirm.decision)).toThrow(/asked no policy/);
    const pinned = lines.map((line) =>
      line.event.type === 'decided' && line.event.decision === 3
        ? { ...line, event: { ...line.event, origin: 'person' as const, sawDigest: '', sawObservations: 0 } }
        : line,
    );
    expect(() => situationAt(pinned, 3)).toThrow(/decision 3 asked no policy.*\n.*a run that a person pinned/);
  });
});

describe('what would be otherwise', () => {
  const late = decisions.findLast(({ explanation }) => explanation.phase !== 'opening')!;
  const situation = situationAt(lines, late.decision);

  it('without a trial counts its money all the same, and not what it taught', () => {
    const [dropped] = situation.observations;
    const altered = alter(situation, { drop: [dropped!.trial] });
    const { trial, cost } = dropped!;
    expect(altered.observations[0]).toMatchObject({ trial, cost, status: 'retracted', metrics: {} });
    expect(altered.sweep.budget).toBe(situation.sweep.budget);
    const result = whatIf(situation, { drop: [dropped!.trial] });
    expect(result.actual.recommendation.mean).not.toBe(result.instead.recommendation.mean);
    expect(() => alter(situation, { drop: ['t9999'] })).toThrow(InputError);
  });

  it('without a trial is what follows when its result is taken back', () => {
    const cut = upTo((event) => event.type === 'observed' && event.trial === 't0009');
    const after = (before: readonly RecordLine[], key: string, event: RecordEvent): RecordLine[] => {
      const head = before.at(-1)!;
      return [...before, linkLine(head, { key, at: head.at, event })];
    };
    const { recommendation } = outcomeOf(situationNow(cut));
    const recommended = after(cut, 'recommended:search', { type: 'recommended', observations: 9, recommendation });
    const act = { type: 'act', act: 'retract', trial: 't0002', by: 'mira', reason: 'wrong split' } as const;
    const then = outcomeOf(situationNow(after(recommended, 'act:1', act)));
    expect(whatIf(situationNow(recommended), { drop: ['t0002'] }).instead).toEqual(then);
  });

  it('with other runs counts them as evidence, charged nothing', () => {
    const csv = 'run,mix.a,mix.b,mix.c,scale,steps,metric.loss\nold,0.05,0.9,0.05,big,20,0.5\n';
    const past = readPastTable({ name: 'old.csv', bytes: new TextEncoder().encode(csv) }, situation.sweep);
    const { runs } = importsOf(situation.sweep, past, 'old.csv');
    const altered = alter(situation, { add: runs });
    expect(altered.observations.at(-1)).toMatchObject({ cost: 0, imported: true, metrics: { loss: 0.5 } });
    const { actual, instead: then, changes } = whatIf(situation, { add: runs });
    expect(then.recommendation.mean).not.toBe(actual.recommendation.mean);
    expect(changes).toEqual(['with 1 run of old.csv']);
    expect(whatIf(altered, { add: runs }).changes).toEqual(['with no run that is new']);
  });

  it('with less money buys nothing when it is spent, and says so', () => {
    const result = whatIf(situation, { budget: 1 });
    expect(result.instead.proposal).toBeNull();
    const text = whatIfText('law', situation, result);
    expect(text).toContain('with a budget of 1.00 units instead of 90.0 units');
    expect(text).toContain('nothing: all that is left is beyond the budget');
    expect(text).toContain('No run would be chosen any more');
    const spent = { ...situation, sweep: { ...situation.sweep, budget: 1 } };
    expect(whatIfText('law', spent, whatIf(spent, { budget: 0.9 }))).toContain('No run would be chosen either way');
    expect(whatIfText('law', spent, whatIf(spent, { budget: 90 }))).toContain(
      'A run would be chosen, where there is none',
    );
  });

  it('that moves no prediction says that it stays', () => {
    const { because } = whatIf(situation, { budget: 80 });
    expect(because[0]).toMatch(/^the recommended mixture stays; the prediction for it stays at [\d.]+ ± [\d.]+$/);
  });

  it('by another policy is what that policy proposes', () => {
    const { instead: then } = whatIf(situationAt(lines, 2), { policy: 'random' });
    expect(then.proposal?.explanation.policy).toBe('random');
  });

  it('takes care to say when the record has another run than this version chooses', () => {
    const strange = { ...situation, recorded: { ...late, steps: 7 } };
    expect(whatIfText('law', strange, whatIf(strange, { budget: 80 }))).toContain('titrate verify says more');
    expect(whatIfText('law', situation, whatIf(situation, { budget: 80 }))).not.toContain('titrate verify');
  });
});
