/** docs/failures.md says what the code's tables say. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ENDINGS, TEACHES } from '../../src/domain/ending.js';
import { DEFAULT_LIMITS, isRetried, RETRIED_ENDINGS, WHEN_USED_UP } from '../../src/domain/retries.js';
import { TRIAL_STATES } from '../../src/domain/trial-moves.js';

const page = readFileSync(new URL('../../docs/failures.md', import.meta.url), 'utf8');

/** The cells of the first table between two marks, or under a heading; without its header. */
const rowsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

const between = (mark: string): string => page.split(`<!-- ${mark} -->`)[1]?.split(`<!-- /${mark} -->`)[0] ?? '';

describe('docs/failures.md', () => {
  it('has the endings of the code, with what they teach, their retries and what follows', () => {
    const rows = ENDINGS.map((ending) => [
      ending,
      TEACHES[ending],
      isRetried(ending) ? String(DEFAULT_LIMITS[ending]) : 'never',
      WHEN_USED_UP[ending],
    ]);
    expect(rowsOf(between('endings'))).toEqual(rows);
  });

  it('says of every ending how it is recognised', () => {
    const text = page.split('How an ending is recognised')[1]?.split('\n## ')[0] ?? '';
    expect(
      rowsOf(text)
        .map(([ending]) => ending)
        .sort(),
    ).toEqual([...ENDINGS].sort());
  });

  it('has the states of the code, with their moves', () => {
    const rows = Object.entries(TRIAL_STATES).map(([state, { is, holdsPlace, next }]) => [
      state,
      is,
      holdsPlace ? 'yes' : 'no',
      next.length === 0 ? 'none' : next.join(', '),
    ]);
    expect(rowsOf(between('states'))).toEqual(rows);
  });

  it('shows the defaults of retries', () => {
    const yaml = page.split('```yaml')[1]?.split('```')[0] ?? '';
    for (const ending of RETRIED_ENDINGS) expect(yaml).toContain(`${ending}: ${DEFAULT_LIMITS[ending]}`);
  });
});
