import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseMetricsLine } from '../../src/launchers/metrics-line.js';
import { waitForState } from '../launchers/conformance.js';
import { makeLocalHarness, type LocalHarness } from '../launchers/local-harness.js';

// What the examples of docs/job-contract.md leave to the reader: a model that learns one number.
const PYTHON_STUBS = `
class Model:
    done = 0
    def load(self, path): self.done = int(path.read_text())
    def save(self, path): path.write_text(str(self.done))
def build(parameters, seed): return Model()
def sample_batch(mixture, tokens): return tokens
def train_step(model, batch): model.done += 1
def evaluate(model): return {"loss": 1 + 1 / model.done}
`;
const NODE_STUBS = `
import { readFileSync as readModel, writeFileSync as writeModel } from 'node:fs';
const build = () => ({ done: 0 });
const load = (path) => ({ done: Number(readModel(path, 'utf8')) });
const save = (model, path) => writeModel(path, String(model.done));
const sampleBatch = (mixture, tokens) => tokens;
const trainStep = (model) => (model.done += 1);
const evaluate = (model) => ({ loss: 1 + 1 / model.done });
`;

const hasPython = ((): boolean => {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

let harness: LocalHarness;
let page: string;
let scripts: string;
beforeAll(async () => {
  harness = await makeLocalHarness();
  page = await readFile(join(import.meta.dirname, '../../docs/job-contract.md'), 'utf8');
  scripts = await mkdtemp(join(tmpdir(), 'titrate-examples-'));
});
afterAll(async () => {
  await harness.close?.();
  await rm(scripts, { recursive: true });
});

const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, code = '']) => code);

/** Runs the page's example twice: from the start, then on from the first run's checkpoint. */
const runExample = async (name: string, program: string, text: string): Promise<void> => {
  const script = join(scripts, name);
  await writeFile(script, text);
  const launcher = harness.createLauncher({ command: [program, script] });
  const first = harness.job(`${name}.t1.g1`);
  const resume = { key: first.key, trial: 't1', steps: 20 };
  const second = harness.job(`${name}.t2.g1`, { trial: 't2', steps: 30, checkpoints: [30], resume });
  for (const job of [first, second]) {
    const ref = await launcher.launch(job);
    await waitForState(launcher, ref, ['ended']);
    const result = await launcher.collect(ref);
    expect(result).toMatchObject({ status: 'completed', metrics: { loss: 1 + 1 / job.steps }, warnings: [] });
    expect(result.curve.map(({ steps }) => steps)).toEqual(job.checkpoints);
  }
};

describe('the page on the contract', () => {
  it('shows a job.json with the fields of a job, all of them', () => {
    const [json = '{}'] = blocks('json');
    const shown = JSON.parse(json) as object;
    const fields = [...Object.keys(harness.job('k')), 'resume'].sort();
    expect(Object.keys(shown).sort()).toEqual(fields);
  });

  it('shows a line of metrics that is read as such', () => {
    const [, line = ''] = blocks('json');
    expect(parseMetricsLine(line)).toMatchObject({ line: { step: 2000, nonFinite: [] } });
  });

  it('has a Node example that trains and resumes', async () => {
    const [code = ''] = blocks('js');
    await runExample('train.mjs', process.execPath, NODE_STUBS + code);
  });

  it.skipIf(!hasPython)('has a Python example that trains and resumes (needs python3)', async () => {
    const [code = ''] = blocks('python');
    await runExample('train.py', 'python3', PYTHON_STUBS + code);
  });
});
