import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { InputError, LauncherError } from '../../src/domain/errors.js';
import { diskError, errnoOf, onDisk } from '../../src/host/disk-errors.js';

describe('a failed system call', () => {
  it('becomes an error that says what was done, what is wrong, where, and what to do', async () => {
    await expect(onDisk('write the log', '/dev/full', () => writeFile('/dev/full', 'x'))).rejects.toMatchObject({
      code: 'StateError',
      message: 'cannot write the log: the disk is full, ENOSPC (/dev/full)',
      hint: expect.stringContaining('free some space'),
      values: { code: 'ENOSPC', path: '/dev/full' },
      cause: { code: 'ENOSPC' },
    });
  });

  it('becomes an error of the kind that is asked for', async () => {
    const write = onDisk('launch a job', '/dev/full', () => writeFile('/dev/full', 'x'), LauncherError);
    await expect(write).rejects.toBeInstanceOf(LauncherError);
  });

  it('that the table does not hold is told by its code', () => {
    const error = diskError(Object.assign(new Error('odd'), { code: 'EODD' }), 'read', '/x');
    expect(error).toMatchObject({ message: 'cannot read: the system refuses, EODD (/x)', code: 'StateError' });
  });
});

describe('another error', () => {
  it.each([new TypeError('a mistake'), new InputError('no', []), 'a word', undefined, null])('stays: %s', (error) => {
    expect(diskError(error, 'write', '/x')).toBe(error);
  });

  it('has an errno only when the system gave one', () => {
    expect(errnoOf(Object.assign(new Error('x'), { code: 'EIO' }))).toBe('EIO');
    expect(errnoOf({ code: 1 })).toBeUndefined();
    expect(errnoOf(null)).toBeUndefined();
  });
});
