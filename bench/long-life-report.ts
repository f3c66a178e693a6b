/** Tables of the benchmark of long life, in Markdown. */
import type { Figures, Sample } from './long-life-run.js';

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---:')), ...rows.map(line)].join('\n');
};

const whole = (n: number): string => Math.round(n).toLocaleString('en');
const tenth = (n: number): string => n.toFixed(1);

/** Decisions per second between two shares of the way. */
const rate = ({ trials, samples }: Figures, from: number, to: number): string => {
  const within = samples.filter(({ decisions }) => decisions >= from * trials && decisions <= to * trials);
  const [first, last] = [within[0], within.at(-1)];
  if (first === undefined || last === undefined || last.seconds <= first.seconds) return '-';
  return tenth((last.decisions - first.decisions) / (last.seconds - first.seconds));
};

/** Memory at a share of the way. */
const at = ({ trials, samples }: Figures, share: number, which: 'workerMb' | 'serverMb'): string => {
  const sample = samples.find(({ decisions }) => decisions >= share * trials) ?? samples.at(-1);
  return sample === undefined ? '-' : whole(sample[which]);
};

const most = (samples: readonly Sample[], which: 'workerMb' | 'serverMb'): string =>
  whole(Math.max(...samples.map((sample) => sample[which]).filter(Number.isFinite)));

const memory = (figures: Figures, which: 'workerMb' | 'serverMb'): string =>
  `${[0.1, 0.5, 0.9].map((share) => at(figures, share, which)).join(', ')}; ${most(figures.samples, which)}`;

/** One row per length of sweep. */
export const longLifeTable = (rows: readonly Figures[]): string =>
  table(
    [
      'trials',
      'wall (s)',
      'decisions/s: all, first and last tenth',
      'events: all, longest',
      'history (MB): all, longest',
      'sweep runs',
      'worker (MB) at 10, 50, 90 %; most',
      'server (MB) at 10, 50, 90 %; most',
      'record (MB)',
      'database (MB)',
    ],
    rows.map((row) => [
      whole(row.trials),
      whole(row.seconds),
      `${tenth(row.trials / row.seconds)}, ${rate(row, 0, 0.1)}, ${rate(row, 0.9, 1)}`,
      `${whole(row.events)}, ${whole(row.longestHistory)}`,
      `${tenth(row.historyMb)}, ${tenth(row.longestHistoryMb)}`,
      whole(row.sweepRuns),
      memory(row, 'workerMb'),
      memory(row, 'serverMb'),
      tenth(row.recordMb),
      tenth(row.databaseMb),
    ]),
  );

/** One row for many sweeps at once. */
export const manySweepsTable = (sweeps: number, figures: Figures): string =>
  table(
    ['sweeps', 'trials', 'wall (s)', 'decisions/s', 'events: all, longest', 'worker (MB), most', 'server (MB), most'],
    [
      [
        whole(sweeps),
        whole(figures.trials),
        whole(figures.seconds),
        tenth(figures.trials / figures.seconds),
        `${whole(figures.events)}, ${whole(figures.longestHistory)}`,
        most(figures.samples, 'workerMb'),
        most(figures.samples, 'serverMb'),
      ],
    ],
  );
