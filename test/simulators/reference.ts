import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const file = join(
  process.env['TITRATE_REFERENCE'] ?? join(root, '../shared/reference'),
  'slimpajama-simulator/mlp.json',
);

/** Says why a test that needs the reference emulator is skipped; undefined when it is there. */
export const whyNoReference = existsSync(file)
  ? undefined
  : `no reference emulator at ${file}: set TITRATE_REFERENCE to the folder of the reference data`;

/** The reference emulator's JSON. */
export const readReference = (): unknown => JSON.parse(readFileSync(file, 'utf8'));
