import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identify } from '../../src/cli/identity.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519').privateKey;

const token = (key = privateKey, claims: Record<string, unknown> = { email: 'ada@example.org' }, ends = '1h') =>
  new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA' }).setExpirationTime(ends).sign(key);

describe('who acts', () => {
  let folder: string;
  let keyFile: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'titrate-identity-'));
    keyFile = path.join(folder, 'key.pem');
    await writeFile(keyFile, publicKey.export({ type: 'spki', format: 'pem' }));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is the user of the operating system where no token is given', async () => {
    expect(await identify({})).toEqual({ by: userInfo().username, authenticated: 'os-user' });
  });

  it('is whom a token names that the trusted key signed, given itself or in a file', async () => {
    const signed = await token();
    const known = { by: 'ada@example.org', authenticated: 'token' };
    expect(await identify({ TITRATE_IDENTITY: signed, TITRATE_IDENTITY_KEY: keyFile })).toEqual(known);
    const file = path.join(folder, 'token');
    await writeFile(file, `${signed}\n`);
    expect(await identify({ TITRATE_IDENTITY: file, TITRATE_IDENTITY_KEY: keyFile })).toEqual(known);
  });

  it.each([
    ['signed by another key', () => token(stranger)],
    ['that is over', () => token(privateKey, { sub: 'ada' }, '-1m')],
    ['that names nobody', () => token(privateKey, {})],
    ['that is none', async () => 'ada'],
    ['that is good for ever', () => new SignJWT({ sub: 'ada' }).setProtectedHeader({ alg: 'EdDSA' }).sign(privateKey)],
  ])('is not known by a token %s, and the token is not repeated', async (_what, make) => {
    const given = await make();
    const failure = await identify({ TITRATE_IDENTITY: given, TITRATE_IDENTITY_KEY: keyFile }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'InputError' });
    if (given.includes('.')) expect(String(failure)).not.toContain(given);
  });

  it('takes no private key for the public one', async () => {
    const file = path.join(folder, 'private.pem');
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const asked = identify({ TITRATE_IDENTITY: await token(), TITRATE_IDENTITY_KEY: file });
    await expect(asked).rejects.toThrow(/TITRATE_IDENTITY_KEY.*found a private key/s);
  });

  it('is not known by a token that nothing can be checked with', async () => {
    await expect(identify({ TITRATE_IDENTITY: await token() })).rejects.toThrow('TITRATE_IDENTITY_KEY');
  });
});
