/**
 * An auditor's view of a sweep's folder: is the record the one that was written, does it tell a story that can be, was the
 * budget kept, does every decision follow from what was seen, and do the jobs' own files say the same? Needs no server.
 */
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../domain/errors.js';
import { changesAfter, sweepInForce, type Changes } from '../domain/in-force.js';
import type { RecordLine } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { diskError, isMissing } from '../host/disk-errors.js';
import { CHECKPOINTS_FILE, readCheckpoints } from '../ledger/checkpoints.js';
import { checkAnchors, type Anchor } from './anchor-check.js';
import { checkBudget } from './budget-check.js';
import { checkChain, type ChainCheck } from './chain-check.js';
import { CHECKS, notChecked, type Check, type CheckName } from './check.js';
import { checkDecisions, type DecisionOptions } from './decision-check.js';
import { checkJobs, findJobs, type JobOptions } from './job-check.js';
import { readRawRecord } from './raw-lines.js';
import { checkStory } from './story-check.js';

export interface AuditOptions extends Omit<DecisionOptions, 'sweepAt'> {
  /** Job folders that are missing are no fault. */
  readonly withoutJobs: boolean;
  /** The sweep that was asked for, where one was by its name. */
  readonly sweepId?: string;
  readonly anchors: readonly Anchor[];
  readonly publicKey?: KeyObject;
}

/** What an audit found. */
export interface Audit {
  /** Id of the sweep, as its record says; empty when it says none. */
  readonly sweep: string;
  readonly folder: string;
  readonly holds: boolean;
  readonly lines: number;
  /** The last sound line: what to note elsewhere, to hold the record to it later. */
  readonly head: { readonly seq: number; readonly hash: string };
  readonly hasEnded: boolean;
  /** In the order of `CHECKS`. */
  readonly checks: readonly Check[];
}

const RECORD_FILE = 'record.jsonl';

const readBytes = async (file: string): Promise<Buffer> => {
  try {
    return await readFile(file);
  } catch (error) {
    if (!isMissing(error)) throw diskError(error, 'read the record', file);
    throw new InputError('there is no record to verify', [
      { path: 'SWEEP', expected: `a sweep’s folder with ${RECORD_FILE} in it`, found: `no ${file}` },
    ]);
  }
};

/** Tells the sweep in force at a line: its budget and bounds may have been changed by acts. */
const sweepsInForce = (lines: readonly RecordLine[]): ((seq: number) => Sweep) => {
  const first = lines[0]?.event;
  if (first?.type !== 'started') throw new TypeError('a record begins with its sweep');
  let changes: Changes = {};
  let sweep = first.sweep;
  const sweeps = lines.map(({ event }) => {
    const after = changesAfter(changes, event);
    if (after !== changes) sweep = sweepInForce(first.sweep, after);
    changes = after;
    return sweep;
  });
  return (seq) => sweeps[Math.min(Math.max(1, seq), sweeps.length) - 1] ?? first.sweep;
};

const sweepIdOf = ([first]: readonly RecordLine[]): string =>
  first?.event.type === 'started' ? first.event.sweepId : '';

/** The checks that read what the lines say: only of a record whose lines are sound. */
const readChecks = async (
  lines: readonly RecordLine[],
  options: AuditOptions,
  jobs: Omit<JobOptions, 'withoutJobs'>,
): Promise<Check[]> => {
  const sweepAt = sweepsInForce(lines);
  const { withoutJobs, sweepId, ...rest } = options;
  return [
    checkStory(lines, sweepId),
    checkBudget(lines, sweepAt),
    await checkDecisions(lines, { ...rest, sweepAt }),
    await checkJobs(lines, { ...jobs, withoutJobs }),
  ];
};

const BEYOND_CHAIN: readonly CheckName[] = CHECKS.filter((name) => name !== 'chain' && name !== 'anchors');

/** Checks a sweep's folder. @throws InputError when there is no record in it. */
export const auditFolder = async (folder: string, options: AuditOptions): Promise<Audit> => {
  // A sweep may go on meanwhile: what vouches for lines, or needs them, is looked at before them.
  const found = await findJobs(folder);
  const checkpoints = await readCheckpoints(join(folder, CHECKPOINTS_FILE));
  const chain = checkChain(readRawRecord(await readBytes(join(folder, RECORD_FILE))));
  const { lines, head, hasEnded, ...chainCheck }: ChainCheck = chain;
  const { anchors, publicKey } = options;
  const isBroken = chain.outcome !== 'holds';
  const key = publicKey === undefined ? {} : { publicKey };
  const vouched = checkAnchors(lines, { anchors, checkpoints, isBroken, ...key });
  const isReadable = !isBroken && sweepIdOf(lines) !== '';
  const why = isBroken ? 'the chain is broken' : 'the record does not begin with its sweep';
  const rest = isReadable
    ? await readChecks(lines, options, { folder, found })
    : BEYOND_CHAIN.map((name) => notChecked(name, why));
  const checks = [chainCheck, vouched, ...rest];
  const holds = isReadable && checks.every(({ outcome }) => outcome !== 'fails');
  return { sweep: sweepIdOf(lines), folder, holds, lines: lines.length, head, hasEnded, checks };
};
