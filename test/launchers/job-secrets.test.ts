import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseSweep } from '../../src/domain/parse-sweep.js';
import { readJobSecrets } from '../../src/host/read-secret.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'titrate-secrets-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sweepWith = (launcher: object): unknown => ({
  name: 'one',
  objective: { minimize: { loss: 1 } },
  domains: { web: {}, books: {} },
  scales: { S: { parameters: 1e6, tokensPerStep: 1000, steps: [100, 1000] } },
  target: { scale: 'S', steps: 1000 },
  budget: { targetRuns: 4 },
  launcher,
});

it.each(['local', 'slurm'])('a %s launcher takes secrets by where they are found, and keeps that alone', (kind) => {
  const secrets = { HF_TOKEN: 'env:HF_TOKEN', WANDB: 'file:/run/secrets/wandb' };
  expect(parseSweep(sweepWith({ kind, command: ['train'], secrets })).launcher).toMatchObject({ kind, secrets });
  const inline = sweepWith({ kind, command: ['train'], secrets: { HF_TOKEN: 'hf_abcdef' } });
  expect(() => parseSweep(inline)).toThrow(/secrets\.HF_TOKEN: expected env:NAME or file:\/absolute\/path/);
});

it('secrets are read anew each time, and one that is missing is named by its place', async () => {
  const file = join(folder, 'token');
  writeFileSync(file, 'first\n');
  const secrets = { TOKEN: `file:${file}` } as const;
  expect(await readJobSecrets(secrets)).toEqual({ TOKEN: 'first' });
  writeFileSync(file, 'second\n');
  expect(await readJobSecrets(secrets)).toEqual({ TOKEN: 'second' });
  expect(await readJobSecrets(undefined)).toEqual({});
  await expect(readJobSecrets({ TOKEN: 'env:TITRATE_NO_SUCH' })).rejects.toMatchObject({
    code: 'StateError',
    message: 'the environment variable TITRATE_NO_SUCH is not set where the worker runs',
  });
});

it('a secret that no program can be given is refused by its place, since the system’s refusal would show it', async () => {
  const file = join(folder, 'utf16');
  writeFileSync(file, Buffer.from('hf_abcdef\n', 'utf16le'));
  await expect(readJobSecrets({ TOKEN: `file:${file}` })).rejects.toMatchObject({
    code: 'StateError',
    message: `the file ${file} cannot be read, is empty or is no small file of text (UTF-8) where the worker runs`,
  });
});
