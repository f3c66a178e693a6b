import { Worker } from 'node:worker_threads';
import { entryFile } from './entry-file.js';
import type { GpuWait } from './wrapper-input.js';

/**
 * Waits until the job whose wrapper this process is has its GPUs to itself; undefined when `asked` ends the wait. In a thread, since a wrapper stays for
 * days and this takes packages (15 MB). @throws what ends the thread otherwise
 */
export const waitForGpus = async (wait: GpuWait, asked: AbortSignal): Promise<readonly string[] | undefined> => {
  const thread = new Worker(entryFile(new URL('./gpu-thread.js', import.meta.url)), { workerData: wait });
  const gpus = await new Promise<readonly string[] | undefined>((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (code) => reject(new Error(`the thread that waits for GPUs ended with status ${code}`)));
    if (asked.aborted) resolve(undefined);
    asked.addEventListener('abort', () => resolve(undefined));
  });
  await thread.terminate();
  return asked.aborted ? undefined : gpus;
};
