import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GuardForecast, Recommendation } from '../../src/domain/decision.js';
import type { RecordLine } from '../../src/domain/record-event.js';
import { explainDecision } from '../../src/reports/explain-decision.js';
import { chanceText, guardSentence, limitText } from '../../src/reports/guard-text.js';
import { objectiveName, objectiveSentence } from '../../src/reports/objective-of.js';
import { renderReport } from '../../src/reports/render-report.js';
import { renderSummary } from '../../src/reports/render-summary.js';
import { foldRecord, type SweepView } from '../../src/reports/sweep-view.js';
import { hostileText } from './hostile-text.js';
import { simulateRecord, SWEEP } from './simulated-record.js';

const KEPT: GuardForecast = {
  metric: 'arxiv_ce',
  atMost: 2.1,
  confidence: 0.84,
  mean: 2.04,
  sd: 0.03,
  probability: 0.977,
};
const BROKEN: GuardForecast = {
  metric: 'piqa',
  atLeast: 0.7,
  confidence: 0.84,
  mean: 0.69,
  sd: 0.01,
  probability: 0.16,
};
const NOTE = 'No mixture looked at is predicted to keep every guard as surely as asked.';

const frontOf = (name: string): NonNullable<Recommendation['front']> =>
  [0, 0.5, 1].map((t) => ({
    mixture: { wikipedia: 0.2, github: 0.1, book: 0.5 * t, stackexchange: 0.2, arxiv: 0.5 - 0.5 * t },
    metrics: { [name]: { mean: 2.6 - 0.1 * t, sd: 0.01 }, piqa: { mean: 0.7 - 0.02 * t, sd: 0.004 } },
  }));

/** The simulated record with what several metrics add to its recommendations and explanations. */
const recordWith = (added: Partial<Recommendation>, sweep = SWEEP): RecordLine[] =>
  simulateRecord({ sweep }).map((line): RecordLine => {
    const { event } = line;
    if (event.type === 'recommended')
      return { ...line, event: { ...event, recommendation: { ...event.recommendation, ...added } } };
    if (event.type !== 'decided' || added.guards === undefined) return line;
    return { ...line, event: { ...event, explanation: { ...event.explanation, guards: added.guards } } };
  });

const viewOf = (added: Partial<Recommendation>, sweep = SWEEP): SweepView => foldRecord(recordWith(added, sweep));
const summaryOf = (view: SweepView): string => renderSummary(view, { width: 200, colour: false }).join('\n');

describe('guards in what people are shown', () => {
  const view = viewOf({ guards: [KEPT, BROKEN], note: NOTE });

  it('stand in the closing text with limit, prediction and chance', () => {
    const text = summaryOf(view);
    expect(text).toContain('Guard arxiv_ce at most 2.1: predicted 2.040 ± 0.059, kept, with a chance of 98 %.');
    expect(text).toContain(
      'Guard piqa at least 0.7: predicted 0.690 ± 0.020, NOT kept as surely as asked (84 %), with',
    );
    expect(text).toContain(`Take care: ${NOTE}`);
  });

  it('stand in the report, with what confirmation runs reported', () => {
    const page = renderReport(view);
    expect(page).toContain('2.040 ± 0.059');
    expect(page).toContain('not kept as surely as asked');
    expect(page).toContain(NOTE);
    expect(page).toMatch(/arxiv_ce<\/td>.*at most 2\.1<\/td>.*>2\.000<\/td>/); // what both confirmation runs report
  });

  it('stand in the explanation of a decision', () => {
    const text = explainDecision(view, 20);
    expect(text).toContain('expected to do to the guarded metrics');
    expect(text).toContain(guardSentence(KEPT));
    expect(explainDecision(viewOf({}), 20)).not.toContain('guarded');
  });

  it('are not spoken of where there are none', () => {
    const plain = viewOf({});
    expect(summaryOf(plain)).not.toContain('Guard');
    expect(renderReport(plain)).not.toMatch(/Guards|front of trade-offs/);
  });

  it.each([
    [{ atMost: 2.15 }, 'at most 2.15'],
    [{ atLeast: 0.6 }, 'at least 0.6'],
    [{ atLeast: 0, atMost: 1200 }, '0 to 1,200'],
  ])('write a limit as it was given: %j', (limit, text) => {
    expect(limitText({ metric: 'm', confidence: 0.84, ...limit })).toBe(text);
  });

  it('never call a chance certain', () => {
    expect([1, 0.9999, 0.991, 0.84, 0.004, 0].map(chanceText)).toEqual([
      'over 99.9 %',
      'over 99.9 %',
      '99.1 %',
      '84 %',
      '0.4 %',
      'under 0.1 %',
    ]);
  });
});

describe('a table of guards in the report', () => {
  it('lets a long name break, which would push the figures behind it out of the card', () => {
    const metric = 'validation/perplexity_on_the_held_out_split_of_common_crawl';
    const guards = [{ metric, atLeast: 0.7, confidence: 0.84 }];
    const page = renderReport(viewOf({ guards: [{ ...KEPT, metric }] }, { ...SWEEP, guards }));
    expect(page).toContain(`<td class=""><span class="long">${metric}</span></td>`);
    expect(page).toMatch(/\.long\{[^}]*overflow-wrap:anywhere/);
    const short = renderReport(viewOf({ guards: [KEPT] }));
    expect(short).toContain(`<td class="">${KEPT.metric}</td>`);
    expect(short).not.toContain('<span class="long">');
  });
});

describe('regret where a metric is guarded', () => {
  it('says that a run below the recommended mixture may have broken a guard', () => {
    const guards = [{ metric: 'piqa', atLeast: 0.7, confidence: 0.84 }];
    const said = 'and so may one that breaks a guard';
    expect(renderReport(viewOf({}, { ...SWEEP, guards }))).toContain(said);
    expect(renderReport(viewOf({}))).not.toContain(said);
  });
});

describe('a front in what people are shown', () => {
  it('is not said to hold the recommended mixture where no mixture keeps the guards', () => {
    const page = renderReport(viewOf({ front: frontOf('book_ce'), guards: [KEPT, BROKEN], note: NOTE }));
    expect(page).not.toContain('is the compromise');
    expect(page).toContain('the recommended mixture is the one that is expected to break them least');
  });

  const objective = { direction: 'minimize', weights: { book_ce: 1, piqa: -1 }, pareto: true } as const;

  it('stands in the closing text, a line a mixture', () => {
    const text = summaryOf(viewOf({ front: frontOf('book_ce') }));
    expect(text).toContain('The front of trade-offs, at the target');
    expect(text).not.toContain('more mixture');
    const many = Array.from({ length: 5 }, () => frontOf('book_ce')).flat(); // 15: more than a terminal is given
    expect(summaryOf(viewOf({ front: many }))).toContain('And 3 more mixtures: see the report.');
    expect(text.match(/book_ce 2\.\d+ ± 0\.020, piqa 0\.\d+ ± 0\.0078: /g)).toHaveLength(3);
  });

  it('stands in the report as a plot and a table, with the direction of each metric', () => {
    const page = renderReport(viewOf({ front: frontOf('book_ce') }, { ...SWEEP, objective }));
    expect(page).toContain('The recommended mixture is the compromise that the weights of the objective ask for.');
    expect(page).toContain('Predicted book_ce against piqa at the target for 3 mixtures of the front');
    expect(page.match(/<circle /g)).toHaveLength(3);
    expect(page).toContain('book_ce (less is better)');
    expect(page).toContain('piqa (more is better)');
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('draws every mixture within the axes, the better in one metric the worse in the other', () => {
    const page = renderReport(viewOf({ front: frontOf('book_ce') }));
    const places = [...page.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);
    expect(places).toHaveLength(3);
    for (const [x, y] of places) {
      expect(x).toBeGreaterThan(64);
      expect(x).toBeLessThan(504);
      expect(y).toBeGreaterThan(14);
      expect(y).toBeLessThan(280);
    }
    const across = places.map(([x]) => x!);
    const up = places.map(([, y]) => y!);
    expect(across).toEqual([...across].sort((a, b) => b - a));
    expect(up).toEqual([...up].sort((a, b) => a - b));
  });
});

it('names of metrics become neither markup nor control characters', () => {
  // eslint-disable-next-line no-control-regex
  const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;
  const property = fc.property(hostileText, (text) => {
    const guards = [{ ...BROKEN, metric: text }];
    const view = viewOf({ guards, note: text, front: frontOf(text) });
    const page = renderReport(view);
    expect(page).not.toMatch(control);
    expect(page).not.toMatch(/<(script|img|b|i|svg onload)[ >]/i);
    for (const line of renderSummary(view, { width: 80, colour: false })) expect(line).not.toMatch(control);
    for (const line of explainDecision(view, 20).split('\n')) expect(line).not.toMatch(control);
  });
  fc.assert(property, { numRuns: 15, seed: 5 });
});

describe('an objective of several metrics', () => {
  const objective = {
    direction: 'maximize',
    weights: { hellaswag: 1, book_ce: -0.5, z: 2 },
    references: { hellaswag: { zero: 0.25, unit: 0.1 }, book_ce: { zero: -1, unit: 1 } },
    pareto: true,
  } as const;

  it('is written as it is reckoned', () => {
    expect(objectiveSentence(objective)).toBe(
      'maximize (hellaswag - 0.25) / 0.1 - 0.5 (book_ce + 1) + 2 z, and the front between them',
    );
  });

  it('begins with its sign where the first metric counts against it', () => {
    const { references: _, pareto: __, ...plain } = objective;
    expect(objectiveSentence({ ...plain, weights: { loss: -1, z: 2 } })).toBe('maximize - loss + 2 z');
  });

  it('is called by a metric only where it is that metric as reported', () => {
    const one = { direction: 'minimize', weights: { book_ce: 1 } } as const;
    expect(objectiveName(one)).toBe('book_ce');
    expect(objectiveName({ ...one, references: { book_ce: { zero: 2, unit: 1 } } })).toBe('objective');
    expect(objectiveName(objective)).toBe('objective');
  });
});
