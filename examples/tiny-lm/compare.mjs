#!/usr/bin/env node
// Trains a finished sweep's recommendation and the uniform mixture at the target, with the same seeds, and prints both.
//
//     node examples/tiny-lm/compare.mjs FOLDER [number of seeds, 3 by default]
//
// FOLDER is the sweep's own, with record.jsonl in it. No seed of the sweep is used again.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOMAIN_NAMES, loadCorpus } from './corpus.mjs';
import { SHAPES } from './model.mjs';
import { evaluateHeldOut, startRun, trainStep } from './trainer.mjs';

const FIRST_SEED = 4_100_000_000; // far from what a sweep of a few hundred trials is likely to draw

const readRecord = (folder) => {
  const lines = readFileSync(join(folder, 'record.jsonl'), 'utf8').trimEnd().split('\n');
  const events = lines.map((line) => JSON.parse(line).event);
  const sweep = events.find(({ type }) => type === 'started')?.sweep;
  const recommendation = events.findLast(({ type }) => type === 'recommended')?.recommendation;
  if (sweep === undefined || recommendation === undefined)
    throw new Error(`${folder}: no recommendation in record.jsonl`);
  return { sweep, recommendation };
};

const train = ({ scales, target }, corpus, mixture, seed) => {
  const { tokensPerStep } = scales.find(({ name }) => name === target.scale);
  const shape = SHAPES[target.scale];
  const state = startRun(shape, seed);
  while (state.step < target.steps) trainStep(state, { shape, corpus, mixture, tokensPerStep });
  return evaluateHeldOut(shape, state.params, corpus);
};

const summarise = (values) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / Math.max(1, values.length - 1)) };
};

const show = (name, values) => {
  const { mean, sd } = summarise(values);
  const each = values.map((value) => value.toFixed(4)).join(', ');
  process.stdout.write(`${name.padEnd(16)} ${mean.toFixed(4)} (sd ${sd.toFixed(4)}; ${each})\n`);
};

const main = (folder, seeds) => {
  const { sweep, recommendation } = readRecord(folder);
  const corpus = loadCorpus();
  const uniform = Object.fromEntries(DOMAIN_NAMES.map((domain) => [domain, 1 / DOMAIN_NAMES.length]));
  const valueOf = (metrics) =>
    Object.entries(sweep.objective.weights).reduce((sum, [metric, weight]) => sum + weight * metrics[metric], 0);
  const measure = (mixture) =>
    Array.from({ length: seeds }, (_, k) => valueOf(train(sweep, corpus, mixture, FIRST_SEED + k)));
  const shares = Object.entries(recommendation.mixture).map(([domain, share]) => `${domain} ${share.toFixed(3)}`);
  const { mean, sd } = recommendation;
  process.stdout.write(
    `objective at ${sweep.target.scale}, ${sweep.target.steps} steps (nats per byte; lower is better)\n`,
  );
  process.stdout.write(
    `recommendation:  ${shares.join(', ')}\npredicted        ${mean.toFixed(4)} (sd ${sd.toFixed(4)})\n`,
  );
  const recommended = measure(recommendation.mixture);
  show('recommendation', recommended);
  const even = measure(uniform);
  show('uniform', even);
  show('uniform - rec.', even.map((value, k) => value - recommended[k])); // prettier-ignore
};

const [folder, seeds = '3'] = process.argv.slice(2);
if (folder === undefined)
  throw new Error('expected the folder of a finished sweep, such as .titrate/sweeps/tiny-lm-...');
main(folder, Number(seeds));
