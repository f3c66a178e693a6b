import { ServiceError } from '@temporalio/client';
import { expect, it } from 'vitest';
import { failureOf, failureText } from '../../src/cli/failure.js';
import { errorText } from '../../src/domain/errors.js';

const denied = Object.assign(new Error('7 PERMISSION_DENIED: Request unauthorized.'), { code: 7 });
const wrapped = new ServiceError('Failed to describe workflow', { cause: denied });

it('what the server does not allow is told with the server’s reason, and not as a fault of titrate’s', () => {
  const text = failureText(wrapped);
  expect(text).toMatch(
    /^error: .*: Failed to describe workflow: 7 PERMISSION_DENIED: Request unauthorized\.\nhint: titrate doctor/,
  );
  expect(text).not.toContain('    at ');
  expect(failureOf(denied)).toMatchObject({
    code: 'StateError',
    message: expect.stringContaining(denied.message) as string,
  });
});

it('a fault of titrate’s comes with its stack', () => {
  const fault = new TypeError('x is not a function');
  expect(failureOf(fault).code).toBe('UnexpectedError');
  expect(failureText(fault)).toMatch(/^error: TypeError: x is not a function\n {4}at /);
});

it('an error is told with its cause once', () => {
  expect(errorText(wrapped)).toBe('Failed to describe workflow: 7 PERMISSION_DENIED: Request unauthorized.');
  expect(errorText(new Error(`in vain: ${denied.message}`, { cause: denied }))).toBe(`in vain: ${denied.message}`);
});
