import { readFile } from 'node:fs/promises';
import { InputError, StateError } from '../domain/errors.js';
import { parseSweep } from '../domain/parse-sweep.js';
import type { RecordLine, SweepStatus } from '../domain/record-event.js';
import type { Sweep } from '../domain/sweep.js';
import { replaceFile } from '../host/atomic-files.js';
import { onDisk } from '../host/disk-errors.js';
import { renderReport, type ReportOptions } from '../reports/render-report.js';
import { renderSummary } from '../reports/render-summary.js';
import type { SweepView } from '../reports/sweep-view.js';
import { sweepPaths, type Home } from '../temporal/home.js';
import type { Outcome } from './command.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import type { Io } from './io.js';
import { readSweep, type RecordedSweep } from './sweep-record.js';
import { sweepDigest } from './sweep-source.js';
import { parseYaml } from './yaml-file.js';

/** The exit status that a sweep's own end leads to. */
const exitCodeOfStatus = (status: SweepStatus): ExitCode =>
  status === 'failed' || status === 'cancelled' ? EXIT.sweep : EXIT.ok;

/**
 * What programs are told of a sweep; the keys `sweep, folder, status, recommendation, spent` are a contract. `sweepId` is what
 * the home calls it: a copy of a sweep's folder has another name than its record says.
 */
export const sweepJson = (home: Home, sweepId: string, view: SweepView): Record<string, unknown> => ({
  sweep: sweepId,
  folder: sweepPaths(home, sweepId).folder,
  status: view.status,
  recommendation: view.recommendation,
  spent: view.spent,
  budget: view.sweep.budget,
  unit: view.unit,
  spentByScale: Object.fromEntries(view.spentByScale.map(({ scale, cost }) => [scale, cost])),
  decisions: view.decisions.length,
  observations: view.observations.length,
  reruns: view.reruns.length,
  parked: view.parked.map(({ trial }) => trial),
  awaitingApproval: [...view.awaiting],
  reason: view.end?.reason ?? view.pause?.reason ?? null,
  head: view.head,
});

const PRIVATE_FILE = 0o600; // as everything in a sweep's folder; a file named by --out is the caller's own

/** Does a sweep file say what the record begins with? But for paths, which are relative there, and what its world allows. */
const saysTheSame = (text: string, file: string, started: Sweep): boolean => {
  try {
    const kept = parseSweep(parseYaml(text, file));
    const { launcher, mixtures, runs, notify } = started;
    const world = { ...(mixtures === undefined ? {} : { mixtures }), ...(runs === undefined ? {} : { runs }) };
    const told = notify !== undefined && kept.notify?.length === notify.length ? { notify } : {};
    const placed = { ...kept, launcher, ...told, ...(kept.mixtures === undefined ? world : {}) };
    return kept.launcher.kind === launcher.kind && sweepDigest(placed) === sweepDigest(started);
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
};

/** The copy of the sweep file, which anybody may have written into since. */
const keptFile = async (file: string, lines: readonly RecordLine[]): Promise<ReportOptions> => {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const first = lines[0]?.event;
  if (text === undefined || first?.type !== 'started') return {};
  return saysTheSame(text, file, first.sweep) ? { sweepFile: text } : { hasOtherFile: true };
};

/** Writes the report, whole or not at all, beside the record unless `out` says where. @throws StateError when it cannot be written. */
export const writeReport = async (
  home: Home,
  sweepId: string,
  { view, lines }: Pick<RecordedSweep, 'view' | 'lines'>,
  out?: string,
): Promise<string> => {
  const { report, sweepFile } = sweepPaths(home, sweepId);
  const file = out ?? report;
  const page = renderReport(view, await keptFile(sweepFile, lines));
  await onDisk('write the report', file, () =>
    out === undefined ? replaceFile(file, page, PRIVATE_FILE) : replaceFile(file, page),
  );
  return file;
};

/** The report's path, or undefined with a note when it could not be written: a result is shown all the same. */
const tryReport = async (home: Home, sweepId: string, recorded: RecordedSweep, io: Io): Promise<string | undefined> => {
  try {
    return await writeReport(home, sweepId, recorded);
  } catch (error) {
    io.note(`no report: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
};

/** Shows how a sweep ended, from its record: writes the report and says it in words. */
export const conclude = async (home: Home, sweepId: string, io: Io): Promise<Outcome> => {
  const recorded = await readSweep(home, sweepId);
  if (recorded === undefined) {
    throw new StateError(`sweep ${sweepId} has no record in ${sweepPaths(home, sweepId).folder}`, {
      hint: 'mount or restore it there; titrate run FILE --fresh starts the sweep anew',
    });
  }
  const { view, warnings } = recorded;
  for (const warning of warnings) io.note(`note: ${warning}`);
  const report = await tryReport(home, sweepId, recorded, io);
  const options = { width: io.width(), colour: io.colour, ...(report === undefined ? {} : { report }) };
  return {
    exitCode: exitCodeOfStatus(view.status),
    json: { ...sweepJson(home, sweepId, view), report: report ?? null },
    text: ['', ...renderSummary(view, options)].join('\n'),
  };
};
