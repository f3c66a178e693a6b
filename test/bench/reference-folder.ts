import { existsSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env['TITRATE_REFERENCE'] ?? join(import.meta.dirname, '../../../shared/reference');

/** The folder of reference data; undefined where it is not there, which its tests say. */
export const referenceFolder = existsSync(join(folder, 'regmix-pile')) ? folder : undefined;
if (referenceFolder === undefined)
  console.warn(`no reference data at ${folder}: its tests are skipped (TITRATE_REFERENCE names another folder)`);
