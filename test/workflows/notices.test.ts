import { describe, expect, it } from 'vitest';
import type { ActEvent } from '../../src/domain/record-event.js';
import { noticeOf } from '../../src/workflows/notices.js';
import { toySweep } from './toy-sweep.js';

const pause = (change: Partial<ActEvent>): ActEvent => ({ type: 'act', act: 'pause', by: 'titrate', ...change });

describe('a notice', () => {
  it('says that a sweep has paused itself, without what the job put out', () => {
    const reason = '5 jobs failed in a row; the last one said: exit status 1\nstderr: a traceback';
    expect(noticeOf('s', toySweep(), pause({ reason }), 3)).toEqual({
      kind: 'sweep-paused',
      sweep: 's',
      about: '3',
      text: 'The sweep has paused itself: 5 jobs failed in a row; the last one said: exit status 1.',
      command: 'titrate resume s',
    });
  });

  it('tells nobody of the acts of people', () => {
    expect(noticeOf('s', toySweep(), pause({ by: 'ada' }), 3)).toBeNull();
    expect(noticeOf('s', toySweep(), pause({ act: 'resume' }), 3)).toBeNull();
  });
});
