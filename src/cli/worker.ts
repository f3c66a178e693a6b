import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { InputError, StateError } from '../domain/errors.js';
import { connect } from '../temporal/client.js';
import { openHome, resolveHome, type Home } from '../temporal/home.js';
import { workerTargetOf } from '../temporal/worker-files.js';
import { ensureWorker, stopWorker } from '../temporal/worker-process.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { EXIT } from './exit-codes.js';

const MS_PER_MINUTE = 60_000;

const idleExitMs = (invocation: Invocation): number | undefined => {
  const given = textFlag(invocation, 'idle-exit');
  if (given === undefined) return undefined;
  const minutes = Number(given);
  if (Number.isFinite(minutes) && minutes > 0) return minutes * MS_PER_MINUTE;
  throw new InputError('this command line cannot be used', [
    { path: '--idle-exit', expected: 'minutes, more than 0', found: JSON.stringify(given) },
  ]);
};

/** Runs the worker as a child on this terminal, so that this process never loads the worker's code. */
const inForeground = (home: Home, idleMs: number | undefined, json: boolean): Promise<number> => {
  const entry = fileURLToPath(new URL('../temporal/worker-main.js', import.meta.url));
  if (!existsSync(entry))
    throw new StateError(`expected the compiled worker; found none (${entry})`, { hint: 'npm run build' });
  const idle = idleMs === undefined ? [] : ['--idle-exit', String(idleMs)];
  const child = spawn(process.execPath, [entry, '--home', home.root, ...idle], {
    stdio: ['ignore', json ? 'ignore' : 'inherit', 'inherit'],
  });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGINT', () => undefined); // Ctrl-C reaches the child by itself; it ends gracefully
  process.on('SIGTERM', forward);
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('exit', (code) => done(code ?? EXIT.environment));
  });
};

/** Needs no server: a worker can be stopped while that is away. */
const stop = async (home: Home, homeId: string): Promise<Outcome> => {
  const stopped = await stopWorker(home, workerTargetOf(homeId));
  return { exitCode: EXIT.ok, json: { stopped }, text: stopped ? 'worker stopped' : 'no worker was running' };
};

const inBackground = async (invocation: Invocation, home: Home, idleMs: number | undefined): Promise<Outcome> => {
  const note = (line: string): void => invocation.io.note(line);
  const on = await connect({ home, log: note });
  try {
    const worker = await ensureWorker(home, on, { log: note, ...(idleMs === undefined ? {} : { idleExitMs: idleMs }) });
    const text = `worker ${worker.started ? 'started' : 'runs already'}: process ${worker.pid}, log ${worker.log}`;
    return { exitCode: EXIT.ok, json: { ...worker }, text };
  } finally {
    await on.close();
  }
};

/** `titrate worker`. */
export const worker = async (invocation: Invocation): Promise<Outcome> => {
  const home = resolveHome({ flag: textFlag(invocation, 'home') });
  const idleMs = idleExitMs(invocation);
  const homeId = await openHome(home);
  if (invocation.flags['stop'] === true) return stop(home, homeId);
  if (invocation.flags['detach'] === true) return inBackground(invocation, home, idleMs);
  const code = await inForeground(home, idleMs, invocation.io.json);
  return { exitCode: code === 0 ? EXIT.ok : EXIT.environment, json: { exitCode: code }, text: '' };
};
