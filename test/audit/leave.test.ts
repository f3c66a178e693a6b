/** Whose leave a run waited for, and whether it had it: told by the record alone. */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkStory } from '../../src/audit/story-check.js';
import type { RecordEvent, RecordLine } from '../../src/domain/record-event.js';

let recorded: readonly RecordLine[] = [];

beforeAll(async () => {
  const text = await readFile(new URL('../fixtures/records/approvals-and-reruns.jsonl', import.meta.url), 'utf8');
  recorded = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RecordLine);
});

/** What the story says of the record with some events changed, or left out. */
const after = (change: (event: RecordEvent) => RecordEvent | null): (string | undefined)[] => {
  const lines = recorded.flatMap((line) => {
    const event = change(line.event);
    return event === null ? [] : [{ ...line, event }];
  });
  return checkStory(lines).faults.map(({ where, looksLike }) => `${where}: ${looksLike}`);
};

const isAbout = (event: RecordEvent, trial: string): boolean => 'trial' in event && event.trial === trial;

describe('a run that the sweep’s approval names', () => {
  it('is found when it was launched and nobody was asked, whatever was left out with the question', () => {
    expect(after((event) => event)).toEqual([]);
    const isQuestion = ({ type }: RecordEvent): boolean => type === 'approval-requested' || type === 'act';
    expect(after((event) => (isQuestion(event) && isAbout(event, 't0008') ? null : event))).toEqual([
      'line 36: without leave',
    ]);
    expect(after((event) => (isQuestion(event) ? null : event))).toEqual([
      'line 36: without leave',
      'line 47: without leave',
      'line 58: without leave',
    ]);
  });

  it('needs none where a person pinned it', () => {
    const withoutQuestion = after((event) => {
      if (!isAbout(event, 't0008')) return event;
      if (event.type === 'approval-requested' || event.type === 'act') return null;
      return event.type === 'decided' ? { ...event, origin: 'person' } : event;
    });
    expect(withoutQuestion).toEqual([]);
  });

  it.each([
    ['cost', { cost: 1 }],
    ['steps', { steps: 100 }],
    ['scale', { scale: 'S' }],
    ['mixture', { mixture: { web: 1, code: 0, books: 0 } }],
    ['decision', { decision: 7 }],
  ])('is found when a person was asked about another one: its %s', (_name, other) => {
    expect(
      after((event) =>
        event.type === 'approval-requested' && event.trial === 't0008' ? { ...event, ...other } : event,
      ),
    ).toEqual(['line 22: another run']);
  });

  it('is answered once, when it waits, and ends as refused by nobody but a person', () => {
    expect(
      after((event) => (event.type === 'act' && event.trial === 't0008' ? { ...event, trial: 't0009' } : event)).slice(
        0,
        1,
      ),
    ).toEqual(['line 33: unasked']);
    expect(
      after((event) => (event.type === 'act' && event.trial === 't0011' ? { ...event, trial: 't0008' } : event)).slice(
        0,
        1,
      ),
    ).toEqual(['line 41: answered twice']);
    expect(
      after((event) =>
        event.type === 'observed' && event.trial === 't0016' ? { ...event, status: 'refused-by-person' } : event,
      ),
    ).toEqual(['line 59: unasked']);
  });
});
