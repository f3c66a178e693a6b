import { formatCost, formatPrediction, formatShare, formatTime } from '../reports/format.js';
import { renderProgress } from '../reports/render-progress.js';
import { renderSummary } from '../reports/render-summary.js';
import { hasMeasured, wasMade, type SweepView } from '../reports/sweep-view.js';
import { textTable } from '../reports/text-table.js';
import { resolveHome, sweepPaths, type Home } from '../temporal/home.js';
import { textFlag, type Invocation, type Outcome } from './command.js';
import { sweepJson } from './conclude.js';
import { EXIT } from './exit-codes.js';
import { findSweep, listSweeps } from './find-sweep.js';
import type { Io } from './io.js';
import { readSweep } from './sweep-record.js';

interface Listed {
  readonly id: string;
  readonly view?: SweepView;
  /** Why its record cannot be read. */
  readonly trouble?: string;
}

const look = async (home: Home, id: string): Promise<Listed> => {
  try {
    const recorded = await readSweep(home, id);
    return recorded === undefined ? { id } : { id, view: recorded.view };
  } catch (error) {
    return { id, trouble: error instanceof Error ? error.message : String(error) };
  }
};

const bestOf = (view: SweepView): string => {
  const best = view.recommendation ?? view.belief?.incumbent;
  return best === undefined || !hasMeasured(view) ? '' : formatPrediction(best);
};

const rowOf = ({ id, view, trouble }: Listed): string[] => {
  if (view === undefined) return [id, trouble === undefined ? 'not begun' : 'unreadable', '', '', trouble ?? '', ''];
  const { spent, unit, sweep, observations, status, startedAt } = view;
  const money = `${formatCost(spent)} of ${formatCost(sweep.budget, unit)} (${formatShare(spent / sweep.budget, 0)})`;
  return [id, status, money, String(observations.filter(wasMade).length), bestOf(view), formatTime(startedAt)];
};

const listAll = async (home: Home): Promise<Outcome> => {
  const listed: Listed[] = [];
  for (const id of await listSweeps(home)) listed.push(await look(home, id));
  const json = listed.map(({ id, view, trouble }) =>
    view === undefined
      ? { sweep: id, folder: sweepPaths(home, id).folder, status: null, problem: trouble ?? null }
      : sweepJson(home, id, view),
  );
  const header = ['sweep', 'status', 'spent', 'runs', 'best (95 %)', 'started'];
  const text =
    listed.length === 0
      ? `No sweep in ${home.root} yet. Start one with: titrate run sweep.yaml`
      : textTable(header, listed.map(rowOf), [3]).join('\n');
  return { exitCode: EXIT.ok, json: { home: home.root, sweeps: json }, text };
};

const showOne = async (home: Home, sweepId: string, io: Io): Promise<Outcome> => {
  const recorded = await readSweep(home, sweepId);
  if (recorded === undefined) {
    const json = {
      sweep: sweepId,
      folder: sweepPaths(home, sweepId).folder,
      status: null,
      recommendation: null,
      spent: 0,
    };
    return {
      exitCode: EXIT.ok,
      json,
      text: [
        `${sweepId} has not begun. Start it with: titrate run FILE --id ${sweepId}`,
        `FILE is the sweep file that it was made from, where it lies: from the copy in ${sweepPaths(home, sweepId).folder} relative paths lead elsewhere.`,
      ].join('\n'),
    };
  }
  const { view } = recorded;
  const terminal = { width: io.width(), colour: io.colour };
  const live = view.end === null ? await (await import('./ask-live.js')).askLive(home, sweepId, io) : undefined;
  const elapsedMs = Date.now() - Date.parse(view.startedAt);
  const text =
    live === undefined
      ? renderSummary(view, terminal)
      : renderProgress(live.progress, live.jobs, {
          ...terminal,
          sweep: view.sweep,
          elapsedMs,
          troubles: live.troubles,
          now: Date.now(),
        });
  return {
    exitCode: EXIT.ok,
    json: {
      ...sweepJson(home, sweepId, view),
      ...(live === undefined ? {} : { status: live.progress.status, ...live }),
    },
    text: text.join('\n'),
  };
};

/** `titrate status [SWEEP]`. */
export const status = async (invocation: Invocation): Promise<Outcome> => {
  const { positionals, io } = invocation;
  const home = resolveHome({ flag: textFlag(invocation, 'home') });
  const [wanted] = positionals;
  return wanted === undefined ? listAll(home) : showOne(home, await findSweep(home, wanted), io);
};
