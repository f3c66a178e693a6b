/** What a run found, as a table for people and as JSON for programs. */
import { GUARANTEES, isComparable } from './checks.js';
import { linesOf, timed, type SweepEvidence } from './evidence.js';
import { PEACE_LANE, type ChaosReport } from './run-chaos.js';
import { POINTS, type Struck } from './strike.js';

const table = (rows: readonly (readonly string[])[]): string[] => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  );
};

const hits = (struck: readonly Struck[]): string =>
  struck.length === 0 ? '-' : `${struck.filter(({ landed }) => landed).length}/${struck.length}`;

const strikeTable = (struck: readonly Struck[]): string[] => {
  const kinds = [...new Set(struck.map(({ strike }) => `${strike.victim}\t${strike.act}`))].toSorted();
  const rows = kinds.map((kind) => {
    const [victim = '', act = ''] = kind.split('\t');
    const own = struck.filter(({ strike }) => strike.victim === victim && strike.act === act);
    return [victim, act, ...POINTS.map((point) => hits(own.filter(({ strike }) => strike.point === point))), hits(own)];
  });
  const all = [
    'all',
    '',
    ...POINTS.map((point) => hits(struck.filter(({ strike }) => strike.point === point))),
    hits(struck),
  ];
  return table([['victim', 'strike', ...POINTS, 'all'], ...rows, all]);
};

const sum = (sweeps: readonly SweepEvidence[], of: (sweep: SweepEvidence) => number): number =>
  sweeps.reduce((total, sweep) => total + of(sweep), 0);

/** The figures of a run. */
export const figuresOf = (report: ChaosReport): Record<string, number> => {
  const { sweeps, struck, violations } = report;
  const broken = (guarantee: number): number => violations.filter((one) => one.guarantee === guarantee).length;
  return {
    strikes: struck.length,
    landed: struck.filter(({ landed }) => landed).length,
    diskFills: report.fills,
    sweeps: sweeps.length,
    compared: sweeps.filter((sweep) => sweep.lane !== PEACE_LANE && isComparable(sweep)).length,
    decisions: sum(sweeps, (sweep) => timed(linesOf(sweep), 'decided').length),
    reruns: sum(sweeps, (sweep) => timed(linesOf(sweep), 'rerun').length),
    launches: sum(sweeps, ({ jobs }) => jobs.reduce((starts, { account }) => starts + account.starts.length, 0)),
    tornLines: sum(sweeps, ({ jobs }) => jobs.filter(({ metrics }) => metrics?.isTorn).length),
    doubleLaunches: broken(1),
    lostObservations: broken(2),
    recordFaults: broken(3),
    budgetOverruns: broken(4),
    differingSweeps: broken(5),
    wrongEndings: broken(6),
    seconds: Math.round(report.seconds),
  };
};

/** Guarantees that held, and those that did not; a run that did not come to its end failed whatever held. */
export const countsOf = ({
  violations,
  troubles,
}: ChaosReport): { readonly passed: number; readonly failed: number } => {
  const broken = new Set(violations.map(({ guarantee }) => guarantee)).size;
  return { passed: GUARANTEES.length - broken, failed: broken + (troubles.length > 0 ? 1 : 0) };
};

const guaranteeLines = ({ violations }: ChaosReport): string[] =>
  GUARANTEES.map(({ title }, i) => {
    const count = violations.filter(({ guarantee }) => guarantee === i + 1).length;
    return `${i + 1}. ${title}: ${count === 0 ? 'held' : `BROKEN ${count} times`}`;
  });

/** Tells a run in lines. */
export const reportLines = (report: ChaosReport): string[] => {
  const figures = figuresOf(report);
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  return [
    '',
    ...strikeTable(report.struck),
    '(strikes that fell in the very moment that they were aimed at / all)',
    '',
    shown.join(', '),
    '',
    ...guaranteeLines(report),
    ...report.violations.map(({ guarantee, lane, sweepId, what }) => `  ${guarantee}. ${lane}, ${sweepId}: ${what}`),
    ...report.troubles.map((trouble) => `TROUBLE ${trouble}`),
    ...(report.kept === undefined ? [] : [`everything lies in ${report.kept}`]),
  ];
};
