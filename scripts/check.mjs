// Runs every static check and says at the end which failed: npm run check [-- --totals FILE] [-- NAME ...]
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const FOLDERS = ['src', 'test', 'bench', 'scripts', 'examples']; // named, or oxlint walks node_modules too
const AT_ONCE = Math.min(2, availableParallelism()); // each of these tools uses more than one core for part of its time

/** Name to command. Those that look at the package as built come after the build. */
const CHECKS = {
  format: ['prettier', '--check', '--log-level', 'warn', '.'],
  lint: ['oxlint', '--type-aware', ...FOLDERS],
  types: ['tsc', '-p', 'tsconfig.json', '--noEmit', '--incremental', 'false'],
  'types of tests': ['tsc', '-p', 'tsconfig.test.json'],
  'import laws': ['depcruise', '--config', '.dependency-cruiser.cjs', 'src'],
  'room order': ['depcruise', '--config', '.dependency-cruiser-rooms.cjs', 'src'],
  'unused code': ['knip', '--no-progress'],
};
const AFTER_BUILD = { package: ['publint', '--strict'] };
const BUILD = [process.execPath, 'scripts/setup.mjs'];

const PATH = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);

const run = ([program, ...args]) =>
  new Promise((done) => {
    const began = performance.now();
    const env = { ...process.env, PATH, NO_COLOR: '1', FORCE_COLOR: undefined };
    const shell = process.platform === 'win32';
    const child = spawn(program, args, { cwd: root, env, shell, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const end = (ok) => done({ ok, output, seconds: (performance.now() - began) / 1000 });
    child.once('error', (error) => {
      output += error.message;
      end(false);
    });
    child.once('close', (code) => end(code === 0));
  });

const report = (name, { ok, output, seconds }) => {
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(1)} s)`);
  if (!ok) console.log(output.trimEnd().replaceAll(/^/gm, '    '));
};

/** Runs checks, a few at once, and returns the names of those that failed. */
const runAll = async (checks) => {
  const queue = Object.entries(checks);
  const failed = [];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [name, command] = next;
      const result = await run(command);
      report(name, result);
      if (!result.ok) failed.push(name);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return failed;
};

/** Builds, then checks what was built; a build that fails counts as the failure of all that needs it. */
const runAfterBuild = async (checks) => {
  if (Object.keys(checks).length === 0) return [];
  const build = await run(BUILD);
  if (build.ok) return runAll(checks);
  report('build', build);
  return Object.keys(checks);
};

const args = process.argv.slice(2);
const totalsAt = args.indexOf('--totals');
const totalsFile = totalsAt < 0 ? undefined : args.splice(totalsAt, 2)[1];
const unknown = args.filter((name) => !(name in CHECKS) && !(name in AFTER_BUILD));
if (unknown.length > 0) {
  const known = Object.keys({ ...CHECKS, ...AFTER_BUILD }).join(', ');
  console.error(`check: unknown: ${unknown.join(', ')}; the checks are ${known}`);
  process.exit(2);
}
const chosen = (checks) =>
  args.length === 0 ? checks : Object.fromEntries(Object.entries(checks).filter(([name]) => args.includes(name)));

const began = performance.now();
const all = { ...chosen(CHECKS), ...chosen(AFTER_BUILD) };
const failed = [...(await runAll(chosen(CHECKS))), ...(await runAfterBuild(chosen(AFTER_BUILD)))];
const passed = Object.keys(all).length - failed.length;
if (totalsFile !== undefined)
  writeFileSync(
    totalsFile,
    JSON.stringify({ passed, failed: failed.length, failures: failed.map((name) => `check: ${name}`) }),
  );
const seconds = ((performance.now() - began) / 1000).toFixed(1);
console.log(
  failed.length === 0
    ? `check: all ${passed} checks passed in ${seconds} s`
    : `check: ${failed.length} of ${passed + failed.length} failed in ${seconds} s: ${failed.join(', ')}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
