/**
 * The kill test: npm run chaos -- --kills N --seed S [--launcher local|slurm|kubernetes]
 * [--world mixed|one-by-one|several] [--lanes L] [--json FILE] [--verbose]
 * Fails when a guarantee of docs/guarantees.md was broken.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createKubernetesPlace } from './kubernetes-place.js';
import { createLocalPlace } from './local-place.js';
import type { ChaosPlace } from './place.js';
import { WORLDS } from './plan.js';
import { countsOf, figuresOf, reportLines } from './report-text.js';
import { runChaos } from './run-chaos.js';
import { createSlurmPlace } from './slurm-place.js';

const PLACES: Readonly<Record<string, () => ChaosPlace>> = {
  local: createLocalPlace,
  slurm: createSlurmPlace,
  kubernetes: createKubernetesPlace,
};

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    launcher: { type: 'string', default: 'local' },
    world: { type: 'string', default: 'mixed' },
    lanes: { type: 'string' },
    json: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});

const wholeNumber = (name: string, text: string): number => {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  console.error(`chaos: --${name}: expected a whole number above 0; found ${text}`);
  process.exit(2);
};

const createPlace = PLACES[values.launcher];
if (createPlace === undefined) {
  console.error(`chaos: --launcher: expected one of ${Object.keys(PLACES).join(', ')}; found ${values.launcher}`);
  process.exit(2);
}

const world = WORLDS.find((name) => name === values.world);
if (world === undefined) {
  console.error(`chaos: --world: expected one of ${WORLDS.join(', ')}; found ${values.world}`);
  process.exit(2);
}

const kills = wholeNumber('kills', values.kills);
const seed = wholeNumber('seed', values.seed);
const began = Date.now();
let struck = 0;
const say = (line: string): void => {
  if (/: \d+\. /.test(line)) struck += 1;
  if (values.verbose || struck % 20 === 0 || !/: \d+\. /.test(line)) {
    console.error(`chaos: ${Math.round((Date.now() - began) / 1000)} s, ${struck} of ${kills}: ${line}`);
  }
};
const lanes = values.lanes === undefined ? {} : { lanes: wholeNumber('lanes', values.lanes) };
const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interruption.abort());
const { signal } = interruption;
const report = await runChaos({ kills, seed, place: createPlace(), world, say, signal, ...lanes });
for (const line of reportLines(report)) console.log(line);
const counts = countsOf(report);
if (values.json !== undefined) {
  const { launcher, violations, troubles } = report;
  writeFileSync(
    values.json,
    `${JSON.stringify({ ...counts, launcher, world, kills, seed, ...figuresOf(report), violations, troubles }, null, 2)}\n`,
  );
}
console.log(`chaos: ${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 ? 0 : 1);
