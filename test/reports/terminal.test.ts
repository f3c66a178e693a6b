import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../src/reports/columns.js';
import { linkLine } from '../../src/ledger/chain.js';
import { explainDecision } from '../../src/reports/explain-decision.js';
import { formatMixture } from '../../src/reports/format.js';
import { renderProgress, renderProgressLine } from '../../src/reports/render-progress.js';
import { renderSummary } from '../../src/reports/render-summary.js';
import { foldRecord } from '../../src/reports/sweep-view.js';
import { hostileText } from './hostile-text.js';
import { jobsOf, progressOf } from './simulated-progress.js';
import { simulateRecord, SWEEP } from './simulated-record.js';

const running = progressOf(simulateRecord({ runs: 24, running: 4 }));
const options = { sweep: SWEEP, elapsedMs: 133_000, width: 100, colour: false };
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/;
// eslint-disable-next-line no-control-regex
const COLOUR = /\u001b\[[0-9;]*m/g;

describe('the progress block', () => {
  it('has a bar for every running trial, the budget by scale, and the best prediction', () => {
    const block = renderProgress(running, jobsOf(running), options);
    expect(block[0]).toContain('24 decisions, 20 results, 2 min 13 s');
    expect(block[1]).toMatch(/t021 +150M ━+╌+ +3,920\/19,600 +book_ce 2\.900/);
    expect(block.filter((line) => /\/\d+,\d+/.test(line))).toHaveLength(4);
    expect(block.join('\n')).toMatch(/budget +━.* 77\.6 of 720 EFLOP \(11 %\), 162 in flight/);
    expect(block.join('\n')).toContain('20M 4.15, 150M 11.5, 300M 61.9');
    expect(block.join('\n')).toMatch(/best +book_ce 2\.515 ± 0\.086/);
  });

  it('fills a bar by the share of steps done', () => {
    const [trial] = running.inFlight;
    if (trial === undefined) throw new Error('the fixture has trials in flight');
    const filled = (steps: number): number => {
      const block = renderProgress(running, { [trial.trial]: { steps } }, options);
      return [...(block[1] ?? '')].filter((char) => char === '━').length;
    };
    expect([filled(0), filled(trial.steps / 2), filled(trial.steps), filled(trial.steps * 2)]).toEqual([0, 14, 28, 28]);
  });

  it('says why places are free, unless a person is waited for', () => {
    const free = { ...running, freePlaces: 3 };
    const says = (progress: typeof running): boolean =>
      renderProgress(progress, jobsOf(progress), options).some((text) =>
        text.includes('3 places free until a run in flight has ended'),
      );
    expect([says(running), says(free), says({ ...free, waitsFor: 'approve t0001' })]).toEqual([false, true, false]);
    const inFlight = running.inFlight.map((trial) => ({ ...trial, state: 'awaiting-approval' as const }));
    const asking = renderProgress({ ...free, inFlight }, {}, options).join('\n');
    expect(asking).toContain('3 places free until what waits for you has an answer');
  });

  it('says that a sweep is being ended, by whom and what for, and how one that paused itself goes on', () => {
    const says = (change: Partial<typeof running>): string =>
      renderProgress({ ...running, ...change }, jobsOf(running), options).join('\n');
    const finishing = says({ closing: { act: 'finish', by: 'ada', reason: 'good enough' } });
    expect(finishing).toContain('slimpajama-1a2b3c4d  finishing  24 decisions');
    expect(finishing).toContain('being finished by ada: good enough; jobs in flight are waited for');
    expect(says({ closing: { act: 'finish', by: 'ada', stop: true } })).toContain('; jobs in flight are being stopped');
    const pause = { by: 'titrate', reason: 'five jobs failed' };
    const cancelling = says({ closing: { act: 'cancel', by: 'eve' }, status: 'paused', pause });
    expect(cancelling).toMatch(/ {2}cancelling {2}[^]*being cancelled by eve; jobs in flight are being stopped/);
    expect(cancelling).not.toContain('paused');
    expect(says({ status: 'paused', pause })).toMatch(
      /paused by titrate: five .*\nwhen that is mended: titrate resume /,
    );
    expect(says({ status: 'paused', pause: { by: 'ada' } })).not.toContain('resume');
  });

  it('shows no prediction of a recommendation before any run has reported the objective', () => {
    const guess = {
      ...running,
      incumbent: null,
      recommendation: {
        mixture: { book: 1 },
        mean: 0,
        sd: 1,
        nearOptimal: [],
        shareRanges: {},
        trust: [{ scale: '1B', correlation: 0, interval: [-1, 1] as const, runs: 0 }],
      },
    } satisfies typeof running;
    expect(renderProgress(guess, {}, options).join('\n')).toContain('best    no prediction yet');
    expect(renderProgressLine(guess, options)).toContain('no prediction yet');
  });

  it('says what is waited for, in as many lines as that takes', () => {
    const troubles = ['cannot write the record: ENOSPC (/a/very/long/path) hint: free some space (tried 3 times)'];
    const block = renderProgress(running, jobsOf(running), { ...options, width: 60, troubles });
    expect(block.slice(-2).join(' ')).toContain('waiting: cannot write the record: ENOSPC');
    expect(block.slice(-2).join(' ')).toContain('free some space');
  });

  it('says in its line what the job of a trial waits for, and that nobody can tell where it is', () => {
    const [first, second] = running.inFlight.map(({ trial }) => trial);
    const jobs = {
      [first!]: { steps: 0, waiting: 'PENDING (Priority)' },
      [second!]: { steps: 5, unknown: 'no answer' },
    };
    const block = renderProgress(running, jobs, options);
    expect(block[1]).toMatch(/ 0\/19,600 +PENDING \(Priority\)$/);
    expect(block[2]).toMatch(/ +unknown$/);
  });

  it('gives each command that answers a request a line of its own, whole', () => {
    const [first, ...others] = running.inFlight;
    const asking = { ...first!, state: 'awaiting-approval' as const, why: 'it may cost 123, more than 50, '.repeat(4) };
    const block = renderProgress({ ...running, inFlight: [asking, ...others] }, jobsOf(running), options);
    expect(block).toContain(`titrate approve ${running.sweepId} ${asking.trial}`);
    expect(block).toContain(`titrate refuse ${running.sweepId} ${asking.trial} --reason WHY`);
  });

  it('gives the whole reason of a pause, in as many lines as that takes', () => {
    const reason = `${'5 jobs failed in a row, the last one with exit status 0; '.repeat(3)}line 1 left out`;
    const paused = { ...running, status: 'paused' as const, pause: { by: 'titrate', reason } };
    expect(renderProgress(paused, jobsOf(paused), options).join(' ')).toContain(`paused by titrate: ${reason}`);
  });

  it('promises no rerun soon while the sweep is paused', () => {
    const [first, ...others] = running.inFlight;
    const inFlight = [{ ...first!, state: 'backing-off' as const, generation: 2 }, ...others];
    const pause = { by: 'somebody' };
    const says = (progress: typeof running): string => renderProgress(progress, jobsOf(progress), options)[1] ?? '';
    expect(says({ ...running, inFlight })).toMatch(/ run 2 soon$/);
    expect(says({ ...running, inFlight, status: 'paused', pause })).toMatch(/ run 2 after a resume$/);
  });

  it('fits every width, with and without colour', () => {
    const property = fc.property(fc.integer({ min: 20, max: 220 }), fc.boolean(), (width, colour) => {
      for (const line of renderProgress(running, jobsOf(running), { ...options, width, colour })) {
        expect(columnsOf(line.replace(COLOUR, ''))).toBeLessThan(width);
      }
    });
    fc.assert(property, { numRuns: 60, seed: 2 });
  });

  it('marks a line that is cut, so that the beginning of a number is not read as one', () => {
    const block = renderProgress(running, jobsOf(running), { ...options, width: 60 });
    const mixture = block.find((line) => line.trim().startsWith('book ')) ?? '';
    expect(renderProgress(running, jobsOf(running), options).join()).toContain(mixture.slice(0, -1));
    expect(mixture).toMatch(/…$/);
    expect(columnsOf(mixture)).toBe(59);
  });

  it('lets no control character of a job or a sweep reach the terminal', () => {
    const property = fc.property(hostileText, (text) => {
      const [first, ...others] = running.inFlight;
      if (first === undefined) throw new Error('the fixture has trials in flight');
      const progress = {
        ...running,
        sweepId: text,
        pause: { by: text, reason: text },
        inFlight: [{ ...first, trial: text, scale: text }, ...others],
      };
      const jobs = { ...jobsOf(progress), [text]: { steps: 1, waiting: text } };
      const block = renderProgress(progress, jobs, { ...options, colour: false, troubles: [text] });
      for (const line of [...block, renderProgressLine(progress, options)]) expect(line).not.toMatch(CONTROL);
    });
    fc.assert(property, { numRuns: 60, seed: 3 });
  });
});

describe('the closing text', () => {
  it('gives the mixture with ranges, the spend, the doubt, the confirmation and the report', () => {
    const text = renderSummary(foldRecord(simulateRecord()), { ...options, report: '/x/report.html' }).join('\n');
    expect(text).toMatch(/book +54\.2 % +━+ +\(45\.5 % to 59\.2 %\)/);
    expect(text).toContain('2.505 ± 0.012 (95 % interval 2.493 to 2.517)');
    expect(text).toContain('709 EFLOP of 720 (98.4 %)');
    expect(text).toContain('It lies inside the interval.');
    expect(text).toMatch(/Report: \/x\/report\.html$/);
  });

  it('names no other mixture that reads as the recommended one does', () => {
    const view = foldRecord(simulateRecord());
    const { mixture, nearOptimal } = view.recommendation!;
    const same = nearOptimal.map((near, i) => ({
      ...near,
      mixture: { ...mixture, book: mixture['book']! + 1e-6 * (i + 1) },
    }));
    const text = (others: typeof nearOptimal): string => {
      const recommendation = { ...view.recommendation!, nearOptimal: others };
      return renderSummary({ ...view, recommendation }, { ...options, width: 1000 }).join('\n');
    };
    expect(text(same)).toContain('3 other mixtures cannot be told from it');
    expect(text(same)).not.toContain('For instance');
    expect(text([...same, nearOptimal[0]!])).toContain(`For instance: ${formatMixture(nearOptimal[0]!.mixture)}.`);
  });

  it('tells long names apart that begin alike', () => {
    const names = ['common_crawl_high_quality_english', 'common_crawl_high_quality_german'];
    const domains = Object.fromEntries(names.map((name) => [name, { min: 0, max: 1 }]));
    const scales = ['150M-llama-rope-swiglu', '150M-llama-rope-geglu'].map((name) => ({ ...SWEEP.scales[0]!, name }));
    const view = foldRecord(simulateRecord());
    const spentByScale = scales.map(({ name }) => ({ ...view.spentByScale[0]!, scale: name }));
    const long = { ...view, sweep: { ...view.sweep, domains }, spentByScale };
    const starts = (width: number): string[] =>
      renderSummary(long, { ...options, width }).flatMap((line) => /^ {2}((?:common|150M)\S+)/.exec(line)?.[1] ?? []);
    expect(starts(100)).toEqual([...names, ...scales.map(({ name }) => name)]);
    expect(new Set(starts(60)).size).toBe(4);
    expect(starts(60)[0]).toBe('common_cra…y_english');
  });

  it('is plain about a sweep without a recommendation', () => {
    const text = renderSummary(foldRecord(simulateRecord().slice(0, 3)), options).join('\n');
    expect(text).toContain('No recommendation yet');
  });

  it('tells of a sweep that cannot be asked what is in flight by its record, what waits for approval, and as of when', () => {
    const lines = simulateRecord({ runs: 12, running: 2 });
    const [first, second] = foldRecord(lines).inFlight.map(({ trial }) => trial);
    const about = { decision: 11, trial: first!, mixture: { book: 1 }, scale: '1B', steps: 2000, cost: 1 };
    const last = lines.at(-1)!;
    const asked = linkLine(last, {
      key: 'approval-requested:11',
      at: '2026-03-04T05:06:07.000Z',
      event: { type: 'approval-requested', ...about, reasons: [], why: '' },
    });
    const view = foldRecord([...lines, asked]);
    const text = renderSummary(view, { ...options, width: 1000 }).join('\n');
    expect(text).toMatch(/running {2}10 runs by 2026-03-04 05:06:07 UTC/);
    expect(text).toMatch(new RegExp(`${first} {2}.* steps, decided for up to .* EFLOP, waits for approval\n`));
    expect(text).toMatch(new RegExp(`${second} {2}.* steps, decided for up to .* EFLOP\n`));
    expect(explainDecision(view, 11)).toContain('It waits for approval.');
    const act = { type: 'act', act: 'approve', trial: first!, by: 'ada' } as const;
    const approved = foldRecord([...lines, asked, linkLine(asked, { key: 'act:1', at: last.at, event: act })]);
    expect(approved.awaiting).toEqual(new Set());
    expect(renderSummary(foldRecord(simulateRecord()), options).join('\n')).not.toContain('In flight');
  });

  it('predicts nothing where nothing was measured, as after a cancel before the first result', () => {
    const view = foldRecord(simulateRecord());
    const blank = { ...view, observations: [], confirmations: [] };
    const text = renderSummary(blank, { ...options, width: 1000 }).join('\n');
    expect(text).toContain('Predicted book_ce at 1B x 19,600 steps: nothing yet.');
    expect(text).toContain('No run has reported the objective');
    expect(text).not.toMatch(/95 % interval|cannot be told from it|rests on smaller/);
    const failed = view.observations.filter(({ trial }) => trial === 't014').map((run) => ({ ...run, curve: [] }));
    expect(failed).toHaveLength(1);
    expect(renderSummary({ ...blank, observations: failed }, options).join('\n')).toContain('nothing yet');
    const [checkpoint] = view.observations.filter(({ curve }) => curve.length > 0);
    const partial = { ...checkpoint!, status: 'failed' as const, metrics: {}, curve: checkpoint!.curve.slice(0, 1) };
    expect(renderSummary({ ...blank, observations: [partial] }, options).join('\n')).toContain('95 % interval');
  });

  it('lets no control character of a job or a sweep reach the terminal', () => {
    const property = fc.property(hostileText, (text) => {
      const sweep = { ...SWEEP, name: text, domains: { ...SWEEP.domains, [text]: { min: 0, max: 1 } } };
      const view = foldRecord(simulateRecord({ sweep, jobText: text, runs: 12 }));
      for (const line of renderSummary(view, options)) expect(line).not.toMatch(CONTROL);
    });
    fc.assert(property, { numRuns: 40, seed: 4 });
  });
});
