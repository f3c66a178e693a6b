import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The file that a process or thread starts with: the compiled one, or its source when we run from sources. */
export const entryFile = (compiled: URL): string => {
  const file = fileURLToPath(compiled);
  return existsSync(file) ? file : file.replace(/\.js$/, '.ts');
};
