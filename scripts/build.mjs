// Compiles src to dist and bundles the workflows, so that workers start at once. The stamp is written last.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sourceStamp } from './source-stamp.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const stampFile = join(dist, '.source-stamp');
const workflows = join(dist, 'workflows', 'index.js');
const guard = join(dist, 'workflows', 'task-guard.js');
const command = join(dist, 'cli', 'main.js');

/** Writes a file whole or not at all: a running worker may be reading the old one. */
const replaceFile = (path, text) => {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
};

const compile = () => {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', root], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

const bundleWorkflows = async () => {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: workflows,
    workflowInterceptorModules: [guard],
    logger: new DefaultLogger('WARN'),
  });
  replaceFile(join(dist, 'workflow-bundle.js'), code);
};

const stamp = sourceStamp(root); // taken first: what changes meanwhile is built next time
mkdirSync(dist, { recursive: true });
rmSync(stampFile, { force: true });
if (process.argv.includes('--clean')) rmSync(dist, { recursive: true, force: true });
compile();
if (existsSync(workflows)) await bundleWorkflows();
if (existsSync(command)) chmodSync(command, 0o755);
writeFileSync(stampFile, stamp);
