import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JOB_FILE, METRICS_FILE } from '../../src/domain/job-contract.js';
import { checkKey, jobFiles } from '../../src/launchers/job-folder.js';
import { printable } from '../../src/launchers/printable.js';

describe('a job folder', () => {
  it('has the files that the contract names', () => {
    const files = jobFiles('/jobs/k');
    expect([files.spec, files.metrics]).toEqual([join('/jobs/k', JOB_FILE), join('/jobs/k', METRICS_FILE)]);
  });

  it.each(['s.t1.g1', 'a b', '.hidden', 'ключ', '..t1', '-'.repeat(200)])('takes the key %j', (key) => {
    expect(() => checkKey(key)).not.toThrow();
  });

  it.each(['', ' ', '.', '..', '...', 'a/b', '/a', 'a\\b', 'a\u0000', 'a\u001b[2J', 'a\u2028b', 'é'.repeat(101)])(
    'refuses the key %j',
    (key) => {
      expect(() => checkKey(key)).toThrow('a job key must be a plain file name');
    },
  );
});

describe('text of a job', () => {
  it('is shown without escapes, controls and marks that turn its direction', () => {
    expect(printable('\u001b[31mred\u001b[0m\u001b]0;title\u0007 \u0000\u0008a\u202eb\r\nc\td', 100)).toBe(
      'red \ufffd\ufffda\ufffdb\nc\td',
    );
  });

  it('is cut to its end', () => {
    expect(printable('abcdef', 3)).toBe('…def');
  });
});
