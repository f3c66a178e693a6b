/**
 * Tells people outside. Secrets are read here, at the last moment, and are in no message of an error: what goes wrong is
 * recorded, the address that it went wrong at is not.
 */
import { createHmac } from 'node:crypto';
import { execa } from 'execa';
import { InputError, StateError } from '../domain/errors.js';
import { isSecretRef, type Notice, type NoticeChannel, type SecretRef } from '../domain/notices.js';
import { readSecret } from '../host/read-secret.js';
import { packageVersion } from './package-version.js';

type Webhook = Extract<NoticeChannel, { readonly webhook: string }>;

const WEBHOOK_TIMEOUT_MS = 15_000; // a quarter of what the activity may take
const COMMAND_TIMEOUT_MS = 50_000; // less than the activity may take, so that the command is killed and not forgotten
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]); // client errors that go away by themselves

const secretAt = (ref: SecretRef): Promise<string> =>
  readSecret(ref, {
    where: 'where the worker runs',
    hint: 'set it there; the notice is tried twenty times, over an hour',
  });

const headersOf = async ({ token, signingKey }: Webhook, body: string): Promise<Record<string, string>> => ({
  'content-type': 'application/json',
  'user-agent': `titrate/${packageVersion()}`,
  ...(token === undefined ? {} : { authorization: `Bearer ${await secretAt(token)}` }),
  ...(signingKey === undefined
    ? {}
    : {
        'x-titrate-signature': `sha256=${createHmac('sha256', await secretAt(signingKey))
          .update(body)
          .digest('hex')}`,
      }),
});

/** What a failed call says of itself; the text of an error may name the address, its code does not. */
const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'TimeoutError') return `no answer within ${WEBHOOK_TIMEOUT_MS / 1000} s`;
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : error.name;
};

const post = async (channel: Webhook, body: string): Promise<void> => {
  const address = isSecretRef(channel.webhook) ? await secretAt(channel.webhook) : channel.webhook;
  if (!URL.canParse(address)) throw new StateError(`${channel.webhook} holds no address`);
  const { username, password } = new URL(address);
  if (username !== '' || password !== '')
    throw new StateError(`${channel.webhook} holds an address with a user or password in it, which cannot be used`);
  const headers = await headersOf(channel, body);
  const signal = AbortSignal.timeout(WEBHOOK_TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(address, { method: 'POST', headers, body, signal, redirect: 'manual' });
    await response.body?.cancel();
  } catch (error) {
    throw new StateError(`the webhook could not be reached: ${causeOf(error)}`);
  }
  const { ok, status } = response;
  if (ok) return;
  const text = `the webhook answered ${status}`;
  if (status >= 300 && status < 500 && !PASSING.has(status)) {
    throw new InputError(text, [{ path: 'notify', expected: 'an address that takes notices', found: `${status}` }]);
  }
  throw new StateError(text);
};

const runCommand = async ([program = '', ...args]: readonly string[], notice: Notice, body: string): Promise<void> => {
  const done = await execa(program, args, {
    input: body,
    env: { TITRATE_NOTICE: notice.kind, TITRATE_SWEEP: notice.sweep },
    timeout: COMMAND_TIMEOUT_MS,
    stdout: 'ignore', // it may say anything, and nobody reads it here
    stderr: 'ignore',
    reject: false,
  });
  if (!done.failed) return;
  const how = done.timedOut
    ? `did not end within ${COMMAND_TIMEOUT_MS / 1000} s`
    : done.exitCode === undefined
      ? `could not be run: ${done.code ?? done.signal ?? 'unknown'}`
      : `ended with ${done.exitCode}`;
  throw new StateError(`the command ${program} ${how}`);
};

/** Sends a notice. @throws StateError when it should be tried again, InputError when that would not help. */
export const sendNotice = async (channel: NoticeChannel, notice: Notice): Promise<void> => {
  const body = JSON.stringify(notice);
  if ('webhook' in channel) await post(channel, body);
  else await runCommand(channel.command, notice, body);
};
