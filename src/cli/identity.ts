/**
 * Who runs a command. A user of the operating system, or, where the environment hands out identity tokens (a CI system,
 * single sign-on), whom a token names that was signed by the key that the environment trusts. The token itself goes nowhere.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { errors, jwtVerify } from 'jose';
import type { Act } from '../domain/messages.js';
import { InputError } from '../domain/errors.js';
import { halfOf } from '../ledger/signing-key.js';

/** The operating system's name of who runs this; the user id where it has no name (containers). */
const whoami = (): string => {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
};

const problem = (path: string, expected: string, found: string): InputError =>
  new InputError('it is not known who acts', [{ path, expected, found }], {
    hint: 'docs/acts.md (Who acts) says what the environment must hold; without TITRATE_IDENTITY it is the user of the system',
  });

/** The token or the file that holds it; tokens have two dots and no slash. */
const tokenOf = async (given: string): Promise<string> => {
  const text = given.includes('/') ? await readFile(given, 'utf8').catch(() => '') : given;
  if (text.trim() !== '') return text.trim();
  throw problem('TITRATE_IDENTITY', 'a signed token (JWT), or the path of a file that holds one', 'an unreadable file');
};

const keyOf = async (file: string | undefined): Promise<KeyObject> => {
  const expected = 'a file with the public key (PEM) of who signs tokens';
  if (file === undefined || file === '') throw problem('TITRATE_IDENTITY_KEY', expected, 'nothing');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) throw problem('TITRATE_IDENTITY_KEY', expected, 'a file that cannot be read');
  // The half that signs tokens is for its owner only.
  if (halfOf(text) === 'private') throw problem('TITRATE_IDENTITY_KEY', expected, 'a private key');
  try {
    return createPublicKey(text);
  } catch {
    throw problem('TITRATE_IDENTITY_KEY', expected, 'a file without a public key');
  }
};

const nameIn = (claims: Readonly<Record<string, unknown>>): string | undefined =>
  [claims['email'], claims['preferred_username'], claims['sub']].find(
    (name): name is string => typeof name === 'string' && name !== '',
  );

/** Says who acts and how that is known. @throws InputError for a token that is not signed by the trusted key, or is over. */
export const identify = async (
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Pick<Act, 'by' | 'authenticated'>> => {
  const given = env['TITRATE_IDENTITY'];
  if (given === undefined || given === '') return { by: whoami(), authenticated: 'os-user' };
  const token = await tokenOf(given);
  const key = await keyOf(env['TITRATE_IDENTITY_KEY']);
  const audience = env['TITRATE_IDENTITY_AUDIENCE'];
  try {
    const { payload } = await jwtVerify(token, key, {
      requiredClaims: ['exp'], // one that is good for ever could be found and used by anybody
      ...(audience === undefined ? {} : { audience }),
    });
    const by = nameIn(payload);
    if (by !== undefined) return { by, authenticated: 'token' };
  } catch (error) {
    const found = error instanceof errors.JOSEError ? error.code : 'something else';
    throw problem('TITRATE_IDENTITY', 'a token that is signed by the trusted key and is not over', found);
  }
  throw problem('TITRATE_IDENTITY', 'a token with email, preferred_username or sub', 'none of them');
};
