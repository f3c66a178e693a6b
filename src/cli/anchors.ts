import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Anchor } from '../audit/anchor-check.js';
import { readRawRecord } from '../audit/raw-lines.js';
import { InputError } from '../domain/errors.js';
import { resolveHome, type Home } from '../temporal/home.js';
import { textFlag, type Invocation } from './command.js';
import { recordIn } from './find-sweep.js';

const TEMPORAL = 'temporal';

const parseAnchor = (text: string): Anchor => {
  const [, seq, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq !== undefined && hash !== undefined) return { seq: Number(seq), hash, from: 'the anchor given' };
  throw new InputError('this command line cannot be used', [
    { path: '--anchor', expected: 'SEQ:HASH, as verify shows the head, or temporal', found: JSON.stringify(text) },
  ]);
};

/**
 * The sweep that a folder is of: a sweep of the home by its name there, which its record cannot belie; a copy, whatever it is
 * called, by what its record says.
 */
const sweepOf = async (home: Home, folder: string): Promise<string> => {
  if (dirname(folder) === home.sweeps) return basename(folder);
  const { lines } = readRawRecord(await readFile(recordIn(folder)).catch(() => Buffer.alloc(0)));
  const started = lines[0]?.line?.event;
  return started?.type === 'started' ? started.sweepId : basename(folder);
};

/** Asks the Temporal server that runs for the head that the sweep's workflow told it last. */
const askTemporal = async (invocation: Invocation, folder: string): Promise<Anchor> => {
  const { connect } = await import('../temporal/client.js');
  const { anchoredHead } = await import('../temporal/anchored-head.js');
  const home = resolveHome({ flag: textFlag(invocation, 'home') });
  const on = await connect({ home, onlyRunning: true });
  try {
    return { ...(await anchoredHead(on, await sweepOf(home, folder))), from: `the Temporal server at ${on.address}` };
  } finally {
    await on.close();
  }
};

/** Reads `--anchor`: a head of the record that somebody else remembers. @throws InputError when it is none. */
export const readAnchors = async (invocation: Invocation, folder: string): Promise<Anchor[]> => {
  const text = textFlag(invocation, 'anchor');
  if (text === undefined) return [];
  return [text === TEMPORAL ? await askTemporal(invocation, folder) : parseAnchor(text)];
};
