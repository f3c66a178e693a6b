import { runJob, type WrapperStep } from './run-job.js';
import { INPUT_VARIABLE, log, type WrapperInput } from './wrapper-input.js';

/** Runs the wrapper to its end. */
export const wrap = async (onStep?: (step: WrapperStep) => void): Promise<void> => {
  const asked = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => asked.abort());
  process.on('uncaughtException', (error) => log(`uncaught: ${error.stack ?? String(error)}`)); // the job must not lose it
  const [folder] = process.argv.slice(2);
  const input = process.env[INPUT_VARIABLE];
  if (folder === undefined || input === undefined) {
    log('this program is started by the local launcher of titrate only');
    process.exitCode = 64; // EX_USAGE of sysexits.h
    return;
  }
  await runJob(folder, JSON.parse(input) as WrapperInput, asked.signal, onStep);
};
