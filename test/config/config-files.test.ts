import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { costOf } from '../../src/domain/cost.js';
import { feasibleSet } from '../../src/domain/feasible-set.js';
import { metricSign, neededMetrics } from '../../src/domain/objective.js';
import { parseSweep, sweepJsonSchema } from '../../src/domain/parse-sweep.js';
import { SLIMPAJAMA_DOMAINS, createSlimpajamaWorld } from '../../src/simulators/slimpajama-law.js';

const folder = new URL('../../config/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

/** Names of all properties in a JSON schema. */
const keysOf = (schema: unknown): string[] => {
  if (schema === null || typeof schema !== 'object') return [];
  const { properties = {} } = schema as { properties?: object };
  return [...Object.keys(properties), ...Object.values(schema).flatMap(keysOf)];
};

describe.each(files)('config/%s', (name) => {
  const sweep = parseSweep(parse(read(name)));

  test('is a sweep that can be run', () => {
    expect(sweep.launcher.kind).not.toBe('none');
    expect(feasibleSet(sweep).contains(feasibleSet(sweep).centre)).toBe(true);
  });

  test('of a world that is built in asks for metrics that it reports', () => {
    const { launcher } = sweep;
    if (launcher.kind !== 'simulator' || launcher.world !== 'slimpajama') return;
    const { metrics } = createSlimpajamaWorld();
    for (const metric of neededMetrics(sweep)) expect(metrics).toContain(metric);
  });

  test('tells editors its schema', () => {
    expect(read(name).split('\n')[0]).toBe('# yaml-language-server: $schema=./sweep.schema.json');
  });
});

describe('the demonstration', () => {
  const sweep = parseSweep(parse(read('slimpajama.yaml')));

  test('asks for domains and metrics that its world has', () => {
    expect(Object.keys(sweep.domains)).toEqual([...SLIMPAJAMA_DOMAINS]);
    const { metrics } = createSlimpajamaWorld();
    for (const metric of Object.keys(sweep.objective.weights)) expect(metrics).toContain(metric);
  });

  test('takes no more than a minute of simulated time', () => {
    const { launcher } = sweep;
    if (launcher.kind !== 'simulator') throw new Error('the demonstration needs no machine');
    const inParallel = (sweep.budget / sweep.parallel) * launcher.secondsPerUnit;
    const lastAlone = 2 * costOf(sweep, sweep.target) * launcher.secondsPerUnit; // the search's last run, a confirmation
    expect(inParallel + lastAlone).toBeLessThan(60);
  });
});

test('the sweep of several metrics sums an accuracy and a loss, guards two others, and asks for the front', () => {
  const { objective, guards = [] } = parseSweep(parse(read('slimpajama-guards.yaml')));
  expect(Object.keys(objective.weights).map((metric) => metricSign(objective, metric))).toEqual([-1, 1]);
  expect(objective.pareto).toBe(true);
  expect(guards.map(({ confidence }) => confidence)).toEqual([0.95, 0.84]);
  for (const { metric } of guards) expect(Object.keys(objective.weights)).not.toContain(metric);
});

describe('the reference', () => {
  const text = read('reference.yaml');
  /** The sweep with each of the blocks that it shows after #|, which stand instead of the keys of the same names. */
  const blocks = text.match(/(^#\| .*\n)+/gm) ?? [];
  const instead = blocks.flatMap((block) =>
    block
      .replace(/^#\| /gm, '')
      .split(/^(?=objective:|launcher:|cost:)/m)
      .filter((part) => part !== ''),
  );

  test('names every key of a sweep file', () => {
    const missing = keysOf(sweepJsonSchema()).filter((key) => !new RegExp(`(?<![\\w-])${key}:`).test(text));
    expect(missing).toEqual([]);
  });

  test.each(instead)('shows what may stand in it as it can be: %s', (part) => {
    expect(() => parseSweep({ ...(parse(text) as object), ...(parse(part) as object) })).not.toThrow();
  });

  test('is where the errors of a sweep file point', () => {
    expect(() => parseSweep({})).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('config/reference.yaml') }),
    );
  });
});

test('config/sweep.schema.json is what the checks are made from (npm run schema writes it)', () => {
  expect(JSON.parse(read('sweep.schema.json'))).toEqual(JSON.parse(JSON.stringify(sweepJsonSchema())));
});
