/**
 * Real runs by replay: the table published with RegMix (arXiv 2407.01492). 17 domains of the Pile; 768 mixtures at 1M parameters, the
 * last 256 of them at 60M too, each for 1B tokens, and 64 others at 1B for 25B tokens; final losses only. The target is the 1B
 * run, so no mixture was seen at two scales that include the target, and only those 64 may be recommended. Cost is FLOP in
 * units of which a target run takes 196; the 60M runs then cost 0.47 each, the 1M runs 0.008. Noise is that of the runs themselves.
 * With 60M as the target (`regmix60-`) there are 256 mixtures to choose from, all of them run at 1M too, for 3.3 each.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { isSameFidelity, type Fidelity, type Scale } from '../src/domain/fidelity.js';
import type { Mixture } from '../src/domain/mixture.js';
import { objectiveSign, objectiveValue } from '../src/domain/objective.js';
import type { Objective } from '../src/domain/sweep.js';
import { listExtremes } from '../src/evidence/extremes.js';
import { createTableWorld, type TableWorld } from '../src/simulators/table.js';
import { singleOf, type Arena, type Problem } from './arena.js';
import { referenceFile } from './emulator-problems.js';

const TARGET_COST = 196; // as a target run of the emulator has it, so that the same cost marks fit
const TOKENS_PER_STEP = 1e6;

/** All scales, cheap to costly; a problem's target is the longest run of its last one. */
const SCALES: readonly Scale[] = [
  { name: '1M', parameters: 1e6, tokensPerStep: TOKENS_PER_STEP, steps: [1000] },
  { name: '60M', parameters: 60e6, tokensPerStep: TOKENS_PER_STEP, steps: [1000] },
  { name: '1B', parameters: 1e9, tokensPerStep: TOKENS_PER_STEP, steps: [25000] },
];

/** Which files have the runs of which scale. */
const PARTS = [
  { file: 'train_FILE_1m.csv', scale: '1M' },
  { file: 'test_FILE_1m.csv', scale: '1M' },
  { file: 'test_FILE_60m.csv', scale: '60M' },
  { file: 'test_FILE_1B.csv', scale: '1B' },
];

const DOMAIN = /^train_the_pile_(.+)$/;
const METRIC = /^metric\/the_pile_(.+)_val_loss$/;

interface Columns {
  readonly header: readonly string[];
  readonly body: readonly (readonly string[])[];
}

/** Reads the columns that a pattern names, by their short names. */
const readColumns = (file: string, pattern: RegExp, prefix: string): Columns => {
  const [header = [], ...body] = parse(readFileSync(file, 'utf8'), {
    trim: true,
    skip_empty_lines: true,
  }) as string[][];
  const kept = header.flatMap((name, i) => {
    const short = pattern.exec(name)?.[1];
    return short === undefined ? [] : [{ name: `${prefix}${short}`, i }];
  });
  return { header: kept.map(({ name }) => name), body: body.map((row) => kept.map(({ i }) => row[i]!)) };
};

/** Joins the published files of some scales to one table in the form that worlds are made of. */
const tableOf = (reference: string | undefined, scales: readonly Scale[]): string => {
  const parts = PARTS.filter((part) => scales.some(({ name }) => name === part.scale));
  const lines = parts.flatMap(({ file, scale }, part) => {
    const path = (kind: string): string => referenceFile(reference, 'regmix-pile', file.replace('FILE', kind));
    const mixtures = readColumns(path('mixture'), DOMAIN, 'mix.');
    const losses = readColumns(path('pile_loss'), METRIC, 'metric.');
    const { steps } = SCALES.find(({ name }) => name === scale)!;
    const head = part === 0 ? [['scale', 'steps', ...mixtures.header, ...losses.header].join()] : [];
    return [...head, ...mixtures.body.map((row, i) => [scale, steps[0]!, ...row, ...losses.body[i]!].join())];
  });
  return `${lines.join('\n')}\n`;
};

const flopOf = ({ parameters, tokensPerStep }: Scale): number => parameters * tokensPerStep;

const targetOf = (scales: readonly Scale[]): Fidelity => ({
  scale: scales.at(-1)!.name,
  steps: scales.at(-1)!.steps.at(-1)!,
});

const arenaOf = (world: TableWorld, scales: readonly Scale[]): Arena => {
  const unit = TARGET_COST / (flopOf(scales.at(-1)!) * targetOf(scales).steps);
  return {
    noisy: world,
    exact: world,
    domains: world.domains,
    scales,
    perStep: Object.fromEntries(scales.map((scale) => [scale.name, flopOf(scale) * unit])),
    accuracies: [],
    allowed: { mixtures: world.mixtures, runs: world.runs },
  };
};

const keyOf = (mixture: Mixture, domains: readonly string[]): string =>
  domains.map((domain) => (mixture[domain] ?? 0).toFixed(6)).join();

/** Returns the value of a mixture at the target, where the table has it; NaN elsewhere. */
const lookUp = (
  world: TableWorld,
  objective: Objective,
  target: Fidelity,
): { truth: (mixture: Mixture) => number; values: number[] } => {
  const rows = world.rows.filter((row) => isSameFidelity(row, target));
  const values = rows.map(({ metrics }) => objectiveSign(objective) * objectiveValue(objective, metrics));
  const known = new Map(rows.map(({ mixture }, i) => [keyOf(mixture, world.domains), values[i]!]));
  return { truth: (mixture) => known.get(keyOf(mixture, world.domains)) ?? Number.NaN, values };
};

/** Worlds made in this process, by folder and target: every loss is a question to the same table. */
const worlds = new Map<string, TableWorld>();

const worldOf = (reference: string | undefined, scales: readonly Scale[]): TableWorld => {
  const key = JSON.stringify([reference, targetOf(scales)]);
  const world = worlds.get(key) ?? createTableWorld(tableOf(reference, scales));
  worlds.set(key, world);
  return world;
};

/** Opens a problem of the table: `mean` for the plain mean of its losses, or one of them by name; `target` names a scale. */
export const regmixProblem = (name: string, metric: string, reference: string | undefined, target: string): Problem => {
  const scales = SCALES.slice(0, SCALES.findIndex((scale) => scale.name === target) + 1);
  const world = worldOf(reference, scales);
  if (metric !== 'mean' && !world.metrics.includes(metric))
    throw new Error(`no loss ${metric} in the table; known are mean, ${world.metrics.join(', ')}`);
  const arena = arenaOf(world, scales);
  const weights = Object.fromEntries(world.metrics.map((loss) => [loss, 1 / world.metrics.length]));
  const objective: Objective = metric === 'mean' ? { direction: 'minimize', weights } : singleOf(arena, metric);
  const { truth, values } = lookUp(world, objective, targetOf(scales));
  return { name, family: 'RegMix', arena, objective, extremes: listExtremes(values), truth };
};
