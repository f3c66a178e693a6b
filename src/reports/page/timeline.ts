import { formatCost, formatCount, formatMixture, formatTime, formatValue } from '../format.js';
import { objectiveName } from '../objective-of.js';
import type { ActView, DecisionView, ObservationView, SweepView } from '../sweep-view.js';
import { markup, type Insert, type Markup } from './markup.js';
import { table, type Column } from './table.js';

const outcomeOf = (seen: ObservationView | undefined): Insert => {
  if (seen === undefined) return 'in flight';
  if (seen.status === 'completed') return seen.value === undefined ? 'no objective' : formatValue(seen.value);
  return seen.detail === undefined ? seen.status : markup`${seen.status}<br><small>${seen.detail}</small>`;
};

const kindOf = ({ purpose, explanation }: DecisionView): string => {
  if (purpose === 'confirm') return 'confirm';
  return explanation.phase === 'test-recommendation' ? 'test' : explanation.phase;
};

/** Every decision in order, with its reason and what came of it. */
export const timeline = (view: SweepView): Markup => {
  const seen = new Map(view.observations.map((observation) => [observation.trial, observation]));
  const columns: readonly Column<DecisionView>[] = [
    { title: '#', kind: 'right', cell: ({ decision }) => decision.toString() },
    {
      title: 'trial',
      kind: 'narrow',
      cell: ({ trial, continues }) => (continues === undefined ? trial : `${trial} (continues ${continues})`),
    },
    { title: 'scale', kind: 'narrow', cell: ({ scale }) => scale },
    { title: 'steps', kind: 'right', cell: ({ steps }) => formatCount(steps) },
    {
      title: `cost (${view.unit})`,
      kind: 'right',
      cell: ({ trial, cost }) => formatCost(seen.get(trial)?.cost ?? cost),
    },
    { title: 'for', cell: kindOf },
    { title: 'mixture', kind: 'wide', cell: ({ mixture }) => formatMixture(mixture, 5) },
    { title: 'why', kind: 'wide', cell: ({ explanation }) => explanation.reason },
    { title: objectiveName(view.sweep.objective), kind: 'right', cell: ({ trial }) => outcomeOf(seen.get(trial)) },
    { title: 'decided', kind: 'narrow', cell: ({ at }) => formatTime(at) },
  ];
  return table(columns, view.decisions, ({ scale }) => (scale === view.sweep.target.scale ? 'target' : ''));
};

interface Notice {
  readonly at: string;
  readonly what: string;
}

const actNotice = ({ at, act, by, reason }: ActView): Notice => ({
  at,
  what: `${act} by ${by}${reason === undefined ? '' : `: ${reason}`}`,
});

/** What people did, and what was odd about runs; undefined when there is nothing to tell. */
export const notices = (view: SweepView): Markup | undefined => {
  const warnings = view.observations.flatMap(({ at, trial, warnings: found }) =>
    found.map((warning) => ({ at, what: `${trial}: ${warning}` })),
  );
  const all = [...view.acts.map(actNotice), ...warnings].sort((a, b) => a.at.localeCompare(b.at));
  if (all.length === 0) return undefined;
  return table<Notice>(
    [
      { title: 'when', kind: 'narrow', cell: ({ at }) => formatTime(at) },
      { title: 'what', cell: ({ what }) => what },
    ],
    all,
  );
};
