import { describe, expect, it } from 'vitest';
import { costOf } from '../../src/domain/cost.js';
import { confirmationSentence } from '../../src/reports/confirmation.js';
import { diffDecisions } from '../../src/reports/diff-text.js';
import { explainDecision } from '../../src/reports/explain-decision.js';
import type { RecordEvent } from '../../src/domain/record-event.js';
import { formatPrediction, formatTime, formatValue } from '../../src/reports/format.js';
import { healthOf } from '../../src/reports/health.js';
import { timeline } from '../../src/reports/page/timeline.js';
import { renderReport } from '../../src/reports/render-report.js';
import { renderSummary } from '../../src/reports/render-summary.js';
import { foldRecord, isLost, targetRuns, type SweepView } from '../../src/reports/sweep-view.js';
import { simulateRecord, SWEEP } from './simulated-record.js';

describe('a record folded into a view', () => {
  const lines = simulateRecord();
  const view = foldRecord(lines);

  it('counts what was charged once per observation, in all and by scale', () => {
    const charged = lines.reduce((sum, { event }) => sum + (event.type === 'observed' ? event.cost : 0), 0);
    expect(view.spent).toBeCloseTo(charged, 9);
    expect(view.spentByScale.reduce((sum, { cost }) => sum + cost, 0)).toBeCloseTo(charged, 9);
    expect(view.spentByScale.map(({ scale }) => scale)).toEqual(SWEEP.scales.map(({ name }) => name));
  });

  it('keeps apart what confirmed and what was lost', () => {
    const target = view.spentByScale.at(-1);
    expect(view.confirmations.map(({ trial }) => trial)).toEqual(['t035', 't036']);
    expect(target?.confirmCost).toBeCloseTo(
      view.confirmations.reduce((sum, { cost }) => sum + cost, 0),
      9,
    );
    expect(view.spentByScale.find(({ scale }) => scale === '300M')?.lostCost).toBeGreaterThan(0);
    expect(target?.lostCost).toBe(0);
  });

  it('gives no value to a run that did not complete', () => {
    const failed = view.observations.filter(({ status }) => status !== 'completed');
    expect(failed.map(({ status }) => status)).toEqual(['failed', 'diverged']);
    expect(failed.every(({ value }) => value === undefined)).toBe(true);
  });

  it('takes the last recommendation, the end and the head', () => {
    expect(view.recommendation?.sd).toBe(0.006);
    expect(view.status).toBe('completed');
    expect(view.head).toEqual({ seq: lines.length, hash: lines.at(-1)?.hash });
    expect(targetRuns(view)).toHaveLength(4);
  });

  it('knows trials in flight and a pause that was not lifted', () => {
    const running = simulateRecord({ runs: 20, running: 3 });
    expect(foldRecord(running).inFlight.map(({ trial }) => trial)).toEqual(['t018', 't019', 't020']);
    expect(foldRecord(running).status).toBe('running');
    const paused = running.findIndex(({ event }) => event.type === 'act');
    expect(foldRecord(running.slice(0, paused + 1)).status).toBe('paused');
    expect(foldRecord(running.slice(0, paused + 2)).status).toBe('running');
  });

  describe('in which a person approved another run than the one that was decided', () => {
    const run = {
      mixture: { wikipedia: 1, github: 0, book: 0, stackexchange: 0, arxiv: 0 },
      scale: '150M',
      steps: 6000,
    };
    const cost = costOf(SWEEP, run);
    const changed = foldRecord(
      lines.flatMap((line) => {
        const { event } = line;
        if (event.type === 'observed' && event.trial === 't005')
          return [{ ...line, event: { ...event, ...run, cost } }];
        if (event.type !== 'decided' || event.trial !== 't005') return [line];
        const act = { type: 'act', act: 'approve', trial: 't005', by: 'mira', run: { ...run, cost } } as const;
        return [line, { ...line, event: act }];
      }),
    );

    it('shows the run that was made, and what it was made in the place of', () => {
      expect(view.decisions[4]).toMatchObject({ trial: 't005', scale: '20M' });
      expect(changed.decisions[4]).toMatchObject({ ...run, cost, decided: { scale: '20M' } });
      const row =
        timeline(changed)
          .source.split('</tr>')
          .find((text) => text.includes('t005')) ?? '';
      expect(row).toContain('150M');
      expect(row).toContain('approved in the place of 20M x 6,000 steps, arxiv 100.0 %');
      const explained = explainDecision(changed, 5);
      expect(explained).toContain('Train 20M x 6,000 steps');
      expect(explained).toContain('A person approved another run in its place: 150M x 6,000 steps');
    });

    it('counts none of its price as lost, and expects nothing of it', () => {
      const lost = ({ spentByScale }: SweepView) => spentByScale.map(({ lostCost }) => lostCost);
      expect(lost(changed)).toEqual(lost(view));
      const held = /(\d+) of (\d+) runs reported/;
      const expected = lines.map((line) =>
        line.event.type === 'decided'
          ? {
              ...line,
              event: { ...line.event, explanation: { ...line.event.explanation, expected: { mean: 2, sd: 1 } } },
            }
          : line,
      );
      const all = Number(held.exec(JSON.stringify(healthOf(foldRecord(expected))))?.[2]);
      const act = { type: 'act', act: 'approve', trial: 't005', by: 'mira', run: { ...run, cost } } as const;
      const at = expected.findIndex(({ event }) => event.type === 'decided' && event.trial === 't005');
      const one = expected.toSpliced(at + 1, 0, { ...expected[at]!, event: act });
      expect(Number(held.exec(JSON.stringify(healthOf(foldRecord(one))))?.[2])).toBe(all - 1);
    });
  });

  describe('in which a trial waits for approval', () => {
    const running = simulateRecord({ runs: 20, running: 3 });
    const asked = foldRecord(running).inFlight[1]!;
    const { trial, decision, mixture, scale, steps, cost } = asked;
    const request = { type: 'approval-requested', decision, trial, mixture, scale, steps, cost } as const;
    const after = (...events: readonly RecordEvent[]): SweepView =>
      foldRecord([...running, ...events.map((event) => ({ ...running.at(-1)!, event }))]);
    const waits = after({ ...request, reasons: ['it is a target run'], why: 'it teaches most' });
    const answered = (act: RecordEvent): SweepView =>
      after({ ...request, reasons: ['it is a target run'], why: 'it teaches most' }, act);

    it('tells it from those that run, until it is approved', () => {
      const stateIn = (of: SweepView): string | undefined =>
        /<td class="right">([^<]*)<\/td><td class="narrow">[^<]*<\/td>$/.exec(
          timeline(of)
            .source.split('</tr>')
            .find((text) => text.includes(trial)) ?? '',
        )?.[1];
      expect(stateIn(waits)).toBe('waits for approval');
      expect(renderReport(waits)).toContain('2 in flight, 1 waiting for approval');
      expect(explainDecision(waits, decision)).toContain('It waits for approval.');
      const approved = answered({ type: 'act', act: 'approve', trial, by: 'mira' });
      expect(stateIn(approved)).toBe('in flight');
      expect(renderReport(approved)).toContain('3 in flight<');
    });

    it.each([
      ['it is refused', 'refused-by-person'],
      ['its sweep is cancelled meanwhile', 'cancelled'],
      ['it is abandoned meanwhile', 'abandoned'],
    ] as const)('counts it neither as a run nor as one that did not complete when %s', (_, status) => {
      const key = `s.${trial}.g1`;
      const none = { metrics: {}, curve: [], cost: 0, digest: 'd', warnings: [] };
      const refused = answered({
        type: 'observed',
        trial,
        key,
        mixture,
        scale,
        steps,
        status,
        ...none,
      });
      const made = waits.observations.length;
      expect(renderReport(refused)).toMatch(
        new RegExp(`${made} runs<small>\\d+ completed, .*1 not approved, 2 in flight`),
      );
      expect(refused.spentByScale.reduce((sum, { runs }) => sum + runs, 0)).toBe(made);
      expect(refused.observations.filter(isLost)).toEqual(waits.observations.filter(isLost));
      expect(renderSummary(refused, { width: 100, colour: false })[0]).toContain(`${made} runs by `);
    });
  });

  it('while it goes on, does not pass the time of its last line for how long it has lasted', () => {
    const running = foldRecord(simulateRecord({ runs: 20, running: 3 }));
    const { startedAt, lastAt } = running;
    const page = renderReport(running);
    expect(page).toContain(`since ${formatTime(startedAt)}; as of the last line of its record, ${formatTime(lastAt)}`);
    expect(renderReport(view)).toContain(`${formatTime(view.startedAt)} to ${formatTime(view.lastAt)} (`);
  });

  it('says why it is paused, while it is', () => {
    const running = simulateRecord({ runs: 20, running: 3 });
    const pause = { type: 'act', act: 'pause', by: 'titrate', reason: '5 jobs failed in a row' } as const;
    const after = (...events: readonly RecordEvent[]): string =>
      renderReport(foldRecord([...running, ...events.map((event) => ({ ...running.at(-1)!, event }))]));
    expect(after(pause)).toContain('Paused by titrate: 5 jobs failed in a row</p>');
    expect(after(pause, { type: 'act', act: 'resume', by: 'mira' })).not.toContain('Paused by');
  });

  it('says while nothing is recommended what is predicted of the mixture that is believed best', () => {
    const search = foldRecord(
      simulateRecord({ runs: 20, running: 3 }).filter(({ event }) => event.type !== 'recommended'),
    );
    const incumbent = search.belief!.incumbent!;
    const page = renderReport(search);
    expect(page).toContain(`<dd>${formatPrediction(incumbent)}<small>of what is believed best so far`);
    expect(page).not.toContain('none yet');
  });

  it('keeps the sign of a share beside its figure in tables', () => {
    const [mixture = ''] = /<td class="wide">[^<]*%[^<]*/.exec(timeline(view).source) ?? [];
    expect(mixture).toMatch(/\d\u00a0%/);
    expect(mixture).not.toMatch(/\d %/);
  });

  describe('in which a result was taken back', () => {
    const middle = lines.findIndex(({ event }) => event.type === 'decided' && event.trial === 't020');
    const act = { type: 'act', act: 'retract', trial: 't005', by: 'mira', reason: 'wrong split' } as const;
    const line = { ...lines[middle]!, event: act, key: 'act:1' };
    const changed = foldRecord(lines.toSpliced(middle, 0, line));
    const seen = changed.observations.find(({ trial }) => trial === 't005')!;

    it('shows who did it and why, and the value nowhere but there', () => {
      const before = view.observations.find(({ trial }) => trial === 't005')!;
      expect(seen).toMatchObject({ status: 'retracted', metrics: {}, curve: [], cost: before.cost });
      expect(seen.detail).toBe(`by mira: wrong split; it had reported ${formatValue(before.value!)}`);
      expect(seen).not.toHaveProperty('value');
      expect(explainDecision(changed, 5)).toContain('retracted (by mira: wrong split');
      const row =
        timeline(changed)
          .source.split('</tr>')
          .find((text) => text.includes('>t005<')) ?? '';
      expect(row).toContain('retracted: by mira: wrong split');
    });

    it('says why nothing is predicted until the next decision', () => {
      const page = renderReport(foldRecord([...lines.slice(0, middle), line]));
      expect(page).toContain('<dd>none yet<small>none since a result was taken back');
      expect(renderReport(changed)).not.toContain('none since a result');
    });

    it('names it in every decision that had counted it', () => {
      const counted = 'It counted the result of t005, which mira took back later: wrong split.';
      const decided = (trial: string) => changed.decisions.find((decision) => decision.trial === trial)!.decision;
      expect(explainDecision(changed, decided('t019'))).toContain(counted);
      expect(explainDecision(changed, decided('t020'))).not.toContain(counted);
      expect(explainDecision(changed, decided('t021'))).toMatch(/had been observed \(1 of them retracted\)/);
      expect(explainDecision(changed, 1)).not.toContain(counted);
    });

    it('counts its price as lost, and it as no run that failed', () => {
      const lost = ({ spentByScale }: SweepView) => spentByScale.reduce((sum, { lostCost }) => sum + lostCost, 0);
      expect(lost(changed)).toBeCloseTo(lost(view) + seen.cost, 9);
      expect(changed.spent).toBeCloseTo(view.spent, 9);
      const ended = ({ name }: { readonly name: string }) => name === 'Runs that did not complete';
      expect(healthOf(changed).find(ended)).toEqual(healthOf(view).find(ended));
    });

    it('has no recommendation until there is one without it, and no confirmation of another mixture', () => {
      const last = lines.findLastIndex(({ event }) => event.type === 'recommended');
      const late = foldRecord(lines.toSpliced(last, Infinity, { ...line, at: lines[last]!.at }));
      expect(late.recommendation).toBeNull();
      expect(late.confirmations).toEqual([]);
      const outdated = 'Not run yet. t035, t036 ran what was recommended before a result was retracted.';
      expect(confirmationSentence(late)).toBe(outdated);
      expect(confirmationSentence(changed)).not.toContain('retracted');
      const [recommended] = lines.filter(({ event }) => event.type === 'recommended');
      const anew = foldRecord([...lines.slice(0, last), line, recommended!]);
      expect(anew.confirmations).toHaveLength(2);
    });

    it('is believed no more before the next decision, and a confirmation that was retracted confirms nothing', () => {
      const late = foldRecord([...lines.slice(0, middle), line]);
      expect(foldRecord(lines.slice(0, middle)).belief).toEqual(late.decisions.at(-1)!.explanation);
      expect(late.belief).toBeNull();
      expect(changed.belief).toEqual(view.decisions.at(-1)!.explanation);
      const [recommended] = lines.filter(({ event }) => event.type === 'recommended');
      const last = lines.findLastIndex(({ event }) => event.type === 'recommended');
      const wrong = { ...line, event: { ...act, trial: 't035' } };
      const anew = foldRecord([...lines.slice(0, last), wrong, recommended!]);
      expect(anew.confirmations.map(({ trial }) => trial)).toEqual(['t036']);
    });

    it('was not counted by a decision that it was written together with', () => {
      const observed = lines.find(({ event }) => event.type === 'observed' && event.trial === 't005')!;
      const together = changed.decisions.map((one) => (one.trial === 't019' ? { ...one, at: observed.at } : one));
      const { decision } = together.find(({ trial }) => trial === 't019')!;
      expect(explainDecision({ ...changed, decisions: together }, decision)).not.toContain('It counted');
    });

    it('is named between decisions that had counted it and those that had not', () => {
      const all = lines.toSpliced(middle, 0, line);
      const numberOf = (name: string) => changed.decisions.find(({ trial }) => trial === name)!.decision;
      const [before, after] = [numberOf('t019'), numberOf('t021')];
      const said = `Retracted before decision ${after}: t005.`;
      expect(diffDecisions(changed, all, before, after)).toContain(said);
      expect(diffDecisions(changed, all, after, before)).toContain(said);
      expect(diffDecisions(changed, all, after, numberOf('t022'))).not.toContain('Retracted');
    });
  });

  it('says how far the money was at every event', () => {
    const spends = view.observations.map(({ spent }) => spent);
    expect(spends).toEqual([...spends].sort((a, b) => a - b));
    expect(spends.at(-1)).toBeCloseTo(view.spent, 9);
  });

  it('refuses a record that does not begin with the start', () => {
    expect(() => foldRecord([])).toThrow(/found no line/);
    expect(() => foldRecord(lines.slice(1))).toThrow(/found "decided"/);
  });
});
