import { formatCost, formatCount, formatFidelity, formatMixture, formatTime, formatValue } from '../format.js';
import { objectiveName } from '../objective-of.js';
import type { DecisionView, ObservationView, SweepView } from '../sweep-view.js';
import { markup, type Insert, type Markup } from './markup.js';
import { table, type Column } from './table.js';

const stateOf = ({ parked, awaiting }: SweepView, trial: string): string => {
  if (awaiting.has(trial)) return 'waits for approval';
  return parked.some((parking) => parking.trial === trial) ? 'parked' : 'in flight';
};

const outcomeOf = (view: SweepView, seen: ObservationView | undefined, trial: string): Insert => {
  if (seen === undefined) return stateOf(view, trial);
  if (seen.status === 'completed') return seen.value === undefined ? 'no objective' : formatValue(seen.value);
  return seen.status;
};

/** Why a run was bought, what a person had made of it, and, when it did not complete, what became of it. */
const storyOf = ({ explanation, decided }: DecisionView, seen: ObservationView | undefined): Insert => {
  const changed =
    decided === undefined
      ? []
      : [`approved in the place of ${formatFidelity(decided)}, ${formatMixture(decided.mixture, 5)}`];
  const ended = seen?.detail === undefined || seen.status === 'completed' ? [] : [`${seen.status}: ${seen.detail}`];
  return markup`${explanation.reason}${[...changed, ...ended].map((note) => markup`<br><small>${note}</small>`)}`;
};

const kindOf = ({ purpose, explanation }: DecisionView): string => {
  if (purpose === 'confirm') return 'confirm';
  return explanation.phase === 'test-recommendation' ? 'test' : explanation.phase;
};

/** Every decision in order, with its reason and what came of it. */
export const timeline = (view: SweepView): Markup => {
  const runs = new Map<string, number>();
  for (const { trial, generation } of view.reruns) runs.set(trial, generation);
  const seen = new Map(view.observations.map((observation) => [observation.trial, observation]));
  const columns: readonly Column<DecisionView>[] = [
    { title: '#', kind: 'right', cell: ({ decision }) => decision.toString() },
    {
      title: 'trial',
      cell: ({ trial, continues }) => {
        const again = runs.get(trial);
        const times = again === undefined ? '' : `, ${again} runs`;
        return continues === undefined ? `${trial}${times}` : `${trial} (continues ${continues})${times}`;
      },
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
    { title: 'why', kind: 'wide', cell: (decision) => storyOf(decision, seen.get(decision.trial)) },
    {
      title: objectiveName(view.sweep.objective),
      kind: 'right',
      cell: ({ trial }) => outcomeOf(view, seen.get(trial), trial),
    },
    { title: 'decided', kind: 'narrow', cell: ({ at }) => formatTime(at) },
  ];
  return table(columns, view.decisions, ({ scale }) => (scale === view.sweep.target.scale ? 'target' : ''));
};

interface Notice {
  readonly at: string;
  readonly what: string;
}

/** Generations that were not the last of their trial, and what was decided then. */
const rerunNotices = ({ attempts, reruns, parkings }: SweepView): Notice[] => [
  ...attempts.map(({ at, trial, generation, ending, detail }) => ({
    at,
    what: `${trial}, run ${generation}: ${ending}${detail === undefined ? '' : ` (${detail})`}`,
  })),
  ...parkings.map(({ at, trial, reason }) => ({ at, what: `${trial} parked: ${reason}` })),
  ...reruns.map(({ at, trial, generation, reason }) => ({
    at,
    what: `${trial} runs again (${generation}): ${reason}`,
  })),
];

/** What was odd about runs; undefined when there is nothing to tell. */
export const notices = (view: SweepView): Markup | undefined => {
  const warnings = [...view.attempts, ...view.observations].flatMap(({ at, trial, warnings: found }) =>
    found.map((warning) => ({ at, what: `${trial}: ${warning}` })),
  );
  const all = [...rerunNotices(view), ...warnings].sort((a, b) => a.at.localeCompare(b.at));
  if (all.length === 0) return undefined;
  return table<Notice>(
    [
      { title: 'when', kind: 'narrow', cell: ({ at }) => formatTime(at) },
      { title: 'what', cell: ({ what }) => what },
    ],
    all,
  );
};
