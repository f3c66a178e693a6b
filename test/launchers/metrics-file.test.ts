import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseMetricsLine } from '../../src/launchers/metrics-line.js';
import { readMetrics, readProgress, METRICS_LIMITS, type MetricsReport } from '../../src/launchers/metrics-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'titrate-metrics-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let files = 0;
const fileOf = async (content: string | Buffer): Promise<string> => {
  const file = join(folder, `${(files += 1)}.jsonl`);
  await writeFile(file, content);
  return file;
};
const read = async (content: string | Buffer, steps = [10, 20], limits = {}): Promise<MetricsReport> =>
  readMetrics(await fileOf(content), steps, { ...METRICS_LIMITS, ...limits });

const line = (step: number, loss: unknown = 1): string => JSON.stringify({ step, metrics: { loss } });
const lossAt = (report: MetricsReport, step: number): unknown => report.lines.get(step)?.metrics['loss'];

describe('reading metrics.jsonl', () => {
  it('keeps the lines of the steps asked for, the last line and a digest of the bytes', async () => {
    const text = `${line(5)}\n${line(10, 3)}\n${line(20, 2)}\n`;
    const report = await read(text);
    expect([lossAt(report, 10), lossAt(report, 20), report.lines.size]).toEqual([3, 2, 2]);
    expect(report).toMatchObject({ stepsReached: 20, warnings: [], isThere: true, last: { step: 20 } });
    expect(report.digest).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('takes the last line of a step that was written twice', async () => {
    expect(lossAt(await read(`${line(10, 3)}\n${line(20, 9)}\n${line(10, 2.5)}\n`), 10)).toBe(2.5);
  });

  it('leaves out a last line that was cut off, and says so', async () => {
    const report = await read(`${line(10)}\n${line(20).slice(0, -4)}`);
    expect(report.lines.has(20)).toBe(false);
    expect(report.warnings).toEqual(['the last line (2) was cut off and is left out']);
  });

  it('counts a whole last line that lacks only its newline, and says so', async () => {
    const report = await read(`${line(10)}\n${line(20)}`);
    expect(lossAt(report, 20)).toBe(1);
    expect(report.warnings).toEqual(['the last line (2) has no newline but is whole: it counts']);
  });

  it('names the number of a malformed line and what is wrong with it, and reads on', async () => {
    const wrong = ['not json', '{"step":-1,"metrics":{}}', '[]', '{"step":1,"loss":2}', line(5, '2.31')];
    const report = await read(`${[line(10), ...wrong, line(20)].join('\n')}\n`);
    expect(report.warnings).toEqual([
      'line 2 left out: not JSON',
      'line 3 left out: step: expected a number of at least 0; found -1',
      'line 4 left out: line: expected a map; found an empty list',
      'line 5 left out: metrics: expected a map; found nothing',
      'line 6 left out: metrics.loss: expected a number, null, "NaN", "Infinity" or "-Infinity"; found "2.31"',
    ]);
    expect(lossAt(report, 20)).toBe(1);
  });

  it('counts a line whatever it says beside step and metrics', async () => {
    const odd = '{"step":20,"tokens":null,"metrics":{"loss":1},"domainTokens":{"web":NaN},"note":["x"]}';
    const report = await read(`${line(10)}\n${odd}\n`);
    expect(report.warnings).toEqual([]);
    expect(lossAt(report, 20)).toBe(1);
  });

  it('says at most twenty oddities one by one', async () => {
    const report = await read('x\n'.repeat(1000));
    expect(report.warnings).toHaveLength(21);
    expect(report.warnings.at(-1)).toBe('and 980 more like these');
  });

  it.each([
    ['null', '{"step":20,"metrics":{"loss":null}}'],
    ['a word', '{"step":20,"metrics":{"loss":"NaN"}}'],
    ['the bare NaN of Python', '{"step": 20, "metrics": {"loss": NaN}}'],
    ['the bare infinity of Python', '{"step": 20, "metrics": {"loss": -Infinity, "NaN \\" {NaN": 1}}'],
    ['a number too large for a double', '{"step":20,"metrics":{"loss":1e999}}'],
  ])('reads %s as a metric that is not finite', async (_, text) => {
    const report = await read(`${text}\n`);
    expect(report.lines.get(20)?.nonFinite).toEqual(['loss']);
    expect(report.warnings).toEqual([]);
  });

  it('reads a file with a byte order mark, blank lines and the line ends of Windows', async () => {
    const report = await read(`\ufeff${line(10)}\r\n\r\n  \n${line(20)}\r\n`);
    expect([report.lines.size, report.warnings]).toEqual([2, []]);
  });

  it('leaves out a line that is too long without holding it, and reads on', async () => {
    const report = await read(`${'x'.repeat(700_000)}\n${line(20)}\n`, [20], { lineBytes: 1000 });
    expect(report.warnings).toEqual(['line 1 left out: longer than 1000 bytes']);
    expect(lossAt(report, 20)).toBe(1);
  });

  it('keeps the first two hundred metrics of a line', async () => {
    const metrics = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`m${i}`, i]));
    const report = await read(`${JSON.stringify({ step: 10, metrics })}\n`);
    expect(Object.keys(report.lines.get(10)?.metrics ?? {})).toHaveLength(200);
    expect(report.warnings).toEqual(['line 1 has too many metrics: the last 1 are left out']);
  });

  it('reads head and end of a file that is too long', async () => {
    const middle = `${line(15)}\n`.repeat(2000);
    const report = await read(`${line(10, 3)}\n${middle}${line(20, 2)}\n`, [10, 20], { fileBytes: 500, endBytes: 100 });
    expect([lossAt(report, 10), lossAt(report, 20)]).toEqual([3, 2]);
    expect(report.warnings).toEqual([
      expect.stringMatching(/^the file is longer than 500 bytes: bytes 500 to \d+ left out$/),
    ]);
  });

  it('passes over a hole of terabytes in the middle of a file', async () => {
    const file = await fileOf(`${line(10)}\n`);
    await truncate(file, 2 ** 40);
    await appendFile(file, `\n${line(20)}\n`);
    const report = await readMetrics(file, [10, 20], { ...METRICS_LIMITS, fileBytes: 1 << 20, endBytes: 1 << 16 });
    expect([...report.lines.keys()]).toEqual([10, 20]);
    expect(await readProgress(file)).toEqual({ steps: 20, metrics: { loss: 1 } });
  });

  it('takes a missing file, a folder and a pipe that nobody writes to for no file', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await mkdir(join(folder, 'folder'));
    for (const file of [join(folder, 'missing'), join(folder, 'folder'), pipe]) {
      expect(await readMetrics(file, [10])).toMatchObject({ isThere: false, digest: '', stepsReached: 0 });
      expect(await readProgress(file)).toBeUndefined();
    }
  });

  it('is not held up by nesting, quotes or binary', async () => {
    const hostile = ['['.repeat(900_000), `NaN${'\\"'.repeat(400_000)}`, `{"metrics":${'{"a":'.repeat(150_000)}NaN`];
    const start = performance.now();
    const report = await read(
      Buffer.concat([Buffer.from(hostile.join('\n')), Buffer.alloc(1 << 20, 0xff), Buffer.from(`\n${line(20)}\n`)]),
    );
    expect(lossAt(report, 20)).toBe(1);
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

describe('progress', () => {
  it('is the last whole line, not the one that is being written', async () => {
    expect(await readProgress(await fileOf(`${line(10)}\n${line(12, 2)}\nnoise\n{"step":13,"metr`))).toEqual({
      steps: 12,
      metrics: { loss: 2 },
    });
  });

  it('stays small however many metrics a job reports', async () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`m${i}${'x'.repeat(i)}`, i]));
    const progress = await readProgress(await fileOf(`${JSON.stringify({ step: 1, metrics: many })}\n`));
    expect(JSON.stringify(progress).length).toBeLessThan(2_000);
  });
});

describe('whatever a job writes', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '\n',
      '{',
      '}',
      '"',
      '\\',
      'NaN',
      '-Infinity',
      ':',
      ',',
      '"step":',
      '"metrics":{',
      'null',
      '1e999',
      '[',
      ']',
      '\0',
    ),
    fc.nat(30).map((step) => `${line(step)}\n`),
  );

  it('a line is either read or called malformed', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const parsed = parseMetricsLine(pieces.join(''));
        if ('line' in parsed) expect(Object.values(parsed.line.metrics).every(Number.isFinite)).toBe(true);
        else expect(parsed.malformed).not.toBe('');
      }),
      { numRuns: 4000 },
    );
  });

  it('a line written as the contract says is read as it was meant', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom('NaN', 'Infinity', '-Infinity', null),
    );
    const metrics = fc.dictionary(
      fc.string().filter((name) => name !== '__proto__'),
      value,
    );
    fc.assert(
      fc.property(fc.nat(), metrics, fc.boolean(), (step, written, isPython) => {
        const json = JSON.stringify({ step, metrics: written });
        const text = isPython ? json.replace(/:"(NaN|-?Infinity)"(?=[,}])/g, ':$1') : json;
        const parsed = parseMetricsLine(text);
        const names = Object.entries(written);
        const finite = names.filter(([, item]) => typeof item === 'number');
        const rest = names.filter(([, item]) => typeof item !== 'number');
        expect(parsed).toEqual({
          line: {
            step,
            metrics: Object.fromEntries(finite.map(([name, item]) => [name, (item as number) + 0])),
            nonFinite: rest.map(([name]) => name),
            leftOut: 0,
          },
        });
      }),
      { numRuns: 2000 },
    );
  });

  it('every whole line before a cut is kept, wherever the cut is', async () => {
    const texts = Array.from({ length: 20 }, (_, i) => `${line(i + 1, 'é'.length + i)}\n`);
    const bytes = Buffer.from(texts.join(''));
    const all = Array.from({ length: 20 }, (_, i) => i + 1);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length), async (cut) => {
        const report = await read(bytes.subarray(0, cut), all);
        const whole = texts.filter((_, i) => Buffer.byteLength(texts.slice(0, i + 1).join('')) - 1 <= cut).length;
        expect(report.lines.size).toBe(whole);
      }),
      { numRuns: 200 },
    );
  });
});
