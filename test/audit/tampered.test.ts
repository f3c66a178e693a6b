/** What somebody might do to a record afterwards, and what an audit says of it. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Audit } from '../../src/audit/audit.js';
import { auditFolder, type AuditOptions } from '../../src/audit/audit.js';
import type { CheckName, Fault } from '../../src/audit/check.js';
import { checkChain } from '../../src/audit/chain-check.js';
import { readRawRecord } from '../../src/audit/raw-lines.js';
import { checkStory } from '../../src/audit/story-check.js';
import type { RecordEvent, RecordLine } from '../../src/domain/record-event.js';
import { GENESIS, linkLine } from '../../src/ledger/chain.js';
import { AUDIT_OPTIONS, playSmallSweep, SWEEP_ID } from './small-record.js';

let root = '';
let original = '';
let lines: readonly RecordLine[] = [];
let texts: readonly string[] = [];
let copies = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'titrate-audit-'));
  original = join(root, 'original');
  ({ lines } = await playSmallSweep(original));
  texts = lines.map((line) => JSON.stringify(line));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const recordOf = (some: readonly string[]): Buffer => Buffer.from(some.map((text) => `${text}\n`).join(''));

/** The faults of the chain of these lines, as `line N: what it looks like`. */
const chainOf = (bytes: Buffer): string[] =>
  checkChain(readRawRecord(bytes)).faults.map(({ where, looksLike }) => `${where}: ${looksLike}`);

/** Audits a copy of the folder in which something was changed. */
const auditAfter = async (
  change: (folder: string) => Promise<unknown>,
  options: Partial<AuditOptions> = {},
): Promise<Audit> => {
  const folder = join(root, `copy-${(copies += 1)}`);
  await cp(original, folder, { recursive: true });
  await change(folder);
  return auditFolder(folder, { ...AUDIT_OPTIONS, ...options });
};

const faultsOf = ({ checks }: Audit, name: CheckName): readonly Fault[] =>
  checks.find((check) => check.name === name)?.faults ?? [];

const failed = ({ checks }: Audit): string[] =>
  checks.filter(({ outcome }) => outcome === 'fails').map(({ name }) => name);

/** Writes the record anew with some events changed, every hash made right again: what a forger with time does. */
const rewritten =
  (change: (event: RecordEvent, seq: number) => RecordEvent | readonly RecordEvent[] | null) =>
  async (folder: string): Promise<void> => {
    let head = GENESIS;
    const forged = lines.flatMap((line) => {
      const events = [change(line.event, line.seq) ?? []].flat();
      return events.map((event, i) => {
        const key = i === 0 ? line.key : `${line.key}:${i}`;
        const next = linkLine(head, { key, at: line.at, event });
        head = { seq: next.seq, hash: next.hash };
        return JSON.stringify(next);
      });
    });
    await writeFile(join(folder, 'record.jsonl'), recordOf(forged));
  };

const anchorOf = (seq: number) => ({ seq, hash: lines[seq - 1]!.hash, from: 'a note' });

describe('an untouched record', () => {
  it('holds in every check, each decision to the last bit', async () => {
    const audit = await auditAfter(() => Promise.resolve());
    expect(audit.checks.flatMap(({ faults }) => faults)).toEqual([]);
    expect(audit.holds && audit.hasEnded).toBe(true);
    const decisions = audit.checks.find(({ name }) => name === 'decisions');
    expect(decisions?.summary).toContain('6 decisions, 6 made from what the record holds; 7 of 7 came out the same');
    const jobs = audit.checks.find(({ name }) => name === 'jobs');
    expect(jobs?.summary).toContain('7 ended jobs: 7 with the very file');
  });

  it('is asked for decisions that it has, in part or wholly, else refused: nothing was checked', async () => {
    const summaryOf = async (range: readonly [number, number]): Promise<string | undefined> => {
      const { checks } = await auditAfter(() => Promise.resolve(), { range });
      return checks.find(({ name }) => name === 'decisions')?.summary;
    };
    expect(await summaryOf([5, 99])).toMatch(/^2 decisions/);
    await expect(summaryOf([7, 99])).rejects.toThrow(/--decisions: expected decisions from 1 to 6; found 7\.\.99/);
    await expect(summaryOf([0, 0])).rejects.toThrow(/no such decision/);
  });

  it('holds with an anchor in any of its lines', async () => {
    for (const seq of [1, 7, lines.length]) {
      expect((await auditAfter(() => Promise.resolve(), { anchors: [anchorOf(seq)] })).holds).toBe(true);
    }
  });

  it('holds while the sweep goes on, with jobs that are launched while the audit takes its time', async () => {
    const at = lines.findIndex(({ event }) => event.type === 'decided' && event.decision === 5);
    const later = (name: string): boolean => /\.t000[56]\./.test(name);
    const folder = join(root, `copy-${(copies += 1)}`);
    const isEarlier = (file: string): boolean => !later(file);
    await cp(original, folder, { recursive: true, filter: isEarlier });
    await writeFile(join(folder, 'record.jsonl'), recordOf(texts.slice(0, at)));
    const goOn: AuditOptions['recompute'] = async (...asked) => {
      await cp(original, folder, { recursive: true });
      await AUDIT_OPTIONS.recompute?.(...asked);
    };
    const audit = await auditFolder(folder, { ...AUDIT_OPTIONS, recompute: goOn });
    expect((await readdir(join(folder, 'jobs'))).filter(later)).not.toEqual([]);
    expect([audit.lines, audit.checks.flatMap(({ faults }) => faults)]).toEqual([at, []]);
  });

  it('may end with a torn line while the sweep runs, which is said', () => {
    const cut = recordOf(texts.slice(0, 9));
    const torn = Buffer.concat([cut, Buffer.from(texts[9]!.slice(0, 40))]);
    const check = checkChain(readRawRecord(torn));
    expect([check.outcome, check.lines.length]).toEqual(['holds', 9]);
    expect(check.notes.join()).toContain('the last line is torn (40 bytes)');
  });
});

describe('in the chain', () => {
  it('one flipped bit anywhere is found, and named with its line', () => {
    const bytes = recordOf(texts);
    let at = 0;
    const starts = texts.map((text) => (at += Buffer.byteLength(text) + 1) - Buffer.byteLength(text) - 1);
    const lineAt = (offset: number): number => starts.findLastIndex((start) => start <= offset) + 1;
    const missed: string[] = [];
    for (let offset = 0; offset < bytes.length; offset += 41) {
      const changed = Buffer.from(bytes);
      changed[offset] = bytes[offset]! ^ (1 << (offset % 8));
      const [first] = chainOf(changed);
      if (first?.startsWith(`line ${lineAt(offset)}: `) !== true) missed.push(`${offset}: ${first}`);
    }
    expect(missed).toEqual([]);
  });

  it.each([1, 4, 12, 20])('a line %i whose content was changed looks changed', (number) => {
    const changed = texts.map((text, i) => (i === number - 1 ? text.replace('"at":"2026', '"at":"2025') : text));
    expect(chainOf(recordOf(changed))).toEqual([`line ${number}: changed`]);
  });

  it('a number that was only spelt otherwise looks changed', () => {
    const number = lines.findIndex(({ event }) => event.type === 'decided') + 1;
    const changed = texts.map((text, i) => (i === number - 1 ? text.replace(/"steps":(\d+)/, '"steps":$1.0') : text));
    expect(changed).not.toEqual(texts);
    expect(chainOf(recordOf(changed))).toEqual([`line ${number}: changed`]);
  });

  it.each([1, 5, 13])('a changed hash of line %i is told from changed content', (number) => {
    const { hash } = lines[number - 1]!;
    const other = hash.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
    const changed = texts.map((text, i) =>
      i === number - 1 ? text.replace(`"hash":"${hash}`, `"hash":"${other}`) : text,
    );
    expect(chainOf(recordOf(changed))).toEqual([`line ${number}: hash changed`]);
  });

  it.each([
    [1, 1],
    [2, 1],
    [9, 1],
    [9, 4],
    [20, 2],
  ])('lines removed from %i on (%i of them) are missed where they stood', (number, count) => {
    const cut = texts.filter((_, i) => i < number - 1 || i >= number - 1 + count);
    expect(chainOf(recordOf(cut))).toEqual([`line ${number}: removed`]);
  });

  it.each([
    [1, 2],
    [6, 7],
    [6, 15],
    [21, 22],
  ])('line %i doubled as line %i is named', (number, place) => {
    const doubled = texts.toSpliced(place - 1, 0, texts[number - 1]!);
    expect(chainOf(recordOf(doubled))).toEqual([`line ${place}: doubled`]);
  });

  it.each([
    [2, 3],
    [8, 9],
    [5, 11],
    [20, 21],
  ])('lines %i and %i that changed places are named as a pair', (a, b) => {
    const swapped = [...texts];
    [swapped[a - 1], swapped[b - 1]] = [texts[b - 1]!, texts[a - 1]!];
    expect(chainOf(recordOf(swapped))).toEqual([`line ${a}: swapped`]);
  });

  it.each([
    [4, 10],
    [15, 6],
  ])('line %i moved to the place of line %i is named once', (from, to) => {
    const rest = texts.toSpliced(from - 1, 1);
    expect(chainOf(recordOf(rest.toSpliced(to - 1, 0, texts[from - 1]!)))).toEqual([
      `line ${Math.min(from, to)}: moved`,
    ]);
  });

  it('a line with a hash of its own, in a chain that goes on as before, looks re-hashed', () => {
    const { key, at, event } = lines[5]!;
    const forged = linkLine({ seq: 5, hash: lines[4]!.hash }, { key, at: `2025${at.slice(4)}`, event });
    expect(chainOf(recordOf(texts.with(5, JSON.stringify(forged))))).toEqual(['line 7: re-hashed']);
  });

  it('a tail that was hashed anew upon another line looks re-hashed where it begins', () => {
    let head = { seq: 9, hash: 'f'.repeat(64) };
    const tail = lines.slice(9).map(({ key, at, event }) => {
      const line = linkLine(head, { key, at, event });
      head = { seq: line.seq, hash: line.hash };
      return JSON.stringify(line);
    });
    expect(chainOf(recordOf([...texts.slice(0, 9), ...tail]))).toEqual(['line 10: re-hashed']);
  });

  it('several faults are told one by one', () => {
    const changed = texts.with(3, texts[3]!.replace('2026', '2025')).toSpliced(11, 1);
    expect(chainOf(recordOf(changed))).toEqual(['line 4: changed', 'line 12: removed']);
  });

  it('what follows the end, a key that comes twice, and an event that the format does not know are named', () => {
    const last = lines.at(-1)!;
    const head = { seq: last.seq, hash: last.hash };
    const more = linkLine(head, { key: 'ended', at: last.at, event: { type: 'act', act: 'resume', by: 'x' } });
    const number = lines.length + 1;
    expect(chainOf(recordOf([...texts, JSON.stringify(more)]))).toEqual([
      `line ${number}: key twice`,
      `line ${number}: after the end`,
    ]);
    expect(chainOf(Buffer.concat([recordOf(texts), Buffer.from('{"v":1')]))).toEqual([`line ${number}: after the end`]);
    const strange = linkLine(GENESIS, { key: 'x', at: last.at, event: { type: 'bribed' } as never });
    expect(chainOf(recordOf([JSON.stringify(strange)]))).toEqual(['line 1: misshapen']);
  });

  it('a line that is nested too deeply to be read looks changed', () => {
    const deep = `{"v":1,"seq":4,"key":"x","at":"","event":${'['.repeat(20_000)}${']'.repeat(20_000)},"prev":"","hash":""}`;
    expect(chainOf(recordOf(texts.with(3, deep)))).toEqual(['line 4: changed']);
  });

  it('another byte in the place of the last newline is no torn line', () => {
    const bytes = recordOf(texts.slice(0, 9));
    bytes[bytes.length - 1] = 0x0b;
    expect(chainOf(bytes)).toEqual(['line 9: changed']);
  });

  it('an empty record, and one that was emptied, have no line', () => {
    expect(chainOf(Buffer.alloc(0))).toEqual(['line 1: cut']);
  });
});

describe('a tail', () => {
  it.each([1, 3, 10])('that lost its last %i lines breaks no link, and an anchor tells', async (count) => {
    const cut = async (folder: string): Promise<void> =>
      writeFile(join(folder, 'record.jsonl'), recordOf(texts.slice(0, -count)));
    const anchors = [anchorOf(lines.length)];
    const audit = await auditAfter(cut, { anchors });
    expect(faultsOf(audit, 'anchors')).toMatchObject([{ looksLike: 'cut tail', where: `line ${lines.length}` }]);
    const alone = await auditAfter(cut);
    expect(alone.hasEnded).toBe(false);
    expect(alone.checks[0]?.notes.join()).toContain('no end of the sweep');
  });

  it('is not called cut where the chain breaks before it', async () => {
    const broken = async (folder: string): Promise<void> =>
      writeFile(join(folder, 'record.jsonl'), recordOf(texts.toSpliced(4, 1)));
    const audit = await auditAfter(broken, { anchors: [anchorOf(2), anchorOf(lines.length)] });
    expect(failed(audit)).toEqual(['chain', 'anchors']);
    expect(faultsOf(audit, 'anchors')).toMatchObject([
      { looksLike: 'beyond the break', where: `line ${lines.length}`, says: expect.stringContaining('4 sound lines') },
    ]);
  });

  it('whose jobs are still there is missed even without an anchor', async () => {
    const at = lines.findIndex(({ event }) => event.type === 'decided' && event.decision === 5);
    const audit = await auditAfter((folder) => writeFile(join(folder, 'record.jsonl'), recordOf(texts.slice(0, at))));
    expect(faultsOf(audit, 'jobs').map(({ looksLike, where }) => `${looksLike}: ${where}`)).toEqual([
      'unknown job: job small-1a2b3c4d.t0005.g1',
      'unknown job: job small-1a2b3c4d.t0006.g1',
    ]);
  });

  it('that was written anew as a whole breaks no link, and an anchor tells', async () => {
    const forge = rewritten((event) => (event.type === 'ended' ? { ...event, reason: 'bought' } : event));
    const audit = await auditAfter(forge, { anchors: [anchorOf(lines.length)] });
    expect(failed(audit)).toEqual(['anchors']);
    expect(faultsOf(audit, 'anchors')).toMatchObject([{ looksLike: 're-hashed tail', where: `line ${lines.length}` }]);
  });
});

describe('in a record that was written anew, every hash made right', () => {
  it('another decision is found by deciding again', async () => {
    for (const wanted of [1, 3, 5]) {
      const audit = await auditAfter(
        rewritten((event) =>
          event.type === 'decided' && event.decision === wanted
            ? { ...event, mixture: { web: 0.2, code: 0.5, books: 0.3 } }
            : event,
        ),
      );
      const [first] = faultsOf(audit, 'decisions');
      expect(first).toMatchObject({ looksLike: 'different', where: expect.stringContaining(`decision ${wanted}`) });
      expect(audit.holds).toBe(false);
    }
  });

  it('the last digit of a mixture is enough', async () => {
    const audit = await auditAfter(
      rewritten((event) =>
        event.type === 'decided' && event.decision === 5
          ? { ...event, mixture: { ...event.mixture, web: event.mixture['web']! + 2e-16 } }
          : event,
      ),
    );
    expect(faultsOf(audit, 'decisions')[0]?.looksLike).toBe('other last digits');
  });

  it('and is within the tolerance on another Node, where a larger change is not', async () => {
    const nudged = (by: number) =>
      rewritten((event) =>
        event.type === 'recommended'
          ? { ...event, recommendation: { ...event.recommendation, mean: event.recommendation.mean + by } }
          : event,
      );
    const elsewhere = { node: 'v99.0.0' };
    expect(faultsOf(await auditAfter(nudged(1e-9), elsewhere), 'decisions')).toEqual([]);
    expect(faultsOf(await auditAfter(nudged(1e-4), elsewhere), 'decisions')[0]?.looksLike).toBe('different');
    expect(faultsOf(await auditAfter(nudged(1e-9)), 'decisions')[0]?.looksLike).toBe('other last digits');
  });

  it('which is a matter of each decision: a worker may be upgraded in the middle of a sweep', async () => {
    const upgraded = { version: '0.1.0', node: 'v99.0.0' };
    const nudged = (by: number, isUpgraded: boolean) =>
      rewritten((event) =>
        event.type === 'decided' && event.decision === 5
          ? {
              ...event,
              mixture: { ...event.mixture, web: event.mixture['web']! + by },
              ...(isUpgraded ? { software: upgraded } : {}),
            }
          : event,
      );
    const elsewhere = await auditAfter(nudged(1e-9, true));
    expect(faultsOf(elsewhere, 'decisions')).toEqual([]);
    expect(elsewhere.checks.find(({ name }) => name === 'decisions')).toMatchObject({
      summary: expect.stringContaining('1 within'),
      notes: [expect.stringContaining('decided on Node v99.0.0, checked on')],
    });
    expect(faultsOf(await auditAfter(nudged(1e-4, true)), 'decisions')[0]?.looksLike).toBe('different');
    expect(faultsOf(await auditAfter(nudged(1e-9, false)), 'decisions')[0]?.looksLike).toBe('other last digits');
  });

  it('an embellished observation is missed by the digest of every later decision, and by its job', async () => {
    const audit = await auditAfter(
      rewritten((event) =>
        event.type === 'observed' && event.trial === 't0001' ? { ...event, metrics: { loss: 1 } } : event,
      ),
    );
    expect(faultsOf(audit, 'decisions')[0]).toMatchObject({ looksLike: 'other evidence' });
    expect(faultsOf(audit, 'jobs')).toMatchObject([{ looksLike: 'other metrics' }]);
  });

  it('another seed, another recommendation and another confirmation are found', async () => {
    const audits = [
      await auditAfter(
        rewritten((event) => (event.type === 'decided' && event.decision === 2 ? { ...event, seed: 1 } : event)),
      ),
      await auditAfter(
        rewritten((event) =>
          event.type === 'recommended' ? { ...event, recommendation: { ...event.recommendation, sd: 9 } } : event,
        ),
      ),
      await auditAfter(
        rewritten((event) =>
          event.type === 'decided' && event.purpose === 'confirm'
            ? { ...event, mixture: { web: 1, code: 0, books: 0 } }
            : event,
        ),
      ),
    ];
    expect(audits.map((audit) => faultsOf(audit, 'decisions')[0]?.looksLike)).toEqual([
      'other seed',
      'different',
      'another run',
    ]);
  });

  it('a decision that was left out, doubled or launched before it was made breaks the story', async () => {
    const without = await auditAfter(
      rewritten((event) => (event.type === 'decided' && event.decision === 3 ? null : event)),
    );
    expect(faultsOf(without, 'story')[0]).toMatchObject({ looksLike: 'undecided' });
    const seen = await auditAfter(rewritten((event) => (event.type === 'rerun' ? null : event)));
    expect(faultsOf(seen, 'story')[0]).toMatchObject({ looksLike: 'undecided' });
    const unlaunched = await auditAfter(
      rewritten((event) => (event.type === 'launched' && event.trial === 't0004' ? null : event)),
    );
    expect(faultsOf(unlaunched, 'story')).toMatchObject([{ looksLike: 'unlaunched' }]);
  });

  it('a decision that is put down to a person who asked for nothing is found', async () => {
    const audit = await auditAfter(
      rewritten((event) =>
        event.type === 'decided' && event.decision === 4 ? { ...event, origin: 'person' as const } : event,
      ),
    );
    expect(faultsOf(audit, 'decisions')).toMatchObject([
      { looksLike: 'other evidence', says: expect.stringContaining('a pinned run is made from no evidence') as string },
      { looksLike: 'unasked' },
    ]);
  });

  it('a decision that a person pinned names no evidence, starts anew, and takes a pin of its own', async () => {
    type Decided = Extract<RecordEvent, { type: 'decided' }>;
    const fourth = lines.map(({ event }) => event).find((event) => event.type === 'decided' && event.decision === 4);
    const { mixture, scale, steps, cost } = fourth as Decided;
    const run = { mixture, scale, steps };
    const pin = { type: 'act', act: 'pin', by: 'mira', run: { ...run, cost } } as const;
    const resume = { key: `${SWEEP_ID}.t0001.g1`, trial: 't0001', steps: 100 };
    const veto = { type: 'act', act: 'veto', by: 'mira', bounds: {}, unpinned: [{ ...run, cost }] } as const;
    const pinned = (change: Partial<Decided>, also: Partial<Decided> = {}, between: readonly RecordEvent[] = []) =>
      auditAfter(
        rewritten((event) => {
          if (event.type !== 'decided') return event;
          const person = { ...event, origin: 'person', sawDigest: '' } as const;
          if (event.decision === 5 && Object.keys(also).length > 0) return { ...person, ...also };
          return event.decision === 4 ? [pin, ...between, { ...person, ...change }] : event;
        }),
      );
    const found = (audit: Audit) => faultsOf(audit, 'decisions')[0]?.looksLike;
    expect((await pinned({})).holds).toBe(true);
    expect(found(await pinned({ sawDigest: '0'.repeat(64) }))).toBe('other evidence');
    expect(found(await pinned({ continues: 't0001', resume }))).toBe('other checkpoint');
    expect(found(await pinned({}, run))).toBe('unasked');
    expect(found(await pinned({}, {}, [veto]))).toBe('unasked');
  });

  it('a confirmation that goes on from another trial is found', async () => {
    const resume = { key: `${SWEEP_ID}.t0001.g1`, trial: 't0001', steps: 100 };
    const audit = await auditAfter(
      rewritten((event) =>
        event.type === 'decided' && event.purpose === 'confirm' ? { ...event, continues: 't0001', resume } : event,
      ),
    );
    expect(faultsOf(audit, 'decisions')).toMatchObject([{ looksLike: 'other checkpoint' }]);
    expect(faultsOf(audit, 'story')).toMatchObject([{ looksLike: 'another run' }]);
  });

  it('a confirmation that is made from less than what it confirms is found', async () => {
    const sawNothing = lines.map(({ event }) => event).find((event) => event.type === 'decided');
    const { sawDigest } = sawNothing as Extract<RecordEvent, { type: 'decided' }>;
    const audit = await auditAfter(
      rewritten((event) =>
        event.type === 'decided' && event.purpose === 'confirm' ? { ...event, sawDigest, sawObservations: 0 } : event,
      ),
    );
    expect(faultsOf(audit, 'decisions')).toMatchObject([{ looksLike: 'other evidence' }]);
  });

  it('a confirmation more than the sweep asks for is found', async () => {
    const audit = await auditAfter(
      rewritten((event) =>
        event.type === 'started' ? { ...event, sweep: { ...event.sweep, confirm: 0, budget: 600 } } : event,
      ),
    );
    expect(faultsOf(audit, 'decisions')).toMatchObject([
      { looksLike: 'unasked', says: 'the sweep asks for 0 confirmation runs of a recommendation; this is number 1' },
    ]);
  });

  it('a recommendation from less than was known, or none at the end, is found', async () => {
    const last = lines.length - 1;
    const less = await auditAfter(
      rewritten((event, seq) => (event.type === 'recommended' && seq === last ? { ...event, observations: 1 } : event)),
    );
    expect(faultsOf(less, 'decisions')).toMatchObject([
      { looksLike: 'other evidence', says: 'it was made from 1 observation; the record has 6 before it' },
      { looksLike: 'different' },
    ]);
    const none = await auditAfter(rewritten((event, seq) => (seq === last ? null : event)));
    expect(faultsOf(none, 'story')).toMatchObject([{ looksLike: 'no recommendation' }]);
  });

  it('a job that was launched twice is found', async () => {
    const audit = await auditAfter(
      rewritten((event) =>
        event.type === 'launched' && event.trial === 't0003' ? [event, { ...event, native: 'another' }] : event,
      ),
    );
    expect(faultsOf(audit, 'story')).toMatchObject([{ looksLike: 'launched twice' }]);
  });

  it('a launch without the leave that it waited for is found', async () => {
    const text = await readFile(new URL('../fixtures/records/approvals-and-reruns.jsonl', import.meta.url), 'utf8');
    const recorded = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as RecordLine);
    expect(checkStory(recorded).faults).toEqual([]);
    const without = recorded.filter(({ event }) => event.type !== 'act' || event.trial !== 't0008');
    expect(checkStory(without).faults).toMatchObject([{ looksLike: 'without leave' }]);
  });

  it('a smaller budget, a dearer run, an understated charge and another sum are found', async () => {
    const smaller = await auditAfter(
      rewritten((event) => (event.type === 'started' ? { ...event, sweep: { ...event.sweep, budget: 150 } } : event)),
    );
    expect(faultsOf(smaller, 'budget')[0]).toMatchObject({ looksLike: 'over the budget' });
    const dearer = await auditAfter(
      rewritten((event) =>
        event.type === 'decided' && event.decision === 2 ? { ...event, cost: event.cost * 2 } : event,
      ),
    );
    expect(faultsOf(dearer, 'budget')[0]).toMatchObject({ looksLike: 'wrong price' });
    const cheaper = await auditAfter(
      rewritten((event) =>
        event.type === 'observed' && event.trial === 't0003' ? { ...event, cost: event.cost / 2 } : event,
      ),
    );
    expect(faultsOf(cheaper, 'budget').map(({ looksLike }) => looksLike)).toEqual(['wrong charge', 'wrong sum']);
  });
});

describe('in the jobs’ folders', () => {
  const jobs = async (folder: string): Promise<string[]> => (await readdir(join(folder, 'jobs'))).sort();

  it('one changed byte of a metrics file is found', async () => {
    for (const index of [0, 2, 6]) {
      const audit = await auditAfter(async (folder) => {
        const file = join(folder, 'jobs', (await jobs(folder))[index]!, 'metrics.jsonl');
        const text = await readFile(file, 'utf8');
        await writeFile(
          file,
          text.replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 1) % 10)),
        );
      });
      expect(failed(audit)).toEqual(['jobs']);
      expect(faultsOf(audit, 'jobs')).toMatchObject([{ looksLike: 'other content' }]);
    }
  });

  it('results without a digest are found, be the job’s folder there or not', async () => {
    const embellished = rewritten((event) =>
      event.type === 'observed' && event.trial === 't0005'
        ? {
            ...event,
            digest: '',
            metrics: { loss: 1 },
            curve: event.curve.map((point) => ({ ...point, metrics: { loss: 1 } })),
          }
        : event,
    );
    const audits = [
      await auditAfter(embellished, { withoutJobs: true }),
      await auditAfter(
        async (folder) => {
          await embellished(folder);
          await rm(join(folder, 'jobs', `${SWEEP_ID}.t0005.g1`), { recursive: true });
        },
        { withoutJobs: true },
      ),
    ];
    for (const audit of audits) expect(faultsOf(audit, 'jobs')).toMatchObject([{ looksLike: 'no digest' }]);
  });

  it('a run that completed and is said to have failed, or to have lost its place, is found', async () => {
    for (const status of ['failed', 'host-lost', 'cancelled', 'abandoned'] as const) {
      const audit = await auditAfter(
        rewritten((event) =>
          event.type === 'observed' && event.trial === 't0003' ? { ...event, status, metrics: {} } : event,
        ),
      );
      expect(faultsOf(audit, 'jobs')).toMatchObject([
        { looksLike: 'another ending', says: `its files say that it completed; the record says ${status}` },
      ]);
    }
    const withoutDigest = await auditAfter(
      rewritten((event) =>
        event.type === 'observed' && event.trial === 't0003'
          ? { ...event, status: 'failed', metrics: {}, curve: [], digest: '' }
          : event,
      ),
    );
    expect(faultsOf(withoutDigest, 'jobs')).toMatchObject([{ looksLike: 'another ending' }]);
  });

  it('a run that completed is found whatever job its end is said to be of', async () => {
    const hidden = (status: 'failed' | 'cancelled', generation: string) => ({
      status,
      metrics: {},
      curve: [],
      digest: '',
      cost: 0,
      key: `${SWEEP_ID}.t0002.${generation}`,
    });
    for (const key of ['g1', 'g3', 'g2x']) {
      const audit = await auditAfter(
        rewritten((event) =>
          event.type === 'observed' && event.trial === 't0002' ? { ...event, ...hidden('failed', key) } : event,
        ),
      );
      expect(faultsOf(audit, 'story')).toMatchObject([{ looksLike: 'undecided' }]);
    }
    const givenUp = await auditAfter(
      rewritten((event) => {
        if (event.type === 'launched' && event.key === `${SWEEP_ID}.t0002.g2`) return null;
        return event.type === 'observed' && event.trial === 't0002'
          ? { ...event, ...hidden('cancelled', 'g1') }
          : event;
      }),
    );
    expect(faultsOf(givenUp, 'story')).toEqual([]);
    expect(faultsOf(givenUp, 'jobs')).toMatchObject([{ looksLike: 'another ending' }]);
  });

  it('the record of another sweep is noted, which may be a copy, and its jobs are a fault', async () => {
    const notesOf = async (sweepId: string) => {
      const { holds, checks } = await auditAfter(() => Promise.resolve(), { sweepId });
      return [holds, checks.find(({ name }) => name === 'story')?.notes];
    };
    expect(await notesOf('large-1a2b3c4d')).toEqual([
      true,
      [expect.stringContaining(`the folder large-1a2b3c4d holds the record of ${SWEEP_ID}`)],
    ]);
    expect(await notesOf(SWEEP_ID)).toEqual([true, []]);
    const mixed = await auditAfter((folder) => mkdir(join(folder, 'jobs', 'large-1a2b3c4d.t0001.g1')));
    expect(faultsOf(mixed, 'jobs')).toMatchObject([{ looksLike: 'unknown job' }]);
  });

  it.each([
    ['exit status 0', { code: 0 }, [], true],
    ['exit status 1', { code: 1 }, [], false],
    ['a signal', { code: null, signal: 'SIGKILL' }, [], false],
    ['a stop', { code: 0, terminated: true }, ['stopped'], false],
    ['exit status 0 of a job that was declared lost', { code: 0 }, ['lost'], false],
  ])('a local job with all its metrics may have failed or been stopped, as its exit tells: %s', async (...given) => {
    const [, exit, marks, isFault] = given;
    const audit = await auditAfter(async (folder) => {
      await rewritten((event) => {
        if (event.type === 'started')
          return { ...event, sweep: { ...event.sweep, launcher: { kind: 'local', command: ['train'], env: {} } } };
        return event.type === 'observed' && event.trial === 't0003'
          ? { ...event, status: 'failed', metrics: {} }
          : event;
      })(folder);
      const job = join(folder, 'jobs', `${SWEEP_ID}.t0003.g1`);
      const seen = {
        kind: 'exited',
        signal: null,
        timedOut: false,
        terminated: false,
        startedAt: 1,
        endedAt: 2,
        ...exit,
      };
      await writeFile(join(job, 'exit.json'), JSON.stringify(seen));
      for (const mark of marks) await writeFile(join(job, mark), '');
    });
    expect(faultsOf(audit, 'jobs').map(({ looksLike }) => looksLike)).toEqual(isFault ? ['another ending'] : []);
  });

  it('a missing job is named, and is no fault when jobs were not asked for', async () => {
    const drop = async (folder: string) => rm(join(folder, 'jobs', (await jobs(folder))[1]!), { recursive: true });
    expect(faultsOf(await auditAfter(drop), 'jobs')).toMatchObject([
      { looksLike: 'missing', where: expect.stringContaining('t0002.g1') },
    ]);
    const without = await auditAfter(drop, { withoutJobs: true });
    expect([without.holds, without.checks.at(-1)?.notes]).toEqual([true, ['1 job without files: not checked']]);
  });

  it('a job that asked for another run than its decision is found, and in what', async () => {
    const spec = async (folder: string, index: number) =>
      join(folder, 'jobs', (await jobs(folder))[index]!, 'job.json');
    const changes: readonly [index: number, field: string, value: unknown][] = [
      [0, 'mixture', { web: 1, code: 0, books: 0 }],
      [0, 'parameters', 1],
      [1, 'tokensPerStep', 1],
      [3, 'checkpoints', [1]],
      [3, 'seed', 5],
      [4, 'resume', { key: 'elsewhere', trial: 't0001', steps: 100 }],
      [2, 'resume', undefined], // the generation that went on from the first one's checkpoint
    ];
    for (const [index, field, value] of changes) {
      const audit = await auditAfter(async (folder) => {
        const file = await spec(folder, index);
        await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), [field]: value }));
      });
      const says = `job.json asks for another run than the decision: ${field}`;
      expect(faultsOf(audit, 'jobs')).toMatchObject([{ looksLike: 'another job', says }]);
    }
  });

  it('a job without its job.json is missing, and one with a broken one is named', async () => {
    const file = (folder: string) => join(folder, 'jobs', `${SWEEP_ID}.t0003.g1`, 'job.json');
    const gone = (folder: string) => rm(file(folder));
    expect(faultsOf(await auditAfter(gone), 'jobs')).toMatchObject([
      { looksLike: 'missing', says: 'its job.json is not here' },
    ]);
    expect((await auditAfter(gone, { withoutJobs: true })).holds).toBe(true);
    for (const text of ['null', '{nope', '3']) {
      const audit = await auditAfter((folder) => writeFile(file(folder), text));
      expect(faultsOf(audit, 'jobs')).toMatchObject([{ looksLike: 'misshapen' }]);
    }
    const deep = await auditAfter((folder) =>
      writeFile(file(folder), `{"mixture":${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
    );
    expect(faultsOf(deep, 'jobs')).toMatchObject([{ looksLike: 'unreadable' }]);
  });

  it('a file in the place of a job’s folder is named', async () => {
    const audit = await auditAfter(async (folder) => {
      const job = join(folder, 'jobs', `${SWEEP_ID}.t0003.g1`);
      await rm(job, { recursive: true });
      await writeFile(job, '');
    });
    expect(faultsOf(audit, 'jobs')).toMatchObject([
      { looksLike: 'unreadable', says: 'its files cannot be read (ENOTDIR)' },
    ]);
  });
});
