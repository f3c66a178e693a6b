/** Entry of the thread in which a job's wrapper waits for GPUs: what it loads is gone when it ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { takeGpus } from './gpu-claims.js';
import type { GpuWait } from './wrapper-input.js';

const { request, folder } = workerData as GpuWait;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
parentPort?.postMessage(await takeGpus(request, folder));
