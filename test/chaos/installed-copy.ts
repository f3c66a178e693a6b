/** A copy of the built package, so that a run does not depend on what is built meanwhile; and so that faults can be planted. */
import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const PACKAGE = resolve(import.meta.dirname, '../..');

/** A change to one compiled file. */
export interface Patch {
  /** Path in `dist`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface InstalledCopy {
  /** The command's entry. */
  readonly main: string;
  readonly folder: string;
}

const plant = async (folder: string, { file, from, to }: Patch): Promise<void> => {
  const path = join(folder, 'dist', file);
  const text = await readFile(path, 'utf8');
  if (!text.includes(from)) throw new Error(`cannot plant a fault in ${file}: expected ${JSON.stringify(from)} in it`);
  await writeFile(path, text.replace(from, to));
};

/** Copies the built package into `folder`. @throws when it was not built, or a patch does not fit. */
export const installCopy = async (folder: string, patches: readonly Patch[] = []): Promise<InstalledCopy> => {
  await cp(join(PACKAGE, 'dist'), join(folder, 'dist'), { recursive: true, preserveTimestamps: true });
  await cp(join(PACKAGE, 'package.json'), join(folder, 'package.json'));
  await symlink(join(PACKAGE, 'node_modules'), join(folder, 'node_modules'));
  for (const patch of patches) await plant(folder, patch);
  return { main: join(folder, 'dist/cli/main.js'), folder };
};
