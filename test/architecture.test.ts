import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cruise, type ICruiseOptions, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const load = createRequire(import.meta.url);

interface Rules {
  readonly forbidden: readonly IForbiddenRuleType[];
  readonly options: ICruiseOptions;
}

/** Files that keep every law, with what the laws allow at their edges. */
const LAWFUL = {
  'node_modules/@temporalio/worker/package.json': '{ "name": "@temporalio/worker", "main": "index.js" }',
  'node_modules/@temporalio/worker/index.js': 'exports.Worker = 1;',
  'node_modules/zod/package.json': '{ "name": "zod", "main": "index.js" }',
  'node_modules/zod/index.js': 'exports.z = 1;',
  'src/domain/share.ts': 'export const share = 1;',
  'src/host/files.ts': "import { readFileSync } from 'node:fs'; export const read = readFileSync;",
  'src/launchers/records.ts': "import { z } from 'zod'; export const shape = z; export type Shape = typeof shape;",
  'src/launchers/job-wrapper.ts':
    "import { read } from '../host/files.js'; import type { Shape } from './records.js'; export const wrap = (shape: Shape) => [shape, read];",
  'src/ledger/append.ts': "export { read } from '../host/files.js';",
  'src/policy/choose.ts': "export { share } from '../domain/share.js';",
  'src/reports/page.ts': "export { text } from './parts/text.js';",
  'src/reports/parts/text.ts': "import { share } from '../../domain/share.js'; export const text = String(share);",
  'src/activities/act.ts':
    "import { readFileSync } from 'node:fs'; export const act = readFileSync; export type Act = typeof act;",
  'src/workflows/story.ts':
    "import type { Act } from '../activities/act.js'; import { share } from '../domain/share.js'; export const story = (act: Act) => [act, share];",
  'src/temporal/worker.ts': "import { Worker } from '@temporalio/worker'; export const worker = Worker;",
  'src/temporal/client.ts': "import { share } from '../domain/share.js'; export const client = share;",
  'src/cli/main.ts': "import { client } from '../temporal/client.js'; export const main = client;",
  'src/index.ts': "export { share } from './domain/share.js';",
};

type Planted = readonly (readonly [law: string, files: Readonly<Record<string, string>>])[];

/** Law to files of which the first breaks it. */
const PLANTED: Planted = [
  [
    'pure-rooms-import-no-node-module',
    {
      'src/simulators/direct.ts': "import { cpus } from 'node:os'; export const load = cpus;",
    },
  ],
  [
    'pure-rooms-import-no-node-module',
    {
      'src/surrogate/roundabout.ts': "import { files } from '../ledger/files.js'; export const seen = files;",
      'src/ledger/files.ts': "import { readdirSync } from 'node:fs'; export const files = readdirSync;",
    },
  ],
  [
    'workflows-reach-no-node-module',
    {
      'src/workflows/through.ts': "import { deep } from '../domain/deep.js'; export const through = deep;",
      'src/domain/deep.ts': "import { deeper } from './deeper.js'; export const deep = deeper;",
      'src/domain/deeper.ts': "import { createHash } from 'node:crypto'; export const deeper = createHash;",
    },
  ],
  [
    'workflows-import-values-from-domain-only',
    {
      'src/workflows/decides.ts': "import { choose } from '../policy/rule.js'; export const decides = choose;",
      'src/policy/rule.ts': 'export const choose = 2;',
    },
  ],
  [
    'clients-never-reach-the-worker',
    {
      'src/dashboard/serve.ts': "import { wiring } from '../temporal/wiring.js'; export const serve = wiring;",
      'src/temporal/wiring.ts': "import { Worker } from '@temporalio/worker'; export const wiring = Worker;",
    },
  ],
  [
    'rooms-are-entered-by-their-root-files',
    {
      'src/cli/prints.ts': "import { text } from '../reports/parts/inner.js'; export const prints = text;",
      'src/reports/parts/inner.ts': "export const text = 'x';",
    },
  ],
  [
    'no-circles',
    {
      'src/policy/chicken.ts': "import { egg } from './egg.js'; export const chicken = (): unknown => egg;",
      'src/policy/egg.ts': "import { chicken } from './chicken.js'; export const egg = (): unknown => chicken;",
    },
  ],
  [
    'job-wrapper-loads-no-package',
    {
      'src/launchers/job-wrapper.ts': "import { wrap } from './through.js'; export const wrapped = wrap;",
      'src/launchers/through.ts': "import { shape } from './records.js'; export const wrap = shape;",
    },
  ],
  [
    'imports-lead-somewhere',
    {
      'src/cli/lost.ts': "import { nothing } from './nowhere.js'; export const lost = nothing;",
    },
  ],
];

/** Room orders that types break as well, with the rule that each is caught by. */
const PLANTED_ORDERS: Planted = [
  [
    'domain-imports-nothing',
    {
      'src/domain/upwards.ts': "import type { Chosen } from '../policy/chosen.js'; export type Upwards = Chosen;",
      'src/policy/chosen.ts': 'export type Chosen = 1;',
    },
  ],
  [
    'surrogate-imports-domain',
    {
      'src/surrogate/upwards.ts': "import type { Picked } from '../policy/picked.js'; export type Upwards = Picked;",
      'src/policy/picked.ts': 'export type Picked = 1;',
    },
  ],
  [
    'launchers-imports-domain-host',
    {
      'src/launchers/aside.ts': "import { line } from '../ledger/line.js'; export const aside = line;",
      'src/ledger/line.ts': 'export const line = 1;',
    },
  ],
  [
    'host-imports-domain',
    {
      'src/host/aside.ts': "import type { Line } from '../ledger/line.js'; export type Aside = Line;",
      'src/ledger/line.ts': 'export type Line = 1;',
    },
  ],
  [
    'audit-imports-domain-host-ledger-launchers-policy',
    {
      'src/audit/aside.ts': "import type { Told } from '../workflows/told.js'; export type Aside = Told;",
      'src/workflows/told.ts': 'export type Told = 1;',
    },
  ],
  [
    'activities-imports-domain-policy-ledger',
    {
      'src/activities/downwards.ts': "import { read } from '../host/files.js'; export const downwards = read;",
    },
  ],
  [
    'workflows-imports-types-from-activities-only',
    {
      'src/workflows/aside.ts': "import type { Row } from '../ledger/row.js'; export type Aside = Row;",
      'src/ledger/row.ts': 'export type Row = 1;',
    },
  ],
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'titrate-laws-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plant = (name: string, files: Readonly<Record<string, string>>): string => {
  const tree = path.join(folder, name);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(tree, file)), { recursive: true });
    writeFileSync(path.join(tree, file), text);
  }
  writeFileSync(
    path.join(tree, 'package.json'),
    '{ "type": "module", "dependencies": { "@temporalio/worker": "1", "zod": "4" } }',
  );
  return tree;
};

/** Law to the planted files that it caught, sorted. */
const caughtIn = async (tree: string, rulesFile: string): Promise<Readonly<Record<string, readonly string[]>>> => {
  const { forbidden, options } = load(path.join(root, rulesFile)) as Rules;
  const { tsConfig: _, ...rest } = options as ICruiseOptions & { tsConfig: unknown };
  const { enhancedResolveOptions } = options as { enhancedResolveOptions: object };
  const { output } = await cruise(
    ['src'],
    { ...rest, baseDir: tree, validate: true, ruleSet: { forbidden: [...forbidden] } },
    enhancedResolveOptions,
  );
  const { violations } = (output as ICruiseResult).summary;
  const caught: Record<string, string[]> = {};
  for (const { rule, from } of violations) (caught[rule.name] ??= []).push(from);
  return Object.fromEntries(Object.entries(caught).map(([name, files]) => [name, [...new Set(files)].sort()]));
};

describe.each([
  { rules: '.dependency-cruiser.cjs', planted: PLANTED },
  { rules: '.dependency-cruiser-rooms.cjs', planted: PLANTED_ORDERS },
])('the rules of $rules', ({ rules, planted }) => {
  test('are kept by a lawful tree', async () => {
    expect(await caughtIn(plant(`lawful${rules}`, LAWFUL), rules)).toEqual({});
  });

  test.each(planted)('catch what breaks %s', async (law, files) => {
    const [offender] = Object.keys(files);
    const caught = await caughtIn(plant(`${law}${rules}`, { ...LAWFUL, ...files }), rules);
    expect(caught[law]).toContain(offender);
  });
});

test('every import law has a planted violation', () => {
  const { forbidden } = load(path.join(root, '.dependency-cruiser.cjs')) as Rules;
  expect(new Set(PLANTED.map(([law]) => law))).toEqual(new Set(forbidden.map(({ name }) => name)));
});

describe('pure rooms', () => {
  const impure = {
    'chance.ts': 'export const draw = (): number => Math.random();',
    'clock.ts': 'export const now = (): number => Date.now();',
    'process.ts': 'export const where = (): string => process.cwd();',
    'timer.ts': 'export const wait = (f: () => void): unknown => setTimeout(f, 1);',
  };

  /** Files of a room that the linter has something against. */
  const toldOff = (room: string): string[] => {
    const files = Object.fromEntries(Object.entries(impure).map(([file, text]) => [`src/${room}/${file}`, text]));
    const tree = plant(`lint-${room}`, files);
    writeFileSync(path.join(tree, '.oxlintrc.json'), readFileSync(path.join(root, '.oxlintrc.json'), 'utf8'));
    const program = path.join(root, 'node_modules', 'oxlint', 'bin', 'oxlint');
    const { stdout } = spawnSync(process.execPath, [program, '-f', 'unix', 'src'], { cwd: tree, encoding: 'utf8' });
    return Object.keys(impure).filter((file) => stdout.includes(file));
  };

  test('are told off for global chance, the clock, the process and timers, and other rooms are not', () => {
    expect(toldOff('policy')).toEqual(Object.keys(impure));
    expect(toldOff('cli')).toEqual([]);
  });
});

describe('the source', () => {
  const rooms = path.join(root, 'src');
  const files = readdirSync(rooms, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const offenders = (pattern: RegExp, among = files): string[] =>
    among.filter((file) => pattern.test(readFileSync(path.join(rooms, file), 'utf8')));
  const pure = files.filter((file) => /^(domain|surrogate|policy|simulators|reports)[/\\]/.test(file));

  test('has no enum and no re-export of everything', () => {
    expect(offenders(/^\s*(export\s+)?(declare\s+)?(const\s+)?enum\s/m)).toEqual([]);
    expect(offenders(/^\s*export \*/m)).toEqual([]);
  });

  test('asks for the present moment in no pure room', () => {
    expect(pure.length).toBeGreaterThan(20);
    expect(offenders(/new Date\(\s*\)|[^.\w]Date\(/, pure)).toEqual([]);
  });

  test('has kebab-case file names', () => {
    expect(files.filter((file) => !/^([a-z0-9]+(-[a-z0-9]+)*[/\\])*[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(file))).toEqual(
      [],
    );
  });
});
