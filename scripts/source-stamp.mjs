// One hash of everything that a build depends on.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const INPUTS = ['package.json', 'package-lock.json', 'tsconfig.json', 'scripts/build.mjs'];

const filesUnder = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();

/** Hashes names and contents of the sources and settings (SHA-256, hex). */
export const sourceStamp = (root) => {
  const hash = createHash('sha256').update(process.version);
  for (const path of [...INPUTS.map((name) => join(root, name)), ...filesUnder(join(root, 'src'))]) {
    hash.update(`\0${relative(root, path)}\0`).update(readFileSync(path));
  }
  return hash.digest('hex');
};
