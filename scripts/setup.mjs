// Installs and builds what is missing or stale, and nothing else. Plain Node: it runs before node_modules is there.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sourceStamp } from './source-stamp.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const lockFolder = join(root, '.setup-lock');
const installedList = join(root, 'node_modules', '.package-lock.json'); // npm writes it last
const HOLDER_SILENT_MS = 20_000; // the holder touches its lock every second

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
const mtime = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const run = (program, args) =>
  new Promise((done, fail) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
    child.once('error', fail);
    child.once('close', (code) =>
      code === 0 ? done() : fail(new Error(`${program} ${args.join(' ')} ended with ${code}`)),
    );
  });

const packagesIn = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {});

/** Is every locked package installed in its locked version? Optional ones may belong to other systems. */
const needsInstall = () => {
  const locked = packagesIn(join(root, 'package-lock.json'));
  const installed = packagesIn(installedList);
  return Object.entries(locked).some(
    ([path, { version, optional, devOptional }]) =>
      path !== '' && !optional && !devOptional && installed[path]?.version !== version,
  );
};

const needsBuild = () => {
  const stampFile = join(root, 'dist', '.source-stamp');
  return !existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== sourceStamp(root);
};

const step = async (saying, work) => {
  const began = Date.now();
  console.error(`setup: ${saying} ...`);
  await work();
  console.error(`setup: ${saying}: done in ${seconds(began)}`);
};

const install = () => run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);

/** Takes the lock folder, waiting for another setup; its holder shows that it lives by touching it. */
const takeLock = async () => {
  let said = false;
  for (;;) {
    try {
      mkdirSync(lockFolder);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (Date.now() - mtime(lockFolder) > HOLDER_SILENT_MS) rmSync(lockFolder, { recursive: true, force: true });
    if (!said) console.error('setup: another setup is at work; waiting for it ...');
    said = true;
    await sleep(200);
  }
  const touch = setInterval(() => existsSync(lockFolder) && utimesSync(lockFolder, new Date(), new Date()), 1000);
  touch.unref();
  return () => {
    clearInterval(touch);
    rmSync(lockFolder, { recursive: true, force: true });
  };
};

const setUp = async () => {
  if (needsInstall()) await step('installing locked packages (npm ci)', install);
  if (needsBuild()) await step('building', () => run(process.execPath, ['scripts/build.mjs']));
};

if (needsInstall() || needsBuild()) {
  const release = await takeLock();
  process.once('SIGINT', () => {
    release();
    process.exit(130);
  });
  try {
    await setUp();
  } catch (error) {
    console.error(`setup: ${error.message}`);
    process.exitCode = 1;
  } finally {
    release();
  }
}
