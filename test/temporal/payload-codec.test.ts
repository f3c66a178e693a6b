import { createDecipheriv } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPayloadCodec, keyIdOf } from '../../src/temporal/payload-codec.js';
import { withEncryption } from '../../src/temporal/payload-converter.js';
import { readKeyFile, readKeyRing, writeNewKey, type KeyRing } from '../../src/temporal/payload-keys.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'titrate-keys-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const OLD = Buffer.alloc(32, 1);
const NEW = Buffer.alloc(32, 2);
const line = (id: string, key: Buffer): string => `${id} ${key.toString('base64')}\n`;

const keyFile = (name: string, text: string, mode = 0o600): string => {
  const file = join(folder, name);
  writeFileSync(file, text, { mode });
  chmodSync(file, mode);
  return file;
};
const ringOf = (name: string, text: string): KeyRing => readKeyFile(keyFile(name, text));

const VALUE = { mixture: { arxiv: 0.25 }, text: 'Überraschung' };
const plain = (): Payload => {
  const payload = defaultPayloadConverter.toPayload(VALUE);
  if (payload === undefined) throw new Error('expected a payload');
  return payload;
};
const valueOf = (payload: Payload | undefined): unknown => defaultPayloadConverter.fromPayload(payload ?? {});

describe('the codec', () => {
  it('gives back what it was given, and shows nothing of it in between', async () => {
    const codec = createPayloadCodec(ringOf('one', line('a', OLD)));
    const [closed, again] = await codec.encode([plain(), plain()]);
    const bytes = Buffer.concat([...Object.values(closed?.metadata ?? {}), closed?.data ?? Buffer.alloc(0)]);
    for (const word of ['arxiv', '0.25', 'json/plain']) expect(bytes.includes(word)).toBe(false);
    expect(closed?.data).not.toEqual(again?.data); // a nonce of its own for each
    expect((await codec.decode([closed ?? {}])).map(valueOf)).toEqual([VALUE]);
  });

  it('writes the form of Temporal’s samples: nonce, encrypted protobuf and tag, with the encoding and the key’s id', async () => {
    const [closed] = await createPayloadCodec(ringOf('form', line('a', OLD))).encode([plain()]);
    expect(Buffer.from(closed?.metadata?.['encoding'] ?? []).toString()).toBe('binary/encrypted');
    expect(Buffer.from(closed?.metadata?.['encryption-key-id'] ?? []).toString()).toBe('a');
    const data = Buffer.from(closed?.data ?? []);
    const decipher = createDecipheriv('aes-256-gcm', OLD, data.subarray(0, 12), { authTagLength: 16 });
    decipher.setAuthTag(data.subarray(-16));
    const opened = Buffer.concat([decipher.update(data.subarray(12, -16)), decipher.final()]);
    expect(valueOf(proto.temporal.api.common.v1.Payload.decode(opened))).toEqual(VALUE);
  });

  it('encrypts with the first key and opens with all of them', async () => {
    const before = createPayloadCodec(ringOf('before', line('old', OLD)));
    const after = createPayloadCodec(ringOf('after', line('new', NEW) + line('old', OLD)));
    const [fromBefore] = await before.encode([plain()]);
    const [fromAfter] = await after.encode([plain()]);
    expect([keyIdOf(fromBefore ?? {}), keyIdOf(fromAfter ?? {})]).toEqual(['old', 'new']);
    expect((await after.decode([fromBefore ?? {}, fromAfter ?? {}])).map(valueOf)).toEqual([VALUE, VALUE]);
  });

  it('finds a key that was added to the file since it was read', async () => {
    const codec = createPayloadCodec(ringOf('grows', line('old', OLD)));
    const [closed] = await createPayloadCodec(ringOf('other', line('new', NEW))).encode([plain()]);
    await expect(codec.decode([closed ?? {}])).rejects.toThrow(/encrypted with the key "new"; found old \(/);
    keyFile('grows', line('old', OLD) + line('new', NEW));
    expect((await codec.decode([closed ?? {}])).map(valueOf)).toEqual([VALUE]);
  });

  it('lets pass what is not encrypted, with keys and without', async () => {
    for (const ring of [undefined, ringOf('pass', line('a', OLD))])
      expect(await createPayloadCodec(ring).decode([plain()])).toEqual([plain()]);
    expect(await createPayloadCodec(undefined).encode([plain()])).toEqual([plain()]);
  });

  it('says which key is missing, what is there and what to do', async () => {
    const [closed] = await createPayloadCodec(ringOf('mine', line('mine', OLD))).encode([plain()]);
    await expect(createPayloadCodec(undefined).decode([closed ?? {}])).rejects.toMatchObject({
      code: 'StateError',
      message: 'what Temporal keeps is encrypted with the key "mine"; found no keys',
      hint: expect.stringContaining('TITRATE_ENCRYPTION_KEYS') as string,
    });
  });

  it('refuses what was damaged or closed by another key of the same id', async () => {
    const codec = createPayloadCodec(ringOf('right', line('a', OLD)));
    const [closed] = await codec.encode([plain()]);
    const data = Buffer.from(closed?.data ?? []);
    const wrong = createPayloadCodec(ringOf('wrong', line('a', NEW)));
    await expect(wrong.decode([closed ?? {}])).rejects.toThrow(/expected a payload that the key "a" opens/);
    for (const at of [0, 12, data.length - 1]) {
      const bent = Buffer.from(data);
      bent[at] = (bent[at] ?? 0) ^ 1;
      await expect(codec.decode([{ ...closed, data: bent }])).rejects.toMatchObject({ code: 'StateError' });
    }
    await expect(codec.decode([{ ...closed, data: data.subarray(0, 20) }])).rejects.toMatchObject({
      code: 'StateError',
    });
  });
});

describe('the file of the keys', () => {
  it('is made for its owner alone, can be read at once, and is never written over', async () => {
    const file = join(folder, 'fresh');
    const id = await writeNewKey(file, new Date('2026-03-04T05:06:07Z'));
    expect(id).toMatch(/^2026-03-04-[0-9a-f]{6}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readKeyFile(file).keys.map((key) => key.id)).toEqual([id]);
    await expect(writeNewKey(file, new Date())).rejects.toThrow(/never written over/);
    const nowhere = join(folder, 'nowhere', 'keys');
    await expect(writeNewKey(nowhere, new Date())).rejects.toThrow(/cannot write the key: .*no such.* folder/);
  });

  it('takes comments and empty lines', () => {
    expect(ringOf('comments', `# ours\n\n${line('a', OLD)}\r\n  ${line('b', NEW)}`).keys.map(({ id }) => id)).toEqual([
      'a',
      'b',
    ]);
  });

  const secret = NEW.toString('base64');
  it.each([
    ['others may read it', line('a', NEW), 0o640, /mode 0640: chmod 600/],
    ['it has no key', '# nothing\n', 0o600, /at least one line with a key/],
    ['a key is too short', `a ${secret.slice(4)}\n`, 0o600, /line 1: expected id and 32 bytes in base64/],
    ['an id and its key are interchanged', `${secret} a\n`, 0o600, /line 1: expected an id/],
    [
      'an id comes twice',
      line('a', NEW) + line('a', OLD),
      0o600,
      /line 2: expected another id on each line; found a again/,
    ],
    ['something follows a key', `a ${secret} ${secret}\n`, 0o600, /line 1/],
  ])('is refused when %s, and no key is told', (name, text, mode, message) => {
    const file = keyFile(`bad ${name}`, text, mode);
    const read = (): KeyRing => readKeyFile(file);
    expect(read).toThrow(message);
    expect(read).not.toThrow(secret.slice(8, 30));
  });

  it('is refused when it is missing, a folder or a queue, without waiting for anything', () => {
    mkdirSync(join(folder, 'folder'), { mode: 0o700 });
    execFileSync('mkfifo', ['-m', '600', join(folder, 'queue')]);
    expect(() => readKeyFile(join(folder, 'none'))).toThrow(/found ENOENT/);
    for (const name of ['folder', 'queue']) expect(() => readKeyFile(join(folder, name))).toThrow(/something else/);
  });

  it('is named by the environment; without a name nothing is encrypted', () => {
    const file = keyFile('named', line('a', OLD));
    expect(readKeyRing({ TITRATE_ENCRYPTION_KEYS: file })?.file).toBe(file);
    expect(() => readKeyRing({ TITRATE_ENCRYPTION_KEYS: 'titrate.keys' })).toThrow(/expected an absolute path/);
    expect(readKeyRing({})).toBeUndefined();
    expect(readKeyRing({ TITRATE_ENCRYPTION_KEYS: '' })).toBeUndefined();
    expect(readFileSync(file, 'utf8')).toBe(line('a', OLD));
  });
});

describe('a team’s own data converter', () => {
  it('keeps its codecs alone, and else gets ours with failures put into payloads', () => {
    const own = { encode: async (p: Payload[]) => p, decode: async (p: Payload[]) => p };
    const ring = ringOf('team', line('a', OLD));
    expect(withEncryption(ring, { payloadCodecs: [own] })).toEqual({ payloadCodecs: [own] });
    expect(withEncryption(ring).failureConverterPath).toMatch(/payload-failures\.js$/);
    expect(withEncryption(undefined).failureConverterPath).toBeUndefined();
    expect(withEncryption(ring, { failureConverterPath: '/theirs.js' }).failureConverterPath).toBe('/theirs.js');
  });
});
