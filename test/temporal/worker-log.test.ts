import { describe, expect, it } from 'vitest';
import { sdkLogging, sparing } from '../../src/temporal/worker-log.js';

const MINUTE = 60_000;

/** Lines that were said, and a clock to set. */
const listen = () => {
  const lines: string[] = [];
  const clock = { ms: Date.parse('2026-12-01T10:00:00Z') };
  const say = sparing((line) => lines.push(line), () => clock.ms); // prettier-ignore
  return { lines, clock, say };
};

describe('a trouble that goes on', () => {
  it('is said at once, and then once in ten minutes with how often it was met', () => {
    const { lines, clock, say } = listen();
    for (let second = 0; second < 600; second++) {
      say(`call retried ${5 + second} times at 2026-12-01T10:00:${second % 60}Z`);
      clock.ms += 1000;
    }
    expect(lines).toEqual(['call retried 5 times at 2026-12-01T10:00:0Z']);
    say('call retried 605 times at 2026-12-01T10:10:00Z');
    expect(lines[1]).toBe(
      'call retried 605 times at 2026-12-01T10:10:00Z (and 599 more like it since 2026-12-01T10:00:00.000Z)',
    );
    clock.ms += 10 * MINUTE;
    say('call retried 1 times');
    say('call retried 1 times');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toBe('call retried 1 times');
  });

  it('of one trial hides none of another’s, nor another trouble', () => {
    const { lines, say } = listen();
    for (const line of ['s-1f.t0001: disk full', 's-1f.t0002: disk full', 's-1f.t0002: no such file']) say(line);
    expect(lines).toHaveLength(3);
  });

  it('is remembered among a thousand others at most', () => {
    const { lines, say } = listen();
    for (let trial = 0; trial <= 1000; trial++) say(`t${trial} failed`);
    say('t1000 failed');
    say('t0 failed');
    expect(lines.slice(1001)).toEqual(['t0 failed']);
  });
});

it('the SDK’s warnings come without the token by which an activity is answered', () => {
  const lines: string[] = [];
  const { logger } = sdkLogging((line) => lines.push(line));
  const fail = (taskToken: string): void => logger.warn('Activity failed', { taskToken, workflowId: 'titrate/s' });
  fail('CiQwMWE=');
  fail('CiQwMWF=');
  logger.info('not wanted');
  expect(lines).toEqual(["[WARN] Activity failed { workflowId: 'titrate/s' }"]);
});
