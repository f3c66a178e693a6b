/** The compiled package is replaced under a worker that runs, as an upgrade in place does. */
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { createThreadProposer } from '../../src/activities/proposer.js';
import { makeSweep } from '../policy/sweeps.js';

const project = fileURLToPath(new URL('../../', import.meta.url));

let copy = '';
beforeEach(async () => {
  copy = await mkdtemp(join(tmpdir(), 'titrate-package-'));
  await cp(join(project, 'package.json'), join(copy, 'package.json'));
  await cp(join(project, 'dist'), join(copy, 'dist'), { recursive: true });
  await symlink(join(project, 'node_modules'), join(copy, 'node_modules'));
});
afterEach(() => rm(copy, { recursive: true, force: true }));

it('decides by the code that it began with, in all its threads', async () => {
  const compiled = pathToFileURL(join(copy, 'dist/activities/proposer.js')).href;
  const package_ = (await import(compiled)) as { createThreadProposer: typeof createThreadProposer };
  const proposer = package_.createThreadProposer(2);
  const propose = (seed: number) =>
    proposer.propose({ sweep: makeSweep({ policy: { name: 'random' } }), observations: [], pending: [], seed });
  try {
    const [before] = await Promise.all([propose(1), propose(2), propose(3), propose(4)]); // both threads are there
    await writeFile(
      join(copy, 'dist/policy/propose.js'),
      "export const propose = () => { throw new Error('of another version'); };",
    );
    const after = await Promise.all([propose(1), propose(2), propose(1), propose(3)]);
    expect(after[0]).toEqual(before);
    expect(after[2]).toEqual(before);
  } finally {
    await proposer.close();
  }
});
