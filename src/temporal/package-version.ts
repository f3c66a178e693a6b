import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Finds a file of this package from the folder of this module, compiled or not. */
export const packageFile = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Reads titrate's version from its package.json. */
export const packageVersion = (): string => {
  const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };
  return version;
};

/** Path of the workflow bundle that the build makes. */
export const workflowBundlePath = (): string => packageFile('dist/workflow-bundle.js');

/** Names the code that a worker started now would run: the version and when it was built. */
export const codeStamp = (): string => {
  const built = statSync(workflowBundlePath(), { throwIfNoEntry: false });
  return `${packageVersion()}-${built === undefined ? 'source' : Math.round(built.mtimeMs)}`;
};
