import type { LogEntry } from '../act-log.js';
import { formatTime } from '../format.js';
import type { SweepView } from '../sweep-view.js';
import type { Markup } from './markup.js';
import { section, table } from './table.js';

const ELSEWHERE: ReadonlySet<string> = new Set(['parked', 'ended']); // told in other parts of the page

/** What people asked and answered, what was asked of them, and whom it was told; undefined when nobody acted. */
export const actsSection = (view: SweepView): Markup | undefined => {
  const entries = view.log.filter(({ what }) => !ELSEWHERE.has(what));
  if (entries.length === 0) return undefined;
  const rows = table<LogEntry>(
    [
      { title: 'when', kind: 'narrow', cell: ({ at }) => formatTime(at) },
      { title: 'who', kind: 'narrow', cell: ({ by }) => by },
      { title: 'known by', kind: 'narrow', cell: ({ authenticated }) => authenticated ?? 'not recorded' },
      { title: 'what', kind: 'wide', cell: ({ text }) => text },
      { title: 'record line', kind: 'right', cell: ({ line }) => line.toString() },
    ],
    entries,
  );
  return section('Who acted', rows);
};
