// A training job that keeps its own account, outside everything that titrate knows: what it was asked for, and how it ended.
// Its metrics follow from job.json alone. Some lines are written in two halves, for a kill to tear; a full disk is waited for.
import { createHash } from 'node:crypto';
import { appendFileSync, closeSync, fsyncSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const WARM_UP_MS = 120;
const MS_PER_STEP = 9; // a run of 40 steps takes half a second: long enough to be killed in, short enough for hundreds
const HALF_LINE_MS = 80;
const LINGER_MS = 40; // as jobs do that put their things away
const RETRY_MS = 100;
const NEWLINE = 0x0a;

const folder = process.env.TITRATE_JOB_DIR;
const account = process.env.TITRATE_CHAOS_LOG;
const metricsFile = join(folder, 'metrics.jsonl');
const job = JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8'));
const say = (entry) =>
  appendFileSync(account, `${JSON.stringify({ key: job.key, pid: process.pid, at: Date.now(), ...entry })}\n`);

/** A number in [0, 1) that depends on the job alone. */
const chance = (...of) =>
  createHash('sha256')
    .update(JSON.stringify([job.mixture, job.scale, ...of]))
    .digest()
    .readUInt32BE(0) /
  2 ** 32;

/** A law with a best mixture at a = 0.55, b = 0.3; one corner of the simplex blows up. */
const lossAt = (step) => {
  const { a = 0, b = 0 } = job.mixture;
  const size = (job.parameters / 1e6) ** -0.2;
  return 1 + 2 * ((a - 0.55) ** 2 + (b - 0.3) ** 2) + size * step ** -0.5;
};
const blowsUp = (step) => (job.mixture.c ?? 0) > 0.8 && step > 10;
const lineAt = (step) => `${JSON.stringify({ step, metrics: { loss: blowsUp(step) ? 'NaN' : lossAt(step) } })}\n`;

const endsInNewline = () => {
  try {
    return (readFileSync(metricsFile).at(-1) ?? NEWLINE) === NEWLINE;
  } catch {
    return true;
  }
};

const append = (text) => {
  const file = openSync(metricsFile, 'a');
  try {
    for (let bytes = Buffer.from(text); bytes.length > 0;) bytes = bytes.subarray(writeSync(file, bytes));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
};

/** Writes until the disk takes it, mending a line that it tore. */
const write = async (text) => {
  for (;;) {
    try {
      return append(endsInNewline() ? text : `\n${text}`);
    } catch {
      await sleep(RETRY_MS);
    }
  }
};

const report = async (step) => {
  const line = lineAt(step);
  if (chance('halves', step) > 0.3) return write(line);
  const half = Math.floor(line.length / 2);
  append(line.slice(0, half));
  await sleep(HALF_LINE_MS);
  append(line.slice(half));
};

const saveCheckpoint = async (step) => {
  for (;;) {
    try {
      return writeFileSync(join(folder, `at-${step}`), JSON.stringify({ step }));
    } catch {
      await sleep(RETRY_MS); // the disk is full
    }
  }
};

const startStep = () => {
  if (job.resume === undefined) return 0;
  const checkpoint = JSON.parse(readFileSync(join(folder, '..', job.resume.key, `at-${job.resume.steps}`), 'utf8'));
  return checkpoint.step;
};

const { mixture, scale, steps, cost, generation } = job;
say({ is: 'begin', mixture, scale, steps, cost, generation });
await sleep(WARM_UP_MS);
let done = startStep();
for (const step of job.checkpoints.filter((checkpoint) => checkpoint > done)) {
  await sleep((step - done) * MS_PER_STEP);
  done = step;
  await saveCheckpoint(step);
  await report(step).catch(() => write(lineAt(step)));
  if (blowsUp(step)) break;
}
const digest = createHash('sha256').update(readFileSync(metricsFile)).digest('hex');
say({ is: 'end', outcome: blowsUp(done) ? 'diverged' : 'completed', digest });
await sleep(LINGER_MS);
process.exitCode = blowsUp(done) ? 1 : 0;
