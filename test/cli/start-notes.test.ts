import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { INIT_TEMPLATE } from '../../src/cli/init-template.js';
import { startNotes } from '../../src/cli/start-notes.js';
import { readSweepSource } from '../../src/cli/sweep-source.js';

it('notes a time that is given for an answer and never used', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'titrate-notes-'));
  const file = join(folder, 'sweep.yaml');
  const notesWith = async (approval: string): Promise<string[]> => {
    await writeFile(file, `${INIT_TEMPLATE}\napproval: ${approval}\n`);
    return startNotes(await readSweepSource(file));
  };
  expect(await notesWith('{ target: true, timeoutSeconds: 60, onTimeout: wait }')).toEqual([
    'approval.timeoutSeconds says nothing beside onTimeout: wait: a request waits for ever',
  ]);
  expect(await notesWith('{ target: true, timeoutSeconds: 60 }')).toEqual([]);
  expect(await notesWith('{ target: true, onTimeout: wait }')).toEqual([]);
  await rm(folder, { recursive: true });
});
