import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { InputError } from '../domain/errors.js';
import { diskError, errnoOf } from '../host/disk-errors.js';
import type { Invocation, Outcome } from './command.js';
import { EXIT } from './exit-codes.js';
import { INIT_TEMPLATE } from './init-template.js';

/** `titrate init [DIR]`. */
export const init = async ({ positionals }: Invocation): Promise<Outcome> => {
  const folder = resolve(positionals[0] ?? '.');
  const file = join(folder, 'sweep.yaml');
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(file, INIT_TEMPLATE, { flag: 'wx' });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw diskError(error, 'write the file', file);
    throw new InputError('nothing is overwritten', [
      { path: 'DIR', expected: 'a folder without a sweep.yaml', found: file },
    ]);
  }
  const shown = relative('.', file);
  const word = /^[\w./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", String.raw`'\''`)}'`; // as a shell takes it
  return { exitCode: EXIT.ok, json: { file }, text: `wrote ${shown}\nnext: titrate run ${word}` };
};
