#!/usr/bin/env node
// A training job under docs/job-contract.md: reads job.json in its folder, trains a small byte-level language model by
// gradient descent on text from the installed packages, appends to metrics.jsonl at each checkpoint.
//
//     node train.mjs [folder of the job]        default: TITRATE_JOB_DIR, else the working folder
import { appendFileSync, closeSync, fsyncSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.mjs';
import { DOMAIN_NAMES, loadCorpus } from './corpus.mjs';
import { SHAPES } from './model.mjs';
import { evaluateHeldOut, startRun, trainStep } from './trainer.mjs';

const checkpointAt = (step) => `checkpoint-${step}.bin`; // by step: a later run asks for the last one that was reported
const METRICS = 'metrics.jsonl';

const readJob = (folder) => {
  const job = JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8'));
  if (SHAPES[job.scale] === undefined) {
    throw new Error(`job.json, scale: expected one of ${Object.keys(SHAPES).join(', ')}; found ${job.scale}`);
  }
  const strangers = Object.keys(job.mixture).filter((domain) => !DOMAIN_NAMES.includes(domain));
  if (strangers.length === 0) return job;
  throw new Error(`job.json, mixture: expected domains of ${DOMAIN_NAMES.join(', ')}; found ${strangers.join(', ')}`);
};

/** Ends a line that a crash cut off, so that the next one stands alone. */
const mendMetrics = (file) => {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > 0 && readFileSync(file).at(-1) !== 10) appendFileSync(file, '\n');
};

/** Appends one line with one write, on disk when it returns. NaN becomes null. */
const report = (file, line) => {
  const descriptor = openSync(file, 'a');
  try {
    writeSync(descriptor, `${JSON.stringify(line)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

const lineOf = (state, job, metrics) => {
  const { step, domainTokens } = state;
  return { step, tokens: step * job.tokensPerStep, metrics, domainTokens };
};

const main = (folder) => {
  const job = readJob(folder);
  const shape = SHAPES[job.scale];
  const corpus = loadCorpus();
  const { resume } = job;
  const state = resume
    ? loadCheckpoint(join(folder, '..', resume.key, checkpointAt(resume.steps)), job.scale, resume.steps)
    : startRun(shape, job.seed);
  const metricsFile = join(folder, METRICS);
  mendMetrics(metricsFile);
  const run = { shape, corpus, mixture: job.mixture, tokensPerStep: job.tokensPerStep };
  let before;
  while (state.step < job.steps) {
    const loss = trainStep(state, run);
    if (!Number.isFinite(loss)) {
      report(metricsFile, lineOf(state, job, { mean_ce: null })); // diverged: said, not hidden
      return;
    }
    if (!job.checkpoints.includes(state.step)) continue;
    const metrics = evaluateHeldOut(shape, state.params, corpus);
    const checkpoint = join(folder, checkpointAt(state.step));
    saveCheckpoint(checkpoint, job.scale, state); // before its line: a line says that the step is safe
    report(metricsFile, lineOf(state, job, metrics));
    if (before !== undefined) rmSync(before, { force: true }); // after the line: until then it is the one to go on from
    before = checkpoint;
  }
};

main(resolve(process.argv[2] ?? process.env.TITRATE_JOB_DIR ?? '.'));
