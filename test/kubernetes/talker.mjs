// A training job that shares no folder with titrate: its spec comes by a variable, its metrics go to its output.
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const job = JSON.parse(process.env.TITRATE_JOB_SPEC);
const [mode = 'train'] = process.argv.slice(2);
appendFileSync(process.env.TITRATE_STARTS, `${job.key} ${process.pid}\n`); // what it says itself, past titrate

console.log(`training ${job.key}`);
for (const step of job.checkpoints) {
  console.log(JSON.stringify({ step, metrics: { loss: 1 + 1 / step } }));
  await sleep((job.cost * 1000) / job.checkpoints.length);
}
if (mode === 'error') {
  console.error('Traceback: out of memory');
  process.exit(3);
}
