import { describe, expect, it } from 'vitest';
import { foldRecord, targetRuns } from '../../src/reports/sweep-view.js';
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
