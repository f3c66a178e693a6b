// A training job for tests. `parameters` chooses how it behaves, so that a job's spec says it all.
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const folder = process.env.TITRATE_JOB_DIR;
const job = JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8'));
const [mode = 'train'] = process.argv.slice(2);
const write = (line) => appendFileSync(join(folder, 'metrics.jsonl'), line);

appendFileSync(join(folder, '..', 'starts.log'), `${job.key} ${process.pid}\n`); // what it says itself, outside its folder
if (mode === 'fork') {
  const fork = spawn('sleep', ['120'], { stdio: 'ignore' });
  fork.unref();
  writeFileSync(join(folder, 'fork'), String(fork.pid));
}
writeFileSync(join(folder, 'pid'), String(process.pid));
if (mode === 'deaf') process.on('SIGTERM', () => {});

for (const step of job.checkpoints) {
  write(`${JSON.stringify({ step, metrics: { loss: 1 + 1 / step } })}\n`);
  await sleep((job.cost * 1000) / job.checkpoints.length);
}
if (mode === 'error') {
  console.error('Traceback: out of memory');
  process.exit(3);
}
